//! SoundFont 2 banks, mapped onto the same collections: what generators say becomes connections of level 2.
//!
//! Total as the reader of collections is: tables are bounded by their bytes, each preset's zones are laid over each
//! instrument's as far as there is room for them. What differs by nature: attenuation counts 0.4 of what is written, as in
//! every player that people compare with; envelopes fall by 100 dB in their time and here by 96; modulators of a file's own
//! are left out and told.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::collection::{
    Collection, Info, Instrument, Link, Loop, LoopKind, Patch, Region, Sample, Wave,
};
use super::connection::{Connection, Destination, Segment, Source, Transform};
use super::read::{ReadError, Remark};
use crate::media::riff::{self, Order, chunks};

/// The form of such a file.
pub(super) const FORM: &[u8; 4] = b"sfbk";
/// Regions of a whole file.
const MOST_REGIONS: usize = 1 << 17;
/// Rows and zones of tables that are looked at.
const MOST_ROWS: usize = 1 << 22;
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

/// Numbers of generators.
mod generator {
    pub(super) const START: usize = 0;
    pub(super) const END: usize = 1;
    pub(super) const LOOP_START: usize = 2;
    pub(super) const LOOP_END: usize = 3;
    pub(super) const START_COARSE: usize = 4;
    pub(super) const LFO_PITCH: usize = 5;
    pub(super) const VIBRATO_PITCH: usize = 6;
    pub(super) const ENVELOPE_PITCH: usize = 7;
    pub(super) const CUTOFF: usize = 8;
    pub(super) const RESONANCE: usize = 9;
    pub(super) const LFO_CUTOFF: usize = 10;
    pub(super) const ENVELOPE_CUTOFF: usize = 11;
    pub(super) const END_COARSE: usize = 12;
    pub(super) const LFO_GAIN: usize = 13;
    pub(super) const CHORUS: usize = 15;
    pub(super) const REVERB: usize = 16;
    pub(super) const PAN: usize = 17;
    pub(super) const LFO_DELAY: usize = 21;
    pub(super) const LFO_RATE: usize = 22;
    pub(super) const VIBRATO_DELAY: usize = 23;
    pub(super) const VIBRATO_RATE: usize = 24;
    /// Delay, attack, hold, decay, sustain, release, key to hold, key to decay.
    pub(super) const MODULATION: usize = 25;
    pub(super) const VOLUME: usize = 33;
    pub(super) const INSTRUMENT: usize = 41;
    pub(super) const KEYS: usize = 43;
    pub(super) const VELOCITIES: usize = 44;
    pub(super) const LOOP_START_COARSE: usize = 45;
    pub(super) const KEY: usize = 46;
    pub(super) const VELOCITY: usize = 47;
    pub(super) const ATTENUATION: usize = 48;
    pub(super) const LOOP_END_COARSE: usize = 50;
    pub(super) const COARSE: usize = 51;
    pub(super) const FINE: usize = 52;
    pub(super) const SAMPLE: usize = 53;
    pub(super) const MODES: usize = 54;
    pub(super) const SCALE: usize = 56;
    pub(super) const GROUP: usize = 57;
    pub(super) const ROOT: usize = 58;
}
use generator as g;

/// What a zone says.
#[derive(Clone)]
struct Zone {
    values: [Option<i16>; GENERATORS],
}

impl Zone {
    const fn empty() -> Self {
        Self {
            values: [None; GENERATORS],
        }
    }

    /// This one, with what `before` says where it says nothing.
    fn over(mut self, before: &Self) -> Self {
        for (own, before) in self.values.iter_mut().zip(before.values) {
            *own = own.or(before);
        }
        self
    }

    /// A range of keys or velocities.
    fn range(&self, at: usize) -> (u8, u8) {
        let [low, high] = self.values[at].unwrap_or(0x7F00).to_le_bytes();
        (low.min(127), high.min(127))
    }
}

/// A preset zone and an instrument zone together.
struct Both<'a> {
    preset: &'a Zone,
    instrument: &'a Zone,
}

