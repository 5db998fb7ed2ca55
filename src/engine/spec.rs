//! Which filters run and how they are joined, before anything is opened: the part of a wiring that the audio thread
//! will see, in an order in which every frame is written before it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::sync::Arc;

use super::records::PinRecord;
use crate::graph::{FilterId, FilterPath, Master, PinAddress, Pipes, Way, Wiring, running_order};
use crate::ks::{DataFlow, DataFormat, Descriptor, OpenPin, Value, samples_at};

/// A filter that takes part.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) path: FilterPath,
    /// Where it stood when it came into the document: what it is known by.
    pub(super) identity: FilterPath,
    pub(super) key: String,
    pub(super) values: BTreeMap<String, Value>,
    pub(super) descriptor: Descriptor,
    /// Its pins in the order of `Opening::pins`.
    pub(super) pins: Vec<OpenPin>,
    /// The wire at each of them.
    pub(super) wires: Vec<Option<usize>>,
    /// A necessary pin that is not connected: it does not run.
    pub(super) lacks: Option<String>,
    /// It is bypassed or disabled: it is not opened.
    pub(super) is_out: bool,
    /// Indices of the pins between which it lets through what it does not work upon.
    pub(super) bypass: Option<(usize, usize)>,
    /// Its place in the slab once it is open.
    pub(super) entry: Option<u32>,
    /// Whether it has frames of its own for what comes in.
    pub(super) lends: bool,

    /// The record of each of its pins.
    pub(super) records: Vec<Arc<PinRecord>>,
}

/// A wire that was agreed.
#[derive(Clone, Debug)]
pub(super) struct SpecWire {
    pub(super) from: PinAddress,
    pub(super) to: PinAddress,
    pub(super) format: DataFormat,
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

/// Nodes in running order, and their wires.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    pub(super) rate_hz: u32,
    pub(super) nodes: Vec<Node>,
    pub(super) wires: Vec<SpecWire>,
    /// Identity of each wire, once the filters are open.
    pub(super) ids: Vec<u64>,
    /// The longest cycle that every pipe's frames have room for.
    pub(super) longest: Option<usize>,
}

impl Node {
    /// Whether it can be opened.
    pub(super) fn runs(&self) -> bool {
        self.lacks.is_none() && !self.is_out
    }

    fn place_of(&self, pin: &PinAddress) -> Option<usize> {
        self.pins.iter().position(|it| {
            self.descriptor.pins[it.factory].name == pin.pin && it.instance == pin.instance as usize
        })
    }
}

