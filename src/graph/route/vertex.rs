//! What a way may lead through: filters of the graph with their free pins, kinds of the catalogue with each setting that
//! changes what their pins do.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::cures::{Side, few_values};
use super::super::memo::List;
use super::super::wiring::{FilterPath, PinAddress, Wiring};
use super::reach::Kinds;
use super::{Goal, Seek, Stop, UNTAKEN, free_instance};
use crate::ks::merit::UNLIKELY;
use crate::ks::{DataFlow, DataRange, Descriptor, Filter, PinFactory, Property, Settings, Value};

/// A pin: the index of its factory, and the instance.
pub(super) type Seat = (usize, u32);

/// A filter that a way may lead through.
pub(super) struct Vertex<'a> {
    pub(super) stop: Stop,
    /// What it is called in words.
    pub(super) name: String,
    pub(super) kind: &'a dyn Filter,
    pub(super) values: Cow<'a, BTreeMap<String, Value>>,
    pub(super) descriptor: Cow<'a, Descriptor>,
    /// The ranges of each factory.
    pub(super) lists: Vec<List>,
    /// The kinds of their streams.
    pub(super) kinds: Vec<Kinds>,
    pub(super) inputs: Vec<Seat>,
    pub(super) outputs: Vec<Seat>,
}

impl Vertex<'_> {
    pub(super) fn is_new(&self) -> bool {
        matches!(self.stop, Stop::New { .. })
    }

    /// Whether nothing leads on behind its inputs.
    pub(super) fn is_end(&self) -> bool {
        self.outputs.is_empty()
    }

    /// A pin of it with so much left of its ranges.
    pub(super) fn side<'s>(&'s self, factory: usize, ranges: &'s [DataRange]) -> Side<'s> {
        Side {
            pin: &self.descriptor.pins[factory],
            ranges,
            answering: (self.kind, factory),
        }
    }
}

/// A pin that stands in the graph.
pub(super) struct Start<'a> {
    pub(super) name: String,
    pub(super) kind: &'a dyn Filter,
    pub(super) descriptor: &'a Descriptor,
    pub(super) factory: usize,
    pub(super) ranges: List,
}

impl Start<'_> {
    pub(super) fn side(&self) -> Side<'_> {
        Side {
            pin: &self.descriptor.pins[self.factory],
            ranges: &self.ranges,
            answering: (self.kind, self.factory),
        }
    }
}

/// Finds a pin of the graph with what it can still do.
pub(super) fn start<'a>(wiring: &'a Wiring, pin: &PinAddress) -> Option<Start<'a>> {
    let (part, place) = wiring.home(&pin.filter)?;
    let member = &part.members[place];
    let (kind, descriptor) = member.make.known.as_ref()?;
    let (factory, _) = descriptor.pin(&pin.pin)?;
    let at = part.net.pin(place, factory, pin.instance)?;
    Some(Start {
        name: member.wired.name.clone(),
        kind: &**kind,
        descriptor,
        factory,
        ranges: part.net.pins[at].ranges.clone(),
    })
}

/// All there is: first what stands in the same graph as the output, the newest first; then the catalogue by merit, the
/// newest first, each kind as it comes before it is set otherwise.
pub(super) fn all<'a>(seek: &Seek<'a>) -> Vec<Vertex<'a>> {
    let mut found = there(seek);
    if matches!(seek.goal, Goal::End { is_there: true }) {
        return found;
    }
    let kinds = seek.catalogue.iter().map(|kind| &**kind).enumerate();
    let kinds = kinds.map(|(age, kind)| ((seek.merit)(kind.descriptor()), age, kind));
    let mut kinds: Vec<_> = kinds.filter(|(merit, ..)| *merit >= UNLIKELY).collect();
    kinds.sort_by_key(|(merit, age, _)| std::cmp::Reverse((*merit, *age)));
    for (_, _, kind) in kinds {
        let descriptor = kind.descriptor();
        if !descriptor.pins.iter().any(|pin| is_open(pin, DataFlow::In)) {
            continue;
        }
        found.extend(new(seek, kind, None));
        for property in descriptor.properties.iter().filter(|it| it.structural) {
            let values = few_values(property).into_iter();
            let values = values.filter(|it| *it != property.default_value());
            found.extend(values.filter_map(|value| new(seek, kind, Some((property, value)))));
        }
    }
    found
}

fn is_open(pin: &PinFactory, flow: DataFlow) -> bool {
    pin.data_flow == flow && !pin.is_bridge()
}

fn is_led_on(pin: &PinFactory) -> bool {
    is_open(pin, DataFlow::Out) && !pin.name.starts_with(UNTAKEN)
}

