//! Other values of the two filters at a refused wire: under which the two pins would go together, and all that is wired to
//! the filter still would. What the filters are called is not looked at: each is described anew and asked.

use std::sync::Arc;

use super::agree::Setting;
use super::connect::End;
use super::cures::{Side, common, few_values, value_text};
use super::memo::List;
use super::net::{Net, Room};
use super::refusal::{Cure, CureKind};
use crate::ks::{DataRange, Descriptor, Settings, Value, overlaps};

/// A cure for each property that would help, with the first of its values that does.
pub(super) fn other_values(
    setting: &Setting<'_>,
    room: &Room<'_>,
    net: &Net,
    (from, to): (End<'_>, End<'_>),
) -> Vec<Cure> {
    // A wire that crosses the border of a group ends at the group's pin, and not at a filter that could be set.
    let place = |end: &End<'_>| {
        let path = &end.address.filter.0;
        path[..path.len().saturating_sub(1)].to_vec()
    };
    if place(&from) != place(&to) || from.filter == to.filter {
        return vec![];
    }
    let mut found = vec![];
    for (end, other, is_output) in [(from, to, true), (to, from, false)] {
        let member = &room.members[end.filter];
        let Some((_, descriptor)) = &member.make.known else {
            continue;
        };
        let values = helpful(setting, room, net, (end, other), is_output);
        for (property, value) in values {
            let property = &descriptor.properties[property];
            let name = &member.wired.name;
            let text = value_text(&value);
            found.push(Cure {
                kind: CureKind::Property,
                cost: 1,
                inserts: vec![],
                values: vec![],
                pins: None,
                text: format!("Set {} of {name} to {text}", property.title),
                set: Some((end.address.clone(), property.key.to_owned(), text)),
            });
        }
    }
    found
}

/// For each property that would help the first of its values that does; looked for once for equal questions.
fn helpful(
    setting: &Setting<'_>,
    room: &Room<'_>,
    net: &Net,
    (end, other): (End<'_>, End<'_>),
    is_output: bool,
) -> Vec<(usize, Value)> {
    let member = &room.members[end.filter];
    let make = [&member.make, &room.members[other.filter].make].map(Arc::clone);
    let place = |list: &List| list.as_ptr().addr();
    let mut lists = vec![];
    let mut question = vec![usize::from(is_output), end.index, other.index];
    question.extend(make.iter().map(|it| Arc::as_ptr(it).addr()));
    if let Some(pin) = net.pin(other.filter, other.index, other.address.instance) {
        lists.push(Arc::clone(&net.pins[pin].ranges));
    }
    for pin in net.pins_of(end.filter) {
        if let Some(wire) = net.pins[pin].wire.map(|wire| &net.wires[wire]) {
            let peer = if wire.from == pin { wire.to } else { wire.from };
            question.push(net.pins[pin].factory);
            lists.push(Arc::clone(&net.pins[peer].ranges));
        }
    }
    question.extend(lists.iter().map(place));
    let known = room.memo.borrow().helpful(&question);
    if let Some(known) = known {
        return known;
    }
    let Some((_, descriptor)) = &member.make.known else {
        return vec![];
    };
    let properties = descriptor.properties.iter().enumerate();
    let found: Vec<(usize, Value)> = properties
        .filter(|(_, property)| property.structural)
        .filter_map(|(index, property)| {
            let now = member.wired.values.get(property.key);
            let now = now.cloned().unwrap_or_else(|| property.default_value());
            let mut others = few_values(property).into_iter().filter(|it| *it != now);
            let helps = |value: &Value| {
                let set = (property.key, value);
                fits(setting, room, net, (end, other), is_output, set)
            };
            Some((index, others.find(helps)?))
        })
        .collect();
    let mut memo = room.memo.borrow_mut();
    memo.keep_helpful(&question, (make, lists), &found);
    found
}

/// Whether the wire could be if a property of the filter at one end had another value.
fn fits(
    setting: &Setting<'_>,
    room: &Room<'_>,
    net: &Net,
    (end, other): (End<'_>, End<'_>),
    is_output: bool,
    (key, value): (&str, &Value),
) -> bool {
    let member = &room.members[end.filter];
    let (Some((kind, before)), Some((far, _))) =
        (&member.make.known, &room.members[other.filter].make.known)
    else {
        return false;
    };
    let mut values = member.wired.values.clone();
    values.insert(key.to_owned(), value.clone());
    let settings = Settings {
        values: &values,
        base: setting.base,
    };
    let descriptor = kind.describe(&settings, setting.facts).into_owned();
    let is_same = |index: usize| {
        let pin = |it: &Descriptor| {
            let pin = it.pins.get(index)?;
            Some((pin.name.clone(), pin.data_flow, pin.instances.possible))
        };
        pin(&descriptor).is_some() && pin(&descriptor) == pin(before)
    };
    if !is_same(end.index) {
        return false;
    }
    let mut lists: Vec<Vec<DataRange>> = descriptor
        .pins
        .iter()
        .map(|pin| {
            let ranges = pin.ranges.iter();
            ranges.map(|it| it.at_graph_rate(setting.rate_hz)).collect()
        })
        .collect();
    // What is wired already stays so.
    for pin in net.pins_of(end.filter) {
        let pin = &net.pins[pin];
        let Some(wire) = pin.wire.map(|wire| &net.wires[wire]) else {
            continue;
        };
        let ends = [wire.from, wire.to];
        let peer = ends
            .into_iter()
            .find(|&at| net.pins[at].filter != end.filter);
        let Some(peer) = peer.filter(|_| is_same(pin.factory)) else {
            return false;
        };
        let left: Vec<DataRange> = overlaps(&lists[pin.factory], &net.pins[peer].ranges).collect();
        if left.is_empty() {
            return false;
        }
        lists[pin.factory] = left;
    }
    kind.constrain(&descriptor, &settings, &mut lists);
    if lists
        .iter()
        .zip(&*descriptor.pins)
        .any(|(it, pin)| it.is_empty() && !pin.is_bridge())
    {
        return false;
    }
    let Some(other_pin) = net.pin(other.filter, other.index, other.address.instance) else {
        return false;
    };
    let mine = Side {
        pin: &descriptor.pins[end.index],
        ranges: &lists[end.index],
        answering: (&**kind, end.index),
    };
    let theirs = Side {
        pin: other.factory,
        ranges: &net.pins[other_pin].ranges,
        answering: (&**far, other.index),
    };
    let both = match is_output {
        true => common(mine, theirs),
        false => common(theirs, mine),
    };
    both.is_some_and(|both| both.iter().any(|it| it.choose().is_some()))
}
