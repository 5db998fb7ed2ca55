//! The synthesizer against formulas: collections that are computed, and what each part of them has to come to.

use std::sync::Arc;

use super::connection::Segment;
use super::test_bench::*;
use super::*;
use crate::dsp::measure::{dbfs, peak, tone_windowed};

#[test]
fn a_key_sounds_at_its_pitch_within_a_cent() {
    for key in [33_u8, 57, 68, 69, 70, 93] {
        let mut bench = Bench::with(&[]);
        bench.send(&[&note(key)]);
        let wanted = 480.0 * ((f64::from(key) - 69.0) / 12.0).exp2();
        let hz = bench.hz();
        assert!(cents(hz, wanted).abs() < 0.2, "{key}: {hz} {wanted}");
    }
}

#[test]
fn a_note_begins_at_its_own_sample_and_its_samples_do_not_hang_on_the_cutting() {
    let regions = vec![region(
        0,
        &[
            constant(VOLUME(Segment::Attack), time_cents(0.02)),
            constant(VOLUME(Segment::Decay), time_cents(0.9)),
            constant(VOLUME(Segment::Sustain), 400.0),
            constant(VOLUME(Segment::Release), time_cents(0.3)),
            connection(
                Source::VibratoLfo,
                Source::Controller(1),
                Destination::Pitch,
                50.0,
            ),
            connection(Source::ModulationLfo, Source::None, Destination::Gain, 30.0),
            connection(
                Source::ModulationEnvelope,
                Source::None,
                Destination::Cutoff,
                2400.0,
            ),
            constant(Destination::Cutoff, pitch_cents(800.0)),
            constant(Destination::Resonance, 60.0),
            constant(Destination::Modulation(Segment::Attack), time_cents(0.05)),
        ],
    )];
    let play = |cuts: &[usize]| {
        let mut bench = Bench::of(
            bank(&[looped_sine()], &[(Patch::default(), regions.clone())]),
            6,
        );
        let mut heard = [vec![], vec![]];
        let mut at = 0;
        for cut in cuts.iter().cycle() {
            let mut left = *cut;
            while left > 0 {
                // Something happens every 777 samples, in the middle of steps.
                let until = (777 - at % 777).min(left);
                let [l, r] = bench.play(until);
                heard[0].extend(l);
                heard[1].extend(r);
                (at, left) = (at + until, left - until);
                let n = (at / 777) as u8;
                match at % 777 {
                    0 if n % 3 == 2 => bench.send(&[&[0x80, 40 + (n - 1) % 50, 0]]),
                    0 if n % 7 == 3 => {
                        bench.send(&[&[0xE0, 0, n % 128], &[0xB0, 1, n % 128], &[0xB0, 10, n]])
                    }
                    0 => bench.send(&[&[0x90, 40 + n % 50, 90]]),
                    _ => {}
                }
            }
            if at > 60_000 {
                break;
            }
        }
        heard.map(|mut side| {
            side.truncate(60_000);
            side
        })
    };
    let whole = play(&[777]);
    assert!(peak(&whole[0]) > 0.1 && whole[0] != whole[1]);
    // The attack begins at nothing, the wave too.
    let first = whole[0].iter().position(|it| *it != 0.0).unwrap();
    assert_eq!(first, 777 + 1);
    assert_eq!(whole, play(&[1, 63, 64, 7, 4096, 129]));
    assert_eq!(whole, play(&[480]));
}

#[test]
fn loops_have_no_seam_and_one_until_release_plays_its_end_once() {
    let mut bench = Bench::with(&[]);
    bench.send(&[&note(81)]);
    let heard = bench.left(20_000);
    let at = |n: usize| (std::f64::consts::TAU * n as f64 / 50.0).sin();
    let top = (0..50).map(at).fold(0.0, f64::max);
    let scale = f64::from(peak(&heard[10_000..])) / top;
    let off = heard
        .iter()
        .enumerate()
        .skip(100)
        .map(|(n, x)| (f64::from(*x) - scale * at(n)).abs());
    let off = off.fold(0.0, f64::max);
    assert!(scale > 0.05 && off < 4e-4 * scale, "{off} of {scale}");
    // The rest behind the loop is a step that stands still: it is heard once the key is up, and then nothing.
    let sine = |n: usize| (16_384.0 * at(n / 2 * 2).clamp(-1.0, 1.0)) as i16;
    let samples = (0..200).map(sine).chain(std::iter::repeat_n(8_192, 3_000));
    let held = wave(samples, Some((0, 200, LoopKind::UntilRelease)));
    let slow = [constant(VOLUME(Segment::Release), time_cents(100.0))];
    let bank = bank(&[held], &[(Patch::default(), vec![region(0, &slow)])]);
    let mut bench = Bench::new(bank);
    bench.send(&[&note(69)]);
    let held = bench.left(10_000);
    assert!(peak(&held[9_000..]) > 0.05);
    bench.send(&[&[0x80, 69, 0]]);
    let rest = bench.left(4_000);
    let standing = rest[1_500];
    assert!(standing > 0.03 && (rest[1_600] - standing).abs() < 1e-3);
    assert_eq!(rest[3_300..], [0.0; 700], "it is over");
    assert_eq!(bench.0.playing(), 0);
}

