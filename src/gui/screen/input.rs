//! What the user did, before any panel is drawn: keys, dropped files, and what leaves play mode.

use egui::{Key, Ui};

use super::{Command, Screen, Taps};
use crate::app::Action;
use crate::gui::documents::Pending;
use crate::gui::keys::{self, Deed};
use crate::gui::node_graph::Output;

impl Screen {
    pub(super) fn is_modal(&self) -> bool {
        self.asks.is_some() || self.picker.is_some() || self.shows_keys
    }

    pub(super) fn hear_keys(&mut self, ui: &Ui, commands: &mut Vec<Command>) {
        let ctx = ui.ctx();
        let view = self.app.view();
        if self.is_modal() {
            self.bodies.play.release_all(commands);
            return;
        }
        self.bodies.play.hear(ctx, &view, commands);
        self.taps = Taps::default();
        if self.card.is_some() || self.palette.is_some() || self.context.is_some() {
            self.taps = Taps::take(ctx, self.card.is_some());
        } else if view.play_mode.is_some()
            && ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, Key::Escape))
        {
            commands.push(Command::Do(Action::SetPlayMode(false)));
        }
        commands.extend(keys::pressed(ctx).into_iter().map(Command::Deed));
        if self.palette.is_none() && self.card.is_none() && self.space.tapped(ctx) {
            commands.push(Command::Deed(Deed::ToggleRun));
        }
        // A dropped file is opened, from wherever it was dragged.
        let dropped = ctx.input(|i| {
            i.raw
                .dropped_files
                .first()
                .map(|file| file.path().to_owned())
        });
        if let Some(path) = dropped.filter(|path| path.extension().is_some_and(|it| it == "ron")) {
            self.ask(Pending::OpenFile(path));
        }
    }

    /// A press on the canvas anywhere but on the piano leaves play mode, and so does typing.
    pub(super) fn leave_play_mode(
        &mut self,
        ctx: &egui::Context,
        output: &Output,
        commands: &mut Vec<Command>,
    ) {
        if self.app.view().play_mode.is_none() {
            self.bodies.piano = None;
            return;
        }
        let piano = self.bodies.piano.take();
        let canvas = output.geometry.canvas;
        let press = ctx.input(|i| {
            let pressed = i.pointer.primary_pressed();
            i.pointer.interact_pos().filter(|_| pressed)
        });
        let elsewhere = press.is_some_and(|pos| {
            canvas.contains(pos) && !piano.is_some_and(|piano| piano.contains(pos))
        }) || ctx.text_edit_focused();
        if elsewhere {
            commands.push(Command::Do(Action::SetPlayMode(false)));
        }
    }
}
