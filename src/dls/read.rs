//! Bytes to a collection. Total: every read is bounded by the chunk it stands in, counts in heads are hints, lists are
//! walked to a fixed depth, and each byte is looked at a fixed number of times.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use thiserror::Error;

use super::collection::{Collection, Info, Instrument, Patch, Region, Sample, Wave};
use super::condition::{self, Facts};
use super::connection::{Connection, Parsed};
use super::fields::{id, info, link, lists, repeat, u16_at, u32_at, version, walk};
use super::soundfont;
use crate::media::riff::{self, Chunk, FourCc, Order, RiffError, chunks};

/// Remarks that are kept; there may be as many as there are bytes.
const MOST_REMARKS: usize = 200;
/// A cue that means no wave.
const NULL_CUE: u32 = u32::MAX;
/// The tags of a `fmt ` chunk that are understood.
const PCM: u16 = 1;
/// The lists that instruments and regions are.
const INSTRUMENTS: &[FourCc] = &[*b"ins "];
const REGIONS: &[FourCc] = &[*b"rgn ", *b"rgn2"];

/// Says whether to go on.
pub(super) type GoesOn<'a> = &'a dyn Fn() -> bool;

/// Why there is no collection at all.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It is no RIFF file.
    #[error(transparent)]
    Riff(#[from] RiffError),
    /// It is one of another kind.
    #[error("at byte 8: found the form {}, wanted \"DLS \", an RMID with one inside, or \"sfbk\"", .0.escape_ascii())]
    Form(FourCc),
    /// Its numbers stand the other way round.
    #[error("at byte 0: a collection is RIFF, and this is RIFX")]
    Order,
    /// A condition at its top does not hold here.
    #[error("its condition (cdl) says that it is for another synthesizer")]
    Condition,
    /// Whoever wanted it does so no longer.
    #[error("nobody wants it any more")]
    Cancelled,
}

/// Something in a file that was passed over or put right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark {
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// What.
    pub text: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.at, self.text)
    }
}

/// Reads a collection, or a SoundFont as one, and says what in it was passed over or put right.
///
/// # Errors
/// [`ReadError`] when there is none at all.
pub fn read(bytes: &[u8], facts: &Facts) -> Result<(Collection, Vec<Remark>), ReadError> {
    read_while(bytes, facts, &|| true)
}

/// The same; asks before each wave and each instrument whether to go on.
///
/// # Errors
/// [`ReadError::Cancelled`] when it was not to, and those of [`read`].
pub fn read_while(
    bytes: &[u8],
    facts: &Facts,
    goes_on: GoesOn<'_>,
) -> Result<(Collection, Vec<Remark>), ReadError> {
    let (root, body) = riff::open(bytes)?;
    let (order, form) = (root.order, root.form);
    if order != Order::Little {
        return Err(ReadError::Order);
    }
    let body = match &form {
        soundfont::FORM => return soundfont::read(bytes, goes_on),
        b"DLS " => body,
        b"RMID" => inside(body).ok_or(ReadError::Form(form))?,
        _ => return Err(ReadError::Form(form)),
    };
    let mut reader = Reader {
        whole: bytes,
        facts,
        goes_on,
        remarks: vec![],
        unsaid: 0,
    };
    if root.stated as usize > bytes.len().saturating_sub(8) {
        let text = format!(
            "the file ends before the {} bytes it claims: what is there is read",
            root.stated
        );
        reader.remark(&bytes[4..8], text);
    }
    let collection = reader.collection(body)?;
    match goes_on() {
        true => Ok((collection, reader.finish())),
        false => Err(ReadError::Cancelled),
    }
}

/// The collection in a file that has a song as well.
fn inside(body: &[u8]) -> Option<&[u8]> {
    let mut inner = chunks(body, Order::Little).filter(|it| &it.id == b"RIFF");
    inner.find_map(|chunk| {
        chunk
            .list()
            .filter(|(form, _)| form == b"DLS ")
            .map(|it| it.1)
    })
}

struct Reader<'a> {
    whole: &'a [u8],
    facts: &'a Facts,
    goes_on: GoesOn<'a>,
    remarks: Vec<Remark>,
    /// Remarks there was no room for.
    unsaid: usize,
}

impl<'a> Reader<'a> {
    /// Says something of a place in the file.
    fn remark(&mut self, place: &[u8], text: impl Into<String>) {
        if self.remarks.len() >= MOST_REMARKS {
            self.unsaid += 1;
            return;
        }
        // Every slice is a part of the whole.
        let at = (place.as_ptr().addr()).saturating_sub(self.whole.as_ptr().addr());
        self.remarks.push(Remark {
            at: at.min(self.whole.len()),
            text: text.into(),
        });
    }

