//! MPU-401 Out: a UART as sound cards had it, with a MIDI cable on it.
//!
//! notes (events, several) -> cable (events). Lives here: pins, and the way from events to bytes and back. What waits until
//! it is due is the sequencer's (DMU-3, with a prefetch of 0), what becomes bytes the miniport's (`portcls/mpu401`). A byte
//! takes 320 us on the cable, so a chord is spread, and much at once comes late: that is what it shows.

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, EVENT_CAPACITY, Filter, Flow, Io, Node, OpenError, Opened, Opening,
    PinFactory, Processor, Seek, Settings, State, Telemetry, TopologyConnection, flag,
    time_from_sample,
};
use crate::portcls::held_wires::{HeldWires, MOST_WIRES};
use crate::portcls::mpu401::{Assembler, LineOut, Sent};
use crate::portcls::sequencer::{Arrived, Sequencer};
use crate::portcls::thru::Outbox;

const PINS: &[PinFactory] = &[
    PinFactory::input("notes", DataRange::NOTES).instances(0, MOST_WIRES as u32),
    PinFactory::output("cable", DataRange::EVENTS).instances(0, 1),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::NOTES, "UART", &[])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("mpu401_out", "MPU-401 Out", CATEGORIES, PINS, &[]).merit(merit::DO_NOT_USE)
        .nodes(NODES, INSIDE)
        .help(
            "Sends notes through a serial port as bytes, one every 320 us and with running status; what comes out at the \
             other end of the cable goes on, as late as it would be there.",
        );

/// What it publishes, by place in its telemetry.
pub mod telemetry {
    /// Events that wait for their time or for the cable.
    pub const WAITING: usize = 0;
    /// Events that came after their time.
    pub const LATE: usize = 1;
    /// Events that found no room.
    pub const DROPPED: usize = 2;
    /// Bytes that came out of the cable, modulo 2^24.
    pub const BYTES: usize = 3;
    /// How many there are.
    pub const COUNT: usize = 4;
}

/// Numbers of this size are counted one by one.
const ROUND: u32 = 1 << 24;

/// What the catalogue offers and the graph negotiates with.
pub struct Mpu401Out;

impl Filter for Mpu401Out {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let wires = opening.connected("notes").max(1);
        let sequencer = Sequencer::new(wires);
        let (telemetry, score) = (Telemetry::new(telemetry::COUNT), sequencer.score());
        let playing = Playing {
            wires: HeldWires::default(),
            sequencer,
            line: LineOut::new(EVENT_CAPACITY * (wires + 1)),
            far: FarEnd {
                assembler: Assembler::default(),
                bytes: 0,
            },
            out: Outbox::new(wires),
            telemetry: telemetry.clone(),
        };
        Ok(Opened::processor(playing).telemetry(telemetry).score(score))
    }

    /// What a full cable holds at the end of a song, on the whole.
    fn tail_seconds(&self, _: &Settings<'_>, _: u32) -> f64 {
        0.1
    }
}

/// The other end of the cable: makes messages of bytes.
struct FarEnd {
    assembler: Assembler,
    bytes: u32,
}

