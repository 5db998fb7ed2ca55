//! What pages are made of: headings, paragraphs, rows of two.

use egui::{Align2, Color32, Sense, Ui, vec2};

use crate::gui::controls;
use crate::gui::theme::{Theme, Type};

/// Words that wrap.
pub(super) fn text(ui: &mut Ui, words: &str, role: Type, ink: Color32) {
    let words = egui::RichText::new(words)
        .text_style(role.style())
        .color(ink);
    ui.add(egui::Label::new(words).wrap());
}

/// The title of a page.
pub(super) fn title(ui: &mut Ui, words: &str) {
    let ink = Theme::of(ui.ctx()).strong;
    text(ui, words, Type::CardTitle, ink);
    ui.add_space(6.0);
}

/// The heading of a part.
pub(super) fn heading(ui: &mut Ui, words: &str) {
    let ink = Theme::of(ui.ctx()).dim;
    ui.add_space(10.0);
    text(ui, words, Type::Section, ink);
    ui.add_space(2.0);
}

/// Words at the left, their value at the right.
pub(super) fn pair(ui: &mut Ui, left: &str, right: &str) {
    let theme = Theme::of(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 19.0), Sense::hover());
    let at = rect.left_center();
    let wide = controls::width(ui, right, Type::Value).min(rect.width() * 0.6);
    let room = rect.width() - wide - 12.0;
    controls::clipped(ui, at, room, left, Type::Body, theme.text);
    let at = rect.right_center();
    controls::text(
        ui,
        at,
        Align2::RIGHT_CENTER,
        right,
        Type::Value,
        theme.strong,
    );
}

/// A list that scrolls where the window is low.
pub(super) fn scroll(ui: &mut Ui, name: &str, inside: impl FnOnce(&mut Ui)) {
    list(ui, name, true, inside);
}

/// The same, always as high as the window allows: what stands above and below stays where it is whatever the list has,
/// and is where it is seen from the first frame on.
pub(super) fn steady(ui: &mut Ui, name: &str, inside: impl FnOnce(&mut Ui)) {
    list(ui, name, false, inside);
}

fn list(ui: &mut Ui, name: &str, shrinks: bool, inside: impl FnOnce(&mut Ui)) {
    let room = (ui.ctx().content_rect().height() - 190.0).clamp(160.0, 560.0);
    egui::ScrollArea::vertical()
        .id_salt(name)
        .max_height(room)
        .min_scrolled_height(if shrinks { 64.0 } else { room })
        .auto_shrink([false, shrinks])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            // The bar does not lie on what stands at the right.
            ui.set_width(ui.available_width() - 12.0);
            inside(ui);
        });
}
