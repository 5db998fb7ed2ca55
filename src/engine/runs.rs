//! Runs: filters in a row that do nothing but multiply the samples of one frame. While all of them rest they are done at
//! once: the samples are read and written once for the whole run, and none of the filters is called.
//!
//! The same products in the same order, so the samples are those of the filters one by one, bit for bit. What is measured
//! at pins follows from what goes in: where all samples are multiplied by one number the largest stays the largest, and
//! rounding keeps their order. It is told every so many cycles. Where a product might become infinite or denormal, which
//! a pin would silence, or anything is out of the ordinary (a filter whose values move, a change of state, a frame that
//! says more than its time, a wire that is looked at), the filters are called as ever.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::call::ORDINARY;
use super::plan::Step;
use super::records::PinRecord;
use super::slab::Slab;
use super::table::Tables;
use crate::dsp::wide::{Extent, extent, multiply_by_each};
use crate::ks::{Factors, Payload, Telemetry};

/// The most filters of a run: one that moves has no more of them called than this.
const LONGEST: usize = 64;
/// The most cycles, and samples of a wire, that pass before pins are told.
const CYCLES: usize = 32;
const SAMPLES: usize = 2048;
/// So many filters may be told of in every cycle.
const TOLD: usize = 16;
/// What products may be off by through rounding, generously.
const SLACK: f64 = 1e-4;

/// A filter of a run.
#[derive(Debug)]
struct Member {
    entry: u32,
    /// Its outgoing wire.
    wire: Option<u32>,
    /// Where the records of its two pins begin.
    record: usize,
}

/// How far the products of a channel go from what comes in.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    most: f64,
    least: f64,
}

/// Filters in a row over one frame.
#[derive(Debug)]
struct Run {
    slot: u32,
    /// Steps that it stands for.
    steps: usize,
    members: Box<[Member]>,
    /// All of its filters rest; else they are to be asked.
    rests: bool,
    factors: Factors,
    bounds: Box<[Bounds]>,
    /// What passed and was not told yet: frames, the largest sample of each channel, how far meters have fallen.
    frames: u32,
    samples: usize,
    fill: usize,
    peaks: Box<[f32]>,
    fall: f32,
    /// What each of its filters took when it was timed last.
    share: Option<u32>,
    /// Frames until it is told.
    left: usize,
}

/// The runs of a list of steps.
#[derive(Debug, Default)]
pub(super) struct Runs {
    runs: Vec<Run>,
    /// By step: one more than the number of the run that begins there.
    begins: Vec<u32>,
    /// Filters in order, and the runs they are in.
    homes: Vec<(u32, u32)>,
    /// Frames between two times that pins are told.
    every: usize,
}

impl Runs {
    /// Finds the runs among steps. `multiplies` are the filters that may do nothing else.
    pub(super) fn of(steps: &[Step], multiplies: &BTreeSet<u32>, tables: &Tables) -> Self {
        let mut runs = Self {
            begins: vec![0; steps.len()],
            ..Self::default()
        };
        if multiplies.is_empty() {
            return runs;
        }
        let mut at = 0;
        while at < steps.len() {
            let run = Run::from(&steps[at..], multiplies, tables);
            let Some(run) = run else {
                at += 1;
                continue;
            };
            let number = runs.runs.len() as u32;
            runs.begins[at] = number + 1;
            at += run.steps;
            let homes = run.members.iter().map(|it| (it.entry, number));
            runs.homes.extend(homes);
            runs.runs.push(run);
        }
        runs.homes.sort_unstable();
        runs.every = (runs.homes.len() / TOLD).clamp(1, CYCLES);
        for number in 0..runs.runs.len() {
            runs.wait(number);
        }
        runs
    }

    /// The run that begins at a step.
    #[inline]
    pub(super) fn at(&self, step: usize) -> Option<usize> {
        let number = *self.begins.get(step)?;
        number.checked_sub(1).map(|it| it as usize)
    }

