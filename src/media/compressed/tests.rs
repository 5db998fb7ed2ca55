//! Tests with files made by hand: what is counted, cut and told. That codecs decode rightly, tests/behaviour/decoded.rs
//! compares with another decoder.

use std::io::Cursor;

use crate::media::{Source, open_stream};

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut bytes = id.to_vec();
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

/// A wave file of coded samples.
fn coded(tag: u16, channels: u16, block: u16, bits: u16, fact: u32, data: &[u8]) -> Vec<u8> {
    let mut format = tag.to_le_bytes().to_vec();
    format.extend(channels.to_le_bytes());
    format.extend(8_000_u32.to_le_bytes());
    format.extend(8_000_u32.to_le_bytes());
    format.extend(block.to_le_bytes());
    format.extend(bits.to_le_bytes());
    let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
    bytes.extend(chunk(b"fmt ", &format));
    bytes.extend(chunk(b"fact", &fact.to_le_bytes()));
    bytes.extend(chunk(b"data", data));
    bytes
}

fn open(bytes: &[u8]) -> Box<dyn Source> {
    open_stream(Cursor::new(bytes.to_vec())).unwrap()
}

fn read(source: &mut dyn Source, at_most: usize) -> Vec<Vec<f32>> {
    let channels = usize::from(source.info().channels);
    let mut planar = vec![vec![9.0; at_most]; channels];
    let mut slices: Vec<&mut [f32]> = planar.iter_mut().map(|it| &mut it[..]).collect();
    let got = source.read(&mut slices).unwrap();
    planar.iter_mut().for_each(|it| it.truncate(got));
    planar
}

#[test]
fn telephone_sound_is_a_table() {
    for (tag, codes, samples) in [
        (6, [0xd5, 0x55, 0xaa, 0x2a], [8, -8, 32_256, -32_256]),
        (7, [0xff, 0x7f, 0x80, 0x00], [0, 0, 32_124, -32_124]),
    ] {
        let mut source = open(&coded(tag, 1, 1, 8, 4, &codes));
        assert_eq!((source.info().bits, source.info().is_float), (16, false));
        let wanted = samples.map(|it| it as f32 / 32_768.0);
        assert_eq!(read(&mut *source, 9), [wanted.to_vec()]);
    }
}

/// Three blocks of IMA ADPCM whose samples all stand still at the first one.
fn steps() -> Vec<u8> {
    let block = |first: i16| {
        let [low, high] = first.to_le_bytes();
        [&[low, high, 0, 0][..], &[0; 12]].concat()
    };
    [block(1000), block(-2000), block(3000)].concat()
}

#[test]
fn blocks_are_counted_and_their_last_samples_left_out() {
    // 12 bytes of two samples and the one in the head.
    let per_block = 25;
    for (fact, frames) in [(60, 60), (0, 75), (9999, 75)] {
        let mut source = open(&coded(0x11, 1, 16, 4, fact, &steps()));
        let info = source.info().clone();
        assert_eq!((info.container, info.codec), ("WAV", "IMA ADPCM"));
        assert_eq!((info.frames, info.bits), (Some(frames), 16));
        let sound = read(&mut *source, 100).remove(0);
        assert_eq!(sound.len() as u64, frames);
        for (n, sample) in sound.iter().enumerate() {
            let first = [1000.0, -2000.0, 3000.0][n / per_block];
            assert_eq!(*sample, first / 32_768.0, "{n}");
        }
        for at in [24, 25, 0, 59, 49, 50] {
            source.seek(at).unwrap();
            assert_eq!(source.position(), at);
            assert_eq!(
                read(&mut *source, 3)[0],
                sound[at as usize..][..3.min(sound.len() - at as usize)]
            );
        }
        source.seek(u64::MAX).unwrap();
        assert_eq!(
            (source.position(), read(&mut *source, 3)[0].len()),
            (frames, 0)
        );
    }
}

#[test]
fn a_block_that_is_cut_gives_what_it_holds() {
    let mut data = steps();
    data.truncate(16 + 4 + 3);
    let mut source = open(&coded(0x11, 1, 16, 4, 0, &data));
    assert_eq!(source.info().frames, Some(25 + 7));
    assert_eq!(read(&mut *source, 100)[0].len(), 32);
}

#[test]
fn what_is_no_sound_is_refused_in_words() {
    let refusal = |bytes: &[u8]| {
        let opened = open_stream(Cursor::new(bytes.to_vec()));
        opened.err().unwrap().to_string()
    };
    assert_eq!(refusal(b""), "the file is empty");
    assert_eq!(
        refusal(b"not a wave file at all"),
        "this is not a file of sound that is known: it begins with not a wave file ; turn it into FLAC or WAV first, as ffmpeg -i FILE FILE.flac does"
    );
    assert_eq!(
        refusal(&coded(0x31, 1, 65, 0, 0, &[0; 65])),
        "the WAV file holds sound that is coded in a way that is not known (format 0x0031); turn it into FLAC or WAV first, as ffmpeg -i FILE FILE.flac does"
    );
    assert_eq!(
        refusal(&coded(0x11, 3, 48, 4, 0, &steps())),
        "the number of channels of ADPCM is 3, wanted 1 or 2"
    );
    for head in [&b"OggS"[..], b"fLaC", b"caff", b"FORM", b"\xff\xfb\x90\x00"] {
        assert!(!refusal(&[head, &[0; 40]].concat()).is_empty());
    }
}