/// The time at which loudness first is so many dB below the top.
fn seconds_to(heard: &[f32], db: f32) -> f64 {
    let top = peak(heard);
    let loud: Vec<f32> = heard
        .chunks(PERIOD)
        .map(|it| dbfs(peak(it) / top))
        .collect();
    let at = loud.iter().rposition(|it| *it > db).unwrap();
    (at as f64 + 1.0) * PERIOD as f64 / RATE
}

#[test]
fn times_of_the_first_envelope_are_as_stated() {
    let attack = [constant(VOLUME(Segment::Attack), time_cents(0.5))];
    let mut bench = Bench::with(&attack);
    bench.send(&[&note(69)]);
    let heard = bench.left(48_000);
    let top = peak(&heard[30_000..]);
    // Up in a line: at half the time half as loud.
    for part in [0.2, 0.5, 0.8] {
        let at = (part * 24_000.0) as usize / PERIOD * PERIOD;
        let is = peak(&heard[at - PERIOD..at]) / top;
        assert!((f64::from(is) - part).abs() < 0.01, "{part}: {is}");
    }
    let down = [
        constant(VOLUME(Segment::Delay), time_cents(0.1)),
        constant(VOLUME(Segment::Hold), time_cents(0.25)),
        constant(VOLUME(Segment::Decay), time_cents(2.0)),
        constant(VOLUME(Segment::Sustain), 500.0),
        constant(VOLUME(Segment::Release), time_cents(1.0)),
    ];
    let mut bench = Bench::with(&down);
    bench.send(&[&note(69)]);
    let heard = bench.left(96_000);
    assert_eq!(peak(&heard[..4_800]), 0.0, "it waits");
    assert!(peak(&heard[4_800..4_900]) > 0.05);
    // 96 dB in two seconds, from 0.35 s on.
    for db in [-6.0, -24.0, -40.0] {
        let wanted = 0.35 - 2.0 * f64::from(db) / 96.0;
        let is = seconds_to(&heard, db);
        assert!((is - wanted).abs() < 0.01 * wanted, "{db}: {is} {wanted}");
    }
    let level = dbfs(peak(&heard[90_000..]) / peak(&heard));
    assert!((level + 48.0).abs() < 0.1, "{level}");
    bench.send(&[&[0x80, 69, 0]]);
    let rest = bench.left(48_000);
    let is = seconds_to(&rest, -24.0);
    assert!((is - 0.25).abs() < 0.005, "{is}");
    assert_eq!(rest[27_000..], [0.0; 21_000]);
    let instant = [constant(VOLUME(Segment::Attack), 0.0)];
    let instant = [Connection {
        scale: i32::MIN,
        ..instant[0]
    }];
    let mut bench = Bench::with(&instant);
    bench.send(&[&note(69)]);
    assert!(bench.left(100)[25] > 0.05, "no time is none at all");
}

#[test]
fn velocity_volume_and_expression_follow_their_law_and_so_does_pan() {
    let db = |messages: &[&[u8]], velocity: u8| {
        let mut bench = Bench::with(&[]);
        bench.send(messages);
        bench.send(&[&[0x90, 69, velocity]]);
        bench.left(4_800);
        let [left, right] = bench.play(4_800);
        (f64::from(dbfs(peak(&left))), f64::from(dbfs(peak(&right))))
    };
    let (full, _) = db(&[&[0xB0, 7, 127]], 127);
    let law = |value: u8| 40.0 * (f64::from(value) / 127.0).log10();
    for value in [1_u8, 30, 64, 100] {
        let wanted = law(value);
        for is in [
            db(&[&[0xB0, 7, 127]], value).0,
            db(&[&[0xB0, 7, value]], 127).0,
            db(&[&[0xB0, 7, 127], &[0xB0, 11, value]], 127).0,
        ] {
            // The wave has 16 bits; the softest of these is below that.
            assert!(
                (is - full - wanted).abs() < 0.1,
                "{value}: {} {wanted}",
                is - full
            );
        }
    }
    assert_eq!(
        db(&[&[0xB0, 7, 0]], 127).0,
        f64::from(dbfs(0.0)).max(db(&[&[0xB0, 7, 0]], 127).0)
    );
    for value in [0_u8, 1, 32, 64, 100, 127] {
        let (left, right) = db(&[&[0xB0, 7, 127], &[0xB0, 10, value]], 127);
        let part = ((f64::from(value) / 64.0 - 1.0) * 0.508).clamp(-0.5, 0.5);
        let angle = (part + 0.5) * std::f64::consts::FRAC_PI_2;
        // In the middle each side is 3 dB down.
        let wanted = |x: f64| 20.0 * (x * std::f64::consts::SQRT_2).log10();
        for (is, wanted) in [(left, wanted(angle.cos())), (right, wanted(angle.sin()))] {
            let is = is - full;
            let is_nothing = wanted < -80.0 && is < -80.0;
            assert!(
                is_nothing || (is - wanted).abs() < 0.1,
                "{value}: {is} {wanted}"
            );
        }
    }
}

