//! The meter's body: segments of three points, a scale from -60 to 0, the held peak, the peak in words.

use egui::{Align2, CornerRadius, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use super::Page;
use crate::app::telemetry::meter;
use crate::gui::probe;
use crate::gui::theme::{Type, stroke};
use crate::ks::Telemetry;

/// Height of all of it at 100 %.
const HEIGHT: f32 = 120.0;
/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [104.0, HEIGHT];

/// A level of the meter: a filter that is not open is silent.
fn level(cells: Option<&Telemetry>, first: usize, channel: usize) -> f32 {
    cells.map_or(meter::FLOOR_DB, |cells| cells.get(first + channel))
}

/// The loudest held peak in words: `−20.3 dBFS`, `silent`.
fn peak_words(cells: Option<&Telemetry>) -> String {
    let channels = cells.map_or(0, |cells| cells.get(meter::CHANNELS) as usize);
    let peak = (0..channels.min(meter::MAX_CHANNELS))
        .map(|channel| level(cells, meter::PEAK, channel))
        .fold(meter::FLOOR_DB, f32::max);
    if peak < -100.0 {
        "silent".to_owned()
    } else {
        format!("{peak:.1} dBFS").replace('-', "\u{2212}")
    }
}

/// The bars, the scale beside them, the peak in words below.
pub(super) fn meter_ui(ui: &mut Ui, page: &mut Page<'_>) {
    let theme = page.theme;
    let zoom = page.zoom;
    let cells = page.view.telemetry(&page.drawn.path);
    let bars = page.row(HEIGHT - 20.0);
    let channels = cells.map_or(0, |cells| cells.get(meter::CHANNELS) as usize);
    let columns = channels.clamp(2, meter::MAX_CHANNELS);
    let scale = 26.0 * zoom;
    let pitch = ((bars.width() - scale) / columns as f32).min(14.0 * zoom);
    let left = bars.left() + ((bars.width() - scale - pitch * columns as f32) / 2.0).max(0.0);
    let y_of = |db: f32| bars.bottom() - (db.clamp(-60.0, 0.0) + 60.0) / 60.0 * bars.height();
    let segments = ((HEIGHT - 20.0) / 4.0) as usize;
    let unlit = theme.unlit(theme.raised);
    for column in 0..columns {
        let peak = level(cells, meter::PEAK, column);
        let x = left + pitch * column as f32;
        for segment in 0..segments {
            let low = -60.0 + 60.0 * segment as f32 / segments as f32;
            let piece = Rect::from_min_size(
                pos2(x, y_of(low) - 3.0 * zoom),
                vec2(pitch - 3.0 * zoom, 3.0 * zoom),
            );
            let hue = match low {
                low if low >= -1.0 => theme.error,
                low if low >= -9.0 => theme.clock,
                _ => theme.audio,
            };
            let lit = channels > column && peak > low;
            let fill = if lit { hue } else { unlit };
            ui.painter().rect_filled(piece, CornerRadius::ZERO, fill);
        }
        let held = level(cells, meter::HOLD, column);
        if held > -60.0 {
            let y = y_of(held);
            let line = [pos2(x, y), pos2(x + pitch - 3.0 * zoom, y)];
            ui.painter()
                .line_segment(line, Stroke::new(1.5, theme.strong));
        }
    }
    let ruler = bars.right() - scale + 4.0 * zoom;
    for db in [0.0_f32, -12.0, -24.0, -36.0, -48.0] {
        let y = y_of(db);
        let tick = [pos2(ruler, y), pos2(ruler + 3.0 * zoom, y)];
        ui.painter()
            .line_segment(tick, Stroke::new(stroke::HAIR, theme.line_strong));
        let words = format!("{db:.0}").replace('-', "\u{2212}");
        let y = y.clamp(bars.top() + 5.0 * zoom, bars.bottom() - 5.0 * zoom);
        page.text(
            ui,
            pos2(bars.right(), y),
            Align2::RIGHT_CENTER,
            &words,
            Type::Tick,
            theme.dim,
        );
    }
    let line = page.row(20.0);
    if cells.is_some_and(|cells| cells.get(meter::NON_FINITE) != 0.0) {
        ui.painter().rect_stroke(
            bars,
            CornerRadius::ZERO,
            Stroke::new(1.0, theme.error),
            StrokeKind::Inside,
        );
        page.text(
            ui,
            bars.center(),
            Align2::CENTER_CENTER,
            "NaN",
            Type::Section,
            theme.error,
        );
    }
    let words = peak_words(cells);
    probe::note(ui.ctx(), "meter", &page.drawn.node.name, &words, bars);
    let shown = if words == "silent" {
        words
    } else {
        format!("peak {words}")
    };
    page.text(
        ui,
        line.center(),
        Align2::CENTER_CENTER,
        &shown,
        Type::Small,
        theme.dim,
    );
}
