//! Surgical states: a filter or a pin held back while the rest runs. What waits, what is kept, what is dropped, nothing that
//! clicks, and the same samples however the run is cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ksgraph::engine::{Held, Limits, Message, Offline, Report};
use ksgraph::graph::{Graph, PinAddress};
use ksgraph::ks::ids::{Guid, category};
use ksgraph::ks::{
    Communication, DataRange, Descriptor, Filter, Flow, Io, OpenError, Opened, Opening, PinFactory,
    Processor, State, Status,
};

use crate::stage::{
    AUDIBLE, Stage, assert_same_bits, even, hear, largest_step, path, peak, uneven,
};

/// What is held back at a sample: a filter, or one of its pins, by name.
type Cut<'a> = (usize, &'a str, Option<&'a str>, State);

/// Frames of a push wire until another count is agreed, and samples of each.
const FRAMES: usize = 2;
const FRAME: usize = 480;

fn entry(offline: &Offline, graph: &Graph, name: &str) -> u32 {
    offline.built.open[&path(graph, name)].entry
}

/// Tells the engine how far a filter or its pin may go.
fn limit(offline: &mut Offline, stage: &Stage, graph: &Graph, cut: &Cut<'_>) {
    let (_, name, pin, state) = cut;
    let id = path(graph, name);
    let key = &graph.filter(*id.0.last().unwrap()).unwrap().key;
    let descriptor = stage.catalogue.get(key).unwrap().descriptor().clone();
    let pin = pin.map(|pin| {
        let (factory, instance) = pin.split_once('#').unwrap_or((pin, "0"));
        let (factory, _) = descriptor.pin(factory).unwrap();
        (factory as u16, instance.parse().unwrap())
    });
    let entry = entry(offline, graph, name);
    let state = *state;
    offline.send(Message::Limit { entry, pin, state });
}

/// Runs a graph with states changed on the way; what `sink` took.
fn play(
    offline: &mut Offline,
    stage: &Stage,
    graph: &Graph,
    sink: &str,
    cuts: &[Cut<'_>],
    lens: &[usize],
) -> Vec<Vec<f32>> {
    let sink = path(graph, sink);
    let mut heard: Vec<Vec<f32>> = vec![];
    let (mut at, mut next) = (0, 0);
    for &len in lens {
        let mut left = len;
        while left > 0 {
            while let Some(cut) = cuts.get(next).filter(|cut| cut.0 == at) {
                limit(offline, stage, graph, cut);
                next += 1;
            }
            let until = cuts.get(next).map_or(left, |cut| left.min(cut.0 - at));
            let more = hear(offline, &sink, &[until]);
            heard.resize(more.len(), vec![]);
            for (list, samples) in heard.iter_mut().zip(more) {
                list.extend(samples);
            }
            at += until;
            left -= until;
        }
    }
    assert_eq!(next, cuts.len(), "every change was made");
    heard
}

fn held(offline: &Offline, graph: &Graph, from: (&str, &str), to: (&str, &str)) -> Held {
    let pin = |(name, pin): (&str, &str)| {
        let (pin, instance) = pin.split_once('#').unwrap_or((pin, "0"));
        PinAddress {
            filter: path(graph, name),
            pin: pin.into(),
            instance: instance.parse().unwrap(),
        }
    };
    let wire = offline.built.wires[&(pin(from), pin(to))];
    let states = offline.built.states.as_ref().unwrap();
    states.held(wire, offline.cells().cycles())
}

fn state(offline: &Offline, graph: &Graph, name: &str, pin: &str) -> State {
    let pin = PinAddress {
        filter: path(graph, name),
        pin: pin.into(),
        instance: 0,
    };
    let states = offline.built.states.as_ref().unwrap();
    states.state(offline.built.pins[&pin])
}

/// A rising source that counts what it was asked for. `pull`: its output waits to be asked.
struct Counted {
    descriptor: Descriptor,
    made: Arc<AtomicU64>,
}

const PUSHED: &[PinFactory] = &[PinFactory::output("out", DataRange::FLOAT)];
const PULLED: &[PinFactory] =
    &[PinFactory::output("out", DataRange::FLOAT).communication(Communication::Sink)];
const AUDIO: &[Guid] = &[category::AUDIO, category::SYNTHESIZER];

impl Counted {
    fn new(key: &'static str, pins: &'static [PinFactory]) -> (Self, Arc<AtomicU64>) {
        let made = Arc::new(AtomicU64::new(0));
        let descriptor = Descriptor::new(key, key, AUDIO, pins, &[]);
        let counted = Self {
            descriptor,
            made: Arc::clone(&made),
        };
        (counted, made)
    }
}

impl Filter for Counted {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        let made = Arc::clone(&self.made);
        Ok(Opened::processor(Counting { made, at: 0 }).endless())
    }
}

