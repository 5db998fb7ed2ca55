//! Which steps of a plan are done on islands, and what such an island is made of.
//!
//! Steps in a row of which each is the only one that takes what the one before it gives are a *branch*. Branches of which
//! none waits for another are a *fork*: they are dealt out to some islands, equal ones together, so that they can still stand
//! side by side. Everything else stays with the engine, in its order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Island, MOST, Parts, Split};
use crate::dsp::lanes::LANES;
use crate::engine::cut::Cut;
use crate::engine::hold::Holds;
use crate::engine::line::Line;
use crate::engine::outline::Outline;
use crate::engine::plan::{Plan, Step};
use crate::engine::records::PinRecord;
use crate::engine::runs::{Hops, LastUses, Runs, Skills, last_uses};
use crate::engine::slab::{PAGE, page};
use crate::engine::spec::{Node, Spec};
use crate::engine::table::Tables;
use crate::ks::ids::category;
use crate::ks::{DataFlow, Domain, Output, Payload, Telemetry, Wave};

/// Islands of a fork: more than there are processors, so that whoever is done first takes the next.
const SHARES: usize = 8;

/// What a list of steps stands on.
pub(in crate::engine) struct Ground<'a> {
    pub(in crate::engine) spec: &'a Arc<Spec>,
    pub(in crate::engine) tables: &'a Tables,
    pub(in crate::engine) outline: &'a Outline,
    pub(in crate::engine) lines: &'a [Line],
    pub(in crate::engine) cuts: &'a [Cut],
    pub(in crate::engine) holds: &'a Holds,
    pub(in crate::engine) skills: &'a Skills,
    pub(in crate::engine) records: &'a [Arc<PinRecord>],
    pub(in crate::engine) levels: &'a Telemetry,
    pub(in crate::engine) fade_len: usize,
}

/// Steps that stay together.
struct Branch {
    steps: Vec<usize>,
    /// Filters in it.
    weight: usize,
    /// It is the engine's.
    is_pinned: bool,
    level: usize,
    /// So many of its like fill the lanes of a group, and how many of its filters are called in any case.
    width: usize,
    called: usize,
}

/// A list of steps with islands in it; `None` where there is nothing to part.
pub(in crate::engine) fn split(steps: &[Step], ground: &Ground<'_>) -> Option<Split> {
    let touched: Vec<Touched> = steps.iter().map(|step| ground.touched(step)).collect();
    let branches = branches(steps, &touched, ground);
    let levels = 1 + branches.iter().map(|it| it.level).max()?;
    let mut own: Vec<Vec<usize>> = vec![vec![]; levels];
    let mut apart: Vec<Vec<&Branch>> = vec![vec![]; levels];
    for branch in &branches {
        match branch.is_pinned {
            true => own[branch.level].extend(&branch.steps),
            false => apart[branch.level].push(branch),
        }
    }
    let mut split = Split::default();
    for (mut own, apart) in own.into_iter().zip(apart) {
        let mut shares = shares(&apart);
        if shares.len() < 2 || split.ashore.len() + shares.len() > MOST {
            own.extend(apart.iter().flat_map(|it| &it.steps));
            shares.clear();
        }
        own.sort_unstable();
        split
            .steps
            .extend(own.into_iter().map(|at| steps[at].clone()));
        if shares.is_empty() {
            continue;
        }
        let first = split.ashore.len();
        for share in shares {
            let number = split.ashore.len();
            let island = ground.island(number, share, steps, &touched);
            split
                .given
                .push(island.given.iter().map(|it| it.0).collect());
            split.ashore.push(Some(Box::new(island)));
        }
        let fork = split.forks.len();
        split.forks.push(first..split.ashore.len());
        split.steps.push(Step::Fork { fork });
    }
    // Frames may go to islands and come from there.
    let no_hops = LastUses::default();
    split.runs = Runs::of(&split.steps, ground.skills, ground.outline, &no_hops);
    (!split.forks.is_empty()).then_some(split)
}

