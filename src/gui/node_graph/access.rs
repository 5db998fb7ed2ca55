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

/// A name, and what is said after it.
fn said(info: WidgetInfo, state: &str) -> WidgetInfo {
    WidgetInfo {
        current_text_value: (!state.is_empty()).then(|| state.to_owned()),
        ..info
    }
}

pub(super) fn name_node(response: &Response, spoken: &str, state: &str, selected: bool) {
    response.widget_info(|| {
        said(
            WidgetInfo::selected(Role::Group, true, selected, spoken),
            state,
        )
    });
}

pub(super) fn name_pin(response: &Response, spoken: &str, state: impl Fn() -> String) {
    response.widget_info(|| said(WidgetInfo::labeled(Role::Button, true, spoken), &state()));
}

pub(super) fn name_note(response: &Response, text: &str, frame: bool, selected: bool) {
    let what = if frame { "Frame" } else { "Comment" };
    response.widget_info(|| {
        WidgetInfo::selected(Role::Group, true, selected, format!("{what} {text}"))
    });
}

pub(super) fn name_wire(response: &Response, spoken: &str, state: &str, selected: bool) {
    response.widget_info(|| {
        said(
            WidgetInfo::selected(Role::Button, true, selected, spoken),
            state,
        )
    });
}
