//! The capture sink: makes whole messages of the bytes that a UART heard (MXF-3).
//!
//! Running status is expanded, real-time bytes go on at once wherever they stand, system exclusive is gathered until its
//! end and then is one message, in as many joined events as it takes.

use crate::ks::{KernelEvent, RefTime};
use crate::midi::Parser;

/// Bytes of one system exclusive message for which room is made beforehand; a longer one is left out and counted.
pub const MOST_EXCLUSIVE: usize = 1 << 16;

/// The capture sink of a stream.
pub struct Assembler {
    parser: Parser,
    exclusive: Vec<u8>,
    /// The longest system exclusive message that is gathered.
    most: usize,
    is_exclusive: bool,
    is_too_long: bool,
    lost: u32,
}

impl Default for Assembler {
    /// One that never allocates later.
    fn default() -> Self {
        Self {
            exclusive: Vec::with_capacity(MOST_EXCLUSIVE),
            ..Self::growing(MOST_EXCLUSIVE)
        }
    }
}

impl Assembler {
    /// One for threads that may allocate: it makes room as it is needed, up to so many bytes.
    pub fn growing(most: usize) -> Self {
        Self {
            parser: Parser::new(),
            exclusive: vec![],
            most,
            is_exclusive: false,
            is_too_long: false,
            lost: 0,
        }
    }

    /// Takes bytes and gives every message they complete.
    pub fn put(&mut self, bytes: &[u8], mut message: impl FnMut(&[u8])) {
        let Self {
            parser,
            exclusive,
            most,
            is_exclusive,
            is_too_long,
            lost,
        } = self;
        parser.feed(bytes, |piece| {
            let first = piece.first().copied().unwrap_or(0);
            if first == 0xF0 {
                exclusive.clear();
                (*is_exclusive, *is_too_long) = (true, false);
            } else if first >= 0xF8 || !*is_exclusive {
                message(piece);
                return;
            }
            *is_too_long |= exclusive.len() + piece.len() > *most;
            if !*is_too_long {
                exclusive.extend_from_slice(piece);
            }
            if piece.last() == Some(&0xF7) {
                *is_exclusive = false;
                if *is_too_long {
                    *lost = lost.saturating_add(1);
                } else {
                    message(exclusive);
                }
            }
        });
    }

    /// The same of bytes that were heard at a time, with each message as one event, or as many joined ones as it takes.
    pub fn events(&mut self, time: RefTime, bytes: &[u8], mut event: impl FnMut(KernelEvent)) {
        self.put(bytes, |message| {
            KernelEvent::whole(time, message).for_each(&mut event);
        });
    }

    /// Forgets a message that has only begun.
    pub fn clear(&mut self) {
        self.parser = Parser::new();
        self.is_exclusive = false;
    }

    /// Messages that were too long.
    pub fn lost(&self) -> u32 {
        self.lost
    }
}
