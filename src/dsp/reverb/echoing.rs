//! What the sixteen delays of a room give, mixed and heard, in registers of eight.
//!
//! A register holds eight samples of one delay, as they lie in memory. Only where a sample waits for the one before it,
//! in the damping, it holds one sample of eight delays.

use super::{BLOCK, Ear, LINES, Rest, Seat};
use crate::dsp::delay::flushed;
use crate::dsp::eight::{Eight, Eights, Work, eight};

/// What each delay gives, and where it takes what it is fed with.
type Lines<'a> = [(&'a [f32; BLOCK], &'a mut [f32; BLOCK]); LINES];

/// What the delays gave, on its way to what they are fed with and to the ears.
pub(super) struct Echoing<'a, C> {
    pub(super) lines: Lines<'a>,
    pub(super) dull: &'a mut [f32; LINES],
    pub(super) rest: &'a Rest,
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
        match self.ears.len() <= LINES {
            true => self.run::<E, false>(e),
            false => self.run::<E, true>(e),
        }
    }
}

impl<C: AsMut<[f32]>> Echoing<'_, C> {
    /// The same operations as in [`Room::step`](super::Room), for eight samples at a time. Loops and no closures: those would be compiled
    /// for narrow registers.
    #[inline(always)]
    fn run<E: Eight, const FAR: bool>(self, e: E) {
        let (lines, mixed, ears) = (self.lines, self.mixed, self.ears);
        let (dull, rest) = (self.dull, self.rest);
        let loudness = e.all(rest.loudness);
        for begin in (0..self.count).step_by(8) {
            let count = (self.count - begin).min(8);
            let heard = self::heard(e, &lines, dull, rest, begin, count);
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

/// What the delays gave, damped. Each sample waits for the one before it, so both halves go side by side.
#[inline(always)]
fn heard<E: Eight>(
    e: E,
    lines: &Lines<'_>,
    dull: &mut [f32; LINES],
    rest: &Rest,
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
    let (mut one, mut other) = (e.of(eight(dull, 0)), e.of(eight(dull, 8)));
    let (fresh, fresh_other) = (e.of(eight(&rest.fresh, 0)), e.of(eight(&rest.fresh, 8)));
    let dullness = e.of(eight(&rest.dullness, 0));
    let dullness_other = e.of(eight(&rest.dullness, 8));
    let mut seen = e.whole([u32::MAX; 8]);
    let [rows, others] = &mut parts;
    for (row, row_other) in rows.iter_mut().zip(others) {
        one = e.add(e.mul(*row, fresh), e.mul(one, dullness));
        let given = e.mul(*row_other, fresh_other);
        other = e.add(given, e.mul(other, dullness_other));
        seen = e.fainter(e.fainter(seen, one), other);
        (*row, *row_other) = (one, other);
    }
    // Each would wait for being flushed, and most often none is changed by it.
    if count < 8 || e.is_faint(seen) {
        for (half, part) in parts.iter_mut().enumerate() {
            let heard = one_by_one(lines, dull, rest, half, begin, count);
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
fn one_by_one(
    lines: &Lines<'_>,
    dull: &mut [f32; LINES],
    rest: &Rest,
    half: usize,
    begin: usize,
    count: usize,
) -> [Eights; 8] {
    let mut all = [[0.0; 8]; 8];
    for (line, heard) in (half * 8..).zip(&mut all) {
        let given = &lines[line].0[begin..begin + count];
        for (heard, given) in heard.iter_mut().zip(given) {
            dull[line] = flushed(given * rest.fresh[line] + dull[line] * rest.dullness[line]);
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
