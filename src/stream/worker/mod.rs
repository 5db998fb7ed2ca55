//! The class driver's own thread: it leads one minidriver from INITIALIZE_DEVICE to UNINITIALIZE_DEVICE.
//!
//! It never runs a minidriver's code, so it never waits for one: calls go to the executor, and what comes of them is
//! posted back. Each stream's data requests come back in the order in which they went, however they were answered. State
//! changes go beside them, one step at a time. A reading stream is *cued*: while its pin stands in Stop it is held in
//! Pause and read ahead, so that Run begins without a gap. A writing stream has been given everything that was written
//! before it is stopped.

mod guests;
mod life;
mod seams;
mod streams;

pub(in crate::stream) use life::Started;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use crate::ks::{Clock, Health, State, Status, Telemetry, Waker};
use crate::stream::board::{Act, Board, Moment};
use crate::stream::desk::{Desk, Due, Finished};
use crate::stream::events::Events;
use crate::stream::executor::{Call, Executor};
use crate::stream::lane::{Answer, Stream};
use crate::stream::port::{Port, Post};
use crate::stream::request::{Ask, DeviceInfo, Kind, Lane, Outcome, SrbId, StreamId};
use crate::stream::rings::{Shared, cell};
use crate::stream::time::TimeSource;
use guests::Wish;

/// How long a request about the device or the state of a stream may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one for data may take: a disk that has to wake up.
const DATA_PATIENCE: Duration = Duration::from_secs(15);
/// How long any callback may stay inside.
const CALL_PATIENCE: Duration = Duration::from_secs(30);
/// How long a minidriver has to come to an end when it is closed.
const CLOSING: Duration = Duration::from_millis(500);
/// How long a closing worker waits for the threads of a minidriver that is well.
const FAREWELL: Duration = Duration::from_secs(4);
/// How often a closing worker looks again for what is outstanding.
const LOOK: Duration = Duration::from_millis(10);
/// How often the time that requests have left is counted down (SRB-14).
const SECOND: Duration = Duration::from_secs(1);

/// For whom a request is.
enum Client {
    /// The worker itself, which waits for it.
    Own,
    /// A frame of a stream, by its place.
    Data(usize),
    /// A step of a stream.
    State(usize, State),
    /// Another place of a stream, with the run it belongs to and the sample.
    Position(usize, u64, u64),
    /// Another rate of a stream.
    Rate(usize),
    /// Another place of a stream, to look at the seam of its loop.
    Survey(usize),
    /// Somebody outside.
    Outside {
        number: u64,
        reply: Sender<Result<Outcome, Status>>,
    },
}

/// What a worker is made of.
pub(in crate::stream) struct Parts {
    pub(in crate::stream) title: String,
    pub(in crate::stream) is_synchronised: bool,
    pub(in crate::stream) farewell: Receiver<()>,
    pub(in crate::stream) shared: Arc<Shared>,
    pub(in crate::stream) telemetry: Telemetry,
    pub(in crate::stream) board: Arc<Board>,
    pub(in crate::stream) time: Arc<dyn TimeSource>,
    pub(in crate::stream) streams: Vec<Stream>,
    pub(in crate::stream) port: Port,
    pub(in crate::stream) posts: Receiver<Post>,
    /// The clock of the graph, and its rate in Hz.
    pub(in crate::stream) clock: Arc<dyn Clock>,
    pub(in crate::stream) rate_hz: u32,
}

/// Leads one minidriver.
pub(in crate::stream) struct Worker {
    parts: Parts,
    desk: Desk<Client>,
    /// Gone when the minidriver is.
    executor: Option<Executor>,
    /// What came of the worker's own request.
    own: Option<(SrbId, Result<Outcome, Status>)>,
    /// The clock of a stream, when it was asked for it.
    clock: Option<Option<Arc<dyn Clock>>>,
    events: Events,
    timers: BTreeMap<Option<StreamId>, Duration>,
    /// Calls that have not come back, and how long they still may take.
    calls: BTreeMap<u64, Duration>,
    last_call: u64,
    counted: Duration,
    /// What the minidriver says of its streams, where it says anything.
    told: Option<DeviceInfo>,
    /// Streams that somebody outside has opened, with their pin factories: no frames go through them.
    guests: BTreeMap<StreamId, usize>,
    last_guest: usize,
    /// Those that are to be opened, or closed again.
    wishes: VecDeque<Wish>,
}

