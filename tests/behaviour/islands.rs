//! Graphs on two processors beside the same on one: the same samples, the same words at pins and in reports, whatever happens
//! meanwhile.

use ksgraph::engine::{Cores, Job, Message, Offline, Report};
use ksgraph::graph::{FilterPath, Graph};
use ksgraph::ks::{KernelEvent, LoopRange, State};

use crate::stage::{self, AUDIBLE, Dice, Stage, path};

/// A graph both ways, and where its sound is heard.
struct Pair {
    two: Offline,
    one: Offline,
    sinks: Vec<FilterPath>,
    /// Cycles that were parted.
    parted: usize,
    peak: f32,
}

impl Pair {
    fn new(stage: &Stage, graph: &Graph, job: &Job, is_live: bool) -> Self {
        let open = |cores| match is_live {
            true => Offline::rehearse_on(&stage.catalogue, job, 256, cores),
            false => Offline::on(&stage.catalogue, job, 256, cores),
        };
        let is_sink =
            |name: &str| name.starts_with("null_renderer") || name.starts_with("audio_device_out");
        let sinks = graph.filters.values().filter(|it| is_sink(&it.name));
        Self {
            two: open(Cores::Two),
            one: open(Cores::One),
            sinks: sinks.map(|it| path(graph, &it.name)).collect(),
            parted: 0,
            peak: 0.0,
        }
    }

    fn of(text: &str) -> Self {
        let stage = Stage::new();
        let graph = stage.graph(text);
        Self::new(&stage, &graph, &stage.job(&graph), false)
    }

    fn send(&mut self, message: impl Fn(&Offline) -> Message) {
        let (two, one) = (message(&self.two), message(&self.one));
        self.two.send(two);
        self.one.send(one);
    }

    /// Cycles of both; their sound agrees bit for bit.
    fn run(&mut self, lens: impl IntoIterator<Item = usize>, what: &str) {
        for len in lens {
            let stuck = [&mut self.two, &mut self.one].map(|it| it.cycle(len));
            assert_eq!(stuck[0], stuck[1], "{what}");
            assert_eq!(self.one.islands(), 0);
            self.parted += usize::from(self.two.islands() > 1);
            for sink in &self.sinks {
                let [two, one] = [&self.two, &self.one].map(|offline| {
                    let (wave, header) = offline.heard(sink)?;
                    let bits = wave.channels().flatten().map(|it| it.to_bits());
                    Some((bits.collect::<Vec<u32>>(), header))
                });
                let place = self.two.position();
                let headers = [&two, &one].map(|it| it.as_ref().map(|it| it.1));
                assert_eq!(headers[0], headers[1], "{what}: before sample {place}");
                assert!(two == one, "{what}: {sink:?} before sample {place}");
                let bits = two.map_or_else(Vec::new, |it| it.0);
                let samples = bits.iter().map(|bits| f32::from_bits(*bits).abs());
                self.peak = samples.fold(self.peak, f32::max);
            }
        }
    }

    /// What was reported, in an order of its own: within a cycle both have theirs.
    fn assert_reports(&mut self, what: &str) {
        let [two, one] = [&mut self.two, &mut self.one].map(|offline| {
            let reports = offline.reports().filter_map(|report| match report {
                Report::Panicked { entry, message } => Some(format!(
                    "{entry} panicked: {:?}",
                    message.downcast_ref::<&str>()
                )),
                Report::NonFinite {
                    entry,
                    output,
                    position,
                } => Some(format!("{entry}.{output} is no number at {position}")),
                Report::Denormal {
                    entry,
                    output,
                    position,
                } => Some(format!("{entry}.{output} is denormal at {position}")),
                Report::Reached(state) => Some(format!("{state:?}")),
                Report::Refused { entry, state, .. } => Some(format!("{entry} refused {state:?}")),
                Report::Ended => Some("ended".to_owned()),
                Report::Degraded { entry, level, .. } => Some(format!("{entry} {level}")),
                _ => None,
            });
            let mut reports: Vec<String> = reports.collect();
            reports.sort();
            reports
        });
        assert_eq!(two, one, "{what}");
        assert_eq!(self.two.has_ended(), self.one.has_ended(), "{what}");
    }

