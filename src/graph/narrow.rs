//! Narrowing: what each pin can still do, given what its peers can.
//!
//! A work list runs to the fixed point: a wire gives both ends the overlap of their ranges, a filter maps what one pin may do
//! onto its others ([`Filter::constrain`](crate::ks::Filter::constrain)). Ranges only shrink, so it ends. A [`Trial`] holds
//! what changes until it is kept, so asking "may this wire be?" costs what it touches.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use super::memo::List;
use super::net::{Net, NetWire, Room};
use crate::ks::{DataFormat, DataRange, overlaps};

/// More ranges than that on one pin are not told apart.
const MAX_RANGES: usize = 64;

/// Where narrowing came to an end with nothing left: the two pins and what they had.
#[derive(Debug)]
pub(super) struct Stuck {
    pub(super) from: usize,
    pub(super) from_ranges: List,
    pub(super) to: usize,
    pub(super) to_ranges: List,
    pub(super) is_push: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Task {
    Wire(usize),
    Filter(usize),
}

/// What a trial changed, by pin, and what is left on its wire.
pub(super) type Changed = (Vec<(usize, List)>, List);

/// What trials work with, one after the other, so that none has to ask for memory of its own.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) changed: Vec<(usize, List)>,
    /// For each pin the trial that changed it, and where in `changed` it stands.
    place: Vec<(u64, usize)>,
    /// Number of the trial.
    trial: u64,
    /// What is still to be done, wires before filters and each in order. Some of it stands there more than once.
    tasks: BinaryHeap<Reverse<Task>>,
    /// Pins that a filter is asked about together, and what the question is made of.
    seats: Vec<usize>,
    lists: Vec<List>,
}

/// A narrowing that may be kept or dropped.
pub(super) struct Trial<'a> {
    net: &'a Net,
    room: &'a Room<'a>,
    /// A wire that is not in the net yet; its index is the number of wires.
    extra: Option<&'a NetWire>,
    scratch: Scratch,
    /// Of filters that are asked in several rounds, those with a pin that has changed since.
    rounds: BTreeMap<usize, BTreeSet<usize>>,
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.room.memo.borrow_mut().scratch = std::mem::take(&mut self.scratch);
    }
}

impl<'a> Trial<'a> {
    pub(super) fn new(net: &'a Net, room: &'a Room<'a>) -> Self {
        let mut scratch = std::mem::take(&mut room.memo.borrow_mut().scratch);
        scratch.trial += 1;
        scratch.changed.clear();
        scratch.tasks.clear();
        if scratch.place.len() < net.pins.len() {
            scratch.place.resize(net.pins.len(), (0, 0));
        }
        Self {
            net,
            room,
            extra: None,
            scratch,
            rounds: BTreeMap::new(),
        }
    }

    /// Where a pin stands among those that changed.
    fn place(&self, pin: usize) -> Option<usize> {
        let (trial, place) = self.scratch.place[pin];
        (trial == self.scratch.trial).then_some(place)
    }

    /// Puts something down to be done.
    fn will(&mut self, task: Task) {
        self.scratch.tasks.push(Reverse(task));
    }

    /// What is to be done next.
    fn next(&mut self) -> Option<Task> {
        let tasks = &mut self.scratch.tasks;
        let Reverse(next) = tasks.pop()?;
        while tasks.peek() == Some(&Reverse(next)) {
            tasks.pop();
        }
        Some(next)
    }

    /// What a pin can still do.
    fn ranges(&self, pin: usize) -> &List {
        match self.place(pin) {
            Some(place) => &self.scratch.changed[place].1,
            None => &self.net.pins[pin].ranges,
        }
    }

    /// Narrows everything once by its filters alone.
    pub(super) fn with_filters(mut self) -> Result<Vec<(usize, List)>, Stuck> {
        let all = (0..self.net.filters()).map(|it| Reverse(Task::Filter(it)));
        self.scratch.tasks.extend(all);
        for filter in 0..self.net.filters() {
            let count = self.rounds_of(filter);
            if count > 1 {
                self.rounds.insert(filter, (0..count).collect());
            }
        }
        self.run()?;
        Ok(std::mem::take(&mut self.scratch.changed))
    }

