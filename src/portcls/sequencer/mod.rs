//! The sequencer in front of every MIDI miniport: orders events by time alone and holds each until it is due (DMU-2,
//! DMU-3).
//!
//! Equal times keep the order of arrival (SYN-6), and what is joined stays together: a package goes out whole, at the
//! time of its first element, or at its own (EVN-2). Late ones are released at once and counted. It is bounded: its room is made when
//! it is opened, and what does not fit is counted and dropped, note-ons first, so that no note hangs. Order is kept in a
//! heap, so a million events that wait cost twenty steps each.

mod touch;

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use self::touch::Touch;
use crate::ks::{
    EVENT_CAPACITY, KernelEvent, RefTime, Score, ScoreEvent, sample_from_time, time_from_sample,
};

/// An event and the wire it came by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrived {
    /// The event.
    pub event: KernelEvent,
    /// Identity of the connection.
    pub wire: u64,
}

/// Where an event stands among those that wait.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Waiting {
    /// The time it is ordered by: its stamp, or that of the run it is joined to.
    time: RefTime,
    /// Counts arrivals.
    number: u64,
    arrived: Arrived,
    /// It is not released when it is due, but forgotten.
    is_muted: bool,
    /// The same, and nobody sees it any more.
    is_removed: bool,
    /// It is joined to the one before or behind it.
    is_part: bool,
    /// It ends the note of that number, which was changed by hand.
    ends: Option<u64>,
}

impl Waiting {
    fn seen(&self) -> ScoreEvent {
        let Arrived { event, wire } = &self.arrived;
        ScoreEvent {
            time: self.time,
            is_muted: self.is_muted,
            is_part: self.is_part,
            is_removed: self.is_removed,
            ..ScoreEvent::new(self.number, event, *wire)
        }
    }
}

impl Ord for Waiting {
    /// The heap gives the greatest first, and that is to be the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.time, other.number).cmp(&(self.time, self.number))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A run of joined events that is coming in.
#[derive(Clone, Copy)]
struct Run {
    wire: u64,
    time: RefTime,
    /// The number of its first element.
    first: u64,
    /// There was no room for it.
    is_dropped: bool,
}

/// Events that wait for their time.
pub struct Sequencer {
    waiting: BinaryHeap<Waiting>,
    room: usize,
    prefetch: RefTime,
    arrivals: u64,
    run: Option<Run>,
    late: u32,
    dropped: u32,
    /// The last stamp that came in.
    edge: RefTime,
    touch: Touch,
}

impl Sequencer {
    /// Room for what `inputs` wires can bring in one cycle, and as much again for the future.
    pub fn new(inputs: usize) -> Self {
        Self::with_room(EVENT_CAPACITY * (inputs + 1))
    }

    /// Room for so many events.
    pub fn with_room(room: usize) -> Self {
        Self {
            waiting: BinaryHeap::with_capacity(room),
            room,
            prefetch: 0,
            arrivals: 0,
            run: None,
            late: 0,
            dropped: 0,
            edge: 0,
            touch: Touch::new(),
        }
    }

    /// What waits here, for a screen.
    pub fn score(&self) -> Score {
        self.touch.score()
    }

    /// Makes the changes that were asked for, and shows what waits if somebody looks: once at the beginning of each
    /// cycle. Gives the channels, a bit each, that were silenced since the last time.
    pub fn attend(&mut self, position: u64, rate_hz: u32) -> u16 {
        let now = time_from_sample(position, rate_hz);
        let silenced = self.make_changes(now);
        self.show(now);
        silenced
    }

    /// The same for a miniport that wants events so long before their time: 0 is exactly then, and what is longer than
    /// any stamp is at once (DMU-3).
    pub fn prefetch(mut self, prefetch: RefTime) -> Self {
        self.prefetch = prefetch.max(0);
        self
    }

    /// Takes an event.
    pub fn put(&mut self, arrived: Arrived) {
        self.put_due(arrived, None);
    }

