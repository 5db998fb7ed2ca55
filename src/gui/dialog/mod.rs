//! Pages that lie over the window until they are closed: keys, preferences, help, a new name, about. Questions that must be
//! answered before something goes on are `panels/dialogs.rs`'s.

mod budget;
mod built;
mod help;
mod keys;
mod pack;
mod page;
mod preferences;
mod rename;
mod seek;
mod silence;
mod to_file;

pub(super) use budget::Latency;
pub(super) use pack::Pack;
pub(super) use rename::Rename;
pub(super) use seek::Seek;
pub(super) use silence::Silence;
pub(super) use to_file::ToFile;

use egui::{Key, Ui};

use super::commands::{Bindings, Sight};
use super::screen::Command;
use preferences::Page;

/// What lies over the window.
pub(super) enum Dialog {
    /// What was tried when something was built last.
    Built,
    /// Every key.
    Keys,
    /// Which program this is.
    About,
    /// What is set.
    Preferences(Box<Page>),
    /// Help of a filter, by its key; empty: of the window.
    Help(String),
    /// Another name for a filter.
    Rename(Rename),
    /// What a group is to be in the catalogue.
    Pack(Box<Pack>),
    /// How long it is from key to ear, and may be.
    Latency(Latency),
    /// Why nothing is heard.
    Silence(Silence),
    /// A place to go to.
    Seek(Seek),
    /// What a render into a file is to be like.
    ToFile(ToFile),
}

impl Dialog {
    /// The preferences, at their first page.
    pub(super) fn preferences() -> Self {
        Self::Preferences(Box::default())
    }

    /// Draws it. False when it is done.
    pub(super) fn ui(
        &mut self,
        ui: &Ui,
        sight: &Sight<'_>,
        bindings: &Bindings,
        commands: &mut Vec<Command>,
    ) -> bool {
        // A page that waits for keys takes Esc as one of them.
        let is_listening = matches!(self, Self::Preferences(page) if page.is_listening());
        let escape =
            !is_listening && ui.input_mut(|i| i.consume_key(egui::Modifiers::NONE, Key::Escape));
        let stays = match self {
            Self::Built => built::ui(ui, sight),
            Self::Keys => keys::ui(ui, bindings),
            Self::About => help::about(ui),
            Self::Preferences(page) => page.ui(ui, sight, bindings, commands),
            Self::Help(key) => help::ui(ui, sight, bindings, key),
            Self::Rename(rename) => rename.ui(ui, sight, commands),
            Self::Latency(latency) => latency.ui(ui, sight, commands),
            Self::Pack(pack) => pack.ui(ui, sight, commands),
            Self::Silence(silence) => silence.ui(ui, sight, commands),
            Self::Seek(seek) => seek.ui(ui, sight, commands),
            Self::ToFile(to_file) => to_file.ui(ui, sight, commands),
        };
        stays && !escape
    }
}