    /// Filters that are in no run: those may have to be waited for.
    pub(super) fn others(&self, steps: &[Step]) -> Vec<(u32, u32)> {
        let alone = steps.iter().filter_map(|step| match step {
            Step::Process { entry, node, .. } => Some((*entry, *node)),
            _ => None,
        });
        alone.filter(|it| self.home(it.0).is_none()).collect()
    }

    fn home(&self, entry: u32) -> Option<usize> {
        let at = self.homes.binary_search_by_key(&entry, |it| it.0).ok()?;
        Some(self.homes[at].1 as usize)
    }

    /// A value of a filter has changed.
    pub(super) fn rouse(&mut self, entry: u32) {
        if let Some(run) = self.home(entry) {
            self.runs[run].rests = false;
        }
    }

    /// Something has happened to filters that they are to be asked after; what was not told is.
    pub(super) fn stir(&mut self, levels: &Telemetry, records: &[Arc<PinRecord>]) {
        for number in 0..self.runs.len() {
            self.tell(number, levels, records);
            self.runs[number].rests = false;
        }
    }

    /// Does a run at once, if that can be done: then so many steps are done. Meters fall by `fall` meanwhile.
    pub(super) fn pass(
        &mut self,
        number: usize,
        tables: &mut Tables,
        slab: &mut Slab,
        (tapped, fall): (Option<u32>, f32),
        (levels, records): (&Telemetry, &[Arc<PinRecord>]),
    ) -> Option<usize> {
        if !self.runs[number].rests {
            // By the factors as they were.
            self.tell(number, levels, records);
        }
        let run = &mut self.runs[number];
        let slot = run.slot as usize;
        let is_ordinary = tables.headers[slot].flags == ORDINARY;
        let is_seen = tapped.is_some_and(|wire| run.members.iter().any(|it| it.wire == Some(wire)));
        if !is_ordinary || is_seen || (!run.rests && !run.ask(slab)) {
            return None;
        }
        let Payload::Wave(wave) = &mut tables.payloads[slot] else {
            return None;
        };
        if wave.channel_count() != run.bounds.len() {
            return None;
        }
        let mut loudest = [0.0; Factors::CHANNELS];
        for ((channel, bounds), peak) in wave.channels().zip(&run.bounds).zip(&mut loudest) {
            let seen = extent(channel);
            if !bounds.hold(seen) {
                return None;
            }
            *peak = seen.peak();
        }
        for (channel, peak) in run.peaks.iter_mut().zip(loudest) {
            *channel = channel.max(peak);
        }
        for (number, channel) in wave.channels_mut().enumerate() {
            multiply_by_each(channel, run.factors.of(number));
        }
        run.frames += 1;
        run.fill = wave.len();
        run.samples += run.fill;
        run.fall *= fall;
        run.left = run.left.saturating_sub(1);
        Some(run.steps)
    }

    /// The first filter of a run, and how many there are.
    pub(super) fn head(&self, number: usize) -> (u32, u32) {
        let members = &self.runs[number].members;
        (members[0].entry, members.len() as u32)
    }

    /// A run was timed: each of its filters has an equal share.
    pub(super) fn took(&mut self, number: usize, nanos: u32, costs: &[AtomicU32]) {
        let run = &mut self.runs[number];
        let share = nanos / run.members.len() as u32;
        run.share = Some(share);
        for cell in run
            .members
            .iter()
            .filter_map(|it| costs.get(it.entry as usize))
        {
            cell.store(share, Ordering::Relaxed);
        }
    }

    /// Whether the pins of a run are to be told.
    #[inline]
    pub(super) fn is_due(&self, number: usize) -> bool {
        let run = &self.runs[number];
        run.left == 0 || run.samples >= SAMPLES
    }