/// Why it did not start: which stream was refused, if it was one.
pub(in crate::stream) type Refused = (Status, Option<StreamId>);

impl Worker {
    /// On the thread that will be it.
    pub(in crate::stream) fn new(parts: Parts, executor: Executor) -> Self {
        parts.time.sleeper(Waker::of(std::thread::current()));
        Self {
            desk: Desk::new(parts.is_synchronised),
            executor: Some(executor),
            own: None,
            clock: None,
            events: Events::default(),
            timers: BTreeMap::new(),
            calls: BTreeMap::new(),
            last_call: 0,
            counted: parts.time.now(),
            told: None,
            guests: BTreeMap::new(),
            last_guest: guests::FIRST,
            wishes: VecDeque::new(),
            parts,
        }
    }

    /// Serves the streams until the processor is dropped.
    pub(in crate::stream) fn serve(&mut self) {
        while !self.parts.shared.closing.load(Ordering::Acquire) {
            if !self.step() {
                self.rest();
            }
        }
    }

    /// Does what there is to do; says whether there was anything.
    fn step(&mut self) -> bool {
        let mut moved = self.pump();
        for index in 0..self.parts.streams.len() {
            if self.parts.streams[index].is_open {
                moved |= self.follow_state(index);
                moved |= self.hand_over(index);
            }
        }
        if let Some(wish) = self.wishes.pop_front() {
            self.serve_guest(wish);
            moved = true;
        }
        moved | self.pump()
    }

    /// Sleeps until there is news, or something may run out.
    fn rest(&self) {
        self.parts.board.set_outstanding(self.calls.len());
        let patience = self.desk.patience();
        let calls = self.calls.values().min().copied();
        // A minidriver may have been given more time or less without a word to us.
        let outstanding = patience.into_iter().chain(calls).map(|it| it.min(SECOND));
        let timers = self.timers.values().copied();
        match outstanding.chain(timers).min() {
            Some(left) => std::thread::park_timeout(left),
            None => std::thread::park(),
        }
    }

    /// Everything but the streams: what was posted, what time has brought, what is to be called, what has ended.
    fn pump(&mut self) -> bool {
        let mut moved = false;
        // Read first: what was posted by then came in time.
        let now = self.parts.time.now();
        while let Ok(post) = self.parts.posts.try_recv() {
            self.receive(post);
            moved = true;
        }
        if self.parts.shared.interrupts.swap(0, Ordering::AcqRel) > 0 {
            self.parts.board.interrupts.fetch_add(1, Ordering::Relaxed);
            self.call(Call::Interrupt);
            moved = true;
        }
        self.pass_time(now);
        loop {
            // What has ended first: it may take back what would be called next.
            if let Some(finished) = self.desk.take_finished() {
                // Whoever has an answer sees it in the figures too.
                self.publish();
                self.finish(finished);
            } else if let Some(due) = self.desk.due() {
                self.make(due);
            } else {
                break;
            }
            moved = true;
        }
        if moved {
            self.publish();
        }
        moved
    }

    fn receive(&mut self, post: Post) {
        match post {
            Post::Answered { id, answer, opens } => {
                if self.desk.answered(id, answer, opens).is_none() {
                    self.parts
                        .board
                        .late
                        .store(self.desk.late, Ordering::Relaxed);
                }
            }
            Post::Ready(id) => self.desk.ready(id),
            Post::Returned(number) => {
                self.calls.remove(&number);
            }
            Post::Interrupted { is_own: true } => {}
            Post::Interrupted { is_own: false } => {
                self.parts.board.not_mine.fetch_add(1, Ordering::Relaxed);
            }
            Post::Clock(clock) => self.clock = Some(clock),
            Post::EventAnswered(event, status) => self.events.answered(event, status),
            Post::Panicked => self.give_up(Health::Panicked),
            Post::Schedule(stream, Duration::ZERO) => {
                self.timers.remove(&stream);
            }
            Post::Schedule(stream, after) => {
                // What has passed since it was counted last does not belong to it.
                let since = self.parts.time.now().saturating_sub(self.counted);
                self.timers.insert(stream, after + since);
            }
            Post::Fired(key) => self.events.fired(key),
            Post::Ask { number, ask, reply } => self.take_ask(number, ask, reply),
            Post::CancelAsked(number) => {
                let is_it = |client: &Client| matches!(client, Client::Outside { number: n, .. } if *n == number);
                if let Some(id) = self.desk.find(is_it) {
                    self.desk.cancel(id);
                }
            }
            Post::Open {
                factory,
                format,
                reply,
            } => self.wishes.push_back(Wish::Open(factory, format, reply)),
            Post::Close(stream) => self.wishes.push_back(Wish::Close(stream)),
            Post::Watch {
                number,
                key,
                fired,
                reply,
            } => {
                if self.executor.is_none() {
                    let _ = reply.send(Status::DeviceNotReady);
                } else if let Some(event) = self.events.watch(number, key, fired, reply) {
                    self.call(Call::Event(event));
                }
            }
            Post::Unwatch(number) => {
                if let Some(event) = self.events.unwatch(number) {
                    self.call(Call::Event(event));
                }
            }
        }
    }

