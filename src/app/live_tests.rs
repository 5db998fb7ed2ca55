//! Every kind of edit under a sounding sine, by hand and without real time: no sample steps farther than the sines and
//! the fades could, whatever the quantum, and nothing is not a number.

use std::collections::BTreeMap;

use super::{Action, App, Options, Selection};
use crate::engine::{Job, Message, Offline, Report};
use crate::graph::arrange::{Alignment, Axis};
use crate::graph::{FilterId, FilterPath, NodeKind, PinAddress, Position, Wiring, to_ron};
use crate::ks::{DataFlow, Settings, Value};

const QUANTA: [usize; 3] = [64, 256, 1000];
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
    if filter.key == "tone" {
        return gain(number("level", -20.0));
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
            offline: Offline::rehearse(&app.catalogue, &job, 1000),
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
        self.app.perform(action);
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
        self.listen(samples, &words);
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
                let value = property.slot_value(&settings.value(property));
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
        wiring: app.wiring.clone(),
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

/// Every action that changes the document or what plays, with what has to be done before.
fn acts(app: &App) -> Vec<(Vec<Action>, Action)> {
    let at = Position { x: 64.0, y: 64.0 };
    let by = Position { x: 32.0, y: 32.0 };
    let group = FilterPath::of(FilterId(6));
    let in_group = || vec![selected(&[2, 3]), Action::Group];
    let inside = || vec![selected(&[2, 3]), Action::Group, Action::Enter(FilterId(6))];
    let copied = {
        let text = "(kind: \"ksgraph\", version: 1, filters: [(id: 1, key: \"gain\", name: \"G\", at: (0, 0))], connections: [])";
        text.to_owned()
    };
    let text = |key: &str, value: &str| Action::SetProperty {
        filter: FilterId(1),
        key: key.into(),
        value: Some(Value::Text(value.into())),
    };
    let on = |is_on| Action::SetBypass {
        filters: vec![FilterId(2)],
        is_on,
    };
    let off = |id| Action::SetDisabled {
        filters: vec![FilterId(id)],
        is_on: true,
    };
    vec![
        (
            vec![],
            Action::AddFilter {
                key: "gain".into(),
                at,
            },
        ),
        (
            vec![Action::Disconnect(vec![3])],
            Action::Connect {
                from: pin(app, 5, "out", 0),
                to: pin(app, 3, "in", 1),
            },
        ),
        (vec![], Action::Disconnect(vec![2])),
        (vec![], Action::Disconnect(vec![3])),
        (vec![], Action::Disconnect(vec![0, 1])),
        (
            vec![],
            Action::Rewire {
                connection: 3,
                from: pin(app, 5, "out", 0),
                to: pin(app, 3, "in", 2),
            },
        ),
        (
            vec![Action::Disconnect(vec![0])],
            Action::Rewire {
                connection: 2,
                from: pin(app, 5, "out", 0),
                to: pin(app, 2, "in", 0),
            },
        ),
        (vec![], Action::GoToStep(8)),
        (vec![selected(&[5])], Action::Cut),
        (
            vec![],
            Action::Paste {
                text: copied,
                at: None,
            },
        ),
        (vec![selected(&[1, 2])], Action::Duplicate { by }),
        (
            vec![Action::SelectAll],
            Action::Arrange {
                sizes: BTreeMap::new(),
            },
        ),
        (vec![Action::SelectAll], Action::Align(Alignment::Left)),
        (
            vec![Action::SelectAll],
            Action::Distribute(Axis::Horizontally),
        ),
        (vec![selected(&[2])], Action::DisconnectSelection),
        (vec![], Action::DisconnectAll(FilterId(3))),
        (
            vec![Action::Disconnect(vec![3])],
            Action::ConnectToBody {
                pin: pin(app, 5, "out", 0),
                filter: FilterId(3),
            },
        ),
        (
            vec![],
            Action::InsertOnWire {
                key: "gain".into(),
                at,
                connection: 2,
            },
        ),
        (
            vec![Action::AddFilter {
                key: "meter".into(),
                at,
            }],
            Action::DropOnWire {
                filter: FilterId(6),
                connection: 2,
            },
        ),
        (
            vec![],
            Action::AddFilterWired {
                key: "tone".into(),
                at,
                pin: Some(pin(app, 3, "in", 2)),
            },
        ),
        (vec![], Action::Delete(vec![FilterId(2)])),
        (vec![], Action::Delete(vec![FilterId(3)])),
        (vec![selected(&[1, 5])], Action::DeleteSelection),
        (vec![], Action::Move(vec![(FilterId(1), at)])),
        (vec![], Action::Rename(FilterId(1), "Siren".into())),
        (vec![], number(2, "level", -12.0)),
        (vec![], number(1, "frequency", 220.0)),
        (vec![], number(1, "channels", 1.0)),
        (vec![], text("rate", "48000")),
        (vec![], Action::SetRate(44_100)),
        (vec![selected(&[2, 3])], Action::Group),
        (vec![selected(&[3, 4])], Action::Group),
        (in_group(), Action::Group),
        (in_group(), Action::Ungroup),
        (inside(), Action::Delete(vec![FilterId(2)])),
        (
            inside(),
            Action::InsertOnWire {
                key: "gain".into(),
                at,
                connection: 0,
            },
        ),
        (inside(), Action::Leave),
        (in_group(), Action::Delete(vec![FilterId(6)])),
        (
            inside(),
            Action::ShowPin(PinAddress {
                filter: group.child(FilterId(3)),
                pin: "in".into(),
                instance: 5,
            }),
        ),
        (
            in_group(),
            Action::HidePin {
                group: group.clone(),
                pin: "out".into(),
            },
        ),
        (
            in_group(),
            Action::RenamePin {
                group,
                pin: "out".into(),
                name: "sound".into(),
            },
        ),
        (vec![], on(true)),
        (vec![on(true)], on(false)),
        (
            vec![],
            Action::SetBypass {
                filters: vec![FilterId(3)],
                is_on: true,
            },
        ),
        (vec![], off(1)),
        (vec![], off(2)),
        (vec![], off(3)),
        (vec![], off(4)),
        (
            vec![],
            Action::AddComment {
                at,
                text: "a".into(),
            },
        ),
        (
            vec![selected(&[1])],
            Action::AddFrame {
                title: "f".into(),
                area: None,
            },
        ),
    ]
}

#[test]
fn no_action_nor_its_undo_makes_a_jump() {
    let fresh = Rehearsal::new();
    for (before, action) in acts(&fresh.app) {
        // Within the fades of the one before, and after them.
        for pause in [100, 1700] {
            let mut it = Rehearsal::new();
            for action in &before {
                it.act(action.clone(), 2500);
            }
            it.settle();
            let document = to_ron(it.app.view().document_graph());
            let selection = it.app.view().selection.clone();
            let place = it.app.view().place();
            it.act(action.clone(), pause);
            let after = to_ron(it.app.view().document_graph());
            let is_edit = after != document;
            let leads = it.app.view().place() != place || *it.app.view().selection != selection;
            assert!(is_edit || leads, "{action:?} did nothing");
            if is_edit {
                it.act(Action::Undo, pause);
                if !matches!(action, Action::GoToStep(_)) {
                    assert_eq!(
                        to_ron(it.app.view().document_graph()),
                        document,
                        "{action:?}"
                    );
                }
                it.act(Action::Redo, pause);
                it.act(Action::Undo, 3000);
            }
            assert!(it.audible > 0);
        }
    }
}

/// A stream of numbers from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below.max(1)
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let at = self.roll(of.len());
        of.get(at).cloned()
    }
}

