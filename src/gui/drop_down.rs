//! A list of which one entry is chosen, folded into a field: a click, Enter or Space opens it, Up and Down walk it, Enter
//! takes, Esc leaves. Closed, Up and Down go to the entry before and behind.

use egui::{
    Align2, CornerRadius, EventFilter, Id, Key, Modifiers, Popup, Rect, Role, Sense, Ui, Vec2,
    WidgetInfo, vec2,
};

use super::controls;
use super::icons::Icon;
use super::probe;
use super::theme::{Theme, Type, radius};

const ROW: f32 = 24.0;
/// Rows in sight; the others scroll.
const ROWS: f32 = 12.0;

/// A list and what is chosen of it.
pub(super) struct DropDown<'a> {
    /// What is chosen by it.
    pub(super) name: &'a str,
    /// What the field says.
    pub(super) shown: &'a str,
    /// The entries.
    pub(super) rows: &'a [String],
    /// The chosen one.
    pub(super) chosen: Option<usize>,
    /// Of the canvas it lies on.
    pub(super) zoom: f32,
}

impl DropDown<'_> {
    /// Draws it in a place. The entry that was taken, if it is another than the chosen one.
    pub(super) fn ui(&self, ui: &mut Ui, id: Id, rect: Rect) -> Option<usize> {
        self.asked_ui(ui, id, rect, false)
    }

    /// The same; where it `asks` it opens by itself.
    pub(super) fn asked_ui(&self, ui: &mut Ui, id: Id, rect: Rect, asks: bool) -> Option<usize> {
        let theme = Theme::of(ui.ctx());
        let zoom = self.zoom;
        let response = ui.interact(rect, id, Sense::click());
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::ComboBox, true, self.name);
            info.current_text_value = Some(self.shown.to_owned());
            info
        });
        probe::note(ui.ctx(), "choice", self.name, self.shown, rect);
        let edge = if response.hovered() {
            theme.line_strong
        } else {
            theme.line
        };
        controls::plate(ui, rect, theme.field, edge);
        let mut font = Type::Canvas.font();
        font.size *= zoom;
        let at = rect.left_center() + vec2(8.0, 0.0) * zoom;
        let room = rect.with_max_x(rect.right() - 20.0 * zoom);
        let painter = ui.painter().with_clip_rect(room.intersect(ui.clip_rect()));
        painter.text(at, Align2::LEFT_CENTER, self.shown, font, theme.strong);
        let square = Rect::from_center_size(
            rect.right_center() - vec2(11.0, 0.0) * zoom,
            Vec2::splat(11.0 * zoom),
        );
        Icon::Down.paint(ui.painter(), square, theme.dim);
        controls::focus_ring(ui, &response);
        let popup = Popup::default_response_id(&response);
        let was_open = Popup::is_id_open(ui.ctx(), popup);
        if asks {
            response.scroll_to_me(None);
            Popup::open_id(ui.ctx(), popup);
        }
        let mut taken = None;
        if response.has_focus() && !was_open {
            hold_arrows(ui, id);
            let step = ui.input_mut(|i| {
                let down = i.consume_key(Modifiers::NONE, Key::ArrowDown);
                let up = i.consume_key(Modifiers::NONE, Key::ArrowUp);
                isize::from(down) - isize::from(up)
            });
            taken = (step != 0).then(|| self.beside(self.chosen, step));
        }
        let shown = Popup::menu(&response).show(|ui| self.list_ui(ui, rect.width(), !was_open));
        let picked = shown.and_then(|it| it.inner);
        if let Some(picked) = picked {
            taken = Some(picked);
            Popup::close_id(ui.ctx(), popup);
        }
        if was_open && !Popup::is_id_open(ui.ctx(), popup) && controls::keys_used(ui.ctx()) {
            // The keyboard goes on where it came from.
            response.request_focus();
        }
        taken.filter(|taken| Some(*taken) != self.chosen && *taken < self.rows.len())
    }

    fn beside(&self, from: Option<usize>, step: isize) -> usize {
        let last = self.rows.len().saturating_sub(1);
        match from {
            Some(from) => from.saturating_add_signed(step).min(last),
            None if step < 0 => last,
            None => 0,
        }
    }

    fn list_ui(&self, ui: &mut Ui, wide: f32, is_new: bool) -> Option<usize> {
        let theme = Theme::of(ui.ctx());
        ui.spacing_mut().item_spacing = Vec2::ZERO;
        let needed = self
            .rows
            .iter()
            .map(|it| controls::width(ui, it, Type::Value));
        let wide = needed.fold(wide, |wide, it| wide.max(it + 40.0)).min(420.0);
        ui.set_width(wide);
        let ids: Vec<Id> = (0..self.rows.len())
            .map(|index| ui.scope_id().with(("row", index)))
            .collect();
        let focused = ui.memory(|memory| memory.focused());
        let at = ids.iter().position(|id| Some(*id) == focused);
        let mut next = is_new.then_some(self.chosen.unwrap_or(0));
        if let Some(at) = at {
            hold_arrows(ui, ids[at]);
            next = ui.input_mut(|i| {
                let mut pressed = |key| i.consume_key(Modifiers::NONE, key);
                let last = self.rows.len().saturating_sub(1);
                match () {
                    () if pressed(Key::ArrowDown) => Some(self.beside(Some(at), 1)),
                    () if pressed(Key::ArrowUp) => Some(self.beside(Some(at), -1)),
                    () if pressed(Key::Home) => Some(0),
                    () if pressed(Key::End) => Some(last),
                    () => None,
                }
            });
        }
        let mut taken = None;
        let bar = egui::ScrollArea::vertical().max_height(ROW * ROWS);
        bar.show(ui, |ui| {
            for (index, (words, id)) in self.rows.iter().zip(&ids).enumerate() {
                let (rect, _) = ui.allocate_exact_size(vec2(wide, ROW), Sense::hover());
                let response = ui.interact(rect, *id, Sense::click());
                let is_chosen = self.chosen == Some(index);
                response.widget_info(|| {
                    WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, words)
                });
                if ui.clip_rect().intersects(rect) {
                    let state = if is_chosen { "on" } else { "" };
                    probe::note(ui.ctx(), "entry", words, state, rect);
                }
                if next == Some(index) {
                    response.request_focus();
                    response.scroll_to_me(None);
                }
                if response.hovered() || response.has_focus() {
                    let round = CornerRadius::same(radius::TAG);
                    ui.painter().rect_filled(rect, round, theme.hover);
                }
                if is_chosen {
                    let square = Rect::from_center_size(
                        rect.left_center() + vec2(12.0, 0.0),
                        Vec2::splat(12.0),
                    );
                    Icon::Check.paint(ui.painter(), square, theme.accent);
                }
                let at = rect.left_center() + vec2(24.0, 0.0);
                controls::clipped(ui, at, wide - 32.0, words, Type::Value, theme.text);
                controls::focus_ring(ui, &response);
                if response.clicked() {
                    taken = Some(index);
                }
            }
        });
        taken
    }
}

/// Arrows stay here instead of leading to another control.
fn hold_arrows(ui: &Ui, id: Id) {
    let filter = EventFilter {
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
}
