//! Files outlive whatever happens to the program or the disk while they are written; and pictures of them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::desk::Desk;
use ksgraph::graph::load;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ksgraph");

fn frequency(path: &Path) -> f64 {
    let graph = load(path)
        .unwrap_or_else(|error| panic!("half a file: {error}"))
        .graph;
    let node = graph.filter(graph.find("t").unwrap()).unwrap();
    node.values["frequency"].number().unwrap()
}

#[test]
fn killed_at_any_moment_a_file_is_the_old_one_or_the_new_one() {
    let desk = Desk::new("killed");
    let graph = desk.path(&desk.tone("a.ron"));
    let mut before = 100.0;
    let set = |hz: f64| {
        let mut command = Command::new(PROGRAM);
        command
            .arg("set")
            .arg(&graph)
            .arg(format!("t.frequency={hz}"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    assert!(set(before).status().unwrap().success());
    let mut random = 0x9E37_79B9_u32;
    for round in 0..50 {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let new = 200.0 + f64::from(round);
        let mut child = set(new).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(u64::from(random % 40_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = frequency(&graph);
        assert!(
            found == before || found == new,
            "{found} after {before} and {new}"
        );
        before = found;
    }
    // Whatever a killed one has left beside the file, the next that saves takes away.
    assert!(set(50.0).status().unwrap().success());
    if cfg!(target_os = "linux") {
        assert_eq!(desk.files(), ["a.ron"]);
    }
}

#[test]
fn a_disk_that_says_no_is_told_and_the_old_file_stays() {
    let desk = Desk::new("disk");
    let graph = desk.path(&desk.tone("Stück.ron"));
    let before = fs::read(&graph).unwrap();
    // No file may grow past nothing, as on a full disk.
    let full = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 0; exec \"$0\" set \"$1\" t.frequency=880",
            PROGRAM,
        ])
        .arg(&graph)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&full.stderr);
    assert_eq!(full.status.code(), Some(3), "{said}");
    assert!(said.contains("Stück.ron"), "{said}");
    assert_eq!(fs::read(&graph).unwrap(), before);
    assert_eq!(desk.files(), ["Stück.ron"], "nothing is left beside");

    let long = format!("{}.ron", "n".repeat(300));
    for nowhere in [long.as_str(), "missing/folder/a.ron", "/proc/a.ron"] {
        let did = desk.json(&["set", "Stück.ron", "t.frequency=880", "-o", nowhere]);
        assert_eq!(did.code, Some(3), "{nowhere}: {}", did.said);
        let stopped = did.json["error"]["stopped"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(!stopped.is_empty(), "{nowhere}");
    }
    assert_eq!(fs::read(&graph).unwrap(), before);
}

#[test]
fn a_picture_is_written_in_every_kind_and_what_is_none_is_refused() {
    let desk = Desk::new("picture");
    let graph = desk.tone("a.ron");
    for (name, starts) in [
        ("a.svg", &b"<svg"[..]),
        ("a.dot", b"digraph"),
        ("a.png", b"\x89PNG"),
    ] {
        let did = desk.json(&["picture", &graph, "-o", name, "--theme", "light"]);
        assert_eq!(did.code, Some(0), "{}", did.said);
        assert_eq!(did.json["wires"], 2);
        assert!(
            fs::read(desk.path(name)).unwrap().starts_with(starts),
            "{name}"
        );
    }
    assert_eq!(desk.run(&["picture", &graph, "-o", "a.gif"]).code, Some(2));
    assert_eq!(
        desk.run(&["picture", &graph, "-o", "b.png", "--scale", "99"])
            .code,
        Some(2)
    );
    assert_eq!(
        desk.run(&["picture", "none.ron", "-o", "b.png"]).code,
        Some(3)
    );
    assert!(!desk.files().contains(&"b.png".to_owned()));
}
