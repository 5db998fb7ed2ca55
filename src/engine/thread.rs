//! The audio thread from outside: start, priority, messages to it, its end. Its one wait is the wake-up between cycles.
//!
//! Live it is woken by the device that drives the graph and runs as many cycles as the device can take; with no device
//! it wakes by time. What it does between two sleeps is `driver.rs`. The program talks to it through [`Engine`]; plans
//! are built on a thread beside.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use super::built::Built;
use super::clock::{Epoch, GraphClock};
use super::compile::{Builder, Job};
use super::driver::Driver;
use super::islands::{Cores, Crew};
use super::link::{Cells, MESSAGES, Message, REPORTS, Report, STEPS, Stepped};
use super::marks::{MARKS, Mark};
use super::plan::Transition;
use super::records::{CycleLog, Stopwatch, Story, Telling};
use super::runner::Runner;
use super::tap::TappedFrame;
use super::watch::Watch;
use crate::ks::{
    Catalogue, Clock, LoopRange, RATE_UNITY, RefTime, State, Status, Waker, raise_priority,
};

/// How long a thread may take to end, and how often it is looked at.
const PATIENCE: Duration = Duration::from_secs(5);
const NAP: Duration = Duration::from_millis(1);

/// The rates that a timer can be asked for.
const RATES: std::ops::RangeInclusive<u32> = 100..=4_000;

/// Why a clock does not do what was asked of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ClockRefusal {
    /// A rate only holds while a stream is under way (CLK-5).
    #[error("a rate can be set in Pause and Run only, and this graph is in {0:?}; pause it first")]
    State(State),
    /// Nothing that drives the graph can go at that rate (CLK-5).
    #[error(
        "a rate of {0} cannot be had: a device plays at its own speed (1000), the system's timer at 100 to 4000"
    )]
    Rate(u32),
    /// A row of marks needs a distance (CEV-2).
    #[error("marks cannot be {0} units apart; wanted 1 or more, in 100 ns")]
    Interval(RefTime),
    /// There is no room.
    #[error("no more than {MARKS} marks can be waited for at a time; take one back first")]
    Full,
}

impl ClockRefusal {
    /// The status that the raw door answers.
    pub fn status(self) -> Status {
        match self {
            Self::State(_) => Status::InvalidDeviceState,
            Self::Rate(_) => Status::NotSupported,
            Self::Interval(_) => Status::InvalidParameter,
            Self::Full => Status::InsufficientResources,
        }
    }
}

/// What the builder thread is told.
enum Task {
    /// With its number.
    Build(Box<Job>, u64),
    Swapped,
    /// Another length of cycles, for the jobs that follow.
    Quantum(usize),
    Quit,
}

/// A graph that plays. Dropping it stops the threads.
pub struct Engine {
    messages: rtrb::Producer<Message>,
    reports: rtrb::Consumer<Report>,
    steps: rtrb::Consumer<Stepped>,
    stories: rtrb::Consumer<Telling>,
    tasks: mpsc::Sender<Task>,
    built: mpsc::Receiver<Built>,
    cells: Arc<Cells>,
    clock: Arc<GraphClock>,
    waker: Waker,
    quantum: usize,
    submitted: u64,
    /// Marks that were set and have not fired for the last time, and the number of the next.
    marks: BTreeMap<u64, Mark>,
    next_mark: u64,
    tapped: Option<rtrb::Consumer<TappedFrame>>,
    audio: Option<JoinHandle<()>>,
    builder: Option<JoinHandle<()>>,
    watch: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the threads, in state Stop, with nothing to play. `quantum` is the length of a cycle in samples.
    /// A graph with much to do is done on two processors where that can be kept up in real time.
    pub fn start(catalogue: Catalogue, quantum: usize) -> std::io::Result<Self> {
        Self::start_on(catalogue, quantum, Cores::Auto)
    }

