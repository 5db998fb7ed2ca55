//! Delay lines: the past of one channel, read at a whole or a broken number of samples; and a place in that past that
//! can move without a click.
//!
//! ```text
//!   push ──▶ ┌─┬─┬─┬─┬─┬─┬─┐
//!            │ newest ... old │ ──▶ tap(1) is the sample pushed last
//!            └─┴─┴─┴─┴─┴─┴─┘
//! ```
//!
//! What is kept in a line is [`settled`]: a line is most often part of a loop, and what is no number would stay in it. Its first
//! samples stand once more behind its last ones, so that a piece (`PIECE`) lies in one wherever it begins.

use super::wide::wide;
use super::{PIECE, Ramp};

/// Smaller than that is nothing: -600 dB, still far from a denormal number.
pub(super) const NOTHING: f32 = 1e-30;
/// Larger than that nobody means: 240 dB above full scale.
pub(super) const HUGE: f32 = 1e12;

/// A sample as it may go into a memory that feeds itself: what is no number is silence, what would turn denormal is
/// silence, and what would grow without end is held.
#[must_use]
#[inline(always)]
pub fn settled(sample: f32) -> f32 {
    let size = sample.abs();
    if (NOTHING..=HUGE).contains(&size) {
        sample
    } else if size.is_finite() && size > HUGE {
        HUGE.copysign(sample)
    } else {
        0.0
    }
}

/// [`settled`] where nothing grows: only what would turn denormal is silence, and what is no number.
#[must_use]
#[inline(always)]
pub(super) fn flushed(sample: f32) -> f32 {
    if sample.abs() >= NOTHING { sample } else { 0.0 }
}

/// [`settled`] for memories in double precision.
#[must_use]
pub fn settled_wide(sample: f64) -> f64 {
    let size = sample.abs();
    if (f64::from(NOTHING)..=f64::from(HUGE)).contains(&size) {
        sample
    } else if size.is_finite() && size > f64::from(HUGE) {
        f64::from(HUGE).copysign(sample)
    } else {
        0.0
    }
}

/// The past of one channel.
#[derive(Clone, Debug)]
pub struct DelayLine {
    /// All that are kept, and the first of them once more.
    samples: Vec<f32>,
    /// How many are kept, minus one; that is a power of two.
    mask: usize,
    /// Where the next sample goes.
    write: usize,
    /// Samples pushed since the reset, as far as they are kept: forgetting is free.
    filled: usize,
}

