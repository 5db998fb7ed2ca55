//! One row a rule: pins with framings in a chain, and what their pipes come to.

use std::borrow::Cow;
use std::sync::Arc;

use super::*;
use crate::graph::{
    AskedFraming, Connection, Edit, FilterId, Graph, PinRef, Position, apply, negotiate,
};
use crate::ks::framing::{SYSTEM_MEMORY_TYPE, require};
use crate::ks::{
    Catalogue, Compression, DataRange, Descriptor, Facts, Filter, Framing, FramingItem, OpenError,
    Opened, Opening, PinFactory, SizeRange,
};

struct Only(Descriptor);

impl Filter for Only {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Err(OpenError::Other("only declared".into()))
    }
}

/// An item from words: `min-max/step`, `x3` frames, `&63` alignment, `w5` weight, flags by their first letters.
fn framing(text: &str) -> Option<Framing> {
    if text == "none" {
        return None;
    }
    let mut framing = Framing::SYSTEM;
    let mut items = vec![];
    for words in text.split('|') {
        let mut item = FramingItem::SYSTEM;
        for word in words.split_whitespace() {
            item.flags |= match word {
                "inplace" => require::INPLACE_MODIFIER,
                "integrity" => require::FRAME_INTEGRITY,
                "harmless" => require::NO_FRAME_INTEGRITY,
                "must" => require::MUST_ALLOCATE,
                "can" => require::CAN_ALLOCATE,
                "exists" => require::ALLOCATOR_EXISTS,
                "wishes" => require::PREFERENCES_ONLY,
                "insists" => require::INSIST_ON_FRAMESIZE_RATIO,
                _ => 0,
            };
            let number = |text: &str| text.parse::<u32>().unwrap();
            if let Some((range, step)) = word.split_once('/') {
                let (min, max) = range.split_once('-').unwrap();
                let max = if max.is_empty() {
                    u32::MAX
                } else {
                    number(max)
                };
                let stepping = number(step);
                item.size = SizeRange {
                    min: number(min),
                    max,
                    stepping,
                };
            } else if let Some(rest) = word.strip_prefix('x') {
                item.frames = number(rest);
            } else if let Some(rest) = word.strip_prefix('&') {
                item.alignment = number(rest);
            } else if let Some(rest) = word.strip_prefix("weight") {
                item.weight = number(rest);
            } else if let Some(rest) = word.strip_prefix("pin") {
                framing.weight = number(rest);
            } else if let Some(rest) = word.strip_prefix("memory") {
                item.memory = Guid(number(rest).into());
            } else if let Some((numerator, denominator)) = word.split_once(':') {
                let (numerator, denominator) = (number(numerator), number(denominator));
                framing.compression = Compression {
                    numerator,
                    denominator,
                    margin: 8,
                };
            }
        }
        items.push(item);
    }
    framing.items = Cow::Owned(items);
    Some(framing)
}

/// A filter of a row: `name(in framing; out framing)`, a source where nothing stands before the semicolon, an end point
/// where nothing stands behind it. `split` shows its input at every output.
fn filter(text: &str) -> Only {
    let (name, pins) = text.trim().trim_end_matches(')').split_once('(').unwrap();
    let (input, output) = pins.split_once(';').unwrap();
    let mut factories = vec![];
    let of = |pin: PinFactory, text: &str| PinFactory {
        framing: framing(text),
        ..pin
    };
    if !input.trim().is_empty() {
        factories.push(of(PinFactory::input("in", DataRange::FLOAT), input.trim()));
    }
    if !output.trim().is_empty() {
        let mut pin = of(
            PinFactory::output("out", DataRange::FLOAT).instances(0, 9),
            output.trim(),
        );
        if name.starts_with("split") {
            pin = pin.shows("in");
        } else if pin
            .framing
            .as_ref()
            .is_some_and(|it| it.items[0].flags & 1 == 0)
        {
            pin.in_place_of = None;
        }
        factories.push(pin);
    }
    let key: &'static str = Box::leak(name.to_owned().into_boxed_str());
    let mut descriptor = Descriptor::new(key, key, &[], &[], &[]);
    descriptor.pins = Cow::Owned(factories);
    Only(descriptor)
}

