//! Downloads against formulas: buffers that are computed, what is heard of them, and what is refused.

use std::sync::Arc;

use super::*;
use crate::dsp::measure::peak;
use crate::ks::{DlsMemory, KernelEvent, Status, Unloaded};
use crate::portcls::dmus::Mxf;

const PIN: u64 = 7;

fn words(all: &[u32]) -> Vec<u8> {
    all.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn halves(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|it| it.to_le_bytes()).collect()
}

/// A buffer of a type with an id, and its objects behind each other.
fn buffer(kind: u32, id: u32, objects: &[Vec<u8>]) -> Vec<u8> {
    let padded: Vec<Vec<u8>> = objects
        .iter()
        .map(|it| {
            let mut it = it.clone();
            it.resize(it.len().next_multiple_of(4), 0);
            it
        })
        .collect();
    let mut at = 16 + 4 * objects.len();
    let mut offsets = vec![];
    for it in &padded {
        offsets.push(at as u32);
        at += it.len();
    }
    let head = words(&[kind, id, objects.len() as u32, at as u32]);
    [head, words(&offsets), padded.concat()].concat()
}

/// A wave of 16 bits at 48 kHz.
fn wave(id: u32, samples: &[i16]) -> Vec<u8> {
    let format = [
        halves(&[1, 1]),
        words(&[48_000, 96_000]),
        halves(&[2, 16, 0]),
    ]
    .concat();
    let bytes: Vec<u8> = samples.iter().flat_map(|it| it.to_le_bytes()).collect();
    let data = [words(&[bytes.len() as u32]), bytes].concat();
    buffer(2, id, &[[words(&[0, 0, 1]), format].concat(), data])
}

/// A looped wave that stands still at a height: what is heard of it is its loudness.
fn still(id: u32, height: i16) -> Vec<u8> {
    wave(id, &[height; 400])
}

/// A region over all keys that plays a wave; where its articulation and the next region are.
fn region(wave: u32, articulation: u32, next: u32) -> Vec<u8> {
    [
        halves(&[0, 127, 0, 127, 1, 0]),
        words(&[articulation, next, 0]),
        halves(&[0, 0]),
        words(&[1, wave, 20]),
        halves(&[60, 0]),
        words(&[0, 0, 1]),
        words(&[16, 0, 100, 200]),
    ]
    .concat()
}

/// An instrument of one region.
fn instrument(id: u32, patch: u32, wave: u32) -> Vec<u8> {
    let head = words(&[patch, 1, 0, 0, 0, 0]);
    buffer(3, id, &[head, region(wave, 0, 0)])
}

/// A synthesizer that plays what is downloaded, and nothing else.
fn bench(memory: &Arc<Downloads>) -> Synth {
    let mut synth = Synth::new(48_000.0, 1, 16, 4_096).downloads(memory);
    synth.set(Settings {
        voices: 16,
        reverb: false,
        chorus: false,
    });
    synth
}

fn send(synth: &mut Synth, message: &[u8]) {
    synth.put(&KernelEvent::new(0, message).unwrap(), 0);
}

fn play(synth: &mut Synth, samples: usize) -> Vec<f32> {
    synth.listen();
    let left = play_on(synth, samples);
    synth.rest();
    left
}

/// The next samples of a cycle that has begun.
fn play_on(synth: &mut Synth, samples: usize) -> Vec<f32> {
    let (mut left, mut right) = (vec![0.0; samples], vec![0.0; samples]);
    synth.play(&mut left, &mut right);
    left
}

/// How loud a note is that is struck now on its own.
fn struck(synth: &mut Synth) -> f32 {
    synth.listen();
    send(synth, &[0xB0, 120, 0]);
    play(synth, 4_000);
    send(synth, &[0x90, 60, 127]);
    peak(&play(synth, 1_000))
}

/// The same but for where in a step a note began.
fn is_alike(one: f32, other: f32) -> bool {
    (one / other - 1.0).abs() < 1e-3
}

