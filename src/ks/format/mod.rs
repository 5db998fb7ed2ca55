//! Data formats, data ranges and their intersection (sections 3 and 4).
//!
//! A *range* is what a pin could do, a *format* is one concrete choice. Here live formats and the double loop over two
//! lists of ranges; `range.rs` has one pair, `limits.rs` the numbers. Which ranges a pin has at a given moment is the
//! agreement's business (`graph/agree.rs`).

mod kind;
mod limits;
mod range;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use kind::Kind;
pub use limits::{Attribute, AudioLimits, GRAPH_RATE, Limits, Mismatch, MusicLimits, UNLIMITED};
pub use range::DataRange;

use super::ids::{Guid, major, specifier, sub};

/// The numbers of a sound format.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AudioFormat {
    /// Number of channels, 1 or more.
    pub channels: u32,
    /// Bits of a sample.
    pub bits: u32,
    /// Samples a second and channel.
    pub rate_hz: u32,
}

/// One concrete format.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct DataFormat {
    /// What kind of stream.
    pub major: Guid,
    /// Which coding.
    pub sub: Guid,
    /// Which structure follows.
    pub specifier: Guid,
    /// Attributes both sides carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    /// The numbers of sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioFormat>,
}

impl DataFormat {
    /// Floating point sound.
    pub const fn float(channels: u32, rate_hz: u32) -> Self {
        Self {
            major: major::AUDIO,
            sub: sub::IEEE_FLOAT,
            specifier: specifier::WAVEFORMATEX,
            attributes: Vec::new(),
            audio: Some(AudioFormat {
                channels,
                bits: 32,
                rate_hz,
            }),
        }
    }

    /// Integer sound.
    pub const fn pcm(bits: u32, channels: u32, rate_hz: u32) -> Self {
        Self {
            major: major::AUDIO,
            sub: sub::PCM,
            specifier: specifier::WAVEFORMATEX,
            attributes: Vec::new(),
            audio: Some(AudioFormat {
                channels,
                bits,
                rate_hz,
            }),
        }
    }

    /// Time-stamped events.
    pub const fn events() -> Self {
        Self {
            major: major::MUSIC,
            sub: sub::DIRECTMUSIC,
            specifier: specifier::NONE,
            attributes: Vec::new(),
            audio: None,
        }
    }

    /// Raw MIDI records.
    pub const fn midi() -> Self {
        Self {
            major: major::MUSIC,
            sub: sub::MIDI,
            specifier: specifier::NONE,
            attributes: Vec::new(),
            audio: None,
        }
    }

    /// The kind of data, for hue and shape.
    pub fn kind(&self) -> Kind {
        Kind::of(self.major, self.sub)
    }

    /// Whether samples are floating point.
    pub fn is_float(&self) -> bool {
        self.sub == sub::IEEE_FLOAT
    }

    /// Bytes of one sample of all channels (FMT-3, DIX-13b); 0 when it varies.
    pub fn sample_size(&self) -> u32 {
        self.audio.map_or(0, |audio| {
            audio.bits.div_ceil(8).saturating_mul(audio.channels)
        })
    }
}

/// `48 000 Hz · 2 ch · f32`, with no-break spaces between digits.
impl fmt::Display for DataFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.audio {
            Some(audio) => {
                let letter = if self.is_float() { 'f' } else { 'i' };
                write!(
                    f,
                    "{} Hz · {} ch · {letter}{}",
                    grouped(audio.rate_hz),
                    audio.channels,
                    audio.bits
                )
            }
            None => write!(f, "{:?}", self.sub),
        }
    }
}

/// Formats to be tried one after the other where a pin refused what it had agreed on, best first (DIX-19).
pub fn fallback_formats() -> impl Iterator<Item = DataFormat> {
    const RATES_HZ: [u32; 8] = [
        48_000, 44_100, 96_000, 32_000, 22_050, 16_000, 11_025, 8_000,
    ];
    let of_rate = |rate_hz| {
        [32, 24, 16, 8].into_iter().flat_map(move |bits| {
            [2, 1].into_iter().map(move |channels| match bits {
                32 => DataFormat::float(channels, rate_hz),
                _ => DataFormat::pcm(bits, channels, rate_hz),
            })
        })
    };
    RATES_HZ.into_iter().flat_map(of_rate)
}

/// The speakers that so many channels usually belong to, 0 where no set is usual.
pub const fn usual_speakers(channels: u32) -> u32 {
    match channels {
        1 => 0x4,
        2 => 0x3,
        3 => 0x7,
        4 => 0x33,
        5 => 0x37,
        6 => 0x3f,
        7 => 0x13f,
        8 => 0x63f,
        _ => 0,
    }
}

/// A number with a no-break space between thousands.
pub fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// Intersects two lists of ranges: the client's order wins (DIX-1), pairs that do not overlap are skipped, all
/// exhausted is `None` (DIX-6).
pub fn intersect(client: &[DataRange], own: &[DataRange]) -> Option<DataFormat> {
    overlaps(client, own).find_map(|range| range.choose())
}

/// All overlaps of two lists, in the order of [`intersect`].
pub fn overlaps<'a>(
    client: &'a [DataRange],
    own: &'a [DataRange],
) -> impl Iterator<Item = DataRange> + 'a {
    client
        .iter()
        .flat_map(move |theirs| own.iter().filter_map(move |ours| theirs.overlap(ours).ok()))
}

/// The mismatch of the pair that came closest, with its two ranges; `None` when some pair overlaps or a list is empty.
pub fn closest_mismatch<'a>(
    client: &'a [DataRange],
    own: &'a [DataRange],
) -> Option<(Mismatch, &'a DataRange, &'a DataRange)> {
    let mut closest: Option<(Mismatch, &DataRange, &DataRange)> = None;
    for theirs in client {
        for ours in own {
            match theirs.overlap(ours) {
                Ok(_) => return None,
                Err(mismatch) if closest.is_none_or(|(best, ..)| mismatch > best) => {
                    closest = Some((mismatch, theirs, ours));
                }
                Err(_) => {}
            }
        }
    }
    closest
}
