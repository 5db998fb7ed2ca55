//! Tones in registers of eight: sines, and tables read between their points.

use super::{HALF, SINE, TABLE_BITS, Table, around, mean};
use crate::dsp::eight::{Eight, QUARTER, Work};
use crate::dsp::wide::{Extent, look};

/// Samples of a tone, eight at a time: what [`Oscillator::step`](super::Oscillator::step) gives, multiplied by one factor and then
/// the other. Tells what a look at them finds before that.
pub(super) struct Reading<'a> {
    pub(super) samples: &'a mut [f32],
    pub(super) factors: [f32; 2],
    pub(super) first: u64,
    pub(super) step: u64,
    /// None of a sine.
    pub(super) tables: Option<Tables<'a>>,
}

#[derive(Clone, Copy)]
pub(super) struct Tables<'a> {
    pub(super) here: &'a Table,
    pub(super) below: &'a Table,
    pub(super) weight: f32,
    /// Of a pulse.
    pub(super) width: Option<u64>,
}

/// What the samples at eight phases are.
trait Source: Copy {
    /// It takes so many registers that what is done to the samples is done behind it.
    const IS_LONG: bool;

    fn at<E: Eight>(self, e: E, phases: E::Phases) -> E::Of;
}

impl Work for Reading<'_> {
    type Output = Extent;

    #[inline(always)]
    fn with<E: Eight>(self, e: E) -> Extent {
        let Some(tables) = self.tables else {
            return self.run(e, Sine);
        };
        let plain = Plain(tables.here);
        let mixed = Mixed(tables.here, tables.below, tables.weight);
        match (tables.weight == 1.0, tables.width) {
            (true, None) => self.run(e, plain),
            (false, None) => self.run(e, mixed),
            (true, Some(width)) => self.run(e, Pulse(plain, width)),
            (false, Some(width)) => self.run(e, Pulse(mixed, width)),
        }
    }
}

impl Reading<'_> {
    // Loops and no closures: those would be compiled for narrow registers.
    #[inline(always)]
    fn run<E: Eight, S: Source>(self, e: E, source: S) -> Extent {
        let [one, two] = self.factors;
        let (one, two) = (e.all(one), e.all(two));
        let mut phases = e.phases(self.first, self.step);
        let eight_steps = self.step.wrapping_mul(8);
        let mut largest = e.whole([0; 8]);
        let mut below_least = e.whole([u32::MAX; 8]);
        let (eights, rest) = self.samples.as_chunks_mut();
        if S::IS_LONG {
            for eight in eights.iter_mut() {
                *eight = e.out(source.at(e, phases));
                phases = e.later(phases, eight_steps);
            }
        }
        for eight in eights {
            let tone = match S::IS_LONG {
                true => e.of(*eight),
                false => source.at(e, phases),
            };
            largest = e.louder(largest, tone);
            below_least = e.fainter(below_least, tone);
            *eight = e.out(e.mul(e.mul(tone, one), two));
            if !S::IS_LONG {
                phases = e.later(phases, eight_steps);
            }
        }
        let (mut most, mut least) = (0, u32::MAX);
        for (size, below) in e.whole_out(largest).iter().zip(e.whole_out(below_least)) {
            (most, least) = (most.max(*size), least.min(below));
        }
        let mut seen = Extent::of_bits(most, least);
        if !rest.is_empty() {
            let tone = source.at(e, phases);
            seen = seen.and(look(&e.out(tone)[..rest.len()]));
            let tone = e.out(e.mul(e.mul(tone, one), two));
            rest.copy_from_slice(&tone[..rest.len()]);
        }
        seen
    }
}

/// What [`sine_of`](super::sine_of) gives.
#[derive(Clone, Copy)]
struct Sine;

impl Source for Sine {
    const IS_LONG: bool = false;

    #[inline(always)]
    fn at<E: Eight>(self, e: E, phases: E::Phases) -> E::Of {
        sine(e, e.behind::<0>(phases))
    }
}

