//! What would help two pins that do not connect. No filter is known by name: candidates come from the catalogue by
//! category and are tried with the same ranges and the same `constrain` that refused the wire.

use std::collections::BTreeMap;

use super::agree::Setting;
use super::connect::{End, Link, is_free, issues, link};
use super::model::Chosen;
use super::narrow::{Net, Room, tidy};
use super::refusal::{Cure, CureKind, Step};
use crate::ks::ids::{Guid, category};
use crate::ks::{DataFlow, DataRange, Descriptor, Filter, PinFactory, Settings, overlaps};

/// So many cures are enough.
const MOST: usize = 4;

/// What would help, cheapest first.
pub(super) fn cures(
    setting: &Setting<'_>,
    room: &Room<'_>,
    net: &Net,
    (from, to): (End<'_>, End<'_>),
    step: Step,
    chosen: &Chosen,
) -> Vec<Cure> {
    let mut found = chosen_away(step, chosen);
    found.extend(other_pins(room, net, (from, to)));
    let ranges = |end: &End<'_>| -> &[DataRange] {
        let pin = net.pin(end.filter, end.index, end.address.instance);
        pin.map_or(&[], |pin| &net.pins[pin].ranges)
    };
    let offer = (from.factory, ranges(&from));
    let want = (to.factory, ranges(&to));
    let kinds = |id: Guid| -> Vec<&dyn Filter> {
        let all = setting.catalogue.iter().map(|filter| &**filter);
        all.filter(|filter| filter.descriptor().categories.contains(&id))
            .collect()
    };
    match step {
        Step::Intersection => found.extend(chains(
            setting,
            &kinds(category::INTERFACETRANSFORM),
            offer,
            want,
        )),
        Step::Instances => {
            let is_full = |end: &End<'_>| {
                let pin = net.pin(end.filter, end.index, end.address.instance);
                pin.is_none_or(|pin| !is_free(net, pin))
            };
            let list = if is_full(&from) {
                singles(setting, &kinds(category::SPLITTER), offer, want)
            } else {
                singles(setting, &kinds(category::MIXER), offer, want)
            };
            found.extend(list);
        }
        _ => {}
    }
    found.sort_by_key(|cure| cure.cost);
    found.truncate(MOST);
    found
}

/// What the user insists on can be let go.
fn chosen_away(step: Step, chosen: &Chosen) -> Vec<Cure> {
    let cure = |kind, text: &str| Cure {
        kind,
        cost: 0,
        inserts: vec![],
        values: vec![],
        pins: None,
        text: text.into(),
    };
    match step {
        Step::Intersection if chosen.format.is_some() => {
            vec![cure(CureKind::Format, "Let the pins agree on a format")]
        }
        Step::Medium if chosen.medium.is_some() => {
            vec![cure(CureKind::Medium, "Let the pins agree on a medium")]
        }
        Step::Interface if chosen.interface.is_some() => {
            vec![cure(
                CureKind::Interface,
                "Let the pins agree on an interface",
            )]
        }
        _ => vec![],
    }
}

/// Other pins of the same two filters that fit.
fn other_pins(room: &Room<'_>, net: &Net, (from, to): (End<'_>, End<'_>)) -> Vec<Cure> {
    let mut found = vec![];
    for (end, is_from) in [(from, true), (to, false)] {
        let flow = if is_from { DataFlow::Out } else { DataFlow::In };
        let descriptor = room.descriptor(end.filter);
        for (index, factory) in descriptor.pins.iter().enumerate() {
            if factory.data_flow != flow || factory.is_bridge() {
                continue;
            }
            let pins = &net.of[end.filter][index];
            let Some(&pin) = pins.iter().find(|&&pin| is_free(net, pin)) else {
                continue;
            };
            let instance = match net.pins[pin].instance {
                super::narrow::FREE => next_instance(net, pins),
                instance => instance,
            };
            let mut address = end.address.clone();
            address.pin = factory.name.to_string();
            address.instance = instance;
            if address == *end.address {
                continue;
            }
            let other = End {
                address: &address,
                filter: end.filter,
                index,
                factory,
            };
            let pair = if is_from { (other, to) } else { (from, other) };
            let fits = link(room, net, pair, &Chosen::default(), &mut |_, _| {})
                .is_ok_and(|link| meets(net, &link));
            if fits {
                found.push(Cure {
                    kind: CureKind::Pin,
                    cost: 0,
                    inserts: vec![],
                    values: vec![],
                    pins: Some((pair.0.address.clone(), pair.1.address.clone())),
                    text: format!("Take {} instead", other.text(room)),
                });
            }
        }
    }
    found
}

