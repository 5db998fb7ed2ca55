//! The systems of PortCls, WDMAud among them, and what stands for them here: each must be seen to work, where a graph or a script
//! meets it. One test a system, named after it. That of downloads stands in `downloads.rs`.

use std::sync::Arc;

use ksgraph::engine::Offline;
use ksgraph::graph::{Graph, NodeKind};
use ksgraph::ks::{
    AudioDevice, Facts, KernelEvent, REF_TIMES_PER_SECOND, RefTime, State, Value, time_from_sample,
};
use ksgraph::portcls::mpu401::{Assembler, BYTE_TIME, Cable, Mpu401, PREFETCH, Sent, Way};
use ksgraph::portcls::sequencer::{Arrived, Sequencer};
use ksgraph::sysaudio::{StreamError, stream_graph};
use serde_json::{Value as Json, json};

use crate::desk::Desk;
use crate::stage::{
    AUDIBLE, RATE_HZ, Stage, assert_same_bits, even, feeds, hear, path, peak, uneven,
};

/// Answers to lines at the raw door.
fn ask(name: &str, lines: &[Json]) -> Vec<Json> {
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let done = Desk::new(name).fed(&["ks"], &input);
    let answers = done.text.lines().filter(|line| line.starts_with('{'));
    let answers: Vec<Json> = answers
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), lines.len(), "{}", done.text);
    answers
}

/// The sample of a note on, on no edge of any quantum, and that of its note off.
const NOTE: u64 = 12_345;
const OFF: u64 = 30_011;

/// What a synthesizer makes of a note, cut as told.
fn note(stage: &Stage, synth: &str, lens: &[usize]) -> Vec<Vec<f32>> {
    let graph = stage.graph(&format!("k:keyboard -> s:{synth} -> r:null_renderer"));
    let at = |sample| time_from_sample(sample, RATE_HZ);
    let events: Arc<[KernelEvent]> = [(NOTE, [0x90, 69, 110]), (OFF, [0x80, 69, 0])]
        .map(|(sample, bytes)| KernelEvent::new(at(sample), &bytes).unwrap())
        .into();
    let mut job = stage.job(&graph);
    job.feeds = feeds(&graph, &events);
    let most = lens.iter().copied().max().unwrap_or(1);
    let mut offline = Offline::new(&stage.catalogue, &job, most);
    hear(&mut offline, &path(&graph, "r"), lens)
}

/// The first sample of a channel that is not silence.
fn onset(heard: &[f32]) -> u64 {
    let first = heard.iter().position(|it| *it != 0.0);
    first.map_or(u64::MAX, |it| it as u64)
}

#[test]
fn portcls_ports_and_miniports() {
    let stage = Stage::new();
    // One miniport behind three ports.
    let behind = |port: &str| {
        let card = format!(
            "tone level=-20 -> w:lab_card_wave port={port} -> m:lab_card_mixer -> null_renderer"
        );
        stage.render(&card, &[480, 1, 700, 64, 755])
    };
    let shared = behind("WaveRT");
    assert!(peak(&shared) > 0.05);
    for port in ["WaveCyclic", "WavePci"] {
        assert_same_bits(&behind(port), &shared, port);
    }
    // One port in front of three miniports: each begins on the same sample, and none sounds like another.
    let lens = even(24_000, 480);
    let all = ["tone_synth", "fm_synth", "dls_synth"].map(|it| note(&stage, it, &lens).remove(0));
    for heard in &all {
        let begins = onset(heard);
        assert!((NOTE..NOTE + 40).contains(&begins), "{begins}");
        assert!(heard.iter().any(|it| it.abs() > AUDIBLE));
    }
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
}

#[test]
fn dmus_port_sequencer() {
    let event = |time: u64, bytes: &str| json!({"time": time, "bytes": bytes});
    let late = json!({"time": 10, "at": 500, "bytes": "93"});
    let events = [
        event(300, "90"),
        event(100, "91"),
        event(300, "92"),
        late.clone(),
    ];
    let answers = ask(
        "sequencer",
        &[
            json!({"op": "sequence", "events": events}),
            json!({"op": "sequence", "prefetch": 40, "events": events}),
        ],
    );
    let played = |answer: &Json| -> Vec<(u64, String)> {
        let all = answer["played"].as_array().unwrap().iter();
        all.map(|it| {
            let bytes = it["bytes"].as_str().unwrap();
            (it["time"].as_u64().unwrap(), bytes.to_owned())
        })
        .collect()
    };
    let wanted = |all: [(u64, &str); 4]| all.map(|(time, bytes)| (time, bytes.to_owned())).to_vec();
    // Put in out of order, played in the order of their stamps, each held until it is due, equal ones as they came.
    assert_eq!(
        played(&answers[0]),
        wanted([(100, "91"), (300, "90"), (300, "92"), (500, "93")])
    );
    // The prefetch is honoured, and what is late goes at once.
    assert_eq!(
        played(&answers[1]),
        wanted([(60, "91"), (260, "90"), (260, "92"), (500, "93")])
    );
}

