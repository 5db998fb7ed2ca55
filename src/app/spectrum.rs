//! From the samples that a Spectrum Analyser hands over to the levels that a screen draws. Pure: no pixels, no clock.
//!
//! A transform is four times as long as its samples, the rest being silence: its bins stand so close that a tone between
//! two of them is not told too soft, whatever the window. Powers are scaled so that a sine stands at its own level.
//! Their mean is taken over time, not over looks: how often a screen looks does not change what it shows.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::filters::spectrum::{
    AVERAGING, FLOOR, LONGEST, Latest, PEAK_HOLD, SHOWN, SIZE, WINDOW, latest, passed,
};
use crate::ks::{Property, Settings, Telemetry, Value};

/// So many times a transform is longer than its samples.
const PADDING: usize = 4;
/// The power that stands for silence.
const NOTHING: f32 = 1e-20;
/// The lowest frequency that is drawn.
pub const LOWEST_HZ: f32 = 20.0;

/// How the samples of a transform are weighted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Window {
    /// All alike: the narrowest lines, the highest skirts.
    Rectangular,
    /// The usual one.
    Hann,
    /// Like Hann, with its nearest side lobes lower.
    Hamming,
    /// Skirts below -92 dB.
    BlackmanHarris,
    /// The truest levels, the widest lines.
    FlatTop,
}

impl Window {
    /// All of them, in the order of the property's words.
    pub const ALL: [Self; 5] = [
        Self::Rectangular,
        Self::Hann,
        Self::Hamming,
        Self::BlackmanHarris,
        Self::FlatTop,
    ];

    /// Each window is a sum of cosines with alternating signs: their amplitudes.
    const fn terms(self) -> &'static [f64] {
        match self {
            Self::Rectangular => &[1.0],
            Self::Hann => &[0.5, 0.5],
            Self::Hamming => &[0.54, 0.46],
            Self::BlackmanHarris => &[0.358_75, 0.488_29, 0.141_28, 0.011_68],
            Self::FlatTop => &[
                0.215_578_95,
                0.416_631_58,
                0.277_263_158,
                0.083_578_947,
                0.006_947_368,
            ],
        }
    }

    /// Its weights for so many samples, with a mean of 1: a tone keeps its level.
    fn weights(self, size: usize) -> Vec<f32> {
        let terms = self.terms();
        let weight = |n: usize| {
            let turn = TAU * n as f64 / size as f64;
            let sum = terms.iter().enumerate().map(|(order, term)| {
                let sign = if order % 2 == 0 { 1.0 } else { -1.0 };
                sign * term * (turn * order as f64).cos()
            });
            (sum.sum::<f64>() / terms[0]) as f32
        };
        (0..size).map(weight).collect()
    }
}

/// What of two channels is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// The mean of both channels.
    Mean,
    /// The first.
    Left,
    /// The second.
    Right,
}

/// What a Spectrum Analyser is asked to show.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Asked {
    /// Samples of a transform.
    pub size: usize,
    /// How they are weighted.
    pub window: Window,
    /// Which channels.
    pub shown: Shown,
    /// Seconds over which powers are averaged.
    pub averaging: f64,
    /// Whether the highest levels stay.
    pub holds: bool,
    /// The level at the foot of the picture.
    pub floor_db: f32,
}

impl Asked {
    /// What the values of a filter ask for; what they do not say has its default.
    #[must_use]
    pub fn by(values: &BTreeMap<String, Value>) -> Self {
        let settings = Settings { values, base: None };
        let index = |property: &Property| settings.slot_value(property) as usize;
        Self {
            size: (1024 << index(&SIZE)).min(LONGEST),
            window: Window::ALL[index(&WINDOW).min(Window::ALL.len() - 1)],
            shown: [Shown::Mean, Shown::Left, Shown::Right][index(&SHOWN).min(2)],
            averaging: settings.number(&AVERAGING) / 1000.0,
            holds: settings.is_on(&PEAK_HOLD),
            floor_db: settings.number(&FLOOR) as f32,
        }
    }
}

/// The powers of a sound by frequency: 1 is that of a sine of full scale.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Bins {
    /// Hertz from one bin to the next; the first is at 0.
    pub width_hz: f32,
    /// A power for each bin.
    pub powers: Vec<f32>,
}

/// A power in decibels.
fn db(power: f32) -> f32 {
    10.0 * power.max(NOTHING).log10()
}

