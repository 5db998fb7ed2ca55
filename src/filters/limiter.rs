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
use crate::dsp::delay::{PIECE, settled};
use crate::dsp::dynamics::share;
use crate::dsp::gain::scale;
use crate::dsp::wide::{Extent, extent, wide};
use crate::dsp::{DelayLine, Foresight, Ramp};
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

/// One instruction, where `max` asks whether either is no number.
#[inline(always)]
fn larger(number: f32, other: f32) -> f32 {
    if number > other { number } else { other }
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
mod tests {
    use super::*;
    use crate::dsp::Random;
    use crate::dsp::measure::{peak, tone};
    use crate::filters::tests::{formats, same_bits};
    use crate::ks::DataFormat;
    use crate::ks::rig::Rig;

    const LATE: usize = 240;

    fn noise(amplitude: f32, len: usize) -> Vec<f32> {
        let mut random = Random::new(3);
        (0..len).map(|_| random.next_signed() * amplitude).collect()
    }

    fn place_of(key: &str) -> usize {
        DESCRIPTOR.property(key).unwrap().0
    }

    #[test]
    fn no_sample_passes_the_ceiling_whatever_comes() {
        for (ceiling_db, look_ahead, link) in [
            (-1.0, 5.0, 100.0),
            (-0.3, 0.0, 0.0),
            (-12.0, 1.0, 50.0),
            (0.0, 20.0, 100.0),
            (-3.3, 5.0, 0.0),
        ] {
            let values = [
                ("ceiling", ceiling_db),
                ("look_ahead", look_ahead),
                ("link", link),
                ("release", 1.0),
                ("gain", 12.0),
            ];
            let mut rig = Rig::open(&Limiter, &values);
            let mut sound = noise(5.0, 16_000);
            for at in (0..16_000).step_by(613) {
                sound[at] = 300.0;
                sound[at + 1] = -1000.0;
            }
            let ceiling = 10.0_f64.powf(ceiling_db / 20.0);
            let mut highest = 0.0_f64;
            for piece in sound.chunks(4000) {
                let other: Vec<f32> = piece.iter().rev().map(|it| it * 0.5).collect();
                let heard = rig.cycle(4000, &[piece.to_vec(), other], &[]);
                for channel in &heard.channels {
                    highest = highest.max(f64::from(peak(channel)));
                }
            }
            assert!(highest <= ceiling, "{highest} {ceiling}");
            assert!(highest > ceiling * 0.99, "{highest} {ceiling}");
            for absurd in [f32::MAX, -f32::MAX, 1e12, f32::INFINITY] {
                let heard = rig.feed(&[&[absurd; 3][..], &[0.5; 1000]].concat());
                assert!(
                    heard
                        .channels
                        .iter()
                        .all(|it| f64::from(peak(it)) <= ceiling)
                );
            }
        }
    }

    #[test]
    fn what_is_not_too_loud_is_late_by_the_latency_and_otherwise_the_same() {
        let sound = noise(0.89, 4000);
        let mut rig = Rig::open(&Limiter, &[]);
        assert_eq!(rig.processor().latency_samples(), LATE);
        let heard = rig.feed(&sound);
        let mut late = vec![0.0; LATE];
        late.extend(&sound[..4000 - LATE]);
        assert!(same_bits(&heard.channels, &[late.clone(), late]));
        let at_96 = DataFormat::float(2, 96_000);
        let pins = formats(&[("in", at_96.clone()), ("out", at_96)]);
        let mut fast = Rig::open_with(&Limiter, Default::default(), &pins, None);
        // 480 samples of the wire last as long as 240 of the graph.
        assert_eq!(fast.processor().latency_samples(), LATE);
        let mut click = vec![0.0; 8000];
        click[0] = 0.5;
        let heard = fast.cycle(4000, &[click.clone(), click], &[]);
        assert_eq!(heard.channels[0][2 * LATE], 0.5);
    }

    #[test]
    fn one_peak_takes_the_sound_down_in_a_line_and_back_by_the_release() {
        let mut rig = Rig::open(&Limiter, &[("ceiling", 0.0), ("release", 50.0)]);
        let mut sound = vec![0.5; 4000];
        sound[1000] = 2.0;
        let heard = rig.feed(&sound).channels.remove(0);
        let peak_at = 1000 + LATE;
        assert_eq!(heard[peak_at], 1.0);
        // From where the peak came in, 241 equal steps to half.
        assert_eq!(heard[999], 0.5);
        for (step, sample) in (1_u16..).zip(&heard[1000..peak_at]) {
            let wanted = 0.5 - 0.25 * f32::from(step) / 241.0;
            assert!((sample - wanted).abs() < 1e-6, "{step}");
        }
        // The release begins when the peak has left the window; its line is averaged over the window too.
        let since = 2400.0_f64;
        let at = peak_at + LATE / 2 + since as usize;
        let wanted = 0.5 - 0.25 * (-since / 2400.0).exp() as f32;
        assert!((heard[at] - wanted).abs() < 1e-3, "{} {wanted}", heard[at]);
        assert!(rig.telemetry().unwrap().get(REDUCTION) > 6.0);
        let still: Vec<f32> = (0..12)
            .flat_map(|_| rig.feed(&[0.5; 4000]).channels.remove(0))
            .collect();
        assert_eq!(still[47_999], 0.5);
        assert_eq!(rig.telemetry().unwrap().get(REDUCTION), 0.0);
    }

    #[test]
    fn a_loud_sine_stays_a_sine() {
        let mut rig = Rig::open(&Limiter, &[("gain", 12.0), ("ceiling", -3.0)]);
        let mut heard = vec![];
        for piece in 0..12 {
            let sine: Vec<f32> = (piece * 4000..(piece + 1) * 4000)
                .map(|n| (n as f32 * std::f32::consts::TAU / 48.0).sin() * 0.9)
                .collect();
            heard = rig.feed(&sine).channels.remove(0);
        }
        let whole = &heard[..3840];
        let cells = rig.telemetry().unwrap();
        assert!((cells.get(LEVEL) - 20.0 * 0.9_f32.log10()).abs() < 0.02);
        let values = [("gain", 12.0), ("ceiling", -3.0)];
        let values = values.map(|(key, it)| (key.to_owned(), crate::ks::Value::Number(it)));
        let settings = Settings {
            values: &values.into(),
            base: None,
        };
        assert_eq!(curve_db(&settings, -20.0), -8.0);
        let wanted = 10.0_f64.powf(curve_db(&settings, -0.9) / 20.0);
        let found = tone(whole, 1000.0, 48_000.0).amplitude;
        assert!((found / wanted - 1.0).abs() < 2e-3, "{found} {wanted}");
        for harmonic in [2000.0, 3000.0, 5000.0] {
            assert!(tone(whole, harmonic, 48_000.0).amplitude < 1e-3);
        }
    }

    #[test]
    fn channels_are_linked_or_on_their_own() {
        let mut left = vec![0.5; 4000];
        left[1000] = 4.0;
        let sound = [left, vec![0.25; 4000]];
        let linked = Rig::open(&Limiter, &[("ceiling", 0.0)]).cycle(4000, &sound, &[]);
        let alone =
            Rig::open(&Limiter, &[("ceiling", 0.0), ("link", 0.0)]).cycle(4000, &sound, &[]);
        assert_eq!(linked.channels[1][1000 + LATE], 0.0625);
        assert_eq!(alone.channels[1][1000 + LATE], 0.25);
        assert_eq!(alone.channels[0], linked.channels[0]);
    }

    #[test]
    fn changes_while_it_plays_make_no_step_and_the_ceiling_holds_after_them() {
        let mut rig = Rig::open(&Limiter, &[]);
        let mut all = vec![];
        let mut at = 0;
        for (key, value) in [
            ("gain", 0.0),
            ("gain", 24.0),
            ("ceiling", -24.0),
            ("ceiling", 0.0),
            ("link", 0.0),
            ("release", 1.0),
            ("gain", 0.0),
            ("ceiling", -20.0),
        ] {
            rig.set(place_of(key), value);
            for _ in 0..4 {
                let sine: Vec<f32> = (at..at + 3000)
                    .map(|n| (n as f32 * std::f32::consts::TAU / 480.0).sin() * 0.5)
                    .collect();
                at += 3000;
                all.extend(rig.feed(&sine).channels.remove(0));
            }
        }
        let step = all
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max);
        // A full-scale sine of 100 Hz rises by 0.0131 a sample.
        assert!(step < 0.016, "{step}");
        let last = &all[all.len() - 12_000 + 960 + LATE..];
        assert!(f64::from(peak(last)) <= 0.1);
    }

    /// Pieces in which nothing is asked for are done in another way than those beside a peak.
    #[test]
    fn any_cutting_gives_the_same_bits_beside_peaks_and_far_from_them() {
        let mut sound = noise(0.4, 24_000);
        for at in [700, 1500, 9000, 9100] {
            sound[at] = 3.0;
        }
        sound[4000..4500].fill(0.0);
        sound[4700] = 1e-31;
        sound[4800] = -0.0;
        sound[20_000] = f32::NAN;
        let run = |lens: &[usize]| {
            let mut rig = Rig::open(&Limiter, &[("release", 5.0)]);
            let mut heard = vec![];
            let (mut at, mut lens) = (0, lens.iter().cycle());
            while at < sound.len() {
                if at == 12_000 {
                    rig.set(place_of("ceiling"), -6.0);
                    rig.set(place_of("gain"), 3.0);
                }
                let len = *lens.next().unwrap();
                let len = len.min(sound.len() - at);
                heard.extend(rig.feed(&sound[at..at + len]).channels.remove(0));
                at += len;
            }
            heard
        };
        let whole = run(&[3000]);
        assert!(peak(&whole) > 0.4);
        assert!(same_bits(std::slice::from_ref(&whole), &[run(&[1])]));
        assert!(same_bits(&[whole], &[run(&[64, 7, 33, 16])]));
    }

    #[test]
    fn what_is_no_number_does_not_come_out() {
        let mut rig = Rig::open(&Limiter, &[]);
        let heard = rig.feed(&[0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.5, 1e-40]);
        assert_eq!(heard.channels[0], [0.0; 6]);
        let late = rig.feed(&[0.0; 480]).channels.remove(0);
        assert_eq!(late[LATE - 6..LATE], [0.5, 0.0, 0.0, 0.0, 0.5, 0.0]);
        assert!(late.iter().all(|s| s.is_finite() && !s.is_subnormal()));
    }

    /// While channels are linked the gain is foreseen once for all; when they part, each knows what it would have known.
    #[test]
    fn channels_that_part_go_on_from_where_they_were_together() {
        let mut rig = Rig::open(&Limiter, &[("gain", 12.0), ("release", 500.0)]);
        rig.feed(&noise(0.9, 4000));
        rig.set(place_of("link"), 0.0);
        for _ in 0..3 {
            let heard = rig.feed(&noise(0.9, 4000)).channels;
            assert!(peak(&heard[0]) > 0.5);
            assert!(same_bits(&heard[..1], &heard[1..]));
        }
    }
}
