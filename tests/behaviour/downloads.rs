//! Sounds that are downloaded into a synthesizer of a graph: who plays them, and how long they last.

use std::sync::Arc;

use ksgraph::engine::{Job, Offline, opened_number};
use ksgraph::graph::Graph;
use ksgraph::ks::{KernelEvent, time_from_sample};
use serde_json::{Value as Json, json};

use crate::desk::Desk;
use crate::stage::{Stage, feeds, path, peak, set};

fn words(all: &[u32]) -> Vec<u8> {
    all.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn halves(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|it| it.to_le_bytes()).collect()
}

/// A wave that stands still at a height, looped.
fn wave(height: u16) -> Vec<u8> {
    let format = [
        halves(&[1, 1]),
        words(&[48_000, 96_000]),
        halves(&[2, 16, 0, 0]),
    ];
    let head = [words(&[0, 0, 1]), format.concat()].concat();
    let data = [words(&[80]), halves(&[height; 40])].concat();
    let size = 24 + head.len() + data.len();
    let table = [2, 5, 2, size as u32, 24, 24 + head.len() as u32];
    [words(&table), head, data].concat()
}

/// A patch that plays it on all keys.
fn instrument(patch: u32) -> Vec<u8> {
    let region = [
        halves(&[0, 127, 0, 127, 1, 0]),
        words(&[0, 0, 0, 0, 1, 5, 20, 60, 0, 0, 1]),
        words(&[16, 0, 10, 20]),
    ]
    .concat();
    let size = 24 + 24 + region.len() as u32;
    [
        words(&[3, 6, 2, size, 24, 48]),
        words(&[patch, 1, 0, 0, 0, 0]),
        region,
    ]
    .concat()
}

/// Notes of the first channel, each an eighth of a second.
fn notes(job: &mut Job, graph: &Graph) {
    let events = (0..400_u64).map(|n| {
        let status = if n % 2 == 0 { 0x90 } else { 0x80 };
        KernelEvent::new(time_from_sample(n * 6_000, 48_000), &[status, 60, 100]).unwrap()
    });
    let events: Arc<[KernelEvent]> = events.collect();
    job.feeds = feeds(graph, &events);
}

/// The loudest of the last of so many seconds.
fn loud(offline: &mut Offline, graph: &Graph, seconds: usize) -> f32 {
    let sink = path(graph, "r");
    let mut loudest = 0.0_f32;
    for cycle in 0..100 * seconds {
        offline.cycle(480).unwrap();
        let heard = offline.heard(&sink).unwrap().0.channel(0).to_vec();
        if cycle >= 100 * (seconds - 1) {
            loudest = loudest.max(peak(std::slice::from_ref(&heard)));
        }
    }
    loudest
}

#[test]
fn what_is_downloaded_lasts_as_long_as_its_filter_and_its_wire() {
    let stage = Stage::new();
    let text = "k:keyboard -> s:dls_synth -> r:null_renderer";
    let mut graph = stage.graph(text);
    let at = path(&graph, "s");
    let job = |graph: &Graph| {
        let mut job = stage.job(graph);
        notes(&mut job, graph);
        job
    };
    let mut offline = Offline::new(&stage.catalogue, &job(&graph), 480);
    let bank = loud(&mut offline, &graph, 1);
    assert!(bank > 0.02, "{bank}");
    // Silence in place of the piano.
    let memory = offline.built.open[&at].memory.clone().unwrap();
    let pin = opened_number(0, 0);
    memory.download(pin, &wave(0)).unwrap();
    memory.download(pin, &instrument(0)).unwrap();
    assert!(loud(&mut offline, &graph, 5) < 0.01 * bank);
    // It is opened anew, and finds them.
    let since = offline.built.open[&at].since;
    set(&mut graph, "s", "polyphony", "100");
    offline.change(&job(&graph));
    assert_ne!(offline.built.open[&at].since, since);
    assert!(loud(&mut offline, &graph, 5) < 0.01 * bank);
    // Without the wire that brought them they are gone.
    let bare = stage.graph("k:keyboard; s:dls_synth -> r:null_renderer");
    offline.change(&job(&bare));
    offline.cycle(480).unwrap();
    offline.change(&job(&graph));
    let again = loud(&mut offline, &graph, 5);
    assert!((again / bank - 1.0).abs() < 0.5, "{again} {bank}");
}

