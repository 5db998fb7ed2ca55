//! Properties follow controllers: learnt by pointing and moving, kept in the file, undone.

use std::time::Duration;

use ksgraph::app::{Action, App, Options};
use ksgraph::graph::{Control, FilterId, FilterPath, NodeKind, PinAddress, from_ron, to_ron};
use ksgraph::ks::{State, Value};

/// A keyboard, a synthesizer and a renderer that run.
fn running() -> (App, [FilterId; 3]) {
    let mut app = App::new(Options::nominal(64));
    let keys = ["on_screen_keyboard", "tone_synth", "null_renderer"];
    for key in keys {
        app.perform(Action::AddFilter {
            key: key.into(),
            at: Default::default(),
        });
    }
    let ids: Vec<FilterId> = app.view().graph.filters.keys().copied().collect();
    let ids = [ids[0], ids[1], ids[2]];
    let pin = |at: usize, pin: &str| PinAddress {
        filter: FilterPath::from(vec![ids[at]]),
        pin: pin.into(),
        instance: 0,
    };
    for (from, to) in [
        (pin(0, "notes"), pin(1, "notes")),
        (pin(1, "out"), pin(2, "in")),
    ] {
        app.perform(Action::Connect { from, to });
    }
    app.perform(Action::SetState(State::Run));
    wait(&mut app, |app| app.view().state() == Ok(State::Run));
    (app, ids)
}

fn wait(app: &mut App, is_so: impl Fn(&App) -> bool) {
    for _ in 0..20_000 {
        if is_so(app) {
            return;
        }
        app.poll();
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("it never is");
}

/// Somebody moves a controller of channel 3.
fn turn(app: &mut App, keyboard: FilterId, controller: u8, value: u8) {
    // The audio thread is told first that somebody wants to know.
    for _ in 0..3 {
        app.poll();
        std::thread::sleep(Duration::from_millis(2));
    }
    app.perform(Action::Play {
        filter: FilterPath::of(keyboard),
        bytes: vec![0xB2, controller, value],
    });
}

fn control(app: &App, filter: FilterId, key: &str) -> Option<Control> {
    match &app.view().graph.filters.get(&filter)?.kind {
        NodeKind::Filter(node) => node.controls.get(key).copied(),
        NodeKind::Group(_) => None,
    }
}

fn value(app: &App, filter: FilterId, key: &str) -> Option<Value> {
    match &app.view().graph.filters.get(&filter)?.kind {
        NodeKind::Filter(node) => node.values.get(key).cloned(),
        NodeKind::Group(_) => None,
    }
}

#[test]
fn a_property_follows_the_controller_that_was_moved_when_it_was_pointed_at() {
    let (mut app, [keyboard, synth, _]) = running();
    app.perform(Action::Learn(Some((synth, "level".into()))));
    assert!(app.view().learning().is_some());
    let asks = |app: &App| {
        let mut banners = app.view().banners.iter();
        banners.any(|it| it.text.starts_with("Move a controller"))
    };
    assert!(asks(&app));
    turn(&mut app, keyboard, 74, 100);
    wait(&mut app, |app| control(app, synth, "level").is_some());
    let learnt = Some(Control {
        channel: 2,
        controller: 74,
    });
    assert_eq!(control(&app, synth, "level"), learnt);
    assert!(app.view().learning().is_none() && !asks(&app));
    assert_eq!(
        value(&app, synth, "level"),
        None,
        "the first move binds only"
    );

    let steps = app.view().steps().1;
    turn(&mut app, keyboard, 74, 0);
    wait(&mut app, |app| value(app, synth, "level").is_some());
    let least = value(&app, synth, "level");
    for place in [30, 60, 127] {
        turn(&mut app, keyboard, 74, place);
        turn(&mut app, keyboard, 75, 1);
    }
    let top = |app: &App| match value(app, synth, "level") {
        Some(Value::Number(now)) => {
            matches!(least, Some(Value::Number(least)) if now > least + 20.0)
        }
        _ => false,
    };
    wait(&mut app, top);
    wait(&mut app, |app| {
        value(app, synth, "level") == Some(Value::Number(6.0))
    });
    assert_eq!(app.view().steps().1, steps + 1, "all of it is one step");

    // It is kept in the file.
    let text = to_ron(app.view().document_graph());
    assert!(
        text.contains("controls: {\"level\": (channel: 3, controller: 74)}"),
        "{text}"
    );
    let graph = from_ron(text.as_bytes(), "it").expect("it is read").graph;
    assert_eq!(&graph, app.view().document_graph());

    app.perform(Action::Undo);
    assert_eq!(value(&app, synth, "level"), None);
    app.perform(Action::Undo);
    assert_eq!(control(&app, synth, "level"), None);
    app.perform(Action::Redo);
    assert_eq!(control(&app, synth, "level"), learnt);
    app.perform(Action::ForgetControl {
        filter: synth,
        key: "level".into(),
    });
    assert_eq!(control(&app, synth, "level"), None);
}

#[test]
fn a_text_is_not_learnt_and_says_so() {
    let (mut app, [_, synth, _]) = running();
    app.perform(Action::AddFilter {
        key: "wave_reader".into(),
        at: Default::default(),
    });
    let reader = app
        .view()
        .graph
        .filters
        .keys()
        .copied()
        .next_back()
        .unwrap();
    app.perform(Action::Learn(Some((reader, "path".into()))));
    assert!(app.view().learning().is_none());
    let said = app
        .view()
        .log
        .iter()
        .any(|line| line.text.contains("is text"));
    assert!(said);
    app.perform(Action::Learn(Some((synth, "level".into()))));
    app.perform(Action::Learn(None));
    assert!(app.view().learning().is_none());
}

#[test]
fn a_controller_in_a_file_that_cannot_be_is_left_out_with_a_word() {
    let text = "(kind: \"ksgraph\", version: 1, filters: [(id: 1, key: \"gain\", name: \"G\", at: (0, 0), controls: \
        {\"level\": (channel: 17, controller: 7), \"pan\": (channel: 1, controller: 10), \"other\": 5})], connections: [])";
    let loaded = from_ron(text.as_bytes(), "it").expect("it is read");
    let node = loaded.graph.filter(FilterId(1)).expect("it is there");
    let keys: Vec<_> = node.controls.keys().collect();
    assert_eq!(keys, ["pan"]);
    assert_eq!(loaded.warnings.len(), 2, "{:?}", loaded.warnings);
}
