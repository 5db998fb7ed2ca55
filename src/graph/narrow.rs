//! Narrowing: what each pin can still do, given what its peers can.
//!
//! A work list runs to the fixed point: a wire gives both ends the overlap of their ranges, a filter maps what one pin may do
//! onto its others ([`Filter::constrain`](crate::ks::Filter::constrain)). Ranges only shrink, so it ends. All goes by the
//! numbers that lists have in the memo. A [`Trial`] notes what it changes until that is kept or taken back, so asking "may
//! this wire be?" costs what it touches.

use std::cell::RefMut;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use super::memo::{List, Memo, Number};
use super::net::{Net, NetPin, NetWire, Room};
use crate::ks::{DataRange, overlaps};

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

/// Something to be done: a wire or a filter by its number. Wires come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Task(u32);

impl Task {
    const FILTER: u32 = 1 << 31;

    fn wire(wire: usize) -> Self {
        Self(wire as u32)
    }

    fn filter(filter: usize) -> Self {
        Self(filter as u32 | Self::FILTER)
    }
}

/// What the pins of a net can do now, by the numbers of their lists.
#[derive(Debug, Default)]
pub(super) struct Now {
    /// By filter: the number of its make, and how often it is asked until all instances of its pins have been seen.
    makes: Vec<Number>,
    rounds_of: Vec<u32>,
    /// By pin.
    pub(super) lists: Vec<Number>,
    /// What the trial under way has changed, in order: pins and what they had.
    undo: Vec<(u32, Number)>,
    /// Pins whose lists are not written into the net yet.
    unwritten: Vec<u32>,
    /// What is still to be done, wires before filters and each in order. Some of it stands there more than once.
    tasks: BinaryHeap<Reverse<Task>>,
    /// Of filters that are asked in several rounds, those with a pin that has changed since.
    rounds: BTreeMap<usize, BTreeSet<usize>>,
    /// Pins that a filter is asked about together, and the question.
    seats: Vec<usize>,
    question: Vec<Number>,
}

impl Now {
    /// As the pins of a net stand.
    pub(super) fn of(net: &Net, room: &Room<'_>) -> Self {
        let mut now = Self::of_filters(net, room);
        let memo = &mut *room.memo.borrow_mut();
        let lists = net.pins.iter().map(|pin| memo.number_of(&pin.ranges));
        now.lists.extend(lists);
        now
    }

    /// The same for a net that has just been made: its pins can do what they were described with.
    pub(super) fn described(net: &Net, room: &Room<'_>) -> Self {
        let mut now = Self::of_filters(net, room);
        let memo = room.memo.borrow();
        let list = |pin: &NetPin| memo.described(now.makes[pin.filter])[pin.factory];
        now.lists.extend(net.pins.iter().map(list));
        now
    }

    fn of_filters(net: &Net, room: &Room<'_>) -> Self {
        let memo = &mut *room.memo.borrow_mut();
        let makes = room.members.iter().map(|it| memo.number_of_make(&it.make));
        let rounds = (0..net.filters()).map(|filter| {
            let factories = net.factories(filter).iter();
            let counts = factories.map(|(pins, _)| pins.len() as u32);
            counts.max().unwrap_or(0)
        });
        Self {
            makes: makes.collect(),
            rounds_of: rounds.collect(),
            lists: Vec::with_capacity(net.pins.len()),
            ..Self::default()
        }
    }

    /// What the last trial found stands.
    pub(super) fn keep(&mut self) {
        let changed = self.undo.drain(..).map(|(pin, _)| pin);
        self.unwritten.extend(changed);
    }

    /// What the last trial found is forgotten.
    pub(super) fn take_back(&mut self) {
        while let Some((pin, before)) = self.undo.pop() {
            self.lists[pin as usize] = before;
        }
    }

    /// Goes back to lists as they were.
    pub(super) fn restore(&mut self, lists: Vec<Number>) {
        let both = self.lists.iter().zip(&lists).zip(0..);
        let changed = both.filter(|((now, before), _)| now != before);
        self.unwritten.extend(changed.map(|(_, pin)| pin));
        self.lists = lists;
    }

    /// Writes into the net what has changed since it was written last.
    pub(super) fn write(&mut self, net: &mut Net, memo: &Memo) {
        for pin in self.unwritten.drain(..) {
            let list = memo.list_of(self.lists[pin as usize]);
            let ranges = &mut net.pins[pin as usize].ranges;
            if !Arc::ptr_eq(ranges, list) {
                *ranges = Arc::clone(list);
            }
        }
    }
}

/// A narrowing that may be kept or taken back.
pub(super) struct Trial<'a> {
    net: &'a Net,
    room: &'a Room<'a>,
    memo: RefMut<'a, Memo>,
    /// A wire that is not in the net yet; its index is the number of wires.
    extra: Option<&'a NetWire>,
    now: &'a mut Now,
}

impl<'a> Trial<'a> {
    pub(super) fn new(net: &'a Net, room: &'a Room<'a>, now: &'a mut Now) -> Self {
        now.tasks.clear();
        now.rounds.clear();
        Self {
            net,
            room,
            memo: room.memo.borrow_mut(),
            extra: None,
            now,
        }
    }

    /// Puts something down to be done.
    fn will(&mut self, task: Task) {
        self.now.tasks.push(Reverse(task));
    }

    /// What is to be done next.
    fn next(&mut self) -> Option<Task> {
        let tasks = &mut self.now.tasks;
        let Reverse(next) = tasks.pop()?;
        while tasks.peek() == Some(&Reverse(next)) {
            tasks.pop();
        }
        Some(next)
    }

