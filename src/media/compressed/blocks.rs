//! Sound in wave files that is coded in blocks of one size (ADPCM), and whole streams in wave files (MP3, AAC).
//!
//! A block decodes by itself, so every place can be reached at once. The last one may be cut off: then it gives what its
//! bytes hold. How long the sound is says the `fact` chunk, if it is shorter than the blocks.

use std::io::{Read, Seek, SeekFrom};

use symphonia::core::audio::layouts::{CHANNEL_LAYOUT_MONO, CHANNEL_LAYOUT_STEREO};
use symphonia::core::codecs::audio::{AudioCodecParameters, well_known as codec};
use symphonia::core::errors::Result;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use super::demuxer::{Demuxer, Piece, Stream, Window};
use super::{Decoded, demuxer, guarded};
use crate::media::riff::read_up_to;
use crate::media::source::{Info, MediaError, Source};
use crate::media::tags::Tags;
use crate::media::wav::Coded;

/// `WAVE_FORMAT_ADPCM`, Microsoft's.
const TAG_MS: u16 = 2;
/// `WAVE_FORMAT_DVI_ADPCM`: IMA's.
const TAG_IMA: u16 = 0x11;
/// `WAVE_FORMAT_MPEG` and `WAVE_FORMAT_MPEGLAYER3`.
const TAG_MPEG: [u16; 2] = [0x50, 0x55];
/// AAC with heads of its own.
const TAG_ADTS: [u16; 2] = [0xff, 0x1600];
/// Samples of a packet, about.
const PACKET: u64 = 1024;

/// Opens the coded samples of a wave file.
pub(in crate::media) fn open_coded_wave<R: Read + Seek + Send + 'static>(
    source: R,
    coded: Coded,
    container: &'static str,
    tags: Tags,
) -> std::result::Result<Box<dyn Source>, MediaError> {
    let window = Window::whole(source)?.part(coded.data_offset, coded.data_offset + coded.data_len);
    let is_stream = TAG_MPEG.contains(&coded.tag) || TAG_ADTS.contains(&coded.tag);
    let mut stream = if is_stream {
        guarded(|| demuxer::open_window(window, String::new()))?.map_err(|error| match error {
            MediaError::Unknown { .. } => MediaError::NoSound {
                container,
                reason: "there is no frame of its codec in it".into(),
            },
            error => error,
        })?
    } else {
        open_blocks(window, &coded, container)?
    };
    stream.info.container = container;
    if !tags.is_empty() {
        stream.info.tags = tags;
    }
    let mut decoded = Decoded::new(stream)?;
    decoded.info.loops = coded.loops(decoded.info.frames.unwrap_or(u64::MAX));
    Ok(Box::new(decoded))
}

fn open_blocks<R: Read + Seek + Send + 'static>(
    window: Window<R>,
    coded: &Coded,
    container: &'static str,
) -> std::result::Result<Stream, MediaError> {
    let refused = || MediaError::Codec {
        container,
        codec: format!("format 0x{:04x}", coded.tag),
    };
    let channels = u64::from(coded.channels);
    let block = u64::from(coded.block);
    // What a block begins with, for each channel, and the samples in that.
    let (id, name, head, first) = match coded.tag {
        TAG_MS => (codec::CODEC_ID_ADPCM_MS, "MS ADPCM", 7, 2),
        TAG_IMA => (codec::CODEC_ID_ADPCM_IMA_WAV, "IMA ADPCM", 4, 1),
        _ => return Err(refused()),
    };
    let wrong = |what, found, wanted| MediaError::OutOfRange {
        what,
        found,
        wanted,
    };
    if !(1..=2).contains(&channels) {
        return Err(wrong("number of channels of ADPCM", channels, "1 or 2"));
    }
    let room = block.checked_sub(head * channels);
    let Some(room) = room.filter(|_| coded.bits == 4) else {
        let (what, found) = ("size of a block of ADPCM", block);
        return Err(wrong(
            what,
            found,
            "more than its head, with 4 bits a sample",
        ));
    };
    let frames_per_block = room * 2 / channels + first;
    // Two channels of IMA lie side by side in words of eight samples.
    if id == codec::CODEC_ID_ADPCM_IMA_WAV && room % (4 * channels) != 0 {
        return Err(wrong(
            "size of a block of ADPCM",
            block,
            "a whole number of words",
        ));
    }
    let len = window.len();
    let whole = len / block * frames_per_block;
    let rest = (len % block).checked_sub(head * channels);
    let rest = rest.map_or(0, |rest| rest * 2 / channels + first);
    let there = whole + rest;
    let mut remarks = Vec::new();
    let missing = coded.missing;
    match coded.fact {
        _ if missing > 0 => remarks.push(format!(
            "the file is cut off: {missing} bytes of sound that it speaks of are not there, so it ends after {there} samples"
        )),
        Some(fact) if fact > there => remarks.push(format!(
            "the file is cut off: it ends after {there} samples of {fact}"
        )),
        _ => {}
    }
    let frames = coded.fact.filter(|fact| *fact > 0 && *fact < there);
    let frames = frames.unwrap_or(there);
    let per_packet = (PACKET / frames_per_block).max(1);
    let mut params = AudioCodecParameters::new();
    params
        .for_codec(id)
        .with_sample_rate(coded.rate_hz)
        .with_channels(if channels == 1 {
            CHANNEL_LAYOUT_MONO
        } else {
            CHANNEL_LAYOUT_STEREO
        })
        .with_max_frames_per_packet(per_packet * frames_per_block)
        .with_frames_per_block(frames_per_block);
    let info = Info {
        container,
        codec: name,
        rate_hz: coded.rate_hz,
        bits: 16,
        frames: Some(frames),
        ..Info::default()
    };
    Ok(Stream {
        demuxer: Box::new(Blocks {
            window,
            block,
            frames_per_block,
            per_packet,
            at: 0,
        }),
        params,
        info,
        skip: 0,
        end: Some(frames),
        preroll: 0,
        has_places: true,
        trims_itself: false,
        remarks,
    })
}

struct Blocks<R> {
    window: Window<R>,
    block: u64,
    frames_per_block: u64,
    /// Blocks in a packet.
    per_packet: u64,
    /// The block that is read next.
    at: u64,
}

impl<R: Read + Seek + Send> Demuxer for Blocks<R> {
    fn next_piece(&mut self) -> Result<Option<Piece>> {
        let from = self.at * self.block;
        let left = self.window.len().saturating_sub(from);
        let blocks = left.div_ceil(self.block).min(self.per_packet);
        let mut data = vec![0; (blocks * self.block) as usize];
        self.window.seek(SeekFrom::Start(from))?;
        let there = read_up_to(&mut self.window, &mut data)?;
        if there == 0 {
            return Ok(None);
        }
        let len = blocks * self.frames_per_block;
        let at = (self.at * self.frames_per_block) as i64;
        self.at += blocks;
        Ok(Some(Piece {
            packet: Packet::new(0, Timestamp::new(at), Duration::new(len), data),
            at,
            len,
            params: None,
        }))
    }

    fn restart(&mut self) -> std::result::Result<(), MediaError> {
        self.at = 0;
        Ok(())
    }

    fn seek(&mut self, place: i64) -> Result<()> {
        self.at = place.max(0) as u64 / self.frames_per_block;
        Ok(())
    }
}
