//! The banner at the top of the canvas: one at a time, lost work before questions, questions before news, newest first.
//! Never modal, with a button for each thing that may be done about it.

use egui::{Align2, Color32, CornerRadius, Pos2, Rect, Ui, Vec2, pos2, vec2};

use crate::app::{Action, Banner, Offer, Urgency, View};
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, radius, window};

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

/// Which banner is seen: the newest that offers lost work; else the newest that asks something, for an answer is waited
/// for; else the newest.
fn shown(banners: &[Banner]) -> usize {
    let gives_back = |offer: &Offer| matches!(offer.action, Action::OpenRecovered(_));
    let rank = |banner: &Banner| match &*banner.offers {
        [] => 2,
        offers if offers.iter().any(gives_back) => 0,
        _ => 1,
    };
    let ranks = banners.iter().map(rank).enumerate();
    ranks.min_by_key(|(_, rank)| *rank).map_or(0, |it| it.0)
}

/// Draws one banner over all of `rect`.
pub(in crate::gui) fn ui(ui: &mut Ui, rect: Rect, view: &View<'_>, commands: &mut Vec<Command>) {
    let index = shown(view.banners);
    let Some(banner) = view.banners.get(index) else {
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
    let mut right = rect.right() - if banner.is_dismissible { 40.0 } else { 14.0 };
    // Registered before its buttons, so that they lie above it.
    let response = ui.interact(rect, ui.scope_id().with("banner"), egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Banner, true, &banner.text));
    let ink = match banner.urgency {
        Urgency::News => theme.accent,
        Urgency::Attention => theme.warn,
        Urgency::Error => theme.error,
    };
    for (place, offer) in banner.offers.iter().enumerate().rev() {
        right = offer_ui(
            ui,
            pos2(right, rect.center().y),
            place,
            offer,
            ink,
            commands,
        );
    }
    let at = pos2(rect.left() + 40.0, rect.center().y);
    let room = right - 12.0 - at.x;
    let covered = controls::clipped(ui, at, room, &banner.text, Type::Value, theme.strong);
    probe::note(ui.ctx(), "banner", &banner.text, "", rect);
    if covered.width() > room - 4.0 {
        response.on_hover_text(&banner.text);
    }
    if banner.is_dismissible {
        let close =
            Rect::from_center_size(pos2(rect.right() - 20.0, rect.center().y), vec2(24.0, 24.0));
        if controls::icon_button(ui, close, Icon::X, "Close the banner").clicked() {
            commands.push(Command::Do(Action::DismissBanner(index)));
        }
    }
}

/// A button of words that ends at `right`; returns where it begins.
fn offer_ui(
    ui: &mut Ui,
    right: Pos2,
    index: usize,
    offer: &Offer,
    ink: Color32,
    commands: &mut Vec<Command>,
) -> f32 {
    let theme = Theme::of(ui.ctx());
    let wide = controls::width(ui, &offer.words, Type::Value) + 20.0;
    let place = Rect::from_min_size(pos2(right.x - wide, right.y - 12.0), vec2(wide, 24.0));
    let id = ui.scope_id().with(("offer", index));
    let response = controls::clickable(ui, id, place, true, &offer.words);
    if response.hovered() {
        let round = CornerRadius::same(radius::CONTROL);
        ui.painter().rect_filled(place, round, theme.hover);
    }
    let middle = place.center();
    controls::text(
        ui,
        middle,
        Align2::CENTER_CENTER,
        &offer.words,
        Type::Value,
        ink,
    );
    if response.clicked() {
        commands.push(Command::Do(offer.action.clone()));
    }
    place.left()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_do_not_hide_a_question() {
        let banner = |text: &str, offers: Vec<Offer>| Banner {
            urgency: Urgency::Attention,
            text: text.into(),
            is_dismissible: true,
            offers,
        };
        let offer = || Offer {
            words: "Open".into(),
            action: Action::Refresh,
        };
        let news = || banner("no sound card", vec![]);
        let asks = || banner("a newer copy is there", vec![offer()]);
        assert_eq!(shown(&[news(), asks(), news()]), 1);
        assert_eq!(shown(&[asks(), asks()]), 0);
        let mut lost = asks();
        lost.offers[0].action = Action::OpenRecovered("song.ron.autosave".into());
        assert_eq!(shown(&[asks(), news(), lost]), 2);
        assert_eq!(shown(&[news(), news()]), 0);
    }
}
