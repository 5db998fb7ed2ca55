//! Writing wave files: 16 and 24-bit PCM, 32-bit float, of any length.
//!
//! ```text
//!   RIFF size WAVE │ JUNK, 28 bytes │ fmt │ (fact) │ data ... pad      until finished, sizes say "unknown"
//!   RF64  -1  WAVE │ ds64, 28 bytes │ fmt │ (fact) │ data ... pad      when it grew past 4 GiB
//! ```
//!
//! The same samples give the same bytes: nothing else, no time and no name, goes into the file. A file that was never
//! finished can still be read, as its sizes mean "to the end".

use std::io::{Seek, SeekFrom, Write};

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

/// What was written, in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Samples a channel.
    pub frames: u64,
    /// Samples that were infinite or not a number, and were written as 0.
    pub non_finite: u64,
    /// Samples beyond full scale that PCM had to clip.
    pub clipped: u64,
    /// Bytes of the whole file.
    pub bytes: u64,
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
    rf64_above: u64,
    written: Written,
    buffer: Vec<u8>,
}

const BUFFER: usize = 1 << 16;
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
        let extensible =
            channels > 2 || kind == SampleKind::Pcm24 || channel_mask != usual_mask(channels);
        let block = channels * (bits / 8);

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
        sink.write_all(&head)?;
        Ok(Self {
            sink,
            kind,
            channels: usize::from(channels),
            start,
            data_at: start + head.len() as u64,
            fact_at,
            data_len: 0,
            rf64_above: u32::MAX.into(),
            written: Written::default(),
            buffer: Vec::with_capacity(BUFFER + 4),
        })
    }

    /// Becomes an RF64 file above another size than 4 GiB, so that a small file can show it.
    #[must_use]
    pub fn rf64_above(mut self, bytes: u64) -> Self {
        self.rf64_above = bytes.min(u32::MAX.into());
        self
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
        for at in 0..len {
            for channel in 0..self.channels {
                let sample = planar.get(channel).map_or(0.0, |c| c.as_ref()[at]);
                self.encode(sample);
                if self.buffer.len() >= BUFFER {
                    self.flush_buffer()?;
                }
            }
        }
        self.written.frames += len as u64;
        self.flush_buffer()
    }

    /// Patches the sizes and gives the sink back. Without it the file stays readable, but says "unknown".
    pub fn finish(mut self) -> Result<(W, Written), WavError> {
        self.flush_buffer()?;
        if self.data_len % 2 == 1 {
            self.sink.write_all(&[0])?;
        }
        let end = self.sink.stream_position()?;
        let riff_len = end - self.start - 8;
        if riff_len > self.rf64_above {
            self.patch(self.start, b"RF64")?;
            let mut ds64 = b"ds64".to_vec();
            ds64.extend(DS64_LEN.to_le_bytes());
            ds64.extend(riff_len.to_le_bytes());
            ds64.extend(self.data_len.to_le_bytes());
            ds64.extend(self.written.frames.to_le_bytes());
            ds64.extend([0; 4]);
            self.patch(self.start + 12, &ds64)?;
        } else {
            // None is cut: each is smaller than `riff_len`.
            self.patch(self.start + 4, &(riff_len as u32).to_le_bytes())?;
            self.patch(self.data_at - 4, &(self.data_len as u32).to_le_bytes())?;
            if let Some(fact_at) = self.fact_at {
                self.patch(fact_at, &(self.written.frames as u32).to_le_bytes())?;
            }
        }
        self.sink.seek(SeekFrom::Start(end))?;
        self.sink.flush()?;
        self.written.bytes = end - self.start;
        Ok((self.sink, self.written))
    }

    fn encode(&mut self, sample: f32) {
        let finite = sample.is_finite();
        let sample = if finite { sample } else { 0.0 };
        self.written.non_finite += u64::from(!finite);
        if self.kind == SampleKind::Float32 {
            self.buffer.extend(sample.to_le_bytes());
            return;
        }
        let steps = f64::from(1_u32 << (self.kind.bits() - 1));
        let exact = (f64::from(sample) * steps).round_ties_even();
        let code = exact.clamp(-steps, steps - 1.0);
        // Full scale itself is one step beyond the grid; to call that clipped would only alarm.
        self.written.clipped += u64::from(exact.abs() > steps);
        let bytes = (code as i32).to_le_bytes();
        self.buffer
            .extend(&bytes[..usize::from(self.kind.bits() / 8)]);
    }

    fn flush_buffer(&mut self) -> Result<(), WavError> {
        self.sink.write_all(&self.buffer)?;
        self.data_len += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<(), WavError> {
        self.sink.seek(SeekFrom::Start(at))?;
        self.sink.write_all(bytes)?;
        Ok(())
    }
}
