//! Chorus: the sound again by several voices, each a little late and out of tune.
//!
//! in (float) -> out (float), in place, without latency. Each voice hears the sound through a delay that swings from
//! `delay` to `delay` + `depth` and back, `rate` times a second, like a sine; between samples by a cubic. What is heard of
//! them is their mean. Voices swing apart from each other, and the channels of a voice by `spread`: at 100 % evenly round
//! the circle, which is against each other for two of them. Everything glides; a voice comes and goes within 50 ms.

use std::ops::Range;

use crate::dsp::gain::{mix_into, mix_into_multiplied};
use crate::dsp::wander::{Joints, Wander};
use crate::dsp::wavetable::SINE_TERMS;
use crate::dsp::whole::nearest;
use crate::dsp::wide::wide;
use crate::dsp::{DelayLine, PIECE, Ramp};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, DataRange, Descriptor, Filter, Flow, Glide, Io, Node, NodePin, OpenError, Opened,
    Opening, PinFactory, Processor, Property, Settings, State, Strategy, TopologyConnection, Unit,
    ValueSlot, Wave,
};

const MOST_VOICES: usize = 8;
const MOST_DELAY: f64 = 40.0;
const MOST_DEPTH: f64 = 10.0;
const FADES_PER_SECOND: u32 = 20;
/// A turn divided by the golden ratio again and again: no two voices ever swing alike, however many there are.
const APART: f64 = 0.618_033_988_749_895;

const RATE: Property = Property::number("rate", "Rate", 0.05, 10.0, 0.6)
    .group("Movement")
    .unit(Unit::Hertz)
    .logarithmic()
    .glide_millis(50.0)
    .inline()
    .help("How often each voice swings to and fro.");
const DEPTH: Property = Property::number("depth", "Depth", 0.0, MOST_DEPTH, 3.0)
    .group("Movement")
    .unit(Unit::Millisecond)
    .glide_millis(100.0)
    .inline()
    .help("How far the delay of a voice swings; with the rate, how far it goes out of tune.");
const DELAY: Property = Property::number("delay", "Delay", 1.0, MOST_DELAY, 12.0).group("Movement")
    .unit(Unit::Millisecond)
    .glide_millis(100.0)
    .help("How late a voice is at least. Below 5 ms it sounds like a flanger, above 25 ms like an echo.");
const VOICES: Property = Property::count("voices", "Voices", 1, MOST_VOICES as u32, 3)
    .group("Voices")
    .inline()
    .help("How many there are beside the sound itself.");
const SPREAD: Property = Property::number("spread", "Spread", 0.0, 100.0, 100.0)
    .group("Voices")
    .unit(Unit::Percent)
    .glide_millis(100.0)
    .inline()
    .help("How differently the channels swing; at 0 % they swing alike.");
const MIX: Property = Property::number("mix", "Mix", 0.0, 100.0, 50.0)
    .group("Output")
    .unit(Unit::Percent)
    .glide_millis(20.0)
    .inline()
    .help("How much of the voices is heard: 0 % is the sound alone, 100 % the voices alone.");
