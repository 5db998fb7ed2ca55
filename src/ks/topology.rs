//! What is inside a filter: nodes and the connections between them and the pins (1.4).
//!
//! Nothing runs by it, but three things are read from it: whether a loop through the filter is legal (CYC-2), the lines
//! a mixer program sees (TOP-8), and whether a descriptor hangs together at all.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::filter::{Descriptor, Settings};
use super::format::Kind;
use super::ids::{Guid, node};
use super::pin::{DataFlow, PinFactory};

/// Something inside a filter that has a function and perhaps controls of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// What kind of node.
    pub kind: Guid,
    /// What people read.
    pub name: Cow<'static, str>,
    /// Keys of the filter's properties that belong to it.
    pub properties: Cow<'static, [&'static str]>,
}

impl Node {
    /// A node with its controls.
    pub const fn new(kind: Guid, name: &'static str, properties: &'static [&'static str]) -> Self {
        Self {
            kind,
            name: Cow::Borrowed(name),
            properties: Cow::Borrowed(properties),
        }
    }
}

/// One end of a connection inside a filter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodePin {
    /// A pin factory of the filter, by its index.
    Filter(u32),
    /// A logical pin of a node: 0 is its output, inputs count from 1 (TOP-4).
    Node(u32, u32),
}

impl NodePin {
    /// What a node gives.
    pub const fn out_of(node: u32) -> Self {
        Self::Node(node, 0)
    }

    /// What a node takes.
    pub const fn into(node: u32) -> Self {
        Self::Node(node, 1)
    }
}

/// Data run from one end to the other (TOP-5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TopologyConnection {
    /// Where data come from.
    pub from: NodePin,
    /// Where they go.
    pub to: NodePin,
}

impl TopologyConnection {
    /// A connection.
    pub const fn new(from: NodePin, to: NodePin) -> Self {
        Self { from, to }
    }

    /// From an input of the filter into a node.
    pub const fn enter(pin: u32, node: u32) -> Self {
        Self::new(NodePin::Filter(pin), NodePin::into(node))
    }

    /// From one node into the next.
    pub const fn pass(from: u32, to: u32) -> Self {
        Self::new(NodePin::out_of(from), NodePin::into(to))
    }

    /// From a node to an output of the filter.
    pub const fn leave(node: u32, pin: u32) -> Self {
        Self::new(NodePin::out_of(node), NodePin::Filter(pin))
    }
}

/// A line of a mixer, as programs that know mixers see a filter (TOP-8).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MixerLine {
    /// The pin it stands for: data sinks are source lines, data sources destination lines.
    pub pin: u32,
    /// Whether sound comes in on it.
    pub is_source: bool,
    /// Its controls: node ids from the pin inwards.
    pub controls: Vec<u32>,
}

/// Nodes that become controls of a mixer line; the walk goes through all others.
const CONTROLS: &[Guid] = &[
    node::VOLUME,
    node::MUTE,
    node::TONE,
    node::SUM,
    node::MUX,
    node::AGC,
];

/// A delay where a filter declares none of its own, in samples of the wire.
pub const USUAL_DELAY: usize = 2_048;
/// The shortest that is taken at its word.
const SHORTEST_DELAY: usize = 32;

impl Descriptor {
    /// Whether what comes in at one pin goes on to another within the filter, without a delay that the topology does
    /// not show (CYC-2).
    pub fn reaches(&self, input: usize, output: usize) -> bool {
        self.reached(input).contains(&output)
    }

    /// The pins that what comes in at one goes on to, by number.
    pub fn reached(&self, input: usize) -> BTreeSet<usize> {
        let connections = self.connections();
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let leaving = connections.iter();
        let mut work: Vec<NodePin> = leaving
            .filter(|it| it.from == NodePin::Filter(input as u32))
            .map(|it| it.to)
            .collect();
        while let Some(at) = work.pop() {
            match at {
                NodePin::Filter(pin) => {
                    found.insert(pin as usize);
                }
                NodePin::Node(node, _) if seen.insert(node) => {
                    let out_of = |it: &&TopologyConnection| matches!(it.from, NodePin::Node(from, _) if from == node);
                    work.extend(connections.iter().filter(out_of).map(|it| it.to));
                }
                NodePin::Node(..) => {}
            }
        }
        found
    }

