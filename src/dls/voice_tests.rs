//! Each mechanism of a voice alone: what it does that nothing else does.

use std::sync::Arc;

use super::connection::Segment;
use super::test_bench::*;
use super::*;
use crate::dsp::measure::peak;
use crate::ks::Wave as Samples;
use crate::portcls::dmus::SynthSink;

/// A wave that stands still: what is heard of it is loudness alone.
fn still(height: i16) -> Arc<Wave> {
    wave(
        std::iter::repeat_n(height, 400),
        Some((100, 200, LoopKind::Forward)),
    )
}

/// The largest step between two samples.
fn step(heard: &[f32]) -> f32 {
    let steps = heard.windows(2).map(|it| (it[1] - it[0]).abs());
    steps.fold(0.0, f32::max)
}

/// One instrument of one region.
fn one(wave: Arc<Wave>, region: Region) -> Arc<Bank> {
    bank(&[wave], &[(Patch::default(), vec![region])])
}

/// What is left of a tone in dB of it once its own sine is taken away.
fn rest_db(heard: &[f32], period: f64) -> f64 {
    let turn = std::f64::consts::TAU / period;
    let (mut s, mut c, mut power) = (0.0, 0.0, 0.0);
    for (n, x) in heard.iter().enumerate() {
        let (sin, cos) = (turn * n as f64).sin_cos();
        s += f64::from(*x) * sin;
        c += f64::from(*x) * cos;
        power += f64::from(*x).powi(2);
    }
    let own = 2.0 * (s * s + c * c) / heard.len() as f64;
    10.0 * ((power - own).max(1e-12) / own).log10()
}

#[test]
fn between_samples_lies_a_cubic_and_a_line_where_less_is_asked() {
    // Ten samples a period, read 2^(1/12) as fast: every place between two samples comes up.
    let at = |n: usize| (std::f64::consts::TAU * n as f64 / 10.0).sin();
    let tone = || {
        wave(
            (0..400).map(|n| (16_384.0 * at(n)).round() as i16),
            Some((100, 200, LoopKind::Forward)),
        )
    };
    let rest = |level: u8| {
        let mut bench = Bench::new(one(tone(), region(0, &[])));
        bench.0.degrade(level);
        bench.send(&[&note(70)]);
        let heard = bench.left(24_000);
        assert!(peak(&heard) > 0.05);
        rest_db(&heard[2_400..], 10.0 / (1.0_f64 / 12.0).exp2())
    };
    let (fine, plain) = (rest(0), rest(1));
    assert!(fine < -40.0 && plain > -38.0, "{fine} {plain}");
}

#[test]
fn a_voice_that_is_taken_fades_within_milliseconds_and_does_not_step() {
    let quiet = Region {
        keys: 0..=50,
        ..region(1, &[])
    };
    let loud = Region {
        keys: 51..=127,
        ..region(0, &[])
    };
    let bank = bank(
        &[still(16_000), still(0)],
        &[(Patch::default(), vec![loud, quiet])],
    );
    let mut bench = Bench::of(bank, 1);
    bench.send(&[&note(69)]);
    let before = peak(&bench.left(1_000)[900..]);
    assert!(before > 0.1);
    bench.send(&[&note(40)]);
    let heard = bench.left(1_000);
    assert!(step(&heard) < before / 50.0, "{} of {before}", step(&heard));
    // 4 ms are 192 samples.
    assert!(heard[60] > 0.2 * before && peak(&heard[260..]) < 1e-4);
}

