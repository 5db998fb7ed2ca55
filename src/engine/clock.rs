//! The graph clock: one for the life of a run, continuous, whatever drives it (MCL-1).
//!
//! ```text
//!   position of the cycle ── less what lies between it and the ear ──▶ time      (presentation)
//!   what the driver has played ───────────────────────────────────────▶ physical  (goes on in Pause and Stop)
//!   first sample that is not promised to the card ────────────────────▶ latency   (LAT-1)
//!   where the driver is, less a cycle ────────────────────────────────▶ arrival   (even where cycles come in bursts)
//! ```
//!
//! The audio thread publishes "this was the time at instant t"; other threads read the time between, all figures of
//! one moment together. Time itself is counted in samples the graph has made, so nothing jumps when another device
//! drives; only the way to the ear may differ then, and it is gone over to slowly. Only this file and `driver.rs` read
//! the machine's clock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering, fence};
use std::time::Instant;

use crate::ks::{Clock, Pacer, RATE_UNITY, Reading, RefTime, State, time_from_sample};

/// The machine's monotonic time, counted from when this was made.
#[derive(Clone, Copy, Debug)]
pub struct Epoch(Source);

#[derive(Clone, Copy, Debug)]
enum Source {
    Machine(Instant),
    /// Nanoseconds, set by whoever simulates a machine.
    Hand(&'static AtomicU64),
}

impl Epoch {
    /// Begins now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the graph clock is where time is read"
    )]
    pub fn new() -> Self {
        Self(Source::Machine(Instant::now()))
    }

    /// The one that all clocks of the program count from (CLK-1).
    pub fn of_program() -> Self {
        static START: OnceLock<Epoch> = OnceLock::new();
        *START.get_or_init(Self::new)
    }

    /// One whose nanoseconds are what the number beside says: for a machine that is simulated.
    pub fn by_hand() -> (Self, &'static AtomicU64) {
        let nanos: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
        (Self(Source::Hand(nanos)), nanos)
    }

    /// Nanoseconds since.
    pub fn nanos(self) -> u64 {
        match self.0 {
            Source::Machine(start) => start.elapsed().as_nanos() as u64,
            Source::Hand(nanos) => nanos.load(Ordering::Acquire),
        }
    }
}

impl Default for Epoch {
    fn default() -> Self {
        Self::new()
    }
}

/// How far beyond its last publication physical time is believed to have gone on.
const PHYSICAL_AHEAD: RefTime = 2_500_000;

/// How far beyond what is made arrivals are believed to go on where no cycle comes: farther than a device's longest period.
const STRAY: RefTime = 2_500_000;

/// A cycle as it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beat {
    /// Samples of the graph's rate made before it.
    pub(super) position: u64,
    /// And in it.
    pub(super) len: usize,
    /// Samples that were due when it began, its own among them.
    pub(super) due: usize,
    pub(super) rate_hz: u32,
    /// When it began.
    pub(super) nanos: u64,
    /// Samples between a cycle and the ear.
    pub(super) behind: usize,
    /// The same as things are at this moment.
    pub(super) ahead: usize,
    pub(super) rate_permille: u32,
}

/// Presentation time of a graph, readable from any thread.
pub struct GraphClock {
    epoch: Epoch,
    /// Odd while it is written.
    sequence: AtomicU64,
    /// Counts Stops: what was read in an earlier run says nothing of this one.
    run: AtomicU64,
    time: AtomicI64,
    /// What was heard at that moment, as nearly as it is known: below zero before anything of a run is.
    heard: AtomicI64,
    /// Where what drives the graph was at that moment, less a cycle.
    arrives: AtomicI64,
    nanos: AtomicU64,
    /// The length of a cycle.
    span: AtomicI64,
    /// The time of the first sample that no cycle has made yet.
    made: AtomicI64,
    physical: AtomicI64,
    physical_nanos: AtomicU64,
    granularity: AtomicI64,
    rate: AtomicU32,
    state: AtomicU8,
    /// What the audio thread takes for the way to the ear.
    behind: AtomicI64,
    /// The latest that anybody was told, so that it never goes back: run and time in one number.
    latest: AtomicU64,
    latest_made: AtomicU64,
    latest_physical: AtomicI64,
}

/// The run in the upper 16 bits, the time in the lower 48: the larger is the later.
fn stamped(run: u64, time: RefTime) -> u64 {
    (run << 48) | (time.max(0) as u64 & ((1 << 48) - 1))
}

fn unstamped(stamp: u64) -> RefTime {
    (stamp & ((1 << 48) - 1)) as RefTime
}

