//! The time that requests and timers of minidrivers run on. It is handed in, so that a test moves it by hand (SRB-14).

use std::sync::Mutex;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::ks::Waker;

/// Where the class driver has its time from.
pub trait TimeSource: Send + Sync {
    /// Time since any beginning.
    fn now(&self) -> Duration;

    /// Somebody sleeps who is to be woken when time is moved. Who moves by itself need not: nobody sleeps too long.
    fn sleeper(&self, waker: Waker) {
        let _ = waker;
    }
}

/// The system's time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemTime;

#[expect(
    clippy::disallowed_methods,
    reason = "this is a clock: it is handed to class drivers"
)]
impl TimeSource for SystemTime {
    fn now(&self) -> Duration {
        static BEGINNING: OnceLock<Instant> = OnceLock::new();
        Instant::now().duration_since(*BEGINNING.get_or_init(Instant::now))
    }
}

/// Time that stands still but when it is moved.
#[derive(Default)]
pub struct HandTime {
    now: Mutex<Duration>,
    sleepers: Mutex<Vec<Waker>>,
}

impl HandTime {
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        *self.now.lock().unwrap_or_else(|lock| lock.into_inner()) += time;
        let sleepers = self.sleepers.lock();
        let sleepers = sleepers.unwrap_or_else(|lock| lock.into_inner());
        for sleeper in sleepers.iter() {
            sleeper.wake();
        }
    }
}

impl TimeSource for HandTime {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap_or_else(|lock| lock.into_inner())
    }

    fn sleeper(&self, waker: Waker) {
        let sleepers = self.sleepers.lock();
        sleepers
            .unwrap_or_else(|lock| lock.into_inner())
            .push(waker);
    }
}
