//! The test signals of EBU Tech 3341 and 3342, made here, and another library for what they leave open.

use std::f64::consts::{PI, TAU};

use super::*;
use crate::dsp::Random;

const RATES: [u32; 3] = [44_100, 48_000, 96_000];

/// A tone of 1 kHz: decibels below full scale and seconds, one part after the other, the same in all channels.
fn parts(rate_hz: u32, parts: &[(f64, f64)]) -> Vec<f32> {
    let mut sound = vec![];
    for (level, seconds) in parts {
        let amplitude = 10_f64.powf(level / 20.0);
        let from = sound.len();
        let len = (seconds * f64::from(rate_hz)).round() as usize;
        sound
            .extend((from..from + len).map(|n| {
                (amplitude * (TAU * 1000.0 * n as f64 / f64::from(rate_hz)).sin()) as f32
            }));
    }
    sound
}

fn measured(rate_hz: u32, channels: &[&[f32]]) -> Loudness {
    let mut loudness = Loudness::new(rate_hz, &channel_weights(channels.len()));
    loudness.feed(channels[0].len(), |index| channels[index]);
    loudness
}

/// Two channels of the same sound, which are one that counts twice.
fn stereo(rate_hz: u32, levels: &[(f64, f64)]) -> Now {
    let sound = parts(rate_hz, levels);
    let mut loudness = Loudness::new(rate_hz, &[2.0]);
    loudness.feed(sound.len(), |_| &sound);
    loudness.now()
}

#[track_caller]
fn assert_near(found: Option<f64>, wanted: f64, tolerance: f64, what: &str) {
    let found = found.unwrap_or(f64::NAN);
    assert!(
        (found - wanted).abs() <= tolerance,
        "{what}: {found}, wanted {wanted}"
    );
}

#[test]
fn a_steady_tone_has_its_loudness_in_every_window() {
    for rate_hz in RATES {
        for level in [-23.0, -33.0] {
            let now = stereo(rate_hz, &[(level, 20.0)]);
            let what = format!("{level} at {rate_hz}");
            assert_near(now.momentary, level, 0.1, &what);
            assert_near(now.short_term, level, 0.1, &what);
            assert_near(now.integrated, level, 0.1, &what);
            assert_near(now.momentary_max, level, 0.1, &what);
            assert_near(now.short_term_max, level, 0.1, &what);
        }
    }
}

#[test]
fn gates_leave_out_what_is_softer_and_what_is_silence() {
    let cases: [&[(f64, f64)]; 3] = [
        &[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)],
        &[
            (-72.0, 10.0),
            (-36.0, 10.0),
            (-23.0, 60.0),
            (-36.0, 10.0),
            (-72.0, 10.0),
        ],
        &[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)],
    ];
    for (turn, rate_hz) in RATES.into_iter().enumerate() {
        // Only the weighting knows the rate: one case is enough for the others.
        let all = if rate_hz == 48_000 {
            0..3
        } else {
            turn..turn + 1
        };
        for index in all {
            let levels = cases[index];
            let now = stereo(rate_hz, levels);
            let what = format!("case {} at {rate_hz}", index + 3);
            assert_near(now.integrated, -23.0, 0.1, &what);
        }
    }
}

#[test]
fn five_channels_count_by_where_they_stand() {
    for rate_hz in RATES {
        let tone = |level| parts(rate_hz, &[(level, 20.0)]);
        let (front, centre, side) = (tone(-28.0), tone(-24.0), tone(-30.0));
        let five: [&[f32]; 5] = [&front, &front, &centre, &side, &side];
        let now = measured(rate_hz, &five).now();
        assert_near(now.integrated, -23.0, 0.1, "five channels");
        // The channel for low effects is not heard at all.
        let low = tone(0.0);
        let six: [&[f32]; 6] = [&front, &front, &centre, &low, &side, &side];
        assert_near(measured(rate_hz, &six).now().integrated, -23.0, 0.1, "six");
    }
}

