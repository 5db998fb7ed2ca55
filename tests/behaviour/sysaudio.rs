//! The program that builds graphs: which chain comes between two pins, where an output ends, and that nothing is left of what
//! failed. Filters are declared, each taking and giving streams of a kind by name, so that every chain can be counted.

use super::desk::{Desk, Did};

/// A filter: key, merit, inputs, outputs; a pin is `name:KIND`, a kind one letter.
pub(crate) type Kind<'a> = (&'a str, u32, &'a [&'a str], &'a [&'a str]);

pub(crate) const NORMAL: u32 = 0x60_0000;
pub(crate) const UNLIKELY: u32 = 0x40_0000;
const BY_HAND: u32 = 0x20_0000;

fn pin(text: &str, flow: &str) -> String {
    let (name, kind) = text.split_once(':').unwrap();
    let (kind, medium) = kind.split_once('/').unwrap_or((kind, ""));
    let letter = u32::from(kind.as_bytes()[0]);
    let medium = match medium {
        "" => String::new(),
        id => format!(r#", mediums: [(set: "01234567-89AB-CDEF-0123-456789ABCDEF", id: {id})]"#),
    };
    format!(
        r#"(name: "{name}", data_flow: {flow}, ranges: [(major: "0000{letter:04x}-0000-0010-8000-00AA00389B71",
            sub: "AAAAAAAA-0000-0010-8000-00AA00389B71", specifier: "0F6417D6-C318-11D0-A43F-00A0C9223196", limits: None)]{medium})"#
    )
}

pub(crate) fn filter((key, merit, inputs, outputs): &Kind<'_>) -> String {
    let inputs = inputs.iter().map(|it| pin(it, "in"));
    let pins: Vec<String> = inputs
        .chain(outputs.iter().map(|it| pin(it, "out")))
        .collect();
    format!(
        r#"(key: "{key}", title: "{key}", merit: {merit}, pins: [{}])"#,
        pins.join(", ")
    )
}

