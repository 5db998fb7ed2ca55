//! The state table: the state of every pin, the limits set for them, and what lies on wires one end of which waits.
//!
//! A filter or a pin goes no further than its limit, whatever the graph does. What follows for a cycle is decided here,
//! from the ends towards the sources: a filter that runs *waits* when every wire that leaves it is blocked, and a wire is
//! blocked when its reader does not read and there is no frame left for it. On a push wire into a paused pin the writer
//! may fill the wire's frames first; on a pull wire nobody asks, so nothing is written. A wire whose writer goes on
//! because of another reader drops what there is no room for.
//!
//! Every filter has a time of its own, which stands still while the filter waits or is held. So the whole delay of a wire
//! is the difference of two such times, and events that cross it are moved by as much. How it is built from a spec stands
//! in `seating.rs`, the walk of states in `states.rs`, what crosses such wires in `crossing.rs`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::link::PlanCells;
use super::queue::Queue;
use super::records::PinRecord;
use crate::ks::{HeldGroups, State};

/// A pin that a wire made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    pub(super) node: u32,
    pub(super) factory: u16,
    pub(super) instance: u16,
    /// The wire, if it carries frames.
    pub(super) wire: Option<u32>,
    /// It goes no further.
    pub(super) limit: State,
    pub(super) state: State,
}

/// A filter of the plan.
#[derive(Debug)]
pub(super) struct Node {
    /// Its place in the slab; `None` where it is not open.
    pub(super) entry: Option<u32>,
    /// It is not open and lets nothing through: what comes to it is gone.
    pub(super) is_void: bool,
    /// What it takes comes when it comes, so it never waits.
    pub(super) is_live: bool,
    /// None of its pins goes further.
    pub(super) limit: State,
    /// The same, from the engine: a step was refused, or the device is gone.
    pub(super) allowed: State,
    /// What comes to it is thrown away, since its device is gone.
    pub(super) is_lost: bool,
    /// The state it was in when its limit was changed last.
    pub(super) origin: State,
    pub(super) seats: std::ops::Range<usize>,
    /// Wires that carry frames, into it and out of it: where they stand in the table's `wires`.
    pub(super) ins: std::ops::Range<usize>,
    pub(super) outs: std::ops::Range<usize>,
    /// It runs, and does not wait.
    pub(super) is_active: bool,
    /// None of its pins is to run.
    pub(super) stops: bool,
    /// Samples of the graph's rate for which its time stood still.
    pub(super) lag: u64,
}

/// No number of samples.
const NEVER: usize = usize::MAX;

/// A wire that carries frames.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) from: u32,
    pub(super) to: u32,
    /// Its pins; `None` at a filter that is not open.
    pub(super) from_seat: Option<u32>,
    pub(super) to_seat: Option<u32>,
    /// Where the reader finds its frame.
    pub(super) slot: Option<u32>,
    pub(super) rate_hz: u32,
    pub(super) is_push: bool,
    /// A delay line: its writer is never blocked by its reader.
    pub(super) is_line: bool,
    pub(super) queue: Queue,
    /// Samples of the graph's rate that its frames hold, and how many of them wait.
    pub(super) most: u64,
    pub(super) held: u64,
    /// Samples of its own rate that are always under way on it.
    pub(super) stands: usize,
    /// Samples of the graph's rate that were thrown away.
    pub(super) dropped: u64,
    /// Samples since what its writer gave was its last.
    pub(super) ended: u64,
    /// How much of it is let through, and whether all of it shall be, in samples of a fade.
    pub(super) gain: u32,
    pub(super) is_wanted: bool,
    /// Notes that sound behind it have to be released.
    pub(super) is_to_release: bool,
    /// What is held on it, where it carries notes, and whether just that has to be released.
    pub(super) notes: Option<Box<HeldGroups>>,
    pub(super) releases_notes: bool,
    /// A frame was lost ahead of the next one.
    pub(super) has_gap: bool,
    /// What waits is to be dropped upon Pause (HDR-11).
    pub(super) flushes: bool,
    pub(super) is_written: bool,
    pub(super) is_read: bool,
    /// Samples that its pins were last told lie on it; nothing so far: `NEVER`.
    pub(super) told: usize,
    /// Requests until the counting began that goes on.
    pub(super) issued: u64,
    pub(super) since: Option<u64>,
}

