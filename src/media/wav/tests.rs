//! Round trips, odd files, and `hound` as a second opinion.

use std::io::Cursor;

use proptest::prelude::*;

use super::*;

type Planar = Vec<Vec<f32>>;

fn sound(channels: usize, frames: usize) -> Planar {
    (0..channels)
        .map(|c| {
            (0..frames)
                .map(|n| ((n * (c + 3)) as f32 * 0.013).sin() * 0.8)
                .collect()
        })
        .collect()
}

fn write(rate: u32, kind: SampleKind, planar: &Planar) -> Vec<u8> {
    let mut writer =
        WavWriter::create(Cursor::new(Vec::new()), rate, planar.len() as u16, kind).unwrap();
    writer.write(planar).unwrap();
    writer.finish().unwrap().0.into_inner()
}

fn read(bytes: &[u8]) -> (WavInfo, Planar) {
    let mut reader = WavReader::open(Cursor::new(bytes)).unwrap();
    let info = reader.info().clone();
    let mut planar = vec![vec![0.0; info.frames as usize]; usize::from(info.channels)];
    assert_eq!(reader.read(&mut planar).unwrap() as u64, info.frames);
    assert_eq!(reader.read(&mut [[0.0; 4]]).unwrap(), 0);
    (info, planar)
}

/// A file by hand: `fmt ` with these fields, then what is given.
fn file(head: &[u8; 4], format: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut bytes = head.to_vec();
    let size = |n: usize| {
        if head == b"RIFX" {
            (n as u32).to_be_bytes()
        } else {
            (n as u32).to_le_bytes()
        }
    };
    bytes.extend(size(20 + format.len() + rest.len()));
    bytes.extend(b"WAVEfmt ");
    bytes.extend(size(format.len()));
    bytes.extend(format);
    bytes.extend(rest);
    bytes
}

fn format(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let block = channels * bits.div_ceil(8);
    let mut bytes = Vec::new();
    bytes.extend(tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate.wrapping_mul(block.into())).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes
}

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut bytes = id.to_vec();
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn float_passes_bit_for_bit() {
    for channels in [1, 2, 5, 64] {
        let planar = sound(channels, 1_777);
        let (info, heard) = read(&write(96_000, SampleKind::Float32, &planar));
        assert_eq!(
            (
                info.rate_hz,
                usize::from(info.channels),
                info.float,
                info.bits
            ),
            (96_000, channels, true, 32)
        );
        assert_eq!(info.channel_mask, usual_mask(channels as u16));
        assert_eq!(heard, planar);
    }
}

#[test]
fn whole_numbers_lie_on_their_exact_grid() {
    for (kind, steps) in [
        (SampleKind::Pcm16, 32_768.0),
        (SampleKind::Pcm24, 8_388_608.0),
    ] {
        let planar = sound(2, 999);
        let (info, heard) = read(&write(44_100, kind, &planar));
        assert_eq!((info.bits, info.float), (kind.bits(), false));
        for (sample, wanted) in heard.iter().flatten().zip(planar.iter().flatten()) {
            assert_eq!(*sample, (wanted * steps).round_ties_even() / steps);
        }
        // Once on the grid, nothing changes any more.
        assert_eq!(read(&write(44_100, kind, &heard)).1, heard);
    }
}

#[test]
fn what_no_file_can_hold_is_counted() {
    let planar = [[f32::NAN, f32::INFINITY, 1.0, -1.0, 1.5, -3.0, 0.5]];
    let mut writer =
        WavWriter::create(Cursor::new(Vec::new()), 8_000, 1, SampleKind::Pcm16).unwrap();
    writer.write(&planar).unwrap();
    let (file, written) = writer.finish().unwrap();
    assert_eq!(
        (written.frames, written.non_finite, written.clipped),
        (7, 2, 2)
    );
    assert_eq!(written.bytes, file.get_ref().len() as u64);
    let top = 32_767.0 / 32_768.0;
    assert_eq!(
        read(file.get_ref()).1,
        [[0.0, 0.0, top, -1.0, top, -1.0, 0.5]]
    );
}