    /// Whether no direct path leads on from a sound input of a filter that has outputs: a wire into it is a delay line,
    /// and a loop through it is legal (CYC-2).
    pub fn is_deferred(&self, input: usize) -> bool {
        // Where nothing is declared, every input reaches every output.
        if self.topology.is_empty() {
            return false;
        }
        let takes_sound = |pin: &PinFactory| {
            pin.data_flow == DataFlow::In && !pin.is_bridge() && pin.kind() == Kind::Audio
        };
        let is_output = |pin: &PinFactory| pin.data_flow == DataFlow::Out && !pin.is_bridge();
        if !self.pins.get(input).is_some_and(takes_sound) || !self.pins.iter().any(is_output) {
            return false;
        }
        let reached = self.reached(input);
        !reached
            .iter()
            .any(|&pin| self.pins.get(pin).is_some_and(is_output))
    }

    /// The samples by which a wire into a deferred pin is delayed; `None` for other pins.
    pub fn delay(&self, settings: &Settings<'_>, input: usize) -> Option<usize> {
        if !self.is_deferred(input) {
            return None;
        }
        let stated = |key: &str| Some(self.property(key)?.1);
        let property = self.pins[input].delayed_by.and_then(stated);
        let samples = property.map_or(USUAL_DELAY, |it| settings.number(it) as usize);
        Some(samples.max(SHORTEST_DELAY))
    }

    /// The mixer lines of a filter: destinations first, each from its pin up to where streams meet, then sources
    /// down to what belongs to a destination (TOP-8).
    pub fn mixer_lines(&self) -> Vec<MixerLine> {
        let connections = self.connections();
        let of = |node: u32| self.nodes.get(node as usize).map(|node| node.kind);
        let mut taken = BTreeSet::new();
        let mut lines = vec![];
        for flow in [DataFlow::Out, DataFlow::In] {
            for (pin, factory) in (0_u32..).zip(&*self.pins) {
                if factory.data_flow != flow {
                    continue;
                }
                let is_source = flow == DataFlow::In;
                let mut controls = vec![];
                let mut at = NodePin::Filter(pin);
                loop {
                    let next: Vec<NodePin> = connections
                        .iter()
                        .filter_map(|it| match is_source {
                            true => same_place(it.from, at).then_some(it.to),
                            false => same_place(it.to, at).then_some(it.from),
                        })
                        .collect();
                    // A line ends where streams meet or part, and at a pin.
                    let [NodePin::Node(node, _)] = next[..] else {
                        break;
                    };
                    if !taken.insert(node) {
                        break;
                    }
                    if of(node).is_some_and(|kind| CONTROLS.contains(&kind)) {
                        controls.push(node);
                    }
                    at = NodePin::out_of(node);
                    if of(node).is_some_and(|kind| [node::SUM, node::MUX].contains(&kind)) {
                        break;
                    }
                }
                lines.push(MixerLine {
                    pin,
                    is_source,
                    controls,
                });
            }
        }
        lines
    }

    /// One end of a connection in words: the pin's name, or the node's with the pin where it has several.
    pub fn end_text(&self, end: NodePin) -> String {
        let name = |node: u32| {
            let node = self.nodes.get(node as usize);
            node.map_or("?", |node| &node.name)
        };
        match end {
            NodePin::Filter(pin) => match self.pins.get(pin as usize) {
                Some(pin) => pin.name.to_string(),
                None => pin.to_string(),
            },
            NodePin::Node(node, 0 | 1) => name(node).to_owned(),
            NodePin::Node(node, pin) => format!("{} ({pin})", name(node)),
        }
    }

    /// What does not hang together: ids that are not there, names that stand twice, defaults out of bounds. A filter
    /// with such a descriptor is not registered.
    pub fn fault(&self) -> Option<String> {
        let reserved = super::ids::category::AUDIO_DEVICE;
        if self.categories.contains(&reserved) {
            return Some(
                "it claims a category that is kept for devices made of several filters".into(),
            );
        }
        if self.key.is_empty() || self.key.contains('/') || self.key.contains(char::is_control) {
            return Some(
                "its key is one part of a name: not empty, without a slash (REG-4)".into(),
            );
        }
        self.fault_of_pins()
            .or_else(|| self.fault_of_properties())
            .or_else(|| self.fault_inside())
    }