    /// What is said at every pin, and how loud every wire is.
    fn assert_figures(&mut self, what: &str) {
        // Runs tell their pins every so many cycles; in Pause everything is told.
        self.send(|_| Message::State(State::Pause));
        self.run([64], what);
        for (pin, record) in self.two.built.map.records() {
            let other = self.one.built.map.record(&pin).unwrap().figures();
            let own = record.figures();
            assert_eq!(
                (own.frames, own.peak, own.fill),
                (other.frames, other.peak, other.fill),
                "{what}: {pin:?}"
            );
        }
    }
}

/// Voices of one text each, into a mixer.
fn voices(count: usize, voice: &str) -> String {
    let rows = (0..count).map(|n| {
        let row = voice.replace('#', &n.to_string());
        format!("{row} -> mixer")
    });
    let rows: Vec<String> = rows.collect();
    format!("{}; mixer -> audio_device_out", rows.join("; "))
}

#[test]
fn voices_on_two_processors_give_the_samples_of_one_bit_for_bit() {
    for voice in [
        "t#:tone frequency=2#0 -> e#:equaliser band1_gain=6 band3_gain=-#.5 -> g#:gain level=-1#",
        "t#:tone waveform=saw frequency=1#0 -> d#:delay time=7# -> c#:compressor threshold=-30",
        "n#:noise -> s#:splitter -> a#:gain -> m#:mixer; s# -> b#:reverb -> m#; m#",
    ] {
        // Two that can be done side by side are done for the price of one.
        let least = if voice.starts_with("t#:tone freq") {
            5
        } else {
            2
        };
        for count in [least, 7, 16] {
            let text = voices(count, voice);
            let mut pair = Pair::of(&text);
            pair.run([64, 256, 1, 7, 63, 255, 64, 64, 33, 64, 128], &text);
            assert!(pair.peak > 0.01, "{text}: {}", pair.peak);
            assert_eq!(pair.parted, 11, "{text}");
            pair.assert_figures(&text);
            pair.assert_reports(&text);
        }
    }
}

#[test]
fn branches_behind_a_splitter_and_rows_that_end_apart_are_parted() {
    for text in [
        "noise -> splitter -> a:reverb -> mixer -> audio_device_out; splitter -> b:delay -> mixer; splitter -> c:chorus \
         -> mixer; splitter -> d:equaliser -> mixer",
        "tone -> a:reverb -> audio_device_out; noise -> b:reverb -> null_renderer",
    ] {
        let mut pair = Pair::of(text);
        pair.run([64, 9, 256, 64, 31], text);
        assert!(pair.peak > 0.01, "{text}");
        assert_eq!(pair.parted, 5, "{text}");
        pair.assert_figures(text);
    }
}

#[test]
fn one_row_of_filters_is_never_parted() {
    let text = "tone -> gain -> equaliser -> reverb -> audio_device_out";
    let mut pair = Pair::of(text);
    pair.run([64; 4], text);
    assert_eq!(pair.parted, 0);
}

#[test]
fn equal_branches_of_an_island_still_stand_side_by_side() {
    let text = voices(
        16,
        "t#:tone frequency=2#0 -> c#:channel_mapper layout=mono -> e#:equaliser band1_gain=6 -> f#:equaliser band2_gain=3",
    );
    let stage = Stage::new();
    let graph = stage.graph(&text);
    let mut pair = Pair::new(&stage, &graph, &stage.job(&graph), false);
    pair.run([64; 40], &text);
    assert_eq!(pair.parted, 40);
    let [two, one] = [&pair.two, &pair.one].map(|it| it.side_by_side());
    assert_eq!(two, one, "the same groups");
    assert!(!two.is_empty());
    assert_eq!(pair.two.done_at_once(), pair.one.done_at_once());
}