impl GraphClock {
    /// Stands at zero.
    pub fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            sequence: AtomicU64::new(0),
            run: AtomicU64::new(0),
            time: AtomicI64::new(0),
            heard: AtomicI64::new(0),
            arrives: AtomicI64::new(0),
            nanos: AtomicU64::new(0),
            span: AtomicI64::new(0),
            made: AtomicI64::new(0),
            physical: AtomicI64::new(0),
            physical_nanos: AtomicU64::new(epoch.nanos()),
            granularity: AtomicI64::new(1),
            rate: AtomicU32::new(RATE_UNITY),
            state: AtomicU8::new(State::Stop as u8),
            behind: AtomicI64::new(0),
            latest: AtomicU64::new(0),
            latest_made: AtomicU64::new(0),
            latest_physical: AtomicI64::new(0),
        }
    }

    /// Writes several figures so that they are only ever read together. Called by the audio thread; never waits.
    fn write(&self, put: impl FnOnce()) {
        self.sequence.fetch_add(1, Ordering::AcqRel);
        fence(Ordering::Release);
        put();
        self.sequence.fetch_add(1, Ordering::Release);
    }

    /// A cycle begins. The presentation time at that moment.
    pub(super) fn publish(&self, beat: Beat) -> RefTime {
        let begins = time_from_sample(beat.position, beat.rate_hz);
        let made = time_from_sample(beat.position + beat.len as u64, beat.rate_hz);
        let span = made - begins;
        let wanted = time_from_sample(beat.behind as u64, beat.rate_hz);
        let before = self.behind.load(Ordering::Relaxed);
        // Where nothing was heard yet there is nothing to be steady about.
        let behind = if begins <= wanted {
            wanted
        } else {
            before + (wanted - before).clamp(-span / 8, span / 8)
        };
        let time = (begins - behind).max(0);
        self.write(|| {
            self.behind.store(behind, Ordering::Relaxed);
            self.time.store(time, Ordering::Relaxed);
            let ahead = time_from_sample(beat.ahead as u64, beat.rate_hz);
            self.heard.store(begins - ahead, Ordering::Relaxed);
            // A device that takes several cycles at once has them made in one go: the time of each says nothing of when it is.
            let waiting = beat.due.saturating_sub(beat.len) as u64;
            let arrives = time_from_sample(beat.position + waiting, beat.rate_hz);
            self.arrives.store(arrives, Ordering::Relaxed);
            self.span.store(span, Ordering::Relaxed);
            self.made.store(made, Ordering::Relaxed);
            self.nanos.store(beat.nanos, Ordering::Relaxed);
            self.rate.store(beat.rate_permille, Ordering::Relaxed);
            let step = time_from_sample(1, beat.rate_hz) + 1;
            self.granularity.store(step, Ordering::Relaxed);
            self.state.store(State::Run as u8, Ordering::Relaxed);
        });
        time
    }

    /// The hardware that drives the graph has gone on by so much up to that moment.
    pub(super) fn advance(&self, by: RefTime, nanos: u64) {
        let physical = self.physical.load(Ordering::Relaxed) + by.max(0);
        self.write(|| {
            self.physical.store(physical, Ordering::Relaxed);
            self.physical_nanos.store(nanos, Ordering::Relaxed);
        });
    }

    /// Presentation time stands still from here; in Stop it is at zero again.
    pub(super) fn hold(&self, state: State) {
        let was = self.state.load(Ordering::Relaxed);
        if was == state as u8 {
            return;
        }
        self.write(|| {
            self.state.store(state as u8, Ordering::Relaxed);
            if state == State::Stop {
                // Its lower bits only have a place in the stamp.
                let run = (self.run.load(Ordering::Relaxed) + 1) & 0xFFFF;
                self.run.store(run, Ordering::Relaxed);
                if run == 0 {
                    self.latest.store(0, Ordering::Relaxed);
                    self.latest_made.store(0, Ordering::Relaxed);
                }
                self.time.store(0, Ordering::Relaxed);
                self.heard.store(0, Ordering::Relaxed);
                self.arrives.store(0, Ordering::Relaxed);
                self.made.store(0, Ordering::Relaxed);
                self.behind.store(0, Ordering::Relaxed);
            }
            if state < State::Pause {
                self.rate.store(RATE_UNITY, Ordering::Relaxed);
            }
        });
    }

    /// Time of the graph since then, as far as it runs.
    fn passed(&self, look: &Look) -> RefTime {
        if look.state != State::Run {
            return 0;
        }
        let since = (self.epoch.nanos().saturating_sub(look.nanos) / 100) as RefTime;
        since.saturating_mul(RefTime::from(look.rate)) / RefTime::from(RATE_UNITY)
    }

    /// Everything of one moment: figures that were written together, and the system's time just after.
    fn look(&self) -> Look {
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            let look = Look {
                run: self.run.load(Ordering::Relaxed),
                time: self.time.load(Ordering::Relaxed),
                heard: self.heard.load(Ordering::Relaxed),
                arrives: self.arrives.load(Ordering::Relaxed),
                nanos: self.nanos.load(Ordering::Relaxed),
                span: self.span.load(Ordering::Relaxed),
                made: self.made.load(Ordering::Relaxed),
                physical: self.physical.load(Ordering::Relaxed),
                physical_nanos: self.physical_nanos.load(Ordering::Relaxed),
                granularity: self.granularity.load(Ordering::Relaxed),
                rate: self.rate.load(Ordering::Relaxed),
                state: State::from_number(self.state.load(Ordering::Relaxed)),
            };
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && before == self.sequence.load(Ordering::Relaxed) {
                return look;
            }
            std::hint::spin_loop();
        }
    }
}

