//! What is posted to a class driver's own thread: answers, wishes, calls of devices, questions from outside.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, atomic::AtomicU64};

use std::time::Duration;

use super::minidriver::EventRequest;
use super::request::{Ask, Outcome, SrbId, StreamId};
use super::rings::Shared;
use crate::ks::ids::Guid;
use crate::ks::{Clock, DataFormat, Status};

/// An event of a minidriver: of the device, or of one stream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct EventKey {
    /// Of which stream; `None`: of the device.
    pub stream: Option<StreamId>,
    /// Its set.
    pub set: Guid,
    /// Its number in the set.
    pub id: u32,
}

/// One message.
pub(super) enum Post {
    /// A request was answered; `opens`: and the next of its lane is wanted.
    Answered {
        id: SrbId,
        answer: Result<Outcome, Status>,
        opens: bool,
    },
    /// The next request of the lane of this one is wanted.
    Ready(SrbId),
    /// A call into the minidriver has come back.
    Returned(u64),
    /// The minidriver has looked whether an interrupt was its own.
    Interrupted { is_own: bool },
    /// The clock of a stream.
    Clock(Option<Arc<dyn Clock>>),
    /// What became of asking for an event.
    EventAnswered(EventRequest, Status),
    /// A callback panicked; the minidriver is gone.
    Panicked,
    /// A timer is set, or put off; zero stops it.
    Schedule(Option<StreamId>, Duration),
    /// An event has happened.
    Fired(EventKey),
    /// A request from outside.
    Ask {
        number: u64,
        ask: Ask,
        reply: Sender<Result<Outcome, Status>>,
    },
    /// Likewise, no longer wanted.
    CancelAsked(u64),
    /// Somebody outside wants a stream of a pin factory.
    Open {
        factory: usize,
        format: Box<DataFormat>,
        reply: Sender<Result<StreamId, Status>>,
    },
    /// And no longer.
    Close(StreamId),
    /// Somebody wants to hear of an event.
    Watch {
        number: u64,
        key: EventKey,
        fired: Arc<AtomicU64>,
        reply: Sender<Status>,
    },
    /// And no longer.
    Unwatch(u64),
}

/// The way to a class driver's thread, from any other.
#[derive(Clone)]
pub(super) struct Port {
    posts: Sender<Post>,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Port")
    }
}

impl Port {
    pub(super) fn new(shared: Arc<Shared>) -> (Self, mpsc::Receiver<Post>) {
        let (posts, received) = mpsc::channel();
        (Self { posts, shared }, received)
    }

    /// Posts. Once the class driver has closed nobody listens, and nobody misses it.
    pub(super) fn post(&self, post: Post) {
        let _ = self.posts.send(post);
        self.shared.wake();
    }
}
