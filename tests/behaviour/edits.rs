//! Edits, their inverses, undo and redo.

use std::collections::BTreeMap;

use ksgraph::graph::{
    Chosen, Connection, Edit, EditError, FilterId, FilterNode, Graph, GroupPin, History, Master,
    Node, NodeKind, Note, NoteId, NoteKind, PinRef, Position, Reach, Size, Timing, apply, from_ron,
    to_ron,
};
use ksgraph::ks::{DataFormat, Value};
use proptest::prelude::*;

use crate::support::{catalogue, graph};

fn end(filter: u32, pin: &str, instance: u32) -> PinRef {
    PinRef {
        filter: FilterId(filter),
        pin: pin.into(),
        instance,
    }
}

fn wire(from: u32, to: u32, instance: u32) -> Connection {
    Connection {
        from: end(from, "out", instance),
        to: end(to, "in", instance),
        chosen: Chosen::default(),
    }
}

/// Edits that group, switch and annotate.
fn newer_edit() -> impl Strategy<Value = Edit> {
    let id = || (1..8_u32).prop_map(FilterId);
    let note_id = || (8..12_u32).prop_map(NoteId);
    let place = || (-100.0..100.0_f32, -100.0..100.0_f32).prop_map(|(x, y)| Position { x, y });
    let note = (any::<bool>(), "[a-c]", place()).prop_map(|(is_frame, text, position)| Note {
        kind: match is_frame {
            true => NoteKind::Frame {
                colour: text.clone(),
            },
            false => NoteKind::Comment,
        },
        text,
        position,
        size: Size {
            width: 10.0,
            height: 20.0,
        },
        unknown_fields: BTreeMap::new(),
    });
    let pairs = || prop::collection::vec((id(), (1..20_u32).prop_map(FilterId)), 1..3);
    prop_oneof![
        (id(), pairs()).prop_map(|(group, filters)| Edit::MoveInto { group, filters }),
        (id(), pairs()).prop_map(|(group, filters)| Edit::MoveOut {
            group,
            filters: filters
                .into_iter()
                .map(|(there, here)| (here, there))
                .collect(),
        }),
        (id(), 1..8_u32, "[pq]").prop_map(|(group, inner, name)| Edit::SetPins {
            group,
            pins: vec![GroupPin {
                name,
                inner: end(inner, "in", 0),
            }],
        }),
        (0..3_usize, 1..8_u32, 1..8_u32).prop_map(|(index, a, b)| Edit::ConnectAt {
            index,
            connection: wire(a, b, 1),
        }),
        (id(), any::<bool>()).prop_map(|(filter, is_on)| Edit::SetBypass { filter, is_on }),
        (id(), any::<bool>()).prop_map(|(filter, is_on)| Edit::SetDisabled { filter, is_on }),
        (note_id(), note.clone()).prop_map(|(id, note)| Edit::AddNote { id, note }),
        (note_id(), note).prop_map(|(id, note)| Edit::SetNote { id, note }),
        prop::collection::vec(note_id(), 1..3).prop_map(Edit::RemoveNotes),
        prop::collection::vec((note_id(), place()), 1..3).prop_map(Edit::MoveNotes),
    ]
}

/// Edits of all kinds on a handful of ids, so that many fit and some do not.
fn any_edit() -> impl Strategy<Value = Edit> {
    let id = || (1..8_u32).prop_map(FilterId);
    let name = "[a-d]{1,2}";
    let place = (-100.0..100.0_f32, -100.0..100.0_f32).prop_map(|(x, y)| Position { x, y });
    let value = prop_oneof![
        Just(None),
        (-10.0..10.0_f64).prop_map(|number| Some(Value::Number(number))),
        any::<bool>().prop_map(|flag| Some(Value::Flag(flag))),
        "[a-z\"]{0,4}".prop_map(|text| Some(Value::Text(text))),
    ];
    let node = (name, place.clone(), any::<bool>()).prop_map(|(name, position, is_group)| Node {
        name,
        position,
        kind: match is_group {
            true => NodeKind::Group(Box::default()),
            false => NodeKind::Filter(FilterNode {
                key: "gain".into(),
                ..FilterNode::default()
            }),
        },
    });
    let leaf = prop_oneof![
        (id(), node).prop_map(|(id, node)| Edit::Add { id, node }),
        prop::collection::vec(id(), 1..3).prop_map(Edit::Remove),
        (1..8_u32, 1..8_u32, 0..2_u32).prop_map(|(a, b, c)| Edit::Connect(wire(a, b, c))),
        (0..4_usize).prop_map(Edit::Disconnect),
        (id(), "[kl]", value).prop_map(|(filter, key, value)| Edit::SetProperty {
            filter,
            key,
            value
        }),
        (id(), "[kl]", prop::option::of("[1-9]"))
            .prop_map(|(filter, key, text)| Edit::SetUnknown { filter, key, text }),
        prop::collection::vec((id(), place), 1..3).prop_map(Edit::Move),
        (id(), name).prop_map(|(id, name)| Edit::Rename { id, name }),
        (0..4_usize, any::<bool>()).prop_map(|(connection, is_chosen)| Edit::Choose {
            connection,
            chosen: Chosen {
                format: is_chosen.then(|| DataFormat::float(2, 48_000)),
                ..Chosen::default()
            }
        }),
        (0..3_u32).prop_map(|it| Edit::SetRate(it * 44_100)),
        any::<bool>().prop_map(|compensates| {
            let master = if compensates {
                Master::System
            } else {
                Master::Automatic
            };
            Edit::SetTiming(Timing {
                master,
                compensates,
                full_quality: !compensates,
            })
        }),
    ];
    let leaf = prop_oneof![4 => leaf, 3 => newer_edit()];
    leaf.prop_recursive(2, 8, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Edit::Batch),
            ((1..8_u32), inner).prop_map(|(group, edit)| Edit::Within {
                group: FilterId(group),
                edit: Box::new(edit)
            }),
        ]
    })
}