/// Filters of the graph that stand beside the output and have an input left.
fn there<'a>(seek: &Seek<'a>) -> Vec<Vertex<'a>> {
    let level = |path: &FilterPath| path.0.split_last().map(|(_, level)| level.to_vec());
    let here = level(&seek.from.filter);
    let ends = [Some(seek.from), seek.goal.pin()];
    let is_end = |path: &FilterPath| ends.iter().flatten().any(|end| end.filter == *path);
    let beside = seek.wiring.filters.iter().rev();
    let beside = beside.filter(|(path, _)| level(path) == here && !is_end(path));
    let vertices = beside.filter_map(|(path, wired)| {
        if wired.is_disabled || wired.is_bypassed {
            return None;
        }
        let (part, place) = seek.wiring.home(path)?;
        let (kind, descriptor) = part.members[place].make.known.as_ref()?;
        let free = |is_wanted: fn(&PinFactory) -> bool| -> Vec<Seat> {
            let pins = descriptor.pins.iter().enumerate();
            let wanted = pins.filter(|(_, pin)| is_wanted(pin));
            wanted
                .filter_map(|(factory, pin)| {
                    let instance = free_instance(&part.net, place, factory)?;
                    // An output that grows is connected as soon as one of its pins is.
                    let wired = part.net.factories(place)[factory].1;
                    let is_free = pin.data_flow == DataFlow::In || wired == 0;
                    is_free.then_some((factory, instance))
                })
                .collect()
        };
        let inputs = free(|pin| is_open(pin, DataFlow::In));
        if inputs.is_empty() {
            return None;
        }
        let lists: Vec<List> = part
            .net
            .factories(place)
            .iter()
            .map(|(pins, _)| {
                let left = pins.clone().find(|&pin| part.net.pins[pin].wire.is_none());
                let pin = left.or(pins.clone().next());
                pin.map_or_else(|| List::from([]), |pin| part.net.pins[pin].ranges.clone())
            })
            .collect();
        Some(Vertex {
            stop: Stop::There(path.clone()),
            name: wired.name.clone(),
            kind: &**kind,
            values: Cow::Borrowed(&wired.values),
            descriptor: Cow::Borrowed(descriptor),
            kinds: lists.iter().map(|list| Kinds::of(list)).collect(),
            lists,
            inputs,
            outputs: free(is_led_on),
        })
    });
    vertices.collect()
}

/// A filter of the catalogue, with one value that is not its default.
fn new<'a>(
    seek: &Seek<'a>,
    kind: &'a dyn Filter,
    changed: Option<(&Property, Value)>,
) -> Option<Vertex<'a>> {
    let set: Vec<(String, Value)> = changed
        .into_iter()
        .map(|(property, value)| (property.key.to_owned(), value))
        .collect();
    let values: BTreeMap<String, Value> = set.iter().cloned().collect();
    let settings = Settings {
        values: &values,
        base: seek.base,
    };
    let descriptor = kind.describe(&settings, seek.facts);
    let seats = |is_wanted: fn(&PinFactory) -> bool| -> Vec<Seat> {
        let pins = descriptor.pins.iter().enumerate();
        let wanted = pins.filter(|(_, pin)| is_wanted(pin));
        wanted.map(|(factory, _)| (factory, 0)).collect()
    };
    let inputs = seats(|pin| is_open(pin, DataFlow::In));
    // One that waits for a second wire does not run behind a first.
    let waits_for = |pin: &&PinFactory| is_open(pin, DataFlow::In) && pin.instances.necessary > 0;
    let needed = descriptor.pins.iter().filter(waits_for);
    let needed: u32 = needed.map(|pin| pin.instances.necessary).sum();
    if inputs.is_empty() || needed > 1 {
        return None;
    }
    let words: Vec<String> = set
        .iter()
        .map(|(key, value)| format!("{key} {}", super::super::cures::value_text(value)))
        .collect();
    let name = match words.is_empty() {
        true => descriptor.title.to_string(),
        false => format!("{} ({})", descriptor.title, words.join(", ")),
    };
    let lists: Vec<List> = descriptor
        .pins
        .iter()
        .map(|pin| {
            let ranges = pin.ranges.iter();
            ranges
                .map(|range| range.at_graph_rate(seek.wiring.rate_hz))
                .collect()
        })
        .collect();
    Some(Vertex {
        stop: Stop::New {
            key: descriptor.key.to_string(),
            values: set,
        },
        name,
        kind,
        kinds: lists.iter().map(|list| Kinds::of(list)).collect(),
        lists,
        inputs,
        outputs: seats(is_led_on),
        values: Cow::Owned(values),
        descriptor,
    })
}
