//! Packets and their places, from symphonia's containers.
//!
//! A place counts decoded samples from the first one of the stream. The file is read through a [`Window`], so that a part
//! of it (a link of a chained Ogg stream, an MP3 inside a wave file) is a file like any other.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioCodecParameters, well_known as codec};
use symphonia::core::common::Limit;
use symphonia::core::errors::{Error, Result};
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::Timestamp;

use super::names::{codec_name, container, preroll, tags};
use super::peek::{self, Link};
use super::repair::{self, Patch};
use super::{IDLE_MAX, guarded, opus};
use crate::media::source::{Info, MediaError};
use crate::media::wav::RATE_MAX_HZ;

/// The longest word and picture that are read out of a file.
const TAG_MAX: usize = 1 << 16;
const PICTURE_MAX: usize = 1;

/// A packet and where what is decoded from it belongs.
pub(super) struct Piece {
    pub(super) packet: Packet,
    /// The place of its first sample.
    pub(super) at: i64,
    /// How many samples it is said to give.
    pub(super) len: u64,
    /// From here on another decoder is needed.
    pub(super) params: Option<AudioCodecParameters>,
}

/// Gives packets one after the other.
pub(super) trait Demuxer: Send {
    /// The next; `None` at the end.
    fn next_piece(&mut self) -> Result<Option<Piece>>;
    /// Begins anew.
    fn restart(&mut self) -> std::result::Result<(), MediaError>;
    /// Goes to a packet at or before a place.
    fn seek(&mut self, place: i64) -> Result<()>;
}

/// A stream of packets with all that is known of it.
pub(super) struct Stream {
    pub(super) demuxer: Box<dyn Demuxer>,
    pub(super) params: AudioCodecParameters,
    pub(super) info: Info,
    /// Samples in front of the sound.
    pub(super) skip: i64,
    /// Where the sound ends, counted without them, if more may be decoded.
    pub(super) end: Option<u64>,
    /// Samples that have to be decoded before a place.
    pub(super) preroll: u64,
    /// Whether packets say exactly where they belong.
    pub(super) has_places: bool,
    /// Whether the decoder cuts off what its packets say.
    pub(super) trims_itself: bool,
    /// What is to be told of it from the beginning.
    pub(super) remarks: Vec<String>,
}

/// A part of something that can be read, and that others read, too.
pub(super) struct Window<R> {
    source: Arc<Mutex<R>>,
    start: u64,
    len: u64,
    at: u64,
    /// Bytes that are read instead of others.
    patches: Arc<[Patch]>,
}

impl<R: Read + Seek> Window<R> {
    /// All of it.
    pub(super) fn whole(mut source: R) -> io::Result<Self> {
        let len = source.seek(SeekFrom::End(0))?;
        Ok(Self {
            source: Arc::new(Mutex::new(source)),
            start: 0,
            len,
            at: 0,
            patches: Arc::default(),
        })
    }

    /// A part of it, read from its beginning.
    pub(super) fn part(&self, start: u64, end: u64) -> Self {
        let end = end.min(self.len);
        Self {
            source: self.source.clone(),
            start: self.start + start.min(end),
            len: end - start.min(end),
            at: 0,
            patches: Arc::default(),
        }
    }

    /// The same, read from its beginning.
    pub(super) fn again(&self) -> Self {
        Self {
            patches: self.patches.clone(),
            ..self.part(0, self.len)
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }
}

impl<R: Read + Seek> Read for Window<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.at);
        let some = (buffer.len() as u64).min(left) as usize;
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.seek(SeekFrom::Start(self.start + self.at))?;
        let read = source.read(&mut buffer[..some])?;
        let from = self.at;
        for patch in self.patches.iter() {
            for (n, byte) in patch.bytes.iter().enumerate() {
                let place = (patch.at + n as u64).checked_sub(from);
                if let Some(place) = place.filter(|place| *place < read as u64) {
                    buffer[place as usize] = *byte;
                }
            }
        }
        self.at += read as u64;
        Ok(read)
    }
}

impl<R> Seek for Window<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl<R: Read + Seek + Send> MediaSource for Window<R> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}

/// Opens what symphonia knows by its content; `found` are the first bytes, for the refusal.
pub(super) fn open<R: Read + Seek + Send + 'static>(
    source: R,
    found: String,
) -> std::result::Result<Stream, MediaError> {
    open_window(Window::whole(source)?, found)
}

