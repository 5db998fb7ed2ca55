//! Band-limited oscillators.
//!
//! A sine is a polynomial. The other shapes are read from tables that hold exactly the harmonics which fit below half the
//! rate:
//!
//! ```text
//!   half the rate / pitch:   1    2    3    4    6    8   12   16   24 ...  harmonics of the tables
//!                                       └3.1┘                              just above one: it and the next lower,
//!                                                                           mixed so that pitch may glide
//! ```
//!
//! Nothing above half the rate is ever in the table that is read, so what is left of aliasing is the error of reading
//! between its points: measured below -150 dB for a saw at 1 kHz and 48 kHz, below -110 dB for one at 110 Hz. The price
//! is that harmonics in the last half octave below half the rate are softened or missing. The phase is a 64-bit fixed-point number: a
//! cycle is 2^64, so it is exact for hours and for any cutting.

mod reading;
#[cfg(test)]
mod tests;

use std::f64::consts::{PI, TAU};
use std::sync::OnceLock;

use super::PIECE;
use super::eight::{QUARTER, widest};
use super::wide::{Extent, multiply_by_each};
use reading::{Reading, Sines, Tables};

/// What one cycle looks like. All begin at zero, rising (a pulse begins high).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A pure tone.
    #[default]
    Sine,
    /// Odd harmonics falling by 12 dB an octave.
    Triangle,
    /// All harmonics falling by 6 dB an octave; rises and drops once a cycle. Being band-limited it overshoots to
    /// about 1.18 beside the drop.
    Saw,
    /// +1 for a part of the cycle, -1 for the rest; at a width of one half the odd harmonics. Overshoots to about 1.18
    /// beside its edges, and has a mean of `2·width - 1`.
    Pulse,
}

const TABLE_BITS: u32 = 11;
const TABLE_LEN: usize = 1 << TABLE_BITS;
/// Harmonics of each level, half an octave apart. The last leaves four points of the table for its highest one.
const HARMONICS: [usize; 19] = [
    1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 448, 512,
];
/// The part of the way from one level to the next in which it is mixed with the one below: about one and a half semitones.
/// Elsewhere it is read alone, which takes half as long.
const MIXED: f64 = 0.25;
/// The same from so many harmonics on, of which the highest are read with the largest error.
const MIXED_LONGER: (usize, f64) = (192, 0.5);

struct Shapes {
    triangle: Vec<Table>,
    saw: Vec<Table>,
}

/// One cycle, with one point before it and two after it, so that reading between points needs no wrapping.
type Table = Box<[f32; TABLE_LEN + 3]>;

/// Built once, by the first oscillator.
fn shapes() -> &'static Shapes {
    static SHAPES: OnceLock<Shapes> = OnceLock::new();
    SHAPES.get_or_init(|| {
        let turn = |n: usize| TAU * n as f64 / TABLE_LEN as f64;
        let sines: Vec<f64> = (0..TABLE_LEN).map(|n| turn(n).sin()).collect();
        Shapes {
            triangle: levels(&sines, |k| match k % 4 {
                1 => 8.0 / (PI * PI * (k * k) as f64),
                3 => -8.0 / (PI * PI * (k * k) as f64),
                _ => 0.0,
            }),
            saw: levels(&sines, |k| {
                let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
                sign * 2.0 / (PI * k as f64)
            }),
        }
    })
}

/// Each level has the harmonics of the one before and more.
fn levels(sines: &[f64], amplitude: impl Fn(usize) -> f64) -> Vec<Table> {
    let mut cycle = vec![0.0; TABLE_LEN];
    let mut first = 1;
    let level = |&harmonics: &usize| {
        for k in first..=harmonics {
            let amplitude = amplitude(k);
            if amplitude != 0.0 {
                for (n, sum) in cycle.iter_mut().enumerate() {
                    *sum += amplitude * sines[n * k % TABLE_LEN];
                }
            }
        }
        first = harmonics + 1;
        table(&cycle)
    };
    HARMONICS.iter().map(level).collect()
}

