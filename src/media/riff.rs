//! RIFF chunks: the walker under WAV, DLS and RMI.
//!
//! ```text
//!   "RIFF" size form │ id size data... pad │ id size data... pad │
//!   └──── Root ────┘ └─────── Chunk ─────┘
//! ```
//!
//! Knows `RIFF`, `RIFX` (big-endian sizes) and `RF64`/`BW64` (64-bit sizes in a `ds64` chunk). Never reaches outside
//! the bytes that are there: a chunk that claims more is cut to them. What the chunks mean is the caller's.

use std::io::{self, Read, Seek, SeekFrom};

use thiserror::Error;

/// Four characters that name a chunk or a form.
pub type FourCc = [u8; 4];

/// The size that says "unknown", or in RF64 "look in `ds64`".
pub const SIZE_UNKNOWN: u32 = u32::MAX;

/// How the numbers of a file are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `RIFF`, `RF64`, `BW64`.
    Little,
    /// `RIFX`.
    Big,
}

impl Order {
    /// A 16-bit number.
    #[must_use]
    pub fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    /// A 32-bit number.
    #[must_use]
    pub fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// The 16-bit number at a place in `bytes`, if they reach so far.
    #[must_use]
    pub fn u16_at(self, bytes: &[u8], at: usize) -> Option<u16> {
        let end = at.checked_add(2)?;
        Some(self.u16(bytes.get(at..end)?.try_into().ok()?))
    }

    /// The 32-bit number at a place in `bytes`, if they reach so far.
    #[must_use]
    pub fn u32_at(self, bytes: &[u8], at: usize) -> Option<u32> {
        let end = at.checked_add(4)?;
        Some(self.u32(bytes.get(at..end)?.try_into().ok()?))
    }
}

/// Why there are no chunks to walk.
#[derive(Debug, Error)]
pub enum RiffError {
    /// The file ends before its twelve bytes of head.
    #[error("the file ends after {len} bytes; a RIFF file begins with 12")]
    TooShort {
        /// Bytes there are.
        len: u64,
    },
    /// The file does not begin like one of the family.
    #[error("at byte 0: found {}, wanted RIFF, RIFX, RF64 or BW64", .found.escape_ascii())]
    NotRiff {
        /// Its first four bytes.
        found: FourCc,
    },
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The head of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The layout of its numbers.
    pub order: Order,
    /// Whether it may have 64-bit sizes.
    pub wide: bool,
    /// What is inside: `WAVE`, `DLS `, `RMID`.
    pub form: FourCc,
    /// The size it claims for everything after the first eight bytes. Often wrong.
    pub stated: u32,
}

/// Bytes of a [`Root`].
pub const ROOT_LEN: usize = 12;

impl Root {
    /// Reads the first twelve bytes of a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, RiffError> {
        let Some(head) = bytes.first_chunk::<ROOT_LEN>() else {
            return Err(RiffError::TooShort {
                len: bytes.len() as u64,
            });
        };
        let [a, b, c, d, e, f, g, h, i, j, k, l] = *head;
        let found = [a, b, c, d];
        let (order, wide) = match &found {
            b"RIFF" => (Order::Little, false),
            b"RIFX" => (Order::Big, false),
            b"RF64" | b"BW64" => (Order::Little, true),
            _ => return Err(RiffError::NotRiff { found }),
        };
        Ok(Self {
            order,
            wide,
            form: [i, j, k, l],
            stated: order.u32([e, f, g, h]),
        })
    }
}

/// The form and the body of a whole file in memory. The body ends where the root says, but if it says 0, "unknown" or
/// more than there is, it ends with the file.
pub fn open(bytes: &[u8]) -> Result<(Root, &[u8]), RiffError> {
    let root = Root::parse(bytes)?;
    let body = &bytes[ROOT_LEN..];
    let stated = (root.stated as usize).saturating_sub(4);
    let trusted = root.stated != 0 && root.stated != SIZE_UNKNOWN;
    let len = if trusted {
        stated.min(body.len())
    } else {
        body.len()
    };
    Ok((root, &body[..len]))
}

/// One chunk in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Its name.
    pub id: FourCc,
    /// Where its data begins, counted from the beginning of the walked bytes.
    pub offset: usize,
    /// Its data, cut to what is there.
    pub data: &'a [u8],
    /// The size it claims.
    pub stated: u32,
}

impl<'a> Chunk<'a> {
    /// The form and the chunks of a `LIST`; `None` for data too short to have a form.
    #[must_use]
    pub fn list(&self) -> Option<(FourCc, &'a [u8])> {
        let (form, body) = self.data.split_first_chunk::<4>()?;
        Some((*form, body))
    }
}

