//! The metronome on a bench: where its ticks are, to the sample, and what they are.

use std::collections::BTreeMap;

use super::*;
use crate::filters::tests::formats;
use crate::ks::rig::{Heard, RATE_HZ, Rig};
use crate::ks::{DataFormat, sample_from_time};

/// Places of the values that tests turn.
const AT_TEMPO: usize = 0;
const AT_BEATS: usize = 1;
const AT_SUBDIVISION: usize = 2;

fn at_rate(rate_hz: u32, values: &[(&str, f64)]) -> Rig {
    let values = values.iter().map(|(key, value)| {
        let value = crate::ks::Value::Number(*value);
        ((*key).to_owned(), value)
    });
    let pins = formats(&[("click", DataFormat::float(1, rate_hz))]);
    Rig::open_with(&Metronome, values.collect(), &pins, None)
}

fn collect(rig: &mut Rig, len: usize, cycle: usize) -> Heard {
    let mut all = Heard::default();
    let mut left = len;
    while left > 0 {
        let piece = rig.run(left.min(cycle));
        left -= left.min(cycle);
        all.channels.resize(piece.channels.len(), vec![]);
        for (whole, new) in all.channels.iter_mut().zip(piece.channels) {
            whole.extend(new);
        }
        all.events.extend(piece.events);
    }
    all
}

/// Where sound begins behind silence.
fn onsets(samples: &[f32]) -> Vec<usize> {
    let sounds = |at: usize| samples[at].abs() > 1e-6;
    (0..samples.len())
        .filter(|&at| sounds(at) && (at.saturating_sub(40)..at).all(|before| !sounds(before)))
        .collect()
}

/// Samples and bytes of note-ons.
fn notes(events: &[KernelEvent]) -> Vec<(u64, [u8; 3])> {
    let ons = events
        .iter()
        .filter(|event| event.bytes()[0] & 0xF0 == 0x90);
    ons.map(|event| {
        let bytes = event.bytes().try_into().unwrap();
        (sample_from_time(event.time, RATE_HZ), bytes)
    })
    .collect()
}

/// The samples that are nearest to the ideal places of ticks.
fn ideal(rate_hz: u32, tempo: f64, parts: u32, len: usize) -> Vec<usize> {
    let distance = 60.0 * f64::from(rate_hz) / tempo / f64::from(parts);
    let place = |tick: u32| (f64::from(tick) * distance - 0.5).ceil().max(0.0) as usize;
    (0..).map(place).take_while(|at| *at < len).collect()
}

#[test]
fn clicks_and_notes_are_at_the_sample_nearest_to_their_place_at_every_rate() {
    for rate_hz in [8_000, 44_100, 48_000, 96_000, 192_000] {
        for (tempo, parts) in [(120.0, 1), (97.3, 1), (240.0, 4), (100.0, 3), (20.0, 8)] {
            let values = [("tempo", tempo), ("subdivision", f64::from(parts))];
            let mut rig = at_rate(rate_hz, &values);
            let heard = collect(&mut rig, 10 * RATE_HZ as usize, 1000);
            let samples = &heard.channels[0];
            assert_eq!(samples.len(), 10 * rate_hz as usize);
            let wanted = ideal(rate_hz, tempo, parts, samples.len());
            assert!(wanted.len() > 3);
            assert_eq!(
                onsets(samples),
                wanted,
                "{rate_hz} Hz, {tempo} BPM, {parts}"
            );
            let played: Vec<usize> = notes(&heard.events)
                .iter()
                .map(|(at, _)| *at as usize)
                .collect();
            let wanted = ideal(RATE_HZ, tempo, parts, 10 * RATE_HZ as usize);
            assert_eq!(played, wanted, "{tempo} BPM, {parts}");
        }
    }
}

#[test]
fn an_hour_later_ticks_are_still_exact() {
    let mut ticks = Ticks::new(44_100);
    ticks.set(133.7, 3);
    let mut heard = vec![];
    let mut position = 0_usize;
    for _ in 0..3_600 {
        ticks.advance(44_100, 4, |at, _| heard.push(position + at));
        position += 44_100;
    }
    assert_eq!(heard, ideal(44_100, 133.7, 3, position));
}

