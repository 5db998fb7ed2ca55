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
use crate::dsp::wide::wide;
use crate::dsp::{Ballistics, Follower, Knee, Ramp};
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

/// Samples that are done at once.
const PIECE: usize = 64;
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
        *peak = if *size > *peak { *size } else { *peak };
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
mod tests {
    use super::*;
    use crate::dsp::measure::tone;
    use crate::filters::tests::{formats, same_bits};
    use crate::ks::rig::Rig;
    use crate::ks::{DataFormat, Value};

    fn sine(hz: f64, level_db: f64, from: usize, len: usize) -> Vec<f32> {
        let amplitude = 10_f64.powf(level_db / 20.0);
        let step = std::f64::consts::TAU * hz / 48_000.0;
        (from..from + len)
            .map(|n| ((step * n as f64).sin() * amplitude) as f32)
            .collect()
    }

    /// What becomes of the level of a steady sine of 1 kHz.
    fn steady(rig: &mut Rig, level_db: f64) -> f64 {
        let mut last = vec![];
        for piece in 0..30 {
            last = rig
                .feed(&sine(1000.0, level_db, piece * 4080, 4080))
                .channels
                .remove(1);
        }
        20.0 * tone(&last, 1000.0, 48_000.0).amplitude.log10()
    }

    fn place_of(key: &str) -> usize {
        DESCRIPTOR.property(key).unwrap().0
    }

    #[test]
    fn the_steady_curve_is_the_one_on_paper() {
        for (ratio, knee_db) in [(4.0, 0.0), (2.0, 12.0), (100.0, 6.0), (1.0, 6.0)] {
            let numbers = [("threshold", -20.0), ("ratio", ratio), ("knee", knee_db)];
            let values = numbers
                .iter()
                .map(|(key, number)| ((*key).to_owned(), Value::Number(*number)))
                .collect();
            let settings = Settings {
                values: &values,
                base: None,
            };
            let mut rig = Rig::open(&Compressor, &numbers);
            for level_db in [-40.0, -24.0, -20.0, -17.0, -10.0, 0.0] {
                let found = steady(&mut rig, level_db);
                let wanted = curve_db(&settings, level_db);
                assert!(
                    (found - wanted).abs() < 0.15,
                    "{ratio}:1, knee {knee_db}: {level_db} gave {found}, wanted {wanted}"
                );
                let cells = rig.telemetry().unwrap();
                let told = f64::from(cells.get(REDUCTION));
                assert!((told - (level_db - wanted)).abs() < 0.15, "{told}");
                assert!((f64::from(cells.get(LEVEL)) - level_db).abs() < 0.1);
            }
        }
    }

    #[test]
    fn the_mean_of_a_sine_is_three_decibels_below_its_peak() {
        let mut rig = Rig::open(&Compressor, &[("threshold", -30.0), ("knee", 0.0)]);
        rig.set(place_of("detector"), 1.0);
        let found = steady(&mut rig, -6.0);
        let wanted = -6.0 - (-9.01 + 30.0) * 0.75;
        assert!((found - wanted).abs() < 0.1, "{found} {wanted}");
    }

    #[test]
    fn attack_and_release_take_their_time() {
        let numbers = [
            ("threshold", -40.0),
            ("ratio", 100.0),
            ("knee", 0.0),
            ("attack", 20.0),
            ("release", 300.0),
        ];
        let mut rig = Rig::open(&Compressor, &numbers);
        let heard = rig.feed(&[1.0; 4000]).channels.remove(0);
        let reduction = |sample: f32, level: f32| f64::from(-20.0 * (sample / level).log10());
        let whole = 40.0 * 0.99;
        // 20 ms are 960 samples.
        let gone = reduction(heard[959], 1.0) / whole;
        assert!((gone - 0.632).abs() < 0.002, "{gone}");
        (0..20).for_each(|_| drop(rig.feed(&[1.0; 4000])));
        // Far below the threshold nothing is asked for: held for 10 ms, then back.
        let back: Vec<f32> = (0..5)
            .flat_map(|_| rig.feed(&[0.001; 4000]).channels.remove(0))
            .collect();
        assert!(reduction(back[470], 0.001) > whole * 0.999);
        let left = reduction(back[480 + 14_400], 0.001) / whole;
        // Behind the release stands the attack: (300 e^-1 - 20 e^-15) / 280.
        assert!((left - 0.3942).abs() < 0.005, "{left}");
    }

