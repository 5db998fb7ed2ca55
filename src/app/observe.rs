//! The worker that looks: probes files, enumerates devices, and posts what it found. Nothing else in the program does
//! such I/O while a graph is open.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use crate::ks::{Bell, Facts, FileFact};
use crate::stream::errand;

/// How often devices are looked for while one is missing.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How often it is looked whether anything about them has changed.
const GLANCE: Duration = Duration::from_secs(2);
/// Time that the machine's clock went on for while ours stood: it slept. Less is the coarseness of the two.
const SLEPT: Duration = Duration::from_millis(1500);

/// The looking itself, handed in so that tests need no machine.
pub struct Eyes {
    /// What a file is.
    pub probe: fn(&Path) -> FileFact,
    /// The devices of the machine; only `devices` and `midi_inputs` are used.
    pub devices: Box<dyn Fn() -> Facts + Send>,
    /// The same when something about them seems to have changed since either was asked last. Cheap: nothing is opened
    /// that may be in use.
    pub glance: Box<dyn FnMut() -> Option<Facts> + Send>,
    /// Time on two clocks: one that stands while the machine sleeps, and one that goes on.
    pub clocks: Box<dyn FnMut() -> (Duration, Duration) + Send>,
}

impl Eyes {
    /// Eyes that see a machine which changes only when it is asked, and never sleeps.
    pub fn new(probe: fn(&Path) -> FileFact, devices: impl Fn() -> Facts + Send + 'static) -> Self {
        Self {
            probe,
            devices: Box::new(devices),
            glance: Box::new(|| None),
            clocks: Box::new(|| (Duration::ZERO, Duration::ZERO)),
        }
    }

    /// The same with a glance.
    pub fn glance(mut self, glance: impl FnMut() -> Option<Facts> + Send + 'static) -> Self {
        self.glance = Box::new(glance);
        self
    }

    /// The same with clocks.
    pub fn clocks(mut self, clocks: impl FnMut() -> (Duration, Duration) + Send + 'static) -> Self {
        self.clocks = Box::new(clocks);
        self
    }
}

enum Wish {
    Probe(PathBuf),
    Devices,
    /// Keep looking for devices, or stop doing so.
    Watch(bool),
    /// Say when the files of this folder are others than these.
    Folder(PathBuf, Files),
}

/// What was found.
pub(super) enum Observation {
    File(PathBuf, FileFact),
    Devices(Box<Facts>),
    /// The files of the folder that is watched are others now.
    Folder,
    /// The machine slept for so long.
    Slept(Duration),
}

/// The worker. It ends when this is dropped.
pub(super) struct Observer {
    wishes: mpsc::Sender<Wish>,
    found: mpsc::Receiver<Observation>,
    /// Rung with every observation.
    pub(super) bell: Bell,
    asked: BTreeSet<PathBuf>,
    /// Answers that are still to come, by file.
    owed: BTreeMap<PathBuf, usize>,
}

impl Observer {
    pub(super) fn start(eyes: Eyes) -> std::io::Result<Self> {
        let (wishes, wish_end) = mpsc::channel();
        let (found_end, found) = mpsc::channel();
        let bell = Bell::default();
        let tell = Tell(found_end, bell.clone());
        std::thread::Builder::new()
            .name("observer".into())
            .spawn(move || look(eyes, &wish_end, &tell))?;
        Ok(Self {
            wishes,
            found,
            bell,
            asked: BTreeSet::new(),
            owed: BTreeMap::new(),
        })
    }

    /// Has a file probed, once.
    pub(super) fn probe(&mut self, path: PathBuf) {
        if self.asked.insert(path.clone()) {
            *self.owed.entry(path.clone()).or_default() += 1;
            let _ = self.wishes.send(Wish::Probe(path));
        }
    }

    /// Whether a file is still being looked at.
    pub(super) fn owes(&self, path: &Path) -> bool {
        self.owed.contains_key(path)
    }