#[test]
fn the_bytes_are_those_of_the_format() {
    let bytes = write(48_000, SampleKind::Pcm16, &vec![vec![0.5, -0.5]]);
    let wanted = [
        &b"RIFF\x4c\0\0\0WAVEJUNK\x1c\0\0\0"[..],
        &[0; 28],
        b"fmt \x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\x77\x01\0\x02\0\x10\0data\x04\0\0\0\0\x40\0\xc0",
    ]
    .concat();
    assert_eq!(bytes, wanted);
}

#[test]
fn an_odd_length_is_padded() {
    let bytes = write(48_000, SampleKind::Pcm24, &vec![vec![0.25]]);
    assert_eq!(bytes.len() % 2, 0);
    assert_eq!(
        u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize,
        bytes.len() - 8
    );
    assert_eq!(read(&bytes).1, [[0.25]]);
}

#[test]
fn a_long_file_becomes_rf64() {
    let planar = sound(2, 1_000);
    let writer =
        WavWriter::create(Cursor::new(Vec::new()), 48_000, 2, SampleKind::Float32).unwrap();
    let mut writer = writer.rf64_above(4_000);
    writer.write(&planar).unwrap();
    let bytes = writer.finish().unwrap().0.into_inner();
    assert_eq!(&bytes[..8], b"RF64\xff\xff\xff\xff");
    assert_eq!(&bytes[12..16], b"ds64");
    assert_eq!(
        u64::from_le_bytes(bytes[20..28].try_into().unwrap()),
        bytes.len() as u64 - 8
    );
    assert_eq!(u64::from_le_bytes(bytes[28..36].try_into().unwrap()), 8_000);
    // A chunk after the data does not become sound: the size in ds64 counts.
    let with_more = [bytes, chunk(b"LIST", b"INFO")].concat();
    let (info, heard) = read(&with_more);
    assert_eq!(info.frames, 1_000);
    assert_eq!(heard, planar);
}

#[test]
fn a_file_never_finished_is_read_to_its_end() {
    let planar = sound(1, 8_000);
    let mut memory = Cursor::new(Vec::new());
    let mut writer = WavWriter::create(&mut memory, 8_000, 1, SampleKind::Float32).unwrap();
    writer.write(&planar).unwrap();
    drop(writer);
    // But for the eighth of a second that was held back.
    let heard = &read(memory.get_ref()).1[0];
    assert!(heard.len() >= 7_000 && planar[0].starts_with(heard));
}

#[test]
fn a_file_cut_short_gives_what_is_there() {
    let planar = sound(2, 500);
    let bytes = write(48_000, SampleKind::Pcm16, &planar);
    let (_, whole) = read(&bytes);
    for cut in [1, 2, 3, 4, 777] {
        let (info, heard) = read(&bytes[..bytes.len() - cut]);
        let frames = 500 - cut.div_ceil(4);
        assert_eq!(info.frames as usize, frames);
        assert_eq!(heard[1], whole[1][..frames]);
    }
}

#[test]
fn sizes_that_lie_are_seen_through() {
    let data = [0, 0x40, 0, 0xc0];
    for (size, frames) in [(0_u32, 2), (u32::MAX, 2), (1_000, 2), (4, 2), (2, 1)] {
        let mut rest = b"data".to_vec();
        rest.extend(size.to_le_bytes());
        rest.extend(data);
        let mut bytes = file(b"RIFF", &format(1, 1, 8_000, 16), &rest);
        for riff_size in [0, 4, u32::MAX] {
            bytes[4..8].copy_from_slice(&riff_size.to_le_bytes());
            let (info, heard) = read(&bytes);
            assert_eq!(info.frames, frames, "{size}");
            assert_eq!(heard[0][0], 0.5);
        }
    }
    // RF64 whose writer never came back: the true size is 0 as well.
    let rest = [&b"data\xff\xff\xff\xff"[..], &data].concat();
    let mut bytes = b"RF64\xff\xff\xff\xffWAVE".to_vec();
    bytes.extend(chunk(b"ds64", &[0; 28]));
    bytes.extend(chunk(b"fmt ", &format(1, 1, 8_000, 16)));
    bytes.extend(rest);
    assert_eq!(read(&bytes).1, [[0.5, -0.5]]);
    // An empty sound with a chunk behind it stays empty.
    let rest = [chunk(b"data", b""), chunk(b"LIST", b"INFOabcd")].concat();
    assert_eq!(
        read(&file(b"RIFF", &format(1, 1, 8_000, 16), &rest))
            .0
            .frames,
        0
    );
}

