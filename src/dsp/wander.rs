//! A place in the past that wanders: for each sample a delay of its own, between samples by a cubic or a line.
//!
//! Lives here: many delays at once, and how a delay line is read at them eight at a time. What the line keeps, and the sound at one
//! place, is [`delay`](super::delay)'s; both come to the same bits.
//!
//! ```text
//!   delays 37.2 37.4 37.6 ... ──▶ whole 37 37 37, part .2 .4 .6 ──▶ four samples around each ──▶ cubic
//! ```

use super::delay::DelayLine;
use super::eight::{Eight, Work, eight, widest};
use super::whole::low_bits;
use super::{PIECE, Ramp};

/// The least delay, so that there is a newer sample too.
const LEAST: f64 = 2.0;

/// Delays of a piece of samples.
pub(crate) struct Wander {
    whole: [u32; PIECE],
    part: [f32; PIECE],
}

impl Wander {
    /// As near as can be.
    pub(crate) fn new() -> Self {
        Self {
            whole: [LEAST as u32; PIECE],
            part: [0.0; PIECE],
        }
    }

    /// So many of them, each in samples, 1 being the newest when its own sample was the last that was pushed; 2 at the least.
    #[inline(always)]
    pub(crate) fn set(&mut self, len: usize, delay: impl Fn(usize) -> f64) {
        // Whole registers: what lies behind the last of them is not read.
        let len = len.next_multiple_of(8).min(PIECE);
        let places = self.whole[..len].iter_mut().zip(&mut self.part[..len]);
        for (at, (whole, part)) in places.enumerate() {
            let delay = delay(at);
            let delay = if delay > LEAST { delay } else { LEAST };
            let floor = delay.floor();
            *whole = low_bits(floor);
            *part = (delay - floor) as f32;
        }
    }

    /// The sound at those places of a line that all `samples` were pushed to, joined as [`DelayLine::joined`] says.
    pub(crate) fn read(&self, line: &DelayLine, joints: &Joints<'_>, samples: &mut [f32]) {
        let len = samples.len().min(PIECE);
        let most = self.whole[..len].iter().fold(0, |most, it| most.max(*it));
        // What was pushed behind a sample lies between it and the next place.
        let read = line.all(most as usize + len + 2).map(|kept| (kept, self));
        match (joints, read) {
            (Joints::Cubics, Some(read)) => widest(Read(read, samples, Cubic)),
            (Joints::Lines, Some(read)) => widest(Read(read, samples, Line)),
            _ => {
                let places = self.whole.iter().zip(&self.part).enumerate();
                for (sample, (at, (whole, part))) in samples.iter_mut().zip(places) {
                    let whole = *whole as usize + len - 1 - at;
                    *sample = line.joined_at(whole, *part, joints.straight(at));
                }
            }
        }
    }
}

/// By what the samples around each place of a piece are joined.
pub(crate) enum Joints<'a> {
    Cubics,
    Lines,
    /// From one to the other: 0 is a cubic, 1 a line.
    Between(&'a [f32; PIECE]),
}

impl<'a> Joints<'a> {
    /// Those of the next `len` samples, on the way from cubics to lines.
    pub(crate) fn next(way: &mut Ramp, len: usize, straight: &'a mut [f32; PIECE]) -> Self {
        match (way.is_still(), way.target()) {
            (true, 0.0) => Self::Cubics,
            (true, 1.0) => Self::Lines,
            _ => {
                way.fill(&mut straight[..len]);
                Self::Between(straight)
            }
        }
    }

    fn straight(&self, at: usize) -> f32 {
        match self {
            Self::Cubics => 0.0,
            Self::Lines => 1.0,
            Self::Between(straight) => straight[at],
        }
    }
}

/// How four samples around a place are joined: the oldest first, and how far the place is from the third towards the second.
trait Joint {
    fn join<E: Eight>(e: E, samples: [E::Of; 4], part: E::Of) -> E::Of;
}

/// As [`DelayLine::between`] does.
struct Cubic;

impl Joint for Cubic {
    #[inline(always)]
    fn join<E: Eight>(e: E, [oldest, older, here, newer]: [E::Of; 4], part: E::Of) -> E::Of {
        let by = |number: f32, sample: E::Of| e.mul(e.all(number), sample);
        let slope = by(0.5, e.sub(older, newer));
        let square = e.sub(newer, by(2.5, here));
        let square = e.sub(e.add(square, by(2.0, older)), by(0.5, oldest));
        let cube = e.add(by(0.5, e.sub(oldest, newer)), by(1.5, e.sub(here, older)));
        let sum = e.add(e.mul(cube, part), square);
        let sum = e.add(e.mul(sum, part), slope);
        e.add(e.mul(sum, part), here)
    }
}

/// By a straight line.
struct Line;

impl Joint for Line {
    #[inline(always)]
    fn join<E: Eight>(e: E, [_, older, here, _]: [E::Of; 4], part: E::Of) -> E::Of {
        e.add(here, e.mul(e.sub(older, here), part))
    }
}

/// What a line keeps and where the next sample would go in it, and the delays.
type Places<'a> = ((&'a [f32], usize), &'a Wander);

/// A line read at many places.
struct Read<'a, J>(Places<'a>, &'a mut [f32], J);

