//! From one rate to another by a table of phases: each sample that goes out is one sum over the samples around its place.
//!
//! The low-pass is a sinc under a Kaiser window, designed in double precision: flat up to 20 of every 22.05 parts of the
//! band that both rates carry, 120 dB down at its end. Between rates with a small ratio every phase that occurs has a row
//! of its own, so nothing is rounded in time; else there are 1024, and what lies between two is drawn as a line.
//!
//! Whole samples of delay: the first place is chosen so that the latency is a whole number of samples that go out, and
//! so that a sum never needs a sample that by the rule of counting (see [`resample`](super::resample)) is not there yet.

use std::f64::consts::{PI, TAU};

use super::eight::{Eight, Work, eight, widest};

/// The share of the common band that passes untouched.
const PASSED: f64 = 20.0 / 22.05;
const DOWN_DB: f64 = 120.0;
/// The most numbers a table holds that has a row for each phase that occurs.
const TABLE_MAX: u64 = 1 << 20;
/// Rows for one sample of the lower rate, where phases are drawn as a line.
const ROWS: f64 = 1024.0;
/// Sums run side by side, so that they become wide instructions.
const LANES: usize = 8;
/// Registers of them, so that no sum waits for the one before it.
const ABREAST: usize = 4;

/// Converts by a fixed ratio, one history a channel.
pub(super) struct Polyphase {
    /// The ratio in lowest terms: `step` samples come in for `phases` that go out.
    phases: u64,
    step: u64,
    rows: Rows,
    taps: usize,
    /// Samples that came in and are still needed, oldest first: `history[..filled]`.
    histories: Vec<Vec<f32>>,
    filled: usize,
    /// What is made of a channel in a call.
    sums: Vec<f32>,
    /// Where the next sum begins, and between which samples its middle lies, in parts of `phases`.
    place: usize,
    phase: u64,
    primed: usize,
    phase_at_first: u64,
    latency: usize,
}

/// Weights, one row of `taps` numbers a phase.
enum Rows {
    /// One for every phase that occurs.
    Exact(Vec<f32>),
    /// So many, and one more to draw the last line to.
    Between(usize, Vec<f32>),
}

impl Polyphase {
    /// A converter for a ratio in lowest terms, that is given at most `most` samples between two calls of
    /// [`convert`](Self::convert).
    pub(super) fn new(step: u64, phases: u64, channels: usize, most: usize) -> Self {
        let ratio = phases as f64 / step as f64;
        let scale = ratio.min(1.0);
        let taps = taps(scale);
        let half = taps / 2;
        let row = |middle: f64| {
            let place = move |tap: usize| middle + (half - 1) as f64 - tap as f64;
            (0..taps).map(move |tap| weight(place(tap), half as f64, scale) as f32)
        };
        let rows = if phases * taps as u64 <= TABLE_MAX {
            let middles = (0..phases).map(|phase| phase as f64 / phases as f64);
            Rows::Exact(middles.flat_map(row).collect())
        } else {
            let count = (ROWS * scale).ceil().max(16.0) as usize;
            let middles = (0..=count).map(|index| index as f64 / count as f64);
            Rows::Between(count, middles.flat_map(row).collect())
        };
        // The last sample due lies less than two samples beyond what has come, and its sum reaches half the taps further.
        let latency = ((half as u64 + 2) * phases).div_ceil(step);
        let behind = latency * step;
        // The first middle lies so many whole samples before the first that comes in.
        let whole = behind.div_ceil(phases);
        let mut converter = Self {
            phases,
            step,
            rows,
            taps,
            histories: vec![],
            sums: vec![],
            filled: 0,
            place: 0,
            phase: 0,
            primed: whole as usize + half - 1,
            phase_at_first: whole * phases - behind,
            latency: latency as usize,
        };
        converter.sums = vec![0.0; converter.made_max(most)];
        let most = converter.primed + taps + most + (step / phases) as usize + 2;
        converter.histories = vec![vec![0.0; most]; channels];
        converter.reset();
        converter
    }

    /// Samples that go out before what comes in is heard.
    pub(super) fn latency(&self) -> usize {
        self.latency
    }

    /// The most samples that `most` incoming ones can turn into.
    pub(super) fn made_max(&self, most: usize) -> usize {
        let room = (self.primed + self.taps + most) as u64;
        (room * self.phases / self.step) as usize + 2
    }