/// How loud the filter leaves a tone of so many Hz, in dB.
fn let_through(cutoff_hz: f64, resonance_db: f64, hz: f64) -> f64 {
    let of = |connections: &[Connection]| {
        let mut bench = Bench::with(connections);
        let key = 69.0 + 12.0 * (hz / 480.0).log2();
        assert!((key - key.round()).abs() < 1e-3);
        bench.send(&[&[0xB0, 7, 50], &note(key.round() as u8)]);
        bench.left(9_600);
        let heard = bench.left(48_000);
        20.0 * tone_windowed(&heard, hz, RATE).amplitude.log10()
    };
    let cut = [
        constant(Destination::Cutoff, pitch_cents(cutoff_hz)),
        constant(Destination::Resonance, resonance_db * 10.0),
    ];
    of(&cut) - of(&[])
}

#[test]
fn the_filter_cuts_where_it_says_and_resounds_as_much_as_it_says() {
    // 3.01 dB down at the cutoff; off by 2 % of it that would be off by 0.13 dB.
    for hz in [480.0, 960.0, 1_920.0, 3_840.0] {
        let is = let_through(hz, 0.0, hz);
        assert!((is + 3.01).abs() < 0.06, "{hz}: {is}");
        if hz < 3_000.0 {
            let above = let_through(hz, 0.0, 4.0 * hz);
            assert!(above < -24.0 && above > -27.0, "{hz}: {above}");
        }
        let below = let_through(hz, 0.0, hz / 8.0);
        assert!(below.abs() < 0.05, "{hz}: {below}");
    }
    // A peak stands half above the level and half below it.
    let peak = let_through(960.0, 12.0, 960.0) + 3.01;
    assert!((peak - 6.0).abs() < 0.15, "{peak}");
    let below = let_through(960.0, 12.0, 120.0);
    assert!((below + 6.0).abs() < 0.2, "{below}");
}

#[test]
fn the_oscillators_have_their_rates_delays_and_depths() {
    let turns = |mover: Source, rate: Destination, delay: Destination| {
        let moved = [
            connection(mover, Source::None, Destination::Pitch, 100.0),
            constant(rate, pitch_cents(4.0)),
            constant(delay, time_cents(0.5)),
        ];
        let mut bench = Bench::with(&moved);
        bench.send(&[&note(69)]);
        // Periods of the tone, in samples.
        let heard = bench.left(96_000);
        let ups: Vec<f64> = (1..heard.len())
            .filter(|n| heard[n - 1] < 0.0 && heard[*n] >= 0.0)
            .map(|n| n as f64 - f64::from(heard[n]) / f64::from(heard[n] - heard[n - 1]))
            .collect();
        ups.windows(2)
            .map(|it| (it[0] / RATE, cents(RATE / (it[1] - it[0]), 480.0)))
            .collect::<Vec<_>>()
    };
    let lfo = turns(
        Source::ModulationLfo,
        Destination::LfoRate,
        Destination::LfoDelay,
    );
    let vibrato = turns(
        Source::VibratoLfo,
        Destination::VibratoRate,
        Destination::VibratoDelay,
    );
    for heard in [lfo, vibrato] {
        let off = |t: f64| {
            let turn = ((t - 0.5) * 4.0).rem_euclid(1.0);
            let wanted = match turn {
                _ if t < 0.5 => 0.0,
                x if x < 0.25 => 400.0 * x,
                x if x < 0.75 => 200.0 - 400.0 * x,
                x => 400.0 * x - 400.0,
            };
            let near = heard
                .iter()
                .min_by(|a, b| (a.0 - t).abs().total_cmp(&(b.0 - t).abs()));
            near.unwrap().1 - wanted
        };
        for n in 0..70 {
            let at = 0.1 + 0.0257 * f64::from(n);
            // A look every 1.3 ms at what moves by 1.6 cents a millisecond.
            assert!(off(at).abs() < 8.0, "{at}: {}", off(at));
        }
        let deep = heard.iter().map(|it| it.1).fold(0.0, f64::max);
        assert!((deep - 100.0).abs() < 4.0, "{deep}");
    }
}

