//! The Pin set.

use super::*;

#[test]
fn pin_1_every_item_but_the_count_wants_a_pin_that_is_there() {
    let (mut host, lab) = host(|_| {});
    let count = get(&mut host, lab, &head(sets::PIN, 1, verb::GET), 4);
    assert_eq!((count.status, number(&count)), (Status::Success, 2));
    for id in (0..=13).filter(|id| *id != 1) {
        let answer = get(&mut host, lab, &pin_call(id, 2), 4096);
        assert_eq!(answer.status, Status::InvalidParameter, "item {id}");
    }
}

#[test]
fn pin_3_names_ask_for_their_size_however_short_the_room() {
    let (mut host, lab) = host(|_| {});
    for room in [0, 2, 7] {
        let answer = get(&mut host, lab, &pin_call(12, 0), room);
        assert_eq!((answer.status, answer.length), (Status::BufferOverflow, 8));
    }
    let answer = get(&mut host, lab, &pin_call(12, 0), 8);
    assert_eq!(answer.data, b"o\0u\0t\0\0\0");
}

#[test]
fn pin_5_lists_give_size_head_or_all() {
    let (mut host, lab) = host(|_| {});
    let whole = get(&mut host, lab, &pin_call(3, 0), 4096);
    let (size, count) = list_items(&whole.data);
    assert_eq!((size as usize, count), (whole.data.len(), 2));
    assert_eq!(size, 8 + 2 * 88);
    for (room, status, bytes) in [
        (0, Status::BufferOverflow, 0),
        (3, Status::BufferTooSmall, 0),
        (4, Status::Success, 4),
        (5, Status::BufferTooSmall, 0),
        (8, Status::Success, 8),
        (9, Status::BufferTooSmall, 0),
        (size as usize - 1, Status::BufferTooSmall, 0),
        (size as usize, Status::Success, size as usize),
    ] {
        let answer = get(&mut host, lab, &pin_call(3, 0), room);
        assert_eq!(
            (answer.status, answer.data.len()),
            (status, bytes),
            "room {room}"
        );
        assert_eq!(answer.data, whole.data[..bytes], "room {room}");
    }
}

#[test]
fn med_2_and_ifc_1_a_pin_that_lists_none_has_the_standard_one() {
    let (mut host, lab) = host(|_| {});
    for (id, standard) in [
        (5, layout::interface(Interface::STREAMING)),
        (6, layout::medium(Medium::STANDARD)),
    ] {
        let answer = get(&mut host, lab, &pin_call(id, 1), 4096);
        assert_eq!(list_items(&answer.data), (32, 1));
        assert_eq!(answer.data[8..], standard);
    }
}

#[test]
fn pin_7_constrained_ranges_follow_what_is_open() {
    let (mut host, lab) = host(|pins| pins[1].possible = 1);
    let before = get(&mut host, lab, &pin_call(13, 1), 4096);
    assert_eq!(before.data, get(&mut host, lab, &pin_call(3, 1), 4096).data);
    let made = host.create_pin(lab, &connect(1, None, stereo(44_100)).bytes());
    made.unwrap();
    let now = get(&mut host, lab, &pin_call(13, 1), 4096);
    let ranges = layout::read_ranges(&now.data).unwrap();
    let limits = *ranges[0].as_ref().unwrap().audio_limits().unwrap();
    assert_eq!((limits.min_rate_hz, limits.max_rate_hz), (44_100, 44_100));
    assert_eq!(
        get(&mut host, lab, &pin_call(3, 1), 4096).data,
        before.data,
        "static"
    );
}

