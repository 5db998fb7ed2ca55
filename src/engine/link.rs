//! The lanes between the program and the audio thread. What must not be lost goes in a ring; what only matters now is
//! overwritten.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::ledger::{Figures, Ledger};
use super::marks::{Fired, Mark};
use super::plan::Transition;
use super::records::{CycleLog, CycleRecord};
use crate::ks::{Bell, Cued, LoopRange, Priority, Quality, RATE_UNITY, State, Status};

/// Messages a ring holds.
pub(super) const MESSAGES: usize = 4096;
/// Reports a ring holds.
pub(super) const REPORTS: usize = 1024;
/// Steps of pins a ring holds.
pub(super) const STEPS: usize = 16_384;

/// What the program tells the audio thread. Plans come by a ring of their own, where they can wait for a fade.
pub enum Message {
    /// Go to a state, step by step.
    State(State),
    /// A filter, or one of its pins, goes no further than a state, whatever the graph does. [`State::Run`] lets it go
    /// with the graph.
    Limit {
        /// The filter's place in the slab.
        entry: u32,
        /// Factory and instance of the pin; `None`: all of the filter.
        pin: Option<(u16, u16)>,
        /// How far it goes.
        state: State,
    },

    /// A value has changed.
    Set {
        /// The filter's place in the slab.
        entry: u32,
        /// Index of the property.
        property: u16,
        /// What it is now.
        value: f64,
    },
    /// Report when presentation time is there.
    Mark(u64, Mark),
    /// No longer.
    Unmark(u64),
    /// Let presentation time go at another rate, 1000 being that of the driver.
    Rate(u32),
    /// Copy what passes on the wire of that identity for whoever looks at it; `None`: on none.
    Tap(Option<u64>),

    /// Go to another position, once nothing is heard any more. The latest wins.
    Seek(u64),
    /// Play a range round and round; `None`: go on behind it.
    Loop(Option<LoopRange>),
    /// Have filters play at another rate, 1000 being as recorded; lapses below Pause.
    Speed(u32),
    /// From Pause: play so many samples, and pause again.
    Step(u64),

    /// Silence everything that sounds, then go on.
    Panic,
    /// End the thread.
    Quit,
}

/// What the audio thread tells the program.
pub enum Report {
    /// Somebody moved a controller: channel and number, and where it stands.
    Control {
        /// The channel, from 0.
        channel: u8,
        /// Its number.
        controller: u8,
        /// From 0 to 127.
        value: u8,
    },
    /// The plan of that submission runs; what is no longer used comes back, to be dropped here.
    Swapped(u64, Box<Transition>),
    /// All pins are in this state.
    Reached(State),
    /// A filter refused a step up. Where the graph was on its way up, what had moved went back.
    Refused {
        /// Its place in the slab.
        entry: u32,
        /// The state it did not enter.
        state: State,
        /// What it answered.
        status: Status,
    },

    /// A filter panicked and is silenced.
    Panicked {
        /// Its place in the slab.
        entry: u32,
        /// What it said.
        message: Box<dyn Any + Send>,
    },
    /// A filter gave samples that are not numbers; they were silenced.
    NonFinite {
        /// Its place in the slab.
        entry: u32,
        /// Index among its outputs.
        output: u16,
        /// The first of them.
        position: u64,
    },
    /// A filter gave samples that are denormal: too small to be heard, and slow to reckon with. They were silenced.
    Denormal {
        /// Its place in the slab.
        entry: u32,
        /// Index among its outputs.
        output: u16,
        /// The first of them.
        position: u64,
    },
    /// A source had nothing in time.
    Starved {
        /// Its place in the slab.
        entry: u32,
        /// The cycle's first sample.
        position: u64,
    },
    /// The device that drives the graph found nothing to play, so many times since the last report.
    Xruns {
        /// The device's place in the slab.
        entry: u32,
        /// How many.
        count: u32,
        /// The sample at which it was noticed.
        position: u64,
    },
    /// A mark of the clock was reached.
    Marked(Fired),

