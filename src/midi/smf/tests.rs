//! Files by hand, and `midly` as a second opinion.

use proptest::prelude::*;

use super::*;

const MILLISECOND: u64 = 10_000;

fn file(format: u16, division: u16, tracks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06".to_vec();
    bytes.extend(format.to_be_bytes());
    bytes.extend((tracks.len() as u16).to_be_bytes());
    bytes.extend(division.to_be_bytes());
    for track in tracks {
        bytes.extend(b"MTrk");
        bytes.extend((track.len() as u32).to_be_bytes());
        bytes.extend(*track);
    }
    bytes
}

/// A message at a time.
type Timed = (u64, Vec<u8>);

fn timed(time_100ns: u64, bytes: &[u8]) -> Timed {
    (time_100ns, bytes.to_vec())
}

fn heard(song: &Song) -> Vec<Timed> {
    let messages = song.messages();
    messages.map(|(time, bytes)| timed(time, bytes)).collect()
}

fn bytes_of(song: &Song) -> Vec<&[u8]> {
    song.messages().map(|(_, bytes)| bytes).collect()
}

fn told(song: &Song) -> Vec<String> {
    song.remarks.iter().map(Remark::to_string).collect()
}

#[test]
fn what_is_written_is_read_at_its_millisecond() {
    let messages: [(u64, &[u8]); 4] = [
        (0, &[0x90, 60, 100]),
        (250, &[0xf0, 1, 2, 0xf7]),
        (250, &[0x80, 60, 0]),
        (3_000_000, &[0xc0, 5]),
    ];
    let song = read_smf(&write_smf0(500, 500_000, &messages)).unwrap();
    let wanted: Vec<_> = messages
        .iter()
        .map(|(ms, bytes)| timed(ms * MILLISECOND, bytes))
        .collect();
    assert_eq!(heard(&song), wanted);
    assert_eq!(song.duration_100ns, 3_000_000 * MILLISECOND);
    assert_eq!(
        (song.format, song.tracks, song.odd),
        (0, 1, 0),
        "{:?}",
        told(&song)
    );
}

#[test]
fn tempo_of_any_track_counts_for_all_and_times_are_exact() {
    // 96 ticks; 500000 us up to tick 96, then 333333 us.
    let tempo = [96, 0xff, 0x51, 3, 0x05, 0x16, 0x15, 0, 0xff, 0x2f, 0];
    let notes = [0, 0x90, 1, 1, 97, 2, 2, 95, 3, 3, 0, 0xff, 0x2f, 0];
    let song = read_smf(&file(1, 96, &[&tempo, &notes])).unwrap();
    // Tick 97 is one tick into the new tempo, 34722.1875 units long; tick 192 is 3333330 units after tick 96.
    let wanted = [
        timed(0, &[0x90, 1, 1]),
        timed(5_000_000 + 34_722, &[0x90, 2, 2]),
        timed(5_000_000 + 3_333_330, &[0x90, 3, 3]),
    ];
    assert_eq!(heard(&song), wanted);
    assert_eq!(song.duration_100ns, 8_333_330);
}

#[test]
fn a_long_song_does_not_drift() {
    // 480 ticks of a length that is no whole number, ten thousand times.
    let messages: Vec<_> = (1..=10_000_u64).map(|n| (n * 7, [0x90, 1, 1])).collect();
    let song = read_smf(&write_smf0(480, 499_999, &messages)).unwrap();
    assert_eq!(song.events.len(), 10_000);
    for (n, event) in (1_u128..).zip(&song.events) {
        assert_eq!(u128::from(event.time_100ns), n * 7 * 4_999_990 / 480);
    }
}

#[test]
fn frames_a_second_are_read_and_ignore_tempo() {
    let track = [0, 0xff, 0x51, 3, 1, 0, 0, 100, 0x90, 1, 1, 0, 0xff, 0x2f, 0];
    for (division, time) in [
        (0xe728, 1_000_000),
        (0xe850, 520_833),
        (0xe264, 333_333),
        (0xe364, 333_666),
    ] {
        let song = read_smf(&file(0, division, &[&track])).unwrap();
        assert_eq!(heard(&song), [timed(time, &[0x90, 1, 1])], "{division:x}");
    }
}

