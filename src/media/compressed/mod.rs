//! Sound that has to be decoded: packets, from whatever container, become samples at exact places.
//!
//! ```text
//!   Demuxer ── packet, place ──▶ decoder ── block ──▶ Decoded: cut to the sound, gaps filled ──▶ read
//! ```
//!
//! The codecs and most containers are symphonia's. What is ours is the counting: where the sound begins and ends, what
//! has to be decoded before a place so that it comes out right, and what stands where a packet could not be decoded.
//! A decoder that panics ends its sound and nothing else.

mod blocks;
mod decoder;
mod demuxer;
mod names;
mod opus;
mod peek;
mod repair;

use std::collections::VecDeque;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::errors::Error;

pub(super) use blocks::open_coded_wave;
use decoder::{Block, Decoder};
use demuxer::{Piece, Stream};

use super::apple;
use super::marks::Marks;
use super::source::{Info, MediaError, Source};
use super::tags::Tags;
use super::wav::{CHANNELS_MAX, RATE_MAX_HZ};

/// Packets in a row that give nothing, after which a file is taken to be no sound or to have ended.
const IDLE_MAX: usize = 512;
/// Sound that is missing is filled with silence up to so much at once; a place further off is not believed.
const GAP_MAX_SECONDS: u64 = 60;
/// The most places of damage that are told one by one.
const REMARKS_MAX: usize = 8;

/// Runs what may panic on bytes it did not expect.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, MediaError> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| MediaError::Damaged("its decoder gave up on it".into()))
}

/// Opens anything that is no plain wave file.
pub(super) fn open<R: Read + Seek + Send + 'static>(
    mut source: R,
    head: &[u8],
) -> Result<Box<dyn Source>, MediaError> {
    let found = head[..head.len().min(16)].escape_ascii().to_string();
    let marks = Marks::read(&mut source);
    // What fails here fails again below, and is told there.
    if let Ok(Some(found)) = apple::look(&mut source, head) {
        let tags = Tags::of_apple(&mut source, head);
        return apple::open(source, found, tags, marks);
    }
    let words = Tags::of_caf(&mut source, head);
    source.seek(SeekFrom::Start(0))?;
    let stream = guarded(|| demuxer::open(source, found))??;
    let mut decoded = Decoded::new(stream)?;
    decoded.info.cues = marks.cues(&decoded.info);
    if decoded.info.tags.is_empty() {
        decoded.info.tags = words;
    }
    Ok(Box::new(decoded))
}

/// Decoded sound.
pub(super) struct Decoded {
    stream: Stream,
    decoder: Decoder,
    info: Info,
    /// Samples in front of the sound that the encoder put there.
    skip: i64,
    /// Where the sound ends for certain, though more may be decoded.
    end: Option<u64>,
    /// Decoded and not yet read, one a channel.
    ready: Vec<VecDeque<f32>>,
    /// Samples of silence before them, where something is missing.
    hollow: u64,
    /// The sample read next.
    position: u64,
    /// Where what is decoded next should begin; `None` after a jump.
    next: Option<i64>,
    is_ended: bool,
    /// It was seen when it was opened, and told.
    is_cut_off: bool,
    remarks: Vec<String>,
    told: usize,
    /// Where a damage began that is not yet told.
    damage: Option<(u64, String)>,
}

impl Decoded {
    /// Makes a decoder, and decodes until something comes: only then rate and channels are certain.
    fn new(mut stream: Stream) -> Result<Self, MediaError> {
        let decoder = Decoder::new(&stream.params, stream.trims_itself)?;
        let mut info = std::mem::take(&mut stream.info);
        if info.bits == 0 {
            (info.bits, info.is_float) = decoder.grid();
        }
        let remarks = std::mem::take(&mut stream.remarks);
        let mut it = Self {
            skip: stream.skip,
            end: stream.end,
            stream,
            decoder,
            info,
            ready: Vec::new(),
            hollow: 0,
            position: 0,
            next: None,
            is_ended: false,
            is_cut_off: !remarks.is_empty(),
            remarks,
            told: 0,
            damage: None,
        };
        it.next = Some(-it.skip);
        it.begin()?;
        Ok(it)
    }

