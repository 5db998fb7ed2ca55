//! Render to File by keyboard and pointer, and the marks on the seek bar.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use ksgraph::app::{RenderChoice, RenderLength};

use super::app_support::Window;

const BOTH: Modifiers = Modifiers {
    ctrl: true,
    command: true,
    shift: true,
    ..Modifiers::NONE
};

#[test]
fn what_a_render_is_like_is_chosen_with_keys_asked_for_a_file_and_remembered() {
    let mut window = Window::with(&["tone", "null_renderer"]);
    window.key(BOTH, Key::X);
    assert!(window.sees("Length Until It Ends") || window.sees("Length Until it ends"));
    window.click("Samples 24 bits");
    window.click("Length Seconds");
    assert!(window.sees("Seconds to render"));
    window.click("Seconds to render");
    window.key(Modifiers::COMMAND, Key::A);
    window.type_text("2.5");
    window.key(Modifiers::NONE, Key::Enter);
    assert!(
        window.sees("Render the graph into a file of sound"),
        "the file is asked for"
    );
    let chosen = window.screen().app().preferences().render;
    let wanted = RenderChoice {
        length: RenderLength::Seconds,
        seconds: 2.5,
        bits: 24,
    };
    assert_eq!(chosen, wanted);
    // It is there again.
    window.key(Modifiers::NONE, Key::Escape);
    window.key(BOTH, Key::X);
    assert!(window.sees("Seconds to render"));
    // What is no number is not taken.
    window.click("Seconds to render");
    window.key(Modifiers::COMMAND, Key::A);
    window.type_text("soon");
    window.key(Modifiers::NONE, Key::Enter);
    assert!(!window.sees("Render the graph into a file of sound"));
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.sees("Choose File\u{2026}"));
    assert_eq!(window.screen().app().preferences().render, wanted);
}

#[test]
fn a_click_on_a_mark_goes_exactly_there_and_its_name_is_told() {
    let mut window = Window::on_a_file();
    let marks = window.screen().app().view().landmarks();
    let marks: Vec<(u64, &str)> = marks.iter().map(|it| (it.position, &*it.name)).collect();
    assert_eq!(marks, [(24_000, "cue 1"), (72_000, "cue 2")]);
    let bar = window.harness().get_by_role(Role::Slider).rect();
    let (left, right) = (bar.left(), bar.right());
    // A little beside it.
    let x = left + (right - left) * 0.75 + 3.0;
    let at = egui::pos2(x, bar.bottom() - 3.0);
    let harness = window.harness();
    harness.hover_at(at);
    harness.run_steps(3);
    // Hints come after a moment.
    for _ in 0..100 {
        harness.step();
    }
    assert!(window.sees("cue 2 ("), "its name under the pointer");
    window.harness().drag_at(at);
    window.harness().step();
    window.harness().drop_at(at);
    window.harness().run_steps(4);
    assert!(window.waits(|app| app.view().transport().position == 72_000));
}