#[test]
fn mpu_401_uart_miniport() {
    let mut port = Mpu401::default();
    port.initialise();
    let out = port.new_stream(Way::Render).unwrap();
    let capture = port.new_stream(Way::Capture).unwrap();
    port.set_state(out, State::Run).unwrap();
    port.set_state(capture, State::Run).unwrap();
    // Two messages that come in the wrong order go out when they are due.
    let messages: [(RefTime, [u8; 3]); 2] = [(900_000, [0x80, 60, 0]), (400_000, [0x90, 60, 100])];
    let mut sequencer = Sequencer::new(1).prefetch(PREFETCH);
    for (time, bytes) in messages {
        let event = KernelEvent::new(time, &bytes).unwrap();
        sequencer.put(Arrived { event, wire: 1 });
    }
    let mut cable = Cable::default();
    let mut sent: Vec<Sent> = vec![];
    for now in (0..1_500_000).step_by(1_000) {
        cable.advance(now);
        sent.extend(std::iter::from_fn(|| cable.take()));
        let rate_hz = u32::try_from(REF_TIMES_PER_SECOND).unwrap();
        while let Some((arrived, _)) = sequencer.release(now as u64, 1, rate_hz) {
            port.put(out, &arrived.event).unwrap();
        }
        port.service(&mut cable).unwrap();
    }
    let bytes: Vec<u8> = sent.iter().map(|it| it.byte).collect();
    assert_eq!(bytes, [0x90, 60, 100, 0x80, 60, 0]);
    for (first, due) in [(0, 400_000), (3, 900_000)] {
        let gone = sent[first].time;
        assert!((due..=due + BYTE_TIME + 2_000).contains(&gone), "{gone}");
    }
    // What comes in faster than it is fetched is dropped behind the 127th byte, and counted.
    (0..200).for_each(|byte| port.receive(byte & 127));
    let mut fetched = vec![];
    port.fetch(77, |event| fetched.extend(event.bytes().to_vec()));
    assert_eq!(fetched, (0..127).collect::<Vec<u8>>());
    assert_eq!(port.overflows(), 73);
    // And it hears on: bytes that come in pieces are messages again.
    let mut assembler = Assembler::growing(64);
    let mut heard = vec![];
    for piece in [&[0x90, 64][..], &[0xF8], &[99]] {
        piece.iter().for_each(|byte| port.receive(*byte));
        let mut bytes = vec![];
        port.fetch(78, |event| bytes.extend(event.bytes().to_vec()));
        assembler.put(&bytes, |message| heard.push(message.to_vec()));
    }
    assert_eq!(heard, [vec![0xF8], vec![0x90, 64, 99]]);
}

#[test]
fn fm_synth_miniport() {
    let stage = Stage::new();
    let heard = note(&stage, "fm_synth", &even(96_000, 480)).remove(0);
    let loudest = |from: u64, to: u64| {
        let part = &heard[from as usize..to as usize];
        part.iter().fold(0.0_f32, |most, it| most.max(it.abs()))
    };
    assert_eq!(loudest(0, NOTE), 0.0, "nothing before its note");
    assert!(loudest(NOTE, NOTE + 4_800) > 0.02, "it is audible");
    let (held, gone) = (loudest(OFF - 4_800, OFF), loudest(90_000, 96_000));
    assert!(gone < 0.01 * held.max(AUDIBLE), "it ends: {held} {gone}");
}

#[test]
fn software_synth_and_wave_sink() {
    let stage = Stage::new();
    // The sink pulls every sample once, however the stream is cut, and each note begins on its own.
    let wanted = note(&stage, "dls_synth", &even(40_000, 480));
    let begins = onset(&wanted[0]);
    assert!((NOTE..NOTE + 40).contains(&begins), "{begins}");
    assert!(peak(&wanted) > 0.02);
    for lens in [
        even(40_000, 64),
        even(40_000, 4_096),
        uneven(40_000, 999, 7),
    ] {
        assert_same_bits(&note(&stage, "dls_synth", &lens), &wanted, "cut otherwise");
    }
}

