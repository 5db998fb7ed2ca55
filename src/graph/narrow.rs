//! Narrowing: what each pin can still do, given what its peers can. A net of pins, joined by wires and by filters.
//!
//! A work list runs to the fixed point: a wire gives both ends the overlap of their ranges, a filter maps what one pin may do
//! onto its others ([`Filter::constrain`](crate::ks::Filter::constrain)). Ranges only shrink, so it ends. A [`Trial`] holds
//! what changes until it is kept, so asking "may this wire be?" costs what it touches.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::wiring::{FilterPath, PinAddress, WiredFilter};
use crate::ks::{Catalogue, DataFormat, DataRange, Descriptor, Settings, overlaps};

/// Stands for the next instance of a growing pin, which has no wire yet.
pub(super) const FREE: u32 = u32::MAX;

/// More ranges than that on one pin are not told apart.
const MAX_RANGES: usize = 64;

/// One pin instance.
#[derive(Clone, Debug)]
pub(super) struct NetPin {
    pub(super) filter: usize,
    pub(super) factory: usize,
    pub(super) instance: u32,
    /// As described, the graph's rate filled in (PIN-7: DATARANGES).
    pub(super) described: Vec<DataRange>,
    /// As possible now (PIN-7: CONSTRAINEDDATARANGES).
    pub(super) ranges: Vec<DataRange>,
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
    pub(super) chosen: Option<DataFormat>,
}

/// All pins, their wires and their ranges.
#[derive(Clone, Debug, Default)]
pub(super) struct Net {
    pub(super) pins: Vec<NetPin>,
    pub(super) wires: Vec<NetWire>,
    /// For each filter and factory its pins, in order of instance, the free one last.
    pub(super) of: Vec<Vec<Vec<usize>>>,
    /// Place of each filter in `of`: the order of paths.
    pub(super) places: BTreeMap<FilterPath, usize>,
}

/// What narrowing reads of the filters. Their order is that of their paths.
pub(super) struct Room<'a> {
    pub(super) filters: Vec<(&'a FilterPath, &'a WiredFilter)>,
    pub(super) catalogue: &'a Catalogue,
    pub(super) base: Option<&'a Path>,
}

impl<'a> Room<'a> {
    pub(super) fn new(
        filters: &'a BTreeMap<FilterPath, WiredFilter>,
        catalogue: &'a Catalogue,
        base: Option<&'a Path>,
    ) -> Self {
        Self {
            filters: filters.iter().collect(),
            catalogue,
            base,
        }
    }

    /// The descriptor of a filter whose pins are in the net.
    pub(super) fn descriptor(&self, filter: usize) -> &'a Descriptor {
        let descriptor = self.filters[filter].1.descriptor.as_ref();
        descriptor.expect("only described filters have pins")
    }
}

impl Net {
    /// The pins of all described filters; `instances` are those that wires name.
    pub(super) fn new(room: &Room<'_>, rate_hz: u32, instances: &BTreeSet<&PinAddress>) -> Self {
        let mut net = Self::default();
        for (place, (path, wired)) in room.filters.iter().enumerate() {
            net.places.insert((*path).clone(), place);
            let mut factories = vec![];
            let pins = wired.descriptor.as_ref().map_or(&[][..], |it| &it.pins[..]);
            for (factory, pin) in pins.iter().enumerate() {
                let possible = pin.instances.possible;
                let mut numbers: Vec<u32> = if possible > 1 {
                    let named = instances
                        .iter()
                        .filter(|it| it.filter == **path && it.pin == pin.name)
                        .map(|it| it.instance);
                    named.filter(|&instance| instance < possible).collect()
                } else {
                    vec![0]
                };
                if possible > 1 {
                    numbers.push(FREE);
                }
                let filled: Vec<DataRange> = pin
                    .ranges
                    .iter()
                    .map(|range| range.at_graph_rate(rate_hz))
                    .collect();
                let indices = numbers.into_iter().map(|instance| {
                    net.pins.push(NetPin {
                        filter: place,
                        factory,
                        instance,
                        described: filled.clone(),
                        ranges: filled.clone(),
                        wire: None,
                    });
                    net.pins.len() - 1
                });
                factories.push(indices.collect());
            }
            net.of.push(factories);
        }
        net
    }

    /// The pin at an address, or the free one when that instance has no wire.
    pub(super) fn pin(&self, filter: usize, factory: usize, instance: u32) -> Option<usize> {
        let pins = self.of.get(filter)?.get(factory)?;
        let exact = pins
            .iter()
            .find(|&&pin| self.pins[pin].instance == instance);
        let free = || pins.iter().find(|&&pin| self.pins[pin].instance == FREE);
        exact.or_else(free).copied()
    }

