//! Kernel Streaming's structures as bytes: little-endian, aligned as C aligns them on 64 bits.
//!
//! `FormatSize` is the size of the C structure, tail padding included: 64 bare, 88 audio range or WAVEFORMATEX, 96 music
//! range, 104 extensible. Reading takes structures without the padding as well. Attributes follow their range behind a
//! list head of their own and are not part of `FormatSize` (FMT-1, FMT-6). A DirectSound format has its eight bytes of
//! control before the wave format (AUD-4): 96 plain, 112 extensible.

use std::borrow::Cow;

use crate::ks::framing::require;
use crate::ks::ids::{Guid, major, specifier};
use crate::ks::{
    Attribute, AudioFormat, AudioLimits, DataFormat, DataRange, Framing, Interface, Limits, Medium,
    MusicLimits, SizeRange, usual_speakers,
};

/// Size of a format or range without anything behind it.
pub const HEADER: usize = 64;
/// Size of the head of a request: set, id, flags.
pub const REQUEST: usize = 24;
/// Size of a request that names a pin or a node.
pub const INSTANCE: usize = 32;
/// Size of a connect request before its format.
pub const CONNECT: usize = 72;

const ATTRIBUTES: u32 = 2;
const REQUIRED_ATTRIBUTES: u32 = 4;
const ATTRIBUTE_REQUIRED: u32 = 1;
const AUDIO_RANGE: usize = 84;
const MUSIC_RANGE: usize = 92;
/// A wave format without padding.
const WAVE: usize = 18;
/// Flags and control of a DirectSound buffer.
const DSOUND: usize = 8;
const TAG_EXTENSIBLE: u16 = 0xFFFE;
const TAG_PCM: u16 = 1;

/// A guid in memory: three little-endian numbers, then eight bytes.
pub fn guid_bytes(guid: Guid) -> [u8; 16] {
    guid.to_bytes()
}

/// Reads numbers from front to back; `None` past the end.
#[derive(Clone, Copy)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// Sixteen bytes.
    pub fn guid(&mut self) -> Option<Guid> {
        Some(Guid::from_bytes(self.take(16)?.try_into().ok()?))
    }
}

/// Writes numbers from front to back.
#[derive(Clone, Default, Debug)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    /// Four bytes.
    pub fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Two bytes.
    pub fn u16(mut self, value: u16) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Eight bytes.
    pub fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Sixteen bytes.
    pub fn guid(mut self, value: Guid) -> Self {
        self.0.extend(guid_bytes(value));
        self
    }

    /// Zeros up to a multiple of eight.
    pub fn padded(mut self) -> Self {
        self.0.resize(self.0.len().next_multiple_of(8), 0);
        self
    }
}

/// Text in UTF-16 with its end.
pub fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16()
        .chain([0])
        .flat_map(u16::to_le_bytes)
        .collect()
}

/// A list behind `{Size, Count}`, each item on an 8-byte boundary (PIN-4).
pub fn list<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> Vec<u8> {
    let (mut body, mut count) = (vec![], 0_u32);
    for item in items {
        body.resize(body.len().next_multiple_of(8), 0);
        body.extend_from_slice(item.as_ref());
        count += 1;
    }
    let mut whole = Writer::default().u32(8 + body.len() as u32).u32(count).0;
    whole.extend(body);
    whole
}

fn identifier(set: Guid, id: u32) -> Vec<u8> {
    Writer::default().guid(set).u32(id).u32(0).0
}

/// A medium, 24 bytes.
pub fn medium(medium: Medium) -> Vec<u8> {
    identifier(medium.set, medium.id)
}

/// An interface, 24 bytes.
pub fn interface(interface: Interface) -> Vec<u8> {
    identifier(interface.set, interface.id)
}

/// A framing without items, 24 bytes: what its first item says, as far as it can be said (7.1).
pub fn framing(framing: &Framing) -> Vec<u8> {
    let item = framing.items.first().copied().unwrap_or_default();
    Writer::default()
        .u32(item.flags & require::BASIC)
        .u32(0)
        .u32(item.frames)
        .u32(item.size.min)
        .u32(item.alignment)
        .u32(0)
        .0
}

