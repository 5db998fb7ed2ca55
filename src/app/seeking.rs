//! Where the graph is and where it is to go: seeking, loops, steps, and what becomes of it at its end.
//!
//! A loop belongs to playing and not to the document: it is neither saved nor undone. What a seek does stands in the
//! engine; how places are written stands in `places.rs`.

use super::places::{self, Metre};
use super::playing::Playing;
use super::preferences::AtEnd;
use super::view::Urgency;
use super::{App, View, tail};
use crate::engine::Cells;
use crate::ks::{LoopRange, RATE_UNITY, State};

/// What the program remembers of it.
#[derive(Debug, Default)]
pub(super) struct Transport {
    range: Option<LoopRange>,
    is_looping: bool,
    /// Samples made when all sources had ended.
    ended: Option<u64>,
    is_end_done: bool,
}

/// Where the graph is, for a screen.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Place {
    /// In samples of the graph's rate.
    pub position: u64,
    /// Where the longest source of known length ends; `None`: nobody knows.
    pub length: Option<u64>,
    /// Whether anything here goes by the position.
    pub is_seekable: bool,
    /// The range that was set, and whether it is played round.
    pub range: Option<LoopRange>,
    /// It is.
    pub is_looping: bool,
    /// Whether a seek is under way.
    pub is_seeking: bool,
    /// How fast what goes by the position is played, 1000 being as recorded.
    pub speed: u32,
    /// Whether anything here can be played faster or slower.
    pub takes_speeds: bool,
}

/// The slowest and the fastest that can be had.
const SPEEDS: (u32, u32) = (500, 2_000);
/// Why there is no other speed.
pub const NO_SPEED: &str = "Nothing here can be played faster or slower: what is played by hand or comes from a device is now. A Wave Reader, a MIDI File Reader and a Metronome can.";

/// Tails that are waited for, at most, in seconds.
const MOST_TAIL: f64 = 60.0;

impl App {
    /// Goes to a position, in samples of the graph's rate.
    pub(super) fn seek(&mut self, to: u64) {
        self.has_ended = false;
        (self.transport.ended, self.transport.is_end_done) = (None, false);
        if let Some(playing) = &mut self.playing {
            playing.seek(to);
        }
    }

    /// Whether anything is open, so that what it can do is known.
    pub fn is_open(&self) -> bool {
        self.playing.as_ref().is_some_and(Playing::is_open)
    }

    /// Sets the range to be played round, and whether it is.
    pub(super) fn set_loop(&mut self, range: Option<LoopRange>, is_on: bool) {
        self.transport.range = range;
        self.transport.is_looping = is_on && range.is_some();
        self.tell_loop();
    }

    /// The range that was set, played round or not.
    pub(super) fn loop_range(&self) -> Option<LoopRange> {
        self.transport.range
    }

    /// An engine is to know of the loop.
    pub(super) fn tell_loop(&mut self) {
        let range = self.transport.range.filter(|_| self.transport.is_looping);
        if let Some(playing) = &mut self.playing {
            playing.set_loop(range);
        }
    }

    /// Has filters play faster or slower (CLK-5), or says why that cannot be had.
    pub(super) fn set_speed(&mut self, rate_permille: u32) {
        const WHAT: &str = "Speed";
        let times = f64::from(rate_permille) / f64::from(RATE_UNITY);
        let Some(playing) = &mut self.playing else {
            return self.warn(WHAT, NO_SPEED.into());
        };
        if !(SPEEDS.0..=SPEEDS.1).contains(&rate_permille) {
            let text = format!("{times} times cannot be had: what plays files goes from 0.5 to 2");
            return self.warn(WHAT, text);
        }
        if !playing.takes_rates() {
            return self.warn(WHAT, NO_SPEED.into());
        }
        if self.requested < State::Pause {
            let text =
                "A speed is set in Pause or Run, and lapses on leaving them: run the graph first";
            return self.warn(WHAT, text.into());
        }
        let keep = playing.keep_their_rate();
        playing.set_speed(rate_permille);
        let mut text = match rate_permille {
            RATE_UNITY => "As recorded".to_owned(),
            _ => format!("{times} times as fast, until Stop"),
        };
        if rate_permille != RATE_UNITY && !keep.is_empty() {
            let names: Vec<String> = keep.iter().map(|path| self.name(path)).collect();
            text += &format!("; {} cannot, and goes on as it was", names.join(", "));
        }
        self.say(Urgency::News, WHAT, None, text);
    }

    /// Goes on by a quantum out of Pause; out of any other state it pauses.
    pub(super) fn step(&mut self) {
        if self.requested != State::Pause {
            self.set_state(State::Pause);
            return;
        }
        if let Some(playing) = &mut self.playing {
            playing.step();
        }
    }

    /// All sources have ended and the last echo was heard: the graph goes on, stops or begins anew.
    pub(super) fn follow_end(&mut self) {
        let Some(elapsed) = self.cells().map(Cells::elapsed) else {
            return;
        };
        if !self.has_ended || self.transport.is_end_done || self.requested != State::Run {
            return;
        }
        let wish = self.preferences().at_end;
        if wish == AtEnd::GoOn {
            return;
        }
        let ended = *self.transport.ended.get_or_insert(elapsed);
        let tail = tail::of_graph(&self.wiring, &self.catalogue).min(MOST_TAIL);
        let rate = f64::from(self.wiring.rate_hz.max(1));
        if elapsed < ended + (tail * rate).ceil() as u64 {
            return;
        }
        self.transport.is_end_done = true;
        match wish {
            AtEnd::GoOn => {}
            AtEnd::Stop => {
                let text = "Every source has ended: stopped, as the Play menu says";
                self.say(Urgency::News, "Graph", None, text.into());
                self.set_state(State::Stop);
            }
            AtEnd::BeginAnew => self.seek(0),
        }
    }

    /// A run begins or ends: what was at its end is no longer.
    pub(super) fn forget_end(&mut self) {
        (self.transport.ended, self.transport.is_end_done) = (None, false);
    }
}

impl View<'_> {
    /// Where the graph is.
    pub fn transport(&self) -> Place {
        let (app, cells) = (self.app, self.cells);
        let rate = f64::from(self.wiring.rate_hz.max(1));
        let (length, is_seekable) = match &app.playing {
            Some(playing) => playing.extent(),
            None => (None, false),
        };
        Place {
            position: cells.map_or(0, Cells::position),
            length: length.map(|seconds| (seconds * rate).round() as u64),
            is_seekable,
            range: app.transport.range,
            is_looping: app.transport.is_looping,
            is_seeking: cells.is_some_and(Cells::is_seeking),
            speed: cells.map_or(RATE_UNITY, Cells::speed),
            takes_speeds: app.playing.as_ref().is_some_and(Playing::takes_rates),
        }
    }

    /// The tempo of the graph, by its first filter that has one.
    pub fn metre(&self) -> Option<Metre> {
        places::metre_of(&self.app.graph, self.catalogue)
    }
}