impl Both<'_> {
    /// A value of the instrument or its default, with what the preset adds.
    fn sum(&self, at: usize, default: i32) -> i32 {
        let own = self.instrument.values[at].map_or(default, i32::from);
        own + self.preset.values[at].map_or(0, i32::from)
    }

    /// A value that presets have no say in.
    fn own(&self, at: usize) -> Option<i32> {
        self.instrument.values[at].map(i32::from)
    }

    /// A place in samples, fine and coarse.
    fn place(&self, fine: usize, coarse: usize) -> i64 {
        let of = |at| i64::from(self.own(at).unwrap_or(0));
        of(fine) + 32_768 * of(coarse)
    }
}

/// A head of a sample.
struct Head {
    name: String,
    start: i64,
    end: i64,
    loop_start: i64,
    loop_end: i64,
    rate_hz: u32,
    root: u8,
    correction: i8,
}

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
}

/// Zones of presets, or of instruments.
struct Bags<'a> {
    /// Rows and zones that may still be looked at: tables of a damaged file can lead to the same ones again and again.
    left: usize,
    bags: Vec<&'a [u8]>,
    generators: Vec<&'a [u8]>,
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
            let Some(left) = self.left.checked_sub(rows.len() + 1) else {
                break;
            };
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
pub(super) fn read(bytes: &[u8]) -> Result<(Collection, Vec<Remark>), ReadError> {
    let (root, body) = riff::open(bytes)?;
    if &root.form != FORM {
        return Err(ReadError::Form(root.form));
    }
    let tables = Tables::read(body);
    let mut remarks = vec![];
    let mut remark = |text: String| remarks.push(Remark { at: 0, text });
    let modulators = tables.rows(b"imod", 10).len() + tables.rows(b"pmod", 10).len();
    if modulators > 2 {
        let own = modulators - 2;
        remark(format!("{own} modulators of its own are left out"));
    }
    if tables.samples.is_empty() {
        remark("it has no samples that can be read".to_owned());
    }
    let mut mapper = Mapper {
        heads: heads(&tables),
        samples: tables.samples,
        all: Collection {
            info: tables.info.clone(),
            ..Collection::default()
        },
        cut: BTreeMap::new(),
        left: MOST_REGIONS,
        room: tables.samples.len(),
        silent: 0,
    };
    let mut presets = Bags {
        bags: tables.rows(b"pbag", 4),
        generators: tables.rows(b"pgen", 4),
        link: g::INSTRUMENT,
        left: MOST_ROWS,
    };
    let mut instruments = Bags {
        bags: tables.rows(b"ibag", 4),
        generators: tables.rows(b"igen", 4),
        link: g::SAMPLE,
        left: MOST_ROWS,
    };
    let (names, kinds) = (tables.rows(b"phdr", 38), tables.rows(b"inst", 22));
    for pair in names.windows(2) {
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
                mapper.left -= 1;
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
    if mapper.silent > 0 {
        remark(format!(
            "{} zones lead to no sample that can be had",
            mapper.silent
        ));
    }
    Ok((mapper.all, remarks))
}

fn heads(tables: &Tables<'_>) -> Vec<Head> {
    let rows = tables.rows(b"shdr", 46);
    let all = rows.iter().map(|row| Head {
        name: text(&row[..20]),
        start: u32_at(row, 20).into(),
        end: u32_at(row, 24).into(),
        loop_start: u32_at(row, 28).into(),
        loop_end: u32_at(row, 32).into(),
        rate_hz: u32_at(row, 36),
        root: row[40],
        correction: row[41] as i8,
    });
    all.collect()
}

struct Mapper<'a> {
    heads: Vec<Head>,
    samples: &'a [u8],
    all: Collection,
    /// Waves that were cut out already, by where.
    cut: BTreeMap<(usize, i64, i64), usize>,
    left: usize,
    /// Samples that may still be cut out: so many as the file has, twice.
    room: usize,
    silent: usize,
}

