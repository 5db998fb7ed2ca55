//! The program without a screen, on the nominal machine.

use std::time::{Duration, Instant};

use super::{Action, App, Options, Selection};
use crate::graph::{FilterId, FilterPath, PinAddress, Position};
use crate::ks::{State, Value};

fn app() -> App {
    App::new(Options::nominal(256))
}

fn pin(filter: u32, name: &str) -> PinAddress {
    PinAddress {
        filter: FilterPath::from(vec![FilterId(filter)]),
        pin: name.into(),
        instance: 0,
    }
}

/// Adds filters by key; their ids are 1, 2, 3 in order.
fn with(keys: &[&str]) -> App {
    let mut app = app();
    for (index, key) in keys.iter().enumerate() {
        app.perform(Action::AddFilter {
            key: (*key).into(),
            at: Position {
                x: 240.0 * index as f32,
                y: 0.0,
            },
        });
    }
    app
}

fn connect(app: &mut App, from: (u32, &str), to: (u32, &str)) {
    app.perform(Action::Connect {
        from: pin(from.0, from.1),
        to: pin(to.0, to.1),
    });
}

/// Polls until `is_done`, for two seconds at most.
fn wait(app: &mut App, is_done: impl Fn(&App) -> bool) -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "a limit for a test that waits for threads"
    )]
    let start = Instant::now();
    while !is_done(app) {
        if start.elapsed() > Duration::from_secs(10) {
            return false;
        }
        app.poll();
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

#[test]
fn a_graph_built_by_actions_runs_and_its_wires_have_levels() {
    let mut app = with(&["tone", "gain", "null_renderer"]);
    connect(&mut app, (1, "out"), (2, "in"));
    connect(&mut app, (2, "out"), (3, "in"));
    assert!(app.view().wiring.is_agreed());
    app.perform(Action::SetState(State::Run));
    assert!(wait(&mut app, |app| app
        .view()
        .level(&pin(2, "out"), &pin(3, "in"))
        > 0.05));
    assert!(app.cells().is_some_and(|cells| cells.position() > 0));
    app.perform(Action::SetState(State::Stop));
    assert!(wait(&mut app, |app| app
        .cells()
        .is_some_and(|cells| cells.state() == State::Stop)));
    assert_eq!(app.cells().map(|cells| cells.position()), Some(0));
}

#[test]
fn every_action_on_the_document_can_be_taken_back() {
    let mut app = with(&["tone", "gain", "meter", "meter"]);
    connect(&mut app, (1, "out"), (2, "in"));
    connect(&mut app, (2, "out"), (3, "in"));
    let actions = [
        Action::AddFilter {
            key: "noise".into(),
            at: Position::default(),
        },
        Action::Disconnect(vec![0]),
        Action::Rewire {
            connection: 0,
            from: pin(1, "out"),
            to: pin(4, "in"),
        },
        Action::Delete(vec![FilterId(2)]),
        Action::Move(vec![(FilterId(1), Position { x: 16.0, y: 32.0 })]),
        Action::Rename(FilterId(1), "Siren".into()),
        Action::SetProperty {
            filter: FilterId(1),
            key: "frequency".into(),
            value: Some(Value::Number(880.0)),
        },
    ];
    for action in actions {
        let before = app.view().graph.clone();
        app.perform(action.clone());
        assert_ne!(*app.view().graph, before, "{action:?} did nothing");
        let after = app.view().graph.clone();
        app.perform(Action::Undo);
        assert_eq!(*app.view().graph, before, "{action:?} was not taken back");
        app.perform(Action::Redo);
        assert_eq!(*app.view().graph, after, "{action:?} was not done again");
        app.perform(Action::Undo);
    }
}

#[test]
fn a_drag_of_a_slider_is_one_step() {
    let mut app = with(&["gain"]);
    let before = app.view().graph.clone();
    app.perform(Action::BeginGesture("Set Level".into()));
    for level in [-1.0, -2.0, -3.0] {
        let value = Some(Value::Number(level));
        app.perform(Action::SetProperty {
            filter: FilterId(1),
            key: "level".into(),
            value,
        });
    }
    app.perform(Action::EndGesture);
    app.perform(Action::Undo);
    assert_eq!(*app.view().graph, before);
}

#[test]
fn a_refusal_is_shown_and_its_cure_is_one_step() {
    let mut app = with(&["tone", "tone", "mixer"]);
    for (filter, rate) in [(1, "44100"), (2, "48000")] {
        let value = Some(Value::Text(rate.into()));
        app.perform(Action::SetProperty {
            filter: FilterId(filter),
            key: "rate".into(),
            value,
        });
    }
    connect(&mut app, (1, "out"), (3, "in"));
    let before = app.view().graph.clone();
    let second = PinAddress {
        instance: 1,
        ..pin(3, "in")
    };
    app.perform(Action::Connect {
        from: pin(2, "out"),
        to: second.clone(),
    });
    assert_eq!(*app.view().graph, before, "a refused wire is not made");
    let (_, _, refusal) = app.view().refusal.cloned().unwrap();
    assert!(
        refusal.sentence().contains("48\u{a0}000 Hz"),
        "{}",
        refusal.sentence()
    );
    assert!(!refusal.cures.is_empty());
    app.perform(Action::ConnectVia {
        from: pin(2, "out"),
        to: second,
        cure: 0,
    });
    assert!(
        app.view().wiring.is_agreed(),
        "{:?}",
        app.view().wiring.wires
    );
    assert_eq!(app.view().graph.filters.len(), 4);
    app.perform(Action::Undo);
    assert_eq!(*app.view().graph, before);
}

#[test]
fn deleting_the_selection_takes_wires_along_and_clears_it() {
    let mut app = with(&["tone", "gain"]);
    connect(&mut app, (1, "out"), (2, "in"));
    app.perform(Action::Select(Selection {
        filters: [FilterId(2)].into(),
        ..Selection::default()
    }));
    app.perform(Action::DeleteSelection);
    let view = app.view();
    assert!(view.graph.connections.is_empty() && view.selection.is_empty());
}

#[test]
fn saved_and_opened_again_is_the_same_and_clean() {
    let folder = std::env::temp_dir().join(format!("ksgraph-app-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("kept.ron");
    let mut app = with(&["tone", "gain"]);
    connect(&mut app, (1, "out"), (2, "in"));
    assert!(app.view().document.is_dirty);
    app.perform(Action::SaveAs(path.clone()));
    assert!(!app.view().document.is_dirty);
    let kept = app.view().graph.clone();
    app.perform(Action::New);
    app.perform(Action::Open(path));
    assert_eq!(*app.view().graph, kept);
    assert!(!app.view().document.is_dirty);
    app.perform(Action::Open(folder.join("not there.ron")));
    assert_eq!(
        *app.view().graph,
        kept,
        "a file that cannot be read leaves everything as it is"
    );
    assert!(app.view().banners[0].text.contains("not there.ron"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn saved_into_another_folder_a_graph_still_finds_its_files() {
    let folder = std::env::temp_dir().join(format!("ksgraph-paths-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("deep")).unwrap();
    let mut app = with(&["wave_reader"]);
    let value = Some(Value::Text(
        folder.join("media/a.wav").to_string_lossy().into_owned(),
    ));
    app.perform(Action::SetProperty {
        filter: FilterId(1),
        key: "path".into(),
        value,
    });
    let named = |app: &App| {
        let node = app.view().graph.filter(FilterId(1)).unwrap().clone();
        node.values["path"].text().to_owned()
    };
    app.perform(Action::SaveAs(folder.join("one.ron")));
    assert_eq!(named(&app), "media/a.wav");
    app.perform(Action::SaveAs(folder.join("deep/two.ron")));
    assert_eq!(named(&app), "../media/a.wav");
    app.perform(Action::Open(folder.join("deep/two.ron")));
    assert_eq!(named(&app), "../media/a.wav");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_refused_wire_of_a_file_gives_way_to_its_cure() {
    let mut app = app();
    let clinic = concat!(env!("CARGO_MANIFEST_DIR"), "/graphs/format_clinic.ron");
    app.perform(Action::Open(clinic.into()));
    let refused = |app: &App| {
        let wires = &app.view().wiring.wires;
        let wire = wires.iter().find(|wire| wire.outcome.is_err());
        wire.map(|wire| (wire.from.clone(), wire.to.clone()))
    };
    assert!(wait(&mut app, |app| refused(app).is_some()));
    let before = app.view().graph.clone();
    let (from, to) = refused(&app).unwrap();
    app.perform(Action::ConnectVia { from, to, cure: 0 });
    assert!(app.view().wiring.is_agreed(), "the red wire is gone");
    app.perform(Action::Undo);
    assert_eq!(*app.view().graph, before);
}

/// A group `Pair` with a tone and a gain in it, wired, and a meter outside; the group shows the gain's output.
fn with_a_group() -> App {
    let text = r#"(kind: "ksgraph", version: 1, next_id: 3,
        filters: [
            (id: 1, name: "Pair", at: (0, 0), group: (
                pins: [(name: "voice", inner: "2.out")],
                next_id: 3,
                filters: [
                    (id: 1, key: "tone", name: "Tone", at: (0, 0)),
                    (id: 2, key: "gain", name: "Gain", at: (240, 0)),
                ],
                connections: [(from: "1.out", to: "2.in")],
            )),
            (id: 2, key: "meter", name: "Meter", at: (480, 0)),
        ],
        connections: [],
    )"#;
    let mut app = app();
    let graph = crate::graph::from_ron(text.as_bytes(), "test")
        .unwrap()
        .graph;
    app.open_document(graph, None);
    app
}

#[test]
fn what_is_not_in_the_graph_that_is_shown_cannot_be_selected() {
    let mut app = with_a_group();
    app.perform(Action::Enter(FilterId(1)));
    // The click that led in comes behind, with the names of the graph outside.
    let selection = Selection {
        filters: [FilterId(1), FilterId(7)].into(),
        connections: [0, 5].into(),
        ..Selection::default()
    };
    app.perform(Action::Select(selection));
    let view = app.view();
    assert_eq!(view.selection.filters, [FilterId(1)].into());
    assert_eq!(view.selection.connections, [0].into());
}

#[test]
fn inside_a_group_everything_is_about_the_graph_shown() {
    let mut app = with_a_group();
    app.perform(Action::Enter(FilterId(1)));
    let view = app.view();
    assert_eq!(view.place(), ["Pair"]);
    assert_eq!(view.graph.filters.len(), 2);
    assert_eq!(
        view.path_of(FilterId(2)),
        FilterPath::from(vec![FilterId(1), FilterId(2)])
    );
    assert_eq!(view.local(&view.path_of(FilterId(2))), Some(FilterId(2)));
    assert!(view.wire(0).unwrap().outcome.is_ok());
    let before = view.document_graph().clone();
    app.perform(Action::AddFilter {
        key: "gain".into(),
        at: Position::default(),
    });
    let added = app.view().selection.one_filter().unwrap();
    assert_eq!(app.view().graph.filters[&added].name, "Gain and Pan");
    let new = |name: &str| PinAddress {
        filter: FilterPath::from(vec![FilterId(1), added]),
        pin: name.into(),
        instance: 0,
    };
    let old = |name: &str| PinAddress {
        filter: FilterPath::from(vec![FilterId(1), FilterId(2)]),
        ..pin(2, name)
    };
    assert!(app.view().would_connect(&new("out"), &old("in")).is_err());
    app.perform(Action::Disconnect(vec![0]));
    app.perform(Action::Connect {
        from: new("out"),
        to: old("in"),
    });
    assert_eq!(app.view().graph.connections.len(), 1);
    app.perform(Action::Rename(FilterId(1), "Siren".into()));
    app.perform(Action::Leave);
    assert!(app.view().place().is_empty());
    assert_eq!(app.view().selection.one_filter(), Some(FilterId(1)));
    app.perform(Action::Undo);
    assert_eq!(app.view().place(), ["Pair"], "undo leads to where it was");
    for _ in 0..3 {
        app.perform(Action::Undo);
    }
    assert_eq!(*app.view().document_graph(), before);
}

#[test]
fn the_pin_of_a_group_takes_a_wire_as_the_pin_inside_would() {
    let mut app = with_a_group();
    let (from, to) = (pin(1, "voice"), pin(2, "in"));
    assert!(app.view().would_connect(&from, &to).is_ok());
    app.perform(Action::Connect { from, to });
    let drawn = &app.view().graph.connections[0];
    assert_eq!(
        (drawn.from.pin.as_str(), drawn.from.filter),
        ("voice", FilterId(1))
    );
    assert!(app.view().wiring.is_agreed());
    // Asked with the flat address, as a cure does, it is the same pin.
    let inside = PinAddress {
        filter: FilterPath::from(vec![FilterId(1), FilterId(2)]),
        ..pin(2, "out")
    };
    assert_eq!(app.view().pin_ref(&inside).unwrap().pin, "voice");
}

#[test]
fn a_group_that_is_gone_is_left() {
    let mut app = app();
    app.perform(Action::AddFilter {
        key: "tone".into(),
        at: Position::default(),
    });
    let group = crate::graph::Edit::Add {
        id: FilterId(2),
        node: crate::graph::Node {
            name: "Box".into(),
            position: Position::default(),
            kind: crate::graph::NodeKind::Group(Box::default()),
        },
    };
    assert!(app.apply("Add", group));
    app.perform(Action::Enter(FilterId(2)));
    assert_eq!(app.view().place(), ["Box"]);
    app.perform(Action::Undo);
    assert!(app.view().place().is_empty());
    app.perform(Action::Enter(FilterId(1)));
    assert!(app.view().place().is_empty(), "a filter cannot be entered");
}

#[test]
fn a_value_set_inside_a_group_reaches_what_plays_without_a_new_plan() {
    let mut app = with_a_group();
    app.perform(Action::Connect {
        from: pin(1, "voice"),
        to: pin(2, "in"),
    });
    app.perform(Action::Enter(FilterId(1)));
    app.perform(Action::SetProperty {
        filter: FilterId(2),
        key: "level".into(),
        value: Some(Value::Number(-12.0)),
    });
    let path = app.view().path_of(FilterId(2));
    let wired = &app.view().wiring.filters[&path];
    assert_eq!(wired.values["level"], Value::Number(-12.0));
    app.perform(Action::Reveal(FilterPath::from(vec![FilterId(2)])));
    assert!(app.view().place().is_empty());
    assert_eq!(app.view().selection.one_filter(), Some(FilterId(2)));
}
