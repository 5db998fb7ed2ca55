//! Limiter: nothing that leaves it is louder than the ceiling.
//!
//! in (float) -> out (float), in place. It knows the sound a look-ahead before it leaves, which is its latency; so its
//! gain is down in time, in a straight line, and the ceiling holds for every sample. The gain comes back with the
//! release. Where nothing is too loud every bit passes, late by the latency. Gain, ceiling and link glide for 20 ms;
//! a sample keeps the ceiling that stood when it came in.
//!
//! ```text
//!   cell   0 REDUCTION                          1 LEVEL
//!          decibels taken off, the most of      the loudest that came in in the last cycle, in
//!          the last cycle's                     dBFS; never below FLOOR_DB
//! ```

use std::ops::Range;

use crate::dsp::decibels::db;
use crate::dsp::delay::settled;
use crate::dsp::dynamics::share;
use crate::dsp::gain::scale;
use crate::dsp::wide::{Extent, extent, larger, wide};
use crate::dsp::{DelayLine, Foresight, PIECE, Ramp};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, DataRange, Descriptor, Filter, Flow, Glide, Io, Node, OpenError, Opened, Opening,
    PinFactory, Processor, Property, Settings, State, Telemetry, TopologyConnection, Unit,
    ValueSlot, Values, Wave,
};

/// Cell of the decibels that are taken off.
pub const REDUCTION: usize = 0;
/// Cell of the level that comes in.
pub const LEVEL: usize = 1;
/// The level of silence.
pub const FLOOR_DB: f32 = -200.0;
const CELLS: usize = 2;
/// So much of the ceiling is under it whatever rounding does.
const NEAR: f32 = 0.999;

const GLIDE_MILLIS: f32 = 20.0;
const GAIN: Property = Property::db("gain", "Gain", -12.0, 24.0, 0.0)
    .group("Level")
    .glide_millis(GLIDE_MILLIS)
    .inline()
    .help("The gain before it: more is louder and limited more.");
const CEILING: Property = Property::db("ceiling", "Ceiling", -24.0, 0.0, -1.0)
    .group("Level")
    .glide_millis(GLIDE_MILLIS)
    .inline()
    .help("The level in dBFS that no sample leaves with more of.");
const RELEASE: Property = Property::number("release", "Release", 1.0, 1000.0, 100.0)
    .group("Time")
    .unit(Unit::Millisecond)
    .logarithmic()
    .inline()
    .help("How long the gain takes to come 63 % of the way back after a peak.");
const LOOK_AHEAD: Property = Property::number("look_ahead", "Look-ahead", 0.0, 20.0, 5.0).group("Time")
    .unit(Unit::Millisecond)
    .structural()
    .help("How long before a peak the gain begins to go down. The sound is late by it; at 0 peaks are cut off.");
const LINK: Property = Property::number("link", "Stereo link", 0.0, 100.0, 100.0).group("Detector")
    .unit(Unit::Percent)
    .glide_millis(GLIDE_MILLIS)
    .help("How much the loudest channel rules the others. 100 % keeps the stereo picture; at 0 % each is on its own.");
const PROPERTIES: &[Property] = &[GAIN, CEILING, RELEASE, LOOK_AHEAD, LINK];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::VOLUME, "Gain", &["gain"]),
    Node::new(
        node::DYN_RANGE_COMPRESSOR,
        "Limiter",
        &["ceiling", "release", "look_ahead", "link"],
    ),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 1),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("limiter", "Limiter", CATEGORIES, PINS, PROPERTIES).merit(merit::DO_NOT_USE).nodes(NODES, INSIDE).help(
        "Holds a sound below a ceiling that no sample passes. It looks ahead, so the sound is late by that.",
    );

/// The level in dBFS at which a steady sound leaves a limiter of these settings.
#[must_use]
pub fn curve_db(settings: &Settings<'_>, level_db: f64) -> f64 {
    (level_db + settings.number(&GAIN)).min(settings.number(&CEILING))
}

/// The greatest sample that is not above this level.
fn under(level_db: f64) -> f32 {
    let exact = 10.0_f64.powf(level_db / 20.0);
    let near = exact as f32;
    if f64::from(near) > exact {
        near.next_down()
    } else {
        near
    }
}

/// What the catalogue offers and the graph negotiates with.
pub struct Limiter;