/// Deals branches out to islands: about the same to each. Those that stand in lanes for the most part go in whole groups,
/// since eight cost what one costs; if that leaves nothing to part, only what is in lanes alone does. Steps in order.
fn shares(branches: &[&Branch]) -> Vec<Vec<usize>> {
    let mostly = |it: &Branch| it.called * 4 <= it.weight;
    let wholly = |it: &Branch| it.called == 0;
    let shares = dealt(branches, mostly);
    if shares.len() > 1 {
        return shares;
    }
    dealt(branches, wholly)
}

fn dealt(branches: &[&Branch], is_grouped: impl Fn(&Branch) -> bool) -> Vec<Vec<usize>> {
    let width = |it: &Branch| if is_grouped(it) { it.width } else { 1 };
    let whole: usize = branches.iter().map(|it| it.weight).sum();
    let fair = whole.div_ceil(SHARES).max(1);
    let mut shares = vec![];
    let (mut share, mut weight, mut count) = (vec![], 0, 0);
    for (at, branch) in branches.iter().enumerate() {
        share.extend(&branch.steps);
        weight += branch.weight;
        count += 1;
        let own = width(branch);
        let next = branches.get(at + 1).map(|it| width(it));
        let is_other = next.is_none_or(|next| next != own);
        if is_other || (weight >= fair && count % own == 0) {
            shares.push(std::mem::take(&mut share));
            (weight, count) = (0, 0);
        }
    }
    for share in &mut shares {
        share.sort_unstable();
    }
    shares
}

/// The frames that a step reads and those that it writes.
#[derive(Default)]
struct Touched {
    reads: Vec<u32>,
    writes: Vec<u32>,
}

/// Who wrote a frame last, and who has read it since.
#[derive(Default)]
struct Frame {
    writer: Option<usize>,
    readers: Vec<usize>,
}

fn branches(steps: &[Step], touched: &[Touched], ground: &Ground<'_>) -> Vec<Branch> {
    let waits_for = waits_for(touched);
    let mut takers = vec![0_usize; steps.len()];
    for before in waits_for.iter().flatten() {
        takers[*before] += 1;
    }
    let pinned = ground.pinned(steps);
    let mut branches: Vec<Branch> = vec![];
    let mut of = vec![0; steps.len()];
    let mut last_own = 0;
    for (at, step) in steps.iter().enumerate() {
        let before = &waits_for[at];
        let is_pinned = pinned[at];
        let home = before.first().map(|it| of[*it]);
        let home = home.filter(|home| {
            let is_alone = |it: &usize| of[*it] == *home && takers[*it] == 1;
            !is_pinned && !branches[*home].is_pinned && before.iter().all(is_alone)
        });
        let weight = usize::from(matches!(step, Step::Process { .. }));
        let width = ground.width(step);
        let called = usize::from(width.is_none());
        let width = width.unwrap_or(LANES);
        if let Some(home) = home {
            let branch = &mut branches[home];
            branch.steps.push(at);
            branch.weight += weight;
            branch.width = branch.width.min(width);
            branch.called += called;
            of[at] = home;
            continue;
        }
        let level = before.iter().map(|it| {
            let branch = &branches[of[*it]];
            // The engine's own steps stand before the fork of their level.
            branch.level + usize::from(!branch.is_pinned)
        });
        let mut level = level.max().unwrap_or(0);
        if is_pinned {
            level = level.max(last_own);
            last_own = level;
        }
        of[at] = branches.len();
        branches.push(Branch {
            steps: vec![at],
            weight,
            is_pinned,
            level,
            width,
            called,
        });
    }
    branches
}

/// The steps that each has to wait for.
fn waits_for(touched: &[Touched]) -> Vec<Vec<usize>> {
    let mut frames: BTreeMap<u32, Frame> = BTreeMap::new();
    let mut all = vec![];
    for (at, step) in touched.iter().enumerate() {
        let mut before = vec![];
        for slot in &step.reads {
            let frame = frames.entry(*slot).or_default();
            before.extend(frame.writer);
            frame.readers.push(at);
        }
        for slot in &step.writes {
            let frame = frames.entry(*slot).or_default();
            before.extend(frame.writer.replace(at));
            before.append(&mut frame.readers);
        }
        before.retain(|it| *it != at);
        before.sort_unstable();
        before.dedup();
        all.push(before);
    }
    all
}

