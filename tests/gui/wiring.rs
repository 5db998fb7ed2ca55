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

/// What a part of the canvas is said to be, after its name.
fn said(window: &mut Window, name: &str) -> String {
    let node = window.harness().get_by_label(name);
    node.accesskit_node().value().unwrap_or_default()
}

#[test]
fn a_new_filter_is_wired_to_the_pin_that_is_selected() {
    let mut window = Window::with(&["tone"]);
    window.click("Tone Generator output out (audio)");
    window.key(Modifiers::NONE, Key::Tab);
    window.type_text("gain");
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(named(&mut window), ["Tone Generator", "Gain and Pan"]);
    assert_eq!(
        window.graph().connections.len(),
        1,
        "it has its wire at once"
    );
    // What does not fit is there without one.
    window.click("Gain and Pan output out (audio)");
    window.key(Modifiers::NONE, Key::Tab);
    window.type_text("computer keyboard");
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(window.graph().filters.len(), 3);
    assert_eq!(window.graph().connections.len(), 1);
}

#[test]
fn a_graph_is_built_wired_played_and_saved_by_keys_alone() {
    let none = Modifiers::NONE;
    let mut window = Window::with(&[]);
    for typed in ["tone gen", "gain", "null"] {
        window.key(none, Key::Tab);
        window.type_text(typed);
        window.key(none, Key::Enter);
        // Out of the way of the next one, by the keys that move.
        for _ in 0..20 {
            window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::ArrowLeft);
        }
        window.key(Modifiers::COMMAND, Key::A);
        for _ in 0..2 {
            window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::ArrowUp);
        }
    }
    assert_eq!(window.graph().filters.len(), 3);
    window.key(Modifiers::COMMAND, Key::A);
    // They stand from right to left now: it is arranged before it is wired.
    window.key(Modifiers::COMMAND, Key::G);
    window.key(none, Key::Escape);
    // The first wire from pin to pin.
    let walk = |window: &mut Window, name: &str| {
        for _ in 0..6 {
            let at = window.screen().app().view().selection.one_filter();
            let graph = window.graph();
            if at.is_some_and(|id| graph.filters[&id].name == name) {
                return;
            }
            for key in [
                Key::ArrowRight,
                Key::ArrowDown,
                Key::ArrowLeft,
                Key::ArrowUp,
            ] {
                let at = window.screen().app().view().selection.one_filter();
                if at.is_some_and(|id| graph.filters[&id].name == name) {
                    return;
                }
                window.key(none, key);
            }
        }
        panic!("{name} is not reached by arrows");
    };
    walk(&mut window, "Tone Generator");
    window.key(Modifiers::COMMAND, Key::ArrowRight);
    assert!(window.sees("Tone Generator output out (audio)"));
    window.key(none, Key::Enter);
    walk(&mut window, "Gain and Pan");
    window.key(Modifiers::COMMAND, Key::ArrowLeft);
    window.key(none, Key::Enter);
    assert_eq!(window.graph().connections.len(), 1);
    // The second by what stands there.
    window.key(none, Key::Escape);
    walk(&mut window, "Gain and Pan");
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::R);
    assert_eq!(window.graph().connections.len(), 2);
    // A value: to the inspector, along its controls, and a step up; and back.
    let level = |window: &mut Window| {
        let graph = window.graph();
        let gain = graph.filters.values().find(|it| it.name == "Gain and Pan");
        match &gain.expect("it is there").kind {
            ksgraph::graph::NodeKind::Filter(filter) => filter.values.clone(),
            ksgraph::graph::NodeKind::Group(_) => panic!("a group"),
        }
    };
    let has_focus = |window: &mut Window, role: Role, name: &str| {
        let mut all = window.harness().query_all_by_role(role);
        all.any(|it| it.is_focused() && it.accesskit_node().label().as_deref() == Some(name))
    };
    let before = level(&mut window);
    window.key(none, Key::F6);
    assert!(has_focus(&mut window, Role::Pane, "Inspector"));
    for _ in 0..40 {
        window.key(none, Key::Tab);
        if has_focus(&mut window, Role::Slider, "Gain") {
            break;
        }
    }
    assert!(has_focus(&mut window, Role::Slider, "Gain"));
    window.key(none, Key::ArrowRight);
    assert_ne!(level(&mut window), before);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(level(&mut window), before, "taken back");
    window.key(Modifiers::COMMAND, Key::Y);
    assert_ne!(level(&mut window), before);
    for _ in 0..8 {
        if has_focus(&mut window, Role::Canvas, "Graph") {
            break;
        }
        window.key(Modifiers::SHIFT, Key::F6);
    }
    window.key(none, Key::Space);
    window.harness().key_up(Key::Space);
    window.harness().run_steps(4);
    assert_eq!(
        window.screen().app().view().requested,
        ksgraph::ks::State::Run
    );
    let file = std::env::temp_dir().join(format!("ksgraph-by-keys-{}.ron", std::process::id()));
    window.key(Modifiers::COMMAND, Key::S);
    window.key(Modifiers::COMMAND, Key::A);
    window.type_text(&file.display().to_string());
    window.key(none, Key::Enter);
    window.harness().run_steps(10);
    let saved = std::fs::read_to_string(&file).expect("it is saved");
    std::fs::remove_file(&file).ok();
    assert!(saved.contains("null_renderer"), "{saved}");
    assert!(saved.contains("gain"), "{saved}");
    assert!(!window.screen().may_leave());
    window.key(Modifiers::COMMAND, Key::Q);
    assert!(window.screen().may_leave(), "nothing is unsaved");
}

