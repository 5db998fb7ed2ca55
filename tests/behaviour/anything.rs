//! Whatever a user does, in whatever order: undo leads back to the first state and redo to the last, text for text.

use ksgraph::app::{Action, App, Options, Selection};
use ksgraph::graph::arrange::{Alignment, Axis};
use ksgraph::graph::{FilterId, NoteId, PinAddress, Position, from_ron, to_ron};
use ksgraph::ks::{DataFlow, Value};
use proptest::prelude::*;

/// Sounds, notes, a file that is not there, and a group with a wire through it.
const GRAPH: &str = r#"(kind: "ksgraph", version: 1, next_id: 12, filters: [
    (id: 1, key: "tone", name: "t", at: (0, 0)), (id: 2, key: "gain", name: "g", at: (240, 0)),
    (id: 3, key: "mixer", name: "m", at: (480, 0)), (id: 4, key: "null_renderer", name: "a", at: (960, 0)),
    (id: 5, key: "keyboard", name: "k", at: (0, 240)), (id: 6, key: "tone_synth", name: "s", at: (240, 240)),
    (id: 7, key: "wave_reader", name: "w", at: (0, 480), values: {"path": "/nowhere/a.wav"}),
    (id: 8, name: "rack", at: (720, 0), group: (
        pins: [(name: "sound", inner: "9.in"), (name: "result", inner: "10.out")], next_id: 12,
        filters: [(id: 9, key: "gain", name: "g", at: (0, 0)), (id: 10, key: "meter", name: "m", at: (240, 0)),
            (id: 11, key: "tone", name: "t", at: (0, 240))],
        connections: [(from: "9.out", to: "10.in")]))],
    connections: [(from: "1.out", to: "2.in"), (from: "2.out", to: "3.in"), (from: "5.notes", to: "6.notes"),
        (from: "6.out", to: "3.in[1]"), (from: "3.out", to: "8.sound"), (from: "8.result", to: "4.in")])"#;

/// The whole document, wherever the user is.
fn text(app: &App) -> String {
    to_ron(app.view().document_graph())
}

/// Four numbers from which an act is made that fits what is there.
type Dice = (u32, u32, u32, i16);

fn pick<T: Copy>(list: &[T], number: u32) -> Option<T> {
    let index = number as usize % list.len().max(1);
    list.get(index).copied()
}

/// A pin of a filter of the graph shown.
fn pin(app: &App, flow: DataFlow, number: u32) -> Option<PinAddress> {
    let view = app.view();
    let mut pins = vec![];
    for id in view.graph.filters.keys() {
        let filter = view.path_of(*id);
        let Some(wired) = view.wiring.filters.get(&filter) else {
            continue;
        };
        let kind = wired.descriptor.as_deref()?;
        let ours = kind.pins.iter().filter(|it| it.data_flow == flow);
        pins.extend(ours.map(|it| (filter.clone(), it.name.to_string())));
    }
    let index = number as usize % pins.len().max(1);
    let (filter, pin) = pins.into_iter().nth(index)?;
    Some(PinAddress {
        filter,
        pin,
        instance: number / 97 % 3,
    })
}

