//! Names and roles: what a screen reader says, and by what the tests find boxes, pins and wires.
//!
//! The names are the model's. Everything here is focusable, so the keyboard reaches it.

use egui::{Id, Response, Role, WidgetInfo};

use super::model::Target;

/// The egui id of something on a canvas.
pub(super) fn id(canvas: Id, target: Target) -> Id {
    canvas.with(target)
}

pub(super) fn name_canvas(response: &Response) {
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "Graph"));
}

pub(super) fn name_node(response: &Response, spoken: &str, selected: bool) {
    response.widget_info(|| WidgetInfo::selected(Role::Group, true, selected, spoken));
}

pub(super) fn name_pin(response: &Response, spoken: &str) {
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, spoken));
}

pub(super) fn name_wire(response: &Response, spoken: &str, selected: bool) {
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, spoken));
}
