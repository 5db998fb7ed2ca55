//! MIDI Converter: between time-stamped events and raw MIDI records, losing nothing.
//!
//! in (either) -> out (either). Into raw MIDI every event begins a header of its own, so that its whole time is kept and
//! nothing is moved onto the grid of milliseconds (MUS-4); and since records are played strictly in their order (MID-4),
//! what is earlier than what went before it comes at that time. Out of raw MIDI every record is an event at its time.

use std::borrow::Cow;

use crate::ks::ids::{Guid, category, node, sub};
use crate::ks::{
    DataRange, Descriptor, Facts, Filter, Flow, Io, Node, OpenError, Opened, Opening, PinFactory,
    Processor, Property, RefTime, Seek, Settings, State, TopologyConnection,
};
use crate::portcls::thru::{Outbox, Passing};

const INTO: Property =
    Property::choice("into", "Into", &["either", "events", "raw MIDI"], "either")
        .structural()
        .help("What comes out; either: what whoever takes it wants.");
const PROPERTIES: &[Property] = &[INTO];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::NOTES),
    PinFactory::output("out", DataRange::NOTES),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::INTERFACETRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::NOTES, "Converter", &["into"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "midi_converter",
    "MIDI Converter",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.nodes(NODES, INSIDE)
.help("Turns time-stamped events into raw MIDI records, or raw MIDI records into events, and loses nothing.");

/// What the catalogue offers and the graph negotiates with.
pub struct MidiConverter;

impl Filter for MidiConverter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        let ranges = match settings.text(&INTO).as_str() {
            "events" => DataRange::EVENTS,
            "raw MIDI" => DataRange::MIDI,
            _ => return Cow::Borrowed(&DESCRIPTOR),
        };
        Cow::Owned(DESCRIPTOR.with_ranges("out", ranges.to_vec()))
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let is_raw = opening.format("out").is_some_and(|it| it.sub == sub::MIDI);
        Ok(Opened::processor(Playing {
            is_raw,
            last: 0,
            passing: Passing::default(),
            out: Outbox::new(1),
        }))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    is_raw: bool,
    /// The time of the record before.
    last: RefTime,
    passing: Passing,
    out: Outbox,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let begin = io.time();
        let input = io.inputs.get(0);
        let payload = &mut io.outputs[0].payload;
        self.out.begin(payload);
        (self.passing).begin(&input, begin.max(self.last), &mut self.out, payload);
        for event in input.events() {
            self.passing.follow(event);
            let time = if self.is_raw {
                event.time.max(self.last)
            } else {
                event.time
            };
            self.last = time;
            self.out.put(payload, event.at(time));
        }
        Flow::Running
    }

    fn seek(&mut self, _: Seek) -> bool {
        self.last = 0;
        false
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.out.clear();
            self.passing = Passing::default();
            self.last = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ks::rig::Rig;
    use crate::ks::{DataFormat, KernelEvent, Value};

    fn rig(from: DataFormat, into: DataFormat) -> Rig {
        let formats = BTreeMap::from([("in".to_owned(), from), ("out".to_owned(), into)]);
        Rig::open_with(&MidiConverter, BTreeMap::new(), &formats, None)
    }

    #[test]
    fn there_and_back_is_the_same() {
        let long: Vec<u8> = std::iter::once(0xF0).chain(1..40).chain([0xF7]).collect();
        let mut events: Vec<KernelEvent> = vec![];
        for (time, bytes) in [
            (3, &[0x90, 60, 1][..]),
            (10_001, &long),
            (10_001, &[0xF8]),
            (17_777, &[0xC0, 5]),
        ] {
            events.extend(KernelEvent::whole(time, bytes));
        }
        let raw = rig(DataFormat::events(), DataFormat::midi())
            .cycle(64, &[], &events)
            .events;
        let back = rig(DataFormat::midi(), DataFormat::events())
            .cycle(64, &[], &raw)
            .events;
        assert_eq!(back, events);
    }

    #[test]
    fn mid_4_records_are_played_in_their_order() {
        let event = |time| KernelEvent::new(time, &[0x90, 60, 1]).unwrap();
        let times = |into: DataFormat| -> Vec<RefTime> {
            let events = [event(131), event(125), event(140)];
            let heard = rig(DataFormat::events(), into)
                .cycle(64, &[], &events)
                .events;
            heard.iter().map(|it| it.time).collect()
        };
        assert_eq!(times(DataFormat::midi()), [131, 131, 140]);
        assert_eq!(times(DataFormat::events()), [131, 125, 140]);
    }

    #[test]
    fn one_kind_can_be_asked_for() {
        for (word, ranges) in [
            ("events", DataRange::EVENTS),
            ("raw MIDI", DataRange::MIDI),
            ("either", DataRange::NOTES),
        ] {
            let values = BTreeMap::from([("into".to_owned(), Value::Text(word.into()))]);
            let settings = Settings {
                values: &values,
                base: None,
            };
            let described = MidiConverter.describe(&settings, &Facts::nominal());
            assert_eq!(&*described.pins[1].ranges, ranges);
        }
    }
}
