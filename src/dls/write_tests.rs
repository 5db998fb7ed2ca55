//! What is written and read again is what it was.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::ks::ids::Guid;

fn any_transform() -> impl Strategy<Value = Transform> {
    let curve = prop::sample::select(vec![
        Curve::Linear,
        Curve::Concave,
        Curve::Convex,
        Curve::Switch,
    ]);
    (any::<bool>(), any::<bool>(), curve).prop_map(|(is_inverted, is_bipolar, curve)| Transform {
        is_inverted,
        is_bipolar,
        curve,
    })
}

fn any_connection() -> impl Strategy<Value = Connection> {
    // Every number that is known.
    let sources: Vec<Source> = (0..=0x102).filter_map(Source::from_number).collect();
    let destinations: Vec<Destination> = (0..=0x501).filter_map(Destination::from_number).collect();
    let source = || prop::sample::select(sources.clone());
    (
        source(),
        source(),
        prop::sample::select(destinations),
        any_transform(),
        any_transform(),
        any::<i32>(),
    )
        .prop_map(
            |(source, control, destination, of_source, of_control, scale)| Connection {
                source,
                control,
                destination,
                of_source,
                of_control,
                scale,
            },
        )
}

/// The later of two of one name counts: a list has one of each.
fn any_list() -> impl Strategy<Value = Vec<Connection>> {
    prop::collection::vec(any_connection(), 0..12).prop_map(|all| {
        let mut list: Vec<Connection> = vec![];
        for it in all {
            if !list.iter().any(|known| known.is_named_as(&it)) {
                list.push(it);
            }
        }
        list
    })
}

fn any_info() -> impl Strategy<Value = Info> {
    let text = || "([a-zäß♪][a-zäß♪ ]{0,12}[a-z♪])?";
    (text(), text(), text(), text()).prop_map(|(name, copyright, engineer, comment)| Info {
        name,
        copyright,
        engineer,
        comment,
    })
}

fn any_sample() -> impl Strategy<Value = Sample> {
    let kind = prop::sample::select(vec![LoopKind::Forward, LoopKind::UntilRelease]);
    let repeat = (kind, 0..1_000_u32, 1..1_000_u32).prop_map(|(kind, start, length)| Loop {
        kind,
        start,
        length,
    });
    (
        0..128_u16,
        any::<i16>(),
        any::<i32>(),
        prop::option::of(repeat),
    )
        .prop_map(|(unity, fine, gain, repeat)| Sample {
            unity,
            fine,
            gain,
            repeat,
        })
}

fn any_range(least: u8) -> impl Strategy<Value = std::ops::RangeInclusive<u8>> {
    // Velocities of nothing but 0 mean all of them.
    (0..128_u8, least..128_u8).prop_map(|(a, b)| a.min(b)..=a.max(b))
}

fn any_region() -> impl Strategy<Value = Region> {
    let head = (any_range(0), any_range(1), any::<(bool, u16, u16)>());
    let link = any::<(u32, u32, u16, bool)>();
    (head, link, prop::option::of(any_sample()), any_list()).prop_map(
        |((keys, velocities, (overlaps, group, layer)), link, sample, connections)| {
            let (cue, channel, phase_group, is_master) = link;
            Region {
                keys,
                velocities,
                overlaps,
                group,
                layer,
                link: Link {
                    cue: cue % 6,
                    channel,
                    phase_group,
                    is_master,
                },
                sample,
                connections,
            }
        },
    )
}

fn any_id() -> impl Strategy<Value = Option<Guid>> {
    prop::option::of(any::<u128>().prop_map(Guid))
}

fn any_instrument() -> impl Strategy<Value = Instrument> {
    let patch = (any::<bool>(), 0..128_u8, 0..128_u8, 0..128_u8);
    let regions = prop::collection::vec(any_region(), 0..4);
    (patch, any_id(), any_info(), regions, any_list()).prop_map(
        |((is_drum, msb, lsb, program), id, info, regions, connections)| Instrument {
            patch: Patch {
                is_drum,
                msb,
                lsb,
                program,
            },
            id,
            info,
            regions,
            connections,
        },
    )
}

fn any_wave() -> impl Strategy<Value = Arc<Wave>> {
    let samples = prop::collection::vec(any::<i16>(), 0..40);
    let sample = prop::option::of(any_sample());
    (any_id(), any_info(), 1..1_000_000_u32, samples, sample).prop_map(
        |(id, info, rate_hz, samples, sample)| {
            Arc::new(Wave {
                id,
                info,
                rate_hz,
                samples: samples.into(),
                sample,
            })
        },
    )
}

fn any_collection() -> impl Strategy<Value = Collection> {
    let waves = prop::collection::vec(any_wave(), 0..4);
    let pool = prop::collection::vec(prop::option::of(any::<prop::sample::Index>()), 0..6);
    let instruments = prop::collection::vec(any_instrument(), 0..3);
    let head = (any_id(), any::<Option<[u16; 4]>>(), any_info());
    (head, instruments, waves, pool).prop_map(|((id, version, info), instruments, waves, pool)| {
        let place = |it: Option<prop::sample::Index>| {
            it.filter(|_| !waves.is_empty())
                .map(|it| it.index(waves.len()))
        };
        Collection {
            is_soundfont: false,
            pool: pool.into_iter().map(place).collect(),
            id,
            version,
            info,
            instruments,
            waves,
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(collection in any_collection()) {
        let bytes = write(&collection);
        let (again, remarks) = read(&bytes, &Facts::default()).unwrap();
        prop_assert_eq!(&again, &collection);
        // Nothing to put right, but for cues that mean nothing.
        let strange = remarks.iter().find(|it| !it.text.contains("have no wave"));
        prop_assert_eq!(strange, None);
        prop_assert_eq!(write(&again), bytes);
    }
}

#[test]
fn what_has_no_number_is_left_out_and_cues_beyond_the_waves_mean_nothing() {
    let shutdown = Connection {
        source: Source::None,
        control: Source::None,
        destination: Destination::Modulation(Segment::Shutdown),
        of_source: Transform::default(),
        of_control: Transform::default(),
        scale: 1,
    };
    let instrument = Instrument {
        connections: vec![shutdown],
        ..Instrument::default()
    };
    let collection = Collection {
        instruments: vec![instrument],
        pool: vec![Some(7), None],
        ..Collection::default()
    };
    let (again, _) = read(&write(&collection), &Facts::default()).unwrap();
    assert!(again.instruments[0].connections.is_empty());
    assert_eq!(again.pool, [None, None]);
}
