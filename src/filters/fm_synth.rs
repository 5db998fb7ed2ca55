//! FM Synth: plays notes by frequency modulation. 24 voices of four operators, with the sounds and drums of General MIDI.
//!
//! notes (events, up to 8 wires) -> out (float). Lives here: the properties, and the volume behind the voices
//! (FmSynthWithVol). The voices are the miniport's (`portcls/fm_synth`), timing is the DMus port's (`portcls/dmus.rs`).

use std::borrow::Cow;
use std::ops::Range;

use crate::ks::ids::{Guid, category, major, node, specifier, sub, technology};
use crate::ks::{
    DataRange, Descriptor, Filter, KernelEvent, Limits, MusicLimits, Node, OpenError, Opened,
    Opening, PinFactory, Property, PropertyItem, Settings, Strategy, SynthCaps, TopologyConnection,
    ValueSlot, Values, Wave, synth_flag,
};
use crate::midi::names::PROGRAMS;
use crate::portcls::channel::MOST_GROUPS;
use crate::portcls::class_id::miniport;
use crate::portcls::dmus::{DmusPort, Mxf, SynthSink};
use crate::portcls::fm_synth::{FmSynthWithVol, VOICES as MOST_VOICES};
use crate::portcls::priority::{Priorities, PriorityTable};
use crate::portcls::synth_properties::{self, Synth};

const PROGRAM: Property = Property::choice("program", "Sound", &PROGRAMS, PROGRAMS[0])
    .inline()
    .group("Sound")
    .help("The sound of channels that no program change has given one. Channel 10 plays drums.");
const LEVEL: Property = Property::db("level", "Level", -60.0, 6.0, 0.0)
    .inline()
    .group("Sound")
    .help("The volume behind all voices.");
