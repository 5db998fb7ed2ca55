//! Runs beside the same filters called one by one: the same samples, the same words at pins, whatever happens meanwhile.

use std::sync::Arc;

use ksgraph::engine::{Job, Message, Offline};
use ksgraph::graph::{
    Connection, Edit, FilterId, FilterPath, Graph, PinRef, Position, apply, negotiate,
};
use ksgraph::ks::{Catalogue, Facts, State, Value};

/// A tone through gains of these levels and pans, into a null renderer.
fn graph(gains: &[(f64, f64)]) -> Graph {
    let mut graph = Graph::default();
    let keys = std::iter::once("tone").chain(gains.iter().map(|_| "gain"));
    let mut last: Option<FilterId> = None;
    for (number, key) in keys.chain(["null_renderer"]).enumerate() {
        let id = graph.fresh_id();
        let edit = Edit::add_filter(&graph, key, key, Position::default());
        apply(&mut graph, edit).unwrap();
        if key == "gain" {
            let (level, pan) = gains[number - 1];
            for (key, value) in [("level", level), ("pan", pan)] {
                let edit = Edit::SetProperty {
                    filter: id,
                    key: key.into(),
                    value: Some(Value::Number(value)),
                };
                apply(&mut graph, edit).unwrap();
            }
        }
        if let Some(before) = last.replace(id) {
            let pin = |filter, pin: &str| PinRef {
                filter,
                pin: pin.into(),
                instance: 0,
            };
            let wire = Edit::Connect(Connection {
                from: pin(before, "out"),
                to: pin(id, "in"),
                chosen: Default::default(),
            });
            apply(&mut graph, wire).unwrap();
        }
    }
    graph
}

fn catalogue() -> Catalogue {
    let offline = Arc::new(ksgraph::portcls::Offline);
    ksgraph::filters::catalogue(offline.clone(), offline)
}

/// A graph both ways, and where its sound is heard.
struct Pair {
    once: Offline,
    one_by_one: Offline,
    sink: FilterPath,
    /// Filters that were done at once, over all cycles.
    passed: usize,
}

impl Pair {
    fn new(graph: &Graph, is_live: bool) -> Self {
        let catalogue = catalogue();
        let open = |one_by_one| {
            let job = Job {
                wiring: negotiate(graph, &catalogue, &Facts::nominal(), None),
                one_by_one,
                ..Job::default()
            };
            match is_live {
                true => Offline::rehearse(&catalogue, &job, 64),
                false => Offline::new(&catalogue, &job, 64),
            }
        };
        let last = graph.filters.keys().next_back().copied();
        Self {
            once: open(false),
            one_by_one: open(true),
            sink: FilterPath(last.into_iter().collect()),
            passed: 0,
        }
    }

    fn send(&mut self, message: impl Fn(&Offline) -> Message) {
        let (one, other) = (message(&self.once), message(&self.one_by_one));
        self.once.send(one);
        self.one_by_one.send(other);
    }

    fn set(&mut self, filter: u32, property: u16, value: f64) {
        self.send(|offline| Message::Set {
            entry: offline.built.open[&path(filter)].entry,
            property,
            value,
        });
    }

    /// Cycles of both; their sound agrees bit for bit. Its peak.
    fn run(&mut self, lens: impl IntoIterator<Item = usize>) -> f32 {
        let mut peak = 0.0_f32;
        for len in lens {
            let sounds = [&mut self.once, &mut self.one_by_one].map(|offline| {
                offline.cycle(len).unwrap();
                let (wave, header) = offline.heard(&self.sink).unwrap();
                let bits = wave.channels().flatten().map(|it| it.to_bits());
                (bits.collect::<Vec<u32>>(), header)
            });
            self.passed += self.once.done_at_once();
            assert_eq!(self.one_by_one.done_at_once(), 0);
            assert_eq!(sounds[0].1, sounds[1].1);
            assert!(sounds[0].0 == sounds[1].0, "at {}", self.once.position());
            let samples = sounds[0].0.iter().map(|bits| f32::from_bits(*bits).abs());
            peak = samples.fold(peak, f32::max);
        }
        peak
    }