/// A desk with these kinds of filters, and a graph of boxes, each called as its kind, with wires.
pub(crate) fn laid(name: &str, kinds: &[Kind<'_>], boxes: &[&str], wires: &[&str]) -> Desk {
    let desk = Desk::new(&format!("sysaudio-{name}"));
    let filters: Vec<String> = kinds.iter().map(filter).collect();
    let text = format!("(version: 1, filters: [{}])", filters.join(", "));
    std::fs::create_dir_all(desk.path("more")).unwrap();
    std::fs::write(desk.path("more/kinds.ron"), text).unwrap();
    let made = desk.json(&["new", "-o", "g.ron"]);
    assert_eq!(made.code, Some(0), "{}", made.said);
    for it in boxes {
        let (key, name) = it.split_once(' ').unwrap_or((it, it));
        assert_eq!(
            told(&desk, &["add", "g.ron", key, "--name", name]).code,
            Some(0)
        );
    }
    for wire in wires {
        let (from, to) = wire.split_once(" -> ").unwrap();
        let did = told(&desk, &["connect", "g.ron", from, to, "--direct"]);
        assert_eq!(did.code, Some(0), "{}", did.json);
    }
    desk
}

pub(crate) fn told(desk: &Desk, words: &[&str]) -> Did {
    desk.json(&[&["--filters", "more"], words].concat())
}

pub(crate) fn graph(desk: &Desk) -> String {
    std::fs::read_to_string(desk.path("g.ron")).unwrap()
}

/// Names in a list of a document.
pub(crate) fn names(did: &Did, field: &str) -> Vec<String> {
    let list = did.json[field].as_array();
    let list = list.unwrap_or_else(|| panic!("no {field}: {} {}", did.json, did.said));
    list.iter().map(|it| it.as_str().unwrap().into()).collect()
}

/// A case of connecting `s.out` to `t.in`: filters that come in between, or none where it is refused.
fn connects(
    name: &str,
    kinds: &[Kind<'_>],
    boxes: &[&str],
    wires: &[&str],
    through: Option<&[&str]>,
) {
    let mut all: Vec<Kind<'_>> = vec![
        ("s", NORMAL, &[], &["out:A"]),
        ("t", NORMAL, &["in:Z"], &[]),
    ];
    all.extend(kinds);
    let boxes: Vec<&str> = ["s", "t"].iter().chain(boxes).copied().collect();
    let desk = laid(name, &all, &boxes, wires);
    let before = graph(&desk);
    let did = told(&desk, &["connect", "g.ron", "s.out", "t.in"]);
    match through {
        Some(through) => {
            assert_eq!(did.code, Some(0), "{name}: {}", did.json);
            assert_eq!(names(&did, "through"), through, "{name}");
            let check = told(&desk, &["check", "g.ron"]);
            let wires = check.json["wires"].as_array().unwrap();
            assert!(
                wires.iter().all(|wire| wire.get("agreed").is_some()),
                "{name}: {}",
                check.json
            );
        }
        None => {
            assert_eq!(did.code, Some(1), "{name}: {}", did.json);
            assert_eq!(graph(&desk), before, "{name}: something was left");
        }
    }
}

#[test]
fn the_fewest_filters_go_in_between_then_the_better_then_the_newer() {
    let one = |key, merit| -> Kind<'static> { (key, merit, &["in:A"], &["out:Z"]) };
    connects("none", &[], &[], &[], None);
    connects("one", &[one("x", NORMAL)], &[], &[], Some(&["x"]));
    connects(
        "merit",
        &[one("better", NORMAL + 1), one("x", NORMAL)],
        &[],
        &[],
        Some(&["better"]),
    );
    connects(
        "newest",
        &[one("older", NORMAL), one("newer", NORMAL)],
        &[],
        &[],
        Some(&["newer"]),
    );
    connects("unlikely", &[one("x", UNLIKELY)], &[], &[], Some(&["x"]));
    connects("by hand", &[one("x", BY_HAND)], &[], &[], None);
    // Fewest before merit.
    connects(
        "short",
        &[
            ("a", NORMAL + 9, &["in:A"], &["out:B"]),
            ("b", NORMAL + 9, &["in:B"], &["out:Z"]),
            one("x", UNLIKELY),
        ],
        &[],
        &[],
        Some(&["x"]),
    );
}

#[test]
fn int_6_five_filters_are_put_in_and_a_sixth_is_not() {
    let steps: [Kind<'_>; 6] = [
        ("f1", NORMAL, &["in:A"], &["out:B"]),
        ("f2", NORMAL, &["in:B"], &["out:C"]),
        ("f3", NORMAL, &["in:C"], &["out:D"]),
        ("f4", NORMAL, &["in:D"], &["out:E"]),
        ("f5", NORMAL, &["in:E"], &["out:Z"]),
        ("f6", NORMAL, &["in:E"], &["out:F"]),
    ];
    let all = ["f1", "f2", "f3", "f4", "f5"];
    connects("five", &steps[..5], &[], &[], Some(&all));
    let mut six = steps.to_vec();
    six[4] = ("f5", NORMAL, &["in:F"], &["out:Z"]);
    connects("six", &six, &[], &[], None);
    // What is there costs nothing.
    connects(
        "six with one there",
        &six,
        &["f3"],
        &[],
        Some(&["f1", "f2", "f3", "f4", "f6", "f5"]),
    );
}

#[test]
fn int_3_what_stands_in_the_graph_goes_first_the_newest_before_all() {
    let one = |key, merit| -> Kind<'static> { (key, merit, &["in:A"], &["out:Z"]) };
    let kinds = [one("x", NORMAL), one("good", NORMAL + 9)];
    connects("there", &kinds, &["x"], &[], Some(&["x"]));
    connects(
        "by hand there",
        &[one("x", BY_HAND)],
        &["x"],
        &[],
        Some(&["x"]),
    );
    connects(
        "newest there",
        &kinds,
        &["x x1", "x x2"],
        &[],
        Some(&["x2"]),
    );
    // A longer chain of what is there adds less than a short one of what is not.
    let longer: [Kind<'_>; 3] = [
        ("a", NORMAL, &["in:A"], &["out:B"]),
        ("b", NORMAL, &["in:B"], &["out:Z"]),
        one("x", NORMAL),
    ];
    connects("two there", &longer, &["a", "b"], &[], Some(&["a", "b"]));
    // One of two there: as many are added, and what is there comes in.
    connects("half there", &longer[..2], &["a"], &[], Some(&["a", "b"]));
    // What is wired already is no way.
    let taken: [Kind<'_>; 3] = [
        one("x", NORMAL),
        ("u", NORMAL, &["in:Z"], &[]),
        ("v", NORMAL, &[], &["out:A"]),
    ];
    connects(
        "taken behind",
        &taken,
        &["x x1", "u"],
        &["x1.out -> u.in"],
        Some(&["x"]),
    );
    connects(
        "taken before",
        &taken,
        &["x x1", "v"],
        &["v.out -> x1.in"],
        Some(&["x"]),
    );
}

#[test]
fn int_3_an_output_whose_name_begins_with_a_tilde_leads_nowhere_by_itself() {
    connects(
        "tilde",
        &[("x", NORMAL, &["in:A"], &["~out:Z"])],
        &["x x1"],
        &[],
        None,
    );
    connects(
        "beside a tilde",
        &[("x", NORMAL, &["in:A"], &["~first:Z", "second:Z"])],
        &[],
        &[],
        Some(&["x"]),
    );
    // The name and nothing else: by hand it is a pin like others.
    let desk = laid(
        "tilde by hand",
        &[
            ("s", NORMAL, &[], &["~out:A"]),
            ("t", NORMAL, &["in:A"], &[]),
        ],
        &["s", "t"],
        &["s.~out -> t.in"],
    );
    assert!(graph(&desk).contains("~out"));
}

#[test]
fn int_9_what_else_comes_out_of_a_filter_in_between_is_left_alone() {
    let kinds: [Kind<'_>; 2] = [
        ("x", NORMAL, &["in:A"], &["first:Y", "out:Z"]),
        ("u", NORMAL, &["in:Y"], &[]),
    ];
    connects("more outputs", &kinds, &["u"], &[], Some(&["x"]));
}

#[test]
fn int_8_no_way_closes_a_loop() {
    // x1 feeds s: what comes out of s may not go into it; a new x may.
    let kinds: [Kind<'_>; 2] = [
        ("s2", NORMAL, &["in:Q"], &["out:A"]),
        ("x", NORMAL, &["in:A"], &["q:Q", "out:Z"]),
    ];
    let mut all: Vec<Kind<'_>> = vec![("t", NORMAL, &["in:Z"], &[])];
    all.extend(kinds);
    let desk = laid("loop", &all, &["s2", "t", "x x1"], &["x1.q -> s2.in"]);
    let did = told(&desk, &["connect", "g.ron", "s2.out", "t.in"]);
    assert_eq!(did.code, Some(0), "{}", did.json);
    assert_eq!(names(&did, "through"), ["x"]);
    // A direct loop ends at once, whatever could go in between.
    let desk = laid(
        "straight loop",
        &[("x", NORMAL, &["in:A"], &["out:A"])],
        &["x x1", "x x2"],
        &["x1.out -> x2.in"],
    );
    let before = graph(&desk);
    let did = told(&desk, &["connect", "g.ron", "x2.out", "x1.in"]);
    assert_eq!((did.code, graph(&desk) == before), (Some(1), true));
    assert_eq!(did.json["refusal"]["rule"], "CYC-1");
    let did = told(&desk, &["connect", "g.ron", "x1.out", "x1.in"]);
    assert_eq!((did.code, graph(&desk) == before), (Some(1), true));
}

#[test]
fn int_1_ends_the_wrong_way_round_are_turned() {
    let kinds: [Kind<'_>; 3] = [
        ("s", NORMAL, &[], &["out:A"]),
        ("t", NORMAL, &["in:Z"], &[]),
        ("x", NORMAL, &["in:A"], &["out:Z"]),
    ];
    let desk = laid("turned", &kinds, &["s", "t"], &[]);
    let did = told(&desk, &["connect", "g.ron", "t.in", "s.out"]);
    assert_eq!(did.code, Some(0), "{}", did.json);
    assert_eq!(names(&did, "through"), ["x"]);
    // Not where nothing but the wire itself was asked for.
    let did = told(&desk, &["connect", "g.ron", "t.in", "s.out", "--direct"]);
    assert_eq!(did.code, Some(1));
}

#[test]
fn another_link_is_reached_through_a_filter_that_is_on_both() {
    let kinds: [Kind<'_>; 4] = [
        ("s", NORMAL, &[], &["out:A/1"]),
        ("t", NORMAL, &["in:A/2"], &[]),
        ("no", NORMAL + 9, &["in:A"], &["out:A/2"]),
        ("x", NORMAL, &["in:A/1"], &["out:A/2"]),
    ];
    let desk = laid("links", &kinds, &["s", "t"], &[]);
    let did = told(&desk, &["connect", "g.ron", "s.out", "t.in"]);
    assert_eq!(did.code, Some(0), "{}", did.json);
    assert_eq!(names(&did, "through"), ["x"]);
}

#[test]
fn the_log_is_a_tree_with_a_card_for_what_was_refused() {
    let kinds: [Kind<'_>; 4] = [
        ("s", NORMAL, &[], &["out:A"]),
        ("t", NORMAL, &["in:Z"], &[]),
        ("x", NORMAL, &["in:A"], &["out:Z"]),
        ("no", NORMAL + 1, &["in:B"], &["out:Z"]),
    ];
    let desk = laid("log", &kinds, &["s", "t"], &[]);
    let did = told(&desk, &["connect", "g.ron", "s.out", "t.in", "--log"]);
    let direct = &did.json["attempts"][0];
    assert_eq!(direct["refusal"]["rule"], "DIX-6", "{}", did.json);
    let way = &did.json["attempts"][1];
    assert_eq!(
        (&way["ok"], way["attempt"].as_str()),
        (&true.into(), Some("through x"))
    );
    let looked = way["inner"][0]["inner"].as_array().unwrap();
    let of = |end: &str| {
        let mut all = looked.iter();
        all.find(|it| it["attempt"] == format!("s.out -> {end}"))
            .unwrap_or_else(|| panic!("{end}: {way}"))
    };
    assert_eq!(
        (&of("no.in")["ok"], &of("x.in")["ok"]),
        (&false.into(), &true.into())
    );
    assert!(of("no.in")["text"].as_str().unwrap().contains("takes"));
    let text = desk.run(&["--filters", "more", "disconnect", "g.ron", "x.out", "t.in"]);
    assert_eq!(text.code, Some(0), "{}", text.said);
    let explained = told(&desk, &["explain", "g.ron", "s.out", "t.in"]);
    assert_eq!(explained.code, Some(1));
}

#[test]
fn explain_says_which_way_would_be_taken() {
    let kinds: [Kind<'_>; 4] = [
        ("s", NORMAL, &[], &["out:A"]),
        ("t", NORMAL, &["in:Z"], &[]),
        ("x", NORMAL, &["in:A"], &["out:B"]),
        ("y", NORMAL, &["in:B"], &["out:Z"]),
    ];
    let desk = laid("explain", &kinds, &["s", "t"], &[]);
    let before = graph(&desk);
    let did = told(&desk, &["explain", "g.ron", "s.out", "t.in"]);
    assert_eq!(names(&did, "way"), ["x", "y"]);
    assert_eq!(graph(&desk), before);
}

/// A case of rendering `s.out`: the filters that come, and the outputs that are left; none where nothing renders it.
fn renders(
    name: &str,
    kinds: &[Kind<'_>],
    (boxes, wires): (&[&str], &[&str]),
    more: &[&str],
    found: Option<(&[&str], &[&str])>,
) -> Desk {
    let mut all: Vec<Kind<'_>> = vec![("s", NORMAL, &[], &["out:A"])];
    all.extend(kinds);
    let boxes: Vec<&str> = ["s"].iter().chain(boxes).copied().collect();
    let desk = laid(name, &all, &boxes, wires);
    let before = graph(&desk);
    let did = told(&desk, &[&["connect", "g.ron", "s.out"], more].concat());
    match found {
        Some((inserted, left)) => {
            assert_eq!(did.code, Some(0), "{name}: {}", did.json);
            assert_eq!(names(&did, "inserted"), inserted, "{name}");
            assert_eq!(names(&did, "left"), left, "{name}");
            assert_eq!(did.json["partial"], !left.is_empty(), "{name}");
        }
        None => {
            assert_eq!(did.code, Some(1), "{name}: {}", did.json);
            assert_eq!(graph(&desk), before, "{name}: something was left");
        }
    }
    desk
}

#[test]
fn ren_1_an_output_is_rendered_where_it_ends() {
    let sink = |key, merit| -> Kind<'static> { (key, merit, &["in:A"], &[]) };
    let nothing: (&[&str], &[&str]) = (&[], &[]);
    renders("nobody", &[], nothing, &[], None);
    renders(
        "a sink",
        &[sink("t", NORMAL)],
        nothing,
        &[],
        Some((&["t"], &[])),
    );
    renders("by hand", &[sink("t", BY_HAND)], nothing, &[], None);
    let two = [sink("t", NORMAL), sink("better", NORMAL + 1)];
    renders("merit", &two, nothing, &[], Some((&["better"], &[])));
    // What is there goes first.
    let desk = renders("there", &two, (&["t"], &[]), &[], Some((&[], &[])));
    assert!(
        graph(&desk).contains("(from: \"1.out\", to: \"2.in\")"),
        "{}",
        graph(&desk)
    );
    // The fewest filters.
    let chain: [Kind<'_>; 3] = [
        ("x", NORMAL + 9, &["in:A"], &["out:B"]),
        ("end", NORMAL, &["in:B"], &[]),
        sink("t", UNLIKELY),
    ];
    renders("short", &chain, nothing, &[], Some((&["t"], &[])));
    renders(
        "chain",
        &chain[..2],
        nothing,
        &[],
        Some((&["x", "end"], &[])),
    );
    // An input behind which all is connected already ends it as well.
    let joined: [Kind<'_>; 3] = [
        ("m", NORMAL, &["in:B", "more:A"], &["out:C"]),
        ("b", NORMAL, &[], &["out:B"]),
        ("c", NORMAL, &["in:C"], &[]),
    ];
    let boxes: (&[&str], &[&str]) = (&["m", "b", "c"], &["b.out -> m.in", "m.out -> c.in"]);
    renders("joined", &joined, boxes, &[], Some((&[], &[])));
    // A filter that only gives by pins that a name keeps back is an end.
    let kept: [Kind<'_>; 1] = [("k", NORMAL, &["in:A"], &["~out:Q"])];
    renders("kept back", &kept, nothing, &[], Some((&["k"], &[])));
}

#[test]
fn ren_2_what_cannot_be_rendered_is_said_and_the_rest_is_done() {
    let nothing: (&[&str], &[&str]) = (&[], &[]);
    let parser: [Kind<'_>; 3] = [
        ("p", NORMAL, &["in:A"], &["first:B", "second:C"]),
        ("b", NORMAL, &["in:B"], &[]),
        ("c", NORMAL, &["in:C"], &[]),
    ];
    renders("all", &parser, nothing, &[], Some((&["p", "b", "c"], &[])));
    renders(
        "some",
        &parser[..2],
        nothing,
        &[],
        Some((&["p", "b"], &["p.second"])),
    );
    renders("none", &parser[..1], nothing, &[], None);
    // A filter is rendered by all that it gives.
    let whole: [Kind<'_>; 3] = [
        ("w", NORMAL, &[], &["one:B", "two:C", "~three:D"]),
        ("b", NORMAL, &["in:B"], &[]),
        ("c", NORMAL, &["in:C"], &[]),
    ];
    for (name, kinds, left) in [
        ("whole", &whole[..], vec![]),
        ("half", &whole[..2], vec!["w.two"]),
    ] {
        let desk = laid(&format!("filter {name}"), kinds, &["w"], &[]);
        let did = told(&desk, &["connect", "g.ron", "w"]);
        assert_eq!(did.code, Some(0), "{}", did.json);
        assert_eq!(names(&did, "left"), left, "{name}");
    }
}

#[test]
fn ren_3_only_to_what_is_there_where_that_is_asked_for() {
    let nothing: (&[&str], &[&str]) = (&[], &[]);
    let sink: [Kind<'_>; 2] = [("t", NORMAL, &["in:A"], &[]), ("u", NORMAL, &["in:B"], &[])];
    renders("existing none", &sink, nothing, &["--existing"], None);
    renders(
        "existing other",
        &sink,
        (&["u"], &[]),
        &["--existing"],
        None,
    );
    renders(
        "existing",
        &sink,
        (&["t"], &[]),
        &["--existing"],
        Some((&[], &[])),
    );
}

#[test]
fn sound_and_notes_are_rendered_on_the_device_through_a_mixer_where_it_is_taken() {
    let desk = laid(
        "device",
        &[],
        &["tone", "tone tone2", "keyboard", "audio_device_out dev"],
        &[],
    );
    let did = told(&desk, &["connect", "g.ron", "tone.out"]);
    assert_eq!(
        (did.code, names(&did, "inserted").len()),
        (Some(0), 0),
        "{}",
        did.json
    );
    let did = told(&desk, &["connect", "g.ron", "tone2.out"]);
    assert_eq!(did.code, Some(0), "{}", did.json);
    assert_eq!(names(&did, "inserted"), ["Mixer"]);
    let did = told(&desk, &["connect", "g.ron", "keyboard.notes"]);
    assert_eq!(did.code, Some(0), "{}", did.json);
    assert_eq!(names(&did, "inserted"), ["DLS Synth"], "SYS-7, SYS-10");
    let check = told(&desk, &["check", "g.ron"]);
    assert_eq!(check.json["ok"], true, "{}", check.json);
    assert_eq!(check.json["wires"].as_array().unwrap().len(), 5);
    // Nobody else is at hand: a device comes.
    let desk = laid("no device", &[], &["keyboard"], &[]);
    let did = told(&desk, &["connect", "g.ron", "keyboard.notes"]);
    assert_eq!(names(&did, "inserted"), ["DLS Synth", "Audio Device Out"]);
}

#[test]
fn a_long_batch_of_connections_is_one_graph() {
    let desk = laid("batch", &[], &[], &[]);
    let mut lines = String::new();
    for at in 0..200 {
        lines += &format!("add gain --name g{at}\n");
    }
    for at in 1..200 {
        lines += &format!("connect g{}.out g{at}.in\n", at - 1);
    }
    std::fs::write(desk.path("lines"), lines).unwrap();
    let did = desk.json(&["new", "-o", "long.ron", "--batch", "lines"]);
    assert_eq!(did.code, Some(0), "{}", did.said);
    let check = desk.json(&["check", "long.ron"]);
    assert_eq!(check.json["wires"].as_array().unwrap().len(), 199);
}

#[test]
fn a_stream_is_played_by_the_number_of_a_virtual_device() {
    let desk = Desk::new("sysaudio-stream");
    let song = crate::support::examples().join("media/evening.mid");
    let song = song.to_str().unwrap();
    let listed = desk.json(&["devices"]);
    let all = listed.json["virtual"].as_array().unwrap();
    let of = |kind: &str| -> Vec<&serde_json::Value> {
        all.iter().filter(|it| it["kind"] == kind).collect()
    };
    for kind in ["wave_out", "wave_in", "midi_out", "midi_in"] {
        let numbers: Vec<u64> = of(kind)
            .iter()
            .map(|it| it["number"].as_u64().unwrap())
            .collect();
        let wanted: Vec<u64> = (0..numbers.len() as u64).collect();
        assert_eq!(numbers, wanted, "{kind}");
    }
    // The card that is always there is one of them, and notes are played by the synthesizer first (SYS-7).
    let null = of("wave_out")
        .into_iter()
        .find(|it| it["name"] == "null")
        .unwrap();
    assert_eq!(
        null["filters"].as_array().unwrap().last().unwrap(),
        "audio_device_out"
    );
    assert_eq!(of("midi_out")[0]["filters"][0], "dls_synth");
    let tone = ["new", "-o", "tone.ron"];
    assert_eq!(desk.run(&tone).code, Some(0));
    for words in [
        &["add", "tone.ron", "tone", "--name", "t"][..],
        &["connect", "tone.ron", "t.out"],
        &["render", "tone.ron", "-o", "tone.wav", "--seconds", "1"],
    ] {
        let did = desk.run(words);
        assert_eq!(did.code, Some(0), "{}", did.said);
    }
    let number = null["number"].to_string();
    let played = desk.json(&["play", "tone.wav", "--number", &number, "--seconds", "0.3"]);
    assert_eq!(played.code, Some(0), "{} {}", played.json, played.said);
    assert!(
        played.json["peak_dbfs"].as_f64().unwrap() > -40.0,
        "{}",
        played.json
    );
    let played = desk.json(&["play", song, "--device", "null", "--seconds", "1.5"]);
    assert_eq!(played.code, Some(0), "{} {}", played.json, played.said);
    assert!(
        played.json["peak_dbfs"].as_f64().unwrap() > -60.0,
        "{}",
        played.json
    );
    // Numbers that are not there, files that are no streams, graphs with a number.
    let wrong = desk.json(&["play", "tone.wav", "--number", "999"]);
    assert_eq!(wrong.code, Some(4), "{}", wrong.json);
    assert!(
        wrong.json["error"]["stopped"]
            .as_str()
            .unwrap()
            .contains("999")
    );
    assert_eq!(
        desk.json(&["play", "tone.ron", "--number", "0"]).code,
        Some(2)
    );
    std::fs::write(desk.path("odd.wav"), "not a wave").unwrap();
    assert_eq!(
        desk.json(&["play", "odd.wav", "--device", "null"]).code,
        Some(3)
    );
}

#[test]
fn where_the_sound_stops_is_said_with_the_setting_that_stops_it() {
    use ksgraph::app::{Action, App, Options};
    use ksgraph::graph::{FilterId, FilterPath, PinAddress};
    use ksgraph::ks::{State, Value};

    let mut app = App::new(Options::nominal(64));
    for key in ["tone", "gain", "null_renderer"] {
        app.perform(Action::AddFilter {
            key: key.into(),
            at: Default::default(),
        });
    }
    let ids: Vec<FilterId> = app.view().graph.filters.keys().copied().collect();
    for at in 0..2 {
        let pin = |filter, pin: &str| PinAddress {
            filter: FilterPath::from(vec![filter]),
            pin: pin.into(),
            instance: 0,
        };
        app.perform(Action::Connect {
            from: pin(ids[at], "out"),
            to: pin(ids[at + 1], "in"),
        });
    }
    app.perform(Action::SetState(State::Run));
    let gain = |app: &App| {
        let steps = app.view().sound_path();
        let mut mine = steps.into_iter();
        mine.find(|it| it.filter == Some(FilterPath::from(vec![ids[1]])))
    };
    let until = |app: &mut App, words: &str| {
        for _ in 0..20_000 {
            if gain(app).is_some_and(|it| it.words == words) {
                return;
            }
            app.poll();
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        panic!("not {words:?} but {:?}", app.view().sound_path());
    };
    until(&mut app, "gives sound");
    for (at, level) in [(0, -40.0), (1, -60.0)] {
        app.perform(Action::SetProperty {
            filter: ids[at],
            key: "level".into(),
            value: Some(Value::Number(level)),
        });
    }
    until(&mut app, "sound comes in and none goes out: Gain -60 dB");
    assert!(gain(&app).unwrap().is_stop);
}
