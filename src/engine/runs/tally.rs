//! What passed in a run and its pins were not told yet.

/// The most samples of a wire that pass before pins are told.
const SAMPLES: usize = 2048;

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
