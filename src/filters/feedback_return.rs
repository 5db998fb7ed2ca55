//! Feedback Return: where a loop comes back into the way of the sound.
//!
//! return (float, deferred) -> out (float), in place. Inside no path leads on from `return`: the wire into it is a delay
//! line of as many samples as the property says, so a loop through it is legal and sounds the same however it is cut
//! (CYC-2). The level keeps what comes round from growing without end, if it is below that of the loop's gain.

use crate::dsp::gain::{multiply, scale};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, DataRange, Descriptor, Filter, Flow, Glide, Io, Node, OpenError, Opened, Opening,
    PinFactory, Processor, Property, Settings, State, TopologyConnection, Unit,
};

const DELAY: Property = Property::count("delay", "Delay", 32, 192_000, 2_048)
    .unit(Unit::Sample)
    .structural()
    .inline();
const LEVEL: Property = Property::db("level", "Level", -60.0, 0.0, -6.0)
    .glide_millis(20.0)
    .inline();
const PROPERTIES: &[Property] = &[DELAY, LEVEL];
const PINS: &[PinFactory] = &[
    PinFactory::input("return", DataRange::FLOAT).delayed_by("delay"),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("return"),
];
/// What is inside: what comes in ends in the delay, what goes out begins there.
const NODES: &[Node] = &[
    Node::new(node::DELAY, "Delay, in", &["delay"]),
    Node::new(node::DELAY, "Delay, out", &[]),
    Node::new(node::VOLUME, "Level", &["level"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(1, 2),
    TopologyConnection::leave(2, 1),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "feedback_return",
    "Feedback Return",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help("Where a loop begins again: what comes in goes out later, by as many samples as Delay says. Only through it a graph may feed itself.");

/// What the catalogue offers and the graph negotiates with.
pub struct FeedbackReturn;

impl Filter for FeedbackReturn {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let rate_hz = opening.audio("out").rate_hz;
        Ok(Opened::processor(Playing {
            level: opening.glide_at(&LEVEL, rate_hz),
            is_fresh: true,
        }))
    }

    fn tail_seconds(&self, settings: &Settings<'_>, rate_hz: u32) -> f64 {
        settings.number(&DELAY) / f64::from(rate_hz.max(1))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    level: Glide,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

/// What goes round is held within this: a loop that gains grows, but never beyond what can be undone.
const CEILING: f32 = 8.0;

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        if std::mem::take(&mut self.is_fresh) {
            self.level.reset(io.values);
        }
        let output = &mut io.outputs[0]; // in place: it already holds what came round
        for channel in output.channels_mut() {
            for sample in channel {
                *sample = sample.clamp(-CEILING, CEILING);
            }
        }
        match self.level.amplitude(io.values, output.len()) {
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
    use crate::ks::rig::Rig;

    #[test]
    fn only_what_comes_in_at_return_is_deferred() {
        assert!(DESCRIPTOR.is_deferred(0) && !DESCRIPTOR.is_deferred(1));
        assert_eq!(DESCRIPTOR.fault(), None);
    }

    #[test]
    fn its_level_acts_on_what_comes_round_and_nothing_grows_beyond_the_ceiling() {
        let mut rig = Rig::open(&FeedbackReturn, &[("level", -6.0206)]);
        rig.feed(&[0.5; 16]).assert_close(&[0.25; 16], 1e-4);
        rig.feed(&[1e30; 16]).assert_close(&[4.0; 16], 1e-3);
    }
}
