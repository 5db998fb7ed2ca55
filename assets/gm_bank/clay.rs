//! What waves are made of: partials on a grid that closes on itself, periodic noise, bursts. No instruments here.
//!
//! A wave is a beginning (`pre`) and a part that repeats (`cycle`). Every partial that lasts is put on a multiple of
//! `rate / cycle`, and what changes has come to rest where the cycle begins: so it closes by construction, with no
//! crossfade.

use std::f64::consts::TAU;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use crate::model::Wave;

/// Frequency of a key in equal temperament.
pub(crate) fn hz(key: f64) -> f64 {
    440.0 * ((key - 69.0) / 12.0).exp2()
}

/// An amplitude from decibels.
pub(crate) fn db(decibels: f64) -> f64 {
    10_f64.powf(decibels / 20.0)
}

/// Numbers that look random, the same on each run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xD134_2543_DE82_EF95) | 1)
    }

    /// From 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

/// One sine of a sound.
#[derive(Clone, Copy)]
pub(crate) struct Partial {
    pub(crate) hz: f64,
    pub(crate) amp: f64,
    /// dB a second, by itself.
    pub(crate) fall: f64,
    /// Seconds until it is there.
    pub(crate) rise: f64,
    /// Whether it lasts into the cycle.
    pub(crate) stays: bool,
}

impl Partial {
    pub(crate) fn new(hz: f64, amp: f64, fall: f64) -> Self {
        Self {
            hz,
            amp,
            fall,
            rise: 0.001,
            stays: true,
        }
    }

    pub(crate) fn passing(self) -> Self {
        Self {
            stays: false,
            ..self
        }
    }

    pub(crate) fn rising(self, rise: f64) -> Self {
        Self { rise, ..self }
    }
}

/// How long a wave is, and at what rate.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    /// About this many samples a second; a little is changed so that the pitch is exact.
    pub(crate) rate: f64,
    /// Seconds before the cycle.
    pub(crate) pre: f64,
    /// Seconds of the cycle; 0: there is none, and the wave ends.
    pub(crate) cycle: f64,
}

/// A wave while it is made.
pub(crate) struct Clay {
    pub(crate) samples: Vec<f64>,
    pub(crate) rate: f64,
    key: u8,
    pre: usize,
    cycle: usize,
    /// No more samples a second than this are kept.
    most: f64,
}

/// What is so much softer than the loudest needs no room.
const BARE: f64 = -46.0;
/// Samples a second: never fewer, for players interpolate; and no more where nothing is said.
const LEAST: f64 = 10_000.0;
const MOST: f64 = 20_000.0;
/// What part of half the rate passes where the rate is lowered, and how far the filter for it reaches.
const PASS: f64 = 0.9;
const REACH: f64 = 24.0;
/// Samples between two points of an envelope.
const STEP: usize = 32;

impl Clay {
    pub(crate) fn new(key: u8, span: Span) -> Self {
        let f = hz(key.into());
        if span.cycle <= 0.0 {
            let length = (span.pre * span.rate / 2.0) as usize * 2;
            return Self {
                samples: vec![0.0; length],
                rate: span.rate.round(),
                key,
                pre: length,
                cycle: 0,
                most: MOST,
            };
        }
        // Even numbers: so that an octave below closes too.
        let even = |it: f64| (it / 2.0).round().max(1.0) * 2.0;
        let periods = even(f * span.cycle);
        let cycle = even(periods * span.rate / f);
        let rate = even(cycle * f / periods);
        let pre = (span.pre * rate / 2.0) as usize * 2;
        Self {
            samples: vec![0.0; pre + cycle as usize],
            rate,
            key,
            pre,
            cycle: cycle as usize,
            most: MOST,
        }
    }

    /// For what is bright: keeps up to so many samples a second.
    pub(crate) fn bright_to(&mut self, rate: f64) -> &mut Self {
        self.most = rate;
        self
    }

    /// Seconds of the beginning.
    pub(crate) fn pre(&self) -> f64 {
        self.pre as f64 / self.rate
    }