#[test]
fn the_tracks_of_type_2_follow_one_another() {
    let fast = [
        0, 0xff, 0x51, 3, 0, 0x03, 0xe8, 96, 0x90, 1, 1, 0, 0xff, 0x2f, 0,
    ];
    let plain = [96, 0x90, 2, 2, 96, 0xff, 0x2f, 0];
    let song = read_smf(&file(2, 96, &[&fast, &plain])).unwrap();
    assert_eq!(
        heard(&song),
        [
            timed(MILLISECOND, &[0x90, 1, 1]),
            timed(501 * MILLISECOND, &[0x90, 2, 2])
        ]
    );
    assert_eq!(song.duration_100ns, 1_001 * MILLISECOND);
}

#[test]
fn odd_but_real_files_are_read() {
    let track: &[u8] = &[0, 0x90, 1, 1, 0, 0xff, 0x2f, 0];
    let wanted = [timed(0, &[0x90, 1, 1])];
    // A long header and an unknown chunk.
    let mut long = b"MThd\0\0\0\x08\0\0\0\x01\0\x60zz".to_vec();
    long.extend(b"XFIH\0\0\0\x03abc");
    long.extend(&file(0, 96, &[track])[14..]);
    assert_eq!(heard(&read_smf(&long).unwrap()), wanted);
    // In a RIFF wrapper.
    let inner = file(0, 96, &[track]);
    let mut rmi = b"RIFF\0\0\0\0RMIDdata".to_vec();
    rmi.extend((inner.len() as u32).to_le_bytes());
    rmi.extend(inner);
    assert_eq!(heard(&read_smf(&rmi).unwrap()), wanted);
    // A track that claims too much, one without an end, and events after the end.
    let mut lying = file(0, 96, &[track]);
    lying[18] = 200;
    assert_eq!(heard(&read_smf(&lying).unwrap()), wanted);
    assert_eq!(
        heard(&read_smf(&file(0, 96, &[&track[..4]])).unwrap()),
        wanted
    );
    let after = [track, &[0, 0x90, 2, 2]].concat();
    assert_eq!(heard(&read_smf(&file(0, 96, &[&after])).unwrap()), wanted);
    // Running status across a meta event, and a divided system exclusive message.
    let meta = [
        0, 0x90, 1, 1, 0, 0xff, 1, 1, b'x', 0, 2, 2, 0, 0xf0, 1, 9, 0, 0xf7, 2, 8, 0xf7,
    ];
    let song = read_smf(&file(0, 96, &[&meta])).unwrap();
    assert_eq!(
        bytes_of(&song),
        [&[0x90, 1, 1][..], &[0x90, 2, 2], &[0xf0, 9], &[8, 0xf7]]
    );
}

