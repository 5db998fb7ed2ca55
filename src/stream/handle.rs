//! A class driver from outside: what it shows, and requests and events that are put to its minidriver.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::board::Board;
use super::done::Asked;
use super::port::{EventKey, Port, Post};
use super::request::{Ask, Item, Outcome, StreamId};
use crate::ks::{ClassAsk, ClassSheet, ClassView, ClassWord, DataFormat, Health, State, Status};

/// The outside of a class driver that is open. It outlives it: then everything is answered CANCELLED.
#[derive(Clone, Debug)]
pub struct Handle {
    port: Port,
    board: Arc<Board>,
    last: Arc<AtomicU64>,
    /// Factory and instance of the pin of each stream that frames go through.
    streams: Arc<[(usize, usize, StreamId)]>,
}

/// How long whoever is in no hurry waits for an answer: the class driver gives one before, on a clock that goes.
const LONGEST: Duration = Duration::from_secs(60);

impl Handle {
    pub(super) fn new(
        port: Port,
        board: Arc<Board>,
        streams: Arc<[(usize, usize, StreamId)]>,
    ) -> Self {
        Self {
            port,
            board,
            last: Arc::default(),
            streams,
        }
    }

    /// Puts a request to the minidriver, behind those of its lane. The steps of its life are the class driver's own and
    /// answered INVALID_DEVICE_REQUEST.
    pub fn ask(&self, ask: Ask) -> Asked {
        let number = self.number();
        let (reply, answers) = mpsc::channel();
        self.port.post(Post::Ask { number, ask, reply });
        Asked {
            answers,
            number,
            port: self.port.clone(),
            is_taken: Cell::new(false),
        }
    }

    /// Asks to be told of an event, until what is returned is dropped.
    pub fn watch(&self, key: EventKey) -> EventWatch {
        let number = self.number();
        let (reply, answer) = mpsc::channel();
        let fired: Arc<AtomicU64> = Arc::default();
        self.port.post(Post::Watch {
            number,
            key,
            fired: fired.clone(),
            reply,
        });
        EventWatch {
            number,
            port: self.port.clone(),
            fired,
            answer,
        }
    }

    fn number(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }
}

impl ClassView for Handle {
    fn sheet(&self) -> ClassSheet {
        self.board.sheet()
    }

    fn health(&self) -> Health {
        self.board.health()
    }

    fn take_words(&self) -> Vec<ClassWord> {
        self.board.words.take()
    }

    fn ask(&self, it: &ClassAsk<'_>, patience_ms: Option<u64>) -> Result<Vec<u8>, Status> {
        let item = Item {
            set: it.set,
            id: it.id,
            instance: it.instance.to_vec(),
            data: it.value.to_vec(),
            room: it.room,
        };
        let ask = match (it.stream.map(StreamId), it.is_set) {
            (None, false) => Ask::GetDeviceProperty { item },
            (None, true) => Ask::SetDeviceProperty { item },
            (Some(stream), false) => Ask::GetStreamProperty { stream, item },
            (Some(stream), true) => Ask::SetStreamProperty { stream, item },
        };
        let asked = self.ask(ask);
        match asked.wait(patience_ms.map_or(LONGEST, Duration::from_millis)) {
            Some(Ok(Outcome::Bytes(bytes))) => Ok(bytes),
            Some(Ok(_)) => Ok(vec![]),
            Some(Err(status)) => Err(status),
            None => {
                asked.cancel();
                Err(Status::IoDeviceError)
            }
        }
    }

    fn open_stream(&self, factory: usize, format: &DataFormat) -> Result<usize, Status> {
        let (reply, answer) = mpsc::channel();
        self.port.post(Post::Open {
            factory,
            format: Box::new(format.clone()),
            reply,
        });
        match answer.recv_timeout(LONGEST) {
            Ok(opened) => opened.map(|stream| stream.0),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(Status::IoDeviceError),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(Status::Cancelled),
        }
    }

    fn step_stream(&self, stream: usize, state: State) -> Result<(), Status> {
        let stream = StreamId(stream);
        match Handle::ask(self, Ask::SetState { stream, state }).wait(LONGEST) {
            Some(answer) => answer.map(|_| ()),
            None => Err(Status::IoDeviceError),
        }
    }

    fn close_stream(&self, stream: usize) {
        self.port.post(Post::Close(StreamId(stream)));
    }

    fn stream_of(&self, factory: usize, instance: usize) -> Option<usize> {
        let mut streams = self.streams.iter();
        let found = streams.find(|(f, i, _)| (*f, *i) == (factory, instance));
        found.map(|(_, _, stream)| stream.0)
    }
}

/// An event that is wanted.
#[derive(Debug)]
pub struct EventWatch {
    number: u64,
    port: Port,
    fired: Arc<AtomicU64>,
    answer: mpsc::Receiver<Status>,
}

impl EventWatch {
    /// What the minidriver answered when it was asked to watch; waited for at most so long, and given once.
    pub fn answer(&self, at_most: Duration) -> Option<Status> {
        self.answer.recv_timeout(at_most).ok()
    }

    /// How often it has happened.
    pub fn fired(&self) -> u64 {
        self.fired.load(Ordering::Acquire)
    }
}

impl Drop for EventWatch {
    fn drop(&mut self) {
        self.port.post(Post::Unwatch(self.number));
    }
}
