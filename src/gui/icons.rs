//! The one set of icons: path data on a 16 grid, parsed once into polylines, painted at any size.
//!
//! Not a font: a stroke stays 1.5 at every size, and no glyph can be missing.

use std::sync::OnceLock;

use egui::{Color32, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, Vec2, pos2};

use crate::gui::theme::stroke;

macro_rules! icons {
    ($($name:ident $label:literal $path:literal)*) => {
        /// An icon.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Icon {
            $(#[doc = $label] $name,)*
        }

        impl Icon {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The path data on a grid of 16.
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// What a screen reader says where the icon stands alone.
            pub fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

icons! {
    Capture "Capture" "M8 2v8M4.5 6.5 8 10l3.5-3.5M2.5 10.5v3h11v-3"
    Render "Render" "M2.5 6v4h2.5l3.5 3V3L5 6zM11 6a3 3 0 0 1 0 4M12.8 4a6 6 0 0 1 0 8"
    File "File" "M4 2h5l3 3v9H4zM9 2v3h3"
    Synth "Synth" "M1.5 8c1.6-7 4.6-7 6.5 0s4.900 7 6.500 0"
    Seq "Sequencer" "M2 4h5M6 8h6M3 12h4M11 12h3"
    Transform "Data transform" "M4 2v12M8 2v12M12 2v12M2.500 10h3M6.500 5h3M10.500 8h3"
    Iface "Interface transform" "M2 5.500h10M9.500 3l2.500 2.500L9.500 8M14 10.500H4M6.500 8 4 10.500 6.500 13"
    Mixer "Mixer" "M2 3.500c5 0 4 4.500 8 4.500h4M2 12.500c5 0 4-4.500 8-4.500M2 8h8"
    Split "Splitter" "M14 3.500c-5 0-4 4.500-8 4.500H2M14 12.500c-5 0-4-4.500-8-4.500M14 8H6"
    Clock "Clock" "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2M8 4.500V8l2.500 2"
    Meter "Meter" "M3 14V8M6.500 14V3M10 14V6M13.500 14v-3"
    Scope "Scope" "M2 3v11h12M4 10c1-5 2.500-5 3.500-1s2.500 2 4.500-4"
    Keys "Keyboard" "M2 3.500h12v9H2zM6 3.500v9M10 3.500v9M5 3.500v5h2v-5M9 3.500v5h2v-5"
    Group "Group" "M2 2h12v12H2zM5 5h6v6H5z"
    Search "Search" "M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 1 0 0-9M10.300 10.300 14 14"
    Stop "Stop" "M4 4h8v8H4z"
    Acquire "Acquire" "M8 2.500v7M5 7l3 3 3-3M3 13h10"
    Pause "Pause" "M5.500 3v10M10.500 3v10"
    Run "Run" "M4.500 2.800 12.500 8l-8 5.200z"
    Panic "Panic" "M8 2 14.500 13.500H1.500zM8 6.500v3.500M8 11.800v.1"
    Star "Favourite" "M8 2l1.800 3.900 4.200.5-3.100 2.900.8 4.200L8 11.400l-3.700 2.100.8-4.200L2 6.400l4.200-.5z"
    Down "Open" "M4.500 6.500 8 10l3.500-3.500"
    Right "Fold" "M6.500 4.500 10 8l-3.500 3.500"
    X "Close" "M4 4l8 8M12 4l-8 8"
    Check "Passed" "M3 8.500 6.500 12 13 4.500"
    Plus "Add" "M8 3v10M3 8h10"
    Minus "Less" "M3 8h10"
    Bypass "Bypassed" "M1.500 8h3c2.500 0 1.500-4 4-4s1.500 4 4 4h2M4 12h8"
    Missing "Missing" "M8 13v.1M5.500 5.500a2.500 2.500 0 1 1 3.800 2.200c-.9.600-1.300 1-1.300 2.300"
    Hour "Late" "M4 2h8M4 14h8M4.500 2c0 4 7 8 7 12M11.500 2c0 4-7 8-7 12"
    Bolt "Fast" "M9 1.500 4 9h4l-1 5.500L12 7H8z"
    Lock "Locked" "M4 7.500h8V14H4zM5.500 7.500V5a2.500 2.500 0 0 1 5 0v2.500"
    Eye "Look" "M1.500 8C4 3.500 12 3.500 14.500 8 12 12.500 4 12.500 1.500 8zM8 6.200a1.800 1.800 0 1 0 0 3.600 1.800 1.800 0 1 0 0-3.600"
    Jack "Jack" "M8 3a5 5 0 1 0 0 10A5 5 0 1 0 8 3M8 6.500a1.500 1.500 0 1 0 0 3 1.500 1.500 0 1 0 0-3"
    Info "News" "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2M8 7.500V11M8 5v.1"
    Undo "Undo" "M5.500 3 2.500 6l3 3M2.500 6h7a4 4 0 0 1 0 8H6"
    Arrow "To" "M2 8h11M9.500 4.500 13 8l-3.500 3.500"
    Fit "Fit all" "M2 5V2h3M11 2h3v3M14 11v3h-3M5 14H2v-3"
    Gear "Settings" "M3 4h10M3 8h10M3 12h10M6 2.500v3M10 6.500v3M5 10.500v3"
    Speak "Speaker" "M2.500 6v4h2.500l3.500 3V3L5 6z"
    Wait "Waiting" "M4 8v.1M8 8v.1M12 8v.1"
}

impl Icon {
    /// The polylines on the grid of 16; closed ones end where they began.
    pub fn strokes(self) -> &'static [Vec<Pos2>] {
        static ALL: OnceLock<Vec<Vec<Vec<Pos2>>>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            Icon::ALL
                .iter()
                .map(|icon| parse(icon.path()).expect("the path data of an icon is well formed"))
                .collect()
        });
        &all[self as usize]
    }

    /// Into the square `rect`; the stroke keeps its 1.5 points.
    pub fn paint(self, painter: &Painter, rect: Rect, colour: Color32) {
        paint_strokes(
            painter,
            self.strokes(),
            rect,
            Stroke::new(stroke::ICON, colour),
            None,
        );
    }

    /// As [`Icon::paint`], with the inside filled: Run and Stop while they are lit.
    pub fn paint_filled(self, painter: &Painter, rect: Rect, colour: Color32) {
        paint_strokes(
            painter,
            self.strokes(),
            rect,
            Stroke::new(stroke::ICON, colour),
            Some(colour),
        );
    }

    /// As a widget of `size` points that does nothing.
    pub fn show(self, ui: &mut Ui, size: f32, colour: Color32) -> Response {
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(size), Sense::hover());
        self.paint(ui.painter(), rect, colour);
        response
    }
}

