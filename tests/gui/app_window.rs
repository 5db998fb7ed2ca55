//! What a person does with the window: connects, is refused, inserts, turns, undoes, saves and opens.

use egui::accesskit::Role;
use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable as _;
use ksgraph::app::Action;
use ksgraph::graph::{FilterId, NodeKind};

use super::app_support::Window;

const TONE_OUT: &str = "Tone Generator output out (audio)";
const SINK_IN: &str = "Null Renderer input in (audio)";
const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers {
    shift: true,
    ..Modifiers::COMMAND
};

#[test]
fn a_wire_is_drawn_undone_and_redone() {
    let mut window = Window::with(&["tone", "null_renderer"]);
    let (from, to) = (window.middle(TONE_OUT), window.middle(SINK_IN));
    window.drag(from, to);
    let graph = window.graph();
    assert_eq!(graph.connections.len(), 1);
    assert_eq!(graph.connections[0].from.pin, "out");
    assert_eq!(graph.connections[0].to.pin, "in");
    assert!(window.sees("Wire Tone Generator out to Null Renderer in"));
    window.key(CTRL, Key::Z);
    assert!(window.graph().connections.is_empty());
    window.key(CTRL_SHIFT, Key::Z);
    assert_eq!(window.graph(), graph);
}

#[test]
fn two_undos_in_one_slow_frame_are_two_steps() {
    let mut window = Window::with(&["tone", "gain", "meter"]);
    let key = |pressed| egui::Event::Key {
        key: Key::Z,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: CTRL,
    };
    let twice = [key(true), key(false), key(true), key(false)];
    window.harness().input_mut().events.extend(twice);
    window.harness().step();
    assert_eq!(window.graph().filters.len(), 1);
}

#[test]
fn a_refused_wire_says_what_the_program_says_and_esc_closes() {
    let mut window = Window::with(&["tone", "tone_synth"]);
    let (from, to) = (
        window.middle(TONE_OUT),
        window.middle("Tone Synth input notes (MIDI)"),
    );
    window.drag(from, to);
    assert!(window.graph().connections.is_empty());
    let sentence = {
        let view = window.screen().app().view();
        let (_, _, refusal) = view.refusal.expect("the program refused").clone();
        refusal.sentence()
    };
    assert!(sentence.len() > 20, "{sentence}");
    assert!(window.sees(&sentence), "{sentence}");
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.sees("Close the refusal"));
    assert!(window.graph().connections.is_empty());
}