#[test]
fn short_and_momentary_windows_have_the_length_of_the_standard() {
    for rate_hz in RATES {
        let short = [(-20.0, 1.34), (-30.0, 1.66)].repeat(5);
        let brief = [(-20.0, 0.18), (-30.0, 0.22)].repeat(25);
        for (levels, settled, is_short) in [(short, 3.0, true), (brief, 1.0, false)] {
            let sound = parts(rate_hz, &levels);
            let mut loudness = Loudness::new(rate_hz, &[2.0]);
            for piece in sound.chunks(rate_hz as usize / 10) {
                loudness.feed(piece.len(), |_| piece);
                if loudness.seconds() > settled + 0.05 {
                    let now = loudness.now();
                    let level = if is_short {
                        now.short_term
                    } else {
                        now.momentary
                    };
                    assert_near(level, -23.0, 0.1, &format!("{rate_hz}, short {is_short}"));
                }
            }
        }
    }
}

#[test]
fn the_loudest_moment_is_found_wherever_it_begins() {
    for (rate_hz, shifts) in [(44_100, 7), (48_000, 3), (96_000, 7)] {
        for shift in (0..20).step_by(shifts) {
            let level = -38.0 + f64::from(shift);
            let pause = 0.020 * f64::from(shift);
            let signal = [(-200.0, pause), (level, 0.4), (-200.0, 1.0)];
            let now = stereo(rate_hz, &signal);
            assert_near(now.momentary_max, level, 0.1, &format!("{rate_hz} {shift}"));
            let pause = 0.150 * f64::from(shift);
            let signal = [(-200.0, pause), (level, 3.0), (-200.0, 1.0)];
            let now = stereo(rate_hz, &signal);
            assert_near(
                now.short_term_max,
                level,
                0.1,
                &format!("{rate_hz} {shift}"),
            );
        }
    }
}

#[test]
fn the_range_is_that_of_most_of_the_sound() {
    let cases: [(f64, &[f64]); 4] = [
        (10.0, &[-20.0, -30.0]),
        (5.0, &[-20.0, -15.0]),
        (20.0, &[-40.0, -20.0]),
        (15.0, &[-50.0, -35.0, -20.0, -35.0, -50.0]),
    ];
    for (rate_hz, cases) in [(48_000, &cases[..]), (44_100, &cases[..1])] {
        for (wanted, levels) in cases {
            let levels: Vec<(f64, f64)> = levels.iter().map(|it| (*it, 20.0)).collect();
            let (low, high) = stereo(rate_hz, &levels).range.unwrap();
            let what = format!("{wanted} at {rate_hz}");
            assert_near(Some(high - low), *wanted, 0.3, &what);
        }
    }
}

#[test]
fn peaks_between_the_samples_are_found() {
    // Divisor of the rate, degrees, amplitude, and what it peaks at.
    let cases = [
        (4.0, 0.0, 0.5, -6.0),
        (4.0, 45.0, 0.5, -6.0),
        (6.0, 60.0, 0.5, -6.0),
        (8.0, 67.5, 0.5, -6.0),
        (4.0, 45.0, 1.41, 3.0),
    ];
    for rate_hz in RATES {
        for (divisor, degrees, amplitude, wanted) in cases {
            let len = 4800;
            let sound: Vec<f32> = (0..len)
                .map(|n| {
                    // Faded in and out: a tone that is switched on has peaks of its own.
                    let fade = (PI * n as f64 / f64::from(len)).sin();
                    let turn = TAU * f64::from(n) / divisor + f64::to_radians(degrees);
                    (amplitude * fade * turn.sin()) as f32
                })
                .collect();
            let mut peak = TruePeak::new(rate_hz);
            peak.feed(&sound);
            let found = 20.0 * f64::from(peak.highest()).log10();
            assert!(
                (-0.4..=0.2).contains(&(found - wanted)),
                "a {divisor}th of {rate_hz}, {degrees} degrees: {found}, wanted {wanted}"
            );
            peak.reset();
            assert_eq!(peak.highest(), 0.0);
        }
    }
}

/// Noise that swells and fades, a list a channel; with little near half the rate, where no two peaks between samples
/// are alike.
fn noise(rate_hz: u32, channels: usize, seconds: u32) -> Vec<Vec<f32>> {
    let channel = |channel: usize| {
        let mut random = Random::new(channel as u64 + 1);
        let mut past = [0.0; 4];
        (0..rate_hz * seconds)
            .map(|n| {
                past = [random.next_signed(), past[0], past[1], past[2]];
                let swell = (TAU * 0.33 * f64::from(n) / f64::from(rate_hz)).sin() as f32;
                past.iter().sum::<f32>() * 10_f32.powf(swell - 2.0)
            })
            .collect()
    };
    (0..channels).map(channel).collect()
}

