//! What passed in a run and its pins were not told yet, and how often they are: to tell a filter costs about what a quantum
//! of 64 does to its samples.

/// So many filters may be told of in every cycle.
const TOLD: usize = 8;
/// Cycles that pass before pins are told, where these are short.
const CYCLES: (usize, usize) = (8, 32);
/// The most samples of a wire that pass meanwhile, in a small graph and in others.
const SAMPLES: (usize, usize) = (512, 2048);

/// How often pins are told.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Rhythm {
    /// Cycles between two times.
    pub(in crate::engine) cycles: usize,
    /// The most samples of a wire.
    pub(in crate::engine) samples: usize,
}

impl Rhythm {
    /// Of so many filters.
    pub(in crate::engine) fn of(filters: usize) -> Self {
        let cycles = (filters / TOLD).clamp(CYCLES.0, CYCLES.1);
        let is_small = filters < TOLD * CYCLES.0;
        let samples = if is_small { SAMPLES.0 } else { SAMPLES.1 };
        Self { cycles, samples }
    }
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

    pub(super) fn is_due(&self, rhythm: Rhythm) -> bool {
        self.left == 0 || self.samples >= rhythm.samples
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
