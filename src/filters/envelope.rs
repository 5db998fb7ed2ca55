//! Envelope: lets a sound swell and die away with each note, or by hand.
//!
//! in (float) and notes (events, up to 8 wires) -> out (float), in place. Attack, decay, sustain and release, as in
//! `dsp/envelope.rs`; a note that comes while another sounds begins from the level that is reached, so nothing jumps. While
//! no key is down and the gate is shut, nothing passes. Timing, the order of events and wires that vanish are the DMus
//! port's (`portcls/dmus.rs`).

use std::ops::Range;

use crate::dsp::envelope::{Envelope, Stages};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, HeldGroups, Kernel, KernelEvent, Node, OpenError, Opened,
    Opening, PinFactory, Property, TopologyConnection, Unit, ValueSlot, Values, Wave,
};
use crate::midi::message::Message;
use crate::portcls::dmus::{DmusPort, Mxf, SynthSink};

const GATE: Property = Property::flag("gate", "Gate", false)
    .inline()
    .group("Notes")
    .help("Holds it open by hand, as a key would.");
const VELOCITY: Property = Property::number("velocity", "Velocity", 0.0, 100.0, 100.0)
    .unit(Unit::Percent)
    .group("Notes")
    .help("How much softer a soft key is: at 0 % all notes are alike.");
const RETRIGGER: Property = Property::flag("retrigger", "Every note begins", true)
    .group("Notes")
    .help("Off: a key that is pressed while another is down goes on with its envelope.");
const ATTACK: Property = Property::number("attack", "Attack", 1.0, 5_000.0, 5.0)
    .unit(Unit::Millisecond)
    .inline()
    .group("Shape");
const DECAY: Property = Property::number("decay", "Decay", 1.0, 10_000.0, 200.0)
    .unit(Unit::Millisecond)
    .group("Shape");
const SUSTAIN: Property = Property::number("sustain", "Sustain", 0.0, 100.0, 70.0)
    .unit(Unit::Percent)
    .group("Shape")
    .help("The level that is kept while a key is down, in parts of that at the end of the attack.");
const RELEASE: Property = Property::number("release", "Release", 1.0, 10_000.0, 200.0)
    .unit(Unit::Millisecond)
    .inline()
    .group("Shape");
const PROPERTIES: &[Property] = &[GATE, VELOCITY, RETRIGGER, ATTACK, DECAY, SUSTAIN, RELEASE];
const SOUND: &str = "in";
const NOTES: &str = "notes";
const PINS: &[PinFactory] = &[
    PinFactory::input(SOUND, DataRange::FLOAT),
    PinFactory::input(NOTES, DataRange::EVENTS).instances(0, 8),
    PinFactory::output("out", DataRange::FLOAT).in_place_of(SOUND),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::SEQUENCER, "Keys", &["gate", "velocity", "retrigger"]),
    Node::new(
        node::VOLUME,
        "Envelope",
        &["attack", "decay", "sustain", "release"],
    ),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(1, 0),
    TopologyConnection::enter(0, 1),
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 2),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("envelope", "Envelope", CATEGORIES, PINS, PROPERTIES)
        .merit(merit::DO_NOT_USE)
        .nodes(NODES, INSIDE)
        .help(
            "Lets a sound swell and die away with each note, or while its gate is held open: attack, decay, sustain, release. \
             With no key down nothing passes.",
        );

/// What the catalogue offers and the graph negotiates with.
pub struct EnvelopeFilter;

impl Filter for EnvelopeFilter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let rate_hz = opening.audio(SOUND).rate_hz;
        let shaper = Shaper {
            slots: std::array::from_fn(|index| opening.slot(&PROPERTIES[index])),
            rate_hz: f64::from(rate_hz),
            envelope: Envelope::over(),
            stages: STILL,
            softness: 0.0,
            begins_anew: true,
            is_open: false,
            held: HeldGroups::default(),
            levels: vec![0.0; opening.max_len_at(rate_hz) + 1],
        };
        let port = DmusPort::new(shaper, opening.connected(NOTES), rate_hz);
        let score = port.score();
        Ok(Opened::processor(port).score(score).multiplies())
    }
}

const STILL: Stages = Stages {
    attack: 0,
    decay: 0,
    sustain: 0.0,
    release: 0,
};

/// What stands behind the DMus port: one envelope for all keys.
struct Shaper {
    slots: [ValueSlot; PROPERTIES.len()],
    rate_hz: f64,
    envelope: Envelope,
    /// What the next note begins with.
    stages: Stages,
    /// How much the velocity counts, 0 to 1.
    softness: f32,
    begins_anew: bool,
    /// The gate.
    is_open: bool,
    /// Keys and pedals that are down.
    held: HeldGroups,
    /// The envelope of a run of samples.
    levels: Vec<f32>,
}

