//! Splitter: one sound to any number of readers, each its own copy.
//!
//! in (any sound) -> `out`, `out[1]` and so on, of the same format. Samples pass bit for bit.

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, Kernel, Node, OpenError, Opened, Opening, PinFactory,
    Processor, TopologyConnection, Values,
};

const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::WAVE),
    PinFactory::output("out", DataRange::WAVE)
        .same_format_as("in")
        .shows("in")
        .instances(0, u32::MAX),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::SPLITTER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::DEMUX, "Splitter", &[])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new("splitter", "Splitter", CATEGORIES, PINS, &[]).merit(merit::UNLIKELY)
    .nodes(NODES, INSIDE).help("Gives the same sound to any number of filters; a new output appears as the last one is connected.");

/// What the catalogue offers and the graph negotiates with.
pub struct Splitter;

impl Filter for Splitter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Playing).multiplies())
    }
}

/// The running half; lives on the audio thread.
struct Playing;

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let input = io.inputs.get(0);
        for output in io.outputs.iter_mut() {
            if input.wave().is_none() {
                output.silence();
            }
            for (to, from) in output.channels_mut().zip(input.channels()) {
                to.copy_from_slice(from);
            }
        }
        Flow::Running
    }

    fn kernel(&mut self, _: Values<'_>, _: &mut Kernel) -> bool {
        true // to its one reader, if that is all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::tests::{formats, same_bits};
    use crate::ks::DataFormat;
    use crate::ks::rig::Rig;

    #[test]
    fn what_goes_in_comes_out() {
        let sound: Vec<f32> = (0..100).map(|n| (n as f32).sin()).collect();
        let heard = Rig::open(&Splitter, &[]).feed(&sound);
        assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
    }

    #[test]
    fn integer_sound_of_many_channels_passes_as_well() {
        let six = DataFormat::pcm(16, 6, 44_100);
        let pins = formats(&[("in", six.clone()), ("out", six.clone()), ("out[1]", six)]);
        let mut rig = Rig::open_with(&Splitter, Default::default(), &pins, None);
        let channels: Vec<Vec<f32>> = (0..6).map(|c| vec![c as f32 / 8.0; 441]).collect();
        assert_eq!(rig.cycle(480, &channels, &[]).channels, channels);
    }
}
