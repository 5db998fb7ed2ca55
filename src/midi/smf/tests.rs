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

fn timed(time_100ns: u64, bytes: &[u8]) -> TimedBytes {
    TimedBytes {
        time_100ns,
        bytes: bytes.to_vec(),
    }
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
    assert_eq!(song.events, wanted);
    assert_eq!(song.duration_100ns, 3_000_000 * MILLISECOND);
    assert_eq!((song.format, song.tracks, song.skipped), (0, 1, 0));
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
    assert_eq!(song.events, wanted);
    assert_eq!(song.duration_100ns, 8_333_330);
}

#[test]
fn a_long_song_does_not_drift() {
    // 480 ticks of a length that is no whole number, ten thousand times.
    let messages: Vec<_> = (1..=10_000_u64).map(|n| (n * 7, [0x90, 1, 1])).collect();
    let song = read_smf(&write_smf0(480, 499_999, &messages)).unwrap();
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
        assert_eq!(song.events, [timed(time, &[0x90, 1, 1])], "{division:x}");
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
        song.events,
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
    assert_eq!(read_smf(&long).unwrap().events, wanted);
    // In a RIFF wrapper.
    let inner = file(0, 96, &[track]);
    let mut rmi = b"RIFF\0\0\0\0RMIDdata".to_vec();
    rmi.extend((inner.len() as u32).to_le_bytes());
    rmi.extend(inner);
    assert_eq!(read_smf(&rmi).unwrap().events, wanted);
    // A track that claims too much, one without an end, and events after the end.
    let mut lying = file(0, 96, &[track]);
    lying[18] = 200;
    assert_eq!(read_smf(&lying).unwrap().events, wanted);
    assert_eq!(
        read_smf(&file(0, 96, &[&track[..4]])).unwrap().events,
        wanted
    );
    let after = [track, &[0, 0x90, 2, 2]].concat();
    assert_eq!(read_smf(&file(0, 96, &[&after])).unwrap().events, wanted);
    // Running status across a meta event, and a divided system exclusive message.
    let meta = [
        0, 0x90, 1, 1, 0, 0xff, 1, 1, b'x', 0, 2, 2, 0, 0xf0, 1, 9, 0, 0xf7, 2, 8, 0xf7,
    ];
    let song = read_smf(&file(0, 96, &[&meta])).unwrap();
    let bytes: Vec<_> = song
        .events
        .iter()
        .map(|event| event.bytes.as_slice())
        .collect();
    assert_eq!(
        bytes,
        [&[0x90, 1, 1][..], &[0x90, 2, 2], &[0xf0, 9], &[8, 0xf7]]
    );
}

#[test]
fn a_damaged_message_is_passed_over() {
    // A note broken off by a program change, an undefined status, and data that belong to nothing.
    for (damage, skipped) in [
        (&[0, 0x90, 1, 0xc0, 5][..], 2),
        (&[0, 0xf4, 0, 0xc0, 5], 1),
        (&[0, 1, 2, 0xc0, 5], 2),
    ] {
        let track = [damage, &[10, 0x91, 2, 2]].concat();
        let song = read_smf(&file(0, 96, &[&track])).unwrap();
        let bytes: Vec<_> = song
            .events
            .iter()
            .map(|event| event.bytes.as_slice())
            .collect();
        assert_eq!(bytes, [&[0xc0, 5][..], &[0x91, 2, 2]]);
        assert_eq!(song.skipped, skipped);
    }
}

#[test]
fn refusals_say_what_was_found() {
    let refusal = |bytes: &[u8]| read_smf(bytes).unwrap_err();
    assert_eq!(
        refusal(b"RIFFxxxxWAVE").to_string(),
        "at byte 0: found RIFF, wanted MThd"
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
    for division in [0, 0xe700, 0xff10, 0x8001] {
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
    assert_eq!(ours.events, theirs);
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
