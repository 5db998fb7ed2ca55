//! Oscilloscope: draws a sound as it swings and lets it pass bit for bit.
//!
//! in (any sound) -> out, in place. A sweep begins at the trigger and lasts `time`; it is gathered in at most [`COLUMNS`]
//! columns, each the lowest and the highest sample that falls into it. Two pictures stand in telemetry: while a screen
//! reads the last one the next is written beside it, and [`picture`] reads anew when it was too slow. Sweeps longer
//! than [`SHOWN_SECONDS`] are shown while they grow. Everything counts samples, so the pictures do not depend on cycles.
//!
//! Without a trigger for [`PATIENCE_SECONDS`] a sweep begins by itself: silence and a steady level are seen too.
//! `gain` is read by the screen alone: what is published is the sound as it is.

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, Node, OpenError, Opened, Opening, PinFactory,
    Processor, Property, State, Telemetry, TopologyConnection, Unit, ValueSlot, Values,
};

/// The most columns of a picture.
pub const COLUMNS: usize = 256;
/// The most lines of a picture.
pub const LINES: usize = 2;
/// A sweep that lasts longer is shown as often as this while it grows.
pub const SHOWN_SECONDS: f64 = 0.04;
/// How long a trigger is waited for before a sweep begins without one.
pub const PATIENCE_SECONDS: f64 = 0.5;
/// The same while nothing triggers.
const RESTLESS_SECONDS: f64 = 0.02;
/// Samples beyond it are drawn at it.
const LIMIT: f32 = 1e6;

/// The words of `trigger`.
pub const TRIGGERS: &[&str] = &["off", "rising", "falling"];
/// The words of `channels`.
pub const CHANNELS: &[&str] = &["both", "left", "right", "mid", "side"];

const SEQUENCE: usize = 0;
const BANKS: usize = 1;
/// A bank: how many lines and columns, up to which column it is of this sweep, whether it was triggered, the place of
/// the first sample behind the trigger in columns, seconds, then lows and highs of each line.
const LINE_COUNT: usize = 0;
const COLUMN_COUNT: usize = 1;
const FILLED: usize = 2;
const TRIGGERED: usize = 3;
const OFFSET: usize = 4;
const SECONDS: usize = 5;
const HEAD: usize = 6;
const BANK: usize = HEAD + LINES * 2 * COLUMNS;
const CELLS: usize = BANKS + 2 * BANK;
/// Numbers of pictures begin again here: a cell counts no further without gaps.
const WRAP: u32 = 1 << 20;

const TIME: Property = Property::number("time", "Time", 1.0, 5000.0, 20.0)
    .group("View")
    .unit(Unit::Millisecond)
    .logarithmic()
    .inline()
    .help("How long a sweep lasts: eight divisions.");
const GAIN: Property = Property::db("gain", "Gain", -24.0, 60.0, 0.0)
    .group("View")
    .inline()
    .help("How much the picture is enlarged. The sound is not.");
const TRIGGER: Property = Property::choice("trigger", "Trigger", TRIGGERS, "rising")
    .group("Trigger")
    .inline()
    .help(
        "Where a sweep begins: anywhere, or where the sound crosses the level, going up or down.",
    );
const LEVEL: Property = Property::number("level", "Trigger level", -1.0, 1.0, 0.0)
    .group("Trigger")
    .help("The sample value at which a sweep begins.");
const HOLD_OFF: Property =
    Property::number("hold_off", "Hold-off", 0.0, 1000.0, 0.0).group("Trigger")
        .unit(Unit::Millisecond)
        .help("How long nothing triggers after a sweep, so that a long pattern is caught at the same place.");
const SHOWN: Property = Property::choice("channels", "Channels", CHANNELS, "both").group("Channels")
    .help("Both, one, their mean (mid) or half their difference (side). The first one shown is the one that triggers.");
const PROPERTIES: &[Property] = &[TIME, GAIN, TRIGGER, LEVEL, HOLD_OFF, SHOWN];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::WAVE).takes_non_finite(),
    PinFactory::output("out", DataRange::WAVE).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::ANALYSIS];
/// What is inside: the filter's own properties, seen from the node that acts on them.
const NODES: &[Node] = &[Node::new(
    node::PEAKMETER,
    "Screen",
    &["time", "gain", "trigger", "level", "hold_off", "channels"],
)];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("scope", "Oscilloscope", CATEGORIES, PINS, PROPERTIES).merit(merit::DO_NOT_USE).nodes(NODES, INSIDE).help(
        "Draws a sound as it swings. A trigger holds the picture still: each sweep begins where the sound crosses a \
         level, rising or falling. The sound passes unchanged.",
    );

/// One sweep, as far as it got.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Picture {
    /// Lowest and highest sample of each column, a list for each line; all of one length.
    pub lines: Vec<Vec<(f32, f32)>>,
    /// Columns of this sweep; those behind are of the sweep before.
    pub filled: usize,
    /// Whether a trigger began it.
    pub is_triggered: bool,
    /// How many columns the first sample lies behind the trigger.
    pub offset: f32,
    /// Seconds from the first column to the end of the last.
    pub seconds: f32,
}

