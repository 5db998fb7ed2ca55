//! The parts around the canvas: cards, pages, the bottom panel, the first five minutes.

use egui::Key;
use egui_kittest::kittest::Queryable as _;
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
            .query_by_label("Step 2: Turn it up")
            .is_some()
    );
    window.click("Skip this");
    assert!(window.sees("Drag the Gain slider."));
    let gain = window.graph().filters.iter().find_map(|(id, node)| {
        let found = node.name == "Gain and Pan";
        found.then_some(*id)
    });
    window.screen().app_mut().perform(Action::SetProperty {
        filter: gain.expect("the first graph has a gain"),
        key: "level".into(),
        value: Some(ksgraph::ks::Value::Number(-6.0)),
    });
    window.harness().run_steps(3);
    assert!(!window.sees("Drag the Gain slider."), "it was done");
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
    assert!(window.sees("Drag the Gain slider."));
}