#[test]
fn odd_format_chunks_and_orders_are_read() {
    let data = chunk(b"data", &[0, 0x40]);
    // Bytes too many after plain PCM.
    let long = [format(1, 1, 8_000, 16), vec![4, 0, 1, 2, 3, 4]].concat();
    assert_eq!(read(&file(b"RIFF", &long, &data)).1, [[0.5]]);
    // An odd chunk before the data, with and without its pad byte.
    for pad in [&b""[..], b"\0"] {
        let rest = [&chunk(b"LIST", b"abc")[..], pad, &data].concat();
        assert_eq!(
            read(&file(b"RIFF", &format(1, 1, 8_000, 16), &rest)).1,
            [[0.5]]
        );
    }
    // Data before the format.
    let mut early = b"RIFF\0\0\0\0WAVE".to_vec();
    early.extend(&data);
    early.extend(chunk(b"fmt ", &format(1, 1, 8_000, 16)));
    assert_eq!(read(&early).1, [[0.5]]);
    // A block align that makes no sense.
    let mut odd = format(1, 1, 8_000, 16);
    odd[12] = 77;
    assert_eq!(read(&file(b"RIFF", &odd, &data)).1, [[0.5]]);
}

#[test]
fn every_kind_of_sample_has_full_scale_one() {
    let cases: [(u16, u16, &[u8], f32); 8] = [
        (1, 8, &[192], 0.5),
        (1, 16, &[0, 0x40], 0.5),
        (1, 20, &[0, 0, 0x40], 0.5),
        (1, 24, &[1, 0, 0xc0], -0.5 + 1.0 / 8_388_608.0),
        (1, 32, &[0, 0, 0, 0x40], 0.5),
        (1, 12, &[0, 0x40], 0.5),
        (3, 32, &0.3_f32.to_le_bytes(), 0.3),
        (3, 64, &0.3_f64.to_le_bytes(), 0.3),
    ];
    for (tag, bits, sample, wanted) in cases {
        let bytes = file(
            b"RIFF",
            &format(tag, 1, 8_000, bits),
            &chunk(b"data", sample),
        );
        let (info, heard) = read(&bytes);
        assert_eq!((info.bits, heard[0][0]), (bits, wanted), "{tag} {bits}");
    }
    // 32 bits are rounded once, to even.
    let bytes = file(
        b"RIFF",
        &format(1, 1, 8_000, 32),
        &chunk(b"data", &0x4000_0020_u32.to_le_bytes()),
    );
    assert_eq!(read(&bytes).1, [[0.5]]);
}

#[test]
fn big_endian_files_are_read() {
    let format = [0, 1, 0, 2, 0, 0, 0x1f, 0x40, 0, 0, 0x7d, 0, 0, 4, 0, 16];
    let bytes = file(b"RIFX", &format, b"data\0\0\0\x08\x40\0\xc0\0\x20\0\0\x01");
    let (info, heard) = read(&bytes);
    assert_eq!((info.rate_hz, info.channels, info.frames), (8_000, 2, 2));
    assert_eq!(heard, [[0.5, 0.25], [-0.5, 1.0 / 32_768.0]]);
}

