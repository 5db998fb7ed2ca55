//! Two pins and whole graphs agree or refuse, with the rule that decides; the order of drawing does not matter.

use std::borrow::Cow;
use std::sync::Arc;

use ksgraph::graph::{CureKind, Graph, Step, explain, would_connect};
use ksgraph::ks::ids::{Guid, category};
use ksgraph::ks::{
    Communication, DataFormat, DataRange, Descriptor, Facts, Filter, Interface, Medium, OpenError,
    Opened, Opening, PinFactory, Property, Settings, Status,
};
use proptest::prelude::*;

use crate::support::{
    Declared, agree, agreed, catalogue, catalogue_with, declared, graph, outcomes, pin, plain,
    refusals,
};

const AT_44: &[DataRange] = &[DataRange::float(44_100, 44_100)];
const AT_48: &[DataRange] = &[DataRange::float(48_000, 48_000)];
const WIDE: &[DataRange] = &[DataRange::float(8_000, 96_000)];

fn source(key: &'static str, ranges: &'static [DataRange]) -> Declared {
    declared(key, vec![PinFactory::output("out", ranges)])
}

fn sink(key: &'static str, ranges: &'static [DataRange]) -> Declared {
    declared(key, vec![PinFactory::input("in", ranges)])
}

/// The one refusal of a graph: rule, status, step and sentence.
#[track_caller]
fn refused(more: Vec<Declared>, text: &str) -> (&'static str, Status, Step, String) {
    let wiring = agreed(&catalogue_with(more), text);
    let list = refusals(&wiring);
    assert_eq!(list.len(), 1, "{:?}", outcomes(&wiring));
    let one = list[0];
    assert!(!one.offered.is_empty() && !one.wanted.is_empty());
    (one.rule, one.status, one.step, plain(&one.sentence()))
}

#[test]
fn a_chain_settles_at_the_graphs_rate_in_stereo() {
    let wiring = agreed(&catalogue(), "tone -> gain -> meter -> audio_device_out");
    assert_eq!(wiring.rate_hz, 48_000);
    assert!(
        wiring.is_agreed(),
        "{:?} {:?}",
        outcomes(&wiring),
        wiring.problems
    );
    for wire in &wiring.wires {
        let agreement = wire.outcome.as_ref().unwrap();
        assert_eq!(agreement.format, DataFormat::float(2, 48_000));
        assert_eq!(agreement.medium, Medium::STANDARD);
        assert!(agreement.is_push);
    }
}

#[test]
fn a_filter_does_not_feed_itself() {
    let (rule, _, step, _) = refused(vec![], "gain -> gain");
    assert_eq!((rule, step), ("CYC-1", Step::SameFilter));
}

#[test]
fn a_wire_goes_from_an_output_to_an_input() {
    let all = catalogue();
    let drawn = graph(&all, "tone -> gain; tone:other -> gain:gain2");
    let wiring = agree(&all, &drawn);
    let ask = |from, to| would_connect(&wiring, &all, &Facts::nominal(), None, &from, &to);
    let out = ask(
        pin(&drawn, "tone", "out", 0),
        pin(&drawn, "other", "out", 0),
    )
    .unwrap_err();
    assert_eq!((out.rule, out.step), ("COM-9", Step::DataFlow));
    assert_eq!(out.status, Status::InvalidParameter);
    let back = ask(pin(&drawn, "gain", "in", 0), pin(&drawn, "other", "out", 0)).unwrap_err();
    assert_eq!(back.step, Step::DataFlow);
}

#[test]
fn two_pins_that_only_receive_requests_do_not_meet() {
    let output = PinFactory::output("out", AT_48).communication(Communication::Sink);
    let input = PinFactory::input("in", AT_48).communication(Communication::Sink);
    let kinds = vec![declared("a", vec![output]), declared("b", vec![input])];
    let (rule, status, step, sentence) = refused(kinds, "a -> b");
    assert_eq!((rule, step), ("COM-5", Step::Communication));
    assert_eq!(status, Status::InvalidParameter);
    assert!(sentence.contains("out is SINK"), "{sentence}");
}

#[test]
fn a_pull_source_is_asked_by_its_sink() {
    let output = PinFactory::output("out", AT_48).communication(Communication::Sink);
    let all = catalogue_with(vec![declared("a", vec![output]), sink("b", AT_48)]);
    let wiring = agreed(&all, "a -> b");
    assert!(!wiring.wires[0].outcome.as_ref().unwrap().is_push);
}

