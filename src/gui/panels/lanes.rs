//! Both sides of a refused comparison as lanes on one axis: single values as marks, ranges as bars, the gap between them
//! hatched and measured. Lists that share no word stand one under the other.

use egui::{Align2, CornerRadius, Pos2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::graph::{Axis, Operands};
use crate::gui::controls;
use crate::gui::theme::{Theme, Type, radius, stroke};
use crate::ks::{UNLIMITED, grouped};

/// Where the lanes begin, from the left of their well.
const LABELS: f32 = 112.0;
const RATES: [u32; 16] = [
    8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000, 128_000,
    176_400, 192_000, 384_000, 768_000,
];

/// Height of the picture.
pub(super) fn height(operands: &Operands) -> f32 {
    match operands {
        Operands::Spans { .. } => 104.0,
        Operands::Words { .. } => 64.0,
    }
}

/// Draws the picture in its well.
pub(super) fn ui(ui: &Ui, well: Rect, names: [&str; 2], operands: &Operands) {
    let theme = Theme::of(ui.ctx());
    controls::plate(ui, well, theme.field, theme.line_soft);
    match operands {
        Operands::Spans {
            axis,
            offered,
            wanted,
        } => {
            let right = well.right() - 16.0;
            let scale = Scale::new(*axis, offered, wanted, well.left() + LABELS, right);
            spans_ui(ui, well, names, &scale, [offered, wanted]);
        }
        Operands::Words { offered, wanted } => words_ui(ui, well, names, [offered, wanted]),
    }
}

/// From values to places.
struct Scale {
    axis: Axis,
    left: f32,
    right: f32,
    /// The steps of an axis that has steps; else both ends of a logarithmic one.
    steps: Vec<u32>,
}

impl Scale {
    fn new(
        axis: Axis,
        offered: &[(u32, u32)],
        wanted: &[(u32, u32)],
        left: f32,
        right: f32,
    ) -> Self {
        let ends = offered
            .iter()
            .chain(wanted)
            .flat_map(|span| [span.0, span.1]);
        let finite = ends.filter(|&end| end != UNLIMITED && end > 1);
        let mut steps: Vec<u32> = finite.collect();
        match axis {
            Axis::Rate => {
                let low = steps.iter().copied().min().unwrap_or(8_000);
                let high = steps.iter().copied().max().unwrap_or(192_000);
                let wide = |end: u32, by: f64| (f64::from(end) * by).round() as u32;
                steps = vec![wide(low, 0.72).max(1), wide(high, 1.38)];
            }
            Axis::Bits => steps.extend([8, 16, 24, 32]),
            Axis::Channels => steps.extend([1, 2, 4, 6, 8]),
        }
        steps.sort_unstable();
        steps.dedup();
        Self {
            axis,
            left,
            right,
            steps,
        }
    }

    fn share(&self, value: u32) -> f32 {
        let (Some(&low), Some(&high)) = (self.steps.first(), self.steps.last()) else {
            return 0.5;
        };
        if value == UNLIMITED || value >= high && self.axis == Axis::Rate {
            return 1.0;
        }
        if self.axis == Axis::Rate {
            let (low, high) = (f64::from(low), f64::from(high));
            return ((f64::from(value).max(low) / low).ln() / (high / low).ln()) as f32;
        }
        // Steps stand evenly, with half a step of air at both ends.
        let below = self.steps.iter().filter(|&&step| step < value).count();
        (below as f32 + 0.5) / self.steps.len() as f32
    }

    fn x(&self, value: u32) -> f32 {
        self.left + (self.right - self.left) * self.share(value)
    }

    /// Values that are written under the axis.
    fn marks(&self) -> Vec<(f32, String)> {
        let values: &[u32] = match self.axis {
            Axis::Rate => &RATES,
            Axis::Bits | Axis::Channels => &self.steps,
        };
        let (low, high) = (
            self.steps.first().copied().unwrap_or(0),
            self.steps.last().copied().unwrap_or(0),
        );
        let mut marks: Vec<(f32, String)> = vec![];
        for &value in values.iter().filter(|it| (low..=high).contains(*it)) {
            let x = self.x(value);
            let words = match self.axis {
                Axis::Rate => format!("{}", f64::from(value) / 1000.0),
                Axis::Bits | Axis::Channels => value.to_string(),
            };
            if marks.last().is_none_or(|(last, _)| x - last > 34.0) {
                marks.push((x, words));
            }
        }
        marks
    }

    fn unit(&self) -> &'static str {
        match self.axis {
            Axis::Rate => "Hz",
            Axis::Bits => "bits",
            Axis::Channels => "channels",
        }
    }

    fn words(&self, spans: &[(u32, u32)]) -> String {
        let parts: Vec<String> = spans
            .iter()
            .map(|&(low, high)| match high {
                _ if low == high => grouped(low),
                UNLIMITED => format!("{} and more", grouped(low)),
                _ => format!("{} to {}", grouped(low), grouped(high)),
            })
            .collect();
        let unit = match (self.axis, spans) {
            (Axis::Channels, [(1, 1)]) => "channel",
            _ => self.unit(),
        };
        format!("{}\u{a0}{unit}", parts.join(" or "))
    }
}

