//! A bank on its way to a synthesizer that plays already: read on a thread of its own, handed over when the audio thread is
//! ready for it, and let go of here when its last voice is over.
//!
//! ```text
//!   a path is chosen ─▶ thread: bytes, instruments ─▶ Loader ─▶ ring ─▶ Synth
//!                          (progress on the desk)       ▲─── ring ◀──── the one before
//! ```
//!
//! Where nobody listens, in a render, it is waited for instead: the same samples come out of any run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::time::Duration;

use super::banks::{self, Found};
use crate::dls::Loaded;
use crate::ks::{BankDesk, BankWord, DEFAULT_RATE_HZ, Loading, OpenError, Strike, grouped};

/// What is at hand is there from the first sample: so long it is waited for when the synthesizer is opened.
const AT_HAND: Duration = Duration::from_millis(200);
/// Threads that may wait for disks that do not answer.
const MOST_OUT: usize = 32;
static OUT: AtomicUsize = AtomicUsize::new(0);

/// The audio thread's ends.
pub(super) struct Ends {
    pub(super) first: Loaded,
    pub(super) banks: rtrb::Consumer<Loaded>,
    pub(super) spent: rtrb::Producer<Loaded>,
    pub(super) strikes: rtrb::Consumer<Strike>,
}

struct State {
    /// What was chosen last.
    wanted: Option<PathBuf>,
    /// Counts what was chosen; who comes back with an older one comes too late.
    ticket: u64,
    serial: u8,
    /// What the audio thread has not had room for.
    next: Option<Loaded>,
    banks: rtrb::Producer<Loaded>,
    spent: rtrb::Consumer<Loaded>,
}

/// Loads banks for one synthesizer.
pub(super) struct Loader {
    desk: BankDesk,
    rate_hz: u32,
    live: bool,
    state: Mutex<State>,
}

impl Loader {
    /// A loader and the ends of who plays what it loads; nothing is sent for.
    fn made(wanted: Option<PathBuf>, rate_hz: u32, live: bool, places: usize) -> (Arc<Self>, Ends) {
        let (desk, strikes) = BankDesk::new(places);
        // One on its way is enough: what comes behind it takes the place of what waits.
        let (banks, coming) = rtrb::RingBuffer::new(1);
        let (back, spent) = rtrb::RingBuffer::new(8);
        let loader = Arc::new(Self {
            desk,
            rate_hz,
            live,
            state: Mutex::new(State {
                wanted,
                ticket: 0,
                serial: 0,
                next: None,
                banks,
                spent,
            }),
        });
        let tended = Arc::downgrade(&loader);
        loader.desk.on_tend(move || {
            if let Some(loader) = tended.upgrade() {
                loader.hand_over(&mut loader.state());
            }
        });
        let ends = Ends {
            first: Loaded::default(),
            banks: coming,
            spent: back,
            strikes,
        };
        (loader, ends)
    }

    /// A loader for nobody: what it loads lies on its desk, ready for a synthesizer that is opened on the same file.
    pub(super) fn shelf(path: Option<PathBuf>) -> Arc<Self> {
        // Nothing is agreed yet: conditions in the bank are told the usual rate.
        let (loader, _) = Self::made(path.clone(), DEFAULT_RATE_HZ, true, 0);
        drop(loader.send_for(path));
        loader
    }

    /// A loader for a synthesizer with places for so many voices, which begins with the bank at a path; with words about it.
    ///
    /// # Errors
    /// [`OpenError::File`] where nobody listens and it cannot be had. Live it is told on the desk.
    pub(super) fn open(
        path: Option<PathBuf>,
        rate_hz: u32,
        live: bool,
        places: usize,
    ) -> Result<(Arc<Self>, Ends, Vec<String>), OpenError> {
        let (loader, mut ends) = Self::made(path.clone(), rate_hz, live, places);
        if path.is_some() && live {
            let done = loader.send_for(path);
            let _ = done.recv_timeout(AT_HAND);
            if let Ok(first) = ends.banks.pop() {
                ends.first = first;
            }
            return Ok((loader, ends, vec![]));
        }
        let found = banks::open(path.as_deref(), rate_hz)?;
        let remarks = found.remarks.clone();
        ends.first = loader.state().number(&found);
        loader.desk.loaded(ends.first.serial, found.sheet);
        Ok((loader, ends, remarks))
    }

