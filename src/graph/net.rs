//! The pins of connected filters, the wires between them, and what each pin can still do. Plain data: `narrow.rs` is what
//! narrows it.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::agree::Setting;
use super::memo::{List, Make, Memo};
use super::shared::Shared;
use super::wiring::{FilterPath, Plug, Problem, WiredFilter};
use crate::ks::{DataFormat, Descriptor};

/// Stands for the next instance of a growing pin, which has no wire yet.
pub(super) const FREE: u32 = u32::MAX;

/// One pin instance.
#[derive(Clone, Debug)]
pub(super) struct NetPin {
    pub(super) filter: usize,
    pub(super) factory: usize,
    pub(super) instance: u32,
    /// As possible now (PIN-7: CONSTRAINEDDATARANGES).
    pub(super) ranges: List,
    /// Index of its wire.
    pub(super) wire: Option<usize>,
}

/// A wire that takes part.
#[derive(Clone, Debug)]
pub(super) struct NetWire {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) is_push: bool,
    /// The format its user insists on.
    pub(super) chosen: Option<Box<DataFormat>>,
    /// It closes a loop of filters in which no sound comes back to where it was: a delay line parts them.
    pub(super) is_late: bool,
}

impl NetWire {
    /// The pins that ask and answer (CON-4).
    pub(super) fn roles(&self) -> (usize, usize) {
        match self.is_push {
            true => (self.from, self.to),
            false => (self.to, self.from),
        }
    }
}

/// All pins of some filters, their wires and their ranges.
#[derive(Clone, Debug, Default)]
pub(super) struct Net {
    pub(super) pins: Vec<NetPin>,
    pub(super) wires: Vec<NetWire>,
    /// For each factory of each filter in turn its pins, in order of instance, the free one last; and how many are wired.
    factories: Vec<(Range<usize>, u32)>,
    /// Where in `factories` those of each filter begin, and where the last ones end.
    first: Vec<usize>,
}

/// A filter with what it was described as.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) path: FilterPath,
    pub(super) wired: Shared<WiredFilter>,
    pub(super) make: Arc<Make>,
    /// What its values or files lack.
    pub(super) problems: Vec<Problem>,
}

impl Member {
    /// The factory of a pin.
    pub(super) fn factory(&self, pin: &str) -> Option<usize> {
        let (_, descriptor) = self.make.known.as_ref()?;
        Some(descriptor.pin(pin)?.0)
    }

    /// A pin of it by numbers. One that is not there is the first: no wire is agreed there.
    pub(super) fn plug(&self, pin: &str) -> Plug {
        Plug {
            slot: self.wired.slot as u32,
            factory: self.factory(pin).unwrap_or(0) as u32,
        }
    }
}

/// What narrowing reads of the filters. Their order is that of their paths.
pub(super) struct Room<'a> {
    pub(super) setting: &'a Setting<'a>,
    pub(super) members: &'a [Member],
    pub(super) memo: &'a RefCell<Memo>,
    /// For each filter the knot of wires it is in: a wire closes no loop unless its ends are in the same. Empty: not known.
    pub(super) knots: &'a [usize],
}

impl<'a> Room<'a> {
    /// The descriptor of a filter whose pins are in the net.
    pub(super) fn descriptor(&self, filter: usize) -> &'a Descriptor {
        let known = self.members[filter].make.known.as_ref();
        &known.expect("only described filters have pins").1
    }

    /// Whether a wire into a pin is a delay line, because no path leads on from it (CYC-2).
    pub(super) fn is_deferred(&self, filter: usize, factory: usize) -> bool {
        self.members[filter].make.deferred.get(factory) == Some(&true)
    }

    /// What two pins of a net still have in common; the first asks, the second answers.
    pub(super) fn common(&self, client: &NetPin, own: &NetPin) -> List {
        let mut memo = self.memo.borrow_mut();
        let make = memo.number_of_make(&self.members[own.filter].make);
        let lists = (memo.number_of(&client.ranges), memo.number_of(&own.ranges));
        let (left, _) = memo.overlap(lists, (make, own.factory), None);
        Arc::clone(memo.list_of(left))
    }

    /// What a pin was described with, the graph's rate filled in (PIN-7: DATARANGES).
    pub(super) fn described(&self, pin: &NetPin) -> &'a List {
        &self.members[pin.filter].make.lists[pin.factory]
    }

    pub(super) fn name(&self, filter: usize) -> &'a str {
        &self.members[filter].wired.name
    }
}

/// The place of a path among filters that are sorted by it.
pub(super) fn place_of(members: &[Member], path: &FilterPath) -> Option<usize> {
    members.binary_search_by(|it| it.path.cmp(path)).ok()
}

