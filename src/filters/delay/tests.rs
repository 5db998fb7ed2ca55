//! The echoes of the delay: when they come, how loud and dull they are, and that none clicks.

use std::collections::BTreeMap;

use super::*;
use crate::ks::Value;
use crate::ks::rig::Rig;

fn place_of(key: &str) -> usize {
    DESCRIPTOR.property(key).unwrap().0
}

fn click(rig: &mut Rig, channels: [f32; 2], len: usize) -> Vec<Vec<f32>> {
    let start: Vec<Vec<f32>> = channels
        .iter()
        .map(|level| {
            let mut sound = vec![0.0; len];
            sound[0] = *level;
            sound
        })
        .collect();
    rig.cycle(len, &start, &[]).channels
}

#[test]
fn what_is_heard_are_the_echoes_on_paper() {
    for ping_pong in [false, true] {
        let numbers = [
            ("time", 5.0),
            ("samples", 3.0),
            ("feedback", 60.0),
            ("mix", 40.0),
            ("damping", 0.0),
        ];
        let mut values: BTreeMap<String, Value> = numbers
            .into_iter()
            .map(|(key, number)| (key.to_owned(), Value::Number(number)))
            .collect();
        values.insert("ping_pong".to_owned(), Value::Flag(ping_pong));
        let settings = Settings {
            values: &values,
            base: None,
        };
        let mut rig = Rig::open_with(&Delay, values.clone(), &BTreeMap::new(), None);
        let heard = click(&mut rig, [1.0, 1.0], 2000);
        let mut found = 0;
        for echo in echoes(&settings, 48_000.0, 6) {
            let at = (echo.seconds * 48_000.0).round() as usize;
            let level = f64::from(heard[echo.side][at]);
            assert!((level - echo.amplitude).abs() < 1e-5, "{at}: {level}");
            found += 1;
        }
        assert_eq!(found, 7);
    }
}

#[test]
fn echoes_come_to_the_sample_and_fall_by_the_feedback() {
    for (millis, samples, wanted) in [
        (10.0, 0.0, 480),
        (0.0, 100.0, 100),
        (1.0, 3.0, 51),
        (0.0, 0.0, 1),
    ] {
        let values = [
            ("time", millis),
            ("samples", samples),
            ("feedback", 50.0),
            ("damping", 0.0),
            ("mix", 50.0),
        ];
        let mut rig = Rig::open(&Delay, &values);
        let heard = click(&mut rig, [0.8, 0.8], 4000);
        for (at, sample) in heard[0].iter().enumerate() {
            let echo = at / wanted;
            let is_echo = at % wanted == 0;
            let level = match echo {
                0 => 0.4,
                _ => 0.4 * 0.5_f32.powi(echo as i32 - 1),
            };
            let level = if is_echo { level } else { 0.0 };
            assert!(
                (sample - level).abs() < 1e-6,
                "{wanted}: {at} {sample} {level}"
            );
        }
    }
}

#[test]
fn many_samples_at_once_are_those_one_by_one() {
    let rest = Rest {
        delay: 70,
        loudness: 0.5,
        dullness: 0.6,
        wet: 0.3,
    };
    let memory = || Memory {
        line: DelayLine::new(100),
        dull: 0.0,
        heard: [0.0; BLOCK],
        dulls: [0.0; BLOCK],
    };
    let (mut one, mut other) = (memory(), memory());
    let mut random = crate::dsp::Random::new(8);
    let mut settled_ones = 0;
    for (turn, len) in [64, 7, 33, 64, 1, 64, 64, 64]
        .into_iter()
        .cycle()
        .take(900)
        .enumerate()
    {
        // At last all that is there dies away, past what a memory keeps.
        let loud = if turn < 20 { 1e-12 } else { 0.0 };
        let sound: Vec<f32> = (0..len).map(|_| random.next_signed() * loud).collect();
        let mut at_once = sound.clone();
        one.pass(&rest, &mut at_once);
        for (sample, at_once) in sound.iter().zip(&at_once) {
            let heard = other.line.tap(rest.delay);
            let dull = heard * (1.0 - rest.dullness) + other.dull * rest.dullness;
            other.dull = settled(dull);
            settled_ones += usize::from(other.dull != dull);
            other.line.push(sample + other.dull * rest.loudness);
            let wanted = sample * (1.0 - rest.wet) + heard * rest.wet;
            assert_eq!(at_once.to_bits(), wanted.to_bits(), "turn {turn}");
        }
    }
    assert!(settled_ones > 0 && one.dull == 0.0);
}

#[test]
fn damping_dulls_the_second_echo_and_not_the_first() {
    let values = [
        ("time", 10.0),
        ("feedback", 98.0),
        ("damping", 100.0),
        ("mix", 100.0),
    ];
    let heard = click(&mut Rig::open(&Delay, &values), [1.0, 1.0], 2000);
    assert_eq!((heard[0][480], heard[0][481]), (1.0, 0.0));
    assert!((heard[0][960] - 0.98 * 0.05).abs() < 1e-5);
    assert!((heard[0][961] - 0.98 * 0.05 * 0.95).abs() < 1e-5);
}

