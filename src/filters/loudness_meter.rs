//! Loudness Meter: how loud a sound is to ears, by EBU R128, and its true peak; the sound passes bit for bit.
//!
//! in (any sound) -> out, in place. What it measures stands in telemetry, by the constants of this file: levels in LUFS
//! and dBTP, never below [`FLOOR`], which also stands for what is not known yet. It measures while `measure` is on and
//! keeps its figures while it is off; it begins anew when that is switched on again, when a [`RESET`] comes as a live
//! event, and behind Stop. The first [`MAX_CHANNELS`] channels count, by their usual order.

use crate::dsp::decibels::db;
use crate::dsp::loudness::{Loudness, TruePeak, channel_weights};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Domain, Filter, Flow, Io, KernelEvent, Node, OpenError, Opened, Opening,
    PinFactory, Processor, Property, Seek, State, Strategy, Telemetry, TopologyConnection, Unit,
    ValueSlot,
};

/// The most channels that are measured.
pub const MAX_CHANNELS: usize = 8;
/// The level of silence, and of what is not known yet.
pub const FLOOR: f32 = -200.0;
/// The message that begins the measurement anew.
pub const RESET: &[u8] = &[0xFF];

/// Cell of the loudness of the last 400 ms.
pub const MOMENTARY: usize = 0;
/// Cell of the loudness of the last 3 s.
pub const SHORT_TERM: usize = 1;
/// Cell of the loudness of all that was measured, gated.
pub const INTEGRATED: usize = 2;
/// Cell of the foot of the loudness range.
pub const RANGE_LOW: usize = 3;
/// Cell of the head of the loudness range; LRA is the distance of both.
pub const RANGE_HIGH: usize = 4;
/// Cell of the highest peak between the samples, in dBTP.
pub const TRUE_PEAK: usize = 5;
/// Cell of the loudest 400 ms.
pub const MOMENTARY_MAX: usize = 6;
/// Cell of the loudest 3 s.
pub const SHORT_TERM_MAX: usize = 7;
/// Cell of the seconds measured.
pub const SECONDS: usize = 8;
const CELLS: usize = 9;
/// Resets that may wait for a cycle.
const RESETS: usize = 16;

/// What the sound should be as loud as; read by the screen alone.
pub const TARGET: Property = Property {
    domain: Domain::Number {
        min: -36.0,
        max: -5.0,
        step: 1.0,
        logarithmic: false,
    },
    ..Property::number("target", "Target", -36.0, -5.0, -23.0)
        .unit(Unit::Lufs)
        .help("What the sound should be as loud as. The scale is about it: EBU R128 asks for -23.")
};
/// Whether it measures.
pub const MEASURE: Property = Property::flag("measure", "Measure", true)
    .help("Off keeps the figures as they are; on again begins anew.");
const PROPERTIES: &[Property] = &[TARGET, MEASURE];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::WAVE).takes_non_finite(),
    PinFactory::output("out", DataRange::WAVE).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::ANALYSIS];
/// What is inside: the filter's own properties, seen from the node that acts on them.
const NODES: &[Node] = &[Node::new(
    node::PEAKMETER,
    "Loudness meter",
    &["target", "measure"],
)];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "loudness_meter",
    "Loudness Meter",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE).help(
    "Shows how loud a sound is to ears, by EBU R128: momentary, short-term and integrated loudness, loudness range and \
     true peak. The sound passes unchanged.",
)
.degrades(
    Strategy::Computation,
    [
        "peaks of samples, not between them",
        "peaks of samples, not between them",
        "peaks of samples, not between them",
    ],
);

/// What the catalogue offers and the graph negotiates with.
pub struct LoudnessMeter;