    /// What a sink says of the frames it gets, when something is wrong with them or right again.
    Quality {
        /// Its place in the slab; `None`: everything that a cycle of a graph without a device fills.
        entry: Option<u32>,
        /// What it says.
        quality: Quality,
        /// The graph's position.
        position: u64,
    },
    /// A filter was asked for less, or may do as much as before.
    Degraded {
        /// Its place in the slab.
        entry: u32,
        /// 0 is full quality.
        level: u8,
        /// The graph's position.
        position: u64,
    },

    /// A device is gone; if it drove the graph, a timer does now.
    DeviceLost {
        /// Its place in the slab.
        entry: u32,
    },
    /// Every source has given its last sample.
    Ended,
}

/// One step of one pin, or one that was refused: then both states are the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stepped {
    /// The filter's place in the slab.
    pub entry: u32,
    /// The pin's factory.
    pub factory: u16,
    /// Its instance.
    pub instance: u16,
    /// The state before.
    pub from: State,
    /// And behind.
    pub to: State,
    /// How it went.
    pub status: Status,
    /// The graph's position.
    pub position: u64,
}

/// What a plan shows of its pins and wires; latest wins.
#[derive(Debug, Default)]
pub struct PlanCells {
    pub(super) pins: Box<[AtomicU8]>,
    pub(super) cues: Box<[AtomicU8]>,
    pub(super) wires: Box<[WireCell]>,
}

/// What it shows of one wire.
#[derive(Debug, Default)]
pub(super) struct WireCell {
    frames: u32,
    pub(super) held: AtomicU32,
    pub(super) dropped: AtomicU64,
    pub(super) is_waiting: AtomicBool,
    pub(super) issued: AtomicU64,
    pub(super) since: AtomicU64,
}

/// What lies on a wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// Frames that wait.
    pub held: u32,
    /// Frames it has; 0 where none is ever held.
    pub frames: u32,
    /// Samples of the graph's rate that found no frame, as another reader of the same filter went on.
    pub dropped: u64,
    /// Whether nobody takes what lies there.
    pub is_waiting: bool,
    /// Requests that the end which issues them has issued: one a cycle.
    pub requests: u64,
}

impl PlanCells {
    pub(super) fn new(pins: usize, nodes: usize, frames: &[u32]) -> Self {
        let cells = |count| (0..count).map(|_| AtomicU8::new(0)).collect();
        let wires = frames.iter().map(|&frames| WireCell {
            frames,
            since: AtomicU64::new(u64::MAX),
            ..WireCell::default()
        });
        Self {
            pins: cells(pins),
            cues: cells(nodes),
            wires: wires.collect(),
        }
    }

    /// The state of a pin, by [`PlanMap::pin`](super::PlanMap::pin).
    pub fn state(&self, pin: usize) -> State {
        let cell = self.pins.get(pin);
        cell.map_or(State::Stop, |it| {
            State::from_number(it.load(Ordering::Relaxed))
        })
    }

    /// Whether a filter could run at once, by its place in the order of the plan.
    pub fn cued(&self, node: usize) -> Cued {
        let cell = self.cues.get(node);
        cell.map_or(Cued::Yes, |it| {
            Cued::from_number(it.load(Ordering::Relaxed))
        })
    }

    /// What lies on a wire, by [`PlanMap::wire`](super::PlanMap::wire). `cycles` are those of the engine.
    pub fn held(&self, wire: usize, cycles: u64) -> Held {
        let Some(cell) = self.wires.get(wire) else {
            return Held::default();
        };
        let since = cell.since.load(Ordering::Acquire);
        Held {
            held: cell.held.load(Ordering::Relaxed),
            frames: cell.frames,
            dropped: cell.dropped.load(Ordering::Relaxed),
            is_waiting: cell.is_waiting.load(Ordering::Relaxed),
            requests: cell.issued.load(Ordering::Relaxed) + cycles.saturating_sub(since),
        }
    }
}