    /// What names the first wire that leaves a filter.
    fn wire_from(&self, filter: &FilterPath) -> u64 {
        let map = &self.once.built.map;
        let wire = map.wires().position(|(from, _)| from.filter == *filter);
        wire.and_then(|wire| map.identity(wire)).unwrap()
    }

    /// Pauses both, so that everything is told, and compares what was said at every pin.
    fn assert_told(&mut self) {
        self.send(|_| Message::State(State::Pause));
        for offline in [&mut self.once, &mut self.one_by_one] {
            offline.cycle(64).unwrap();
        }
        for (pin, record) in self.once.built.map.records() {
            let (one, other) = (
                record.figures(),
                self.one_by_one.built.map.record(&pin).unwrap().figures(),
            );
            assert_eq!(
                (one.frames, one.peak, one.fill),
                (other.frames, other.peak, other.fill),
                "{pin:?}"
            );
        }
    }

    /// What is said at every pin, and how loud every wire is.
    fn assert_figures(&self) {
        for (pin, record) in self.once.built.map.records() {
            let (one, other) = (
                record.figures(),
                self.one_by_one.built.map.record(&pin).unwrap().figures(),
            );
            assert_eq!(one, other, "{pin:?}");
        }
        let levels = [&self.once, &self.one_by_one].map(|offline| offline.built.levels.clone());
        let [Some(one), Some(other)] = levels else {
            panic!("no levels");
        };
        for wire in 0..one.len() {
            assert_eq!(one.get(wire), other.get(wire), "wire {wire}");
        }
    }
}

fn path(filter: u32) -> FilterPath {
    FilterPath::from(vec![FilterId(filter)])
}

#[test]
fn a_run_gives_the_samples_of_its_filters_bit_for_bit() {
    let gains: Vec<(f64, f64)> = (0..10)
        .map(|n| (f64::from(n) - 4.7, f64::from(n) / 10.0 - 0.5))
        .collect();
    let mut pair = Pair::new(&graph(&gains), false);
    let peak = pair.run([64, 1, 7, 63, 64, 33, 64]);
    assert!(peak > 0.01, "{peak}");
    // The tone is called first, and asked once it has begun.
    assert_eq!(pair.passed, 10 + 6 * 11);
    pair.assert_figures();
}

/// Neighbours of which some work in place, some have frames of their own and one shows its input's.
const MIXED: [(&str, &[(&str, Value)]); 7] = [
    ("gain", &[("level", Value::Number(-1.0))]),
    ("mixer", &[("level", Value::Number(-0.5))]),
    ("channel_mapper", &[("channels", Value::Number(1.0))]),
    ("gain", &[("level", Value::Number(2.0))]),
    ("splitter", &[]),
    ("format_converter", &[]),
    ("mixer", &[]),
];

#[test]
fn neighbours_of_mixed_kinds_are_one_run_whosever_frames_they_write() {
    let graph = voices(1, &MIXED);
    let mut pair = Pair::new(&graph, false);
    pair.run([64]);
    let before = pair.passed;
    assert!(pair.run([64, 33, 1, 64]) > 0.01);
    // The tone, all of them, and the mixer at the end.
    assert_eq!(pair.passed - before, 4 * 9);
    let mixer = nth(&graph, "mixer", 1);
    let wire = pair.wire_from(&path(mixer));
    pair.set(mixer, 0, -6.0);
    pair.run([64; 20]);
    pair.send(|_| Message::Tap(Some(wire)));
    let seen = pair.passed;
    pair.run([64; 2]);
    assert_eq!(pair.passed, seen, "a wire of it is looked at");
    pair.assert_told();
}

