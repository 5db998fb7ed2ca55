//! Systems of Kernel Streaming and what stands for them here: each must be seen to work. One test a system, named after it.

use std::collections::BTreeMap;
use std::sync::Arc;

use ksgraph::ks::ids::category;
use ksgraph::ks::{DataFlow, DataFormat, DataRange, Facts, Interface, Medium, PinFactory, Status};
use ksgraph::raw::layout::{self, Reader, Writer};
use ksgraph::raw::{Answer, At, Call, Connect, Host, NameError, Role, set_of, sets, verb};

use crate::desk::Desk;
use crate::support::{Declared, agreed, catalogue, catalogue_with, declared, refusals};

pub(crate) fn host() -> Host {
    Host::new(catalogue(), Facts::nominal())
}

pub(crate) fn call(
    host: &mut Host,
    object: u32,
    input: &[u8],
    data: &[u8],
    output: usize,
) -> Answer {
    let call = Call {
        input,
        data,
        output,
    };
    host.property(object, call)
}

fn of_pin(id: u32, pin: u32) -> Vec<u8> {
    let head = Writer::default().guid(sets::PIN).u32(id).u32(verb::GET);
    head.u32(pin).u32(0).0
}

fn counts(host: &mut Host, object: u32, pin: u32) -> (u32, u32) {
    let answer = call(host, object, &of_pin(0, pin), &[], 8);
    let mut reader = Reader(&answer.data);
    (reader.u32().unwrap(), reader.u32().unwrap())
}

pub(crate) fn request(pin: u32, format: DataFormat) -> Vec<u8> {
    Connect {
        interface: Interface::STREAMING,
        medium: Medium::STANDARD,
        pin,
        to: None,
        priority: (0x4000_0000, 1),
        format,
    }
    .bytes()
}

pub(crate) fn float() -> DataFormat {
    DataFormat::float(2, 48_000)
}

#[test]
fn ks_pin_and_pin_instance() {
    let mut host = host();
    let gain = host.open("gain").unwrap();
    assert_eq!(counts(&mut host, gain, 0), (1, 0));
    let pin = host.create_pin(gain, &request(0, float())).unwrap();
    assert_eq!(counts(&mut host, gain, 0), (1, 1), "one more when it opens");
    let full = host.create_pin(gain, &request(0, float())).unwrap_err();
    assert_eq!((full.line, full.status), (8, Status::Unsuccessful));
    assert!(full.reason.contains("1 of 1"), "{}", full.reason);
    assert!(host.close(pin));
    assert_eq!(
        counts(&mut host, gain, 0),
        (1, 0),
        "one less when it closes"
    );
}

#[test]
fn data_formats_and_ranges() {
    let mut host = host();
    let gain = host.open("gain").unwrap();
    let ranges = call(&mut host, gain, &of_pin(3, 0), &[], 4096).data;
    // What a pin says it can do, given back to it as a client's list, ends in a format that it takes.
    let input = [of_pin(4, 0), ranges].concat();
    let found = call(&mut host, gain, &input, &[], 4096);
    let format = layout::read_format(&found.data).unwrap();
    assert_eq!(format, float());
    host.create_pin(gain, &request(0, format)).unwrap();
}

#[test]
fn mediums_and_interfaces() {
    let mut host = host();
    let gain = host.open("gain").unwrap();
    let mut other = request(0, float());
    other[24..28].copy_from_slice(&7_u32.to_le_bytes());
    let refused = host.create_pin(gain, &other).unwrap_err();
    assert_eq!((refused.line, refused.status), (5, Status::NoMatch));
    let mut looped = request(0, float());
    looped[16..20].copy_from_slice(&1_u32.to_le_bytes());
    let refused = host.create_pin(gain, &looped).unwrap_err();
    assert_eq!((refused.line, refused.status), (4, Status::NoMatch));
}

#[test]
fn categories_and_the_registry_of_device_names() {
    let host = host();
    let entries = host.registry(None);
    let link = entries
        .iter()
        .find(|entry| entry.name == "ks://render/default renderer");
    let leads_to = link.and_then(|entry| entry.leads_to.as_deref());
    assert_eq!(leads_to, Some("ks://render/audio_device_out"));
    assert!(host.objects().is_empty(), "nothing was made to tell this");
    let all = catalogue();
    for filter in all.iter() {
        let descriptor = filter.descriptor();
        let told = entries
            .iter()
            .filter(|entry| entry.reference == descriptor.key && entry.leads_to.is_none());
        assert_eq!(
            told.count(),
            descriptor.categories.len(),
            "{}",
            descriptor.key
        );
    }
}