    /// Where its bank is laid out.
    pub(super) fn desk(&self) -> BankDesk {
        self.desk.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another bank is chosen, or the same: then nothing happens.
    pub(super) fn want(self: &Arc<Self>, path: Option<PathBuf>) {
        {
            let mut state = self.state();
            if state.wanted == path {
                return;
            }
            state.wanted.clone_from(&path);
        }
        if self.live {
            drop(self.send_for(path));
            return;
        }
        let ticket = self.take_ticket();
        let found = banks::open(path.as_deref(), self.rate_hz);
        self.take_in(ticket, None, found.map_err(|error| error.to_string()));
    }

    fn take_ticket(&self) -> u64 {
        let mut state = self.state();
        state.ticket += 1;
        state.ticket
    }

    /// Sends a thread for a bank. What is given back ends when it is there.
    fn send_for(self: &Arc<Self>, path: Option<PathBuf>) -> mpsc::Receiver<()> {
        let ticket = self.take_ticket();
        let file = path.clone().unwrap_or_default();
        let loading = Arc::new(Loading::new(&file));
        self.desk.begins(loading.clone());
        let (done, is_done) = mpsc::channel::<()>();
        let (own, rate_hz) = (Arc::downgrade(self), self.rate_hz);
        let run = move || {
            let found = banks::load(path.as_deref(), rate_hz, &loading);
            OUT.fetch_sub(1, Ordering::AcqRel);
            if let Some(loader) = Weak::upgrade(&own) {
                let found = found.map_err(|reason| format!("{}: {reason}", file.display()));
                loader.take_in(ticket, Some(&file), found);
            }
            drop(done);
        };
        if OUT.fetch_add(1, Ordering::AcqRel) >= MOST_OUT {
            OUT.fetch_sub(1, Ordering::AcqRel);
            self.fail(
                ticket,
                "too many files are waited for whose disks do not answer".into(),
            );
            return is_done;
        }
        let thread = std::thread::Builder::new().name("bank".into());
        if let Err(error) = thread.spawn(run) {
            OUT.fetch_sub(1, Ordering::AcqRel);
            self.fail(
                ticket,
                format!("no thread could be begun to read it: {error}"),
            );
        }
        is_done
    }

    fn fail(&self, ticket: u64, why: String) {
        self.take_in(ticket, None, Err(why));
    }

    /// A bank has come, or not.
    fn take_in(&self, ticket: u64, file: Option<&Path>, found: Result<Found, String>) {
        let mut state = self.state();
        if state.ticket != ticket {
            return;
        }
        match found {
            Ok(found) => {
                let loaded = state.number(&found);
                let serial = loaded.serial;
                state.next = Some(loaded);
                self.hand_over(&mut state);
                drop(state);
                let mut words = vec![about(file, &found)];
                words.extend(found.remarks.iter().cloned());
                self.desk.loaded(serial, found.sheet);
                self.desk.say(BankWord::Loaded(words));
            }
            Err(why) => {
                drop(state);
                self.desk.ended(Some(why.clone()));
                self.desk.say(BankWord::Failed(why));
            }
        }
    }

    /// Hands over what waits, and lets go of what came back.
    fn hand_over(&self, state: &mut State) {
        while let Ok(spent) = state.spent.pop() {
            drop(spent);
        }
        if let Some(next) = state.next.take()
            && let Err(rtrb::PushError::Full(next)) = state.banks.push(next)
        {
            state.next = Some(next);
        }
    }
}

impl State {
    fn number(&mut self, found: &Found) -> Loaded {
        self.serial = self.serial.checked_add(1).unwrap_or(1);
        Loaded {
            bank: found.bank.clone(),
            serial: self.serial,
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // Nobody plays it any more.
        self.desk.ended(None);
    }
}

/// What has come, in words.
fn about(file: Option<&Path>, found: &Found) -> String {
    let name = file.and_then(Path::file_name).unwrap_or_default();
    let name = match name.is_empty() {
        true => "General MIDI".into(),
        false => name.to_string_lossy(),
    };
    let count = |count: usize| grouped(u32::try_from(count).unwrap_or(u32::MAX));
    let (instruments, regions) = (found.sheet.instruments.len(), found.sheet.regions);
    format!(
        "{name} is loaded: {} instruments, {} regions",
        count(instruments),
        count(regions)
    )
}
