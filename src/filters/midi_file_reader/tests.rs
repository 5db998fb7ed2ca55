//! The reader on a bench: when every event comes, what a jump makes up for, and what is refused.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::super::about::{probe, read};
use super::super::{DESCRIPTOR, MidiFileReader, PATH};
use super::*;
use crate::dsp::Random;
use crate::filters::wave_reader::tests::{Folder, Still, values};
use crate::ks::rig::{RATE_HZ, Rig};
use crate::ks::{
    DataFlow, DataFormat, FileFact, Filter, OpenError, OpenPin, Settings, Value, Waker,
};
use crate::midi::smf::MOST_BYTES;
use crate::midi::write_smf0;

fn number(bytes: &mut Vec<u8>, value: u32) {
    for shift in [21, 14, 7] {
        if value >> shift > 0 {
            bytes.push((value >> shift & 127) as u8 | 0x80);
        }
    }
    bytes.push((value & 127) as u8);
}

/// A file of so many tracks, each a list of deltas and events.
fn song_file(kind: u8, division: u16, tracks: &[Vec<(u32, Vec<u8>)>]) -> Vec<u8> {
    let mut file = vec![
        b'M',
        b'T',
        b'h',
        b'd',
        0,
        0,
        0,
        6,
        0,
        kind,
        0,
        tracks.len() as u8,
    ];
    file.extend(division.to_be_bytes());
    for track in tracks {
        let mut bytes = vec![];
        for (delta, event) in track {
            number(&mut bytes, *delta);
            bytes.extend(event);
        }
        bytes.extend([0, 0xff, 0x2f, 0]);
        file.extend(b"MTrk");
        file.extend((bytes.len() as u32).to_be_bytes());
        file.extend(bytes);
    }
    file
}

fn tempo(micros: u32) -> Vec<u8> {
    let [_, a, b, c] = micros.to_be_bytes();
    vec![0xff, 0x51, 3, a, b, c]
}

struct Bench {
    folder: Folder,
    more: Vec<(&'static str, Value)>,
    format: DataFormat,
}

impl Bench {
    fn new(bytes: &[u8]) -> Self {
        let folder = Folder::new();
        std::fs::write(folder.file("song.mid"), bytes).unwrap();
        Self {
            folder,
            more: vec![],
            format: DataFormat::events(),
        }
    }

    fn with(mut self, key: &'static str, value: Value) -> Self {
        self.more.push((key, value));
        self
    }