proptest! {
    #[test]
    fn an_edit_and_its_inverse_are_nothing(edits in prop::collection::vec(any_edit(), 1..40)) {
        let mut graph = Graph::default();
        for edit in edits {
            let before = graph.clone();
            match apply(&mut graph, edit.clone()) {
                Err(_) => prop_assert_eq!(&graph, &before, "a failed edit changed something"),
                Ok(inverse) => {
                    let after = graph.clone();
                    let again = apply(&mut graph, inverse).unwrap();
                    prop_assert_eq!(&graph, &before);
                    apply(&mut graph, again).unwrap();
                    prop_assert_eq!(&graph, &after);
                }
            }
        }
    }

    #[test]
    fn edits_replay_and_all_of_them_can_be_undone(edits in prop::collection::vec(any_edit(), 1..40)) {
        let (mut graph, mut copy) = (Graph::default(), Graph::default());
        let mut history = History::new();
        let mut made = 0;
        for (number, edit) in edits.into_iter().enumerate() {
            if number % 5 == 0 {
                history.begin("gesture");
            }
            let is_made = history.perform(&mut graph, "edit", edit.clone()).is_ok();
            prop_assert_eq!(apply(&mut copy, edit).is_ok(), is_made);
            made += usize::from(is_made);
        }
        history.commit();
        prop_assert_eq!(&graph, &copy);
        prop_assert_eq!(history.is_dirty(), made > 0);
        let text = to_ron(&graph);
        let read = from_ron(text.as_bytes(), "test").unwrap().graph;
        prop_assert_eq!(to_ron(&read), text, "what edits can make can be saved");
        while history.undo(&mut graph).is_some() {}
        prop_assert_eq!(&graph, &Graph::default());
        prop_assert_eq!(to_ron(&graph), to_ron(&Graph::default()));
        prop_assert!(!history.is_dirty());
        while history.redo(&mut graph).is_some() {}
        prop_assert_eq!(&graph, &copy);
    }
}

#[test]
fn removing_a_filter_takes_its_wires_and_undo_brings_them_to_their_places() {
    let all = catalogue();
    let mut graph = graph(&all, "tone -> gain -> meter -> null_renderer");
    let before = graph.clone();
    let mut history = History::new();
    let id = graph.find("gain").unwrap();
    history
        .perform(&mut graph, "Delete Gain", Edit::Remove(vec![id]))
        .unwrap();
    assert_eq!(graph.connections.len(), 1);
    assert_eq!(history.undo_name(), Some("Delete Gain"));
    history.undo(&mut graph);
    assert_eq!(graph, before);
    assert_eq!(history.redo_name(), Some("Delete Gain"));
}

#[test]
fn a_slider_drag_is_one_step() {
    let all = catalogue();
    let mut graph = graph(&all, "gain");
    let id = graph.find("gain").unwrap();
    let before = graph.clone();
    let mut history = History::new();
    history.begin("Set Gain");
    for step in 0..100 {
        let (filter, key) = (id, "level".to_owned());
        let value = Some(Value::Number(-f64::from(step)));
        history
            .perform(&mut graph, "", Edit::SetProperty { filter, key, value })
            .unwrap();
    }
    history.commit();
    assert_eq!(history.names().collect::<Vec<_>>(), ["Set Gain"]);
    let replayed = history.undo(&mut graph).unwrap();
    assert_eq!(
        replayed.edits.len(),
        1,
        "a hundred sets are taken back by one"
    );
    assert_eq!(graph, before);
    history.redo(&mut graph);
    assert_eq!(
        graph.filter(id).unwrap().values["level"],
        Value::Number(-99.0)
    );
}

#[test]
fn a_gesture_can_be_given_up() {
    let all = catalogue();
    let mut graph = graph(&all, "gain");
    let before = graph.clone();
    let id = graph.find("gain").unwrap();
    let mut history = History::new();
    history.begin("Move");
    let place = Position { x: 5.0, y: 5.0 };
    history
        .perform(&mut graph, "", Edit::Move(vec![(id, place)]))
        .unwrap();
    assert!(history.is_open() && history.is_dirty());
    history.cancel(&mut graph);
    assert_eq!(graph, before);
    assert!(!history.is_dirty() && history.undo_name().is_none());
}

