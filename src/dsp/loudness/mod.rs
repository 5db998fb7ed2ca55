//! Loudness by ITU-R BS.1770 and EBU R128: what is weighted, gated and counted, and the peak between the samples.
//!
//! Sound is weighted as ears do ([`Weighting`]), squared, and summed over steps of 10 ms. Momentary loudness is the mean
//! of the last 40 steps, short-term loudness that of the last 300; steps are short so that the loudest moment is found
//! wherever it begins. Every 100 ms one of each goes into a [`Gate`], from which the integrated loudness and the
//! loudness range are had. A gate counts levels in bins: its memory does not grow, whatever is measured, and for how
//! long. Levels are in LUFS, `None` where there is nothing to measure.

use std::collections::VecDeque;
use std::f64::consts::PI;

use super::delay::settled_wide;

mod true_peak;

pub use true_peak::TruePeak;

/// Steps a second.
const STEPS: u64 = 100;
/// Steps of the windows.
const MOMENTARY: usize = 40;
const SHORT_TERM: usize = 300;
/// Steps from one gated block to the next.
const HOP: u64 = 10;
/// What is softer is silence, whatever else was heard.
const ABSOLUTE_GATE: f64 = -70.0;
/// Blocks softer than the mean by this do not count: for the integrated loudness, and for the range.
const RELATIVE_GATE: f64 = -10.0;
const RANGE_GATE: f64 = -20.0;
/// The part of all blocks below the foot and the head of the range.
const RANGE: (f64, f64) = (0.10, 0.95);

/// Loudness of a mean square, summed over the channels by their weights.
fn lufs(power: f64) -> f64 {
    -0.691 + 10.0 * power.log10()
}

/// How much each channel counts, by the usual order of so many: what is heard from the side counts more, the channel
/// for low effects not at all.
#[must_use]
pub fn channel_weights(channels: usize) -> Vec<f64> {
    const FRONT: f64 = 1.0;
    const SIDE: f64 = 1.41;
    let known: &[f64] = match channels {
        4 => &[FRONT, FRONT, SIDE, SIDE],
        5 => &[FRONT, FRONT, FRONT, SIDE, SIDE],
        6 => &[FRONT, FRONT, FRONT, 0.0, SIDE, SIDE],
        7 => &[FRONT, FRONT, FRONT, 0.0, FRONT, SIDE, SIDE],
        8 => &[FRONT, FRONT, FRONT, 0.0, FRONT, FRONT, SIDE, SIDE],
        _ => &[],
    };
    (0..channels)
        .map(|channel| known.get(channel).copied().unwrap_or(FRONT))
        .collect()
}

/// A second-order section by its five numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
}

/// The weighting of one channel: a shelf for what the head does, a high pass for what ears care less for.
#[derive(Clone, Debug)]
pub struct Weighting {
    sections: [Section; 2],
    memory: [[f64; 2]; 2],
}

impl Weighting {
    /// The weighting at a rate. The standard prints its numbers for 48 kHz; these are the two analogue filters behind
    /// them, brought to the rate by the bilinear transform.
    #[must_use]
    pub fn new(rate_hz: f64) -> Self {
        let section = |hz: f64, q: f64, make: &dyn Fn(f64, f64) -> [f64; 3]| {
            let k = (PI * hz.min(rate_hz * 0.49) / rate_hz).tan();
            let a0 = 1.0 + k / q + k * k;
            Section {
                b: make(k, q).map(|b| b / a0),
                a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
            }
        };
        let shelf = |k: f64, q: f64| {
            let high = 10_f64.powf(3.999_843_853_973_347 / 20.0);
            let band = high.powf(0.499_666_774_154_541_6);
            [
                high + band * k / q + k * k,
                2.0 * (k * k - high),
                high - band * k / q + k * k,
            ]
        };
        // The standard's high pass lifts everything by a0; so does this one, for its levels are calibrated with it.
        let pass = |k: f64, q: f64| {
            let a0 = 1.0 + k / q + k * k;
            [a0, -2.0 * a0, a0]
        };
        Self {
            sections: [
                section(1_681.974_450_955_533, 0.707_175_236_955_419_6, &shelf),
                section(38.135_470_876_024_44, 0.500_327_037_323_877_3, &pass),
            ],
            memory: [[0.0; 2]; 2],
        }
    }