    fn fault_of_pins(&self) -> Option<String> {
        let mut names = BTreeSet::new();
        self.pins.iter().find_map(|pin| {
            let name = &*pin.name;
            if name.is_empty() {
                return Some("a pin has no name".into());
            }
            if name.contains(['.', '[', ']', '/']) {
                return Some(format!("the pin name {name:?} holds one of . [ ] /"));
            }
            if !names.insert(name) {
                return Some(format!("two pins are called {name:?}"));
            }
            if pin.instances.necessary > pin.instances.possible {
                let (least, most) = (pin.instances.necessary, pin.instances.possible);
                return Some(format!(
                    "{name} needs {least} instances and can have {most}"
                ));
            }
            if let Some(key) = pin.delayed_by
                && self.property(key).is_none()
            {
                return Some(format!(
                    "{name} is delayed by {key:?}, which is no property"
                ));
            }
            if let Some(fault) = pin.framing.as_ref().and_then(|it| it.fault()) {
                return Some(format!("the framing of {name} {fault}"));
            }
            [pin.in_place_of, pin.same_format_as, pin.shows]
                .into_iter()
                .flatten()
                .find(|peer| self.pin(peer).is_none())
                .map(|peer| format!("{name} goes with the pin {peer:?}, which is not there"))
        })
    }

    fn fault_of_properties(&self) -> Option<String> {
        let mut keys = BTreeSet::new();
        self.properties.iter().find_map(|property| {
            let (key, default) = (property.key, property.default_value());
            if !keys.insert(key) {
                return Some(format!("two properties have the key {key:?}"));
            }
            (property.legal(&default) != Some(default))
                .then(|| format!("the default of {key} is not {}", property.wanted()))
        })
    }

    fn fault_inside(&self) -> Option<String> {
        let mut owners = BTreeSet::new();
        for node in self.nodes.iter() {
            for key in node.properties.iter() {
                if self.property(key).is_none() {
                    return Some(format!(
                        "node {} has no property {key:?} to show",
                        node.name
                    ));
                }
                if !owners.insert(*key) {
                    return Some(format!("two nodes have the property {key:?}"));
                }
            }
        }
        self.topology.iter().find_map(|it| {
            self.fault_of_end(it.from, DataFlow::In)
                .or_else(|| self.fault_of_end(it.to, DataFlow::Out))
        })
    }

    /// Data enter the inside at inputs of the filter and leave it at outputs (TOP-5).
    fn fault_of_end(&self, end: NodePin, flow: DataFlow) -> Option<String> {
        match end {
            NodePin::Node(node, _) if node as usize >= self.nodes.len() => Some(format!(
                "a connection names node {node} of {}",
                self.nodes.len()
            )),
            NodePin::Node(node, pin) if (pin == 0) != (flow == DataFlow::In) => Some(format!(
                "a connection uses pin {pin} of node {node} the wrong way: 0 gives, 1 and up take"
            )),
            NodePin::Filter(pin) => match self.pins.get(pin as usize) {
                None => Some(format!(
                    "a connection names pin {pin} of {}",
                    self.pins.len()
                )),
                Some(factory) if factory.data_flow != flow => Some(format!(
                    "a connection runs through the pin {:?} the wrong way",
                    factory.name
                )),
                Some(_) => None,
            },
            NodePin::Node(..) => None,
        }
    }
}

