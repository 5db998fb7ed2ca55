//! The state table of a layout: who sits where, in what order they step, and what a wire can hold. What becomes of it in a
//! cycle stands in `hold.rs`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::hold::{Holds, Link, Node, Seat};
use super::link::PlanCells;
use super::queue::Queue;
use super::spec::{Spec, SpecWire};
use crate::graph::{FilterPath, PinAddress};
use crate::ks::{DataFlow, Kind, State, samples_at};

/// How far a filter and its pins may go, whatever the graph does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The filter.
    pub filter: State,
    /// Its pins, by name and instance; those not named go as far as the filter.
    pub pins: BTreeMap<(String, u32), State>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            filter: State::Run,
            pins: BTreeMap::new(),
        }
    }
}

/// Fewest frames of a push wire (NEG-5).
const FRAMES: u64 = 2;
/// A pin that asks for more gets no more.
const MOST_FRAMES: u64 = 64;
/// Frames a second, at the most, of which a held wire keeps some.
const FRAMES_PER_SECOND: u64 = 100;

/// How many frames a wire has.
fn frames(wire: &SpecWire) -> u64 {
    u64::from(wire.frames).clamp(FRAMES, MOST_FRAMES)
}

/// Samples of the graph's rate in which every rate of the graph makes a whole number of its own.
fn beat(spec: &Spec) -> u64 {
    let graph = u64::from(spec.rate_hz.max(1));
    let rates = spec.wires.iter().filter_map(|wire| wire.format.audio);
    rates.fold(1, |beat, audio| {
        let period = graph / gcd(graph, u64::from(audio.rate_hz.max(1)));
        beat / gcd(beat, period) * period
    })
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Holds {
    /// The table of a spec whose filters are open. `slots` says where the reader of each wire finds its frame, `lines`
    /// which wires are delay lines, in the order of the plan.
    pub(super) fn of(
        spec: &Spec,
        slots: &[Option<u32>],
        lines: &[usize],
        fade_len: usize,
        is_live: impl Fn(u32) -> bool,
        limits: &BTreeMap<FilterPath, Limits>,
    ) -> Self {
        let beat = beat(spec);
        let frame_len = (u64::from(spec.rate_hz) / FRAMES_PER_SECOND)
            .div_ceil(beat)
            .max(1)
            * beat;
        let mut holds = Self {
            lines: lines.iter().map(|wire| *wire as u32).collect(),
            beat,
            frame_len,
            fade_len: fade_len as u32,
            ..Self::default()
        };
        let places: BTreeMap<&FilterPath, u32> = spec
            .nodes
            .iter()
            .zip(0..)
            .map(|(node, at)| (&node.path, at))
            .collect();
        let mut room = 0;
        for (at, wire) in spec.wires.iter().enumerate() {
            let (Some(from), Some(to)) =
                (places.get(&wire.from.filter), places.get(&wire.to.filter))
            else {
                // Both ends of a wire of a spec are in it.
                continue;
            };
            let mut link = Link::new(spec.ids[at], *from, *to);
            link.slot = slots[at].filter(|_| !wire.is_hard_wired);
            link.is_push = wire.is_push;
            link.is_line = wire.delay.is_some();
            link.gain = holds.fade_len;
            if matches!(wire.format.kind(), Kind::Events | Kind::Midi) {
                link.notes = Some(Box::default());
                holds.hears_notes = true;
            }
            if let Some(audio) = wire.format.audio {
                link.rate_hz = audio.rate_hz;
                let own = samples_at(wire.align as u64, audio.rate_hz, spec.rate_hz.max(1));
                link.stands = wire.delay.unwrap_or(0) + wire.cut.unwrap_or(0) + own as usize;
                if wire.is_push && !link.is_line && !wire.is_hard_wired {
                    link.most = frames(wire) * frame_len;
                    let samples =
                        link.most * u64::from(audio.rate_hz) / u64::from(spec.rate_hz.max(1));
                    link.queue = Queue::new(room, audio.channels as usize, samples as usize);
                    room += link.queue.size();
                }
            }
            holds.links.push(link);
        }
        holds.memory = vec![0.0; room];
        for (at, node) in spec.nodes.iter().enumerate() {
            let limits = limits.get(&node.identity).cloned().unwrap_or_default();
            let begin = holds.seats.len();
            let (mut ins, mut outs) = (vec![], vec![]);
            for (place, (pin, wire)) in node.pins.iter().zip(&node.wires).enumerate() {
                let Some(wire) = *wire else { continue };
                let factory = &node.descriptor.pins[pin.factory];
                let carries = !spec.wires[wire].is_hard_wired;
                if carries {
                    let list = match pin.data_flow {
                        DataFlow::In => &mut ins,
                        DataFlow::Out => &mut outs,
                    };
                    list.push(wire as u32);
                }
                let Some(_) = node.entry else { continue };
                let seat = holds.seats.len() as u32;
                let name = (factory.name.to_string(), pin.instance as u32);
                holds.seats.push(Seat {
                    node: at as u32,
                    factory: pin.factory as u16,
                    instance: pin.instance as u16,
                    wire: carries.then_some(wire as u32),
                    limit: limits.pins.get(&name).copied().unwrap_or(State::Run),
                    state: State::Stop,
                });
                let record = node.records.get(place).map(Arc::clone);
                holds.records.push(record.unwrap_or_default());
                if let Some(link) = holds.links.get_mut(wire) {
                    match pin.data_flow {
                        DataFlow::In => link.to_seat = Some(seat),
                        DataFlow::Out => link.from_seat = Some(seat),
                    }
                }
            }
            holds.nodes.push(Node {
                entry: node.entry,
                is_void: node.entry.is_none() && node.bypass.is_none(),
                is_live: node.entry.is_some_and(&is_live),
                limit: limits.filter,
                allowed: State::Run,
                is_lost: false,
                origin: State::Stop,
                seats: begin..holds.seats.len(),
                ins: ins.into(),
                outs: outs.into(),
                is_active: false,
                lag: 0,
            });
        }
        holds.put_in_order(spec);
        let entries = holds.nodes.iter().zip(0..);
        let mut by_entry: Vec<(u32, u32)> = entries
            .filter_map(|(node, at)| Some((node.entry?, at)))
            .collect();
        by_entry.sort_unstable();
        holds.by_entry = by_entry;
        let ids = holds.links.iter().zip(0..);
        let mut by_id: Vec<(u64, u32)> = ids.map(|(link, at)| (link.id, at)).collect();
        by_id.sort_unstable();
        holds.by_id = by_id;
        let frames: Vec<u32> = holds
            .links
            .iter()
            .map(|link| (link.most / frame_len) as u32)
            .collect();
        holds.cells = Arc::new(PlanCells::new(
            holds.seats.len(),
            holds.nodes.len(),
            &frames,
        ));
        holds
    }

    /// Up: data sinks first, toward sources; down: the other way; among equals the older filter first (ORD-3).
    fn put_in_order(&mut self, spec: &Spec) {
        let mut depths = vec![0_u32; self.nodes.len()];
        for (at, node) in spec.nodes.iter().enumerate().rev() {
            let out = node.pins.iter().zip(&node.wires);
            let wires =
                out.filter_map(|(pin, wire)| (*wire).filter(|_| pin.data_flow == DataFlow::Out));
            for wire in wires.filter(|wire| spec.wires[*wire].delay.is_none()) {
                depths[at] = depths[at].max(depths[self.links[wire].to as usize] + 1);
            }
        }
        let is_output = |holds: &Self, seat: u32| {
            let seat = &holds.seats[seat as usize];
            let node = &spec.nodes[seat.node as usize];
            node.descriptor.pins[usize::from(seat.factory)].data_flow == DataFlow::Out
        };
        let key = |holds: &Self, seat: u32| {
            let node = holds.seats[seat as usize].node as usize;
            (
                depths[node],
                &spec.nodes[node].identity,
                is_output(holds, seat),
            )
        };
        let all = 0..self.seats.len() as u32;
        self.up = all.clone().collect();
        // Within a filter its outputs lie nearer to the end than its inputs.
        let mut up = std::mem::take(&mut self.up);
        up.sort_by_key(|&seat| {
            let (depth, path, is_output) = key(self, seat);
            (depth, path, !is_output, seat)
        });
        let mut down: Vec<u32> = all.collect();
        down.sort_by_key(|&seat| {
            let (depth, path, is_output) = key(self, seat);
            (Reverse(depth), path, is_output, seat)
        });
        // A pin that asks for it acquires behind those that issue requests to it (ORD-1).
        let mut waits: BTreeMap<u32, u32> = BTreeMap::new();
        for link in &self.links {
            let (Some(from), Some(to)) = (link.from_seat, link.to_seat) else {
                continue;
            };
            let (source, sink) = if link.is_push { (from, to) } else { (to, from) };
            let seat = &self.seats[sink as usize];
            let factory = usize::from(seat.factory);
            if spec.nodes[seat.node as usize].descriptor.pins[factory].acquires_in_order {
                waits.insert(sink, source);
            }
        }
        let mut done = BTreeSet::new();
        for &seat in &up {
            let mut chain = vec![];
            let mut next = Some(seat);
            while let Some(seat) = next.filter(|seat| done.insert(*seat)) {
                chain.push(seat);
                next = waits.get(&seat).copied();
            }
            self.acquire.extend(chain.into_iter().rev());
        }
        (self.up, self.down) = (up, down);
    }

    /// Where the state of each pin stands in the plan's cells.
    pub(super) fn pins(&self, spec: &Spec) -> BTreeMap<PinAddress, usize> {
        let named = self.seats.iter().enumerate().map(|(at, seat)| {
            let node = &spec.nodes[seat.node as usize];
            let pin = PinAddress {
                filter: node.path.clone(),
                pin: node.descriptor.pins[usize::from(seat.factory)]
                    .name
                    .to_string(),
                instance: u32::from(seat.instance),
            };
            (pin, at)
        });
        named.collect()
    }

    /// The same pins, by what the audio thread calls them.
    pub(super) fn names(
        &self,
        pins: &BTreeMap<PinAddress, usize>,
    ) -> BTreeMap<(u32, u16, u16), PinAddress> {
        let named = pins.iter().filter_map(|(pin, at)| {
            let seat = &self.seats[*at];
            let entry = self.nodes[seat.node as usize].entry?;
            Some(((entry, seat.factory, seat.instance), pin.clone()))
        });
        named.collect()
    }

    /// Goes on where another plan stood: what stays keeps its state, its limit, its time and what lies on its wires.
    pub(super) fn take_over(&mut self, old: &mut Self) {
        let mut olds = old.by_entry.iter().peekable();
        for &(entry, at) in &self.by_entry {
            while olds.next_if(|it| it.0 < entry).is_some() {}
            let Some(&(_, before)) = olds.next_if(|it| it.0 == entry) else {
                continue;
            };
            let before = &old.nodes[before as usize];
            let node = &mut self.nodes[at as usize];
            (node.limit, node.allowed) = (before.limit, before.allowed);
            (node.is_lost, node.lag, node.origin) = (before.is_lost, before.lag, before.origin);
            let mut seats = old.seats[before.seats.clone()].iter().peekable();
            // Both lists are in the order of factories and instances.
            for seat in &mut self.seats[node.seats.clone()] {
                let place = (seat.factory, seat.instance);
                while seats
                    .next_if(|it| (it.factory, it.instance) < place)
                    .is_some()
                {}
                if let Some(it) = seats.next_if(|it| (it.factory, it.instance) == place) {
                    (seat.limit, seat.state) = (it.limit, it.state);
                }
            }
        }
        for (seat, cell) in self.seats.iter().zip(&self.cells.pins) {
            cell.store(seat.state as u8, Ordering::Relaxed);
        }
        let mut olds = old.by_id.iter().peekable();
        for &(id, at) in &self.by_id {
            while olds.next_if(|it| it.0 < id).is_some() {}
            let Some(&(_, before)) = olds.next_if(|it| it.0 == id) else {
                continue;
            };
            let before = &mut old.links[before as usize];
            self.links[at as usize].take_over(&mut self.memory, before, &old.memory);
        }
    }
}