#[test]
fn extensible_files_tell_mask_and_valid_bits() {
    let mut extensible = format(0xfffe, 1, 48_000, 24);
    extensible.extend([22, 0, 20, 0, 0, 2, 0, 0, 1, 0]);
    extensible.extend(GUID_TAIL);
    let bytes = file(b"RIFF", &extensible, &chunk(b"data", &[0, 0, 0x40]));
    let (info, heard) = read(&bytes);
    assert_eq!((info.bits, info.channel_mask), (20, 0x200));
    assert_eq!(heard, [[0.5]]);
    // In B-format, whose channels are no speakers.
    extensible[26..40].copy_from_slice(&AMBISONIC_TAIL);
    let bytes = file(b"RIFF", &extensible, &chunk(b"data", &[0, 0, 0x40]));
    assert_eq!(read(&bytes).1, [[0.5]]);
    extensible[30] = 9;
    let other = file(b"RIFF", &extensible, &chunk(b"data", &[0; 3]));
    assert!(matches!(
        WavReader::open(Cursor::new(other)),
        Err(WavError::Encoding { offset: 20, .. })
    ));
}

#[test]
fn loops_are_read_and_cut_to_the_sound() {
    let entry = |kind: u32, start: u32, end: u32, count: u32| {
        [7, kind, start, end, 0, count]
            .map(u32::to_le_bytes)
            .concat()
    };
    let mut smpl = [0_u8; 36].to_vec();
    smpl[28] = 4;
    for (kind, start, end, count) in [(0, 2, 5, 0), (1, 3, 99, 7), (0, 50, 60, 0), (2, 4, 3, 0)] {
        smpl.extend(entry(kind, start, end, count));
    }
    let rest = [chunk(b"data", &[0; 20]), chunk(b"smpl", &smpl)].concat();
    let (info, _) = read(&file(b"RIFF", &format(1, 1, 8_000, 16), &rest));
    let whole = |start, end, kind, count| Loop {
        start,
        end,
        kind,
        count,
    };
    assert_eq!(
        info.loops,
        [
            whole(2, 6, LoopKind::Forward, 0),
            whole(3, 10, LoopKind::PingPong, 7)
        ]
    );
}

#[test]
fn seeking_lands_on_the_sample() {
    let planar = sound(3, 30_000);
    let bytes = write(48_000, SampleKind::Float32, &planar);
    let mut reader = WavReader::open(Cursor::new(&bytes)).unwrap();
    let mut got = vec![vec![0.0; 10]; 3];
    for frame in [29_000, 0, 12_345, 29_995] {
        reader.seek(frame);
        let read = reader.read(&mut got).unwrap();
        assert_eq!(read, 10.min(30_000 - frame as usize));
        assert_eq!(got[2][..read], planar[2][frame as usize..][..read]);
    }
    reader.seek(u64::MAX);
    assert_eq!(
        (reader.position(), reader.read(&mut got).unwrap()),
        (30_000, 0)
    );
}

#[test]
fn numbers_that_are_none_are_silenced() {
    let data: Vec<u8> = [f32::NAN, 0.5, f32::NEG_INFINITY]
        .iter()
        .flat_map(|s| s.to_le_bytes())
        .collect();
    let bytes = file(b"RIFF", &format(3, 1, 8_000, 32), &chunk(b"data", &data));
    let mut reader = WavReader::open(Cursor::new(&bytes)).unwrap();
    let mut got = [[9.0; 3]];
    reader.read(&mut got).unwrap();
    assert_eq!((got, reader.non_finite()), ([[0.0, 0.5, 0.0]], 2));
}

