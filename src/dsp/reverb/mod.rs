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

mod diffusing;
mod echoing;

use super::delay::{DelayLine, Mover, flushed, settled};
use super::eight::{Eights, widest};
use super::ramp::Parts;
use super::{PIECE, Ramp};
use diffusing::Diffusing;
use echoing::Echoing;

const LINES: usize = 16;
/// The delays of the largest room in milliseconds: spread so that few of their sums meet.
const MILLIS: [f64; LINES] = [
    31.3, 34.7, 37.9, 41.1, 43.9, 47.3, 51.7, 55.1, 59.3, 63.7, 67.9, 73.1, 78.7, 84.1, 90.7, 97.3,
];
/// The most samples that are done at once: none of them hears another.
const BLOCK: usize = PIECE;
/// Fewer than that are quicker one by one.
const FEWEST: usize = 8;
/// What smears the sound before it goes in.
const DIFFUSERS: [f64; 4] = [1.7, 2.9, 4.3, 6.1];
const DIFFUSION: f32 = 0.6;
/// How much sooner the highest tones are gone when all damping is on.
const MOST_DAMPING: f64 = 0.9;
/// More than that would hardly let go of what was heard once.
const MOST_DULLNESS: f64 = 0.9999;
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
    past: DelayLine,
    /// What it gives and takes where that is not done in its past.
    given: [f32; BLOCK],
    fed: [f32; BLOCK],
    /// It was done there.
    turns: bool,
    millis: f64,
    place: Mover,
    length: usize,
    gain: Ramp,
    /// How much of the last sample is in this one.
    dullness: Ramp,
}

impl Line {
    /// What it gives now, and where it takes what it is fed with.
    #[inline(always)]
    fn open(&mut self, count: usize) -> (&[f32; BLOCK], &mut [f32; BLOCK]) {
        self.turns = self.past.can_turn(self.length);
        if !self.turns {
            self.past.read(self.length, &mut self.given[..count]);
            return (&self.given, &mut self.fed);
        }
        let both = self.past.turn(self.length);
        both.unwrap_or((&self.given, &mut self.fed))
    }

    #[inline(always)]
    fn close(&mut self, count: usize) {
        match self.turns {
            true => self.past.taken(count),
            false => self.past.keep(&self.fed[..count]),
        }
    }
}

/// What is the same from sample to sample while nothing glides.
#[derive(Clone, Copy)]
struct Rest {
    fresh: [f32; LINES],
    dullness: [f32; LINES],
    loudness: f32,
    /// How many samples can be done at once: no more than the shortest delay has.
    block: usize,
}

/// What glides, sample by sample, while every delay stands.
struct Course {
    fresh: [[f32; BLOCK]; LINES],
    dullness: [[f32; BLOCK]; LINES],
    loudness: [f32; BLOCK],
}

/// What a delay of this gain gives of each sample, if so much of the one before is in it. The mix makes all of them larger
/// by the square root of how many there are, twice, which is made good here. Never so small that a product vanishes.
fn fresh(gain: f32, dullness: f32) -> f32 {
    (gain * (1.0 - dullness) * 0.25).max(1e-7)
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
        let sound = settled(sound);
        self.steps.iter_mut().fold(sound, |sound, (past, length)| {
            let late = past.tap(*length);
            let fed = flushed(sound + late * DIFFUSION);
            past.keep_one(fed);
            late - fed * DIFFUSION
        })
    }

    fn shortest(&self) -> usize {
        self.steps.iter().map(|it| it.1).min().unwrap_or(1)
    }
}

/// One channel, as a source and as a listener.
struct Ear {
    diffuser: Diffuser,
    seat: Seat,
}

/// How a channel goes into the delays and hears them: each of them as it is or turned over. Two channels agree on one half of the
/// delays and not on the other, so what they hear has little in common; those far apart agree by chance.
enum Seat {
    /// By rows of the mix, which has their sums already.
    Near {
        gives: usize,
        takes: usize,
        /// Of one half of the delays, before that is mixed with the other.
        signs: [f32; LINES / 2],
    },
    Far {
        gives: [f32; LINES],
        takes: [f32; LINES],
    },
}

impl Seat {
    fn of(channel: usize) -> Self {
        let (gives, takes) = ((channel * 5 + 3) % LINES, (channel * 5 + 6) % LINES);
        // Nothing is turned by chance there.
        if channel < LINES {
            return Self::Near {
                gives,
                takes,
                signs: std::array::from_fn(|line| sign((gives % 8) & line)),
            };
        }
        let turned = ((channel / LINES) as u32).wrapping_mul(0x9E37_79B9) >> 16;
        let turned = |line| sign((turned as usize >> line) & 1);
        Self::Far {
            gives: std::array::from_fn(|line| sign(gives & line) * turned(line)),
            takes: std::array::from_fn(|line| sign(takes & line) * turned(line)),
        }
    }
}

