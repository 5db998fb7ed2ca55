//! The parts around the canvas: cards, pages, the bottom panel, the first five minutes.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::Action;
use ksgraph::graph::Operands;

use super::app_support::Window;

const TONE_OUT: &str = "Tone Generator output out (audio)";

#[test]
fn a_wire_in_hand_is_told_what_it_would_agree_on() {
    let mut window = Window::with(&["tone", "null_renderer"]);
    let (from, to) = (
        window.middle(TONE_OUT),
        window.middle("Null Renderer input in (audio)"),
    );
    window.carry(from, to);
    window.harness().run_steps(4);
    assert!(window.sees("Would agree, nothing added"));
    assert!(window.sees("48\u{a0}000 Hz · 2 ch · f32"));
    window.harness().drop_at(to);
    window.harness().run_steps(4);
    assert!(!window.sees("Would agree"), "gone with the wire");
    assert_eq!(window.graph().connections.len(), 1);
}

#[test]
fn a_refused_pin_under_the_hand_explains_itself_before_the_drop() {
    let mut window = Window::with(&["tone", "tone_synth"]);
    let (from, to) = (
        window.middle(TONE_OUT),
        window.middle("Tone Synth input notes (MIDI)"),
    );
    window.carry(from, to);
    window.harness().run_steps(4);
    assert!(window.sees("These two pins carry different data"));
    assert!(!window.sees("Close the refusal"), "nothing to click yet");
    window.harness().drop_at(to);
    window.harness().run_steps(4);
    assert!(window.sees("Close the refusal"));
}

#[test]
fn the_card_has_both_sides_of_what_stopped_it() {
    let mut window = Window::with(&["tone", "tone_synth"]);
    let (from, to) = (
        window.middle(TONE_OUT),
        window.middle("Tone Synth input notes (MIDI)"),
    );
    window.drag(from, to);
    let view = window.screen().app().view();
    let (_, _, refusal) = view.refusal.expect("the program refused").clone();
    assert!(
        matches!(&refusal.operands, Some(Operands::Words { offered, wanted })
            if offered[0] == "audio" && wanted[0] == "DirectMusic events"),
        "{:?}",
        refusal.operands
    );
}

#[test]
fn the_tour_goes_on_when_its_step_is_done_and_can_be_skipped() {
    let mut window = Window::on("graphs/first_sound.ron");
    window.screen().start_tour();
    window.harness().run_steps(3);
    assert!(window.sees("Press A. You should hear a note."));
    window.click("I hear nothing");
    assert!(
        window
            .harness()
            .query_by_label("Step 2: Drop a WAV file on the canvas")
            .is_some()
    );
    window.click("Skip this");
    assert!(window.sees("Drop a WAV file on the canvas."));
    window.screen().app_mut().perform(Action::AddFilter {
        key: "wave_reader".into(),
        at: ksgraph::graph::Position::default(),
    });
    window.harness().run_steps(3);
    assert!(
        window.sees("Drag from notes of the Computer Keyboard"),
        "it was done"
    );
    window.click("Skip the tour");
    assert!(!window.screen().is_touring());
    assert!(!window.sees("Skip the tour"));
}

#[test]
fn pressing_a_key_is_the_first_step() {
    let mut window = Window::on("graphs/first_sound.ron");
    window.screen().start_tour();
    window.harness().run_steps(3);
    window.harness().key_down(Key::A);
    window.harness().run_steps(3);
    window.harness().key_up(Key::A);
    window.harness().run_steps(3);
    assert!(window.sees("Drop a WAV file on the canvas."));
}

#[test]
fn a_wire_shows_what_both_sides_offered() {
    let mut window = Window::on("graphs/tone.ron");
    let mut selection = ksgraph::app::Selection::default();
    selection.connections.insert(0);
    window.screen().app_mut().perform(Action::Select(selection));
    window.harness().run_steps(3);
    assert!(window.sees("Block: 8 bytes, 384\u{a0}000 bytes/s"));
    assert!(window.sees("Requests: "));
    window.click("Offered");
    assert!(window.sees("(agreed)"), "the winner is marked");
}

