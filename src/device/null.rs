//! The card that is always there: it plays silence at the right speed.
//!
//! Lives here: the card itself, on a thread with a timer, and the bare pacer that keeps a graph's time when its card is
//! gone. Does not live here: any device API. On average over any stretch both count exactly the samples that have
//! passed by the system's clock; what a stalled machine missed beyond a few quanta is left out, not caught up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::ks::{DataFormat, Granted, Pacer, Waker};
use crate::portcls::ring::{CardEnd, FrameRing, ring};
use crate::portcls::{DeviceError, MiniportWaveRt};

/// The name of the card.
pub const NAME: &str = "null";
/// Quanta that are caught up after a stall.
const CATCH_UP: u64 = 4;
/// How far behind a quantum's end it is announced.
const SLACK_NANOS: u128 = 20_000;

/// Reads the system's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "this card is a clock: nobody else hands it the time"
)]
fn now() -> Instant {
    Instant::now()
}

/// Counts samples against the system's clock.
struct Timer {
    start: Instant,
    rate_hz: u32,
    quantum: u64,
    /// Samples handed out or left out since `start`.
    passed: u64,
}

impl Timer {
    fn new(rate_hz: u32, quantum: usize) -> Self {
        Self {
            start: now(),
            rate_hz: rate_hz.max(1),
            quantum: quantum.max(1) as u64,
            passed: 0,
        }
    }

    /// Samples that have passed since they were last taken, after a stall no more than some quanta.
    fn waiting(&mut self, at: Instant) -> u64 {
        let elapsed = at.saturating_duration_since(self.start).as_nanos();
        let reached = (elapsed * u128::from(self.rate_hz) / 1_000_000_000) as u64;
        let most = CATCH_UP * self.quantum;
        self.passed = self.passed.max(reached.saturating_sub(most));
        reached.saturating_sub(self.passed)
    }

    /// How long until a whole quantum waits.
    fn pause(&mut self, at: Instant) -> Duration {
        let missing = self.quantum.saturating_sub(self.waiting(at));
        Duration::from_nanos(missing * 1_000_000_000 / u64::from(self.rate_hz) + 1)
    }
}

/// The card.
pub struct NullCard {
    ring: Option<FrameRing>,
    granted: Granted,
    is_open: Arc<AtomicBool>,
}

impl NullCard {
    /// Starts it.
    pub fn open(format: &DataFormat, quantum: usize, waker: Waker) -> Result<Self, DeviceError> {
        let audio = format.audio.ok_or_else(|| DeviceError::Format {
            device: NAME.into(),
            reason: "only sound can be played".into(),
        })?;
        let (ring, card) = ring(audio.channels as usize, quantum);
        ring.cursor().set_period(quantum);
        let is_open = Arc::new(AtomicBool::new(true));
        let timer = Timer::new(audio.rate_hz, quantum);
        let flag = is_open.clone();
        std::thread::Builder::new()
            .name("null card".into())
            .spawn(move || play(card, timer, &waker, &flag))
            .map_err(|error| DeviceError::Unavailable {
                device: NAME.into(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            ring: Some(ring),
            granted: Granted {
                host: NAME.into(),
                name: NAME.into(),
                rate_hz: audio.rate_hz,
                channels: audio.channels,
                samples: "silence".into(),
                period: quantum,
            },
            is_open,
        })
    }
}

fn play(mut card: CardEnd, mut timer: Timer, waker: &Waker, is_open: &AtomicBool) {
    while is_open.load(Ordering::Relaxed) && !waker.is_given_up() {
        std::thread::sleep(timer.pause(now()));
        while timer.waiting(now()) >= timer.quantum {
            timer.passed += timer.quantum;
            card.discard(timer.quantum as usize);
        }
        waker.wake();
    }
}

impl MiniportWaveRt for NullCard {
    fn allocate(&mut self) -> Option<FrameRing> {
        self.ring.take()
    }

