//! The wire probe: headers and bytes of the frames on the selected wire.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::{Action, Selection};
use ksgraph::graph::{FilterId, FilterPath, PinAddress};
use ksgraph::ks::State;

use super::app_support::Window;

fn select_wire(window: &mut Window, wire: usize) {
    let mut selection = Selection::default();
    selection.connections.insert(wire);
    let app = window.screen().app_mut();
    app.perform(Action::Select(selection));
    window.harness().run_steps(3);
}

/// What the rows say, the newest first.
fn rows(window: &mut Window) -> Vec<String> {
    let harness = window.harness();
    let rows = harness.query_all_by_role(Role::Row);
    rows.filter_map(|row| row.accesskit_node().label())
        .filter(|label| label.starts_with("Frame "))
        .collect()
}

/// A tone that plays, its first wire probed, some frames seen.
fn probed() -> Window {
    let mut window = Window::on("graphs/tone.ron");
    select_wire(&mut window, 0);
    window.key(Modifiers::SHIFT, Key::F8);
    window
        .screen()
        .app_mut()
        .perform(Action::SetState(State::Run));
    for _ in 0..500 {
        window.screen().app_mut().poll();
        window.harness().run_steps(1);
        if window.screen().app().view().frames().len() > 20 {
            return window;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("no frame was seen");
}

#[test]
fn the_frames_of_the_selected_wire_are_listed_with_flags_bytes_and_checksums() {
    let mut window = probed();
    window.key(Modifiers::COMMAND, Key::F8);
    window.harness().run_steps(2);
    let held = rows(&mut window);
    assert!(held.len() > 3, "{held:?}");
    assert!(held[0].contains("TIMEVALID DURATIONVALID"), "{}", held[0]);
    let frame = window
        .screen()
        .app()
        .view()
        .frames()
        .back()
        .unwrap()
        .clone();
    let sum = format!(
        "{:04X} {:04X}",
        frame.checksum >> 16,
        frame.checksum & 0xFFFF
    );
    assert!(held[0].contains(&sum), "{}: {sum}", held[0]);
    let first = format!("{:02X} {:02X}", frame.bytes[0], frame.bytes[1]);
    let bytes = window.harness().query_all_by_role(Role::Label);
    let found = bytes
        .filter_map(|it| {
            it.accesskit_node()
                .label()
                .or_else(|| it.accesskit_node().value())
        })
        .any(|label| label.starts_with(&format!("000  {first}")));
    assert!(found, "the bytes of the newest frame stand beside it");
    // Held, nothing new comes, while it plays on.
    std::thread::sleep(std::time::Duration::from_millis(50));
    window.screen().app_mut().poll();
    window.harness().run_steps(2);
    assert_eq!(rows(&mut window)[0], held[0]);
    window.key(Modifiers::COMMAND, Key::F8);
    for _ in 0..200 {
        std::thread::sleep(std::time::Duration::from_millis(5));
        window.screen().app_mut().poll();
        window.harness().run_steps(1);
        if rows(&mut window)[0] != held[0] {
            return;
        }
    }
    panic!("nothing came after Hold");
}

#[test]
fn no_wire_is_looked_at_when_nobody_sees_it() {
    let mut window = probed();
    assert!(window.screen().app().view().probed().is_some());
    window.key(Modifiers::SHIFT, Key::F8);
    window.harness().run_steps(3);
    assert!(window.screen().app().view().probed().is_none());
}

#[test]
fn a_hard_wired_link_says_that_it_has_no_frames() {
    let mut window = Window::with(&["lab_card_wave", "lab_card_mixer"]);
    let ids: Vec<u32> = window.graph().filters.keys().map(|id| id.0).collect();
    let pin = |id: u32, name: &str| PinAddress {
        filter: FilterPath::from(vec![FilterId(id)]),
        pin: name.into(),
        instance: 0,
    };
    let (from, to) = (pin(ids[0], "line"), pin(ids[1], "line"));
    window
        .screen()
        .app_mut()
        .perform(Action::Connect { from, to });
    select_wire(&mut window, 0);
    window.key(Modifiers::SHIFT, Key::F8);
    window.harness().run_steps(3);
    assert!(window.sees("This link is hard-wired: nothing is streamed, there are no frames."));
    assert!(window.screen().app().view().probed().is_none());
}
