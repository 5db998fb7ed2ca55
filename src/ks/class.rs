//! What a filter in the stream class driver shows of its driver: plain figures, for screens, files and tests. Who keeps
//! them is `stream`'s business.

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
}

/// What a minidriver has to say to whoever uses the program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassWord {
    /// A sentence.
    pub text: String,
    /// Whether something failed for good.
    pub is_fault: bool,
}
