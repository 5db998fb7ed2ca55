//! Clock Source: a clock of its own, a little faster or slower than the graph's by a number that is set.
//!
//! -> clock, one event a tick: when it comes in the graph's time, and in its eight bytes the source's own time of that
//! moment, in 100 ns: the two correlated. It counts samples, so the same ticks come at any quantum, live and rendered.
//!
//! ```text
//!   beside another driver   own time = the graph's, times 1 + speed       ticks drift, a Clock Slave follows them
//!   chosen to drive         the graph's time = own time                   ticks stand still; cards follow the graph
//! ```
//!
//! Where it drives, the graph is paced by the system's time at its speed, and nothing of that is in the samples.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ks::ids::{Guid, category};
use crate::ks::{
    Clock, DataRange, Descriptor, Filter, Flow, Io, KernelEvent, OpenError, Opened, Opening, Pacer,
    PinFactory, Processor, Property, REF_TIMES_PER_SECOND, Reading, RefTime, Seek, State, Unit,
    ValueSlot, time_from_sample,
};

const SPEED: Property = Property::number("speed", "Faster by (ppm)", -1_000.0, 1_000.0, 0.0)
    .inline()
    .help("Parts of a million by which it is faster than the machine's own clock.");
const INTERVAL: Property = Property::number("interval", "Tick every", 1.0, 1_000.0, 10.0)
    .unit(Unit::Millisecond)
    .structural()
    .help("How far apart in its own time the ticks are that travel on its wire.");
const PROPERTIES: &[Property] = &[SPEED, INTERVAL];
const PINS: &[PinFactory] = &[PinFactory::output("clock", DataRange::CLOCK)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::CLOCK];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "clock_source",
    "Clock Source",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.help(
    "A clock of its own, as much faster or slower as you set. Its ticks travel on a clock wire to a Clock Slave, which \
     plays sound at that speed. With Use Clock it drives the whole graph, and sound cards follow it.",
);

/// What the catalogue offers and the graph negotiates with.
pub struct ClockSource;

impl Filter for ClockSource {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let millis = opening.settings.number(&INTERVAL);
        let hand = Arc::new(Hand::default());
        let speed = 1.0 + opening.settings.number(&SPEED) * 1e-6;
        hand.write(0, 0, speed, if opening.drives { 1.0 } else { speed });
        let ticking = Ticking {
            speed: opening.slot(&SPEED),
            drives: opening.drives,
            hand: Arc::clone(&hand),
            interval: (millis * REF_TIMES_PER_SECOND as f64 / 1000.0).max(1.0),
            ppm: 0.0,
            since: 0,
            own: 0.0,
            next: 0,
            is_fresh: true,
            sought: 0,
        };
        let pace = Pace {
            hand: Arc::clone(&hand),
            clock: Arc::clone(&opening.clock),
            rate_hz: f64::from(opening.rate_hz),
            most: opening.max_len * 4,
            last: opening.clock.system(),
            passed: 0.0,
            skipped: 0.0,
            made: 0,
        };
        let object = Object {
            hand,
            clock: Arc::clone(&opening.clock),
            physical: Mutex::new((0.0, 0, speed)),
        };
        let opened = Opened::processor(ticking).endless().clock(Arc::new(object));
        Ok(match opening.live {
            true => opened.pacer(Box::new(pace)),
            false => opened,
        })
    }
}

/// What the audio thread says of this clock: read together by whoever asks.
#[derive(Default)]
struct Hand {
    /// Odd while it is written.
    sequence: AtomicU64,
    /// The graph's time from which on it goes as fast as now, and its own then.
    since: AtomicI64,
    own: AtomicI64,
    /// Its speed against the machine's clock, and against the graph's, in bits.
    speed: AtomicU64,
    against: AtomicU64,
    /// The latest own time that anybody was told in this run.
    latest: AtomicI64,
}

impl Hand {
    /// On the audio thread; never waits.
    fn write(&self, since: RefTime, own: RefTime, speed: f64, against: f64) {
        self.sequence.fetch_add(1, Ordering::AcqRel);
        fence(Ordering::Release);
        self.since.store(since, Ordering::Relaxed);
        self.own.store(own, Ordering::Relaxed);
        self.speed.store(speed.to_bits(), Ordering::Relaxed);
        self.against.store(against.to_bits(), Ordering::Relaxed);
        self.sequence.fetch_add(1, Ordering::Release);
    }

    fn speed(&self) -> f64 {
        f64::from_bits(self.speed.load(Ordering::Relaxed))
    }

    /// Its own time when the graph's is `time`.
    fn own_at(&self, time: RefTime) -> RefTime {
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            let since = self.since.load(Ordering::Relaxed);
            let own = self.own.load(Ordering::Relaxed);
            let against = f64::from_bits(self.against.load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && before == self.sequence.load(Ordering::Relaxed) {
                return own + ((time - since) as f64 * against) as RefTime;
            }
            std::hint::spin_loop();
        }
    }
}

