//! The order of the rooms: a folder uses only folders listed before it, and of those only the ones it may.

use std::fs;
use std::path::{Path, PathBuf};

const ROOMS: &[(&str, &[&str])] = &[
    ("dsp", &[]),
    ("ks", &["dsp"]),
    ("media", &["ks"]),
    ("midi", &["ks", "media"]),
    ("stream", &["ks"]),
    ("portcls", &["ks", "dsp", "midi"]),
    ("dls", &["ks", "dsp", "media", "midi", "portcls"]),
    (
        "filters",
        &["ks", "dsp", "media", "midi", "stream", "portcls", "dls"],
    ),
    ("raw", &["ks"]),
    ("graph", &["ks"]),
    ("sysaudio", &["ks", "graph"]),
    ("engine", &["ks", "graph", "dsp"]),
    ("device", &["ks", "portcls", "midi"]),
    (
        "app",
        &[
            "dsp", "ks", "media", "midi", "stream", "portcls", "dls", "filters", "raw", "graph",
            "sysaudio", "engine", "device",
        ],
    ),
    (
        "cli",
        &[
            "dsp", "ks", "media", "midi", "stream", "portcls", "dls", "filters", "raw", "graph",
            "sysaudio", "engine", "device", "app", "gui",
        ],
    ),
    ("gui", &["ks", "graph", "sysaudio", "app"]),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

/// Rooms named behind `crate::` in the code of a file, its own tests left out.
fn uses(text: &str) -> Vec<String> {
    let code = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or(text);
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            let word = rest.split(|c: char| !c.is_alphanumeric() && c != '_');
            word.into_iter().next().unwrap_or("").to_owned()
        })
        .collect()
}

#[test]
fn a_room_uses_only_the_rooms_it_may() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checked = 0;
    let mut wrong = vec![];
    for (room, allowed) in ROOMS {
        let mut list = vec![];
        files(&source.join(room), &mut list);
        for file in list {
            let text = fs::read_to_string(&file).unwrap();
            let is_widget = file
                .components()
                .any(|part| part.as_os_str() == "node_graph");
            for used in uses(&text) {
                checked += 1;
                let is_own = used == *room && !is_widget;
                let is_allowed = allowed.contains(&used.as_str()) && !is_widget;
                if !is_own && !is_allowed {
                    wrong.push(format!("{}: crate::{used}", file.display()));
                }
            }
        }
    }
    assert!(
        checked > 50,
        "only {checked} uses were found: the search is broken"
    );
    assert!(wrong.is_empty(), "walls broken:\n{}", wrong.join("\n"));
}

#[test]
fn every_room_of_the_crate_is_on_the_list() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let library = fs::read_to_string(source.join("lib.rs")).unwrap();
    let modules = library.lines().filter_map(|line| {
        let name = line.strip_prefix("pub mod ")?;
        name.strip_suffix(';')
    });
    let listed: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    assert_eq!(modules.collect::<Vec<_>>(), listed);
}