    /// The first block tells what the sound is.
    fn begin(&mut self) -> Result<(), MediaError> {
        let mut reason = String::from("it has no packets");
        for _ in 0..IDLE_MAX {
            let piece = match guarded(|| self.stream.demuxer.next_piece())? {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(error) => {
                    reason = error.to_string();
                    if is_final(&error) {
                        break;
                    }
                    continue;
                }
            };
            let block = match self.decode(&piece)? {
                Ok(block) => block,
                Err(error) => {
                    reason = error.to_string();
                    self.damage_at(0, &reason);
                    continue;
                }
            };
            if block.planes.is_empty() {
                continue;
            }
            self.take_spec(&block)?;
            self.place(&piece, &block);
            return Ok(());
        }
        Err(MediaError::NoSound {
            container: self.info.container,
            reason,
        })
    }

    fn decode(&mut self, piece: &Piece) -> Result<Result<Block, Error>, MediaError> {
        if let Some(params) = &piece.params {
            self.decoder = Decoder::new(params, self.stream.trims_itself)?;
        }
        let decoder = &mut self.decoder;
        guarded(|| decoder.decode(&piece.packet))
    }

    fn take_spec(&mut self, block: &Block) -> Result<(), MediaError> {
        let channels = block.planes.len();
        if block.rate_hz == 0 || block.rate_hz > RATE_MAX_HZ {
            return Err(MediaError::OutOfRange {
                what: "sample rate",
                found: block.rate_hz.into(),
                wanted: "1 to 768000 Hz",
            });
        }
        if channels > usize::from(CHANNELS_MAX) {
            return Err(MediaError::OutOfRange {
                what: "number of channels",
                found: channels as u64,
                wanted: "1 to 64",
            });
        }
        self.info.channels = channels as u16;
        self.info.channel_mask = block.channel_mask;
        if block.rate_hz != self.info.rate_hz {
            // What the container says of rate and length is about something else (half rates of AAC).
            self.stream.has_places = false;
            self.info.rate_hz = block.rate_hz;
            self.info.frames = None;
            self.end = None;
        }
        self.ready = vec![VecDeque::new(); channels];
        Ok(())
    }

