//! Spectrum Analyser: hands the last samples of a sound to a screen that looks at their frequencies, and lets the
//! sound pass bit for bit.
//!
//! in (any sound) -> out, in place. The audio thread only stores samples: a ring for each of the first [`CHANNELS`]
//! channels stands in telemetry, and [`latest`] copies the newest out of it. Window, transform, averaging and peaks are
//! of whoever looks (`app::spectrum`), by the properties of this file; the audio thread reads none of them.

use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, Node, OpenError, Opened, Opening, PinFactory,
    Processor, Property, State, Strategy, Telemetry, TopologyConnection, Unit,
};

/// The most channels that are looked at.
pub const CHANNELS: usize = 2;
/// The most samples that can be had at once.
pub const LONGEST: usize = 16_384;

/// What is shown of two channels.
pub const SHOWN: Property =
    Property::choice("channels", "Channels", &["mean", "left", "right"], "mean")
        .group("View")
        .help("The mean of two channels, or one of them.");
/// Samples of one transform.
pub const SIZE: Property = Property::choice(
    "size",
    "Size",
    &["1024", "2048", "4096", "8192", "16384"],
    "4096",
).group("Analysis")
.help("Samples that are looked at together. More of them part low frequencies better, and follow more slowly.");
/// How the samples of a transform are weighted.
pub const WINDOW: Property = Property::choice(
    "window",
    "Window",
    &[
        "rectangular",
        "hann",
        "hamming",
        "blackman-harris",
        "flat top",
    ],
    "hann",
).group("Analysis")
.help("How the samples are weighted. Flat top tells levels best, rectangular and Hann part frequencies best.");
/// How long the mean is over which powers are shown.
pub const AVERAGING: Property = Property::number("averaging", "Averaging", 0.0, 5000.0, 150.0)
    .group("Picture")
    .unit(Unit::Millisecond)
    .inline()
    .help("How long the mean is over which levels are shown. 0 shows each look by itself.");
/// Whether the highest levels stay on the screen.
pub const PEAK_HOLD: Property = Property::flag("peak_hold", "Peak hold", true)
    .group("Picture")
    .inline()
    .help("Keeps the highest levels as a second line until it is switched off.");
/// The level at the foot of the screen.
pub const FLOOR: Property = Property::db("floor", "Lowest level", -160.0, -40.0, -100.0)
    .group("View")
    .help("The level at the foot of the picture.");

const POSITION: usize = 0;
const RATE: usize = 1;
const COUNT: usize = 2;
/// How many of the newest samples there are since the last Stop.
const HELD: usize = 3;
const RINGS: usize = 4;
/// Twice the longest transform: what is read is overwritten only by who is that much too late.
const RING: usize = 2 * LONGEST;
const CELLS: usize = RINGS + CHANNELS * RING;
/// Samples are counted up to here: a cell counts no further without gaps. A multiple of the ring.
const WRAP: usize = 1 << 24;
/// The most samples that are stored before they are announced.
const PIECE: usize = 1024;

const PROPERTIES: &[Property] = &[AVERAGING, PEAK_HOLD, SIZE, WINDOW, SHOWN, FLOOR];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::WAVE).takes_non_finite(),
    PinFactory::output("out", DataRange::WAVE).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::ANALYSIS];
/// What is inside: the filter's own properties, seen from the node that acts on them.
const NODES: &[Node] = &[Node::new(
    node::PEAKMETER,
    "Screen",
    &[
        "averaging",
        "peak_hold",
        "size",
        "window",
        "channels",
        "floor",
    ],
)];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("spectrum", "Spectrum Analyser", CATEGORIES, PINS, PROPERTIES).merit(merit::DO_NOT_USE).nodes(NODES, INSIDE).help(
        "Shows how loud a sound is at each frequency, from 20 Hz to half the rate. A tone stands at its own level \
         whatever the window. The sound passes unchanged.",
    )
    .degrades(
        Strategy::Computation,
        ["looks at one channel", "its picture stands", "its picture stands"],
    );

