//! Clock Slave: follows the clock on its wire, known by the times of its ticks alone, and plays sound at its speed.
//!
//! clock, in (float) -> out (float), in place. A line is laid through the ticks, as for a second card; drift, lead and
//! lock stand in telemetry. Sound leaves `HOLD_MILLIS` late, which is the latency, and is read a little faster or slower
//! by the drift. What that moves the place of reading is given back by a soft step once it is half of what is held,
//! since a graph counts as many samples out as in. The speed changes at the ticks' own samples, so the same sound
//! comes at any quantum. Without a clock, or before it is known, every bit passes.

use std::ops::Range;

use crate::dsp::PIECE;
use crate::dsp::tracking::Line;
use crate::dsp::wander::{Joints, Wander};
use crate::dsp::wide::wide;
use crate::dsp::{DelayLine, Ramp};
use crate::ks::ids::{Guid, category};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, OpenError, Opened, Opening, PinFactory, Processor,
    REF_TIMES_PER_SECOND, Settings, State, Strategy, Telemetry, sample_from_time, samples_at,
};

const CLOCK: usize = 0;
const PINS: &[PinFactory] = &[
    PinFactory::input("clock", DataRange::CLOCK).instances(0, 1),
    PinFactory::input("in", DataRange::FLOAT).instances(0, 1),
    PinFactory::output("out", DataRange::FLOAT)
        .in_place_of("in")
        .instances(0, 1),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::CLOCK];
static DESCRIPTOR: Descriptor = Descriptor::new("clock_slave", "Clock Slave", CATEGORIES, PINS, &[]).merit(merit::DO_NOT_USE)
    .degrades(
        Strategy::Quality,
        [
            "straight lines between samples",
            "straight lines between samples",
            "straight lines between samples",
        ],
    )
    .help(
        "Follows the clock on its wire: finds out by how much it drifts from the graph's, and plays the sound that passes at \
         its speed, 20 ms later.",
    );

/// What is held of the sound, in milliseconds: as far as it may be read early or late.
const HOLD_MILLIS: u32 = 20;
/// How long a step back to the middle takes.
const STEP_MILLIS: u32 = 10;

/// What it publishes, by place in its telemetry.
pub mod telemetry {
    /// How much faster the clock on the wire goes, in parts of a million.
    pub const DRIFT_PPM: usize = 0;
    /// By how many milliseconds it is ahead of the graph's.
    pub const LEAD_MILLIS: usize = 1;
    /// 1 once enough ticks came to rely on both.
    pub const LOCKED: usize = 2;
    /// Ticks that came since the run began.
    pub const TICKS: usize = 3;
    /// By how many milliseconds sound is read later than in the middle of what is held.
    pub const BEHIND_MILLIS: usize = 4;
    /// How often it was stepped back to the middle.
    pub const STEPS: usize = 5;
    /// How many there are.
    pub const COUNT: usize = 6;
}

/// What the catalogue offers and the graph negotiates with.
pub struct ClockSlave;

impl Filter for ClockSlave {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let published = Telemetry::new(telemetry::COUNT);
        let sound = opening.pins.iter().find_map(|pin| {
            let is_in = pin.factory == CLOCK + 1;
            pin.format.as_ref().filter(|_| is_in)?.audio
        });
        let rate_hz = sound.map_or(opening.rate_hz, |audio| audio.rate_hz);
        let hold = rate_hz * HOLD_MILLIS / 1000;
        let slave = Following {
            line: Line::new(1.0),
            telemetry: published.clone(),
            ticks: 0.0,
            sound: sound.map(|audio| Sound {
                past: vec![DelayLine::new(hold as usize * 2); audio.channels as usize].into(),
                rate_hz,
                hold: f64::from(hold),
                at: f64::from(hold),
                from: f64::from(hold),
                way: Ramp::new(1.0, rate_hz * STEP_MILLIS / 1000),
                straight: Ramp::new(0.0, rate_hz * STEP_MILLIS / 1000),
                speed: 1.0,
                steps: 0.0,
            }),
            latency_samples: sound.map_or(0, |_| opening.rate_hz * HOLD_MILLIS / 1000) as usize,
        };
        Ok(Opened::processor(slave).telemetry(published))
    }

    fn tail_seconds(&self, _: &Settings<'_>, _: u32) -> f64 {
        f64::from(HOLD_MILLIS) / 1000.0
    }
}

