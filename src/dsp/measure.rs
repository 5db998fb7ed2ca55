//! Looking at samples without changing them: peak, RMS, one bin of a spectrum, a peak meter, numbers that are none.
//! Used by meters and by tests.

use std::f64::consts::TAU;

/// The greatest absolute value. What is not a number does not count; an infinity does.
#[must_use]
pub fn peak(samples: &[f32]) -> f32 {
    let largest = super::wide::wide(
        #[inline(always)]
        || {
            let mut largest = 0;
            for sample in samples {
                let bits = (sample.to_bits() & 0x7FFF_FFFF) as i32;
                let counted = if bits <= INFINITE { bits } else { 0 };
                largest = largest.max(counted);
            }
            largest
        },
    );
    f32::from_bits(largest as u32)
}

/// The greatest absolute value among those that are numbers.
#[must_use]
pub fn finite_peak(samples: &[f32]) -> f32 {
    let finite = samples.iter().filter(|sample| sample.is_finite());
    finite.fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// The root of the mean square. A full-scale sine has 0.7071; an empty slice 0.
#[must_use]
pub fn rms(samples: &[f32]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let sum: f64 = samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
    (sum / samples.len() as f64).sqrt() as f32
}

/// An amplitude in decibels relative to 1.0; 0 gives minus infinity.
#[must_use]
pub fn dbfs(amplitude: f32) -> f32 {
    super::gain::db_from_amplitude(amplitude)
}

/// The place of the first sample that is infinite or not a number.
#[must_use]
pub fn first_non_finite(samples: &[f32]) -> Option<usize> {
    // The common case first, in a form that the compiler turns into wide instructions.
    if !has_non_finite(samples) {
        return None;
    }
    samples.iter().position(|sample| !sample.is_finite())
}

/// Whether any sample is infinite or not a number.
#[must_use]
pub fn has_non_finite(samples: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7f80_0000;
    samples.iter().fold(false, |found, sample| {
        found | (sample.to_bits() & EXPONENT == EXPONENT)
    })
}

/// Sets every infinity and everything that is not a number to 0, and counts them.
pub fn silence_non_finite(samples: &mut [f32]) -> usize {
    if !has_non_finite(samples) {
        return 0;
    }
    let mut count = 0;
    for sample in samples {
        if !sample.is_finite() {
            *sample = 0.0;
            count += 1;
        }
    }
    count
}

/// Whether any sample is denormal: not nothing, and too small to be reckoned with at full speed.
#[must_use]
pub fn has_denormals(samples: &[f32]) -> bool {
    samples.iter().fold(false, |found, sample| {
        let size = sample.abs();
        found | ((size < f32::MIN_POSITIVE) & (size > 0.0))
    })
}

/// The place of the first sample that is denormal.
#[must_use]
pub fn first_denormal(samples: &[f32]) -> Option<usize> {
    samples.iter().position(|sample| sample.is_subnormal())
}

/// Sets every denormal number to 0, and counts them.
pub fn silence_denormal(samples: &mut [f32]) -> usize {
    let mut count = 0;
    for sample in samples {
        if sample.is_subnormal() {
            *sample = 0.0;
            count += 1;
        }
    }
    count
}

/// One sine found in a sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// Its amplitude: 1.0 is a full-scale sine.
    pub amplitude: f64,
    /// Its phase at the first sample, in radians: `amplitude * sin(phase + TAU * hz * n / rate)`.
    pub phase: f64,
}

/// One bin of the spectrum (Goertzel, in `f64`), without a window: exact when `samples` holds whole periods.
#[must_use]
pub fn tone(samples: &[f32], hz: f64, rate_hz: f64) -> Tone {
    goertzel(
        samples.iter().map(|s| f64::from(*s)),
        samples.len(),
        hz,
        rate_hz,
    )
}

