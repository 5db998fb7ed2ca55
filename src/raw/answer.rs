//! One call and its answer, and the three ways in which an answer meets a buffer that is too short.

use crate::ks::Status;

/// A property, method or event call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call<'a> {
    /// The request: `{set, id, flags}` in 24 bytes, then instance data (pin or node, ranges, ...).
    pub input: &'a [u8],
    /// What a SET brings, or an event's data.
    pub data: &'a [u8],
    /// Bytes the caller has room for; 0 asks for the size.
    pub output: usize,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// How it went.
    pub status: Status,
    /// Bytes written, or bytes needed when the status says that there was too little room.
    pub length: usize,
    /// What was written.
    pub data: Vec<u8>,
    /// Why not, where the status says too little.
    pub words: Option<String>,
}

impl Answer {
    /// A status and nothing else.
    pub const fn status(status: Status) -> Self {
        Self {
            status,
            length: 0,
            data: Vec::new(),
            words: None,
        }
    }

    /// A status with the size that would have been needed.
    pub(super) const fn needs(status: Status, length: usize) -> Self {
        Self {
            status,
            length,
            data: Vec::new(),
            words: None,
        }
    }

    fn whole(data: Vec<u8>) -> Self {
        Self {
            status: Status::Success,
            length: data.len(),
            data,
            words: None,
        }
    }

    /// A fixed size: no room asks for the size, less room than needed is a refusal (ST-1, PIN-2).
    pub(super) fn sized(data: Vec<u8>, output: usize) -> Self {
        match output {
            _ if data.is_empty() => Self::whole(data),
            0 => Self::needs(Status::BufferOverflow, data.len()),
            room if room < data.len() => Self::needs(Status::BufferTooSmall, data.len()),
            _ => Self::whole(data),
        }
    }

    /// A text: any shorter room asks for the size (PIN-3).
    pub(super) fn text(data: Vec<u8>, output: usize) -> Self {
        if output < data.len() {
            return Self::needs(Status::BufferOverflow, data.len());
        }
        Self::whole(data)
    }

    /// A list behind its `{Size, Count}`: four bytes of room get the size, eight the head (PIN-5).
    pub(super) fn list(data: Vec<u8>, output: usize) -> Self {
        match output {
            0 => Self::needs(Status::BufferOverflow, data.len()),
            4 => Self::whole(data[..4].to_vec()),
            8 => Self::whole(data[..8].to_vec()),
            room if room < data.len() => Self::needs(Status::BufferTooSmall, data.len()),
            _ => Self::whole(data),
        }
    }
}
