//! Wires drawn, moved and taken away, and filters put into wires. What is refused is logged and shown, and changes nothing.

use std::collections::BTreeSet;

mod fits;
mod thread;

pub use fits::Fit;
use fits::{cost, opposite, ordered};

use super::{App, ConnectMode, Selection, Urgency};
use crate::graph::{
    Connection, Cure, Edit, FilterId, Graph, Negotiator, PinAddress, PinRef, Refusal, Shared,
    Wiring, apply, settle, would_connect,
};
use crate::ks::{Status, merit};
use crate::sysaudio::{Bench, wire};

/// An edit that a refusal stopped: a cure of the refused wire carries it on.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    name: String,
    /// All of it, the refused wire included.
    edit: Edit,
    /// What is selected when it is done.
    selection: Option<FilterId>,
}

/// A graph as it would be.
pub(super) struct Trial {
    graph: Graph,
    wiring: Negotiator,
}

impl Trial {
    pub(super) fn both(&self) -> (&Graph, &Wiring) {
        (&self.graph, &self.wiring)
    }
}

impl App {
    /// What would be agreed after an edit of the shown graph; `None` when it cannot be made.
    pub(super) fn trial(&self, edit: &Edit) -> Option<Trial> {
        let mut graph = self.graph.clone();
        let edit = edit.clone().within(&self.place.0);
        apply(&mut graph, edit).ok()?;
        settle(&mut graph, &self.catalogue);
        let base = self.base();
        let mut wiring = self.wiring.clone();
        wiring.agree(&graph, &self.catalogue, &self.facts, base.as_deref());
        Some(Trial { graph, wiring })
    }

    /// Whether a wire of a graph that may differ from the open one would hold.
    pub(super) fn would_hold(
        &self,
        (graph, wiring): (&Graph, &Wiring),
        from: &PinAddress,
        to: &PinAddress,
    ) -> Result<(), Box<Refusal>> {
        let base = self.base();
        let (catalogue, facts) = (&self.catalogue, &self.facts);
        let [from, to] = [from, to].map(|pin| graph.resolve(pin).unwrap_or_else(|| pin.clone()));
        would_connect(wiring, catalogue, facts, base.as_deref(), &from, &to).map(|_| ())
    }