#[test]
fn each_connection_moves_what_it_leads_to() {
    use Destination::{Gain, Pan, Pitch};
    // Pitch, by 100 cents at full scale.
    let at_rest = 480.0;
    let pitches: &[(Source, &[&[u8]], f64)] = &[
        (Source::Velocity, &[], 100.0 * 127.0 / 128.0),
        (Source::ChannelPressure, &[&[0xD0, 64]], 50.0),
        (Source::PolyPressure, &[&[0xA0, 69, 64]], 50.0),
        (Source::PolyPressure, &[&[0xA0, 70, 64]], 0.0),
        (Source::Controller(1), &[&[0xB0, 1, 32]], 25.0),
        (Source::Controller(74), &[&[0xB0, 74, 96]], 75.0),
        (Source::Controller(20), &[&[0xB0, 20, 96]], 75.0),
    ];
    for (source, messages, wanted) in pitches {
        let mut bench = Bench::with(&[connection(*source, Source::None, Pitch, 100.0)]);
        bench.send(&[&note(69)]);
        bench.send(messages);
        let is = cents(bench.hz(), at_rest);
        assert!((is - wanted).abs() < 0.3, "{source:?}: {is} {wanted}");
    }
    // A control scales its source.
    let scaled = connection(Source::Velocity, Source::Controller(1), Pitch, 100.0);
    let mut bench = Bench::with(&[scaled]);
    bench.send(&[&[0xB0, 1, 64], &note(69)]);
    assert!((cents(bench.hz(), at_rest) - 50.0 * 127.0 / 128.0).abs() < 0.3);
    // The second envelope holds pitch at its sustain.
    let envelope = [
        connection(Source::ModulationEnvelope, Source::None, Pitch, 200.0),
        constant(Destination::Modulation(Segment::Sustain), 500.0),
        constant(Destination::Modulation(Segment::Decay), time_cents(0.01)),
    ];
    let mut bench = Bench::with(&envelope);
    bench.send(&[&note(69)]);
    bench.left(4_800);
    assert!((cents(bench.hz(), at_rest) - 100.0).abs() < 0.3);
    // Constants.
    let mut bench = Bench::with(&[constant(Pitch, -30.0)]);
    bench.send(&[&note(69)]);
    assert!((cents(bench.hz(), at_rest) + 30.0).abs() < 0.2);
    let loud = |connections: &[Connection]| {
        let mut bench = Bench::with(connections);
        bench.send(&[&note(69)]);
        bench.left(480);
        bench.db()
    };
    let gain = loud(&[constant(Gain, -200.0)]) - loud(&[]);
    assert!((gain + 20.0).abs() < 0.05, "{gain}");
    assert!(
        (loud(&[constant(Gain, 600.0)]) - loud(&[]) - 6.0 - 4.15).abs() < 0.1,
        "no louder than 6 dB"
    );
    let mut bench = Bench::with(&[constant(Pan, -500.0)]);
    bench.send(&[&note(69)]);
    let [left, right] = bench.play(4_800);
    assert!(peak(&left) > 0.05 && peak(&right) < 1e-4);
    // A key that does not scale pitch.
    let fixed = connection(Source::Key, Source::None, Pitch, 0.0);
    let mut bench = Bench::with(&[fixed]);
    bench.send(&[&note(40)]);
    assert!(cents(bench.hz(), at_rest).abs() < 0.2);
    // Louder notes attack later.
    let slower = [
        constant(VOLUME(Segment::Attack), time_cents(0.1)),
        connection(
            Source::Velocity,
            Source::None,
            VOLUME(Segment::Attack),
            1200.0,
        ),
    ];
    let mut bench = Bench::with(&slower);
    bench.send(&[&note(69)]);
    let heard = bench.left(24_000);
    let half = heard
        .iter()
        .position(|it| *it > 0.5 * peak(&heard))
        .unwrap() as f64
        / RATE;
    let wanted = 0.05 * (127.0_f64 / 128.0).exp2();
    assert!((half - wanted).abs() < 0.003, "{half} {wanted}");
}