    /// The same on as many processors.
    pub fn start_on(catalogue: Catalogue, quantum: usize, cores: Cores) -> std::io::Result<Self> {
        let epoch = Epoch::of_program();
        Self::start_with(catalogue, quantum, (epoch, cores), |mut driver| {
            let run = move || {
                let priority = raise_priority(quantum);
                driver.runner.cells.set_priority(priority);
                while let Some(sleep) = driver.turn() {
                    if !sleep.is_zero() {
                        std::thread::park_timeout(sleep);
                    }
                }
            };
            let audio = std::thread::Builder::new()
                .name("audio".into())
                .spawn(run)?;
            Ok((Waker::of(audio.thread().clone()), Some(audio)))
        })
    }

    /// The same without an audio thread: the caller does its turns, and parks in between or does not.
    pub fn by_hand(catalogue: Catalogue, quantum: usize) -> std::io::Result<(Self, Driver)> {
        Self::by_hand_at(catalogue, quantum, Epoch::of_program())
    }

    /// The same on as many processors.
    pub fn by_hand_on(
        catalogue: Catalogue,
        quantum: usize,
        cores: Cores,
    ) -> std::io::Result<(Self, Driver)> {
        Self::by_hand_with(catalogue, quantum, (Epoch::of_program(), cores))
    }

    /// The same with the machine's time from elsewhere.
    pub fn by_hand_at(
        catalogue: Catalogue,
        quantum: usize,
        epoch: Epoch,
    ) -> std::io::Result<(Self, Driver)> {
        Self::by_hand_with(catalogue, quantum, (epoch, Cores::One))
    }

    fn by_hand_with(
        catalogue: Catalogue,
        quantum: usize,
        on: (Epoch, Cores),
    ) -> std::io::Result<(Self, Driver)> {
        let mut by_hand = None;
        let engine = Self::start_with(catalogue, quantum, on, |driver| {
            by_hand = Some(driver);
            Ok((Waker::of(std::thread::current()), None))
        })?;
        Ok((engine, by_hand.expect("the driver was handed over")))
    }

    /// `begin` puts the driver where it is to run, and says how to wake it.
    fn start_with(
        catalogue: Catalogue,
        quantum: usize,
        (epoch, cores): (Epoch, Cores),
        begin: impl FnOnce(Driver) -> std::io::Result<(Waker, Option<JoinHandle<()>>)>,
    ) -> std::io::Result<Self> {
        let (messages, message_end) = rtrb::RingBuffer::new(MESSAGES);
        let (swaps, swap_end) = rtrb::RingBuffer::new(4);
        let (report_end, reports) = rtrb::RingBuffer::new(REPORTS);
        let (step_end, steps) = rtrb::RingBuffer::new(STEPS);
        let cells = Cells::new();
        let clock = Arc::new(GraphClock::new(epoch));
        let mut runner = Runner::new(
            message_end,
            swap_end,
            (report_end, step_end),
            Arc::clone(&cells),
            true,
        );
        let crew = Crew::start(cores, Some(quantum), &cells, epoch);
        let has_crew = crew.is_some();
        if let Some(crew) = crew {
            runner.take_on(crew);
        }
        let tapped = runner.tap.take_end();
        let _ = cells.log.set(CycleLog::new());
        let (stopwatch, stories) = Stopwatch::new(Arc::clone(&cells));
        runner.stopwatch = Some(stopwatch);
        let (waker, audio) = begin(Driver::new(runner, Arc::clone(&clock), epoch, quantum))?;
        // Whoever does the turns by hand can look by hand.
        let watch = Watch::new(Arc::clone(&cells));
        let watch = match &audio {
            Some(_) => {
                let thread = std::thread::Builder::new().name("watch".into());
                Some(thread.spawn(move || watch.keep(epoch))?)
            }
            None => None,
        };
        let (tasks, task_end) = mpsc::channel();
        let (built_end, built) = mpsc::channel();
        let builder_clock: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
        let builder_waker = waker.clone();
        let built_cells = Arc::clone(&cells);
        let builder = std::thread::Builder::new()
            .name("builder".into())
            .spawn(move || {
                let mut builder = Builder::new(
                    catalogue,
                    builder_clock,
                    builder_waker.clone(),
                    quantum,
                    true,
                );
                builder.has_crew = has_crew;
                build_loop(
                    builder,
                    &task_end,
                    (&built_end, &built_cells),
                    swaps,
                    &builder_waker,
                );
            })?;
        Ok(Self {
            messages,
            reports,
            steps,
            stories,
            tasks,
            built,
            cells,
            clock,
            waker,
            quantum,
            submitted: 0,
            marks: BTreeMap::new(),
            next_mark: 1,
            tapped,
            audio,
            builder: Some(builder),
            watch,
        })
    }

