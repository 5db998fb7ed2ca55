//! Runs: filters in a row over one frame that do the same to every sample for as long as they rest. None of them is
//! called then: what they do is done for all of them at once.
//!
//! Those that only multiply are one pass over the frame (`product.rs`). Others move what they remember out to stand side
//! by side with their like (`group.rs`), and it comes home by value before anything else is done to them. The same operations
//! in the same order, so the samples are those of the filters one by one, bit for bit. Whatever is out of the ordinary (a
//! filter whose values move, a change of state, a frame that says more than its time, a wire that is looked at, a sample
//! that a pin would silence) goes the way of single filters. Pins are told every so many cycles.

mod factors;
mod found;
mod gather;
mod group;
mod product;
mod row;
mod tally;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::brisk::Calls;
use super::ledger::Ledger;
use super::outline::Outline;
use super::plan::Step;
use super::records::PinRecord;
use super::slab::Slab;
use super::table::Tables;
use crate::ks::{Kernel, Resting, Telemetry};
use found::{Found, all, worth};
use group::Group;
use product::Product;
use tally::Tally;

pub(super) use found::LastUses;
pub(super) use gather::{Hops, gather, last_uses};
pub(super) use row::Row;
pub(super) use tally::{SAMPLES, every, seldom};

/// What a filter may be left out for: the number of its kind, and what it does at rest.
pub(super) type Skill = (u32, Resting);

/// What each open filter may be left out for, by its place in the slab.
#[derive(Debug, Default)]
pub(super) struct Skills(Vec<Option<Skill>>);

impl Skills {
    pub(super) fn of(&self, entry: u32) -> Option<Skill> {
        self.0.get(entry as usize).copied().flatten()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(u32, Skill)> for Skills {
    fn from_iter<T: IntoIterator<Item = (u32, Skill)>>(skills: T) -> Self {
        let mut all: Vec<Option<Skill>> = vec![];
        for (entry, skill) in skills {
            let entry = entry as usize;
            all.resize(all.len().max(entry + 1), None);
            all[entry] = Some(skill);
        }
        Self(all)
    }
}

/// A filter of a run.
#[derive(Clone, Debug)]
struct Member {
    entry: u32,
    skill: Skill,
    /// Its outgoing wire.
    wire: Option<u32>,
    /// Where the records of its pins begin, and how many there are.
    record: usize,
    pins: usize,
}

/// Filters in a row over one frame.
#[derive(Debug)]
struct Run {
    /// Where its frame stands in the end, and where it comes from.
    slot: u32,
    from: u32,
    /// Steps that it stands for, and the one behind them.
    steps: usize,
    end: usize,
    /// The same with what has nothing to do behind it.
    stride: usize,
    /// The next run begins where that ends.
    has_next: bool,
    members: Box<[Member]>,
    /// The first of them makes the sound.
    is_source: bool,
    /// The next run is the rest of it, for when the first of them is called.
    has_rest: bool,
    /// Something fades in the midst of it: till that has arrived it is not done at once.
    has_fade: bool,
    /// All of its filters rest; else they are to be asked.
    rests: bool,
    /// A value has changed: they are to be asked again.
    is_stale: bool,
    tally: Tally,
    way: Way,
}

/// How a run is done.
#[derive(Debug)]
enum Way {
    Product(Product),
    /// In a group of those that stand side by side, in this place of it.
    Group(u32, u32),
}

/// The runs of a list of steps.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// What is called one by one, in the ordinary.
    pub(in crate::engine) calls: Calls,
    runs: Vec<Run>,
    groups: Vec<Group>,
    /// By step: one more than the number of the run that begins there.
    begins: Vec<u32>,
    /// Filters in order, and the runs they are in: two, where there is a rest of a run.
    homes: Vec<(u32, u32)>,
    /// Frames between two times that pins are told.
    every: usize,
    /// What a filter says when it is asked.
    said: Kernel,
}

/// Whom pins and wires are told to.
pub(super) type Told<'a> = (&'a Telemetry, &'a [Arc<PinRecord>]);

impl Runs {
    /// Finds the runs among steps that [`gather()`] has put in order.
    pub(super) fn of(
        steps: &[Step],
        skills: &Skills,
        outline: &Outline,
        last_uses: &LastUses,
    ) -> Self {
        let found = all(steps, skills, outline, last_uses);
        Self::among(steps, skills, outline, found)
    }