#[test]
fn what_two_read_is_never_left_unwritten() {
    let mut graph = voices(2, &MIXED);
    // The frame behind the first gain is heard by the other mixer as well.
    let (gain, mixer) = (nth(&graph, "gain", 0), nth(&graph, "mixer", 3));
    let pin = |filter, pin: &str, instance| PinRef {
        filter: FilterId(filter),
        pin: pin.into(),
        instance,
    };
    let wire = Edit::Connect(Connection {
        from: pin(gain, "out", 0),
        to: pin(mixer, "in", 1),
        chosen: Default::default(),
    });
    apply(&mut graph, wire).unwrap();
    let mut pair = Pair::new(&graph, false);
    assert!(pair.run([64; 40]) > 0.01);
    assert!(pair.passed > 0);
}

#[test]
fn a_value_that_moves_is_heard_and_the_run_goes_on_behind_it() {
    let mut pair = Pair::new(&graph(&[(-1.0, 0.0); 5]), false);
    pair.run([64; 4]);
    pair.set(3, 0, -20.0);
    let before = pair.passed;
    // The glide lasts 960 samples.
    pair.run([64; 15]);
    assert_eq!(pair.passed, before);
    let peak = pair.run([64; 15]);
    assert_eq!(pair.passed, before + 15 * 6);
    let wanted = 10_f32.powf(-(20.0 + 24.0) / 20.0);
    assert!((peak / wanted - 1.0).abs() < 0.02, "{peak}");
    pair.assert_figures();
}

#[test]
fn many_filters_are_several_runs_and_their_pins_are_told_in_the_end() {
    let mut pair = Pair::new(&graph(&[(-0.01, 0.1); 600]), false);
    assert!(pair.run([64; 77]) > 0.001);
    assert_eq!(pair.passed, 77 * 600 + 76);
    pair.assert_told();
}

/// What a pin would set to zero is zero: behind products so small that they are denormal nothing comes back.
#[test]
fn what_would_be_denormal_goes_the_way_of_single_filters() {
    let mut gains = vec![(-60.0, 0.0); 13];
    gains.extend([(24.0, 0.0); 30]);
    let mut pair = Pair::new(&graph(&gains), false);
    pair.run([64; 5]);
    assert_eq!(pair.passed, 0);
    // And what would be infinite.
    let mut pair = Pair::new(&graph(&[(24.0, 0.0); 40]), false);
    pair.run([64; 5]);
    assert_eq!(pair.passed, 0);
    assert!(pair.once.reports().count() > 0);
}

#[test]
fn fades_states_and_seeks_leave_no_trace() {
    let mut pair = Pair::new(&graph(&[(-3.0, 0.2); 4]), true);
    assert!(pair.run([64; 30]) > 0.01);
    let passed = pair.passed;
    assert!(passed > 0, "it never began");
    pair.send(|_| Message::State(State::Pause));
    pair.run([64; 20]);
    pair.send(|_| Message::State(State::Run));
    pair.run([64; 30]);
    pair.send(|_| Message::Seek(12_345));
    assert!(pair.run([64; 40]) > 0.01);
    assert!(pair.passed > passed + 30 * 4);
    pair.send(|_| Message::State(State::Stop));
    pair.set(3, 0, -12.0);
    pair.run([64; 20]);
    pair.send(|_| Message::State(State::Run));
    assert!(pair.run([64; 40]) > 0.001);
    pair.assert_figures();
}

#[test]
fn a_wire_that_is_looked_at_is_seen() {
    let mut pair = Pair::new(&graph(&[(-3.0, 0.0); 4]), false);
    pair.run([64; 3]);
    let passed = pair.passed;
    let id = pair.wire_from(&path(3));
    pair.send(|_| Message::Tap(Some(id)));
    pair.run([64; 3]);
    assert_eq!(pair.passed, passed);
    assert!(pair.once.tapped().is_some());
    pair.send(|_| Message::Tap(None));
    pair.run([64; 3]);
    assert_eq!(pair.passed, passed + 3 * 5);
}

