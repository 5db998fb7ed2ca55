//! Copies of unsaved work, and how a run of the program that did not end well is known by the next one.
//!
//! Every run has a folder with a file it holds locked while it lives: the system lets go of the lock however the run ends,
//! so a folder whose lock is free is of a run that is over. On a disk without locks the folder says which process it is of. A run that ends as it should takes its folder along; one that
//! is left behind names the copies that are worth offering. A copy lies beside its document, or in the run's folder when
//! the document has no file or its folder takes none.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::store::lock;
use crate::graph::{Process, save_atomically, sweep};

/// Copies of one document that may lie beside it, by runs that know nothing of each other.
const BESIDE: u32 = 20;

/// Unsaved work that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recovered {
    /// The copy.
    pub copy: PathBuf,
    /// The file it is a copy of; `None` if it was never saved.
    pub document: Option<PathBuf>,
    /// How much newer than that file it is; `None` if it is not, or if there is no file.
    pub newer_by: Option<Duration>,
    /// How old it is.
    pub age: Duration,
    /// Whether the user put it aside by opening another copy; else a run did not end well.
    pub was_put_aside: bool,
}

/// What a run writes down about itself.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Note {
    process: Process,
    /// Seconds since 1970.
    started: u64,
    copies: Vec<Copy>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Copy {
    copy: PathBuf,
    document: Option<PathBuf>,
    #[serde(default)]
    is_put_aside: bool,
}

type Lock = fn(&File) -> Result<(), TryLockError>;

/// How a disk locks files: for one, and for several that only look.
#[derive(Clone, Copy)]
struct Locks {
    alone: Lock,
    shared: Lock,
}

/// The run of this program.
pub(super) struct Session {
    /// All runs.
    sessions: PathBuf,
    /// This one's folder.
    folder: PathBuf,
    note: Note,
    current: Option<Copy>,
    /// Runs that are over and have copies left. Their locks are held, so that no second run offers the same.
    left: Vec<Left>,
    /// Held locked while the run lasts.
    lock: Option<File>,
    locks: Locks,
}

/// A run that is over.
struct Left {
    folder: PathBuf,
    copies: Vec<Copy>,
    _lock: File,
}

/// What earlier runs have left.
#[derive(Default)]
pub(super) struct Legacy {
    /// Copies worth offering.
    pub(super) found: Vec<Recovered>,
    /// Whether a run did not end well, copies or not.
    pub(super) has_crashed: bool,
}

impl Session {
    /// Begins a run; looks what earlier ones have left.
    pub(super) fn begin(sessions: PathBuf) -> Result<(Self, Legacy), String> {
        let locks = Locks {
            alone: File::try_lock,
            shared: File::try_lock_shared,
        };
        Self::begin_with(sessions, locks)
    }

    /// The same on a disk with locks of some kind.
    fn begin_with(sessions: PathBuf, locks: Locks) -> Result<(Self, Legacy), String> {
        let failed = |path: &Path, error: &dyn std::fmt::Display| {
            format!(
                "Unsaved work will not be copied: {} cannot be made: {error}",
                path.display()
            )
        };
        fs::create_dir_all(&sessions).map_err(|error| failed(&sessions, &error))?;
        // Nobody may look between the making of a folder and its lock.
        let _all = lock(&sessions.join("lock"));
        let mut legacy = Legacy::default();
        let left = left_behind(&sessions, locks, &mut legacy);
        let started = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let pid = std::process::id();
        let (folder, held) = own_folder(&sessions, &format!("{}-{pid}", started.as_secs()), locks)
            .map_err(|error| failed(&sessions, &error))?;
        let session = Self {
            sessions,
            folder,
            note: Note {
                process: Process::own(),
                started: started.as_secs(),
                copies: vec![],
            },
            current: None,
            left,
            lock: Some(held),
            locks,
        };
        session.write_note()?;
        Ok((session, legacy))
    }

    fn write_note(&self) -> Result<(), String> {
        let failed = |reason: String| format!("Unsaved work cannot be copied: {reason}");
        let text = ron::ser::to_string_pretty(&self.note, ron::ser::PrettyConfig::new())
            .map_err(|error| failed(error.to_string()))?;
        save_atomically(&self.folder.join("session.ron"), &(text + "\n"))
            .map_err(|error| failed(error.to_string()))
    }