/// One bin of the spectrum under a Hann window: other tones more than two bins away hardly count, at the price of a
/// wider bin (four times rate / length). For looking beside a loud tone.
#[must_use]
pub fn tone_windowed(samples: &[f32], hz: f64, rate_hz: f64) -> Tone {
    let length = samples.len();
    let (turn_sine, turn_cosine) = (TAU / length.max(1) as f64).sin_cos();
    let (mut cosine, mut sine) = (1.0, 0.0);
    let windowed = samples.iter().map(|sample| {
        // The window has a mean of one half, which the factor 2 makes good.
        let window = 1.0 - cosine;
        // A pointer turned once for each sample is as good here as a cosine, and much cheaper.
        (cosine, sine) = (
            cosine * turn_cosine - sine * turn_sine,
            cosine * turn_sine + sine * turn_cosine,
        );
        f64::from(*sample) * window
    });
    goertzel(windowed, length, hz, rate_hz)
}

fn goertzel(samples: impl Iterator<Item = f64>, length: usize, hz: f64, rate_hz: f64) -> Tone {
    if length == 0 {
        return Tone {
            amplitude: 0.0,
            phase: 0.0,
        };
    }
    let step = TAU * hz / rate_hz;
    let turn = 2.0 * step.cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples {
        (last, before) = (sample + turn * last - before, last);
    }
    // The recursion ends at the last sample; turn the result back to the first.
    let (real, imaginary) = (last - before * step.cos(), before * step.sin());
    let back = -step * (length as f64 - 1.0);
    let cosine = real * back.cos() - imaginary * back.sin();
    let sine = real * back.sin() + imaginary * back.cos();
    Tone {
        amplitude: cosine.hypot(sine) * 2.0 / length as f64,
        phase: cosine.atan2(-sine),
    }
}

/// The falling peak of a level meter: up at once, down by 24 dB a second. It falls by steps of sixteen samples, so that most
/// of them are only compared; what is no number is passed over.
#[derive(Clone, Debug)]
pub struct PeakMeter {
    level: f32,
    /// In one step.
    fall: f32,
    /// The loudest since the last step, as bits: those of positive floats are in their order.
    loudest: i32,
    /// Samples since the last step.
    done: usize,
}

/// How fast a [`PeakMeter`] falls, in decibels a second.
pub const PEAK_FALL_DB_PER_SECOND: f64 = 24.0;

/// The bits of an infinity: those of numbers are less, those of what is none are more.
const INFINITE: i32 = 0x7F80_0000;

/// Samples from one step of a [`PeakMeter`] or a [`MeanMeter`] to the next.
const GRID: usize = 16;

/// -200 dBFS: below it a meter shows nothing, and its level is set to zero before it could turn denormal.
const NOTHING: f32 = 1e-10;

/// The amplitude of a sample as bits; nothing of what is no number. Signed, since every processor compares those at once.
#[inline(always)]
fn bits(sample: f32) -> i32 {
    let bits = (sample.to_bits() & 0x7FFF_FFFF) as i32;
    if bits < INFINITE { bits } else { 0 }
}

impl PeakMeter {
    /// A meter at rest for sound at this rate.
    #[must_use]
    pub fn new(rate_hz: f64) -> Self {
        let fall = -PEAK_FALL_DB_PER_SECOND / 20.0 / rate_hz * GRID as f64;
        Self {
            level: 0.0,
            fall: 10_f64.powf(fall) as f32,
            loudest: 0,
            done: 0,
        }
    }

    /// Looks at the next samples of its channel and gives the level after them.
    pub fn feed(&mut self, samples: &[f32]) -> f32 {
        super::wide::wide(
            #[inline(always)]
            || self.look(samples),
        )
    }

    #[inline(always)]
    fn look(&mut self, samples: &[f32]) -> f32 {
        let begun = (GRID - self.done) % GRID;
        let (first, rest) = samples.split_at(begun.min(samples.len()));
        self.part(first);
        let (steps, last) = rest.as_chunks::<GRID>();
        for step in steps {
            self.loudest = 0;
            for sample in step {
                self.loudest = self.loudest.max(bits(*sample));
            }
            self.step();
        }
        self.part(last);
        self.level()
    }

    /// A part of a step.
    #[inline(always)]
    fn part(&mut self, samples: &[f32]) {
        for sample in samples {
            self.loudest = self.loudest.max(bits(*sample));
        }
        self.done += samples.len();
        if self.done == GRID {
            self.step();
        }
    }

    #[inline(always)]
    fn step(&mut self) {
        self.fall_by(self.fall);
        self.level = self.level();
        (self.loudest, self.done) = (0, 0);
    }