#[test]
fn a_format_is_chosen_by_hand_and_taken_back() {
    let mut window = Window::on("graphs/tone.ron");
    let mut selection = ksgraph::app::Selection::default();
    selection.connections.insert(0);
    window.screen().app_mut().perform(Action::Select(selection));
    window.harness().run_steps(3);
    let chosen = |window: &mut Window| {
        let chosen = &window.graph().connections[0].chosen;
        chosen.format.as_ref().map(ToString::to_string)
    };
    let agreed = |window: &mut Window| {
        let wiring = window.screen().app_mut().view().wiring.clone();
        let wire = wiring.wires.iter().find(|wire| wire.connection == Some(0));
        wire.unwrap().outcome.as_ref().unwrap().format.to_string()
    };
    assert_eq!(chosen(&mut window), None);
    let before = agreed(&mut window);
    let other = "44\u{a0}100 Hz · 2 ch · f32";
    assert_ne!(before, other);
    assert_eq!(format_field(&mut window), "Automatic");
    // Wherever the page is scrolled to.
    let field = window
        .harness()
        .get_by_role_and_label(Role::ComboBox, "Format");
    field.click_accesskit();
    window.harness().run_steps(4);
    let entry = window
        .harness()
        .get_by_role_and_label(Role::ListBoxOption, other);
    entry.click_accesskit();
    window.harness().run_steps(4);
    assert_eq!(chosen(&mut window).as_deref(), Some(other));
    assert_eq!(agreed(&mut window), other);
    assert_eq!(format_field(&mut window), other);
    let folded = window
        .harness()
        .query_by_role_and_label(Role::ListBoxOption, "Automatic");
    assert!(folded.is_none(), "the list is folded again");
    window.screen().app_mut().perform(Action::Undo);
    window.harness().run_steps(3);
    assert_eq!((chosen(&mut window), agreed(&mut window)), (None, before));
}

/// What the field of the chosen format says.
fn format_field(window: &mut Window) -> String {
    let field = window
        .harness()
        .get_by_role_and_label(Role::ComboBox, "Format");
    field.value().unwrap_or_default()
}

#[test]
fn a_format_is_chosen_by_keys_alone() {
    let mut window = Window::on("graphs/tone.ron");
    let mut selection = ksgraph::app::Selection::default();
    selection.connections.insert(0);
    window.screen().app_mut().perform(Action::Select(selection));
    window.harness().run_steps(3);
    let focused = |window: &mut Window| {
        let mut all = window.harness().query_all_by_role(Role::ListBoxOption);
        all.find(|node| node.is_focused())
            .and_then(|node| node.accesskit_node().label())
    };
    let field = window
        .harness()
        .get_by_role_and_label(Role::ComboBox, "Format");
    field.focus();
    window.harness().run_steps(2);
    let none = egui::Modifiers::NONE;
    window.key(none, Key::Enter);
    assert_eq!(focused(&mut window).as_deref(), Some("Automatic"));
    window.key(none, Key::ArrowDown);
    window.key(none, Key::ArrowDown);
    let second = focused(&mut window).expect("the list has the keyboard");
    window.key(none, Key::ArrowUp);
    let first = focused(&mut window).expect("the list has the keyboard");
    assert!(first != "Automatic" && first != second);
    window.key(none, Key::Enter);
    assert_eq!(format_field(&mut window), first);
    // The keyboard is where it came from: folded, an arrow takes the next one at once.
    window.key(none, Key::ArrowDown);
    let second = format_field(&mut window);
    assert_ne!(second, first);
    window.key(none, Key::Enter);
    window.key(none, Key::Home);
    window.key(none, Key::Escape);
    assert_eq!(focused(&mut window), None, "Esc folds it");
    assert_eq!(format_field(&mut window), second, "and leaves all as it is");
}

#[test]
fn what_several_filters_share_is_set_for_all_in_one_step() {
    let mut window = Window::with(&["gain", "gain"]);
    let levels = |window: &mut Window| -> Vec<Option<f64>> {
        let graph = window.graph();
        let nodes = graph.filters.values();
        nodes
            .map(|node| match &node.kind {
                ksgraph::graph::NodeKind::Filter(filter) => {
                    filter.values.get("level").and_then(|it| it.number())
                }
                ksgraph::graph::NodeKind::Group(_) => None,
            })
            .collect()
    };
    let first = window.graph().filters.keys().next().copied();
    window.screen().app_mut().perform(Action::SetProperty {
        filter: first.expect("there are two"),
        key: "level".into(),
        value: Some(ksgraph::ks::Value::Number(-3.0)),
    });
    window.screen().app_mut().perform(Action::SelectAll);
    window.harness().run_steps(3);
    let field = window.harness().get_by_label("Gain value");
    assert_eq!(field.value().as_deref(), Some("mixed"));
    window.click("Gain value");
    window.type_text("-9");
    window.key(egui::Modifiers::NONE, Key::Enter);
    assert_eq!(levels(&mut window), [Some(-9.0), Some(-9.0)]);
    window.key(egui::Modifiers::COMMAND, Key::Z);
    assert_eq!(levels(&mut window), [Some(-3.0), None], "one step");
}

