//! Mixer: the sum of any number of sounds.
//!
//! `in`, `in[1]`, `in[2]` and so on (float) -> out (float), all of one format. Sums in the order of the pins, so the
//! same graph gives the same bits; then one level, which glides for 20 ms. With nothing connected there is silence.

use crate::dsp::gain::{mix_all_into, multiply, scale};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, DataRange, Descriptor, Filter, Flow, Glide, Io, Kernel, Node, OpenError, Opened,
    Opening, PinFactory, Processor, Property, State, TopologyConnection, Values,
};

const LEVEL: Property = Property::db("level", "Level", -60.0, 24.0, 0.0)
    .glide_millis(20.0)
    .inline();
const PROPERTIES: &[Property] = &[LEVEL];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT).instances(0, u32::MAX),
    PinFactory::output("out", DataRange::FLOAT).same_format_as("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::MIXER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::SUM, "Sum", &[]),
    Node::new(node::VOLUME, "Level", &["level"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new("mixer", "Mixer", CATEGORIES, PINS, PROPERTIES).merit(merit::UNLIKELY)
    .nodes(NODES, INSIDE).help("Adds any number of sounds of one format; a new input appears as the last one is connected.");

/// What the catalogue offers and the graph negotiates with.
pub struct Mixer;

impl Filter for Mixer {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Playing {
            level: opening.glide_at(&LEVEL, opening.audio("out").rate_hz),
            is_fresh: true,
        })
        .multiplies())
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    level: Glide,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        if std::mem::take(&mut self.is_fresh) {
            self.level.reset(io.values);
        }
        let output = &mut io.outputs[0];
        let mut sounds = io.inputs.waves();
        match (output.payload.wave_mut(), sounds.next()) {
            // The first is taken over, not added to silence, so a lone sound keeps its every bit.
            (Some(sum), Some(first)) => {
                let len = sum.len();
                if first.len() < len || first.channel_count() < sum.channel_count() {
                    sum.silence();
                }
                sum.copy_from(first);
                sum.set_len(len);
            }
            _ => output.silence(),
        }
        for (number, sum) in output.channels_mut().enumerate() {
            let sounds = sounds.clone().filter(|it| number < it.channel_count());
            mix_all_into(sum, sounds.map(|it| it.channel(number)));
        }
        match self.level.amplitude(io.values, output.len()) {
            Amplitude::Still(amplitude) => output.channels_mut().for_each(|c| scale(c, amplitude)),
            Amplitude::Moving(ramp) => output.channels_mut().for_each(|c| multiply(c, ramp)),
        }
        Flow::Running
    }

    fn kernel(&mut self, values: Values<'_>, kernel: &mut Kernel) -> bool {
        if std::mem::take(&mut self.is_fresh) {
            self.level.reset(values);
        }
        // Of one sound: where there are more, it is called.
        let Some(level) = self.level.rests(values) else {
            return false;
        };
        kernel.multiply(level);
        true
    }

    fn enter(&mut self, state: State) {
        self.is_fresh |= state == State::Stop;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::tests::formats;
    use crate::ks::DataFormat;
    use crate::ks::rig::Rig;

    fn of_inputs(count: usize) -> Rig {
        let names: Vec<String> = (0..count).map(|n| format!("in[{n}]")).collect();
        let stereo = DataFormat::float(2, 48_000);
        let named: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), stereo.clone()))
            .collect();
        Rig::open_with(&Mixer, Default::default(), &formats(&named), None)
    }

    #[test]
    fn it_sums_its_inputs() {
        let sound: Vec<f32> = (0..64).map(|n| n as f32 / 64.0).collect();
        let tripled: Vec<f32> = sound.iter().map(|s| s * 3.0).collect();
        of_inputs(1).feed(&sound).assert_close(&sound, 0.0);
        of_inputs(3).feed(&sound).assert_close(&tripled, 1e-6);
    }

    #[test]
    fn its_level_acts_on_the_sum_and_glides() {
        let mut rig = of_inputs(2);
        rig.feed(&[0.5; 16]).assert_close(&[1.0; 16], 0.0);
        rig.set(0, -6.0206);
        let heard = rig.feed(&[0.5; 2000]);
        assert!((heard.channels[1][0] - 1.0).abs() < 0.001);
        assert!((heard.channels[1][1999] - 0.5).abs() < 1e-4);
    }

    #[test]
    fn nothing_connected_is_silence() {
        let mut playing = Rig::open(&Mixer, &[]);
        playing.feed(&[0.7; 32]).assert_close(&[0.7; 32], 0.0);
        playing.run(32).assert_close(&[0.0; 32], 0.0);
    }
}