struct Counting {
    made: Arc<AtomicU64>,
    at: u64,
}

impl Processor for Counting {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        assert_eq!(io.position, self.at, "its time stands still while it waits");
        for channel in io.outputs[0].channels_mut() {
            for (sample, at) in channel.iter_mut().zip(self.at + 1..) {
                *sample = at as f32 * 1e-6;
            }
        }
        self.at += io.len as u64;
        self.made.store(self.at, Ordering::SeqCst);
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.at = 0;
        }
    }
}

/// The stage with both of them, and what they made.
fn counting_stage() -> (Stage, Arc<AtomicU64>, Arc<AtomicU64>) {
    let (pushed, push) = Counted::new("pushed", PUSHED);
    let (pulled, pull) = Counted::new("pulled", PULLED);
    let mut stage = Stage::new();
    stage.catalogue.register(Arc::new(pushed)).unwrap();
    stage.catalogue.register(Arc::new(pulled)).unwrap();
    (stage, push, pull)
}

/// `1 2 3 ...` in millionths, so many, from `first` on.
fn rising(first: usize, count: usize) -> Vec<f32> {
    (first..first + count).map(|n| n as f32 * 1e-6).collect()
}

#[test]
fn a_push_source_runs_until_its_frames_are_out_then_waits_and_nothing_is_lost() {
    for lens in [
        even(12_000, 64),
        even(12_000, 1000),
        uneven(12_000, 2048, 5),
    ] {
        let (stage, made, _) = counting_stage();
        let graph = stage.graph("pushed -> gain level=0 -> null_renderer");
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 2048);
        let wire = (("gain", "out"), ("null_renderer", "in"));
        let pause = (2000, "null_renderer", Some("in"), State::Pause);
        let first = lens.iter().scan(0, |at, len| {
            *at += len;
            Some(*at)
        });
        let until = first.take_while(|at| *at <= 8000).count();
        let heard = play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &[pause],
            &lens[..until],
        );
        let played: usize = lens[..until].iter().sum();
        assert_eq!(heard[0][..2000], rising(1, 2000));
        assert!(
            heard[0][2000..].iter().all(|it| *it == 0.0),
            "nothing is taken"
        );
        let out = 2000 + FRAMES * FRAME;
        assert_eq!(
            made.load(Ordering::SeqCst),
            out as u64,
            "two frames went out"
        );
        let now = held(&offline, &graph, wire.0, wire.1);
        assert_eq!(
            (now.held, now.frames, now.is_waiting, now.dropped),
            (2, 2, true, 0)
        );
        assert_eq!(state(&offline, &graph, "null_renderer", "in"), State::Pause);
        assert_eq!(state(&offline, &graph, "gain", "out"), State::Run);
        let waited = now.requests;
        // It goes on: late, in order, whole.
        let run = (0, "null_renderer", Some("in"), State::Run);
        let more = play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &[run],
            &lens[until..],
        );
        let rest = 12_000 - played;
        assert_eq!(more[0], rising(2001, rest));
        assert_eq!(made.load(Ordering::SeqCst), (out + rest) as u64);
        let now = held(&offline, &graph, wire.0, wire.1);
        assert!(now.requests > waited && !now.is_waiting);
    }
}

