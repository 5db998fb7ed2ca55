//! Groups that become filters of the catalogue, as the window asks for it: one step each, with a file, undone and followed.

use std::time::Duration;

use super::settings_tests::Scratch;
use super::{Action, App, FilterStatus, Selection};
use crate::graph::{
    Control, FilterId, FilterPath, NodeKind, PinAddress, Position, Recipe, from_ron, to_ron,
};
use crate::ks::Value;

fn select(app: &mut App, ids: &[u32]) {
    app.perform(Action::Select(Selection {
        filters: ids.iter().map(|id| FilterId(*id)).collect(),
        ..Selection::default()
    }));
}

/// Tone, gain, delay and null renderer, 1 to 4, in a row; the middle ones are the group 5.
fn grouped(scratch: &Scratch) -> App {
    let mut app = scratch.app();
    for (index, key) in ["tone", "gain", "delay", "null_renderer"]
        .iter()
        .enumerate()
    {
        let at = Position {
            x: 240.0 * index as f32,
            y: 0.0,
        };
        let key = (*key).into();
        app.perform(Action::AddFilter { key, at });
    }
    for id in 1..4 {
        let pin = |filter, pin: &str| PinAddress {
            filter: FilterPath::of(FilterId(filter)),
            pin: pin.into(),
            instance: 0,
        };
        let (from, to) = (pin(id, "out"), pin(id + 1, "in"));
        app.perform(Action::Connect { from, to });
    }
    select(&mut app, &[2, 3]);
    app.perform(Action::Group);
    app
}

fn recipe(app: &App) -> Recipe {
    let mut recipe = app.view().recipe_of(FilterId(5)).unwrap();
    recipe.title = "Warm Echo".into();
    recipe.key = "warm_echo".into();
    recipe.show(FilterPath::of(FilterId(2)), "level", "Drive");
    recipe
}

fn pack(app: &mut App) {
    let recipe = Box::new(recipe(app));
    app.perform(Action::Pack {
        group: FilterId(5),
        recipe,
        replaces: false,
    });
}

fn level(app: &App, ids: &[u32]) -> Option<Value> {
    let path = FilterPath(ids.iter().map(|id| FilterId(*id)).collect());
    let wired = app.view().wiring.filters.get(&path)?;
    wired.values.get("level").cloned()
}

#[test]
fn reg_7_a_group_becomes_a_filter_in_one_step_and_its_properties_reach_inside() {
    let scratch = Scratch::new("packing-1");
    let mut app = grouped(&scratch);
    let before = to_ron(app.view().graph);
    pack(&mut app);
    assert!(app.view().wiring.is_agreed());
    let view = app.view();
    assert!(view.catalogue.get("warm_echo").is_some());
    assert_eq!(view.graph.filters[&FilterId(5)].name, "Warm Echo");
    assert!(scratch.folders().filters().join("warm_echo.ron").is_file());
    // Values are heard without another plan, and undone.
    let agreements = app.agreements;
    let key = "drive".to_owned();
    app.perform(Action::SetProperty {
        filter: FilterId(5),
        key,
        value: Some(Value::Number(-9.0)),
    });
    assert_eq!(app.agreements, agreements);
    assert_eq!(level(&app, &[5, 2]), Some(Value::Number(-9.0)));
    assert!(to_ron(app.view().graph).contains("values: {\"drive\": -9}"));
    app.perform(Action::Undo);
    assert_eq!(level(&app, &[5, 2]), None);
    app.perform(Action::Undo);
    assert_eq!(to_ron(app.view().graph), before, "and so is the filter");
    app.perform(Action::Redo);
    assert!(to_ron(app.view().graph).contains("warm_echo"));
}

#[test]
fn it_is_placed_many_times_copied_and_each_has_its_own_values() {
    let scratch = Scratch::new("packing-2");
    let mut app = grouped(&scratch);
    pack(&mut app);
    let at = Position::default();
    let key = "warm_echo".to_owned();
    app.perform(Action::AddFilter { key, at });
    let other = app.view().selection.one_filter().unwrap();
    app.perform(Action::SetProperty {
        filter: other,
        key: "drive".into(),
        value: Some(Value::Number(-20.0)),
    });
    app.perform(Action::Duplicate {
        by: Position { x: 32.0, y: 32.0 },
    });
    let copy = app.view().selection.one_filter().unwrap();
    assert_eq!(level(&app, &[copy.0, 2]), Some(Value::Number(-20.0)));
    assert_eq!(level(&app, &[5, 2]), None);
    // Over the text of the clipboard as well.
    let text = app.copied().unwrap();
    app.perform(Action::Paste { text, at: None });
    let pasted = app.view().selection.one_filter().unwrap();
    assert_eq!(level(&app, &[pasted.0, 2]), Some(Value::Number(-20.0)));
    assert!(matches!(
        app.view().status(&FilterPath::of(pasted)),
        FilterStatus::Idle(_)
    ));
    // What is saved is read again as it is.
    let text = to_ron(app.view().graph);
    assert!(!text.contains("group:"), "{text}");
    let again = from_ron(text.as_bytes(), "again.ron").unwrap().graph;
    app.open_document(again, None);
    assert_eq!(to_ron(app.view().graph), text);
    assert_eq!(level(&app, &[copy.0, 2]), Some(Value::Number(-20.0)));
}

