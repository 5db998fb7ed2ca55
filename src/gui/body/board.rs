//! The wide piano of the On-screen Keyboard: its keys, wheels, pedal and octaves.

use egui::{Align2, Rect, Response, Role, Sense, Ui, WidgetInfo, accesskit, pos2, vec2};

use super::keybed::{self, PianoKey};
use super::{Bodies, Page};
use crate::app::Action;
use crate::gui::controls;
use crate::gui::keys::{self, Touch};
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Type, radius};
use crate::ks::Value;

const HEAD: f32 = 28.0;
const KEYS: f32 = 96.0;
const WHEEL: f32 = 18.0;
const GAP: f32 = 6.0;
/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [520.0, HEAD + KEYS + 6.0];

/// C, C sharp and so on with their octave; octave 4 begins at 60.
fn note_name(note: u8) -> String {
    const NAMES: [&str; 12] = [
        "C", "C sharp", "D", "D sharp", "E", "F", "F sharp", "G", "G sharp", "A", "A sharp", "B",
    ];
    let octave = i16::from(note / 12) - 1;
    format!("{} {octave}", NAMES[usize::from(note % 12)])
}

/// The lowest and the highest note that are shown.
fn range(octave: u8, octaves: u8) -> (u8, u8) {
    let first = (u16::from(octave) + 1) * 12;
    let last = (first + u16::from(octaves.max(1)) * 12).min(127);
    // 127 is a G and white: the bed ends with a whole key wherever it ends.
    (first as u8, last as u8)
}

impl Bodies {
    /// The whole of it.
    pub(super) fn board_ui(
        &mut self,
        ui: &mut Ui,
        page: &mut Page<'_>,
        commands: &mut Vec<Command>,
    ) {
        let number = |key: &str| {
            let property = page.descriptor.property(key).map(|(_, property)| property);
            let stored = property.and_then(|it| it.legal(page.node.values.get(key)?));
            let value = stored.or_else(|| property.map(crate::ks::Property::default_value));
            value.and_then(|it| it.number()).unwrap_or(1.0) as u8
        };
        let (octave, octaves) = (number("octave"), number("octaves"));
        let touch = Touch::of(page.node, page.descriptor);
        let head = page.row(HEAD);
        self.head_ui(ui, page, head, octave, touch, commands);
        let rest = page.row(KEYS);
        let wheels = (WHEEL + GAP) * 2.0 * page.zoom;
        self.wheels_ui(
            ui,
            page,
            rest.with_max_x(rest.left() + wheels),
            touch,
            commands,
        );
        let bed = rest.with_min_x(rest.left() + wheels);
        let range = range(octave, octaves);
        self.bed_ui(ui, page, bed, range, touch, commands);
        if page.view.play_mode == Some(&page.drawn.path) {
            self.piano = Some(head.union(rest));
        }
    }

    /// What is shown and how it is struck; octave buttons and the pedal.
    fn head_ui(
        &mut self,
        ui: &mut Ui,
        page: &Page<'_>,
        head: Rect,
        octave: u8,
        touch: Touch,
        commands: &mut Vec<Command>,
    ) {
        let zoom = page.zoom;
        let theme = page.theme;
        let name = &page.drawn.node.name;
        let line = head.with_max_y(head.bottom() - 6.0 * zoom);
        let side = vec2(22.0, 20.0) * zoom;
        let down = Rect::from_center_size(pos2(line.left() + side.x / 2.0, line.center().y), side);
        let up = down.translate(vec2(side.x + 4.0 * zoom, 0.0));
        for (rect, by, sign, words) in [
            (down, -1_i16, "\u{2212}", format!("Octave down on {name}")),
            (up, 1, "+", format!("Octave up on {name}")),
        ] {
            let wanted = i16::from(octave) + by;
            let is_ready = (0..=8).contains(&wanted);
            let response = push_ui(ui, page, rect, sign, &words, None, is_ready);
            if response.clicked() && is_ready {
                commands.push(Command::Do(Action::SetProperty {
                    filter: page.drawn.id,
                    key: "octave".to_owned(),
                    value: Some(Value::Number(f64::from(wanted))),
                }));
            }
        }
        let words = format!(
            "From C {octave} \u{b7} letters from C {} \u{b7} velocity {}",
            self.play.octave(touch),
            self.play.velocity(touch)
        );
        let at = pos2(up.right() + 8.0 * zoom, line.center().y);
        page.text(ui, at, Align2::LEFT_CENTER, &words, Type::Small, theme.dim);

        let pedal = Rect::from_center_size(
            pos2(line.right() - 32.0 * zoom, line.center().y),
            vec2(64.0, 20.0) * zoom,
        );
        let mut wheels = self.play.wheels(&page.drawn.path);
        let words = format!("Sustain pedal of {name}");
        let response = push_ui(
            ui,
            page,
            pedal,
            "Sustain",
            &words,
            Some(wheels.sustain),
            true,
        );
        if response.clicked() {
            wheels.sustain = !wheels.sustain;
            let path = &page.drawn.path;
            self.play.set_wheels(path, touch.channel, wheels, commands);
        }
    }

