//! A run whose filters only multiply, or multiply a sine that the first of them makes: the samples are read and written
//! once for all of them.
//!
//! What is measured at pins follows from what goes in: where all samples are multiplied by one number the largest stays the
//! largest, and rounding keeps their order. Where a product might become infinite or denormal, which a pin would silence,
//! the run is not done at once.

use super::factors::Factors;
use super::{Found, Kernel, Member, Slab, Tables};
use crate::dsp::wavetable::fill_sine;
use crate::dsp::wide::{Extent, extent, multiply_by_each};
use crate::engine::call::ORDINARY;
use crate::ks::{Operation, Payload, Resting};

/// What products may be off by through rounding, generously.
const SLACK: f64 = 1e-4;

/// How far the products of a channel go from what comes in.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    most: f64,
    least: f64,
}

/// What all filters of a run do.
#[derive(Debug)]
pub(super) struct Product {
    factors: Factors,
    bounds: Box<[Bounds]>,
    /// The largest sample of each channel that came in since pins were told.
    peaks: Box<[f32]>,
    /// Of a run that makes its sound: where the phase of each channel stands, and how far it goes with each sample.
    sines: Box<[(u64, u64)]>,
}

impl Product {
    pub(super) fn new(found: &Found) -> Self {
        let channels = found.channels;
        Self {
            sines: vec![(0, 0); if found.is_source { channels } else { 0 }].into(),
            factors: Factors::with_room(channels, 2 * found.members.len()),
            bounds: vec![Bounds::default(); channels].into(),
            peaks: vec![0.0; channels].into(),
        }
    }

    /// Does the run, if that can be done. How many samples of a channel there were.
    pub(super) fn pass(
        &mut self,
        (slot, is_source, is_seen): (u32, bool, bool),
        (members, rests): (&[Member], &mut bool),
        tables: &mut Tables,
        slab: &mut Slab,
        said: &mut Kernel,
    ) -> Option<usize> {
        let slot = slot as usize;
        let is_ordinary = is_source || tables.headers[slot].flags == ORDINARY;
        if !is_ordinary || is_seen {
            return None;
        }
        if !*rests {
            *rests = self.ask(members, slab, said);
        }
        let Payload::Wave(wave) = &mut tables.payloads[slot] else {
            return None;
        };
        if !*rests || wave.channel_count() != self.bounds.len() {
            return None;
        }
        for (channel, (phase, step)) in wave.channels_mut().zip(&self.sines) {
            // It goes on behind it once that is what is heard.
            fill_sine(channel, &mut phase.clone(), *step);
        }
        let mut loudest = [0.0; Kernel::CHANNELS];
        for ((channel, bounds), peak) in wave.channels().zip(&self.bounds).zip(&mut loudest) {
            let seen = extent(channel);
            if !bounds.hold(seen) {
                return None;
            }
            *peak = seen.peak();
        }
        for (channel, peak) in self.peaks.iter_mut().zip(loudest) {
            *channel = channel.max(peak);
        }
        for (phase, step) in &mut self.sines {
            *phase = phase.wrapping_add(step.wrapping_mul(wave.len() as u64));
        }
        for (number, channel) in wave.channels_mut().enumerate() {
            multiply_by_each(channel, self.factors.of(number));
        }
        Some(wave.len())
    }

    /// Asks every filter. Whether all of them rest.
    fn ask(&mut self, members: &[Member], slab: &mut Slab, said: &mut Kernel) -> bool {
        self.factors.clear();
        for member in members {
            let entry = slab.get(member.entry).filter(|entry| !entry.is_faulty);
            let rests = said.begin(self.bounds.len())
                && entry.is_some_and(|it| it.processor.kernel(&it.values, said));
            if !rests || !self.factors.take(said) {
                return false;
            }
            if member.skill.1 == Resting::Makes {
                for (channel, sine) in self.sines.iter_mut().enumerate() {
                    let Some(Operation::Sine { phase, step }) = said.of(channel).first() else {
                        return false;
                    };
                    *sine = (*phase, *step);
                }
            }
        }
        for (channel, bounds) in self.bounds.iter_mut().enumerate() {
            *bounds = Bounds::of(self.factors.of(channel));
        }
        true
    }

    /// Where the phases stand goes back to the filter that makes the sound.
    pub(super) fn send_home(&self, member: &Member, slab: &mut Slab, said: &mut Kernel) {
        said.begin(self.sines.len());
        for (channel, (phase, step)) in self.sines.iter().enumerate() {
            let (phase, step) = (*phase, *step);
            said.push(channel, Operation::Sine { phase, step });
        }
        if let Some(entry) = slab.get(member.entry).filter(|entry| !entry.is_faulty) {
            entry.processor.resume(said);
        }
    }

    /// The largest sample behind each filter since they were told last.
    pub(super) fn tell(&mut self, mut tell: impl FnMut(usize, f32)) {
        let mut done = [0; Kernel::CHANNELS];
        for member in 0..self.factors.len() {
            let mut peak = 0.0_f32;
            for ((channel, loudest), done) in self.peaks.iter_mut().enumerate().zip(&mut done) {
                let (all, end) = (self.factors.of(channel), self.factors.end(channel, member));
                for factor in &all[*done..end] {
                    *loudest *= factor.abs();
                }
                *done = end;
                peak = peak.max(*loudest);
            }
            tell(member, peak);
        }
        self.peaks.fill(0.0);
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            most: 1.0,
            least: 1.0,
        }
    }
}

impl Bounds {
    fn of(factors: &[f32]) -> Self {
        let mut bounds = Self::default();
        let mut product = 1.0;
        for factor in factors {
            product *= f64::from(factor.abs());
            // Nothing stays nothing.
            if product == 0.0 {
                break;
            }
            if product.is_nan() {
                bounds.most = f64::INFINITY;
            }
            bounds.most = bounds.most.max(product);
            bounds.least = bounds.least.min(product);
        }
        bounds
    }

    /// Whether every product of such samples is a number, and none too small to be reckoned with.
    fn hold(self, seen: Extent) -> bool {
        f64::from(seen.peak()) * self.most * (1.0 + SLACK) < f64::from(f32::MAX)
            && f64::from(seen.least()) * self.least * (1.0 - SLACK) >= f64::from(f32::MIN_POSITIVE)
    }
}
