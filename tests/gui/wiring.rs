//! Wires drawn without a drag: of what is selected, of the pin that the keyboard is at, with the format asked for.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::{Action, ConnectMode};
use ksgraph::graph::{FilterId, FilterPath, PinAddress};
use ksgraph::ks::Value;

use super::app_support::Window;

/// The entries of the menu that is open, from above.
fn menu(window: &mut Window) -> Vec<String> {
    let mut found = vec![];
    for role in [Role::MenuItem, Role::MenuItemCheckBox] {
        for node in window.harness().query_all_by_role(role) {
            let label = node.accesskit_node().label().unwrap_or_default();
            found.push((node.rect().top(), label));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, label)| label).collect()
}

fn named(window: &mut Window) -> Vec<String> {
    let graph = window.graph();
    graph.filters.values().map(|it| it.name.clone()).collect()
}

#[test]
fn the_menu_of_the_pin_at_the_keyboard_begins_with_render_pin() {
    let mut window = Window::with(&["tone"]);
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.key(Modifiers::COMMAND, Key::ArrowRight);
    window.key(Modifiers::SHIFT, Key::F10);
    let entries = menu(&mut window);
    assert!(entries[0].starts_with("Render Pin"), "{entries:?}");
    window.key(Modifiers::NONE, Key::ArrowDown);
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(named(&mut window), ["Tone Generator", "Audio Device Out"]);
    assert_eq!(window.graph().connections.len(), 1);
    assert!(window.sees("Undo: Rendered"));
}

#[test]
fn keys_are_about_the_pin_at_the_keyboard() {
    let mut window = Window::on("graphs/tone.ron");
    // To the gain, its input, and away with its wire.
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.key(Modifiers::COMMAND, Key::ArrowLeft);
    window.key(Modifiers::COMMAND, Key::Delete);
    let left: Vec<String> = window
        .graph()
        .connections
        .iter()
        .map(|wire| wire.from.pin.clone() + &wire.from.filter.0.to_string())
        .collect();
    assert_eq!(left, ["out2"], "only the wire of that pin went");
}

#[test]
fn a_wire_that_holds_asks_for_its_format_where_that_is_wished() {
    let mut window = Window::with(&["tone", "null_renderer"]);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::M);
    let mode = window.screen().app().preferences().connect;
    assert_eq!(mode, ConnectMode::WithFormat);
    let from = window.middle("Tone Generator output out (audio)");
    let to = window.middle("Null Renderer input in (audio)");
    window.drag(from, to);
    window.harness().run_steps(6);
    let wire = window.screen().app().view().selection.one_connection();
    assert_eq!(wire, Some(0), "it is the selection");
    // The list is open and has the keyboard.
    let open = window
        .harness()
        .query_all_by_role(Role::ListBoxOption)
        .count();
    assert!(open > 1, "{open} entries");
    window.key(Modifiers::NONE, Key::ArrowDown);
    window.key(Modifiers::NONE, Key::Enter);
    let chosen = window.graph().connections[0].chosen.format.clone();
    assert!(chosen.is_some(), "one was chosen");
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::D);
    let mode = window.screen().app().preferences().connect;
    assert_eq!(mode, ConnectMode::Direct);
}

#[test]
fn a_refused_wire_that_is_selected_is_reconnected() {
    let mut window = Window::with(&["tone", "tone", "mixer"]);
    let end = |filter, pin: &str, instance| PinAddress {
        filter: FilterPath::of(FilterId(filter)),
        pin: pin.into(),
        instance,
    };
    let app = window.screen().app_mut();
    for (filter, place) in [(1, 0), (2, 1)] {
        app.perform(Action::Connect {
            from: end(filter, "out", 0),
            to: end(3, "in", place),
        });
    }
    for (filter, rate) in [(1, "44100"), (2, "48000")] {
        app.perform(Action::SetProperty {
            filter: FilterId(filter),
            key: "rate".into(),
            value: Some(Value::Text(rate.into())),
        });
    }
    let red = window.screen().app().view().wiring.wires.iter();
    let red: Vec<usize> = red
        .filter(|wire| wire.outcome.is_err())
        .map(|wire| wire.index)
        .collect();
    assert_eq!(red.len(), 1);
    let mut selection = ksgraph::app::Selection::default();
    selection.connections.extend(red);
    window.screen().app_mut().perform(Action::Select(selection));
    window.harness().run_steps(3);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::C);
    let wires = &window.screen().app().view().wiring.wires;
    assert!(wires.iter().all(|wire| wire.outcome.is_ok()));
    assert!(named(&mut window).iter().any(|it| it.contains("Converter")));
}
