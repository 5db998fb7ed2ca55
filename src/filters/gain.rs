//! Gain and Pan: one level for all channels, and a balance between left and right.
//!
//! in (float) -> out (float), in place. Both values glide for 20 ms, so they never click. The balance acts on sounds of
//! two channels alone; at 0 dB in the centre every sample passes bit for bit.

use crate::dsp::gain::{balance, multiply, scale};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, DataRange, Descriptor, Filter, Flow, Glide, Io, Kernel, Node, OpenError, Opened,
    Opening, Operation, Payload, PinFactory, Processor, Property, State, TopologyConnection, Unit,
    Values, Wave,
};

const LEVEL: Property = Property::db("level", "Gain", -60.0, 24.0, 0.0)
    .glide_millis(20.0)
    .inline();
const PAN: Property = Property::number("pan", "Pan", -1.0, 1.0, 0.0)
    .unit(Unit::Pan)
    .glide_millis(20.0)
    .inline();
const PROPERTIES: &[Property] = &[LEVEL, PAN];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::VOLUME, "Gain", &["level"]),
    Node::new(node::SUPERMIX, "Pan", &["pan"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 1),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("gain", "Gain and Pan", CATEGORIES, PINS, PROPERTIES).merit(merit::DO_NOT_USE).nodes(NODES, INSIDE).help(
        "Makes a sound louder or softer. Pan moves a stereo sound left or right; other sounds it leaves alone.",
    );

/// What the catalogue offers and the graph negotiates with.
pub struct Gain;

impl Filter for Gain {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let rate_hz = opening.audio("in").rate_hz;
        Ok(Opened::processor(Playing {
            level: opening.glide_at(&LEVEL, rate_hz),
            pan: opening.glide_at(&PAN, rate_hz),
            is_fresh: true,
        })
        .multiplies())
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    level: Glide,
    pan: Glide,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

impl Playing {
    /// Values are taken as they stand where nothing was heard yet.
    fn begin(&mut self, values: Values<'_>) {
        if std::mem::take(&mut self.is_fresh) {
            self.level.reset(values);
            self.pan.reset(values);
        }
    }

    fn pan_stereo(&mut self, values: Values<'_>, wave: &mut Wave) {
        let len = wave.len();
        match self.pan.amplitude(values, len) {
            // In the middle both are 1.
            Amplitude::Still(0.0) => {}
            Amplitude::Still(position) => {
                let (left, right) = balance(position);
                scale(wave.channel_mut(0), left);
                scale(wave.channel_mut(1), right);
            }
            Amplitude::Moving(positions) => {
                for (sample, position) in wave.channel_mut(0).iter_mut().zip(positions) {
                    *sample *= balance(position).0;
                }
                for (sample, position) in wave.channel_mut(1).iter_mut().zip(positions) {
                    *sample *= balance(position).1;
                }
            }
        }
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        self.begin(io.values);
        // In place: it already holds the input.
        let Payload::Wave(wave) = &mut io.outputs[0].payload else {
            return Flow::Running;
        };
        match self.level.amplitude(io.values, wave.len()) {
            Amplitude::Still(amplitude) => {
                for channel in 0..wave.channel_count() {
                    scale(wave.channel_mut(channel), amplitude);
                }
            }
            Amplitude::Moving(ramp) => wave.channels_mut().for_each(|c| multiply(c, ramp)),
        }
        if wave.channel_count() == 2 {
            self.pan_stereo(io.values, wave);
        }
        Flow::Running
    }

    fn kernel(&mut self, values: Values<'_>, kernel: &mut Kernel) -> bool {
        self.begin(values);
        let (Some(level), Some(position)) = (self.level.rests(values), self.pan.rests(values))
        else {
            return false;
        };
        kernel.multiply(level);
        if kernel.channel_count() == 2 {
            let (left, right) = balance(position);
            kernel.each(|channel| Operation::multiply([left, right][channel]));
        }
        true
    }

    fn enter(&mut self, state: State) {
        self.is_fresh |= state == State::Stop;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::tests::{formats, same_bits};
    use crate::ks::DataFormat;
    use crate::ks::rig::Rig;

    #[test]
    fn six_decibels_down_is_half() {
        let heard = Rig::open(&Gain, &[("level", -6.0206)]).feed(&[1.0; 64]);
        heard.assert_close(&[0.5; 64], 1e-4);
    }

    #[test]
    fn at_zero_in_the_centre_every_bit_passes() {
        let sound: Vec<f32> = (0..500).map(|n| (n as f32 * 0.37).sin() * 0.9).collect();
        let heard = Rig::open(&Gain, &[]).feed(&sound);
        assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
    }

    #[test]
    fn pan_fades_the_far_side_of_stereo_and_leaves_other_sounds_alone() {
        let heard = Rig::open(&Gain, &[("pan", 0.5)]).feed(&[1.0; 8]);
        assert!((heard.channels[0][7] - 0.5_f32.sqrt()).abs() < 1e-6);
        assert_eq!(heard.channels[1], [1.0; 8]);
        let three = formats(&[
            ("in", DataFormat::float(3, 48_000)),
            ("out", DataFormat::float(3, 48_000)),
        ]);
        let values = [("pan".to_owned(), crate::ks::Value::Number(-1.0))].into();
        let heard = Rig::open_with(&Gain, values, &three, None).feed(&[1.0; 8]);
        assert_eq!(heard.channels, vec![vec![1.0; 8]; 3]);
    }

    #[test]
    fn a_moved_value_glides() {
        let mut rig = Rig::open(&Gain, &[]);
        rig.feed(&[1.0; 10]).assert_close(&[1.0; 10], 0.0);
        rig.set(0, -60.0);
        rig.set(1, 1.0);
        let heard = rig.feed(&[1.0; 2000]);
        for channel in &heard.channels {
            let step = channel
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).abs())
                .fold(1.0 - channel[0], f32::max);
            assert!(step < 0.004, "{step}");
        }
        assert_eq!(heard.channels[0][1999], 0.0);
        assert!((heard.channels[1][1999] - 1e-3).abs() < 1e-6);
    }

    #[test]
    fn a_glide_lasts_as_long_at_another_rate_than_the_graphs() {
        let fast = DataFormat::float(1, 192_000);
        let both = formats(&[("in", fast.clone()), ("out", fast)]);
        let mut rig = Rig::open_with(&Gain, Default::default(), &both, None);
        rig.cycle(10, &[vec![1.0; 40]], &[]);
        rig.set(0, -60.0);
        let heard = rig.cycle(4096, &[vec![1.0; 4 * 4096]], &[]);
        let landing = heard.channels[0].iter().position(|s| *s < 1.0001e-3);
        assert_eq!(landing, Some(192_000 / 50 - 1));
    }
}
