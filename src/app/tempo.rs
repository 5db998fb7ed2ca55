//! Tapping a tempo: taps that follow each other evenly become one value, and one step of the history.

use super::App;
use crate::graph::{FilterId, FilterPath, NodeKind};
use crate::ks::{Property, Unit, Value};

/// The longest distance of two taps, in seconds: a beat at the slowest tempo, and some.
const LONGEST: f64 = 3.2;
/// The shortest: what comes faster is the same tap heard twice.
const SHORTEST: f64 = 0.1;
/// How many taps count.
const TAPS: usize = 8;
/// How far a beat may be off before it begins another tempo.
const UNEVEN: f64 = 0.35;

/// The taps of one series.
#[derive(Default)]
pub(super) struct Taps {
    filter: FilterPath,
    at_seconds: Vec<f64>,
    /// The state of the history that the series has led to.
    leads_to: Option<u64>,
}

impl Taps {
    /// Takes a tap. The tempo in beats a minute, from the second tap on.
    fn tap(&mut self, filter: &FilterPath, at_seconds: f64) -> Option<f64> {
        let last = self.at_seconds.last().copied();
        let gap = last.map_or(f64::INFINITY, |last| at_seconds - last);
        if self.filter != *filter || !(0.0..=LONGEST).contains(&gap) {
            *self = Self {
                filter: filter.clone(),
                at_seconds: vec![at_seconds],
                leads_to: None,
            };
            return None;
        }
        if gap < SHORTEST {
            return None;
        }
        if let Some(beat) = self.beat()
            && (gap / beat - 1.0).abs() > UNEVEN
        {
            // Another tempo, from the tap before on.
            self.at_seconds.drain(..self.at_seconds.len() - 1);
        }
        self.at_seconds.push(at_seconds);
        let surplus = self.at_seconds.len().saturating_sub(TAPS);
        self.at_seconds.drain(..surplus);
        self.beat().map(|beat| 60.0 / beat)
    }

    /// Seconds of a beat; `None` before the second tap.
    fn beat(&self) -> Option<f64> {
        let (first, last) = (self.at_seconds.first()?, self.at_seconds.last()?);
        let beats = self.at_seconds.len() - 1;
        (beats > 0).then(|| (last - first) / beats as f64)
    }
}

impl App {
    /// The property of a filter that can be tapped.
    pub(super) fn tempo_of(&self, filter: FilterId) -> Option<Property> {
        let node = self.shown().filters.get(&filter)?;
        let NodeKind::Filter(node) = &node.kind else {
            return None;
        };
        let kind = self.catalogue.get(&node.key)?;
        let mut properties = kind.descriptor().properties.iter();
        properties
            .find(|it| it.unit == Unit::BeatsPerMinute)
            .copied()
    }

    /// What a tap is for: the filter that is selected, else the first that has a tempo.
    pub(super) fn tapped(&self) -> Option<FilterId> {
        let one = self.selection.one_filter();
        one.filter(|id| self.tempo_of(*id).is_some()).or_else(|| {
            let mut all = self.shown().filters.keys().copied();
            all.find(|id| self.tempo_of(*id).is_some())
        })
    }

    pub(super) fn tap_tempo(&mut self, filter: FilterId, at_seconds: f64) {
        let Some(property) = self.tempo_of(filter) else {
            self.tell("no tempo can be tapped here: add a Metronome first".to_owned());
            return;
        };
        let path = self.path_of(filter);
        let Some(tempo) = self.taps.tap(&path, at_seconds) else {
            return;
        };
        // What the series has set so far is taken back: it is one step, however long it is.
        if self.taps.leads_to == Some(self.history.state()) {
            self.history.undo(&mut self.graph);
        }
        let tempo = (tempo * 10.0).round() / 10.0;
        self.history.begin("Tap Tempo");
        self.set_property(filter, property.key.to_owned(), Some(Value::Number(tempo)));
        self.history.commit();
        self.taps.leads_to = Some(self.history.state());
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Action, Options};
    use super::*;
    use crate::graph::Position;

    fn app() -> App {
        let mut app = App::new(Options::nominal(64));
        app.perform(Action::AddFilter {
            key: "metronome".to_owned(),
            at: Position::default(),
        });
        app
    }

    fn tempo(app: &App) -> Option<f64> {
        let NodeKind::Filter(node) = &app.graph.filters[&FilterId(1)].kind else {
            panic!("a group");
        };
        node.values.get("tempo").and_then(Value::number)
    }

    fn tap(app: &mut App, at_seconds: f64) {
        let filter = FilterId(1);
        app.perform(Action::TapTempo { filter, at_seconds });
    }

    #[test]
    fn taps_are_averaged_and_are_one_step_of_the_history() {
        let mut app = app();
        let (names, before) = app.history.steps();
        assert_eq!(names.len(), before);
        tap(&mut app, 10.0);
        assert_eq!(tempo(&app), None, "one tap is no tempo");
        for (at, wanted) in [(10.6, 100.0), (11.18, 101.7), (11.8, 100.0)] {
            tap(&mut app, at);
            assert_eq!(tempo(&app), Some(wanted));
        }
        let (names, done) = app.history.steps();
        assert_eq!((done, names[done - 1]), (before + 1, "Tap Tempo"));
        app.perform(Action::Undo);
        assert_eq!(tempo(&app), None);
        app.perform(Action::Redo);
        assert_eq!(tempo(&app), Some(100.0));
    }

    #[test]
    fn a_rest_or_another_beat_begins_anew() {
        let mut app = app();
        for at in [1.0, 1.5, 2.0, 2.25, 2.5] {
            tap(&mut app, at);
        }
        assert_eq!(tempo(&app), Some(240.0), "from the tap at 2.0 on");
        tap(&mut app, 9.0);
        assert_eq!(tempo(&app), Some(240.0));
        tap(&mut app, 10.0);
        assert_eq!(tempo(&app), Some(60.0));
        tap(&mut app, 10.01);
        assert_eq!(tempo(&app), Some(60.0), "one tap heard twice");
        tap(&mut app, 5.0);
        tap(&mut app, 5.12);
        assert_eq!(tempo(&app), Some(400.0), "within what it takes");
    }

    #[test]
    fn another_edit_between_taps_stays() {
        let mut app = app();
        tap(&mut app, 1.0);
        tap(&mut app, 1.5);
        app.perform(Action::Rename(FilterId(1), "Tick".to_owned()));
        tap(&mut app, 2.0);
        assert_eq!(app.graph.filters[&FilterId(1)].name, "Tick");
        assert_eq!(tempo(&app), Some(120.0));
    }
}
