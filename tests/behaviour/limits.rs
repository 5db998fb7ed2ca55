//! What the program makes of states: limits beside the document, pins one by one, what is told of each step, what a graph
//! answers whose filters are not all where it is.

use ksgraph::app::{Action, App, FilterStatus, Options};
use ksgraph::engine::Held;
use ksgraph::graph::{FilterId, FilterPath, PinAddress, Position};
use ksgraph::ks::{Cued, State, Status, Value};

use super::program::{path, pin, wait};

/// Filters in a row, wired.
fn app(keys: &[&str]) -> App {
    let mut app = App::new(Options::nominal(256));
    for key in keys {
        app.perform(Action::AddFilter {
            key: (*key).into(),
            at: Position::default(),
        });
    }
    for at in 1..keys.len() as u32 {
        let (from, to) = (pin(at, "out"), pin(at + 1, "in"));
        app.perform(Action::Connect { from, to });
    }
    app
}

fn is_in(app: &App, id: u32, name: &str, state: State) -> bool {
    app.view().pin_state(&pin(id, name)) == Some(state)
}

fn held(app: &App, from: u32, to: u32) -> Held {
    let held = app.view().held(&pin(from, "out"), &pin(to, "in"));
    held.unwrap_or_default()
}

fn lines(app: &App) -> Vec<String> {
    let view = app.view();
    let lines = view.log.iter().flat_map(|line| {
        let parts = line.parts.iter().map(|(_, text)| text);
        std::iter::once(&line.text).chain(parts)
    });
    lines.map(|text| text.replace('\u{a0}', " ")).collect()
}

fn run(app: &mut App) {
    app.perform(Action::SetState(State::Run));
    wait(app, |app| app.view().state() == Ok(State::Run));
}

#[test]
fn one_filter_pauses_while_the_rest_runs_and_every_step_is_a_line() {
    let mut app = app(&["tone", "gain", "null_renderer"]);
    run(&mut app);
    // The log is written when the program has looked, a moment behind the state.
    let last = "Tone Generator.out Pause\u{2192}Run SUCCESS";
    wait(&mut app, |app| {
        lines(app).iter().any(|it| it.starts_with(last))
    });
    let steps = lines(&app);
    let at = |line: &str| steps.iter().position(|it| it.starts_with(line));
    let order = [
        "Null Renderer.in Stop\u{2192}Acquire SUCCESS",
        "Gain and Pan.out Stop\u{2192}Acquire SUCCESS",
        "Gain and Pan.in Stop\u{2192}Acquire SUCCESS",
        "Tone Generator.out Stop\u{2192}Acquire SUCCESS",
        "Null Renderer.in Acquire\u{2192}Pause SUCCESS",
        "Tone Generator.out Pause\u{2192}Run SUCCESS",
    ];
    let places: Vec<usize> = order.iter().map(|line| at(line).expect(line)).collect();
    assert!(places.is_sorted(), "{places:?}");
    let (filters, state) = (vec![FilterId(3)], State::Pause);
    app.perform(Action::LimitFilters { filters, state });
    wait(&mut app, |app| {
        held(app, 2, 3).is_waiting && held(app, 2, 3).held == 2
    });
    assert!(is_in(&app, 3, "in", State::Pause));
    assert!(is_in(&app, 1, "out", State::Run));
    let status = app.view().status(&path(3));
    assert_eq!(status, FilterStatus::Ready(State::Pause));
    assert_eq!(app.view().status(&path(1)), FilterStatus::Ready(State::Run));
    assert_eq!(app.view().limit(&path(3)), State::Pause);
    // DSG-3: a filter is not where the graph is.
    assert_eq!(app.view().state(), Err(Status::Unsuccessful));
    let waited = held(&app, 2, 3).requests;
    let position = app.cells().unwrap().position();
    wait(&mut app, |app| {
        app.cells().unwrap().position() > position + 4800
    });
    assert_eq!(held(&app, 2, 3).requests, waited, "the source waits");
    assert!(!app.view().document.is_dirty || app.view().undo.is_some());
    let (filters, state) = (vec![FilterId(3)], State::Run);
    app.perform(Action::LimitFilters { filters, state });
    wait(&mut app, |app| app.view().state() == Ok(State::Run));
    wait(&mut app, |app| held(app, 2, 3).requests > waited);
    let said = lines(&app);
    assert!(
        said.iter()
            .any(|it| it.starts_with("Null Renderer.in Run\u{2192}Pause SUCCESS"))
    );
    assert!(said.iter().any(|it| it == "Goes no further than Pause"));
}

