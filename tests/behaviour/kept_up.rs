//! Graphs that dice draw and change: an agreement that is kept up with its graph equals one made afresh, and neither
//! hangs on the order in which filters and wires are listed. Seeds are printed; `KSGRAPH_SEED` takes one of them up.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ksgraph::graph::{
    Chosen, Connection, Edit, FilterId, Fold, Graph, Negotiator, NodeKind, PinAddress, PinRef,
    Position, Wiring, apply, fold, from_ron, negotiate, to_ron, unfold,
};
use ksgraph::ks::ids::Guid;
use ksgraph::ks::{
    Attribute, AudioDevice, Catalogue, DataFlow, DataFormat, DataRange, Facts, FileFact, Interface,
    Medium, PinFactory, Value,
};

use crate::support::{catalogue_with, declared};

/// A stream of numbers from a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below.max(1)
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let at = self.roll(of.len());
        of.get(at).cloned()
    }
}

/// Seeds to try: `count` fixed ones, or the one that is asked for.
fn seeds(count: u64) -> Vec<u64> {
    let asked = std::env::var("KSGRAPH_SEED").ok();
    match asked.and_then(|seed| seed.parse().ok()) {
        Some(seed) => vec![seed],
        None => (1..=count).collect(),
    }
}

const KINDS: [&str; 24] = [
    "tone",
    "gain",
    "gain",
    "mixer",
    "splitter",
    "null_renderer",
    "meter",
    "format_filter",
    "format_converter",
    "rate_converter",
    "channel_mapper",
    "keyboard",
    "tone_synth",
    "wave_reader",
    "audio_device_out",
    "feedback_send",
    "feedback_return",
    "pull_source",
    "lab_card_wave",
    "a44",
    "open",
    "tagged",
    "narrow",
    "not there",
];

/// Built-in filters, and a few whose pins are unusual.
fn all() -> Catalogue {
    const AT_44: &[DataRange] = &[DataRange::float(44_100, 44_100)];
    const ANY: &[DataRange] = &[
        DataRange::pcm(16, 24, 8_000, 48_000),
        DataRange::float(8_000, 96_000),
    ];
    const OTHER: &[Medium] = &[Medium {
        set: Guid(77),
        id: 1,
    }];
    let wild = DataRange {
        sub: Guid::WILDCARD,
        specifier: Guid::WILDCARD,
        ..DataRange::float(8_000, 48_000)
    };
    let needing = DataRange {
        attributes: vec![Attribute {
            id: Guid(9),
            required: true,
        }]
        .into(),
        ..DataRange::float(48_000, 48_000)
    };
    catalogue_with(vec![
        declared(
            "a44",
            vec![PinFactory::output("out", AT_44).instances(0, 3)],
        ),
        declared(
            "open",
            vec![
                PinFactory::input("in", ANY).with_ranges(vec![wild]),
                PinFactory::output("out", ANY).same_format_as("in"),
            ],
        ),
        declared(
            "tagged",
            vec![
                PinFactory::input("in", ANY).with_ranges(vec![needing.clone()]),
                PinFactory::output("out", ANY).with_ranges(vec![needing]),
            ],
        ),
        declared(
            "narrow",
            vec![
                PinFactory::input("in", ANY).instances(2, 3),
                PinFactory::input("link", ANY)
                    .mediums(OTHER)
                    .instances(0, 1),
                PinFactory::output("out", ANY)
                    .same_format_as("in")
                    .instances(0, 2),
            ],
        ),
    ])
}