/// So many voices of a tone and filters behind it, each of its own pitch and value, into a mixer and a null renderer.
fn voices(count: usize, chain: &[(&str, &[(&str, Value)])]) -> Graph {
    let mut graph = Graph::default();
    let add = |graph: &mut Graph, key: &str, values: &[(&str, Value)]| {
        let id = graph.fresh_id();
        let edit = Edit::add_filter(graph, key, key, Position::default());
        apply(graph, edit).unwrap();
        for (key, value) in values {
            let edit = Edit::SetProperty {
                filter: id,
                key: (*key).into(),
                value: Some(value.clone()),
            };
            apply(graph, edit).unwrap();
        }
        id
    };
    let connect = |graph: &mut Graph, from: FilterId, to: FilterId, instance: u32| {
        let pin = |filter, pin: &str, instance| PinRef {
            filter,
            pin: pin.into(),
            instance,
        };
        let wire = Edit::Connect(Connection {
            from: pin(from, "out", 0),
            to: pin(to, "in", instance),
            chosen: Default::default(),
        });
        apply(graph, wire).unwrap();
    };
    let mixer = add(&mut graph, "mixer", &[]);
    for voice in 0..count {
        let hz = 110.0 + 37.5 * voice as f64;
        let mut last = add(
            &mut graph,
            "tone",
            &[
                ("frequency", Value::Number(hz)),
                ("channels", Value::Number(1.0)),
            ],
        );
        for (key, values) in chain {
            let next = add(&mut graph, key, values);
            connect(&mut graph, last, next, 0);
            last = next;
        }
        connect(&mut graph, last, mixer, voice as u32);
    }
    let end = add(&mut graph, "null_renderer", &[]);
    connect(&mut graph, mixer, end, 0);
    graph
}

/// The number of the filter with this key that was added in this place among its like.
fn nth(graph: &Graph, key: &str, place: usize) -> u32 {
    let mut all = graph.filters.iter().filter(|it| it.1.name.starts_with(key));
    all.nth(place).unwrap().0.0
}

fn low_pass(hz: f64) -> Vec<(&'static str, Value)> {
    vec![
        ("band1_type", Value::Text("low pass".into())),
        ("band1_frequency", Value::Number(hz)),
        ("band3_gain", Value::Number(6.0)),
        ("level", Value::Number(-1.5)),
    ]
}

#[test]
fn equal_voices_side_by_side_give_the_samples_of_their_filters_bit_for_bit() {
    let low = low_pass(900.0);
    let gain = [("level", Value::Number(-3.0))];
    let graph = voices(
        13,
        &[("equaliser", &low), ("gain", &gain), ("equaliser", &low)],
    );
    let mut pair = Pair::new(&graph, false);
    // Whether they have begun is known behind their first cycle.
    pair.run([64]);
    // Tones are of one channel: eight of them fill the lanes.
    assert_eq!(pair.once.side_by_side(), [8, 5]);
    let peak = pair.run([64, 1, 7, 63, 64, 33, 64]);
    assert!(peak > 0.01, "{peak}");
    assert_eq!(pair.passed, 7 * 13 * 4);
    pair.assert_told();
}

#[test]
fn equal_filters_behind_each_other_never_stand_side_by_side() {
    let stage = crate::stage::Stage::new();
    let long = "equaliser band1_gain=0.5 -> ".repeat(130);
    for text in [
        // The same before the mixer and behind it.
        "noise -> a:equaliser band1_gain=6 -> mixer; tone -> b:equaliser band1_gain=3 -> mixer; mixer -> \
         c:equaliser band2_gain=6 -> null_renderer"
            .to_owned(),
        // More than a run has.
        format!("noise level=-40 -> {}null_renderer", numbered(&long)),
    ] {
        let graph = stage.graph(&text);
        let mut pair = Pair::new(&graph, false);
        let peak = pair.run([64, 55, 4, 64, 3, 64, 64]);
        assert!(peak > 0.001, "{peak}");
        // Again without the fades of what arrives, which stand between.
        let job = stage.job(&graph);
        pair.once.change(&job);
        pair.one_by_one.change(&Job {
            one_by_one: true,
            ..job
        });
        pair.run([64, 55, 4, 64, 3, 64, 64]);
        assert!(pair.passed > 0);
    }
}