/// A framing with its items: 24 bytes and 88 for each (7.3).
pub fn framing_ex(framing: &Framing) -> Vec<u8> {
    let compression = framing.compression;
    let head = Writer::default()
        .u32(framing.items.len() as u32)
        .u32(0)
        .u32(compression.numerator)
        .u32(compression.denominator)
        .u32(compression.margin)
        .u32(framing.weight);
    let sizes = |writer: Writer, size: SizeRange| {
        writer.u32(size.min).u32(size.max).u32(size.stepping.max(1))
    };
    let items = framing.items.iter().fold(head, |writer, item| {
        let item_head = writer
            .guid(item.memory)
            .guid(Guid::WILDCARD)
            .u32(0)
            .u32(0)
            .u32(item.flags)
            .u32(item.frames)
            .u32(item.alignment)
            .u32(item.weight);
        // The physical range is that of the memory, which knows no limits; weights in place are not supported (AFX-4).
        sizes(sizes(item_head, SizeRange::ANY), item.size)
            .u32(0)
            .u32(0)
    });
    items.0
}

fn attribute_list(attributes: &[Attribute]) -> Vec<u8> {
    list(attributes.iter().map(|attribute| {
        let flags = if attribute.required {
            ATTRIBUTE_REQUIRED
        } else {
            0
        };
        Writer::default().u32(24).u32(flags).guid(attribute.id).0
    }))
}

/// Sets `FormatSize`, then puts the attributes behind.
fn finish(structure: Writer, attributes: &[Attribute]) -> Vec<u8> {
    let mut bytes = structure.padded().0;
    let size = bytes.len() as u32;
    bytes[..4].copy_from_slice(&size.to_le_bytes());
    if !attributes.is_empty() {
        bytes.extend(attribute_list(attributes));
    }
    bytes
}

/// A range with what follows it.
pub fn range(range: &DataRange) -> Vec<u8> {
    let has = !range.attributes.is_empty();
    let requires = range.attributes.iter().any(|attribute| attribute.required);
    let flags = u32::from(has) * ATTRIBUTES + u32::from(requires) * REQUIRED_ATTRIBUTES;
    let header = Writer::default()
        .u32(0)
        .u32(flags)
        .u32(range.sample_size)
        .u32(0)
        .guid(range.major)
        .guid(range.sub)
        .guid(range.specifier);
    let whole = match &range.limits {
        Limits::None => header,
        Limits::Audio(limits) => header
            .u32(limits.max_channels)
            .u32(limits.min_bits)
            .u32(limits.max_bits)
            .u32(limits.min_rate_hz)
            .u32(limits.max_rate_hz),
        Limits::Music(limits) => header
            .guid(limits.technology)
            .u32(limits.channels)
            .u32(limits.notes)
            .u32(limits.channel_mask),
    };
    finish(whole, &range.attributes)
}

/// A format with what follows it. More than two channels or 16 bits take the extensible form (AUD-5).
pub fn format(format: &DataFormat) -> Vec<u8> {
    let flags = if format.attributes.is_empty() {
        0
    } else {
        ATTRIBUTES
    };
    let header = Writer::default()
        .u32(0)
        .u32(flags)
        .u32(format.sample_size())
        .u32(0)
        .guid(format.major)
        .guid(format.sub)
        .guid(format.specifier);
    let header = match format.specifier {
        specifier::DSOUND if format.audio.is_some() => header.u32(0).u32(0),
        _ => header,
    };
    let whole = match format.audio {
        Some(audio) => wave(header, format, audio),
        None => header,
    };
    finish(whole, &format.attributes)
}

/// The tag of a coding: what stands in front of the family's common tail, or the extensible one.
fn tag_of(coding: Guid) -> u16 {
    const TAIL: u128 = 0x0000_0010_8000_00AA_0038_9B71;
    match coding.0 >> 96 {
        tag if coding.0 & (u128::MAX >> 32) == TAIL && tag < 0xFFFF => tag as u16,
        _ => TAG_EXTENSIBLE,
    }
}

