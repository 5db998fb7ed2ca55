//! Writing wave files: 16 and 24-bit PCM, 32-bit float, of any length.
//!
//! ```text
//!   RIFF size WAVE │ JUNK, 28 bytes │ fmt │ (fact) │ data ... pad
//!   RF64  -1  WAVE │ ds64, 28 bytes │ fmt │ (fact) │ data ... pad      when it grew past 4 GiB
//! ```
//!
//! The same samples give the same bytes: nothing else, no time and no name, goes into the file. Samples are held back for
//! an eighth of a second and then written, and behind each such write the sizes in the head are made right: whenever the
//! program ends, the file is whole up to there. A write that fails ends the file with the last whole sample before it.

use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;

use super::super::save::{Written, patch, write_counted};
use super::{
    GUID_TAIL, TAG_EXTENSIBLE, TAG_FLOAT, TAG_PCM, WavError, check_rate_and_channels, usual_mask,
};

/// How samples are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SampleKind {
    /// 16-bit whole numbers.
    Pcm16,
    /// 24-bit whole numbers.
    Pcm24,
    /// 32-bit floating-point numbers: exactly what came.
    #[default]
    Float32,
}

impl SampleKind {
    /// Bits of one sample of one channel.
    #[must_use]
    pub fn bits(self) -> u16 {
        match self {
            Self::Pcm16 => 16,
            Self::Pcm24 => 24,
            Self::Float32 => 32,
        }
    }
}

/// Writes one wave file.
///
/// Samples of PCM are rounded to the nearest step, ties to even, without dither: quantise before, if it is wanted.
#[derive(Debug)]
pub struct WavWriter<W> {
    sink: W,
    kind: SampleKind,
    channels: usize,
    start: u64,
    data_at: u64,
    fact_at: Option<u64>,
    data_len: u64,
    /// Bytes of one sample of all channels.
    block: u64,
    rf64_above: u64,
    is_wide: bool,
    has_failed: bool,
    /// Bytes that are held back.
    hold: usize,
    written: Written,
    buffer: Vec<u8>,
}

/// At most so many bytes are held back, and at most this part of a second.
const HOLD: usize = 1 << 16;
const HOLDS_PER_SECOND: u64 = 8;
const UNKNOWN: [u8; 4] = [0xff; 4];
/// A `ds64` chunk without a table.
const DS64_LEN: u32 = 28;

impl<W: Write + Seek> WavWriter<W> {
    /// Begins a file for the usual speakers of so many channels.
    pub fn create(
        sink: W,
        rate_hz: u32,
        channels: u16,
        kind: SampleKind,
    ) -> Result<Self, WavError> {
        Self::create_for(sink, rate_hz, channels, usual_mask(channels), kind)
    }

