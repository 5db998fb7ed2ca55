//! Sample Format Converter: puts samples on the grid of another format.
//!
//! in (any sound) -> out (the coding that is set, or any) of the same rate and channels. Samples travel as floats on
//! every wire, so a wider format changes nothing; a narrower one rounds to the nearest step, with triangular dither if
//! wanted, and clips. What comes from a wire of no more bits than are wanted lies on the grid already and is never
//! touched.

use std::borrow::Cow;

use crate::dsp::{Dither, Quantiser};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Constrained, DataFormat, DataRange, Descriptor, Facts, Field, Filter, Flow, GRAPH_RATE, Io,
    Kernel, Node, OpenError, Opened, Opening, PinFactory, Processor, Property, Settings, State,
    TopologyConnection, UNLIMITED, ValueSlot, Values, constrain_fields,
};

const FORMAT: Property = Property::choice(
    "format",
    "Format",
    &["any", "float", "24 bit", "16 bit", "8 bit"],
    "any",
)
.structural()
.inline();
const DITHER: Property = Property::flag("dither", "Dither", false).inline();
const PROPERTIES: &[Property] = &[FORMAT, DITHER];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::WAVE),
    PinFactory::output("out", DataRange::WAVE),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::INTERFACETRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::QUANTISER, "Grid", &["format", "dither"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "format_converter",
    "Sample Format Converter",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::NORMAL + 2)
.nodes(NODES, INSIDE).help("Turns samples into floating point or whole numbers of 8, 16 or 24 bits, or into what the next filter takes. Dither hides the error of rounding in faint noise.");

/// What the catalogue offers and the graph negotiates with.
pub struct FormatConverter;

/// Bits of the samples of an integer format.
fn integer_bits(format: &DataFormat) -> Option<u32> {
    let audio = format.audio.filter(|_| !format.is_float())?;
    Some(audio.bits)
}

impl Filter for FormatConverter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        let of_bits = |bits| {
            vec![
                DataRange::pcm(bits, bits, GRAPH_RATE, GRAPH_RATE),
                DataRange::pcm(bits, bits, 1, UNLIMITED),
            ]
        };
        let ranges = match settings.text(&FORMAT).as_str() {
            "float" => DataRange::FLOAT.to_vec(),
            "24 bit" => of_bits(24),
            "16 bit" => of_bits(16),
            "8 bit" => of_bits(8),
            _ => return Cow::Borrowed(&DESCRIPTOR),
        };
        Cow::Owned(DESCRIPTOR.with_ranges("out", ranges))
    }

    fn constrain(&self, _: &Descriptor, _: &Settings<'_>, pins: &mut Constrained) {
        constrain_fields(pins, 0, 1, &[Field::Rate, Field::Channels]);
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let given = opening.format("in").and_then(integer_bits);
        let wanted = opening.format("out").and_then(integer_bits);
        let bits = wanted.filter(|wanted| given.is_none_or(|given| given > *wanted));
        let channels = opening.audio("in").channels;
        let start: Box<[Pair]> = bits
            .into_iter()
            .flat_map(|bits| (0..u64::from(channels)).map(move |channel| Pair::new(bits, channel)))
            .collect();
        Ok(Opened::processor(Playing {
            dither: opening.slot(&DITHER),
            now: start.clone(),
            start,
        })
        .multiplies())
    }
}

/// The two ways of rounding one channel.
#[derive(Clone)]
struct Pair {
    plain: Quantiser,
    dithered: Quantiser,
}

impl Pair {
    fn new(bits: u32, channel: u64) -> Self {
        Self {
            plain: Quantiser::new(bits, Dither::None),
            dithered: Quantiser::new(bits, Dither::Triangular(channel + 1)),
        }
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    dither: ValueSlot,
    /// One a channel; none where samples only move.
    start: Box<[Pair]>,
    now: Box<[Pair]>,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let input = io.inputs.get(0);
        let output = &mut io.outputs[0];
        // An output that nobody reads may be of another length.
        if input.wave().is_none() || !output.is_connected {
            output.silence();
            return Flow::Running;
        }
        for (to, from) in output.channels_mut().zip(input.channels()) {
            to.copy_from_slice(from);
        }
        let is_dithered = self.dither.is_on(io.values);
        for (pair, samples) in self.now.iter_mut().zip(output.channels_mut()) {
            if is_dithered {
                pair.dithered.quantise(samples);
            } else {
                pair.plain.quantise(samples);
            }
        }
        Flow::Running
    }