impl Bins {
    /// The highest frequency: half the rate.
    #[must_use]
    pub fn highest_hz(&self) -> f32 {
        self.width_hz * self.powers.len().saturating_sub(1) as f32
    }

    /// The level of a bin, and those of the bins before and behind it.
    fn levels(&self, index: usize) -> [f32; 3] {
        let level = |index: usize| db(self.powers.get(index).copied().unwrap_or(0.0));
        [
            level(index.saturating_sub(1)),
            level(index),
            level(index + 1),
        ]
    }

    /// The level at a frequency, in dBFS: on the parabola through the three nearest bins.
    #[must_use]
    pub fn level_at(&self, hz: f32) -> f32 {
        let place = (hz / self.width_hz).max(0.0);
        let index = place.round();
        let [before, here, after] = self.levels(index as usize);
        let off = (place - index).clamp(-0.5, 0.5);
        here + (after - before) / 2.0 * off + (after - 2.0 * here + before) / 2.0 * off * off
    }

    /// The loudest frequency and its level; `None` in silence.
    #[must_use]
    pub fn peak(&self) -> Option<(f32, f32)> {
        let above = (LOWEST_HZ / self.width_hz).ceil() as usize;
        let bins = self.powers.iter().enumerate().skip(above);
        let (index, power) = bins.max_by(|one, other| one.1.total_cmp(other.1))?;
        if *power <= NOTHING {
            return None;
        }
        let (place, top) = self.top(index);
        Some((place * self.width_hz, top))
    }

    /// Where the parabola through a bin and those beside it has its top, in bins, and how high that is; the bin itself
    /// where one beside it is higher.
    fn top(&self, index: usize) -> (f32, f32) {
        let [before, here, after] = self.levels(index);
        let bend = before - 2.0 * here + after;
        if bend >= 0.0 || before > here || after > here {
            return (index as f32, here);
        }
        let off = (before - after) / (2.0 * bend);
        (index as f32 + off, here - (before - after) * off / 4.0)
    }

    /// Levels for so many columns from [`LOWEST_HZ`] to the highest frequency, each column a ratio above the one before:
    /// the highest level in the column, or between two bins where it has none of its own.
    #[must_use]
    pub fn columns(&self, count: usize) -> Vec<f32> {
        let highest = self.highest_hz().max(LOWEST_HZ * 2.0);
        let edge = |column: f32| LOWEST_HZ * (highest / LOWEST_HZ).powf(column / count as f32);
        (0..count)
            .map(|column| {
                let column = column as f32;
                let (low, high) = (edge(column), edge(column + 1.0));
                let first = (low / self.width_hz).ceil() as usize;
                let last = (high / self.width_hz).ceil() as usize;
                let middle = self.level_at(edge(column + 0.5));
                let own = first..last.min(self.powers.len());
                let powers = &self.powers;
                let loudest = own.reduce(|one, other| {
                    if powers[other] > powers[one] {
                        other
                    } else {
                        one
                    }
                });
                loudest.map_or(middle, |index| middle.max(self.top(index).1))
            })
            .collect()
    }
}

/// Where on a logarithmic axis up to `highest` a frequency stands: 0 at [`LOWEST_HZ`], 1 at the end.
#[must_use]
pub fn place_of(hz: f32, highest: f32) -> f32 {
    (hz / LOWEST_HZ).ln() / (highest.max(LOWEST_HZ * 2.0) / LOWEST_HZ).ln()
}

/// A transform of one length, with its window.
struct Transform {
    size: usize,
    window: Window,
    weights: Vec<f32>,
    plan: Arc<dyn RealToComplex<f32>>,
    input: Vec<f32>,
    output: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Transform {
    fn new(size: usize, window: Window) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(size * PADDING);
        Self {
            size,
            window,
            weights: window.weights(size),
            input: plan.make_input_vec(),
            output: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            plan,
        }
    }