/// Filters in a row, joined one behind the other; `name` alone stands for one that was there: another branch.
fn wiring(text: &str, asked: &[(usize, AskedFraming)]) -> Wiring {
    let mut catalogue = Catalogue::default();
    let mut graph = Graph::default();
    let mut outputs = std::collections::BTreeMap::<FilterId, u32>::new();
    let mut before: Option<FilterId> = None;
    for part in text.split("->").flat_map(|it| {
        let mut parts: Vec<Option<&str>> = vec![];
        for (index, branch) in it.split('+').enumerate() {
            if index > 0 {
                parts.push(None);
            }
            parts.push(Some(branch.trim()));
        }
        parts
    }) {
        let Some(part) = part else {
            before = None;
            continue;
        };
        let id = match part.contains('(') {
            true => {
                let only = filter(part);
                let key = only.0.key.to_string();
                catalogue.register(Arc::new(only)).unwrap();
                let edit = Edit::add_filter(&graph, &key, &key, Position::default());
                apply(&mut graph, edit).unwrap();
                graph.find(&key).unwrap()
            }
            false => graph.find(part).unwrap(),
        };
        if let Some(from) = before {
            let instance = outputs.entry(from).or_default();
            let connection = Connection {
                from: PinRef {
                    filter: from,
                    pin: "out".into(),
                    instance: *instance,
                },
                to: PinRef {
                    filter: id,
                    pin: "in".into(),
                    instance: 0,
                },
                chosen: Default::default(),
            };
            *instance += 1;
            graph.connections.push(connection.into());
        }
        before = Some(id);
    }
    for (index, asked) in asked {
        graph.connections[*index].chosen.framing = Some(*asked);
    }
    negotiate(&graph, &catalogue, &Facts::nominal(), None)
}

/// Pipes in words, a line each.
fn told(wiring: &Wiring) -> String {
    let pipes = pipes(wiring, 64);
    let pin = |end: Option<End>| end.map_or("nobody".to_owned(), |end| pin_words(wiring, end));
    let mut text = String::new();
    for (index, wire) in wiring.wires.iter().enumerate() {
        if let Err(refusal) = &wire.outcome {
            text += &format!(
                "refused {} {} {}\n",
                refusal.rule,
                refusal.status,
                refusal.sentence()
            );
        } else if let Some(Passage {
            way: Way::Copy(why),
            ..
        }) = pipes.passage(index)
        {
            text += &format!("copy into {}: {why}\n", wiring.pin_text(&wire.to));
        }
    }
    for pipe in &pipes.pipes {
        let ends: Vec<String> = pipe
            .wires
            .iter()
            .map(|&wire| wiring.pin_text(&wiring.wires[wire].to))
            .collect();
        text += &format!(
            "pipe {}: {} bytes by {} ({}){}, {} frames by {}, mask {} by {}, {} by {}, owner {} ({})",
            ends.join(" "),
            pipe.size.value,
            pin(pipe.size.by),
            pipe.size.why,
            if pipe.is_cut_anew { " cut anew" } else { "" },
            pipe.frames.value,
            pin(pipe.frames.by),
            pipe.alignment.value,
            pin(pipe.alignment.by),
            memory_words(pipe.memory.value),
            pin(pipe.memory.by),
            pin(pipe.owner.by),
            pipe.owner.why,
        );
        for end in &pipe.unheard {
            text += &format!(", unheard {}", pin(Some(*end)));
        }
        text.push('\n');
    }
    text
}

