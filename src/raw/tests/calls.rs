//! Property calls: the order of checks, sizes, sets that are told.

use super::*;

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
