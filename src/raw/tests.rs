//! The rules of the raw door, one test a rule or family of rules.

use std::sync::Arc;

use super::layout::{self, Reader, Writer};
use super::*;
use crate::ks::ids::Guid;
use crate::ks::{
    Catalogue, Communication, DataFlow, DataFormat, DataRange, Declaration, Declared, Facts,
    Interface, Medium, PinDeclaration, Status,
};

fn pin(name: &str, data_flow: DataFlow, ranges: &[DataRange]) -> PinDeclaration {
    PinDeclaration {
        name: name.into(),
        data_flow,
        communication: Communication::Both,
        ranges: ranges.to_vec(),
        mediums: vec![],
        interfaces: vec![],
        possible: 1,
        necessary: 0,
    }
}

fn hz(low: u32, high: u32) -> DataRange {
    DataRange::pcm(16, 24, low, high)
}

/// A filter with one output and one input, and whatever `change` makes of them.
fn host(change: impl FnOnce(&mut Vec<PinDeclaration>)) -> (Host, Handle) {
    let mut pins = vec![
        pin(
            "out",
            DataFlow::Out,
            &[hz(44_100, 48_000), hz(8_000, 96_000)],
        ),
        pin("in", DataFlow::In, &[hz(8_000, 48_000)]),
    ];
    change(&mut pins);
    let mut catalogue = Catalogue::default();
    let declared = Declared::new(&Declaration {
        key: "lab".into(),
        title: "Lab".into(),
        categories: vec![crate::ks::ids::category::AUDIO],
        help: String::new(),
        pins,
        nodes: vec![],
    });
    catalogue.register(Arc::new(declared)).unwrap();
    let mut host = Host::new(catalogue, Facts::nominal());
    let handle = host.open("ks://audio/lab").unwrap();
    (host, handle)
}

fn head(set: Guid, id: u32, flags: u32) -> Vec<u8> {
    Writer::default().guid(set).u32(id).u32(flags).0
}

fn get(host: &mut Host, object: Handle, input: &[u8], output: usize) -> Answer {
    let data = &[];
    host.property(
        object,
        Call {
            input,
            data,
            output,
        },
    )
}

fn pin_call(id: u32, pin: u32) -> Vec<u8> {
    [
        head(sets::PIN, id, verb::GET),
        Writer::default().u32(pin).u32(0).0,
    ]
    .concat()
}

fn number(answer: &Answer) -> u32 {
    Reader(&answer.data).u32().unwrap()
}

fn list_items(bytes: &[u8]) -> (u32, u32) {
    let mut reader = Reader(bytes);
    (reader.u32().unwrap(), reader.u32().unwrap())
}

fn connect(pin: u32, to: Option<Handle>, format: DataFormat) -> Connect {
    Connect {
        interface: Interface::STREAMING,
        medium: Medium::STANDARD,
        pin,
        to,
        priority: create::NORMAL,
        format,
    }
}

fn stereo(rate_hz: u32) -> DataFormat {
    DataFormat::pcm(16, 2, rate_hz)
}

#[test]
fn prp_2_calls_are_checked_in_order() {
    let (mut host, lab) = host(|_| {});
    let unknown = Guid(7);
    let cases: [(&str, Vec<u8>, Status); 6] = [
        (
            "shorter than a head",
            vec![0; 23],
            Status::InvalidBufferSize,
        ),
        (
            "unknown set",
            head(unknown, 0, verb::GET),
            Status::PropsetNotFound,
        ),
        (
            "unknown id",
            head(sets::PIN, 99, verb::GET),
            Status::NotFound,
        ),
        (
            "no pin named",
            head(sets::PIN, 2, verb::GET),
            Status::InvalidParameter,
        ),
        (
            "no such verb",
            [head(sets::PIN, 2, verb::SET), vec![0; 8]].concat(),
            Status::NotFound,
        ),
        ("all there", pin_call(2, 0), Status::Success),
    ];
    for (what, input, status) in cases {
        assert_eq!(get(&mut host, lab, &input, 64).status, status, "{what}");
    }
    assert_eq!(
        get(&mut host, 99, &pin_call(2, 0), 64).status,
        Status::InvalidParameter,
        "no such object"
    );
}

#[test]
fn prp_3_sets_are_told() {
    let (mut host, lab) = host(|_| {});
    let all = get(
        &mut host,
        lab,
        &head(Guid::WILDCARD, 0, verb::SETSUPPORT),
        4096,
    );
    assert_eq!(all.status, Status::Success);
    assert!(
        all.data
            .chunks(16)
            .any(|id| id == layout::guid_bytes(sets::PIN))
    );
    assert_eq!(all.data.len() % 16, 0);
    let one = get(
        &mut host,
        lab,
        &head(sets::TOPOLOGY, 0, verb::SETSUPPORT),
        0,
    );
    assert_eq!(one.status, Status::Success);
    let none = get(&mut host, lab, &head(Guid(7), 0, verb::SETSUPPORT), 0);
    assert_eq!(none.status, Status::PropsetNotFound);
}

