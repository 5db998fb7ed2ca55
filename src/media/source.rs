//! The one door to sound in files: [`open`] looks at the content, not at the name, and gives a [`Source`].
//!
//! A source counts samples from 0, whatever its codec needs before and behind them: what an encoder put in front or
//! behind to make its blocks whole is never heard, and [`Source::seek`] lands on the sample.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use thiserror::Error;

use super::compressed;
use super::marks::Marks;
use super::recast;
use super::riff;
use super::strangers::{self, CURE};
use super::tags::Tags;
use super::wav::{self, Cue, Loop, WavError, WavReader};

/// What a file of sound says about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Info {
    /// What holds the sound: `WAV`, `FLAC`, `Ogg`.
    pub container: &'static str,
    /// How it is coded: `PCM`, `MP3`.
    pub codec: &'static str,
    /// Samples a second and channel.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u16,
    /// Which speakers they belong to; the usual ones where the file does not say, 0 where none are usual.
    pub channel_mask: u32,
    /// The grid the samples lie on, in bits; of what has none (float, lossy codecs) those of a float.
    pub bits: u16,
    /// Whether the samples lie on no grid.
    pub is_float: bool,
    /// Samples a channel; `None` where only reading it to the end could tell.
    pub frames: Option<u64>,
    /// About how long it is in seconds, where `frames` is not known; 0 where nothing is.
    pub estimated_seconds: f64,
    /// Parts that a sampler repeats.
    pub loops: Vec<Loop>,
    /// Places that have a name, in order.
    pub cues: Vec<Cue>,
    /// Title, artist and the like.
    pub tags: Tags,
}

impl Info {
    /// How long it is in seconds: exactly where that is known, else about; 0 where nobody knows.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        match self.frames {
            Some(frames) => frames as f64 / f64::from(self.rate_hz.max(1)),
            None => self.estimated_seconds,
        }
    }
}

/// Sound that can be read from any place.
pub trait Source: Send {
    /// What is known of it. The length may become known when the end is read.
    fn info(&self) -> &Info;

    /// The sample that is read next.
    fn position(&self) -> u64;

    /// Goes to a sample, or to the end if it is beyond. What is read there is what would have come had everything before
    /// it been read, too.
    fn seek(&mut self, frame: u64) -> Result<(), MediaError>;

    /// Reads the next samples of every channel into one slice a channel, and returns how many. Less than the shortest
    /// slice is long means that the sound ends here. Slices beyond the channels of the file get silence.
    fn read(&mut self, planar: &mut [&mut [f32]]) -> Result<usize, MediaError>;

