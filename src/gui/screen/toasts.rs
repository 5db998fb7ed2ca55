//! Words about an edit that was just made, with the way back: they go after a while, or when something else is edited.

use egui::{Align2, Area, Context, CornerRadius, Id, Order, Rect, Sense, Ui, pos2, vec2};

use super::{Command, Screen};
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::theme::{Theme, Type, motion, radius};

/// Such words.
pub(super) struct Toast {
    words: String,
    until: f64,
    /// How many steps of the history are done while it is true.
    step: usize,
}

impl Screen {
    /// Says what was done, if it was.
    pub(super) fn toast(&mut self, ctx: &Context, words: &str, before: usize) {
        let step = self.app.view().steps().1;
        if step == before {
            return;
        }
        self.toast = Some(Toast {
            words: words.to_owned(),
            until: ctx.input(|i| i.time) + f64::from(motion::TOAST),
            step,
        });
    }

    /// Draws it at the bottom of the canvas.
    pub(super) fn toast_ui(&mut self, ui: &Ui, commands: &mut Vec<Command>) {
        let now = ui.input(|i| i.time);
        let step = self.app.view().steps().1;
        self.toast
            .take_if(|toast| toast.until < now || toast.step != step);
        let (Some(toast), Some(last)) = (&self.toast, &self.last) else {
            return;
        };
        ui.ctx()
            .request_repaint_after_secs((toast.until - now) as f32);
        let theme = Theme::of(ui.ctx());
        let words = controls::width(ui, &toast.words, Type::Body);
        let undo = controls::width(ui, "Undo", Type::Value);
        let size = vec2(words + undo + 60.0, 34.0);
        let middle = pos2(last.canvas.center().x, last.canvas.bottom() - 40.0);
        let rect = Rect::from_center_size(middle, size);
        Area::new(Id::unique("toast"))
            .order(Order::Foreground)
            .fixed_pos(rect.min)
            .fade_in(false)
            .show(ui.ctx(), |ui| {
                let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                let round = CornerRadius::same(radius::CARD);
                ui.painter().add(theme.card_shadow().as_shape(rect, round));
                controls::plate(ui, rect, theme.panel, theme.line);
                let at = rect.left_center() + vec2(14.0, 0.0);
                let align = Align2::LEFT_CENTER;
                let words = toast.words.as_str();
                controls::text(ui, at, align, words, Type::Body, theme.text);
                probe::note(ui.ctx(), "toast", words, "", rect);
                let button = Rect::from_min_max(
                    pos2(rect.right() - undo - 28.0, rect.top() + 4.0),
                    pos2(rect.right() - 6.0, rect.bottom() - 4.0),
                );
                let name = format!("Undo: {words}");
                let id = ui.scope_id().with("undo");
                let response = controls::clickable(ui, id, button, true, &name);
                if response.hovered() {
                    controls::plate(ui, button, theme.hover, theme.hover);
                }
                let ink = theme.accent;
                let align = Align2::CENTER_CENTER;
                controls::text(ui, button.center(), align, "Undo", Type::Value, ink);
                if response.clicked() {
                    commands.push(Command::Run("edit.undo"));
                }
            });
    }
}