    /// Writes `text` as the copy of a document, in place of the copy there is.
    pub(super) fn copy(&mut self, text: &str, document: Option<&Path>) -> Result<(), String> {
        if let Some(current) = &self.current
            && current.document.as_deref() == document
            && save_atomically(&current.copy, text).is_ok()
        {
            return Ok(());
        }
        let old = self.current.take();
        let beside = document.and_then(|document| self.beside(document));
        let own = self.folder.join("unsaved.ron");
        let mut reason = String::new();
        // A path that is no text cannot be noted down: such a copy lies where it is found anyway.
        let is_text = |path: &Path| path.to_str().is_some();
        for copy in beside.filter(|it| is_text(it)).into_iter().chain([own]) {
            let copy = Copy {
                copy,
                document: document.filter(|it| is_text(it)).map(Path::to_owned),
                is_put_aside: false,
            };
            // Noted first: a copy that nobody knows of helps nobody.
            self.note.copies.push(copy.clone());
            self.write_note()?;
            match save_atomically(&copy.copy, text) {
                Ok(()) => {
                    self.current = Some(copy);
                    break;
                }
                Err(error) => {
                    self.note.copies.pop();
                    reason = error.to_string();
                }
            }
        }
        if self.current.is_none() {
            self.current = old;
            return Err(format!("Unsaved work cannot be copied: {reason}"));
        }
        if let Some(old) = old {
            self.drop_copy(&old);
        }
        Ok(())
    }

    /// A name beside the document that no other copy has.
    fn beside(&self, document: &Path) -> Option<PathBuf> {
        beside(document).find(|path| !path.exists())
    }

    /// Takes the copy away: the document is saved, or its changes are not wanted.
    pub(super) fn no_copy(&mut self) {
        if let Some(current) = self.current.take() {
            self.drop_copy(&current);
        }
    }

    fn drop_copy(&mut self, copy: &Copy) {
        let is_still_used = self.current.as_ref().is_some_and(|it| it.copy == copy.copy);
        if !is_still_used {
            let _ = fs::remove_file(&copy.copy); // It may be gone already.
        }
        if let Some(at) = self.note.copies.iter().position(|it| it == copy) {
            self.note.copies.remove(at);
        }
        let _ = self.write_note(); // A copy that is noted and not there is not offered.
    }

    /// Keeps work that another document takes the place of.
    pub(super) fn put_aside(
        &mut self,
        text: &str,
        document: Option<&Path>,
    ) -> Result<Recovered, String> {
        let names = (1..u32::MAX).map(|number| self.folder.join(format!("put-aside-{number}.ron")));
        let copy = Copy {
            copy: names
                .into_iter()
                .find(|it| !it.exists())
                .unwrap_or_default(),
            document: document
                .filter(|it| it.to_str().is_some())
                .map(Path::to_owned),
            is_put_aside: true,
        };
        save_atomically(&copy.copy, text).map_err(|error| error.to_string())?;
        self.note.copies.push(copy.clone());
        self.write_note()?;
        Ok(look(&copy))
    }

    /// Copies beside a document that no living run has, and that say something else than it does.
    pub(super) fn seek(&self, document: &Path) -> Vec<Recovered> {
        // Whoever was killed while it saved here has left what it wrote.
        document.parent().map(sweep);
        let taken: Vec<PathBuf> = live_copies(&self.sessions, &self.folder, self.locks)
            .into_iter()
            .chain(self.current.iter().map(|it| it.copy.clone()))
            .chain(
                self.left
                    .iter()
                    .flat_map(|it| &it.copies)
                    .map(|it| it.copy.clone()),
            )
            .collect();
        let copies = beside(document)
            .filter(|path| path.is_file() && !taken.contains(path))
            .map(|copy| Copy {
                copy,
                document: Some(document.to_owned()),
                is_put_aside: false,
            });
        copies.filter(is_worth).map(|copy| look(&copy)).collect()
    }

    /// Throws a copy away, and what is left of its run if it was the last.
    pub(super) fn discard(&mut self, copy: &Path) {
        let _ = fs::remove_file(copy); // It may be gone already.
        for left in &mut self.left {
            left.copies.retain(|it| it.copy != copy);
            if left.copies.is_empty() {
                let _ = fs::remove_dir_all(&left.folder); // Empty folders do no harm.
            }
        }
        self.left.retain(|left| !left.copies.is_empty());
        self.note.copies.retain(|it| it.copy != copy);
        let _ = self.write_note();
    }

    /// Ends the run as it should: nothing is left, but what was put aside.
    pub(super) fn end(&mut self) {
        self.no_copy();
        self.lock = None;
        if self.note.copies.iter().all(|it| !it.copy.is_file()) {
            let _ = fs::remove_dir_all(&self.folder); // Then the next run removes it.
        }
    }
}

/// The names a copy beside a document may have.
fn beside(document: &Path) -> impl Iterator<Item = PathBuf> {
    let name = document
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let folder = document.parent().map(Path::to_owned).unwrap_or_default();
    (1..=BESIDE).map(move |number| {
        let more = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        folder.join(format!(".{name}.autosave{more}"))
    })
}

