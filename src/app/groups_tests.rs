//! Groups, pins, switches: the actions, on the nominal machine.

use super::{Action, App, FilterStatus, Options, Selection};
use crate::graph::{FilterId, FilterPath, NodeKind, PinAddress, Position, from_ron, to_ron};
use crate::ks::Value;

fn at(x: f32) -> Position {
    Position { x, y: 0.0 }
}

fn pin(app: &App, filter: u32, name: &str) -> PinAddress {
    PinAddress {
        filter: app.view().path_of(FilterId(filter)),
        pin: name.into(),
        instance: 0,
    }
}

/// Tone, gain, meter and null renderer, 1 to 4, in a row.
fn chain() -> App {
    let mut app = App::new(Options::nominal(256));
    for (index, key) in ["tone", "gain", "meter", "null_renderer"]
        .iter()
        .enumerate()
    {
        let key = (*key).into();
        app.perform(Action::AddFilter {
            key,
            at: at(240.0 * index as f32),
        });
    }
    for id in 1..4 {
        let (from, to) = (pin(&app, id, "out"), pin(&app, id + 1, "in"));
        app.perform(Action::Connect { from, to });
    }
    app
}

fn select(app: &mut App, ids: &[u32]) {
    app.perform(Action::Select(Selection {
        filters: ids.iter().map(|id| FilterId(*id)).collect(),
        ..Selection::default()
    }));
}

fn one(app: &App) -> FilterId {
    app.view().selection.one_filter().unwrap()
}

#[test]
fn grouping_is_one_step_and_ungrouping_gives_the_same_graph() {
    let mut app = chain();
    let before = app.view().graph.clone();
    select(&mut app, &[2, 3]);
    app.perform(Action::Group);
    let group = one(&app);
    assert_eq!(app.view().graph.filters.len(), 3);
    assert!(app.view().wiring.is_agreed());
    let grouped = app.view().graph.clone();
    app.perform(Action::Ungroup);
    let graph = app.view().graph;
    assert_eq!(graph.filters, before.filters);
    assert_eq!(graph.connections.len(), 3);
    let chosen: Vec<u32> = app.view().selection.filters.iter().map(|id| id.0).collect();
    assert_eq!(chosen, [2, 3], "what came out is selected");
    app.perform(Action::Undo);
    assert_eq!(*app.view().graph, grouped);
    app.perform(Action::Undo);
    assert_eq!(to_ron(app.view().graph), to_ron(&before));
    app.perform(Action::Redo);
    assert_eq!(*app.view().graph, grouped);
    select(&mut app, &[]);
    app.perform(Action::Group);
    app.perform(Action::Ungroup);
    assert_eq!(
        *app.view().graph,
        grouped,
        "nothing to fold, nothing to unfold"
    );
    app.perform(Action::Enter(group));
    assert_eq!(app.view().place(), ["Group"]);
}