impl Mapper<'_> {
    /// The wave of a sample with its ends moved.
    fn wave(&mut self, sample: usize, (start, end): (i64, i64)) -> Option<usize> {
        if let Some(known) = self.cut.get(&(sample, start, end)) {
            return Some(*known);
        }
        let head = self.heads.get(sample)?;
        let (from, to) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
        let bytes = self.samples.get(2 * from..)?;
        let bytes = &bytes[..bytes.len().min(2 * to.checked_sub(from)?)];
        if bytes.len() < 2 || head.rate_hz == 0 {
            return None;
        }
        self.room = self.room.checked_sub(bytes.len() / 2)?;
        let words = bytes.as_chunks::<2>().0.iter();
        let place = self.all.waves.len();
        self.all.waves.push(Arc::new(Wave {
            id: None,
            info: Info {
                name: head.name.clone(),
                ..Info::default()
            },
            rate_hz: head.rate_hz.min(1_000_000),
            samples: words.map(|it| i16::from_le_bytes(*it)).collect(),
            sample: None,
        }));
        self.all.pool.push(Some(place));
        self.cut.insert((sample, start, end), place);
        Some(place)
    }

    fn region(&mut self, sample: usize, both: &Both<'_>) -> Option<Region> {
        let (k, v) = (
            meet(both.preset.range(g::KEYS), both.instrument.range(g::KEYS))?,
            meet(
                both.preset.range(g::VELOCITIES),
                both.instrument.range(g::VELOCITIES),
            )?,
        );
        let Some(head) = self.heads.get(sample) else {
            self.silent += 1;
            return None;
        };
        let start = head.start + both.place(g::START, g::START_COARSE);
        let end = head.end + both.place(g::END, g::END_COARSE);
        let loops = (
            head.loop_start + both.place(g::LOOP_START, g::LOOP_START_COARSE) - start,
            head.loop_end + both.place(g::LOOP_END, g::LOOP_END_COARSE) - start,
        );
        let root = match both.own(g::ROOT) {
            Some(root @ 0..=127) => root as u8,
            _ if head.root <= 127 => head.root,
            _ => 60,
        };
        let cents =
            i32::from(head.correction) + 100 * both.sum(g::COARSE, 0) + both.sum(g::FINE, 0);
        let Some(cue) = self.wave(sample, (start, end)) else {
            self.silent += 1;
            return None;
        };
        let kind = match both.own(g::MODES).unwrap_or(0) & 3 {
            1 => Some(LoopKind::Forward),
            3 => Some(LoopKind::UntilRelease),
            _ => None,
        };
        let repeat = kind.and_then(|kind| {
            let (from, to) = (u32::try_from(loops.0).ok()?, u32::try_from(loops.1).ok()?);
            Some(Loop {
                kind,
                start: from,
                length: to.checked_sub(from).filter(|it| *it > 0)?,
            })
        });
        let attenuation = f64::from(both.sum(g::ATTENUATION, 0).clamp(0, 1_440)) * ATTENUATION;
        Some(Region {
            keys: k.0..=k.1,
            velocities: v.0..=v.1,
            overlaps: true,
            group: both.own(g::GROUP).unwrap_or(0).clamp(0, 127) as u16,
            layer: 0,
            link: Link {
                cue: cue as u32,
                channel: 1,
                phase_group: 0,
                is_master: false,
            },
            sample: Some(Sample {
                unity: root.into(),
                fine: cents.clamp(-32_768, 32_767) as i16,
                gain: (-attenuation * 65_536.0).round() as i32,
                repeat,
            }),
            connections: connections(both, root),
        })
    }
}

fn meet(one: (u8, u8), other: (u8, u8)) -> Option<(u8, u8)> {
    let both = (one.0.max(other.0), one.1.min(other.1));
    (both.0 <= both.1).then_some(both)
}

fn connection(source: Source, control: Source, destination: Destination, scale: i32) -> Connection {
    Connection {
        source,
        control,
        destination,
        of_source: Transform::default(),
        of_control: Transform::default(),
        scale: scale.saturating_mul(65_536),
    }
}

/// A part of one of the envelopes.
type Part = fn(Segment) -> Destination;

