//! A collection in memory. Units are those of the file (DLS 2, section "data types"): cents, tenths of decibels and time
//! cents as 16.16 numbers; what they come to is the voice's affair.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::connection::Connection;
use crate::ks::ids::Guid;

/// Instruments and the waves they play.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Collection {
    /// Who it is.
    pub id: Option<Guid>,
    /// Major, minor, release and build.
    pub version: Option<[u16; 4]>,
    /// What it says of itself.
    pub info: Info,
    /// In the order of the file.
    pub instruments: Vec<Instrument>,
    /// In the order of the file.
    pub waves: Vec<Arc<Wave>>,
    /// Which wave a cue of the pool table means; `None`: none.
    pub pool: Vec<Option<usize>>,
    /// It was mapped from a SoundFont, and keeps two of its ways: second envelopes rise steeply first, so that what they move
    /// in cents rises evenly in Hz, and attenuation, however far below nothing it is written, makes no note louder than full
    /// velocity at full volume does. No collection file says so.
    pub is_soundfont: bool,
}

impl Collection {
    /// The wave that a region plays; `None` where the file has none, and the region is silent.
    pub fn wave(&self, region: &Region) -> Option<&Arc<Wave>> {
        let place = *self.pool.get(region.link.cue as usize)?;
        self.waves.get(place?)
    }

    /// The instrument of a patch.
    pub fn instrument(&self, patch: Patch) -> Option<&Instrument> {
        self.instruments.iter().find(|it| it.patch == patch)
    }
}

/// Words about a collection, an instrument or a wave; empty where nothing is said.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Info {
    /// INAM.
    pub name: String,
    /// ICOP.
    pub copyright: String,
    /// IENG, or IART where there is none.
    pub engineer: String,
    /// ICMT.
    pub comment: String,
}

/// What bank select and program change choose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Patch {
    /// Of the drum channel.
    pub is_drum: bool,
    /// Controller 0.
    pub msb: u8,
    /// Controller 32.
    pub lsb: u8,
    /// 0 to 127.
    pub program: u8,
}

impl Patch {
    /// From the two numbers of an `insh` chunk.
    pub const fn from_locale(bank: u32, program: u32) -> Self {
        Self {
            is_drum: bank >> 31 == 1,
            msb: (bank >> 8 & 0x7F) as u8,
            lsb: (bank & 0x7F) as u8,
            program: (program & 0x7F) as u8,
        }
    }
}

/// An instrument.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Instrument {
    /// What chooses it.
    pub patch: Patch,
    /// Who it is.
    pub id: Option<Guid>,
    /// What it says of itself.
    pub info: Info,
    /// In the order of the file.
    pub regions: Vec<Region>,
    /// What differs from the default for all regions.
    pub connections: Vec<Connection>,
}

/// What an instrument plays for some keys and velocities.
#[derive(Clone, PartialEq, Debug)]
pub struct Region {
    /// Keys, 0 to 127.
    pub keys: RangeInclusive<u8>,
    /// Velocities, 0 to 127.
    pub velocities: RangeInclusive<u8>,
    /// The same key of the same channel does not cut it.
    pub overlaps: bool,
    /// Regions of one group cut each other; 0: none.
    pub group: u16,
    /// For editors.
    pub layer: u16,
    /// The wave.
    pub link: Link,
    /// How the wave is played; takes the place of what the wave says, whole.
    pub sample: Option<Sample>,
    /// What differs from the instrument.
    pub connections: Vec<Connection>,
}

/// Which wave, and where it belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// Cue of the pool table.
    pub cue: u32,
    /// Speakers, a bit each; the lowest is left or mono.
    pub channel: u32,
    /// Waves of one group are played in step; 0: none.
    pub phase_group: u16,
    /// The one the others follow.
    pub is_master: bool,
}

/// How a wave is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// The key at which it has its own pitch.
    pub unity: u16,
    /// Cents that are added.
    pub fine: i16,
    /// 1/655360 dB.
    pub gain: i32,
    /// What is repeated.
    pub repeat: Option<Loop>,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            unity: 60,
            fine: 0,
            gain: 0,
            repeat: None,
        }
    }
}

/// When a loop is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoopKind {
    /// Never.
    Forward,
    /// When the key is released: then the rest is played once.
    UntilRelease,
}

/// A part that is repeated, in samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Loop {
    /// When it is left.
    pub kind: LoopKind,
    /// Its first sample.
    pub start: u32,
    /// How many there are.
    pub length: u32,
}

/// A sound.
#[derive(Clone, PartialEq, Debug)]
pub struct Wave {
    /// Who it is.
    pub id: Option<Guid>,
    /// What it says of itself.
    pub info: Info,
    /// Hz.
    pub rate_hz: u32,
    /// One channel; 8-bit samples are widened.
    pub samples: Arc<[i16]>,
    /// How it is played, where the region does not say.
    pub sample: Option<Sample>,
}
