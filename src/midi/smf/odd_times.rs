//! Times of songs that are seldom, against their arithmetic: divisions at their ends, frames a second, tempos that stand in other
//! tracks, on the tick of a note, or at their ends.

use super::*;

/// A chunk.
fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&id[..], &(data.len() as u32).to_be_bytes(), data].concat()
}

/// A file of a type and a division.
fn file(kind: u16, division: u16, tracks: &[Vec<u8>]) -> Vec<u8> {
    let numbers = [kind, tracks.len() as u16, division];
    let head: Vec<u8> = numbers.iter().flat_map(|it| it.to_be_bytes()).collect();
    let tracks = tracks.iter().map(|it| chunk(b"MTrk", it));
    [chunk(b"MThd", &head), tracks.collect::<Vec<_>>().concat()].concat()
}

fn delta(ticks: u32) -> Vec<u8> {
    let mut bytes = vec![(ticks & 127) as u8];
    let mut rest = ticks >> 7;
    while rest > 0 {
        bytes.insert(0, (rest & 127) as u8 | 128);
        rest >>= 7;
    }
    bytes
}

/// A track of events behind so many ticks each.
fn track(events: &[(u32, &[u8])]) -> Vec<u8> {
    let all = events.iter().copied().chain([(0, END)]);
    all.flat_map(|(ticks, bytes)| [delta(ticks), bytes.to_vec()].concat())
        .collect()
}

const END: &[u8] = &[0xFF, 0x2F, 0];
const NOTE: &[u8] = &[0x90, 60, 100];
const FAST: &[u8] = &[0xFF, 0x51, 3, 0, 0, 1];
const SLOW: &[u8] = &[0xFF, 0x51, 3, 0xFF, 0xFF, 0xFF];
const SECOND: &[u8] = &[0xFF, 0x51, 3, 0x0F, 0x42, 0x40];

/// When the notes of a file are, in 100 ns.
fn notes(bytes: &[u8]) -> Vec<u64> {
    let song = read_smf(bytes).unwrap();
    let notes = song.messages().filter(|(_, it)| it[0] == 0x90);
    notes.map(|(time, _)| time).collect()
}

#[test]
fn divisions_at_their_ends_are_exact() {
    let at = |division: u16, ticks: u32| notes(&file(0, division, &[track(&[(ticks, NOTE)])]));
    assert_eq!(at(1, 3), [15_000_000]);
    assert_eq!(at(32_767, 32_767), [5_000_000]);
    assert_eq!(at(32_767, 0x0FFF_FFFF), [268_435_455 * 5_000_000 / 32_767]);
    // Frames a second stand as what is left to 256, ticks a frame below them; 29 means 30 000 of 1 001.
    let frames = |a_second: u16, ticks: u16| (256 - a_second) << 8 | ticks;
    assert_eq!(at(frames(24, 255), 24 * 255 * 3), [30_000_000]);
    assert_eq!(at(frames(25, 1), 25 * 60), [600_000_000]);
    assert_eq!(at(frames(29, 80), 30_000 * 80), [10_010_000_000]);
    assert_eq!(at(frames(30, 100), 1), [3_333]);
}

#[test]
fn a_tempo_counts_from_its_own_tick_in_whatever_track_it_stands() {
    // Of a file in frames a second it does not count at all.
    let frames = file(0, 0xE728, &[track(&[(0, FAST), (1_000, NOTE)])]);
    assert_eq!(notes(&frames), [10_000_000]);
    let other = file(
        1,
        480,
        &[
            track(&[(480, NOTE), (480, NOTE)]),
            track(&[(480, SECOND)]),
            track(&[(960, NOTE)]),
        ],
    );
    assert_eq!(notes(&other), [5_000_000, 15_000_000, 15_000_000]);
    // The last one of a tick counts, and the ends of what it can say do.
    let ends = track(&[
        (0, SLOW),
        (0, FAST),
        (480_000, NOTE),
        (0, SLOW),
        (480, NOTE),
    ]);
    assert_eq!(
        notes(&file(0, 480, &[ends])),
        [10_000, 10_000 + 167_772_150]
    );
}

#[test]
fn empty_tracks_by_the_thousand_and_a_crowd_on_one_tick_are_a_song() {
    let mut tracks = vec![track(&[]); 20_000];
    let key = |n: usize| [0x90, (n % 128) as u8, 100];
    let keys: Vec<[u8; 3]> = (0..256).map(key).collect();
    let crowd: Vec<(u32, &[u8])> = keys.iter().map(|it| (0, &it[..])).collect();
    tracks.push(track(&crowd));
    let bytes = file(1, 96, &tracks);
    assert_eq!(notes(&bytes), vec![0; 256]);
    let song = read_smf(&bytes).unwrap();
    let heard: Vec<u8> = song.messages().map(|(_, it)| it[1]).collect();
    let wanted: Vec<u8> = keys.iter().map(|it| it[1]).collect();
    assert_eq!(heard, wanted, "in their order");
}
