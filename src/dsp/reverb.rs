//! The echoes of a room: sixteen delays that feed each other, so that what goes in comes back ever denser and dies away.
//!
//! ```text
//!                ┌──────────────── mix (Hadamard, loses nothing) ◀─────────────┐
//!                ▼                                                             │
//!   sound ─▶ diffuse ─▶ (+) ─▶ delay 1 .. 16 ─▶ damp, one gain for each ───────┴─▶ ± sum ─▶ echoes
//! ```
//!
//! *Why it dies away as it should:* the mix keeps the power, so each sample that goes through a delay of `d` seconds may
//! lose what a room loses in `d` seconds: 60 dB x d / RT60. The gain of each delay says so for low tones; a one-pole behind
//! it, made of the same rule with a shorter time, says so for the highest.
//!
//! *Why it is not louder when it is longer:* what a lossless loop of gain g piles up of a steady sound is g²/(1 - g²) in
//! power; the echoes are scaled by that.

use super::Ramp;
use super::delay::{DelayLine, Mover, Place, settled};

const LINES: usize = 16;
/// The delays of the largest room in milliseconds: spread so that few of their sums meet.
const MILLIS: [f64; LINES] = [
    31.3, 34.7, 37.9, 41.1, 43.9, 47.3, 51.7, 55.1, 59.3, 63.7, 67.9, 73.1, 78.7, 84.1, 90.7, 97.3,
];
/// What smears the sound before it goes in.
const DIFFUSERS: [f64; 4] = [1.7, 2.9, 4.3, 6.1];
const DIFFUSION: f32 = 0.6;
/// How much sooner the highest tones are gone when all damping is on.
const MOST_DAMPING: f64 = 0.9;
const GLIDE_SECONDS: f64 = 0.05;

/// What a room is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoomShape {
    /// How large, 0 to 1 being the largest.
    pub size: f64,
    /// Seconds until it is 60 dB softer.
    pub decay_seconds: f64,
    /// How much sooner the highest tones are gone: 0 as late as the others, 1 in a tenth of the time.
    pub damping: f64,
}

/// A delay of the loop.
struct Line {
    millis: f64,
    place: Mover,
    length: usize,
    gain: Ramp,
    /// How much of the last sample is in this one.
    dullness: Ramp,
}

/// What all delays hold, side by side: what goes in at one time stands together.
struct Past {
    samples: Box<[[f32; LINES]]>,
    /// Where the next ones go.
    write: usize,
    /// How many were taken since the reset, as far as they are kept: forgetting is free.
    filled: usize,
}

impl Past {
    /// It can be read up to `longest` samples back.
    fn new(longest: usize) -> Self {
        Self {
            samples: vec![[0.0; LINES]; (longest + 1).next_power_of_two()].into(),
            write: 0,
            filled: 0,
        }
    }

    #[inline(always)]
    fn push(&mut self, mut samples: [f32; LINES]) {
        samples
            .iter_mut()
            .for_each(|sample| *sample = settled(*sample));
        self.samples[self.write] = samples;
        self.write = (self.write + 1) & (self.samples.len() - 1);
        self.filled = (self.filled + 1).min(self.samples.len());
    }

    /// What went into a line so many samples ago.
    #[inline(always)]
    fn tap(&self, line: usize, delay: usize) -> f32 {
        if delay == 0 || delay > self.filled {
            return 0.0;
        }
        self.samples[self.write.wrapping_sub(delay) & (self.samples.len() - 1)][line]
    }

    fn at(&self, line: usize, place: Place) -> f32 {
        let to = self.tap(line, place.to);
        if place.share == 1.0 {
            return to;
        }
        let from = self.tap(line, place.from);
        from + (to - from) * place.share
    }

    fn reset(&mut self) {
        (self.write, self.filled) = (0, 0);
    }
}

/// What is the same from sample to sample while nothing glides.
#[derive(Clone, Copy)]
struct Rest {
    lengths: [usize; LINES],
    gains: [f32; LINES],
    dullness: [f32; LINES],
    loudness: f32,
}

/// Delays in a row that let every tone through equally loud, at another time.
struct Diffuser {
    steps: [(DelayLine, usize); DIFFUSERS.len()],
}

impl Diffuser {
    fn new(rate_hz: f64) -> Self {
        Self {
            steps: DIFFUSERS.map(|millis| {
                let length = ((millis * rate_hz / 1000.0).round() as usize).max(1);
                (DelayLine::new(length), length)
            }),
        }
    }

    fn step(&mut self, sound: f32) -> f32 {
        self.steps.iter_mut().fold(sound, |sound, (past, length)| {
            let late = past.tap(*length);
            let fed = settled(sound + late * DIFFUSION);
            past.push(fed);
            late - fed * DIFFUSION
        })
    }
}

