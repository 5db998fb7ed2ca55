//! The song that `graphs/fm_song.ron` plays, as it is written down: six channels of General MIDI in eight bars.

use std::fs;

use ksgraph::midi::{read_smf, write_smf0};

use crate::support::examples;

const QUARTER: u64 = 480;
const BAR: u64 = 4 * QUARTER;
/// 96 quarter notes a minute.
const MICROS: u32 = 625_000;

/// Root of the bass, and four notes above it, for each bar.
const CHORDS: [(u8, [u8; 4]); 8] = [
    (33, [57, 60, 64, 67]),
    (38, [57, 60, 62, 65]),
    (31, [55, 59, 62, 65]),
    (36, [55, 59, 60, 64]),
    (41, [57, 60, 64, 65]),
    (38, [57, 60, 62, 65]),
    (40, [56, 59, 62, 64]),
    (33, [57, 60, 64, 69]),
];
/// Beginning and length in eighths, and key, of the melody.
const MELODY: &[(u64, u64, u8)] = &[
    (0, 3, 76),
    (3, 1, 74),
    (4, 4, 72),
    (8, 3, 74),
    (11, 1, 72),
    (12, 4, 69),
    (16, 2, 71),
    (18, 2, 74),
    (20, 3, 77),
    (23, 1, 76),
    (24, 6, 76),
    (30, 2, 79),
    (32, 3, 81),
    (35, 1, 79),
    (36, 4, 77),
    (40, 2, 77),
    (42, 2, 76),
    (44, 4, 74),
    (48, 3, 71),
    (51, 1, 74),
    (52, 2, 76),
    (54, 2, 80),
    (56, 8, 81),
];

struct Score(Vec<(u64, Vec<u8>)>);

impl Score {
    fn put(&mut self, tick: u64, bytes: &[u8]) {
        self.0.push((tick, bytes.to_vec()));
    }

    fn note(&mut self, channel: u8, (tick, len): (u64, u64), key: u8, velocity: u8) {
        self.put(tick, &[0x90 | channel, key, velocity]);
        self.put(tick + len, &[0x80 | channel, key, 64]);
    }
}

fn song() -> Vec<u8> {
    let mut score = Score(vec![]);
    // Program, volume and pan of each channel.
    for (channel, program, volume, pan) in [
        (0, 4, 84, 52),
        (1, 35, 96, 64),
        (2, 48, 62, 64),
        (3, 73, 92, 76),
        (4, 11, 70, 92),
    ] {
        score.put(0, &[0xC0 | channel, program]);
        score.put(0, &[0xB0 | channel, 7, volume]);
        score.put(0, &[0xB0 | channel, 10, pan]);
    }
    let eighth = QUARTER / 2;
    for (bar, (root, chord)) in (0_u64..).zip(CHORDS) {
        let at = bar * BAR;
        for (beat, len) in [(0, 3), (3, 2), (5, 3)] {
            for (voice, key) in (0_u8..).zip(chord) {
                let tick = at + beat * eighth + u64::from(voice) * 6;
                score.note(
                    0,
                    (tick, len * eighth - 40),
                    key,
                    62 + 6 * (beat == 0) as u8,
                );
            }
        }
        for (beat, len, up) in [(0, 3, 0), (3, 1, 0), (4, 3, 7), (7, 1, 12)] {
            score.note(1, (at + beat * eighth, len * eighth - 20), root + up, 88);
        }
        for key in chord {
            score.note(2, (at, BAR - 30), key + 12, 58);
        }
        for (step, voice) in [(1, 0), (3, 2), (5, 1), (7, 3)] {
            score.note(4, (at + step * eighth, eighth), chord[voice] + 24, 54);
        }
        for step in 0..8_u64 {
            let key = if step == 7 { 46 } else { 42 };
            score.note(
                9,
                (at + step * eighth, eighth / 2),
                key,
                58 + 18 * (step % 2 == 0) as u8,
            );
        }
        for step in [0, 5] {
            score.note(9, (at + step * eighth, eighth), 36, 96);
        }
        for step in [2, 6] {
            score.note(9, (at + step * eighth, eighth), 38, 84);
        }
    }
    for (begin, len, key) in MELODY {
        score.note(3, (begin * eighth, len * eighth - 15), *key, 86);
    }
    // The bender scoops into the last note, and the wheel swells under it.
    let last = 56 * eighth;
    for step in 0..8_u64 {
        let bend = 44 + step as u8 * 20 / 7;
        score.put(last + step * 20, &[0xE3, 0, bend.min(64)]);
        score.put(last + 480 + step * 60, &[0xB3, 1, step as u8 * 8]);
    }
    score.note(9, (8 * BAR - BAR, QUARTER), 49, 80);
    score.0.sort_by_key(|(tick, _)| *tick);
    write_smf0(QUARTER as u16, MICROS, &score.0)
}

#[test]
fn the_song_in_the_folder_is_the_one_that_is_written_here() {
    let path = examples().join("media/evening.mid");
    assert_eq!(fs::read(path).unwrap(), song());
    let read = read_smf(&song()).unwrap();
    assert!(read.remarks.is_empty());
    assert_eq!(read.duration_100ns / 10_000_000, 20);
}
