//! What a card is given, copied on its way: a ring from the audio thread to whoever keeps it.

use std::sync::{Arc, Mutex, PoisonError};

/// The end of a tape that is listened to.
pub struct TapeEnd {
    /// Interleaved samples.
    pub samples: rtrb::Consumer<f32>,
    /// Channels.
    pub channels: usize,
    /// Samples a second and channel.
    pub rate_hz: u32,
}

/// A tape on its way to whoever keeps what is on it. Clones are one tape.
#[derive(Clone)]
pub struct Tape(Arc<Mutex<Option<TapeEnd>>>);

impl Tape {
    /// A tape with room for so many samples of a channel, and the end that is written.
    pub fn new(channels: usize, rate_hz: u32, room: usize) -> (rtrb::Producer<f32>, Self) {
        let (write, samples) = rtrb::RingBuffer::new(channels.max(1) * room.max(1));
        let end = TapeEnd {
            samples,
            channels,
            rate_hz,
        };
        (write, Self(Arc::new(Mutex::new(Some(end)))))
    }

    /// The end that is listened to, once.
    pub fn take(&self) -> Option<TapeEnd> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tape")
    }
}
