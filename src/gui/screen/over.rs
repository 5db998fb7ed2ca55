//! What lies over the panels: cards, palettes and menus at the pointer, and questions that must be answered first.

use egui::Ui;

use super::{Command, Screen};
use crate::app::Action;
use crate::gui::panels::dialogs::{self, Answer};
use crate::gui::panels::tour::Ask;

impl Screen {
    pub(super) fn cards(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let view = self.app.view();
        if self.is_modal() {
            self.modals(ui);
            return;
        }
        if let Some(card) = &self.card
            && !card.ui(ui, &view, &self.keep_off, self.taps, commands)
        {
            self.card = None;
            commands.push(Command::Do(Action::DismissRefusal));
        }
        if let Some(dry_run) = &self.dry_run {
            dry_run.ui(ui, &view, &self.keep_off);
        }
        if let (Some(tour), Some(last)) = (&mut self.tour, &self.last) {
            let refused = self.card.is_some();
            if tour.ui(ui, &view, last.canvas, &last.boxes, refused) == Ask::End {
                self.tour = None;
            }
        }
        if let Some(context) = &mut self.context
            && !context.ui(ui, &view, self.taps, commands)
        {
            self.context = None;
        }
        if let Some(palette) = &mut self.palette
            && !palette.ui(ui, &view, &self.look, self.taps, commands)
        {
            self.palette = None;
            ui.memory_mut(|memory| memory.request_focus(self.canvas.id()));
        }
    }

    pub(super) fn modals(&mut self, ui: &Ui) {
        if self.shows_keys && dialogs::keys(ui) {
            self.shows_keys = false;
        }
        if let Some(picker) = &mut self.picker
            && let Some(done) = picker.ui(ui)
        {
            let wanted = picker.wanted().clone();
            self.picker = None;
            if let Some(path) = done {
                self.take_path(&wanted, path);
            }
        }
        if self.picker.is_none()
            && let Some(pending) = self.asks.clone()
        {
            let name = self.app.view().document.name;
            match dialogs::save_changes(ui, &name) {
                Some(Answer::Stay) => self.asks = None,
                Some(Answer::Discard) => {
                    self.asks = None;
                    self.go_on(ui.ctx(), pending);
                }
                Some(Answer::Save) => {
                    self.asks = None;
                    self.after_save = Some(pending);
                    self.save(ui.ctx());
                }
                None => {}
            }
        }
    }
}
