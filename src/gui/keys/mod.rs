//! Keys that are held: Space, which runs when it is tapped, and play mode, in which letters are notes. Shortcuts are
//! `commands/`'s.
//!
//! In play mode keys with Ctrl or Alt, function keys, Tab,
//! Space and Del stay what they are. Every note that began ends: by its key, by leaving, or when the window loses focus.

use std::collections::BTreeMap;

use egui::{Context, Key};

use super::screen::Command;
use crate::app::{Action, View};
use crate::graph::{FilterNode, FilterPath, NodeKind};
use crate::ks::{Descriptor, Property};

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
    /// A note that was asked for by name and ends by itself.
    Tap(u8),
}

/// How a keyboard takes what is played on it, as its values have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Touch {
    /// The octave of the A key.
    octave: u8,
    /// How hard letter keys strike.
    velocity: u8,
    /// From 0.
    pub(super) channel: u8,
}

impl Touch {
    /// As a filter's values have it.
    pub(super) fn of(node: &FilterNode, descriptor: &Descriptor) -> Self {
        let number = |key: &str, other: u8| {
            let property = descriptor.property(key).map(|(_, property)| property);
            let stored = property
                .and_then(|property| node.values.get(key).and_then(|it| property.legal(it)));
            let value = stored.or_else(|| property.map(Property::default_value));
            value
                .and_then(|it| it.number())
                .map_or(other, |it| it as u8)
        };
        // Where several octaves are shown, letters play the second of them: there is something below it.
        let above = u8::from(descriptor.property("octaves").is_some() && number("octaves", 1) > 1);
        Self {
            octave: (number("octave", 4) + above).min(8),
            velocity: number("velocity", 96),
            channel: number("channel", 1).clamp(1, 16) - 1,
        }
    }
}

/// A note that is held.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Sounding {
    filter: FilterPath,
    note: u8,
    channel: u8,
}

/// The pedal and the wheels of a keyboard.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Wheels {
    pub(super) sustain: bool,
    /// From -1 to 1.
    pub(super) bend: f32,
    /// From 0 to 1.
    pub(super) modulation: f32,
    channel: u8,
}

/// The controller of the sustain pedal.
const SUSTAIN: u8 = 64;
/// The controller of the modulation wheel.
const MODULATION: u8 = 1;
/// How long a note lasts that was asked for by name, in seconds.
const TAP: f64 = 0.8;
/// How long one lasts whose key came up within the frame in which it went down.
const BRIEF: f64 = 0.1;

/// Notes in the hand.
#[derive(Debug, Default)]
pub(super) struct PlayKeys {
    held: BTreeMap<Finger, Sounding>,
    /// When notes asked for by name end.
    ends: BTreeMap<u8, f64>,
    wheels: BTreeMap<FilterPath, Wheels>,
    /// The keyboard that the pointer is down on.
    hand: Option<FilterPath>,
    /// Everything was released since it came down: it plays no more until it comes down again.
    is_spent: bool,
    /// How far Z, X, C and V have gone from what the filter has.
    octave: i16,
    velocity: i16,
}

impl PlayKeys {
    /// The note of the A key; octave 4 begins at 60.
    pub(super) fn base_note(&self, touch: Touch) -> u8 {
        (self.octave(touch) + 1) * 12
    }

    /// The octave of the A key.
    pub(super) fn octave(&self, touch: Touch) -> u8 {
        (i16::from(touch.octave) + self.octave).clamp(0, 8) as u8
    }

    /// How hard keys strike.
    pub(super) fn velocity(&self, touch: Touch) -> u8 {
        (i16::from(touch.velocity) + self.velocity).clamp(1, 127) as u8
    }

    /// Whether a note of that keyboard is held.
    pub(super) fn holds(&self, filter: &FilterPath, note: u8) -> bool {
        let mut all = self.held.values();
        all.any(|held| held.filter == *filter && held.note == note)
    }

    /// Whether the pointer plays that keyboard.
    pub(super) fn pointer_on(&self, filter: &FilterPath) -> bool {
        self.held
            .get(&Finger::Pointer)
            .is_some_and(|held| held.filter == *filter)
    }

