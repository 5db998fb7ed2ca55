//! Watches the audio thread from beside it: a filter that does not come back from its cycle is noticed and named.
//!
//! A thread cannot be ended from outside, and nothing can be taken from one that is inside a filter. So what is done
//! about it is the program's: it lets go of the whole engine and starts another one without that filter. Lives here: the
//! noticing, on time that is handed in.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::clock::Epoch;
use super::link::Cells;

/// How often the audio thread is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// A filter that is in the same call for so long does not come back, in nanoseconds.
const STUCK: u64 = 5_000_000_000;
/// The most that counts between two looks: while we did not look, perhaps nobody in the machine did anything.
const LONGEST_LOOK: u64 = 500_000_000;

/// What was seen of an audio thread.
pub struct Watch {
    cells: Arc<Cells>,
    /// Cycles run, and the filter it is in, when it was looked at last; when that was, and how long it has been so.
    seen: (u64, u32),
    looked: u64,
    still: u64,
}

impl Watch {
    /// Watches the audio thread that these figures are of.
    pub fn new(cells: Arc<Cells>) -> Self {
        Self {
            cells,
            seen: (0, 0),
            looked: u64::MAX,
            still: 0,
        }
    }

    /// Looks at it at that time; whether it is stuck. Then the figures say in whom, and the bell is rung.
    pub fn look(&mut self, nanos: u64) -> bool {
        // The audio thread waits for the other, and not inside a filter.
        let [own, other] = &self.cells.inside;
        let inside = match own.load(Ordering::Acquire) {
            0 => other.load(Ordering::Acquire),
            own => own,
        };
        let passed = nanos.saturating_sub(self.looked).min(LONGEST_LOOK);
        self.looked = nanos;
        let now = (self.cells.cycles(), inside);
        if inside == 0 || std::mem::replace(&mut self.seen, now) != now {
            self.still = 0;
            return false;
        }
        self.still += passed;
        if self.still > STUCK {
            self.cells.stuck.store(inside, Ordering::Release);
            self.cells.bell.ring();
        }
        self.still > STUCK
    }

    /// Looks until it is stuck or ends.
    pub(super) fn keep(mut self, epoch: Epoch) {
        while !self.cells.is_over.load(Ordering::Acquire) && !self.look(epoch.nanos()) {
            std::thread::park_timeout(LOOK);
        }
    }
}
