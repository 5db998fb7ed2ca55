//! Named places in files that symphonia decodes: the cue sheet and chapters of FLAC, chapters of Ogg streams, markers of
//! AIFF and of CAF.
//!
//! Lives here: reading them from the bytes of the container. What is not whole is left out, and a file that lies costs no
//! more than a few reads. Wave files have their own (`wav/cues.rs`).

mod ogg;

use std::io::{Read, Seek, SeekFrom};

use crate::media::riff::read_up_to;
use crate::media::source::Info;
use crate::media::wav::Cue;

/// The most places that are read, the longest name in bytes, the longest chunk, and the most chunks that are passed.
const MOST: usize = 1024;
const NAME_MAX: usize = 256;
const CHUNK_MAX: u64 = 1 << 20;
const CHUNKS_MAX: usize = 1024;

/// A place as its file counts it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Sample(u64),
    Seconds(f64),
}

/// The places of a file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Marks(Vec<(At, String)>);

impl Marks {
    /// Reads those of a file, wherever it is read at the moment.
    pub(super) fn read<R: Read + Seek>(source: &mut R) -> Self {
        Self(found(source).unwrap_or_default())
    }

    /// The same as samples of a sound, in order; what lies behind it is left out.
    pub(super) fn cues(self, info: &Info) -> Vec<Cue> {
        let rate = f64::from(info.rate_hz);
        let cues = self.0.into_iter().take(MOST).map(|(at, name)| Cue {
            at: match at {
                At::Sample(at) => at,
                At::Seconds(at) => (at * rate).round() as u64,
            },
            name,
        });
        let mut cues: Vec<Cue> = cues
            .filter(|cue| info.frames.is_none_or(|frames| cue.at <= frames))
            .collect();
        cues.sort_by_key(|cue| cue.at);
        cues
    }
}

fn found<R: Read + Seek>(source: &mut R) -> Option<Vec<(At, String)>> {
    let head = part(source, 0, 12)?;
    match head.get(..4)? {
        b"FORM" if matches!(head.get(8..12)?, b"AIFF" | b"AIFC") => aiff(source),
        b"caff" => caf(source),
        b"fLaC" => flac(source, 4),
        b"OggS" => Some(chapters(&ogg::comments(source)?)),
        [b'I', b'D', b'3', _] => {
            // Each byte of its size has seven bits.
            let size = head.get(6..10)?.iter();
            let size = size.fold(0, |size, byte| size << 7 | u64::from(byte & 127));
            let behind = size + 10;
            let magic = part(source, behind, 4)?;
            (magic == b"fLaC").then(|| flac(source, behind + 4))?
        }
        _ => None,
    }
}

/// Bytes of a file, as many as there are.
fn part<R: Read + Seek>(source: &mut R, at: u64, len: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; len.min(CHUNK_MAX) as usize];
    source.seek(SeekFrom::Start(at)).ok()?;
    let there = read_up_to(source, &mut bytes).ok()?;
    bytes.truncate(there);
    Some(bytes)
}

fn number(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + len)?;
    Some(
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    )
}

fn named(text: &[u8], otherwise: impl FnOnce() -> String) -> String {
    let end = text.iter().position(|byte| *byte == 0);
    let end = end.unwrap_or(text.len()).min(NAME_MAX);
    let name = String::from_utf8_lossy(&text[..end]).trim().to_owned();
    if name.is_empty() { otherwise() } else { name }
}

/// The first chunk of that name; `head` bytes stand before the first one, and each begins with a name and a size of so
/// many bytes.
pub(super) fn chunk<R: Read + Seek>(
    source: &mut R,
    head: u64,
    size_len: usize,
    id: &[u8; 4],
) -> Option<Vec<u8>> {
    let mut at = head;
    for _ in 0..CHUNKS_MAX {
        let own = part(source, at, 4 + size_len as u64)?;
        let size = number(&own, 4, size_len)?;
        let begin = at + 4 + size_len as u64;
        if &own[..4] == id {
            return part(source, begin, size);
        }
        // Those of AIFF are filled up to an even length.
        let pad = if size_len == 4 { size & 1 } else { 0 };
        at = begin.checked_add(size)?.checked_add(pad)?;
    }
    None
}