    /// The graph inside the innermost group entered, of a document that may differ from the open one.
    pub(super) fn shown_in<'g>(&self, document: &'g Graph) -> &'g Graph {
        document.graph_at(&self.place).unwrap_or(document)
    }

    /// An end of a wire of the shown graph.
    pub(super) fn address(&self, end: &PinRef) -> PinAddress {
        PinAddress {
            filter: self.path_of(end.filter),
            pin: end.pin.clone(),
            instance: end.instance,
        }
    }

    /// Whether no more wires are refused than are now.
    fn is_no_worse(&self, wiring: &Wiring) -> bool {
        refused(wiring) <= refused(&self.wiring)
    }

    pub(super) fn connect(&mut self, from: &PinAddress, to: &PinAddress, cure: Option<usize>) {
        let is_shown =
            |shown: &(PinAddress, PinAddress, Refusal)| shown.0 == *from && shown.1 == *to;
        let pending = self.pending.take();
        let pending = pending.filter(|_| self.refusal.as_ref().is_some_and(is_shown));
        self.refusal = None;
        let trial = match &pending {
            Some(pending) if cure.is_some() => self.trial(&pending.edit),
            _ => None,
        };
        let around: (&Graph, &Wiring) = match &trial {
            Some(trial) => trial.both(),
            None => (&self.graph, &self.wiring),
        };
        let held = match self.would_hold(around, from, to) {
            // A wire drawn by hand waits for its device; whoever builds does not lead there (INT-2).
            Ok(()) if self.likes_cures() || cure.is_some() => match self.unready(from, to) {
                Some(refusal) => Err(refusal),
                None => Ok(()),
            },
            held => held,
        };
        match (held, cure) {
            (Ok(()), _) => {
                let (Some(from), Some(to)) = (self.pin_ref(from), self.pin_ref(to)) else {
                    return;
                };
                if self.apply("Connect", Edit::Connect(wire(&from, &to))) {
                    self.agree();
                }
            }
            // Which device it is to be is not for us to say.
            (Err(refusal), None) if refusal.status == Status::DeviceNotReady => {
                self.refuse(from, to, *refusal);
            }
            (Err(refusal), None) if self.likes_cures() => self.connect_anyhow(from, to, *refusal),
            (Err(refusal), Some(cure)) if cure < refusal.cures.len() => {
                let graph = trial.map(|trial| trial.graph);
                let pending = pending.filter(|_| graph.is_some());
                self.cure((from, to), &refusal, cure, (pending, graph));
            }
            // Its card offered the way that was found when it opened.
            (Err(refusal), Some(0)) if refusal.cures.is_empty() && pending.is_none() => {
                self.connect_anyhow(from, to, *refusal);
            }
            (Err(refusal), _) => self.refuse(from, to, *refusal),
        }
    }

    /// Connects two pins whatever the mode says.
    pub(super) fn connect_by_all_means(&mut self, from: &PinAddress, to: &PinAddress) {
        (self.pending, self.refusal) = (None, None);
        if let Some(refusal) = self.unready(from, to) {
            self.refuse(from, to, *refusal);
            return;
        }
        match self.would_hold((&self.graph, &self.wiring), from, to) {
            Ok(()) => self.connect(from, to, None),
            Err(refusal) => self.connect_anyhow(from, to, *refusal),
        }
    }

    /// Connects what is refused: by what costs no filter, else through filters.
    fn connect_anyhow(&mut self, from: &PinAddress, to: &PinAddress, refusal: Refusal) {
        let liked = self.liked_cure(&refusal);
        let is_free = liked.is_some_and(|at| refusal.cures[at].cost == 0);
        if !is_free && self.connect_through(from, to) {
            return;
        }
        match liked {
            Some(cure) => self.cure((from, to), &refusal, cure, (None, None)),
            None => self.refuse(from, to, refusal),
        }
    }

    /// Whether a refused wire takes its first cure by itself.
    fn likes_cures(&self) -> bool {
        self.preferences().connect == ConnectMode::Intelligent
    }

    /// The first cure with nothing in it that the user has ruled out.
    pub(super) fn liked_cure(&self, refusal: &Refusal) -> Option<usize> {
        refusal.cures.iter().position(|cure| self.is_liked(cure))
    }

    /// Whether a cure puts in nothing that the user has ruled out.
    fn is_liked(&self, cure: &Cure) -> bool {
        cure.inserts.iter().all(|key| {
            let kind = self.catalogue.get(key);
            kind.is_some_and(|kind| self.merit_of(kind.descriptor()) >= merit::UNLIKELY)
        })
    }

    pub(super) fn refuse(&mut self, from: &PinAddress, to: &PinAddress, refusal: Refusal) {
        let source = format!("{} → {}", refusal.from, refusal.to);
        let text = format!(
            "{}. {}, {}",
            refusal.sentence(),
            refusal.status.name(),
            refusal.rule
        );
        self.say(Urgency::Error, &source, Some(from.filter.clone()), text);
        self.refusal = Some((from.clone(), to.clone(), refusal));
    }

    /// Does what a cure says and connects: one undo step, together with what waits for it. What does not help after all
    /// changes nothing.
    fn cure(
        &mut self,
        (from, to): (&PinAddress, &PinAddress),
        refusal: &Refusal,
        cure: usize,
        (pending, graph): (Option<Pending>, Option<Graph>),
    ) {
        let (Some(from_ref), Some(to_ref)) = (self.pin_ref(from), self.pin_ref(to)) else {
            return;
        };
        let cure = &refusal.cures[cure];
        let bench = Bench {
            graph: self.shown_in(graph.as_ref().unwrap_or(&self.graph)),
            catalogue: &self.catalogue,
            fresh: self.fresh_id_in(graph.as_ref().unwrap_or(&self.graph)),
            sizes: &self.sizes,
        };
        let end = |pin: &PinAddress| self.pin_ref(pin);
        let Some(cured) = bench.carry_out((&from_ref, &to_ref), refusal.step, cure, &end) else {
            self.refuse(from, to, refusal.clone());
            return;
        };
        let added: BTreeSet<FilterId> = cured.added.iter().copied().collect();
        let (name, edit, selection) = match pending {
            None => (cure.text.clone(), cured.edit, None),
            Some(pending) => (
                pending.name,
                Edit::Batch(vec![pending.edit, cured.edit]),
                pending.selection,
            ),
        };
        let Some(trial) = self.trial(&edit) else {
            self.refuse(from, to, refusal.clone());
            return;
        };
        // A red wire that stands there is one of those that were refused, and must not be any more.
        let wire = (&self.resolved(from), &self.resolved(to));
        let was_red = ends(&self.wiring, true).any(|red| red == wire);
        if refused(&trial.wiring) + usize::from(was_red) <= refused(&self.wiring) {
            if self.apply(&name, edit) {
                // Wires have other indices now: what was selected by them is not what is meant.
                self.selection.connections.clear();
                match selection {
                    Some(id) => self.select_one(id),
                    None if added.is_empty() => {}
                    None => {
                        self.selection = Selection {
                            filters: added,
                            ..Selection::default()
                        };
                    }
                }
                self.agree();
            }
            return;
        }
        // Another wire of the same act does not hold yet: its own cures are next.
        let known: BTreeSet<_> = ends(&self.wiring, true).collect();
        let next = trial.wiring.wires.iter().find_map(|wire| {
            let refusal = wire.outcome.as_ref().err()?;
            let is_new = !known.contains(&(&wire.from, &wire.to));
            is_new.then(|| (wire.from.clone(), wire.to.clone(), (**refusal).clone()))
        });
        match next {
            Some((next_from, next_to, next)) => {
                self.refuse(&next_from, &next_to, next);
                self.pending = Some(Pending {
                    name,
                    edit,
                    selection,
                });
            }
            None => self.refuse(from, to, refusal.clone()),
        }
    }

    pub(super) fn disconnect(&mut self, mut connections: Vec<usize>, name: &str) {
        // From the back, so that the indices in front stay true.
        connections.sort_unstable();
        connections.dedup();
        connections.retain(|index| *index < self.shown().connections.len());
        if connections.is_empty() {
            return;
        }
        let edits = connections
            .into_iter()
            .rev()
            .map(Edit::Disconnect)
            .collect();
        self.selection.connections.clear();
        if self.apply(name, Edit::Batch(edits)) {
            self.agree();
        }
    }

    /// Wires that are selected, and all wires of filters that are.
    pub(super) fn disconnect_selection(&mut self) {
        let Selection {
            filters,
            connections,
            ..
        } = &self.selection;
        let wires = self.shown().connections.iter().enumerate();
        let hit = |(index, wire): &(usize, &Shared<Connection>)| {
            connections.contains(index)
                || filters.contains(&wire.from.filter)
                || filters.contains(&wire.to.filter)
        };
        let found = wires.filter(hit).map(|(index, _)| index).collect();
        self.disconnect(found, "Disconnect");
    }

    pub(super) fn disconnect_all(&mut self, filter: FilterId) {
        let wires = self.shown().connections.iter().enumerate();
        let hit = wires.filter(|(_, it)| it.from.filter == filter || it.to.filter == filter);
        let found = hit.map(|(index, _)| index).collect();
        let name = self.shown().filters.get(&filter).map(|node| &node.name);
        let name = name.map_or_else(String::new, |name| format!("Disconnect {name}"));
        self.disconnect(found, &name);
    }

    /// Moves one end of a wire. What was chosen for it stays, unless its new place cannot have it; so does its place among
    /// the other wires.
    pub(super) fn rewire(&mut self, index: usize, from: &PinAddress, to: &PinAddress) {
        let (Some(from_ref), Some(to_ref)) = (self.pin_ref(from), self.pin_ref(to)) else {
            return;
        };
        let Some(old) = self.shown().connections.get(index).cloned() else {
            return;
        };
        let old = old.into_inner();
        if old.from == from_ref && old.to == to_ref {
            return;
        }
        let edit = |connection| {
            Edit::Batch(vec![
                Edit::Disconnect(index),
                Edit::ConnectAt { index, connection },
            ])
        };
        // Without the wire: its end may be in the way of its own new place.
        let Some(without) = self.trial(&Edit::Disconnect(index)) else {
            return;
        };
        if let Err(refusal) = self.would_hold(without.both(), from, to) {
            self.refuse(from, to, *refusal);
            return;
        }
        let moved = Connection {
            from: from_ref,
            to: to_ref,
            chosen: old.chosen,
        };
        let kept = edit(moved.clone());
        let holds = self
            .trial(&kept)
            .is_some_and(|trial| self.is_no_worse(&trial.wiring));
        let edit = if holds {
            kept
        } else {
            edit(wire(&moved.from, &moved.to))
        };
        self.refusal = None;
        if self.apply("Rewire", edit) {
            self.agree();
        }
    }

    /// Draws a wire from a pin to whichever pin of a filter takes it, from left to right whatever the pin's side.
    pub(super) fn connect_to_body(&mut self, pin: &PinAddress, filter: FilterId) {
        let Some(flow) = self.flow_of(pin) else {
            return;
        };
        let other = opposite(flow);
        let mut ends = self.pins((&self.graph, &self.wiring), filter, other);
        if ends.is_empty() {
            // All are taken: the refusal of the first says so, and a mixer or splitter may help.
            ends = self.all_pins(filter, other);
        }
        let mut nearest: Option<(u32, PinAddress, PinAddress)> = None;
        for end in ends {
            let end = self.address(&end);
            let (from, to) = ordered(flow, pin.clone(), end);
            match self.would_connect(&from, &to) {
                Ok(_) => {
                    self.connect(&from, &to, None);
                    return;
                }
                Err(refusal) => {
                    let cost = cost(&refusal);
                    if nearest.as_ref().is_none_or(|it| cost < it.0) {
                        nearest = Some((cost, from, to));
                    }
                }
            }
        }
        if let Some((_, from, to)) = nearest {
            self.connect(&from, &to, None);
        }
    }
}

fn refused(wiring: &Wiring) -> usize {
    ends(wiring, true).count()
}

/// The ends of wires that are refused, or of all that are not.
fn ends(wiring: &Wiring, is_refused: bool) -> impl Iterator<Item = (&PinAddress, &PinAddress)> {
    let wires = wiring.wires.iter();
    let hit = wires.filter(move |wire| wire.outcome.is_err() == is_refused);
    hit.map(|wire| (&wire.from, &wire.to))
}