impl Shaper {
    /// Whether the gate or a key holds it.
    fn is_held(&self) -> bool {
        self.is_open || !self.held.is_empty()
    }

    /// Begins where nothing held it, or every time.
    fn press(&mut self, was_held: bool, top: f32) {
        if !was_held || self.begins_anew || self.envelope.is_over() {
            self.envelope.begin_again(self.stages, top);
        }
    }

    /// Lets go, if nothing holds it any longer.
    fn lift(&mut self, was_held: bool) {
        if was_held && !self.is_held() {
            self.envelope.release(self.stages.release);
        }
    }
}

impl Mxf for Shaper {
    fn put(&mut self, event: &KernelEvent, _: usize) {
        let was_held = self.is_held();
        self.held.follow(event);
        if let Some(Message::NoteOn { velocity, .. }) = Message::parse(event.bytes()) {
            let softer = 1.0 - f32::from(velocity) / 127.0;
            self.press(was_held, 1.0 - self.softness * softer);
        } else {
            self.lift(was_held);
        }
    }
}

impl SynthSink for Shaper {
    fn prepare(&mut self, values: Values<'_>) {
        let [gate, velocity, retrigger, attack, decay, sustain, release] = &self.slots;
        let samples = |slot: &ValueSlot| (slot.get(values) * self.rate_hz / 1000.0).round() as u32;
        self.stages = Stages {
            attack: samples(attack),
            decay: samples(decay),
            sustain: sustain.get(values) as f32 / 100.0,
            release: samples(release),
        };
        self.softness = velocity.get(values) as f32 / 100.0;
        self.begins_anew = retrigger.get(values) >= 0.5;
        let (was_held, is_open) = (self.is_held(), gate.get(values) >= 0.5);
        if std::mem::replace(&mut self.is_open, is_open) == is_open {
            return;
        }
        match is_open {
            true => self.press(was_held, 1.0),
            false => self.lift(was_held),
        }
    }

    fn render(&mut self, out: &mut Wave, part: Range<usize>) {
        let len = part.len().min(self.levels.len());
        let levels = &mut self.levels[..len];
        levels.fill_with(|| self.envelope.step());
        for channel in out.channels_mut() {
            let samples = &mut channel[part.clone()];
            crate::dsp::gain::multiply(samples, levels.iter().copied());
        }
    }

    fn kernel(&mut self, values: Values<'_>, kernel: &mut Kernel) -> bool {
        let is_open = self.slots[0].get(values) >= 0.5;
        match self.envelope.rests() {
            Some(level) if is_open == self.is_open => {
                kernel.multiply(level);
                true
            }
            _ => false,
        }
    }

    fn silence(&mut self) {
        self.envelope = Envelope::over();
        self.held = HeldGroups::default();
        self.is_open = false;
    }

