//! The program without a screen as a user works it: a graph drawn in words, acted on, looked at.

use ksgraph::app::{Action, App, Options, Selection};
use ksgraph::graph::{Chosen, Connection, Edit, FilterId, PinAddress, PinRef, apply, to_ron};
use ksgraph::ks::Value;

use crate::support::{catalogue, graph, pin};

/// The program with a drawn graph open, on the nominal machine. Boxes stand 240 points apart in a row.
pub(crate) fn editor(text: &str) -> App {
    editor_with(text, &[])
}

/// The same with wires that the notation cannot draw, as `from.pin`, `to.pin`, the instance 0.
pub(crate) fn editor_with(text: &str, wires: &[(&str, &str)]) -> App {
    let mut graph = graph(&catalogue(), text);
    for (column, node) in graph.filters.values_mut().enumerate() {
        node.position.x = 240.0 * column as f32;
    }
    for (from, to) in wires {
        let end = |text: &str| {
            let (name, pin) = text.split_once('.').unwrap();
            PinRef {
                filter: graph.find(name).unwrap(),
                pin: pin.into(),
                instance: 0,
            }
        };
        let (from, to) = (end(from), end(to));
        let chosen = Chosen::default();
        apply(&mut graph, Edit::Connect(Connection { from, to, chosen })).unwrap();
    }
    let mut app = App::new(Options::nominal(256));
    app.open_document(graph, None);
    app
}

pub(crate) fn id(app: &App, name: &str) -> FilterId {
    let found = app.view().graph.find(name);
    found.unwrap_or_else(|| panic!("there is no {name}"))
}

/// `name.pin` or `name.pin[2]`.
pub(crate) fn at(app: &App, text: &str) -> PinAddress {
    let (name, rest) = text.split_once('.').unwrap();
    let (name_of_pin, instance) = match rest.strip_suffix(']').and_then(|it| it.split_once('[')) {
        Some((pin, number)) => (pin, number.parse().unwrap()),
        None => (rest, 0),
    };
    pin(app.view().graph, name, name_of_pin, instance)
}

/// Every wire as `from -> to`, in the order drawn; a refused one ends in `!`.
pub(crate) fn wires(app: &App) -> Vec<String> {
    let view = app.view();
    let end = |end: &PinRef| {
        let name = &view.graph.filters[&end.filter].name;
        match end.instance {
            0 => format!("{name}.{}", end.pin),
            number => format!("{name}.{}[{number}]", end.pin),
        }
    };
    let wires = view.graph.connections.iter().enumerate();
    let lines = wires.map(|(index, wire)| {
        let is_made = view.wire(index).is_some_and(|it| it.outcome.is_ok());
        let mark = if is_made { "" } else { "!" };
        format!("{} -> {}{mark}", end(&wire.from), end(&wire.to))
    });
    lines.collect()
}

pub(crate) fn text(app: &App) -> String {
    to_ron(app.view().graph)
}

pub(crate) fn select(app: &mut App, names: &[&str]) {
    let filters = names.iter().map(|name| id(app, name)).collect();
    app.perform(Action::Select(Selection {
        filters,
        ..Selection::default()
    }));
}

/// Names of the selected boxes.
pub(crate) fn selected(app: &App) -> Vec<String> {
    let view = app.view();
    let filters = view.selection.filters.iter();
    filters
        .map(|id| view.graph.filters[id].name.clone())
        .collect()
}

pub(crate) fn value(app: &App, name: &str, key: &str) -> Option<Value> {
    let node = app.view().graph.filter(id(app, name)).unwrap();
    node.values.get(key).cloned()
}

/// Does one thing, which must be one undo step that Undo takes back whole and Redo does again.
pub(crate) fn one_step(app: &mut App, action: Action) {
    let before = text(app);
    app.perform(action.clone());
    let after = text(app);
    assert_ne!(before, after, "{action:?} did nothing");
    app.perform(Action::Undo);
    assert_eq!(text(app), before, "{action:?} is one step");
    app.perform(Action::Redo);
    assert_eq!(text(app), after, "{action:?} is done again");
}

/// Does one thing, which must leave the document as it is.
pub(crate) fn no_step(app: &mut App, action: Action) {
    let (before, undo) = (text(app), app.view().undo);
    app.perform(action.clone());
    assert_eq!(text(app), before, "{action:?}");
    assert_eq!(app.view().undo, undo, "{action:?}");
}

/// Polls until `is_done`; false when it never is.
pub(crate) fn wait(app: &mut App, is_done: impl Fn(&App) -> bool) -> bool {
    for _ in 0..5000 {
        app.poll();
        if is_done(app) {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    false
}
