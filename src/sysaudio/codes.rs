//! What calls of a [`FilterGraph`](super::FilterGraph) answer: the usual codes by their usual numbers.

/// An answer that is more than yes or no.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("{}", self.words())]
#[repr(u32)]
pub enum Code {
    /// Done.
    Ok = 0,
    /// Nothing was to be done.
    False = 1,
    /// Done, under another name than was asked for.
    DuplicateName = 0x0004_022D,
    /// Some of it is rendered.
    PartialRender = 0x0004_0242,
    /// Something was needed and nothing was named.
    Pointer = 0x8000_4003,
    /// The pin has a partner.
    AlreadyConnected = 0x8004_0204,
    /// Both pins have formats, and none in common.
    NoAcceptableTypes = 0x8004_0207,
    /// Two outputs, or two inputs.
    InvalidDirection = 0x8004_0208,
    /// The pin has no partner.
    NotConnected = 0x8004_0209,
    /// There is nothing of that name.
    NotFound = 0x8004_0216,
    /// Nothing leads there.
    CannotConnect = 0x8004_0217,
    /// Nothing renders it.
    CannotRender = 0x8004_0218,
    /// The wire would close a loop.
    CircularGraph = 0x8004_0221,
    /// The filter runs.
    NotStopped = 0x8004_0224,
    /// The pin does not take that format.
    TypeNotAccepted = 0x8004_022A,
    /// All numbers behind a name are taken.
    NoNameLeft = 0x8004_022D,
    /// The device is not there.
    NoAudioHardware = 0x8004_0256,
    /// The filter is not in this graph.
    NotInGraph = 0x8004_025F,
}

impl Code {
    /// Its number.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Whether it is one of success.
    pub const fn is_success(self) -> bool {
        self.number() & 0x8000_0000 == 0
    }

    /// A sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ok => "done",
            Self::False => "nothing was to be done",
            Self::DuplicateName => "done, under another name: that one was taken",
            Self::PartialRender => "some of it is rendered",
            Self::Pointer => "nothing was named where something is needed",
            Self::AlreadyConnected => "the pin is connected already",
            Self::NoAcceptableTypes => "the two pins have no format in common",
            Self::InvalidDirection => "a wire leads from an output to an input",
            Self::NotConnected => "the pin is not connected",
            Self::NotFound => "there is nothing of that name",
            Self::CannotConnect => "nothing leads from the one to the other",
            Self::CannotRender => "nothing renders it",
            Self::CircularGraph => "the wire would close a loop",
            Self::NotStopped => "the filter is not in Stop",
            Self::TypeNotAccepted => "the pin does not take that format",
            Self::NoNameLeft => "all numbers behind that name are taken",
            Self::NoAudioHardware => "the device is not there",
            Self::NotInGraph => "the filter is not in this graph",
        }
    }
}
