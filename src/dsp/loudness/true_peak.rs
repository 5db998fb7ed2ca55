//! The peak between samples, by ITU-R BS.1770: what a converter has to swing to.

use std::f64::consts::PI;

use crate::dsp::PIECE;
use crate::dsp::eight::{Eight, Work, eight, widest};

/// Samples beyond it are heard as it.
const HUGE: f32 = 1e9;
/// Taps of each phase of the interpolation.
const TAPS: usize = 24;
/// What rounding may add to a sum of so many products.
const ROUNDING: f32 = 1.0001;

/// The highest peak of a channel, between the samples too.
#[derive(Clone, Debug)]
pub struct TruePeak {
    /// A list of taps for each place between two samples, that of the newest sample first.
    phases: Box<[[f32; TAPS]]>,
    /// How much higher than the highest sample a place between may be.
    reach: f32,
    /// The last samples, oldest first.
    past: [f32; TAPS - 1],
    highest: f32,
}

impl TruePeak {
    /// Looks between the samples at four times the rate, at twice from 96 kHz on, and nowhere from 192 kHz on.
    #[must_use]
    pub fn new(rate_hz: u32) -> Self {
        let factor = match rate_hz {
            0..96_000 => 4,
            96_000..192_000 => 2,
            _ => 1,
        };
        let phase = |phase: usize| {
            let share = phase as f64 / f64::from(factor);
            let taps: [f64; TAPS] = std::array::from_fn(|tap| {
                // Where the tap's sample lies, seen from the place that is asked for.
                let place = tap as f64 - (TAPS / 2) as f64 + share;
                let window = 0.5 + 0.5 * (PI * place / (TAPS / 2) as f64).cos();
                let turn = PI * place;
                let sinc = if place == 0.0 { 1.0 } else { turn.sin() / turn };
                sinc * window
            });
            // A steady level is what it is at every place.
            let sum: f64 = taps.iter().sum();
            taps.map(|tap| (tap / sum) as f32)
        };
        let phases: Box<[_]> = (1..factor).map(|index| phase(index as usize)).collect();
        let most = |taps: &[f32; TAPS]| taps.iter().map(|tap| tap.abs()).sum();
        Self {
            reach: phases.iter().map(most).fold(0.0, f32::max) * ROUNDING,
            phases,
            past: [0.0; TAPS - 1],
            highest: 0.0,
        }
    }

    /// Hears the next samples. What is no number counts as silence.
    pub fn feed(&mut self, samples: &[f32]) {
        for samples in samples.chunks(PIECE) {
            let (sound, loudest) = self.take(samples);
            // Where even the largest sum is no news there is nothing to look for.
            if loudest * self.reach > self.highest {
                let between = Between {
                    phases: &self.phases,
                    sound: &sound,
                    len: samples.len(),
                };
                self.highest = self.highest.max(widest(between));
            }
        }
    }

    /// The same without looking between them: a small part of the work.
    pub fn feed_coarsely(&mut self, samples: &[f32]) {
        for samples in samples.chunks(PIECE) {
            self.take(samples);
        }
    }

    /// The past and the next samples behind each other, and the highest of all of them.
    fn take(&mut self, samples: &[f32]) -> ([f32; TAPS - 1 + PIECE], f32) {
        let mut sound = [0.0; TAPS - 1 + PIECE];
        let (past, next) = sound.split_at_mut(TAPS - 1);
        past.copy_from_slice(&self.past);
        let loudest = |loudest: f32, it: &f32| {
            if it.abs() > loudest {
                it.abs()
            } else {
                loudest
            }
        };
        let before = past.iter().fold(0.0, loudest);
        for (next, sample) in next.iter_mut().zip(samples) {
            let sample = if sample.is_finite() { *sample } else { 0.0 };
            *next = sample.clamp(-HUGE, HUGE);
        }
        let now = next.iter().fold(0.0, loudest);
        self.highest = self.highest.max(now);
        self.past
            .copy_from_slice(&sound[samples.len()..][..TAPS - 1]);
        (sound, before.max(now))
    }

    /// The highest amplitude since the beginning.
    #[must_use]
    pub fn highest(&self) -> f32 {
        self.highest
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        self.past = [0.0; TAPS - 1];
        self.highest = 0.0;
    }
}

/// The highest amplitude between samples, eight places at a time.
struct Between<'a> {
    phases: &'a [[f32; TAPS]],
    sound: &'a [f32; TAPS - 1 + PIECE],
    len: usize,
}

impl Work for Between<'_> {
    type Output = f32;

    #[inline(always)]
    fn with<E: Eight>(self, e: E) -> f32 {
        let mut highest = e.whole([0; 8]);
        for taps in self.phases {
            let mut first = 0;
            while first < self.len {
                let mut sum = e.all(0.0);
                for (at, tap) in taps.iter().enumerate() {
                    let samples = e.of(eight(self.sound, first + TAPS - 1 - at));
                    sum = e.add(sum, e.mul(e.all(*tap), samples));
                }
                // Behind the last sample there is only what is not there yet.
                let there = self.len - first;
                if there < 8 {
                    let mut sums = e.out(sum);
                    sums[there..].fill(0.0);
                    sum = e.of(sums);
                }
                highest = e.louder(highest, sum);
                first += 8;
            }
        }
        let most = e.whole_out(highest).into_iter().fold(0, u32::max);
        f32::from_bits(most)
    }
}
