//! The audio thread: start, priority, wake, cycle, sleep. Its one wait is the wake-up between cycles.
//!
//! Live it is woken by the device that drives the graph and runs as many cycles as the device can take; with no device
//! it wakes by time. The program talks to it through [`Engine`]; plans are built on a thread beside.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use super::clock::{Beat, Epoch, GraphClock, Timer};
use super::compile::{Builder, Built, Job};
use super::cycle::report;
use super::link::{Cells, MESSAGES, Message, REPORTS, Report, STEPS, Stepped};
use super::marks::{MARKS, Mark};
use super::plan::Transition;
use super::records::{CycleLog, Moment, Stopwatch, Story, Telling, Wakes};
use super::runner::Runner;
use super::tap::TappedFrame;
use super::watch::Watch;
use crate::ks::{
    Bell, Catalogue, Clock, Pacer, RATE_UNITY, RefTime, State, Status, Waker, raise_priority,
    time_from_sample,
};

/// The longest sleep: a device that forgets to wake us is asked so often.
const LONGEST_SLEEP: Duration = Duration::from_millis(20);
/// The sleep of a graph that does not run and has no device.
const IDLE_SLEEP: Duration = Duration::from_millis(100);
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
    pub fn start(catalogue: Catalogue, quantum: usize) -> std::io::Result<Self> {
        let epoch = Epoch::of_program();
        Self::start_with(catalogue, quantum, epoch, |mut driver| {
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

    /// The same with the machine's time from elsewhere.
    pub fn by_hand_at(
        catalogue: Catalogue,
        quantum: usize,
        epoch: Epoch,
    ) -> std::io::Result<(Self, Driver)> {
        let mut by_hand = None;
        let engine = Self::start_with(catalogue, quantum, epoch, |driver| {
            by_hand = Some(driver);
            Ok((Waker::of(std::thread::current()), None))
        })?;
        Ok((engine, by_hand.expect("the driver was handed over")))
    }

    /// `begin` puts the driver where it is to run, and says how to wake it.
    fn start_with(
        catalogue: Catalogue,
        quantum: usize,
        epoch: Epoch,
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
        let bell = cells.bell().clone();
        let builder = std::thread::Builder::new()
            .name("builder".into())
            .spawn(move || {
                let builder = Builder::new(
                    catalogue,
                    builder_clock,
                    builder_waker.clone(),
                    quantum,
                    true,
                );
                build_loop(
                    builder,
                    &task_end,
                    (&built_end, &bell),
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
    (built, bell): (&mpsc::Sender<Built>, &Bell),
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
            result.ticket = ticket;
            // Before the plan: whoever hears the audio thread speak of a filter must be able to know it.
            let _ = built.send(result);
            bell.ring();
            // At most one is in flight, so there is room.
            if swaps.push(Box::new(transition)).is_ok() {
                is_in_flight = true;
                waker.wake();
            }
        }
    }
}

/// The audio thread between two sleeps.
pub struct Driver {
    runner: Runner,
    clock: Arc<GraphClock>,
    epoch: Epoch,
    quantum: usize,
    timer: Timer,
    rate_hz: u32,
    was_running: bool,
    /// The filter that drives the graph was held back when it was looked at last.
    is_held: bool,
    /// What drove the graph when physical time was last taken, how far it was, and when.
    physical: (Option<u32>, u64, u64),
    /// When it is usually woken, and by how much it was late this time.
    wakes: Wakes,
    woke_late: u64,
}

impl Driver {
    fn new(runner: Runner, clock: Arc<GraphClock>, epoch: Epoch, quantum: usize) -> Self {
        let rate_hz = crate::ks::DEFAULT_RATE_HZ;
        let timer = Timer::new(epoch, rate_hz, quantum);
        Self {
            runner,
            clock,
            epoch,
            quantum,
            timer,
            rate_hz,
            was_running: false,
            is_held: false,
            physical: (None, 0, epoch.nanos()),
            wakes: Wakes::default(),
            woke_late: 0,
        }
    }

    /// From wake to sleep: takes messages, runs the cycles that are due. How long to sleep then, unless woken; `None`
    /// when the thread is to end.
    pub fn turn(&mut self) -> Option<Duration> {
        #[cfg(feature = "rtsan")]
        let _watched = rtsan_standalone::ScopedSanitizeRealtime::default();
        self.runner.receive();
        if self.runner.wants_quit || self.runner.cells.is_over.load(Ordering::Acquire) {
            return None;
        }
        self.follow_plan();
        if self.runner.is_running() {
            return Some(self.run());
        }
        self.was_running = false;
        // Its loss is told of in every state.
        let master = self.master();
        self.advance(master);
        self.timer.restart();
        self.stand();
        if self.runner.wanted() == self.runner.state() {
            Some(IDLE_SLEEP)
        } else {
            Some(Duration::ZERO)
        }
    }

    /// Presentation time stands; a rate lapses below Pause (CLK-5), and marks begin anew with time (CEV-3).
    fn stand(&mut self) {
        let state = self.runner.state();
        self.clock.hold(state);
        if state < State::Pause {
            self.runner.rate_permille = RATE_UNITY;
            self.timer.set_rate(RATE_UNITY);
        }
        if state == State::Stop {
            self.runner.marks.rewind();
        }
    }

    /// The plan says how fast and in which steps.
    fn follow_plan(&mut self) {
        let Some(plan) = self.runner.plan() else {
            return;
        };
        let (rate_hz, quantum) = (plan.rate_hz, plan.max_len);
        if (rate_hz, quantum) != (self.rate_hz, self.quantum) {
            (self.rate_hz, self.quantum) = (rate_hz, quantum);
            self.timer = Timer::new(self.epoch, rate_hz, quantum);
            // What it counts begins anew.
            self.physical.0 = None;
        }
    }

    /// Runs the cycles that are due; how long to sleep then.
    fn run(&mut self) -> Duration {
        if !std::mem::replace(&mut self.was_running, true) {
            self.timer.restart();
            self.wakes.restart();
        }
        let master = self.master();
        self.advance(master);
        self.timer.set_rate(match master {
            Some(_) => RATE_UNITY,
            None => self.runner.rate_permille,
        });
        let due = match master {
            Some(at) => self.runner.pacers[at].pacer.due(),
            None => self.timer.due(),
        };
        if due >= self.quantum {
            let late = self.wakes.look(due) as u64;
            self.woke_late = late * 1_000_000_000 / u64::from(self.rate_hz);
        }
        let mut left = due;
        while left >= self.quantum && self.runner.is_running() {
            self.cycle(master);
            left -= self.quantum;
            if master.is_none() {
                self.timer.made(self.quantum);
            }
            self.runner.receive();
            self.follow_plan();
        }
        self.watch();
        if self.master().is_some() {
            return LONGEST_SLEEP;
        }
        let missing = self.quantum.saturating_sub(self.timer.due()).max(1);
        Duration::from_nanos(missing as u64 * 1_000_000_000 / u64::from(self.rate_hz))
    }

    fn cycle(&mut self, master: Option<usize>) {
        let began = self.epoch.nanos();
        let pacer = master.and_then(|at| self.runner.pacers.get(at));
        let time = self.clock.publish(Beat {
            position: self.runner.position(),
            len: self.quantum,
            rate_hz: self.rate_hz,
            nanos: began,
            behind: pacer.map_or(0, |it| it.pacer.latency_samples()),
            rate_permille: self.timer.rate_permille(),
        });
        self.fire(time);
        let epoch = self.epoch;
        let lasts = self.quantum as f64 * 1e9 / f64::from(self.rate_hz);
        let moment = Moment {
            position: self.runner.position(),
            len: self.quantum as u32,
            began_nanos: began,
            lasts_nanos: lasts as u64,
            woke_late_nanos: std::mem::take(&mut self.woke_late),
            ..Moment::default()
        };
        if let Some(watch) = &mut self.runner.stopwatch {
            watch.begin(moment);
        }
        self.runner.cycle(self.quantum, Some(&|| epoch.nanos()));
        let ended = self.epoch.nanos();
        if let Some(watch) = &mut self.runner.stopwatch {
            watch.end(ended);
        }
        let spent = ended - began;
        self.runner.cells.set_load((spent as f64 / lasts) as f32);
        self.runner.timed(spent, lasts as u64);
    }

    /// Reports the marks that are reached at `time`.
    fn fire(&mut self, time: RefTime) {
        let Runner {
            marks,
            reports,
            cells,
            ..
        } = &mut self.runner;
        if marks.is_empty() {
            return;
        }
        marks.look(time, self.rate_hz, |fired| {
            report(reports, cells, Report::Marked(fired));
        });
    }

    /// The pacer that drives the graph, unless its device is gone; the others are told to keep in step. Devices that
    /// went since the last time are reported.
    fn master(&mut self) -> Option<usize> {
        let wanted = self.runner.plan()?.master;
        let nanos = self.epoch.nanos();
        let mut driver = None;
        for at in 0..self.runner.pacers.len() {
            let paced = &mut self.runner.pacers[at];
            let (entry, (is_lost, is_news)) = (paced.entry, paced.look(nanos));
            if wanted == Some(entry) && !is_lost {
                driver = Some(at);
            }
            if is_news {
                if wanted == Some(entry) {
                    self.timer.restart();
                }
                self.runner.lose(entry);
            }
            if self.runner.pacers[at].is_loss_untold {
                let is_told = self.runner.tell(Report::DeviceLost { entry });
                self.runner.pacers[at].is_loss_untold = !is_told;
            }
        }
        // A card whose filter is held back takes nothing: the timer goes on in its place.
        let is_held =
            self.runner.is_running() && wanted.is_some_and(|entry| !self.runner.is_in_run(entry));
        if is_held && !std::mem::replace(&mut self.is_held, is_held) && driver.is_some() {
            self.timer.restart();
        }
        self.is_held = is_held;
        let driver = driver.filter(|_| !is_held);
        for (at, paced) in self.runner.pacers.iter_mut().enumerate() {
            paced.pacer.drive(driver == Some(at));
        }
        let is_timed = driver.is_none();
        self.runner
            .cells
            .is_timed
            .store(is_timed, Ordering::Relaxed);
        driver
    }

    /// Takes physical time on: by what the driver has played, or by the system's time where there is none, or where
    /// another one has taken over since.
    fn advance(&mut self, master: Option<usize>) {
        let nanos = self.epoch.nanos();
        let paced = master.and_then(|at| self.runner.pacers.get(at));
        let now = paced.map_or((None, 0), |it| (Some(it.entry), it.pacer.played()));
        let (who, played, then) = self.physical;
        let by = match now {
            (Some(driver), count) if who == Some(driver) && count >= played => {
                let rate = self.rate_hz;
                time_from_sample(count, rate) - time_from_sample(played, rate)
            }
            _ => (nanos.saturating_sub(then) / 100) as RefTime,
        };
        self.physical = (now.0, now.1, nanos);
        self.clock.advance(by, nanos);
    }

    /// Counts what devices could not play.
    fn watch(&mut self) {
        let position = self.runner.position();
        let wanted = self.runner.plan().and_then(|plan| plan.master);
        for at in 0..self.runner.pacers.len() {
            let paced = &mut self.runner.pacers[at];
            let (entry, count) = (paced.entry, paced.new_xruns());
            if wanted == Some(entry) {
                let latency = paced.pacer.latency_samples() as u32;
                self.runner.cells.latency.store(latency, Ordering::Relaxed);
            }
            if count > 0
                && let Some(watch) = &mut self.runner.stopwatch
            {
                watch.missed(entry, count);
            }
            self.runner.cells.xruns.fetch_add(count, Ordering::Relaxed);
            if count > 0 {
                self.runner.ran_dry(entry, count);
            }
            let count = self.runner.pacers[at].untold;
            let xruns = Report::Xruns {
                entry,
                count,
                position,
            };
            if count > 0 && self.runner.tell(xruns) {
                self.runner.pacers[at].untold = 0;
            }
        }
    }
}