    /// Whether the pointer, which is down on a keyboard or is not, plays there now.
    pub(super) fn plays(&mut self, filter: &FilterPath, is_down: bool) -> bool {
        let was_down = self.hand.as_ref() == Some(filter);
        if is_down && !was_down {
            self.hand = Some(filter.clone());
            self.is_spent = false;
        } else if was_down && !is_down {
            self.hand = None;
        }
        is_down && !self.is_spent
    }

    /// The pointer is on this note of a keyboard, which it strikes so hard; or on none.
    pub(super) fn point(
        &mut self,
        filter: &FilterPath,
        channel: u8,
        note: Option<(u8, u8)>,
        commands: &mut Vec<Command>,
    ) {
        let held = self.held.get(&Finger::Pointer);
        if held.map(|held| (&held.filter, held.note)) == note.map(|(note, _)| (filter, note)) {
            return;
        }
        self.lift(Finger::Pointer, commands);
        if let Some((note, velocity)) = note {
            self.strike(Finger::Pointer, filter, note, velocity, channel, commands);
        }
    }

    /// Strikes a note that was asked for by name, for a moment.
    pub(super) fn tap(
        &mut self,
        ctx: &Context,
        filter: &FilterPath,
        note: u8,
        touch: Touch,
        commands: &mut Vec<Command>,
    ) {
        let velocity = self.velocity(touch);
        self.lift(Finger::Tap(note), commands);
        self.ends.insert(note, ctx.input(|i| i.time) + TAP);
        let finger = Finger::Tap(note);
        self.strike(finger, filter, note, velocity, touch.channel, commands);
    }

    /// The pedal and the wheels of a keyboard.
    pub(super) fn wheels(&self, filter: &FilterPath) -> Wheels {
        self.wheels.get(filter).copied().unwrap_or_default()
    }

    /// They stand otherwise now.
    pub(super) fn set_wheels(
        &mut self,
        filter: &FilterPath,
        channel: u8,
        now: Wheels,
        commands: &mut Vec<Command>,
    ) {
        let before = self.wheels(filter);
        // What was turned on another channel is turned back there.
        let channel = match before == Wheels::default() {
            true => channel,
            false => before.channel,
        };
        let now = Wheels { channel, ..now };
        let bend = |wheels: Wheels| (wheels.bend.clamp(-1.0, 1.0) * 8191.5 + 8191.5).round() as u16;
        let rest = |bend: u16| {
            if bend == 8192 || bend == 8191 {
                8192
            } else {
                bend
            }
        };
        let modulation = |wheels: Wheels| (wheels.modulation.clamp(0.0, 1.0) * 127.0).round() as u8;
        if now.sustain != before.sustain {
            let value = if now.sustain { 127 } else { 0 };
            commands.push(play(filter, [0xB0 | channel, SUSTAIN, value]));
        }
        if rest(bend(now)) != rest(bend(before)) {
            let bend = rest(bend(now));
            let bytes = [0xE0 | channel, (bend & 0x7F) as u8, (bend >> 7) as u8];
            commands.push(play(filter, bytes));
        }
        if modulation(now) != modulation(before) {
            let bytes = [0xB0 | channel, MODULATION, modulation(now)];
            commands.push(play(filter, bytes));
        }
        let at_rest = Wheels {
            channel,
            ..Wheels::default()
        };
        match now == at_rest {
            true => self.wheels.remove(filter),
            false => self.wheels.insert(filter.clone(), now),
        };
    }

    /// Ends every note.
    pub(super) fn release_all(&mut self, commands: &mut Vec<Command>) {
        self.is_spent = true;
        for finger in self.held.keys().copied().collect::<Vec<_>>() {
            self.lift(finger, commands);
        }
    }

    /// Ends every note, lifts every pedal and lets go of every wheel.
    pub(super) fn let_go(&mut self, commands: &mut Vec<Command>) {
        self.release_all(commands);
        for (filter, wheels) in self.wheels.clone() {
            self.set_wheels(&filter, wheels.channel, Wheels::default(), commands);
        }
    }

