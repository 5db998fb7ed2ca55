//! A range played round and round: to the sample, and without a click where its ends do not meet.

use ksgraph::engine::{Message, Offline, Report};
use ksgraph::ks::{LoopRange, State};

use super::live::Live;
use super::{File, LEN, held, offline, reader, roughest, sound, stage_for, stage_with_ear};
use crate::stage::{Stage, assert_same_bits, hear, uneven};

#[test]
fn a_loop_is_exact_to_the_sample_however_short_and_however_it_is_cut() {
    let file = File::new(48_000, sound);
    let stage = stage_for(&file, 48_000, Stage::new());
    // Shorter than a quantum, than a frame of the reader, longer, up to the end of the file and over it.
    let ranges = [
        (100, 116),
        (1_000, 1_101),
        (0, 2_400),
        (5_000, 7_401),
        (9_999, 30_000),
        (50_000, 60_000),
        (58_000, 61_000),
        (60_000, 60_100),
    ];
    for (begin, end) in ranges {
        let range = LoopRange::between(end as u64, begin as u64).unwrap();
        for quantum in [64, 1_024, 4_096] {
            let (mut offline, sink) = offline(&stage, &reader(&file.0, "null_renderer"), quantum);
            offline.send(Message::Loop(Some(range)));
            let lead = 50.min(begin);
            offline.seek((begin - lead) as u64);
            let len = 3 * (end - begin) + 77;
            let heard = hear(&mut offline, &sink, &uneven(len, quantum, 9));
            let at = |channel: usize, n: usize| {
                let place = match n < lead {
                    true => begin - lead + n,
                    false => begin + (n - lead) % (end - begin),
                };
                if place < LEN {
                    sound(channel, place)
                } else {
                    0.0
                }
            };
            let of = |channel| (0..len).map(|n| at(channel, n)).collect();
            let what = format!("{begin} to {end} by {quantum}");
            assert_same_bits(&heard, &[of(0), of(1)], &what);
            let turns = (len - lead) / (end - begin);
            assert_eq!(offline.cells().turns(), turns as u64, "{what}");
            assert!(!offline.has_ended() || end > LEN, "{what}");
            let ended = offline.reports().any(|it| matches!(it, Report::Ended));
            assert!(!ended, "{what}: a loop has no end");
            // And on, behind the range, without it.
            offline.send(Message::Loop(None));
            let position = offline.position() as usize;
            let heard = hear(&mut offline, &sink, &uneven(300, quantum, 1));
            assert_same_bits(&heard, &held(position, 300), &what);
        }
    }
}

#[test]
fn a_loop_goes_over_a_resampler_without_a_gap_and_the_same_for_any_quantum() {
    let turn = std::f32::consts::TAU * 117.0 / 14_700.0;
    let file = File::new(44_100, |_, n| (n as f32 * turn).sin() * 0.5);
    let stage = stage_for(&file, 44_100, Stage::new());
    let text = reader(&file.0, "rate_converter -> null_renderer");
    // 147 samples of the file in 160 of the graph: 117 turns of the sine, so the ends meet.
    let range = LoopRange::between(1_600, 1_600 + 16_000);
    let render = |quantum| {
        let (mut offline, sink) = offline(&stage, &text, 4_096);
        offline.send(Message::Loop(range));
        hear(&mut offline, &sink, &uneven(60_000, quantum, 4))
    };
    let one = render(480);
    assert_same_bits(&one, &render(4_096), "cut otherwise");
    assert_same_bits(&one, &render(37), "cut otherwise");
    // One round is like the one before it, the converter's own delay included.
    let (first, second) = (&one[0][20_000..36_000], &one[0][36_000..52_000]);
    let off = first.iter().zip(second).map(|(a, b)| (a - b).abs());
    assert!(off.fold(0.0, f32::max) < 1e-4);
    // Silence of a few samples would be seen as a fall of level around the seams.
    let quiet = one[0][4_000..].windows(40);
    let least = quiet
        .map(|it| it.iter().fold(0.0_f32, |most, x| most.max(x.abs())))
        .fold(1.0, f32::min);
    assert!(least > 0.2, "{least}");
}

