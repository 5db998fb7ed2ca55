//! DLS Synth: plays notes with the instruments of a bank of Downloadable Sounds.
//!
//! notes (events, up to 8 wires) -> out (float). Lives here: the properties, the bank's file and the level behind the
//! voices. The voices are the miniport's (`dls`), timing is the DMus port's (`portcls/dmus.rs`).

mod banks;
mod loading;

pub use banks::{is_bank, look, probe};

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::dls::{Downloads, MOST_PLACES, MOST_VOICES, Settings as Playing, Synth};
use crate::dsp::Ramp;
use crate::dsp::gain::amplitude_from_db;
use crate::ks::ids::{Guid, category, major, node, specifier, sub, technology};
use crate::ks::merit;
use crate::ks::{
    BankDesk, BankShelf, DataRange, Descriptor, DlsMemory, Filter, KernelEvent, Limits,
    MusicLimits, Node, OpenError, Opened, Opening, PinFactory, Property, PropertyItem,
    SYSTEM_MEMORY, Settings, Strategy, SynthCaps, TopologyConnection, ValueSlot, Values, Wave,
    synth_effect, synth_flag,
};
use crate::portcls::channel::MOST_GROUPS;
use crate::portcls::dls_properties;
use crate::portcls::dmus::{DmusPort, Mxf, SynthSink};
use crate::portcls::priority::{Priorities, PriorityTable};
use crate::portcls::synth_properties::{self, Boosted, Synth as SynthSet};
use loading::{Ends, Loader};

const BANK: Property = Property::path("bank", "Bank").heard().inline().when_empty("General MIDI").help(
    "A file of Downloadable Sounds (.dls) or a SoundFont (.sf2, .sf3) with instruments; without one it plays the General MIDI bank that comes with the \
     program.",
);
const LEVEL: Property = Property::db("volume", "Level", -60.0, 6.0, 0.0)
    .inline()
    .group("Sound")
    .help("The volume behind all voices.");
const BOOST: Property = Property::db("boost", "Boost", -20.0, 20.0, 0.0)
    .group("Sound")
    .help(
        "Is added to the level. Programs that play music by this synthesizer set it (VOLUMEBOOST).",
    );
const REVERB: Property = Property::flag("reverb", "Reverb", true)
    .inline()
    .group("Sound")
    .help("A room, as far as channels send to it (controller 91).");
const CHORUS: Property = Property::flag("chorus", "Chorus", true)
    .inline()
    .group("Sound")
    .help("A chorus, as far as channels send to it (controller 93).");
const VOICES: Property = Property::count("polyphony", "Voices", 1, MOST_VOICES as u32, 256)
    .structural()
    .group("Playing")
    .help("When there are too few, the channel that matters least gives way: drums come first, then channels 1 to 9.");
const GROUPS: Property =
    Property::count("channel_groups", "Channel groups", 1, MOST_GROUPS as u32, 1)
        .structural()
        .group("Playing")
        .help("How often it has sixteen channels. Files with several ports use more than one.");
const PRIORITIES: Property = Property::text("priorities", "Voice priorities")
    .group("Playing")
    .help("Which channels keep their voices when there are too few, where it is not the usual order: GROUP/CHANNEL=PRIORITY in hexadecimal digits, as in 1/3=F000000C. F is never to be missed, 8 is usual, 1 is missed first.");
