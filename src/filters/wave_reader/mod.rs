//! Wave Reader: plays a file of sound, sample for sample, whatever kind it is.
//!
//! A minidriver: the file is read on a worker, ahead of the audio thread. Rate, channels and grid are the file's own; where
//! the graph runs at another rate a converter stands in the graph for all to see. Nothing here knows a format; that is
//! `media`. In what order the samples are played, loops included, is `order`.

mod order;
mod varispeed;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use self::order::{Order, Run, Wish};
use self::varispeed::Varispeed;
use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    AudioFormat, DataFormat, DataRange, Descriptor, Facts, FileFact, Node, OpenError, Opening,
    PinFactory, Property, RATE_UNITY, Settings, SoundFact, Status, TopologyConnection, flag,
    time_from_sample,
};
use crate::media::{self, Info, MediaError, Source};
use crate::stream::errand::{in_time, patience};
use crate::stream::{
    ClassDriver, Frame, Framing, LiveValue, Loaded, Minidriver, MinidriverEntry, Services, Srb,
    Words, cell,
};

const PATH: Property = Property::path("path", "File").inline();
const LOOP: Property = Property::flag("loop", "Loop", false).inline();
/// What is repeated. The words' places are told apart by [`Wish`].
const REGION: Property = Property::choice(
    "loop_region",
    "Loop over",
    &["whole file", "loops of the file", "start to end"],
    "whole file",
)
.group("Loop")
.help(
    "What Loop repeats: the whole file, the loops a sampler's file carries (forward, backward, to and fro, as often as it says), or from Loop start to Loop end.",
);
const LOOP_START: Property = Property::count("loop_start", "Loop start", 0, u32::MAX, 0)
    .group("Loop")
    .help(
        "The first sample of the loop, for Loop over start to end; counted at the file's own rate.",
    );
const LOOP_END: Property = Property::count("loop_end", "Loop end", 0, u32::MAX, 0)
    .group("Loop")
    .help(
        "The first sample behind the loop, for Loop over start to end; 0 is the end of the file.",
    );
const PROPERTIES: &[Property] = &[PATH, LOOP, REGION, LOOP_START, LOOP_END];
const PINS: &[PinFactory] = &[PinFactory::output("out", DataRange::FLOAT)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::FILESYSTEM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(
    node::FILE,
    "File",
    &["path", "loop", "loop_region", "loop_start", "loop_end"],
)];
const INSIDE: &[TopologyConnection] = &[TopologyConnection::leave(0, 0)];
static DESCRIPTOR: Descriptor =
    Descriptor::new("wave_reader", "Wave Reader", CATEGORIES, PINS, PROPERTIES).nodes(NODES, INSIDE).help(
        "Plays a file of sound as it is: at its own rate, with its own channels. WAV, RF64, AIFF, CAF, FLAC, Ogg Vorbis, Opus, MP3, AAC, M4A, ALAC, ADPCM, A-law, u-law and Matroska are known by what is in them, not by their names. Stop goes back to the beginning.",
    );

/// The most places of a file that are told.
const MOST_MARKS: usize = 1024;

/// What the catalogue offers.
pub fn wave_reader() -> ClassDriver<WaveReader> {
    ClassDriver::new(WaveReader::opening(media::open))
}

/// What opens a file of sound.
type Open = fn(&Path) -> Result<Box<dyn Source>, MediaError>;

/// The entry of the reading minidriver.
pub struct WaveReader {
    open: Open,
}

impl WaveReader {
    /// One that opens files by this, so that a test may have a disk that is slow.
    pub fn opening(open: Open) -> Self {
        Self { open }
    }
}

/// Looks what a file is. For observers: it may take as long as the disk does. No more than its head is read.
pub fn probe(path: &Path) -> FileFact {
    match media::open(path) {
        Ok(source) => {
            let info = source.info();
            FileFact::Wave {
                format: own_format(info),
                frames: info.frames.unwrap_or(0),
                about: Box::new(about(info)),
            }
        }
        Err(reason) => FileFact::Unusable(reason.to_string()),
    }
}

/// What people want to know of a file.
fn about(info: &Info) -> SoundFact {
    let words = info.tags.iter();
    SoundFact {
        container: info.container.into(),
        codec: info.codec.into(),
        millis: (info.seconds() * 1000.0).round() as u64,
        is_exact: info.frames.is_some(),
        loops: info.loops.len(),
        tags: words
            .map(|(name, word)| (name.to_owned(), word.to_owned()))
            .collect(),
        marks: marks(info),
    }
}

/// Places in it that have a name, and the ends of its loops.
fn marks(info: &Info) -> Vec<(u64, String)> {
    let cues = info.cues.iter().map(|it| (it.at, it.name.clone()));
    let ends = (1..).zip(&info.loops).flat_map(|(number, it)| {
        let begin = (it.start, format!("loop {number} begins"));
        [begin, (it.end, format!("loop {number} ends"))]
    });
    cues.chain(ends).take(MOST_MARKS).collect()
}

