//! What the frames of a table are like, without the frames: all that is asked of them to find what can be done at once, also
//! when the table itself is with the audio thread.

use super::table::Tables;
use crate::ks::Payload;

/// One frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Frame {
    /// Of sound; without any it holds none.
    channels: u32,
    capacity: u32,
    rate_hz: u32,
    sample_size: u32,
    holds_events: bool,
}

/// The frames of a table, by slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline(Vec<Frame>);

impl Outline {
    pub(super) fn of(tables: &Tables) -> Self {
        let frames = tables.payloads.iter().zip(0_u32..).map(|(payload, slot)| {
            let wave = payload.wave();
            Frame {
                channels: wave.map_or(0, |it| it.channel_count() as u32),
                capacity: wave.map_or(0, |it| it.capacity() as u32),
                rate_hz: tables.rate_hz(slot),
                sample_size: tables.sample_sizes[slot as usize],
                holds_events: matches!(payload, Payload::Events(_)),
            }
        });
        Self(frames.collect())
    }

    /// The channels of the sound in a slot, and how many samples of each there is room for.
    pub(super) fn sound(&self, slot: u32) -> Option<(usize, usize)> {
        let frame = self.0[slot as usize];
        (frame.channels > 0).then_some((frame.channels as usize, frame.capacity as usize))
    }

    /// The rate of that sound; 0 where there is none.
    pub(super) fn rate_hz(&self, slot: u32) -> u32 {
        self.0[slot as usize].rate_hz
    }

    pub(super) fn holds_events(&self, slot: u32) -> bool {
        self.0[slot as usize].holds_events
    }

    /// Whether two slots hold sound of one shape, told alike.
    pub(super) fn are_alike(&self, a: u32, b: u32) -> bool {
        self.sound(a).is_some() && self.0[a as usize] == self.0[b as usize]
    }
}
