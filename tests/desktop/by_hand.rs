//! A graph built by hand, and notes played on the letter keys.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::rig::{Scratch, pause, wait_for};
use crate::screen::{Screen, Window};
use crate::words::*;

const EMPTY_GRAPH: &str = "new.ron";
// The two filters of the hand-made graph, and one whose pin no audio fits.
const TONE: &str = "Tone Generator";
const SINK: &str = "Null Renderer";
const SYNTH: &str = "Tone Synth";
const TONE_OUT: &str = "Tone Generator output out (audio)";
const SINK_IN: &str = "Null Renderer input in (audio)";
const SYNTH_IN: &str = "Tone Synth input notes (MIDI)";

#[test]
fn a_graph_is_built_by_hand_undone_redone_and_saved() {
    let screen = Screen::start("build");
    let graph = screen.path(EMPTY_GRAPH);
    let made = run(&screen, &["new", "-o", path(&graph)]);
    assert!(made.status.success(), "{made:?}");
    let mut window = screen.open(&graph);

    // Three filters out of the catalogue, found by typing.
    bring(&mut window, TONE, (0.2, 0.25));
    bring(&mut window, SINK, (0.7, 0.25));
    bring(&mut window, SYNTH, (0.7, 0.7));

    // A wire that cannot be: audio into a pin that takes MIDI. The window says why while the wire is in hand.
    let (from, wrong) = (window.find(PIN, TONE_OUT), window.find(PIN, SYNTH_IN));
    window.carry(from.middle(), wrong.middle());
    let refusal = window.see("a refusal beside the pointer", |probe| {
        probe.of_role(REFUSAL).next().cloned()
    });
    assert!(
        refusal.name.len() + refusal.state.len() > 20,
        "a refusal explains itself: {refusal:?}"
    );
    window.picture("desktop-refusal");
    window.let_go();
    window.key("Escape");
    assert_eq!(wires(&mut window), 0, "a refused wire is not drawn");

    // And one that can.
    let (from, to) = (window.find(PIN, TONE_OUT), window.find(PIN, SINK_IN));
    window.drag(from.middle(), to.middle());
    wait_for_wires(&mut window, 1);
    window.key("ctrl+z");
    wait_for_wires(&mut window, 0);
    window.key("ctrl+shift+z");
    wait_for_wires(&mut window, 1);
    window.picture("desktop-built");

    window.key("ctrl+s");
    let text = wait_for(
        "the file to hold what was drawn",
        std::time::Duration::from_secs(10),
        || {
            let text = fs::read_to_string(&graph).ok()?;
            [TONE, SINK, SYNTH]
                .iter()
                .all(|title| text.contains(title))
                .then_some(text)
        },
    );
    window.quit();

    let check = run(&screen, &["check", path(&graph), "--json"]);
    let document: serde_json::Value =
        serde_json::from_slice(&check.stdout).unwrap_or_else(|_| panic!("{check:?}\n{text}"));
    assert!(
        check.status.success() && document["ok"] == true,
        "{document:#}"
    );
    assert_eq!(
        document["filters"].as_array().map(Vec::len),
        Some(3),
        "{document:#}"
    );
    let wires = document["wires"].as_array().unwrap();
    assert_eq!(wires.len(), 1, "{document:#}");
    assert_eq!(wires[0]["from"], format!("{TONE}.out"), "{document:#}");
    assert_eq!(wires[0]["to"], format!("{SINK}.in"), "{document:#}");
    assert_eq!(
        wires[0]["agreed"]["format"]["kind"], "audio",
        "{document:#}"
    );
}

#[test]
fn a_held_key_moves_the_meter_and_a_released_one_lets_it_fall() {
    let screen = Screen::start("keys");
    let graph = screen.path("first_sound.ron");
    fs::copy(FIRST_SOUND, &graph).unwrap();
    let mut window = screen.open(&graph);
    play_mode(&mut window);
    window.key("space");
    // A note before the first sample is a note of nobody.
    window.see("the graph to run", |probe| {
        let mut times = probe.of_role("time");
        times.any(|it| seconds(&it.state) > 0.1).then_some(())
    });
    window.see("a silent meter", |probe| {
        level(probe).is_none_or(|dbfs| dbfs < -60.0).then_some(())
    });

    window.hold_key("a");
    let heard = window.see("a meter above -60 dBFS", |probe| {
        level(probe).filter(|dbfs| *dbfs > -60.0)
    });
    assert!(
        heard < 0.0,
        "the first sound is not over full scale: {heard} dBFS"
    );
    // It stays as long as the key does: repeated key events of the keyboard are not new notes and no releases.
    pause(1_000);
    window.see("the note to be held", |probe| {
        level(probe).filter(|dbfs| *dbfs > -60.0)
    });
    window.picture("desktop-play-mode");
    window.release_key("a");
    window.see("the meter to fall", |probe| {
        level(probe).is_none_or(|dbfs| dbfs < -60.0).then_some(())
    });
}

#[test]
fn without_a_display_it_says_what_works_without_one() {
    let scratch = Scratch::new("blind");
    let out = Screen::program(&scratch).arg(FIRST_SOUND).output().unwrap();
    let words = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(4), "{words}");
    assert!(
        words.contains("ksgraph play") && words.contains("ksgraph render"),
        "{words}"
    );
    assert!(!words.contains("panicked"), "{words}");
}

/// Types a filter's title into the catalogue's search and drags its row to a place on the canvas (shares of its size).
fn bring(window: &mut Window<'_>, title: &str, place: (f64, f64)) {
    let search = window.find(FIELD, SEARCH);
    window.click(search.middle());
    window.key("ctrl+a");
    window.type_text(title);
    let row = window.find(ROW, title);
    let canvas = window.find(CANVAS.0, CANVAS.1);
    window.drag(row.middle(), canvas.at(place));
    window.find(FILTER, &format!("Filter {title}"));
    window.settle();
}

fn run(screen: &Screen, arguments: &[&str]) -> Output {
    Screen::program(screen.scratch())
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn path(path: &Path) -> &str {
    path.to_str().expect("paths of the test are plain")
}
