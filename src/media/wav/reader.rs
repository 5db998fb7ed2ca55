//! Reading wave files: WAV, RF64, RIFX; PCM of 1 to 32 bits, float of 32 and 64 bits, A-law and u-law.
//!
//! Lenient: chunks in any order, `fmt ` with bytes too many, a data size of 0, 2^32-1 or more than there is, missing
//! pad bytes, a wrong RIFF size, a wrong block align. A file cut short gives what is there.

use std::io::{Read, Seek, SeekFrom};

use super::super::riff::{self, ChunkAt, Order, ROOT_LEN, Root, Walker};
use super::super::tags::Tags;
use super::cues::cues;
use super::{
    AMBISONIC_TAIL, GUID_TAIL, Loop, LoopKind, TAG_A_LAW, TAG_EXTENSIBLE, TAG_FLOAT, TAG_MU_LAW,
    TAG_PCM, WavError, WavInfo, check_rate_and_channels, usual_mask,
};

/// Bytes read from the source at once.
const BUFFER: u64 = 1 << 16;
/// The most loops that are read.
const LOOPS_MAX: usize = 1024;

/// Reads the samples of one wave file.
#[derive(Debug)]
pub struct WavReader<R> {
    source: R,
    info: WavInfo,
    layout: Layout,
    position: u64,
    /// Whether the source stands where `position` says.
    placed: bool,
    buffer: Vec<u8>,
    non_finite: u64,
    keeps_non_finite: bool,
}

/// How one sample lies in the file.
#[derive(Clone, Copy, Debug)]
struct Layout {
    order: Order,
    float: bool,
    law: Option<Law>,
    /// Bytes of one sample of one channel.
    bytes: usize,
    /// Bytes of one sample of all channels.
    block: usize,
}

/// The format chunk, understood.
struct Format {
    rate_hz: u32,
    channels: u16,
    channel_mask: u32,
    bits: u16,
    float: bool,
    law: Option<Law>,
    /// Bytes of one sample of one channel.
    bytes: usize,
}

/// How a byte of telephone sound stands for a sample of 16 bits (G.711).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Law {
    A,
    Mu,
}

impl Law {
    fn sample(self, byte: u8) -> i16 {
        match self {
            Self::A => {
                let byte = byte ^ 0x55;
                let (step, place) = (i16::from(byte >> 4 & 7), i16::from(byte & 15));
                let size = match step {
                    0 => (place << 4) + 8,
                    _ => ((place << 4) + 0x108) << (step - 1),
                };
                if byte & 0x80 == 0 { -size } else { size }
            }
            Self::Mu => {
                let byte = !byte;
                let (step, place) = (byte >> 4 & 7, i16::from(byte & 15));
                let size = (((place << 3) + 0x84) << step) - 0x84;
                if byte & 0x80 == 0 { size } else { -size }
            }
        }
    }
}

/// A wave file that was looked at.
pub(super) enum Looked<R> {
    /// Its samples are plain.
    Plain(Box<WavReader<R>>, (Root, Tags)),
    /// Its samples are coded.
    Coded(R, Coded, Root, Tags),
}

/// What a wave file says of samples that it holds in another code.
#[derive(Debug)]
pub(in crate::media) struct Coded {
    /// Which code.
    pub(in crate::media) tag: u16,
    pub(in crate::media) channels: u16,
    pub(in crate::media) rate_hz: u32,
    /// Bytes of a block.
    pub(in crate::media) block: u16,
    /// Bits of a sample.
    pub(in crate::media) bits: u16,
    /// Where the format chunk begins.
    format_offset: u64,
    /// Where the samples begin in the file.
    pub(in crate::media) data_offset: u64,
    /// Bytes of them.
    pub(in crate::media) data_len: u64,
    /// Bytes of them that the file speaks of and that are not there.
    pub(in crate::media) missing: u64,
    /// Samples a channel, as its `fact` chunk says.
    pub(in crate::media) fact: Option<u64>,
    /// The `smpl` chunk.
    sampler: (Vec<u8>, Order),
}