#[test]
fn another_library_finds_the_same() {
    use ebur128::{EbuR128, Mode};
    for (rate_hz, channels) in [
        (44_100, 2),
        (48_000, 1),
        (48_000, 5),
        (22_050, 2),
        (96_000, 6),
        (192_000, 1),
    ] {
        let sound = noise(rate_hz, channels, 6);
        let slices: Vec<&[f32]> = sound.iter().map(Vec::as_slice).collect();
        let mode = Mode::I | Mode::LRA | Mode::TRUE_PEAK;
        let mut theirs = EbuR128::new(channels as u32, rate_hz, mode).unwrap();
        theirs.add_frames_planar_f32(&slices).unwrap();
        let now = measured(rate_hz, &slices).now();
        let what = format!("{channels} channels at {rate_hz}");
        let momentary = theirs.loudness_momentary().unwrap();
        assert_near(now.momentary, momentary, 0.01, &what);
        let short_term = theirs.loudness_shortterm().unwrap();
        assert_near(now.short_term, short_term, 0.01, &what);
        let integrated = theirs.loudness_global().unwrap();
        assert_near(now.integrated, integrated, 0.05, &what);
        let (low, high) = now.range.unwrap();
        // It looks once a second where this one looks ten times.
        let range = theirs.loudness_range().unwrap();
        assert_near(Some(high - low), range, 0.8, &what);
        for (channel, samples) in sound.iter().enumerate() {
            let mut peak = TruePeak::new(rate_hz);
            peak.feed(samples);
            let wanted = 20.0 * theirs.true_peak(channel as u32).unwrap().log10();
            let found = 20.0 * f64::from(peak.highest()).log10();
            assert_near(Some(found), wanted, 0.3, &what);
        }
    }
}

#[test]
fn any_cutting_gives_the_same_and_a_reset_begins_anew() {
    let sound = noise(44_100, 2, 5);
    let run = |loudness: &mut Loudness, peak: &mut TruePeak, lens: &[usize]| {
        let (mut at, mut turn) = (0, 0);
        while at < sound[0].len() {
            let until = (at + lens[turn % lens.len()]).min(sound[0].len());
            loudness.feed(until - at, |index| &sound[index][at..until]);
            peak.feed(&sound[0][at..until]);
            (at, turn) = (until, turn + 1);
        }
        let now = loudness.now();
        let (low, high) = now.range.unwrap();
        let levels = [now.momentary, now.short_term, now.integrated];
        let maxima = [now.momentary_max, now.short_term_max];
        let all = levels.into_iter().chain(maxima).map(Option::unwrap);
        let mut bits: Vec<u64> = all.chain([low, high]).map(f64::to_bits).collect();
        bits.push(u64::from(peak.highest().to_bits()));
        bits
    };
    let new = || (Loudness::new(44_100, &[1.0, 1.0]), TruePeak::new(44_100));
    let (mut loudness, mut peak) = new();
    let whole = run(&mut loudness, &mut peak, &[usize::MAX / 2]);
    for lens in [&[1][..], &[64], &[1000, 7, 333, 4096]] {
        let (mut loudness, mut peak) = new();
        assert_eq!(run(&mut loudness, &mut peak, lens), whole);
    }
    loudness.reset();
    peak.reset();
    assert_eq!(loudness.now(), Now::default());
    assert_eq!(run(&mut loudness, &mut peak, &[512]), whole);
}

#[test]
fn silence_and_what_is_no_number_have_no_loudness_and_spoil_nothing() {
    let mut loudness = Loudness::new(48_000, &[1.0]);
    loudness.feed(480_000, |_| &[0.0; 480_000]);
    assert_eq!(loudness.now(), Now::default());
    let wrong = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    loudness.feed(3, |_| &wrong);
    let tone = parts(48_000, &[(-20.0, 10.0)]);
    loudness.feed(tone.len(), |_| &tone);
    // One channel of two has half the power.
    assert_near(loudness.now().short_term, -23.0, 0.1, "afterwards");
    assert_near(loudness.now().integrated, -23.0, 0.1, "afterwards");
    let mut peak = TruePeak::new(48_000);
    peak.feed(&wrong);
    assert_eq!(peak.highest(), 0.0);
}
