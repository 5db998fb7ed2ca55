//! Wires drawn, moved, led through filters and taken away; cures carried out.

use ksgraph::app::{Action, App, ConnectMode, Selection};
use ksgraph::graph::{Chosen, Edit, FilterId, FilterPath, PinAddress, Position, apply, from_ron};
use ksgraph::ks::{DataFormat, Interface, Value};

use crate::editor::{
    at, editor, editor_with, id, no_step, one_step, select, selected, text, value, wires,
};

fn cure(app: &App, from: &str, to: &str) -> Action {
    Action::ConnectVia {
        from: at(app, from),
        to: at(app, to),
        cure: 0,
    }
}

#[test]
fn a_splitter_takes_a_full_output_over_and_the_old_wire_goes_on_behind_it() {
    let mut app = editor("tone:t -> null_renderer:a; null_renderer:b");
    app.perform(Action::Select(Selection {
        connections: [0].into(),
        ..Selection::default()
    }));
    let act = cure(&app, "t.out", "b.in");
    app.perform(act.clone());
    // What was selected is another wire now; what was put in is what matters.
    assert!(app.view().selection.connections.is_empty());
    assert_eq!(selected(&app), ["Splitter"]);
    app.perform(Action::Undo);
    one_step(&mut app, act);
    assert_eq!(
        wires(&app),
        [
            "t.out -> Splitter.in",
            "Splitter.out -> a.in",
            "Splitter.out[1] -> b.in"
        ]
    );
}

#[test]
fn a_refused_wire_of_a_file_and_its_rival_both_go_through_the_splitter() {
    for (first, second) in [("a", "b"), ("b", "a")] {
        let pairs = [
            ("t.out", format!("{first}.in")),
            ("t.out", format!("{second}.in")),
        ];
        let pairs = pairs.each_ref().map(|(from, to)| (*from, to.as_str()));
        let mut app = editor_with("tone:t; null_renderer:a; null_renderer:b", &pairs);
        // Whichever was drawn first, one of the two is refused.
        let red = app
            .view()
            .wiring
            .wires
            .iter()
            .find(|it| it.outcome.is_err());
        let red = red.unwrap().to.clone();
        let act = Action::ConnectVia {
            from: at(&app, "t.out"),
            to: red,
            cure: 0,
        };
        one_step(&mut app, act);
        assert_eq!(app.view().graph.connections.len(), 3, "{:?}", wires(&app));
        assert!(app.view().wiring.is_agreed(), "{:?}", wires(&app));
    }
}

#[test]
fn a_mixer_takes_a_full_input_over() {
    let mut app = editor("tone:t -> null_renderer:a; tone:u");
    let act = cure(&app, "u.out", "a.in");
    one_step(&mut app, act);
    assert_eq!(
        wires(&app),
        [
            "t.out -> Mixer.in",
            "u.out -> Mixer.in[1]",
            "Mixer.out -> a.in"
        ]
    );
}

#[test]
fn two_full_pins_need_two_cures_and_still_one_step() {
    let mut app = editor("tone:t -> gain:g -> null_renderer:a");
    let before = text(&app);
    let act = cure(&app, "t.out", "a.in");
    no_step(&mut app, act);
    let (from, to, refusal) = app.view().refusal.cloned().unwrap();
    assert_eq!(refusal.cures[0].inserts, ["mixer"]);
    app.perform(Action::ConnectVia { from, to, cure: 0 });
    assert!(app.view().wiring.is_agreed(), "{:?}", wires(&app));
    assert_eq!(app.view().graph.filters.len(), 5);
    app.perform(Action::Undo);
    assert_eq!(text(&app), before);
}

#[test]
fn who_likes_cures_gets_the_first_that_is_not_ruled_out() {
    let mut app = editor("tone:t -> null_renderer:a; tone:u; tone:v -> null_renderer:b");
    let connect = |app: &App, from: &str, to: &str| Action::Connect {
        from: at(app, from),
        to: at(app, to),
    };
    let act = connect(&app, "u.out", "a.in");
    no_step(&mut app, act);
    app.change_preferences(|it| it.connect = ConnectMode::Intelligent);
    let act = connect(&app, "u.out", "a.in");
    one_step(&mut app, act);
    assert_eq!(wires(&app)[2], "u.out -> Mixer.in[1]");
    app.change_preferences(|it| _ = it.blocked.insert("mixer".into()));
    let act = connect(&app, "Mixer.out", "b.in");
    app.perform(Action::DisconnectAll(id(&app, "a")));
    no_step(&mut app, act);
    assert!(app.view().refusal.is_some());
}

