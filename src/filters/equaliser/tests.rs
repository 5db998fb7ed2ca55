//! What the equaliser does to sound, at rest and while its bands move.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use super::*;
use crate::dsp::measure::tone;
use crate::filters::tests::same_bits;
use crate::ks::Value;
use crate::ks::rig::Rig;

fn sine(hz: f64, from: usize, len: usize) -> Vec<f32> {
    (from..from + len)
        .map(|n| (TAU * hz * n as f64 / 48_000.0).sin() as f32 * 0.1)
        .collect()
}

fn heard(rig: &mut Rig, hz: f64, len: usize) -> Vec<f32> {
    (0..len / 4000)
        .flat_map(|piece| rig.feed(&sine(hz, piece * 4000, 4000)).channels.remove(1))
        .collect()
}

#[test]
fn every_band_has_the_response_on_paper() {
    let kinds = [
        "low shelf",
        "peak",
        "high shelf",
        "low pass",
        "high pass",
        "notch",
    ];
    for (turn, kind) in kinds.into_iter().enumerate() {
        let band = turn + 1;
        let values: BTreeMap<String, Value> = [
            (format!("band{band}_type"), Value::Text(kind.into())),
            (format!("band{band}_frequency"), Value::Number(900.0)),
            (format!("band{band}_gain"), Value::Number(-9.5)),
            (format!("band{band}_q"), Value::Number(2.0)),
            ("band3_gain".to_owned(), Value::Number(4.0)),
            ("level".to_owned(), Value::Number(1.5)),
        ]
        .into();
        let settings = Settings {
            values: &values,
            base: None,
        };
        for hz in [50.0, 400.0, 850.0, 2000.0, 15_000.0] {
            let mut rig = Rig::open_with(&Equaliser, values.clone(), &BTreeMap::new(), None);
            let sound = heard(&mut rig, hz, 32_000);
            let found = tone(&sound[8_000..], hz, 48_000.0).amplitude / 0.1;
            let wanted = response_db(&settings, hz, 48_000.0);
            let found = 20.0 * found.log10();
            assert!(
                (found - wanted).abs() < 0.1,
                "{kind} {hz}: {found} {wanted}"
            );
        }
    }
}

#[test]
fn flat_it_passes_every_bit() {
    let sound = sine(997.0, 0, 4000);
    let out = Rig::open(&Equaliser, &[]).feed(&sound);
    assert!(same_bits(&out.channels, &[sound.clone(), sound]));
}

#[test]
fn a_band_falls_asleep_and_wakes_the_same_for_any_cutting() {
    let index = |key: &str| DESCRIPTOR.property(key).unwrap().0;
    let run = |cut: usize| {
        let mut rig = Rig::open(&Equaliser, &[]);
        let mut heard = vec![];
        for at in (0..16_000).step_by(cut) {
            // The glides end within a call or with one, whatever its length.
            let turns = [(4000, 6.0), (8000, 0.0), (12_000, -6.0)];
            for (_, gain_db) in turns.iter().filter(|turn| turn.0 == at) {
                rig.set(index("band3_gain"), *gain_db);
            }
            heard.extend(rig.feed(&sine(700.0, at, cut)).channels.remove(0));
        }
        heard
    };
    let whole = run(4000);
    assert!(same_bits(&[run(500)], std::slice::from_ref(&whole)));
    assert!(same_bits(&[run(16)], std::slice::from_ref(&whole)));
    assert!(whole[..4000] == sine(700.0, 0, 4000)[..]);
    assert!(whole[15_000..] != sine(700.0, 15_000, 1000)[..]);
}

#[test]
fn a_band_that_is_off_glides_on_the_same_for_any_cutting() {
    let index = |key: &str| DESCRIPTOR.property(key).unwrap().0;
    let run = |cut: usize| {
        let mut rig = Rig::open(&Equaliser, &[("band3_gain", 12.0)]);
        let mut heard = vec![];
        for at in (0..8000).step_by(cut) {
            // Off and on its way, on again behind its fade and before the end of the way.
            match at {
                4000 => {
                    rig.set(index("band3_on"), 0.0);
                    rig.set(index("band3_frequency"), 3000.0);
                }
                5200 => rig.set(index("band3_on"), 1.0),
                _ => {}
            }
            heard.extend(rig.feed(&sine(700.0, at, cut)).channels.remove(0));
        }
        heard
    };
    let whole = run(400);
    assert!(same_bits(&[run(16)], std::slice::from_ref(&whole)));
    assert!(same_bits(&[run(80)], std::slice::from_ref(&whole)));
    assert!(whole[2000..4000].iter().any(|sample| sample.abs() > 0.2));
}