    fn granted(&self) -> Granted {
        self.granted.clone()
    }
}

impl Drop for NullCard {
    fn drop(&mut self) {
        self.is_open.store(false, Ordering::Relaxed);
    }
}

/// Keeps the time of a graph without any card: it wakes the audio thread whenever a quantum is due.
///
/// Nothing stands between it and the graph, so its word is final: each time [`Pacer::due`] answers with a quantum, that
/// quantum counts as run. It never answers with more than one.
pub struct NullPacer {
    timer: Timer,
    played: u64,
    is_open: Arc<AtomicBool>,
}

impl NullPacer {
    /// A pacer at `rate_hz` in steps of `quantum`, beginning now.
    pub fn new(rate_hz: u32, quantum: usize, waker: Waker) -> Self {
        let timer = Timer::new(rate_hz, quantum);
        let is_open = Arc::new(AtomicBool::new(true));
        let flag = is_open.clone();
        let (start, step) = (timer.start, u128::from(timer.quantum));
        let rate = u128::from(timer.rate_hz);
        let tick = move || {
            let mut count = 0_u128;
            while flag.load(Ordering::Relaxed) {
                count += 1;
                // A little behind the quantum's end, so that the one woken finds it due.
                let nanos = count * step * 1_000_000_000 / rate + SLACK_NANOS;
                let at = start + Duration::from_nanos(nanos as u64);
                std::thread::sleep(at.saturating_duration_since(now()));
                waker.wake();
            }
        };
        let spawned = std::thread::Builder::new()
            .name("null pacer".into())
            .spawn(tick);
        if let Err(error) = spawned {
            log::error!("nothing paces the graph: {error}");
        }
        Self {
            timer,
            played: 0,
            is_open,
        }
    }
}

impl Pacer for NullPacer {
    fn due(&mut self) -> usize {
        if self.timer.waiting(now()) < self.timer.quantum {
            return 0;
        }
        self.timer.passed += self.timer.quantum;
        self.played += self.timer.quantum;
        self.timer.quantum as usize
    }

    fn played(&self) -> u64 {
        self.played
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

impl Drop for NullPacer {
    fn drop(&mut self) {
        self.is_open.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_counts_what_has_passed_and_leaves_out_a_stall() {
        let mut timer = Timer::new(48_000, 480);
        let start = timer.start;
        assert_eq!(timer.waiting(start + Duration::from_millis(15)), 720);
        timer.passed += 480;
        assert_eq!(timer.waiting(start + Duration::from_millis(15)), 240);
        let pause = timer.pause(start + Duration::from_millis(15));
        assert_eq!(pause.as_millis(), 5);
        assert_eq!(
            timer.waiting(start + Duration::from_secs(60)),
            4 * 480,
            "a minute's sleep is not caught up"
        );
    }

    #[test]
    fn the_null_card_takes_frames_at_the_rate_it_was_opened_with() {
        let waker = Waker::of(std::thread::current());
        let mut card = NullCard::open(&DataFormat::float(2, 48_000), 480, waker).unwrap();
        let mut ring = card.allocate().unwrap();
        let start = now();
        while start.elapsed() < Duration::from_millis(300) {
            while ring.cursor().queued() < 3 * 480 {
                let mut frame = ring.take().unwrap();
                frame.set_len(480);
                ring.give(frame);
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
        let (taken, seconds) = (ring.cursor().taken(), start.elapsed().as_secs_f64());
        let wanted = seconds * 48_000.0;
        // Whole quanta, and a machine that may stall this thread between the two readings.
        assert!(
            taken as f64 <= wanted + 480.0 && taken as f64 > wanted * 0.5,
            "{taken} samples taken, about {wanted} passed"
        );
    }

    #[test]
    fn the_null_pacer_answers_a_quantum_at_a_time() {
        let mut pacer = NullPacer::new(48_000, 240, Waker::of(std::thread::current()));
        let start = now();
        let mut run = 0;
        while run < 20 * 240 {
            match pacer.due() {
                0 => std::thread::park_timeout(Duration::from_secs(1)),
                due => run += due,
            }
        }
        assert!(start.elapsed() >= Duration::from_millis(95));
        assert_eq!(pacer.played(), 20 * 240);
    }
}
