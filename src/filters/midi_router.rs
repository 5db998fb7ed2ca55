//! Router and Channel Map: sends each channel to another one, and to one of several outputs.
//!
//! in (events) -> out (events, several). The map may change at any time: a note ends where it began (`portcls/thru.rs`). What
//! is no message of a channel goes to every output.

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, KernelEvent, Node, OpenError, Opened, Opening,
    PinFactory, Processor, Property, State, TopologyConnection, ValueSlot, Values, flag,
};
use crate::portcls::thru::{Fate, NoteMap, Outbox, Watch};

/// The most outputs.
const WAYS: usize = 4;
const TO: &[&str] = &[
    "off", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
];
const WAY: &[&str] = &["all", "out 1", "out 2", "out 3", "out 4"];
const CHANNEL_HELP: &str = "The channel on which what comes on this one goes on; off: it does not.";
const WAY_HELP: &str = "The output that this channel goes to.";

macro_rules! table {
    ($($channel:literal $to:literal $way:literal)*) => {
        const PROPERTIES: &[Property] = &[
            $(Property::choice($to, concat!("Channel ", $channel), TO, $channel)
                .group("Channels").help(CHANNEL_HELP),)*
            $(Property::choice($way, concat!("Way of ", $channel), WAY, "all")
                .group("Outputs").help(WAY_HELP),)*
        ];
        const CHANNELS_OF: &[&str] = &[$($to),*];
        const WAYS_OF: &[&str] = &[$($way),*];
    };
}
table! {
    "1" "channel_1" "way_1" "2" "channel_2" "way_2" "3" "channel_3" "way_3" "4" "channel_4" "way_4"
    "5" "channel_5" "way_5" "6" "channel_6" "way_6" "7" "channel_7" "way_7" "8" "channel_8" "way_8"
    "9" "channel_9" "way_9" "10" "channel_10" "way_10" "11" "channel_11" "way_11" "12" "channel_12" "way_12"
    "13" "channel_13" "way_13" "14" "channel_14" "way_14" "15" "channel_15" "way_15" "16" "channel_16" "way_16"
}

const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::EVENTS),
    PinFactory::output("out", DataRange::EVENTS).instances(0, WAYS as u32),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::SPLITTER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::NOTES, "Channels", CHANNELS_OF),
    Node::new(node::DEMUX, "Outputs", WAYS_OF),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "midi_router",
    "Router and Channel Map",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help("Sends each MIDI channel to another channel, and to one of up to four outputs or to all.");

/// Goes to every output.
const EVERY: u8 = u8::MAX;

/// What the catalogue offers and the graph negotiates with.
pub struct MidiRouter;

impl Filter for MidiRouter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Playing {
            slots: std::array::from_fn(|index| opening.slot(&PROPERTIES[index])),
            map: NoteMap::default(),
            watch: Watch::default(),
            out: std::array::from_fn(|_| Outbox::new(1)),
        }))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    slots: [ValueSlot; PROPERTIES.len()],
    map: NoteMap,
    watch: Watch,
    out: [Outbox; WAYS],
}