/// The newest whole picture; `None` before the first.
#[must_use]
pub fn picture(telemetry: &Telemetry) -> Option<Picture> {
    // A picture takes milliseconds to gather and microseconds to read: a second try is rare, a third unheard of.
    for _ in 0..4 {
        let sequence = telemetry.get_in_order(SEQUENCE);
        if sequence == 0.0 {
            return None;
        }
        let bank = BANKS + BANK * (sequence as usize % 2);
        let cell = |index: usize| telemetry.get(bank + index);
        let columns = (cell(COLUMN_COUNT) as usize).min(COLUMNS);
        let line = |line: usize| {
            let low = HEAD + line * 2 * COLUMNS;
            let pair = |column: usize| (cell(low + column), cell(low + COLUMNS + column));
            (0..columns).map(pair).collect()
        };
        let picture = Picture {
            lines: (0..(cell(LINE_COUNT) as usize).min(LINES))
                .map(line)
                .collect(),
            filled: (cell(FILLED) as usize).min(columns),
            is_triggered: cell(TRIGGERED) != 0.0,
            offset: cell(OFFSET),
            seconds: cell(SECONDS),
        };
        if telemetry.get_in_order(SEQUENCE) == sequence {
            return Some(picture);
        }
    }
    None
}

/// What the catalogue offers and the graph negotiates with.
pub struct Scope;

impl Filter for Scope {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let rate_hz = f64::from(format.rate_hz);
        let playing = Playing {
            rate_hz,
            patience: [PATIENCE_SECONDS, RESTLESS_SECONDS].map(|it| samples(it, rate_hz)),
            shown_after: samples(SHOWN_SECONDS, rate_hz),
            time: opening.slot(&TIME),
            trigger: opening.slot(&TRIGGER),
            level: opening.slot(&LEVEL),
            hold_off: opening.slot(&HOLD_OFF),
            shown: opening.slot(&SHOWN),
            sweep: Sweep::new(),
            telemetry: Telemetry::new(CELLS),
            sequence: 0,
        };
        let telemetry = playing.telemetry.clone();
        Ok(Opened::processor(playing).telemetry(telemetry))
    }
}

/// What a sweep is asked to be.
#[derive(Clone, Copy, PartialEq)]
struct Asked {
    /// Samples of a whole sweep.
    length: u64,
    lines: usize,
    shown: usize,
}

fn samples(seconds: f64, rate_hz: f64) -> u64 {
    ((seconds * rate_hz).round() as u64).max(1)
}

/// What the scope is at.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// Samples spent on waiting for a trigger.
    Waiting(u64),
    /// Samples of the sweep that are gathered.
    Sweeping(u64),
    /// Samples during which nothing triggers.
    Holding(u64),
}

/// The picture being gathered.
struct Sweep {
    asked: Asked,
    phase: Phase,
    /// The sample before, where triggers are looked for; the first of all has none.
    before: f32,
    is_triggered: bool,
    offset: f32,
    filled: usize,
    /// How much of the last of them is gone by; the length is all of it.
    gone: u64,
    /// Samples since a picture was published.
    unseen: u64,
    lows: [[f32; COLUMNS]; LINES],
    highs: [[f32; COLUMNS]; LINES],
}

impl Sweep {
    fn new() -> Self {
        Self {
            asked: Asked {
                length: 0,
                lines: 0,
                shown: 0,
            },
            phase: Phase::Waiting(0),
            before: f32::NAN,
            is_triggered: true,
            offset: 0.0,
            filled: 0,
            gone: 0,
            unseen: 0,
            lows: [[0.0; COLUMNS]; LINES],
            highs: [[0.0; COLUMNS]; LINES],
        }
    }

    fn columns(&self) -> usize {
        self.asked.length.min(COLUMNS as u64) as usize
    }

    /// Puts a sample where it belongs.
    fn gather(&mut self, at: u64, lines: [f32; LINES]) {
        if at == 0 {
            (self.filled, self.gone) = (0, 0);
        }
        // Sample `at` stands in column `at * columns / length`, of which only what is left over is kept.
        let is_first = self.filled == 0 || self.gone >= self.asked.length;
        if is_first && self.filled > 0 {
            self.gone -= self.asked.length;
        }
        let column = if is_first {
            self.filled
        } else {
            self.filled - 1
        };
        self.gone += self.columns() as u64;
        for (line, sample) in lines.into_iter().enumerate() {
            let (low, high) = (&mut self.lows[line][column], &mut self.highs[line][column]);
            if is_first {
                (*low, *high) = (sample, sample);
            } else {
                (*low, *high) = (low.min(sample), high.max(sample));
            }
        }
        self.filled = column + 1;
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    rate_hz: f64,
    /// How many samples it waits for a trigger: where the last sweep had one, and where not.
    patience: [u64; 2],
    /// Samples until a sweep is shown while it grows.
    shown_after: u64,
    time: ValueSlot,
    trigger: ValueSlot,
    level: ValueSlot,
    hold_off: ValueSlot,
    shown: ValueSlot,
    sweep: Sweep,
    telemetry: Telemetry,
    sequence: u32,
}

impl Playing {
    fn asked(&self, values: Values<'_>, channels: usize) -> Asked {
        let shown = if channels < 2 {
            1
        } else {
            self.shown.index(values)
        };
        Asked {
            length: samples(self.time.get(values) / 1000.0, self.rate_hz).max(2),
            lines: if shown == 0 { 2 } else { 1 },
            shown,
        }
    }

