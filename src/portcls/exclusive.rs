//! What a synthesizer hears behind the DMus port: system exclusive messages joined again from the events they travel in
//! (EVN-1, EVN-2), and every other message once for each channel group that is meant (EVN-3).

use super::dmus::Mxf;
use crate::ks::{KernelEvent, event_flag, group_range};
use crate::midi::message::Message;

/// A synthesizer by the messages it understands. Its events are taken apart here, so that all of them hear alike.
pub trait Hearing: Send {
    /// Where its system exclusive messages are gathered.
    fn exclusive(&mut self) -> &mut Exclusive;

    /// How many groups of sixteen channels it has.
    fn groups(&self) -> usize;

    /// A whole message from F0 to F7.
    fn system_exclusive(&mut self, bytes: &[u8]);

    /// Any other message, to one group, counted from 0.
    fn message(&mut self, message: Message, group: usize);
}

impl<T: Hearing> Mxf for T {
    fn put(&mut self, event: &KernelEvent, _: usize) {
        // Taken out, since what it says changes everything.
        let mut exclusive = std::mem::take(self.exclusive());
        let heard = exclusive.hear(event);
        let is_other = heard == Heard::Other;
        if let Heard::Whole(bytes) = heard {
            self.system_exclusive(bytes);
        }
        *self.exclusive() = exclusive;
        let message = Message::parse(event.bytes()).filter(|_| is_other);
        let groups = group_range(event.channel_group, self.groups());
        let (Some(message), Some(groups)) = (message, groups) else {
            return;
        };
        for group in groups {
            self.message(message, group);
        }
    }
}

/// The longest message that any synthesizer here has a use for.
const LONGEST: usize = 64;

/// Gathers one message.
#[derive(Clone, Debug)]
pub struct Exclusive {
    bytes: [u8; LONGEST],
    /// More than there is room for when it is too long.
    len: usize,
}

impl Default for Exclusive {
    fn default() -> Self {
        Self {
            bytes: [0; LONGEST],
            len: 0,
        }
    }
}

/// What an event is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard<'a> {
    /// Another message.
    Other,
    /// A part, or one that is too long.
    Part,
    /// With this it is whole, from F0 to F7.
    Whole(&'a [u8]),
}

impl Exclusive {
    /// Takes an event.
    pub fn hear(&mut self, event: &KernelEvent) -> Heard<'_> {
        let bytes = event.bytes();
        let begins = bytes.first() == Some(&0xF0);
        let goes_on = self.len > 0 && event.flags() & event_flag::INCOMPLETE != 0;
        if !begins && !goes_on {
            return Heard::Other;
        }
        if begins {
            self.len = 0;
        }
        for byte in bytes {
            if let Some(place) = self.bytes.get_mut(self.len) {
                *place = *byte;
            }
            self.len += 1;
        }
        if bytes.last() != Some(&0xF7) {
            return Heard::Part;
        }
        let len = std::mem::take(&mut self.len);
        self.bytes.get(..len).map_or(Heard::Part, Heard::Whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_pieces_is_heard_once_and_whole() {
        let gs = [0xF0, 0x41, 0x10, 0x42, 0x12, 0x40, 0, 0x7F, 0, 0x41, 0xF7];
        let mut it = Exclusive::default();
        let pieces: Vec<_> = KernelEvent::whole(0, &gs).collect();
        assert_eq!(pieces.len(), 2);
        assert_eq!(it.hear(&pieces[0]), Heard::Part);
        assert_eq!(it.hear(&pieces[1]), Heard::Whole(&gs));
        let note = KernelEvent::new(0, &[0x90, 60, 1]).unwrap();
        assert_eq!(it.hear(&note), Heard::Other);
        // A piece without a beginning is no message of this kind, one that is too long is passed over.
        assert_eq!(it.hear(&pieces[1]), Heard::Other);
        let mut long = vec![0xF0];
        long.extend([1; 100]);
        long.push(0xF7);
        for piece in KernelEvent::whole(0, &long) {
            assert_eq!(it.hear(&piece), Heard::Part);
        }
        let short = KernelEvent::new(0, &[0xF0, 0x7E, 0x7F, 9, 1, 0xF7]).unwrap();
        assert!(matches!(it.hear(&short), Heard::Whole(_)));
    }
}
