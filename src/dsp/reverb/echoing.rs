//! What the sixteen delays of a room give, mixed and heard, in registers of eight.
//!
//! A register holds eight samples of one delay, as they lie in memory. Only where a sample waits for the one before it,
//! in the damping, it holds one sample of eight delays.

use super::{BLOCK, Course, Ear, LINES, Rest, Seat};
use crate::dsp::delay::flushed;
use crate::dsp::eight::{Eight, Eights, Work, eight};

/// What each delay gives, and where it takes what it is fed with.
type Lines<'a> = [(&'a [f32; BLOCK], &'a mut [f32; BLOCK]); LINES];

/// What the delays gave, on its way to what they are fed with and to the ears.
pub(super) struct Echoing<'a, C> {
    pub(super) lines: Lines<'a>,
    pub(super) dull: &'a mut [f32; LINES],
    /// What is the same for all of them, or else what glides.
    pub(super) rest: Option<&'a Rest>,
    pub(super) course: &'a Course,
    /// What the delays give now, each half mixed.
    pub(super) mixed: &'a mut [Eights; LINES],
    pub(super) ears: &'a [Ear],
    /// What each channel sounds like, diffused.
    pub(super) sources: &'a [[f32; BLOCK]],
    pub(super) sounds: &'a mut [C],
    pub(super) at: usize,
    pub(super) count: usize,
}

/// Eight samples of eight delays.
type Part<E> = [<E as Eight>::Of; 8];

impl<C: AsMut<[f32]>> Work for Echoing<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with<E: Eight>(self, e: E) {
        let course = self.course;
        match (self.ears.len() <= LINES, self.rest) {
            (true, Some(rest)) => self.run::<E, Resting, false>(e, Resting(rest)),
            (false, Some(rest)) => self.run::<E, Resting, true>(e, Resting(rest)),
            (true, None) => self.run::<E, Gliding, false>(e, Gliding(course)),
            (false, None) => self.run::<E, Gliding, true>(e, Gliding(course)),
        }
    }
}

impl<C: AsMut<[f32]>> Echoing<'_, C> {
    /// The same operations as in [`Room::step`](super::Room), for eight samples at a time. Loops and no closures: those would be compiled
    /// for narrow registers.
    #[inline(always)]
    fn run<E: Eight, N: Numbers, const FAR: bool>(self, e: E, numbers: N) {
        let (lines, mixed, ears, dull) = (self.lines, self.mixed, self.ears, self.dull);
        for begin in (0..self.count).step_by(8) {
            let count = (self.count - begin).min(8);
            let heard = self::heard(e, &lines, dull, numbers, begin, count);
            let loudness = numbers.loudness(e, begin);
            for half in 0..2 {
                let part = mix(e, heard[half]);
                for line in 0..8 {
                    mixed[half * 8 + line] = e.out(part[line]);
                }
            }
            for (sound, ear) in self.sounds.iter_mut().zip(ears) {
                let sum = match &ear.seat {
                    Seat::Near { takes, .. } => {
                        let (one, other) = both(e, mixed, takes % 8);
                        match takes / 8 {
                            0 => e.add(one, other),
                            _ => e.sub(one, other),
                        }
                    }
                    Seat::Far { takes, .. } => {
                        let mut sum = e.all(0.0);
                        for line in 0..if FAR { LINES } else { 0 } {
                            let share = e.mul(heard[line / 8][line % 8], e.all(takes[line]));
                            sum = e.add(sum, share);
                        }
                        sum
                    }
                };
                let from = self.at + begin;
                let sum = e.out(e.mul(sum, loudness));
                put(&mut sound.as_mut()[from..from + count], &sum);
            }
            for (source, ear) in self.sources.iter().zip(ears) {
                if let Seat::Near { gives, signs, .. } = &ear.seat {
                    let source = e.of(eight(source, begin));
                    let half = &mut mixed[gives & 8..][..8];
                    for line in 0..8 {
                        let share = e.mul(source, e.all(signs[line]));
                        half[line] = e.out(e.add(e.of(half[line]), share));
                    }
                }
            }
            for line in 0..8 {
                let (one, other) = both(e, mixed, line);
                for (line, mut fed) in [(line, e.add(one, other)), (line + 8, e.sub(one, other))] {
                    if FAR {
                        fed = e.add(fed, far(e, self.sources, ears, line, begin));
                    }
                    lines[line].1[begin..begin + 8].copy_from_slice(&e.out(fed));
                }
            }
        }
    }
}