/// The narrowest way from one list to the other; `None` when they touch.
fn gap(offered: &[(u32, u32)], wanted: &[(u32, u32)]) -> Option<(u32, u32)> {
    let mut best: Option<(u32, u32)> = None;
    for mine in offered {
        for theirs in wanted {
            let between = if mine.1 < theirs.0 {
                (mine.1, theirs.0)
            } else if theirs.1 < mine.0 {
                (theirs.1, mine.0)
            } else {
                return None;
            };
            let is_less = |other: &(u32, u32)| between.1 - between.0 < other.1 - other.0;
            if best.as_ref().is_none_or(is_less) {
                best = Some(between);
            }
        }
    }
    best
}

fn spans_ui(ui: &Ui, well: Rect, names: [&str; 2], scale: &Scale, sides: [&Vec<(u32, u32)>; 2]) {
    let theme = Theme::of(ui.ctx());
    let lanes = [well.top() + 27.0, well.top() + 71.0];
    let found = gap(sides[0], sides[1]);
    if let Some((low, high)) = found {
        let hole = Rect::from_min_max(
            pos2(scale.x(low), lanes[0] - 7.0),
            pos2(scale.x(high), lanes[1] + 7.0),
        );
        hatched(ui, hole);
    }
    for ((spans, name), y) in sides.into_iter().zip(names).zip(lanes) {
        let at = pos2(well.left() + 12.0, y);
        controls::clipped(ui, at, LABELS - 22.0, name, Type::Body, theme.dim);
        let lane = Rect::from_min_max(pos2(scale.left, y - 2.0), pos2(scale.right, y + 2.0));
        ui.painter()
            .rect_filled(lane, CornerRadius::same(radius::BAR), theme.line);
        for &(low, high) in spans {
            span_ui(ui, scale, y, low, high);
        }
    }
    // Words stand on the side away from the gap.
    let is_below = found.is_none_or(|(low, _)| sides[0].iter().any(|span| span.1 == low));
    for (side, (spans, y)) in sides.into_iter().zip(lanes).enumerate() {
        let words = match side {
            1 if spans.iter().all(|span| span.1 != UNLIMITED) => {
                format!("{} only", scale.words(spans))
            }
            _ => scale.words(spans),
        };
        let goes_left = (side == 0) == is_below;
        let edge = match goes_left {
            true => spans
                .last()
                .map_or(scale.left, |span| scale.x(span.1) - 9.0),
            false => spans
                .first()
                .map_or(scale.right, |span| scale.x(span.0) + 9.0),
        };
        let wide = controls::width(ui, &words, Type::Section);
        let left = if goes_left { edge - wide } else { edge };
        let left = left.min(scale.right - wide).max(scale.left);
        let at = pos2(left, y - 13.0);
        controls::text(
            ui,
            at,
            Align2::LEFT_CENTER,
            &words,
            Type::Section,
            theme.strong,
        );
    }
    if let Some((low, high)) = found {
        let words = format!("gap {}\u{a0}{}", grouped(high - low), scale.unit());
        let middle = pos2(
            (scale.x(low) + scale.x(high)) / 2.0,
            (lanes[0] + lanes[1]) / 2.0 - 2.0,
        );
        let wide = controls::width(ui, &words, Type::Tag) + 12.0;
        let x = middle.x.clamp(
            scale.left + wide / 2.0,
            (scale.right - wide / 2.0).max(scale.left + wide / 2.0),
        );
        let tag = Rect::from_center_size(pos2(x, middle.y), vec2(wide, 16.0));
        ui.painter().rect(
            tag,
            CornerRadius::same(radius::TAG),
            theme.error_bg,
            Stroke::new(stroke::HAIR, theme.error),
            StrokeKind::Inside,
        );
        controls::text(
            ui,
            tag.center(),
            Align2::CENTER_CENTER,
            words,
            Type::Tag,
            theme.error,
        );
    }
    axis_ui(ui, well, scale);
}

fn span_ui(ui: &Ui, scale: &Scale, y: f32, low: u32, high: u32) {
    let theme = Theme::of(ui.ctx());
    if low == high {
        ui.painter()
            .circle_filled(pos2(scale.x(low), y), 5.5, theme.audio);
        return;
    }
    let bar = Rect::from_min_max(
        pos2(scale.x(low), y - 4.0),
        pos2(scale.x(high).max(scale.x(low) + 4.0), y + 4.0),
    );
    ui.painter()
        .rect_filled(bar, CornerRadius::same(radius::TAG), theme.audio);
}

