//! MIDI Device Out: plays on a MIDI output of this machine.
//!
//! notes (events, several) ->. Lives here: pins and properties. What waits until it is due is the DMus port's, what is
//! sent when it is heard the output's own thread's (`portcls/speak`), the output is the machine's. One that is not there
//! is waited for; what sounds on it ends when the graph stands, jumps or lets go of it.

use std::sync::Arc;

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataFlow, DataRange, Descriptor, Filter, Flow, Io, Node, OpenError, Opened, Opening,
    PinFactory, Processor, Property, RefTime, Seek, State, Telemetry, TopologyConnection, Unit,
    ValueSlot, time_from_sample,
};
use crate::portcls::dmus::telemetry as of_port;
use crate::portcls::held_wires::MOST_WIRES;
use crate::portcls::speak::{self, Outgoing, Speaking};
use crate::portcls::{DmusPort, MidiPorts};

/// What it publishes, by place in its telemetry.
pub mod telemetry {
    /// 1 while the output is there.
    pub const THERE: usize = 0;
    /// Events that came or were sent after their time.
    pub const LATE: usize = 1;
    /// Events that found no room, and messages that the output refused.
    pub const LOST: usize = 2;
    /// Events that wait for their time.
    pub const WAITING: usize = 3;
    /// How many there are.
    pub const COUNT: usize = 4;
}

/// Units of [`RefTime`] in a millisecond.
const MILLISECOND: f64 = 10_000.0;

const DEVICE: Property = Property::device("device", "Device").inline();
const DELAY: Property = Property::number("delay", "Delay", -500.0, 500.0, 0.0)
    .unit(Unit::Millisecond)
    .help(
        "So much later than the sound of the graph; below 0 sooner, for a device that takes its time.",
    );
const PROPERTIES: &[Property] = &[DEVICE, DELAY];
const PINS: &[PinFactory] = &[
    PinFactory::input("notes", DataRange::NOTES).instances(0, MOST_WIRES as u32),
    PinFactory::bridge("socket", DataFlow::Out, DataRange::EVENTS),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::RENDER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::NOTES, "Port", &["device", "delay"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "midi_device_out",
    "MIDI Device Out",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help(
    "Plays notes on a MIDI output, in time with the sound of the graph. No device named takes the first there is; \
     virtual:NAME is a port of our own that others connect to.",
);

/// What the catalogue offers and the graph negotiates with.
pub struct MidiDeviceOut {
    ports: Arc<dyn MidiPorts>,
}

impl MidiDeviceOut {
    /// The filter over the MIDI outputs of a machine.
    pub fn new(ports: Arc<dyn MidiPorts>) -> Self {
        Self { ports }
    }
}

impl Filter for MidiDeviceOut {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        if !opening.live {
            return Ok(Opened::processor(Nobody));
        }
        let (outgoing, dispatch) =
            speak::line(opening.clock.clone(), opening.rate_hz, opening.max_len);
        let device = opening.settings.text(&DEVICE);
        let (speaking, note) = match self.ports.speak(&device, dispatch) {
            Ok(speaking) => {
                let note = speaking.granted();
                (Some(speaking), note)
            }
            Err(error) => (None, format!("{error}. Nothing is played from here")),
        };
        let port = DmusPort::new(outgoing, opening.connected("notes"), opening.rate_hz);
        let (score, published) = (port.score(), Telemetry::new(telemetry::COUNT));
        let playing = Playing {
            of_port: port.telemetry(),
            port,
            _speaking: speaking,
            published: published.clone(),
            delay: opening.slot(&DELAY),
        };
        let opened = Opened::processor(playing).telemetry(published);
        Ok(opened.score(score).note(note))
    }
}

/// The running half: the DMus port, and the output that is closed with it.
struct Playing {
    port: DmusPort<Outgoing>,
    of_port: Telemetry,
    _speaking: Option<Box<dyn Speaking>>,
    published: Telemetry,
    delay: ValueSlot,
}

impl Playing {
    fn publish(&mut self) {
        let line = self.port.sink_mut().line();
        let (there, late) = (f32::from(u8::from(line.is_there())), line.late() as f32);
        let lost = (line.lost() + line.unsent()) as f32;
        let of_port = |cell| self.of_port.get(cell);
        let cells = [
            (telemetry::THERE, there),
            (telemetry::LATE, late + of_port(of_port::LATE)),
            (telemetry::LOST, lost + of_port(of_port::DROPPED)),
            (telemetry::WAITING, of_port(of_port::WAITING)),
        ];
        for (cell, value) in cells {
            self.published.set(cell, value);
        }
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let delay = (self.delay.get(io.values) * MILLISECOND) as RefTime;
        self.port.sink_mut().begin(io.position, io.len, delay);
        let flow = self.port.process(io);
        self.publish();
        flow
    }

    fn enter(&mut self, state: State) {
        self.port.enter(state);
        self.port.sink_mut().enter(state);
    }

    fn seek(&mut self, seek: Seek) -> bool {
        if !seek.flushes {
            let at = |sample| time_from_sample(sample, seek.rate_hz);
            self.port.sink_mut().jump(at(seek.to) - at(seek.from));
        }
        self.port.seek(seek)
    }
}

/// In a render nobody plays outside.
struct Nobody;

impl Processor for Nobody {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        Flow::Running
    }
}
