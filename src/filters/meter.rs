//! Meter: shows how loud a sound is and lets it pass bit for bit.
//!
//! in (any sound) -> out, in place. What it measures stands in telemetry, by the constants of this file; levels are in
//! dBFS and never below [`FLOOR_DB`]. The first [`MAX_CHANNELS`] channels are measured.
//!
//! ```text
//!   cell    0         1           2 .. 10   10 .. 18   18 .. 26
//!           CHANNELS  NON_FINITE  PEAK      HOLD       RMS        + channel
//! ```

use std::ops::Range;

use crate::dsp::decibels::db;
use crate::dsp::measure::{MeanMeter, PeakMeter, has_non_finite};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::quality::LEAST;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, Node, OpenError, Opened, Opening, PinFactory,
    Processor, State, Strategy, Telemetry, TopologyConnection, Wave,
};

/// The most channels that are measured.
pub const MAX_CHANNELS: usize = 8;
/// The level of silence.
pub const FLOOR_DB: f32 = -200.0;
/// Cell of the number of channels measured.
pub const CHANNELS: usize = 0;
/// Cell that is 1 while a sample that was no number is at most [`HOLD_SECONDS`] old, else 0.
pub const NON_FINITE: usize = 1;
/// First cell of the peaks: up at once, down by 24 dB a second.
pub const PEAK: usize = 2;
/// First cell of the held peaks: each stays for [`HOLD_SECONDS`], then drops to the peak.
pub const HOLD: usize = PEAK + MAX_CHANNELS;
/// First cell of the mean levels, over about 300 ms; a sine of full scale has -3 dBFS.
pub const RMS: usize = HOLD + MAX_CHANNELS;
/// How long a peak is held.
pub const HOLD_SECONDS: f64 = 1.5;

const CELLS: usize = RMS + MAX_CHANNELS;
/// Stretches of which some are left out where less is asked of it.
const STRETCHES_PER_SECOND: u32 = 100;
const RMS_SECONDS: f64 = 0.3;

const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::WAVE).takes_non_finite(),
    PinFactory::output("out", DataRange::WAVE).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::ANALYSIS];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::PEAKMETER, "Peak meter", &[])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new("meter", "Meter", CATEGORIES, PINS, &[]).merit(merit::DO_NOT_USE)
    .nodes(NODES, INSIDE)
    .degrades(
        Strategy::Computation,
        [
            "looks at every second stretch of 10 ms",
            "looks at every fourth stretch of 10 ms",
            "looks at every eighth stretch of 10 ms",
        ],
    )
    .help("Shows peak and mean level of each channel, and warns of samples that are no numbers. The sound passes unchanged.");

/// What the catalogue offers and the graph negotiates with.
pub struct Meter;

impl Filter for Meter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let count = (format.channels as usize).min(MAX_CHANNELS);
        let playing = Playing {
            channels: (0..count).map(|_| Channel::new(format.rate_hz)).collect(),
            non_finite: Held::new(format.rate_hz),
            stretch: (format.rate_hz / STRETCHES_PER_SECOND).max(1) as usize,
            seen: 0,
            level: 0,
            telemetry: Telemetry::new(CELLS),
        };
        playing.publish();
        let telemetry = playing.telemetry.clone();
        Ok(Opened::processor(playing).telemetry(telemetry))
    }
}

/// Something that stays for a while, counted in samples.
struct Held {
    left: u64,
    length: u64,
}

impl Held {
    fn new(rate_hz: u32) -> Self {
        Self {
            left: 0,
            length: (f64::from(rate_hz) * HOLD_SECONDS) as u64,
        }
    }
}

/// What is known of one channel.
struct Channel {
    peak: PeakMeter,
    highest: f32,
    hold: Held,
    mean: MeanMeter,
    /// The part of a new square in the mean, by level: it stands for those that were left out.
    shares: [f64; LEAST as usize + 1],
}

impl Channel {
    fn new(rate_hz: u32) -> Self {
        Self {
            peak: PeakMeter::new(f64::from(rate_hz)),
            highest: 0.0,
            hold: Held::new(rate_hz),
            mean: MeanMeter::new(),
            shares: std::array::from_fn(|level| {
                let stands_for = f64::from(1_u32 << level);
                MeanMeter::share(RMS_SECONDS / stands_for, f64::from(rate_hz))
            }),
        }
    }