fn aiff<R: Read + Seek>(source: &mut R) -> Option<Vec<(At, String)>> {
    let data = chunk(source, 12, 4, b"MARK")?;
    let count = number(&data, 0, 2)? as usize;
    let (mut all, mut at) = (vec![], 2);
    for _ in 0..count.min(MOST) {
        let (Some(id), Some(place), Some(len)) = (
            number(&data, at, 2),
            number(&data, at + 2, 4),
            number(&data, at + 6, 1),
        ) else {
            break;
        };
        let text = data.get(at + 7..at + 7 + len as usize).unwrap_or_default();
        all.push((At::Sample(place), named(text, || format!("mark {id}"))));
        // The length and the text together are even.
        at += 6 + (len as usize + 2) / 2 * 2;
    }
    Some(all)
}

fn caf<R: Read + Seek>(source: &mut R) -> Option<Vec<(At, String)>> {
    const ENTRY: usize = 28;
    let data = chunk(source, 8, 8, b"mark")?;
    let words = chunk(source, 8, 8, b"strg").unwrap_or_default();
    let texts = number(&words, 0, 4).unwrap_or(0).min(MOST as u64) as usize;
    let text = |id: u64| {
        let entries = (0..texts).map(|index| 4 + 12 * index);
        let mut entries = entries.filter(|at| number(&words, *at, 4) == Some(id));
        let from = number(&words, entries.next()? + 4, 8)?;
        words.get((4 + 12 * texts).checked_add(usize::try_from(from).ok()?)?..)
    };
    let count = number(&data, 4, 4)? as usize;
    let entries = data.get(8..)?.chunks_exact(ENTRY);
    let entries = entries.take(count.min(MOST)).filter_map(|entry| {
        let place = f64::from_bits(number(entry, 4, 8)?);
        let id = number(entry, 12, 4)?;
        let name = named(text(id).unwrap_or_default(), || format!("mark {id}"));
        (place >= 0.0).then_some((At::Sample(place as u64), name))
    });
    Some(entries.collect())
}

fn flac<R: Read + Seek>(source: &mut R, from: u64) -> Option<Vec<(At, String)>> {
    const COMMENT: u8 = 4;
    const CUE_SHEET: u8 = 5;
    let (mut all, mut at) = (vec![], from);
    for _ in 0..CHUNKS_MAX {
        let Some(head) = part(source, at, 4) else {
            break;
        };
        let Some(size) = number(&head, 1, 3) else {
            break;
        };
        match head[0] & 0x7F {
            COMMENT => all.extend(chapters(&part(source, at + 4, size)?)),
            CUE_SHEET => all.extend(tracks(&part(source, at + 4, size)?)),
            _ => {}
        }
        if head[0] & 0x80 != 0 {
            break;
        }
        at += 4 + size;
    }
    Some(all)
}

/// The tracks of a cue sheet: where the first index of each stands.
fn tracks(data: &[u8]) -> Vec<(At, String)> {
    const HEAD: usize = 396;
    let (mut all, mut at) = (vec![], HEAD);
    let count = number(data, HEAD - 1, 1).unwrap_or(0);
    for _ in 0..count {
        let (Some(place), Some(track), Some(indices)) = (
            number(data, at, 8),
            number(data, at + 8, 1),
            number(data, at + 35, 1),
        ) else {
            break;
        };
        let indices = (0..indices as usize).map(|index| at + 36 + 12 * index);
        let end = at + 36 + 12 * indices.len();
        let mut first = indices.filter(|at| number(data, at + 8, 1) == Some(1));
        let by = first.next().and_then(|at| number(data, at, 8)).unwrap_or(0);
        // The last one is where the sound ends.
        if !matches!(track, 170 | 255) {
            let place = place.saturating_add(by);
            all.push((At::Sample(place), format!("track {track}")));
        }
        at = end;
    }
    all
}