#[test]
fn a_flac_file_that_was_read_to_its_end_begins_anew_whole() {
    // Frames of one length each, so that places lie on their beginnings.
    const LEN: usize = 40_960;
    let sound =
        |n: usize| f32::from((n as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0] as i8) / 128.0;
    let samples: Vec<f32> = (0..LEN).map(sound).collect();
    let mut writer = crate::media::FlacWriter::create(Cursor::new(vec![]), 44_100, 1, 16).unwrap();
    writer.write(&[&samples]).unwrap();
    let bytes = writer.finish().unwrap().0.into_inner();
    let mut source = open(&bytes);
    assert_eq!(read(&mut *source, LEN + 9), [&samples[..]]);
    for place in [0, 4_096, 0, 20_480, 8_192, 100, 4_096, 36_864, 0] {
        source.seek(place).unwrap();
        assert_eq!(source.info().frames, Some(LEN as u64), "{place}");
        assert_eq!(
            read(&mut *source, LEN + 9),
            [samples[place as usize..].to_vec()],
            "{place}"
        );
    }
    assert_eq!(source.remarks(), Vec::<String>::new());
}

#[test]
fn marks_of_a_file_are_cues_of_its_sound() {
    let chunk = |id: &[u8; 4], data: &[u8]| {
        let size = (data.len() as u32).to_be_bytes();
        [&id[..], &size, data].concat()
    };
    // One channel of 16 bits at 8 000 Hz; the rate is an extended number.
    let rate = [0x40, 0x0B, 0xFA, 0, 0, 0, 0, 0, 0, 0];
    let common = [&[0, 1, 0, 0, 0x03, 0xE8, 0, 16][..], &rate].concat();
    let mark = [&[0, 1, 0, 5, 0, 0, 1, 0x90, 4][..], b"Turn", &[0]].concat();
    let body = [
        b"AIFF".to_vec(),
        chunk(b"COMM", &common),
        chunk(b"MARK", &mark),
        chunk(b"SSND", &[0; 8 + 2_000]),
    ];
    let file = chunk(b"FORM", &body.concat());
    let source = open(&file);
    let cues = &source.info().cues;
    let found: Vec<(u64, &str)> = cues.iter().map(|it| (it.at, &*it.name)).collect();
    assert_eq!((source.info().rate_hz, found), (8_000, vec![(400, "Turn")]));
}

#[test]
fn wholes_that_end_too_soon_and_sound_without_a_size_are_played() {
    let chunk = |id: &[u8; 4], data: &[u8]| {
        let size = (data.len() as u32).to_be_bytes();
        [&id[..], &size, data].concat()
    };
    let samples: Vec<u8> = (0..1_000_i16).flat_map(i16::to_be_bytes).collect();
    let wanted: Vec<f32> = (0..1_000).map(|it| it as f32 / 32_768.0).collect();
    let rate = [0x40, 0x0B, 0xFA, 0, 0, 0, 0, 0, 0, 0];
    let common = [&[0, 1, 0, 0, 0x03, 0xE8, 0, 16][..], &rate].concat();
    let sound = [&[0; 8][..], &samples].concat();
    let body = [
        b"AIFF".to_vec(),
        chunk(b"COMM", &common),
        chunk(b"SSND", &sound),
    ];
    let whole = chunk(b"FORM", &body.concat());
    let right = whole.len() as u32 - 8;
    // As it is, a little short, before its sound, and with what is nobody's behind it.
    for stated in [right, right - 16, 30, 4] {
        let mut file = whole.clone();
        file[4..8].copy_from_slice(&stated.to_be_bytes());
        let got = read(&mut *open(&file), 1_009);
        assert_eq!(got, std::slice::from_ref(&wanted), "{stated}");
    }
    let with_more = [&whole[..], b"LIST\xFF\xFF\xFF\xFF, and what not"].concat();
    assert_eq!(
        read(&mut *open(&with_more), 1_009),
        std::slice::from_ref(&wanted)
    );

    // CAF: 16 bits, big-endian, one channel at 8 000 Hz.
    let mut desc = 8_000_f64.to_be_bytes().to_vec();
    desc.extend(b"lpcm");
    for number in [0_u32, 2, 1, 1, 16] {
        desc.extend(number.to_be_bytes());
    }
    let mut file = b"caff\0\x01\0\0desc".to_vec();
    file.extend((desc.len() as u64).to_be_bytes());
    file.extend(desc);
    file.extend(b"data");
    for size in [-1_i64, 4 + samples.len() as i64] {
        let sound = [&size.to_be_bytes()[..], &[0; 4], &samples].concat();
        let file = [&file[..], &sound].concat();
        assert_eq!(
            read(&mut *open(&file), 1_009),
            std::slice::from_ref(&wanted),
            "{size}"
        );
    }
}