    /// Leaves so many samples out: peaks fall as if there had been none.
    fn pass(&mut self, len: usize) {
        let level = self.peak.pass(len);
        self.hold.left = self.hold.left.saturating_sub(len as u64);
        if self.hold.left == 0 {
            self.highest = level;
        }
    }

    /// Looks at samples that are all numbers.
    fn feed(&mut self, samples: &[f32], share: f64) {
        let level = self.peak.feed(samples);
        let highest = crate::dsp::measure::peak(samples);
        self.hold.left = self.hold.left.saturating_sub(samples.len() as u64);
        if highest >= self.highest {
            self.highest = highest;
            self.hold.left = self.hold.length;
        } else if self.hold.left == 0 {
            self.highest = level;
        }
        self.mean.feed(samples, share);
    }

    fn reset(&mut self) {
        self.peak.reset();
        self.highest = 0.0;
        self.hold.left = 0;
        self.mean.reset();
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    channels: Box<[Channel]>,
    non_finite: Held,
    /// Samples of a stretch, and those of the stretch that have passed.
    stretch: usize,
    seen: usize,
    /// One stretch of two to this power is looked at.
    level: u8,
    telemetry: Telemetry,
}

impl Playing {
    fn publish(&self) {
        let level = |amplitude: f32| db(amplitude).max(FLOOR_DB);
        self.telemetry.set(CHANNELS, self.channels.len() as f32);
        let is_warning = self.non_finite.left > 0;
        self.telemetry
            .set(NON_FINITE, f32::from(u8::from(is_warning)));
        for (index, channel) in self.channels.iter().enumerate() {
            self.telemetry
                .set(PEAK + index, level(channel.peak.level()));
            self.telemetry.set(HOLD + index, level(channel.highest));
            self.telemetry.set(RMS + index, level(channel.mean.level()));
        }
        for index in self.channels.len()..MAX_CHANNELS {
            for first in [PEAK, HOLD, RMS] {
                self.telemetry.set(first + index, FLOOR_DB);
            }
        }
    }
}

impl Playing {
    /// Looks at a stretch, or leaves it out; what is no number is seen all the same.
    fn look(&mut self, wave: &Wave, part: Range<usize>, is_seen: bool) {
        for (channel, samples) in self.channels.iter_mut().zip(wave.channels()) {
            let samples = &samples[part.clone()];
            let has_others = has_non_finite(samples);
            if has_others {
                self.non_finite.left = self.non_finite.length;
            }
            let share = channel.shares[usize::from(self.level)];
            match (is_seen, has_others) {
                (false, _) => channel.pass(samples.len()),
                (true, false) => channel.feed(samples, share),
                (true, true) => {
                    // What is no number would stay in the means for ever.
                    let numbers = samples.split(|sample| !sample.is_finite());
                    numbers.for_each(|run| channel.feed(run, share));
                }
            }
        }
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        // In place the output holds the input; with no output there is only the input.
        let input = io.inputs.get(0).wave();
        let Some(wave) = input.or_else(|| io.outputs.first()?.payload.wave()) else {
            return Flow::Running;
        };
        let len = wave.len() as u64;
        self.non_finite.left = self.non_finite.left.saturating_sub(len);
        let every = self.stretch << self.level;
        let mut at = 0;
        while at < wave.len() {
            let is_seen = self.level == 0 || self.seen < self.stretch;
            let left = match (self.level, is_seen) {
                (0, _) => wave.len(),
                (_, true) => self.stretch - self.seen,
                (_, false) => every - self.seen,
            };
            let end = (at + left).min(wave.len());
            self.look(wave, at..end, is_seen);
            self.seen = (self.seen + end - at) % every;
            at = end;
        }
        self.publish();
        Flow::Running
    }

