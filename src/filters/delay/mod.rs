//! Delay: the sound again a while later, and again.
//!
//! in (float) -> out (float), in place, without latency. The first echo comes after `time`, rounded to a whole sample,
//! plus `samples`; never after less than one. It is the sound bit for bit; each echo after it is softer by `feedback`
//! and duller by `damping`. A change of the time fades from the old place to the new within 30 ms: no click, and no
//! change of pitch. Ping-pong sends the mean of all channels round from channel to channel.

use std::ops::Range;

use crate::dsp::delay::{DelayLine, Mover, settled};
use crate::dsp::gain::mix_into;
use crate::dsp::wide::{extent, wide};
use crate::dsp::{PIECE, Ramp};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, DataRange, Descriptor, Filter, Flow, Glide, Io, Node, NodePin, OpenError, Opened,
    Opening, PinFactory, Processor, Property, Settings, State, TAIL_DB, TopologyConnection, Unit,
    ValueSlot, Values, Wave,
};

const MOST_MILLIS: f64 = 2000.0;
const MOST_SAMPLES: u32 = 48_000;
const FADE_MILLIS: u32 = 30;
const TIME: Property = Property::number("time", "Time", 0.0, MOST_MILLIS, 350.0)
    .group("Time")
    .unit(Unit::Millisecond)
    .inline();
const SAMPLES: Property = Property::count("samples", "Samples more", 0, MOST_SAMPLES, 0)
    .group("Time")
    .unit(Unit::Sample);
const FEEDBACK: Property = Property::number("feedback", "Feedback", 0.0, 98.0, 35.0)
    .group("Echoes")
    .unit(Unit::Percent)
    .glide_millis(20.0)
    .inline();
const DAMPING: Property = Property::number("damping", "Damping", 0.0, 100.0, 20.0)
    .group("Echoes")
    .unit(Unit::Percent)
    .glide_millis(20.0);
const MIX: Property = Property::number("mix", "Mix", 0.0, 100.0, 30.0)
    .group("Output")
    .unit(Unit::Percent)
    .glide_millis(20.0)
    .inline();
const PING_PONG: Property = Property::flag("ping_pong", "Ping-pong", false)
    .group("Output")
    .inline();
const PROPERTIES: &[Property] = &[TIME, SAMPLES, FEEDBACK, DAMPING, MIX, PING_PONG];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(
        node::DELAY,
        "Echoes",
        &["time", "samples", "feedback", "damping", "ping_pong"],
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
    Descriptor::new("delay", "Delay", CATEGORIES, PINS, PROPERTIES).merit(merit::DO_NOT_USE).nodes(NODES, INSIDE).help(
        "Repeats a sound after a time, softer and duller with each echo. Ping-pong sends the echoes from side to side.",
    );

/// One of the times at which a short sound is heard.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Echo {
    /// Seconds behind the sound.
    pub seconds: f64,
    /// Its amplitude; damping takes from high frequencies only.
    pub amplitude: f64,
    /// The channel it comes from: of ping-pong in turn the first and the second, else the first.
    pub side: usize,
}

/// The sound itself and its first echoes under these settings, on a wire at `rate_hz`.
pub fn echoes(settings: &Settings<'_>, rate_hz: f64, count: usize) -> impl Iterator<Item = Echo> {
    let whole = (settings.number(&TIME) * rate_hz / 1000.0).round();
    let samples = (whole + settings.number(&SAMPLES)).max(1.0);
    let wet = settings.number(&MIX) / 100.0;
    let feedback = settings.number(&FEEDBACK) / 100.0;
    let goes_round = settings.is_on(&PING_PONG);
    (0..=count).map(move |turn| Echo {
        seconds: samples * turn as f64 / rate_hz.max(1.0),
        amplitude: match turn {
            0 => 1.0 - wet,
            turn => wet * feedback.powi(turn as i32 - 1),
        },
        side: usize::from(goes_round && turn > 0 && turn % 2 == 0),
    })
}

/// What the catalogue offers and the graph negotiates with.
pub struct Delay;

impl Filter for Delay {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let rate_hz = format.rate_hz;
        let most = (MOST_MILLIS * f64::from(rate_hz) / 1000.0) as usize + MOST_SAMPLES as usize;
        let echo = || Memory {
            line: DelayLine::new(most),
            dull: 0.0,
            heard: [0.0; BLOCK],
            dulls: [0.0; BLOCK],
        };
        Ok(Opened::processor(Playing {
            rate_hz: f64::from(rate_hz),
            most,
            time: opening.slot(&TIME),
            samples: opening.slot(&SAMPLES),
            ping_pong: opening.slot(&PING_PONG),
            feedback: opening.glide_at(&FEEDBACK, rate_hz),
            damping: opening.glide_at(&DAMPING, rate_hz),
            mix: opening.glide_at(&MIX, rate_hz),
            crossing: Ramp::new(0.0, (rate_hz * FADE_MILLIS / 1000).max(1)),
            place: Mover::new(1, rate_hz * FADE_MILLIS / 1000),
            echoes: (0..format.channels).map(|_| echo()).collect(),
            is_fresh: true,
        }))
    }

    fn tail_seconds(&self, settings: &Settings<'_>, rate_hz: u32) -> f64 {
        let samples = settings.number(&SAMPLES) / f64::from(rate_hz.max(1));
        let feedback = settings.number(&FEEDBACK) / 100.0;
        // Each echo after the first is softer by the feedback.
        let more = if feedback > 0.0 {
            (TAIL_DB / (-20.0 * feedback.log10())).ceil()
        } else {
            0.0
        };
        (settings.number(&TIME) / 1000.0 + samples) * (1.0 + more)
    }
}