#[test]
fn neg_3_allocators_come_with_acquire_and_go_with_stop_and_the_log_tells_what_is_out() {
    let mut app = app(&["tone", "gain", "null_renderer"]);
    run(&mut app);
    let has = |app: &App, line: &str| lines(app).iter().any(|it| it == line);
    let quantum = app.view().quantum;
    let made = format!(
        "Allocator of Gain and Pan.in: 2 frames of {quantum} samples, {} bytes made, Null Renderer.in",
        quantum * 8
    );
    wait(&mut app, |app| has(app, &made));
    let created = |app: &App| {
        let all = lines(app);
        all.iter()
            .filter(|it| it.ends_with("Null Renderer.in"))
            .count()
    };
    assert_eq!(created(&app), 1, "both wires are one pipe");
    let out = "Allocator of Null Renderer.in: all 2 frames are out";
    let again = "Allocator of Null Renderer.in: its frames are taken again";
    let hold = |app: &mut App, state: State| {
        let filters = vec![FilterId(3)];
        app.perform(Action::LimitFilters { filters, state });
    };
    assert!(!has(&app, out));
    hold(&mut app, State::Pause);
    wait(&mut app, |app| has(app, out));
    assert!(!has(&app, again));
    hold(&mut app, State::Run);
    wait(&mut app, |app| has(app, again));
    let freed = "Allocator of Gain and Pan.in: its frames are freed";
    assert!(!has(&app, freed));
    app.perform(Action::SetState(State::Stop));
    wait(&mut app, |app| has(app, freed));
}

#[test]
fn limits_are_no_part_of_the_document_and_go_with_their_filter_into_groups_and_over_an_undo() {
    let mut app = app(&["tone", "gain", "null_renderer"]);
    run(&mut app);
    let undo = app.view().undo.clone();
    app.perform(Action::LimitPin {
        pin: pin(2, "in"),
        state: State::Acquire,
    });
    assert_eq!(app.view().undo, undo, "not a step of the history");
    wait(&mut app, |app| is_in(app, 2, "in", State::Acquire));
    assert!(is_in(&app, 2, "out", State::Run), "the other pin goes on");
    // Deleted and brought back it is held as it was, from the first sample on.
    app.perform(Action::Delete(vec![FilterId(2)]));
    wait(&mut app, |app| {
        app.view().pin_state(&pin(2, "in")).is_none()
    });
    app.perform(Action::Undo);
    wait(&mut app, |app| is_in(app, 2, "in", State::Acquire));
    // Into a group, and another edit.
    let mut selection = ksgraph::app::Selection::default();
    selection.filters.insert(FilterId(2));
    app.perform(Action::Select(selection));
    app.perform(Action::Group);
    let group = app.view().selection.one_filter().unwrap();
    let inside = FilterPath::from(vec![group, FilterId(2)]);
    let inner = PinAddress {
        filter: inside.clone(),
        ..pin(2, "in")
    };
    wait(&mut app, |app| {
        app.view().pin_state(&inner) == Some(State::Acquire)
    });
    assert_eq!(app.view().pin_limit(&inner), State::Acquire);
    // The group as a whole is let go, and its pins with it.
    let (filters, state) = (vec![group], State::Run);
    app.perform(Action::LimitFilters { filters, state });
    wait(&mut app, |app| app.view().state() == Ok(State::Run));
    // Another document knows nothing of it.
    let (filters, state) = (vec![group], State::Stop);
    app.perform(Action::LimitFilters { filters, state });
    assert_eq!(app.view().limit(&inside), State::Stop);
    app.perform(Action::New);
    assert_eq!(app.view().limit(&inside), State::Run);
}

