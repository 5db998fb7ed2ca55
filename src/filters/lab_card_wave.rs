//! Lab Card, Wave: the half of a simulated card that takes sound from the graph.
//!
//! in (float, request sink) -> line (hard-wired to the other half of the same card). What goes over the line never is in
//! the graph's hands: its wire counts no frames (MED-5), the card's inner ring carries the sound. A line of one card fits
//! no other card (MED-1).

use std::borrow::Cow;

use crate::ks::ids::{Guid, category, node, set};
use crate::ks::{
    Communication, DataRange, Descriptor, Facts, Filter, Flow, Io, Medium, Node, OpenError, Opened,
    Opening, PinFactory, Processor, Property, Settings, State, TopologyConnection,
};
use crate::portcls::lab_card::{CHANNELS, LabCards, RingWriter, Span};

/// The card: units are told apart by this number alone.
pub(super) const UNIT: Property = Property::count("unit", "Card", 1, 16, 1)
    .structural()
    .inline();
const PROPERTIES: &[Property] = &[UNIT];
/// What a card takes and gives.
pub(super) const RANGES: &[DataRange] = &[
    DataRange::float(crate::ks::GRAPH_RATE, crate::ks::GRAPH_RATE)
        .at_most_channels(CHANNELS as u32),
    DataRange::float(8_000, 192_000).at_most_channels(CHANNELS as u32),
];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", RANGES).communication(Communication::Sink),
    PinFactory::output("line", RANGES).same_format_as("in"),
];
/// What is inside: the card's input, which leads to its line.
const NODES: &[Node] = &[Node::new(node::DAC, "Card", &["unit"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::TOPOLOGY];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "lab_card_wave",
    "Lab Card, Wave",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.nodes(NODES, INSIDE)
.help("One half of a simulated sound card. Its line leads to the other half of the same card, inside the card itself.");

/// A descriptor whose `line` is hard-wired to the unit that its values say.
pub(super) fn wired(descriptor: &Descriptor, settings: &Settings<'_>) -> Descriptor {
    let mut described = descriptor.clone();
    if let Some((index, _)) = descriptor.pin("line") {
        let medium = Medium {
            set: set::LAB_CARD,
            id: settings.number(&UNIT) as u32,
        };
        described.pins.to_mut()[index].mediums = Cow::Owned(vec![medium]);
    }
    described
}

/// What the catalogue offers and the graph negotiates with.
pub struct LabCardWave {
    cards: LabCards,
}

impl LabCardWave {
    /// The half of the cards that takes sound.
    pub fn new(cards: LabCards) -> Self {
        Self { cards }
    }
}

impl Filter for LabCardWave {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        Cow::Owned(wired(&DESCRIPTOR, settings))
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let ring = self.cards.ring(opening.settings.number(&UNIT) as u32);
        let rate_hz = opening.audio("in").rate_hz;
        Ok(Opened::processor(Writing(RingWriter::new(ring, rate_hz))))
    }
}

/// The running half; lives on the audio thread.
struct Writing(RingWriter);

impl Processor for Writing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let span = Span {
            position: io.position,
            len: io.len,
            graph_rate_hz: io.rate_hz,
        };
        if let Some(wave) = io.inputs.get(0).wave() {
            self.0.write(wave, span);
        }
        // The line itself carries nothing.
        io.outputs.iter_mut().for_each(|output| output.silence());
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.0.reset();
        }
    }
}
