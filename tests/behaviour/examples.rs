//! The example graphs: each opens without a word, and is written back as it is.

use std::fs;

use ksgraph::graph::{
    Chosen, Connection, Edit, Graph, NodeKind, PinRef, Position, Wiring, apply, from_ron,
    negotiate, to_ron,
};
use ksgraph::ks::{DataFormat, Facts, FileFact, Value};

use crate::support::{catalogue, examples, is_kind, outcomes, refusals};

const NAMES: &[&str] = &[
    "analysis",
    "clocks",
    "dls_song",
    "effects",
    "feedback",
    "first_sound",
    "fm_song",
    "format_clinic",
    "lab_device",
    "metronome",
    "microphone",
    "midi_file",
    "mixer",
    "push_and_pull",
    "recorder",
    "splitter",
    "tone",
    "wave_player",
];

#[test]
fn every_example_is_text_identical_after_load_and_save() {
    for name in NAMES {
        let path = examples().join(format!("{name}.ron"));
        let text = fs::read_to_string(&path).unwrap();
        let loaded = from_ron(text.as_bytes(), name).unwrap();
        assert_eq!(loaded.warnings, [], "{name}");
        assert!(!loaded.graph.connections.is_empty());
        assert_eq!(to_ron(&loaded.graph), text, "{name}");
    }
}

#[test]
fn every_graph_in_the_folder_is_an_example_of_the_list() {
    let files = fs::read_dir(examples())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut found: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|it| it == "ron"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, NAMES);
}

#[test]
fn every_example_ends_in_a_renderer() {
    for name in NAMES {
        let bytes = fs::read(examples().join(format!("{name}.ron"))).unwrap();
        let graph = from_ron(&bytes, name).unwrap().graph;
        let mut kinds = graph.filters.values().map(|node| &node.kind);
        let end = match *name {
            "recorder" => "wave_writer",
            _ => "audio_device_out",
        };
        assert!(kinds.any(|kind| is_kind(kind, end)), "{name}");
    }
}

/// The nominal machine, having looked at the files that a graph names.
fn facts(graph: &Graph) -> Facts {
    let mut facts = Facts::nominal();
    for node in graph.filters.values() {
        if let NodeKind::Filter(filter) = &node.kind
            && filter.key != "wave_writer"
            && let Some(Value::Text(path)) = filter.values.get("path")
        {
            let path = examples().join(path);
            if filter.key != "wave_reader" {
                continue;
            }
            let spec = hound::WavReader::open(&path).unwrap().spec();
            let format = DataFormat::pcm(
                u32::from(spec.bits_per_sample),
                u32::from(spec.channels),
                spec.sample_rate,
            );
            let frames = 1000;
            facts.files.insert(
                path,
                FileFact::Wave {
                    format,
                    frames,
                    about: Box::default(),
                },
            );
        }
    }
    facts
}

fn example(name: &str) -> Graph {
    let bytes = fs::read(examples().join(format!("{name}.ron"))).unwrap();
    from_ron(&bytes, name).unwrap().graph
}

fn agreed(graph: &Graph) -> Wiring {
    negotiate(graph, &catalogue(), &facts(graph), Some(&examples()))
}

#[test]
fn every_example_but_the_clinic_agrees_on_the_nominal_machine() {
    for name in NAMES.iter().filter(|name| **name != "format_clinic") {
        let wiring = agreed(&example(name));
        assert!(
            wiring.is_agreed(),
            "{name}: {:?} {:?}",
            outcomes(&wiring),
            wiring.problems
        );
    }
}

#[test]
fn the_clinics_one_fault_is_cured_by_a_rate_converter() {
    let mut graph = example("format_clinic");
    let wiring = agreed(&graph);
    assert_eq!(
        outcomes(&wiring),
        [
            "Bass at 48 kHz.out -> Mixer.in: 48 000 Hz · 1 ch · f32",
            "Chime at 44 kHz.out -> Mixer.in[1]: out offers 44 100 Hz, \
             in[1] takes 48 000 Hz only because of Bass at 48 kHz.out",
            "Mixer.out -> Audio Device Out.in: 48 000 Hz · 1 ch · f32",
        ]
    );
    let cure = &refusals(&wiring)[0].cures[0];
    assert_eq!(cure.inserts, ["rate_converter"]);

    let bad = wiring.wires[1].connection.unwrap();
    let new = Edit::add_filter(&graph, "rate_converter", "Converter", Position::default());
    let filter = graph.fresh_id();
    let end = |pin: &str| PinRef {
        filter,
        pin: pin.into(),
        instance: 0,
    };
    let (from, to) = (
        graph.connections[bad].from.clone(),
        graph.connections[bad].to.clone(),
    );
    let wire = |from, to| {
        Edit::Connect(Connection {
            from,
            to,
            chosen: Chosen::default(),
        })
    };
    let edits = vec![
        Edit::Disconnect(bad),
        new,
        wire(from, end("in")),
        wire(end("out"), to),
    ];
    apply(&mut graph, Edit::Batch(edits)).unwrap();
    let wiring = agreed(&graph);
    assert!(
        wiring.is_agreed(),
        "{:?} {:?}",
        outcomes(&wiring),
        wiring.problems
    );
}
