//! What is in a collection, for those who look at it and do not play it.

use super::articulation::{Articulation, Times};
use super::collection::{Collection, Instrument, LoopKind, Region};
use super::connection::{Connection, Destination};
use super::part::{Part, Sources};
use crate::ks::{
    BankSheet, ConnectionSheet, EnvelopeSheet, InstrumentSheet, LoopSheet, RegionSheet, WaveSheet,
};

/// The velocity at which envelopes are shown.
const VELOCITY: u8 = 100;

/// What is in a collection. Takes a while for a large one.
pub fn sheet(all: &Collection) -> BankSheet {
    let part = Part::new(0);
    let instruments: Vec<InstrumentSheet> = all
        .instruments
        .iter()
        .map(|it| instrument(all, it, &part))
        .collect();
    let waves = all.waves.iter();
    let waves = waves.map(|it| WaveSheet::new(&it.info.name, it.rate_hz, &it.samples));
    BankSheet {
        name: all.info.name.clone(),
        regions: instruments.iter().map(|it| it.regions.len()).sum(),
        samples: all.waves.iter().map(|it| it.samples.len() as u64).sum(),
        waves: waves.collect(),
        instruments,
        remarks: vec![],
    }
}

fn instrument(all: &Collection, it: &Instrument, part: &Part) -> InstrumentSheet {
    let regions = it.regions.iter();
    InstrumentSheet {
        is_drum: it.patch.is_drum,
        bank: (it.patch.msb, it.patch.lsb),
        program: it.patch.program,
        name: it.info.name.clone(),
        regions: regions.map(|own| region(all, it, own, part)).collect(),
        connections: it.connections.iter().filter_map(connection).collect(),
    }
}

fn region(all: &Collection, of: &Instrument, it: &Region, part: &Part) -> RegionSheet {
    let place = all.pool.get(it.link.cue as usize).copied().flatten();
    let wave = place.and_then(|place| all.waves.get(place));
    let sample = it.sample.or(wave.and_then(|it| it.sample));
    let sample = sample.unwrap_or_default();
    let middle = it.keys.start() / 2 + it.keys.end() / 2;
    let sources = Sources {
        part,
        key: middle,
        played: middle,
        velocity: VELOCITY,
    };
    let articulation = Articulation::new([of.connections.as_slice(), it.connections.as_slice()]);
    let standing = articulation.standing(sample.unity, &sources);
    let envelope = |of| envelope(articulation.times(of, &sources));
    RegionSheet {
        keys: it.keys.clone(),
        velocities: it.velocities.clone(),
        group: it.group,
        wave: place.filter(|_| wave.is_some()).map(|it| it as u32),
        unity: sample.unity.min(127) as u8,
        fine: sample.fine,
        gain_db: sample.gain as f32 / 655_360.0,
        repeat: sample.repeat.map(|it| LoopSheet {
            start: it.start,
            length: it.length,
            is_left_on_release: it.kind == LoopKind::UntilRelease,
        }),
        volume: envelope(Destination::Volume),
        modulation: envelope(Destination::Modulation),
        lfos: [standing.lfo, standing.vibrato],
        cutoff_hz: standing.cutoff,
        connections: it.connections.iter().filter_map(connection).collect(),
    }
}

fn envelope(times: Times) -> EnvelopeSheet {
    EnvelopeSheet {
        delay: times.delay,
        attack: times.attack,
        hold: times.hold,
        decay: times.decay,
        sustain: times.sustain,
        release: times.release,
    }
}

fn connection(it: &Connection) -> Option<ConnectionSheet> {
    Some(ConnectionSheet {
        source: it.source.to_number(),
        control: it.control.to_number(),
        destination: it.destination.to_number()?,
        scale: it.scale,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::collection::{Info, Link, Loop, Sample, Wave};
    use super::super::connection::{Segment, Source, Transform};
    use super::*;

    #[test]
    fn a_region_says_what_its_file_does() {
        let seconds = |destination, cents: f32| Connection {
            source: Source::None,
            control: Source::None,
            destination,
            of_source: Transform::default(),
            of_control: Transform::default(),
            scale: (cents * 65_536.0) as i32,
        };
        let region = Region {
            keys: 40..=80,
            velocities: 0..=127,
            overlaps: false,
            group: 3,
            layer: 0,
            link: Link {
                cue: 1,
                channel: 1,
                phase_group: 0,
                is_master: false,
            },
            sample: Some(Sample {
                unity: 61,
                fine: -3,
                gain: -655_360 * 6,
                repeat: Some(Loop {
                    kind: LoopKind::UntilRelease,
                    start: 10,
                    length: 90,
                }),
            }),
            connections: vec![seconds(Destination::Volume(Segment::Attack), -1200.0)],
        };
        let silent = Region {
            link: Link {
                cue: 9,
                ..region.link
            },
            sample: None,
            ..region.clone()
        };
        let all = Collection {
            instruments: vec![Instrument {
                regions: vec![region, silent],
                connections: vec![seconds(Destination::Volume(Segment::Release), 1200.0)],
                ..Instrument::default()
            }],
            waves: vec![Arc::new(Wave {
                id: None,
                info: Info::default(),
                rate_hz: 22_050,
                samples: Arc::from([0_i16; 100]),
                sample: None,
            })],
            pool: vec![None, Some(0)],
            ..Collection::default()
        };
        let sheet = sheet(&all);
        assert_eq!(
            (sheet.regions, sheet.samples, sheet.waves.len()),
            (2, 100, 1)
        );
        let [one, other] = &sheet.instruments[0].regions[..] else {
            panic!("two regions");
        };
        assert_eq!((one.wave, other.wave), (Some(0), None));
        assert_eq!((one.unity, one.fine, one.group), (61, -3, 3));
        assert!((one.gain_db + 6.0).abs() < 1e-3);
        assert!((one.volume.attack - 0.5).abs() < 1e-3);
        assert!((one.volume.release - 2.0).abs() < 1e-3, "the instrument's");
        assert_eq!(one.volume.sustain, 1.0);
        let wanted = LoopSheet {
            start: 10,
            length: 90,
            is_left_on_release: true,
        };
        assert_eq!(one.repeat, Some(wanted));
        assert_eq!(
            (one.connections.len(), one.connections[0].destination),
            (1, 0x206)
        );
    }
}