    /// Narrows as if `wire` were there. What changed, and what is left on the wire.
    pub(super) fn with_wire(mut self, wire: &'a NetWire) -> Result<Changed, Stuck> {
        self.extra = Some(wire);
        self.will(Task::Wire(self.net.wires.len()));
        self.run()?;
        let left = Arc::clone(self.ranges(wire.from));
        Ok((std::mem::take(&mut self.scratch.changed), left))
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
            let ranges = self.ranges(pin).iter();
            let list = ranges.filter_map(|range| range.overlap(&only).ok());
            let list = tidy(list.collect());
            let list = self.room.memo.borrow_mut().list(list);
            self.set(pin, list);
        }
        self.will(Task::Wire(wire));
        self.run()?;
        let left = Arc::clone(self.ranges(from));
        Ok((std::mem::take(&mut self.scratch.changed), left))
    }

    fn wire_of(&self, pin: usize) -> Option<usize> {
        let extra = self
            .extra
            .filter(|wire| wire.from == pin || wire.to == pin)
            .map(|_| self.net.wires.len());
        extra.or(self.net.pins[pin].wire)
    }

    fn set(&mut self, pin: usize, list: List) {
        let now = self.ranges(pin);
        if Arc::ptr_eq(now, &list) || *now == list {
            return;
        }
        match self.place(pin) {
            Some(place) => self.scratch.changed[place].1 = list,
            None => {
                let scratch = &mut self.scratch;
                scratch.place[pin] = (scratch.trial, scratch.changed.len());
                scratch.changed.push((pin, list));
            }
        }
        let filter = self.net.pins[pin].filter;
        self.will(Task::Filter(filter));
        let count = self.rounds_of(filter);
        if count > 1 {
            let (pins, _) = &self.net.factories(filter)[self.net.pins[pin].factory];
            let touched = (pin - pins.start..count).step_by(pins.len());
            self.rounds.entry(filter).or_default().extend(touched);
        }
        if let Some(wire) = self.wire_of(pin) {
            self.will(Task::Wire(wire));
        }
    }

    /// How often a filter is asked until all instances of its pins have been seen.
    fn rounds_of(&self, filter: usize) -> usize {
        let factories = self.net.factories(filter).iter();
        factories.map(|(pins, _)| pins.len()).max().unwrap_or(0)
    }

    fn run(&mut self) -> Result<(), Stuck> {
        // Ranges only shrink if every filter keeps its word; one that does not must not hang us.
        let mut patience = 1000 + 64 * (self.net.pins.len() + self.net.wires.len());
        while let Some(task) = self.next() {
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
        let (client, own) = wire.roles();
        let pin = &self.net.pins[own];
        let answering = (&self.room.members[pin.filter].make, pin.factory);
        let (client, own) = (self.ranges(client), self.ranges(own));
        let mut memo = self.room.memo.borrow_mut();
        let list = memo.overlap(client, own, answering, wire.chosen.as_deref());
        drop(memo);
        if list.is_empty() {
            return Err(self.stuck(wire));
        }
        self.set(wire.from, Arc::clone(&list));
        self.set(wire.to, list);
        Ok(())
    }

    fn stuck(&self, wire: &NetWire) -> Stuck {
        Stuck {
            from: wire.from,
            from_ranges: Arc::clone(self.ranges(wire.from)),
            to: wire.to,
            to_ranges: Arc::clone(self.ranges(wire.to)),
            is_push: wire.is_push,
        }
    }

    /// Instances of one factory are narrowed apart: the filter is asked once for each, the single pins seeing all. Rounds
    /// of which no pin has changed since they were asked would say what they said.
    fn narrow_filter(&mut self, filter: usize) -> Result<(), Stuck> {
        let count = self.rounds_of(filter);
        let mut round = 0;
        while round < count {
            if count > 1 {
                let Some(waiting) = self.rounds.get_mut(&filter) else {
                    break;
                };
                let Some(next) = waiting.range(round..).next().copied() else {
                    break;
                };
                round = next;
                waiting.remove(&round);
            }
            self.ask(filter, round)?;
            round += 1;
        }
        Ok(())
    }

    /// Asks a filter about one instance of each of its pins.
    fn ask(&mut self, filter: usize, round: usize) -> Result<(), Stuck> {
        let room = self.room;
        let mut seats = std::mem::take(&mut self.scratch.seats);
        let mut before = std::mem::take(&mut self.scratch.lists);
        for (pins, _) in self.net.factories(filter) {
            let seat = pins.start + round % pins.len();
            seats.push(seat);
            before.push(Arc::clone(self.ranges(seat)));
        }
        let make = &room.members[filter].make;
        let lists = room
            .memo
            .borrow_mut()
            .constrained(make, room.setting, &before);
        let mut stuck = None;
        for (seat, list) in seats.iter().zip(lists.iter()) {
            if list.is_empty() && !self.ranges(*seat).is_empty() {
                stuck = self.stuck_inside(&seats, *seat, &before);
                if stuck.is_some() {
                    break;
                }
            }
            self.set(*seat, Arc::clone(list));
        }
        seats.clear();
        before.clear();
        (self.scratch.seats, self.scratch.lists) = (seats, before);
        stuck.map_or(Ok(()), Err)
    }

    /// A filter left a pin nothing: told as the two pins of it that do not go together, if a wire hangs on it.
    fn stuck_inside(&self, seats: &[usize], pin: usize, before: &[List]) -> Option<Stuck> {
        self.wire_of(pin)?;
        let list = |pin: usize| {
            let at = seats.iter().position(|&seat| seat == pin);
            at.map_or_else(|| List::from([]), |at| Arc::clone(&before[at]))
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