#[test]
fn the_bender_and_registered_parameters_tune_in_cents() {
    let is = |messages: &[&[u8]]| {
        let mut bench = Bench::with(&[]);
        bench.send(messages);
        bench.send(&[&note(69)]);
        cents(bench.hz(), 480.0)
    };
    let range = |semitones: u8, cents: u8| {
        [
            [0xB0, 101, 0],
            [0xB0, 100, 0],
            [0xB0, 6, semitones],
            [0xB0, 38, cents],
        ]
    };
    assert!(
        (is(&[&[0xE0, 0, 80]]) - 50.0).abs() < 0.2,
        "two semitones at rest"
    );
    let one = range(1, 0);
    let one: Vec<&[u8]> = one
        .iter()
        .map(|it| &it[..])
        .chain([&[0xE0, 0, 32][..]])
        .collect();
    assert!((is(&one) + 50.0).abs() < 0.2);
    let fine: [&[u8]; 4] = [
        &[0xB0, 101, 0],
        &[0xB0, 100, 1],
        &[0xB0, 6, 96],
        &[0xB0, 38, 0],
    ];
    assert!((is(&fine) - 50.0).abs() < 0.2);
    let mut bench = Bench::with(&[]);
    bench.send(&[&[0xB0, 101, 0], &[0xB0, 100, 2], &[0xB0, 6, 76], &note(69)]);
    assert!(cents(bench.hz(), 960.0).abs() < 0.2, "an octave up");
    // While it sounds, too.
    bench.send(&[&[0xB0, 6, 64]]);
    assert!(cents(bench.hz(), 480.0).abs() < 0.2);
    bench.send(&[&[0xF0, 0x7F, 0x7F, 4, 3, 0, 96, 0xF7]]);
    assert!(
        (cents(bench.hz(), 480.0) - 50.0).abs() < 0.2,
        "everything is tuned"
    );
}

#[test]
fn pedals_hold_and_let_go() {
    let mut bench = Bench::with(&[constant(VOLUME(Segment::Release), time_cents(0.05))]);
    let sounds = |bench: &mut Bench| {
        bench.left(9_600);
        peak(&bench.left(480)) > 0.01
    };
    bench.send(&[&note(69), &[0xB0, 64, 127], &[0x80, 69, 0]]);
    assert!(sounds(&mut bench));
    bench.send(&[&[0xB0, 64, 0]]);
    assert!(!sounds(&mut bench));
    // Sostenuto holds what is down when it goes down, and nothing later.
    bench.send(&[
        &note(60),
        &[0xB0, 66, 127],
        &note(64),
        &[0x80, 60, 0],
        &[0x80, 64, 0],
    ]);
    assert!(sounds(&mut bench));
    assert_eq!(bench.0.playing(), 1);
    bench.send(&[&[0xB0, 66, 0]]);
    assert!(!sounds(&mut bench));
    for (number, is_held) in [(123, true), (120, false)] {
        bench.send(&[&[0xB0, 64, 127], &note(60), &[0xB0, number, 0]]);
        assert_eq!(sounds(&mut bench), is_held, "{number}");
        bench.send(&[&[0xB0, 121, 0]]);
        assert!(!sounds(&mut bench));
    }
    let soft = |value: u8| {
        let mut bench = Bench::with(&[]);
        bench.send(&[&[0xB0, 67, value], &note(69)]);
        bench.left(480);
        bench.db()
    };
    assert!((soft(127) - soft(0) + 4.0).abs() < 0.05);
}

#[test]
fn sound_controllers_move_filter_and_envelope() {
    let filtered = [constant(Destination::Cutoff, pitch_cents(960.0))];
    let loud = |messages: &[&[u8]], connections: &[Connection]| {
        let mut bench = Bench::with(connections);
        bench.send(messages);
        bench.send(&[&[0xB0, 7, 60], &note(81)]);
        bench.left(9_600);
        bench.db()
    };
    let at_rest = loud(&[], &filtered);
    assert!(loud(&[&[0xB0, 74, 100]], &filtered) > at_rest + 2.0);
    assert!(loud(&[&[0xB0, 74, 30]], &filtered) < at_rest - 6.0);
    assert!(loud(&[&[0xB0, 71, 127]], &filtered) > at_rest + 5.0);
    assert_eq!(
        loud(&[&[0xB0, 74, 20]], &[]),
        loud(&[], &[]),
        "without a filter nothing"
    );
    // Attack and release: sixteen times as long a third of the way up.
    let times = [
        constant(VOLUME(Segment::Attack), time_cents(0.05)),
        constant(VOLUME(Segment::Release), time_cents(0.4)),
    ];
    let mut bench = Bench::with(&times);
    bench.send(&[&[0xB0, 73, 96], &[0xB0, 72, 96], &note(69)]);
    let heard = bench.left(48_000);
    let at = (0.2 * RATE) as usize;
    let is = peak(&heard[at - PERIOD..at]) / peak(&heard);
    assert!((is - 0.5).abs() < 0.01, "{is}");
    bench.send(&[&[0x80, 69, 0]]);
    let is = seconds_to(&bench.left(48_000), -12.0);
    assert!((is - 0.4).abs() < 0.01, "{is}");
}

