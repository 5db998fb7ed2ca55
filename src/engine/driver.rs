//! The audio thread between two sleeps: takes messages, asks what drives the graph how much is due, runs the cycles,
//! publishes the clock, and tells devices who leads. Starting and ending the thread is `thread.rs`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::clock::{Beat, Epoch, GraphClock, Timer};
use super::cycle::report;
use super::link::Report;
use super::records::{Moment, Wakes};
use super::runner::Runner;
use crate::ks::{Pacer, RATE_UNITY, RefTime, State, time_from_sample};

/// The longest sleep: a device that forgets to wake us is asked so often.
const LONGEST_SLEEP: Duration = Duration::from_millis(20);
/// The sleep while a filter on the second worker is late.
const UNTIL_WHOLE: Duration = Duration::from_millis(1);
/// The sleep of a graph that does not run and has no device.
const IDLE_SLEEP: Duration = Duration::from_millis(100);

/// The audio thread between two sleeps.
pub struct Driver {
    pub(super) runner: Runner,
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
    pub(super) fn new(
        runner: Runner,
        clock: Arc<GraphClock>,
        epoch: Epoch,
        quantum: usize,
    ) -> Self {
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
        if !self.runner.is_whole() && !self.runner.cells.is_over.load(Ordering::Acquire) {
            return Some(UNTIL_WHOLE);
        }
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
            self.runner.ask_ahead();
            self.timer.restart();
            self.wakes.restart();
            let pacers = self.runner.pacers.iter_mut();
            pacers.for_each(|paced| paced.pacer.restart());
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
        while left >= self.quantum && self.runner.is_running() && self.runner.is_whole() {
            self.cycle(master, left);
            left -= self.quantum;
            match master.and_then(|at| self.runner.pacers.get_mut(at)) {
                Some(paced) => paced.pacer.made(self.quantum),
                None => self.timer.made(self.quantum),
            }
            self.runner.receive();
            self.follow_plan();
        }
        self.watch();
        let due = match self.master() {
            Some(at) if self.runner.pacers[at].pacer.wakes() => return LONGEST_SLEEP,
            Some(at) => self.runner.pacers[at].pacer.due(),
            None => self.timer.due(),
        };
        let missing = self.quantum.saturating_sub(due).max(1);
        Duration::from_nanos(missing as u64 * 1_000_000_000 / u64::from(self.rate_hz))
    }

    /// Makes one cycle of so many samples that are due.
    fn cycle(&mut self, master: Option<usize>, due: usize) {
        let began = self.epoch.nanos();
        let pacer = master.and_then(|at| self.runner.pacers.get(at));
        let time = self.clock.publish(Beat {
            position: self.runner.elapsed(),
            len: self.quantum,
            due,
            rate_hz: self.rate_hz,
            nanos: began,
            behind: pacer.map_or(0, |it| it.pacer.latency_samples()),
            ahead: pacer.map_or(0, |it| it.pacer.ahead_samples()),
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
        if let Some(crew) = &mut self.runner.crew {
            crew.weigh(spent);
        }
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
        let mut is_awaited = false;
        for at in 0..self.runner.pacers.len() {
            let paced = &mut self.runner.pacers[at];
            let (entry, count) = (paced.entry, paced.new_xruns());
            if wanted == Some(entry) {
                let latency = paced.pacer.latency_samples() as u32;
                self.runner.cells.latency.store(latency, Ordering::Relaxed);
            }
            if let Some(watch) = &mut self.runner.stopwatch {
                let (waits, goes_on) = paced.waits(watch.serial(), self.quantum);
                is_awaited |= goes_on;
                if count > 0 {
                    watch.missed(entry, count, waits);
                }
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
        if let Some(watch) = self.runner.stopwatch.as_mut().filter(|_| !is_awaited) {
            watch.forget_cause();
        }
    }
}