impl Spec {
    /// Reads a wiring. Filters without a connected pin are left out, but for a clock that is to drive.
    pub(super) fn of(
        wiring: &Wiring,
        origins: &BTreeMap<FilterPath, FilterPath>,
        pipes: &Pipes,
    ) -> Self {
        let mut wires: Vec<(usize, SpecWire)> = wiring
            .wires
            .iter()
            .enumerate()
            .filter_map(|(index, wire)| {
                let agreed = wire.outcome.as_ref().ok()?;
                let passage = pipes.passage(index);
                let pipe = pipes.of(index);
                let is_cut = pipes.is_cut_anew(index);
                let (from, to) = (wire.from.clone(), wire.to.clone());
                let delay = wiring.delay(&to);
                let is_hard_wired = agreed.medium.is_hard_wired();
                let wire = SpecWire {
                    from,
                    to,
                    format: agreed.format.clone(),
                    is_hard_wired,
                    delay: delay.filter(|_| !is_hard_wired),

                    latency: 0,
                    align: 0,
                    is_push: agreed.is_push,
                    way: passage.map_or(Way::Own, |it| it.way),
                    of: passage.and_then(|it| it.of),
                    is_altered: passage.is_some_and(|it| it.is_altered),
                    cut: pipe.filter(|_| is_cut).map(|it| it.samples as usize),
                    alignment: pipe.map_or(0, |it| it.alignment.value),
                    frames: pipe.map_or(0, |it| it.frames.value),
                };
                Some((index, wire))
            })
            .collect();
        wires.sort_by(|(_, a), (_, b)| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        let ends = wires
            .iter()
            .map(|(_, wire)| wire)
            .flat_map(|wire| [&wire.from.filter, &wire.to.filter]);
        let wired: BTreeSet<&FilterPath> = ends.collect();
        let mut nodes: BTreeMap<FilterPath, Node> = BTreeMap::new();
        for (path, filter) in &wiring.filters {
            let Some(descriptor) = &filter.descriptor else {
                continue;
            };
            let identity = origins.get(path).unwrap_or(path);
            // A clock of its own needs no wire to drive the graph.
            let drives = descriptor.has_own_clock() && {
                let wish = &wiring.timing.master;
                [path, identity]
                    .map(|it| Master::Filter(it.clone()))
                    .contains(wish)
            };
            if !wired.contains(path) && !drives {
                continue;
            }
            nodes.insert(
                path.clone(),
                Node {
                    path: path.clone(),
                    identity: identity.clone(),
                    key: filter.key.clone(),
                    values: filter.values.clone(),
                    descriptor: descriptor.clone(),
                    pins: vec![],
                    wires: vec![],
                    lacks: None,
                    is_out: filter.is_disabled || filter.is_bypassed,
                    bypass: None,
                    entry: None,
                    lends: false,

                    records: vec![],
                },
            );
        }
        wires.retain(|(_, wire)| {
            nodes.contains_key(&wire.from.filter) && nodes.contains_key(&wire.to.filter)
        });
        let places = wires.iter().enumerate();
        let places: BTreeMap<usize, usize> = places.map(|(at, (index, _))| (*index, at)).collect();
        for (_, wire) in &mut wires {
            wire.of = wire.of.and_then(|of| places.get(&of).copied());
        }
        let wires: Vec<SpecWire> = wires.into_iter().map(|(_, wire)| wire).collect();
        let mut ends: BTreeMap<(&FilterPath, DataFlow, &str, u32), usize> = BTreeMap::new();
        for (index, wire) in wires.iter().enumerate() {
            ends.insert(
                (
                    &wire.from.filter,
                    DataFlow::Out,
                    &wire.from.pin,
                    wire.from.instance,
                ),
                index,
            );
            ends.insert(
                (
                    &wire.to.filter,
                    DataFlow::In,
                    &wire.to.pin,
                    wire.to.instance,
                ),
                index,
            );
        }
        for node in nodes.values_mut() {
            place_pins(node, &wires, &ends);
            let is_bypassed = wiring
                .filters
                .get(&node.path)
                .is_some_and(|it| it.is_bypassed && !it.is_disabled);
            if is_bypassed && let Ok((from, to)) = wiring.bypass(&node.path) {
                node.bypass = node.place_of(&from).zip(node.place_of(&to));
            }
        }
        keep_apart(&mut nodes);
        // A hard-wired wire that closes a loop of filters carries nothing that anyone could wait for.
        let is_late = |wire: &SpecWire| wire.is_hard_wired && wiring.delay(&wire.to).is_some();
        let direct = wires
            .iter()
            .filter(|wire| wire.delay.is_none() && !is_late(wire));
        let edges = direct.map(|wire| (&wire.from.filter, &wire.to.filter));
        let order = running_order(nodes.keys(), edges);
        let order: Vec<FilterPath> = order.into_iter().cloned().collect();
        let nodes = order
            .into_iter()
            .filter_map(|path| nodes.remove(&path))
            .collect();
        let rate_hz = wiring.rate_hz;
        let limits = pipes.pipes.iter().filter_map(|pipe| {
            let format = &wiring.wires[*pipe.wires.first()?]
                .outcome
                .as_ref()
                .ok()?
                .format;
            let most = u64::from(pipe.most_samples?);
            Some(samples_at(most, rate_hz, format.audio?.rate_hz).max(1) as usize)
        });
        let longest = limits.min();
        Self {
            rate_hz: wiring.rate_hz,
            nodes,
            wires,
            ids: vec![],
            longest,
        }
    }

    /// Gives every wire its identity: it changes when either end is opened anew or the format changes. Never 0.
    pub(super) fn identify_wires(&mut self) {
        let nodes = self.nodes.iter();
        let nodes: BTreeMap<&FilterPath, &Node> = nodes.map(|node| (&node.path, node)).collect();
        self.ids = self
            .wires
            .iter()
            .map(|wire| identity(wire, &nodes))
            .collect();
    }
}

/// No two nodes are known by the same path, whatever the job says.
fn keep_apart(nodes: &mut BTreeMap<FilterPath, Node>) {
    let mut known = BTreeSet::new();
    for (path, node) in nodes {
        while !known.insert(node.identity.clone()) {
            node.identity = path.clone();
            node.identity.0.push(FilterId(known.len() as u32));
        }
    }
}

fn identity(wire: &SpecWire, nodes: &BTreeMap<&FilterPath, &Node>) -> u64 {
    // SipHash with fixed keys: the same number in every run.
    #[expect(
        deprecated,
        reason = "the one hasher of the standard library that is the same in every run"
    )]
    let mut hasher = std::hash::SipHasher::new();
    for pin in [&wire.from, &wire.to] {
        let node = nodes.get(&pin.filter);
        let filter = node.map_or(&pin.filter, |node| &node.identity);
        let (entry, bypass) = node.map_or((None, None), |node| (node.entry, node.bypass));
        let text = format!(
            "{filter}.{}[{}] {entry:?}{bypass:?};",
            pin.pin, pin.instance
        );
        hasher.write(text.as_bytes());
    }
    hasher.write(wire.format.to_string().as_bytes());
    if let Some(delay) = wire.delay {
        hasher.write_usize(delay);
    }
    if let Some(cut) = wire.cut {
        hasher.write_usize(cut);
        hasher.write(b"cut");
    }
    if wire.align > 0 {
        hasher.write_usize(wire.align);
        hasher.write(b"align");
    }
    hasher.finish().max(1)
}

/// Lists a node's pins: a factory of one possible instance always has its one, others have those that are connected.
fn place_pins(
    node: &mut Node,
    wires: &[SpecWire],
    ends: &BTreeMap<(&FilterPath, DataFlow, &str, u32), usize>,
) {
    for (factory, pin) in node.descriptor.pins.iter().enumerate() {
        if pin.is_bridge() {
            continue;
        }
        let from = (&node.path, pin.data_flow, &*pin.name, 0);
        let to = (&node.path, pin.data_flow, &*pin.name, u32::MAX);
        let connected: Vec<(u32, usize)> = ends
            .range(from..=to)
            .map(|(key, wire)| (key.3, *wire))
            .collect();
        if (connected.len() as u32) < pin.instances.necessary && node.lacks.is_none() {
            node.lacks = Some(pin.name.to_string());
        }
        for &(instance, wire) in &connected {
            let format = Some(wires[wire].format.clone());
            node.pins.push(OpenPin {
                factory,
                instance: instance as usize,
                data_flow: pin.data_flow,
                format,
            });
            node.wires.push(Some(wire));
        }
        if connected.is_empty() && pin.instances.possible == 1 {
            node.pins.push(OpenPin {
                factory,
                instance: 0,
                data_flow: pin.data_flow,
                format: None,
            });
            node.wires.push(None);
        }
    }
}
