//! No refusal without help: every pair of pins of the catalogue either connects, is cured, or is told what to do.

use ksgraph::app::{Action, App};
use ksgraph::graph::{PinAddress, Refusal};
use ksgraph::ks::{DataFlow, Descriptor, Value};

use crate::editor::{at, editor, id, one_step, wires};
use crate::support::catalogue;

fn descriptors() -> Vec<Descriptor> {
    let all = catalogue();
    all.iter().map(|it| it.descriptor().clone()).collect()
}

fn is_helped(refusal: &Refusal) -> bool {
    refusal.cures.is_empty() != refusal.advice.is_empty()
}

#[test]
fn every_refused_pair_of_built_in_pins_is_helped() {
    let mut count = [0; 3];
    for from in &descriptors() {
        for to in &descriptors() {
            let app = editor(&format!("{}:a; {}:b", from.key, to.key));
            for out in from.pins.iter().filter(|it| it.data_flow == DataFlow::Out) {
                for input in to.pins.iter().filter(|it| it.data_flow == DataFlow::In) {
                    let ends = (format!("a.{}", out.name), format!("b.{}", input.name));
                    let outcome = app
                        .view()
                        .would_connect(&at(&app, &ends.0), &at(&app, &ends.1));
                    count[0] += 1;
                    if let Err(refusal) = outcome {
                        assert!(is_helped(&refusal), "{ends:?}: {refusal:?}");
                        count[1] += usize::from(!refusal.cures.is_empty());
                        count[2] += usize::from(!refusal.advice.is_empty());
                    }
                }
            }
        }
    }
    assert!(count.iter().all(|it| *it > 0), "{count:?}");
}

/// Lets the converter `f` give integers, which filters that change sound don't take.
fn sixteen_bit(app: &mut App) {
    app.perform(Action::SetProperty {
        filter: id(app, "f"),
        key: "format".into(),
        value: Some(Value::Text("16 bit".into())),
    });
}

/// What stops a wire, which must be one that a full pin stops.
fn stopped(app: &App, ends: &(PinAddress, PinAddress)) -> Refusal {
    let refusal = app.view().would_connect(&ends.0, &ends.1).unwrap_err();
    assert_eq!(refusal.step.name(), "instances");
    *refusal
}

#[test]
fn a_full_output_and_another_format_need_two_filters_and_one_step() {
    let mut app = editor("tone:t -> format_converter:f -> null_renderer:a; gain:g");
    sixteen_bit(&mut app);
    let ends = (at(&app, "f.out"), at(&app, "g.in"));
    let refusal = stopped(&app, &ends);
    assert_eq!(refusal.cures[0].inserts, ["splitter", "format_converter"]);
    let (from, to) = ends;
    one_step(&mut app, Action::ConnectVia { from, to, cure: 0 });
    assert_eq!(
        wires(&app),
        [
            "t.out -> f.in",
            "f.out -> Splitter.in",
            "Splitter.out -> a.in",
            "Splitter.out[1] -> Sample Format Converter.in",
            "Sample Format Converter.out -> g.in",
        ]
    );
}

#[test]
fn a_full_input_and_another_format_need_two_filters_and_one_step() {
    let mut app = editor("tone:t -> format_converter:f; tone:u -> meter:a");
    sixteen_bit(&mut app);
    let ends = (at(&app, "f.out"), at(&app, "a.in"));
    let refusal = stopped(&app, &ends);
    assert_eq!(refusal.cures[0].inserts, ["format_converter", "mixer"]);
    let (from, to) = ends;
    one_step(&mut app, Action::ConnectVia { from, to, cure: 0 });
    assert!(app.view().wiring.is_agreed(), "{:?}", wires(&app));
    assert!(wires(&app).contains(&"Mixer.out -> a.in".to_owned()));
    assert!(wires(&app).contains(&"u.out -> Mixer.in".to_owned()));
}

#[test]
fn notes_reach_a_sound_pin_through_a_synth() {
    let mut app = editor("keyboard:k; meter:m");
    let (from, to) = (at(&app, "k.notes"), at(&app, "m.in"));
    one_step(&mut app, Action::ConnectVia { from, to, cure: 0 });
    assert_eq!(
        wires(&app),
        ["k.notes -> Tone Synth.notes", "Tone Synth.out -> m.in"]
    );
}

#[test]
fn a_full_output_of_notes_says_what_to_do() {
    let app = editor("keyboard:k -> tone_synth:s; meter:m");
    let ends = (at(&app, "k.notes"), at(&app, "m.in"));
    let refusal = stopped(&app, &ends);
    assert!(is_helped(&refusal), "{refusal:?}");
    assert!(refusal.advice.contains("k.notes"), "{}", refusal.advice);
}
