//! Creating pins: the validation list, roles, wires of two creations.

use super::*;

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
        match validate(&factory(range), own, (0, 0), &connect, Ok(None)) {
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
            validate(&factory, &factory.ranges, (0, 0), &request, Ok(peer))
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
    assert!(
        lines[1].contains(&format!("pin {to}: its partner")),
        "{lines:?}"
    );
    assert!(lines[2].contains(&format!("closed pin {to}")), "{lines:?}");
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