/// Gives each filter of a row a name of its own.
fn numbered(row: &str) -> String {
    let filters = row.split(" -> ").filter(|it| !it.is_empty()).enumerate();
    filters.map(|(at, it)| format!("f{at}:{it} -> ")).collect()
}

#[test]
fn a_voice_that_moves_leaves_the_others_and_comes_back_without_a_jump() {
    let low = low_pass(900.0);
    let graph = voices(8, &[("equaliser", &low)]);
    let mut pair = Pair::new(&graph, false);
    pair.run([64; 10]);
    let before = pair.passed;
    // Frequency of the first band, and the pitch of another voice.
    pair.set(nth(&graph, "equaliser", 2), 3, 3000.0);
    pair.set(nth(&graph, "tone", 5), 1, 333.0);
    pair.run([64; 10]);
    assert_eq!(pair.passed, before + 10 * (6 * 2 + 2));
    let peak = pair.run([64; 60]);
    assert!(peak > 0.01, "{peak}");
    assert!(pair.passed > before + 10 * (6 * 2 + 2) + 40 * 8 * 2);
    pair.assert_told();
}

#[test]
fn voices_forget_and_begin_again_as_they_would_alone() {
    let low = low_pass(2000.0);
    let graph = voices(6, &[("equaliser", &low)]);
    let mut pair = Pair::new(&graph, true);
    assert!(pair.run([64; 30]) > 0.01);
    assert!(pair.passed > 0, "it never began");
    for to in [State::Pause, State::Run, State::Stop] {
        pair.send(|_| Message::State(to));
        pair.run([64; 40]);
    }
    pair.set(nth(&graph, "tone", 1), 1, 500.0);
    pair.send(|_| Message::State(State::Run));
    let passed = pair.passed;
    assert!(pair.run([64; 40]) > 0.01);
    pair.send(|_| Message::Seek(54_321));
    assert!(pair.run([64; 40]) > 0.01);
    assert!(pair.passed > passed);
    pair.assert_figures();
}

#[test]
fn voices_of_several_kinds_and_lengths_keep_apart() {
    let low = low_pass(7000.0);
    let high = [
        ("band6_type", Value::Text("high pass".into())),
        ("band6_frequency", Value::Number(40.0)),
        ("band1_on", Value::Flag(false)),
    ];
    let chain: Vec<(&str, &[(&str, Value)])> = (0..70)
        .map(|n| ("equaliser", if n % 2 == 0 { &low[..] } else { &high[..] }))
        .collect();
    let mut pair = Pair::new(&voices(9, &chain), false);
    pair.run([64; 3]);
    let before = pair.passed;
    assert!(pair.run([64, 64, 17, 64]) > 1e-6);
    assert_eq!(pair.passed, before + 4 * 9 * 71);
    pair.assert_told();
}

/// A tone that moves for long does not keep what is behind it from being done at once.
#[test]
fn the_rest_of_a_run_goes_on_without_the_tone_before_it() {
    let mut pair = Pair::new(&graph(&[(-1.0, 0.1); 5]), false);
    pair.run([64; 40]);
    let before = pair.passed;
    for turn in 0..20 {
        // Its frequency glides all the time.
        pair.set(1, 1, 441.0 + f64::from(turn));
        assert!(pair.run([64; 2]) > 0.01);
    }
    assert_eq!(pair.passed, before + 40 * 5);
    pair.set(3, 0, -9.0);
    assert!(pair.run([64; 70]) > 0.01);
    let before = pair.passed;
    pair.run([64; 10]);
    assert_eq!(pair.passed, before + 10 * 6);
    pair.assert_told();
}

