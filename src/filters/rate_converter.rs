//! Sample Rate Converter: a sound of any rate in, one of another rate out.
//!
//! in (float) -> out (float) with the same channels. Equal rates pass bit for bit and at once. The conversion itself is
//! [`Resampler`]; its latency is constant for a pair of rates, and is told in samples of the graph.

use std::borrow::Cow;

use crate::dsp::{Quality, Resampler};
use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    Constrained, DataRange, Descriptor, Facts, Field, Filter, Flow, GRAPH_RATE, Io, Node,
    OpenError, Opened, Opening, PinFactory, Processor, Property, Settings, State,
    TopologyConnection, constrain_fields,
};

const RATE: Property = Property::choice(
    "rate",
    "Output rate",
    &[
        "graph", "8000", "11025", "16000", "22050", "32000", "44100", "48000", "88200", "96000",
        "176400", "192000", "384000",
    ],
    "graph",
)
.structural()
.inline();
const QUALITY: Property =
    Property::choice("quality", "Conversion", &["fast", "low latency"], "fast").structural();
const PROPERTIES: &[Property] = &[RATE, QUALITY];

/// Rates between which every conversion works.
const RATES: (u32, u32) = (4_000, 768_000);
const RANGES: &[DataRange] = &[
    DataRange::float(GRAPH_RATE, GRAPH_RATE),
    DataRange::float(RATES.0, RATES.1),
];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", RANGES),
    PinFactory::output("out", RANGES),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::INTERFACETRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::SRC, "Converter", &["rate", "quality"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "rate_converter",
    "Sample Rate Converter",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.nodes(NODES, INSIDE).help("Converts a sound to the rate that you choose; \"graph\" is the graph's rate, or what the next filter takes instead.");

/// What the catalogue offers and the graph negotiates with.
pub struct RateConverter;

impl Filter for RateConverter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        match settings.text(&RATE).parse() {
            Ok(rate_hz) => {
                let ranges = vec![DataRange::float(rate_hz, rate_hz)];
                Cow::Owned(DESCRIPTOR.with_ranges("out", ranges))
            }
            Err(_) => Cow::Borrowed(&DESCRIPTOR),
        }
    }

    fn constrain(&self, _: &Descriptor, _: &Settings<'_>, pins: &mut Constrained) {
        constrain_fields(pins, 0, 1, &[Field::Channels]);
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let (from, to) = (opening.audio("in"), opening.audio("out"));
        let quality = match opening.settings.text(&QUALITY).as_str() {
            "low latency" => Quality::LowLatency,
            _ => Quality::Fast,
        };
        let most = opening.max_len_at(from.rate_hz);
        let channels = from.channels as usize;
        let resampler = Resampler::new(from.rate_hz, to.rate_hz, channels, quality, most);
        let resampler = resampler.map_err(|error| OpenError::Other(error.to_string()))?;
        let latency = resampler.latency_out_samples() as f64;
        let latency = latency * f64::from(opening.rate_hz) / f64::from(to.rate_hz);
        Ok(Opened::processor(Playing {
            resampler,
            latency: latency.round() as usize,
        }))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    resampler: Resampler,
    latency: usize,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let output = &mut io.outputs[0];
        let channels = self.resampler.channels();
        // Half connected there is nothing to convert, and what is pushed must be pulled.
        let wave = io.inputs.get(0).wave();
        let (Some(wave), true) = (wave, output.channel_count() == channels) else {
            output.silence();
            return Flow::Running;
        };
        for (index, channel) in wave.channels().enumerate().take(channels) {
            self.resampler.push(index, channel);
        }
        self.resampler.convert();
        for (index, channel) in output.channels_mut().enumerate() {
            self.resampler.pull(index, channel);
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.resampler.reset();
        }
    }

    fn latency_samples(&self) -> usize {
        self.latency
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::dsp::measure::tone;
    use crate::filters::tests::{constrained, formats, same_bits};
    use crate::ks::rig::Rig;
    use crate::ks::{DataFormat, Value};

    /// One second through a converter from 44 100 Hz to 48 000 Hz, in cycles of 480.
    fn convert(values: &[(&str, &str)], sound: impl Fn(usize) -> f32) -> (Vec<f32>, usize) {
        let pins = formats(&[
            ("in", DataFormat::float(1, 44_100)),
            ("out", DataFormat::float(1, 48_000)),
        ]);
        let values = values
            .iter()
            .map(|(key, word)| (key.to_string(), Value::Text(word.to_string())));
        let mut rig = Rig::open_with(&RateConverter, values.collect(), &pins, None);
        let (mut heard, mut at) = (vec![], 0);
        while heard.len() < 96_000 {
            let piece: Vec<f32> = (at..at + 441).map(&sound).collect();
            heard.extend(rig.cycle(480, &[piece], &[]).channels.remove(0));
            at += 441;
        }
        (heard, rig.processor().latency_samples())
    }

    #[test]
    fn pitch_and_level_stay_and_the_latency_is_the_told_one() {
        for quality in ["fast", "low latency"] {
            let sine = |n: usize| (TAU * 100.0 * n as f64 / 44_100.0).sin() as f32 * 0.5;
            let (heard, latency) = convert(&[("quality", quality)], sine);
            let found = tone(&heard[48_000..], 100.0, 48_000.0);
            assert!((found.amplitude - 0.5).abs() < 1e-3, "{quality}: {found:?}");
            let late = (-found.phase / TAU).rem_euclid(1.0) * 480.0;
            let off = (late - (latency % 480) as f64 + 240.0).rem_euclid(480.0) - 240.0;
            assert!(
                off.abs() < 1.0,
                "{quality}: {late} samples late, told {latency}"
            );
            assert!(latency > 0 && latency < 2000, "{quality}: {latency}");
        }
    }

    #[test]
    fn equal_rates_pass_every_bit_at_once() {
        let sound: Vec<f32> = (0..777).map(|n| (n as f32 * 0.3).sin()).collect();
        let mut rig = Rig::open(&RateConverter, &[]);
        let heard = rig.feed(&sound);
        assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
        assert_eq!(rig.processor().latency_samples(), 0);
    }

    #[test]
    fn the_channels_are_shared_and_the_rates_are_not() {
        let values = [("rate", "96000")];
        let six = DataFormat::float(6, 44_100);
        let pins = constrained(&RateConverter, &values, "in", &six);
        let wanted = DataFormat::float(6, 96_000);
        assert!(
            pins[1]
                .iter()
                .all(|range| range.is_single() && range.contains(&wanted))
        );
        assert!(!pins[1].is_empty());
        let pins = constrained(&RateConverter, &values, "out", &wanted);
        assert!(pins[0].iter().any(|range| range.contains(&six)));
        assert!(
            !pins[0]
                .iter()
                .any(|range| range.contains(&DataFormat::float(2, 44_100)))
        );
    }
}