/// The lowest instance number that none of `pins` has.
fn next_instance(net: &Net, pins: &[usize]) -> u32 {
    let taken = |number: u32| pins.iter().any(|&pin| net.pins[pin].instance == number);
    (0..).find(|&number| !taken(number)).unwrap_or(0)
}

fn meets(net: &Net, link: &Link) -> bool {
    let (from, to) = (&net.pins[link.from].ranges, &net.pins[link.to].ranges);
    overlaps(from, to).any(|range| range.choose().is_some())
}

type Side<'a> = (&'a PinFactory, &'a [DataRange]);

/// One filter in between, else two.
fn chains(
    setting: &Setting<'_>,
    kinds: &[&dyn Filter],
    offer: Side<'_>,
    want: Side<'_>,
) -> Vec<Cure> {
    let one = singles(setting, kinds, offer, want);
    if !one.is_empty() {
        return one;
    }
    let mut found = vec![];
    for first in kinds {
        let Some(middle) = through(setting, *first, offer) else {
            continue;
        };
        for second in kinds {
            if first.descriptor().key == second.descriptor().key {
                continue;
            }
            let end = through(setting, *second, (&middle.0, &middle.1));
            if end.is_some_and(|end| reaches(&end, want)) {
                found.push(insert(&[first.descriptor(), second.descriptor()]));
            }
        }
    }
    found
}

fn singles(
    setting: &Setting<'_>,
    kinds: &[&dyn Filter],
    offer: Side<'_>,
    want: Side<'_>,
) -> Vec<Cure> {
    kinds
        .iter()
        .filter(|kind| through(setting, **kind, offer).is_some_and(|end| reaches(&end, want)))
        .map(|kind| insert(&[kind.descriptor()]))
        .collect()
}

fn insert(filters: &[&Descriptor]) -> Cure {
    let titles: Vec<&str> = filters.iter().map(|filter| &*filter.title).collect();
    Cure {
        kind: CureKind::Insert,
        cost: filters.len() as u32,
        inserts: filters.iter().map(|it| it.key.to_string()).collect(),
        values: filters.iter().map(|_| vec![]).collect(),
        pins: None,
        text: format!("Insert {}", titles.join(" and ")),
    }
}

fn reaches(end: &(PinFactory, Vec<DataRange>), want: Side<'_>) -> bool {
    issues(end.0.communication, want.0.communication).is_some()
        && overlaps(&end.1, want.1).any(|range| range.choose().is_some())
}

/// What comes out of a new filter when `offer` goes in; `None` when it does not take it.
fn through(
    setting: &Setting<'_>,
    kind: &dyn Filter,
    offer: Side<'_>,
) -> Option<(PinFactory, Vec<DataRange>)> {
    let values = BTreeMap::new();
    let settings = Settings {
        values: &values,
        base: setting.base,
    };
    let descriptor = kind.describe(&settings, setting.facts);
    let pin = |flow| {
        let usable = |pin: &&PinFactory| pin.data_flow == flow && !pin.is_bridge();
        descriptor.pins.iter().position(|pin| usable(&pin))
    };
    let (input, output) = (pin(DataFlow::In)?, pin(DataFlow::Out)?);
    issues(offer.0.communication, descriptor.pins[input].communication)?;
    let mut lists: Vec<Vec<DataRange>> = descriptor
        .pins
        .iter()
        .map(|pin| {
            let filled = pin.ranges.iter();
            filled
                .map(|range| range.at_graph_rate(setting.rate_hz))
                .collect()
        })
        .collect();
    lists[input] = tidy(overlaps(offer.1, &lists[input]).collect());
    kind.constrain(&descriptor, &settings, &mut lists);
    if lists[input].is_empty() || lists[output].is_empty() {
        return None;
    }
    let out = descriptor.pins[output].clone();
    Some((out, std::mem::take(&mut lists[output])))
}
