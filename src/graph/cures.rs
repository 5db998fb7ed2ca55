//! What would help two pins that do not connect. No filter is known by name: candidates come from the catalogue by
//! category and are tried with the same ranges and the same `constrain` that refused the wire.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::agree::Setting;
use super::connect::{End, Link, is_free, link};
use super::memo::{List, Make};
use super::model::Chosen;
use super::narrow::tidy;
use super::net::{FREE, Net, Room};
use super::refusal::{Cure, CureKind, Refusal, Step};
use crate::ks::ids::{Guid, category};
use crate::ks::merit;
use crate::ks::{
    Answering, DataFlow, DataRange, Descriptor, Domain, Filter, Kind, PinFactory, Property,
    Settings, Value, intersections,
};

/// So many cures are enough.
const MOST: usize = 4;

/// Puts down in a refusal what would help: cures, or else advice.
pub(super) fn help(
    refusal: &mut Refusal,
    setting: &Setting<'_>,
    room: &Room<'_>,
    net: &Net,
    (from, to): (End<'_>, End<'_>),
    step: Step,
    chosen: &Chosen,
) {
    refusal.cures = cures(setting, room, net, (from, to), step, chosen);
    if refusal.cures.is_empty() {
        refusal.advice = advice(room, net, (from, to), step);
    }
}

/// What would help, cheapest first.
fn cures(
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
    let side = |end: &End<'_>| {
        let (kind, _) = room.members[end.filter].make.known.as_ref()?;
        Some((&**kind, end.index))
    };
    let (Some(offering), Some(wanting)) = (side(&from), side(&to)) else {
        return found;
    };
    let offer = Side {
        pin: from.factory,
        ranges: ranges(&from),
        answering: offering,
    };
    let want = Side {
        pin: to.factory,
        ranges: ranges(&to),
        answering: wanting,
    };
    let is_full = |end: &End<'_>| {
        let pin = net.pin(end.filter, end.index, end.address.instance);
        pin.is_none_or(|pin| !is_free(net, pin))
    };
    let pin = |end: &End<'_>| {
        let pin = net.pin(end.filter, end.index, end.address.instance)?;
        let make = &room.members[end.filter].make;
        Some((Arc::clone(make), Arc::clone(&net.pins[pin].ranges)))
    };
    let asked = pin(&from).zip(pin(&to)).map(|(from, to)| [from, to]);
    let key = asked.as_ref().map(|[one, other]| {
        let side = |end: &End<'_>, (make, list): &(Arc<Make>, List)| {
            (Arc::as_ptr(make).addr(), end.index, list.as_ptr().addr())
        };
        (step, [side(&from, one), side(&to, other)], is_full(&from))
    });
    let known = key.as_ref().and_then(|key| room.memo.borrow().cured(key));
    let inserts = known.unwrap_or_else(|| {
        let found = inserts(setting, step, offer, want, is_full(&from));
        if let Some((key, asked)) = key.zip(asked) {
            room.memo.borrow_mut().keep_cures(key, asked, &found);
        }
        found
    });
    found.extend(inserts);
    if step == Step::Intersection {
        found.extend(super::settings::other_values(
            setting,
            room,
            net,
            (from, to),
        ));
    }
    found.sort_by_key(|cure| cure.cost);
    found.truncate(MOST);
    found
}

