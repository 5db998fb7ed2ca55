//! Latency along the ways of a graph, and ways that wait for each other where they meet.

use std::collections::BTreeMap;
use std::sync::Arc;

use ksgraph::engine::{Job, Offline};
use ksgraph::graph::{FilterPath, Graph, from_ron, to_ron};
use ksgraph::ks::{
    DataRange, Descriptor, Filter, Flow, Io, KernelEvent, OpenError, Opened, Opening, PinFactory,
    Processor, sample_from_time, time_from_sample,
};

use super::support::{agree, catalogue, graph};

/// A dry way beside one through a limiter that looks ahead.
const BRANCHES: &str =
    "noise:n level=-30 -> splitter:s -> limiter:l -> mixer:m -> null_renderer:r; s -> m";
/// Both ways through the same limiter.
const EQUAL: &str = "noise:n level=-30 -> splitter:s -> limiter:l -> mixer:m -> null_renderer:r; \
                     s -> limiter:k -> m";

fn open(graph: &Graph) -> Offline {
    let catalogue = catalogue();
    let wiring = agree(&catalogue, graph);
    let job = Job {
        wiring,
        ..Job::default()
    };
    Offline::new(&catalogue, &job, 1_000)
}

fn hear(graph: &Graph, lens: &[usize]) -> Vec<f32> {
    let mut offline = open(graph);
    let sink = FilterPath::of(graph.find("r").unwrap());
    let mut heard = vec![];
    for len in lens {
        offline.cycle(*len).unwrap();
        heard.extend_from_slice(offline.heard(&sink).unwrap().0.channel(0));
    }
    heard
}

fn branches(compensates: bool) -> Graph {
    let mut graph = graph(&catalogue(), BRANCHES);
    graph.timing.compensates = compensates;
    graph
}

#[test]
fn ways_that_meet_wait_for_each_other_bit_for_bit() {
    let lens = [480, 1, 1_000, 519, 1_000, 1_000];
    let heard = hear(&branches(true), &lens);
    let wanted = hear(&graph(&catalogue(), EQUAL), &lens);
    assert!(wanted.iter().any(|sample| sample.abs() > 0.01));
    assert!(heard == wanted, "the dry way is as late as the other");
    assert!(
        hear(&branches(false), &lens) != wanted,
        "unless it is not wished"
    );
    let whole = hear(&branches(true), &[1_000; 4]);
    assert!(whole == heard, "however it is cut");
}

#[test]
fn every_wire_knows_its_latency_and_what_waits_on_it() {
    for compensates in [false, true] {
        let graph = branches(compensates);
        let offline = open(&graph);
        let built = &offline.built;
        let ahead = built.open[&FilterPath::of(graph.find("l").unwrap())].latency_samples;
        assert!(ahead > 0);
        let latency = |from: &str, to: &str| {
            let wire = built.map.wires().position(|(a, b)| {
                (a.filter.0.last().copied(), b.filter.0.last().copied())
                    == (graph.find(from), graph.find(to))
            });
            built.map.latency(wire.unwrap()).unwrap()
        };
        assert_eq!(latency("n", "s"), (0, 0));
        assert_eq!(latency("s", "l"), (0, 0));
        assert_eq!(latency("l", "m"), (ahead, 0));
        let waits = if compensates { ahead } else { 0 };
        assert_eq!(latency("s", "m"), (0, waits));
        assert_eq!(latency("m", "r"), (ahead, 0), "the total at the sink");
    }
}

#[test]
fn the_wish_stands_in_the_file_and_so_does_the_clock() {
    use ksgraph::graph::{FilterId, Master};
    let mut graph = branches(true);
    for master in [
        Master::Automatic,
        Master::System,
        Master::Filter(FilterPath::from(vec![FilterId(2), FilterId(7)])),
    ] {
        graph.timing.master = master;
        graph.timing.full_quality = !graph.timing.full_quality;
        let text = to_ron(&graph);
        let read = from_ron(text.as_bytes(), "test").unwrap().graph;
        assert_eq!(read.timing, graph.timing, "{text}");
    }
    let text = to_ron(&graph).replace("clock: \"2/7\"", "clock: \"soon\"");
    let error = from_ron(text.as_bytes(), "test").unwrap_err().to_string();
    assert!(
        error.contains("clock") && error.contains("system"),
        "{error}"
    );
}

/// Writes a sample of 1 where a note comes, into the sound that passes.
struct Clicks;

const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::input("notes", DataRange::EVENTS),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
static CLICKS: Descriptor = Descriptor::new("clicks", "Clicks", &[], PINS, &[]);