    /// Begins a file for the speakers in `channel_mask`.
    pub fn create_for(
        mut sink: W,
        rate_hz: u32,
        channels: u16,
        channel_mask: u32,
        kind: SampleKind,
    ) -> Result<Self, WavError> {
        check_rate_and_channels(rate_hz, channels)?;
        let start = sink.stream_position()?;
        let (tag, bits) = match kind {
            SampleKind::Pcm16 | SampleKind::Pcm24 => (TAG_PCM, kind.bits()),
            SampleKind::Float32 => (TAG_FLOAT, 32),
        };
        // For one or two channels the plain head says it all, and every program reads that.
        let extensible = channels > 2 || channel_mask != usual_mask(channels);
        let block = channels * (bits / 8);
        let hold = u64::from(rate_hz) / HOLDS_PER_SECOND * u64::from(block);
        let hold = hold.clamp(u64::from(block), HOLD as u64) as usize;

        let mut head = Vec::with_capacity(128);
        head.extend(b"RIFF");
        head.extend(UNKNOWN);
        head.extend(b"WAVE");
        head.extend(b"JUNK");
        head.extend(DS64_LEN.to_le_bytes());
        head.extend([0; DS64_LEN as usize]);
        let format_len: u32 = match (extensible, kind) {
            (true, _) => 40,
            (false, SampleKind::Float32) => 18,
            (false, _) => 16,
        };
        head.extend(b"fmt ");
        head.extend(format_len.to_le_bytes());
        head.extend((if extensible { TAG_EXTENSIBLE } else { tag }).to_le_bytes());
        head.extend(channels.to_le_bytes());
        head.extend(rate_hz.to_le_bytes());
        head.extend((rate_hz * u32::from(block)).to_le_bytes());
        head.extend(block.to_le_bytes());
        head.extend(bits.to_le_bytes());
        if extensible {
            head.extend(22_u16.to_le_bytes());
            head.extend(bits.to_le_bytes());
            head.extend(channel_mask.to_le_bytes());
            head.extend(tag.to_le_bytes());
            head.extend(GUID_TAIL);
        } else if format_len == 18 {
            head.extend(0_u16.to_le_bytes());
        }
        // Whatever is not plain PCM has to tell its length in samples.
        let fact_at = (kind == SampleKind::Float32).then(|| {
            head.extend(b"fact");
            head.extend(4_u32.to_le_bytes());
            head.extend(UNKNOWN);
            start + head.len() as u64 - 4
        });
        head.extend(b"data");
        head.extend(UNKNOWN);
        // As long as nothing else is known, nothing is in it.
        let riff_len = head.len() as u32 - 8;
        head[4..8].copy_from_slice(&riff_len.to_le_bytes());
        let data_size = head.len() - 4;
        head[data_size..].fill(0);
        if let Some(fact_at) = fact_at {
            let at = (fact_at - start) as usize;
            head[at..at + 4].fill(0);
        }
        sink.write_all(&head)?;
        Ok(Self {
            sink,
            kind,
            channels: usize::from(channels),
            start,
            data_at: start + head.len() as u64,
            fact_at,
            data_len: 0,
            block: block.into(),
            rf64_above: u32::MAX.into(),
            is_wide: false,
            has_failed: false,
            hold,
            written: Written::default(),
            buffer: Vec::with_capacity(hold + usize::from(block)),
        })
    }

    /// Becomes an RF64 file above another size than 4 GiB, so that a small file can show it.
    #[must_use]
    pub fn rf64_above(mut self, bytes: u64) -> Self {
        self.rf64_above = bytes.min(u32::MAX.into());
        self
    }

    /// Goes on as if so many bytes of sound stood in the file.
    #[cfg(test)]
    pub(in crate::media) fn pretend_len(&mut self, bytes: u64) {
        self.data_len = bytes;
    }

