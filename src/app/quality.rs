//! What a person is told of quality: what sinks said of the frames they got, and which filters were asked for less. The
//! decisions are the engine's (`engine/quality.rs`).

use std::collections::{BTreeMap, BTreeSet};

use super::devices::QUANTUM_RANGE;
use super::{Action, App, Banner, Offer, Urgency, View};
use crate::graph::FilterPath;
use crate::ks::quality::LEAST;
use crate::ks::{Quality, State};

/// One line of the log a second is enough to see that it goes on.
const ONE_LINE: f64 = 1.0;
/// Filters that are named one by one when they are asked at the same time.
const NAMED: usize = 4;
/// From this load on no longer quantum helps: it spares what a cycle costs, not what a sample does.
const HOPELESS: f32 = 1.5;
/// The most that is kept of each for the report of a run.
const KEPT: usize = 10_000;

/// What a sink said.
#[derive(Clone, PartialEq, Debug)]
pub struct Complaint {
    /// Seconds of graph time.
    pub at_seconds: f64,
    /// Name of the filter; of a graph without a device `Graph`.
    pub filter: String,
    /// What it said.
    pub quality: Quality,
}

/// What was asked of a filter.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// Seconds of graph time.
    pub at_seconds: f64,
    /// Name of the filter.
    pub filter: String,
    /// 0 is full quality, [`LEAST`] the least.
    pub level: u8,
    /// What it gives up.
    pub gives_up: String,
}

/// What was heard since the graph was opened.
#[derive(Default)]
pub(super) struct Heard {
    complaints: Vec<Complaint>,
    asked: Vec<Asked>,
    /// What each sink said last in this run; `None` is a graph without a device.
    latest: BTreeMap<Option<FilterPath>, Quality>,
    /// When it was written down last, in seconds of the graph.
    lines: BTreeMap<Option<FilterPath>, f64>,
    /// Those who complained once.
    is_alone: BTreeSet<Option<FilterPath>>,
    /// A longer quantum was suggested in this run.
    is_suggested: bool,
    /// Asked since the log was written last.
    fresh: Vec<(FilterPath, u8)>,
}

/// A report in words.
pub fn quality_words(quality: Quality) -> String {
    let millis = quality.delta as f64 / 10_000.0;
    let of_use = format!("{} of 1000 frames of use", quality.proportion);
    match quality.delta {
        0 => of_use,
        1.. => format!("{of_use}, up to {millis:.1} ms late"),
        _ => format!("{of_use}, {:.1} ms early", -millis),
    }
}

/// The quantum that may give a graph of this load enough time, if any can.
fn longer(quantum: usize, load: f32) -> Option<usize> {
    let longer = (quantum + 1).next_power_of_two();
    (longer <= QUANTUM_RANGE.1 && load < HOPELESS).then_some(longer)
}

impl App {
    fn quality_seconds(&self, position: u64) -> f64 {
        position as f64 / f64::from(self.wiring.rate_hz.max(1))
    }

    /// A sink said something of the frames it gets.
    pub(super) fn hear_quality(
        &mut self,
        sink: Option<FilterPath>,
        quality: Quality,
        position: u64,
    ) {
        let at_seconds = self.quality_seconds(position);
        let before = self.quality.latest.insert(sink.clone(), quality);
        let was_poor = before.is_some_and(|it| it.is_poor());
        let last = self.quality.lines.get(&sink).copied();
        let mut is_new = last.is_none_or(|last| !(0.0..ONE_LINE).contains(&(at_seconds - last)));
        // The second in a row is worth more than the first.
        is_new |= was_poor && self.quality.is_alone.remove(&sink);
        if !was_poor && quality.is_poor() {
            self.quality.is_alone.insert(sink.clone());
        }
        let name = sink.as_ref().map_or("Graph".into(), |it| self.name(it));
        let words = quality_words(quality);
        // One alone is an accident, as for those who decide.
        let (urgency, text) = match (quality.is_poor(), was_poor) {
            (true, true) => (Urgency::Attention, words),
            (true, false) => (Urgency::News, words),
            (false, _) => (Urgency::News, format!("All is well again: {words}")),
        };
        if quality.is_poor() && self.quality.complaints.len() < KEPT {
            self.quality.complaints.push(Complaint {
                at_seconds,
                filter: name.clone(),
                quality,
            });
        }
        if quality.is_poor() && was_poor {
            self.suggest_more_time(sink.as_ref());
        }
        if is_new || was_poor != quality.is_poor() {
            self.quality.lines.insert(sink.clone(), at_seconds);
            self.say(urgency, &name, sink, text);
        }
    }

