//! Wave Writer: records what comes in as a wave or FLAC file, by the ending of its name.
//!
//! A minidriver: the file is written on a worker. It is begun anew at each Run, and whole on the disk at each Stop; in
//! between it is whole but for the last moment. Opening the filter only makes sure that the file can be written; what is in
//! it stays until something is recorded. What goes wrong while it writes ends the file there, is told with its name, and
//! stops nothing else.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    AudioFormat, DataRange, Descriptor, Node, OpenError, Opening, PinFactory, Property, State,
    Status, TopologyConnection, flag, sample_from_time,
};
use crate::media::{Container, SampleKind, SoundWriter, WavError, what_it_is};
use crate::stream::errand::{in_time, patience};
use crate::stream::{
    ClassDriver, Frame, Loaded, Minidriver, MinidriverEntry, Services, Srb, Words,
};

const PATH: Property = Property::path("path", "File").inline();
const BITS: Property =
    Property::choice("bits", "Samples", &["i16", "i24", "f32"], "f32").structural();
const PROPERTIES: &[Property] = &[PATH, BITS];
const PINS: &[PinFactory] = &[PinFactory::input("in", DataRange::WAVE)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::FILESYSTEM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::QUANTISER, "Samples", &["bits"]),
    Node::new(node::FILE, "File", &["path"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("wave_writer", "Wave Writer", CATEGORIES, PINS, PROPERTIES).merit(merit::DO_NOT_USE)
        .nodes(NODES, INSIDE)
        .help(
            "Records into a wave file, RF64 past 4 GiB, or into FLAC if its name ends in .flac (16 or 24 bits). Each Run begins the file anew; at Stop it is complete.",
        );

/// How long a writer waits for another to let go of the same file.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);
/// Samples of silence written at once where some were lost.
const SILENCE: usize = 4096;

/// What the catalogue offers.
pub fn wave_writer() -> ClassDriver<WaveWriter> {
    ClassDriver::new(WaveWriter)
}

/// The entry of the writing minidriver.
pub struct WaveWriter;

impl MinidriverEntry for WaveWriter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn load(&self, opening: &Opening<'_>, services: &Services) -> Result<Loaded, OpenError> {
        let Some(path) = opening.settings.path(&PATH) else {
            return Err(OpenError::Property {
                property: PATH.key.into(),
                found: "no file is named".into(),
                wanted: "a file to write, .wav or .flac".into(),
            });
        };
        let in_file = |reason: String| OpenError::File {
            path: path.display().to_string(),
            reason,
        };
        let container = Container::of(&path).map_err(in_file)?;
        let wanted = match opening.settings.text(&BITS).as_str() {
            "i16" => SampleKind::Pcm16,
            "i24" => SampleKind::Pcm24,
            _ => SampleKind::Float32,
        };
        let kind = container.kind(wanted);
        let audio = opening.audio("in");
        // The writer itself says which rates and channels it takes.
        let nowhere = std::io::Cursor::new(Vec::new());
        let trial = SoundWriter::create(nowhere, container, audio.rate_hz, channels(audio), kind);
        trial.map_err(|error| in_file(error.to_string()))?;
        let own = path.clone();
        let reached = in_time(&path, patience(opening.live), move || reach(&own));
        let reached = reached.map_err(|late| in_file(late.to_string()))?;
        let (file, is_new) = reached.map_err(in_file)?;
        let writing = Writing {
            path: path.clone(),
            file,
            is_unused: is_new,
            audio,
            container,
            kind,
            writer: None,
            words: services.words.clone(),
        };
        if !opening.live {
            // A render may be over before one of two writers has waited for the other: none shall write over what the
            // other wrote.
            writing.lock().map_err(in_file)?;
        }
        let loaded = Loaded::new(writing);
        Ok(match kind == wanted {
            true => loaded,
            false => loaded.note("FLAC holds whole numbers: it is written with 24 bits"),
        })
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
        Err(error) => return Err(no_way(path, &error)),
    }
    let about = std::fs::metadata(path).map_err(|error| no_way(path, &error))?;
    if !about.is_file() {
        // To open a pipe would wait for its reader.
        let what = what_it_is(&about);
        return Err(format!("it is {what} and not a file"));
    }
    let file = options.open(path).map_err(|error| no_way(path, &error))?;
    Ok((file, false))
}

/// Why nothing can be written there, and what is wanted.
pub(super) fn no_way(path: &Path, error: &Error) -> String {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new(".")).display();
    match error.kind() {
        ErrorKind::PermissionDenied if path.exists() => {
            format!("it may not be written to; wanted another name, or leave to write: {error}")
        }
        ErrorKind::PermissionDenied => format!(
            "nothing may be written in the folder {folder}; wanted another folder, or leave to write: {error}"
        ),
        ErrorKind::ReadOnlyFilesystem => {
            format!("the disk of the folder {folder} can only be read; wanted another: {error}")
        }
        ErrorKind::NotFound if !path.parent().is_some_and(Path::is_dir) => {
            format!("there is no folder {folder}; make it, or name one that is there: {error}")
        }
        ErrorKind::NotADirectory => {
            format!("{folder} is no folder; wanted one to write into: {error}")
        }
        _ => error.to_string(),
    }
}

