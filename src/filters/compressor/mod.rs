//! Compressor: takes from a sound what is louder than a threshold, by a ratio.
//!
//! in (float) -> out (float), in place, without latency. `side`, of any channels at the same rate, is listened to in
//! place of the sound itself while it is connected. The steady curve is [`Knee`]'s, and [`curve_db`] tells it to
//! who draws it; below threshold and knee every bit passes. Threshold, ratio and knee glide for 20 ms, as do link,
//! detector and make-up.
//!
//! ```text
//!   cell   0 REDUCTION                          1 LEVEL
//!          decibels taken off, the most of      the loudest that was listened to in the last
//!          the last cycle's                     cycle, in dBFS; never below FLOOR_DB
//! ```

use std::ops::Range;

use crate::dsp::decibels::{amplitude, db};
use crate::dsp::dynamics::{reduction_db, share};
use crate::dsp::gain::multiply;
use crate::dsp::wide::{larger, wide};
use crate::dsp::{Ballistics, Follower, Knee, PIECE, Ramp};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, Constrained, DataRange, Descriptor, Field, Filter, Flow, Glide, Io, Node, NodePin,
    OpenError, Opened, Opening, PinFactory, Processor, Property, Settings, State, Telemetry,
    TopologyConnection, Unit, ValueSlot, Values, Wave, constrain_fields, constrain_same,
};

/// Cell of the decibels that are taken off.
pub const REDUCTION: usize = 0;
/// Cell of the level that is listened to.
pub const LEVEL: usize = 1;
/// The level of silence.
pub const FLOOR_DB: f32 = -200.0;
const CELLS: usize = 2;

/// The mean square of silence, so that no mean ever comes to be denormal.
const NOTHING: f64 = 1e-60;

const HOLD_SECONDS: f64 = 0.01;
const MEAN_SECONDS: f64 = 0.01;
const GLIDE_MILLIS: f32 = 20.0;

const THRESHOLD: Property = Property::db("threshold", "Threshold", -60.0, 0.0, -18.0)
    .group("Curve")
    .glide_millis(GLIDE_MILLIS)
    .inline()
    .help("The level in dBFS above which it acts.");
const RATIO: Property = Property::number("ratio", "Ratio", 1.0, 100.0, 4.0).group("Curve")
    .logarithmic()
    .glide_millis(GLIDE_MILLIS)
    .inline()
    .help("How many decibels more must come in for one more to come out. 1 does nothing, 100 is a wall.");
const KNEE: Property = Property::db("knee", "Knee", 0.0, 24.0, 6.0).group("Curve")
    .glide_millis(GLIDE_MILLIS)
    .help(
        "How wide in decibels the bend around the threshold is. 0 is a corner; wider is less heard.",
    );
const ATTACK: Property = Property::number("attack", "Attack", 0.1, 200.0, 10.0)
    .group("Time")
    .unit(Unit::Millisecond)
    .logarithmic()
    .inline()
    .help("How long it takes to go 63 % of the way when the sound gets louder.");
const RELEASE: Property = Property::number("release", "Release", 5.0, 2000.0, 120.0)
    .group("Time")
    .unit(Unit::Millisecond)
    .logarithmic()
    .inline()
    .help(
        "How long it takes to go 63 % of the way back. It begins 10 ms after the sound got softer.",
    );
const MAKE_UP: Property = Property::db("make_up", "Make-up", -12.0, 24.0, 0.0)
    .group("Output")
    .glide_millis(GLIDE_MILLIS)
    .inline()
    .help("The gain behind it, to give back the loudness that was taken.");
const DETECTOR: Property = Property::choice("detector", "Listens to", &["peak", "rms"], "peak")
    .group("Detector")
    .help("Peaks, or the mean level (RMS) over 10 ms, which is 3 dB lower for a sine.");
const LINK: Property = Property::number("link", "Stereo link", 0.0, 100.0, 100.0).group("Detector")
    .unit(Unit::Percent)
    .glide_millis(GLIDE_MILLIS)
    .help("How much the loudest channel rules the others. 100 % keeps the stereo picture; at 0 % each is on its own.");
