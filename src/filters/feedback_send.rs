//! Feedback Send: hands a sound on as it is, and a copy of it to where a loop begins.
//!
//! in (float) -> out (float), in place, bit for bit; and -> send (float), the same at a level of its own. Draw a wire
//! from `send` to the `return` of a Feedback Return.

use crate::dsp::gain::{multiply, scale};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, DataRange, Descriptor, Filter, Flow, Glide, Io, Node, NodePin, OpenError, Opened,
    Opening, PinFactory, Processor, Property, State, TopologyConnection,
};

const LEVEL: Property = Property::db("level", "Send level", -60.0, 0.0, 0.0)
    .glide_millis(20.0)
    .inline();
const PROPERTIES: &[Property] = &[LEVEL];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
    PinFactory::output("send", DataRange::FLOAT).in_place_of("in"),
];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::DEMUX, "Splitter", &[]),
    Node::new(node::VOLUME, "Send level", &["level"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
    TopologyConnection::new(NodePin::out_of(0), NodePin::into(1)),
    TopologyConnection::leave(1, 2),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "feedback_send",
    "Feedback Send",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help("Lets a sound pass and sends a copy of it back: connect Send to a Feedback Return earlier on its way.");

/// What the catalogue offers and the graph negotiates with.
pub struct FeedbackSend;

impl Filter for FeedbackSend {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let rate_hz = opening.audio("in").rate_hz;
        Ok(Opened::processor(Playing {
            level: opening.glide_at(&LEVEL, rate_hz),
            is_fresh: true,
        }))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    level: Glide,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        if std::mem::take(&mut self.is_fresh) {
            self.level.reset(io.values);
        }
        let send = &mut io.outputs[1]; // both hold the input already
        match self.level.amplitude(io.values, send.len()) {
            Amplitude::Still(amplitude) => send.channels_mut().for_each(|c| scale(c, amplitude)),
            Amplitude::Moving(ramp) => send.channels_mut().for_each(|c| multiply(c, ramp)),
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        self.is_fresh |= state == State::Stop;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::tests::same_bits;
    use crate::ks::rig::Rig;

    #[test]
    fn the_sound_itself_passes_bit_for_bit_whatever_the_send_level() {
        let sound: Vec<f32> = (0..500).map(|n| (n as f32 * 0.37).sin() * 0.9).collect();
        let heard = Rig::open(&FeedbackSend, &[("level", -12.0)]).feed(&sound);
        assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
        assert!((1..3).all(|output| DESCRIPTOR.reaches(0, output)));
    }
}