fn fate(slots: &[ValueSlot], values: Values<'_>, event: &KernelEvent) -> Fate {
    let bytes = event.bytes();
    if !(0x80..0xF0).contains(&bytes[0]) {
        return Some((EVERY, *event));
    }
    let channel = usize::from(bytes[0] & 15);
    let to = slots[channel].index(values).checked_sub(1)?;
    let way = match slots[16 + channel].index(values) {
        0 => EVERY,
        way => (way - 1) as u8,
    };
    let mut changed = [0; 8];
    let changed = &mut changed[..bytes.len()];
    changed.copy_from_slice(bytes);
    changed[0] = bytes[0] & 0xF0 | (to & 15) as u8;
    Some((way, event.with_bytes(changed)))
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let time = io.time();
        let Self {
            map, out, slots, ..
        } = self;
        let input = io.inputs.get(0);
        let outputs = &mut *io.outputs;
        for (output, out) in outputs.iter_mut().zip(out.iter_mut()) {
            out.begin(&mut output.payload);
        }
        let mut give = |way: u8, event: KernelEvent| {
            for (index, (output, out)) in outputs.iter_mut().zip(out.iter_mut()).enumerate() {
                if way == EVERY || usize::from(way) == index {
                    out.put(&mut output.payload, event);
                }
            }
        };
        let is_broken = self.watch.is_broken(&input);
        if is_broken {
            map.release(time, &mut give);
        }
        for event in input.events() {
            map.pass(event, |event| fate(slots, io.values, event), &mut give);
        }
        if is_broken {
            for output in outputs {
                output.header.flags &= !flag::DATADISCONTINUITY;
            }
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.map.clear();
            self.out.iter_mut().for_each(Outbox::clear);
            self.watch = Watch::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ks::Value;
    use crate::ks::rig::Rig;

    fn rig(words: &[(&str, &str)]) -> Rig {
        let word =
            |(key, word): &(&str, &str)| ((*key).to_owned(), Value::Text((*word).to_owned()));
        let values: BTreeMap<String, Value> = words.iter().map(word).collect();
        Rig::open_with(&MidiRouter, values, &BTreeMap::new(), None)
    }

    fn passed(rig: &mut Rig, messages: &[&[u8]]) -> Vec<Vec<u8>> {
        let events: Vec<KernelEvent> = messages
            .iter()
            .map(|it| KernelEvent::new(0, it).unwrap())
            .collect();
        let heard = rig.cycle(64, &[], &events).events;
        heard.iter().map(|it| it.bytes().to_vec()).collect()
    }

    #[test]
    fn channels_go_on_as_they_are_or_on_others_or_not_at_all() {
        let all: [&[u8]; 6] = [
            &[0x90, 1, 2],
            &[0xB0, 7, 1],
            &[0xC1, 3],
            &[0x82, 1, 0],
            &[0xF8],
            &[0xF0, 1, 0xF7],
        ];
        assert_eq!(passed(&mut rig(&[]), &all), all);
        let changed = passed(&mut rig(&[("channel_1", "16"), ("channel_2", "off")]), &all);
        assert_eq!(
            changed,
            [
                &[0x9F, 1, 2][..],
                &[0xBF, 7, 1],
                &[0x82, 1, 0],
                &[0xF8],
                &[0xF0, 1, 0xF7]
            ]
        );
    }

    #[test]
    fn outputs_take_their_channels_and_everything_else() {
        let all: [&[u8]; 3] = [&[0x90, 1, 2], &[0x91, 1, 2], &[0xF8]];
        // The bench hears the first output.
        assert_eq!(
            passed(&mut rig(&[("way_1", "out 2")]), &all),
            [&[0x91, 1, 2][..], &[0xF8]]
        );
        assert_eq!(passed(&mut rig(&[("way_1", "out 1")]), &all), all);
    }

    #[test]
    fn a_note_ends_where_it_began_when_the_map_changes() {
        for (index, value) in [(0, 9.0), (0, 0.0), (16, 2.0)] {
            let mut rig = rig(&[("channel_1", "3")]);
            assert_eq!(
                passed(&mut rig, &[&[0x90, 60, 2], &[0xB0, 64, 127]]),
                [[0x92, 60, 2], [0xB2, 64, 127]]
            );
            rig.set(index, value);
            let ends = passed(&mut rig, &[&[0x80, 60, 2], &[0xB0, 64, 0]]);
            assert_eq!(ends, [[0x82, 60, 2], [0xB2, 64, 0]]);
        }
    }

    #[test]
    fn a_wire_that_goes_releases_its_notes() {
        let mut rig = rig(&[("channel_1", "3")]);
        passed(&mut rig, &[&[0x90, 60, 2]]);
        rig.unplug(0);
        assert_eq!(passed(&mut rig, &[]), [[0x82, 60, 64]]);
    }
}
