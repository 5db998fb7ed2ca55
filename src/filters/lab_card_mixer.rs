//! Lab Card, Mixer: the half of a simulated card that gives sound back to the graph, at a level.
//!
//! line (hard-wired to the other half of the same card) -> out (float). The sound comes through the card's inner ring, in
//! the cycle in which the other half took it.

use std::borrow::Cow;

use super::lab_card_wave::{RANGES, UNIT, wired};
use crate::dsp::gain::{multiply, scale};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, Descriptor, Facts, Filter, Flow, Glide, Io, Node, OpenError, Opened, Opening,
    PinFactory, Processor, Property, Settings, State, TopologyConnection,
};
use crate::portcls::lab_card::{LabCards, RingReader, Span};

const LEVEL: Property = Property::db("level", "Level", -60.0, 0.0, 0.0)
    .glide_millis(20.0)
    .inline();
const PROPERTIES: &[Property] = &[UNIT, LEVEL];
const PINS: &[PinFactory] = &[
    PinFactory::input("line", RANGES),
    PinFactory::output("out", RANGES).same_format_as("line"),
];
/// What is inside: the card's output, and the level behind it.
const NODES: &[Node] = &[
    Node::new(node::ADC, "Card", &["unit"]),
    Node::new(node::VOLUME, "Level", &["level"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 1),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::TOPOLOGY];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "lab_card_mixer",
    "Lab Card, Mixer",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help(
    "The other half of a simulated sound card: gives what its wave half of the same number takes.",
);

/// What the catalogue offers and the graph negotiates with.
pub struct LabCardMixer {
    cards: LabCards,
}

impl LabCardMixer {
    /// The half of the cards that gives sound.
    pub fn new(cards: LabCards) -> Self {
        Self { cards }
    }
}

impl Filter for LabCardMixer {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        Cow::Owned(wired(&DESCRIPTOR, settings))
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let line = self.cards.ring(opening.settings.number(&UNIT) as u32);
        let rate_hz = opening.audio("out").rate_hz;
        Ok(Opened::processor(Reading {
            line: RingReader::new(line, rate_hz),
            level: opening.glide_at(&LEVEL, rate_hz),
            is_fresh: true,
        }))
    }
}

/// The running half; lives on the audio thread.
struct Reading {
    line: RingReader,
    level: Glide,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

impl Processor for Reading {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        if std::mem::take(&mut self.is_fresh) {
            self.level.reset(io.values);
        }
        let span = Span {
            position: io.position,
            len: io.len,
            graph_rate_hz: io.rate_hz,
        };
        let output = &mut io.outputs[0];
        if let Some(wave) = output.payload.wave_mut() {
            self.line.read(wave, span);
        }
        match self.level.amplitude(io.values, output.len()) {
            Amplitude::Still(amplitude) => output.channels_mut().for_each(|c| scale(c, amplitude)),
            Amplitude::Moving(ramp) => output.channels_mut().for_each(|c| multiply(c, ramp)),
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        self.is_fresh |= state == State::Stop;
    }
}
