//! Ranges and formats as bytes, and their intersection.

use super::*;

#[test]
fn dix_1_to_7_the_clients_order_wins_and_matching_comes_before_sizing() {
    let own = [hz(44_100, 48_000), hz(8_000, 96_000)];
    let ask = |ranges: &[Vec<u8>], output| {
        let input = layout::list(ranges);
        intersection(
            &own,
            Call {
                input: &input,
                data: &[],
                output,
            },
        )
    };
    let rate = |answer: &Answer| {
        layout::read_format(&answer.data)
            .unwrap()
            .audio
            .unwrap()
            .rate_hz
    };
    let low = layout::range(&hz(8_000, 11_025));
    let high = layout::range(&hz(8_000, 96_000));
    assert_eq!(
        rate(&ask(&[low.clone(), high.clone()], 200)),
        11_025,
        "DIX-1"
    );
    assert_eq!(
        rate(&ask(&[high.clone(), low.clone()], 200)),
        48_000,
        "DIX-1, inner loop"
    );
    let other = layout::range(&DataRange::float(8_000, 96_000));
    assert_eq!(
        rate(&ask(&[other.clone(), low.clone()], 200)),
        11_025,
        "DIX-2"
    );
    assert_eq!(ask(&[other], 200).status, Status::NoMatch, "DIX-6");
    let mut small = high.clone();
    small[..4].copy_from_slice(&40_u32.to_le_bytes());
    small.truncate(64);
    assert_eq!(
        rate(&ask(&[small.clone(), low.clone()], 200)),
        11_025,
        "DIX-4: skipped"
    );
    assert_eq!(
        ask(&[small], 200).status,
        Status::NoMatch,
        "DIX-4: nothing left"
    );
    assert_eq!(ask(&[], 200).status, Status::BufferTooSmall, "DIX-4: empty");
    let cut = |bytes: &[u8]| {
        let call = Call {
            input: bytes,
            data: &[],
            output: 200,
        };
        intersection(&own, call).status
    };
    let whole = layout::list([&high]);
    for length in 0..whole.len() {
        assert_eq!(
            cut(&whole[..length]),
            Status::BufferTooSmall,
            "cut at {length}"
        );
    }
    // 24 bits take the extensible form, so that is the size that is asked for (AUD-5, DIX-7).
    let size = ask(std::slice::from_ref(&low), 0);
    assert_eq!((size.status, size.length), (Status::BufferOverflow, 104));
    let short = ask(&[low], 103);
    assert_eq!((short.status, short.length), (Status::BufferTooSmall, 104));
}

#[test]
fn dix_10_no_such_pin() {
    let (mut host, lab) = host(|_| {});
    let input = [
        pin_call(4, 7),
        layout::list([layout::range(&hz(1, 96_000))]),
    ]
    .concat();
    assert_eq!(
        get(&mut host, lab, &input, 200).status,
        Status::InvalidParameter
    );
    let input = [
        pin_call(4, 1),
        layout::list([layout::range(&hz(1, 96_000))]),
    ]
    .concat();
    assert_eq!(get(&mut host, lab, &input, 200).status, Status::Success);
}

#[test]
fn structures_survive_the_way_to_bytes_and_back() {
    let attribute = crate::ks::Attribute {
        id: Guid(0xABCD << 64 | 9),
        required: true,
    };
    let mut with = hz(8_000, 48_000);
    with.attributes = vec![attribute].into();
    let ranges = [
        with,
        DataRange::EVENTS[0].clone(),
        DataRange::float(1, 9),
        DataRange::ANALOG[0].clone(),
    ];
    let bytes = layout::list(ranges.iter().map(layout::range));
    let read = layout::read_ranges(&bytes).unwrap();
    assert_eq!(
        read.into_iter().map(Option::unwrap).collect::<Vec<_>>(),
        ranges
    );
    for format in [
        stereo(44_100),
        DataFormat::pcm(20, 2, 48_000),
        DataFormat::float(6, 96_000),
        DataFormat::events(),
    ] {
        assert_eq!(
            layout::read_format(&layout::format(&format)).unwrap(),
            format
        );
    }
    assert_eq!(layout::format(&stereo(44_100)).len(), 88);
    assert_eq!(layout::format(&DataFormat::float(6, 96_000)).len(), 104);
    assert_eq!(layout::range(&DataRange::EVENTS[0]).len(), 96);
}