#[test]
fn reset_all_controllers_lets_expression_wheel_and_pressure_go_and_keeps_volume_and_pan() {
    let moved = [
        connection(Source::None, Source::None, Destination::Pitch, 0.0),
        connection(
            Source::Controller(1),
            Source::None,
            Destination::Pitch,
            1_200.0,
        ),
        connection(
            Source::PolyPressure,
            Source::None,
            Destination::Pitch,
            1_200.0,
        ),
        connection(
            Source::ChannelPressure,
            Source::None,
            Destination::Pitch,
            1_200.0,
        ),
    ];
    let plain = Bench::with(&moved);
    let hz = |mut bench: Bench, before: &[&[u8]]| {
        bench.send(before);
        bench.send(&[&note(69)]);
        bench.hz()
    };
    let rest = hz(plain, &[]);
    let moves: [&[u8]; 3] = [&[0xB0, 1, 64], &[0xA0, 69, 64], &[0xD0, 64]];
    for it in moves {
        let up = hz(Bench::with(&moved), &[it]);
        assert!((cents(up, rest) - 600.0).abs() < 1.0, "{it:?}: {up}");
        let back = hz(Bench::with(&moved), &[it, &[0xB0, 121, 0]]);
        assert!(cents(back, rest).abs() < 0.1, "{it:?}: {back}");
    }
    let mut bench = Bench::with(&[]);
    bench.send(&[&[0xB0, 7, 50], &[0xB0, 11, 20], &note(69)]);
    let soft = bench.db();
    bench.send(&[&[0xB0, 121, 0]]);
    bench.left(4_800);
    let loud = bench.db();
    let wanted = 40.0 * (127.0_f64 / 20.0).log10();
    assert!((loud - soft - wanted).abs() < 0.1, "{soft} {loud}");
    bench.send(&[&[0xB0, 7, 100]]);
    bench.left(4_800);
    let louder = bench.db();
    assert!(
        (louder - loud - 40.0 * 2.0_f64.log10()).abs() < 0.1,
        "volume stayed"
    );
}

#[test]
fn master_tuning_moves_everything_and_drums_only_finely() {
    let fine: &[u8] = &[0xF0, 0x7F, 0x7F, 4, 3, 0, 96, 0xF7];
    let coarse: &[u8] = &[0xF0, 0x7F, 0x7F, 4, 4, 0, 76, 0xF7];
    let own: &[u8] = &[0xB0, 101, 0];
    let of = |is_drum: bool, messages: &[&[u8]]| {
        let patch = Patch {
            is_drum,
            ..Patch::default()
        };
        let mut bench = Bench::new(bank(&[looped_sine()], &[(patch, vec![region(0, &[])])]));
        let channel = if is_drum { 9 } else { 0 };
        for message in messages {
            let mut message = message.to_vec();
            if message[0] < 0xF0 {
                message[0] |= channel;
            }
            bench.send(&[&message]);
        }
        bench.send(&[&[0x90 | channel, 69, 127]]);
        cents(bench.hz(), 480.0)
    };
    let semitone_up: [&[u8]; 3] = [own, &[0xB0, 100, 2], &[0xB0, 6, 65]];
    for (is_drum, messages, wanted) in [
        (false, &[fine][..], 50.0),
        (true, &[fine], 50.0),
        (false, &[coarse], 1_200.0),
        (true, &[coarse], 0.0),
        (false, &semitone_up, 100.0),
        (true, &semitone_up, 0.0),
    ] {
        let is = of(is_drum, messages);
        assert!((is - wanted).abs() < 0.2, "{is_drum} {messages:?}: {is}");
    }
    // What sounds already follows, but for drums.
    for (channel, wanted) in [(0, 100.0), (9, 0.0)] {
        let patch = Patch {
            is_drum: channel == 9,
            ..Patch::default()
        };
        let mut bench = Bench::new(bank(&[looped_sine()], &[(patch, vec![region(0, &[])])]));
        bench.send(&[&[0x90 | channel, 69, 127]]);
        bench.left(1_000);
        let control = 0xB0 | channel;
        bench.send(&[&[control, 101, 0], &[control, 100, 2], &[control, 6, 65]]);
        let is = cents(bench.hz(), 480.0);
        assert!((is - wanted).abs() < 0.2, "{channel}: {is}");
    }
}

