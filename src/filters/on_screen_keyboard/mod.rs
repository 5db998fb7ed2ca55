//! On-screen Keyboard: a piano of several octaves, played with the pointer or the letter keys.
//!
//! in (events, may be left unconnected) -> notes (events). What is played on it comes out together with what comes in,
//! in order of time, and its keys show both. What `in` holds down is released when its wire goes. Range, channel and
//! touch are read by whoever turns presses into messages.

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Held, Io, KernelEvent, Node, OpenError, Opened, Opening,
    Payload, PinFactory, Processor, Property, RefTime, Seek, State, Telemetry, TopologyConnection,
    flag,
};
use crate::portcls::capture::Capture;

const OCTAVE: Property = Property::count("octave", "Lowest octave", 0, 8, 3).group("Keys");
const OCTAVES: Property = Property::count("octaves", "Octaves", 1, 8, 4).group("Keys");
const TOUCH: Property = Property::choice("touch", "Touch", &["height", "fixed"], "height").group("Touch").help(
    "Whether a key sounds the louder the nearer its front edge it is pressed, or always the same.",
);
const VELOCITY: Property = Property::count("velocity", "Velocity", 1, 127, 96)
    .group("Touch")
    .help("How hard letter keys strike, and the pointer where the touch is fixed.");
const CHANNEL: Property = Property::count("channel", "Channel", 1, 16, 1).group("MIDI");
const PROPERTIES: &[Property] = &[OCTAVE, OCTAVES, TOUCH, VELOCITY, CHANNEL];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::EVENTS).instances(0, 1),
    PinFactory::output("notes", DataRange::EVENTS),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::CAPTURE];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(
    node::NOTES,
    "Keys",
    &["octave", "octaves", "touch", "velocity", "channel"],
)];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "on_screen_keyboard",
    "On-screen Keyboard",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help(
    "Plays notes from a piano on the screen: the lower a key is pressed, the louder; dragging glides over the keys. \
     It passes on what comes in, and shows it.",
);

/// What a screen reads of a keyboard: cell n is the velocity at which note n is down, 0 while it is up.
pub mod telemetry {
    /// How many numbers there are.
    pub const LEN: usize = 128;
}

/// What the catalogue offers and the graph negotiates with.
pub struct OnScreenKeyboard;

impl Filter for OnScreenKeyboard {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let telemetry = Telemetry::new(telemetry::LEN);
        let playing = |own| Playing {
            own,
            arrived: Held::default(),
            wire: 0,
            telemetry: telemetry.clone(),
        };
        let opened = match Capture::unattended(opening) {
            Some(own) => Opened::processor(playing(own)),
            None => {
                let (own, entry) = Capture::live(opening, None);
                Opened::processor(playing(own)).events(entry).endless()
            }
        };
        Ok(opened.telemetry(telemetry))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    /// What is played here.
    own: Capture,
    /// What came in and is down, and by which wire.
    arrived: Held,
    wire: u64,
    telemetry: Telemetry,
}

impl Playing {
    fn show(&self, message: &[u8]) {
        match *message {
            [0x90..=0x9F, note, velocity, ..] => {
                self.telemetry.set(usize::from(note), f32::from(velocity));
            }
            [0x80..=0x8F, note, ..] => self.telemetry.set(usize::from(note), 0.0),
            // All sound off, all notes off, and the modes that imply it; a reset.
            [0xB0..=0xBF, 120 | 123..=127, ..] | [0xFF] => self.show_none(),
            _ => {}
        }
    }

    fn show_none(&self) {
        for note in 0..telemetry::LEN {
            self.telemetry.set(note, 0.0);
        }
    }

    /// Releases what a wire held that is gone or broken.
    fn release_broken(&mut self, io: &mut Io<'_>, start: RefTime) {
        let input = io.inputs.get(0);
        let is_broken =
            input.wire != self.wire || input.header.flags & flag::DATADISCONTINUITY != 0;
        if !is_broken {
            return;
        }
        let output = &mut io.outputs[0];
        // Where nobody listens there is nothing to release, and nobody to wait for.
        let heard = matches!(output.payload, Payload::Events(_));
        self.arrived.release(|message| {
            let event = KernelEvent::new(start, &message);
            !heard || event.is_none_or(|event| put(&mut output.payload, event))
        });
        if self.arrived.is_empty() {
            self.wire = input.wire;
        }
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let start = io.time();
        let flow = self.own.process(io);
        let held = self.arrived;
        self.release_broken(io, start);
        if held != self.arrived {
            let mut gone = held;
            gone.release(|message| {
                self.show(&message);
                true
            });
        }
        let input = io.inputs.get(0);
        let output = &mut io.outputs[0];
        for event in input.events() {
            // What finds no room is lost: the wire behind is as full as a wire can be.
            if put(&mut output.payload, *event) {
                self.arrived.follow(event.bytes());
            }
        }
        match &output.payload {
            Payload::Events(events) => events.iter().for_each(|event| self.show(event.bytes())),
            _ => (input.events().iter()).for_each(|event| self.show(event.bytes())),
        }
        match input.is_connected() {
            true => Flow::Running,
            false => flow,
        }
    }

    fn seek(&mut self, seek: Seek) -> bool {
        self.own.seek(seek)
    }

    fn enter(&mut self, state: State) {
        self.own.enter(state);
        if state == State::Stop {
            // Whoever sounds these notes is stopped as well.
            self.arrived = Held::default();
            self.wire = 0;
            self.show_none();
        }
    }
}

/// Puts an event among others in order of time, behind those of its own; says whether there was room. Never allocates.
fn put(payload: &mut Payload, event: KernelEvent) -> bool {
    let Payload::Events(events) = payload else {
        return false;
    };
    if events.len() == events.capacity() {
        return false;
    }
    let place = events.partition_point(|other| other.time <= event.time);
    events.insert(place, event);
    true
}

#[cfg(test)]
mod tests;