    fn sounding(&self) -> usize {
        usize::from(!self.envelope.is_over())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::rig::{Heard, Rig};
    use crate::ks::{State, time_from_sample};

    const SHAPE: [(&str, f64); 4] = [
        ("attack", 10.0),
        ("decay", 20.0),
        ("sustain", 50.0),
        ("release", 30.0),
    ];
    /// Samples of a millisecond.
    const MS: usize = 48;

    fn event(sample: usize, bytes: &[u8]) -> KernelEvent {
        KernelEvent::new(time_from_sample(sample as u64, 48_000), bytes).unwrap()
    }

    fn with(others: &[(&str, f64)]) -> Rig {
        Rig::open(&EnvelopeFilter, &[&SHAPE[..], others].concat())
    }

    /// Ones go in, in pieces: what comes out is the envelope.
    fn heard(rig: &mut Rig, lens: &[usize], events: &[KernelEvent]) -> Vec<f32> {
        let piece = |(index, len): (usize, &usize)| {
            let events = if index == 0 { events } else { &[] };
            let Heard { channels, .. } = rig.cycle(*len, &vec![vec![1.0; *len]; 2], events);
            assert_eq!(channels[0], channels[1]);
            channels.into_iter().next().unwrap()
        };
        lens.iter().enumerate().flat_map(piece).collect()
    }

    fn largest_step(levels: &[f32]) -> f32 {
        let steps = levels.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        steps.fold(0.0, f32::max)
    }

    #[test]
    fn a_note_swells_is_held_and_dies_away_on_its_samples() {
        let notes = [event(100, &[0x90, 60, 127]), event(2_000, &[0x80, 60, 0])];
        let levels = heard(&mut with(&[]), &[4_096], &notes);
        assert!(levels[..100].iter().all(|it| *it == 0.0) && levels[100] > 0.0);
        assert_eq!(levels[100 + 10 * MS - 1], 1.0);
        assert!((levels[100 + 30 * MS - 1] - 0.5).abs() < 1e-6);
        assert!(levels[100 + 30 * MS..2_000].iter().all(|it| *it == 0.5));
        assert!(levels[2_000] < 0.5 && levels[2_000 + 30 * MS - 2] > 0.0);
        assert!(levels[2_000 + 30 * MS..].iter().all(|it| *it == 0.0));
    }

    #[test]
    fn the_gate_does_the_same_by_hand() {
        let mut rig = with(&[]);
        assert_eq!(heard(&mut rig, &[500], &[]), [0.0; 500]);
        rig.set(0, 1.0);
        let levels = heard(&mut rig, &[2_000], &[]);
        assert_eq!((levels[10 * MS - 1], levels[1_999]), (1.0, 0.5));
        // A key that goes up leaves it open.
        let notes = [event(2_500, &[0x90, 60, 127]), event(2_500, &[0x80, 60, 0])];
        assert_eq!(heard(&mut rig, &[4_000], &notes)[3_999], 0.5);
        rig.set(0, 0.0);
        let levels = heard(&mut rig, &[2_000], &[]);
        assert!(levels[0] < 0.5 && levels[0] > 0.49 && levels[1_999] == 0.0);
    }

    #[test]
    fn soft_keys_are_softer_as_far_as_velocity_counts() {
        for (counts, top) in [(100.0, 0.5), (50.0, 0.75), (0.0, 1.0)] {
            let mut rig = with(&[("velocity", counts)]);
            let notes = [event(0, &[0x90, 60, 64])];
            let levels = heard(&mut rig, &[2_000], &notes);
            assert!((levels[10 * MS - 1] - top).abs() < 0.01, "{counts}");
            assert!((levels[1_999] - 0.5 * top).abs() < 0.01, "{counts}");
        }
    }

    #[test]
    fn however_notes_come_nothing_jumps() {
        let mut notes = vec![];
        for n in 0..40 {
            let key = 50 + (n * 7 % 5) as u8;
            let velocity = if n % 3 == 0 {
                0
            } else {
                1 + (n * 53 % 127) as u8
            };
            notes.push(event(n * 97, &[0x90, key, velocity]));
        }
        let levels = heard(&mut with(&[]), &[4_096], &notes);
        assert!(levels.iter().fold(0.0, |most: f32, it| most.max(*it)) > 0.3);
        // An attack of 480 samples.
        assert!(largest_step(&levels) < 0.004, "{}", largest_step(&levels));
    }

    #[test]
    fn another_key_goes_on_with_the_envelope_where_that_is_wished() {
        let notes = [
            event(0, &[0x90, 60, 127]),
            event(2_000, &[0x90, 64, 20]),
            event(2_500, &[0x80, 60, 0]),
        ];
        let mut rig = with(&[]);
        rig.set(2, 0.0);
        let levels = heard(&mut rig, &[4_000], &notes);
        assert!(levels[30 * MS..].iter().all(|it| *it == 0.5));
        let levels = heard(&mut with(&[("velocity", 0.0)]), &[4_000], &notes);
        assert!(levels[2_000 + 10 * MS - 1] == 1.0 && levels[3_999] == 0.5);
    }

    #[test]
    fn the_pedal_holds_what_keys_let_go() {
        let notes = [
            event(0, &[0xB0, 64, 127]),
            event(0, &[0x90, 60, 127]),
            event(1_000, &[0x80, 60, 0]),
            event(2_500, &[0xB0, 64, 0]),
        ];
        let levels = heard(&mut with(&[]), &[4_096], &notes);
        assert!(levels[2_499] == 0.5 && levels[2_500] < 0.5 && levels[4_095] == 0.0);
    }

    #[test]
    fn the_same_samples_come_out_however_the_stream_is_cut() {
        let notes: Vec<KernelEvent> = (0..30)
            .map(|n| event(n * 131, &[if n % 3 == 2 { 0x80 } else { 0x90 }, 60, 90]))
            .collect();
        let whole = heard(&mut with(&[]), &[4_096, 1_000], &notes);
        assert!(largest_step(&whole) > 1e-4 && whole[5_000] > 0.0);
        let cut = heard(&mut with(&[]), &[1, 63, 1_000, 7, 3_025, 900, 100], &notes);
        assert_eq!(whole, cut);
    }

    #[test]
    fn a_wire_that_is_gone_lets_go_and_stop_shuts_at_once() {
        let mut rig = with(&[]);
        let held = heard(&mut rig, &[2_000], &[event(0, &[0x90, 60, 127])]);
        assert_eq!(held[1_999], 0.5);
        rig.unplug(1);
        let levels = heard(&mut rig, &[2_000], &[]);
        assert!(levels[0] < 0.5 && levels[0] > 0.49 && levels[1_999] == 0.0);
        rig.plug(1, 9);
        heard(&mut rig, &[100], &[event(4_000, &[0x90, 60, 127])]);
        rig.processor().enter(State::Stop);
        assert_eq!(heard(&mut rig, &[10], &[]), [0.0; 10]);
    }
}
