//! The sequencer in front of every MIDI miniport: orders events by time alone and holds each until it is due (DMU-2,
//! DMU-3).
//!
//! Equal times keep the order of arrival (SYN-6). Late ones are released at once and counted. It is bounded: its room
//! is made when it is opened, and what does not fit is counted and dropped, note-ons first, so that no note hangs.

use std::collections::VecDeque;

use crate::ks::{EVENT_CAPACITY, KernelEvent, sample_from_time};

/// An event and the wire it came by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrived {
    /// The event.
    pub event: KernelEvent,
    /// Identity of the connection.
    pub wire: u64,
}

/// Events that wait for their time.
pub struct Sequencer {
    waiting: VecDeque<Arrived>,
    room: usize,
    late: u32,
    dropped: u32,
}

impl Sequencer {
    /// Room for what `inputs` wires can bring in one cycle, and as much again for the future.
    pub fn new(inputs: usize) -> Self {
        let room = EVENT_CAPACITY * (inputs + 1);
        Self {
            waiting: VecDeque::with_capacity(room),
            room,
            late: 0,
            dropped: 0,
        }
    }

    /// Takes an event. Events that come in order of time cost nothing to sort.
    pub fn put(&mut self, arrived: Arrived) {
        let is_note_on = arrived.event.bytes()[0] & 0xF0 == 0x90;
        let room = if is_note_on {
            self.room - self.room / 8
        } else {
            self.room
        };
        if self.waiting.len() >= room {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let time = arrived.event.time;
        let is_last = self
            .waiting
            .back()
            .is_none_or(|last| last.event.time <= time);
        if is_last {
            self.waiting.push_back(arrived);
        } else {
            let place = self
                .waiting
                .partition_point(|waiting| waiting.event.time <= time);
            self.waiting.insert(place, arrived);
        }
    }

    /// The next event that is due before sample `position + len` of a stream at `rate_hz`, and its offset from
    /// `position`.
    pub fn release(&mut self, position: u64, len: usize, rate_hz: u32) -> Option<(Arrived, usize)> {
        let sample = sample_from_time(self.waiting.front()?.event.time, rate_hz);
        if sample >= position + len as u64 {
            return None;
        }
        if sample < position {
            self.late = self.late.saturating_add(1);
        }
        let offset = sample.saturating_sub(position) as usize;
        self.waiting.pop_front().map(|arrived| (arrived, offset))
    }

    /// Time itself is another: what waits comes by so much later.
    pub fn shift(&mut self, by: crate::ks::RefTime) {
        for waiting in &mut self.waiting {
            waiting.event = waiting.event.at(waiting.event.time + by);
        }
    }

    /// The stamp of the event that goes out next.
    pub fn next_time(&self) -> Option<crate::ks::RefTime> {
        self.waiting.front().map(|it| it.event.time)
    }

    /// Whether anything of a wire waits.
    pub fn holds(&self, wire: u64) -> bool {
        self.waiting.iter().any(|arrived| arrived.wire == wire)
    }

    /// Forgets what waits of a wire.
    pub fn forget(&mut self, wire: u64) {
        self.waiting.retain(|arrived| arrived.wire != wire);
    }

    /// Forgets everything (DMU-7: Stop).
    pub fn clear(&mut self) {
        self.waiting.clear();
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
mod tests {
    use super::*;
    use crate::ks::time_from_sample;

    fn event(sample: u64, key: u8) -> Arrived {
        let time = time_from_sample(sample, 48_000);
        Arrived {
            event: KernelEvent::new(time, &[0x90, key, 1]).unwrap(),
            wire: u64::from(key),
        }
    }

    fn released(sequencer: &mut Sequencer, position: u64, len: usize) -> Vec<(u8, usize)> {
        std::iter::from_fn(|| sequencer.release(position, len, 48_000))
            .map(|(arrived, offset)| (arrived.event.bytes()[1], offset))
            .collect()
    }

    #[test]
    fn order_is_by_time_and_equal_times_keep_their_order() {
        let mut sequencer = Sequencer::new(1);
        for (sample, key) in [(100, 1), (50, 2), (100, 3), (50, 4), (0, 5), (64, 6)] {
            sequencer.put(event(sample, key));
        }
        assert_eq!(released(&mut sequencer, 0, 64), [(5, 0), (2, 50), (4, 50)]);
        assert_eq!(released(&mut sequencer, 64, 64), [(6, 0), (1, 36), (3, 36)]);
        assert_eq!(sequencer.late(), 0);
    }

    #[test]
    fn what_is_late_comes_at_once_and_is_counted() {
        let mut sequencer = Sequencer::new(1);
        sequencer.put(event(10, 1));
        assert_eq!(released(&mut sequencer, 1000, 64), [(1, 0)]);
        assert_eq!(sequencer.late(), 1);
    }

    #[test]
    fn a_full_sequencer_drops_note_ons_before_anything_else() {
        let mut sequencer = Sequencer::new(1);
        for _ in 0..10_000 {
            sequencer.put(event(10, 1));
        }
        let held = sequencer.len();
        assert!(sequencer.dropped() > 0 && held < 8192);
        let off = KernelEvent::new(0, &[0x80, 1, 0]).unwrap();
        sequencer.put(Arrived {
            event: off,
            wire: 1,
        });
        assert_eq!(sequencer.len(), held + 1);
    }
}