const METRONOME: &str = r#"(kind: "ksgraph", version: 1, next_id: 4, filters: [
    (id: 1, key: "metronome", name: "Metronome", at: (0, 0)),
    (id: 2, key: "dls_synth", name: "DLS Synth", at: (240, 0)),
    (id: 3, key: "null_renderer", name: "Null Renderer", at: (480, 0)),
], connections: [(from: "1.notes", to: "2.notes"), (from: "2.out", to: "3.in")])"#;

/// Bytes as a script writes them.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn dls_download_property_of_a_graph_that_plays() {
    let desk = Desk::new("downloads");
    std::fs::write(desk.path("graph.ron"), METRONOME).unwrap();
    let ask = |lines: &[Json]| {
        let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let done = desk.fed(&["ks"], &input);
        let answers = done.text.lines().filter(|line| line.starts_with('{'));
        let answers: Vec<Json> = answers
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(answers.len(), lines.len(), "{}", done.text);
        answers
    };
    let open = json!({"op": "graph", "file": "graph.ron"});
    let opened = ask(std::slice::from_ref(&open)).remove(0);
    let wire = &opened["wires"][0];
    let pin = wire["to"]["object"].as_u64().unwrap();
    let call = |id: u32, verb: &str, instance: &[u8], data: &[u8]| {
        json!({"op": "property", "object": pin, "set": "synth_dls", "id": id, "node": 1, "verb": verb,
            "instance": hex(instance), "data": hex(data)})
    };
    let sent = |bytes: &[u8]| [words(&[bytes.len() as u32, 0]), bytes.to_vec()].concat();
    let stats = json!({"op": "property", "object": pin, "set": "synth", "id": 7, "node": 1});
    let run = json!({"op": "state", "to": "run"});
    let on = json!({"op": "advance", "by": 20_000_000});
    let kit = 1 << 31;
    let peak_of = |answer: &Json| {
        let bytes = answer["data"].as_str().unwrap();
        let bytes = &bytes[48..56];
        let number = u32::from_str_radix(bytes, 16).unwrap().swap_bytes();
        number as i32
    };
    let heard = ask(&[open.clone(), run.clone(), on.clone(), stats.clone()]);
    assert_eq!(heard[1]["status"], "SUCCESS", "{heard:?}");
    let clicks = peak_of(&heard[3]);
    assert!(clicks > -4_000, "{clicks}: {heard:?}");
    let silent = [
        open.clone(),
        call(0, "get", &sent(&wave(0)), &[]),
        call(0, "get", &sent(&instrument(kit)), &[]),
        run.clone(),
        on.clone(),
        stats.clone(),
    ];
    let heard = ask(&silent);
    assert_eq!(heard[2]["status"], "SUCCESS", "{}", heard[2]);
    assert_eq!(peak_of(&heard[5]), -20_000, "{heard:?}");
    let handle = 2_u64.to_le_bytes();
    let unload = call(1, "set", &[], &handle);
    let lines = [&silent[..5], &[unload, on, stats]].concat();
    let heard = ask(&lines);
    assert_eq!(heard[5]["status"], "SUCCESS", "{}", heard[5]);
    assert_eq!(peak_of(&heard[7]), clicks, "the bank's kit again");
    // A millisecond behind a beat its voice sounds: the unload is completed when that is over.
    let fired = json!({"op": "fired"});
    let beat = json!({"op": "advance", "by": 20_010_000});
    let later = json!({"op": "advance", "by": 1_000_000});
    let unload = call(1, "set", &[], &handle);
    let heard = ask(&[
        open,
        call(0, "get", &sent(&wave(8_000)), &[]),
        call(0, "get", &sent(&instrument(kit)), &[]),
        run,
        beat,
        unload.clone(),
        fired.clone(),
        unload,
        later,
        fired,
    ]);
    assert_eq!(heard[5]["status"], "PENDING", "{}", heard[5]);
    assert_eq!(heard[6]["completed"], json!([]));
    assert_eq!(heard[7]["status"], "UNSUCCESSFUL", "it is on its way");
    let done = &heard[9]["completed"][0];
    assert_eq!(
        (&done["object"], &done["request"]),
        (&json!(pin), &json!(2))
    );
    assert_eq!(done["status"], "SUCCESS");
}