impl DelayLine {
    /// An empty line that can be read up to `longest` samples back.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        let length = (longest + PIECE).next_power_of_two();
        Self {
            samples: vec![0.0; length + PIECE],
            mask: length - 1,
            write: 0,
            filled: 0,
        }
    }

    /// Begins at another place of its memory. Lines that go on together and begin at the same place stand in the way of each
    /// other in the nearest cache, which knows an address by its lowest bits.
    #[must_use]
    pub(crate) fn beginning_at(mut self, place: usize) -> Self {
        self.write = place & self.mask;
        self
    }

    /// Takes the next sample, [`settled`].
    pub fn push(&mut self, sample: f32) {
        self.keep_one(settled(sample));
    }

    /// Takes the next sample, which may be kept as it is.
    #[inline(always)]
    pub(super) fn keep_one(&mut self, sample: f32) {
        self.samples[self.write] = sample;
        self.taken(1);
    }

    /// A piece of the past, its first sample pushed `delay` pushes ago, and the place of the next one: what is written there
    /// is kept when it is [`taken`](Self::taken). There are both if it [`can_turn`](Self::can_turn).
    #[inline(always)]
    pub(crate) fn turn(&mut self, delay: usize) -> Option<(&[f32; PIECE], &mut [f32; PIECE])> {
        let (next, past) = (self.write, self.write.wrapping_sub(delay) & self.mask);
        let both = [past..past + PIECE, next..next + PIECE];
        let [past, next] = self.samples.get_disjoint_mut(both).ok()?;
        Some((past.first_chunk()?, next.first_chunk_mut()?))
    }

    /// Whether that past is there, and apart from the place of the next piece.
    #[inline(always)]
    pub(crate) fn can_turn(&self, delay: usize) -> bool {
        delay >= PIECE && delay <= self.filled && delay + PIECE <= self.mask + 1
    }

    /// So many samples were written where the next ones go.
    #[inline(always)]
    pub(crate) fn taken(&mut self, count: usize) {
        let (from, end, length) = (self.write, self.write + count, self.mask + 1);
        if from < PIECE {
            self.samples
                .copy_within(from..end.min(PIECE), length + from);
        }
        if end > length {
            self.samples.copy_within(length..end, 0);
        }
        self.write = end & self.mask;
        self.filled = (self.filled + count).min(length);
    }

    /// The sample that was pushed `delay` pushes ago; 1 is the last. Silence before the first.
    #[must_use]
    pub fn tap(&self, delay: usize) -> f32 {
        if delay == 0 || delay > self.filled {
            return 0.0;
        }
        self.samples[self.write.wrapping_sub(delay) & self.mask]
    }

    /// Takes the next samples, each [`settled`].
    pub fn push_all(&mut self, samples: &[f32]) {
        self.put(samples, |kept, now| {
            wide(
                #[inline(always)]
                || {
                    for (kept, sample) in kept.iter_mut().zip(now) {
                        *kept = settled(*sample);
                    }
                },
            );
        });
    }

    /// Takes the next samples, which are [`settled`] already.
    pub fn keep(&mut self, samples: &[f32]) {
        self.put(samples, <[f32]>::copy_from_slice);
    }

    fn put(&mut self, samples: &[f32], put: impl Fn(&mut [f32], &[f32])) {
        let mut rest = samples;
        while !rest.is_empty() {
            let kept = &mut self.samples[self.write..=self.mask];
            let (now, later) = rest.split_at(kept.len().min(rest.len()));
            put(&mut kept[..now.len()], now);
            self.taken(now.len());
            rest = later;
        }
    }

    /// Samples that were pushed one behind the other, the first of them `delay` pushes ago: as many as that at the most.
    /// Silence before the first.
    #[inline(never)]
    pub fn read(&self, delay: usize, samples: &mut [f32]) {
        let silent = delay.saturating_sub(self.filled).min(samples.len());
        let (before, mut rest) = samples.split_at_mut(silent);
        before.fill(0.0);
        let mut at = self.write.wrapping_sub(delay - silent) & self.mask;
        while !rest.is_empty() {
            let kept = &self.samples[at..=self.mask];
            let (now, later) = rest.split_at_mut(kept.len().min(rest.len()));
            now.copy_from_slice(&kept[..now.len()]);
            (at, rest) = (0, later);
        }
    }

    /// What [`read`](Self::read) gives where it lies, if it lies there in one piece.
    #[must_use]
    pub fn piece(&self, delay: usize, count: usize) -> Option<&[f32]> {
        let at = self.write.wrapping_sub(delay) & self.mask;
        let piece = self.samples.get(at..at + count);
        piece.filter(|_| delay <= self.filled)
    }

    /// The sound `delay` pushes ago, between samples by a cubic through four of them: straight lines pass exactly. At
    /// least 2.
    #[must_use]
    pub fn between(&self, delay: f64) -> f32 {
        let delay = delay.max(2.0);
        let whole = delay as usize;
        self.cubic(whole, (delay - whole as f64) as f32)
    }

    /// The same, by a straight line through two of them as far as `straight` says: 0 is the cubic, 1 the line, which is
    /// cheaper and dulls high frequencies.
    #[must_use]
    pub fn joined(&self, delay: f64, straight: f32) -> f32 {
        let delay = delay.max(2.0);
        let whole = delay as usize;
        self.joined_at(whole, (delay - whole as f64) as f32, straight)
    }

    /// The same of a whole delay, at least 2, and a part of a sample.
    #[inline]
    pub(crate) fn joined_at(&self, whole: usize, part: f32, straight: f32) -> f32 {
        if straight == 0.0 {
            return self.cubic(whole, part);
        }
        let here = self.tap(whole);
        let line = here + (self.tap(whole + 1) - here) * part;
        if straight == 1.0 {
            return line;
        }
        let cubic = self.cubic(whole, part);
        cubic + (line - cubic) * straight
    }

    fn cubic(&self, whole: usize, part: f32) -> f32 {
        let (newer, here) = (self.tap(whole - 1), self.tap(whole));
        let (older, oldest) = (self.tap(whole + 1), self.tap(whole + 2));
        let slope = 0.5 * (older - newer);
        let square = newer - 2.5 * here + 2.0 * older - 0.5 * oldest;
        let cube = 0.5 * (oldest - newer) + 1.5 * (here - older);
        ((cube * part + square) * part + slope) * part + here
    }

    /// All that is kept, and where the next sample goes in it: a power of two is kept, and [`PIECE`] of it once more behind.
    /// None unless so many samples were pushed.
    #[inline(always)]
    pub(super) fn all(&self, least: usize) -> Option<(&[f32], usize)> {
        (least <= self.filled).then_some((&self.samples[..], self.write))
    }

    /// The sound at a place that may be moving.
    #[must_use]
    pub fn at(&self, place: Place) -> f32 {
        if place.stands() {
            self.tap(place.to)
        } else {
            let from = self.tap(place.from);
            from + (self.tap(place.to) - from) * place.share
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.filled = 0;
    }
}