/// Some pin of a box, at times one that is not there.
fn any_pin(
    catalogue: &Catalogue,
    graph: &Graph,
    dice: &mut Dice,
    flow: DataFlow,
) -> Option<PinRef> {
    let ids: Vec<FilterId> = graph.filters.keys().copied().collect();
    let filter = dice.one(&ids)?;
    let names: Vec<(String, u32)> = match &graph.filters[&filter].kind {
        NodeKind::Group(group) => {
            let pins = group.pins.iter();
            pins.map(|pin| (pin.name.clone(), 2)).collect()
        }
        NodeKind::Filter(node) => {
            let pins = catalogue.get(&node.key)?.descriptor().pins.iter();
            let pins = pins.filter(|pin| pin.data_flow == flow || dice.roll(40) == 0);
            pins.map(|pin| (pin.name.to_string(), pin.instances.possible.min(5)))
                .collect()
        }
    };
    let (mut pin, possible) = dice.one(&names)?;
    if dice.roll(40) == 0 {
        pin = "gone".into();
    }
    let next = graph.free_instance(filter, &pin, possible.max(1));
    let instance = match dice.roll(8) {
        0 => dice.roll(possible as usize + 1) as u32,
        _ => next.unwrap_or(0),
    };
    Some(PinRef {
        filter,
        pin,
        instance,
    })
}

fn any_chosen(dice: &mut Dice) -> Chosen {
    let mut chosen = Chosen::default();
    match dice.roll(12) {
        0 => chosen.format = Some(DataFormat::float(2, 48_000)),
        1 => chosen.format = Some(DataFormat::float(1, 44_100)),
        2 => chosen.format = Some(DataFormat::pcm(16, 2, 48_000)),
        3 => chosen.medium = Some(Medium::STANDARD),
        4 => chosen.interface = Some(Interface::STREAMING),
        _ => {}
    }
    chosen
}

fn any_value(dice: &mut Dice) -> (String, Option<Value>) {
    let number = |value: usize| Some(Value::Number(value as f64));
    let (key, value) = match dice.roll(10) {
        0 => ("channels", number(1 + dice.roll(3))),
        1 => ("level", number(dice.roll(20))),
        2 => (
            "bits",
            dice.one(&["i16", "f32"]).map(|it| Value::Text(it.into())),
        ),
        3 => ("rate", number(44_100)),
        4 => ("min_rate", number(8_000 + dice.roll(3) * 8_000)),
        5 => ("max_rate", number(32_000 + dice.roll(3) * 8_000)),
        6 => (
            "file",
            dice.one(&["a.wav", "b.wav", ""])
                .map(|it| Value::Text(it.into())),
        ),
        7 => ("no such key", number(1)),
        8 => ("unit", number(1 + dice.roll(2))),
        _ => ("channels", None),
    };
    (key.into(), value)
}

