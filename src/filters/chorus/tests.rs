//! The swings, the voices and what less is asked of the chorus, measured.

use std::f64::consts::TAU;

use super::*;
use crate::filters::tests::{formats, same_bits};
use crate::ks::DataFormat;
use crate::ks::rig::Rig;

fn place_of(key: &str) -> usize {
    DESCRIPTOR.property(key).unwrap().0
}

/// The delay of each sample in milliseconds: of a straight line that rises by 2^-16 a sample, what comes out late
/// is lower by that.
fn delays(rig: &mut Rig, pieces: usize) -> [Vec<f64>; 2] {
    let mut found = [vec![], vec![]];
    for piece in 0..pieces {
        let line: Vec<f32> = (piece * 4000..(piece + 1) * 4000)
            .map(|n| n as f32 / 65_536.0)
            .collect();
        let heard = rig.feed(&line).channels;
        for (found, channel) in found.iter_mut().zip(heard) {
            for (sample, sent) in channel.iter().zip(&line) {
                found.push(f64::from(sent - sample) * 65_536.0 / 48.0);
            }
        }
    }
    found
}

#[test]
fn the_delay_swings_as_the_knobs_say() {
    for (rate, depth, delay, spread) in [
        (2.0, 4.0, 10.0, 100.0),
        (5.0, 1.0, 30.0, 0.0),
        (1.0, 10.0, 1.0, 50.0),
    ] {
        let numbers = [
            ("rate", rate),
            ("depth", depth),
            ("delay", delay),
            ("spread", spread),
            ("voices", 1.0),
            ("mix", 100.0),
        ];
        let [left, right] = delays(&mut Rig::open(&Chorus, &numbers), 24);
        // Silence came before the line.
        for at in (4000..96_000).step_by(97) {
            let turn = rate * at as f64 / 48_000.0;
            let wanted = |turn: f64| delay + depth * (0.5 - 0.5 * (turn * TAU).cos());
            let (one, other) = (wanted(turn), wanted(turn + spread / 200.0));
            assert!((left[at] - one).abs() < 0.01, "{at}: {} {one}", left[at]);
            assert!((right[at] - other).abs() < 0.01, "{at}: {}", right[at]);
        }
    }
}

#[test]
fn several_voices_are_heard_as_their_mean_and_come_and_go_softly() {
    let mut rig = Rig::open(&Chorus, &[("depth", 0.0), ("mix", 100.0), ("delay", 10.0)]);
    let mut click = vec![0.0; 4000];
    click[0] = 1.0;
    let heard = rig.feed(&click).channels.remove(0);
    assert!((heard[480] - 1.0).abs() < 1e-6);
    assert_eq!(heard.iter().filter(|s| s.abs() > 1e-6).count(), 1);
    let mut all = vec![];
    for voices in [3.0, 1.0, 8.0, 2.0] {
        rig.set(place_of("voices"), voices);
        rig.set(place_of("depth"), 3.0);
        for _ in 0..2 {
            let from = all.len();
            let sine: Vec<f32> = (from..from + 4080)
                .map(|n| (n as f32 * TAU as f32 / 480.0).sin() * 0.5)
                .collect();
            all.extend(rig.feed(&sine).channels.remove(1));
        }
    }
    let step = all[1000..]
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max);
    // A sine of 100 Hz at half of full scale rises by 0.0066 a sample.
    assert!(step < 0.0075, "{step}");
}

#[test]
fn under_load_it_joins_samples_by_straight_lines_and_has_fewer_voices_without_a_click() {
    let mut rig = Rig::open(&Chorus, &[("depth", 0.0), ("delay", 10.01), ("mix", 100.0)]);
    let heard = |rig: &mut Rig| {
        let mut click = vec![0.0; 4_000];
        click[0] = 1.0;
        rig.feed(&[0.0; 4_000]);
        rig.feed(&click).channels.remove(0)
    };
    let places = |heard: &[f32]| heard.iter().filter(|it| it.abs() > 1e-7).count();
    assert_eq!(
        places(&heard(&mut rig)),
        4,
        "a cubic takes part of four samples"
    );
    rig.processor().degrade(1);
    let line = heard(&mut rig);
    assert_eq!(places(&line), 2, "a line of two");
    // 480.48 samples late.
    assert!((line[480] - 0.52).abs() < 1e-3 && (line[481] - 0.48).abs() < 1e-3);
    rig.processor().degrade(0);
    assert_eq!(places(&heard(&mut rig)), 4);

    let mut rig = Rig::open(&Chorus, &[("mix", 100.0), ("voices", 8.0)]);
    let mut all = vec![];
    for level in [0, 1, 2, 3, 0] {
        rig.processor().degrade(level);
        for _ in 0..2 {
            let from = all.len();
            let sine: Vec<f32> = (from..from + 4_080)
                .map(|n| (n as f32 * TAU as f32 / 480.0).sin() * 0.5)
                .collect();
            all.extend(rig.feed(&sine).channels.remove(1));
        }
        let presences = DESCRIPTOR.degrades.unwrap();
        assert!(presences.at(level).is_some() == (level > 0));
    }
    let step = all[1000..].windows(2).map(|it| (it[1] - it[0]).abs());
    assert!(step.fold(0.0, f32::max) < 0.0075);
}