#[test]
fn create_file_by_name() {
    let mut host = host();
    let first = host.open("ks://render/default renderer").unwrap();
    assert_eq!(host.descriptor(first).unwrap().key, "audio_device_out");
    host.link("ks://render/default renderer", "ks://render/null_renderer");
    let second = host.open("ks://render/default renderer").unwrap();
    assert_eq!(host.descriptor(second).unwrap().key, "null_renderer");
    assert_eq!(
        host.descriptor(first).unwrap().key,
        "audio_device_out",
        "what is open stays"
    );
    let unknown = host.open("ks://render/nobody");
    assert!(matches!(unknown, Err(NameError::Unknown(_))));
}

/// Every item of the set, on every pin of every filter, says something that is one of the answers the rules allow.
#[test]
fn the_pin_property_set() {
    let mut host = host();
    for filter in catalogue().iter() {
        let descriptor = filter.descriptor();
        let object = host.open(&descriptor.key).unwrap();
        let pins = host.descriptor(object).unwrap().pins.clone();
        let count = call(&mut host, object, &of_pin(1, 0), &[], 4);
        assert_eq!(Reader(&count.data).u32(), Some(pins.len() as u32));
        for (number, pin) in (0_u32..).zip(pins.iter()) {
            let name = format!("{} {}", descriptor.key, pin.name);
            for id in 0..14 {
                let answer = call(&mut host, object, &of_pin(id, number), &[], 1 << 16);
                let wanted = match id {
                    // Soldered to the other half of its card, or to nothing.
                    10 if pin.mediums.iter().any(|it| it.is_hard_wired()) => Status::Success,
                    10 => Status::NotFound,
                    11 if pin.is_bridge() => Status::NotFound,
                    // No list of ranges was brought.
                    4 => Status::BufferTooSmall,
                    _ => Status::Success,
                };
                assert_eq!(answer.status, wanted, "{name}: item {id}");
                if wanted == Status::Success {
                    let size = call(&mut host, object, &of_pin(id, number), &[], 0);
                    assert_eq!(size.status, Status::BufferOverflow, "{name}: item {id}");
                    assert_eq!(size.length, answer.data.len(), "{name}: item {id}");
                }
            }
            let flow = call(&mut host, object, &of_pin(2, number), &[], 4);
            let expected = if pin.data_flow == DataFlow::In { 1 } else { 2 };
            assert_eq!(Reader(&flow.data).u32(), Some(expected), "{name}");
        }
    }
}

#[test]
fn ks_create_pin_and_connect_request() {
    let mut host = host();
    let tone = host.open("tone").unwrap();
    let gain = host.open("gain").unwrap();
    let before = host.log().len();
    let (from, to) = host.connect((tone, 0), (gain, 0)).unwrap();
    let lines = &host.log()[before..];
    assert_eq!(lines.len(), 2, "two creations a wire: {lines:?}");
    assert!(lines[0].starts_with(&format!("created pin {to} (in")));
    assert!(lines[0].contains("request sink"), "{lines:?}");
    assert!(lines[1].starts_with(&format!("created pin {from} (out")));
    assert!(lines[1].contains("request source"), "{lines:?}");
}

#[test]
fn irp_source_and_sink_are_not_data_source_and_sink() {
    let mut host = host();
    let tone = host.open("tone").unwrap();
    let gain = host.open("gain").unwrap();
    // Made first, the output answers; what joins it asks, and takes its data.
    let output = host.create_pin(tone, &request(0, float())).unwrap();
    let input = host.connect_to((gain, 0), output).unwrap();
    let role = |pin| host.agreed(pin).unwrap().3;
    assert_eq!((role(output), role(input)), (Role::Sink, Role::Source));
    assert_eq!(host.access(output), Some("read"));
    assert_eq!(host.access(input), Some("write"));
}

#[test]
fn closing_order() {
    let mut host = host();
    let tone = host.open("tone").unwrap();
    let gain = host.open("gain").unwrap();
    let (from, to) = host.connect((tone, 0), (gain, 0)).unwrap();
    let before = host.log().len();
    // The filter with the sink is closed; the source's handle goes all the same before the sink's object.
    host.close(gain);
    let lines: Vec<&str> = host.log()[before..].iter().map(String::as_str).collect();
    assert_eq!(
        lines,
        [
            format!("closed pin {from} (request source)"),
            format!("pin {to}: its partner is gone"),
            format!("closed pin {to} (request sink)"),
            format!("closed filter {gain}"),
        ]
    );
}