    /// The filters on a way from `start` to `end` along the wires, both included, if there is one (CYC-1). No way leads
    /// through a deferred pin (CYC-2).
    pub(super) fn way(&self, room: &Room<'_>, start: usize, end: usize) -> Option<Vec<usize>> {
        let mut came_from: BTreeMap<usize, usize> = BTreeMap::from([(start, start)]);
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            if at == end {
                let mut way = vec![end];
                let mut step = end;
                while step != start {
                    step = came_from[&step];
                    way.push(step);
                }
                way.reverse();
                return Some(way);
            }
            for &pin in self.of[at].iter().flatten() {
                if let Some(wire) = self.pins[pin].wire
                    && self.wires[wire].from == pin
                {
                    let to = &self.pins[self.wires[wire].to];
                    if room.descriptor(to.filter).is_deferred(to.factory) {
                        continue;
                    }
                    let next = to.filter;
                    came_from.entry(next).or_insert_with(|| {
                        queue.push_back(next);
                        at
                    });
                }
            }
        }
        None
    }

    /// The same net with one wire cut. Ranges stay as narrow as they were: enough to look at the ends.
    pub(super) fn without(&self, from: usize, to: usize) -> Self {
        let mut net = self.clone();
        for pin in [from, to] {
            net.pins[pin].wire = None;
        }
        net
    }

    /// Takes a wire in.
    pub(super) fn add(&mut self, wire: NetWire) -> usize {
        let index = self.wires.len();
        self.pins[wire.from].wire = Some(index);
        self.pins[wire.to].wire = Some(index);
        self.wires.push(wire);
        index
    }

    /// Writes what a trial found.
    pub(super) fn keep(&mut self, changed: BTreeMap<usize, Vec<DataRange>>) {
        for (pin, ranges) in changed {
            self.pins[pin].ranges = ranges;
        }
    }
}

/// Where narrowing came to an end with nothing left: the two pins and what they had.
#[derive(Debug)]
pub(super) struct Stuck {
    pub(super) from: usize,
    pub(super) from_ranges: Vec<DataRange>,
    pub(super) to: usize,
    pub(super) to_ranges: Vec<DataRange>,
    pub(super) is_push: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Task {
    Wire(usize),
    Filter(usize),
}

/// A narrowing that may be kept or dropped.
pub(super) struct Trial<'a> {
    net: &'a Net,
    room: &'a Room<'a>,
    changed: BTreeMap<usize, Vec<DataRange>>,
    /// A wire that is not in the net yet; its index is the number of wires.
    extra: Option<&'a NetWire>,
    tasks: BTreeSet<Task>,
}

impl<'a> Trial<'a> {
    pub(super) fn new(net: &'a Net, room: &'a Room<'a>) -> Self {
        Self {
            net,
            room,
            changed: BTreeMap::new(),
            extra: None,
            tasks: BTreeSet::new(),
        }
    }

    /// What a pin can still do.
    pub(super) fn ranges(&self, pin: usize) -> &[DataRange] {
        self.changed
            .get(&pin)
            .map_or(&self.net.pins[pin].ranges, |ranges| ranges)
    }

    /// Narrows everything once by its filters alone.
    pub(super) fn with_filters(mut self) -> Result<BTreeMap<usize, Vec<DataRange>>, Stuck> {
        self.tasks = (0..self.net.of.len()).map(Task::Filter).collect();
        self.run().map(|()| self.changed)
    }

    /// Narrows as if `wire` were there. What changed, and what is left on the wire.
    pub(super) fn with_wire(mut self, wire: &'a NetWire) -> Result<Changed, Stuck> {
        self.extra = Some(wire);
        self.tasks.insert(Task::Wire(self.net.wires.len()));
        self.run()?;
        let left = self.ranges(wire.from).to_vec();
        Ok((self.changed, left))
    }

    /// Narrows as if a wire of the net had agreed on `format`.
    pub(super) fn with_format(
        mut self,
        wire: usize,
        format: &DataFormat,
    ) -> Result<Changed, Stuck> {
        let NetWire { from, to, .. } = self.net.wires[wire];
        let only = DataRange::only(format);
        for pin in [from, to] {
            // The overlap, not `only` itself: limits that are no part of a format stay.
            let list: Vec<DataRange> = self
                .ranges(pin)
                .iter()
                .filter_map(|range| range.overlap(&only).ok())
                .collect();
            self.set(pin, tidy(list));
        }
        self.tasks.insert(Task::Wire(wire));
        self.run()?;
        let left = self.ranges(from).to_vec();
        Ok((self.changed, left))
    }

    fn wire_of(&self, pin: usize) -> Option<usize> {
        let extra = self
            .extra
            .filter(|wire| wire.from == pin || wire.to == pin)
            .map(|_| self.net.wires.len());
        extra.or(self.net.pins[pin].wire)
    }