/// What a delay gives of each sample, and how loud all of them are.
trait Numbers: Copy {
    /// Damps what eight delays of each half gave, sample by sample: what they gave last, and the faintest of it.
    fn damp<E: Eight>(
        self,
        e: E,
        parts: &mut [Part<E>; 2],
        last: [E::Of; 2],
        begin: usize,
    ) -> ([E::Of; 2], E::Whole);

    /// How much is fresh of a sample of a line, and how much is of the one before.
    fn of(self, line: usize, sample: usize) -> (f32, f32);

    fn loudness<E: Eight>(self, e: E, begin: usize) -> E::Of;
}

/// Nothing glides.
#[derive(Clone, Copy)]
struct Resting<'a>(&'a Rest);

impl Numbers for Resting<'_> {
    #[inline(always)]
    fn damp<E: Eight>(
        self,
        e: E,
        [rows, others]: &mut [Part<E>; 2],
        [mut one, mut other]: [E::Of; 2],
        _: usize,
    ) -> ([E::Of; 2], E::Whole) {
        let Self(rest) = self;
        let (fresh, fresh_other) = (e.of(eight(&rest.fresh, 0)), e.of(eight(&rest.fresh, 8)));
        let dullness = e.of(eight(&rest.dullness, 0));
        let dullness_other = e.of(eight(&rest.dullness, 8));
        let mut seen = e.whole([u32::MAX; 8]);
        for (row, row_other) in rows.iter_mut().zip(others) {
            one = e.add(e.mul(*row, fresh), e.mul(one, dullness));
            let given = e.mul(*row_other, fresh_other);
            other = e.add(given, e.mul(other, dullness_other));
            seen = e.fainter(e.fainter(seen, one), other);
            (*row, *row_other) = (one, other);
        }
        ([one, other], seen)
    }

    #[inline(always)]
    fn of(self, line: usize, _: usize) -> (f32, f32) {
        (self.0.fresh[line], self.0.dullness[line])
    }

    #[inline(always)]
    fn loudness<E: Eight>(self, e: E, _: usize) -> E::Of {
        e.all(self.0.loudness)
    }
}

/// Each sample has its own.
#[derive(Clone, Copy)]
struct Gliding<'a>(&'a Course);

impl Numbers for Gliding<'_> {
    #[inline(always)]
    fn damp<E: Eight>(
        self,
        e: E,
        parts: &mut [Part<E>; 2],
        mut last: [E::Of; 2],
        begin: usize,
    ) -> ([E::Of; 2], E::Whole) {
        let Self(course) = self;
        let mut seen = e.whole([u32::MAX; 8]);
        for half in 0..2 {
            let (mut fresh, mut dullness) = ([e.all(0.0); 8], [e.all(0.0); 8]);
            for line in 0..8 {
                fresh[line] = e.of(eight(&course.fresh[half * 8 + line], begin));
                dullness[line] = e.of(eight(&course.dullness[half * 8 + line], begin));
            }
            let (fresh, dullness) = (e.turned(fresh), e.turned(dullness));
            let mut now = last[half];
            for row in 0..8 {
                let given = e.mul(parts[half][row], fresh[row]);
                now = e.add(given, e.mul(now, dullness[row]));
                seen = e.fainter(seen, now);
                parts[half][row] = now;
            }
            last[half] = now;
        }
        (last, seen)
    }

    #[inline(always)]
    fn of(self, line: usize, sample: usize) -> (f32, f32) {
        (self.0.fresh[line][sample], self.0.dullness[line][sample])
    }

    #[inline(always)]
    fn loudness<E: Eight>(self, e: E, begin: usize) -> E::Of {
        e.of(eight(&self.0.loudness, begin))
    }
}

