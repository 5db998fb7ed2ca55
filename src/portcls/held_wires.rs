//! What several wires hold: who merges them releases the notes of one that goes away or breaks, unless another wire holds
//! them too.

use crate::ks::{Held, Inputs, flag};

/// The most wires that are followed at a time.
pub const MOST_WIRES: usize = 16;

/// What one wire has brought.
#[derive(Clone, Copy, Default)]
struct Wire {
    /// Identity of the connection; 0 for a place that is free.
    wire: u64,
    held: Held,
}

/// Notes and pedals that are down, by the wire they came by.
#[derive(Clone, Copy, Default)]
pub struct HeldWires([Wire; MOST_WIRES]);

impl HeldWires {
    /// Follows one message.
    pub fn follow(&mut self, wire: u64, message: &[u8]) {
        let known = self.0.iter().position(|it| it.wire == wire);
        let free = || self.0.iter().position(|it| it.wire == 0);
        if let Some(place) = known.or_else(free) {
            self.0[place].wire = wire;
            self.0[place].held.follow(message);
        }
    }

    /// Forgets wires that are gone or broken. Gives the identity of each, then the messages that release what it held.
    pub fn release_broken(
        &mut self,
        inputs: Inputs<'_>,
        mut give: impl FnMut(u64, Option<[u8; 3]>),
    ) {
        for place in 0..MOST_WIRES {
            let Wire { wire, mut held } = self.0[place];
            let flags = inputs.iter().find(|input| input.wire == wire);
            let flags = flags.map(|input| input.header.flags);
            if wire == 0 || flags.is_some_and(|flags| flags & flag::DATADISCONTINUITY == 0) {
                continue;
            }
            self.0[place] = Wire::default();
            give(wire, None);
            held.release(|message| {
                let is_off = message[0] & 0xF0 == 0x80;
                let is_held = |it: &Wire| it.held.is_down(message[0] & 15, message[1]);
                if !is_off || !self.0.iter().any(is_held) {
                    give(wire, Some(message));
                }
                true
            });
        }
    }

    /// Forgets what is down on some channels, a bit each, and gives the messages that release it.
    pub fn release_channels(&mut self, channels: u16, mut give: impl FnMut([u8; 3])) {
        for it in &mut self.0 {
            it.held.split_off(channels).release(|message| {
                give(message);
                true
            });
        }
    }
}