/// Something that might be done to a graph; inside one of its groups now and then.
fn any_edit(
    catalogue: &Catalogue,
    graph: &Graph,
    dice: &mut Dice,
    fresh: &mut u32,
) -> Option<Edit> {
    let boxes: Vec<FilterId> = graph.filters.keys().copied().collect();
    let groups: Vec<FilterId> = boxes
        .iter()
        .copied()
        .filter(|id| graph.filter(*id).is_none())
        .collect();
    if dice.roll(4) == 0
        && let Some(group) = dice.one(&groups)
        && let NodeKind::Group(inner) = &graph.filters[&group].kind
    {
        let edit = any_edit(catalogue, &inner.graph, dice, fresh)?;
        return Some(edit.within(&[group]));
    }
    let wires = graph.connections.len();
    let is_on = dice.roll(2) == 0;
    let connection = |dice: &mut Dice| {
        Some(Connection {
            from: any_pin(catalogue, graph, dice, DataFlow::Out)?,
            to: any_pin(catalogue, graph, dice, DataFlow::In)?,
            chosen: any_chosen(dice),
        })
    };
    Some(match dice.roll(40) {
        0..=7 if boxes.len() < 30 => {
            let key = dice.one(&KINDS)?;
            let id = FilterId(*fresh);
            // Numbers are not always in the order of making.
            *fresh += 1 + dice.roll(3) as u32;
            let mut edit = Edit::add_filter(graph, key, key, Position::default());
            if let Edit::Add { id: new, .. } = &mut edit {
                *new = id;
            }
            edit
        }
        8..=19 => Edit::Connect(connection(dice)?),
        20 => Edit::ConnectAt {
            index: dice.roll(wires + 1),
            connection: connection(dice)?,
        },
        21..=23 if wires > 0 => Edit::Disconnect(dice.roll(wires)),
        24 => Edit::Remove(vec![dice.one(&boxes)?]),
        25..=27 => {
            let filter = dice.one(&boxes)?;
            let (key, value) = any_value(dice);
            Edit::SetProperty { filter, key, value }
        }
        28 if wires > 0 => Edit::Choose {
            connection: dice.roll(wires),
            chosen: any_chosen(dice),
        },
        29 => Edit::Rename {
            id: dice.one(&boxes)?,
            name: format!("name {}", dice.roll(100)),
        },
        30 => Edit::SetBypass {
            filter: dice.one(&boxes)?,
            is_on,
        },
        31 => Edit::SetDisabled {
            filter: dice.one(&boxes)?,
            is_on,
        },
        32 => Edit::Move(vec![(dice.one(&boxes)?, Position { x: 3.0, y: 4.0 })]),
        33 if dice.roll(3) == 0 => Edit::SetRate([0, 44_100, 48_000, 96_000][dice.roll(4)]),
        34..=35 => {
            let filters: BTreeSet<FilterId> = (0..3).filter_map(|_| dice.one(&boxes)).collect();
            let what = Fold {
                filters: &filters,
                notes: &BTreeSet::new(),
                shown: &[],
                id: FilterId(*fresh),
                name: &format!("group {fresh}"),
            };
            *fresh += 1;
            fold(graph, &what)?.edit
        }
        36 => {
            let group = dice.one(&groups)?;
            let fresh_id = FilterId(*fresh);
            *fresh += 40;
            unfold(graph, group, fresh_id)?.edit
        }
        37 => {
            let group = dice.one(&groups)?;
            let NodeKind::Group(inner) = &graph.filters[&group].kind else {
                return None;
            };
            let mut pins = inner.pins.clone();
            if !pins.is_empty() {
                let at = dice.roll(pins.len());
                pins.remove(at);
            }
            Edit::SetPins { group, pins }
        }
        38 if wires > 1 => {
            // The same wire at another place among the others.
            let (from, to) = (dice.roll(wires), dice.roll(wires));
            Edit::Batch(vec![
                Edit::Disconnect(from),
                Edit::ConnectAt {
                    index: to,
                    connection: graph.connections[from].clone().into_inner(),
                },
            ])
        }
        39 => Edit::Batch(vec![
            any_edit(catalogue, graph, dice, fresh)?,
            any_edit(catalogue, graph, dice, fresh)?,
        ]),
        _ => return None,
    })
}

/// What is known of the machine changes.
fn any_facts(facts: &mut Facts, wiring: &Wiring, dice: &mut Dice) {
    match dice.roll(6) {
        0 => facts.devices.push(AudioDevice {
            host: "alsa".into(),
            name: format!("card {}", dice.roll(3)),
            render: vec![DataRange::pcm(16, 24, 44_100, 48_000).at_most_channels(2)],
            capture: vec![],
            rate_hz: 44_100,
            is_default: false,
            is_default_input: false,
        }),
        1 => {
            facts.devices.truncate(1);
        }
        2 | 3 => {
            let file = PathBuf::from("/music").join(["a.wav", "b.wav"][dice.roll(2)]);
            let fact = match dice.roll(4) {
                0 => FileFact::Unusable("it is no WAV".into()),
                1 => FileFact::Pending,
                _ => FileFact::Wave {
                    format: DataFormat::pcm(16, 1 + dice.roll(2) as u32, 44_100),
                    frames: 1000,
                    about: Box::default(),
                },
            };
            facts.files.insert(file, fact);
        }
        4 => {
            let agreed: Vec<_> = wiring
                .wires
                .iter()
                .filter_map(|wire| Some((&wire.to, &wire.outcome.as_ref().ok()?.format)))
                .collect();
            if let Some((pin, format)) = dice.one(&agreed) {
                let filter = pin.filter.to_string();
                let entry = (filter, pin.pin.clone(), format.to_string());
                facts.refused.insert(entry);
            }
        }
        _ => facts.refused.clear(),
    }
}