    /// Hears the letter keys. Takes the events of letters it used away, so that nobody else hears them.
    pub(super) fn hear(&mut self, ctx: &Context, view: &View<'_>, commands: &mut Vec<Command>) {
        if !ctx.input(|i| i.focused) {
            self.let_go(commands);
            return;
        }
        self.end_taps(ctx, commands);
        let touch = view.play_mode.and_then(|path| {
            let NodeKind::Filter(node) = &view.document_graph().at(path)?.kind else {
                return None;
            };
            let kind = view.catalogue.get(&node.key)?;
            Some((path, Touch::of(node, kind.descriptor())))
        });
        let Some((filter, touch)) = touch else {
            let keys = self.held.keys().copied();
            let letters: Vec<Finger> = keys.filter(|it| matches!(it, Finger::Key(_))).collect();
            for finger in letters {
                self.lift(finger, commands);
            }
            return;
        };
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
        for (at, (key, pressed)) in heard.iter().copied().enumerate() {
            let finger = Finger::Key(key);
            // Both within one frame: how long it was held is not known, but it was played to be heard.
            if !pressed && heard[..at].contains(&(key, true)) && self.held.contains_key(&finger) {
                self.linger(finger, ctx.input(|i| i.time));
                ctx.request_repaint_after_secs(BRIEF as f32);
            } else {
                self.key(key, pressed, filter, touch, commands);
            }
        }
    }

    /// A finger was lifted at once: its note goes on for a moment.
    fn linger(&mut self, finger: Finger, now: f64) {
        if let Some(sounding) = self.held.remove(&finger) {
            let end = self.ends.entry(sounding.note).or_default();
            *end = end.max(now + BRIEF);
            self.held.insert(Finger::Tap(sounding.note), sounding);
        }
    }

    /// Lifts what was asked for by name when its time is over.
    fn end_taps(&mut self, ctx: &Context, commands: &mut Vec<Command>) {
        let now = ctx.input(|i| i.time);
        let over: Vec<u8> = self
            .ends
            .iter()
            .filter(|(_, end)| **end <= now)
            .map(|(note, _)| *note)
            .collect();
        for note in over {
            self.ends.remove(&note);
            self.lift(Finger::Tap(note), commands);
        }
        if !self.ends.is_empty() {
            ctx.request_repaint_after_secs(BRIEF as f32);
        }
    }

    fn key(
        &mut self,
        key: Key,
        pressed: bool,
        filter: &FilterPath,
        touch: Touch,
        commands: &mut Vec<Command>,
    ) {
        if !pressed {
            self.lift(Finger::Key(key), commands);
            return;
        }
        let octave = i16::from(self.octave(touch));
        let velocity = i16::from(self.velocity(touch));
        match key {
            Key::Z => self.octave = (octave - 1).max(0) - i16::from(touch.octave),
            Key::X => self.octave = (octave + 1).min(8) - i16::from(touch.octave),
            Key::C => self.velocity = (velocity - 16).max(16) - i16::from(touch.velocity),
            Key::V => self.velocity = (velocity + 16).min(127) - i16::from(touch.velocity),
            key => {
                let Some((_, step, _)) = PIANO.iter().find(|(letter, ..)| *letter == key) else {
                    return;
                };
                let note = self.base_note(touch) + step;
                let finger = Finger::Key(key);
                if note < 128 && !self.held.contains_key(&finger) {
                    let velocity = self.velocity(touch);
                    self.strike(finger, filter, note, velocity, touch.channel, commands);
                }
            }
        }
    }

    fn strike(
        &mut self,
        finger: Finger,
        filter: &FilterPath,
        note: u8,
        velocity: u8,
        channel: u8,
        commands: &mut Vec<Command>,
    ) {
        let sounding = Sounding {
            filter: filter.clone(),
            note,
            channel,
        };
        self.held.insert(finger, sounding);
        commands.push(play(filter, [0x90 | channel, note, velocity.clamp(1, 127)]));
    }

    fn lift(&mut self, finger: Finger, commands: &mut Vec<Command>) {
        if let Some(held) = self.held.remove(&finger)
            && !self.held.values().any(|other| *other == held)
        {
            commands.push(play(&held.filter, [0x80 | held.channel, held.note, 64]));
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
mod tests;
