//! A download buffer (17.2): `{type, id, count of offsets, size}`, the offsets, and the objects they lead to.
//!
//! Lives here: bytes to an instrument or a wave. Total: every offset, size and list is checked before it is followed, and a
//! buffer that makes no sense is refused whole, by the name its error has in DirectMusic. A buffer that begins with `RIFF`
//! is a whole collection or SoundFont, which is this program's own addition.

use std::sync::Arc;

use super::collection::{
    Collection, Info, Instrument, Link, Loop, LoopKind, Patch, Region, Sample, Wave,
};
use super::condition::Facts;
use super::connection::{Connection, Destination, Parsed, Segment, Source, Transform};
use crate::ks::{DlsRefusal, Status};
use crate::media::riff::Order;

/// Bytes before the table.
const HEAD: usize = 16;
/// Bytes of the objects, without what may follow.
const INSTRUMENT: usize = 24;
const REGION: usize = 56;
const WAVE: usize = 28;
/// The tag of samples without compression.
const PCM: u16 = 1;

/// What a buffer holds.
pub(super) enum Download {
    Wave(Wave),
    /// Its regions' cues are ids of waves.
    Instrument(Instrument),
    Collection(Box<Collection>),
}

/// Reads a buffer, and what its sender calls it.
pub(super) fn read(buffer: &[u8]) -> Result<(Option<u32>, Download), DlsRefusal> {
    if buffer.starts_with(b"RIFF") {
        return collection(buffer).map(|it| (None, Download::Collection(Box::new(it))));
    }
    let buffer = Buffer::open(buffer)?;
    let download = match buffer.kind {
        1 => Download::Instrument(buffer.instrument(Buffer::parameters)?),
        2 => Download::Wave(buffer.wave()?),
        3 => Download::Instrument(buffer.instrument(Buffer::articulations)?),
        kind => {
            return Err(DlsRefusal::new(format!(
                "UNKNOWNDOWNLOAD: found type {kind}, wanted 1 or 3 (an instrument), 2 (a wave), or a file that begins with \
                 RIFF"
            )));
        }
    };
    Ok((Some(buffer.id), download))
}

fn collection(bytes: &[u8]) -> Result<Collection, DlsRefusal> {
    let (all, _) = super::read(bytes, &Facts::default())
        .map_err(|error| DlsRefusal::new(error.to_string()))?;
    match all.instruments.is_empty() {
        true => Err(DlsRefusal::new("NOTADLSCOL: it has no instruments")),
        false => Ok(all),
    }
}

/// A buffer whose table was checked.
struct Buffer<'a> {
    bytes: &'a [u8],
    kind: u32,
    id: u32,
    offsets: Vec<usize>,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Order::Little.u16_at(bytes, at)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Order::Little.u32_at(bytes, at)
}

/// A word of an object whose size was checked.
fn word(bytes: &[u8], at: usize) -> u32 {
    u32_at(bytes, at).unwrap_or(0)
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16_at(bytes, at).unwrap_or(0)
}

fn bad_table(words: String) -> DlsRefusal {
    DlsRefusal::new(format!("BADOFFSETTABLE: {words}"))
}