/// Figures that belong together.
struct Look {
    run: u64,
    time: RefTime,
    heard: RefTime,
    arrives: RefTime,
    nanos: u64,
    span: RefTime,
    made: RefTime,
    physical: RefTime,
    physical_nanos: u64,
    granularity: RefTime,
    rate: u32,
    state: State,
}

impl Clock for GraphClock {
    fn now(&self) -> RefTime {
        self.reading().time
    }

    fn arrival(&self) -> RefTime {
        let look = self.look();
        (look.arrives + self.passed(&look)).min(look.made + STRAY)
    }

    fn heard(&self) -> RefTime {
        let look = self.look();
        match look.state {
            // What is not made yet is not heard.
            State::Run => (look.heard + self.passed(&look)).min(look.made),
            _ => look.heard,
        }
    }

    fn made(&self) -> Option<RefTime> {
        Some(self.made.load(Ordering::Relaxed))
    }

    fn system(&self) -> RefTime {
        (self.epoch.nanos() / 100) as RefTime
    }

    fn reading(&self) -> Reading {
        // Another reader may have been told more since this one looked: then it looks again, so that all is of one moment.
        for _ in 0..3 {
            if let (reading, true) = self.read_once() {
                return reading;
            }
        }
        self.read_once().0
    }
}

impl GraphClock {
    /// What it answers now, and whether nobody was told more before. If somebody was, the system's time is of after that.
    fn read_once(&self) -> (Reading, bool) {
        let look = self.look();
        let nanos = self.epoch.nanos();
        let since = |then: u64| (nanos.saturating_sub(then) / 100) as RefTime;
        let mut time = look.time;
        if look.state == State::Run {
            // Several cycles may be run ahead in one wake-up; time does not run further than two of them past the last.
            let passed = since(look.nanos).saturating_mul(RefTime::from(look.rate));
            time += (passed / RefTime::from(RATE_UNITY)).min(look.span * 2);
        }
        let ahead = since(look.physical_nanos).min(PHYSICAL_AHEAD);
        let physical = look.physical + ahead;
        let before = self.latest_physical.fetch_max(physical, Ordering::AcqRel);
        // Of an earlier run only where a Stop came in between: then this reading is of that run.
        let stamp = stamped(look.run, time);
        let later = self.latest.fetch_max(stamp, Ordering::AcqRel).max(stamp);
        let is_latest = later == stamp && before <= physical;
        let nanos = if is_latest { nanos } else { self.epoch.nanos() };
        let time = if later >> 48 == look.run {
            unstamped(later)
        } else {
            0
        };
        let mut latency = time;
        if look.state == State::Run {
            // While a cycle is late, what comes now is for the one after it.
            let stamp = stamped(look.run, look.made.max(time + look.span));
            let later = self.latest_made.fetch_max(stamp, Ordering::Relaxed);
            latency = unstamped(later.max(stamp)).max(time);
        }
        let reading = Reading {
            time,
            physical: physical.max(before),
            system: (nanos / 100) as RefTime,
            granularity: look.granularity,
            error: look.span,
            state: look.state,
            rate_permille: look.rate,
            latency,
        };
        (reading, is_latest)
    }
}

/// Drives a graph that has no device, or whose device is gone.
pub(super) struct Timer {
    epoch: Epoch,
    start_nanos: u64,
    produced: u64,
    rate_hz: u32,
    most: usize,
    rate_permille: u32,
}

impl Timer {
    pub(super) fn new(epoch: Epoch, rate_hz: u32, quantum: usize) -> Self {
        Self {
            epoch,
            start_nanos: epoch.nanos(),
            produced: 0,
            rate_hz,
            most: quantum * 4,
            rate_permille: RATE_UNITY,
        }
    }

    fn elapsed_samples(&self) -> u64 {
        let nanos = u128::from(self.epoch.nanos().saturating_sub(self.start_nanos));
        let rate = u128::from(self.rate_hz) * u128::from(self.rate_permille);
        (nanos * rate / 1_000_000_000 / u128::from(RATE_UNITY)) as u64
    }