impl Ground<'_> {
    fn touched(&self, step: &Step) -> Touched {
        let mut touched = Touched::default();
        let Touched { reads, writes } = &mut touched;
        match step {
            Step::Process {
                inputs,
                outputs,
                lent,
                ..
            } => {
                reads.extend(inputs.iter().filter_map(|it| it.slot));
                for output in outputs {
                    // What it shows is written as well: its header may be.
                    writes.push(output.slot);
                    reads.extend(output.copy_from);
                }
                writes.extend(*lent);
            }
            Step::Cut { cut, from } => {
                reads.push(*from);
                writes.extend(self.cuts.get(*cut).map(|it| it.to));
            }
            Step::Recall { line } => writes.extend(self.lines.get(*line).map(|it| it.to)),
            Step::Store { from, .. } => reads.extend(*from),
            Step::Pass { slot, .. } => reads.push(*slot),
            Step::Lend { slot, .. } | Step::Align { slot, .. } | Step::Fade { slot, .. } => {
                reads.push(*slot);
                writes.push(*slot);
            }
            Step::Fork { .. } => {}
        }
        touched
    }

    /// Which steps are the engine's: devices and what comes from outside, ends of rows, delay lines, frames that are cut
    /// or wait, and whoever changes notes in the frame in which they are listened to.
    fn pinned(&self, steps: &[Step]) -> Vec<bool> {
        let mut writers: BTreeMap<u32, usize> = BTreeMap::new();
        for step in steps {
            let Step::Process { outputs, .. } = step else {
                continue;
            };
            for output in outputs.iter().filter(|it| !it.is_shown) {
                *writers.entry(output.slot).or_default() += 1;
            }
        }
        let is_pinned = |step: &Step| match step {
            Step::Process {
                node, lent, inputs, ..
            } => {
                let hears = |slot: u32| {
                    let payload = &self.tables.payloads[slot as usize];
                    let is_notes = !matches!(payload, Payload::Wave(_));
                    is_notes && writers.get(&slot).is_some_and(|count| *count > 1)
                };
                let node = &self.spec.nodes[*node as usize];
                lent.is_some()
                    || is_bound(node)
                    // What it takes may be looked for where everything stands.
                    || node.wires(DataFlow::Out).next().is_none()
                    || inputs.iter().filter_map(|it| it.slot).any(hears)
            }
            Step::Pass { .. } | Step::Fade { .. } => false,
            _ => true,
        };
        steps.iter().map(is_pinned).collect()
    }

    /// How many of a step's like fill the lanes of a group; `None` for a filter that is always called.
    fn width(&self, step: &Step) -> Option<usize> {
        let Step::Process { entry, outputs, .. } = step else {
            return Some(LANES);
        };
        let channels = outputs.first().map_or(0, |output| {
            let wave = self.tables.payloads[output.slot as usize].wave();
            wave.map_or(0, Wave::channel_count)
        });
        let can_rest = self.skills.of(*entry).is_some() && channels > 0;
        can_rest.then(|| (LANES / channels).max(1))
    }

    fn island(
        &self,
        number: usize,
        share: Vec<usize>,
        steps: &[Step],
        touched: &[Touched],
    ) -> Island {
        let inside: BTreeSet<usize> = share.iter().copied().collect();
        let mut tables = Tables::default();
        let mut places: BTreeMap<u32, u32> = BTreeMap::new();
        let mut written: BTreeSet<u32> = BTreeSet::new();
        let mut taken = vec![];
        for at in &share {
            let Touched { reads, writes } = &touched[*at];
            let slots = reads.iter().map(|it| (*it, true));
            for (slot, is_read) in slots.chain(writes.iter().map(|it| (*it, false))) {
                let place = *places
                    .entry(slot)
                    .or_insert_with(|| tables.add_like(self.tables, slot));
                // What is worked on in place is read as well, and named by its input.
                if is_read && !written.contains(&slot) && !taken.contains(&(slot, place)) {
                    taken.push((slot, place));
                }
            }
            written.extend(writes);
        }
        let others = (0..steps.len()).filter(|at| !inside.contains(at));
        let wanted: BTreeSet<u32> = others.flat_map(|at| &touched[at].reads).copied().collect();
        let given = places.iter().map(|(slot, place)| (*slot, *place));
        let given: Vec<(u32, u32)> = given
            .filter(|(slot, _)| written.contains(slot) && wanted.contains(slot))
            .collect();
        let mut records = vec![];
        let own = share.iter().map(|at| {
            let mut step = steps[*at].clone();
            move_in(&mut step, &places, (self.records, &mut records));
            step
        });
        let own: Vec<Step> = own.collect();
        let members: Vec<u32> = own.iter().filter_map(entry_of).collect();
        let mut pages: Vec<usize> = members.iter().map(|it| *it as usize / PAGE).collect();
        pages.sort_unstable();
        pages.dedup();
        let notes = own.iter().filter_map(|step| match step {
            Step::Process { node, .. } => Some(*node),
            _ => None,
        });
        let notes = notes.flat_map(|node| self.holds.heard_by(node));
        let notes = notes.map(|(link, slot)| (link, places.get(&slot).copied()));
        let widest = own.iter().map(|step| match step {
            Step::Process { outputs, .. } => outputs.len(),
            _ => 0,
        });
        let mut last = last_uses(&own, &Hops::default());
        given
            .iter()
            .for_each(|(_, place)| last.note(*place, usize::MAX));
        let runs = [
            Runs::of(&own, self.skills, &Outline::of(&tables), &last),
            Runs::default(),
        ];
        Island::new(Parts {
            number,
            members,
            pages: pages.into_iter().map(|at| (at, page())).collect(),
            taken,
            given,
            notes: notes.collect(),
            plan: Plan {
                rate_hz: self.spec.rate_hz,
                hands: vec![Output::default(); widest.max().unwrap_or(0)],
                has_fades: own.iter().any(|step| matches!(step, Step::Fade { .. })),
                fade_len: self.fade_len,
                tables,
                records,
                runs,
                levels: self.levels.clone(),
                steps: own,
                ..Plan::empty(Arc::clone(self.spec))
            },
        })
    }
}

