//! What stands in the chunks of a collection: numbers, lists, names and links, each within its chunk or not there at all.

use super::collection::{Info, Link, Loop, LoopKind};
use crate::ks::ids::Guid;
use crate::media::riff::{Chunk, FourCc, Order, chunks};

/// The longest text, in bytes.
const LONGEST_TEXT: usize = 4_096;

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Order::Little.u16_at(bytes, at)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Order::Little.u32_at(bytes, at)
}

pub(super) fn walk(body: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    chunks(body, Order::Little)
}

/// The lists of a kind in a body.
pub(super) fn lists<'a>(
    body: &'a [u8],
    forms: &'static [FourCc],
) -> impl Iterator<Item = (FourCc, &'a [u8])> {
    let lists = walk(body).filter(|it| &it.id == b"LIST");
    let lists = lists.filter_map(|it| it.list());
    lists.filter(move |(form, _)| forms.contains(form))
}

pub(super) fn id(data: &[u8]) -> Option<Guid> {
    data.first_chunk::<16>()
        .map(|bytes| Guid::from_bytes(*bytes))
}

pub(super) fn version(data: &[u8]) -> Option<[u16; 4]> {
    let (high, low) = (u32_at(data, 0)?, u32_at(data, 4)?);
    Some([
        (high >> 16) as u16,
        high as u16,
        (low >> 16) as u16,
        low as u16,
    ])
}

pub(super) fn link(data: &[u8]) -> Option<Link> {
    let options = u16_at(data, 0)?;
    Some(Link {
        is_master: options & 1 == 1,
        phase_group: u16_at(data, 2)?,
        channel: u32_at(data, 4)?,
        cue: u32_at(data, 8)?,
    })
}

pub(super) fn repeat(data: &[u8]) -> Option<Loop> {
    let kind = match u32_at(data, 4)? {
        0 => LoopKind::Forward,
        1 => LoopKind::UntilRelease,
        _ => return None,
    };
    let (start, length) = (u32_at(data, 8)?, u32_at(data, 12)?);
    let is_some = length > 0 && start.checked_add(length).is_some();
    is_some.then_some(Loop {
        kind,
        start,
        length,
    })
}

pub(super) fn info(body: &[u8]) -> Info {
    let mut info = Info::default();
    for chunk in walk(body) {
        let into = match &chunk.id {
            b"INAM" => &mut info.name,
            b"ICOP" => &mut info.copyright,
            b"IENG" => &mut info.engineer,
            b"IART" if info.engineer.is_empty() => &mut info.engineer,
            b"ICMT" => &mut info.comment,
            _ => continue,
        };
        *into = text(chunk.data);
    }
    info
}

/// Up to the first zero; UTF-8 where it is, else the letters of Western Europe, in which bytes are code points.
pub(super) fn text(data: &[u8]) -> String {
    let data = data.split(|it| *it == 0).next().unwrap_or_default();
    let data = &data[..data.len().min(LONGEST_TEXT)];
    match std::str::from_utf8(data) {
        Ok(text) => text.trim_end().to_owned(),
        Err(_) => data
            .iter()
            .map(|it| char::from(*it))
            .collect::<String>()
            .trim_end()
            .to_owned(),
    }
}
