//! Two clocks that both call themselves 48 000 Hz: how far they are apart, and a resampler that keeps a stream of one in
//! step with the other.
//!
//! ```text
//!   our cycles ──▶ [Line] ─┐                         one number: the ratio
//!                          ├─▶ Pursuit: speeds, fill ────────────────▶ TrackingResampler
//!   its calls  ──▶ [Line] ─┘
//! ```
//!
//! Lives here: arithmetic on counts and times that are handed in. Does not live here: any clock, any queue. Readings
//! jitter by milliseconds, so neither speed nor fill is ever taken from a single one: a [`Line`] is fitted through them,
//! over a memory that grows to about a minute. The speeds of both lines give the ratio; what the fill is off its
//! target only leans on it, so that a steady drift leaves no error behind.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Adjustable, Async, FixedAsync, Indexing, Resampler as _, Resizable};
use rubato::{SincInterpolationParameters, WindowFunction};

use super::resample::ResampleError;

/// How far readings are believed to jitter, in seconds.
const JITTER_SECONDS: f64 = 0.001;
/// How far clocks of one nominal rate are believed to be apart, as a part of it.
const APART: f64 = 400e-6;
/// How far a clock wanders by itself in a second: this and the jitter make the memory about a minute long.
const WANDER: f64 = 0.08e-6;
/// A reading so far off the line is not jitter: something stood still, and the line begins anew there.
const BREAK_SECONDS: f64 = 0.2;
/// Off by so much for a second on end, the speed itself has changed.
const BEND_SECONDS: f64 = 0.001;
/// Readings before a line is relied upon, and the stretch they span.
const READINGS: u32 = 16;
const STRETCH_SECONDS: f64 = 0.25;
/// How far the fill may lean on the ratio: at first, and once it is settled.
const LEAN_FIRST: f64 = 2_000e-6;
const LEAN_LATER: f64 = 300e-6;
/// In so many seconds an error of the fill is made good: at first, and once it is settled.
const HASTE_FIRST: f64 = 1.5;
const HASTE_LATER: f64 = 12.0;
/// The furthest that two clocks of one nominal rate are apart, leaning included.
const MOST_APART: f64 = 0.01;

/// A straight line through jittery readings of a counter: the best guess of where it is and how fast it goes, and how
/// much either is worth (a Kalman filter of two states).
#[derive(Clone, Debug)]
pub struct Line {
    nominal: f64,
    speed: f64,
    time: f64,
    count: f64,
    /// Variances of count and speed, and what they have in common.
    of_count: f64,
    of_speed: f64,
    of_both: f64,
    /// Seconds of readings it rests on.
    age: f64,
    /// Mean distance of the latest readings from it.
    off: f64,
    readings: u32,
}

impl Line {
    /// A line of `nominal` counts a second, as long as nothing else was read.
    pub fn new(nominal: f64) -> Self {
        Self {
            nominal,
            speed: nominal,
            time: 0.0,
            count: 0.0,
            of_count: 0.0,
            of_speed: (APART * nominal).powi(2),
            of_both: 0.0,
            age: 0.0,
            off: 0.0,
            readings: 0,
        }
    }

    /// At `time` in seconds the counter stood at `count`.
    pub fn read(&mut self, time: f64, count: f64) {
        let jitter = (JITTER_SECONDS * self.nominal).powi(2);
        let passed = time - self.time;
        let ahead = self.count + self.speed * passed;
        let off = count - ahead;
        if self.readings == 0 || off.abs() > self.nominal * BREAK_SECONDS {
            (self.time, self.count) = (time, count);
            (self.of_count, self.of_both) = (jitter, 0.0);
            (self.age, self.off, self.readings) = (0.0, 0.0, 1);
            return;
        }
        if passed <= 0.0 {
            return;
        }
        self.readings = self.readings.saturating_add(1);
        self.age += passed;
        self.of_count += passed * (2.0 * self.of_both + passed * self.of_speed);
        self.of_both += passed * self.of_speed;
        self.of_speed += passed * (WANDER * self.nominal).powi(2);
        let (to_count, to_speed) = (
            self.of_count / (self.of_count + jitter),
            self.of_both / (self.of_count + jitter),
        );
        self.time = time;
        self.count = ahead + to_count * off;
        self.speed += to_speed * off;
        self.speed = self.speed.clamp(0.98 * self.nominal, 1.02 * self.nominal);
        self.of_speed -= to_speed * self.of_both;
        self.of_both *= 1.0 - to_count;
        self.of_count *= 1.0 - to_count;
        self.off += (off - self.off) * passed.min(1.0);
        if self.off.abs() > self.nominal * BEND_SECONDS {
            // What was learnt of another speed is worth nothing.
            (self.of_speed, self.off) = ((APART * self.nominal).powi(2), 0.0);
        }
    }

