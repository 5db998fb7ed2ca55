//! What cannot stand in a wire because it only gives or only takes: dropped on one, it joins what is there.

use ksgraph::app::{Action, App};
use ksgraph::graph::Position;

use crate::editor::{editor, one_step, wires};

fn drop_new(app: &mut App, key: &str) {
    app.perform(Action::InsertOnWire {
        key: key.into(),
        at: Position { x: 0.0, y: 300.0 },
        connection: 0,
    });
}

/// The first cure of the refusal that is shown.
fn cure(app: &App) -> Action {
    let view = app.view();
    let (from, to, refusal) = view.refusal.expect("a refusal is shown");
    assert!(!refusal.cures.is_empty(), "{refusal:?}");
    let (from, to) = (from.clone(), to.clone());
    Action::ConnectVia { from, to, cure: 0 }
}

#[test]
fn a_source_dropped_on_a_wire_is_refused_and_its_cure_mixes_it_in() {
    let mut app = editor("tone:t -> null_renderer:a");
    let before = app.view().graph.clone();
    drop_new(&mut app, "noise");
    assert_eq!(*app.view().graph, before, "a refusal changes nothing");
    let act = cure(&app);
    one_step(&mut app, act);
    assert_eq!(
        wires(&app),
        [
            "t.out -> Mixer.in",
            "Noise.out -> Mixer.in[1]",
            "Mixer.out -> a.in"
        ]
    );
    assert!(app.view().wiring.is_agreed());
}

#[test]
fn what_only_takes_is_fed_by_a_splitter() {
    let mut app = editor("tone:t -> null_renderer:a");
    drop_new(&mut app, "null_renderer");
    let act = cure(&app);
    one_step(&mut app, act);
    let wires = wires(&app);
    assert_eq!(wires.len(), 3, "{wires:?}");
    assert!(
        wires.iter().any(|it| it.ends_with("-> Null Renderer.in")),
        "{wires:?}"
    );
    assert!(wires.iter().any(|it| it.ends_with("-> a.in")), "{wires:?}");
    assert!(app.view().wiring.is_agreed());
}

#[test]
fn where_there_is_room_no_cure_is_needed() {
    let mut app = editor("tone:t -> mixer:m -> null_renderer:a");
    drop_new(&mut app, "noise");
    // The wire to the mixer holds one of its inputs, and another one is made.
    if app.view().refusal.is_some() {
        let act = cure(&app);
        one_step(&mut app, act);
    }
    let wires = wires(&app);
    assert!(
        wires.iter().any(|it| it.starts_with("Noise.out")),
        "{wires:?}"
    );
    assert!(app.view().wiring.is_agreed());
}

#[test]
fn what_has_no_pin_for_either_side_is_told() {
    let mut app = editor("tone:t -> null_renderer:a");
    drop_new(&mut app, "keyboard");
    assert_eq!(app.view().graph.filters.len(), 2);
    assert_eq!(app.view().refusal, None, "nothing would help");
    let banners: Vec<_> = app.view().banners.iter().map(|it| &it.text).collect();
    assert!(banners[0].contains("no free input"), "{banners:?}");
}
