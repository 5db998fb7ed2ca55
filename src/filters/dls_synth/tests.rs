//! The filter: its bank, its properties, its port.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::dsp::measure::{peak, rms};
use crate::filters::wave_reader::tests::Folder;
use crate::ks::rig::Rig;
use crate::ks::{State, Value, time_from_sample};

pub(super) fn event(sample: u64, bytes: &[u8]) -> KernelEvent {
    KernelEvent::new(time_from_sample(sample, 48_000), bytes).unwrap()
}

fn song() -> Vec<KernelEvent> {
    let mut events = vec![event(0, &[0xC1, 40]), event(0, &[0xC2, 75])];
    for n in 0..120_u64 {
        let (channel, key) = ([0, 1, 2, 9][n as usize % 4], 40 + (n * 7 % 36) as u8);
        let status = if n % 5 == 4 { 0x80 } else { 0x90 };
        events.push(event(n * 61, &[status | channel, key, 40 + (n % 80) as u8]));
        events.push(event(n * 61, &[0xE1, 0, (n % 128) as u8]));
    }
    events
}

fn chunk(id: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let data = parts.concat();
    [&id[..], &(data.len() as u32).to_le_bytes(), &data].concat()
}

/// A bank of one instrument: a square of 480 Hz that goes round, at key 69.
pub(super) fn square() -> Vec<u8> {
    let long = |all: &[u32]| {
        all.iter()
            .flat_map(|it| it.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let word = |all: &[u16]| {
        all.iter()
            .flat_map(|it| it.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let list = |form: &[u8; 4], parts: &[&[u8]]| chunk(b"LIST", &[form, &parts.concat()]);
    let samples: Vec<u8> = (0..100)
        .flat_map(|n| if n < 50 { 16_384_i16 } else { -16_384 }.to_le_bytes())
        .collect();
    let format = [word(&[1, 1]), long(&[48_000, 96_000]), word(&[2, 16])].concat();
    let sample = [long(&[20]), word(&[69, 0]), long(&[0, 0, 1, 16, 0, 0, 100])].concat();
    let wave = list(
        b"wave",
        &[
            &chunk(b"fmt ", &[&format]),
            &chunk(b"data", &[&samples]),
            &chunk(b"wsmp", &[&sample]),
        ],
    );
    let region = list(
        b"rgn ",
        &[
            &chunk(b"rgnh", &[&word(&[0, 127, 0, 127, 1, 0])]),
            &chunk(b"wlnk", &[&word(&[0, 0]), &long(&[1, 0])]),
        ],
    );
    let head = chunk(b"insh", &[&long(&[1, 0, 0])]);
    let instrument = list(b"ins ", &[&head, &list(b"lrgn", &[&region])]);
    chunk(
        b"RIFF",
        &[
            b"DLS ",
            &chunk(b"colh", &[&long(&[1])]),
            &list(b"lins", &[&instrument]),
            &chunk(b"ptbl", &[&long(&[8, 1, 0])]),
            &list(b"wvpl", &[&wave]),
        ],
    )
}

fn with_bank(path: &Path) -> Rig {
    let value = Value::Text(path.display().to_string());
    let values = BTreeMap::from([("bank".to_owned(), value)]);
    Rig::open_with(&DlsSynth, values, &BTreeMap::new(), None)
}

#[test]
fn the_same_samples_come_out_however_the_stream_is_cut() {
    let play = |cuts: &[usize]| {
        let mut rig = Rig::open(&DlsSynth, &[]);
        let mut heard = vec![vec![], vec![]];
        for (index, len) in cuts.iter().enumerate() {
            let events = if index == 0 { song() } else { vec![] };
            let cycle = rig.cycle(*len, &[], &events);
            for (heard, channel) in heard.iter_mut().zip(cycle.channels) {
                heard.extend(channel);
            }
        }
        heard
    };
    let whole = play(&[4096, 4096]);
    assert!(peak(&whole[0]) > 0.1 && whole[0] != whole[1]);
    assert_eq!(whole, play(&[1, 63, 1000, 7, 3025, 2048, 2048]));
}

#[test]
fn a_bank_of_a_file_is_played_at_its_pitch_from_the_sample_of_the_note_on() {
    let folder = Folder::new();
    let path = folder.file("square.dls");
    std::fs::write(&path, square()).unwrap();
    let mut rig = with_bank(&path);
    let heard = rig.cycle(4_096, &[], &[event(777, &[0x90, 69, 127])]);
    let left = &heard.channels[0];
    assert_eq!(left.iter().position(|it| *it != 0.0), Some(777));
    let ups = (1_000..4_000).filter(|n| left[*n] < 0.0 && left[n + 1] >= 0.0);
    assert_eq!(ups.count(), 30, "480 Hz");
}

#[test]
fn a_file_that_is_no_bank_is_refused_with_its_name() {
    let folder = Folder::new();
    let cases: [(&str, &[u8]); 3] = [
        ("empty.dls", b""),
        ("text.dls", b"this is no bank of sounds"),
        ("none.dls", b"RIFF\x04\0\0\0DLS "),
    ];
    for (name, bytes) in cases {
        let path = folder.file(name);
        std::fs::write(&path, bytes).unwrap();
        let refused = banks::open(Some(&path), 48_000);
        let refused = refused.err().unwrap().to_string();
        assert!(refused.contains(name), "{refused}");
    }
    let refused = banks::open(Some(&folder.file("")), 48_000);
    let refused = refused.err().unwrap().to_string();
    assert!(refused.contains("folder"), "{refused}");
}

#[test]
fn the_level_stands_behind_the_voices_and_stop_silences() {
    let loud = |level: f64| {
        let mut rig = Rig::open(&DlsSynth, &[("volume", level)]);
        let heard = rig.cycle(4096, &[], &[event(0, &[0x90, 69, 100])]);
        (rms(&heard.channels[0]), rig)
    };
    let ((full, _), (less, mut rig)) = (loud(0.0), loud(-20.0));
    assert!(full > 1e-3 && (full / less - 10.0).abs() < 0.01);
    let mut boosted = Rig::open(&DlsSynth, &[("volume", -20.0), ("boost", 6.0)]);
    let heard = boosted.cycle(4096, &[], &[event(0, &[0x90, 69, 100])]);
    let more = rms(&heard.channels[0]) / less;
    assert!((more - 1.995).abs() < 0.01, "{more}");
    rig.processor().enter(State::Stop);
    assert_eq!(peak(&rig.run(1_000).channels[0]), 0.0);
}

#[test]
fn under_load_it_costs_less_step_by_step() {
    let folder = Folder::new();
    let path = folder.file("square.dls");
    std::fs::write(&path, square()).unwrap();
    let mut rig = with_bank(&path);
    let chord: Vec<KernelEvent> = (0..200)
        .map(|n| event(0, &[0x90 | (n % 16), 40 + n / 4, 90]))
        .collect();
    let chord: Vec<_> = chord
        .into_iter()
        .filter(|it| it.bytes()[0] != 0x99)
        .collect();
    let fine = rig.cycle(480, &[], &chord);
    let voices = |rig: &Rig| rig.telemetry().unwrap().get(0);
    let sounding = voices(&rig);
    assert!(sounding > 180.0);
    rig.processor().degrade(1);
    rig.run(960);
    assert_eq!(voices(&rig), sounding);
    rig.processor().degrade(3);
    rig.run(960);
    assert_eq!(voices(&rig), 128.0);
    assert!(peak(&fine.channels[0]) > 0.1);
}

#[test]
fn the_bank_that_comes_with_the_program_is_whole() {
    let found = banks::open(None, 48_000).unwrap();
    assert!(found.remarks.is_empty());
    assert_eq!(found.sheet.instruments.len(), 129);
    assert_eq!(found.bank.len(), 129, "128 programs and a kit");
    let (all, remarks) = crate::dls::read(banks::own(), &crate::dls::Facts::default()).unwrap();
    assert_eq!(
        remarks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [""; 0]
    );
    let names = all.instruments.iter().filter(|it| !it.patch.is_drum);
    for it in names {
        let wanted = crate::midi::names::PROGRAMS[usize::from(it.patch.program)];
        assert_eq!(it.info.name, wanted);
    }
}
