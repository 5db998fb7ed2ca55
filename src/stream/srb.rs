//! Stream request blocks: what the class driver asks of a minidriver, and the duty to answer.
//!
//! A request is answered exactly once, by type: answering uses up its [`Done`], and a `Done` that is dropped answers
//! CANCELLED. Who hands requests over, and when, is the worker's business.

use std::sync::mpsc;

use crate::ks::{DataFormat, Payload, State, Status, StreamHeader, Waker, Wave};

/// A frame on its way between the class driver and a minidriver.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Its header.
    pub header: StreamHeader,
    /// Its samples. The capacity is the frame's extent, the length what of it is used.
    pub payload: Payload,
}

impl Frame {
    /// An empty frame with room for `capacity` samples a channel.
    pub fn wave(channels: usize, capacity: usize) -> Self {
        Self {
            header: StreamHeader::default(),
            payload: Payload::Wave(Wave::new(channels, capacity)),
        }
    }

    /// Samples a channel that are used.
    pub fn len(&self) -> usize {
        self.payload.wave().map_or(0, Wave::len)
    }

    /// Whether no sample is used.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most samples a channel can hold.
    pub fn capacity(&self) -> usize {
        self.payload.wave().map_or(0, Wave::capacity)
    }
}

/// Names one request, in calls like cancel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SrbId(pub u64);

/// Names one stream of a minidriver: the place of its pin in `Opening::pins`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamId(pub usize);

/// A request. What a minidriver does not know it hands to [`Srb::refuse`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Srb {
    /// The first: get the device ready.
    InitialiseDevice {
        /// The duty to answer.
        done: Done<()>,
    },
    /// The last: let go of the device.
    UninitialiseDevice {
        /// The duty to answer.
        done: Done<()>,
    },
    /// A stream begins, in Stop, with its agreed format.
    OpenStream {
        /// Which.
        stream: StreamId,
        /// What was agreed.
        format: DataFormat,
        /// The duty to answer.
        done: Done<()>,
    },
    /// A stream ends, in whatever state it is; nothing of it is outstanding any more (SRB-3).
    CloseStream {
        /// Which.
        stream: StreamId,
        /// The duty to answer.
        done: Done<()>,
    },
    /// A stream takes the next state, one step at a time.
    SetState {
        /// Which.
        stream: StreamId,
        /// The state it shall have.
        state: State,
        /// The duty to answer.
        done: Done<()>,
    },
    /// Fill an empty frame: set its length, its samples, and what of its header is known.
    Read {
        /// Of which stream.
        stream: StreamId,
        /// The empty frame.
        frame: Frame,
        /// The duty to give it back filled.
        done: Done<Frame>,
    },
    /// Take the samples out of a full frame.
    Write {
        /// Of which stream.
        stream: StreamId,
        /// The full frame.
        frame: Frame,
        /// The duty to give it back.
        done: Done<Frame>,
    },
}

impl Srb {
    /// Its name in messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InitialiseDevice { .. } => "INITIALIZE_DEVICE",
            Self::UninitialiseDevice { .. } => "UNINITIALIZE_DEVICE",
            Self::OpenStream { .. } => "OPEN_STREAM",
            Self::CloseStream { .. } => "CLOSE_STREAM",
            Self::SetState { .. } => "SET_STREAM_STATE",
            Self::Read { .. } => "READ_DATA",
            Self::Write { .. } => "WRITE_DATA",
        }
    }

    /// Its id.
    pub const fn id(&self) -> SrbId {
        match self {
            Self::InitialiseDevice { done }
            | Self::UninitialiseDevice { done }
            | Self::OpenStream { done, .. }
            | Self::CloseStream { done, .. }
            | Self::SetState { done, .. } => done.id(),
            Self::Read { done, .. } | Self::Write { done, .. } => done.id(),
        }
    }

    /// Answers SUCCESS to a request that wants nothing in return, NOT_IMPLEMENTED to any other (SRB-6).
    pub fn accept(self) {
        match self {
            Self::InitialiseDevice { done }
            | Self::UninitialiseDevice { done }
            | Self::OpenStream { done, .. }
            | Self::CloseStream { done, .. }
            | Self::SetState { done, .. } => done.complete(()),
            other => other.refuse(Status::NotImplemented),
        }
    }

    /// Answers with a status other than SUCCESS.
    pub fn refuse(self, status: Status) {
        match self {
            Self::InitialiseDevice { done }
            | Self::UninitialiseDevice { done }
            | Self::OpenStream { done, .. }
            | Self::CloseStream { done, .. }
            | Self::SetState { done, .. } => done.fail(status),
            Self::Read { done, .. } | Self::Write { done, .. } => done.fail(status),
        }
    }
}

