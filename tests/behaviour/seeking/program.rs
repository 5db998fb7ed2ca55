//! Seeks, loops and ends as the program and its commands offer them.

use ksgraph::app::{Action, App, AtEnd, Options};
use ksgraph::ks::{LoopRange, State};

use super::{File, LEN, reader, sound};
use crate::desk::Desk;
use crate::stage::Stage;

/// Writes a graph where a script finds it.
pub(super) fn write_graph(desk: &Desk, name: &str, text: &str) -> String {
    let graph = Stage::new().graph(text);
    std::fs::write(desk.path(name), ksgraph::graph::to_ron(&graph)).unwrap();
    name.to_owned()
}

fn rendered(desk: &Desk, words: &[&str]) -> Vec<f32> {
    let all = [&["render"], words, &["-o", "out.wav"]].concat();
    let did = desk.json(&all);
    assert_eq!(did.code, Some(0), "{}", did.text);
    let mut reader = hound::WavReader::open(desk.path("out.wav")).unwrap();
    let samples: Vec<f32> = reader.samples::<f32>().map(Result::unwrap).collect();
    assert_eq!(did.json["frames"], samples.len() as u64 / 2);
    samples
}

#[test]
fn a_render_may_begin_and_end_anywhere_as_if_all_before_it_had_been_rendered() {
    let desk = Desk::new("render_part");
    let file = File::new(48_000, sound);
    // What it remembers is heard in the part as in the whole.
    let text = reader(
        &file.0,
        "delay time=30 feedback=20 -> equaliser band2_gain=6 -> null_renderer",
    );
    let text = format!("{text}; metronome tempo=120 beats=4 -> m:meter");
    let graph = write_graph(&desk, "part.ron", &text);
    let all = rendered(&desk, &[&graph, "--seconds", "1.2"]);
    for (start, end, from, to) in [
        ("0.5", "0.75", 24_000, 36_000),
        ("24001 samples", "0:00.9", 24_001, 43_200),
        ("1|2|0", "1|3|0", 24_000, 48_000),
        ("0", "0.1", 0, 4_800),
        ("1.1", "1.2", 52_800, 57_600),
    ] {
        let part = rendered(&desk, &[&graph, "--start", start, "--end", end]);
        let wanted = &all[2 * from..2 * to];
        assert_eq!(part.len(), wanted.len(), "{start} to {end}");
        let off = part.iter().zip(wanted).map(|(a, b)| (a - b).abs());
        let most = off.fold(0.0, f32::max);
        // A tail is called over where it has fallen by 90 dB.
        assert!(most < 1e-4, "{start} to {end}: {most}");
    }
    for words in [
        &["--start", "1", "--end", "0.5"][..],
        &["--start", "x", "--end", "1"],
        &["--start", "-1", "--end", "1"],
        &["--end", "1", "--seconds", "1"],
    ] {
        let did = desk.json(&[&["render", &graph, "-o", "no.wav"], words].concat());
        assert_eq!(did.code, Some(2), "{words:?}: {}", did.text);
    }
    let did = desk.json(&[
        "play",
        &graph,
        "--start",
        "5|",
        "--seconds",
        "0.1",
        "--device",
        "null",
    ]);
    assert_eq!(did.code, Some(0), "{}", did.text);
    assert!(
        did.json["seconds"].as_f64().unwrap() < 1.0,
        "what was played counts"
    );
}

/// The program with a graph, and a while of it.
pub(super) fn program(text: &str) -> App {
    let graph = Stage::new().graph(text);
    let mut app = App::new(Options::nominal(256));
    app.open_document(graph, None);
    app
}

pub(super) fn until(app: &mut App, what: &str, is_so: impl Fn(&App) -> bool) {
    for _ in 0..20_000 {
        app.poll();
        if is_so(app) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("never: {what}");
}

#[test]
fn the_end_of_all_sources_stops_the_graph_or_begins_anew_when_the_user_wants_it() {
    let file = File::new(48_000, sound);
    for at_end in [AtEnd::GoOn, AtEnd::Stop, AtEnd::BeginAnew] {
        let mut app = program(&reader(&file.0, "null_renderer"));
        until(&mut app, "open", |app| {
            app.view().transport().length == Some(LEN as u64)
        });
        assert!(app.view().transport().is_seekable);
        app.perform(Action::SetAtEnd(at_end));
        app.perform(Action::Seek(LEN as u64 - 4_800));
        app.perform(Action::SetState(State::Run));
        let position = |app: &App| app.view().transport().position;
        match at_end {
            AtEnd::GoOn => {
                until(&mut app, "behind", |app| position(app) > LEN as u64 + 4_800);
                assert!(app.has_ended());
                assert_eq!(app.view().requested, State::Run);
            }
            AtEnd::Stop => {
                until(&mut app, "stopped", |app| {
                    app.view().requested == State::Stop
                });
                until(&mut app, "at zero", |app| position(app) == 0);
            }
            AtEnd::BeginAnew => {
                until(&mut app, "anew", |app| {
                    app.cells().is_some_and(|it| it.seeks() == 2)
                });
                until(&mut app, "again", |app| {
                    (1..30_000).contains(&position(app))
                });
                assert_eq!(app.view().requested, State::Run);
            }
        }
    }
}

#[test]
fn the_program_steps_and_loops_and_knows_what_cannot_be_sought() {
    let mut app = program("tone -> null_renderer");
    until(&mut app, "open", |app| app.cells().is_some());
    let now = app.view().transport();
    assert!(!now.is_seekable && now.length.is_none());
    app.perform(Action::Step);
    until(&mut app, "paused", |app| {
        app.cells().unwrap().state() == State::Pause
    });
    let lines = app.view().log.len();
    for step in 1..=5 {
        app.perform(Action::Step);
        until(&mut app, "stepped", |app| {
            let cells = app.cells().unwrap();
            cells.position() == step * 256 && cells.state() == State::Pause
        });
    }
    let said = app.view().log[lines..].iter();
    assert_eq!(said.filter(|it| it.text.starts_with("Running")).count(), 0);
    assert_eq!(app.view().requested, State::Pause);
    let range = LoopRange::between(1_000, 6_000);
    app.perform(Action::SetLoop { range, is_on: true });
    app.perform(Action::SetState(State::Run));
    until(&mut app, "three rounds", |app| {
        app.cells().unwrap().turns() >= 3
    });
    let now = app.view().transport();
    assert!(now.is_looping && now.position < 6_000 && now.range == range);
    assert!(app.view().undo.is_none(), "no part of the document");
}