#[test]
fn ping_pong_goes_from_side_to_side() {
    let mut rig = Rig::open(
        &Delay,
        &[
            ("time", 10.0),
            ("feedback", 50.0),
            ("damping", 0.0),
            ("mix", 100.0),
        ],
    );
    rig.set(place_of("ping_pong"), 1.0);
    let heard = click(&mut rig, [1.0, 0.5], 2000);
    let echoes = |side: usize| [480, 960, 1440].map(|at| heard[side][at]);
    assert_eq!(echoes(0), [0.75, 0.0, 0.1875]);
    assert_eq!(echoes(1), [0.0, 0.375, 0.0]);
}

/// What rests is done many samples at once, what moves one by one.
#[test]
fn echoes_that_go_round_are_the_same_however_they_are_cut() {
    let mut random = crate::dsp::Random::new(3);
    let sound: [Vec<f32>; 2] =
        [0.5, 0.2].map(|loud| (0..16_000).map(|_| random.next_signed() * loud).collect());
    let run = |lens: &[usize]| {
        let mut rig = Rig::open(&Delay, &[("time", 1.5), ("feedback", 70.0), ("mix", 60.0)]);
        let (mut at, mut lens) = (0, lens.iter().cycle());
        let mut heard = vec![vec![]; 2];
        for (until, key, value) in [
            (1_000, "ping_pong", 1.0),
            (5_000, "feedback", 90.0),
            (9_000, "damping", 60.0),
            (12_000, "ping_pong", 0.0),
            (16_000, "mix", 0.0),
        ] {
            while at < until {
                let end = until.min(at + lens.next().unwrap());
                let piece = sound.each_ref().map(|it| it[at..end].to_vec());
                let cycle = rig.cycle(end - at, &piece, &[]).channels;
                heard
                    .iter_mut()
                    .zip(cycle)
                    .for_each(|(all, it)| all.extend(it));
                at = end;
            }
            rig.set(place_of(key), value);
        }
        heard
    };
    let whole = run(&[4000]);
    assert!(crate::dsp::measure::rms(&whole[1]) > 0.05);
    assert!(crate::filters::tests::same_bits(&whole, &run(&[1])));
    assert!(crate::filters::tests::same_bits(
        &whole,
        &run(&[64, 7, 130])
    ));
}

#[test]
fn a_change_of_time_makes_no_click() {
    let mut rig = Rig::open(
        &Delay,
        &[("time", 100.0), ("mix", 100.0), ("feedback", 0.0)],
    );
    let sine = |from: usize| -> Vec<f32> {
        (from..from + 4000)
            .map(|n| (n as f32 * 0.01).sin())
            .collect()
    };
    let mut all = vec![];
    for turn in 0..10 {
        rig.set(
            0,
            if turn < 3 {
                100.0
            } else {
                40.0 + f64::from(turn) * 7.0
            },
        );
        all.extend(rig.feed(&sine(turn as usize * 4000)).channels.remove(0));
    }
    let step = all[9000..]
        .windows(2)
        .map(|w| (w[1] - w[0]).abs())
        .fold(0.0, f32::max);
    assert!(step < 0.0125, "{step}");
}

#[test]
fn its_tail_holds_every_echo_that_is_heard() {
    for (numbers, wanted) in [
        ([("time", 10.0), ("samples", 0.0), ("feedback", 50.0)], 0.16),
        (
            [("time", 10.0), ("samples", 48.0), ("feedback", 0.0)],
            0.011,
        ),
        ([("time", 2.0), ("samples", 0.0), ("feedback", 98.0)], 1.028),
    ] {
        let named = numbers.map(|(key, number)| (key.to_owned(), crate::ks::Value::Number(number)));
        let settings = Settings {
            values: &named.into(),
            base: None,
        };
        let tail = Delay.tail_seconds(&settings, 48_000);
        assert!((tail - wanted).abs() < 1e-9, "{tail}");
        let mut values = numbers.to_vec();
        values.extend([("damping", 0.0), ("mix", 100.0)]);
        let mut rig = Rig::open(&Delay, &values);
        let mut heard = click(&mut rig, [1.0, 1.0], 4000).remove(0);
        (0..15).for_each(|_| heard.extend(rig.run(4000).channels.remove(0)));
        // 90 dB down.
        let last = heard.iter().rposition(|sample| sample.abs() > 3.16e-5);
        let (last, end) = (last.unwrap(), (tail * 48_000.0).round() as usize);
        let echo = (numbers[0].1 * 48.0 + numbers[1].1) as usize;
        assert!(last <= end && last + 2 * echo >= end, "{last} {end}");
    }
}

#[test]
fn a_tail_ends_in_nothing_and_holds_no_wrong_number() {
    let mut rig = Rig::open(&Delay, &[("time", 1.0), ("feedback", 90.0)]);
    rig.feed(&[1.0, f32::NAN, f32::INFINITY, f32::MAX]);
    let mut last = vec![];
    for _ in 0..60 {
        last = rig.run(4096).channels.remove(0);
        assert!(last.iter().all(|s| s.is_finite() && !s.is_subnormal()));
    }
    assert!(last.iter().all(|sample| *sample == 0.0));
}
