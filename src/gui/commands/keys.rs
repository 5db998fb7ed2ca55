//! Combinations of keys: as text, as events, and which command each belongs to.

use std::collections::BTreeMap;
use std::fmt;

use egui::{Event, Key};

use super::{Spec, all};

/// A key with what is held beside it. Ctrl is Command on a Mac.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::gui) struct Keys {
    pub(in crate::gui) ctrl: bool,
    pub(in crate::gui) shift: bool,
    pub(in crate::gui) alt: bool,
    pub(in crate::gui) key: Key,
}

/// Keys whose name on the keyboard differs from egui's.
const NAMES: [(Key, &str); 13] = [
    (Key::Delete, "Del"),
    (Key::Escape, "Esc"),
    (Key::ArrowLeft, "Left"),
    (Key::ArrowRight, "Right"),
    (Key::ArrowUp, "Up"),
    (Key::ArrowDown, "Down"),
    (Key::Plus, "+"),
    (Key::Minus, "-"),
    (Key::Equals, "="),
    (Key::Slash, "/"),
    (Key::Comma, ","),
    (Key::Period, "."),
    (Key::Menu, "Menu"),
];

impl Keys {
    /// Reads `Ctrl+Shift+S`.
    pub(in crate::gui) fn parse(text: &str) -> Option<Self> {
        let (mut ctrl, mut shift, mut alt) = (false, false, false);
        let mut rest = text.trim();
        loop {
            let found = [
                ("Ctrl+", &mut ctrl),
                ("Shift+", &mut shift),
                ("Alt+", &mut alt),
            ]
            .into_iter()
            .find_map(|(word, flag)| Some((rest.strip_prefix(word)?, flag)));
            match found {
                // "Ctrl+" alone would be the key of that name, and there is none.
                Some((after, flag)) if !after.is_empty() => {
                    *flag = true;
                    rest = after;
                }
                _ => break,
            }
        }
        let named = NAMES.iter().find(|(_, name)| *name == rest);
        let key = named.map_or_else(|| Key::from_name(rest), |(key, _)| Some(*key))?;
        Some(Self {
            ctrl,
            shift,
            alt,
            key,
        })
    }

    /// The combination a press is; `None` for releases and for what is no key.
    pub(in crate::gui) fn of(event: &Event) -> Option<Self> {
        let plain = |key| Self {
            ctrl: true,
            shift: false,
            alt: false,
            key,
        };
        match event {
            // The window turns these three into what they mean to text.
            Event::Cut => Some(plain(Key::X)),
            Event::Copy => Some(plain(Key::C)),
            Event::Paste(_) => Some(plain(Key::V)),
            Event::Key {
                key,
                pressed: true,
                modifiers,
                ..
            } => Some(Self {
                ctrl: modifiers.command || modifiers.ctrl,
                shift: modifiers.shift,
                alt: modifiers.alt,
                key: *key,
            }),
            _ => None,
        }
    }

    /// Whether an event is this combination. Keyboards differ in what takes Shift: of a sign it does not count, and of a
    /// figure the key counts that has it.
    pub(in crate::gui) fn matches(self, event: &Event) -> bool {
        let Some(pressed) = Self::of(event) else {
            return false;
        };
        let physical = match event {
            Event::Key { physical_key, .. } => *physical_key,
            _ => None,
        };
        let is_key = pressed.key == self.key || (is_figure(self.key) && physical == Some(self.key));
        let is_shift = pressed.shift == self.shift || (is_sign(self.key) && !self.shift);
        is_key && is_shift && pressed.ctrl == self.ctrl && pressed.alt == self.alt
    }

    /// Whether these are keys that write or edit text, or that move about in it, where text is being typed.
    pub(in crate::gui) fn is_of_text(self) -> bool {
        if is_function(self.key) {
            return false;
        }
        if !self.ctrl && !self.alt {
            return true;
        }
        let edits = [
            Key::A,
            Key::B,
            Key::C,
            Key::D,
            Key::E,
            Key::H,
            Key::K,
            Key::U,
            Key::V,
            Key::W,
            Key::X,
            Key::Y,
            Key::Z,
            Key::Backspace,
            Key::Delete,
            Key::Home,
            Key::End,
            Key::ArrowLeft,
            Key::ArrowRight,
            Key::ArrowUp,
            Key::ArrowDown,
            Key::Enter,
        ];
        edits.contains(&self.key)
    }

    /// Whether the canvas must have the keyboard for it to count: a plain key belongs to the control that has the focus.
    pub(in crate::gui) fn is_of_canvas(self) -> bool {
        !self.ctrl && !self.alt && !is_function(self.key)
    }

