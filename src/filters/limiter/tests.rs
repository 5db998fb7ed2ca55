//! The ceiling, the look-ahead and the way back of the limiter, measured.

use super::*;
use crate::dsp::Random;
use crate::dsp::measure::{peak, tone};
use crate::filters::tests::{formats, same_bits};
use crate::ks::DataFormat;
use crate::ks::rig::Rig;

const LATE: usize = 240;

fn noise(amplitude: f32, len: usize) -> Vec<f32> {
    let mut random = Random::new(3);
    (0..len).map(|_| random.next_signed() * amplitude).collect()
}

fn place_of(key: &str) -> usize {
    DESCRIPTOR.property(key).unwrap().0
}

#[test]
fn no_sample_passes_the_ceiling_whatever_comes() {
    for (ceiling_db, look_ahead, link) in [
        (-1.0, 5.0, 100.0),
        (-0.3, 0.0, 0.0),
        (-12.0, 1.0, 50.0),
        (0.0, 20.0, 100.0),
        (-3.3, 5.0, 0.0),
    ] {
        let values = [
            ("ceiling", ceiling_db),
            ("look_ahead", look_ahead),
            ("link", link),
            ("release", 1.0),
            ("gain", 12.0),
        ];
        let mut rig = Rig::open(&Limiter, &values);
        let mut sound = noise(5.0, 16_000);
        for at in (0..16_000).step_by(613) {
            sound[at] = 300.0;
            sound[at + 1] = -1000.0;
        }
        let ceiling = 10.0_f64.powf(ceiling_db / 20.0);
        let mut highest = 0.0_f64;
        for piece in sound.chunks(4000) {
            let other: Vec<f32> = piece.iter().rev().map(|it| it * 0.5).collect();
            let heard = rig.cycle(4000, &[piece.to_vec(), other], &[]);
            for channel in &heard.channels {
                highest = highest.max(f64::from(peak(channel)));
            }
        }
        assert!(highest <= ceiling, "{highest} {ceiling}");
        assert!(highest > ceiling * 0.99, "{highest} {ceiling}");
        for absurd in [f32::MAX, -f32::MAX, 1e12, f32::INFINITY] {
            let heard = rig.feed(&[&[absurd; 3][..], &[0.5; 1000]].concat());
            assert!(
                heard
                    .channels
                    .iter()
                    .all(|it| f64::from(peak(it)) <= ceiling)
            );
        }
    }
}

#[test]
fn what_is_not_too_loud_is_late_by_the_latency_and_otherwise_the_same() {
    let sound = noise(0.89, 4000);
    let mut rig = Rig::open(&Limiter, &[]);
    assert_eq!(rig.processor().latency_samples(), LATE);
    let heard = rig.feed(&sound);
    let mut late = vec![0.0; LATE];
    late.extend(&sound[..4000 - LATE]);
    assert!(same_bits(&heard.channels, &[late.clone(), late]));
    let at_96 = DataFormat::float(2, 96_000);
    let pins = formats(&[("in", at_96.clone()), ("out", at_96)]);
    let mut fast = Rig::open_with(&Limiter, Default::default(), &pins, None);
    // 480 samples of the wire last as long as 240 of the graph.
    assert_eq!(fast.processor().latency_samples(), LATE);
    let mut click = vec![0.0; 8000];
    click[0] = 0.5;
    let heard = fast.cycle(4000, &[click.clone(), click], &[]);
    assert_eq!(heard.channels[0][2 * LATE], 0.5);
}

#[test]
fn one_peak_takes_the_sound_down_in_a_line_and_back_by_the_release() {
    let mut rig = Rig::open(&Limiter, &[("ceiling", 0.0), ("release", 50.0)]);
    let mut sound = vec![0.5; 4000];
    sound[1000] = 2.0;
    let heard = rig.feed(&sound).channels.remove(0);
    let peak_at = 1000 + LATE;
    assert_eq!(heard[peak_at], 1.0);
    // From where the peak came in, 241 equal steps to half.
    assert_eq!(heard[999], 0.5);
    for (step, sample) in (1_u16..).zip(&heard[1000..peak_at]) {
        let wanted = 0.5 - 0.25 * f32::from(step) / 241.0;
        assert!((sample - wanted).abs() < 1e-6, "{step}");
    }
    // The release begins when the peak has left the window; its line is averaged over the window too.
    let since = 2400.0_f64;
    let at = peak_at + LATE / 2 + since as usize;
    let wanted = 0.5 - 0.25 * (-since / 2400.0).exp() as f32;
    assert!((heard[at] - wanted).abs() < 1e-3, "{} {wanted}", heard[at]);
    assert!(rig.telemetry().unwrap().get(REDUCTION) > 6.0);
    let still: Vec<f32> = (0..12)
        .flat_map(|_| rig.feed(&[0.5; 4000]).channels.remove(0))
        .collect();
    assert_eq!(still[47_999], 0.5);
    assert_eq!(rig.telemetry().unwrap().get(REDUCTION), 0.0);
}

