//! Objects: names, closing, states, events, topology.

use super::*;

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
        let data = Writer::default().u64(kind).u64(5).u64(0).u64(0).0;
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
    assert_eq!(host.disable(made, Some(6)).status, Status::Unsuccessful);
    assert_eq!(host.disable(made, Some(5)).status, Status::Success);
    assert_eq!(
        host.disable(made, Some(5)).status,
        Status::Unsuccessful,
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