#[test]
fn inside_a_group_cures_and_insertions_stay_inside() {
    let text = "(kind: \"ksgraph\", version: 1, next_id: 5, filters: [\
        (id: 1, name: \"rack\", at: (0, 0), group: (next_id: 5, pins: [], filters: [\
            (id: 2, key: \"tone\", name: \"t\", at: (0, 0)), (id: 3, key: \"null_renderer\", name: \"a\", at: (400, 0)),\
            (id: 4, key: \"null_renderer\", name: \"b\", at: (400, 200))],\
            connections: [(from: \"2.out\", to: \"3.in\")]))], connections: [])";
    let mut app = editor("gain:x");
    app.open_document(from_ron(text.as_bytes(), "x").unwrap().graph, None);
    app.perform(Action::Enter(FilterId(1)));
    let pin = |id: u32, name: &str| PinAddress {
        filter: FilterPath::from(vec![FilterId(1), FilterId(id)]),
        pin: name.into(),
        instance: 0,
    };
    let (from, to) = (pin(2, "out"), pin(4, "in"));
    one_step(&mut app, Action::ConnectVia { from, to, cure: 0 });
    let insert = Action::InsertOnWire {
        key: "gain".into(),
        at: Position::default(),
        connection: 0,
    };
    one_step(&mut app, insert);
    assert_eq!(app.view().place(), ["rack"]);
    assert_eq!(wires(&app).len(), 4);
    assert!(
        wires(&app).iter().all(|it| !it.ends_with('!')),
        "{:?}",
        wires(&app)
    );
    assert_eq!(app.view().document_graph().filters.len(), 1);
    let sizes = Default::default();
    one_step(&mut app, Action::Arrange { sizes });
    let fits = app.view().fits(&pin(2, "out"));
    assert!(fits.iter().any(|fit| fit.key == "mixer"));
}

#[test]
fn a_wire_that_is_led_on_keeps_what_was_chosen_for_it() {
    let mut app = editor("tone:t -> null_renderer:a; null_renderer:b");
    let mut graph = app.view().graph.clone();
    let chosen = Chosen {
        format: Some(DataFormat::float(2, 48_000)),
        ..Chosen::default()
    };
    let (connection, kept) = (0, chosen.clone());
    apply(&mut graph, Edit::Choose { connection, chosen }).unwrap();
    app.open_document(graph, None);
    let act = cure(&app, "t.out", "b.in");
    one_step(&mut app, act);
    let connections = &app.view().graph.connections;
    let old = connections
        .iter()
        .find(|wire| wire.to.filter == id(&app, "a"));
    assert_eq!(old.unwrap().chosen, kept);
    assert!(app.view().wiring.is_agreed(), "{:?}", wires(&app));
}

#[test]
fn of_what_was_chosen_only_what_is_in_the_way_is_let_go() {
    let mut app = editor("tone:t rate=48000 -> null_renderer:a");
    let mut graph = app.view().graph.clone();
    let chosen = Chosen {
        format: Some(DataFormat::float(1, 44_100)),
        interface: Some(Interface::STREAMING),
        ..Chosen::default()
    };
    let connection = 0;
    apply(&mut graph, Edit::Choose { connection, chosen }).unwrap();
    app.open_document(graph, None);
    assert_eq!(wires(&app), ["t.out -> a.in!"]);
    let act = cure(&app, "t.out", "a.in");
    one_step(&mut app, act);
    assert_eq!(wires(&app), ["t.out -> a.in"]);
    let left = &app.view().graph.connections[0].chosen;
    assert_eq!(
        (&left.format, left.interface),
        (&None, Some(Interface::STREAMING))
    );
}

