//! SoundFont 2 banks, mapped onto the same collections: what generators say becomes connections of level 2.
//!
//! Total as the reader of collections is: tables are bounded by their bytes, each preset's zones are laid over each
//! instrument's as far as there is room for them. What differs by nature: attenuation counts 0.4 of what is written, as in
//! every player that people compare with; envelopes fall by 100 dB in their time and here by 96; modulators become
//! connections as far as these go, the rest is told. Samples may be packed (`.sf3`).

mod connections;
mod generator;
mod modulator;
mod region;
mod samples;

use std::collections::BTreeMap;

use super::collection::{Collection, Info, Instrument, Patch};
use super::connection::{Connection, Control, Destination, Source, Transform};
use super::read::{GoesOn, ReadError, Remark};
use crate::media::riff::{self, Order, chunks};
use generator as g;
use modulator::Modulator;
use region::{Both, Zone};
use samples::{Head, Samples};

/// The form of such a file.
pub(super) const FORM: &[u8; 4] = b"sfbk";
/// Regions of a whole file.
const MOST_REGIONS: usize = 1 << 17;
/// Rows and zones of tables that are looked at.
const MOST_ROWS: usize = 1 << 22;
/// Modulators of a zone.
const MOST_MODULATORS: usize = 128;
/// Generators there are.
const GENERATORS: usize = 61;
/// The bank of drums.
const DRUM_BANK: u16 = 128;
/// No more of a filter is left than this.
const OPEN_CENTS: i32 = 13_500;
/// Time cents that stand for none.
const NO_TIME: i32 = -12_000;
/// 96 dB of 100.
const FALL_CENTS: i32 = -71;
/// How much of an attenuation counts.
const ATTENUATION: f64 = 0.4;

/// The tables of a file.
#[derive(Default)]
struct Tables<'a> {
    parts: BTreeMap<[u8; 4], &'a [u8]>,
    samples: &'a [u8],
    info: Info,
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    Order::Little.u16_at(bytes, at).unwrap_or(0)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    Order::Little.u32_at(bytes, at).unwrap_or(0)
}

fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|it| *it == 0).next().unwrap_or_default();
    let bytes = &bytes[..bytes.len().min(4_096)];
    let words: String = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|it| char::from(*it)).collect(),
    };
    words.trim().to_owned()
}

impl<'a> Tables<'a> {
    fn read(body: &'a [u8]) -> Self {
        let mut it = Self::default();
        for chunk in chunks(body, Order::Little).filter(|it| &it.id == b"LIST") {
            let Some((form, inner)) = chunk.list() else {
                continue;
            };
            for part in chunks(inner, Order::Little) {
                match (&form, &part.id) {
                    (b"sdta", b"smpl") => it.samples = part.data,
                    (b"pdta", id) => {
                        it.parts.insert(*id, part.data);
                    }
                    (b"INFO", b"INAM") => it.info.name = text(part.data),
                    (b"INFO", b"ICOP") => it.info.copyright = text(part.data),
                    (b"INFO", b"IENG") => it.info.engineer = text(part.data),
                    (b"INFO", b"ICMT") => it.info.comment = text(part.data),
                    _ => {}
                }
            }
        }
        it
    }

    /// The rows of a table, the last of which only ends it.
    fn rows(&self, id: &[u8; 4], len: usize) -> Vec<&'a [u8]> {
        let data = self.parts.get(id).copied().unwrap_or_default();
        data.chunks_exact(len).collect()
    }

    fn modulators(&self, id: &[u8; 4]) -> Vec<Modulator> {
        let rows = self.rows(id, Modulator::LEN);
        rows.into_iter().map(Modulator::read).collect()
    }
}

/// Zones of presets, or of instruments.
struct Bags<'a> {
    /// Rows and zones that may still be looked at: tables of a damaged file can lead to the same ones again and again.
    left: usize,
    bags: Vec<&'a [u8]>,
    generators: Vec<&'a [u8]>,
    modulators: Vec<Modulator>,
    /// Which generator has the last word of a zone that plays.
    link: usize,
}

impl Bags<'_> {
    /// The zones between two bags that lead somewhere, with the global one under them.
    fn zones(&mut self, from: usize, to: usize) -> Vec<(usize, Zone)> {
        let mut global = Zone::empty();
        let mut zones = vec![];
        for (index, bag) in (from..to.min(self.bags.len().saturating_sub(1))).enumerate() {
            let (begin, end) = (
                u16_at(self.bags[bag], 0).into(),
                usize::from(u16_at(self.bags[bag + 1], 0)),
            );
            let mut zone = Zone::empty();
            let rows = self.generators.get(begin..end).unwrap_or_default();
            let (begin, end) = (
                u16_at(self.bags[bag], 2).into(),
                usize::from(u16_at(self.bags[bag + 1], 2)),
            );
            let own = self.modulators.get(begin..end).unwrap_or_default();
            let own = &own[..own.len().min(MOST_MODULATORS)];
            let Some(left) = self.left.checked_sub(rows.len() + own.len() + 1) else {
                break;
            };
            zone.modulators = own.to_vec();
            self.left = left;
            for row in rows {
                if let Some(value) = zone.values.get_mut(usize::from(u16_at(row, 0))) {
                    *value = Some(u16_at(row, 2) as i16);
                }
            }
            match zone.values[self.link] {
                Some(link) => zones.push((usize::from(link as u16), zone.over(&global))),
                None if index == 0 => global = zone,
                // One that leads nowhere is passed over, as the standard says.
                None => {}
            }
        }
        zones
    }
}