    /// The same, where all there are have been found.
    pub(super) fn among(
        steps: &[Step],
        skills: &Skills,
        outline: &Outline,
        found: Vec<(usize, Found)>,
    ) -> Self {
        let mut runs = Self {
            begins: vec![0; steps.len()],
            ..Self::default()
        };
        if skills.is_empty() {
            runs.calls = Calls::of(steps, outline, &runs.begins);
            return runs;
        }
        let mut widest = (0, 0);
        for (at, found) in worth(found) {
            widest.0 = found.channels.max(widest.0);
            widest.1 = found.room().max(widest.1);
            let rest = found.rest();
            runs.add(at, found, rest.is_some());
            if let Some(rest) = rest {
                runs.add(at + 1, rest, false);
            }
        }
        runs.said = Kernel::with_room(widest.0, widest.1);
        runs.homes.sort_unstable();
        let filters = runs.homes.chunk_by(|a, b| a.0 == b.0).count();
        runs.every = every(filters);
        runs.calls = Calls::of(steps, outline, &runs.begins);
        for number in 0..runs.runs.len() {
            runs.wait(number);
            let run = &mut runs.runs[number];
            let begin = run.end - run.steps;
            run.stride = run.steps + runs.calls.idle_behind(run.end - 1);
            run.has_fade = steps[begin..run.end].iter().any(Step::is_fade);
            let next = runs.begins.get(begin + run.stride);
            run.has_next = next.is_some_and(|it| *it as usize == number + 2);
        }
        runs
    }

    fn add(&mut self, at: usize, found: Found, has_rest: bool) {
        let number = self.runs.len() as u32;
        self.begins[at] = number + 1;
        let homes = found.members.iter().map(|it| (it.entry, number));
        self.homes.extend(homes);
        let way = match found.is_product() {
            true => Way::Product(Product::new(&found)),
            false => {
                // Side by side stands what follows at once, in other frames: what comes later may wait for those before it.
                let is_next = self.runs.last().is_some_and(|it| it.end == at);
                let last = self.groups.last_mut().filter(|_| is_next);
                let last = last.filter(|group| {
                    let mut runs = self.runs[group.span().0..].iter();
                    runs.all(|it| it.slot != found.slot && it.slot != found.from)
                });
                let place = last.and_then(|group| group.take(&found, number));
                let place = place.unwrap_or_else(|| {
                    self.groups.push(Group::new(&found, number));
                    0
                });
                Way::Group(self.groups.len() as u32 - 1, place)
            }
        };
        self.runs.push(Run {
            slot: found.slot,
            from: found.from,
            steps: found.steps,
            end: at + found.steps,
            stride: found.steps,
            has_next: false,
            is_source: found.is_source,
            has_rest,
            members: found.members.into(),
            has_fade: false,
            rests: false,
            is_stale: false,
            tally: Tally::default(),
            way,
        });
    }

    /// The run that begins at a step.
    #[inline]
    pub(super) fn at(&self, step: usize) -> Option<usize> {
        let number = *self.begins.get(step)?;
        number.checked_sub(1).map(|it| it as usize)
    }

    /// A value of a filter has changed.
    pub(super) fn rouse(&mut self, entry: u32) {
        let from = self.homes.partition_point(|it| it.0 < entry);
        for (_, run) in self.homes[from..].iter().take_while(|it| it.0 == entry) {
            self.runs[*run as usize].is_stale = true;
        }
    }