#[test]
fn what_is_downloaded_is_played_and_what_is_unloaded_is_not() {
    let memory = Arc::new(Downloads::default());
    let mut synth = bench(&memory);
    assert_eq!(struck(&mut synth), 0.0, "it has no bank");
    let first = memory.download(PIN, &still(100, 8_000)).unwrap();
    assert_eq!(struck(&mut synth), 0.0, "a wave is no instrument");
    let handle = memory.download(PIN, &instrument(1, 0, 100)).unwrap();
    assert_ne!(first, handle);
    let loud = struck(&mut synth);
    assert!(loud > 0.05, "{loud}");
    memory.unload(PIN, handle).unwrap();
    assert_eq!(
        struck(&mut synth),
        0.0,
        "DLS-5: it is passed over in silence"
    );
    assert_eq!(synth.lost_notes(), 0);
}

#[test]
fn dls_3_sounding_voices_go_on_bit_for_bit_whatever_is_unloaded() {
    let heard = |disturbs: bool| {
        let memory = Arc::new(Downloads::default());
        let mut synth = bench(&memory);
        let sine: Vec<i16> = (0..400)
            .map(|n| (f64::from(n) * 0.1).sin() * 9_000.0)
            .map(|x| x as i16)
            .collect();
        let waves = memory.download(PIN, &wave(5, &sine)).unwrap();
        let handle = memory.download(PIN, &instrument(1, 0, 5)).unwrap();
        synth.listen();
        send(&mut synth, &[0x90, 62, 100]);
        let mut all = play(&mut synth, 1_000);
        if disturbs {
            // The wave's handle comes back first: it goes with the instrument.
            memory.unload(PIN, waves).unwrap();
            memory.unload(PIN, handle).unwrap();
            memory.download(PIN, &still(5, 12_000)).unwrap();
            memory.download(PIN, &instrument(1, 0, 5)).unwrap();
            memory.compact();
        }
        all.extend(play(&mut synth, 3_000));
        send(&mut synth, &[0x80, 62, 0]);
        all.extend(play(&mut synth, 3_000));
        assert!(peak(&all) > 0.05 && synth.playing() == 0);
        all
    };
    assert_eq!(heard(false), heard(true));
}

#[test]
fn what_was_unloaded_is_held_until_its_last_voice_is_over_and_then_freed() {
    let memory = Arc::new(Downloads::default());
    let mut synth = bench(&memory);
    memory.download(PIN, &still(5, 9_000)).unwrap();
    let handle = memory.download(PIN, &instrument(1, 0, 5)).unwrap();
    synth.listen();
    send(&mut synth, &[0x90, 60, 100]);
    assert!(peak(&play(&mut synth, 500)) > 0.05);
    memory.unload(PIN, handle).unwrap();
    assert_eq!(memory.counts(), (0, 1));
    play(&mut synth, 500);
    memory.compact();
    assert_eq!(memory.counts(), (0, 1), "it sounds");
    send(&mut synth, &[0x80, 60, 0]);
    play(&mut synth, 4_000);
    memory.compact();
    assert_eq!(memory.counts(), (0, 0));
}

#[test]
fn dls_3_a_wave_goes_with_the_last_instrument_that_plays_it() {
    let memory = Arc::new(Downloads::default());
    let mut synth = bench(&memory);
    let wave = memory.download(PIN, &still(5, 9_000)).unwrap();
    let one = memory.download(PIN, &instrument(1, 0, 5)).unwrap();
    let other = memory.download(PIN, &instrument(2, 1, 5)).unwrap();
    memory.unload(PIN, wave).unwrap();
    assert!(
        memory.unload(PIN, wave).is_err(),
        "its handle was given back"
    );
    assert!(struck(&mut synth) > 0.05, "it is played on");
    memory.unload(PIN, one).unwrap();
    let found = memory.download(PIN, &still(5, 1)).unwrap_err();
    assert!(found.words.starts_with("ALREADY_LOADED"), "{found}");
    memory.unload(PIN, other).unwrap();
    let wave = memory.download(PIN, &still(5, 9_000)).unwrap();
    // And one that nobody asked to be unloaded goes too.
    let one = memory.download(PIN, &instrument(1, 0, 5)).unwrap();
    memory.unload(PIN, one).unwrap();
    assert_eq!(
        memory.unload(PIN, wave).unwrap_err().status,
        Status::Unsuccessful
    );
}

