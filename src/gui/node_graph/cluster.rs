//! What lies on top of the canvas: the zoom cluster at the lower left, the legend at the lower right.

use egui::{
    CornerRadius, FontId, Id, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::look::{Kind, Look, Mark, PinFill, Shape};
use super::paint::{mark, paint_pin};
use super::show::NodeGraph;

const EDGE: f32 = 12.0;
const HEIGHT: f32 = 26.0;

fn card(ui: &Ui, look: &Look, rect: Rect) {
    let painter = ui.painter();
    painter.rect(
        rect,
        CornerRadius::same(4),
        look.panel,
        Stroke::new(1.0, look.line),
        StrokeKind::Inside,
    );
}

fn button(ui: &mut Ui, id: Id, look: &Look, rect: Rect, name: &str) -> Response {
    let response = ui.interact(rect, id.with(name), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    if response.hovered() {
        ui.painter()
            .rect_filled(rect.shrink(2.0), CornerRadius::same(3), look.hover);
    }
    if response.has_focus() {
        super::paint::focus_ring(ui.painter(), look, rect.expand(1.0), 4.0);
    }
    response.on_hover_text(name)
}

/// Minus, percentage, plus, fit.
pub(super) fn zoom(graph: &mut NodeGraph, ui: &mut Ui, canvas: Rect, look: &Look) {
    let widths = [28.0, 44.0, 28.0, 30.0];
    let size = vec2(widths.iter().sum(), HEIGHT);
    let rect = Rect::from_min_size(
        pos2(canvas.left() + EDGE, canvas.bottom() - EDGE - HEIGHT),
        size,
    );
    if canvas.width() < size.x + 2.0 * EDGE {
        return;
    }
    card(ui, look, rect);
    let mut x = rect.left();
    let [less, percent, more, fit] = widths.map(|width| {
        let part = Rect::from_min_size(pos2(x, rect.top()), vec2(width, HEIGHT));
        x += width;
        part
    });
    let zoom = graph.view.zoom;
    let id = graph.id;
    let icon = |ui: &Ui, glyph: Mark, at: Pos2| mark(ui.painter(), glyph, at, 14.0, look.text);
    // Steps of a quarter of an octave, and 100 % is always one of them.
    let step = |by: f32| 2.0_f32.powf(((zoom.log2() * 4.0).round() + by) / 4.0);
    if button(ui, id, look, less, "Zoom out").clicked() {
        graph.zoom_to(step(-1.0));
    }
    icon(ui, look.marks.minus, less.center());
    if button(ui, id, look, percent, "Zoom to 100 %").clicked() {
        graph.zoom_to(1.0);
    }
    let font = FontId::new(12.0, look.ui_strong.clone());
    let text = format!("{:.0}\u{a0}%", zoom * 100.0);
    let galley = ui.painter().layout_no_wrap(text, font, look.strong);
    ui.painter()
        .galley(percent.center() - galley.size() / 2.0, galley, look.strong);
    if button(ui, id, look, more, "Zoom in").clicked() {
        graph.zoom_to(step(1.0));
    }
    icon(ui, look.marks.plus, more.center());
    ui.painter().vline(
        fit.left(),
        fit.y_range().shrink(5.0),
        Stroke::new(1.0, look.line),
    );
    if button(ui, id, look, fit, "Fit all").clicked() {
        graph.fit_all();
    }
    icon(ui, look.marks.fit, fit.center());
}

/// The kinds of data that are there.
///
/// `seen` is a bit per kind in sight: what is far off explains itself when one comes near.
pub(super) fn legend(ui: &Ui, canvas: Rect, look: &Look, seen: u64) {
    let font = FontId::new(11.0, look.ui.clone());
    let entries: Vec<_> = look
        .kinds
        .iter()
        .enumerate()
        .filter(|&(i, kind)| seen >> i & 1 == 1 && kind.shape != Shape::Jack)
        .map(|(i, kind)| {
            (
                Kind(i as u8),
                ui.painter()
                    .layout_no_wrap(kind.name.clone(), font.clone(), look.text),
            )
        })
        .collect();
    if entries.is_empty() {
        return;
    }
    let width = entries
        .iter()
        .map(|(_, galley)| galley.size().x + 30.0)
        .sum::<f32>()
        + 6.0;
    // The zoom cluster has the other corner.
    if canvas.width() < width + 3.0 * EDGE + 140.0 {
        return;
    }
    let rect = Rect::from_min_size(
        canvas.max - vec2(EDGE + width, EDGE + HEIGHT),
        vec2(width, HEIGHT),
    );
    card(ui, look, rect);
    let mut at = rect.left_center() + vec2(15.0, 0.0);
    for (kind, galley) in entries {
        paint_pin(ui.painter(), look, at, kind, PinFill::Connected, 0.8);
        let size: Vec2 = galley.size();
        ui.painter()
            .galley(at + vec2(11.0, -size.y / 2.0), galley, look.text);
        at.x += size.x + 30.0;
    }
}
