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

mod echoing;

use super::Ramp;
use super::delay::{DelayLine, Mover, settled};
use super::eight::widest;
use super::wide::wide;
use echoing::Echoing;

const LINES: usize = 16;
/// The delays of the largest room in milliseconds: spread so that few of their sums meet.
const MILLIS: [f64; LINES] = [
    31.3, 34.7, 37.9, 41.1, 43.9, 47.3, 51.7, 55.1, 59.3, 63.7, 67.9, 73.1, 78.7, 84.1, 90.7, 97.3,
];
/// The most samples that are done at once: none of them hears another.
const BLOCK: usize = 64;
/// Fewer than that are quicker one by one.
const FEWEST: usize = 8;
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
    past: DelayLine,
    millis: f64,
    place: Mover,
    length: usize,
    gain: Ramp,
    /// How much of the last sample is in this one.
    dullness: Ramp,
}

/// What is the same from sample to sample while nothing glides.
#[derive(Clone, Copy)]
struct Rest {
    lengths: [usize; LINES],
    gains: [f32; LINES],
    dullness: [f32; LINES],
    loudness: f32,
    /// How many samples can be done at once: no more than the shortest delay has.
    block: usize,
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

    /// As many samples as the shortest of its delays has, at the most.
    fn pass(&mut self, sound: &mut [f32]) {
        let mut late = [0.0; BLOCK];
        let late = &mut late[..sound.len()];
        for (past, length) in &mut self.steps {
            past.read(*length, late);
            wide(
                #[inline(always)]
                || {
                    for (sample, late) in sound.iter_mut().zip(&mut *late) {
                        let fed = settled(*sample + *late * DIFFUSION);
                        *sample = *late - fed * DIFFUSION;
                        *late = fed;
                    }
                },
            );
            past.keep(late);
        }
    }

    fn shortest(&self) -> usize {
        self.steps.iter().map(|it| it.1).min().unwrap_or(1)
    }
}

/// One channel, as a source and as a listener.
struct Ear {
    diffuser: Diffuser,
    gives: [f32; LINES],
    takes: [f32; LINES],
}

impl Ear {
    /// What is heard here of what the delays gave. Its own sound, diffused, goes to what they are fed with.
    #[inline(always)]
    fn turn(&self, sound: f32, heard: &[f32; LINES], fed: &mut [f32; LINES]) -> f32 {
        let source = sound * 0.25;
        let mut sum = [0.0; LINES];
        for line in 0..LINES {
            fed[line] += source * self.gives[line];
            sum[line] = heard[line] * self.takes[line];
        }
        for half in [8, 4, 2, 1] {
            for line in 0..half {
                sum[line] += sum[line + half];
            }
        }
        sum[0]
    }
}

