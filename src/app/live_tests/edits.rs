//! Every kind of edit of the document, made, undone and made again under a sounding sine: also those that no action makes
//! alone.

use super::{Action, Rehearsal, pin, selected};
use crate::graph::{
    Chosen, Connection, Edit, FilterId, FilterNode, Fold, GroupPin, Node, NodeKind, Note, NoteId,
    NoteKind, PinRef, Position, Size, apply, fold, to_ron,
};
use crate::ks::Value;

/// Every kind by name: a new one is not built before it is listed, nor is the test green before it is tried.
macro_rules! kinds {
    ($($kind:ident)*) => {
        const KINDS: &[&str] = &[$(stringify!($kind)),*];

        fn name(edit: &Edit) -> &'static str {
            match edit {
                $(Edit::$kind { .. } => stringify!($kind),)*
            }
        }
    };
}

kinds! {
    Add Remove Connect ConnectAt Disconnect SetProperty SetUnknown Move Rename Choose SetRate SetTiming SetPins SetGroup SetNextId MoveInto
    MoveOut SetBypass SetDisabled SetControl AddNote RemoveNotes MoveNotes SetNote Within Batch
}

fn end(filter: u32, name: &str, instance: u32) -> PinRef {
    PinRef {
        filter: FilterId(filter),
        pin: name.into(),
        instance,
    }
}

fn wire(from: u32, to: u32, instance: u32) -> Connection {
    Connection {
        from: end(from, "out", 0),
        to: end(to, "in", instance),
        chosen: Chosen::default(),
    }
}

fn level(filter: u32, decibels: f64) -> Edit {
    Edit::SetProperty {
        filter: FilterId(filter),
        key: "level".into(),
        value: Some(Value::Number(decibels)),
    }
}

