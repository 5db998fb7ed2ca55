//! The duty to answer a request: exactly once, by type.
//!
//! Answering uses a [`Done`] up, and one that is dropped answers CANCELLED. To be answered is one thing and to be given
//! the next request another (SRB-9): both come together unless the minidriver takes them [`Done::apart`].

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::port::{Port, Post};
use super::request::SrbId;
use super::request::{Carried, Outcome};
use crate::ks::Status;

/// How much longer a request may take, for class driver and minidriver alike; 0 is for ever.
#[derive(Debug)]
pub(super) struct Patience {
    original: u64,
    left: AtomicU64,
}

impl Patience {
    /// In microseconds, as all of it here.
    pub(super) fn new(original: Duration) -> Arc<Self> {
        let original = micros(original);
        Arc::new(Self {
            original,
            left: AtomicU64::new(original),
        })
    }

    /// Lets time pass. Says whether it has run out by that.
    pub(super) fn pass(&self, time: Duration) -> bool {
        let by = micros(time);
        let shorter = |left: u64| (left > 0).then(|| left.saturating_sub(by));
        let was = self
            .left
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, shorter);
        was.is_ok_and(|was| was <= by)
    }

    /// What is left; `None` is for ever.
    pub(super) fn left(&self) -> Option<Duration> {
        let left = self.left.load(Ordering::Acquire);
        (left > 0).then(|| Duration::from_micros(left))
    }

    fn set(&self, micros: u64) {
        self.left.store(micros, Ordering::Release);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What an answer does when it is given: it says whether it also asks for the next request.
type Reply<T> = Box<dyn FnOnce(Result<T, Status>, bool) + Send>;

/// The duty to answer one request. It may be kept, and answered later from any thread.
///
/// ```
/// use ksgraph::ks::{State, Status};
/// use ksgraph::stream::{Done, SrbId};
///
/// let (done, answered) = Done::pair(SrbId(1));
/// done.complete(State::Run);
/// assert_eq!(answered.take(), Some(Ok(State::Run)));
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
/// done.complete(());
/// done.complete(());
/// ```
#[must_use = "a request that is dropped is answered CANCELLED"]
pub struct Done<T> {
    id: SrbId,
    patience: Arc<Patience>,
    reply: Option<Reply<T>>,
    /// Where the next request is asked for, when that is not done by answering.
    port: Option<Port>,
    opens: bool,
}

impl<T> std::fmt::Debug for Done<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Done").field(&self.id).finish()
    }
}

/// The duty to answer a request that goes to a minidriver.
pub(super) fn duty<T: Carried>(id: SrbId, patience: Arc<Patience>, port: Port) -> Done<T> {
    let posts = port.clone();
    let reply = move |answer: Result<T, Status>, opens| {
        posts.post(Post::Answered {
            id,
            answer: answer.map(T::wrap),
            opens,
        });
    };
    Done {
        id,
        patience,
        reply: Some(Box::new(reply)),
        port: Some(port),
        opens: true,
    }
}

/// Answers SUCCESS where nothing is wanted in return, else NOT_IMPLEMENTED (SRB-6).
pub(super) fn accept<T: Carried>(done: Done<T>) {
    match T::NOTHING {
        Some(nothing) => done.complete(nothing),
        None => done.fail(Status::NotImplemented),
    }
}

impl<T> Done<T> {
    /// A duty and the place its answer appears, for trying out a minidriver without a class driver.
    pub fn pair(id: SrbId) -> (Self, Answered<T>)
    where
        T: Send + 'static,
    {
        let (answers, answered) = mpsc::channel();
        let reply = move |answer, _| {
            // Nobody looks any more: then nobody misses it.
            let _ = answers.send(answer);
        };
        let done = Self {
            id,
            patience: Patience::new(Duration::ZERO),
            reply: Some(Box::new(reply)),
            port: None,
            opens: true,
        };
        (done, Answered(answered))
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

    /// Parts the answer from the wish for the next request of the lane (SRB-9): ask for it earlier, and own several; or
    /// answer and ask later, and have peace until then.
    pub fn apart(mut self) -> (Self, Ready) {
        self.opens = false;
        let ready = Ready {
            id: self.id,
            port: self.port.clone(),
        };
        (self, ready)
    }

    /// How long the request may take from now on; zero: as long as it likes (SRB-14). To be called again while the
    /// device is at work says that it has not died.
    pub fn time_out_after(&self, time: Duration) {
        self.patience.set(micros(time));
    }

    /// The request may take from now on what it was given at first: for one that waited in a queue of the
    /// minidriver's own, and whose work begins.
    pub fn restore_time_out(&self) {
        self.patience.set(self.patience.original);
    }

    fn answer(&mut self, answer: Result<T, Status>) {
        if let Some(reply) = self.reply.take() {
            reply(answer, self.opens);
        }
    }
}

impl<T> Drop for Done<T> {
    fn drop(&mut self) {
        self.answer(Err(Status::Cancelled));
    }
}

/// The wish for the next request of a lane, when it was taken [`Done::apart`] from an answer. Dropping it asks too.
#[must_use = "dropping it asks for the next request at once"]
pub struct Ready {
    id: SrbId,
    port: Option<Port>,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Ready").field(&self.id).finish()
    }
}

impl Ready {
    /// Asks for the next request.
    pub fn next(self) {}
}

impl Drop for Ready {
    fn drop(&mut self) {
        if let Some(port) = &self.port {
            port.post(Post::Ready(self.id));
        }
    }
}

/// Where the answer of [`Done::pair`] appears.
#[derive(Debug)]
pub struct Answered<T>(mpsc::Receiver<Result<T, Status>>);

impl<T> Answered<T> {
    /// The answer, if there is one by now and it was not taken before.
    pub fn take(&self) -> Option<Result<T, Status>> {
        self.0.try_recv().ok()
    }
}

/// A request that was put to a minidriver from outside.
#[derive(Debug)]
pub struct Asked {
    pub(super) answers: mpsc::Receiver<Result<Outcome, Status>>,
    pub(super) number: u64,
    pub(super) port: Port,
    pub(super) is_taken: Cell<bool>,
}

impl Asked {
    /// The answer, once it is there and was not taken before.
    pub fn take(&self) -> Option<Result<Outcome, Status>> {
        if self.is_taken.get() {
            return None;
        }
        let answer = match self.answers.try_recv() {
            Ok(answer) => answer,
            Err(mpsc::TryRecvError::Empty) => return None,
            // The class driver has closed before it was looked at.
            Err(mpsc::TryRecvError::Disconnected) => Err(Status::Cancelled),
        };
        self.is_taken.set(true);
        Some(answer)
    }

    /// The answer, waited for at most so long: not on a thread that has other things to do.
    pub fn wait(&self, at_most: Duration) -> Option<Result<Outcome, Status>> {
        if self.is_taken.get() {
            return None;
        }
        let answer = match self.answers.recv_timeout(at_most) {
            Ok(answer) => answer,
            Err(mpsc::RecvTimeoutError::Timeout) => return None,
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(Status::Cancelled),
        };
        self.is_taken.set(true);
        Some(answer)
    }

    /// Gives it up, wherever it is. It is answered all the same.
    pub fn cancel(&self) {
        self.port.post(Post::CancelAsked(self.number));
    }
}
