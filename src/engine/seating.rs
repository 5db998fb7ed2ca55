//! The state table of a layout: who sits where, in what order they step, and what a wire can hold. What becomes of it in a
//! cycle stands in `hold.rs`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::hold::{Holds, Link, Node, Seat};
use super::link::PlanCells;
use super::queue::Queue;
use super::records::PinRecord;
use super::spec::{NodePin, Spec, SpecWire};
use crate::graph::FilterPath;
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
    let rates = spec.wires.iter().filter_map(|wire| wire.format().audio);
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
        limits: &BTreeMap<FilterPath, Limits>,
    ) -> Self {
        let beat = beat(spec);
        let frame_len = (u64::from(spec.rate_hz) / FRAMES_PER_SECOND)
            .div_ceil(beat)
            .max(1)
            * beat;
        let pins = spec.nodes.iter().map(|node| node.pins.len()).sum();
        let mut holds = Self {
            lines: lines.iter().map(|wire| *wire as u32).collect(),
            nodes: Vec::with_capacity(spec.nodes.len()),
            links: Vec::with_capacity(spec.wires.len()),
            wires: Vec::with_capacity(2 * spec.wires.len()),
            seats: Vec::with_capacity(pins),
            records: Vec::with_capacity(pins),
            beat,
            frame_len,
            fade_len: fade_len as u32,
            ..Self::default()
        };
        let mut room = 0;
        for (at, wire) in spec.wires.iter().enumerate() {
            let [from, to] = wire.nodes;
            let mut link = Link::new(from as u32, to as u32);
            link.slot = slots[at].filter(|_| !wire.is_hard_wired);
            link.is_push = wire.is_push;
            link.is_line = wire.delay.is_some();
            link.gain = holds.fade_len;
            if matches!(wire.format().kind(), Kind::Events | Kind::Midi) {
                link.notes = Some(Box::default());
                holds.hears_notes = true;
            }
            if let Some(audio) = wire.format().audio {
                link.rate_hz = audio.rate_hz;
                let own = samples_at(wire.align as u64, audio.rate_hz, spec.rate_hz.max(1));
                link.stands = wire.delay.unwrap_or(0) + wire.cut.unwrap_or(0) + own as usize;
                if wire.is_push && !link.is_line && !wire.is_hard_wired {
                    link.most = frames(wire) * frame_len;
                    let samples =
                        link.most * u64::from(audio.rate_hz) / u64::from(spec.rate_hz.max(1));
                    link.queue = Queue::new(audio.channels as usize, samples as usize);
                    room += link.queue.size();
                }
            }
            holds.links.push(link);
        }
        holds.memory = Vec::with_capacity(room);
        for (at, node) in spec.nodes.iter().enumerate() {
            let limits = limits.get(node.identity());
            let limit_of = |pin: &NodePin| {
                let pins = limits.map(|it| &it.pins).filter(|it| !it.is_empty())?;
                let name = node.descriptor().pins[pin.factory].name.to_string();
                pins.get(&(name, pin.instance as u32)).copied()
            };
            let begin = holds.seats.len();
            let ends = |flow: DataFlow| {
                let wires = node
                    .wires(flow)
                    .filter(|&wire| !spec.wires[wire].is_hard_wired);
                wires.map(|wire| wire as u32)
            };
            let first = holds.wires.len();
            holds.wires.extend(ends(DataFlow::In));
            let middle = holds.wires.len();
            holds.wires.extend(ends(DataFlow::Out));
            for (place, pin) in node.pins.iter().enumerate() {
                let Some(wire) = pin.wire else { continue };
                let carries = !spec.wires[wire].is_hard_wired;
                let Some(_) = node.entry else { continue };
                let seat = holds.seats.len() as u32;
                holds.seats.push(Seat {
                    node: at as u32,
                    factory: pin.factory as u16,
                    instance: pin.instance as u16,
                    wire: carries.then_some(wire as u32),
                    limit: limit_of(pin).unwrap_or(State::Run),
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
                is_live: node.open.as_ref().is_some_and(|open| open.is_live),
                limit: limits.map_or(State::Run, |it| it.filter),
                allowed: State::Run,
                is_lost: false,
                origin: State::Stop,
                seats: begin..holds.seats.len(),
                ins: first..middle,
                outs: middle..holds.wires.len(),
                is_active: false,
                stops: false,
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
            let wires = node.wires(DataFlow::Out).map(|wire| &spec.wires[wire]);
            for wire in wires.filter(|wire| wire.delay.is_none()) {
                depths[at] = depths[at].max(depths[wire.nodes[1]] + 1);
            }
        }
        let mut ages = vec![0_u32; self.nodes.len()];
        for (age, node) in spec.by_identity.iter().enumerate() {
            ages[*node as usize] = age as u32;
        }
        let factory = |seat: &Seat| {
            let pins = &spec.nodes[seat.node as usize].descriptor().pins;
            &pins[usize::from(seat.factory)]
        };
        let seats = self.seats.iter().zip(0_u32..);
        let keys = seats.map(|(seat, at)| {
            let (depth, age) = (depths[seat.node as usize], ages[seat.node as usize]);
            (depth, age, factory(seat).data_flow == DataFlow::Out, at)
        });
        let mut keys: Vec<(u32, u32, bool, u32)> = keys.collect();
        // Within a filter its outputs lie nearer to the end than its inputs.
        keys.sort_unstable_by_key(|&(depth, age, is_output, at)| (depth, age, !is_output, at));
        self.up = keys.iter().map(|key| key.3).collect();
        keys.sort_unstable_by_key(|&(depth, age, is_output, at)| {
            (Reverse(depth), age, is_output, at)
        });
        self.down = keys.iter().map(|key| key.3).collect();
        // A pin that asks for it acquires behind those that issue requests to it (ORD-1).
        let mut waits: BTreeMap<u32, u32> = BTreeMap::new();
        for link in &self.links {
            let (Some(from), Some(to)) = (link.from_seat, link.to_seat) else {
                continue;
            };
            let (source, sink) = if link.is_push { (from, to) } else { (to, from) };
            if factory(&self.seats[sink as usize]).acquires_in_order {
                waits.insert(sink, source);
            }
        }
        if waits.is_empty() {
            self.acquire.clone_from(&self.up);
            return;
        }
        let mut is_done = vec![false; self.seats.len()];
        for &seat in &self.up {
            let mut chain = vec![];
            let mut next = Some(seat);
            while let Some(seat) = next
                && !std::mem::replace(&mut is_done[seat as usize], true)
            {
                chain.push(seat);
                next = waits.get(&seat).copied();
            }
            self.acquire.extend(chain.into_iter().rev());
        }
    }

    /// Goes on where another plan stood: what stays keeps its state, its limit, its time and what lies on its wires.
    /// Wires of both are given in the order of their identities.
    pub(super) fn take_over(
        &mut self,
        by_id: &[(u64, u32)],
        old: &mut Self,
        old_by_id: &[(u64, u32)],
    ) {
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
        let mut olds = old_by_id.iter().peekable();
        for &(id, at) in by_id {
            while olds.next_if(|it| it.0 < id).is_some() {}
            let Some(&(_, before)) = olds.next_if(|it| it.0 == id) else {
                continue;
            };
            let before = &mut old.links[before as usize];
            let link = &mut self.links[at as usize];
            link.take_over(&mut self.memory, before, &old.memory);
            // Pins that keep their records know what they were told.
            let record = |records: &[Arc<PinRecord>], seat: Option<u32>| {
                Some(Arc::as_ptr(records.get(seat? as usize)?))
            };
            let (now, then) = (&self.records, &old.records);
            if record(now, link.from_seat) == record(then, before.from_seat)
                && record(now, link.to_seat) == record(then, before.to_seat)
            {
                link.told = before.told;
            }
        }
    }
}