    fn set(&mut self, pin: usize, ranges: Vec<DataRange>) {
        if self.ranges(pin) == ranges {
            return;
        }
        self.changed.insert(pin, ranges);
        self.tasks.insert(Task::Filter(self.net.pins[pin].filter));
        if let Some(wire) = self.wire_of(pin) {
            self.tasks.insert(Task::Wire(wire));
        }
    }

    fn run(&mut self) -> Result<(), Stuck> {
        // Ranges only shrink if every filter keeps its word; one that does not must not hang us.
        let mut patience = 1000 + 64 * (self.net.pins.len() + self.net.wires.len());
        while let Some(task) = self.tasks.pop_first() {
            match task {
                Task::Wire(index) => self.narrow_wire(index)?,
                Task::Filter(index) => self.narrow_filter(index)?,
            }
            patience -= 1;
            if patience == 0 {
                log::warn!("narrowing does not come to rest: a filter widens ranges");
                break;
            }
        }
        Ok(())
    }

    fn narrow_wire(&mut self, index: usize) -> Result<(), Stuck> {
        let wire = match self.net.wires.get(index) {
            Some(wire) => wire,
            None => self
                .extra
                .expect("only the wire on trial is not in the net"),
        };
        let (client, own) = if wire.is_push {
            (wire.from, wire.to)
        } else {
            (wire.to, wire.from)
        };
        let mut list: Vec<DataRange> = overlaps(self.ranges(client), self.ranges(own)).collect();
        if let Some(format) = &wire.chosen {
            let only = DataRange::only(format);
            list = list
                .iter()
                .filter_map(|range| range.overlap(&only).ok())
                .collect();
        }
        if list.is_empty() {
            return Err(self.stuck(wire));
        }
        let list = tidy(list);
        self.set(wire.from, list.clone());
        self.set(wire.to, list);
        Ok(())
    }

    fn stuck(&self, wire: &NetWire) -> Stuck {
        Stuck {
            from: wire.from,
            from_ranges: self.ranges(wire.from).to_vec(),
            to: wire.to,
            to_ranges: self.ranges(wire.to).to_vec(),
            is_push: wire.is_push,
        }
    }

    /// Instances of one factory are narrowed apart: the filter is asked once for each, the single pins seeing all.
    fn narrow_filter(&mut self, filter: usize) -> Result<(), Stuck> {
        let (_, wired) = self.room.filters[filter];
        let (Some(kind), Some(descriptor)) = (
            self.room.catalogue.get(&wired.key),
            wired.descriptor.as_ref(),
        ) else {
            return Ok(());
        };
        let settings = Settings {
            values: &wired.values,
            base: self.room.base,
        };
        let factories = &self.net.of[filter];
        let rounds = factories.iter().map(Vec::len).max().unwrap_or(0);
        for round in 0..rounds {
            let seats: Vec<usize> = factories
                .iter()
                .map(|pins| pins[round % pins.len()])
                .collect();
            let before: Vec<Vec<DataRange>> =
                seats.iter().map(|&pin| self.ranges(pin).to_vec()).collect();
            let mut lists = before.clone();
            kind.constrain(descriptor, &settings, &mut lists);
            for (seat, list) in seats.iter().zip(lists) {
                if list.is_empty()
                    && !self.ranges(*seat).is_empty()
                    && let Some(stuck) = self.stuck_inside(&seats, *seat, &before)
                {
                    return Err(stuck);
                }
                self.set(*seat, tidy(list));
            }
        }
        Ok(())
    }

    /// A filter left a pin nothing: told as the two pins of it that do not go together, if a wire hangs on it.
    fn stuck_inside(
        &self,
        seats: &[usize],
        pin: usize,
        before: &[Vec<DataRange>],
    ) -> Option<Stuck> {
        self.wire_of(pin)?;
        let list = |pin: usize| {
            let at = seats.iter().position(|&seat| seat == pin);
            at.map_or(vec![], |at| before[at].clone())
        };
        let mine = list(pin);
        let other = seats.iter().copied().find(|&other| {
            other != pin
                && self.wire_of(other).is_some()
                && overlaps(&mine, &list(other)).next().is_none()
        });
        let other = other.unwrap_or(pin);
        Some(Stuck {
            from: other,
            from_ranges: list(other),
            to: pin,
            to_ranges: mine,
            is_push: true,
        })
    }
}

/// What a trial changed, and what is left on its wire.
pub(super) type Changed = (BTreeMap<usize, Vec<DataRange>>, Vec<DataRange>);

/// The same choice in fewer ranges: one that lies in an earlier one is never reached.
pub(super) fn tidy(ranges: Vec<DataRange>) -> Vec<DataRange> {
    if ranges.len() < 2 {
        return ranges;
    }
    let mut kept: Vec<DataRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        let lies_in = |earlier: &DataRange| {
            *earlier == range || range.overlap(earlier).is_ok_and(|both| both == range)
        };
        if !kept.iter().any(lies_in) && kept.len() < MAX_RANGES {
            kept.push(range);
        }
    }
    kept
}
