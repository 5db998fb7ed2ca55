//! The piano in the box of the Computer Keyboard.

use egui::{Align2, Role, Sense, Ui, WidgetInfo, vec2};

use super::{Bodies, Page, keybed};
use crate::app::Action;
use crate::gui::keys::{self, Touch};
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::Type;

const PIANO: f32 = 60.0;
const FOOT: f32 = 22.0;
/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [176.0, PIANO + FOOT];

impl Bodies {
    /// The keys, and below them octave and velocity.
    pub(super) fn piano_ui(
        &mut self,
        ui: &mut Ui,
        page: &mut Page<'_>,
        commands: &mut Vec<Command>,
    ) {
        let theme = page.theme;
        let keys_rect = page.row(PIANO);
        let plays = page.view.play_mode == Some(&page.drawn.path);
        let response = ui.interact(keys_rect, page.id, Sense::click_and_drag());
        let name = format!("{} piano", page.drawn.node.name);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, plays, &name));
        probe::note(ui.ctx(), "piano", &name, "", keys_rect);
        if plays {
            self.piano = Some(keys_rect);
        }
        if response.is_pointer_button_down_on() && !plays {
            commands.push(Command::Do(Action::PlayOn(page.drawn.id)));
        }

        let touch = Touch::of(page.node, page.descriptor);
        let base = self.play.base_note(touch);
        // Two whites of the next octave, and half a black one behind them.
        let all = keybed::keys(keys_rect, base, base + 15, page.zoom);
        let is_down = response.is_pointer_button_down_on() && ui.input(|i| i.focused);
        let is_down = self.play.plays(&page.drawn.path, is_down);
        let pointer = response.interact_pointer_pos().filter(|_| is_down);
        let under = pointer
            .and_then(|pos| keybed::under(&all, pos))
            .filter(|key| key.note < 128)
            .map(|key| (key.note, self.play.velocity(touch)));
        if is_down || self.play.pointer_on(&page.drawn.path) {
            let path = &page.drawn.path;
            self.play.point(path, touch.channel, under, commands);
        }
        for key in &all {
            let sounds = self.play.holds(&page.drawn.path, key.note);
            keybed::paint(ui, page, key, sounds);
            if let (false, Some(letter)) = (key.is_black, keys::letter(key.note - base)) {
                let at = key.place.center_bottom() - vec2(0.0, 4.0 * page.zoom);
                let ink = theme.piano().1;
                page.text(ui, at, Align2::CENTER_BOTTOM, letter, Type::Tick, ink);
            }
        }
        let line = page.row(FOOT);
        let words = format!(
            "Octave {} · velocity {}",
            self.play.octave(touch),
            self.play.velocity(touch)
        );
        let at = line.left_center();
        page.text(ui, at, Align2::LEFT_CENTER, &words, Type::Small, theme.dim);
    }
}