/// Some pin of the graph shown, the next free instance of it.
fn any_pin(app: &App, dice: &mut Dice, flow: DataFlow) -> Option<PinAddress> {
    let view = app.view();
    let ids: Vec<FilterId> = view.graph.filters.keys().copied().collect();
    let id = dice.one(&ids)?;
    let path = view.path_of(id);
    let names: Vec<(String, u32)> = match &view.graph.filters[&id].kind {
        NodeKind::Group(group) => {
            let pins = group.pins.iter();
            pins.map(|pin| (pin.name.clone(), 1)).collect()
        }
        NodeKind::Filter(_) => {
            let descriptor = view.wiring.filters.get(&path)?.descriptor.as_ref()?;
            let pins = descriptor.pins.iter();
            pins.filter(|pin| pin.data_flow == flow && !pin.is_bridge())
                .map(|pin| (pin.name.to_string(), pin.instances.possible.min(4)))
                .collect()
        }
    };
    let (name, possible) = dice.one(&names)?;
    let instance = view.graph.free_instance(id, &name, possible).unwrap_or(0);
    Some(PinAddress {
        filter: path,
        pin: name,
        instance,
    })
}

/// Something a user might do next.
fn any_action(app: &App, dice: &mut Dice, sink: FilterId) -> Option<Action> {
    let view = app.view();
    let boxes: Vec<FilterId> = view.graph.filters.keys().copied().collect();
    let wires = view.graph.connections.len();
    let holds_sink = |id: &FilterId| {
        *id == sink && view.place().is_empty()
            || view.wiring.filters.keys().any(|path| {
                path.0.last() == Some(&sink) && path.0.starts_with(&view.path_of(*id).0)
            })
    };
    let doomed: Vec<FilterId> = boxes.iter().copied().filter(|id| !holds_sink(id)).collect();
    let at = Position {
        x: dice.roll(60) as f32 * 16.0,
        y: dice.roll(40) as f32 * 16.0,
    };
    let some: Vec<FilterId> = {
        let mask = dice.roll(1 << 16);
        let chosen = boxes
            .iter()
            .enumerate()
            .filter(|(at, _)| mask >> (at % 16) & 1 == 1);
        chosen.map(|(_, id)| *id).collect()
    };
    let is_on = dice.roll(2) == 0;
    let kinds = [
        "gain",
        "mixer",
        "splitter",
        "meter",
        "tone",
        "format_converter",
    ];
    // A graph that grew large is left to shrink.
    let kind = (boxes.len() < 14).then(|| dice.one(&kinds)).flatten();
    Some(match dice.roll(32) {
        0..=1 => Action::AddFilter {
            key: kind?.into(),
            at,
        },
        2..=6 => Action::Connect {
            from: any_pin(app, dice, DataFlow::Out)?,
            to: any_pin(app, dice, DataFlow::In)?,
        },
        7 => Action::Disconnect(vec![dice.roll(wires)]),
        8 => Action::Rewire {
            connection: dice.roll(wires),
            from: any_pin(app, dice, DataFlow::Out)?,
            to: any_pin(app, dice, DataFlow::In)?,
        },
        9 => Action::Delete(vec![dice.one(&doomed)?]),
        10 => Action::Move(some.into_iter().map(|id| (id, at)).collect()),
        11 => Action::Rename(dice.one(&boxes)?, format!("Name {}", dice.roll(9))),
        12..=13 => {
            let id = dice.one(&boxes)?;
            let key = &view.graph.filter(id)?.key;
            match key.as_str() {
                "tone" if is_on => number(id.0, "frequency", 60.0 + dice.roll(380) as f64),
                "tone" => number(id.0, "channels", 1.0 + dice.roll(2) as f64),
                "gain" => number(id.0, "level", -(dice.roll(24) as f64)),
                _ => return None,
            }
        }
        14..=16 if some.len() > 1 => Action::Group,
        17 => Action::Ungroup,
        18 => Action::Enter(dice.one(&boxes)?),
        19 => Action::Leave,
        20..=21 => Action::SetBypass {
            filters: vec![dice.one(&boxes)?],
            is_on,
        },
        22 => Action::SetDisabled {
            filters: vec![dice.one(&boxes)?],
            is_on: is_on && dice.roll(2) == 0,
        },
        23 => Action::InsertOnWire {
            key: kind.filter(|key| *key != "tone")?.into(),
            at,
            connection: dice.roll(wires),
        },
        24 => Action::Duplicate { by: at },
        25 => Action::AddFrame {
            title: "Frame".into(),
            area: None,
        },
        26 => Action::AddComment {
            at,
            text: "because".into(),
        },
        27..=28 => Action::Undo,
        29 => Action::Redo,
        30 => Action::DisconnectAll(dice.one(&doomed)?),
        _ => Action::Select(Selection {
            filters: some.into_iter().collect(),
            notes: view.graph.notes.keys().copied().collect(),
            ..Selection::default()
        }),
    })
}

