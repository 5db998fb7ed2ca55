//! The kind of data: the one answer from which hue, shape and line follow.

use crate::ks::ids::{Guid, major, sub};

/// The kind of data on a wire: one hue, one shape, one line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Sound.
    Audio,
    /// Raw MIDI records.
    Midi,
    /// Time-stamped events.
    Events,
    /// Clocks.
    Clock,
    /// Everything else.
    Control,
}

impl Kind {
    pub(super) fn of(major_format: Guid, sub_format: Guid) -> Self {
        match (major_format, sub_format) {
            (major::AUDIO, sub::ANALOG) => Self::Control,
            (major::AUDIO, _) => Self::Audio,
            (major::MUSIC, sub::DIRECTMUSIC) => Self::Events,
            (major::MUSIC, _) => Self::Midi,
            (major::CLOCK, _) => Self::Clock,
            _ => Self::Control,
        }
    }

    /// The word of the command line's JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Midi => "midi",
            Self::Events => "events",
            Self::Clock => "clock",
            Self::Control => "control",
        }
    }
}