    #[test]
    fn below_the_threshold_every_bit_passes_also_after_work() {
        let mut rig = Rig::open(&Compressor, &[("release", 20.0)]);
        rig.feed(&[0.9; 4000]);
        (0..12).for_each(|_| drop(rig.feed(&[0.01; 4000])));
        let sound = sine(440.0, -30.0, 0, 4000);
        let heard = rig.feed(&sound);
        assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
        assert_eq!(rig.telemetry().unwrap().get(REDUCTION), 0.0);
    }

    #[test]
    fn linked_channels_go_down_together_and_others_do_not() {
        let loud_left = [vec![1.0; 4000], vec![0.01; 4000]];
        let mut linked = Rig::open(&Compressor, &[("knee", 0.0)]);
        let mut alone = Rig::open(&Compressor, &[("knee", 0.0), ("link", 0.0)]);
        for _ in 0..5 {
            let one = linked.cycle(4000, &loud_left, &[]).channels;
            let other = alone.cycle(4000, &loud_left, &[]).channels;
            assert!((one[0][3999] / one[1][3999] - 100.0).abs() < 1e-3);
            assert_eq!(other[1], loud_left[1]);
            assert_eq!(other[0], one[0]);
        }
    }

    #[test]
    fn the_side_pin_ducks_and_its_channels_need_not_be_the_sounds() {
        let pins = formats(&[
            ("in", DataFormat::float(2, 48_000)),
            ("out", DataFormat::float(2, 48_000)),
            ("side", DataFormat::float(1, 48_000)),
        ]);
        let mut rig = Rig::open_with(&Compressor, Default::default(), &pins, None);
        // The side has the left channel's samples, the right is soft: both go down by the side's level.
        let sound = [vec![1.0; 4000], vec![0.001; 4000]];
        let mut heard = vec![];
        (0..10).for_each(|_| heard = rig.cycle(4000, &sound, &[]).channels);
        let wanted = 10_f32.powf(-18.0 * 0.75 / 20.0);
        assert!((heard[0][3999] / wanted - 1.0).abs() < 1e-3);
        assert!((heard[1][3999] / wanted - 0.001).abs() < 1e-6);
        // What does not sound at the side does not duck.
        let mut soft = Rig::open_with(&Compressor, Default::default(), &pins, None);
        let loud_right = [vec![0.0; 4000], vec![1.0; 4000]];
        assert_eq!(soft.cycle(4000, &loud_right, &[]).channels, loud_right);
    }

    #[test]
    fn changes_of_any_value_make_no_step() {
        let mut rig = Rig::open(&Compressor, &[("threshold", -40.0)]);
        let mut all = vec![];
        let mut at = 0;
        for (key, value) in [
            ("threshold", -40.0),
            ("threshold", 0.0),
            ("threshold", -50.0),
            ("ratio", 100.0),
            ("ratio", 1.0),
            ("ratio", 8.0),
            ("knee", 24.0),
            ("attack", 0.1),
            ("release", 5.0),
            ("threshold", -10.0),
            ("threshold", -40.0),
            ("detector", 1.0),
            ("detector", 0.0),
            ("link", 0.0),
            ("make_up", 12.0),
            ("make_up", 0.0),
        ] {
            rig.set(place_of(key), value);
            for _ in 0..4 {
                all.extend(rig.feed(&sine(100.0, -6.0, at, 3000)).channels.remove(0));
                at += 3000;
            }
        }
        // A sine of 100 Hz at -6 dB rises by at most 0.0066 a sample; make-up lets it rise four times as fast.
        let step = all[4800..]
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max);
        assert!(step < 0.0066 * 4.0 * 1.2, "{step}");
    }

    /// While channels are linked one of them is reckoned for all; when they part, each knows what it would have known.
    #[test]
    fn channels_that_part_go_on_from_where_they_were_together() {
        let mut rig = Rig::open(&Compressor, &[("threshold", -40.0), ("attack", 200.0)]);
        let loud = |piece: usize| sine(1000.0, -3.0, piece * 4080, 4080);
        let before = rig.feed(&loud(0)).channels;
        rig.set(place_of("link"), 0.0);
        for piece in 1..4 {
            let heard = rig.feed(&loud(piece)).channels;
            let [before, now] = [&before[0], &heard[0]].map(|it| crate::dsp::measure::rms(it));
            assert!(now > 0.001 && now < before * 0.8, "{now} {before}");
            assert!(same_bits(&heard[..1], &heard[1..]), "{piece}");
        }
    }
}