    /// Has a wiring played, with fades where the present one differs. A newer job replaces one that was not begun.
    /// The number comes back in [`Built::ticket`], and with it that of every job it replaced is done.
    pub fn submit(&mut self, job: Job) -> u64 {
        self.submitted += 1;
        // The builder ends only with this value.
        let _ = self.tasks.send(Task::Build(Box::new(job), self.submitted));
        self.submitted
    }

    /// Sends a message to the audio thread. A full ring drops it: the old value stands.
    pub fn send(&mut self, message: Message) -> bool {
        let sent = self.messages.push(message).is_ok();
        self.waker.wake();
        sent
    }

    /// The next report of the audio thread. Ask until there is none; what is handed back is dropped by the caller.
    pub fn report(&mut self) -> Option<Report> {
        let report = self.reports.pop().ok();
        if let Some(Report::Swapped(..)) = report {
            let _ = self.tasks.send(Task::Swapped);
        }
        if let Some(Report::Marked(fired)) = report
            && let Some(Mark::At(_)) = self.marks.get(&fired.id)
        {
            self.marks.remove(&fired.id);
        }
        report
    }

    /// The next step of a pin.
    pub fn step(&mut self) -> Option<Stepped> {
        self.steps.pop().ok()
    }

    /// The next story of a late cycle, or of a device that had nothing to play.
    pub fn story(&mut self) -> Option<Story> {
        let telling = self.stories.pop().ok()?;
        Some(telling.story())
    }

    /// The next frame of the wire that is looked at ([`Message::Tap`]).
    pub fn tapped(&mut self) -> Option<TappedFrame> {
        self.tapped.as_mut()?.pop().ok()
    }

    /// The next result of the builder.
    pub fn built(&self) -> Option<Built> {
        self.built.try_recv().ok()
    }

    /// The latest figures.
    pub fn cells(&self) -> &Arc<Cells> {
        &self.cells
    }

    /// The graph's clock.
    pub fn clock(&self) -> Arc<GraphClock> {
        Arc::clone(&self.clock)
    }

    /// Waits for a time of the graph's clock: [`Report::Marked`] comes with the number returned. Nothing fires outside Run.
    pub fn mark(&mut self, mark: Mark) -> Result<u64, ClockRefusal> {
        if let Mark::Every { interval, .. } = mark
            && interval <= 0
        {
            return Err(ClockRefusal::Interval(interval));
        }
        if self.marks.len() == MARKS {
            return Err(ClockRefusal::Full);
        }
        let id = self.next_mark;
        if !self.send(Message::Mark(id, mark)) {
            return Err(ClockRefusal::Full);
        }
        self.next_mark += 1;
        self.marks.insert(id, mark);
        Ok(id)
    }

    /// No longer waits for it.
    pub fn unmark(&mut self, id: u64) {
        if self.marks.contains_key(&id) && self.send(Message::Unmark(id)) {
            self.marks.remove(&id);
        }
    }

    /// The marks that are waited for.
    pub fn marks(&self) -> &BTreeMap<u64, Mark> {
        &self.marks
    }

    /// Lets presentation time go at another rate, 1000 being that of the driver (CLK-5). It lapses below Pause.
    pub fn set_rate(&mut self, rate_permille: u32) -> Result<(), ClockRefusal> {
        let state = self.cells.state();
        if state < State::Pause {
            return Err(ClockRefusal::State(state));
        }
        let is_obtainable = self.cells.is_timed() && RATES.contains(&rate_permille);
        if rate_permille != RATE_UNITY && !is_obtainable {
            return Err(ClockRefusal::Rate(rate_permille));
        }
        self.send(Message::Rate(rate_permille));
        Ok(())
    }

