//! The loudness meter's body: bars about the target, the figures of the whole sound, and a button to begin anew.

use egui::{Align2, CornerRadius, Rect, Stroke, Ui, pos2};

use super::well::figure;
use super::{LINE, Page};
use crate::app::Action;
use crate::app::telemetry::loudness_meter as meter;
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Type, radius, stroke};
use crate::ks::Settings;

const BAR: f32 = 22.0;
const SCALE: f32 = 18.0;
/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [248.0, 2.0 * BAR + SCALE + 4.0 * LINE + 8.0];

/// Where the scale begins and ends, in LU from the target.
const LOWEST: f32 = -18.0;
const HIGHEST: f32 = 9.0;
/// A true peak above it does not survive a broadcaster's check.
const PEAK_LIMIT: f32 = -1.0;

/// A level in words, with its unit; what is not known is a dash.
fn level(value: f32, unit: &str) -> String {
    if value <= -100.0 {
        "\u{2013}".to_owned()
    } else {
        format!("{} {unit}", figure(value, 1))
    }
}

/// Hours only where there are some.
fn duration(seconds: f32) -> String {
    let whole = seconds as u32;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{minutes}:{rest:02}")
    }
}

/// The bars, the figures, the button.
pub(super) fn loudness_ui(ui: &mut Ui, page: &mut Page<'_>, commands: &mut Vec<Command>) {
    let (theme, zoom) = (page.theme, page.zoom);
    let cells = page.view.telemetry(&page.drawn.path);
    let cell = |index: usize| cells.map_or(meter::FLOOR, |cells| cells.get(index));
    let settings = Settings {
        values: &page.node.values,
        base: None,
    };
    let target = settings.number(&meter::TARGET) as f32;
    let is_measuring = settings.is_on(&meter::MEASURE);

    let whole = page.peek(2.0 * BAR + SCALE);
    let bars = Rect::from_min_max(
        pos2(whole.left() + 16.0 * zoom, whole.top()),
        pos2(whole.right() - 66.0 * zoom, whole.bottom()),
    );
    let x_of = |lu: f32| {
        let share = (lu.clamp(LOWEST, HIGHEST) - LOWEST) / (HIGHEST - LOWEST);
        bars.left() + bars.width() * share
    };
    for (name, now, max, words) in [
        ("M", meter::MOMENTARY, meter::MOMENTARY_MAX, "momentary"),
        ("S", meter::SHORT_TERM, meter::SHORT_TERM_MAX, "short-term"),
    ] {
        let row = page.row(BAR);
        let (now, max) = (cell(now), cell(max));
        let middle = row.center().y;
        let trough = Rect::from_min_max(
            pos2(bars.left(), middle - 6.0 * zoom),
            pos2(bars.right(), middle + 6.0 * zoom),
        );
        let corner = CornerRadius::same(radius::BAR);
        ui.painter().rect_filled(trough, corner, theme.field);
        let edge = Stroke::new(stroke::HAIR, theme.line_soft);
        ui.painter()
            .rect_stroke(trough, corner, edge, egui::StrokeKind::Outside);
        let lit = |from: f32, to: f32, ink| {
            let piece = Rect::from_min_max(
                pos2(x_of(from), trough.top()),
                pos2(x_of(to.min(now - target)), trough.bottom()),
            );
            if piece.width() > 0.0 {
                ui.painter().rect_filled(piece, CornerRadius::ZERO, ink);
            }
        };
        lit(LOWEST, 1.0, theme.audio);
        lit(1.0, HIGHEST, theme.clock);
        if max - target > LOWEST {
            let x = x_of(max - target);
            let held = Stroke::new(1.5 * zoom.max(0.7), theme.strong);
            ui.painter().vline(x, trough.y_range(), held);
        }
        let at = pos2(row.left(), middle);
        page.text(ui, at, Align2::LEFT_CENTER, name, Type::Section, theme.dim);
        let shown = level(now, "LUFS");
        let at = pos2(row.right(), middle);
        page.text(
            ui,
            at,
            Align2::RIGHT_CENTER,
            &shown,
            Type::Canvas,
            theme.strong,
        );
        let name = format!("{} {words}", page.drawn.node.name);
        probe::note(ui.ctx(), "loudness", &name, &shown, trough);
    }
    // The target goes through both bars.
    let line = Stroke::new(1.5 * zoom.max(0.7), theme.accent);
    let span = egui::Rangef::new(whole.top() + 2.0 * zoom, whole.top() + 2.0 * BAR * zoom);
    ui.painter().vline(x_of(0.0), span, line);
    let scale = page.row(SCALE);
    for lu in [-18.0_f32, -9.0, 0.0, 9.0] {
        let words = if lu == 0.0 {
            figure(target, 0)
        } else {
            let sign = if lu > 0.0 { "+" } else { "" };
            format!("{sign}{}", figure(lu, 0))
        };
        let at = pos2(x_of(lu), scale.top() + 6.0 * zoom);
        let ink = if lu == 0.0 { theme.strong } else { theme.dim };
        page.text(ui, at, Align2::CENTER_CENTER, &words, Type::Tick, ink);
    }
    let at = pos2(scale.right(), scale.top() + 6.0 * zoom);
    page.text(ui, at, Align2::RIGHT_CENTER, "LU", Type::Tick, theme.dim);

    let (low, high) = (cell(meter::RANGE_LOW), cell(meter::RANGE_HIGH));
    let range = if low <= -100.0 {
        level(meter::FLOOR, "")
    } else {
        format!("{} LU", figure(high - low, 1))
    };
    let (integrated, peak) = (cell(meter::INTEGRATED), cell(meter::TRUE_PEAK));
    for (title, words, ink, role) in [
        (
            "Integrated",
            level(integrated, "LUFS"),
            theme.strong,
            Type::FilterName,
        ),
        ("Range", range, theme.strong, Type::Canvas),
        (
            "True peak",
            level(peak, "dBTP"),
            if peak > PEAK_LIMIT {
                theme.error
            } else {
                theme.strong
            },
            Type::Canvas,
        ),
    ] {
        let row = page.row(LINE);
        let at = row.left_center();
        page.text(ui, at, Align2::LEFT_CENTER, title, Type::Canvas, theme.dim);
        let at = row.right_center();
        page.text(ui, at, Align2::RIGHT_CENTER, &words, role, ink);
        if title == "Integrated" && integrated > -100.0 {
            let off = integrated - target;
            let sign = if off > 0.0 { "+" } else { "" };
            let words = format!("{sign}{} LU", figure(off, 1));
            let at = pos2(row.left() + row.width() * 0.52, row.center().y);
            page.text(ui, at, Align2::RIGHT_CENTER, &words, Type::Small, theme.dim);
        }
        let name = format!("{} {}", page.drawn.node.name, title.to_lowercase());
        probe::note(ui.ctx(), "loudness", &name, &words, row);
    }

    page.row(4.0);
    let row = page.row(LINE);
    let time = duration(cells.map_or(0.0, |cells| cells.get(meter::SECONDS)));
    let words = if is_measuring {
        time
    } else {
        format!("{time}, held")
    };
    let at = row.left_center();
    page.text(ui, at, Align2::LEFT_CENTER, &words, Type::Small, theme.dim);
    let button = Rect::from_min_max(
        pos2(row.right() - 56.0 * zoom, row.top()),
        row.right_bottom(),
    );
    let name = format!("Reset {}", page.drawn.node.name);
    let id = page.id.with("reset");
    let response = controls::clickable(ui, id, button, cells.is_some(), &name);
    let (fill, edge) = if response.hovered() {
        (theme.hover, theme.line_strong)
    } else {
        (theme.title, theme.line)
    };
    controls::plate(ui, button, fill, edge);
    let ink = if cells.is_some() {
        theme.strong
    } else {
        theme.faint
    };
    let at = button.center();
    page.text(ui, at, Align2::CENTER_CENTER, "Reset", Type::Small, ink);
    if response.clicked() {
        commands.push(Command::Do(Action::Play {
            filter: page.drawn.path.clone(),
            bytes: meter::RESET.to_vec(),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_dash_and_time_has_hours_only_where_there_are_some() {
        assert_eq!(level(meter::FLOOR, "LUFS"), "\u{2013}");
        assert_eq!(level(-23.04, "LUFS"), "\u{2212}23.0 LUFS");
        assert_eq!(duration(59.9), "0:59");
        assert_eq!(duration(3725.0), "1:02:05");
    }
}