    /// Adds sines. `flat`: what falls by so many dB a second stands still, for the envelope of the voice does that.
    pub(crate) fn partials(&mut self, seed: u64, flat: f64, all: &[Partial]) -> &mut Self {
        let mut dice = Dice::new(seed);
        for it in all {
            let phase = dice.unit() * TAU;
            self.partial(it, phase, flat);
        }
        self
    }

    pub(crate) fn partial(&mut self, it: &Partial, phase: f64, flat: f64) {
        let loops = self.cycle > 0;
        let mut f = it.hz;
        if loops && it.stays {
            let grid = self.rate / self.cycle as f64;
            f = (f / grid).round().max(1.0) * grid;
        }
        if f >= self.rate * 0.46 || it.amp == 0.0 {
            return;
        }
        let pre = self.pre();
        let level = |t: f64| {
            // Where there is no beginning it is there from the first.
            let rise = match pre > 0.0 {
                true => (t / it.rise).min(1.0),
                false => 1.0,
            };
            let rise = rise * rise * (3.0 - 2.0 * rise);
            let (slow, end) = (0.6 * pre, 0.97 * pre);
            // Time comes to rest before the cycle.
            let rest = match pre > 0.0 {
                true => ((t - slow) / (end - slow)).clamp(0.0, 1.0),
                false => 1.0,
            };
            let tau = match loops {
                true => t.min(slow) + (end - slow) * (rest - rest * rest / 2.0),
                false => t,
            };
            let gone = match loops && !it.stays {
                true => 0.5 + 0.5 * (rest * TAU / 2.0).cos(),
                false => 1.0,
            };
            let falls = if loops { it.fall - flat } else { it.fall };
            it.amp * rise * gone * db(-falls * tau)
        };
        let turn = Complex::from_polar(1.0, TAU * f / self.rate);
        // Phases count from where the cycle begins, so that it is the same however long the beginning.
        let mut at = Complex::from_polar(1.0, phase - TAU * f * pre);
        let rate = self.rate;
        let mut from = level(0.0);
        for (block, samples) in self.samples.chunks_mut(STEP).enumerate() {
            let to = level((block + 1) as f64 * STEP as f64 / rate);
            if from.abs() + to.abs() < 1e-7 {
                for _ in samples {
                    at *= turn;
                }
            } else {
                let step = (to - from) / STEP as f64;
                for (index, sample) in samples.iter_mut().enumerate() {
                    *sample += at.im * (from + step * index as f64);
                    at *= turn;
                }
            }
            at /= at.norm();
            from = to;
        }
    }

    /// Adds noise of the loudness (RMS) given times what `shape` says at each second; what does not come to rest should be 0
    /// before the cycle. `color` gives amplitude over Hz.
    pub(crate) fn noise(
        &mut self,
        seed: u64,
        rms: f64,
        color: impl Fn(f64) -> f64,
        shape: impl Fn(f64) -> f64,
    ) -> &mut Self {
        let length = match self.cycle {
            0 => self.samples.len(),
            cycle => cycle,
        };
        let noise = periodic_noise(length, self.rate, seed, color);
        // The cycle is the noise from its beginning; before it, the noise turned back.
        let shift = (length - self.pre % length) % length;
        let rate = self.rate;
        for (index, sample) in self.samples.iter_mut().enumerate() {
            *sample += rms * noise[(index + shift) % length] * shape(index as f64 / rate);
        }
        self
    }

    /// Adds a burst: noise that is there after `rise` seconds and falls by `fall` dB a second.
    pub(crate) fn burst(
        &mut self,
        seed: u64,
        rms: f64,
        rise: f64,
        fall: f64,
        color: impl Fn(f64) -> f64,
    ) -> &mut Self {
        let length = self
            .samples
            .len()
            .min((self.rate * (60.0 / fall + rise) * 1.3) as usize);
        let length = length.max(64);
        let noise = periodic_noise(length, self.rate, seed, color);
        let last = match self.cycle {
            0 => self.samples.len(),
            _ => self.pre,
        };
        let end = length.min(last);
        let rate = self.rate;
        let samples = self.samples.iter_mut().zip(&noise).take(end);
        for (index, (sample, noise)) in samples.enumerate() {
            let t = index as f64 / rate;
            let up = (t / rise).min(1.0);
            let gone = ((end - index) as f64 / (0.2 * end as f64)).min(1.0);
            *sample += rms * noise * up * gone * db(-fall * (t - rise).max(0.0));
        }
        self
    }

