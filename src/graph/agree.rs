//! A whole graph agreed: `negotiate`, and the same question for one wire that is not there yet.
//!
//! ```text
//!   describe each filter -> per wire, in sorted order: pair checks, then narrow -> settle outward from the devices
//! ```
//! The answer depends on the graph, the catalogue and the facts, never on the order of drawing: wires are taken in the order
//! of their ends, and of wires that cannot all be, the last in that order is refused. No I/O.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use super::connect::{End, Fault, Link, link};
use super::cures::help;
use super::flatten::{FlatWire, flatten};
use super::model::{Chosen, Graph};
use super::narrow::{Net, NetWire, Room, Stuck, Trial};
use super::problems::{describe, necessary, no_pin};
use super::refusal::{Field, Refusal, Step};
use super::wiring::{Agreement, FilterPath, PinAddress, Wire, Wiring};
use super::words;
use crate::ks::ids::category;
use crate::ks::{Catalogue, DataFormat, DataRange, Facts, Status, closest_mismatch, overlaps};

/// What stands around a graph.
pub(super) struct Setting<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) facts: &'a Facts,
    /// The folder of the graph's file.
    pub(super) base: Option<&'a Path>,
    pub(super) rate_hz: u32,
}

/// Agrees a whole graph. `base` is the folder of its file, for relative paths.
pub fn negotiate(
    graph: &Graph,
    catalogue: &Catalogue,
    facts: &Facts,
    base: Option<&Path>,
) -> Wiring {
    let flat = flatten(graph);
    let rate_hz = facts.graph_rate_hz(graph.rate_hz);
    // Filters are described for the rate the graph runs at, whoever says it.
    let facts = match facts.graph_rate_hz(0) == rate_hz {
        true => Cow::Borrowed(facts),
        false => Cow::Owned(Facts {
            rate_hz,
            ..facts.clone()
        }),
    };
    let setting = Setting {
        catalogue,
        facts: &facts,
        base,
        rate_hz,
    };
    let mut problems = flat.problems.clone();
    let filters = describe(&flat, &setting, &mut problems);
    let room = Room::new(&filters, catalogue, base);
    let instances: BTreeSet<&PinAddress> = flat
        .wires
        .iter()
        .flat_map(|it| [&it.from, &it.to])
        .collect();
    let mut net = Net::new(&room, setting.rate_hz, &instances);
    if let Ok(changed) = Trial::new(&net, &room).with_filters() {
        net.keep(changed);
    }

    let mut wires: Vec<Wire> = vec![];
    let mut links: Vec<(usize, Link)> = vec![];
    for wire in &flat.wires {
        let ends = (
            End::find(&room, &net, &wire.from),
            End::find(&room, &net, &wire.to),
        );
        let (Ok(from), Ok(to)) = ends else {
            for (reason, end) in [(ends.0.err(), &wire.from), (ends.1.err(), &wire.to)] {
                problems.extend(reason.and_then(|reason| no_pin(&filters, end, reason)));
            }
            continue;
        };
        let outcome = join(&setting, &room, &mut net, (from, to), wire);
        let outcome = outcome.map(|(link, settled)| {
            let agreement = agreed(&link, settled);
            links.push((wires.len(), link));
            agreement
        });
        wires.push(Wire {
            from: wire.from.clone(),
            to: wire.to.clone(),
            connection: wire.connection,
            place: wire.place.clone(),
            index: wire.index,
            outcome,
        });
    }
    settle(&setting, &room, &net, &links, &mut wires);
    necessary(&room, &net, &mut problems);
    drop(room);
    // What does not play can be as it likes.
    let is_out = |path: &FilterPath| filters.get(path).is_some_and(|it| it.is_disabled);
    for problem in &mut problems {
        problem.is_blocking &= !problem.filter.as_ref().is_some_and(is_out);
    }
    let mut first_problem = BTreeMap::new();
    for (at, problem) in problems.iter().enumerate() {
        if let Some(filter) = &problem.filter {
            first_problem.entry(filter.clone()).or_insert(at);
        }
    }
    Wiring {
        rate_hz: setting.rate_hz,
        filters,
        wires,
        problems,
        first_problem,
        net,
    }
}

/// What would be agreed if a wire were drawn between two pins, or why there would be none. Changes nothing.
///
/// A growing pin is asked by the instance the new wire would take. For a wire that is there, its outcome.
pub fn would_connect(
    wiring: &Wiring,
    catalogue: &Catalogue,
    facts: &Facts,
    base: Option<&Path>,
    from: &PinAddress,
    to: &PinAddress,
) -> Result<Agreement, Box<Refusal>> {
    ask(wiring, catalogue, facts, base, (from, to), &mut |_, _| {})
}