/// The running half; lives on the audio thread.
struct Playing {
    wires: HeldWires,
    sequencer: Sequencer,
    line: LineOut,
    far: FarEnd,
    out: Outbox,
    telemetry: Telemetry,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let time = io.time();
        let end = time_from_sample(io.position + io.len as u64, io.rate_hz);
        let Self {
            wires,
            sequencer,
            line,
            far,
            out,
            telemetry,
        } = self;
        // A break of one input is none of the others: what it held is released here.
        io.outputs[0].header.flags &= !flag::DATADISCONTINUITY;
        let payload = &mut io.outputs[0].payload;
        out.begin(payload);
        line.enter(State::Run);
        let mut arrive = |Sent { time, byte }| {
            far.bytes = (far.bytes + 1) % ROUND;
            far.assembler
                .events(time, &[byte], |event| out.put(payload, event));
        };
        while let Some(gone) = wires.next_gone(io.inputs, |wire| sequencer.holds(wire)) {
            if gone.is_broken {
                sequencer.forget(gone.wire);
            }
            gone.release(time, |event| line.put(&event, time));
        }
        let silenced = sequencer.attend(io.position, io.rate_hz);
        wires.release_channels(silenced, time, |event| line.put(&event, time));
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
        while let Some((arrived, offset)) = sequencer.release(io.position, io.len, io.rate_hz) {
            wires.follow(arrived.wire, &arrived.event);
            // A cable has one group of sixteen channels (UAR-5).
            if arrived.event.channel_group > 1 {
                continue;
            }
            let due = time_from_sample(io.position + offset as u64, io.rate_hz);
            line.run_until(due, &mut arrive);
            line.put(&arrived.event, due);
        }
        line.run_until(end, &mut arrive);
        let waiting = sequencer.len() + line.waiting();
        telemetry.set(telemetry::WAITING, waiting as f32);
        telemetry.set(telemetry::LATE, sequencer.late() as f32);
        let dropped = sequencer.dropped() + line.lost() + out.dropped();
        telemetry.set(telemetry::DROPPED, dropped as f32);
        telemetry.set(telemetry::BYTES, far.bytes as f32);
        Flow::Running
    }

    /// Over the seam of a loop what waits keeps its distance; a seek is a new beginning.
    fn seek(&mut self, seek: Seek) -> bool {
        if !seek.flushes {
            let at = |sample| time_from_sample(sample, seek.rate_hz);
            let by = at(seek.to) - at(seek.from);
            self.sequencer.shift(by);
            self.line.shift(by);
        }
        false
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.line.enter(state);
            self.sequencer.clear();
            self.wires.clear();
            self.out.clear();
            self.far.assembler.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::KernelEvent;
    use crate::ks::rig::Rig;

    fn note(sample: u64, key: u8) -> KernelEvent {
        KernelEvent::new(time_from_sample(sample, 48_000), &[0x90, key, 1]).unwrap()
    }

    #[test]
    fn a_chord_is_spread_by_the_cable() {
        let mut rig = Rig::open(&Mpu401Out, &[]);
        let chord = [note(48, 60), note(48, 64), note(48, 67)];
        let out = rig.cycle(480, &[], &chord).events;
        let times: Vec<i64> = out.iter().map(|it| it.time - 10_000).collect();
        // Three bytes of the first, two of each other: 320 us each.
        assert_eq!(times, [9_600, 16_000, 22_400]);
        let bytes: Vec<_> = out.iter().map(|it| it.bytes().to_vec()).collect();
        assert_eq!(bytes, [[0x90, 60, 1], [0x90, 64, 1], [0x90, 67, 1]]);
        assert_eq!(rig.telemetry().unwrap().get(telemetry::BYTES), 7.0);
    }

    #[test]
    fn what_the_cable_does_not_take_at_once_comes_later_and_whole() {
        let mut rig = Rig::open(&Mpu401Out, &[]);
        let long = [&[0xF0][..], &[5; 300], &[0xF7]].concat();
        let events: Vec<KernelEvent> = KernelEvent::whole(0, &long).collect();
        let mut out = rig.cycle(480, &[], &events).events;
        assert!(out.is_empty());
        for _ in 0..20 {
            out.extend(rig.run(480).events);
        }
        let bytes: Vec<u8> = out.iter().flat_map(|it| it.bytes().to_vec()).collect();
        assert_eq!(bytes, long);
        assert!(out[0].time > 302 * 3_200 - 1 && out[0].time < 302 * 3_200 + 20_000);
    }

    #[test]
    fn a_wire_that_goes_ends_what_it_held_through_the_cable() {
        let mut rig = Rig::open(&Mpu401Out, &[]);
        rig.cycle(480, &[], &[note(0, 60)]);
        rig.unplug(0);
        let out = rig.run(480).events;
        assert_eq!(out[0].bytes(), [0x80, 60, 64]);
    }
}
