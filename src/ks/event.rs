//! Kernel events: time-stamped MIDI messages as they travel on wires (EVN-1 to -4).
//!
//! An event is plain data and never owns memory, so that copying one on the audio thread allocates nothing. A message
//! longer than eight bytes travels as several events of one time, each but the last *joined* to the next; a package,
//! whose elements stay together whatever their times, likewise. Who passes events on keeps what is joined together.

use super::time::RefTime;

/// The most bytes an event holds inline (EVN-1).
pub const INLINE_BYTES: usize = 8;

/// Bytes of an event in a frame: a byte of nothing, its size, the length of the message, channel group, flags, time,
/// place, a pointer that is nothing here, and eight bytes of message (EVN-1).
pub const EVENT_BYTES: usize = 40;

/// The place of an event in a stream of bytes that nobody counts (EVN-4).
const NO_PLACE: u64 = u64::MAX;

/// Bits of [`KernelEvent::flags`] (EVN-2).
pub mod event_flag {
    /// One whole message.
    pub const COMPLETE: u16 = 0;
    /// Part of a message.
    pub const INCOMPLETE: u16 = 1;
    /// An element of a package.
    pub const PACKAGE: u16 = 2;
}

/// The next event of the list belongs to this one. Not seen by anybody outside.
const JOINED: u8 = 0x80;

/// One time-stamped message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KernelEvent {
    /// When it is due, in presentation time.
    pub time: RefTime,
    /// 1-based group of sixteen channels; 0 means all groups (EVN-3).
    pub channel_group: u16,
    length: u8,
    flags: u8,
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
            flags: event_flag::COMPLETE as u8,
            bytes: inline,
        })
    }

    /// A message of any length: one event where it fits, else pieces of it that are joined (EVN-1, EVN-2).
    pub fn whole(time: RefTime, bytes: &[u8]) -> impl Iterator<Item = Self> {
        let last = bytes.len().div_ceil(INLINE_BYTES).saturating_sub(1);
        let pieces = bytes.chunks(INLINE_BYTES).enumerate();
        pieces.filter_map(move |(index, piece)| {
            let mut event = Self::new(time, piece)?;
            if last > 0 {
                event.flags = event_flag::INCOMPLETE as u8;
            }
            Some(event.joined(index < last))
        })
    }

    /// The same event as bytes of a stream that was not cut into messages: part of one, or several glued (EVN-2).
    pub fn incomplete(mut self) -> Self {
        self.flags |= event_flag::INCOMPLETE as u8;
        self
    }

    /// The same event as an element of a package (EVN-2); every element but the last is joined to the next.
    pub fn packaged(mut self, is_last: bool) -> Self {
        self.flags |= event_flag::PACKAGE as u8;
        self.joined(!is_last)
    }

    /// The same event; whether the next one belongs to it.
    pub fn joined(mut self, is_joined: bool) -> Self {
        self.flags = if is_joined {
            self.flags | JOINED
        } else {
            self.flags & !JOINED
        };
        self
    }

    /// Whether the next event of the list belongs to this one, and is to stay behind it.
    pub fn is_joined(&self) -> bool {
        self.flags & JOINED != 0
    }

    /// Bits of [`event_flag`].
    pub fn flags(&self) -> u16 {
        u16::from(self.flags & !JOINED)
    }

    /// The same event with another message of the same length or shorter.
    pub fn with_bytes(mut self, bytes: &[u8]) -> Self {
        let length = bytes.len().min(INLINE_BYTES);
        self.bytes = [0; INLINE_BYTES];
        self.bytes[..length].copy_from_slice(&bytes[..length]);
        self.length = length as u8;
        self
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
        bytes[6..8].copy_from_slice(&self.flags().to_le_bytes());
        bytes[8..16].copy_from_slice(&self.time.to_le_bytes());
        bytes[16..24].copy_from_slice(&NO_PLACE.to_le_bytes());
        bytes[32..].copy_from_slice(&self.bytes);
        bytes
    }

    /// The same message at another time.
    pub fn at(self, time: RefTime) -> Self {
        Self { time, ..self }
    }
}

/// The length of the run of joined events that `events` begins with; 0 of none.
pub fn run_length(events: &[KernelEvent]) -> usize {
    let joined = events.iter().take_while(|event| event.is_joined()).count();
    (joined + 1).min(events.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evn_1_and_2_long_messages_are_pieces_that_stay_together() {
        let long: Vec<u8> = (0..20).collect();
        let pieces: Vec<KernelEvent> = KernelEvent::whole(7, &long).collect();
        let bytes: Vec<u8> = pieces.iter().flat_map(|it| it.bytes().to_vec()).collect();
        assert_eq!(bytes, long);
        let joined: Vec<bool> = pieces.iter().map(KernelEvent::is_joined).collect();
        assert_eq!(joined, [true, true, false]);
        assert!(
            pieces
                .iter()
                .all(|it| it.flags() == event_flag::INCOMPLETE && it.time == 7)
        );
        assert_eq!(pieces[0].frame_bytes()[6..8], [1, 0]);
        assert_eq!(run_length(&pieces), 3);
        let short: Vec<KernelEvent> = KernelEvent::whole(7, &long[..8]).collect();
        assert_eq!(short.len(), 1);
        assert_eq!(
            (short[0].flags(), run_length(&short)),
            (event_flag::COMPLETE, 1)
        );
        assert_eq!(
            (run_length(&[]), KernelEvent::whole(0, &[]).count()),
            (0, 0)
        );
    }

    #[test]
    fn evn_4_an_event_says_that_nobody_counts_bytes() {
        let event = KernelEvent::new(7, &[0x90, 60, 100]).unwrap();
        assert_eq!(event.frame_bytes()[8..16], 7_i64.to_le_bytes());
        assert_eq!(event.frame_bytes()[16..24], [0xFF; 8]);
    }
}
