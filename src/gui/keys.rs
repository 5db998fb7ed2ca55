//! Keys that are held: Space, which runs when it is tapped, and play mode, in which letters are notes. Shortcuts are
//! `commands/`'s.
//!
//! In play mode keys with Ctrl or Alt, function keys, Tab,
//! Space and Del stay what they are. Every note that began ends: by its key, by leaving, or when the window loses focus.

use std::collections::BTreeMap;

use egui::{Context, Key};

use super::screen::Command;
use crate::app::{Action, View};
use crate::graph::FilterPath;

/// Space: a tap runs or pauses; held, it pans, and that is the canvas's.
#[derive(Default)]
pub(super) struct SpaceTap {
    since: Option<f64>,
}

impl SpaceTap {
    /// Whether Space was tapped.
    pub(super) fn tapped(&mut self, ctx: &Context) -> bool {
        if ctx.text_edit_focused() {
            self.since = None;
            return false;
        }
        let mut tapped = false;
        ctx.input(|i| {
            for event in &i.events {
                if let egui::Event::Key {
                    key: Key::Space,
                    pressed,
                    repeat,
                    modifiers,
                    ..
                } = event
                {
                    match (pressed, repeat) {
                        (true, false) if modifiers.is_none() => self.since = Some(i.time),
                        (true, _) => {}
                        (false, _) => {
                            let since = self.since.take();
                            tapped |= since.is_some_and(|since| i.time - since < 0.5);
                        }
                    }
                }
            }
            if i.pointer.any_down() {
                self.since = None;
            }
        });
        tapped
    }
}

/// Alt: pressed and let go with nothing in between, it goes to the menus.
#[derive(Default)]
pub(super) struct AltTap {
    is_down: bool,
}

impl AltTap {
    /// Whether Alt was tapped.
    pub(super) fn tapped(&mut self, ctx: &Context) -> bool {
        let mut tapped = false;
        ctx.input(|i| {
            for event in &i.events {
                match event {
                    egui::Event::Key {
                        key: Key::AltLeft,
                        pressed,
                        modifiers,
                        ..
                    } => {
                        let alone = !modifiers.ctrl && !modifiers.shift && !modifiers.command;
                        tapped |= !pressed && self.is_down && alone;
                        self.is_down = *pressed && alone;
                    }
                    egui::Event::Key { .. }
                    | egui::Event::PointerButton { .. }
                    | egui::Event::MouseWheel { .. }
                    | egui::Event::WindowFocused(_) => self.is_down = false,
                    _ => {}
                }
            }
        });
        tapped
    }
}

/// The piano on the letter rows, in semitones above C.
const PIANO: [(Key, u8, &str); 16] = [
    (Key::A, 0, "A"),
    (Key::W, 1, "W"),
    (Key::S, 2, "S"),
    (Key::E, 3, "E"),
    (Key::D, 4, "D"),
    (Key::F, 5, "F"),
    (Key::T, 6, "T"),
    (Key::G, 7, "G"),
    (Key::Y, 8, "Y"),
    (Key::H, 9, "H"),
    (Key::U, 10, "U"),
    (Key::J, 11, "J"),
    (Key::K, 12, "K"),
    (Key::O, 13, "O"),
    (Key::L, 14, "L"),
    (Key::P, 15, "P"),
];

/// The letter of a semitone above C.
pub(super) fn letter(step: u8) -> Option<&'static str> {
    PIANO
        .iter()
        .find(|(_, at, _)| *at == step)
        .map(|(_, _, letter)| *letter)
}

/// Whether a semitone above C is a black key.
pub(super) fn is_black(step: u8) -> bool {
    matches!(step % 12, 1 | 3 | 6 | 8 | 10)
}

/// What holds a note down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Finger {
    Key(Key),
    Pointer,
}

/// Notes in the hand.
#[derive(Debug)]
pub(super) struct PlayKeys {
    held: BTreeMap<Finger, (FilterPath, u8)>,
    octave: u8,
    velocity: u8,
}

impl Default for PlayKeys {
    fn default() -> Self {
        Self {
            held: BTreeMap::new(),
            octave: 4,
            velocity: 96,
        }
    }
}

impl PlayKeys {
    /// The note of the A key; octave 4 begins at 60.
    pub(super) fn base_note(&self) -> u8 {
        (self.octave + 1) * 12
    }

    /// The octave of the A key.
    pub(super) fn octave(&self) -> u8 {
        self.octave
    }

    /// How hard keys strike.
    pub(super) fn velocity(&self) -> u8 {
        self.velocity
    }

    /// Whether a note of that keyboard is held.
    pub(super) fn holds(&self, filter: &FilterPath, note: u8) -> bool {
        let mut all = self.held.values();
        all.any(|held| held.0 == *filter && held.1 == note)
    }

    /// Whether the pointer plays that keyboard.
    pub(super) fn pointer_on(&self, filter: &FilterPath) -> bool {
        self.held
            .get(&Finger::Pointer)
            .is_some_and(|held| held.0 == *filter)
    }

    /// The pointer is on this note of a keyboard, or on none.
    pub(super) fn point(
        &mut self,
        filter: &FilterPath,
        note: Option<u8>,
        commands: &mut Vec<Command>,
    ) {
        let held = self.held.get(&Finger::Pointer);
        if held.map(|held| (&held.0, held.1)) == note.map(|note| (filter, note)) {
            return;
        }
        self.lift(Finger::Pointer, commands);
        if let Some(note) = note {
            self.strike(Finger::Pointer, filter, note, commands);
        }
    }

