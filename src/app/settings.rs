//! The settings of the running program: read once, changed here, handed to the keeper to be written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::folders::Folders;
use super::keeper::{Job, Keeper, Report, Store};
use super::preferences::Preferences;
use super::{App, Urgency};

/// A graph that was open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recent {
    /// Its file.
    pub path: PathBuf,
    /// Whether it was there when it was last looked for.
    pub exists: bool,
}

/// Settings and where they are kept.
pub(super) struct Kept {
    pub(super) folders: Option<Folders>,
    preferences: Preferences,
    recent: Vec<Recent>,
    keeper: Option<Keeper>,
}

impl Kept {
    /// Reads what is kept; also says what was wrong with it. Without folders nothing is read, written or looked for.
    pub(super) fn open(folders: Option<Folders>) -> (Self, Vec<String>) {
        let mut notes = vec![];
        let (mut preferences, mut keeper) = (Preferences::default(), None);
        if let Some(folders) = &folders {
            let (store, read, said) = Store::open(folders.preferences());
            (preferences, notes) = (read, said);
            match Keeper::start(Some(store)) {
                Ok(started) => keeper = Some(started),
                Err(error) => notes.push(format!("Settings will not be saved: {error}")),
            }
        }
        let mut kept = Self {
            folders,
            preferences,
            recent: vec![],
            keeper,
        };
        kept.look();
        (kept, notes)
    }

    /// Has the recent files looked for; until then they count as there.
    fn look(&mut self) {
        let known: BTreeMap<PathBuf, bool> = std::mem::take(&mut self.recent)
            .into_iter()
            .map(|it| (it.path, it.exists))
            .collect();
        let recent = self.preferences.recent.iter().map(|path| Recent {
            path: path.clone(),
            exists: known.get(path).copied().unwrap_or(true),
        });
        self.recent = recent.collect();
        self.ask(|kept| Job::Look(kept.preferences.recent.clone()));
    }

    pub(super) fn ask(&self, job: impl FnOnce(&Self) -> Job) {
        if let Some(keeper) = &self.keeper {
            keeper.ask(job(self));
        }
    }
}

impl App {
    /// What the user has set.
    pub fn preferences(&self) -> &Preferences {
        &self.settings.preferences
    }

    /// Changes what the user has set. It is on disk a moment later, and at the latest when the program ends.
    pub fn change_preferences(&mut self, change: impl FnOnce(&mut Preferences)) {
        let mut changed = self.settings.preferences.clone();
        change(&mut changed);
        changed.tidy();
        if changed == self.settings.preferences {
            return;
        }
        let is_recent_new = changed.recent != self.settings.preferences.recent;
        self.settings.preferences = changed;
        self.settings
            .ask(|kept| Job::Settings(Box::new(kept.preferences.clone())));
        if is_recent_new {
            self.settings.look();
        }
    }

    /// Where settings and copies are kept.
    pub fn folders(&self) -> Option<&Folders> {
        self.settings.folders.as_ref()
    }

    /// Graphs that were open, newest first.
    pub(super) fn recent(&self) -> &[Recent] {
        &self.settings.recent
    }

    /// Has the recent files looked for again.
    pub(super) fn look_for_recent(&mut self) {
        self.settings.look();
    }

    pub(super) fn hear_keeper(&mut self) {
        while let Some(report) = self.settings.keeper.as_ref().and_then(Keeper::report) {
            match report {
                Report::Failed(text) => self.say(Urgency::Error, "Settings", None, text),
                Report::Seen(seen) => {
                    for recent in &mut self.settings.recent {
                        if let Some(is_there) = seen.get(&recent.path) {
                            recent.exists = *is_there;
                        }
                    }
                }
            }
        }
    }
}
