//! Graph files: round trips, what is kept, and what is refused in clear words.

use std::fs;

use ksgraph::graph::{
    Chosen, Connection, Control, FileError, FilterId, FilterNode, FilterPath, Graph, Group,
    GroupPin, GroupProperty, Node, NodeKind, Note, NoteId, NoteKind, PinRef, Position, Size,
    from_ron, save_atomically, to_ron,
};
use ksgraph::ks::{DataFormat, Interface, Medium, Value};
use proptest::prelude::*;

use crate::support::{agree, catalogue, graph};

fn read(text: &str) -> Graph {
    from_ron(text.as_bytes(), "test.ron").unwrap().graph
}

fn error(text: &str) -> FileError {
    from_ron(text.as_bytes(), "test.ron").unwrap_err()
}

const HEAD: &str = "(kind: \"ksgraph\", version: 1, ";

fn any_node() -> impl Strategy<Value = Node> {
    let value = prop_oneof![
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(Value::Number),
        any::<bool>().prop_map(Value::Flag),
        any::<String>().prop_map(Value::Text),
    ];
    let values = prop::collection::btree_map(any::<String>(), value, 0..4);
    let unknown = prop::collection::btree_map(
        "[A-Z]{1,3}",
        prop_oneof![
            Just("Some(Deep(a: [1, 'x', \"]\"], b: {(1): r#\"\"#}))".to_owned()),
            Just("[1, 2, (3)]".to_owned()),
            Just("'('".to_owned()),
        ],
        0..2,
    );
    let place = (-1e6..1e6_f32, -1e6..1e6_f32).prop_map(|(x, y)| Position { x, y });
    let flags = any::<(bool, bool)>();
    let controls = proptest::collection::btree_map(any::<String>(), (0..16_u8, 0..128_u8), 0..3);
    let parts = (any::<String>(), place, values, unknown, flags, controls);
    parts.prop_map(|(key, position, mut values, unknown, flags, controls)| {
        values.retain(|name, _| !unknown.contains_key(name));
        Node {
            name: String::new(),
            position,
            kind: NodeKind::Filter(FilterNode {
                key,
                values: values.into(),
                unknown_fields: unknown
                    .iter()
                    .map(|(k, v)| (k.to_lowercase() + "_x", v.clone()))
                    .collect(),
                unknown,
                is_bypassed: flags.0,
                is_disabled: flags.1,
                controls: controls
                    .into_iter()
                    .map(|(key, (channel, controller))| {
                        let control = Control {
                            channel,
                            controller,
                        };
                        (key, control)
                    })
                    .collect(),
            }),
        }
    })
}

fn any_wire() -> impl Strategy<Value = Connection> {
    let end = || {
        (1..9_u32, "[a-z\\]\\[.0-9]{1,6}", 0..3_u32).prop_map(|(filter, pin, instance)| PinRef {
            filter: FilterId(filter),
            pin,
            instance,
        })
    };
    (end(), end(), any::<(bool, bool, bool)>()).prop_map(|(from, to, picks)| Connection {
        from,
        to,
        chosen: Chosen {
            format: picks.0.then(|| DataFormat::pcm(16, 2, 44_100)),
            medium: picks.1.then_some(Medium::STANDARD),
            interface: picks.2.then_some(Interface::LOOPED_STREAMING),
            ..Chosen::default()
        },
    })
}

fn any_note() -> impl Strategy<Value = Note> {
    let colour = prop::option::of(any::<String>());
    let unknown = prop::collection::btree_map("[a-c]{1,3}_x", Just("[1, (2)]".to_owned()), 0..2);
    let area = [-1e6..1e6_f32, -1e6..1e6_f32, 0.0..1e6_f32, 0.0..1e6_f32];
    (colour, any::<String>(), area, unknown).prop_map(|(colour, text, area, unknown_fields)| Note {
        kind: colour.map_or(NoteKind::Comment, |colour| NoteKind::Frame { colour }),
        text,
        position: Position {
            x: area[0],
            y: area[1],
        },
        size: Size {
            width: area[2],
            height: area[3],
        },
        unknown_fields,
    })
}