#[test]
fn every_liberty_is_told_with_its_track_and_byte() {
    // What stands in a track (its first byte is byte 22 of the file), what is read of it, and what is said.
    type Case = (&'static [u8], &'static [&'static [u8]], &'static str);
    let cases: &[Case] = &[
        (
            &[0, 0x90, 1, 0xc0, 5, 10, 0x91, 2, 2],
            &[&[0xc0, 5], &[0x91, 2, 2]],
            "track 1, byte 23: message 0x90 has 1 of 2 data bytes; it was left out",
        ),
        (
            &[0, 0xf4, 0, 0xc0, 5, 10, 0x91, 2, 2],
            &[&[0xc0, 5], &[0x91, 2, 2]],
            "track 1, byte 23: status 0xf4 means nothing; it was passed over",
        ),
        (
            &[0, 1, 2, 0xc0, 5, 10, 0x91, 2, 2],
            &[&[0xc0, 5], &[0x91, 2, 2]],
            "track 1, byte 23: 2 data bytes belong to no message; they were passed over",
        ),
        (
            &[0, 0x90, 1, 1, 0, 0xff, 1, 0, 0, 2, 2],
            &[&[0x90, 1, 1], &[0x90, 2, 2]],
            "track 1, byte 31: running status goes on behind a meta event or system exclusive; taken so",
        ),
        (
            &[0, 0xf8, 0, 0xc0, 5],
            &[&[0xf8], &[0xc0, 5]],
            "track 1, byte 23: a system message, 0xf8, stands bare; taken so",
        ),
        (
            &[0, 0xf0, 2, 1, 2, 0, 0xc0, 5],
            &[&[0xf0, 1, 2, 0xf7], &[0xc0, 5]],
            "track 1, byte 28: system exclusive has no end before this; it was ended",
        ),
        (
            &[0, 0xf0, 5, 1, 0x90, 1, 1, 0xf7, 0, 0xc0, 5],
            &[&[0xf0, 1, 0xf7], &[0xc0, 5]],
            "track 1, byte 23: system exclusive goes on with what is no data; its last 4 bytes were left out",
        ),
        (
            &[0, 0xf7, 2, 1, 2, 0, 0xc0, 5],
            &[&[0xc0, 5]],
            "track 1, byte 23: 2 escaped bytes make no message; they were left out",
        ),
        (
            &[0, 0xff, 0x51, 3, 0, 0, 0, 0, 0xc0, 5],
            &[&[0xc0, 5]],
            "track 1, byte 23: a tempo of 0; the tempo before it stays",
        ),
        (
            &[0, 0xff, 0x51, 2, 1, 1, 0, 0xc0, 5],
            &[&[0xc0, 5]],
            "track 1, byte 23: a tempo, time or key signature that is cut short; it was left out",
        ),
        (
            &[0, 0xc0, 5, 0x80, 0x80, 0x80, 0x80, 0, 0xc0, 6],
            &[&[0xc0, 5]],
            "track 1, byte 25: a time of more than four bytes; the last 11 bytes of the track were passed over",
        ),
        (
            &[0, 0xc0, 5, 0, 0xf0, 0x81, 0x80, 0x80, 0x80, 0],
            &[&[0xc0, 5]],
            "track 1, byte 26: a length of more than four bytes; the last 9 bytes of the track were passed over",
        ),
        (
            &[0, 0xc0, 5, 0, 0xff, 0x2f, 0, 0, 0xc0, 6],
            &[&[0xc0, 5]],
            "track 1, byte 29: 7 bytes stand behind the end of the track; they were passed over",
        ),
    ];
    for (track, wanted, remark) in cases {
        let track = [track, &[0, 0xff, 0x2f, 0][..]].concat();
        let song = read_smf(&file(0, 96, &[&track])).unwrap();
        assert_eq!(bytes_of(&song), *wanted, "{remark}");
        assert_eq!(told(&song)[0], *remark);
    }
    let ends: &[(&[u8], &str)] = &[
        (
            &[0, 0xc0, 5],
            "track 1, byte 25: the track has no end; it was ended where its bytes end",
        ),
        (
            &[0, 0xc0, 5, 7],
            "track 1, byte 26: a time with no event behind it; it was left out",
        ),
        (
            &[0, 0xc0, 5, 0, 0xff],
            "track 1, byte 26: a meta event without a kind; it was left out",
        ),
        (
            &[0, 0xc0, 5, 0, 0xff, 1, 9, b'x'],
            "track 1, byte 26: an event claims 9 bytes and 1 are left; those were read",
        ),
    ];
    for (track, remark) in ends {
        let song = read_smf(&file(0, 96, &[track])).unwrap();
        assert_eq!(bytes_of(&song), [[0xc0, 5]]);
        assert_eq!(told(&song)[0], *remark);
    }
}

#[test]
fn liberties_with_the_file_itself_are_told_too() {
    let track: &[u8] = &[0, 0xc0, 5, 0, 0xff, 0x2f, 0];
    let plain = file(1, 96, &[track]);
    let patched = |at: usize, bytes: &[u8]| {
        let mut patched = plain.clone();
        patched[at..at + bytes.len()].copy_from_slice(bytes);
        patched
    };
    let mut long = b"MThd\0\0\0\x08\0\x01\0\x01\0\x60zz".to_vec();
    long.extend(&plain[14..]);
    let mut odd = plain[..14].to_vec();
    odd.extend(b"XFIH\0\0\0\x03abc");
    odd.extend(&plain[14..]);
    let cases: &[(Vec<u8>, &str)] = &[
        (
            long,
            "byte 14: the header is 2 bytes longer than is known; they were passed over",
        ),
        (
            odd,
            "byte 14: a chunk called XFIH of 3 bytes is not known; it was passed over",
        ),
        (
            patched(8, &[0, 7]),
            "byte 8: the type is 7; read as type 1, all tracks at once",
        ),
        (
            patched(10, &[0, 3]),
            "byte 10: the header claims 3 tracks; 1 are there and were read",
        ),
        (
            patched(12, &[0xe6, 80]),
            "byte 12: 26 frames a second are none of 24, 25, 29 and 30; taken as they stand",
        ),
        (
            patched(18, &[0, 0, 1]),
            "track 1, byte 18: the track claims 263 bytes and 7 are left; those were read",
        ),
        (
            patched(21, &[3]),
            "track 1, byte 18: the track claims 3 bytes and goes on; 7 were read",
        ),
        (
            [plain.clone(), vec![9, 9]].concat(),
            "byte 29: 2 bytes at the end are no chunk; they were passed over",
        ),
        (
            [vec![1; 128], plain.clone()].concat(),
            "byte 0: 128 bytes stand before the header; they were passed over",
        ),
        (
            [&plain[..], &[1; 9], &plain[14..]].concat(),
            "byte 29: 9 bytes belong to no chunk; they were passed over",
        ),
    ];
    for (bytes, remark) in cases {
        let song = read_smf(bytes).unwrap();
        assert_eq!(bytes_of(&song)[0], [0xc0, 5], "{remark}");
        assert_eq!(told(&song)[0], *remark);
    }
    let two = file(0, 96, &[track, track]);
    let song = read_smf(&two).unwrap();
    assert_eq!(song.events.len(), 2);
    assert_eq!(
        told(&song),
        ["byte 8: type 0 has one track only; read as type 1, all tracks at once"]
    );
}

#[test]
fn remarks_and_times_are_bounded() {
    let mut track = [0, 0xf4].repeat(3000);
    track.extend([0xff, 0xff, 0xff, 0x7f, 0xc0, 5, 0, 0xff, 0x2f, 0]);
    let slow = [
        &[0, 0xff, 0x51, 3, 0xff, 0xff, 0xff, 0, 0xc0, 4][..],
        &track,
    ]
    .concat();
    let song = read_smf(&file(0, 1, &[&slow])).unwrap();
    assert_eq!((song.remarks.len(), song.odd), (MOST_REMARKS, 3001));
    assert_eq!(
        bytes_of(&song),
        [[0xc0, 4]],
        "what lies 142 years ahead is left out"
    );
    assert_eq!(song.duration_100ns, 0);
}

#[test]
fn escapes_hold_any_messages() {
    let track = [
        0, 0xf7, 9, 0xf8, 0x90, 1, 1, 2, 2, 0xf0, 7, 0xf7, 0, 0xff, 0x2f, 0,
    ];
    let song = read_smf(&file(0, 96, &[&track])).unwrap();
    let wanted: [&[u8]; 4] = [&[0xf8], &[0x90, 1, 1], &[0x90, 2, 2], &[0xf0, 7, 0xf7]];
    assert_eq!(bytes_of(&song), wanted);
    assert_eq!(song.odd, 0, "{:?}", told(&song));
}

#[test]
fn words_signatures_and_ports_are_read() {
    let mut first = vec![];
    for (kind, words) in [
        (3, "Song"),
        (2, "nobody"),
        (6, "Intro"),
        (5, "la"),
        (7, "lights"),
        (4, "Flute"),
    ] {
        first.extend([0, 0xff, kind, words.len() as u8]);
        first.extend(words.bytes());
    }
    first.extend([0, 0xff, 0x58, 4, 6, 3, 24, 8, 0, 0xff, 0x59, 2, 0xfe, 1]);
    first.extend([96, 0xff, 6, 3, b'E', 0xe9, b'n', 0, 0xff, 0x2f, 0]);
    let second = [
        0, 0xff, 3, 2, b'T', b'2', 0, 0xff, 0x21, 1, 1, 48, 0x93, 60, 1, 0, 0xff, 0x2f, 0,
    ];
    let song = read_smf(&file(1, 96, &[&first, &second])).unwrap();
    use TextKind as K;
    let words: Vec<_> = song
        .texts
        .iter()
        .map(|it| (it.time_100ns, it.track, it.kind, &*it.words))
        .collect();
    let half = 5_000_000;
    let wanted = [
        (0, 0, K::Name, "Song"),
        (0, 0, K::Copyright, "nobody"),
        (0, 0, K::Marker, "Intro"),
        (0, 0, K::Lyric, "la"),
        (0, 0, K::Cue, "lights"),
        (0, 0, K::Instrument, "Flute"),
        (0, 1, K::Name, "T2"),
        (half, 0, K::Marker, "Eén"),
    ];
    assert_eq!(words, wanted);
    let signed = [
        (0, Signature::Time { beats: 6, note: 8 }),
        (
            0,
            Signature::Key {
                sharps: -2,
                is_minor: true,
            },
        ),
    ];
    assert_eq!(song.signatures, signed);
    let event = song.events[0];
    assert_eq!((event.port, event.track, event.tick), (1, 1, 48));
    assert_eq!(
        (song.track_name(0), song.track_name(1), song.track_name(2)),
        (Some("Song"), Some("T2"), None)
    );
}

#[test]
fn one_song_of_several_can_be_chosen() {
    let track = |n: u8| vec![96, 0xc0, n, 0, 0xff, 0x2f, 0];
    let bytes = file(2, 96, &[&track(1), &track(2), &track(3)]);
    let chosen = |number| read_smf_song(&bytes, number).map(|song| heard(&song));
    assert_eq!(chosen(Some(2)).unwrap(), [timed(5_000_000, &[0xc0, 2])]);
    assert_eq!(chosen(None).unwrap()[2], timed(15_000_000, &[0xc0, 3]));
    let refused = chosen(Some(4)).unwrap_err().to_string();
    assert_eq!(refused, "song 4 was asked for, and the file has 3");
    assert!(chosen(Some(0)).is_err());
    // Of other types it is all one song.
    let bytes = file(1, 96, &[&track(1), &track(2)]);
    assert_eq!(read_smf_song(&bytes, Some(2)).unwrap().events.len(), 2);
}

#[test]
fn refusals_say_what_was_found() {
    let refusal = |bytes: &[u8]| read_smf(bytes).unwrap_err();
    assert_eq!(
        refusal(b"RIFFxxxxWAVE").to_string(),
        "at byte 0: found RIFF, wanted MThd"
    );
    assert_eq!(
        refusal(b"").to_string(),
        "at byte 0: found nothing, wanted MThd"
    );
    assert_eq!(
        refusal(b""),
        SmfError::NotMidi {
            offset: 0,
            found: vec![]
        }
    );
    assert_eq!(
        refusal(b"MThd\0\0\0\x02\0\0"),
        SmfError::HeaderTooShort {
            offset: 8,
            found: 2
        }
    );
    for division in [0, 0xe700, 0x8001] {
        assert_eq!(
            refusal(&file(0, division, &[&[]])),
            SmfError::Division { found: division }
        );
    }
    assert_eq!(refusal(&file(1, 96, &[])), SmfError::NoTracks);
}

#[test]
fn midly_hears_the_same() {
    let tempo = [
        0, 0xff, 0x51, 3, 7, 0xa1, 0x20, 96, 0xff, 0x51, 3, 3, 0, 0, 0, 0xff, 0x2f, 0,
    ];
    let mut first = Vec::new();
    let mut second = Vec::new();
    for n in 0..100_u8 {
        first.extend([n, 0x90, n, 100, 3, n, 0]);
        second.extend([0x81, n, 0xb1, 7, n, 5, 0xe1, n, 64, 0, 0xc1, n]);
        first.extend([0, 0xf0, 2, n, 0xf7]);
    }
    first.extend([0, 0xff, 0x2f, 0]);
    second.extend([0, 0xff, 0x2f, 0]);
    let bytes = file(1, 96, &[&tempo, &first, &second]);
    let ours = read_smf(&bytes).unwrap();

    let smf = midly::Smf::parse(&bytes).unwrap();
    let mut theirs = Vec::new();
    for track in &smf.tracks {
        let mut tick = 0;
        for event in track {
            tick += u64::from(event.delta.as_int());
            let mut written = Vec::new();
            match event.kind {
                midly::TrackEventKind::Midi { channel, message } => {
                    midly::live::LiveEvent::Midi { channel, message }
                        .write(&mut written)
                        .unwrap();
                }
                midly::TrackEventKind::SysEx(data) => written = [&[0xf0], data].concat(),
                _ => continue,
            }
            theirs.push((tick, written));
        }
    }
    theirs.sort_by_key(|(tick, _)| *tick);
    // 0x07a120 is 500000 us and 0x030000 is 196608 us a quarter note.
    let time = |tick: u64| {
        let (slow, fast) = (tick.min(96), tick.saturating_sub(96));
        (slow * 5_000_000 + fast * 1_966_080) / 96
    };
    let theirs: Vec<_> = theirs
        .iter()
        .map(|(tick, bytes)| timed(time(*tick), bytes))
        .collect();
    assert_eq!(theirs.len(), 600);
    assert_eq!(heard(&ours), theirs);
}

/// A song that is written while it is played, with the file as it is after each step.
struct Steps {
    bytes: std::io::Cursor<Vec<u8>>,
    seen: std::rc::Rc<std::cell::RefCell<Vec<Vec<u8>>>>,
}

impl std::io::Write for Steps {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.bytes.write(bytes)?;
        self.seen.borrow_mut().push(self.bytes.get_ref().clone());
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Seek for Steps {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.bytes.seek(to)
    }
}

#[test]
fn a_song_that_grows_is_whole_at_every_step() {
    let seen = std::rc::Rc::default();
    let steps = Steps {
        bytes: std::io::Cursor::default(),
        seen: std::rc::Rc::clone(&seen),
    };
    let mut writer = write::SmfWriter::create(steps, 500, 500_000).unwrap();
    let mut put: Vec<(u64, Vec<u8>)> = vec![];
    let mut lens = vec![0];
    for n in 0..40_u64 {
        let message = match n % 4 {
            0 => vec![0x90, n as u8, 1],
            1 => vec![0x90, n as u8, 2],
            2 => vec![0xf0, n as u8, 0xf7],
            _ => vec![0xf8],
        };
        writer.put(n * 10, &message);
        put.push((n * 10 * MILLISECOND, message));
        if n % 5 == 4 {
            writer.flush().unwrap();
            lens.push(put.len());
        }
    }
    let whole = writer.finish(1000).unwrap().bytes.into_inner();
    let song = read_smf(&whole).unwrap();
    assert_eq!(heard(&song), put);
    assert_eq!(
        (song.duration_100ns, song.odd),
        (1000 * MILLISECOND, 0),
        "{:?}",
        told(&song)
    );
    // Killed between any two steps: what was flushed is there, for our reader and for another.
    let seen = seen.borrow();
    assert!(seen.len() > 3 * 8);
    let mut before = 0;
    for bytes in seen.iter() {
        let song = read_smf(bytes).unwrap();
        let now = song.events.len();
        assert_eq!(heard(&song), put[..now]);
        assert!(now >= before && lens.contains(&now), "{now} of {lens:?}");
        before = now;
        let theirs = midly::Smf::parse(bytes).unwrap();
        assert_eq!(theirs.tracks.len(), 1);
    }
}

#[test]
fn a_writer_keeps_pieces_together_and_times_apart() {
    let mut file = std::io::Cursor::new(vec![]);
    let mut writer = write::SmfWriter::create(&mut file, 500, 500_000).unwrap();
    writer.put(0, &[0xf0, 1, 2]);
    writer.flush().unwrap();
    writer.put(1, &[3, 4]);
    // In the midst of it, and it waits.
    writer.put(1, &[0xf8]);
    writer.put(2, &[5, 0xf7]);
    writer.put(3, &[7, 7]);
    writer.put(4, &[0xf0, 9]);
    // It broke off.
    writer.put(5, &[0x90, 1, 1]);
    let far = (1 << 28) + 100;
    writer.put(far, &[0x90, 1, 0]);
    writer.finish(0).unwrap();
    // A thousand times as fast, so that what lies far is within a day.
    let mut bytes = file.into_inner();
    bytes[26..29].copy_from_slice(&500_u32.to_be_bytes()[1..]);
    let song = read_smf(&bytes).unwrap();
    assert_eq!(song.odd, 0, "{:?}", told(&song));
    const MILLISECOND: u64 = 10;
    let parts: Vec<_> = heard(&song);
    assert_eq!(parts[0], timed(0, &[0xf0, 1, 2]));
    assert_eq!(parts[1], timed(MILLISECOND, &[3, 4]));
    assert_eq!(parts[2], timed(2 * MILLISECOND, &[5, 0xf7]));
    assert_eq!(parts[3], timed(2 * MILLISECOND, &[0xf8]));
    assert_eq!(parts[4], timed(4 * MILLISECOND, &[0xf0, 9]));
    assert_eq!(parts[5], timed(5 * MILLISECOND, &[0xf7]));
    assert_eq!(parts[6], timed(5 * MILLISECOND, &[0x90, 1, 1]));
    assert_eq!(song.events[7].tick, far);
    assert_eq!(parts[7], timed(far * MILLISECOND, &[0x90, 1, 0]));
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        fuzz_smf(&bytes);
    }

    #[test]
    fn any_tracks_do_no_harm(
        format in 0_u16..4,
        division in any::<u16>(),
        one in proptest::collection::vec(any::<u8>(), 0..200),
        other in proptest::collection::vec(prop_oneof![0_u8..4, 0x80_u8..=255], 0..200),
    ) {
        fuzz_smf(&file(format, division, &[&one, &other]));
    }
}
