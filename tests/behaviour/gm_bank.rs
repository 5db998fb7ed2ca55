//! The General MIDI bank of our own making, through our own player: all of it sounds, alike loud, in tune, and no two alike.

use std::sync::{Arc, OnceLock};

use ksgraph::dls::{Bank, Collection, Facts, Patch, Settings, Source, Synth, read};
use ksgraph::dsp::Loudness;
use ksgraph::ks::KernelEvent;
use ksgraph::midi::names;
use ksgraph::portcls::dmus::Mxf;
use realfft::RealFftPlanner;

const RATE: f64 = 22_050.0;
/// How long a key is held, and what is heard once it is up, in seconds.
const HELD: f64 = 1.2;
const TAIL: f64 = 0.3;
const MIDDLE_C: u8 = 60;
const DRUMS: std::ops::RangeInclusive<u8> = 27..=87;

fn collection() -> &'static Collection {
    static READ: OnceLock<Collection> = OnceLock::new();
    READ.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/gm.dls");
        let bytes = std::fs::read(path).unwrap();
        assert!(bytes.len() < 8_000_000, "{} bytes", bytes.len());
        let (collection, remarks) = read(&bytes, &Facts::default()).unwrap();
        assert_eq!(remarks, []);
        collection
    })
}

struct Player(Synth);

impl Player {
    fn new() -> Self {
        static BANK: OnceLock<Arc<Bank>> = OnceLock::new();
        let bank = BANK.get_or_init(|| Arc::new(Bank::new(collection())));
        let mut synth = Synth::new(RATE, 1, 16, 4_096).bank(Arc::clone(bank));
        synth.set(Settings {
            voices: 16,
            reverb: false,
            chorus: false,
        });
        Self(synth)
    }

    fn send(&mut self, message: &[u8]) {
        KernelEvent::whole(0, message).for_each(|it| self.0.put(&it, 0));
    }

    /// Both sides one after the other.
    fn play(&mut self, seconds: f64) -> [Vec<f32>; 2] {
        let len = (seconds * RATE) as usize;
        let (mut left, mut right) = (vec![0.0; len], vec![0.0; len]);
        self.0.play(&mut left, &mut right);
        [left, right]
    }
}

/// One note: the left and right of it.
fn render(program: u8, key: u8, velocity: u8) -> [Vec<f32>; 2] {
    let mut player = Player::new();
    player.send(&[0xC0, program]);
    player.send(&[0x90, key, velocity]);
    let mut sound = player.play(HELD);
    player.send(&[0x80, key, 0]);
    for (sound, tail) in sound.iter_mut().zip(player.play(TAIL)) {
        sound.extend(tail);
    }
    sound
}

fn drum(key: u8) -> [Vec<f32>; 2] {
    let mut player = Player::new();
    player.send(&[0x99, key, 100]);
    player.play(0.8)
}

fn mono([left, right]: &[Vec<f32>; 2]) -> Vec<f32> {
    left.iter().zip(right).map(|(l, r)| l + r).collect()
}

/// Middle C of each program at velocity 100.
fn programs() -> &'static [[Vec<f32>; 2]] {
    static ALL: OnceLock<Vec<[Vec<f32>; 2]>> = OnceLock::new();
    ALL.get_or_init(|| (0..128).map(|it| render(it, MIDDLE_C, 100)).collect())
}

/// K-weighted loudness of the loudest 0.4 s.
fn loudness(sound: &[Vec<f32>; 2]) -> f64 {
    let mut meter = Loudness::new(RATE as u32, &[1.0, 1.0]);
    meter.feed(sound[0].len(), |side| &sound[side]);
    meter.now().momentary_max.unwrap_or(f64::NEG_INFINITY)
}

/// Power at each of `len / 2` frequencies of a piece under a Hann window.
fn spectrum(piece: &[f32], len: usize) -> Vec<f64> {
    let plan = RealFftPlanner::<f64>::new().plan_fft_forward(len);
    let mut samples = vec![0.0; len];
    let turn = std::f64::consts::TAU / piece.len() as f64;
    for (index, (to, from)) in samples.iter_mut().zip(piece).enumerate() {
        *to = f64::from(*from) * (0.5 - 0.5 * (turn * index as f64).cos());
    }
    let mut bins = plan.make_output_vec();
    plan.process(&mut samples, &mut bins).unwrap();
    bins.iter().map(|it| it.norm_sqr()).collect()
}

