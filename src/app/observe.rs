//! The worker that looks: probes files, enumerates devices, and posts what it found. Nothing else in the program does
//! such I/O while a graph is open.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use crate::ks::{Facts, FileFact};

/// How often devices are looked for while one is missing.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The looking itself, handed in so that tests need no machine.
pub struct Eyes {
    /// What a file is.
    pub probe: fn(&Path) -> FileFact,
    /// The devices of the machine; only `devices` and `midi_inputs` are used.
    pub devices: Box<dyn Fn() -> Facts + Send>,
}

impl Eyes {
    /// Eyes that see a machine.
    pub fn new(probe: fn(&Path) -> FileFact, devices: impl Fn() -> Facts + Send + 'static) -> Self {
        Self {
            probe,
            devices: Box::new(devices),
        }
    }
}

enum Wish {
    Probe(PathBuf),
    Devices,
    /// Keep looking for devices, or stop doing so.
    Watch(bool),
}

/// What was found.
pub(super) enum Observation {
    File(PathBuf, FileFact),
    Devices(Box<Facts>),
}

/// The worker. It ends when this is dropped.
pub(super) struct Observer {
    wishes: mpsc::Sender<Wish>,
    found: mpsc::Receiver<Observation>,
    asked: BTreeSet<PathBuf>,
}

impl Observer {
    pub(super) fn start(eyes: Eyes) -> std::io::Result<Self> {
        let (wishes, wish_end) = mpsc::channel();
        let (found_end, found) = mpsc::channel();
        std::thread::Builder::new()
            .name("observer".into())
            .spawn(move || look(&eyes, &wish_end, &found_end))?;
        Ok(Self {
            wishes,
            found,
            asked: BTreeSet::new(),
        })
    }

    /// Has a file probed, once.
    pub(super) fn probe(&mut self, path: PathBuf) {
        if self.asked.insert(path.clone()) {
            let _ = self.wishes.send(Wish::Probe(path));
        }
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

    pub(super) fn observation(&self) -> Option<Observation> {
        self.found.try_recv().ok()
    }
}

fn look(eyes: &Eyes, wishes: &mpsc::Receiver<Wish>, found: &mpsc::Sender<Observation>) {
    let mut is_watching = false;
    loop {
        let wish = if is_watching {
            match wishes.recv_timeout(LOOK_AGAIN) {
                Err(mpsc::RecvTimeoutError::Timeout) => Wish::Devices,
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
                Ok(wish) => wish,
            }
        } else {
            let Ok(wish) = wishes.recv() else { return };
            wish
        };
        let observation = match wish {
            Wish::Probe(path) => {
                let fact = (eyes.probe)(&path);
                Observation::File(path, fact)
            }
            Wish::Devices => Observation::Devices(Box::new((eyes.devices)())),
            Wish::Watch(is_on) => {
                is_watching = is_on;
                continue;
            }
        };
        if found.send(observation).is_err() {
            return;
        }
    }
}