#[test]
fn dls_4_handles_and_ids_are_a_pins_own_and_sounds_are_everybodys() {
    let memory = Arc::new(Downloads::default());
    let mut synth = bench(&memory);
    memory.download(1, &still(5, 4_000)).unwrap();
    memory.download(2, &still(5, 8_000)).unwrap();
    let one = memory.download(1, &instrument(9, 0, 5)).unwrap();
    let soft = struck(&mut synth);
    let two = memory.download(2, &instrument(9, 0, 5)).unwrap();
    let loud = struck(&mut synth);
    assert!(
        soft > 0.02 && (loud / soft - 2.0).abs() < 0.01,
        "the latest counts"
    );
    assert!(memory.unload(1, two).is_err() && memory.unload(2, one).is_err());
    memory.close(2);
    assert!(
        is_alike(struck(&mut synth), soft),
        "what it had covered is there again"
    );
    memory.close_others(&[1]);
    assert!(is_alike(struck(&mut synth), soft));
    memory.close_others(&[]);
    assert_eq!(struck(&mut synth), 0.0);
    assert_eq!(memory.counts().0, 0);
}

#[test]
fn a_download_lies_over_the_bank_where_it_is_the_better_answer() {
    let memory = Arc::new(Downloads::default());
    let silent = Arc::new(Wave {
        id: None,
        info: Info::default(),
        rate_hz: 48_000,
        samples: Arc::from([3_000; 400]),
        sample: None,
    });
    let of = |program| Instrument {
        patch: Patch {
            program,
            ..Patch::default()
        },
        regions: vec![Region {
            keys: 0..=127,
            velocities: 0..=127,
            overlaps: true,
            group: 0,
            layer: 0,
            link: Link {
                cue: 0,
                channel: 1,
                phase_group: 0,
                is_master: false,
            },
            sample: None,
            connections: vec![],
        }],
        ..Instrument::default()
    };
    let bank = Bank::new(&Collection {
        instruments: vec![of(0), of(1)],
        waves: vec![silent],
        pool: vec![Some(0)],
        ..Collection::default()
    });
    let mut synth = bench(&memory).bank(Arc::new(bank));
    let soft = struck(&mut synth);
    assert!(soft > 0.01);
    memory.download(PIN, &still(5, 12_000)).unwrap();
    let handle = memory.download(PIN, &instrument(1, 0, 5)).unwrap();
    assert!((struck(&mut synth) / soft - 4.0).abs() < 0.01);
    send(&mut synth, &[0xC0, 1]);
    assert!(
        is_alike(struck(&mut synth), soft),
        "the bank has that program"
    );
    memory.unload(PIN, handle).unwrap();
    send(&mut synth, &[0xC0, 0]);
    assert!(is_alike(struck(&mut synth), soft));
}

#[test]
fn a_synthesizer_that_comes_later_or_looks_late_finds_everything() {
    let memory = Arc::new(Downloads::default());
    let mut early = bench(&memory);
    memory.download(PIN, &still(5, 9_000)).unwrap();
    for id in 10..700 {
        let handle = memory.download(PIN, &instrument(id, 0, 5));
        if id % 2 == 1 {
            memory.unload(PIN, handle.unwrap()).unwrap();
        }
    }
    let loud = struck(&mut early);
    assert!(loud > 0.05);
    assert!(is_alike(struck(&mut bench(&memory)), loud));
    // One that never looks holds a long chain.
    let never = bench(&memory);
    for id in 2_000..4_000 {
        let handle = memory.download(PIN, &instrument(id, 3, 5)).unwrap();
        memory.unload(PIN, handle).unwrap();
    }
    drop(memory);
    drop(never);
    drop(early);
}