#[test]
fn the_second_envelope_has_its_own_times() {
    let second = Destination::Modulation;
    let to_pitch = connection(
        Source::ModulationEnvelope,
        Source::None,
        Destination::Pitch,
        1_200.0,
    );
    let at = |connections: &[Connection], seconds: f64| {
        let all = [connections, &[to_pitch]].concat();
        let mut bench = Bench::with(&all);
        bench.send(&[&note(69)]);
        bench.left((seconds * RATE) as usize - 1_200);
        let heard = bench.left(2_400);
        assert!(peak(&heard) > 0.05);
        cents(pitch(&heard), 480.0)
    };
    // Up in half a second, half of the way after half of it; then down to a quarter in a second for all of the way.
    let attack = [constant(second(Segment::Attack), time_cents(0.5))];
    assert!((at(&attack, 0.25) - 600.0).abs() < 10.0);
    let late = [constant(second(Segment::Delay), time_cents(0.5)), attack[0]];
    assert!(at(&late, 0.4).abs() < 2.0 && (at(&late, 0.75) - 600.0).abs() < 10.0);
    let down = [
        constant(second(Segment::Hold), time_cents(0.25)),
        constant(second(Segment::Decay), time_cents(1.0)),
        constant(second(Segment::Sustain), 250.0),
    ];
    assert!((at(&down, 0.2) - 1_200.0).abs() < 2.0, "it holds");
    assert!((at(&down, 0.75) - 600.0).abs() < 10.0, "it falls");
    assert!((at(&down, 1.5) - 300.0).abs() < 2.0, "it stays");
}

#[test]
fn an_oscillator_moves_loudness_and_an_inverted_one_goes_down_first() {
    let swing = |is_inverted| Connection {
        of_source: Transform {
            is_inverted,
            is_bipolar: true,
            curve: Curve::Linear,
        },
        ..connection(Source::ModulationLfo, Source::None, Destination::Gain, 60.0)
    };
    let heard = |is_inverted| {
        let quick = constant(Destination::LfoRate, pitch_cents(2.0));
        let none = constant(Destination::LfoDelay, f64::from(i32::MIN) / 65_536.0);
        let mut bench = Bench::with(&[swing(is_inverted), quick, none]);
        // Below what a voice may have at most.
        bench.send(&[&[0xB0, 11, 80], &note(69)]);
        let heard = bench.left(24_000);
        let db = |from: usize| 20.0 * f64::from(peak(&heard[from..from + 200])).log10();
        // A quarter of a turn is an eighth of a second.
        (db(6_000 - 100), db(12_000 - 100), db(18_000 - 100))
    };
    let (up, middle, down) = heard(false);
    assert!((up - middle - 6.0).abs() < 0.3 && (middle - down - 6.0).abs() < 0.4);
    let (first, middle, last) = heard(true);
    assert!((middle - first - 6.0).abs() < 0.4 && (last - middle - 6.0).abs() < 0.3);
}

#[test]
fn what_a_region_says_of_its_wave_counts_whole() {
    let mut bench = Bench::with(&[]);
    bench.send(&[&note(69)]);
    let (hz, db) = (bench.hz(), bench.db());
    let tuned = Region {
        sample: Some(Sample {
            unity: 57,
            fine: 30,
            gain: -6 * 655_360,
            repeat: Some(Loop {
                kind: LoopKind::Forward,
                start: 100,
                length: 200,
            }),
        }),
        ..region(0, &[])
    };
    let mut bench = Bench::new(one(looped_sine(), tuned));
    bench.send(&[&note(69)]);
    let (high, soft) = (bench.hz(), bench.db());
    assert!((cents(high, hz) - 1_230.0).abs() < 0.2, "{high}");
    assert!((soft - db + 6.0).abs() < 0.1, "{soft} {db}");
}

#[test]
fn loudness_that_is_written_upside_down_is_meant_the_right_way_round() {
    let wrong = Connection {
        of_source: Transform {
            is_inverted: false,
            is_bipolar: false,
            curve: Curve::Concave,
        },
        ..connection(Source::Velocity, Source::None, Destination::Gain, -960.0)
    };
    let db = |connections: &[Connection], velocity| {
        let mut bench = Bench::with(connections);
        bench.send(&[&[0x90, 69, velocity]]);
        bench.db()
    };
    for velocity in [127, 64] {
        let (is, wanted) = (db(&[wrong], velocity), db(&[], velocity));
        assert!((is - wanted).abs() < 0.1, "{velocity}: {is} {wanted}");
    }
}