/// The latest figures of the audio thread.
pub struct Cells {
    pub(super) position: AtomicU64,
    pub(super) elapsed: AtomicU64,
    pub(super) seeks: AtomicU64,
    pub(super) turns: AtomicU64,
    pub(super) is_seeking: AtomicBool,
    /// How fast filters play, 1000 being as recorded.
    pub(super) speed: AtomicU32,
    pub(super) state: AtomicU8,
    pub(super) load: AtomicU32,
    pub(super) load_max: AtomicU32,
    pub(super) load_sum: AtomicU64,
    pub(super) cycles: AtomicU64,
    pub(super) late: AtomicU32,
    pub(super) xruns: AtomicU32,
    pub(super) latency: AtomicU32,
    pub(super) is_timed: AtomicBool,
    /// Whether controllers that somebody moves are reported.
    pub(super) hears_controls: AtomicBool,
    pub(super) lost_reports: AtomicU32,
    pub(super) priority: AtomicU8,
    /// What is counted of each filter.
    pub(super) ledger: Ledger,
    /// The last cycles of a live graph.
    pub(super) log: OnceLock<CycleLog>,
    pub(super) bell: Bell,

    /// The filter the audio thread is in, as its place in the slab and one; 0: in none. And the second worker.
    pub(super) inside: [AtomicU32; 2],
    /// The same for one that does not come back.
    pub(super) stuck: AtomicU32,
    /// Nobody is to be watched any more.
    pub(super) is_over: AtomicBool,
}

impl Cells {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            position: AtomicU64::new(0),
            elapsed: AtomicU64::new(0),
            seeks: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            is_seeking: AtomicBool::new(false),
            speed: AtomicU32::new(RATE_UNITY),
            state: AtomicU8::new(0),
            load: AtomicU32::new(0),
            load_max: AtomicU32::new(0),
            load_sum: AtomicU64::new(0),
            cycles: AtomicU64::new(0),
            late: AtomicU32::new(0),
            xruns: AtomicU32::new(0),
            latency: AtomicU32::new(0),
            is_timed: AtomicBool::new(true),
            hears_controls: AtomicBool::new(false),
            lost_reports: AtomicU32::new(0),
            priority: AtomicU8::new(Priority::Ordinary as u8),
            ledger: Ledger::new(),
            log: OnceLock::new(),
            bell: Bell::default(),