    /// Each sample through a function, as an amplifier does; what closes on itself does so afterwards too.
    pub(crate) fn bend(&mut self, through: impl Fn(f64) -> f64) -> &mut Self {
        let peak = self
            .samples
            .iter()
            .fold(1e-9_f64, |most, it| most.max(it.abs()));
        for it in &mut self.samples {
            *it = through(*it / peak);
        }
        self
    }

    /// As many samples a second as it has something to say for: what lies above in no twentieth of a second reaches
    /// `BARE` of the loudest one.
    pub(crate) fn pare(&mut self) -> &mut Self {
        let top = self.top();
        let wanted = (top * 2.0 / PASS).clamp(LEAST, self.most);
        if wanted > self.rate * 0.93 {
            return self;
        }
        let even = |it: f64| (it / 2.0).round().max(1.0) * 2.0;
        let mut ratio = wanted.round() / self.rate;
        let mut cycle = 0;
        if self.cycle > 0 {
            cycle = even(self.cycle as f64 * ratio) as usize;
            // A rate is a whole number: the nearest cycle whose rate is one to within a tenth of a cent.
            let rate = |cycle: usize| self.rate * cycle as f64 / self.cycle as f64;
            let off = |cycle: usize| (rate(cycle).round() / rate(cycle) - 1.0).abs();
            while off(cycle) > 4e-5 {
                cycle += 1;
            }
            ratio = cycle as f64 / self.cycle as f64;
        }
        let pre = match self.cycle {
            0 => (self.samples.len() as f64 * ratio) as usize,
            _ => (self.pre as f64 * ratio) as usize,
        };
        let at = |index: i64| match index {
            _ if index < 0 => 0.0,
            _ if index < self.samples.len() as i64 => self.samples[index as usize],
            _ if self.cycle > 0 => {
                let over = (index - self.pre as i64) as usize % self.cycle;
                self.samples[self.pre + over]
            }
            _ => 0.0,
        };
        let start = if self.cycle > 0 {
            self.pre as f64
        } else {
            pre as f64 / ratio
        };
        let halved = (0..pre + cycle).map(|index| {
            // What lies before the cycle is not in it: its samples are taken as they come round again.
            let around = if index >= pre { self.cycle as f64 } else { 0.0 };
            let place = start + around + (index as f64 - pre as f64) / ratio;
            let (first, reach) = (place.floor() as i64, (REACH / ratio) as i64);
            (first - reach..=first + reach + 1)
                .map(|old| at(old) * sinc((old as f64 - place) * ratio) * ratio)
                .sum::<f64>()
        });
        self.samples = halved.collect();
        self.pre = pre;
        self.cycle = cycle;
        self.rate = (self.rate * ratio).round();
        self
    }

    /// Up to where there is something.
    fn top(&self) -> f64 {
        let frame = (self.rate / 20.0) as usize / 2 * 2;
        let plan = RealFftPlanner::<f64>::new().plan_fft_forward(frame);
        let mut spectrum = plan.make_output_vec();
        let (mut loudest, mut above) = (0.0_f64, vec![0.0_f64; spectrum.len()]);
        for from in (0..self.samples.len().max(frame + 1) - frame).step_by(frame / 2) {
            let mut part: Vec<f64> = (0..frame)
                .map(|index| {
                    let window = 0.5 - 0.5 * (TAU * index as f64 / frame as f64).cos();
                    self.samples.get(from + index).copied().unwrap_or(0.0) * window
                })
                .collect();
            plan.process(&mut part, &mut spectrum).expect("lengths fit");
            let mut sum = 0.0;
            for (bin, most) in spectrum.iter().zip(&mut above).rev() {
                sum += bin.norm_sqr();
                *most = most.max(sum);
            }
            loudest = loudest.max(sum);
        }
        let bare = db(BARE).powi(2) * loudest;
        let bin = above.iter().rposition(|it| *it > bare).unwrap_or(0);
        bin as f64 * self.rate / frame as f64
    }