    /// Something is to happen to filters beside their calls and their values: what they remember comes home, what was not
    /// told is, and they are asked again.
    pub(super) fn stir(&mut self, slab: &mut Slab, told: Told<'_>) {
        for number in 0..self.runs.len() {
            self.give_way(number, slab, told);
            self.runs[number].rests = false;
        }
        self.calls.tell_all(told);
    }

    /// Nobody looks at pins while cycles are run: those of few filters are told every several cycles too.
    pub(super) fn look_away(&mut self) {
        self.every = seldom(self.every);
        self.calls.look_away();
    }

    /// Asks all filters before a first cycle, which then is no dearer than those that follow.
    pub(super) fn ask_ahead(&mut self, slab: &mut Slab) {
        let mut is_rest = false;
        for run in &mut self.runs {
            // The rest of a run is for when that is not done.
            if std::mem::replace(&mut is_rest, run.has_rest) || run.rests {
                continue;
            }
            run.rests = match &mut run.way {
                Way::Product(product) => product.ask(&run.members, slab, &mut self.said),
                Way::Group(group, place) => {
                    let (place, group) = (*place, &mut self.groups[*group as usize]);
                    group.ask(place, run, slab, &mut self.said)
                }
            };
        }
    }

    /// The filters of a run are to be called, one by one.
    pub(super) fn give_way(&mut self, number: usize, slab: &mut Slab, told: Told<'_>) {
        self.tell(number, told);
        let run = &mut self.runs[number];
        match &run.way {
            Way::Product(product) if run.is_source => {
                if std::mem::take(&mut run.rests) {
                    product.send_home(&run.members[0], slab, &mut self.said);
                }
            }
            Way::Product(_) => {}
            Way::Group(group, place) => {
                if std::mem::take(&mut run.rests) {
                    let group = &mut self.groups[*group as usize];
                    group.send_home(*place, run, slab, &mut self.said);
                }
            }
        }
    }

    /// Does a run at once, if that can be done, and with it those side by side with it that are done too. Meters fall by
    /// `fall` meanwhile; `is_fading`: wires of the plan fade.
    pub(super) fn pass(
        &mut self,
        number: usize,
        tables: &mut Tables,
        slab: &mut Slab,
        (tapped, fall, is_fading): (Option<u32>, f32, bool),
        told: Told<'_>,
    ) -> Option<Row> {
        let (first, count) = match self.runs[number].way {
            Way::Product(_) => (number, 1),
            Way::Group(group, _) => self.groups[group as usize].span(),
        };
        if first == number {
            for number in first..first + count {
                if std::mem::take(&mut self.runs[number].is_stale) {
                    // By what was so far.
                    self.give_way(number, slab, told);
                    self.runs[number].rests = false;
                }
            }
        }
        let mut behind = number + 1;
        let run = &mut self.runs[number];
        let is_back = run.has_rest && !run.rests;
        let is_interrupted = run.is_interrupted(tapped, is_fading);
        let fill = match &mut run.way {
            Way::Product(product) => {
                let asked = (&run.members[..], &mut run.rests);
                let place = (run.from, run.slot, run.is_source, is_interrupted);
                product.pass(place, asked, tables, slab, &mut self.said)?
            }
            Way::Group(group, place) => {
                let (place, group) = (*place, &mut self.groups[*group as usize]);
                if first == number {
                    let runs = &mut self.runs[first..first + count];
                    group.pass(runs, (tapped, is_fading), tables, slab, &mut self.said);
                    if group.is_whole() {
                        behind = first + count;
                    }
                }
                group.done(place)?
            }
        };
        if is_back {
            self.tell(number + 1, told);
        }
        let mut row = Row::default();
        for number in number..behind {
            let run = &self.runs[number];
            row.runs += 1;
            row.steps += run.way_on(is_fading);
            row.filters += run.members.len();
            self.passed(number, (fill, fall), told);
        }
        Some(row)
    }

    /// So many samples have passed.
    #[inline]
    fn passed(&mut self, number: usize, (fill, fall): (usize, f32), told: Told<'_>) {
        let run = &mut self.runs[number];
        run.tally.pass(fill, fall);
        if run.tally.is_due() {
            self.tell(number, told);
        }
    }