#[test]
fn st_1_and_pin_2_fixed_sizes_ask_and_refuse_differently() {
    let (mut host, lab) = host(|_| {});
    for (room, status, length) in [
        (0, Status::BufferOverflow, 4),
        (3, Status::BufferTooSmall, 4),
        (4, Status::Success, 4),
        (99, Status::Success, 4),
    ] {
        let answer = get(&mut host, lab, &pin_call(7, 0), room);
        assert_eq!(
            (answer.status, answer.length),
            (status, length),
            "room {room}"
        );
    }
}

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
    let (mut host, lab) = host(|pins| pins[1].possible = 4);
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

#[test]
fn any_bytes_are_answered() {
    let (mut host, lab) = host(|_| {});
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for _ in 0..4000 {
        let length = (random() % 300) as usize;
        let mut bytes: Vec<u8> = (0..length).map(|_| random() as u8).collect();
        if random() % 2 == 0 {
            let own = set_of("lab");
            let set = [sets::PIN, sets::TOPOLOGY, sets::GENERAL, own][(random() % 4) as usize];
            let front = head(set, (random() % 16) as u32, random() as u32);
            bytes.splice(..bytes.len().min(24), front);
        }
        let data = bytes.clone();
        let call = Call {
            input: &bytes,
            data: &data,
            output: (random() % 200) as usize,
        };
        host.property(lab, call);
        host.enable(lab, call);
        assert!(host.create_pin(lab, &bytes).is_err());
        layout::read_format(&bytes);
        layout::read_ranges(&bytes);
    }
}

#[test]
fn val_every_line_of_the_list_has_its_status() {
    let good = connect(1, None, stereo(44_100));
    let (mut host, lab) = host(|_| {});
    let mut refused = |request: &[u8]| {
        let invalid = host.create_pin(lab, request).unwrap_err();
        (invalid.line, invalid.status)
    };
    assert_eq!(refused(&[]), (1, Status::InvalidParameter));
    let bytes = good.bytes();
    assert_eq!(refused(&bytes[..135]), (2, Status::InvalidParameter));
    let other = |change: &dyn Fn(&mut Connect)| {
        let mut connect = good.clone();
        change(&mut connect);
        connect.bytes()
    };
    assert_eq!(
        refused(&other(&|it| it.pin = 2)),
        (3, Status::InvalidParameter)
    );
    assert_eq!(
        refused(&other(&|it| it.interface = Interface::LOOPED_STREAMING)),
        (4, Status::NoMatch)
    );
    assert_eq!(
        refused(&other(&|it| it.medium.id = 1)),
        (5, Status::NoMatch),
        "MED-4"
    );
    assert_eq!(
        refused(&other(&|it| it.to = Some(77))),
        (6, Status::InvalidParameter)
    );
    assert_eq!(
        refused(&other(&|it| it.format = DataFormat::float(2, 44_100))),
        (7, Status::NoMatch)
    );
    assert_eq!(
        refused(&other(&|it| it.format = stereo(96_000))),
        (10, Status::NoMatch),
        "VAL-2"
    );
    assert_eq!(host.current(lab, 1), 0, "VAL-3: nothing is left behind");
    host.create_pin(lab, &good.bytes()).unwrap();
    let full = host.create_pin(lab, &good.bytes()).unwrap_err();
    // The one that is open narrows nothing away here, so the limit is what stops it (INS-2).
    assert_eq!((full.line, full.status), (8, Status::Unsuccessful));
    assert_eq!(host.current(lab, 1), 1);
}

#[test]
fn val_f_a_wildcard_hides_what_stands_behind_it() {
    let mut range = DataRange::pcm(16, 16, 1, 96_000);
    let format = stereo(44_100);
    let factory =
        |range: &DataRange| pin("in", DataFlow::In, std::slice::from_ref(range)).factory();
    let passes = |range: &DataRange, format: &DataFormat| {
        let connect = connect(0, None, format.clone());
        let own = std::slice::from_ref(range);
        match validate(&factory(range), own, 0, &connect, Ok(None)) {
            Err(invalid) => invalid.line != 7,
            Ok(_) => true,
        }
    };
    assert!(passes(&range, &format));
    range.specifier = Guid(5);
    assert!(!passes(&range, &format));
    range.sub = Guid::WILDCARD;
    assert!(passes(&range, &format), "the specifier is not looked at");
    range.sub = format.sub;
    range.specifier = Guid::WILDCARD;
    assert!(
        !passes(&range, &format),
        "a wildcard specifier alone matches nothing"
    );
    range.major = Guid::WILDCARD;
    assert!(passes(&range, &format));
}

