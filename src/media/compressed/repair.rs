//! Sizes that lie, put right: a file that is cut off, or whose writer never came back to write how long it is, speaks of
//! bytes that are not there. Containers are read strictly; so they are shown what is there.

use std::io::{Read, Seek, SeekFrom};

use super::peek;
use crate::media::riff::{SIZE_UNKNOWN, read_up_to};

/// The most chunks that are walked.
const CHUNKS_MAX: usize = 4096;
/// The most elements of a Matroska segment that are passed before its sound.
const ELEMENTS_MAX: usize = 64;

/// Bytes that are read instead of those in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    /// Where they stand.
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
}

/// What was put right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Repair {
    pub(super) patches: Vec<Patch>,
    /// Bytes that the file speaks of and that are not there.
    pub(super) missing: u64,
    /// Where what can be read ends, if that is before the file does.
    pub(super) end: Option<u64>,
}

/// Looks at the outermost sizes of AIFF, CAF, MP4 and Matroska, and at the last page of an Ogg stream. Others need none, or
/// are read by what follows.
pub(super) fn repair<R: Read + Seek>(source: &mut R) -> std::io::Result<Repair> {
    let end = source.seek(SeekFrom::End(0))?;
    let mut walk = Walk {
        source,
        end,
        found: Repair::default(),
    };
    let head = walk.bytes(0)?;
    match (&head[..4], &head[4..8]) {
        (b"FORM", _) => walk.aiff(&head)?,
        (b"caff", _) => walk.caf()?,
        (_, b"ftyp") => walk.mp4()?,
        (b"\x1a\x45\xdf\xa3", _) => walk.matroska()?,
        // A page that is not whole hides those before it from whoever looks for the last one.
        (b"OggS", _) => walk.found.end = peek::half_page(walk.source)?,
        _ => {}
    }
    Ok(walk.found)
}

struct Walk<'a, R> {
    source: &'a mut R,
    end: u64,
    found: Repair,
}

impl<R: Read + Seek> Walk<'_, R> {
    /// Sixteen bytes from a place, zeros behind the end.
    fn bytes(&mut self, at: u64) -> std::io::Result<[u8; 16]> {
        let mut bytes = [0; 16];
        self.source.seek(SeekFrom::Start(at))?;
        read_up_to(self.source, &mut bytes)?;
        Ok(bytes)
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        self.found.patches.push(Patch { at, bytes });
    }

    /// A chunk whose data begins here says this size: what is there of it, if that is less.
    fn lack(&mut self, data: u64, size: u64) -> Option<u64> {
        let there = self.end.saturating_sub(data);
        self.found.missing += size.saturating_sub(there);
        (size > there).then_some(there)
    }

    fn aiff(&mut self, head: &[u8; 16]) -> std::io::Result<()> {
        let whole = self.end.saturating_sub(8);
        let stated = u64::from(number32(head, 4));
        let mut is_wrong = stated > whole || stated < 4;
        let (mut at, mut has_sound) = (12, false);
        for _ in 0..CHUNKS_MAX {
            // What follows behind the whole is nobody's, once the sound was found.
            let is_behind = at >= 8 + stated && has_sound;
            if at + 8 > self.end || is_behind && !is_wrong {
                break;
            }
            let bytes = self.bytes(at)?;
            let size = number32(&bytes, 4);
            let is_sound = &bytes[..4] == b"SSND";
            // So it stands in a file that was never finished.
            let is_open = is_sound && matches!(size, 0 | 8 | SIZE_UNKNOWN);
            has_sound |= is_sound;
            let data = at + 8;
            // The whole says that it ends before its sound does.
            is_wrong |= is_sound && data + u64::from(size) > 8 + stated;
            let there = if is_open {
                Some(self.end - data).filter(|there| *there > 8)
            } else {
                self.lack(data, size.into())
            };
            if let Some(there) = there {
                let there = u32::try_from(there).unwrap_or(SIZE_UNKNOWN);
                self.patch(at + 4, &there.to_be_bytes());
                is_wrong = true;
                break;
            }
            at = data + u64::from(size) + u64::from(size % 2);
        }
        if is_wrong {
            let whole = u32::try_from(whole).unwrap_or(SIZE_UNKNOWN);
            self.patch(4, &whole.to_be_bytes());
        }
        Ok(())
    }

    fn caf(&mut self) -> std::io::Result<()> {
        let mut at = 8;
        for _ in 0..CHUNKS_MAX {
            if at + 12 > self.end {
                break;
            }
            let bytes = self.bytes(at)?;
            let Ok(size) = u64::try_from(number64(&bytes, 4) as i64) else {
                // Sound may go on to the end: its size is -1 then.
                if bytes[..4] == *b"data" {
                    let there = self.end - (at + 12);
                    self.patch(at + 4, &there.to_be_bytes());
                }
                break;
            };
            if let Some(there) = self.lack(at + 12, size) {
                self.patch(at + 4, &there.to_be_bytes());
                break;
            }
            at += 12 + size;
        }
        Ok(())
    }

    fn mp4(&mut self) -> std::io::Result<()> {
        let mut at = 0;
        for _ in 0..CHUNKS_MAX {
            if at + 8 > self.end {
                break;
            }
            let bytes = self.bytes(at)?;
            let (size, is_wide) = match number32(&bytes, 0) {
                0 => break,
                1 => (number64(&bytes, 8), true),
                size => (u64::from(size), false),
            };
            if size < 8 {
                break;
            }
            if let Some(there) = self.lack(at, size) {
                if is_wide {
                    self.patch(at + 8, &there.to_be_bytes());
                } else {
                    // Less than a size of 32 bits is of 32 bits.
                    self.patch(at, &(there as u32).to_be_bytes());
                }
                break;
            }
            at += size;
        }
        Ok(())
    }
}