fn table(cycle: &[f64]) -> Table {
    let mut table = Box::new([0.0; TABLE_LEN + 3]);
    for (n, point) in table.iter_mut().enumerate() {
        *point = cycle[(n + TABLE_LEN - 1) % TABLE_LEN] as f32;
    }
    table
}

/// A sine at a phase, within 2e-7. The phase is brought into the half cycle around zero, which is exact in whole numbers.
#[inline(always)]
fn sine(phase: u64) -> f32 {
    sine_of((phase >> 32) as i32)
}

/// The same of a cycle that goes from -half to half.
#[inline(always)]
pub(super) fn sine_of(cycle: i32) -> f32 {
    // Beyond a quarter it goes back as it came.
    let half = cycle
        .wrapping_add(QUARTER)
        .wrapping_abs()
        .wrapping_sub(QUARTER);
    let z = half as f32 * (1.0 / QUARTER as f32);
    let square = z * z;
    // Odd in z: sin(z pi / 2), the largest error made smallest.
    let mut sum = SINE[5];
    sum = sum * square + SINE[4];
    sum = sum * square + SINE[3];
    sum = sum * square + SINE[2];
    sum = sum * square + SINE[1];
    sum = sum * square + SINE[0];
    sum * z
}

/// Sines of as many phases, of which 2^32 are a turn; each within 2e-7.
pub(crate) fn sines(phases: &[u32], samples: &mut [f32]) {
    let len = phases.len().min(samples.len());
    widest(Sines {
        phases: &phases[..len],
        samples: &mut samples[..len],
    });
}

/// Taylor's terms of sin(z pi / 2), odd in z: the first that is left out is 7e-10 at the end of the quarter.
pub(crate) const SINE_TERMS: [f64; 7] = {
    let mut terms = [PI / 2.0; 7];
    let mut at = 1;
    while at < terms.len() {
        let order = (2 * at) as f64;
        terms[at] = -terms[at - 1] * (PI / 2.0) * (PI / 2.0) / (order * (order + 1.0));
        at += 1;
    }
    terms
};

/// Six of them suffice in single precision: the first that is left out is 6e-8.
const SINE: [f32; 6] = {
    let mut terms = [0.0; 6];
    let mut at = 0;
    while at < terms.len() {
        terms[at] = SINE_TERMS[at] as f32;
        at += 1;
    }
    terms
};

/// The four points of a table around a place in it.
#[inline(always)]
fn around(table: &Table, place: usize) -> [f32; 4] {
    [
        table[place],
        table[place + 1],
        table[place + 2],
        table[place + 3],
    ]
}

/// What the points around a phase count: Lagrange's polynomial through points at -1, 0, 1 and 2.
#[inline(always)]
fn weights(phase: u64) -> [f32; 4] {
    let between = ((phase << TABLE_BITS) >> 40) as i32 as f32 * (1.0 / (1 << 24) as f32);
    let (below, above, beyond) = (between + 1.0, between - 1.0, between - 2.0);
    let (inner, outer) = (between * above, below * beyond);
    [
        inner * beyond * (-1.0 / 6.0),
        outer * above * 0.5,
        outer * between * -0.5,
        inner * below * (1.0 / 6.0),
    ]
}

#[inline(always)]
fn sum([a, b, c, d]: [f32; 4], [e, f, g, h]: [f32; 4]) -> f32 {
    (a * e + b * f) + (c * g + d * h)
}

/// One voice of one shape.
#[derive(Clone, Copy)]
pub struct Oscillator {
    tables: &'static Shapes,
    shape: Shape,
    rate_hz: f64,
    phase: u64,
    step: u64,
    width: u64,
    /// The table in use and how much of it lies over the one before.
    level: usize,
    weight: f32,
}

const HALF: u64 = 1 << 63;

