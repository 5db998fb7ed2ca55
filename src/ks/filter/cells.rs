//! What crosses threads without waiting: wake-ups, bells and published numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};

/// Wakes the audio thread. Never blocks, never allocates.
#[derive(Clone, Default)]
pub struct Waker {
    thread: Option<std::thread::Thread>,
    is_given_up: Arc<AtomicBool>,
}

impl Waker {
    /// Wakes `thread`, which parks.
    pub fn of(thread: std::thread::Thread) -> Self {
        Self {
            thread: Some(thread),
            ..Self::default()
        }
    }

    /// Wakes it.
    pub fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }

    /// That thread does not come back, and nobody frees what it holds: whoever keeps a device for it is to let it go.
    pub fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Release);
    }

    /// Whether nobody is there to be woken.
    pub fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Acquire)
    }
}

/// Rung when something was said that a sleeping screen is to look at. Never blocks, never allocates.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<AtomicU32>);

impl Bell {
    /// Rings it.
    pub fn ring(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    /// How often it was rung, modulo 2³².
    pub fn rings(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }
}

/// Numbers that a processor publishes and a screen reads: the latest value wins. What each means is the filter's word.
#[derive(Clone, Debug)]
pub struct Telemetry(Arc<[AtomicU32]>);

impl Telemetry {
    /// `count` zeros.
    pub fn new(count: usize) -> Self {
        Self((0..count).map(|_| AtomicU32::new(0)).collect())
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Publishes a number. Out of range is ignored.
    pub fn set(&self, index: usize, value: f32) {
        if let Some(cell) = self.0.get(index) {
            cell.store(value.to_bits(), Ordering::Relaxed);
        }
    }

    /// The latest number; 0 out of range.
    pub fn get(&self, index: usize) -> f32 {
        self.0
            .get(index)
            .map_or(0.0, |cell| f32::from_bits(cell.load(Ordering::Relaxed)))
    }

    /// Publishes a number between what was published before and what comes after: whoever reads it with
    /// [`Self::get_in_order`] sees all of the former, and nothing of the latter without seeing this number.
    pub fn set_in_order(&self, index: usize, value: f32) {
        fence(Ordering::SeqCst);
        self.set(index, value);
        fence(Ordering::SeqCst);
    }

    /// The latest number, read after what was read before it and ahead of what is read later.
    pub fn get_in_order(&self, index: usize) -> f32 {
        fence(Ordering::SeqCst);
        let value = self.get(index);
        fence(Ordering::SeqCst);
        value
    }
}