/// Polylines on the grid of 16 into `rect`.
pub fn paint_strokes(
    painter: &Painter,
    strokes: &[Vec<Pos2>],
    rect: Rect,
    stroke: Stroke,
    fill: Option<Color32>,
) {
    let scale = rect.width() / 16.0;
    for line in strokes {
        let points: Vec<Pos2> = line
            .iter()
            .map(|p| rect.min + p.to_vec2() * scale)
            .collect();
        if let Some(fill) = fill {
            painter.add(Shape::convex_polygon(points.clone(), fill, Stroke::NONE));
        }
        // Round ends: a disc where a line begins and stops.
        let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
            continue;
        };
        let radius = stroke.width * 0.5;
        if first.distance_sq(last) < 0.01 && points.len() > 2 {
            let mut points = points;
            points.pop();
            painter.add(Shape::closed_line(points, stroke));
        } else {
            painter.circle_filled(first, radius, stroke.color);
            painter.circle_filled(last, radius, stroke.color);
            painter.add(Shape::line(points, stroke));
        }
    }
}

/// The part of SVG's path language that the icons use: M L H V C S A Z and their relatives.
fn parse(path: &str) -> Option<Vec<Vec<Pos2>>> {
    let mut tokens = Tokens { rest: path };
    let mut lines: Vec<Vec<Pos2>> = Vec::new();
    let (mut at, mut handle) = (Pos2::ZERO, None);
    let mut command = 'M';
    loop {
        match tokens.command() {
            Some(next) => command = next,
            None if tokens.done() => break,
            None if command == 'M' => command = 'L',
            None if command == 'm' => command = 'l',
            None => {}
        }
        let from = if command.is_ascii_lowercase() {
            at.to_vec2()
        } else {
            Vec2::ZERO
        };
        let mut new_handle = None;
        match command.to_ascii_uppercase() {
            'M' => {
                at = tokens.point()? + from;
                lines.push(vec![at]);
            }
            'L' => {
                at = tokens.point()? + from;
                lines.last_mut()?.push(at);
            }
            'H' => {
                at.x = tokens.number()? + from.x;
                lines.last_mut()?.push(at);
            }
            'V' => {
                at.y = tokens.number()? + from.y;
                lines.last_mut()?.push(at);
            }
            'C' | 'S' => {
                let first = if command.eq_ignore_ascii_case(&'C') {
                    tokens.point()? + from
                } else {
                    handle.map_or(at, |h: Pos2| at + (at - h))
                };
                let (second, end) = (tokens.point()? + from, tokens.point()? + from);
                let line = lines.last_mut()?;
                for step in 1..=12 {
                    line.push(cubic([at, first, second, end], step as f32 / 12.0));
                }
                (at, new_handle) = (end, Some(second));
            }
            'A' => {
                let radius = tokens.number()?.max(0.0);
                let (_ry, _turn) = (tokens.number()?, tokens.number()?);
                let (large, sweep) = (tokens.flag()?, tokens.flag()?);
                let end = tokens.point()? + from;
                arc(lines.last_mut()?, at, end, radius, large, sweep);
                at = end;
            }
            'Z' => {
                let line = lines.last_mut()?;
                at = *line.first()?;
                line.push(at);
            }
            _ => return None,
        }
        handle = new_handle;
    }
    Some(lines)
}