/// The grid the samples lie on: PCM as far as a float holds it exactly.
fn own_format(info: &Info) -> DataFormat {
    let (bits, channels) = (u32::from(info.bits), u32::from(info.channels));
    if info.is_float || bits > 24 {
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
        let Some(FileFact::Wave { format, .. }) = facts.file_of(settings, &PATH) else {
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

    fn framing_offline(&self, audio: AudioFormat) -> Framing {
        let usual = Framing::usual(audio);
        Framing {
            len: 4 * usual.len,
            ..usual
        }
    }

    fn load(&self, opening: &Opening<'_>, services: &Services) -> Result<Loaded, OpenError> {
        let Some(path) = opening.settings.path(&PATH) else {
            return Err(OpenError::Property {
                property: PATH.key.into(),
                found: "no file is named".into(),
                wanted: "a file of sound to play".into(),
            });
        };
        let in_file = |reason: String| OpenError::File {
            path: path.display().to_string(),
            reason,
        };
        let (open, own) = (self.open, path.clone());
        let opened = in_time(&path, patience(opening.live), move || open(&own));
        let opened = opened.map_err(|late| in_file(late.to_string()))?;
        let source = opened.map_err(|reason| in_file(reason.to_string()))?;
        let info = source.info();
        check_agreement(opening, info)?;
        services.telemetry.set(cell::LENGTH, info.seconds() as f32);
        let is_rounded = info.bits > if info.is_float { 32 } else { 24 };
        let follow = |property| services.values.follow(opening, property);
        let reading = Reading {
            rate_hz: info.rate_hz,
            words: services.words.clone(),
            path,
            repeats: follow(&LOOP),
            region: follow(&REGION),
            start: follow(&LOOP_START),
            end: follow(&LOOP_END),
            order: Order::default(),
            varispeed: None,
            place: 0,
            source,
        };
        let is_endless = Order::new(reading.source.info(), reading.wish()).is_endless();
        let loaded = Loaded::new(reading).endless(is_endless).takes_rates();
        Ok(if is_rounded {
            loaded.note("its samples are finer than 32-bit float; each is rounded once")
        } else {
            loaded
        })
    }
}

/// Agreed before the file was looked at, or before it was replaced, the format may be another than the file's.
fn check_agreement(opening: &Opening<'_>, info: &Info) -> Result<(), OpenError> {
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
    source: Box<dyn Source>,
    path: PathBuf,
    words: Words,
    rate_hz: u32,
    repeats: LiveValue,
    region: LiveValue,
    start: LiveValue,
    end: LiveValue,
    order: Order,
    /// Where it is played faster or slower, and the place it was sent to last.
    varispeed: Option<Varispeed>,
    place: u64,
}

impl Reading {
    fn wish(&self) -> Wish {
        match self.region.get() as usize {
            _ if !self.repeats.is_on() => Wish::Once,
            1 => Wish::Loops,
            2 => Wish::Part {
                start: self.start.get() as u64,
                end: self.end.get() as u64,
            },
            _ => Wish::Whole,
        }
    }

    /// Goes to where it is after so many samples have been played from the beginning.
    fn go_to(&mut self, played: u64) {
        self.order.follow(self.source.info(), self.wish());
        self.place = played;
        let from = match &mut self.varispeed {
            Some(varispeed) => varispeed.begin(played),
            None => played,
        };
        self.order.go_to(from);
    }

    /// Plays at another rate from the next place on. Says whether it can be had.
    fn set_rate(&mut self, rate_permille: u32) -> bool {
        let channels = usize::from(self.source.info().channels);
        self.varispeed = match rate_permille {
            RATE_UNITY => None,
            rate => match Varispeed::new(rate, channels) {
                Some(varispeed) => Some(varispeed),
                None => return false,
            },
        };
        self.go_to(self.place);
        true
    }

    /// Fills a frame at another rate.
    fn fill_at_rate(
        &mut self,
        varispeed: &mut Varispeed,
        frame: &mut Frame,
    ) -> Result<(), MediaError> {
        frame.header.time = time_from_sample(self.place + varispeed.way(), self.rate_hz);
        frame.header.flags = flag::TIMEVALID;
        let room = frame.capacity();
        let Some(wave) = frame.payload.wave_mut() else {
            return Ok(());
        };
        wave.set_len(room);
        self.order.follow(self.source.info(), self.wish());
        let mut planar: Vec<&mut [f32]> = wave.channels_mut().collect();
        let mut done = 0;
        while done < room && !varispeed.is_over() {
            done += varispeed.make(&mut planar, done, |taken, span| self.gather(taken, span))?;
        }
        wave.set_len(done);
        if varispeed.is_over() {
            frame.header.flags |= flag::ENDOFSTREAM;
        }
        Ok(())
    }

    /// Reads on in the order that is played; how many samples there were until its end.
    fn gather(
        &mut self,
        planar: &mut [Vec<f32>],
        span: std::ops::Range<usize>,
    ) -> Result<usize, MediaError> {
        let (mut at, mut idle) = (span.start, 0);
        while at < span.end && idle < 3 {
            let Some(run) = self.order.run((span.end - at) as u64) else {
                break;
            };
            let until = at + run.len as usize;
            let mut rest: Vec<&mut [f32]> =
                planar.iter_mut().map(|it| &mut it[at..until]).collect();
            let got = self.read(run, &mut rest)?;
            at += got;
            idle = if got == 0 { idle + 1 } else { 0 };
            self.order.advance(got as u64);
            if (got as u64) < run.len {
                let end = self.source.position();
                self.order.end_at(end);
            }
        }
        Ok(at - span.start)
    }

    /// Fills a frame; the seam of a loop may lie anywhere in it.
    fn fill(&mut self, frame: &mut Frame) -> Result<(), MediaError> {
        if let Some(mut varispeed) = self.varispeed.take() {
            let outcome = self.fill_at_rate(&mut varispeed, frame);
            self.varispeed = Some(varispeed);
            self.tell_remarks();
            return outcome;
        }
        let room = frame.capacity();
        let Some(wave) = frame.payload.wave_mut() else {
            return Ok(());
        };
        wave.set_len(room);
        self.order.follow(self.source.info(), self.wish());
        frame.header.time = time_from_sample(self.order.place(), self.rate_hz);
        frame.header.flags = flag::TIMEVALID;
        if self.order.repeats() {
            frame.header.flags |= flag::LOOPEDDATA;
        }
        let mut done = 0;
        // A loop of no samples that can be read would turn for ever.
        let mut idle = 0;
        while done < room && idle < 3 {
            let Some(run) = self.order.run((room - done) as u64) else {
                frame.header.flags |= flag::ENDOFSTREAM;
                break;
            };
            let mut rest: Vec<&mut [f32]> = wave
                .channels_mut()
                .map(|it| &mut it[done..done + run.len as usize])
                .collect();
            let got = self.read(run, &mut rest)?;
            done += got;
            idle = if got == 0 { idle + 1 } else { 0 };
            let jumps = self.order.advance(got as u64);
            if (got as u64) < run.len {
                // The file ends here, wherever it was said to end.
                let end = self.source.position();
                self.order.end_at(end);
            } else if jumps {
                // Time jumps behind this frame; of a short loop several turns lie in one.
                frame.header.flags |= flag::TIMEDISCONTINUITY;
                if self.order.turn() >= room as u64 {
                    break;
                }
            }
        }
        if idle > 0 || self.order.run(1).is_none() {
            frame.header.flags |= flag::ENDOFSTREAM;
        }
        wave.set_len(done);
        self.tell_remarks();
        Ok(())
    }

    fn tell_remarks(&mut self) {
        for remark in self.source.remarks() {
            self.words
                .remark(format!("{}: {remark}", self.path.display()));
        }
    }

    /// Reads a run of samples, of which fewer come where the file ends.
    fn read(&mut self, run: Run, planar: &mut [&mut [f32]]) -> Result<usize, MediaError> {
        if self.source.position() != run.from {
            self.source.seek(run.from)?;
        }
        let got = self.source.read(planar)?;
        if run.is_backward {
            planar.iter_mut().for_each(|it| it[..got].reverse());
        }
        Ok(got)
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
                let seconds = self.order.place() as f64 / f64::from(self.rate_hz);
                self.words.complain(format!(
                    "{}: cannot be read at {seconds:.3} s: {error}",
                    self.path.display()
                ));
                done.fail(Status::IoDeviceError);
            }
        }
    }

    fn receive_control(&mut self, srb: Srb) {
        match srb {
            Srb::SetPosition { sample, done, .. } => {
                self.go_to(sample);
                return done.complete(());
            }
            Srb::ProposeRate {
                rate_permille,
                done,
                ..
            } => {
                let is_obtainable = (varispeed::LEAST..=varispeed::MOST).contains(&rate_permille);
                return match is_obtainable {
                    true => done.complete(()),
                    false => done.fail(Status::NotSupported),
                };
            }
            Srb::SetRate {
                rate_permille,
                done,
                ..
            } => {
                return match self.set_rate(rate_permille) {
                    true => done.complete(()),
                    false => done.fail(Status::NotSupported),
                };
            }
            Srb::SetState {
                state: crate::ks::State::Stop,
                ..
            } => self.go_to(0),
            _ => {}
        }
        srb.accept();
    }
}

#[cfg(test)]
pub(crate) mod tests;