    fn rig(&self) -> Rig {
        let values = values(&self.folder.file("song.mid"), &self.more);
        let formats = BTreeMap::from([("notes".to_owned(), self.format.clone())]);
        Rig::open_with(&MidiFileReader, values, &formats, None)
    }
}

type Event = (u64, Vec<u8>);

/// Runs for so many samples in cycles of the given lengths; the sample of each event, and its bytes.
fn hear(rig: &mut Rig, mut left: usize, mut next_len: impl FnMut() -> usize) -> Vec<Event> {
    let mut heard = vec![];
    while left > 0 {
        let len = next_len().clamp(1, 4096).min(left);
        let events = rig.run(len).events;
        heard.extend(events.iter().map(|event| {
            (
                sample_from_time(event.time, RATE_HZ),
                event.bytes().to_vec(),
            )
        }));
        left -= len;
    }
    heard
}

#[test]
fn every_event_comes_at_its_sample_through_thousands_of_tempo_changes() {
    let mut random = Random::new(7);
    let mut next = |most: u64| (random.next_bits() % most) as u32;
    // A tempo track, and notes of two others between; 256 of them on one tick.
    let mut tempos = vec![];
    let mut changes = vec![(0_u64, 500_000_u64)];
    let mut tick = 0_u64;
    for _ in 0..5_000 {
        let (delta, micros) = (next(40), 100_000 + next(900_000));
        tempos.push((delta, tempo(micros)));
        tick += u64::from(delta);
        changes.push((tick, u64::from(micros)));
    }
    let last = tick;
    let mut tracks = vec![tempos];
    let mut wanted: Vec<(u64, usize, Vec<u8>)> = vec![];
    for track in 1..3_usize {
        let mut list = vec![];
        let mut tick = 0_u64;
        while tick < last {
            let delta = if tick == 960 { 0 } else { 1 + next(60) };
            let crowd = if tick < 960 && tick + u64::from(delta) >= 960 {
                256
            } else {
                1
            };
            let delta = if crowd > 1 {
                (960 - tick) as u32
            } else {
                delta.max(1)
            };
            tick += u64::from(delta);
            for index in 0..crowd {
                let note = vec![0xb0 | track as u8, 1, (index % 128) as u8];
                list.push((if index == 0 { delta } else { 0 }, note.clone()));
                wanted.push((tick, track, note));
            }
        }
        tracks.push(list);
    }
    wanted.sort_by_key(|(tick, track, _)| (*tick, *track));
    // Exact: microseconds of each stretch, over the division.
    let division = 480_u64;
    let sample_of = |tick: u64| {
        let mut sum = 0_u128;
        for (index, (from, micros)) in changes.iter().enumerate() {
            let until = changes.get(index + 1).map_or(u64::MAX, |it| it.0);
            let ticks = tick.min(until).saturating_sub(*from);
            sum += u128::from(ticks) * u128::from(*micros);
        }
        let units = sum * 10 / u128::from(division);
        sample_from_time(units as RefTime, RATE_HZ)
    };
    let mut cache = BTreeMap::new();
    let wanted: Vec<Event> = (wanted.into_iter())
        .map(|(tick, _, note)| (*cache.entry(tick).or_insert_with(|| sample_of(tick)), note))
        .collect();
    let bench = Bench::new(&song_file(1, division as u16, &tracks));
    let whole = wanted.last().unwrap().0 as usize + 1_000;
    assert!(wanted.len() > 5_000 && whole > 48_000);
    let mut random = Random::new(3);
    let heard = hear(&mut bench.rig(), whole, || 512);
    assert_eq!(heard, wanted);
    assert_eq!(
        hear(&mut bench.rig(), whole, || (random.next_bits() % 3_000)
            as usize),
        wanted
    );
    assert_eq!(
        hear(&mut bench.rig(), 20_000, || 1),
        wanted[..wanted.partition_point(|it| it.0 < 20_000)]
    );
}

/// One note from 100 to 300 ms and one that is never released, in a song of half a second.
fn short_song() -> Vec<u8> {
    let notes = vec![
        (100, vec![0x90, 60, 100]),
        (100, vec![0xb0, 64, 127]),
        (0, vec![0x91, 72, 90]),
        (100, vec![0x80, 60, 10]),
        (200, vec![0xff, 1, 0]),
    ];
    song_file(0, 500, &[notes])
}

#[test]
fn the_end_is_said_in_band_and_releases_what_is_held() {
    let bench = Bench::new(&short_song());
    let mut rig = bench.rig();
    let heard = hear(&mut rig, 23_999, || 1_000);
    assert_eq!(
        heard[..2],
        [(4_800, vec![0x90, 60, 100]), (9_600, vec![0xb0, 64, 127])]
    );
    assert_eq!((heard.len(), rig.flow), (4, Flow::Running));
    let last = hear(&mut rig, 1, || 1);
    assert_eq!(rig.flow, Flow::Ended, "the song has 24 000 samples");
    assert_eq!(
        last,
        [(24_000, vec![0xb0, 64, 0]), (24_000, vec![0x81, 72, 64])]
    );
    assert_eq!(hear(&mut rig, 5_000, || 512), []);
    assert_eq!(rig.flow, Flow::Ended);
    rig.processor().enter(State::Stop);
    assert_eq!(
        hear(&mut rig, 24_000, || 512).len(),
        6,
        "from the beginning again"
    );
}

#[test]
fn a_loop_goes_round_exactly_and_hangs_nothing() {
    let bench = Bench::new(&short_song()).with("loop", Value::Flag(true));
    let mut rig = bench.rig();
    let heard = hear(&mut rig, 24_000 * 4, || 700);
    let ons: Vec<u64> = heard
        .iter()
        .filter(|it| it.1 == [0x90, 60, 100])
        .map(|it| it.0)
        .collect();
    assert_eq!(ons, [4_800, 28_800, 52_800, 76_800]);
    let mut balance = 0;
    for (sample, bytes) in &heard {
        match bytes[..] {
            [0x91, ..] => balance += 1,
            [0x81, ..] => {
                balance -= 1;
                assert_eq!(sample % 24_000, 0);
            }
            _ => {}
        }
    }
    assert_eq!(
        (balance, rig.flow),
        (1, Flow::Running),
        "the last turn still goes"
    );
}

#[test]
fn speed_scales_all_times_and_changes_without_a_jump() {
    let bench = Bench::new(&short_song()).with("speed", Value::Number(200.0));
    let heard = hear(&mut bench.rig(), 12_000, || 333);
    assert_eq!(heard[0].0, 2_400);
    assert_eq!(heard[3], (7_200, vec![0x80, 60, 10]));
    // At its own tempo up to sample 4 800, and half as fast from there on.
    let mut rig = Bench::new(&short_song()).rig();
    let mut heard = hear(&mut rig, 4_800, || 480);
    rig.set(2, 50.0);
    heard.extend(hear(&mut rig, 48_000, || 480));
    let samples: Vec<u64> = heard.iter().map(|it| it.0).collect();
    assert_eq!(samples, [4_800, 14_400, 14_400, 24_000, 43_200, 43_200]);
}

#[test]
fn what_is_muted_is_released_at_once_and_begins_no_note() {
    let tracks: Vec<Vec<(u32, Vec<u8>)>> = (0..2_u8)
        .map(|track| {
            let notes = (0..10).flat_map(|_| {
                [
                    (50, vec![0x90 | track, 60, 100]),
                    (50, vec![0x80 | track, 60, 0]),
                ]
            });
            notes.collect()
        })
        .collect();
    let bytes = song_file(1, 500, &tracks);
    let place = |key: &str| DESCRIPTOR.property(key).unwrap().0;
    for (key, muted) in [("channel_2", 0x91), ("track_1", 0x90)] {
        let bench = Bench::new(&bytes);
        let mut rig = bench.rig();
        let before = hear(&mut rig, 3_000, || 500);
        assert_eq!(before.len(), 2);
        rig.set(place(key), 0.0);
        let after = hear(&mut rig, 20_000, || 500);
        let other = if muted == 0x91 { 0x90 } else { 0x91 };
        assert_eq!(
            after[0],
            (3_000, vec![muted & 0x8f, 60, 64]),
            "released at once"
        );
        assert!(
            after[1..].iter().all(|it| it.1[0] & 15 == other & 15),
            "{after:?}"
        );
        assert_eq!(after.iter().filter(|it| it.1[0] == other).count(), 4);
        rig.set(place(key), 1.0);
        let again = hear(&mut rig, 20_000, || 500);
        assert!(again.iter().any(|it| it.1[0] == muted));
    }
}

/// A song that sets everything up, changes it half-way, and holds a note over the middle.
fn set_up() -> Vec<u8> {
    let events = vec![
        (0, vec![0xb0, 0, 8]),
        (0, vec![0xc0, 5]),
        (0, vec![0xb0, 7, 90]),
        (0, vec![0xb0, 101, 0]),
        (0, vec![0xb0, 100, 0]),
        (0, vec![0xb0, 6, 12]),
        (100, vec![0xe0, 0, 96]),
        (0, vec![0x90, 60, 77]),
        (400, vec![0xc0, 9]),
        (0, vec![0xb0, 7, 30]),
        (0, vec![0xb0, 1, 64]),
        (0, vec![0xe0, 0, 64]),
        (400, vec![0x80, 60, 0]),
        (100, vec![0xff, 1, 0]),
    ];
    song_file(0, 500, &[events])
}

#[test]
fn a_jump_chases_what_it_skips() {
    let jump = |song_millis: i64, chase: &str| {
        let bench = Bench::new(&set_up()).with("chase", Value::Text(chase.into()));
        let values = values(&bench.folder.file("song.mid"), &bench.more);
        let (mut playing, _) = open_playing(&values);
        playing.jump(song_millis * 10_000, 0, playing.slots_chase(chase));
        let mut output = Output {
            payload: Payload::Events(Vec::with_capacity(4096)),
            is_connected: true,
            ..Output::default()
        };
        assert!(playing.hand_on(&mut output));
        let events = output.payload.events();
        events
            .iter()
            .map(|it| it.bytes().to_vec())
            .collect::<Vec<_>>()
    };
    let set = |program: u8, volume: u8, wheel: u8, bend: u8| -> Vec<Vec<u8>> {
        vec![
            vec![0xb0, 0, 8],
            vec![0xc0, program],
            vec![0xb0, 1, wheel],
            vec![0xb0, 7, volume],
            vec![0xb0, 101, 0],
            vec![0xb0, 100, 0],
            vec![0xb0, 6, 12],
            vec![0xb0, 101, 0],
            vec![0xb0, 100, 0],
            vec![0xe0, 0, bend],
        ]
    };
    let note = [vec![0x90, 60, 77]];
    assert_eq!(jump(300, "controllers"), set(5, 90, 0, 96));
    assert_eq!(
        jump(300, "controllers and notes"),
        [&set(5, 90, 0, 96)[..], &note].concat()
    );
    assert_eq!(
        jump(700, "controllers and notes"),
        [&set(9, 30, 64, 64)[..], &note].concat()
    );
    assert_eq!(jump(950, "controllers and notes"), set(9, 30, 64, 64));
    assert_eq!(jump(700, "nothing"), Vec::<Vec<u8>>::new());
    // To the very beginning: everything at rest that is set later.
    let rest = jump(0, "controllers");
    assert_eq!(
        rest[..4],
        [
            vec![0xb0, 0, 0],
            vec![0xc0, 0],
            vec![0xb0, 1, 0],
            vec![0xb0, 7, 100]
        ]
    );
    assert_eq!(rest[6], [0xb0, 6, 2], "a bend range of two semitones");
}

impl Playing {
    fn slots_chase(&self, word: &str) -> usize {
        let words = ["nothing", "controllers", "controllers and notes"];
        words.iter().position(|it| *it == word).unwrap()
    }
}

fn open_playing(values: &BTreeMap<String, Value>) -> (Playing, Telemetry) {
    let settings = Settings { values, base: None };
    let song = read(&settings.path(&PATH).unwrap(), None).unwrap();
    let telemetry = Telemetry::new(telemetry::LEN);
    let playing = with_opening(values, |opening| {
        Playing::new(&song, opening, false, telemetry.clone())
    });
    (playing, telemetry)
}

fn with_opening<T>(values: &BTreeMap<String, Value>, then: impl FnOnce(&Opening<'_>) -> T) -> T {
    let pins = [OpenPin {
        factory: 0,
        instance: 0,
        data_flow: DataFlow::Out,
        format: Some(DataFormat::events()),
    }];
    then(&Opening {
        descriptor: &DESCRIPTOR,
        settings: Settings { values, base: None },
        rate_hz: RATE_HZ,
        max_len: 512,
        pins: &pins,
        live: false,
        clock: Arc::new(Still),
        waker: Waker::default(),
        feed: None,
        drives: false,
        memory: None,
    })
}

#[test]
fn a_chase_far_into_a_long_song_is_that_of_a_walk_from_its_beginning() {
    let mut random = Random::new(11);
    let mut next = |most: u64| (random.next_bits() % most) as u8;
    let messages: Vec<(u64, Vec<u8>)> = (0..10_000_u64)
        .map(|n| {
            let channel = next(4);
            let bytes = match next(5) {
                0 => vec![0x90 | channel, next(128), 1 + next(126)],
                1 => vec![0x80 | channel, next(128), 0],
                2 => vec![0xb0 | channel, next(120), next(128)],
                3 => vec![0xc0 | channel, next(128)],
                _ => vec![0xe0 | channel, next(128), next(128)],
            };
            (n, bytes)
        })
        .collect();
    let folder = Folder::new();
    let path = folder.file("song.mid");
    std::fs::write(&path, write_smf0(500, 500_000, &messages)).unwrap();
    let (playing, _) = open_playing(&values(&path, &[]));
    for index in [0, 1, 4_095, 4_096, 4_097, 9_999, 10_000] {
        let mut wanted = Told::nothing(1);
        for (event, track) in playing.events.iter().zip(&playing.tracks).take(index) {
            wanted.follow(event, *track);
        }
        let mut found = Told::nothing(1);
        playing
            .places
            .before(index, &playing.events, &playing.tracks, &mut found);
        assert!(found == wanted, "before event {index}");
    }
}

#[test]
fn raw_midi_lies_on_its_grid_of_a_millisecond() {
    let mut bench = Bench::new(&song_file(
        0,
        480,
        &[vec![
            (1, vec![0x90, 60, 1]),
            (1, vec![0x80, 60, 0]),
            (480, vec![0x90, 61, 1]),
        ]],
    ));
    bench.format = DataFormat::midi();
    let heard = bench.rig().run(4_096).events;
    // A tick is 1.0417 ms.
    let times: Vec<RefTime> = heard.iter().map(|it| it.time).collect();
    assert_eq!(times, [10_000, 20_000]);
    bench.format = DataFormat::events();
    let times: Vec<RefTime> = bench
        .rig()
        .run(4_096)
        .events
        .iter()
        .map(|it| it.time)
        .collect();
    assert_eq!(times, [10_416, 20_833], "events are not rounded");
}

#[test]
fn long_messages_come_whole_and_joined() {
    let long: Vec<u8> = (0..100).collect();
    let mut event = vec![0xf0, 101];
    event.extend(&long);
    event.push(0xf7);
    let bench = Bench::new(&song_file(
        0,
        480,
        &[vec![(10, event), (0, vec![0x90, 1, 1])]],
    ));
    let heard = bench.rig().run(4_096).events;
    assert_eq!(run_length(&heard), 13);
    let bytes: Vec<u8> = heard[..13]
        .iter()
        .flat_map(|it| it.bytes().to_vec())
        .collect();
    assert_eq!(bytes, [&[0xf0], &long[..], &[0xf7]].concat());
    assert_eq!(heard[13].bytes(), [0x90, 1, 1]);
}

#[test]
fn ports_are_channel_groups_and_songs_are_chosen() {
    let two = [
        vec![(10, vec![0x90, 1, 1])],
        vec![(0, vec![0xff, 0x21, 1, 1]), (10, vec![0x90, 2, 1])],
    ];
    let bench = Bench::new(&song_file(1, 480, &two));
    let groups: Vec<u16> = bench
        .rig()
        .run(4_096)
        .events
        .iter()
        .map(|it| it.channel_group)
        .collect();
    assert_eq!(groups[..2], [1, 2]);
    let bench = Bench::new(&song_file(2, 480, &two)).with("song", Value::Number(2.0));
    assert_eq!(bench.rig().run(4_096).events[0].bytes(), [0x90, 2, 1]);
}

#[test]
fn a_piece_ends_where_a_frame_is_full() {
    let crowd: Vec<(u64, [u8; 3])> = (0..10_000)
        .map(|n| {
            (
                if n < 3_000 { n / 100 } else { 40 },
                [0xb0, 1, (n % 128) as u8],
            )
        })
        .collect();
    let folder = Folder::new();
    let path = folder.file("song.mid");
    std::fs::write(&path, write_smf0(500, 500_000, &crowd)).unwrap();
    let (mut playing, _) = open_playing(&values(&path, &[]));
    playing.is_fresh = false;
    // A hundred in a millisecond: a thousand are ten of them, and some.
    assert_eq!(playing.longest(0, 4_096, RATE_HZ), 480);
    assert_eq!(playing.longest(0, 100, RATE_HZ), 100);
    playing.next = 3_000;
    assert_eq!(playing.longest(1_900, 4_096, RATE_HZ), 20);
    assert_eq!(
        playing.longest(1_920, 4_096, RATE_HZ),
        1,
        "7 000 at one sample"
    );
    playing.next = 9_500;
    assert_eq!(playing.longest(1_921, 4_096, RATE_HZ), 4_096);
}

fn refused(path: &Path) -> OpenError {
    let values = values(path, &[]);
    with_opening(&values, |opening| {
        MidiFileReader.open(opening).err().unwrap()
    })
}

#[test]
fn what_cannot_be_played_is_a_clear_error_and_what_can_is_told() {
    let folder = Folder::new();
    assert!(matches!(refused(Path::new("")), OpenError::Property { .. }));
    let path = folder.file("song.mid");
    let name = path.to_str().unwrap();
    assert!(refused(&path).to_string().starts_with(name));
    assert!(matches!(probe(&path), FileFact::Unusable(_)));
    let directory = refused(&folder.0).to_string();
    assert!(directory.ends_with("it is a folder and not a file; wanted a MIDI file"));
    std::fs::write(&path, "MThd is not enough").unwrap();
    assert!(matches!(refused(&path), OpenError::File { .. }));
    std::fs::File::create(&path)
        .unwrap()
        .set_len(MOST_BYTES + 1)
        .unwrap();
    assert!(refused(&path).to_string().contains("larger than 32 MiB"));

    let mut texts = vec![];
    for (kind, words) in [(3, "A Name"), (6, "Intro"), (1, "@T Title"), (1, "\\Hey")] {
        texts.push((
            48,
            [&[0xff, kind, words.len() as u8], words.as_bytes()].concat(),
        ));
    }
    let mut bytes = song_file(1, 480, &[texts, vec![(10, vec![0x90, 1, 1])]]);
    bytes[11] = 9;
    std::fs::write(&path, &bytes).unwrap();
    let FileFact::Song(about) = crate::filters::probe(&path) else {
        panic!("a song");
    };
    assert_eq!(
        (about.kind, about.events, about.duration),
        (1, 1, 2_000_000)
    );
    assert_eq!(about.tracks, ["A Name", ""]);
    assert_eq!(about.markers, [(1_000_000, "Intro".to_owned())]);
    assert_eq!(about.lyrics, [(2_000_000, "\\Hey".to_owned())]);
    assert_eq!(
        about.remarks,
        ["byte 10: the header claims 9 tracks; 2 are there and were read"]
    );
    let values = values(&path, &[]);
    let notes = with_opening(&values, |opening| {
        MidiFileReader.open(opening).unwrap().notes
    });
    assert!(notes[0].ends_with(&about.remarks[0]), "{notes:?}");
}

#[test]
fn where_it_is_can_be_seen() {
    let mut track = vec![
        (0, b"\xff\x06\x01A".to_vec()),
        (250, b"\xff\x06\x01B".to_vec()),
    ];
    track.push((0, vec![0x90, 60, 1]));
    track.push((250, b"\xff\x05\x02la".to_vec()));
    let bench = Bench::new(&song_file(0, 500, &[track]));
    let mut rig = bench.rig();
    let seen = |rig: &Rig| -> Vec<f32> {
        let cells = rig.telemetry().unwrap();
        (0..telemetry::LEN).map(|index| cells.get(index)).collect()
    };
    hear(&mut rig, 4_800, || 480);
    assert_eq!(seen(&rig), [0.09, 0.5, 1.0, 0.0, 0.0, 0.0]);
    hear(&mut rig, 9_600, || 480);
    assert_eq!(seen(&rig), [0.29, 0.5, 2.0, 0.0, 1.0, 1.0]);
}

#[test]
fn a_seek_goes_on_where_the_song_would_be() {
    let seek = |rig: &mut Rig, to: u64, flushes: bool| {
        let from = rig.position();
        let known = rig.processor().seek(Seek {
            from,
            to,
            rate_hz: RATE_HZ,
            flushes,
        });
        assert!(known);
        rig.go_to(to);
    };
    // Note 60 sounds from 4 800 to 14 400, and the pedal goes down at 9 600.
    for flushes in [true, false] {
        let mut rig = Bench::new(&short_song()).rig();
        hear(&mut rig, 5_000, || 512);
        seek(&mut rig, 12_000, flushes);
        let heard = hear(&mut rig, 4_000, || 512);
        let at = heard
            .iter()
            .filter(|it| it.0 == 12_000)
            .map(|it| it.1.clone());
        let at: Vec<Vec<u8>> = at.collect();
        let chased = [vec![0xb0, 64, 127], vec![0x90, 60, 100], vec![0x91, 72, 90]];
        match flushes {
            true => assert_eq!(at, chased),
            false => assert_eq!(at, [&[vec![0x80, 60, 64]], &chased[..]].concat()),
        }
        assert_eq!(heard.last(), Some(&(14_400, vec![0x80, 60, 10])));
        // Back to the beginning, and to behind the end.
        seek(&mut rig, 0, true);
        assert_eq!(
            hear(&mut rig, 5_000, || 512)[1..],
            [(4_800, vec![0x90, 60, 100])]
        );
        seek(&mut rig, 900_000, true);
        rig.run(512);
        assert_eq!(rig.flow, Flow::Ended);
    }
    let mut rig = Bench::new(&short_song())
        .with("speed", Value::Number(200.0))
        .rig();
    hear(&mut rig, 1_000, || 512);
    seek(&mut rig, 2_000, true);
    let heard = hear(&mut rig, 6_000, || 512);
    assert!(heard.contains(&(2_400, vec![0x90, 60, 100])), "{heard:?}");
}