/// Filters of the catalogue to put in between. Hangs on nothing but what it is asked about.
fn inserts(
    setting: &Setting<'_>,
    step: Step,
    offer: Side<'_>,
    want: Side<'_>,
    is_source_full: bool,
) -> Vec<Cure> {
    let kinds = |id: Guid| -> Vec<&dyn Filter> {
        let all = setting.catalogue.iter().map(|filter| &**filter);
        let mut kinds: Vec<&dyn Filter> = all
            .filter(|filter| {
                let descriptor = filter.descriptor();
                descriptor.categories.contains(&id) && descriptor.merit >= merit::UNLIKELY
            })
            .collect();
        // The better one goes first (FMP-1).
        kinds.sort_by_key(|filter| std::cmp::Reverse(filter.descriptor().merit));
        kinds
    };
    match step {
        // What changes a format goes in between; notes are played by a synth.
        Step::Intersection => {
            let mut list = chains(setting, &kinds(category::INTERFACETRANSFORM), offer, want);
            if list.is_empty() {
                let plays_notes = |kind: &&dyn Filter| {
                    let mut pins = kind.descriptor().pins.iter();
                    // What takes sound is no way for sound to become other sound.
                    !pins.any(|pin| pin.data_flow == DataFlow::In && pin.kind() == Kind::Audio)
                };
                let synths: Vec<&dyn Filter> = kinds(category::SYNTHESIZER)
                    .into_iter()
                    .filter(plays_notes)
                    .collect();
                list = singles(setting, &synths, offer, want);
            }
            list
        }
        // What asks and answers on both sides stands between two that only do one.
        Step::Communication => fitting(
            setting,
            &candidates(setting, &kinds(category::INTERFACETRANSFORM)),
            offer,
            want,
        ),
        Step::Instances => {
            let [splits, mixes, changes] = [
                category::SPLITTER,
                category::MIXER,
                category::INTERFACETRANSFORM,
            ]
            .map(|id| candidates(setting, &kinds(id)));
            // Who parts or adds sound may take another format than the far end.
            let mut list = match is_source_full {
                true => fitting(setting, &splits, offer, want),
                false => fitting(setting, &mixes, offer, want),
            };
            if list.is_empty() {
                list = match is_source_full {
                    true => pairs(setting, &splits, &changes, offer, want),
                    false => pairs(setting, &changes, &mixes, offer, want),
                };
            }
            list
        }
        _ => vec![],
    }
}

/// What the user insists on can be let go.
fn chosen_away(step: Step, chosen: &Chosen) -> Vec<Cure> {
    let cure = |kind, text: &str| Cure {
        kind,
        cost: 0,
        inserts: vec![],
        values: vec![],
        pins: None,
        set: None,
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

/// What a person can do when nothing can be put in between.
fn advice(room: &Room<'_>, net: &Net, (from, to): (End<'_>, End<'_>), step: Step) -> String {
    let name = |end: &End<'_>| end.text(room);
    let is_full = |end: &End<'_>| {
        let pin = net.pin(end.filter, end.index, end.address.instance);
        pin.is_none_or(|pin| !is_free(net, pin))
    };
    let kinds = (from.factory.kind(), to.factory.kind());
    match step {
        Step::SameFilter => "Lead the wire to another filter".to_owned(),
        Step::DataFlow => "Draw the wire from an output to an input".to_owned(),
        Step::Communication | Step::Medium
            if from.factory.is_bridge() || to.factory.is_bridge() =>
        {
            let end = if from.factory.is_bridge() { &from } else { &to };
            format!("{} is a socket of the device: take another pin", name(end))
        }
        Step::Communication => {
            "One of the two must issue the requests: take a pin that can".to_owned()
        }
        Step::Cycle => "Take a wire of the loop away first".to_owned(),
        Step::Medium => "Take the pin that is on the same link".to_owned(),
        Step::Interface => "Take a pin that speaks the same interface".to_owned(),
        Step::Instances => {
            let end = if is_full(&from) { &from } else { &to };
            let first = format!("Take the wire at {} away first", name(end));
            match kinds.0 == kinds.1 {
                true => first,
                false => format!(
                    "{first}; then see what turns {} into {}",
                    what(kinds.0),
                    what(kinds.1)
                ),
            }
        }
        Step::Intersection | Step::Create => match kinds.0 == kinds.1 {
            true => format!(
                "Drop the wire on the canvas to see what takes {}",
                name(&from)
            ),
            false => format!(
                "No filter turns {} into {}: drop the wire on the canvas to see what takes it",
                what(kinds.0),
                what(kinds.1)
            ),
        },
    }
}

/// What a wire of a kind carries, in a word.
fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Audio => "sound",
        Kind::Midi | Kind::Events => "notes",
        Kind::Clock => "time",
        Kind::Control => "signals of another kind",
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
            let (pins, _) = &net.factories(end.filter)[index];
            let Some(pin) = pins.clone().find(|&pin| is_free(net, pin)) else {
                continue;
            };
            let instance = match net.pins[pin].instance {
                FREE => next_instance(net, pins.clone()),
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
                .is_ok_and(|link| meets(room, net, &link));
            if fits {
                found.push(Cure {
                    kind: CureKind::Pin,
                    cost: 0,
                    inserts: vec![],
                    values: vec![],
                    pins: Some((pair.0.address.clone(), pair.1.address.clone())),
                    set: None,
                    text: format!("Take {} instead", other.text(room)),
                });
            }
        }
    }
    found
}

