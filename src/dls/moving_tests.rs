//! What moves by itself while a note sounds, each target alone, and what becomes of voices that end.

use std::sync::Arc;

use super::connection::Segment;
use super::test_bench::*;
use super::*;
use crate::dsp::measure::{peak, tone_windowed};
use crate::portcls::dmus::SynthSink;

/// A square of 480 Hz, looped: it has much that a filter can take away.
fn square() -> Arc<Wave> {
    wave(
        (0..400).map(|n| if n / 50 % 2 == 0 { 8_000 } else { -8_000 }),
        Some((100, 200, LoopKind::Forward)),
    )
}

fn of(wave: std::sync::Arc<Wave>, connections: &[Connection]) -> Bench {
    let regions = vec![region(0, connections)];
    Bench::new(bank(&[wave], &[(Patch::default(), regions)]))
}

/// How steep it is, against how loud.
fn edge(heard: &[f32]) -> f32 {
    let steps = heard.windows(2).map(|it| (it[1] - it[0]).abs());
    steps.fold(0.0, f32::max) / peak(heard)
}

fn none() -> f64 {
    f64::from(i32::MIN) / 65_536.0
}

/// A second envelope that is up at once, and down once the key is up, in so many seconds.
fn up_and_down(release: f64) -> Vec<Connection> {
    vec![
        constant(Destination::Modulation(Segment::Sustain), 1_000.0),
        constant(
            Destination::Modulation(Segment::Release),
            time_cents(release),
        ),
        constant(VOLUME(Segment::Release), time_cents(30.0)),
    ]
}

#[test]
fn the_second_envelope_and_the_oscillators_move_the_filter() {
    let dark = constant(Destination::Cutoff, pitch_cents(400.0));
    let heard = |moving: Option<Connection>| {
        let all = [vec![dark], moving.into_iter().collect(), up_and_down(0.2)].concat();
        let mut bench = of(square(), &all);
        bench.send(&[&note(69)]);
        bench.left(1_000);
        let held = edge(&bench.left(8_600));
        bench.send(&[&[0x80, 69, 0]]);
        bench.left(14_400);
        (held, edge(&bench.left(4_800)))
    };
    let cutoff = |source| connection(source, Source::None, Destination::Cutoff, 4_800.0);
    let (still, rest) = heard(None);
    let (open, after) = heard(Some(cutoff(Source::ModulationEnvelope)));
    assert!(open > 5.0 * still, "{open} {still}");
    assert!(
        after < 1.2 * rest,
        "it closes in its own release: {after} {rest}"
    );
    // The oscillator goes up and down: at its top it is as open.
    let (swings, _) = heard(Some(cutoff(Source::ModulationLfo)));
    assert!(swings > 2.0 * still, "{swings} {still}");
}

#[test]
fn the_second_envelope_moves_resonance_and_place() {
    let heard = |connections: &[Connection]| {
        let all = [connections, &up_and_down(1.0)].concat();
        let mut bench = of(looped_sine(), &all);
        bench.send(&[&note(69)]);
        bench.left(9_600);
        let [left, right] = bench.play(4_800);
        (f64::from(peak(&left)), f64::from(peak(&right)))
    };
    let envelope = |destination, scale| {
        connection(Source::ModulationEnvelope, Source::None, destination, scale)
    };
    // At its cutoff a peak of 12 dB stands 6 above and 6 below: 3 dB down and 6 up.
    let filter = [
        constant(Destination::Cutoff, pitch_cents(480.0)),
        constant(Destination::Resonance, 0.0),
    ];
    let (plain, _) = heard(&filter);
    let (peaked, _) = heard(&[
        filter[0],
        filter[1],
        envelope(Destination::Resonance, 120.0),
    ]);
    let db = 20.0 * (peaked / plain).log10();
    assert!((db - 6.0).abs() < 0.3, "{db}");
    let (left, right) = heard(&[envelope(Destination::Pan, 500.0)]);
    assert!(right > 0.05 && left < 1e-3, "{left} {right}");
}

#[test]
fn controllers_and_pressure_say_how_deep_an_oscillator_goes() {
    let slow = [
        constant(Destination::VibratoRate, pitch_cents(0.5)),
        constant(Destination::VibratoDelay, none()),
    ];
    for (control, message) in [
        (Source::Controller(1), &[0xB0, 1, 64][..]),
        (Source::ChannelPressure, &[0xD0, 64]),
        (Source::PolyPressure, &[0xA0, 69, 64]),
    ] {
        let depth = connection(Source::VibratoLfo, control, Destination::Pitch, 400.0);
        let top = |messages: &[&[u8]]| {
            let mut bench = Bench::with(&[slow[0], slow[1], depth]);
            bench.send(messages);
            bench.send(&[&note(69)]);
            // Half a second is a quarter of a turn.
            bench.left(24_000 - 1_200);
            cents(pitch(&bench.left(2_400)), 480.0)
        };
        assert!(top(&[]).abs() < 0.5, "{control:?}");
        let half = top(&[message]);
        assert!((half - 200.0).abs() < 6.0, "{control:?}: {half}");
    }
}

