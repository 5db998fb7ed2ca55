//! Everything a user can ask of the window: one table from which menus, palettes, keys and help are made.
//!
//! A `Spec` is one command: its stable name, its words, its keys, its place in the menus, whether it is available now
//! (and if not, why not), and what it does. `table/` holds one file per menu; `keys.rs` says what a combination of keys is
//! and which command it belongs to. Nothing else in the window may define a shortcut; what the canvas hears while it is
//! walked by keys is listed in `FIXED`.

mod fixed;
pub(in crate::gui) mod keys;
mod sight;
mod table;
#[cfg(test)]
mod tests;

pub(in crate::gui) use fixed::{FIXED, fixed};
pub(in crate::gui) use keys::{Bindings, Keys};
pub(in crate::gui) use sight::{Aim, Sight};

use std::borrow::Cow;

use egui::Context;

use crate::gui::screen::Screen;

/// The command behind the button of that name.
pub(in crate::gui) const PANIC: &str = "play.panic";
/// What Space does unless it is rebound.
pub(in crate::gui) const TOGGLE_RUN: &str = "play.toggle";
/// What puts in what was copied.
pub(in crate::gui) const PASTE: &str = "edit.paste";
/// What brings the box in which everything is found.
pub(in crate::gui) const FIND: &str = "edit.find";

/// A menu of the bar, in its order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Menu {
    /// Documents.
    File,
    /// What is changed.
    Edit,
    /// What is seen.
    View,
    /// What the graph consists of.
    Graph,
    /// What sounds.
    Play,
    /// What the program is set to, and what it reports.
    Tools,
    /// What there is to know.
    Help,
}

impl Menu {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::File,
        Self::Edit,
        Self::View,
        Self::Graph,
        Self::Play,
        Self::Tools,
        Self::Help,
    ];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::View => "View",
            Self::Graph => "Graph",
            Self::Play => "Play",
            Self::Tools => "Tools",
            Self::Help => "Help",
        }
    }
}

/// What a context menu can be about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::gui) enum On {
    /// The empty canvas.
    Canvas,
    /// A box.
    Filter,
    /// A pin.
    Pin,
    /// A wire.
    Wire,
    /// A comment or frame.
    Note,
}

/// Where a command stands in the menus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::gui) struct Place {
    pub(in crate::gui) menu: Menu,
    /// Entries of one group stand together, with a rule to the next.
    pub(in crate::gui) group: u8,
    /// The submenu it is in.
    pub(in crate::gui) under: Option<&'static str>,
}

/// How a command stands now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::gui) struct State {
    /// Its words, where they differ from those of the table.
    pub(in crate::gui) words: Option<String>,
    /// For what is switched: whether it is on.
    pub(in crate::gui) is_on: Option<bool>,
    /// Why it cannot be done now, and what to do about that.
    pub(in crate::gui) why_not: Option<Cow<'static, str>>,
}

impl State {
    /// It can be done.
    pub(in crate::gui) fn ready() -> Self {
        Self::default()
    }

    /// It cannot, for this reason.
    pub(in crate::gui) fn not(why: &'static str) -> Self {
        Self {
            why_not: Some(why.into()),
            ..Self::default()
        }
    }

    /// It can when `holds`, else not for this reason.
    pub(in crate::gui) fn when(holds: bool, why: &'static str) -> Self {
        if holds { Self::ready() } else { Self::not(why) }
    }

    /// It is a switch that stands so.
    pub(in crate::gui) fn switch(is_on: bool) -> Self {
        Self {
            is_on: Some(is_on),
            ..Self::default()
        }
    }

    /// With other words.
    pub(in crate::gui) fn saying(self, words: impl Into<String>) -> Self {
        Self {
            words: Some(words.into()),
            ..self
        }
    }

    /// Whether it can be done.
    pub(in crate::gui) fn is_ready(&self) -> bool {
        self.why_not.is_none()
    }
}

/// One command.
pub(in crate::gui) struct Spec {
    /// Stable: settings and scripts know it by this.
    pub(in crate::gui) name: &'static str,
    /// What menus call it.
    pub(in crate::gui) words: &'static str,
    /// One sentence.
    pub(in crate::gui) help: &'static str,
    /// Its keys unless the user has chosen others.
    pub(in crate::gui) keys: &'static [&'static str],
    /// What people who come from other programs call it: the finder knows it by these words, too.
    pub(in crate::gui) also: &'static [&'static str],
    /// Where menus have it; `None`: by key and palette only.
    pub(in crate::gui) place: Option<Place>,
    /// The context menus it is in.
    pub(in crate::gui) on: &'static [On],
    /// Whether a held key does it again and again.
    pub(in crate::gui) repeats: bool,
    /// What a toast says when it was done, `#` standing for what was selected; `None`: no toast.
    pub(in crate::gui) toast: Option<&'static str>,
    /// How it stands now.
    pub(in crate::gui) state: fn(&Sight<'_>) -> State,
    /// Does it.
    pub(in crate::gui) run: fn(&mut Screen, &Context),
}

impl Spec {
    const fn new(
        name: &'static str,
        words: &'static str,
        help: &'static str,
        run: fn(&mut Screen, &Context),
    ) -> Self {
        Self {
            name,
            words,
            help,
            keys: &[],
            also: &[],
            place: None,
            on: &[],
            repeats: false,
            toast: None,
            state: |_| State {
                words: None,
                is_on: None,
                why_not: None,
            },
            run,
        }
    }

    const fn keys(mut self, keys: &'static [&'static str]) -> Self {
        self.keys = keys;
        self
    }

    const fn also(mut self, words: &'static [&'static str]) -> Self {
        self.also = words;
        self
    }

    const fn at(mut self, menu: Menu, group: u8) -> Self {
        self.place = Some(Place {
            menu,
            group,
            under: None,
        });
        self
    }

    const fn under(mut self, menu: Menu, group: u8, title: &'static str) -> Self {
        self.place = Some(Place {
            menu,
            group,
            under: Some(title),
        });
        self
    }

    const fn on(mut self, on: &'static [On]) -> Self {
        self.on = on;
        self
    }

    const fn repeats(mut self) -> Self {
        self.repeats = true;
        self
    }

    const fn toast(mut self, words: &'static str) -> Self {
        self.toast = Some(words);
        self
    }

    const fn when(mut self, state: fn(&Sight<'_>) -> State) -> Self {
        self.state = state;
        self
    }
}

/// Every command, in the order of the menus.
pub(in crate::gui) fn all() -> impl Iterator<Item = &'static Spec> {
    table::TABLES.iter().copied().flatten()
}

/// The command of that name.
pub(in crate::gui) fn find(name: &str) -> Option<&'static Spec> {
    all().find(|spec| spec.name == name)
}

/// What of a command is told to the outside: documents and tests walk it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Stable name.
    pub name: &'static str,
    /// What menus call it.
    pub words: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Its keys unless the user has chosen others.
    pub keys: &'static [&'static str],
    /// The menu it is in.
    pub menu: Option<Menu>,
    /// The submenu it is in.
    pub under: Option<&'static str>,
}

/// Every command of the window.
pub fn entries() -> Vec<Entry> {
    all()
        .map(|spec| Entry {
            name: spec.name,
            words: spec.words,
            help: spec.help,
            keys: spec.keys,
            menu: spec.place.map(|place| place.menu),
            under: spec.place.and_then(|place| place.under),
        })
        .collect()
}