/// Whether a filter has to do with the world outside.
fn is_bound(node: &Node) -> bool {
    let descriptor = node.descriptor();
    let has_device = || {
        let mut properties = descriptor.properties.iter();
        properties.any(|it| it.domain == Domain::Device)
    };
    let is_busy = node
        .open
        .as_ref()
        .is_none_or(|open| open.has_pacer || open.is_live || open.lends);
    is_busy || descriptor.categories.contains(&category::CAPTURE) || has_device()
}

fn entry_of(step: &Step) -> Option<u32> {
    match step {
        Step::Process { entry, .. } => Some(*entry),
        _ => None,
    }
}

/// Has a step work on the frames and records of an island.
fn move_in(
    step: &mut Step,
    places: &BTreeMap<u32, u32>,
    (all, own): (&[Arc<PinRecord>], &mut Vec<Arc<PinRecord>>),
) {
    let place = |slot: &mut u32| *slot = places.get(slot).copied().unwrap_or(*slot);
    match step {
        Step::Process {
            inputs,
            outputs,
            records,
            ..
        } => {
            for input in inputs.iter_mut() {
                input.slot.iter_mut().for_each(place);
            }
            for output in outputs.iter_mut() {
                place(&mut output.slot);
                output.copy_from.iter_mut().for_each(place);
            }
            let first = std::mem::replace(records, own.len() as u32) as usize;
            let pins = inputs.len() + outputs.len();
            own.extend(all[first..][..pins].iter().cloned());
        }
        Step::Pass { slot, .. } | Step::Fade { slot, .. } => place(slot),
        _ => {}
    }
}