impl Filter for LoudnessMeter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let channels = format.channels as usize;
        let mut weights = channel_weights(channels);
        weights.truncate(MAX_CHANNELS);
        let (entry, resets) = rtrb::RingBuffer::new(RESETS);
        let playing = Playing {
            peaks: vec![TruePeak::new(format.rate_hz); weights.len()].into(),
            loudness: Loudness::new(format.rate_hz, &weights),
            measure: opening.slot(&MEASURE),
            level: 0,
            was_measuring: true,
            resets,
            telemetry: Telemetry::new(CELLS),
        };
        playing.publish();
        let telemetry = playing.telemetry.clone();
        Ok(Opened::processor(playing)
            .telemetry(telemetry)
            .events(entry))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    loudness: Loudness,
    peaks: Box<[TruePeak]>,
    measure: ValueSlot,
    /// How much less is asked for.
    level: u8,
    was_measuring: bool,
    resets: rtrb::Consumer<KernelEvent>,
    telemetry: Telemetry,
}

impl Playing {
    fn publish(&self) {
        let now = self.loudness.now();
        let set = |cell: usize, level: Option<f64>| {
            let level = level.map_or(FLOOR, |level| level as f32);
            self.telemetry.set(cell, level.max(FLOOR));
        };
        set(MOMENTARY, now.momentary);
        set(SHORT_TERM, now.short_term);
        set(INTEGRATED, now.integrated);
        set(RANGE_LOW, now.range.map(|range| range.0));
        set(RANGE_HIGH, now.range.map(|range| range.1));
        set(MOMENTARY_MAX, now.momentary_max);
        set(SHORT_TERM_MAX, now.short_term_max);
        let peak = self.peaks.iter().map(TruePeak::highest).fold(0.0, f32::max);
        self.telemetry.set(TRUE_PEAK, db(peak).max(FLOOR));
        self.telemetry.set(SECONDS, self.loudness.seconds() as f32);
    }

    fn reset(&mut self) {
        self.loudness.reset();
        self.peaks.iter_mut().for_each(TruePeak::reset);
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let measures = self.measure.is_on(io.values);
        let mut begins = measures && !self.was_measuring;
        self.was_measuring = measures;
        while let Ok(event) = self.resets.pop() {
            begins |= event.bytes() == RESET;
        }
        if begins {
            self.reset();
        }
        // In place the output holds the input; with no output there is only the input.
        let input = io.inputs.get(0).wave();
        let wave = input.or_else(|| io.outputs.first()?.payload.wave());
        if let Some(wave) = wave.filter(|_| measures) {
            self.loudness
                .feed(wave.len(), |channel| wave.channel(channel));
            for (peak, samples) in self.peaks.iter_mut().zip(wave.channels()) {
                match self.level {
                    0 => peak.feed(samples),
                    _ => peak.feed_coarsely(samples),
                }
            }
        }
        self.publish();
        Flow::Running
    }

    /// What is measured is what was heard, wherever it stood.
    fn seek(&mut self, _: Seek) -> bool {
        true
    }

