//! The audio thread's end of a MIDI output: what is due goes onto the ring with the time at which it is to be heard.
//!
//! A cycle knows events by the graph's position, which jumps; the port's thread waits by the graph clock, which does not.
//! So a stamp is put into the clock's time here, where both are known.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rtrb::Producer;

use super::{Line, Parcel};
use crate::ks::{Clock, KernelEvent, RefTime, State, Wave, time_from_sample};
use crate::portcls::{Mxf, SynthSink};

/// What a DMus port hands to a device outside: see the module's header.
pub struct Outgoing {
    ring: Producer<Parcel>,
    clock: Arc<dyn Clock>,
    line: Arc<Line>,
    rate_hz: u32,
    quantum: RefTime,
    /// The graph's position at the beginning of the cycle, as time.
    start: RefTime,
    /// From the graph's position to the time that the clock counts.
    shift: Option<RefTime>,
    /// A part of what comes found no room: nothing of it is sent.
    is_broken: bool,
    is_joined: bool,
    state: State,
}

impl Outgoing {
    pub(super) fn new(
        ring: Producer<Parcel>,
        clock: Arc<dyn Clock>,
        line: Arc<Line>,
        (rate_hz, max_len): (u32, usize),
    ) -> Self {
        Self {
            ring,
            clock,
            line,
            rate_hz,
            quantum: time_from_sample(max_len as u64, rate_hz),
            start: 0,
            shift: None,
            is_broken: false,
            is_joined: false,
            state: State::Stop,
        }
    }

    /// What both sides know.
    pub fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// A cycle of `len` samples begins, and events are to be heard by `delay` later than the sound they go with.
    pub fn begin(&mut self, position: u64, len: usize, delay: RefTime) {
        self.line.delay.store(delay, Ordering::Relaxed);
        self.start = time_from_sample(position, self.rate_hz);
        let end = time_from_sample(position + len as u64, self.rate_hz);
        let Some(made) = self.clock.made() else {
            self.shift = Some(0);
            return;
        };
        // Of a cycle that is cut into pieces only the last gives it exactly; the others give too much.
        let now = made - end;
        let before = self.shift.unwrap_or(now);
        let is_far = now > before + 4 * self.quantum;
        self.shift = Some(if is_far { now } else { before.min(now) });
    }

    /// The graph's position is another one, and what is heard goes on: by so much later than it would have been.
    pub fn jump(&mut self, by: RefTime) {
        self.shift = self.shift.map(|shift| shift - by);
    }

    /// Takes a state of the filter. What sounds outside is released where time stands still.
    pub fn enter(&mut self, state: State) {
        if state == State::Pause && self.state == State::Run {
            self.line.rests.fetch_add(1, Ordering::AcqRel);
        }
        self.state = state;
        self.line
            .is_running
            .store(state == State::Run, Ordering::Release);
        self.line.wake();
    }
}

impl Mxf for Outgoing {
    fn put(&mut self, event: &KernelEvent, offset: usize) {
        // A cable has one group of sixteen channels (UAR-5).
        if event.channel_group > 1 {
            return;
        }
        let continues = std::mem::replace(&mut self.is_joined, event.is_joined());
        self.is_broken &= continues;
        let time = self.start + time_from_sample(offset as u64, self.rate_hz);
        let event = event.at(time + self.shift.unwrap_or(0));
        let run = self.line.run.load(Ordering::Relaxed);
        let is_sent = !self.is_broken && self.ring.push(Parcel { event, run }).is_ok();
        if !is_sent {
            self.is_broken = true;
            self.line.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl SynthSink for Outgoing {
    /// It sounds elsewhere.
    fn render(&mut self, _: &mut Wave, _: Range<usize>) {}

    fn silence(&mut self) {
        self.line.run.fetch_add(1, Ordering::AcqRel);
        (self.shift, self.is_broken, self.is_joined) = (None, false, false);
        self.line.wake();
    }

    fn sounding(&self) -> usize {
        0
    }
}