    /// What was found damaged since this was asked last, each with its place; nothing twice.
    fn remarks(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// Why a file gives no sound.
#[derive(Debug, Error)]
pub enum MediaError {
    /// A wave file that cannot be used.
    #[error(transparent)]
    Wave(#[from] WavError),
    /// No reader knows it.
    #[error("this is not a file of sound that is known: it begins with {found}; {cure}", cure = CURE)]
    Unknown {
        /// Its first bytes.
        found: String,
    },
    /// It is empty.
    #[error("the file is empty")]
    Empty,
    /// A kind of file that is known and not played.
    #[error("it is {kind}, which is no sound that is played here; {cure}")]
    Stranger {
        /// What it is.
        kind: &'static str,
        /// What helps.
        cure: &'static str,
    },
    /// A kind of file or code that is known and not played.
    #[error("this kind of it is not played: {what}; {cure}", what = .0, cure = CURE)]
    Unsupported(&'static str),
    /// A container whose codec nobody knows.
    #[error(
        "the {container} file holds sound that is coded in a way that is not known ({codec}); {cure}",
        cure = CURE
    )]
    Codec {
        /// What holds it.
        container: &'static str,
        /// The codec's name or number.
        codec: String,
    },
    /// Nothing in it can be played.
    #[error("the {container} file has no sound in it: {reason}")]
    NoSound {
        /// What holds it.
        container: &'static str,
        /// Why.
        reason: String,
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
    /// It is damaged so that it cannot be opened.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// It is none that can be sought in, as those of `/proc`.
    #[error("it cannot be sought in: it is made while it is read, and is no file on a disk")]
    NotSought,
    /// It is a folder, a pipe or a device.
    #[error("it is {0} and not a file; wanted a file of sound")]
    NotAFile(&'static str),
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Opens a file of sound by its path. A folder or a pipe is refused, for to open a pipe would wait for its writer.
pub fn open(path: &Path) -> Result<Box<dyn Source>, MediaError> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() {
        return Err(MediaError::NotAFile(what_it_is(&about)));
    }
    let file = File::open(path)?;
    // So that no Wave Writer begins to write over what is being played. Where there are no locks, it is played anyway.
    let _ = file.try_lock_shared();
    open_stream(file)
}

/// In words what a place is that holds no file.
#[must_use]
pub fn what_it_is(about: &Metadata) -> &'static str {
    match about.is_dir() {
        true => "a folder",
        false => "a pipe or a device",
    }
}

/// Opens sound from anything that can be read and sought.
pub fn open_stream<R: Read + Seek + Send + 'static>(
    mut source: R,
) -> Result<Box<dyn Source>, MediaError> {
    let sought = source.seek(SeekFrom::End(0));
    if sought.is_err_and(|error| error.kind() == io::ErrorKind::InvalidInput) {
        return Err(MediaError::NotSought);
    }
    source.seek(SeekFrom::Start(0))?;
    let mut head = [0; strangers::HEAD];
    let there = riff::read_up_to(&mut source, &mut head)?;
    source.seek(SeekFrom::Start(0))?;
    let head = &head[..there];
    if head.is_empty() {
        return Err(MediaError::Empty);
    }
    let is_wave = matches!(head.get(..4), Some(b"RIFF" | b"RIFX" | b"RF64" | b"BW64"));
    let opened = match is_wave {
        true => wav::open(source),
        false if recast::is_one(head) => recast::open(source),
        false => compressed::open(source, head),
    };
    opened.map_err(|error| strangers::instead(head, error))
}

impl<R: Read + Seek + Send> Source for Wave<R> {
    fn info(&self) -> &Info {
        &self.info
    }

    fn position(&self) -> u64 {
        self.reader.position()
    }

    fn seek(&mut self, frame: u64) -> Result<(), MediaError> {
        self.reader.seek(frame);
        Ok(())
    }

    fn read(&mut self, planar: &mut [&mut [f32]]) -> Result<usize, MediaError> {
        let read = self.reader.read(planar)?;
        let frames = self.reader.info().frames;
        if self.info.frames != Some(frames) {
            let was = self.info.frames.replace(frames).unwrap_or(0);
            self.remark = Some(format!(
                "the file has become shorter: it ends after {frames} samples of {was}"
            ));
        }
        Ok(read)
    }

    fn remarks(&mut self) -> Vec<String> {
        self.remark.take().into_iter().collect()
    }
}

/// Plain samples of a wave file as a source.
pub(super) struct Wave<R> {
    reader: WavReader<R>,
    info: Info,
    remark: Option<String>,
}

impl<R: Read + Seek> Wave<R> {
    /// What is no number is given as it stands in the file: whoever hears it can say where it is.
    pub(super) fn new(reader: WavReader<R>, container: &'static str, tags: Tags) -> Self {
        let reader = reader.as_it_is();
        let about = reader.info();
        let info = Info {
            container,
            codec: about.coding,
            rate_hz: about.rate_hz,
            channels: about.channels,
            channel_mask: about.channel_mask,
            bits: about.bits,
            is_float: about.float,
            frames: Some(about.frames),
            estimated_seconds: 0.0,
            loops: about.loops.clone(),
            cues: about.cues.clone(),
            tags,
        };
        let remark = reader.info().missing_bytes.map(|missing| {
            format!(
                "the file is cut off: {missing} bytes of sound that it speaks of are not there, so it ends after {} samples",
                about.frames
            )
        });
        Self {
            info,
            reader,
            remark,
        }
    }

    /// The same with marks that stand elsewhere.
    pub(super) fn marked(mut self, marks: Marks) -> Self {
        self.info.cues.extend(marks.cues(&self.info));
        self
    }
}
