//! What passed in a run and its pins were not told yet, and how often they are: to tell a filter costs about what a quantum
//! of 64 does to its samples.

/// So many filters may be told of in every cycle, and small graphs are told of in each.
const TOLD: usize = 8;
/// The least and the most cycles that pass before pins of others are told.
const CYCLES: (usize, usize) = (8, 32);
/// The most samples of a wire that pass meanwhile.
pub(in crate::engine) const SAMPLES: usize = 2048;

/// Cycles between two times that each of so many filters is told of.
pub(in crate::engine) fn every(filters: usize) -> usize {
    match filters / TOLD {
        0 | 1 => 1,
        many => many.clamp(CYCLES.0, CYCLES.1),
    }
}

/// The same where nobody looks.
pub(in crate::engine) fn seldom(every: usize) -> usize {
    every.max(CYCLES.0)
}

/// What passed and was not told yet.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) frames: u32,
    pub(super) samples: usize,
    pub(super) fill: usize,
    /// How far meters have fallen.
    pub(super) fall: f32,
    /// What each of its filters took when it was timed last.
    pub(super) share: Option<u32>,
    /// Frames until it is told.
    pub(super) left: usize,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            frames: 0,
            samples: 0,
            fill: 0,
            fall: 1.0,
            share: None,
            left: 1,
        }
    }
}

impl Tally {
    pub(super) fn pass(&mut self, fill: usize, fall: f32) {
        self.frames += 1;
        self.fill = fill;
        self.samples += fill;
        self.fall *= fall;
        self.left = self.left.saturating_sub(1);
    }

    pub(super) fn is_due(&self) -> bool {
        self.left == 0 || self.samples >= SAMPLES
    }

    /// What there is, which begins anew.
    pub(super) fn take(&mut self) -> Self {
        let left = self.left;
        std::mem::replace(
            self,
            Self {
                left,
                ..Self::default()
            },
        )
    }
}