fn cubic([a, b, c, d]: [Pos2; 4], t: f32) -> Pos2 {
    let u = 1.0 - t;
    let sum = a.to_vec2() * (u * u * u)
        + b.to_vec2() * (3.0 * u * u * t)
        + c.to_vec2() * (3.0 * u * t * t)
        + d.to_vec2() * (t * t * t);
    sum.to_pos2()
}

/// A circular arc, flattened. A radius too small for the chord is grown to it, as SVG asks.
fn arc(line: &mut Vec<Pos2>, start: Pos2, end: Pos2, radius: f32, large: bool, sweep: bool) {
    let half = (end - start) * 0.5;
    let radius = radius.max(half.length());
    let middle = start + half;
    let reach = (radius * radius - half.length_sq()).max(0.0).sqrt();
    let side = if large == sweep { -1.0 } else { 1.0 };
    let centre = middle + half.normalized().rot90() * (-side * reach);
    let (from, mut to) = ((start - centre).angle(), (end - centre).angle());
    let turn = std::f32::consts::TAU;
    if sweep && to < from {
        to += turn;
    } else if !sweep && to > from {
        to -= turn;
    }
    let steps = ((to - from).abs() / 0.3).ceil().max(2.0) as usize;
    for step in 1..=steps {
        let angle = from + (to - from) * step as f32 / steps as f32;
        line.push(centre + Vec2::angled(angle) * radius);
    }
}

/// Numbers and letters of path data, which may stand without spaces ("l.8 4.2", "1.8.5").
struct Tokens<'a> {
    rest: &'a str,
}

impl Tokens<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', ',']);
    }

    fn done(&mut self) -> bool {
        self.skip();
        self.rest.is_empty()
    }

    fn command(&mut self) -> Option<char> {
        self.skip();
        let letter = self.rest.chars().next().filter(char::is_ascii_alphabetic)?;
        self.rest = &self.rest[1..];
        Some(letter)
    }

    fn number(&mut self) -> Option<f32> {
        self.skip();
        let mut seen_point = false;
        let end = self
            .rest
            .char_indices()
            .find(|&(i, c)| match c {
                '-' => i > 0,
                '.' => std::mem::replace(&mut seen_point, true),
                c => !c.is_ascii_digit(),
            })
            .map_or(self.rest.len(), |(i, _)| i);
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        number.parse().ok()
    }

    fn flag(&mut self) -> Option<bool> {
        self.skip();
        let flag = self.rest.chars().next()?;
        self.rest = &self.rest[1..];
        Some(flag == '1')
    }

    fn point(&mut self) -> Option<Pos2> {
        Some(pos2(self.number()?, self.number()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_parses_and_lies_within_the_grid() {
        for &icon in Icon::ALL {
            let strokes = parse(icon.path()).unwrap_or_else(|| panic!("{icon:?} does not parse"));
            assert!(!strokes.is_empty(), "{icon:?} is empty");
            for point in strokes.iter().flatten() {
                assert!(
                    Rect::from_min_max(Pos2::ZERO, pos2(16.0, 16.0)).contains(*point),
                    "{icon:?}: {point:?}"
                );
            }
        }
        assert_eq!(Icon::ALL.len(), 41);
    }

    #[test]
    fn an_arc_is_round() {
        let clock = &Icon::Clock.strokes()[0];
        assert!(clock.len() > 20);
        for point in clock {
            assert!(
                (point.distance(pos2(8.0, 8.0)) - 6.0).abs() < 0.01,
                "{point:?}"
            );
        }
        // The small arc of the speaker's sound bulges to the right.
        assert!(Icon::Render.strokes()[1].iter().all(|p| p.x >= 10.99));
    }

    #[test]
    fn numbers_may_stand_without_spaces() {
        assert_eq!(
            parse("M1.5.5l-1-.5"),
            Some(vec![vec![pos2(1.5, 0.5), pos2(0.5, 0.0)]])
        );
    }
}