/// Each kind on the graph of the rehearsal, with what has to be done before.
fn edits(fresh: &Rehearsal) -> Vec<(Vec<Action>, Edit)> {
    let at = Position { x: 64.0, y: 64.0 };
    let filter = |key: &str| {
        NodeKind::Filter(FilterNode {
            key: key.into(),
            ..FilterNode::default()
        })
    };
    let note = |text: &str| Note {
        kind: NoteKind::Comment,
        text: text.into(),
        position: at,
        size: Size {
            width: 160.0,
            height: 64.0,
        },
        unknown_fields: Default::default(),
    };
    let noted = || {
        vec![Action::AddComment {
            at,
            text: "a".into(),
        }]
    };
    let group = FilterId(6);
    let grouped = || vec![selected(&[2, 3]), Action::Group];
    let heard = fresh.app.view().wiring.wires.iter();
    let mut heard = heard.filter(|wire| wire.to == pin(&fresh.app, 4, "in", 0));
    let format = heard
        .next()
        .unwrap()
        .outcome
        .as_ref()
        .unwrap()
        .format
        .clone();
    // The group as it would be with another level inside.
    let other = {
        let mut graph = fresh.app.view().graph.clone();
        let filters = [FilterId(2), FilterId(3)].into();
        let what = Fold {
            filters: &filters,
            notes: &Default::default(),
            shown: &[],
            id: group,
            name: "Group",
        };
        let folding = fold(&graph, &what).unwrap();
        apply(&mut graph, folding.edit).unwrap();
        apply(&mut graph, level(2, -12.0).within(&[group])).unwrap();
        match graph.filters[&group].clone().into_inner().kind {
            NodeKind::Group(group) => group,
            NodeKind::Filter(_) => panic!("it is a group"),
        }
    };
    let shown = |name: &str| GroupPin {
        name: name.into(),
        inner: end(3, "out", 0),
    };
    vec![
        (grouped(), Edit::SetGroup { group, to: other }),
        (
            vec![],
            Edit::Add {
                id: FilterId(6),
                node: Node {
                    name: "More".into(),
                    position: at,
                    kind: filter("gain"),
                },
            },
        ),
        (vec![], Edit::Remove(vec![FilterId(2), FilterId(5)])),
        (
            vec![Action::Disconnect(vec![3])],
            Edit::Connect(wire(5, 3, 2)),
        ),
        (
            vec![Action::Disconnect(vec![1])],
            Edit::ConnectAt {
                index: 1,
                connection: wire(2, 3, 0),
            },
        ),
        (vec![], Edit::Disconnect(2)),
        (vec![], level(2, -12.0)),
        (
            vec![],
            Edit::SetUnknown {
                filter: FilterId(2),
                key: "colour".into(),
                text: Some("\"red\"".into()),
            },
        ),
        (vec![], Edit::Move(vec![(FilterId(2), at)])),
        (
            vec![],
            Edit::Rename {
                id: FilterId(2),
                name: "Louder".into(),
            },
        ),
        (
            vec![],
            Edit::Choose {
                connection: 2,
                chosen: Chosen {
                    format: Some(format),
                    ..Chosen::default()
                },
            },
        ),
        (vec![], Edit::SetRate(44_100)),
        (
            vec![],
            Edit::SetTiming(crate::graph::Timing {
                master: crate::graph::Master::System,
                full_quality: true,
                compensates: true,
            }),
        ),
        (
            grouped(),
            Edit::SetPins {
                group,
                pins: vec![shown("elsewhere")],
            },
        ),
        (vec![], Edit::SetNextId(90)),
        (
            grouped(),
            Edit::MoveInto {
                group,
                filters: vec![(FilterId(5), FilterId(50))],
            },
        ),
        (
            grouped(),
            Edit::MoveOut {
                group,
                filters: vec![(FilterId(70), FilterId(2))],
            },
        ),
        (
            vec![],
            Edit::SetBypass {
                filter: FilterId(2),
                is_on: true,
            },
        ),
        (
            vec![],
            Edit::SetControl {
                filter: FilterId(2),
                key: "gain".into(),
                control: Some(crate::graph::Control {
                    channel: 3,
                    controller: 74,
                }),
            },
        ),
        (
            vec![],
            Edit::SetDisabled {
                filter: FilterId(5),
                is_on: true,
            },
        ),
        (
            vec![],
            Edit::AddNote {
                id: NoteId(6),
                note: note("a"),
            },
        ),
        (noted(), Edit::RemoveNotes(vec![NoteId(6)])),
        (
            noted(),
            Edit::MoveNotes(vec![(NoteId(6), Position::default())]),
        ),
        (
            noted(),
            Edit::SetNote {
                id: NoteId(6),
                note: note("b"),
            },
        ),
        (
            grouped(),
            Edit::Within {
                group,
                edit: Box::new(level(2, -3.0)),
            },
        ),
        (
            vec![],
            Edit::Batch(vec![Edit::Disconnect(1), Edit::Connect(wire(1, 3, 2))]),
        ),
    ]
}

#[test]
fn no_kind_of_edit_nor_its_undo_makes_a_jump() {
    let fresh = Rehearsal::new();
    let all = edits(&fresh);
    let tried: Vec<_> = all.iter().map(|(_, edit)| name(edit)).collect();
    let missing: Vec<_> = KINDS.iter().filter(|it| !tried.contains(it)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for (before, edit) in all {
        // Within the fades of the one before, and after them.
        for pause in [100, 1700] {
            let mut it = Rehearsal::new();
            for action in &before {
                it.act(action.clone(), 2500);
            }
            it.settle();
            let document = to_ron(it.app.view().document_graph());
            let words = format!("{edit:?}");
            it.change(&words, pause, |app| {
                assert!(app.apply("An edit", edit.clone()), "{words} is refused");
                app.agree();
            });
            assert_ne!(
                to_ron(it.app.view().document_graph()),
                document,
                "{words} did nothing"
            );
            it.act(Action::Undo, pause);
            assert_eq!(to_ron(it.app.view().document_graph()), document, "{words}");
            it.act(Action::Redo, pause);
            it.act(Action::Undo, 3000);
            assert!(it.audible > 0);
        }
    }
}
