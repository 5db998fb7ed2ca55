//! Saving sound: one writer for whoever has samples, whatever the file is to be. Which it is to be, its name's ending
//! says. What the bytes are is `wav` and `flac`.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::flac::FlacWriter;
use super::wav::{SampleKind, WavError, WavWriter};

/// What a file is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// RIFF or, past 4 GiB, RF64.
    Wave,
    /// FLAC.
    Flac,
}

impl Container {
    /// By the ending of a name, in any case: `.wav`, `.wave`, `.rf64` and `.bwf` are wave files, `.flac` is FLAC, and no
    /// ending at all is a wave file. The error is a sentence.
    pub fn of(path: &Path) -> Result<Self, String> {
        let Some(ending) = path.extension() else {
            return Ok(Self::Wave);
        };
        let ending = ending.to_string_lossy().to_lowercase();
        match ending.as_str() {
            "wav" | "wave" | "rf64" | "bwf" => Ok(Self::Wave),
            "flac" => Ok(Self::Flac),
            _ => Err(format!(
                "sound is saved as .wav or .flac, and not as .{ending}"
            )),
        }
    }

    /// The samples that are written when these are wanted: FLAC knows whole numbers only.
    #[must_use]
    pub fn kind(self, wanted: SampleKind) -> SampleKind {
        match (self, wanted) {
            (Self::Flac, SampleKind::Float32) => SampleKind::Pcm24,
            (_, wanted) => wanted,
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

impl Written {
    /// The nearest step of a grid of so many bits, ties to even. What is no number is 0; both losses are counted.
    pub(super) fn code(&mut self, sample: f32, bits: u16) -> i32 {
        let sample = self.number(sample);
        let steps = f64::from(1_u32 << (bits - 1));
        let exact = (f64::from(sample) * steps).round_ties_even();
        // Full scale itself is one step beyond the grid; to call that clipped would only alarm.
        self.clipped += u64::from(exact.abs() > steps);
        exact.clamp(-steps, steps - 1.0) as i32
    }

    /// The sample, or 0 for what is no number.
    pub(super) fn number(&mut self, sample: f32) -> f32 {
        let finite = sample.is_finite();
        self.non_finite += u64::from(!finite);
        if finite { sample } else { 0.0 }
    }
}

/// Writes one file of sound.
pub enum SoundWriter<W> {
    /// A wave file.
    Wave(WavWriter<W>),
    /// A FLAC file.
    Flac(Box<FlacWriter<W>>),
}

impl<W: Write + Seek> SoundWriter<W> {
    /// Begins a file for the usual speakers of so many channels. FLAC asked for floating point gets 24 bits.
    pub fn create(
        sink: W,
        container: Container,
        rate_hz: u32,
        channels: u16,
        kind: SampleKind,
    ) -> Result<Self, WavError> {
        let kind = container.kind(kind);
        Ok(match container {
            Container::Wave => Self::Wave(WavWriter::create(sink, rate_hz, channels, kind)?),
            Container::Flac => {
                let bits = kind.bits();
                Self::Flac(Box::new(FlacWriter::create(sink, rate_hz, channels, bits)?))
            }
        })
    }

    /// Samples a channel taken so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        match self {
            Self::Wave(writer) => writer.frames(),
            Self::Flac(writer) => writer.frames(),
        }
    }

    /// Writes the next samples of every channel, one slice a channel. The shortest ends it; a channel without a slice is
    /// silent.
    pub fn write<C: AsRef<[f32]>>(&mut self, planar: &[C]) -> Result<(), WavError> {
        match self {
            Self::Wave(writer) => writer.write(planar),
            Self::Flac(writer) => writer.write(planar),
        }
    }

    /// Completes the head and gives the sink back, at the end of the file. After a write that failed, what was written
    /// before it is the file; whoever can cuts off what lies behind [`Written::bytes`].
    pub fn finish(self) -> Result<(W, Written), WavError> {
        match self {
            Self::Wave(writer) => writer.finish(),
            Self::Flac(writer) => writer.finish(),
        }
    }
}

/// Writes all of it, as far as it goes: how many bytes it went is told of a failure too.
pub(super) fn write_counted<W: Write>(sink: &mut W, bytes: &[u8]) -> (u64, io::Result<()>) {
    let mut done = 0;
    while done < bytes.len() {
        match sink.write(&bytes[done..]) {
            Ok(0) => return (done as u64, Err(io::ErrorKind::WriteZero.into())),
            Ok(written) => done += written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (done as u64, Err(error)),
        }
    }
    (done as u64, Ok(()))
}

/// Writes over what stands at a place.
pub(super) fn patch<W: Write + Seek>(sink: &mut W, at: u64, bytes: &[u8]) -> io::Result<()> {
    sink.seek(SeekFrom::Start(at))?;
    sink.write_all(bytes)
}

#[cfg(test)]
#[path = "save_tests.rs"]
mod tests;
