//! Wires for which no format is left: what is told of them.

use std::collections::{BTreeSet, VecDeque};

use super::Setting;
use crate::graph::connect::{End, Fault, Link};
use crate::graph::narrow::Stuck;
use crate::graph::net::{FREE, Net, Room};
use crate::graph::refusal::{Field, Step};
use crate::graph::resolve::pin_words;
use crate::graph::words;
use crate::ks::{DataRange, Intersection, Status, closest_mismatch, overlaps, own_refusal};

/// DIX-6, with the field that rules it out and where that limit comes from.
pub(super) fn no_format(
    room: &Room<'_>,
    net: &Net,
    (from, to): (End<'_>, End<'_>),
    link: &Link,
    stuck: &Stuck,
) -> Fault {
    if let Some(fault) = own_word(room, net, (from, to), link) {
        return fault;
    }
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

/// A pin whose filter refuses by itself what would go together by the ranges (DIX-8, DIX-5).
fn own_word(
    room: &Room<'_>,
    net: &Net,
    (from, to): (End<'_>, End<'_>),
    link: &Link,
) -> Option<Fault> {
    let (client, own) = match link.is_push {
        true => (link.from, link.to),
        false => (link.to, link.from),
    };
    let own = &net.pins[own];
    let (kind, _) = room.members[own.filter].make.known.as_ref()?;
    let word = own_refusal(
        &net.pins[client].ranges,
        &own.ranges,
        (&**kind, own.factory),
    )?;
    let (rule, status, how) = match word {
        Intersection::Format(format) => (
            "DIX-6",
            Status::NoMatch,
            format!("its filter wants {format}"),
        ),
        Intersection::Status(Status::NoMatch) => (
            "DIX-6",
            Status::NoMatch,
            "its filter refuses every such format".to_owned(),
        ),
        Intersection::Status(status) => (
            "DIX-5",
            status,
            format!("its filter ends the search with {}", status.name()),
        ),
        Intersection::Needs(_) => {
            let status = Status::BufferTooSmall;
            (
                "DIX-5",
                status,
                format!("its filter ends the search with {}", status.name()),
            )
        }
    };
    let side = |end: &End<'_>, verb, ranges, answers: bool| {
        let but = match answers {
            true => format!(", but {how}"),
            false => String::new(),
        };
        format!("{} {verb} {}{but}", end.word(), words::all(ranges))
    };
    let (offer, want) = (&net.pins[link.from].ranges, &net.pins[link.to].ranges);
    Some(Fault::new(
        rule,
        status,
        Step::Intersection,
        side(&from, "offers", offer, !link.is_push),
        side(&to, "takes", want, link.is_push),
    ))
}

/// The nearest pin that by itself rules out all of `others`, when `pin` by itself does not.
fn origin(room: &Room<'_>, net: &Net, pin: usize, others: &[DataRange]) -> Option<String> {
    let (field, ..) = closest_mismatch(&net.pins[pin].ranges, others)?;
    meets(room.described(&net.pins[pin]), others).then_some(())?;
    let mut seen = BTreeSet::from([pin]);
    let mut queue = VecDeque::from([pin]);
    while let Some(at) = queue.pop_front() {
        let rules_out = closest_mismatch(room.described(&net.pins[at]), others)
            .is_some_and(|(other, ..)| other == field);
        if at != pin && rules_out {
            return Some(pin_name(room, net, at));
        }
        let same_filter = net.pins_of(net.pins[at].filter);
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
    let factory = &room.descriptor(pin.filter).pins[pin.factory].name;
    let instance = match pin.instance {
        FREE => 0,
        instance => instance,
    };
    format!("{}.{}", room.name(pin.filter), pin_words(factory, instance))
}

/// A wire whose ranges overlap, but of which no format can be made.
pub(super) fn nothing_concrete(
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