const PROPERTIES: &[Property] = &[RATE, DEPTH, DELAY, VOICES, SPREAD, MIX];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(
        node::CHORUS,
        "Voices",
        &["rate", "depth", "delay", "voices", "spread"],
    ),
    Node::new(node::SUPERMIX, "Mix", &["mix"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::new(NodePin::out_of(0), NodePin::Node(1, 1)),
    TopologyConnection::new(NodePin::Filter(0), NodePin::Node(1, 2)),
    TopologyConnection::leave(1, 1),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("chorus", "Chorus", CATEGORIES, PINS, PROPERTIES).merit(merit::DO_NOT_USE)
        .nodes(NODES, INSIDE)
        .degrades(
            Strategy::Quality,
            [
                "straight lines between samples",
                "straight lines between samples, 2 voices at most",
                "straight lines between samples, 1 voice",
            ],
        )
        .help(
            "Makes one voice sound like several: copies of the sound, a little late and slowly wandering in pitch.",
        );

/// What the catalogue offers and the graph negotiates with.
pub struct Chorus;

impl Filter for Chorus {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let rate_hz = format.rate_hz;
        let longest = (MOST_DELAY + MOST_DEPTH) * f64::from(rate_hz) / 1000.0;
        let fade = (rate_hz / FADES_PER_SECOND).max(1);
        Ok(Opened::processor(Playing {
            rate_hz: f64::from(rate_hz),
            rate: opening.glide_at(&RATE, rate_hz),
            depth: opening.glide_at(&DEPTH, rate_hz),
            delay: opening.glide_at(&DELAY, rate_hz),
            voices: opening.slot(&VOICES),
            spread: opening.glide_at(&SPREAD, rate_hz),
            mix: opening.glide_at(&MIX, rate_hz),
            presences: std::array::from_fn(|_| Ramp::new(0.0, fade)),
            most_voices: MOST_VOICES,
            straight: Ramp::new(0.0, fade),
            turn: 0,
            lines: vec![DelayLine::new(longest as usize + 4); format.channels as usize].into(),
            is_fresh: true,
        }))
    }

    fn tail_seconds(&self, settings: &Settings<'_>, _: u32) -> f64 {
        (settings.number(&DELAY) + settings.number(&DEPTH)) / 1000.0
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    rate_hz: f64,
    rate: Glide,
    depth: Glide,
    delay: Glide,
    voices: ValueSlot,
    spread: Glide,
    mix: Glide,
    /// How much each voice is there, 0 to 1.
    presences: [Ramp; MOST_VOICES],
    /// The most that overload leaves, and how far samples are joined by straight lines in place of cubics, 0 to 1.
    most_voices: usize,
    straight: Ramp,
    /// Where the first voice of the first channel is in its swing; 2^64 are a turn.
    turn: u64,
    /// One a channel.
    lines: Box<[DelayLine]>,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

/// What the knobs say for the samples of a cycle.
struct Movement {
    rate: Amplitude,
    depth: Amplitude,
    delay: Amplitude,
    spread: Amplitude,
    mix: Amplitude,
}

/// How voices swing, for each sample of a piece.
struct Swings {
    /// Where the first voice of the first channel is in its swing, in turns.
    turns: [f64; PIECE],
    /// How much later each channel swings than the one before it, in turns.
    apart: [f64; PIECE],
    /// The least delay, and how much more it becomes, in samples.
    least: [f64; PIECE],
    swing: [f64; PIECE],
}

impl Swings {
    /// Those from `first` of a cycle on; the first voice goes on from `turn`, of which 2^64 are a whole.
    fn new(
        turn: &mut u64,
        knobs: &Movement,
        first: usize,
        len: usize,
        [rate_hz, channels]: [f64; 2],
    ) -> Self {
        let knob = |amplitude: &Amplitude| {
            let mut values = [0.0; PIECE];
            amplitude.fill(first, &mut values[..len]);
            values
        };
        let (rates, depths, delays, spreads) = (
            knob(&knobs.rate),
            knob(&knobs.depth),
            knob(&knobs.delay),
            knob(&knobs.spread),
        );
        let mut turns = [*turn; PIECE];
        let step = |hz: f32| (f64::from(hz) / rate_hz * TURN) as u64;
        let mut steps = [step(rates[0]); PIECE];
        if !knobs.rate.is_still() {
            steps = rates.map(step);
        }
        for (place, step) in turns[..len].iter_mut().zip(steps) {
            *place = *turn;
            *turn = turn.wrapping_add(step);
        }
        let (per_milli, per_spread) = (rate_hz / 1000.0, 0.01 / channels);
        wide(
            #[inline(always)]
            || Self {
                turns: turns.map(part_of_turn),
                apart: spreads.map(|it| f64::from(it) * per_spread),
                least: delays.map(|it| f64::from(it).clamp(0.0, MOST_DELAY) * per_milli),
                swing: depths.map(|it| f64::from(it).clamp(0.0, MOST_DEPTH) * per_milli),
            },
        )
    }

    /// How late a voice is in a channel.
    fn delays(&self, voice: usize, channel: usize, len: usize, places: &mut Wander) {
        let (voice, channel) = (APART * voice as f64, channel as f64);
        wide(
            #[inline(always)]
            || {
                places.set(
                    len,
                    #[inline(always)]
                    |at| {
                        let turn = self.turns[at] + voice + self.apart[at] * channel;
                        // What was pushed last is one sample back.
                        self.least[at] + self.swing[at] * raised_sine(turn) + 1.0
                    },
                );
            },
        );
    }
}

/// A whole turn of a phase.
const TURN: f64 = 18_446_744_073_709_551_616.0;

/// A phase as a number from 0 to 1, without the bits that a float cannot have.
#[inline(always)]
fn part_of_turn(turn: u64) -> f64 {
    f64::from_bits(turn >> 12 | 1.0_f64.to_bits()) - 1.0
}

/// From 0 to 1 and back in a turn: half of what its cosine lacks to 1, which is the square of the sine of half the angle.
#[inline(always)]
fn raised_sine(turn: f64) -> f64 {
    let z = (turn - nearest(turn)) * 2.0;
    let square = z * z;
    let mut sum = 0.0;
    for term in SINE_TERMS.iter().rev() {
        sum = sum * square + term;
    }
    (sum * z) * (sum * z)
}

impl Playing {
    /// At most [`PIECE`] samples of a cycle.
    fn piece(&mut self, wave: &mut Wave, piece: Range<usize>, knobs: &Movement) {
        let len = piece.len();
        let count = self.lines.len().min(wave.channel_count());
        let sizes = [self.rate_hz, count.max(1) as f64];
        let swings = Swings::new(&mut self.turn, knobs, piece.start, len, sizes);
        let mut straight = [0.0; PIECE];
        let joints = Joints::next(&mut self.straight, len, &mut straight);
        let mut presences = [[0.0; PIECE]; MOST_VOICES];
        let (mut sums, mut wets) = ([0.0; PIECE], [0.0; PIECE]);
        let mut is_there = [false; MOST_VOICES];
        for (voice, ramp) in self.presences.iter_mut().enumerate() {
            is_there[voice] = !ramp.is_still() || ramp.target() > 0.0;
            if is_there[voice] {
                ramp.fill(&mut presences[voice][..len]);
                mix_into(&mut sums[..len], &presences[voice]);
            }
        }
        knobs.mix.fill(piece.start, &mut wets[..len]);
        for wet in &mut wets {
            *wet = (*wet / 100.0).clamp(0.0, 1.0);
        }
        let mut places = Wander::new();
        for (channel, line) in self.lines[..count].iter_mut().enumerate() {
            let samples = &mut wave.channel_mut(channel)[piece.clone()];
            line.push_all(samples);
            let (mut heard, mut one) = ([0.0; PIECE], [0.0; PIECE]);
            for (voice, presences) in presences.iter().enumerate() {
                if is_there[voice] {
                    swings.delays(voice, channel, len, &mut places);
                    places.read(line, &joints, &mut one[..len]);
                    mix_into_multiplied(&mut heard[..len], &one, presences);
                }
            }
            blend(samples, &heard, &sums, &wets);
        }
    }
}

/// The mean of the voices over the sound itself.
fn blend(samples: &mut [f32], heard: &[f32; PIECE], sums: &[f32; PIECE], wets: &[f32; PIECE]) {
    wide(
        #[inline(always)]
        || {
            let heard = heard.iter().zip(sums);
            for ((sample, (heard, sum)), wet) in samples.iter_mut().zip(heard).zip(wets) {
                *sample = *sample * (1.0 - wet) + heard / sum * wet;
            }
        },
    );
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let voices = self.voices.index(io.values).clamp(1, self.most_voices);
        let is_fresh = std::mem::take(&mut self.is_fresh);
        if is_fresh {
            for glide in [
                &mut self.rate,
                &mut self.depth,
                &mut self.delay,
                &mut self.spread,
                &mut self.mix,
            ] {
                glide.reset(io.values);
            }
            self.lines.iter_mut().for_each(DelayLine::reset);
            self.turn = 0;
        }
        for (voice, presence) in self.presences.iter_mut().enumerate() {
            let wanted = f32::from(u8::from(voice < voices));
            if is_fresh {
                presence.jump(wanted);
            }
            presence.set(wanted);
        }
        let Some(wave) = io.outputs[0].payload.wave_mut() else {
            return Flow::Running;
        };
        let len = wave.len();
        let rate = self.rate.amplitude(io.values, len);
        let depth = self.depth.amplitude(io.values, len);
        let delay = self.delay.amplitude(io.values, len);
        let spread = self.spread.amplitude(io.values, len);
        let mix = self.mix.amplitude(io.values, len);
        for channel in wave.channels_mut() {
            crate::dsp::measure::silence_non_finite(channel);
        }
        let movement = Movement {
            rate,
            depth,
            delay,
            spread,
            mix,
        };
        for from in (0..len).step_by(PIECE) {
            self.piece(wave, from..len.min(from + PIECE), &movement);
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        self.is_fresh |= state == State::Stop;
    }

    fn degrade(&mut self, level: u8) {
        self.straight.set(f32::from(u8::from(level > 0)));
        self.most_voices = match level {
            0 | 1 => MOST_VOICES,
            2 => 2,
            _ => 1,
        };
    }
}

#[cfg(test)]
mod tests;
