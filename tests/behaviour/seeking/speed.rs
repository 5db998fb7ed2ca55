//! Files, songs and metronomes played faster and slower: what is heard, where the graph is, and when it lapses.

use ksgraph::app::Action;
use ksgraph::engine::{Message, Offline};
use ksgraph::ks::{LoopRange, State, sample_from_time};

use super::program::{program, until, write_graph};
use super::{File, LEN, offline, reader, roughest, sound, stage_for, stage_with_ear};
use crate::desk::Desk;
use crate::stage::{Stage, assert_same_bits, hear, uneven};

/// A sine of 1 kHz at 48 000 Hz, at a place between samples too.
fn hum(at: f64) -> f64 {
    (at * std::f64::consts::TAU / 48.0).sin() * 0.5
}

fn humming() -> File {
    File::new(48_000, |_, n| hum(n as f64) as f32)
}

#[test]
fn a_file_goes_by_at_its_speed_from_the_place_it_is_at_whatever_the_quantum() {
    let file = humming();
    let stage = stage_for(&file, 48_000, Stage::new());
    for speed in [500, 750, 999, 1_250, 2_000] {
        let times = f64::from(speed) / 1000.0;
        let mut all = vec![];
        for quantum in [64, 777, 4_096] {
            let (mut offline, sink) = offline(&stage, &reader(&file.0, "null_renderer"), quantum);
            hear(&mut offline, &sink, &uneven(5_000, quantum, 3));
            offline.send(Message::Speed(speed));
            let heard = hear(&mut offline, &sink, &uneven(9_000, quantum, 8));
            for (n, heard) in heard[0].iter().enumerate() {
                let meant = hum(5_000.0 + n as f64 * times);
                assert!((f64::from(*heard) - meant).abs() < 1e-3, "{speed}: {n}");
            }
            let place = 5_000 + (9_000.0 * times) as u64;
            assert_eq!(offline.cells().position(), place);
            assert_eq!(offline.cells().speed(), speed);
            assert_eq!(offline.cells().elapsed(), 14_000);
            // A seek leads to the place that was meant, and to the end at that speed.
            offline.seek(50_000);
            let left = (10_000.0 / times).ceil() as usize;
            let heard_there = hear(&mut offline, &sink, &uneven(left + 300, quantum, 5));
            assert!((f64::from(heard_there[0][0]) - hum(50_000.0)).abs() < 1e-3);
            let behind = &heard_there[0][left..];
            assert!(
                behind.iter().all(|it| *it == 0.0),
                "{speed}: silent behind the end"
            );
            assert!(heard_there[0][left - 40..left].iter().any(|it| *it != 0.0));
            assert!(offline.has_ended());
            all.push(heard);
        }
        assert_same_bits(&all[0], &all[1], "cut otherwise");
        assert_same_bits(&all[0], &all[2], "cut otherwise");
    }
}

#[test]
fn a_speed_lapses_below_pause_and_is_none_below_it() {
    let file = File::new(48_000, sound);
    let stage = stage_for(&file, 48_000, Stage::new());
    for below in [State::Acquire, State::Stop] {
        let (mut offline, sink) = offline(&stage, &reader(&file.0, "null_renderer"), 480);
        hear(&mut offline, &sink, &[480; 5]);
        offline.send(Message::Speed(1_500));
        offline.cycle(480).unwrap();
        offline.send(Message::State(State::Pause));
        offline.cycle(480).unwrap();
        let place = 2_400 + 720;
        assert_eq!(
            (offline.cells().speed(), offline.cells().position()),
            (1_500, place)
        );
        offline.send(Message::State(below));
        offline.cycle(480).unwrap();
        assert_eq!(offline.cells().speed(), 1_000, "{below:?}");
        let place = if below == State::Stop { 0 } else { place };
        assert_eq!(offline.cells().position(), place, "{below:?}");
        // Not to be had there.
        offline.send(Message::Speed(2_000));
        offline.cycle(480).unwrap();
        assert_eq!(offline.cells().speed(), 1_000, "{below:?}");
        offline.send(Message::State(State::Run));
        let heard = hear(&mut offline, &sink, &[480]);
        let meant: Vec<f32> = (place as usize..place as usize + 480)
            .map(|n| sound(0, n))
            .collect();
        assert_eq!(heard[0], meant, "{below:?}: as recorded");
    }
}

#[test]
fn a_loop_at_another_speed_is_as_much_shorter_and_its_rounds_are_alike() {
    let file = humming();
    let stage = stage_for(&file, 48_000, Stage::new());
    // Whole turns of the sine, and none.
    for (begin, end) in [(4_800, 24_000), (4_800, 24_017), (0, 10_011)] {
        let mut all = vec![];
        for quantum in [64, 1_000] {
            let (mut offline, sink) = offline(&stage, &reader(&file.0, "null_renderer"), quantum);
            offline.send(Message::Loop(LoopRange::between(begin, end)));
            offline.send(Message::Speed(1_500));
            // Into the middle of it: the first round is a part.
            offline.seek(begin + 3_000);
            let first = (end - begin - 3_000) * 2;
            let first = first.div_ceil(3) as usize;
            let round = ((end - begin) * 2).div_ceil(3) as usize;
            let mut heard =
                hear(&mut offline, &sink, &uneven(first + 3 * round, quantum, 8)).remove(0);
            assert_eq!(offline.cells().turns(), 4, "{begin} to {end}");
            assert_eq!(offline.cells().position(), begin);
            let rounds = heard.split_off(first);
            assert_eq!(rounds[..round], rounds[round..2 * round]);
            assert_eq!(rounds[..round], rounds[2 * round..]);
            let bend = roughest(&rounds).max(roughest(&heard));
            // A sine of 1.5 kHz bends by 0.02; a step at the seam would be up to 1.
            assert!(bend < 0.04, "{begin} to {end}: {bend}");
            assert!(
                (f64::from(rounds[100]) - hum(begin as f64 + 150.0)).abs() < 2e-3 || begin == 0
            );
            all.push(rounds);
        }
        assert_eq!(all[0], all[1], "cut otherwise");
    }
}