#[test]
fn under_load_it_has_two_voices_and_then_one() {
    // Voices swing apart, so as many echoes of a click are heard as there are voices.
    let echoes = |level: u8| {
        let values = [
            ("mix", 100.0),
            ("voices", 8.0),
            ("depth", 10.0),
            ("rate", 0.05),
        ];
        let mut rig = Rig::open(&Chorus, &values);
        rig.processor().degrade(level);
        rig.feed(&[0.0; 4_000]);
        let mut click = vec![0.0; 4_000];
        click[0] = 1.0;
        let heard = rig.feed(&click).channels.remove(0);
        let is_there = |it: &f32| it.abs() > 1e-3;
        heard
            .windows(2)
            .filter(|it| !is_there(&it[0]) && is_there(&it[1]))
            .count()
    };
    assert_eq!([0, 1, 2, 3].map(echoes), [8, 8, 2, 1]);
}

#[test]
fn without_mix_every_bit_passes() {
    let sound: Vec<f32> = (0..2000).map(|n| (n as f32 * 0.37).sin() * 0.9).collect();
    let heard = Rig::open(&Chorus, &[("mix", 0.0)]).feed(&sound);
    assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
}

#[test]
fn changes_of_any_value_make_no_step() {
    let mut rig = Rig::open(&Chorus, &[]);
    let mut all = vec![];
    for (key, value) in [
        ("rate", 0.6),
        ("rate", 10.0),
        ("rate", 0.5),
        ("depth", 10.0),
        ("depth", 0.0),
        ("delay", 40.0),
        ("delay", 1.0),
        ("spread", 0.0),
        ("mix", 100.0),
        ("mix", 0.0),
    ] {
        rig.set(place_of(key), value);
        for _ in 0..3 {
            let from = all.len();
            let sine: Vec<f32> = (from..from + 4080)
                .map(|n| (n as f32 * TAU as f32 / 480.0).sin() * 0.5)
                .collect();
            all.extend(rig.feed(&sine).channels.remove(1));
        }
    }
    let step = all[4800..]
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max);
    // 39 ms of delay within 100 ms make the pitch rise by 39 %, the largest depth and rate by 31 %.
    assert!(step < 0.0066 * 1.45, "{step}");
}

#[test]
fn any_number_of_channels_is_spread_round_the_circle() {
    let five = DataFormat::float(5, 48_000);
    let pins = formats(&[("in", five.clone()), ("out", five)]);
    let values = [("mix".to_owned(), crate::ks::Value::Number(100.0))].into();
    let mut rig = Rig::open_with(&Chorus, values, &pins, None);
    let sound: Vec<f32> = (0..4000).map(|n| (n as f32 * 0.05).sin()).collect();
    let heard = rig.feed(&sound).channels;
    for one in 0..5 {
        for other in 0..one {
            let pairs = heard[one].iter().zip(&heard[other]);
            assert!(pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) > 0.01);
        }
    }
}

#[test]
fn its_tail_is_as_long_as_it_says() {
    let values = [
        ("delay".to_owned(), crate::ks::Value::Number(20.0)),
        ("depth".to_owned(), crate::ks::Value::Number(5.0)),
    ]
    .into();
    let settings = Settings {
        values: &values,
        base: None,
    };
    let tail = (Chorus.tail_seconds(&settings, 48_000) * 48_000.0).round() as usize;
    assert_eq!(tail, 1200);
    let mut rig = Rig::open(&Chorus, &[("delay", 20.0), ("depth", 5.0)]);
    rig.feed(&[0.5; 2000]);
    let heard = rig.run(4000).channels.remove(0);
    assert!(heard[950] != 0.0);
    assert!(heard[tail + 2..].iter().all(|sample| *sample == 0.0));
}
