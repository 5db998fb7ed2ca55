//! One pass over the nodes of a layout: the steps in order, and whose frame each output is: its own, or that of an input it
//! works upon or shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::outline::Outline;
use super::plan::{Inputs, OutputSlot, Outputs, Step};
use super::records::PinRecord;
use super::runs::{Hops, Skills};
use super::signature::format_of;
use super::spec::{Node, NodePin, Spec, SpecWire};
use super::table::{Shape, Tables};
use crate::graph::Way;
use crate::ks::framing::{Borrowed, frame_of};
use crate::ks::{DataFlow, InputPin};

/// What a layout has where, so that the steps of a plan can be listed again while it runs.
#[derive(Default)]
pub(super) struct Plot {
    /// Delayed wires, and where their readers find them, in the order that plans keep lines in.
    pub(super) lines: Vec<(usize, u32)>,
    /// Where sound is cut anew, and where its readers find it; what waits on wires. By wire, with their places in the plan.
    pub(super) cuts: BTreeMap<usize, (usize, u32)>,
    pub(super) aligns: BTreeMap<usize, usize>,
    /// Where the pins of each node begin in `allotted`: the frames that outputs have of their own.
    pub(super) first: Vec<usize>,
    pub(super) allotted: Vec<Option<u32>>,
    /// What all frames are like, and who may be left out while it rests.
    pub(super) outline: Outline,
    pub(super) skills: Skills,
}

impl Plot {
    /// Where what comes out of delay lines and what is cut anew stands.
    pub(super) fn hops(&self) -> Hops {
        let mut cuts: Vec<(usize, u32)> = self.cuts.values().copied().collect();
        cuts.sort_unstable();
        Hops {
            lines: self.lines.iter().map(|(_, to)| *to).collect(),
            cuts: cuts.into_iter().map(|(_, to)| to).collect(),
        }
    }
}

/// Steps in order, and where the reader of each wire finds its frame.
#[derive(Default)]
pub(super) struct Laid {
    pub(super) steps: Vec<Step>,
    pub(super) slots: Vec<Option<u32>>,
    /// Where the first sound that each node takes stands.
    pub(super) heard: Vec<Option<u32>>,
    pub(super) widest: usize,
    pub(super) records: Vec<Arc<PinRecord>>,
}

/// Frames that are written in each cycle, by slot.
#[derive(Default)]
struct Fresh(Vec<bool>);

impl Fresh {
    fn insert(&mut self, slot: u32) {
        let slot = slot as usize;
        self.0.resize(self.0.len().max(slot + 1), false);
        self.0[slot] = true;
    }

    fn has(&self, slot: u32) -> bool {
        self.0.get(slot as usize) == Some(&true)
    }
}

/// What is laid out, pass by pass: once with a frame for every wire, once with shared ones, in the same tables.
pub(super) struct Desk<'a> {
    pub(super) spec: &'a Spec,
    pub(super) curious: BTreeSet<usize>,
    pub(super) plot: Plot,
    pub(super) tables: Tables,
    pub(super) max_len: usize,
}