/// What [`sine_of`](super::sine_of) gives of eight phases.
#[inline(always)]
fn sine<E: Eight>(e: E, phases: E::Whole) -> E::Of {
    let z = e.mul(e.folded(phases), e.all(1.0 / QUARTER as f32));
    let square = e.mul(z, z);
    let mut sum = e.all(SINE[5]);
    for term in [SINE[4], SINE[3], SINE[2], SINE[1], SINE[0]] {
        sum = e.add(e.mul(sum, square), e.all(term));
    }
    e.mul(sum, z)
}

/// Sines at phases of their own.
pub(super) struct Sines<'a> {
    pub(super) phases: &'a [u32],
    pub(super) samples: &'a mut [f32],
}

impl Work for Sines<'_> {
    type Output = ();

    #[inline(always)]
    fn with<E: Eight>(self, e: E) {
        let (phases, last_phases) = self.phases.as_chunks::<8>();
        let (samples, last) = self.samples.as_chunks_mut::<8>();
        for (samples, phases) in samples.iter_mut().zip(phases) {
            *samples = e.out(sine(e, e.whole(*phases)));
        }
        for (sample, phase) in last.iter_mut().zip(last_phases) {
            *sample = super::sine_of(*phase as i32);
        }
    }
}

/// A saw drops half way; the difference of two that drop at 0 and at the width is a pulse.
#[derive(Clone, Copy)]
struct Pulse<S>(S, u64);

impl<S: Source> Source for Pulse<S> {
    const IS_LONG: bool = true;

    #[inline(always)]
    fn at<E: Eight>(self, e: E, phases: E::Phases) -> E::Of {
        let Self(saw, width) = self;
        let falls = saw.at(e, e.later(phases, HALF.wrapping_sub(width)));
        let rises = saw.at(e, e.later(phases, HALF));
        e.add(e.sub(falls, rises), e.all(mean(width)))
    }
}

/// A table alone.
#[derive(Clone, Copy)]
struct Plain<'a>(&'a Table);

impl Source for Plain<'_> {
    const IS_LONG: bool = true;

    #[inline(always)]
    fn at<E: Eight>(self, e: E, phases: E::Phases) -> E::Of {
        between(e, points(e, self.0, phases), phases)
    }
}

/// So much of a table over the one below it.
#[derive(Clone, Copy)]
struct Mixed<'a>(&'a Table, &'a Table, f32);

impl Source for Mixed<'_> {
    const IS_LONG: bool = true;

    #[inline(always)]
    fn at<E: Eight>(self, e: E, phases: E::Phases) -> E::Of {
        let mut here = points(e, self.0, phases);
        let (below, weight) = (points(e, self.1, phases), e.all(self.2));
        for at in 0..4 {
            let above = e.sub(here[at], below[at]);
            here[at] = e.add(below[at], e.mul(above, weight));
        }
        between(e, here, phases)
    }
}

/// The points around eight phases, in pairs.
#[inline(always)]
fn points<E: Eight>(e: E, table: &Table, phases: E::Phases) -> [E::Of; 4] {
    let places = e.places::<{ 64 - TABLE_BITS as i32 }>(phases);
    let mut all = [e.four([0.0; 4]); 8];
    for at in 0..8 {
        all[at] = e.four(around(table, places[at]));
    }
    e.pairs(all)
}

/// The polynomial of [`weights`](super::weights) through such points.
#[inline(always)]
fn between<E: Eight>(e: E, points: [E::Of; 4], phases: E::Phases) -> E::Of {
    let [a, b, c, d] = e.columns_of(points);
    let part = e.high_bits(e.behind::<{ TABLE_BITS as i32 }>(phases));
    let part = e.mul(part, e.all(1.0 / (1 << 24) as f32));
    let (before, behind) = (e.add(part, e.all(1.0)), e.sub(part, e.all(1.0)));
    let beyond = e.sub(part, e.all(2.0));
    let (inner, outer) = (e.mul(part, behind), e.mul(before, beyond));
    let first = e.mul(e.mul(inner, beyond), e.all(-1.0 / 6.0));
    let second = e.mul(e.mul(outer, behind), e.all(0.5));
    let third = e.mul(e.mul(outer, part), e.all(-0.5));
    let fourth = e.mul(e.mul(inner, before), e.all(1.0 / 6.0));
    e.add(
        e.add(e.mul(a, first), e.mul(b, second)),
        e.add(e.mul(c, third), e.mul(d, fourth)),
    )
}
