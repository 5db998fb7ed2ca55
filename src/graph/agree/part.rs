//! One part of a graph agreed: filters that wires connect, and nothing else that is connected with them.
//!
//! ```text
//!   per wire, in order: pair checks, then narrow -> settle outward from the devices
//! ```
//! Of wires that cannot all be, the last in that order is refused.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::faults::{no_format, nothing_concrete};
use super::{Setting, agreed, pick};
use crate::graph::connect::{End, Fault, Link, link};
use crate::graph::cures::help;
use crate::graph::flatten::FlatWire;
use crate::graph::knots::knots;
use crate::graph::memo::{Memo, Number};
use crate::graph::model::Chosen;
use crate::graph::narrow::{Now, Trial};
use crate::graph::net::{Member, Net, NetWire, Room};
use crate::graph::problems::{necessary, no_pin};
use crate::graph::refusal::{Refusal, Step};
use crate::graph::units::taken;
use crate::graph::wiring::{Agreement, Problem};
use crate::ks::ids::category;

/// A wire between two filters of a part: their places in it.
#[derive(Clone, Debug)]
pub(in crate::graph) struct PartWire {
    pub(in crate::graph) flat: Arc<FlatWire>,
    pub(in crate::graph) from: usize,
    pub(in crate::graph) to: usize,
}

/// Filters that wires connect, agreed. Nothing in it hangs on what is outside.
#[derive(Debug)]
pub(in crate::graph) struct Part {
    /// In the order of their paths.
    pub(in crate::graph) members: Vec<Member>,
    /// In the order in which they were agreed.
    pub(in crate::graph) wires: Vec<PartWire>,
    /// What every pin can still do, before formats were chosen.
    pub(in crate::graph) net: Net,
    /// What is wrong with its filters, by what stands for their place among all problems.
    pub(in crate::graph) problems: Vec<(Place, Problem)>,
}

impl Part {
    /// Whether a wire into a pin, by filter, factory and instance, is a delay line because no path leads on from it (CYC-2).
    pub(in crate::graph) fn defers(&self, (filter, factory, _): (usize, usize, u32)) -> bool {
        self.members[filter].make.deferred.get(factory) == Some(&true)
    }

    /// Whether the wire into a pin closes a loop of filters in which no sound comes back to where it was.
    pub(in crate::graph) fn is_late(
        &self,
        (filter, factory, instance): (usize, usize, u32),
    ) -> bool {
        let at = self.net.pin(filter, factory, instance);
        let wire = at.and_then(|at| Some((at, self.net.pins[at].wire?)));
        wire.is_some_and(|(at, wire)| {
            let wire = &self.net.wires[wire];
            wire.is_late && wire.to == at
        })
    }
}

/// Where a problem stands among those of all parts: what descriptions show, then wires to pins that are not there, then
/// pins that need a wire; each in the order of filters or wires.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::graph) enum Place {
    /// A filter, by its place in the part.
    Described(usize),
    /// A wire, by its place in the part.
    NoPin(usize),
    /// A filter, by its place in the part.
    Necessary(usize),
}

/// What became of a wire; `None` where it leads to a pin that is not there.
pub(in crate::graph) type Outcome = Option<Result<Agreement, Box<Refusal>>>;

/// Parts with more wires than that together are agreed by several threads.
const MANY: usize = 2_000;
/// More threads than that gain nothing.
const MOST_THREADS: usize = 8;