/// The clock on its pin, for whoever asks; not for the audio thread.
struct Object {
    hand: Arc<Hand>,
    clock: Arc<dyn Clock>,
    /// Its physical time, the graph's of the same moment, and the speed since.
    physical: Mutex<(f64, RefTime, f64)>,
}

impl Object {
    /// Goes on in every state, at its own speed.
    fn physical(&self, graph: RefTime) -> RefTime {
        let held = self.physical.lock();
        let mut held = held.unwrap_or_else(PoisonError::into_inner);
        let (own, then, speed) = *held;
        let now = own + (graph - then).max(0) as f64 * speed;
        if graph > then {
            *held = (now, graph, self.hand.speed());
        }
        now as RefTime
    }
}

impl Clock for Object {
    fn now(&self) -> RefTime {
        self.reading().time
    }

    fn system(&self) -> RefTime {
        self.clock.system()
    }

    fn reading(&self) -> Reading {
        let graph = self.clock.reading();
        let (mut time, mut latency) = (0, 0);
        if graph.state >= State::Pause {
            let own = self.hand.own_at(graph.time).max(0);
            // Another speed holds from the cycle that is made, which is ahead of what is heard.
            time = self.hand.latest.fetch_max(own, Ordering::Relaxed).max(own);
            latency = self.hand.own_at(graph.latency).max(time);
        }
        Reading {
            time,
            latency,
            physical: self.physical(graph.physical),
            ..graph
        }
    }
}

/// What paces a graph by this clock: the system's time, at its speed.
struct Pace {
    hand: Arc<Hand>,
    clock: Arc<dyn Clock>,
    rate_hz: f64,
    /// The most samples in one go.
    most: usize,
    last: RefTime,
    /// Samples that have passed by, and those of them that nobody is to make.
    passed: f64,
    skipped: f64,
    made: u64,
}

impl Pace {
    /// Samples that have passed when the system's time is `now`.
    fn until(&self, now: RefTime) -> f64 {
        let seconds = (now - self.last).max(0) as f64 / REF_TIMES_PER_SECOND as f64;
        self.passed + seconds * self.rate_hz * self.hand.speed()
    }
}

impl Pacer for Pace {
    fn due(&mut self) -> usize {
        let now = self.clock.system();
        (self.passed, self.last) = (self.until(now), now);
        let behind = self.passed - self.skipped - self.made as f64;
        if behind > self.most as f64 * 4.0 {
            self.restart();
            return 0;
        }
        (behind.max(0.0) as usize).min(self.most)
    }

    fn played(&self) -> u64 {
        self.until(self.clock.system()) as u64
    }

    fn wakes(&self) -> bool {
        false
    }

    fn restart(&mut self) {
        let now = self.clock.system();
        (self.passed, self.last) = (self.until(now), now);
        (self.skipped, self.made) = (self.passed, 0);
    }

    fn made(&mut self, len: usize) {
        self.made += len as u64;
    }

    fn latency_samples(&self) -> usize {
        0
    }

    fn is_lost(&self) -> bool {
        false
    }

    fn xruns(&self) -> u32 {
        0
    }
}

/// The running half; lives on the audio thread.
struct Ticking {
    speed: ValueSlot,
    /// The graph's time is its own.
    drives: bool,
    hand: Arc<Hand>,
    /// In 100 ns of its own time.
    interval: f64,
    /// By how much it is faster than the graph.
    ppm: f64,
    /// The sample from which on it goes as fast as now, and its own time there.
    since: u64,
    own: f64,
    /// The number of the next tick.
    next: u64,
    /// Its time begins with the next cycle.
    is_fresh: bool,
    /// By how much the graph's position was sought back.
    sought: i64,
}