    /// Has one file probed again, whatever is known of it.
    pub(super) fn probe_again(&mut self, path: PathBuf) {
        self.asked.remove(&path);
        self.probe(path);
    }

    /// Has every file probed again when it is asked for next.
    pub(super) fn forget_files(&mut self) {
        self.asked.clear();
    }

    pub(super) fn devices(&self) {
        let _ = self.wishes.send(Wish::Devices);
    }

    pub(super) fn watch(&self, is_on: bool) {
        let _ = self.wishes.send(Wish::Watch(is_on));
    }

    /// Has it said when files of a folder come, go or change from now on, whenever the thread gets to it.
    pub(super) fn watch_folder(&self, folder: PathBuf) {
        let files = files_of(&folder);
        let _ = self.wishes.send(Wish::Folder(folder, files));
    }

    /// The next thing that was found. Of a file that was asked for again meanwhile only the last answer counts.
    pub(super) fn observation(&mut self) -> Option<Observation> {
        loop {
            let found = self.found.try_recv().ok()?;
            let Observation::File(path, _) = &found else {
                return Some(found);
            };
            let owed = self.owed.get(path).map_or(0, |owed| owed.saturating_sub(1));
            if owed == 0 {
                self.owed.remove(path);
                return Some(found);
            }
            self.owed.insert(path.clone(), owed);
        }
    }
}

/// Where what was found goes.
struct Tell(mpsc::Sender<Observation>, Bell);

impl Tell {
    /// Sends it; says whether anybody is there.
    fn send(&self, found: Observation) -> bool {
        let is_heard = self.0.send(found).is_ok();
        self.1.ring();
        is_heard
    }
}

/// Names, lengths and dates of the files of a folder.
type Files = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

fn files_of(folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let found = entries.filter_map(|entry| {
        let about = entry.metadata().ok()?;
        Some((entry.path(), (about.len(), about.modified().ok())))
    });
    found.collect()
}

/// Files that are not there, with their length when they were last seen to be: one that is still being written grows.
#[derive(Default)]
struct Absent(BTreeMap<PathBuf, Option<u64>>);

impl Absent {
    /// Notes what a look at a file gave, and whether it is there at all.
    fn note(&mut self, path: &Path, fact: &FileFact, is_there: bool) {
        match fact {
            FileFact::Unusable(_) if !is_there => self.0.insert(path.to_owned(), None),
            _ => self.0.remove(path),
        };
    }

    /// Those that have come, and grow no more.
    fn come(&mut self, lengths: &[Option<u64>]) -> Vec<PathBuf> {
        let mut come = vec![];
        for ((path, before), now) in self.0.iter_mut().zip(lengths) {
            if now.is_some() && *before == *now {
                come.push(path.clone());
            }
            *before = *now;
        }
        self.0.retain(|path, _| !come.contains(path));
        come
    }
}

/// The lengths of files that are there; `None` where a disk does not answer.
fn lengths(files: Vec<PathBuf>) -> Option<Vec<Option<u64>>> {
    let place = files.first()?.clone();
    let length = |path: &PathBuf| std::fs::metadata(path).ok().map(|it| it.len());
    let look = move || files.iter().map(length).collect();
    errand::in_time(&place, errand::patience(true), look).ok()
}

