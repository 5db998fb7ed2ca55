//! MIDI Merge: several streams of notes into one, in order of time.
//!
//! in (events, several) -> out (events). At one time the inputs come in their order, and each input's own order stays; what
//! is joined together stays so. Notes of an input that goes away end, unless another input holds them too.

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, Node, OpenError, Opened, Opening, PinFactory,
    Processor, State, TopologyConnection, flag, run_length,
};
use crate::portcls::held_wires::{HeldWires, MOST_WIRES};
use crate::portcls::thru::Outbox;

/// The most inputs.
const MOST: usize = MOST_WIRES;
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::EVENTS).instances(0, MOST as u32),
    PinFactory::output("out", DataRange::EVENTS),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::MIXER];
/// What is inside.
const NODES: &[Node] = &[Node::new(node::SUM, "Merge", &[])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new("midi_merge", "MIDI Merge", CATEGORIES, PINS, &[]).merit(merit::DO_NOT_USE)
    .nodes(NODES, INSIDE)
    .help("Brings several streams of notes together in order of time. It loses nothing and changes nothing.");

/// What the catalogue offers and the graph negotiates with.
pub struct MidiMerge;

impl Filter for MidiMerge {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Playing {
            wires: HeldWires::default(),
            next: [0; MOST],
            out: Outbox::new(opening.connected("in").max(1)),
        }))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    wires: HeldWires,
    /// How far each input of this cycle was read.
    next: [usize; MOST],
    out: Outbox,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let time = io.time();
        let payload = &mut io.outputs[0].payload;
        self.out.begin(payload);
        let out = &mut self.out;
        while let Some(gone) = self.wires.next_gone(io.inputs, |_| false) {
            gone.release(time, |event| out.put(payload, event));
        }
        // A break of one input is none of the others: what it held was released here.
        io.outputs[0].header.flags &= !flag::DATADISCONTINUITY;
        let payload = &mut io.outputs[0].payload;
        self.next = [0; MOST];
        loop {
            let inputs = io.inputs.iter().take(MOST).enumerate();
            let heads = inputs.filter_map(|(index, input)| {
                let event = input.events().get(self.next[index])?;
                Some((event.time, index))
            });
            let Some((_, index)) = heads.min() else {
                break;
            };
            let input = io.inputs.get(index);
            let rest = &input.events()[self.next[index]..];
            let run = run_length(rest);
            for event in &rest[..run] {
                self.wires.follow(input.wire, event);
                self.out.put(payload, *event);
            }
            self.next[index] += run;
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.wires.clear();
            self.out.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ks::KernelEvent;
    use crate::ks::rig::Rig;
    use crate::ks::{DataFormat, InputPin, Inputs, Output, Payload, RefTime, StreamHeader};

    fn note(time: RefTime, key: u8) -> KernelEvent {
        KernelEvent::new(time, &[0x90, key, 1]).unwrap()
    }

    struct Bench {
        processor: Box<dyn Processor>,
        /// Of what the last cycle gave.
        groups: Vec<u16>,
    }

    impl Bench {
        fn new(inputs: usize) -> Self {
            let pins: Vec<crate::ks::OpenPin> = (0..inputs)
                .map(|instance| crate::ks::OpenPin {
                    factory: 0,
                    instance,
                    data_flow: crate::ks::DataFlow::In,
                    format: Some(DataFormat::events()),
                })
                .collect();
            let values = BTreeMap::new();
            let opened = MidiMerge.open(&Opening {
                descriptor: &DESCRIPTOR,
                settings: crate::ks::Settings {
                    values: &values,
                    base: None,
                },
                rate_hz: 48_000,
                max_len: 512,
                pins: &pins,
                live: false,
                clock: std::sync::Arc::new(crate::filters::wave_reader::tests::Still),
                waker: crate::ks::Waker::default(),
                feed: None,
                drives: false,
                memory: None,
            });
            Self {
                processor: opened.unwrap().processor,
                groups: vec![],
            }
        }

        /// One cycle: each wire is its identity, its flags and its events.
        fn cycle(&mut self, wires: &[(u64, u32, &[KernelEvent])], room: usize) -> Vec<Vec<u8>> {
            let pins: Vec<InputPin> = (0..wires.len())
                .map(|index| InputPin {
                    factory: 0,
                    instance: index as u16,
                    slot: Some(index as u32),
                    wire: wires[index].0,
                })
                .collect();
            let header = |flags: u32| StreamHeader {
                flags,
                ..StreamHeader::default()
            };
            let headers: Vec<StreamHeader> = wires.iter().map(|it| header(it.1)).collect();
            let payloads: Vec<Payload> = wires
                .iter()
                .map(|it| Payload::Events(it.2.to_vec()))
                .collect();
            let mut outputs = [Output {
                payload: Payload::Events(Vec::with_capacity(room)),
                is_connected: true,
                ..Output::default()
            }];
            self.processor.process(&mut Io {
                len: 480,
                position: 0,
                rate_hz: 48_000,
                values: &[],
                inputs: Inputs::new(&pins, &headers, &payloads),
                outputs: &mut outputs,
                gate: (1.0, 1.0),
            });
            let events = outputs[0].payload.events();
            self.groups = events.iter().map(|it| it.channel_group).collect();
            events.iter().map(|it| it.bytes().to_vec()).collect()
        }
    }

    fn keys(heard: &[Vec<u8>]) -> Vec<u8> {
        heard.iter().map(|it| it[1]).collect()
    }

    #[test]
    fn streams_come_together_in_order_of_time_and_of_inputs() {
        let mut bench = Bench::new(3);
        let (one, two, three) = (
            [note(5, 1), note(9, 2)],
            [note(5, 3), note(5, 4), note(7, 5)],
            [note(0, 6)],
        );
        let heard = bench.cycle(&[(1, 0, &one), (2, 0, &two), (3, 0, &three)], 64);
        assert_eq!(keys(&heard), [6, 1, 3, 4, 5, 2]);
    }

    #[test]
    fn what_is_joined_stays_together() {
        let mut bench = Bench::new(2);
        let long: Vec<u8> = std::iter::once(0xF0).chain(1..20).chain([0xF7]).collect();
        let pieces: Vec<KernelEvent> = KernelEvent::whole(5, &long).collect();
        // A package whose elements have other times of their own.
        let package = [note(5, 90).packaged(false), note(50, 91).packaged(true)];
        let other = [note(5, 1), note(20, 2)];
        let heard = bench.cycle(&[(1, 0, &pieces), (2, 0, &other)], 64);
        assert_eq!(heard[..3].concat(), long);
        let heard = bench.cycle(&[(1, 0, &package), (2, 0, &other)], 64);
        assert_eq!(keys(&heard), [90, 91, 1, 2]);
    }

    #[test]
    fn what_finds_no_room_comes_next_in_order() {
        let mut bench = Bench::new(2);
        let many: Vec<KernelEvent> = (0..100).map(|n| note(i64::from(n), n)).collect();
        assert_eq!(
            keys(&bench.cycle(&[(1, 0, &many), (2, 0, &[])], 64)),
            (0..64).collect::<Vec<u8>>()
        );
        assert_eq!(
            keys(&bench.cycle(&[(1, 0, &[]), (2, 0, &[note(200, 7)])], 64))[34..],
            [98, 99, 7]
        );
    }

    #[test]
    fn a_wire_that_goes_or_breaks_releases_its_notes_and_no_others() {
        let mut bench = Bench::new(2);
        let one = [note(0, 60), note(0, 64)];
        bench.cycle(&[(1, 0, &one), (2, 0, &one[..1])], 64);
        assert_eq!(
            bench.cycle(&[(1, flag::DATADISCONTINUITY, &[]), (2, 0, &[])], 64),
            [[0x80, 64, 64]]
        );
        assert_eq!(bench.cycle(&[(1, 0, &[])], 64), [[0x80, 60, 64]]);
        assert_eq!(bench.cycle(&[(1, 0, &[])], 64), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn evn_3_what_a_wire_held_is_released_in_its_own_group() {
        let mut bench = Bench::new(2);
        let mut second = note(0, 60);
        second.channel_group = 2;
        bench.cycle(&[(1, 0, &[second]), (2, 0, &[note(0, 60)])], 64);
        bench.cycle(&[(2, 0, &[])], 64);
        assert_eq!(bench.groups, [2], "the other wire holds it in group 1");
    }

    #[test]
    fn what_ends_with_a_note_down_releases_it() {
        let mut bench = Bench::new(2);
        bench.cycle(&[(1, 0, &[note(0, 60)]), (2, 0, &[])], 64);
        let over = [(1, flag::ENDOFSTREAM, &[][..]), (2, 0, &[])];
        assert_eq!(bench.cycle(&over, 64), [[0x80, 60, 64]]);
        assert!(bench.cycle(&over, 64).is_empty());
    }

    #[test]
    fn it_opens_without_wires() {
        assert_eq!(Rig::open(&MidiMerge, &[]).run(64).events, []);
    }
}