#[test]
fn tones_of_every_shape_are_made_in_runs_as_they_would_be_alone() {
    let mut pair = Pair::new(&graph(&[(-1.0, 0.3); 5]), false);
    // Triangle, saw, pulse, a narrower one, and a sine again: each fades in and is done at once behind that.
    let changes = [
        (0, 1.0),
        (0, 2.0),
        (0, 3.0),
        (3, 30.0),
        (1, 3_331.0),
        (0, 0.0),
    ];
    for (property, value) in changes {
        pair.set(1, property, value);
        assert!(pair.run([64, 7, 64, 1, 33].into_iter().cycle().take(60)) > 0.01);
        let before = pair.passed;
        assert!(pair.run([64, 5, 64]) > 0.01);
        assert_eq!(pair.passed, before + 3 * 6, "{property} {value}");
    }
    pair.assert_told();
}

/// What rings out comes to numbers that a pin sets to zero.
#[test]
fn what_dies_away_goes_the_way_of_single_filters() {
    let low = low_pass(8000.0);
    let graph = voices(4, &[("gain", &[]), ("equaliser", &low)]);
    let mut pair = Pair::new(&graph, false);
    pair.run([64; 8]);
    for voice in 0..4 {
        pair.set(nth(&graph, "gain", voice), 0, -60.0);
        pair.set(nth(&graph, "tone", voice), 2, -60.0);
    }
    let before = pair.passed;
    assert!(pair.run([64; 200]) > 1e-5);
    assert!(pair.passed > before);
    pair.assert_figures();
}

#[test]
fn a_voice_that_is_looked_at_is_seen_and_the_others_go_on() {
    let low = low_pass(900.0);
    let graph = voices(5, &[("equaliser", &low)]);
    let mut pair = Pair::new(&graph, false);
    pair.run([64; 4]);
    let passed = pair.passed;
    let seen = path(nth(&graph, "tone", 3));
    let id = pair.wire_from(&seen);
    pair.send(|_| Message::Tap(Some(id)));
    pair.run([64; 3]);
    // Its filter goes on as well.
    assert_eq!(pair.passed, passed + 3 * (4 * 2 + 1));
    assert!(pair.once.tapped().is_some());
    pair.send(|_| Message::Tap(None));
    pair.run([64; 3]);
    assert_eq!(pair.passed, passed + 3 * (4 * 2 + 1) + 3 * 5 * 2);
}

#[test]
fn an_envelope_that_rests_stands_in_a_run_and_one_that_moves_is_heard() {
    let low = low_pass(900.0);
    let shape = [
        ("gate", Value::Flag(true)),
        ("attack", Value::Number(5.0)),
        ("decay", Value::Number(10.0)),
        ("release", Value::Number(10.0)),
    ];
    let graph = voices(5, &[("equaliser", &low), ("envelope", &shape)]);
    let mut pair = Pair::new(&graph, false);
    assert!(pair.run([64; 10]) > 0.01);
    assert_eq!(pair.passed, 9 * 5, "the tones alone: all others swell");
    pair.run([64; 10]);
    let passed = pair.passed;
    pair.run([64, 1, 7, 63, 33]);
    assert_eq!(pair.passed, passed + 5 * 5 * 3);
    // One is shut and opened again: its run is called meanwhile.
    let shut = nth(&graph, "envelope", 2);
    for gate in [0.0, 1.0] {
        pair.set(shut, 0, gate);
        let passed = pair.passed;
        pair.run([64, 5, 64]);
        assert_eq!(pair.passed, passed + 3 * (5 + 4 * 2));
        pair.run([64; 14]);
        let passed = pair.passed;
        pair.run([64, 9, 64]);
        assert_eq!(pair.passed, passed + 3 * 5 * 3);
    }
    pair.assert_told();
}