    /// The powers of the newest samples; those that are missing are silence.
    fn powers(&mut self, samples: &[f32]) -> impl Iterator<Item = f32> {
        self.input.fill(0.0);
        let newest = &samples[samples.len().saturating_sub(self.size)..];
        let missing = self.size - newest.len();
        for (at, sample) in newest.iter().enumerate() {
            self.input[at] = sample * self.weights[missing + at];
        }
        let Self {
            plan,
            input,
            output,
            scratch,
            ..
        } = self;
        // The lengths are the plan's own, so it has nothing to refuse.
        if plan.process_with_scratch(input, output, scratch).is_err() {
            output.fill(Complex::default());
        }
        // Half of a sine's amplitude is at its frequency, the other half at the one below zero.
        let (scale, last) = (2.0 / self.size as f32, self.output.len() - 1);
        self.output.iter().enumerate().map(move |(index, bin)| {
            let scale = if index == 0 || index == last {
                scale / 2.0
            } else {
                scale
            };
            bin.norm_sqr() * scale * scale
        })
    }
}

/// Looks at the frequencies of one sound, time after time.
#[derive(Default)]
pub struct Analyser {
    transform: Option<Transform>,
    shown: Option<Shown>,
    rate_hz: f32,
    position: usize,
    now: Bins,
    held: Vec<f32>,
}

impl Analyser {
    /// Looks at what a filter published last. Nothing changes while nothing new was heard.
    pub fn look(&mut self, telemetry: &Telemetry, asked: &Asked) {
        match latest(telemetry, asked.size) {
            Some(latest) => self.take(&latest, asked),
            None => self.forget(),
        }
    }

    /// Looks at samples.
    pub fn take(&mut self, latest: &Latest, asked: &Asked) {
        let elapsed = passed(self.position, latest.position);
        let is_same = |it: &Transform| it.size == asked.size && it.window == asked.window;
        let is_fresh = self.transform.as_ref().is_none_or(|it| !is_same(it))
            || self.rate_hz != latest.rate_hz
            || self.shown != Some(asked.shown);
        if is_fresh {
            if !self.transform.as_ref().is_some_and(is_same) {
                self.transform = Some(Transform::new(asked.size, asked.window));
            }
            self.forget();
            self.rate_hz = latest.rate_hz;
            self.shown = Some(asked.shown);
        } else if elapsed == 0 && !self.now.powers.is_empty() {
            if !asked.holds {
                self.held.clear();
            }
            return;
        }
        self.position = latest.position;
        let Some(transform) = &mut self.transform else {
            return;
        };
        let left = latest.channels.first().map_or(&[][..], Vec::as_slice);
        let right = latest.channels.get(1).map_or(left, Vec::as_slice);
        let mean: Vec<f32>;
        let samples = match asked.shown {
            Shown::Left => left,
            Shown::Right => right,
            Shown::Mean => {
                let pairs = left.iter().zip(right);
                mean = pairs.map(|(left, right)| (left + right) / 2.0).collect();
                &mean
            }
        };
        let is_first = self.now.powers.is_empty();
        self.now.width_hz = latest.rate_hz / (asked.size * PADDING) as f32;
        let seconds = elapsed as f64 / f64::from(latest.rate_hz.max(1.0));
        let share = if is_first || asked.averaging <= 0.0 {
            1.0
        } else {
            (1.0 - (-seconds / asked.averaging).exp()) as f32
        };
        let bins = asked.size * PADDING / 2 + 1;
        self.now.powers.resize(bins, 0.0);
        let held = if asked.holds { bins } else { 0 };
        self.held.resize(held, 0.0);
        let powers = transform.powers(samples);
        for (index, (power, now)) in powers.zip(&mut self.now.powers).enumerate() {
            *now += (power - *now) * share;
            if let Some(held) = self.held.get_mut(index) {
                *held = held.max(*now);
            }
        }
    }

    /// Forgets what it saw.
    pub fn forget(&mut self) {
        self.now.powers.clear();
        self.held.clear();
    }

    /// The mean powers; none before anything was heard.
    #[must_use]
    pub fn now(&self) -> &Bins {
        &self.now
    }