    #[inline(always)]
    fn fall_by(&mut self, fall: f32) {
        let fallen = self.level * fall;
        self.level = if fallen < NOTHING { 0.0 } else { fallen };
    }

    /// Falls as over so many samples of silence, without looking at any.
    pub fn pass(&mut self, len: usize) -> f32 {
        self.level = self.level();
        (self.loudest, self.done) = (0, 0);
        self.fall_by(self.fall.powf(len as f32 / GRID as f32));
        self.level
    }

    /// The level now, as an amplitude.
    #[must_use]
    pub fn level(&self) -> f32 {
        self.level.max(f32::from_bits(self.loudest as u32))
    }

    /// Back to rest.
    pub fn reset(&mut self) {
        (self.level, self.loudest, self.done) = (0.0, 0, 0);
    }
}

/// The mean of squares over about so long: what came last counts most. It goes on by steps of sixteen samples, so that no
/// sample waits for the mean behind the one before it.
#[derive(Clone, Debug)]
pub struct MeanMeter {
    square: f64,
    /// The squares of the step that is not whole.
    sum: f64,
    done: usize,
}

impl MeanMeter {
    /// A meter at rest.
    #[must_use]
    pub fn new() -> Self {
        Self {
            square: 0.0,
            sum: 0.0,
            done: 0,
        }
    }

    /// The part of the way to a new level that a meter of this time constant goes in one step.
    #[must_use]
    pub fn share(seconds: f64, rate_hz: f64) -> f64 {
        super::dynamics::share(seconds, rate_hz / GRID as f64)
    }

    /// Hears the next samples, which are all numbers; `share` is [`MeanMeter::share`].
    pub fn feed(&mut self, samples: &[f32], share: f64) {
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(GRID - self.done));
            self.sum = now.iter().fold(self.sum, |sum, sample| {
                sum + f64::from(*sample) * f64::from(*sample)
            });
            self.done += now.len();
            if self.done == GRID {
                self.square += (self.sum / GRID as f64 - self.square) * share;
                if self.square < f64::from(NOTHING) * f64::from(NOTHING) {
                    self.square = 0.0;
                }
                (self.sum, self.done) = (0.0, 0);
            }
            rest = later;
        }
    }

    /// The root of the mean as it was at the last step.
    #[must_use]
    pub fn level(&self) -> f32 {
        self.square.sqrt() as f32
    }

    /// Back to rest.
    pub fn reset(&mut self) {
        *self = Self::new();
    }
}