#[test]
fn a_note_that_begins_within_a_step_has_its_oscillator_from_its_own_beginning() {
    let all = [
        connection(Source::ModulationLfo, Source::None, Destination::Gain, 60.0),
        constant(Destination::LfoRate, pitch_cents(20.0)),
        constant(Destination::LfoDelay, none()),
    ];
    let phase = |offset: usize| {
        let mut bench = of(
            wave(
                std::iter::repeat_n(8_000, 400),
                Some((100, 200, LoopKind::Forward)),
            ),
            &all,
        );
        bench.left(6_400 + offset);
        bench.send(&[&note(69)]);
        let heard = bench.left(24_000);
        assert!(peak(&heard) > 0.02);
        let turn = std::f64::consts::TAU / 2_400.0;
        let (mut s, mut c) = (0.0, 0.0);
        for (n, x) in heard.iter().enumerate() {
            let (sin, cos) = (turn * n as f64).sin_cos();
            s += f64::from(*x) * sin;
            c += f64::from(*x) * cos;
        }
        c.atan2(s) / turn
    };
    let whole = phase(0);
    for offset in [1, 30, 63] {
        let off = phase(offset) - whole;
        assert!(off.abs() < 4.0, "{offset}: {off} samples");
    }
}

#[test]
fn a_new_note_does_not_hear_what_the_filter_of_the_last_one_held() {
    // One place for a voice: a loud low one leaves its filter ringing, a silent one follows.
    let ring = [
        constant(Destination::Cutoff, pitch_cents(60.0)),
        constant(Destination::Resonance, 225.0),
    ];
    let loud = Region {
        keys: 60..=127,
        ..region(0, &ring)
    };
    let quiet = Region {
        keys: 0..=59,
        ..region(1, &ring)
    };
    let silence = wave(
        std::iter::repeat_n(0, 400),
        Some((100, 200, LoopKind::Forward)),
    );
    let bank = bank(
        &[square(), silence],
        &[(Patch::default(), vec![loud, quiet])],
    );
    let mut bench = Bench::of(bank, 1);
    bench.send(&[&note(60)]);
    assert!(peak(&bench.left(4_800)) > 1e-3);
    bench.send(&[&[0x80, 60, 0]]);
    // Every place has been used.
    for _ in 0..40 {
        bench.send(&[&note(61)]);
        bench.left(64);
        bench.send(&[&[0xB0, 120, 0]]);
        bench.left(1_000);
    }
    bench.left(4_800);
    bench.send(&[&note(40)]);
    assert_eq!(peak(&bench.left(4_800)), 0.0);
}

#[test]
fn what_is_let_go_or_cut_fades_and_the_file_says_how_fast_a_cut_is() {
    let still = || {
        wave(
            std::iter::repeat_n(16_000, 400),
            Some((100, 200, LoopKind::Forward)),
        )
    };
    let step = |heard: &[f32]| {
        let steps = heard.windows(2).map(|it| (it[1] - it[0]).abs());
        steps.fold(0.0, f32::max)
    };
    // No release is stated: 8 ms it takes, by decibels.
    let mut bench = of(still(), &[]);
    bench.send(&[&note(69)]);
    let loud = peak(&bench.left(1_000)[900..]);
    bench.send(&[&[0x80, 69, 0]]);
    let heard = bench.left(1_000);
    assert!(step(&heard) < 0.05 * loud, "{} of {loud}", step(&heard));
    assert!(peak(&heard[400..]) == 0.0);
    // All sound off: in the time of the shutdown, in a line.
    for (seconds, connections) in [
        (0.015, vec![]),
        (
            0.1,
            vec![constant(VOLUME(Segment::Shutdown), time_cents(0.1))],
        ),
    ] {
        let mut bench = of(still(), &connections);
        bench.send(&[&note(69)]);
        bench.left(1_000);
        bench.send(&[&[0xB0, 120, 0]]);
        let heard = bench.left(6_000);
        let half = heard[(0.5 * seconds * RATE) as usize] / loud;
        assert!((half - 0.5).abs() < 0.03, "{seconds}: {half}");
        assert_eq!(peak(&heard[(seconds * RATE) as usize + 64..]), 0.0);
    }
}