    /// Whether it rests in play mode, where letters and figures are notes.
    pub(in crate::gui) fn rests_in_play_mode(self) -> bool {
        let name = self.key.name();
        !self.ctrl && !self.alt && name.len() == 1 && name.is_ascii()
    }
}

fn is_function(key: Key) -> bool {
    let mut letters = key.name().chars();
    letters.next() == Some('F') && letters.next().is_some_and(|it| it.is_ascii_digit())
}

fn is_figure(key: Key) -> bool {
    key.name().len() == 1 && key.name().as_bytes()[0].is_ascii_digit()
}

fn is_sign(key: Key) -> bool {
    key.symbol_or_name().chars().count() == 1
        && !key.symbol_or_name().chars().all(char::is_alphanumeric)
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (is_held, word) in [
            (self.ctrl, "Ctrl+"),
            (self.shift, "Shift+"),
            (self.alt, "Alt+"),
        ] {
            if is_held {
                f.write_str(word)?;
            }
        }
        let named = NAMES.iter().find(|(key, _)| *key == self.key);
        f.write_str(named.map_or(self.key.name(), |(_, name)| name))
    }
}

/// Whose keys a combination are.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::gui) struct Bindings {
    /// The user's choices this was made of.
    chosen: BTreeMap<String, Vec<String>>,
    /// By name of command, the first being the one that menus show.
    of: BTreeMap<&'static str, Vec<Keys>>,
}

impl Bindings {
    /// The built-in keys with the user's choices over them. What cannot be read is left out.
    pub(in crate::gui) fn new(chosen: &BTreeMap<String, Vec<String>>) -> Self {
        let read = |texts: &mut dyn Iterator<Item = &str>| texts.filter_map(Keys::parse).collect();
        let mut of: BTreeMap<&'static str, Vec<Keys>> = all()
            .map(|spec| {
                let keys = match chosen.get(spec.name) {
                    Some(texts) => read(&mut texts.iter().map(String::as_str)),
                    None => read(&mut spec.keys.iter().copied()),
                };
                (spec.name, keys)
            })
            .collect();
        // A file may say anything: what the user chose wins over what is built in, and the first of two equals wins.
        let mut taken: Vec<Keys> = vec![];
        let mut settle = |is_chosen: bool| {
            for (name, keys) in &mut of {
                if chosen.contains_key(*name) == is_chosen {
                    keys.retain(|it| {
                        let is_new = !taken.contains(it);
                        taken.push(*it);
                        is_new
                    });
                }
            }
        };
        settle(true);
        settle(false);
        Self {
            chosen: chosen.clone(),
            of,
        }
    }

    /// Whether it is still what the user has chosen.
    pub(in crate::gui) fn is_of(&self, chosen: &BTreeMap<String, Vec<String>>) -> bool {
        self.chosen == *chosen
    }

    /// The keys of a command.
    pub(in crate::gui) fn keys(&self, name: &str) -> &[Keys] {
        self.of.get(name).map_or(&[], Vec::as_slice)
    }

    /// The keys that menus show.
    pub(in crate::gui) fn shown(&self, name: &str) -> String {
        self.keys(name)
            .first()
            .map_or_else(String::new, Keys::to_string)
    }

    /// The command a combination belongs to.
    pub(in crate::gui) fn owner(&self, keys: Keys) -> Option<&'static Spec> {
        all().find(|spec| self.keys(spec.name).contains(&keys))
    }

    /// Whether the user has chosen other keys than the built-in ones.
    pub(in crate::gui) fn is_changed(&self, name: &str) -> bool {
        self.chosen.contains_key(name)
    }

    /// Takes the presses that are commands out of the events, in order. `hears` says which count now.
    pub(in crate::gui) fn take(
        &self,
        ctx: &egui::Context,
        hears: impl Fn(Keys) -> bool,
    ) -> Vec<(&'static Spec, Option<String>)> {
        let mut found = vec![];
        ctx.input_mut(|i| {
            i.events.retain(|event| {
                let mine = all().find_map(|spec| {
                    let mut keys = self.keys(spec.name).iter();
                    let keys = keys.find(|keys| keys.matches(event))?;
                    // A tap of Space is known when it is over; held, it moves the view.
                    let is_space = keys.key == Key::Space && keys.is_of_canvas() && !keys.shift;
                    (!is_space && hears(*keys)).then_some(spec)
                });
                let Some(spec) = mine else {
                    return true;
                };
                let is_repeat = matches!(event, Event::Key { repeat: true, .. });
                let text = match event {
                    Event::Paste(text) => Some(text.clone()),
                    _ => None,
                };
                if !is_repeat || spec.repeats {
                    found.push((spec, text));
                }
                false
            });
        });
        found
    }
}