    /// Where a card, or the graph itself, still gets too little and nobody can do with less, a longer quantum is what is
    /// left. Said once in a run.
    fn suggest_more_time(&mut self, sink: Option<&FilterPath>) {
        let is_card = sink.is_none_or(|sink| self.view().pin_clock(sink).is_some());
        if !is_card || self.quality.is_suggested || !self.nobody_can_do_with_less() {
            return;
        }
        let Some(quantum) = self.playing.as_ref().map(|it| it.quantum()) else {
            return;
        };
        self.quality.is_suggested = true;
        let load = self.cells().map_or(0.0, |cells| cells.load_mean());
        let (cure, offers) = match longer(quantum, load) {
            Some(longer) => {
                let offer = Offer {
                    words: format!("Use {longer} samples"),
                    action: Action::SetQuantum(longer),
                };
                (
                    format!("a quantum of {longer} gives it more time"),
                    vec![offer],
                )
            }
            None => ("bypass or take away what costs most".to_owned(), vec![]),
        };
        let why = match self.graph.timing.full_quality {
            true => "filters are kept at full quality",
            false => "no filter can do with less",
        };
        let text =
            format!("This graph is too much for cycles of {quantum} samples, and {why}: {cure}");
        self.say(Urgency::Attention, "Quality", None, text.clone());
        let banner = Banner {
            urgency: Urgency::Attention,
            text,
            is_dismissible: true,
            offers,
        };
        self.banners.insert(0, banner);
    }

    /// Whether every filter that plays gives up all it can, or none may be asked to.
    fn nobody_can_do_with_less(&self) -> bool {
        let Some(playing) = &self.playing else {
            return false;
        };
        let mut filters = self.wiring.filters.iter();
        self.graph.timing.full_quality
            || filters.all(|(path, filter)| {
                let descriptor = filter.descriptor.as_deref();
                let can = descriptor.is_some_and(|it| it.degrades.is_some());
                let open = playing.open(path).filter(|_| can);
                open.is_none_or(|open| playing.cells().degraded(open.entry) >= LEAST)
            })
    }

    /// A filter was asked for less, or may do as much as before.
    pub(super) fn hear_degraded(&mut self, filter: FilterPath, level: u8, position: u64) {
        let at_seconds = self.quality_seconds(position);
        if self.quality.asked.len() < KEPT {
            self.quality.asked.push(Asked {
                at_seconds,
                filter: self.name(&filter),
                level,
                gives_up: self.gives_up(&filter, level).unwrap_or("").to_owned(),
            });
        }
        self.quality.fresh.push((filter, level));
    }

    /// Writes down what was asked of filters since the last time: one by one, or together where there are many.
    pub(super) fn tell_asked(&mut self) {
        let fresh = std::mem::take(&mut self.quality.fresh);
        for (filter, level) in fresh.iter().take(NAMED) {
            match (level, self.gives_up(filter, *level)) {
                (1.., Some(words)) => {
                    let text = format!("Asked for less, level {level} of {LEAST}: {words}");
                    self.say_of(Urgency::Attention, filter, text);
                }
                _ => self.say_of(Urgency::News, filter, "At full quality again".into()),
            }
        }
        let more = fresh.len().saturating_sub(NAMED);
        if more > 0 {
            let highest = fresh.iter().map(|it| it.1).max().unwrap_or(0);
            let text = match highest {
                0 => format!("{more} more filters are at full quality again"),
                _ => format!("{more} more filters were asked for less, up to level {highest}"),
            };
            self.say(Urgency::Attention, "Quality", None, text);
        }
    }

    /// Another state: what was said of this run is no longer shown once it has stopped.
    pub(super) fn quality_reached(&mut self, state: State) {
        if state == State::Stop {
            self.quality.latest.clear();
            self.quality.lines.clear();
            self.quality.is_alone.clear();
            self.quality.is_suggested = false;
        }
    }

    /// Another graph.
    pub(super) fn forget_quality(&mut self) {
        self.quality = Heard::default();
    }

    fn gives_up(&self, filter: &FilterPath, level: u8) -> Option<&'static str> {
        let filter = self.wiring.filters.get(filter)?;
        filter.descriptor.as_deref()?.degrades?.at(level)
    }

    /// What sinks said of the frames they got, since the graph was opened.
    pub fn complaints(&self) -> &[Complaint] {
        &self.quality.complaints
    }

    /// What was asked of filters, since the graph was opened.
    pub fn asked(&self) -> &[Asked] {
        &self.quality.asked
    }
}