#[test]
fn a_loop_is_refused_and_told_as_the_way_round() {
    let text = "gain:a -> gain:b -> gain:c -> a";
    let (rule, _, step, sentence) = refused(vec![], text);
    assert_eq!((rule, step), ("CYC-1", Step::Cycle));
    assert!(sentence.contains("→"), "{sentence}");
}

#[test]
fn different_units_of_a_link_do_not_meet() {
    const SET: Guid = Guid(7);
    const ONE: &[Medium] = &[Medium { set: SET, id: 1 }];
    const TWO: &[Medium] = &[Medium { set: SET, id: 2 }];
    let output = PinFactory::output("out", AT_44).mediums(ONE);
    let input = PinFactory::input("in", AT_48).mediums(TWO);
    let kinds = vec![declared("a", vec![output]), declared("b", vec![input])];
    // The formats do not fit either; the medium comes first.
    let (rule, status, step, _) = refused(kinds, "a -> b");
    assert_eq!(
        (rule, status, step),
        ("MED-3", Status::NoMatch, Step::Medium)
    );
}

#[test]
fn interfaces_are_compared_literally() {
    let output = PinFactory::output("out", AT_48).interfaces(&[Interface::LOOPED_STREAMING]);
    let kinds = vec![declared("a", vec![output]), sink("b", AT_48)];
    let (rule, _, step, sentence) = refused(kinds, "a -> b");
    assert_eq!((rule, step), ("IFC-2", Step::Interface));
    assert_eq!(
        sentence,
        "out offers standard looped streaming, in takes standard streaming only"
    );
}

#[test]
fn the_requesting_pins_first_medium_wins() {
    const SET: Guid = Guid(7);
    const HARD: Medium = Medium { set: SET, id: 1 };
    let output = PinFactory::output("out", AT_48).mediums(&[HARD, Medium::STANDARD]);
    let input = PinFactory::input("in", AT_48).mediums(&[Medium::STANDARD, HARD]);
    let all = catalogue_with(vec![
        declared("a", vec![output]),
        declared("b", vec![input]),
    ]);
    let wiring = agreed(&all, "a -> b");
    assert_eq!(wiring.wires[0].outcome.as_ref().unwrap().medium, HARD);
}

#[test]
fn an_input_takes_one_wire_and_a_mixer_would_help() {
    let all = catalogue();
    let drawn = graph(&all, "tone -> gain -> null_renderer; tone:t2 -> meter");
    let wiring = agree(&all, &drawn);
    let (from, to) = (pin(&drawn, "t2", "out", 0), pin(&drawn, "gain", "in", 0));
    let refusal = would_connect(&wiring, &all, &Facts::nominal(), None, &from, &to).unwrap_err();
    assert_eq!((refusal.rule, refusal.step), ("INS-2", Step::Instances));
    assert_eq!(refusal.status, Status::Unsuccessful);
    // t2.out has its wire as well, and the output is asked first.
    assert_eq!(refusal.cures[0].inserts, ["splitter"]);

    let drawn = graph(&all, "tone -> gain -> null_renderer; tone:t2");
    let wiring = agree(&all, &drawn);
    let refusal = would_connect(&wiring, &all, &Facts::nominal(), None, &from, &to).unwrap_err();
    assert_eq!(refusal.cures[0].inserts, ["mixer"], "{refusal:?}");
    assert_eq!(refusal.cures[0].kind, CureKind::Insert);
}

#[test]
fn two_rates_do_not_meet_and_a_rate_converter_would_help() {
    let all = catalogue_with(vec![source("a", AT_44), sink("b", AT_48)]);
    let wiring = agreed(&all, "a -> b");
    let refusal = refusals(&wiring)[0];
    assert_eq!(refusal.rule, "DIX-6");
    assert_eq!(refusal.status, Status::NoMatch);
    assert_eq!(refusal.step, Step::Intersection);
    assert_eq!(
        refusal.sentence(),
        "out offers 44\u{a0}100 Hz, in takes 48\u{a0}000 Hz only"
    );
    assert_eq!(refusal.cures[0].inserts, ["rate_converter"]);
    assert_eq!(
        (refusal.from.as_str(), refusal.to.as_str()),
        ("a.out", "b.in")
    );
}

/// A converter that gives 48 kHz unless it is told otherwise, like a box with a switch.
struct Switched(Descriptor);

const SWITCH: Property = Property::choice("to", "Output", &["48", "44"], "48").structural();

impl Filter for Switched {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        match settings.text(&SWITCH).as_str() {
            "44" => Cow::Owned(self.0.with_ranges("out", AT_44.to_vec())),
            _ => Cow::Borrowed(&self.0),
        }
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Err(OpenError::Other("never opened".into()))
    }
}