/// The past of one channel.
struct Memory {
    line: DelayLine,
    /// The echo behind the damping.
    dull: f32,
    /// The echoes of a piece, in whose place stands what is fed, and those behind the damping.
    heard: [f32; BLOCK],
    dulls: [f32; BLOCK],
}

/// The most samples that are done at once while nothing moves: none of them hears another.
const BLOCK: usize = PIECE;
/// A shorter delay is quicker sample by sample.
const FEWEST: usize = 8;

/// What is the same from sample to sample while nothing moves.
struct Rest {
    delay: usize,
    loudness: f32,
    dullness: f32,
    wet: f32,
}

/// What of an echo goes round, of a percentage.
fn loudness(feedback: f32) -> f32 {
    (feedback / 100.0).clamp(0.0, 0.98)
}

fn dullness(damping: f32) -> f32 {
    (damping / 100.0).clamp(0.0, 1.0) * 0.95
}

/// An echo beside the one before it: what waits for that is as short as can be.
#[inline(always)]
fn damped(heard: f32, before: f32, dullness: f32) -> f32 {
    heard * (1.0 - dullness) + before * dullness
}

fn wet(mix: f32) -> f32 {
    (mix / 100.0).clamp(0.0, 1.0)
}

impl Memory {
    /// No more samples than the delay is long: as one by one.
    fn pass(&mut self, rest: &Rest, samples: &mut [f32]) {
        let count = samples.len();
        if self.line.can_turn(rest.delay)
            && let Some((heard, fed)) = self.line.turn(rest.delay)
        {
            self.dull = repeat(rest, self.dull, samples, &heard[..count], &mut fed[..count]);
            self.line.taken(count);
            return;
        }
        let (mut heard, mut fed) = ([0.0; BLOCK], [0.0; BLOCK]);
        let (heard, fed) = (&mut heard[..count], &mut fed[..count]);
        self.line.read(rest.delay, heard);
        self.dull = repeat(rest, self.dull, samples, heard, fed);
        self.line.keep(fed);
    }
}

/// What is fed to the line and what is heard beside the samples. The echo behind the damping comes back.
fn repeat(rest: &Rest, before: f32, samples: &mut [f32], heard: &[f32], fed: &mut [f32]) -> f32 {
    let last = damp(rest.dullness, before, heard, fed);
    wide(
        #[inline(always)]
        || {
            for ((fed, heard), sample) in fed.iter_mut().zip(heard).zip(samples) {
                *fed = settled(*sample + *fed * rest.loudness);
                *sample = *sample * (1.0 - rest.wet) + *heard * rest.wet;
            }
        },
    );
    last
}

/// The echoes behind the damping, and the last of them.
fn damp(dullness: f32, before: f32, heard: &[f32], dulls: &mut [f32]) -> f32 {
    let mut last = before;
    for (dull, heard) in dulls.iter_mut().zip(heard) {
        last = damped(*heard, last, dullness);
        *dull = last;
    }
    // Most often settling changes none of them, and each would wait for it.
    let seen = extent(dulls);
    if !seen.is_finite() || settled(seen.peak()) != seen.peak() || !keeps(seen.least()) {
        last = before;
        for (dull, heard) in dulls.iter_mut().zip(heard) {
            last = settled(damped(*heard, last, dullness));
            *dull = last;
        }
    }
    last
}

/// What a channel is fed on the way from its own echo, at 0, to that of the channel before it and what comes in `first`, at 1.
#[inline(always)]
fn crossed(sample: f32, [own, before]: [f32; 2], first: f32, loudness: f32, crossing: f32) -> f32 {
    let fed = sample + own * loudness;
    fed + (first + before * loudness - fed) * crossing
}

/// Whether the smallest sample that is not nothing stays what it is in a memory.
fn keeps(least: f32) -> bool {
    least.is_infinite() || settled(least) == least
}