impl View<'_> {
    /// What a sink said last of the frames it gets.
    pub fn quality(&self, sink: &FilterPath) -> Option<Quality> {
        self.app.quality.latest.get(&Some(sink.clone())).copied()
    }

    /// The level of quality that was asked of a filter, 0 being all of it, and what it gives up; `None` for those that
    /// cannot do with less.
    pub fn degraded(&self, filter: &FilterPath) -> Option<(u8, &'static str)> {
        let wired = self.app.wiring.filters.get(filter)?;
        let degrades = wired.descriptor.as_deref()?.degrades?;
        let playing = self.app.playing.as_ref();
        let level = playing.and_then(|it| Some(it.cells().degraded(it.open(filter)?.entry)));
        let level = level.unwrap_or(0);
        Some((level, degrades.at(level).unwrap_or("nothing is given up")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::*;
    use crate::graph::{FilterId, PinAddress, Position};
    use crate::ks::Value;

    fn pin(id: u32, pin: &str) -> PinAddress {
        PinAddress {
            filter: FilterPath::of(FilterId(id)),
            pin: pin.into(),
            instance: 0,
        }
    }

    #[test]
    fn a_longer_quantum_is_offered_where_it_can_help() {
        assert_eq!(longer(256, 0.9), Some(512));
        assert_eq!(
            longer(300, 1.2),
            Some(512),
            "what each cycle costs is spared"
        );
        assert_eq!(longer(256, 24.0), None, "no cycle is long enough");
        assert_eq!(longer(QUANTUM_RANGE.1, 0.9), None);
    }

    #[test]
    fn an_injected_fault_is_complained_of_and_the_filter_in_front_is_asked_for_less_while_it_runs()
    {
        let mut app = App::new(Options::nominal(256));
        for key in ["tone", "chorus", "quality_injector", "null_renderer"] {
            let (key, at) = (key.into(), Position::default());
            app.perform(Action::AddFilter { key, at });
        }
        for (from, to) in [(1, 2), (2, 3), (3, 4)] {
            let (from, to) = (pin(from, "out"), pin(to, "in"));
            app.perform(Action::Connect { from, to });
        }
        let (chorus, injector) = (FilterPath::of(FilterId(2)), FilterPath::of(FilterId(3)));
        app.perform(Action::SetProperty {
            filter: FilterId(3),
            key: "every".into(),
            value: Some(Value::Number(2.0)),
        });
        assert_eq!(
            app.view().degraded(&chorus),
            Some((0, "nothing is given up"))
        );
        assert_eq!(app.view().degraded(&injector), None);
        app.perform(Action::SetState(State::Run));
        let is_asked = |app: &App| app.view().degraded(&chorus).unwrap().0 == LEAST;
        assert!(super::super::start_tests::wait(&mut app, is_asked));
        app.poll();
        let said = app.view().quality(&injector).unwrap();
        assert_eq!((said.proportion, said.delta), (500, 0));
        let (_, words) = app.view().degraded(&chorus).unwrap();
        assert_eq!(words, "straight lines between samples, 1 voice");
        let lines: Vec<_> = app
            .view()
            .log
            .iter()
            .map(|it| (it.filter.clone(), it.text.clone()))
            .collect();
        let has = |of: &FilterPath, text: &str| lines.contains(&(Some(of.clone()), text.into()));
        assert!(has(&injector, "500 of 1000 frames of use"), "{lines:?}");
        let asked =
            "Asked for less, level 2 of 3: straight lines between samples, 2 voices at most";
        assert!(has(&chorus, asked), "{lines:?}");
        assert!(app.complaints().len() >= 2);
        let levels: Vec<u8> = app.asked().iter().map(|it| it.level).collect();
        assert_eq!(levels, [1, 2, 3]);
        app.perform(Action::SetState(State::Stop));
        let is_free = |app: &App| {
            let view = app.view();
            view.degraded(&chorus).unwrap().0 == 0 && view.quality(&injector).is_none()
        };
        assert!(super::super::start_tests::wait(&mut app, is_free));
    }

    #[test]
    fn a_longer_quantum_is_suggested_once_when_nobody_can_do_with_less() {
        let mut app = App::new(Options::nominal(256));
        for key in ["tone", "chorus", "null_renderer"] {
            let (key, at) = (key.into(), Position::default());
            app.perform(Action::AddFilter { key, at });
        }
        for (from, to) in [(1, 2), (2, 3)] {
            let (from, to) = (pin(from, "out"), pin(to, "in"));
            app.perform(Action::Connect { from, to });
        }
        app.perform(Action::SetState(State::Run));
        let chorus = FilterPath::of(FilterId(2));
        let is_open = |app: &App| {
            let playing = app.playing.as_ref();
            playing.is_some_and(|it| it.open(&chorus).is_some())
        };
        assert!(super::super::start_tests::wait(&mut app, is_open));
        let poor = Quality {
            proportion: 400,
            delta: 30_000,
        };
        let complain = |app: &mut App, times: u64| {
            for time in 0..times {
                app.hear_quality(None, poor, time * 4_800);
            }
        };
        let suggested = |app: &App| {
            let banners = app.view().banners.iter();
            let all = banners.flat_map(|it| it.offers.clone());
            all.filter(|it| it.words == "Use 512 samples").count()
        };
        complain(&mut app, 5);
        assert_eq!(suggested(&app), 0, "the chorus can do with less yet");
        app.perform(Action::SetFullQuality(true));
        complain(&mut app, 1);
        assert_eq!(suggested(&app), 1);
        complain(&mut app, 5);
        assert_eq!(suggested(&app), 1, "once");
        let offer = app.view().banners[0].offers[0].action.clone();
        app.perform(offer);
        assert_eq!(app.playing.as_ref().map(|it| it.quantum()), Some(512));
    }

    #[test]
    fn a_report_in_words() {
        let words = |proportion, delta| quality_words(Quality { proportion, delta });
        assert_eq!(words(1000, 0), "1000 of 1000 frames of use");
        assert_eq!(
            words(333, 125_000),
            "333 of 1000 frames of use, up to 12.5 ms late"
        );
        assert_eq!(
            words(1000, -20_000),
            "1000 of 1000 frames of use, 2.0 ms early"
        );
    }
}