fn look(mut eyes: Eyes, wishes: &mpsc::Receiver<Wish>, found: &Tell) {
    let mut is_watching = false;
    // Files whose disk did not answer: they are looked at again once it has.
    let mut out: BTreeSet<PathBuf> = BTreeSet::new();
    let mut absent = Absent::default();
    let mut clocks = (eyes.clocks)();
    let mut folder: Option<(PathBuf, Files)> = None;
    loop {
        let pause = if is_watching { LOOK_AGAIN } else { GLANCE };
        let wish = match wishes.recv_timeout(pause) {
            Ok(wish) => Some(wish),
            Err(mpsc::RecvTimeoutError::Timeout) => None,
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        };
        let before = std::mem::replace(&mut clocks, (eyes.clocks)());
        let stood = clocks.0.saturating_sub(before.0);
        let slept = clocks.1.saturating_sub(before.1).saturating_sub(stood);
        if slept > SLEPT && !found.send(Observation::Slept(slept)) {
            return;
        }
        let back = out.iter().find(|path| !errand::is_out(path)).cloned();
        if let Some(path) = back {
            out.remove(&path);
            let fact = (eyes.probe)(&path);
            if !found.send(Observation::File(path, fact)) {
                return;
            }
        }
        if wish.is_none()
            && let Some((path, before)) = &mut folder
        {
            let files = files_of(path);
            let is_other = files != *before;
            *before = files;
            if is_other && !found.send(Observation::Folder) {
                return;
            }
        }
        if wish.is_none()
            && let Some(now) = lengths(absent.0.keys().cloned().collect())
        {
            for path in absent.come(&now) {
                let fact = (eyes.probe)(&path);
                if !found.send(Observation::File(path, fact)) {
                    return;
                }
            }
        }
        let observation = match wish {
            Some(Wish::Probe(path)) => {
                let fact = (eyes.probe)(&path);
                let is_out = errand::is_out(&path);
                if is_out {
                    out.insert(path.clone());
                }
                let is_there = || lengths(vec![path.clone()]).is_none_or(|it| it[0].is_some());
                absent.note(&path, &fact, is_out || is_there());
                Observation::File(path, fact)
            }
            Some(Wish::Watch(is_on)) => {
                is_watching = is_on;
                continue;
            }
            Some(Wish::Folder(path, files)) => {
                folder = Some((path, files));
                continue;
            }
            Some(Wish::Devices) => Observation::Devices(Box::new((eyes.devices)())),
            None if is_watching || slept > SLEPT => {
                Observation::Devices(Box::new((eyes.devices)()))
            }
            None => match (eyes.glance)() {
                Some(facts) => Observation::Devices(Box::new(facts)),
                None => continue,
            },
        };
        if !found.send(observation) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_not_there_is_looked_at_when_it_has_come_and_grows_no_more() {
        let mut absent = Absent::default();
        let missing = FileFact::Unusable("it is not there".into());
        let (song, sound) = (Path::new("/a.mid"), Path::new("/b.wav"));
        absent.note(song, &missing, false);
        absent.note(sound, &missing, false);
        assert!(absent.come(&[None, None]).is_empty());
        assert!(absent.come(&[Some(5), None]).is_empty(), "just come");
        assert!(absent.come(&[Some(9), None]).is_empty(), "still written");
        assert_eq!(absent.come(&[Some(9), Some(2)]), [song]);
        assert_eq!(absent.come(&[Some(2)]), [sound]);
        assert!(absent.come(&[]).is_empty());
        // What is there and broken is not looked for, nor what is used.
        absent.note(song, &missing, true);
        absent.note(sound, &missing, false);
        absent.note(sound, &FileFact::Bank, true);
        assert!(absent.0.is_empty());
    }

    #[test]
    fn what_changes_in_a_folder_before_the_watch_begins_is_noticed() {
        let folder = std::env::temp_dir().join(format!("ksgraph-watch-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // It is held up with something else until the file is there.
        let (go_on, held_up) = mpsc::channel::<()>();
        let devices = move || {
            let _ = held_up.recv();
            Facts::nominal()
        };
        let observer = Observer::start(Eyes::new(|_| FileFact::Bank, devices)).unwrap();
        observer.devices();
        observer.watch_folder(folder.clone());
        std::fs::write(folder.join("new.ron"), "new").unwrap();
        drop(go_on);
        let found = || observer.found.recv_timeout(Duration::from_secs(10)).ok();
        let is_noticed = std::iter::from_fn(found).any(|it| matches!(it, Observation::Folder));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(is_noticed);
    }
}
