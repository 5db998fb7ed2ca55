//! Format Filter: lets a sound pass as it is, and only if its format lies within limits.
//!
//! in (any sound) -> out (any sound), in place. The limits are properties: coding, rate, channels, bits. What is given
//! the wrong way round, the least above the greatest, is taken the other way.

use std::borrow::Cow;

use crate::ks::ids::{Guid, category, node, sub};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Facts, Filter, Flow, Io, Kernel, Limits, Node, OpenError, Opened,
    Opening, PinFactory, Processor, Property, Settings, TopologyConnection, Unit, Values,
};

const CODING: Property = Property::choice("coding", "Samples", &["any", "float", "integer"], "any")
    .structural()
    .inline();
const MIN_RATE: Property = rate("min_rate", "Lowest rate", LOWEST_HZ);
const MAX_RATE: Property = rate("max_rate", "Highest rate", HIGHEST_HZ);
const MIN_CHANNELS: Property =
    Property::count("min_channels", "Fewest channels", 1, MOST_CHANNELS, 1)
        .structural()
        .inline();
const MAX_CHANNELS: Property = Property::count(
    "max_channels",
    "Most channels",
    1,
    MOST_CHANNELS,
    MOST_CHANNELS,
)
.structural()
.inline();
const MIN_BITS: Property = Property::count("min_bits", "Fewest bits", 8, 24, 8).structural();
const MAX_BITS: Property = Property::count("max_bits", "Most bits", 8, 24, 24).structural();
const PROPERTIES: &[Property] = &[
    CODING,
    MIN_RATE,
    MAX_RATE,
    MIN_CHANNELS,
    MAX_CHANNELS,
    MIN_BITS,
    MAX_BITS,
];
const LOWEST_HZ: u32 = 1_000;
const HIGHEST_HZ: u32 = 768_000;
const MOST_CHANNELS: u32 = 64;

const fn rate(key: &'static str, title: &'static str, default: u32) -> Property {
    Property::count(key, title, LOWEST_HZ, HIGHEST_HZ, default)
        .unit(Unit::Hertz)
        .logarithmic()
        .structural()
        .inline()
}

const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::WAVE),
    PinFactory::output("out", DataRange::WAVE).in_place_of("in"),
];
/// What is inside: one node that changes nothing and has all the limits.
const NODES: &[Node] = &[Node::new(
    node::LIMITS,
    "Limits",
    &[
        "coding",
        "min_rate",
        "max_rate",
        "min_channels",
        "max_channels",
        "min_bits",
        "max_bits",
    ],
)];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "format_filter",
    "Format Filter",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help("Lets a sound pass unchanged, if its rate, channels and samples are within the limits you set; other wires are refused.");

/// What the catalogue offers and the graph negotiates with.
pub struct FormatFilter;

/// What the limits leave of every sound, the graph's rate first where it lies within them.
fn limited(settings: &Settings<'_>, graph_rate_hz: u32) -> Vec<DataRange> {
    let between = |one: &Property, other: &Property| {
        let (one, other) = (settings.number(one) as u32, settings.number(other) as u32);
        (one.min(other), one.max(other))
    };
    let (rates, channels, bits) = (
        between(&MIN_RATE, &MAX_RATE),
        between(&MIN_CHANNELS, &MAX_CHANNELS),
        between(&MIN_BITS, &MAX_BITS),
    );
    let coding = settings.text(&CODING);
    let all = DataRange::WAVE
        .iter()
        .map(|range| range.at_graph_rate(graph_rate_hz));
    all.filter_map(|mut range| {
        let is_float = range.sub == sub::IEEE_FLOAT;
        if coding == if is_float { "integer" } else { "float" } {
            return None;
        }
        let Limits::Audio(limits) = &mut range.limits else {
            return None;
        };
        limits.min_rate_hz = limits.min_rate_hz.max(rates.0);
        limits.max_rate_hz = limits.max_rate_hz.min(rates.1);
        (limits.min_channels, limits.max_channels) = channels;
        if !is_float {
            (limits.min_bits, limits.max_bits) = bits;
        }
        (limits.min_rate_hz <= limits.max_rate_hz).then_some(range)
    })
    .collect()
}

