//! One row a rule of streaming (allocators, states, headers): what a script asks the raw door, and what it must hear. The
//! rows stand in ks_streaming.txt, in the form of ks_rules.txt. What only a running engine shows is named beside them.

use ksgraph::ks::Status;
use ksgraph::raw::layout::{Reader, Writer};
use ksgraph::raw::{Answer, Call, Header, Host, sets, verb};

use crate::desk::Desk;
use crate::ks_rules::{check, rows};
use crate::ks_systems::{call, float, host, request};

/// Rules of sections 7, 8 and 13 that a script can meet at the raw door.
const AT_THE_DOOR: &str = "ALC-1 ALC-2 ALC-3 ALC-4 ALC-5 ALC-6 ALC-7 ALC-8 ALC-9 ALC-10 ALC-11 ALC-12 ALC-13 ALC-14 ALC-15 ALC-16 \
    AFX-1 AFX-2 AFX-3 AFX-4 AFX-5 NEG-1 NEG-2 NEG-3 NEG-4 NEG-5 NEG-6 POOL-1 POOL-2 STA-1 STA-2 STA-3 STA-4 STA-5 STA-6 \
    STA-7 STA-9 STA-10 ORD-1 ORD-2 ORD-3 ORD-4 DSG-1 DSG-3 PWR-1 PWR-2 HDR-1 HDR-2 HDR-3 HDR-4 HDR-5 HDR-6 HDR-7 HDR-8 HDR-9 \
    HDR-11 HDR-12 HDR-13 IFC-3";

/// Those that need sound: rule, and the test that shows it.
const IN_THE_ENGINE: &[(&str, &str, &str)] = &[
    (
        "STA-8",
        include_str!("limits.rs"),
        "fn sta_8_a_file_is_cued_when_its_first_frame_is_there",
    ),
    (
        "DSG-2",
        include_str!("clocks.rs"),
        "fn clk_3_time_stands_in_pause_and_begins_anew_after_stop",
    ),
    (
        "HDR-10",
        include_str!("headers.rs"),
        "fn hdr_10_the_end_goes_out_at_every_output_and_a_mix_ends_with_its_last_input",
    ),
];

#[test]
fn every_rule_of_streaming_has_a_row_and_holds() {
    let rows = rows(include_str!("ks_streaming.txt"));
    let is_named = |rule: &str| {
        rows.iter()
            .any(|row| row.title.split(' ').next() == Some(rule))
    };
    let missing: Vec<&str> = AT_THE_DOOR
        .split_whitespace()
        .filter(|rule| !is_named(rule))
        .collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
    for (rule, text, test) in IN_THE_ENGINE {
        assert!(text.contains(test), "{rule} has no test {test}");
    }
    check("ks-streaming", &rows);
}

/// A pin of a gain and an allocator on it, of so many frames.
fn allocator(host: &mut Host, frames: u32) -> (u32, u32) {
    let gain = host.open("gain").unwrap();
    let pin = host.create_pin(gain, &request(0, float())).unwrap();
    let framing = [2_u32, 0, frames, 256, 7, 0].map(u32::to_le_bytes);
    let made = host.create_allocator(pin, &framing.concat());
    (pin, Reader(&made.data).u32().unwrap())
}

fn method(host: &mut Host, object: u32, id: u32, data: &[u8]) -> Answer {
    let input = Writer::default().guid(sets::STREAM_ALLOCATOR_METHODS);
    let input = input.u32(id).u32(0).0;
    let output = usize::MAX;
    let call = Call {
        input: &input,
        data,
        output,
    };
    host.method(object, call)
}

fn property(
    host: &mut Host,
    object: u32,
    set: (ksgraph::ks::ids::Guid, u32),
    room: usize,
) -> Answer {
    let head = Writer::default().guid(set.0).u32(set.1).u32(verb::GET).0;
    call(host, object, &head, &[], room)
}

fn out(host: &mut Host, object: u32) -> u32 {
    let status = property(host, object, (sets::STREAM_ALLOCATOR, 1), 32);
    Reader(&status.data[24..]).u32().unwrap()
}

/// What an object was called by, and what it answered.
fn calls(host: &Host, object: u32) -> Vec<(&'static str, Status)> {
    let of = host.trace().filter(|it| it.object == object);
    of.map(|it| (it.call, it.status)).collect()
}

#[test]
fn allocator_as_object() {
    let mut host = host();
    let (_, pool) = allocator(&mut host, 2);
    assert_eq!(out(&mut host, pool), 0);
    let first = method(&mut host, pool, 0, &[]).data;
    let second = method(&mut host, pool, 0, &[]).data;
    assert_ne!(first, second);
    assert_eq!(out(&mut host, pool), 2);
    assert_eq!(method(&mut host, pool, 1, &first).status, Status::Success);
    assert_eq!(out(&mut host, pool), 1);
    let again = method(&mut host, pool, 0, &[]).data;
    assert_eq!(again, first, "the same address");
}

