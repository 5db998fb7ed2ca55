//! Filters that are added: where they come to stand, what they are wired to, and the box in which they are found.

use egui::accesskit::Role;
use egui::{Key, Modifiers, Rect};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::Action;

use super::app_support::Window;

#[test]
fn a_menu_that_is_higher_than_the_window_rolls_to_what_is_below() {
    let mut window = Window::with(&["tone"]);
    window.harness().set_size(egui::vec2(900.0, 420.0));
    window.harness().run_steps(10);
    for _ in 0..2 {
        window.key(Modifiers::NONE, Key::F10);
    }
    // Straight to the last entry of View.
    window.click("View");
    window.harness().run_steps(4);
    let low = window
        .harness()
        .get_by_role_and_label(Role::MenuItemCheckBox, "Full Screen");
    assert!(low.rect().bottom() > 420.0, "it is below the window");
    for _ in 0..60 {
        window.key(Modifiers::NONE, Key::ArrowDown);
        let mut items = window.harness().query_all_by_role(Role::MenuItemCheckBox);
        let item = items.find(|it| it.accesskit_node().label().as_deref() == Some("Full Screen"));
        if item.is_some_and(|it| it.is_focused()) {
            break;
        }
    }
    window.harness().run_steps(30);
    let low = window
        .harness()
        .get_by_role_and_label(Role::MenuItemCheckBox, "Full Screen");
    assert!(low.is_focused());
    assert!(
        low.rect().bottom() < 420.0,
        "it came into sight: {:?}",
        low.rect()
    );
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.screen().is_full_screen());
}

/// Clicks a row of the catalogue twice.
fn double_click(window: &mut Window, title: &str) {
    window.reveal(&format!("Favourite {title}"));
    let row = window
        .harness()
        .get_by_role_and_label(Role::ListBoxOption, title)
        .rect()
        .center();
    // A step of the bench is longer than a double-click may take.
    let ctx = window.harness().ctx.clone();
    ctx.options_mut(|it| it.input_options.max_double_click_delay = 1.0);
    window.harness().run_steps(6);
    window.harness().hover_at(row);
    window.harness().step();
    for _ in 0..2 {
        window.harness().drag_at(row);
        window.harness().step();
        window.harness().drop_at(row);
        window.harness().step();
    }
    window.harness().run_steps(4);
}

fn names(window: &mut Window) -> Vec<String> {
    let graph = window.graph();
    graph.filters.values().map(|it| it.name.clone()).collect()
}

#[test]
fn the_catalogue_wires_what_it_adds_to_the_pin_that_is_selected_in_one_step() {
    let mut window = Window::with(&["tone"]);
    window.click("Tone Generator output out (audio)");
    double_click(&mut window, "Gain and Pan");
    assert_eq!(names(&mut window), ["Tone Generator", "Gain and Pan"]);
    assert_eq!(window.graph().connections.len(), 1);
    window.screen().app_mut().perform(Action::Undo);
    assert_eq!(names(&mut window), ["Tone Generator"], "one step");
    window.harness().run_steps(3);
    // By typing and Enter, too: the field has the keyboard, but the pin is what was selected.
    window.click("Tone Generator output out (audio)");
    window.click("Search filters");
    window.type_text("null rend");
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(names(&mut window), ["Tone Generator", "Null Renderer"]);
    assert_eq!(window.graph().connections.len(), 1);
}

#[test]
fn without_a_selected_pin_and_where_nothing_fits_the_catalogue_adds_no_wire() {
    let mut window = Window::with(&["tone"]);
    double_click(&mut window, "Gain and Pan");
    window.click("Tone Generator output out (audio)");
    double_click(&mut window, "Computer Keyboard");
    assert_eq!(window.graph().filters.len(), 3);
    assert!(window.graph().connections.is_empty());
}

#[test]
fn what_is_added_in_a_row_covers_nothing() {
    let mut window = Window::with(&["tone", "gain"]);
    for typed in ["on-screen", "tone synth", "meter", "on-screen"] {
        window.key(Modifiers::NONE, Key::Tab);
        window.type_text(typed);
        window.key(Modifiers::NONE, Key::Enter);
    }
    double_click(&mut window, "Gain and Pan");
    window.key(Modifiers::COMMAND, Key::F);
    window.type_text("null renderer");
    window.key(Modifiers::NONE, Key::Enter);
    window.key(Modifiers::SHIFT, Key::Num0);
    window.harness().run_steps(30);
    let mut boxes: Vec<(String, Rect)> = vec![];
    for name in names(&mut window) {
        let name = format!("Filter {name}");
        boxes.push((name.clone(), window.harness().get_by_label(&name).rect()));
    }
    assert_eq!(boxes.len(), 8);
    for (at, (one, rect)) in boxes.iter().enumerate() {
        for (other, there) in &boxes[at + 1..] {
            assert!(
                !rect.shrink(1.0).intersects(*there),
                "{one} and {other} lie on each other: {rect:?} {there:?}"
            );
        }
    }
}

