//! What two sides have, in words: `out offers 44 100 Hz`, `in takes 48 000 Hz only`. Every sentence of a refusal about
//! formats is made here, from the same ranges that were compared.

use super::refusal::{Axis, Field, Operands};
use crate::ks::ids::{major, sub};
use crate::ks::{
    AudioLimits, DataRange, Kind, Limits, Mismatch, UNLIMITED, closest_mismatch, grouped,
};

/// The words for both sides of lists that do not overlap, `from` and `to` naming the two pins.
pub(super) fn apart(
    from: (&str, &[DataRange]),
    to: (&str, &[DataRange]),
    is_push: bool,
) -> (String, String) {
    let (client, own) = if is_push {
        (from.1, to.1)
    } else {
        (to.1, from.1)
    };
    let Some((field, ..)) = closest_mismatch(client, own) else {
        return (
            format!("{} offers {}", from.0, all(from.1)),
            format!("{} takes {}", to.0, all(to.1)),
        );
    };
    if field == Mismatch::Attribute {
        return attributes(from, to);
    }
    let offered = concerned(from.1, to.1, field);
    let wanted = concerned(to.1, from.1, field);
    let (mut offer, _) = words(field, &offered);
    let (mut want, is_narrow) = words(field, &wanted);
    if offer == want {
        // Kinds without a name of their own may be called alike: then all ids are said.
        (offer, want) = (ids(&offered), ids(&wanted));
    }
    let only = if is_narrow { " only" } else { "" };
    (
        format!("{} offers {offer}", from.0),
        format!("{} takes {want}{only}", to.0),
    )
}

/// Both sides of what keeps two lists apart, and the other fields of the pair that came closest.
pub(super) fn operands(from: &[DataRange], to: &[DataRange]) -> (Option<Operands>, Vec<Field>) {
    let Some((field, one, other)) = closest_mismatch(from, to) else {
        return (None, vec![]);
    };
    let (offered, wanted) = (concerned(from, to, field), concerned(to, from, field));
    let axis = Axis::of(field);
    let operands = match axis {
        Some(axis) => {
            let spans = |ranges: &[&DataRange]| {
                let limits = ranges.iter().filter_map(|range| range.audio_limits());
                merged(limits.map(|limits| axis.span(limits)))
            };
            Operands::Spans {
                axis,
                offered: spans(&offered),
                wanted: spans(&wanted),
            }
        }
        None => {
            let names = |ranges: &[&DataRange]| {
                let mut names: Vec<String> = vec![];
                for range in ranges {
                    let name = words(field, &[*range]).0;
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                names
            };
            Operands::Words {
                offered: names(&offered),
                wanted: names(&wanted),
            }
        }
    };
    (Some(operands), fields(axis, one, other))
}

/// The fields of two ranges of sound, without the one that is shown in full.
fn fields(shown: Option<Axis>, from: &DataRange, to: &DataRange) -> Vec<Field> {
    let (Some(mine), Some(theirs)) = (from.audio_limits(), to.audio_limits()) else {
        return vec![];
    };
    let span = |axis: Axis| {
        let (one, other) = (axis.span(mine), axis.span(theirs));
        let text = |span: (u32, u32)| match span {
            (low, high) if low == high => grouped(low),
            (low, UNLIMITED) if low <= 1 => "any".into(),
            (low, UNLIMITED) => format!("{} and more", grouped(low)),
            (low, high) => format!("{} to {}", grouped(low), grouped(high)),
        };
        let words = match (text(one), text(other)) {
            (one, other) if one == other => one,
            (one, other) => format!("{one} in {other}"),
        };
        let fits = one.0.max(other.0) <= one.1.min(other.1);
        (words, fits)
    };
    let coding = || {
        let (one, other) = (format!("{:?}", from.sub), format!("{:?}", to.sub));
        let fits = from.sub.is_wildcard() || to.sub.is_wildcard() || from.sub == to.sub;
        let words = match one == other {
            true => one,
            false => format!("{one} in {other}"),
        };
        (words, fits)
    };
    let all = [
        (Some(Axis::Rate), "rate in Hz", span(Axis::Rate)),
        (Some(Axis::Channels), "channels", span(Axis::Channels)),
        (Some(Axis::Bits), "bits", span(Axis::Bits)),
        (None, "coding", coding()),
    ];
    all.into_iter()
        .filter(|(axis, ..)| *axis != shown)
        .map(|(_, name, (text, fits))| Field { name, text, fits })
        .collect()
}

impl Axis {
    fn of(field: Mismatch) -> Option<Self> {
        match field {
            Mismatch::Rate => Some(Self::Rate),
            Mismatch::Bits => Some(Self::Bits),
            Mismatch::Channels => Some(Self::Channels),
            _ => None,
        }
    }

    fn span(self, limits: &AudioLimits) -> (u32, u32) {
        match self {
            Self::Rate => (limits.min_rate_hz, limits.max_rate_hz),
            Self::Bits => (limits.min_bits, limits.max_bits),
            Self::Channels => (limits.min_channels, limits.max_channels),
        }
    }
}

/// Intervals sorted, and joined where they overlap.
fn merged(spans: impl Iterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
    let mut spans: Vec<(u32, u32)> = spans.collect();
    spans.sort_unstable();
    let mut merged: Vec<(u32, u32)> = vec![];
    for (low, high) in spans {
        match merged.last_mut() {
            Some(last) if low <= last.1 => last.1 = last.1.max(high),
            _ => merged.push((low, high)),
        }
    }
    merged
}

/// A list of ranges in a few words, for passed steps and empty comparisons.
pub(super) fn all(ranges: &[DataRange]) -> String {
    match ranges.first() {
        None => "no format".into(),
        Some(first) if first.kind() != Kind::Audio => kinds(ranges),
        Some(_) => {
            let ranges: Vec<&DataRange> = ranges.iter().collect();
            let parts = [Mismatch::Rate, Mismatch::Channels, Mismatch::Sub];
            parts.map(|field| words(field, &ranges).0).join(" · ")
        }
    }
}

/// The ranges that come as far as `field` with some range of the other side.
fn concerned<'a>(
    mine: &'a [DataRange],
    theirs: &[DataRange],
    field: Mismatch,
) -> Vec<&'a DataRange> {
    mine.iter()
        .filter(|range| {
            theirs
                .iter()
                .any(|other| range.overlap(other) == Err(field))
        })
        .collect()
}

