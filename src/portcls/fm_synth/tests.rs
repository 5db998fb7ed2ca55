//! What the FM synthesizer sounds like, measured: pitch, loudness, how sounds die away, and what messages do.

use super::*;
use crate::dsp::measure::{dbfs, has_non_finite, peak, rms, tone, tone_windowed};
use crate::ks::KernelEvent;
use crate::midi::names;
use crate::portcls::dmus::Mxf;

const RATE: f64 = 48_000.0;
const SECOND: usize = 48_000;
/// Programs that have no pitch of their own: what is reversed, and noises.
const UNPITCHED: std::ops::RangeInclusive<u8> = 119..=127;

/// A synthesizer on a bench.
struct Bench {
    synth: FmSynth,
    wave: Wave,
}

impl Bench {
    fn new() -> Self {
        Self::with(1, 2)
    }

    fn with(groups: usize, channels: usize) -> Self {
        Self {
            synth: FmSynth::new(RATE, groups, 4096),
            wave: Wave::new(channels, 4096),
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.put_in(1, bytes);
    }

    fn put_in(&mut self, group: u16, bytes: &[u8]) {
        let mut event = KernelEvent::new(0, bytes).unwrap();
        event.channel_group = group;
        self.synth.put(&event, 0);
    }

    fn put_all(&mut self, messages: &[[u8; 3]]) {
        for message in messages {
            self.put(message);
        }
    }

    /// The next samples of all channels.
    fn both(&mut self, len: usize) -> Vec<Vec<f32>> {
        let mut heard = vec![vec![]; self.wave.channel_count()];
        let mut left = len;
        while left > 0 {
            let piece = left.min(4096);
            self.wave.set_len(piece);
            self.synth.render(&mut self.wave, 0..piece);
            for (heard, channel) in heard.iter_mut().zip(self.wave.channels()) {
                heard.extend_from_slice(channel);
            }
            left -= piece;
        }
        heard
    }

    /// The next samples of the left.
    fn run(&mut self, len: usize) -> Vec<f32> {
        self.both(len).remove(0)
    }
}

/// The loudest twentieth of a second on any side, in dBFS.
fn loudest_db(sides: &[Vec<f32>]) -> f32 {
    let pieces = sides.iter().flat_map(|side| side.chunks(SECOND / 20));
    dbfs(pieces.map(rms).fold(0.0, f32::max))
}

/// By how many cents the strongest tone within a third of a semitone of `hz` is off it, and its amplitude.
fn off_by(samples: &[f32], hz: f64) -> (f64, f64) {
    let at = |cents: f64| tone_windowed(samples, hz * (cents / 1200.0).exp2(), RATE).amplitude;
    let coarse = (-8..=8).map(|step| f64::from(step) * 4.0);
    let best = coarse.fold((0.0, 0.0), |best: (f64, f64), cents| {
        let amplitude = at(cents);
        if amplitude > best.1 {
            (cents, amplitude)
        } else {
            best
        }
    });
    let (low, high) = (at(best.0 - 4.0), at(best.0 + 4.0));
    let bend = low - 2.0 * best.1 + high;
    let peak = if bend == 0.0 {
        0.0
    } else {
        (low - high) / bend
    };
    (best.0 + 2.0 * peak, best.1)
}

fn largest_step(samples: &[f32]) -> f32 {
    let steps = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    steps.fold(0.0, f32::max)
}

#[test]
fn fms_1_every_program_is_in_tune_audible_and_ends() {
    let mut wrong = vec![];
    for program in 0..128_u8 {
        let mut bench = Bench::new();
        bench.put(&[0xC0, program]);
        bench.put(&[0x90, 69, 100]);
        let heard = bench.both(SECOND);
        bench.put(&[0x80, 69, 64]);
        let tail = bench.run(SECOND * 5);
        let loud = loudest_db(&heard);
        // Drums with a key glide at first, and are over soon.
        let first = if program < 112 {
            SECOND / 8
        } else {
            SECOND / 20
        };
        let (cents, amplitude) = off_by(&heard[0][first..][..SECOND / 2], 440.0);
        let is_pitched = !UNPITCHED.contains(&program);
        let allowed = if program < 112 { 5.0 } else { 15.0 };
        let is_wrong = !(-30.0..=-6.0).contains(&loud)
            || has_non_finite(&heard[0])
            || peak(&tail[SECOND * 5 - 100..]) != 0.0
            || bench.synth.sounding() != 0
            || is_pitched && (cents.abs() > allowed || dbfs(amplitude as f32) < -100.0);
        if is_wrong {
            let name = names::program(program);
            wrong.push(format!(
                "{program} {name}: {loud} dB, {cents} cents, {amplitude}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn fms_1_every_drum_is_audible_and_ends_by_itself_and_other_keys_are_silent() {
    let mut different = std::collections::BTreeSet::new();
    for key in 35..=81_u8 {
        let mut bench = Bench::new();
        bench.put(&[0x99, key, 100]);
        let heard = bench.both(SECOND / 2);
        let loud = loudest_db(&heard);
        assert!((-30.0..=-6.0).contains(&loud), "{key}: {loud}");
        assert!(!has_non_finite(&heard[0]) && peak(&heard[0]) < 1.0);
        bench.run(SECOND * 3);
        assert_eq!(bench.synth.sounding(), 0, "{key}");
        different.insert(heard[0].iter().map(|it| it.to_bits()).collect::<Vec<u32>>());
    }
    assert_eq!(different.len(), drums::COUNT, "each sounds different");
    for key in [0, 34, 82, 127] {
        let mut bench = Bench::new();
        bench.put(&[0x99, key, 127]);
        assert_eq!(peak(&bench.run(1_000)), 0.0);
    }
}

/// Loudness of a program's note in its first 200 ms and from 0.8 s on, and how strong its first harmonics are.
fn portrait(program: u8, velocity: u8) -> (f32, f32, Vec<f64>) {
    let mut bench = Bench::new();
    bench.put(&[0xC0, program]);
    bench.put(&[0x90, 57, velocity]);
    let heard = bench.run(SECOND);
    let part = &heard[SECOND / 4..][..SECOND / 2];
    let harmonics = (1..10).map(|n| tone(part, 220.0 * f64::from(n), RATE).amplitude);
    (
        dbfs(rms(&heard[..SECOND / 5])),
        dbfs(rms(&heard[SECOND * 4 / 5..])),
        harmonics.collect(),
    )
}

#[test]
fn families_sound_like_what_they_are_called() {
    let falls = |program: u8| {
        let (early, late, _) = portrait(program, 100);
        early - late
    };
    for program in [0, 1, 4, 6, 9, 13, 24, 25, 32, 36, 45, 46, 105, 108] {
        assert!(
            falls(program) > 2.5,
            "{program} dies away while it is held: {}",
            falls(program)
        );
    }
    for program in [16, 19, 22, 40, 43, 56, 60, 65, 71, 73, 80, 82] {
        assert!(falls(program) < 2.0, "{program} holds: {}", falls(program));
    }
    // Strings come softly, an organ is there at once.
    let begins = |program: u8| {
        let mut bench = Bench::new();
        bench.put(&[0xC0, program]);
        bench.put(&[0x90, 57, 100]);
        rms(&bench.run(SECOND / 50)) / rms(&bench.run(SECOND)[SECOND / 2..])
    };
    assert!(
        begins(16) > 0.7 && begins(49) < 0.15,
        "{} {}",
        begins(16),
        begins(49)
    );
    // A trumpet grows brighter with the breath, an organ does not know how hard a key was struck.
    let bright = |program: u8, velocity: u8| {
        let (_, _, harmonics) = portrait(program, velocity);
        harmonics[3..].iter().sum::<f64>() / harmonics[0]
    };
    assert!(
        bright(56, 120) > 2.0 * bright(56, 40),
        "{} {}",
        bright(56, 120),
        bright(56, 40)
    );
    assert!((bright(16, 120) / bright(16, 40) - 1.0).abs() < 0.01);
    // A clarinet has every second harmonic.
    let (_, _, clarinet) = portrait(71, 100);
    assert!(
        clarinet[2] > 5.0 * clarinet[1] && clarinet[4] > 5.0 * clarinet[3],
        "{clarinet:?}"
    );
    // A flute is nearly pure, a saw is not.
    let (_, _, flute) = portrait(73, 100);
    let (_, _, saw) = portrait(81, 100);
    assert!(
        flute[0] > 4.0 * flute[1] && saw[0] < 4.0 * saw[1],
        "{flute:?} {saw:?}"
    );
    let all: std::collections::BTreeSet<String> = (0..128)
        .map(|program| format!("{:?}", programs::program(program)))
        .collect();
    assert_eq!(all.len(), 128, "no two programs are the same");
}

#[test]
fn keys_over_the_whole_keyboard_are_in_tune_and_nothing_folds() {
    for program in [0, 16, 33, 48, 56, 73, 81] {
        for key in [24, 45, 81, 96, 108] {
            let mut bench = Bench::new();
            bench.put(&[0xC0, program]);
            bench.put(&[0x90, key, 100]);
            let heard = bench.run(SECOND);
            let hz = 440.0 * ((f64::from(key) - 69.0) / 12.0).exp2();
            let (cents, amplitude) = off_by(&heard[SECOND / 8..], hz);
            assert!(
                cents.abs() < 9.0 && amplitude > 1e-4,
                "{program} {key}: {cents}"
            );
        }
    }
    // A saw at the top: what is between its harmonics is folded.
    let mut bench = Bench::new();
    bench.put(&[0xC0, 56]);
    bench.put(&[0x90, 105, 127]);
    let heard = bench.run(SECOND);
    let part = &heard[SECOND / 4..][..SECOND / 2];
    let hz = 440.0 * 8.0;
    let own = tone_windowed(part, hz, RATE).amplitude;
    for between in 1..13 {
        let folded = tone_windowed(part, hz * (f64::from(between) + 0.36), RATE).amplitude;
        assert!(folded < own * 0.003, "{between}: {folded} of {own}");
    }
}

#[test]
fn bend_and_its_range_and_tuning_change_the_pitch() {
    let cents = |messages: &[[u8; 3]], hz: f64| {
        let mut bench = Bench::new();
        bench.put(&[0xC0, 79]);
        bench.put(&[0x90, 69, 100]);
        bench.put_all(messages);
        let heard = bench.run(SECOND);
        off_by(&heard[SECOND / 4..], hz).0
    };
    let up = [0xE0, 127, 127];
    let by = |semitones: f64| 440.0 * (semitones / 12.0).exp2();
    assert!(cents(&[up], by(2.0)).abs() < 1.0);
    let range = [[0xB0, 101, 0], [0xB0, 100, 0], [0xB0, 6, 12]];
    let wide = [range[0], range[1], range[2], up];
    assert!(cents(&wide, by(12.0)).abs() < 1.0);
    assert!(cents(&[[0xE0, 0, 0]], by(-2.0)).abs() < 1.0);
    let tuned = [[0xB0, 101, 0], [0xB0, 100, 2], [0xB0, 6, 71]];
    assert!(cents(&tuned, by(7.0)).abs() < 1.0);
    assert!(cents(&[up, [0xB0, 121, 0]], 440.0).abs() < 1.0, "reset");
}

#[test]
fn the_wheel_shakes_the_pitch() {
    let width = |wheel: u8| {
        let mut bench = Bench::new();
        bench.put(&[0xC0, 16]);
        bench.put_all(&[[0xB0, 1, wheel], [0x90, 69, 100]]);
        let heard = bench.run(SECOND);
        let at = |hz| tone_windowed(&heard, hz, RATE).amplitude;
        // Vibrato makes tones beside the tone, 5.5 Hz apart.
        at(445.5) / at(440.0)
    };
    assert!(
        width(0) < 0.005 && width(127) > 0.3,
        "{} {}",
        width(0),
        width(127)
    );
}

#[test]
fn volume_expression_and_pan_are_heard_and_glide() {
    let loud = |messages: &[[u8; 3]]| {
        let mut bench = Bench::new();
        bench.put(&[0xC0, 16]);
        bench.put_all(messages);
        bench.put(&[0x90, 69, 100]);
        let heard = bench.both(SECOND / 2);
        (rms(&heard[0][4_800..]), rms(&heard[1][4_800..]))
    };
    let (full, _) = loud(&[]);
    let (half, _) = loud(&[[0xB0, 7, 50]]);
    assert!((half / full - 0.25).abs() < 0.001, "40 log of one half");
    let (soft, _) = loud(&[[0xB0, 11, 64]]);
    assert!((soft / full - (64.0_f32 / 127.0).powi(2)).abs() < 0.001);
    assert_eq!(loud(&[[0xB0, 7, 0]]), (0.0, 0.0));
    assert_eq!(loud(&[[0xB0, 10, 0]]).1, 0.0);
    assert_eq!(loud(&[[0xB0, 10, 127]]).0, 0.0);
    let mut bench = Bench::new();
    bench.put(&[0xC0, 79]);
    bench.put(&[0x90, 57, 127]);
    let mut heard = bench.run(10_000);
    let own = largest_step(&heard);
    for message in [[0xB0, 7, 0], [0xB0, 7, 127], [0xB0, 10, 0], [0xB0, 11, 10]] {
        bench.put(&message);
        heard.extend(bench.run(1_000));
    }
    // Volume 127 is 1.6 times as loud as 100, and left is 1.4 times the middle.
    assert!(largest_step(&heard) < own * 2.5, "no click");
}

#[test]
fn pedals_hold_notes_until_they_go_up() {
    let after = |messages: &[[u8; 3]]| {
        let mut bench = Bench::new();
        bench.put(&[0xC0, 16]);
        bench.put_all(messages);
        bench.run(SECOND / 4);
        bench.synth.sounding()
    };
    let (on, off) = ([0x90, 60, 99], [0x80, 60, 0]);
    let (down, up) = ([0xB0, 64, 127], [0xB0, 64, 0]);
    assert_eq!(after(&[on, off]), 0);
    assert_eq!(after(&[down, on, off]), 1);
    assert_eq!(after(&[down, on, off, up]), 0);
    assert_eq!(after(&[down, on, up]), 1, "its key is down");
    assert_eq!(after(&[down, on, off, [0xB0, 121, 0]]), 0);
    assert_eq!(after(&[down, on, [0xB0, 123, 0]]), 1, "the pedal holds");
    assert_eq!(after(&[down, on, [0xB0, 123, 0], up]), 0);
    assert_eq!(after(&[down, on, [0xB0, 120, 0]]), 0);
    let (hold, go) = ([0xB0, 66, 127], [0xB0, 66, 0]);
    assert_eq!(after(&[on, hold, off]), 1, "sostenuto");
    assert_eq!(after(&[hold, on, off]), 0, "only what was down");
    assert_eq!(after(&[on, hold, off, go]), 0);
    assert_eq!(after(&[on, hold, down, off, go]), 1);
    assert_eq!(after(&[on, hold, down, off, go, up]), 0);
    assert_eq!(after(&[on, hold, down, off, up]), 1);
    assert_eq!(after(&[on, [0xFF, 0, 0]]), 0, "system reset");
}

#[test]
fn a_hi_hat_that_closes_ends_the_open_one() {
    let rings = |messages: &[[u8; 3]]| {
        let mut bench = Bench::new();
        for message in messages {
            bench.put(message);
            bench.run(4_800);
        }
        bench.synth.sounding()
    };
    assert_eq!(rings(&[[0x99, 46, 100], [0x99, 49, 100]]), 2);
    assert_eq!(rings(&[[0x99, 46, 100], [0x99, 44, 100]]), 0);
    assert_eq!(rings(&[[0x99, 46, 100], [0x99, 42, 100]]), 0);
    assert_eq!(rings(&[[0x99, 81, 100], [0x99, 80, 100]]), 1, "triangle");
    assert_eq!(
        rings(&[[0x99, 46, 100], [0x89, 46, 0]]),
        1,
        "keys of drums end nothing"
    );
    assert_eq!(rings(&[[0x99, 46, 100], [0xB9, 120, 0]]), 0);
}

#[test]
fn syn_10_with_too_few_voices_one_of_low_priority_gives_way_without_a_click() {
    let mut bench = Bench::new();
    bench.put(&[0xC0, 79]);
    bench.put(&[0xCF, 79]);
    bench.put(&[0x9F, 40, 100]);
    for key in 0..23 {
        bench.put(&[0x90, 41 + key, 100]);
    }
    let mut heard = bench.run(SECOND / 2);
    let own = largest_step(&heard);
    assert_eq!(bench.synth.sounding(), VOICES);
    let channel_16 = |bench: &Bench| {
        let playing = bench.synth.voices.iter().filter(|it| it.is_playing());
        playing.filter(|it| it.channel == 15).count()
    };
    bench.put(&[0x90, 70, 100]);
    assert_eq!((bench.synth.sounding(), channel_16(&bench)), (VOICES, 0));
    heard.extend(bench.run(SECOND / 10));
    for key in 0..40 {
        bench.put(&[0x90, 41 + key % 20, 100]);
        heard.extend(bench.run(300));
    }
    assert_eq!(bench.synth.sounding(), VOICES);
    assert!(largest_step(&heard) < own * 2.0, "{}", largest_step(&heard));
    bench.put(&[0x99, 36, 100]);
    let drum = bench
        .synth
        .voices
        .iter()
        .any(|it| it.is_playing() && it.channel == 9);
    assert!(drum);
    // What is released gives way before what is held.
    bench.put(&[0x80, 55, 0]);
    bench.put(&[0x90, 30, 100]);
    let keys = |bench: &Bench| {
        let playing = bench.synth.voices.iter().filter(|it| it.is_playing());
        playing.map(|it| it.key).collect::<Vec<u8>>()
    };
    assert!(!keys(&bench).contains(&55) && keys(&bench).contains(&30));
    // A class outweighs: nothing gives way to a note that matters less.
    let mut low = crate::portcls::priority::Priorities::default();
    low.set((0, 4), crate::portcls::priority::class::LOW);
    bench.synth.priorities.set(&low);
    bench.put(&[0x94, 20, 100]);
    assert!(!keys(&bench).contains(&20));
    assert_eq!(bench.synth.lost(), 1);
}

#[test]
fn evn_3_groups_have_channels_of_their_own() {
    let mut bench = Bench::with(2, 2);
    bench.put_in(2, &[0xC0, 16]);
    bench.put_in(2, &[0x90, 60, 100]);
    bench.put_in(3, &[0x90, 61, 100]);
    assert_eq!(bench.synth.sounding(), 1, "there is no third group");
    bench.put_in(1, &[0x80, 60, 0]);
    bench.run(SECOND);
    assert_eq!(bench.synth.sounding(), 1, "another channel");
    bench.put_in(0, &[0x90, 62, 100]);
    assert_eq!(bench.synth.sounding(), 3, "none means all");
    bench.put_in(0, &[0xB0, 120, 0]);
    bench.run(SECOND / 10);
    assert_eq!(bench.synth.sounding(), 0);
    bench.put_in(2, &[0x99, 36, 100]);
    let heard = bench.run(SECOND / 10);
    assert!(peak(&heard) > 0.05, "drums on channel 10 of each");
}

#[test]
fn banks_are_ignored_and_programs_of_new_notes_change() {
    let sound = |messages: &[&[u8]]| {
        let mut bench = Bench::new();
        for message in messages {
            bench.put(message);
        }
        bench.put(&[0x90, 69, 100]);
        bench.run(2_000)
    };
    let piano = sound(&[]);
    assert_eq!(piano, sound(&[&[0xB0, 0, 5], &[0xB0, 32, 9], &[0xC0, 0]]));
    assert_ne!(piano, sound(&[&[0xC0, 1]]));
    let mut bench = Bench::new();
    bench.synth.set_program(16);
    bench.put(&[0x90, 69, 100]);
    assert_eq!(
        bench.run(2_000),
        sound(&[&[0xC0, 16]]),
        "the sound of channels without one"
    );
    // A note goes on as it began.
    let mut bench = Bench::new();
    bench.put(&[0x90, 69, 100]);
    bench.put(&[0xC0, 16]);
    assert_eq!(bench.run(2_000), piano);
}

#[test]
fn universal_messages_reset_everything_and_set_the_loudness_of_all() {
    let mut bench = Bench::new();
    bench.put(&[0xC0, 16]);
    bench.put(&[0x90, 69, 100]);
    let before = rms(&bench.run(SECOND / 2)[SECOND / 4..]);
    bench.put(&[0xF0, 0x7F, 0x7F, 4, 1, 0, 64, 0xF7]);
    let after = rms(&bench.run(SECOND / 2)[SECOND / 4..]);
    assert!((after / before - 0.25).abs() < 0.005);
    bench.put(&[0xF0, 0x7E, 0x7F, 9, 1, 0xF7]);
    bench.run(SECOND / 10);
    assert_eq!(bench.synth.sounding(), 0);
    assert_eq!(bench.synth.channels[0].program, None);
    assert_eq!(bench.synth.master, 1.0);
}

#[test]
fn a_crowd_at_full_strength_stays_below_full_scale_and_a_voice_is_not_touched() {
    let mut bench = Bench::new();
    for channel in 0..16 {
        bench.put(&[0xC0 | channel, 16]);
        bench.put(&[0xB0 | channel, 7, 127]);
        bench.put(&[0x90 | channel, 57, 127]);
        bench.put(&[0x90 | channel, 57, 127]);
    }
    let heard = bench.both(SECOND);
    assert!(!has_non_finite(&heard[0]));
    let loudest = peak(&heard[0]).max(peak(&heard[1]));
    assert!(loudest > 0.9 && loudest < 0.97, "{loudest}");
}

#[test]
fn mono_hears_both_sides_and_more_channels_are_silent() {
    for pan in [0, 64, 127] {
        let mut mono = Bench::with(1, 1);
        mono.put_all(&[[0xB0, 10, pan], [0x90, 69, 100]]);
        assert!(peak(&mono.run(SECOND / 10)) > 0.05);
    }
    let mut many = Bench::with(1, 6);
    many.put(&[0x90, 69, 100]);
    let heard = many.both(1_000);
    assert!(peak(&heard[1]) > 0.05 && peak(&heard[2]) == 0.0 && peak(&heard[5]) == 0.0);
}

/// Many samples are reckoned together, operator by operator; where a call begins and ends is not heard.
#[test]
fn every_sound_has_the_same_samples_however_it_is_cut() {
    let sounds = (0..128_u8).map(|program| (0, program, 57));
    let drums = (35..82_u8).map(|key| (DRUM_CHANNEL, 0, key));
    for (channel, program, key) in sounds.chain(drums) {
        let run = |lens: &[usize]| {
            let mut bench = Bench::new();
            bench.put(&[0xC0 | channel, program]);
            bench.put(&[0x90 | channel, key, 110]);
            let (mut heard, mut lens) = (vec![], lens.iter().cycle());
            for (until, message) in [
                (700, [0xB0, 1, 90]),
                (2_000, [0xB0, 1, 0]),
                (3_100, [0x80, key, 0]),
                (9_000, [0x90, key, 80]),
                (9_500, [0xB0, 120, 0]),
                (10_000, [0xB0, 7, 10]),
            ] {
                while heard.len() < until {
                    let len = (*lens.next().unwrap()).min(until - heard.len());
                    heard.extend(bench.run(len));
                }
                bench.put(&[message[0] | channel, message[1], message[2]]);
            }
            heard
        };
        let whole = run(&[4096]);
        assert!(peak(&whole) > 0.001, "{channel} {program} {key}");
        let is_same = |cut: Vec<f32>| {
            cut.iter()
                .zip(&whole)
                .all(|(a, b)| a.to_bits() == b.to_bits())
        };
        // One by one takes long.
        if key % 16 == 1 || program % 16 == 1 {
            assert!(is_same(run(&[1])), "{channel} {program} {key}");
        }
        assert!(is_same(run(&[64, 7, 129, 33])), "{channel} {program} {key}");
    }
}
