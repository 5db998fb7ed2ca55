//! Where in the groups we are: the document and every group entered, each a way back. Nothing in the outermost graph.

use egui::{Align2, Rect, Ui, pos2, vec2};

use crate::app::{Action, View};
use crate::gui::controls::{self, Face};
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};

/// Its height, 0 where there is none.
pub(in crate::gui) fn height(view: &View<'_>) -> f32 {
    if view.here.0.is_empty() { 0.0 } else { 30.0 }
}

/// Draws it.
pub(in crate::gui) fn ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let bar = ui.max_rect();
    ui.painter().rect_filled(bar, 0.0, theme.panel);
    let bottom = Rect::from_min_max(pos2(bar.left(), bar.bottom() - 1.0), bar.max);
    controls::rule(ui, bottom, theme.line_soft);
    let place = view.place();
    let names =
        std::iter::once(view.document.name.as_str()).chain(place.iter().map(String::as_str));
    let mut x = bar.left() + 8.0;
    let y = bar.center().y;
    for (depth, name) in names.enumerate() {
        if depth > 0 {
            let at = pos2(x, y);
            let words = "\u{203a}";
            let rect = controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Body, theme.dim);
            x = rect.right() + 4.0;
        }
        if depth == place.len() {
            let at = pos2(x + 8.0, y);
            let rect = controls::text(ui, at, Align2::LEFT_CENTER, name, Type::Value, theme.strong);
            sealed_ui(ui, view, rect.right() + 16.0, y, commands);
            return;
        }
        let wide = controls::width(ui, name, Type::Value) + 16.0;
        let rect = Rect::from_min_size(pos2(x, y - 11.0), vec2(wide, 22.0));
        if controls::button_at(ui, rect, name, Face::Quiet, true)
            .on_hover_text("Goes back to there.")
            .clicked()
        {
            commands.push(Command::Do(Action::LeaveTo(depth)));
        }
        x = rect.right() + 4.0;
    }
}

/// Where what is shown belongs to a filter: that it does, and the way out of that.
fn sealed_ui(ui: &mut Ui, view: &View<'_>, x: f32, y: f32, commands: &mut Vec<Command>) {
    let Some((path, title)) = view.inside_of_filter() else {
        return;
    };
    let theme = Theme::of(ui.ctx());
    let words = format!("the inside of {title}: the same in every box of it, to be looked at");
    let at = pos2(x, y);
    let rect = controls::text(ui, at, Align2::LEFT_CENTER, &words, Type::Small, theme.dim);
    let outer = path.0.len() - 1;
    let rect = Rect::from_min_size(pos2(rect.right() + 12.0, y - 11.0), vec2(104.0, 22.0));
    if controls::button_at(ui, rect, "Make a group", Face::Plain, true)
        .on_hover_text(
            "This box becomes a group of its own, which can be changed; others stay as they are.",
        )
        .clicked()
        && let Some(id) = path.0.last()
    {
        let inner = view.here.0[outer..].to_vec();
        commands.push(Command::Do(Action::LeaveTo(outer)));
        commands.push(Command::Do(Action::Unpack(vec![*id])));
        for id in inner {
            commands.push(Command::Do(Action::Enter(id)));
        }
    }
}
