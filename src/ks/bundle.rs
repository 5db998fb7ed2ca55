//! The filters of a virtual device as one: its pins are those at the ends of the small graph they make, its nodes all of theirs,
//! renumbered (SYS-5, SYS-8). Nothing runs by it; what is asked of a pin is asked of the filter it belongs to.
//!
//! ```text
//!    Mixer.in ─▶ ( nodes 0.. ) ─▶ Mixer.out ══▶ Audio Device Out.in ─▶ ( nodes .. ) ─▶ speaker
//!    ▲ shown                      gone: nodes are joined directly                      shown ▲
//! ```

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::catalogue::Catalogue;
use super::dls_memory::DlsMemory;
use super::facts::Facts;
use super::filter::{Constrained, Descriptor, Filter, OpenError, Opened, Opening, Settings};
use super::format::DataRange;
use super::ids::category;
use super::intersection::Intersection;
use super::pin::DataFlow;
use super::property::{Domain, Value};
use super::property_item::PropertyItem;
use super::topology::{Node, NodePin, TopologyConnection};
use super::virtual_device::VirtualDevice;

/// One of the filters.
struct Part {
    filter: Arc<dyn Filter>,
    descriptor: Descriptor,
    values: BTreeMap<String, Value>,
    /// For each of its pins the number of the pin shown for it.
    shown: Vec<Option<usize>>,
}

/// The filters of a virtual device as one.
pub struct Bundle {
    descriptor: Descriptor,
    parts: Vec<Part>,
}

/// An end of a connection before pins are renumbered: a pin of one of the filters, or a pin of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Pin(usize, usize),
    Node(u32, u32),
}

impl Bundle {
    /// What a virtual device is made of. `None` where one of its filters is not there, or they do not hang together.
    pub fn new(catalogue: &Catalogue, facts: &Facts, device: &VirtualDevice) -> Option<Self> {
        let mut parts = vec![];
        for key in &device.filters {
            let filter = Arc::clone(catalogue.get(key)?);
            let mut properties = filter.descriptor().properties.iter();
            let named = properties.find(|it| it.domain == Domain::Device);
            let named = named.filter(|_| !device.device.is_empty());
            let values: BTreeMap<String, Value> = named
                .map(|it| (it.key.to_owned(), Value::Text(device.device.clone())))
                .into_iter()
                .collect();
            let settings = Settings {
                values: &values,
                base: None,
            };
            let descriptor = filter.describe(&settings, facts).into_owned();
            parts.push(Part {
                shown: vec![None; descriptor.pins.len()],
                filter,
                descriptor,
                values,
            });
        }
        let wires: Option<Vec<(End, End)>> = (1..parts.len())
            .map(|at| {
                let from = pin_of(&parts[at - 1].descriptor, DataFlow::Out)?;
                let to = pin_of(&parts[at].descriptor, DataFlow::In)?;
                Some((End::Pin(at - 1, from), End::Pin(at, to)))
            })
            .collect();
        let wires = wires?;
        let mut whole = Descriptor::new("", "", &[category::AUDIO_DEVICE], &[], &[]);
        whole.key = Cow::Owned(format!("{}:{}", device.kind.name(), device.name));
        whole.title = Cow::Owned(device.name.clone());
        show_pins(&mut whole, &mut parts, &wires);
        show_properties(&mut whole, &parts);
        show_inside(&mut whole, &parts, &wires);
        Some(Self {
            descriptor: whole,
            parts,
        })
    }

    /// The pin of which filter, by its key and its own number, a pin that is shown stands for.
    pub fn stands_for(&self, pin: usize) -> Option<(&str, usize)> {
        let (part, own) = self.part_of(pin)?;
        Some((&part.descriptor.key, own))
    }

    fn part_of(&self, pin: usize) -> Option<(&Part, usize)> {
        self.parts.iter().find_map(|part| {
            let own = part.shown.iter().position(|it| *it == Some(pin))?;
            Some((part, own))
        })
    }
}

