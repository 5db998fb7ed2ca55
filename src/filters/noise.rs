//! Noise: white or pink, from a seed, so that a graph sounds the same each time.
//!
//! -> out (float), never ends. Each channel has noise of its own. A change of colour is a fade of 20 ms.

use std::borrow::Cow;

use crate::dsp::gain::{multiply, scale};
use crate::dsp::{Noise as Source, NoiseColour, Ramp};
use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    Amplitude, DataRange, Descriptor, Facts, Filter, Flow, Glide, Io, Node, OpenError, Opened,
    Opening, PinFactory, Processor, Property, Settings, State, TopologyConnection, ValueSlot,
};

const COLOUR: Property = Property::choice("colour", "Colour", &["white", "pink"], "white")
    .group("Sound")
    .inline();
const LEVEL: Property = Property::db("level", "Level", -60.0, 0.0, -20.0)
    .group("Sound")
    .glide_millis(20.0)
    .inline();
const SEED: Property = Property::count("seed", "Seed", 0, 999_999, 1)
    .group("Sound")
    .structural();
const CHANNELS: Property = Property::count("channels", "Channels", 1, 8, 2)
    .group("Format")
    .structural();
const PROPERTIES: &[Property] = &[COLOUR, LEVEL, SEED, CHANNELS];
const PINS: &[PinFactory] = &[PinFactory::output("out", DataRange::FLOAT)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::SYNTHESIZER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::GENERATOR, "Noise", &["colour", "seed", "channels"]),
    Node::new(node::VOLUME, "Level", &["level"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 0),
];
static DESCRIPTOR: Descriptor = Descriptor::new("noise", "Noise", CATEGORIES, PINS, PROPERTIES)
    .nodes(NODES, INSIDE).help("Makes noise: white has the same power in every hertz, pink in every octave. The same seed gives the same noise.");

/// How long a change of colour takes.
const FADE_MILLIS: u32 = 20;

/// What the catalogue offers and the graph negotiates with.
pub struct Noise;

impl Filter for Noise {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        let channels = settings.number(&CHANNELS) as u32;
        let ranges = DataRange::FLOAT.iter().cloned();
        let ranges = ranges.map(|range| range.exactly_channels(channels));
        Cow::Owned(DESCRIPTOR.with_ranges("out", ranges.collect()))
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("out");
        let seed = opening.settings.number(&SEED) as u64;
        let pair = |channel: u64| {
            // A stride of its own for each channel, far from those of other seeds.
            let seed = (seed << 8) | (channel << 1);
            Pair {
                white: Source::new(NoiseColour::White, seed),
                pink: Source::new(NoiseColour::Pink, seed | 1),
            }
        };
        let start: Box<[Pair]> = (0..u64::from(format.channels)).map(pair).collect();
        let most = opening.max_len_at(format.rate_hz);
        let playing = Playing {
            now: start.clone(),
            start,
            colour: opening.slot(&COLOUR),
            pinkness: Ramp::new(0.0, format.rate_hz * FADE_MILLIS / 1000),
            pinknesses: vec![0.0; most],
            level: opening.glide_at(&LEVEL, format.rate_hz),
            is_fresh: true,
        };
        Ok(Opened::processor(playing).endless())
    }
}

/// The two noises of one channel.
#[derive(Clone)]
struct Pair {
    white: Source,
    pink: Source,
}

/// The running half; lives on the audio thread.
struct Playing {
    start: Box<[Pair]>,
    now: Box<[Pair]>,
    colour: ValueSlot,
    /// From 0, white, to 1, pink.
    pinkness: Ramp,
    pinknesses: Vec<f32>,
    level: Glide,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let wanted = self.colour.index(io.values) as f32;
        if std::mem::take(&mut self.is_fresh) {
            self.level.reset(io.values);
            self.pinkness.jump(wanted);
            self.now.clone_from_slice(&self.start);
        }
        self.pinkness.set(wanted);
        let output = &mut io.outputs[0];
        let len = output.len();
        let pinknesses = &mut self.pinknesses[..len];
        self.pinkness.fill(pinknesses);
        for (pair, channel) in self.now.iter_mut().zip(output.channels_mut()) {
            for (sample, pinkness) in channel.iter_mut().zip(&*pinknesses) {
                *sample = match *pinkness {
                    0.0 => pair.white.step(),
                    1.0 => pair.pink.step(),
                    pinkness => pair.white.step() * (1.0 - pinkness) + pair.pink.step() * pinkness,
                };
            }
        }
        match self.level.amplitude(io.values, len) {
            Amplitude::Still(amplitude) => output.channels_mut().for_each(|c| scale(c, amplitude)),
            Amplitude::Moving(ramp) => output.channels_mut().for_each(|c| multiply(c, ramp)),
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        self.is_fresh |= state == State::Stop;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::measure::{dbfs, rms};
    use crate::ks::rig::Rig;

    fn run(values: &[(&str, f64)]) -> Vec<Vec<f32>> {
        let mut rig = Rig::open(&Noise, values);
        let mut heard = vec![vec![]; 2];
        for _ in 0..24 {
            for (all, new) in heard.iter_mut().zip(rig.run(4000).channels) {
                all.extend(new);
            }
        }
        heard
    }

    #[test]
    fn white_noise_has_the_level_of_even_numbers_and_channels_of_their_own() {
        let heard = run(&[("level", -6.0)]);
        for channel in &heard {
            assert!((dbfs(rms(channel)) - (-6.0 - 4.77)).abs() < 0.1);
        }
        let product: f32 = heard[0].iter().zip(&heard[1]).map(|(l, r)| l * r).sum();
        assert!((product / 96_000.0).abs() < 0.005);
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(run(&[("seed", 5.0)]), run(&[("seed", 5.0)]));
        assert_ne!(run(&[("seed", 5.0)]), run(&[("seed", 6.0)]));
    }

    #[test]
    fn pink_falls_by_three_decibels_an_octave() {
        let mut rig = Rig::open(&Noise, &[("level", 0.0)]);
        rig.set(0, 1.0);
        let pink: Vec<f32> = (0..24)
            .flat_map(|_| rig.run(4000).channels.remove(0))
            .collect();
        assert!(dbfs(rms(&pink)) > -25.0);
        // The difference of neighbours weighs a hertz by its square: small for pink, large for white.
        let rough = |sound: &[f32]| {
            let steps: Vec<f32> = sound.windows(2).map(|pair| pair[1] - pair[0]).collect();
            dbfs(rms(&steps)) - dbfs(rms(sound))
        };
        let white = run(&[("level", 0.0)]).remove(0);
        assert!((rough(&white) - 3.01).abs() < 0.2, "{}", rough(&white));
        assert!(rough(&pink) < -3.0, "{}", rough(&pink));
    }

    #[test]
    fn a_graph_may_ask_for_other_counts_of_channels() {
        let values = [("channels".to_owned(), crate::ks::Value::Number(6.0))].into();
        let settings = Settings {
            values: &values,
            base: None,
        };
        let described = Noise.describe(&settings, &Facts::nominal());
        let limits = *described.pins[0].ranges[0].audio_limits().unwrap();
        assert_eq!((limits.min_channels, limits.max_channels), (6, 6));
    }
}
