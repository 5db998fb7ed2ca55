//! What a filter in the stream class driver shows of its driver: plain figures, for screens, files and tests; and what its
//! minidriver declares to answer itself. Who keeps them is `stream`'s business.

use std::borrow::Cow;

use super::format::DataFormat;
use super::ids::Guid;
use super::property::Property;
use super::state::State;
use super::status::Status;

/// How a minidriver is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Health {
    /// It answers.
    #[default]
    Well,
    /// It did not answer in time, not even when it was told; it is not called any more.
    NotResponding,
    /// A callback panicked; it is gone.
    Panicked,
}

impl Health {
    /// The words users see.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Well => "responding",
            Self::NotResponding => "not responding",
            Self::Panicked => "panicked",
        }
    }
}

/// What became of the requests of one lane.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClassLane {
    /// `device`, or a stream with `control` or `data`.
    pub name: String,
    /// Requests that wait in the class driver.
    pub queued: u64,
    /// Requests in the minidriver's hands.
    pub in_flight: u64,
    /// The most there ever were.
    pub most_in_flight: u64,
    /// Requests handed over so far.
    pub issued: u64,
    /// Answered with SUCCESS.
    pub done: u64,
    /// Answered with anything else, but for the two that follow.
    pub failed: u64,
    /// Given up.
    pub cancelled: u64,
    /// Answered with an error after their time had run out, by the minidriver or in its place.
    pub timed_out: u64,
}

/// A class driver, seen from outside.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClassSheet {
    /// The filter's title.
    pub title: String,
    /// How its minidriver is.
    pub health: Health,
    /// The device's lane first, then those of each stream.
    pub lanes: Vec<ClassLane>,
    /// Callbacks and answers so far.
    pub calls: u64,
    /// Answers that came after the class driver had answered itself. Nobody got them.
    pub late: u64,
    /// Interrupts passed on.
    pub interrupts: u64,
    /// Those that were not the minidriver's.
    pub not_mine: u64,
    /// Calls that have not come back.
    pub inside: u64,
    /// The most calls that were in the minidriver at the same time: one, unless it asks for no synchronisation.
    pub most_inside: u64,
    /// The last callbacks and answers, oldest first, a line each.
    pub trace: Vec<String>,
}

/// A class driver, for whoever wants to look at it.
pub trait ClassView: Send + Sync + std::fmt::Debug {
    /// All of it as it is now.
    fn sheet(&self) -> ClassSheet;

    /// How the minidriver is: less to read than all of it.
    fn health(&self) -> Health;

    /// What the minidriver has to say since it was last asked.
    fn take_words(&self) -> Vec<ClassWord> {
        vec![]
    }

    /// Puts a property that was declared to the minidriver, and waits for the answer: as long as a request may take, or until
    /// `patience_ms` have passed, when it is given up. Not on the audio thread.
    fn ask(&self, item: &ClassAsk<'_>, patience_ms: Option<u64>) -> Result<Vec<u8>, Status> {
        let _ = (item, patience_ms);
        Err(Status::NotImplemented)
    }

    /// Opens a stream of a pin factory that no graph streams through, and gives its number (SRB-4).
    fn open_stream(&self, factory: usize, format: &DataFormat) -> Result<usize, Status> {
        let _ = (factory, format);
        Err(Status::NotImplemented)
    }

    /// Takes a stream that was opened like this one step on (STA-3).
    fn step_stream(&self, stream: usize, state: State) -> Result<(), Status> {
        let _ = (stream, state);
        Err(Status::NotImplemented)
    }

    /// Closes a stream that was opened like this.
    fn close_stream(&self, stream: usize) {
        let _ = stream;
    }

    /// The number of a stream that a graph streams through.
    fn stream_of(&self, factory: usize, instance: usize) -> Option<usize> {
        let _ = (factory, instance);
        None
    }
}

/// A property that is put to a minidriver.
#[derive(Clone, Copy, Debug)]
pub struct ClassAsk<'a> {
    /// Of which stream; `None`: of the device.
    pub stream: Option<usize>,
    /// Its set.
    pub set: Guid,
    /// Its number in the set.
    pub id: u32,
    /// It is to be set.
    pub is_set: bool,
    /// What stands behind the head of the request.
    pub instance: &'a [u8],
    /// What a SET brings.
    pub value: &'a [u8],
    /// Room for the answer of a GET, in bytes; 0 asks how much is needed.
    pub room: usize,
}

/// A property of a set that a minidriver answers itself: an entry of the table it declares in its answer to GET_STREAM_INFO.
/// Sizes and BASICSUPPORT are the class driver's, by this; GET and SET go to the minidriver.
#[derive(Clone, PartialEq, Debug)]
pub struct ClassItem {
    /// The set.
    pub set: Guid,
    /// Its number in the set.
    pub id: u32,
    /// What people read.
    pub name: Cow<'static, str>,
    /// Whether it can be read.
    pub gets: bool,
    /// Whether it can be set.
    pub sets: bool,
    /// Bytes behind the head of a request that it cannot do without.
    pub instance: usize,
    /// Least bytes of the value; 0 where only the minidriver knows.
    pub value: usize,
    /// Type, range and default of the value, where they can be told (PRP-4, PRP-5).
    pub values: Option<Property>,
}

impl ClassItem {
    /// One that can be read, with so many bytes of value.
    pub const fn get(set: Guid, id: u32, name: &'static str, value: usize) -> Self {
        Self {
            set,
            id,
            name: Cow::Borrowed(name),
            gets: true,
            sets: false,
            instance: 0,
            value,
            values: None,
        }
    }

    /// The same; it can be set as well.
    pub const fn and_set(mut self) -> Self {
        self.sets = true;
        self
    }

    /// The same; it can be set and not be read.
    pub const fn only_set(mut self) -> Self {
        (self.gets, self.sets) = (false, true);
        self
    }

    /// The same; so many bytes must stand behind the head of a request.
    pub const fn instance(mut self, bytes: usize) -> Self {
        self.instance = bytes;
        self
    }

    /// The same; its values are those of this property.
    pub const fn values(mut self, values: Property) -> Self {
        self.values = Some(values);
        self
    }
}

/// What a minidriver has to say to whoever uses the program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassWord {
    /// A sentence.
    pub text: String,
    /// Whether something failed for good.
    pub is_fault: bool,
}
