//! Sony's Wave64 and Sun's AU read as the wave files they almost are: a head is made up in front of their samples, which
//! stay where they are. What a wave file can hold, and how its samples are read, is `wav`'s.
//!
//! ```text
//!   .w64   GUIDs for names, 64-bit sizes, chunks at multiples of 8      ──▶  RF64 │ ds64 │ fmt │ data...
//!   .au    big-endian head, then samples                                ──▶  RIFX │ fmt │ data...
//! ```

use std::io::{self, Read, Seek, SeekFrom};

use super::marks::Marks;
use super::source::{MediaError, Source};
use super::tags::Tags;
use super::wav;

/// What Wave64 puts behind the four letters of a name.
const TAIL: [u8; 12] = [
    0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0x00, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a,
];
/// The name of the whole.
const RIFF: [u8; 16] = [
    b'r', b'i', b'f', b'f', 0x2e, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00,
];
/// Chunks that are looked at, and the longest head of one.
const CHUNKS_MAX: usize = 1024;
const FORMAT_MAX: u64 = 4096;
/// The size of an AU file whose writer never came back.
const UNKNOWN: u32 = u32::MAX;

/// Whether it begins like one of them.
pub(super) fn is_one(head: &[u8]) -> bool {
    head.starts_with(&RIFF) || head.starts_with(b".snd")
}

/// Opens it.
pub(super) fn open<R: Read + Seek + Send + 'static>(
    mut source: R,
) -> Result<Box<dyn Source>, MediaError> {
    let mut first = [0; 4];
    source.seek(SeekFrom::Start(0))?;
    source.read_exact(&mut first)?;
    match first == *b".snd" {
        true => open_au(source),
        false => open_w64(source),
    }
}

fn damaged(what: impl Into<String>) -> MediaError {
    MediaError::Damaged(what.into())
}

fn open_au<R: Read + Seek + Send + 'static>(mut source: R) -> Result<Box<dyn Source>, MediaError> {
    let end = source.seek(SeekFrom::End(0))?;
    let mut head = [0; 24];
    source.seek(SeekFrom::Start(0))?;
    source
        .read_exact(&mut head)
        .map_err(|_| damaged("it ends within its head"))?;
    let number = |at: usize| {
        let bytes: [u8; 4] = [head[at], head[at + 1], head[at + 2], head[at + 3]];
        u32::from_be_bytes(bytes)
    };
    let [data_at, size, code, rate_hz, channels] = [4, 8, 12, 16, 20].map(number);
    if u64::from(data_at) > end || data_at < 24 {
        return Err(damaged(format!(
            "its sound is said to begin at byte {data_at}, and it has {end}"
        )));
    }
    // Wave's names of the same codes.
    let (tag, bits): (u16, u16) = match code {
        1 => (7, 8),
        2 => (1, 8),
        3 => (1, 16),
        4 => (1, 24),
        5 => (1, 32),
        6 => (3, 32),
        7 => (3, 64),
        27 => (6, 8),
        _ => {
            return Err(MediaError::Codec {
                container: "AU",
                codec: format!("code {code}"),
            });
        }
    };
    let there = end - u64::from(data_at);
    let stated = match size {
        UNKNOWN => there,
        size => u64::from(size),
    };
    let Ok(channels) = u16::try_from(channels) else {
        return Err(MediaError::OutOfRange {
            what: "number of channels",
            found: channels.into(),
            wanted: "1 to 64",
        });
    };
    let block = u32::from(channels) * u32::from(bits / 8);
    let mut format = vec![];
    format.extend(tag.to_be_bytes());
    format.extend(channels.to_be_bytes());
    format.extend(rate_hz.to_be_bytes());
    format.extend(rate_hz.wrapping_mul(block).to_be_bytes());
    format.extend((block as u16).to_be_bytes());
    format.extend(bits.to_be_bytes());
    let mut made = b"RIFX\xff\xff\xff\xffWAVEfmt ".to_vec();
    made.extend((format.len() as u32).to_be_bytes());
    made.extend(format);
    made.extend(b"data");
    // A wave file says "to the end" by this size, which no AU file of more can have.
    let size = u32::try_from(stated).unwrap_or(UNKNOWN);
    made.extend(size.to_be_bytes());
    let data = (u64::from(data_at), there.min(stated));
    let recast = Recast::new(source, made, data, code == 2);
    wav::open_as(recast, "AU", Tags::default(), Marks::default())
}