/// A file being written, or ready to be.
struct Writing {
    path: PathBuf,
    file: File,
    /// Whether it was made here and holds nothing yet.
    is_unused: bool,
    audio: AudioFormat,
    container: Container,
    kind: SampleKind,
    writer: Option<SoundWriter<File>>,
    words: Words,
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
        let channels = channels(self.audio);
        let writer = SoundWriter::create(
            file,
            self.container,
            self.audio.rate_hz,
            channels,
            self.kind,
        );
        self.writer = Some(writer.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// So many samples, in seconds.
    fn seconds(&self, samples: u64) -> f64 {
        samples as f64 / f64::from(self.audio.rate_hz.max(1))
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
        if self.writer.is_some() && is_removed(&self.file) {
            let reason = "it was removed while it was written";
            return Err(std::io::Error::new(ErrorKind::NotFound, reason).into());
        }
        let (Some(writer), Some(wave)) = (&mut self.writer, frame.payload.wave()) else {
            return Ok(());
        };
        let mut lost = None;
        if frame.header.flags & flag::DATADISCONTINUITY != 0 {
            // What was lost becomes silence, so that what follows stands where it belongs.
            let due = sample_from_time(frame.header.time, self.audio.rate_hz);
            let from = writer.frames();
            let mut missing = due.saturating_sub(from);
            lost = Some((missing, from)).filter(|_| missing > 0);
            let silence = vec![[0.0_f32; SILENCE]; wave.channel_count()];
            while missing > 0 {
                let len = missing.min(SILENCE as u64) as usize;
                let planar: Vec<&[f32]> = silence.iter().map(|c| &c[..len]).collect();
                writer.write(&planar)?;
                missing -= len as u64;
            }
        }
        let planar: Vec<&[f32]> = wave.channels().collect();
        let outcome = writer.write(&planar);
        if let Some((missing, from)) = lost {
            self.words.remark(format!(
                "{}: the disk was too slow: {missing} samples from {:.3} s on are missing, and silence in the file",
                self.path.display(),
                self.seconds(from),
            ));
        }
        outcome
    }

    /// Completes the file; how many samples of a channel are in it.
    fn finish(&mut self) -> Result<u64, WavError> {
        let Some(writer) = self.writer.take() else {
            return Ok(0);
        };
        let outcome = writer.finish();
        // Unlocked by closing at the latest.
        let _ = self.file.unlock();
        let (file, written) = outcome?;
        if file.metadata()?.len() > written.bytes {
            // A part of what could not be written whole.
            file.set_len(written.bytes)?;
        }
        let path = self.path.display();
        if written.non_finite > 0 {
            let count = written.non_finite;
            self.words.remark(format!(
                "{path}: {count} samples were no numbers and were written as silence"
            ));
        }
        if written.clipped > 0 {
            let count = written.clipped;
            self.words.remark(format!(
                "{path}: {count} samples were beyond full scale and were clipped"
            ));
        }
        Ok(written.frames)
    }

    /// Completes the file at a Stop, or at the end of everything.
    fn complete(&mut self) -> Result<(), String> {
        let is_lost = self.writer.is_some() && is_removed(&self.file);
        match self.finish() {
            _ if is_lost => Err("it was removed while it was written".into()),
            Ok(_) => Ok(()),
            Err(error) => Err(why(&error)),
        }
    }

    fn report(&self, error: &dyn std::fmt::Display) -> Status {
        self.words
            .complain(format!("{}: {error}", self.path.display()));
        Status::IoDeviceError
    }

    /// Nothing more can be written: what was written so far shall be a whole file, and what is in it is told.
    fn give_up(&mut self, error: &WavError) -> Status {
        let reason = why(error);
        let is_gone = is_removed(&self.file);
        match self.finish() {
            _ if is_gone => self.report(&format!("{reason}; nothing more is recorded")),
            Ok(frames) => {
                let seconds = self.seconds(frames);
                self.report(&format!(
                    "{reason}; it ends there, the {seconds:.3} s in it are whole and can be played. Nothing more is recorded until the next Run"
                ))
            }
            Err(error) => self.report(&format!(
                "{reason}, and its head could not be completed: {error}"
            )),
        }
    }
}

/// Why a file cannot be written any more.
fn why(error: &WavError) -> String {
    match error {
        WavError::Io(error) => match error.kind() {
            ErrorKind::StorageFull => "the disk is full".into(),
            ErrorKind::QuotaExceeded => "the quota of the disk is used up".into(),
            ErrorKind::FileTooLarge => "a file may not become larger here".into(),
            ErrorKind::NotFound => error.to_string(),
            _ => format!("it cannot be written any more: {error}"),
        },
        error => error.to_string(),
    }
}

/// Whether nobody will find the file again: what is written into it is gone when it is closed.
#[cfg(unix)]
fn is_removed(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|about| about.nlink() == 0)
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn is_removed(_: &File) -> bool {
    false
}

impl Minidriver for Writing {
    fn receive_data(&mut self, srb: Srb) {
        let Srb::Write { frame, done, .. } = srb else {
            return srb.refuse(Status::NotImplemented);
        };
        match self.write(&frame) {
            Ok(()) => done.complete(frame),
            Err(error) => done.fail(self.give_up(&error)),
        }
    }

