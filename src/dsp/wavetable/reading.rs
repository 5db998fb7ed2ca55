//! Tables read between their points, in registers of eight.

use super::{HALF, TABLE_BITS, Table, around, mean};
use crate::dsp::eight::{Eight, Work};

/// Samples read from tables, eight at a time: what [`Oscillator::step`](super::Oscillator::step) gives.
pub(super) struct Reading<'a> {
    pub(super) samples: &'a mut [f32],
    pub(super) here: &'a Table,
    pub(super) below: &'a Table,
    pub(super) weight: f32,
    pub(super) first: u64,
    pub(super) step: u64,
    /// Of a pulse.
    pub(super) width: Option<u64>,
}

impl Work for Reading<'_> {
    type Output = ();

    #[inline(always)]
    fn with<E: Eight>(mut self, e: E) {
        match self.weight == 1.0 {
            true => self.read::<E, false>(e),
            false => self.read::<E, true>(e),
        }
    }
}

impl Reading<'_> {
    // Loops and no closures: those would be compiled for narrow registers.
    #[inline(always)]
    fn read<E: Eight, const MIXED: bool>(&mut self, e: E) {
        let mut phase = self.first;
        let samples = std::mem::take(&mut self.samples);
        for samples in samples.chunks_mut(8) {
            let all = match self.width {
                None => self.eight::<E, MIXED>(e, phase),
                Some(width) => {
                    let dropped = phase.wrapping_sub(width).wrapping_add(HALF);
                    let falls = self.eight::<E, MIXED>(e, dropped);
                    let rises = self.eight::<E, MIXED>(e, phase.wrapping_add(HALF));
                    e.add(e.sub(falls, rises), e.all(mean(width)))
                }
            };
            samples.copy_from_slice(&e.out(all)[..samples.len()]);
            phase = phase.wrapping_add(self.step.wrapping_mul(8));
        }
    }

    /// The samples at eight phases from here on.
    #[inline(always)]
    fn eight<E: Eight, const MIXED: bool>(&self, e: E, first: u64) -> E::Of {
        let (mut here, mut below) = ([e.four([0.0; 4]); 8], [e.four([0.0; 4]); 8]);
        let (mut between, mut phase) = ([0; 8], first);
        for at in 0..8 {
            here[at] = e.four(around(self.here, phase));
            if MIXED {
                below[at] = e.four(around(self.below, phase));
            }
            between[at] = (phase << TABLE_BITS >> 32) as u32;
            phase = phase.wrapping_add(self.step);
        }
        let mut points = e.pairs(here);
        if MIXED {
            let (below, weight) = (e.pairs(below), e.all(self.weight));
            for at in 0..4 {
                let (here, below) = (points[at], below[at]);
                points[at] = e.add(below, e.mul(e.sub(here, below), weight));
            }
        }
        let [a, b, c, d] = e.columns_of(points);
        let between = e.mul(e.high_bits(e.whole(between)), e.all(1.0 / (1 << 24) as f32));
        let (before, behind) = (e.add(between, e.all(1.0)), e.sub(between, e.all(1.0)));
        let beyond = e.sub(between, e.all(2.0));
        let (inner, outer) = (e.mul(between, behind), e.mul(before, beyond));
        let first = e.mul(e.mul(inner, beyond), e.all(-1.0 / 6.0));
        let second = e.mul(e.mul(outer, behind), e.all(0.5));
        let third = e.mul(e.mul(outer, between), e.all(-0.5));
        let fourth = e.mul(e.mul(inner, before), e.all(1.0 / 6.0));
        e.add(
            e.add(e.mul(a, first), e.mul(b, second)),
            e.add(e.mul(c, third), e.mul(d, fourth)),
        )
    }
}