#[test]
fn pins_say_what_they_can_and_who_they_are_connected_to() {
    let mut window = Window::on("graphs/first_sound.ron");
    window.select(3);
    window.click("Pins");
    assert!(window.sees("Requests: BOTH"));
    assert!(window.sees("Instances: 2 now"));
    assert!(window.sees("Pin of Computer Keyboard notes to DLS Synth notes"));
}

#[test]
fn log_and_performance_stand_side_by_side_and_fold() {
    let mut window = Window::on("graphs/tone.ron");
    assert!(window.sees("Filter the log"));
    assert!(window.harness().query_by_label("Performance").is_some());
    window.click("Log");
    assert!(!window.sees("Filter the log"), "folded to its tabs");
    window.click("Performance");
    assert!(window.sees("Filter the log"), "and open again");
}

#[test]
fn a_graph_to_start_from_opens_on_a_click() {
    let mut window = Window::with(&[]);
    window.click("Open Mixer");
    assert!(!window.graph().filters.is_empty());
    assert_eq!(window.screen().app().view().document.name, "mixer.ron");
}

#[test]
fn the_first_five_minutes_come_unasked_only_once() {
    let mut window = Window::on("graphs/first_sound.ron");
    window.screen().greet();
    assert!(window.screen().is_touring());
    window.harness().run_steps(3);
    window.click("Skip the tour");
    window.screen().greet();
    assert!(!window.screen().is_touring(), "never again unasked");
    window.screen().start_tour();
    assert!(window.screen().is_touring(), "but from Help");
}

#[test]
fn a_mistyped_filter_is_guessed() {
    let mut window = Window::with(&[]);
    window.click("Search filters");
    window.type_text("mixr");
    assert!(window.sees("Did you mean Mixer?"));
}

#[test]
fn where_there_is_no_room_panels_fold_and_come_when_asked() {
    let mut window = Window::on("graphs/tone.ron");
    let size = |window: &mut Window, wide: f32, high: f32| {
        window.harness().set_size(egui::vec2(wide, high));
        window.harness().run_steps(4);
    };
    size(&mut window, 1279.0, 900.0);
    assert!(!window.sees("Open Mixer"), "the inspector first");
    assert!(window.sees("Search filters"));
    window.key(egui::Modifiers::SHIFT, Key::F4);
    assert!(window.sees("Open Mixer"), "asked for");
    window.key(egui::Modifiers::SHIFT, Key::F4);
    assert!(!window.sees("Open Mixer"));
    size(&mut window, 880.0, 900.0);
    assert!(!window.sees("Search filters"), "then the catalogue");
    assert!(window.sees("Filter the log"));
    size(&mut window, 880.0, 640.0);
    assert!(!window.sees("Filter the log"), "low: folded to its tabs");
    window.click("Log");
    assert!(window.sees("Filter the log"), "open when asked");
    size(&mut window, 1500.0, 900.0);
    assert!(window.sees("Search filters") && window.sees("Open Mixer"));
}

#[test]
fn properties_open_the_inspector_that_had_no_room() {
    let mut window = Window::on("graphs/tone.ron");
    window.harness().set_size(egui::vec2(1100.0, 900.0));
    window.harness().run_steps(4);
    assert!(window.harness().query_by_label("Pins").is_none());
    let node = window.harness().get_by_label("Filter Tone Generator");
    node.focus();
    window.harness().run_steps(2);
    window.key(egui::Modifiers::NONE, Key::Enter);
    window.harness().run_steps(3);
    assert!(window.harness().query_by_label("Pins").is_some());
}