pub(super) fn open_window<R: Read + Seek + Send + 'static>(
    mut window: Window<R>,
    found: String,
) -> std::result::Result<Stream, MediaError> {
    let repair = repair::repair(&mut window.again())?;
    window.patches = repair.patches.into();
    window.len = repair.end.unwrap_or(window.len);
    let mut opened = Reading::open(window.again(), &found)?;
    if matches!(
        opened.params.codec,
        codec::CODEC_ID_PCM_ALAW | codec::CODEC_ID_PCM_MULAW
    ) {
        // Some containers say 0 here.
        opened.params.bits_per_sample = None;
        opened.params.bits_per_coded_sample = None;
    }
    let container = container(&*opened.reader);
    if let Some(rate_hz) = opened.wide_rate().filter(|_| container == "MP4") {
        opened.params.sample_rate = Some(rate_hz);
    }
    let mut info = Info {
        container,
        codec: codec_name(&opened.params),
        rate_hz: opened.params.sample_rate.unwrap_or(0),
        tags: tags(&mut *opened.reader),
        ..Info::default()
    };
    if info.codec.is_empty() {
        let codec = opened.params.codec.to_string();
        return Err(MediaError::Codec { container, codec });
    }
    let track = opened.track.clone();
    info.frames = track.num_frames;
    let (mut skip, mut end) = (opened.skip, None);
    let mut has_places = opened.counts_samples();
    match container {
        "MPEG audio" => {
            if peek::has_frame_count(&mut window.again()) {
                end = info.frames;
            } else {
                let guessed = info.frames.take().or_else(|| opened.guess(window.len()));
                info.estimated_seconds = seconds(guessed, info.rate_hz);
            }
        }
        "ADTS" => {
            let guessed = info.frames.take().or_else(|| opened.guess(window.len()));
            info.estimated_seconds = seconds(guessed, info.rate_hz);
        }
        "MP4" => {
            let smpb = peek::itunes_gaps(&mut *opened.reader);
            let edit = peek::edit_list(&mut window.again());
            let frames = track.num_frames;
            if let Some(edit) = edit.filter(|_| has_places) {
                let start = edit.start(info.rate_hz);
                skip += start as i64;
                end = edit.frames(info.rate_hz, frames.map(|it| it.saturating_sub(start)));
                info.frames = end.or(frames.map(|it| it.saturating_sub(start)));
            } else if let Some((start, frames)) = smpb.filter(|_| has_places) {
                skip += start as i64;
                end = Some(frames);
                info.frames = end;
            }
        }
        "CAF" => end = track.padding.and(info.frames),
        // Here Opus counts what stands before its sound as sound.
        "Ogg" => {
            if let Some(before) = opus::pre_skip(&opened.params) {
                skip += i64::from(before);
                info.frames = info.frames.map(|it| it.saturating_sub(before.into()));
            }
        }
        "Matroska" => {
            // Its time stamps are too coarse to tell samples by.
            has_places = false;
            skip = match opus::pre_skip(&opened.params) {
                Some(before) => before.into(),
                None => opened.samples(skip),
            };
            info.frames = None;
            let media = opened.reader.media_info();
            let time = media
                .time_base
                .zip(media.duration)
                .and_then(|(base, len)| base.calc_duration(len));
            info.estimated_seconds = time.map_or(0.0, |it| it.as_secs_f64());
        }
        _ => {}
    }
    if info.frames == Some(0) && matches!(container, "FLAC" | "MP4") {
        // The encoder did not know it when it wrote the head; an MP4 in fragments is found out by reading.
        has_places &= container == "FLAC";
        (info.frames, end) = (None, None);
    }
    let mut again = window.again();
    let params = opened.params.clone();
    let trims_itself = container != "MPEG audio";
    let links = match container {
        "Ogg" => peek::links(&mut window.again())?,
        _ => Vec::new(),
    };
    let demuxer: Box<dyn Demuxer> = if links.len() > 1 {
        let chain = Chain::open(window, links, opened)?;
        info.frames = chain.frames();
        Box::new(chain)
    } else {
        if container == "Ogg" && opened.reader.tracks().len() > 1 {
            // Its seeking does not come back where streams lie side by side.
            has_places = false;
        }
        opened.remake = Some(Box::new(move || Reading::open(window.again(), &found)));
        Box::new(opened)
    };
    let mut remarks = Vec::new();
    if repair.missing > 0 {
        let missing = repair.missing;
        remarks.push(format!(
            "the file is cut off: {missing} bytes that it speaks of are not there"
        ));
    }
    if container == "Ogg" && peek::lacks_end(&mut again)? {
        remarks.push("the file is cut off: its last page does not end the stream".into());
    }
    Ok(Stream {
        demuxer,
        remarks,
        preroll: preroll(&params),
        params,
        info,
        skip,
        end,
        has_places,
        trims_itself,
    })
}