    /// The wave, as loud as 16 bits hold with 1 dB to spare.
    pub(crate) fn done(&mut self, name: &str) -> Wave {
        self.pare();
        let mut samples = std::mem::take(&mut self.samples);
        let mean = match self.cycle {
            0 => 0.0,
            cycle => samples[self.pre..].iter().sum::<f64>() / cycle as f64,
        };
        for it in &mut samples {
            *it -= mean;
        }
        // It begins where nothing is, and without a cycle it ends there.
        let edge = (self.rate * 0.0005) as usize;
        if self.pre > edge {
            for (index, it) in samples.iter_mut().take(edge).enumerate() {
                *it *= index as f64 / edge as f64;
            }
        }
        if self.cycle == 0 {
            let tail = (samples.len() / 12).max(1);
            let length = samples.len();
            for (index, it) in samples[length - tail..].iter_mut().enumerate() {
                let left = 1.0 - index as f64 / tail as f64;
                *it *= left * left;
            }
        }
        let peak = samples.iter().fold(1e-9_f64, |most, it| most.max(it.abs()));
        let scale = db(-1.0) / peak;
        Wave {
            name: name.to_owned(),
            rate: self.rate as u32,
            samples: samples.iter().map(|it| (it * scale) as f32).collect(),
            repeat: (self.cycle > 0).then_some((self.pre, self.cycle)),
            unity: self.key,
        }
    }
}

/// Noise that closes on itself after `length` samples, of RMS 1.
pub(crate) fn periodic_noise(
    length: usize,
    rate: f64,
    seed: u64,
    color: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let mut dice = Dice::new(seed ^ 0x5EED);
    let bins = length / 2 + 1;
    let spectrum = (0..bins).map(|bin| {
        let f = bin as f64 * rate / length as f64;
        // Close to the spectrum of noise: amplitudes vary too.
        let amp = color(f.max(1.0)) * (-(dice.unit().max(1e-9)).ln()).sqrt();
        Complex::from_polar(amp, dice.unit() * TAU)
    });
    back(spectrum.collect(), length)
}

/// Many players at once: noise about each harmonic, `cents` wide, whose loudness wavers as that of a group does, and all
/// of it in a cycle that closes on itself.
pub(crate) fn ensemble(
    key: u8,
    span: Span,
    seed: u64,
    cents: f64,
    harmonic: impl Fn(usize, f64) -> f64,
) -> Clay {
    let mut clay = Clay::new(key, span);
    let (length, rate) = (clay.cycle, clay.rate);
    let mut dice = Dice::new(seed ^ u64::from(key) << 8);
    let f0 = hz(key.into());
    let grid = rate / length as f64;
    let plan = RealFftPlanner::<f64>::new().plan_fft_inverse(length);
    let mut cycle = vec![0.0; length];
    let (mut here, mut aside) = (vec![0.0; length], vec![0.0; length]);
    for k in 1..=120 {
        let f = f0 * k as f64;
        if f > rate * 0.45 {
            break;
        }
        let width = (((cents / 1200.0).exp2() - 1.0) * f).max(0.5 * grid);
        let (from, to) = ((f - 3.0 * width).max(1.0), f + 3.0 * width);
        // On the whole it turns as often as its harmonic: chance may have it a turn more or less, which is out of tune.
        for _ in 0..if k <= 8 { 40 } else { 1 } {
            let mut spectrum = vec![Complex::new(0.0, 0.0); length / 2 + 1];
            for bin in (from / grid).ceil() as usize..=(to / grid) as usize {
                let weight = (-0.5 * ((bin as f64 * grid - f) / width).powi(2)).exp();
                if let Some(place) = spectrum.get_mut(bin) {
                    *place = Complex::from_polar(weight, dice.unit() * TAU);
                }
            }
            let mut turned: Vec<Complex<f64>> = spectrum
                .iter()
                .map(|it| it * Complex::new(0.0, 1.0))
                .collect();
            for (from, to) in [(&mut spectrum, &mut here), (&mut turned, &mut aside)] {
                let last = from.len() - 1;
                from[0] = Complex::new(0.0, 0.0);
                from[last] = Complex::new(0.0, 0.0);
                plan.process(from, to)
                    .expect("lengths fit, and the ends are real");
            }
            if turns(&here, &aside) == (f / grid).round() as i64 {
                break;
            }
        }
        // Left alone it would fade to nothing now and then, as no group of players does.
        let amp = harmonic(k, f);
        let power = here.iter().map(|it| it * it).sum::<f64>() / length as f64;
        let usual = (2.0 * power).sqrt().max(1e-12);
        for (sum, (x, y)) in cycle.iter_mut().zip(here.iter().zip(&aside)) {
            let level = (x.hypot(*y) / usual).max(0.02);
            *sum += amp * x / usual * level.powf(-0.7);
        }
    }
    let shift = (length - clay.pre % length) % length;
    for (index, it) in clay.samples.iter_mut().enumerate() {
        *it = cycle[(index + shift) % length];
    }
    clay
}