/// The sound that passes.
struct Sound {
    past: Box<[DelayLine]>,
    rate_hz: u32,
    /// What is held, and how far back is read now: a little less or more.
    hold: f64,
    at: f64,
    /// Where was read before the last step, and how far the way from there is gone.
    from: f64,
    way: Ramp,
    /// From 0, a cubic between samples, to 1, a line.
    straight: Ramp,
    /// Of the other clock against the graph's.
    speed: f64,
    steps: f32,
}

impl Sound {
    /// Plays samples `begin..end` of a cycle.
    fn play(&mut self, wave: &mut crate::ks::Wave, begin: usize, end: usize) {
        for begin in (begin..end).step_by(PIECE) {
            let piece = begin..end.min(begin + PIECE);
            let furthest = (self.at - self.hold).abs() + PIECE as f64 * (1.0 - self.speed).abs();
            if self.way.is_still() && furthest < self.hold / 2.0 {
                self.follow(wave, piece);
            } else {
                self.step(wave, piece);
            }
        }
    }

    /// Where no step is near: at most [`PIECE`] samples at once.
    fn follow(&mut self, wave: &mut crate::ks::Wave, piece: Range<usize>) {
        let mut delays = [0.0; PIECE];
        for delay in &mut delays[..piece.len()] {
            self.at += 1.0 - self.speed;
            self.from += 1.0 - self.speed;
            *delay = self.at + 1.0;
        }
        let mut places = Wander::new();
        wide(
            #[inline(always)]
            || {
                places.set(
                    piece.len(),
                    #[inline(always)]
                    |at| delays[at],
                );
            },
        );
        let mut straight = [0.0; PIECE];
        let joints = Joints::next(&mut self.straight, piece.len(), &mut straight);
        for (channel, past) in wave.channels_mut().zip(&mut self.past) {
            let samples = &mut channel[piece.clone()];
            past.push_all(samples);
            places.read(past, &joints, samples);
        }
    }

    /// Sample by sample.
    fn step(&mut self, wave: &mut crate::ks::Wave, piece: Range<usize>) {
        for place in piece {
            self.at += 1.0 - self.speed;
            self.from += 1.0 - self.speed;
            if self.way.is_still() && (self.at - self.hold).abs() > self.hold / 2.0 {
                (self.from, self.at) = (self.at, self.hold);
                self.way.jump(0.0);
                self.way.set(1.0);
                self.steps += 1.0;
            }
            let (share, straight) = (self.way.step(), self.straight.step());
            for (channel, past) in wave.channels_mut().zip(&mut self.past) {
                past.push(channel[place]);
                let sample = past.joined(self.at + 1.0, straight);
                channel[place] = match share {
                    1.0 => sample,
                    share => {
                        let from = past.joined(self.from + 1.0, straight);
                        from + (sample - from) * share
                    }
                };
            }
        }
    }

    fn reset(&mut self) {
        self.past.iter_mut().for_each(DelayLine::reset);
        (self.at, self.from, self.speed, self.steps) = (self.hold, self.hold, 1.0, 0.0);
        self.way.jump(1.0);
    }
}

/// The running half; lives on the audio thread.
struct Following {
    /// The other clock's seconds against the graph's.
    line: Line,
    telemetry: Telemetry,
    ticks: f32,
    sound: Option<Sound>,
    latency_samples: usize,
}