#[test]
fn a_loud_sine_stays_a_sine() {
    let mut rig = Rig::open(&Limiter, &[("gain", 12.0), ("ceiling", -3.0)]);
    let mut heard = vec![];
    for piece in 0..12 {
        let sine: Vec<f32> = (piece * 4000..(piece + 1) * 4000)
            .map(|n| (n as f32 * std::f32::consts::TAU / 48.0).sin() * 0.9)
            .collect();
        heard = rig.feed(&sine).channels.remove(0);
    }
    let whole = &heard[..3840];
    let cells = rig.telemetry().unwrap();
    assert!((cells.get(LEVEL) - 20.0 * 0.9_f32.log10()).abs() < 0.02);
    let values = [("gain", 12.0), ("ceiling", -3.0)];
    let values = values.map(|(key, it)| (key.to_owned(), crate::ks::Value::Number(it)));
    let settings = Settings {
        values: &values.into(),
        base: None,
    };
    assert_eq!(curve_db(&settings, -20.0), -8.0);
    let wanted = 10.0_f64.powf(curve_db(&settings, -0.9) / 20.0);
    let found = tone(whole, 1000.0, 48_000.0).amplitude;
    assert!((found / wanted - 1.0).abs() < 2e-3, "{found} {wanted}");
    for harmonic in [2000.0, 3000.0, 5000.0] {
        assert!(tone(whole, harmonic, 48_000.0).amplitude < 1e-3);
    }
}

#[test]
fn channels_are_linked_or_on_their_own() {
    let mut left = vec![0.5; 4000];
    left[1000] = 4.0;
    let sound = [left, vec![0.25; 4000]];
    let linked = Rig::open(&Limiter, &[("ceiling", 0.0)]).cycle(4000, &sound, &[]);
    let alone = Rig::open(&Limiter, &[("ceiling", 0.0), ("link", 0.0)]).cycle(4000, &sound, &[]);
    assert_eq!(linked.channels[1][1000 + LATE], 0.0625);
    assert_eq!(alone.channels[1][1000 + LATE], 0.25);
    assert_eq!(alone.channels[0], linked.channels[0]);
}

#[test]
fn changes_while_it_plays_make_no_step_and_the_ceiling_holds_after_them() {
    let mut rig = Rig::open(&Limiter, &[]);
    let mut all = vec![];
    let mut at = 0;
    for (key, value) in [
        ("gain", 0.0),
        ("gain", 24.0),
        ("ceiling", -24.0),
        ("ceiling", 0.0),
        ("link", 0.0),
        ("release", 1.0),
        ("gain", 0.0),
        ("ceiling", -20.0),
    ] {
        rig.set(place_of(key), value);
        for _ in 0..4 {
            let sine: Vec<f32> = (at..at + 3000)
                .map(|n| (n as f32 * std::f32::consts::TAU / 480.0).sin() * 0.5)
                .collect();
            at += 3000;
            all.extend(rig.feed(&sine).channels.remove(0));
        }
    }
    let step = all
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max);
    // A full-scale sine of 100 Hz rises by 0.0131 a sample.
    assert!(step < 0.016, "{step}");
    let last = &all[all.len() - 12_000 + 960 + LATE..];
    assert!(f64::from(peak(last)) <= 0.1);
}

/// Pieces in which nothing is asked for are done in another way than those beside a peak.
#[test]
fn any_cutting_gives_the_same_bits_beside_peaks_and_far_from_them() {
    let mut sound = noise(0.4, 24_000);
    for at in [700, 1500, 9000, 9100] {
        sound[at] = 3.0;
    }
    sound[4000..4500].fill(0.0);
    sound[4700] = 1e-31;
    sound[4800] = -0.0;
    sound[20_000] = f32::NAN;
    let run = |lens: &[usize]| {
        let mut rig = Rig::open(&Limiter, &[("release", 5.0)]);
        let mut heard = vec![];
        let (mut at, mut lens) = (0, lens.iter().cycle());
        while at < sound.len() {
            if at == 12_000 {
                rig.set(place_of("ceiling"), -6.0);
                rig.set(place_of("gain"), 3.0);
            }
            let len = *lens.next().unwrap();
            let len = len.min(sound.len() - at);
            heard.extend(rig.feed(&sound[at..at + len]).channels.remove(0));
            at += len;
        }
        heard
    };
    let whole = run(&[3000]);
    assert!(peak(&whole) > 0.4);
    assert!(same_bits(std::slice::from_ref(&whole), &[run(&[1])]));
    assert!(same_bits(&[whole], &[run(&[64, 7, 33, 16])]));
}

#[test]
fn what_is_no_number_does_not_come_out() {
    let mut rig = Rig::open(&Limiter, &[]);
    let heard = rig.feed(&[0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.5, 1e-40]);
    assert_eq!(heard.channels[0], [0.0; 6]);
    let late = rig.feed(&[0.0; 480]).channels.remove(0);
    assert_eq!(late[LATE - 6..LATE], [0.5, 0.0, 0.0, 0.0, 0.5, 0.0]);
    assert!(late.iter().all(|s| s.is_finite() && !s.is_subnormal()));
}

/// While channels are linked the gain is foreseen once for all; when they part, each knows what it would have known.
#[test]
fn channels_that_part_go_on_from_where_they_were_together() {
    let mut rig = Rig::open(&Limiter, &[("gain", 12.0), ("release", 500.0)]);
    rig.feed(&noise(0.9, 4000));
    rig.set(place_of("link"), 0.0);
    for _ in 0..3 {
        let heard = rig.feed(&noise(0.9, 4000)).channels;
        assert!(peak(&heard[0]) > 0.5);
        assert!(same_bits(&heard[..1], &heard[1..]));
    }
}
