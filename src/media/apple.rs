//! AIFF and CAF whose sound symphonia does not take: whole numbers of any width, sound that lies in blocks, and the ADPCM
//! of QuickTime. What is plain is read as the wave file it almost is, by a head that is made up ([`Recast`]); ADPCM has
//! its own decoder (`ima4`).
//!
//! Not here: what symphonia does take, and its tables of packets.

use std::io::{self, Read, Seek, SeekFrom};

use super::ima4::Ima4;
use super::marks::Marks;
use super::recast::Recast;
use super::riff::{SIZE_UNKNOWN, read_up_to};
use super::source::{Info, MediaError, Source};
use super::tags::Tags;
use super::wav;

/// The most chunks that are walked, and the longest head of one that is read.
const CHUNKS_MAX: usize = 4096;
const HEAD_MAX: usize = 64;
/// Codes of wave files.
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;

/// How the samples lie there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Plain {
        /// As a wave file calls it.
        tag: u16,
        is_big: bool,
        /// Bytes of 8 bits are signed.
        is_signed: bool,
        bits: u16,
        /// Bytes of one sample of one channel.
        bytes: u16,
    },
    Ima4,
}

/// Sound that was found, and is ours to read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    container: &'static str,
    coding: Coding,
    channels: u32,
    rate_hz: f64,
    data_at: u64,
    /// Bytes of sound that the file speaks of; `None`: up to its end.
    stated: Option<u64>,
    /// Samples before the sound, and samples of it, where the file tells.
    packets: Option<(u64, u64)>,
}

/// Looks whether a file is one of those. `None`: it is for others, who also say what is wrong with it.
pub(super) fn look<R: Read + Seek>(source: &mut R, head: &[u8]) -> io::Result<Option<Found>> {
    match (head.get(..4), head.get(8..12)) {
        (Some(b"FORM"), Some(b"AIFF" | b"AIFC")) => aiff(source),
        (Some(b"caff"), _) => caf(source),
        _ => Ok(None),
    }
}

/// Opens what was found.
pub(super) fn open<R: Read + Seek + Send + 'static>(
    mut source: R,
    found: Found,
    tags: Tags,
    marks: Marks,
) -> Result<Box<dyn Source>, MediaError> {
    let end = source.seek(SeekFrom::End(0))?;
    let there = end.saturating_sub(found.data_at);
    let stated = found.stated.unwrap_or(there);
    let wrong = |what, found, wanted| MediaError::OutOfRange {
        what,
        found,
        wanted,
    };
    let channels = u16::try_from(found.channels).ok();
    let channels = channels.filter(|it| (1..=wav::CHANNELS_MAX).contains(it));
    let Some(channels) = channels else {
        let (what, wanted) = ("number of channels", "1 to 64");
        return Err(wrong(what, found.channels.into(), wanted));
    };
    let rate = found.rate_hz.round();
    // What is no number is not in it either.
    if !(1.0..=f64::from(wav::RATE_MAX_HZ)).contains(&rate) {
        return Err(wrong("sample rate", rate as u64, "1 to 768000 Hz"));
    }
    let rate_hz = rate as u32;
    let data = (found.data_at, there.min(stated));
    match found.coding {
        Coding::Plain {
            tag,
            is_big,
            is_signed,
            bits,
            bytes,
        } => {
            let numbers = (tag, channels, rate_hz, bits, bytes);
            let made = wave_head(is_big, numbers, stated);
            let recast = Recast::new(source, made, data, is_signed);
            wav::open_as(recast, found.container, tags, marks)
        }
        Coding::Ima4 => {
            let mut info = Info {
                container: found.container,
                codec: "IMA ADPCM",
                rate_hz,
                channels,
                channel_mask: wav::usual_mask(channels),
                bits: 16,
                tags,
                ..Info::default()
            };
            let missing = stated.saturating_sub(there);
            let mut sound = Ima4::new(source, data, info.channels, found.packets, missing);
            info.frames = Some(sound.frames());
            info.cues = marks.cues(&info);
            sound.info = info;
            Ok(Box::new(sound))
        }
    }
}

