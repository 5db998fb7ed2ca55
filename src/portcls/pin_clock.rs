//! The clock on a pin of a card: its default clock, as an object (10.1).
//!
//! Physical time is what the card has asked for since it was opened, whether or not anything was there; presentation
//! time is what it has played of the stream. Both are the card's own: another card's clock drifts from them. Nothing
//! is published for it: it reads the ring's cursor.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};

use super::ring::Cursor;
use crate::ks::{Clock, RATE_UNITY, Reading, RefTime, State, time_from_sample};

/// How far beyond its last call a card is believed to have gone on.
const AHEAD: RefTime = 2_500_000;

/// The clock of a card.
pub(super) struct DeviceClock {
    cursor: Arc<Cursor>,
    rate_hz: u32,
    /// Tells the system's time.
    system: Arc<dyn Clock>,
    state: AtomicU8,
    /// Samples the card had taken when the stream began.
    zero: AtomicU64,
    /// The latest that anybody was told: physical and presentation time, and the latency clock.
    latest: [AtomicI64; 3],
}

impl DeviceClock {
    pub(super) fn new(cursor: Arc<Cursor>, rate_hz: u32, system: Arc<dyn Clock>) -> Self {
        Self {
            cursor,
            rate_hz,
            system,
            state: AtomicU8::new(State::Stop as u8),
            zero: AtomicU64::new(0),
            latest: [const { AtomicI64::new(0) }; 3],
        }
    }

    /// The pin steps to a state. On the audio thread.
    pub(super) fn enter(&self, state: State) {
        if state <= State::Acquire {
            // What is still in the ring is of the old stream.
            self.zero.store(self.cursor.written(), Ordering::Relaxed);
            self.latest[1].store(0, Ordering::Relaxed);
            self.latest[2].store(0, Ordering::Relaxed);
        }
        if state == State::Pause {
            // What is told from here on is what was heard up to here.
            self.reading();
        }
        self.state.store(state as u8, Ordering::Release);
    }

    fn never_back(&self, which: usize, time: RefTime) -> RefTime {
        self.latest[which]
            .fetch_max(time, Ordering::Relaxed)
            .max(time)
    }
}

impl Clock for DeviceClock {
    fn now(&self) -> RefTime {
        self.reading().time
    }

    fn system(&self) -> RefTime {
        self.system.system()
    }

    fn reading(&self) -> Reading {
        let state = State::from_number(self.state.load(Ordering::Acquire));
        let call = self.cursor.call();
        let system = self.system.system();
        let since = (system - call.at).clamp(0, AHEAD);
        let physical = time_from_sample(call.asked, self.rate_hz) + since;
        let period = time_from_sample(self.cursor.period().max(1) as u64, self.rate_hz);
        let mut reading = Reading {
            physical: self.never_back(0, physical),
            system,
            granularity: time_from_sample(1, self.rate_hz) + 1,
            error: period,
            state,
            rate_permille: RATE_UNITY,
            ..Reading::default()
        };
        if state < State::Pause {
            return reading;
        }
        let zero = self.zero.load(Ordering::Relaxed);
        // What a call takes is played after it.
        let ahead = self.cursor.period() as u64 + self.cursor.latency() as u64;
        let heard = call.taken.saturating_sub(ahead + zero);
        let mut time = time_from_sample(heard, self.rate_hz);
        // A ring that is empty plays nothing more.
        if state == State::Run && heard > 0 {
            time += since.min(period);
        }
        reading.time = match state {
            State::Run => self.never_back(1, time),
            _ => self.latest[1].load(Ordering::Relaxed),
        };
        let promised = self.cursor.written().saturating_sub(zero);
        let promised = time_from_sample(promised, self.rate_hz).max(reading.time);
        reading.latency = match state {
            State::Run => self.never_back(2, promised.max(reading.time + period)),
            _ => self.never_back(2, promised),
        };
        reading
    }
}