const PROPERTIES: &[Property] = &[
    BANK, LEVEL, BOOST, REVERB, CHORUS, VOICES, GROUPS, PRIORITIES,
];
const NOTES: &str = "notes";
const OUTPUT: &str = "out";
/// Notes for a software synthesizer.
const TAKES: &[DataRange] = &[DataRange {
    major: major::MUSIC,
    sub: sub::DIRECTMUSIC,
    specifier: specifier::NONE,
    sample_size: 0,
    attributes: Cow::Borrowed(&[]),
    limits: Limits::Music(MusicLimits {
        technology: technology::SWSYNTH,
        channels: 16,
        notes: MOST_VOICES as u32,
        channel_mask: 0xFFFF,
    }),
}];
const PINS: &[PinFactory] = &[
    PinFactory::input(NOTES, TAKES).instances(1, 8),
    PinFactory::output(OUTPUT, DataRange::FLOAT),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::SYNTHESIZER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::SEQUENCER, "Sequencer", &[]),
    Node::new(
        node::SYNTHESIZER,
        "Voices",
        &[
            "bank",
            "polyphony",
            "channel_groups",
            "priorities",
            "reverb",
            "chorus",
        ],
    ),
    Node::new(node::VOLUME, "Level", &["volume", "boost"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::pass(1, 2),
    TopologyConnection::leave(2, 1),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("dls_synth", "DLS Synth", CATEGORIES, PINS, PROPERTIES).merit(merit::PREFERRED)
        .nodes(NODES, INSIDE)
        .degrades(
            Strategy::Computation,
            [
                "reads waves through two points and not four",
                "is without reverb and chorus too",
                "plays half as many voices too",
            ],
        )
        .help("Plays notes with sampled instruments: banks of Downloadable Sounds, level 1 and 2, and a General MIDI bank that comes with the program.");

/// Our own miniport's class.
const MINIPORT: Guid = Guid(0x6B1F0D52_7C3E_4E0A_9A41_D15C0F5E2B88);
/// What the longest sound takes to be gone once its key is up, the room behind it.
const TAIL_SECONDS: f64 = 6.0;
/// How often voices are shown.
const SHOWN_A_SECOND: u32 = 100;
/// In which the level reaches another.
const GLIDE_SECONDS: f64 = 0.02;

/// What the catalogue offers and the graph negotiates with.
pub struct DlsSynth;

impl Filter for DlsSynth {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn tail_seconds(&self, _: &Settings<'_>, _: u32) -> f64 {
        TAIL_SECONDS
    }

    fn property_items(&self) -> &'static [PropertyItem] {
        ITEMS
    }

    fn dls_memory(&self) -> Option<Arc<dyn DlsMemory>> {
        Some(Arc::<Downloads>::default())
    }

    fn shelf(&self, settings: &Settings<'_>) -> Option<BankShelf> {
        let loader = Loader::shelf(settings.path(&BANK));
        Some(BankShelf {
            desk: loader.desk(),
            hears: Arc::new(move |settings| loader.want(settings.path(&BANK))),
        })
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let rate_hz = opening.audio(OUTPUT).rate_hz;
        let rate = f64::from(rate_hz);
        let groups = opening.settings.number(&GROUPS) as usize;
        let voices = opening.settings.number(&VOICES) as usize;
        let path = opening.settings.path(&BANK);
        let (loader, mut ends, remarks) = Loader::open(
            path,
            rate_hz,
            opening.live,
            voices + MOST_PLACES - MOST_VOICES,
        )?;
        let desk = loader.desk();
        let table = PriorityTable::default();
        let (priorities, wrong) = Priorities::told(&opening.settings.text(&PRIORITIES));
        table.set(&priorities);
        let synth = Synth::new(rate, groups, voices, opening.max_len_at(rate_hz));
        let memory = opening.memory.clone().map(DlsMemory::as_any);
        let synth = match memory.and_then(|it| it.downcast::<Downloads>().ok()) {
            Some(memory) => synth.downloads(&memory),
            None => synth,
        };
        let level = opening.settings.number(&LEVEL) + opening.settings.number(&BOOST);
        let level = amplitude_from_db(level as f32);
        let played = Played {
            synth: synth
                .priorities(table.clone())
                .loaded(std::mem::take(&mut ends.first)),
            ends,
            desk: desk.clone(),
            unseen: 0,
            rate_hz,
            voices,
            reverb: opening.slot(&REVERB),
            chorus: opening.slot(&CHORUS),
            volume: opening.slot(&LEVEL),
            boost: opening.slot(&BOOST),
            level: Ramp::new(level, (GLIDE_SECONDS * rate) as u32),
            is_fresh: true,
        };
        let port = DmusPort::new(played, opening.connected(NOTES), rate_hz);
        let (telemetry, score, cells) = (port.telemetry(), port.score(), port.cells());
        let opened = Opened::processor(port).telemetry(telemetry).score(score);
        let opened = opened.synth(cells).bank(desk).hears(move |settings| {
            loader.want(settings.path(&BANK));
            let (priorities, _) = Priorities::told(&settings.text(&PRIORITIES));
            table.set(&priorities);
        });
        let notes = remarks.into_iter().chain(wrong);
        Ok(notes.fold(opened, |opened, words| opened.note(words)))
    }
}

impl SynthSet for DlsSynth {
    const CAPS: SynthCaps = SynthCaps {
        id: MINIPORT,
        flags: synth_flag::DLS | synth_flag::DLS2 | synth_flag::SOFTWARESYNTH,
        memory: SYSTEM_MEMORY,
        channel_groups: MOST_GROUPS as u32,
        voices: MOST_VOICES as u32,
        audio_channels: 2,
        effects: synth_effect::REVERB | synth_effect::CHORUS,
        title: "DLS Synth",
    };
    const PIN: usize = 0;
    const NODE: u32 = 1;
    const VOICES: Property = VOICES;
    const VOLUME: Property = LEVEL;
    const GROUPS: Option<Property> = Some(GROUPS);
    const PRIORITIES: Option<Property> = Some(PRIORITIES);
}

impl Boosted for DlsSynth {
    const BOOST: Property = BOOST;
}

const ITEMS: &[PropertyItem] = &{
    let [a, b, c, d, e, f, g, h] = synth_properties::items::<DlsSynth>();
    let [i, j, k, l, m] = dls_properties::items::<DlsSynth>();
    let boost = synth_properties::boost_item::<DlsSynth>();
    [a, boost, b, c, d, e, f, g, h, i, j, k, l, m]
};

/// The miniport, told what the properties say, with the level behind it.
struct Played {
    synth: Synth,
    ends: Ends,
    desk: BankDesk,
    /// Samples since its voices were shown.
    unseen: usize,
    rate_hz: u32,
    voices: usize,
    reverb: ValueSlot,
    chorus: ValueSlot,
    volume: ValueSlot,
    boost: ValueSlot,
    level: Ramp,
    /// Nothing was heard yet: a level is taken as it is.
    is_fresh: bool,
}

impl Played {
    /// What is struck by hand, and banks that have come.
    fn meet_hands(&mut self) {
        while self.synth.takes_banks()
            && let Ok(next) = self.ends.banks.pop()
        {
            // There is room: it was asked.
            let _ = self.synth.change_bank(next);
        }
        while !self.ends.spent.is_full()
            && let Some(old) = self.synth.spent()
        {
            let _ = self.ends.spent.push(old);
        }
        while let Ok(strike) = self.ends.strikes.pop() {
            self.synth.strike(strike);
        }
    }
}

impl Mxf for Played {
    fn put(&mut self, event: &KernelEvent, offset: usize) {
        self.synth.put(event, offset);
    }
}

impl SynthSink for Played {
    fn prepare(&mut self, values: Values<'_>) {
        self.synth.listen();
        self.meet_hands();
        self.synth.set(Playing {
            voices: self.voices,
            reverb: self.reverb.is_on(values),
            chorus: self.chorus.is_on(values),
        });
        let level = self.volume.get(values) + self.boost.get(values);
        let level = amplitude_from_db(level as f32);
        if std::mem::take(&mut self.is_fresh) {
            self.desk.voices().reset();
            self.level.jump(level);
        }
        self.level.set(level);
    }

    fn finish(&mut self) {
        self.synth.rest();
    }

    fn render(&mut self, out: &mut Wave, part: Range<usize>) {
        self.synth.render(out, part.clone());
        self.unseen += part.len();
        if self.unseen >= (self.rate_hz / SHOWN_A_SECOND) as usize {
            self.unseen = 0;
            self.synth.show(self.desk.voices());
        }
        let mut end = self.level.clone();
        for channel in out.channels_mut() {
            let mut level = self.level.clone();
            for sample in &mut channel[part.clone()] {
                *sample *= level.step();
            }
            end = level;
        }
        self.level = end;
    }

    fn silence(&mut self) {
        self.synth.silence();
        self.synth.show(self.desk.voices());
        while self.ends.strikes.pop().is_ok() {}
        self.is_fresh = true;
    }

    fn sounding(&self) -> usize {
        self.synth.sounding()
    }

    fn lost(&self) -> u64 {
        self.synth.lost()
    }

    fn degrade(&mut self, level: u8) {
        self.synth.degrade(level);
    }
}

#[cfg(test)]
mod loading_tests;
#[cfg(test)]
mod tests;