/// The steps of connecting two pins in order, each with what it found, up to the one that fails.
pub fn explain(
    wiring: &Wiring,
    catalogue: &Catalogue,
    facts: &Facts,
    base: Option<&Path>,
    from: &PinAddress,
    to: &PinAddress,
) -> Vec<(Step, Result<String, Box<Refusal>>)> {
    let mut steps: Vec<(Step, Result<String, Box<Refusal>>)> = vec![];
    let mut passed = |step, text| steps.push((step, Ok(text)));
    match ask(wiring, catalogue, facts, base, (from, to), &mut passed) {
        Ok(agreement) => {
            steps.push((Step::Intersection, Ok(agreement.format.to_string())));
            steps.push((Step::Create, Ok("both pins can be made".into())));
        }
        Err(refusal) => {
            steps.retain(|(step, _)| *step < refusal.step);
            steps.push((refusal.step, Err(refusal)));
        }
    }
    steps
}

fn ask(
    wiring: &Wiring,
    catalogue: &Catalogue,
    facts: &Facts,
    base: Option<&Path>,
    (from, to): (&PinAddress, &PinAddress),
    passed: &mut dyn FnMut(Step, String),
) -> Result<Agreement, Box<Refusal>> {
    let room = Room::new(&wiring.filters, catalogue, base);
    let setting = Setting {
        catalogue,
        facts,
        base,
        rate_hz: wiring.rate_hz,
    };
    let there = wiring
        .wires
        .iter()
        .find(|wire| wire.from == *from && wire.to == *to);
    // A wire that is there is explained as if it were not: the steps look at all the others.
    let net = match there {
        Some(wire) if wire.outcome.is_ok() => Cow::Owned(wiring.without(from, to)),
        _ => Cow::Borrowed(&wiring.net),
    };
    let ends = (End::find(&room, &net, from), End::find(&room, &net, to));
    let (Ok(source), Ok(sink)) = ends else {
        let (offered, wanted) = (ends.0.err(), ends.1.err());
        let fault = Fault::new(
            "PIN-1",
            Status::InvalidParameter,
            Step::Create,
            offered.unwrap_or_default(),
            wanted.unwrap_or_default(),
        );
        return Err(fault.refusal(wiring.pin_text(from), wiring.pin_text(to)));
    };
    let chosen = Chosen::default();
    let linked = link(&room, &net, (source, sink), &chosen, passed);
    if let Some(wire) = there {
        return wire.outcome.clone();
    }
    let refuse = |fault: Fault| {
        let step = fault.step;
        let mut refusal = fault.refusal(source.text(&room), sink.text(&room));
        help(
            &mut refusal,
            &setting,
            &room,
            &net,
            (source, sink),
            step,
            &chosen,
        );
        refusal
    };
    let link = linked.map_err(refuse)?;
    let wire = NetWire {
        from: link.from,
        to: link.to,
        is_push: link.is_push,
        chosen: None,
    };
    let (_, left) = Trial::new(&net, &room)
        .with_wire(&wire)
        .map_err(|stuck| refuse(no_format(&room, &net, (source, sink), &link, &stuck)))?;
    let formats = candidates(&setting, (from, to), &left);
    let format = formats
        .into_iter()
        .next()
        .ok_or_else(|| refuse(nothing_concrete(&setting, (source, sink), &left)))?;
    Ok(agreed(&link, format))
}

fn agreed(link: &Link, format: DataFormat) -> Agreement {
    Agreement {
        medium: link.medium,
        interface: link.interface,
        format,
        is_push: link.is_push,
    }
}

/// Passes a wire through all steps and takes it into the net. The format is the first that is possible so far.
fn join(
    setting: &Setting<'_>,
    room: &Room<'_>,
    net: &mut Net,
    (from, to): (End<'_>, End<'_>),
    wire: &FlatWire<'_>,
) -> Result<(Link, DataFormat), Box<Refusal>> {
    let refuse = |net: &Net, fault: Fault| {
        let step = fault.step;
        let mut refusal = fault.refusal(from.text(room), to.text(room));
        help(
            &mut refusal,
            setting,
            room,
            net,
            (from, to),
            step,
            wire.chosen,
        );
        refusal
    };
    let link = link(room, net, (from, to), wire.chosen, &mut |_, _| {})
        .map_err(|fault| refuse(net, fault))?;
    let new = NetWire {
        from: link.from,
        to: link.to,
        is_push: link.is_push,
        chosen: wire.chosen.format.clone(),
    };
    let tried = Trial::new(net, room).with_wire(&new);
    let (changed, left) = match tried {
        Ok(kept) => kept,
        Err(stuck) => {
            let mut fault = no_format(room, net, (from, to), &link, &stuck);
            if let Some(format) = &new.chosen {
                fault.wanted = format!("{}; chosen is {format}", fault.wanted);
            }
            return Err(refuse(net, fault));
        }
    };
    let formats = candidates(setting, (&wire.from, &wire.to), &left);
    let Some(format) = formats.into_iter().next() else {
        return Err(refuse(net, nothing_concrete(setting, (from, to), &left)));
    };
    net.keep(changed);
    net.add(new);
    Ok((link, format))
}

