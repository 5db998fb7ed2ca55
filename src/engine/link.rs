//! The lanes between the program and the audio thread. What must not be lost goes in a ring; what only matters now is
//! overwritten.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use super::plan::Transition;
use super::slab::CAPACITY;
use crate::ks::State;

/// Messages a ring holds.
pub(super) const MESSAGES: usize = 4096;
/// Reports a ring holds.
pub(super) const REPORTS: usize = 1024;

/// What the program tells the audio thread. Plans come by a ring of their own, where they can wait for a fade.
pub enum Message {
    /// Go to a state, step by step.
    State(State),
    /// A value has changed.
    Set {
        /// The filter's place in the slab.
        entry: u32,
        /// Index of the property.
        property: u16,
        /// What it is now.
        value: f64,
    },
    /// Silence everything that sounds, then go on.
    Panic,
    /// End the thread.
    Quit,
}

/// What the audio thread tells the program.
pub enum Report {
    /// The plan of that submission runs; what is no longer used comes back, to be dropped here.
    Swapped(u64, Box<Transition>),
    /// All pins are in this state.
    Reached(State),
    /// A filter panicked and is silenced.
    Panicked {
        /// Its place in the slab.
        entry: u32,
        /// What it said.
        message: Box<dyn Any + Send>,
    },
    /// A filter gave samples that are not numbers; they were silenced.
    NonFinite {
        /// Its place in the slab.
        entry: u32,
        /// Index among its outputs.
        output: u16,
        /// The first of them.
        position: u64,
    },
    /// A source had nothing in time.
    Starved {
        /// Its place in the slab.
        entry: u32,
        /// The cycle's first sample.
        position: u64,
    },
    /// The device that drives the graph found nothing to play, so many times since the last report.
    Xruns {
        /// The device's place in the slab.
        entry: u32,
        /// How many.
        count: u32,
        /// The sample at which it was noticed.
        position: u64,
    },
    /// The device that drives the graph is gone; a timer drives it now.
    DeviceLost {
        /// Its place in the slab.
        entry: u32,
    },
    /// Every source has given its last sample.
    Ended,
}

/// How the system prefers the audio thread to others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Priority {
    /// Like any thread.
    Ordinary,
    /// Before ordinary threads, but in their queue.
    Preferred,
    /// Before everything ordinary.
    RealTime,
}

/// The latest figures of the audio thread.
pub struct Cells {
    pub(super) position: AtomicU64,
    pub(super) state: AtomicU8,
    pub(super) load: AtomicU32,
    pub(super) load_max: AtomicU32,
    pub(super) load_sum: AtomicU64,
    pub(super) cycles: AtomicU64,
    pub(super) late: AtomicU32,
    pub(super) xruns: AtomicU32,
    pub(super) latency: AtomicU32,
    pub(super) lost_reports: AtomicU32,
    pub(super) priority: AtomicU8,
    pub(super) costs: Box<[AtomicU32]>,
}

impl Cells {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            position: AtomicU64::new(0),
            state: AtomicU8::new(0),
            load: AtomicU32::new(0),
            load_max: AtomicU32::new(0),
            load_sum: AtomicU64::new(0),
            cycles: AtomicU64::new(0),
            late: AtomicU32::new(0),
            xruns: AtomicU32::new(0),
            latency: AtomicU32::new(0),
            lost_reports: AtomicU32::new(0),
            priority: AtomicU8::new(Priority::Ordinary as u8),
            costs: (0..CAPACITY).map(|_| AtomicU32::new(0)).collect(),
        })
    }

    /// Samples of the graph's rate since the run began.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// The state all pins are in.
    pub fn state(&self) -> State {
        State::from_number(self.state.load(Ordering::Acquire))
    }

    /// Share of the last cycle's time that was used, 1 being all of it.
    pub fn load(&self) -> f32 {
        f32::from_bits(self.load.load(Ordering::Relaxed))
    }

    /// The largest such share.
    pub fn load_max(&self) -> f32 {
        f32::from_bits(self.load_max.load(Ordering::Relaxed))
    }

    /// The mean of all such shares.
    pub fn load_mean(&self) -> f32 {
        let cycles = self.cycles.load(Ordering::Relaxed).max(1);
        (self.load_sum.load(Ordering::Relaxed) as f64 / 1e6 / cycles as f64) as f32
    }

    /// Cycles run.
    pub fn cycles(&self) -> u64 {
        self.cycles.load(Ordering::Relaxed)
    }

    /// Cycles that took longer than they lasted.
    pub fn late(&self) -> u32 {
        self.late.load(Ordering::Relaxed)
    }

    /// Times a device found nothing to play.
    pub fn xruns(&self) -> u32 {
        self.xruns.load(Ordering::Relaxed)
    }

    /// Samples between a cycle and the ear.
    pub fn latency_samples(&self) -> u32 {
        self.latency.load(Ordering::Relaxed)
    }

    /// Reports that found their ring full.
    pub fn lost_reports(&self) -> u32 {
        self.lost_reports.load(Ordering::Relaxed)
    }

    /// Whether the audio thread has real-time priority.
    pub fn is_real_time(&self) -> bool {
        self.priority() == Priority::RealTime
    }

    /// The priority that was granted to the audio thread.
    pub fn priority(&self) -> Priority {
        match self.priority.load(Ordering::Relaxed) {
            0 => Priority::Ordinary,
            1 => Priority::Preferred,
            _ => Priority::RealTime,
        }
    }

    pub(super) fn set_priority(&self, priority: Priority) {
        self.priority.store(priority as u8, Ordering::Relaxed);
    }

    /// Nanoseconds the filter at `entry` took when it was last timed.
    pub fn cost_nanos(&self, entry: u32) -> u32 {
        self.costs
            .get(entry as usize)
            .map_or(0, |cell| cell.load(Ordering::Relaxed))
    }

    pub(super) fn set_load(&self, load: f32) {
        self.load.store(load.to_bits(), Ordering::Relaxed);
        if load > self.load_max() {
            self.load_max.store(load.to_bits(), Ordering::Relaxed);
        }
        self.load_sum
            .fetch_add((f64::from(load) * 1e6) as u64, Ordering::Relaxed);
        if load > 1.0 {
            self.late.fetch_add(1, Ordering::Relaxed);
        }
    }
}
