//! What the class driver shows of its doing: counters of each lane and the last calls, readable from any thread.
//!
//! Nobody waits for anybody: counters are overwritten, and a call is one number in a ring that is written over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use super::request::{Kind, Lane, SrbId, StreamId};
use super::words::Words;
use crate::ks::{ClassLane, ClassSheet, Health, Status};

/// How many calls are remembered.
const REMEMBERED: usize = 128;

/// What was called, or came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    Device,
    Data,
    Control,
    Cancel,
    TimedOut,
    Interrupt,
    Event,
    Clock,
    Timer,
    Answer,
}

impl Act {
    const ALL: [Self; 10] = [
        Self::Device,
        Self::Data,
        Self::Control,
        Self::Cancel,
        Self::TimedOut,
        Self::Interrupt,
        Self::Event,
        Self::Clock,
        Self::Timer,
        Self::Answer,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Device => "device packet",
            Self::Data => "data packet",
            Self::Control => "control packet",
            Self::Cancel => "cancel",
            Self::TimedOut => "time-out",
            Self::Interrupt => "interrupt",
            Self::Event => "event",
            Self::Clock => "clock",
            Self::Timer => "timer",
            Self::Answer => "answer",
        }
    }
}

/// One line of the trace, in one number: nobody reads half of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Moment {
    pub(super) act: Act,
    pub(super) kind: Option<Kind>,
    pub(super) stream: Option<StreamId>,
    pub(super) id: Option<SrbId>,
    pub(super) status: Option<Status>,
}

impl Moment {
    pub(super) const fn of(act: Act) -> Self {
        Self {
            act,
            kind: None,
            stream: None,
            id: None,
            status: None,
        }
    }

    /// Bits from the lowest: 4 act, 6 kind, 5 status, 6 stream, 18 id, 25 milliseconds; the highest value is nothing.
    fn pack(self, at: Duration) -> u64 {
        let kind = self.kind.map_or(63, |kind| kind as u64);
        let place = |status: Status| Status::ALL.iter().position(|it| *it == status);
        let status = self.status.and_then(place).map_or(31, |it| it as u64);
        let stream = self.stream.map_or(63, |it| it.0.min(62) as u64);
        let id = self.id.map_or(0, |it| it.0 & 0x3_FFFF);
        let millis = at.as_millis() as u64 & 0x1FF_FFFF;
        self.act as u64 | kind << 4 | status << 10 | stream << 15 | id << 21 | millis << 39
    }

    fn words(word: u64, streams: &[String]) -> String {
        let act = Act::ALL
            .get((word & 15) as usize)
            .map_or("", |it| it.name());
        let kind = Kind::ALL.get((word >> 4 & 63) as usize);
        let status = Status::ALL.get((word >> 10 & 31) as usize);
        let stream = streams.get((word >> 15 & 63) as usize);
        let id = word >> 21 & 0x3_FFFF;
        let millis = word >> 39;
        let mut words = format!("{:.3} s {act}", millis as f64 / 1000.0);
        if let Some(kind) = kind {
            words.push_str(&format!(" {}", kind.name()));
        }
        if id > 0 {
            words.push_str(&format!(" #{id}"));
        }
        if let Some(stream) = stream {
            words.push_str(&format!(" {stream}"));
        }
        if let Some(status) = status {
            words.push_str(&format!(" {}", status.name()));
        }
        words
    }
}

/// What is counted of a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    pub(super) queued: u64,
    pub(super) in_flight: u64,
    pub(super) most_in_flight: u64,
    pub(super) issued: u64,
    pub(super) done: u64,
    pub(super) failed: u64,
    pub(super) cancelled: u64,
    pub(super) timed_out: u64,
}

const FIGURES: usize = 8;

/// One for each class driver.
#[derive(Debug)]
pub(crate) struct Board {
    title: String,
    /// Names of the streams, by their number.
    streams: Vec<String>,
    lanes: Vec<Lane>,
    figures: Vec<[AtomicU64; FIGURES]>,
    health: AtomicU8,
    pub(super) late: AtomicU64,
    pub(super) interrupts: AtomicU64,
    pub(super) not_mine: AtomicU64,
    pub(super) inside: AtomicU64,
    most_inside: AtomicU64,
    /// Calls that have not come back, as the worker knows it.
    outstanding: AtomicU64,
    calls: AtomicU64,
    trace: Vec<AtomicU64>,
    pub(super) words: Words,
}