#[test]
fn a_pull_source_is_not_called_at_all_while_nobody_asks() {
    let (stage, _, made) = counting_stage();
    let graph = stage.graph("pulled -> gain level=0 -> null_renderer");
    let wire = (("pulled", "out"), ("gain", "in"));
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let pause = (2000, "gain", Some("in"), State::Pause);
    let heard = play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &[pause],
        &even(8000, 64),
    );
    assert_eq!(heard[0][..2000], rising(1, 2000));
    assert!(heard[0][2000..].iter().all(|it| *it == 0.0));
    assert_eq!(made.load(Ordering::SeqCst), 2000, "not a sample more");
    let now = held(&offline, &graph, wire.0, wire.1);
    assert_eq!((now.held, now.frames, now.is_waiting), (0, 0, false));
    // 2000 samples are 31 cycles and a piece.
    assert_eq!(now.requests, 32, "the sink asked once a cycle while it ran");
    let run = (0, "gain", Some("in"), State::Run);
    let more = play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &[run],
        &even(2000, 64),
    );
    assert_eq!(more[0], rising(2001, 2000));
}

#[test]
fn a_pull_wire_behind_a_filter_that_waits_gives_nothing_either() {
    let (stage, _, made) = counting_stage();
    let graph = stage.graph("pulled -> gain level=0 -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let pause = (640, "null_renderer", None, State::Pause);
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &[pause],
        &even(6400, 64),
    );
    // What the gain could still push; then it asks no more.
    let out = 640 + FRAMES * FRAME;
    assert_eq!(made.load(Ordering::SeqCst), out as u64);
}

#[test]
fn the_example_shows_both_and_pauses_each_sink_alone() {
    let stage = Stage::new();
    let mut examples = crate::stage::examples().into_iter();
    let (_, graph) = examples.find(|(name, _)| name == "push_and_pull").unwrap();
    let job = stage.example_job(&graph).unwrap();
    let mut offline = Offline::rehearse(&stage.catalogue, &job, 256);
    let cuts = [
        (4800, "Push Sink", Some("in"), State::Pause),
        (4800, "Pull Sink", Some("in"), State::Pause),
    ];
    let sink = "Audio Device Out";
    let heard = play(&mut offline, &stage, &graph, sink, &cuts, &even(9600, 64));
    assert!(peak(&heard) > AUDIBLE);
    let push = held(
        &offline,
        &graph,
        ("Push Source", "out"),
        ("Push Sink", "in"),
    );
    let pull = held(
        &offline,
        &graph,
        ("Pull Source", "out"),
        ("Pull Sink", "in"),
    );
    assert_eq!((push.held, push.frames, push.is_waiting), (2, 2, true));
    assert_eq!((pull.held, pull.frames, pull.is_waiting), (0, 0, false));
    let more = play(&mut offline, &stage, &graph, sink, &[], &even(4800, 64));
    assert_eq!(
        peak(&more),
        0.0,
        "both are silent, and nothing moves any more"
    );
    let still = |before: Held, from: (&str, &str), to: (&str, &str)| {
        assert_eq!(held(&offline, &graph, from, to).requests, before.requests);
    };
    still(push, ("Push Source", "out"), ("Push Sink", "in"));
    still(pull, ("Pull Source", "out"), ("Pull Sink", "in"));
}

#[test]
fn the_rest_plays_on_bit_for_bit() {
    let stage = Stage::new();
    let text = "tone frequency=441 -> splitter -> null_renderer; splitter -> gain -> b:null_renderer; \
                c:tone frequency=600 -> d:null_renderer";
    let graph = stage.graph(text);
    let lens = uneven(20_000, 700, 3);
    let whole = stage.render("tone frequency=441 -> splitter -> null_renderer", &lens);
    let cuts = [
        (3000, "gain", None, State::Pause),
        (6000, "c", None, State::Stop),
        (9000, "gain", None, State::Run),
        (12_000, "b", Some("in"), State::Acquire),
        (15_000, "c", None, State::Run),
    ];
    for is_live in [false, true] {
        let start = if is_live {
            Offline::rehearse
        } else {
            Offline::new
        };
        let mut offline = start(&stage.catalogue, &stage.job(&graph), 700);
        let heard = play(&mut offline, &stage, &graph, "null_renderer", &cuts, &lens);
        assert_same_bits(&heard, &whole, "the branch that nobody touched");
    }
}