#[test]
fn the_finder_guesses_and_knows_commands_by_their_whole_name() {
    let mut window = Window::with(&["tone"]);
    window.key(Modifiers::COMMAND, Key::F);
    window.type_text("rsample");
    assert!(window.sees("Did you mean Sample Rate Converter?"));
    window.key(Modifiers::NONE, Key::Escape);
    window.key(Modifiers::NONE, Key::Tab);
    window.type_text("mixr");
    assert!(window.sees("Did you mean Mixer?"));
    window.key(Modifiers::NONE, Key::Escape);
    // Two filters have the word in their names; the command is called so.
    window.key(Modifiers::COMMAND, Key::F);
    window.type_text("Keys");
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.sees("On the canvas"), "the page of keys");
    assert_eq!(window.graph().filters.len(), 1);
}

/// A file in the hand of the desktop.
#[derive(Debug)]
struct Held(std::path::PathBuf);

impl egui::DroppedFile for Held {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// The desktop lets a file go over the window.
fn let_go(window: &mut Window, file: &std::path::Path, modifiers: Modifiers) {
    let middle = window
        .harness()
        .get_by_role_and_label(Role::Canvas, "Graph")
        .rect()
        .center();
    window.harness().hover_at(middle + egui::vec2(0.0, 240.0));
    window.harness().step();
    window
        .harness()
        .event(egui::Event::ModifiersChanged(modifiers));
    let files = &mut window.harness().input_mut().dropped_files;
    files.push(std::sync::Arc::new(Held(file.to_owned())));
    window.harness().step();
    window
        .harness()
        .event(egui::Event::ModifiersChanged(Modifiers::NONE));
    let count = window.graph().filters.len();
    for _ in 0..1000 {
        window.harness().step();
        if window.graph().filters.len() > count {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("nothing came of it");
}

#[test]
fn a_file_let_go_with_shift_or_alt_is_a_reader_alone() {
    let file = std::path::absolute("graphs/media/chime_44100.wav").expect("a path");
    for modifiers in [Modifiers::SHIFT, Modifiers::ALT] {
        let mut window = Window::with(&["null_renderer"]);
        let_go(&mut window, &file, modifiers);
        assert!(names(&mut window).contains(&"Wave Reader".into()));
        assert!(window.graph().connections.is_empty(), "{modifiers:?}");
        assert_eq!(window.graph().filters.len(), 2);
    }
    let mut window = Window::with(&["null_renderer"]);
    let_go(&mut window, &file, Modifiers::NONE);
    assert!(!window.graph().connections.is_empty(), "it is played");
}

#[test]
fn the_box_of_a_reader_shows_the_sound_of_its_file() {
    let file = std::path::absolute("graphs/media/chime_44100.wav").expect("a path");
    let mut window = Window::with(&["null_renderer"]);
    let_go(&mut window, &file, Modifiers::NONE);
    for _ in 0..1000 {
        window.harness().step();
        let label = "Sound of Wave Reader: 100 % read; chime_44100.wav; ";
        if window.sees(label) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("no picture of the sound");
}

/// A graph that was set running a moment ago, with what its pins did in one line of the log.
fn running() -> Window {
    let mut window = Window::on("graphs/first_sound.ron");
    window.key(Modifiers::NONE, Key::Escape);
    window.screen().app_mut().perform(Action::ToggleRun);
    for _ in 0..1000 {
        window.harness().step();
        let told = window.screen().app().view().log;
        let words = "filters: Stop \u{2192} Acquire \u{2192} Pause \u{2192} Run";
        if told.iter().any(|it| it.text.ends_with(words)) {
            window.harness().run_steps(4);
            return window;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("the steps were never told");
}

#[test]
fn many_steps_of_pins_are_one_line_of_the_log_that_opens() {
    let mut window = running();
    let steps = "SUCCESS 0.000";
    assert!(!window.sees(steps), "they are folded");
    // Sought, since there may be more lines than are in sight.
    window.click("Filter the log");
    window.type_text("filters: stop");
    assert!(!window.sees(steps));
    let folded = window.harness().get_by_label_contains("filters: Stop");
    folded.click();
    window.harness().run_steps(4);
    assert!(window.sees(steps), "it opened");
    let told = window.screen().app().view().log;
    let parts = told.iter().filter(|it| it.source == "State");
    let parts: Vec<usize> = parts.map(|it| it.parts.len()).collect();
    assert!(
        parts.len() == 1 && parts[0] >= 15,
        "one line for all of it: {parts:?}"
    );
    let times = told.iter().map(|it| it.at_seconds);
    assert!(times.fold(0.0, f64::max) < 30.0, "the transport's time");
}

#[test]
fn one_step_of_many_is_found_though_its_line_is_closed() {
    let mut window = running();
    let single = "DLS Synth.out Pause\u{2192}Run SUCCESS";
    assert!(!window.sees(single));
    window.click("Filter the log");
    window.type_text("synth.out pause");
    assert!(window.sees(single));
}
