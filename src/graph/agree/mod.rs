//! A graph agreed: `negotiate`, and the same question for one wire that is not there yet.
//!
//! ```text
//!   dissolve groups -> describe each filter -> part by part (`part.rs`): pair checks, narrow, settle
//! ```
//! The answer depends on the graph, the catalogue and the facts, never on the order of drawing: wires are taken in the order
//! of their ends, and of wires that cannot all be, the last in that order is refused. No I/O.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

pub(super) mod part;

mod faults;

use super::connect::{End, Fault, Link, link};
use super::cures::help;
use super::memo::{Memo, Number};
use super::model::{Chosen, Graph};
use super::narrow::{Now, Trial};
use super::negotiator::Negotiator;
use super::net::{Net, NetWire, Room};
use super::refusal::{Refusal, Step};
use super::wiring::{Agreement, PinAddress, Wiring};
use crate::ks::{Catalogue, DataFormat, Facts, Status, fallback_formats};
use faults::{no_format, nothing_concrete};

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
    let mut negotiator = Negotiator::default();
    negotiator.agree(graph, catalogue, facts, base);
    negotiator.into_wiring()
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
    let mut passed = |step, text: &dyn Fn() -> String| steps.push((step, Ok(text())));
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
    passed: &mut dyn FnMut(Step, &dyn Fn() -> String),
) -> Result<Agreement, Box<Refusal>> {
    let setting = Setting {
        catalogue,
        facts,
        base,
        rate_hz: wiring.rate_hz,
    };
    let found = (wiring.home(&from.filter), wiring.home(&to.filter));
    // Two parts that nothing connects yet are looked at together.
    let joined;
    let (members, net) = match found {
        (Some((one, _)), Some((other, _))) if !std::ptr::eq(one, other) => {
            let sides = (
                (&one.members[..], &one.net),
                (&other.members[..], &other.net),
            );
            joined = Net::joined(sides.0, sides.1);
            (&joined.0[..], &joined.1)
        }
        (Some((part, _)), _) | (None, Some((part, _))) => (&part.members[..], &part.net),
        (None, None) => {
            joined = Default::default();
            (&joined.0[..], &joined.1)
        }
    };
    let memo = RefCell::new(Memo::default());
    let room = Room {
        setting: &setting,
        members,
        memo: &memo,
        knots: &[],
    };
    let ends = (End::find(members, from), End::find(members, to));
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
    let there = wiring.wire(from, to);
    // A wire that is there is explained as if it were not: the steps look at all the others.
    let net = match there {
        Some(wire) if wire.outcome.is_ok() => {
            let pin = |end: End<'_>| net.pin(end.filter, end.index, end.address.instance);
            match (pin(source), pin(sink)) {
                (Some(from), Some(to)) => Cow::Owned(net.without(from, to)),
                _ => Cow::Borrowed(net),
            }
        }
        _ => Cow::Borrowed(net),
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
        is_late: link.is_late,
    };
    let mut now = Now::of(&net, &room);
    let left = Trial::new(&net, &room, &mut now)
        .with_wire(&wire)
        .map_err(|stuck| refuse(no_format(&room, &net, (source, sink), &link, &stuck)))?;
    let list = Arc::clone(memo.borrow().list_of(left));
    let format = pick(&room, (from, to), left, Some)
        .ok_or_else(|| refuse(nothing_concrete(&setting, (source, sink), &list)))?;
    let format = memo.borrow().format(format).clone();
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

/// The first format a wire may take that `fits`, best first, by its number: DIX-13 over the ranges of a list, then, when one
/// was refused, the walk of DIX-19.
fn pick<T>(
    room: &Room<'_>,
    (from, to): (&PinAddress, &PinAddress),
    list: Number,
    mut fits: impl FnMut(Number) -> Option<T>,
) -> Option<T> {
    let choice = |at: usize| room.memo.borrow_mut().choice(list, at);
    let mut chosen = (0..).map_while(choice);
    let refused = &room.setting.facts.refused;
    if refused.is_empty() {
        return chosen.find_map(fits);
    }
    let format = |number: Number| room.memo.borrow().format(number).clone();
    let mut formats: Vec<DataFormat> = chosen.map(format).collect();
    let is_refused = |format: &DataFormat| {
        [from, to].iter().any(|pin| {
            let entry = (pin.filter.to_string(), pin.pin.clone(), format.to_string());
            refused.contains(&entry)
        })
    };
    if formats.iter().any(is_refused) {
        let ranges = Arc::clone(room.memo.borrow().list_of(list));
        let held = |format: &DataFormat| ranges.iter().any(|range| range.contains(format));
        formats.extend(fallback_formats().filter(held));
        formats.retain(|format| !is_refused(format));
    }
    let number = |format| room.memo.borrow_mut().number_of_format(format);
    formats.into_iter().find_map(|format| fits(number(format)))
}
