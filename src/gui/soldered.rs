//! Physical connections: jacks of two boxes that are joined inside a card, drawn dashed. They are no wires: nobody draws or
//! cuts them, and they carry no frames of the graph (PCL-7).

use egui::epaint::CubicBezierShape;
use egui::{Color32, Id, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, vec2};

use super::canvas::Scene;
use super::node_graph::{Geometry, PinAddr, Side};
use super::theme::Theme;
use crate::ks::soldered;

/// Shows what is joined among the boxes in sight.
pub(super) fn ui(ui: &mut Ui, geometry: &Geometry, scene: &Scene<'_>) {
    let theme = Theme::of(ui.ctx());
    let jacks = |side: Side| {
        let own = geometry
            .pins
            .iter()
            .filter(move |(pin, _)| pin.side == side);
        own.filter_map(|(pin, rect)| Some((*pin, *rect, scene.factory(*pin)?)))
            .filter(|(.., factory)| factory.is_bridge())
    };
    let painter = ui.painter().with_clip_rect(geometry.canvas);
    for (from, from_rect, out) in jacks(Side::Output) {
        for (to, to_rect, into) in jacks(Side::Input) {
            if !soldered(out, into) {
                continue;
            }
            let (a, b) = (from_rect.center(), to_rect.center());
            let reach = vec2(((b.x - a.x).abs() * 0.5).max(32.0), 0.0);
            let curve = CubicBezierShape::from_points_stroke(
                [a, a + reach, b - reach, b],
                false,
                Color32::TRANSPARENT,
                Stroke::NONE,
            );
            let points = curve.flatten(Some(0.5));
            let stroke = Stroke::new(1.5, theme.dim);
            painter.extend(Shape::dashed_line(&points, stroke, 6.0, 5.0));
            let Some(middle) = points.get(points.len() / 2) else {
                continue;
            };
            let spot = Rect::from_center_size(*middle, vec2(24.0, 24.0));
            let id = Id::unique("soldered").with((place(from), place(to)));
            let response = ui.interact(spot, id, Sense::hover());
            let name = |pin: PinAddr| {
                scene
                    .get(pin.node)
                    .map_or(String::new(), |it| it.node.name.clone())
            };
            let words = format!(
                "Physical connection: {}.{} to {}.{}",
                name(from),
                out.name,
                name(to),
                into.name
            );
            let spoken = words.clone();
            response.widget_info(move || WidgetInfo::labeled(Role::Label, true, spoken.clone()));
            response.on_hover_text(words);
        }
    }
}

fn place(pin: PinAddr) -> (u64, usize) {
    (pin.node, pin.index)
}
