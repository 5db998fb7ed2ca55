//! What travels on a wire: a stream header and a payload.
//!
//! Payloads are made with their full capacity before a graph runs; on the audio thread only their length changes.

use super::event::KernelEvent;
use super::time::RefTime;

/// Bits of [`StreamHeader::flags`] (section 13).
pub mod flag {
    /// Data are missing before this packet.
    pub const DATADISCONTINUITY: u32 = 0x4;
    /// The presentation time means something.
    pub const TIMEVALID: u32 = 0x10;
    /// The time jumps after this packet.
    pub const TIMEDISCONTINUITY: u32 = 0x40;
    /// The duration means something.
    pub const DURATIONVALID: u32 = 0x100;
    /// The last packet.
    pub const ENDOFSTREAM: u32 = 0x200;
}

/// KSSTREAM_HEADER without its pointers: times are normalised to 100 ns (HDR-5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StreamHeader {
    /// When the first sample is due.
    pub time: RefTime,
    /// How long the packet lasts.
    pub duration: RefTime,
    /// Bytes of the agreed format that are valid.
    pub data_used: u32,
    /// Bits of [`flag`].
    pub flags: u32,
}

impl StreamHeader {
    /// Whether the stream ends with this packet.
    pub fn is_end_of_stream(&self) -> bool {
        self.flags & flag::ENDOFSTREAM != 0
    }
}

/// Planar samples: `channels` runs of `stride`, of which the first `len` count.
#[derive(Clone, Debug, Default)]
pub struct Wave {
    samples: Vec<f32>,
    channels: usize,
    stride: usize,
    len: usize,
}

impl Wave {
    /// Silence, with room for `capacity` samples a channel.
    pub fn new(channels: usize, capacity: usize) -> Self {
        let stride = capacity.max(1);
        Self {
            samples: vec![0.0; channels * stride],
            channels,
            stride,
            len: 0,
        }
    }

    /// Number of channels.
    pub fn channel_count(&self) -> usize {
        self.channels
    }

    /// Samples a channel that count.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no sample counts.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The most samples a channel can hold.
    pub fn capacity(&self) -> usize {
        self.stride
    }

    /// Sets how many samples count, at most the capacity. The samples themselves stay as they are.
    pub fn set_len(&mut self, len: usize) {
        debug_assert!(len <= self.stride);
        self.len = len.min(self.stride);
    }

    /// One channel's samples.
    pub fn channel(&self, channel: usize) -> &[f32] {
        &self.samples[channel * self.stride..][..self.len]
    }

    /// One channel's samples, to be written.
    pub fn channel_mut(&mut self, channel: usize) -> &mut [f32] {
        &mut self.samples[channel * self.stride..][..self.len]
    }

    /// All channels.
    pub fn channels(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        let len = self.len;
        // `max(1)`: chunks of an empty wave must not be of length zero.
        self.samples
            .chunks_exact(self.stride.max(1))
            .map(move |channel| &channel[..len])
    }

    /// All channels, to be written.
    pub fn channels_mut(&mut self) -> impl ExactSizeIterator<Item = &mut [f32]> {
        let len = self.len;
        self.samples
            .chunks_exact_mut(self.stride.max(1))
            .map(move |channel| &mut channel[..len])
    }

    /// Writes silence over every sample that counts.
    pub fn silence(&mut self) {
        self.channels_mut().for_each(|channel| channel.fill(0.0));
    }

    /// Adds the samples of `other` behind those that count, as far as channels and capacity go.
    pub fn append(&mut self, other: &Self) {
        let from = self.len;
        self.set_len((from + other.len).min(self.stride));
        for (to, added) in self.channels_mut().zip(other.channels()) {
            let to = &mut to[from..];
            to.copy_from_slice(&added[..to.len()]);
        }
    }

    /// Takes over length and samples of `other`, as far as channels and capacity go.
    pub fn copy_from(&mut self, other: &Self) {
        self.set_len(other.len.min(self.stride));
        let len = self.len;
        for (to, from) in self.channels_mut().zip(other.channels()) {
            to.copy_from_slice(&from[..len]);
        }
    }
}

/// The most events one frame holds; what is more waits in order for the next piece.
pub const EVENT_CAPACITY: usize = 4096;

/// What a frame carries.
#[derive(Clone, Debug, Default)]
pub enum Payload {
    /// Nothing: an unconnected input, or a frame that is in other hands for the moment.
    #[default]
    None,
    /// Sound.
    Wave(Wave),
    /// Time-stamped events in order, never more than [`EVENT_CAPACITY`].
    Events(Vec<KernelEvent>),
}

impl Payload {
    /// The wave, if it is one.
    pub fn wave(&self) -> Option<&Wave> {
        if let Self::Wave(wave) = self {
            Some(wave)
        } else {
            None
        }
    }

    /// The wave, if it is one, to be written.
    pub fn wave_mut(&mut self) -> Option<&mut Wave> {
        if let Self::Wave(wave) = self {
            Some(wave)
        } else {
            None
        }
    }

    /// The events; none if it carries something else.
    pub fn events(&self) -> &[KernelEvent] {
        if let Self::Events(events) = self {
            events
        } else {
            &[]
        }
    }

    /// Adds an event unless the frame is full; says whether it was taken. Never allocates.
    pub fn push_event(&mut self, event: KernelEvent) -> bool {
        match self {
            Self::Events(events) if events.len() < events.capacity() => {
                events.push(event);
                true
            }
            _ => false,
        }
    }

    /// Silence, or no events.
    pub fn clear(&mut self) {
        match self {
            Self::None => {}
            Self::Wave(wave) => wave.silence(),
            Self::Events(events) => events.clear(),
        }
    }
}
