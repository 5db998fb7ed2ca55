//! What the user did, before any panel is drawn: keys, dropped files, and what leaves play mode.

use egui::{Key, Ui};

use super::{Command, Screen, Taps};
use crate::app::Action;
use crate::gui::commands::{Bindings, Keys, PASTE};
use crate::gui::controls;
use crate::gui::node_graph::Output;

impl Screen {
    pub(super) fn is_modal(&self) -> bool {
        self.asks.is_some() || self.picker.is_some() || self.dialog.is_some()
    }

    pub(super) fn hear_keys(&mut self, ui: &Ui, commands: &mut Vec<Command>) {
        let ctx = ui.ctx();
        let view = self.app.view();
        if !self.bindings.is_of(&self.app.preferences().keys) {
            self.bindings = Bindings::new(&self.app.preferences().keys);
        }
        controls::note_hand(ctx);
        self.pointer = ctx.input(|i| i.pointer.latest_pos());
        let at_keys = self.last.as_ref().and_then(|last| last.aim.as_ref());
        let aim = self.context.as_ref().map(|context| &context.aim);
        self.aim = aim.or(at_keys).cloned();
        // The desktop may have its own key for it.
        if let Some(is_full) = ctx.input(|i| i.viewport().fullscreen) {
            self.is_full_screen = is_full;
        }
        let now = ctx.input(|i| i.time);
        self.hint.take_if(|hint| hint.until < now);
        // Before anybody takes keys away: Alt with another key is no tap.
        let alt = self.alt.tapped(ctx);
        if self.is_modal() {
            self.bodies.play.release_all(commands);
            return;
        }
        self.bodies.play.hear(ctx, &view, commands);
        self.taps = Taps::default();
        let is_over = self.card.is_some() || self.palette.is_some() || self.context.is_some();
        if is_over {
            self.taps = Taps::take(ctx, self.card.is_some());
        } else if view.learning().is_some()
            && ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, Key::Escape))
        {
            commands.push(Command::Do(Action::Learn(None)));
        } else if view.play_mode.is_some()
            && ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, Key::Escape))
        {
            commands.push(Command::Do(Action::SetPlayMode(false)));
        }
        let types = ctx.text_edit_focused();
        let plays = view.play_mode.is_some();
        let on_canvas = !is_over && !egui::Popup::is_any_open(ctx) && self.canvas.has_keyboard(ctx);
        let hears = |keys: Keys| {
            !(types && keys.is_of_text()
                || keys.is_of_canvas() && !on_canvas
                || plays && keys.rests_in_play_mode())
        };
        for (spec, text) in self.bindings.take(ctx, hears) {
            commands.push(match text {
                Some(text) if spec.name == PASTE => Command::Paste(text),
                _ => Command::Run(spec.name),
            });
        }
        let space = Keys {
            ctrl: false,
            shift: false,
            alt: false,
            key: Key::Space,
        };
        if alt && !is_over {
            commands.push(Command::Run("view.menu_bar"));
        }
        if self.space.tapped(ctx)
            && hears(space)
            && let Some(spec) = self.bindings.owner(space)
        {
            commands.push(Command::Run(spec.name));
        }
        self.hear_drops(ctx, commands);
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