#[test]
fn a_song_and_a_metronome_go_along() {
    let (stage, heard) = stage_with_ear();
    let folder = Desk::new("speed_song");
    let path = folder.path("song.mid");
    // Eight notes, each a crotchet of 0.5 s and half as long.
    let mut track = vec![];
    for _ in 0..8 {
        track.extend([0, 0x90, 60, 100, 48, 0x80, 60, 64, 48, 0xB0, 1, 1]);
    }
    track.extend([0, 0xFF, 0x2F, 0]);
    let mut song = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    song.extend((track.len() as u32).to_be_bytes());
    song.extend(track);
    std::fs::write(&path, song).unwrap();
    let graph = format!("midi_file_reader path='{}' -> ear", path.display());
    for text in [
        graph.as_str(),
        "metronome tempo=120 -> null_renderer; metronome -> ear",
    ] {
        let graph = stage.graph(text);
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 480);
        let notes = |offline: &mut Offline, len: usize| -> Vec<u64> {
            for len in uneven(len, 480, 5) {
                offline.cycle(len).unwrap();
            }
            let events = std::mem::take(&mut *heard.lock().unwrap());
            let on = events.iter().filter(|it| it.bytes()[0] & 0xF0 == 0x90);
            on.map(|it| sample_from_time(it.time, 48_000)).collect()
        };
        assert_eq!(notes(&mut offline, 38_000), [0, 24_000], "{text}");
        offline.send(Message::Speed(2_000));
        // At 38 000 the beat at 48 000 is 5 000 samples away, and the next ones 12 000.
        let faster = notes(&mut offline, 40_000);
        let meant = [43_000, 55_000, 67_000];
        let off = faster.iter().zip(meant).map(|(a, b)| a.abs_diff(b));
        assert!(
            faster.len() == 3 && off.max() <= Some(2),
            "{text}: {faster:?}"
        );
        assert_eq!(offline.cells().position(), 38_000 + 80_000);
        offline.send(Message::Speed(1_000));
        let slower = notes(&mut offline, 20_000);
        assert!(
            slower.len() == 1 && slower[0].abs_diff(120_000) <= 2,
            "{text}: {slower:?}"
        );
    }
}

#[test]
fn the_program_sets_a_speed_where_one_can_be_had_and_says_why_not() {
    let mut app = program("tone -> null_renderer");
    until(&mut app, "open", |app| app.cells().is_some());
    assert!(!app.view().transport().takes_speeds);
    let said = |app: &ksgraph::app::App| app.view().log.last().unwrap().text.clone();
    app.perform(Action::SetSpeed(1_500));
    assert!(
        said(&app).contains("Nothing here can be played faster"),
        "{}",
        said(&app)
    );

    let file = File::new(48_000, sound);
    let mut app = program(&reader(&file.0, "null_renderer"));
    until(&mut app, "open", |app| {
        app.view().transport().length == Some(LEN as u64)
    });
    assert!(app.view().transport().takes_speeds);
    app.perform(Action::SetSpeed(1_500));
    assert!(said(&app).contains("run the graph first"), "{}", said(&app));
    app.perform(Action::SetState(State::Pause));
    until(&mut app, "paused", |app| {
        app.cells().unwrap().state() == State::Pause
    });
    for bad in [0, 499, 2_001] {
        app.perform(Action::SetSpeed(bad));
        assert!(said(&app).contains("0.5 to 2"), "{}", said(&app));
    }
    app.perform(Action::SetSpeed(1_500));
    assert!(said(&app).contains("1.5 times as fast"), "{}", said(&app));
    until(&mut app, "faster", |app| {
        app.view().transport().speed == 1_500
    });
    app.perform(Action::SetState(State::Stop));
    until(&mut app, "as recorded", |app| {
        app.view().transport().speed == 1_000
    });
}

#[test]
fn what_is_played_at_double_speed_gets_twice_as_far() {
    let desk = Desk::new("speed_play");
    let text = "metronome tempo=60 -> null_renderer";
    let graph = write_graph(&desk, "fast.ron", text);
    // Samples played count, and no time: a busy machine is as good as an idle one.
    let reach = |speed: &str| {
        let args = [
            "play",
            &graph,
            "--speed",
            speed,
            "--seconds",
            "0.5",
            "--device",
            "null",
        ];
        let did = desk.json(&args);
        assert_eq!(did.code, Some(0), "{}", did.text);
        let number = |key: &str| did.json[key].as_f64().unwrap();
        assert!(number("frames") >= 24_000.0, "{}", did.text);
        number("position") / number("frames")
    };
    for (speed, times) in [("1", 1.0), ("2", 2.0), ("0.5", 0.5)] {
        let reached = reach(speed);
        assert!((reached - times).abs() < 0.2, "{speed}: {reached}");
    }
}