#[test]
fn default_allocator() {
    let mut host = host();
    let (_, pool) = allocator(&mut host, 3);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let frames: Vec<Vec<u8>> = (0..3)
            .map(|_| method(&mut host, pool, 0, &[]).data)
            .collect();
        assert_eq!(method(&mut host, pool, 0, &[]).status, Status::Pending);
        assert!(host.cancel(pool));
        for frame in frames {
            assert_eq!(method(&mut host, pool, 1, &frame).status, Status::Success);
            seen.insert(frame);
        }
    }
    assert_eq!(seen.len(), 3, "three frames, over and over");
}

#[test]
fn frame_size_max_frames_and_alignment() {
    let desk = Desk::new("framing");
    let pins = r#"[{"data_flow":"out","framing":{"items":[{"frames":3,"alignment":15,"size":{"min":512,"max":4096,"stepping":0}}]}},
        {"data_flow":"in","framing":{"items":[{"frames":7,"alignment":3,"size":{"min":640,"max":4096,"stepping":0}}]}}]"#;
    let asked = format!(
        "{{\"op\":\"allocate\",\"pins\":{}}}\n",
        pins.replace('\n', "")
    );
    let done = desk.fed(&["ks"], &asked);
    let line = done.text.lines().find(|it| it.starts_with('{')).unwrap();
    let answer: serde_json::Value = serde_json::from_str(line).unwrap();
    let wire = &answer["wires"][0];
    for (figure, value, by) in [
        ("bytes", 640, "filter1.in"),
        ("frames", 7, "filter1.in"),
        ("alignment", 15, "filter0.out"),
    ] {
        assert_eq!(wire[figure], value, "{figure}");
        assert_eq!(wire["decided"][figure]["by"], by, "who won {figure}");
    }
}

#[test]
fn allocator_framing_framing_ex_and_stream_allocator() {
    let mut host = host();
    let (pin, pool) = allocator(&mut host, 1);
    for (id, size) in [(3, 24), (6, 112)] {
        let mut ask = |room| property(&mut host, pin, (sets::CONNECTION, id), room);
        let none = ask(0);
        assert_eq!((none.status, none.length), (Status::BufferOverflow, size));
        assert_eq!(ask(size - 1).status, Status::BufferTooSmall);
        let all = ask(size);
        assert_eq!((all.status, all.data.len()), (Status::Success, size));
    }
    let told = property(&mut host, pin, (sets::STREAM, 0), 8);
    assert_eq!((told.status, told.data), (Status::Success, vec![0; 8]));
    let head = Writer::default().guid(sets::STREAM).u32(0).u32(verb::SET).0;
    let handle = u64::from(pool).to_le_bytes();
    let mut give = |data: &[u8]| call(&mut host, pin, &head, data, 0).status;
    assert_eq!(give(&handle[..4]), Status::BufferTooSmall);
    assert_eq!(give(&999_u64.to_le_bytes()), Status::InvalidParameter);
    assert_eq!(give(&handle), Status::Success);
    assert_eq!(host.given(pin).0, Some(pool));
}

#[test]
fn kspin_dispatch_and_allocator_dispatch() {
    let mut host = host();
    let (pin, pool) = allocator(&mut host, 1);
    let frame = method(&mut host, pool, 0, &[]).data;
    method(&mut host, pool, 0, &[]);
    method(&mut host, pool, 1, &frame);
    host.step_all(ksgraph::ks::State::Acquire);
    host.close(pin);
    let ok = Status::Success;
    assert_eq!(
        calls(&host, pin),
        [
            ("create", ok),
            ("set state", ok),
            ("set state", ok),
            ("close", ok)
        ]
    );
    method(&mut host, pool, 1, &frame);
    assert_eq!(
        calls(&host, pool),
        [
            ("create", ok),
            ("alloc", ok),
            ("alloc", Status::Pending),
            ("free", ok),
            ("alloc done", ok),
            ("close", ok),
            ("free", ok),
            ("delete", ok)
        ]
    );
}

#[test]
fn read_and_write_with_stream_headers() {
    let mut host = host();
    let (pin, _) = allocator(&mut host, 1);
    host.step_all(ksgraph::ks::State::Run);
    let header = |used| Header {
        used,
        extent: 4096,
        ..Header::default()
    };
    let asked = host.write(pin, vec![header(3840), header(1920)]);
    assert_eq!((asked.status, asked.request), (Status::Pending, Some(1)));
    assert_eq!(host.rendered(pin), Some((0, 1)));
    host.advance(100_000, false);
    assert_eq!(host.rendered(pin), Some((3840, 1)), "one after the other");
    assert!(host.take_completed().is_empty());
    host.advance(50_000, false);
    let done = host.take_completed();
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].answer.length, 5760);
}