#[test]
fn a_note_off_ends_every_held_note_of_its_key() {
    let mut bench = Bench::with(&[]);
    bench.send(&[&note(69), &note(69), &note(70)]);
    bench.left(100);
    assert_eq!(bench.0.playing(), 3);
    bench.send(&[&[0x80, 69, 0]]);
    bench.left(2_000);
    assert_eq!(bench.0.playing(), 1);
}

#[test]
fn the_softest_voice_gives_way_and_among_those_alike_the_oldest() {
    let tone = |period: usize| {
        let at = move |n: usize| (std::f64::consts::TAU * n as f64 / period as f64).sin();
        wave(
            (0..400).map(move |n| (8_000.0 * at(n)) as i16),
            Some((100, 200, LoopKind::Forward)),
        )
    };
    // Three tones an octave apart, each with a key of its own.
    let regions = (0..3).map(|n| Region {
        keys: 69 + n..=69 + n,
        sample: Some(Sample {
            unity: u16::from(69 + n),
            repeat: Some(Loop {
                kind: LoopKind::Forward,
                start: 100,
                length: 200,
            }),
            ..Sample::default()
        }),
        ..region(n.into(), &[])
    });
    let regions: Vec<Region> = regions.collect();
    let waves = [tone(100), tone(50), tone(25)];
    let left = |velocities: [u8; 2]| {
        let bank = bank(&waves, &[(Patch::default(), regions.clone())]);
        let mut bench = Bench::of(bank, 2);
        for (key, velocity) in [69, 70].into_iter().zip(velocities) {
            bench.send(&[&[0x90, key, velocity]]);
            bench.left(640);
        }
        bench.send(&[&note(71)]);
        bench.left(2_400);
        let heard = bench.left(4_800);
        [480.0, 960.0, 1_920.0].map(|hz| tone_windowed(&heard, hz, RATE).amplitude > 1e-3)
    };
    assert_eq!(left([127, 127]), [false, true, true], "the oldest");
    assert_eq!(left([127, 60]), [true, false, true], "the softest");
    assert_eq!(left([60, 127]), [false, true, true], "the softest");
}

#[test]
fn a_machine_that_is_too_slow_gives_up_the_room_second() {
    let tail = |level: u8| {
        let mut bench = Bench::with(&[]);
        bench.0.set(Settings {
            voices: 64,
            reverb: true,
            chorus: true,
        });
        bench.0.degrade(level);
        bench.left(9_600);
        bench.send(&[&[0xB0, 91, 127], &note(69)]);
        bench.left(9_600);
        bench.send(&[&[0xB0, 120, 0]]);
        bench.left(2_400);
        peak(&bench.left(4_800))
    };
    assert!(tail(0) > 1e-3 && tail(1) > 1e-3 && tail(2) == 0.0);
}

#[test]
fn second_envelopes_of_soundfonts_rise_steeply_and_go_on_from_there() {
    let heard = |is_soundfont: bool| {
        let regions = vec![region(
            0,
            &[
                connection(
                    Source::ModulationEnvelope,
                    Source::None,
                    Destination::Pitch,
                    1_200.0,
                ),
                constant(Destination::Modulation(Segment::Attack), time_cents(2.0)),
                constant(Destination::Modulation(Segment::Release), time_cents(50.0)),
                constant(VOLUME(Segment::Release), time_cents(50.0)),
            ],
        )];
        let bank = Bank::new(&Collection {
            instruments: vec![Instrument {
                regions,
                ..Instrument::default()
            }],
            waves: vec![looped_sine()],
            pool: vec![Some(0)],
            is_soundfont,
            ..Collection::default()
        });
        let mut bench = Bench::new(Arc::new(bank));
        bench.send(&[&note(69)]);
        bench.left(45_600);
        // Half way up, then the key goes up.
        let half = cents(pitch(&bench.left(4_800)), 480.0);
        bench.send(&[&[0x80, 69, 0]]);
        (half, cents(pitch(&bench.left(2_400)), 480.0))
    };
    let (line, after) = heard(false);
    assert!(
        (line - 600.0).abs() < 5.0 && (after - 630.0).abs() < 15.0,
        "{line} {after}"
    );
    // Convex: 1 + 5/12 log10 of the way.
    let (steep, after) = heard(true);
    let wanted = 1_200.0 * (1.0 + 5.0 / 12.0 * 0.5_f64.log10());
    assert!((steep - wanted).abs() < 12.0, "{steep} {wanted}");
    assert!((after - steep).abs() < 25.0, "no jump: {steep} {after}");
}
