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
fn the_ends_of_a_loop_are_dragged_one_by_one() {
    let mut window = Window::on_a_file();
    let (rect, _) = bar(&mut window);
    for is_on in [true, false] {
        let range = ksgraph::ks::LoopRange::between(24_000, 48_000);
        let app = window.screen().app_mut();
        app.perform(ksgraph::app::Action::SetLoop { range, is_on });
        window.harness().run_steps(2);
        window.drag(at(rect, 0.5), at(rect, 0.75));
        let now = place(&mut window);
        let range = now.range.expect("there is one");
        assert!(
            range.begin == 24_000 && range.end.abs_diff(72_000) < 200,
            "{range:?}"
        );
        window.drag(at(rect, 0.25), at(rect, 0.5));
        let now = place(&mut window);
        let range = now.range.expect("there is one");
        assert!(
            range.begin.abs_diff(48_000) < 200 && range.end.abs_diff(72_000) < 200,
            "{range:?}"
        );
        assert_eq!(now.is_looping, is_on, "it is played as before");
        assert_eq!(now.position, 0, "and nothing was sought");
    }
}

#[test]
fn a_click_on_the_sound_of_a_file_goes_there() {
    let mut window = Window::on_a_file();
    let file = std::path::absolute("graphs/media/chime_44100.wav").expect("a path");
    let app = window.screen().app_mut();
    let filters = app.view().graph.filters.iter();
    let mut readers = filters.filter(|(_, node)| node.name == "Wave Reader");
    let reader = *readers.next().expect("a reader").0;
    drop(readers);
    app.perform(ksgraph::app::Action::SetProperty {
        filter: reader,
        key: "path".into(),
        value: Some(ksgraph::ks::Value::Text(file.to_string_lossy().into())),
    });
    let label = "Sound of Wave Reader: 100 % read; chime_44100.wav; ";
    let mut found = None;
    for _ in 0..1_000 {
        window.harness().step();
        found = window
            .harness()
            .query_by_label_contains(label)
            .map(|it| it.rect());
        if found.is_some() && place(&mut window).length != Some(96_000) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let rect = found.expect("the sound is shown");
    let length = place(&mut window).length.expect("it is known");
    let spot = egui::pos2(rect.left() + rect.width() * 0.75, rect.center().y);
    window.harness().hover_at(spot);
    window.harness().step();
    window.harness().drag_at(spot);
    window.harness().step();
    window.harness().drop_at(spot);
    window.harness().run_steps(4);
    let meant = length * 3 / 4;
    assert!(window.waits(|app| app.view().transport().position.abs_diff(meant) < length / 40));
    assert!(
        window.screen().app().view().undo.as_deref() != Some("Moved"),
        "the box stays"
    );
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