    /// Ends every note.
    pub(super) fn release_all(&mut self, commands: &mut Vec<Command>) {
        for finger in self.held.keys().copied().collect::<Vec<_>>() {
            self.lift(finger, commands);
        }
    }

    /// Hears the letter keys. Takes the events of letters it used away, so that nobody else hears them.
    pub(super) fn hear(&mut self, ctx: &Context, view: &View<'_>, commands: &mut Vec<Command>) {
        let Some(filter) = view.play_mode else {
            if !self.held.keys().all(|finger| *finger == Finger::Pointer) {
                self.release_all(commands);
            }
            return;
        };
        if !ctx.input(|i| i.focused) {
            self.release_all(commands);
            return;
        }
        let types = ctx.text_edit_focused();
        let mut heard: Vec<(Key, bool)> = vec![];
        ctx.input_mut(|i| {
            i.events.retain(|event| {
                let egui::Event::Key {
                    key,
                    physical_key,
                    pressed,
                    repeat,
                    modifiers,
                } = event
                else {
                    return true;
                };
                let plain = !modifiers.command && !modifiers.ctrl && !modifiers.alt;
                let key = physical_key.unwrap_or(*key);
                let known = PIANO.iter().any(|(letter, ..)| *letter == key)
                    || [Key::Z, Key::X, Key::C, Key::V].contains(&key);
                // A release counts whatever is held beside it: a note never hangs on a modifier.
                if !known || (*pressed && (!plain || types)) {
                    return true;
                }
                if !(*pressed && *repeat) {
                    heard.push((key, *pressed));
                }
                false
            });
        });
        for (key, pressed) in heard {
            self.key(key, pressed, filter, commands);
        }
    }

    fn key(&mut self, key: Key, pressed: bool, filter: &FilterPath, commands: &mut Vec<Command>) {
        if !pressed {
            self.lift(Finger::Key(key), commands);
            return;
        }
        match key {
            Key::Z => self.octave = self.octave.saturating_sub(1),
            Key::X => self.octave = (self.octave + 1).min(8),
            Key::C => self.velocity = self.velocity.saturating_sub(16).max(16),
            Key::V => self.velocity = self.velocity.saturating_add(16).min(127),
            key => {
                let Some((_, step, _)) = PIANO.iter().find(|(letter, ..)| *letter == key) else {
                    return;
                };
                let note = self.base_note() + step;
                if note < 128 && !self.held.contains_key(&Finger::Key(key)) {
                    self.strike(Finger::Key(key), filter, note, commands);
                }
            }
        }
    }

    fn strike(
        &mut self,
        finger: Finger,
        filter: &FilterPath,
        note: u8,
        commands: &mut Vec<Command>,
    ) {
        self.held.insert(finger, (filter.clone(), note));
        commands.push(play(filter, [0x90, note, self.velocity]));
    }

    fn lift(&mut self, finger: Finger, commands: &mut Vec<Command>) {
        if let Some((filter, note)) = self.held.remove(&finger)
            && !self.holds(&filter, note)
        {
            commands.push(play(&filter, [0x80, note, 64]));
        }
    }
}

fn play(filter: &FilterPath, bytes: [u8; 3]) -> Command {
    Command::Do(Action::Play {
        filter: filter.clone(),
        bytes: bytes.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::FilterId;

    fn bytes(commands: &[Command]) -> Vec<Vec<u8>> {
        commands
            .iter()
            .filter_map(|command| match command {
                Command::Do(Action::Play { bytes, .. }) => Some(bytes.clone()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn every_note_that_began_ends_once() {
        let (mut keys, mut out) = (PlayKeys::default(), vec![]);
        let filter = &FilterPath(vec![FilterId(3)]);
        keys.key(Key::A, true, filter, &mut out);
        keys.key(Key::X, true, filter, &mut out);
        keys.key(Key::K, true, filter, &mut out);
        keys.key(Key::A, false, filter, &mut out);
        keys.release_all(&mut out);
        keys.key(Key::K, false, filter, &mut out);
        let notes = bytes(&out);
        assert_eq!(
            notes,
            [
                vec![0x90, 60, 96],
                vec![0x90, 84, 96],
                vec![0x80, 60, 64],
                vec![0x80, 84, 64]
            ],
            "the release goes to the note that was struck, though the octave changed"
        );
    }

    #[test]
    fn a_note_held_twice_ends_with_the_last_finger() {
        let (mut keys, mut out) = (PlayKeys::default(), vec![]);
        let filter = &FilterPath(vec![FilterId(1)]);
        keys.key(Key::A, true, filter, &mut out);
        keys.point(filter, Some(60), &mut out);
        keys.point(filter, None, &mut out);
        assert!(bytes(&out).iter().all(|message| message[0] == 0x90));
        keys.key(Key::A, false, filter, &mut out);
        assert_eq!(bytes(&out).last().unwrap()[0], 0x80);
    }

    #[test]
    fn velocity_and_octave_stay_in_range() {
        let (mut keys, mut out) = (PlayKeys::default(), vec![]);
        for key in [Key::V, Key::X, Key::C, Key::Z] {
            for _ in 0..20 {
                keys.key(key, true, &FilterPath(vec![FilterId(0)]), &mut out);
                assert!((1..=127).contains(&keys.velocity()) && keys.octave() <= 8);
            }
        }
        keys.octave = 8;
        keys.key(Key::P, true, &FilterPath(vec![FilterId(0)]), &mut out);
        assert_eq!(bytes(&out)[0][1], 123);
    }
}