/// What a sound is like: dB in 24 bands from 60 Hz to 10 kHz in each of five spans of time, against the loudest of all, and
/// nothing below -60 dB.
fn features(sound: &[Vec<f32>; 2], spans: &[(f64, f64)]) -> Vec<f64> {
    const BANDS: usize = 24;
    const LEN: usize = 1 << 15;
    let sound = mono(sound);
    let mut all = vec![];
    for (from, to) in spans {
        let piece = &sound[(from * RATE) as usize..(to * RATE) as usize];
        let power = spectrum(piece, LEN);
        let edge = |band: usize| 60.0 * (10_000.0_f64 / 60.0).powf(band as f64 / BANDS as f64);
        let bin = |hz: f64| (hz * LEN as f64 / RATE) as usize;
        all.extend((0..BANDS).map(|band| {
            let sum: f64 = power[bin(edge(band))..bin(edge(band + 1))].iter().sum();
            sum / piece.len() as f64
        }));
    }
    let most = all.iter().copied().fold(1e-30, f64::max);
    all.iter()
        .map(|it| 10.0 * (it / most + 1e-6).log10())
        .collect()
}

/// Root of the mean square of what features differ by, in dB.
fn distance(one: &[f64], other: &[f64]) -> f64 {
    let sum: f64 = one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum();
    (sum / one.len() as f64).sqrt()
}

/// The pair that is closest, and how close.
fn closest(all: &[Vec<f64>]) -> (f64, usize, usize) {
    let mut nearest = (f64::INFINITY, 0, 0);
    for (place, one) in all.iter().enumerate() {
        for (before, other) in all[..place].iter().enumerate() {
            let far = distance(one, other);
            if far < nearest.0 {
                nearest = (far, before, place);
            }
        }
    }
    nearest
}

/// Cents beside where the fundamental, its octave and its twelfth should be, each counted as it is loud: the mean over half
/// a semitone on either side.
fn cents(sound: &[f32], hz: f64) -> f64 {
    const LEN: usize = 1 << 16;
    let power = spectrum(sound, LEN);
    let about = |harmonic: f64| {
        let bin = |cents: f64| hz * harmonic * (cents / 1_200.0).exp2() * LEN as f64 / RATE;
        let (mut sum, mut moment) = (0.0, 0.0);
        let first = bin(-50.0).ceil() as usize;
        for (index, it) in power[first..=bin(50.0) as usize].iter().enumerate() {
            sum += it;
            moment += it * (first + index) as f64;
        }
        (sum, 1_200.0 * (moment / sum / bin(0.0)).log2())
    };
    let harmonics = [1.0, 2.0, 3.0].map(about);
    let all: f64 = harmonics.iter().map(|it| it.0).sum();
    harmonics.iter().map(|it| it.0 * it.1).sum::<f64>() / all
}

#[test]
fn it_has_all_programs_and_a_kit_by_name() {
    let it = collection();
    assert!(!it.info.name.is_empty() && it.info.copyright.contains("MIT"));
    assert_eq!(it.instruments.len(), 129);
    for program in 0..128 {
        let patch = Patch {
            program,
            ..Patch::default()
        };
        let found = it.instrument(patch).unwrap();
        assert_eq!(found.info.name, names::program(program));
        // Each key at each velocity, and the wheel does something.
        for (key, velocity) in (0..128).flat_map(|key| [1, 72, 73, 127].map(|it| (key, it))) {
            let plays = found
                .regions
                .iter()
                .any(|it| it.keys.contains(&key) && it.velocities.contains(&velocity));
            assert!(
                plays,
                "{} at key {key}, velocity {velocity}",
                found.info.name
            );
        }
        let wheel = Source::Controller(1);
        assert!(found.connections.iter().any(|it| it.control == wheel));
    }
}

#[test]
fn programs_sound_alike_loud_and_stop() {
    let levels: Vec<f64> = programs().iter().map(loudness).collect();
    for (program, level) in levels.iter().enumerate() {
        assert!(*level > -45.0, "program {program}: {level:.1} dB");
    }
    let place = |level: f64| levels.iter().position(|it| *it == level).unwrap();
    let least = levels.iter().copied().fold(f64::INFINITY, f64::min);
    let most = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (soft, loud) = (place(least), place(most));
    assert!(
        most - least < 3.0,
        "program {soft} has {least:.1} dB, program {loud} {most:.1} dB"
    );
    for (program, sound) in programs().iter().enumerate() {
        let peak = |part: &[f32]| part.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
        let sound = mono(sound);
        let held = peak(&sound[..(HELD * RATE) as usize]);
        let end = peak(&sound[sound.len() - 200..]);
        // Bells and pads ring on, all others are going.
        assert!(end < 0.6 * held, "program {program}: {held} and then {end}");
    }
}

#[test]
fn no_two_programs_are_alike() {
    const FLOOR_DB: f64 = 3.0;
    const SPANS: [(f64, f64); 5] = [(0.0, 0.06), (0.06, 0.2), (0.2, 0.5), (0.5, 1.0), (1.2, 1.5)];
    let all: Vec<Vec<f64>> = programs().iter().map(|it| features(it, &SPANS)).collect();
    let (far, one, other) = closest(&all);
    assert!(far > FLOOR_DB, "{one} and {other} are {far:.2} dB apart");
    // The same note again is the same.
    assert_eq!(distance(&all[7], &features(&programs()[7], &SPANS)), 0.0);
}