/// Chapters in the comments: `CHAPTER001=00:01:02.500` and `CHAPTER001NAME=...`.
fn chapters(data: &[u8]) -> Vec<(At, String)> {
    let size = |at: usize| {
        let bytes = data.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes) as usize)
    };
    let words = || -> Vec<(String, String)> {
        let mut all = vec![];
        let Some(mut at) = size(0).and_then(|it| it.checked_add(4)) else {
            return all;
        };
        let count = size(at).unwrap_or(0);
        at += 4;
        for _ in 0..count.min(2 * MOST) {
            let Some(bytes) = size(at).and_then(|len| data.get(at + 4..(at + 4).checked_add(len)?))
            else {
                break;
            };
            at += 4 + bytes.len();
            let text = String::from_utf8_lossy(bytes);
            if let Some((key, value)) = text.split_once('=') {
                all.push((key.to_ascii_uppercase(), value.to_owned()));
            }
        }
        all
    };
    let words = words();
    let chapters = words.iter().filter_map(|(key, value)| {
        let number = key.strip_prefix("CHAPTER")?;
        let is_number = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
        let at = is_number.then(|| seconds(value)).flatten()?;
        let name = words.iter().find(|it| it.0 == format!("{key}NAME"));
        let name = name.map_or(&[][..], |it| it.1.as_bytes());
        Some((At::Seconds(at), named(name, || format!("chapter {number}"))))
    });
    chapters.take(MOST).collect()
}