    fn degrade(&mut self, level: u8) {
        self.level = level.min(LEAST);
        self.seen = 0;
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.channels.iter_mut().for_each(Channel::reset);
            self.non_finite.left = 0;
            self.seen = 0;
            self.publish();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::tests::{open, same_bits};
    use crate::ks::rig::Rig;

    fn sine(len: usize) -> Vec<f32> {
        (0..len)
            .map(|n| (n as f32 * std::f32::consts::TAU / 48.0).sin() * 0.5)
            .collect()
    }

    #[test]
    fn the_sound_passes_bit_for_bit() {
        let mut sound = sine(500);
        sound[3] = f32::INFINITY;
        let heard = Rig::open(&Meter, &[]).feed(&sound);
        assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
    }

    #[test]
    fn under_load_it_looks_at_fewer_stretches_and_still_tells_the_level_and_what_is_no_number() {
        let format = crate::ks::DataFormat::float(1, 48_000);
        let pins = crate::filters::tests::formats(&[("in", format.clone()), ("out", format)]);
        for level in 1..=3 {
            let mut rig = Rig::open_with(&Meter, Default::default(), &pins, None);
            let telemetry = rig.telemetry().unwrap().clone();
            rig.processor().degrade(level);
            // Two stretches; a sample at full scale stands in the second, which is left out.
            let mut sound = vec![0.1; 960];
            sound[700] = 1.0;
            rig.feed(&sound);
            assert!(
                (telemetry.get(HOLD) + 20.0).abs() < 0.01,
                "level {level}: not looked at"
            );
            // Half a stretch into the next one that is looked at, cut anyhow.
            let mut sound = vec![0.0; (480 << level) - 960];
            sound.extend([0.5; 240]);
            sound.chunks(77).for_each(|piece| {
                rig.feed(piece);
            });
            assert!(
                (telemetry.get(HOLD) + 6.02).abs() < 0.01,
                "level {level}: looked at"
            );
            for piece in sine(48_000 * 3).chunks(4_800) {
                rig.feed(piece);
            }
            // Half of full scale, a sine.
            assert!(
                (telemetry.get(RMS) + 9.03).abs() < 0.2,
                "{}",
                telemetry.get(RMS)
            );
            assert!((telemetry.get(PEAK) + 6.02).abs() < 2.0);
            let mut bad = vec![0.0; 480 << level];
            bad[479] = f32::NAN;
            rig.feed(&bad);
            assert_eq!(telemetry.get(NON_FINITE), 1.0, "level {level}");
        }
    }

    #[test]
    fn a_sine_has_its_peak_and_its_mean() {
        let (mut run, telemetry) = open(&Meter, 2);
        assert_eq!(telemetry.get(PEAK), FLOOR_DB);
        for _ in 0..48 {
            run(&sine(4800));
        }
        assert_eq!(telemetry.get(CHANNELS), 2.0);
        assert_eq!(telemetry.get(NON_FINITE), 0.0);
        for channel in 0..2 {
            assert!((telemetry.get(PEAK + channel) + 6.02).abs() < 0.05);
            assert!((telemetry.get(HOLD + channel) + 6.02).abs() < 0.05);
            assert!((telemetry.get(RMS + channel) + 9.03).abs() < 0.05);
        }
        assert_eq!(telemetry.get(PEAK + 2), FLOOR_DB);
    }

    #[test]
    fn the_peak_falls_by_24_decibels_a_second_and_is_held_for_a_second_and_a_half() {
        let (mut run, telemetry) = open(&Meter, 1);
        run(&[1.0]);
        let half_second = vec![0.0; 24_000];
        run(&half_second);
        assert!((telemetry.get(PEAK) + 12.0).abs() < 0.05);
        assert_eq!(telemetry.get(HOLD), 0.0);
        run(&half_second);
        assert_eq!(telemetry.get(HOLD), 0.0);
        run(&half_second);
        assert!((telemetry.get(HOLD) + 36.0).abs() < 0.1);
    }

    #[test]
    fn what_is_no_number_is_told_and_forgotten() {
        let (mut run, telemetry) = open(&Meter, 1);
        run(&[0.5, f32::NAN, f32::INFINITY, 0.25]);
        assert_eq!(telemetry.get(NON_FINITE), 1.0);
        assert!((telemetry.get(PEAK) + 6.02).abs() < 0.05);
        for _ in 0..4 {
            run(&sine(24_000));
        }
        assert_eq!(telemetry.get(NON_FINITE), 0.0);
        assert!((telemetry.get(RMS) + 9.03).abs() < 0.05);
    }
}