const PROPERTIES: &[Property] = &[
    THRESHOLD, RATIO, KNEE, ATTACK, RELEASE, MAKE_UP, DETECTOR, LINK,
];
const SIDE: usize = 1;
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::input("side", DataRange::FLOAT).instances(0, 1),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(
        node::DYN_RANGE_COMPRESSOR,
        "Compressor",
        &[
            "threshold",
            "ratio",
            "knee",
            "attack",
            "release",
            "detector",
            "link",
        ],
    ),
    Node::new(node::VOLUME, "Make-up", &["make_up"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::new(NodePin::Filter(1), NodePin::Node(0, 2)),
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 2),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "compressor",
    "Compressor",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help(
    "Makes loud parts softer, so that the rest can be louder. A sound at the side pin can do the ducking instead.",
);

/// The level in dBFS at which a steady sound leaves a compressor of these settings.
#[must_use]
pub fn curve_db(settings: &Settings<'_>, level_db: f64) -> f64 {
    let knee = Knee {
        threshold_db: settings.number(&THRESHOLD),
        ratio: settings.number(&RATIO),
        width_db: settings.number(&KNEE),
    };
    level_db - knee.reduction_db(level_db) + settings.number(&MAKE_UP)
}

/// What the catalogue offers and the graph negotiates with.
pub struct Compressor;

impl Filter for Compressor {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn constrain(&self, descriptor: &Descriptor, _: &Settings<'_>, pins: &mut Constrained) {
        constrain_same(descriptor, pins);
        constrain_fields(pins, 0, SIDE, &[Field::Rate]);
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let rate_hz = format.rate_hz;
        let moving = |property: &Property| Moving {
            slot: opening.slot(property),
            ramp: Ramp::new(
                0.0,
                (f64::from(rate_hz) * f64::from(GLIDE_MILLIS) / 1000.0) as u32,
            ),
        };
        let telemetry = Telemetry::new(CELLS);
        let playing = Playing {
            rate_hz: f64::from(rate_hz),
            threshold: moving(&THRESHOLD),
            ratio: moving(&RATIO),
            knee: moving(&KNEE),
            detector: moving(&DETECTOR),
            times: [opening.slot(&ATTACK), opening.slot(&RELEASE)],
            millis: [0.0; 2],
            speed: Ballistics::new(0.0, 0.0, 0.0, 1.0),
            link: opening.glide_at(&LINK, rate_hz),
            make_up: opening.glide_at(&MAKE_UP, rate_hz),
            mean_share: share(MEAN_SECONDS, f64::from(rate_hz)),
            sides: vec![Side::default(); format.channels as usize].into(),
            telemetry: telemetry.clone(),
            is_fresh: true,
        };
        playing.publish(0.0, 0.0);
        Ok(Opened::processor(playing).telemetry(telemetry))
    }
}

/// A value that goes to what its property says in a straight line, in the property's own unit.
struct Moving {
    slot: ValueSlot,
    ramp: Ramp,
}

impl Moving {
    fn reset(&mut self, values: Values<'_>) {
        self.ramp.jump(self.slot.get(values) as f32);
    }

    fn set(&mut self, values: Values<'_>) {
        self.ramp.set(self.slot.get(values) as f32);
    }
}

/// What is known of one channel.
#[derive(Clone, Debug, Default, PartialEq)]
struct Side {
    /// The mean square of what is listened to.
    square: f64,
    follower: Follower,
}

impl Side {
    /// Turns amplitudes into what the detector makes of them: `means` of 0 leave peaks, of 1 the mean.
    fn listen(&mut self, levels: &mut [f32; PIECE], means: &[f32; PIECE], len: usize, share: f64) {
        let (mut squares, mut last) = ([0.0; PIECE], self.square);
        for (square, level) in squares[..len].iter_mut().zip(levels.iter()) {
            let level = f64::from(*level);
            last = last * (1.0 - share) + (level * level + NOTHING) * share;
            *square = last as f32;
        }
        self.square = last;
        wide(
            #[inline(always)]
            || {
                for ((level, square), mean) in levels.iter_mut().zip(&squares).zip(means) {
                    *level += (square.sqrt() - *level) * mean;
                }
            },
        );
    }
}

/// The curve for each sample of a piece, and how far the detector is on its way from peaks to the mean.
struct Curve {
    threshold: [f32; PIECE],
    ratio: [f32; PIECE],
    knee: [f32; PIECE],
    mean: [f32; PIECE],
}

impl Default for Curve {
    fn default() -> Self {
        Self {
            threshold: [0.0; PIECE],
            ratio: [1.0; PIECE],
            knee: [0.0; PIECE],
            mean: [0.0; PIECE],
        }
    }
}

impl Curve {
    /// The decibels that each level asks to be taken off.
    fn ask(&self, levels: &[f32; PIECE], decibels: &mut [f32; PIECE]) {
        wide(
            #[inline(always)]
            || {
                for at in 0..PIECE {
                    decibels[at] = reduction_db(
                        db(levels[at]),
                        self.threshold[at],
                        self.ratio[at],
                        self.knee[at],
                    );
                }
            },
        );
    }
}

/// The amplitudes of what a channel listens to: its own, or those of the side. What is no number is silence, and so is
/// what a shorter side does not have.
fn heard(wave: &Wave, side: Option<&Wave>, channel: usize, piece: &Range<usize>) -> [f32; PIECE] {
    let samples = match side {
        Some(side) => side.channel(channel % side.channel_count()),
        None => wave.channel(channel),
    };
    let there = piece.start.min(samples.len())..piece.end.min(samples.len());
    let mut sizes = [0.0; PIECE];
    for (size, sample) in sizes.iter_mut().zip(&samples[there]) {
        let amplitude = sample.abs();
        *size = if amplitude < f32::INFINITY {
            amplitude
        } else {
            0.0
        };
    }
    sizes
}

/// The larger of both.
fn loudest(peaks: &mut [f32; PIECE], sizes: &[f32; PIECE]) {
    for (peak, size) in peaks.iter_mut().zip(sizes) {
        *peak = larger(*size, *peak);
    }
}

/// Brings levels so many hundredths of the way up to the peaks.
fn pull(levels: &mut [f32; PIECE], peaks: &[f32; PIECE], percents: &[f32; PIECE]) {
    wide(
        #[inline(always)]
        || {
            for ((level, peak), percent) in levels.iter_mut().zip(peaks).zip(percents) {
                let share = percent / 100.0;
                let pulled = *level + (peak - *level) * share;
                *level = if share == 1.0 { *peak } else { pulled };
            }
        },
    );
}

/// Turns decibels taken off into factors.
fn amplify(gains: &mut [f32; PIECE], make_ups: &[f32; PIECE]) {
    wide(
        #[inline(always)]
        || {
            for (gain, make_up) in gains.iter_mut().zip(make_ups) {
                *gain = amplitude(-*gain) * make_up;
            }
        },
    );
}

/// The running half; lives on the audio thread.
struct Playing {
    rate_hz: f64,
    threshold: Moving,
    ratio: Moving,
    knee: Moving,
    /// From 0, peaks, to 1, the mean.
    detector: Moving,
    /// Attack and release, what they were when `speed` was made of them, and that.
    times: [ValueSlot; 2],
    millis: [f64; 2],
    speed: Ballistics,
    link: Glide,
    make_up: Glide,
    mean_share: f64,
    sides: Box<[Side]>,
    telemetry: Telemetry,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

impl Playing {
    fn begin(&mut self, values: Values<'_>) {
        if std::mem::take(&mut self.is_fresh) {
            for moving in [
                &mut self.threshold,
                &mut self.ratio,
                &mut self.knee,
                &mut self.detector,
            ] {
                moving.reset(values);
            }
            self.link.reset(values);
            self.make_up.reset(values);
            self.sides.fill(Side::default());
        }
        for moving in [
            &mut self.threshold,
            &mut self.ratio,
            &mut self.knee,
            &mut self.detector,
        ] {
            moving.set(values);
        }
        let millis = self.times.map(|slot| slot.get(values));
        if millis != self.millis {
            self.millis = millis;
            let [attack, release] = millis.map(|it| it / 1000.0);
            self.speed = Ballistics::new(attack, release, HOLD_SECONDS, self.rate_hz);
        }
    }

    /// At most [`PIECE`] samples of a cycle. Gives the most decibels taken off and the loudest that was listened to.
    fn piece(
        &mut self,
        wave: &mut Wave,
        side: Option<&Wave>,
        piece: Range<usize>,
        [link, make_up]: [&Amplitude; 2],
    ) -> (f32, f32) {
        let len = piece.len();
        let count = self.sides.len().min(wave.channel_count());
        let mut curve = Curve::default();
        for (moving, values) in [
            (&mut self.threshold, &mut curve.threshold),
            (&mut self.ratio, &mut curve.ratio),
            (&mut self.knee, &mut curve.knee),
            (&mut self.detector, &mut curve.mean),
        ] {
            moving.ramp.fill(&mut values[..len]);
        }
        let mut make_ups = [0.0; PIECE];
        make_up.fill(piece.start, &mut make_ups[..len]);
        let mut shares = [0.0; PIECE];
        link.fill(piece.start, &mut shares[..len]);
        let listened = side.map_or(count, |side| side.channel_count().max(count));
        let mut peaks = [0.0; PIECE];
        for channel in 0..listened {
            loudest(&mut peaks, &heard(wave, side, channel, &piece));
        }
        let is_one = matches!(link, Amplitude::Still(100.0))
            && self.sides.iter().all(|it| *it == self.sides[0]);
        let (mut most, mut highest) = (0.0, 0.0);
        let mut gains = [0.0; PIECE];
        for channel in 0..count {
            // Channels that hear the same, and know the same, come to the same.
            if channel == 0 || !is_one {
                let mut levels = peaks;
                if !is_one {
                    levels = heard(wave, side, channel, &piece);
                    pull(&mut levels, &peaks, &shares);
                }
                let side = &mut self.sides[channel];
                side.listen(&mut levels, &curve.mean, len, self.mean_share);
                curve.ask(&levels, &mut gains);
                side.follower.follow(&mut gains[..len], &self.speed);
                highest = levels[..len].iter().fold(highest, |high, it| it.max(high));
                most = gains[..len].iter().fold(most, |most, it| it.max(most));
                amplify(&mut gains, &make_ups);
            }
            multiply(&mut wave.channel_mut(channel)[piece.clone()], gains);
        }
        if is_one && let Some((first, others)) = self.sides.split_first_mut() {
            others.fill(first.clone());
        }
        (most, highest)
    }

    fn publish(&self, reduction_db: f32, loudest: f32) {
        self.telemetry.set(REDUCTION, reduction_db);
        self.telemetry.set(LEVEL, db(loudest).max(FLOOR_DB));
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        self.begin(io.values);
        let mut inputs = io.inputs.iter();
        let side = inputs.find(|it| it.factory == SIDE && it.is_connected());
        let side = side.and_then(|it| it.wave());
        let side = side.filter(|it| it.channel_count() > 0);
        let Some(wave) = io.outputs[0].payload.wave_mut() else {
            return Flow::Running;
        };
        for channel in wave.channels_mut() {
            crate::dsp::measure::silence_non_finite(channel);
        }
        let link = self.link.amplitude(io.values, wave.len());
        let make_up = self.make_up.amplitude(io.values, wave.len());
        let (mut most, mut highest) = (0.0, 0.0);
        for from in (0..wave.len()).step_by(PIECE) {
            let piece = from..wave.len().min(from + PIECE);
            let (reduction, level) = self.piece(wave, side, piece, [&link, &make_up]);
            (most, highest) = (f32::max(most, reduction), f32::max(highest, level));
        }
        self.publish(most, highest);
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.is_fresh = true;
            self.publish(0.0, 0.0);
        }
    }
}

#[cfg(test)]
mod tests;