impl<'a> Buffer<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, DlsRefusal> {
        let number = |at| u32_at(bytes, at);
        let (Some(kind), Some(id), Some(count), Some(size)) =
            (number(0), number(4), number(8), number(12))
        else {
            return Err(too_short(bytes.len(), HEAD));
        };
        let Some(bytes) = bytes.get(..size as usize) else {
            return Err(too_short(bytes.len(), size as usize));
        };
        // In 64 bits: a count may be anything.
        let first = HEAD as u64 + 4 * u64::from(count);
        if count == 0 || first > bytes.len() as u64 {
            return Err(bad_table(format!(
                "{count} offsets in {} bytes; wanted one at least, and room for them",
                bytes.len()
            )));
        }
        let table = &bytes[HEAD..first as usize];
        let offsets: Vec<usize> = table
            .chunks_exact(4)
            .map(|it| word(it, 0) as usize)
            .collect();
        if offsets[0] as u64 != first {
            return Err(bad_table(format!(
                "the first object is at {}, wanted {first}, right behind the table",
                offsets[0]
            )));
        }
        let is_bad = |at: &usize| *at >= bytes.len() || !at.is_multiple_of(4);
        if let Some(index) = offsets.iter().position(is_bad) {
            return Err(bad_table(format!(
                "offset {index} is {}, wanted a multiple of 4 below {}",
                offsets[index],
                bytes.len()
            )));
        }
        Ok(Self {
            bytes,
            kind,
            id,
            offsets,
        })
    }

    /// What an index leads to, with so many bytes at least.
    fn object(
        &self,
        index: u32,
        len: usize,
        name: &str,
        what: &str,
    ) -> Result<&'a [u8], DlsRefusal> {
        let at = self.offsets.get(index as usize).copied();
        let object = at.and_then(|at| self.bytes.get(at..));
        object.filter(|it| it.len() >= len).ok_or_else(|| {
            let reason = match at {
                None => format!("there is no index {index}, of {what}"),
                Some(at) => format!("{what} at {at} has {len} bytes, and the buffer ends before"),
            };
            DlsRefusal::new(format!("{name}: {reason}"))
        })
    }

    /// Objects that lead on to each other, from an index to 0.
    fn list(
        &self,
        first: u32,
        (len, next): (usize, usize),
        (name, what): (&str, &str),
    ) -> Result<Vec<&'a [u8]>, DlsRefusal> {
        let mut all = vec![];
        let mut index = first;
        while index != 0 {
            if all.len() >= self.offsets.len() {
                return Err(DlsRefusal::new(format!(
                    "{name}: the list of {what}s comes back to where it was"
                )));
            }
            let object = self.object(index, len, name, &format!("the {what}"))?;
            index = word(object, next);
            all.push(object);
        }
        Ok(all)
    }

    fn instrument(
        &self,
        articulation: fn(&Self, u32) -> Result<Vec<Connection>, DlsRefusal>,
    ) -> Result<Instrument, DlsRefusal> {
        const NAME: &str = "BADINSTRUMENT";
        let head = self.object(0, INSTRUMENT, NAME, "an instrument")?;
        let patch = word(head, 0);
        let regions = self.list(word(head, 4), (REGION, 16), (NAME, "region"))?;
        let regions: Result<Vec<Region>, DlsRefusal> = regions
            .into_iter()
            .map(|it| Ok(region(it, articulation(self, word(it, 12))?)))
            .collect();
        let regions = regions?;
        if regions.is_empty() {
            return Err(DlsRefusal::new(format!("{NAME}: it has no regions")));
        }
        Ok(Instrument {
            patch: Patch {
                is_drum: patch >> 31 == 1,
                msb: (patch >> 16 & 0x7F) as u8,
                lsb: (patch >> 8 & 0x7F) as u8,
                program: (patch & 0x7F) as u8,
            },
            regions,
            connections: articulation(self, word(head, 8))?,
            ..Instrument::default()
        })
    }

    /// Lists of connections.
    fn articulations(&self, first: u32) -> Result<Vec<Connection>, DlsRefusal> {
        const NAME: &str = "BADARTICULATION";
        let mut all = vec![];
        for it in self.list(first, (12, 8), (NAME, "articulation"))? {
            let index = word(it, 0);
            if index == 0 {
                continue;
            }
            let list = self.object(index, 8, NAME, "a list of connections")?;
            let (head, count) = (word(list, 0).max(8) as usize, word(list, 4) as usize);
            let blocks = list.get(head..).unwrap_or_default().as_chunks::<12>().0;
            let Some(blocks) = blocks.get(..count) else {
                return Err(DlsRefusal::new(format!(
                    "{NAME}: {count} connections are promised, and there is room for {}",
                    blocks.len()
                )));
            };
            // A word of level 1 is 0 or 1, and says nothing of what swings both ways by nature.
            let is_level_2 = blocks.iter().any(|it| half(it, 6) > 1);
            for block in blocks {
                if let Parsed::Connection(connection) = Connection::parse(*block, is_level_2) {
                    all.push(connection);
                }
            }
        }
        Ok(all)
    }

    /// The flat parameters of old buffers.
    fn parameters(&self, index: u32) -> Result<Vec<Connection>, DlsRefusal> {
        const NAME: &str = "BADARTICULATION";
        if index == 0 {
            return Ok(vec![]);
        }
        let head = self.object(index, 8, NAME, "an articulation")?;
        let block = match word(head, 0) {
            0 => return Ok(vec![]),
            index => self.object(index, 4 * PARAMETERS.len(), NAME, "its parameters")?,
        };
        let all = PARAMETERS.iter().enumerate().map(|(place, parameter)| {
            let (source, control, destination) = *parameter;
            Connection {
                source,
                control,
                destination,
                of_source: Transform::default(),
                of_control: Transform::default(),
                scale: word(block, 4 * place) as i32,
            }
        });
        // What adds nothing is left out; a constant of nothing takes a default's place.
        let says = |it: &Connection| it.source == Source::None || it.scale != 0;
        Ok(all.filter(says).collect())
    }

    fn wave(&self) -> Result<Wave, DlsRefusal> {
        const NAME: &str = "BADWAVE";
        let head = self.object(0, WAVE, NAME, "a wave")?;
        let (tag, channels) = (half(head, 12), half(head, 14));
        let (rate_hz, bits) = (word(head, 16), half(head, 26));
        if tag != PCM || !matches!(bits, 8 | 16) {
            return Err(DlsRefusal::new(format!(
                "NOTPCM: found {bits} bits of tag {tag}, wanted 8 or 16 bits of tag 1 (PCM)"
            )));
        }
        if channels != 1 {
            return Err(DlsRefusal::new(format!(
                "NOTMONO: found {channels} channels, wanted 1; each side is a wave of its own"
            )));
        }
        if !(1..=1_000_000).contains(&rate_hz) {
            return Err(DlsRefusal::new(format!(
                "{NAME}: it has {rate_hz} samples a second, wanted 1 to 1000000"
            )));
        }
        let data = self.object(word(head, 8), 4, NAME, "its data")?;
        let size = word(data, 0) as usize;
        let Some(data) = data.get(4..).and_then(|it| it.get(..size)) else {
            return Err(DlsRefusal::new(format!(
                "{NAME}: {size} bytes of samples are promised, and the buffer ends before"
            )));
        };
        let samples: Arc<[i16]> = match bits {
            8 => data.iter().map(|it| (i16::from(*it) - 128) << 8).collect(),
            _ => {
                let words = data.as_chunks::<2>().0.iter();
                words.map(|it| i16::from_le_bytes(*it)).collect()
            }
        };
        Ok(Wave {
            id: None,
            info: Info::default(),
            rate_hz,
            samples,
            sample: None,
        })
    }
}

