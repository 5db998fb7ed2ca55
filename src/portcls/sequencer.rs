//! The sequencer in front of every MIDI miniport: orders events by time alone and holds each until it is due (DMU-2,
//! DMU-3).
//!
//! Equal times keep the order of arrival (SYN-6), and what is joined stays together: a package goes out whole, at the
//! time of its first element (EVN-2). Late ones are released at once and counted. It is bounded: its room is made when
//! it is opened, and what does not fit is counted and dropped, note-ons first, so that no note hangs. Order is kept in a
//! heap, so a million events that wait cost twenty steps each.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::ks::{EVENT_CAPACITY, KernelEvent, RefTime, sample_from_time};

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
        }
    }

    /// The same for a miniport that wants events so long before their time: 0 is exactly then, and what is longer than
    /// any stamp is at once (DMU-3).
    pub fn prefetch(mut self, prefetch: RefTime) -> Self {
        self.prefetch = prefetch.max(0);
        self
    }

    /// Takes an event.
    pub fn put(&mut self, arrived: Arrived) {
        let continued = self.run.filter(|run| run.wire == arrived.wire);
        let time = continued.map_or(arrived.event.time, |run| run.time);
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
        });
        self.arrivals += 1;
    }

    /// The next event that is due before sample `position + len` of a stream at `rate_hz`, and its offset from
    /// `position`. With a prefetch it may lie behind the end.
    pub fn release(&mut self, position: u64, len: usize, rate_hz: u32) -> Option<(Arrived, usize)> {
        let first = self.waiting.peek()?;
        let due = first.time.saturating_sub(self.prefetch);
        if sample_from_time(due, rate_hz) >= position + len as u64 {
            return None;
        }
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
    }

    /// Forgets everything (DMU-7: Stop).
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.run = None;
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
    use crate::ks::{event_flag, time_from_sample};

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

    fn put_all(sequencer: &mut Sequencer, wire: u64, events: &[KernelEvent]) {
        for event in events {
            sequencer.put(Arrived {
                event: *event,
                wire,
            });
        }
    }

    #[test]
    fn dmu_2_order_is_by_time_and_equal_times_keep_their_order() {
        let mut sequencer = Sequencer::new(1);
        for (sample, key) in [(100, 1), (50, 2), (100, 3), (50, 4), (0, 5), (64, 6)] {
            sequencer.put(event(sample, key));
        }
        assert_eq!(released(&mut sequencer, 0, 64), [(5, 0), (2, 50), (4, 50)]);
        assert_eq!(released(&mut sequencer, 64, 64), [(6, 0), (1, 36), (3, 36)]);
        assert_eq!(sequencer.late(), 0);
    }

    #[test]
    fn dmu_2_a_crowd_of_one_time_keeps_its_order() {
        let mut sequencer = Sequencer::new(1);
        for key in 0..100 {
            sequencer.put(event(500, 99 - key));
            sequencer.put(event(7, key));
        }
        let first: Vec<u8> = released(&mut sequencer, 0, 64)
            .iter()
            .map(|it| it.0)
            .collect();
        assert_eq!(first, (0..100).collect::<Vec<u8>>());
        let second: Vec<u8> = released(&mut sequencer, 0, 600)
            .iter()
            .map(|it| it.0)
            .collect();
        assert_eq!(second, (0..100).rev().collect::<Vec<u8>>());
    }

    #[test]
    fn dmu_3_what_is_late_comes_at_once_and_is_counted() {
        let mut sequencer = Sequencer::new(1);
        sequencer.put(event(10, 1));
        assert_eq!(released(&mut sequencer, 1000, 64), [(1, 0)]);
        assert_eq!(sequencer.late(), 1);
    }

    #[test]
    fn dmu_3_events_are_held_until_they_are_due_less_the_prefetch() {
        // When, in cycles of 64 samples, an event of sample 1 000 comes out.
        let comes = |prefetch: RefTime| {
            let mut sequencer = Sequencer::new(1).prefetch(prefetch);
            sequencer.put(event(1_000, 1));
            (0..20_u64).map(|cycle| cycle * 64).find_map(|position| {
                Some((position, released(&mut sequencer, position, 64).first()?.1))
            })
        };
        assert_eq!(comes(0), Some((960, 40)), "exactly when it is due");
        // 5 ms are 240 samples.
        assert_eq!(comes(50_000), Some((704, 296)));
        assert_eq!(comes(RefTime::MAX), Some((0, 1_000)), "at once");
    }

    #[test]
    fn evn_2_a_package_goes_out_whole_at_the_time_of_its_first_element() {
        let at = |sample: u64, key: u8| event(sample, key).event;
        let package = [
            at(100, 1).packaged(false),
            at(5, 2).packaged(false),
            at(900, 3).packaged(true),
        ];
        let mut sequencer = Sequencer::new(2);
        put_all(&mut sequencer, 1, &[at(100, 10)]);
        put_all(&mut sequencer, 2, &package);
        put_all(&mut sequencer, 1, &[at(100, 11), at(101, 12), at(99, 13)]);
        assert_eq!(released(&mut sequencer, 0, 64), []);
        let out: Vec<u8> = released(&mut sequencer, 64, 64)
            .iter()
            .map(|it| it.0)
            .collect();
        assert_eq!(out, [13, 10, 1, 2, 3, 11, 12]);
        assert_eq!(sequencer.late(), 0);
        assert_eq!(package[0].flags(), event_flag::PACKAGE);
    }

    #[test]
    fn evn_1_system_exclusive_of_two_sources_is_not_mixed_up() {
        let long = |id: u8| -> Vec<u8> {
            let inside = std::iter::repeat_n(id, 50);
            std::iter::once(0xF0).chain(inside).chain([0xF7]).collect()
        };
        let mut sequencer = Sequencer::new(2);
        for id in [1, 2] {
            let pieces: Vec<KernelEvent> = KernelEvent::whole(0, &long(id)).collect();
            put_all(&mut sequencer, u64::from(id), &pieces);
        }
        let mut out = vec![];
        while let Some((arrived, _)) = sequencer.release(0, 64, 48_000) {
            out.extend(arrived.event.bytes().to_vec());
        }
        assert_eq!(out, [long(1), long(2)].concat());
    }

    #[test]
    fn evn_3_channel_groups_and_stamps_go_out_as_they_came() {
        let mut sequencer = Sequencer::new(1);
        for group in [0, 1, 7] {
            let mut arrived = event(10, group as u8);
            arrived.event.channel_group = group;
            sequencer.put(arrived);
        }
        let out = std::iter::from_fn(|| sequencer.release(0, 64, 48_000));
        let out: Vec<(u16, RefTime)> = out
            .map(|it| (it.0.event.channel_group, it.0.event.time))
            .collect();
        let time = time_from_sample(10, 48_000);
        assert_eq!(
            out,
            [(0, time), (1, time), (7, time)],
            "DMU-3a: the stamp stays"
        );
    }

    #[test]
    fn dmu_7_stop_takes_everything_back_and_a_wire_its_own() {
        let mut sequencer = Sequencer::new(1);
        for key in 1..5 {
            sequencer.put(event(100, key % 2));
        }
        sequencer.forget(1);
        assert!(sequencer.holds(0) && !sequencer.holds(1));
        assert_eq!(sequencer.len(), 2);
        sequencer.clear();
        assert!(sequencer.is_empty());
        assert_eq!(released(&mut sequencer, 0, 1_000), []);
    }

    #[test]
    fn time_that_jumps_takes_what_waits_with_it() {
        let mut sequencer = Sequencer::new(1);
        for (sample, key) in [(1_100, 1), (1_050, 2)] {
            sequencer.put(event(sample, key));
        }
        sequencer.shift(-time_from_sample(1_000, 48_000));
        assert_eq!(released(&mut sequencer, 0, 128), [(2, 50), (1, 100)]);
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

    #[test]
    fn a_run_that_finds_no_room_is_dropped_whole() {
        let mut sequencer = Sequencer::with_room(16);
        let long = [&[0xF0][..], &[1; 200], &[0xF7]].concat();
        for _ in 0..15 {
            sequencer.put(event(10, 1));
        }
        let pieces: Vec<KernelEvent> = KernelEvent::whole(0, &long).collect();
        put_all(&mut sequencer, 3, &pieces);
        assert_eq!((sequencer.len(), sequencer.holds(3)), (14, false));
        assert_eq!(sequencer.dropped(), 1 + pieces.len() as u32);
        put_all(&mut sequencer, 3, &pieces[..1]);
        assert!(sequencer.holds(3), "there is room for a short one");
    }
}
