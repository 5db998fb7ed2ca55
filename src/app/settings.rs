//! The settings of the running program: read once, changed here, handed to the keeper to be written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::backups::Backups;
use super::folders::Folders;
use super::keeper::{Charge, Job, Keeper, Report};
use super::preferences::Preferences;
use super::sessions::{Legacy, Session};
use super::store::Store;
use super::{App, Urgency};
use crate::ks::Bell;

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
    pub(super) fn open(folders: Option<Folders>) -> (Self, Legacy, Vec<String>) {
        let (mut legacy, mut notes) = (Legacy::default(), vec![]);
        let (mut preferences, mut keeper) = (Preferences::default(), None);
        if let Some(folders) = &folders {
            let (store, read, said) = Store::open(folders.preferences());
            (preferences, notes) = (read, said);
            let session = match Session::begin(folders.state.join("sessions")) {
                Ok((session, left)) => {
                    legacy = left;
                    Some(session)
                }
                Err(text) => {
                    notes.push(text);
                    None
                }
            };
            let charge = Charge {
                store: Some(store),
                session,
                backups: Some(Backups::new(folders.state.join("backups"))),
            };
            match Keeper::start(charge) {
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
        (kept, legacy, notes)
    }

    /// Rung when the keeper has said something.
    pub(super) fn bell(&self) -> Option<&Bell> {
        self.keeper.as_ref().map(|keeper| &keeper.bell)
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
        self.ask(Job::Look(self.preferences.recent.clone()));
    }

    pub(super) fn ask(&self, job: Job) {
        if let Some(keeper) = &self.keeper {
            keeper.ask(job);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // After a panic the copies stay, to be offered by the next run.
        if !std::thread::panicking() {
            self.ask(Job::End);
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
        let changed = Box::new(self.preferences().clone());
        self.settings.ask(Job::Settings(changed));
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
                Report::NotCopied(text) => self.not_copied(text),
                Report::Found(found) => self.offer(found),
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
