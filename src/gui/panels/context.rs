//! The menu of a box, a pin, a wire or the canvas: the commands that are about just that.

use egui::{Area, Id, Order, Ui};

use crate::app::{Action, Selection};
use crate::graph::{FilterId, NoteId};
use crate::gui::appear::appear;
use crate::gui::commands::{self, Aim, Bindings, On, Sight, Spec, State};
use crate::gui::controls;
use crate::gui::follow::Offer;
use crate::gui::node_graph::Target;
use crate::gui::panels::menu;
use crate::gui::screen::{Command, Taps};
use crate::gui::theme::Type;

/// A menu while it is open.
pub(in crate::gui) struct Context {
    /// What it is about.
    pub(in crate::gui) aim: Aim,
    /// What can be done about the row of a box that was pointed at: it comes first.
    offers: Vec<Offer>,
    chosen: Option<usize>,
    is_new: bool,
}

impl Context {
    /// Opens it.
    pub(in crate::gui) fn new(aim: Aim) -> Self {
        Self {
            aim,
            offers: vec![],
            chosen: None,
            is_new: true,
        }
    }

    /// The same, about a row of the box as well.
    pub(in crate::gui) fn with_offers(self, offers: Vec<Offer>) -> Self {
        Self { offers, ..self }
    }

    fn on(&self) -> On {
        match self.aim.target {
            None => On::Canvas,
            Some(Target::Node(_)) => On::Filter,
            Some(Target::Pin(_)) => On::Pin,
            Some(Target::Wire(_)) => On::Wire,
            Some(Target::Note(_)) => On::Note,
        }
    }

    /// What was pointed at is what commands are about: unless it is selected already, it alone is.
    fn select(&self, sight: &Sight<'_>, commands: &mut Vec<Command>) {
        let mut selection = Selection::default();
        match self.aim.target {
            Some(Target::Node(id)) => {
                let id = FilterId(id as u32);
                if sight.view.selection.filters.contains(&id) {
                    return;
                }
                selection.filters.insert(id);
            }
            Some(Target::Wire(id)) => {
                if sight.view.selection.connections.contains(&(id as usize)) {
                    return;
                }
                selection.connections.insert(id as usize);
            }
            Some(Target::Note(id)) => {
                let id = NoteId(id as u32);
                if sight.view.selection.notes.contains(&id) {
                    return;
                }
                selection.notes.insert(id);
            }
            Some(Target::Pin(_)) | None => return,
        }
        commands.push(Command::Do(Action::Select(selection)));
    }

    /// Draws it. False when it is done.
    pub(in crate::gui) fn ui(
        &mut self,
        ui: &Ui,
        sight: &Sight<'_>,
        bindings: &Bindings,
        taps: Taps,
        commands: &mut Vec<Command>,
    ) -> bool {
        if self.is_new {
            self.is_new = false;
            self.select(sight, commands);
            // What is available is known when the selection is.
            ui.ctx().request_repaint();
            return true;
        }
        let on = self.on();
        let mut entries: Vec<(&'static Spec, State)> = commands::all()
            .filter(|spec| spec.on.contains(&on))
            .map(|spec| (spec, (spec.state)(sight)))
            .filter(|(_, state)| state.is_ready())
            .collect();
        if on == On::Pin {
            // What pins alone have comes first.
            entries.sort_by_key(|(spec, _)| spec.on != [On::Pin]);
        }
        let first = self.offers.len();
        if first + entries.len() == 0 || taps.escape {
            return false;
        }
        let last = first + entries.len() - 1;
        if taps.down {
            self.chosen = Some(
                self.chosen
                    .map_or(0, |at| if at == last { 0 } else { at + 1 }),
            );
        }
        if taps.up {
            self.chosen = Some(
                self.chosen
                    .map_or(last, |at| at.checked_sub(1).unwrap_or(last)),
            );
        }
        let mut picked = taps.enter.then_some(self.chosen).flatten();
        let moved = taps.down || taps.up;
        let shown = Area::new(Id::unique("context menu"))
            .order(Order::Foreground)
            .fixed_pos(self.aim.screen)
            .constrain_to(ui.ctx().content_rect().shrink(4.0))
            .fade_in(false)
            .show(ui.ctx(), |ui| {
                appear(ui, "context menu");
                egui::Frame::menu(ui.style()).show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    let offers = self.offers.iter();
                    let wide = offers.map(|it| controls::width(ui, &it.words, Type::Body));
                    let wide = menu::entry_width(wide.fold(0.0, f32::max));
                    let width = menu::width_of(ui, entries.iter(), bindings).max(wide);
                    ui.set_width(width);
                    let room = ui.ctx().content_rect().height() - 24.0;
                    let high = (last + 2) as f32 * menu::ROW;
                    menu::rolled(ui, room, high, |ui| {
                        let offers = self.offers.iter().map(|it| menu::Face {
                            words: &it.words,
                            right: "",
                            is_on: None,
                            why_not: None,
                            help: it.help,
                        });
                        let keys: Vec<String> = entries
                            .iter()
                            .map(|(spec, _)| bindings.shown(spec.name))
                            .collect();
                        let specs = entries.iter().zip(&keys);
                        let specs = specs.map(|((spec, state), keys)| menu::Face {
                            words: spec.words,
                            right: keys,
                            is_on: state.is_on,
                            why_not: None,
                            help: spec.help,
                        });
                        let mut group = None;
                        for (index, face) in offers.chain(specs).enumerate() {
                            menu::rule(ui, &mut group, u8::from(index >= first));
                            let response = menu::entry(ui, width, &face);
                            if moved && self.chosen == Some(index) {
                                response.request_focus();
                            }
                            if response.clicked() {
                                picked = Some(index);
                            }
                        }
                    });
                });
            });
        if let Some(index) = picked {
            if index < first {
                commands.push(self.offers.swap_remove(index).command);
            } else if let Some((spec, _)) = entries.get(index - first) {
                commands.push(Command::Run(spec.name));
            }
            return false;
        }
        let outside = ui.input(|i| {
            i.pointer.any_pressed()
                && i.pointer
                    .interact_pos()
                    .is_some_and(|pos| !shown.response.rect.contains(pos))
        });
        !outside
    }
}