/// The lowest instance number that none of `pins` has.
fn next_instance(net: &Net, pins: Range<usize>) -> u32 {
    let taken = net.pins[pins].iter().map(|pin| pin.instance);
    let gap = (0..).zip(taken).find(|(number, taken)| number != taken);
    gap.map_or(0, |(number, _)| number)
}

fn meets(room: &Room<'_>, net: &Net, link: &Link) -> bool {
    let (from, to) = (&net.pins[link.from], &net.pins[link.to]);
    let (client, own) = if link.is_push { (from, to) } else { (to, from) };
    let left = room.common(client, own);
    left.iter().any(|range| range.choose().is_some())
}

/// A pin that a wire would end at: what it is, what it can do, and whose it is.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) pin: &'a PinFactory,
    pub(super) ranges: &'a [DataRange],
    pub(super) answering: Answering<'a>,
}

/// What two pins have in common, an output and an input; `None` where neither of them asks, or no link joins them.
pub(super) fn common(from: Side<'_>, to: Side<'_>) -> Option<Vec<DataRange>> {
    let is_push = from.pin.communication.issues_to(to.pin.communication)?;
    // Links are looked at before formats (SEL-2).
    let mut mediums = from.pin.all_mediums().iter();
    let mut interfaces = from.pin.all_interfaces().iter();
    let is_linked = mediums.any(|it| to.pin.all_mediums().contains(it))
        && interfaces.any(|it| to.pin.all_interfaces().contains(it));
    if !is_linked {
        return None;
    }
    let (client, own) = if is_push { (from, to) } else { (to, from) };
    Some(intersections(client.ranges, own.ranges, own.answering))
}

/// A filter that might go in between, with one way to set it.
struct Candidate<'a> {
    kind: &'a dyn Filter,
    /// What differs from the defaults: title for people, key and text for the command line.
    values: Vec<(&'static str, String, String)>,
    settings: BTreeMap<String, Value>,
    descriptor: Descriptor,
    input: usize,
    output: usize,
    lists: Vec<Vec<DataRange>>,
}

/// Every such filter with its defaults, then with each setting that changes what its pins do.
fn candidates<'a>(setting: &Setting<'_>, kinds: &[&'a dyn Filter]) -> Vec<Vec<Candidate<'a>>> {
    let all = kinds.iter().map(|kind| {
        let mut ways = vec![candidate(setting, *kind, None)];
        for property in kind
            .descriptor()
            .properties
            .iter()
            .filter(|it| it.structural)
        {
            let values = few_values(property).into_iter();
            let values = values.filter(|it| *it != property.default_value());
            ways.extend(values.map(|value| candidate(setting, *kind, Some((property, value)))));
        }
        ways.into_iter().flatten().collect()
    });
    all.collect()
}

/// All values of a property, where they are few.
pub(super) fn few_values(property: &Property) -> Vec<Value> {
    match property.domain {
        Domain::Choice(words) => words.iter().map(|&it| Value::Text(it.into())).collect(),
        Domain::Number { min, max, step, .. } if step == 1.0 && max - min < 16.0 => {
            let count = (max - min) as u32;
            (0..=count)
                .map(|at| Value::Number(min + f64::from(at)))
                .collect()
        }
        _ => vec![],
    }
}

/// A value as the command line writes it.
pub(super) fn value_text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
    }
}

fn candidate<'a>(
    setting: &Setting<'_>,
    kind: &'a dyn Filter,
    changed: Option<(&Property, Value)>,
) -> Option<Candidate<'a>> {
    let mut values = vec![];
    let mut settings = BTreeMap::new();
    if let Some((property, value)) = changed {
        let text = value_text(&value);
        values.push((property.title, property.key.to_owned(), text));
        settings.insert(property.key.to_owned(), value);
    }
    let asked = Settings {
        values: &settings,
        base: setting.base,
    };
    let descriptor = kind.describe(&asked, setting.facts).into_owned();
    let pin = |flow| {
        let usable = |pin: &PinFactory| pin.data_flow == flow && !pin.is_bridge();
        descriptor.pins.iter().position(usable)
    };
    let (input, output) = (pin(DataFlow::In)?, pin(DataFlow::Out)?);
    let fill = |pin: &PinFactory| -> Vec<DataRange> {
        let ranges = pin.ranges.iter();
        ranges
            .map(|range| range.at_graph_rate(setting.rate_hz))
            .collect()
    };
    let lists = descriptor.pins.iter().map(fill).collect();
    Some(Candidate {
        kind,
        values,
        settings,
        descriptor,
        input,
        output,
        lists,
    })
}

