//! The settings' file. Several instances of the program may write it: each puts its own changes into what stands there,
//! under a lock, so that none undoes what another has set.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::preferences::{Preferences, RECENT, join, split};
use crate::graph::save_atomically;

/// The longest settings' file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;
/// How long another instance may hold the lock, in steps of 10 ms.
const LOCK_STEPS: u32 = 200;

/// The settings' file, and what this instance last knew of its own settings.
pub(super) struct Store {
    path: PathBuf,
    last: BTreeMap<String, String>,
    last_recent: Vec<PathBuf>,
}

impl Store {
    /// Reads the file. Whatever is wrong with it, there are settings; the sentences say what was wrong.
    pub(super) fn open(path: PathBuf) -> (Self, Preferences, Vec<String>) {
        let (preferences, notes) = match read(&path) {
            Ok(None) => (Preferences::default(), vec![]),
            Ok(Some(text)) => match Preferences::from_ron(&text) {
                Ok(read) => read,
                Err(reason) => (Preferences::default(), vec![set_aside(&path, &reason)]),
            },
            Err(Trouble::Damaged(reason)) => {
                (Preferences::default(), vec![set_aside(&path, &reason)])
            }
            Err(Trouble::Disk(reason)) => {
                let text = format!(
                    "The settings in {} cannot be read: {reason}",
                    path.display()
                );
                (Preferences::default(), vec![text])
            }
        };
        let mut store = Self {
            path,
            last: BTreeMap::new(),
            last_recent: vec![],
        };
        store.know(&preferences);
        (store, preferences, notes)
    }

    fn know(&mut self, preferences: &Preferences) {
        self.last = texts(preferences);
        self.last_recent.clone_from(&preferences.recent);
    }

    /// Puts what this instance has changed into the file.
    pub(super) fn write(&mut self, ours: &Preferences) -> Result<(), String> {
        let failed = |reason: String| format!("The settings are not saved: {reason}");
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)
                .map_err(|error| failed(format!("{} cannot be made: {error}", folder.display())))?;
        }
        let _lock = lock(&self.path.with_extension("lock"));
        let mut fields = match read(&self.path).and_then(|text| match text {
            Some(text) => split(&text).map_err(Trouble::Damaged),
            None => Ok(BTreeMap::new()),
        }) {
            Ok(fields) => fields,
            Err(Trouble::Damaged(reason)) => {
                set_aside(&self.path, &reason);
                self.last.clone()
            }
            Err(Trouble::Disk(reason)) => return Err(failed(reason)),
        };
        // Both have opened files: neither list may push out the other's.
        let mut ours = ours.clone();
        let theirs: Vec<PathBuf> = fields
            .get("recent")
            .and_then(|text| ron::from_str(text).ok())
            .unwrap_or_default();
        for path in theirs {
            if !ours.recent.contains(&path) && !self.last_recent.contains(&path) {
                ours.recent.push(path);
            }
        }
        ours.recent.truncate(RECENT);
        let texts = texts(&ours);
        for (name, text) in &texts {
            if self.last.get(name) != Some(text) || !fields.contains_key(name) {
                fields.insert(name.clone(), text.clone());
            }
        }
        let text = join(
            fields
                .iter()
                .map(|(name, text)| (name.as_str(), text.as_str())),
        );
        save_atomically(&self.path, &text).map_err(|error| failed(error.to_string()))?;
        self.know(&ours);
        Ok(())
    }
}

fn texts(preferences: &Preferences) -> BTreeMap<String, String> {
    let texts = preferences.texts().into_iter();
    texts.map(|(name, text)| (name.to_owned(), text)).collect()
}

enum Trouble {
    /// It is no such file.
    Damaged(String),
    /// The disk says no.
    Disk(String),
}

/// The text of the file; nothing where there is none.
fn read(path: &Path) -> Result<Option<String>, Trouble> {
    let disk = |error: std::io::Error| Trouble::Disk(error.to_string());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(disk(error)),
    };
    let mut bytes = vec![];
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(disk)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Trouble::Damaged(format!(
            "it is longer than {MAX_BYTES} bytes"
        )));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Trouble::Damaged("it is no text".into())),
    }
}

/// Moves a damaged file out of the way; says where to.
fn set_aside(path: &Path, reason: &str) -> String {
    let free = (1..100)
        .map(|number| path.with_extension(format!("damaged-{number}.ron")))
        .find(|it| !it.exists())
        .unwrap_or_else(|| path.with_extension("damaged.ron"));
    let moved = fs::rename(path, &free);
    let became = match moved {
        Ok(()) => format!("The file is now {}", free.display()),
        Err(error) => format!("It could not be moved aside: {error}"),
    };
    format!(
        "The settings in {} are damaged ({reason}); the built-in ones are used. {became}",
        path.display()
    )
}

/// Waits for the other instances, but not for ever: one that hangs must not keep settings from being saved.
pub(super) fn lock(path: &Path) -> Option<File> {
    let file = File::create(path).ok()?;
    for _ in 0..LOCK_STEPS {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            // A disk without locks.
            Err(fs::TryLockError::Error(_)) => return None,
        }
    }
    None
}