#[test]
fn the_first_beat_of_a_bar_is_higher_and_louder_and_parts_are_softer() {
    let mut rig = at_rate(RATE_HZ, &[("beats", 3.0), ("subdivision", 2.0)]);
    let heard = collect(&mut rig, 3 * RATE_HZ as usize, 512);
    let kinds: Vec<[u8; 3]> = notes(&heard.events)
        .iter()
        .map(|(_, bytes)| *bytes)
        .collect();
    let (accent, beat, part) = ([0x99, 76, 111], [0x99, 77, 96], [0x99, 77, 48]);
    let bar = [accent, part, beat, part, beat, part];
    assert_eq!(kinds, [bar, bar].concat());
    let peaks: Vec<f32> = heard.channels[0]
        .chunks(12_000)
        .map(crate::dsp::measure::peak)
        .collect();
    // -18 dB, and 6 dB more or less; the envelope has fallen a little at the first crest.
    for (bar, wanted) in peaks.chunks(6).flat_map(|bar| {
        bar.iter()
            .zip([0.2512, 0.0629, 0.1259, 0.0629, 0.1259, 0.0629])
    }) {
        assert!((bar / wanted - 0.965).abs() < 0.03, "{bar} {wanted}");
    }
}

#[test]
fn without_an_accent_all_beats_are_alike() {
    let mut rig = at_rate(RATE_HZ, &[("accent", 0.0)]);
    let heard = collect(&mut rig, 2 * RATE_HZ as usize, 512);
    let bytes: Vec<_> = notes(&heard.events).iter().map(|it| it.1).collect();
    assert_eq!(bytes, [[0x99, 77, 96]; 4]);
    let (one, two) = heard.channels[0].split_at(24_000);
    assert_eq!(one[..24_000], two[..24_000]);
}

#[test]
fn every_note_ends_ten_milliseconds_later() {
    let mut rig = at_rate(RATE_HZ, &[("tempo", 400.0), ("subdivision", 8.0)]);
    let heard = collect(&mut rig, 5 * RATE_HZ as usize, 333);
    let mut down = None;
    let mut ended = 0;
    for event in &heard.events {
        let at = sample_from_time(event.time, RATE_HZ);
        match (event.bytes(), down) {
            (&[0x99, key, _], None) => down = Some((key, at)),
            (&[0x89, key, _], Some((begun, since))) if begun == key => {
                assert_eq!(at - since, 480);
                (down, ended) = (None, ended + 1);
            }
            (bytes, _) => panic!("{bytes:?} while {down:?}"),
        }
    }
    assert!(ended > 250, "{ended}");
}

#[test]
fn a_change_of_tempo_neither_doubles_nor_drops_a_tick() {
    for at in (0..48_000).step_by(997).chain([23_999, 24_000, 24_001]) {
        let mut rig = at_rate(RATE_HZ, &[]);
        let mut heard = collect(&mut rig, at, 500);
        rig.set(AT_TEMPO, 180.0);
        let later = collect(&mut rig, 96_000, 500);
        heard.events.extend(later.events);
        let ticks: Vec<u64> = notes(&heard.events).iter().map(|(at, _)| *at).collect();
        let gaps: Vec<u64> = ticks.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            gaps.iter().all(|gap| (15_999..=24_001).contains(gap)),
            "changed at {at}: {gaps:?}"
        );
        assert!(
            gaps.windows(2).all(|pair| pair[1] <= pair[0] + 1),
            "changed at {at}: {gaps:?}"
        );
        assert!(
            gaps.len() >= 5 && gaps[3..].iter().all(|gap| gap.abs_diff(16_000) <= 1),
            "{gaps:?}"
        );
    }
}

#[test]
fn a_tempo_that_is_turned_all_the_time_still_ticks_evenly() {
    let mut rig = at_rate(RATE_HZ, &[]);
    let mut events = vec![];
    for step in 0..1_000 {
        rig.set(AT_TEMPO, 120.0 + f64::from(step % 7) * 0.1);
        events.extend(rig.run(480).events);
    }
    let ticks = notes(&events);
    let gaps = ticks.windows(2).map(|pair| pair[1].0 - pair[0].0);
    for gap in gaps {
        assert!((23_870..=24_000).contains(&gap), "{gap}");
    }
    assert!(ticks.len() >= 20);
}