#[test]
fn among_equals_a_released_voice_goes_first_then_one_the_pedal_holds_then_the_softest() {
    let long = [constant(VOLUME(Segment::Release), time_cents(20.0))];
    // What sounds of three notes once a fourth has come; loudness says which.
    let left = |prepare: &[&[u8]], velocities: [u8; 3]| {
        let mut bench = Bench::of(one(still(12_000), region(0, &long)), 3);
        for (key, velocity) in [60, 62, 64].into_iter().zip(velocities) {
            bench.send(&[&[0x90, key, velocity]]);
            bench.left(640);
        }
        bench.send(prepare);
        bench.left(64);
        bench.send(&[&[0x90, 67, 1]]);
        bench.left(2_000);
        // Whoever still hears its key.
        let mut here = vec![];
        for key in [60, 62, 64] {
            let before = bench.0.playing();
            bench.send(&[&[0xB0, 64, 0], &[0x80, key, 0]]);
            let _ = before;
            here.push(peak(&bench.left(64)));
        }
        here[2]
    };
    let all = left(&[], [100, 100, 100]);
    // The loudest is released and is taken though others are softer: two soft ones are left.
    let soft = left(&[&[0x80, 60, 0]], [127, 20, 20]);
    assert!(soft < 0.3 * all, "{soft} {all}");
    // The loudest is held by the pedal alone.
    let held = left(&[&[0xB0, 64, 127], &[0x80, 60, 0]], [127, 20, 20]);
    assert!(held < 0.3 * all, "{held} {all}");
    // Nobody is released: the softest goes, and what is left is loud.
    let loud = left(&[], [127, 20, 127]);
    assert!(loud > 1.2 * all, "{loud} {all}");
}

#[test]
fn one_output_channel_gets_the_middle_of_both_sides() {
    let heard = |pan: u8, channels: usize| {
        let mut bench = Bench::new(one(still(12_000), region(0, &[])));
        bench.send(&[&[0xB0, 10, pan], &note(69)]);
        let mut out = Samples::new(channels, 2_000);
        out.set_len(2_000);
        bench.0.render(&mut out, 0..2_000);
        out.channels().map(|it| it[1_500]).collect::<Vec<f32>>()
    };
    for pan in [0, 64, 127] {
        let (both, one) = (heard(pan, 2), heard(pan, 1));
        assert!(both[0] + both[1] > 0.05);
        assert!(
            (one[0] - 0.5 * (both[0] + both[1])).abs() < 1e-4,
            "{pan}: {both:?} {one:?}"
        );
    }
}

#[test]
fn a_region_of_a_phase_group_follows_the_pitch_of_its_master_to_the_bit() {
    let half = |channel: u32, connections: &[Connection]| Region {
        link: Link {
            cue: 0,
            channel,
            phase_group: 3,
            is_master: channel == 1,
        },
        ..region(0, connections)
    };
    let lead = [
        constant(Destination::Pitch, 300.0),
        connection(Source::VibratoLfo, Source::None, Destination::Pitch, 80.0),
        constant(Destination::VibratoRate, pitch_cents(7.0)),
        connection(
            Source::ModulationEnvelope,
            Source::None,
            Destination::Pitch,
            150.0,
        ),
        constant(Destination::Modulation(Segment::Attack), time_cents(0.2)),
    ];
    // The other says something else of its pitch, and is softer; it is named first, so it is looked at first.
    let other = [
        constant(Destination::Pitch, -700.0),
        connection(
            Source::ModulationLfo,
            Source::None,
            Destination::Pitch,
            -90.0,
        ),
        constant(Destination::Gain, -60.0),
    ];

    let tuned = Region {
        sample: Some(Sample {
            unity: 40,
            fine: 77,
            gain: 0,
            repeat: Some(Loop {
                kind: LoopKind::Forward,
                start: 100,
                length: 200,
            }),
        }),
        ..half(2, &other)
    };
    let pair = vec![tuned, half(1, &lead)];
    let mut bench = Bench::new(bank(&[looped_sine()], &[(Patch::default(), pair)]));
    bench.send(&[&note(69)]);
    let mut all = bench.play(10_000);
    bench.send(&[&[0xE0, 0, 100], &[0xB0, 1, 90]]);
    let later = bench.play(20_000);
    bench.send(&[&[0x80, 69, 0]]);
    let end = bench.play(300);
    for (side, more) in all.iter_mut().zip(later.into_iter().zip(end)) {
        side.extend(more.0);
        side.extend(more.1);
    }
    let [left, right] = all;
    assert!(peak(&left) > 0.05 && peak(&right) > 0.02);
    // Six decibels softer, sample for sample.
    let part = 10.0_f32.powf(-6.0 / 20.0);
    let off = left.iter().zip(&right).map(|(l, r)| (l * part - r).abs());
    let worst = off.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    assert!(worst.is_some_and(|it| it.1 < 1e-6), "{worst:?}");
}

