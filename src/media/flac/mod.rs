//! Writing FLAC: 16 and 24-bit samples, block by block. Reading it is `compressed`'s.
//!
//! ```text
//!   fLaC │ STREAMINFO: sizes, rate, channels, bits, length, MD5 │ frame │ frame │ ...
//! ```
//!
//! `flacenc` compresses the frames; the head is ours, for it is complete only when the last sample is known. Until then
//! length, sizes and checksum say "unknown", which every decoder takes: a file that was never finished is a file that
//! ends with its last whole frame. No more than one block is held in memory.

use std::io::{Seek, SeekFrom, Write};

use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, StreamInfo};
use flacenc::config::Encoder;
use flacenc::error::{Verified, Verify};
use flacenc::source::{Context, Fill, FrameBuf};

use super::save::{Written, patch, write_counted};
use super::wav::WavError;

/// The most channels of a FLAC file.
pub const CHANNELS_MAX: u16 = 8;
/// The highest rate of a FLAC file in Hz.
pub const RATE_MAX_HZ: u32 = 655_350;
/// Samples a channel in a block.
const BLOCK: usize = 4096;
/// Bytes before the first frame: the mark, the head of the one block of metadata, and that block.
const HEAD: usize = 4 + 4 + 34;
/// The highest rate `flacenc` takes.
const ENCODER_MOST_HZ: u32 = 96_000;
/// A rate that a frame's head has no code for: it then says "as in the head of the file". Any of the kind would do.
const RATE_WITHOUT_CODE_HZ: u32 = 65_537;

/// Writes one FLAC file. Samples are rounded to the nearest step, ties to even, without dither.
pub struct FlacWriter<W> {
    sink: W,
    config: Verified<Encoder>,
    /// What `flacenc` goes by: the rate may be another one.
    info: StreamInfo,
    rate_hz: u32,
    channels: usize,
    bits: u16,
    start: u64,
    /// Bytes of the whole frames behind the head.
    len: u64,
    /// The block being filled, interleaved, each sample's bytes with the lowest first.
    block: Vec<u8>,
    buffer: FrameBuf,
    bytes: ByteSink,
    /// Knows the checksum of what was encoded.
    context: Context,
    numbers: usize,
    /// Bytes of the shortest and the longest frame.
    sizes: (u32, u32),
    /// Samples a channel in whole frames.
    encoded: u64,
    taken: u64,
    written: Written,
    has_failed: bool,
}

impl<W: Write + Seek> FlacWriter<W> {
    /// Begins a file of 16 or 24 bits.
    pub fn create(mut sink: W, rate_hz: u32, channels: u16, bits: u16) -> Result<Self, WavError> {
        let wanted = |what, found, wanted| WavError::OutOfRange {
            what,
            found,
            wanted,
        };
        if rate_hz == 0 || rate_hz > RATE_MAX_HZ {
            return Err(wanted(
                "sample rate",
                rate_hz.into(),
                "1 to 655350 Hz in FLAC",
            ));
        }
        if channels == 0 || channels > CHANNELS_MAX {
            return Err(wanted(
                "number of channels",
                channels.into(),
                "1 to 8 in FLAC",
            ));
        }
        if ![16, 24].contains(&bits) {
            return Err(wanted("number of bits", bits.into(), "16 or 24 in FLAC"));
        }
        let encoder_hz = match rate_hz {
            0..=ENCODER_MOST_HZ => rate_hz,
            _ => RATE_WITHOUT_CODE_HZ,
        };
        let count = usize::from(channels);
        let info = StreamInfo::new(encoder_hz as usize, count, bits.into()).map_err(refused)?;
        let mut config = Encoder::default();
        // It takes a fixed predictor for shorter than it is, and then writes many times what went in.
        config.subframe_coding.use_fixed = false;
        let config = config.into_verified();
        let config = config.map_err(|(_, error)| refused(error))?;
        let start = sink.stream_position()?;
        let mut writer = Self {
            config,
            info,
            rate_hz,
            channels: count,
            bits,
            start,
            len: 0,
            block: Vec::with_capacity(BLOCK * count * usize::from(bits / 8)),
            buffer: FrameBuf::with_size(count, BLOCK).map_err(refused)?,
            bytes: ByteSink::new(),
            context: Context::new(bits.into(), count),
            numbers: 0,
            sizes: (0, 0),
            encoded: 0,
            taken: 0,
            written: Written::default(),
            has_failed: false,
            sink,
        };
        let head = writer.head(0, [0; 16]);
        writer.sink.write_all(&head)?;
        Ok(writer)
    }