/// The newest samples of a sound.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Latest {
    /// A list for each channel, all of one length.
    pub channels: Vec<Vec<f32>>,
    /// Samples a second.
    pub rate_hz: f32,
    /// Samples that had been heard by then, modulo 2^24.
    pub position: usize,
}

/// The newest `count` samples, fewer when there are fewer; `None` when nothing was heard yet.
#[must_use]
pub fn latest(telemetry: &Telemetry, count: usize) -> Option<Latest> {
    let count = count.min(LONGEST);
    for _ in 0..4 {
        // First how many there are, then where they end: in between there may only be more.
        let held = (telemetry.get(HELD) as usize).min(count);
        let position = telemetry.get_in_order(POSITION) as usize % WRAP;
        let channels = (telemetry.get(COUNT) as usize).min(CHANNELS);
        if held == 0 || channels == 0 {
            return None;
        }
        let ring = |channel: usize| {
            let first = RINGS + channel * RING;
            (0..held)
                .map(|at| telemetry.get(first + (position + WRAP - held + at) % RING))
                .collect()
        };
        let latest = Latest {
            channels: (0..channels).map(ring).collect(),
            rate_hz: telemetry.get(RATE),
            position,
        };
        let since = (telemetry.get_in_order(POSITION) as usize + WRAP - position) % WRAP;
        if since + PIECE + held <= RING {
            return Some(latest);
        }
    }
    None
}

/// Samples that went by from one position to a later one.
#[must_use]
pub fn passed(from: usize, to: usize) -> usize {
    (to + WRAP - from % WRAP) % WRAP
}

/// What the catalogue offers and the graph negotiates with.
pub struct Spectrum;

