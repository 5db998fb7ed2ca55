//! Wave files: a reader for nearly all uncompressed ones, a writer for three kinds of samples.
//!
//! Samples are `f32` and planar, full scale is 1.0, and whole numbers lie on their exact grid: 24-bit PCM passes both
//! ways bit for bit. What is compressed is not read here, and no paths are known.

mod cues;
mod reader;
mod writer;

use std::io::{self, Read, Seek};

use thiserror::Error;

pub use cues::Cue;
pub(super) use reader::Coded;
use reader::Looked;
pub use reader::{WavReader, fuzz_wav};
pub use writer::{SampleKind, WavWriter};

use super::compressed;
use super::marks::Marks;
use super::riff::{Order, RiffError, Root};
use super::source::{MediaError, Source, Wave};
use super::tags::Tags;

/// The highest rate that is read or written. Real ones end here; beyond it a file is damaged.
pub const RATE_MAX_HZ: u32 = 768_000;
/// The most channels that are read or written.
pub const CHANNELS_MAX: u16 = 64;

/// `WAVE_FORMAT_PCM`.
const TAG_PCM: u16 = 1;
/// `WAVE_FORMAT_IEEE_FLOAT`.
const TAG_FLOAT: u16 = 3;
/// `WAVE_FORMAT_ALAW`.
const TAG_A_LAW: u16 = 6;
/// `WAVE_FORMAT_MULAW`.
const TAG_MU_LAW: u16 = 7;
/// `WAVE_FORMAT_EXTENSIBLE`: the true tag begins a GUID, which ends with [`GUID_TAIL`].
const TAG_EXTENSIBLE: u16 = 0xfffe;
/// The same of sound in B-format, whose channels are no speakers.
const AMBISONIC_TAIL: [u8; 14] = [
    0, 0, 0x21, 0x07, 0xd3, 0x11, 0x86, 0x44, 0xc8, 0xc1, 0xca, 0, 0, 0,
];
const GUID_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// What a wave file says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WavInfo {
    /// Samples a second and channel, 1 to [`RATE_MAX_HZ`].
    pub rate_hz: u32,
    /// Channels, 1 to [`CHANNELS_MAX`].
    pub channels: u16,
    /// Which speakers the channels belong to; the usual one where the file has none, 0 where none is usual.
    pub channel_mask: u32,
    /// Bits of a sample that carry sound: 20 for 20-bit samples in 24-bit places.
    pub bits: u16,
    /// Whether samples are floating-point numbers.
    pub float: bool,
    /// `PCM`, `float`, `A-law` or `u-law`.
    pub coding: &'static str,
    /// Samples a channel that are really there, whatever the file claims.
    pub frames: u64,
    /// Loops from a `smpl` chunk.
    pub loops: Vec<Loop>,
    /// Places that have a name, in order.
    pub cues: Vec<Cue>,
    /// Where the samples begin in the file.
    pub data_offset: u64,
    /// Bytes of samples that the file speaks of and that are not there, if any.
    pub missing_bytes: Option<u64>,
}

/// A part of the sound that a sampler repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Its first sample.
    pub start: u64,
    /// The first sample after it; greater than `start`, and at most the number of samples in the file.
    pub end: u64,
    /// How it is repeated.
    pub kind: LoopKind,
    /// How often; 0 is endless.
    pub count: u32,
}

/// How a [`Loop`] is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopKind {
    /// From its end to its start.
    Forward,
    /// To and fro.
    PingPong,
    /// Backward only.
    Backward,
    /// A kind of the sampler's own.
    Other(u32),
}

/// Why a wave file cannot be read or written.
#[derive(Debug, Error)]
pub enum WavError {
    /// It is not a RIFF file.
    #[error(transparent)]
    Riff(#[from] RiffError),
    /// It is a RIFF file, but not a wave.
    #[error("at byte 8: found the form {}, wanted WAVE", .found.escape_ascii())]
    NotWave {
        /// The form.
        found: [u8; 4],
    },
    /// A chunk is missing.
    #[error("the file has no {} chunk", .wanted.trim_ascii().escape_ascii())]
    Missing {
        /// Its name.
        wanted: [u8; 4],
    },
    /// The format chunk is too short.
    #[error("at byte {offset}: the fmt chunk has {found} bytes, wanted at least {wanted}")]
    FormatTooShort {
        /// Where it begins.
        offset: u64,
        /// The bytes it has.
        found: usize,
        /// The bytes it needs.
        wanted: usize,
    },
    /// The samples are compressed or otherwise unknown.
    #[error("at byte {offset}: the samples are of format 0x{tag:04x}, wanted PCM (1) or float (3)")]
    Encoding {
        /// Where the format chunk begins.
        offset: u64,
        /// The format tag.
        tag: u16,
    },
    /// A number of the format is out of range.
    #[error("the {what} is {found}, wanted {wanted}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// What it is.
        found: u64,
        /// What it may be.
        wanted: &'static str,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl WavError {
    /// Whether it is something else, though it begins as a wave file does.
    pub(super) fn is_other_form(&self) -> bool {
        matches!(self, Self::NotWave { .. })
    }
}

/// Opens a wave file as a source, whatever its samples are coded in.
pub(super) fn open<R: Read + Seek + Send + 'static>(
    source: R,
) -> Result<Box<dyn Source>, MediaError> {
    let name = |root: &Root| match (root.order, root.wide) {
        (Order::Big, _) => "RIFX",
        (_, true) => "RF64",
        _ => "WAV",
    };
    match WavReader::look(source)? {
        Looked::Plain(reader, (root, tags)) => Ok(Box::new(Wave::new(*reader, name(&root), tags))),
        Looked::Coded(source, coded, root, tags) => {
            compressed::open_coded_wave(source, coded, name(&root), tags)
        }
    }
}

/// The same of what is a wave file by another name, and has its words and marks elsewhere.
pub(super) fn open_as<R: Read + Seek + Send + 'static>(
    source: R,
    container: &'static str,
    tags: Tags,
    marks: Marks,
) -> Result<Box<dyn Source>, MediaError> {
    match WavReader::look(source)? {
        Looked::Plain(reader, _) => {
            let wave = Wave::new(*reader, container, tags);
            Ok(Box::new(wave.marked(marks)))
        }
        Looked::Coded(source, coded, ..) => {
            compressed::open_coded_wave(source, coded, container, tags)
        }
    }
}

/// The usual speakers for a number of channels, 0 where none are usual.
#[must_use]
pub fn usual_mask(channels: u16) -> u32 {
    crate::ks::usual_speakers(u32::from(channels))
}

fn check_rate_and_channels(rate_hz: u32, channels: u16) -> Result<(), WavError> {
    if rate_hz == 0 || rate_hz > RATE_MAX_HZ {
        return Err(WavError::OutOfRange {
            what: "sample rate",
            found: rate_hz.into(),
            wanted: "1 to 768000 Hz",
        });
    }
    if channels == 0 || channels > CHANNELS_MAX {
        return Err(WavError::OutOfRange {
            what: "number of channels",
            found: channels.into(),
            wanted: "1 to 64",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
