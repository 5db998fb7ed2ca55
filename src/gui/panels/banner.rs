//! The banner at the top of the canvas: one at a time, newest first, never modal.

use egui::{Rect, Ui, Vec2, pos2, vec2};

use crate::app::{Action, Urgency, View};
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, window};

/// The mark and ink of an urgency.
pub(in crate::gui) fn mark(theme: &Theme, urgency: Urgency) -> (Icon, egui::Color32) {
    match urgency {
        Urgency::News => (Icon::Info, theme.dim),
        Urgency::Attention => (Icon::Hour, theme.warn),
        Urgency::Error => (Icon::X, theme.error),
    }
}

/// How much of the canvas a banner takes.
pub(in crate::gui) fn height(view: &View<'_>) -> f32 {
    if view.banners.is_empty() {
        0.0
    } else {
        window::BANNER
    }
}

/// Draws the newest banner over all of `rect`.
pub(in crate::gui) fn ui(ui: &mut Ui, rect: Rect, view: &View<'_>, commands: &mut Vec<Command>) {
    let Some(banner) = view.banners.first() else {
        return;
    };
    let theme = Theme::of(ui.ctx());
    let ground = match banner.urgency {
        Urgency::News => theme.title,
        Urgency::Attention => theme.warn_bg,
        Urgency::Error => theme.error_bg,
    };
    let (icon, ink) = mark(theme, banner.urgency);
    ui.painter().rect_filled(rect, 0.0, ground);
    let square =
        Rect::from_center_size(pos2(rect.left() + 22.0, rect.center().y), Vec2::splat(14.0));
    icon.paint(ui.painter(), square, ink);
    let right = if banner.is_dismissible { 40.0 } else { 14.0 };
    let at = pos2(rect.left() + 40.0, rect.center().y);
    let room = rect.width() - 40.0 - right;
    controls::clipped(ui, at, room, &banner.text, Type::Value, theme.strong);
    probe::note(ui.ctx(), "banner", &banner.text, "", rect);
    let response = ui.interact(rect, ui.scope_id().with("banner"), egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Banner, true, &banner.text));
    if banner.is_dismissible {
        let close =
            Rect::from_center_size(pos2(rect.right() - 20.0, rect.center().y), vec2(24.0, 24.0));
        if controls::icon_button(ui, close, Icon::X, "Close the banner").clicked() {
            commands.push(Command::Do(Action::DismissBanner(0)));
        }
    }
}
