//! What a UART's bytes go into: the hardware as the miniport sees it, and a simulated one of the speed of a MIDI cable.

use std::collections::VecDeque;

use crate::ks::{REF_TIMES_PER_SECOND, RefTime};

/// Bytes a second on a MIDI cable: 31 250 bit/s, ten bits each.
pub const BYTES_PER_SECOND: i64 = 3_125;
/// How long a byte is on its way.
pub const BYTE_TIME: RefTime = REF_TIMES_PER_SECOND / BYTES_PER_SECOND;
/// Bytes that the simulated hardware takes ahead of the cable.
const AHEAD: usize = 16;

/// The hardware of a UART, output side.
pub trait Uart {
    /// How many bytes it would take now.
    fn room(&self) -> usize;

    /// Takes what it has room for, from the first on; how many that were.
    fn write(&mut self, bytes: &[u8]) -> usize;
}

/// A byte that has come out of the cable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    /// When its last bit was there.
    pub time: RefTime,
    /// The byte.
    pub byte: u8,
}

/// A simulated UART with a cable: one byte every 320 µs, and no faster. It has no clock; time is handed in.
pub struct Cable {
    now: RefTime,
    /// When the byte that was written last has left.
    free: RefTime,
    /// Nothing is plugged in that would take a byte.
    is_blocked: bool,
    sent: VecDeque<Sent>,
}

impl Default for Cable {
    fn default() -> Self {
        Self {
            now: 0,
            free: 0,
            is_blocked: false,
            sent: VecDeque::with_capacity(AHEAD),
        }
    }
}

impl Cable {
    /// Time has come that far; it never goes back.
    pub fn advance(&mut self, now: RefTime) {
        self.now = self.now.max(now);
    }

    /// The time it has come to.
    pub fn now(&self) -> RefTime {
        self.now
    }

    /// Nothing is on it any more, and time begins anew.
    pub fn restart(&mut self, now: RefTime) {
        self.sent.clear();
        (self.now, self.free) = (now, now);
    }

    /// Time itself is another: what is on its way comes by so much later.
    pub fn shift(&mut self, by: RefTime) {
        self.now += by;
        self.free += by;
        for sent in &mut self.sent {
            sent.time += by;
        }
    }

    /// Whether it takes nothing any more.
    pub fn block(&mut self, is_blocked: bool) {
        self.is_blocked = is_blocked;
    }

    /// The next byte that has come out by now, in order.
    pub fn take(&mut self) -> Option<Sent> {
        let is_there = self.sent.front().is_some_and(|sent| sent.time <= self.now);
        is_there.then(|| self.sent.pop_front()).flatten()
    }

    /// When the next byte comes out, if one is on its way.
    pub fn next_time(&self) -> Option<RefTime> {
        self.sent.front().map(|sent| sent.time)
    }

    /// Whether nothing is on its way.
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Bytes that are not gone yet.
    fn on_their_way(&self) -> usize {
        let left = (self.free - self.now).max(0) as u64;
        left.div_ceil(BYTE_TIME as u64) as usize
    }
}

impl Uart for Cable {
    fn room(&self) -> usize {
        if self.is_blocked {
            return 0;
        }
        // What was not fetched at the other end holds the cable up as well.
        let behind = self.on_their_way().max(self.sent.len());
        AHEAD.saturating_sub(behind)
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        for &byte in &bytes[..count] {
            self.free = self.free.max(self.now) + BYTE_TIME;
            self.sent.push_back(Sent {
                time: self.free,
                byte,
            });
        }
        count
    }
}
