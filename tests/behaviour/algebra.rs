//! The algebra of ranges, for any two of them: whether something is left does not hang on the order, and what is left lies
//! in both.

use ksgraph::ks::ids::Guid;
use ksgraph::ks::{
    Attribute, AudioLimits, DataFormat, DataRange, Limits, MusicLimits, intersect, overlaps,
};
use proptest::prelude::*;

/// Few ids, so that ranges meet; a wildcard among them.
fn id(base: u128) -> impl Strategy<Value = Guid> {
    prop_oneof![
        3 => Just(Guid(base)),
        1 => Just(Guid(base + 1)),
        2 => Just(Guid::WILDCARD),
    ]
}

/// A closed interval among few numbers.
fn span(step: u32) -> impl Strategy<Value = (u32, u32)> {
    (1..6_u32, 0..4_u32).prop_map(move |(low, more)| (low * step, (low + more) * step))
}

fn limits() -> impl Strategy<Value = Limits> {
    let audio = (span(1), span(8), span(8_000)).prop_map(|(channels, bits, rate)| {
        Limits::Audio(AudioLimits {
            min_channels: channels.0,
            max_channels: channels.1,
            min_bits: bits.0,
            max_bits: bits.1,
            min_rate_hz: rate.0,
            max_rate_hz: rate.1,
        })
    });
    let music = (id(70), 0..3_u32, 0..3_u32, 0..8_u32).prop_map(
        |(technology, channels, notes, channel_mask)| {
            Limits::Music(MusicLimits {
                technology,
                channels,
                notes,
                channel_mask,
            })
        },
    );
    prop_oneof![4 => audio, 1 => music, 1 => Just(Limits::None)]
}

fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let one = |number| {
        prop_oneof![
            3 => Just(None),
            1 => Just(Some(false)),
            1 => Just(Some(true)),
        ]
        .prop_map(move |required: Option<bool>| {
            required.map(|required| Attribute {
                id: Guid(number),
                required,
            })
        })
    };
    (one(90), one(91)).prop_map(|(a, b)| a.into_iter().chain(b).collect())
}

fn range() -> impl Strategy<Value = DataRange> {
    let ids = (id(10), id(20), id(30));
    (
        ids,
        prop_oneof![Just(0_u32), Just(4)],
        attributes(),
        limits(),
    )
        .prop_map(
            |((major, sub, specifier), sample_size, attributes, limits)| DataRange {
                major,
                sub,
                specifier,
                sample_size,
                attributes: attributes.into(),
                limits,
            },
        )
}

fn ranges() -> impl Strategy<Value = Vec<DataRange>> {
    proptest::collection::vec(range(), 0..5)
}

/// Every concrete format there might be in a range of these few figures.
fn within(range: &DataRange) -> Vec<DataFormat> {
    let corners = range.audio_limits().map(|it| {
        [
            (it.min_channels, it.min_bits, it.min_rate_hz),
            (it.max_channels, it.max_bits, it.max_rate_hz),
            (it.min_channels, it.max_bits, it.min_rate_hz),
        ]
    });
    let Some(chosen) = range.choose() else {
        return vec![];
    };
    let mut formats = vec![chosen.clone()];
    for (channels, bits, rate_hz) in corners.into_iter().flatten() {
        let mut format = chosen.clone();
        format.audio = Some(ksgraph::ks::AudioFormat {
            channels,
            bits,
            rate_hz,
        });
        formats.push(format);
    }
    formats
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn whether_two_ranges_meet_does_not_hang_on_the_order(a in range(), b in range()) {
        prop_assert_eq!(a.overlap(&b).is_ok(), b.overlap(&a).is_ok());
        prop_assert_eq!(a.overlap(&b).err(), b.overlap(&a).err(), "nor what parts them");
        prop_assert_eq!(a.pre_match(&b).ok(), b.pre_match(&a).ok(), "nor the ids");
    }

    #[test]
    fn what_two_ranges_share_lies_in_both(a in range(), b in range()) {
        for both in [a.overlap(&b), b.overlap(&a)].into_iter().flatten() {
            for (mine, theirs) in [(both.major, a.major), (both.sub, a.sub), (both.specifier, a.specifier)] {
                prop_assert!(mine == theirs || theirs.is_wildcard());
            }
            for range in [&a, &b] {
                for attribute in range.attributes.iter().filter(|it| it.required) {
                    prop_assert!(both.attributes.iter().any(|it| it.id == attribute.id), "{both:?}");
                }
                for attribute in both.attributes.iter() {
                    prop_assert!(range.attributes.iter().any(|it| it.id == attribute.id), "{both:?}");
                }
                for format in within(&both) {
                    prop_assert!(range.contains(&format), "{format:?} of {both:?} in {range:?}");
                }
            }
        }
    }

    #[test]
    fn a_range_lies_in_itself_and_only_what_is_in_both_is_shared(a in range(), b in range()) {
        prop_assert!(a.overlap(&a).is_ok() || matches!(a.limits, Limits::Music(it) if it.channel_mask == 0));
        let concrete = [&a, &b].into_iter().flat_map(within);
        for format in concrete.filter(|it| a.contains(it) && b.contains(it)) {
            // A format that both contain and that all they share would be: there is no reason for less.
            if let Ok(both) = a.overlap(&b) {
                let plain = DataFormat { attributes: both.attributes.to_vec(), ..format.clone() };
                prop_assert!(both.contains(&plain), "{plain:?} is in both and not in {both:?}");
            }
        }
    }

    #[test]
    fn lists_meet_in_both_orders_or_in_none(a in ranges(), b in ranges()) {
        prop_assert_eq!(overlaps(&a, &b).next().is_some(), overlaps(&b, &a).next().is_some());
        // With no range left open, a format is found in both orders or in none.
        prop_assert_eq!(intersect(&a, &b).is_some(), intersect(&b, &a).is_some());
        for (client, own) in [(&a, &b), (&b, &a)] {
            if let Some(format) = intersect(client, own) {
                prop_assert!(client.iter().any(|range| range.contains(&format)), "{format:?}");
                prop_assert!(own.iter().any(|range| range.contains(&format)), "{format:?}");
            }
        }
    }
}
