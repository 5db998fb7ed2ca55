//! Where frames stand: every output of a spec gets a slot, what works in place its input's, and the steps follow in
//! order. Opens nothing (`compile.rs`).

use std::collections::{BTreeMap, BTreeSet};

use super::compile::Builder;
use super::line::Line;
use super::plan::{OutputSlot, Plan, Step};
use super::spec::{Node, Spec};
use super::table::{Shape, Tables};
use crate::ks::{DataFlow, DataFormat, InputPin, Output, StreamHeader, Telemetry};

/// How long what leaves and what arrives fades, as a part of a second.
const FADES_PER_SECOND: u32 = 100;

impl Builder {
    /// The delay lines of a layout by wire, in the order that plans keep them in, and the longest cycle they allow.
    fn lines(&self, spec: &Spec, tables: &mut Tables) -> (Vec<(usize, Line)>, usize) {
        let mut longest = self.quantum;
        let mut delayed: Vec<usize> = (0..spec.wires.len())
            .filter(|&wire| spec.wires[wire].delay.is_some())
            .collect();
        delayed.sort_by_key(|&wire| spec.ids[wire]);
        let lines = delayed.into_iter().filter_map(|wire| {
            let (line, most) = Line::new(spec, wire, tables, self.quantum)?;
            longest = longest.min(most);
            Some((wire, line))
        });
        let lines = lines.collect();
        (lines, longest)
    }