#[test]
fn three_hundred_random_edits_make_no_jump_and_can_all_be_undone() {
    for seed in [0x5EED_0001_u64, 0x5EED_0BAD] {
        println!("seed {seed:#x}");
        let mut it = Rehearsal::new();
        let steps = it.app.history.steps().1;
        let start = to_ron(it.app.view().document_graph());
        let mut dice = Dice(seed);
        let mut made = 0;
        while made < 300 {
            // Silence proves little: back to where it sounded.
            let action = match it.is_silent && dice.roll(4) > 0 {
                true => Some(Action::Undo),
                false => any_action(&it.app, &mut dice, it.sink),
            };
            let Some(action) = action else { continue };
            // Doubling what doubles would be an explosion, not an edit.
            let is_copy = matches!(action, Action::Duplicate { .. });
            if is_copy && it.app.view().wiring.filters.len() > 12 {
                continue;
            }
            if matches!(action, Action::Undo) && it.app.history.steps().1 <= steps {
                it.is_silent = false;
                continue;
            }
            let samples = 60 + dice.roll(900);
            it.act(action, samples);
            made += 1;
        }
        let share = it.audible as f32 / it.windows as f32;
        assert!(
            share > 0.2,
            "seed {seed:#x}: heard in {share} of the time only"
        );
        let end = to_ron(it.app.view().document_graph());
        let last = it.app.history.steps().1;
        while it.app.history.steps().1 > steps {
            it.act(Action::Undo, 200);
        }
        it.settle();
        assert_eq!(
            to_ron(it.app.view().document_graph()),
            start,
            "seed {seed:#x}"
        );
        while it.app.history.steps().1 < last {
            it.app.perform(Action::Redo);
        }
        assert_eq!(
            to_ron(it.app.view().document_graph()),
            end,
            "seed {seed:#x}"
        );
        let read = crate::graph::from_ron(end.as_bytes(), "end").unwrap();
        assert_eq!(
            to_ron(&read.graph),
            end,
            "seed {seed:#x}: what was made can be saved"
        );
    }
}