    fn kernel(&mut self, _: Values<'_>, _: &mut Kernel) -> bool {
        self.now.is_empty() // samples only move
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.now.clone_from_slice(&self.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::tests::{constrained, formats, same_bits};
    use crate::ks::Value;
    use crate::ks::rig::Rig;

    fn convert(word: &str, dither: bool, from: &DataFormat, sound: &[f32]) -> Vec<Vec<f32>> {
        let values = [
            ("format".to_owned(), Value::Text(word.into())),
            ("dither".to_owned(), Value::Flag(dither)),
        ];
        let bits = word.strip_suffix(" bit").map(|bits| bits.parse().unwrap());
        let to = bits.map_or(DataFormat::float(2, 48_000), |bits| {
            DataFormat::pcm(bits, 2, 48_000)
        });
        let pins = formats(&[("in", from.clone()), ("out", to)]);
        Rig::open_with(&FormatConverter, values.into(), &pins, None)
            .feed(sound)
            .channels
    }

    fn sound() -> Vec<f32> {
        (0..4000).map(|n| (n as f32 * 0.05).sin() * 0.5).collect()
    }

    #[test]
    fn samples_are_put_on_the_nearest_step_and_clipped() {
        let float = DataFormat::float(2, 48_000);
        for (word, steps) in [
            ("8 bit", 128.0),
            ("16 bit", 32_768.0),
            ("24 bit", 8_388_608.0),
        ] {
            let heard = convert(word, false, &float, &sound());
            for (got, was) in heard[0].iter().zip(sound()) {
                assert_eq!((got * steps).fract(), 0.0);
                assert!((got - was).abs() <= 0.5 / steps);
            }
            let clipped = convert(word, false, &float, &[2.0, -2.0]);
            assert_eq!(clipped[0], [1.0 - 1.0 / steps, -1.0]);
        }
    }

    #[test]
    fn what_lies_on_the_grid_already_is_never_touched() {
        let on_grid = convert("16 bit", false, &DataFormat::float(2, 48_000), &sound());
        for (word, bits) in [("float", 24), ("24 bit", 16), ("16 bit", 16)] {
            let heard = convert(word, true, &DataFormat::pcm(bits, 2, 48_000), &on_grid[0]);
            assert!(same_bits(&heard, &on_grid), "{word}");
        }
        let again = convert("16 bit", false, &DataFormat::float(2, 48_000), &on_grid[0]);
        assert!(same_bits(&again, &on_grid));
    }

    #[test]
    fn dither_keeps_what_is_smaller_than_a_step_and_differs_between_channels() {
        let heard = convert(
            "8 bit",
            true,
            &DataFormat::float(2, 48_000),
            &[0.25 / 128.0; 4000],
        );
        for channel in &heard {
            let mean = channel.iter().sum::<f32>() / 4000.0 * 128.0;
            assert!((mean - 0.25).abs() < 0.05, "{mean}");
        }
        assert_ne!(heard[0], heard[1]);
    }

    #[test]
    fn rate_and_channels_are_shared_and_the_coding_is_not() {
        let six = DataFormat::float(6, 44_100);
        let pins = constrained(&FormatConverter, &[("format", "16 bit")], "in", &six);
        let wanted = DataFormat::pcm(16, 6, 44_100);
        assert!(
            pins[1]
                .iter()
                .all(|range| range.is_single() && range.contains(&wanted))
        );
        assert!(!pins[1].is_empty());
        let eight = DataFormat::pcm(8, 2, 48_000);
        let pins = constrained(&FormatConverter, &[], "out", &eight);
        let float = DataFormat::float(2, 48_000);
        assert!(pins[0].iter().any(|range| range.contains(&float)));
    }
}