    /// Pitch, which springs back, and modulation, which stays.
    fn wheels_ui(
        &mut self,
        ui: &mut Ui,
        page: &Page<'_>,
        rect: Rect,
        touch: Touch,
        commands: &mut Vec<Command>,
    ) {
        let zoom = page.zoom;
        let theme = page.theme;
        let path = &page.drawn.path;
        let mut wheels = self.play.wheels(path);
        for (index, what) in ["Pitch", "Modulation"].into_iter().enumerate() {
            let left = rect.left() + (WHEEL + GAP) * index as f32 * zoom;
            let slot =
                Rect::from_min_size(pos2(left, rect.top()), vec2(WHEEL * zoom, rect.height()));
            let response = ui.interact(slot, page.id.with(what), Sense::click_and_drag());
            let is_pitch = index == 0;
            let share = if is_pitch {
                (wheels.bend + 1.0) / 2.0
            } else {
                wheels.modulation
            };
            let name = format!("{what} wheel of {}", page.drawn.node.name);
            let percent = f64::from(share * 100.0).round();
            response.widget_info(|| WidgetInfo::slider(true, percent, &name));
            probe::note(ui.ctx(), "wheel", &name, &format!("{percent} %"), slot);
            let span = (slot.height() - 12.0 * zoom).max(1.0);
            let pointer = response.interact_pointer_pos();
            let at = pointer.filter(|_| response.is_pointer_button_down_on());
            let wanted =
                at.map(|pos| ((slot.bottom() - 6.0 * zoom - pos.y) / span).clamp(0.0, 1.0));
            let mut turned = wheels;
            match (is_pitch, wanted) {
                (true, Some(share)) => turned.bend = share * 2.0 - 1.0,
                (true, None) => turned.bend = 0.0,
                (false, Some(share)) => turned.modulation = share,
                (false, None) => {}
            }
            if response.has_focus() {
                // Up and down by a sixteenth; the pitch wheel springs back with the key.
                let step = |key| ui.input(|i| i.key_down(key));
                let by = f32::from(u8::from(step(egui::Key::ArrowUp)))
                    - f32::from(u8::from(step(egui::Key::ArrowDown)));
                match is_pitch {
                    true => turned.bend = by,
                    false if by != 0.0 => {
                        turned.modulation = (turned.modulation + by / 64.0).clamp(0.0, 1.0);
                    }
                    false => {}
                }
            }
            if turned != wheels {
                self.play.set_wheels(path, touch.channel, turned, commands);
                wheels = turned;
            }
            let share = if is_pitch {
                (wheels.bend + 1.0) / 2.0
            } else {
                wheels.modulation
            };
            controls::plate(ui, slot, theme.field, theme.line);
            let y = slot.bottom() - 6.0 * zoom - share * span;
            let grip = Rect::from_center_size(
                pos2(slot.center().x, y),
                vec2(slot.width() - 4.0 * zoom, 8.0 * zoom),
            );
            let is_at_rest = wheels.bend == 0.0 && is_pitch || share == 0.0 && !is_pitch;
            let fill = if is_at_rest { theme.dim } else { theme.events };
            ui.painter().rect_filled(grip, radius::BAR, fill);
            controls::focus_ring(ui, &response);
        }
    }