            inside: [const { AtomicU32::new(0) }; 2],
            stuck: AtomicU32::new(0),
            is_over: AtomicBool::new(false),
        })
    }

    /// Rung with every report.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// The graph's position, in samples of its rate: those since the run began, unless it was sought elsewhere.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// Samples of the graph's rate since the run began, wherever it was sought.
    pub fn elapsed(&self) -> u64 {
        self.elapsed.load(Ordering::Relaxed)
    }

    /// How often the position was sought.
    pub fn seeks(&self) -> u64 {
        self.seeks.load(Ordering::Acquire)
    }

    /// How often a loop went round.
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Acquire)
    }

    /// How fast filters play what goes by the position, 1000 being as recorded.
    pub fn speed(&self) -> u32 {
        self.speed.load(Ordering::Acquire)
    }

    /// Whether a seek is under way: fading out, or waiting for those who read.
    pub fn is_seeking(&self) -> bool {
        self.is_seeking.load(Ordering::Acquire)
    }

    /// The state all pins are in.
    pub fn state(&self) -> State {
        State::from_number(self.state.load(Ordering::Acquire))
    }

    /// Share of the last cycle's time that was used, 1 being all of it.
    pub fn load(&self) -> f32 {
        f32::from_bits(self.load.load(Ordering::Relaxed))
    }

    /// The largest such share.
    pub fn load_max(&self) -> f32 {
        f32::from_bits(self.load_max.load(Ordering::Relaxed))
    }

    /// The mean of all such shares.
    pub fn load_mean(&self) -> f32 {
        let cycles = self.cycles.load(Ordering::Relaxed).max(1);
        (self.load_sum.load(Ordering::Relaxed) as f64 / 1e6 / cycles as f64) as f32
    }

    /// Cycles run.
    pub fn cycles(&self) -> u64 {
        self.cycles.load(Ordering::Relaxed)
    }

    /// Cycles that took longer than they lasted.
    pub fn late(&self) -> u32 {
        self.late.load(Ordering::Relaxed)
    }

    /// Times a device found nothing to play.
    pub fn xruns(&self) -> u32 {
        self.xruns.load(Ordering::Relaxed)
    }

    /// Samples between a cycle and the ear.
    pub fn latency_samples(&self) -> u32 {
        self.latency.load(Ordering::Relaxed)
    }

    /// From now on controllers that somebody moves are reported, or no longer.
    pub fn hear_controls(&self, is_on: bool) {
        self.hears_controls.store(is_on, Ordering::Relaxed);
    }

    /// Whether a timer drives the graph, and no device.
    pub fn is_timed(&self) -> bool {
        self.is_timed.load(Ordering::Relaxed)
    }

    /// The filter, by its place in the slab, that does not come back from its cycle: nothing goes on here any more.
    pub fn stuck(&self) -> Option<u32> {
        self.stuck.load(Ordering::Acquire).checked_sub(1)
    }

    /// Reports that found their ring full.
    pub fn lost_reports(&self) -> u32 {
        self.lost_reports.load(Ordering::Relaxed)
    }

    /// Whether the audio thread has real-time priority.
    pub fn is_real_time(&self) -> bool {
        self.priority() == Priority::RealTime
    }

    /// The priority that was granted to the audio thread.
    pub fn priority(&self) -> Priority {
        match self.priority.load(Ordering::Relaxed) {
            0 => Priority::Ordinary,
            1 => Priority::Preferred,
            _ => Priority::RealTime,
        }
    }

    pub(super) fn set_priority(&self, priority: Priority) {
        self.priority.store(priority as u8, Ordering::Relaxed);
    }

    /// The most nanoseconds that the filter at `entry` took in a cycle.
    pub fn highest_nanos(&self, entry: u32) -> u32 {
        self.figure(entry, |it| &it.highest)
    }

    /// Late cycles that are charged to the filter at `entry`.
    pub fn blamed(&self, entry: u32) -> u32 {
        self.figure(entry, |it| &it.blamed)
    }

    /// The cycles from `number` on that are still kept, the oldest first. Of a graph that is not live there are none.
    pub fn cycles_since(&self, number: u64) -> impl Iterator<Item = CycleRecord> {
        let log = self.log.get();
        log.into_iter().flat_map(move |log| {
            let first = number.max(log.oldest());
            (first..log.written()).filter_map(|number| log.read(number))
        })
    }

    /// The number of the next cycle that will be kept.
    pub fn next_cycle(&self) -> u64 {
        self.log.get().map_or(0, CycleLog::written)
    }

    /// Nanoseconds the filter at `entry` took in the cycle in which it was last timed.
    pub fn cost_nanos(&self, entry: u32) -> u32 {
        self.figure(entry, |it| &it.cost)
    }

    fn figure(&self, entry: u32, which: impl Fn(&Figures) -> &AtomicU32) -> u32 {
        let figures = self.ledger.get(entry);
        figures.map_or(0, |it| which(it).load(Ordering::Relaxed))
    }

    /// The level of quality that the filter at `entry` was asked for last, 0 being all of it.
    pub fn degraded(&self, entry: u32) -> u8 {
        let figures = self.ledger.get(entry);
        figures.map_or(0, |it| it.degraded.load(Ordering::Relaxed))
    }

    /// Another filter stands at `entry` from here on.
    pub(super) fn came(&self, entry: u32) {
        if let Some(figures) = self.ledger.get(entry) {
            figures.degraded.store(0, Ordering::Relaxed);
        }
    }

    /// The same, once: 0 if it was not timed since it was asked last.
    pub fn take_cost_nanos(&self, entry: u32) -> u32 {
        let figures = self.ledger.get(entry);
        figures.map_or(0, |it| it.cost.swap(0, Ordering::Relaxed))
    }

    pub(super) fn set_load(&self, load: f32) {
        self.load.store(load.to_bits(), Ordering::Relaxed);
        if load > self.load_max() {
            self.load_max.store(load.to_bits(), Ordering::Relaxed);
        }
        self.load_sum
            .fetch_add((f64::from(load) * 1e6) as u64, Ordering::Relaxed);
        if load > 1.0 {
            self.late.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::raise_priority;

    #[test]
    fn what_was_granted_is_told_as_it_was() {
        let cells = Cells::new();
        for priority in [Priority::Ordinary, Priority::Preferred, Priority::RealTime] {
            cells.set_priority(priority);
            assert_eq!(cells.priority(), priority);
            assert_eq!(cells.is_real_time(), priority == Priority::RealTime);
        }
    }

    #[test]
    fn a_thread_can_always_ask() {
        let asked = std::thread::spawn(|| raise_priority(256)).join();
        assert!(asked.is_ok());
    }
}