    /// The next sample.
    #[inline]
    pub fn step(&mut self, sample: f64) -> f64 {
        let mut sample = sample;
        for (section, [first, second]) in self.sections.iter().zip(&mut self.memory) {
            let Section { b, a } = section;
            let out = b[0] * sample + *first;
            *first = (b[1] * sample + *second) - a[0] * out;
            *second = b[2] * sample - a[1] * out;
            sample = out;
        }
        sample
    }

    /// Forgets what would turn denormal. A hundredth of a second behind the last time nothing has come so far.
    fn settle(&mut self) {
        for number in self.memory.as_flattened_mut() {
            *number = settled_wide(*number);
        }
    }

    fn reset(&mut self) {
        self.memory = [[0.0; 2]; 2];
    }
}

/// Levels counted in bins of 0.1 LU, from the absolute gate to 30 LUFS. A bin knows the sum of its powers, so that
/// means do not suffer.
#[derive(Clone, Debug)]
pub struct Gate {
    bins: Box<[(u64, f64)]>,
}

const BINS_A_LU: f64 = 10.0;
const BINS: usize = 1000;

impl Gate {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bins: vec![(0, 0.0); BINS].into(),
        }
    }

    /// Counts a block of that power, unless it is below the absolute gate.
    pub fn add(&mut self, power: f64) {
        let level = lufs(power);
        if level > ABSOLUTE_GATE {
            let bin = ((level - ABSOLUTE_GATE) * BINS_A_LU) as usize;
            let (count, sum) = &mut self.bins[bin.min(BINS - 1)];
            *count += 1;
            *sum += power;
        }
    }

    /// Bins of which the mean is above the mean of all by `relative`.
    fn above(&self, relative: f64) -> impl Iterator<Item = (u64, f64)> + Clone {
        let (count, sum) = total(self.bins.iter().copied());
        let threshold = sum / count.max(1) as f64 * 10_f64.powf(relative / 10.0);
        let filled = self.bins.iter().filter(|(count, _)| *count > 0);
        filled
            .filter(move |(count, sum)| sum / *count as f64 > threshold)
            .copied()
    }

    /// The mean of what is above both gates.
    #[must_use]
    pub fn integrated(&self) -> Option<f64> {
        let (count, sum) = total(self.above(RELATIVE_GATE));
        (count > 0).then(|| lufs(sum / count as f64))
    }

    /// Between which levels most of the blocks lie, the softest tenth and the loudest twentieth left out.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        let (count, _) = total(self.above(RANGE_GATE));
        let at = |part: f64| {
            let wanted = ((count.checked_sub(1)?) as f64 * part).round() as u64;
            let mut below = 0;
            self.above(RANGE_GATE).find_map(|(count, sum)| {
                below += count;
                (below > wanted).then(|| lufs(sum / count as f64))
            })
        };
        Some((at(RANGE.0)?, at(RANGE.1)?))
    }

    fn reset(&mut self) {
        self.bins.fill((0, 0.0));
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

fn total(bins: impl Iterator<Item = (u64, f64)>) -> (u64, f64) {
    bins.fold((0, 0.0), |all, bin| (all.0 + bin.0, all.1 + bin.1))
}

/// One channel being weighed.
#[derive(Clone, Debug)]
struct Channel {
    weighting: Weighting,
    weight: f64,
    /// Squares of the step that is not yet whole.
    sum: f64,
}

/// Adds up the squares of channels of one length. Each waits for itself from sample to sample, so two take no longer than one.
fn weigh<const N: usize>(channels: &mut [Channel; N], samples: [&[f32]; N]) {
    let mut weightings = channels.each_ref().map(|it| it.weighting.clone());
    let mut sums = channels.each_ref().map(|it| it.sum);
    for at in 0..samples[0].len() {
        for ((weighting, sum), samples) in weightings.iter_mut().zip(&mut sums).zip(samples) {
            let sample = samples[at];
            let sample = if sample.is_finite() { sample } else { 0.0 };
            let heard = weighting.step(f64::from(sample));
            *sum += heard * heard;
        }
    }
    for (channel, (weighting, sum)) in channels.iter_mut().zip(weightings.into_iter().zip(sums)) {
        (channel.weighting, channel.sum) = (weighting, sum);
    }
}

/// The loudness of a sound.
#[derive(Clone, Debug)]
pub struct Loudness {
    rate_hz: u64,
    channels: Box<[Channel]>,
    /// Samples and whole steps since the beginning.
    samples: u64,
    steps: u64,
    /// Powers of the last steps.
    recent: VecDeque<f64>,
    momentary: Gate,
    short_term: Gate,
    now: Now,
}

/// What a [`Loudness`] says. Levels in LUFS.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Now {
    /// Loudness of the last 400 ms.
    pub momentary: Option<f64>,
    /// Loudness of the last 3 s.
    pub short_term: Option<f64>,
    /// Loudness of all since the beginning, silence left out.
    pub integrated: Option<f64>,
    /// Foot and head of the loudness range; their distance is LRA in LU.
    pub range: Option<(f64, f64)>,
    /// The loudest 400 ms since the beginning.
    pub momentary_max: Option<f64>,
    /// The loudest 3 s since the beginning.
    pub short_term_max: Option<f64>,
}

