//! Which filters run and how they are joined, before anything is opened: the part of a wiring that the audio thread
//! will see, in an order in which every frame is written before it is read.
//!
//! Filters and wires go by numbers here; what was agreed about them is shared with the wiring and copied by nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

use smallvec::SmallVec;

use super::built::OpenFilter;
use super::records::PinRecord;
use crate::graph::{
    Agreement, Ends, FilterId, FilterPath, Joined, Master, PinAddress, Pipes, Roster, Shared, Way,
    Wire, WireEnd, WiredFilter, Wiring,
};
use crate::ks::{DataFlow, DataFormat, Descriptor, OpenPin, Resting, samples_at};

/// A filter that takes part.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) path: FilterPath,
    /// Where it stood when it came into the document, if that was elsewhere.
    origin: Option<FilterPath>,
    pub(super) wired: Shared<WiredFilter>,
    /// Its pins in the order of `Opening::pins`.
    pub(super) pins: SmallVec<[NodePin; 2]>,
    /// A necessary pin is not connected: it does not run.
    lacks: bool,
    /// It is bypassed or disabled: it is not opened.
    pub(super) is_out: bool,
    /// Indices of the pins between which it lets through what it does not work upon.
    pub(super) bypass: Option<(usize, usize)>,
    /// Its place in the slab once it is open, and what is known of it then.
    pub(super) entry: Option<u32>,
    pub(super) open: Option<Manner>,

    /// The record of each of its pins, once it is open.
    pub(super) records: Arc<[Arc<PinRecord>]>,
}

/// What a plan has to know of an open filter. It keeps nothing open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) entry: u32,
    pub(super) latency_samples: usize,
    pub(super) is_live: bool,
    pub(super) has_pacer: bool,
    pub(super) lends: bool,
    pub(super) reports_quality: bool,
    pub(super) cuts: bool,
    pub(super) waits: bool,
    pub(super) resting: Option<Resting>,
}

/// A pin of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NodePin {
    pub(super) factory: usize,
    pub(super) instance: usize,
    pub(super) data_flow: DataFlow,
    /// Its wire.
    pub(super) wire: Option<usize>,
}

/// A wire that was agreed. Reads as what became of it.
#[derive(Clone, Debug)]
pub(super) struct SpecWire {
    joined: Arc<Joined>,
    /// The nodes at its ends.
    pub(super) nodes: [usize; 2],
    /// Data travel outside the host (MED-5): it orders its two filters and carries no frame.
    pub(super) is_hard_wired: bool,
    /// Its samples arrive so much later: it orders nothing.
    pub(super) delay: Option<usize>,

    /// Samples of the graph's rate on the longest way here, and those that wait on it so that it meets others in step.
    pub(super) latency: usize,
    pub(super) align: usize,
    /// Whether its writer issues the requests.
    pub(super) is_push: bool,
    /// How its frame comes about.
    pub(super) way: Way,
    /// The wire whose frame it is, or a copy of.
    pub(super) of: Option<usize>,
    /// Whether its reader may alter the frame.
    pub(super) is_altered: bool,
    /// Samples of a frame, where the sound is cut anew.
    pub(super) cut: Option<usize>,
    /// Alignment of its frame, less one.
    pub(super) alignment: u32,
    /// How many frames its pipe has.
    pub(super) frames: u32,
}

/// Nodes in running order, and their wires in the order of their ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    pub(super) rate_hz: u32,
    pub(super) nodes: Vec<Node>,
    pub(super) wires: Vec<SpecWire>,
    /// Identity of each wire, once the filters are open; and the wires in the order of those.
    pub(super) ids: Vec<u64>,
    pub(super) by_id: Vec<(u64, u32)>,
    /// The longest cycle that every pipe's frames have room for.
    pub(super) longest: Option<usize>,
    /// The nodes in the order of their paths, and of their identities.
    pub(super) by_path: Vec<u32>,
    pub(super) by_identity: Vec<u32>,
}

