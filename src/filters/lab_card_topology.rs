//! Lab Card, Topology: what a simulated card has between its sound and its socket. A subdevice without streams (PCL-4).
//!
//! wave (jack, soldered to the wave half of the same card) -> socket (jack). Both pins are bridges, so nothing of a graph
//! passes here; it shows how the card is joined inside, and its properties answer like any other filter's.

use std::borrow::Cow;

use super::lab_card_wave::{JACK, UNIT, soldered_as};
use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    DataFlow, DataRange, Descriptor, Facts, Filter, Flow, Io, Node, OpenError, Opened, Opening,
    PinFactory, Processor, Property, Settings, TopologyConnection,
};

const PROPERTIES: &[Property] = &[UNIT];
const PINS: &[PinFactory] = &[
    PinFactory::bridge(JACK, DataFlow::In, DataRange::ANALOG),
    PinFactory::bridge("socket", DataFlow::Out, DataRange::ANALOG),
];
const NODES: &[Node] = &[Node::new(node::SUM, "Sum", &["unit"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::TOPOLOGY];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "lab_card_topology",
    "Lab Card, Topology",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.nodes(NODES, INSIDE)
.help("What a simulated sound card has between its sound and its socket. It has jacks only: the wave half of the same card is soldered to it.");

/// What the catalogue offers.
pub struct LabCardTopology;

impl Filter for LabCardTopology {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        let mut described = DESCRIPTOR.clone();
        soldered_as(&mut described, settings);
        Cow::Owned(described)
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Nothing))
    }
}

/// There is no stream.
struct Nothing;

impl Processor for Nothing {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        Flow::Running
    }
}
