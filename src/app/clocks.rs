//! The clocks of a graph as a person sees them: the graph's own, those of its devices, and the marks set in time.

use super::View;
use super::{App, Banner, Urgency};
use crate::engine::{Fired, Mark};
use crate::graph::{Edit, FilterPath, Master, PinAddress, Timing};
use crate::ks::{REF_TIMES_PER_SECOND, Reading, RefTime, State};

/// The most marks that are kept for the report of a run.
const KEPT: usize = 10_000;

/// Hours, minutes, seconds and all seven places behind them: a clock's time, to its unit.
pub fn written(time: RefTime) -> String {
    let (sign, time) = if time < 0 { ("-", -time) } else { ("", time) };
    let (seconds, rest) = (time / REF_TIMES_PER_SECOND, time % REF_TIMES_PER_SECOND);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!(
        "{sign}{hours:02}:{minutes:02}:{:02}.{rest:07}",
        seconds % 60
    )
}

/// The words of the refusal to change what drives a graph that does not stand (MCL-1).
fn not_now(state: State) -> String {
    format!(
        "What drives the graph cannot be changed in {}; stop it first (INVALID_DEVICE_STATE)",
        state.name()
    )
}

impl App {
    /// Another clock drives the graph from the next run on; one undo step.
    pub(super) fn set_master(&mut self, master: Master) {
        if self.graph.timing.master == master {
            return;
        }
        let state = self.state_now();
        if state != State::Stop {
            self.refuse_clock(not_now(state));
            return;
        }
        let timing = Timing {
            master,
            ..self.graph.timing.clone()
        };
        self.edit_from_above("Use another clock", Edit::SetTiming(timing));
    }

    /// Ways that meet wait for each other, or do not; one undo step.
    pub(super) fn set_compensation(&mut self, compensates: bool) {
        if self.graph.timing.compensates != compensates {
            let timing = Timing {
                compensates,
                ..self.graph.timing.clone()
            };
            self.edit_from_above("Compensate latency", Edit::SetTiming(timing));
        }
    }

    /// Filters do all they can whatever the load, or may be asked for less; one undo step.
    pub(super) fn set_full_quality(&mut self, full_quality: bool) {
        if self.graph.timing.full_quality != full_quality {
            let timing = Timing {
                full_quality,
                ..self.graph.timing.clone()
            };
            self.edit_from_above("Keep full quality", Edit::SetTiming(timing));
        }
    }

    /// Whether a step of the history has just exchanged the clock of a graph that does not stand; it says so, and the
    /// step is to be taken back.
    pub(super) fn may_not_drive(&mut self, before: &Master) -> bool {
        let state = self.state_now();
        let is_refused = state != State::Stop && self.graph.timing.master != *before;
        if is_refused {
            self.refuse_clock(not_now(state));
        }
        is_refused
    }

    /// Says why a clock does not do what was asked of it.
    fn refuse_clock(&mut self, text: String) {
        self.say(Urgency::Attention, "Clock", None, text.clone());
        let banner = Banner {
            urgency: Urgency::Attention,
            text,
            is_dismissible: true,
            offers: vec![],
        };
        self.banners.insert(0, banner);
    }

    fn state_now(&self) -> State {
        self.cells().map_or(State::Stop, |cells| cells.state())
    }

    pub(super) fn mark(&mut self, mark: Mark) {
        let Some(playing) = &mut self.playing else {
            return;
        };
        match playing.mark(mark) {
            Ok(id) => {
                let words = match mark {
                    Mark::At(time) => format!("Mark {id} waits for {}", written(time)),
                    Mark::Every { base, interval } => {
                        let (base, interval) = (written(base), written(interval));
                        format!("Mark {id} waits for {base}, then every {interval}")
                    }
                };
                self.say(Urgency::News, "Clock", None, words);
            }
            Err(refusal) => self.refuse_clock(refusal.to_string()),
        }
    }

    pub(super) fn unmark(&mut self, id: u64) {
        if let Some(playing) = &mut self.playing {
            playing.unmark(id);
        }
    }

    pub(super) fn set_clock_rate(&mut self, rate_permille: u32) {
        let refusal = self.playing.as_mut().map(|it| it.set_rate(rate_permille));
        if let Some(Err(refusal)) = refusal {
            self.refuse_clock(format!("{refusal} ({})", refusal.status().name()));
        }
    }

    /// Marks that were reached since the graph was opened.
    pub fn fired(&self) -> &[Fired] {
        &self.fired
    }

    pub(super) fn marked(&mut self, fired: Fired) {
        if self.fired.len() < KEPT {
            self.fired.push(fired);
        }
        let text = format!(
            "Mark {} at {}, sample {}",
            fired.id,
            written(fired.time),
            fired.sample
        );
        self.say(Urgency::News, "Clock", None, text);
    }
}

impl View<'_> {
    /// What the graph's clock answers.
    pub fn graph_clock(&self) -> Option<Reading> {
        self.app.playing.as_ref().map(|it| it.clock_reading())
    }

    /// What the clock on a filter's pin answers; `None` for most.
    pub fn pin_clock(&self, filter: &FilterPath) -> Option<Reading> {
        let open = self.app.playing.as_ref()?.open(filter)?;
        open.clock.as_ref().map(|clock| clock.0.reading())
    }

    /// The filter that drives the graph now: its card is there, or its clock is its own. `None` is the timer.
    pub fn driver(&self) -> Option<&FilterPath> {
        let path = self.master()?;
        let filter = self.wiring.filters.get(path)?;
        let is_own = filter
            .descriptor
            .as_ref()
            .is_some_and(|it| it.has_own_clock());
        (is_own || !self.device.is_empty()).then_some(path)
    }

    /// The filters that can drive the graph: those whose device is open, and clocks of their own, wired or not.
    pub fn drivers(&self) -> Vec<FilterPath> {
        let playing = self.app.playing.as_ref();
        let open = playing.map(|it| it.drivers()).unwrap_or_default();
        let mut all: Vec<FilterPath> = open.into_iter().cloned().collect();
        for (path, filter) in &self.app.wiring.filters {
            let is_own = filter
                .descriptor
                .as_ref()
                .is_some_and(|it| it.has_own_clock());
            if is_own && !all.contains(path) {
                all.push(path.clone());
            }
        }
        all
    }

    /// What the user wishes to drive the graph, and whether ways that meet wait for each other.
    pub fn timing(&self) -> &Timing {
        &self.app.graph.timing
    }

    /// Samples of the graph's rate on the longest way to this wire, and those that wait on it; `None` while it is not
    /// played.
    pub fn latency(&self, from: &PinAddress, to: &PinAddress) -> Option<(usize, usize)> {
        self.app.playing.as_ref()?.latency(from, to)
    }

    /// Marks of the clock that are waited for, with their numbers.
    pub fn marks(&self) -> Vec<(u64, Mark)> {
        let playing = self.app.playing.as_ref();
        playing.map(|it| it.marks()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_to_its_unit() {
        assert_eq!(written(0), "00:00:00.0000000");
        assert_eq!(written(37_230_000_001), "01:02:03.0000001");
        assert_eq!(written(-5), "-00:00:00.0000005");
    }
}
