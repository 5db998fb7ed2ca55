//! Wave Writer: records what comes in as a wave file.
//!
//! A minidriver: the file is written on a worker. It is begun anew at each Run, and whole on the disk at each Stop. Opening
//! the filter only makes sure that the file can be written; what is in it stays until something is recorded.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ks::ids::{Guid, category};
use crate::ks::{
    AudioFormat, DataRange, Descriptor, OpenError, Opening, PinFactory, Property, State, Status,
    flag, sample_from_time,
};
use crate::media::{SampleKind, WavError, WavWriter};
use crate::stream::{ClassDriver, Frame, Loaded, Minidriver, MinidriverEntry, Services, Srb};

const PATH: Property = Property::path("path", "File").inline();
const BITS: Property =
    Property::choice("bits", "Samples", &["i16", "i24", "f32"], "f32").structural();
const PROPERTIES: &[Property] = &[PATH, BITS];
const PINS: &[PinFactory] = &[PinFactory::input("in", DataRange::WAVE)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::FILESYSTEM];
static DESCRIPTOR: Descriptor =
    Descriptor::new("wave_writer", "Wave Writer", CATEGORIES, PINS, PROPERTIES)
        .help("Records into a wave file. Each Run begins the file anew; at Stop it is complete.");

/// How long a writer waits for another to let go of the same file.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);
/// Samples of silence written at once where some were lost.
const SILENCE: usize = 4096;

/// What the catalogue offers.
pub fn wave_writer() -> ClassDriver<WaveWriter> {
    ClassDriver(WaveWriter)
}

/// The entry of the writing minidriver.
pub struct WaveWriter;

impl MinidriverEntry for WaveWriter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn load(&self, opening: &Opening<'_>, _services: &Services) -> Result<Loaded, OpenError> {
        let Some(path) = opening.settings.path(&PATH) else {
            return Err(OpenError::Property {
                property: PATH.key.into(),
                found: "no file is named".into(),
                wanted: "a wave file to write".into(),
            });
        };
        let kind = match opening.settings.text(&BITS).as_str() {
            "i16" => SampleKind::Pcm16,
            "i24" => SampleKind::Pcm24,
            _ => SampleKind::Float32,
        };
        let audio = opening.audio("in");
        // The writer itself says which rates and channels it takes.
        let trial = WavWriter::create(
            std::io::Cursor::new(Vec::new()),
            audio.rate_hz,
            channels(audio),
            kind,
        );
        let in_file = |reason: String| OpenError::File {
            path: path.display().to_string(),
            reason,
        };
        trial.map_err(|error| in_file(error.to_string()))?;
        let (file, is_new) = reach(&path).map_err(in_file)?;
        Ok(Loaded::new(Writing {
            path,
            file,
            is_unused: is_new,
            audio,
            kind,
            writer: None,
        }))
    }
}

fn channels(audio: AudioFormat) -> u16 {
    u16::try_from(audio.channels).unwrap_or(u16::MAX)
}

/// Opens the file for writing as it is, or makes it. Says whether it was made.
fn reach(path: &Path) -> Result<(File, bool), String> {
    let mut options = OpenOptions::new();
    options.write(true);
    match options.clone().create_new(true).open(path) {
        Ok(file) => return Ok((file, true)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.to_string()),
    }
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() {
        // To open a pipe would wait for its reader.
        return Err("it is there already, and is not a file".into());
    }
    let file = options.open(path).map_err(|error| error.to_string())?;
    Ok((file, false))
}

/// A file being written, or ready to be.
struct Writing {
    path: PathBuf,
    file: File,
    /// Whether it was made here and holds nothing yet.
    is_unused: bool,
    audio: AudioFormat,
    kind: SampleKind,
    writer: Option<WavWriter<File>>,
}

impl Writing {
    /// Empties the file and writes its head.
    fn begin(&mut self) -> Result<(), String> {
        let words = |error: std::io::Error| error.to_string();
        self.lock()?;
        self.is_unused = false;
        self.file.set_len(0).map_err(words)?;
        let mut file = self.file.try_clone().map_err(words)?;
        file.rewind().map_err(words)?;
        let writer = WavWriter::create(file, self.audio.rate_hz, channels(self.audio), self.kind);
        self.writer = Some(writer.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Waits until nobody else writes or plays the file: the writer that this one replaces may still be closing it.
    fn lock(&self) -> Result<(), String> {
        let mut waited = Duration::ZERO;
        while let Err(TryLockError::WouldBlock) = self.file.try_lock() {
            if waited >= PATIENCE {
                return Err("another filter or program plays or writes it".into());
            }
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
        Ok(())
    }

    fn write(&mut self, frame: &Frame) -> Result<(), WavError> {
        let (Some(writer), Some(wave)) = (&mut self.writer, frame.payload.wave()) else {
            return Ok(());
        };
        if frame.header.flags & flag::DATADISCONTINUITY != 0 {
            // What was lost becomes silence, so that what follows stands where it belongs.
            let due = sample_from_time(frame.header.time, self.audio.rate_hz);
            let mut missing = due.saturating_sub(writer.frames());
            let silence = vec![[0.0_f32; SILENCE]; wave.channel_count()];
            while missing > 0 {
                let len = missing.min(SILENCE as u64) as usize;
                let planar: Vec<&[f32]> = silence.iter().map(|c| &c[..len]).collect();
                writer.write(&planar)?;
                missing -= len as u64;
            }
        }
        let planar: Vec<&[f32]> = wave.channels().collect();
        writer.write(&planar)
    }

    /// Completes the file.
    fn finish(&mut self) -> Result<(), WavError> {
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let outcome = writer.finish();
        // Unlocked by closing at the latest.
        let _ = self.file.unlock();
        let (_, written) = outcome?;
        let path = self.path.display();
        if written.non_finite > 0 {
            let count = written.non_finite;
            log::warn!("{path}: {count} samples were no numbers and were written as silence");
        }
        if written.clipped > 0 {
            let count = written.clipped;
            log::warn!("{path}: {count} samples were beyond full scale and were clipped");
        }
        Ok(())
    }

    fn report(&self, error: &dyn std::fmt::Display) -> Status {
        log::error!("{}: {error}", self.path.display());
        Status::IoDeviceError
    }
}

impl Minidriver for Writing {
    fn receive_data(&mut self, srb: Srb) {
        let Srb::Write { frame, done, .. } = srb else {
            return srb.refuse(Status::NotImplemented);
        };
        match self.write(&frame) {
            Ok(()) => done.complete(frame),
            Err(error) => {
                done.fail(self.report(&error));
                // The disk is full, perhaps: what was written so far shall be a whole file.
                if let Err(error) = self.finish() {
                    self.report(&error);
                }
            }
        }
    }

    fn receive_control(&mut self, srb: Srb) {
        let outcome = match &srb {
            Srb::SetState {
                state: State::Run, ..
            } if self.writer.is_none() => self.begin(),
            Srb::SetState {
                state: State::Stop, ..
            } => self.finish().map_err(|error| error.to_string()),
            _ => Ok(()),
        };
        match outcome {
            Ok(()) => srb.accept(),
            Err(reason) => srb.refuse(self.report(&reason)),
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            self.report(&error);
        }
        if self.is_unused && self.file.metadata().is_ok_and(|about| about.len() == 0) {
            // It was only made to see that it can be made. If it is gone already, so much the better.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