/// Graphs with what is held back in them, heard at `null_renderer`.
const OPERATIONS: &[(&str, &str, &[Cut<'static>])] = &[
    (
        "a sink",
        "tone frequency=441 level=-20 -> null_renderer",
        &[
            (5000, "null_renderer", None, State::Pause),
            (9001, "null_renderer", None, State::Run),
        ],
    ),
    (
        "a source",
        "tone frequency=441 level=-20 -> gain -> null_renderer",
        &[
            (5000, "tone", None, State::Pause),
            (9001, "tone", None, State::Run),
        ],
    ),
    (
        "a filter between",
        "tone frequency=441 level=-20 -> gain -> null_renderer",
        &[
            (5000, "gain", None, State::Acquire),
            (9001, "gain", None, State::Run),
        ],
    ),
    (
        "one input of a mixer",
        "tone frequency=441 level=-20 -> mixer -> null_renderer; b:tone frequency=330 level=-20 -> mixer",
        &[
            (5000, "mixer", Some("in#1"), State::Pause),
            (9001, "mixer", Some("in#1"), State::Run),
        ],
    ),
    (
        "a branch between splitter and mixer",
        "tone frequency=441 level=-20 -> splitter -> mixer -> null_renderer; splitter -> gain -> mixer",
        &[
            (5000, "gain", None, State::Pause),
            (9001, "gain", None, State::Run),
        ],
    ),
    (
        "a branch at a mixer that is stopped and begins anew",
        "tone frequency=441 level=-20 -> mixer -> null_renderer; b:tone frequency=330 level=-20 -> mixer",
        &[
            (5000, "b", None, State::Stop),
            (9001, "b", None, State::Run),
        ],
    ),
    (
        "a wire of another rate",
        "tone rate='44100' frequency=441 level=-20 -> gain -> rate_converter -> null_renderer",
        &[
            (5000, "gain", None, State::Pause),
            (9001, "gain", None, State::Run),
        ],
    ),
    (
        "the end of a chain with another rate in it",
        "tone rate='44100' frequency=441 level=-20 -> gain -> rate_converter -> null_renderer",
        &[
            (5000, "null_renderer", None, State::Pause),
            (9001, "null_renderer", None, State::Run),
        ],
    ),
    (
        "a loop",
        "tone frequency=441 level=-30 -> mixer -> feedback_send -> null_renderer; \
         feedback_return delay=109 level=-6 -> mixer; feedback_send -> feedback_return",
        &[
            (5000, "feedback_return", None, State::Pause),
            (9001, "feedback_return", None, State::Run),
        ],
    ),
    (
        "a change of mind within the fade",
        "tone frequency=441 level=-20 -> null_renderer",
        &[
            (5000, "null_renderer", None, State::Pause),
            (5100, "null_renderer", None, State::Run),
            (5200, "null_renderer", None, State::Pause),
            (9001, "null_renderer", None, State::Run),
        ],
    ),
    (
        "two at once",
        "tone frequency=441 level=-20 -> gain -> mixer -> null_renderer; b:tone frequency=330 level=-20 -> mixer",
        &[
            (5000, "gain", None, State::Pause),
            (5000, "b", None, State::Stop),
            (7000, "null_renderer", Some("in"), State::Pause),
            (9001, "gain", None, State::Run),
            (9100, "b", None, State::Run),
            (9300, "null_renderer", Some("in"), State::Run),
        ],
    ),
];

#[test]
fn nothing_clicks() {
    let stage = Stage::new();
    for (what, text, cuts) in OPERATIONS {
        let graph = stage.graph(text);
        for offset in [0, 30, 55, 81] {
            let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&graph), 512);
            let sink = path(&graph, "null_renderer");
            hear(&mut offline, &sink, &even(2000 + offset, 64));
            let heard = play(
                &mut offline,
                &stage,
                &graph,
                "null_renderer",
                cuts,
                &even(16_000, 100),
            );
            // The steepest of two tones with two fades upon each other.
            let slope = 0.2 * std::f32::consts::TAU * 441.0 / 48_000.0;
            let allowed = (slope + 2.0 * 0.2 / FRAME as f32) * 1.01;
            let (step, at) = largest_step(&heard[0]);
            assert!(
                step <= allowed,
                "{what}: a step of {step} at {at}, {allowed} is allowed"
            );
            assert!(
                peak(&[heard[0][..5000].to_vec()]) > AUDIBLE,
                "{what}: it sounds before"
            );
            assert!(
                peak(&[heard[0][13_000..].to_vec()]) > AUDIBLE,
                "{what}: and after"
            );
        }
    }
}