    /// Tells the pins of a run what passed since they were told last.
    pub(super) fn tell(&mut self, number: usize, levels: &Telemetry, records: &[Arc<PinRecord>]) {
        let was_due = self.is_due(number);
        let run = &mut self.runs[number];
        if run.frames > 0 {
            run.tell(levels, records);
        }
        if was_due {
            self.runs[number].left = self.every;
        } else {
            self.wait(number);
        }
    }

    /// Not all runs are told of in one cycle.
    fn wait(&mut self, number: usize) {
        self.runs[number].left = 1 + number % self.every;
    }
}

impl Run {
    /// The run that begins with the first of these steps, if one does.
    fn from(steps: &[Step], multiplies: &BTreeSet<u32>, tables: &Tables) -> Option<Self> {
        let mut members = vec![];
        let mut known = None;
        let mut count = 0;
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::Process {
                    entry,
                    inputs,
                    outputs,
                    lent: None,
                    records,
                    ..
                } if multiplies.contains(entry) && members.len() < LONGEST => {
                    let ([input], [output]) = (&**inputs, &**outputs) else {
                        break;
                    };
                    let is_alone = output.is_in_place
                        && output.copy_from.is_none()
                        && !output.is_shown
                        && input.slot == Some(output.slot);
                    if !is_alone || *known.get_or_insert(output.slot) != output.slot {
                        break;
                    }
                    members.push(Member {
                        entry: *entry,
                        wire: output.wire,
                        record: *records as usize,
                    });
                    count = at + 1;
                }
                // It has arrived by the time that runs are done at once.
                Step::Fade {
                    slot,
                    is_arriving: true,
                } if Some(*slot) == known => {}
                _ => break,
            }
        }
        let slot = known.filter(|_| !members.is_empty())?;
        let channels = tables.payloads[slot as usize].wave()?.channel_count();
        // Not what is behind it: that is a step of its own.
        Some(Self {
            slot,
            steps: count,
            factors: Factors::with_room(channels, 2 * members.len())?,
            members: members.into(),
            rests: false,
            bounds: vec![Bounds::default(); channels].into(),
            frames: 0,
            samples: 0,
            fill: 0,
            peaks: vec![0.0; channels].into(),
            fall: 1.0,
            share: None,
            left: 1,
        })
    }

    /// Asks every filter. Whether all of them rest.
    fn ask(&mut self, slab: &mut Slab) -> bool {
        self.factors.clear();
        for member in &self.members {
            let entry = slab.get(member.entry).filter(|entry| !entry.is_faulty);
            let rests = entry.is_some_and(|it| it.processor.factors(&it.values, &mut self.factors));
            if !rests || !self.factors.close() {
                return false;
            }
        }
        for (channel, bounds) in self.bounds.iter_mut().enumerate() {
            *bounds = Bounds::of(self.factors.of(channel));
        }
        self.rests = true;
        true
    }

    fn tell(&mut self, levels: &Telemetry, records: &[Arc<PinRecord>]) {
        let frames = std::mem::take(&mut self.frames);
        let fall = std::mem::replace(&mut self.fall, 1.0);
        let cost = self.share.take();
        self.samples = 0;
        let mut done = [0; Factors::CHANNELS];
        for (number, member) in self.members.iter().enumerate() {
            let mut peak = 0.0_f32;
            for ((channel, loudest), done) in self.peaks.iter_mut().enumerate().zip(&mut done) {
                let (all, end) = (self.factors.of(channel), self.factors.end(channel, number));
                for factor in &all[*done..end] {
                    *loudest *= factor.abs();
                }
                *done = end;
                peak = peak.max(*loudest);
            }
            let pins = &records[member.record..][..2];
            for pin in pins {
                pin.pass_many(frames, self.fill);
                if let Some(cost) = cost {
                    pin.took(cost);
                }
            }
            pins[1].reached(peak);
            if let Some(wire) = member.wire.map(|wire| wire as usize) {
                levels.set(wire, peak.max(levels.get(wire) * fall));
            }
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
