//! What a cure would put onto the canvas, while it is looked at: boxes and wires that are not there yet.

use egui::{Align2, Id, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::controls;
use super::node_graph::{Geometry, PinAddr};
use super::theme::{Theme, Type, radius};

/// Height of a ghost at 100 %.
const HIGH: f32 = 34.0;

/// Shows the filters of a cure between the two pins it is about. `ends` where they are in sight.
pub(super) fn ui(ui: &mut Ui, geometry: &Geometry, ends: (PinAddr, PinAddr), titles: &[String]) {
    let theme = Theme::of(ui.ctx());
    let middle = |pin: PinAddr| -> Option<Pos2> {
        let found = geometry.pins.iter().find(|(known, _)| *known == pin);
        found.map(|(_, rect)| rect.center())
    };
    let (Some(from), Some(to)) = (middle(ends.0), middle(ends.1)) else {
        return;
    };
    let painter = ui.painter().with_clip_rect(geometry.canvas);
    let stroke = Stroke::new(1.5, theme.accent);
    let count = titles.len();
    let stop = |index: usize| from.lerp(to, index as f32 / (count + 1) as f32);
    for index in 0..=count {
        let line = [stop(index), stop(index + 1)];
        painter.extend(Shape::dashed_line(&line, stroke, 7.0, 5.0));
    }
    for (index, title) in titles.iter().enumerate() {
        let wide = controls::width(ui, title, Type::FilterName) + 28.0;
        let rect = Rect::from_center_size(stop(index + 1), vec2(wide, HIGH));
        painter.rect_filled(rect, f32::from(radius::FILTER), theme.raised);
        let hair = Stroke::new(1.0, theme.accent);
        let corners = [
            rect.left_top(),
            rect.right_top(),
            rect.right_bottom(),
            rect.left_bottom(),
            rect.left_top(),
        ];
        painter.rect_stroke(
            rect,
            f32::from(radius::FILTER),
            Stroke::new(1.0, theme.raised),
            StrokeKind::Inside,
        );
        painter.extend(Shape::dashed_line(&corners, hair, 5.0, 4.0));
        let (at, align) = (rect.center(), Align2::CENTER_CENTER);
        controls::text(ui, at, align, title, Type::FilterName, theme.text);
        let id = Id::unique("ghost").with(index);
        let response = ui.interact(rect, id, Sense::hover());
        response
            .widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Would add {title}")));
    }
}