#[test]
fn a_value_that_moves_reaches_its_filter_wherever_it_is() {
    let text = voices(
        8,
        "t#:tone frequency=2#0 -> e#:equaliser -> g#:gain level=-40",
    );
    let mut pair = Pair::of(&text);
    pair.run([64; 5], &text);
    let before = pair.peak;
    let gains: Vec<u32> = ["g0", "g3", "g7"]
        .iter()
        .map(|name| {
            let open = pair.two.built.open.iter();
            let graph = Stage::new().graph(&text);
            let path = path(&graph, name);
            open.clone().find(|it| *it.0 == path).unwrap().1.entry
        })
        .collect();
    for (number, entry) in gains.into_iter().enumerate() {
        pair.send(|_| Message::Set {
            entry,
            property: 0,
            value: -6.0 - number as f64,
        });
        pair.run([64; 9], &text);
    }
    pair.run([64; 30], &text);
    assert!(pair.peak > before * 1.2, "{before} {}", pair.peak);
    assert_eq!(pair.parted, 5 + 27 + 30);
}

#[test]
fn a_filter_that_breaks_on_an_island_is_named_and_the_rest_plays_on() {
    for fault in ["panic", "nan"] {
        let text = voices(4, "t#:tone frequency=3#0 -> g#:gain -> h#:gain")
            .replace("g2:gain", &format!("g2:faulty fault={fault} at=1000"));
        let mut pair = Pair::of(&text);
        pair.run([64; 40], &text);
        assert_eq!(pair.parted, 40, "{fault}");
        assert!(pair.peak > 0.01);
        pair.assert_reports(fault);
    }
}

#[test]
fn notes_on_islands_are_followed_and_end_when_what_plays_them_is_held() {
    let text = voices(
        4,
        "k#:keyboard -> x#:midi_transform -> y#:tone_synth -> g#:gain",
    );
    let stage = Stage::new();
    let graph = stage.graph(&text);
    let mut job = stage.example_job(&graph).expect("it is agreed");
    // Keys that are struck when the graph is parted, and that nobody lets go for an hour.
    let key = |seconds: i64, status| KernelEvent::new(seconds * 10_000_000, &[status, 69, 100]);
    let keys = [key(0, 0xB0), key(1, 0x90), key(3_600, 0x80)];
    job.feeds = stage::feeds(&graph, &keys.map(|it| it.expect("it is short")).into());
    let mut pair = Pair::new(&stage, &graph, &job, true);
    pair.run([256; 220], &text);
    assert!(pair.peak > 0.01, "{}", pair.peak);
    let parted = pair.parted;
    assert!(parted > 200, "{parted}");
    // Round and round, from before the keys are struck: what is held at the end is let go each time.
    let (from, to) = (40_000, 58_000);
    let range = LoopRange::between(from, to);
    pair.send(|_| Message::Loop(range));
    pair.run([256; 300], "round and round");
    // But for the cycles in which it turns, each time.
    assert!(pair.parted > parted + 270, "{parted} {}", pair.parted);
    pair.send(|_| Message::Loop(None));
    for name in ["k0", "x1", "y2", "g3"] {
        let entry = pair.two.built.open[&path(&graph, name)].entry;
        for state in [State::Pause, State::Run] {
            let pin = None;
            pair.send(|_| Message::Limit { entry, pin, state });
            pair.run((0..60).map(|n| 100 + n), name);
        }
    }
    pair.send(|_| Message::Panic);
    pair.run([256; 20], &text);
    // Who was held is behind in time, so nothing is parted any more; it sounds the same.
    pair.assert_reports(&text);
}

#[test]
fn the_examples_sound_the_same_on_two_processors() {
    let stage = Stage::new();
    let mut parted = 0;
    for (name, graph) in stage::examples() {
        let Some(job) = stage.example_job(&graph) else {
            continue;
        };
        let mut pair = Pair::new(&stage, &graph, &job, false);
        pair.run((0..200).map(|n| 1 + n * 37 % 256), &name);
        pair.assert_reports(&name);
        parted += usize::from(pair.parted > 0);
    }
    assert!(parted > 2, "{parted} examples have branches");
}