#[test]
fn filters_pins_and_wires_are_spoken_with_state_and_format() {
    let mut window = Window::on("graphs/tone.ron");
    assert_eq!(said(&mut window, "Filter Gain and Pan"), "stopped");
    let pin = said(&mut window, "Gain and Pan input in (audio)");
    assert!(pin.starts_with("connected, 48\u{a0}000 Hz"), "{pin}");
    let wire = said(&mut window, "Wire Tone Generator out to Gain and Pan in");
    assert!(wire.starts_with("48\u{a0}000 Hz"), "{wire}");
    window
        .screen()
        .app_mut()
        .perform(Action::Disconnect(vec![0]));
    window.harness().run_steps(3);
    assert_eq!(said(&mut window, "Gain and Pan input in (audio)"), "free");
    window.select(2);
    window.key(Modifiers::NONE, Key::P);
    let pin = said(&mut window, "Gain and Pan output out (audio)");
    assert!(pin.contains("held in Pause"), "{pin}");
}

#[test]
fn the_status_line_says_which_keys_apply_where_they_are() {
    let mut window = Window::with(&["tone"]);
    let hint = |window: &mut Window| window.screen().gestures().to_owned();
    window.key(Modifiers::NONE, Key::ArrowRight);
    assert!(hint(&mut window).contains("Ctrl+arrows walk pins"));
    window.key(Modifiers::COMMAND, Key::ArrowRight);
    assert!(hint(&mut window).contains("Enter takes a wire"));
    window.key(Modifiers::NONE, Key::Enter);
    assert!(hint(&mut window).contains("Esc lets go"));
}

/// Kinds of which each takes what the one before gives: s, a, b, c, t.
fn chain() -> String {
    let pin = |name: &str, flow: &str, kind: usize| {
        format!(
            r#"(name: "{name}", data_flow: {flow}, ranges: [(major: "0000000{kind}-0000-0010-8000-00AA00389B71",
                sub: "AAAAAAAA-0000-0010-8000-00AA00389B71", specifier: "0F6417D6-C318-11D0-A43F-00A0C9223196", limits: None)])"#
        )
    };
    let names = ["s", "a", "b", "c", "t"];
    let filters = names.iter().enumerate().map(|(at, name)| {
        let mut pins = vec![];
        if at > 0 {
            pins.push(pin("in", "in", at));
        }
        if at < 4 {
            pins.push(pin("out", "out", at + 1));
        }
        format!(
            r#"(key: "{name}", title: "{name}", pins: [{}])"#,
            pins.join(", ")
        )
    });
    let filters: Vec<String> = filters.collect();
    format!("(version: 1, filters: [{}])", filters.join(", "))
}

