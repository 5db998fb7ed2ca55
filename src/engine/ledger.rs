//! Figures of open filters by their places in the slab, on pages: a graph of ten filters has no room for a hundred
//! thousand.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU32};

use super::slab::{CAPACITY, PAGE};

/// What is counted of one filter; latest wins.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// Nanoseconds it took when it was timed last, and the most that it ever took.
    pub(super) cost: AtomicU32,
    pub(super) highest: AtomicU32,
    /// Late cycles that were its.
    pub(super) blamed: AtomicU32,
    /// The level of quality it was asked for.
    pub(super) degraded: AtomicU8,
}

/// The figures of all filters.
pub(super) struct Ledger(Box<[OnceLock<Box<[Figures]>>]>);

impl Ledger {
    pub(super) fn new() -> Self {
        let pages = CAPACITY / PAGE;
        Self(std::iter::repeat_with(OnceLock::new).take(pages).collect())
    }

    /// Makes room for so many places. Off the audio thread, before a filter stands there.
    pub(super) fn make_room(&self, places: usize) {
        for page in self.0.iter().take(places.div_ceil(PAGE)) {
            page.get_or_init(|| {
                std::iter::repeat_with(Figures::default)
                    .take(PAGE)
                    .collect()
            });
        }
    }

    /// Those of the filter at a place; `None` where none ever stood.
    #[inline]
    pub(super) fn get(&self, entry: u32) -> Option<&Figures> {
        let entry = entry as usize;
        self.0.get(entry / PAGE)?.get()?.get(entry % PAGE)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn there_is_room_for_those_that_are_there_and_what_they_counted_stays() {
        let ledger = Ledger::new();
        assert!(ledger.get(0).is_none());
        ledger.make_room(1);
        ledger.get(255).unwrap().cost.store(7, Ordering::Relaxed);
        assert!(ledger.get(256).is_none());
        ledger.make_room(PAGE + 1);
        assert_eq!(ledger.get(255).unwrap().cost.load(Ordering::Relaxed), 7);
        assert!(ledger.get(256).is_some() && ledger.get(u32::MAX).is_none());
        ledger.make_room(usize::MAX / 2);
        assert!(ledger.get(CAPACITY as u32 - 1).is_some() && ledger.get(CAPACITY as u32).is_none());
    }
}