#[test]
fn groups_and_the_same_key_cut_each_other_softly_and_layers_sound_together() {
    let hat = |key: u8, group: u16| Region {
        keys: key..=key,
        group,
        ..region(0, &[])
    };
    let drum = Patch {
        is_drum: true,
        ..Patch::default()
    };
    let kit = vec![hat(42, 1), hat(46, 1), hat(50, 0)];
    let mut bench = Bench::new(bank(&[looped_sine()], &[(drum, kit)]));
    bench.send(&[&[0x99, 46, 127], &[0x99, 50, 127]]);
    bench.left(4_800);
    assert_eq!(bench.0.playing(), 2);
    bench.send(&[&[0x99, 42, 127]]);
    assert_eq!(bench.0.playing(), 2, "one of its group was cut");
    let heard = bench.left(2_400);
    let step = heard
        .windows(2)
        .map(|it| (it[1] - it[0]).abs())
        .fold(0.0, f32::max);
    assert!(step < 0.03, "without a click: {step}");
    // Of one key only the last sounds, where the region says so.
    let once = Region {
        overlaps: false,
        ..region(0, &[])
    };
    let mut bench = Bench::new(bank(&[looped_sine()], &[(Patch::default(), vec![once])]));
    bench.send(&[&note(60), &note(60), &note(61)]);
    assert_eq!(bench.0.playing(), 2);
    let low = Region {
        velocities: 0..=64,
        ..region(0, &[])
    };
    let layers = vec![region(0, &[]), low];
    let mut bench = Bench::new(bank(&[looped_sine()], &[(Patch::default(), layers)]));
    bench.send(&[&[0x90, 60, 64], &[0x90, 62, 65]]);
    assert_eq!(bench.0.playing(), 3, "a soft note begins both");
}

#[test]
fn a_pair_sounds_left_and_right_at_once() {
    let one = |channel: u32, cue: u32| Region {
        link: Link {
            cue,
            channel,
            phase_group: 1,
            is_master: channel == 1,
        },
        ..region(cue, &[])
    };
    let silent = wave(
        std::iter::repeat_n(0, 400),
        Some((100, 200, LoopKind::Forward)),
    );
    let pair = vec![one(1, 0), one(2, 1)];
    let mut bench = Bench::new(bank(&[looped_sine(), silent], &[(Patch::default(), pair)]));
    bench.send(&[&note(69)]);
    let [left, right] = bench.play(4_800);
    assert!(
        peak(&left) > 0.05 && peak(&right) < 1e-4,
        "{} {}",
        peak(&left),
        peak(&right)
    );
}

#[test]
fn voices_that_are_short_go_to_whom_they_matter_and_nothing_clicks() {
    let mut bench = Bench::of(
        bank(
            &[looped_sine()],
            &[
                (Patch::default(), vec![region(0, &[])]),
                (
                    Patch {
                        is_drum: true,
                        ..Patch::default()
                    },
                    vec![region(0, &[])],
                ),
            ],
        ),
        4,
    );
    bench.send(&[&[0xB0, 7, 60], &[0xBF, 7, 60], &[0xB9, 7, 60]]);
    bench.send(&[
        &[0x90, 57, 127],
        &[0x90, 59, 127],
        &[0x9F, 45, 127],
        &[0x9F, 47, 127],
    ]);
    bench.left(4_800);
    bench.send(&[&[0x99, 60, 127]]);
    assert_eq!(bench.0.playing(), 4);
    let heard = bench.left(2_400);
    // The highest tone there moves by 0.06 of its loudness a sample.
    let bend = heard
        .windows(3)
        .map(|it| (it[2] - 2.0 * it[1] + it[0]).abs())
        .fold(0.0, f32::max);
    assert!(bend < 0.02, "{bend}");
    assert_eq!(bench.0.lost_notes(), 0);
    // Channel 16 gives way first, though channel 1's notes are older.
    bench.send(&[&[0x80, 57, 0], &[0x80, 59, 0], &[0x89, 60, 0]]);
    bench.left(48_000);
    assert_eq!(bench.0.playing(), 1, "one of channel 16 is left");
    let table = crate::portcls::priority::PriorityTable::default();
    let (all, _) = crate::portcls::priority::Priorities::read("1/1=F0000000");
    table.set(&all);
    let mut synth = Synth::new(RATE, 1, 2, 4_800).priorities(table);
    synth = synth.bank(bank(
        &[looped_sine()],
        &[(Patch::default(), vec![region(0, &[])])],
    ));
    let mut bench = Bench(synth);
    bench.0.set(Settings {
        voices: 2,
        reverb: false,
        chorus: false,
    });
    bench.send(&[&[0x90, 57, 127], &[0x90, 59, 127], &[0x91, 60, 127]]);
    assert_eq!((bench.0.playing(), bench.0.lost_notes()), (2, 1));
}

