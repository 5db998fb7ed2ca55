//! Notes that are held when something breaks off: whatever goes, nothing goes on sounding. By hand and without real
//! time.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::telemetry::synth;
use super::{Action, App, Options};
use crate::engine::{Job, Message, Offline};
use crate::graph::{FilterId, FilterPath, PinAddress, Position};
use crate::ks::{KernelEvent, State, time_from_sample};

/// Filters in a row, wired from the first output that fits to the first input.
fn row(keys: &[&str]) -> App {
    let mut app = App::new(Options::nominal(64));
    for (index, key) in keys.iter().enumerate() {
        app.perform(Action::AddFilter {
            key: (*key).to_owned(),
            at: Position {
                x: 320.0 * index as f32,
                y: 0.0,
            },
        });
        if let Some(from) = index.checked_sub(1) {
            let output = match keys[from] {
                "tone_synth" => "out",
                _ => "notes",
            };
            let input = match *key {
                "tone_synth" => "notes",
                _ => "in",
            };
            let end = |filter: usize, pin: &str| PinAddress {
                filter: FilterPath::of(FilterId(filter as u32 + 1)),
                pin: pin.to_owned(),
                instance: 0,
            };
            app.perform(Action::Connect {
                from: end(from, output),
                to: end(index, input),
            });
        }
    }
    assert!(app.wiring.is_agreed());
    app
}

/// The first filter plays a note that it never ends.
fn job(app: &App) -> Job {
    let on = KernelEvent::new(0, &[0x90, 60, 100]).expect("three bytes fit");
    let later = time_from_sample(48_000 * 3_600, 48_000);
    let feed: Arc<[KernelEvent]> = Arc::from([on, on.at(later)]);
    Job {
        wiring: crate::graph::Wiring::clone(&app.wiring),
        feeds: BTreeMap::from([(FilterPath::of(FilterId(1)), feed)]),
        ..Job::default()
    }
}

fn run(offline: &mut Offline, samples: usize) {
    for _ in 0..samples / 480 {
        offline.cycle(480).expect("nothing is waited for");
    }
}

fn voices(app: &App, offline: &Offline) -> f32 {
    let synth = app.wiring.filters.iter();
    let synth = synth.filter(|(_, filter)| filter.key == "tone_synth");
    let open = synth.filter_map(|(path, _)| offline.built.open.get(path));
    let cells = open.filter_map(|open| open.telemetry.as_ref());
    cells.map(|cells| cells.get(synth::VOICES)).sum()
}

#[test]
fn whatever_goes_nothing_goes_on_sounding() {
    let direct: &[&str] = &["on_screen_keyboard", "tone_synth", "null_renderer"];
    let through: &[&str] = &[
        "keyboard",
        "on_screen_keyboard",
        "tone_synth",
        "null_renderer",
    ];
    for (keys, action) in [
        (direct, Action::Delete(vec![FilterId(1)])),
        (direct, Action::Disconnect(vec![0])),
        // What came in and passed on is released as well.
        (through, Action::Delete(vec![FilterId(1)])),
        (through, Action::Disconnect(vec![0])),
        (through, Action::Delete(vec![FilterId(2)])),
        (through, Action::Disconnect(vec![1])),
    ] {
        let mut app = row(keys);
        let mut offline = Offline::rehearse(&app.catalogue, &job(&app), 480);
        run(&mut offline, 4_800);
        assert_eq!(voices(&app, &offline), 1.0, "{keys:?}");
        let words = format!("{keys:?}, {action:?}");
        app.perform(action);
        let job = job(&app);
        offline.change(&job);
        // The fades of the edit, and the release.
        run(&mut offline, 48_000);
        assert_eq!(voices(&app, &offline), 0.0, "{words}");
    }
}

#[test]
fn stop_ends_what_sounds() {
    let app = row(&["on_screen_keyboard", "tone_synth", "null_renderer"]);
    let mut offline = Offline::rehearse(&app.catalogue, &job(&app), 480);
    run(&mut offline, 4_800);
    assert_eq!(voices(&app, &offline), 1.0);
    offline.send(Message::State(State::Stop));
    run(&mut offline, 4_800);
    assert_eq!(offline.state(), State::Stop);
    assert_eq!(voices(&app, &offline), 0.0);
}