const BASE: &str = "/music";

fn afresh(catalogue: &Catalogue, graph: &Graph, facts: &Facts) -> Wiring {
    negotiate(graph, catalogue, facts, Some(BASE.as_ref()))
}

/// A graph that dice drew, and what there is to know.
fn any_graph(catalogue: &Catalogue, dice: &mut Dice, steps: usize) -> (Graph, Facts) {
    let (mut graph, mut fresh, mut facts) = (Graph::default(), 1, Facts::nominal());
    for step in 0..steps {
        if let Some(edit) = any_edit(catalogue, &graph, dice, &mut fresh) {
            // What cannot be done changes nothing.
            let _ = apply(&mut graph, edit);
        }
        if step % 40 == 39 {
            let wiring = afresh(catalogue, &graph, &facts);
            any_facts(&mut facts, &wiring, dice);
        }
    }
    (graph, facts)
}

#[test]
fn an_agreement_kept_up_with_its_graph_equals_one_made_afresh() {
    let whole = all();
    let mut fewer = all();
    assert!(fewer.unregister("gain"));
    let (mut saved, mut refusals, mut edits) = (0, 0, 0);
    for seed in seeds(8) {
        println!("seed {seed}");
        let mut dice = Dice::new(seed);
        let (mut graph, mut facts) = any_graph(&whole, &mut dice, 60);
        let mut fresh = 10_000;
        let mut negotiator = Negotiator::default();
        let mut undo: Vec<Edit> = vec![];
        let mut catalogue = &whole;
        for step in 0..100 {
            match dice.roll(12) {
                0 => any_facts(&mut facts, &negotiator, &mut dice),
                1..=2 => {
                    if let Some(edit) = undo.pop() {
                        apply(&mut graph, edit).unwrap();
                    }
                }
                3 if dice.roll(6) == 0 => {
                    // A folder of declared filters is read again.
                    catalogue = [&whole, &fewer][dice.roll(2)];
                }
                4 if dice.roll(6) == 0 => {
                    // Another document is opened.
                    graph = any_graph(&whole, &mut dice, 40).0;
                    undo.clear();
                }
                _ => {
                    let edit = any_edit(catalogue, &graph, &mut dice, &mut fresh);
                    if let Some(Ok(inverse)) = edit.map(|edit| apply(&mut graph, edit)) {
                        undo.push(inverse);
                        edits += 1;
                    }
                }
            }
            if catalogue.is_same(&fewer) && dice.roll(2) == 0 {
                catalogue = &whole;
            }
            // A copy goes on by itself: what would be agreed is asked of one.
            let mut copy = negotiator.clone();
            negotiator.agree(&graph, catalogue, &facts, Some(BASE.as_ref()));
            let new = afresh(catalogue, &graph, &facts);
            assert!(
                *negotiator == new,
                "seed {seed}, step {step}: {}",
                differs(&negotiator, &new)
            );
            if dice.roll(4) == 0 {
                copy.agree(&graph, catalogue, &facts, Some(BASE.as_ref()));
                assert!(
                    *copy == new,
                    "seed {seed}, step {step}: a copy: {}",
                    differs(&copy, &new)
                );
            }
            let parts = new.filters.len() - new.wires.len().min(new.filters.len());
            saved += usize::from(negotiator.parts_agreed() < parts);
            refusals += new
                .wires
                .iter()
                .filter(|wire| wire.outcome.is_err())
                .count();
        }
    }
    assert!(edits > 300, "{edits} edits");
    assert!(refusals > 300, "{refusals} refusals");
    assert!(saved > 200, "{saved} times something was left as it was");
}

