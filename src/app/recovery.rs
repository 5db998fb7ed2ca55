//! Unsaved work is never far from the disk: when a copy is due, what is offered after a run that did not end well, and
//! what New begins with. Where copies lie is `sessions.rs`'s.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::backups::{Backups, states};
use super::keeper::Job;
use super::media::move_paths;
use super::sessions::Recovered;
use super::{Action, App, Banner, Offer, Urgency};
use crate::graph::{Graph, load, save_atomically, to_ron};

/// No edit is longer without a copy than this, whatever the hands do.
pub(super) const AT_MOST: Duration = Duration::from_secs(15);
/// When the hands rest, a copy is made so long after.
pub(super) const AT_REST: Duration = Duration::from_secs(2);

/// When the last copy was made, and of what.
#[derive(Default)]
pub(super) struct Watch {
    /// Documents opened so far: states of different ones are never the same.
    document: u64,
    pub(super) copied: Option<(u64, u64)>,
    seen: Option<(u64, u64)>,
    /// Since when something has no copy.
    since: Option<Duration>,
    /// When the last change was seen.
    changed: Duration,
    has_copy: bool,
    /// The copy the document was opened from, until there is another.
    instead_of: Option<PathBuf>,
}

impl App {
    /// Has unsaved work copied if that is due. `now` is the time since the program began.
    pub(super) fn keep_safe(&mut self, now: Duration) {
        let state = (self.watch.document, self.history.state());
        let watch = &mut self.watch;
        if !self.history.is_dirty() {
            watch.since = None;
            if std::mem::take(&mut watch.has_copy) {
                watch.copied = None;
                self.settings.ask(Job::NoCopy);
            }
            return;
        }
        if watch.copied == Some(state) {
            return;
        }
        if watch.seen != Some(state) {
            watch.seen = Some(state);
            watch.changed = now;
        }
        let since = *watch.since.get_or_insert(now);
        let rests = !self.history.is_open() && now.saturating_sub(watch.changed) >= AT_REST;
        if rests || now.saturating_sub(since) >= AT_MOST {
            self.copy_now();
        }
    }

    /// Whether there is work that no copy was made of yet: time alone will have one made.
    pub fn is_uncopied(&self) -> bool {
        let state = (self.watch.document, self.history.state());
        self.history.is_dirty() && self.watch.copied != Some(state)
    }

    fn copy_now(&mut self) {
        let watch = &mut self.watch;
        watch.copied = Some((watch.document, self.history.state()));
        watch.has_copy = true;
        watch.since = None;
        self.settings.ask(Job::Copy {
            graph: Box::new(self.graph.clone()),
            document: self.path.clone(),
            instead_of: watch.instead_of.take(),
        });
    }

    /// Another document was opened.
    pub(super) fn watch_another(&mut self) {
        self.watch.document += 1;
        self.watch.instead_of = None;
        self.watch.since = None;
        if let Some(path) = self.path.clone() {
            self.settings.ask(Job::Seek(path));
        }
    }

    /// Unsaved work could not be copied: said once, and tried again later.
    pub(super) fn not_copied(&mut self, text: String) {
        self.watch.copied = None;
        self.watch.since = Some(Duration::from_nanos(self.epoch.nanos()));
        if self.banners.iter().all(|it| it.text != text) {
            self.tell(text);
        }
    }

    /// What earlier runs of the program have left, and what was put aside.
    pub(super) fn recovered(&self) -> &[Recovered] {
        &self.recovered
    }

    /// Offers a copy.
    pub(super) fn offer(&mut self, found: Recovered) {
        if self.recovered.iter().any(|it| it.copy == found.copy) {
            return;
        }
        let text = words(&found);
        self.say(Urgency::Attention, "Recovery", None, text.clone());
        let offer = |words: &str, action| Offer {
            words: words.into(),
            action,
        };
        self.banners.insert(
            0,
            Banner {
                urgency: Urgency::Attention,
                text,
                is_dismissible: true,
                offers: vec![
                    offer("Open", Action::OpenRecovered(found.copy.clone())),
                    offer("Discard", Action::DiscardRecovered(found.copy.clone())),
                ],
            },
        );
        self.recovered.push(found);
    }

    /// A copy is dealt with: it is offered no longer.
    fn no_offer(&mut self, copy: &Path) {
        self.recovered.retain(|it| it.copy != copy);
        let is_about =
            |offer: &Offer| matches!(&offer.action, Action::OpenRecovered(it) if it == copy);
        self.banners
            .retain(|banner| !banner.offers.iter().any(is_about));
    }