fn wave(header: Writer, format: &DataFormat, audio: AudioFormat) -> Writer {
    let tag = tag_of(format.sub);
    let is_extensible = audio.channels > 2 || audio.bits > 16 || tag == TAG_EXTENSIBLE;
    let container = audio.bits.div_ceil(8).saturating_mul(8);
    let align = format.sample_size();
    let plain = header
        .u16(if is_extensible { TAG_EXTENSIBLE } else { tag })
        .u16(audio.channels as u16)
        .u32(audio.rate_hz)
        .u32(audio.rate_hz.saturating_mul(align))
        .u16(align as u16)
        .u16(if is_extensible { container } else { audio.bits } as u16)
        .u16(if is_extensible { 22 } else { 0 });
    if !is_extensible {
        return plain;
    }
    let mask = usual_speakers(audio.channels);
    plain.u16(audio.bits as u16).u32(mask).guid(format.sub)
}

/// The head of a format or range.
struct Header {
    size: usize,
    flags: u32,
    sample_size: u32,
    ids: [Guid; 3],
}

fn header(bytes: &[u8]) -> Option<Header> {
    let mut reader = Reader(bytes);
    let size = reader.u32()? as usize;
    let flags = reader.u32()?;
    let sample_size = reader.u32()?;
    reader.u32()?;
    let ids = [reader.guid()?, reader.guid()?, reader.guid()?];
    Some(Header {
        size,
        flags,
        sample_size,
        ids,
    })
}

/// The attributes behind a structure of `size` bytes, and how many bytes they take.
fn attributes(bytes: &[u8], size: usize) -> Option<(Vec<Attribute>, usize)> {
    let behind = bytes.get(size.next_multiple_of(8)..)?;
    let mut reader = Reader(behind);
    let (length, count) = (reader.u32()? as usize, reader.u32()?);
    if length < 8 || length > behind.len() || count as usize > behind.len() / 24 {
        return None;
    }
    let mut found = vec![];
    let mut rest = behind.get(8..length)?;
    for _ in 0..count {
        let mut reader = Reader(rest);
        let item = reader.u32()? as usize;
        let flags = reader.u32()?;
        let id = reader.guid()?;
        // What an attribute carries behind its id is not looked at.
        if item < 24 || item > rest.len() {
            return None;
        }
        let required = flags & ATTRIBUTE_REQUIRED != 0;
        found.push(Attribute { id, required });
        rest = rest.get(item.next_multiple_of(8)..).unwrap_or(&[]);
    }
    Some((found, length))
}

/// Reads one range at the front of `bytes`; also how far the next one is away.
///
/// The outer `None` says that the bytes end too soon; the inner that this range is invalid and stands for nothing
/// (DIX-4).
pub fn read_range(bytes: &[u8]) -> Option<(Option<DataRange>, usize)> {
    let head = header(bytes)?;
    if head.size < HEADER {
        return Some((None, HEADER));
    }
    if head.size > bytes.len() {
        return None;
    }
    let mut step = head.size.next_multiple_of(8);
    let mut list = vec![];
    if head.flags & ATTRIBUTES != 0 {
        let (found, length) = attributes(bytes, head.size)?;
        list = found;
        step += length.next_multiple_of(8);
    }
    let [major_id, sub_id, specifier_id] = head.ids;
    let mut tail = Reader(bytes.get(HEADER..)?);
    let limits = match () {
        () if major_id == major::MUSIC && head.size >= MUSIC_RANGE => Limits::Music(MusicLimits {
            technology: tail.guid()?,
            channels: tail.u32()?,
            notes: tail.u32()?,
            channel_mask: tail.u32()?,
        }),
        // What stands behind a specifier that is not known, or behind a wildcard, means nothing here (DIX-21).
        () if has_wave(specifier_id) && head.size >= AUDIO_RANGE => Limits::Audio(AudioLimits {
            min_channels: 1,
            // One channel at least: two ranges of sound always overlap in channels (AUD-1).
            max_channels: tail.u32()?.max(1),
            min_bits: tail.u32()?,
            max_bits: tail.u32()?,
            min_rate_hz: tail.u32()?,
            max_rate_hz: tail.u32()?,
        }),
        () => Limits::None,
    };
    let range = DataRange {
        major: major_id,
        sub: sub_id,
        specifier: specifier_id,
        sample_size: head.sample_size,
        attributes: Cow::Owned(list),
        limits,
    };
    Some((Some(range), step))
}