/// Whether two ends belong to the same pin of the filter or to the same node.
fn same_place(one: NodePin, other: NodePin) -> bool {
    match (one, other) {
        (NodePin::Node(one, _), NodePin::Node(other, _)) => one == other,
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::{DataRange, Property};

    const LEVEL: Property = Property::db("level", "Level", -60.0, 0.0, 0.0);
    const PINS: &[PinFactory] = &[
        PinFactory::input("one", DataRange::FLOAT),
        PinFactory::input("two", DataRange::FLOAT),
        PinFactory::input("three", DataRange::FLOAT),
        PinFactory::output("out", DataRange::FLOAT),
    ];
    const NODES: &[Node] = &[
        Node::new(node::VOLUME, "One", &[]),
        Node::new(node::REVERB, "Room", &[]),
        Node::new(node::MUTE, "Two", &[]),
        Node::new(node::SUM, "Sum", &[]),
        Node::new(node::SRC, "Rate", &[]),
        Node::new(node::VOLUME, "Level", &["level"]),
        Node::new(node::PEAKMETER, "Orphan", &[]),
    ];
    const INSIDE: &[TopologyConnection] = &[
        TopologyConnection::enter(0, 0),
        TopologyConnection::enter(1, 1),
        TopologyConnection::pass(1, 2),
        TopologyConnection::pass(0, 3),
        TopologyConnection::new(NodePin::out_of(2), NodePin::Node(3, 2)),
        TopologyConnection::pass(3, 4),
        TopologyConnection::pass(4, 5),
        TopologyConnection::leave(5, 3),
    ];

    fn descriptor() -> Descriptor {
        Descriptor::new("lines", "Lines", &[], PINS, &[LEVEL]).nodes(NODES, INSIDE)
    }

    #[test]
    fn top_8_a_line_goes_to_where_streams_meet_and_skips_what_is_no_control() {
        let line = |pin, is_source, controls: &[u32]| MixerLine {
            pin,
            is_source,
            controls: controls.to_vec(),
        };
        let wanted = [
            line(3, false, &[5, 3]),
            line(0, true, &[0]),
            line(1, true, &[2]),
            line(2, true, &[]),
        ];
        assert_eq!(descriptor().mixer_lines(), wanted);
    }

    #[test]
    fn cyc_2_a_pin_is_deferred_when_no_path_leads_on_from_it() {
        let descriptor = descriptor();
        let deferred = [0, 1, 2, 3].map(|pin| descriptor.is_deferred(pin));
        assert_eq!(deferred, [false, false, true, false]);
        assert!(descriptor.reaches(1, 3) && !descriptor.reaches(2, 3));
        let plain = Descriptor::new("plain", "Plain", &[], PINS, &[]);
        assert!((0..4).all(|pin| !plain.is_deferred(pin)), "all reach all");
        let sink = Descriptor::new("sink", "Sink", &[], &PINS[..3], &[]);
        assert!((0..3).all(|pin| !sink.is_deferred(pin)), "it has no output");
    }

    #[test]
    fn what_does_not_hang_together_is_named() {
        assert_eq!(descriptor().fault(), None);
        let with = |change: fn(&mut Descriptor)| {
            let mut descriptor = descriptor();
            change(&mut descriptor);
            descriptor.fault().expect("a fault")
        };
        let faults = [
            with(|it| it.pins.to_mut()[1].name = "one".into()),
            with(|it| it.pins.to_mut()[1].name = "a.b".into()),
            with(|it| it.pins.to_mut()[3].in_place_of = Some("four")),
            with(|it| it.pins.to_mut()[0].instances.possible = 0),
            with(|it| it.properties.to_mut().push(LEVEL)),
            with(|it| it.properties.to_mut()[0] = Property::db("level", "Level", 0.0, 1.0, 2.0)),
            with(|it| it.nodes.to_mut()[0] = Node::new(node::VOLUME, "One", &["level"])),
            with(|it| it.nodes.to_mut()[0] = Node::new(node::VOLUME, "One", &["other"])),
            with(|it| it.topology.to_mut()[0] = TopologyConnection::enter(0, 7)),
            with(|it| it.topology.to_mut()[0] = TopologyConnection::enter(4, 0)),
            with(|it| it.topology.to_mut()[0] = TopologyConnection::enter(3, 0)),
            with(|it| {
                let wrong = TopologyConnection::new(NodePin::into(0), NodePin::into(1));
                it.topology.to_mut()[0] = wrong;
            }),
        ];
        let told: BTreeSet<&String> = faults.iter().collect();
        assert_eq!(
            told.len(),
            faults.len(),
            "each in words of its own: {faults:?}"
        );
    }
}