#[test]
fn notes_end_at_the_seam_of_a_loop_and_begin_again() {
    let (stage, heard) = stage_with_ear();
    let text = "metronome tempo=60 -> null_renderer; metronome -> ear";
    let graph = stage.graph(text);
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 480);
    // The first beat is held for 10 ms: over the seam.
    offline.send(Message::Loop(LoopRange::between(0, 300)));
    for len in uneven(900, 480, 3) {
        offline.cycle(len).unwrap();
    }
    let events = std::mem::take(&mut *heard.lock().unwrap());
    let said: Vec<_> = events
        .iter()
        .map(|it| (it.time, it.bytes()[0] & 0xF0))
        .collect();
    let round = [(0, 0x80), (0, 0x90)];
    let wanted: Vec<_> = [(0, 0x90)].into_iter().chain(round).chain(round).collect();
    assert_eq!(said[..5], wanted[..]);
}

/// A sine that meets nowhere by itself, on the grid of 16 bits.
fn restless(n: usize) -> f32 {
    let sine = (n as f64 * 0.0273).sin() * 0.5;
    ((sine * 32_768.0) as i16) as f32 / 32_768.0
}

/// Rounds of a range, from its beginning.
fn rounds(file: &File, range: (usize, usize), quantum: usize, count: usize) -> Vec<f32> {
    let stage = stage_for(file, 48_000, Stage::new());
    let (mut offline, sink) = offline(&stage, &reader(&file.0, "null_renderer"), quantum);
    offline.send(Message::Loop(LoopRange::between(
        range.0 as u64,
        range.1 as u64,
    )));
    offline.seek(range.0 as u64);
    let len = count * (range.1 - range.0);
    hear(&mut offline, &sink, &uneven(len, quantum, 9)).remove(0)
}

#[test]
fn the_seam_of_a_loop_does_not_click_and_the_loop_keeps_its_length() {
    let file = File::new(48_000, |_, n| restless(n));
    // Led into, from the beginning of the file, all of it, with hardly anything before it, and in one frame.
    for (begin, end) in [
        (5_000, 29_337),
        (0, 20_011),
        (0, 60_000),
        (100, 20_300),
        (5_003, 5_900),
        (7, 1_100),
    ] {
        let len = end - begin;
        let heard = rounds(&file, (begin, end), 1_024, 3);
        for quantum in [64, 777] {
            let other = rounds(&file, (begin, end), quantum, 3);
            assert_eq!(heard, other, "cut otherwise");
        }
        let what = format!("{begin} to {end}");
        assert_eq!(
            heard[len..2 * len],
            heard[2 * len..],
            "{what}: rounds are alike"
        );
        // The sound bends by 0.0004, a fade of 5 ms by 0.002; an exact jump is up to 1.
        let bend = roughest(&heard);
        assert!(bend < 0.003, "{what}: {bend}");
        // Nothing but 5 ms before the end is touched, where something leads to the beginning.
        let lead = (len / 4).min(240);
        let kept = if begin >= lead { 0 } else { lead };
        for round in heard.chunks(len) {
            for (n, heard) in round.iter().enumerate().take(len - lead).skip(kept) {
                assert_eq!(*heard, restless(begin + n), "{what}: {n}");
            }
            let whole = round.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
            assert!(
                (0.49..0.51).contains(&whole) || len < 2_000,
                "{what}: {whole}"
            );
        }
        // It goes over into what leads to the beginning.
        if begin >= lead {
            assert_eq!(heard[len - 1], restless(begin - 1), "{what}");
        }
    }
}

