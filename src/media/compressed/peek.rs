//! Looks at bytes for what symphonia's containers do not tell: whether an MP3 says how long it is, what an MP4 cuts off
//! its sound, where the links of a chained Ogg stream lie. Bounded reading; what is not as expected is "not known".

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use symphonia::core::formats::FormatReader;
use symphonia::core::meta::RawValue;

use crate::media::riff::read_up_to;

/// Bytes behind the tags in which the first frame of an MP3 has to begin.
const HEAD: usize = 1 << 16;
/// The most boxes that are walked in an MP4.
const BOXES_MAX: usize = 4096;
/// The most pages and links of an Ogg stream.
const PAGES_MAX: usize = 1 << 22;
const LINKS_MAX: usize = 4096;

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let end = at.checked_add(4)?;
    Some(u32::from_be_bytes(bytes.get(at..end)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let end = at.checked_add(8)?;
    Some(u64::from_be_bytes(bytes.get(at..end)?.try_into().ok()?))
}

/// Whether the first frame of MPEG audio is a table of contents that counts the frames (Xing, Info, VBRI). Without one
/// the length can only be guessed.
pub(super) fn has_frame_count<R: Read + Seek>(source: &mut R) -> bool {
    first_frame_counts(source).unwrap_or(false)
}

fn first_frame_counts<R: Read + Seek>(source: &mut R) -> io::Result<bool> {
    let mut at = 0;
    let mut head = [0; 10];
    // Tags may stand one behind the other.
    for _ in 0..16 {
        source.seek(SeekFrom::Start(at))?;
        let there = read_up_to(source, &mut head)?;
        if there < head.len() || &head[..3] != b"ID3" {
            break;
        }
        let size = head[6..]
            .iter()
            .fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
        let footer = if head[5] & 0x10 == 0 { 0 } else { 10 };
        at += 10 + size + footer;
    }
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; HEAD];
    let there = read_up_to(source, &mut bytes)?;
    let bytes = &bytes[..there];
    let is_sync = |pair: &[u8]| pair[0] == 0xff && pair[1] & 0xe0 == 0xe0;
    let Some(frame) = bytes.windows(2).position(is_sync) else {
        return Ok(false);
    };
    let frame = &bytes[frame..];
    let Some(&[_, version, _, mode]) = frame.first_chunk::<4>() else {
        return Ok(false);
    };
    let (is_first, is_mono) = (version & 0x08 != 0, mode & 0xc0 == 0xc0);
    let side = match (is_first, is_mono) {
        (true, false) => 32,
        (true, true) | (false, false) => 17,
        (false, true) => 9,
    };
    // A check sum stands before the side information where there is one.
    let places = [4 + side, 6 + side];
    let counts = places.iter().any(|at| {
        matches!(frame.get(*at..at + 4), Some(b"Xing" | b"Info"))
            && frame.get(at + 7).is_some_and(|flags| flags & 1 != 0)
    });
    Ok(counts || frame.get(36..40) == Some(b"VBRI"))
}

/// What an MP4's edit list plays of its track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Edit {
    /// Where it begins, in ticks of the track.
    media_time: u64,
    /// Ticks of the track in a second.
    media_scale: u32,
    /// How long it is, in ticks of the film; 0: to the end.
    duration: u64,
    /// Ticks of the film in a second.
    movie_scale: u32,
}

impl Edit {
    /// Samples before the sound.
    pub(super) fn start(&self, rate_hz: u32) -> u64 {
        scale(self.media_time, rate_hz, self.media_scale)
    }

    /// How many samples are heard of `there` behind its beginning. The film's ticks are often coarse: then what is there
    /// is meant, as long as it is within a tick.
    pub(super) fn frames(&self, rate_hz: u32, there: Option<u64>) -> Option<u64> {
        if self.duration == 0 {
            return there;
        }
        let told = scale(self.duration, rate_hz, self.movie_scale);
        let tick = scale(1, rate_hz, self.movie_scale).max(1);
        match there {
            Some(there) if told.abs_diff(there) <= tick || told > there => Some(there),
            _ => Some(told),
        }
    }
}