/// One channel, as a source and as a listener.
struct Ear {
    diffuser: Diffuser,
    gives: [f32; LINES],
    takes: [f32; LINES],
}

/// A room with as many sources and listeners as a sound has channels.
pub struct Room {
    rate_hz: f64,
    shape: Option<RoomShape>,
    lines: Box<[Line]>,
    past: Past,
    /// What each delay gave last.
    dull: [f32; LINES],
    ears: Box<[Ear]>,
    rest: Option<Rest>,
    /// Makes the echoes as loud as the sound.
    loudness: Ramp,
}

/// For each delay, whether a channel goes into it, or is heard from it, turned over. Two channels agree on one half of the
/// delays and not on the other, so what they hear has little in common; those far apart agree by chance.
fn signs(channel: usize, row: usize) -> [f32; LINES] {
    let row = (channel * 5 + row) % LINES;
    let turned = ((channel / LINES) as u32).wrapping_mul(0x9E37_79B9) >> 16;
    std::array::from_fn(|line| {
        let flips = (row & line).count_ones() + (turned >> line & 1);
        if flips.is_multiple_of(2) { 1.0 } else { -1.0 }
    })
}

/// Mixes all with all; the power stays.
#[inline(always)]
fn mix(values: &mut [f32; LINES]) {
    fold::<1>(values);
    fold::<2>(values);
    fold::<4>(values);
    fold::<8>(values);
    // The square root of how many there are.
    values.iter_mut().for_each(|value| *value *= 0.25);
}

/// Each value and the one so many behind it become their sum and their difference.
#[inline(always)]
fn fold<const HALF: usize>(values: &mut [f32; LINES]) {
    let before = *values;
    for (at, value) in values.iter_mut().enumerate() {
        let (one, other) = (before[at & !HALF], before[at | HALF]);
        *value = if at & HALF == 0 {
            one + other
        } else {
            one - other
        };
    }
}

impl Room {
    /// A silent room.
    #[must_use]
    pub fn new(rate_hz: f64, channels: usize) -> Self {
        let glide = (rate_hz * GLIDE_SECONDS).max(1.0) as u32;
        let line = |millis: f64| Line {
            millis,
            place: Mover::new(1, glide),
            length: 1,
            gain: Ramp::new(0.0, glide),
            dullness: Ramp::new(0.0, glide),
        };
        let ear = |channel| Ear {
            diffuser: Diffuser::new(rate_hz),
            gives: signs(channel, 3),
            takes: signs(channel, 6),
        };
        Self {
            rate_hz,
            shape: None,
            lines: MILLIS.into_iter().map(line).collect(),
            past: Past::new((MILLIS[LINES - 1] * rate_hz / 1000.0) as usize + 2),
            dull: [0.0; LINES],
            rest: None,
            ears: (0..channels).map(ear).collect(),
            loudness: Ramp::new(0.0, glide),
        }
    }

    /// Goes over to another shape, softly.
    pub fn set(&mut self, shape: RoomShape) {
        if self.shape == Some(shape) {
            return;
        }
        self.shape = Some(shape);
        self.rest = None;
        let decay = shape.decay_seconds.max(0.01);
        let shorter = 1.0 - shape.damping.clamp(0.0, 1.0) * MOST_DAMPING;
        let mut power = 0.0;
        for line in &mut self.lines {
            let length = line.millis * shape.size.clamp(0.01, 1.0) * self.rate_hz / 1000.0;
            line.length = (length.round() as usize).max(1);
            let seconds = line.length as f64 / self.rate_hz;
            let left = |decay: f64| 10.0_f64.powf(-3.0 * seconds / decay);
            let low = left(decay);
            let ratio = left(decay * shorter) / low;
            line.gain.set(low as f32);
            line.dullness.set(((1.0 - ratio) / (1.0 + ratio)) as f32);
            power += low * low / LINES as f64;
        }
        let channels = self.ears.len().max(1) as f64;
        let loudness = ((1.0 - power) / power.max(1e-12) / channels).sqrt();
        self.loudness.set(loudness as f32);
    }

    /// Forgets every echo, and is of this shape at once.
    pub fn reset(&mut self, shape: RoomShape) {
        self.shape = None;
        self.set(shape);
        self.past.reset();
        self.dull = [0.0; LINES];
        for line in &mut self.lines {
            line.place.jump(line.length);
            line.gain.jump(line.gain.target());
            line.dullness.jump(line.dullness.target());
        }
        self.loudness.jump(self.loudness.target());
        for ear in &mut self.ears {
            let steps = ear.diffuser.steps.iter_mut();
            steps.for_each(|(past, _)| past.reset());
        }
    }