const THROUGH: &[&str] = &[
    "gain",
    "gain level=-6",
    "delay time=7",
    "equaliser band1_gain=6",
    "compressor threshold=-30",
    "limiter",
    "chorus",
    "reverb",
    "guard",
    "spectrum",
    "channel_mapper",
    "quality_injector",
    "rate_converter",
];
const SOURCES: &[&str] = &[
    "tone",
    "tone waveform=saw",
    "tone rate='44100'",
    "noise",
    "count samples=2000",
];

/// Rows of filters into a mixer, some parted on their way.
fn random_graph(dice: &mut Dice) -> String {
    let mut text = vec![];
    for row in 0..1 + dice.roll(6) {
        let mut chain = vec![format!("s{row}:{}", dice.one(SOURCES))];
        for at in 0..dice.roll(5) {
            chain.push(format!("f{row}_{at}:{}", dice.one(THROUGH)));
        }
        chain.push(format!("r{row}:rate_converter"));
        if dice.roll(3) == 0 {
            chain.push(format!("p{row}:splitter"));
            text.push(format!("p{row} -> g{row}:{} -> mixer", dice.one(THROUGH)));
        }
        text.insert(0, format!("{} -> mixer", chain.join(" -> ")));
    }
    let through = dice.one(THROUGH);
    text.push(format!("mixer -> {through} -> audio_device_out"));
    text.join("; ")
}

#[test]
fn whatever_happens_to_a_graph_two_processors_give_what_one_gives() {
    const SEED: u64 = 0x15_1A2D;
    println!("seed {SEED:#x}");
    let stage = Stage::new();
    let mut dice = Dice(SEED);
    let (mut tried, mut refused, mut parted, mut audible) = (0, 0, 0, 0);
    while tried < 120 {
        let text = random_graph(&mut dice);
        let graph = stage.graph(&text);
        let (Some(job), other) = (stage.example_job(&graph), random_graph(&mut dice)) else {
            refused += 1;
            assert!(refused < 500, "most are agreed");
            continue;
        };
        let what = format!("seed {SEED:#x}, graph {tried}: {text}");
        let mut pair = Pair::new(&stage, &graph, &job, tried % 2 == 0);
        let mut what = what;
        let entries: Vec<u32> = pair.two.built.open.values().map(|it| it.entry).collect();
        for cycle in 0..40 {
            let entry = dice.one(&entries);
            let act = dice.roll(12);
            let named = pair.two.built.open.iter().find(|it| it.1.entry == entry);
            what += &format!("; {act} to {:?}", named.map(|it| it.0));
            match act {
                0 => pair.send(|_| Message::Panic),
                1 => {
                    let state = dice.one(&[State::Stop, State::Pause, State::Run]);
                    let pin = None;
                    pair.send(|_| Message::Limit { entry, pin, state });
                }
                2 => {
                    let state = dice.one(&[State::Stop, State::Acquire, State::Pause]);
                    pair.send(|_| Message::State(state));
                    pair.run([64], &what);
                    pair.send(|_| Message::State(State::Run));
                }
                3 => {
                    let to = dice.roll(100_000) as u64;
                    pair.send(|_| Message::Seek(to));
                }
                4 => {
                    let wire = dice.roll(2) == 0;
                    let ids = pair.two.built.map.wires().count();
                    let at = dice.roll(ids.max(1));
                    pair.send(|it| Message::Tap(it.built.map.identity(at).filter(|_| wire)));
                }
                _ => {
                    let (property, value) = (dice.roll(6) as u16, dice.roll(2) as f64);
                    what += &format!(" {property}={value}");
                    pair.send(|_| Message::Set {
                        entry,
                        property,
                        value,
                    });
                }
            }
            if cycle == 20
                && let Some(job) = stage.example_job(&stage.graph(&other))
            {
                pair.two.change(&job);
                pair.one.change(&job);
                // Another graph: its sinks have other places.
                pair.sinks.clear();
            }
            pair.run([1 + dice.roll(256)], &what);
        }
        pair.assert_reports(&what);
        parted += usize::from(pair.parted > 0);
        audible += usize::from(pair.peak > AUDIBLE);
        tried += 1;
    }
    println!("{tried} tried, {refused} refused, {parted} parted, {audible} heard");
    assert!(parted > 60 && audible > 60, "{parted}, {audible}");
}