/// The sign of a place in a row of the mix.
fn sign(bits: usize) -> f32 {
    match bits.count_ones() % 2 {
        0 => 1.0,
        _ => -1.0,
    }
}

/// A room with as many sources and listeners as a sound has channels.
pub struct Room {
    rate_hz: f64,
    shape: Option<RoomShape>,
    lines: Box<[Line; LINES]>,
    /// What each delay gave last.
    dull: [f32; LINES],
    ears: Box<[Ear]>,
    rest: Option<Rest>,
    course: Box<Course>,
    /// What each channel sounds like, diffused.
    sources: Box<[[f32; BLOCK]]>,
    mixed: Box<[Eights; LINES]>,
    /// Makes the echoes as loud as the sound.
    loudness: Ramp,
}

/// Mixes all of each half with all.
#[inline(always)]
fn mix(values: &mut [f32; LINES]) {
    fold::<1>(values);
    fold::<2>(values);
    fold::<4>(values);
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
        let line = |number: usize, millis: f64| Line {
            past: DelayLine::new((millis * rate_hz / 1000.0) as usize + 2)
                .beginning_at(number * BLOCK),
            given: [0.0; BLOCK],
            fed: [0.0; BLOCK],
            turns: false,
            millis,
            place: Mover::new(1, glide),
            length: 1,
            gain: Ramp::new(0.0, glide),
            dullness: Ramp::new(0.0, glide),
        };
        let ear = |channel| Ear {
            diffuser: Diffuser::new(rate_hz),
            seat: Seat::of(channel),
        };
        Self {
            rate_hz,
            shape: None,
            lines: Box::new(std::array::from_fn(|number| line(number, MILLIS[number]))),
            dull: [0.0; LINES],
            rest: None,
            course: Box::new(Course {
                fresh: [[0.0; BLOCK]; LINES],
                dullness: [[0.0; BLOCK]; LINES],
                loudness: [0.0; BLOCK],
            }),
            sources: vec![[0.0; BLOCK]; channels].into(),
            mixed: Box::new([[0.0; 8]; LINES]),
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
        for line in &mut *self.lines {
            let length = line.millis * shape.size.clamp(0.01, 1.0) * self.rate_hz / 1000.0;
            line.length = (length.round() as usize).max(1);
            let seconds = line.length as f64 / self.rate_hz;
            let left = |decay: f64| 10.0_f64.powf(-3.0 * seconds / decay);
            let low = left(decay);
            let ratio = left(decay * shorter) / low;
            line.gain.set(low as f32);
            let dullness = (1.0 - ratio) / (1.0 + ratio);
            line.dullness.set(dullness.min(MOST_DULLNESS) as f32);
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
        self.dull = [0.0; LINES];
        for line in &mut *self.lines {
            line.past.reset();
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

    /// How many samples can be done at once, if every delay stands.
    fn stands(&self) -> Option<usize> {
        let ears = self.ears.iter().map(|ear| ear.diffuser.shortest());
        let block = ears.fold(BLOCK, usize::min);
        let mut lines = self.lines.iter();
        lines.try_fold(block, |block, line| {
            let stands = line.place.rests_at(line.length);
            stands.then_some(block.min(line.length))
        })
    }

    /// What is the same from here on, if nothing glides.
    fn rests(&self) -> Option<Rest> {
        let mut rest = Rest {
            fresh: [0.0; LINES],
            dullness: [0.0; LINES],
            loudness: self.loudness.target(),
            block: BLOCK,
        };
        for (number, line) in self.lines.iter().enumerate() {
            if !line.gain.is_still() || !line.dullness.is_still() {
                return None;
            }
            rest.fresh[number] = fresh(line.gain.target(), line.dullness.target());
            rest.dullness[number] = line.dullness.target();
        }
        rest.block = self.stands().filter(|_| self.loudness.is_still())?;
        Some(rest)
    }

    /// Turns the next `len` samples of each channel into their echoes.
    pub fn pass<C: AsMut<[f32]>>(&mut self, sounds: &mut [C], len: usize) {
        let mut at = 0;
        while at < len {
            let block = match &self.rest {
                Some(rest) => rest.block,
                None => self.stands().unwrap_or(1),
            };
            let count = block.min(len - at);
            if count < FEWEST {
                (at..at + count).for_each(|at| self.step(sounds, at));
            } else {
                if self.rest.is_none() {
                    self.chart(count);
                }
                self.block(sounds, at, count);
                self.rest = self.rest.or_else(|| self.rests());
            }
            at += count;
        }
    }

    /// What glides in the next samples.
    fn chart(&mut self, count: usize) {
        let (mut gains, mut dullnesses) = (Parts::default(), Parts::default());
        let Course {
            fresh: all_fresh,
            dullness: all_dullness,
            loudness,
        } = &mut *self.course;
        let lines = self.lines.iter_mut().zip(all_fresh).zip(all_dullness);
        for ((line, given), dullness) in lines {
            line.gain.fill_beside(&mut gains, given, count);
            line.dullness.fill_beside(&mut dullnesses, dullness, count);
            for (given, dullness) in given.iter_mut().zip(dullness) {
                *given = fresh(*given, *dullness);
            }
        }
        self.loudness.fill(&mut loudness[..count]);
    }

    /// Samples none of which hears another, while every delay stands.
    fn block<C: AsMut<[f32]>>(&mut self, sounds: &mut [C], at: usize, count: usize) {
        let sources = self.sources.iter_mut().zip(&mut self.ears);
        for (sound, (source, ear)) in sounds.iter_mut().zip(sources) {
            let sound = &sound.as_mut()[at..at + count];
            widest(Diffusing {
                diffuser: &mut ear.diffuser,
                sound,
                diffused: source,
            });
        }
        widest(Echoing {
            lines: self.lines.each_mut().map(|line| line.open(count)),
            dull: &mut self.dull,
            ears: &self.ears,
            sources: &self.sources,
            mixed: &mut self.mixed,
            rest: self.rest.as_ref(),
            course: &self.course,
            sounds,
            at,
            count,
        });
        for line in &mut *self.lines {
            line.close(count);
        }
    }

    /// One sample of each channel.
    fn step<C: AsMut<[f32]>>(&mut self, sounds: &mut [C], at: usize) {
        let mut heard = [0.0; LINES];
        let loudness = match &self.rest {
            Some(rest) => {
                for (number, line) in self.lines.iter().enumerate() {
                    let echo = line.past.tap(line.length) * rest.fresh[number];
                    heard[number] = flushed(echo + self.dull[number] * rest.dullness[number]);
                }
                rest.loudness
            }
            None => self.glide(&mut heard),
        };
        self.dull = heard;
        let mut mixed = heard;
        mix(&mut mixed);
        let halves = mixed;
        let mut far = [0.0; LINES];
        for (sound, ear) in sounds.iter_mut().zip(&mut self.ears) {
            let sample = &mut sound.as_mut()[at];
            let source = ear.diffuser.step(*sample);
            let heard = match &ear.seat {
                Seat::Near {
                    gives,
                    takes,
                    signs,
                } => {
                    let half = &mut mixed[gives / 8 * 8..][..8];
                    for (mixed, sign) in half.iter_mut().zip(signs) {
                        *mixed += source * sign;
                    }
                    let (one, other) = (halves[takes % 8], halves[takes % 8 + 8]);
                    one + other * sign(takes & 8)
                }
                Seat::Far { gives, takes } => {
                    for (far, gives) in far.iter_mut().zip(gives) {
                        *far += source * gives;
                    }
                    let shares = heard.iter().zip(takes).map(|(heard, sign)| heard * sign);
                    shares.fold(0.0, |sum, share| sum + share)
                }
            };
            *sample = heard * loudness;
        }
        fold::<8>(&mut mixed);
        for ((line, mixed), far) in self.lines.iter_mut().zip(mixed).zip(far) {
            line.past.keep_one(mixed + far);
        }
    }

    /// What the delays give while something glides, and how loud it is. Who moves a delay all the time may hear the same
    /// sound again and again, so nothing grows without end here; at rest nothing can.
    fn glide(&mut self, heard: &mut [f32; LINES]) -> f32 {
        for (number, (heard, line)) in heard.iter_mut().zip(&mut *self.lines).enumerate() {
            let place = line.place.step(line.length);
            let (gain, dullness) = (line.gain.step(), line.dullness.step());
            let echo = line.past.at(place) * fresh(gain, dullness);
            let now = echo + self.dull[number] * dullness;
            *heard = match place.stands() {
                true => flushed(now),
                false => settled(now),
            };
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
        let gain = fresh(1.0, 0.0);
        for wanted in [0.25, 1.0] {
            mix(&mut values);
            fold::<8>(&mut values);
            values.iter_mut().for_each(|value| *value *= gain);
            assert_eq!(values[5].abs(), wanted);
        }
        assert_eq!(values.iter().filter(|it| **it != 0.0).count(), 1);
    }

    /// What a channel gives to each delay, and what it takes, as signs.
    fn signs(channel: usize) -> [[f32; LINES]; 2] {
        let row = |row: usize| std::array::from_fn(|line| sign(row & line));
        match Seat::of(channel) {
            Seat::Near { gives, takes, .. } => [row(gives), row(takes)],
            Seat::Far { gives, takes } => [gives, takes],
        }
    }

    #[test]
    fn channels_have_signs_of_their_own() {
        for side in [0, 1] {
            for one in 0..LINES {
                for other in 0..one {
                    assert_ne!(signs(one)[side], signs(other + LINES)[side]);
                    let (one, other) = (signs(one)[side], signs(other)[side]);
                    let common: f32 = one.iter().zip(&other).map(|(a, b)| a * b).sum();
                    assert_eq!(common, 0.0);
                }
            }
        }
    }

    /// What goes in and comes out by rows of the mix, and what does by itself.
    #[test]
    fn every_channel_is_heard_by_its_signs() {
        let shape = RoomShape {
            size: 0.2,
            decay_seconds: 1.0,
            damping: 0.0,
        };
        let count = LINES + 3;
        for from in [0, 5, LINES - 1, LINES + 1] {
            let mut room = Room::new(48_000.0, count);
            room.reset(shape);
            let mut sounds = vec![vec![0.0; 1100]; count];
            sounds[from][0] = 1.0;
            room.pass(&mut sounds, 1100);
            // The first echo of the shortest delay alone.
            let at = (MILLIS[0] * 0.2 * 48.0).round() as usize;
            let loud = sounds[from][at];
            assert!(loud.abs() > 1e-3);
            for (to, sound) in sounds.iter().enumerate() {
                let sign = signs(from)[0][0] * signs(to)[1][0];
                let own = signs(from)[0][0] * signs(from)[1][0];
                assert_eq!(sound[at] * own, loud * sign, "{from} {to}");
            }
        }
    }

    #[test]
    fn any_cutting_gives_the_same_bits_at_rest_and_on_the_way() {
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
        let small = RoomShape {
            size: 0.01,
            ..shape
        };
        let sizes = |piece: usize| [shape, longer, small][piece / 40];
        // While every delay stands, one glide beginning on the way of another.
        let knobs = |piece: usize| RoomShape {
            decay_seconds: [2.0, 5.0, 5.0, 0.2][piece / 11 % 4],
            damping: [0.4, 0.9, 0.0][piece / 14 % 3],
            ..shape
        };
        let run = |shapes: &dyn Fn(usize) -> RoomShape, cuts: &[usize]| {
            let mut room = Room::new(48_000.0, 2);
            room.reset(shape);
            let mut random = crate::dsp::Random::new(5);
            let mut heard = vec![];
            for piece in 0..120 {
                room.set(shapes(piece));
                let mut sound = [[0.0; 300]; 2];
                for sample in sound.as_flattened_mut() {
                    *sample = random.next_signed();
                }
                let mut from = 0;
                for len in cuts {
                    let mut parts = sound.each_mut().map(|it| &mut it[from..from + len]);
                    room.pass(&mut parts, *len);
                    from += len;
                }
                assert_eq!(from, 300);
                heard.extend(sound.as_flattened().iter().map(|it| it.to_bits()));
            }
            heard
        };
        for shapes in [&sizes as &dyn Fn(usize) -> RoomShape, &knobs] {
            let whole = run(shapes, &[300]);
            assert!(f32::from_bits(whole[whole.len() - 1]).abs() > 1e-6);
            assert!(whole == run(shapes, &[1; 300]));
            assert!(whole == run(shapes, &[64, 7, 64, 64, 37, 64]));
        }
    }

    /// What is done at once is what would be done one by one, as on the way.
    #[test]
    fn a_block_is_its_samples() {
        const CHANNELS: usize = LINES + 2;
        let mut rooms = [(); 2].map(|()| Room::new(48_000.0, CHANNELS));
        let shape = RoomShape {
            size: 0.3,
            decay_seconds: 1.0,
            damping: 0.7,
        };
        let mut random = crate::dsp::Random::new(5);
        for room in &mut rooms {
            room.reset(shape);
            room.pass(&mut [[0.0]; CHANNELS], 1);
            assert!(room.rest.is_some());
        }
        for piece in 0..150 {
            // So faint at first that much of it is flushed.
            let level = if piece < 50 { 3e-30 } else { 1.0 };
            let mut sound = || [(); 100].map(|()| random.next_signed() * level);
            let sound = [(); CHANNELS].map(|()| sound());
            let [mut one, mut other] = [sound, sound];
            rooms[0].pass(&mut one, 100);
            for at in 0..100 {
                rooms[1].step(&mut other, at);
            }
            assert!(one == other);
        }
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