    /// What is the same from here on, if nothing glides.
    fn rests(&self) -> Option<Rest> {
        let mut rest = Rest {
            lengths: [0; LINES],
            gains: [0.0; LINES],
            dullness: [0.0; LINES],
            loudness: self.loudness.target(),
        };
        for (number, line) in self.lines.iter().enumerate() {
            let stands = line.place.rests_at(line.length);
            if !stands || !line.gain.is_still() || !line.dullness.is_still() {
                return None;
            }
            rest.lengths[number] = line.length;
            rest.gains[number] = line.gain.target();
            rest.dullness[number] = line.dullness.target();
        }
        self.loudness.is_still().then_some(rest)
    }

    /// Turns one sample of each channel into its echo.
    #[inline(always)]
    pub fn step(&mut self, sound: &mut [f32]) {
        let mut heard = [0.0; LINES];
        let loudness = match self.rest {
            Some(rest) => {
                for (number, heard) in heard.iter_mut().enumerate() {
                    *heard = self.past.tap(number, rest.lengths[number]);
                }
                for (number, heard) in heard.iter_mut().enumerate() {
                    let echo = *heard * rest.gains[number];
                    *heard = settled(echo + (self.dull[number] - echo) * rest.dullness[number]);
                }
                rest.loudness
            }
            None => self.glide(&mut heard),
        };
        self.dull = heard;
        let mut fed = heard;
        mix(&mut fed);
        for (sample, ear) in sound.iter_mut().zip(&mut self.ears) {
            let source = ear.diffuser.step(*sample) * 0.25;
            let mut sum = 0.0;
            let ways = ear.gives.iter().zip(&ear.takes);
            for ((fed, heard), (gives, takes)) in fed.iter_mut().zip(&heard).zip(ways) {
                *fed += source * gives;
                sum += heard * takes;
            }
            *sample = sum * loudness;
        }
        self.past.push(fed);
    }

    /// What the delays give while something glides, and how loud it is.
    fn glide(&mut self, heard: &mut [f32; LINES]) -> f32 {
        for (number, (heard, line)) in heard.iter_mut().zip(&mut self.lines).enumerate() {
            let place = line.place.step(line.length);
            let echo = self.past.at(number, place) * line.gain.step();
            *heard = settled(echo + (self.dull[number] - echo) * line.dullness.step());
        }
        let loudness = self.loudness.step();
        self.rest = self.rests();
        loudness
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_keeps_the_power_and_mixes_all_with_all() {
        let mut values = [0.0; LINES];
        values[5] = 1.0;
        mix(&mut values);
        assert!(values.iter().all(|value| value.abs() == 0.25));
        mix(&mut values);
        assert!((values[5] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn channels_have_signs_of_their_own() {
        for row in [3, 6] {
            for one in 0..LINES {
                for other in 0..one {
                    assert_ne!(signs(one, row), signs(other + LINES, row));
                    let (one, other) = (signs(one, row), signs(other, row));
                    let common: f32 = one.iter().zip(&other).map(|(a, b)| a * b).sum();
                    assert_eq!(common, 0.0);
                }
            }
        }
    }

    #[test]
    fn wide_registers_give_the_bits_of_narrow_ones_at_rest_and_on_the_way() {
        let shape = RoomShape {
            size: 0.5,
            decay_seconds: 2.0,
            damping: 0.4,
        };
        let longer = RoomShape {
            decay_seconds: 5.0,
            size: 0.7,
            ..shape
        };
        let run = |is_wide: bool| {
            let mut room = Room::new(48_000.0, 2);
            room.reset(shape);
            let mut random = crate::dsp::Random::new(5);
            let mut heard = vec![];
            for piece in 0..100 {
                room.set(if piece < 40 { shape } else { longer });
                let mut work = || {
                    for _ in 0..100 {
                        let mut sound = [random.next_signed(), random.next_signed()];
                        room.step(&mut sound);
                        heard.extend(sound.map(f32::to_bits));
                    }
                };
                if is_wide {
                    crate::dsp::wide::wide(work);
                } else {
                    work();
                }
            }
            heard
        };
        let (one, other) = (run(true), run(false));
        assert!(one == other);
        assert!(f32::from_bits(one[one.len() - 1]).abs() > 1e-6);
    }

    #[test]
    fn a_diffuser_keeps_the_power() {
        let mut diffuser = Diffuser::new(48_000.0);
        let mut power = 0.0;
        for at in 0..20_000 {
            let heard = diffuser.step(if at == 0 { 1.0 } else { 0.0 });
            power += heard * heard;
        }
        assert!((power - 1.0).abs() < 1e-4, "{power}");
    }
}
