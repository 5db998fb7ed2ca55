//! What a user may insist on for a wire: formats, mediums and interfaces that both pins have.
//!
//! Whether the rest of the graph goes along is for the agreement to say: a choice that it cannot keep is refused with
//! its reason, and stays in the document until it is taken back.

use super::wiring::{PinAddress, Wiring};
use crate::ks::{AudioFormat, DataFormat, DataRange, Interface, Medium, PinFactory, overlaps};

/// More formats than that are not listed; a file may still name any.
const MOST: usize = 16;
/// Rates that are listed where a range is open.
const RATES: [u32; 8] = [
    44_100, 48_000, 88_200, 96_000, 192_000, 32_000, 22_050, 8_000,
];

/// What both pins of a wire have, best first.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Choices {
    /// Formats.
    pub formats: Vec<DataFormat>,
    /// Links.
    pub mediums: Vec<Medium>,
    /// Interfaces.
    pub interfaces: Vec<Interface>,
}

impl Wiring {
    /// What may be chosen for a wire between two pins; nothing where there is no such pin.
    pub fn choices(&self, from: &PinAddress, to: &PinAddress) -> Choices {
        let (Some(source), Some(sink)) = (self.factory(from), self.factory(to)) else {
            return Choices::default();
        };
        // What the rest of the graph leaves, unless a choice has narrowed it to one already.
        let mut formats = self.formats(self.constrained(from), self.constrained(to));
        if formats.len() < 2 {
            formats = self.formats(self.described(from), self.described(to));
        }
        Choices {
            formats,
            mediums: common(source.all_mediums(), sink.all_mediums()),
            interfaces: common(source.all_interfaces(), sink.all_interfaces()),
        }
    }

    fn factory(&self, pin: &PinAddress) -> Option<&PinFactory> {
        let descriptor = self.filters.get(&pin.filter)?.descriptor.as_deref()?;
        Some(descriptor.pin(&pin.pin)?.1)
    }

    /// Formats in the overlap of two lists: what each pair would choose by itself, then usual ones.
    fn formats(&self, one: &[DataRange], other: &[DataRange]) -> Vec<DataFormat> {
        let both: Vec<DataRange> = overlaps(one, other).collect();
        let chosen = both.iter().filter_map(DataRange::choose);
        let usual = both.iter().flat_map(|range| usual_in(range, self.rate_hz));
        let mut formats: Vec<DataFormat> = vec![];
        for format in chosen.chain(usual) {
            if formats.len() < MOST && !formats.contains(&format) {
                formats.push(format);
            }
        }
        formats
    }
}

/// Formats of a range at usual rates, the graph's first.
fn usual_in(range: &DataRange, graph_rate_hz: u32) -> Vec<DataFormat> {
    if range.audio_limits().is_none() {
        return vec![];
    }
    let mut found = vec![];
    for rate_hz in [graph_rate_hz].into_iter().chain(RATES) {
        for channels in [2, 1] {
            for bits in [32, 24, 16, 8] {
                let format = DataFormat {
                    major: range.major,
                    sub: range.sub,
                    specifier: range.specifier,
                    attributes: vec![],
                    audio: Some(AudioFormat {
                        channels,
                        bits,
                        rate_hz,
                    }),
                };
                let ids = [format.major, format.sub, format.specifier];
                if !ids.iter().any(|id| id.is_wildcard()) && range.contains(&format) {
                    found.push(format);
                    break;
                }
            }
        }
    }
    found
}

fn common<T: Copy + PartialEq>(one: &[T], other: &[T]) -> Vec<T> {
    one.iter()
        .copied()
        .filter(|it| other.contains(it))
        .collect()
}
