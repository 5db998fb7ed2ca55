//! Quality Injector: spoils a sound on purpose, one frame in so many: dropped, late, early, or of poorer quality. For
//! seeing what filters behind it, and whoever watches over quality, make of it.
//!
//! in (float) -> out (float), later by `by`. Frames are cut by time, from the beginning of the run, so the same samples
//! are hit whatever the quantum. All other frames pass bit for bit.

use crate::dsp::DelayLine;
use crate::dsp::PIECE;
use crate::ks::ids::{Guid, category};
use crate::ks::merit;
use crate::ks::quality::ALL_OF_USE;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, OpenError, Opened, Opening, PinFactory, Processor,
    Property, Quality, RefTime, State, Telemetry, Unit, ValueSlot, flag, samples_at,
};

const FAULT: Property = Property::choice(
    "fault",
    "Fault",
    &["none", "dropped", "late", "early", "degraded"],
    "dropped",
)
.inline();
const EVERY: Property = Property::count("every", "One frame in", 1, 1_000, 10).inline();
const LENGTH: Property = Property::number("length", "Frame", 1.0, 1_000.0, 10.0)
    .unit(Unit::Millisecond)
    .structural();
const BY: Property = Property::number("by", "Late or early by", 0.0, 100.0, 5.0)
    .unit(Unit::Millisecond)
    .structural();
const BITS: Property = Property::count("bits", "Bits when degraded", 1, 16, 8);
const PROPERTIES: &[Property] = &[FAULT, EVERY, LENGTH, BY, BITS];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).same_format_as("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::CLOCK];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "quality_injector",
    "Quality Injector",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.help(
    "Spoils one frame in so many on purpose: it is dropped, comes late or early, or loses bits. The rest passes as it \
     is, later by the time that is set. While the graph plays live it complains of them as a sink would, and filters \
     in front of it that can do with less are asked to.",
);

/// What it publishes, by place in its telemetry, as a sink would report it.
pub mod telemetry {
    /// Parts in a thousand of the frames that were of use.
    pub const PROPORTION: usize = 0;
    /// By how much the last frame that was hit came late, in milliseconds; early is less than 0.
    pub const DELTA_MILLIS: usize = 1;
    /// Frames that were hit since the run began.
    pub const HIT: usize = 2;
    /// How many there are.
    pub const COUNT: usize = 3;
}

/// What the catalogue offers and the graph negotiates with.
pub struct QualityInjector;

impl Filter for QualityInjector {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let audio = opening.audio("in");
        let samples = |property: &Property| {
            let millis = opening.settings.number(property);
            (millis * f64::from(audio.rate_hz) / 1000.0).round() as usize
        };
        let by = samples(&BY);
        let published = Telemetry::new(telemetry::COUNT);
        published.set(telemetry::PROPORTION, 1000.0);
        let playing = Playing {
            fault: opening.slot(&FAULT),
            every: opening.slot(&EVERY),
            bits: opening.slot(&BITS),
            frame: samples(&LENGTH).max(1) as u64,
            by,
            by_millis: opening.settings.number(&BY) as f32,
            rate_hz: audio.rate_hz,
            graph_rate_hz: opening.rate_hz,
            lines: vec![DelayLine::new(2 * by + 1); audio.channels as usize],
            hit: 0,
            passed: 0,
            spoiled: 0,
            worst: None,
            telemetry: published.clone(),
        };
        Ok(Opened::processor(playing)
            .telemetry(published)
            .reports_quality())
    }
}

/// What happens to a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Dropped,
    Late,
    Early,
    Degraded,
}

const FAULTS: [Fault; 5] = [
    Fault::None,
    Fault::Dropped,
    Fault::Late,
    Fault::Early,
    Fault::Degraded,
];

