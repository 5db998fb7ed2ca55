//! Audio Device Out: plays a wave stream on a sound card. A sink that can pace the graph.
//!
//! in (whatever the device takes) -> the card. Lives here: the pin, the properties and which formats the device offers.
//! The card's ring, the limiter and the pace are the WaveRT port's (`portcls/wavert.rs`).

use std::borrow::Cow;
use std::sync::Arc;

use crate::ks::framing::require;
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Communication, DataFlow, DataRange, Descriptor, Facts, Filter, Framing, FramingItem, Node,
    OpenError, Opened, Opening, PinFactory, Property, Settings, TopologyConnection,
};
use crate::portcls::Cards;
use crate::portcls::wavert::open_render;

const DEVICE: Property = Property::device("device", "Device").inline();
const CEILING: Property = Property::db("ceiling", "Ceiling", -60.0, 0.0, -0.1);
const PROPERTIES: &[Property] = &[DEVICE, CEILING];
const INPUT: &str = "in";
const PINS: &[PinFactory] = &[
    PinFactory::input(INPUT, DataRange::FLOAT)
        .communication(Communication::Sink)
        .framing(RING),
    PinFactory::bridge("speaker", DataFlow::Out, DataRange::ANALOG),
];
/// The card's ring is the only place where its frames are: three of them, whole cache lines.
const RING: Framing = Framing::of(&[FramingItem {
    flags: require::SYSTEM_MEMORY | require::MUST_ALLOCATE,
    frames: 3,
    alignment: 63,
    ..FramingItem::SYSTEM
}]);
const CATEGORIES: &[Guid] = &[category::AUDIO, category::RENDER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::DYN_RANGE_COMPRESSOR, "Ceiling", &["ceiling"]),
    Node::new(node::DAC, "Card", &["device"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "audio_device_out",
    "Audio Device Out",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.merit(merit::PREFERRED)
.nodes(NODES, INSIDE)
.help("Plays on a sound device. Nothing leaves louder than the ceiling.");

/// What the catalogue offers and the graph negotiates with.
pub struct AudioDeviceOut {
    cards: Arc<dyn Cards>,
}

impl AudioDeviceOut {
    /// The filter over the cards of a machine.
    pub fn new(cards: Arc<dyn Cards>) -> Self {
        Self { cards }
    }
}

impl Filter for AudioDeviceOut {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, facts: &Facts) -> Cow<'_, Descriptor> {
        let name = settings.text(&DEVICE);
        let Some(device) = facts.render_device(&name) else {
            // A device that is not there takes anything, so that its wires stay.
            return Cow::Borrowed(&DESCRIPTOR);
        };
        let mut descriptor = DESCRIPTOR.clone();
        let pins = descriptor.pins.to_mut();
        pins[0] = pins[0].clone().with_ranges(device.render.clone());
        Cow::Owned(descriptor)
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let device = opening.settings.text(&DEVICE);
        open_render(&*self.cards, opening, INPUT, &device, &CEILING)
    }
}