#[test]
fn articulations_of_both_kinds_say_the_same() {
    let half = (-60_i32 * 65_536) as u32;
    let list = |connections: &[(u16, u16, u16, u16, u32)]| {
        let blocks = connections
            .iter()
            .flat_map(|(a, b, c, d, scale)| [halves(&[*a, *b, *c, *d]), words(&[*scale])].concat());
        let blocks: Vec<u8> = blocks.collect();
        [words(&[8, connections.len() as u32]), blocks].concat()
    };
    let sound = |kind: u32, articulation: Vec<Vec<u8>>| {
        let memory = Arc::new(Downloads::default());
        let mut synth = bench(&memory);
        memory.download(PIN, &still(5, 9_000)).unwrap();
        let head = words(&[0, 1, 0, 0, 0, 0]);
        let objects = [vec![head, region(5, 2, 0)], articulation].concat();
        memory.download(PIN, &buffer(kind, 1, &objects)).unwrap();
        synth.listen();
        send(&mut synth, &[0x90, 60, 127]);
        play(&mut synth, 20_000)
    };
    // Sustain at half, an attack of 1/4 s and a decay of 1 s, placed left.
    let (attack, decay, pan) = ((-2_400_i32 * 65_536) as u32, 0, (-500_i32 * 65_536) as u32);
    let none = 0x8000_0000;
    let lists = sound(
        3,
        vec![
            words(&[3, 0, 0]),
            list(&[
                (0, 0, 0x206, 0, attack),
                (0, 0, 0x207, 0, decay),
                (0, 0, 0x20A, 0, 500 << 16),
                (0, 0, 4, 0, pan),
                (0, 0, 0x209, 0, none),
            ]),
        ],
    );
    let rate = (1_200.0 * (5.0_f64 / 440.0).log2() + 6_900.0) * 65_536.0;
    let parameters = words(&[
        rate as u32,
        none,
        0,
        0,
        0,
        0,
        attack,
        decay,
        500 << 16,
        none,
        0,
        0,
        none,
        none,
        1000 << 16,
        none,
        0,
        0,
        0,
        pan,
    ]);
    let flat = sound(1, vec![words(&[3, 0]), parameters]);
    assert!(peak(&lists) > 0.05);
    let early = peak(&lists[..6_000]) / peak(&lists);
    assert!((early - 0.5).abs() < 0.01, "half of the attack: {early}");
    assert_eq!(lists, flat);
    // A list that leads on: the later one counts.
    let chained = sound(
        3,
        vec![
            words(&[3, 0, 4]),
            list(&[(0, 0, 1, 0, 0)]),
            words(&[5, 0, 0]),
            list(&[(0, 0, 1, 0, half)]),
        ],
    );
    let plain = sound(3, vec![words(&[0, 0, 0])]);
    let db = 20.0 * (peak(&chained) / peak(&plain)).log10();
    assert!((db + 6.0).abs() < 0.05, "{db}");
}

#[test]
fn a_whole_collection_is_one_download() {
    let memory = Arc::new(Downloads::default());
    let mut synth = bench(&memory);
    let instrument = |program| Instrument {
        patch: Patch {
            program,
            ..Patch::default()
        },
        regions: vec![Region {
            keys: 0..=127,
            velocities: 0..=127,
            overlaps: true,
            group: 0,
            layer: 0,
            link: Link {
                cue: 0,
                channel: 1,
                phase_group: 0,
                is_master: false,
            },
            sample: None,
            connections: vec![],
        }],
        ..Instrument::default()
    };
    let bytes = write(&Collection {
        instruments: vec![instrument(0), instrument(9)],
        waves: vec![Arc::new(Wave {
            id: None,
            info: Info::default(),
            rate_hz: 48_000,
            samples: Arc::from([9_000; 4_000]),
            sample: None,
        })],
        pool: vec![Some(0)],
        ..Collection::default()
    });
    let handle = memory.download(PIN, &bytes).unwrap();
    assert_eq!(memory.counts().0, 2);
    let loud = struck(&mut synth);
    send(&mut synth, &[0xC0, 9]);
    assert!(loud > 0.05 && is_alike(struck(&mut synth), loud));
    memory.unload(PIN, handle).unwrap();
    assert_eq!(struck(&mut synth), 0.0);
}