fn axis_ui(ui: &Ui, well: Rect, scale: &Scale) {
    let theme = Theme::of(ui.ctx());
    let y = well.bottom() - 11.0;
    for (x, words) in scale.marks() {
        ui.painter().vline(
            x,
            (y - 11.0)..=(y - 7.0),
            Stroke::new(stroke::HAIR, theme.line_strong),
        );
        controls::text(
            ui,
            pos2(x, y),
            Align2::CENTER_CENTER,
            words,
            Type::Tick,
            theme.dim,
        );
    }
    let unit = match scale.axis {
        Axis::Rate => "kHz",
        Axis::Bits => "bits",
        Axis::Channels => "channels",
    };
    let at = pos2(scale.left - 14.0, y);
    controls::text(ui, at, Align2::RIGHT_CENTER, unit, Type::Tick, theme.dim);
}

/// Red strokes across what neither side has.
fn hatched(ui: &Ui, hole: Rect) {
    let theme = Theme::of(ui.ctx());
    let painter = ui.painter().with_clip_rect(hole.intersect(ui.clip_rect()));
    painter.rect_filled(hole, CornerRadius::ZERO, theme.error_bg);
    let thin = Stroke::new(1.0, theme.error.gamma_multiply(0.6));
    let mut x = hole.left() - hole.height();
    while x < hole.right() {
        painter.line_segment(
            [pos2(x, hole.bottom()), pos2(x + hole.height(), hole.top())],
            thin,
        );
        x += 6.0;
    }
    for x in [hole.left(), hole.right()] {
        let line = [pos2(x, hole.top()), pos2(x, hole.bottom())];
        let dashes = egui::Shape::dashed_line(&line, Stroke::new(1.0, theme.error), 3.0, 3.0);
        ui.painter().extend(dashes);
    }
}

fn words_ui(ui: &Ui, well: Rect, names: [&str; 2], sides: [&Vec<String>; 2]) {
    let theme = Theme::of(ui.ctx());
    let lanes = [well.top() + 19.0, well.bottom() - 19.0];
    for ((words, name), y) in sides.into_iter().zip(names).zip(lanes) {
        let at = pos2(well.left() + 12.0, y);
        controls::clipped(ui, at, LABELS - 22.0, name, Type::Body, theme.dim);
        let mut x = well.left() + LABELS;
        let shown = if words.is_empty() {
            vec!["nothing"]
        } else {
            words.iter().map(String::as_str).collect()
        };
        for word in shown {
            let room = well.right() - 12.0 - x;
            if room < 30.0 {
                break;
            }
            x = word_ui(ui, pos2(x, y), room, word) + 6.0;
        }
    }
    let middle = pos2(well.right() - 12.0, well.center().y);
    controls::text(
        ui,
        middle,
        Align2::RIGHT_CENTER,
        "nothing in common",
        Type::Tag,
        theme.error,
    );
}

/// A word in a frame; returns its right end.
fn word_ui(ui: &Ui, at: Pos2, room: f32, word: &str) -> f32 {
    let theme = Theme::of(ui.ctx());
    let wide = (controls::width(ui, word, Type::Value) + 14.0).min(room);
    let tag = Rect::from_min_size(pos2(at.x, at.y - 10.0), vec2(wide, 20.0));
    controls::plate(ui, tag, theme.title, theme.line);
    controls::clipped(
        ui,
        pos2(tag.left() + 7.0, at.y),
        wide - 14.0,
        word,
        Type::Value,
        theme.strong,
    );
    tag.right()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_is_the_narrowest_way_between_the_lists() {
        assert_eq!(
            gap(&[(44_100, 44_100)], &[(48_000, 48_000)]),
            Some((44_100, 48_000))
        );
        let wanted = [(8_000, 16_000), (48_000, UNLIMITED)];
        assert_eq!(gap(&[(44_100, 44_100)], &wanted), Some((44_100, 48_000)));
        assert_eq!(gap(&[(24, 24)], &[(16, 16)]), Some((16, 24)));
        assert_eq!(gap(&[(1, 4)], &[(2, 8)]), None, "they overlap");
    }

    #[test]
    fn places_follow_values_on_every_axis() {
        for axis in [Axis::Rate, Axis::Bits, Axis::Channels] {
            let (low, high) = ([(6, 6)], [(16, UNLIMITED)]);
            let scale = Scale::new(axis, &low, &high, 0.0, 100.0);
            let places = [scale.x(6), scale.x(16), scale.x(UNLIMITED)];
            assert!(places[0] < places[1] && places[1] < places[2], "{places:?}");
            assert!(places[0] >= 0.0 && places[2] <= 100.0);
            let marks = scale.marks();
            assert!(
                marks
                    .windows(2)
                    .all(|pair| pair[1].0 - pair[0].0 > 20.0 || axis != Axis::Rate)
            );
        }
    }
}