impl Node {
    /// What it is known by: where it stood when it came into the document.
    pub(super) fn identity(&self) -> &FilterPath {
        self.origin.as_ref().unwrap_or(&self.path)
    }

    /// As it was described.
    pub(super) fn descriptor(&self) -> &Descriptor {
        let descriptor = self.wired.descriptor.as_deref();
        descriptor.expect("a filter that is not installed is in no plan")
    }

    /// It was opened.
    pub(super) fn opened(&mut self, open: &OpenFilter) {
        self.entry = Some(open.entry);
        self.open = Some(Manner {
            entry: open.entry,
            latency_samples: open.latency_samples,
            is_live: open.is_live,
            has_pacer: open.has_pacer,
            lends: open.lends,
            reports_quality: open.reports_quality,
            cuts: open.cuts,
            waits: open.waits,
            resting: open.resting,
        });
    }

    /// Whether it can be opened.
    pub(super) fn runs(&self) -> bool {
        !self.lacks && !self.is_out
    }

    /// The wires at its pins of a data flow.
    pub(super) fn wires(&self, flow: DataFlow) -> impl Iterator<Item = usize> {
        let pins = self.pins.iter().filter(move |pin| pin.data_flow == flow);
        pins.filter_map(|pin| pin.wire)
    }

    /// The address of one of its pins.
    pub(super) fn address(&self, pin: &NodePin) -> PinAddress {
        PinAddress {
            filter: self.path.clone(),
            pin: self.descriptor().pins[pin.factory].name.to_string(),
            instance: pin.instance as u32,
        }
    }

    /// Whether another has the same pins.
    pub(super) fn has_pins_of(&self, other: &Self) -> bool {
        let place = |pin: &NodePin| (pin.factory, pin.instance);
        self.pins.iter().map(place).eq(other.pins.iter().map(place))
    }

    /// Where a pin stands among its pins: those are in the order of factories and instances.
    pub(super) fn place_of(&self, (factory, instance): (usize, u32)) -> Option<usize> {
        let place = (factory, instance as usize);
        let found = self
            .pins
            .binary_search_by_key(&place, |it| (it.factory, it.instance));
        found.ok()
    }
}

impl Deref for SpecWire {
    type Target = Joined;

    fn deref(&self) -> &Joined {
        &self.joined
    }
}

impl SpecWire {
    fn of(
        wiring: &Wiring,
        (index, wire): (usize, &Wire),
        nodes: [usize; 2],
        pipes: &Pipes,
    ) -> Self {
        let (passage, pipe) = (pipes.passage(index), pipes.of(index));
        let is_cut = pipes.is_cut_anew(index);
        let mut it = Self {
            joined: Arc::clone(&wire.joined),
            nodes,
            is_hard_wired: false,
            delay: None,

            latency: 0,
            align: 0,
            is_push: false,
            way: passage.map_or(Way::Own, |it| it.way),
            of: passage.and_then(|it| it.of),
            is_altered: passage.is_some_and(|it| it.is_altered),
            cut: pipe.filter(|_| is_cut).map(|it| it.samples as usize),
            alignment: pipe.map_or(0, |it| it.alignment.value),
            frames: pipe.map_or(0, |it| it.frames.value),
        };
        it.is_hard_wired = it.agreed().medium.is_hard_wired();
        it.is_push = it.agreed().is_push;
        it.delay = wiring.delay_on(wire).filter(|_| !it.is_hard_wired);
        it
    }

    fn agreed(&self) -> &Agreement {
        let agreed = self.joined.outcome.as_ref();
        agreed.expect("a wire that was refused is in no plan")
    }

    /// What became of it.
    pub(super) fn joined(&self) -> &Arc<Joined> {
        &self.joined
    }

    /// What it carries.
    pub(super) fn format(&self) -> &DataFormat {
        &self.agreed().format
    }
}

