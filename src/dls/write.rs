//! A collection to bytes: the reverse of [`read`](super::read()). Everything is written in the forms of level 2, waves with
//! 16 bits.

use super::collection::{Collection, Info, Instrument, LoopKind, Region, Sample, Wave};
use super::connection::Connection;
use crate::media::riff::FourCc;

/// A cue that means no wave.
const NULL_CUE: u32 = u32::MAX;

/// The bytes of a collection: what [`read`](super::read()) makes of them is the collection again, but for what no file
/// can say: texts beyond 4096 bytes or with a zero inside, two connections of one name, ranges that run backwards.
///
/// A size beyond 4 GiB, which no RIFF file can hold, is written as the greatest there is.
#[must_use]
pub fn write(collection: &Collection) -> Vec<u8> {
    let mut waves = vec![];
    let mut places = vec![];
    for wave in &collection.waves {
        places.push(size(waves.len()));
        waves.extend(self::wave(wave));
    }
    let cues = collection.pool.iter().map(|place| {
        let place = place.and_then(|it| places.get(it));
        place.copied().unwrap_or(NULL_CUE)
    });
    let cues: Vec<u32> = cues.collect();
    let instruments: Vec<u8> = collection.instruments.iter().flat_map(instrument).collect();
    let version = collection.version.map(|[a, b, c, d]| {
        let pair = |high: u16, low: u16| u32::from(high) << 16 | u32::from(low);
        chunk(b"vers", &longs(&[pair(a, b), pair(c, d)]))
    });
    let parts = [
        id(collection.id),
        version.unwrap_or_default(),
        chunk(b"colh", &longs(&[size(collection.instruments.len())])),
        list(b"lins", &instruments),
        chunk(
            b"ptbl",
            &[longs(&[8, size(cues.len())]), longs(&cues)].concat(),
        ),
        list(b"wvpl", &waves),
        info(&collection.info),
    ];
    chunk(b"RIFF", &[b"DLS ", &parts.concat()[..]].concat())
}

/// A length as a file says it.
fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// A chunk with its pad byte.
fn chunk(id: &FourCc, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(data.len() + 9);
    bytes.extend(id);
    bytes.extend(size(data.len()).to_le_bytes());
    bytes.extend(data);
    if data.len() % 2 == 1 {
        bytes.push(0);
    }
    bytes
}

fn list(form: &FourCc, data: &[u8]) -> Vec<u8> {
    chunk(b"LIST", &[form, data].concat())
}

fn longs(longs: &[u32]) -> Vec<u8> {
    longs.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn id(id: Option<crate::ks::ids::Guid>) -> Vec<u8> {
    id.map(|it| chunk(b"dlid", &it.to_bytes()))
        .unwrap_or_default()
}

/// Nothing where nothing is said.
fn info(info: &Info) -> Vec<u8> {
    let said: Vec<u8> = [
        (b"INAM", &info.name),
        (b"ICOP", &info.copyright),
        (b"IENG", &info.engineer),
        (b"ICMT", &info.comment),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .flat_map(|(id, text)| chunk(id, &[text.as_bytes(), &[0]].concat()))
    .collect();
    match said.is_empty() {
        true => vec![],
        false => list(b"INFO", &said),
    }
}

fn instrument(it: &Instrument) -> Vec<u8> {
    let patch = it.patch;
    let bank = u32::from(patch.is_drum) << 31 | u32::from(patch.msb) << 8 | u32::from(patch.lsb);
    let head = longs(&[size(it.regions.len()), bank, patch.program.into()]);
    let regions: Vec<u8> = it.regions.iter().flat_map(region).collect();
    let parts = [
        id(it.id),
        chunk(b"insh", &head),
        list(b"lrgn", &regions),
        connections(&it.connections),
        info(&it.info),
    ];
    list(b"ins ", &parts.concat())
}

fn region(it: &Region) -> Vec<u8> {
    let (keys, velocities, link) = (&it.keys, &it.velocities, it.link);
    let ranges = [
        keys.start(),
        keys.end(),
        velocities.start(),
        velocities.end(),
    ];
    let mut head = ranges.map(|it| u16::from(*it)).to_vec();
    head.extend([it.overlaps.into(), it.group, it.layer]);
    let link = [
        // The phase master, and whether there are speakers besides.
        words(&[link.is_master.into(), link.phase_group]),
        longs(&[link.channel, link.cue]),
    ];
    let parts = [
        chunk(b"rgnh", &words(&head)),
        it.sample.map(sample).unwrap_or_default(),
        chunk(b"wlnk", &link.concat()),
        connections(&it.connections),
    ];
    list(b"rgn2", &parts.concat())
}

fn connections(all: &[Connection]) -> Vec<u8> {
    let blocks: Vec<[u8; 12]> = all.iter().filter_map(|it| it.to_bytes()).collect();
    if blocks.is_empty() {
        return vec![];
    }
    let head = longs(&[8, size(blocks.len())]);
    list(
        b"lar2",
        &chunk(b"art2", &[&head, blocks.as_flattened()].concat()),
    )
}

fn sample(it: Sample) -> Vec<u8> {
    let mut data = longs(&[20]);
    data.extend(it.unity.to_le_bytes());
    data.extend(it.fine.to_le_bytes());
    data.extend(it.gain.to_le_bytes());
    // No options.
    data.extend(longs(&[0, it.repeat.is_some().into()]));
    if let Some(repeat) = it.repeat {
        let kind = match repeat.kind {
            LoopKind::Forward => 0,
            LoopKind::UntilRelease => 1,
        };
        data.extend(longs(&[16, kind, repeat.start, repeat.length]));
    }
    chunk(b"wsmp", &data)
}

fn wave(it: &Wave) -> Vec<u8> {
    let (pcm, channels, bytes, bits) = (1, 1, 2, 16);
    let format = [
        words(&[pcm, channels]),
        longs(&[it.rate_hz, it.rate_hz.saturating_mul(u32::from(bytes))]),
        words(&[bytes, bits]),
    ];
    let data: Vec<u8> = it.samples.iter().flat_map(|it| it.to_le_bytes()).collect();
    let parts = [
        id(it.id),
        chunk(b"fmt ", &format.concat()),
        chunk(b"data", &data),
        it.sample.map(sample).unwrap_or_default(),
        info(&it.info),
    ];
    list(b"wave", &parts.concat())
}