#[test]
fn a_converter_is_set_so_that_it_fits() {
    let mut descriptor = Descriptor::new("switched", "Switched", &[], &[], &[SWITCH]);
    descriptor.categories = Cow::Owned(vec![category::INTERFACETRANSFORM]);
    descriptor.pins = Cow::Owned(vec![
        PinFactory::input("in", DataRange::EVENTS),
        PinFactory::output("out", AT_48),
    ]);
    let keys = declared("keys", vec![PinFactory::output("notes", DataRange::EVENTS)]);
    let mut all = catalogue_with(vec![keys, sink("b", AT_44)]);
    all.register(Arc::new(Switched(descriptor))).unwrap();
    let wiring = agreed(&all, "keys -> b");
    let cure = &refusals(&wiring)[0].cures[0];
    assert_eq!(cure.inserts, ["switched"]);
    assert_eq!(cure.values, [[("to".to_owned(), "44".to_owned())]]);
    assert_eq!(cure.text, "Insert Switched (Output 44)");
}

#[test]
fn two_converters_are_found_where_one_is_not_enough() {
    const SIX: &[DataRange] = &[DataRange::float(44_100, 44_100).exactly_channels(6)];
    const STEREO: &[DataRange] = &[DataRange::float(48_000, 48_000).exactly_channels(2)];
    let all = catalogue_with(vec![source("a", SIX), sink("b", STEREO)]);
    let wiring = agreed(&all, "a -> b");
    let cure = &refusals(&wiring)[0].cures[0];
    assert_eq!(cure.cost, 2);
    let mut inserts = cure.inserts.clone();
    inserts.sort();
    assert_eq!(inserts, ["channel_mapper", "rate_converter"]);
}

#[test]
fn notes_do_not_go_into_audio() {
    let keys = declared("keys", vec![PinFactory::output("notes", DataRange::EVENTS)]);
    let (_, _, _, sentence) = refused(vec![keys], "keys -> gain");
    assert_eq!(sentence, "notes offers DirectMusic events, in takes audio");
}

#[test]
fn a_limit_that_comes_through_a_chain_names_its_origin() {
    let all = catalogue_with(vec![source("a", AT_44), sink("z", AT_48)]);
    // The sink's wire sorts last, so it is the one that cannot be.
    let wiring = agreed(&all, "a -> gain -> meter -> z");
    let list = refusals(&wiring);
    assert_eq!(list.len(), 1);
    assert_eq!(
        plain(&list[0].sentence()),
        "out offers 44 100 Hz because of a.out, in takes 48 000 Hz only"
    );
}

#[test]
fn a_refused_wire_leaves_the_rest_as_if_it_were_not_there() {
    let all = catalogue_with(vec![source("a", AT_44), sink("z", AT_48)]);
    let wiring = agreed(&all, "a -> gain -> z; gain:other -> meter");
    assert_eq!(
        outcomes(&wiring),
        [
            "a.out -> gain.in: 44 100 Hz · 2 ch · f32",
            "gain.out -> z.in: out offers 44 100 Hz because of a.out, in takes 48 000 Hz only",
            "other.out -> meter.in: 48 000 Hz · 2 ch · f32",
        ]
    );
}

#[test]
fn all_inputs_of_a_mixer_share_one_format() {
    let all = catalogue_with(vec![source("a", AT_44)]);
    let wiring = agreed(&all, "a -> mixer -> null_renderer; tone rate=any -> mixer");
    let formats: Vec<String> = outcomes(&wiring);
    assert!(
        formats
            .iter()
            .all(|line| line.ends_with(": 44 100 Hz · 2 ch · f32")),
        "{formats:?}"
    );
}

#[test]
fn what_is_constrained_is_what_peers_left() {
    let all = catalogue_with(vec![source("a", AT_44)]);
    let drawn = graph(&all, "a -> gain");
    let wiring = agree(&all, &drawn);
    let out = pin(&drawn, "gain", "out", 0);
    let only = DataFormat::float(2, 44_100);
    assert_eq!(wiring.described(&out).len(), 2);
    assert_eq!(wiring.constrained(&out).len(), 1);
    assert!(wiring.constrained(&out)[0].contains(&only));
}

#[test]
fn a_chosen_format_is_kept_or_refused_by_name() {
    let all = catalogue();
    let mut drawn = graph(&all, "tone -> null_renderer");
    let format = DataFormat::float(2, 48_000);
    drawn.connections[0].chosen.format = Some(format.clone());
    let wiring = agree(&all, &drawn);
    assert_eq!(wiring.wires[0].outcome.as_ref().unwrap().format, format);

    drawn.connections[0].chosen.format = Some(DataFormat::pcm(16, 2, 48_000));
    let wiring = agree(&all, &drawn);
    let refusal = refusals(&wiring)[0];
    assert_eq!(refusal.step, Step::Intersection);
    assert!(
        refusal
            .cures
            .iter()
            .any(|cure| cure.kind == CureKind::Format)
    );
}

