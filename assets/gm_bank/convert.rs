//! The bank as a collection: seconds to time cents, Hz to pitch cents, and so on.

use std::sync::Arc;

use ksgraph::dls::{
    Collection, Connection, Destination, Info, Instrument, Link, Loop, LoopKind, Patch, Region,
    Sample, Segment, Source, Transform,
};
use ksgraph::midi::names;

use crate::model::{Art, Bank, Program, Wave, Zone};

const COPYRIGHT: &str = "MIT, as KSGraph";

fn fixed(value: f64) -> i32 {
    (value * 65_536.0).round() as i32
}

fn time(seconds: f64) -> i32 {
    match seconds > 0.0005 {
        true => fixed(1_200.0 * seconds.log2()),
        false => i32::MIN,
    }
}

fn pitch(hz: f64) -> f64 {
    6_900.0 + 1_200.0 * (hz / 440.0).log2()
}

/// Percent in tenths.
fn share(it: f64) -> i32 {
    fixed(it * 1_000.0)
}

fn decibels(it: f64) -> i32 {
    fixed(it * 10.0)
}

struct List(Vec<Connection>);

impl List {
    fn put(&mut self, source: Source, control: Source, destination: Destination, scale: i32) {
        let swings = |it: Source| matches!(it, Source::ModulationLfo | Source::VibratoLfo);
        self.0.push(Connection {
            source,
            control,
            destination,
            of_source: Transform {
                is_bipolar: swings(source),
                ..Transform::default()
            },
            of_control: Transform::default(),
            scale,
        });
    }

    fn constant(&mut self, destination: Destination, scale: i32) {
        self.put(Source::None, Source::None, destination, scale);
    }
}

fn connections(art: &Art) -> Vec<Connection> {
    use Destination as To;
    use Segment as S;
    let none = Source::None;
    let mut list = List(vec![]);
    if art.attack > 0.0 {
        list.constant(To::Volume(S::Attack), time(art.attack));
    }
    if art.hold > 0.0 {
        list.constant(To::Volume(S::Hold), time(art.hold));
    }
    if art.fall > 0.0 {
        // Twice as fast an octave higher: half the time, 1200 cents less over 12 of 128 keys.
        let by_key = -art.fall_by_key * 100.0 * 128.0;
        let at_60 = 1_200.0 * (96.0 / art.fall).log2();
        list.constant(To::Volume(S::Decay), fixed(at_60 - by_key * 60.0 / 128.0));
        if by_key != 0.0 {
            list.put(Source::Key, none, To::Volume(S::Decay), fixed(by_key));
        }
        list.constant(To::Volume(S::Sustain), share(1.0 - art.sustain / 96.0));
    }
    list.constant(To::Volume(S::Release), time(art.release));
    let (attack, decay, sustain, release) = art.second;
    if art.cutoff_by_second != 0.0 || art.pitch_by_second != 0.0 {
        list.constant(To::Modulation(S::Attack), time(attack));
        list.constant(To::Modulation(S::Decay), time(decay));
        list.constant(To::Modulation(S::Sustain), share(sustain));
        list.constant(To::Modulation(S::Release), time(release));
    }
    if art.cutoff > 0.0 {
        let by_key = art.cutoff_by_key * 12_800.0;
        let start =
            pitch(art.cutoff) - art.cutoff_by_velocity * 100.0 / 128.0 - by_key * 60.0 / 128.0;
        list.constant(To::Cutoff, fixed(start));
        let moves = [
            (Source::Velocity, art.cutoff_by_velocity),
            (Source::Key, by_key),
            (Source::ModulationEnvelope, art.cutoff_by_second),
            (Source::ModulationLfo, art.tremolo_cutoff),
        ];
        for (source, cents) in moves.into_iter().filter(|it| it.1 != 0.0) {
            list.put(source, none, To::Cutoff, fixed(cents));
        }
    }
    if art.resonance > 0.0 {
        list.constant(To::Resonance, decibels(art.resonance));
    }
    if art.pitch_by_second != 0.0 {
        list.put(
            Source::ModulationEnvelope,
            none,
            To::Pitch,
            fixed(art.pitch_by_second),
        );
    }
    let (rate, delay, depth) = art.vibrato;
    list.constant(To::VibratoRate, fixed(pitch(rate)));
    list.constant(To::VibratoDelay, time(delay));
    if depth != 0.0 {
        list.put(Source::VibratoLfo, none, To::Pitch, fixed(depth));
    }
    for control in [Source::Controller(1), Source::ChannelPressure] {
        list.put(Source::VibratoLfo, control, To::Pitch, fixed(art.wheel));
    }
    let (rate, delay, depth) = art.tremolo;
    if depth != 0.0 || art.tremolo_cutoff != 0.0 {
        list.constant(To::LfoRate, fixed(pitch(rate)));
        list.constant(To::LfoDelay, time(delay));
    }
    if depth != 0.0 {
        list.put(Source::ModulationLfo, none, To::Gain, decibels(depth));
    }
    // Half of full scale is hard left or right.
    let by_key = art.pan_by_key;
    let pan = art.pan * 0.5 - by_key * 60.0 / 128.0;
    if pan != 0.0 {
        list.constant(To::Pan, share(pan));
    }
    if by_key != 0.0 {
        list.put(Source::Key, none, To::Pan, share(by_key));
    }
    for (amount, destination) in [(art.reverb, To::Reverb), (art.chorus, To::Chorus)] {
        if amount > 0.0 {
            list.constant(destination, share(amount));
        }
    }
    if art.velocity != 96.0 {
        list.put(Source::Velocity, none, To::Gain, decibels(-art.velocity));
        let velocity = list.0.last_mut().expect("just put");
        velocity.of_source.is_inverted = true;
        velocity.of_source.curve = ksgraph::dls::Curve::Concave;
    }
    if art.per_key != 100.0 {
        list.put(Source::Key, none, To::Pitch, fixed(art.per_key * 128.0));
    }
    list.0
}