    /// The highest that the mean powers were; none while that is not asked for.
    #[must_use]
    pub fn held(&self) -> Bins {
        Bins {
            width_hz: self.now.width_hz,
            powers: self.held.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::Random;
    use crate::filters::spectrum::Spectrum;
    use crate::ks::rig::Rig;

    fn asked(size: usize, window: Window) -> Asked {
        Asked {
            size,
            window,
            shown: Shown::Mean,
            averaging: 0.0,
            holds: false,
            floor_db: -100.0,
        }
    }

    fn sine(hz: f64, level_db: f64, rate_hz: f64, len: usize) -> Vec<f32> {
        let amplitude = 10_f64.powf(level_db / 20.0);
        (0..len)
            .map(|n| (amplitude * (TAU * hz * n as f64 / rate_hz + 0.3).sin()) as f32)
            .collect()
    }

    fn heard(samples: Vec<f32>, rate_hz: f32, position: usize) -> Latest {
        Latest {
            channels: vec![samples],
            rate_hz,
            position,
        }
    }

    #[test]
    fn a_sine_stands_at_its_level_and_its_frequency_whatever_the_window() {
        for rate_hz in [44_100.0, 48_000.0, 96_000.0] {
            for size in [1024, 4096, 16_384] {
                for window in Window::ALL {
                    for hz in [1000.0, 440.0, 9876.5] {
                        let sound = sine(hz, -12.0, rate_hz, size);
                        let mut analyser = Analyser::default();
                        let latest = heard(sound, rate_hz as f32, size);
                        analyser.take(&latest, &asked(size, window));
                        let bins = analyser.now();
                        let what = format!("{window:?} {size} at {rate_hz}: {hz}");
                        let at = bins.level_at(hz as f32);
                        assert!((at + 12.0).abs() < 0.2, "{what}: {at} there");
                        let (found, level) = bins.peak().unwrap();
                        assert!((level + 12.0).abs() < 0.2, "{what}: peak {level}");
                        let off = (f64::from(found) - hz).abs();
                        assert!(off < 0.5 * rate_hz / size as f64, "{what}: at {found}");
                        let tops = bins.columns(200);
                        let top = tops.iter().fold(-200.0_f32, |top, it| top.max(*it));
                        assert!((top + 12.0).abs() < 0.2, "{what}: drawn at {top}");
                        let place = tops.iter().position(|it| *it == top).unwrap() as f32 + 0.5;
                        let wanted = place_of(hz as f32, bins.highest_hz()) * 200.0;
                        let slack = 1.0 + 200.0 * rate_hz as f32 / size as f32 / hz as f32 / 5.0;
                        assert!((place - wanted).abs() < slack, "{what}: column {place}");
                    }
                }
            }
        }
    }

    #[test]
    fn windows_keep_their_skirts_low() {
        // A bin or more beside the tone, where the window's own text says how low it is.
        for (window, below) in [
            (Window::Rectangular, -12.0),
            (Window::Hann, -31.0),
            (Window::Hamming, -39.0),
            (Window::BlackmanHarris, -91.0),
            (Window::FlatTop, -80.0),
        ] {
            let mut analyser = Analyser::default();
            let sound = sine(6000.0, 0.0, 48_000.0, 4096);
            analyser.take(&heard(sound, 48_000.0, 4096), &asked(4096, window));
            let bins = analyser.now();
            let side = (0..4000).map(|hz| bins.level_at(hz as f32));
            let side = side.fold(-200.0, f32::max);
            assert!(side < below, "{window:?}: {side}");
            let near = bins.level_at(6000.0 + 48_000.0 / 4096.0 * 5.6);
            assert!(near < below, "{window:?}: {near}");
        }
    }

    #[test]
    fn white_noise_is_flat() {
        let mut random = Random::new(7);
        let asked = Asked {
            averaging: 2.0,
            ..asked(1024, Window::Hann)
        };
        let mut analyser = Analyser::default();
        for turn in 1..400 {
            let sound = (0..1024).map(|_| random.next_signed() * 0.5).collect();
            analyser.take(&heard(sound, 48_000.0, turn * 1024), &asked);
        }
        let bins = analyser.now();
        let mean = |low: f32, high: f32| {
            let first = (low / bins.width_hz) as usize;
            let last = (high / bins.width_hz) as usize;
            let sum: f32 = bins.powers[first..last].iter().sum();
            db(sum / (last - first) as f32)
        };
        let whole = mean(100.0, 23_900.0);
        for low in [100.0, 1000.0, 5000.0, 12_000.0, 20_000.0] {
            let part = mean(low, low + 3000.0);
            assert!((part - whole).abs() < 1.0, "from {low}: {part} of {whole}");
        }
        // Noise between -0.5 and 0.5 has a mean square of 1/12, spread over 512 bins of a Hann window 1.5 wide.
        let wanted = 10.0 * (2.0 / 12.0 * 1.5 / 512.0_f32).log10();
        assert!((whole - wanted).abs() < 0.3, "{whole}, wanted {wanted}");
    }

    #[test]
    fn the_mean_goes_by_time_and_not_by_looks() {
        let loud = sine(3000.0, -6.0, 48_000.0, 1024);
        let after = |looks: usize| {
            let asked = Asked {
                averaging: 0.5,
                ..asked(1024, Window::Hann)
            };
            let mut analyser = Analyser::default();
            analyser.take(&heard(vec![0.0; 1024], 48_000.0, 1), &asked);
            for look in 1..=looks {
                let position = 1 + 24_000 * look / looks;
                analyser.take(&heard(loud.clone(), 48_000.0, position), &asked);
                // Looking twice at the same changes nothing.
                analyser.take(&heard(loud.clone(), 48_000.0, position), &asked);
            }
            analyser.now().level_at(3000.0)
        };
        let wanted = -6.0 + 10.0 * (1.0 - (-1.0_f32).exp()).log10();
        for looks in [3, 20, 60] {
            let level = after(looks);
            assert!((level - wanted).abs() < 0.15, "{looks}: {level} {wanted}");
        }
    }

    #[test]
    fn peaks_stay_while_they_are_held() {
        let holding = Asked {
            holds: true,
            ..asked(1024, Window::Hann)
        };
        let mut analyser = Analyser::default();
        let loud = sine(3000.0, -6.0, 48_000.0, 1024);
        analyser.take(&heard(loud, 48_000.0, 1), &holding);
        analyser.take(&heard(vec![0.0; 1024], 48_000.0, 2), &holding);
        assert!(analyser.now().level_at(3000.0) < -100.0);
        assert!((analyser.held().level_at(3000.0) + 6.0).abs() < 0.2);
        let free = asked(1024, Window::Hann);
        analyser.take(&heard(vec![0.0; 1024], 48_000.0, 2), &free);
        assert!(
            analyser.held().powers.is_empty(),
            "though nothing was heard"
        );
        let other = Asked {
            size: 2048,
            ..holding
        };
        analyser.take(&heard(vec![0.0; 2048], 48_000.0, 3), &other);
        assert!(analyser.held().level_at(3000.0) < -100.0, "begun anew");
    }

    #[test]
    fn what_a_filter_hears_is_seen_by_the_channels_asked_for() {
        let mut rig = Rig::open(&Spectrum, &[]);
        let telemetry = rig.telemetry().unwrap().clone();
        let mut analyser = Analyser::default();
        let mut asked = asked(4096, Window::Hann);
        analyser.look(&telemetry, &asked);
        assert_eq!(analyser.now().peak(), None);
        let (left, right) = (
            sine(1000.0, -12.0, 48_000.0, 8000),
            sine(5000.0, -20.0, 48_000.0, 8000),
        );
        for (left, right) in left.chunks(500).zip(right.chunks(500)) {
            rig.cycle(500, &[left.to_vec(), right.to_vec()], &[]);
        }
        for (shown, low, high) in [
            (Shown::Left, -12.0, -90.0),
            (Shown::Right, -90.0, -20.0),
            (Shown::Mean, -18.0, -26.0),
        ] {
            asked.shown = shown;
            analyser.look(&telemetry, &asked);
            for (hz, wanted) in [(1000.0, low), (5000.0, high)] {
                let level = analyser.now().level_at(hz);
                let is_right = if wanted > -90.0 {
                    (level - wanted).abs() < 0.3
                } else {
                    level < wanted
                };
                assert!(is_right, "{shown:?} at {hz}: {level}, wanted {wanted}");
            }
        }
        rig.processor().enter(crate::ks::State::Stop);
        analyser.look(&telemetry, &asked);
        assert!(analyser.now().powers.is_empty());
    }

    #[test]
    fn values_say_what_is_asked() {
        let asked = Asked::by(&BTreeMap::new());
        assert_eq!((asked.size, asked.window), (4096, Window::Hann));
        assert!(asked.holds && asked.floor_db == -100.0);
        let word = |text: &str| Value::Text(text.to_owned());
        let values = [
            ("size".to_owned(), word("16384")),
            ("window".to_owned(), word("flat top")),
            ("channels".to_owned(), word("right")),
            ("averaging".to_owned(), Value::Number(500.0)),
            ("peak_hold".to_owned(), Value::Flag(false)),
        ];
        let asked = Asked::by(&values.into());
        assert_eq!((asked.size, asked.window), (16_384, Window::FlatTop));
        assert_eq!((asked.shown, asked.averaging), (Shown::Right, 0.5));
        assert!(!asked.holds);
    }
}