impl Processor for Ticking {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let sample = |ppm: f64| {
            REF_TIMES_PER_SECOND as f64 / f64::from(io.rate_hz.max(1)) * (1.0 + ppm * 1e-6)
        };
        // Samples it has run for, wherever the graph was sought.
        let now = io.position.saturating_add_signed(self.sought);
        let speed = self.speed.get(io.values);
        let ppm = if self.drives { 0.0 } else { speed };
        if std::mem::take(&mut self.is_fresh) {
            (self.since, self.ppm) = (now, ppm);
            // Somebody may have asked while the last run was about to end.
            self.hand.latest.store(0, Ordering::Relaxed);
        }
        if ppm != self.ppm {
            self.own += (now - self.since) as f64 * sample(self.ppm);
            (self.since, self.ppm) = (now, ppm);
        }
        self.hand.write(
            time_from_sample(self.since, io.rate_hz),
            self.own as RefTime,
            1.0 + speed * 1e-6,
            1.0 + ppm * 1e-6,
        );
        let Some(output) = io.outputs.first_mut() else {
            return Flow::Running;
        };
        loop {
            let own = self.next as f64 * self.interval;
            let after = ((own - self.own) / sample(self.ppm)).ceil().max(0.0) as u64;
            let at = self.since + after;
            if at >= now + io.len as u64 {
                return Flow::Running;
            }
            let stands = at.max(now).saturating_add_signed(-self.sought);
            let time = time_from_sample(stands, io.rate_hz);
            let event = KernelEvent::new(time, &(own as i64).to_le_bytes());
            if !event.is_some_and(|event| output.payload.push_event(event)) {
                return Flow::Running;
            }
            self.next += 1;
        }
    }

    /// A clock goes on: only its ticks stand elsewhere.
    fn seek(&mut self, seek: Seek) -> bool {
        self.sought += seek.from as i64 - seek.to as i64;
        true
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            (self.own, self.next, self.is_fresh) = (0.0, 0, true);
            self.sought = 0;
            let speed = self.hand.speed();
            self.hand.write(0, 0, speed, speed);
            self.hand.latest.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::rig::Rig;

    /// Ticks in so many samples, cut as told: graph time and own time.
    fn ticks(ppm: f64, lens: &[usize]) -> Vec<(i64, i64)> {
        let mut rig = Rig::open(&ClockSource, &[("speed", ppm), ("interval", 10.0)]);
        let mut all = vec![];
        for len in lens {
            for event in rig.run(*len).events {
                let own: [u8; 8] = event.bytes().try_into().unwrap();
                all.push((event.time, i64::from_le_bytes(own)));
            }
        }
        all
    }

    #[test]
    fn its_ticks_are_a_sample_early_or_late_when_its_clock_says_so() {
        let even = ticks(0.0, &[2_000; 5]);
        let wanted: Vec<(i64, i64)> = (0..21).map(|n| (n * 100_000, n * 100_000)).collect();
        assert_eq!(even, wanted);
        let fast = ticks(1_000.0, &[2_000; 5]);
        assert_eq!(
            fast,
            ticks(1_000.0, &[7, 1_993, 4_000, 1, 3_999]),
            "however it is cut"
        );
        let (graph, own) = fast[20];
        // Own time is a thousandth ahead; the tick stands on the next sample.
        assert_eq!(own, 2_000_000);
        assert!((graph - 1_998_002).abs() <= 209, "{graph}");
    }

    #[test]
    fn another_speed_holds_from_where_its_time_has_come_to() {
        let mut rig = Rig::open(&ClockSource, &[("speed", 1_000.0), ("interval", 10.0)]);
        let mut all = rig.run(24_000).events;
        let descriptor = ClockSource.descriptor();
        let mut properties = descriptor.properties.iter();
        let speed = properties.position(|it| it.key == "speed").unwrap();
        rig.set(speed, -1_000.0);
        all.extend(rig.run(24_000).events);
        assert_eq!(all.len(), 100, "the second half loses what the first won");
        for event in all {
            let own = i64::from_le_bytes(event.bytes().try_into().unwrap()) as f64;
            let graph = event.time as f64;
            let (first, second) = (graph.min(5e6), (graph - 5e6).max(0.0));
            let off = first * 1.001 + second * 0.999 - own;
            assert!((-2.0..212.0).contains(&off), "{off} at {graph}");
        }
    }

    /// A clock that says what it is told.
    struct Told(AtomicI64);

    impl Clock for Told {
        fn now(&self) -> RefTime {
            self.0.load(Ordering::Relaxed)
        }

        fn system(&self) -> RefTime {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn a_graph_that_is_paced_by_it_goes_at_its_speed_and_makes_up_for_no_stall() {
        let clock = Arc::new(Told(AtomicI64::new(0)));
        let hand = Arc::new(Hand::default());
        hand.write(0, 0, 1.001, 1.0);
        let mut pace = Pace {
            hand: Arc::clone(&hand),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            rate_hz: 48_000.0,
            most: 1_000,
            last: 0,
            passed: 0.0,
            skipped: 0.0,
            made: 0,
        };
        let close = |a: usize, b: usize| a.abs_diff(b) <= 1;
        let mut count = 0;
        for turn in 1..=1_000 {
            clock.0.store(turn * 100_000, Ordering::Relaxed);
            let due = pace.due();
            pace.made(due);
            count += due;
        }
        assert!(
            close(count, 480_480),
            "{count}: a thousandth more in ten seconds"
        );
        assert!(close(pace.played() as usize, 480_480));
        clock.0.fetch_add(50_000_000, Ordering::Relaxed);
        assert_eq!(pace.due(), 0, "nobody makes up for five seconds");
        clock.0.fetch_add(100_000, Ordering::Relaxed);
        assert!(close(pace.due(), 480));
        let played = pace.played() as usize;
        assert!(
            close(played, 480_480 + 240_240 + 480),
            "{played}: its time went on"
        );
        hand.write(0, 0, 1.0, 1.0);
        clock.0.fetch_add(100_000, Ordering::Relaxed);
        assert!(close(pace.due(), 960), "another speed, from here on");
    }
}