#[test]
fn a_seam_that_meets_by_itself_is_left_as_it_is() {
    let sine = |n: usize| {
        let sine = (n as f64 * std::f64::consts::TAU / 100.0).sin() * 0.9;
        ((sine * 32_768.0) as i16) as f32 / 32_768.0
    };
    let file = File::new(48_000, |_, n| sine(n));
    for (begin, end) in [
        (0, 60_000),
        (0, 6_000),
        (1_000, 7_000),
        (13, 2_013),
        (25, 125),
    ] {
        let heard = rounds(&file, (begin, end), 777, 3);
        for (n, heard) in heard.iter().enumerate() {
            assert_eq!(
                *heard,
                sine(begin + n % (end - begin)),
                "{begin} to {end}: {n}"
            );
        }
    }
}

#[test]
fn two_ends_that_are_not_alike_go_over_at_even_power_and_an_attack_keeps_its_edge() {
    // A hum, and from 30 000 on a tone of another pitch that begins at once, at its crest.
    let at = |n: usize| match n < 30_000 {
        true => (n as f64 * 0.21).sin() * 0.4,
        false => ((n - 30_000) as f64 * 0.013).cos() * 0.4,
    };
    let grid = |n| ((at(n) * 32_768.0) as i16) as f32 / 32_768.0;
    let file = File::new(48_000, |_, n| grid(n));
    let range = (30_000, 50_111);
    let heard = rounds(&file, range, 512, 2);
    let len = range.1 - range.0;
    let (tail, head) = (&heard[len - 240..len], &heard[len..]);
    assert_eq!(
        *head,
        heard[..len],
        "the attack of each round is that of the first"
    );
    assert_eq!(head[0], grid(30_000));
    let power =
        |samples: &[f32]| samples.iter().map(|it| it * it).sum::<f32>() / samples.len() as f32;
    let middle = power(&tail[75..165]);
    // Two sines of 0.4 have 0.08 each; a sum at even gain would have half of that in the middle.
    assert!((0.055..0.12).contains(&middle), "{middle}");
}

#[test]
fn a_file_that_ends_within_the_range_begins_again_without_a_click() {
    let len = LEN as f64;
    // It dies away towards its end and is loud in the middle.
    let at = move |n: usize| (n as f64 * 0.02).cos() * 0.5 * (1.0 - n as f64 / len);
    let file = File::new(48_000, |_, n| at(n) as f32);
    let heard = rounds(&file, (30_002, 61_000), 700, 3);
    // The first beginning is the test's own jump into the middle.
    let bend = roughest(&heard[1_000..]);
    assert!(bend < 0.003, "{bend}");
    assert_eq!(
        heard[29_998 + 1..30_998],
        [0.0; 999],
        "silent behind its end"
    );
}

#[test]
fn the_seam_is_the_same_live_as_offline() {
    let file = File::new(48_000, |_, n| restless(n));
    let range = (5_000, 9_337);
    let once = rounds(&file, range, 480, 2);
    let round = &once[range.1 - range.0..];
    let mut live = Live::start(&file, &reader(&file.0, "audio_device_out"), 480);
    live.engine.set_loop(LoopRange::between(5_000, 9_337));
    live.engine.send(Message::State(State::Run));
    live.engine.seek(5_000);
    live.settle();
    // The reader is not waited for in a live graph: on a busy machine a round may have a hole, and another is looked at.
    for _ in 0..20_000 {
        live.turn();
        std::thread::sleep(std::time::Duration::from_millis(1));
        let Some(from) = live.heard.len().checked_sub(round.len()) else {
            continue;
        };
        let played = &live.heard[from..];
        // The card takes floats, so what is made at the seam need not lie on the grid of 16 bits.
        let is_turned_by = |by: usize| {
            (0..round.len())
                .all(|n| (round[(n + by) % round.len()] - played[n]).abs() < 1.0 / 32_768.0)
        };
        if live.engine.cells().turns() >= 3 && (0..round.len()).any(is_turned_by) {
            return;
        }
    }
    panic!("no round of the live graph is one of the rendered");
}