    fn finish(mut self) -> Vec<Remark> {
        if self.unsaid > 0 {
            self.remarks.push(Remark {
                at: self.whole.len(),
                text: format!("and {} more like these", self.unsaid),
            });
        }
        self.remarks
    }

    /// Whether the conditions in a list let it count. One that makes no sense counts as if it were not there.
    fn counts(&mut self, body: &'a [u8]) -> bool {
        for chunk in walk(body).filter(|it| &it.id == b"cdl ") {
            match condition::holds(chunk.data, self.facts) {
                Some(true) => {}
                Some(false) => return false,
                None => self.remark(chunk.data, "a condition that makes no sense is passed over"),
            }
        }
        true
    }

    fn collection(&mut self, body: &'a [u8]) -> Result<Collection, ReadError> {
        if !self.counts(body) {
            return Err(ReadError::Condition);
        }
        let mut all = Collection::default();
        let (mut table, mut places) = (None, BTreeMap::new());
        let mut stated = None;
        for chunk in walk(body) {
            self.whole_chunk(&chunk);
            match (&chunk.id, chunk.list()) {
                (b"dlid", _) => all.id = id(chunk.data),
                (b"vers", _) => all.version = version(chunk.data),
                (b"colh", _) => stated = u32_at(chunk.data, 0),
                (b"ptbl", _) => table = Some(chunk.data),
                (b"LIST", Some((form, inner))) => match &form {
                    b"lins" => self.instruments(inner, &mut all.instruments),
                    b"wvpl" => self.waves(inner, &mut all.waves, &mut places),
                    b"INFO" => all.info = info(inner),
                    _ => {}
                },
                _ => {}
            }
        }
        let found = all.instruments.len();
        if let Some(stated) = stated.filter(|it| *it as usize != found) {
            let text = format!("{stated} instruments are promised, and {found} are there");
            self.remark(body, text);
        }
        all.pool = self.pool(table, &places, all.waves.len(), body);
        self.check_links(&all, body);
        Ok(all)
    }

    fn whole_chunk(&mut self, chunk: &Chunk<'a>) {
        if chunk.stated as usize > chunk.data.len() {
            let text = format!(
                "{} claims {} bytes, and {} are there",
                chunk.id.escape_ascii(),
                chunk.stated,
                chunk.data.len()
            );
            self.remark(chunk.data, text);
        }
    }

    /// Which wave each cue means.
    fn pool(
        &mut self,
        table: Option<&'a [u8]>,
        places: &BTreeMap<usize, usize>,
        waves: usize,
        body: &'a [u8],
    ) -> Vec<Option<usize>> {
        let Some(table) = table else {
            if waves > 0 {
                self.remark(
                    body,
                    "there is no pool table: waves are taken in their order",
                );
            }
            return (0..waves).map(Some).collect();
        };
        let head = u32_at(table, 0).unwrap_or(8).max(8) as usize;
        let cues = table.get(head..).unwrap_or_default().chunks_exact(4);
        let count = u32_at(table, 4).unwrap_or(0) as usize;
        if count > cues.len() {
            let text = format!("{count} cues are promised, and {} are there", cues.len());
            self.remark(table, text);
        }
        let mut pool = vec![];
        for cue in cues.take(count) {
            let offset = u32_at(cue, 0).unwrap_or(NULL_CUE);
            let place = places.get(&(offset as usize)).copied();
            if place.is_none() && offset != NULL_CUE {
                self.remark(cue, format!("cue {} leads to no wave", pool.len()));
            }
            pool.push(place);
        }
        pool
    }

    /// Says which regions have no wave.
    fn check_links(&mut self, all: &Collection, body: &'a [u8]) {
        for instrument in &all.instruments {
            let silent = instrument
                .regions
                .iter()
                .filter(|it| all.wave(it).is_none());
            let (silent, of) = (silent.count(), instrument.regions.len());
            if silent > 0 {
                let name = &instrument.info.name;
                let text =
                    format!("{silent} of {of} regions of {name:?} have no wave and are silent");
                self.remark(body, text);
            }
        }
    }

    fn instruments(&mut self, body: &'a [u8], all: &mut Vec<Instrument>) {
        for (_, inner) in lists(body, INSTRUMENTS) {
            if !(self.goes_on)() {
                return;
            }
            if !self.counts(inner) {
                continue;
            }
            match self.instrument(inner) {
                Some(instrument) => all.push(instrument),
                None => self.remark(inner, "an instrument without a head is left out"),
            }
        }
    }

