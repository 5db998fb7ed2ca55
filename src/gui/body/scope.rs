//! The oscilloscope's body: eight divisions each way, the left channel in the hue, the right one at half of it.

use egui::{Align2, Pos2, Shape, Ui, pos2, vec2};

use super::well::{Well, figure};
use super::{LINE, Page};
use crate::app::telemetry::scope::{self, Picture};
use crate::gui::probe;
use crate::gui::theme::Type;
use crate::ks::{Property, Settings};

const HEIGHT: f32 = 136.0;
/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [256.0, HEIGHT + LINE + 4.0];

const DIVISIONS: usize = 8;

/// The line through the columns of a picture: from the end of one to the nearer end of the next, so that it never
/// breaks. The columns of the sweep before are left out where this one has not come yet.
fn trace(picture: &Picture, line: usize, at: impl Fn(f32, f32) -> Pos2) -> Vec<Pos2> {
    let columns = &picture.lines[line];
    let mut points = Vec::with_capacity(2 * columns.len());
    let mut last = 0.0;
    for (index, &(low, high)) in columns.iter().enumerate().take(picture.filled) {
        let across = (index as f32 + picture.offset) / (columns.len().max(2) - 1) as f32;
        let (first, then) = if (last - low).abs() <= (last - high).abs() {
            (low, high)
        } else {
            (high, low)
        };
        points.push(at(across, first));
        if then != first {
            points.push(at(across, then));
        }
        last = then;
    }
    points
}

/// The time of a division in words: `2.5 ms/div`.
fn division(millis: f64) -> String {
    let one = millis / DIVISIONS as f64;
    if one >= 100.0 {
        format!("{:.2} s/div", one / 1000.0)
    } else if one >= 1.0 {
        format!("{one:.1} ms/div")
    } else {
        format!("{:.0} µs/div", one * 1000.0)
    }
}

/// The picture, its scale, and what it is of.
pub(super) fn scope_ui(ui: &mut Ui, page: &mut Page<'_>) {
    let theme = page.theme;
    let well = Well::new(ui, page, page.peek(HEIGHT));
    page.row(HEIGHT);
    let settings = Settings {
        values: &page.node.values,
        base: None,
    };
    let property = |key: &str| page.descriptor.property(key).map(|(_, it)| it);
    let number = |key: &str| property(key).map_or(0.0, |it| settings.number(it));
    let text = |it: Option<&Property>| it.map_or(String::new(), |it| settings.text(it));
    let gain = 10_f64.powf(number("gain") / 20.0) as f32;
    for line in 1..DIVISIONS {
        let share = line as f32 / DIVISIONS as f32;
        let is_axis = line * 2 == DIVISIONS;
        well.across(ui, share, is_axis);
        well.upright(ui, share, is_axis);
    }
    let trigger = text(property("trigger"));
    let cells = page.view.telemetry(&page.drawn.path);
    let picture = cells.and_then(scope::picture).unwrap_or_default();
    let height_of = |sample: f32| 0.5 + 0.5 * (sample * gain).clamp(-1.2, 1.2);
    // The left channel lies above the right one.
    for line in (0..picture.lines.len()).rev() {
        let points = trace(&picture, line, |across, sample| {
            well.at(across, height_of(sample))
        });
        let ink = if line == 0 {
            theme.audio
        } else {
            theme.field.lerp_to_gamma(theme.audio, 0.5)
        };
        well.line(ui, points, 1.5, ink);
    }
    if trigger != "off" {
        let level = (height_of(number("level") as f32)).clamp(0.0, 1.0);
        let tip = well.at(0.0, level) + vec2(6.0, 0.0) * page.zoom;
        let side = vec2(-6.0, 4.0) * page.zoom;
        let corners = vec![tip, tip + side, tip + vec2(side.x, -side.y)];
        let mark = Shape::convex_polygon(corners, theme.clock, egui::Stroke::NONE);
        ui.painter().add(mark);
    }
    let top = figure(1.0 / gain, if gain > 2.0 { 2 } else { 1 });
    let inset = vec2(4.0, 2.0) * page.zoom;
    let at = well.rect.right_top() + vec2(-inset.x, inset.y);
    well.words(ui, page, at, Align2::RIGHT_TOP, &format!("+{top}"));
    let at = well.rect.right_bottom() - inset;
    let foot = format!("\u{2212}{top}");
    well.words(ui, page, at, Align2::RIGHT_BOTTOM, &foot);
    well.frame(ui);

    let line = page.row(LINE);
    let left = division(number("time"));
    page.text(
        ui,
        line.left_center(),
        Align2::LEFT_CENTER,
        &left,
        Type::Small,
        theme.dim,
    );
    let state = if picture.lines.is_empty() {
        "no sound yet"
    } else if trigger == "off" {
        "free"
    } else if picture.is_triggered {
        "triggered"
    } else {
        "no trigger"
    };
    page.text(
        ui,
        pos2(line.right(), line.center().y),
        Align2::RIGHT_CENTER,
        state,
        Type::Small,
        theme.dim,
    );
    page.row(4.0);
    let name = &page.drawn.node.name;
    probe::note(ui.ctx(), "scope", name, state, well.rect);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_never_breaks_and_ends_where_the_sweep_is() {
        let picture = Picture {
            lines: vec![vec![(0.0, 0.5), (0.6, 0.9), (-0.2, 0.4), (0.1, 0.1)]],
            filled: 3,
            ..Picture::default()
        };
        let points = trace(&picture, 0, pos2);
        let heights: Vec<f32> = points.iter().map(|it| it.y).collect();
        assert_eq!(heights, [0.0, 0.5, 0.6, 0.9, 0.4, -0.2]);
        assert_eq!(points[2].x, 1.0 / 3.0);
        let whole = Picture {
            filled: 4,
            ..picture
        };
        assert_eq!(trace(&whole, 0, pos2).last(), Some(&pos2(1.0, 0.1)));
    }

    #[test]
    fn a_division_is_told_in_a_unit_that_fits() {
        assert_eq!(division(20.0), "2.5 ms/div");
        assert_eq!(division(1.0), "125 µs/div");
        assert_eq!(division(5000.0), "0.62 s/div");
    }
}