impl Filter for Clicks {
    fn descriptor(&self) -> &Descriptor {
        &CLICKS
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Self))
    }
}

impl Processor for Clicks {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let notes = io.inputs.iter().find(|it| it.factory == 1);
        let notes = notes.map_or(&[][..], |it| it.events());
        for channel in io.outputs[0].channels_mut() {
            for note in notes {
                let at = sample_from_time(note.time, io.rate_hz) - io.position;
                channel[at as usize] = 1.0;
            }
        }
        Flow::Running
    }
}

/// The samples at which a note is heard, with notes at `at` beside silence through a limiter that looks ahead.
fn clicks(compensates: bool, at: &[u64], quantum: usize) -> (usize, Vec<u64>) {
    let mut catalogue = catalogue();
    catalogue.register(Arc::new(Clicks)).unwrap();
    let text =
        "noise:n level=-200 -> limiter:l -> clicks:c -> null_renderer:r; keyboard:k -> c.notes";
    let mut graph = graph(&catalogue, text);
    graph.timing.compensates = compensates;
    let notes = at.iter().map(|&sample| {
        let time = time_from_sample(sample, 48_000);
        KernelEvent::new(time, &[0x90, 60, 100]).unwrap()
    });
    let keyboard = FilterPath::of(graph.find("k").unwrap());
    let job = Job {
        wiring: agree(&catalogue, &graph),
        feeds: BTreeMap::from([(keyboard, notes.collect())]),
        ..Job::default()
    };
    let mut offline = Offline::new(&catalogue, &job, quantum);
    let ahead = offline.built.open[&FilterPath::of(graph.find("l").unwrap())].latency_samples;
    let sink = FilterPath::of(graph.find("r").unwrap());
    let mut heard = vec![];
    while heard.len() < 4_000 {
        offline.cycle(quantum).unwrap();
        heard.extend_from_slice(offline.heard(&sink).unwrap().0.channel(0));
    }
    let loud = heard.iter().enumerate().filter(|(_, it)| **it == 1.0);
    (ahead, loud.map(|(sample, _)| sample as u64).collect())
}

#[test]
fn notes_wait_for_the_sound_they_meet_to_the_sample_at_any_quantum() {
    let at = [0, 1, 63, 64, 700, 999, 1_000, 1_001, 2_047, 2_048, 3_000];
    for quantum in [1, 7, 64, 1_000, 2_048] {
        let (ahead, heard) = clicks(false, &at, quantum);
        assert!(ahead > 100);
        assert_eq!(heard, at, "as they come, {quantum}");
        let (_, heard) = clicks(true, &at, quantum);
        let wanted = at.map(|sample| sample + ahead as u64);
        assert_eq!(heard, wanted, "with the sound, {quantum}");
    }
}

/// A loop that sounds, a dry way, and one that looks ahead; all of them meet, and are late by an echo and a room.
const KNOT: &str = "noise:n level=-30 -> splitter:s -> limiter:l -> mixer:m -> delay:d time=13 feedback=40 mix=50 -> \
                    reverb:v mix=30 decay=0.4 -> chorus:c -> limiter:k -> null_renderer:r; \
                    s -> mixer:w -> feedback_send:f -> m; f.send -> feedback_return:b.return delay=97 level=-6; b -> w; \
                    clock_source:o speed=300 -> clock_slave:q.clock; s -> q.in; q -> m";

#[test]
fn loops_echoes_and_ways_that_wait_are_the_same_at_any_quantum() {
    for compensates in [false, true] {
        let mut graph = graph(&catalogue(), KNOT);
        graph.timing.compensates = compensates;
        let sink = FilterPath::of(graph.find("r").unwrap());
        let hear = |quantum: usize| {
            let catalogue = catalogue();
            let job = Job {
                wiring: agree(&catalogue, &graph),
                ..Job::default()
            };
            let mut offline = Offline::new(&catalogue, &job, quantum);
            let mut heard = vec![];
            while heard.len() < 20_000 {
                offline.cycle(quantum).unwrap();
                heard.extend_from_slice(offline.heard(&sink).unwrap().0.channel(0));
            }
            heard.truncate(20_000);
            heard
                .iter()
                .map(|sample| sample.to_bits())
                .collect::<Vec<u32>>()
        };
        let wanted = hear(1);
        assert!(wanted.iter().any(|bits| f32::from_bits(*bits).abs() > 0.01));
        for quantum in [7, 64, 1_000, 2_048] {
            assert!(hear(quantum) == wanted, "{quantum}, {compensates}");
        }
    }
}
