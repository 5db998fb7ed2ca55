//! What lies over the panels: cards, palettes and menus at the pointer, and questions that must be answered first.

use egui::{Ui, vec2};

use super::{Command, Screen};
use crate::app::Action;
use crate::gui::panels::dialogs::{self, Answer};
use crate::gui::panels::history;
use crate::gui::panels::tour::Ask;

impl Screen {
    pub(super) fn cards(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        if self.is_modal() {
            self.modals(ui);
            self.dialog_ui(ui, commands);
            return;
        }
        self.wait_for_clipboard(ui.ctx());
        self.toast_ui(ui, commands);
        // Taken out while they are drawn: commands look at all of the screen.
        let (mut context, mut palette) = (self.context.take(), self.palette.take());
        let view = self.app.view();
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
                self.bottom.fold(false);
            }
        }
        let corner = self.last.as_ref().map(|last| last.canvas.right_top());
        if self.shows_history
            && let Some(corner) = corner
        {
            let at = corner + vec2(-280.0, 12.0);
            self.shows_history = history::ui(ui, at, &view, commands);
        }
        let sight = self.sight(&view);
        if let Some(it) = &mut context
            && !it.ui(ui, &sight, &self.bindings, self.taps, commands)
        {
            context = None;
        }
        if let Some(it) = &mut palette
            && !it.ui(ui, &sight, &self.bindings, &self.look, self.taps, commands)
        {
            palette = None;
            ui.memory_mut(|memory| memory.request_focus(self.canvas.id()));
        }
        (self.context, self.palette) = (context, palette);
    }

    /// A page over the window.
    fn dialog_ui(&mut self, ui: &Ui, commands: &mut Vec<Command>) {
        if self.asks.is_some() || self.picker.is_some() {
            return;
        }
        let Some(mut dialog) = self.dialog.take() else {
            return;
        };
        let view = self.app.view();
        let sight = self.sight(&view);
        let stays = dialog.ui(ui, &sight, &self.bindings, commands);
        if stays {
            self.dialog = Some(dialog);
        } else {
            ui.memory_mut(|memory| memory.request_focus(self.canvas.id()));
        }
    }

    pub(super) fn modals(&mut self, ui: &Ui) {
        if let Some(picker) = &mut self.picker
            && let Some(done) = picker.ui(ui)
        {
            let wanted = picker.wanted().clone();
            self.picker = None;
            if let Some(path) = done {
                self.take_path(ui.ctx(), &wanted, path);
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