/// The first lines in which two agreements differ.
fn differs(one: &Wiring, other: &Wiring) -> String {
    let (one, other) = (told(one, true), told(other, true));
    let mut pairs = one.lines().zip(other.lines());
    let first = pairs.find(|(one, other)| one != other);
    first.map_or_else(
        || "one says more than the other".into(),
        |(one, other)| format!("\n{one}\n{other}"),
    )
}

#[test]
fn only_the_part_that_an_edit_reaches_is_agreed_anew() {
    let catalogue = all();
    let text: Vec<String> = (0..5)
        .map(|at| format!("tone:t{at} -> gain:g{at} -> gain:h{at} -> null_renderer:n{at}"))
        .collect();
    let mut graph = crate::support::graph(&catalogue, &text.join(";"));
    let mut negotiator = Negotiator::default();
    let mut agreed = |graph: &Graph, facts: &Facts| {
        negotiator.agree(graph, &catalogue, facts, None);
        assert!(*negotiator == negotiate(graph, &catalogue, facts, None));
        negotiator.parts_agreed()
    };
    let mut facts = Facts::nominal();
    assert_eq!(agreed(&graph, &facts), 5);
    assert_eq!(agreed(&graph.clone(), &facts), 0, "the same graph");
    let at = Position { x: 9.0, y: 9.0 };
    let id = graph.find("g1").unwrap();
    apply(&mut graph, Edit::Move(vec![(id, at)])).unwrap();
    assert_eq!(agreed(&graph, &facts), 0, "where a box stands is no matter");
    let back = apply(&mut graph, Edit::Disconnect(4)).unwrap();
    assert_eq!(agreed(&graph, &facts), 2, "a chain falls in two");
    apply(&mut graph, back).unwrap();
    assert_eq!(agreed(&graph, &facts), 1, "and is one again");
    let mut named = graph.clone();
    let id = named.find("t2").unwrap();
    let name = "tone".to_owned();
    apply(&mut named, Edit::Rename { id, name }).unwrap();
    assert_eq!(agreed(&named, &facts), 1);
    assert_eq!(agreed(&graph, &facts), 1);
    let add = Edit::add_filter(&graph, "gain", "new", at);
    apply(&mut graph, add).unwrap();
    assert_eq!(
        agreed(&graph, &facts),
        1,
        "a filter alone is a part of its own"
    );
    facts.files.insert("/x".into(), FileFact::Pending);
    assert_eq!(agreed(&graph, &facts), 6, "facts may reach anything");
}

/// The items of a list in a file: those of `name`, in order.
fn items<'a>(text: &'a str, name: &str) -> (&'a str, Vec<&'a str>, &'a str) {
    let open = format!("\n    {name}: [\n");
    let start = text.find(&open).unwrap() + open.len();
    let end = start + text[start..].find("\n    ],").unwrap() + 1;
    let inner = &text[start..end];
    let mut starts: Vec<usize> = inner
        .match_indices("        (")
        .map(|(at, _)| at)
        .filter(|&at| at == 0 || inner[..at].ends_with('\n'))
        .collect();
    starts.push(inner.len());
    let items = starts.windows(2).map(|span| &inner[span[0]..span[1]]);
    (&text[..start], items.collect(), &text[end..])
}