    /// Decodes the next packet that gives anything. False: there are none any more.
    fn advance(&mut self) -> Result<bool, MediaError> {
        for _ in 0..IDLE_MAX {
            if self
                .end
                .is_some_and(|end| self.place_behind() >= end as i64)
            {
                return Ok(false);
            }
            let demuxer = &mut self.stream.demuxer;
            let piece = match guarded(|| demuxer.next_piece())? {
                Ok(Some(piece)) => piece,
                Ok(None) => return Ok(false),
                Err(Error::IoError(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                    return Err(error.into());
                }
                Err(error) if is_final(&error) => {
                    if !self.is_cut_off && !self.has_come_to_its_end() {
                        self.say(format!("the file is cut off ({error})"));
                    }
                    return Ok(false);
                }
                Err(error) => {
                    self.damage_at(self.place_behind().max(0) as u64, &error.to_string());
                    continue;
                }
            };
            match self.decode(&piece)? {
                Ok(block) => {
                    let before = self.place_behind();
                    self.place(&piece, &block);
                    if self.place_behind() > before {
                        return Ok(true);
                    }
                }
                Err(error) => {
                    let behind = self.place_behind();
                    self.damage_at(behind.max(0) as u64, &error.to_string());
                    if !self.stream.has_places
                        && let Some(next) = &mut self.next
                    {
                        // What it would have given is not known better than by its own word.
                        *next += piece.len as i64;
                    }
                }
            }
        }
        self.say("nothing could be decoded any more".into());
        Ok(false)
    }

    /// The place behind all that was decoded.
    fn place_behind(&self) -> i64 {
        self.next.unwrap_or(i64::MIN)
    }

    fn ready_len(&self) -> u64 {
        self.hollow + self.ready.first().map_or(0, VecDeque::len) as u64
    }

    fn clear_ready(&mut self) {
        self.hollow = 0;
        self.ready.iter_mut().for_each(VecDeque::clear);
    }

    /// Whether as much was decoded as the file promised.
    fn has_come_to_its_end(&self) -> bool {
        let frames = self.info.frames;
        frames.is_some_and(|frames| self.place_behind() >= frames as i64)
    }

    /// Puts a block where it belongs: what lies before the place that is read next is dropped, what is missing is silent.
    /// Only called when nothing is ready, or with what follows that without a gap.
    fn place(&mut self, piece: &Piece, block: &Block) {
        let len = block.planes.first().map_or(0, Vec::len);
        if len == 0 {
            return;
        }
        let told = piece.at.saturating_sub(self.skip);
        let at = match self.next {
            None => told,
            Some(next) if !self.stream.has_places => next,
            Some(next) => {
                let gap = told.saturating_sub(next);
                let most = GAP_MAX_SECONDS * u64::from(self.info.rate_hz);
                let is_beyond = self.info.frames.is_some_and(|frames| told > frames as i64);
                let is_full = self.ready.first().is_some_and(|it| !it.is_empty());
                if gap > most as i64 || gap < 0 || gap > 0 && (is_full || is_beyond) {
                    // Not to be believed; and what was given once is not given again.
                    next
                } else {
                    self.silence(next, gap as u64);
                    told
                }
            }
        };
        if let Some((place, reason)) = self.damage.take() {
            self.tell_damage(place, &reason, at);
        }
        // What is ready ends where the next block begins, so that only the front is ever cut.
        let wanted = self.position.saturating_add(self.ready_len());
        let drop = (wanted as i64).saturating_sub(at).clamp(0, len as i64) as usize;
        let mut keep = len;
        if let Some(end) = self.end {
            keep = (end as i64).saturating_sub(at).clamp(0, len as i64) as usize;
        }
        for (channel, ready) in self.ready.iter_mut().enumerate() {
            match block.planes.get(channel) {
                Some(plane) => ready.extend(plane.get(drop..keep).unwrap_or_default()),
                None => ready.extend(std::iter::repeat_n(0.0, keep.saturating_sub(drop))),
            }
        }
        self.next = Some(at + len as i64);
    }

    /// Fills a gap.
    fn silence(&mut self, from: i64, len: u64) {
        let wanted = self.position.saturating_add(self.ready_len()) as i64;
        let drop = wanted.saturating_sub(from).clamp(0, len as i64) as u64;
        let until = from.saturating_add(len as i64);
        let behind = self
            .end
            .map_or(0, |end| until.saturating_sub(end as i64).max(0) as u64);
        self.hollow += (len - drop).saturating_sub(behind);
        if len > 0 && self.damage.is_none() {
            self.damage = Some((from.max(0) as u64, "something is missing".into()));
        }
    }

    fn damage_at(&mut self, place: u64, reason: &str) {
        if self.damage.is_none() {
            self.damage = Some((place, reason.to_owned()));
        }
    }

    fn tell_damage(&mut self, place: u64, reason: &str, until: i64) {
        let rate = f64::from(self.info.rate_hz.max(1));
        let seconds = place as f64 / rate;
        let lost = (until.max(0) as u64).saturating_sub(place) as f64 / rate;
        self.say(format!(
            "damaged at {seconds:.3} s: {:.0} ms are silent ({reason})",
            lost * 1000.0
        ));
    }

    fn say(&mut self, remark: String) {
        self.told += 1;
        match self.told {
            told if told <= REMARKS_MAX => self.remarks.push(remark),
            told if told == REMARKS_MAX + 1 => {
                self.remarks
                    .push("more of it is damaged; that is not told one by one".into());
            }
            _ => {}
        }
    }

    /// The end is reached: now the length is known.
    fn finish(&mut self) {
        if self.is_ended {
            return;
        }
        self.is_ended = true;
        if let Some((place, reason)) = self.damage.take() {
            let until = self.place_behind();
            self.tell_damage(place, &reason, until);
        }
        let frames = self.place_behind().max(0) as u64;
        let frames = self.end.map_or(frames, |end| end.min(frames));
        if let Some(promised) = self.info.frames
            && frames < promised
        {
            let rate = f64::from(self.info.rate_hz);
            self.say(format!(
                "it ends after {:.3} s; the file speaks of {:.3} s",
                frames as f64 / rate,
                promised as f64 / rate
            ));
        }
        if self.next.is_some() {
            self.info.frames = Some(frames);
        }
    }

    fn forget(&mut self) {
        self.clear_ready();
        self.next = None;
        self.is_ended = false;
        self.damage = None;
    }

    /// Begins anew at the first packet.
    fn restart(&mut self) -> Result<(), MediaError> {
        self.forget();
        self.position = 0;
        self.next = Some(-self.skip);
        let stream = &mut self.stream;
        guarded(|| stream.demuxer.restart())??;
        self.decoder = Decoder::new(&self.stream.params, self.stream.trims_itself)?;
        Ok(())
    }

    /// Jumps to a packet from which `frame` can be decoded. False where the container cannot.
    fn jump(&mut self, frame: u64) -> bool {
        if !self.stream.has_places {
            return false;
        }
        let target = (frame as i64 + self.skip).saturating_sub(self.stream.preroll as i64);
        let stream = &mut self.stream;
        let Ok(Ok(())) = guarded(|| stream.demuxer.seek(target)) else {
            return false;
        };
        self.forget();
        let decoder = &mut self.decoder;
        if guarded(|| decoder.reset()).is_err() {
            return false;
        }
        true
    }

    /// Drops what was decoded before `position`.
    fn pass(&mut self, frames: u64) {
        let hollow = self.hollow.min(frames);
        self.hollow -= hollow;
        for ready in &mut self.ready {
            let some = ((frames - hollow) as usize).min(ready.len());
            ready.drain(..some);
        }
        self.position += frames;
    }

    /// Drops everything before `frame`, decoding as far as it has to. False: what comes begins behind it.
    fn go_on_to(&mut self, frame: u64) -> Result<bool, MediaError> {
        self.clear_ready();
        self.position = frame;
        while self.place_behind() <= frame as i64 {
            if !self.advance()? {
                self.finish();
                self.position = self.info.frames.unwrap_or(0).min(frame);
                return Ok(self.next.is_some());
            }
        }
        let behind = self.position.saturating_add(self.ready_len());
        let place = self
            .end
            .map_or(i64::MAX, |end| end as i64)
            .min(self.place_behind());
        Ok(behind as i64 == place)
    }

    /// Decodes until `position` is ready, or the end is reached.
    fn reach(&mut self) -> Result<(), MediaError> {
        while self.ready_len() == 0 && !self.is_ended {
            if !self.advance()? {
                self.finish();
            }
        }
        Ok(())
    }
}

impl Source for Decoded {
    fn info(&self) -> &Info {
        &self.info
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn seek(&mut self, frame: u64) -> Result<(), MediaError> {
        // No file is so long, and places are also counted below zero.
        let frame = frame.min(i64::MAX as u64 / 4);
        let ahead = frame.checked_sub(self.position);
        if let Some(ahead) = ahead
            && ahead <= self.ready_len()
        {
            self.pass(ahead);
            return Ok(());
        }
        if let Some(frames) = self.info.frames
            && frame >= frames
        {
            self.forget();
            self.position = frames;
            self.is_ended = true;
            return Ok(());
        }
        // A little further on it is as cheap to go on; without places there is nothing else.
        let is_near = ahead.is_some_and(|ahead| ahead < u64::from(self.info.rate_hz));
        let goes_on = ahead.is_some() && (is_near || !self.stream.has_places) && !self.is_ended;
        if !goes_on && !self.jump(frame) {
            self.restart()?;
        }
        if !self.go_on_to(frame)? {
            // The first block after the jump began too late: from the beginning it can be had for certain.
            self.restart()?;
            self.go_on_to(frame)?;
        }
        Ok(())
    }

    fn read(&mut self, planar: &mut [&mut [f32]]) -> Result<usize, MediaError> {
        let wanted = planar.iter().map(|it| it.len()).min().unwrap_or(0);
        let mut done = 0;
        while done < wanted {
            self.reach()?;
            if self.ready_len() == 0 {
                break;
            }
            if self.hollow > 0 {
                let some = self.hollow.min((wanted - done) as u64);
                for samples in &mut *planar {
                    samples[done..done + some as usize].fill(0.0);
                }
                done += some as usize;
                self.hollow -= some;
                self.position += some;
                continue;
            }
            let some = (self.ready_len() as usize).min(wanted - done);
            for (channel, samples) in planar.iter_mut().enumerate() {
                let samples = &mut samples[done..done + some];
                match self.ready.get_mut(channel) {
                    Some(ready) => samples
                        .iter_mut()
                        .zip(ready.drain(..some))
                        .for_each(|(to, from)| *to = from),
                    None => samples.fill(0.0),
                }
            }
            done += some;
            self.position += some as u64;
        }
        Ok(done)
    }

    fn remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }
}

fn refusal(error: Error) -> MediaError {
    match error {
        Error::Unsupported(what) if what.starts_with("aac") => {
            MediaError::Unsupported("AAC with more than two channels, or with extensions (HE)")
        }
        // What it lacks, it has lost.
        Error::Unsupported(what) if !what.contains("missing") => MediaError::Unsupported(what),
        Error::Unsupported(what) => MediaError::Damaged(what.into()),
        error => MediaError::Damaged(error.to_string()),
    }
}

/// Whether nothing can come after it.
fn is_final(error: &Error) -> bool {
    !matches!(error, Error::DecodeError(_))
}

#[cfg(test)]
mod tests;