fn act(app: &App, copied: &str, (kind, a, b, c): Dice) -> Option<Action> {
    let view = app.view();
    let ids: Vec<FilterId> = view.graph.filters.keys().copied().collect();
    let notes: Vec<NoteId> = view.graph.notes.keys().copied().collect();
    let wires = view.graph.connections.len().max(1);
    let keys: Vec<String> = view
        .catalogue
        .iter()
        .map(|it| it.descriptor().key.to_string())
        .collect();
    let key = keys[b as usize % keys.len()].clone();
    let (out, into) = (pin(app, DataFlow::Out, a), pin(app, DataFlow::In, b));
    let at = Position {
        x: f32::from(c),
        y: (b % 700) as f32,
    };
    let one = pick(&ids, a);
    let connection = a as usize % wires;
    Some(match kind {
        0 | 1 => Action::AddFilter { key, at },
        2..=4 => Action::Connect {
            from: out?,
            to: into?,
        },
        5..=7 => Action::ConnectVia {
            from: out?,
            to: into?,
            cure: 0,
        },
        8 => Action::Disconnect(vec![connection]),
        9 => Action::Rewire {
            connection,
            from: out?,
            to: into?,
        },
        10 => Action::Delete(vec![one?]),
        11 => Action::DeleteSelection,
        // Often, so that several follow each other in one gesture.
        12 | 46..=56 => Action::Move(vec![(one?, at)]),
        13 => Action::Rename(one?, format!("name {}", b % 5)),
        14 => Action::SetProperty {
            filter: one?,
            key: pick(&["level", "rate", "channels", "frequency", "format"], b)?.into(),
            value: match c % 3 {
                0 => None,
                1 => Some(Value::Number(f64::from(c % 9))),
                _ => Some(Value::Text("44100".into())),
            },
        },
        15 => Action::ConnectToBody {
            pin: out?,
            filter: one?,
        },
        16 => Action::InsertOnWire {
            key,
            at,
            connection,
        },
        17 => Action::DropOnWire {
            filter: one?,
            connection,
        },
        18 => Action::AddFilterWired {
            key,
            at,
            pin: out.filter(|_| c % 2 == 0),
        },
        19 => Action::DisconnectSelection,
        20 => Action::DisconnectAll(one?),
        21 => Action::Cut,
        22 => Action::Paste {
            text: copied.to_owned(),
            at: (c % 2 == 0).then_some(at),
        },
        23 => Action::Duplicate { by: at },
        24 => Action::Arrange {
            sizes: Default::default(),
        },
        25 => Action::Align(pick(
            &[
                Alignment::Left,
                Alignment::Right,
                Alignment::Top,
                Alignment::Bottom,
                Alignment::Centre,
                Alignment::Middle,
            ],
            a,
        )?),
        26 => Action::Distribute(pick(&[Axis::Horizontally, Axis::Vertically], a)?),
        27 => Action::GoToStep(a as usize % 12),
        28 => Action::Undo,
        29 => Action::Redo,
        30 => Action::SelectAll,
        31..=33 => Action::Select(Selection {
            filters: [a, b].iter().filter_map(|it| pick(&ids, *it)).collect(),
            connections: [connection].into(),
            notes: pick(&notes, b).into_iter().collect(),
        }),
        34 | 57..=59 => Action::BeginGesture("Hand".into()),
        35 => Action::EndGesture,
        36 => Action::AddComment {
            at,
            text: "words".into(),
        },
        37 => Action::AddFrame {
            title: "part".into(),
            area: None,
        },
        38 => Action::MoveNotes(vec![(pick(&notes, a)?, at)]),
        39 => Action::MapMedia {
            from: "/nowhere/a.wav".into(),
            to: "/nowhere/b.wav".into(),
        },
        40 => Action::DropMedia {
            path: "/nowhere/a.wav".into(),
            at,
            onto: one.filter(|_| c % 2 == 0),
        },
        42 | 43 => Action::Enter(one?),
        44 => Action::Leave,
        45 => Action::SnapToGrid,
        41 => Action::Merge(crate::support::examples().join("format_clinic.ron")),
        _ => Action::DismissRefusal,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn undo_leads_back_from_anything(
        dice in prop::collection::vec((0..60_u32, any::<u32>(), any::<u32>(), -900..900_i16), 1..40),
    ) {
        let mut app = App::new(Options::nominal(256));
        app.open_document(from_ron(GRAPH.as_bytes(), "graph").unwrap().graph, None);
        let first = text(&app);
        let mut copied = String::new();
        for throw in dice {
            if let Some(action) = act(&app, &copied, throw) {
                app.perform(action);
            }
            let view = app.view();
            let (chosen, graph) = (view.selection, view.graph);
            prop_assert!(chosen.filters.iter().all(|id| graph.filters.contains_key(id)));
            prop_assert!(chosen.notes.iter().all(|id| graph.notes.contains_key(id)));
            copied = app.copied().unwrap_or(copied);
        }
        app.perform(Action::EndGesture);
        let last = text(&app);
        let (names, now) = app.view().steps();
        let (count, undone) = (names.len(), names.len() - now);
        for _ in 0..count {
            app.perform(Action::Undo);
        }
        prop_assert_eq!(text(&app), first.clone());
        for _ in 0..count - undone {
            app.perform(Action::Redo);
        }
        prop_assert_eq!(text(&app), last);
        app.perform(Action::GoToStep(0));
        prop_assert_eq!(text(&app), first);
    }
}
