//! Transpose / Velocity / Filter: moves notes up and down, makes them louder or softer, and lets pass what is wanted.
//!
//! in (events) -> out (events). Values may change at any time: a note ends where it began (`portcls/thru.rs`), and what
//! was not let in has no end either. What is no message of a channel passes as it is, or not at all.

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, KernelEvent, Node, OpenError, Opened, Opening,
    PinFactory, Processor, Property, State, TopologyConnection, Unit, ValueSlot, Values, flag,
};
use crate::midi::names::DRUM_CHANNEL;
use crate::portcls::thru::{Fate, NoteMap, Outbox, Watch};

const TRANSPOSE: Property = Property::whole("transpose", "Transpose", -48, 48, 0)
    .group("Notes")
    .unit(Unit::Semitone)
    .inline()
    .help("Semitones up, or down below zero. Notes beyond the keyboard are left out.");
const DRUMS: Property = Property::flag("keep_drums", "Keep drums", true)
    .group("Notes")
    .help("Channel 10 is not transposed: its keys are drums.");
const SCALE: Property = Property::number("velocity_scale", "Velocity", 0.0, 200.0, 100.0)
    .group("Velocity")
    .unit(Unit::Percent)
    .inline();
const ADD: Property = Property::whole("velocity_add", "Velocity +", -127, 127, 0).group("Velocity");
const FIXED: Property = Property::count("velocity_fixed", "Fixed velocity", 0, 127, 0)
    .group("Velocity")
    .help("Every note has this velocity; 0 leaves each its own.");
const CHANNEL: Property = Property::count("channel", "Only channel", 0, 16, 0)
    .group("Filter")
    .help("Lets one channel pass; 0 all.");
const LOWEST: Property = Property::count("lowest", "Lowest key", 0, 127, 0).group("Filter");
const HIGHEST: Property = Property::count("highest", "Highest key", 0, 127, 127).group("Filter");
const SOFTEST: Property = Property::count("softest", "Softest", 1, 127, 1).group("Filter");
const LOUDEST: Property = Property::count("loudest", "Loudest", 1, 127, 127).group("Filter");
const NOTES: Property = Property::flag("notes", "Notes", true).group("Filter");
const CONTROLLERS: Property = Property::flag("controllers", "Controllers", true).group("Filter");
const PROGRAMS: Property = Property::flag("programs", "Programs", true).group("Filter");
const BENDS: Property = Property::flag("bends", "Bends", true).group("Filter");
const PRESSURE: Property = Property::flag("pressure", "Pressure", true).group("Filter");
const SYSTEM: Property = Property::flag("system", "System messages", true).group("Filter");
const PROPERTIES: &[Property] = &[
    TRANSPOSE,
    DRUMS,
    SCALE,
    ADD,
    FIXED,
    CHANNEL,
    LOWEST,
    HIGHEST,
    SOFTEST,
    LOUDEST,
    NOTES,
    CONTROLLERS,
    PROGRAMS,
    BENDS,
    PRESSURE,
    SYSTEM,
];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::EVENTS),
    PinFactory::output("out", DataRange::EVENTS),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(
        node::LIMITS,
        "Filter",
        &[
            "channel",
            "lowest",
            "highest",
            "softest",
            "loudest",
            "notes",
            "controllers",
            "programs",
            "bends",
            "pressure",
            "system",
        ],
    ),
    Node::new(
        node::NOTES,
        "Notes",
        &[
            "transpose",
            "keep_drums",
            "velocity_scale",
            "velocity_add",
            "velocity_fixed",
        ],
    ),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "midi_transform",
    "Transpose / Velocity / Filter",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help(
    "Transposes notes, changes how hard they are struck, and lets pass what is wanted of the rest.",
);

/// What the catalogue offers and the graph negotiates with.
pub struct MidiTransform;

impl Filter for MidiTransform {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Playing {
            slots: std::array::from_fn(|index| opening.slot(&PROPERTIES[index])),
            map: NoteMap::default(),
            watch: Watch::default(),
            out: Outbox::new(1),
        }))
    }
}