fn flat_graph() -> impl Strategy<Value = Graph> {
    let nodes = prop::collection::vec((any::<String>(), any_node()), 0..6);
    let wires = prop::collection::vec(any_wire(), 0..5);
    let notes = prop::collection::vec(any_note(), 0..4);
    let rate = prop::option::of(1..200_000_u32);
    (nodes, wires, rate, notes).prop_map(|(nodes, connections, rate, notes)| {
        let mut graph = Graph {
            rate_hz: rate.unwrap_or(0),
            connections: connections.into_iter().map(Into::into).collect(),
            next_id: 20,
            ..Graph::default()
        };
        for (number, (name, mut node)) in nodes.into_iter().enumerate() {
            node.name = format!("{name}{number}");
            graph
                .filters
                .insert(FilterId(1 + 2 * number as u32), node.into());
        }
        let ids = (0..).map(|number| NoteId(12 + 2 * number));
        graph.notes = ids.zip(notes).collect();
        graph
    })
}

fn any_graph() -> impl Strategy<Value = Graph> {
    (flat_graph(), prop::option::of(flat_graph())).prop_map(|(mut graph, inner)| {
        if let Some(inner) = inner {
            let pins = vec![GroupPin {
                name: "in".into(),
                inner: PinRef {
                    filter: FilterId(1),
                    pin: "in".into(),
                    instance: 0,
                },
            }];
            let properties = vec![GroupProperty {
                key: "level".into(),
                title: "How \"loud\"".into(),
                inner: FilterPath::from(vec![FilterId(1), FilterId(7)]),
                property: "level".into(),
            }];
            let kind = NodeKind::Group(Box::new(Group {
                graph: inner,
                pins,
                properties,
                ..Group::default()
            }));
            let (name, position) = ("A group".to_owned(), Position::default());
            graph.filters.insert(
                FilterId(2),
                Node {
                    name,
                    position,
                    kind,
                }
                .into(),
            );
        }
        graph
    })
}

proptest! {
    #[test]
    fn saved_and_loaded_is_the_same(graph in any_graph()) {
        let text = to_ron(&graph);
        let loaded = from_ron(text.as_bytes(), "test.ron");
        let loaded = loaded.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&loaded.graph, &graph, "{}", text);
        prop_assert_eq!(to_ron(&loaded.graph), text);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = from_ron(&bytes, "test.ron");
    }

    #[test]
    fn arbitrary_brackets_never_panic(text in "[(){}\\[\\]:,'\"r#b/*\\\\ a1.\n-]{0,200}") {
        let _ = from_ron(text.as_bytes(), "test.ron");
        let _ = from_ron(format!("{HEAD}{text}").as_bytes(), "test.ron");
        let _ = from_ron(format!("{HEAD}filters: [(id: 1, values: {{\"a\": {text}}})])").as_bytes(), "test.ron");
    }

    #[test]
    fn a_truncated_file_is_an_error_with_a_place(graph in any_graph(), cut in 0.0..1.0_f64) {
        let text = to_ron(&graph);
        let mut at = (text.trim_end().len() as f64 * cut) as usize;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let error = from_ron(&text.as_bytes()[..at], "test.ron").unwrap_err();
        prop_assert!(error.spot().is_some(), "{error}");
    }
}

