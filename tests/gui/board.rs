//! The on-screen keyboard under a pointer: which keys it holds, and what makes it let go of them.

use egui::{Key, Modifiers, Pos2, Rect, accesskit, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::Action;
use ksgraph::graph::{FilterId, NodeKind};
use ksgraph::ks::Value;

use super::app_support::Window;

const PEDAL: &str = "Sustain pedal of On-screen Keyboard";

fn window() -> Window {
    Window::with(&["on_screen_keyboard"])
}

fn key(window: &mut Window, name: &str) -> Rect {
    let name = format!("{name} of On-screen Keyboard");
    window.harness().get_by_label(&name).rect()
}

/// The names of what is down, keys and the pedal.
fn down(window: &mut Window) -> Vec<String> {
    window.harness().run_steps(2);
    let all = window
        .harness()
        .query_all_by_label_contains("of On-screen Keyboard");
    let is_down = |node: &egui_kittest::Node<'_>| {
        node.accesskit_node().toggled() == Some(accesskit::Toggled::True)
    };
    let mut names: Vec<String> = all
        .filter(is_down)
        .filter_map(|node| node.accesskit_node().label())
        .map(|label| label.replace(" of On-screen Keyboard", ""))
        .collect();
    names.sort();
    names
}

fn press(window: &mut Window, at: Pos2) {
    window.harness().hover_at(at);
    window.harness().step();
    window.harness().drag_at(at);
    window.harness().step();
}

fn foot(rect: Rect) -> Pos2 {
    rect.center_bottom() - vec2(0.0, 4.0)
}

#[test]
fn a_press_plays_and_a_drag_glides_over_the_keys() {
    let mut window = window();
    let (c, d) = (key(&mut window, "C 4"), key(&mut window, "D 4"));
    press(&mut window, foot(c));
    assert_eq!(down(&mut window), ["C 4"]);
    let sharp = key(&mut window, "C sharp 4");
    window.harness().hover_at(sharp.center());
    assert_eq!(down(&mut window), ["C sharp 4"]);
    window.harness().hover_at(foot(d) + vec2(0.0, 200.0));
    assert_eq!(
        down(&mut window),
        ["D 4"],
        "a hand that slides off the front"
    );
    window.harness().drop_at(foot(d));
    assert_eq!(down(&mut window), [] as [&str; 0]);
    assert!(window.screen().app().view().play_mode.is_some());
}

#[test]
fn what_is_held_is_let_go_by_blur_and_by_panic() {
    for breaks in [
        (|window| {
            window.harness().input_mut().focused = false;
        }) as fn(&mut Window),
        |window| window.key(Modifiers::NONE, Key::F12),
    ] {
        let mut window = window();
        window.click(PEDAL);
        assert_eq!(down(&mut window), ["Sustain pedal"]);
        let c = key(&mut window, "C 4");
        press(&mut window, foot(c));
        window.harness().key_down(Key::D);
        assert_eq!(down(&mut window), ["C 4", "E 4", "Sustain pedal"]);
        breaks(&mut window);
        // The pointer is down where it was; only a new press plays again.
        assert_eq!(down(&mut window), [] as [&str; 0]);
    }
}

#[test]
fn letters_play_it_while_it_listens_and_are_let_go_when_it_does_not() {
    let mut window = window();
    window
        .screen()
        .app_mut()
        .perform(Action::PlayOn(FilterId(1)));
    window.harness().run_steps(2);
    window.harness().key_down(Key::A);
    assert_eq!(down(&mut window), ["C 4"]);
    let off = Action::SetPlayMode(false);
    window.screen().app_mut().perform(off);
    assert_eq!(down(&mut window), [] as [&str; 0]);
}

#[test]
fn octaves_are_an_edit_and_move_the_keys() {
    let mut window = window();
    window.click("Octave up on On-screen Keyboard");
    let graph = window.graph();
    let NodeKind::Filter(node) = &graph.filters[&FilterId(1)].kind else {
        panic!("a group");
    };
    assert_eq!(node.values.get("octave"), Some(&Value::Number(4.0)));
    assert!(!window.sees("B 3 of On-screen Keyboard") && window.sees("C 8 of On-screen"));
    window.screen().app_mut().perform(Action::Undo);
    window.harness().run_steps(3);
    assert!(window.sees("B 3 of On-screen Keyboard"));
}

#[test]
fn a_key_is_played_by_its_name_and_ends_by_itself() {
    let mut window = window();
    window
        .harness()
        .get_by_label("A 4 of On-screen Keyboard")
        .click_accesskit();
    window.harness().step();
    assert_eq!(down(&mut window), ["A 4"]);
    window.harness().run_steps(60);
    assert_eq!(down(&mut window), [] as [&str; 0]);
}