#[test]
fn the_samples_are_the_same_for_any_cutting() {
    let stage = Stage::new();
    for (what, text, cuts) in OPERATIONS {
        let graph = stage.graph(text);
        for is_live in [false, true] {
            let render = |lens: &[usize]| {
                let start = if is_live {
                    Offline::rehearse
                } else {
                    Offline::new
                };
                let mut offline = start(&stage.catalogue, &stage.job(&graph), 2048);
                play(&mut offline, &stage, &graph, "null_renderer", cuts, lens)
            };
            let one = render(&even(16_000, 64));
            for lens in [
                even(16_000, 1000),
                uneven(16_000, 2048, 7),
                uneven(16_000, 90, 8),
            ] {
                assert_same_bits(&one, &render(&lens), &format!("{what}, live: {is_live}"));
            }
        }
    }
}

#[test]
fn what_a_branch_did_not_take_while_another_ran_is_dropped_and_time_is_kept() {
    let (stage, made, _) = counting_stage();
    let graph = stage.graph("pushed -> splitter -> null_renderer; splitter -> b:null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let cuts = [
        (1000, "b", None, State::Pause),
        (5000, "b", None, State::Run),
    ];
    let heard = play(&mut offline, &stage, &graph, "b", &cuts, &even(8000, 64));
    assert_eq!(
        made.load(Ordering::SeqCst),
        8000,
        "the source was never held"
    );
    assert_eq!(heard[0][..1000], rising(1, 1000));
    assert_eq!(
        heard[0][5000..],
        rising(5001, 3000),
        "both branches stay together"
    );
    // As long as there are frames nothing is dropped: it comes late.
    let cuts = [(0, "b", None, State::Pause), (700, "b", None, State::Run)];
    let heard = play(&mut offline, &stage, &graph, "b", &cuts, &even(2000, 64));
    assert_eq!(heard[0][700..], rising(8001, 1300));
}

#[test]
fn a_stop_gives_frames_back_and_begins_anew() {
    let (stage, made, _) = counting_stage();
    let graph = stage.graph("pushed -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let wire = (("pushed", "out"), ("null_renderer", "in"));
    let pause = [(640, "null_renderer", None, State::Pause)];
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &pause,
        &even(6400, 64),
    );
    assert_eq!(held(&offline, &graph, wire.0, wire.1).held, 2);
    let stop = [(0, "null_renderer", None, State::Stop)];
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &stop,
        &even(640, 64),
    );
    assert_eq!(
        held(&offline, &graph, wire.0, wire.1).held,
        0,
        "completed, empty"
    );
    let at = made.load(Ordering::SeqCst);
    let run = [(0, "null_renderer", None, State::Run)];
    let heard = play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &run,
        &even(640, 64),
    );
    assert_eq!(
        heard[0],
        rising(at as usize + 1, 640),
        "what was out is gone"
    );
    // And a source that was stopped begins at its own zero, which its processor asserts.
    let again = [
        (0, "pushed", None, State::Stop),
        (640, "pushed", None, State::Run),
    ];
    let heard = play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &again,
        &even(1280, 64),
    );
    assert_eq!(heard[0][640..], rising(1, 640));
    offline.send(Message::State(State::Stop));
    offline.cycle(64).unwrap();
    assert_eq!(offline.position(), 0);
}