    /// Goes to another position, in samples of the graph's rate: softly while it is heard, at once otherwise.
    pub fn seek(&mut self, position: u64) -> bool {
        self.send(Message::Seek(position))
    }

    /// Has filters play at another rate, 1000 being as recorded: softly while it is heard. It lapses below Pause (CLK-5).
    pub fn set_speed(&mut self, rate_permille: u32) -> bool {
        self.send(Message::Speed(rate_permille))
    }

    /// Plays a range of positions round and round.
    pub fn set_loop(&mut self, range: Option<LoopRange>) -> bool {
        self.send(Message::Loop(range))
    }

    /// Samples of a cycle.
    pub fn quantum(&self) -> usize {
        self.quantum
    }

    /// Another length of cycles, from the next job on that is submitted. Devices are opened anew; what is in between
    /// plays on.
    pub fn set_quantum(&mut self, quantum: usize) {
        self.quantum = quantum.max(1);
        let _ = self.tasks.send(Task::Quantum(self.quantum));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.cells.is_over.store(true, Ordering::Release);
        if let Some(watch) = self.watch.take() {
            watch.thread().unpark();
            let _ = watch.join();
        }
        let patience = match self.cells.stuck() {
            // It does not come back; should it do so yet, it ends.
            Some(_) => {
                self.waker.give_up();
                Duration::ZERO
            }
            None => PATIENCE,
        };
        let _ = self.tasks.send(Task::Quit);
        if let Some(builder) = self.builder.take() {
            end(builder, patience, || {});
        }
        if let Some(audio) = self.audio.take() {
            let mut is_told = false;
            let is_over = end(audio, patience, || {
                // The ring may be full of values; quitting must get through.
                is_told = is_told || self.messages.push(Message::Quit).is_ok();
                self.waker.wake();
            });
            if !is_over {
                self.waker.give_up();
            }
        }
        while self.reports.pop().is_ok() {}
    }
}

/// Waits for a thread to end, telling it again and again; one that does not is left behind, since the program must be
/// able to end whatever a filter does. Whether it has ended.
fn end(thread: JoinHandle<()>, patience: Duration, mut tell: impl FnMut()) -> bool {
    let mut waited = Duration::ZERO;
    loop {
        tell();
        if thread.is_finished() {
            let _ = thread.join();
            return true;
        }
        if waited >= patience {
            return false;
        }
        std::thread::sleep(NAP);
        waited += NAP;
    }
}

/// Builds the newest job whenever the last change of plans has come back.
fn build_loop(
    mut builder: Builder,
    tasks: &mpsc::Receiver<Task>,
    (built, cells): (&mpsc::Sender<Built>, &Cells),
    mut swaps: rtrb::Producer<Box<Transition>>,
    waker: &Waker,
) {
    let mut latest: Option<(Box<Job>, u64)> = None;
    let mut is_in_flight = false;
    while let Ok(task) = tasks.recv() {
        for task in std::iter::once(task).chain(std::iter::from_fn(|| tasks.try_recv().ok())) {
            match task {
                Task::Build(job, ticket) => latest = Some((job, ticket)),
                Task::Swapped => {
                    is_in_flight = false;
                    builder.swapped();
                }
                Task::Quantum(quantum) => builder.set_quantum(quantum),
                Task::Quit => return,
            }
        }
        if let Some((job, ticket)) = latest.take_if(|_| !is_in_flight) {
            let (mut result, transition) = builder.build(&job);
            cells.ledger.make_room(builder.places());
            result.ticket = ticket;
            // Before the plan: whoever hears the audio thread speak of a filter must be able to know it.
            let _ = built.send(result);
            cells.bell.ring();
            // At most one is in flight, so there is room.
            if swaps.push(Box::new(transition)).is_ok() {
                is_in_flight = true;
                waker.wake();
            }
        }
    }
}