#[test]
fn pc_new_port_and_pc_new_miniport() {
    let unknown = "11111111-2222-3333-4444-555555555555";
    let answers = ask(
        "pc-new",
        &[
            json!({"op": "new_port", "id": "DMus"}),
            json!({"op": "new_miniport", "id": "FmSynth", "port": "DMus"}),
            json!({"op": "new_port", "id": unknown}),
            json!({"op": "new_miniport", "id": unknown}),
            json!({"op": "new_miniport", "id": "FmSynth", "port": "WaveRT"}),
        ],
    );
    let statuses: Vec<&str> = answers
        .iter()
        .map(|it| it["status"].as_str().unwrap())
        .collect();
    let (good, bad) = ("SUCCESS", "INVALID_PARAMETER");
    assert_eq!(statuses, [good, good, bad, bad, bad]);
    let reasons = answers[2..].iter().map(|it| it["reason"].as_str().unwrap());
    for (reason, tells) in reasons.zip(["WavePci", "FmSynthWithVol", "stands behind a DMus port"]) {
        assert!(reason.contains(tells), "{reason}");
    }
}

/// Keys of the filters of a graph, and the device that it names.
fn bundle(graph: &Graph) -> (Vec<String>, Option<String>) {
    let filters = graph.filters.values().filter_map(|it| match &it.kind {
        NodeKind::Filter(filter) => Some(filter),
        _ => None,
    });
    let (mut keys, mut device) = (vec![], None);
    for filter in filters {
        keys.push(filter.key.clone());
        if let Some(Value::Text(name)) = filter.values.get("device") {
            device = Some(name.clone());
        }
    }
    keys.sort();
    (keys, device)
}

#[test]
fn wdmaud() {
    let stage = Stage::new();
    // A machine with two cards and a port that notes go out by.
    let nominal = Facts::nominal();
    let card = |name: &str, is_default: bool| AudioDevice {
        host: "alsa".into(),
        name: name.into(),
        is_default,
        ..nominal.devices[0].clone()
    };
    let facts = Facts {
        devices: vec![card("first", true), card("second", false)],
        midi_outputs: vec!["Module".into()],
        is_nominal: false,
        ..nominal
    };
    let media = |name: &str| crate::support::examples().join("media").join(name);
    let desk = Desk::new("wdmaud");
    let made = desk.run(&[
        "render",
        &desk.tone("tone.ron"),
        "-o",
        "a.wav",
        "--seconds",
        "1",
    ]);
    assert_eq!(made.code, Some(0), "{}", made.said);
    let (wave, song) = (desk.path("a.wav"), media("evening.mid"));
    let by = |file: &std::path::Path, number: usize| {
        let fact = ksgraph::filters::probe(file);
        stream_graph(file, fact, Some(number), &stage.catalogue, &facts)
    };
    // Each number is a device of its own, for waves as for notes.
    for (number, name) in ["alsa:first", "alsa:second"].iter().enumerate() {
        let (keys, device) = bundle(&by(&wave, number).unwrap());
        assert_eq!(keys, ["audio_device_out", "wave_reader"]);
        assert_eq!(device.as_deref(), Some(*name), "wave {number}");
    }
    let (keys, _) = bundle(&by(&song, 0).unwrap());
    assert_eq!(keys, ["audio_device_out", "dls_synth", "midi_file_reader"]);
    let (keys, device) = bundle(&by(&song, 1).unwrap());
    assert_eq!(keys, ["midi_device_out", "midi_file_reader"]);
    assert_eq!(device.as_deref(), Some("Module"));
    for (file, kind) in [(&wave, "wave_out"), (&song, "midi_out")] {
        let refused = by(file, 2).unwrap_err();
        let (number, last) = (2, 1);
        assert_eq!(refused, StreamError::Number { kind, number, last });
    }
    // And it is heard: by the number of the card that is there on every machine.
    let listed = desk.json(&["devices"]);
    let all = listed.json["virtual"].as_array().unwrap();
    let is_null = |it: &&Json| it["kind"] == "wave_out" && it["name"] == "null";
    let number = all.iter().find(is_null).unwrap()["number"].to_string();
    let played = desk.json(&["play", "a.wav", "--number", &number, "--seconds", "0.3"]);
    assert_eq!(played.code, Some(0), "{} {}", played.json, played.said);
    assert!(
        played.json["peak_dbfs"].as_f64().unwrap() > -40.0,
        "{}",
        played.json
    );
}