    fn degrade(&mut self, level: u8) {
        self.level = level;
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            while self.resets.pop().is_ok() {}
            self.reset();
            self.publish();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::filters::tests::same_bits;
    use crate::ks::rig::{RATE_HZ, Rig};

    fn tone(level: f64, seconds: f64) -> Vec<f32> {
        let amplitude = 10_f64.powf(level / 20.0);
        (0..(seconds * f64::from(RATE_HZ)) as usize)
            .map(|n| (amplitude * (TAU * n as f64 / 48.0).sin()) as f32)
            .collect()
    }

    fn hear(rig: &mut Rig, sound: &[f32]) {
        for piece in sound.chunks(3000) {
            rig.cycle(piece.len(), &[piece.to_vec(), piece.to_vec()], &[]);
        }
    }

    fn level(rig: &Rig, cell: usize) -> f32 {
        rig.telemetry().unwrap().get(cell)
    }

    #[test]
    fn the_sound_passes_bit_for_bit() {
        let mut sound = tone(-6.0, 0.05);
        sound[7] = f32::NAN;
        sound[8] = f32::NEG_INFINITY;
        let heard = Rig::open(&LoudnessMeter, &[]).feed(&sound);
        assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
    }

    #[test]
    fn a_tone_has_its_figures_and_silence_has_none() {
        let mut rig = Rig::open(&LoudnessMeter, &[]);
        for cell in 0..SECONDS {
            assert_eq!(level(&rig, cell), FLOOR);
        }
        hear(&mut rig, &tone(-33.0, 6.0));
        hear(&mut rig, &tone(-23.0, 6.0));
        for cell in [MOMENTARY, SHORT_TERM, MOMENTARY_MAX, SHORT_TERM_MAX] {
            assert!((level(&rig, cell) + 23.0).abs() < 0.1, "cell {cell}");
        }
        // The softer half is not below the relative gate: the mean of both powers.
        assert!((level(&rig, INTEGRATED) + 25.6).abs() < 0.1);
        let range = level(&rig, RANGE_HIGH) - level(&rig, RANGE_LOW);
        assert!((range - 10.0).abs() < 0.3, "{range}");
        assert!((level(&rig, TRUE_PEAK) + 23.0).abs() < 0.1);
        assert!((level(&rig, SECONDS) - 12.0).abs() < 0.01);
    }

    #[test]
    fn it_begins_anew_by_stop_by_the_switch_and_by_a_live_event() {
        let is_anew = |rig: &Rig| {
            assert!((level(rig, INTEGRATED) + 30.0).abs() < 0.1);
            assert!((level(rig, TRUE_PEAK) + 30.0).abs() < 0.1);
            assert!((level(rig, MOMENTARY_MAX) + 30.0).abs() < 0.1);
        };
        let mut rig = Rig::open(&LoudnessMeter, &[]);
        hear(&mut rig, &tone(-10.0, 1.0));
        rig.processor().enter(State::Stop);
        assert_eq!(level(&rig, INTEGRATED), FLOOR);
        hear(&mut rig, &tone(-30.0, 1.0));
        is_anew(&rig);

        let (switch, _) = DESCRIPTOR.property(MEASURE.key).unwrap();
        rig.set(switch, 0.0);
        hear(&mut rig, &tone(-10.0, 1.0));
        is_anew(&rig);
        rig.set(switch, 1.0);
        hear(&mut rig, &tone(-20.0, 1.0));
        assert!((level(&rig, INTEGRATED) + 20.0).abs() < 0.1);

        let mut rig = Rig::open(&LoudnessMeter, &[]);
        hear(&mut rig, &tone(-10.0, 1.0));
        let reset = KernelEvent::new(0, RESET).unwrap();
        rig.events().unwrap().push(reset).unwrap();
        hear(&mut rig, &tone(-30.0, 1.0));
        is_anew(&rig);
    }

    #[test]
    fn the_figures_do_not_depend_on_cycles() {
        let sound = [tone(-20.0, 1.7), tone(-28.0, 1.4)].concat();
        let cells = |len: usize| -> Vec<u32> {
            let mut rig = Rig::open(&LoudnessMeter, &[]);
            for piece in sound.chunks(len) {
                rig.cycle(piece.len(), &[piece.to_vec(), piece.to_vec()], &[]);
            }
            (0..CELLS).map(|cell| level(&rig, cell).to_bits()).collect()
        };
        let whole = cells(4096);
        assert_eq!(cells(64), whole);
        assert_eq!(cells(333), whole);
    }

    #[test]
    fn under_load_it_does_not_look_between_samples() {
        // A quarter of the rate, between whose samples the peaks lie.
        let tone: Vec<f32> = (0..4_800)
            .map(|n| (TAU * (n as f64 / 4.0 + 0.125)).sin() as f32 * 0.5)
            .collect();
        let peak = |level: u8| {
            let mut rig = Rig::open(&LoudnessMeter, &[]);
            rig.processor().degrade(level);
            for piece in tone.chunks(480) {
                rig.cycle(480, &[piece.to_vec(), piece.to_vec()], &[]);
            }
            rig.telemetry().unwrap().get(TRUE_PEAK)
        };
        assert!((peak(0) + 6.0).abs() < 0.3, "{}", peak(0));
        for level in 1..=3 {
            assert!((peak(level) + 9.0).abs() < 0.1, "{}", peak(level));
        }
    }
}
