//! Which pins are free and which filters would take a wire; a new filter that comes with its wire.

use super::super::App;
use super::Trial;
use crate::graph::{
    CureKind, Edit, FilterId, Graph, NodeKind, PinAddress, PinRef, Position, Refusal, Wiring, apply,
};
use crate::ks::DataFlow;
use crate::sysaudio::wire;

/// A kind of filter that would take a wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fit {
    /// Key of the kind.
    pub key: String,
    /// Name of the pin.
    pub pin: String,
    /// Filters that have to go in between.
    pub cost: u32,
    /// Their titles, from the output on.
    pub chain: Vec<String>,
}

impl App {
    /// The pins of a box of the shown graph of a trial that take one more wire, in their order.
    pub(in crate::app) fn free_pins(
        &self,
        trial: &Trial,
        id: FilterId,
        flow: DataFlow,
    ) -> Vec<PinRef> {
        self.pins(trial.both(), id, flow)
    }

    pub(super) fn pins(
        &self,
        (document, wiring): (&Graph, &Wiring),
        id: FilterId,
        flow: DataFlow,
    ) -> Vec<PinRef> {
        let graph = self.shown_in(document);
        let Some(node) = graph.filters.get(&id) else {
            return vec![];
        };
        let names: Vec<String> = match &node.kind {
            NodeKind::Group(group) => group.pins.iter().map(|pin| pin.name.clone()).collect(),
            NodeKind::Filter(_) => {
                let wired = wiring.filters.get(&self.path_of(id));
                let descriptor = wired.and_then(|wired| wired.descriptor.as_deref());
                let pins = descriptor.map_or(&[][..], |it| &it.pins);
                pins.iter().map(|pin| pin.name.to_string()).collect()
            }
        };
        let free = names.into_iter().filter_map(|pin| {
            let mut end = PinRef {
                filter: id,
                pin,
                instance: 0,
            };
            let address = document.resolve(&self.address(&end))?;
            let wired = wiring.filters.get(&address.filter)?;
            let (_, factory) = wired.descriptor.as_deref()?.pin(&address.pin)?;
            if factory.data_flow != flow || factory.is_bridge() {
                return None;
            }
            let possible = factory.instances.possible;
            end.instance = graph.free_instance(id, &end.pin, possible)?;
            Some(end)
        });
        free.collect()
    }

    /// The flow of a pin.
    pub(in crate::app) fn flow_of(&self, pin: &PinAddress) -> Option<DataFlow> {
        let pin = self.resolved(pin);
        let wired = self.wiring.filters.get(&pin.filter)?;
        let (_, factory) = wired.descriptor.as_deref()?.pin(&pin.pin)?;
        Some(factory.data_flow)
    }

    /// The first instance of every pin of that flow.
    pub(in crate::app) fn all_pins(&self, id: FilterId, flow: DataFlow) -> Vec<PinRef> {
        let wires = 0..self.shown().connections.len();
        let bare = Edit::Batch(wires.rev().map(Edit::Disconnect).collect());
        let trial = self.trial(&bare);
        trial.map_or_else(Vec::new, |trial| self.free_pins(&trial, id, flow))
    }