#[test]
fn what_a_cure_puts_in_covers_no_box() {
    // A wall of boxes, close together, and a wire right through it.
    let many: Vec<String> = (0..40).map(|number| format!("gain:g{number}")).collect();
    let words = format!("tone:t; tone:u; mixer:m; u -> m; {}", many.join("; "));
    let mut app = editor(&words);
    let mut graph = app.view().graph.clone();
    for (number, (_, node)) in graph.filters.iter_mut().enumerate() {
        node.position = Position {
            x: (number % 7) as f32 * 200.0,
            y: (number / 7) as f32 * 144.0,
        };
    }
    app.open_document(graph, None);
    for (name, rate) in [("t", "44100"), ("u", "48000")] {
        app.perform(Action::SetProperty {
            filter: id(&app, name),
            key: "rate".into(),
            value: Some(Value::Text(rate.into())),
        });
    }
    let act = cure(&app, "t.out", "m.in[1]");
    one_step(&mut app, act);
    assert!(app.view().wiring.is_agreed(), "{:?}", wires(&app));
    let graph = app.view().graph;
    let new = id(&app, "Sample Rate Converter");
    let place = graph.filters[&new].position;
    assert_eq!((place.x % 16.0, place.y % 16.0), (0.0, 0.0));
    for (other, node) in &graph.filters {
        let (dx, dy) = (node.position.x - place.x, node.position.y - place.y);
        assert!(
            *other == new || dx.abs() >= 176.0 || dy.abs() >= 100.0,
            "{} at {:?}, new at {place:?}",
            node.name,
            node.position
        );
    }
}

#[test]
fn what_goes_into_a_wire_covers_no_box_and_neither_is_covered() {
    let covers = |app: &App, new: FilterId| {
        let graph = app.view().graph;
        let at = graph.filters[&new].position;
        graph.filters.iter().any(|(id, node)| {
            let (dx, dy) = (node.position.x - at.x, node.position.y - at.y);
            *id != new && dx.abs() < 120.0 && dy.abs() < 60.0
        })
    };
    let on_the_tone = Position { x: 4.0, y: 4.0 };
    let mut app = editor("tone:t -> null_renderer:a; meter:m");
    let act = Action::InsertOnWire {
        key: "gain".into(),
        at: on_the_tone,
        connection: 0,
    };
    one_step(&mut app, act);
    assert!(!covers(&app, id(&app, "Gain and Pan")));

    let mut app = editor("tone:t -> null_renderer:a; meter:m");
    let (filter, connection) = (id(&app, "m"), 0);
    app.perform(Action::Move(vec![(filter, on_the_tone)]));
    assert!(covers(&app, filter));
    one_step(&mut app, Action::DropOnWire { filter, connection });
    assert!(!covers(&app, filter));

    // Where there is room it stays where it was let go.
    let mut app = editor("tone:t -> null_renderer:a; meter:m");
    let (filter, free) = (id(&app, "m"), Position { x: 13.0, y: 401.0 });
    app.perform(Action::Move(vec![(filter, free)]));
    one_step(&mut app, Action::DropOnWire { filter, connection });
    assert_eq!(app.view().graph.filters[&filter].position, free);
}

#[test]
fn a_filter_goes_into_a_wire_in_one_step() {
    let mut app = editor("tone:t -> null_renderer:a");
    let act = Action::InsertOnWire {
        key: "gain".into(),
        at: Position { x: 64.0, y: 64.0 },
        connection: 0,
    };
    one_step(&mut app, act);
    let gain = "Gain and Pan";
    assert_eq!(
        wires(&app),
        [format!("t.out -> {gain}.in"), format!("{gain}.out -> a.in")]
    );
}

