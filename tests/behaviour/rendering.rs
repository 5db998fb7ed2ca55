//! Outputs that are rendered, and filters that are wired one to the next.

use ksgraph::app::{Action, App};
use ksgraph::graph::Position;
use ksgraph::ks::Value;

use crate::editor::{at, editor, id, no_step, one_step, selected, value, wires};

fn render(app: &App, pin: &str) -> Action {
    Action::RenderPin(at(app, pin))
}

fn connect(app: &App, names: &[&str]) -> Action {
    Action::ConnectFilters(names.iter().map(|name| id(app, name)).collect())
}

#[test]
fn an_output_is_heard_on_the_device_that_is_free() {
    let mut app = editor("tone:t; audio_device_out:out");
    let act = render(&app, "t.out");
    one_step(&mut app, act);
    assert_eq!(wires(&app), ["t.out -> out.in"]);
}

#[test]
fn where_there_is_no_device_one_comes() {
    let mut app = editor("tone:t");
    let act = render(&app, "t.out");
    app.perform(act.clone());
    assert_eq!(wires(&app), ["t.out -> Audio Device Out.in"]);
    assert_eq!(selected(&app), ["Audio Device Out"]);
    let [t, out] = ["t", "Audio Device Out"].map(|name| id(&app, name));
    let at = |id| app.view().graph.filters[&id].position;
    assert!(at(out).x >= at(t).x + 200.0, "behind it, not on it");
    app.perform(Action::Undo);
    one_step(&mut app, act);
}

#[test]
fn a_device_that_is_taken_plays_both_through_a_mixer() {
    let mut app = editor("tone:a -> audio_device_out:out; tone:b");
    let act = render(&app, "b.out");
    one_step(&mut app, act);
    let mut lines = wires(&app);
    lines.sort();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines.iter().any(|it| it == "Mixer.out -> out.in"),
        "{lines:?}"
    );
    assert!(lines.iter().all(|it| !it.ends_with('!')), "{lines:?}");
}

#[test]
fn what_has_another_rate_is_converted_on_its_way() {
    let mut app = editor("tone:a -> audio_device_out:out; tone:b");
    for (name, rate) in [("a", "48000"), ("b", "44100")] {
        let filter = id(&app, name);
        app.perform(Action::SetProperty {
            filter,
            key: "rate".into(),
            value: Some(Value::Text(rate.into())),
        });
    }
    let act = render(&app, "b.out");
    one_step(&mut app, act);
    let lines = wires(&app);
    assert!(
        lines
            .iter()
            .any(|it| it.starts_with("b.out -> Sample Rate Converter")),
        "{lines:?}"
    );
    assert!(lines.iter().all(|it| !it.ends_with('!')), "{lines:?}");
}

#[test]
fn notes_get_an_instrument_first() {
    let mut app = editor("keyboard:keys");
    let act = render(&app, "keys.notes");
    one_step(&mut app, act);
    assert_eq!(
        wires(&app),
        [
            "keys.notes -> DLS Synth.notes",
            "DLS Synth.out -> Audio Device Out.in"
        ]
    );
}

#[test]
fn what_nobody_plays_is_said_and_an_input_is_not_rendered() {
    let mut app = editor("tone:t -> audio_device_out:out; clock_source:c");
    for pin in ["out.in", "c.clock"] {
        let act = render(&app, pin);
        no_step(&mut app, act);
        let banner = app
            .view()
            .banners
            .first()
            .expect("it says why")
            .text
            .clone();
        assert!(banner.contains("rendered"), "{banner}");
    }
}

#[test]
fn filters_are_wired_from_left_to_right_as_they_stand() {
    let mut app = editor("null_renderer:end; gain:g; tone:t");
    let places = [("t", 0.0), ("g", 300.0), ("end", 600.0)];
    let places = places.map(|(name, x)| (id(&app, name), Position { x, y: 0.0 }));
    app.perform(Action::Move(places.to_vec()));
    let act = connect(&app, &["end", "g", "t"]);
    one_step(&mut app, act.clone());
    assert_eq!(wires(&app), ["t.out -> g.in", "g.out -> end.in"]);
    // What is wired stays as it is.
    no_step(&mut app, act);
}

#[test]
fn a_pair_that_cannot_be_wired_says_why_and_what_held_stays() {
    let mut app = editor("tone:t; gain:g; tone_synth:s");
    let act = connect(&app, &["t", "g", "s"]);
    app.perform(act);
    assert_eq!(wires(&app), ["t.out -> g.in"]);
    let (from, to, refusal) = app.view().refusal.expect("it is refused").clone();
    assert_eq!((from, to), (at(&app, "g.out"), at(&app, "s.notes")));
    assert!(!refusal.sentence().is_empty());
    assert_eq!(value(&app, "t", "level"), None);
}
