//! Another name for a filter, checked while it is typed.

use egui::{Id, Key, Sense, Ui, vec2};

use super::page;
use crate::app::Action;
use crate::graph::FilterId;
use crate::gui::commands::Sight;
use crate::gui::controls::{self, Face};
use crate::gui::panels::dialogs::modal;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};

/// The page while it is open.
pub(in crate::gui) struct Rename {
    filter: FilterId,
    old: String,
    typed: String,
    is_new: bool,
}

impl Rename {
    /// Opens it for a filter of that name.
    pub(in crate::gui) fn new(filter: FilterId, name: &str) -> Self {
        Self {
            filter,
            old: name.to_owned(),
            typed: name.to_owned(),
            is_new: true,
        }
    }

    /// Draws it. False when it is done.
    pub(super) fn ui(&mut self, ui: &Ui, sight: &Sight<'_>, commands: &mut Vec<Command>) -> bool {
        let graph = sight.view.graph;
        let mut stays = graph.filters.contains_key(&self.filter);
        let name = self.typed.trim().to_owned();
        let problem = if name.is_empty() {
            Some("A filter needs a name.".to_owned())
        } else {
            let mut others = graph.filters.iter();
            others
                .any(|(id, node)| *id != self.filter && node.name == name)
                .then(|| {
                    let free = graph.unique_name(&name);
                    format!("Another filter is called so. {free} is free.")
                })
        };
        modal(ui, "rename", |ui| {
            let theme = Theme::of(ui.ctx());
            ui.set_width(380.0);
            page::title(ui, &format!("Rename {}", self.old));
            let id = Id::unique("new name");
            let (rect, _) = ui.allocate_exact_size(vec2(380.0, 28.0), Sense::hover());
            let hint = "Name";
            let spoken = "Name of the filter";
            let response = controls::line(ui, id, rect, &mut self.typed, hint, spoken);
            if self.is_new {
                response.request_focus();
                controls::select_all(ui, id, self.typed.chars().count());
                self.is_new = false;
            }
            ui.add_space(4.0);
            // The line keeps its height, so that nothing jumps while typing.
            let words = problem.as_deref().unwrap_or("\u{a0}");
            page::text(ui, words, Type::Small, theme.warn);
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                let enter = ui.input(|i| i.key_pressed(Key::Enter));
                let pressed = controls::button(ui, "Rename", Face::Primary).clicked();
                if (enter || pressed) && problem.is_none() {
                    commands.push(Command::Do(Action::Rename(self.filter, name.clone())));
                    stays = false;
                } else if enter {
                    response.request_focus();
                }
                if controls::button(ui, "Cancel", Face::Plain).clicked() {
                    stays = false;
                }
            });
        });
        stays
    }
}