#[test]
fn undo_back_to_the_saved_state_is_clean() {
    let mut graph = Graph::default();
    let mut history = History::new();
    history
        .perform(&mut graph, "a", Edit::SetRate(44_100))
        .unwrap();
    history.mark_saved();
    history
        .perform(&mut graph, "b", Edit::SetRate(48_000))
        .unwrap();
    assert!(history.is_dirty());
    history.undo(&mut graph);
    assert!(!history.is_dirty());
    history.undo(&mut graph);
    assert!(history.is_dirty());
    history
        .perform(&mut graph, "c", Edit::SetRate(8_000))
        .unwrap();
    history.undo(&mut graph);
    assert!(
        history.is_dirty(),
        "the saved state cannot be reached any more"
    );
}

#[test]
fn ids_are_not_used_again() {
    let all = catalogue();
    let mut graph = graph(&all, "tone; gain");
    let last = graph.find("gain").unwrap();
    apply(&mut graph, Edit::Remove(vec![last])).unwrap();
    assert!(graph.fresh_id() > last);
}

#[test]
fn names_are_made_unique_and_kept_so() {
    let all = catalogue();
    let mut graph = graph(&all, "gain:Gain");
    assert_eq!(graph.unique_name("Gain"), "Gain 2");
    let edit = Edit::add_filter(&graph, "gain", "Gain", Position::default());
    apply(&mut graph, edit).unwrap();
    assert_eq!(graph.unique_name("Gain"), "Gain 3");
    let id = graph.find("Gain 2").unwrap();
    let taken = apply(
        &mut graph,
        Edit::Rename {
            id,
            name: "Gain".into(),
        },
    );
    assert_eq!(taken, Err(EditError::NameTaken("Gain".into())));
}

#[test]
fn what_is_not_finite_is_refused() {
    let all = catalogue();
    let mut graph = graph(&all, "gain");
    let filter = graph.find("gain").unwrap();
    let value = Some(Value::Number(f64::NAN));
    let key = "level".to_owned();
    assert!(apply(&mut graph, Edit::SetProperty { filter, key, value }).is_err());
    let nowhere = Position {
        x: f32::INFINITY,
        y: 0.0,
    };
    assert!(apply(&mut graph, Edit::Move(vec![(filter, nowhere)])).is_err());
}

#[test]
fn an_edit_knows_its_reach() {
    let all = catalogue();
    let graph = graph(&all, "tone -> gain");
    let (tone, gain) = (graph.find("tone").unwrap(), graph.find("gain").unwrap());
    let set = |filter, key: &str, value| Edit::SetProperty {
        filter,
        key: key.into(),
        value: Some(value),
    };
    let moved = Edit::Move(vec![(gain, Position::default())]);
    assert_eq!(moved.reach(&graph, &all), Reach::Nothing);
    let level = set(gain, "level", Value::Number(-3.0));
    assert!(matches!(level.reach(&graph, &all), Reach::Values(list) if list.len() == 1));
    let structural = set(tone, "channels", Value::Number(1.0));
    assert_eq!(structural.reach(&graph, &all), Reach::Plan);
    assert_eq!(
        Edit::Batch(vec![level, structural]).reach(&graph, &all),
        Reach::Plan
    );
    assert_eq!(Edit::Disconnect(0).reach(&graph, &all), Reach::Plan);
}

#[test]
fn boxes_go_into_a_group_and_come_out_as_they_were() {
    let all = catalogue();
    let mut graph = graph(&all, "tone frequency=100; gain");
    let (tone, gain) = (graph.find("tone").unwrap(), graph.find("gain").unwrap());
    let node = Node {
        name: "Box".into(),
        position: Position::default(),
        kind: NodeKind::Group(Box::default()),
    };
    let group = graph.fresh_id();
    apply(&mut graph, Edit::Add { id: group, node }).unwrap();
    let before = graph.clone();
    let filters = vec![(tone, FilterId(40)), (gain, gain)];
    let edit = Edit::MoveInto { group, filters };
    let moves = edit.moves();
    assert_eq!(moves[0].1.to_string(), format!("{}/40", group.0));
    let back = apply(&mut graph, edit).unwrap();
    assert_eq!(graph.filters.len(), 1);
    assert_eq!(graph.at(&moves[0].1), before.at(&moves[0].0));
    assert_eq!(back.moves()[0], (moves[0].1.clone(), moves[0].0.clone()));
    apply(&mut graph, back).unwrap();
    assert_eq!(graph, before);
    let filters = vec![(group, FilterId(3))];
    let itself = apply(&mut graph, Edit::MoveInto { group, filters });
    assert_eq!(itself, Err(EditError::IntoItself(group)));
}