impl Coded {
    /// Its loops, of so many samples.
    pub(in crate::media) fn loops(&self, frames: u64) -> Vec<Loop> {
        let (data, order) = &self.sampler;
        parse_loops(data, *order, frames)
    }
}

impl<R: Read + Seek> WavReader<R> {
    /// Reads everything but the samples.
    pub fn open(source: R) -> Result<Self, WavError> {
        match Self::look(source)? {
            Looked::Plain(reader, _) => Ok(*reader),
            Looked::Coded(_, coded, ..) => Err(WavError::Encoding {
                offset: coded.format_offset,
                tag: coded.tag,
            }),
        }
    }

    /// The same, also of files whose samples others decode.
    pub(super) fn look(mut source: R) -> Result<Looked<R>, WavError> {
        let end = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        let mut head = [0; ROOT_LEN];
        let there = riff::read_up_to(&mut source, &mut head)?;
        let root = Root::parse(&head[..there])?;
        if &root.form != b"WAVE" {
            return Err(WavError::NotWave { found: root.form });
        }
        // The size in the root is often wrong and never needed: chunks are walked to the end of the file.
        let chunks = Walker::new(root.order, ROOT_LEN as u64, end).collect(&mut source)?;
        let find = |id: [u8; 4]| {
            let found = chunks.iter().find(|chunk| chunk.id == id);
            found.copied().ok_or(WavError::Missing { wanted: id })
        };
        let format_chunk = find(*b"fmt ")?;
        let data = find(*b"data")?;
        let (data_len, missing_bytes) = data_len(&data, &chunks, end);
        let sampler = match find(*b"smpl") {
            Ok(chunk) => chunk.read(&mut source, 36 + 24 * LOOPS_MAX as u64)?,
            Err(_) => Vec::new(),
        };
        let tags = Tags::of_wave(&mut source, &chunks, root.order);
        let format_bytes = format_chunk.read(&mut source, 64)?;
        let format = match Format::parse(&format_chunk, &format_bytes, root.order) {
            Ok(format) => format,
            Err(WavError::Encoding { tag, offset }) if tag != TAG_EXTENSIBLE => {
                let fact = match find(*b"fact") {
                    Ok(chunk) => root.order.u32_at(&chunk.read(&mut source, 4)?, 0),
                    Err(_) => None,
                };
                let u16_at = |at| root.order.u16_at(&format_bytes, at).unwrap_or(0);
                let coded = Coded {
                    tag,
                    channels: u16_at(2),
                    rate_hz: root.order.u32_at(&format_bytes, 4).unwrap_or(0),
                    block: u16_at(12),
                    bits: u16_at(14),
                    format_offset: offset,
                    data_offset: data.offset,
                    data_len,
                    missing: missing_bytes.unwrap_or(0),
                    fact: fact.map(u64::from),
                    sampler: (sampler, root.order),
                };
                return Ok(Looked::Coded(source, coded, root, tags));
            }
            Err(error) => return Err(error),
        };

        let block = format.bytes * usize::from(format.channels);
        let frames = data_len / block as u64;
        let loops = parse_loops(&sampler, root.order, frames);
        let cues = cues(&mut source, &chunks, root.order, frames);
        let frames_at_once = (BUFFER / block as u64).min(frames);
        let reader = Self {
            source,
            info: WavInfo {
                rate_hz: format.rate_hz,
                channels: format.channels,
                channel_mask: format.channel_mask,
                bits: format.bits,
                float: format.float,
                coding: match (format.law, format.float) {
                    (Some(Law::A), _) => "A-law",
                    (Some(Law::Mu), _) => "u-law",
                    (None, true) => "float",
                    (None, false) => "PCM",
                },
                frames,
                loops,
                cues,
                data_offset: data.offset,
                missing_bytes,
            },
            layout: Layout {
                order: root.order,
                float: format.float,
                law: format.law,
                bytes: format.bytes,
                block,
            },
            position: 0,
            placed: false,
            buffer: vec![0; frames_at_once as usize * block],
            non_finite: 0,
            keeps_non_finite: false,
        };
        Ok(Looked::Plain(Box::new(reader), (root, tags)))
    }