#[test]
fn refusals_say_what_was_found_and_wanted() {
    let refusal = |bytes: &[u8]| WavReader::open(Cursor::new(bytes)).unwrap_err().to_string();
    assert_eq!(
        refusal(b"OggS00000000"),
        "at byte 0: found OggS, wanted RIFF, RIFX, RF64 or BW64"
    );
    assert_eq!(
        refusal(b"RIFF\0\0\0\0AVI "),
        "at byte 8: found the form AVI , wanted WAVE"
    );
    assert_eq!(refusal(b"RIFF\0\0\0\0WAVE"), "the file has no fmt chunk");
    let adpcm = file(b"RIFF", &format(0x11, 1, 8_000, 4), &chunk(b"data", b"ab"));
    assert_eq!(
        refusal(&adpcm),
        "at byte 20: the samples are of format 0x0011, wanted PCM (1) or float (3)"
    );
    for (channels, rate, bits) in [
        (0, 8_000, 16),
        (65, 8_000, 16),
        (1, 0, 16),
        (1, 768_001, 16),
        (1, 8_000, 33),
        (1, 8_000, 0),
    ] {
        let bytes = file(
            b"RIFF",
            &format(1, channels, rate, bits),
            &chunk(b"data", b"ab"),
        );
        assert!(matches!(
            WavReader::open(Cursor::new(&bytes)),
            Err(WavError::OutOfRange { .. })
        ));
    }
    assert!(WavWriter::create(Cursor::new(Vec::new()), 0, 1, SampleKind::Pcm16).is_err());
    let short = file(b"RIFF", &[1, 0, 1, 0], &chunk(b"data", b"ab"));
    assert_eq!(
        refusal(&short),
        "at byte 20: the fmt chunk has 4 bytes, wanted at least 16"
    );
}

#[test]
fn hound_reads_what_we_write() {
    for (kind, channels) in [
        (SampleKind::Pcm16, 2),
        (SampleKind::Pcm24, 1),
        (SampleKind::Float32, 2),
        (SampleKind::Pcm16, 6),
    ] {
        let planar = sound(channels, 300);
        let bytes = write(44_100, kind, &planar);
        let (_, ours) = read(&bytes);
        let mut reader = hound::WavReader::new(Cursor::new(&bytes)).unwrap();
        let spec = reader.spec();
        assert_eq!(
            (
                spec.sample_rate,
                usize::from(spec.channels),
                spec.bits_per_sample
            ),
            (44_100, channels, kind.bits())
        );
        let theirs: Vec<f32> = if kind == SampleKind::Float32 {
            reader.samples::<f32>().map(Result::unwrap).collect()
        } else {
            let steps = (1_u32 << (kind.bits() - 1)) as f32;
            reader
                .samples::<i32>()
                .map(|s| s.unwrap() as f32 / steps)
                .collect()
        };
        assert_eq!(theirs.len(), 300 * channels);
        for (n, sample) in theirs.iter().enumerate() {
            assert_eq!(*sample, ours[n % channels][n / channels]);
        }
    }
}

#[test]
fn we_read_what_hound_writes() {
    for (bits, float) in [
        (8, false),
        (16, false),
        (24, false),
        (32, false),
        (32, true),
    ] {
        let sample_format = if float {
            hound::SampleFormat::Float
        } else {
            hound::SampleFormat::Int
        };
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 22_050,
            bits_per_sample: bits,
            sample_format,
        };
        let mut memory = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut memory, spec).unwrap();
        let steps = 2_f64.powi(i32::from(bits) - 1);
        let mut wanted = [Vec::new(), Vec::new()];
        for n in 0..200 {
            let sample = f64::from((n as f32 * 0.1).sin() * 0.7);
            let code = (sample * steps).round();
            wanted[n % 2].push(if float {
                sample as f32
            } else {
                (code / steps) as f32
            });
            if float {
                writer.write_sample(sample as f32).unwrap();
            } else {
                writer.write_sample(code as i32).unwrap();
            }
        }
        writer.finalize().unwrap();
        let (info, heard) = read(memory.get_ref());
        assert_eq!((info.rate_hz, info.bits, info.float), (22_050, bits, float));
        assert_eq!(heard, wanted);
    }
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        fuzz_wav(&bytes);
    }

    /// Nearly right files reach further in than random bytes do.
    #[test]
    fn damaged_files_do_no_harm(
        kind in 0_usize..3,
        channels in 1_usize..4,
        damage in proptest::collection::vec((0_usize..400, any::<u8>()), 0..12),
        cut in 0_usize..400,
    ) {
        let kind = [SampleKind::Pcm16, SampleKind::Pcm24, SampleKind::Float32][kind];
        let mut bytes = write(48_000, kind, &sound(channels, 20));
        for (at, byte) in damage {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        bytes.truncate(bytes.len() - cut.min(bytes.len()));
        fuzz_wav(&bytes);
    }
}