/// How often a wave goes round its cycle, by itself and what lies a quarter of a turn aside.
fn turns(here: &[f64], aside: &[f64]) -> i64 {
    let at = |index: usize| Complex::new(here[index % here.len()], aside[index % here.len()]);
    let angle: f64 = (0..here.len())
        .map(|index| (at(index + 1) * at(index).conj()).arg())
        .sum();
    (angle / TAU).round().abs() as i64
}

/// What is taken of a sample so far away when the rate is lowered.
fn sinc(x: f64) -> f64 {
    let turn = std::f64::consts::PI * x;
    if x.abs() >= REACH {
        return 0.0;
    }
    let window = 0.5 + 0.5 * (turn / REACH).cos();
    let edge = (1.0 + PASS) / 2.0;
    match turn.abs() < 1e-9 {
        true => edge,
        false => window * (edge * turn).sin() / turn,
    }
}

/// From a spectrum to samples of RMS 1.
fn back(mut spectrum: Vec<Complex<f64>>, length: usize) -> Vec<f64> {
    spectrum[0] = Complex::new(0.0, 0.0);
    if length.is_multiple_of(2) {
        spectrum[length / 2] = Complex::new(0.0, 0.0);
    }
    let mut samples = vec![0.0; length];
    let plan = RealFftPlanner::<f64>::new().plan_fft_inverse(length);
    plan.process(&mut spectrum, &mut samples)
        .expect("lengths fit, and the ends are real");
    let power = samples.iter().map(|it| it * it).sum::<f64>() / length as f64;
    let scale = 1.0 / power.sqrt().max(1e-12);
    samples.iter().map(|it| it * scale).collect()
}

/// A peak of the height given in decibels about a frequency, for the spectra of bodies and vowels.
pub(crate) fn peaks(f: f64, all: &[(f64, f64, f64)]) -> f64 {
    all.iter()
        .map(|(at, width, height)| db(*height) / (1.0 + ((f - at) / (width / 2.0)).powi(2)).sqrt())
        .sum()
}

/// 1 below a frequency and falling above it by 6 dB an octave times `steep`.
pub(crate) fn dark(f: f64, from: f64, steep: f64) -> f64 {
    (1.0 + (f / from).powi(2)).powf(-steep / 2.0)
}

/// 1 above a frequency and falling below it.
pub(crate) fn bright(f: f64, from: f64, steep: f64) -> f64 {
    (1.0 + (from / f).powi(2)).powf(-steep / 2.0)
}

/// 1 about a frequency, `octaves` wide.
pub(crate) fn band(f: f64, at: f64, octaves: f64) -> f64 {
    (-0.5 * ((f / at).log2() / (octaves / 2.0)).powi(2)).exp()
}