    /// Samples a channel taken so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.taken
    }

    /// Writes the next samples of every channel, one slice a channel. The shortest ends it; a channel without a slice is
    /// silent.
    pub fn write<C: AsRef<[f32]>>(&mut self, planar: &[C]) -> Result<(), WavError> {
        let planar = &planar[..planar.len().min(self.channels)];
        let len = planar.iter().map(|c| c.as_ref().len()).min().unwrap_or(0);
        let width = usize::from(self.bits / 8);
        for at in 0..len {
            for channel in 0..self.channels {
                let sample = planar.get(channel).map_or(0.0, |c| c.as_ref()[at]);
                let code = self.written.code(sample, self.bits);
                self.block.extend(&code.to_le_bytes()[..width]);
            }
            if self.block.len() >= BLOCK * self.channels * width {
                self.encode()?;
            }
        }
        self.taken += len as u64;
        Ok(())
    }

    /// Completes the head and gives the sink back, at the end of the last whole frame.
    pub fn finish(mut self) -> Result<(W, Written), WavError> {
        if !self.has_failed {
            self.encode()?;
        }
        let head = self.head(self.encoded, self.context.md5_digest());
        patch(&mut self.sink, self.start, &head)?;
        let end = self.start + HEAD as u64 + self.len;
        self.sink.seek(SeekFrom::Start(end))?;
        self.sink.flush()?;
        self.written.frames = self.encoded;
        self.written.bytes = end - self.start;
        Ok((self.sink, self.written))
    }

    /// Compresses what is in the block and writes it.
    fn encode(&mut self) -> Result<(), WavError> {
        if self.block.is_empty() {
            return Ok(());
        }
        let width = usize::from(self.bits / 8);
        let before = self.context.clone();
        let outcome = self.encode_block(width);
        let len = self.block.len() / (width * self.channels);
        self.block.clear();
        if let Err(error) = outcome {
            // The checksum is that of the whole frames.
            self.context = before;
            self.has_failed = true;
            return Err(error);
        }
        self.numbers += 1;
        self.encoded += len as u64;
        Ok(())
    }

    fn encode_block(&mut self, width: usize) -> Result<(), WavError> {
        self.buffer
            .fill_le_bytes(&self.block, width)
            .map_err(refused)?;
        self.context
            .fill_le_bytes(&self.block, width)
            .map_err(refused)?;
        let frame =
            flacenc::encode_fixed_size_frame(&self.config, &self.buffer, self.numbers, &self.info);
        self.bytes.clear();
        frame
            .map_err(refused)?
            .write(&mut self.bytes)
            .map_err(refused)?;
        let bytes = self.bytes.as_slice();
        write_counted(&mut self.sink, bytes).1?;
        let size = bytes.len() as u32;
        self.len += u64::from(size);
        self.sizes = match self.sizes {
            (0, _) => (size, size),
            (least, most) => (least.min(size), most.max(size)),
        };
        Ok(())
    }

    /// The head of the file; a length of 0 is unknown, and so is a checksum of zeros.
    fn head(&self, frames: u64, md5: [u8; 16]) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(b"fLaC\x80\x00\x00\x22");
        let block = (BLOCK as u16).to_be_bytes();
        head[8..10].copy_from_slice(&block);
        head[10..12].copy_from_slice(&block);
        // Sizes of 24 bits; beyond them they are unknown.
        let size = |size: u32| if size >> 24 == 0 { size } else { 0 };
        head[12..15].copy_from_slice(&size(self.sizes.0).to_be_bytes()[1..]);
        head[15..18].copy_from_slice(&size(self.sizes.1).to_be_bytes()[1..]);
        // 20 bits of rate, 3 of channels, 5 of bits and 36 of length.
        let frames = if frames >> 36 == 0 { frames } else { 0 };
        let (channels, bits) = (self.channels as u64 - 1, u64::from(self.bits) - 1);
        let word = u64::from(self.rate_hz) << 44 | channels << 41 | bits << 36 | frames;
        head[18..26].copy_from_slice(&word.to_be_bytes());
        head[26..].copy_from_slice(&md5);
        head
    }
}

fn refused(error: impl std::fmt::Display) -> WavError {
    WavError::Io(std::io::Error::other(format!(
        "FLAC cannot hold it: {error}"
    )))
}