impl Processor for Following {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let second = REF_TIMES_PER_SECOND as f64;
        let clock = io.inputs.iter().find(|it| it.factory == CLOCK);
        let clock = clock.filter(|it| it.is_connected());
        let ticks = clock.as_ref().map_or(&[][..], |it| it.events());
        let mut wave = io.outputs.first_mut().and_then(|it| it.payload.wave_mut());
        let mut done = 0;
        let mut lead = None;
        for event in ticks {
            let Ok(own) = <[u8; 8]>::try_from(event.bytes()) else {
                continue;
            };
            if let (Some(wave), Some(sound)) = (&mut wave, &mut self.sound) {
                let first = samples_at(io.position, sound.rate_hz, io.rate_hz);
                let at = sample_from_time(event.time, sound.rate_hz).saturating_sub(first);
                let at = (at as usize).clamp(done, wave.len());
                sound.play(wave, done, at);
                done = at;
            }
            let own = i64::from_le_bytes(own);
            self.line
                .read(event.time as f64 / second, own as f64 / second);
            lead = Some((own - event.time) as f64 / 10_000.0);
            self.ticks += 1.0;
            if let Some(sound) = self.sound.as_mut().filter(|_| self.line.is_reliable()) {
                sound.speed = self.line.speed();
            }
        }
        if let (Some(wave), Some(sound)) = (&mut wave, &mut self.sound) {
            sound.play(wave, done, wave.len());
            let behind = (sound.at - sound.hold) * 1000.0 / f64::from(sound.rate_hz.max(1));
            self.telemetry.set(telemetry::BEHIND_MILLIS, behind as f32);
            self.telemetry.set(telemetry::STEPS, sound.steps);
        }
        if let Some(lead) = lead {
            let ppm = (self.line.speed() - 1.0) * 1e6;
            self.telemetry.set(telemetry::DRIFT_PPM, ppm as f32);
            self.telemetry.set(telemetry::LEAD_MILLIS, lead as f32);
            let is_locked = f32::from(u8::from(self.line.is_reliable()));
            self.telemetry.set(telemetry::LOCKED, is_locked);
            self.telemetry.set(telemetry::TICKS, self.ticks);
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.line = Line::new(1.0);
            self.ticks = 0.0;
            if let Some(sound) = &mut self.sound {
                sound.reset();
            }
            (0..telemetry::COUNT).for_each(|cell| self.telemetry.set(cell, 0.0));
        }
    }

    fn latency_samples(&self) -> usize {
        self.latency_samples
    }

    fn degrade(&mut self, level: u8) {
        if let Some(sound) = &mut self.sound {
            sound.straight.set(f32::from(u8::from(level > 0)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::rig::Rig;
    use crate::ks::{KernelEvent, time_from_sample};

    /// A tone through it while ticks come from a clock that is so much faster, cut as told; and what it published.
    fn heard(ppm: Option<f64>, seconds: usize, cuts: &[usize]) -> (Vec<f32>, Telemetry) {
        heard_at(0, ppm, seconds, cuts)
    }

    /// The same, asked for a level of quality.
    fn heard_at(
        level: u8,
        ppm: Option<f64>,
        seconds: usize,
        cuts: &[usize],
    ) -> (Vec<f32>, Telemetry) {
        let mut rig = Rig::open(&ClockSlave, &[]);
        rig.processor().degrade(level);
        if ppm.is_none() {
            rig.unplug(0);
        }
        let (mut heard, mut position) = (vec![], 0);
        for len in cuts.iter().cycle() {
            let ticks = (position..position + len).filter(|sample| sample % 480 == 0);
            let events: Vec<KernelEvent> = ticks
                .map(|sample| {
                    let own = sample as f64 / 48_000.0 * (1.0 + ppm.unwrap_or(0.0) * 1e-6);
                    let own = (own * 1e7).round() as i64;
                    let time = time_from_sample(sample as u64, 48_000);
                    KernelEvent::new(time, &own.to_le_bytes()).unwrap()
                })
                .collect();
            let sound: Vec<f32> = (position..position + len).map(tone).collect();
            let out = rig.cycle(*len, &[sound.clone(), sound], &events);
            heard.extend_from_slice(&out.channels[0]);
            position += len;
            if position >= seconds * 48_000 {
                break;
            }
        }
        (heard, rig.telemetry().unwrap().clone())
    }

    fn tone(sample: usize) -> f32 {
        let turn = sample as f64 * 1_000.0 / 48_000.0;
        (turn * std::f64::consts::TAU).sin() as f32 * 0.5
    }

    /// How far a tone of 1 kHz has come in the tenth of a second behind `at`, in turns.
    fn phase(sound: &[f32], at: usize) -> f64 {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (sample, value) in sound.iter().enumerate().skip(at).take(4_800) {
            let angle = sample as f64 * std::f64::consts::TAU / 48.0;
            real += f64::from(*value) * angle.cos();
            imaginary += f64::from(*value) * angle.sin();
        }
        real.atan2(imaginary) / std::f64::consts::TAU
    }

    #[test]
    fn sound_goes_at_the_speed_of_the_clock_on_the_wire() {
        for ppm in [150.0, -250.0] {
            let (sound, cells) = heard(Some(ppm), 5, &[480]);
            let turns = phase(&sound, 4 * 48_000) - phase(&sound, 2 * 48_000);
            let wanted = 2_000.0 * ppm * 1e-6;
            let off = turns - wanted;
            assert!((off - off.round()).abs() < 0.02, "{ppm}: {turns}");
            assert!((f64::from(cells.get(telemetry::DRIFT_PPM)) - ppm).abs() < 3.0);
            assert_eq!(cells.get(telemetry::LOCKED), 1.0);
            assert_eq!(cells.get(telemetry::TICKS), 500.0);
            let behind = cells.get(telemetry::BEHIND_MILLIS);
            // Less what went by until the clock was known.
            let most = -5.0 * ppm * 1e-3;
            let share = f64::from(behind) / most;
            assert!((0.7..=1.0).contains(&share), "{behind} of {most}");
        }
    }

    #[test]
    fn the_same_sound_comes_however_it_is_cut() {
        let (whole, _) = heard(Some(300.0), 2, &[1_000]);
        for cuts in [&[1_usize][..], &[7, 64, 999, 3], &[480]] {
            let (sound, _) = heard(Some(300.0), 2, cuts);
            let len = whole.len().min(sound.len());
            assert!(sound[..len] == whole[..len], "cut by {cuts:?}");
        }
    }

    #[test]
    fn under_load_it_draws_straight_lines_between_samples() {
        let (curved, _) = heard(Some(300.0), 2, &[480]);
        let (straight, _) = heard_at(3, Some(300.0), 2, &[480]);
        let off = curved.iter().zip(&straight).map(|(a, b)| (a - b).abs());
        let off = off.fold(0.0, f32::max);
        // A chord of the tone lies 0.001 below its arc at most.
        assert!((1e-4..2e-3).contains(&off), "{off}");
    }

    #[test]
    fn every_bit_passes_without_a_clock_and_beside_one_that_does_not_drift() {
        for ppm in [None, Some(0.0)] {
            let (sound, cells) = heard(ppm, 2, &[1_000]);
            assert!(sound[..960].iter().all(|sample| *sample == 0.0));
            let off = (960..sound.len()).find(|at| (sound[*at] - tone(at - 960)).abs() > 1e-5);
            assert_eq!(off, None, "{ppm:?}");
            if ppm.is_none() {
                assert!((960..sound.len()).all(|at| sound[at] == tone(at - 960)));
                assert_eq!(cells.get(telemetry::TICKS), 0.0);
            }
        }
    }

    #[test]
    fn what_is_held_never_runs_out_and_the_step_back_makes_no_click() {
        let (sound, cells) = heard(Some(900.0), 25, &[1_000]);
        assert_eq!(
            cells.get(telemetry::STEPS),
            2.0,
            "each half of what is held"
        );
        let most = sound.windows(2).map(|it| (it[1] - it[0]).abs());
        let most = most.fold(0.0, f32::max);
        assert!(most < 0.07, "{most}: the tone itself goes by 0.066 at most");
    }
}