#[test]
fn a_live_pin_is_set_like_by_a_property_call() {
    let mut app = app(&["tone", "null_renderer"]);
    wait(&mut app, |app| is_in(app, 2, "in", State::Stop));
    assert_eq!(
        app.set_pin_state(&pin(2, "in"), State::Pause),
        Status::Pending,
        "the graph stands"
    );
    run_to(&mut app, State::Run);
    wait(&mut app, |app| is_in(app, 2, "in", State::Pause));
    assert_eq!(
        app.set_pin_state(&pin(2, "in"), State::Run),
        Status::Success
    );
    wait(&mut app, |app| is_in(app, 2, "in", State::Run));
    assert_eq!(
        app.set_pin_state(&pin(2, "in"), State::Run),
        Status::Success,
        "no news"
    );
    assert_eq!(
        app.set_pin_state(&pin(2, "nothing"), State::Run),
        Status::InvalidParameter
    );
    assert_eq!(
        app.set_pin_state(&pin(7, "in"), State::Run),
        Status::NotFound
    );
}

fn run_to(app: &mut App, state: State) {
    app.perform(Action::SetState(state));
    wait(app, |app| app.cells().unwrap().state() == state);
}

#[test]
fn dsg_1_stop_works_at_once_whatever_is_held_and_a_held_filter_keeps_its_state() {
    let mut app = app(&["tone", "gain", "null_renderer"]);
    run_to(&mut app, State::Run);
    let (filters, state) = (vec![FilterId(2)], State::Pause);
    app.perform(Action::LimitFilters { filters, state });
    wait(&mut app, |app| is_in(app, 2, "in", State::Pause));
    run_to(&mut app, State::Stop);
    wait(&mut app, |app| is_in(app, 2, "in", State::Stop));
    assert_eq!(app.cells().unwrap().position(), 0);
    assert_eq!(held(&app, 2, 3).held, 0);
    run_to(&mut app, State::Pause);
    // A filter that is added to a paused graph goes there by itself, through every step.
    app.perform(Action::AddFilter {
        key: "tone".into(),
        at: Position::default(),
    });
    app.perform(Action::AddFilter {
        key: "null_renderer".into(),
        at: Position::default(),
    });
    let (from, to) = (pin(4, "out"), pin(5, "in"));
    app.perform(Action::Connect { from, to });
    wait(&mut app, |app| is_in(app, 4, "out", State::Pause));
    run_to(&mut app, State::Run);
    wait(&mut app, |app| is_in(app, 5, "in", State::Run));
    assert!(is_in(&app, 2, "in", State::Pause), "still held");
}

#[test]
fn sta_8_what_is_live_cannot_be_cued_and_what_is_not_is() {
    let mut still = app(&["tone", "null_renderer"]);
    run_to(&mut still, State::Pause);
    wait(&mut still, |app| app.view().cued() == Cued::Yes);
    let mut live = App::new(Options::nominal(256));
    for key in ["keyboard", "tone_synth", "null_renderer"] {
        live.perform(Action::AddFilter {
            key: key.into(),
            at: Position::default(),
        });
    }
    for (from, to) in [
        (pin(1, "notes"), pin(2, "notes")),
        (pin(2, "out"), pin(3, "in")),
    ] {
        live.perform(Action::Connect { from, to });
    }
    assert!(live.view().wiring.is_agreed());
    run_to(&mut live, State::Pause);
    wait(&mut live, |app| app.view().cued() == Cued::CannotCue);
}

#[test]
fn sta_8_a_file_is_cued_when_its_first_frame_is_there() {
    let graph = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("graphs/wave_player.ron");
    let mut app = App::new(Options::nominal(256));
    app.perform(Action::Open(graph));
    wait(&mut app, |app| app.view().wiring.is_agreed());
    run_to(&mut app, State::Pause);
    wait(&mut app, |app| app.view().cued() == Cued::Yes);
    // A value that cannot be: nothing comes from a reader without a file, and nobody waits for it.
    let reader = app.view().graph.filters.keys().next().copied().unwrap();
    app.perform(Action::SetProperty {
        filter: reader,
        key: "path".into(),
        value: Some(Value::Text("/nowhere.wav".into())),
    });
    wait(&mut app, |app| app.view().cued() == Cued::Yes);
}