impl Desk<'_> {
    pub(super) fn pass(&mut self, shares: bool, fading: &[bool], is_arriving: bool) -> Laid {
        let spec = self.spec;
        let fades = fading.iter().filter(|it| **it).count();
        let is_lent = |node: &&Node| node.open.as_ref().is_some_and(|it| it.lends);
        let lent = spec.nodes.iter().filter(is_lent).count();
        let mut steps = Vec::with_capacity(spec.nodes.len() + fades + lent);
        let mut slots: Vec<Option<u32>> = vec![None; spec.wires.len()];
        let mut widest = 0;
        let mut heard = vec![None; spec.nodes.len()];
        let mut records = Vec::with_capacity(self.plot.allotted.len());
        for (index, (wire, to)) in self.plot.lines.iter().enumerate() {
            slots[*wire] = Some(*to);
            steps.push(Step::Recall { line: index });
            // What leaves fades where it comes out of the line, what arrives where it goes in.
            if !is_arriving && fading.get(*wire) == Some(&true) {
                let slot = *to;
                steps.push(Step::Fade { slot, is_arriving });
            }
        }
        let fades = |wire: usize| {
            let is_here = is_arriving || spec.wires[wire].delay.is_none();
            fading.get(wire) == Some(&true) && is_here
        };
        // Who is not open writes nothing: there what would be worked upon is what the last cycle left.
        let mut fresh = Fresh::default();
        slots.iter().flatten().for_each(|slot| fresh.insert(*slot));
        // What the writers of delayed wires leave; their readers have frames of their own.
        let mut written: Vec<Option<u32>> = vec![None; spec.wires.len()];
        // Of one node: its pins that work, the frames it edits that no wire takes on, and the steps behind its own: what is cut
        // anew, and what fades.
        let (mut inputs, mut pins, mut outputs) = (vec![], vec![], vec![]);
        let (mut taken, mut behind) = (vec![], vec![]);
        for (number, node) in spec.nodes.iter().enumerate() {
            inputs.clear();
            pins.clear();
            outputs.clear();
            for (place, pin) in node.pins.iter().enumerate() {
                match pin.data_flow {
                    DataFlow::In => inputs.push(InputPin {
                        factory: pin.factory as u16,
                        instance: pin.instance as u16,
                        slot: pin.wire.and_then(|wire| slots[wire]),
                        wire: pin.wire.map_or(0, |wire| spec.ids[wire]),
                    }),
                    // Nothing of a hard-wired wire passes here.
                    DataFlow::Out => {
                        let wire = pin.wire.filter(|&it| !spec.wires[it].is_hard_wired);
                        pins.push((place, pin, wire));
                    }
                }
            }
            heard[number] = inputs.iter().find_map(|input| input.slot);
            taken.clear();
            taken.extend(
                pins.iter()
                    .filter_map(|(_, _, wire)| spec.wires[(*wire)?].in_place_of()),
            );
            for &(place, pin, wire) in &pins {
                let frames = (&slots[..], &fresh);
                let output = self.output((number, place), pin, wire, frames, shares, &mut taken);
                if node.entry.is_some() {
                    fresh.insert(output.slot);
                }
                outputs.push(output);
                let Some(wire) = wire else { continue };
                let slot = self.cut(wire, output.slot, &mut behind);
                if slot != output.slot {
                    fresh.insert(slot);
                }
                let fade = fades(wire).then_some(Step::Fade { slot, is_arriving });
                let wait = node.entry.and_then(|_| self.wait(wire, slot));
                behind.extend(in_order(fade, wait, is_arriving));
                let is_delayed = spec.wires[wire].delay.is_some();
                let place = if is_delayed { &mut written } else { &mut slots };
                place[wire] = Some(slot);
            }
            widest = widest.max(outputs.len());
            let node_number = number as u32;
            // What is let through stays in the frame it came in.
            let bypass = node
                .bypass
                .map(|(from, to)| (node.pins[from].wire, node.pins[to].wire));
            if let Some((Some(from), Some(to))) = bypass
                && !spec.wires[to].is_hard_wired
                && let Some(slot) = slots[from]
            {
                let (wire, node) = (to as u32, node_number);
                steps.push(Step::Pass { slot, wire, node });
                let from = slot;
                let slot = self.cut(to, slot, &mut steps);
                if slot != from {
                    fresh.insert(slot);
                }
                let is_delayed = spec.wires[to].delay.is_some();
                let place = if is_delayed { &mut written } else { &mut slots };
                place[to] = Some(slot);
                let fade = fades(to).then_some(Step::Fade { slot, is_arriving });
                let wait = self.wait(to, slot);
                steps.extend(in_order(fade, wait, is_arriving));
            }
            let is_source = inputs.iter().all(|input| input.wire == 0);
            if let Some(entry) = node.entry {
                let first = records.len() as u32;
                for flow in [DataFlow::In, DataFlow::Out] {
                    let own = node.pins.iter().zip(node.records.iter());
                    let own = own.filter(|(pin, _)| pin.data_flow == flow);
                    records.extend(own.map(|(_, record)| Arc::clone(record)));
                }
                steps.push(Step::Process {
                    entry,
                    inputs: Inputs::from_slice(&inputs),
                    outputs: Outputs::from_slice(&outputs),
                    is_source,
                    node: node_number,
                    lent: None,
                    records: first,
                });
                steps.append(&mut behind);
            }
            behind.clear();
        }
        for (line, (wire, _)) in self.plot.lines.iter().enumerate() {
            let from = written[*wire];
            steps.push(Step::Store { line, from });
        }
        let open = spec.nodes.iter().filter_map(|node| node.open.as_ref());
        for entry in open.filter(|open| open.lends).map(|open| open.entry) {
            lend(&mut steps, entry, &self.plot);
        }
        Laid {
            steps,
            slots,
            heard,
            widest,
            records,
        }
    }

    /// Where the reader of a wire finds its frame, its writer having left it in `from`: elsewhere where it is cut anew.
    fn cut(&self, wire: usize, from: u32, steps: &mut Vec<Step>) -> u32 {
        if self.spec.wires[wire].cut.is_none() {
            return from;
        }
        let Some((cut, to)) = self.plot.cuts.get(&wire).copied() else {
            return from;
        };
        steps.push(Step::Cut { cut, from });
        to
    }

    /// The step that lets a wire wait in its frame, if it does.
    fn wait(&self, wire: usize, slot: u32) -> Option<Step> {
        if self.spec.wires[wire].align == 0 {
            return None;
        }
        let align = self.plot.aligns.get(&wire).copied()?;
        Some(Step::Align { align, slot })
    }

    /// The frame of an output.
    fn output(
        &mut self,
        key: (usize, usize),
        pin: &NodePin,
        wire: Option<usize>,
        (slots, fresh): (&[Option<u32>], &Fresh),
        shares: bool,
        taken: &mut Vec<usize>,
    ) -> OutputSlot {
        let spec = self.spec;
        let node = &spec.nodes[key.0];
        let pins = &node.descriptor().pins;
        let factory = &pins[pin.factory];
        // What is not open works on nothing: its frames stay silent.
        let borrowed = frame_of(pins, pin.factory).filter(|_| node.entry.is_some());
        let source = borrowed.and_then(|(of, _)| {
            let mut ends = node.pins.iter();
            ends.find_map(|pin| pin.wire.filter(|_| pin.factory == of))
        });
        let from = source.and_then(|source| slots[source]);
        let is_edited = borrowed.is_some_and(|(_, how)| how == Borrowed::Edited);
        let from = from.filter(|slot| !is_edited || fresh.has(*slot));
        let mut output = OutputSlot {
            slot: 0,
            copy_from: None,
            is_in_place: from.is_some(),
            begins_silent: from.is_none() && borrowed.is_some(),
            is_shown: false,
            wire: wire.map(|wire| wire as u32),
            is_let_through: wire.is_some_and(|wire| self.curious.contains(&wire)),
            is_to_blame: !borrowed.is_some_and(|(of, _)| pins[of].takes_non_finite),
        };
        if let (Some(source), Some(from)) = (source, from) {
            let is_free = spec.wires[source].is_altered || spec.wires[source].delay.is_some();
            let is_borrowed = match wire.map(|wire| spec.wires[wire].way) {
                Some(Way::InPlace) => is_edited,
                // What waits on a wire waits in its frame: then the wire has its own.
                Some(Way::Reference) => {
                    !is_edited && shares && wire.is_some_and(|wire| spec.wires[wire].align == 0)
                }
                Some(_) => false,
                None => {
                    let is_first = is_edited && is_free && !taken.contains(&source);
                    if is_first {
                        taken.push(source);
                    }
                    is_first
                }
            };
            if is_borrowed {
                output.slot = from;
                output.is_shown = !is_edited;
                return output;
            }
            output.copy_from = Some(from);
        }
        let known = self.plot.first[key.0] + key.1;
        output.slot = match self.plot.allotted[known] {
            Some(slot) => slot,
            None => {
                let format = format_of(spec, node, pin, factory);
                let shape = Shape::of(format, factory.kind(), spec.rate_hz);
                let mask = wire.map_or(0, |wire| spec.wires[wire].alignment);
                let (rate_hz, max_len) = (spec.rate_hz, self.max_len);
                let slot = self.tables.add_aligned(shape, rate_hz, max_len, mask);
                if let Some(wire) = wire {
                    self.tables.know(slot, spec.ids[wire]);
                }
                self.plot.allotted[known] = Some(slot);
                slot
            }
        };
        output
    }
}