impl Spec {
    /// Reads a wiring. Filters without a connected pin are left out, but for a clock that is to drive.
    pub(super) fn of(
        wiring: &Wiring,
        origins: &BTreeMap<FilterPath, FilterPath>,
        pipes: &Pipes,
    ) -> Self {
        const OUT: usize = usize::MAX;
        let roster = Roster::of(wiring);
        let agreed = wiring.wires.iter().enumerate();
        let agreed = agreed.filter(|(_, wire)| wire.outcome.is_ok());
        let mut is_wired = vec![false; roster.filters.len()];
        for (_, wire) in agreed.clone() {
            for filter in roster.ends(wire) {
                is_wired[filter] = true;
            }
        }
        let nothing: Arc<[Arc<PinRecord>]> = Arc::default();
        let mut nodes: Vec<Node> = Vec::with_capacity(pipes.order.len());
        // The node of each filter, by rank.
        let mut node_of = vec![OUT; roster.filters.len()];
        for &rank in &pipes.order {
            let (path, wired) = roster.filters[rank];
            let Some(descriptor) = &wired.descriptor else {
                continue;
            };
            let origin = origins.get(path);
            // A clock of its own needs no wire to drive the graph.
            let drives = || {
                let wish = &wiring.timing.master;
                descriptor.has_own_clock()
                    && matches!(wish, Master::Filter(it) if it == path || Some(it) == origin)
            };
            if !is_wired[rank] && !drives() {
                continue;
            }
            node_of[rank] = nodes.len();
            nodes.push(Node {
                path: path.clone(),
                origin: origin.cloned(),
                wired: wired.clone(),
                pins: SmallVec::new(),
                lacks: false,
                is_out: wired.is_disabled || wired.is_bypassed,
                bypass: None,
                entry: None,
                open: None,

                records: Arc::clone(&nothing),
            });
        }
        let by_path = node_of.iter().filter(|node| **node != OUT);
        let by_path: Vec<u32> = by_path.map(|node| *node as u32).collect();
        let by_identity = keep_apart(&mut nodes, &by_path);

        let mut order: Vec<([usize; 2], usize)> = agreed
            .map(|(index, wire)| (roster.ends(wire), index))
            .filter(|(ends, _)| ends.iter().all(|filter| node_of[*filter] != OUT))
            .collect();
        order.sort_by(|a, b| {
            let ([from, to], wire) = (a.0, &wiring.wires[a.1]);
            let ([other_from, other_to], other) = (b.0, &wiring.wires[b.1]);
            // Ranks stand for paths.
            let pins = |one: &PinAddress, other: &PinAddress| {
                let names = one.pin.cmp(&other.pin);
                names.then_with(|| one.instance.cmp(&other.instance))
            };
            let writers = from.cmp(&other_from);
            let writers = writers.then_with(|| pins(&wire.from, &other.from));
            let readers = writers.then_with(|| to.cmp(&other_to));
            readers.then_with(|| pins(&wire.to, &other.to))
        });
        let mut place_of = vec![None; wiring.wires.len()];
        for (at, (_, index)) in order.iter().enumerate() {
            place_of[*index] = Some(at);
        }
        let wires = order.iter().map(|(ends, index)| {
            let nodes = ends.map(|filter| node_of[filter]);
            let mut wire = SpecWire::of(wiring, (*index, &wiring.wires[*index]), nodes, pipes);
            wire.of = wire.of.and_then(|of| place_of[of]);
            wire
        });
        let wires: Vec<SpecWire> = wires.collect();
        let ends = order.iter().enumerate().map(|(at, (_, index))| {
            let wire = &wiring.wires[*index];
            let end = |side: usize, flow, instance| {
                let factory = wire.plugs[side].factory;
                let end = WireEnd {
                    flow,
                    factory,
                    instance,
                    wire: at as u32,
                };
                (node_of[order[at].0[side]], end)
            };
            [
                end(0, DataFlow::Out, wire.from.instance),
                end(1, DataFlow::In, wire.to.instance),
            ]
        });
        let ends = Ends::of(nodes.len(), ends);
        for (at, node) in nodes.iter_mut().enumerate() {
            place_pins(node, at, &ends);
            let is_bypassed = node.wired.is_bypassed && !node.wired.is_disabled;
            let first = |flow, factory| {
                let end = ends.at_pin(at, flow, factory).first()?;
                Some((end.instance, wires[end.wire as usize].format()))
            };
            if is_bypassed && let Ok((from, to)) = node.wired.bypass(first) {
                node.bypass = node.place_of(from).zip(node.place_of(to));
            }
        }
        let rate_hz = wiring.rate_hz;
        let limits = pipes.pipes.iter().filter_map(|pipe| {
            let most = u64::from(pipe.most_samples?);
            let outcome = wiring.wires[*pipe.wires.first()?].outcome.as_ref();
            let audio = outcome.ok()?.format.audio?;
            Some(samples_at(most, rate_hz, audio.rate_hz).max(1) as usize)
        });
        Self {
            rate_hz,
            longest: limits.min(),
            nodes,
            wires,
            ids: vec![],
            by_id: vec![],
            by_path,
            by_identity,
        }
    }