    /// A request from outside. Where the streams stand in their lives is ours to say.
    fn take_ask(&mut self, number: u64, ask: Ask, reply: Sender<Result<Outcome, Status>>) {
        let is_ours = matches!(
            ask.kind(),
            Kind::InitialiseDevice
                | Kind::GetStreamInfo
                | Kind::InitialisationComplete
                | Kind::OpenStream
                | Kind::CloseStream
                | Kind::SetState
                | Kind::SetPosition
                | Kind::UninitialiseDevice
        );
        let streams = &self.parts.streams;
        let is_open = |stream| {
            self.guests.contains_key(&stream)
                || streams.iter().any(|it| it.is_open && it.id == stream)
        };
        // Whoever opened a stream leads it, too.
        let is_led =
            matches!(&ask, Ask::SetState { stream, .. } if self.guests.contains_key(stream));
        let is_ours = is_ours && !is_led;
        let refused = match ask.lane().stream() {
            _ if is_ours => Some(Status::InvalidDeviceRequest),
            Some(stream) if !is_open(stream) => Some(Status::InvalidParameter),
            _ => None,
        };
        if let Some(status) = refused {
            // Nobody listens any more: then nobody misses it.
            let _ = reply.send(Err(status));
            return;
        }
        let patience = match ask.lane() {
            Lane::Data(_) => DATA_PATIENCE,
            _ => PATIENCE,
        };
        self.desk
            .submit(ask, Client::Outside { number, reply }, patience);
    }