/// Rule, filters, what must be among the words, and what must not.
const ROWS: &[(&str, &str, &[&str], &[&str])] = &[
    (
        "ALC-2 no requirement",
        "a(;x0) -> z(x0 0-/1;)",
        &["512 bytes by nobody", "2 frames by nobody"],
        &["cut anew"],
    ),
    (
        "ALC-2 the most frames",
        "a(;x3) -> z(x5;)",
        &["5 frames by z.in"],
        &[],
    ),
    (
        "ALC-3 masks",
        "a(;&3) -> z(&15;)",
        &["mask 15 by z.in"],
        &[],
    ),
    (
        "ALC-6 nobody may alter",
        "a(;integrity) -> g(inplace;inplace) -> z(x0;)",
        &["copy into z.in: the frame must stay as it is"],
        &[],
    ),
    (
        "ALC-6 wishes only",
        "a(;100-200/1) -> z(wishes 300-400/1;)",
        &["100 bytes by a.out", "unheard z.in"],
        &[],
    ),
    (
        "ALC-7 in place forwards",
        "a(;x0) -> g(inplace;inplace) -> z(x0;)",
        &["pipe g.in z.in"],
        &["copy"],
    ),
    (
        "AFX-1 harmless",
        "a(;integrity) -> g(inplace harmless;inplace) -> z(x0;)",
        &["pipe g.in z.in"],
        &["copy"],
    ),
    (
        "AFX-2 the ratio binds",
        "a(;1024-1024/1) -> c(x0;insists 1:2) -> z(x0;)",
        &["520 bytes by c.out (the ratio of its compression)"],
        &[],
    ),
    (
        "AFX-2 not insisted on",
        "a(;1024-1024/1) -> c(x0;1:2) -> z(x0;)",
        &["pipe z.in: 512 bytes by nobody"],
        &[],
    ),
    (
        "AFX-3 stepping",
        "a(;96-960/96) -> z(128-1280/128;)",
        &["384 bytes by z.in (the largest least size, on everybody's steps) cut anew"],
        &[],
    ),
    (
        "AFX-3 stepping of nothing is one",
        "a(;8-80/0) -> z(24-80/8;)",
        &["24 bytes by z.in"],
        &[],
    ),
    (
        "AFX-4 items, the gladdest memory",
        "a(;memory5 weight1|memory6 weight2) -> z(memory6 weight9|memory5;)",
        &["00000006"],
        &[],
    ),
    (
        "NEG-2 a copy ends a pipe",
        "a(;x9) -> c(x0;x4) -> z(x0;)",
        &[
            "pipe c.in: ",
            "9 frames by a.out",
            "pipe z.in: ",
            "4 frames by c.out",
        ],
        &[],
    ),
    (
        "NEG-4 one frame for all readers",
        "a(;x0) -> split(x0;x0) -> y(x0;) + split -> z(x0;)",
        &["pipe split.in y.in z.in"],
        &["copy"],
    ),
    (
        "NEG-4 the last reader may edit",
        "a(;x0) -> split(x0;x0) -> f(x0;x0) -> y(x0;) + split -> g(inplace;inplace) -> z(x0;)",
        &["pipe split.in f.in g.in z.in"],
        &["copy"],
    ),
    (
        "NEG-4 one that is not the last gets a copy",
        "a(;x0) -> split(x0;x0) -> g(inplace;inplace) -> y(x0;) + split -> h(inplace;inplace) -> z(x0;)",
        &[
            "copy into y.in: another reader still needs",
            "pipe split.in g.in h.in z.in",
        ],
        &[],
    ),
    (
        "NEG-4 an end point keeps its frame",
        "a(;x0) -> split(x0;x0) -> y(x0;) + split -> g(inplace;inplace) -> z(x0;)",
        &["copy into z.in: another reader still needs"],
        &[],
    ),
    (
        "NEG-4 integrity beyond a splitter",
        "a(;integrity) -> split(x0;x0) -> g(inplace;inplace) -> z(x0;)",
        &["copy into z.in: the frame must stay"],
        &[],
    ),
    (
        "NEG-5.1 both must declare it",
        "a(;x0) -> g(inplace;x0) -> z(x0;)",
        &["pipe g.in: ", "pipe z.in: "],
        &["pipe g.in z.in"],
    ),
    (
        "NEG-5.2 no memory in common, side by side",
        "a(;memory5) -> z(memory6;)",
        &["refused NEG-5 NO_MATCH"],
        &["pipe"],
    ),
    (
        "NEG-5.2 no memory in common, farther",
        "a(;memory5) -> g(inplace memory0;inplace memory0) -> z(memory6;)",
        &["copy into z.in: the pins want other memory"],
        &[],
    ),
    (
        "NEG-5.2 system memory if nothing is said",
        "a(;memory0) -> z(memory0;)",
        &["system memory by nobody"],
        &[],
    ),
    (
        "NEG-5.3 the largest least size",
        "a(;64-4096/1) -> g(inplace 1000-2000/1;inplace) -> z(512-/1;)",
        &["1000 bytes by g.in (the largest least size)"],
        &[],
    ),
    (
        "NEG-5.3 no size, side by side",
        "a(;64-128/1) -> z(129-200/1;)",
        &["refused NEG-5 NO_MATCH", "129 to 200 bytes"],
        &[],
    ),
    (
        "NEG-5.3 no size, farther",
        "a(;64-128/1) -> g(inplace;inplace) -> z(129-200/1;)",
        &[
            "copy into z.in: no frame size suits all pins",
            "64 bytes by a.out",
            "129 bytes by z.in",
        ],
        &[],
    ),
    (
        "NEG-5.3 the wish that fits is heard",
        "a(;100-200/1) -> z(wishes 150-400/1;)",
        &["150 bytes by z.in"],
        &["unheard"],
    ),
    (
        "NEG-5.3 steps that never meet",
        "a(;1-9999/2) -> z(2-9999/2;)",
        &["refused NEG-5"],
        &[],
    ),
    (
        "NEG-5.4 two for pushing",
        "a(;x1) -> z(x1;)",
        &["2 frames by nobody"],
        &[],
    ),
    (
        "NEG-5.4 masks add up",
        "a(;&1) -> g(inplace &7;inplace) -> z(&3;)",
        &["mask 7 by g.in"],
        &[],
    ),
    (
        "NEG-5.5 insisting wins",
        "a(;can pin9 weight9) -> z(must;)",
        &["owner z.in (it insists"],
        &[],
    ),
    (
        "NEG-5.5 two insist, side by side",
        "a(;must) -> z(must;)",
        &["refused NEG-5 NO_MATCH", "insists on allocating"],
        &[],
    ),
    (
        "NEG-5.5 two insist, farther",
        "a(;must) -> g(inplace;inplace) -> z(must;)",
        &[
            "copy into z.in: two pins insist",
            "owner a.out",
            "owner z.in",
        ],
        &[],
    ),
    (
        "NEG-5.5 the gladdest",
        "a(;can pin2 weight3) -> z(can pin5 weight1;)",
        &["owner a.out (it allocates most gladly)"],
        &[],
    ),
    (
        "NEG-5.5 the allocator that is there",
        "a(;exists) -> z(x0;)",
        &["owner a.out (it has an allocator already)"],
        &[],
    ),
    (
        "NEG-5.5 the reader at the end",
        "a(;x0) -> g(inplace;inplace) -> z(x0;)",
        &["owner z.in (nobody insists"],
        &[],
    ),
    (
        "NEG-5.5 the default allocator",
        "a(;none) -> z(none;)",
        &["owner nobody (nobody declares"],
        &[],
    ),
    (
        "NEG-5.6 integrity",
        "a(;integrity) -> g(inplace;inplace) -> h(inplace;inplace) -> z(x0;)",
        &["pipe g.in: ", "pipe h.in z.in: "],
        &[],
    ),
    (
        "NEG-6 the sink is asked",
        "a(;x0) -> z(512-512/1 x4 &15 must;)",
        &["512 bytes by z.in", "4 frames by z.in", "owner z.in"],
        &[],
    ),
    (
        "a limit alone keeps cycles short",
        "a(;0-128/1) -> z(x0;)",
        &["128 bytes by nobody (the least largest size)"],
        &["cut anew"],
    ),
];

