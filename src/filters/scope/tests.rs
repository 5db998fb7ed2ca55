//! What the oscilloscope draws of sounds that are known.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::filters::tests::same_bits;
use crate::ks::rig::{RATE_HZ, Rig};
use crate::ks::{DataFormat, Value};

fn sine(hz: f64, from: usize, len: usize) -> Vec<f32> {
    (from..from + len)
        .map(|n| ((TAU * hz * n as f64 / f64::from(RATE_HZ) + 1.0).sin() * 0.5) as f32)
        .collect()
}

fn open(numbers: &[(&str, f64)], words: &[(&str, &str)]) -> Rig {
    let mut values: BTreeMap<String, Value> = numbers
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Value::Number(*value)))
        .collect();
    values.extend(
        words
            .iter()
            .map(|(key, word)| ((*key).to_owned(), Value::Text((*word).to_owned()))),
    );
    Rig::open_with(&Scope, values, &BTreeMap::new(), None)
}

/// Feeds a sound to both channels and gives the last picture.
fn seen_of(rig: &mut Rig, sound: &[f32]) -> Picture {
    for piece in sound.chunks(480) {
        rig.feed(piece);
    }
    picture(rig.telemetry().unwrap()).unwrap()
}

#[test]
fn the_sound_passes_bit_for_bit() {
    let mut sound = sine(440.0, 0, 3000);
    sound[7] = f32::NAN;
    sound[9] = f32::INFINITY;
    let heard = Rig::open(&Scope, &[]).feed(&sound);
    assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
}

#[test]
fn a_sweep_begins_where_the_sound_crosses_the_level_and_stands_still() {
    for (trigger, level) in [
        ("rising", 0.0),
        ("rising", 0.3),
        ("falling", 0.0),
        ("falling", -0.2),
    ] {
        let mut rig = open(
            &[("time", 20.0), ("level", level)],
            &[("trigger", trigger), ("channels", "left")],
        );
        let first = seen_of(&mut rig, &sine(130.0, 0, 4800));
        let later = seen_of(&mut rig, &sine(130.0, 4800, 7000));
        assert!(first.is_triggered && later.is_triggered);
        for picture in [&first, &later] {
            assert_eq!(picture.lines.len(), 1);
            assert_eq!(picture.lines[0].len(), COLUMNS);
            assert_eq!(picture.filled, COLUMNS);
            assert!((picture.seconds - 0.02).abs() < 1e-6);
            let sign = if trigger == "rising" { 1.0 } else { -1.0 };
            let start = (2.0 * level).asin();
            for (column, (low, high)) in picture.lines[0].iter().enumerate() {
                let seconds = 0.02 * (column as f64 + 0.5) / COLUMNS as f64;
                let wanted = 0.5 * (start + sign * TAU * 130.0 * seconds).sin() as f32;
                let wanted = if sign < 0.0 {
                    // Falling: the same wave, mirrored in time about the crossing.
                    0.5 * (std::f64::consts::PI - start + TAU * 130.0 * seconds).sin() as f32
                } else {
                    wanted
                };
                let middle = (low + high) / 2.0;
                assert!(
                    (middle - wanted).abs() < 0.03 && low <= high,
                    "{trigger} at {level}, column {column}: {low} to {high}, wanted {wanted}"
                );
            }
        }
    }
}

#[test]
fn a_sweep_of_few_samples_shows_each_of_them_and_where_the_trigger_was_between_two() {
    let mut rig = open(&[("time", 1.0)], &[]);
    let picture = seen_of(&mut rig, &sine(1100.0, 0, 9600));
    assert_eq!(picture.lines.len(), 2);
    assert_eq!(picture.lines[0].len(), 48);
    for (column, (low, high)) in picture.lines[0].iter().enumerate() {
        assert_eq!(low, high);
        let at = column as f64 + f64::from(picture.offset);
        let wanted = 0.5 * (TAU * 1100.0 * at / f64::from(RATE_HZ)).sin() as f32;
        assert!((low - wanted).abs() < 0.003, "{column}: {low} {wanted}");
    }
}

#[test]
fn without_a_crossing_sweeps_begin_by_themselves() {
    let mut rig = open(&[], &[]);
    let waiting = picture(rig.telemetry().unwrap());
    assert_eq!(waiting, None);
    let level = vec![0.25; (f64::from(RATE_HZ) * (PATIENCE_SECONDS + 0.05)) as usize];
    let steady = seen_of(&mut rig, &level);
    assert!(!steady.is_triggered);
    assert!(steady.lines[0].iter().all(|it| *it == (0.25, 0.25)));
    // And is not waited for that long again, until something triggers.
    let next = seen_of(&mut rig, &[0.5; 4 * 960]);
    assert!(next.lines[0].iter().all(|it| *it == (0.5, 0.5)));
    assert!(seen_of(&mut rig, &sine(440.0, 0, 4800)).is_triggered);
}

