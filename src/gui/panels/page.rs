//! What every page of the inspector is made of: heads, tabs, headings, facts, sentences, rows.

use egui::{Align2, CornerRadius, Rect, Role, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::probe;
use crate::gui::theme::{Theme, Type, space};

/// Height of a head without its tabs.
const HEAD: f32 = 46.0;

/// What stands above the tabs.
pub(super) struct Head<'a> {
    pub(super) icon: Icon,
    pub(super) title: &'a str,
    pub(super) second: &'a str,
    /// Points kept free at the right.
    pub(super) right: f32,
}

/// Draws a head at the top of `panel`; what is below it is left.
pub(super) fn head_ui(ui: &Ui, panel: Rect, head: &Head<'_>) -> Rect {
    let theme = Theme::of(ui.ctx());
    let left = panel.left() + space::PANEL;
    let square = Rect::from_center_size(pos2(left + 10.0, panel.top() + 22.0), Vec2::splat(18.0));
    head.icon.paint(ui.painter(), square, theme.dim);
    let at = pos2(left + 28.0, panel.top() + 15.0);
    let room = panel.right() - space::PANEL - head.right - at.x;
    controls::clipped(ui, at, room, head.title, Type::PanelTitle, theme.strong);
    let at = pos2(left + 28.0, panel.top() + 32.0);
    let room = panel.right() - space::PANEL - at.x;
    controls::clipped(ui, at, room, head.second, Type::Small, theme.dim);
    let mut rest = panel;
    rest.min.y += HEAD;
    rest
}

/// A row of tabs at the top of `rect`; returns what is below it, and the one that was clicked.
pub(super) fn tabs_ui<T: Copy + PartialEq>(
    ui: &mut Ui,
    rect: Rect,
    pages: &[(T, &'static str)],
    front: T,
) -> (Rect, Option<T>) {
    let theme = Theme::of(ui.ctx());
    let mut clicked = None;
    let mut x = rect.left() + space::PANEL;
    // Many tabs stand closer together.
    let widths = pages.iter();
    let all: f32 = widths
        .map(|(_, name)| controls::width(ui, name, Type::TabActive))
        .sum();
    let gaps = pages.len().saturating_sub(1).max(1) as f32;
    let gap = ((rect.width() - 2.0 * space::PANEL - all) / gaps).clamp(6.0, 18.0);
    for &(page, name) in pages {
        let is_on = front == page;
        let wide = controls::width(ui, name, Type::TabActive);
        let place = Rect::from_min_size(
            pos2(x - gap.min(10.0) / 2.0, rect.top()),
            vec2(wide + gap.min(10.0), 28.0),
        );
        let response = ui.interact(place, ui.scope_id().with(("page", name)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_on, name));
        probe::note(ui.ctx(), "tab", name, "", place);
        let (role, ink) = match is_on {
            true => (Type::TabActive, theme.strong),
            false if response.hovered() => (Type::Tab, theme.strong),
            false => (Type::Tab, theme.dim),
        };
        let at = pos2(x, place.center().y);
        controls::text(ui, at, Align2::LEFT_CENTER, name, role, ink);
        if is_on {
            let line = Rect::from_min_max(
                pos2(x, place.bottom() - 2.0),
                pos2(x + wide, place.bottom()),
            );
            ui.painter()
                .rect_filled(line, CornerRadius::same(1), theme.accent);
        }
        controls::focus_ring(ui, &response);
        if response.clicked() {
            clicked = Some(page);
        }
        x += wide + gap;
    }
    let mut rest = rect;
    rest.min.y += 28.0;
    controls::rule(ui, rest, theme.line_soft);
    rest.min.y += 2.0;
    (rest, clicked)
}

/// A scrolled page in `rect`.
pub(super) fn scrolled(
    ui: &mut Ui,
    rect: Rect,
    salt: impl std::hash::Hash + std::fmt::Debug,
    contents: impl FnOnce(&mut Ui),
) {
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect));
    egui::ScrollArea::vertical()
        .id_salt(salt)
        .auto_shrink([false, false])
        .show(&mut child, |ui| {
            ui.spacing_mut().item_spacing = Vec2::ZERO;
            contents(ui);
            ui.add_space(12.0);
        });
}

/// A row of a page, inset.
pub(super) fn row(ui: &mut Ui, height: f32) -> Rect {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    rect.shrink2(vec2(space::PANEL, 0.0))
}

/// The heading of a section, with a word at the right.
pub(super) fn heading(ui: &mut Ui, words: &str, right: &str) {
    let theme = Theme::of(ui.ctx());
    let rect = row(ui, 26.0);
    let covered = controls::text(
        ui,
        rect.right_center(),
        Align2::RIGHT_CENTER,
        right,
        Type::Small,
        theme.dim,
    );
    let room = covered.left() - rect.left() - 8.0;
    let at = rect.left_center();
    controls::clipped(ui, at, room, words, Type::Section, theme.dim);
}

/// A rule between sections.
pub(super) fn section_rule(ui: &mut Ui) {
    let theme = Theme::of(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    controls::rule(ui, rect, theme.line_soft);
}

/// A fact: label left, value right. A value that has no room ends in an ellipsis and tells all of itself when it is
/// pointed at.
pub(super) fn fact(ui: &mut Ui, label: &str, value: &str) {
    let theme = Theme::of(ui.ctx());
    let rect = row(ui, 21.0);
    let covered = controls::text(
        ui,
        rect.left_center(),
        Align2::LEFT_CENTER,
        label,
        Type::Body,
        theme.dim,
    );
    let room = rect.right() - covered.right() - 12.0;
    let wide = controls::width(ui, value, Type::Value);
    let at = pos2(rect.right() - wide.min(room), rect.center().y);
    controls::clipped(ui, at, room, value, Type::Value, theme.strong);
    probe::note(ui.ctx(), "fact", label, value, rect);
    let id = ui.next_auto_id();
    ui.skip_ahead_auto_ids(1);
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{label}: {value}")));
    if wide > room {
        response.on_hover_text(value);
    }
}

/// Words that wrap.
pub(super) fn sentence(ui: &mut Ui, words: &str, ink: egui::Color32) {
    egui::Frame::NONE
        .inner_margin(egui::Margin::symmetric(space::PANEL as i8, 2))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(
                egui::RichText::new(words)
                    .text_style(Type::Body.style())
                    .color(ink),
            );
        });
}