/// The running half; lives on the audio thread.
struct Playing {
    rate_hz: f64,
    most: usize,
    time: ValueSlot,
    samples: ValueSlot,
    ping_pong: ValueSlot,
    feedback: Glide,
    damping: Glide,
    mix: Glide,
    /// From 0, every channel for itself, to 1, round from channel to channel.
    crossing: Ramp,
    place: Mover,
    echoes: Box<[Memory]>,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

impl Playing {
    fn wanted(&self, values: Values<'_>) -> usize {
        let millis = self.time.get(values).clamp(0.0, MOST_MILLIS);
        let whole = (millis * self.rate_hz / 1000.0).round() as usize;
        (whole + self.samples.index(values)).clamp(1, self.most)
    }
}

impl Playing {
    /// Echoes that go round from channel to channel: no more samples than the delay is long, as one by one.
    fn go_round(&mut self, rest: &Rest, wave: &mut Wave, piece: Range<usize>) {
        let len = piece.len();
        let count = self.echoes.len().min(wave.channel_count());
        let mut sum = [0.0; BLOCK];
        for (index, echo) in self.echoes[..count].iter_mut().enumerate() {
            echo.line.read(rest.delay, &mut echo.heard[..len]);
            let dulls = &mut echo.dulls[..len];
            echo.dull = damp(rest.dullness, echo.dull, &echo.heard[..len], dulls);
            mix_into(&mut sum[..len], &wave.channel(index)[piece.clone()]);
        }
        for index in 0..count {
            let before = self.echoes[(index + count - 1) % count].dulls;
            let echo = &mut self.echoes[index];
            let samples = &mut wave.channel_mut(index)[piece.clone()];
            let is_first = index == 0;
            wide(
                #[inline(always)]
                || {
                    let echoes = echo
                        .heard
                        .iter_mut()
                        .zip(&echo.dulls)
                        .zip(&before)
                        .zip(&sum);
                    for (sample, (((heard, own), before), sum)) in samples.iter_mut().zip(echoes) {
                        let first = if is_first { sum / count as f32 } else { 0.0 };
                        let fed = crossed(*sample, [*own, *before], first, rest.loudness, 1.0);
                        *sample = *sample * (1.0 - rest.wet) + *heard * rest.wet;
                        *heard = settled(fed);
                    }
                },
            );
            echo.line.keep(&echo.heard[..len]);
        }
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let wanted = self.wanted(io.values);
        let crossing = f32::from(u8::from(self.ping_pong.is_on(io.values)));
        if std::mem::take(&mut self.is_fresh) {
            for glide in [&mut self.feedback, &mut self.damping, &mut self.mix] {
                glide.reset(io.values);
            }
            self.place.jump(wanted);
            self.crossing.jump(crossing);
            for echo in &mut self.echoes {
                echo.line.reset();
                echo.dull = 0.0;
            }
        }
        self.crossing.set(crossing);
        let Some(wave) = io.outputs[0].payload.wave_mut() else {
            return Flow::Running;
        };
        let (len, count) = (wave.len(), self.echoes.len().min(wave.channel_count()));
        let feedback = self.feedback.amplitude(io.values, len);
        let damping = self.damping.amplitude(io.values, len);
        let mix = self.mix.amplitude(io.values, len);
        for channel in wave.channels_mut() {
            crate::dsp::measure::silence_non_finite(channel);
        }
        if let (Amplitude::Still(feedback), Amplitude::Still(damping), Amplitude::Still(mix)) =
            (&feedback, &damping, &mix)
            && self.place.rests_at(wanted)
            && self.crossing.is_still()
            && wanted >= FEWEST
        {
            let rest = Rest {
                delay: wanted,
                loudness: loudness(*feedback),
                dullness: dullness(*damping),
                wet: wet(*mix),
            };
            let block = BLOCK.min(wanted);
            if crossing > 0.0 {
                for from in (0..len).step_by(block) {
                    self.go_round(&rest, wave, from..len.min(from + block));
                }
                return Flow::Running;
            }
            for (echo, channel) in self.echoes.iter_mut().zip(wave.channels_mut()) {
                let pieces = channel.chunks_mut(block);
                pieces.for_each(|piece| echo.pass(&rest, piece));
            }
            return Flow::Running;
        }
        for at in 0..len {
            let place = self.place.step(wanted);
            let crossing = self.crossing.step();
            let loudness = loudness(feedback.at(at));
            let dullness = dullness(damping.at(at));
            let wet = wet(mix.at(at));
            let mut sum = 0.0;
            for (index, echo) in self.echoes[..count].iter_mut().enumerate() {
                echo.heard[0] = echo.line.at(place);
                echo.dull = settled(damped(echo.heard[0], echo.dull, dullness));
                sum += wave.channel(index)[at];
            }
            for index in 0..count {
                let sample = wave.channel(index)[at];
                let own = self.echoes[index].dull;
                let before = self.echoes[(index + count - 1) % count].dull;
                let first = if index == 0 { sum / count as f32 } else { 0.0 };
                let fed = match crossing > 0.0 {
                    true => crossed(sample, [own, before], first, loudness, crossing),
                    false => sample + own * loudness,
                };
                let echo = &mut self.echoes[index];
                echo.line.push(fed);
                wave.channel_mut(index)[at] = sample * (1.0 - wet) + echo.heard[0] * wet;
            }
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        self.is_fresh |= state == State::Stop;
    }
}

#[cfg(test)]
mod tests;