fn seconds(frames: Option<u64>, rate_hz: u32) -> f64 {
    frames.unwrap_or(0) as f64 / f64::from(rate_hz.max(1))
}

type Remake = Box<dyn FnMut() -> std::result::Result<Reading, MediaError> + Send + 'static>;

/// One file, or one part of it, being read.
struct Reading {
    reader: Box<dyn FormatReader>,
    track: Track,
    params: AudioCodecParameters,
    /// The time stamp of the first sample.
    base: i64,
    /// Samples before time 0, which are not meant to be heard.
    skip: i64,
    /// A packet that was read to look at it.
    held: Option<Packet>,
    remake: Option<Remake>,
}

impl Reading {
    fn open<R: Read + Seek + Send + 'static>(
        window: Window<R>,
        found: &str,
    ) -> std::result::Result<Self, MediaError> {
        let stream = MediaSourceStream::new(Box::new(window), MediaSourceStreamOptions::default());
        let options = MetadataOptions::default()
            .limit_tag_bytes(Limit::Maximum(TAG_MAX))
            .limit_visual_bytes(Limit::Maximum(PICTURE_MAX));
        let probed = guarded(|| {
            let probe = symphonia::default::get_probe();
            probe.probe(&Hint::new(), stream, FormatOptions::default(), options)
        })?;
        let reader = match probed {
            Ok(reader) => reader,
            Err(Error::Unsupported("core (probe): no suitable format reader found")) => {
                let found = found.to_owned();
                return Err(MediaError::Unknown { found });
            }
            Err(Error::IoError(error)) if error.kind() != io::ErrorKind::UnexpectedEof => {
                return Err(error.into());
            }
            Err(Error::IoError(_)) => {
                return Err(MediaError::Damaged("it ends within its head".into()));
            }
            Err(error) => return Err(super::refusal(error)),
        };
        let container = container(&*reader);
        let nothing = |reason: &str| MediaError::NoSound {
            container,
            reason: reason.into(),
        };
        let track = reader.default_track(TrackType::Audio);
        let track = track.ok_or_else(|| nothing("no track of it is sound that is known; if there is some, turn it into FLAC or WAV first, as ffmpeg -i FILE FILE.flac does"))?;
        let Some(CodecParameters::Audio(params)) = &track.codec_params else {
            return Err(nothing("no track of it is sound"));
        };
        let mut it = Self {
            track: track.clone(),
            params: params.clone(),
            reader,
            base: 0,
            skip: 0,
            held: None,
            remake: None,
        };
        it.find_base();
        Ok(it)
    }

    /// Whether a tick of its time stamps is a sample.
    fn counts_samples(&self) -> bool {
        let (base, rate) = (self.track.time_base, self.params.sample_rate);
        base.zip(rate)
            .is_some_and(|(base, rate)| base.numer.get() == 1 && base.denom.get() == rate)
    }

    /// Ticks of its time stamps in samples, about.
    fn samples(&self, ticks: i64) -> i64 {
        let rate = f64::from(self.params.sample_rate.unwrap_or(0));
        let base = self.track.time_base;
        let tick = base.map_or(0.0, |it| {
            f64::from(it.numer.get()) / f64::from(it.denom.get())
        });
        (ticks as f64 * tick * rate).round() as i64
    }

    /// The rate that its time stamps count in, where it is more than the field for the rate can hold.
    fn wide_rate(&self) -> Option<u32> {
        let base = self.track.time_base?;
        let rate_hz = base.denom.get();
        (base.numer.get() == 1 && rate_hz > u32::from(u16::MAX) && rate_hz <= RATE_MAX_HZ)
            .then_some(rate_hz)
    }

    /// Samples in so many bytes, if all packets are like the first.
    fn guess(&self, bytes: u64) -> Option<u64> {
        let packet = self.held.as_ref()?;
        let len = packet.data.len().max(1) as u64;
        Some((bytes / len).saturating_mul(packet.block_dur().get()))
    }

    /// Looks at the first packet to know from where places count.
    fn find_base(&mut self) {
        for _ in 0..IDLE_MAX {
            let Ok(packet) = guarded(|| self.next_packet()) else {
                return;
            };
            match packet {
                Ok(Some(packet)) => {
                    let first = self.place(&packet);
                    self.base = first;
                    self.skip = (-first).max(0);
                    self.held = Some(packet);
                    return;
                }
                Err(Error::DecodeError(_)) => {}
                _ => return,
            }
        }
    }

    fn place(&self, packet: &Packet) -> i64 {
        let pts = packet.pts.get();
        // MPEG audio is decoded whole.
        let trim = match container(&*self.reader) {
            "MPEG audio" => 0,
            _ => packet.trim_start.get() as i64,
        };
        pts.saturating_add(trim).saturating_sub(self.base)
    }

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        loop {
            match self.reader.next_packet()? {
                Some(packet) if packet.track_id != self.track.id => {}
                packet => return Ok(packet),
            }
        }
    }
}

