//! Pictures inside the boxes, and what hands do with them.

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2, vec2};
use egui_kittest::kittest::Queryable as _;
use ksgraph::app::Action;
use ksgraph::graph::{FilterId, NodeKind};
use ksgraph::ks::Value;

use crate::app_support::Window;

const CTRL: Modifiers = Modifiers::COMMAND;

fn value(window: &mut Window, key: &str) -> Option<Value> {
    let graph = window.graph();
    match &graph.filters.values().next()?.kind {
        NodeKind::Filter(filter) => filter.values.get(key).cloned(),
        NodeKind::Group(_) => None,
    }
}

fn number(window: &mut Window, key: &str) -> Option<f64> {
    value(window, key)?.number()
}

fn steps(window: &mut Window) -> Vec<String> {
    let app = window.screen().app();
    let view = app.view();
    let (steps, done) = view.steps();
    steps[..done].iter().map(|it| (*it).to_owned()).collect()
}

fn handle(window: &mut Window, number: usize) -> Pos2 {
    let name = format!("Band {number}");
    let harness = window.harness();
    let mut all = harness.query_all_by_role_and_label(Role::Slider, &name);
    all.next().expect("the band has a handle").rect().center()
}

fn wheel(window: &mut Window, notches: f32) {
    window.harness().event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: vec2(0.0, notches),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    window.harness().step();
}

fn point(window: &mut Window, at: Pos2) {
    window.harness().hover_at(at);
    window.harness().run_steps(2);
}

#[test]
fn a_band_is_dragged_on_the_curve_and_that_is_one_step() {
    let mut window = Window::with(&["equaliser"]);
    let before = steps(&mut window).len();
    let from = handle(&mut window, 3);
    window.drag(from, from + vec2(-60.0, -25.0));
    let hz = number(&mut window, "band3_frequency").expect("it was moved");
    let gain = number(&mut window, "band3_gain").expect("it was raised");
    assert!((100.0..500.0).contains(&hz), "{hz}");
    assert!((4.0..14.0).contains(&gain), "{gain}");
    let to = handle(&mut window, 3);
    assert!(
        (to - (from + vec2(-60.0, -25.0))).length() < 4.0,
        "it follows"
    );
    assert_eq!(steps(&mut window)[before..], ["Set Band 3"]);
    window.key(CTRL, Key::Z);
    assert_eq!(number(&mut window, "band3_frequency"), None);
    assert_eq!(number(&mut window, "band3_gain"), None);
}

#[test]
fn the_wheel_over_a_band_sets_its_q_as_one_step_and_leaves_the_canvas() {
    let mut window = Window::with(&["equaliser"]);
    let before = steps(&mut window).len();
    let at = handle(&mut window, 4);
    point(&mut window, at);
    for _ in 0..3 {
        wheel(&mut window, 1.0);
    }
    // Till the wheel has rested.
    window.harness().run_steps(60);
    let q = number(&mut window, "band4_q").expect("the Q was set");
    assert!((q - 1.12_f64.powi(3)).abs() < 0.05, "{q}");
    assert_eq!(steps(&mut window)[before..], ["Set Q 4"]);
    assert_eq!(handle(&mut window, 4), at, "the canvas did not move");
    window.key(CTRL, Key::Z);
    assert_eq!(number(&mut window, "band4_q"), None);
    // Elsewhere the wheel is the canvas's.
    point(&mut window, at + vec2(30.0, 130.0));
    wheel(&mut window, 1.0);
    window.harness().run_steps(30);
    assert_ne!(handle(&mut window, 4), at);
}

#[test]
fn what_is_dragged_after_the_wheel_is_a_step_of_its_own() {
    let mut window = Window::with(&["equaliser"]);
    let before = steps(&mut window).len();
    let at = handle(&mut window, 4);
    point(&mut window, at);
    wheel(&mut window, 1.0);
    window.drag(at, at + vec2(20.0, -20.0));
    window.harness().run_steps(60);
    assert_eq!(steps(&mut window)[before..], ["Set Q 4", "Set Band 4"]);
}

#[test]
fn a_band_is_put_out_by_a_double_click_and_moved_by_the_arrows() {
    let mut window = Window::with(&["equaliser"]);
    let at = handle(&mut window, 2);
    // A step of the bench is longer than a double-click may take.
    let ctx = window.harness().ctx.clone();
    ctx.options_mut(|it| it.input_options.max_double_click_delay = 10.0);
    for _ in 0..2 {
        window.harness().hover_at(at);
        window.harness().drag_at(at);
        window.harness().drop_at(at);
    }
    window.harness().run_steps(4);
    assert_eq!(value(&mut window, "band2_on"), Some(Value::Flag(false)));
    let harness = window.harness();
    let mut all = harness.query_all_by_role_and_label(Role::Slider, "Band 2");
    all.next().expect("still there").focus();
    drop(all);
    window.harness().run_steps(2);
    window.key(Modifiers::NONE, Key::ArrowUp);
    window.key(Modifiers::NONE, Key::ArrowUp);
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.key(Modifiers::NONE, Key::PageUp);
    let gain = number(&mut window, "band2_gain").expect("raised");
    assert!((1.0..3.0).contains(&gain), "{gain}");
    assert!(number(&mut window, "band2_frequency").expect("moved") > 250.0);
    assert!(number(&mut window, "band2_q").expect("narrowed") > 1.0);
}

