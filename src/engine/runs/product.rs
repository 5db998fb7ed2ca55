//! A run whose filters only multiply, or multiply a tone that the first of them makes: the samples are read and written
//! once for all of them.
//!
//! What is measured at pins follows from what goes in: where all samples are multiplied by one number the largest stays the
//! largest, and rounding keeps their order. Where a product might become infinite or denormal, which a pin would silence,
//! the run is not done at once.

use super::factors::Factors;
use super::{Found, Kernel, Member, Slab, Tables};
use crate::dsp::Oscillator;
use crate::dsp::wide::{Extent, extent, multiply_by_each};
use crate::engine::brisk::ORDINARY;
use crate::ks::{Operation, Payload, Resting, Wave};

/// What products may be off by through rounding, generously.
const SLACK: f64 = 1e-4;

/// Between what sizes what comes in to a channel has to lie.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    below: f32,
    from: f32,
}

/// So many factors of a channel stand with all else of it: hundreds of voices do not fit in the nearest cache.
const FEW: usize = 4;

/// What is done to a channel.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    bounds: Bounds,
    /// The largest sample that came in since pins were told.
    peak: f32,
    /// The factors, where there are few.
    few: [f32; FEW],
    count: Option<u8>,
    /// Of a run that makes its sound.
    tone: Option<Oscillator>,
}

impl Lane {
    /// What its samples are multiplied by.
    fn factors<'a>(&'a self, all: &'a Factors, number: usize) -> &'a [f32] {
        match self.count {
            Some(count) => &self.few[..usize::from(count)],
            None => all.of(number),
        }
    }
}

/// What all filters of a run do.
#[derive(Debug)]
pub(super) struct Product {
    lanes: Box<[Lane]>,
    /// All channels have the same tone.
    is_one: bool,
    factors: Factors,
}

impl Product {
    pub(super) fn new(found: &Found) -> Self {
        let channels = found.channels;
        Self {
            lanes: vec![Lane::default(); channels].into(),
            is_one: false,
            factors: Factors::with_room(channels, 2 * found.members.len()),
        }
    }

    /// Does the run, if that can be done. How many samples of a channel there were.
    pub(super) fn pass(
        &mut self,
        (from, slot, is_source, is_interrupted): (u32, u32, bool, bool),
        (members, rests): (&[Member], &mut bool),
        tables: &mut Tables,
        slab: &mut Slab,
        said: &mut Kernel,
    ) -> Option<usize> {
        let (from, slot) = (from as usize, slot as usize);
        let is_ordinary = is_source || tables.headers[from].flags == ORDINARY;
        if !is_ordinary || is_interrupted {
            return None;
        }
        if !*rests {
            *rests = self.ask(members, slab, said);
        }
        if !*rests {
            return None;
        }
        if from != slot && !is_source {
            // Should its filters be called after all, that is written over.
            tables.copy(from, slot);
        }
        let Payload::Wave(wave) = &mut tables.payloads[slot] else {
            return None;
        };
        if wave.channel_count() != self.lanes.len() {
            return None;
        }
        let mut loudest = [0.0; Kernel::CHANNELS];
        let mut first = None;
        let channels = wave.channels_mut().zip(&self.lanes).zip(&mut loudest);
        for (number, ((channel, lane), peak)) in channels.enumerate() {
            // Tones go on behind it once that is what is heard.
            let seen = match (&lane.tone, first) {
                (Some(_), Some(seen)) if self.is_one => seen,
                (Some(tone), _) if self.is_one => tone.show(channel, &[]),
                (Some(tone), _) => tone.show(channel, lane.factors(&self.factors, number)),
                _ => extent(channel),
            };
            first = Some(seen);
            if !lane.bounds.hold(seen) {
                return None;
            }
            *peak = seen.peak();
        }
        if self.is_one {
            wave.copy_first();
        }
        let len = wave.len();
        let channels = wave.channels_mut().zip(&mut self.lanes).zip(loudest);
        for (number, ((channel, lane), loudest)) in channels.enumerate() {
            lane.peak = lane.peak.max(loudest);
            if let Some(tone) = &mut lane.tone {
                tone.pass(len);
            }
            if !is_source || self.is_one {
                multiply_by_each(channel, lane.factors(&self.factors, number));
            }
        }
        Some(len)
    }

