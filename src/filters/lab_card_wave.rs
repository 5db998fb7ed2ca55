//! Lab Card, Wave: the half of a simulated card that takes sound from the graph.
//!
//! in (float, request sink) -> line (hard-wired to the other half of the same card). What goes over the line never is in
//! the graph's hands: its wire counts no frames (MED-5), the card's inner ring carries the sound. A line of one card fits
//! no other card (MED-1).

use std::borrow::Cow;

use crate::ks::framing::require;
use crate::ks::ids::{Guid, category, node, set};
use crate::ks::merit;
use crate::ks::{
    Communication, DataFlow, DataRange, Descriptor, Facts, Filter, Flow, Framing, FramingItem, Io,
    Medium, Node, OpenError, Opened, Opening, PinFactory, Processor, Property, Settings, State,
    Status, TopologyConnection, Wave,
};
use crate::portcls::lab_card::{CHANNELS, LabCards, RingWriter, Span};
use crate::portcls::lab_wave::LabWave;
use crate::portcls::wavecyclic::WaveCyclicPort;
use crate::portcls::wavepci::WavePciPort;

/// The card: units are told apart by this number alone.
pub(super) const UNIT: Property = Property::count("unit", "Card", 1, 16, 1)
    .structural()
    .inline();
/// The port that the card's miniport stands behind.
const PORT: Property = Property::choice("port", "Port", &["WaveRT", "WaveCyclic", "WavePci"], "WaveRT")
    .structural()
    .help("How sound reaches the card: in a buffer that is shared, through one that is played round and round, or in the frames that it came in.");
const PROPERTIES: &[Property] = &[UNIT, PORT];
/// What a card takes and gives.
pub(super) const RANGES: &[DataRange] = &[
    DataRange::float(crate::ks::GRAPH_RATE, crate::ks::GRAPH_RATE)
        .at_most_channels(CHANNELS as u32),
    DataRange::float(8_000, 192_000).at_most_channels(CHANNELS as u32),
];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", RANGES).communication(Communication::Sink),
    PinFactory::output("line", RANGES).same_format_as("in"),
    PinFactory::bridge(JACK, DataFlow::Out, DataRange::ANALOG),
];
/// The jack that is soldered to the topology of the same card.
pub(super) const JACK: &str = "wave";
/// What is inside: the card's input, which leads to its line.
const NODES: &[Node] = &[Node::new(node::DAC, "Card", &["unit", "port"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
    TopologyConnection::leave(0, 2),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::TOPOLOGY];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "lab_card_wave",
    "Lab Card, Wave",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
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

/// Solders the jack of a descriptor to that of the other subdevice of the same unit (PCL-7).
pub(super) fn soldered_as(descriptor: &mut Descriptor, settings: &Settings<'_>) {
    if let Some((index, _)) = descriptor.pin(JACK) {
        let medium = Medium {
            set: set::LAB_JACK,
            id: settings.number(&UNIT) as u32,
        };
        descriptor.pins.to_mut()[index].mediums = Cow::Owned(vec![medium]);
    }
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
        let mut described = wired(&DESCRIPTOR, settings);
        soldered_as(&mut described, settings);
        if settings.text(&PORT) == "WavePci" {
            // Its frames are those that come in.
            described.pins.to_mut()[0].framing = Some(FRAMES);
        }
        Cow::Owned(described)
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let ring = self.cards.ring(opening.settings.number(&UNIT) as u32);
        let format = opening.audio("in");
        let line = RingWriter::new(ring, format.rate_hz);
        let longest = opening.max_len_at(format.rate_hz);
        let card = LabWave::new(format, longest);
        let refused = |status: Status| {
            OpenError::Other(format!("the card refuses its format: {}", status.name()))
        };
        match &*opening.settings.text(&PORT) {
            "WaveCyclic" => {
                let port = WaveCyclicPort::new(card, &format, INTERVAL_MILLIS).map_err(refused)?;
                Ok(Opened::processor(Cyclic { port, line }))
            }
            "WavePci" => {
                let port = WavePciPort::new(card, &format, CHUNKS).map_err(refused)?;
                let frame = || Wave::new(format.channels as usize, longest);
                let spare = std::iter::repeat_with(frame).take(CHUNKS).collect();
                let home = None;
                Ok(Opened::processor(Pci {
                    port,
                    line,
                    spare,
                    home,
                })
                .lends())
            }
            _ => Ok(Opened::processor(Writing(line))),
        }
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

/// How often the card is to interrupt where it plays a buffer round and round.
const INTERVAL_MILLIS: u32 = 10;
/// Frames that a card may hold.
const CHUNKS: usize = 4;
/// The frames are the port's own, and the card reads what the client wrote there.
const FRAMES: Framing = Framing::of(&[FramingItem {
    flags: require::SYSTEM_MEMORY | require::MUST_ALLOCATE,
    frames: CHUNKS as u32,
    alignment: 63,
    ..FramingItem::SYSTEM
}]);

fn span(io: &Io<'_>) -> Span {
    Span {
        position: io.position,
        len: io.len,
        graph_rate_hz: io.rate_hz,
    }
}

/// The running half behind the WaveCyclic port.
struct Cyclic {
    port: WaveCyclicPort<LabWave>,
    line: RingWriter,
}

impl Processor for Cyclic {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        if let Some(wave) = io.inputs.get(0).wave() {
            let mut from = 0;
            while from < wave.len() {
                // The card's own time goes by while it is fed.
                let taken = self.port.bring(wave, from).max(1);
                self.port.miniport().advance(taken);
                self.port.service();
                from += taken;
            }
            self.line.write(self.port.miniport().played(), span(io));
            self.port.miniport().fetched();
        }
        io.outputs.iter_mut().for_each(|output| output.silence());
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        // This card refuses no state.
        let _ = self.port.set_state(state);
        if state == State::Stop {
            self.line.reset();
        }
    }
}

/// The running half behind the WavePci port.
struct Pci {
    port: WavePciPort<LabWave>,
    line: RingWriter,
    /// Frames that are empty.
    spare: Vec<Wave>,
    /// The one in which the pipe before it worked.
    home: Option<Wave>,
}

impl Processor for Pci {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        // Where nothing was lent it is copied, once.
        let brought = self.home.take().or_else(|| {
            let mut frame = self.spare.pop()?;
            frame.copy_from(io.inputs.get(0).wave()?);
            Some(frame)
        });
        if let Some(frame) = brought {
            let len = frame.len();
            if let Err(frame) = self.port.bring(frame) {
                self.spare.push(frame);
            }
            self.port.miniport().advance(len);
            self.port.service();
            self.line.write(self.port.miniport().played(), span(io));
            self.port.miniport().fetched();
        }
        while let Some(frame) = self.port.take_home() {
            self.spare.push(frame);
        }
        io.outputs.iter_mut().for_each(|output| output.silence());
        Flow::Running
    }

    fn lend(&mut self, channels: usize, len: usize) -> Option<Wave> {
        let fits = |it: &Wave| it.channel_count() == channels && it.capacity() >= len;
        let kept = self.home.take_if(|it| fits(it));
        kept.or_else(|| self.spare.pop_if(|it| fits(it)))
    }

    fn come_home(&mut self, frame: Wave) {
        self.home = Some(frame);
    }

    fn enter(&mut self, state: State) {
        // This card refuses no state.
        let _ = self.port.set_state(state);
        if state == State::Stop {
            self.line.reset();
        }
        while let Some(frame) = self.port.take_home() {
            self.spare.push(frame);
        }
    }
}