#[test]
fn all_of_the_graph_stays_in_sight_in_a_smaller_window() {
    let mut window = Window::on("graphs/first_sound.ron");
    for (wide, high) in [(1024.0, 640.0), (1600.0, 1000.0)] {
        window.harness().set_size(egui::vec2(wide, high));
        window.harness().run_steps(6);
        let canvas = window
            .harness()
            .query_all_by_role(egui::accesskit::Role::Canvas);
        let canvas = canvas
            .map(|node| node.rect())
            .max_by(|a, b| a.area().total_cmp(&b.area()));
        let canvas = canvas.expect("a canvas");
        for name in ["Filter Computer Keyboard", "Filter Audio Device Out"] {
            let rect = window.harness().get_by_label(name).rect();
            assert!(canvas.contains_rect(rect), "{name} at {wide} x {high}");
        }
    }
    // Who has looked elsewhere is left there.
    window.key(egui::Modifiers::COMMAND, Key::Num0);
    window.harness().run_steps(20);
    let zoom = window.screen().zoom();
    window.harness().set_size(egui::vec2(1024.0, 640.0));
    window.harness().run_steps(6);
    assert_eq!(window.screen().zoom(), zoom);
}

#[test]
fn the_keyboard_walks_the_window_as_it_is_read() {
    let mut window = Window::on("graphs/tone.ron");
    let focused = |window: &mut Window| {
        let harness = window.harness();
        let node = harness.root().children_recursive();
        let found = node.into_iter().find(|node| node.is_focused());
        found.and_then(|node| node.accesskit_node().label())
    };
    // From the canvas back to the catalogue; from its beginning back to the end of the transport.
    window.key(egui::Modifiers::SHIFT, Key::F6);
    assert_eq!(focused(&mut window).as_deref(), Some("Catalogue"));
    // The edges of panels come between.
    let back = |window: &mut Window| {
        for _ in 0..6 {
            window.key(egui::Modifiers::SHIFT, Key::Tab);
            match focused(window) {
                Some(name) if name == "Resize panel" => {}
                found => return found,
            }
        }
        None
    };
    assert_eq!(back(&mut window).as_deref(), Some("Panic"));
    // And after the inspector comes the bottom.
    window.key(egui::Modifiers::NONE, Key::F6);
    for _ in 0..4 {
        if focused(&mut window).as_deref() == Some("Bottom panel") {
            break;
        }
        window.key(egui::Modifiers::NONE, Key::F6);
    }
    let before = back(&mut window).unwrap_or_default();
    assert!(before.starts_with("Open "), "{before} is in the inspector");
}

#[test]
fn properties_stand_under_their_headings() {
    let mut window = Window::with(&["tone_synth"]);
    let id = window.graph().filters.keys().next().expect("a filter").0;
    window.select(id);
    let top = |window: &mut Window, name: &str| {
        let found = window.harness().query_all_by_label(name);
        let tops: Vec<f32> = found.map(|node| node.rect().top()).collect();
        assert!(!tops.is_empty(), "{name} is not there");
        tops.into_iter().fold(0.0, f32::max)
    };
    let sound = top(&mut window, "Sound");
    let playing = top(&mut window, "Playing");
    let voices = top(&mut window, "Voices");
    assert!(sound < playing && playing < voices);
}

#[test]
fn a_cure_that_is_looked_at_shows_what_it_would_add() {
    let mut window = Window::on("graphs/format_clinic.ron");
    let app = window.screen().app_mut();
    app.perform(Action::Disconnect(vec![1]));
    window.harness().run_steps(3);
    let from = window.middle("Chime at 44 kHz output out (audio)");
    let inputs = window.harness().query_all_by_label_contains("Mixer input");
    let inputs: Vec<egui::Pos2> = inputs.map(|node| node.rect().center()).collect();
    window.drag(from, *inputs.last().expect("the mixer has inputs"));
    let view = window.screen().app().view();
    let (_, _, refusal) = view.refusal.expect("44 100 Hz is not 48 000").clone();
    let cure = refusal.cures.first().expect("a converter").text.clone();
    assert!(!window.sees("Would add"), "nobody looks at it");
    let row = window.middle(&cure);
    window.harness().hover_at(row);
    window.harness().run_steps(3);
    assert!(window.sees("Would add Sample Rate Converter"));
    assert_eq!(window.graph().filters.len(), 4, "and nothing is added");
    window.key(egui::Modifiers::NONE, Key::Escape);
    assert!(!window.sees("Would add"), "gone with its card");
}

