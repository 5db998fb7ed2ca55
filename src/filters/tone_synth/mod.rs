//! Tone Synth: plays notes with band-limited waveforms. Sixteen voices with an envelope each.
//!
//! notes (events, up to 8 wires) -> out (float). Lives here: the properties. The voices stand in `voices.rs`; timing, the
//! order of events and wires that vanish are the DMus port's (`portcls/dmus.rs`).

mod voices;

use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    DataRange, Descriptor, Filter, Node, OpenError, Opened, Opening, PinFactory, Property,
    PropertyItem, Strategy, SynthCaps, TopologyConnection, Unit, synth_flag,
};
use crate::portcls::channel::MOST_GROUPS;
use crate::portcls::dmus::DmusPort;
use crate::portcls::priority::{Priorities, PriorityTable};
use crate::portcls::synth_properties;
use voices::{MOST_VOICES, Synth};

const WAVEFORM: Property = Property::choice(
    "waveform",
    "Waveform",
    &["sine", "triangle", "saw", "pulse"],
    "triangle",
)
.inline()
.group("Sound");
const LEVEL: Property = Property::db("level", "Level", -60.0, 6.0, -6.0).group("Sound");
const ATTACK: Property = Property::number("attack", "Attack", 0.0, 5_000.0, 5.0)
    .unit(Unit::Millisecond)
    .inline()
    .group("Sound");
const DECAY: Property = Property::number("decay", "Decay", 0.0, 10_000.0, 200.0)
    .unit(Unit::Millisecond)
    .group("Sound");
const SUSTAIN: Property = Property::db("sustain", "Sustain", -60.0, 0.0, -6.0).group("Sound");
const RELEASE: Property = Property::number("release", "Release", 0.0, 10_000.0, 200.0)
    .unit(Unit::Millisecond)
    .inline()
    .group("Sound");
const VOICES: Property =
    Property::count("voices", "Voices", 1, MOST_VOICES as u32, 16)
        .group("Playing")
        .help("When there are too few, the channel that matters least gives way: drums come first, then channels 1 to 9.");
const BEND: Property = Property::count("bend_range", "Bend range", 0, 24, 2)
    .unit(Unit::Semitone)
    .group("Playing")
    .help("How far the bender goes, until a song says otherwise.");
const VELOCITY: Property = Property::choice(
    "velocity",
    "Velocity curve",
    &["linear", "square root", "square", "constant"],
    "linear",
)
.group("Playing");
const GROUPS: Property =
    Property::count("channel_groups", "Channel groups", 1, MOST_GROUPS as u32, 1)
        .structural()
        .group("Playing")
        .help("How often it has sixteen channels. Files with several ports use more than one.");
const PRIORITIES: Property = Property::text("priorities", "Voice priorities")
    .group("Playing")
    .help("Which channels keep their voices when there are too few, where it is not the usual order: GROUP/CHANNEL=PRIORITY in hexadecimal digits, as in 1/3=F000000C. F is never to be missed, 8 is usual, 1 is missed first.");
const PROPERTIES: &[Property] = &[
    WAVEFORM, LEVEL, ATTACK, DECAY, SUSTAIN, RELEASE, VOICES, BEND, VELOCITY, GROUPS, PRIORITIES,
];
const OUTPUT: &str = "out";
const NOTES: &str = "notes";
const PINS: &[PinFactory] = &[
    PinFactory::input(NOTES, DataRange::EVENTS).instances(1, 8),
    PinFactory::output(OUTPUT, DataRange::FLOAT),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::SYNTHESIZER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::SEQUENCER, "Sequencer", &[]),
    Node::new(
        node::SWSYNTH,
        "Voices",
        &[
            "waveform",
            "attack",
            "decay",
            "sustain",
            "release",
            "voices",
            "bend_range",
            "velocity",
            "channel_groups",
            "priorities",
        ],
    ),
    Node::new(node::VOLUME, "Level", &["level"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::pass(1, 2),
    TopologyConnection::leave(2, 1),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("tone_synth", "Tone Synth", CATEGORIES, PINS, PROPERTIES)
        .nodes(NODES, INSIDE)
        .degrades(
            Strategy::Computation,
            [
                "plays 12 voices at most",
                "plays 8 voices at most",
                "plays 4 voices at most",
            ],
        )
        .help(
            "Plays notes: sixteen voices of one waveform with an envelope. Follows volume, expression, pan, bend, tuning and \
             pedals of each channel; programs are all the same here.",
        );

/// What the catalogue offers and the graph negotiates with.
pub struct ToneSynth;

impl Filter for ToneSynth {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let rate_hz = opening.audio(OUTPUT).rate_hz;
        let table = PriorityTable::default();
        let (priorities, wrong) = Priorities::told(&opening.settings.text(&PRIORITIES));
        table.set(&priorities);
        let synth = Synth::new(opening, rate_hz, table.clone());
        let port = DmusPort::new(synth, opening.connected(NOTES), rate_hz);
        let (telemetry, score, cells) = (port.telemetry(), port.score(), port.cells());
        let opened = Opened::processor(port).telemetry(telemetry).score(score);
        let opened = opened.synth(cells).hears(move |settings| {
            let (priorities, _) = Priorities::told(&settings.text(&PRIORITIES));
            table.set(&priorities);
        });
        Ok(match wrong {
            Some(words) => opened.note(words),
            None => opened,
        })
    }

    fn property_items(&self) -> &'static [PropertyItem] {
        ITEMS
    }
}

impl synth_properties::Synth for ToneSynth {
    const CAPS: SynthCaps = SynthCaps {
        id: node::SWSYNTH,
        flags: synth_flag::SOFTWARESYNTH,
        memory: 0,
        channel_groups: MOST_GROUPS as u32,
        voices: MOST_VOICES as u32,
        audio_channels: 2,
        effects: 0,
        title: "Tone Synth",
    };
    const PIN: usize = 0;
    const NODE: u32 = 1;
    const VOICES: Property = VOICES;
    const VOLUME: Property = LEVEL;
    const GROUPS: Option<Property> = Some(GROUPS);
    const PRIORITIES: Option<Property> = Some(PRIORITIES);
}

const ITEMS: &[PropertyItem] = &synth_properties::items::<ToneSynth>();

#[cfg(test)]
mod tests;
