//! The order of steps in which runs of equal filters stand one behind the other, so that they can be done side by side.
//!
//! A run touches its own frames alone, so it may be done anywhere between who wrote the frame and who takes it, and so may a
//! fade or a delay of one frame. All other steps keep their order. When one of them cannot go on for a frame that a run has yet to do, as many runs as are ready are put
//! there, equal ones together.

use std::collections::BTreeMap;

use super::found::{LastUses, all};
use super::{Found, Skills};
use crate::engine::outline::Outline;
use crate::engine::plan::Step;

/// Where what comes out of delay lines stands, and what is cut anew, in the order of a plan.
#[derive(Debug, Default)]
pub(in crate::engine) struct Hops {
    pub(in crate::engine) lines: Vec<u32>,
    pub(in crate::engine) cuts: Vec<u32>,
}

/// Steps that stay together: a run, or one alone.
struct Unit {
    steps: Vec<Step>,
    /// What a run is: channels, room and kinds. `None` for a step alone.
    kind: Option<Vec<u32>>,
    /// Units that wait for it, and how many it waits for.
    before: Vec<usize>,
    waits: usize,
}

impl Unit {
    /// Whether it stays behind those before it whatever they touch.
    fn keeps_order(&self) -> bool {
        let is_local = matches!(
            self.steps.as_slice(),
            [Step::Fade { .. } | Step::Align { .. }]
        );
        self.kind.is_none() && !is_local
    }
}

/// Puts steps in such an order, and gives the runs among them.
pub(in crate::engine) fn gather(
    steps: Vec<Step>,
    skills: &Skills,
    outline: &Outline,
    hops: &Hops,
) -> (Vec<Step>, Vec<(usize, Found)>) {
    if skills.is_empty() {
        return (steps, vec![]);
    }
    let last = last_uses(&steps, hops);
    let found = all(&steps, skills, outline, &last);
    let kinds = kinds(&found);
    let mut counts = BTreeMap::new();
    for (_, _, kind) in &kinds {
        *counts.entry(kind).or_insert(0) += 1;
    }
    if counts.values().all(|count| *count < 2) {
        return (steps, found);
    }
    let mut units = units(steps, kinds);
    // Who touched each frame last, and which of the steps alone came last.
    let mut touched: BTreeMap<u32, usize> = BTreeMap::new();
    let mut alone = None;
    for number in 0..units.len() {
        let mut waits_for: Vec<usize> = vec![];
        for step in &units[number].steps {
            each_slot(step, hops, |slot| {
                waits_for.extend(touched.insert(slot, number));
            });
        }
        if units[number].keeps_order() {
            waits_for.extend(alone.replace(number));
        }
        waits_for.retain(|it| *it != number);
        waits_for.sort_unstable();
        waits_for.dedup();
        units[number].waits = waits_for.len();
        for it in waits_for {
            units[it].before.push(number);
        }
    }
    let steps = in_order(units);
    let last = last_uses(&steps, hops);
    let found = all(&steps, skills, outline, &last);
    (steps, found)
}

/// The runs that may stand side by side: where they begin, how many steps they have, and of what kind they are.
fn kinds(found: &[(usize, Found)]) -> Vec<(usize, usize, Vec<u32>)> {
    let others = found.iter().filter(|(_, it)| !it.is_product());
    let kinds = others.map(|(at, found)| {
        let format = [found.channels as u32, found.capacity as u32];
        let filters = found.members.iter().map(|it| it.skill.0);
        let kind = format.into_iter().chain(filters).collect();
        (*at, found.steps, kind)
    });
    kinds.collect()
}

/// Which step has to do last with each frame.
pub(in crate::engine) fn last_uses(steps: &[Step], hops: &Hops) -> LastUses {
    let mut last = LastUses::default();
    for (at, step) in steps.iter().enumerate() {
        each_slot(step, hops, |slot| last.note(slot, at));
    }
    last
}

fn units(steps: Vec<Step>, kinds: Vec<(usize, usize, Vec<u32>)>) -> Vec<Unit> {
    let mut units = vec![];
    let mut steps = steps.into_iter().enumerate();
    let mut kinds = kinds.into_iter().peekable();
    while let Some((at, step)) = steps.next() {
        let run = kinds.next_if(|run| run.0 == at);
        let (count, kind) = run.map_or((1, None), |(_, count, kind)| (count, Some(kind)));
        let rest = steps.by_ref().take(count - 1).map(|it| it.1);
        units.push(Unit {
            steps: std::iter::once(step).chain(rest).collect(),
            kind,
            before: vec![],
            waits: 0,
        });
    }
    units
}

/// The frames that a step reads or writes, or has to do with.
fn each_slot(step: &Step, hops: &Hops, mut touch: impl FnMut(u32)) {
    match step {
        Step::Process {
            inputs,
            outputs,
            lent,
            ..
        } => {
            inputs.iter().filter_map(|it| it.slot).for_each(&mut touch);
            for output in outputs {
                touch(output.slot);
                output.copy_from.iter().for_each(|it| touch(*it));
            }
            lent.iter().for_each(|it| touch(*it));
        }
        Step::Cut { cut, from } => {
            touch(*from);
            hops.cuts.get(*cut).iter().for_each(|to| touch(**to));
        }
        Step::Recall { line } => {
            hops.lines.get(*line).iter().for_each(|to| touch(**to));
        }
        Step::Store { from, .. } => from.iter().for_each(|it| touch(*it)),
        Step::Fork { .. } => {}
        Step::Lend { slot, .. }
        | Step::Pass { slot, .. }
        | Step::Align { slot, .. }
        | Step::Fade { slot, .. } => touch(*slot),
    }
}

fn in_order(mut units: Vec<Unit>) -> Vec<Step> {
    let mut ordered = vec![];
    // Steps alone as soon as they are ready. Runs by kind, the earliest first.
    let mut alone = vec![];
    let mut runs: BTreeMap<Vec<u32>, Vec<usize>> = BTreeMap::new();
    let mut ready: Vec<usize> = (0..units.len())
        .filter(|it| units[*it].waits == 0)
        .collect();
    loop {
        for number in ready.drain(..) {
            match units[number].kind.take() {
                None => alone.push(number),
                Some(kind) => runs.entry(kind).or_default().push(number),
            }
        }
        let next = match alone.pop() {
            Some(number) => vec![number],
            None => {
                let first = runs.iter().min_by_key(|it| it.1.first().copied());
                let Some(kind) = first.map(|it| it.0.clone()) else {
                    break;
                };
                runs.remove(&kind).unwrap_or_default()
            }
        };
        for number in next {
            ordered.append(&mut units[number].steps);
            for waiting in std::mem::take(&mut units[number].before) {
                units[waiting].waits -= 1;
                if units[waiting].waits == 0 {
                    ready.push(waiting);
                }
            }
        }
        ready.sort_unstable();
    }
    ordered
}
