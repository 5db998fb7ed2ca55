//! Every kind of edit under a sounding sine, by hand and without real time: no sample steps farther than the sines and
//! the fades could, whatever the quantum, and nothing is not a number.

//!
//! Here is the rehearsal; `acts.rs` has every action, `edits.rs` every kind of edit of the document, `random.rs` hundreds
//! in a row.

mod acts;
mod edits;
mod random;

use std::collections::BTreeMap;

use super::{Action, App, Options, Selection};
use crate::engine::{Job, Message, Offline, Report};
use crate::graph::{FilterId, FilterPath, PinAddress, Position, Wiring};
use crate::ks::{Settings, Value};

const QUANTA: [usize; 5] = [32, 64, 256, 1000, 2048];
/// The highest tone, in Hz, over the lowest rate.
const STEEPEST: f32 = std::f32::consts::TAU * 441.0 / 44_100.0;
/// Samples of a fade of 10 ms at that rate.
const FADE: f32 = 441.0;
/// -60 dBFS.
const AUDIBLE: f32 = 0.001;

/// The largest step between two samples when sines of so much amplitude in all are faded by three fades at once: in the
/// wire that goes, in the one behind it, and by a glide.
fn bound(amplitude: f32) -> f32 {
    amplitude * (STEEPEST + 3.0 / FADE) * 1.001
}

/// The amplitude of all tones that arrive at a filter together, at most.
fn amplitude(wiring: &Wiring, path: &FilterPath) -> f32 {
    let Some(filter) = wiring.filters.get(path) else {
        return 0.0;
    };
    let number = |key: &str, default| match filter.values.get(key) {
        Some(Value::Number(level)) => *level as f32,
        _ => default,
    };
    let gain = |decibels: f32| 10.0_f32.powf(decibels / 20.0);
    match filter.key.as_str() {
        "tone" => return gain(number("level", -20.0)),
        // The sound that is dropped.
        "wave_reader" => return gain(-20.0),
        _ => {}
    }
    let wires = wiring.wires.iter();
    let wires = wires.filter(|wire| wire.to.filter == *path && wire.outcome.is_ok());
    let arriving: f32 = wires.map(|wire| amplitude(wiring, &wire.from.filter)).sum();
    arriving * gain(number("level", 0.0).max(0.0))
}

/// An app and what it would play, rehearsed at each quantum.
struct Rehearsal {
    app: App,
    runs: Vec<Run>,
    /// The renderer, as it was called at first, and where it was when its plan was built last.
    sink: FilterId,
    sinks: [FilterPath; 2],
    /// The amplitudes after the last edits, and for how long each has been over: edits wait for the fades of others.
    amplitudes: Vec<(f32, usize)>,
    audible: usize,
    is_silent: bool,
    windows: usize,
}

struct Run {
    quantum: usize,
    offline: Offline,
    told: BTreeMap<(u32, usize), f64>,
    last: f32,
    is_begun: bool,
}

impl Rehearsal {
    /// Tone 1, gain 2, mixer 3, null renderer 4 and tone 5 into the mixer as well.
    fn new() -> Self {
        let mut app = App::new(Options::nominal(64));
        for (key, x) in [
            ("tone", 0.0),
            ("gain", 240.0),
            ("mixer", 480.0),
            ("null_renderer", 720.0),
            ("tone", 0.0),
        ] {
            let at = Position { x, y: x / 4.0 };
            let key = key.into();
            app.perform(Action::AddFilter { key, at });
        }
        for (from, to, instance) in [(1, 2, 0), (2, 3, 0), (3, 4, 0), (5, 3, 1)] {
            let from = pin(&app, from, "out", 0);
            let to = pin(&app, to, "in", instance);
            app.perform(Action::Connect { from, to });
        }
        set(&mut app, 5, "frequency", 330.0);
        assert!(app.view().wiring.is_agreed());
        let job = job(&app);
        let run = |quantum| Run {
            quantum,
            offline: Offline::rehearse(&app.catalogue, &job, QUANTA[QUANTA.len() - 1]),
            told: BTreeMap::new(),
            last: 0.0,
            is_begun: false,
        };
        let sink = FilterPath::of(FilterId(4));
        let mut rehearsal = Self {
            runs: QUANTA.into_iter().map(run).collect(),
            sink: FilterId(4),
            sinks: [sink.clone(), sink.clone()],
            amplitudes: vec![(amplitude(&app.wiring, &sink), 0)],
            app,
            audible: 0,
            is_silent: false,
            windows: 0,
        };
        rehearsal.listen(3000, "the beginning");
        rehearsal
    }