    /// Where the counter is at `time`, jitter apart.
    pub fn at(&self, time: f64) -> f64 {
        self.count + self.speed * (time - self.time)
    }

    /// Counts a second.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Whether enough was read to rely on it.
    pub fn is_reliable(&self) -> bool {
        self.readings >= READINGS && self.age >= STRETCH_SECONDS
    }

    /// Forgets where the counter was, and keeps how fast it went.
    pub fn lift(&mut self) {
        (self.age, self.off, self.readings) = (0.0, 0.0, 0);
    }
}

/// Keeps what is written for a foreign clock at a steady distance ahead of it.
#[derive(Clone, Debug)]
pub struct Pursuit {
    ours: Line,
    theirs: Line,
    /// Seconds since it began.
    age: f64,
    latest: f64,
    error: f64,
}

impl Pursuit {
    /// Between two clocks of `rate_hz`.
    pub fn new(rate_hz: f64) -> Self {
        Self {
            ours: Line::new(rate_hz),
            theirs: Line::new(rate_hz),
            age: 0.0,
            latest: 0.0,
            error: 0.0,
        }
    }

    /// At `time`, so many samples had been given by our clock.
    pub fn gave(&mut self, time: f64, count: f64) {
        self.ours.read(time, count);
    }

    /// At `time`, so many samples had been asked for by theirs.
    pub fn asked(&mut self, time: f64, count: f64) {
        self.theirs.read(time, count);
    }

    /// Whether both clocks are known well enough to begin.
    pub fn is_ready(&self) -> bool {
        self.ours.is_reliable() && self.theirs.is_reliable()
    }

    /// How many samples lie ahead of their clock at `time`, jitter apart, when `given` of ours became `ahead` of theirs
    /// altogether (what they asked for in vain not counted).
    pub fn fill(&self, time: f64, given: f64, ahead: f64) -> f64 {
        ahead + (self.ours.at(time) - given) * self.drift() - self.theirs.at(time)
    }

    /// Samples of theirs to a sample of ours.
    pub fn drift(&self) -> f64 {
        self.theirs.speed() / self.ours.speed()
    }

    /// How much faster their clock goes, in parts of a million.
    pub fn drift_ppm(&self) -> f64 {
        (self.drift() - 1.0) * 1e6
    }

    /// By how many samples the fill was off when last asked.
    pub fn error(&self) -> f64 {
        self.error
    }

    /// The ratio for what is given next, when the fill at `time` is to be `target`.
    pub fn ratio(&mut self, time: f64, given: f64, ahead: f64, target: f64) -> f64 {
        self.error = self.fill(time, given, ahead) - target;
        if self.latest > 0.0 {
            self.age += (time - self.latest).clamp(0.0, 1.0);
        }
        self.latest = time;
        let settled = (self.age / 15.0).min(1.0);
        let between = |first: f64, later: f64| first + (later - first) * settled;
        let haste = between(HASTE_FIRST, HASTE_LATER) * self.ours.speed();
        let lean = between(LEAN_FIRST, LEAN_LATER);
        let ratio = self.drift() - (self.error / haste).clamp(-lean, lean);
        ratio.clamp(1.0 - MOST_APART, 1.0 + MOST_APART)
    }

    /// Begins anew, after a stop or a gap; the speeds are still believed.
    pub fn restart(&mut self) {
        self.ours.lift();
        self.theirs.lift();
        (self.age, self.latest, self.error) = (0.0, 0.0, 0.0);
    }
}

/// Points of the sinc; half of them are its latency.
const POINTS: usize = 64;

/// Changes the rate of a planar sound by a ratio close to 1 that may move with every call, without a step.
pub struct TrackingResampler {
    inner: Async<f32>,
    input: Vec<Vec<f32>>,
    made: Vec<Vec<f32>>,
    len: usize,
}