#[test]
fn val_c_and_com_5_roles_at_creation() {
    use Communication::{Both, Bridge, None as Nothing, Sink, Source};
    let format = stereo(44_100);
    let peer = Peer {
        data_flow: DataFlow::Out,
        role: Role::Sink,
        is_taken: false,
    };
    for (communication, alone, with_peer) in [
        (Nothing, false, false),
        (Sink, true, false),
        (Source, false, true),
        (Both, true, true),
        (Bridge, true, false),
    ] {
        let mut declared = pin("in", DataFlow::In, &[hz(8_000, 48_000)]);
        declared.communication = communication;
        let factory = declared.factory();
        let created = |peer| {
            let request = connect(0, None, format.clone());
            validate(&factory, &factory.ranges, 0, &request, Ok(peer))
        };
        assert_eq!(created(None).is_ok(), alone, "{communication:?} alone");
        assert_eq!(
            created(Some(peer)).is_ok(),
            with_peer,
            "{communication:?} to a sink"
        );
        for wrong in [
            Peer {
                data_flow: DataFlow::In,
                ..peer
            },
            Peer {
                role: Role::Source,
                ..peer
            },
            Peer {
                is_taken: true,
                ..peer
            },
        ] {
            assert!(
                created(Some(wrong)).is_err(),
                "{communication:?} to {wrong:?}"
            );
        }
    }
}

#[test]
fn con_2_a_wire_is_two_creations_and_con_7_it_is_closed_source_first() {
    let (mut host, lab) = host(|_| {});
    let other = host.open("lab").unwrap();
    let (from, to) = host.connect((lab, 0), (other, 1)).unwrap();
    let role = |host: &Host, pin| host.agreed(pin).unwrap().3;
    assert_eq!(
        (role(&host, from), role(&host, to)),
        (Role::Source, Role::Sink),
        "COM-6"
    );
    assert!(to < from, "the sink is created first");
    assert_eq!(host.agreed(from).unwrap().0, host.agreed(to).unwrap().0);
    assert_eq!(host.agreed(from).unwrap().0.audio.unwrap().rate_hz, 48_000);
    let before = host.log().len();
    assert!(host.close(to));
    let lines = &host.log()[before..];
    assert!(
        lines[0].contains(&format!("closed pin {from}")),
        "{lines:?}"
    );
    assert!(lines[1].contains(&format!("closed pin {to}")), "{lines:?}");
    assert_eq!((host.current(lab, 0), host.current(other, 1)), (0, 0));
}

#[test]
fn com_2_a_pull_wire_has_its_requests_the_other_way() {
    let (mut host, lab) = host(|pins| {
        pins[0].communication = Communication::Sink;
        pins[0].ranges.reverse();
    });
    let other = host.open("lab").unwrap();
    let (from, to) = host.connect((lab, 0), (other, 1)).unwrap();
    assert_eq!(host.agreed(from).unwrap().3, Role::Sink);
    assert_eq!(host.agreed(to).unwrap().3, Role::Source);
    // The list of the one that asks wins: the input's (CON-4).
    assert_eq!(host.agreed(from).unwrap().0.audio.unwrap().rate_hz, 48_000);
}