    /// Whether the sound crosses the level between two samples, and where.
    fn crossing(before: f32, now: f32, trigger: usize, level: f32) -> Option<f32> {
        let crosses = match trigger {
            1 => before < level && now >= level,
            2 => before > level && now <= level,
            _ => return Some(1.0),
        };
        crosses.then(|| (level - before) / (now - before))
    }

    fn publish(&mut self) {
        self.sequence = self.sequence % WRAP + 1;
        let sweep = &mut self.sweep;
        sweep.unseen = 0;
        let columns = sweep.columns();
        let bank = BANKS + BANK * (self.sequence as usize % 2);
        let set = |index: usize, value: f32| self.telemetry.set(bank + index, value);
        set(LINE_COUNT, sweep.asked.lines as f32);
        set(COLUMN_COUNT, columns as f32);
        set(FILLED, sweep.filled as f32);
        set(TRIGGERED, f32::from(u8::from(sweep.is_triggered)));
        set(OFFSET, sweep.offset);
        set(
            SECONDS,
            (sweep.asked.length as f64 / self.rate_hz.max(1.0)) as f32,
        );
        for line in 0..sweep.asked.lines {
            let low = HEAD + line * 2 * COLUMNS;
            for column in 0..columns {
                set(low + column, sweep.lows[line][column]);
                set(low + COLUMNS + column, sweep.highs[line][column]);
            }
        }
        self.telemetry.set_in_order(SEQUENCE, self.sequence as f32);
    }

    /// Looks at the next sample.
    fn step(&mut self, lines: [f32; LINES], trigger: usize, level: f32, hold_off: u64) {
        let now = lines[0];
        let before = std::mem::replace(&mut self.sweep.before, now);
        if let Phase::Holding(left) = self.sweep.phase {
            if left > 0 {
                self.sweep.phase = Phase::Holding(left - 1);
                return;
            }
            self.sweep.phase = Phase::Waiting(0);
        }
        if let Phase::Waiting(waited) = self.sweep.phase {
            let crossing = Self::crossing(before, now, trigger, level);
            let [patient, restless] = self.patience;
            let patience = if self.sweep.is_triggered {
                patient
            } else {
                restless
            };
            if crossing.is_none() && waited < patience {
                self.sweep.phase = Phase::Waiting(waited + 1);
                return;
            }
            let sweep = &mut self.sweep;
            sweep.is_triggered = crossing.is_some() && trigger != 0;
            let pitch = sweep.columns() as f32 / sweep.asked.length as f32;
            sweep.offset = (1.0 - crossing.unwrap_or(1.0)) * pitch;
            sweep.filled = 0;
            sweep.phase = Phase::Sweeping(0);
        }
        let Phase::Sweeping(at) = self.sweep.phase else {
            return;
        };
        self.sweep.gather(at, lines);
        self.sweep.unseen += 1;
        if at + 1 >= self.sweep.asked.length {
            self.sweep.phase = Phase::Holding(hold_off);
            self.publish();
        } else {
            self.sweep.phase = Phase::Sweeping(at + 1);
            if self.sweep.unseen >= self.shown_after {
                self.publish();
            }
        }
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        // In place the output holds the input; with no output there is only the input.
        let input = io.inputs.get(0).wave();
        let Some(wave) = input.or_else(|| io.outputs.first()?.payload.wave()) else {
            return Flow::Running;
        };
        let Some(left) = wave.channels().next() else {
            return Flow::Running;
        };
        let right = wave.channels().nth(1).unwrap_or(left);
        let asked = self.asked(io.values, wave.channel_count());
        if asked != self.sweep.asked {
            self.sweep = Sweep {
                asked,
                before: self.sweep.before,
                ..Sweep::new()
            };
        }
        let trigger = self.trigger.index(io.values);
        let level = self.level.get(io.values) as f32;
        let hold_off = (self.hold_off.get(io.values) * self.rate_hz / 1000.0).round() as u64;
        for (&left, &right) in left.iter().zip(right) {
            let (left, right) = (seen(left), seen(right));
            let lines = match asked.shown {
                0 => [left, right],
                1 => [left, left],
                2 => [right, right],
                3 => [(left + right) / 2.0; 2],
                _ => [(left - right) / 2.0; 2],
            };
            self.step(lines, trigger, level, hold_off);
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.sweep = Sweep::new();
            self.publish();
        }
    }
}

/// A sample as it can be drawn.
fn seen(sample: f32) -> f32 {
    if sample.is_nan() {
        0.0
    } else {
        sample.clamp(-LIMIT, LIMIT)
    }
}

#[cfg(test)]
mod tests;
