//! A file played faster or slower: its samples converted as if they had been recorded at another rate, so pitch goes along.
//!
//! Counting only, and the converter; reading is whoever's asks. A place is reached with what lies before it already heard,
//! so what comes behind a jump is what would have come anyway.

use crate::dsp::{Quality, Resampler};
use crate::ks::RATE_UNITY;

/// The slowest and the fastest, 1000 being as recorded.
pub(super) const LEAST: u32 = 500;
pub(super) const MOST: u32 = 2_000;
/// Samples made at once.
const CHUNK: usize = 512;

/// What becomes of samples that are asked for.
pub(super) struct Varispeed {
    rate: u64,
    resampler: Resampler,
    /// Samples asked of the file at once, a channel each.
    pub(super) taken: Vec<Vec<f32>>,
    made: Vec<Vec<f32>>,
    /// Samples made since the beginning, and of them those before the place that was meant.
    clock: u64,
    skipped: u64,
    /// Silence before the beginning of the file that is still to be heard, and samples of the file before the place.
    silence: u64,
    before: u64,
    /// Samples of the file that were heard, and whether that were all.
    heard: u64,
    has_ended: bool,
}

impl Varispeed {
    /// One for that rate. `None`: it cannot be had.
    pub(super) fn new(rate_permille: u32, channels: usize) -> Option<Self> {
        if !(LEAST..=MOST).contains(&rate_permille) {
            return None;
        }
        let most = CHUNK * MOST as usize / RATE_UNITY as usize + 2;
        let quality = Quality::LowLatency;
        let made = Resampler::new(rate_permille, RATE_UNITY, channels, quality, most);
        Some(Self {
            rate: rate_permille.into(),
            resampler: made.ok()?,
            taken: vec![vec![0.0; most]; channels],
            made: vec![vec![0.0; CHUNK]; channels],
            clock: 0,
            skipped: 0,
            silence: 0,
            before: 0,
            heard: 0,
            has_ended: false,
        })
    }

    /// Begins anew, so that the next sample is the one at `place`. Says from where on the file is to be read.
    pub(super) fn begin(&mut self, place: u64) -> u64 {
        self.resampler.reset();
        let unity = u64::from(RATE_UNITY);
        let latency = self.resampler.latency_out_samples() as u64;
        // So much is heard before it that the converter has forgotten where it began, in whole steps of both rates.
        let lead = (2 * latency).next_multiple_of(unity);
        let lead_in = lead / unity * self.rate;
        self.silence = lead_in.saturating_sub(place);
        self.before = lead_in - self.silence;
        (self.clock, self.skipped) = (0, lead + latency);
        (self.heard, self.has_ended) = (0, false);
        place - self.before
    }

    /// Samples made so far that count.
    fn done(&self) -> u64 {
        self.clock.saturating_sub(self.skipped)
    }

    /// Samples of the file since the place that was meant, in the middle of what is handed on next.
    pub(super) fn way(&self) -> u64 {
        self.done() * self.rate / u64::from(RATE_UNITY)
    }

    /// How many there are in all, once the file has ended.
    fn all(&self) -> Option<u64> {
        let after = self.heard.saturating_sub(self.before);
        let all = (after * u64::from(RATE_UNITY)).div_ceil(self.rate);
        self.has_ended.then_some(all)
    }

    /// Whether everything was handed on.
    pub(super) fn is_over(&self) -> bool {
        self.all().is_some_and(|all| self.done() >= all)
    }

    /// Makes the next samples, at most `room`. `read` is asked for so many of the file, into the same place of each channel's
    /// `taken`, and says how many there were; fewer are the last. How many were made, into `planar` from `at` on.
    pub(super) fn make<E>(
        &mut self,
        planar: &mut [&mut [f32]],
        at: usize,
        mut read: impl FnMut(&mut [Vec<f32>], std::ops::Range<usize>) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let room = planar.first().map_or(0, |it| it.len() - at) as u64;
        let missing = self.skipped.saturating_sub(self.clock);
        let count = match missing {
            0 => room.min(
                self.all()
                    .map_or(u64::MAX, |all| all - self.done().min(all)),
            ),
            missing => missing,
        };
        let count = count.min(CHUNK as u64);
        let unity = u64::from(RATE_UNITY);
        let needed = (self.clock + count) * self.rate / unity - self.clock * self.rate / unity;
        let silent = self.silence.min(needed) as usize;
        let needed = needed as usize;
        for channel in &mut self.taken {
            channel[..needed].fill(0.0);
        }
        self.silence -= silent as u64;
        if !self.has_ended && silent < needed {
            let got = read(&mut self.taken, silent..needed)?;
            self.heard += got as u64;
            self.has_ended = got < needed - silent;
        }
        let input: Vec<&[f32]> = self.taken.iter().map(|it| &it[..needed]).collect();
        let mut output: Vec<&mut [f32]> = (self.made.iter_mut())
            .map(|it| &mut it[..count as usize])
            .collect();
        self.resampler.process(&input, &mut output);
        self.clock += count;
        if missing > 0 {
            return Ok(0);
        }
        // What was heard last may have been the end.
        let over = self.all().map_or(0, |all| self.done().saturating_sub(all));
        let count = (count - over.min(count)) as usize;
        for (to, made) in planar.iter_mut().zip(&self.made) {
            to[at..at + count].copy_from_slice(&made[..count]);
        }
        Ok(count)
    }
}
