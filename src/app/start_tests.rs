//! The moment in which a graph begins to play: files that were not looked at yet, and keys that are pressed already.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::telemetry::synth;
use super::{Action, App, Eyes, Options, Urgency};
use crate::graph::{FilterId, FilterPath, PinAddress, Position};
use crate::ks::{FileFact, State, Value};

/// Polls until `is_done`; the limit is for what never comes.
pub(super) fn wait(app: &mut App, is_done: impl Fn(&App) -> bool) -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "a limit for a test that waits for threads"
    )]
    let start = Instant::now();
    while !is_done(app) {
        if start.elapsed() > Duration::from_secs(20) {
            return false;
        }
        app.poll();
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

/// A disk that takes its time.
fn slow(path: &Path) -> FileFact {
    std::thread::sleep(Duration::from_millis(200));
    crate::filters::probe(path)
}

fn app() -> App {
    let mut options = Options::nominal(256);
    options.eyes = Eyes::new(slow, crate::ks::Facts::nominal);
    App::new(options)
}

fn plays(app: &App) -> bool {
    let wires = &app.view().wiring.wires;
    let sounds = |from: &PinAddress, to: &PinAddress| app.view().level(from, to) > 0.0;
    wires.iter().any(|wire| sounds(&wire.from, &wire.to))
}

fn complaints(app: &App) -> Vec<String> {
    let log = app.view().log.iter();
    // There is no sound card here, and that is said.
    // There may be little time on this machine as well, and that is said too.
    let known = ["sound card", "frames of use", "Asked for less"];
    let is_known = |text: &str| known.iter().any(|it| text.contains(it));
    let bad = log.filter(|line| line.urgency != Urgency::News && !is_known(&line.text));
    bad.map(|line| line.text.clone()).collect()
}

#[test]
fn run_waits_for_a_file_that_is_being_looked_at_and_complains_of_nothing() {
    let mut app = app();
    let player = concat!(env!("CARGO_MANIFEST_DIR"), "/graphs/wave_player.ron");
    app.perform(Action::Open(PathBuf::from(player)));
    app.perform(Action::SetState(State::Run));
    assert!(wait(&mut app, |app| {
        app.cells().is_some_and(|cells| cells.state() == State::Run)
    }));
    assert!(app.awaited().is_empty(), "it ran before the file was known");
    assert!(wait(&mut app, plays));
    assert_eq!(complaints(&app), [] as [String; 0]);
    assert!(app.facts.refused.is_empty());
}

/// A tone of a tenth of a second, as a wave file.
fn write(path: &Path, rate_hz: u32) {
    let samples: Vec<u8> = (0..rate_hz / 10)
        .flat_map(|n| (((n % 100) as i16 - 50) * 300).to_le_bytes())
        .collect();
    let mut bytes = vec![];
    bytes.extend(b"RIFF");
    bytes.extend((36 + samples.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend((rate_hz * 2).to_le_bytes());
    bytes.extend([2, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend((samples.len() as u32).to_le_bytes());
    bytes.extend(samples);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_file_that_was_replaced_is_looked_at_again_and_plays() {
    let file = std::env::temp_dir().join(format!("ksgraph-replaced-{}.wav", std::process::id()));
    write(&file, 48_000);
    let mut app = app();
    for (index, key) in ["wave_reader", "null_renderer"].into_iter().enumerate() {
        app.perform(Action::AddFilter {
            key: key.into(),
            at: Position {
                x: 320.0 * index as f32,
                y: 0.0,
            },
        });
    }
    let set = |filter, key: &str, value| Action::SetProperty {
        filter: FilterId(filter),
        key: key.into(),
        value: Some(value),
    };
    app.perform(set(1, "path", Value::Text(file.display().to_string())));
    app.perform(set(1, "loop", Value::Flag(true)));
    assert!(wait(&mut app, |app| app.awaited().is_empty()));
    write(&file, 44_100);
    let end = |filter, pin: &str| PinAddress {
        filter: FilterPath::of(FilterId(filter)),
        pin: pin.into(),
        instance: 0,
    };
    app.perform(Action::Connect {
        from: end(1, "out"),
        to: end(2, "in"),
    });
    app.perform(Action::SetState(State::Run));
    assert!(wait(&mut app, plays), "{:?}", complaints(&app));
    let wire = &app.view().wiring.wires[0];
    let format = wire.outcome.as_ref().unwrap().format.to_string();
    assert!(format.starts_with("44\u{a0}100"), "{format}");
    assert!(app.facts.refused.is_empty());
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_key_that_is_held_when_the_graph_begins_to_run_sounds() {
    for key in ["keyboard", "on_screen_keyboard"] {
        let mut app = app();
        for (index, key) in [key, "tone_synth", "null_renderer"].into_iter().enumerate() {
            app.perform(Action::AddFilter {
                key: key.into(),
                at: Position {
                    x: 320.0 * index as f32,
                    y: 0.0,
                },
            });
        }
        let end = |filter, pin: &str| PinAddress {
            filter: FilterPath::of(FilterId(filter)),
            pin: pin.into(),
            instance: 0,
        };
        for (from, to) in [((1, "notes"), (2, "notes")), ((2, "out"), (3, "in"))] {
            app.perform(Action::Connect {
                from: end(from.0, from.1),
                to: end(to.0, to.1),
            });
        }
        let press = |note| Action::Play {
            filter: FilterPath::of(FilterId(1)),
            bytes: vec![0x90, note, 100],
        };
        app.perform(press(60));
        app.perform(Action::SetState(State::Run));
        app.perform(press(64));
        let voices = |app: &App| {
            let cells = app.telemetry(&FilterPath::of(FilterId(2)));
            cells.map_or(0.0, |cells| cells.get(synth::VOICES))
        };
        assert!(wait(&mut app, |app| voices(app) == 2.0), "{key}");
    }
}