#[test]
fn a_filter_that_does_not_go_into_a_wire_changes_nothing_and_its_cure_does_it_all() {
    let mut app = editor("tone:t -> format_converter:f format=\"16 bit\" -> null_renderer:a");
    let format = Some(Value::Text("16 bit".into()));
    let act = Action::SetProperty {
        filter: id(&app, "f"),
        key: "format".into(),
        value: format,
    };
    app.perform(act);
    let before = text(&app);
    let act = Action::InsertOnWire {
        key: "gain".into(),
        at: Position::default(),
        connection: 1,
    };
    no_step(&mut app, act);
    let (from, to, refusal) = app.view().refusal.cloned().unwrap();
    assert!(!refusal.cures.is_empty(), "{refusal:?}");
    let act = Action::ConnectVia { from, to, cure: 0 };
    app.perform(act);
    // Both halves of the wire need the integer or the float side; each refusal offers what is next.
    if let Some((from, to, _)) = app.view().refusal.cloned() {
        assert_eq!(text(&app), before);
        app.perform(Action::ConnectVia { from, to, cure: 0 });
    }
    assert!(app.view().wiring.is_agreed(), "{:?}", wires(&app));
    assert!(
        wires(&app)
            .iter()
            .any(|wire| wire.ends_with("Gain and Pan.in")),
        "{:?}",
        wires(&app)
    );
    assert_eq!(selected(&app), ["Gain and Pan"]);
    app.perform(Action::Undo);
    assert_eq!(text(&app), before, "all of it is one step");
}

#[test]
fn what_has_no_such_pins_says_so() {
    let mut app = editor("tone:t -> null_renderer:a; keyboard:k");
    let act = Action::DropOnWire {
        filter: id(&app, "k"),
        connection: 0,
    };
    no_step(&mut app, act);
    let said = app.view().log.last().unwrap().text.clone();
    assert!(said.contains("no free input"), "{said}");
}

#[test]
fn a_box_dropped_on_a_wire_goes_into_it() {
    let mut app = editor("tone:t -> null_renderer:a; gain:g");
    let filter = id(&app, "g");
    let connection = 0;
    one_step(&mut app, Action::DropOnWire { filter, connection });
    assert_eq!(wires(&app), ["t.out -> g.in", "g.out -> a.in"]);
    // Where it stands already it cannot go again.
    no_step(&mut app, Action::DropOnWire { filter, connection });
}

#[test]
fn what_was_chosen_for_a_wire_goes_on_through_what_is_put_in() {
    let mut app = editor("tone:t -> null_renderer:a; gain:g");
    let mut graph = app.view().graph.clone();
    let chosen = Chosen {
        format: Some(DataFormat::float(2, 48_000)),
        ..Chosen::default()
    };
    let (connection, kept) = (0, chosen.clone());
    apply(&mut graph, Edit::Choose { connection, chosen }).unwrap();
    app.open_document(graph, None);
    let filter = id(&app, "g");
    one_step(&mut app, Action::DropOnWire { filter, connection });
    let chosen: Vec<_> = app
        .view()
        .graph
        .connections
        .iter()
        .map(|it| &it.chosen)
        .collect();
    assert_eq!(chosen, [&kept, &kept]);
    assert!(app.view().wiring.is_agreed());
}

#[test]
fn a_wire_dropped_on_a_body_finds_its_pin() {
    let mut app = editor("tone:t -> mixer:m; tone:u; tone_synth:s; keyboard:k");
    let (pin, filter) = (at(&app, "u.out"), id(&app, "m"));
    one_step(&mut app, Action::ConnectToBody { pin, filter });
    assert_eq!(wires(&app), ["t.out -> m.in", "u.out -> m.in[1]"]);
    // From an input backwards.
    let (pin, filter) = (at(&app, "s.notes"), id(&app, "k"));
    one_step(&mut app, Action::ConnectToBody { pin, filter });
    assert_eq!(wires(&app)[2], "k.notes -> s.notes");
    // Nothing fits: the refusal is shown, nothing changes.
    let (pin, filter) = (at(&app, "u.out"), id(&app, "s"));
    app.perform(Action::DisconnectAll(id(&app, "u")));
    no_step(&mut app, Action::ConnectToBody { pin, filter });
    assert!(app.view().refusal.is_some());
}

#[test]
fn a_body_whose_pins_are_taken_offers_the_cure() {
    let mut app = editor("tone:t -> null_renderer:a; tone:u");
    let (pin, filter) = (at(&app, "u.out"), id(&app, "a"));
    no_step(&mut app, Action::ConnectToBody { pin, filter });
    let refusal = &app.view().refusal.unwrap().2;
    assert_eq!(refusal.cures[0].inserts, ["mixer"]);
}

