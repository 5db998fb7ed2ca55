//! The curve, the times and the sides of the compressor, measured.

use super::*;
use crate::dsp::measure::tone;
use crate::filters::tests::{formats, same_bits};
use crate::ks::rig::Rig;
use crate::ks::{DataFormat, Value};

fn sine(hz: f64, level_db: f64, from: usize, len: usize) -> Vec<f32> {
    let amplitude = 10_f64.powf(level_db / 20.0);
    let step = std::f64::consts::TAU * hz / 48_000.0;
    (from..from + len)
        .map(|n| ((step * n as f64).sin() * amplitude) as f32)
        .collect()
}

/// What becomes of the level of a steady sine of 1 kHz.
fn steady(rig: &mut Rig, level_db: f64) -> f64 {
    let mut last = vec![];
    for piece in 0..30 {
        last = rig
            .feed(&sine(1000.0, level_db, piece * 4080, 4080))
            .channels
            .remove(1);
    }
    20.0 * tone(&last, 1000.0, 48_000.0).amplitude.log10()
}

fn place_of(key: &str) -> usize {
    DESCRIPTOR.property(key).unwrap().0
}

#[test]
fn the_steady_curve_is_the_one_on_paper() {
    for (ratio, knee_db) in [(4.0, 0.0), (2.0, 12.0), (100.0, 6.0), (1.0, 6.0)] {
        let numbers = [("threshold", -20.0), ("ratio", ratio), ("knee", knee_db)];
        let values = numbers
            .iter()
            .map(|(key, number)| ((*key).to_owned(), Value::Number(*number)))
            .collect();
        let settings = Settings {
            values: &values,
            base: None,
        };
        let mut rig = Rig::open(&Compressor, &numbers);
        for level_db in [-40.0, -24.0, -20.0, -17.0, -10.0, 0.0] {
            let found = steady(&mut rig, level_db);
            let wanted = curve_db(&settings, level_db);
            assert!(
                (found - wanted).abs() < 0.15,
                "{ratio}:1, knee {knee_db}: {level_db} gave {found}, wanted {wanted}"
            );
            let cells = rig.telemetry().unwrap();
            let told = f64::from(cells.get(REDUCTION));
            assert!((told - (level_db - wanted)).abs() < 0.15, "{told}");
            assert!((f64::from(cells.get(LEVEL)) - level_db).abs() < 0.1);
        }
    }
}

#[test]
fn the_mean_of_a_sine_is_three_decibels_below_its_peak() {
    let mut rig = Rig::open(&Compressor, &[("threshold", -30.0), ("knee", 0.0)]);
    rig.set(place_of("detector"), 1.0);
    let found = steady(&mut rig, -6.0);
    let wanted = -6.0 - (-9.01 + 30.0) * 0.75;
    assert!((found - wanted).abs() < 0.1, "{found} {wanted}");
}

#[test]
fn attack_and_release_take_their_time() {
    let numbers = [
        ("threshold", -40.0),
        ("ratio", 100.0),
        ("knee", 0.0),
        ("attack", 20.0),
        ("release", 300.0),
    ];
    let mut rig = Rig::open(&Compressor, &numbers);
    let heard = rig.feed(&[1.0; 4000]).channels.remove(0);
    let reduction = |sample: f32, level: f32| f64::from(-20.0 * (sample / level).log10());
    let whole = 40.0 * 0.99;
    // 20 ms are 960 samples.
    let gone = reduction(heard[959], 1.0) / whole;
    assert!((gone - 0.632).abs() < 0.002, "{gone}");
    (0..20).for_each(|_| drop(rig.feed(&[1.0; 4000])));
    // Far below the threshold nothing is asked for: held for 10 ms, then back.
    let back: Vec<f32> = (0..5)
        .flat_map(|_| rig.feed(&[0.001; 4000]).channels.remove(0))
        .collect();
    assert!(reduction(back[470], 0.001) > whole * 0.999);
    let left = reduction(back[480 + 14_400], 0.001) / whole;
    // Behind the release stands the attack: (300 e^-1 - 20 e^-15) / 280.
    assert!((left - 0.3942).abs() < 0.005, "{left}");
}

