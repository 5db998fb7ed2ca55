//! Filters with a word of their own on formats, and limits over all filters of a kind: the agreement of a graph asks the
//! same handlers and counts the same instances as the raw door.

use std::sync::Arc;

use ksgraph::graph::{Edit, Negotiator, Step, apply, would_connect};
use ksgraph::ks::{
    Catalogue, Communication, DataFormat, DataRange, Descriptor, Facts, Filter, Intersection,
    OpenError, Opened, Opening, PinFactory, Status,
};

use crate::support::{agree, agreed, catalogue, declared, graph, outcomes, pin, plain, refusals};

const WIDE: &[DataRange] = &[DataRange::float(8_000, 96_000)];

/// Says one thing to every pair of ranges.
struct Picky(Descriptor, Intersection);

impl Filter for Picky {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn intersect(&self, _: usize, _: &DataRange, _: &DataRange, room: usize) -> Intersection {
        assert!(room >= 1 << 16, "a graph has room for any format");
        self.1.clone()
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Err(OpenError::Other("only declared".into()))
    }
}

fn with(pins: Vec<PinFactory>, word: Intersection) -> Catalogue {
    let mut all = catalogue();
    all.register(Arc::new(Picky(declared("picky", pins).0, word)))
        .unwrap();
    let source = declared("wide", vec![PinFactory::output("out", WIDE)]);
    all.register(Arc::new(source)).unwrap();
    all
}

fn sink(word: Intersection) -> Catalogue {
    with(vec![PinFactory::input("in", WIDE)], word)
}

#[test]
fn dix_8_a_filter_that_names_a_format_gets_it() {
    let named = DataFormat::float(1, 22_050);
    let all = sink(Intersection::Format(named));
    let wiring = agreed(&all, "wide -> picky");
    assert_eq!(
        outcomes(&wiring),
        ["wide.out -> picky.in: 22 050 Hz · 1 ch · f32"]
    );
    // What it says reaches through what keeps the format; who cannot is told what it wants.
    let wiring = agreed(&all, "wide -> gain -> picky");
    let told = outcomes(&wiring);
    assert!(
        told.iter().all(|it| it.contains("22 050 Hz · 1 ch")),
        "{told:?}"
    );
    let told = outcomes(&agreed(&all, "tone -> picky"));
    assert!(
        told[0].ends_with("but its filter wants 22 050 Hz · 1 ch · f32"),
        "{told:?}"
    );
    let plain = sink(Intersection::Status(Status::NotImplemented));
    assert_eq!(
        outcomes(&agreed(&plain, "wide -> picky")),
        ["wide.out -> picky.in: 96 000 Hz · 2 ch · f32"],
        "the default"
    );
}

#[test]
fn dix_8_what_a_filter_refuses_is_refused_and_said_to_be_its_word() {
    let all = sink(Intersection::Status(Status::NoMatch));
    let drawn = graph(&all, "wide -> picky");
    let wiring = agree(&all, &drawn);
    let refusal = refusals(&wiring)[0];
    let found = (refusal.rule, refusal.status, refusal.step);
    assert_eq!(found, ("DIX-6", Status::NoMatch, Step::Intersection));
    let told = plain(&refusal.sentence());
    assert!(
        told.contains("in takes") && told.contains("its filter refuses"),
        "{told}"
    );
    assert!(refusal.cures.is_empty(), "nothing in between would help");
    // The question before the wire is there has the same answer.
    let apart = graph(&all, "wide; picky");
    let (from, to) = (pin(&apart, "wide", "out", 0), pin(&apart, "picky", "in", 0));
    let asked = would_connect(
        &agree(&all, &apart),
        &all,
        &Facts::nominal(),
        None,
        &from,
        &to,
    );
    assert_eq!(asked.unwrap_err().sentence(), refusal.sentence());
}

#[test]
fn dix_5_another_status_ends_the_search_and_is_the_answer() {
    let all = sink(Intersection::Status(Status::InsufficientResources));
    let wiring = agreed(&all, "wide -> picky");
    let refusal = refusals(&wiring)[0];
    let found = (refusal.rule, refusal.status);
    assert_eq!(found, ("DIX-5", Status::InsufficientResources));
}

#[test]
fn dix_15_a_format_that_lies_in_no_range_is_none() {
    let all = sink(Intersection::Format(DataFormat::float(2, 192_000)));
    let wiring = agreed(&all, "wide -> picky");
    assert_eq!(refusals(&wiring)[0].rule, "DIX-6");
}

#[test]
fn con_4_the_pin_that_answers_is_asked_and_not_the_one_that_asks() {
    let word = Intersection::Format(DataFormat::float(1, 11_025));
    let out = PinFactory::output("out", WIDE).communication(Communication::Sink);
    let all = with(vec![out], word.clone());
    let pulled = agreed(&all, "picky -> gain");
    assert!(
        outcomes(&pulled)[0].contains("11 025 Hz · 1 ch"),
        "pull: {:?}",
        outcomes(&pulled)
    );
    let all = with(vec![PinFactory::output("out", WIDE)], word);
    let pushed = agreed(&all, "picky -> gain");
    assert!(
        outcomes(&pushed)[0].contains("48 000 Hz · 2 ch"),
        "push: {:?}",
        outcomes(&pushed)
    );
}

#[test]
fn ins_1_a_limit_over_all_filters_of_a_kind_holds_for_the_whole_graph() {
    let mut limited = PinFactory::input("in", WIDE);
    limited.global = 2;
    let mut all = catalogue();
    all.register(Arc::new(declared("rare", vec![limited])))
        .unwrap();
    let three = "tone:a -> rare:x; tone:b -> rare:y; tone:c -> rare:z";
    let mut drawn = graph(&all, three);
    let wiring = agree(&all, &drawn);
    let list = refusals(&wiring);
    let [refusal] = &list[..] else {
        panic!("{:?}", outcomes(&wiring));
    };
    let found = (refusal.rule, refusal.status, refusal.to.as_str());
    assert_eq!(found, ("INS-2", Status::Unsuccessful, "z.in"));
    assert!(
        refusal.sentence().contains("2 of 2"),
        "{}",
        refusal.sentence()
    );
    // Kept up with the graph: a place that comes free goes to the third, wherever it is, and comes back.
    let mut kept = Negotiator::default();
    kept.agree(&drawn, &all, &Facts::nominal(), None);
    let back = apply(&mut drawn, Edit::Disconnect(0)).unwrap();
    let freed = kept.agree(&drawn, &all, &Facts::nominal(), None);
    assert!(refusals(freed).is_empty(), "{:?}", outcomes(freed));
    assert!(*freed == agree(&all, &drawn));
    apply(&mut drawn, back).unwrap();
    let full = kept.agree(&drawn, &all, &Facts::nominal(), None);
    assert_eq!(refusals(full).len(), 1);
    // A filter that only comes later counts as well.
    let mut two = graph(&all, "tone:a -> rare:x; tone:b -> rare:y");
    kept.agree(&two, &all, &Facts::nominal(), None);
    two = graph(&all, three);
    let more = kept.agree(&two, &all, &Facts::nominal(), None);
    assert_eq!(refusals(more).len(), 1);
}