fn scale(ticks: u64, rate_hz: u32, of: u32) -> u64 {
    let of = u128::from(of.max(1));
    let scaled = (u128::from(ticks) * u128::from(rate_hz) + of / 2) / of;
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// The edit of the first track of sound, if it has one that plays it once through.
pub(super) fn edit_list<R: Read + Seek>(source: &mut R) -> Option<Edit> {
    let end = source.seek(SeekFrom::End(0)).ok()?;
    let mut budget = BOXES_MAX;
    let moov = boxes(source, 0, end, &mut budget)
        .into_iter()
        .find(|it| &it.id == b"moov")?;
    let inside = boxes(source, moov.at, moov.end, &mut budget);
    let movie = find(&inside, b"mvhd")?.read(source)?;
    let movie_scale = time_scale(&movie)?;
    for track in inside.iter().filter(|it| &it.id == b"trak") {
        let parts = boxes(source, track.at, track.end, &mut budget);
        let Some(media) = find(&parts, b"mdia") else {
            continue;
        };
        let media = boxes(source, media.at, media.end, &mut budget);
        let handler = find(&media, b"hdlr").and_then(|it| it.read(source));
        if handler.as_deref().and_then(|it| it.get(8..12)) != Some(b"soun") {
            continue;
        }
        let media_scale = time_scale(&find(&media, b"mdhd")?.read(source)?)?;
        let edits = find(&parts, b"edts")?;
        let edits = boxes(source, edits.at, edits.end, &mut budget);
        let list = find(&edits, b"elst")?.read(source)?;
        let (media_time, duration) = only_edit(&list)?;
        return Some(Edit {
            media_time,
            media_scale,
            duration,
            movie_scale,
        });
    }
    None
}

/// The one edit that plays something: where it begins and how long it is. Empty ones before it only delay it.
fn only_edit(list: &[u8]) -> Option<(u64, u64)> {
    let is_wide = *list.first()? == 1;
    let count = u32_at(list, 4)? as usize;
    let size = if is_wide { 20 } else { 12 };
    let mut found = None;
    for entry in list.get(8..)?.chunks_exact(size).take(count) {
        let (duration, time) = if is_wide {
            (u64_at(entry, 0)?, u64_at(entry, 8)? as i64)
        } else {
            (
                u32_at(entry, 0)?.into(),
                i64::from(u32_at(entry, 4)? as i32),
            )
        };
        let Ok(time) = u64::try_from(time) else {
            continue;
        };
        if found.replace((time, duration)).is_some() {
            return None;
        }
    }
    found
}

fn time_scale(head: &[u8]) -> Option<u32> {
    let at = if *head.first()? == 1 { 20 } else { 12 };
    u32_at(head, at).filter(|scale| *scale > 0)
}

struct Place {
    id: [u8; 4],
    at: u64,
    end: u64,
}

impl Place {
    fn read<R: Read + Seek>(&self, source: &mut R) -> Option<Vec<u8>> {
        source.seek(SeekFrom::Start(self.at)).ok()?;
        let mut bytes = Vec::new();
        let most = (self.end - self.at).min(4096);
        source.take(most).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }
}

fn find<'a>(boxes: &'a [Place], id: &[u8; 4]) -> Option<&'a Place> {
    boxes.iter().find(|it| &it.id == id)
}

fn boxes<R: Read + Seek>(source: &mut R, mut at: u64, end: u64, budget: &mut usize) -> Vec<Place> {
    let mut found = Vec::new();
    while *budget > 0 && at.saturating_add(8) <= end {
        *budget -= 1;
        let mut head = [0; 16];
        if source.seek(SeekFrom::Start(at)).is_err() {
            break;
        }
        let there = read_up_to(source, &mut head).unwrap_or(0);
        let (Some(size), Some(id)) = (u32_at(&head[..there], 0), head[..there].get(4..8)) else {
            break;
        };
        let (size, skip) = match size {
            0 => (end - at, 8),
            1 => (u64_at(&head[..there], 8).unwrap_or(0), 16),
            size => (u64::from(size), 8),
        };
        if size < skip {
            break;
        }
        let stop = at.saturating_add(size).min(end);
        found.push(Place {
            id: id.try_into().unwrap_or_default(),
            at: (at + skip).min(stop),
            end: stop,
        });
        at = stop;
    }
    found
}

/// Samples in front and samples of sound, as iTunes writes them into a comment.
pub(super) fn itunes_gaps(reader: &mut dyn FormatReader) -> Option<(u64, u64)> {
    let metadata = reader.metadata();
    let tags = &metadata.current()?.media.tags;
    let tag = tags.iter().find(|tag| tag.raw.key.ends_with("iTunSMPB"))?;
    let RawValue::String(words) = &tag.raw.value else {
        return None;
    };
    let mut numbers = words
        .split_whitespace()
        .map(|word| u64::from_str_radix(word, 16).ok());
    let start = numbers.nth(1)??;
    let frames = numbers.nth(1)??;
    (frames > 0).then_some((start, frames))
}