/// Agrees parts, each with its members and wires; answers stand in the order of the parts. Many are shared out among
/// threads that live for this call only: no part hangs on another, so it cannot matter which is agreed where.
pub(in crate::graph) fn agree_all(
    setting: &Setting<'_>,
    memo: &RefCell<Memo>,
    parts: Vec<(Vec<Member>, Vec<PartWire>)>,
) -> Vec<(Part, Vec<Outcome>)> {
    let wires: usize = parts.iter().map(|(_, wires)| wires.len()).sum();
    let threads = match wires > MANY {
        true => thread::available_parallelism().map_or(1, |it| it.get().min(MOST_THREADS)),
        false => 1,
    };
    if threads.min(parts.len()) < 2 {
        let parts = parts.into_iter();
        return parts
            .map(|(members, wires)| agree(setting, memo, members, wires))
            .collect();
    }
    let mut done: Vec<Option<(Part, Vec<Outcome>)>> = Vec::new();
    done.resize_with(parts.len(), || None);
    let queue = Mutex::new(parts.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = |memo: &RefCell<Memo>| {
        let mut done = vec![];
        while let Some((at, (members, wires))) = next() {
            done.push((at, agree(setting, memo, members, wires)));
        }
        done
    };
    thread::scope(|scope| {
        // Where no thread is to be had, those that are there do all of it.
        let others: Vec<_> = (1..threads)
            .map_while(|_| {
                let name = thread::Builder::new().name("agree".into());
                name.spawn_scoped(scope, || work(&RefCell::default())).ok()
            })
            .collect();
        let mut place = |found: Vec<(usize, (Part, Vec<Outcome>))>| {
            for (at, it) in found {
                done[at] = Some(it);
            }
        };
        place(work(memo));
        for other in others {
            match other.join() {
                Ok(found) => place(found),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    done.into_iter().flatten().collect()
}

/// Agrees a part. `wires` are in their order; the outcomes are, too.
fn agree(
    setting: &Setting<'_>,
    memo: &RefCell<Memo>,
    members: Vec<Member>,
    wires: Vec<PartWire>,
) -> (Part, Vec<Outcome>) {
    let ends: Vec<_> = wires
        .iter()
        .map(|wire| {
            (
                End::of(&members, wire.from, &wire.flat.from),
                End::of(&members, wire.to, &wire.flat.to),
            )
        })
        .collect();
    let both = ends.iter().flat_map(|(from, to)| [from, to]);
    let mut instances: Vec<(usize, usize, u32)> = both
        .filter_map(|end| end.as_ref().ok())
        .map(|end| (end.filter, end.index, end.address.instance))
        .collect();
    instances.sort_unstable();
    instances.dedup();
    let loops = knots(members.len(), wires.iter().map(|wire| (wire.from, wire.to)));
    let room = Room {
        setting,
        members: &members,
        memo,
        knots: &loops,
    };
    let mut net = Net::new(&members, &instances, wires.len());
    let mut now = Now::described(&net, &room);
    if Trial::new(&net, &room, &mut now).with_filters().is_ok() {
        now.keep();
    }
    let mut problems: Vec<(Place, Problem)> = vec![];
    for (at, member) in members.iter().enumerate() {
        let described = member.problems.iter().cloned();
        problems.extend(described.map(|problem| (Place::Described(at), problem)));
    }
    let taken = taken(setting, &members).into_iter();
    problems.extend(taken.map(|(at, problem)| (Place::Described(at), problem)));
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(wires.len());
    let mut links: Vec<(usize, Link)> = vec![];
    for (at, (wire, ends)) in wires.iter().zip(&ends).enumerate() {
        let (from, to) = match ends {
            (Ok(from), Ok(to)) => (*from, *to),
            (from, to) => {
                let places = [(from, wire.from), (to, wire.to)];
                for (reason, member) in places.map(|(end, at)| (end.as_ref().err(), &members[at])) {
                    let problem = reason.and_then(|reason| no_pin(member, reason));
                    problems.extend(problem.map(|problem| (Place::NoPin(at), problem)));
                }
                outcomes.push(None);
                continue;
            }
        };
        let joined = join((&room, &mut net, &mut now), (from, to), wire.flat.chosen());
        // What is agreed is settled when all wires are there.
        outcomes.push(match joined {
            Ok(link) => {
                links.push((at, link));
                None
            }
            Err(refusal) => Some(Err(refusal)),
        });
    }
    // Settling narrows the pins further; what they can do is what they could before.
    let narrowed = now.lists.clone();
    settle((&room, &mut net, &mut now), &links, &wires, &mut outcomes);
    now.restore(narrowed);
    now.write(&mut net, &memo.borrow());
    let lacking = necessary(&members, &net).into_iter();
    problems.extend(lacking.map(|(at, problem)| (Place::Necessary(at), problem)));
    drop(ends);
    let part = Part {
        members,
        wires,
        net,
        problems,
    };
    (part, outcomes)
}

/// Where wires are agreed: the filters, their net, and what its pins can do now.
type Ground<'a, 'b> = (&'b Room<'a>, &'b mut Net, &'b mut Now);

/// Passes a wire through all steps and takes it into the net, if a format is possible so far.
fn join<'a>(
    (room, net, now): Ground<'a, '_>,
    (from, to): (End<'_>, End<'_>),
    chosen: &Chosen,
) -> Result<Link, Box<Refusal>> {
    let setting = room.setting;
    let refuse = |net: &Net, fault: Fault| {
        let step = fault.step;
        let mut refusal = fault.refusal(from.text(room), to.text(room));
        help(&mut refusal, setting, room, net, (from, to), step, chosen);
        refusal
    };
    let link = match link(room, net, (from, to), chosen, &mut |_, _| {}) {
        Ok(link) => link,
        Err(fault) => {
            now.write(net, &room.memo.borrow());
            return Err(refuse(net, fault));
        }
    };
    let new = NetWire {
        from: link.from,
        to: link.to,
        is_push: link.is_push,
        chosen: chosen.format.clone().map(Box::new),
        is_late: link.is_late,
    };
    let left = match Trial::new(net, room, now).with_wire(&new) {
        Ok(left) => left,
        Err(stuck) => {
            now.write(net, &room.memo.borrow());
            let mut fault = no_format(room, net, (from, to), &link, &stuck);
            if let Some(format) = &new.chosen {
                fault.wanted = format!("{}; chosen is {format}", fault.wanted);
            }
            return Err(refuse(net, fault));
        }
    };
    if pick(room, (from.address, to.address), left, Some).is_none() {
        now.take_back();
        now.write(net, &room.memo.borrow());
        let left = Arc::clone(room.memo.borrow().list_of(left));
        return Err(refuse(net, nothing_concrete(setting, (from, to), &left)));
    }
    now.keep();
    net.add(new);
    Ok(link)
}

/// Chooses one format a wire, from the devices outward, each choice narrowing the rest.
fn settle(
    (room, net, now): Ground<'_, '_>,
    links: &[(usize, Link)],
    wires: &[PartWire],
    outcomes: &mut [Outcome],
) {
    let is_device = |filter: usize| {
        let categories = &room.descriptor(filter).categories;
        [category::RENDER, category::CAPTURE]
            .iter()
            .any(|id| categories.contains(id))
    };
    let filters_of = |net: &Net, wire: usize| {
        let NetWire { from, to, .. } = net.wires[wire];
        [from, to].map(|pin| net.pins[pin].filter)
    };
    // The wires of the net are in the order of `links`: sorted.
    let count = net.wires.len();
    let mut waiting = vec![true; count];
    let mut reached = vec![false; room.members.len()];
    let mut first = 0;
    let is_single = |list: Number| room.memo.borrow().is_single(list);
    let single = |wire: &usize| is_single(now.lists[net.wires[*wire].from]);
    let mut layer: Vec<usize> = (0..count).filter(single).collect();
    layer.extend((0..count).filter(|&wire| filters_of(net, wire).into_iter().any(is_device)));
    let mut next: Vec<usize> = vec![];
    loop {
        for wire in layer.drain(..) {
            if !std::mem::replace(&mut waiting[wire], false) {
                continue;
            }
            let (at, link) = &links[wire];
            let ends = (&wires[*at].flat.from, &wires[*at].flat.to);
            let (from, to) = (now.lists[link.from], now.lists[link.to]);
            // What has settled already at both ends changes nothing behind them.
            let has_settled = from == to && is_single(from);
            let fits = pick(room, ends, from, |format| {
                if !has_settled {
                    let trial = Trial::new(net, room, now);
                    trial.with_format(wire, format).ok()?;
                    now.keep();
                }
                Some(format)
            });
            outcomes[*at] = Some(match fits {
                Some(format) => Ok(agreed(link, room.memo.borrow().format(format).clone())),
                None => {
                    now.write(net, &room.memo.borrow());
                    Err(refuse_late(room, net, link, &wires[*at]))
                }
            });
            for filter in filters_of(net, wire) {
                if !std::mem::replace(&mut reached[filter], true) {
                    let near = net.pins_of(filter).filter_map(|pin| net.pins[pin].wire);
                    next.extend(near.filter(|&near| waiting[near]));
                }
            }
        }
        std::mem::swap(&mut layer, &mut next);
        layer.sort_unstable();
        layer.dedup();
        if layer.is_empty() {
            while waiting.get(first) == Some(&false) {
                first += 1;
            }
            if first == count {
                break;
            }
            layer.push(first);
        }
    }
}

/// A wire that narrowed well, for which no single format suits all that hangs on it.
fn refuse_late(room: &Room<'_>, net: &Net, link: &Link, wire: &PartWire) -> Box<Refusal> {
    let setting = room.setting;
    let end = |filter, address| End::of(room.members, filter, address);
    let ends = (end(wire.from, &wire.flat.from), end(wire.to, &wire.flat.to));
    let (Ok(from), Ok(to)) = ends else {
        unreachable!("a wire whose pins are not there is in no net");
    };
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
    refusal
}
