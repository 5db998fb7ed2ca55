//! The capture side of MIDI: live events off a ring, or a feed in their place, onto an events pin.
//!
//! *Steady* (the default): live events are stamped with their arrival plus two quanta, a constant, so that the jitter of
//! what sounds is that of the arrival and not of the cycles. What arrives in one cycle is seen by the next, so one quantum
//! is needed and the other is room for a late wake-up. *Earliest*: the first sample that is not promised yet, which is that
//! of the next cycle. Notes that are down when the stream breaks off are released.

use std::sync::Arc;

use rtrb::{Consumer, Producer, RingBuffer};

use super::listen::Link;
use crate::ks::{
    Clock, Flow, Held, Io, KernelEvent, Opening, Output, Processor, RefTime, Seek, State,
    sample_from_time, time_from_sample,
};

/// Live events that may wait for the next cycle.
const LIVE_EVENTS: usize = 1 << 14;

/// How far ahead of a cycle a stamp may be because a device takes many cycles at once, or because one comes late.
const AHEAD: RefTime = 2_500_000;

/// The processor behind every source of notes. Its first output carries events.
pub struct Capture {
    from: From,
    held: Held,
    is_ended: bool,
}

enum From {
    Feed {
        events: Arc<[KernelEvent]>,
        next: usize,
    },
    Live(Live),
}

struct Live {
    ring: Consumer<KernelEvent>,
    link: Option<Arc<Link>>,
    was_there: bool,
    /// It was there once and is not now: what was still on its way when it went is ended too.
    is_gone: bool,
    /// Messages of the link that found no room, as last seen: among them may be the ends of notes.
    lost: u32,
    is_flooded: bool,
    clock: Arc<dyn Clock>,
    quantum: RefTime,
    /// The first sample not yet promised, instead of a constant distance.
    is_earliest: bool,
    /// From the time the clock counts to the graph's position.
    shift: Option<RefTime>,
    last: RefTime,
    /// What comes next belongs to what came last.
    is_joined: bool,
    /// Events that came while the graph stood: notes among them are not begun.
    stale: usize,
    state: State,
}

impl Capture {
    /// Plays a feed, from the beginning of each run, and ends with it.
    pub fn feed(events: Arc<[KernelEvent]>) -> Self {
        Self {
            from: From::Feed { events, next: 0 },
            held: Held::default(),
            is_ended: false,
        }
    }

    /// What a source of notes plays where nobody plays it: its feed, or in a render nothing, so that the stream ends
    /// before it begins. `None` when it is to be opened live.
    pub fn unattended(opening: &Opening<'_>) -> Option<Self> {
        match &opening.feed {
            Some(feed) => Some(Self::feed(feed.clone())),
            None if opening.live => None,
            None => Some(Self::feed(Arc::from([]))),
        }
    }

    /// Plays what is put in the ring whose other end is returned. With a link, notes are released when it breaks.
    pub fn live(opening: &Opening<'_>, link: Option<Arc<Link>>) -> (Self, Producer<KernelEvent>) {
        let (entry, ring) = RingBuffer::new(LIVE_EVENTS);
        let quantum = time_from_sample(opening.max_len as u64, opening.rate_hz);
        let live = Live {
            ring,
            link,
            was_there: false,
            is_gone: false,
            lost: 0,
            is_flooded: false,
            clock: opening.clock.clone(),
            quantum,
            is_earliest: false,
            shift: None,
            last: 0,
            is_joined: false,
            stale: 0,
            state: State::Stop,
        };
        let capture = Self {
            from: From::Live(live),
            held: Held::default(),
            is_ended: false,
        };
        (capture, entry)
    }

    /// Whether live events sound at the first sample that is not promised yet, instead of after a constant time.
    pub fn set_earliest(&mut self, is_earliest: bool) {
        if let From::Live(live) = &mut self.from {
            live.is_earliest = is_earliest;
        }
    }
}

