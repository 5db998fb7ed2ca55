//! Kernel events: time-stamped MIDI messages as they travel on wires (EVN-1 to -4).
//!
//! An event is plain data and never owns memory, so that copying one on the audio thread allocates nothing. Messages
//! longer than eight bytes do not fit yet and are refused where they enter.

use super::time::RefTime;

/// The most bytes an event holds inline (EVN-1).
pub const INLINE_BYTES: usize = 8;

/// Bytes of an event in a frame: a byte of nothing, its size, the length of the message, channel group, flags, time,
/// place, a pointer that is nothing here, and eight bytes of message (EVN-1).
pub const EVENT_BYTES: usize = 40;

/// One time-stamped message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KernelEvent {
    /// When it is due, in presentation time.
    pub time: RefTime,
    /// 1-based group of sixteen channels; 0 means all groups (EVN-3).
    pub channel_group: u16,
    length: u8,
    bytes: [u8; INLINE_BYTES],
}

impl KernelEvent {
    /// An event of `bytes` for channel group 1, or `None` when they do not fit.
    pub fn new(time: RefTime, bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() || bytes.len() > INLINE_BYTES {
            return None;
        }
        let mut inline = [0; INLINE_BYTES];
        inline[..bytes.len()].copy_from_slice(bytes);
        Some(Self {
            time,
            channel_group: 1,
            length: bytes.len() as u8,
            bytes: inline,
        })
    }

    /// The message.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The event as it lies in a frame.
    pub fn frame_bytes(&self) -> [u8; EVENT_BYTES] {
        let mut bytes = [0; EVENT_BYTES];
        bytes[1] = EVENT_BYTES as u8;
        bytes[2..4].copy_from_slice(&u16::from(self.length).to_le_bytes());
        bytes[4..6].copy_from_slice(&self.channel_group.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.time.to_le_bytes());
        bytes[32..].copy_from_slice(&self.bytes);
        bytes
    }

    /// The same message at another time.
    pub fn at(self, time: RefTime) -> Self {
        Self { time, ..self }
    }
}
