//! The devices of a graph that can pace it: which one does, which are gone, what they could not play.

use crate::ks::Pacer;

/// A pacer and what was said of it.
pub(super) struct Paced {
    /// Its filter's place in the slab.
    pub(super) entry: u32,
    pub(super) pacer: Box<dyn Pacer>,
    /// Its loss was told of.
    is_told: bool,
    /// Xruns that were told of.
    counted: u32,
}

impl Paced {
    pub(super) fn new(entry: u32, pacer: Box<dyn Pacer>) -> Self {
        Self {
            entry,
            pacer,
            is_told: false,
            counted: 0,
        }
    }

    /// Whether its device is gone, and whether that is news.
    pub(super) fn look(&mut self) -> (bool, bool) {
        let is_lost = self.pacer.is_lost();
        let was_told = std::mem::replace(&mut self.is_told, is_lost);
        (is_lost, is_lost && !was_told)
    }

    /// Xruns since the last time.
    pub(super) fn new_xruns(&mut self) -> u32 {
        let xruns = self.pacer.xruns();
        let count = xruns.saturating_sub(self.counted);
        self.counted = xruns;
        count
    }
}