#[test]
fn notes_are_released_where_their_source_is_held_back() {
    let stage = Stage::new();
    let graph = stage.graph("keyboard -> tone_synth -> null_renderer");
    for held_back in ["keyboard", "tone_synth"] {
        let mut job = stage.job(&graph);
        job.feeds = crate::stage::feeds(&graph, &crate::stage::held_note(10_000));
        let mut offline = Offline::rehearse(&stage.catalogue, &job, 512);
        let pause = [(9600, held_back, None, State::Pause)];
        let heard = play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &pause,
            &even(96_000, 480),
        );
        assert!(peak(&[heard[0][4800..9600].to_vec()]) > AUDIBLE);
        let tail = peak(&[heard[0][90_000..].to_vec()]);
        assert!(tail < AUDIBLE, "{held_back}: {tail} still sounds");
    }
}

#[test]
fn an_edit_leaves_what_is_held_as_it_is() {
    let (stage, made, _) = counting_stage();
    let graph = stage.graph("pushed -> null_renderer; tone -> b:null_renderer");
    let mut after = graph.clone();
    stage.add(&mut after, "tone2:tone -> gain -> c:null_renderer");
    for is_live in [false, true] {
        let start = if is_live {
            Offline::rehearse
        } else {
            Offline::new
        };
        let mut offline = start(&stage.catalogue, &stage.job(&graph), 64);
        let pause = [(640, "null_renderer", None, State::Pause)];
        let heard = play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &pause,
            &even(6400, 64),
        );
        let taken = if is_live { 640 + FRAME } else { 640 };
        assert_eq!(made.load(Ordering::SeqCst) as usize, taken + FRAMES * FRAME);
        assert!(heard[0][taken..].iter().all(|it| *it == 0.0));
        offline.change(&stage.job(&after));
        play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &[],
            &even(6400, 64),
        );
        assert_eq!(made.load(Ordering::SeqCst) as usize, taken + FRAMES * FRAME);
        let wire = (("pushed", "out"), ("null_renderer", "in"));
        assert_eq!(held(&offline, &after, wire.0, wire.1).held, 2);
        let run = [(0, "null_renderer", None, State::Run)];
        let heard = play(
            &mut offline,
            &stage,
            &after,
            "null_renderer",
            &run,
            &even(6400, 64),
        );
        let faded = if is_live { FRAME } else { 0 };
        assert_eq!(heard[0][faded..], rising(taken + 1 + faded, 6400 - faded));
    }
}

#[test]
fn a_limit_of_a_job_holds_from_the_beginning() {
    let (stage, made, _) = counting_stage();
    let graph = stage.graph("pushed -> null_renderer");
    let mut job = stage.job(&graph);
    let pins = [(("in".to_owned(), 0), State::Pause)].into();
    let limits = Limits {
        pins,
        ..Limits::default()
    };
    job.limits.insert(path(&graph, "null_renderer"), limits);
    let mut offline = Offline::new(&stage.catalogue, &job, 64);
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &[],
        &even(6400, 64),
    );
    assert_eq!(made.load(Ordering::SeqCst) as usize, FRAMES * FRAME);
    assert_eq!(state(&offline, &graph, "null_renderer", "in"), State::Pause);
}

/// Lets sound through, and refuses a state as often as it is told.
struct Refusing {
    refuses: Arc<AtomicU32>,
    status: Status,
    key: &'static str,
}

const THROUGH: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
static REFUSING: Descriptor = Descriptor::new("refusing", "Refusing", AUDIO, THROUGH, &[]);
static ABSENT: Descriptor = Descriptor::new("absent", "Absent", AUDIO, THROUGH, &[]);

impl Filter for Refusing {
    fn descriptor(&self) -> &Descriptor {
        if self.key == "absent" {
            &ABSENT
        } else {
            &REFUSING
        }
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Refuses {
            refuses: Arc::clone(&self.refuses),
            status: self.status,
        }))
    }
}

struct Refuses {
    refuses: Arc<AtomicU32>,
    status: Status,
}

impl Processor for Refuses {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        Flow::Running
    }

    fn may_enter(&mut self, state: State) -> Result<(), Status> {
        let refused = self.refuses.load(Ordering::SeqCst);
        if refused == state as u32 {
            Err(self.status)
        } else {
            Ok(())
        }
    }
}

