//! What several wires hold: who merges them releases the notes of one that goes away, breaks or ends, unless another wire
//! holds them too.

use crate::ks::{HeldGroups, Inputs, KernelEvent, RefTime, flag};

/// The most wires that are followed at a time.
pub const MOST_WIRES: usize = 16;

/// What one wire has brought.
#[derive(Clone, Copy, Default)]
struct Wire {
    /// Identity of the connection; 0 for a place that is free.
    wire: u64,
    held: HeldGroups,
}

/// Notes and pedals that are down, by the wire they came by.
#[derive(Clone, Copy, Default)]
pub struct HeldWires([Wire; MOST_WIRES]);

/// A wire that holds nothing any longer.
pub struct Gone {
    /// Identity of the connection.
    pub wire: u64,
    /// It is gone or broken, and what it brought that is not due yet is not to come; not so at the end of its stream.
    pub is_broken: bool,
    held: HeldGroups,
}

impl Gone {
    /// Gives the events that release what it alone held.
    pub fn release(mut self, time: RefTime, mut give: impl FnMut(KernelEvent)) {
        self.held.release(time, |event| {
            give(event);
            true
        });
    }
}

impl HeldWires {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.fill(Wire::default());
    }

    /// A wire brings something, due or not: from now on it is known when it goes.
    pub fn meet(&mut self, wire: u64) {
        self.place(wire);
    }

    /// Follows one event.
    pub fn follow(&mut self, wire: u64, event: &KernelEvent) {
        if let Some(known) = self.place(wire) {
            known.held.follow(event);
        }
    }

    fn place(&mut self, wire: u64) -> Option<&mut Wire> {
        let known = self.0.iter().position(|it| it.wire == wire);
        let free = || self.0.iter().position(|it| it.wire == 0);
        let place = &mut self.0[known.or_else(free)?];
        place.wire = wire;
        Some(place)
    }

    /// Takes out a wire that is gone, broken or at its end; `waits` says whether something it brought is still to come.
    pub fn next_gone(&mut self, inputs: Inputs<'_>, waits: impl Fn(u64) -> bool) -> Option<Gone> {
        for place in 0..MOST_WIRES {
            let Wire { wire, held } = self.0[place];
            if wire == 0 {
                continue;
            }
            let input = inputs.iter().find(|input| input.wire == wire);
            let has = |which: u32| input.is_some_and(|it| it.header.flags & which != 0);
            let is_broken = input.is_none() || has(flag::DATADISCONTINUITY);
            let is_over = has(flag::ENDOFSTREAM)
                && !held.is_empty()
                && input.is_some_and(|it| it.events().is_empty())
                && !waits(wire);
            if is_broken || is_over {
                self.0[place] = Wire::default();
                let held = self.by_no_other(held);
                return Some(Gone {
                    wire,
                    is_broken,
                    held,
                });
            }
        }
        None
    }

    /// Forgets what is down on some channels of every group, a bit each, and gives the events that release it.
    pub fn release_channels(
        &mut self,
        channels: u16,
        time: RefTime,
        mut give: impl FnMut(KernelEvent),
    ) {
        if channels == 0 {
            return;
        }
        for place in 0..MOST_WIRES {
            let own = self.0[place].held.split_off(channels);
            self.by_no_other(own).release(time, |event| {
                give(event);
                true
            });
        }
    }

    /// What no wire holds that is still known.
    fn by_no_other(&self, held: HeldGroups) -> HeldGroups {
        let others = self.0.iter();
        others.fold(held, |held, other| held.without(&other.held))
    }
}
