//! The chooser of device, rate and quantum in the transport.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use ksgraph::app::Action;
use ksgraph::graph::FilterId;

use super::app_support::Window;

const NONE: &str = "Device: Timer, no sound card";

fn device(window: &mut Window) -> Option<String> {
    let graph = window.graph();
    let node = graph.filter(FilterId(1))?.clone();
    node.values.get("device").map(|it| it.text().to_owned())
}

#[test]
fn device_rate_and_quantum_are_chosen_below_the_device_and_taken_back() {
    let mut window = Window::with(&["audio_device_out"]);
    assert!(!window.sees("Rate 96\u{a0}000"), "closed at first");
    window.click(NONE);
    window.click("nominal");
    assert_eq!(device(&mut window).as_deref(), Some("nominal"));
    window.click("Rate 96\u{a0}000");
    assert_eq!(window.graph().rate_hz, 96_000);
    window.click("Quantum 512");
    let view = window.screen().app().view();
    assert_eq!(view.quantum, 512);
    assert_eq!(view.preferences.quantum, Some(512));
    window.click("Move along when the system's output changes");
    assert!(window.screen().app().view().follows_default);
    window.click("Default device");
    assert_eq!(device(&mut window), None);
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.sees("Rate 96\u{a0}000"), "Esc closes it");
    for _ in 0..3 {
        window.key(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!((window.graph().rate_hz, device(&mut window)), (0, None));
}

#[test]
fn a_rate_of_ones_own_stands_among_the_others_in_order() {
    let mut window = Window::with(&["audio_device_out"]);
    window.screen().app_mut().perform(Action::SetRate(50_000));
    window.screen().app_mut().perform(Action::SetQuantum(100));
    window.harness().run_steps(3);
    window.click(NONE);
    let mut left = |name: &str| window.harness().get_by_label(name).rect().left();
    let rates = ["48\u{a0}000", "50\u{a0}000", "88\u{a0}200"];
    assert!(rates.map(|it| left(&format!("Rate {it}"))).is_sorted());
    let quanta = ["64", "100", "128"].map(|it| left(&format!("Quantum {it}")));
    assert!(quanta.is_sorted());
}

#[test]
fn without_a_filter_that_plays_a_choice_explains_itself() {
    let mut window = Window::with(&["tone"]);
    window.screen().app_mut().perform(Action::UseDevice {
        host: "alsa".into(),
        name: "hw:0".into(),
    });
    let view = window.screen().app().view();
    assert!(view.banners[0].text.contains("add an Audio Device Out"));
}

#[test]
fn the_clock_is_chosen_below_its_name_in_stop_and_taken_back() {
    use ksgraph::graph::{Master, Timing};
    let mut window = Window::with(&["audio_device_out"]);
    assert!(!window.sees("Clock The system's timer"), "closed at first");
    window.click("Master clock: Timer");
    window.click("Clock The system's timer");
    assert_eq!(window.graph().timing.master, Master::System);
    window.click("Shorter ways wait for longer ones");
    assert!(window.graph().timing.compensates);
    window.click("Filters may do with less");
    assert!(window.graph().timing.full_quality);
    window.click("Set a mark Every second");
    window.key(Modifiers::NONE, Key::Escape);
    for _ in 0..3 {
        window.key(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(window.graph().timing, Timing::default());
}