fn refusing_stage() -> (Stage, Arc<AtomicU32>) {
    let refuses = Arc::new(AtomicU32::new(0));
    let mut stage = Stage::new();
    for (key, status) in [
        ("refusing", Status::InsufficientResources),
        ("absent", Status::DeviceNotReady),
    ] {
        let refuses = Arc::clone(&refuses);
        let filter = Refusing {
            refuses,
            status,
            key,
        };
        stage.catalogue.register(Arc::new(filter)).unwrap();
    }
    (stage, refuses)
}

#[test]
fn a_refusal_takes_back_in_reverse_order_what_had_moved_and_is_told() {
    let (stage, refuses) = refusing_stage();
    let graph = stage.graph("slope -> a:probe id=1 -> refusing -> b:probe id=2 -> null_renderer");
    let job = stage.job(&graph);
    for (refused, from) in [
        (State::Acquire, State::Stop),
        (State::Pause, State::Stop),
        (State::Run, State::Stop),
        (State::Run, State::Pause),
    ] {
        refuses.store(0, Ordering::SeqCst);
        let mut offline = Offline::new(&stage.catalogue, &job, 64);
        offline.send(Message::State(from));
        offline.cycle(64).unwrap();
        assert_eq!(offline.state(), from);
        offline.reports().for_each(drop);
        offline.steps().for_each(drop);
        refuses.store(refused as u32, Ordering::SeqCst);
        offline.send(Message::State(State::Run));
        offline.cycle(64).unwrap();
        assert_eq!(offline.state(), from, "where the request found it");
        let steps: Vec<_> = offline.steps().collect();
        let ups: Vec<_> = steps.iter().filter(|it| it.to > it.from).collect();
        let downs: Vec<_> = steps.iter().filter(|it| it.to < it.from).collect();
        assert!(!ups.is_empty());
        let place = |it: &ksgraph::engine::Stepped| (it.entry, it.factory, it.from.min(it.to));
        let up: Vec<_> = ups.iter().map(|it| place(it)).collect();
        let down: Vec<_> = downs.iter().rev().map(|it| place(it)).collect();
        assert_eq!(up, down, "back by the same way");
        let failed: Vec<_> = steps
            .iter()
            .filter(|it| it.status != Status::Success)
            .collect();
        assert_eq!(failed.len(), 1);
        assert_eq!(
            (failed[0].from, failed[0].to),
            (failed[0].from, failed[0].from)
        );
        let told = offline.reports().any(|report| {
            matches!(report, Report::Refused { state, status: Status::InsufficientResources, .. }
                if state == refused)
        });
        assert!(told);
        // Going down never stops, and what helps is to try again.
        refuses.store(0, Ordering::SeqCst);
        offline.send(Message::State(State::Run));
        offline.cycle(64).unwrap();
        assert_eq!(offline.state(), State::Run);
        offline.send(Message::State(State::Stop));
        refuses.store(2, Ordering::SeqCst);
        offline.cycle(64).unwrap();
        assert_eq!(offline.state(), State::Stop);
    }
}

#[test]
fn a_refusal_of_one_that_is_let_go_holds_only_that_one() {
    let (stage, refuses) = refusing_stage();
    let graph = stage.graph("slope -> refusing -> null_renderer; tone -> b:null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let stop = [(64, "refusing", None, State::Stop)];
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &stop,
        &even(640, 64),
    );
    refuses.store(State::Pause as u32, Ordering::SeqCst);
    let run = [(0, "refusing", None, State::Run)];
    let heard = play(&mut offline, &stage, &graph, "b", &run, &even(640, 64));
    assert!(peak(&heard) > AUDIBLE, "the rest runs");
    assert_eq!(offline.state(), State::Run);
    assert_eq!(state(&offline, &graph, "refusing", "in"), State::Stop);
    assert!(
        offline
            .reports()
            .any(|it| matches!(it, Report::Refused { .. }))
    );
    refuses.store(0, Ordering::SeqCst);
    let heard = play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &run,
        &even(640, 64),
    );
    assert!(heard[0].iter().any(|it| *it != 0.0));
}