const VOICES: Property =
    Property::count("voices", "Voices", 1, MOST_VOICES as u32, MOST_VOICES as u32)
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
const PROPERTIES: &[Property] = &[PROGRAM, LEVEL, VOICES, GROUPS, PRIORITIES];
const NOTES: &str = "notes";
const OUTPUT: &str = "out";
/// Notes for a synthesizer by frequency modulation (FMS-1).
const TAKES: &[DataRange] = &[DataRange {
    major: major::MUSIC,
    sub: sub::DIRECTMUSIC,
    specifier: specifier::NONE,
    sample_size: 0,
    attributes: Cow::Borrowed(&[]),
    limits: Limits::Music(MusicLimits {
        technology: technology::FMSYNTH,
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
        &["program", "voices", "channel_groups", "priorities"],
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
    Descriptor::new("fm_synth", "FM Synth", CATEGORIES, PINS, PROPERTIES)
        .nodes(NODES, INSIDE)
        .degrades(
            Strategy::Computation,
            [
                "plays 18 voices at most",
                "plays 12 voices at most",
                "plays 6 voices at most",
            ],
        )
        .help("Plays notes by frequency modulation: four operators a voice, 24 voices, the 128 sounds of General MIDI and drums on channel 10.");

/// What the longest sound takes to be gone once its key is up.
const TAIL_SECONDS: f64 = 5.0;

/// What the catalogue offers and the graph negotiates with.
pub struct FmSynth;

impl Filter for FmSynth {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn tail_seconds(&self, _: &Settings<'_>, _: u32) -> f64 {
        TAIL_SECONDS
    }

    fn property_items(&self) -> &'static [PropertyItem] {
        ITEMS
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let rate_hz = opening.audio(OUTPUT).rate_hz;
        let rate = f64::from(rate_hz);
        let groups = opening.settings.number(&GROUPS) as usize;
        let level_db = opening.settings.number(&LEVEL) as f32;
        let longest = opening.max_len_at(rate_hz);
        let table = PriorityTable::default();
        let (priorities, wrong) = Priorities::told(&opening.settings.text(&PRIORITIES));
        table.set(&priorities);
        let synth = FmSynthWithVol::new(rate, groups, longest, level_db);
        let synth = synth.priorities(table.clone());
        let synth = Played {
            synth,
            program: opening.slot(&PROGRAM),
            voices: opening.slot(&VOICES),
            level: opening.slot(&LEVEL),
        };
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
}

impl Synth for FmSynth {
    const CAPS: SynthCaps = SynthCaps {
        id: miniport::FM_SYNTH_WITH_VOL,
        flags: synth_flag::SOFTWARESYNTH,
        memory: 0,
        channel_groups: MOST_GROUPS as u32,
        voices: MOST_VOICES as u32,
        audio_channels: 2,
        effects: 0,
        title: "FM Synth",
    };
    const PIN: usize = 0;
    const NODE: u32 = 1;
    const VOICES: Property = VOICES;
    const VOLUME: Property = LEVEL;
    const GROUPS: Option<Property> = Some(GROUPS);
    const PRIORITIES: Option<Property> = Some(PRIORITIES);
}

const ITEMS: &[PropertyItem] = &synth_properties::items::<FmSynth>();

/// The miniport, told what the properties say.
struct Played {
    synth: FmSynthWithVol,
    program: ValueSlot,
    voices: ValueSlot,
    level: ValueSlot,
}

impl Mxf for Played {
    fn put(&mut self, event: &KernelEvent, offset: usize) {
        self.synth.put(event, offset);
    }
}

impl SynthSink for Played {
    fn prepare(&mut self, values: Values<'_>) {
        let synth = self.synth.synth();
        synth.set_program(self.program.index(values) as u8);
        synth.set_voices(self.voices.index(values));
        self.synth.set_level(self.level.get(values) as f32);
    }

    fn render(&mut self, out: &mut Wave, part: Range<usize>) {
        self.synth.render(out, part);
    }

    fn silence(&mut self) {
        self.synth.silence();
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
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::dsp::measure::{peak, rms};
    use crate::ks::rig::Rig;
    use crate::ks::{State, Value, time_from_sample};

    fn event(sample: u64, bytes: &[u8]) -> KernelEvent {
        KernelEvent::new(time_from_sample(sample, 48_000), bytes).unwrap()
    }

    fn song() -> Vec<KernelEvent> {
        let mut events = vec![event(0, &[0xC1, 40]), event(0, &[0xC2, 75])];
        for n in 0..120_u64 {
            let (channel, key) = ([0, 1, 2, 9][n as usize % 4], 40 + (n * 7 % 36) as u8);
            let status = if n % 5 == 4 { 0x80 } else { 0x90 };
            events.push(event(n * 61, &[status | channel, key, 40 + (n % 80) as u8]));
            events.push(event(n * 61, &[0xE1, 0, (n % 128) as u8]));
        }
        events
    }

    #[test]
    fn the_same_samples_come_out_however_the_stream_is_cut() {
        let play = |cuts: &[usize]| {
            let mut rig = Rig::open(&FmSynth, &[]);
            let mut heard = vec![vec![], vec![]];
            for (index, len) in cuts.iter().enumerate() {
                let events = if index == 0 { song() } else { vec![] };
                let cycle = rig.cycle(*len, &[], &events);
                for (heard, channel) in heard.iter_mut().zip(cycle.channels) {
                    heard.extend(channel);
                }
            }
            heard
        };
        let whole = play(&[4096, 4096]);
        assert!(peak(&whole[0]) > 0.1 && whole[0] != whole[1]);
        assert_eq!(whole, play(&[1, 63, 1000, 7, 3025, 2048, 2048]));
    }

    #[test]
    fn a_note_begins_within_its_own_sample() {
        let mut rig = Rig::open(&FmSynth, &[]);
        let heard = rig.cycle(2_048, &[], &[event(777, &[0x90, 69, 127])]);
        let first = heard.channels[0].iter().position(|sample| *sample != 0.0);
        // A sine begins at nothing.
        assert_eq!(first, Some(778));
    }

    #[test]
    fn the_level_stands_behind_the_voices_and_stop_silences() {
        let loud = |level: f64| {
            let mut rig = Rig::open(&FmSynth, &[("level", level)]);
            let heard = rig.cycle(4096, &[], &[event(0, &[0x90, 69, 100])]);
            (rms(&heard.channels[0]), rig)
        };
        let ((full, _), (less, mut rig)) = (loud(0.0), loud(-20.0));
        assert!((full / less - 10.0).abs() < 0.01);
        rig.processor().enter(State::Stop);
        assert_eq!(peak(&rig.run(1_000).channels[0]), 0.0);
    }

    #[test]
    fn the_sound_is_chosen_by_name() {
        let sound = |name: &str, bytes: &[u8]| {
            let value = Value::Text(name.to_owned());
            let values = BTreeMap::from([("program".to_owned(), value)]);
            let mut rig = Rig::open_with(&FmSynth, values, &BTreeMap::new(), None);
            let events = [event(0, bytes), event(0, &[0x90, 69, 100])];
            rig.cycle(2_000, &[], &events).channels.remove(0)
        };
        assert_eq!(sound("Church Organ", &[0xFE]), sound("Violin", &[0xC0, 19]));
    }

    #[test]
    fn under_load_it_plays_fewer_voices() {
        let mut rig = Rig::open(&FmSynth, &[]);
        let events: Vec<KernelEvent> = (0..30).map(|n| event(0, &[0x90, 40 + n, 90])).collect();
        rig.cycle(480, &[], &events);
        let voices = |rig: &Rig| rig.telemetry().unwrap().get(0);
        assert_eq!(voices(&rig), 24.0);
        for (level, wanted) in [(1, 18.0), (2, 12.0), (3, 6.0)] {
            rig.processor().degrade(level);
            rig.run(960);
            assert_eq!(voices(&rig), wanted);
        }
    }

    #[test]
    fn syn_9_a_channel_of_low_priority_is_missed_while_the_others_sound_on() {
        let mut rig = Rig::open(&FmSynth, &[]);
        rig.processor().enter(State::Run);
        let chord: Vec<KernelEvent> = (0..24).map(|n| event(0, &[0x90, 40 + n, 90])).collect();
        rig.cycle(480, &[], &chord);
        let lost = |rig: &Rig| rig.synth().unwrap().stats().lost_notes;
        rig.cycle(480, &[], &[event(480, &[0x94, 80, 90])]);
        assert_eq!(lost(&rig), 0, "within a class every note finds a voice");
        rig.tell("priorities", "1/5=40000000");
        rig.cycle(480, &[], &[event(960, &[0x94, 81, 90])]);
        assert_eq!(lost(&rig), 1);
        assert_eq!(rig.telemetry().unwrap().get(0), 24.0, "nothing was cut");
        let stats = rig.synth().unwrap().stats();
        assert!(stats.voices == 24 && stats.peak > 0.05, "{stats:?}");
        rig.processor().enter(State::Run);
        assert_eq!(lost(&rig), 0, "counted from the entry to Run");
    }

    #[test]
    fn fms_1_its_range_says_what_it_is() {
        let Limits::Music(limits) = TAKES[0].limits else {
            panic!("a range of music");
        };
        assert_eq!(limits.technology.name(), Some("FM synthesizer"));
        assert_eq!((limits.channels, limits.notes), (16, 24));
        let any = &DataRange::EVENTS[0];
        assert!(any.overlap(&TAKES[0]).is_ok(), "every source of notes fits");
    }
}