/// The mean of a pulse.
fn mean(width: u64) -> f32 {
    (width as f64 / 2_f64.powi(63) - 1.0) as f32
}

/// Whether what comes is the same.
impl PartialEq for Oscillator {
    fn eq(&self, other: &Self) -> bool {
        let all = |it: &Self| (it.shape, it.phase, it.step, it.width, it.level, it.weight);
        all(self) == all(other)
    }
}

impl std::fmt::Debug for Oscillator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (phase, step) = (self.phase, self.step);
        write!(f, "{:?} at {phase:#x} by {step:#x}", self.shape)
    }
}

/// A part of a cycle, from 0 to 1, as a 64-bit fixed-point phase.
fn phase_from_cycles(cycles: f64) -> u64 {
    (cycles.rem_euclid(1.0) * 2_f64.powi(64)) as u64
}

impl Oscillator {
    /// An oscillator at phase 0 and 440 Hz, for sound at `rate_hz`. The first one ever made builds the tables, so make
    /// it away from the audio thread.
    #[must_use]
    pub fn new(shape: Shape, rate_hz: f64) -> Self {
        let mut oscillator = Self {
            tables: shapes(),
            shape,
            rate_hz,
            phase: 0,
            step: 0,
            width: 1 << 63,
            level: 0,
            weight: 1.0,
        };
        oscillator.set_frequency(440.0);
        oscillator
    }

    /// Takes another shape, at the same phase.
    pub fn set_shape(&mut self, shape: Shape) {
        let had_table = self.shape != Shape::Sine;
        self.shape = shape;
        if had_table != (shape != Shape::Sine) {
            self.choose_table();
        }
    }

    /// Goes on at another pitch, brought into 0 up to half the rate. Cheap: it may be called for every sample.
    pub fn set_frequency(&mut self, hz: f64) {
        let cycles = (hz / self.rate_hz).clamp(0.0, 0.5);
        let cycles = if cycles.is_nan() { 0.0 } else { cycles };
        // Less than one, so that nothing is to be brought into a cycle.
        self.step = (cycles * 2_f64.powi(64)) as u64;
        if self.shape != Shape::Sine {
            self.choose_table();
        }
    }

    /// The table for this pitch; a sine needs none.
    fn choose_table(&mut self) {
        if self.shape == Shape::Sine {
            (self.level, self.weight) = (0, 1.0);
            return;
        }
        // Exact where there is more than one table to choose from.
        let cycles = self.step as f64 / 2_f64.powi(64);
        let fit = 0.5 / cycles.max(1e-9);
        // It is seldom far from the last one.
        let mut level = self.level;
        while level > 0 && HARMONICS[level] as f64 > fit {
            level -= 1;
        }
        while level + 1 < HARMONICS.len() && HARMONICS[level + 1] as f64 <= fit {
            level += 1;
        }
        self.level = level;
        self.weight = match (level, HARMONICS.get(level + 1)) {
            (0, _) | (_, None) => 1.0,
            (_, Some(&above)) => {
                let here = HARMONICS[level] as f64;
                let part = (fit - here) / (above as f64 - here);
                let mixed = match HARMONICS[level] < MIXED_LONGER.0 {
                    true => MIXED,
                    false => MIXED_LONGER.1,
                };
                (part / mixed).min(1.0) as f32
            }
        };
    }

    /// The part of a cycle for which a [`Shape::Pulse`] is high, brought into 0.01 to 0.99.
    pub fn set_width(&mut self, width: f64) {
        let width = if width.is_nan() { 0.5 } else { width };
        self.width = phase_from_cycles(width.clamp(0.01, 0.99));
    }

    /// The phase, a cycle being 2^64.
    #[must_use]
    pub fn phase(&self) -> u64 {
        self.phase
    }

    /// Goes on from such a phase.
    pub fn resume(&mut self, phase: u64) {
        self.phase = phase;
    }