fn region(bank: &Bank, zone: &Zone, is_alike: bool) -> Region {
    let wave = &bank.waves[zone.wave];
    Region {
        keys: zone.keys.0..=zone.keys.1,
        velocities: zone.velocities.0..=zone.velocities.1,
        overlaps: zone.overlaps,
        group: zone.group,
        layer: 0,
        link: Link {
            cue: zone.wave as u32,
            channel: 1,
            phase_group: 0,
            is_master: false,
        },
        sample: Some(Sample {
            unity: zone.unity.into(),
            fine: zone.tune,
            gain: (zone.gain * 655_360.0).round() as i32,
            repeat: repeat(wave),
        }),
        // Whole lists: readers part on whether a region's list takes the place of the instrument's.
        connections: match is_alike {
            true => vec![],
            false => connections(&zone.art),
        },
    }
}

fn repeat(wave: &Wave) -> Option<Loop> {
    let (start, length) = wave.repeat?;
    Some(Loop {
        kind: LoopKind::Forward,
        start: start as u32,
        length: length as u32,
    })
}

fn named(name: &str) -> Info {
    Info {
        name: name.to_owned(),
        ..Info::default()
    }
}

fn instrument(bank: &Bank, program: &Program) -> Instrument {
    let common = program.zones[0].art;
    let regions = program.zones.iter();
    let name = match program.is_drum {
        true => "Standard Kit",
        false => names::PROGRAMS[usize::from(program.number)],
    };
    Instrument {
        patch: Patch {
            is_drum: program.is_drum,
            msb: 0,
            lsb: 0,
            program: program.number,
        },
        id: None,
        info: Info {
            copyright: COPYRIGHT.to_owned(),
            ..named(name)
        },
        regions: regions
            .map(|it| region(bank, it, it.art == common))
            .collect(),
        connections: connections(&common),
    }
}

fn wave(it: &Wave) -> ksgraph::dls::Wave {
    let samples = it.samples.iter();
    ksgraph::dls::Wave {
        id: None,
        info: named(&it.name),
        rate_hz: it.rate,
        samples: samples
            .map(|it| (f64::from(*it) * 32_767.0).round() as i16)
            .collect(),
        sample: Some(Sample {
            unity: it.unity.into(),
            fine: 0,
            gain: 0,
            repeat: repeat(it),
        }),
    }
}

/// The whole bank.
pub(crate) fn collection(bank: &Bank) -> Collection {
    Collection {
        id: Some(ksgraph::ks::ids::Guid(
            0x6B73_6772_6170_6820_676D_2062_616E_6B31,
        )),
        version: Some([1, 0, 0, 0]),
        info: Info {
            name: "KSGraph General MIDI".to_owned(),
            copyright: COPYRIGHT.to_owned(),
            engineer: "KSGraph".to_owned(),
            comment: "Made from nothing but arithmetic: cargo run --release --example gm_bank"
                .to_owned(),
        },
        instruments: bank
            .programs
            .iter()
            .map(|it| instrument(bank, it))
            .collect(),
        waves: bank.waves.iter().map(|it| Arc::new(wave(it))).collect(),
        pool: (0..bank.waves.len()).map(Some).collect(),
        is_soundfont: false,
    }
}