#[test]
fn the_inside_is_looked_at_until_the_box_is_a_group_again() {
    let scratch = Scratch::new("packing-3");
    let mut app = grouped(&scratch);
    pack(&mut app);
    app.perform(Action::Enter(FilterId(5)));
    assert_eq!(app.view().place(), ["Warm Echo"]);
    assert_eq!(app.view().inside_of_filter().unwrap().1, "Warm Echo");
    let before = app.view().document_graph().clone();
    let set = || Action::SetProperty {
        filter: FilterId(2),
        key: "level".into(),
        value: Some(Value::Number(-1.0)),
    };
    for act in [
        set(),
        Action::Delete(vec![FilterId(2)]),
        Action::Move(vec![(FilterId(2), Position::default())]),
        Action::Disconnect(vec![0]),
        Action::Rename(FilterId(2), "Other".into()),
    ] {
        let lines = app.view().log.len();
        app.perform(act.clone());
        assert_eq!(*app.view().document_graph(), before, "{act:?}");
        assert!(
            app.view().log.len() > lines,
            "{act:?} is refused with words"
        );
    }
    app.perform(Action::Leave);
    // What holds it cannot be it.
    select(&mut app, &[1, 5]);
    app.perform(Action::Group);
    let around = app.view().selection.one_filter().unwrap();
    let mut ring = app.view().recipe_of(around).unwrap();
    ring.title = "Ring".into();
    ring.key = "warm_echo".into();
    let refused = app.view().may_pack(&ring).unwrap_err();
    assert!(refused.contains("Warm Echo holds Warm Echo"), "{refused}");
    ring.key = "ring".into();
    assert_eq!(app.view().may_pack(&ring), Ok(None));
    app.perform(Action::Undo);
    app.perform(Action::Unpack(vec![FilterId(5)]));
    app.perform(Action::Enter(FilterId(5)));
    app.perform(set());
    assert_eq!(level(&app, &[5, 2]), Some(Value::Number(-1.0)));
    app.perform(Action::Leave);
    // As a group it still shows what it showed, and is dissolved like any other.
    select(&mut app, &[5]);
    app.perform(Action::Undo);
    app.perform(Action::Undo);
    select(&mut app, &[5]);
    app.perform(Action::Ungroup);
    assert!(app.view().graph.filters.contains_key(&FilterId(3)));
    assert!(app.view().wiring.is_agreed());
}

#[test]
fn a_controller_moves_a_property_it_shows() {
    let scratch = Scratch::new("packing-4");
    let mut app = grouped(&scratch);
    pack(&mut app);
    let (channel, controller) = (0, 20);
    let control = Control {
        channel,
        controller,
    };
    app.perform(Action::Learn(Some((FilterId(5), "drive".into()))));
    app.hear_control(control, 3);
    app.follow_controls();
    let text = to_ron(app.view().graph);
    assert!(
        text.contains("controls: {\"drive\": (channel: 1, controller: 20)}"),
        "{text}"
    );
    for value in [4, 5, 6, 7] {
        app.hear_control(control, value);
        app.follow_controls();
    }
    // It takes hold where the property stands: from one side to the other.
    for value in 8..=127 {
        app.hear_control(control, value);
        app.follow_controls();
    }
    assert_eq!(level(&app, &[5, 2]), Some(Value::Number(24.0)));
    let graph = app.graph.clone();
    let NodeKind::Group(group) = &graph.filters[&FilterId(5)].kind else {
        panic!("it is unfolded");
    };
    assert!(group.instance.is_some());
}

#[test]
fn another_file_reaches_the_boxes_and_one_that_is_gone_or_damaged_is_told() {
    let scratch = Scratch::new("packing-5");
    let mut app = grouped(&scratch);
    pack(&mut app);
    let file = scratch.folders().filters().join("warm_echo.ron");
    let text = std::fs::read_to_string(&file).unwrap();
    let told = |app: &App, words: &str| app.view().log.iter().any(|line| line.text.contains(words));
    let changed = text.replace(
        "key: \"gain\", name: \"Gain and Pan\"",
        "key: \"gain\", name: \"Gain and Pan\", values: {\"level\": -30}",
    );
    assert_ne!(changed, text);
    // The program sees it by itself.
    std::fs::write(&file, changed).unwrap();
    for _ in 0..60_000 {
        app.poll();
        if level(&app, &[5, 2]).is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(level(&app, &[5, 2]), Some(Value::Number(-30.0)));
    assert!(told(&app, "1 here follow"));
    std::fs::write(&file, "(kind: \"ksgraph-filter\", version: 1, key: ").unwrap();
    app.perform(Action::ReadFilters);
    assert!(told(&app, "warm_echo.ron:1"), "{:?}", app.view().log);
    assert!(app.view().catalogue.get("warm_echo").is_some());
    std::fs::remove_file(&file).unwrap();
    app.perform(Action::ReadFilters);
    assert!(told(&app, "is gone: 1 here go on"));
    assert!(app.view().wiring.is_agreed() && level(&app, &[5, 2]).is_some());
}