#[test]
fn a_format_that_an_open_refused_is_walked_past() {
    let all = catalogue_with(vec![source("a", WIDE)]);
    let drawn = graph(&all, "a -> null_renderer");
    let mut facts = Facts::nominal();
    let first = ksgraph::graph::negotiate(&drawn, &all, &facts, None);
    let refused = first.wires[0].outcome.as_ref().unwrap().format.clone();
    let to = &first.wires[0].to;
    facts
        .refused
        .insert((to.filter.to_string(), to.pin.clone(), refused.to_string()));
    let second = ksgraph::graph::negotiate(&drawn, &all, &facts, None);
    assert_ne!(second.wires[0].outcome.as_ref().unwrap().format, refused);
}

#[test]
fn missing_things_are_problems_and_the_rest_is_agreed() {
    let all = catalogue();
    let mut drawn = graph(
        &all,
        "tone -> gain -> null_renderer; gain:g2; meter -> gain:g3",
    );
    let id = drawn.find("g2").unwrap();
    if let ksgraph::graph::NodeKind::Filter(node) = &mut drawn.filters.get_mut(&id).unwrap().kind {
        node.key = "reverb9000".into();
    }
    drawn.connections[0].to.pin = "entry".into();
    let wiring = agree(&all, &drawn);
    let texts: Vec<&str> = wiring.problems.iter().map(|it| it.text.as_str()).collect();
    let has = |part: &str| texts.iter().any(|text| text.contains(part));
    assert!(has("reverb9000") && has("no pin entry"), "{texts:?}");
    assert!(has("meter.in must be connected"), "{texts:?}");
    assert!(
        !has("g2.in"),
        "a filter without wires needs none: {texts:?}"
    );
    assert!(!wiring.is_agreed());
}

#[test]
fn explain_goes_step_by_step_to_the_one_that_fails() {
    let all = catalogue_with(vec![source("a", AT_44), sink("b", AT_48)]);
    let drawn = graph(&all, "a; b");
    let wiring = agree(&all, &drawn);
    let (from, to) = (pin(&drawn, "a", "out", 0), pin(&drawn, "b", "in", 0));
    let steps = explain(&wiring, &all, &Facts::nominal(), None, &from, &to);
    let names: Vec<Step> = steps.iter().map(|(step, _)| *step).collect();
    assert_eq!(names, Step::ALL[..8]);
    assert!(steps[..7].iter().all(|(_, outcome)| outcome.is_ok()));
    assert!(steps[7].1.is_err());

    let drawn = graph(&all, "a -> gain");
    let wiring = agree(&all, &drawn);
    let steps = explain(
        &wiring,
        &all,
        &Facts::nominal(),
        None,
        &pin(&drawn, "a", "out", 0),
        &pin(&drawn, "gain", "in", 0),
    );
    assert_eq!(steps.len(), Step::ALL.len());
    assert!(
        steps.iter().all(|(_, outcome)| outcome.is_ok()),
        "{steps:?}"
    );
}

#[test]
fn the_question_and_the_wire_give_one_answer() {
    let all = catalogue_with(vec![source("a", AT_44), sink("z", AT_48)]);
    let before = graph(&all, "a -> gain; meter -> z; tone:free");
    let wiring = agree(&all, &before);
    let (from, to) = (
        pin(&before, "gain", "out", 0),
        pin(&before, "meter", "in", 0),
    );
    let asked = would_connect(&wiring, &all, &Facts::nominal(), None, &from, &to).unwrap_err();
    assert_eq!(
        plain(&asked.sentence()),
        "out offers 44 100 Hz because of a.out, in takes 48 000 Hz only because of z.in"
    );
}

#[test]
fn a_full_pin_of_each_of_a_hundred_filters_refuses() {
    let all = catalogue();
    let mut text = String::from("tone");
    for number in 0..100 {
        text.push_str(&format!(" -> gain:g{number}"));
    }
    text.push_str("; tone:hand");
    let drawn = graph(&all, &text);
    let wiring = agree(&all, &drawn);
    let from = pin(&drawn, "hand", "out", 0);
    let facts = Facts::nominal();
    for number in 0..100 {
        let to = pin(&drawn, &format!("g{number}"), "in", 0);
        assert!(would_connect(&wiring, &all, &facts, None, &from, &to).is_err());
    }
}