    fn pass_time(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.counted);
        self.counted = now;
        if passed.is_zero() {
            return;
        }
        let mut is_deaf = self.desk.pass(passed);
        for left in self.calls.values_mut() {
            *left = left.saturating_sub(passed);
            is_deaf |= left.is_zero();
        }
        if is_deaf {
            self.give_up(Health::NotResponding);
        }
        let mut out = Vec::new();
        self.timers.retain(|stream, left| {
            *left = left.saturating_sub(passed);
            if left.is_zero() {
                out.push(*stream);
            }
            !left.is_zero()
        });
        for stream in out {
            self.call(Call::Timer(stream));
        }
    }

    fn make(&mut self, due: Due) {
        self.call(match due {
            Due::Cancel(id) => Call::Cancel(id),
            Due::TimedOut(id) => Call::TimedOut(id),
            Due::Request(hand) => {
                let port = self.parts.port.clone();
                Call::Request(hand.ask.into_srb(hand.id, hand.patience, port))
            }
        });
    }

    fn call(&mut self, call: Call) {
        let Some(executor) = &self.executor else {
            return;
        };
        self.last_call += 1;
        self.calls.insert(self.last_call, CALL_PATIENCE);
        self.parts.board.set_outstanding(self.calls.len());
        executor.call(self.last_call, call);
    }

    fn finish(&mut self, finished: Finished<Client>) {
        let Finished {
            id,
            lane,
            kind,
            client,
            outcome,
            was_cancelled,
            unsent,
        } = finished;
        let moment = Moment {
            kind: Some(kind),
            stream: lane.stream(),
            id: Some(id),
            status: Some(outcome.as_ref().err().copied().unwrap_or(Status::Success)),
            ..Moment::of(Act::Answer)
        };
        self.parts.board.note(moment, self.counted);
        match client {
            Client::Own => self.own = Some((id, outcome)),
            Client::State(index, state) => self.state_answered(index, state, outcome),
            Client::Position(index, run, sample) => {
                self.position_answered(index, (run, sample), outcome);
            }
            Client::Rate(index) => {
                self.report(if_it_can(outcome), "SET_STREAM_RATE");
                self.parts.streams[index].is_changing = false;
            }
            Client::Survey(index) => self.survey_arrived(index, outcome.is_ok()),
            Client::Data(index) => {
                let (frame, status) = match (outcome, unsent) {
                    (Ok(Outcome::Frame(frame)), _) => (Some(*frame), Ok(())),
                    (Ok(_), _) => (None, Err(Status::InvalidBufferSize)),
                    (Err(status), Some(Ask::Read { frame, .. } | Ask::Write { frame, .. })) => {
                        (Some(frame), Err(status))
                    }
                    (Err(status), _) => (None, Err(status)),
                };
                let answer = Answer {
                    frame,
                    status,
                    was_cancelled,
                };
                let mut waiting = self.parts.streams[index].in_flight.iter_mut();
                if let Some((_, place)) = waiting.find(|(asked, _)| *asked == id) {
                    *place = Some(answer);
                    self.deliver(index);
                }
            }
            Client::Outside { reply, .. } => {
                // Nobody listens any more: then nobody misses it.
                let _ = reply.send(self.known(kind, lane, outcome));
            }
        }
    }

    /// What the class driver knows itself where a minidriver does not.
    fn known(
        &self,
        kind: Kind,
        lane: Lane,
        outcome: Result<Outcome, Status>,
    ) -> Result<Outcome, Status> {
        let mut streams = self.parts.streams.iter();
        let stream = streams.find(|it| Some(it.id) == lane.stream());
        match (outcome, kind, stream) {
            (Err(Status::NotImplemented), Kind::GetState, Some(stream)) => {
                Ok(Outcome::State(stream.state))
            }
            (Err(Status::NotImplemented), Kind::GetFormat, Some(stream)) => {
                Ok(Outcome::Format(Box::new(stream.format.clone())))
            }
            (outcome, _, _) => outcome,
        }
    }

    /// The minidriver is called no more, and everything is answered in its place.
    fn give_up(&mut self, health: Health) {
        if self.executor.take().is_none() {
            return;
        }
        let title = &self.parts.title;
        match health {
            Health::Panicked => {
                log::error!("{title}: its minidriver panicked and is not used any more");
            }
            _ => log::error!(
                "{title} is not responding: its minidriver is not used any more until it is opened again"
            ),
        }
        self.parts.board.set_health(health);
        self.calls.clear();
        self.timers.clear();
        self.events.end(Status::DeviceNotReady);
        self.desk.reset(Status::IoDeviceError);
        self.clock.get_or_insert(None);
        for index in 0..self.parts.streams.len() {
            self.fail(index, Status::IoDeviceError, "the minidriver");
        }
    }

    fn publish(&mut self) {
        for (lane, tally) in self.desk.take_changes() {
            self.parts.board.publish(lane, &tally);
        }
        let lanes = self.parts.streams.iter().map(|it| Lane::Data(it.id));
        let tallies: Vec<_> = lanes.map(|lane| self.desk.tally(lane)).collect();
        let sum = |of: fn(&crate::stream::board::Tally) -> u64| {
            tallies.iter().map(of).sum::<u64>() as f32
        };
        let numbers = &self.parts.telemetry;
        numbers.set(cell::ISSUED, sum(|it| it.issued));
        numbers.set(cell::DONE, sum(|it| it.done));
        numbers.set(cell::CANCELLED, sum(|it| it.cancelled));
        numbers.set(cell::FAILED, sum(|it| it.failed + it.timed_out));
    }

    fn report<T>(&self, answer: Result<T, Status>, what: &str) {
        if let Err(status) = answer
            && self.executor.is_some()
        {
            log::warn!("{}: {what} was answered {status}", self.parts.title);
        }
    }
}

/// A minidriver need not know of it.
fn if_it_can(answer: Result<Outcome, Status>) -> Result<(), Status> {
    match answer {
        Ok(_) | Err(Status::NotImplemented) => Ok(()),
        Err(status) => Err(status),
    }
}