    /// Opens a copy as the document it is of, unsaved. Work that is unsaved now is put aside and offered in turn.
    pub(super) fn open_recovered(&mut self, copy: &Path) {
        let Some(found) = self.recovered.iter().find(|it| it.copy == copy).cloned() else {
            self.tell(format!("There is no copy {} any more", copy.display()));
            return;
        };
        let loaded = match load(copy) {
            Ok(loaded) => loaded,
            Err(error) => return self.tell(error.to_string()),
        };
        if self.history.is_dirty() {
            self.settings.ask(Job::PutAside {
                graph: Box::new(self.graph.clone()),
                document: self.path.clone(),
            });
        }
        self.no_offer(copy);
        self.open_document(loaded.graph, found.document);
        self.history.mark_unsaved();
        self.watch.instead_of = Some(copy.to_owned());
        self.copy_now();
        for warning in loaded.warnings {
            self.say(Urgency::Attention, "Recovery", None, warning.to_string());
        }
    }

    pub(super) fn discard_recovered(&mut self, copy: &Path) {
        if self.recovered.iter().any(|it| it.copy == copy) {
            self.no_offer(copy);
            self.settings.ask(Job::Discard(copy.to_owned()));
        }
    }

    /// What a save to `path` takes the place of, if anything worth keeping.
    pub(super) fn before_save(&self, path: &Path, text: &str) -> Option<Vec<u8>> {
        self.folders()?;
        std::fs::read(path)
            .ok()
            .filter(|bytes| bytes != text.as_bytes())
    }

    /// Keeps it, off this thread.
    pub(super) fn keep_backup(&mut self, path: &Path, before: Option<Vec<u8>>) {
        if let Some(before) = before {
            self.settings.ask(Job::Backup(path.to_owned(), before));
        }
    }

    /// Where the earlier states of the document are kept, once it was saved over.
    pub fn backup_folder(&self) -> Option<PathBuf> {
        let folder = self.folders()?.state.join("backups");
        Some(Backups::folder_of(&folder, self.path.as_deref()?))
    }

    /// The earlier states of the document, oldest first. Looks at the disk.
    pub fn backups(&self) -> Vec<PathBuf> {
        self.backup_folder()
            .map(|it| states(&it))
            .unwrap_or_default()
    }

    /// Begins anew: with the user's own template, or empty.
    pub(super) fn begin_anew(&mut self) {
        let template = self.preferences().template.clone();
        let graph = match template.filter(|_| !self.is_safe) {
            None => Graph::default(),
            Some(path) => match load(&path) {
                Ok(loaded) => loaded.graph,
                Err(error) => {
                    self.tell(format!(
                        "New begins empty, since the template is missing: {error}"
                    ));
                    Graph::default()
                }
            },
        };
        self.open_document(graph, None);
    }

    /// Has New begin with the graph as it is now.
    pub(super) fn save_as_template(&mut self) {
        let Some(path) = self.folders().map(|it| it.settings.join("template.ron")) else {
            return self
                .tell("There is no folder for a template: start with --user-dir DIR".into());
        };
        let mut graph = self.graph.clone();
        // New has no file that paths could be relative to.
        move_paths(&mut graph, &self.catalogue, self.base().as_deref(), None);
        let folder = path.parent().map(std::fs::create_dir_all);
        // If there is no folder, writing says why.
        drop(folder);
        match save_atomically(&path, &to_ron(&graph)) {
            Ok(()) => {
                self.change_preferences(|it| it.template = Some(path));
                self.say(
                    Urgency::News,
                    "Template",
                    None,
                    "New begins with this graph from now on".into(),
                );
            }
            Err(error) => self.tell(error.to_string()),
        }
    }
}

/// What a banner says about a copy.
fn words(found: &Recovered) -> String {
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let what = match (&found.document, found.newer_by) {
        (Some(document), Some(by)) => {
            format!(
                "a copy of {} is there, newer by {} than what you saved",
                name(document),
                long(by)
            )
        }
        (Some(document), None) => {
            format!(
                "a copy of {} is there, {} old",
                name(document),
                long(found.age)
            )
        }
        (None, _) => format!(
            "a graph that was never saved is there, {} old",
            long(found.age)
        ),
    };
    if found.was_put_aside {
        format!("You put unsaved work aside: {what}.")
    } else {
        format!("KSGraph did not end well: {what}.")
    }
}

/// A length of time in the unit that tells most.
fn long(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds}\u{a0}s"),
        seconds @ 60..3600 => format!("{}\u{a0}min", seconds / 60),
        seconds @ 3600..172_800 => format!("{}\u{a0}h", seconds / 3600),
        seconds => format!("{}\u{a0}days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_tells_how_much_newer_a_copy_is() {
        let mut found = Recovered {
            copy: "/tmp/.song.ron.autosave".into(),
            document: Some("/tmp/song.ron".into()),
            newer_by: Some(Duration::from_secs(130)),
            age: Duration::from_secs(7300),
            was_put_aside: false,
        };
        assert_eq!(
            words(&found),
            "KSGraph did not end well: a copy of song.ron is there, newer by 2\u{a0}min than what you saved."
        );
        found.document = None;
        assert_eq!(
            words(&found),
            "KSGraph did not end well: a graph that was never saved is there, 2\u{a0}h old."
        );
    }
}
