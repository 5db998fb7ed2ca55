//! A filter that does not come back from a cycle: the program names it, leaves it out, plays the rest, and can end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ksgraph::app::{Action, App, FilterStatus, Options};
use ksgraph::graph::{FilterId, Position};
use ksgraph::ks::{State, Value};

use super::program::{path, pin, wait_within};
use super::stage::Stage;

/// The watch alone takes its 5 s.
#[track_caller]
fn wait(app: &mut App, until: impl Fn(&App) -> bool) {
    wait_within(Duration::from_secs(60), app, until);
}

fn is_left_out(app: &App) -> bool {
    matches!(app.view().status(&path(2)),
        FilterStatus::Faulty(text) if text.contains("never came back"))
}

#[test]
fn a_filter_that_never_returns_is_left_out_and_the_rest_plays_on_until_stop() {
    let stage = Stage::new();
    let options = Options {
        catalogue: stage.catalogue.clone(),
        ..Options::nominal(256)
    };
    let mut app = App::new(options);
    for key in ["tone", "faulty", "null_renderer", "tone", "null_renderer"] {
        app.perform(Action::AddFilter {
            key: key.into(),
            at: Position::default(),
        });
    }
    for (from, to) in [(1, 2), (2, 3), (4, 5)] {
        let (from, to) = (pin(from, "out"), pin(to, "in"));
        app.perform(Action::Connect { from, to });
    }
    app.perform(Action::SetProperty {
        filter: FilterId(2),
        key: "fault".into(),
        value: Some(Value::Text("hang".into())),
    });
    let hangs = || stage.tools.hanging.load(Ordering::SeqCst);
    let gate = stage.tools.gate.lock().unwrap();
    app.perform(Action::SetState(State::Run));
    wait(&mut app, |_| hangs() == 1);
    assert!(!is_left_out(&app), "it may yet come");
    wait(&mut app, is_left_out);
    wait(&mut app, |app| {
        let cells = app.cells().unwrap();
        cells.state() == State::Run && cells.position() > 9_600
    });
    assert_eq!(hangs(), 1, "it is not called again");
    assert_eq!(app.view().status(&path(4)), FilterStatus::Ready(State::Run));
    let mut lines = app.view().log.iter();
    assert!(lines.any(|it| it.filter == Some(path(2)) && it.text.contains("never came back")));
    assert!(app.view().undo.is_some(), "the document is what it was");
    assert!(!app.view().wiring.filters[&path(2)].is_disabled);
    // It comes back after all: nobody waits for it, and its thread ends.
    drop(gate);
    wait(&mut app, |_| hangs() == 0);
    app.perform(Action::SetState(State::Stop));
    wait(&mut app, |app| !is_left_out(app));
    app.perform(Action::SetState(State::Run));
    wait(&mut app, |app| {
        app.view().status(&path(2)) == FilterStatus::Ready(State::Run)
    });
    // The program ends although it hangs again.
    let gate = stage.tools.gate.lock().unwrap();
    wait(&mut app, |_| hangs() == 1);
    drop(app);
    drop(gate);
}