    /// The same, which gives what is no number as it stands in the file: whoever hears it can say where it is.
    #[must_use]
    pub fn as_it_is(mut self) -> Self {
        self.keeps_non_finite = true;
        self
    }

    /// What the file says about itself.
    #[must_use]
    pub fn info(&self) -> &WavInfo {
        &self.info
    }

    /// The next sample to be read.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Samples read so far that were infinite or not a number, and were given as 0 unless they are kept.
    #[must_use]
    pub fn non_finite(&self) -> u64 {
        self.non_finite
    }

    /// Goes to a sample, or to the end if it is beyond.
    pub fn seek(&mut self, frame: u64) {
        self.position = frame.min(self.info.frames);
        self.placed = false;
    }

    /// Reads the next samples of every channel into one slice a channel, and returns how many. Less than the shortest
    /// slice is long means that the file ends here. Slices beyond the channels of the file get silence.
    ///
    /// Nothing is allocated.
    pub fn read<C: AsMut<[f32]>>(&mut self, planar: &mut [C]) -> Result<usize, WavError> {
        let wanted = planar
            .iter_mut()
            .map(|c| c.as_mut().len())
            .min()
            .unwrap_or(0);
        let channels = usize::from(self.info.channels);
        let mut done = 0;
        while done < wanted {
            let left = self.info.frames - self.position;
            let at_once = self.buffer.len() / self.layout.block;
            let frames = ((wanted - done) as u64).min(left).min(at_once as u64) as usize;
            if frames == 0 {
                break;
            }
            let got = self.read_frames(frames)?;
            for (channel, samples) in planar.iter_mut().enumerate() {
                let samples = &mut samples.as_mut()[done..done + got];
                if channel < channels {
                    let bytes = &self.buffer[..got * self.layout.block];
                    self.non_finite += self.layout.decode(bytes, channel, samples);
                    if !self.keeps_non_finite {
                        let bad = samples.iter_mut().filter(|it| !it.is_finite());
                        bad.for_each(|sample| *sample = 0.0);
                    }
                } else {
                    samples.fill(0.0);
                }
            }
            done += got;
            self.position += got as u64;
            if got < frames {
                // The file has become shorter since it was opened.
                self.info.frames = self.position;
                break;
            }
        }
        Ok(done)
    }

    /// Fills the buffer with so many frames; returns how many came.
    fn read_frames(&mut self, frames: usize) -> Result<usize, WavError> {
        let block = self.layout.block;
        if !self.placed {
            let place = self.info.data_offset + self.position * block as u64;
            self.source.seek(SeekFrom::Start(place))?;
            self.placed = true;
        }
        let bytes = &mut self.buffer[..frames * block];
        match riff::read_up_to(&mut self.source, bytes) {
            Ok(read) => Ok(read / block),
            Err(error) => {
                self.placed = false;
                Err(error.into())
            }
        }
    }
}

/// How long the samples are. A size of 0 or "unknown" is what a writer leaves that never came to patch it.
/// Beside it: the bytes that are spoken of and are not there.
fn data_len(data: &ChunkAt, chunks: &[ChunkAt], end: u64) -> (u64, Option<u64>) {
    // In RF64 the true size stands elsewhere, and may be 0 there.
    let is_open = data.stated == 0 || data.stated == riff::SIZE_UNKNOWN && data.wanted == 0;
    if !is_open {
        let missing = data.wanted.saturating_sub(data.len);
        let is_known = data.wanted != u64::from(riff::SIZE_UNKNOWN);
        return (data.len, Some(missing).filter(|it| *it > 0 && is_known));
    }
    // Truly empty, if what follows is nothing but well-formed chunks.
    let follow = chunks.iter().filter(|chunk| chunk.offset > data.offset);
    let mut expected = data.offset;
    for chunk in follow {
        if !chunk.id.iter().all(|byte| (b' '..=b'~').contains(byte))
            || u64::from(chunk.stated) != chunk.len
        {
            break;
        }
        expected = chunk.offset + chunk.len;
    }
    let is_empty = end - expected <= 1;
    (if is_empty { 0 } else { end - data.offset }, None)
}

