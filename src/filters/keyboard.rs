//! Computer Keyboard: a source of notes that are played on the letters of the computer's keyboard.
//!
//! -> notes (events). Live, what a window puts into `Opened::events` comes out, stamped with its arrival plus a
//! constant; with a feed, the feed's events come out when they are due, and the stream ends behind the last. Octave,
//! velocity and channel are read by whoever turns keys into messages; the stream itself passes unchanged.

use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    DataRange, Descriptor, Filter, Node, OpenError, Opened, Opening, PinFactory, Property,
    TopologyConnection,
};
use crate::portcls::capture::Capture;

const OCTAVE: Property = Property::count("octave", "Octave", 0, 8, 4).inline();
const VELOCITY: Property = Property::count("velocity", "Velocity", 1, 127, 96);
const CHANNEL: Property = Property::count("channel", "Channel", 1, 16, 1);
const PROPERTIES: &[Property] = &[OCTAVE, VELOCITY, CHANNEL];
const PINS: &[PinFactory] = &[PinFactory::output("notes", DataRange::EVENTS)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::CAPTURE];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(
    node::NOTES,
    "Keys",
    &["octave", "velocity", "channel"],
)];
const INSIDE: &[TopologyConnection] = &[TopologyConnection::leave(0, 0)];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "keyboard",
    "Computer Keyboard",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.nodes(NODES, INSIDE)
.help("Plays notes from the letters of the computer's keyboard.");

/// What the catalogue offers and the graph negotiates with.
pub struct Keyboard;

impl Filter for Keyboard {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        if let Some(capture) = Capture::unattended(opening) {
            return Ok(Opened::processor(capture));
        }
        let (capture, entry) = Capture::live(opening, None);
        Ok(Opened::processor(capture).events(entry).endless())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ks::rig::Rig;
    use crate::ks::{Flow, KernelEvent, State, time_from_sample};

    fn event(sample: u64, bytes: &[u8]) -> KernelEvent {
        KernelEvent::new(time_from_sample(sample, 48_000), bytes).unwrap()
    }

    #[test]
    fn a_feed_is_played_when_it_is_due_releases_what_it_holds_and_ends() {
        let feed = [event(10, &[0x90, 60, 1]), event(100, &[0x90, 62, 1])];
        let mut rig = Rig::open_with(
            &Keyboard,
            BTreeMap::new(),
            &BTreeMap::new(),
            Some(feed.to_vec().into()),
        );
        assert_eq!(rig.run(64).events, feed[..1]);
        assert_eq!(rig.flow, Flow::Running);
        let released = [event(100, &[0x80, 60, 64]), event(100, &[0x80, 62, 64])];
        assert_eq!(rig.run(64).events, [&feed[1..], &released[..]].concat());
        assert_eq!(rig.flow, Flow::Ended);
        assert_eq!(rig.run(64).events, []);
        assert_eq!(rig.flow, Flow::Ended);
        rig.processor().enter(State::Stop);
        assert_eq!(rig.run(64).events.len(), 4, "from the beginning again");
    }
}