/// DIX-6, with the field that rules it out and where that limit comes from.
fn no_format(
    room: &Room<'_>,
    net: &Net,
    (from, to): (End<'_>, End<'_>),
    link: &Link,
    stuck: &Stuck,
) -> Fault {
    let (offer, want) = (&net.pins[link.from].ranges, &net.pins[link.to].ranges);
    let is_direct = overlaps(offer, want).next().is_none();
    let (mut offered, mut wanted);
    if is_direct {
        let (source, sink) = (from.word(), to.word());
        (offered, wanted) = words::apart((&source, offer), (&sink, want), link.is_push);
        if let Some(origin) = origin(room, net, link.from, want) {
            offered = format!("{offered} because of {origin}");
        }
        if let Some(origin) = origin(room, net, link.to, offer) {
            wanted = format!("{wanted} because of {origin}");
        }
    } else {
        // The two go together; something behind them then has nothing left.
        let names = [stuck.from, stuck.to].map(|pin| pin_name(room, net, pin));
        (offered, wanted) = words::apart(
            (&names[0], &stuck.from_ranges),
            (&names[1], &stuck.to_ranges),
            stuck.is_push,
        );
        offered = format!("with this wire {offered}");
        if stuck.from == stuck.to {
            wanted = format!("{} is left without a format", names[1]);
        }
    }
    let sides = match is_direct {
        true => (&offer[..], &want[..]),
        false => (&stuck.from_ranges[..], &stuck.to_ranges[..]),
    };
    let mut fault = Fault::new(
        "DIX-6",
        Status::NoMatch,
        Step::Intersection,
        offered,
        wanted,
    );
    *fault.compared = words::operands(sides.0, sides.1);
    let field = |name, text| Field {
        name,
        text,
        fits: true,
    };
    fault.compared.1.push(field("medium", link.medium.text()));
    fault
        .compared
        .1
        .push(field("interface", link.interface.text()));
    fault
}

/// The nearest pin that by itself rules out all of `others`, when `pin` by itself does not.
fn origin(room: &Room<'_>, net: &Net, pin: usize, others: &[DataRange]) -> Option<String> {
    let (field, ..) = closest_mismatch(&net.pins[pin].ranges, others)?;
    meets(&net.pins[pin].described, others).then_some(())?;
    let mut seen = BTreeSet::from([pin]);
    let mut queue = VecDeque::from([pin]);
    while let Some(at) = queue.pop_front() {
        let rules_out = closest_mismatch(&net.pins[at].described, others)
            .is_some_and(|(other, ..)| other == field);
        if at != pin && rules_out {
            return Some(pin_name(room, net, at));
        }
        let same_filter = net.of[net.pins[at].filter].iter().flatten().copied();
        let over_wire = net.pins[at].wire.map(|wire| {
            let wire = &net.wires[wire];
            if wire.from == at { wire.to } else { wire.from }
        });
        for next in over_wire.into_iter().chain(same_filter) {
            // Only what narrowed can hand a limit on.
            if net.pins[next].wire.is_some() && seen.insert(next) {
                queue.push_back(next);
            }
        }
    }
    None
}

fn meets(a: &[DataRange], b: &[DataRange]) -> bool {
    overlaps(a, b).next().is_some()
}

fn pin_name(room: &Room<'_>, net: &Net, pin: usize) -> String {
    let pin = &net.pins[pin];
    let (_, wired) = room.filters[pin.filter];
    let factory = &room.descriptor(pin.filter).pins[pin.factory].name;
    let instance = match pin.instance {
        super::narrow::FREE => 0,
        instance => instance,
    };
    format!(
        "{}.{}",
        wired.name,
        super::flatten::pin_words(factory, instance)
    )
}

/// A wire whose ranges overlap, but of which no format can be made.
fn nothing_concrete(
    setting: &Setting<'_>,
    (from, to): (End<'_>, End<'_>),
    left: &[DataRange],
) -> Fault {
    let was_refused =
        left.iter().any(|range| range.choose().is_some()) && !setting.facts.refused.is_empty();
    let (rule, offered, wanted) = if was_refused {
        (
            "DIX-19",
            format!("{} offers {}", from.word(), words::all(left)),
            format!(
                "every such format was refused when {} or {} was opened",
                from.word(),
                to.word()
            ),
        )
    } else {
        (
            "DIX-20",
            format!("{} leaves the format open", from.word()),
            format!("{} as well", to.word()),
        )
    };
    Fault::new(rule, Status::NoMatch, Step::Intersection, offered, wanted)
}

