//! MIDI Monitor: shows the messages that pass, by their names, and passes them on as they are.
//!
//! in (events) -> out (events). What passes is written into numbers that are written over and over ([`telemetry`]), so
//! that neither a screen nor a log can hold anything up; who reads them too late misses some, and sees how many.

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, KernelEvent, Node, OpenError, Opened, Opening,
    PinFactory, Processor, Property, State, Telemetry, TopologyConnection, ValueSlot,
};
use crate::portcls::thru::{Outbox, Passing};

const LOG: Property = Property::flag("log", "In the log", false)
    .inline()
    .help("Tells the messages in the log too, a few in a second.");
const CLOCKS: Property = Property::flag("clocks", "Show clocks", false)
    .help("Shows MIDI clock and active sensing too, which come many times in a second.");
const PROPERTIES: &[Property] = &[LOG, CLOCKS];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::EVENTS),
    PinFactory::output("out", DataRange::EVENTS).instances(0, 1),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::ANALYSIS];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::PEAKMETER, "Monitor", &["log", "clocks"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "midi_monitor",
    "MIDI Monitor",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help("Shows the MIDI messages that pass: notes, controllers and programs by their names, the rest in hex.");

/// What a screen reads of a monitor.
pub mod telemetry {
    use crate::ks::{INLINE_BYTES, Telemetry};

    /// How many messages have passed, modulo 2²⁴.
    pub const COUNT: usize = 0;
    /// Messages that are kept.
    pub const KEPT: usize = 64;
    /// Numbers of one of them: seconds, ten-millionths of a second, length, and its bytes by threes.
    const EACH: usize = 6;
    /// How many numbers there are.
    pub const LEN: usize = 1 + KEPT * EACH;
    /// Numbers of this size are counted one by one.
    pub(super) const ROUND: u32 = 1 << 24;

    /// A message that passed.
    #[derive(Clone, Copy, PartialEq, Debug)]
    pub struct Seen {
        /// When it was due, in seconds.
        pub seconds: f64,
        bytes: [u8; INLINE_BYTES],
        len: usize,
    }

    impl Seen {
        /// The message; of a long one a piece.
        pub fn bytes(&self) -> &[u8] {
            &self.bytes[..self.len.min(INLINE_BYTES)]
        }
    }

    /// How many have passed since `before` did.
    pub fn since(now: u32, before: u32) -> u32 {
        now.wrapping_sub(before) & (ROUND - 1)
    }

    /// How many have passed.
    pub fn count(cells: &Telemetry) -> u32 {
        cells.get_in_order(COUNT) as u32
    }

    /// The message that passed as number `number`, from 0; nothing when it was written over meanwhile.
    pub fn seen(cells: &Telemetry, number: u32) -> Option<Seen> {
        let kept = |now: u32| {
            let ago = since(now, number);
            ago > 0 && ago <= KEPT as u32
        };
        if !kept(count(cells)) {
            return None;
        }
        let at = 1 + number as usize % KEPT * EACH;
        let mut bytes = [0; INLINE_BYTES + 1];
        for (three, bytes) in bytes.chunks_mut(3).enumerate() {
            let packed = cells.get(at + 3 + three) as u32;
            for (index, byte) in bytes.iter_mut().enumerate() {
                *byte = (packed >> (8 * index)) as u8;
            }
        }
        let mut inline = [0; INLINE_BYTES];
        inline.copy_from_slice(&bytes[..INLINE_BYTES]);
        let seen = Seen {
            seconds: f64::from(cells.get(at)) + f64::from(cells.get(at + 1)) / 1e7,
            len: cells.get(at + 2) as usize,
            bytes: inline,
        };
        // The place after the one that is written next may be in work already.
        let now = count(cells);
        (kept(now) && since(now, number) < KEPT as u32).then_some(seen)
    }

    /// Writes message `number`, from 0.
    pub(super) fn write(cells: &Telemetry, number: u32, time: i64, message: &[u8]) {
        let at = 1 + number as usize % KEPT * EACH;
        cells.set(at, (time / 10_000_000) as f32);
        cells.set(at + 1, (time % 10_000_000) as f32);
        cells.set(at + 2, message.len() as f32);
        for three in 0..3 {
            let bytes = message.iter().skip(three * 3).take(3).enumerate();
            let packed = bytes.fold(0_u32, |all, (index, byte)| {
                all | u32::from(*byte) << (8 * index)
            });
            cells.set(at + 3 + three, packed as f32);
        }
        cells.set_in_order(COUNT, ((number + 1) & (ROUND - 1)) as f32);
    }
}

/// What the catalogue offers and the graph negotiates with.
pub struct MidiMonitor;

impl Filter for MidiMonitor {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let telemetry = Telemetry::new(telemetry::LEN);
        let playing = Playing {
            clocks: opening.slot(&CLOCKS),
            telemetry: telemetry.clone(),
            count: 0,
            passing: Passing::default(),
            out: Outbox::new(1),
        };
        Ok(Opened::processor(playing).telemetry(telemetry))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    clocks: ValueSlot,
    telemetry: Telemetry,
    count: u32,
    passing: Passing,
    out: Outbox,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let shows_clocks = self.clocks.get(io.values) >= 0.5;
        let (time, input) = (io.time(), io.inputs.get(0));
        if let Some(output) = io.outputs.first_mut() {
            let payload = &mut output.payload;
            self.out.begin(payload);
            self.passing.begin(&input, time, &mut self.out, payload);
            for event in input.events() {
                self.passing.follow(event);
                self.out.put(&mut output.payload, *event);
            }
        }
        let is_shown =
            |event: &&KernelEvent| shows_clocks || !matches!(event.bytes(), [0xF8 | 0xFE]);
        for event in input.events().iter().filter(is_shown) {
            telemetry::write(&self.telemetry, self.count, event.time, event.bytes());
            self.count = (self.count + 1) & (telemetry::ROUND - 1);
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.out.clear();
            self.passing = Passing::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::rig::Rig;

    fn event(time: i64, bytes: &[u8]) -> KernelEvent {
        KernelEvent::new(time, bytes).unwrap()
    }

    #[test]
    fn everything_passes_and_is_seen_with_its_time() {
        let mut rig = Rig::open(&MidiMonitor, &[]);
        let events = [
            event(12_345, &[0x90, 60, 1]),
            event(36_000_000_001, &[0xF0, 1, 2, 3, 4, 5, 6, 0xF7]),
            event(36_000_000_001, &[0xF8]),
        ];
        assert_eq!(rig.cycle(64, &[], &events).events, events);
        let cells = rig.telemetry().unwrap();
        assert_eq!(telemetry::count(cells), 2, "clocks are not shown");
        for (number, wanted) in (0..).zip(&events[..2]) {
            let seen = telemetry::seen(cells, number).unwrap();
            assert_eq!(seen.bytes(), wanted.bytes());
            assert!((seen.seconds - wanted.time as f64 / 1e7).abs() < 1e-6);
        }
        assert_eq!(telemetry::seen(cells, 2), None);
        rig.set(1, 1.0);
        rig.cycle(64, &[], &events);
        assert_eq!(telemetry::count(rig.telemetry().unwrap()), 5);
    }

    #[test]
    fn the_last_are_kept_and_the_others_counted() {
        let mut rig = Rig::open(&MidiMonitor, &[]);
        for n in 0..200_u8 {
            rig.cycle(64, &[], &[event(i64::from(n), &[0xB0, 1, n % 128])]);
        }
        let cells = rig.telemetry().unwrap();
        assert_eq!(
            (telemetry::count(cells), telemetry::since(200, 190)),
            (200, 10)
        );
        assert_eq!(telemetry::seen(cells, 199).unwrap().bytes(), [0xB0, 1, 71]);
        assert_eq!(telemetry::seen(cells, 100), None);
    }
}