impl Link {
    pub(super) fn new(from: u32, to: u32) -> Self {
        Self {
            from,
            to,
            from_seat: None,
            to_seat: None,
            slot: None,
            rate_hz: 0,
            is_push: true,
            is_line: false,
            queue: Queue::default(),
            most: 0,
            held: 0,
            stands: 0,
            dropped: 0,
            ended: 0,
            gain: 0,
            is_wanted: true,
            is_to_release: false,
            notes: None,
            releases_notes: false,
            has_gap: false,
            flushes: false,
            is_written: false,
            is_read: false,
            told: NEVER,
            issued: 0,
            since: None,
        }
    }

    /// Samples of the graph's rate that may still be written while nobody reads.
    pub(super) fn room(&self, seats: &[Seat]) -> u64 {
        let is_paused = self
            .to_seat
            .is_some_and(|seat| seats[seat as usize].state == State::Pause);
        match self.is_push && is_paused {
            true => self.most.saturating_sub(self.held),
            false => 0,
        }
    }

    /// Whether what is written is read.
    pub(super) fn flows(&self) -> bool {
        self.is_written && self.is_read
    }

    /// Takes over what lies on the same wire of another plan.
    pub(super) fn take_over(&mut self, memory: &mut Vec<f32>, old: &mut Self, others: &[f32]) {
        if self.queue.take_over(memory, &mut old.queue, others) {
            self.held = old.held;
        }
        self.dropped = old.dropped;
        self.ended = old.ended;
        self.gain = old.gain;
        self.is_wanted = old.is_wanted;
        self.issued = old.issued;
        self.since = old.since;
        self.has_gap = old.has_gap;
        self.flushes = old.flushes;
        self.is_to_release = old.is_to_release;
        if let (Some(own), Some(before)) = (&mut self.notes, &old.notes) {
            **own = **before;
        }
        self.releases_notes = old.releases_notes;
        (self.is_written, self.is_read) = (old.is_written, old.is_read);
    }

    /// Its reader has come down to Pause: what says so is forgotten (HDR-11).
    pub(super) fn pause(&mut self) {
        if self.flushes {
            self.flush();
        }
    }

    /// Forgets what waits: the requests are completed, empty (STA-10).
    pub(super) fn flush(&mut self) {
        self.has_gap |= self.held > 0;
        self.queue.clear();
        self.held = 0;
        self.ended = 0;
    }
}

/// All of it for one plan. Made off the audio thread; nothing in it grows.
#[derive(Default)]
pub(super) struct Holds {
    pub(super) nodes: Vec<Node>,
    pub(super) seats: Vec<Seat>,
    /// The record of each seat's pin.
    pub(super) records: Vec<Arc<PinRecord>>,
    pub(super) links: Vec<Link>,
    /// The wire of each delay line.
    pub(super) lines: Vec<u32>,
    /// What queues hold, with room for all of them.
    pub(super) memory: Vec<f32>,
    /// Seats in the order they step: up, from Stop to Acquire, and down.
    pub(super) up: Vec<u32>,
    pub(super) acquire: Vec<u32>,
    pub(super) down: Vec<u32>,
    /// Wires node by node.
    pub(super) wires: Vec<u32>,
    /// Nodes by entry.
    pub(super) by_entry: Vec<(u32, u32)>,
    /// States change where the position is a multiple of this: there every rate of the graph begins a sample.
    pub(super) beat: u64,
    /// Samples of a frame, in those of the graph's rate.
    pub(super) frame_len: u64,
    /// Samples of a fade.
    pub(super) fade_len: u32,
    /// Some wires carry notes.
    pub(super) hears_notes: bool,
    /// Something differs from a graph in which everything runs, so that steps have to look.
    pub(super) is_busy: bool,
    /// Something that was to be said with the next frame of a wire was said: perhaps nothing is out of the ordinary any more.
    pub(super) has_settled: bool,
    /// A pin is to change its state, when fades have ended and the position fits.
    pub(super) is_pending: bool,
    pub(super) cells: Arc<PlanCells>,
}

impl Holds {
    /// How far a pin goes while the graph is in `level`.
    pub(super) fn wanted(&self, seat: &Seat, level: State) -> State {
        let node = &self.nodes[seat.node as usize];
        level.min(node.limit).min(node.allowed).min(seat.limit)
    }

    /// The highest state of a filter's pins.
    pub(super) fn state_of(&self, node: &Node) -> State {
        let states = self.seats[node.seats.clone()].iter().map(|seat| seat.state);
        states.max().unwrap_or(State::Run)
    }

