//! Data formats, data ranges and their intersection (sections 3 and 4).
//!
//! A *range* is what a pin could do, a *format* is one concrete choice. Lives here: both, the pre-match on three levels
//! (DIX-2), attributes (DIX-3), numeric overlap (DIX-12), the choice inside it (DIX-13). Which ranges a pin has at a
//! given moment is the agreement's business (`graph/agree.rs`).

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{Guid, major, specifier, sub};

/// Stands in a range's rates for "the rate of the graph"; replaced before any matching.
pub const GRAPH_RATE: u32 = 0;

/// No limit, for channels and rates (AUD-2).
pub const UNLIMITED: u32 = u32::MAX;

/// An attribute of a range or format (FMT-6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Attribute {
    /// Which attribute.
    pub id: Guid,
    /// Whether the peer must carry it as well.
    pub required: bool,
}

/// Numeric limits of sound, each a closed interval (AUD-3).
///
/// KS has no least number of channels (AUD-1): a declared range leaves it at 1, and only a *constrained* range (PIN-7)
/// narrows it, to say "six channels and nothing else".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AudioLimits {
    /// Fewest channels, 1 in a declared range.
    pub min_channels: u32,
    /// Most channels, or [`UNLIMITED`].
    pub max_channels: u32,
    /// Fewest bits of a sample.
    pub min_bits: u32,
    /// Most bits of a sample.
    pub max_bits: u32,
    /// Lowest rate in Hz.
    pub min_rate_hz: u32,
    /// Highest rate in Hz.
    pub max_rate_hz: u32,
}

/// Limits of music ranges (MUS-7). Advisory: the format is the bare header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct MusicLimits {
    /// What makes or carries the notes; the wildcard does not care.
    pub technology: Guid,
    /// Most channels an internal synth can play; 0 does not care.
    pub channels: u32,
    /// Most notes at once; 0 does not care.
    pub notes: u32,
    /// Bit n is channel n + 1.
    pub channel_mask: u32,
}

/// What follows the header of a range.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Limits {
    /// Nothing.
    None,
    /// Limits of sound.
    Audio(AudioLimits),
    /// Limits of music.
    Music(MusicLimits),
}

/// What a pin can do.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DataRange {
    /// What kind of stream.
    pub major: Guid,
    /// Which coding.
    pub sub: Guid,
    /// Which structure follows.
    pub specifier: Guid,
    /// Bytes of one sample, 0 when it varies (FMT-3).
    pub sample_size: u32,
    /// Attributes.
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

    /// What both ranges allow, or the first field that rules it out. Attributes, wildcards and limits are heeded
    /// (DIX-2, DIX-3, DIX-12, DIX-21, MUS-7). Whether it is empty does not depend on the order.
    pub fn overlap(&self, other: &Self) -> Result<Self, Mismatch> {
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
        let mut attributes = self.attributes.to_vec();
        attributes.retain(|mine| other.attributes.iter().any(|theirs| theirs.id == mine.id));
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
            limits: overlap_limits(&self.limits, &other.limits)?,
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

fn overlap_limits(a: &Limits, b: &Limits) -> Result<Limits, Mismatch> {
    match (a, b) {
        (Limits::None, other) | (other, Limits::None) => Ok(*other),
        (Limits::Audio(a), Limits::Audio(b)) => {
            let span = |low: (u32, u32), high: (u32, u32), mismatch: Mismatch| {
                let (low, high) = (low.0.max(low.1), high.0.min(high.1));
                if low <= high {
                    Ok((low, high))
                } else {
                    Err(mismatch)
                }
            };
            let (min_rate_hz, max_rate_hz) = span(
                (a.min_rate_hz, b.min_rate_hz),
                (a.max_rate_hz, b.max_rate_hz),
                Mismatch::Rate,
            )?;
            let (min_bits, max_bits) = span(
                (a.min_bits, b.min_bits),
                (a.max_bits, b.max_bits),
                Mismatch::Bits,
            )?;
            let (min_channels, max_channels) = span(
                (a.min_channels, b.min_channels),
                (a.max_channels, b.max_channels),
                Mismatch::Channels,
            )?;
            Ok(Limits::Audio(AudioLimits {
                min_channels,
                max_channels,
                min_bits,
                max_bits,
                min_rate_hz,
                max_rate_hz,
            }))
        }
        (Limits::Music(a), Limits::Music(b)) => {
            let technology = match (a.technology, b.technology) {
                (mine, theirs) if mine.is_wildcard() => theirs,
                (mine, theirs) if theirs.is_wildcard() || mine == theirs => mine,
                _ => return Err(Mismatch::Technology),
            };
            let least = |a: u32, b: u32| if a == 0 || b == 0 { a.max(b) } else { a.min(b) };
            let channel_mask = a.channel_mask & b.channel_mask;
            if channel_mask == 0 && (a.channel_mask | b.channel_mask) != 0 {
                return Err(Mismatch::ChannelMask);
            }
            Ok(Limits::Music(MusicLimits {
                technology,
                channels: least(a.channels, b.channels),
                notes: least(a.notes, b.notes),
                channel_mask,
            }))
        }
        (Limits::Audio(_), Limits::Music(_)) | (Limits::Music(_), Limits::Audio(_)) => {
            Err(Mismatch::Specifier)
        }
    }
}

/// The field on which two ranges part, in the order in which they are compared; a later one came closer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mismatch {
    /// Different kinds of stream.
    Major,
    /// Different codings.
    Sub,
    /// Different structures.
    Specifier,
    /// A required attribute is missing.
    Attribute,
    /// Different technologies of music.
    Technology,
    /// No MIDI channel in common.
    ChannelMask,
    /// No rate lies in both.
    Rate,
    /// No sample size lies in both.
    Bits,
    /// No channel count lies in both.
    Channels,
}

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
        self.audio
            .map_or(0, |audio| audio.bits.div_ceil(8) * audio.channels)
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