#[test]
fn every_rule_of_the_negotiation_holds() {
    for (rule, text, wanted, unwanted) in ROWS {
        let told = told(&wiring(text, &[]));
        for words in *wanted {
            assert!(told.contains(words), "{rule}: no {words:?} in\n{told}");
        }
        for words in *unwanted {
            assert!(!told.contains(words), "{rule}: {words:?} in\n{told}");
        }
    }
}

#[test]
fn framing_asked_for_begins_a_pipe_of_its_own() {
    let chain = "a(;x0) -> g(inplace;inplace) -> z(x0;)";
    let asked = AskedFraming {
        bytes: 1001,
        frames: 5,
    };
    let told = told(&wiring(chain, &[(1, asked)]));
    assert!(told.contains("pipe g.in: 512 bytes by nobody"), "{told}");
    assert!(
        told.contains("pipe z.in: 1008 bytes by nobody (asked for by hand) cut anew, 5 frames"),
        "{told}"
    );
}

#[test]
fn framing_asked_for_that_a_pin_cannot_take_is_not_heard() {
    let asked = AskedFraming {
        bytes: 4096,
        frames: 0,
    };
    let told = told(&wiring("a(;x0) -> z(64-128/1;)", &[(0, asked)]));
    assert!(
        told.contains("64 bytes by z.in") && told.contains("unheard z.in"),
        "{told}"
    );
}

#[test]
fn the_system_memory_has_its_name() {
    assert_eq!(memory_words(SYSTEM_MEMORY_TYPE), "system memory");
}