    /// A new filter with a wire to a pin, or to the selected filter when no pin is named. Where nothing fits the filter is
    /// there without a wire, and the refusal is shown.
    pub(in crate::app) fn add_wired(&mut self, key: &str, at: Position, pin: Option<&PinAddress>) {
        let Some(kind) = self.catalogue.get(key) else {
            self.tell(format!("There is no filter with the key {key:?}"));
            return;
        };
        let title = kind.descriptor().title.clone();
        let name = format!("Add {title}");
        let id = self.fresh_id();
        let add = self.add_filter(id, key, &title, at);
        let Some(trial) = self.trial(&add) else {
            return;
        };
        let waiting: Vec<(DataFlow, PinAddress)> = match (pin, self.selection.one_filter()) {
            (Some(pin), _) => self
                .flow_of(pin)
                .map(|flow| (flow, pin.clone()))
                .into_iter()
                .collect(),
            // What it gives before what it takes.
            (None, Some(selected)) => [DataFlow::Out, DataFlow::In]
                .into_iter()
                .flat_map(|flow| {
                    let pins = self.free_pins(&trial, selected, flow);
                    pins.into_iter().map(move |end| (flow, end))
                })
                .map(|(flow, end)| (flow, self.address(&end)))
                .collect(),
            (None, None) => vec![],
        };
        let mut nearest: Option<(u32, PinAddress, PinAddress)> = None;
        for (flow, pin) in waiting {
            for end in self.free_pins(&trial, id, opposite(flow)) {
                let (from, to) = ordered(flow, pin.clone(), self.address(&end));
                match self.would_hold(trial.both(), &from, &to) {
                    Ok(()) => {
                        let (Some(from), Some(to)) = (self.pin_ref(&from), self.pin_ref(&to))
                        else {
                            continue;
                        };
                        self.refusal = None;
                        let edits = vec![add, Edit::Connect(wire(&from, &to))];
                        if self.apply(&name, Edit::Batch(edits)) {
                            self.select_one(id);
                            self.agree();
                        }
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
        }
        if self.apply(&name, add) {
            self.select_one(id);
            self.agree();
            // A selected filter was a guess; only a pin that was named deserves an answer.
            if let (Some((_, from, to)), Some(_)) = (nearest, pin) {
                self.connect(&from, &to, None);
            }
        }
    }

    /// The first wire from an output to a pin of one of these filters that holds as it is, in a graph as it would be.
    pub(in crate::app) fn first_wire(
        &self,
        trial: &Trial,
        outputs: &[PinRef],
        to: &[FilterId],
    ) -> Option<Edit> {
        let inputs: Vec<PinRef> = to
            .iter()
            .flat_map(|id| self.free_pins(trial, *id, DataFlow::In))
            .collect();
        outputs.iter().find_map(|output| {
            let holds = |input: &&PinRef| {
                let (from, to) = (self.address(output), self.address(input));
                self.would_hold(trial.both(), &from, &to).is_ok()
            };
            let input = inputs.iter().find(holds)?;
            Some(Edit::Connect(wire(output, input)))
        })
    }

    /// Kinds of filters with a pin that takes a wire from this one, the best first: what agrees as it is, then what needs
    /// filters in between; what lets the data through before what ends it; then in the catalogue's order.
    pub(in crate::app) fn fits(&self, pin: &PinAddress) -> Vec<Fit> {
        let Some(flow) = self.flow_of(pin) else {
            return vec![];
        };
        let first = self.fresh_id();
        let mut scratch = self.shown().clone();
        let mut adds = vec![];
        let mut kinds = vec![];
        for kind in self.catalogue.iter() {
            let descriptor = kind.descriptor();
            let id = FilterId(first.0.saturating_add(kinds.len() as u32));
            let (key, title) = (&*descriptor.key, &*descriptor.title);
            let title = scratch.unique_name(title);
            let add = self.add_filter(id, key, &title, Position::default());
            if apply(&mut scratch, add.clone()).is_ok() {
                adds.push(add);
                kinds.push((id, descriptor));
            }
        }
        let Some(trial) = self.trial(&Edit::Batch(adds)) else {
            return vec![];
        };
        let mut found: Vec<((u32, bool), Fit)> = vec![];
        for (id, descriptor) in kinds {
            let other = opposite(flow);
            let has = |flow| {
                let mut pins = descriptor.pins.iter();
                pins.any(|pin| pin.data_flow == flow && !pin.is_bridge())
            };
            let ends_it = !(has(DataFlow::In) && has(DataFlow::Out));
            let answers = self
                .free_pins(&trial, id, other)
                .into_iter()
                .filter_map(|end| {
                    let (from, to) = ordered(flow, pin.clone(), self.address(&end));
                    let chain = match self.would_hold(trial.both(), &from, &to) {
                        Ok(()) => vec![],
                        Err(refusal) => self.chain_of(&refusal)?,
                    };
                    Some((chain, end.pin))
                });
            // The first of the cheapest.
            let mut answers: Vec<(Vec<String>, String)> = answers.collect();
            answers.sort_by_key(|(chain, _)| chain.len());
            if let Some((chain, pin)) = answers.into_iter().next() {
                let key = descriptor.key.to_string();
                let cost = chain.len() as u32;
                let fit = Fit {
                    key,
                    pin,
                    cost,
                    chain,
                };
                found.push(((cost, ends_it), fit));
            }
        }
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, fit)| fit).collect()
    }
}

impl App {
    /// Titles of what the cheapest cure puts in between; `None` where none does.
    fn chain_of(&self, refusal: &Refusal) -> Option<Vec<String>> {
        let mut cures = refusal.cures.iter();
        let insert = cures.find(|cure| cure.kind == CureKind::Insert && self.is_liked(cure))?;
        let title = |key: &String| {
            let kind = self.catalogue.get(key)?;
            Some(kind.descriptor().title.to_string())
        };
        insert.inserts.iter().map(title).collect()
    }
}

/// How far a refused wire is from holding: filters its best cure adds, or more than any when nothing helps; of those, the
/// one that got through more steps.
pub(super) fn cost(refusal: &Refusal) -> u32 {
    match refusal.cures.first() {
        Some(cure) => cure.cost,
        None => 1000 - refusal.step as u32,
    }
}

pub(super) fn opposite(flow: DataFlow) -> DataFlow {
    match flow {
        DataFlow::In => DataFlow::Out,
        DataFlow::Out => DataFlow::In,
    }
}

/// A pin of that flow and one it is to be wired to, the output first.
pub(super) fn ordered(
    flow: DataFlow,
    pin: PinAddress,
    other: PinAddress,
) -> (PinAddress, PinAddress) {
    match flow {
        DataFlow::Out => (pin, other),
        DataFlow::In => (other, pin),
    }
}
