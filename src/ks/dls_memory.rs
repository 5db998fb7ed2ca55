//! Where sounds are downloaded to: what the DLS property set asks of a synthesizer's memory (17.1).
//!
//! Lives here: the trait between whoever answers properties and the synthesizer. Does not live here: what a buffer holds.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::bank::Traffic;
use super::status::Status;

/// Why nothing was downloaded, or unloaded.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{words}")]
pub struct DlsRefusal {
    /// What the call answers.
    pub status: Status,
    /// What is wrong, and where.
    pub words: String,
}

impl DlsRefusal {
    /// UNSUCCESSFUL, and why.
    pub fn new(words: impl Into<String>) -> Self {
        Self::with(Status::Unsuccessful, words)
    }

    /// A status, and why.
    pub fn with(status: Status, words: impl Into<String>) -> Self {
        let words = words.into();
        Self { status, words }
    }
}

/// How an UNLOAD went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unloaded {
    /// It is gone.
    Now,
    /// Voices play it still, or the cycle that goes on may begin one; it goes with the last of them.
    WithItsVoices,
}

/// What is downloaded into one synthesizer. Each open pin has its own handles and ids; what they hold can be played from all
/// of them, in all channel groups (DLS-4). Never called on the audio thread, and never waits for it.
pub trait DlsMemory: Send + Sync + fmt::Debug {
    /// Takes a copy of a buffer; its handle.
    ///
    /// # Errors
    /// [`DlsRefusal`] where the buffer makes no sense, or there is no room.
    fn download(&self, pin: u64, buffer: &[u8]) -> Result<u32, DlsRefusal>;

    /// Lets go what a handle of that pin names. What sounds of it sounds on (DLS-3): then it is gone later, and
    /// [`Self::completed`] says when.
    ///
    /// # Errors
    /// [`DlsRefusal`] where the pin has no such handle.
    fn unload(&self, pin: u64, handle: u32) -> Result<Unloaded, DlsRefusal>;

    /// Handles that were unloaded while they sounded and are gone since the last call, with the pins they were of.
    fn completed(&self) -> Vec<(u64, u32)> {
        vec![]
    }

    /// Frees what was unloaded and sounds no more.
    fn compact(&self);

    /// The pin is closed: what it brought is unloaded.
    fn close(&self, pin: u64);

    /// Pins that are not named are closed.
    fn close_others(&self, open: &[u64]);

    /// The last calls, the oldest first, for who looks on.
    fn traffic(&self) -> Vec<Traffic> {
        vec![]
    }

    /// The same, for the filter whose memory it is.
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}
