//! The devices of a graph that can pace it: which one does, which are gone or stand still, what they could not play.
//!
//! What is news stays news until it was told: where the program does not listen for a while, its ring of reports is full,
//! and a loss or a count that went under then would never be made good.

use crate::ks::Pacer;

/// A device whose calls stand still for so long is given up, in nanoseconds. Those that watch their own device are to
/// find it first.
const STUCK: u64 = 4_000_000_000;
/// The same for one that has never called: it may be waiting for another stream to close.
const NEVER_BEGAN: u64 = 10_000_000_000;
/// The most that counts between two looks: while we did not look, perhaps nobody in the machine did anything.
const LONGEST_LOOK: u64 = 200_000_000;

/// A pacer and what was said of it.
pub(super) struct Paced {
    /// Its filter's place in the slab.
    pub(super) entry: u32,
    pub(super) pacer: Box<dyn Pacer>,
    is_lost: bool,
    /// Its loss is still to be told of.
    pub(super) is_loss_untold: bool,
    /// Xruns that were counted, and those of them that are still to be told of.
    counted: u32,
    pub(super) untold: u32,
    /// Calls of its device, when they were looked at last, and how long they have stood still.
    calls: u64,
    looked: u64,
    still: u64,
    /// The late cycle it waits for, by its number among such, and the calls of its device when that was first seen.
    awaited: Option<(u64, u64)>,
    /// The last one it no longer waits for.
    settled: u64,
}

impl Paced {
    pub(super) fn new(entry: u32, pacer: Box<dyn Pacer>) -> Self {
        Self {
            entry,
            pacer,
            is_lost: false,
            is_loss_untold: false,
            counted: 0,
            untold: 0,
            calls: 0,
            looked: u64::MAX,
            still: 0,
            awaited: None,
            settled: 0,
        }
    }

    /// Whether its device is gone, and whether it is since the last look. One that has stood still for too long is given
    /// up here: hosts are known that say nothing.
    pub(super) fn look(&mut self, nanos: u64) -> (bool, bool) {
        if self.stands_still(nanos) {
            self.pacer.give_up();
        }
        let is_lost = self.pacer.is_lost();
        let is_news = is_lost && !std::mem::replace(&mut self.is_lost, is_lost);
        self.is_lost = is_lost;
        self.is_loss_untold |= is_news;
        (is_lost, is_news)
    }

    fn stands_still(&mut self, nanos: u64) -> bool {
        let Some(calls) = self.pacer.calls() else {
            return false;
        };
        let passed = nanos.saturating_sub(self.looked).min(LONGEST_LOOK);
        self.looked = nanos;
        if std::mem::replace(&mut self.calls, calls) != calls {
            self.still = 0;
            return false;
        }
        self.still += passed;
        self.still > if calls == 0 { NEVER_BEGAN } else { STUCK }
    }

    /// Xruns since the last time.
    pub(super) fn new_xruns(&mut self) -> u32 {
        let xruns = self.pacer.xruns();
        let count = xruns.wrapping_sub(self.counted);
        self.counted = xruns;
        self.untold = self.untold.saturating_add(count);
        count
    }

    /// Whether it waits for what the late cycle of that number held back, and whether it goes on to: until its device has
    /// called and been found as full as ever, with no room for a whole cycle of `quantum` samples.
    pub(super) fn waits(&mut self, serial: u64, quantum: usize) -> (bool, bool) {
        if self.settled >= serial {
            return (false, false);
        }
        let calls = self.pacer.calls().unwrap_or(0);
        let then = match self.awaited {
            Some((it, then)) if it == serial => then,
            _ => {
                self.awaited = Some((serial, calls));
                calls
            }
        };
        let is_full = calls != then && self.pacer.due() < quantum;
        if is_full || self.is_lost {
            self.settled = serial;
        }
        (true, !is_full && !self.is_lost)
    }
}
