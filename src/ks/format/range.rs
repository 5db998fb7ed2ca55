//! Data ranges: what a pin could do. Lives here: the ranges filters are declared with, the pre-match on three levels
//! (DIX-2), attributes (DIX-3), numeric overlap (DIX-12) and the choice inside it (DIX-13).

use std::borrow::Cow;

use super::limits::overlap_limits;
use super::{
    Attribute, AudioFormat, AudioLimits, DataFormat, GRAPH_RATE, Kind, Limits, Mismatch,
    MusicLimits, UNLIMITED,
};
use crate::ks::ids::{Guid, major, specifier, sub};

/// What a pin can do.
#[derive(Clone, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct DataRange {
    /// What kind of stream.
    pub major: Guid,
    /// Which coding.
    pub sub: Guid,
    /// Which structure follows.
    pub specifier: Guid,
    /// Bytes of one sample, 0 when it varies (FMT-3).
    #[serde(default)]
    pub sample_size: u32,
    /// Attributes.
    #[serde(default)]
    pub attributes: Cow<'static, [Attribute]>,
    /// Numeric limits.
    pub limits: Limits,
}

impl DataRange {
    /// Floating point sound at the graph's rate, else at any: what filters that compute take and give.
    pub const FLOAT: &'static [Self] = &[
        Self::float(GRAPH_RATE, GRAPH_RATE),
        Self::float(1, UNLIMITED),
    ];

    /// Any sound, floating point at the graph's rate first: for filters that move samples unchanged.
    pub const WAVE: &'static [Self] = &[
        Self::float(GRAPH_RATE, GRAPH_RATE),
        Self::float(1, UNLIMITED),
        Self::pcm(8, 24, 1, UNLIMITED),
    ];

    /// Ticks of a clock.
    pub const CLOCK: &'static [Self] = &[Self {
        major: major::CLOCK,
        sub: sub::TICKS,
        specifier: specifier::NONE,
        sample_size: 0,
        attributes: Cow::Borrowed(&[]),
        limits: Limits::None,
    }];

    /// Time-stamped events, of any technology.
    pub const EVENTS: &'static [Self] = &[Self {
        major: major::MUSIC,
        sub: sub::DIRECTMUSIC,
        specifier: specifier::NONE,
        sample_size: 0,
        attributes: Cow::Borrowed(&[]),
        limits: Limits::Music(MusicLimits {
            technology: Guid::WILDCARD,
            channels: 0,
            notes: 0,
            channel_mask: 0xFFFF,
        }),
    }];

    /// Raw MIDI records of any technology (MID-1).
    pub const MIDI: &'static [Self] = &[Self::music(sub::MIDI)];

    /// Time-stamped events, or else raw MIDI records (MUS-4).
    pub const NOTES: &'static [Self] = &[Self::music(sub::DIRECTMUSIC), Self::music(sub::MIDI)];

    const fn music(sub: Guid) -> Self {
        Self {
            major: major::MUSIC,
            sub,
            specifier: specifier::NONE,
            sample_size: 0,
            attributes: Cow::Borrowed(&[]),
            limits: Limits::Music(MusicLimits {
                technology: Guid::WILDCARD,
                channels: 0,
                notes: 0,
                channel_mask: 0xFFFF,
            }),
        }
    }

    /// Analogue sound at a jack (AUD-6).
    pub const ANALOG: &'static [Self] = &[Self {
        major: major::AUDIO,
        sub: sub::ANALOG,
        specifier: specifier::NONE,
        sample_size: 0,
        attributes: Cow::Borrowed(&[]),
        limits: Limits::None,
    }];

    /// Floating point sound of any channel count between two rates.
    pub const fn float(min_rate_hz: u32, max_rate_hz: u32) -> Self {
        Self::audio(sub::IEEE_FLOAT, UNLIMITED, 32, 32, min_rate_hz, max_rate_hz)
    }

    /// Integer sound of any channel count.
    pub const fn pcm(min_bits: u32, max_bits: u32, min_rate_hz: u32, max_rate_hz: u32) -> Self {
        Self::audio(
            sub::PCM,
            UNLIMITED,
            min_bits,
            max_bits,
            min_rate_hz,
            max_rate_hz,
        )
    }

    /// A range of sound from all its figures.
    pub const fn audio(
        sub: Guid,
        max_channels: u32,
        min_bits: u32,
        max_bits: u32,
        min_rate_hz: u32,
        max_rate_hz: u32,
    ) -> Self {
        Self {
            major: major::AUDIO,
            sub,
            specifier: specifier::WAVEFORMATEX,
            sample_size: 0,
            attributes: Cow::Borrowed(&[]),
            limits: Limits::Audio(AudioLimits {
                min_channels: 1,
                max_channels,
                min_bits,
                max_bits,
                min_rate_hz,
                max_rate_hz,
            }),
        }
    }

    /// The same range with exactly so many channels: a constrained range.
    pub const fn exactly_channels(mut self, channels: u32) -> Self {
        if let Limits::Audio(limits) = &mut self.limits {
            limits.min_channels = channels;
            limits.max_channels = channels;
        }
        self
    }

    /// The same range with at most so many channels.
    pub const fn at_most_channels(mut self, channels: u32) -> Self {
        if let Limits::Audio(limits) = &mut self.limits {
            limits.max_channels = channels;
        }
        self
    }

    /// The range that holds `format` and nothing else.
    pub fn only(format: &DataFormat) -> Self {
        let limits = match format.audio {
            None => Limits::None,
            Some(audio) => Limits::Audio(AudioLimits {
                min_channels: audio.channels,
                max_channels: audio.channels,
                min_bits: audio.bits,
                max_bits: audio.bits,
                min_rate_hz: audio.rate_hz,
                max_rate_hz: audio.rate_hz,
            }),
        };
        Self {
            major: format.major,
            sub: format.sub,
            specifier: format.specifier,
            sample_size: 0,
            attributes: Cow::Owned(format.attributes.clone()),
            limits,
        }
    }

    /// The same range with [`GRAPH_RATE`] filled in.
    pub fn at_graph_rate(&self, rate_hz: u32) -> Self {
        let mut range = self.clone();
        if let Limits::Audio(limits) = &mut range.limits
            && limits.max_rate_hz == GRAPH_RATE
        {
            limits.min_rate_hz = rate_hz;
            limits.max_rate_hz = rate_hz;
        }
        range
    }

    /// The limits of sound, if there are any.
    pub fn audio_limits(&self) -> Option<&AudioLimits> {
        if let Limits::Audio(limits) = &self.limits {
            Some(limits)
        } else {
            None
        }
    }

    /// The limits of sound, to be changed.
    pub fn audio_limits_mut(&mut self) -> Option<&mut AudioLimits> {
        if let Limits::Audio(limits) = &mut self.limits {
            Some(limits)
        } else {
            None
        }
    }

    /// The ids both ranges allow on the three levels, attributes heeded: what is asked before any handler (DIX-2,
    /// DIX-3). Or the first field that rules the pair out.
    pub fn pre_match(&self, other: &Self) -> Result<[Guid; 3], Mismatch> {
        let level = |mine: Guid, theirs: Guid, mismatch: Mismatch| match (mine, theirs) {
            _ if mine.is_wildcard() => Ok(theirs),
            _ if theirs.is_wildcard() || mine == theirs => Ok(mine),
            _ => Err(mismatch),
        };
        let major = level(self.major, other.major, Mismatch::Major)?;
        let sub = level(self.sub, other.sub, Mismatch::Sub)?;
        let specifier = level(self.specifier, other.specifier, Mismatch::Specifier)?;
        let lacks = |needing: &Self, having: &Self| {
            let has = |id| having.attributes.iter().any(|attribute| attribute.id == id);
            needing
                .attributes
                .iter()
                .any(|attribute| attribute.required && !has(attribute.id))
        };
        if lacks(self, other) || lacks(other, self) {
            return Err(Mismatch::Attribute);
        }
        Ok([major, sub, specifier])
    }

    /// What both ranges allow, or the first field that rules it out. Attributes, wildcards and limits are heeded
    /// (DIX-2, DIX-3, DIX-12, DIX-21, MUS-7). Whether it is empty does not depend on the order.
    pub fn overlap(&self, other: &Self) -> Result<Self, Mismatch> {
        let [major, sub, specifier] = self.pre_match(other)?;
        let mut attributes = self.attributes.to_vec();
        attributes.retain(|mine| other.attributes.iter().any(|theirs| theirs.id == mine.id));
        let is_open = |range: &Self| range.specifier.is_wildcard();
        let limits = match (&self.limits, &other.limits) {
            // Limits behind a wildcard mean nothing where the other side says what they are (DIX-21).
            (_, theirs) if is_open(self) && !is_open(other) => *theirs,
            (mine, _) if is_open(other) && !is_open(self) => *mine,
            // A wave range without its limits is no wave range.
            (Limits::Audio(_), Limits::None) | (Limits::None, Limits::Audio(_)) => {
                return Err(Mismatch::Specifier);
            }
            (mine, theirs) => overlap_limits(mine, theirs)?,
        };
        Ok(Self {
            major,
            sub,
            specifier,
            sample_size: if self.sample_size == 0 {
                other.sample_size
            } else {
                self.sample_size
            },
            attributes: Cow::Owned(attributes),
            limits,
        })
    }

    /// The one format the default handler picks of this range (DIX-13): highest rate, deepest samples, stereo when
    /// there may be two channels. `None` when a wildcard or an open limit is left (DIX-20).
    pub fn choose(&self) -> Option<DataFormat> {
        if self.major.is_wildcard() || self.sub.is_wildcard() || self.specifier.is_wildcard() {
            return None;
        }
        let audio = match &self.limits {
            Limits::Audio(limits) => {
                if limits.max_rate_hz == UNLIMITED || limits.max_bits == UNLIMITED {
                    return None;
                }
                let channels = 2.clamp(
                    limits.min_channels,
                    limits.max_channels.max(limits.min_channels),
                );
                Some(AudioFormat {
                    channels,
                    bits: limits.max_bits,
                    rate_hz: limits.max_rate_hz,
                })
            }
            Limits::None | Limits::Music(_) => None,
        };
        Some(DataFormat {
            major: self.major,
            sub: self.sub,
            specifier: self.specifier,
            attributes: self.attributes.to_vec(),
            audio,
        })
    }

    /// Whether one format and no more is left.
    pub fn is_single(&self) -> bool {
        let settled = |low: u32, high: u32| low == high;
        let ids = [self.major, self.sub, self.specifier];
        !ids.iter().any(|id| id.is_wildcard())
            && match &self.limits {
                Limits::Audio(limits) => {
                    settled(limits.min_channels, limits.max_channels)
                        && settled(limits.min_bits, limits.max_bits)
                        && settled(limits.min_rate_hz, limits.max_rate_hz)
                }
                Limits::None | Limits::Music(_) => true,
            }
    }

    /// Whether `format` lies in this range.
    pub fn contains(&self, format: &DataFormat) -> bool {
        self.overlap(&Self::only(format)).is_ok()
    }

    /// The kind of data, for hue and shape.
    pub fn kind(&self) -> Kind {
        Kind::of(self.major, self.sub)
    }
}