/// A room with as many sources and listeners as a sound has channels.
pub struct Room {
    rate_hz: f64,
    shape: Option<RoomShape>,
    lines: Box<[Line]>,
    /// What each delay gave last.
    dull: [f32; LINES],
    ears: Box<[Ear]>,
    rest: Option<Rest>,
    /// What each delay gives and takes.
    columns: Box<[[f32; BLOCK]; LINES]>,
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
            past: DelayLine::new((millis * rate_hz / 1000.0) as usize + 2),
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
            dull: [0.0; LINES],
            rest: None,
            columns: Box::new([[0.0; BLOCK]; LINES]),
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
        self.dull = [0.0; LINES];
        for line in &mut self.lines {
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

    /// What is the same from here on, if nothing glides.
    fn rests(&self) -> Option<Rest> {
        let mut rest = Rest {
            lengths: [0; LINES],
            gains: [0.0; LINES],
            dullness: [0.0; LINES],
            loudness: self.loudness.target(),
            block: BLOCK,
        };
        for ear in &self.ears {
            rest.block = rest.block.min(ear.diffuser.shortest());
        }
        for (number, line) in self.lines.iter().enumerate() {
            let stands = line.place.rests_at(line.length);
            if !stands || !line.gain.is_still() || !line.dullness.is_still() {
                return None;
            }
            rest.lengths[number] = line.length;
            rest.block = rest.block.min(line.length);
            rest.gains[number] = line.gain.target();
            rest.dullness[number] = line.dullness.target();
        }
        self.loudness.is_still().then_some(rest)
    }

    /// Turns the next `len` samples of each channel into their echoes.
    pub fn pass<C: AsMut<[f32]>>(&mut self, sounds: &mut [C], len: usize) {
        let mut at = 0;
        while at < len {
            let count = self.rest.map_or(1, |rest| rest.block.min(len - at));
            match self.rest {
                Some(rest) if count >= FEWEST => self.block(&rest, sounds, at, count),
                _ => (at..at + count).for_each(|at| self.step(sounds, at)),
            }
            at += count;
        }
    }

    /// Samples none of which hears another, while nothing glides.
    fn block<C: AsMut<[f32]>>(&mut self, rest: &Rest, sounds: &mut [C], at: usize, count: usize) {
        let mut given = [None; LINES];
        for (number, line) in self.lines.iter().enumerate() {
            let length = rest.lengths[number];
            // Eight at a time are taken.
            given[number] = match count % 8 {
                0 => line.past.piece(length, count),
                _ => None,
            };
            if given[number].is_none() {
                line.past.read(length, &mut self.columns[number][..count]);
            }
        }
        for (sound, ear) in sounds.iter_mut().zip(&mut self.ears) {
            ear.diffuser.pass(&mut sound.as_mut()[at..at + count]);
        }
        widest(Echoing {
            given,
            columns: &mut self.columns,
            dull: &mut self.dull,
            ears: &self.ears,
            rest,
            sounds,
            at,
            count,
        });
        for (line, column) in self.lines.iter_mut().zip(&*self.columns) {
            line.past.keep(&column[..count]);
        }
    }

    /// One sample of each channel.
    fn step<C: AsMut<[f32]>>(&mut self, sounds: &mut [C], at: usize) {
        let mut heard = [0.0; LINES];
        let loudness = match &self.rest {
            Some(rest) => {
                for (number, line) in self.lines.iter().enumerate() {
                    let echo = line.past.tap(rest.lengths[number]) * rest.gains[number];
                    let dull = (self.dull[number] - echo) * rest.dullness[number];
                    heard[number] = settled(echo + dull);
                }
                rest.loudness
            }
            None => self.glide(&mut heard),
        };
        self.dull = heard;
        let mut fed = heard;
        mix(&mut fed);
        for (sound, ear) in sounds.iter_mut().zip(&mut self.ears) {
            let sample = &mut sound.as_mut()[at];
            let diffused = ear.diffuser.step(*sample);
            *sample = ear.turn(diffused, &heard, &mut fed) * loudness;
        }
        for (line, fed) in self.lines.iter_mut().zip(fed) {
            line.past.push(fed);
        }
    }

    /// What the delays give while something glides, and how loud it is.
    fn glide(&mut self, heard: &mut [f32; LINES]) -> f32 {
        for (number, (heard, line)) in heard.iter_mut().zip(&mut self.lines).enumerate() {
            let place = line.place.step(line.length);
            let echo = line.past.at(place) * line.gain.step();
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
        let run = |cuts: &[usize]| {
            let mut room = Room::new(48_000.0, 2);
            room.reset(shape);
            let mut random = crate::dsp::Random::new(5);
            let mut heard = vec![];
            for piece in 0..120 {
                room.set([shape, longer, small][piece / 40]);
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
        let whole = run(&[300]);
        assert!(f32::from_bits(whole[whole.len() - 1]).abs() > 1e-6);
        assert!(whole == run(&[1; 300]));
        assert!(whole == run(&[64, 7, 64, 64, 37, 64]));
    }

    /// What is done at once is what would be done one by one, as on the way.
    #[test]
    fn a_block_is_its_samples() {
        let mut rooms = [Room::new(48_000.0, 2), Room::new(48_000.0, 2)];
        let shape = RoomShape {
            size: 0.3,
            decay_seconds: 1.0,
            damping: 0.7,
        };
        let mut random = crate::dsp::Random::new(5);
        for room in &mut rooms {
            room.reset(shape);
            room.pass(&mut [[0.0], [0.0]], 1);
            assert!(room.rest.is_some());
        }
        for _ in 0..100 {
            let sound = [(); 2].map(|()| [(); 100].map(|()| random.next_signed()));
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