    /// Moves to a place in the cycle, from 0 to 1.
    pub fn set_phase(&mut self, cycles: f64) {
        self.phase = phase_from_cycles(cycles);
    }

    /// The next sample.
    #[inline]
    pub fn step(&mut self) -> f32 {
        let phase = self.phase;
        self.phase = phase.wrapping_add(self.step);
        match self.shape {
            Shape::Sine => sine(phase),
            Shape::Triangle => self.read_levels(&self.tables.triangle, phase),
            Shape::Saw => self.read_levels(&self.tables.saw, phase),
            Shape::Pulse => self.pulse(phase),
        }
    }

    /// The saw drops half way; the difference of two that drop at 0 and at the width is a pulse.
    #[inline(always)]
    fn pulse(&self, phase: u64) -> f32 {
        let dropped = phase.wrapping_sub(self.width).wrapping_add(HALF);
        let falls = self.read_levels(&self.tables.saw, dropped);
        let rises = self.read_levels(&self.tables.saw, phase.wrapping_add(HALF));
        falls - rises + mean(self.width)
    }

    /// The next samples, multiplied by one factor behind the other, and what a look at them found before that. It stays where
    /// it is.
    #[must_use]
    pub fn show(&self, samples: &mut [f32], factors: &[f32]) -> Extent {
        let levels = match self.shape {
            Shape::Triangle => &self.tables.triangle,
            _ => &self.tables.saw,
        };
        let tables = (self.shape != Shape::Sine).then(|| Tables {
            here: &levels[self.level],
            below: &levels[self.level.saturating_sub(1)],
            weight: self.weight,
            width: (self.shape == Shape::Pulse).then_some(self.width),
        });
        // Most often there are no more than two factors; to multiply by one changes nothing.
        let (few, others) = match *factors {
            [] => ([1.0, 1.0], &[][..]),
            [one] => ([one, 1.0], &[][..]),
            [one, two, ref others @ ..] => ([one, two], others),
        };
        // What holds for all of them is asked once.
        let seen = widest(Reading {
            samples: &mut *samples,
            factors: few,
            first: self.phase,
            step: self.step,
            tables,
        });
        if !others.is_empty() {
            multiply_by_each(samples, others);
        }
        seen
    }

    /// Goes on by so many samples.
    pub fn pass(&mut self, count: usize) {
        self.phase = self
            .phase
            .wrapping_add(self.step.wrapping_mul(count as u64));
    }

    /// The next samples: those that [`step`](Self::step) gives.
    pub fn fill(&mut self, samples: &mut [f32]) {
        // What is seen is not asked for.
        let _ = self.show(samples, &[]);
        self.pass(samples.len());
    }

    /// The next samples, each at a pitch of its own.
    pub fn fill_swept(&mut self, samples: &mut [f32], mut hz: impl FnMut(usize) -> f64) {
        if self.shape != Shape::Sine {
            for (at, sample) in samples.iter_mut().enumerate() {
                self.set_frequency(hz(at));
                *sample = self.step();
            }
            return;
        }
        // Where each stands is found one behind the other, what it is there at once.
        let mut phases = [0; PIECE];
        let mut at = 0;
        for piece in samples.chunks_mut(PIECE) {
            let phases = &mut phases[..piece.len()];
            for phase in &mut *phases {
                *phase = (self.phase >> 32) as u32;
                self.set_frequency(hz(at));
                self.pass(1);
                at += 1;
            }
            sines(phases, piece);
        }
    }

    #[inline(always)]
    fn read_levels(&self, levels: &[Table], phase: u64) -> f32 {
        let weights = weights(phase);
        let place = (phase >> (64 - TABLE_BITS)) as usize;
        let here = around(&levels[self.level], place);
        if self.weight == 1.0 {
            return sum(here, weights);
        }
        let below = around(&levels[self.level - 1], place);
        let mixed = std::array::from_fn(|n| below[n] + (here[n] - below[n]) * self.weight);
        sum(mixed, weights)
    }
}