impl Demuxer for Reading {
    fn next_piece(&mut self) -> Result<Option<Piece>> {
        let packet = match self.held.take() {
            Some(packet) => packet,
            None => match self.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(None),
                // Another stream begins behind this one, which was not there when it was opened.
                Err(Error::ResetRequired) => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        Ok(Some(Piece {
            at: self.place(&packet),
            len: packet.block_dur().get(),
            packet,
            params: None,
        }))
    }

    fn restart(&mut self) -> std::result::Result<(), MediaError> {
        if let Some(remake) = &mut self.remake {
            let fresh = remake()?;
            self.reader = fresh.reader;
            self.held = fresh.held;
        }
        Ok(())
    }

    fn seek(&mut self, place: i64) -> Result<()> {
        if container(&*self.reader) == "FLAC" && self.restart().is_err() {
            // Sent to where a frame begins, symphonia still takes the number of its last frame for the least to come, and
            // passes over all up to it. Made anew it knows the first one only.
            return Err(Error::DecodeError("it cannot be begun anew"));
        }
        self.held = None;
        let ts = self.base.saturating_add(place.max(0));
        let to = SeekTo::Timestamp {
            ts: Timestamp::new(ts),
            track_id: self.track.id,
        };
        self.reader.seek(SeekMode::Accurate, to).map(|_| ())
    }
}

/// An Ogg stream in which several follow each other, each with a head of its own.
struct Chain<R> {
    window: Window<R>,
    links: Vec<Link>,
    /// Which is being read.
    current: usize,
    reading: Reading,
    is_new: bool,
}

impl<R: Read + Seek + Send + 'static> Chain<R> {
    /// Looks how long each link is. The first is open already.
    fn open(
        window: Window<R>,
        mut links: Vec<Link>,
        first: Reading,
    ) -> std::result::Result<Self, MediaError> {
        let mut place = 0;
        for link in &mut links {
            link.place = place;
            let opened = Reading::open(window.part(link.start, link.end), "OggS");
            link.frames = opened.ok().and_then(|it| it.track.num_frames);
            place += link.frames.unwrap_or(0) as i64;
        }
        let reading = Reading::open(window.part(links[0].start, links[0].end), "OggS");
        Ok(Self {
            window,
            links,
            current: 0,
            reading: reading.unwrap_or(first),
            is_new: false,
        })
    }

    fn frames(&self) -> Option<u64> {
        self.links.iter().map(|link| link.frames).sum()
    }

    fn enter(&mut self, link: usize) -> std::result::Result<(), MediaError> {
        let Link { start, end, .. } = self.links[link];
        let rate = self.reading.params.sample_rate;
        let reading = Reading::open(self.window.part(start, end), "OggS")?;
        if reading.params.sample_rate != rate {
            return Err(MediaError::Damaged(
                "the rate changes within the stream; the rest is not played".into(),
            ));
        }
        self.reading = reading;
        self.current = link;
        self.is_new = true;
        Ok(())
    }
}

impl<R: Read + Seek + Send + 'static> Demuxer for Chain<R> {
    fn next_piece(&mut self) -> Result<Option<Piece>> {
        loop {
            if let Some(mut piece) = self.reading.next_piece()? {
                piece.at += self.links[self.current].place;
                if std::mem::take(&mut self.is_new) {
                    piece.params = Some(self.reading.params.clone());
                }
                return Ok(Some(piece));
            }
            let next = self.current + 1;
            if next == self.links.len() {
                return Ok(None);
            }
            if self.enter(next).is_err() {
                return Err(Error::Unsupported(
                    "a stream behind the first has another rate, or cannot be read",
                ));
            }
        }
    }

    fn restart(&mut self) -> std::result::Result<(), MediaError> {
        self.enter(0)
    }

    fn seek(&mut self, place: i64) -> Result<()> {
        let place = place.max(0);
        let link = self.links.iter().rposition(|link| link.place <= place);
        let link = link.unwrap_or(0);
        if self.enter(link).is_err() {
            return Err(Error::DecodeError("a link of the stream cannot be read"));
        }
        self.reading.seek(place - self.links[link].place)
    }
}
