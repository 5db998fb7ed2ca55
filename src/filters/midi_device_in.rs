//! MIDI Device In: what is played on a MIDI input of this machine.
//!
//! -> notes (events). Lives here: the pin and the property. Stamps and held notes are the capture port's
//! (`portcls/capture.rs`), the input is the machine's. An input that is not there is waited for; when it goes away the
//! notes it holds are released.

use std::sync::Arc;

use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    DataFlow, DataRange, Descriptor, Filter, Flow, Io, Node, OpenError, Opened, Opening,
    PinFactory, Processor, Property, Seek, State, Telemetry, TopologyConnection, ValueSlot,
};
use crate::portcls::capture::Capture;
use crate::portcls::{Ear, Link, Listening, MidiPorts};

/// What it publishes, by place in its telemetry: messages that found no room and were left out.
pub const LOST: usize = 0;

const DEVICE: Property = Property::device("device", "Device").inline();
const TIMING: Property = Property::choice("timing", "Timing", &["steady", "earliest"], "steady").help(
    "Steady sounds every note the same time after it was played, so that nothing jitters; earliest as soon as it can.",
);
const PROPERTIES: &[Property] = &[DEVICE, TIMING];
const PINS: &[PinFactory] = &[
    PinFactory::output("notes", DataRange::EVENTS),
    PinFactory::bridge("socket", DataFlow::In, DataRange::EVENTS),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::CAPTURE];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::NOTES, "Port", &["device", "timing"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(1, 0),
    TopologyConnection::leave(0, 0),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "midi_device_in",
    "MIDI Device In",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.nodes(NODES, INSIDE)
.help("Notes from a MIDI input. No device named takes the first there is.");

/// What the catalogue offers and the graph negotiates with.
pub struct MidiDeviceIn {
    ports: Arc<dyn MidiPorts>,
}

impl MidiDeviceIn {
    /// The filter over the MIDI inputs of a machine.
    pub fn new(ports: Arc<dyn MidiPorts>) -> Self {
        Self { ports }
    }
}

impl Filter for MidiDeviceIn {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        if let Some(capture) = Capture::unattended(opening) {
            return Ok(Opened::processor(capture));
        }
        let link = Arc::new(Link::default());
        let (capture, entry) = Capture::live(opening, Some(link.clone()));
        let published = Telemetry::new(1);
        let ear = Ear::new(entry, opening.clock.clone(), link.clone());
        let device = opening.settings.text(&DEVICE);
        let (listening, note) = match self.ports.listen(&device, ear) {
            Ok(listening) => {
                let note = listening.granted();
                (Some(listening), note)
            }
            Err(error) => (None, format!("{error}. No notes come from here")),
        };
        let playing = Playing {
            capture,
            _listening: listening,
            link,
            published: published.clone(),
            timing: opening.slot(&TIMING),
        };
        let opened = Opened::processor(playing).endless().note(note);
        Ok(opened.telemetry(published))
    }
}

/// The running half: the capture port, and the input that is closed with it.
struct Playing {
    capture: Capture,
    _listening: Option<Box<dyn Listening>>,
    link: Arc<Link>,
    published: Telemetry,
    timing: ValueSlot,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        self.published.set(LOST, self.link.lost() as f32);
        self.capture.set_earliest(self.timing.get(io.values) >= 0.5);
        self.capture.process(io)
    }

    fn enter(&mut self, state: State) {
        self.capture.enter(state);
    }

    fn seek(&mut self, seek: Seek) -> bool {
        self.capture.seek(seek)
    }
}