#[test]
fn boxes_with_pictures_are_drawn_and_named() {
    let kinds = ["scope", "spectrum", "loudness_meter", "equaliser", "delay"];
    for kind in kinds {
        let mut window = Window::with(&[kind]);
        window.harness().run_steps(3);
        let graph = window.graph();
        let name = graph.filters[&FilterId(1)].name.clone();
        let box_rect = window
            .harness()
            .get_by_label(&format!("Filter {name}"))
            .rect();
        assert!(box_rect.height() > 100.0, "{kind} has a body");
    }
    let window = Window::with(&["loudness_meter"]);
    assert!(window.sees("Reset Loudness Meter"));
}

#[test]
fn clocks_say_whether_they_drive_and_why_they_do_not_follow() {
    use ksgraph::app::Action;
    use ksgraph::graph::{FilterPath, Master, PinAddress};
    let mut window = Window::with(&["clock_source", "clock_slave"]);
    window.harness().run_steps(3);
    assert!(window.sees("Clock Source Clock beside the graph"));
    assert!(window.sees("Clock Slave Clock no clock on its wire"));
    assert!(window.sees("Clock Slave Sound none passes"));
    let pin = |filter: u32| PinAddress {
        filter: FilterPath::of(FilterId(filter)),
        pin: "clock".into(),
        instance: 0,
    };
    let app = window.screen().app_mut();
    let (from, to) = (pin(1), pin(2));
    app.perform(Action::Connect { from, to });
    let master = Master::Filter(FilterPath::of(FilterId(1)));
    app.perform(Action::SetMaster(master));
    window.harness().run_steps(3);
    assert!(window.sees("Clock Slave Clock no tick has come"));
    // Its plan is made beside.
    let drives = |window: &mut Window| {
        window.harness().run_steps(1);
        window.sees("Clock Source Clock drives the graph")
    };
    let tries = (0..2_000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(1));
        drives(&mut window)
    });
    assert!(tries, "it drives");
}

#[test]
fn a_slider_in_a_box_learns_its_controller_from_a_right_click() {
    let mut window = Window::with(&["gain"]);
    window
        .screen()
        .app_mut()
        .perform(Action::Select(Default::default()));
    window.harness().run_steps(3);
    let right_click = |window: &mut Window, at: Pos2| {
        window.harness().hover_at(at);
        window.harness().run_steps(2);
        for pressed in [true, false] {
            window.harness().event(egui::Event::PointerButton {
                pos: at,
                button: egui::PointerButton::Secondary,
                pressed,
                modifiers: Modifiers::NONE,
            });
            window.harness().run_steps(2);
        }
        window.harness().run_steps(3);
    };
    let slider = {
        let harness = window.harness();
        let mut all = harness.query_all_by_role_and_label(Role::Slider, "Gain");
        all.next().expect("the box has a slider").rect()
    };
    // Above all rows is the box alone.
    right_click(&mut window, slider.center() - vec2(0.0, 60.0));
    assert!(window.sees("Delete") && !window.sees("Learn a controller for Gain"));
    window.key(Modifiers::NONE, Key::Escape);
    right_click(&mut window, slider.center());
    assert!(window.sees("Delete") && !window.sees("Learn a controller for Pan"));
    window.click("Learn a controller for Gain");
    let app = window.screen().app();
    let learning = app.view().learning().map(|it| it.1.to_owned());
    assert_eq!(learning.as_deref(), Some("level"));
    assert!(
        window.sees("Move a controller for Gain"),
        "it is marked in the box"
    );
    // What was set has a way back, as one step.
    let set = Action::SetProperty {
        filter: FilterId(1),
        key: "level".into(),
        value: Some(Value::Number(-6.0)),
    };
    let app = window.screen().app_mut();
    app.perform(Action::Learn(None));
    app.perform(set);
    window.harness().run_steps(3);
    right_click(&mut window, slider.center());
    let way_back = "Gain back to the default: 0";
    window.harness().get_by_label_contains(way_back).click();
    window.harness().run_steps(3);
    assert_eq!(number(&mut window, "level"), None);
}
