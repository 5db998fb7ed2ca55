//! Wave Reader: plays a wave file, sample for sample.
//!
//! A minidriver: the file is read on a worker, ahead of the audio thread. Rate, channels and grid are the file's own; where
//! the graph runs at another rate a converter stands in the graph for all to see. Nothing here interprets chunks; that is
//! `media::wav`.

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::ks::ids::{Guid, category};
use crate::ks::{
    DataFormat, DataRange, Descriptor, Facts, FileFact, OpenError, Opening, PinFactory, Property,
    Settings, Status, flag, time_from_sample,
};
use crate::media::{WavError, WavInfo, WavReader};
use crate::stream::{
    ClassDriver, Frame, LiveValue, Loaded, Minidriver, MinidriverEntry, Services, Srb, cell,
};

const PATH: Property = Property::path("path", "File").inline();
const LOOP: Property = Property::flag("loop", "Loop", false).inline();
const PROPERTIES: &[Property] = &[PATH, LOOP];
const PINS: &[PinFactory] = &[PinFactory::output("out", DataRange::FLOAT)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::FILESYSTEM];
static DESCRIPTOR: Descriptor =
    Descriptor::new("wave_reader", "Wave Reader", CATEGORIES, PINS, PROPERTIES).help(
        "Plays a wave file as it is: at its own rate, with its own channels. Stop goes back to the beginning.",
    );

/// What the catalogue offers.
pub fn wave_reader() -> ClassDriver<WaveReader> {
    ClassDriver(WaveReader)
}

/// The entry of the reading minidriver.
pub struct WaveReader;

/// The file a Wave Reader with these values plays, as it is called in [`Facts::files`]; `None` when none is named.
pub fn file(settings: &Settings<'_>) -> Option<PathBuf> {
    let path = settings.path(&PATH)?;
    Some(std::path::absolute(&path).unwrap_or(path))
}

/// Looks what a file is. For observers: it may take as long as the disk does.
pub fn probe(path: &Path) -> FileFact {
    match open(path) {
        Ok(reader) => FileFact::Wave {
            format: own_format(reader.info()),
            frames: reader.info().frames,
        },
        Err(reason) => FileFact::Unusable(reason),
    }
}

fn open(path: &Path) -> Result<WavReader<File>, String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() {
        // To open a pipe would wait for its writer.
        return Err("it is not a file".into());
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    // So that no Wave Writer begins to write over what is being played. Where there are no locks, it is played anyway.
    let _ = file.try_lock_shared();
    WavReader::open(file).map_err(|error: WavError| error.to_string())
}

/// The grid the samples lie on: PCM as far as a float holds it exactly.
fn own_format(info: &WavInfo) -> DataFormat {
    let (bits, channels) = (u32::from(info.bits), u32::from(info.channels));
    if info.float || bits > 24 {
        DataFormat::float(channels, info.rate_hz)
    } else {
        DataFormat::pcm(bits, channels, info.rate_hz)
    }
}

impl MinidriverEntry for WaveReader {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, facts: &Facts) -> Cow<'_, Descriptor> {
        let fact = file(settings).map(|path| facts.file(&path));
        let Some(FileFact::Wave { format, .. }) = fact else {
            return Cow::Borrowed(&DESCRIPTOR);
        };
        let mut ranges = vec![DataRange::only(format)];
        if let Some(audio) = format.audio
            && !format.is_float()
        {
            let float = DataFormat::float(audio.channels, audio.rate_hz);
            ranges.push(DataRange::only(&float));
        }
        let mut descriptor = DESCRIPTOR.clone();
        descriptor.pins = Cow::Owned(vec![PINS[0].clone().with_ranges(ranges)]);
        Cow::Owned(descriptor)
    }

    fn load(&self, opening: &Opening<'_>, services: &Services) -> Result<Loaded, OpenError> {
        let Some(path) = file(&opening.settings) else {
            return Err(OpenError::Property {
                property: PATH.key.into(),
                found: "no file is named".into(),
                wanted: "a wave file to play".into(),
            });
        };
        let reader = open(&path).map_err(|reason| OpenError::File {
            path: path.display().to_string(),
            reason,
        })?;
        let info = reader.info();
        check_agreement(opening, info)?;
        let rate_hz = info.rate_hz;
        let seconds = info.frames as f64 / f64::from(rate_hz);
        services.telemetry.set(cell::LENGTH, seconds as f32);
        let is_rounded = info.bits > if info.float { 32 } else { 24 };
        let is_endless = opening.settings.is_on(&LOOP) && info.frames > 0;
        let loaded = Loaded::new(Reading {
            reader,
            path,
            rate_hz,
            repeats: services.values.follow(opening, &LOOP),
        })
        .endless(is_endless);
        Ok(if is_rounded {
            loaded.note("its samples are finer than 32-bit float; each is rounded once")
        } else {
            loaded
        })
    }
}

/// Agreed before the file was looked at, or before it was replaced, the format may be another than the file's.
fn check_agreement(opening: &Opening<'_>, info: &WavInfo) -> Result<(), OpenError> {
    let Some(agreed) = opening.format("out") else {
        return Ok(());
    };
    let own = own_format(info);
    let float = DataFormat::float(u32::from(info.channels), info.rate_hz);
    if *agreed == own || *agreed == float {
        return Ok(());
    }
    Err(OpenError::Format {
        pin: "out".into(),
        format: Box::new(agreed.clone()),
        reason: format!("the file holds {own}"),
    })
}

/// A file being read.
struct Reading {
    reader: WavReader<File>,
    path: PathBuf,
    rate_hz: u32,
    repeats: LiveValue,
}

impl Reading {
    /// Fills a frame; the seam of a loop may lie anywhere in it.
    fn fill(&mut self, frame: &mut Frame) -> Result<(), WavError> {
        let room = frame.capacity();
        let Some(wave) = frame.payload.wave_mut() else {
            return Ok(());
        };
        wave.set_len(room);
        let mut done = 0;
        frame.header.time = time_from_sample(self.reader.position(), self.rate_hz);
        frame.header.flags = flag::TIMEVALID;
        loop {
            let mut rest: Vec<&mut [f32]> = wave.channels_mut().map(|c| &mut c[done..]).collect();
            done += self.reader.read(&mut rest)?;
            let frames = self.reader.info().frames;
            if self.reader.position() < frames && done == room {
                break;
            }
            if frames == 0 || !self.repeats.is_on() {
                frame.header.flags |= flag::ENDOFSTREAM;
                break;
            }
            self.reader.seek(0);
            if done == room {
                break;
            }
        }
        wave.set_len(done);
        Ok(())
    }
}

impl Minidriver for Reading {
    fn receive_data(&mut self, srb: Srb) {
        let Srb::Read {
            mut frame, done, ..
        } = srb
        else {
            return srb.refuse(Status::NotImplemented);
        };
        match self.fill(&mut frame) {
            Ok(()) => done.complete(frame),
            Err(error) => {
                log::error!("{}: {error}", self.path.display());
                done.fail(Status::IoDeviceError);
            }
        }
    }

    fn receive_control(&mut self, srb: Srb) {
        if let Srb::SetState {
            state: crate::ks::State::Stop,
            ..
        } = srb
        {
            self.reader.seek(0);
        }
        srb.accept();
    }
}