/// The words, and whether `only` belongs behind them.
fn words(field: Mismatch, ranges: &[&DataRange]) -> (String, bool) {
    let audio = || ranges.iter().filter_map(|range| range.audio_limits());
    match field {
        Mismatch::Major | Mismatch::Specifier => {
            let owned: Vec<DataRange> = ranges.iter().map(|&range| range.clone()).collect();
            (kinds(&owned), false)
        }
        Mismatch::Sub | Mismatch::Attribute => (
            listed(ranges.iter().map(|range| format!("{:?}", range.sub))),
            true,
        ),
        Mismatch::Technology => {
            let names = ranges.iter().filter_map(|range| match range.limits {
                Limits::Music(limits) => Some(format!("{:?}", limits.technology)),
                Limits::None | Limits::Audio(_) => None,
            });
            (listed(names), true)
        }
        Mismatch::ChannelMask => {
            let masks = ranges.iter().filter_map(|range| match range.limits {
                Limits::Music(limits) => Some(limits.channel_mask),
                Limits::None | Limits::Audio(_) => None,
            });
            let mask = masks.fold(0, |all, mask| all | mask);
            let numbers = (0..32)
                .filter(|bit| mask >> bit & 1 == 1)
                .map(|bit| (bit + 1).to_string());
            let numbers: Vec<String> = numbers.collect();
            (format!("MIDI channels {}", numbers.join(", ")), true)
        }
        Mismatch::Rate => {
            let spans = audio().map(|limits| (limits.min_rate_hz, limits.max_rate_hz));
            let (text, _) = spans_text(spans, 1, "any rate", |text, _| format!("{text} Hz"));
            (text, true)
        }
        Mismatch::Bits => {
            let spans = audio().map(|limits| (limits.min_bits, limits.max_bits));
            let (text, _) = spans_text(spans, 1, "any depth", |text, _| format!("{text} bits"));
            (text, true)
        }
        Mismatch::Channels => {
            let spans = audio().map(|limits| (limits.min_channels, limits.max_channels));
            let (text, is_most) = spans_text(spans, 1, "any channels", |text, one| {
                format!("{text} channel{}", if one { "" } else { "s" })
            });
            (text, !is_most)
        }
    }
}

fn kinds(ranges: &[DataRange]) -> String {
    listed(ranges.iter().map(|range| match (range.major, range.sub) {
        (major::AUDIO, sub::ANALOG) => "analog sound".to_owned(),
        (major::AUDIO, _) => "audio".to_owned(),
        (kind, coding) if coding.is_wildcard() => format!("{kind:?}"),
        (_, coding) => format!("{coding:?}"),
    }))
}

/// All three ids of ranges.
fn ids(ranges: &[&DataRange]) -> String {
    let ids = ranges.iter().map(|range| {
        format!(
            "{:?} of {:?} ({:?})",
            range.sub, range.major, range.specifier
        )
    });
    listed(ids)
}

/// `a, b or c`, each once.
fn listed(items: impl Iterator<Item = String>) -> String {
    let mut unique: Vec<String> = vec![];
    for item in items {
        if !unique.contains(&item) {
            unique.push(item);
        }
    }
    match unique.pop() {
        None => "nothing".into(),
        Some(last) if unique.is_empty() => last,
        Some(last) => format!("{} or {last}", unique.join(", ")),
    }
}