/// What the delays gave, damped. Each sample waits for the one before it, so both halves go side by side.
#[inline(always)]
fn heard<E: Eight, N: Numbers>(
    e: E,
    lines: &Lines<'_>,
    dull: &mut [f32; LINES],
    numbers: N,
    begin: usize,
    count: usize,
) -> [Part<E>; 2] {
    let mut parts = [[e.all(0.0); 8]; 2];
    for (half, part) in parts.iter_mut().enumerate() {
        for line in 0..8 {
            part[line] = e.of(eight(lines[half * 8 + line].0, begin));
        }
        *part = e.turned(*part);
    }
    let last = [e.of(eight(dull, 0)), e.of(eight(dull, 8))];
    let ([one, other], seen) = numbers.damp(e, &mut parts, last, begin);
    // Each would wait for being flushed, and most often none is changed by it.
    if count < 8 || e.is_faint(seen) {
        for (half, part) in parts.iter_mut().enumerate() {
            let heard = one_by_one(lines, dull, numbers, half, begin, count);
            for (line, heard) in part.iter_mut().zip(heard) {
                *line = e.of(heard);
            }
        }
        return parts;
    }
    dull[..8].copy_from_slice(&e.out(one));
    dull[8..].copy_from_slice(&e.out(other));
    [e.turned(parts[0]), e.turned(parts[1])]
}

/// The same with each of them flushed.
#[cold]
#[inline(never)]
fn one_by_one<N: Numbers>(
    lines: &Lines<'_>,
    dull: &mut [f32; LINES],
    numbers: N,
    half: usize,
    begin: usize,
    count: usize,
) -> [Eights; 8] {
    let mut all = [[0.0; 8]; 8];
    for (line, heard) in (half * 8..).zip(&mut all) {
        let given = &lines[line].0[begin..begin + count];
        for (at, (heard, given)) in heard.iter_mut().zip(given).enumerate() {
            let (fresh, dullness) = numbers.of(line, begin + at);
            dull[line] = flushed(given * fresh + dull[line] * dullness);
            *heard = dull[line];
        }
    }
    all
}

/// What those far from the first channels give to a delay.
#[inline(always)]
fn far<E: Eight>(e: E, sources: &[[f32; BLOCK]], ears: &[Ear], line: usize, begin: usize) -> E::Of {
    let mut far = e.all(0.0);
    for (source, ear) in sources.iter().zip(ears) {
        if let Seat::Far { gives, .. } = &ear.seat {
            let source = e.of(eight(source, begin));
            far = e.add(far, e.mul(source, e.all(gives[line])));
        }
    }
    far
}

/// A line of each half.
#[inline(always)]
fn both<E: Eight>(e: E, lines: &[Eights; LINES], line: usize) -> (E::Of, E::Of) {
    (e.of(lines[line]), e.of(lines[line + 8]))
}

/// What [`mix`](super::mix) does within a half.
#[inline(always)]
fn mix<E: Eight>(e: E, part: Part<E>) -> Part<E> {
    let [a, b, c, d, f, g, h, i] = part;
    let [a, b, c, d] = [e.add(a, b), e.sub(a, b), e.add(c, d), e.sub(c, d)];
    let [f, g, h, i] = [e.add(f, g), e.sub(f, g), e.add(h, i), e.sub(h, i)];
    let [a, b, c, d] = [e.add(a, c), e.add(b, d), e.sub(a, c), e.sub(b, d)];
    let [f, g, h, i] = [e.add(f, h), e.add(g, i), e.sub(f, h), e.sub(g, i)];
    let [j, k, l, m] = [e.add(a, f), e.add(b, g), e.add(c, h), e.add(d, i)];
    let [a, b, c, d] = [e.sub(a, f), e.sub(b, g), e.sub(c, h), e.sub(d, i)];
    [j, k, l, m, a, b, c, d]
}

/// As many as there is room for.
#[inline(always)]
fn put(places: &mut [f32], numbers: &Eights) {
    match places.as_chunks_mut() {
        ([places], _) => *places = *numbers,
        (_, rest) => rest.copy_from_slice(&numbers[..rest.len()]),
    }
}
