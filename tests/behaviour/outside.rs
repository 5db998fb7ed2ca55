//! Filters from outside the crate: the example program that adds one, run as it is.

#[path = "../../examples/add_a_filter.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod add_a_filter;

use std::ffi::OsString;

use ksgraph::cli::{Exit, Outcome, run};

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[test]
fn a_filter_of_another_program_is_agreed_and_heard() {
    let peak = add_a_filter::hear().unwrap();
    // 0.5 times 12 dB is 1.99: what goes over the top comes back down through it.
    assert!((peak - 1.0).abs() < 0.01, "{peak}");
}

#[test]
fn the_command_line_of_such_a_program_knows_its_filter_and_ours_does_not() {
    let folder = std::env::temp_dir().join(format!("ksgraph_outside_{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("folded.ron");
    let path = path.to_str().unwrap();
    let is_done = |outcome| matches!(outcome, Outcome::Ended(Exit::Done));
    assert!(is_done(add_a_filter::run(words(&[
        "x", "filters", "folder"
    ]))));
    for command in [
        &["x", "new", "-o", path][..],
        &["x", "add", path, "tone", "--name", "t"],
        &["x", "add", path, "folder", "--name", "f"],
        &["x", "add", path, "null_renderer", "--name", "n"],
        &["x", "connect", path, "t.out", "f.in"],
        &["x", "connect", path, "f.out", "n.in"],
        &["x", "check", path],
    ] {
        assert!(is_done(add_a_filter::run(words(command))), "{command:?}");
    }
    // It was lent to that command line and to no other.
    assert!(!is_done(run(words(&["ksgraph", "filters", "folder"]))));
    assert!(!is_done(run(words(&["ksgraph", "check", path]))));
    std::fs::remove_dir_all(&folder).unwrap();
}