/// Intervals in words, joined where they touch, and whether they are of the kind "at most".
fn spans_text(
    spans: impl Iterator<Item = (u32, u32)>,
    least: u32,
    any: &str,
    unit: impl Fn(String, bool) -> String,
) -> (String, bool) {
    let merged = merged(spans);
    match merged.as_slice() {
        [(low, UNLIMITED)] if *low <= least => (any.into(), true),
        [(low, high)] if low == high => (unit(grouped(*low), *low == 1), false),
        [(low, high)] if *low <= least => (
            format!("at most {}", unit(grouped(*high), *high == 1)),
            true,
        ),
        spans => {
            let text = listed(spans.iter().map(|&(low, high)| match high {
                _ if low == high => grouped(low),
                UNLIMITED => format!("{} and more", grouped(low)),
                _ => format!("{} to {}", grouped(low), grouped(high)),
            }));
            (unit(text, false), false)
        }
    }
}

fn attributes(from: (&str, &[DataRange]), to: (&str, &[DataRange])) -> (String, String) {
    let required = |ranges: &[DataRange]| {
        let all = ranges.iter().flat_map(|range| range.attributes.iter());
        all.filter(|attribute| attribute.required)
            .map(|attribute| format!("{:?}", attribute.id))
            .next()
    };
    match (required(from.1), required(to.1)) {
        (Some(id), None) => (
            format!("{} requires the attribute {id}", from.0),
            format!("{} does not carry it", to.0),
        ),
        (_, Some(id)) => (
            format!("{} does not carry the attribute {id}", from.0),
            format!("{} requires it", to.0),
        ),
        (None, None) => (
            format!("{} offers other attributes", from.0),
            format!("than {} takes", to.0),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(from: &[DataRange], to: &[DataRange]) -> String {
        let (offered, wanted) = apart(("out", from), ("in", to), true);
        format!("{offered}, {wanted}").replace('\u{a0}', " ")
    }

    #[test]
    fn the_picture_of_a_refusal_has_both_sides_and_what_fits() {
        let (operands, fields) = operands(
            &[DataRange::float(44_100, 44_100).exactly_channels(2)],
            &[
                DataRange::float(48_000, 48_000).at_most_channels(2),
                DataRange::float(48_000, 96_000).at_most_channels(2),
            ],
        );
        assert_eq!(
            operands,
            Some(Operands::Spans {
                axis: Axis::Rate,
                offered: vec![(44_100, 44_100)],
                wanted: vec![(48_000, 96_000)],
            })
        );
        let found: Vec<_> = fields
            .iter()
            .map(|field| (field.name, field.text.as_str(), field.fits))
            .collect();
        assert_eq!(
            found,
            [
                ("channels", "2 in 1 to 2", true),
                ("bits", "32", true),
                ("coding", "IEEE float", true)
            ]
        );
        let (operands, fields) = super::operands(DataRange::EVENTS, DataRange::FLOAT);
        assert_eq!(
            operands,
            Some(Operands::Words {
                offered: vec!["DirectMusic events".into()],
                wanted: vec!["audio".into()],
            })
        );
        assert!(fields.is_empty());
    }

    #[test]
    fn every_field_has_its_words() {
        let rate = sentence(
            &[DataRange::float(44_100, 44_100)],
            &[DataRange::float(48_000, 48_000)],
        );
        assert_eq!(rate, "out offers 44 100 Hz, in takes 48 000 Hz only");
        let rates = sentence(
            &[
                DataRange::float(44_100, 44_100),
                DataRange::float(22_050, 22_050),
            ],
            &[DataRange::float(48_000, 96_000)],
        );
        assert_eq!(
            rates,
            "out offers 22 050 or 44 100 Hz, in takes 48 000 to 96 000 Hz only"
        );
        let channels = sentence(
            &[DataRange::float(48_000, 48_000).exactly_channels(6)],
            &[DataRange::float(48_000, 48_000).at_most_channels(2)],
        );
        assert_eq!(
            channels,
            "out offers 6 channels, in takes at most 2 channels"
        );
        let bits = sentence(
            &[DataRange::pcm(24, 24, 48_000, 48_000)],
            &[DataRange::pcm(16, 16, 48_000, 48_000)],
        );
        assert_eq!(bits, "out offers 24 bits, in takes 16 bits only");
        let coding = sentence(&[DataRange::pcm(16, 16, 1, 96_000)], DataRange::FLOAT);
        assert_eq!(coding, "out offers PCM, in takes IEEE float only");
        let kind = sentence(DataRange::EVENTS, DataRange::FLOAT);
        assert_eq!(kind, "out offers DirectMusic events, in takes audio");
    }
}