#[test]
fn what_plays_does_not_hear_of_groups() {
    let mut app = chain();
    let opened = |app: &mut App, path: &FilterPath| {
        let is_open = |app: &App| {
            let playing = app.playing.as_ref()?;
            playing.open(path).map(|open| (open.entry, open.since))
        };
        for _ in 0..2000 {
            app.poll();
            if let Some(open) = is_open(app) {
                return open;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        panic!("{path} is not open");
    };
    let outside = FilterPath::of(FilterId(2));
    let first = opened(&mut app, &outside);
    select(&mut app, &[2, 3]);
    app.perform(Action::Group);
    let inside = FilterPath::from(vec![one(&app), FilterId(2)]);
    assert_eq!(opened(&mut app, &inside), first);
    app.perform(Action::Group);
    let deeper = FilterPath::from(vec![one(&app), inside.0[0], FilterId(2)]);
    assert_eq!(opened(&mut app, &deeper), first);
    app.perform(Action::Undo);
    assert_eq!(opened(&mut app, &inside), first);
    app.perform(Action::Ungroup);
    let outside_again = app.view().graph.clone();
    assert!(outside_again.filters.len() == 3 || outside_again.filters.len() == 4);
    app.perform(Action::Undo);
    app.perform(Action::Undo);
    assert_eq!(opened(&mut app, &outside), first);
}

#[test]
fn a_group_made_in_a_group_keeps_the_pins_that_lead_outside() {
    let mut app = chain();
    select(&mut app, &[2, 3]);
    app.perform(Action::Group);
    let outer = one(&app);
    app.perform(Action::Enter(outer));
    let before = app.view().document_graph().clone();
    select(&mut app, &[2]);
    app.perform(Action::Group);
    assert!(app.view().wiring.is_agreed());
    assert_eq!(app.view().wiring.wires.len(), 3);
    let shown = &app.view().group().unwrap().pins;
    assert_eq!(shown.len(), 2);
    let inner = one(&app);
    assert_eq!(shown[0].inner.filter, inner);
    app.perform(Action::Ungroup);
    assert!(app.view().wiring.is_agreed());
    assert_eq!(app.view().wiring.wires.len(), 3);
    app.perform(Action::Undo);
    app.perform(Action::Undo);
    assert_eq!(*app.view().document_graph(), before);
    assert_eq!(app.view().place(), ["Group"], "the user stays inside");
}

#[test]
fn pins_are_shown_hidden_and_renamed_in_one_step_each() {
    let mut app = chain();
    select(&mut app, &[2, 3]);
    app.perform(Action::Group);
    let group = FilterPath::of(one(&app));
    let agreed = app.view().document_graph().clone();
    let name = |app: &App, index: usize| match &app.view().document_graph().at(&group).unwrap().kind
    {
        NodeKind::Group(it) => it.pins.get(index).map(|pin| pin.name.clone()),
        NodeKind::Filter(_) => None,
    };
    app.perform(Action::RenamePin {
        group: group.clone(),
        pin: "in".into(),
        name: "sound".into(),
    });
    assert_eq!(name(&app, 0).unwrap(), "sound");
    assert!(app.view().wiring.is_agreed());
    app.perform(Action::RenamePin {
        group: group.clone(),
        pin: "sound".into(),
        name: "out".into(),
    });
    assert_eq!(name(&app, 0).unwrap(), "sound", "names are unique");
    app.perform(Action::Undo);
    assert_eq!(*app.view().document_graph(), agreed);
    app.perform(Action::HidePin {
        group: group.clone(),
        pin: "in".into(),
    });
    assert_eq!(name(&app, 0).unwrap(), "out");
    app.perform(Action::Enter(group.0[0]));
    let gain_in = pin(&app, 2, "in");
    app.perform(Action::ShowPin(gain_in));
    assert_eq!(name(&app, 1).unwrap(), "in");
    app.perform(Action::Undo);
    app.perform(Action::Undo);
    assert_eq!(*app.view().document_graph(), agreed);
}

#[test]
fn switches_are_one_step_and_show_in_the_status() {
    let mut app = chain();
    let before = app.view().graph.clone();
    let gain = FilterPath::of(FilterId(2));
    app.perform(Action::SetBypass {
        filters: vec![FilterId(2), FilterId(3)],
        is_on: true,
    });
    let FilterStatus::Bypassed(words) = app.view().status(&gain) else {
        panic!("not bypassed");
    };
    assert_eq!(words, "bypassed, in goes to out");
    app.perform(Action::SetBypass {
        filters: vec![FilterId(1)],
        is_on: true,
    });
    let status = app.view().status(&FilterPath::of(FilterId(1)));
    assert!(matches!(status, FilterStatus::Bypassed(words) if words.starts_with("left out")));
    app.perform(Action::SetDisabled {
        filters: vec![FilterId(2)],
        is_on: true,
    });
    assert_eq!(app.view().status(&gain), FilterStatus::Disabled);
    assert!(app.view().wiring.is_agreed());
    for _ in 0..3 {
        app.perform(Action::Undo);
    }
    assert_eq!(*app.view().graph, before);
    // A group: all inside.
    select(&mut app, &[2, 3]);
    app.perform(Action::Group);
    let group = one(&app);
    app.perform(Action::SetDisabled {
        filters: vec![group],
        is_on: true,
    });
    let inside = FilterPath::from(vec![group, FilterId(3)]);
    assert_eq!(app.view().status(&inside), FilterStatus::Disabled);
    let text = to_ron(app.view().graph);
    assert_eq!(text.matches("disabled: true").count(), 2, "{text}");
    let read = from_ron(text.as_bytes(), "test").unwrap().graph;
    assert_eq!(read, *app.view().graph);
}

#[test]
fn what_was_selected_of_notes_goes_into_the_group() {
    let mut app = chain();
    app.perform(Action::AddComment {
        at: at(10.0),
        text: "why".into(),
    });
    let note = *app.view().selection.notes.first().unwrap();
    let mut selection = Selection::default();
    selection.filters.insert(FilterId(2));
    selection.notes.insert(note);
    app.perform(Action::Select(selection));
    app.perform(Action::Group);
    assert!(app.view().graph.notes.is_empty());
    let group = one(&app);
    app.perform(Action::Enter(group));
    assert_eq!(app.view().graph.notes[&note].text, "why");
    app.perform(Action::Leave);
    app.perform(Action::Ungroup);
    assert_eq!(app.view().graph.notes[&note].position, at(10.0));
    let value = Some(Value::Number(-3.0));
    app.perform(Action::SetProperty {
        filter: FilterId(2),
        key: "level".into(),
        value,
    });
    assert!(app.view().undo.is_some());
}