impl<R: Read + Seek> Walk<'_, R> {
    /// The segment, behind the head: all that is sound is in it.
    fn matroska(&mut self) -> std::io::Result<()> {
        let head = self.bytes(4)?;
        let Some((size, len)) = element_size(&head) else {
            return Ok(());
        };
        let Some(at) = size.checked_add(4 + len as u64).filter(|at| *at < self.end) else {
            return Ok(());
        };
        let segment = self.bytes(at)?;
        let Some(bytes) = segment.strip_prefix(b"\x18\x53\x80\x67") else {
            return Ok(());
        };
        let Some((size, len)) = element_size(bytes) else {
            return Ok(());
        };
        let data = at + 4 + len as u64;
        if let Some(there) = self.lack(data, size) {
            let marked = there | 1 << (7 * len);
            self.patch(at + 4, &marked.to_be_bytes()[8 - len..]);
            self.without_directory(data)?;
        }
        Ok(())
    }

    /// The directory of a segment leads to what is not there any more: it becomes an element that nobody looks into.
    fn without_directory(&mut self, mut at: u64) -> std::io::Result<()> {
        for _ in 0..ELEMENTS_MAX {
            let head = self.bytes(at)?;
            let id = head[0].leading_zeros() as usize + 1;
            let Some((size, len)) = head.get(id..).and_then(element_size) else {
                break;
            };
            match &head[..4] {
                b"\x1f\x43\xb6\x75" => break,
                b"\x11\x4d\x9b\x74" => {
                    // One byte of a name, and a size in as many of the others as it may have.
                    let rest = 3 + len;
                    let wide = rest.min(8);
                    let marked = (size + (rest - wide) as u64) | 1 << (7 * wide);
                    let bytes = [&[0xec][..], &marked.to_be_bytes()[8 - wide..]].concat();
                    self.patch(at, &bytes);
                }
                _ => {}
            }
            let Some(next) = at.checked_add((id + len) as u64 + size) else {
                break;
            };
            at = next;
        }
        Ok(())
    }
}

/// The size of an element of EBML, and in how many bytes it stands; `None` where nobody knew it.
fn element_size(bytes: &[u8]) -> Option<(u64, usize)> {
    let len = bytes.first()?.leading_zeros() as usize + 1;
    let all = bytes.get(..len).filter(|_| len <= 8)?.iter();
    let marked = all.fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let unknown = (1_u64 << (7 * len)) - 1;
    let size = marked & unknown;
    (size != unknown).then_some((size, len))
}

fn number32(bytes: &[u8; 16], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(four)
}

fn number64(bytes: &[u8; 16], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_be_bytes(eight)
}