    /// Takes an event that begins a package with a stamp of its own: the whole is due then, and its elements keep theirs (EVN-2).
    pub fn put_due(&mut self, mut arrived: Arrived, due: Option<RefTime>) {
        let continued = self.run.filter(|run| run.wire == arrived.wire);
        self.edge = self.edge.max(arrived.event.time);
        let is_part = continued.is_some() || arrived.event.is_joined();
        let fate = match is_part {
            true => None,
            false => self.touch.fate_of(&arrived),
        };
        if let Some(fate) = fate {
            arrived.event = arrived
                .event
                .at(arrived.event.time.saturating_add(fate.later));
        }
        let own = due.unwrap_or(arrived.event.time);
        let time = continued.map_or(own, |run| run.time);
        let has_room = match continued {
            Some(run) => !run.is_dropped && self.waiting.len() < self.room,
            None => {
                let is_note_on = arrived.event.bytes()[0] & 0xF0 == 0x90;
                let kept = if is_note_on { self.room / 8 } else { 0 };
                self.waiting.len() < self.room - kept
            }
        };
        let first = continued.map_or(self.arrivals, |run| run.first);
        self.run = arrived.event.is_joined().then_some(Run {
            wire: arrived.wire,
            time,
            first,
            is_dropped: !has_room,
        });
        if !has_room {
            self.dropped = self.dropped.saturating_add(1);
            if continued.is_some_and(|run| !run.is_dropped) {
                // Half a message is worse than none.
                let before = self.waiting.len();
                self.waiting.retain(|it| it.number < first);
                let gone = (before - self.waiting.len()) as u32;
                self.dropped = self.dropped.saturating_add(gone);
            }
            return;
        }
        self.waiting.push(Waiting {
            time,
            number: self.arrivals,
            arrived,
            is_muted: fate.is_some_and(|fate| fate.is_muted),
            is_removed: fate.is_some_and(|fate| fate.is_removed),
            is_part,
            ends: fate.map(|fate| fate.number),
        });
        self.arrivals += 1;
    }

    /// The next event that is due before sample `position + len` of a stream at `rate_hz`, and its offset from
    /// `position`. With a prefetch it may lie behind the end.
    pub fn release(&mut self, position: u64, len: usize, rate_hz: u32) -> Option<(Arrived, usize)> {
        let first = loop {
            let first = self.waiting.peek()?;
            let due = first.time.saturating_sub(self.prefetch);
            if sample_from_time(due, rate_hz) >= position + len as u64 {
                return None;
            }
            let is_kept = first.is_muted || first.is_removed;
            if !is_kept && !self.touch.silences(&first.arrived.event) {
                break first;
            }
            self.waiting.pop();
        };
        self.touch.follow(first);
        let sample = sample_from_time(first.time, rate_hz);
        if sample < position {
            self.late = self.late.saturating_add(1);
        }
        let offset = sample.saturating_sub(position) as usize;
        self.waiting.pop().map(|first| (first.arrived, offset))
    }

    /// The stamp of the event that goes out next.
    pub fn next_time(&self) -> Option<RefTime> {
        self.waiting.peek().map(|first| first.time)
    }

    /// Whether anything of a wire waits.
    pub fn holds(&self, wire: u64) -> bool {
        self.waiting.iter().any(|it| it.arrived.wire == wire)
    }

    /// Forgets what waits of a wire.
    pub fn forget(&mut self, wire: u64) {
        self.waiting.retain(|it| it.arrived.wire != wire);
        self.run = self.run.filter(|run| run.wire != wire);
        self.touch.forget(wire);
    }

    /// Time itself is another: what waits comes by so much later.
    pub fn shift(&mut self, by: RefTime) {
        let mut all = std::mem::take(&mut self.waiting).into_vec();
        for waiting in &mut all {
            let event = waiting.arrived.event;
            waiting.time += by;
            waiting.arrived.event = event.at(event.time + by);
        }
        self.waiting = all.into();
        self.edge += by;
    }

    /// Forgets everything (DMU-7: Stop).
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.run = None;
        self.edge = 0;
        self.touch.clear();
    }

    /// Events that wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Events that came after their time.
    pub fn late(&self) -> u32 {
        self.late
    }

    /// Events that found no room.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }
}

#[cfg(test)]
mod tests;
