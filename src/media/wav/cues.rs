//! Places in a wave file that have a name: its `cue ` chunk, with the labels of its `adtl` list.

use std::io::{Read, Seek};

use crate::media::riff::{ChunkAt, Order, chunks};

/// The most that are read, the longest name in bytes, and the longest list of names.
const MOST: usize = 1024;
const NAME_MAX: usize = 256;
const LIST_MAX: u64 = 1 << 20;

/// A place in sound that somebody has marked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cue {
    /// Its sample.
    pub at: u64,
    /// What it is called; the file's number of it where nobody has named it.
    pub name: String,
}

/// Those of a file, in order of place. What lies behind the sound is left out, and what is not whole is not read.
pub(super) fn cues<R: Read + Seek>(
    source: &mut R,
    all: &[ChunkAt],
    order: Order,
    frames: u64,
) -> Vec<Cue> {
    let Some(chunk) = all.iter().find(|it| &it.id == b"cue ") else {
        return vec![];
    };
    let Ok(data) = chunk.read(source, 4 + 24 * MOST as u64) else {
        return vec![];
    };
    let names = names(source, all, order);
    let count = order.u32_at(&data, 0).unwrap_or(0) as usize;
    let entries = data.get(4..).unwrap_or_default().chunks_exact(24);
    let cue = |entry: &[u8]| {
        let id = order.u32_at(entry, 0)?;
        let at = u64::from(order.u32_at(entry, 20)?);
        let name = names.iter().find(|(own, _)| *own == id);
        let name = name.map_or_else(|| format!("cue {id}"), |(_, name)| name.clone());
        (at <= frames).then_some(Cue { at, name })
    };
    let mut cues: Vec<Cue> = entries.take(count.min(MOST)).filter_map(cue).collect();
    cues.sort_by_key(|it| it.at);
    cues
}

/// What cues are called, by their numbers: their labels.
fn names<R: Read + Seek>(source: &mut R, all: &[ChunkAt], order: Order) -> Vec<(u32, String)> {
    let mut names = vec![];
    for list in all.iter().filter(|it| &it.id == b"LIST") {
        let Ok(data) = list.read(source, LIST_MAX) else {
            continue;
        };
        if data.get(..4) != Some(b"adtl") {
            continue;
        }
        let labels = chunks(&data[4..], order).filter(|it| &it.id == b"labl");
        for label in labels.take(MOST) {
            let (Some(id), Some(text)) = (order.u32_at(label.data, 0), label.data.get(4..)) else {
                continue;
            };
            let end = text.iter().position(|byte| *byte == 0);
            let end = end.unwrap_or(text.len()).min(NAME_MAX);
            let name = String::from_utf8_lossy(&text[..end]).trim().to_owned();
            if !name.is_empty() {
                names.push((id, name));
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use crate::media::wav::WavReader;

    fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let size = (data.len() as u32).to_le_bytes();
        let pad = vec![0; data.len() % 2];
        [&id[..], &size, data, &pad].concat()
    }

    fn file(rest: &[Vec<u8>]) -> Vec<u8> {
        let format = [1_u16, 1].map(u16::to_le_bytes).concat();
        let rates = [8_000_u32, 16_000].map(u32::to_le_bytes).concat();
        let grid = [2_u16, 16].map(u16::to_le_bytes).concat();
        let format = chunk(b"fmt ", &[format, rates, grid].concat());
        let all = [&[format][..], rest].concat().concat();
        let size = (all.len() as u32 + 4).to_le_bytes();
        [&b"RIFF"[..], &size, b"WAVE", &all].concat()
    }

    fn entry(id: u32, at: u32) -> Vec<u8> {
        let words =
            |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|it| it.to_le_bytes()).collect() };
        [words(&[id, at]), b"data".to_vec(), words(&[0, 0, at])].concat()
    }

    #[test]
    fn cues_come_in_order_with_their_names_and_none_from_beyond_the_sound() {
        let entries = [(3, 90), (1, 10), (9, 101), (2, 50)].map(|(id, at)| entry(id, at));
        let cue = [4_u32.to_le_bytes().to_vec(), entries.concat()].concat();
        let label = |id: u32, name: &[u8]| chunk(b"labl", &[&id.to_le_bytes()[..], name].concat());
        let list = [label(1, b"Verse\0"), label(3, b"End")].concat();
        let list = [&b"adtl"[..], &list].concat();
        let bytes = file(&[
            chunk(b"cue ", &cue),
            chunk(b"data", &[0; 200]),
            chunk(b"LIST", &list),
        ]);
        let info = WavReader::open(Cursor::new(bytes)).unwrap().info().clone();
        let found: Vec<(u64, &str)> = info.cues.iter().map(|it| (it.at, &*it.name)).collect();
        assert_eq!(found, [(10, "Verse"), (50, "cue 2"), (90, "End")]);
    }

    #[test]
    fn a_count_that_lies_gives_what_is_there() {
        let cue = [u32::MAX.to_le_bytes().to_vec(), entry(1, 1), vec![0; 7]].concat();
        let bytes = file(&[chunk(b"cue ", &cue), chunk(b"data", &[0; 200])]);
        let info = WavReader::open(Cursor::new(bytes)).unwrap().info().clone();
        assert_eq!(info.cues.len(), 1);
    }
}
