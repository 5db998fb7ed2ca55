//! The graph clock: one for the life of a run, continuous, whatever drives it (MCL-1).
//!
//! The audio thread publishes "sample p began at instant t"; other threads read the time between. Only this file and
//! `thread.rs` read the machine's clock.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

use crate::ks::{Clock, Pacer, RefTime, time_from_sample};

/// The machine's monotonic time, counted from when this was made.
#[derive(Clone, Copy, Debug)]
pub struct Epoch(Instant);

impl Epoch {
    /// Begins now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the graph clock is where time is read"
    )]
    pub fn new() -> Self {
        Self(Instant::now())
    }

    /// Nanoseconds since.
    pub fn nanos(self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

impl Default for Epoch {
    fn default() -> Self {
        Self::new()
    }
}

/// Presentation time of a graph, readable from any thread.
pub struct GraphClock {
    epoch: Epoch,
    sequence: AtomicU64,
    time: AtomicI64,
    nanos: AtomicU64,
    span: AtomicI64,
    is_running: AtomicBool,
    latest: AtomicI64,
}

impl GraphClock {
    /// Stands at zero.
    pub fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            sequence: AtomicU64::new(0),
            time: AtomicI64::new(0),
            nanos: AtomicU64::new(0),
            span: AtomicI64::new(0),
            is_running: AtomicBool::new(false),
            latest: AtomicI64::new(0),
        }
    }

    /// Sample `position` began at `nanos`; the cycle is `len` long. Called by the audio thread; never waits.
    pub(super) fn publish(&self, position: u64, len: usize, rate_hz: u32, nanos: u64) {
        self.sequence.fetch_add(1, Ordering::AcqRel);
        self.time
            .store(time_from_sample(position, rate_hz), Ordering::Relaxed);
        self.span
            .store(time_from_sample(len as u64, rate_hz), Ordering::Relaxed);
        self.nanos.store(nanos, Ordering::Relaxed);
        self.is_running.store(true, Ordering::Relaxed);
        self.sequence.fetch_add(1, Ordering::Release);
    }

    /// Presentation time stands still from here; after a Stop it begins at zero again.
    pub(super) fn hold(&self, is_stop: bool) {
        self.is_running.store(false, Ordering::Relaxed);
        if is_stop {
            self.time.store(0, Ordering::Relaxed);
            self.latest.store(0, Ordering::Relaxed);
        }
    }
}

impl Clock for GraphClock {
    fn now(&self) -> RefTime {
        let (time, span, nanos) = loop {
            let before = self.sequence.load(Ordering::Acquire);
            let read = (
                self.time.load(Ordering::Relaxed),
                self.span.load(Ordering::Relaxed),
                self.nanos.load(Ordering::Relaxed),
            );
            std::sync::atomic::fence(Ordering::Acquire);
            if before.is_multiple_of(2) && before == self.sequence.load(Ordering::Relaxed) {
                break read;
            }
            std::hint::spin_loop();
        };
        if !self.is_running.load(Ordering::Relaxed) {
            return self.latest.load(Ordering::Relaxed).max(time);
        }
        // Several cycles may be run ahead in one wake-up; time does not run further than two of them past the last.
        let since = (self.epoch.nanos().saturating_sub(nanos) / 100) as i64;
        let now = time + since.min(span * 2);
        self.latest.fetch_max(now, Ordering::Relaxed).max(now)
    }
}

/// Drives a graph that has no device, or whose device is gone.
pub(super) struct Timer {
    epoch: Epoch,
    start_nanos: u64,
    produced: u64,
    rate_hz: u32,
    most: usize,
}

impl Timer {
    pub(super) fn new(epoch: Epoch, rate_hz: u32, quantum: usize) -> Self {
        Self {
            epoch,
            start_nanos: epoch.nanos(),
            produced: 0,
            rate_hz,
            most: quantum * 4,
        }
    }

    fn elapsed_samples(&self) -> u64 {
        let nanos = u128::from(self.epoch.nanos() - self.start_nanos);
        (nanos * u128::from(self.rate_hz) / 1_000_000_000) as u64
    }

    /// Starts over at the present moment: what was missed in between is not made up for.
    pub(super) fn restart(&mut self) {
        self.start_nanos = self.epoch.nanos();
        self.produced = 0;
    }

    /// So many samples were made.
    pub(super) fn made(&mut self, len: usize) {
        self.produced += len as u64;
    }
}

impl Pacer for Timer {
    fn due(&mut self) -> usize {
        let behind = self.elapsed_samples().saturating_sub(self.produced);
        if behind > self.most as u64 * 4 {
            self.restart();
            return 0;
        }
        (behind as usize).min(self.most)
    }

    fn played(&self) -> u64 {
        self.elapsed_samples()
    }

    fn latency_samples(&self) -> usize {
        0
    }

    fn is_lost(&self) -> bool {
        false
    }

    fn xruns(&self) -> u32 {
        0
    }
}