impl Filter for Limiter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let rate_hz = format.rate_hz;
        let millis = opening.settings.number(&LOOK_AHEAD);
        let ahead = (millis * f64::from(rate_hz) / 1000.0).round() as usize;
        let latency = ahead as f64 * f64::from(opening.rate_hz) / f64::from(rate_hz);
        let side = || Side {
            line: DelayLine::new(ahead + 1 + opening.max_len_at(rate_hz)),
            foresight: Foresight::new(ahead),
        };
        let telemetry = Telemetry::new(CELLS);
        publish(&telemetry, 1.0, 0.0);
        Ok(Opened::processor(Playing {
            rate_hz: f64::from(rate_hz),
            ahead,
            latency: latency.round() as usize,
            gain: opening.glide_at(&GAIN, rate_hz),
            link: opening.glide_at(&LINK, rate_hz),
            ceiling: opening.slot(&CEILING),
            way: Ramp::new(
                1.0,
                (f64::from(rate_hz) * f64::from(GLIDE_MILLIS) / 1000.0) as u32,
            ),
            ceilings: DelayLine::new(ahead + 1),
            even: 0,
            release: opening.slot(&RELEASE),
            known: Default::default(),
            sides: (0..format.channels).map(|_| side()).collect(),
            is_one: true,
            telemetry: telemetry.clone(),
            is_fresh: true,
        })
        .telemetry(telemetry))
    }
}

/// One channel.
struct Side {
    line: DelayLine,
    foresight: Foresight,
}