/// The running half; lives on the audio thread.
struct Playing {
    fault: ValueSlot,
    every: ValueSlot,
    bits: ValueSlot,
    /// Samples of a frame.
    frame: u64,
    by: usize,
    by_millis: f32,
    rate_hz: u32,
    graph_rate_hz: u32,
    lines: Vec<DelayLine>,
    hit: u32,
    /// Frames that began since it was asked last, those of them that were hit, and how late they came.
    passed: u32,
    spoiled: u32,
    worst: Option<RefTime>,
    telemetry: Telemetry,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let fault = FAULTS[(self.fault.get(io.values) as usize).min(FAULTS.len() - 1)];
        let every = (self.every.get(io.values) as u64).max(1);
        let steps = 2.0_f32.powi(self.bits.get(io.values) as i32 - 1);
        let begins = samples_at(io.position, self.rate_hz, io.rate_hz);
        let input = io.inputs.get(0);
        let output = &mut io.outputs[0];
        let len = output.len() as u64;
        let is_hit =
            |sample: u64| fault != Fault::None && (sample / self.frame) % every == every - 1;
        for (channel, line) in self.lines.iter_mut().enumerate() {
            let wave = input.wave().filter(|wave| channel < wave.channel_count());
            let samples = output.channel_mut(channel);
            match wave {
                Some(wave) => samples.copy_from_slice(wave.channel(channel)),
                None => samples.fill(0.0),
            }
            let (mut rest, mut sample) = (samples, begins);
            while !rest.is_empty() {
                // No more than a piece, and no further than this frame.
                let left = self.frame - sample % self.frame;
                let count = rest.len().min(PIECE).min(left as usize);
                let (now, later) = rest.split_at_mut(count);
                line.push_all(now);
                match fault {
                    Fault::Dropped if is_hit(sample) => now.fill(0.0),
                    Fault::Late if is_hit(sample) => line.read(2 * self.by + count, now),
                    Fault::Early if is_hit(sample) => line.read(count, now),
                    _ => line.read(self.by + count, now),
                }
                if fault == Fault::Degraded && is_hit(sample) {
                    now.iter_mut()
                        .for_each(|it| *it = (*it * steps).round() / steps);
                }
                (rest, sample) = (later, sample + count as u64);
            }
        }
        // Frames that are hit and begin in this cycle.
        let first = begins.div_ceil(self.frame);
        let last = (begins + len).div_ceil(self.frame);
        let began = (first..last)
            .filter(|frame| is_hit(frame * self.frame))
            .count() as u32;
        if began > 0 {
            self.hit += began;
            self.telemetry.set(telemetry::HIT, self.hit as f32);
            if fault == Fault::Dropped {
                output.header.flags |= flag::DATADISCONTINUITY;
            }
        }
        let of_use = match fault {
            Fault::None | Fault::Early => 1000.0,
            _ => 1000.0 - 1000.0 / every as f32,
        };
        let delta = match fault {
            Fault::Late => self.by_millis,
            Fault::Early => -self.by_millis,
            _ => 0.0,
        };
        self.telemetry.set(telemetry::PROPORTION, of_use);
        self.telemetry.set(telemetry::DELTA_MILLIS, delta);
        self.passed += (last - first) as u32;
        if began > 0 {
            // What comes early can be kept.
            self.spoiled += if fault == Fault::Early { 0 } else { began };
            self.worst = Some((f64::from(delta) * 10_000.0) as RefTime);
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.lines.iter_mut().for_each(DelayLine::reset);
            self.hit = 0;
            let _ = self.quality();
            self.telemetry.set(telemetry::HIT, 0.0);
        }
    }

    fn quality(&mut self) -> Option<Quality> {
        let passed = std::mem::take(&mut self.passed);
        let spoiled = std::mem::take(&mut self.spoiled);
        let delta = self.worst.take();
        if passed == 0 {
            return None;
        }
        let of_use = (passed - spoiled.min(passed)) * u32::from(ALL_OF_USE) / passed;
        Some(Quality {
            proportion: of_use as u16,
            delta: delta.unwrap_or(0),
        })
    }

    fn latency_samples(&self) -> usize {
        samples_at(self.by as u64, self.graph_rate_hz, self.rate_hz) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::rig::Rig;

    /// Frames of 48 samples, one in four hit, 24 samples late.
    fn heard(fault: f64, lens: &[usize]) -> Vec<f32> {
        let names = ["none", "dropped", "late", "early", "degraded"];
        let mut values = std::collections::BTreeMap::new();
        let name = crate::ks::Value::Text(names[fault as usize].to_owned());
        values.insert("fault".to_owned(), name);
        for (key, value) in [("every", 4.0), ("length", 1.0), ("by", 0.5), ("bits", 3.0)] {
            values.insert(key.to_owned(), crate::ks::Value::Number(value));
        }
        let mut rig = Rig::open_with(&QualityInjector, values, &Default::default(), None);
        let (mut at, mut heard) = (0, vec![]);
        for len in lens {
            let sound: Vec<f32> = (at..at + len).map(|n| (n + 1) as f32 / 1024.0).collect();
            at += len;
            heard.extend(rig.feed(&sound).channels[1].clone());
        }
        heard
    }

    #[test]
    fn one_frame_in_so_many_is_hit_and_the_rest_passes_bit_for_bit_for_any_cutting() {
        let plain = |n: usize| (n + 1 - 24) as f32 / 1024.0;
        for fault in 0..5 {
            let all = heard(f64::from(fault), &[480]);
            for (n, sample) in all.iter().enumerate().skip(48) {
                let is_hit = fault != 0 && n / 48 % 4 == 3;
                let expected = match fault {
                    1 if is_hit => 0.0,
                    2 if is_hit => plain(n - 24),
                    3 if is_hit => plain(n + 24),
                    4 if is_hit => (plain(n) * 4.0).round() / 4.0,
                    _ => plain(n),
                };
                assert_eq!(*sample, expected, "fault {fault}, sample {n}");
            }
            assert_eq!(
                all,
                heard(f64::from(fault), &[7, 41, 1, 200, 231]),
                "fault {fault}"
            );
        }
    }
}