/// Where to read in this moment: between two delays while one fades into the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) share: f32,
}

impl Place {
    /// Whether nothing is left of where it was before.
    #[must_use]
    pub(super) fn stands(&self) -> bool {
        self.share == 1.0
    }
}

/// A delay that is moved by fading from where it was to where it goes, so that neither a click nor a change of pitch is
/// heard. A move that is asked for during a fade waits for its end.
#[derive(Clone, Debug)]
pub struct Mover {
    from: usize,
    to: usize,
    way: Ramp,
}

impl Mover {
    /// Standing at `delay`; moves last `fade` samples.
    #[must_use]
    pub fn new(delay: usize, fade: u32) -> Self {
        Self {
            from: delay,
            to: delay,
            way: Ramp::new(1.0, fade.max(1)),
        }
    }

    /// Stands at `delay` at once.
    pub fn jump(&mut self, delay: usize) {
        (self.from, self.to) = (delay, delay);
        self.way.jump(1.0);
    }

    /// Whether it stands at `delay` and goes nowhere.
    #[must_use]
    pub fn rests_at(&self, delay: usize) -> bool {
        self.way.is_still() && self.to == delay
    }

    /// Where the next sample is read, on the way to `wanted`.
    pub fn step(&mut self, wanted: usize) -> Place {
        if self.way.is_still() && wanted != self.to {
            (self.from, self.to) = (self.to, wanted);
            self.way.jump(0.0);
            self.way.set(1.0);
        }
        Place {
            from: self.from,
            to: self.to,
            share: self.way.step(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_back_what_it_took_to_the_sample() {
        let mut line = DelayLine::new(100);
        assert_eq!(line.tap(1), 0.0);
        for n in 1..=1000 {
            line.push(n as f32);
            assert_eq!(line.tap(1), n as f32);
            assert_eq!(line.tap(100), (n as f32 - 99.0).max(0.0));
        }
        line.reset();
        assert_eq!(line.tap(1), 0.0);
    }

    #[test]
    fn many_samples_at_once_are_those_one_by_one() {
        let mut random = crate::dsp::Random::new(9);
        let (mut one, mut other) = (DelayLine::new(60), DelayLine::new(60));
        let mut pieces = 0;
        for len in [5, 1, 40, 64, 33, 64, 7] {
            let mut sound: Vec<f32> = (0..len).map(|_| random.next_signed()).collect();
            sound[len / 2] = f32::NAN;
            for sample in &sound {
                one.push(*sample);
            }
            other.push_all(&sound);
            for delay in [1, 2, 17, 60] {
                let mut read = vec![9.0; delay.min(30)];
                other.read(delay, &mut read);
                let wanted = (0..read.len()).map(|n| one.tap(delay - n));
                assert!(wanted.eq(read.iter().copied()), "{delay} behind {len}");
                let piece = other.piece(delay, read.len());
                assert!(piece.is_none_or(|it| it == read));
                pieces += usize::from(piece.is_some());
            }
        }
        assert!((10..28).contains(&pieces), "{pieces}");
    }

    #[test]
    fn between_samples_a_straight_line_stays_straight() {
        let mut line = DelayLine::new(100);
        (0..200).for_each(|n| line.push(n as f32));
        for delay in [2.0, 2.25, 37.5, 99.9] {
            assert!((f64::from(line.between(delay)) - (200.0 - delay)).abs() < 1e-4);
        }
    }

    #[test]
    fn what_would_stay_for_ever_is_silence() {
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-39, -1e-31] {
            assert_eq!(settled(wrong), 0.0);
            assert_eq!(settled_wide(f64::from(wrong)), 0.0);
        }
        assert_eq!(settled(f32::MIN), -HUGE);
        assert_eq!(settled(-0.5), -0.5);
        assert_eq!(settled_wide(1e300), f64::from(HUGE));
    }

    #[test]
    fn a_place_moves_by_a_fade_and_arrives() {
        let mut line = DelayLine::new(100);
        (0..100).for_each(|n| line.push(n as f32));
        let mut mover = Mover::new(10, 4);
        assert_eq!(line.at(mover.step(10)), 90.0);
        let heard: Vec<f32> = (0..6).map(|_| line.at(mover.step(50))).collect();
        assert_eq!(heard, [80.0, 70.0, 60.0, 50.0, 50.0, 50.0]);
    }
}
