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
        ["k.notes -> DLS Synth.notes", "DLS Synth.out -> m.in"]
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

/// Every cure of every kind there is, over all pairs of built-in pins, alone and with both ends taken: one step makes the
/// wire, and Undo takes it back whole.
#[test]
fn every_cure_is_one_step_that_makes_the_wire() {
    let mut seen = std::collections::BTreeSet::new();
    for from in &descriptors() {
        for to in &descriptors() {
            let text = format!("{}:a; {}:b", from.key, to.key);
            let app = editor(&text);
            for out in from.pins.iter().filter(|it| it.data_flow == DataFlow::Out) {
                for input in to.pins.iter().filter(|it| it.data_flow == DataFlow::In) {
                    let ends = (format!("a.{}", out.name), format!("b.{}", input.name));
                    let asked = (at(&app, &ends.0), at(&app, &ends.1));
                    let Err(refusal) = app.view().would_connect(&asked.0, &asked.1) else {
                        continue;
                    };
                    for (index, cure) in refusal.cures.iter().enumerate() {
                        let kind = (refusal.step, cure.kind.name(), cure.inserts.clone());
                        // Of filters that go in between one way each is enough.
                        if seen.insert((kind, cure.text.clone())) {
                            heals(&mut editor(&text), &ends, index);
                        }
                    }
                }
            }
        }
    }
    let kinds: std::collections::BTreeSet<&str> = seen.iter().map(|it| it.0.1).collect();
    assert!(
        kinds.contains("insert") && kinds.contains("pin"),
        "{kinds:?}"
    );
}

/// Applies a cure; before it there are no wires, and behind it all there are agree and lead from one end to the other.
fn heals(app: &mut App, ends: &(String, String), cure: usize) {
    let (from, to) = (at(app, &ends.0), at(app, &ends.1));
    assert!(app.view().would_connect(&from, &to).is_err(), "{ends:?}");
    one_step(app, Action::ConnectVia { from, to, cure });
    let made = wires(app);
    let refused = made.iter().any(|it| it.ends_with('!'));
    assert!(
        !refused && !made.is_empty(),
        "{ends:?}, cure {cure}: {made:?}"
    );
    let begins = made.iter().any(|it| it.starts_with("a."));
    let ends_there = made.iter().any(|it| it.contains("-> b."));
    assert!(begins && ends_there, "{ends:?}, cure {cure}: {made:?}");
}

/// A converter that gives what is not taken is set to give what is.
#[test]
fn a_property_of_a_filter_that_is_there_is_set_in_one_step() {
    let mut app = editor("tone:t -> format_converter:f; gain:g");
    sixteen_bit(&mut app);
    let (from, to) = (at(&app, "f.out"), at(&app, "g.in"));
    let refusal = app.view().would_connect(&from, &to).unwrap_err();
    let mut cures = refusal.cures.iter();
    let cure = cures.position(|it| it.kind.name() == "property").unwrap();
    let (_, key, text) = refusal.cures[cure].set.clone().unwrap();
    one_step(&mut app, Action::ConnectVia { from, to, cure });
    assert_eq!(wires(&app), ["t.out -> f.in", "f.out -> g.in"]);
    assert_eq!(
        crate::editor::value(&app, "f", &key),
        Some(Value::Text(text))
    );
}

/// What was chosen for a wire by hand, and does not fit any more, is let go: one step, and the wire is made.
#[test]
fn what_was_chosen_by_hand_is_let_go_in_one_step() {
    use ksgraph::graph::Chosen;
    use ksgraph::ks::{DataFormat, Interface, Medium};
    let ways = [
        Chosen {
            format: Some(DataFormat::pcm(8, 1, 8_000)),
            ..Chosen::default()
        },
        Chosen {
            medium: Some(Medium {
                id: 7,
                ..Medium::STANDARD
            }),
            ..Chosen::default()
        },
        Chosen {
            interface: Some(Interface::LOOPED_STREAMING),
            ..Chosen::default()
        },
    ];
    for (chosen, kind) in ways.into_iter().zip(["format", "medium", "interface"]) {
        let mut app = editor("tone:t -> gain:g");
        app.perform(Action::Choose {
            connection: 0,
            chosen,
        });
        assert_eq!(wires(&app), ["t.out -> g.in!"], "{kind}");
        let view = app.view();
        let wire = view.wire(0).unwrap();
        let refusal = wire.outcome.as_ref().unwrap_err();
        assert_eq!(refusal.cures[0].kind.name(), kind);
        let (from, to) = (wire.from.clone(), wire.to.clone());
        one_step(&mut app, Action::ConnectVia { from, to, cure: 0 });
        assert_eq!(wires(&app), ["t.out -> g.in"], "{kind}");
    }
}

/// Two that only answer, and nobody asks: a filter between them asks on both sides.
#[test]
fn where_nobody_asks_a_filter_between_does() {
    let mut app = editor("pull_source:p; lab_card_wave:c");
    let (from, to) = (at(&app, "p.out"), at(&app, "c.in"));
    let refusal = app.view().would_connect(&from, &to).unwrap_err();
    assert_eq!(refusal.rule, "COM-5");
    assert_eq!(refusal.cures[0].inserts.len(), 1, "{refusal:?}");
    one_step(&mut app, Action::ConnectVia { from, to, cure: 0 });
    let made = wires(&app);
    assert_eq!(made.len(), 2, "{made:?}");
    assert!(!made.iter().any(|it| it.ends_with('!')), "{made:?}");
}
