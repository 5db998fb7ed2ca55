//! What the audio thread and the worker share: the wanted state, counters, the frames' rings. No lock.
//!
//! A *run* is the time between two Stops; for a reading stream every seek begins another one. Frames carry the number of
//! their run, so what was read ahead before a Stop or a seek is never heard after it. Within a run a loop makes *rounds*:
//! the worker reads round by itself, and frames say in which round they are.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::Thread;

use super::frame::Frame;
use crate::ks::{RATE_UNITY, State};

/// The published numbers of a filter in the class driver, by index.
pub mod cell {
    /// Where the stream is, in seconds: in a file, the place in the file.
    pub const POSITION: usize = 0;
    /// How long it is in seconds; 0 when nobody knows.
    pub const LENGTH: usize = 1;
    /// Samples that were missing, or dropped, for the worker was late.
    pub const LOST: usize = 2;
    /// Frames waiting for the audio thread to read, or for the worker to write.
    pub const WAITING: usize = 3;
    /// Data requests handed to the minidriver.
    pub const ISSUED: usize = 4;
    /// Data requests it answered with SUCCESS.
    pub const DONE: usize = 5;
    /// Data requests that were cancelled, waiting or handed over.
    pub const CANCELLED: usize = 6;
    /// Data requests that failed, or took too long.
    pub const FAILED: usize = 7;
    /// How many there are.
    pub const COUNT: usize = 8;
}

/// Where a stream is to be, in samples of its own rate.
#[derive(Debug, Default)]
struct Place {
    sought: AtomicU64,
    loop_begin: AtomicU64,
    /// Where the round ends that was entered by a seek; at another rate that is not where the others do.
    first_end: AtomicU64,
    /// 0: there is no loop.
    loop_end: AtomicU64,
}

/// Numbers runs: Stops in the upper bits, seeks since the last of them in the lower.
pub(super) mod run {
    const SEEKS: u32 = 28;

    /// The run behind the next Stop.
    pub(in crate::stream) const fn behind_stop(run: u64) -> u64 {
        ((run >> SEEKS) + 1) << SEEKS
    }

    /// The run that began with the last Stop: that of a writing stream, which knows no seeks.
    pub(in crate::stream) const fn since_stop(run: u64) -> u64 {
        run >> SEEKS << SEEKS
    }
}

/// What a stream reads round and round, in its own samples as they are handed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Looped {
    pub(super) begin: u64,
    pub(super) end: u64,
    /// Where the round ends that a seek led into.
    pub(super) first_end: u64,
}

impl Looped {
    /// Where that round ends.
    pub(super) fn end_of(self, round: u64) -> u64 {
        match round {
            0 => self.first_end,
            _ => self.end,
        }
    }
}

/// What stands in both threads' hands.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The run in the upper bits, the state wanted in the lower eight.
    wanted: AtomicU64,
    /// Set when the processor was dropped.
    pub(super) closing: AtomicBool,
    /// How fast streams are to go by, 1000 being as recorded.
    rate: AtomicU32,
    /// Calls of the device that were not yet passed on.
    pub(super) interrupts: AtomicU32,
    /// For each lane the run in which it failed, plus one.
    failed: Vec<AtomicU64>,
    /// For each lane the place to go to, and what is read round and round.
    places: Vec<Place>,
    worker: OnceLock<Thread>,
}

impl Shared {
    pub(super) fn new(lanes: usize) -> Self {
        Self {
            wanted: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            rate: AtomicU32::new(RATE_UNITY),
            interrupts: AtomicU32::new(0),
            failed: (0..lanes).map(|_| AtomicU64::new(0)).collect(),
            places: (0..lanes).map(|_| Place::default()).collect(),
            worker: OnceLock::new(),
        }
    }

    /// Who is woken. Called once, before either thread uses it.
    pub(super) fn set_worker(&self, thread: Thread) {
        let _ = self.worker.set(thread);
    }

    pub(super) fn wake(&self) {
        if let Some(worker) = self.worker.get() {
            worker.unpark();
        }
    }

    pub(super) fn want(&self, run: u64, state: State) {
        self.wanted
            .store(run << 8 | state as u64, Ordering::Release);
        self.wake();
    }

    pub(super) fn wanted(&self) -> (u64, State) {
        let word = self.wanted.load(Ordering::Acquire);
        (word >> 8, State::from_number((word & 0xFF) as u8))
    }

    /// How fast streams go by from the next run on. To be said before it is wanted.
    pub(super) fn set_rate(&self, rate_permille: u32) {
        self.rate.store(rate_permille, Ordering::Release);
    }

    /// The same, asked.
    pub(super) fn rate(&self) -> u32 {
        self.rate.load(Ordering::Acquire)
    }

    /// Where that lane goes with the next run. To be said before it is wanted.
    pub(super) fn seek(&self, lane: usize, sample: u64) {
        self.places[lane].sought.store(sample, Ordering::Release);
    }

    /// Where it goes with the run that is wanted, or with a later one.
    pub(super) fn sought(&self, lane: usize) -> u64 {
        self.places[lane].sought.load(Ordering::Acquire)
    }

    /// What that lane reads round and round: from where to where, and where the first round ends. Whoever says so seeks
    /// afterwards.
    pub(super) fn set_loop(&self, lane: usize, range: Option<Looped>) {
        let Looped {
            begin,
            end,
            first_end,
        } = range.unwrap_or_default();
        let place = &self.places[lane];
        // In between there is none, so that no mixture is read.
        place.loop_end.store(0, Ordering::Release);
        place.loop_begin.store(begin, Ordering::Release);
        place.first_end.store(first_end, Ordering::Release);
        place.loop_end.store(end, Ordering::Release);
    }

    /// The same, asked.
    pub(super) fn looped(&self, lane: usize) -> Option<Looped> {
        let place = &self.places[lane];
        let end = place.loop_end.load(Ordering::Acquire);
        let begin = place.loop_begin.load(Ordering::Acquire);
        let first_end = place.first_end.load(Ordering::Acquire);
        (end > begin).then_some(Looped {
            begin,
            end,
            first_end,
        })
    }

    pub(super) fn fail(&self, lane: usize, run: u64) {
        self.failed[lane].store(run + 1, Ordering::Release);
    }

    pub(super) fn has_failed(&self, lane: usize, run: u64) -> bool {
        self.failed[lane].load(Ordering::Acquire) == run + 1
    }
}

/// A frame in a ring.
pub(super) struct Parcel {
    pub(super) run: u64,
    /// The round of the loop.
    pub(super) round: u64,
    /// All of a round lies in it, so that it is played again and again: no worker is quick enough for short loops.
    pub(super) is_whole: bool,
    pub(super) frame: Frame,
}

impl Parcel {
    /// A frame outside loops.
    pub(super) fn new(run: u64, frame: Frame) -> Self {
        Self {
            run,
            round: 0,
            is_whole: false,
            frame,
        }
    }
}

/// Puts a frame on a ring that has room for every frame there is.
pub(super) fn send(ring: &mut rtrb::Producer<Parcel>, parcel: Parcel) {
    let pushed = ring.push(parcel);
    debug_assert!(pushed.is_ok(), "a ring has room for every frame");
    if let Err(rtrb::PushError::Full(parcel)) = pushed {
        // Should it ever happen after all: to leak a frame is better than to free it on the audio thread.
        std::mem::forget(parcel);
    }
}