impl Format {
    fn parse(chunk: &ChunkAt, data: &[u8], order: Order) -> Result<Self, WavError> {
        let too_short = |wanted| WavError::FormatTooShort {
            offset: chunk.offset,
            found: data.len(),
            wanted,
        };
        let u16_at = |at| order.u16_at(data, at).ok_or(too_short(16));
        let mut tag = u16_at(0)?;
        let channels = u16_at(2)?;
        let rate_hz = order.u32_at(data, 4).ok_or(too_short(16))?;
        let block_align = u16_at(12)?;
        let container_bits = u16_at(14)?;
        check_rate_and_channels(rate_hz, channels)?;

        let mut bits = container_bits;
        let mut channel_mask = usual_mask(if channels <= 2 { channels } else { 0 });
        if tag == TAG_EXTENSIBLE {
            let short = || too_short(40);
            let valid_bits = order.u16_at(data, 18).ok_or_else(short)?;
            channel_mask = order.u32_at(data, 20).ok_or_else(short)?;
            tag = order.u16_at(data, 24).ok_or_else(short)?;
            let tail = data.get(26..40).ok_or_else(short)?;
            let is_known = tail == GUID_TAIL || tail == AMBISONIC_TAIL;
            if !is_known && !is_big_guid(order, data) {
                return Err(WavError::Encoding {
                    offset: chunk.offset,
                    tag: TAG_EXTENSIBLE,
                });
            }
            if (1..=container_bits).contains(&valid_bits) {
                bits = valid_bits;
            }
        }
        let law = match tag {
            TAG_A_LAW => Some(Law::A),
            TAG_MU_LAW => Some(Law::Mu),
            _ => None,
        };
        let float = match tag {
            TAG_PCM | TAG_A_LAW | TAG_MU_LAW => false,
            TAG_FLOAT => true,
            _ => {
                return Err(WavError::Encoding {
                    offset: chunk.offset,
                    tag,
                });
            }
        };
        let fits = if law.is_some() {
            container_bits == 8
        } else if float {
            matches!(container_bits, 32 | 64)
        } else {
            (1..=32).contains(&container_bits)
        };
        if !fits {
            return Err(WavError::OutOfRange {
                what: "number of bits in a sample",
                found: container_bits.into(),
                wanted: if law.is_some() {
                    "8 for A-law and u-law"
                } else if float {
                    "32 or 64 for float"
                } else {
                    "1 to 32 for PCM"
                },
            });
        }
        // A place may be wider than its sample needs: the block align tells, if it makes sense.
        let needed = usize::from(container_bits).div_ceil(8);
        let told = usize::from(block_align) / usize::from(channels);
        let divides = usize::from(block_align) % usize::from(channels) == 0;
        let wider = !float && law.is_none() && divides && (needed..=4).contains(&told);
        Ok(Self {
            rate_hz,
            channels,
            channel_mask,
            // A byte stands for a sample of 16.
            bits: if law.is_some() { 16 } else { bits },
            float,
            law,
            bytes: if wider { told } else { needed },
        })
    }
}

