//! States of single filters and pins in the window: the row of buttons, the box, the wire.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::Action;
use ksgraph::graph::{FilterId, FilterPath, PinAddress};
use ksgraph::ks::State;

use super::app_support::Window;

/// The example, running, with the sink of its push wire selected.
fn running() -> Window {
    let mut window = Window::on("graphs/push_and_pull.ron");
    let app = window.screen().app_mut();
    app.perform(Action::SetState(State::Run));
    window.select(2);
    until(&mut window, |window| {
        pin_state(window, 2, "in") == Some(State::Run)
    });
    window
}

fn pin_state(window: &mut Window, filter: u32, pin: &str) -> Option<State> {
    let pin = PinAddress {
        filter: FilterPath::from(vec![FilterId(filter)]),
        pin: pin.into(),
        instance: 0,
    };
    window.screen().app().view().pin_state(&pin)
}

#[track_caller]
fn until(window: &mut Window, holds: impl Fn(&mut Window) -> bool) {
    for _ in 0..2000 {
        window.harness().step();
        if holds(window) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("it never came");
}

/// Whether what has that name, with what is said behind it, says those words.
fn says(window: &mut Window, name: &str, words: &str) -> bool {
    let mut nodes = window.harness().query_all_by_label_contains(name);
    nodes.any(|node| {
        let node = node.accesskit_node();
        let label = node.label().unwrap_or_default();
        let value = node.value().unwrap_or_default();
        let about = node.description().unwrap_or_default();
        [label, value, about].iter().any(|it| it.contains(words))
    })
}

#[test]
fn a_filter_is_paused_by_its_row_and_its_wire_shows_the_frames_that_wait() {
    let mut window = running();
    window.click("Push Sink: Pause");
    until(&mut window, |window| {
        pin_state(window, 2, "in") == Some(State::Pause)
    });
    let wire = "Wire Push Source out to Push Sink in";
    until(&mut window, |window| {
        says(window, wire, "2 of 2 frames waiting")
    });
    until(&mut window, |window| {
        says(window, "Filter Push Sink", "paused")
    });
    assert!(says(&mut window, "Filter Push Source", "running"));
    let is_on = window
        .harness()
        .get_by_role_and_label(Role::RadioButton, "Push Sink: Pause")
        .accesskit_node()
        .toggled();
    assert_eq!(is_on, Some(egui::accesskit::Toggled::True));
    // And by its key it goes on.
    window.key(Modifiers::NONE, Key::R);
    until(&mut window, |window| {
        pin_state(window, 2, "in") == Some(State::Run)
    });
    until(&mut window, |window| {
        says(window, "Filter Push Sink", "running")
    });
}

#[test]
fn a_pin_is_stopped_on_the_pins_page_and_the_other_pin_goes_on() {
    let mut window = running();
    window.click("Pins");
    window.click("Push Sink in: Stop");
    until(&mut window, |window| {
        pin_state(window, 2, "in") == Some(State::Stop)
    });
    assert_eq!(pin_state(&mut window, 2, "out"), Some(State::Run));
    assert!(says(&mut window, "Filter Push Sink", "running"));
    window.click("Push Sink in: Run");
    until(&mut window, |window| {
        pin_state(window, 2, "in") == Some(State::Run)
    });
}

#[test]
fn a_pull_wire_holds_nothing_while_its_sink_is_paused() {
    let mut window = running();
    window.select(4);
    window.key(Modifiers::NONE, Key::P);
    until(&mut window, |window| {
        pin_state(window, 4, "in") == Some(State::Pause)
    });
    window.harness().run_steps(10);
    let wire = "Wire Pull Source out to Pull Sink in";
    assert!(!says(&mut window, wire, "frames"));
}