fn open_w64<R: Read + Seek + Send + 'static>(mut source: R) -> Result<Box<dyn Source>, MediaError> {
    let end = source.seek(SeekFrom::End(0))?;
    let (mut at, mut format, mut data) = (40, None, None);
    for _ in 0..CHUNKS_MAX {
        let mut head = [0; 24];
        source.seek(SeekFrom::Start(at))?;
        if source.read_exact(&mut head).is_err() {
            break;
        }
        let mut size = [0; 8];
        size.copy_from_slice(&head[16..]);
        // The head of a chunk counts.
        let size = u64::from_le_bytes(size);
        let body = at + 24;
        let len = size.saturating_sub(24);
        if head[4..16] == TAIL {
            match &head[..4] {
                b"fmt " if format.is_none() => {
                    let mut bytes = vec![];
                    let len = len.min(FORMAT_MAX);
                    source.by_ref().take(len).read_to_end(&mut bytes)?;
                    format = Some(bytes);
                }
                b"data" if data.is_none() => {
                    // What was never written down goes to the end.
                    let len = if size == 0 { end - body } else { len };
                    data = Some((body, len));
                }
                _ => {}
            }
        }
        let Some(next) = at
            .checked_add(size.max(24))
            .and_then(|it| it.checked_next_multiple_of(8))
        else {
            break;
        };
        at = next;
    }
    let format = format.ok_or_else(|| damaged("it has no fmt chunk"))?;
    let (data_at, stated) = data.ok_or_else(|| damaged("it has no data chunk"))?;
    let there = stated.min(end - data_at);
    let mut made = b"RF64\xff\xff\xff\xffWAVEds64".to_vec();
    made.extend(28_u32.to_le_bytes());
    for number in [stated.saturating_add(1 << 16), stated, 0] {
        made.extend(number.to_le_bytes());
    }
    made.extend(0_u32.to_le_bytes());
    made.extend(b"fmt ");
    made.extend((format.len() as u32).to_le_bytes());
    made.extend(&format);
    made.extend(&[0][..format.len() % 2]);
    made.extend(b"data\xff\xff\xff\xff");
    let recast = Recast::new(source, made, (data_at, there), false);
    wav::open_as(recast, "W64", Tags::default(), Marks::default())
}

/// A head that was made up, and a part of a file behind it.
pub(super) struct Recast<R> {
    source: R,
    head: Vec<u8>,
    data_at: u64,
    data_len: u64,
    /// Bytes of samples are signed there, and unsigned in a wave file.
    is_signed: bool,
    at: u64,
}

impl<R> Recast<R> {
    pub(super) fn new(
        source: R,
        head: Vec<u8>,
        (data_at, data_len): (u64, u64),
        is_signed: bool,
    ) -> Self {
        Self {
            source,
            head,
            data_at,
            data_len,
            is_signed,
            at: 0,
        }
    }
}

impl<R: Read + Seek> Read for Recast<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let head = self.head.len() as u64;
        if self.at < head {
            let rest = &self.head[self.at as usize..];
            let some = rest.len().min(buffer.len());
            buffer[..some].copy_from_slice(&rest[..some]);
            self.at += some as u64;
            return Ok(some);
        }
        let from = self.at - head;
        let some = (buffer.len() as u64).min(self.data_len.saturating_sub(from)) as usize;
        if some == 0 {
            return Ok(0);
        }
        self.source.seek(SeekFrom::Start(self.data_at + from))?;
        let read = self.source.read(&mut buffer[..some])?;
        if self.is_signed {
            buffer[..read].iter_mut().for_each(|byte| *byte ^= 0x80);
        }
        self.at += read as u64;
        Ok(read)
    }
}