#[test]
fn con_5_and_ins_6_a_wire_that_fails_half_way_leaves_nothing() {
    let (mut host, lab) = host(|_| {});
    let other = host.open("lab").unwrap();
    let third = host.open("lab").unwrap();
    host.connect((lab, 0), (other, 1)).unwrap();
    let failed = host.connect((lab, 0), (third, 1)).unwrap_err();
    assert_eq!((failed.line, failed.status), (8, Status::Unsuccessful));
    assert_eq!(
        host.current(third, 1),
        0,
        "the sink that was made first is gone again"
    );
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

#[test]
fn fil_3_a_filter_closes_its_pins_first_newest_first() {
    let (mut host, lab) = host(|_| {});
    let output = host
        .create_pin(lab, &connect(0, None, stereo(48_000)).bytes())
        .unwrap();
    let input = host
        .create_pin(lab, &connect(1, None, stereo(48_000)).bytes())
        .unwrap();
    let before = host.log().len();
    assert!(host.close(lab) && !host.close(lab));
    let closed: Vec<&str> = host.log()[before..].iter().map(|line| &line[..]).collect();
    let of = |handle, what: &str| format!("closed {what} {handle}");
    assert!(closed[0].starts_with(&of(input, "pin")), "{closed:?}");
    assert!(closed[1].starts_with(&of(output, "pin")), "{closed:?}");
    assert!(closed[2].starts_with(&of(lab, "filter")), "{closed:?}");
}

#[test]
fn sta_1_and_chg_2_an_open_pin_answers_for_its_state_and_format() {
    let (mut host, lab) = host(|_| {});
    let made = host
        .create_pin(lab, &connect(1, None, stereo(44_100)).bytes())
        .unwrap();
    let mut call = |id, verb, data: &[u8], output| {
        let input = head(sets::CONNECTION, id, verb);
        let call = Call {
            input: &input,
            data,
            output,
        };
        host.property(made, call)
    };
    assert_eq!(number(&call(0, verb::GET, &[], 4)), 0);
    assert_eq!(
        call(0, verb::SET, &4_u32.to_le_bytes(), 0).status,
        Status::InvalidParameter
    );
    assert_eq!(
        call(0, verb::SET, &[3, 0], 0).status,
        Status::BufferTooSmall
    );
    let other = layout::format(&stereo(48_000));
    assert_eq!(call(2, verb::SET, &other, 0).status, Status::Success);
    assert_eq!(call(2, verb::GET, &[], 200).data, other);
    let wrong = layout::format(&stereo(96_000));
    assert_eq!(call(2, verb::SET, &wrong, 0).status, Status::NoMatch);
    assert_eq!(
        call(2, verb::GET, &[], 200).data,
        other,
        "the old one stays in force"
    );
    assert_eq!(
        call(2, verb::GET, &[], 87).status,
        Status::BufferTooSmall,
        "CHG-1"
    );
    assert_eq!(
        call(0, verb::SET, &3_u32.to_le_bytes(), 0).status,
        Status::Success
    );
    assert_eq!(number(&call(0, verb::GET, &[], 4)), 3);
    assert_eq!(
        call(2, verb::SET, &other, 0).status,
        Status::InvalidDeviceState,
        "ORD-4"
    );
    assert_eq!(
        call(6, verb::GET, &[], 200).status,
        Status::NotFound,
        "AFX-5"
    );
    let steps = host
        .log()
        .iter()
        .filter(|line| line.contains(" to "))
        .count();
    assert_eq!(steps, 3, "single steps");
}

#[test]
fn evt_2_and_3_events_are_enabled_by_handle_or_semaphore_and_taken_back_by_tag() {
    let (mut host, lab) = host(|_| {});
    let made = host
        .create_pin(lab, &connect(1, None, stereo(44_100)).bytes())
        .unwrap();
    let mut enable = |set, id, kind: u64| {
        let input = head(set, id, 1);
        let data = Writer::default().u64(kind).u64(5).0;
        let call = Call {
            input: &input,
            data: &data,
            output: 0,
        };
        host.enable(made, call).status
    };
    assert_eq!(enable(sets::PIN, 0, 1), Status::PropsetNotFound);
    assert_eq!(enable(sets::CONNECTION_EVENTS, 5, 1), Status::NotFound);
    assert_eq!(
        enable(sets::CONNECTION_EVENTS, 4, 4),
        Status::InvalidParameter
    );
    assert_eq!(enable(sets::CONNECTION_EVENTS, 4, 1), Status::Success);
    assert_eq!(enable(sets::CONNECTION_EVENTS, 4, 2), Status::Success);
    assert_eq!(host.disable(made, Some(6)).status, Status::NotFound);
    assert_eq!(host.disable(made, Some(5)).status, Status::Success);
    assert_eq!(
        host.disable(made, Some(5)).status,
        Status::NotFound,
        "both are gone"
    );
    assert_eq!(host.disable(made, None).status, Status::Success);
}

#[test]
fn reg_3_and_4_names_are_links_without_regard_to_case() {
    let (mut host, _) = host(|_| {});
    assert!(host.open("KS://Audio/LAB/out").is_ok());
    assert!(matches!(
        host.open("ks://render/lab"),
        Err(NameError::OtherCategory { .. })
    ));
    assert!(matches!(
        host.open("ks://audio/nothing"),
        Err(NameError::Unknown(_))
    ));
    assert!(
        host.open("ks://render/default renderer").is_err(),
        "it leads to no filter here"
    );
    host.link("ks://render/default renderer", "ks://audio/lab");
    assert!(host.open("ks://render/Default Renderer").is_ok());
    host.link("ks://a/b", "ks://b/a");
    host.link("ks://b/a", "ks://a/b");
    assert!(matches!(host.open("ks://a/b"), Err(NameError::Endless(_))));
}

#[test]
fn top_2_where_nothing_is_declared_every_input_reaches_every_output() {
    let (mut host, lab) = host(|_| {});
    let answer = get(&mut host, lab, &head(sets::TOPOLOGY, 2, verb::GET), 4096);
    let mut reader = Reader(&answer.data);
    let read: Vec<u32> = std::iter::from_fn(|| reader.u32()).collect();
    assert_eq!(read, [24, 1, u32::MAX, 1, u32::MAX, 0]);
}