/// Each object has a table of its own, looked through in the order of PRP-2.
#[test]
fn object_header_and_dispatch_table() {
    let mut host = host();
    let gain = host.open("gain").unwrap();
    let pin = host.create_pin(gain, &request(0, float())).unwrap();
    let framing = [2_u32, 0, 1, 64, 0, 0].map(u32::to_le_bytes).concat();
    let made = host.create_allocator(pin, &framing);
    let allocator = Reader(&made.data).u32().unwrap();
    let made = host.create_clock(pin, &[0; 4]);
    let clock = Reader(&made.data).u32().unwrap();
    let own = set_of("gain");
    let tables: BTreeMap<u32, Vec<_>> = [
        (gain, vec![sets::PIN, sets::TOPOLOGY, sets::GENERAL, own]),
        (
            pin,
            vec![sets::CONNECTION, sets::STREAM, sets::GENERAL, own],
        ),
        (allocator, vec![sets::STREAM_ALLOCATOR]),
        (clock, vec![sets::CLOCK]),
    ]
    .into();
    let every = [
        sets::PIN,
        sets::TOPOLOGY,
        sets::GENERAL,
        sets::CONNECTION,
        sets::STREAM,
        sets::STREAM_ALLOCATOR,
        sets::CLOCK,
        own,
    ];
    for (object, table) in tables {
        for set in every {
            let head = |id| Writer::default().guid(set).u32(id).u32(verb::GET).0;
            let answer = call(&mut host, object, &head(999), &[], 64).status;
            let wanted = match table.contains(&set) {
                true => Status::NotFound,
                false => Status::PropsetNotFound,
            };
            assert_eq!(answer, wanted, "object {object}, {set}");
        }
        let short = call(&mut host, object, &[0; 23], &[], 0).status;
        assert_eq!(short, Status::InvalidBufferSize, "before everything else");
    }
}

/// Every line of the validation list has a request that fails there, with its status and nothing left behind.
#[test]
fn ks_validate_connect_request() {
    let mut host = host();
    let tone = host.open("tone").unwrap();
    let gain = host.open("gain").unwrap();
    let good = request(0, float());
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = good.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let far = DataFormat {
        sub: ksgraph::ks::ids::sub::MIDI,
        ..float()
    };
    let device = host.open("audio_device_out").unwrap();
    let full = host.open("gain").unwrap();
    host.create_pin(full, &good).unwrap();
    let no = Status::InvalidParameter;
    let lines: [(u8, u32, Vec<u8>, Status); 9] = [
        (1, gain, vec![], no),
        (2, gain, good[..100].to_vec(), no),
        (3, gain, with(48, &[9]), no),
        (4, gain, with(16, &[1]), Status::NoMatch),
        (5, gain, with(40, &[7]), Status::NoMatch),
        // Nobody is called so.
        (6, gain, with(56, &[99]), no),
        (7, gain, request(0, far), Status::NoMatch),
        (8, full, good.clone(), Status::Unsuccessful),
        (
            10,
            device,
            request(0, DataFormat::float(2, 1)),
            Status::NoMatch,
        ),
    ];
    for (line, filter, bytes, status) in lines {
        let failed = host.create_pin(filter, &bytes).unwrap_err();
        assert_eq!(
            (failed.line, failed.status),
            (line, status),
            "{}",
            failed.reason
        );
        assert_eq!(
            counts(&mut host, gain, 0),
            (1, 0),
            "line {line} leaves nothing"
        );
    }
    for line in [9, 10, 11] {
        host.inject(gain, At::Line(line), Status::IoDeviceError);
        let failed = host.create_pin(gain, &good).unwrap_err();
        assert_eq!((failed.line, failed.status), (line, Status::IoDeviceError));
        assert_eq!(
            counts(&mut host, gain, 0),
            (1, 0),
            "line {line} leaves nothing"
        );
        // The sink of a wire goes again when its source cannot be made (CON-5).
        host.inject(tone, At::Line(line), Status::IoDeviceError);
        assert!(host.connect((tone, 0), (gain, 0)).is_err());
        assert_eq!(
            counts(&mut host, gain, 0),
            (1, 0),
            "line {line} leaves no sink"
        );
    }
    host.connect((tone, 0), (gain, 0)).unwrap();
}

/// A script draws a graph; what the raw door sets on it the graph's file has, and its next reader agrees and plays it.
#[test]
fn filter_as_driver_object_and_proxy() {
    let desk = Desk::new("systems-proxy");
    std::fs::copy("graphs/tone.ron", desk.path("tone.ron")).unwrap();
    let script = r#"{"op":"graph","file":"tone.ron"}
{"op":"property","object":2,"set":"own","id":0,"verb":"set","data":"0000000000003ec0"}
{"op":"save","file":"set.ron"}
"#;
    let told = desk.fed(&["ks"], script);
    let ends_well = |line: &str| line.contains("\"SUCCESS\"");
    assert!(
        told.text.lines().count() == 3 && told.text.lines().all(ends_well),
        "{}",
        told.text
    );
    let values = desk.json(&["get", "set.ron", "Gain and Pan.level"]).json;
    assert!(values.to_string().contains("\"value\":-30"), "{values}");
    let peak = |file: &str| {
        let words = ["render", file, "-o", "o.wav", "--seconds", "0.1"];
        desk.json(&words).json["peak_dbfs"].as_f64().unwrap()
    };
    let softer = peak("tone.ron") - peak("set.ron");
    assert!(softer > 10.0, "the same filter is heard: {softer} dB");
}