/// A folder for this run, locked.
fn own_folder(sessions: &Path, name: &str, locks: Locks) -> std::io::Result<(PathBuf, File)> {
    let mut attempt = 1;
    loop {
        let folder = sessions.join(format!("{name}-{attempt}"));
        match fs::create_dir(&folder) {
            Ok(()) => {
                let file = File::create(folder.join("lock"))?;
                // Nobody else has it yet; a disk without locks goes by the process.
                let _ = (locks.alone)(&file);
                return Ok((folder, file));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && attempt < 1000 => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// The folders of runs.
fn folders(sessions: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(sessions).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .map(|it| it.path())
        .filter(|it| it.is_dir())
        .collect();
    folders.sort();
    folders
}

fn note(folder: &Path) -> Note {
    let text = fs::read_to_string(folder.join("session.ron")).unwrap_or_default();
    ron::from_str(&text).unwrap_or_default()
}

/// Runs that are over: those with copies worth offering are held, the others removed.
fn left_behind(sessions: &Path, locks: Locks, legacy: &mut Legacy) -> Vec<Left> {
    let mut all = vec![];
    for folder in folders(sessions) {
        let Ok(file) = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("lock"))
        else {
            continue;
        };
        // What nobody can say anything of is not ours to offer.
        if !is_over(&folder, (locks.alone)(&file)) {
            continue;
        }
        let (copies, useless): (Vec<Copy>, Vec<Copy>) =
            note(&folder).copies.into_iter().partition(is_worth);
        for copy in useless {
            let _ = fs::remove_file(copy.copy); // Nothing is lost by it staying.
        }
        legacy.has_crashed |= copies.iter().all(|it| !it.is_put_aside);
        if copies.is_empty() {
            let _ = fs::remove_dir_all(&folder); // The next run tries again.
            continue;
        }
        legacy.found.extend(copies.iter().map(look));
        all.push(Left {
            folder,
            copies,
            _lock: file,
        });
    }
    all
}

/// Whether the run of a folder is over, by what came of locking it.
fn is_over(folder: &Path, lock: Result<(), TryLockError>) -> bool {
    match lock {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => note(folder).process.has_ended(),
    }
}

/// Copies of other runs that live.
fn live_copies(sessions: &Path, own: &Path, locks: Locks) -> Vec<PathBuf> {
    let others = folders(sessions).into_iter().filter(|it| it != own);
    let living = others.filter(|folder| {
        let file = File::open(folder.join("lock"));
        file.is_ok_and(|file| !is_over(folder, (locks.shared)(&file)))
    });
    living
        .flat_map(|folder| note(&folder).copies)
        .map(|it| it.copy)
        .collect()
}

/// Whether the copy is there and says something else than its document.
fn is_worth(copy: &Copy) -> bool {
    let Ok(text) = fs::read(&copy.copy) else {
        return false;
    };
    let saved = copy
        .document
        .as_ref()
        .and_then(|document| fs::read(document).ok());
    saved.is_none_or(|saved| saved != text)
}

fn look(copy: &Copy) -> Recovered {
    let modified = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).ok();
    let written = modified(&copy.copy);
    let saved = copy.document.as_deref().and_then(modified);
    let newer_by = match (written, saved) {
        (Some(written), Some(saved)) => written.duration_since(saved).ok(),
        _ => None,
    };
    Recovered {
        copy: copy.copy.clone(),
        document: copy.document.clone(),
        newer_by,
        age: written.and_then(|it| it.elapsed().ok()).unwrap_or_default(),
        was_put_aside: copy.is_put_aside,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::app::settings_tests::Scratch;

    #[test]
    fn on_a_disk_without_locks_the_process_tells_whether_a_run_is_over() {
        let refuse: Lock = |_| Err(TryLockError::Error(std::io::ErrorKind::Unsupported.into()));
        let locks = Locks {
            alone: refuse,
            shared: refuse,
        };
        let scratch = Scratch::new("lockless");
        let folder = scratch.0.join("sessions");
        let (mut first, found) = Session::begin_with(folder.clone(), locks).unwrap();
        assert!(!found.has_crashed);
        first.copy("unsaved work", None).unwrap();
        // It lives, and so nobody else offers what it has.
        let (second, found) = Session::begin_with(folder.clone(), locks).unwrap();
        assert!(!found.has_crashed && found.found.is_empty());
        drop(second);
        // As if another process had written it, one that is over.
        let note = first.folder.join("session.ron");
        let text = fs::read_to_string(&note).unwrap();
        let own = format!("pid: {}", std::process::id());
        assert!(text.contains(&own), "{text}");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let dead = text.replacen(&own, &format!("pid: {}", child.id()), 1);
        fs::write(&note, dead).unwrap();
        let (_, found) = Session::begin_with(folder, locks).unwrap();
        assert!(found.has_crashed);
        assert_eq!(found.found.len(), 1);
        let copy = fs::read_to_string(&found.found[0].copy).unwrap();
        assert_eq!(copy, "unsaved work");
    }
}