impl Processor for Capture {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let start = io.time();
        let (position, len, rate_hz) = (io.position, io.len, io.rate_hz);
        let Some(output) = io.outputs.first_mut() else {
            return Flow::Running;
        };
        match &mut self.from {
            From::Feed { events, next } => {
                let end = position + len as u64;
                while let Some(event) = events.get(*next)
                    && sample_from_time(event.time, rate_hz) < end
                    && give(output, &mut self.held, *event)
                {
                    *next += 1;
                }
                if *next < events.len() {
                    return Flow::Running;
                }
                let last = events.last().map_or(0, |event| event.time).max(start);
                release(output, &mut self.held, last);
                self.is_ended |= self.held.is_empty();
            }
            From::Live(live) => {
                live.follow(start, time_from_sample(len as u64, rate_hz));
                live.process(output, &mut self.held, start);
            }
        }
        if self.is_ended {
            Flow::Ended
        } else {
            Flow::Running
        }
    }

    /// A feed goes on from there; what is played by hand is played now, wherever now is.
    fn seek(&mut self, seek: Seek) -> bool {
        if let From::Feed { events, next } = &mut self.from {
            // The wire behind has let them go.
            self.held = Held::default();
            self.is_ended = false;
            *next = events.partition_point(|it| sample_from_time(it.time, seek.rate_hz) < seek.to);
        }
        if let From::Live(live) = &mut self.from
            && let Some(shift) = &mut live.shift
        {
            let by = |sample| time_from_sample(sample, seek.rate_hz);
            *shift += by(seek.to) - by(seek.from);
            live.last = 0;
        }
        true
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            // Whoever sounds these notes is stopped as well.
            self.held = Held::default();
            self.is_ended = false;
        }
        match &mut self.from {
            From::Feed { next, .. } if state == State::Stop => *next = 0,
            From::Feed { .. } => {}
            From::Live(live) => live.enter(state),
        }
    }
}

impl Live {
    fn process(&mut self, output: &mut Output, held: &mut Held, start: RefTime) {
        if let Some(link) = &self.link {
            let is_there = link.is_there();
            self.is_gone = !is_there && (self.is_gone || self.was_there);
            self.was_there = is_there;
        }
        while let Ok(event) = self.ring.peek().copied() {
            let is_stale = self.stale > 0;
            let is_note_on = matches!(event.bytes(), [0x90..=0x9F, _, velocity] if *velocity > 0);
            if !(is_stale && is_note_on) {
                let time = self.stamp(event.time, start);
                if !give(output, held, event.at(time)) {
                    return;
                }
                self.is_joined = event.is_joined();
            }
            self.stale = self.stale.saturating_sub(1);
            // It is there: it was looked at.
            let _ = self.ring.pop();
        }
        if let Some(link) = &self.link {
            let lost = link.lost();
            self.is_flooded |= std::mem::replace(&mut self.lost, lost) != lost;
        }
        if self.is_gone || self.is_flooded {
            // Behind all that came, which may be due later than now. Notes that are held in truth are begun anew by hand; none
            // hangs.
            release(output, held, self.last.max(start));
            self.is_flooded &= !held.is_empty();
        }
    }

    /// Follows where the graph's position is in the time that the clock counts.
    fn follow(&mut self, start: RefTime, len: RefTime) {
        let Some(made) = self.clock.made() else {
            return;
        };
        // Of a cycle that is cut into pieces only the last gives it exactly; the others give too little.
        let now = start + len - made;
        let before = self.shift.unwrap_or(now);
        let is_far = now + 4 * self.quantum < before;
        self.shift = Some(if is_far { now } else { before.max(now) });
    }

    /// When an event sounds that arrived at `arrival` (0: just now), in a cycle that begins at `start`.
    fn stamp(&mut self, arrival: RefTime, start: RefTime) -> RefTime {
        let least = self.last.max(start);
        let holds = self.link.as_ref().map_or(0, |link| link.holds());
        let steady = arrival + self.shift.unwrap_or(0) + 2 * self.quantum + holds;
        // Beyond that the clock was set back meanwhile.
        let most = start + 3 * self.quantum + holds + AHEAD;
        let is_sound = self.last <= most;
        let time = if !is_sound {
            start
        } else if arrival == 0 || self.is_earliest || self.is_joined {
            // A part of a message comes with the part before it.
            least
        } else if steady > most {
            least.max(start + self.quantum)
        } else {
            // Never overtakes the one before it.
            steady.max(least)
        };
        self.last = time;
        time
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            while self.ring.pop().is_ok() {}
            (self.last, self.shift) = (0, None);
            (self.was_there, self.is_gone) = (false, false);
            self.is_joined = false;
        }
        if state == State::Run && self.state == State::Pause {
            self.stale = self.ring.slots();
        }
        self.state = state;
    }
}

