//! The piano in the box of the Computer Keyboard.

use egui::{Align2, CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{Bodies, Page};
use crate::app::Action;
use crate::gui::screen::Command;
use crate::gui::theme::{ThemeName, Type};
use crate::gui::{keys, probe};

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

        let base = self.play.base_note();
        let whites: Vec<u8> = (0..16)
            .filter(|&step| !keys::is_black(step))
            .take(9)
            .collect();
        let wide = keys_rect.width() / whites.len() as f32;
        let mut places: Vec<(u8, Rect, bool)> = vec![];
        for (index, &step) in whites.iter().enumerate() {
            let left = keys_rect.left() + wide * index as f32;
            let white = Rect::from_min_size(
                pos2(left, keys_rect.top()),
                vec2(wide - page.zoom, keys_rect.height()),
            );
            places.push((step, white, false));
        }
        for (index, &step) in whites.iter().enumerate() {
            if keys::is_black(step + 1) {
                let middle = keys_rect.left() + wide * (index as f32 + 1.0) - page.zoom / 2.0;
                let black = Rect::from_min_size(
                    pos2(middle - wide * 0.32, keys_rect.top()),
                    vec2(wide * 0.64, keys_rect.height() * 0.58),
                );
                places.push((step + 1, black.intersect(keys_rect), true));
            }
        }
        let pointer = response
            .interact_pointer_pos()
            .filter(|_| response.is_pointer_button_down_on());
        let under = pointer.and_then(|pos| {
            places
                .iter()
                .rev()
                .find(|(_, place, _)| place.contains(pos))
                .map(|(step, ..)| base + step)
        });
        if response.is_pointer_button_down_on() || self.play.pointer_on(&page.drawn.path) {
            self.play.point(&page.drawn.path, under, commands);
        }

        for (step, place, is_black) in &places {
            let sounds = self.play.holds(&page.drawn.path, base + step);
            let fill = match (sounds, is_black) {
                (true, _) => theme.events,
                (false, true) => theme.piano().1,
                (false, false) => theme.piano().0,
            };
            let foot = (2.0 * page.zoom).clamp(0.0, 6.0) as u8;
            let corner = CornerRadius {
                nw: 0,
                ne: 0,
                sw: foot,
                se: foot,
            };
            ui.painter().rect_filled(*place, corner, fill);
            if theme.name == ThemeName::Light {
                // White keys on a white box.
                let edge = egui::Stroke::new(1.0, theme.line);
                ui.painter()
                    .rect_stroke(*place, corner, edge, egui::StrokeKind::Inside);
            }
            if let (true, Some(letter)) = (!is_black, keys::letter(*step)) {
                let at = place.center_bottom() - vec2(0.0, 4.0 * page.zoom);
                let ink = theme.piano().1;
                page.text(ui, at, Align2::CENTER_BOTTOM, letter, Type::Tick, ink);
            }
        }
        let line = page.row(FOOT);
        let words = format!(
            "Octave {} · velocity {}",
            self.play.octave(),
            self.play.velocity()
        );
        let at = line.left_center();
        page.text(ui, at, Align2::LEFT_CENTER, &words, Type::Small, theme.dim);
    }
}