    fn instrument(&mut self, body: &'a [u8]) -> Option<Instrument> {
        let mut it = Instrument::default();
        let mut has_head = false;
        for chunk in walk(body) {
            match (&chunk.id, chunk.list()) {
                (b"dlid", _) => it.id = id(chunk.data),
                (b"insh", _) => {
                    let (bank, program) = (u32_at(chunk.data, 4)?, u32_at(chunk.data, 8)?);
                    it.patch = Patch::from_locale(bank, program);
                    has_head = true;
                }
                (b"LIST", Some((form, inner))) => match &form {
                    b"lrgn" => self.regions(inner, &mut it.regions),
                    b"lart" | b"lar2" => self.connections(inner, &mut it.connections),
                    b"INFO" => it.info = info(inner),
                    _ => {}
                },
                _ => {}
            }
        }
        it.connections = latest(&it.connections);
        has_head.then_some(it)
    }

    fn regions(&mut self, body: &'a [u8], all: &mut Vec<Region>) {
        for (_, inner) in lists(body, REGIONS) {
            if !self.counts(inner) {
                continue;
            }
            match self.region(inner) {
                Some(region) => all.push(region),
                None => self.remark(inner, "a region without a head or a wave link is left out"),
            }
        }
    }

    fn region(&mut self, body: &'a [u8]) -> Option<Region> {
        let (mut head, mut link, mut sample, mut connections) = (None, None, None, vec![]);
        for chunk in walk(body) {
            match (&chunk.id, chunk.list()) {
                (b"rgnh", _) => head = Some(chunk.data),
                (b"wlnk", _) => link = self::link(chunk.data),
                (b"wsmp", _) => sample = self.sample(chunk.data),
                (b"LIST", Some((form, inner))) if &form == b"lart" || &form == b"lar2" => {
                    self.connections(inner, &mut connections);
                }
                _ => {}
            }
        }
        let head = head?;
        let number = |at: usize| u16_at(head, at);
        let keys = self.range(head, number(0)?, number(2)?, "keys");
        let mut velocities = (number(4)?, number(6)?);
        if velocities == (0, 0) {
            // Some files of level 1 mean all of them by that.
            velocities.1 = 127;
        }
        let velocities = self.range(head, velocities.0, velocities.1, "velocities");
        Some(Region {
            keys,
            velocities,
            overlaps: number(8)? & 1 == 1,
            group: number(10)?,
            layer: number(12).unwrap_or(0),
            link: link?,
            sample,
            connections: latest(&connections),
        })
    }

    fn range(&mut self, place: &[u8], low: u16, high: u16, what: &str) -> RangeInclusive<u8> {
        let (from, to) = (low.min(high).min(127), low.max(high).min(127));
        if (from, to) != (low, high) {
            let text = format!("{what} {low} to {high} are read as {from} to {to}");
            self.remark(place, text);
        }
        from as u8..=to as u8
    }

    /// Adds connections.
    fn connections(&mut self, body: &'a [u8], all: &mut Vec<Connection>) {
        if !self.counts(body) {
            return;
        }
        for chunk in walk(body).filter(|it| [b"art1", b"art2"].contains(&&it.id)) {
            let head = u32_at(chunk.data, 0).unwrap_or(8).max(8) as usize;
            let blocks = chunk.data.get(head..).unwrap_or_default();
            let count = u32_at(chunk.data, 4).unwrap_or(0) as usize;
            let blocks = blocks.as_chunks::<12>().0;
            if count > blocks.len() {
                let text = format!(
                    "{count} connections are promised, and {} are there",
                    blocks.len()
                );
                self.remark(chunk.data, text);
            }
            let mut unknown = 0;
            for block in blocks.iter().take(count) {
                match Connection::parse(*block, &chunk.id == b"art2") {
                    Parsed::Connection(connection) => all.push(connection),
                    Parsed::Reserved => {}
                    Parsed::Unknown => unknown += 1,
                }
            }
            if unknown > 0 {
                let text =
                    format!("{unknown} connections of kinds that are not known are left out");
                self.remark(chunk.data, text);
            }
        }
    }

    fn sample(&mut self, data: &'a [u8]) -> Option<Sample> {
        let (Some(unity), Some(fine), Some(gain)) =
            (u16_at(data, 4), u16_at(data, 6), u32_at(data, 8))
        else {
            self.remark(data, "a wsmp chunk that is cut off is passed over");
            return None;
        };
        // Its stated size is wrong in files that many people have.
        let head = u32_at(data, 0).unwrap_or(20).clamp(20, 1 << 16) as usize;
        let loops = u32_at(data, 16).unwrap_or(0);
        let repeat = (loops > 0)
            .then(|| self::repeat(data.get(head..)?))
            .flatten();
        if loops > 0 && repeat.is_none() {
            self.remark(data, "a loop that makes no sense is passed over");
        }
        Some(Sample {
            unity: unity.min(127),
            fine: fine as i16,
            gain: gain as i32,
            repeat,
        })
    }