#[test]
fn a_small_graph_reads_like_this() {
    let all = catalogue();
    let drawn = graph(
        &all,
        "tone frequency=440 waveform=saw -> gain level=-6.5 -> null_renderer",
    );
    assert_eq!(
        to_ron(&drawn),
        r#"(
    kind: "ksgraph",
    version: 1,
    next_id: 4,
    filters: [
        (id: 1, key: "tone", name: "tone", at: (0, 0), values: {"frequency": 440, "waveform": "saw"}),
        (id: 2, key: "gain", name: "gain", at: (0, 0), values: {"level": -6.5}),
        (id: 3, key: "null_renderer", name: "null_renderer", at: (0, 0)),
    ],
    connections: [
        (from: "1.out", to: "2.in"),
        (from: "2.out", to: "3.in"),
    ],
)
"#
    );
}

#[test]
fn what_is_written_by_hand_is_read() {
    let text = r#"// my graph
    KSGraph (
        /* not /* so */ long */
        version: 1, kind: "ksgraph",
        filters: [
            (name: "Tone", key: "tone", id: 1, values: (frequency: 220.0)),
            (id: 0x2, key: r"gain", name: "Gain"),
        ],
        connections: [(to: "2.in", from: "1.out")],
    )"#;
    let graph = read(text);
    assert_eq!(
        graph.filter(FilterId(1)).unwrap().values["frequency"],
        Value::Number(220.0)
    );
    assert_eq!(graph.connections.len(), 1);
    assert!(agree(&catalogue(), &graph).wires[0].outcome.is_ok());
}

#[test]
fn what_is_not_known_is_kept_as_it_stands() {
    let text = r#"(
    kind: "ksgraph",
    version: 1,
    next_id: 3,
    theme: Dark(accent: (1, 2, 3)),
    filters: [
        (id: 1, key: "reverb9000", name: "Hall", at: (1.5, -2), values: {"curve": [(0, 1), (1, '\'')], "size": 3}, colour: "red"),
        (id: 2, key: "gain", name: "Gain", at: (0, 0)),
    ],
    connections: [
        (from: "1.wet", to: "2.in", note: Some("keep")),
        (from: "7.out", to: "2.side[3]"),
    ],
)
"#;
    let loaded = from_ron(text.as_bytes(), "test.ron").unwrap();
    assert_eq!(to_ron(&loaded.graph), text);
    let lines: Vec<u32> = loaded.warnings.iter().map(|it| it.line).collect();
    assert!(
        lines.contains(&5) && lines.contains(&7) && lines.contains(&12),
        "{lines:?}"
    );
    let dangling: Vec<_> = loaded.warnings.iter().filter(|it| it.is_blocking).collect();
    assert_eq!(dangling.len(), 1);
    assert!(dangling[0].text.contains("#7"), "{dangling:?}");
    assert_eq!((dangling[0].line, loaded.wire_lines[1]), (12, 12));
    let wiring = agree(&catalogue(), &loaded.graph);
    assert!(
        wiring
            .problems
            .iter()
            .any(|it| it.text.contains("reverb9000"))
    );
}

#[test]
fn duplicate_ids_and_names_are_told_apart() {
    let text = format!(
        "{HEAD}filters: [(id: 1, key: \"tone\", name: \"A\"),\n(id: 1, key: \"gain\", name: \"A\")])"
    );
    let loaded = from_ron(text.as_bytes(), "test.ron").unwrap();
    assert_eq!(loaded.graph.filters.len(), 2);
    assert!(loaded.graph.find("A").is_some() && loaded.graph.find("A 2").is_some());
    assert!(
        loaded
            .warnings
            .iter()
            .any(|it| it.is_blocking && it.line == 2)
    );
}

#[test]
fn many_of_one_name_get_the_numbers_that_are_free() {
    let names = ["A", "A 2", "A", "A", "A 2", "A"];
    let filters = (1..)
        .zip(names)
        .map(|(id, name)| format!("(id: {id}, key: \"gain\", name: \"{name}\")"));
    let text = format!(
        "{HEAD}filters: [{}])",
        filters.collect::<Vec<_>>().join(",")
    );
    let loaded = from_ron(text.as_bytes(), "test.ron").unwrap();
    let named: Vec<&str> = loaded.graph.filters.values().map(|it| &*it.name).collect();
    assert_eq!(named, ["A", "A 2", "A 3", "A 4", "A 2 2", "A 5"]);
}