#[test]
fn a_filter_rings_behind_the_last_sample_the_same_however_the_stream_is_cut() {
    let cut = [
        constant(Destination::Cutoff, pitch_cents(700.0)),
        constant(Destination::Resonance, 200.0),
    ];
    let heard = |cuts: &[usize]| {
        let short = sine(230, None);
        let regions = vec![region(0, &cut)];
        let mut bench = Bench::new(bank(&[short], &[(Patch::default(), regions)]));
        bench.send(&[&note(69)]);
        let cuts = cuts.iter().cycle().scan(0, |at, cut| {
            let len = (*cut).min(640 - *at);
            *at += len;
            (len > 0).then_some(len)
        });
        cuts.flat_map(|it| bench.left(it)).collect::<Vec<f32>>()
    };
    let whole = heard(&[64]);
    assert!(peak(&whole[..230]) > 0.1 && peak(&whole[240..256]) > 0.01);
    for cuts in [&[640][..], &[1], &[7, 100, 33], &[9]] {
        let other = heard(cuts);
        assert!(whole.iter().eq(&other), "{cuts:?}");
    }
}

#[test]
fn loops_are_seamless_at_any_pitch_and_when_they_are_left() {
    // From three octaves below to three and a half above: up to eleven samples at a time.
    for key in [33_u8, 69, 93, 111] {
        let looped = sine(400, Some((100, 200, LoopKind::UntilRelease)));
        let slow = [constant(VOLUME(Segment::Release), time_cents(4.0))];
        let regions = vec![region(0, &slow)];
        let mut bench = Bench::new(bank(&[looped], &[(Patch::default(), regions)]));
        bench.send(&[&note(key)]);
        let heard = bench.left(9_000);
        let wanted = 480.0 * (f64::from(key) - 69.0).mul_add(1.0 / 12.0, 0.0).exp2();
        let is = pitch(&heard[200..]);
        assert!(cents(is, wanted).abs() < 1.0, "{key}: {is}");
        let loud = peak(&heard);
        assert!(loud > 0.1);
        // What a sine of that pitch turns by is known; a seam would stand out.
        let turn = 2.0 * (std::f64::consts::TAU * wanted / RATE).cos() as f32;
        let seam = |it: &[f32]| {
            let off = it.windows(3).map(|it| (it[2] + it[0] - turn * it[1]).abs());
            off.fold(0.0_f32, f32::max) / loud
        };
        let most = seam(&heard[300..9_000]);
        assert!(most < 0.02, "{key}: {most}");
        bench.send(&[&[0x80, key, 0]]);
        // The rest of the wave is at most 300 samples of it, then there is nothing.
        let rest = bench.left(9_000);
        let per_sample = wanted / 480.0;
        let most = (300.0 / per_sample) as usize + 3;
        assert!(
            peak(&rest[most.min(8_000)..]) == 0.0 || most > 8_000,
            "{key}"
        );
        let least = (90.0 / per_sample) as usize;
        assert!(seam(&rest[..least.saturating_sub(1)]) < 0.02, "{key}");
    }
}