    /// The same of a tone of one channel that is known to rest.
    #[inline]
    pub(super) fn pass_tone(&mut self, wave: &mut Wave) -> Option<usize> {
        let [lane] = &mut self.lanes[..] else {
            return None;
        };
        let (Some(tone), Some(count)) = (&mut lane.tone, lane.count) else {
            return None;
        };
        if wave.channel_count() != 1 {
            return None;
        }
        let channel = wave.channel_mut(0);
        let seen = tone.show(channel, &lane.few[..usize::from(count)]);
        if !lane.bounds.hold(seen) {
            return None;
        }
        lane.peak = lane.peak.max(seen.peak());
        tone.pass(channel.len());
        Some(channel.len())
    }

    /// Asks every filter. Whether all of them rest.
    pub(super) fn ask(&mut self, members: &[Member], slab: &mut Slab, said: &mut Kernel) -> bool {
        self.factors.clear();
        for member in members {
            let entry = slab.get(member.entry).filter(|entry| !entry.is_faulty);
            let rests = said.begin(self.lanes.len())
                && entry.is_some_and(|it| it.processor.kernel(&it.values, said));
            if !rests || !self.factors.take(said) {
                return false;
            }
            if member.skill.1 == Resting::Makes {
                for (channel, lane) in self.lanes.iter_mut().enumerate() {
                    let Some(Operation::Tone(own)) = said.of(channel).first() else {
                        return false;
                    };
                    lane.tone = Some(*own);
                }
                let mut pairs = self.lanes.windows(2);
                self.is_one = self.lanes.len() > 1 && pairs.all(|it| it[0].tone == it[1].tone);
            }
        }
        for (channel, lane) in self.lanes.iter_mut().enumerate() {
            let factors = self.factors.of(channel);
            lane.bounds = Bounds::of(factors);
            lane.count = (factors.len() <= FEW).then_some(factors.len() as u8);
            for (few, factor) in lane.few.iter_mut().zip(factors) {
                *few = *factor;
            }
        }
        true
    }

    /// Where the phases stand goes back to the filter that makes the sound.
    pub(super) fn send_home(&self, member: &Member, slab: &mut Slab, said: &mut Kernel) {
        said.begin(self.lanes.len());
        for (channel, lane) in self.lanes.iter().enumerate() {
            let tone = lane.tone.map_or(Operation::Nothing, Operation::Tone);
            said.push(channel, tone);
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
            for ((channel, lane), done) in self.lanes.iter_mut().enumerate().zip(&mut done) {
                let (all, end) = (self.factors.of(channel), self.factors.end(channel, member));
                for factor in &all[*done..end] {
                    lane.peak *= factor.abs();
                }
                *done = end;
                peak = peak.max(lane.peak);
            }
            tell(member, peak);
        }
        self.lanes.iter_mut().for_each(|lane| lane.peak = 0.0);
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Bounds {
    fn of(factors: &[f32]) -> Self {
        // How far products go from what comes in.
        let (mut most, mut least) = (1.0_f64, 1.0_f64);
        let mut product = 1.0;
        for factor in factors {
            product *= f64::from(factor.abs());
            // Nothing stays nothing.
            if product == 0.0 {
                break;
            }
            if product.is_nan() {
                most = f64::INFINITY;
            }
            most = most.max(product);
            least = least.min(product);
        }
        Self {
            below: (f64::from(f32::MAX) / (most * (1.0 + SLACK))) as f32,
            from: (f64::from(f32::MIN_POSITIVE) / (least * (1.0 - SLACK))) as f32,
        }
    }

    /// Whether every product of such samples is a number, and none too small to be reckoned with.
    fn hold(self, seen: Extent) -> bool {
        seen.peak() < self.below && seen.least() >= self.from
    }
}