    /// The pins of a node as its filter is told of them.
    pub(super) fn open_pins(&self, node: usize) -> impl Iterator<Item = OpenPin> {
        let pins = self.nodes[node].pins.iter();
        pins.map(|pin| OpenPin {
            factory: pin.factory,
            instance: pin.instance,
            data_flow: pin.data_flow,
            format: self.format_at(pin).cloned(),
        })
    }

    /// What was agreed at a pin.
    pub(super) fn format_at(&self, pin: &NodePin) -> Option<&DataFormat> {
        Some(self.wires[pin.wire?].format())
    }

    /// The place of a filter among the nodes.
    pub(super) fn node_at(&self, path: &FilterPath) -> Option<usize> {
        let place = |at: &u32| self.nodes[*at as usize].path.cmp(path);
        let at = self.by_path.binary_search_by(place).ok()?;
        Some(self.by_path[at] as usize)
    }
}

/// No two nodes are known by the same path, whatever the job says. The nodes in the order of what they are known by.
fn keep_apart(nodes: &mut [Node], by_path: &[u32]) -> Vec<u32> {
    if nodes.iter().all(|node| node.origin.is_none()) {
        return by_path.to_vec();
    }
    let mut known = BTreeSet::new();
    for &at in by_path {
        let node = &mut nodes[at as usize];
        while !known.insert(node.identity().clone()) {
            let mut other = node.path.clone();
            other.0.push(FilterId(known.len() as u32));
            node.origin = Some(other);
        }
    }
    let mut order = by_path.to_vec();
    order.sort_by(|a, b| {
        let identity = |at: u32| nodes[at as usize].identity();
        identity(*a).cmp(identity(*b))
    });
    order
}

/// Lists a node's pins: a factory of one possible instance always has its one, others have those that are connected.
fn place_pins(node: &mut Node, number: usize, ends: &Ends) {
    let mut pins = SmallVec::new();
    let mut lacks = false;
    for (factory, pin) in node.descriptor().pins.iter().enumerate() {
        if pin.is_bridge() {
            continue;
        }
        let connected = ends.at_pin(number, pin.data_flow, factory);
        lacks |= (connected.len() as u32) < pin.instances.necessary;
        pins.extend(connected.iter().map(|end| NodePin {
            factory,
            instance: end.instance as usize,
            data_flow: pin.data_flow,
            wire: Some(end.wire as usize),
        }));
        if connected.is_empty() && pin.instances.possible == 1 {
            pins.push(NodePin {
                factory,
                instance: 0,
                data_flow: pin.data_flow,
                wire: None,
            });
        }
    }
    (node.pins, node.lacks) = (pins, lacks);
}