/// The formats a wire may take, best first: DIX-13 over the ranges, then, when one was refused, the walk of DIX-19.
fn candidates(
    setting: &Setting<'_>,
    (from, to): (&PinAddress, &PinAddress),
    ranges: &[DataRange],
) -> Vec<DataFormat> {
    let mut formats: Vec<DataFormat> = ranges.iter().filter_map(DataRange::choose).collect();
    let refused = &setting.facts.refused;
    if refused.is_empty() {
        return formats;
    }
    let is_refused = |format: &DataFormat| {
        [from, to].iter().any(|pin| {
            let entry = (pin.filter.to_string(), pin.pin.clone(), format.to_string());
            refused.contains(&entry)
        })
    };
    if formats.iter().any(is_refused) {
        for rate in [
            48_000, 44_100, 96_000, 32_000, 22_050, 16_000, 11_025, 8_000,
        ] {
            for bits in [32, 24, 16, 8] {
                for channels in [2, 1] {
                    let format = match bits {
                        32 => DataFormat::float(channels, rate),
                        _ => DataFormat::pcm(bits, channels, rate),
                    };
                    if ranges.iter().any(|range| range.contains(&format)) {
                        formats.push(format);
                    }
                }
            }
        }
        formats.retain(|format| !is_refused(format));
    }
    formats
}

/// Chooses one format a wire, from the devices outward, each choice narrowing the rest.
fn settle(
    setting: &Setting<'_>,
    room: &Room<'_>,
    narrowed: &Net,
    links: &[(usize, Link)],
    wires: &mut [Wire],
) {
    let mut net = narrowed.clone();
    let is_device = |filter: usize| {
        let categories = &room.descriptor(filter).categories;
        [category::RENDER, category::CAPTURE]
            .iter()
            .any(|id| categories.contains(id))
    };
    let filters_of = |wire: &NetWire| [wire.from, wire.to].map(|pin| narrowed.pins[pin].filter);
    // The wires of the net are in the order of `links`: sorted.
    let mut waiting: BTreeSet<usize> = (0..net.wires.len()).collect();
    let is_single = |net: &Net, wire: usize| {
        let ranges = &net.pins[net.wires[wire].from].ranges;
        matches!(ranges.as_slice(), [range] if range.is_single())
    };
    let mut reached: BTreeSet<usize> = BTreeSet::new();
    let mut layer: Vec<usize> = waiting
        .iter()
        .copied()
        .filter(|&wire| is_single(&net, wire))
        .collect();
    let devices: Vec<usize> = waiting
        .iter()
        .copied()
        .filter(|&wire| filters_of(&net.wires[wire]).into_iter().any(is_device))
        .collect();
    layer.extend(devices);
    while !waiting.is_empty() {
        for wire in std::mem::take(&mut layer) {
            if !waiting.remove(&wire) {
                continue;
            }
            let (index, link) = &links[wire];
            let ends = (&wires[*index].from, &wires[*index].to);
            let formats = candidates(setting, ends, &net.pins[link.from].ranges);
            let fits = formats.into_iter().find_map(|format| {
                let trial = Trial::new(&net, room).with_format(wire, &format);
                trial.ok().map(|(changed, _)| (format, changed))
            });
            match fits {
                Some((format, changed)) => {
                    net.keep(changed);
                    wires[*index].outcome = Ok(agreed(link, format));
                }
                None => refuse_late(setting, room, &net, link, &mut wires[*index]),
            }
            reached.extend(filters_of(&net.wires[wire]));
        }
        layer = waiting
            .iter()
            .copied()
            .filter(|&wire| {
                let ends = filters_of(&net.wires[wire]);
                ends.iter().any(|filter| reached.contains(filter))
            })
            .collect();
        if layer.is_empty() {
            layer.extend(waiting.first());
        }
    }
}

/// A wire that narrowed well, for which no single format suits all that hangs on it.
fn refuse_late(setting: &Setting<'_>, room: &Room<'_>, net: &Net, link: &Link, wire: &mut Wire) {
    let ends = (
        End::find(room, net, &wire.from),
        End::find(room, net, &wire.to),
    );
    if let (Ok(from), Ok(to)) = ends {
        let fault = nothing_concrete(setting, (from, to), &net.pins[link.from].ranges);
        let mut refusal = fault.refusal(from.text(room), to.text(room));
        help(
            &mut refusal,
            setting,
            room,
            net,
            (from, to),
            Step::Intersection,
            &Chosen::default(),
        );
        wire.outcome = Err(refusal);
    }
}