#[test]
fn dls_8_what_makes_no_sense_is_refused_by_its_name_and_changes_nothing() {
    let memory = Arc::new(Downloads::default());
    let mut synth = bench(&memory);
    memory.download(PIN, &still(5, 9_000)).unwrap();
    memory.download(PIN, &instrument(1, 0, 5)).unwrap();
    let loud = struck(&mut synth);
    let changed = |bytes: Vec<u8>, at: usize, value: u32| {
        let mut bytes = bytes;
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    let (wave, played) = (|| still(6, 1), || instrument(2, 0, 5));
    let of = |articulation: Vec<Vec<u8>>| {
        let head = words(&[0, 1, 0, 0, 0, 0]);
        buffer(3, 2, &[vec![head, region(5, 2, 0)], articulation].concat())
    };
    let small = Status::BufferTooSmall;
    let bad = Status::Unsuccessful;
    // The wave's head is at 24, its format at 36; the instrument's region at 48.
    let cases = [
        (vec![], small, "the buffer has 0 bytes"),
        (wave()[..40].to_vec(), small, "the buffer has 40 bytes"),
        (changed(wave(), 8, 0), bad, "BADOFFSETTABLE: 0 offsets"),
        (changed(wave(), 8, u32::MAX), bad, "BADOFFSETTABLE"),
        (
            changed(wave(), 16, 28),
            bad,
            "BADOFFSETTABLE: the first object",
        ),
        (changed(wave(), 20, 54), bad, "BADOFFSETTABLE: offset 1"),
        (
            changed(wave(), 20, 1 << 30),
            bad,
            "BADOFFSETTABLE: offset 1",
        ),
        (changed(wave(), 0, 4), bad, "UNKNOWNDOWNLOAD: found type 4"),
        (changed(wave(), 36, 0x0001_0002), bad, "NOTPCM"),
        (changed(wave(), 36, 0x0002_0001), bad, "NOTMONO: found 2"),
        (changed(wave(), 40, 0), bad, "BADWAVE: it has 0 samples"),
        (changed(wave(), 32, 9), bad, "BADWAVE: there is no index 9"),
        (changed(wave(), 56, 1 << 31), bad, "BADWAVE"),
        (
            changed(played(), 28, 0),
            bad,
            "BADINSTRUMENT: it has no regions",
        ),
        (
            changed(played(), 28, 2),
            bad,
            "BADINSTRUMENT: there is no index 2",
        ),
        (
            changed(played(), 48 + 16, 1),
            bad,
            "BADINSTRUMENT: the list",
        ),
        (
            changed(played(), 48 + 32, 77),
            bad,
            "BADWAVELINK: a region plays the wave 77",
        ),
        (changed(played(), 48 + 32, 1), bad, "BADWAVELINK"),
        (changed(played(), 48 + 12, 5), bad, "BADARTICULATION"),
        (of(vec![words(&[2, 0, 2])]), bad, "BADARTICULATION"),
        (
            of(vec![words(&[3, 0, 0]), words(&[8, 2, 0, 0, 0])]),
            bad,
            "BADARTICULATION: 2 connections",
        ),
        (b"RIFF\x04\0\0\0WAVE".to_vec(), bad, "at byte 8"),
        (still(5, 1), bad, "ALREADY_LOADED: id 5"),
    ];
    for (bytes, status, words) in cases {
        let refusal = memory.download(PIN, &bytes).unwrap_err();
        assert_eq!(refusal.status, status, "{words}: {refusal}");
        assert!(refusal.words.starts_with(words), "{words}: {refusal}");
        assert_eq!(memory.counts().0, 1, "{words}");
    }
    // Nothing of them was kept.
    memory.download(PIN, &still(6, 1)).unwrap();
    memory.download(PIN, &instrument(2, 5, 5)).unwrap();
    assert!(is_alike(struck(&mut synth), loud));
    let unknown = memory.unload(PIN, 99).unwrap_err();
    assert_eq!(unknown.status, Status::Unsuccessful);
}

#[test]
fn damaged_buffers_are_refused_or_played_and_never_more() {
    let wave = still(5, 9_000);
    let head = words(&[0, 1, 3, 0, 0, 0]);
    let list = [words(&[8, 1]), halves(&[1, 0x81, 3, 0]), words(&[1 << 20])].concat();
    let played = buffer(
        3,
        1,
        &[
            head,
            region(5, 3, 2),
            region(5, 0, 0),
            words(&[4, 0, 0]),
            list,
        ],
    );
    let mut bytes = vec![0];
    // What a fuzzer is given: where the first buffer ends fits a byte only for small ones.
    let small = self::wave(5, &[9_000; 8]);
    bytes[0] = small.len() as u8;
    bytes.extend(&small);
    bytes.extend(&played);
    fuzz_download(&bytes);
    for at in 0..bytes.len() {
        fuzz_download(&bytes[..at]);
        for value in [0, 1, 3, 0x7F, 0xFF] {
            let mut wrong = bytes.clone();
            wrong[at] = value;
            fuzz_download(&wrong);
        }
    }
    assert!(Downloads::default().download(PIN, &wave).is_ok());
}

#[test]
fn dls_3_an_unload_is_done_when_the_last_voice_is_over() {
    let memory = Arc::new(Downloads::default());
    let mut synth = bench(&memory);
    let wave = memory.download(PIN, &still(100, 8_000)).unwrap();
    let handle = memory.download(PIN, &instrument(1, 0, 100)).unwrap();
    synth.listen();
    send(&mut synth, &[0x90, 60, 127]);
    assert!(peak(&play(&mut synth, 1_000)) > 0.05);
    assert_eq!(memory.unload(PIN, handle), Ok(Unloaded::WithItsVoices));
    assert!(memory.unload(PIN, handle).is_err(), "it is on its way");
    assert!(
        memory.unload(PIN, wave).is_err(),
        "it went with its instrument"
    );
    assert_eq!(memory.completed(), []);
    // DLS-5: another note of it is not heard, the one that sounds goes on.
    let one = peak(&play(&mut synth, 1_000));
    send(&mut synth, &[0x90, 64, 127]);
    assert!(is_alike(peak(&play(&mut synth, 1_000)), one));
    assert_eq!(memory.completed(), []);
    // Its id may be used again meanwhile.
    let again = memory.download(PIN, &still(100, 4_000)).unwrap();
    assert_eq!(
        memory.unload(PIN, again),
        Ok(Unloaded::Now),
        "nothing plays this one"
    );
    send(&mut synth, &[0x80, 60, 0]);
    play(&mut synth, 4_000);
    assert_eq!(memory.completed(), [(PIN, handle)]);
    assert_eq!(memory.completed(), [], "it is told once");
    // Of what is closed nobody is told.
    memory.download(PIN, &still(100, 8_000)).unwrap();
    let handle = memory.download(PIN, &instrument(1, 0, 100)).unwrap();
    synth.listen();
    send(&mut synth, &[0x90, 60, 127]);
    play(&mut synth, 1_000);
    assert_eq!(memory.unload(PIN, handle), Ok(Unloaded::WithItsVoices));
    memory.close(PIN);
    send(&mut synth, &[0x80, 60, 0]);
    play(&mut synth, 4_000);
    assert_eq!(memory.completed(), []);
}

#[test]
fn dls_3_what_a_cycle_may_still_begin_is_not_gone_before_it_is_over() {
    let memory = Arc::new(Downloads::default());
    let mut synth = bench(&memory);
    memory.download(PIN, &still(100, 8_000)).unwrap();
    let first = memory.download(PIN, &instrument(1, 0, 100)).unwrap();
    // Between cycles it is gone at once: whoever plays next knows nothing of it.
    play(&mut synth, 64);
    assert_eq!(memory.unload(PIN, first), Ok(Unloaded::Now));
    // In the middle of one it may begin, and does not here.
    memory.download(PIN, &still(100, 8_000)).unwrap();
    let second = memory.download(PIN, &instrument(2, 0, 100)).unwrap();
    synth.listen();
    assert_eq!(memory.unload(PIN, second), Ok(Unloaded::WithItsVoices));
    assert_eq!(memory.completed(), [], "the cycle goes on");
    synth.rest();
    assert_eq!(memory.completed(), [(PIN, second)]);
    // Here it does, in the same cycle behind the call: it goes with its voice, over as many cycles as that takes.
    memory.download(PIN, &still(100, 8_000)).unwrap();
    let third = memory.download(PIN, &instrument(3, 0, 100)).unwrap();
    synth.listen();
    let answer = memory.unload(PIN, third);
    send(&mut synth, &[0x90, 60, 127]);
    assert!(peak(&play_on(&mut synth, 1_000)) > 0.05, "it has begun");
    synth.rest();
    assert_eq!(answer, Ok(Unloaded::WithItsVoices));
    assert_eq!(memory.completed(), [], "its voice sounds");
    play(&mut synth, 64);
    send(&mut synth, &[0x80, 60, 0]);
    play(&mut synth, 4_000);
    assert_eq!(memory.completed(), [(PIN, third)]);
    // A synthesizer that is closed in the middle of a cycle holds nothing up.
    memory.download(PIN, &still(100, 8_000)).unwrap();
    let last = memory.download(PIN, &instrument(4, 0, 100)).unwrap();
    synth.listen();
    assert_eq!(memory.unload(PIN, last), Ok(Unloaded::WithItsVoices));
    drop(synth);
    assert_eq!(memory.completed(), [(PIN, last)]);
    let mut next = bench(&memory);
    memory.download(PIN, &still(100, 8_000)).unwrap();
    let last = memory.download(PIN, &instrument(5, 0, 100)).unwrap();
    play(&mut next, 64);
    assert_eq!(memory.unload(PIN, last), Ok(Unloaded::Now), "nor later");
}