/// The first pin of a filter that can be wired.
fn pin_of(descriptor: &Descriptor, flow: DataFlow) -> Option<usize> {
    let mut pins = descriptor.pins.iter();
    pins.position(|pin| pin.data_flow == flow && !pin.is_bridge())
}

/// Pins with an instance left beside the wires between the filters, in the filters' order (SYS-5).
fn show_pins(whole: &mut Descriptor, parts: &mut [Part], wires: &[(End, End)]) {
    let pins = whole.pins.to_mut();
    for (at, part) in parts.iter_mut().enumerate() {
        for (own, pin) in part.descriptor.pins.iter().enumerate() {
            let is_end = |end: &End| *end == End::Pin(at, own);
            let taken = wires.iter().flat_map(|(from, to)| [from, to]);
            let taken = u32::from(taken.into_iter().any(is_end));
            if taken == 1 && pin.instances.possible == 1 {
                continue;
            }
            let mut pin = pin.clone();
            if pin.instances.possible != u32::MAX {
                pin.instances.possible -= taken;
            }
            let necessary = pin.instances.necessary;
            pin.instances.necessary = necessary.min(pin.instances.possible);
            if pins.iter().any(|it| it.name == pin.name) {
                pin.name = Cow::Owned(format!("{} {}", part.descriptor.key, pin.name));
            }
            // What pins of a filter have to do with each other its own `constrain` says.
            (pin.in_place_of, pin.same_format_as) = (None, None);
            (pin.shows, pin.delayed_by) = (None, None);
            part.shown[own] = Some(pins.len());
            pins.push(pin);
        }
    }
}

/// Properties of all filters; of two of one key the first one's.
fn show_properties(whole: &mut Descriptor, parts: &[Part]) {
    let properties = whole.properties.to_mut();
    for property in parts.iter().flat_map(|it| it.descriptor.properties.iter()) {
        if !properties.iter().any(|it| it.key == property.key) {
            properties.push(*property);
        }
    }
}

/// Nodes in the filters' order, then by their own number, and connections between them; those of pins between two filters
/// become connections from node to node (SYS-8).
fn show_inside(whole: &mut Descriptor, parts: &[Part], wires: &[(End, End)]) {
    let nodes = whole.nodes.to_mut();
    let mut all: Vec<(End, End)> = vec![];
    let mut known = BTreeSet::new();
    for (at, part) in parts.iter().enumerate() {
        let first = nodes.len() as u32;
        let keys: Vec<&'static str> = part.descriptor.properties.iter().map(|it| it.key).collect();
        for node in part.descriptor.nodes.iter() {
            let own = node.properties.iter().filter(|it| !known.contains(*it));
            nodes.push(Node {
                properties: Cow::Owned(own.copied().collect()),
                ..node.clone()
            });
        }
        known.extend(keys);
        let end = |pin: NodePin| match pin {
            NodePin::Filter(pin) => End::Pin(at, pin as usize),
            NodePin::Node(node, pin) => End::Node(first + node, pin),
        };
        let connections = part.descriptor.connections().into_iter();
        all.extend(connections.map(|it| (end(it.from), end(it.to))));
    }
    for (out, into) in wires {
        let before = all.iter().filter(|it| it.1 == *out).map(|it| it.0);
        let before: Vec<End> = before.collect();
        let behind = all.iter().filter(|it| it.0 == *into).map(|it| it.1);
        let behind: Vec<End> = behind.collect();
        for from in before {
            all.extend(behind.iter().map(|to| (from, *to)));
        }
    }
    let end = |end: End| match end {
        End::Node(node, pin) => Some(NodePin::Node(node, pin)),
        End::Pin(part, pin) => Some(NodePin::Filter(parts[part].shown[pin]? as u32)),
    };
    let mut topology: Vec<TopologyConnection> = vec![];
    for (from, to) in all {
        if let (Some(from), Some(to)) = (end(from), end(to)) {
            let connection = TopologyConnection::new(from, to);
            if !topology.contains(&connection) {
                topology.push(connection);
            }
        }
    }
    whole.topology = Cow::Owned(topology);
}