/// The kind of data on a wire: one hue, one shape, one line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Sound.
    Audio,
    /// Raw MIDI records.
    Midi,
    /// Time-stamped events.
    Events,
    /// Clocks.
    Clock,
    /// Everything else.
    Control,
}

impl Kind {
    fn of(major_format: Guid, sub_format: Guid) -> Self {
        match (major_format, sub_format) {
            (major::AUDIO, sub::ANALOG) => Self::Control,
            (major::AUDIO, _) => Self::Audio,
            (major::MUSIC, sub::DIRECTMUSIC) => Self::Events,
            (major::MUSIC, _) => Self::Midi,
            _ => Self::Control,
        }
    }

    /// The word of the command line's JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Midi => "midi",
            Self::Events => "events",
            Self::Clock => "clock",
            Self::Control => "control",
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(ranges: &[DataRange]) -> Vec<DataRange> {
        ranges
            .iter()
            .map(|range| range.at_graph_rate(48_000))
            .collect()
    }

    #[test]
    fn the_highest_rate_then_depth_then_stereo() {
        let card = [DataRange::audio(sub::PCM, 8, 8, 24, 8_000, 96_000)];
        let client = [DataRange::audio(
            sub::PCM,
            UNLIMITED,
            8,
            16,
            44_100,
            192_000,
        )];
        assert_eq!(
            intersect(&client, &card),
            Some(DataFormat::pcm(16, 2, 96_000))
        );
        let mono = [DataRange::audio(sub::PCM, 1, 8, 16, 8_000, 96_000)];
        assert_eq!(
            intersect(&mono, &card),
            Some(DataFormat::pcm(16, 1, 96_000))
        );
    }

    #[test]
    fn two_filters_that_take_anything_meet_at_the_graphs_rate() {
        let any = filled(DataRange::FLOAT);
        assert_eq!(intersect(&any, &any), Some(DataFormat::float(2, 48_000)));
    }

    #[test]
    fn the_clients_order_wins() {
        let (float, pcm) = (
            DataRange::float(48_000, 48_000),
            DataRange::pcm(16, 16, 48_000, 48_000),
        );
        let own = [float.clone(), pcm.clone()];
        assert!(
            intersect(&[pcm.clone(), float.clone()], &own).is_some_and(|format| !format.is_float())
        );
        assert!(intersect(&[float, pcm], &own).is_some_and(|format| format.is_float()));
    }

    #[test]
    fn a_required_attribute_must_be_met() {
        let id = Guid(7);
        let plain = DataRange::float(48_000, 48_000);
        let needing = DataRange {
            attributes: Cow::Owned(vec![Attribute { id, required: true }]),
            ..plain.clone()
        };
        let having = DataRange {
            attributes: Cow::Owned(vec![Attribute {
                id,
                required: false,
            }]),
            ..plain.clone()
        };
        assert_eq!(plain.overlap(&needing), Err(Mismatch::Attribute));
        assert_eq!(needing.overlap(&plain), Err(Mismatch::Attribute));
        assert!(having.overlap(&needing).is_ok());
    }

    #[test]
    fn wildcards_take_the_specific_side_and_two_of_them_give_nothing() {
        let any = DataRange {
            major: Guid::WILDCARD,
            sub: Guid::WILDCARD,
            specifier: Guid::WILDCARD,
            sample_size: 0,
            attributes: Cow::Borrowed(&[]),
            limits: Limits::None,
        };
        let float = DataRange::float(44_100, 44_100);
        assert_eq!(
            intersect(std::slice::from_ref(&any), &[float]),
            Some(DataFormat::float(2, 44_100))
        );
        assert_eq!(
            intersect(std::slice::from_ref(&any), std::slice::from_ref(&any)),
            None
        );
    }

    #[test]
    fn the_closest_pair_explains() {
        let offered = [DataRange::float(44_100, 44_100)];
        let wanted = [
            DataRange::pcm(16, 16, 44_100, 44_100),
            DataRange::float(48_000, 48_000),
        ];
        let (mismatch, _, own) = closest_mismatch(&offered, &wanted).unwrap();
        assert_eq!((mismatch, own), (Mismatch::Rate, &wanted[1]));
    }

    #[test]
    fn six_channels_and_nothing_else() {
        let reader = [DataRange::float(44_100, 44_100).exactly_channels(6)];
        assert_eq!(
            intersect(&reader, &filled(DataRange::FLOAT)),
            Some(DataFormat::float(6, 44_100))
        );
        let stereo = [DataRange::float(44_100, 44_100).at_most_channels(2)];
        assert_eq!(reader[0].overlap(&stereo[0]), Err(Mismatch::Channels));
    }

    #[test]
    fn formats_read_as_people_write_them() {
        assert_eq!(
            DataFormat::float(2, 48_000).to_string(),
            "48\u{a0}000 Hz · 2 ch · f32"
        );
        assert_eq!(grouped(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(grouped(999), "999");
    }
}