/// Maps a file's body.
///
/// # Errors
/// [`ReadError`] when it is no such file.
pub(super) fn read(
    bytes: &[u8],
    goes_on: GoesOn<'_>,
) -> Result<(Collection, Vec<Remark>), ReadError> {
    let (root, body) = riff::open(bytes)?;
    if &root.form != FORM {
        return Err(ReadError::Form(root.form));
    }
    let tables = Tables::read(body);
    let mut remarks = vec![];
    let mut remark = |text: String| remarks.push(Remark { at: 0, text });
    if tables.samples.is_empty() {
        remark("it has no samples that can be read".to_owned());
    }
    let mut mapper = Mapper {
        samples: Samples::new(
            tables
                .rows(b"shdr", 46)
                .into_iter()
                .map(Head::read)
                .collect(),
            tables.samples,
            goes_on,
        ),
        all: Collection {
            info: tables.info.clone(),
            is_soundfont: true,
            ..Collection::default()
        },
        left: MOST_REGIONS,
        silent: 0,
        left_out: 0,
    };
    let mut presets = Bags {
        bags: tables.rows(b"pbag", 4),
        generators: tables.rows(b"pgen", 4),
        modulators: tables.modulators(b"pmod"),
        link: g::INSTRUMENT,
        left: MOST_ROWS,
    };
    let mut instruments = Bags {
        bags: tables.rows(b"ibag", 4),
        generators: tables.rows(b"igen", 4),
        modulators: tables.modulators(b"imod"),
        link: g::SAMPLE,
        left: MOST_ROWS,
    };
    let (names, kinds) = (tables.rows(b"phdr", 38), tables.rows(b"inst", 22));
    for pair in names.windows(2) {
        if !goes_on() {
            return Err(ReadError::Cancelled);
        }
        let bag = |row: &[u8]| usize::from(u16_at(row, 24));
        let zones = presets.zones(bag(pair[0]), bag(pair[1]));
        let mut regions = vec![];
        for (kind, preset) in zones {
            let (Some(one), Some(next)) = (kinds.get(kind), kinds.get(kind + 1)) else {
                continue;
            };
            let bag = |row: &[u8]| usize::from(u16_at(row, 20));
            for (sample, instrument) in instruments.zones(bag(one), bag(next)) {
                if mapper.left == 0 {
                    break;
                }
                let modulators = preset.modulators.len() + instrument.modulators.len();
                mapper.left = mapper.left.saturating_sub(1 + modulators / 8);
                let both = Both {
                    preset: &preset,
                    instrument: &instrument,
                };
                regions.extend(mapper.region(sample, &both));
            }
        }
        let (program, bank) = (u16_at(pair[0], 20), u16_at(pair[0], 22));
        let is_drum = bank == DRUM_BANK;
        mapper.all.instruments.push(Instrument {
            patch: Patch {
                is_drum,
                msb: if is_drum { 0 } else { (bank & 127) as u8 },
                lsb: 0,
                program: (program & 127) as u8,
            },
            info: Info {
                name: text(&pair[0][..20]),
                ..Info::default()
            },
            regions,
            ..Instrument::default()
        });
    }
    if mapper.left == 0 || presets.left.min(instruments.left) == 0 {
        remark(
            "its tables lead to more regions than there can be: the rest is left out".to_owned(),
        );
    }
    if mapper.left_out > 0 {
        remark(format!(
            "{} modulators in its zones say what no connection says, and are left out",
            mapper.left_out
        ));
    }
    if mapper.silent > 0 {
        remark(format!(
            "{} zones lead to no sample that can be had",
            mapper.silent
        ));
    }
    match goes_on() {
        true => Ok((mapper.all, remarks)),
        false => Err(ReadError::Cancelled),
    }
}

/// What becomes of a file.
struct Mapper<'a> {
    samples: Samples<'a>,
    all: Collection,
    left: usize,
    silent: usize,
    /// Modulators that no connection says.
    left_out: usize,
}

/// A connection without transforms, in whole units.
fn unit(source: Source, control: Control, destination: Destination, scale: f64) -> Connection {
    Connection {
        source,
        control,
        destination,
        of_source: Transform::default(),
        of_control: Transform::default(),
        // In range of 16.16 numbers whatever it is.
        scale: (scale * 65_536.0).round() as i32,
    }
}