#[test]
fn below_the_threshold_every_bit_passes_also_after_work() {
    let mut rig = Rig::open(&Compressor, &[("release", 20.0)]);
    rig.feed(&[0.9; 4000]);
    (0..12).for_each(|_| drop(rig.feed(&[0.01; 4000])));
    let sound = sine(440.0, -30.0, 0, 4000);
    let heard = rig.feed(&sound);
    assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
    assert_eq!(rig.telemetry().unwrap().get(REDUCTION), 0.0);
}

#[test]
fn linked_channels_go_down_together_and_others_do_not() {
    let loud_left = [vec![1.0; 4000], vec![0.01; 4000]];
    let mut linked = Rig::open(&Compressor, &[("knee", 0.0)]);
    let mut alone = Rig::open(&Compressor, &[("knee", 0.0), ("link", 0.0)]);
    for _ in 0..5 {
        let one = linked.cycle(4000, &loud_left, &[]).channels;
        let other = alone.cycle(4000, &loud_left, &[]).channels;
        assert!((one[0][3999] / one[1][3999] - 100.0).abs() < 1e-3);
        assert_eq!(other[1], loud_left[1]);
        assert_eq!(other[0], one[0]);
    }
}

#[test]
fn the_side_pin_ducks_and_its_channels_need_not_be_the_sounds() {
    let pins = formats(&[
        ("in", DataFormat::float(2, 48_000)),
        ("out", DataFormat::float(2, 48_000)),
        ("side", DataFormat::float(1, 48_000)),
    ]);
    let mut rig = Rig::open_with(&Compressor, Default::default(), &pins, None);
    // The side has the left channel's samples, the right is soft: both go down by the side's level.
    let sound = [vec![1.0; 4000], vec![0.001; 4000]];
    let mut heard = vec![];
    (0..10).for_each(|_| heard = rig.cycle(4000, &sound, &[]).channels);
    let wanted = 10_f32.powf(-18.0 * 0.75 / 20.0);
    assert!((heard[0][3999] / wanted - 1.0).abs() < 1e-3);
    assert!((heard[1][3999] / wanted - 0.001).abs() < 1e-6);
    // What does not sound at the side does not duck.
    let mut soft = Rig::open_with(&Compressor, Default::default(), &pins, None);
    let loud_right = [vec![0.0; 4000], vec![1.0; 4000]];
    assert_eq!(soft.cycle(4000, &loud_right, &[]).channels, loud_right);
}

#[test]
fn changes_of_any_value_make_no_step() {
    let mut rig = Rig::open(&Compressor, &[("threshold", -40.0)]);
    let mut all = vec![];
    let mut at = 0;
    for (key, value) in [
        ("threshold", -40.0),
        ("threshold", 0.0),
        ("threshold", -50.0),
        ("ratio", 100.0),
        ("ratio", 1.0),
        ("ratio", 8.0),
        ("knee", 24.0),
        ("attack", 0.1),
        ("release", 5.0),
        ("threshold", -10.0),
        ("threshold", -40.0),
        ("detector", 1.0),
        ("detector", 0.0),
        ("link", 0.0),
        ("make_up", 12.0),
        ("make_up", 0.0),
    ] {
        rig.set(place_of(key), value);
        for _ in 0..4 {
            all.extend(rig.feed(&sine(100.0, -6.0, at, 3000)).channels.remove(0));
            at += 3000;
        }
    }
    // A sine of 100 Hz at -6 dB rises by at most 0.0066 a sample; make-up lets it rise four times as fast.
    let step = all[4800..]
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max);
    assert!(step < 0.0066 * 4.0 * 1.2, "{step}");
}

/// While channels are linked one of them is reckoned for all; when they part, each knows what it would have known.
#[test]
fn channels_that_part_go_on_from_where_they_were_together() {
    let mut rig = Rig::open(&Compressor, &[("threshold", -40.0), ("attack", 200.0)]);
    let loud = |piece: usize| sine(1000.0, -3.0, piece * 4080, 4080);
    let before = rig.feed(&loud(0)).channels;
    rig.set(place_of("link"), 0.0);
    for piece in 1..4 {
        let heard = rig.feed(&loud(piece)).channels;
        let [before, now] = [&before[0], &heard[0]].map(|it| crate::dsp::measure::rms(it));
        assert!(now > 0.001 && now < before * 0.8, "{now} {before}");
        assert!(same_bits(&heard[..1], &heard[1..]), "{piece}");
    }
}