impl Default for MeanMeter {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, rate_hz: f64, amplitude: f64, phase: f64, length: usize) -> Vec<f32> {
        (0..length)
            .map(|n| (amplitude * (TAU * hz * n as f64 / rate_hz + phase).sin()) as f32)
            .collect()
    }

    #[test]
    fn levels_of_a_sine() {
        let sound = sine(1000.0, 48_000.0, 0.5, 0.0, 4800);
        assert!((peak(&sound) - 0.5).abs() < 1e-6);
        assert!((rms(&sound) - 0.5 / 2_f32.sqrt()).abs() < 1e-6);
        assert!((dbfs(peak(&sound)) + 6.0206).abs() < 1e-3);
        assert_eq!(rms(&[]), 0.0);
        assert_eq!(peak(&[0.1, f32::NAN, -0.3]), 0.3);
    }

    #[test]
    fn a_peak_rises_at_once_falls_in_its_time_and_is_the_same_however_it_is_cut() {
        let mut sound = vec![0.0; 48_000];
        (sound[100], sound[101], sound[102]) = (-0.5, f32::NAN, f32::INFINITY);
        let mut whole = PeakMeter::new(48_000.0);
        assert_eq!(whole.feed(&sound[..101]), 0.5);
        let end = whole.feed(&sound[101..]);
        let wanted = -6.0206 - PEAK_FALL_DB_PER_SECOND as f32 * 47_899.0 / 48_000.0;
        assert!((dbfs(end) - wanted).abs() < 0.02, "{}", dbfs(end));
        for len in [1, 7, 16, 480] {
            let mut cut = PeakMeter::new(48_000.0);
            let ends = sound.chunks(len).map(|part| cut.feed(part)).last();
            assert_eq!(ends, Some(end), "{len}");
        }
        assert!((dbfs(whole.pass(24_000)) - wanted + 12.0).abs() < 0.01);
        whole.reset();
        assert_eq!(whole.level(), 0.0);
    }

    #[test]
    fn one_bin_finds_amplitude_and_phase() {
        let sound = sine(1000.0, 48_000.0, 0.25, 0.7, 4800);
        let found = tone(&sound, 1000.0, 48_000.0);
        assert!((found.amplitude - 0.25).abs() < 1e-6);
        assert!((found.phase - 0.7).abs() < 1e-6);
        assert!(tone(&sound, 2000.0, 48_000.0).amplitude < 1e-7);
    }

    #[test]
    fn the_window_hears_beside_a_loud_tone() {
        let mut sound = sine(1000.3, 48_000.0, 0.9, 0.0, 48_000);
        super::super::gain::mix_into(&mut sound, &sine(3000.0, 48_000.0, 1e-4, 0.0, 48_000));
        let found = tone_windowed(&sound, 3000.0, 48_000.0);
        assert!((found.amplitude - 1e-4).abs() < 2e-6, "{found:?}");
        assert!(tone_windowed(&sound, 5000.0, 48_000.0).amplitude < 1e-7);
    }

    #[test]
    fn what_is_no_number_is_found_and_silenced() {
        let mut sound = vec![0.5; 100];
        assert_eq!(first_non_finite(&sound), None);
        assert_eq!(silence_non_finite(&mut sound), 0);
        sound[71] = f32::NEG_INFINITY;
        sound[90] = f32::NAN;
        assert_eq!(first_non_finite(&sound), Some(71));
        assert_eq!(silence_non_finite(&mut sound), 2);
        assert_eq!(sound[71], 0.0);
        assert_eq!(sound[70], 0.5);
        assert!(!has_non_finite(&[f32::MAX, f32::MIN_POSITIVE / 2.0, -0.0]));
    }

    #[test]
    fn the_meter_falls_24_decibels_a_second_for_any_cutting() {
        let mut sound = vec![0.0; 48_001];
        sound[0] = 1.0;
        let mut meter = PeakMeter::new(48_000.0);
        let level = meter.feed(&sound);
        assert!((dbfs(level) + 24.0).abs() < 0.05, "{}", dbfs(level));
        let mut cut = PeakMeter::new(48_000.0);
        for piece in sound.chunks(77) {
            cut.feed(piece);
        }
        assert_eq!(cut.level().to_bits(), level.to_bits());
        meter.feed(&vec![0.0; 48_000 * 9]);
        assert_eq!(meter.level(), 0.0);
    }

    #[test]
    fn a_mean_comes_63_percent_of_the_way_in_its_time_however_it_is_cut() {
        let share = MeanMeter::share(0.3, 48_000.0);
        let sound = sine(1000.0, 48_000.0, 0.5, 0.0, 14_400);
        let mut whole = MeanMeter::new();
        whole.feed(&sound, share);
        let wanted = 0.5 * ((1.0 - (-1.0_f32).exp()) / 2.0).sqrt();
        assert!((whole.level() - wanted).abs() < 1e-4, "{}", whole.level());
        let mut cut = MeanMeter::new();
        for piece in sound.chunks(37) {
            cut.feed(piece, share);
        }
        assert_eq!(cut.level(), whole.level());
        cut.feed(&vec![0.0; 1 << 20], share);
        assert_eq!(cut.level(), 0.0);
    }

    #[test]
    fn a_peak_is_the_greatest_size_there_is() {
        for len in [0, 1, 7, 64, 77] {
            let mut sound: Vec<f32> = (0..len).map(|n| -(n as f32) / 100.0).collect();
            assert_eq!(peak(&sound), (len.max(1) - 1) as f32 / 100.0);
            if let Some(last) = sound.last_mut() {
                *last = f32::NAN;
                assert_eq!(peak(&sound), (len.max(2) - 2) as f32 / 100.0);
                sound[0] = f32::NEG_INFINITY;
                assert_eq!(peak(&sound), f32::INFINITY);
            }
        }
    }
}