/// What arrives comes up before it waits, so that it begins softly when it is due; what leaves goes down behind.
fn in_order(
    fade: Option<Step>,
    wait: Option<Step>,
    is_arriving: bool,
) -> impl Iterator<Item = Step> {
    let (first, second) = if is_arriving {
        (fade, wait)
    } else {
        (wait, fade)
    };
    first.into_iter().chain(second)
}

impl SpecWire {
    /// The wire in whose frame this one's writer works.
    fn in_place_of(&self) -> Option<usize> {
        self.of.filter(|_| self.way == Way::InPlace)
    }
}

/// Has the pipe in front of a sink work in the sink's own frames, if nobody reads them behind it.
fn lend(steps: &mut Vec<Step>, entry: u32, plot: &Plot) {
    let of_entry = |step: &Step| matches!(step, Step::Process { entry: it, .. } if *it == entry);
    let Some(sink) = steps.iter().position(of_entry) else {
        return;
    };
    let Step::Process { inputs, .. } = &steps[sink] else {
        return;
    };
    let Some(slot) = inputs.first().and_then(|input| input.slot) else {
        return;
    };
    let is_cut_to = |cut: usize| plot.cuts.values().any(|it| *it == (cut, slot));
    let reads = |step: &Step| match step {
        Step::Process {
            inputs, outputs, ..
        } => {
            inputs.iter().any(|input| input.slot == Some(slot))
                || outputs
                    .iter()
                    .any(|it| it.slot == slot || it.copy_from == Some(slot))
        }
        Step::Pass { slot: it, .. }
        | Step::Align { slot: it, .. }
        | Step::Fade { slot: it, .. } => *it == slot,
        Step::Cut { cut, from } => *from == slot || is_cut_to(*cut),
        Step::Store { from, .. } => *from == Some(slot),
        Step::Recall { .. } | Step::Lend { .. } | Step::Fork { .. } => false,
    };
    if steps[sink + 1..].iter().any(reads) {
        return;
    }
    let writes = |step: &Step| match step {
        Step::Process { outputs, .. } => outputs.iter().any(|it| it.slot == slot),
        Step::Cut { cut, .. } => is_cut_to(*cut),
        Step::Recall { line } => plot.lines[*line].1 == slot,
        _ => false,
    };
    let Some(first) = steps[..sink].iter().position(writes) else {
        return;
    };
    if let Step::Process { lent, .. } = &mut steps[sink] {
        *lent = Some(slot);
    }
    steps.insert(first, Step::Lend { entry, slot });
}

/// The wires whose reader wants to see what is not a number, and runs.
pub(super) fn curious(spec: &Spec) -> BTreeSet<usize> {
    let open = spec.nodes.iter().filter(|node| node.entry.is_some());
    let pins = open.flat_map(|node| {
        node.pins.iter().filter(|pin| {
            let factory = &node.descriptor().pins[pin.factory];
            factory.data_flow == DataFlow::In && factory.takes_non_finite
        })
    });
    pins.filter_map(|pin| pin.wire).collect()
}