    fn waves(
        &mut self,
        body: &'a [u8],
        all: &mut Vec<Arc<Wave>>,
        places: &mut BTreeMap<usize, usize>,
    ) {
        for chunk in walk(body).filter(|it| &it.id == b"LIST") {
            if !(self.goes_on)() {
                return;
            }
            let Some((b"wave", inner)) = chunk.list().as_ref().map(|it| (&it.0, it.1)) else {
                continue;
            };
            if !self.counts(inner) {
                continue;
            }
            // Cues count from behind the form of the list, to where the wave's own head begins.
            places.insert(chunk.offset - 8, all.len());
            let wave = self.wave(inner);
            all.push(Arc::new(wave));
        }
    }

    /// A wave; one that cannot be read is there and silent, so that others keep their places.
    fn wave(&mut self, body: &'a [u8]) -> Wave {
        let mut wave = Wave {
            id: None,
            info: Info::default(),
            rate_hz: 0,
            samples: Arc::from([]),
            sample: None,
        };
        let (mut format, mut data) = (None, None);
        for chunk in walk(body) {
            match (&chunk.id, chunk.list()) {
                (b"dlid" | b"guid", _) => wave.id = id(chunk.data),
                (b"fmt ", _) => format = Some(chunk.data),
                (b"data", _) => {
                    self.whole_chunk(&chunk);
                    data = Some(chunk.data);
                }
                (b"wsmp", _) => wave.sample = self.sample(chunk.data),
                (b"LIST", Some((form, inner))) if &form == b"INFO" => wave.info = info(inner),
                _ => {}
            }
        }
        match self.sound(format, data, body) {
            Ok((rate_hz, samples)) => (wave.rate_hz, wave.samples) = (rate_hz, samples),
            Err(reason) => self.remark(body, format!("a wave is silent: {reason}")),
        }
        wave
    }

    fn sound(
        &mut self,
        format: Option<&'a [u8]>,
        data: Option<&'a [u8]>,
        place: &'a [u8],
    ) -> Result<(u32, Arc<[i16]>), String> {
        let number = |at: usize| u16_at(format?, at);
        let (Some(tag), Some(channels), Some(rate_hz), Some(bits)) = (
            number(0),
            number(2),
            format.and_then(|it| u32_at(it, 4)),
            number(14),
        ) else {
            return Err("it has no format".to_owned());
        };
        let data = data.ok_or("it has no data")?;
        if tag != PCM {
            return Err(format!("its format has the tag {tag}, wanted 1 (PCM)"));
        }
        if !(1..=1_000_000).contains(&rate_hz) {
            return Err(format!("it has {rate_hz} samples a second"));
        }
        let channels = usize::from(channels.max(1));
        if channels > 1 {
            let text = format!("a wave of {channels} channels: the first is taken");
            self.remark(place, text);
        }
        let samples = match bits {
            8 => data
                .iter()
                .step_by(channels)
                .map(|it| (i16::from(*it) - 128) << 8)
                .collect(),
            16 => {
                let words = data.as_chunks::<2>().0.iter().step_by(channels);
                words.map(|it| i16::from_le_bytes(*it)).collect()
            }
            _ => return Err(format!("it has {bits} bits, wanted 8 or 16")),
        };
        Ok((rate_hz, samples))
    }
}

/// The last of each name, in the order of the first.
fn latest(all: &[Connection]) -> Vec<Connection> {
    let mut places = BTreeMap::new();
    let mut kept: Vec<Connection> = vec![];
    for it in all {
        let name = (it.source, it.control, it.destination);
        match places.get(&name) {
            Some(place) => kept[*place] = *it,
            None => {
                places.insert(name, kept.len());
                kept.push(*it);
            }
        }
    }
    kept
}

/// Reads any bytes and follows every link. A body for fuzzing.
pub fn fuzz_dls(bytes: &[u8]) {
    let Ok((all, remarks)) = read(bytes, &Facts::default()) else {
        return;
    };
    assert!(remarks.len() <= MOST_REMARKS + 1);
    let samples: usize = all.waves.iter().map(|it| it.samples.len()).sum();
    // Packed samples may be more than their bytes.
    let is_packed = bytes.get(8..12) == Some(soundfont::FORM);
    assert!(samples <= bytes.len() || is_packed && samples <= 3 << 28);
    let regions = all.instruments.iter().flat_map(|it| &it.regions);
    for region in regions {
        assert!(*region.keys.end() < 128 && region.keys.start() <= region.keys.end());
        let _ = all.wave(region);
    }
}