    /// The keys.
    fn bed_ui(
        &mut self,
        ui: &mut Ui,
        page: &Page<'_>,
        bed: Rect,
        range: (u8, u8),
        touch: Touch,
        commands: &mut Vec<Command>,
    ) {
        let path = &page.drawn.path;
        let name = &page.drawn.node.name;
        let plays = page.view.play_mode == Some(path);
        let all = keybed::keys(bed, range.0, range.1, page.zoom);
        let response = ui.interact(bed, page.id, Sense::click_and_drag());
        let words = format!("{name} piano");
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, plays, &words));
        probe::note(ui.ctx(), "piano", &words, "", bed);
        let is_down = response.is_pointer_button_down_on() && ui.input(|i| i.focused);
        if is_down && !plays {
            commands.push(Command::Do(Action::PlayOn(page.drawn.id)));
        }
        let is_down = self.play.plays(path, is_down);
        if is_down || self.play.pointer_on(path) {
            let pos = response.interact_pointer_pos().filter(|_| is_down);
            // A hand that slides off the near end still lies on the key.
            let pos = pos.map(|pos| pos2(pos.x, pos.y.clamp(bed.top(), bed.bottom())));
            let key = pos.and_then(|pos| Some((keybed::under(&all, pos)?, pos)));
            let struck = key.map(|(key, pos)| {
                let velocity = match is_fixed(page) {
                    true => self.play.velocity(touch),
                    false => keybed::velocity(&key, pos),
                };
                (key.note, velocity)
            });
            self.play.point(path, touch.channel, struck, commands);
        }
        let cells = page.view.telemetry(path);
        for key in &all {
            let arrived = cells.is_some_and(|cells| cells.get(usize::from(key.note)) > 0.0);
            let sounds = arrived || self.play.holds(path, key.note);
            keybed::paint(ui, page, key, sounds);
            let response = self.key_ui(ui, page, key, sounds);
            let click = accesskit::Action::Click;
            if ui.input(|i| i.has_accesskit_action_request(response.id, click)) {
                self.play.tap(ui.ctx(), path, key.note, touch, commands);
            }
        }
        let base = self.play.base_note(touch);
        for key in all.iter().filter(|key| !key.is_black) {
            let letter = key.note.checked_sub(base).filter(|_| plays);
            let is_c = key.note.is_multiple_of(12);
            let words = match letter.and_then(keys::letter) {
                Some(letter) => letter.to_owned(),
                None if is_c => format!("C{}", i16::from(key.note / 12) - 1),
                None => continue,
            };
            let at = key.place.center_bottom() - vec2(0.0, 4.0 * page.zoom);
            let ink = page.theme.piano().1;
            page.text(ui, at, Align2::CENTER_BOTTOM, &words, Type::Tick, ink);
        }
    }

    /// A key by its name, for who does not see it.
    fn key_ui(&self, ui: &Ui, page: &Page<'_>, key: &PianoKey, sounds: bool) -> Response {
        let id = page.id.with(("key", key.note));
        let response = ui.interact(key.place, id, Sense::hover());
        let name = format!("{} of {}", note_name(key.note), page.drawn.node.name);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, sounds, &name));
        let state = if sounds { "down" } else { "" };
        probe::note(ui.ctx(), "key", &name, state, key.place);
        response
    }
}

fn is_fixed(page: &Page<'_>) -> bool {
    let touch = page.node.values.get("touch");
    touch.is_some_and(|word| word.text() == "fixed")
}

/// A small button of a body; `is_on` when it is a switch.
fn push_ui(
    ui: &Ui,
    page: &Page<'_>,
    rect: Rect,
    words: &str,
    name: &str,
    is_on: Option<bool>,
    is_ready: bool,
) -> Response {
    let theme = page.theme;
    let response = ui.interact(rect, page.id.with(name), Sense::click());
    response.widget_info(|| match is_on {
        Some(is_on) => WidgetInfo::selected(Role::Button, is_ready, is_on, name),
        None => WidgetInfo::labeled(Role::Button, is_ready, name),
    });
    let state = if is_on == Some(true) { "on" } else { "" };
    probe::note(ui.ctx(), "button", name, state, rect);
    let (fill, ink) = match (is_on, is_ready) {
        (Some(true), _) => (theme.accent, theme.accent_ink),
        (_, false) => (theme.field, theme.faint),
        _ if response.is_pointer_button_down_on() => (theme.hover, theme.strong),
        _ => (theme.field, theme.strong),
    };
    let edge = if response.hovered() && is_ready {
        theme.line_strong
    } else {
        theme.line
    };
    controls::plate(ui, rect, fill, edge);
    page.text(
        ui,
        rect.center(),
        Align2::CENTER_CENTER,
        words,
        Type::Canvas,
        ink,
    );
    controls::focus_ring(ui, &response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_lies_within_the_notes_there_are() {
        for octave in 0..=8 {
            for octaves in 1..=8 {
                let (first, last) = range(octave, octaves);
                assert!(first < last && last <= 127, "{octave} {octaves}");
                assert!(!keys::is_black(last));
            }
        }
        assert_eq!(range(3, 4), (48, 96));
        assert_eq!(note_name(60), "C 4");
        assert_eq!(note_name(1), "C sharp -1");
    }
}