#[test]
fn a_refused_wire_is_cured_from_the_inspector_in_one_step() {
    let mut window = Window::on("graphs/format_clinic.ron");
    let before = window.graph();
    // The file is looked at beside the screen; until then nothing is refused.
    let mut found = None;
    for _ in 0..200 {
        window.harness().step();
        let view = window.screen().app().view();
        found = view.wiring.wires.iter().find_map(|wire| {
            let refusal = wire.outcome.as_ref().err()?;
            let cure = refusal.cures.first()?;
            Some((wire.connection?, cure.text.clone(), cure.inserts.len()))
        });
        if found.is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let (connection, text, inserts) = found.expect("one wire of the clinic is refused");
    let mut selection = ksgraph::app::Selection::default();
    selection.connections.insert(connection);
    window.screen().app_mut().perform(Action::Select(selection));
    window.harness().run_steps(3);
    window.click(&text);
    let cured = window.graph();
    assert_eq!(cured.filters.len(), before.filters.len() + inserts);
    let view = window.screen().app().view();
    let refused = view
        .wiring
        .wires
        .iter()
        .filter(|wire| wire.outcome.is_err());
    assert_eq!(refused.count(), 0);
    window.key(CTRL, Key::Z);
    let after = window.graph();
    assert_eq!(after.filters, before.filters);
    assert_eq!(after.connections, before.connections);
}

#[test]
fn the_palette_adds_what_enter_takes() {
    let mut window = Window::with(&[]);
    window.key(Modifiers::NONE, Key::Tab);
    assert!(window.sees("Insert filter"), "Tab opens the palette");
    window.type_text("resam");
    window.key(Modifiers::NONE, Key::Enter);
    let graph = window.graph();
    let keys: Vec<&str> = graph
        .filters
        .values()
        .filter_map(|node| match &node.kind {
            NodeKind::Filter(filter) => Some(filter.key.as_str()),
            NodeKind::Group(_) => None,
        })
        .collect();
    assert_eq!(keys, ["rate_converter"], "a plain wish finds its filter");
    assert!(!window.sees("Insert filter"), "and the palette is closed");
}

#[test]
fn a_wire_dropped_on_nothing_is_taken_by_what_is_inserted() {
    let mut window = Window::with(&["tone"]);
    let from = window.middle(TONE_OUT);
    window.drag(from, from + vec2(260.0, 120.0));
    assert!(window.sees("Insert filter"));
    assert!(
        !window.sees("Insert Tone Synth"),
        "what cannot take sound is not offered"
    );
    window.type_text("null");
    window.key(Modifiers::NONE, Key::Enter);
    let graph = window.graph();
    assert_eq!((graph.filters.len(), graph.connections.len()), (2, 1));
    window.key(CTRL, Key::Z);
    let graph = window.graph();
    assert_eq!((graph.filters.len(), graph.connections.len()), (1, 0));
}

#[test]
fn a_filter_is_dragged_out_of_the_catalogue() {
    let mut window = Window::with(&[]);
    let canvas = window.harness().get_by_role(Role::Canvas).rect();
    window.reveal("Favourite Gain and Pan");
    let row = window.middle("Gain and Pan");
    window.drag(row, canvas.center());
    assert_eq!(window.graph().filters.len(), 1);
    assert!(window.sees("Filter Gain and Pan"));
}

#[test]
fn a_slider_dragged_is_one_step_back() {
    let mut window = Window::with(&["gain"]);
    let id = window.graph().filters.keys().next().unwrap().0;
    window.select(id);
    let before = window.graph();
    let slider = window
        .harness()
        .query_all_by_role_and_label(Role::Slider, "Gain")
        .next()
        .expect("the inspector has a slider")
        .rect();
    window.drag(slider.center(), slider.left_center() + vec2(8.0, 0.0));
    let values = |window: &mut Window| match &window.graph().filters.values().next().unwrap().kind {
        NodeKind::Filter(filter) => filter.values.get("level").and_then(|it| it.number()),
        NodeKind::Group(_) => None,
    };
    let level = values(&mut window).expect("the level was set");
    assert!(level < -20.0, "dragged to the left end: {level}");
    window.key(CTRL, Key::Z);
    assert_eq!(
        window.graph().filters,
        before.filters,
        "one step takes it all back"
    );
}

#[test]
fn a_typed_value_with_its_unit_is_understood() {
    let mut window = Window::with(&["gain"]);
    let id = window.graph().filters.keys().next().unwrap().0;
    window.select(id);
    window.click("Gain value");
    window.type_text("\u{2212}12,5 dB");
    window.key(Modifiers::NONE, Key::Enter);
    let graph = window.graph();
    let NodeKind::Filter(filter) = &graph.filters[&FilterId(id)].kind else {
        panic!("a filter");
    };
    assert_eq!(filter.values["level"].number(), Some(-12.5));
}

#[test]
fn a_box_dragged_moves_and_one_step_takes_it_back() {
    let mut window = Window::with(&["gain", "meter"]);
    let before = window.graph();
    let box_rect = window.harness().get_by_label("Filter Gain and Pan").rect();
    let grip = box_rect.left_top() + vec2(70.0, 14.0);
    window.drag(grip, grip + vec2(0.0, 160.0));
    let moved = window.graph();
    let y = |graph: &ksgraph::graph::Graph| graph.filters.values().next().unwrap().position.y;
    assert!(y(&moved) > y(&before) + 100.0);
    window.key(CTRL, Key::Z);
    assert_eq!(window.graph().filters, before.filters);
}

#[test]
fn saving_and_opening_go_through_the_programs_own_picker() {
    let folder = std::env::temp_dir().join(format!("ksgraph-window-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("picked.ron");
    let mut window = Window::with(&["tone", "gain"]);
    let saved = window.graph();
    window.key(CTRL_SHIFT, Key::S);
    assert!(window.sees("File path"));
    // The name is selected, so typing replaces it; the ending is added.
    window.type_text(folder.join("picked").to_str().unwrap());
    window.key(Modifiers::NONE, Key::Enter);
    assert!(file.is_file());
    assert!(!window.screen().app().view().document.is_dirty);

    window.key(CTRL, Key::N);
    assert!(window.graph().filters.is_empty());
    window.key(CTRL, Key::O);
    window.type_text(file.to_str().unwrap());
    window.key(Modifiers::NONE, Key::Enter);
    let opened = window.graph();
    assert_eq!(opened.filters, saved.filters);
    assert_eq!(window.screen().app().view().document.name, "picked.ron");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn changes_are_asked_about_and_esc_means_stay() {
    let mut window = Window::with(&["tone"]);
    window.key(CTRL, Key::Q);
    assert!(window.sees("Save the changes to untitled.ron?"));
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.sees("Save the changes"));
    assert!(!window.screen().may_leave());
    assert_eq!(window.graph().filters.len(), 1);
    window.key(CTRL, Key::Q);
    window.click("Don\u{2019}t save");
    assert!(window.screen().may_leave());
}

#[test]
fn nothing_changed_leaves_at_once() {
    let mut window = Window::on("graphs/tone.ron");
    window.key(CTRL, Key::Q);
    assert!(window.screen().may_leave());
}

#[test]
fn play_mode_is_on_when_there_is_a_keyboard_and_esc_leaves_it() {
    let mut window = Window::on("graphs/first_sound.ron");
    let plays = |window: &mut Window| window.screen().app().view().play_mode.is_some();
    assert!(plays(&mut window));
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!plays(&mut window));
    window.key(Modifiers::NONE, Key::F8);
    assert!(plays(&mut window));
}

#[test]
fn space_runs_and_pauses() {
    let mut window = Window::with(&["tone", "null_renderer"]);
    let requested = |window: &mut Window| window.screen().app().view().requested;
    window.key(Modifiers::NONE, Key::Space);
    assert_eq!(requested(&mut window), ksgraph::ks::State::Run);
    window.key(Modifiers::NONE, Key::Space);
    assert_eq!(requested(&mut window), ksgraph::ks::State::Pause);
}

#[test]
fn the_search_narrows_the_catalogue() {
    let mut window = Window::with(&[]);
    assert!(window.sees("Favourite Wave Reader"));
    window.click("Search filters");
    window.type_text("null");
    assert!(!window.sees("Favourite Wave Reader"));
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.sees("Filter Null Renderer"), "Enter adds the best");
}

#[test]
fn what_a_filter_takes_away_is_named_in_its_box() {
    let window = Window::with(&["compressor", "limiter", "guard"]);
    for name in [
        "Compressor reduction 0.0\u{a0}dB",
        "Limiter reduction 0.0\u{a0}dB",
        "DC and Non-finite Guard No numbers 0",
        "DC and Non-finite Guard Denormal 0",
        "DC and Non-finite Guard DC 0.0\u{a0}%",
    ] {
        assert!(window.sees(name), "{name}");
    }
}