impl Candidate<'_> {
    /// What comes out when `offer` goes in; `None` when it does not take it.
    fn through(&self, setting: &Setting<'_>, offer: Side<'_>) -> Option<Vec<DataRange>> {
        let input = Side {
            pin: &self.descriptor.pins[self.input],
            ranges: &self.lists[self.input],
            answering: (self.kind, self.input),
        };
        let taken = tidy(common(offer, input)?);
        if taken.is_empty() {
            return None;
        }
        let mut lists = self.lists.clone();
        lists[self.input] = taken;
        let settings = Settings {
            values: &self.settings,
            base: setting.base,
        };
        self.kind.constrain(&self.descriptor, &settings, &mut lists);
        let is_left = !lists[self.input].is_empty() && !lists[self.output].is_empty();
        is_left.then(|| std::mem::take(&mut lists[self.output]))
    }

    /// Its output, of which so much is left.
    fn out<'a>(&'a self, left: &'a [DataRange]) -> Side<'a> {
        Side {
            pin: &self.descriptor.pins[self.output],
            ranges: left,
            answering: (self.kind, self.output),
        }
    }

    fn reaches(&self, left: &[DataRange], want: Side<'_>) -> bool {
        let both = common(self.out(left), want);
        both.is_some_and(|both| both.iter().any(|range| range.choose().is_some()))
    }
}

/// One filter in between, else two.
fn chains(
    setting: &Setting<'_>,
    kinds: &[&dyn Filter],
    offer: Side<'_>,
    want: Side<'_>,
) -> Vec<Cure> {
    let all = candidates(setting, kinds);
    let one = fitting(setting, &all, offer, want);
    if !one.is_empty() {
        return one;
    }
    pairs(setting, &all, &all, offer, want)
}

/// Two different filters in between.
fn pairs(
    setting: &Setting<'_>,
    firsts: &[Vec<Candidate<'_>>],
    seconds: &[Vec<Candidate<'_>>],
    offer: Side<'_>,
    want: Side<'_>,
) -> Vec<Cure> {
    let mut found = vec![];
    for firsts in firsts {
        for seconds in seconds {
            let pair = firsts.iter().find_map(|first| {
                let middle = first.through(setting, offer)?;
                let second = seconds.iter().find(|second| {
                    let end = second.through(setting, first.out(&middle));
                    let is_other = second.descriptor.key != first.descriptor.key;
                    is_other && end.is_some_and(|end| second.reaches(&end, want))
                })?;
                Some(insert(&[first, second]))
            });
            found.extend(pair);
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
    fitting(setting, &candidates(setting, kinds), offer, want)
}

fn fitting(
    setting: &Setting<'_>,
    all: &[Vec<Candidate<'_>>],
    offer: Side<'_>,
    want: Side<'_>,
) -> Vec<Cure> {
    let fits = |way: &&Candidate<'_>| {
        let end = way.through(setting, offer);
        end.is_some_and(|end| way.reaches(&end, want))
    };
    let found = all.iter().filter_map(|ways| ways.iter().find(fits));
    found.map(|way| insert(&[way])).collect()
}

fn insert(ways: &[&Candidate<'_>]) -> Cure {
    let titles = ways.iter().map(|way| {
        let set = way.values.iter();
        let set: Vec<String> = set
            .map(|(title, _, text)| format!("{title} {text}"))
            .collect();
        match set.is_empty() {
            true => way.descriptor.title.to_string(),
            false => format!("{} ({})", way.descriptor.title, set.join(", ")),
        }
    });
    let titles: Vec<String> = titles.collect();
    let values = ways.iter().map(|way| {
        let set = way.values.iter();
        set.map(|(_, key, text)| (key.clone(), text.clone()))
            .collect()
    });
    Cure {
        kind: CureKind::Insert,
        cost: ways.len() as u32,
        inserts: ways
            .iter()
            .map(|way| way.descriptor.key.to_string())
            .collect(),
        pins: None,
        set: None,
        values: values.collect(),
        text: format!("Insert {}", titles.join(" and ")),
    }
}