impl Filter for FormatFilter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, facts: &Facts) -> Cow<'_, Descriptor> {
        let ranges = limited(settings, facts.graph_rate_hz(0));
        let described = DESCRIPTOR.with_ranges("in", ranges.clone());
        Cow::Owned(described.with_ranges("out", ranges))
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Passing).multiplies())
    }
}

/// The running half; lives on the audio thread.
struct Passing;

impl Processor for Passing {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        Flow::Running // in place: the output holds the input already
    }

    fn kernel(&mut self, _: Values<'_>, _: &mut Kernel) -> bool {
        true // nothing is done to any sample
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::filters::tests::same_bits;
    use crate::ks::rig::Rig;
    use crate::ks::{DataFormat, Value};

    fn takes(values: &[(&str, Value)], graph_rate_hz: u32, format: &DataFormat) -> bool {
        let values: BTreeMap<String, Value> = values
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect();
        let settings = Settings {
            values: &values,
            base: None,
        };
        let facts = Facts::nominal_at(graph_rate_hz);
        let described = FormatFilter.describe(&settings, &facts).into_owned();
        let pins = &described.pins;
        assert!(!pins[0].ranges.is_empty() && pins[0].ranges == pins[1].ranges);
        pins[0].ranges.iter().any(|range| range.contains(format))
    }

    #[test]
    fn each_limit_shuts_out_what_lies_beyond_it() {
        let cases: &[(&str, Value, DataFormat, DataFormat)] = &[
            (
                "min_rate",
                Value::Number(44_100.0),
                DataFormat::float(2, 44_100),
                DataFormat::float(2, 44_099),
            ),
            (
                "max_rate",
                Value::Number(44_100.0),
                DataFormat::float(2, 44_100),
                DataFormat::float(2, 48_000),
            ),
            (
                "min_channels",
                Value::Number(2.0),
                DataFormat::float(2, 48_000),
                DataFormat::float(1, 48_000),
            ),
            (
                "max_channels",
                Value::Number(2.0),
                DataFormat::pcm(16, 2, 48_000),
                DataFormat::pcm(16, 3, 48_000),
            ),
            (
                "min_bits",
                Value::Number(16.0),
                DataFormat::pcm(16, 2, 48_000),
                DataFormat::pcm(8, 2, 48_000),
            ),
            (
                "max_bits",
                Value::Number(16.0),
                DataFormat::pcm(16, 2, 48_000),
                DataFormat::pcm(24, 2, 48_000),
            ),
            (
                "coding",
                Value::Text("float".into()),
                DataFormat::float(2, 48_000),
                DataFormat::pcm(16, 2, 48_000),
            ),
            (
                "coding",
                Value::Text("integer".into()),
                DataFormat::pcm(16, 2, 48_000),
                DataFormat::float(2, 48_000),
            ),
        ];
        for (key, value, inside, beyond) in cases {
            assert!(takes(&[], 48_000, inside) && takes(&[], 48_000, beyond));
            let limit = [(*key, value.clone())];
            assert!(takes(&limit, 48_000, inside), "{key} shuts out {inside}");
            assert!(!takes(&limit, 48_000, beyond), "{key} lets {beyond} in");
        }
    }

    #[test]
    fn limits_the_wrong_way_round_are_taken_the_other_way() {
        let limits = [
            ("min_rate", Value::Number(96_000.0)),
            ("max_rate", Value::Number(44_100.0)),
        ];
        assert!(takes(&limits, 192_000, &DataFormat::float(2, 48_000)));
        assert!(!takes(&limits, 192_000, &DataFormat::float(2, 192_000)));
    }

    #[test]
    fn every_bit_passes() {
        let sound: Vec<f32> = (0..500).map(|n| (n as f32 * 0.37).sin() * 0.9).collect();
        let heard = Rig::open(&FormatFilter, &[]).feed(&sound);
        assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
    }
}
