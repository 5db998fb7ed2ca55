//! MIDI Sequencer: holds what several streams bring until it is due, in order of time.
//!
//! in (events or raw MIDI, several) -> out (events). It is the sequencer of the DMus port with nothing behind it (DMU-2,
//! DMU-3): what is early waits, what is late goes on at once and is counted, what is joined stays together. What waits is
//! on the score. With a prefetch events go on that much before their time, for who wants them early.

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, Node, OpenError, Opened, Opening, PinFactory,
    Processor, Property, RefTime, Seek, State, Telemetry, TopologyConnection, Unit, flag,
    time_from_sample,
};
use crate::portcls::held_wires::{HeldWires, MOST_WIRES};
use crate::portcls::sequencer::{Arrived, Sequencer};
use crate::portcls::thru::Outbox;

const PREFETCH: Property = Property::number("prefetch", "Prefetch", 0.0, 2_000.0, 0.0)
    .unit(Unit::Millisecond)
    .structural()
    .inline()
    .help("So long before they are due events go on; 0: exactly then.");
const PROPERTIES: &[Property] = &[PREFETCH];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::NOTES).instances(0, MOST_WIRES as u32),
    PinFactory::output("out", DataRange::EVENTS),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::NOTES, "Sequencer", &["prefetch"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "midi_sequencer",
    "MIDI Sequencer",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help(
    "Holds notes of several streams until they are due and hands them on in order of time; what is late goes on at once. \
     What waits can be seen and changed on the score.",
);

/// What it publishes, by place in its telemetry.
pub mod telemetry {
    /// Events that wait for their time.
    pub const WAITING: usize = 0;
    /// Events that came after their time.
    pub const LATE: usize = 1;
    /// Events that found no room.
    pub const DROPPED: usize = 2;
    /// How many there are.
    pub const COUNT: usize = 3;
}

/// What the catalogue offers and the graph negotiates with.
pub struct MidiSequencer;

impl Filter for MidiSequencer {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let wires = opening.connected("in").max(1);
        let prefetch = opening.settings.number(&PREFETCH).max(0.0) * 10_000.0;
        let sequencer = Sequencer::new(wires).prefetch(prefetch as RefTime);
        let (telemetry, score) = (Telemetry::new(telemetry::COUNT), sequencer.score());
        let playing = Playing {
            wires: HeldWires::default(),
            sequencer,
            out: Outbox::new(wires),
            telemetry: telemetry.clone(),
        };
        Ok(Opened::processor(playing).telemetry(telemetry).score(score))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    wires: HeldWires,
    sequencer: Sequencer,
    out: Outbox,
    telemetry: Telemetry,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let time = io.time();
        let Self {
            wires,
            sequencer,
            out,
            telemetry,
        } = self;
        // A break of one input is none of the others: what it held is released here.
        io.outputs[0].header.flags &= !flag::DATADISCONTINUITY;
        let payload = &mut io.outputs[0].payload;
        out.begin(payload);
        while let Some(gone) = wires.next_gone(io.inputs, |wire| sequencer.holds(wire)) {
            if gone.is_broken {
                sequencer.forget(gone.wire);
            }
            gone.release(time, |event| out.put(payload, event));
        }
        let silenced = sequencer.attend(io.position, io.rate_hz);
        wires.release_channels(silenced, time, |event| out.put(payload, event));
        for input in io.inputs.iter() {
            if !input.events().is_empty() {
                wires.meet(input.wire);
            }
            for event in input.events() {
                sequencer.put(Arrived {
                    event: *event,
                    wire: input.wire,
                });
            }
        }
        while let Some((arrived, _)) = sequencer.release(io.position, io.len, io.rate_hz) {
            wires.follow(arrived.wire, &arrived.event);
            out.put(payload, arrived.event);
        }
        telemetry.set(telemetry::WAITING, sequencer.len() as f32);
        telemetry.set(telemetry::LATE, sequencer.late() as f32);
        telemetry.set(
            telemetry::DROPPED,
            (sequencer.dropped() + out.dropped()) as f32,
        );
        Flow::Running
    }

    /// Over the seam of a loop what waits keeps its distance; a seek is a new beginning.
    fn seek(&mut self, seek: Seek) -> bool {
        if !seek.flushes {
            let at = |sample| time_from_sample(sample, seek.rate_hz);
            self.sequencer.shift(at(seek.to) - at(seek.from));
        }
        false
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.sequencer.clear();
            self.wires.clear();
            self.out.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::KernelEvent;
    use crate::ks::ScoreChange;
    use crate::ks::rig::Rig;

    fn note(sample: u64, status: u8, key: u8) -> KernelEvent {
        KernelEvent::new(time_from_sample(sample, 48_000), &[status, key, 1]).unwrap()
    }

    fn keys(events: &[KernelEvent]) -> Vec<u8> {
        events.iter().map(|it| it.bytes()[1]).collect()
    }

    #[test]
    fn what_is_early_waits_and_what_is_late_goes_on_at_once() {
        let mut rig = Rig::open(&MidiSequencer, &[]);
        let early = [note(700, 0x90, 3), note(500, 0x90, 2), note(10, 0x90, 1)];
        assert_eq!(keys(&rig.cycle(480, &[], &early).events), [1]);
        assert_eq!(
            keys(&rig.cycle(480, &[], &[note(3, 0x90, 9)]).events),
            [9, 2, 3]
        );
        assert!(rig.cycle(480, &[], &[]).events.is_empty());
    }

    #[test]
    fn a_prefetch_hands_on_so_much_before() {
        let mut rig = Rig::open(&MidiSequencer, &[("prefetch", 10.0)]);
        let events = [note(900, 0x90, 1), note(970, 0x90, 2)];
        assert_eq!(keys(&rig.cycle(480, &[], &events).events), [1]);
        assert_eq!(keys(&rig.cycle(480, &[], &[]).events), [2]);
    }

    #[test]
    fn a_channel_silenced_on_the_score_ends() {
        let mut rig = Rig::open(&MidiSequencer, &[]);
        rig.cycle(480, &[], &[note(0, 0x92, 60), note(0, 0x91, 61)]);
        let score = rig.score().expect("it has one");
        assert!(score.change(ScoreChange::MuteChannel(2, true)));
        let out = rig.cycle(480, &[], &[note(500, 0x92, 62)]).events;
        let bytes: Vec<_> = out.iter().map(|it| it.bytes().to_vec()).collect();
        assert_eq!(bytes, [[0x82, 60, 64]]);
    }
}