    /// How many pins are in each state.
    pub(super) fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for seat in &self.seats {
            counts[seat.state as usize] += 1;
        }
        counts
    }

    /// Whether one of a filter's pins is in a state or above it. Those that step last are looked at first.
    pub(super) fn is_any_in(&self, node: &Node, state: State) -> bool {
        let mut seats = self.seats[node.seats.clone()].iter().rev();
        seats.any(|seat| seat.state >= state)
    }

    /// The node of an open filter.
    pub(super) fn node_of(&self, entry: u32) -> Option<usize> {
        let at = self.by_entry.binary_search_by_key(&entry, |(it, _)| *it);
        Some(self.by_entry[at.ok()?].1 as usize)
    }

    pub(super) fn runs(&self, seat: Option<u32>) -> bool {
        seat.is_none_or(|seat| self.seats[seat as usize].state == State::Run)
    }

    /// Says which wires are let through: those with both ends at Run or on the way there. What leads into a filter that
    /// stops as a whole is not faded but kept, as long as something leads out of it: that is faded.
    pub(super) fn aim(&mut self, level: State) {
        for at in 0..self.nodes.len() {
            let node = &self.nodes[at];
            let mut seats = self.seats[node.seats.clone()].iter();
            let stops = seats.all(|seat| self.wanted(seat, level) < State::Run);
            self.nodes[at].stops = stops && node.entry.is_some();
        }
        for at in 0..self.links.len() {
            let link = &self.links[at];
            let goes = |seat: Option<u32>| {
                seat.is_none_or(|seat| self.wanted(&self.seats[seat as usize], level) == State::Run)
            };
            let reader = &self.nodes[link.to as usize];
            let is_kept = reader.stops && !reader.outs.is_empty() && goes(link.from_seat);
            let wanted = goes(link.from_seat) && goes(link.to_seat) || is_kept;
            self.links[at].is_wanted = wanted;
        }
    }

    /// Whether a fade down is under way.
    pub(super) fn is_fading_out(&self) -> bool {
        self.links
            .iter()
            .any(|link| !link.is_wanted && link.gain > 0 && link.flows())
    }

    /// Decides who waits and what flows, after states have changed or a wire is full.
    pub(super) fn decide(&mut self, is_running: bool, cycles: u64) {
        let mut is_busy = self.is_pending;
        for at in (0..self.nodes.len()).rev() {
            let node = &self.nodes[at];
            let runs = self.state_of(node) == State::Run;
            let mut is_led_on = false;
            let mut is_blocked = true;
            for &out in &self.wires[node.outs.clone()] {
                let link = &self.links[out as usize];
                if !self.runs(link.from_seat) {
                    continue;
                }
                is_led_on = true;
                let reader = &self.nodes[link.to as usize];
                let is_read = link.is_line
                    || reader.is_void
                    || reader.is_lost
                    || reader.is_active && self.runs(link.to_seat);
                is_blocked &= !is_read && link.room(&self.seats) == 0;
            }
            let waits = is_led_on && is_blocked && !node.is_live;
            let is_active = runs && !waits;
            is_busy |= !is_active || self.nodes[at].lag > 0;
            self.nodes[at].is_active = is_active;
        }
        for at in 0..self.links.len() {
            let link = &self.links[at];
            let (writer, reader) = (
                &self.nodes[link.from as usize],
                &self.nodes[link.to as usize],
            );
            let is_written = writer.is_active && self.runs(link.from_seat);
            let is_gone = reader.is_void || reader.is_lost;
            let is_read = is_gone || reader.is_active && self.runs(link.to_seat);
            let asks = match link.is_push {
                true => is_written && (is_read || link.room(&self.seats) > 0),
                false => is_written && is_read,
            } && is_running;
            let fade_len = self.fade_len;
            let link = &mut self.links[at];
            if is_read && !link.is_read && link.dropped > 0 {
                // What lies there is older than what was dropped.
                link.flush();
                link.has_gap = true;
                link.is_to_release = true;
                link.dropped = 0;
            }
            link.is_to_release |= link.is_written && !is_written;
            (link.is_written, link.is_read) = (is_written, is_read);
            match (asks, link.since) {
                (true, None) => link.since = Some(cycles),
                (false, Some(since)) => {
                    link.issued += cycles - since;
                    link.since = None;
                }
                _ => {}
            }
            is_busy |= !is_written || !is_read || link.held > 0;
            is_busy |=
                link.gain < fade_len || !link.is_wanted || link.is_to_release || link.has_gap;
            is_busy |= link.releases_notes;
        }
        self.is_busy = is_busy;
        (0..self.links.len()).for_each(|at| self.publish(at));
    }

    /// The longest piece from `position` on in which nothing changes.
    pub(super) fn longest(&self, position: u64, len: usize) -> usize {
        if !self.is_busy {
            return len;
        }
        let mut most = len as u64;
        let over = position % self.beat;
        if self.is_pending && over > 0 {
            most = most.min(self.beat - over);
        }
        for link in &self.links {
            let rest = match (link.is_wanted, link.flows()) {
                (true, true) => self.fade_len - link.gain,
                (true, false) => 0,
                (false, _) => link.gain,
            };
            let room = link.room(&self.seats);
            let fills = link.is_written && !link.is_read && room > 0;
            for rest in [u64::from(rest), if fills { room } else { 0 }] {
                if rest > 0 {
                    most = most.min(rest);
                }
            }
        }
        most.max(1) as usize
    }

    /// The time of a filter at a position of the graph.
    pub(super) fn own_time(&self, node: u32, position: u64) -> u64 {
        position.saturating_sub(self.nodes[node as usize].lag)
    }

    /// Filters that are behind are so no longer.
    pub(super) fn catch_up(&mut self) {
        for link in self.links.iter_mut().filter(|link| link.held > 0) {
            link.flush();
        }
        self.nodes.iter_mut().for_each(|node| node.lag = 0);
    }

    /// Counts a piece that was run. Whether something has come to its end, so that it is to be decided anew.
    pub(super) fn count(&mut self, position: u64, len: usize) -> bool {
        let len = len as u64;
        let mut is_due = self.is_pending && position.is_multiple_of(self.beat);
        is_due |= std::mem::take(&mut self.has_settled);
        for node in &mut self.nodes {
            if !node.is_active && !node.is_live {
                node.lag += len;
            }
        }
        for at in 0..self.links.len() {
            let room = self.links[at].room(&self.seats);
            let fade_len = self.fade_len;
            let link = &mut self.links[at];
            if link.is_written && !link.is_read {
                if room > 0 {
                    link.held += len.min(room);
                    is_due |= len >= room;
                } else {
                    link.dropped += len;
                }
            }
            let before = link.gain;
            // Up only while something is heard of it.
            link.gain = match (link.is_wanted, link.flows()) {
                (true, true) => (link.gain + len as u32).min(fade_len),
                (true, false) => link.gain,
                (false, _) => link.gain.saturating_sub(len as u32),
            };
            is_due |= before != link.gain && (link.gain == 0 || link.gain == fade_len);
            if link.is_written && !link.is_read {
                self.publish(at);
            }
        }
        is_due
    }

    /// Everything forgets what it held: the graph has stopped.
    pub(super) fn reset(&mut self) {
        for link in &mut self.links {
            link.flush();
            (link.dropped, link.has_gap, link.is_to_release) = (0, false, false);
        }
        self.nodes.iter_mut().for_each(|node| node.lag = 0);
    }

    /// Fades arrive at once, where nothing is heard.
    pub(super) fn jump(&mut self) {
        for link in &mut self.links {
            link.gain = if link.is_wanted { self.fade_len } else { 0 };
        }
    }

    /// Shows what a wire holds.
    pub(super) fn publish(&mut self, wire: usize) {
        let link = &mut self.links[wire];
        let Some(cell) = self.cells.wires.get(wire) else {
            return;
        };
        let waits = link.held / self.frame_len.max(1);
        cell.held.store(waits as u32, Ordering::Relaxed);
        cell.dropped.store(link.dropped, Ordering::Relaxed);
        cell.is_waiting
            .store(!link.is_read && link.held > 0, Ordering::Relaxed);
        cell.issued.store(link.issued, Ordering::Relaxed);
        let since = link.since.unwrap_or(u64::MAX);
        cell.since.store(since, Ordering::Release);
        let under_way = |seat: u32| match self.seats[seat as usize].state {
            State::Stop => 0,
            _ => link.stands,
        };
        let lies = link.queue.fill() + link.to_seat.map_or(0, under_way);
        // Records are many and far apart: none is touched that knows already.
        if std::mem::replace(&mut link.told, lies) == lies {
            return;
        }
        for seat in [link.from_seat, link.to_seat].into_iter().flatten() {
            if let Some(record) = self.records.get(seat as usize) {
                record.lie_on_wire(lies);
            }
        }
    }
}