#[test]
fn filter_graph_graph_edit() {
    let desk = Desk::new("systems-graph");
    let batch = "add tone --name t\nadd gain --name g\nadd null_renderer --name n\nconnect t.out g.in\nconnect g.out n.in\nset g.level=-6\n";
    let drawn = desk.fed(&["new", "-o", "a.ron", "--batch", "-"], batch);
    assert_eq!(drawn.code, Some(0), "{}", drawn.said);
    // Read and written again it is the same, and so is what it plays.
    assert_eq!(desk.run(&["set", "a.ron", "-o", "b.ron"]).code, Some(0));
    let text = |name: &str| std::fs::read_to_string(desk.path(name)).unwrap();
    assert_eq!(text("a.ron"), text("b.ron"));
    for (graph, sound) in [("a.ron", "a.wav"), ("b.ron", "b.wav")] {
        let did = desk.run(&["render", graph, "-o", sound, "--seconds", "0.1"]);
        assert_eq!(did.code, Some(0), "{}", did.said);
    }
    let sound = |name: &str| std::fs::read(desk.path(name)).unwrap();
    assert_eq!(sound("a.wav"), sound("b.wav"));
}

#[test]
fn driver_entry_and_registration() {
    let mut host = host();
    let listed = |host: &Host| {
        host.registry(None)
            .iter()
            .any(|it| it.name == "ks://audio/mine")
    };
    assert!(!listed(&host));
    let mut own = declared("mine", vec![PinFactory::output("out", &[])]).0;
    own.categories = vec![category::AUDIO].into();
    host.register(Arc::new(Declared(own))).unwrap();
    assert!(
        listed(&host) && host.objects().is_empty(),
        "listed, and not made"
    );
    let filter = host.open("ks://audio/mine").unwrap();
    assert_eq!(host.descriptor(filter).unwrap().key, "mine");
}

/// EVT-6: what nobody fetches is kept as far as there is room, and the rest is counted.
#[test]
fn evt_6_what_nobody_fetches_is_bounded_and_what_is_lost_is_counted() {
    let mut host = host();
    let gain = host.open("gain").unwrap();
    let head = Writer::default().guid(sets::CONTROL_CHANGE_EVENTS).u32(0);
    let mut data = Writer::default().u64(1).u64(7).0;
    data.resize(32, 0);
    let enabled = Call {
        input: &head.u32(1).0,
        data: &data,
        output: 0,
    };
    assert_eq!(host.enable(gain, enabled).status, Status::Success);
    let own = Writer::default()
        .guid(set_of("gain"))
        .u32(0)
        .u32(verb::SET)
        .0;
    for turn in 0..5000 {
        let level = -f64::from(turn % 2);
        let set = call(&mut host, gain, &own, &level.to_le_bytes(), 0);
        assert_eq!(set.status, Status::Success);
    }
    let (told, lost) = (host.take_fired().len(), host.take_lost());
    assert_eq!(
        (told, told as u64 + lost),
        (4096, 4999),
        "the first is no change"
    );
    assert_eq!(host.take_lost(), 0);
}

/// A filter of somebody else's is put in between by the graph builder.
#[test]
fn filter_chains_by_others() {
    const AT_44: &[DataRange] = &[DataRange::pcm(16, 16, 44_100, 44_100)];
    let hub = declared("hub", vec![PinFactory::output("notes", DataRange::EVENTS)]);
    let ear = declared("ear", vec![PinFactory::input("in", AT_44)]);
    let mut between = declared(
        "theirs",
        vec![
            PinFactory::input("in", DataRange::EVENTS),
            PinFactory::output("out", AT_44),
        ],
    );
    between.0.categories = vec![category::INTERFACETRANSFORM].into();
    let without = agreed(&catalogue_with(vec![hub, ear]), "hub -> ear");
    let offers = |wiring: &ksgraph::graph::Wiring| {
        let cures = &refusals(wiring)[0].cures;
        cures.iter().any(|cure| cure.inserts == ["theirs"])
    };
    assert!(!offers(&without));
    let hub = declared("hub", vec![PinFactory::output("notes", DataRange::EVENTS)]);
    let ear = declared("ear", vec![PinFactory::input("in", AT_44)]);
    assert!(offers(&agreed(
        &catalogue_with(vec![hub, ear, between]),
        "hub -> ear"
    )));
}
