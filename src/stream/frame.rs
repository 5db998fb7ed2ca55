//! Frames as they travel between the class driver and a minidriver.

use crate::ks::{Payload, StreamHeader, Wave};

/// A frame on its way between the class driver and a minidriver.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Its header.
    pub header: StreamHeader,
    /// Its samples. The capacity is the frame's extent, the length what of it is used.
    pub payload: Payload,
}

impl Frame {
    /// An empty frame with room for `capacity` samples a channel.
    pub fn wave(channels: usize, capacity: usize) -> Self {
        Self {
            header: StreamHeader::default(),
            payload: Payload::Wave(Wave::new(channels, capacity)),
        }
    }

    /// Samples a channel that are used.
    pub fn len(&self) -> usize {
        self.payload.wave().map_or(0, Wave::len)
    }

    /// Whether no sample is used.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most samples a channel can hold.
    pub fn capacity(&self) -> usize {
        self.payload.wave().map_or(0, Wave::capacity)
    }

    /// Takes back what was said and sampled, so that it can be filled anew.
    pub(super) fn empty(&mut self) {
        self.header = StreamHeader::default();
        if let Some(wave) = self.payload.wave_mut() {
            wave.set_len(0);
        }
    }
}
