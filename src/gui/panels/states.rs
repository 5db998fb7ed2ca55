//! A row of the four states in the inspector: where a filter or pin stands, how far it may go, and a click to change it.

use egui::{Align2, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::page::row;
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::theme::{Theme, Type, radius};
use crate::ks::State;

/// Width of the words at its left.
const LABEL: f32 = 92.0;
const ALL: [State; 4] = [State::Stop, State::Acquire, State::Pause, State::Run];

/// Draws it. `name` is whose states they are, `now` where it stands, `limit` how far it goes. The state that was clicked.
pub(super) fn row_ui(ui: &mut Ui, name: &str, now: Option<State>, limit: State) -> Option<State> {
    let theme = Theme::of(ui.ctx());
    let rect = row(ui, 26.0);
    let at = rect.left_center();
    let words = match limit {
        State::Run => "State",
        _ => "Held back",
    };
    controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Body, theme.text);
    let mut frame = rect.shrink2(vec2(0.0, 2.0));
    frame.min.x += LABEL;
    controls::plate(ui, frame, theme.field, theme.line);
    let wide = frame.width() / ALL.len() as f32;
    let mut clicked = None;
    for (index, state) in ALL.into_iter().enumerate() {
        let left = frame.left() + wide * index as f32;
        let cell = egui::Rect::from_min_size(pos2(left, frame.top()), vec2(wide, frame.height()));
        let id = ui.scope_id().with((name, state));
        let response = ui.interact(cell, id, Sense::click());
        let is_on = now == Some(state);
        let spoken = format!("{name}: {}", state.name());
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_on, &spoken));
        probe::note(
            ui.ctx(),
            "button",
            &spoken,
            if is_on { "on" } else { "" },
            cell,
        );
        let (ground, ink) = match (is_on, state) {
            (true, State::Run) => (theme.accent, theme.accent_ink),
            (true, _) => (theme.hover, theme.strong),
            (false, _) if response.hovered() => (theme.title, theme.strong),
            (false, _) => (egui::Color32::TRANSPARENT, theme.dim),
        };
        let inner = cell.shrink(2.0);
        ui.painter()
            .rect_filled(inner, egui::CornerRadius::same(radius::TAG), ground);
        // The limit has a line below it, so that it shows without colour where it stands too.
        if limit == state && limit != State::Run {
            let line = [inner.left_bottom(), inner.right_bottom()];
            ui.painter()
                .line_segment(line, egui::Stroke::new(2.0, theme.warn));
        }
        let at = cell.center();
        controls::text(
            ui,
            at,
            Align2::CENTER_CENTER,
            state.name(),
            Type::Small,
            ink,
        );
        controls::focus_ring(ui, &response);
        if response.clicked() {
            clicked = Some(state);
        }
    }
    clicked
}
