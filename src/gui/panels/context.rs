//! The menu of a box, a pin or a wire: what can be done with just that.

use egui::{Area, Id, Order, Pos2, Ui};

use crate::app::{Action, Selection, View};
use crate::graph::FilterId;
use crate::gui::controls;
use crate::gui::node_graph::Target;
use crate::gui::probe;
use crate::gui::screen::{Command, Taps};
use crate::gui::theme::{Theme, Type};

/// A menu while it is open.
pub(in crate::gui) struct Context {
    target: Target,
    /// Wires that end at the target, as indices of connections.
    wires: Vec<usize>,
    screen: Pos2,
    is_new: bool,
}

impl Context {
    /// Opens it.
    pub(in crate::gui) fn new(target: Target, wires: Vec<usize>, screen: Pos2) -> Self {
        Self {
            target,
            wires,
            screen,
            is_new: true,
        }
    }

    fn entries(&self, view: &View<'_>) -> Vec<(&'static str, Command)> {
        let act = Command::Do;
        match self.target {
            Target::Node(id) => {
                let id = FilterId(id as u32);
                let mut selection = Selection::default();
                selection.filters.insert(id);
                let mut entries = vec![
                    ("Properties", act(Action::Select(selection))),
                    ("Centre", Command::Centre(id)),
                ];
                if !self.wires.is_empty() {
                    let wires = self.wires.clone();
                    entries.push(("Disconnect all", act(Action::Disconnect(wires))));
                }
                let chosen = &view.selection.filters;
                let doomed = if chosen.contains(&id) {
                    chosen.iter().copied().collect()
                } else {
                    vec![id]
                };
                entries.push(("Delete", act(Action::Delete(doomed))));
                entries
            }
            Target::Pin(_) if self.wires.is_empty() => vec![],
            Target::Pin(_) => vec![("Disconnect", act(Action::Disconnect(self.wires.clone())))],
            Target::Wire(id) => {
                let mut selection = Selection::default();
                selection.connections.insert(id as usize);
                vec![
                    ("What was agreed", act(Action::Select(selection))),
                    (
                        "Remove the wire",
                        act(Action::Disconnect(vec![id as usize])),
                    ),
                ]
            }
        }
    }

    /// Draws it. False when it is done.
    pub(in crate::gui) fn ui(
        &mut self,
        ui: &Ui,
        view: &View<'_>,
        taps: Taps,
        commands: &mut Vec<Command>,
    ) -> bool {
        let entries = self.entries(view);
        if entries.is_empty() || taps.escape {
            return false;
        }
        let theme = Theme::of(ui.ctx());
        let mut done = false;
        let shown = Area::new(Id::unique("context menu"))
            .order(Order::Foreground)
            .fixed_pos(self.screen)
            .constrain_to(ui.ctx().content_rect())
            .fade_in(false)
            .show(ui.ctx(), |ui| {
                egui::Frame::menu(ui.style()).show(ui, |ui| {
                    ui.set_width(150.0);
                    ui.spacing_mut().item_spacing.y = 2.0;
                    for (words, command) in entries {
                        let text = egui::RichText::new(words)
                            .text_style(Type::Body.style())
                            .color(theme.text);
                        let button = egui::Button::new(text).frame_when_inactive(false);
                        let size = egui::vec2(150.0, 22.0);
                        let response =
                            ui.add(button.min_size(size).wrap_mode(egui::TextWrapMode::Extend));
                        probe::note(ui.ctx(), "button", words, "", response.rect);
                        controls::focus_ring(ui, &response);
                        if response.clicked() {
                            commands.push(command);
                            done = true;
                        }
                    }
                });
            });
        let outside = ui.input(|i| {
            i.pointer.any_pressed()
                && i.pointer
                    .interact_pos()
                    .is_some_and(|pos| !shown.response.rect.contains(pos))
        });
        let was_new = std::mem::take(&mut self.is_new);
        !(done || (outside && !was_new))
    }
}