/// The head of a wave file of such samples.
fn wave_head(is_big: bool, numbers: (u16, u16, u32, u16, u16), stated: u64) -> Vec<u8> {
    let (tag, channels, rate_hz, bits, bytes) = numbers;
    let block = channels * bytes;
    let mut made = match is_big {
        true => b"RIFX".to_vec(),
        false => b"RIFF".to_vec(),
    };
    let short = |number: u16| match is_big {
        true => number.to_be_bytes(),
        false => number.to_le_bytes(),
    };
    let long = |number: u32| match is_big {
        true => number.to_be_bytes(),
        false => number.to_le_bytes(),
    };
    made.extend(long(SIZE_UNKNOWN));
    made.extend(b"WAVEfmt ");
    made.extend(long(16));
    made.extend(short(tag));
    made.extend(short(channels));
    made.extend(long(rate_hz));
    made.extend(long(rate_hz.wrapping_mul(block.into())));
    made.extend(short(block));
    made.extend(short(bits));
    made.extend(b"data");
    // More than this size can say goes on to the end.
    made.extend(long(u32::try_from(stated).unwrap_or(SIZE_UNKNOWN)));
    made
}

/// Up to so many bytes from a place.
fn bytes_at<R: Read + Seek>(source: &mut R, at: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    source.seek(SeekFrom::Start(at))?;
    let there = read_up_to(source, &mut bytes)?;
    bytes.truncate(there);
    Ok(bytes)
}