#[test]
fn pin_8_a_proposal_changes_nothing() {
    let (mut host, lab) = host(|_| {});
    let input = [
        head(sets::PIN, 14, verb::SET),
        Writer::default().u32(1).u32(0).0,
    ]
    .concat();
    let mut propose = |format: &DataFormat| {
        let data = layout::format(format);
        let call = Call {
            input: &input,
            data: &data,
            output: 0,
        };
        host.property(lab, call).status
    };
    assert_eq!(propose(&stereo(44_100)), Status::Success);
    assert_eq!(propose(&stereo(96_000)), Status::NoMatch);
    assert_eq!(propose(&DataFormat::pcm(8, 2, 44_100)), Status::NoMatch);
    let mut wild = stereo(44_100);
    wild.sub = Guid::WILDCARD;
    assert_eq!(propose(&wild), Status::InvalidParameter, "FMT-5");
    let short = Call {
        input: &input,
        data: &[0; 10],
        output: 0,
    };
    assert_eq!(host.property(lab, short).status, Status::BufferTooSmall);
}

#[test]
fn ins_1_counts_change_on_open_and_close() {
    let (mut host, lab) = host(|pins| pins[1].possible = 3);
    let other = host.open("lab").unwrap();
    let counts = |host: &mut Host, id| {
        let answer = get(host, lab, &pin_call(id, 1), 8);
        list_items(&answer.data)
    };
    assert_eq!(counts(&mut host, 0), (3, 0));
    let one = host
        .create_pin(lab, &connect(1, None, stereo(44_100)).bytes())
        .unwrap();
    host.create_pin(other, &connect(1, None, stereo(44_100)).bytes())
        .unwrap();
    assert_eq!(counts(&mut host, 0), (3, 1), "this filter");
    assert_eq!(counts(&mut host, 8), (u32::MAX, 2), "all of its kind");
    host.close(one);
    assert_eq!(counts(&mut host, 0), (3, 0));
}

proptest::proptest! {
    /// Whatever is created, closed and made to fail, the counts are those of the pins that are there, and no limit is
    /// passed (INS-1, INS-2, INS-6).
    #[test]
    fn ins_counts_are_those_of_the_pins_that_are_there(
        possible in 0_u32..4,
        global in 0_u32..6,
        deeds in proptest::collection::vec((0_u8..5, 0_usize..4), 1..60),
    ) {
        let (mut host, first) = host(|pins| {
            pins[1].possible = possible;
            pins[1].global = Some(global);
        });
        let filters = [first, host.open("lab").unwrap()];
        let mut open: Vec<(Handle, Handle)> = vec![];
        for (deed, which) in deeds {
            let filter = filters[which % 2];
            let here = open.iter().filter(|(of, _)| *of == filter).count() as u32;
            match deed {
                0..=2 => {
                    if deed == 2 {
                        host.inject(filter, At::Line(9), Status::IoDeviceError);
                    }
                    let made = host.create_pin(filter, &connect(1, None, stereo(44_100)).bytes());
                    let is_full = here >= possible || open.len() as u32 >= global;
                    match made {
                        Ok(pin) => {
                            proptest::prop_assert!(!is_full && deed != 2);
                            open.push((filter, pin));
                        }
                        Err(invalid) if is_full => {
                            let found = (invalid.line, invalid.status);
                            proptest::prop_assert_eq!(found, (8, Status::Unsuccessful));
                            // What was to fail at line 9 still is; it is taken back by a creation elsewhere.
                            let _ = host.fails(filter, At::Line(9));
                        }
                        Err(invalid) => {
                            proptest::prop_assert_eq!((invalid.line, deed), (9, 2));
                        }
                    }
                }
                _ if open.is_empty() => {}
                _ => {
                    let (_, pin) = open.remove(which % open.len());
                    proptest::prop_assert!(host.close(pin));
                }
            }
            for filter in filters {
                let mut counts = |id| list_items(&get(&mut host, filter, &pin_call(id, 1), 8).data);
                let here = open.iter().filter(|(of, _)| *of == filter).count() as u32;
                proptest::prop_assert_eq!(counts(0), (possible, here));
                let all = if possible == 0 { 0 } else { global };
                proptest::prop_assert_eq!(counts(8), (all, open.len() as u32));
            }
        }
    }
}