/// Which nodes the data of a pin go through (SYS-3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Through {
    /// The fewest there can be.
    Fewest,
    /// The fewest with this one among them.
    Node(u32),
}

impl Descriptor {
    /// The nodes on the way of a pin's data through the filter, from the pin on; `None` where no way leads through the node
    /// that is asked for.
    pub fn path(&self, pin: u32, through: Through) -> Option<Vec<u32>> {
        let flow = self.pins.get(pin as usize)?.data_flow;
        let connections = self.connections();
        let steps: Vec<(NodePin, NodePin)> = connections
            .iter()
            .map(|it| match flow {
                DataFlow::In => (it.from, it.to),
                DataFlow::Out => (it.to, it.from),
            })
            .collect();
        let start = Place::Pin(pin);
        let end = |place: Place| match place {
            Place::Pin(other) => other != pin,
            Place::Node(node) => !steps.iter().any(|it| Place::of(it.0) == Place::Node(node)),
        };
        let Through::Node(node) = through else {
            let found = shortest(&steps, start, &end);
            // A pin that nothing hangs on has no node on its way.
            return Some(found.unwrap_or_default());
        };
        let there = shortest(&steps, start, &|it| it == Place::Node(node))?;
        let on = shortest(&steps, Place::Node(node), &end)?;
        Some([there, on].concat())
    }
}

/// A pin or a node, whichever of its pins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Pin(u32),
    Node(u32),
}

impl Place {
    const fn of(end: NodePin) -> Self {
        match end {
            NodePin::Filter(pin) => Self::Pin(pin),
            NodePin::Node(node, _) => Self::Node(node),
        }
    }
}

/// The nodes of a shortest way behind a place, to one that ends it.
fn shortest(
    steps: &[(NodePin, NodePin)],
    start: Place,
    is_end: &dyn Fn(Place) -> bool,
) -> Option<Vec<u32>> {
    let mut seen = BTreeSet::from([start]);
    let mut work = VecDeque::from([(start, vec![])]);
    if matches!(start, Place::Node(_)) && is_end(start) {
        return Some(vec![]);
    }
    while let Some((at, way)) = work.pop_front() {
        for (_, to) in steps.iter().filter(|it| Place::of(it.0) == at) {
            let to = Place::of(*to);
            let mut way = way.clone();
            if let Place::Node(node) = to {
                way.push(node);
            }
            if is_end(to) {
                return Some(way);
            }
            if seen.insert(to) {
                work.push_back((to, way));
            }
        }
    }
    None
}

impl Filter for Bundle {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn constrain(&self, _: &Descriptor, _: &Settings<'_>, pins: &mut Constrained) {
        for part in &self.parts {
            let seen = part.shown.iter().zip(part.descriptor.pins.iter());
            let mut own: Constrained = seen
                .map(|(shown, pin)| match shown.and_then(|it| pins.get(it)) {
                    Some(ranges) => ranges.clone(),
                    None => pin.ranges.to_vec(),
                })
                .collect();
            let settings = Settings {
                values: &part.values,
                base: None,
            };
            part.filter.constrain(&part.descriptor, &settings, &mut own);
            for (shown, ranges) in part.shown.iter().zip(own) {
                if let Some(list) = shown.and_then(|it| pins.get_mut(it)) {
                    *list = ranges;
                }
            }
        }
    }

    fn intersect(
        &self,
        pin: usize,
        client: &DataRange,
        own: &DataRange,
        room: usize,
    ) -> Intersection {
        match self.part_of(pin) {
            Some((part, number)) => part.filter.intersect(number, client, own, room),
            None => Intersection::Status(super::Status::NotImplemented),
        }
    }

    fn property_items(&self) -> &'static [PropertyItem] {
        // Its pins and nodes come first, so that they have their own numbers.
        self.parts
            .first()
            .map_or(&[], |it| it.filter.property_items())
    }

    fn dls_memory(&self) -> Option<Arc<dyn DlsMemory>> {
        self.parts.iter().find_map(|it| it.filter.dls_memory())
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        let reason = "a virtual device is built in a graph, filter by filter";
        Err(OpenError::Other(reason.into()))
    }
}