fn number(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + len)?.iter();
    Some(bytes.fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// The number of 80 bits that AIFF writes its rate in.
fn extended(bytes: &[u8]) -> Option<f64> {
    let power = number(bytes, 0, 2)? as i32;
    let digits = number(bytes, 2, 8)? as f64;
    Some(digits * 2_f64.powi((power & 0x7fff) - 16_383 - 63))
}

fn aiff<R: Read + Seek>(source: &mut R) -> io::Result<Option<Found>> {
    let end = source.seek(SeekFrom::End(0))?;
    let (mut common, mut sound, mut at) = (None, None, 12);
    for _ in 0..CHUNKS_MAX {
        let head = bytes_at(source, at, 8)?;
        let Some(size) = number(&head, 4, 4) else {
            break;
        };
        let data = at + 8;
        match &head[..4] {
            b"COMM" if common.is_none() => {
                let len = HEAD_MAX.min(size as usize);
                common = Some(bytes_at(source, data, len)?);
            }
            b"SSND" if sound.is_none() => {
                let words = bytes_at(source, data, 8)?;
                let numbers = number(&words, 0, 4).zip(number(&words, 4, 4));
                // So it stands where a writer never came back.
                let is_open = matches!(size, 0 | 8) || size == u64::from(SIZE_UNKNOWN);
                let len = (!is_open).then(|| size.saturating_sub(8));
                sound = numbers.map(|(offset, block)| (data + 8, offset, block, len));
                if is_open {
                    break;
                }
            }
            _ => {}
        }
        at = data + size + size % 2;
    }
    let (Some(common), Some((sound, offset, block, len))) = (common, sound) else {
        return Ok(None);
    };
    let (Some(channels), Some(bits)) = (number(&common, 0, 2), number(&common, 6, 2)) else {
        return Ok(None);
    };
    let Some(rate_hz) = common.get(8..18).and_then(extended) else {
        return Ok(None);
    };
    let code = common.get(18..22).unwrap_or(b"NONE");
    let bits = bits as u16;
    let whole = bits.div_ceil(8);
    let plain = |tag, is_big, is_signed, bits: u16, bytes| Coding::Plain {
        tag,
        is_big,
        is_signed: is_signed && bits <= 8,
        bits,
        bytes,
    };
    let (coding, is_known) = match (code, bits) {
        (b"ima4" | b"IMA4", _) => (Coding::Ima4, false),
        (b"alaw" | b"ALAW", _) => (plain(A_LAW, true, false, 8, 1), true),
        (b"ulaw" | b"ULAW", _) => (plain(MU_LAW, true, false, 8, 1), true),
        (b"fl32" | b"FL32", _) => (plain(FLOAT, true, false, 32, 4), true),
        (b"fl64" | b"FL64", _) => (plain(FLOAT, true, false, 64, 8), true),
        (b"in24" | b"IN24", _) => (plain(PCM, true, false, 24, 3), bits == 24),
        (b"in32" | b"IN32", _) => (plain(PCM, true, false, 32, 4), bits == 32),
        (b"42ni" | b"42NI", _) => (plain(PCM, false, false, 24, 3), false),
        (b"23ni" | b"23NI", _) => (plain(PCM, false, false, 32, 4), bits == 32),
        (b"raw " | b"RAW ", 1..=32) => (plain(PCM, true, false, bits, whole), bits == 8),
        (b"sowt" | b"SOWT", 1..=32) => (plain(PCM, false, true, bits, whole), bits == 16),
        (b"twos" | b"TWOS", 1..=32) => (plain(PCM, true, true, bits, whole), bits == 16),
        (b"none" | b"NONE", 1..=32) => {
            (plain(PCM, true, true, bits, whole), bits.is_multiple_of(8))
        }
        _ => return Ok(None),
    };
    // What is known and lies as usual is symphonia's.
    if is_known && block == 0 && offset == 0 {
        return Ok(None);
    }
    let data_at = sound.saturating_add(offset).min(end);
    Ok(Some(Found {
        container: "AIFF",
        coding,
        channels: channels as u32,
        rate_hz,
        data_at,
        stated: len.map(|len| len.saturating_sub(offset)),
        packets: None,
    }))
}

fn caf<R: Read + Seek>(source: &mut R) -> io::Result<Option<Found>> {
    let (mut desc, mut sound, mut packets, mut at) = (None, None, None, 8_u64);
    for _ in 0..CHUNKS_MAX {
        let head = bytes_at(source, at, 12)?;
        let Some(size) = number(&head, 4, 8) else {
            break;
        };
        let data = at + 12;
        // Sound may go on to the end: its size is -1 then.
        let size = u64::try_from(size as i64).ok();
        match &head[..4] {
            b"desc" if desc.is_none() => desc = Some(bytes_at(source, data, 32)?),
            b"data" if sound.is_none() => {
                sound = Some((data + 4, size.map(|size| size.saturating_sub(4))));
            }
            b"pakt" if packets.is_none() => {
                let table = bytes_at(source, data, 24)?;
                let valid = number(&table, 8, 8).and_then(|it| u64::try_from(it as i64).ok());
                let before = number(&table, 16, 4).and_then(|it| u64::try_from(it as i32).ok());
                packets = before.zip(valid);
            }
            _ => {}
        }
        let Some(next) = size.and_then(|size| data.checked_add(size)) else {
            break;
        };
        at = next;
    }
    let (Some(desc), Some((data_at, stated))) = (desc, sound) else {
        return Ok(None);
    };
    let long = |at| number(&desc, at, 4);
    let (Some(rate), Some(flags), Some(packet)) = (number(&desc, 0, 8), long(12), long(16)) else {
        return Ok(None);
    };
    let (Some(channels), Some(bits)) = (long(24), long(28)) else {
        return Ok(None);
    };
    let coding = match &desc[8..12] {
        b"ima4" => Coding::Ima4,
        // Whole numbers: those that fill 2, 3 or 4 bytes are symphonia's.
        b"lpcm" if flags & 1 == 0 && (1..=32).contains(&bits) && channels > 0 => {
            let bytes = packet / channels;
            let fits = packet % channels == 0 && (bits.div_ceil(8)..=4).contains(&bytes);
            if !fits || bits > 8 && bits == bytes * 8 {
                return Ok(None);
            }
            Coding::Plain {
                tag: PCM,
                is_big: flags & 2 == 0,
                is_signed: bytes == 1,
                bits: bits as u16,
                bytes: bytes as u16,
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(Found {
        container: "CAF",
        coding,
        channels: channels as u32,
        rate_hz: f64::from_bits(rate),
        data_at,
        stated,
        packets,
    }))
}