#[test]
fn nothing_triggers_while_it_holds_off() {
    // Loud and soft pulses in turn, 10 ms apart: held off beyond the soft one, only loud ones begin a sweep.
    let pulses: Vec<f32> = (0..48_000)
        .map(|n| match (n % 480, n / 480 % 2) {
            (100..110, 0) => 0.8,
            (100..110, _) => 0.3,
            _ => -0.1,
        })
        .collect();
    let highest = |hold_off: f64| -> Vec<f32> {
        let mut rig = open(&[("time", 1.0), ("hold_off", hold_off)], &[]);
        // The beginning finds its step with whichever comes first.
        seen_of(&mut rig, &pulses[..9_600]);
        let pieces = pulses[9_600..].chunks(480);
        pieces
            .map(|piece| seen_of(&mut rig, piece).lines[0][5].1)
            .collect()
    };
    assert!(highest(0.0).contains(&0.3) && highest(0.0).contains(&0.8));
    let held = highest(12.0);
    assert!(held.iter().all(|it| *it == 0.8), "{held:?}");
}

#[test]
fn channels_are_shown_as_asked() {
    let left = sine(200.0, 0, 4800);
    let right: Vec<f32> = left.iter().map(|sample| sample * 0.5).collect();
    for (channels, factors) in [
        ("both", &[1.0, 0.5][..]),
        ("left", &[1.0]),
        ("right", &[0.5]),
        ("mid", &[0.75]),
        ("side", &[0.25]),
    ] {
        let mut rig = open(&[], &[("channels", channels)]);
        for (left, right) in left.chunks(480).zip(right.chunks(480)) {
            rig.cycle(480, &[left.to_vec(), right.to_vec()], &[]);
        }
        let picture = picture(rig.telemetry().unwrap()).unwrap();
        assert_eq!(picture.lines.len(), factors.len(), "{channels}");
        for (line, factor) in picture.lines.iter().zip(factors) {
            let highest = line.iter().fold(0.0_f32, |top, it| top.max(it.1));
            assert!((highest - 0.5 * factor).abs() < 0.005, "{channels}");
        }
    }
    let mono = DataFormat::float(1, RATE_HZ);
    let formats = crate::filters::tests::formats(&[("in", mono.clone()), ("out", mono)]);
    let mut rig = Rig::open_with(&Scope, BTreeMap::new(), &formats, None);
    assert_eq!(seen_of(&mut rig, &left).lines.len(), 1, "one channel");
}

#[test]
fn a_long_sweep_is_seen_while_it_grows_and_an_empty_one_after_stop() {
    let mut rig = open(&[("time", 5000.0)], &[("trigger", "off")]);
    let early = seen_of(&mut rig, &[0.5; 48_000]);
    assert!((45..=52).contains(&early.filled), "{}", early.filled);
    assert_eq!(early.lines[0][10], (0.5, 0.5));
    rig.processor().enter(State::Stop);
    let stopped = picture(rig.telemetry().unwrap()).unwrap();
    assert_eq!(stopped.lines.iter().map(Vec::len).sum::<usize>(), 0);
}

#[test]
fn pictures_do_not_depend_on_cycles() {
    let sound = sine(333.0, 0, 20_000);
    let cells = |lens: &[usize]| -> Vec<u32> {
        let mut rig = open(&[("time", 7.0), ("hold_off", 3.0)], &[]);
        let (mut at, mut turn) = (0, 0);
        while at < sound.len() {
            let len = lens[turn % lens.len()].min(sound.len() - at);
            rig.feed(&sound[at..at + len]);
            (at, turn) = (at + len, turn + 1);
        }
        let telemetry = rig.telemetry().unwrap();
        (0..telemetry.len())
            .map(|index| telemetry.get(index).to_bits())
            .collect()
    };
    let whole = cells(&[480]);
    assert_eq!(cells(&[1]), whole);
    assert_eq!(cells(&[64]), whole);
    assert_eq!(cells(&[1000, 7, 333]), whole);
}

#[test]
fn a_picture_that_is_read_while_the_next_are_made_is_of_one_piece() {
    let mut rig = open(&[("time", 8.0)], &[("trigger", "off")]);
    let telemetry = rig.telemetry().unwrap().clone();
    let is_over = AtomicBool::new(false);
    let sweep = 384;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..20_000 {
                rig.feed(&vec![turn as f32 / 20_000.0; sweep]);
            }
            is_over.store(true, Ordering::Relaxed);
        });
        let mut last = 0.0;
        while !is_over.load(Ordering::Relaxed) {
            let Some(picture) = picture(&telemetry) else {
                continue;
            };
            let first = picture.lines[0][0].0;
            let mut all = picture.lines.iter().flatten();
            assert!(all.all(|it| *it == (first, first)), "torn at {first}");
            assert!(first >= last, "an old one after a new one");
            last = first;
        }
    });
}