/// The values of a cycle.
struct Wanted {
    transpose: i16,
    keeps_drums: bool,
    scale: f64,
    add: f64,
    fixed: u8,
    channel: u8,
    keys: (u8, u8),
    velocities: (u8, u8),
    /// Notes, controllers, programs, bends, pressure, system messages.
    passes: [bool; 6],
}

impl Wanted {
    fn of(slots: &[ValueSlot; PROPERTIES.len()], values: Values<'_>) -> Self {
        let number = |index: usize| slots[index].get(values).round();
        let is_on = |index: usize| number(index) >= 0.5;
        Self {
            transpose: number(0) as i16,
            keeps_drums: is_on(1),
            scale: slots[2].get(values) / 100.0,
            add: number(3),
            fixed: number(4) as u8,
            channel: number(5) as u8,
            keys: (number(6) as u8, number(7) as u8),
            velocities: (number(8) as u8, number(9) as u8),
            passes: std::array::from_fn(|index| is_on(10 + index)),
        }
    }

    fn fate(&self, event: &KernelEvent) -> Fate {
        let [notes, controllers, programs, bends, pressure, system] = self.passes;
        let bytes = event.bytes();
        let status = bytes[0];
        if !(0x80..0xF0).contains(&status) {
            return system.then_some((0, *event));
        }
        let channel = status & 15;
        if self.channel > 0 && channel + 1 != self.channel {
            return None;
        }
        let passes = match status & 0xF0 {
            0x80 | 0x90 => notes,
            0xA0 | 0xD0 => pressure,
            0xB0 => controllers,
            0xC0 => programs,
            _ => bends,
        };
        if !passes {
            return None;
        }
        let &[status, key, value] = bytes else {
            return Some((0, *event));
        };
        if status >= 0xB0 {
            return Some((0, *event));
        }
        let is_on = status & 0xF0 == 0x90 && value > 0;
        let (softest, loudest) = self.velocities;
        if !(self.keys.0..=self.keys.1).contains(&key)
            || (is_on && !(softest..=loudest).contains(&value))
        {
            return None;
        }
        let shift = if self.keeps_drums && channel == DRUM_CHANNEL {
            0
        } else {
            self.transpose
        };
        let key = u8::try_from(i16::from(key) + shift)
            .ok()
            .filter(|key| *key < 128)?;
        let value = match (is_on, self.fixed) {
            (false, _) => value,
            (true, 0) => (f64::from(value) * self.scale + self.add)
                .round()
                .clamp(1.0, 127.0) as u8,
            (true, fixed) => fixed,
        };
        Some((0, event.with_bytes(&[status, key, value])))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    slots: [ValueSlot; PROPERTIES.len()],
    map: NoteMap,
    watch: Watch,
    out: Outbox,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let time = io.time();
        let Self { map, out, .. } = self;
        let wanted = Wanted::of(&self.slots, io.values);
        let input = io.inputs.get(0);
        let output = &mut io.outputs[0];
        out.begin(&mut output.payload);
        if self.watch.is_broken(&input) {
            map.release(time, |_, event| out.put(&mut output.payload, event));
            output.header.flags &= !flag::DATADISCONTINUITY;
        }
        for event in input.events() {
            map.pass(
                event,
                |event| wanted.fate(event),
                |_, event| out.put(&mut output.payload, event),
            );
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.map.clear();
            self.out.clear();
            self.watch = Watch::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::rig::Rig;

    fn passed(values: &[(&str, f64)], messages: &[&[u8]]) -> Vec<Vec<u8>> {
        let events: Vec<KernelEvent> = messages
            .iter()
            .map(|it| KernelEvent::new(0, it).unwrap())
            .collect();
        let heard = Rig::open(&MidiTransform, values).cycle(64, &[], &events);
        heard.events.iter().map(|it| it.bytes().to_vec()).collect()
    }

    fn flags(keys: &[(&str, bool)]) -> Rig {
        let values = keys
            .iter()
            .map(|(key, on)| ((*key).to_owned(), crate::ks::Value::Flag(*on)));
        Rig::open_with(
            &MidiTransform,
            values.collect(),
            &std::collections::BTreeMap::new(),
            None,
        )
    }

    #[test]
    fn at_rest_everything_passes_as_it_is() {
        let all: [&[u8]; 9] = [
            &[0x90, 60, 1],
            &[0xA0, 60, 5],
            &[0x80, 60, 9],
            &[0xB1, 7, 9],
            &[0xC2, 5],
            &[0xD3, 4],
            &[0xE4, 1, 2],
            &[0xF0, 1, 0xF7],
            &[0xF8],
        ];
        assert_eq!(passed(&[], &all), all);
    }

    #[test]
    fn notes_move_and_their_velocity_is_changed() {
        let notes: [&[u8]; 3] = [&[0x90, 60, 40], &[0x99, 38, 100], &[0x80, 60, 7]];
        assert_eq!(
            passed(
                &[
                    ("transpose", -12.0),
                    ("velocity_scale", 150.0),
                    ("velocity_add", 5.0)
                ],
                &notes
            ),
            [[0x90, 48, 65], [0x99, 38, 127], [0x80, 48, 7]]
        );
        assert_eq!(passed(&[("velocity_fixed", 9.0)], &notes)[0], [0x90, 60, 9]);
        assert_eq!(
            passed(&[("velocity_add", -127.0)], &notes)[0],
            [0x90, 60, 1],
            "never an end"
        );
        assert_eq!(
            passed(&[("transpose", 48.0)], &[&[0x90, 100, 1], &[0x80, 100, 1]]),
            Vec::<Vec<u8>>::new()
        );
    }

    #[test]
    fn only_what_is_wanted_passes() {
        let notes: [&[u8]; 4] = [
            &[0x90, 10, 9],
            &[0x91, 60, 90],
            &[0x80, 10, 0],
            &[0x81, 60, 0],
        ];
        let high = [vec![0x91, 60, 90], vec![0x81, 60, 0]];
        for values in [("lowest", 11.0), ("channel", 2.0), ("softest", 10.0)] {
            assert_eq!(passed(&[values], &notes), high, "{values:?}");
        }
        for values in [("highest", 59.0), ("channel", 1.0), ("loudest", 89.0)] {
            assert_eq!(
                passed(&[values], &notes),
                [[0x90, 10, 9], [0x80, 10, 0]],
                "{values:?}"
            );
        }
        let all: [&[u8]; 6] = [
            &[0x90, 60, 1],
            &[0xB0, 1, 1],
            &[0xC0, 1],
            &[0xE0, 1, 1],
            &[0xD0, 1],
            &[0xF8],
        ];
        let events: Vec<KernelEvent> = all
            .iter()
            .map(|it| KernelEvent::new(0, it).unwrap())
            .collect();
        for (index, key) in [
            "notes",
            "controllers",
            "programs",
            "bends",
            "pressure",
            "system",
        ]
        .into_iter()
        .enumerate()
        {
            let heard = flags(&[(key, false)]).cycle(64, &[], &events).events;
            let mut wanted = events.clone();
            wanted.remove(index);
            assert_eq!(heard, wanted, "{key}");
        }
    }

    #[test]
    fn a_note_ends_where_it_began_whatever_is_set_meanwhile() {
        for (property, value) in [(0, 7.0), (6, 61.0), (5, 3.0), (10, 0.0), (8, 127.0)] {
            let mut rig = Rig::open(&MidiTransform, &[("transpose", 2.0)]);
            let on = KernelEvent::new(0, &[0x90, 60, 9]).unwrap();
            assert_eq!(rig.cycle(64, &[], &[on]).events[0].bytes(), [0x90, 62, 9]);
            rig.set(property, value);
            let off = KernelEvent::new(0, &[0x80, 60, 9]).unwrap();
            let heard = rig.cycle(64, &[], &[off]).events;
            assert_eq!(heard.len(), 1, "{property}");
            assert_eq!(heard[0].bytes(), [0x80, 62, 9]);
        }
    }

    #[test]
    fn a_wire_that_goes_releases_its_notes() {
        let mut rig = Rig::open(&MidiTransform, &[("transpose", 2.0)]);
        let on = KernelEvent::new(0, &[0x90, 60, 9]).unwrap();
        rig.cycle(64, &[], &[on]);
        rig.unplug(0);
        assert_eq!(rig.run(64).events[0].bytes(), [0x80, 62, 64]);
        assert_eq!(rig.run(64).events, []);
    }
}