#[test]
fn a_thousand_filters_agree() {
    let all = catalogue_with(vec![source("a", AT_44)]);
    let mut text = String::new();
    for chain in 0..40 {
        let kind = ["tone", "a", "noise"][chain % 3];
        text.push_str(&format!("{kind}:s{chain}"));
        for number in 0..24 {
            text.push_str(&format!(" -> gain:g{chain}x{number}"));
        }
        text.push_str(" -> mixer;");
    }
    text.push_str("mixer -> audio_device_out");
    let drawn = graph(&all, &text);
    assert!(drawn.filters.len() > 1000);
    let wiring = agree(&all, &drawn);
    assert!(
        wiring
            .wires
            .iter()
            .filter(|wire| wire.outcome.is_ok())
            .count()
            > 900
    );
}

#[test]
fn cures_come_from_the_catalogue_by_category() {
    let mut descriptor = Descriptor::new("magic", "Magic", &[], &[], &[]);
    descriptor.categories = Cow::Owned(vec![category::INTERFACETRANSFORM]);
    descriptor.pins = Cow::Owned(vec![
        PinFactory::input("in", DataRange::EVENTS),
        PinFactory::output("out", AT_48),
    ]);
    let keys = declared("keys", vec![PinFactory::output("notes", DataRange::EVENTS)]);
    let all = catalogue_with(vec![Declared(descriptor), keys, sink("b", AT_48)]);
    let wiring = agreed(&all, "keys -> b");
    assert_eq!(refusals(&wiring)[0].cures[0].inserts, ["magic"]);
}

const TANGLE: &str = "a -> gain:g1 -> mixer:m; b -> m; tone -> splitter:s -> m; s -> gain:g2 -> z; \
    gain:g3 -> meter:k; m -> null_renderer; k -> g3; a -> g2";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_drawing_does_not_matter(order in Just((0..11_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let all = catalogue_with(vec![source("a", AT_44), source("b", AT_48), sink("z", AT_48)]);
        let drawn = graph(&all, TANGLE);
        prop_assert!(drawn.connections.len() <= order.len(), "{}", drawn.connections.len());
        let order: Vec<usize> = order.into_iter().filter(|&at| at < drawn.connections.len()).collect();
        let shuffled = Graph {
            connections: order.iter().map(|&at| drawn.connections[at].clone()).collect(),
            ..drawn.clone()
        };
        let (one, other) = (agree(&all, &drawn), agree(&all, &shuffled));
        prop_assert_eq!(outcomes(&one), outcomes(&other));
        prop_assert_eq!(one.problems, other.problems);
        for (mine, theirs) in one.wires.iter().zip(&other.wires) {
            prop_assert_eq!(&mine.outcome, &theirs.outcome);
        }
    }
}

#[test]
fn the_tangle_has_some_of_everything() {
    let all = catalogue_with(vec![
        source("a", AT_44),
        source("b", AT_48),
        sink("z", AT_48),
    ]);
    let wiring = agreed(&all, TANGLE);
    let steps: Vec<Step> = refusals(&wiring).iter().map(|it| it.step).collect();
    assert!(steps.contains(&Step::Cycle), "{steps:?}");
    assert!(steps.contains(&Step::Intersection), "{steps:?}");
    assert!(steps.contains(&Step::Instances), "{steps:?}");
    assert!(wiring.wires.iter().any(|wire| wire.outcome.is_ok()));
}

#[test]
fn sel_3_whatever_may_be_chosen_is_agreed_or_refused_with_its_reason() {
    let all = catalogue();
    let mut drawn = graph(
        &all,
        "tone:t -> splitter:s -> format_filter:f -> null_renderer:n",
    );
    let wiring = agree(&all, &drawn);
    let wire = wiring
        .wires
        .iter()
        .find(|it| it.connection == Some(1))
        .unwrap();
    let choices = wiring.choices(&wire.from, &wire.to);
    assert!(choices.formats.len() > 2, "{choices:?}");
    assert_eq!((choices.mediums.len(), choices.interfaces.len()), (1, 1));
    let mut agreed_ones = 0;
    for format in &choices.formats {
        drawn.connections[1].chosen.format = Some(format.clone());
        let wiring = agree(&all, &drawn);
        for wire in &wiring.wires {
            match &wire.outcome {
                Ok(agreement) => {
                    assert_eq!(&agreement.format, format, "the chain shares one format");
                    agreed_ones += 1;
                }
                Err(refusal) => assert!(refusal.wanted.contains("chosen"), "{refusal:?}"),
            }
        }
    }
    assert_eq!(
        agreed_ones,
        choices.formats.len() * 3,
        "all of them are possible here"
    );
}
