//! Delay: the sound again a while later, and again.
//!
//! in (float) -> out (float), in place, without latency. The first echo comes after `time`, rounded to a whole sample,
//! plus `samples`; never after less than one. It is the sound bit for bit; each echo after it is softer by `feedback`
//! and duller by `damping`. A change of the time fades from the old place to the new within 30 ms: no click, and no
//! change of pitch. Ping-pong sends the mean of all channels round from channel to channel.

use crate::dsp::Ramp;
use crate::dsp::delay::{DelayLine, Mover, PIECE, settled};
use crate::dsp::wide::{extent, wide};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, DataRange, Descriptor, Filter, Flow, Glide, Io, Node, NodePin, OpenError, Opened,
    Opening, PinFactory, Processor, Property, Settings, State, TAIL_DB, TopologyConnection, Unit,
    ValueSlot, Values,
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
            heard: 0.0,
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
    /// The echo of this sample.
    heard: f32,
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
    let mut last = before;
    for (dull, heard) in fed.iter_mut().zip(heard) {
        last = damped(*heard, last, rest.dullness);
        *dull = last;
    }
    // Most often settling changes none of them, and each would wait for it.
    let seen = extent(fed);
    if !seen.is_finite() || settled(seen.peak()) != seen.peak() || !keeps(seen.least()) {
        last = before;
        for (dull, heard) in fed.iter_mut().zip(heard) {
            last = settled(damped(*heard, last, rest.dullness));
            *dull = last;
        }
    }
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
            && crossing == 0.0
            && wanted >= FEWEST
        {
            let rest = Rest {
                delay: wanted,
                loudness: loudness(*feedback),
                dullness: dullness(*damping),
                wet: wet(*mix),
            };
            for (echo, channel) in self.echoes.iter_mut().zip(wave.channels_mut()) {
                channel
                    .chunks_mut(BLOCK.min(wanted))
                    .for_each(|piece| echo.pass(&rest, piece));
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
                echo.heard = echo.line.at(place);
                echo.dull = settled(damped(echo.heard, echo.dull, dullness));
                sum += wave.channel(index)[at];
            }
            for index in 0..count {
                let sample = wave.channel(index)[at];
                let mut fed = sample + self.echoes[index].dull * loudness;
                if crossing > 0.0 {
                    let first = if index == 0 { sum / count as f32 } else { 0.0 };
                    let before = self.echoes[(index + count - 1) % count].dull;
                    fed += (first + before * loudness - fed) * crossing;
                }
                let echo = &mut self.echoes[index];
                echo.line.push(fed);
                wave.channel_mut(index)[at] = sample * (1.0 - wet) + echo.heard * wet;
            }
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        self.is_fresh |= state == State::Stop;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ks::Value;
    use crate::ks::rig::Rig;

    fn place_of(key: &str) -> usize {
        DESCRIPTOR.property(key).unwrap().0
    }

    fn click(rig: &mut Rig, channels: [f32; 2], len: usize) -> Vec<Vec<f32>> {
        let start: Vec<Vec<f32>> = channels
            .iter()
            .map(|level| {
                let mut sound = vec![0.0; len];
                sound[0] = *level;
                sound
            })
            .collect();
        rig.cycle(len, &start, &[]).channels
    }

    #[test]
    fn what_is_heard_are_the_echoes_on_paper() {
        for ping_pong in [false, true] {
            let numbers = [
                ("time", 5.0),
                ("samples", 3.0),
                ("feedback", 60.0),
                ("mix", 40.0),
                ("damping", 0.0),
            ];
            let mut values: BTreeMap<String, Value> = numbers
                .into_iter()
                .map(|(key, number)| (key.to_owned(), Value::Number(number)))
                .collect();
            values.insert("ping_pong".to_owned(), Value::Flag(ping_pong));
            let settings = Settings {
                values: &values,
                base: None,
            };
            let mut rig = Rig::open_with(&Delay, values.clone(), &BTreeMap::new(), None);
            let heard = click(&mut rig, [1.0, 1.0], 2000);
            let mut found = 0;
            for echo in echoes(&settings, 48_000.0, 6) {
                let at = (echo.seconds * 48_000.0).round() as usize;
                let level = f64::from(heard[echo.side][at]);
                assert!((level - echo.amplitude).abs() < 1e-5, "{at}: {level}");
                found += 1;
            }
            assert_eq!(found, 7);
        }
    }

    #[test]
    fn echoes_come_to_the_sample_and_fall_by_the_feedback() {
        for (millis, samples, wanted) in [
            (10.0, 0.0, 480),
            (0.0, 100.0, 100),
            (1.0, 3.0, 51),
            (0.0, 0.0, 1),
        ] {
            let values = [
                ("time", millis),
                ("samples", samples),
                ("feedback", 50.0),
                ("damping", 0.0),
                ("mix", 50.0),
            ];
            let mut rig = Rig::open(&Delay, &values);
            let heard = click(&mut rig, [0.8, 0.8], 4000);
            for (at, sample) in heard[0].iter().enumerate() {
                let echo = at / wanted;
                let is_echo = at % wanted == 0;
                let level = match echo {
                    0 => 0.4,
                    _ => 0.4 * 0.5_f32.powi(echo as i32 - 1),
                };
                let level = if is_echo { level } else { 0.0 };
                assert!(
                    (sample - level).abs() < 1e-6,
                    "{wanted}: {at} {sample} {level}"
                );
            }
        }
    }

    #[test]
    fn many_samples_at_once_are_those_one_by_one() {
        let rest = Rest {
            delay: 70,
            loudness: 0.5,
            dullness: 0.6,
            wet: 0.3,
        };
        let memory = || Memory {
            line: DelayLine::new(100),
            dull: 0.0,
            heard: 0.0,
        };
        let (mut one, mut other) = (memory(), memory());
        let mut random = crate::dsp::Random::new(8);
        let mut settled_ones = 0;
        for (turn, len) in [64, 7, 33, 64, 1, 64, 64, 64]
            .into_iter()
            .cycle()
            .take(900)
            .enumerate()
        {
            // At last all that is there dies away, past what a memory keeps.
            let loud = if turn < 20 { 1e-12 } else { 0.0 };
            let sound: Vec<f32> = (0..len).map(|_| random.next_signed() * loud).collect();
            let mut at_once = sound.clone();
            one.pass(&rest, &mut at_once);
            for (sample, at_once) in sound.iter().zip(&at_once) {
                let heard = other.line.tap(rest.delay);
                let dull = heard * (1.0 - rest.dullness) + other.dull * rest.dullness;
                other.dull = settled(dull);
                settled_ones += usize::from(other.dull != dull);
                other.line.push(sample + other.dull * rest.loudness);
                let wanted = sample * (1.0 - rest.wet) + heard * rest.wet;
                assert_eq!(at_once.to_bits(), wanted.to_bits(), "turn {turn}");
            }
        }
        assert!(settled_ones > 0 && one.dull == 0.0);
    }

    #[test]
    fn damping_dulls_the_second_echo_and_not_the_first() {
        let values = [
            ("time", 10.0),
            ("feedback", 98.0),
            ("damping", 100.0),
            ("mix", 100.0),
        ];
        let heard = click(&mut Rig::open(&Delay, &values), [1.0, 1.0], 2000);
        assert_eq!((heard[0][480], heard[0][481]), (1.0, 0.0));
        assert!((heard[0][960] - 0.98 * 0.05).abs() < 1e-5);
        assert!((heard[0][961] - 0.98 * 0.05 * 0.95).abs() < 1e-5);
    }

    #[test]
    fn ping_pong_goes_from_side_to_side() {
        let mut rig = Rig::open(
            &Delay,
            &[
                ("time", 10.0),
                ("feedback", 50.0),
                ("damping", 0.0),
                ("mix", 100.0),
            ],
        );
        rig.set(place_of("ping_pong"), 1.0);
        let heard = click(&mut rig, [1.0, 0.5], 2000);
        let echoes = |side: usize| [480, 960, 1440].map(|at| heard[side][at]);
        assert_eq!(echoes(0), [0.75, 0.0, 0.1875]);
        assert_eq!(echoes(1), [0.0, 0.375, 0.0]);
    }

    #[test]
    fn a_change_of_time_makes_no_click() {
        let mut rig = Rig::open(
            &Delay,
            &[("time", 100.0), ("mix", 100.0), ("feedback", 0.0)],
        );
        let sine = |from: usize| -> Vec<f32> {
            (from..from + 4000)
                .map(|n| (n as f32 * 0.01).sin())
                .collect()
        };
        let mut all = vec![];
        for turn in 0..10 {
            rig.set(
                0,
                if turn < 3 {
                    100.0
                } else {
                    40.0 + f64::from(turn) * 7.0
                },
            );
            all.extend(rig.feed(&sine(turn as usize * 4000)).channels.remove(0));
        }
        let step = all[9000..]
            .windows(2)
            .map(|w| (w[1] - w[0]).abs())
            .fold(0.0, f32::max);
        assert!(step < 0.0125, "{step}");
    }

    #[test]
    fn its_tail_holds_every_echo_that_is_heard() {
        for (numbers, wanted) in [
            ([("time", 10.0), ("samples", 0.0), ("feedback", 50.0)], 0.16),
            (
                [("time", 10.0), ("samples", 48.0), ("feedback", 0.0)],
                0.011,
            ),
            ([("time", 2.0), ("samples", 0.0), ("feedback", 98.0)], 1.028),
        ] {
            let named =
                numbers.map(|(key, number)| (key.to_owned(), crate::ks::Value::Number(number)));
            let settings = Settings {
                values: &named.into(),
                base: None,
            };
            let tail = Delay.tail_seconds(&settings, 48_000);
            assert!((tail - wanted).abs() < 1e-9, "{tail}");
            let mut values = numbers.to_vec();
            values.extend([("damping", 0.0), ("mix", 100.0)]);
            let mut rig = Rig::open(&Delay, &values);
            let mut heard = click(&mut rig, [1.0, 1.0], 4000).remove(0);
            (0..15).for_each(|_| heard.extend(rig.run(4000).channels.remove(0)));
            // 90 dB down.
            let last = heard.iter().rposition(|sample| sample.abs() > 3.16e-5);
            let (last, end) = (last.unwrap(), (tail * 48_000.0).round() as usize);
            let echo = (numbers[0].1 * 48.0 + numbers[1].1) as usize;
            assert!(last <= end && last + 2 * echo >= end, "{last} {end}");
        }
    }

    #[test]
    fn a_tail_ends_in_nothing_and_holds_no_wrong_number() {
        let mut rig = Rig::open(&Delay, &[("time", 1.0), ("feedback", 90.0)]);
        rig.feed(&[1.0, f32::NAN, f32::INFINITY, f32::MAX]);
        let mut last = vec![];
        for _ in 0..60 {
            last = rig.run(4096).channels.remove(0);
            assert!(last.iter().all(|s| s.is_finite() && !s.is_subnormal()));
        }
        assert!(last.iter().all(|sample| *sample == 0.0));
    }
}