/// An answer on its way back.
pub(super) type Answer<T> = (SrbId, Result<T, Status>);

/// Where answers go, and who is woken by them.
#[derive(Clone)]
pub(super) struct Reply<T> {
    pub(super) answers: mpsc::Sender<Answer<T>>,
    pub(super) waker: Waker,
}

/// The duty to answer one request. It may be kept, and answered later from any thread.
///
/// ```
/// use ksgraph::ks::Status;
/// use ksgraph::stream::{Done, SrbId};
///
/// let (done, answered) = Done::pair(SrbId(1));
/// done.complete(7);
/// assert_eq!(answered.take(), Some(Ok(7)));
///
/// let (done, answered) = Done::<()>::pair(SrbId(2));
/// drop(done);
/// assert_eq!(answered.take(), Some(Err(Status::Cancelled)));
/// ```
///
/// To answer twice does not compile:
///
/// ```compile_fail,E0382
/// use ksgraph::stream::{Done, SrbId};
///
/// let (done, _answered) = Done::pair(SrbId(1));
/// done.complete(7);
/// done.complete(8);
/// ```
#[must_use = "a request that is dropped is answered CANCELLED"]
pub struct Done<T> {
    id: SrbId,
    reply: Option<Reply<T>>,
}

impl<T> std::fmt::Debug for Done<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Done").field(&self.id).finish()
    }
}

impl<T> Done<T> {
    pub(super) fn new(id: SrbId, reply: Reply<T>) -> Self {
        Self {
            id,
            reply: Some(reply),
        }
    }

    /// A duty and the place its answer appears, for trying out a minidriver without a class driver.
    pub fn pair(id: SrbId) -> (Self, Answered<T>) {
        let (answers, answered) = mpsc::channel();
        let reply = Reply {
            answers,
            waker: Waker::default(),
        };
        (Self::new(id, reply), Answered(answered))
    }

    /// Which request it answers.
    pub const fn id(&self) -> SrbId {
        self.id
    }

    /// Answers SUCCESS.
    pub fn complete(mut self, value: T) {
        self.answer(Ok(value));
    }

    /// Answers that it could not be done.
    pub fn fail(mut self, status: Status) {
        self.answer(Err(status));
    }

    fn answer(&mut self, answer: Result<T, Status>) {
        if let Some(reply) = self.reply.take() {
            // Nobody listens any more once the class driver has closed: then nobody misses the answer.
            let _ = reply.answers.send((self.id, answer));
            reply.waker.wake();
        }
    }
}

impl<T> Drop for Done<T> {
    fn drop(&mut self) {
        self.answer(Err(Status::Cancelled));
    }
}

/// Where the answer of [`Done::pair`] appears.
#[derive(Debug)]
pub struct Answered<T>(mpsc::Receiver<Answer<T>>);

impl<T> Answered<T> {
    /// The answer, if there is one by now and it was not taken before.
    pub fn take(&self) -> Option<Result<T, Status>> {
        self.0.try_recv().ok().map(|(_, answer)| answer)
    }
}