    /// Does something, and hears what becomes of it for so many samples.
    fn act(&mut self, action: Action, samples: usize) {
        let words: String = format!("{action:?}").chars().take(300).collect();
        let is_drop = matches!(
            action,
            Action::DropMedia { .. } | Action::PlaceMedia { .. } | Action::DropFiles { .. }
        );
        let filters = self.app.wiring.filters.len();
        self.change(&words, samples, |app| {
            app.perform(action);
            // A file is looked at before it is put in.
            for _ in 0..1000 {
                if !is_drop || app.wiring.filters.len() > filters {
                    break;
                }
                app.poll();
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        });
    }

    /// Has the program changed, and hears what becomes of it for so many samples.
    fn change(&mut self, words: &str, samples: usize, change: impl FnOnce(&mut App)) {
        change(&mut self.app);
        let wiring = &self.app.wiring;
        let found = wiring.filters.iter().find(|(path, filter)| {
            filter.key == "null_renderer" && path.0.last() == Some(&self.sink)
        });
        if let Some((now, _)) = found {
            self.sinks = [now.clone(), self.sinks[0].clone()];
        }
        let now = amplitude(wiring, &self.sinks[0]);
        self.amplitudes.push((now, 0));
        let job = job(&self.app);
        for run in &mut self.runs {
            run.offline.change(&job);
        }
        self.listen(samples, words);
    }

    fn listen(&mut self, samples: usize, words: &str) {
        let most = self
            .amplitudes
            .iter()
            .fold(0.0_f32, |most, it| most.max(it.0));
        let allowed = bound(most);
        for run in &mut self.runs {
            let mut left = samples;
            let mut most = 0.0_f32;
            while left > 0 {
                let len = left.min(run.quantum);
                left -= len;
                run.tell(&self.app.wiring);
                run.offline.cycle(len).unwrap();
                let heard = self.sinks.iter().find_map(|path| run.offline.heard(path));
                let silence = vec![0.0; len];
                let samples = heard.map_or(silence.as_slice(), |(wave, _)| wave.channel(0));
                for sample in samples {
                    assert!(sample.is_finite(), "{words}: not a number");
                    let step = (sample - run.last).abs();
                    assert!(
                        step <= allowed || !run.is_begun,
                        "{words}: a step of {step} at quantum {}, {allowed} is allowed",
                        run.quantum
                    );
                    run.last = *sample;
                    run.is_begun = true;
                    most = most.max(sample.abs());
                }
                for report in run.offline.reports() {
                    let is_fault =
                        matches!(report, Report::Panicked { .. } | Report::NonFinite { .. });
                    assert!(!is_fault, "{words}: a filter broke");
                }
            }
            self.windows += 1;
            self.is_silent = most <= AUDIBLE;
            self.audible += usize::from(!self.is_silent);
        }
        let last = self.amplitudes.len().saturating_sub(1);
        for (_, over) in &mut self.amplitudes[..last] {
            *over += samples;
        }
        self.amplitudes.retain(|(_, over)| *over < 4000);
    }

    /// Long enough for every edit that waits to have been made.
    fn settle(&mut self) {
        self.listen(4000, "settling");
    }
}

impl Run {
    /// Tells values that a plan does not carry, as the program does.
    fn tell(&mut self, wiring: &Wiring) {
        for (path, open) in &self.offline.built.open.clone() {
            let Some(filter) = wiring.filters.get(path) else {
                continue;
            };
            let Some(descriptor) = &filter.descriptor else {
                continue;
            };
            let settings = Settings {
                values: &filter.values,
                base: None,
            };
            for (index, property) in descriptor.properties.iter().enumerate() {
                let value = settings.slot_value(property);
                let told = self.told.insert((open.entry, index), value);
                if !property.structural && told != Some(value) {
                    self.offline.send(Message::Set {
                        entry: open.entry,
                        property: index as u16,
                        value,
                    });
                }
            }
        }
    }
}

fn job(app: &App) -> Job {
    Job {
        wiring: Wiring::clone(&app.wiring),
        origins: app.origins.of_all(app.wiring.filters.keys()),
        ..Job::default()
    }
}

fn pin(app: &App, filter: u32, name: &str, instance: u32) -> PinAddress {
    PinAddress {
        filter: app.view().path_of(FilterId(filter)),
        pin: name.into(),
        instance,
    }
}

fn number(filter: u32, key: &str, value: f64) -> Action {
    Action::SetProperty {
        filter: FilterId(filter),
        key: key.into(),
        value: Some(Value::Number(value)),
    }
}

fn set(app: &mut App, filter: u32, key: &str, value: f64) {
    app.perform(number(filter, key, value));
}

fn selected(ids: &[u32]) -> Action {
    Action::Select(Selection {
        filters: ids.iter().map(|id| FilterId(*id)).collect(),
        ..Selection::default()
    })
}
