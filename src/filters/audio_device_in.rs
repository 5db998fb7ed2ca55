//! Audio Device In: what a sound card hears, as a wave stream. A source that can pace the graph.
//!
//! the card -> out (whatever the device gives). Lives here: the pin, the property and which formats the device offers. The
//! card's ring, its clock and the pace are the capture port's (`portcls/record.rs`).

use std::borrow::Cow;
use std::sync::Arc;

use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    DataFlow, DataRange, Descriptor, Facts, Filter, Node, OpenError, Opened, Opening, PinFactory,
    Property, Settings, TopologyConnection,
};
use crate::portcls::Cards;
use crate::portcls::record::open_capture;

const DEVICE: Property = Property::device("device", "Device").inline();
/// Whoever wears them says so: what is heard cannot come back through the air, and is not warned of.
const HEADPHONES: Property = Property::flag("headphones", "Headphones", false);
const PROPERTIES: &[Property] = &[DEVICE, HEADPHONES];
const OUTPUT: &str = "out";
const PINS: &[PinFactory] = &[
    PinFactory::output(OUTPUT, DataRange::FLOAT),
    PinFactory::bridge("microphone", DataFlow::In, DataRange::ANALOG),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::CAPTURE];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::ADC, "Card", &["device", "headphones"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(1, 0),
    TopologyConnection::leave(0, 0),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "audio_device_in",
    "Audio Device In",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.nodes(NODES, INSIDE)
.help(
    "What a sound device hears: a microphone, a line, what another program plays. No device named takes the system's own input.",
);

/// What the catalogue offers and the graph negotiates with.
pub struct AudioDeviceIn {
    cards: Arc<dyn Cards>,
}

impl AudioDeviceIn {
    /// The filter over the cards of a machine.
    pub fn new(cards: Arc<dyn Cards>) -> Self {
        Self { cards }
    }
}

impl Filter for AudioDeviceIn {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, facts: &Facts) -> Cow<'_, Descriptor> {
        let name = settings.text(&DEVICE);
        let Some(device) = facts.capture_device(&name) else {
            // A device that is not there gives anything, so that its wires stay.
            return Cow::Borrowed(&DESCRIPTOR);
        };
        let mut descriptor = DESCRIPTOR.clone();
        let pins = descriptor.pins.to_mut();
        pins[0] = pins[0].clone().with_ranges(device.capture.clone());
        Cow::Owned(descriptor)
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let device = opening.settings.text(&DEVICE);
        open_capture(&*self.cards, opening, OUTPUT, &device)
    }
}