impl Filter for Spectrum {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let telemetry = Telemetry::new(CELLS);
        telemetry.set(RATE, format.rate_hz as f32);
        telemetry.set(COUNT, (format.channels as usize).min(CHANNELS) as f32);
        let playing = Playing {
            telemetry: telemetry.clone(),
            position: 0,
            held: 0,
            channels: (format.channels as usize).min(CHANNELS),
            level: 0,
        };
        Ok(Opened::processor(playing).telemetry(telemetry))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    telemetry: Telemetry,
    position: usize,
    held: usize,
    channels: usize,
    /// How much less is asked for.
    level: u8,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        // In place the output holds the input; with no output there is only the input.
        let input = io.inputs.get(0).wave();
        let Some(wave) = input.or_else(|| io.outputs.first()?.payload.wave()) else {
            return Flow::Running;
        };
        if self.level > 1 {
            return Flow::Running;
        }
        let looked_at = if self.level == 0 { CHANNELS } else { 1 };
        let mut from = 0;
        while from < wave.len() {
            let until = (from + PIECE).min(wave.len());
            for (channel, samples) in wave.channels().take(looked_at).enumerate() {
                let first = RINGS + channel * RING;
                for (at, sample) in samples[from..until].iter().enumerate() {
                    // What is no number would hide every frequency.
                    let sample = if sample.is_finite() { *sample } else { 0.0 };
                    let place = (self.position + at) % RING;
                    self.telemetry.set(first + place, sample);
                }
            }
            self.position = (self.position + until - from) % WRAP;
            self.held = (self.held + until - from).min(LONGEST);
            self.telemetry.set_in_order(POSITION, self.position as f32);
            self.telemetry.set(HELD, self.held as f32);
            from = until;
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.held = 0;
            self.telemetry.set(HELD, 0.0);
        }
    }

    fn degrade(&mut self, level: u8) {
        // What was left out meanwhile is no part of a look.
        if self.level > level {
            self.held = 0;
            self.telemetry.set(HELD, 0.0);
        }
        self.level = level;
        let shown = if level == 0 {
            self.channels
        } else {
            self.channels.min(1)
        };
        self.telemetry.set(COUNT, shown as f32);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::filters::tests::same_bits;
    use crate::ks::rig::Rig;

    fn ramp(from: usize, len: usize) -> Vec<f32> {
        (from..from + len).map(|n| n as f32 / 65_536.0).collect()
    }

    #[test]
    fn the_sound_passes_bit_for_bit() {
        let mut sound = ramp(0, 3000);
        sound[7] = f32::NAN;
        let heard = Rig::open(&Spectrum, &[]).feed(&sound);
        assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
    }

    #[test]
    fn the_newest_samples_can_be_had_in_order_however_they_came() {
        for len in [1, 64, 1000, 4096] {
            let mut rig = Rig::open(&Spectrum, &[]);
            let telemetry = rig.telemetry().unwrap().clone();
            assert_eq!(latest(&telemetry, 1024), None);
            rig.feed(&ramp(0, 10));
            assert_eq!(latest(&telemetry, 1024).unwrap().channels[1], ramp(0, 10));
            let mut at = 10;
            while at < 50_000 {
                rig.feed(&ramp(at, len));
                at += len;
            }
            for count in [1024, LONGEST, 2 * LONGEST] {
                let seen = latest(&telemetry, count).unwrap();
                let count = count.min(LONGEST);
                assert_eq!(seen.channels, vec![ramp(at - count, count); 2]);
                assert_eq!((seen.rate_hz, seen.position), (48_000.0, at));
            }
            rig.processor().enter(State::Stop);
            assert_eq!(latest(&telemetry, 1024), None, "forgotten");
        }
    }

    #[test]
    fn what_is_no_number_is_not_handed_on() {
        let mut rig = Rig::open(&Spectrum, &[]);
        rig.feed(&[0.5, f32::NAN, f32::NEG_INFINITY, 0.25]);
        let seen = latest(rig.telemetry().unwrap(), 4).unwrap();
        assert_eq!(seen.channels[0], [0.5, 0.0, 0.0, 0.25]);
    }

    #[test]
    fn what_is_read_while_more_comes_has_no_seam() {
        let mut rig = Rig::open(&Spectrum, &[]);
        let telemetry = rig.telemetry().unwrap().clone();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // Counts up and begins again, so that a sample tells which one it is.
                for turn in 0..4000 {
                    let piece = ramp(turn * 2048 % 65_536, 2048);
                    rig.cycle(2048, &[piece], &[]);
                }
                is_over.store(true, Ordering::Relaxed);
            });
            while !is_over.load(Ordering::Relaxed) {
                let Some(seen) = latest(&telemetry, LONGEST) else {
                    continue;
                };
                for pair in seen.channels[0].windows(2) {
                    let step = (pair[1] - pair[0]).rem_euclid(1.0) * 65_536.0;
                    assert_eq!(step, 1.0, "a seam");
                }
            }
        });
    }

    #[test]
    fn under_load_it_looks_at_one_channel_then_at_none_and_begins_anew() {
        let mut rig = Rig::open(&Spectrum, &[]);
        let sound = vec![ramp(0, 1_000); 2];
        rig.cycle(1_000, &sound, &[]);
        let seen = |rig: &Rig| latest(rig.telemetry().unwrap(), LONGEST);
        assert_eq!(seen(&rig).unwrap().channels.len(), 2);
        rig.processor().degrade(1);
        rig.cycle(1_000, &sound, &[]);
        assert_eq!(seen(&rig).unwrap().channels.len(), 1);
        rig.processor().degrade(2);
        let before = seen(&rig).unwrap();
        rig.cycle(1_000, &sound, &[]);
        assert_eq!(seen(&rig).unwrap(), before, "it stands");
        rig.processor().degrade(0);
        assert_eq!(seen(&rig), None, "with what was left out nothing is shown");
        rig.cycle(1_000, &sound, &[]);
        let now = seen(&rig).unwrap();
        assert_eq!((now.channels.len(), now.channels[0].len()), (2, 1_000));
    }
}