/// Walks the chunks in `bytes`, one after the other. It ends with the bytes.
pub fn chunks(bytes: &[u8], order: Order) -> impl Iterator<Item = Chunk<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let head = bytes.get(at..)?.first_chunk::<8>()?;
        let (id, stated) = parse_head(*head, order);
        let offset = at + 8;
        let len = (stated as usize).min(bytes.len() - offset);
        let end = offset + len;
        at = end + usize::from(is_padded(stated, &bytes[end..]));
        Some(Chunk {
            id,
            offset,
            data: &bytes[offset..end],
            stated,
        })
    })
}

/// One chunk of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkAt {
    /// Its name.
    pub id: FourCc,
    /// Where its data begins in the file.
    pub offset: u64,
    /// The length of its data, cut to what is there.
    pub len: u64,
    /// The size in its head, where 64-bit sizes are not yet looked up.
    pub stated: u32,
    /// The size it claims in the end, though less may be there.
    pub wanted: u64,
}

impl ChunkAt {
    /// Reads the data, at most `limit` bytes of it.
    pub fn read<R: Read + Seek>(&self, source: &mut R, limit: u64) -> io::Result<Vec<u8>> {
        source.seek(SeekFrom::Start(self.offset))?;
        let mut data = Vec::new();
        source.take(self.len.min(limit)).read_to_end(&mut data)?;
        Ok(data)
    }
}

/// Walks the chunks of a file without reading their data.
#[derive(Clone, Debug)]
pub struct Walker {
    order: Order,
    at: u64,
    end: u64,
    /// Sizes from `ds64`, for chunks whose own size says "unknown".
    wide: Vec<(FourCc, u64)>,
}

/// More chunks than any real file has; where a walk gives up, so that a hostile file cannot make it take for ever.
const CHUNKS_MAX: usize = 65_536;
/// The longest `ds64` that is read.
const DS64_MAX: u64 = 1 << 16;

impl Walker {
    /// A walk over the bytes from `at` up to `end` of a file.
    #[must_use]
    pub fn new(order: Order, at: u64, end: u64) -> Self {
        Self {
            order,
            at,
            end,
            wide: Vec::new(),
        }
    }

    /// All chunks. A `ds64` on the way gives the sizes of those after it.
    pub fn collect<R: Read + Seek>(mut self, source: &mut R) -> io::Result<Vec<ChunkAt>> {
        let mut all = Vec::new();
        while all.len() < CHUNKS_MAX {
            let Some(chunk) = self.step(source)? else {
                break;
            };
            if &chunk.id == b"ds64" {
                self.wide = parse_ds64(&chunk.read(source, DS64_MAX)?);
            }
            all.push(chunk);
        }
        Ok(all)
    }

    fn step<R: Read + Seek>(&mut self, source: &mut R) -> io::Result<Option<ChunkAt>> {
        let Some(room) = self.end.checked_sub(self.at + 8) else {
            return Ok(None);
        };
        source.seek(SeekFrom::Start(self.at))?;
        let mut head = [0; 8];
        if read_up_to(source, &mut head)? < head.len() {
            return Ok(None);
        }
        let (id, stated) = parse_head(head, self.order);
        let offset = self.at + 8;
        let wanted = self.size(id, stated);
        let len = wanted.min(room);
        let mut next = [0; 4];
        source.seek(SeekFrom::Start(offset + len))?;
        let there = read_up_to(source, &mut next)?;
        let padded = is_padded((wanted & 1) as u32, &next[..there]);
        self.at = offset + len + u64::from(padded);
        Ok(Some(ChunkAt {
            id,
            offset,
            len,
            stated,
            wanted,
        }))
    }

    fn size(&self, id: FourCc, stated: u32) -> u64 {
        let wide = self.wide.iter().find(|(name, _)| *name == id);
        match wide {
            Some((_, size)) if stated == SIZE_UNKNOWN => *size,
            _ => u64::from(stated),
        }
    }
}

/// The sizes in a `ds64` chunk: of `data`, and of any others in its table.
fn parse_ds64(data: &[u8]) -> Vec<(FourCc, u64)> {
    let u64_at = |at: usize| -> Option<u64> {
        Some(u64::from_le_bytes(data.get(at..at + 8)?.try_into().ok()?))
    };
    let mut sizes = Vec::new();
    if let Some(size) = u64_at(8) {
        sizes.push((*b"data", size));
    }
    for entry in data.get(28..).unwrap_or_default().chunks_exact(12) {
        if let (Some(id), Some(size)) = (entry.first_chunk::<4>(), entry.last_chunk::<8>()) {
            sizes.push((*id, u64::from_le_bytes(*size)));
        }
    }
    sizes
}

fn parse_head(head: [u8; 8], order: Order) -> (FourCc, u32) {
    let [a, b, c, d, e, f, g, h] = head;
    ([a, b, c, d], order.u32([e, f, g, h]))
}

