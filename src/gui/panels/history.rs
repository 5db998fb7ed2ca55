//! The history: every edit by name, the newest below; a click goes back or forth to it.

use egui::{CornerRadius, Pos2, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use crate::app::{Action, View};
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};

/// Draws it; false when it is closed.
pub(in crate::gui) fn ui(ui: &Ui, at: Pos2, view: &View<'_>, commands: &mut Vec<Command>) -> bool {
    let (names, done) = view.steps();
    let mut is_open = true;
    egui::Window::new("History")
        .default_pos(at)
        .default_width(240.0)
        .resizable(false)
        .collapsible(false)
        .open(&mut is_open)
        .show(ui.ctx(), |ui| {
            ui.set_width(240.0);
            ui.spacing_mut().item_spacing.y = 0.0;
            ScrollArea::vertical()
                .max_height(320.0)
                .auto_shrink([false, true])
                .stick_to_bottom(true)
                .show(ui, |ui| {
                    let first = std::iter::once("The beginning");
                    for (step, name) in first.chain(names.iter().copied()).enumerate() {
                        if row(ui, step, name, done) && step != done {
                            commands.push(Command::Do(Action::GoToStep(step)));
                        }
                    }
                });
        });
    is_open
}

/// A state of the document: what has been done is bright, what was taken back is dim.
fn row(ui: &mut Ui, step: usize, name: &str, done: usize) -> bool {
    let theme = Theme::of(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::click());
    let is_here = step == done;
    let spoken = format!("Step {step}: {name}");
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_here, &spoken));
    probe::note(
        ui.ctx(),
        "step",
        &spoken,
        if is_here { "here" } else { "" },
        rect,
    );
    let ground = match is_here {
        true => Some(theme.sel),
        false if response.hovered() => Some(theme.hover),
        false => None,
    };
    if let Some(ground) = ground {
        ui.painter()
            .rect_filled(rect, CornerRadius::same(4), ground);
    }
    let ink = match (is_here, step < done) {
        (true, _) => theme.strong,
        (false, true) => theme.text,
        (false, false) => theme.dim,
    };
    let at = rect.left_center() + vec2(10.0, 0.0);
    controls::clipped(ui, at, rect.width() - 20.0, name, Type::Body, ink);
    controls::focus_ring(ui, &response);
    response.clicked()
}