    /// The frame that a run made from nothing.
    pub(super) fn made(&self, number: usize) -> Option<u32> {
        let run = &self.runs[number];
        run.is_source.then_some(run.slot)
    }

    /// How many runs each group has.
    pub(super) fn side_by_side(&self) -> Vec<usize> {
        self.groups.iter().map(|group| group.span().1).collect()
    }

    /// The runs that are done with one, their filters, and the first of these: none when it is done with one before it.
    fn together(&self, number: usize) -> std::ops::Range<usize> {
        match self.runs[number].way {
            Way::Product(_) => number..number + 1,
            Way::Group(group, place) => {
                let (first, count) = self.groups[group as usize].span();
                if place == 0 {
                    first..first + count
                } else {
                    0..0
                }
            }
        }
    }

    /// The first filter of those that are done with a run, and how many there are.
    pub(super) fn head(&self, number: usize) -> (u32, u32) {
        let together = self.together(number);
        let count = together
            .map(|it| self.runs[it].members.len())
            .sum::<usize>();
        (self.runs[number].members[0].entry, count as u32)
    }

    /// What was done with a run was timed: each of its filters has an equal share.
    pub(super) fn took(&mut self, number: usize, nanos: u32, ledger: &Ledger) {
        let share = nanos / self.head(number).1.max(1);
        for number in self.together(number) {
            let run = &mut self.runs[number];
            run.tally.share = Some(share);
            let members = run.members.iter();
            for figures in members.filter_map(|it| ledger.get(it.entry)) {
                figures.cost.store(share, Ordering::Relaxed);
            }
        }
    }

    /// Tells the pins of a run what passed since they were told last.
    fn tell(&mut self, number: usize, told: Told<'_>) {
        let run = &mut self.runs[number];
        let was_due = run.tally.is_due();
        let passed = run.tally.take();
        if passed.frames > 0 {
            // What passed while its filters were called comes first.
            for step in run.end - run.steps..run.end {
                self.calls.tell(step, told);
            }
            let members = &run.members;
            match &mut run.way {
                Way::Product(product) => {
                    product.tell(|member, peak| members[member].tell(&passed, peak, told));
                }
                Way::Group(group, place) => {
                    let group = &mut self.groups[*group as usize];
                    let tell = |member: usize, peak| members[member].tell(&passed, peak, told);
                    group.tell(*place, tell);
                }
            }
        }
        if was_due {
            self.runs[number].tally.left = self.every;
        } else {
            self.wait(number);
        }
    }

    /// Not all runs are told of in one cycle, and none in the first, which has enough to do.
    fn wait(&mut self, number: usize) {
        self.runs[number].tally.left = self.every - number % self.every;
    }
}

impl Run {
    /// Whether somebody looks at a wire in its midst, or one there is on its way up: then it is not done at once.
    #[inline]
    fn is_interrupted(&self, tapped: Option<u32>, is_fading: bool) -> bool {
        let is_seen = |wire| self.members.iter().any(|it| it.wire == Some(wire));
        is_fading && self.has_fade || tapped.is_some_and(is_seen)
    }

    /// Steps until the next that has anything to do.
    #[inline]
    fn way_on(&self, is_fading: bool) -> usize {
        match is_fading {
            true => self.steps,
            false => self.stride,
        }
    }
}

impl Member {
    fn tell(&self, passed: &Tally, peak: f32, (levels, records): Told<'_>) {
        let pins = &records[self.record..][..self.pins];
        for pin in pins {
            pin.pass_many(passed.frames, passed.fill);
            if let Some(cost) = passed.share {
                pin.took(cost);
            }
        }
        if let Some(output) = pins.last() {
            output.reached(peak);
        }
        if let Some(wire) = self.wire.map(|wire| wire as usize) {
            levels.set(wire, peak.max(levels.get(wire) * passed.fall));
        }
    }
}