#[test]
fn what_cannot_take_a_wire_as_the_graph_stands_is_not_offered_for_it() {
    let mut window = Window::with(&["tone"]);
    let from = window.middle(TONE_OUT);
    window.drag(from, from + egui::vec2(260.0, 120.0));
    let view = window.screen().app().view();
    let id = *view.graph.filters.keys().next().expect("a filter");
    let pin = ksgraph::graph::PinAddress {
        filter: view.path_of(id),
        pin: "out".to_owned(),
        instance: 0,
    };
    let fits = view.fits(&pin);
    let direct: Vec<String> = fits
        .iter()
        .filter(|fit| fit.cost == 0)
        .filter_map(|fit| view.catalogue.get(&fit.key))
        .map(|filter| format!("Insert {}", filter.descriptor().title))
        .collect();
    assert!(direct.len() > 3);
    // The best first, and those only.
    let rows = window.harness().query_all_by_label_contains("Insert ");
    let mut rows: Vec<(f32, String)> = rows
        .filter_map(|node| Some((node.rect().top(), node.accesskit_node().label()?)))
        .filter(|(_, name)| name != "Insert filter")
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rows: Vec<String> = rows.into_iter().map(|row| row.1).collect();
    assert_eq!(rows, direct[..rows.len()]);
}

#[test]
fn far_out_the_instances_of_a_pin_are_one() {
    let mut window = Window::on("graphs/mixer.ron");
    let spots = |window: &mut Window| {
        let pins = window
            .harness()
            .query_all_by_label_contains("Mixer input in");
        let tops: Vec<f32> = pins.map(|node| node.rect().center().y).collect();
        let first = tops[0];
        let is_one = tops.iter().all(|y| (y - first).abs() < 0.5);
        (tops.len(), is_one)
    };
    window.key(egui::Modifiers::COMMAND, Key::Num0);
    window.harness().run_steps(20);
    let (count, is_one) = spots(&mut window);
    assert!(count > 2 && !is_one, "near: a row each");
    while window.screen().zoom() > 0.5 {
        window.key(egui::Modifiers::COMMAND, Key::Minus);
        window.harness().run_steps(4);
    }
    assert_eq!(spots(&mut window), (count, true));
}

#[test]
fn the_tour_covers_no_box_of_a_graph_that_is_seen_whole() {
    let mut window = Window::on("graphs/first_sound.ron");
    let fitted = window.screen().zoom();
    window.screen().start_tour();
    window.harness().run_steps(30);
    let card = window
        .harness()
        .get_by_label("Press A. You should hear a note.")
        .rect();
    for name in ["Computer Keyboard", "MIDI Device In", "DLS Synth"] {
        let rect = window
            .harness()
            .get_by_label(&format!("Filter {name}"))
            .rect();
        assert!(
            rect.bottom() <= card.top(),
            "{name}: {rect:?} under {card:?}"
        );
    }
    // They stand in the middle of what is left, not of all of it.
    let canvas = window
        .harness()
        .get_by_role_and_label(Role::Canvas, "Graph")
        .rect();
    let middle = |window: &mut Window| {
        let synth = window.harness().get_by_label("Filter DLS Synth").rect();
        synth.center().y
    };
    assert!(middle(&mut window) < canvas.center().y - 80.0);
    window.click("Skip the tour");
    window.harness().run_steps(30);
    assert!(
        (window.screen().zoom() - fitted).abs() < 0.01,
        "all of the room again"
    );
}

#[test]
fn the_first_run_tells_no_device_where_there_is_none() {
    let mut window = Window::on("graphs/first_sound.ron");
    window.screen().greet();
    window.harness().run_steps(10);
    let mut banners = window.screen().app().view().banners.iter();
    let tells = banners.any(|it| it.text.starts_with("Playing on"));
    assert!(!tells, "nothing is granted here");
    assert!(window.screen().is_touring());
}

#[test]
fn what_takes_a_wire_through_others_says_what_comes_in_between_and_brings_it() {
    let mut window = Window::with(&["keyboard"]);
    let from = window.middle("Computer Keyboard output notes (MIDI)");
    window.drag(from, from + egui::vec2(400.0, 160.0));
    window.type_text("meter");
    window.harness().run_steps(3);
    assert!(window.sees("Insert Meter"));
    window.key(egui::Modifiers::NONE, egui::Key::Enter);
    window.harness().run_steps(4);
    let names: Vec<String> = window
        .graph()
        .filters
        .values()
        .map(|it| it.name.clone())
        .collect();
    assert_eq!(names, ["Computer Keyboard", "Meter", "DLS Synth"]);
    assert_eq!(window.graph().connections.len(), 2);
    window.key(egui::Modifiers::COMMAND, egui::Key::Z);
    assert_eq!(window.graph().filters.len(), 1, "one step");
}