fn too_short(found: usize, wanted: usize) -> DlsRefusal {
    DlsRefusal::with(
        Status::BufferTooSmall,
        format!("the buffer has {found} bytes, wanted {wanted}, as it says"),
    )
}

fn region(it: &[u8], connections: Vec<Connection>) -> Region {
    let range = |at: usize, all_of: bool| {
        let (low, high) = (half(it, at).min(127) as u8, half(it, at + 2).min(127) as u8);
        match (low, high) {
            // Some files of level 1 mean all of them by that.
            (0, 0) if all_of => 0..=127,
            _ => low.min(high)..=low.max(high),
        }
    };
    let repeat = (word(it, 52) > 0).then(|| it.get(REGION..REGION + 16));
    let repeat = repeat.flatten().and_then(|it| {
        Some(Loop {
            kind: match word(it, 4) {
                0 => LoopKind::Forward,
                1 => LoopKind::UntilRelease,
                _ => return None,
            },
            start: word(it, 8),
            length: word(it, 12),
        })
    });
    Region {
        keys: range(0, false),
        velocities: range(4, true),
        overlaps: half(it, 8) & 1 == 1,
        group: half(it, 10),
        layer: 0,
        link: Link {
            is_master: half(it, 24) & 1 == 1,
            phase_group: half(it, 26),
            channel: word(it, 28),
            cue: word(it, 32),
        },
        sample: Some(Sample {
            unity: half(it, 40).min(127),
            fine: half(it, 42) as i16,
            gain: word(it, 44) as i32,
            repeat,
        }),
        connections,
    }
}

/// What a parameter of an old buffer connects.
type Parameter = (Source, Source, Destination);

const fn first(segment: Segment) -> Parameter {
    (Source::None, Source::None, Destination::Volume(segment))
}

const fn second(segment: Segment) -> Parameter {
    (Source::None, Source::None, Destination::Modulation(segment))
}

/// Old buffers' parameters in their order: the LFO, both envelopes, the place.
const PARAMETERS: [Parameter; 20] = {
    use Destination::{Gain, LfoDelay, LfoRate, Modulation, Pan, Pitch, Volume};
    use Segment::{Attack, Decay, Release, Sustain};
    use Source::{Controller, Key, ModulationEnvelope, ModulationLfo, None, Velocity};
    [
        (None, None, LfoRate),
        (None, None, LfoDelay),
        (ModulationLfo, None, Gain),
        (ModulationLfo, None, Pitch),
        (ModulationLfo, Controller(1), Gain),
        (ModulationLfo, Controller(1), Pitch),
        first(Attack),
        first(Decay),
        first(Sustain),
        first(Release),
        (Velocity, None, Volume(Attack)),
        (Key, None, Volume(Decay)),
        second(Attack),
        second(Decay),
        second(Sustain),
        second(Release),
        (Velocity, None, Modulation(Attack)),
        (Key, None, Modulation(Decay)),
        (ModulationEnvelope, None, Pitch),
        (None, None, Pan),
    ]
};

/// Downloads any bytes, plays what they made and unloads it. A body for fuzzing.
pub fn fuzz_download(bytes: &[u8]) {
    use crate::ks::{DlsMemory, KernelEvent};
    use crate::portcls::dmus::Mxf;
    let memory = Arc::new(super::Downloads::default());
    // A byte says where the first buffer ends.
    let (cut, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let (one, other) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    let mut synth = super::Synth::new(48_000.0, 1, 8, 256).downloads(&memory);
    let handles = [memory.download(1, one), memory.download(1, other)];
    synth.listen();
    let (mut left, mut right) = ([0.0; 256], [0.0; 256]);
    for key in [0, 60, 127] {
        if let Some(event) = KernelEvent::new(0, &[0x90, key, 100]) {
            synth.put(&event, 0);
        }
    }
    synth.play(&mut left, &mut right);
    assert!(left.iter().chain(&right).all(|it| it.is_finite()));
    for handle in handles.into_iter().flatten() {
        assert!(memory.unload(1, handle).is_ok() || memory.unload(2, handle).is_err());
    }
    memory.close(1);
    synth.listen();
    memory.compact();
}
