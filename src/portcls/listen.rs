//! MIDI ports of a machine, and its inputs as the capture port sees them.
//!
//! Lives here: the traits, and the [`Ear`] that a port's own thread holds. Does not live here: any MIDI API; `device`
//! implements the traits and is handed in. A port that goes away and comes back stays one connection: [`Link`] says
//! whether it is there, and the port's side finds it again by name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

use rtrb::Producer;

use super::pace::Pace;
use super::speak::{Dispatch, Speaking};
use super::wavert::DeviceError;
use crate::ks::{Clock, INLINE_BYTES, KernelEvent, RefTime};

/// The MIDI ports of a machine.
pub trait MidiPorts: Send + Sync {
    /// Listens to the input called `port` (empty: the first there is). An input that is not there is waited for; an
    /// error means that this machine has no MIDI at all.
    fn listen(&self, port: &str, ear: Ear) -> Result<Box<dyn Listening>, DeviceError>;

    /// Speaks to the output called `port` (empty: the first there is) with what is handed over. One that is not there is
    /// waited for; an error means that this machine has no MIDI outputs at all.
    fn speak(&self, port: &str, dispatch: Dispatch) -> Result<Box<dyn Speaking>, DeviceError> {
        let _ = dispatch;
        Err(DeviceError::NotFound(port.to_owned()))
    }
}

/// An input that is listened to. Dropping it ends that, without waiting.
pub trait Listening: Send {
    /// What is listened to, in words for the log.
    fn granted(&self) -> String;
}

/// What both sides know of an input.
#[derive(Debug, Default)]
pub struct Link {
    is_there: AtomicBool,
    lost: AtomicU32,
    holds: AtomicI64,
}

impl Link {
    /// Whether the input is there now.
    pub fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Acquire)
    }

    /// The input came or went.
    pub fn set_there(&self, is_there: bool) {
        self.is_there.store(is_there, Ordering::Release);
    }

    /// How long the port may hold back what came before it hands it on: that much more is needed to be steady.
    pub fn holds(&self) -> RefTime {
        self.holds.load(Ordering::Relaxed)
    }

    /// The port holds messages back for so long at most.
    pub fn set_holds(&self, time: RefTime) {
        self.holds.store(time, Ordering::Relaxed);
    }

    /// Messages that found no room or do not fit an event.
    pub fn lost(&self) -> u32 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// Takes messages on a port's thread: stamps each with the time of the graph and puts it on a ring, nothing else.
pub struct Ear {
    events: Producer<KernelEvent>,
    clock: Arc<dyn Clock>,
    pace: Pace,
    link: Arc<Link>,
}

impl Ear {
    /// An ear over a ring.
    pub fn new(events: Producer<KernelEvent>, clock: Arc<dyn Clock>, link: Arc<Link>) -> Self {
        Self {
            events,
            clock,
            pace: Pace::default(),
            link,
        }
    }

    /// Looks at the clock: who does so in each of its periods, whether a message came or not, gets stamps that a late cycle
    /// of the graph does not move.
    pub fn attend(&mut self) {
        self.pace.arrival(&*self.clock);
    }

    /// Takes one whole message that came just now.
    pub fn hear(&mut self, message: &[u8]) {
        self.hear_of(message, 0);
    }

    /// Takes one whole message that came some time ago. A long one is as many joined events as it takes (EVN-1); what does
    /// not fit the ring whole is counted as lost, since half a message is worse than none.
    pub fn hear_of(&mut self, message: &[u8], ago: RefTime) {
        // 0 is what has no stamp: nobody counts.
        let time = match self.pace.arrival(&*self.clock) {
            0 => 0,
            now => (now - ago.max(0)).max(1),
        };
        let count = message.len().div_ceil(INLINE_BYTES);
        if count == 0 || self.events.slots() < count {
            self.link.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        for event in KernelEvent::whole(time, message) {
            // There is room for all of them.
            let _ = self.events.push(event);
        }
    }

    /// What both sides know.
    pub fn link(&self) -> &Arc<Link> {
        &self.link
    }
}

#[cfg(test)]
mod tests {
    use rtrb::RingBuffer;

    use super::*;
    use crate::ks::{Reading, State};

    /// Where the cycles are, and the system's time.
    #[derive(Default)]
    struct ByHand(AtomicI64, AtomicI64);

    impl Clock for ByHand {
        fn now(&self) -> RefTime {
            self.0.load(Ordering::Relaxed)
        }

        fn reading(&self) -> Reading {
            Reading {
                time: self.now(),
                system: self.1.load(Ordering::Relaxed),
                state: State::Run,
                ..Reading::default()
            }
        }
    }

    #[test]
    fn stamps_are_as_even_as_messages_where_a_cycle_comes_late() {
        const PERIOD: RefTime = 213_333;
        let (entry, mut events) = RingBuffer::new(256);
        let clock = Arc::new(ByHand::default());
        let mut ear = Ear::new(entry, clock.clone(), Arc::default());
        for period in 1..200 {
            let late = if period % 40 == 30 { 90_000 } else { 0 };
            clock.0.store(period * PERIOD - late, Ordering::Relaxed);
            clock
                .1
                .store(period * PERIOD + 5_000_000, Ordering::Relaxed);
            ear.attend();
            // Each lies at another place of its period.
            ear.hear_of(&[0x90, 60, 100], period * 1_000 % PERIOD);
        }
        for period in 1..200 {
            let event = events.pop().unwrap();
            let wanted = period * PERIOD - period * 1_000 % PERIOD;
            assert_eq!(event.time, wanted, "period {period}");
        }
    }
}