    fn receive_control(&mut self, srb: Srb) {
        let outcome = match &srb {
            Srb::SetState {
                state: State::Run, ..
            } if self.writer.is_none() => self.begin(),
            Srb::SetState {
                state: State::Stop, ..
            } => self.complete(),
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
        if let Err(error) = self.complete() {
            self.report(&error);
        }
        if self.is_unused && self.file.metadata().is_ok_and(|about| about.len() == 0) {
            // It was only made to see that it can be made. If it is gone already, so much the better.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::super::wave_reader::tests::{Folder, Still, sound, values};
    use super::*;
    use crate::ks::rig::Rig;
    use crate::ks::{DataFlow, DataFormat, Filter, OpenPin, Opened, Settings, Value, Waker};

    fn record(path: &Path, bits: &str, format: &DataFormat) -> Rig {
        let formats = BTreeMap::from([("in".to_owned(), format.clone())]);
        let values = values(path, &[("bits", Value::Text(bits.into()))]);
        Rig::open_with(&wave_writer(), values, &formats, None)
    }

    fn feed(rig: &mut Rig, from: usize, cuts: &[usize]) {
        let mut at = from;
        for &len in cuts {
            let channel = |c| (at..at + len).map(|n| sound(c, n)).collect();
            rig.cycle(len, &[channel(0), channel(1), channel(2)], &[]);
            at += len;
        }
    }

    /// What an independent reader finds: the samples of each channel.
    fn read(path: &Path) -> Vec<Vec<f32>> {
        let mut reader = hound::WavReader::open(path).unwrap();
        let spec = reader.spec();
        let all: Vec<f32> = if spec.sample_format == hound::SampleFormat::Float {
            reader.samples::<f32>().map(Result::unwrap).collect()
        } else {
            let steps = (1_u32 << (spec.bits_per_sample - 1)) as f32;
            let samples = reader.samples::<i32>();
            samples.map(|s| s.unwrap() as f32 / steps).collect()
        };
        let channels = usize::from(spec.channels);
        let of = |c: usize| all.iter().skip(c).step_by(channels).copied().collect();
        (0..channels).map(of).collect()
    }

    fn sounds(channels: usize, len: usize) -> Vec<Vec<f32>> {
        (0..channels)
            .map(|c| (0..len).map(|n| sound(c, n)).collect())
            .collect()
    }

    #[test]
    fn another_reader_finds_every_sample() {
        let folder = Folder::new();
        let path = folder.file("take.wav");
        for bits in ["i16", "i24", "f32"] {
            for (channels, cuts) in [
                (1, vec![4096; 10]),
                (2, vec![1, 64, 999]),
                (3, vec![64; 99]),
            ] {
                let mut rig = record(&path, bits, &DataFormat::float(channels, 48_000));
                feed(&mut rig, 0, &cuts);
                // In mid-stream, without a Stop.
                drop(rig);
                let wanted = sounds(channels as usize, cuts.iter().sum());
                assert_eq!(read(&path), wanted, "{bits}");
            }
        }
    }

    #[test]
    fn the_file_is_whole_at_stop_and_begun_anew_at_run() {
        let folder = Folder::new();
        let path = folder.file("take.wav");
        let mut rig = record(&path, "i16", &DataFormat::pcm(16, 2, 44_100));
        feed(&mut rig, 0, &[4096, 100]);
        for state in [State::Pause, State::Acquire, State::Stop] {
            rig.processor().enter(state);
        }
        // 4196 samples of the graph are 3855 at 44 100 Hz.
        let mut looks = 0;
        while hound::WavReader::open(&path).map_or(true, |wav| wav.duration() != 3855) {
            std::thread::sleep(Duration::from_millis(1));
            looks += 1;
            assert!(looks < 60_000, "the file was never completed");
        }
        feed(&mut rig, 0, &[480]);
        drop(rig);
        assert_eq!(read(&path)[0].len(), 441);
    }

    #[test]
    fn what_is_no_number_is_written_as_silence() {
        let folder = Folder::new();
        let path = folder.file("take.wav");
        let mut rig = record(&path, "f32", &DataFormat::float(1, 48_000));
        rig.cycle(4, &[vec![0.5, f32::NAN, f32::INFINITY, 2.0]], &[]);
        drop(rig);
        assert_eq!(read(&path), [[0.5, 0.0, 0.0, 2.0]]);
    }

    #[test]
    fn an_old_file_stays_until_something_is_recorded() {
        let folder = Folder::new();
        let path = folder.file("take.wav");
        std::fs::write(&path, "precious").unwrap();
        drop(record(&path, "i16", &DataFormat::float(2, 48_000)));
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        let fresh = folder.file("fresh.wav");
        drop(record(&fresh, "i16", &DataFormat::float(2, 48_000)));
        assert!(!fresh.exists(), "nothing was recorded, nothing is left");
    }

    #[test]
    fn a_writer_that_takes_over_waits_for_the_one_before() {
        let folder = Folder::new();
        let path = folder.file("take.wav");
        let live = |bits: &str| {
            let values = values(&path, &[("bits", Value::Text(bits.into()))]);
            Rig::open_as(&wave_writer(), values, &BTreeMap::new(), None, true)
        };
        let mut old = live("i24");
        feed(&mut old, 0, &[4096]);
        let mut new = live("i16");
        feed(&mut new, 0, &[1000]);
        drop(old);
        drop(new);
        assert_eq!(read(&path), sounds(2, 1000));
    }

    fn open(path: &str, format: DataFormat) -> Result<Opened, OpenError> {
        let values = values(Path::new(path), &[]);
        wave_writer().open(&Opening {
            descriptor: &DESCRIPTOR,
            settings: Settings {
                values: &values,
                base: None,
            },
            rate_hz: 48_000,
            max_len: 512,
            pins: &[OpenPin {
                factory: 0,
                instance: 0,
                data_flow: DataFlow::In,
                format: Some(format),
            }],
            live: false,
            clock: Arc::new(Still),
            waker: Waker::default(),
            feed: None,
            drives: false,
            memory: None,
        })
    }

    #[test]
    fn a_file_that_cannot_be_made_is_a_clear_error() {
        let folder = Folder::new();
        let float = || DataFormat::float(2, 48_000);
        let missing = folder.file("nowhere").join("take.wav");
        for path in [&missing, &folder.0] {
            let name = path.to_str().unwrap();
            let error = open(name, float()).err().unwrap();
            assert!(error.to_string().starts_with(name), "{error}");
        }
        assert!(matches!(open("", float()), Err(OpenError::Property { .. })));
        let path = folder.file("take.wav");
        let crowd = open(path.to_str().unwrap(), DataFormat::float(65, 48_000));
        assert!(crowd.err().unwrap().to_string().contains("65"));
        assert!(!path.exists());
    }
}
