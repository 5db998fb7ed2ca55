//! Carries out what panels, keys and the canvas asked for, in order, once all of the frame is drawn.

use std::collections::BTreeMap;

use egui::{Pos2, pos2, vec2};

use super::{Command, Drop, Screen};
use crate::app::Action;
use crate::graph::{FilterId, PinAddress, Position};
use crate::gui::body;
use crate::gui::documents::Pending;
use crate::gui::files::Why;
use crate::gui::node_graph::{NodeId, Side};
use crate::gui::panels::transport;

impl Screen {
    /// How large the boxes in sight are drawn, in points at 100 %.
    pub(super) fn box_sizes(&self) -> BTreeMap<FilterId, (f32, f32)> {
        let zoom = self.canvas.view().zoom.max(0.01);
        let boxes = self.last.iter().flat_map(|last| &last.boxes);
        let sizes = boxes.map(|(id, rect)| (*id, (rect.width() / zoom, rect.height() / zoom)));
        sizes.collect()
    }

    pub(in crate::gui) fn carry_out(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::Do(action @ Action::OpenRecovered(_)) => {
                self.app.perform(action);
                self.fresh_document();
            }
            Command::Do(
                action @ (Action::DropMedia { .. }
                | Action::PlaceMedia { .. }
                | Action::DropFiles { .. }),
            ) => {
                self.app.set_box_sizes(self.box_sizes());
                self.app.perform(action);
            }
            Command::Do(Action::Connect { from, to }) => self.connect(from, to),
            Command::Do(Action::ChooseFile) => self.run(ctx, "file.save_as"),
            Command::Do(Action::ChooseDevice) => transport::choose_device(ctx),
            Command::Do(Action::FindMedia(path)) => self.ask_for(ctx, Why::Missing(path)),
            Command::Do(action) => self.app.perform(action),
            Command::Run(name) => self.run(ctx, name),
            Command::Paste(text) => self.paste(text),
            Command::OpenRecent(path) => self.ask(Pending::OpenFile(path)),
            Command::UseKeys { name, keys } => self.app.change_preferences(|it| {
                match keys {
                    Some(keys) => it.keys.insert(name.to_owned(), keys),
                    None => it.keys.remove(name),
                };
            }),
            Command::ResetKeys => self.app.change_preferences(|it| it.keys.clear()),
            Command::Reveal(path) => self.reveal(path),
            Command::AddInSight(key) => self.add_in_sight(key),
            Command::Add { key, at, wire } => {
                let at = self.free_place(&key, at);
                self.add(key, at, wire);
            }
            Command::Put { key, at } => self.add(key, at, None),
            Command::Cure { from, to, cure, .. } => {
                // What a cure puts in is to cover no box as it is drawn. A refused wire gives way by itself.
                self.app.set_box_sizes(self.box_sizes());
                self.app.perform(Action::ConnectVia { from, to, cure });
            }
            Command::Pack => self.pack(),
            Command::RenderTo => self.ask_for(ctx, Why::ToFile),
            Command::Browse { filter, key } => {
                let is_written = self
                    .app
                    .view()
                    .wiring
                    .filters
                    .get(&self.app.view().path_of(filter))
                    .is_some_and(|filter| filter.key == "wave_writer");
                self.ask_for(
                    ctx,
                    Why::Property {
                        filter,
                        key,
                        is_written,
                    },
                );
            }
            Command::Centre(id) => self.canvas.centre_on(NodeId::from(id.0)),
        }
    }

    /// A new filter beside the pin that is selected, with a wire to it where one holds; else in the middle of what is seen.
    fn add_in_sight(&mut self, key: String) {
        let last = self.last.as_ref();
        let middle = last.map_or(pos2(0.0, 0.0), |last| last.middle);
        let (at, wire) = match last.and_then(|last| last.chosen.clone()) {
            Some((waiting, at)) => {
                let fits = self.app.view().fits(&waiting.pin);
                let fit = fits.into_iter().find(|it| it.key == key && it.cost == 0);
                let wire = fit.map(|fit| Drop {
                    pin: waiting.pin,
                    side: waiting.side,
                    to: fit.pin,
                });
                (at + super::acts::beside(waiting.side), wire)
            }
            None => (middle - vec2(48.0, 14.0), None),
        };
        let at = self.free_place(&key, at);
        self.add(key, at, wire);
    }

    /// The nearest place to that one where a new filter covers nothing.
    fn free_place(&mut self, key: &str, at: Pos2) -> Pos2 {
        self.app.set_box_sizes(self.box_sizes());
        let at = Position { x: at.x, y: at.y };
        let at = self.app.view().free_place(key, at, &body::size);
        pos2(at.x, at.y)
    }

    pub(super) fn add(&mut self, key: String, at: Pos2, wire: Option<Drop>) {
        let snapped = |length: f32| (length / 16.0).round() * 16.0;
        let at = Position {
            x: snapped(at.x),
            y: snapped(at.y),
        };
        let id = self.app.view().fresh_id();
        let Some(wire) = wire else {
            self.app.perform(Action::AddFilter { key, at });
            return;
        };
        let title = self
            .app
            .view()
            .catalogue
            .get(&key)
            .map_or_else(String::new, |filter| filter.descriptor().title.to_string());
        self.app
            .perform(Action::BeginGesture(format!("Add {title}")));
        self.app.perform(Action::AddFilter { key, at });
        let new = PinAddress {
            filter: self.app.view().path_of(id),
            pin: wire.to,
            instance: 0,
        };
        let (from, to) = match wire.side {
            Side::Output => (wire.pin, new),
            Side::Input => (new, wire.pin),
        };
        // The palette said what goes in between: that is what was chosen.
        self.app.perform(Action::ConnectThrough { from, to });
        self.app.perform(Action::EndGesture);
    }
}
