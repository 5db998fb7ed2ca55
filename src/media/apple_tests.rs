//! AIFF and CAF made by hand, of kinds that few programs write. That ADPCM is decoded rightly, tests/behaviour/decoded.rs
//! compares with another decoder.

use std::io::Cursor;

use super::{MediaError, Source, open_stream};

fn open(bytes: &[u8]) -> Result<Box<dyn Source>, MediaError> {
    open_stream(Cursor::new(bytes.to_vec()))
}

fn read(source: &mut dyn Source, at_most: usize) -> Vec<Vec<f32>> {
    let channels = usize::from(source.info().channels);
    let mut planar = vec![vec![9.0; at_most]; channels];
    let mut slices: Vec<&mut [f32]> = planar.iter_mut().map(|it| &mut it[..]).collect();
    let got = source.read(&mut slices).unwrap();
    planar.iter_mut().for_each(|it| it.truncate(got));
    planar
}

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let size = (data.len() as u32).to_be_bytes();
    let pad = &[0][..data.len() % 2];
    [&id[..], &size, data, pad].concat()
}

/// 8 000 Hz as AIFF writes it.
const RATE: [u8; 10] = [0x40, 0x0B, 0xFA, 0, 0, 0, 0, 0, 0, 0];

/// Channels, bits, the code of an AIFF-C, offset and block of the sound, the sound.
fn aiff(
    channels: u16,
    bits: u16,
    code: &[u8],
    (offset, block): (u32, u32),
    sound: &[u8],
) -> Vec<u8> {
    let mut common = channels.to_be_bytes().to_vec();
    common.extend(7_u32.to_be_bytes());
    common.extend(bits.to_be_bytes());
    common.extend(RATE);
    common.extend(code);
    let form = if code.is_empty() { b"AIFF" } else { b"AIFC" };
    if !code.is_empty() {
        common.extend([0, 0]);
    }
    let mut data = offset.to_be_bytes().to_vec();
    data.extend(block.to_be_bytes());
    data.extend(vec![0xee; offset as usize]);
    data.extend(sound);
    let body = [
        form.to_vec(),
        chunk(b"NAME", b"Odd"),
        chunk(b"COMM", &common),
        chunk(b"SSND", &data),
    ];
    chunk(b"FORM", &body.concat())
}

/// Code, flags, bytes of a packet, samples of one, channels, bits, the sound.
fn caf(code: &[u8; 4], numbers: [u32; 5], sound: &[u8]) -> Vec<u8> {
    let mut desc = 8_000_f64.to_be_bytes().to_vec();
    desc.extend(code);
    desc.extend(numbers.iter().flat_map(|it| it.to_be_bytes()));
    let mut bytes = b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20".to_vec();
    bytes.extend(desc);
    bytes.extend(b"data");
    bytes.extend((sound.len() as u64 + 4).to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(sound);
    bytes
}

/// The upper bits of a ramp, so many bytes each.
fn ramp(bytes: usize, is_big: bool) -> Vec<u8> {
    let of = |n: i32| {
        let top = (n * 0x0123_4000).to_be_bytes();
        let mut some = top[..bytes].to_vec();
        if !is_big {
            some.reverse();
        }
        some
    };
    (-60..60).flat_map(of).collect()
}

fn meant(bytes: usize) -> Vec<f32> {
    let unit = 8 * (4 - bytes as i32);
    let of = |n: i32| ((n * 0x0123_4000) >> unit << unit) as f32 / 2_147_483_648.0;
    (-60..60).map(of).collect()
}

#[test]
fn whole_numbers_of_any_width_and_order_are_read_to_the_bit() {
    let big = |bytes| ramp(bytes, true);
    let little = |bytes| ramp(bytes, false);
    for (file, bits, bytes) in [
        (aiff(1, 12, b"", (0, 0), &big(2)), 12, 2),
        (aiff(1, 20, b"", (0, 0), &big(3)), 20, 3),
        (aiff(1, 8, b"", (4, 0), &big(1)), 8, 1),
        (aiff(1, 16, b"", (6, 512), &big(2)), 16, 2),
        (aiff(1, 8, b"sowt", (0, 0), &big(1)), 8, 1),
        (aiff(1, 24, b"sowt", (0, 0), &little(3)), 24, 3),
        (aiff(1, 24, b"42ni", (0, 0), &little(3)), 24, 3),
        (aiff(1, 32, b"twos", (0, 0), &big(4)), 32, 4),
        (caf(b"lpcm", [0, 1, 1, 1, 8], &big(1)), 8, 1),
        (caf(b"lpcm", [2, 2, 1, 1, 12], &little(2)), 12, 2),
        (caf(b"lpcm", [0, 3, 1, 1, 20], &big(3)), 20, 3),
        (caf(b"lpcm", [2, 4, 1, 1, 24], &little(4)), 24, 4),
    ] {
        let mut source = open(&file).unwrap();
        let info = source.info().clone();
        let what = (info.container, info.codec, info.bits);
        assert_eq!(what.1, "PCM");
        assert_eq!((info.bits, info.rate_hz), (bits, 8_000), "{what:?}");
        assert_eq!(info.frames, Some(120), "{what:?}");
        assert_eq!(read(&mut *source, 200), [meant(bytes)], "{what:?}");
        source.seek(77).unwrap();
        assert_eq!(read(&mut *source, 9), [meant(bytes)[77..86].to_vec()]);
        if info.container == "AIFF" {
            assert_eq!(info.tags.get("title"), Some("Odd"));
        }
    }
    // Bytes that are not signed.
    let file = aiff(2, 8, b"raw ", (2, 0), &[0x80, 0xff, 0, 0x40]);
    let sound = read(&mut *open(&file).unwrap(), 9);
    assert_eq!(sound, [[0.0, -1.0], [127.0 / 128.0, -0.5]]);
}

/// Blocks of a channel or two that wander: bytes without any order.
fn blocks(count: usize) -> Vec<u8> {
    let mut seed = 3_u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed >> 16
    };
    let mut bytes = vec![];
    for n in 0..count {
        // Heads that agree with what came before are rare in noise, and do come: every other one is.
        let head = if n % 2 == 0 {
            0x20_u16
        } else {
            (noise() as u16) | 0x7f
        };
        bytes.extend(head.to_be_bytes());
        bytes.extend((0..32).map(|_| noise() as u8));
    }
    bytes
}