    /// Starts over at the present moment: what was missed in between is not made up for.
    pub(super) fn restart(&mut self) {
        self.start_nanos = self.epoch.nanos();
        self.produced = 0;
    }

    /// So many samples were made.
    pub(super) fn made(&mut self, len: usize) {
        self.produced += len as u64;
    }

    /// Goes at another rate from here on.
    pub(super) fn set_rate(&mut self, rate_permille: u32) {
        if self.rate_permille != rate_permille {
            self.restart();
            self.rate_permille = rate_permille.max(1);
        }
    }

    /// How fast it goes.
    pub(super) fn rate_permille(&self) -> u32 {
        self.rate_permille
    }
}

impl Pacer for Timer {
    fn due(&mut self) -> usize {
        let behind = self.elapsed_samples().saturating_sub(self.produced);
        if behind > self.most as u64 * 4 {
            self.restart();
            return 0;
        }
        (behind as usize).min(self.most)
    }

    fn played(&self) -> u64 {
        self.elapsed_samples()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A cycle of 240 samples that begins where the system's time is the clock's.
    fn beat(clock: &GraphClock, nanos: &AtomicU64, number: u64) {
        let now = number * 5_000_000;
        nanos.store(now, Ordering::Release);
        clock.publish(Beat {
            position: number * 240,
            len: 240,
            due: 240,
            rate_hz: 48_000,
            nanos: now,
            behind: 0,
            ahead: 0,
            rate_permille: RATE_UNITY,
        });
        clock.advance(50_000, now);
    }

    #[test]
    fn figures_are_never_of_two_moments_however_often_they_are_written() {
        let (epoch, nanos) = Epoch::by_hand();
        let clock = GraphClock::new(epoch);
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let mut last = clock.reading();
                        while last.time < 200_000 * 50_000 {
                            let it = clock.reading();
                            assert!(it.time <= it.system + 1, "{it:?}: of two moments");
                            assert!(it.physical <= it.system + 50_001, "{it:?}");
                            assert!(it.time >= last.time && it.physical >= last.physical);
                            assert!(it.latency >= last.latency);
                            last = it;
                        }
                    })
                })
                .collect();
            // Until they have seen enough.
            for number in 0.. {
                beat(&clock, nanos, number);
                if number >= 200_000 && readers.iter().all(|it| it.is_finished()) {
                    break;
                }
            }
        });
    }

    #[test]
    fn arrivals_go_evenly_however_many_cycles_a_device_takes_at_once() {
        for period in [256, 441, 1_024, 1_000] {
            let (epoch, nanos) = Epoch::by_hand();
            let clock = GraphClock::new(epoch);
            let (mut made, mut due) = (0, 0);
            for call in 1..200_u64 {
                let now = call * period * 1_000_000_000 / 48_000;
                let is_even = |made: u64| {
                    let wanted = time_from_sample(call * period, 48_000) as i64 - 53_333;
                    assert!(
                        made == 0 || (clock.arrival() - wanted).abs() <= 10,
                        "{call}"
                    );
                };
                nanos.store(now, Ordering::Release);
                is_even(made);
                due += period;
                while due >= 256 {
                    clock.publish(Beat {
                        position: made,
                        len: 256,
                        due: due as usize,
                        rate_hz: 48_000,
                        nanos: now,
                        behind: 1_024,
                        ahead: 1_024,
                        rate_permille: RATE_UNITY,
                    });
                    (made, due) = (made + 256, due - 256);
                    is_even(made);
                }
            }
            let before = clock.arrival();
            nanos.fetch_add(10_000_000_000, Ordering::AcqRel);
            let strayed = clock.arrival() - before;
            assert!(strayed <= STRAY + 300_000, "{strayed} with no cycle");
        }
    }

    #[test]
    fn lat_1_master_50_and_25_to_the_ear_give_75() {
        let (epoch, nanos) = Epoch::by_hand();
        let clock = GraphClock::new(epoch);
        let milli = 48;
        // From 70 ms on five are made, of which 25 lie between them and the ear.
        for number in 0..15 {
            let now = number * 5_000_000;
            nanos.store(now, Ordering::Release);
            clock.publish(Beat {
                position: number * 5 * milli,
                len: 240,
                due: 240,
                rate_hz: 48_000,
                nanos: now,
                behind: 25 * milli as usize,
                ahead: 25 * milli as usize,
                rate_permille: RATE_UNITY,
            });
        }
        nanos.fetch_add(4_999_999, Ordering::AcqRel);
        let it = clock.reading();
        assert_eq!((it.time + 5_000) / 10_000, 50);
        assert_eq!((it.latency + 5_000) / 10_000, 75);
    }
}