#[test]
fn what_has_a_pitch_is_in_tune() {
    // Drums, noises, and what glides or is meant to be out of tune.
    let has_none = |program: u8| matches!(program, 55 | 96 | 101 | 103 | 115..=127);
    // Many players are together within so many cents, and one within these.
    let players = |program: u8| match program {
        44 | 48..=54 | 61 | 89..=95 | 97 | 99..=100 | 102 => 8.0,
        _ => 3.0,
    };
    let mut off = vec![];
    for program in (0..128).filter(|it| !has_none(*it)) {
        // Another key besides middle C, below or above.
        let other = if program % 2 == 0 { 48 } else { 67 };
        for key in [MIDDLE_C, other] {
            let sound = match key {
                MIDDLE_C => mono(&programs()[usize::from(program)]),
                _ => mono(&render(program, key, 100)),
            };
            let hz = 440.0 * ((f64::from(key) - 69.0) / 12.0).exp2();
            // What is struck is gone soon.
            let part = match program {
                12..=13 | 28 | 45 | 105..=106 | 108 | 112..=114 => 0.02..0.5,
                _ => 0.2..1.2,
            };
            let part = (part.start * RATE) as usize..(part.end * RATE) as usize;
            let by = cents(&sound[part], hz);
            if by.abs() > players(program) {
                off.push(format!("program {program}, key {key}: {by:.2} cents"));
            }
        }
    }
    assert!(off.is_empty(), "{off:?}");
}

#[test]
fn cycles_close_without_a_click() {
    let mut cycles = 0;
    for wave in &collection().waves {
        let Some(repeat) = wave.sample.unwrap().repeat else {
            continue;
        };
        cycles += 1;
        let (start, len) = (repeat.start as usize, repeat.length as usize);
        let cycle = &wave.samples[start..start + len];
        let at = |index: usize| i32::from(cycle[index % len]);
        let bend = |index: usize| (at(index) - 2 * at(index + 1) + at(index + 2)).abs();
        let inside = (0..len - 2).map(bend).max().unwrap();
        let seam = bend(len - 2).max(bend(len - 1));
        let name = &wave.info.name;
        assert!(
            seam <= inside + inside / 2 + 2,
            "{name}: {seam}, {inside} inside"
        );
        // And into it: what comes before the cycle goes on as its end does.
        if start >= 2 {
            let before = |index: usize| i32::from(wave.samples[index]);
            let into = (before(start - 2) - 2 * before(start - 1) + at(0)).abs();
            assert!(
                into <= inside + inside / 2 + 2,
                "{name}: {into} into it, {inside} inside"
            );
        }
        assert!(
            cycle.iter().any(|it| it.unsigned_abs() > 500),
            "{name} is silent"
        );
    }
    assert!(cycles > 200, "{cycles}");
}

#[test]
fn every_drum_sounds_and_no_two_alike() {
    const FLOOR_DB: f64 = 4.0;
    const SPANS: [(f64, f64); 4] = [(0.0, 0.03), (0.03, 0.1), (0.1, 0.3), (0.3, 0.8)];
    let piano = loudness(&programs()[0]);
    let mut all = vec![];
    for key in DRUMS {
        let sound = drum(key);
        let level = loudness(&sound);
        let beside = level - piano;
        assert!(
            beside.abs() < 8.0,
            "key {key}: {beside:.1} dB beside a piano"
        );
        all.push(features(&sound, &SPANS));
    }
    let (far, one, other) = closest(&all);
    let key = |place: usize| usize::from(*DRUMS.start()) + place;
    let (one, other) = (key(one), key(other));
    assert!(
        far > FLOOR_DB,
        "keys {one} and {other} are {far:.2} dB apart"
    );
}

#[test]
fn the_three_positions_of_the_hi_hat_cut_each_other_and_a_cymbal_rings_on() {
    let power =
        |sound: &[Vec<f32>; 2]| -> f64 { mono(sound).iter().map(|it| f64::from(it * it)).sum() };
    // What is left of the first drum half a second later, when another was struck at once after it.
    let left = |first: u8, second: u8| {
        let mut player = Player::new();
        player.send(&[0x99, first, 100]);
        player.play(0.1);
        player.send(&[0x99, second, 1]);
        player.play(0.3);
        power(&player.play(0.2))
    };
    let rings = |first: u8| left(first, 33);
    for (open, closed) in [(46, 42), (46, 44), (81, 80), (74, 73), (72, 71), (87, 86)] {
        let (alone, cut) = (rings(open), left(open, closed));
        assert!(
            alone > 1e-7 && cut < 0.01 * alone,
            "{open}, {closed}: {alone} {cut}"
        );
    }
    // Struck again it does not stop, nor does it for another.
    assert!(left(49, 49) > 0.5 * rings(49));
    assert!(left(49, 42) > 0.5 * rings(49));
}