    /// Samples a channel written so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.written.frames
    }

    /// Writes the next samples of every channel, one slice a channel. The shortest ends it; a channel without a slice is
    /// silent.
    pub fn write<C: AsRef<[f32]>>(&mut self, planar: &[C]) -> Result<(), WavError> {
        let planar = &planar[..planar.len().min(self.channels)];
        let len = planar.iter().map(|c| c.as_ref().len()).min().unwrap_or(0);
        let mut done = 0;
        while done < len {
            let room = self.hold.saturating_sub(self.buffer.len());
            let run = room.div_ceil(self.block as usize).clamp(1, len - done);
            self.encode(planar, done..done + run);
            done += run;
            if self.buffer.len() >= self.hold {
                self.flush_buffer()?;
            }
        }
        self.written.frames += len as u64;
        Ok(())
    }

    /// Completes the file and gives the sink back, at its end. Without it the file is whole up to what was written last.
    pub fn finish(mut self) -> Result<(W, Written), WavError> {
        let outcome = match self.has_failed {
            true => Ok(()),
            false => self.flush_buffer(),
        };
        self.data_len -= self.data_len % self.block;
        let mut end = self.data_at + self.data_len;
        if self.data_len % 2 == 1 && !self.has_failed {
            self.sink.seek(SeekFrom::Start(end))?;
            self.sink.write_all(&[0])?;
            end += 1;
        }
        self.patch_sizes(end)?;
        self.sink.flush()?;
        outcome?;
        self.written.frames = self.data_len / self.block;
        self.written.bytes = end - self.start;
        Ok((self.sink, self.written))
    }

    /// Puts a part of every channel into the buffer, channel by channel.
    fn encode<C: AsRef<[f32]>>(&mut self, planar: &[C], part: Range<usize>) {
        let (begin, block) = (self.buffer.len(), self.block as usize);
        let width = block / self.channels;
        self.buffer.resize(begin + part.len() * block, 0);
        for (channel, samples) in planar.iter().enumerate() {
            let samples = &samples.as_ref()[part.clone()];
            if self.kind == SampleKind::Float32 {
                // Places of a size that is known take a fraction of the time.
                let (places, _) = self.buffer[begin..].as_chunks_mut::<4>();
                let is_finite = samples.iter().fold(true, |all, it| all & it.is_finite());
                if is_finite && self.channels == 1 {
                    // One behind the other they are several at a time.
                    for (place, sample) in places.iter_mut().zip(samples) {
                        *place = sample.to_le_bytes();
                    }
                    continue;
                }
                let places = places.iter_mut().skip(channel).step_by(self.channels);
                let all = places.zip(samples);
                match is_finite {
                    true => all.for_each(|(place, sample)| *place = sample.to_le_bytes()),
                    false => all.for_each(|(place, sample)| {
                        *place = self.written.number(*sample).to_le_bytes();
                    }),
                }
            } else {
                let frames = self.buffer[begin..].chunks_exact_mut(block);
                let places = frames.map(|frame| &mut frame[channel * width..][..width]);
                for (place, sample) in places.zip(samples) {
                    let code = self.written.code(*sample, self.kind.bits());
                    place.copy_from_slice(&code.to_le_bytes()[..width]);
                }
            }
        }
    }

    /// Writes what was held back, and makes the head right.
    fn flush_buffer(&mut self) -> Result<(), WavError> {
        let (len, outcome) = write_counted(&mut self.sink, &self.buffer);
        self.data_len += len;
        self.buffer.clear();
        if let Err(error) = outcome {
            self.has_failed = true;
            return Err(error.into());
        }
        self.patch_sizes(self.data_at + self.data_len)
    }

    /// Writes the sizes of a file that ends at `end`, and goes there.
    fn patch_sizes(&mut self, end: u64) -> Result<(), WavError> {
        let (riff_len, frames) = (end - self.start - 8, self.data_len / self.block);
        if self.is_wide || riff_len > self.rf64_above {
            self.patch(self.start + 20, &riff_len.to_le_bytes())?;
            self.patch(self.start + 28, &self.data_len.to_le_bytes())?;
            self.patch(self.start + 36, &frames.to_le_bytes())?;
            if !self.is_wide {
                self.become_wide()?;
            }
        } else {
            // None is cut: each is smaller than `riff_len`.
            self.patch(self.start + 4, &(riff_len as u32).to_le_bytes())?;
            self.patch(self.data_at - 4, &(self.data_len as u32).to_le_bytes())?;
            if let Some(fact_at) = self.fact_at {
                self.patch(fact_at, &(frames as u32).to_le_bytes())?;
            }
        }
        self.sink.seek(SeekFrom::Start(end))?;
        Ok(())
    }

    /// RIFF becomes RF64, in an order in which every step leaves a file that can be read: sizes that say "unknown" mean "to
    /// the end" in both.
    fn become_wide(&mut self) -> Result<(), WavError> {
        self.patch(self.data_at - 4, &UNKNOWN)?;
        self.patch(self.start + 4, &UNKNOWN)?;
        if let Some(fact_at) = self.fact_at {
            self.patch(fact_at, &UNKNOWN)?;
        }
        self.patch(self.start + 12, b"ds64")?;
        self.patch(self.start, b"RF64")?;
        self.is_wide = true;
        Ok(())
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<(), WavError> {
        Ok(patch(&mut self.sink, at, bytes)?)
    }
}