#[test]
fn blocks_of_adpcm_are_the_same_wherever_they_are_entered() {
    let sound = blocks(2 * 1_400);
    for file in [
        aiff(2, 16, b"ima4", (0, 0), &sound),
        caf(b"ima4", [0, 68, 64, 2, 0], &sound),
    ] {
        let mut source = open(&file).unwrap();
        let frames = 1_400 * 64;
        let info = source.info().clone();
        assert_eq!((info.codec, info.bits), ("IMA ADPCM", 16));
        assert_eq!(info.frames, Some(frames as u64));
        let all = read(&mut *source, frames + 9);
        assert_eq!(all[1].len(), frames);
        assert!(all[0].iter().any(|sample| sample.abs() > 0.1));
        // On, back, over notes and to the ends; by one that has read all and by one that has not.
        for mut source in [source, open(&file).unwrap()] {
            for at in [
                70_000, 3, 63, 64, 32_768, 32_767, 89_599, 0, 65_536, 89_600, 40_000,
            ] {
                source.seek(at).unwrap();
                assert_eq!(source.position(), at);
                let some = read(&mut *source, 100);
                let from = at as usize;
                let until = (from + 100).min(frames);
                assert_eq!(some[0], all[0][from..until], "{at}");
                assert_eq!(some[1], all[1][from..until], "{at}");
            }
        }
    }
}

#[test]
fn what_is_cut_off_or_lies_plays_as_far_as_it_goes() {
    let mut cut = aiff(1, 16, b"ima4", (0, 0), &blocks(10));
    cut.truncate(cut.len() - 100);
    let mut source = open(&cut).unwrap();
    assert_eq!(source.info().frames, Some(7 * 64));
    assert_eq!(read(&mut *source, 999)[0].len(), 7 * 64);
    let remarks = source.remarks();
    assert!(remarks[0].contains("cut off: 100 bytes"), "{remarks:?}");
    let mut cut = caf(b"lpcm", [0, 1, 1, 1, 8], &ramp(1, true));
    cut.truncate(cut.len() - 20);
    let mut source = open(&cut).unwrap();
    assert_eq!(read(&mut *source, 999)[0].len(), 100);
    let remarks = source.remarks();
    assert!(remarks[0].contains("20 bytes"), "{remarks:?}");
    // A size that nobody wrote down, and one of the whole that is nothing.
    let mut open_end = caf(b"ima4", [0, 34, 64, 1, 0], &blocks(4));
    open_end[56..64].copy_from_slice(&u64::MAX.to_be_bytes());
    assert_eq!(open(&open_end).unwrap().info().frames, Some(256));
    let mut open_end = aiff(1, 24, b"sowt", (0, 0), &ramp(3, false));
    open_end[4..8].fill(0);
    assert_eq!(open(&open_end).unwrap().info().frames, Some(120));

    for (file, words) in [
        (aiff(0, 12, b"", (0, 0), &[0; 8]), "number of channels is 0"),
        (
            aiff(65, 12, b"", (0, 0), &[0; 8]),
            "number of channels is 65",
        ),
        (
            caf(b"ima4", [0, 34, 64, 0, 0], &[0; 34]),
            "number of channels is 0",
        ),
        (caf(b"lpcm", [0, 1, 1, 1, 33], &[0; 34]), "lpcm"),
    ] {
        let said = open(&file).err().unwrap().to_string();
        assert!(said.contains(words), "{said}");
    }
    for rate in [0.0, -8_000.0, f64::NAN, f64::INFINITY, 1e12] {
        let mut file = caf(b"lpcm", [0, 1, 1, 1, 8], &[0; 9]);
        file[20..28].copy_from_slice(&rate.to_be_bytes());
        let said = open(&file).err().unwrap().to_string();
        assert!(said.contains("sample rate"), "{rate}: {said}");
    }
}
