//! The seek bar and the page for exact places, used by hand.

use egui::accesskit::Role;
use egui::{Key, Modifiers, Rect};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::app_support::Window;

/// The bar and what it says.
fn bar(window: &mut Window) -> (Rect, String) {
    let mut bars = window.harness().query_all_by_role(Role::Slider);
    let is_it = |label: &str| label.starts_with("Position: ");
    let found = bars.find(|it| is_it(&it.accesskit_node().label().unwrap_or_default()));
    let found = found.expect("there is a seek bar");
    let label = found.accesskit_node().label().unwrap_or_default();
    (found.rect(), label)
}

fn at(rect: Rect, share: f32) -> egui::Pos2 {
    egui::pos2(rect.left() + rect.width() * share, rect.bottom() - 4.0)
}

fn place(window: &mut Window) -> ksgraph::app::Place {
    window.screen().app_mut().poll();
    window.screen().app().view().transport()
}

#[test]
fn a_click_on_the_bar_goes_there_and_a_drag_ends_where_it_is_let_go() {
    let mut window = Window::on_a_file();
    let (rect, said) = bar(&mut window);
    assert_eq!(said, "Position: 0:00.000 of 0:02.000");
    assert!(rect.width() > 1_000.0, "it is as wide as the window");
    let spot = at(rect, 0.25);
    window.harness().hover_at(spot);
    window.harness().step();
    window.harness().drag_at(spot);
    window.harness().step();
    window.harness().drop_at(spot);
    window.harness().run_steps(4);
    let near =
        |to: u64| move |app: &ksgraph::app::App| app.view().transport().position.abs_diff(to) < 200;
    assert!(window.waits(near(24_000)));
    window.drag(at(rect, 0.25), at(rect, 0.75));
    assert!(window.waits(near(72_000)));
    let seeks = window
        .screen()
        .app()
        .view()
        .cells
        .expect("it plays")
        .seeks();
    assert!((2..40).contains(&seeks), "{seeks}");
    window.harness().run_steps(2);
    assert!(bar(&mut window).1.starts_with("Position: 0:01.5"));
    assert!(window.screen().app().view().transport().range.is_none());
}

#[test]
fn a_drag_with_shift_sets_what_is_played_round_and_seeks_nothing() {
    let mut window = Window::on_a_file();
    let (rect, _) = bar(&mut window);
    let before = place(&mut window).position;
    let held = egui::Event::ModifiersChanged(Modifiers::SHIFT);
    window.harness().event(held);
    window.drag(at(rect, 0.75), at(rect, 0.5));
    let free = egui::Event::ModifiersChanged(Modifiers::NONE);
    window.harness().event(free);
    let now = place(&mut window);
    let range = now.range.expect("it is set");
    assert!(
        range.begin.abs_diff(48_000) < 200 && range.end.abs_diff(72_000) < 200,
        "{range:?}"
    );
    assert!(now.is_looping);
    assert_eq!(now.position, before);
}

#[test]
fn a_place_is_typed_as_a_time_and_what_is_none_is_said() {
    let mut window = Window::on_a_file();
    window.key(Modifiers::COMMAND, Key::K);
    assert!(window.sees("Place to go to"));
    window.type_text("nowhere");
    assert!(window.sees("wanted a time as 1:23.456"));
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.sees("Place to go to"), "it stays open");
    window.key(Modifiers::COMMAND, Key::A);
    window.type_text("66150");
    assert!(window.sees("0:01.378"));
    window.key(Modifiers::NONE, Key::Enter);
    assert!(!window.sees("Place to go to"));
    assert!(window.waits(|app| app.view().transport().position == 66_150));
    assert!(
        window.screen().app().view().undo.as_deref() != Some("Seek"),
        "nothing to undo"
    );
}

#[test]
fn a_graph_in_which_nothing_can_be_sought_says_so() {
    let mut window = Window::with(&["tone", "null_renderer"]);
    let (rect, said) = bar(&mut window);
    assert!(said.starts_with("Position: nothing to seek in. Nothing here goes by a position"));
    assert!(said.contains("Add a Wave Reader"), "and what would help");
    window.drag(at(rect, 0.2), at(rect, 0.6));
    assert_eq!(place(&mut window).position, 0);
}