    /// What a pin can still do.
    fn ranges(&self, pin: usize) -> &List {
        self.memo.list_of(self.now.lists[pin])
    }

    /// Narrows everything once by its filters alone: while there are no wires, none has to do with another.
    pub(super) fn with_filters(mut self) -> Result<(), Stuck> {
        for filter in 0..self.net.filters() {
            let count = self.now.rounds_of[filter];
            if count > 1 {
                let all = (0..count as usize).collect();
                self.now.rounds.insert(filter, all);
            }
            self.will(Task::filter(filter));
            self.run()?;
        }
        Ok(())
    }

    /// Narrows as if `wire` were there. What is left on the wire.
    pub(super) fn with_wire(mut self, wire: &'a NetWire) -> Result<Number, Stuck> {
        self.extra = Some(wire);
        self.will(Task::wire(self.net.wires.len()));
        self.run()?;
        Ok(self.now.lists[wire.from])
    }

    /// Narrows as if a wire of the net had agreed on a format.
    pub(super) fn with_format(mut self, wire: usize, format: Number) -> Result<(), Stuck> {
        let NetWire { from, to, .. } = self.net.wires[wire];
        for pin in [from, to] {
            // The overlap, not the format itself: limits that are no part of a format stay.
            let list = self.memo.only(self.now.lists[pin], format);
            self.set(pin, list, None);
        }
        self.will(Task::wire(wire));
        self.run()
    }

    fn wire_of(&self, pin: usize) -> Option<usize> {
        let extra = self
            .extra
            .filter(|wire| wire.from == pin || wire.to == pin)
            .map(|_| self.net.wires.len());
        extra.or(self.net.pins[pin].wire)
    }

    /// Says what a pin can still do. Who hangs on it is asked again, but for whoever said so and would say it again.
    fn set(&mut self, pin: usize, list: Number, but: Option<Task>) {
        let before = std::mem::replace(&mut self.now.lists[pin], list);
        if before == list {
            return;
        }
        self.now.undo.push((pin as u32, before));
        let seat = &self.net.pins[pin];
        let filter = Task::filter(seat.filter);
        if but != Some(filter) {
            self.will(filter);
            let count = self.now.rounds_of[seat.filter] as usize;
            if count > 1 {
                let (pins, _) = &self.net.factories(seat.filter)[seat.factory];
                let touched = (pin - pins.start..count).step_by(pins.len());
                let rounds = self.now.rounds.entry(seat.filter);
                rounds.or_default().extend(touched);
            }
        }
        let wire = self.wire_of(pin).map(Task::wire);
        if let Some(wire) = wire.filter(|wire| but != Some(*wire)) {
            self.will(wire);
        }
    }

    /// Runs to the fixed point. Where it gets stuck nothing has changed.
    fn run(&mut self) -> Result<(), Stuck> {
        // Ranges only shrink if every filter keeps its word; one that does not must not hang us.
        let mut patience = 1000 + 64 * (self.net.pins.len() + self.net.wires.len());
        while let Some(task) = self.next() {
            let done = match task.0 & Task::FILTER {
                0 => self.narrow_wire(task.0 as usize),
                _ => self.narrow_filter((task.0 & !Task::FILTER) as usize),
            };
            if done.is_err() {
                self.now.take_back();
                return done;
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
        let answering = (self.now.makes[pin.filter], pin.factory);
        let lists = (self.now.lists[client], self.now.lists[own]);
        let chosen = wire.chosen.as_deref();
        let (list, is_stable) = self.memo.overlap(lists, answering, chosen);
        if self.memo.list_of(list).is_empty() {
            return Err(self.stuck(wire));
        }
        let but = is_stable.then(|| Task::wire(index));
        self.set(wire.from, list, but);
        self.set(wire.to, list, but);
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
        let count = self.now.rounds_of[filter] as usize;
        let mut round = 0;
        while round < count {
            if count > 1 {
                let Some(waiting) = self.now.rounds.get_mut(&filter) else {
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
        let mut seats = std::mem::take(&mut self.now.seats);
        let mut question = std::mem::take(&mut self.now.question);
        seats.clear();
        question.clear();
        question.push(self.now.makes[filter]);
        for (pins, _) in self.net.factories(filter) {
            let seat = pins.start + round % pins.len();
            seats.push(seat);
            question.push(self.now.lists[seat]);
        }
        let (given, is_stable) = self.memo.constrained(self.room.setting, &question);
        // What it says of one round may be news for another.
        let is_alone = self.now.rounds_of[filter] == 1;
        let but = (is_stable && is_alone).then(|| Task::filter(filter));
        let mut stuck = None;
        for (at, seat) in seats.iter().copied().enumerate() {
            let list = self.memo.given(given + at);
            if self.memo.list_of(list).is_empty() && !self.ranges(seat).is_empty() {
                stuck = self.stuck_inside(&seats, seat, &question[1..]);
                if stuck.is_some() {
                    break;
                }
            }
            self.set(seat, list, but);
        }
        (self.now.seats, self.now.question) = (seats, question);
        stuck.map_or(Ok(()), Err)
    }

    /// A filter left a pin nothing: told as the two pins of it that do not go together, if a wire hangs on it.
    fn stuck_inside(&self, seats: &[usize], pin: usize, before: &[Number]) -> Option<Stuck> {
        self.wire_of(pin)?;
        let list = |pin: usize| {
            let at = seats.iter().position(|&seat| seat == pin);
            let list = |at: usize| Arc::clone(self.memo.list_of(before[at]));
            at.map_or_else(|| List::from([]), list)
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
