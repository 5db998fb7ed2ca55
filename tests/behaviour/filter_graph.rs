//! Filter graphs that programs build by calls: names, pins that are connected and let go, intelligent connect and render, with the
//! code of each. Filters are declared; a pin is `name:KINDS`, a kind one letter, the best first.

use std::sync::Arc;

use ksgraph::graph::{FilterId, Graph, PinRef};
use ksgraph::ks::{AudioDevice, Catalogue, DataFormat, DataRange, Facts, FileFact, filters_of};
use ksgraph::sysaudio::{Code, FilterGraph, Wish};

/// A filter: key, merit, inputs, outputs.
type Kind<'a> = (&'a str, u32, &'a [&'a str], &'a [&'a str]);

const NORMAL: u32 = 0x60_0000;
const UNLIKELY: u32 = 0x40_0000;
const BY_HAND: u32 = 0x20_0000;

fn range(letter: u8) -> String {
    format!(
        r#"(major: "0000{letter:04x}-0000-0010-8000-00AA00389B71", sub: "AAAAAAAA-0000-0010-8000-00AA00389B71",
            specifier: "0F6417D6-C318-11D0-A43F-00A0C9223196", limits: None)"#
    )
}

fn pin(text: &str, flow: &str) -> String {
    let (name, kinds) = text.split_once(':').unwrap();
    let ranges: Vec<String> = kinds.bytes().map(range).collect();
    let ranges = ranges.join(", ");
    format!(r#"(name: "{name}", data_flow: {flow}, ranges: [{ranges}])"#)
}

fn filter((key, merit, inputs, outputs): &Kind<'_>, more: &str) -> String {
    let pins = inputs.iter().map(|it| pin(it, "in"));
    let pins: Vec<String> = pins
        .chain(outputs.iter().map(|it| pin(it, "out")))
        .collect();
    let pins = pins.join(", ");
    format!(r#"(key: "{key}", title: "{key}", merit: {merit}, pins: [{pins}]{more})"#)
}

/// A graph with boxes of these kinds, each called as its kind.
struct Bench {
    graph: FilterGraph,
}

fn kinds(all: &[Kind<'_>]) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for kind in all {
        // Sources of files say so by their key.
        let more = match kind.0.strip_prefix("read_") {
            Some(ending) => format!(r#", reads: ["{ending}"]"#),
            None => String::new(),
        };
        let made = filters_of(&filter(kind, &more)).unwrap();
        for it in made {
            catalogue.register(Arc::new(it)).unwrap();
        }
    }
    catalogue
}

fn bench(all: &[Kind<'_>], boxes: &[&str]) -> Bench {
    let mut graph = FilterGraph::new(kinds(all), Facts::nominal());
    for it in boxes {
        let (key, name) = it.split_once(' ').unwrap_or((it, it));
        assert_eq!(graph.add_filter(key, Some(name)).unwrap().1, Code::Ok);
    }
    Bench { graph }
}

impl Bench {
    fn id(&self, name: &str) -> FilterId {
        self.graph.find_filter(name).unwrap()
    }

    fn pin(&self, text: &str) -> PinRef {
        let (name, pin) = text.split_once('.').unwrap();
        PinRef {
            filter: self.id(name),
            pin: pin.into(),
            instance: 0,
        }
    }

    fn direct(&mut self, from: &str, to: &str) -> Result<Code, Code> {
        self.wished(from, to, Wish::Any)
    }

    fn wished(&mut self, from: &str, to: &str, wish: Wish<'_>) -> Result<Code, Code> {
        let (from, to) = (self.pin(from), self.pin(to));
        self.graph.connect_direct(Some(&from), Some(&to), wish)
    }

    fn connect(&mut self, from: &str, to: &str) -> Result<Code, Code> {
        let (from, to) = (self.pin(from), self.pin(to));
        self.graph.connect(Some(&from), Some(&to))
    }

    fn render(&mut self, from: &str, is_there: bool) -> Result<Code, Code> {
        let from = self.pin(from);
        self.graph.render(Some(&from), is_there)
    }

    fn disconnect(&mut self, pin: &str) -> Result<Code, Code> {
        let pin = self.pin(pin);
        self.graph.disconnect(Some(&pin))
    }

    /// The name of the pin at the other end.
    fn peer(&self, pin: &str) -> Option<String> {
        let end = self.graph.connected_to(&self.pin(pin)).ok()?;
        Some(format!(
            "{}.{}",
            self.graph.name(end.filter).unwrap(),
            end.pin
        ))
    }

    /// The letter of what a pin agreed on.
    fn letter(&self, pin: &str) -> Option<char> {
        let format = self.graph.format(&self.pin(pin)).ok()?;
        Some(letter(&format))
    }

    fn names(&self) -> Vec<String> {
        let all = self.graph.filters().into_iter();
        all.map(|id| self.graph.name(id).unwrap().to_owned())
            .collect()
    }

    fn run(&mut self, name: &str, is_on: bool) {
        let id = self.id(name);
        self.graph.set_running(id, is_on);
    }
}

fn letter(format: &DataFormat) -> char {
    let text = format.major.to_string();
    let number = u32::from_str_radix(&text[4..8], 16).unwrap();
    char::from_u32(number).unwrap()
}

/// A format of a kind, as a source of it alone would give it.
fn format_of(kind: u8) -> DataFormat {
    range_of(kind).choose().unwrap()
}

fn range_of(kind: u8) -> DataRange {
    let output = format!("out:{}", char::from(kind));
    let made = filters_of(&filter(&("any", NORMAL, &[], &[&output]), "")).unwrap();
    made[0].0.pins[0].ranges[0].clone()
}

const S: Kind<'_> = ("s", NORMAL, &[], &["out:A"]);
const T: Kind<'_> = ("t", NORMAL, &["in:A"], &[]);
const Z: Kind<'_> = ("z", NORMAL, &["in:Z"], &[]);
const X: Kind<'_> = ("x", NORMAL, &["in:A"], &["out:Z"]);
const P: Kind<'_> = ("p", NORMAL, &["in:A"], &["out:A"]);

#[test]
fn nam_1_filters_without_a_name_are_numbered_and_names_that_are_taken_get_a_number() {
    let mut it = bench(&[S, T], &[]);
    let mut add = |key: &str, name: Option<&str>| {
        let added = it.graph.add_filter(key, name);
        added.map(|(id, code)| (it.graph.name(id).unwrap().to_owned(), code))
    };
    assert_eq!(add("s", None), Ok(("0001".into(), Code::Ok)));
    assert_eq!(add("s", None), Ok(("0002".into(), Code::Ok)));
    assert_eq!(add("s", Some("a")), Ok(("a".into(), Code::Ok)));
    assert_eq!(
        add("t", Some("a")),
        Ok(("a 0003".into(), Code::DuplicateName))
    );
    assert_eq!(
        add("t", Some("0001")),
        Ok(("0001 0004".into(), Code::DuplicateName))
    );
    assert_eq!(add("t", Some("0005")), Ok(("0005".into(), Code::Ok)));
    assert_eq!(add("t", None), Ok(("0006".into(), Code::Ok)));
    assert_eq!(
        add("t", Some("")),
        Ok(("0007".into(), Code::Ok)),
        "nothing is no name"
    );
    assert_eq!(add("nobody", None), Err(Code::NotFound));
    assert_eq!(it.graph.find_filter("b"), Err(Code::NotFound));
    assert_eq!(it.graph.find_filter("A"), Err(Code::NotFound));
    assert_eq!(
        it.names(),
        [
            "0007",
            "0006",
            "0005",
            "0001 0004",
            "a 0003",
            "a",
            "0002",
            "0001"
        ]
    );
    // A name is free when its filter is gone; numbers go on.
    let gone = it.id("0001");
    assert_eq!(it.graph.remove_filter(gone), Ok(()));
    assert_eq!(it.graph.remove_filter(gone), Err(Code::NotInGraph));
    assert_eq!(it.graph.name(gone), Err(Code::NotInGraph));
    assert_eq!(it.graph.add_filter("s", Some("0001")).unwrap().1, Code::Ok);
    let (id, _) = it.graph.add_filter("s", None).unwrap();
    assert_eq!(it.graph.name(id), Ok("0008"));
}

#[test]
fn nam_1_numbers_have_four_digits_and_begin_anew_behind_the_last() {
    let mut it = bench(&[S], &[]);
    it.graph.add_filter("s", Some("0003")).unwrap();
    it.graph.add_filter("s", Some("q")).unwrap();
    // Every name that is taken costs a number.
    for _ in 0..9_998 {
        let (id, code) = it.graph.add_filter("s", Some("q")).unwrap();
        assert_eq!(code, Code::DuplicateName);
        it.graph.remove_filter(id).unwrap();
    }
    let mut next = || {
        let (id, _) = it.graph.add_filter("s", None).unwrap();
        it.graph.name(id).unwrap().to_owned()
    };
    let found = [next(), next(), next(), next()];
    assert_eq!(found, ["9999", "0001", "0002", "0004"]);
}

#[test]
fn pins_are_found_by_name() {
    let it = bench(&[S, T, P], &["p"]);
    let id = it.id("p");
    assert_eq!(it.graph.pins(id), Ok(vec!["in".into(), "out".into()]));
    assert_eq!(it.graph.find_pin(id, "in").unwrap(), it.pin("p.in"));
    assert_eq!(it.graph.find_pin(id, "In"), Err(Code::NotFound));
    assert_eq!(it.graph.find_pin(FilterId(77), "in"), Err(Code::NotInGraph));
    assert_eq!(it.graph.pins(FilterId(77)), Err(Code::NotInGraph));
}

#[test]
fn pix_1_the_output_looks_at_its_partner_then_at_itself() {
    let mut it = bench(&[S, T, P], &["s", "s s2", "t", "t t2", "p"]);
    let (s, t) = (it.pin("s.out"), it.pin("t.in"));
    assert_eq!(
        it.graph.connect_direct(Some(&s), None, Wish::Any),
        Err(Code::Pointer)
    );
    assert_eq!(
        it.graph.connect_direct(None, Some(&t), Wish::Any),
        Err(Code::Pointer)
    );
    assert_eq!(it.direct("s.out", "s2.out"), Err(Code::InvalidDirection));
    // No type is looked at before the state is.
    it.run("s", true);
    assert_eq!(it.direct("s.out", "s2.out"), Err(Code::InvalidDirection));
    assert_eq!(it.direct("s.out", "t.in"), Err(Code::NotStopped));
    it.run("s", false);
    assert_eq!(it.direct("s.out", "t.in"), Ok(Code::Ok));
    it.run("s", true);
    assert_eq!(it.direct("s.out", "t2.in"), Err(Code::AlreadyConnected));
    assert_eq!(it.direct("s.out", "t.in"), Err(Code::AlreadyConnected));
    assert_eq!(it.peer("s.out").as_deref(), Some("t.in"));
    assert_eq!(it.peer("t.in").as_deref(), Some("s.out"));
    assert_eq!(it.peer("t2.in"), None);
}

#[test]
fn pix_2_an_exact_format_is_one_attempt_and_a_wish_filters_what_both_list() {
    let all: [Kind<'_>; 3] = [
        ("s", NORMAL, &[], &["out:XYW"]),
        ("t", NORMAL, &["in:VYX"], &[]),
        ("n", NORMAL, &["in:Q"], &[]),
    ];
    let made = |wish: Wish<'_>| {
        let mut it = bench(&all, &["s", "t"]);
        let done = it.wished("s.out", "t.in", wish);
        done.map(|_| it.letter("t.in").unwrap())
    };
    assert_eq!(made(Wish::Any), Ok('Y'), "the input's list goes first");
    assert_eq!(made(Wish::Exactly(&format_of(b'X'))), Ok('X'));
    assert_eq!(made(Wish::Exactly(&format_of(b'Y'))), Ok('Y'));
    for refused in *b"VWQ" {
        let format = format_of(refused);
        assert_eq!(
            made(Wish::Exactly(&format)),
            Err(Code::TypeNotAccepted),
            "{refused}"
        );
    }
    assert_eq!(made(Wish::Within(&range_of(b'X'))), Ok('X'));
    assert_eq!(
        made(Wish::Within(&range_of(b'W'))),
        Err(Code::NoAcceptableTypes)
    );
    let any = DataRange {
        major: ksgraph::ks::ids::Guid::WILDCARD,
        sub: ksgraph::ks::ids::Guid::WILDCARD,
        ..range_of(b'X')
    };
    assert_eq!(made(Wish::Within(&any)), Ok('Y'));
    let mut it = bench(&all, &["s", "n"]);
    assert_eq!(it.direct("s.out", "n.in"), Err(Code::NoAcceptableTypes));
    assert_eq!(it.peer("s.out"), None);
    assert!(it.graph.graph().connections.is_empty());
}

#[test]
fn pix_3_the_input_looks_at_its_state_its_partner_the_format_and_who_asks() {
    let mut it = bench(&[S, T, Z], &["s", "s s2", "t", "z"]);
    let a = format_of(b'A');
    let receive = |it: &mut Bench, to: &str, from: Option<&str>, format: &DataFormat| {
        let (to, from) = (it.pin(to), from.map(|from| it.pin(from)));
        it.graph.receive_connection(&to, from.as_ref(), format)
    };
    assert_eq!(receive(&mut it, "t.in", None, &a), Err(Code::Pointer));
    assert_eq!(
        receive(&mut it, "t.in", Some("z.in"), &format_of(b'Q')),
        Err(Code::TypeNotAccepted)
    );
    assert_eq!(
        receive(&mut it, "t.in", Some("z.in"), &a),
        Err(Code::InvalidDirection)
    );
    it.run("t", true);
    assert_eq!(
        receive(&mut it, "t.in", Some("z.in"), &format_of(b'Q')),
        Err(Code::NotStopped)
    );
    it.run("t", false);
    assert_eq!(receive(&mut it, "t.in", Some("s.out"), &a), Ok(()));
    assert_eq!(
        receive(&mut it, "t.in", Some("s2.out"), &format_of(b'Q')),
        Err(Code::AlreadyConnected)
    );
    it.run("t", true);
    assert_eq!(
        receive(&mut it, "t.in", Some("s2.out"), &a),
        Err(Code::NotStopped)
    );
    assert_eq!(it.peer("s.out").as_deref(), Some("t.in"));
    // The same order, seen from the output.
    it.run("s2", false);
    assert_eq!(it.direct("s2.out", "t.in"), Err(Code::NotStopped));
    it.run("t", false);
    assert_eq!(it.direct("s2.out", "t.in"), Err(Code::AlreadyConnected));
}

#[test]
fn pix_4_a_pin_is_let_go_on_its_own_side() {
    let mut it = bench(&[S, T], &["s", "t", "t t2"]);
    assert_eq!(it.disconnect("s.out"), Ok(Code::False));
    assert_eq!(it.graph.disconnect(None), Err(Code::Pointer));
    assert_eq!(it.direct("s.out", "t.in"), Ok(Code::Ok));
    it.run("s", true);
    assert_eq!(it.disconnect("s.out"), Err(Code::NotStopped));
    it.run("s", false);
    assert_eq!(it.disconnect("s.out"), Ok(Code::Ok));
    assert_eq!(it.disconnect("s.out"), Ok(Code::False));
    assert_eq!(it.peer("s.out"), None);
    assert_eq!(
        it.peer("t.in").as_deref(),
        Some("s.out"),
        "it does not touch the other side"
    );
    // The other side still has its partner.
    assert_eq!(it.direct("s.out", "t.in"), Err(Code::AlreadyConnected));
    assert_eq!(it.disconnect("t.in"), Ok(Code::Ok));
    assert_eq!(it.peer("t.in"), None);
    assert!(it.graph.graph().connections.is_empty());
    assert_eq!(it.direct("s.out", "t.in"), Ok(Code::Ok));
    // What was let go on one side takes another partner.
    assert_eq!(it.disconnect("s.out"), Ok(Code::Ok));
    assert_eq!(it.direct("s.out", "t2.in"), Ok(Code::Ok));
    assert_eq!(it.peer("t2.in").as_deref(), Some("s.out"));
    assert_eq!(it.peer("s.out").as_deref(), Some("t2.in"));
}

#[test]
fn pix_4_a_filter_that_goes_frees_both_ends() {
    let mut it = bench(&[S, T, P], &["s", "p", "t"]);
    assert_eq!(it.direct("s.out", "p.in"), Ok(Code::Ok));
    assert_eq!(it.direct("p.out", "t.in"), Ok(Code::Ok));
    let p = it.id("p");
    assert_eq!(it.graph.remove_filter(p), Ok(()));
    assert_eq!((it.peer("s.out"), it.peer("t.in")), (None, None));
    assert_eq!(it.direct("s.out", "t.in"), Ok(Code::Ok));
    // Half let go and then gone.
    assert_eq!(it.disconnect("t.in"), Ok(Code::Ok));
    let s = it.id("s");
    assert_eq!(it.graph.remove_filter(s), Ok(()));
    assert_eq!(it.disconnect("t.in"), Ok(Code::False));
}

#[test]
fn pix_4_a_pin_is_connected_again_to_whom_it_had() {
    let all: [Kind<'_>; 2] = [
        ("s", NORMAL, &[], &["out:XY"]),
        ("t", NORMAL, &["in:YX"], &[]),
    ];
    let mut it = bench(&all, &["s", "t"]);
    let (s, t) = (it.pin("s.out"), it.pin("t.in"));
    assert_eq!(it.graph.reconnect(None), Err(Code::Pointer));
    assert_eq!(it.graph.reconnect(Some(&s)), Err(Code::NotConnected));
    assert_eq!(
        it.wished("s.out", "t.in", Wish::Exactly(&format_of(b'X'))),
        Ok(Code::Ok)
    );
    for pin in [&s, &t] {
        assert_eq!(it.graph.reconnect(Some(pin)), Ok(Code::Ok));
        assert_eq!(it.peer("s.out").as_deref(), Some("t.in"));
        assert_eq!(it.letter("t.in"), Some('X'), "with the same format");
    }
    it.run("t", true);
    assert_eq!(it.graph.reconnect(Some(&s)), Err(Code::NotStopped));
    assert_eq!(it.letter("t.in"), Some('X'), "a failure changes nothing");
    it.run("t", false);
    assert_eq!(it.disconnect("s.out"), Ok(Code::Ok));
    assert_eq!(it.graph.reconnect(Some(&s)), Err(Code::NotConnected));
}

#[test]
fn cyc_1_a_loop_is_circular_when_asked_for_and_cannot_be_connected_when_it_is_sought() {
    let mut it = bench(&[P], &["p", "p p2", "p p3"]);
    assert_eq!(it.direct("p.out", "p.in"), Err(Code::CircularGraph));
    assert_eq!(it.connect("p.out", "p.in"), Err(Code::CannotConnect));
    assert_eq!(it.direct("p.out", "p2.in"), Ok(Code::Ok));
    assert_eq!(it.direct("p2.out", "p.in"), Err(Code::CircularGraph));
    assert_eq!(it.connect("p2.out", "p.in"), Err(Code::CannotConnect));
    assert_eq!(it.direct("p2.out", "p3.in"), Ok(Code::Ok));
    assert_eq!(it.direct("p3.out", "p.in"), Err(Code::CircularGraph));
    assert_eq!(it.names(), ["p3", "p2", "p"]);
    // A branch that comes together again is none.
    let all: [Kind<'_>; 2] = [
        ("f", NORMAL, &[], &["one:A", "two:A"]),
        ("j", NORMAL, &["one:A", "two:A"], &[]),
    ];
    let mut it = bench(&all, &["f", "j"]);
    assert_eq!(it.direct("f.one", "j.two"), Ok(Code::Ok));
    assert_eq!(it.direct("f.two", "j.one"), Ok(Code::Ok));
}

/// Connects `s.out` to `z.in`, and says what stands between, from the output on.
fn between(all: &[Kind<'_>], boxes: &[&str]) -> Result<Vec<String>, Code> {
    let mut kinds = vec![S, Z];
    kinds.extend(all);
    let boxes: Vec<&str> = ["s", "z"].iter().chain(boxes).copied().collect();
    let mut it = bench(&kinds, &boxes);
    let before = it.graph.graph().clone();
    match it.connect("s.out", "z.in") {
        Ok(code) => {
            assert_eq!(code, Code::Ok);
            Ok(way(&it, "s.out", "z.in"))
        }
        Err(code) => {
            assert_eq!(*it.graph.graph(), before, "something was left");
            Err(code)
        }
    }
}

fn way(it: &Bench, from: &str, to: &str) -> Vec<String> {
    let mut way = vec![];
    let mut at = it.peer(from).unwrap();
    while at != to {
        let name = at.split_once('.').unwrap().0.to_owned();
        let id = it.id(&name);
        let outputs: Vec<String> = it.graph.pins(id).unwrap();
        let next = outputs.iter().filter(|pin| pin.contains("out"));
        let mut next = next.filter_map(|pin| it.peer(&format!("{name}.{pin}")));
        at = next.next().unwrap();
        way.push(name);
    }
    way
}

#[test]
fn int_what_leads_there_goes_in_between() {
    let names = |list: &[&str]| Ok(list.iter().map(|it| (*it).to_owned()).collect());
    let one = |key, merit| -> Kind<'static> { (key, merit, &["in:A"], &["out:Z"]) };
    assert_eq!(between(&[], &[]), Err(Code::CannotConnect));
    assert_eq!(between(&[X], &[]), names(&["x"]));
    assert_eq!(
        between(&[one("b", NORMAL + 1), one("a", NORMAL)], &[]),
        names(&["b"])
    );
    assert_eq!(between(&[one("u", UNLIKELY)], &[]), names(&["u"]));
    assert_eq!(
        between(&[one("h", UNLIKELY - 1)], &[]),
        Err(Code::CannotConnect)
    );
    assert_eq!(between(&[one("h", BY_HAND)], &[]), Err(Code::CannotConnect));
    // What is there goes first, whatever its merit; the newest of several.
    assert_eq!(between(&[one("h", BY_HAND), X], &["h"]), names(&["h"]));
    assert_eq!(between(&[X], &["x x1", "x x2"]), names(&["x2"]));
    // Two in a row, of which one is there.
    let first: Kind<'_> = ("first", NORMAL, &["in:A"], &["out:B"]);
    let second: Kind<'_> = ("second", NORMAL, &["in:B"], &["out:Z"]);
    assert_eq!(between(&[first, second], &[]), names(&["first", "second"]));
    assert_eq!(
        between(&[first, second], &["second"]),
        names(&["first", "second"])
    );
    assert_eq!(
        between(&[first, second], &["first"]),
        names(&["first", "second"])
    );
    // Pins that a name keeps back, and inputs nobody has anything for.
    assert_eq!(
        between(&[("k", NORMAL, &["in:A"], &["~out:Z"])], &[]),
        Err(Code::CannotConnect)
    );
    assert_eq!(
        between(&[("k", NORMAL, &["in:A"], &["~out:Z"])], &["k"]),
        Err(Code::CannotConnect)
    );
    assert_eq!(
        between(&[("k", NORMAL, &["in:A"], &["out~:Z"])], &[]),
        names(&["k"])
    );
    assert_eq!(
        between(&[("e", NORMAL, &["in:A"], &[])], &["e"]),
        Err(Code::CannotConnect)
    );
    // The second output leads there.
    let two: Kind<'_> = ("two", NORMAL, &["in:A"], &["out:Q", "out2:Z"]);
    assert_eq!(between(&[two], &[]), names(&["two"]));
    assert_eq!(between(&[two], &["two"]), names(&["two"]));
}

#[test]
fn int_6_five_are_put_in_and_not_a_sixth() {
    let letters: Vec<String> = ('A'..='G').map(String::from).collect();
    let links: Vec<(String, String, String)> = letters
        .windows(2)
        .map(|pair| {
            (
                format!("l{}", pair[0]),
                format!("in:{}", pair[0]),
                format!("out:{}", pair[1]),
            )
        })
        .collect();
    for (count, wanted) in [(5, Ok(Code::Ok)), (6, Err(Code::CannotConnect))] {
        let pins: Vec<([&str; 1], [&str; 1])> = links
            .iter()
            .map(|(_, input, output)| ([input.as_str()], [output.as_str()]))
            .collect();
        let mut all: Vec<Kind<'_>> = vec![S];
        let chain = links.iter().zip(&pins).take(count);
        all.extend(
            chain.map(|((key, ..), (input, output))| -> Kind<'_> { (key, NORMAL, input, output) }),
        );
        let end = format!("in:{}", letters[count]);
        let end = [end.as_str()];
        all.push(("end", NORMAL, &end, &[]));
        let mut it = bench(&all, &["s", "end"]);
        assert_eq!(it.connect("s.out", "end.in"), wanted, "{count}");
    }
}

#[test]
fn int_1_ends_are_turned_and_nothing_is_no_pin() {
    let mut it = bench(&[S, T, Z, X], &["s", "t", "z"]);
    let (s, z) = (it.pin("s.out"), it.pin("z.in"));
    assert_eq!(it.graph.connect(None, Some(&z)), Err(Code::Pointer));
    assert_eq!(it.graph.connect(Some(&s), None), Err(Code::Pointer));
    assert_eq!(it.connect("t.in", "s.out"), Ok(Code::Ok));
    assert_eq!(it.peer("t.in").as_deref(), Some("s.out"));
    assert_eq!(
        it.connect("s.out", "z.in"),
        Err(Code::CannotConnect),
        "it is taken"
    );
    assert_eq!(
        it.disconnect("s.out").and(it.disconnect("t.in")),
        Ok(Code::Ok)
    );
    assert_eq!(it.connect("z.in", "s.out"), Ok(Code::Ok));
    assert_eq!(it.names()[0], "x");
    assert_eq!(it.connect("t.in", "z.in"), Err(Code::CannotConnect));
}

#[test]
fn int_9_what_else_comes_out_in_between_is_left_alone() {
    let all: [Kind<'_>; 4] = [S, Z, T, ("two", NORMAL, &["in:A"], &["out:Z", "more:A"])];
    let mut it = bench(&all, &["s", "z", "t"]);
    assert_eq!(it.connect("s.out", "z.in"), Ok(Code::Ok));
    assert_eq!(it.peer("two.more"), None);
    assert_eq!(it.peer("t.in"), None);
}

#[test]
fn ren_an_output_is_rendered_whole_in_part_or_not_at_all() {
    let all: [Kind<'_>; 3] = [S, T, ("fork", NORMAL, &["in:A"], &["one:B", "two:C"])];
    let b: Kind<'_> = ("b", NORMAL, &["in:B"], &[]);
    let c: Kind<'_> = ("c", NORMAL, &["in:C"], &[]);
    let rendered = |kinds: &[Kind<'_>], boxes: &[&str], is_there: bool| {
        let mut it = bench(kinds, boxes);
        let before = it.graph.graph().clone();
        let done = it.render("s.out", is_there);
        if done.is_err() {
            assert_eq!(*it.graph.graph(), before);
        }
        (done, it.names().len())
    };
    assert_eq!(rendered(&[S], &["s"], false), (Err(Code::CannotRender), 1));
    assert_eq!(rendered(&[S, T], &["s"], false), (Ok(Code::Ok), 2));
    assert_eq!(
        rendered(&[S, T], &["s"], true),
        (Err(Code::CannotRender), 1)
    );
    assert_eq!(rendered(&[S, T], &["s", "t"], true), (Ok(Code::Ok), 2));
    let fork = [all[0], all[2], b, c];
    assert_eq!(rendered(&fork, &["s"], false), (Ok(Code::Ok), 4));
    assert_eq!(
        rendered(&fork[..3], &["s"], false),
        (Ok(Code::PartialRender), 3)
    );
    assert_eq!(
        rendered(&fork[..2], &["s"], false),
        (Err(Code::CannotRender), 1)
    );
    // A filter whose outputs are all kept back is rendered.
    let kept: [Kind<'_>; 2] = [S, ("k", NORMAL, &["in:A"], &["~out:Q"])];
    assert_eq!(rendered(&kept, &["s"], false), (Ok(Code::Ok), 2));
    let mut it = bench(&[S, T], &["s", "t"]);
    assert_eq!(it.graph.render(None, false), Err(Code::Pointer));
    assert_eq!(it.render("t.in", false), Err(Code::InvalidDirection));
    assert_eq!(it.direct("s.out", "t.in"), Ok(Code::Ok));
    assert_eq!(it.render("s.out", false), Err(Code::AlreadyConnected));
}

#[test]
fn ren_a_file_is_rendered_by_whoever_reads_it() {
    let b: Kind<'_> = ("b", NORMAL, &["in:B"], &[]);
    let reader: Kind<'_> = ("read_odd", NORMAL, &[], &["one:B", "two:C"]);
    let c: Kind<'_> = ("c", NORMAL, &["in:C"], &[]);
    let rendered = |kinds: &[Kind<'_>], file: &str| {
        let mut it = bench(kinds, &[]);
        let fact = FileFact::Unusable("nobody knows it".into());
        let done = it.graph.render_file(std::path::Path::new(file), fact);
        let mut names = it.names();
        names.sort();
        (done, names.join(" "))
    };
    assert_eq!(
        rendered(&[reader, b, c], "a.odd"),
        (Ok(Code::Ok), "b c read_odd".into())
    );
    assert_eq!(
        rendered(&[reader, b, c], "a.ODD"),
        (Ok(Code::Ok), "b c read_odd".into())
    );
    assert_eq!(
        rendered(&[reader, c], "a.odd"),
        (Ok(Code::PartialRender), "c read_odd".into())
    );
    assert_eq!(
        rendered(&[reader], "a.odd"),
        (Err(Code::CannotRender), String::new())
    );
    assert_eq!(
        rendered(&[reader, b, c], "a.even"),
        (Err(Code::CannotRender), String::new())
    );
    assert_eq!(
        rendered(&[reader, b, c], "odd"),
        (Err(Code::CannotRender), String::new())
    );
}

/// A machine with one device, and a graph that names another.
fn without_device() -> FilterGraph {
    let offline = Arc::new(ksgraph::portcls::Offline);
    let catalogue = ksgraph::filters::catalogue(offline.clone(), offline);
    let nominal = Facts::nominal();
    let facts = Facts {
        is_nominal: false,
        devices: nominal
            .devices
            .into_iter()
            .map(|it| AudioDevice {
                host: "alsa".into(),
                name: "here".into(),
                ..it
            })
            .collect(),
        ..Facts::default()
    };
    FilterGraph::new(catalogue, facts)
}

#[test]
fn int_2_a_device_that_is_not_there_ends_it_at_once() {
    use ksgraph::ks::Value;
    for (device, wanted) in [
        ("", Ok(Code::Ok)),
        ("alsa:here", Ok(Code::Ok)),
        ("here", Ok(Code::Ok)),
        ("alsa:gone", Err(Code::NoAudioHardware)),
    ] {
        let mut graph = without_device();
        let (t, _) = graph.add_filter("tone", Some("t")).unwrap();
        let (d, _) = graph.add_filter("audio_device_out", Some("d")).unwrap();
        graph
            .set_value(d, "device", Value::Text(device.into()))
            .unwrap();
        let before: Graph = graph.graph().clone();
        let out = graph.find_pin(t, "out").unwrap();
        let into = graph.find_pin(d, "in").unwrap();
        assert_eq!(graph.connect(Some(&out), Some(&into)), wanted, "{device}");
        if wanted.is_err() {
            assert_eq!(
                graph.connect_direct(Some(&out), Some(&into), Wish::Any),
                wanted
            );
            // Not even a renderer that would take it is asked.
            assert_eq!(graph.render(Some(&out), false), wanted);
            assert_eq!(graph.render(Some(&out), true), wanted);
            assert_eq!(*graph.graph(), before);
        }
    }
}
