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

use crate::dsp::dynamics::share;
use crate::dsp::{Ballistics, Follower, Knee, Ramp};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Constrained, DataRange, Descriptor, Field, Filter, Flow, Glide, Io, Node, NodePin, OpenError,
    Opened, Opening, PinFactory, Processor, Property, Settings, State, Telemetry,
    TopologyConnection, Unit, ValueSlot, Values, constrain_fields, constrain_same,
};

/// Cell of the decibels that are taken off.
pub const REDUCTION: usize = 0;
/// Cell of the level that is listened to.
pub const LEVEL: usize = 1;
/// The level of silence.
pub const FLOOR_DB: f32 = -200.0;
const CELLS: usize = 2;

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

    fn step(&mut self) -> f64 {
        f64::from(self.ramp.step())
    }
}

/// What is known of one channel.
#[derive(Clone, Debug, Default)]
struct Side {
    /// The mean square of what is listened to.
    square: f64,
    follower: Follower,
    /// What this sample is multiplied by.
    gain: f32,
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

    fn publish(&self, reduction_db: f64, loudest: f64) {
        self.telemetry.set(REDUCTION, reduction_db as f32);
        let level = (20.0 * loudest.log10()) as f32;
        self.telemetry.set(LEVEL, level.max(FLOOR_DB));
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
        let (len, count) = (wave.len(), self.sides.len().min(wave.channel_count()));
        let link = self.link.amplitude(io.values, len);
        let make_up = self.make_up.amplitude(io.values, len);
        let (mut most, mut highest) = (0.0, 0.0);
        for at in 0..len {
            let knee = Knee {
                threshold_db: self.threshold.step(),
                ratio: self.ratio.step(),
                width_db: self.knee.step(),
            };
            let mean = self.detector.step();
            // What each channel listens to, and the loudest of that.
            let heard = |channel: usize| -> f64 {
                let sample = match side {
                    Some(side) => side.channel(channel % side.channel_count()).get(at),
                    None => wave.channel(channel).get(at),
                };
                let size = sample.map_or(0.0, |sample| f64::from(sample.abs()));
                if size.is_finite() { size } else { 0.0 }
            };
            let listened = side.map_or(count, |side| side.channel_count().max(count));
            let mut peak = 0.0_f64;
            (0..listened).for_each(|channel| peak = peak.max(heard(channel)));
            let share = f64::from(link.at(at) / 100.0);
            for (channel, side) in self.sides[..count].iter_mut().enumerate() {
                let own = heard(channel);
                let own = own + (peak - own) * share;
                side.square += (own * own - side.square) * self.mean_share;
                if side.square < 1e-30 {
                    side.square = 0.0;
                }
                let level = own + (side.square.sqrt() - own) * mean;
                let wanted = knee.reduction_db(20.0 * level.log10());
                let reduction = side.follower.step(wanted, &self.speed);
                (most, highest) = (f64::max(most, reduction), f64::max(highest, level));
                let gain = if reduction == 0.0 {
                    1.0
                } else {
                    10.0_f64.powf(reduction / -20.0)
                };
                side.gain = gain as f32 * make_up.at(at);
            }
            for (channel, side) in self.sides[..count].iter().enumerate() {
                wave.channel_mut(channel)[at] *= side.gain;
            }
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
}