impl Board {
    /// Of the streams that are connected, each with its name; those that are not have none.
    pub(super) fn new(title: &str, streams: &[(StreamId, String)], words: Words) -> Arc<Self> {
        let count = streams.iter().map(|(id, _)| id.0 + 1).max().unwrap_or(0);
        let mut names = vec![String::new(); count];
        let mut lanes = vec![Lane::Device];
        for (id, name) in streams {
            names[id.0].clone_from(name);
            lanes.extend([Lane::Control(*id), Lane::Data(*id)]);
        }
        Arc::new(Self {
            title: title.to_owned(),
            streams: names,
            figures: lanes.iter().map(|_| Default::default()).collect(),
            lanes,
            health: AtomicU8::new(0),
            late: AtomicU64::new(0),
            interrupts: AtomicU64::new(0),
            not_mine: AtomicU64::new(0),
            inside: AtomicU64::new(0),
            most_inside: AtomicU64::new(0),
            outstanding: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            trace: (0..REMEMBERED).map(|_| AtomicU64::new(0)).collect(),
            words,
        })
    }

    pub(super) fn publish(&self, lane: Lane, tally: &Tally) {
        let Some(place) = self.lanes.iter().position(|it| *it == lane) else {
            return;
        };
        let numbers = [
            tally.queued,
            tally.in_flight,
            tally.most_in_flight,
            tally.issued,
            tally.done,
            tally.failed,
            tally.cancelled,
            tally.timed_out,
        ];
        for (cell, number) in self.figures[place].iter().zip(numbers) {
            cell.store(number, Ordering::Relaxed);
        }
    }

    pub(super) fn note(&self, moment: Moment, at: Duration) {
        let place = self.calls.fetch_add(1, Ordering::AcqRel);
        self.trace[place as usize % REMEMBERED].store(moment.pack(at), Ordering::Release);
    }

    /// A call goes into the minidriver; how many are there is counted.
    pub(super) fn enter(&self) {
        let inside = self.inside.fetch_add(1, Ordering::AcqRel) + 1;
        self.most_inside.fetch_max(inside, Ordering::AcqRel);
    }

    pub(super) fn leave(&self) {
        self.inside.fetch_sub(1, Ordering::AcqRel);
    }

    /// So many calls have not come back. Said with every call, and of those that came back once nothing else is to be done:
    /// whoever reads none knows that there will be none before something is asked or time goes by.
    pub(super) fn set_outstanding(&self, calls: usize) {
        self.outstanding.store(calls as u64, Ordering::Release);
    }

    pub(super) fn set_health(&self, health: Health) {
        self.health.store(health as u8, Ordering::Release);
    }

    pub(super) fn health(&self) -> Health {
        match self.health.load(Ordering::Acquire) {
            0 => Health::Well,
            1 => Health::NotResponding,
            _ => Health::Panicked,
        }
    }

    /// All of it as it is now.
    pub(super) fn sheet(&self) -> ClassSheet {
        let lanes = self.lanes.iter().zip(&self.figures);
        let lanes = lanes.map(|(lane, figures)| {
            let figure = |at: usize| figures[at].load(Ordering::Relaxed);
            ClassLane {
                name: self.lane_name(*lane),
                queued: figure(0),
                in_flight: figure(1),
                most_in_flight: figure(2),
                issued: figure(3),
                done: figure(4),
                failed: figure(5),
                cancelled: figure(6),
                timed_out: figure(7),
            }
        });
        let lanes = lanes.collect();
        let head = self.calls.load(Ordering::Acquire);
        let first = head.saturating_sub(REMEMBERED as u64);
        let words = |at: u64| self.trace[at as usize % REMEMBERED].load(Ordering::Acquire);
        let words: Vec<u64> = (first..head).map(words).collect();
        // What was written over while it was read is left out.
        let now = self.calls.load(Ordering::Acquire);
        let lost = now.saturating_sub(REMEMBERED as u64).saturating_sub(first) as usize;
        let trace = words.iter().skip(lost);
        ClassSheet {
            title: self.title.clone(),
            health: self.health(),
            lanes,
            calls: head,
            late: self.late.load(Ordering::Relaxed),
            interrupts: self.interrupts.load(Ordering::Relaxed),
            not_mine: self.not_mine.load(Ordering::Relaxed),
            inside: self.outstanding.load(Ordering::Acquire),
            most_inside: self.most_inside.load(Ordering::Relaxed),
            trace: trace
                .map(|word| Moment::words(*word, &self.streams))
                .collect(),
        }
    }

    fn lane_name(&self, lane: Lane) -> String {
        let of = |stream: StreamId| self.streams[stream.0].as_str();
        match lane {
            Lane::Device => "device".into(),
            Lane::Control(stream) => format!("{} control", of(stream)),
            Lane::Data(stream) => format!("{} data", of(stream)),
        }
    }
}