/// What generators mean.
fn connections(both: &Both<'_>, root: u8) -> Vec<Connection> {
    use Destination as D;
    let none = Source::None;
    let mut all = vec![];
    let mut add = |source, control, destination, scale: i32| {
        all.push(connection(source, control, destination, scale));
    };
    let moved = [
        (g::LFO_PITCH, Source::ModulationLfo, D::Pitch),
        (g::VIBRATO_PITCH, Source::VibratoLfo, D::Pitch),
        (g::ENVELOPE_PITCH, Source::ModulationEnvelope, D::Pitch),
        (g::LFO_CUTOFF, Source::ModulationLfo, D::Cutoff),
        (g::ENVELOPE_CUTOFF, Source::ModulationEnvelope, D::Cutoff),
        (g::LFO_GAIN, Source::ModulationLfo, D::Gain),
    ];
    for (generator, source, destination) in moved {
        match both.sum(generator, 0) {
            0 => {}
            scale => add(source, none, destination, scale.clamp(-12_000, 12_000)),
        }
    }
    // The wheel and pressure bring vibrato, the sends a fifth of what comes.
    for control in [Source::Controller(1), Source::ChannelPressure] {
        add(Source::VibratoLfo, control, D::Pitch, 50);
    }
    add(Source::Controller(91), none, D::Reverb, 200);
    add(Source::Controller(93), none, D::Chorus, 200);
    let constants = [
        (g::REVERB, D::Reverb, 0, 1_000),
        (g::CHORUS, D::Chorus, 0, 1_000),
        (g::PAN, D::Pan, -500, 500),
    ];
    for (generator, destination, least, most) in constants {
        match both.sum(generator, 0).clamp(least, most) {
            0 => {}
            scale => add(none, none, destination, scale),
        }
    }
    let cutoff = both.sum(g::CUTOFF, OPEN_CENTS).clamp(1_500, OPEN_CENTS);
    let is_moved = both.sum(g::LFO_CUTOFF, 0) != 0 || both.sum(g::ENVELOPE_CUTOFF, 0) != 0;
    let resonance = both.sum(g::RESONANCE, 0).clamp(0, 960);
    if cutoff < OPEN_CENTS || is_moved || resonance > 0 {
        add(none, none, D::Cutoff, cutoff);
        add(none, none, D::Resonance, resonance);
    }
    add(
        none,
        none,
        D::LfoRate,
        both.sum(g::LFO_RATE, 0).clamp(-16_000, 4_500),
    );
    add(
        none,
        none,
        D::VibratoRate,
        both.sum(g::VIBRATO_RATE, 0).clamp(-16_000, 4_500),
    );
    let scale = both.sum(g::SCALE, 100).clamp(0, 1_200);
    if let Some(key @ 0..=127) = both.own(g::KEY) {
        add(Source::Key, none, D::Pitch, 0);
        add(none, none, D::Pitch, (key - i32::from(root)) * scale);
    } else if scale != 100 {
        add(Source::Key, none, D::Pitch, 128 * scale);
    }
    if let Some(velocity @ 1..=127) = both.own(g::VELOCITY) {
        add(Source::Velocity, none, D::Gain, 0);
        let tenths = 400.0 * (f64::from(velocity) / 127.0).log10();
        add(none, none, D::Gain, tenths.round() as i32);
    }
    let mut time = |destination, cents: i32, fall: i32| {
        let mut it = connection(none, none, destination, cents + fall);
        if cents <= NO_TIME {
            it.scale = i32::MIN;
        }
        all.push(it);
    };
    time(D::LfoDelay, both.sum(g::LFO_DELAY, NO_TIME), 0);
    time(D::VibratoDelay, both.sum(g::VIBRATO_DELAY, NO_TIME), 0);
    let mut others = vec![];
    let envelopes: [(usize, Part, i32); 2] = [
        (g::VOLUME, D::Volume, FALL_CENTS),
        (g::MODULATION, D::Modulation, 0),
    ];
    for (first, of, fall) in envelopes {
        let cents = |at: usize| both.sum(first + at, NO_TIME).min(8_000);
        time(of(Segment::Delay), cents(0), 0);
        time(of(Segment::Attack), cents(1), 0);
        time(of(Segment::Release), cents(5), fall);
        for (segment, at, keyed, fall) in [(Segment::Hold, 2, 6, 0), (Segment::Decay, 3, 7, fall)] {
            let a_key = both.sum(first + keyed, 0).clamp(-1_200, 1_200);
            // Counted from the middle of the keyboard.
            time(of(segment), (cents(at) + 60 * a_key).min(8_000), fall);
            if a_key != 0 {
                others.push(connection(Source::Key, none, of(segment), -128 * a_key));
            }
        }
        let less = both.sum(first + 4, 0);
        // Of loudness in tenths of a decibel, of the other in tenths of a per cent.
        let left = match fall {
            0 => 1_000 - less,
            _ => 1_000 - less * 1_000 / 960,
        };
        let left = left.clamp(0, 1_000);
        others.push(connection(none, none, of(Segment::Sustain), left));
    }
    all.extend(others);
    all
}