#[test]
fn bad_files_say_what_and_where() {
    let not_text = from_ron(b"(kind:\n \xff", "test.ron").unwrap_err();
    assert!(matches!(not_text, FileError::NotUtf8 { .. }));
    assert_eq!(not_text.spot().unwrap().line, 2);

    let not_ron = error("(kind: \"ksgraph\",\n version: }");
    assert!(matches!(not_ron, FileError::NotRon { .. }), "{not_ron}");
    assert_eq!(not_ron.spot().unwrap().line, 2);
    assert!(not_ron.to_string().contains("test.ron:2:"), "{not_ron}");

    let later = error("(kind: \"ksgraph\", version: 2, filters: Whatever)");
    assert!(
        later.to_string().contains("version is 2; wanted 1"),
        "{later}"
    );
    let other = error("(name: \"a package\", version: 1)");
    assert!(
        other
            .to_string()
            .contains("kind is nothing; wanted \"ksgraph\""),
        "{other}"
    );
    for text in ["", "42", "[1]", "\"ksgraph\""] {
        assert!(from_ron(text.as_bytes(), "test.ron").is_err());
    }

    let shape = error(&format!("{HEAD}\n filters: [\n(id: -1)])"));
    assert_eq!(shape.spot().unwrap().line, 3);
    assert!(shape.to_string().contains("id is -1"), "{shape}");
    let wire = error(&format!(
        "{HEAD}connections: [(from: \"out\", to: \"1.in\")])"
    ));
    assert!(wire.to_string().contains("from is \"out\""), "{wire}");
}