impl TrackingResampler {
    /// For calls of at most `max_len` samples.
    pub fn new(channels: usize, max_len: usize) -> Result<Self, ResampleError> {
        if channels == 0 {
            return Err(ResampleError::NoChannels);
        }
        let parameters = SincInterpolationParameters::new(POINTS, WindowFunction::BlackmanHarris2);
        let fixed = FixedAsync::Input;
        let most = 1.0 + 2.0 * MOST_APART;
        let made = Async::new_sinc(1.0, most, &parameters, max_len.max(1), channels, fixed);
        let inner = made.map_err(|error| ResampleError::Refused {
            rate_in: 1,
            rate_out: 1,
            reason: error.to_string(),
        })?;
        let most = inner.output_frames_max();
        Ok(Self {
            inner,
            input: vec![vec![0.0; max_len.max(1)]; channels],
            made: vec![vec![0.0; most]; channels],
            len: 0,
        })
    }

    /// The number of channels it was built for.
    pub fn channels(&self) -> usize {
        self.input.len()
    }

    /// Samples between in and out.
    pub fn latency_samples(&self) -> usize {
        POINTS / 2
    }

    /// Where the next call's samples of a channel go.
    pub fn input_mut(&mut self, channel: usize) -> &mut [f32] {
        &mut self.input[channel]
    }

    /// Converts the first `len` samples of every channel; the ratio goes there in a straight line. How many were made.
    pub fn convert(&mut self, len: usize, ratio: f64) -> usize {
        const HOLDS: &str = "buffers have the sizes that rubato asked for at construction";
        self.len = 0;
        let channels = self.input.len();
        let len = len.min(self.input[0].len());
        if len == 0 || self.inner.set_chunk_size(len).is_err() {
            return 0;
        }
        let ratio = ratio.clamp(1.0 - MOST_APART, 1.0 + MOST_APART);
        // Within the bounds it was built with.
        let _ = self.inner.set_resample_ratio(ratio, true);
        let most = self.made[0].len();
        let input = SequentialSliceOfVecs::new(&self.input, channels, self.input[0].len());
        let input = input.expect(HOLDS);
        let output = SequentialSliceOfVecs::new_mut(&mut self.made, channels, most);
        let mut output = output.expect(HOLDS);
        let indexing = Indexing::new();
        let done = self
            .inner
            .process_into_buffer(&input, &mut output, Some(&indexing));
        self.len = done.expect(HOLDS).1;
        self.len
    }

    /// What the last call made of a channel.
    pub fn made(&self, channel: usize) -> &[f32] {
        &self.made[channel][..self.len]
    }

    /// Forgets everything, as if newly built.
    pub fn reset(&mut self) {
        self.inner.reset();
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::dsp::Random;

    #[test]
    fn a_line_sees_through_jitter_and_follows_a_clock_that_changes() {
        let mut random = Random::new(5);
        let mut line = Line::new(48_000.0);
        let mut worst = 0.0_f64;
        for call in 0..60 * 187 {
            let count = f64::from(call) * 256.0;
            let truth = count / (48_000.0 * (1.0 + 250e-6));
            let time = truth + 0.004 * f64::from(random.next_signed().abs());
            line.read(time, count);
            if call > 40 * 187 {
                let ppm = (line.speed() / 48_000.0 - 1.0) * 1e6;
                worst = worst.max((ppm - 250.0).abs());
            }
        }
        assert!(worst < 5.0, "{worst} ppm off");
        // From there on it goes the other way.
        let (from, start) = (60.0 * 187.0 * 256.0, line.time);
        for call in 0..40 * 187 {
            let count = f64::from(call) * 256.0;
            line.read(start + count / (48_000.0 * (1.0 - 250e-6)), from + count);
        }
        let ppm = (line.speed() / 48_000.0 - 1.0) * 1e6;
        assert!((ppm + 250.0).abs() < 5.0, "{ppm}");
    }

    #[test]
    fn a_moving_ratio_makes_no_step() {
        let mut resampler = TrackingResampler::new(1, 256).unwrap();
        let (mut at, mut last, mut steepest, mut made) = (0_usize, 0.0_f32, 0.0_f32, 0);
        for call in 0..400_usize {
            let len = 1 + call * 37 % 256;
            for sample in &mut resampler.input_mut(0)[..len] {
                *sample = (TAU * 440.0 * at as f64 / 48_000.0).sin() as f32;
                at += 1;
            }
            let ratio = 1.0 + 1e-3 * (call as f64 / 10.0).sin();
            made += resampler.convert(len, ratio);
            for &sample in resampler.made(0) {
                // Its beginning out of silence has an edge of its own.
                if made > 1_000 {
                    steepest = steepest.max((sample - last).abs());
                }
                last = sample;
            }
        }
        let steepest_sine = (TAU * 440.0 / 48_000.0) as f32;
        assert!(steepest < 1.01 * steepest_sine, "{steepest}");
        assert!(made.abs_diff(at) < 100, "{made} of {at}");
    }
}
