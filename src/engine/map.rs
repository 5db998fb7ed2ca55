//! What the numbers of a plan mean: which pin, wire or filter each of them is, and where each stands in what the plan
//! publishes. Shares what the plan was made from; nothing is copied.

use std::ops::Range;
use std::sync::Arc;

use super::hold::Holds;
use super::records::PinRecord;
use super::spec::{Node, Spec};
use crate::graph::{FilterPath, PinAddress};
use crate::ks::DataFlow;

/// Names and places of all that is in one plan. Copies share what is in it.
#[derive(Clone, Debug, Default)]
pub struct PlanMap {
    spec: Arc<Spec>,
    places: Arc<Places>,
}

#[derive(Debug, Default)]
struct Places {
    /// Where the states of each node's pins stand.
    pins: Vec<Range<usize>>,
    /// The node of each open filter, in the order of their places in the slab.
    by_entry: Vec<(u32, u32)>,
}

impl PlanMap {
    pub(super) fn of(spec: &Arc<Spec>, holds: &Holds) -> Self {
        let pins = holds.nodes.iter().map(|node| node.seats.clone());
        let places = Places {
            pins: pins.collect(),
            by_entry: holds.by_entry.clone(),
        };
        Self {
            spec: Arc::clone(spec),
            places: Arc::new(places),
        }
    }

    /// The number of a wire: where its level stands, and what waits on it.
    pub fn wire(&self, from: &PinAddress, to: &PinAddress) -> Option<usize> {
        let wires = &self.spec.wires;
        let found = wires.binary_search_by(|wire| (&wire.from, &wire.to).cmp(&(from, to)));
        found.ok()
    }

    /// All wires, in the order of their numbers.
    pub fn wires(&self) -> impl Iterator<Item = (&PinAddress, &PinAddress)> {
        self.spec.wires.iter().map(|wire| (&wire.from, &wire.to))
    }

    /// By what a probe names a wire ([`Message::Tap`](super::Message::Tap)).
    pub fn identity(&self, wire: usize) -> Option<u64> {
        self.spec.ids.get(wire).copied()
    }

    /// Latency of a wire, and what waits on it, in samples of the graph's rate.
    pub fn latency(&self, wire: usize) -> Option<(usize, usize)> {
        let wire = self.spec.wires.get(wire)?;
        Some((wire.latency, wire.align))
    }

    /// Where the state of a pin stands.
    pub fn pin(&self, pin: &PinAddress) -> Option<usize> {
        let node = self.spec.node_at(&pin.filter)?;
        let mut wired = self.spec.nodes[node]
            .pins
            .iter()
            .filter(|it| it.wire.is_some());
        let (factory, instance) = self.number(node, pin)?;
        let place = wired.position(|it| (it.factory, it.instance) == (factory, instance))?;
        let mut places = self.places.pins.get(node)?.clone();
        places.nth(place)
    }

    /// Where the states of a filter's pins stand.
    pub fn pins_of(&self, filter: &FilterPath) -> Range<usize> {
        let node = self.spec.node_at(filter);
        let places = node.and_then(|node| self.places.pins.get(node));
        places.cloned().unwrap_or_default()
    }

    /// How many pins have a state.
    pub fn pins(&self) -> usize {
        self.places.pins.last().map_or(0, |last| last.end)
    }

    /// A pin by its filter's place in the slab, factory and instance.
    pub fn name(&self, entry: u32, factory: u16, instance: u16) -> Option<PinAddress> {
        let node = self.node(entry)?;
        let (factory, instance) = (usize::from(factory), usize::from(instance));
        let mut pins = node.pins.iter();
        let pin = pins.find(|pin| (pin.factory, pin.instance) == (factory, instance))?;
        Some(node.address(pin))
    }

    /// An output by its filter's place in the slab and its place among the outputs.
    pub fn output(&self, entry: u32, output: u16) -> Option<PinAddress> {
        let node = self.node(entry)?;
        let mut outputs = node
            .pins
            .iter()
            .filter(|pin| pin.data_flow == DataFlow::Out);
        Some(node.address(outputs.nth(usize::from(output))?))
    }

    /// The record of a pin of an open filter.
    pub fn record(&self, pin: &PinAddress) -> Option<&Arc<PinRecord>> {
        let at = self.spec.node_at(&pin.filter)?;
        let (factory, instance) = self.number(at, pin)?;
        let node = &self.spec.nodes[at];
        node.records.get(node.place_of((factory, instance as u32))?)
    }

    /// The records of all pins of open filters.
    pub fn records(&self) -> impl Iterator<Item = (PinAddress, &Arc<PinRecord>)> {
        self.spec.nodes.iter().flat_map(|node| {
            let pins = node.pins.iter().zip(node.records.iter());
            pins.map(|(pin, record)| (node.address(pin), record))
        })
    }

    /// All filters, in the order of their places in the states.
    pub fn filters(&self) -> impl Iterator<Item = &FilterPath> {
        self.spec.nodes.iter().map(|node| &node.path)
    }

    fn node(&self, entry: u32) -> Option<&Node> {
        let all = &self.places.by_entry;
        let at = all.binary_search_by_key(&entry, |it| it.0).ok()?;
        self.spec.nodes.get(all[at].1 as usize)
    }

    fn number(&self, node: usize, pin: &PinAddress) -> Option<(usize, usize)> {
        let (factory, _) = self.spec.nodes[node].descriptor().pin(&pin.pin)?;
        Some((factory, pin.instance as usize))
    }
}