#[test]
fn programs_banks_and_resets_choose_instruments() {
    let patch = |msb: u8, lsb: u8, program: u8| Patch {
        is_drum: false,
        msb,
        lsb,
        program,
    };
    // Each instrument is tuned so that it can be told.
    let tuned = |cents: f64| vec![region(0, &[constant(Destination::Pitch, cents)])];
    let own = bank(
        &[looped_sine()],
        &[
            (patch(0, 0, 0), tuned(0.0)),
            (patch(0, 0, 5), tuned(100.0)),
            (patch(8, 0, 5), tuned(200.0)),
            (patch(8, 3, 5), tuned(300.0)),
            (
                Patch {
                    is_drum: true,
                    ..patch(0, 0, 0)
                },
                tuned(-300.0),
            ),
        ],
    );
    let is = |messages: &[&[u8]], on: u8| {
        let mut bench = Bench::new(own.clone());
        bench.send(messages);
        bench.send(&[&[on, 69, 127]]);
        let heard = bench.left(48_000);
        let near = [-300.0, 0.0, 100.0, 200.0, 300.0]
            .into_iter()
            .max_by(|a: &f64, b: &f64| {
                let loud = |cents: f64| {
                    tone_windowed(&heard, 480.0 * (cents / 1200.0).exp2(), RATE).amplitude
                };
                loud(*a).total_cmp(&loud(*b))
            });
        near.filter(|_| peak(&heard) > 0.01)
    };
    assert_eq!(is(&[], 0x90), Some(0.0));
    assert_eq!(is(&[&[0xC0, 5]], 0x90), Some(100.0));
    assert_eq!(is(&[&[0xB0, 0, 8], &[0xC0, 5]], 0x90), Some(200.0));
    assert_eq!(
        is(&[&[0xB0, 0, 8], &[0xB0, 32, 3], &[0xC0, 5]], 0x90),
        Some(300.0)
    );
    assert_eq!(
        is(&[&[0xC0, 5], &[0xB0, 0, 8]], 0x90),
        Some(100.0),
        "a bank waits for a program"
    );
    assert_eq!(
        is(&[&[0xB0, 0, 9], &[0xC0, 5]], 0x90),
        Some(100.0),
        "what is missing"
    );
    assert_eq!(is(&[&[0xC0, 6]], 0x90), None);
    assert_eq!(is(&[], 0x99), Some(-300.0), "drums on channel 10");
    assert_eq!(is(&[&[0xB0, 0, 120], &[0xC0, 0]], 0x90), Some(-300.0));
    let drums: &[u8] = &[
        0xF0, 0x41, 0x10, 0x42, 0x12, 0x40, 0x11, 0x15, 1, 0x59, 0xF7,
    ];
    assert_eq!(is(&[drums], 0x90), Some(-300.0), "a drum part of GS");
    for reset in [
        &[0xF0, 0x7E, 0x7F, 9, 1, 0xF7][..],
        &[0xF0, 0x41, 0x10, 0x42, 0x12, 0x40, 0, 0x7F, 0, 0x41, 0xF7],
        &[0xF0, 0x43, 0x10, 0x4C, 0, 0, 0x7E, 0, 0xF7],
        &[0xFF],
    ] {
        assert_eq!(is(&[&[0xC0, 5], reset], 0x90), Some(0.0));
    }
    let volume = |value: u8| {
        let mut bench = Bench::new(own.clone());
        bench.send(&[&[0xF0, 0x7F, 0x7F, 4, 1, 0, value, 0xF7], &note(69)]);
        bench.left(480);
        bench.db()
    };
    let wanted = 40.0 * (f64::from(64 << 7) / f64::from((100 << 7) as u16)).log10();
    assert!((volume(64) - volume(100) - wanted).abs() < 0.05);
}

#[test]
fn a_controller_that_jumps_does_not_click() {
    let mut bench = Bench::with(&[constant(Destination::Cutoff, pitch_cents(2_000.0))]);
    bench.send(&[&note(45)]);
    bench.left(9_601);
    let still = bench.left(9_600);
    let bend = |heard: &[f32]| {
        heard
            .windows(3)
            .map(|it| (it[2] - 2.0 * it[1] + it[0]).abs())
            .fold(0.0, f32::max)
    };
    for (number, value) in [(7, 20), (10, 0), (11, 40), (7, 127), (10, 127), (74, 127)] {
        bench.send(&[&[0xB0, number, value]]);
        let heard = bench.left(4_801);
        assert!(
            bend(&heard) < 8.0 * bend(&still),
            "{number}: {} {}",
            bend(&heard),
            bend(&still)
        );
    }
}