    /// Lays frames out: every output has a slot; what works in place takes its input's. `fading` says for each wire
    /// whether it fades.
    pub(super) fn lay_out(&self, spec: &Spec, fading: &[bool], is_arriving: bool) -> Plan {
        let mut tables = Tables::default();
        let mut steps = vec![];
        let mut slots: Vec<Option<u32>> = vec![None; spec.wires.len()];
        let mut widest = 0;
        let mut heard = BTreeMap::new();
        let curious = curious(spec);
        let (mut lines, max_len) = self.lines(spec, &mut tables);
        for (index, (wire, line)) in lines.iter().enumerate() {
            slots[*wire] = Some(line.to);
            steps.push(Step::Recall { line: index });
            // What leaves fades where it comes out of the line, what arrives where it goes in.
            if !is_arriving && fading.get(*wire) == Some(&true) {
                let slot = line.to;
                steps.push(Step::Fade { slot, is_arriving });
            }
        }
        let fades_here = |wire: usize| is_arriving || spec.wires[wire].delay.is_none();
        // What the writers of delayed wires leave; their readers have frames of their own.
        let mut written: Vec<Option<u32>> = vec![None; spec.wires.len()];
        for (number, node) in (0..).zip(&spec.nodes) {
            let mut inputs = vec![];
            let mut outputs = vec![];
            for (pin, wire) in node.pins.iter().zip(&node.wires) {
                match pin.data_flow {
                    DataFlow::In => inputs.push(InputPin {
                        factory: pin.factory as u16,
                        instance: pin.instance as u16,
                        slot: wire.and_then(|wire| slots[wire]),
                        wire: wire.map_or(0, |wire| spec.ids[wire]),
                    }),
                    DataFlow::Out => outputs.push((pin, *wire)),
                }
            }
            if let Some(slot) = inputs.iter().find_map(|input| input.slot) {
                heard.insert(node.path.clone(), slot);
            }
            let mut used = vec![];
            let outputs: Vec<OutputSlot> = outputs
                .into_iter()
                .map(|(pin, wire)| {
                    // Nothing of a hard-wired wire passes here.
                    let wire = wire.filter(|&wire| !spec.wires[wire].is_hard_wired);
                    let output = place_output(
                        node,
                        pin,
                        wire,
                        spec,
                        &inputs,
                        &curious,
                        &mut used,
                        &mut tables,
                        self.quantum,
                    );
                    if let Some(wire) = wire {
                        let is_delayed = spec.wires[wire].delay.is_some();
                        let place = if is_delayed { &mut written } else { &mut slots };
                        place[wire] = Some(output.slot);
                    }
                    output
                })
                .collect();
            widest = widest.max(outputs.len());
            let faded: Vec<u32> = outputs
                .iter()
                .filter(|output| {
                    output.wire.is_some_and(|wire| {
                        let wire = wire as usize;
                        fading.get(wire) == Some(&true) && fades_here(wire)
                    })
                })
                .map(|output| output.slot)
                .collect();
            // What is let through stays in the frame it came in: a frame has one reader.
            let bypass = node
                .bypass
                .map(|(from, to)| (node.wires[from], node.wires[to]));
            if let Some((Some(from), Some(to))) = bypass
                && !spec.wires[to].is_hard_wired
                && let Some(slot) = slots[from]
            {
                let is_delayed = spec.wires[to].delay.is_some();
                let place = if is_delayed { &mut written } else { &mut slots };
                place[to] = Some(slot);
                let (wire, node) = (to as u32, number);
                steps.push(Step::Pass { slot, wire, node });
                if fading.get(to) == Some(&true) && fades_here(to) {
                    steps.push(Step::Fade { slot, is_arriving });
                }
            }
            let is_source = inputs.iter().all(|input| input.wire == 0);
            if let Some(entry) = node.entry {
                let (inputs, outputs) = (inputs.into_boxed_slice(), outputs.into_boxed_slice());
                steps.push(Step::Process {
                    entry,
                    inputs,
                    outputs,
                    is_source,
                    node: number,
                });
                steps.extend(
                    faded
                        .into_iter()
                        .map(|slot| Step::Fade { slot, is_arriving }),
                );
            }
        }
        for (index, (wire, line)) in lines.iter_mut().enumerate() {
            line.from = written[*wire];
            steps.push(Step::Store { line: index });
        }
        // A filter that is not open leaves its frames as they are: silence, its stream ended.
        for header in &mut tables.headers {
            *header = StreamHeader {
                flags: crate::ks::flag::ENDOFSTREAM,
                ..StreamHeader::default()
            };
        }
        let fade_len = (spec.rate_hz / FADES_PER_SECOND) as usize;
        let delayed: Vec<usize> = lines.iter().map(|(wire, _)| *wire).collect();
        let holds = self.seat(spec, &slots, &delayed, fade_len);
        Plan {
            serial: self.serial,
            rate_hz: spec.rate_hz,
            max_len,
            lines: lines.into_iter().map(|(_, line)| line).collect(),
            has_fades: steps.iter().any(|step| matches!(step, Step::Fade { .. })),
            steps,
            tables,
            hands: vec![Output::default(); widest],
            arrivals: vec![],
            departures: vec![],
            master: None,
            fade_len,
            fade_done: 0,
            heard,
            holds,
            levels: Telemetry::new(spec.wires.len()),
        }
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "the state of one layout, in one place"
)]
fn place_output(
    node: &Node,
    pin: &crate::ks::OpenPin,
    wire: Option<usize>,
    spec: &Spec,
    inputs: &[InputPin],
    curious: &BTreeSet<usize>,
    used: &mut Vec<u32>,
    tables: &mut Tables,
    max_len: usize,
) -> OutputSlot {
    let factory = &node.descriptor.pins[pin.factory];
    let of = factory
        .in_place_of
        .and_then(|name| node.descriptor.pin(name))
        .map(|(index, _)| index);
    // What is not open works on nothing: its frames stay silent.
    let source = of.filter(|_| node.entry.is_some()).and_then(|of| {
        inputs
            .iter()
            .find(|input| usize::from(input.factory) == of && input.wire != 0)
    });
    let format = pin.format.clone().or_else(|| peer_format(node, factory));
    let wire_cell = wire.map(|wire| wire as u32);
    let is_let_through = wire.is_some_and(|wire| curious.contains(&wire));
    let is_to_blame = !of.is_some_and(|of| node.descriptor.pins[of].takes_non_finite);
    if let Some(from) = source.and_then(|input| input.slot) {
        // A frame can be worked upon by one output only; further ones get a copy.
        let is_first = !used.contains(&from);
        used.push(from);
        if is_first {
            return OutputSlot {
                slot: from,
                copy_from: None,
                is_in_place: true,
                begins_silent: false,
                wire: wire_cell,
                is_let_through,
                is_to_blame,
            };
        }
        let slot = tables.add(
            Shape::of(format.as_ref(), factory.kind(), spec.rate_hz),
            spec.rate_hz,
            max_len,
        );
        return OutputSlot {
            slot,
            copy_from: Some(from),
            is_in_place: true,
            begins_silent: false,
            wire: wire_cell,
            is_let_through,
            is_to_blame,
        };
    }
    let slot = tables.add(
        Shape::of(format.as_ref(), factory.kind(), spec.rate_hz),
        spec.rate_hz,
        max_len,
    );
    OutputSlot {
        slot,
        copy_from: None,
        is_in_place: false,
        begins_silent: of.is_some(),
        wire: wire_cell,
        is_let_through,
        is_to_blame,
    }
}

/// The wires whose reader wants to see what is not a number, and runs.
fn curious(spec: &Spec) -> BTreeSet<usize> {
    let open = spec.nodes.iter().filter(|node| node.entry.is_some());
    let pins = open.flat_map(|node| {
        let pins = node.pins.iter().zip(&node.wires);
        pins.filter(|(pin, _)| {
            let factory = &node.descriptor.pins[pin.factory];
            factory.data_flow == DataFlow::In && factory.takes_non_finite
        })
    });
    pins.filter_map(|(_, wire)| *wire).collect()
}

/// The format of an unconnected pin that shares it with a connected one.
pub(super) fn peer_format(node: &Node, factory: &crate::ks::PinFactory) -> Option<DataFormat> {
    let (peer, _) = node
        .descriptor
        .pin(factory.in_place_of.or(factory.same_format_as)?)?;
    node.pins
        .iter()
        .find(|pin| pin.factory == peer)?
        .format
        .clone()
}