impl Net {
    /// The pins of all described filters; `instances` are those that wires name, by filter and factory, sorted. With room for
    /// so many wires.
    pub(super) fn new(members: &[Member], instances: &[(usize, usize, u32)], wires: usize) -> Self {
        let factories = members.iter().map(|member| member.make.lists.len()).sum();
        let mut net = Self {
            pins: Vec::with_capacity(factories),
            wires: Vec::with_capacity(wires),
            factories: Vec::with_capacity(factories),
            first: Vec::with_capacity(members.len() + 1),
        };
        let mut named = instances.iter().peekable();
        for (place, member) in members.iter().enumerate() {
            net.first.push(net.factories.len());
            let pins = member.make.known.iter().flat_map(|it| it.1.pins.iter());
            for (factory, pin) in pins.enumerate() {
                let possible = pin.instances.possible;
                let list = &member.make.lists[factory];
                let first = net.pins.len();
                let mut push = |instance| {
                    net.pins.push(NetPin {
                        filter: place,
                        factory,
                        instance,
                        ranges: Arc::clone(list),
                        wire: None,
                    });
                };
                if possible <= 1 {
                    push(0);
                }
                while let Some(it) = named.next_if(|it| (it.0, it.1) <= (place, factory)) {
                    if possible > 1 && it.2 < possible && (it.0, it.1) == (place, factory) {
                        push(it.2);
                    }
                }
                if possible > 1 {
                    push(FREE);
                }
                net.factories.push((first..net.pins.len(), 0));
            }
        }
        net.first.push(net.factories.len());
        net
    }

    /// The pins of two nets together, and their filters in the order of paths. No wire joins them yet.
    pub(super) fn joined(
        one: (&[Member], &Self),
        other: (&[Member], &Self),
    ) -> (Vec<Member>, Self) {
        let sides = [one, other];
        let mut order: Vec<(usize, usize)> = vec![];
        for (side, (members, _)) in sides.iter().enumerate() {
            order.extend((0..members.len()).map(|place| (side, place)));
        }
        let member = |at: &(usize, usize)| &sides[at.0].0[at.1];
        order.sort_by(|a, b| member(a).path.cmp(&member(b).path));
        let mut net = Self::default();
        let mut pin_now = [one, other].map(|(_, net)| vec![0; net.pins.len()]);
        for (place, &(side, filter)) in order.iter().enumerate() {
            net.first.push(net.factories.len());
            let from = sides[side].1;
            for (pins, wired) in from.factories(filter) {
                let first = net.pins.len();
                for pin in pins.clone() {
                    pin_now[side][pin] = net.pins.len();
                    net.pins.push(NetPin {
                        filter: place,
                        // Those of the second net follow.
                        wire: from.pins[pin]
                            .wire
                            .map(|wire| wire + side * one.1.wires.len()),
                        ..from.pins[pin].clone()
                    });
                }
                net.factories.push((first..net.pins.len(), *wired));
            }
        }
        net.first.push(net.factories.len());
        for (side, (_, from)) in sides.iter().enumerate() {
            net.wires.extend(from.wires.iter().map(|wire| NetWire {
                from: pin_now[side][wire.from],
                to: pin_now[side][wire.to],
                ..wire.clone()
            }));
        }
        (order.iter().map(|at| member(at).clone()).collect(), net)
    }

    /// How many filters there are.
    pub(super) fn filters(&self) -> usize {
        self.first.len().saturating_sub(1)
    }

    /// The pins of each factory of a filter, and how many of them are wired.
    pub(super) fn factories(&self, filter: usize) -> &[(Range<usize>, u32)] {
        &self.factories[self.first[filter]..self.first[filter + 1]]
    }

    /// All pins of a filter.
    pub(super) fn pins_of(&self, filter: usize) -> Range<usize> {
        match self.factories(filter) {
            [] => 0..0,
            [first, .., last] => first.0.start..last.0.end,
            [only] => only.0.clone(),
        }
    }

    /// The pins of a filter as they are: what comparing two nets compares.
    pub(super) fn seats(&self, filter: usize) -> &[NetPin] {
        &self.pins[self.pins_of(filter)]
    }

    /// The pin at an address, or the free one when that instance has no wire.
    pub(super) fn pin(&self, filter: usize, factory: usize, instance: u32) -> Option<usize> {
        let (pins, _) = self.factories(filter).get(factory)?;
        let seats = &self.pins[pins.clone()];
        let exact = seats.binary_search_by_key(&instance, |pin| pin.instance);
        match exact {
            Ok(at) => Some(pins.start + at),
            Err(_) => (seats.last()?.instance == FREE).then(|| pins.end - 1),
        }
    }