#[test]
fn the_agreement_does_not_hang_on_the_order_in_which_a_file_lists_filters_and_wires() {
    let catalogue = all();
    let (mut refused, mut swapped) = (0, 0);
    for seed in seeds(40) {
        println!("seed {seed}");
        let mut dice = Dice::new(seed);
        let (graph, facts) = any_graph(&catalogue, &mut dice, 130);
        let mut text = to_ron(&graph);
        for name in ["filters", "connections"] {
            if !text.contains(&format!("\n    {name}: [\n")) {
                continue;
            }
            let (head, mut list, tail) = items(&text, name);
            for at in (1..list.len()).rev() {
                let other = dice.roll(at + 1);
                list.swap(at, other);
                swapped += usize::from(at != other);
            }
            text = format!("{head}{}{tail}", list.concat());
        }
        let shuffled = from_ron(text.as_bytes(), "shuffled").unwrap().graph;
        let listed = from_ron(to_ron(&graph).as_bytes(), "listed").unwrap().graph;
        let (one, other) = (
            afresh(&catalogue, &listed, &facts),
            afresh(&catalogue, &shuffled, &facts),
        );
        assert_eq!(told(&one, false), told(&other, false), "seed {seed}");
        refused += one
            .wires
            .iter()
            .filter(|wire| wire.outcome.is_err())
            .count();
    }
    assert!(swapped > 300, "{swapped} items stand elsewhere");
    assert!(refused > 100, "{refused} refusals");
}

/// All there is to know of an agreement, as text; with or without where wires stand in the document.
fn told(wiring: &Wiring, with_index: bool) -> String {
    use std::fmt::Write;
    let mut text = format!("{} Hz\n", wiring.rate_hz);
    for (path, filter) in wiring.filters.iter() {
        let problem = wiring.problem_of(path);
        writeln!(
            text,
            "{path} {} {} {:?} {} {} {problem:?}",
            filter.name, filter.key, filter.values, filter.is_bypassed, filter.is_disabled
        )
        .unwrap();
        for pin in filter.descriptor.iter().flat_map(|it| it.pins.iter()) {
            for instance in 0..5 {
                let address = PinAddress {
                    filter: path.clone(),
                    pin: pin.name.to_string(),
                    instance,
                };
                writeln!(
                    text,
                    "  {}[{instance}] {:?} {:?}",
                    pin.name,
                    wiring.constrained(&address),
                    wiring.described(&address)
                )
                .unwrap();
            }
        }
    }
    for wire in &wiring.wires {
        if with_index {
            write!(text, "{:?} {} ", wire.connection, wire.index).unwrap();
        }
        writeln!(
            text,
            "{:?} {:?} {} {:?}",
            wire.from, wire.to, wire.place, wire.outcome
        )
        .unwrap();
    }
    for problem in &wiring.problems {
        writeln!(text, "{problem:?}").unwrap();
    }
    text
}

/// A graph with more wires than one thread takes on, of islands that are not all alike; each drawn alone is agreed by one.
#[test]
fn what_several_threads_agree_is_what_one_agrees() {
    let catalogue = all();
    let facts = Facts::nominal();
    let mut text = String::new();
    let mut kept = Negotiator::default();
    for island in 0..30 {
        text += &format!(
            "tone:t{island} -> splitter:s{island}; mixer:m{island} -> null_renderer:n{island}; "
        );
        for lane in 0..40 + island % 3 {
            text += &format!("s{island} -> gain:g{island}x{lane} -> m{island}; ");
        }
        if island % 7 == 0 {
            text += &format!("keyboard:k{island} -> meter:e{island}; ");
        }
    }
    let graph = crate::support::graph(&catalogue, text.trim_end_matches("; "));
    // The same wires come a few at a time.
    let mut drawn = graph.clone();
    let wires = std::mem::take(&mut drawn.connections);
    for some in wires.chunks(300) {
        drawn.connections.extend(some.iter().cloned());
        kept.agree(&drawn, &catalogue, &facts, None);
    }
    assert!(graph.connections.len() > 2_400);
    let whole = negotiate(&graph, &catalogue, &facts, None);
    let refused = whole.wires.iter().filter(|it| it.outcome.is_err());
    assert_eq!(refused.count(), 5);
    assert!(*kept == whole, "{}", differs(&kept, &whole));
}
