//! The comments of a stream in an Ogg file: its second packet, put together from pages. Vorbis, Opus and FLAC have the same
//! words in it, each behind a head of its own.

use std::io::{Read, Seek};

use super::{CHUNK_MAX, CHUNKS_MAX, part};

/// The comments of the first stream that has some, as they stand behind the head; of chained streams those of the first.
pub(super) fn comments<R: Read + Seek>(source: &mut R) -> Option<Vec<u8>> {
    const HEAD: usize = 27;
    let mut at = 0;
    // Serial number, what the second packet begins with, and what there is of it.
    let mut found: Option<(u32, &[u8])> = None;
    let mut packet: Vec<u8> = vec![];
    let mut is_first = true;
    for _ in 0..CHUNKS_MAX {
        let head = part(source, at, HEAD as u64)?;
        if head.len() < HEAD || &head[..4] != b"OggS" {
            return None;
        }
        let count = u64::from(head[26]);
        let sizes = part(source, at + HEAD as u64, count)?;
        let body = sizes.iter().map(|size| u64::from(*size)).sum::<u64>();
        let begin = at + HEAD as u64 + count;
        at = begin + body;
        let serial = u32::from_le_bytes(head[14..18].try_into().ok()?);
        let body = part(source, begin, body)?;
        if found.is_none()
            && let Some(wanted) = comments_of(&body)
        {
            found = Some((serial, wanted));
        }
        let Some((_, wanted)) = found.filter(|(own, _)| *own == serial) else {
            continue;
        };
        let mut from = 0;
        for size in sizes.iter().map(|size| usize::from(*size)) {
            if !is_first {
                packet.extend(body.get(from..from + size)?);
            }
            from += size;
            // A packet ends with the first piece that is not full.
            if size == 255 {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                return match wanted {
                    // A block of FLAC says its kind and size.
                    [] if packet.first()? & 0x7F == 4 => packet.get(4..),
                    [] => None,
                    head => packet.strip_prefix(head),
                }
                .map(<[u8]>::to_vec);
            }
        }
        if packet.len() as u64 > CHUNK_MAX {
            return None;
        }
    }
    None
}

/// What the comments of a stream begin with whose first packet begins so; nothing for those of FLAC.
fn comments_of(first: &[u8]) -> Option<&'static [u8]> {
    let kinds: [(&[u8], &[u8]); 3] = [
        (b"\x01vorbis", b"\x03vorbis"),
        (b"OpusHead", b"OpusTags"),
        (b"\x7FFLAC", b""),
    ];
    let kind = kinds.iter().find(|(head, _)| first.starts_with(head));
    kind.map(|(_, wanted)| *wanted)
}
