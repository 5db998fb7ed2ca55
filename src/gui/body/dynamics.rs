//! What a compressor or a limiter does: its steady curve, where the sound is on it now, and how much is taken off.

use egui::{Align2, CornerRadius, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::{LINE, Page};
use crate::app::telemetry::compressor;
use crate::gui::probe;
use crate::gui::theme::{Type, radius, stroke};
use crate::ks::Settings;

const CURVE: f32 = 84.0;
/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [176.0, CURVE + LINE];

/// The softest level that is drawn, and the most that the bar shows.
const FLOOR_DB: f64 = -60.0;
const MOST_DB: f32 = 24.0;

/// The curve from level in to level out, and a bar of what is taken off. Both kinds publish the same cells.
pub(super) fn dynamics_ui(ui: &Ui, page: &mut Page<'_>, curve: fn(&Settings<'_>, f64) -> f64) {
    let theme = page.theme;
    let settings = Settings {
        values: &page.node.values,
        base: None,
    };
    let cells = page.view.telemetry(&page.drawn.path);
    let field = page.row(CURVE);
    let field = field.shrink2(vec2(0.0, 4.0 * page.zoom));
    let painter = ui.painter().with_clip_rect(field.intersect(ui.clip_rect()));
    let place = |into: f64, out: f64| {
        let share = |db: f64| (1.0 - db / FLOOR_DB) as f32;
        pos2(
            field.left() + field.width() * share(into),
            field.bottom() - field.height() * share(out),
        )
    };
    painter.rect_filled(field, CornerRadius::same(radius::BAR), theme.field);
    let fine = Stroke::new(stroke::HAIR, theme.line_soft);
    for db in [-48.0, -36.0, -24.0, -12.0] {
        painter.line_segment([place(db, FLOOR_DB), place(db, 0.0)], fine);
        painter.line_segment([place(FLOOR_DB, db), place(0.0, db)], fine);
    }
    // What it would be without it.
    let same = Stroke::new(stroke::HAIR, theme.line_strong);
    painter.line_segment([place(FLOOR_DB, FLOOR_DB), place(0.0, 0.0)], same);
    let points = (0..=60).map(|step| {
        let into = FLOOR_DB - FLOOR_DB * f64::from(step) / 60.0;
        place(into, curve(&settings, into))
    });
    painter.line(points.collect(), Stroke::new(1.5 * page.zoom, theme.audio));
    let level = cells.map_or(f64::from(compressor::FLOOR_DB), |cells| {
        f64::from(cells.get(compressor::LEVEL))
    });
    if level > FLOOR_DB {
        let level = level.min(0.0);
        let at = place(level, curve(&settings, level));
        painter.circle_filled(at, 3.0 * page.zoom, theme.strong);
    }

    let line = page.row(LINE);
    let reduction = cells.map_or(0.0, |cells| cells.get(compressor::REDUCTION));
    // No sign of a zero.
    let reduction = reduction.abs();
    let figure = format!("{reduction:.1}");
    let words = if figure == "0.0" {
        "0.0\u{a0}dB".to_owned()
    } else {
        format!("\u{2212}{figure}\u{a0}dB")
    };
    let (left, right) = (line.left_center(), line.right_center());
    page.text(
        ui,
        left,
        Align2::LEFT_CENTER,
        "Reduction",
        Type::Canvas,
        theme.dim,
    );
    page.text(
        ui,
        right,
        Align2::RIGHT_CENTER,
        &words,
        Type::Canvas,
        theme.strong,
    );
    let slot = Rect::from_min_max(
        pos2(
            line.left() + line.width() * 0.36,
            line.center().y - 3.0 * page.zoom,
        ),
        pos2(
            line.right() - line.width() * 0.34,
            line.center().y + 3.0 * page.zoom,
        ),
    );
    let corner = CornerRadius::same(radius::BAR);
    ui.painter().rect_filled(slot, corner, theme.line);
    // From the right, as the sound goes down.
    let mut taken = slot;
    taken.set_left(slot.right() - slot.width() * (reduction / MOST_DB).clamp(0.0, 1.0));
    ui.painter().rect_filled(taken, corner, theme.clock);
    let name = format!("{} reduction", page.drawn.node.name);
    probe::note(ui.ctx(), "reduction", &name, &words, slot);
    let spoken = format!("{name} {words}");
    let response = ui.interact(slot, page.id.with("reduction"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
}
