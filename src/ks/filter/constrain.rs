//! How formats of one pin of a filter narrow those of another.

use super::descriptor::Descriptor;
use crate::ks::format::DataRange;
use crate::ks::ids::Guid;

/// What narrows on a filter's pins: for each factory the ranges that are possible now.
pub type Constrained = Vec<Vec<DataRange>>;

/// Gives pins that share their format the overlap of their ranges.
pub fn constrain_same(descriptor: &Descriptor, pins: &mut Constrained) {
    for (index, pin) in descriptor.pins.iter().enumerate() {
        let peer = pin.in_place_of.or(pin.same_format_as);
        let Some((other, _)) = peer.and_then(|name| descriptor.pin(name)) else {
            continue;
        };
        share_ranges(pins, index, other);
    }
}

/// Gives two pins the overlap of their ranges.
pub fn share_ranges(pins: &mut Constrained, index: usize, other: usize) {
    let both: Vec<DataRange> = crate::ks::format::overlaps(&pins[other], &pins[index]).collect();
    let mut unique: Vec<DataRange> = Vec::with_capacity(both.len());
    for range in both {
        if !unique.contains(&range) {
            unique.push(range);
        }
    }
    pins[other].clone_from(&unique);
    pins[index] = unique;
}

/// A part of a sound format that two pins may share while the rest differs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Field {
    /// Sub format and bits of a sample.
    Coding,
    /// Rate.
    Rate,
    /// Number of channels.
    Channels,
}

/// Gives two pins the overlap of their ranges in some fields only: what converters of the other fields constrain by.
pub fn constrain_fields(pins: &mut Constrained, one: usize, other: usize, fields: &[Field]) {
    let narrowed = |mine: &[DataRange], theirs: &[DataRange]| {
        let mut kept: Vec<DataRange> = Vec::with_capacity(mine.len());
        for range in mine {
            for peer in theirs {
                if let Ok(piece) = range.overlap(&loosened(peer, range, fields))
                    && !kept.contains(&piece)
                {
                    kept.push(piece);
                }
            }
        }
        kept
    };
    let first = narrowed(&pins[one], &pins[other]);
    pins[other] = narrowed(&pins[other], &pins[one]);
    pins[one] = first;
}

/// `peer` with every field but `fields` wide open, so that it narrows `range` in those alone.
fn loosened(peer: &DataRange, range: &DataRange, fields: &[Field]) -> DataRange {
    let mut loose = DataRange {
        sample_size: 0,
        attributes: range.attributes.clone(),
        ..peer.clone()
    };
    if !fields.contains(&Field::Coding) {
        loose.sub = Guid::WILDCARD;
    }
    if let Some(limits) = loose.audio_limits_mut() {
        let open = (0, crate::ks::format::UNLIMITED);
        if !fields.contains(&Field::Coding) {
            (limits.min_bits, limits.max_bits) = open;
        }
        if !fields.contains(&Field::Rate) {
            (limits.min_rate_hz, limits.max_rate_hz) = open;
        }
        if !fields.contains(&Field::Channels) {
            (limits.min_channels, limits.max_channels) = open;
        }
    }
    loose
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_share_the_named_fields_and_no_others() {
        let peers = vec![
            vec![DataRange::pcm(16, 16, 44_100, 44_100).exactly_channels(6)],
            vec![
                DataRange::float(48_000, 48_000),
                DataRange::float(8_000, 96_000).at_most_channels(2),
            ],
        ];
        let mut pins = peers.clone();
        constrain_fields(&mut pins, 0, 1, &[Field::Channels]);
        assert_eq!(pins[0], peers[0]);
        let six = DataRange::float(48_000, 48_000).exactly_channels(6);
        assert_eq!(pins[1], [six], "stereo is out, the rate and coding are not");
        let again = pins.clone();
        constrain_fields(&mut pins, 0, 1, &[Field::Channels]);
        assert_eq!(pins, again);

        let mut pins = peers.clone();
        constrain_fields(&mut pins, 0, 1, &[Field::Rate, Field::Coding]);
        assert!(pins[0].is_empty() && pins[1].is_empty());
    }
}