#[test]
fn a_change_of_subdivision_keeps_the_beats() {
    for at in (0..24_000).step_by(499).chain([23_999, 24_000, 24_001]) {
        let mut rig = at_rate(RATE_HZ, &[("subdivision", 3.0)]);
        let mut events = collect(&mut rig, at, 4000).events;
        rig.set(AT_SUBDIVISION, 4.0);
        events.extend(collect(&mut rig, 96_000, 4000).events);
        let ticks = notes(&events);
        let beats: Vec<u64> = ticks
            .iter()
            .filter(|(_, bytes)| bytes[2] != 48)
            .map(|(at, _)| *at)
            .collect();
        assert!(beats.len() >= 4);
        let wanted: Vec<u64> = (0..beats.len() as u64).map(|beat| beat * 24_000).collect();
        assert_eq!(beats, wanted, "changed at {at}");
        let wanted = |tick: &u64| {
            let old = tick.is_multiple_of(8_000) && *tick < at as u64;
            old || (tick.is_multiple_of(6_000) && *tick >= at as u64)
        };
        assert!(ticks.iter().all(|(at, _)| wanted(at)), "{at}: {ticks:?}");
        assert!(ticks.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}

#[test]
fn a_bar_that_is_made_shorter_begins_anew() {
    let mut rig = at_rate(RATE_HZ, &[("beats", 8.0)]);
    let mut events = collect(&mut rig, 5 * 24_000, 4000).events;
    rig.set(AT_BEATS, 2.0);
    events.extend(collect(&mut rig, 4 * 24_000, 4000).events);
    let accents: Vec<bool> = notes(&events).iter().map(|(_, it)| it[1] == 76).collect();
    let wanted = [true, false, false, false, false, true, false, true, false];
    assert_eq!(accents, wanted);
}

#[test]
fn what_is_loudest_stays_within_full_scale_and_dense_clicks_do_not_jump() {
    let loud = [
        ("level", 0.0),
        ("accent", 12.0),
        ("tempo", 400.0),
        ("subdivision", 8.0),
        ("beats", 1.0),
    ];
    let mut rig = at_rate(RATE_HZ, &loud);
    let samples = collect(&mut rig, 2 * RATE_HZ as usize, 700)
        .channels
        .remove(0);
    let step = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    // 1 600 Hz at full scale rises by 0.21 a sample.
    assert!(step.fold(0.0, f32::max) < 0.22);
    assert!(crate::dsp::measure::peak(&samples) < 1.1);
}

#[test]
fn the_beat_can_be_read_and_stop_forgets_it() {
    let mut rig = at_rate(RATE_HZ, &[]);
    let beat = |rig: &Rig| rig.telemetry().unwrap().get(telemetry::BEAT);
    assert_eq!(beat(&rig), 0.0);
    let mut seen = vec![];
    for _ in 0..5 {
        collect(&mut rig, 24_000, 4000);
        seen.push(beat(&rig));
    }
    assert_eq!(seen, [1.0, 2.0, 3.0, 4.0, 1.0]);
    assert_eq!(rig.telemetry().unwrap().get(telemetry::COUNT), 5.0);
    collect(&mut rig, 6_000, 4000);
    assert_eq!(rig.telemetry().unwrap().get(telemetry::PHASE), 0.25);
    rig.processor().enter(State::Stop);
    assert_eq!(beat(&rig), 0.0);
}

#[test]
fn each_pin_may_stay_unconnected() {
    for name in ["click", "notes", "clock"] {
        let descriptor = Metronome.descriptor();
        let (factory, pin) = descriptor.pin(name).unwrap();
        assert_eq!(pin.instances.necessary, 0);
        assert!(!descriptor.pins[factory].ranges.is_empty());
    }
    let values = BTreeMap::new();
    let settings = Settings {
        values: &values,
        base: None,
    };
    assert_eq!(
        Metronome.describe(&settings, &Facts::nominal()).pins.len(),
        3
    );
}
