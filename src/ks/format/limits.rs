//! Attributes and numeric limits of a range, and where two of them part.

use serde::{Deserialize, Serialize};

use crate::ks::ids::Guid;

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
pub(super) fn overlap_limits(a: &Limits, b: &Limits) -> Result<Limits, Mismatch> {
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