fn give(output: &mut Output, held: &mut Held, event: KernelEvent) -> bool {
    let is_taken = output.payload.push_event(event);
    if is_taken {
        held.follow(event.bytes());
    }
    is_taken
}

fn release(output: &mut Output, held: &mut Held, time: RefTime) {
    held.release(|message| {
        KernelEvent::new(time, &message).is_some_and(|event| output.payload.push_event(event))
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::super::listen::Ear;
    use super::*;
    use crate::ks::{Descriptor, Inputs, OpenPin, Payload, PinFactory, Settings, Waker};

    struct Standing;

    impl Clock for Standing {
        fn now(&self) -> RefTime {
            0
        }
    }

    /// A clock of which it is said how far the cycles are.
    #[derive(Default)]
    struct Counting(AtomicI64);

    impl Clock for Counting {
        fn now(&self) -> RefTime {
            0
        }

        fn made(&self) -> Option<RefTime> {
            Some(self.0.load(Ordering::Relaxed))
        }
    }

    const PINS: &[PinFactory] = &[PinFactory::output("notes", &[])];
    static DESCRIPTOR: Descriptor = Descriptor::new("test", "Test", &[], PINS, &[]);
    const QUANTUM: u64 = 480;
    /// 480 samples at 48 kHz.
    const QUANTUM_TIME: RefTime = 100_000;

    struct Bench {
        capture: Capture,
        entry: Producer<KernelEvent>,
        position: u64,
        elapsed: u64,
        clock: Arc<Counting>,
    }

    impl Bench {
        fn new(link: Option<Arc<Link>>) -> Self {
            let values = BTreeMap::new();
            let pins: [OpenPin; 0] = [];
            let clock = Arc::new(Counting::default());
            let (mut capture, entry) = Capture::live(
                &Opening {
                    descriptor: &DESCRIPTOR,
                    settings: Settings {
                        values: &values,
                        base: None,
                    },
                    rate_hz: 48_000,
                    max_len: QUANTUM as usize,
                    pins: &pins,
                    live: true,
                    clock: clock.clone(),
                    waker: Waker::default(),
                    feed: None,
                    drives: false,
                    memory: None,
                },
                link,
            );
            for state in [State::Acquire, State::Pause, State::Run] {
                capture.enter(state);
            }
            Self {
                capture,
                entry,
                position: 0,
                elapsed: 0,
                clock,
            }
        }

        fn press(&mut self, time: RefTime, bytes: &[u8]) {
            let event = KernelEvent::new(time, bytes).unwrap();
            self.entry.push(event).unwrap();
        }

        fn cycle(&mut self) -> Vec<KernelEvent> {
            let mut outputs = [Output {
                payload: Payload::Events(Vec::with_capacity(64)),
                is_connected: true,
                ..Output::default()
            }];
            let mut io = Io {
                len: QUANTUM as usize,
                position: self.position,
                rate_hz: 48_000,
                values: &[],
                inputs: Inputs::new(&[], &[], &[]),
                outputs: &mut outputs,
                gate: (1.0, 1.0),
            };
            self.elapsed += QUANTUM;
            let made = time_from_sample(self.elapsed, 48_000);
            self.clock.0.store(made, Ordering::Relaxed);
            assert_eq!(self.capture.process(&mut io), Flow::Running);
            self.position += QUANTUM;
            outputs[0].payload.events().to_vec()
        }
    }

    const ON: [u8; 3] = [0x90, 60, 100];

    #[test]
    fn steady_is_arrival_plus_two_quanta_from_the_first_event_on() {
        let mut bench = Bench::new(None);
        bench.cycle();
        for arrival in [12_345, 50_000, 99_999] {
            bench.press(arrival, &ON);
        }
        let times: Vec<RefTime> = bench.cycle().iter().map(|event| event.time).collect();
        assert_eq!(times, [212_345, 250_000, 299_999]);
        // One that is seen a cycle late is still in time.
        bench.press(150_000, &ON);
        bench.press(250_000, &ON);
        let times: Vec<RefTime> = bench.cycle().iter().map(|event| event.time).collect();
        assert_eq!(times, [350_000, 450_000]);
        // One that comes too late for that sounds at once.
        bench.press(50_000, &ON);
        assert_eq!(bench.cycle()[0].time, 450_000, "none overtakes another");
    }

    #[test]
    fn steady_waits_for_what_a_port_holds_back() {
        let link = Arc::new(Link::default());
        link.set_there(true);
        link.set_holds(150_000);
        let mut bench = Bench::new(Some(link));
        for _ in 0..3 {
            bench.cycle();
        }
        // Handed on a quantum and a half after they came, two of them.
        for arrival in [100_000, 150_000, 280_000] {
            bench.press(arrival, &ON);
        }
        let times: Vec<RefTime> = bench.cycle().iter().map(|event| event.time).collect();
        assert_eq!(times, [450_000, 500_000, 630_000]);
    }

    #[test]
    fn steady_keeps_distances_wherever_the_graph_is() {
        for (to, flushes) in [(48_000 * 60, true), (0, false), (1_000, true)] {
            let mut bench = Bench::new(None);
            for _ in 0..20 {
                bench.cycle();
            }
            let from = bench.position;
            bench.capture.seek(Seek {
                from,
                to,
                rate_hz: 48_000,
                flushes,
            });
            bench.position = to;
            let begins = time_from_sample(bench.elapsed, 48_000);
            for arrival in [-99_000, -55_555, -1] {
                bench.press(begins + arrival, &ON);
            }
            let there = time_from_sample(to, 48_000);
            let times: Vec<RefTime> = bench.cycle().iter().map(|it| it.time - there).collect();
            assert_eq!(times, [101_000, 144_445, 199_999]);
        }
    }

    #[test]
    fn earliest_is_the_first_sample_of_the_next_cycle() {
        let mut bench = Bench::new(None);
        bench.capture.set_earliest(true);
        bench.cycle();
        for arrival in [12_345, 50_000, 99_999] {
            bench.press(arrival, &ON);
        }
        let times: Vec<RefTime> = bench.cycle().iter().map(|event| event.time).collect();
        assert_eq!(times, [QUANTUM_TIME; 3]);
    }

    #[test]
    fn system_exclusive_of_any_length_comes_in_whole() {
        let link = Arc::new(Link::default());
        link.set_there(true);
        let mut bench = Bench::new(Some(link.clone()));
        let (entry, _) = RingBuffer::new(1);
        let entry = std::mem::replace(&mut bench.entry, entry);
        let mut ear = Ear::new(entry, Arc::new(Standing), link.clone());
        let long = [&[0xF0][..], &[5; 3_000], &[0xF7]].concat();
        ear.hear(&ON);
        ear.hear(&long);
        // What does not fit whole is not begun.
        ear.hear(&[7; 8 * LIVE_EVENTS]);
        ear.hear(&ON);
        assert_eq!(link.lost(), 1);
        let mut heard = vec![];
        // A frame holds 64 events here: the message goes on in the next one.
        for _ in 0..10 {
            heard.extend(bench.cycle());
        }
        let bytes: Vec<u8> = heard.iter().flat_map(|it| it.bytes().to_vec()).collect();
        assert_eq!(bytes[..3], ON);
        assert_eq!(bytes[3..3 + long.len()], long);
        let pieces = &heard[1..1 + long.len().div_ceil(8)];
        let joined = pieces.iter().filter(|it| it.is_joined()).count();
        assert_eq!(joined, pieces.len() - 1);
        assert!(heard.is_sorted_by_key(|event| event.time));
        // A lost message may have been the end of a note: what is down is released.
        assert_eq!(heard.last().unwrap().bytes(), [0x80, 60, 64]);
    }

    #[test]
    fn an_event_without_a_stamp_sounds_at_the_beginning_of_the_cycle() {
        let mut bench = Bench::new(None);
        bench.cycle();
        bench.press(0, &ON);
        assert_eq!(bench.cycle()[0].time, QUANTUM_TIME);
    }

    #[test]
    fn notes_are_released_when_the_input_goes_away() {
        let link = Arc::new(Link::default());
        link.set_there(true);
        let mut bench = Bench::new(Some(link.clone()));
        bench.press(0, &ON);
        assert_eq!(bench.cycle().len(), 1);
        link.set_there(false);
        assert_eq!(bench.cycle()[0].bytes(), [0x80, 60, 64]);
        assert_eq!(bench.cycle(), []);
    }

    #[test]
    fn what_was_on_its_way_when_the_input_went_is_ended_behind_its_beginning() {
        let link = Arc::new(Link::default());
        link.set_there(true);
        let mut bench = Bench::new(Some(link.clone()));
        bench.cycle();
        let release = [0x80, 60, 64];
        let seen = |heard: Vec<KernelEvent>| -> Vec<(RefTime, Vec<u8>)> {
            let each = heard.iter().map(|it| (it.time, it.bytes().to_vec()));
            each.collect()
        };
        // Given already, and due two quanta later.
        bench.press(QUANTUM_TIME, &ON);
        let due = 3 * QUANTUM_TIME;
        assert_eq!(seen(bench.cycle()), [(due, ON.to_vec())]);
        link.set_there(false);
        assert_eq!(seen(bench.cycle()), [(due, release.to_vec())]);
        // Heard before it went, and even after: the port is still being closed.
        for _ in 0..2 {
            bench.press(0, &ON);
            let heard = seen(bench.cycle());
            assert_eq!(heard.len(), 2);
            assert_eq!((&heard[0].1[..], &heard[1].1[..]), (&ON[..], &release[..]));
            assert!(heard[0].0 <= heard[1].0);
        }
        assert_eq!(bench.cycle(), []);
        link.set_there(true);
        bench.press(0, &ON);
        assert_eq!(bench.cycle().len(), 1, "it is back, and held");
    }

    #[test]
    fn notes_begun_while_the_graph_stood_are_left_out_and_releases_are_not() {
        let mut bench = Bench::new(None);
        bench.press(0, &ON);
        bench.cycle();
        bench.capture.enter(State::Pause);
        bench.press(0, &[0x80, 60, 0]);
        bench.press(0, &[0x90, 61, 100]);
        bench.capture.enter(State::Run);
        let heard = bench.cycle();
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].bytes(), [0x80, 60, 0]);
        bench.capture.enter(State::Stop);
        bench.press(0, &ON);
        assert_eq!(bench.cycle().len(), 1);
    }

    #[test]
    fn a_full_ring_is_counted_and_leaves_no_note_hanging() {
        let link = Arc::new(Link::default());
        link.set_there(true);
        let mut bench = Bench::new(Some(link.clone()));
        let (entry, _) = RingBuffer::new(1);
        let entry = std::mem::replace(&mut bench.entry, entry);
        let mut ear = Ear::new(entry, Arc::new(Standing), link.clone());
        // Every end of a note comes when the ring is full.
        for _ in 0..LIVE_EVENTS {
            ear.hear(&ON);
        }
        for _ in 0..3_000 {
            ear.hear(&[0x80, 60, 0]);
        }
        assert_eq!(link.lost(), 3_000);
        let mut heard = vec![];
        for _ in 0..2 * LIVE_EVENTS / 64 {
            heard.extend(bench.cycle());
        }
        assert_eq!(heard.len(), LIVE_EVENTS + 1);
        assert_eq!(heard[LIVE_EVENTS].bytes(), [0x80, 60, 64]);
        assert!(heard.is_sorted_by_key(|event| event.time));
        // And all is as it was.
        ear.hear(&ON);
        assert_eq!(bench.cycle().len(), 1);
        assert_eq!(bench.cycle(), []);
    }
}