impl<R> Seek for Recast<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let len = self.head.len() as u64 + self.data_len;
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::media::open_stream;

    /// Samples of two channels of a ramp that is on every grid.
    const RAMP: [i8; 8] = [0, 64, -64, 32, -128, 127, 1, -1];

    type Heard = (Box<dyn Source>, Vec<Vec<f32>>);

    fn heard(bytes: Vec<u8>) -> Result<Heard, MediaError> {
        let mut source = open_stream(Cursor::new(bytes))?;
        let channels = usize::from(source.info().channels);
        let mut planar = vec![vec![9.0; 99]; channels];
        let mut slices: Vec<&mut [f32]> = planar.iter_mut().map(|it| &mut it[..]).collect();
        let got = source.read(&mut slices)?;
        planar.iter_mut().for_each(|it| it.truncate(got));
        Ok((source, planar))
    }

    fn meant() -> Vec<Vec<f32>> {
        let of = |first: usize| RAMP.iter().skip(first).step_by(2);
        let scaled = |first| of(first).map(|it| f32::from(*it) / 128.0).collect();
        vec![scaled(0), scaled(1)]
    }

    fn au(code: u32, size: u32, channels: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = b".snd".to_vec();
        for number in [28, size, code, 44_100, channels] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(b"word");
        bytes.extend(data);
        bytes
    }

    #[test]
    fn every_code_of_au_is_read_to_the_bit() {
        let wide = |width: usize| -> Vec<u8> {
            let pad = vec![0; width - 1];
            RAMP.iter()
                .flat_map(|it| [&[*it as u8][..], &pad].concat())
                .collect()
        };
        let floats = RAMP.iter().map(|it| f32::from(*it) / 128.0);
        let singles: Vec<u8> = floats.clone().flat_map(f32::to_be_bytes).collect();
        let doubles: Vec<u8> = floats.flat_map(|it| f64::from(it).to_be_bytes()).collect();
        for (code, data, bits) in [
            (2, wide(1), 8),
            (3, wide(2), 16),
            (4, wide(3), 24),
            (5, wide(4), 32),
            (6, singles, 32),
            (7, doubles, 64),
        ] {
            for size in [data.len() as u32, UNKNOWN] {
                let (source, planar) = heard(au(code, size, 2, &data)).unwrap();
                let info = source.info();
                assert_eq!(
                    (info.container, info.rate_hz, info.frames),
                    ("AU", 44_100, Some(4))
                );
                assert_eq!(info.bits, bits, "{code}");
                assert_eq!(planar, meant(), "{code}");
            }
        }
        let (_, planar) = heard(au(1, 1, 1, &[0x80])).unwrap();
        assert_eq!(planar, [[32_124.0 / 32_768.0]]);
        let (_, planar) = heard(au(27, 1, 1, &[0xaa])).unwrap();
        assert_eq!(planar, [[32_256.0 / 32_768.0]]);
    }

    #[test]
    fn an_au_file_that_is_cut_off_or_lies_is_said_to_be_so() {
        let (mut source, planar) = heard(au(3, 400, 1, &[1, 0, 2, 0])).unwrap();
        assert_eq!(planar[0].len(), 2);
        assert!(source.remarks()[0].contains("396 bytes"));
        for (bytes, words) in [
            (au(23, 4, 1, &[0; 4]), "code 23"),
            (au(3, 4, 0, &[0; 4]), "number of channels"),
            (au(3, 4, 70_000, &[0; 4]), "number of channels"),
            (au(3, 4, 1, &[0; 4])[..20].to_vec(), "ends within its head"),
            (
                [&b".snd\xff\xff\xff\xff"[..], &[0; 40]].concat(),
                "said to begin",
            ),
        ] {
            let error = heard(bytes).err().unwrap().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut bytes = [&name[..], &TAIL].concat();
        bytes.extend((body.len() as u64 + 24).to_le_bytes());
        bytes.extend(body);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    fn w64(chunks: &[Vec<u8>]) -> Vec<u8> {
        let body = [&b"wave"[..], &TAIL, &chunks.concat()].concat();
        let mut bytes = RIFF.to_vec();
        bytes.extend((body.len() as u64 + 24).to_le_bytes());
        bytes.extend(body);
        bytes
    }

    #[test]
    fn wave64_is_read_with_chunks_of_any_kind_around_its_sound() {
        let format = chunk(
            b"fmt ",
            &[1, 0, 2, 0, 0x44, 0xac, 0, 0, 0x10, 0xb1, 2, 0, 4, 0, 16, 0],
        );
        let data: Vec<u8> = RAMP.iter().flat_map(|it| [0, *it as u8]).collect();
        let data = chunk(b"data", &data);
        let odd = chunk(b"junk", &[7; 13]);
        for chunks in [
            vec![format.clone(), data.clone()],
            vec![odd.clone(), format.clone(), odd.clone(), data.clone(), odd],
            vec![data.clone(), format.clone()],
        ] {
            let (mut source, planar) = heard(w64(&chunks)).unwrap();
            assert_eq!((source.info().container, source.info().bits), ("W64", 16));
            assert_eq!(planar, meant());
            source.seek(2).unwrap();
            let mut rest = [[9.0; 2]; 2];
            let mut slices = rest.each_mut().map(|it| &mut it[..]);
            source.read(&mut slices).unwrap();
            assert_eq!(rest[0], meant()[0][2..]);
        }
        let mut cut = w64(&[format.clone(), data.clone()]);
        cut.truncate(cut.len() - 8);
        let (mut source, planar) = heard(cut).unwrap();
        assert_eq!(planar[0].len(), 2);
        assert!(source.remarks()[0].contains("8 bytes"));
        for (chunks, words) in [
            (vec![format], "no data chunk"),
            (vec![data], "no fmt chunk"),
        ] {
            let error = heard(w64(&chunks)).err().unwrap().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