    /// Takes samples of every channel, all of one length, and gives what can be made of them to `made`, channel by
    /// channel.
    pub(super) fn convert<'a>(
        &mut self,
        input: impl Iterator<Item = &'a [f32]>,
        mut made: impl FnMut(usize, &[f32]),
    ) {
        let before = self.filled;
        for (history, samples) in self.histories.iter_mut().zip(input) {
            history[before..before + samples.len()].copy_from_slice(samples);
            self.filled = before + samples.len();
        }
        let mut end = (0, self.place, self.phase);
        for (index, history) in self.histories.iter().enumerate() {
            end = widest(Sums {
                rows: &self.rows,
                taps: self.taps,
                history: &history[..self.filled],
                place: self.place,
                phase: self.phase,
                phases: self.phases,
                step: self.step,
                sums: &mut self.sums,
            });
            made(index, &self.sums[..end.0]);
        }
        (_, self.place, self.phase) = end;
        // Only what no sum needs any more goes; a falling rate may step over more than is there.
        let used = self.place.min(self.filled);
        for history in &mut self.histories {
            history.copy_within(used..self.filled, 0);
        }
        self.filled -= used;
        self.place -= used;
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        for history in &mut self.histories {
            history[..self.primed].fill(0.0);
        }
        self.filled = self.primed;
        self.place = 0;
        self.phase = self.phase_at_first;
    }
}

/// All sums that the history of a channel has samples for. Gives how many, and where the next one begins.
struct Sums<'a> {
    rows: &'a Rows,
    taps: usize,
    history: &'a [f32],
    place: usize,
    phase: u64,
    phases: u64,
    step: u64,
    sums: &'a mut [f32],
}

impl Work for Sums<'_> {
    type Output = (usize, usize, u64);

    #[inline(always)]
    fn with<E: Eight>(self, e: E) -> (usize, usize, u64) {
        let (mut place, mut phase) = (self.place, self.phase);
        let (whole, part) = ((self.step / self.phases) as usize, self.step % self.phases);
        let mut count = 0;
        for sum in self.sums {
            let Some(around) = self.history.get(place..place + self.taps) else {
                break;
            };
            *sum = self.rows.sum(e, around, phase, self.phases);
            count += 1;
            (place, phase) = (place + whole, phase + part);
            if phase >= self.phases {
                (place, phase) = (place + 1, phase - self.phases);
            }
        }
        (count, place, phase)
    }
}

impl Rows {
    #[inline(always)]
    fn sum<E: Eight>(&self, e: E, around: &[f32], phase: u64, phases: u64) -> f32 {
        let taps = around.len();
        match self {
            Self::Exact(rows) => dot(e, &rows[phase as usize * taps..][..taps], around),
            Self::Between(count, rows) => {
                let place = phase as f64 / phases as f64 * *count as f64;
                let first = (place as usize).min(count - 1);
                let rows = &rows[first * taps..][..2 * taps];
                let (low, high) = rows.split_at(taps);
                let (low, high) = (dot(e, low, around), dot(e, high, around));
                let share = (place - first as f64) as f32;
                low + (high - low) * share
            }
        }
    }
}

/// The sum of the products of two slices of one length, a multiple of [`LANES`].
#[inline(always)]
fn dot<E: Eight>(e: E, weights: &[f32], samples: &[f32]) -> f32 {
    let (weights, last_weights) = weights.as_chunks::<{ ABREAST * LANES }>();
    let (samples, last_samples) = samples.as_chunks::<{ ABREAST * LANES }>();
    let mut sums = [e.all(0.0); ABREAST];
    for (weights, samples) in weights.iter().zip(samples) {
        for (at, sum) in sums.iter_mut().enumerate() {
            let weights = e.of(eight(weights, at * LANES));
            let samples = e.of(eight(samples, at * LANES));
            *sum = e.add(*sum, e.mul(weights, samples));
        }
    }
    let [mut sum, others @ ..] = sums;
    let last = last_weights.as_chunks::<LANES>().0.iter();
    for (weights, samples) in last.zip(last_samples.as_chunks::<LANES>().0) {
        sum = e.add(sum, e.mul(e.of(*weights), e.of(*samples)));
    }
    for other in others {
        sum = e.add(sum, other);
    }
    let [a, b, c, d, e, f, g, h] = e.out(sum);
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// How many samples a sum takes, where the common band is `scale` of the one that comes in.
fn taps(scale: f64) -> usize {
    let slope = TAU * (1.0 - PASSED) / 2.0 * scale;
    let taps = (DOWN_DB - 7.95) / (2.285 * slope);
    (taps.ceil() as usize).next_multiple_of(LANES)
}

/// The weight of a sample that lies `at` samples from the middle.
fn weight(at: f64, half: f64, scale: f64) -> f64 {
    let beta = 0.1102 * (DOWN_DB - 8.7);
    let out = at / half;
    if out.abs() >= 1.0 {
        return 0.0;
    }
    // In the middle of the slope the low-pass lets half of the amplitude through.
    let width = (1.0 + PASSED) / 2.0 * scale;
    let angle = PI * width * at;
    let sinc = if angle == 0.0 {
        1.0
    } else {
        angle.sin() / angle
    };
    width * sinc * bessel(beta * (1.0 - out * out).sqrt()) / bessel(beta)
}

/// The modified Bessel function of order 0.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut n) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= quarter / (n * n);
        sum += term;
        n += 1.0;
    }
    sum
}