#[test]
fn changes_of_any_value_make_no_step() {
    let mut rig = Rig::open(&Equaliser, &[("band3_gain", 12.0)]);
    let mut all = heard(&mut rig, 300.0, 8000);
    let index = |key: &str| DESCRIPTOR.property(key).unwrap().0;
    for (key, value) in [
        ("band3_gain", -24.0),
        ("band3_frequency", 300.0),
        ("band3_q", 18.0),
        ("band3_type", 2.0),
        ("band3_on", 0.0),
        ("band3_on", 1.0),
        ("level", -12.0),
    ] {
        rig.set(index(key), value);
        all.extend(heard(&mut rig, 300.0, 8000));
    }
    let step = all
        .windows(2)
        .map(|w| (w[1] - w[0]).abs())
        .fold(0.0, f32::max);
    // A sine of 300 Hz at 0.1 rises by 0.004 a sample, four times that at 12 dB.
    assert!(step < 0.017, "{step}");
}

#[test]
fn on_its_way_a_band_is_hardly_another_than_one_that_is_exact_at_each_sample() {
    let index = |key: &str| DESCRIPTOR.property(key).unwrap().0;
    let mut rig = Rig::open(&Equaliser, &[("band3_gain", 12.0), ("band3_q", 4.0)]);
    let mut sound = heard(&mut rig, 700.0, 4000);
    rig.set(index("band3_frequency"), 3000.0);
    rig.set(index("band3_gain"), -12.0);
    sound.extend(rig.feed(&sine(700.0, 4000, 4000)).channels.remove(1));
    let (mut section, glide) = (crate::dsp::Section::default(), 1440.0);
    let loudest = sound[1000..]
        .iter()
        .fold(0.0_f32, |most, it| most.max(it.abs()));
    assert!(loudest > 0.12);
    let gains = [12.0, -12.0].map(|db: f64| 10_f64.powf(db / 20.0));
    for (at, (sample, found)) in sine(700.0, 0, 8000).iter().zip(&sound).enumerate() {
        let part = ((at as f64 - 3999.0) / glide).clamp(0.0, 1.0);
        let design = Design {
            curve: Curve::Peak,
            hz: 800.0 + (3000.0 - 800.0) * part,
            gain: gains[0] + (gains[1] - gains[0]) * part,
            q: 4.0,
        };
        let wanted = section.hear(*sample, &design.tuning(48_000.0)) as f32;
        assert!((found - wanted).abs() < 5e-5, "{at}: {found} {wanted}");
    }
}

#[test]
fn a_glide_that_is_turned_round_on_its_way_is_the_same_for_any_cutting() {
    let index = |key: &str| DESCRIPTOR.property(key).unwrap().0;
    let run = |cut: usize| {
        let mut rig = Rig::open(&Equaliser, &[("band3_gain", 12.0)]);
        let mut heard = vec![];
        for at in (0..6000).step_by(cut) {
            match at {
                1000 => rig.set(index("band3_frequency"), 3000.0),
                // In the middle of a piece of the way, and of the glide.
                1720 => rig.set(index("band3_frequency"), 200.0),
                2200 => rig.set(index("band3_q"), 9.0),
                _ => {}
            }
            heard.extend(rig.feed(&sine(700.0, at, cut)).channels.remove(0));
        }
        heard
    };
    let whole = run(40);
    assert!(whole[2000..4000].iter().any(|sample| sample.abs() > 0.15));
    assert!(same_bits(&[run(1)], std::slice::from_ref(&whole)));
    assert!(same_bits(&[run(8)], std::slice::from_ref(&whole)));
}

#[test]
fn what_is_no_number_does_not_come_out() {
    let mut rig = Rig::open(&Equaliser, &[("band2_gain", 12.0)]);
    let out = rig.feed(&[0.5, f32::NAN, f32::INFINITY, f32::MAX, 0.5]);
    assert!(out.channels.iter().flatten().all(|s| !s.is_nan()));
    rig.feed(&[0.0; 4096]);
    assert!(
        rig.feed(&[0.1; 64]).channels[0]
            .iter()
            .all(|s| s.is_finite())
    );
}