#[test]
fn shift_on_a_drop_leads_a_wire_through_whatever_it_takes_and_the_report_tells_how() {
    let mut options = ksgraph::app::Options::nominal(64);
    for filter in ksgraph::ks::filters_of(&chain()).unwrap() {
        options
            .catalogue
            .register(std::sync::Arc::new(filter))
            .unwrap();
    }
    let mut app = ksgraph::app::App::new(options);
    for (index, key) in ["s", "t"].into_iter().enumerate() {
        app.perform(Action::AddFilter {
            key: key.into(),
            at: ksgraph::graph::Position {
                x: 500.0 * index as f32,
                y: 0.0,
            },
        });
    }
    let mut window = Window::of(app);
    let ends = (
        window.middle("s output out (control)"),
        window.middle("t input in (control)"),
    );
    // A plain drop is refused, says why, and offers the way: Enter takes it.
    window.drag(ends.0, ends.1);
    assert_eq!(named(&mut window), ["s", "t"]);
    window.key(Modifiers::NONE, Key::Enter);
    window.harness().run_steps(4);
    assert_eq!(named(&mut window), ["s", "t", "a", "b", "c"]);
    window.key(Modifiers::COMMAND, Key::Z);
    window.harness().run_steps(4);
    let ends = (
        window.middle("s output out (control)"),
        window.middle("t input in (control)"),
    );
    window.carry(ends.0, ends.1);
    let held = |it| egui::Event::ModifiersChanged(it);
    window.harness().event(held(Modifiers::SHIFT));
    window.harness().drop_at(ends.1);
    window.harness().run_steps(4);
    window.harness().event(held(Modifiers::NONE));
    window.harness().run_steps(1);
    assert_eq!(named(&mut window), ["s", "t", "a", "b", "c"]);
    assert_eq!(window.graph().connections.len(), 4);
    window.key(Modifiers::COMMAND, Key::U);
    assert!(window.sees("Construction Report"));
    assert!(window.sees("yes: through a, b, c"));
    window.click("Close");
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(named(&mut window), ["s", "t"], "one step");
}

#[test]
fn who_is_taken_by_itself_is_chosen_in_the_catalogue() {
    let mut window = Window::with(&["keyboard"]);
    window.click("Search filters");
    window.type_text("dls synth");
    let row = window
        .harness()
        .get_by_role_and_label(Role::ListBoxOption, "DLS Synth");
    row.click_secondary();
    window.harness().run_steps(4);
    window.click("Taken by Itself");
    window.harness().run_steps(4);
    window.click("Never, Only by Hand");
    let merits = window.screen().app().preferences().merits.clone();
    assert_eq!(
        merits.get("dls_synth"),
        Some(&ksgraph::ks::merit::DO_NOT_USE)
    );
    window.key(Modifiers::NONE, Key::Escape);
    let notes = PinAddress {
        filter: FilterPath::from(vec![FilterId(1)]),
        pin: "notes".into(),
        instance: 0,
    };
    let app = window.screen().app_mut();
    app.perform(Action::RenderPin(notes));
    let all = named(&mut window);
    assert!(
        all.len() == 3 && !all.contains(&"DLS Synth".into()),
        "{all:?}"
    );
}

#[test]
fn no_sound_says_where_it_stops_and_what_helps() {
    let mut window = Window::with(&["tone", "gain"]);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::F1);
    assert!(window.sees(
        "It stops at The graph: nothing in this graph plays sound: an Audio Device Out does."
    ));
    window.click("Add One");
    window.harness().run_steps(60);
    assert!(named(&mut window).contains(&"Audio Device Out".into()));
    // The graph stands still, and nothing is connected.
    window.click("Close");
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::F1);
    assert!(window.sees("It stops at The graph: it is stopped."));
    let steps = window.screen().app().view().sound_path();
    let device = steps.last().unwrap();
    assert!(
        device.is_stop && device.words.contains("connect"),
        "{device:?}"
    );
    window.click("Close");

    let mut window = Window::on("graphs/tone.ron");
    let app = window.screen().app_mut();
    let gain = |app: &ksgraph::app::App| {
        let mut steps = app.view().sound_path().into_iter();
        steps
            .find(|it| it.filter == Some(FilterPath::from(vec![FilterId(2)])))
            .unwrap()
    };
    assert!(!gain(app).is_stop);
    app.perform(Action::SetDisabled {
        filters: vec![FilterId(2)],
        is_on: true,
    });
    let stop = gain(app);
    assert_eq!((stop.is_stop, &*stop.words), (true, "it is disabled"));
    app.perform(stop.offer.unwrap().action);
    assert!(!gain(app).is_stop);
}