    /// Whether a way leads from one filter to another along the wires, whatever leads on inside the filters. No way
    /// leads through a deferred pin (CYC-2), and along wires that are late only where they count.
    pub(super) fn is_ahead(
        &self,
        room: &Room<'_>,
        start: usize,
        end: usize,
        late_counts: bool,
    ) -> bool {
        if let (Some(a), Some(b)) = (room.knots.get(start), room.knots.get(end))
            && a != b
        {
            return false;
        }
        let mut memo = room.memo.borrow_mut();
        let (mut seen, queue) = memo.trail(self.filters());
        seen.mark(start);
        queue.push(start);
        while let Some(at) = queue.pop() {
            if at == end {
                queue.clear();
                return true;
            }
            for pin in self.pins_of(at) {
                let Some(wire) = self.pins[pin].wire.map(|wire| &self.wires[wire]) else {
                    continue;
                };
                if wire.from != pin || wire.is_late && !late_counts {
                    continue;
                }
                let to = &self.pins[wire.to];
                if !room.is_deferred(to.filter, to.factory) && seen.mark(to.filter) {
                    queue.push(to.filter);
                }
            }
        }
        false
    }

    /// The filters on a way that what comes in at a pin takes to another, inside the filters as their topology shows
    /// it and between them along the wires, if there is one (CYC-1). No way leads through a deferred pin (CYC-2). Pins
    /// are given by filter and factory.
    pub(super) fn way(
        &self,
        room: &Room<'_>,
        input: (usize, usize),
        output: (usize, usize),
    ) -> Option<Vec<usize>> {
        let mut came_from = BTreeMap::from([(input, input)]);
        let mut queue = VecDeque::from([input]);
        while let Some(at) = queue.pop_front() {
            let make = &room.members[at.0].make;
            if at.0 == output.0 && make.leads(at.1, output.1) {
                let mut way = vec![at.0];
                let mut step = at;
                while step != input {
                    step = *came_from.get(&step)?;
                    way.push(step.0);
                }
                way.reverse();
                return Some(way);
            }
            for pin in self.pins_of(at.0) {
                let Some(wire) = self.pins[pin].wire.map(|wire| &self.wires[wire]) else {
                    continue;
                };
                if wire.from != pin || !make.leads(at.1, self.pins[pin].factory) {
                    continue;
                }
                let to = &self.pins[wire.to];
                let next = (to.filter, to.factory);
                if !room.is_deferred(next.0, next.1) && !came_from.contains_key(&next) {
                    came_from.insert(next, at);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// How many pins of a factory are wired, over all filters of the kind (INS-1).
    pub(super) fn wired_anywhere(&self, room: &Room<'_>, filter: usize, factory: usize) -> u32 {
        let key = &room.members[filter].make.key;
        let same = (0..self.filters()).filter(|&at| room.members[at].make.key == *key);
        let counts = same.filter_map(|at| self.factories(at).get(factory));
        counts.map(|(_, wired)| wired).sum()
    }

    /// The same net with one wire cut. Ranges stay as narrow as they were: enough to look at the ends.
    pub(super) fn without(&self, from: usize, to: usize) -> Self {
        let mut net = self.clone();
        for pin in [from, to] {
            if net.pins[pin].wire.take().is_some() {
                let (filter, factory) = (net.pins[pin].filter, net.pins[pin].factory);
                net.factories[self.first[filter] + factory].1 -= 1;
            }
        }
        net
    }

    /// Takes a wire in.
    pub(super) fn add(&mut self, wire: NetWire) -> usize {
        let index = self.wires.len();
        for pin in [wire.from, wire.to] {
            self.pins[pin].wire = Some(index);
            let (filter, factory) = (self.pins[pin].filter, self.pins[pin].factory);
            self.factories[self.first[filter] + factory].1 += 1;
        }
        self.wires.push(wire);
        index
    }
}

/// Which filters a search came by. Used again for the next one without being wiped.
#[derive(Debug, Default)]
pub(super) struct Trail {
    round: u64,
    seen: Vec<u64>,
    /// Where the search goes on.
    queue: Vec<usize>,
}

impl Trail {
    /// Begins a search among so many filters.
    pub(super) fn begin(&mut self, filters: usize) -> (Seen<'_>, &mut Vec<usize>) {
        self.round += 1;
        if self.seen.len() < filters {
            self.seen.resize(filters, 0);
        }
        let seen = Seen {
            round: self.round,
            marks: &mut self.seen,
        };
        (seen, &mut self.queue)
    }
}

/// The filters one search came by.
pub(super) struct Seen<'a> {
    round: u64,
    marks: &'a mut [u64],
}

impl Seen<'_> {
    /// Notes a filter; whether it was not noted yet.
    fn mark(&mut self, filter: usize) -> bool {
        std::mem::replace(&mut self.marks[filter], self.round) != self.round
    }
}