impl<J: Joint> Work for Read<'_, J> {
    type Output = ();

    #[inline(always)]
    fn with<E: Eight>(self, e: E) {
        let Self(((kept, next), Wander { whole, part }), samples, _) = self;
        let mask = kept.len() - PIECE - 1;
        // Where the oldest of the four around the first sample would lie, were it not late at all.
        let mut first = next.wrapping_sub(samples.len() + 1);
        let (eights, last) = samples.as_chunks_mut::<8>();
        let mut places = whole.as_chunks().0.iter().zip(part.as_chunks().0);
        for (samples, (whole, part)) in eights.iter_mut().zip(&mut places) {
            let around = around(e, kept, mask, first, whole);
            *samples = e.out(J::join(e, around, e.of(*part)));
            first = first.wrapping_add(8);
        }
        if let (false, Some((whole, part))) = (last.is_empty(), places.next()) {
            let around = around(e, kept, mask, first, whole);
            let samples = e.out(J::join(e, around, e.of(*part)));
            last.copy_from_slice(&samples[..last.len()]);
        }
    }
}

/// The four samples around each of eight places: the oldest of all of them, and so on.
#[inline(always)]
fn around<E: Eight>(e: E, kept: &[f32], mask: usize, first: usize, whole: &[u32; 8]) -> [E::Of; 4] {
    // Most often a delay moves by less than a sample, and the places follow each other.
    let mut moved = 0;
    for place in whole {
        moved |= place ^ whole[0];
    }
    if moved == 0 {
        let place = first.wrapping_sub(whole[0] as usize) & mask;
        let near = &kept[place..place + 11];
        let (oldest, older) = (e.of(eight(near, 0)), e.of(eight(near, 1)));
        return [oldest, older, e.of(eight(near, 2)), e.of(eight(near, 3))];
    }
    let mut fours = [e.four([0.0; 4]); 8];
    for at in 0..8 {
        let place = first.wrapping_add(at).wrapping_sub(whole[at] as usize) & mask;
        let four = &kept[place..place + 4];
        fours[at] = e.four([four[0], four[1], four[2], four[3]]);
    }
    e.columns(fours)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Delays that go to and fro, and a sound.
    fn pushed(
        delays: &[f64; PIECE],
        line: &mut DelayLine,
        straight: f32,
        cuts: &[usize],
    ) -> Vec<f32> {
        let mut random = crate::dsp::Random::new(5);
        let mut all = vec![];
        for len in cuts.iter().cycle().take(300) {
            let sound: Vec<f32> = (0..*len).map(|_| random.next_signed()).collect();
            line.push_all(&sound);
            let mut heard = vec![0.0; *len];
            let mut own = [0.0; PIECE];
            for (at, delay) in own[..*len].iter_mut().enumerate() {
                *delay = delays[(all.len() + at) % PIECE];
            }
            let mut ways = [0.0; PIECE];
            let joints = Joints::next(&mut Ramp::new(straight, 1), *len, &mut ways);
            let mut places = Wander::new();
            places.set(*len, |at| own[at]);
            places.read(line, &joints, &mut heard);
            all.extend(heard);
        }
        all
    }

    #[test]
    fn many_places_are_those_one_by_one_however_they_are_cut() {
        let fast = std::array::from_fn(|at| 60.0 + 57.9 * (at as f64 * 0.3).sin() + 0.37);
        let slow = std::array::from_fn(|at| 40.9 + 0.01 * at as f64);
        for (delays, straight) in [
            (fast, 0.0),
            (fast, 0.4),
            (fast, 1.0),
            (slow, 0.0),
            (slow, 1.0),
        ] {
            let mut line = DelayLine::new(130);
            let at_once = pushed(&delays, &mut line, straight, &[64]);
            for cuts in [&[1][..], &[7, 64, 13], &[8, 40]] {
                let mut line = DelayLine::new(130);
                let cut = pushed(&delays, &mut line, straight, cuts);
                let count = cut.len().min(at_once.len());
                let is_same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
                assert!(cut.iter().zip(&at_once).take(count).all(is_same));
            }
            let mut line = DelayLine::new(130);
            let mut random = crate::dsp::Random::new(5);
            for (at, heard) in at_once.iter().enumerate() {
                line.push(random.next_signed());
                let one = line.joined(delays[at % PIECE], straight);
                assert_eq!(heard.to_bits(), one.to_bits(), "{at}");
            }
            assert!(crate::dsp::measure::rms(&at_once) > 0.3);
        }
    }

    #[test]
    fn both_ways_of_eights_read_the_same() {
        let mut line = DelayLine::new(200);
        let mut random = crate::dsp::Random::new(6);
        (0..400).for_each(|_| line.push(random.next_signed()));
        let mut places = Wander::new();
        places.set(PIECE, |at| 3.0 + at as f64 * 2.71);
        let [mut wide, mut narrow] = [[0.0; 61]; 2];
        let read = (line.all(200).unwrap(), &places);
        widest(Read(read, &mut wide, Cubic));
        Read(read, &mut narrow, Cubic).with(crate::dsp::eight::Narrow);
        assert_eq!(wide.map(f32::to_bits), narrow.map(f32::to_bits));
        widest(Read(read, &mut wide, Line));
        Read(read, &mut narrow, Line).with(crate::dsp::eight::Narrow);
        assert_eq!(wide.map(f32::to_bits), narrow.map(f32::to_bits));
    }
}
