//! Hundreds of edits in a row, as dice have it: no jump, and all can be undone.

use super::{Action, App, Rehearsal, number};
use crate::app::Selection;
use crate::graph::{FilterId, NodeKind, PinAddress, Position, negotiate, to_ron};
use crate::ks::DataFlow;

/// A stream of numbers from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below.max(1)
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let at = self.roll(of.len());
        of.get(at).cloned()
    }
}

/// Some pin of the graph shown, the next free instance of it.
fn any_pin(app: &App, dice: &mut Dice, flow: DataFlow) -> Option<PinAddress> {
    let view = app.view();
    let ids: Vec<FilterId> = view.graph.filters.keys().copied().collect();
    let id = dice.one(&ids)?;
    let path = view.path_of(id);
    let names: Vec<(String, u32)> = match &view.graph.filters[&id].kind {
        NodeKind::Group(group) => {
            let pins = group.pins.iter();
            pins.map(|pin| (pin.name.clone(), 1)).collect()
        }
        NodeKind::Filter(_) => {
            let descriptor = view.wiring.filters.get(&path)?.descriptor.as_deref()?;
            let pins = descriptor.pins.iter();
            pins.filter(|pin| pin.data_flow == flow && !pin.is_bridge())
                .map(|pin| (pin.name.to_string(), pin.instances.possible.min(4)))
                .collect()
        }
    };
    let (name, possible) = dice.one(&names)?;
    let instance = view.graph.free_instance(id, &name, possible).unwrap_or(0);
    Some(PinAddress {
        filter: path,
        pin: name,
        instance,
    })
}

/// Something a user might do next.
fn any_action(app: &App, dice: &mut Dice, sink: FilterId) -> Option<Action> {
    let view = app.view();
    let boxes: Vec<FilterId> = view.graph.filters.keys().copied().collect();
    let wires = view.graph.connections.len();
    let holds_sink = |id: &FilterId| {
        *id == sink && view.place().is_empty()
            || view.wiring.filters.keys().any(|path| {
                path.0.last() == Some(&sink) && path.0.starts_with(&view.path_of(*id).0)
            })
    };
    let doomed: Vec<FilterId> = boxes.iter().copied().filter(|id| !holds_sink(id)).collect();
    let at = Position {
        x: dice.roll(60) as f32 * 16.0,
        y: dice.roll(40) as f32 * 16.0,
    };
    let some: Vec<FilterId> = {
        let mask = dice.roll(1 << 16);
        let chosen = boxes
            .iter()
            .enumerate()
            .filter(|(at, _)| mask >> (at % 16) & 1 == 1);
        chosen.map(|(_, id)| *id).collect()
    };
    let is_on = dice.roll(2) == 0;
    let kinds = [
        "gain",
        "mixer",
        "splitter",
        "meter",
        "tone",
        "format_converter",
    ];
    // A graph that grew large is left to shrink.
    let kind = (boxes.len() < 14).then(|| dice.one(&kinds)).flatten();
    Some(match dice.roll(32) {
        0..=1 => Action::AddFilter {
            key: kind?.into(),
            at,
        },
        2..=6 => Action::Connect {
            from: any_pin(app, dice, DataFlow::Out)?,
            to: any_pin(app, dice, DataFlow::In)?,
        },
        7 => Action::Disconnect(vec![dice.roll(wires)]),
        8 => Action::Rewire {
            connection: dice.roll(wires),
            from: any_pin(app, dice, DataFlow::Out)?,
            to: any_pin(app, dice, DataFlow::In)?,
        },
        9 => Action::Delete(vec![dice.one(&doomed)?]),
        10 => Action::Move(some.into_iter().map(|id| (id, at)).collect()),
        11 => Action::Rename(dice.one(&boxes)?, format!("Name {}", dice.roll(9))),
        12..=13 => {
            let id = dice.one(&boxes)?;
            let key = &view.graph.filter(id)?.key;
            match key.as_str() {
                "tone" if is_on => number(id.0, "frequency", 60.0 + dice.roll(380) as f64),
                "tone" => number(id.0, "channels", 1.0 + dice.roll(2) as f64),
                "gain" => number(id.0, "level", -(dice.roll(24) as f64)),
                _ => return None,
            }
        }
        14..=16 if some.len() > 1 => Action::Group,
        17 => Action::Ungroup,
        18 => Action::Enter(dice.one(&boxes)?),
        19 => Action::Leave,
        20..=21 => Action::SetBypass {
            filters: vec![dice.one(&boxes)?],
            is_on,
        },
        22 => Action::SetDisabled {
            filters: vec![dice.one(&boxes)?],
            is_on: is_on && dice.roll(2) == 0,
        },
        23 => Action::InsertOnWire {
            key: kind.filter(|key| *key != "tone")?.into(),
            at,
            connection: dice.roll(wires),
        },
        24 => Action::Duplicate { by: at },
        25 => Action::AddFrame {
            title: "Frame".into(),
            area: None,
        },
        26 => Action::AddComment {
            at,
            text: "because".into(),
        },
        27..=28 => Action::Undo,
        29 => Action::Redo,
        30 => Action::DisconnectAll(dice.one(&doomed)?),
        _ => Action::Select(Selection {
            filters: some.into_iter().collect(),
            notes: view.graph.notes.keys().copied().collect(),
            ..Selection::default()
        }),
    })
}

#[test]
fn three_hundred_random_edits_make_no_jump_and_can_all_be_undone() {
    for seed in [0x5EED_0001_u64, 0x5EED_0BAD] {
        println!("seed {seed:#x}");
        let mut it = Rehearsal::new();
        let steps = it.app.history.steps().1;
        let start = to_ron(it.app.view().document_graph());
        let mut dice = Dice(seed);
        let mut made = 0;
        while made < 300 {
            // Silence proves little: back to where it sounded.
            let action = match it.is_silent && dice.roll(4) > 0 {
                true => Some(Action::Undo),
                false => any_action(&it.app, &mut dice, it.sink),
            };
            let Some(action) = action else { continue };
            // Doubling what doubles would be an explosion, not an edit.
            let is_copy = matches!(action, Action::Duplicate { .. });
            if is_copy && it.app.view().wiring.filters.len() > 12 {
                continue;
            }
            if matches!(action, Action::Undo) && it.app.history.steps().1 <= steps {
                it.is_silent = false;
                continue;
            }
            let samples = 60 + dice.roll(900);
            it.act(action, samples);
            made += 1;
            let app = &it.app;
            let fresh = negotiate(
                &app.graph,
                &app.catalogue,
                &app.facts,
                app.base().as_deref(),
            );
            assert!(
                *app.wiring == fresh,
                "seed {seed:#x}: edit {made} is agreed otherwise"
            );
        }
        let share = it.audible as f32 / it.windows as f32;
        assert!(
            share > 0.2,
            "seed {seed:#x}: heard in {share} of the time only"
        );
        let end = to_ron(it.app.view().document_graph());
        let last = it.app.history.steps().1;
        while it.app.history.steps().1 > steps {
            it.act(Action::Undo, 200);
        }
        it.settle();
        assert_eq!(
            to_ron(it.app.view().document_graph()),
            start,
            "seed {seed:#x}"
        );
        while it.app.history.steps().1 < last {
            it.app.perform(Action::Redo);
        }
        assert_eq!(
            to_ron(it.app.view().document_graph()),
            end,
            "seed {seed:#x}"
        );
        let read = crate::graph::from_ron(end.as_bytes(), "end").unwrap();
        assert_eq!(
            to_ron(&read.graph),
            end,
            "seed {seed:#x}: what was made can be saved"
        );
    }
}