/// Hours, minutes and seconds.
fn seconds(text: &str) -> Option<f64> {
    let parts = text.trim().split(':').map(|it| it.parse::<f64>().ok());
    let parts: Option<Vec<f64>> = parts.collect();
    let sum = parts?.into_iter().fold(0.0, |sum, part| 60.0 * sum + part);
    (sum.is_finite() && sum >= 0.0).then_some(sum)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn cues(bytes: Vec<u8>) -> Vec<(u64, String)> {
        let info = Info {
            rate_hz: 8_000,
            frames: Some(10_000),
            ..Info::default()
        };
        let all = Marks::read(&mut Cursor::new(bytes)).cues(&info);
        all.into_iter().map(|it| (it.at, it.name)).collect()
    }

    fn wanted(all: &[(u64, &str)]) -> Vec<(u64, String)> {
        let all = all.iter();
        all.map(|(at, name)| (*at, (*name).to_owned())).collect()
    }

    fn be(number: u64, len: usize) -> Vec<u8> {
        number.to_be_bytes()[8 - len..].to_vec()
    }

    #[test]
    fn markers_of_aiff_come_in_order_with_their_names() {
        let mark = |id, at, name: &str| {
            let mut bytes = [be(id, 2), be(at, 4), be(name.len() as u64, 1)].concat();
            bytes.extend(name.as_bytes());
            if name.len().is_multiple_of(2) {
                bytes.push(0);
            }
            bytes
        };
        let marks = [mark(1, 900, "Verse"), mark(2, 10, ""), mark(3, 20_000, "x")].concat();
        let marks = [be(3, 2), marks].concat();
        let odd = [b"ODD ".to_vec(), be(3, 4), vec![0; 4]].concat();
        let chunk = [b"MARK".to_vec(), be(marks.len() as u64, 4), marks].concat();
        let file = [b"FORM".to_vec(), be(0, 4), b"AIFF".to_vec(), odd, chunk].concat();
        let found = cues(file.clone());
        assert_eq!(found, wanted(&[(10, "mark 2"), (900, "Verse")]));
        // What is cut off is left out.
        assert_eq!(cues(file[..file.len() - 20].to_vec()).len(), 1);
    }

    #[test]
    fn markers_of_caf_find_their_names() {
        let mark = |at: f64, id| {
            let place = be(at.to_bits(), 8);
            [be(0, 4), place, be(id, 4), vec![0; 12]].concat()
        };
        let marks = [be(0, 4), be(2, 4), mark(5_000.0, 7), mark(40.0, 8)].concat();
        let words = [be(1, 4), be(7, 4), be(0, 8), b"Chorus\0".to_vec()].concat();
        let chunk = |id: &[u8], data: Vec<u8>| {
            let size = be(data.len() as u64, 8);
            [id.to_vec(), size, data].concat()
        };
        let head = [b"caff".to_vec(), be(0x1_0000, 4)].concat();
        let file = [head, chunk(b"mark", marks), chunk(b"strg", words)].concat();
        let found = cues(file);
        assert_eq!(found, wanted(&[(40, "mark 8"), (5_000, "Chorus")]));
    }

    fn flac(blocks: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let mut file = b"fLaC".to_vec();
        for (index, (kind, data)) in blocks.iter().enumerate() {
            let last = if index + 1 == blocks.len() { 0x80 } else { 0 };
            file.push(kind | last);
            file.extend(be(data.len() as u64, 3));
            file.extend(data);
        }
        file
    }

    #[test]
    fn cue_sheets_and_chapters_of_flac_are_marks() {
        let track = |at, number, index: &[(u64, u64)]| {
            let mut bytes = [be(at, 8), be(number, 1), vec![0; 26]].concat();
            bytes.extend(be(index.len() as u64, 1));
            for (by, number) in index {
                bytes.extend([be(*by, 8), be(*number, 1), vec![0; 3]].concat());
            }
            bytes
        };
        let mut sheet = vec![0; 395];
        sheet.push(3);
        sheet.extend(track(0, 1, &[(0, 1)]));
        sheet.extend(track(3_000, 2, &[(0, 0), (500, 1)]));
        sheet.extend(track(10_000, 170, &[]));
        let word = |text: &str| [(text.len() as u32).to_le_bytes().to_vec(), text.into()].concat();
        let comments = [
            word("somebody"),
            3_u32.to_le_bytes().to_vec(),
            word("CHAPTER002=00:00:01.250"),
            word("chapter002name=Bridge"),
            word("CHAPTER=1"),
        ];
        let file = flac(&[(0, vec![0; 34]), (5, sheet), (4, comments.concat())]);
        let all = [(0, "track 1"), (3_500, "track 2"), (10_000, "Bridge")];
        assert_eq!(cues(file.clone()), wanted(&all));
        // Behind what an MP3 player has put before it.
        let id3 = [b"ID3\x04\0\0\0\0\0\x05".to_vec(), vec![0; 5], file].concat();
        assert_eq!(cues(id3), wanted(&all));
    }

    /// A page of a stream; `sizes` are those of the pieces of its packets.
    fn page(serial: u32, sizes: &[u8], body: &[u8]) -> Vec<u8> {
        let mut page = [b"OggS\0\x02".to_vec(), vec![0; 8]].concat();
        page.extend(serial.to_le_bytes());
        page.extend([0; 8]);
        page.push(sizes.len() as u8);
        [page, sizes.to_vec(), body.to_vec()].concat()
    }

    #[test]
    fn chapters_of_ogg_streams_are_marks_wherever_pages_end() {
        let word = |text: &str| [(text.len() as u32).to_le_bytes().to_vec(), text.into()].concat();
        let long = format!("COMMENT={}", "x".repeat(600));
        let words = [
            word("somebody"),
            4_u32.to_le_bytes().to_vec(),
            word(&long),
            word("CHAPTER001=00:00:00.500"),
            word("CHAPTER001NAME=One"),
            word("CHAPTER002=00:00:01"),
        ]
        .concat();
        let all = [(4_000, "One"), (8_000, "chapter 002")];
        let mut flac_head = vec![4];
        flac_head.extend(be(words.len() as u64, 3));
        let kinds: [(&[u8], &[u8]); 3] = [
            (b"\x01vorbis, and what follows", b"\x03vorbis"),
            (b"OpusHead", b"OpusTags"),
            (b"\x7FFLAC", &flac_head),
        ];
        for (first, head) in kinds {
            let packet = [head, &words].concat();
            let pieces = |packet: &[u8]| {
                let mut sizes = vec![255; packet.len() / 255];
                sizes.push((packet.len() % 255) as u8);
                sizes
            };
            let begin = page(7, &[first.len() as u8], first);
            // On one page, and on two of which the first ends in the midst of it, with another stream between them.
            let whole = page(7, &pieces(&packet), &packet);
            let (a, b) = packet.split_at(510);
            let foreign = page(9, &[3], b"odd");
            let parts = [
                page(7, &[255, 255], a),
                foreign.clone(),
                page(7, &pieces(b), b),
            ]
            .concat();
            for rest in [whole, parts] {
                let file = [foreign.clone(), begin.clone(), rest].concat();
                assert_eq!(cues(file.clone()), wanted(&all));
                assert_eq!(cues(file[..file.len() - 1].to_vec()), []);
            }
        }
    }

    #[test]
    fn whatever_the_bytes_are_it_ends() {
        for magic in [
            &b"fLaC"[..],
            b"caff",
            b"OggS",
            b"FORM\0\0\0\0AIFF",
            b"ID3\x04\0\0",
        ] {
            for fill in [0, 0x04, 0x05, 0x7F, 0xFF] {
                let file = [magic, &[fill; 3_000]].concat();
                assert!(cues(file).len() <= MOST);
            }
        }
    }
}