#[test]
fn a_moved_wire_keeps_its_place_and_what_was_chosen() {
    let mut app = editor("tone:t -> gain:g -> null_renderer:a; tone:u; null_renderer:b");
    let mut graph = app.view().graph.clone();
    let chosen = Chosen {
        format: Some(DataFormat::float(2, 48_000)),
        ..Chosen::default()
    };
    let (connection, kept) = (0, chosen.clone());
    apply(&mut graph, Edit::Choose { connection, chosen }).unwrap();
    app.open_document(graph, None);
    let act = Action::Rewire {
        connection,
        from: at(&app, "u.out"),
        to: at(&app, "g.in"),
    };
    one_step(&mut app, act);
    assert_eq!(wires(&app), ["u.out -> g.in", "g.out -> a.in"]);
    assert_eq!(app.view().graph.connections[0].chosen, kept);
    // A choice that the new place cannot have is let go.
    let act = Action::SetProperty {
        filter: id(&app, "t"),
        key: "channels".into(),
        value: Some(Value::Number(1.0)),
    };
    app.perform(act);
    let act = Action::Rewire {
        connection,
        from: at(&app, "t.out"),
        to: at(&app, "g.in"),
    };
    one_step(&mut app, act);
    assert_eq!(wires(&app), ["t.out -> g.in", "g.out -> a.in"]);
    assert_eq!(app.view().graph.connections[0].chosen, Chosen::default());
}

#[test]
fn wires_of_the_selection_and_of_a_filter_go_in_one_step() {
    let mut app = editor("tone:t -> gain:g -> meter:m -> null_renderer:a");
    select(&mut app, &["g"]);
    one_step(&mut app, Action::DisconnectSelection);
    assert_eq!(wires(&app), ["m.out -> a.in"]);
    let filter = id(&app, "m");
    one_step(&mut app, Action::DisconnectAll(filter));
    assert!(wires(&app).is_empty());
    no_step(&mut app, Action::DisconnectAll(filter));
}

#[test]
fn a_new_filter_is_wired_to_what_was_selected() {
    let mut app = editor("tone:t");
    select(&mut app, &["t"]);
    let add = |key: &str, pin| Action::AddFilterWired {
        key: key.into(),
        at: Position { x: 240.0, y: 0.0 },
        pin,
    };
    one_step(&mut app, add("gain", None));
    assert_eq!(wires(&app), ["t.out -> Gain and Pan.in"]);
    // What was added is selected, so the next one goes on from there.
    select(&mut app, &["Gain and Pan"]);
    app.perform(add("gain", None));
    // What has nothing in common is simply there.
    select(&mut app, &["Gain and Pan 2"]);
    one_step(&mut app, add("keyboard", None));
    assert_eq!(wires(&app).len(), 2);
    // A pin that is named gets the wire, or an answer.
    let pin = at(&app, "Gain and Pan 2.out");
    one_step(&mut app, add("null_renderer", Some(pin)));
    assert_eq!(wires(&app)[2], "Gain and Pan 2.out -> Null Renderer.in");
    let pin = at(&app, "Computer Keyboard.notes");
    one_step(&mut app, add("meter", Some(pin)));
    assert!(app.view().refusal.is_some());
    assert_eq!(value(&app, "t", "level"), None);
}

#[test]
fn what_fits_a_pin_is_told_best_first() {
    let app = editor("tone:t");
    let fits = app.view().fits(&at(&app, "t.out"));
    let find = |key: &str| fits.iter().position(|fit| fit.key == key);
    let gain = &fits[find("gain").unwrap()];
    assert_eq!((gain.pin.as_str(), gain.cost), ("in", 0));
    assert!(
        find("gain") < find("audio_device_out"),
        "what ends it is last"
    );
    assert!(find("tone").is_none() && find("tone_synth").is_none());
    let costs: Vec<u32> = fits.iter().map(|fit| fit.cost).collect();
    assert!(costs.is_sorted(), "{fits:?}");
    // Backwards as well.
    let app = editor("tone_synth:s");
    let fits = app.view().fits(&at(&app, "s.notes"));
    assert!(
        fits.iter()
            .any(|fit| fit.key == "keyboard" && fit.pin == "notes")
    );
}