#[test]
fn a_device_that_is_not_ready_keeps_only_its_own_pins_back() {
    let (stage, refuses) = refusing_stage();
    refuses.store(State::Acquire as u32, Ordering::SeqCst);
    let graph =
        stage.graph("slope -> splitter -> absent -> null_renderer; splitter -> b:null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let heard = play(&mut offline, &stage, &graph, "b", &[], &even(6400, 64));
    assert!(peak(&heard) > AUDIBLE);
    assert_eq!(offline.state(), State::Run);
    assert_eq!(state(&offline, &graph, "absent", "in"), State::Stop);
    let not_ready = offline
        .steps()
        .filter(|it| it.status == Status::DeviceNotReady);
    assert_eq!(not_ready.count(), 1, "told once");
}

/// Two inputs, of which the second asks to acquire behind what gives to it.
const ORDERED: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::input("late", DataRange::FLOAT).acquires_in_order(),
];
static ORDERLY: Descriptor = Descriptor::new("orderly", "Orderly", AUDIO, ORDERED, &[]);

struct Orderly;

impl Filter for Orderly {
    fn descriptor(&self) -> &Descriptor {
        &ORDERLY
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Sink))
    }
}

struct Sink;

impl Processor for Sink {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        Flow::Running
    }
}

#[test]
fn ord_1_a_pin_that_asks_for_it_acquires_behind_its_source_and_ord_3_orders_the_rest() {
    let mut stage = Stage::new();
    stage.catalogue.register(Arc::new(Orderly)).unwrap();
    let graph = stage.graph("a:slope -> orderly; b:slope -> orderly");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let names = |offline: &mut Offline, from: State, to: State| -> Vec<String> {
        let open = offline.built.open.clone();
        let mut names = vec![];
        for step in offline.steps().filter(|it| (it.from, it.to) == (from, to)) {
            let (path, _) = open.iter().find(|(_, it)| it.entry == step.entry).unwrap();
            let id = path.0.last().unwrap();
            names.push(format!("{}{}", graph.filters[id].name, step.factory));
        }
        names
    };
    let acquired = names(&mut offline, State::Stop, State::Acquire);
    assert_eq!(acquired, ["orderly0", "b0", "orderly1", "a0"], "ORD-1");
    offline.send(Message::State(State::Stop));
    offline.cycle(64).unwrap();
    offline.steps().for_each(drop);
    offline.send(Message::State(State::Run));
    offline.cycle(64).unwrap();
    let run = names(&mut offline, State::Pause, State::Run);
    assert_eq!(
        run,
        ["orderly0", "orderly1", "a0", "b0"],
        "sinks, then the older source"
    );
    offline.send(Message::State(State::Pause));
    offline.cycle(64).unwrap();
    let paused = names(&mut offline, State::Run, State::Pause);
    assert_eq!(
        paused,
        ["a0", "b0", "orderly0", "orderly1"],
        "sources first"
    );
}

#[test]
fn sta_5_the_same_state_again_is_no_step() {
    let stage = Stage::new();
    let graph = stage.graph("slope -> a:probe id=1 -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    offline.steps().for_each(drop);
    stage.steps.take();
    offline.send(Message::State(State::Run));
    let again = [(0, "a", None, State::Run), (0, "a", Some("in"), State::Run)];
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &again,
        &even(640, 64),
    );
    assert_eq!(offline.steps().count(), 0);
    assert!(stage.steps.take().is_empty());
}

#[test]
fn dsg_3_a_running_graph_that_is_destroyed_stops_its_filters() {
    let stage = Stage::new();
    let graph = stage.graph("slope -> a:probe id=1 -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    offline.cycle(64).unwrap();
    stage.steps.take();
    drop(offline);
    assert_eq!(stage.steps.take(), [4 + 2, 4 + 1, 4], "by single steps");
}

#[test]
fn sta_9_nothing_is_processed_below_run() {
    let (stage, made, _) = counting_stage();
    let graph = stage.graph("pushed -> null_renderer");
    for state in [State::Pause, State::Acquire, State::Stop] {
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
        let pause = [(640, "pushed", None, state)];
        play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &pause,
            &even(6400, 64),
        );
        assert_eq!(made.load(Ordering::SeqCst), 640, "{state:?}");
    }
}