impl Loudness {
    /// Measures so many channels as there are weights.
    #[must_use]
    pub fn new(rate_hz: u32, weights: &[f64]) -> Self {
        let channel = |weight: &f64| Channel {
            weighting: Weighting::new(f64::from(rate_hz.max(1))),
            weight: *weight,
            sum: 0.0,
        };
        Self {
            rate_hz: u64::from(rate_hz.max(1)),
            channels: weights.iter().map(channel).collect(),
            samples: 0,
            steps: 0,
            recent: VecDeque::with_capacity(SHORT_TERM + 1),
            momentary: Gate::new(),
            short_term: Gate::new(),
            now: Now::default(),
        }
    }

    /// What is known so far.
    #[must_use]
    pub fn now(&self) -> Now {
        self.now
    }

    /// Seconds measured.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.samples as f64 / self.rate_hz as f64
    }

    /// Where the step ends that is not yet whole, in samples since the beginning.
    fn due(&self) -> u64 {
        (self.steps + 1) * self.rate_hz / STEPS
    }

    /// Hears the next `len` samples of each channel. What is no number counts as silence.
    pub fn feed<'a>(&mut self, len: usize, samples_of: impl Fn(usize) -> &'a [f32]) {
        let mut at = 0;
        while at < len {
            let run = ((self.due() - self.samples) as usize).min(len - at);
            let samples = |index: usize| &samples_of(index)[at..at + run];
            let (pairs, rest) = self.channels.as_chunks_mut();
            for (index, pair) in pairs.iter_mut().enumerate() {
                weigh(pair, [samples(2 * index), samples(2 * index + 1)]);
            }
            for channel in rest {
                weigh(std::array::from_mut(channel), [samples(2 * pairs.len())]);
            }
            self.samples += run as u64;
            at += run;
            // A rate so low that steps are empty has several of them due at once.
            while self.samples >= self.due() {
                self.step();
            }
        }
    }

    /// A step is whole.
    fn step(&mut self) {
        let len = self.due() - self.steps * self.rate_hz / STEPS;
        let power = |channel: &mut Channel| {
            channel.weighting.settle();
            std::mem::take(&mut channel.sum) * channel.weight
        };
        let sum: f64 = self.channels.iter_mut().map(power).sum();
        self.steps += 1;
        if self.recent.len() == SHORT_TERM {
            self.recent.pop_front();
        }
        self.recent.push_back(sum / len.max(1) as f64);
        // What was not heard yet is silence.
        let mean = |steps: usize| {
            let sum: f64 = self.recent.iter().rev().take(steps).sum();
            sum / steps as f64
        };
        let (momentary, short_term) = (mean(MOMENTARY), mean(SHORT_TERM));
        let level = |power: f64| (power > 0.0).then(|| lufs(power));
        let now = &mut self.now;
        now.momentary = level(momentary);
        now.short_term = level(short_term);
        let louder = |max: Option<f64>, level: Option<f64>| match (max, level) {
            (Some(max), Some(level)) => Some(max.max(level)),
            (max, level) => max.or(level),
        };
        now.momentary_max = louder(now.momentary_max, now.momentary);
        now.short_term_max = louder(now.short_term_max, now.short_term);
        if self.steps.is_multiple_of(HOP) {
            if self.steps >= MOMENTARY as u64 {
                self.momentary.add(momentary);
                now.integrated = self.momentary.integrated();
            }
            if self.steps >= SHORT_TERM as u64 {
                self.short_term.add(short_term);
                now.range = self.short_term.range();
            }
        }
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.weighting.reset();
            channel.sum = 0.0;
        }
        (self.samples, self.steps) = (0, 0);
        self.recent.clear();
        self.momentary.reset();
        self.short_term.reset();
        self.now = Now::default();
    }
}

#[cfg(test)]
mod tests;
