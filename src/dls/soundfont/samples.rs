//! Samples: cut out of the file as regions play them, and decoded where they are packed (`.sf3`).

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use super::super::collection::{Collection, Info, Wave};
use super::super::read::GoesOn;
use super::{text, u16_at, u32_at};
use crate::media;

/// A head's bit of samples that are packed, each a file of sound of its own.
const PACKED: u16 = 0x10;
/// Samples that are unpacked of one file, and of one of its sounds.
const MOST_UNPACKED: usize = 1 << 28;
const LONGEST: usize = 1 << 26;
/// Samples that are unpacked at a time.
const BLOCK: usize = 4_096;

/// A head of a sample.
pub(super) struct Head {
    name: String,
    start: i64,
    end: i64,
    pub(super) loop_start: i64,
    pub(super) loop_end: i64,
    rate_hz: u32,
    pub(super) root: u8,
    pub(super) correction: i8,
    is_packed: bool,
}

impl Head {
    pub(super) fn read(row: &[u8]) -> Self {
        let number = |at| i64::from(u32_at(row, at));
        Self {
            name: text(&row[..20]),
            start: number(20),
            end: number(24),
            loop_start: number(28),
            loop_end: number(32),
            rate_hz: u32_at(row, 36),
            root: row[40],
            correction: row[41] as i8,
            is_packed: u16_at(row, 44) & PACKED != 0,
        }
    }
}

/// All samples of a file.
pub(super) struct Samples<'a> {
    pub(super) heads: Vec<Head>,
    bytes: &'a [u8],
    /// Waves that were cut out already, by where.
    cut: BTreeMap<(usize, i64, i64), usize>,
    /// Packed sounds that were unpacked; what could not be is empty.
    unpacked: BTreeMap<usize, Arc<[i16]>>,
    /// Samples that may still be cut out, and unpacked.
    room: usize,
    left: usize,
    goes_on: GoesOn<'a>,
}

impl<'a> Samples<'a> {
    /// `heads` and the samples' chunk. What is cut out comes to twice the file at most, or what was unpacked.
    pub(super) fn new(heads: Vec<Head>, bytes: &'a [u8], goes_on: GoesOn<'a>) -> Self {
        Self {
            heads,
            bytes,
            cut: BTreeMap::new(),
            unpacked: BTreeMap::new(),
            room: bytes.len(),
            left: MOST_UNPACKED,
            goes_on,
        }
    }

    /// A sample's head, and where it begins and ends: in the chunk, or in what was packed.
    pub(super) fn head(&mut self, sample: usize) -> Option<(&Head, (i64, i64))> {
        let packed = self.heads.get(sample)?.is_packed;
        let len = if packed {
            self.unpack(sample)?.len()
        } else {
            0
        };
        let head = self.heads.get(sample)?;
        let sound = match packed {
            true => (0, len as i64),
            false => (head.start, head.end),
        };
        Some((head, sound))
    }

    /// A packed sound.
    fn unpack(&mut self, sample: usize) -> Option<Arc<[i16]>> {
        if let Some(known) = self.unpacked.get(&sample) {
            return (!known.is_empty()).then(|| known.clone());
        }
        let head = self.heads.get(sample)?;
        let (from, to) = (
            usize::try_from(head.start).ok()?,
            usize::try_from(head.end).ok()?,
        );
        let bytes = self
            .bytes
            .get(from..to.min(self.bytes.len()))
            .unwrap_or_default();
        let samples = decode(bytes, self.left.min(LONGEST), self.goes_on).unwrap_or_default();
        self.left -= samples.len();
        // Every sound may be cut twice, as of a file that is not packed.
        self.room += 2 * samples.len();
        let samples: Arc<[i16]> = samples.into();
        self.unpacked.insert(sample, samples.clone());
        (!samples.is_empty()).then_some(samples)
    }

    /// The wave of a sample with its ends moved, in the collection.
    pub(super) fn wave(
        &mut self,
        sample: usize,
        (start, end): (i64, i64),
        all: &mut Collection,
    ) -> Option<usize> {
        if let Some(known) = self.cut.get(&(sample, start, end)) {
            return Some(*known);
        }
        let (from, to) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
        let count = to.checked_sub(from)?;
        let packed = self.heads.get(sample)?.is_packed;
        let samples: Arc<[i16]> = match packed {
            true => {
                let whole = self.unpack(sample)?;
                let count = count.min(whole.len().checked_sub(from)?);
                self.room = self.room.checked_sub(count)?;
                whole[from..from + count].into()
            }
            false => {
                let bytes = self.bytes.get(2 * from..)?;
                let bytes = &bytes[..bytes.len().min(2 * count)];
                self.room = self.room.checked_sub(bytes.len() / 2)?;
                let words = bytes.as_chunks::<2>().0.iter();
                words.map(|it| i16::from_le_bytes(*it)).collect()
            }
        };
        let head = self.heads.get(sample)?;
        if samples.is_empty() || head.rate_hz == 0 {
            return None;
        }
        let place = all.waves.len();
        all.waves.push(Arc::new(Wave {
            id: None,
            info: Info {
                name: head.name.clone(),
                ..Info::default()
            },
            rate_hz: head.rate_hz.min(1_000_000),
            samples,
            sample: None,
        }));
        all.pool.push(Some(place));
        self.cut.insert((sample, start, end), place);
        Some(place)
    }
}

/// The first channel of a file of sound, as far as it can be had.
fn decode(bytes: &[u8], most: usize, goes_on: GoesOn<'_>) -> Option<Vec<i16>> {
    let mut source = media::open_stream(Cursor::new(bytes.to_vec())).ok()?;
    let mut block = vec![0.0_f32; BLOCK];
    let mut all = vec![];
    loop {
        // Of what is not wanted any more it does not matter what comes of it.
        if !goes_on() {
            return None;
        }
        let read = source.read(&mut [&mut block]).ok()?;
        let samples = block.get(..read)?.iter();
        all.extend(samples.map(|it| (it * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16));
        if read < BLOCK || all.len() >= most {
            all.truncate(most);
            return Some(all);
        }
    }
}
