//! Intersection by the numbers.

use std::borrow::Cow;

use super::*;

fn filled(ranges: &[DataRange]) -> Vec<DataRange> {
    ranges
        .iter()
        .map(|range| range.at_graph_rate(48_000))
        .collect()
}

#[test]
fn the_highest_rate_then_depth_then_stereo() {
    let card = [DataRange::audio(sub::PCM, 8, 8, 24, 8_000, 96_000)];
    let client = [DataRange::audio(
        sub::PCM,
        UNLIMITED,
        8,
        16,
        44_100,
        192_000,
    )];
    assert_eq!(
        intersect(&client, &card),
        Some(DataFormat::pcm(16, 2, 96_000))
    );
    let mono = [DataRange::audio(sub::PCM, 1, 8, 16, 8_000, 96_000)];
    assert_eq!(
        intersect(&mono, &card),
        Some(DataFormat::pcm(16, 1, 96_000))
    );
}

#[test]
fn two_filters_that_take_anything_meet_at_the_graphs_rate() {
    let any = filled(DataRange::FLOAT);
    assert_eq!(intersect(&any, &any), Some(DataFormat::float(2, 48_000)));
}

#[test]
fn the_clients_order_wins() {
    let (float, pcm) = (
        DataRange::float(48_000, 48_000),
        DataRange::pcm(16, 16, 48_000, 48_000),
    );
    let own = [float.clone(), pcm.clone()];
    assert!(
        intersect(&[pcm.clone(), float.clone()], &own).is_some_and(|format| !format.is_float())
    );
    assert!(intersect(&[float, pcm], &own).is_some_and(|format| format.is_float()));
}

#[test]
fn a_required_attribute_must_be_met() {
    let id = Guid(7);
    let plain = DataRange::float(48_000, 48_000);
    let needing = DataRange {
        attributes: Cow::Owned(vec![Attribute { id, required: true }]),
        ..plain.clone()
    };
    let having = DataRange {
        attributes: Cow::Owned(vec![Attribute {
            id,
            required: false,
        }]),
        ..plain.clone()
    };
    assert_eq!(plain.overlap(&needing), Err(Mismatch::Attribute));
    assert_eq!(needing.overlap(&plain), Err(Mismatch::Attribute));
    assert!(having.overlap(&needing).is_ok());
}

#[test]
fn wildcards_take_the_specific_side_and_two_of_them_give_nothing() {
    let any = DataRange {
        major: Guid::WILDCARD,
        sub: Guid::WILDCARD,
        specifier: Guid::WILDCARD,
        sample_size: 0,
        attributes: Cow::Borrowed(&[]),
        limits: Limits::None,
    };
    let float = DataRange::float(44_100, 44_100);
    assert_eq!(
        intersect(std::slice::from_ref(&any), &[float]),
        Some(DataFormat::float(2, 44_100))
    );
    assert_eq!(
        intersect(std::slice::from_ref(&any), std::slice::from_ref(&any)),
        None
    );
}

#[test]
fn the_closest_pair_explains() {
    let offered = [DataRange::float(44_100, 44_100)];
    let wanted = [
        DataRange::pcm(16, 16, 44_100, 44_100),
        DataRange::float(48_000, 48_000),
    ];
    let (mismatch, _, own) = closest_mismatch(&offered, &wanted).unwrap();
    assert_eq!((mismatch, own), (Mismatch::Rate, &wanted[1]));
}

#[test]
fn six_channels_and_nothing_else() {
    let reader = [DataRange::float(44_100, 44_100).exactly_channels(6)];
    assert_eq!(
        intersect(&reader, &filled(DataRange::FLOAT)),
        Some(DataFormat::float(6, 44_100))
    );
    let stereo = [DataRange::float(44_100, 44_100).at_most_channels(2)];
    assert_eq!(reader[0].overlap(&stereo[0]), Err(Mismatch::Channels));
}

#[test]
fn formats_read_as_people_write_them() {
    assert_eq!(
        DataFormat::float(2, 48_000).to_string(),
        "48\u{a0}000 Hz · 2 ch · f32"
    );
    assert_eq!(grouped(1_234_567), "1\u{a0}234\u{a0}567");
    assert_eq!(grouped(999), "999");
}