/// One of the streams that follow each other in an Ogg file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// Its first byte.
    pub(super) start: u64,
    /// The byte behind it.
    pub(super) end: u64,
    /// The place of its first sample; found when it is opened.
    pub(super) place: i64,
    /// Its samples, if they are known.
    pub(super) frames: Option<u64>,
}

/// The links of an Ogg file; fewer than two where all its pages belong to the streams that begin it. Only a file whose
/// last page belongs to another stream is walked through.
pub(super) fn links<R: Read + Seek>(source: &mut R) -> io::Result<Vec<Link>> {
    let end = source.seek(SeekFrom::End(0))?;
    let mut first = Vec::new();
    let mut at = 0;
    while let Some(page) = page_at(source, at)? {
        if !page.begins || first.len() > 64 {
            break;
        }
        first.push(page.serial);
        at += page.len;
    }
    let last = match last_page_at(source)? {
        Some(at) => page_at(source, at)?,
        None => None,
    };
    if last.is_none_or(|page| first.contains(&page.serial)) {
        return Ok(Vec::new());
    }
    let mut source = BufReader::with_capacity(1 << 16, source);
    source.seek(SeekFrom::Start(0))?;
    let mut links: Vec<Link> = Vec::new();
    let (mut at, mut was_begin) = (0, false);
    for _ in 0..PAGES_MAX {
        let Some(page) = read_page(&mut source)? else {
            break;
        };
        if page.begins && !was_begin {
            if let Some(link) = links.last_mut() {
                link.end = at;
            }
            if links.len() == LINKS_MAX {
                return Ok(links);
            }
            links.push(Link {
                start: at,
                end,
                place: 0,
                frames: None,
            });
        }
        was_begin = page.begins;
        at += page.len;
        source.seek_relative(page.body as i64)?;
    }
    Ok(links)
}

/// Whether an Ogg file is cut off: its last page is not whole, or does not say that its stream ends.
pub(super) fn lacks_end<R: Read + Seek>(source: &mut R) -> io::Result<bool> {
    let end = source.seek(SeekFrom::End(0))?;
    let Some(at) = last_page_at(source)? else {
        return Ok(false);
    };
    let last = page_at(source, at)?;
    Ok(last.is_none_or(|page| !page.ends || at + page.len > end))
}

/// Where the last page of an Ogg file begins, if it is not whole.
pub(super) fn half_page<R: Read + Seek>(source: &mut R) -> io::Result<Option<u64>> {
    let end = source.seek(SeekFrom::End(0))?;
    let Some(at) = last_page_at(source)? else {
        return Ok(None);
    };
    let last = page_at(source, at)?;
    let is_whole = last.is_some_and(|page| at + page.len <= end);
    Ok((!is_whole && at > 0).then_some(at))
}

/// Where the last page of an Ogg file begins.
fn last_page_at<R: Read + Seek>(source: &mut R) -> io::Result<Option<u64>> {
    let end = source.seek(SeekFrom::End(0))?;
    // A page has at most 65 307 bytes.
    let from = end.saturating_sub(66_000);
    source.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    source.take(66_000).read_to_end(&mut tail)?;
    let last = tail.windows(4).rposition(|it| it == b"OggS");
    Ok(last.map(|at| from + at as u64))
}

struct Page {
    serial: u32,
    begins: bool,
    ends: bool,
    /// Bytes of all of it.
    len: u64,
    /// Bytes behind its head.
    body: u64,
}

fn page_at<R: Read + Seek>(source: &mut R, at: u64) -> io::Result<Option<Page>> {
    source.seek(SeekFrom::Start(at))?;
    read_page(source)
}

fn read_page<R: Read>(source: &mut R) -> io::Result<Option<Page>> {
    let mut head = [0; 27];
    if read_up_to(source, &mut head)? < head.len() || &head[..4] != b"OggS" {
        return Ok(None);
    }
    let mut sizes = vec![0; usize::from(head[26])];
    if read_up_to(source, &mut sizes)? < sizes.len() {
        return Ok(None);
    }
    let body = sizes.iter().map(|size| u64::from(*size)).sum::<u64>();
    let [_, _, _, _, _, flags, ..] = head;
    Ok(Some(Page {
        serial: u32::from_le_bytes([head[14], head[15], head[16], head[17]]),
        begins: flags & 2 != 0,
        ends: flags & 4 != 0,
        len: 27 + sizes.len() as u64 + body,
        body,
    }))
}