/// In RIFX some writers store the numbers of the GUID big-endian, too.
fn is_big_guid(order: Order, data: &[u8]) -> bool {
    const BIG_TAIL: [u8; 12] = [0, 0, 0, 0x10, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
    // The first number is 32 bits wide: its tag then stands two bytes further on.
    order == Order::Big && data.get(26..28) == Some(&[0, 0]) && data.get(28..40) == Some(&BIG_TAIL)
}

impl Layout {
    /// Picks one channel out of interleaved bytes; returns how many samples were no finite numbers.
    fn decode(self, bytes: &[u8], channel: usize, samples: &mut [f32]) -> u64 {
        let first = channel * self.bytes;
        let places = bytes
            .chunks_exact(self.block)
            .map(|block| &block[first..first + self.bytes]);
        let places = samples.iter_mut().zip(places);
        if let Some(law) = self.law {
            for (sample, place) in places {
                *sample = f32::from(law.sample(place[0])) / 32_768.0;
            }
            return 0;
        }
        match (self.float, self.bytes) {
            (true, 4) => return self.decode_float(places, |order, b| f32::from_bits(order.u32(b))),
            (true, _) => return self.decode_float(places, |order, b| f64_from(order, b) as f32),
            // The only unsigned one.
            (false, 1) => {
                places.for_each(|(sample, place)| *sample = (f32::from(place[0]) - 128.0) / 128.0)
            }
            // The place's bytes at the top of an i32: all sizes have one full scale, and only 32 bits are rounded.
            (false, _) => places.for_each(|(sample, place)| {
                let mut top = [0; 4];
                match self.order {
                    Order::Little => top[4 - place.len()..].copy_from_slice(place),
                    Order::Big => top[..place.len()].copy_from_slice(place),
                }
                *sample = self.order.u32(top) as i32 as f32 / 2_147_483_648.0;
            }),
        }
        0
    }

    fn decode_float<'a, const N: usize>(
        self,
        places: impl Iterator<Item = (&'a mut f32, &'a [u8])>,
        number: impl Fn(Order, [u8; N]) -> f32,
    ) -> u64 {
        let mut non_finite = 0;
        for (sample, place) in places {
            let value = place
                .first_chunk()
                .map_or(0.0, |bytes| number(self.order, *bytes));
            *sample = value;
            non_finite += u64::from(!value.is_finite());
        }
        non_finite
    }
}

fn f64_from(order: Order, bytes: [u8; 8]) -> f64 {
    match order {
        Order::Little => f64::from_le_bytes(bytes),
        Order::Big => f64::from_be_bytes(bytes),
    }
}

/// The loops in a `smpl` chunk that lie in the sound.
fn parse_loops(data: &[u8], order: Order, frames: u64) -> Vec<Loop> {
    let count = order.u32_at(data, 28).unwrap_or(0) as usize;
    let entries = data.get(36..).unwrap_or_default().chunks_exact(24);
    let mut loops = Vec::new();
    for entry in entries.take(count.min(LOOPS_MAX)) {
        let number = |at| order.u32_at(entry, at).unwrap_or(0);
        let kind = match number(4) {
            0 => LoopKind::Forward,
            1 => LoopKind::PingPong,
            2 => LoopKind::Backward,
            other => LoopKind::Other(other),
        };
        // The file names the last sample of the loop.
        let (start, end) = (
            u64::from(number(8)),
            (u64::from(number(12)) + 1).min(frames),
        );
        if start < end {
            loops.push(Loop {
                start,
                end,
                kind,
                count: number(20),
            });
        }
    }
    loops
}

/// Reads any bytes as a wave file and checks what a reader promises. A body for fuzzing.
pub fn fuzz_wav(bytes: &[u8]) {
    let Ok(mut reader) = WavReader::open(std::io::Cursor::new(bytes)) else {
        return;
    };
    let info = reader.info().clone();
    assert!((1..=super::CHANNELS_MAX).contains(&info.channels));
    assert!((1..=super::RATE_MAX_HZ).contains(&info.rate_hz));
    assert!(
        info.loops
            .iter()
            .all(|l| l.start < l.end && l.end <= info.frames)
    );
    assert!(info.frames <= bytes.len() as u64);
    assert!(reader.buffer.len() <= bytes.len());
    let mut planar = vec![[f32::NAN; 50]; usize::from(info.channels)];
    let mut read = 0;
    loop {
        let got = reader.read(&mut planar).expect("memory can always be read");
        assert!(
            planar
                .iter()
                .all(|c| c[..got].iter().all(|s| s.is_finite()))
        );
        read += got as u64;
        if got < 50 {
            break;
        }
    }
    assert_eq!(read, info.frames);
    reader.seek(info.frames / 2);
    assert_eq!(reader.position(), info.frames / 2);
    let got = reader.read(&mut planar).expect("memory can always be read");
    assert_eq!(got as u64, (info.frames - info.frames / 2).min(50));
}