/// The running half; lives on the audio thread.
struct Playing {
    rate_hz: f64,
    /// Samples of the wire that it looks ahead, and the same in samples of the graph.
    ahead: usize,
    latency: usize,
    gain: Glide,
    link: Glide,
    ceiling: ValueSlot,
    /// The ceiling for samples that come in.
    way: Ramp,
    /// Those of the samples that are on their way.
    ceilings: DelayLine,
    /// How many of the last of them are where it rests.
    even: usize,
    release: ValueSlot,
    /// What hangs on the ceiling and on the release as they were last.
    known: (Known<f32>, Known<f64>),
    sides: Box<[Side]>,
    /// All of them were asked the same since they rested: the first foresees for all.
    is_one: bool,
    telemetry: Telemetry,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

/// A number, and what was reckoned from it.
#[derive(Default)]
struct Known<T>(Option<(f64, T)>);

impl<T: Copy> Known<T> {
    fn of(&mut self, number: f64, reckon: impl Fn(f64) -> T) -> T {
        match self.0 {
            Some((known, result)) if known == number => result,
            _ => self.0.insert((number, reckon(number))).1,
        }
    }
}

fn publish(telemetry: &Telemetry, least: f64, highest: f32) {
    telemetry.set(REDUCTION, db(least as f32).clamp(FLOOR_DB, 0.0).abs());
    telemetry.set(LEVEL, db(highest).max(FLOOR_DB));
}

/// The largest sample, where none comes so near to the ceiling that anything would be asked for, and all are such that a
/// memory takes them as they are.
fn quiet(wave: &Wave, gain: f32, ceiling: f32) -> Option<f32> {
    let seen = wave
        .channels()
        .map(extent)
        .fold(Extent::default(), Extent::and);
    let least = seen.least();
    let is_plain = seen.is_finite() && (least.is_infinite() || settled(least) == least);
    (is_plain && seen.peak() * gain.abs() < ceiling * NEAR).then_some(seen.peak())
}

impl Playing {
    fn begin(&mut self, values: Values<'_>) {
        let ceiling = self.known.0.of(self.ceiling.get(values), under);
        if std::mem::take(&mut self.is_fresh) {
            self.gain.reset(values);
            self.link.reset(values);
            self.way.jump(ceiling);
            self.ceilings.reset();
            self.even = 0;
            self.is_one = true;
            for side in &mut self.sides {
                side.line.reset();
                side.foresight.reset();
            }
        }
        self.way.set(ceiling);
    }
}

impl Playing {
    /// At most [`PIECE`] samples of a cycle. Gives the least factor and the highest that came in.
    fn piece(
        &mut self,
        wave: &mut Wave,
        piece: Range<usize>,
        [gain, link]: [&Amplitude; 2],
        release: f64,
    ) -> (f64, f32) {
        let len = piece.len();
        let count = self.sides.len().min(wave.channel_count());
        let [mut ceilings, mut leaving, mut gains, mut links] = [[0.0; PIECE]; 4];
        self.way.fill(&mut ceilings[..len]);
        self.ceilings.keep(&ceilings[..len]);
        self.ceilings.read(self.ahead + len, &mut leaving[..len]);
        gain.fill(piece.start, &mut gains[..len]);
        link.fill(piece.start, &mut links[..len]);
        let mut loudest = [0.0; PIECE];
        let mut highest = 0.0_f32;
        for channel in 0..count {
            let samples = &mut wave.channel_mut(channel)[piece.clone()];
            highest = highest.max(amplify(samples, &gains, &mut loudest));
        }
        let mut least = 1.0_f64;
        let mut factors = [1.0; PIECE];
        for (channel, side) in self.sides[..count].iter_mut().enumerate() {
            let samples = &mut wave.channel_mut(channel)[piece.clone()];
            // Channels that are asked the same from the beginning come to the same.
            if channel == 0 || !self.is_one {
                ask(samples, &loudest, &links, &ceilings, &mut factors);
                for factor in &mut factors[..len] {
                    *factor = side.foresight.step(*factor, release);
                    least = least.min(*factor);
                }
            }
            side.line.keep(samples);
            side.line.read(self.ahead + len, samples);
            limit(samples, &factors, &leaving);
        }
        (least, highest)
    }
}

/// Sound as it goes into the memory, and the loudest of all channels so far. Gives the highest that came in.
fn amplify(samples: &mut [f32], gains: &[f32; PIECE], loudest: &mut [f32; PIECE]) -> f32 {
    wide(
        #[inline(always)]
        || {
            let mut highest = 0.0;
            for ((sample, gain), loudest) in samples.iter_mut().zip(gains).zip(loudest) {
                let came = settled(*sample);
                highest = larger(came.abs(), highest);
                *sample = settled(came * gain);
                *loudest = larger(sample.abs(), *loudest);
            }
            highest
        },
    )
}

/// The factor that each sample must have.
fn ask(
    samples: &[f32],
    loudest: &[f32; PIECE],
    links: &[f32; PIECE],
    ceilings: &[f32; PIECE],
    factors: &mut [f64; PIECE],
) {
    wide(
        #[inline(always)]
        || {
            let asked = samples.iter().zip(loudest).zip(links).zip(ceilings);
            for ((((sample, loudest), link), ceiling), factor) in asked.zip(factors) {
                let own = sample.abs();
                // Never less than its own: the ceiling holds whatever the link.
                let pulled = own + (loudest - own) * (link / 100.0);
                let peak = larger(if *link == 100.0 { *loudest } else { pulled }, own);
                let wanted = f64::from(*ceiling) / f64::from(peak);
                *factor = if peak > *ceiling { wanted } else { 1.0 };
            }
        },
    );
}

fn limit(samples: &mut [f32], factors: &[f64; PIECE], leaving: &[f32; PIECE]) {
    wide(
        #[inline(always)]
        || {
            for ((sample, factor), ceiling) in samples.iter_mut().zip(factors).zip(leaving) {
                let limited = (f64::from(*sample) * factor) as f32;
                // The product may round to just above the ceiling.
                let below = if limited > *ceiling {
                    *ceiling
                } else {
                    limited
                };
                *sample = if below < -ceiling { -ceiling } else { below };
            }
        },
    );
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        self.begin(io.values);
        let Some(wave) = io.outputs[0].payload.wave_mut() else {
            return Flow::Running;
        };
        let len = wave.len();
        let gain = self.gain.amplitude(io.values, len);
        let link = self.link.amplitude(io.values, len);
        let millis = self.release.get(io.values);
        let release = |millis| share(millis / 1000.0, self.rate_hz);
        let release = self.known.1.of(millis, release);
        let foresights = if self.is_one { 1 } else { self.sides.len() };
        let mut sides = self.sides.iter().take(foresights);
        let rests = self.way.is_still() && sides.all(|side| side.foresight.rests());
        if let (true, Amplitude::Still(gain)) = (rests, &gain)
            && let Some(highest) = quiet(wave, *gain, self.way.target())
        {
            // Where all are the same one more changes nothing.
            if self.even <= self.ahead {
                (0..len).for_each(|_| self.ceilings.push(self.way.target()));
                self.even += len;
            }
            for (side, channel) in self.sides.iter_mut().zip(wave.channels_mut()) {
                if *gain == 1.0 {
                    side.line.keep(channel);
                } else {
                    scale(channel, *gain);
                    side.line.push_all(channel);
                }
                side.line.read(self.ahead + len, channel);
                side.foresight.pass(len);
            }
            self.is_one = true;
            publish(&self.telemetry, 1.0, highest);
            return Flow::Running;
        }
        let (mut least, mut highest) = (1.0_f64, 0.0_f32);
        self.even = match self.way.is_still() {
            true => self.even.saturating_add(len),
            false => 0,
        };
        let is_linked = matches!(link, Amplitude::Still(100.0));
        if let (true, false, Some((first, others))) =
            (self.is_one, is_linked, self.sides.split_first_mut())
        {
            others
                .iter_mut()
                .for_each(|it| it.foresight.follow(&first.foresight));
            self.is_one = false;
        }
        for from in (0..len).step_by(PIECE) {
            let piece = from..len.min(from + PIECE);
            let seen = self.piece(wave, piece, [&gain, &link], release);
            (least, highest) = (least.min(seen.0), highest.max(seen.1));
        }
        publish(&self.telemetry, least, highest);
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.is_fresh = true;
            publish(&self.telemetry, 1.0, 0.0);
        }
    }

    fn latency_samples(&self) -> usize {
        self.latency
    }
}

#[cfg(test)]
mod tests;