/// Whether a pad byte follows data of this size. It should after an odd one, but some writers leave it out: then the
/// next chunk's name stands where the pad byte, mostly a zero, would be.
fn is_padded(size: u32, next: &[u8]) -> bool {
    let is_name = next.len() >= 4 && next[..4].iter().all(|byte| (b' '..=b'~').contains(byte));
    size % 2 == 1 && !next.is_empty() && !is_name
}

/// Reads until the buffer is full or the source ends; returns the number of bytes read.
pub(super) fn read_up_to<R: Read>(source: &mut R, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Walks any bytes both ways and checks that nothing reaches outside them. A body for fuzzing.
pub fn fuzz_riff(bytes: &[u8]) {
    let Ok((root, body)) = open(bytes) else {
        return;
    };
    for chunk in chunks(body, root.order) {
        assert!(chunk.offset + chunk.data.len() <= body.len());
        if let Some((_, inner)) = chunk.list() {
            assert!(
                chunks(inner, root.order)
                    .map(|c| c.data.len())
                    .sum::<usize>()
                    <= inner.len()
            );
        }
    }
    let walker = Walker::new(root.order, ROOT_LEN as u64, bytes.len() as u64);
    let found = walker
        .collect(&mut io::Cursor::new(bytes))
        .unwrap_or_default();
    assert!(found.iter().all(|c| c.offset + c.len <= bytes.len() as u64));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunk(id: &[u8; 4], data: &[u8], pad: bool) -> Vec<u8> {
        let mut bytes = id.to_vec();
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        if pad && data.len() % 2 == 1 {
            bytes.push(0);
        }
        bytes
    }

    #[test]
    fn chunks_are_walked_with_and_without_pad_bytes() {
        for pad in [true, false] {
            let bytes = [
                chunk(b"one ", b"abc", pad),
                chunk(b"two ", b"de", pad),
                chunk(b"thre", b"", pad),
            ]
            .concat();
            let seen: Vec<_> = chunks(&bytes, Order::Little)
                .map(|c| (c.id, c.data))
                .collect();
            assert_eq!(
                seen,
                [(*b"one ", &b"abc"[..]), (*b"two ", b"de"), (*b"thre", b"")]
            );
            let walker = Walker::new(Order::Little, 0, bytes.len() as u64);
            let walked = walker.collect(&mut io::Cursor::new(&bytes)).unwrap();
            let data: Vec<_> = walked
                .iter()
                .map(|c| (c.id, &bytes[c.offset as usize..(c.offset + c.len) as usize]))
                .collect();
            assert_eq!(seen, data);
        }
    }

    #[test]
    fn a_chunk_that_claims_too_much_is_cut() {
        let mut bytes = chunk(b"long", b"abcd", true);
        bytes[4] = 200;
        let seen: Vec<_> = chunks(&bytes, Order::Little).collect();
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].data, seen[0].stated), (&b"abcd"[..], 200));
    }

    #[test]
    fn the_root_tells_order_form_and_width() {
        let (root, body) = open(b"RIFX\0\0\0\x06DLS abcd").unwrap();
        assert_eq!(
            (root.order, root.wide, &root.form, body),
            (Order::Big, false, b"DLS ", &b"ab"[..])
        );
        for size in [[0; 4], [255; 4], [200, 0, 0, 0]] {
            let bytes = [&b"RF64"[..], &size, b"WAVEabcd"].concat();
            let (root, body) = open(&bytes).unwrap();
            assert_eq!((root.wide, body), (true, &b"abcd"[..]));
        }
        assert!(
            matches!(open(b"FORM1234AIFF"), Err(RiffError::NotRiff { found }) if &found == b"FORM")
        );
        assert!(matches!(open(b"RIFF"), Err(RiffError::TooShort { len: 4 })));
    }

    #[test]
    fn sizes_beyond_32_bits_come_from_ds64() {
        let mut ds64 = [0_u64, 5, 0].map(u64::to_le_bytes).concat();
        ds64.extend(1_u32.to_le_bytes());
        ds64.extend(b"huge");
        ds64.extend(3_u64.to_le_bytes());
        let mut bytes = chunk(b"ds64", &ds64, true);
        for id in [b"data", b"huge"] {
            bytes.extend(id);
            bytes.extend([255; 4]);
            bytes.extend(b"abcde\0");
        }
        let walker = Walker::new(Order::Little, 0, bytes.len() as u64);
        let walked = walker.collect(&mut io::Cursor::new(&bytes)).unwrap();
        let lengths: Vec<_> = walked.iter().map(|c| (c.id, c.len)).take(3).collect();
        assert_eq!(lengths, [(*b"ds64", 40), (*b"data", 5), (*b"huge", 3)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_within_bounds(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), kind in 0_usize..5) {
            if let Some(head) = bytes.first_chunk_mut::<4>() {
                *head = [*b"RIFF", *b"RIFX", *b"RF64", *b"BW64", *head][kind];
            }
            fuzz_riff(&bytes);
        }
    }
}