/// Reads `{Size, Count}` and its ranges; an invalid range stands as `None`. Nothing when the list is empty or ends too
/// soon (DIX-4).
pub fn read_ranges(bytes: &[u8]) -> Option<Vec<Option<DataRange>>> {
    let mut reader = Reader(bytes);
    let (size, count) = (reader.u32()? as usize, reader.u32()?);
    let mut rest = bytes.get(8..size)?;
    if count == 0 || count as usize > rest.len() / HEADER {
        return None;
    }
    let mut found = vec![];
    for _ in 0..count {
        let (range, step) = read_range(rest)?;
        found.push(range);
        rest = rest.get(step.min(rest.len())..)?;
    }
    Some(found)
}

/// The numbers of a wave format; nothing where it contradicts itself: an extension that does not fit, another coding than
/// the head says, more valid bits than there is room for.
fn wave_in(bytes: &[u8], coding: Guid) -> Option<AudioFormat> {
    const EXTRA: u16 = 22;
    let mut tail = Reader(bytes);
    let tag = tail.u16()?;
    let channels = u32::from(tail.u16()?);
    let rate_hz = tail.u32()?;
    tail.u32()?;
    tail.u16()?;
    let container = u32::from(tail.u16()?);
    // Plain PCM has no extension, and says nothing by that number.
    let extra = match tail.u16()? {
        _ if tag == TAG_PCM => 0,
        extra => extra,
    };
    if usize::from(extra) > bytes.len() - WAVE {
        return None;
    }
    let said = tag_of(coding);
    let mut bits = container;
    if tag == TAG_EXTENSIBLE {
        if extra < EXTRA {
            return None;
        }
        let valid = u32::from(tail.u16()?);
        tail.u32()?;
        if tail.guid()? != coding || valid > container {
            return None;
        }
        bits = if valid == 0 { container } else { valid };
    } else if said != TAG_EXTENSIBLE && said != tag {
        return None;
    }
    Some(AudioFormat {
        channels,
        bits,
        rate_hz,
    })
}

/// Reads a format: its ids always, the numbers of sound where a wave format follows.
pub fn read_format(bytes: &[u8]) -> Option<DataFormat> {
    let head = header(bytes)?;
    if head.size < HEADER || head.size > bytes.len() {
        return None;
    }
    let [major_id, sub_id, specifier_id] = head.ids;
    let mut list = vec![];
    if head.flags & ATTRIBUTES != 0 {
        list = attributes(bytes, head.size)?.0;
    }
    let before = match specifier_id {
        specifier::DSOUND => HEADER + DSOUND,
        _ => HEADER,
    };
    let audio = match has_wave(specifier_id) && head.size >= before + WAVE {
        true => wave_in(bytes.get(before..head.size)?, sub_id),
        false => None,
    };
    Some(DataFormat {
        major: major_id,
        sub: sub_id,
        specifier: specifier_id,
        attributes: list,
        audio,
    })
}

/// Whether limits of sound stand behind a range of this specifier, and a wave format behind a format.
pub fn has_wave(id: Guid) -> bool {
    id == specifier::WAVEFORMATEX || id == specifier::DSOUND
}

/// A format has no wildcards (FMT-5).
pub fn is_concrete(format: &DataFormat) -> bool {
    let ids = [format.major, format.sub, format.specifier];
    !ids.iter().any(|id| id.is_wildcard())
}
