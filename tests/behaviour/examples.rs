//! The example graphs: each opens without a word, and is written back as it is.

use std::fs;

use ksgraph::graph::{from_ron, to_ron};

use crate::support::{examples, is_kind};

const NAMES: [&str; 6] = [
    "first_sound",
    "format_clinic",
    "mixer",
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
        assert!(
            kinds.any(|kind| is_kind(kind, "audio_device_out")),
            "{name}"
        );
    }
}