#[test]
fn deep_nesting_is_refused_before_it_can_hurt() {
    for (open, close) in [("[", "]"), ("(", ")"), ("Some(", ")"), ("{1:", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let text = format!("{HEAD}extra: {deep})");
        let refused = error(&text);
        assert!(matches!(refused, FileError::TooDeep { .. }), "{refused}");
    }
    // Brackets in text and comments do not count.
    let text = format!(
        "{HEAD}/*{}*/ note: \"{}\")",
        "(".repeat(500),
        "[".repeat(500)
    );
    read(&text);
}

#[test]
fn groups_to_their_full_depth_are_read_and_flattened() {
    let mut graph = Graph::default();
    let leaf = FilterNode {
        key: "tone".into(),
        ..FilterNode::default()
    };
    let mut kind = NodeKind::Filter(leaf);
    for _ in 0..31 {
        let node = Node {
            name: "x".into(),
            position: Position::default(),
            kind,
        };
        let mut inner = Graph::default();
        inner.filters.insert(FilterId(1), node.into());
        inner.next_id = 2;
        kind = NodeKind::Group(Box::new(Group {
            graph: inner,
            ..Group::default()
        }));
    }
    let (name, position) = ("top".to_owned(), Position::default());
    graph.filters.insert(
        FilterId(1),
        Node {
            name,
            position,
            kind,
        }
        .into(),
    );
    graph.next_id = 2;
    let text = to_ron(&graph);
    assert_eq!(read(&text), graph);
    let wiring = agree(&catalogue(), &graph);
    assert_eq!(wiring.filters.len(), 1);
    let (path, filter) = wiring.filters.first_key_value().unwrap();
    assert_eq!(path.0.len(), 32);
    assert!(filter.name.starts_with("top/x/x/"));
}

#[test]
fn a_wire_to_a_groups_pin_ends_inside() {
    let all = catalogue();
    let mut outer = graph(&all, "tone -> null_renderer");
    let inner = graph(&all, "gain");
    let gain = inner.find("gain").unwrap();
    let pin = |name: &str, pin: &str| GroupPin {
        name: name.into(),
        inner: PinRef {
            filter: gain,
            pin: pin.into(),
            instance: 0,
        },
    };
    let kind = NodeKind::Group(Box::new(Group {
        graph: inner,
        pins: vec![pin("sound", "in"), pin("result", "out")],
        ..Group::default()
    }));
    let (name, position) = ("Box".to_owned(), Position::default());
    outer.filters.insert(
        FilterId(9),
        Node {
            name,
            position,
            kind,
        }
        .into(),
    );
    outer.next_id = 10;
    let sink = outer.connections[0].to.clone();
    let shown = |name: &str| PinRef {
        filter: FilterId(9),
        pin: name.into(),
        instance: 0,
    };
    outer.connections[0].to = shown("sound");
    outer.connections.push(
        Connection {
            from: shown("result"),
            to: sink,
            chosen: Chosen::default(),
        }
        .into(),
    );
    assert_eq!(read(&to_ron(&outer)), outer);
    let wiring = agree(&all, &outer);
    assert!(wiring.is_agreed(), "{:?}", wiring.problems);
    assert_eq!(wiring.pin_text(&wiring.wires[0].to), "Box/gain.in");
    outer.connections[0].to = shown("no such pin");
    let wiring = agree(&all, &outer);
    assert!(
        wiring
            .problems
            .iter()
            .any(|it| it.is_blocking && it.text.contains("shows no pin"))
    );
}

#[test]
fn a_save_replaces_the_whole_file_and_keeps_its_permissions() {
    let folder = std::env::temp_dir().join(format!("ksgraph-save-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("größe.ron");
    save_atomically(&path, "one").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "one");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        save_atomically(&path, "two").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
        let refused = save_atomically(&path, "three").unwrap_err();
        assert!(refused.to_string().contains("read-only"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    }
    let nowhere = folder.join("no/such/folder/a.ron");
    assert!(save_atomically(&nowhere, "x").is_err());
    let left: Vec<_> = fs::read_dir(&folder).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing is left beside the file: {left:?}");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn switches_and_notes_stand_in_the_file_when_they_are_there_only() {
    let all = catalogue();
    let mut graph = graph(&all, "tone -> gain");
    let plain = to_ron(&graph);
    for word in ["bypassed", "disabled", "comments", "frames"] {
        assert!(!plain.contains(word), "{plain}");
    }
    let gain = graph.find("gain").unwrap();
    if let NodeKind::Filter(filter) = &mut graph.filters.get_mut(&gain).unwrap().kind {
        (filter.is_bypassed, filter.is_disabled) = (true, true);
    }
    let text = to_ron(&graph);
    assert!(
        text.contains("at: (0, 0), bypassed: true, disabled: true),"),
        "{text}"
    );
    assert_eq!(read(&text), graph);
    let text = format!(
        "{HEAD}filters: [(id: 1, key: \"gain\", name: \"Gain\", at: (0, 0))], comments: [\
         (text: \"no id\", at: (1, 2), size: (3, 4)), (id: 1, text: \"two\\nlines\", at: (0, 0), size: (9, -9), later: 1)], \
         frames: [(id: 1, title: \"Voice\", at: (0, 0), size: (9, 9), colour: \"teal\")])"
    );
    let graph = read(&text);
    assert_eq!(graph.notes.len(), 3, "every note has an id of its own");
    assert_eq!(graph.notes[&NoteId(1)].unknown_fields["later"], "1");
    assert_eq!(graph.notes[&NoteId(1)].size.height, 0.0);
    assert!(graph.notes.values().any(|note| {
        note.text == "Voice" && matches!(&note.kind, NoteKind::Frame { colour } if colour == "teal")
    }));
    assert_eq!(read(&to_ron(&graph)), graph);
    let wrong = format!("{HEAD}comments: [(id: 1, at: (1, inf))])");
    assert!(matches!(error(&wrong), FileError::Shape { .. }));
}