#[test]
fn effects_sound_as_much_as_is_sent_to_them_and_go_on_behind_the_note() {
    let tail = |reverb: u8, chorus: u8| {
        let mut bench = Bench::with(&[]);
        bench.0.set(Settings {
            voices: 64,
            reverb: true,
            chorus: true,
        });
        bench.send(&[&[0xB0, 91, reverb], &[0xB0, 93, chorus], &note(69)]);
        bench.left(9_600);
        bench.send(&[&[0xB0, 120, 0]]);
        bench.left(720);
        let [left, right] = bench.play(4_800);
        assert!(reverb == 0 || left != right);
        peak(&left).max(peak(&right))
    };
    let (none, some, all) = (tail(0, 0), tail(40, 0), tail(127, 0));
    assert!(none < 1e-6, "{none}");
    assert!(some > 1e-3 && all > 2.0 * some, "{some} {all}");
    let mut bench = Bench::with(&[]);
    bench.0.set(Settings {
        voices: 64,
        reverb: false,
        chorus: true,
    });
    bench.send(&[&[0xB0, 93, 127], &note(69)]);
    let [left, right] = bench.play(9_600);
    assert!(left != right && peak(&left) > 0.1);
}

#[test]
fn turning_effects_on_and_off_does_not_click() {
    let settings = |is_on| Settings {
        voices: 64,
        reverb: is_on,
        chorus: is_on,
    };
    let mut bench = Bench::with(&[]);
    bench.0.set(settings(true));
    bench.send(&[&[0xB0, 91, 127], &[0xB0, 93, 127], &note(57)]);
    bench.left(48_000);
    let bend = |heard: &[f32]| {
        let bends = heard
            .windows(3)
            .map(|it| (it[2] - 2.0 * it[1] + it[0]).abs());
        bends.fold(0.0, f32::max)
    };
    let still = bench.left(4_800);
    for is_on in [false, true, false] {
        bench.0.set(settings(is_on));
        let heard = bench.left(4_801);
        assert!(peak(&heard) > 0.05);
        assert!(
            bend(&heard) < 3.0 * bend(&still),
            "{is_on}: {} {}",
            bend(&heard),
            bend(&still)
        );
    }
    bench.left(4_800);
    let alone = bench.left(4_800);
    let mut plain = Bench::with(&[]);
    plain.send(&[&note(57)]);
    plain.left(48_000 + 4_800 + 3 * 4_801 + 4_800);
    assert_eq!(alone, plain.left(4_800), "off is off");
}

#[test]
fn what_sounds_goes_on_when_the_bank_is_another() {
    let mut bench = Bench::with(&[]);
    bench.send(&[&note(69)]);
    bench.left(4_800);
    let Bench(synth) = bench;
    let mut bench = Bench(synth.bank(Arc::default()));
    assert!(peak(&bench.left(4_800)) > 0.05);
    bench.send(&[&[0x80, 69, 0]]);
    bench.left(9_600);
    bench.send(&[&note(69)]);
    assert_eq!(peak(&bench.left(4_800)), 0.0);
}

#[test]
fn any_messages_and_any_bank_make_numbers() {
    let mut random = crate::dsp::Random::new(7);
    let wild = |random: &mut crate::dsp::Random| {
        i32::from_ne_bytes((random.next_bits() as u32).to_ne_bytes())
    };
    for _ in 0..30 {
        let connections: Vec<Connection> = (0..24)
            .map(|_| {
                let source = Source::from_number(
                    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x81, 0x100][random.next_bits() as usize % 12],
                );
                let destination = [
                    1, 3, 4, 5, 0x80, 0x104, 0x105, 0x206, 0x207, 0x209, 0x20A, 0x30A, 0x30E,
                    0x500, 0x501,
                ];
                let destination =
                    Destination::from_number(destination[random.next_bits() as usize % 15]);
                Connection {
                    scale: wild(&mut random),
                    ..connection(source.unwrap(), Source::None, destination.unwrap(), 0.0)
                }
            })
            .collect();
        let mut bench = Bench::with(&connections);
        for _ in 0..40 {
            let bytes = (random.next_bits() as u32).to_le_bytes();
            let status = 0x80 | bytes[0] & 0x70;
            let status = if status == 0xF0 { 0x90 } else { status };
            let message = [status, bytes[1] & 127, bytes[2] & 127];
            let len = if matches!(status, 0xC0 | 0xD0) { 2 } else { 3 };
            bench.send(&[&message[..len]]);
            let [left, right] = bench.play(97);
            assert!(
                left.iter()
                    .chain(&right)
                    .all(|it| it.is_finite() && it.abs() <= 1.0)
            );
        }
    }
}
