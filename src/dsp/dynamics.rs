//! What evens out loudness: the curve of a compressor, how fast it follows, and the gain of a limiter that looks ahead.
//!
//! ```text
//!   out │          ╱ 1:1               level ──▶ Knee ──▶ Follower ──▶ decibels to take off
//!       │        ╱   ____---- ratio
//!       │      ╭─────                  peak ──▶ Foresight ──▶ factor for the sound of `window - 1` samples ago
//!       │    ╱ knee
//!       └───────┼──────── in
//!           threshold
//! ```

use std::collections::VecDeque;

use super::wide::larger;

/// A gain that is this near to its aim in decibels has arrived; so it comes to rest on exactly nothing.
const NEAR_DB: f64 = 1e-6;

/// The steady curve of a compressor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knee {
    /// Where it begins to act, in dBFS.
    pub threshold_db: f64,
    /// How many decibels more come in for one more to come out; at least 1.
    pub ratio: f64,
    /// How wide the bend around the threshold is; 0 is a corner.
    pub width_db: f64,
}

impl Knee {
    /// The decibels to be taken off a sound of that level.
    #[must_use]
    pub fn reduction_db(&self, level_db: f64) -> f64 {
        let (threshold_db, ratio) = (self.threshold_db as f32, self.ratio as f32);
        f64::from(reduction_db(
            level_db as f32,
            threshold_db,
            ratio,
            self.width_db as f32,
        ))
    }
}

/// The decibels that a [`Knee`] of these three takes off a sound of that level; for loops over many of them.
#[inline(always)]
pub(crate) fn reduction_db(level_db: f32, threshold_db: f32, ratio: f32, width_db: f32) -> f32 {
    let slope = 1.0 - 1.0 / larger(ratio, 1.0);
    let half = larger(width_db, 0.0) * 0.5;
    let over = level_db - threshold_db;
    let bent = slope * (over + half) * (over + half) / (4.0 * half);
    let outside = if over < half { 0.0 } else { slope * over };
    // A knee without width has nothing within it.
    let is_within = (over > -half) & (over < half);
    if is_within { bent } else { outside }
}

/// How fast a [`Follower`] goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ballistics {
    attack: f64,
    release: f64,
    hold: u32,
}

/// The part of the way to its aim that something with this time constant goes in one sample.
#[must_use]
pub fn share(seconds: f64, rate_hz: f64) -> f64 {
    1.0 - (-1.0 / (seconds * rate_hz).max(1e-9)).exp()
}

impl Ballistics {
    /// Time constants of the way down and back, and how long it waits before it comes back.
    #[must_use]
    pub fn new(attack_seconds: f64, release_seconds: f64, hold_seconds: f64, rate_hz: f64) -> Self {
        Self {
            attack: share(attack_seconds, rate_hz),
            release: share(release_seconds, rate_hz),
            hold: (hold_seconds * rate_hz) as u32,
        }
    }
}

/// A reduction on its way to what a curve asks for. What is asked for is held for a moment and then let go with the
/// release; the reduction follows that with the attack. So a sine, which asks for nothing twice in each of its periods,
/// is reduced by what its peak asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Follower {
    top: f64,
    held: u32,
    reduction: f64,
}

impl Follower {
    /// The reductions for the next samples, written over what each of them asks for.
    pub(crate) fn follow(&mut self, decibels: &mut [f32], speed: &Ballistics) {
        let is_asked = decibels.iter().fold(false, |is, it| is | (*it > 0.0));
        if !is_asked && self.top == 0.0 && self.reduction == 0.0 {
            if !decibels.is_empty() {
                self.held = speed.hold;
            }
            decibels.fill(0.0);
            return;
        }
        // In registers, and not in memory that each sample would wait for.
        let mut follower = self.clone();
        for decibels in decibels {
            *decibels = follower.step(f64::from(*decibels), speed) as f32;
        }
        *self = follower;
    }

    /// The reduction for the next sample, in decibels.
    #[inline]
    pub fn step(&mut self, wanted_db: f64, speed: &Ballistics) -> f64 {
        if wanted_db >= self.top {
            self.top = wanted_db;
            self.held = speed.hold;
        } else if self.held > 0 {
            self.held -= 1;
        } else {
            self.top = near(self.top, wanted_db, speed.release);
        }
        self.reduction = near(self.reduction, self.top, speed.attack);
        self.reduction
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

fn near(value: f64, aim: f64, share: f64) -> f64 {
    let gap = aim - value;
    if gap.abs() < NEAR_DB {
        aim
    } else {
        value + gap * share
    }
}

/// A factor of 1 as a whole number. Factors are added up and taken away again for hours, so they are whole.
const ONE: u32 = 1 << 30;

/// The gain of a limiter that looks ahead: for each sample the factor it must have is told `window - 1` samples before
/// it is used; the gain goes down in a straight line to be there in time, and comes back slowly.
///
/// ```text
///   told    ━━━━━━━━━┓┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━      one sample wants less
///   least   ━━━━━━━━━┓        ╭────────────╌╌╌╌╌╌       held for the window, released
///                    ┗━━━━━━━━╯
///   mean    ━━━━━━━━━╲         ╭─────────╌╌╌╌╌╌╌       over the window: there when that sample leaves
///                     ╲_______╱
/// ```
///
/// The least over a window, and the mean of those over a window: each mean that holds a sample's own least is at most
/// what the sample asked for. Both are exact, so the result never drifts, and is 1 exactly when nothing was asked for.
#[derive(Clone, Debug)]
pub struct Foresight {
    window: u64,
    /// What may still be the least, with when it was told: rising from front to back.
    candidates: VecDeque<(u64, u32)>,
    now: u64,
    released: u32,
    /// The last `window` of `released`, and their sum.
    past: Vec<u32>,
    sum: u64,
    /// The oldest of them.
    place: usize,
}

impl Foresight {
    /// At rest; looks `ahead` samples ahead.
    #[must_use]
    pub fn new(ahead: usize) -> Self {
        let window = ahead + 1;
        Self {
            window: window as u64,
            candidates: VecDeque::with_capacity(window + 1),
            now: 0,
            released: ONE,
            past: vec![ONE; window],
            sum: u64::from(ONE) * window as u64,
            place: 0,
        }
    }

    /// Takes the factor that the newest sample must have, 0 to 1, and gives the one for the sample that leaves now.
    /// `release` is the part of the way back that is gone in a sample.
    #[inline]
    pub fn step(&mut self, wanted: f64, release: f64) -> f64 {
        let wanted = (wanted.clamp(0.0, 1.0) * f64::from(ONE)) as u32;
        while self.candidates.back().is_some_and(|(_, it)| *it >= wanted) {
            self.candidates.pop_back();
        }
        self.candidates.push_back((self.now, wanted));
        let oldest = (self.now + 1).saturating_sub(self.window);
        while self.candidates.front().is_some_and(|(at, _)| *at < oldest) {
            self.candidates.pop_front();
        }
        let least = self.candidates.front().map_or(ONE, |(_, it)| *it);
        self.released = if least <= self.released {
            least
        } else {
            let gap = least - self.released;
            let part = (release * f64::from(u32::MAX)) as u64;
            let step = (u64::from(gap) * part) >> u32::BITS;
            self.released + (step as u32).clamp(1, gap)
        };
        self.sum = self.sum + u64::from(self.released) - u64::from(self.past[self.place]);
        self.past[self.place] = self.released;
        self.place += 1;
        if self.place == self.past.len() {
            self.place = 0;
        }
        self.now += 1;
        self.sum as f64 / (f64::from(ONE) * self.window as f64)
    }

    /// Goes on as another of the same window does.
    pub(crate) fn follow(&mut self, other: &Self) {
        self.candidates.clear();
        self.candidates.extend(&other.candidates);
        self.past.copy_from_slice(&other.past);
        (self.now, self.place) = (other.now, other.place);
        (self.released, self.sum) = (other.released, other.sum);
    }

    /// Whether nothing was asked for within the window: then 1 follows upon 1.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.released == ONE && self.sum == u64::from(ONE) * self.window
    }

    /// Goes on for so many samples that ask for nothing, while it [`rests`](Self::rests).
    pub fn pass(&mut self, samples: usize) {
        self.candidates.clear();
        self.now += samples as u64;
        self.candidates.push_back((self.now.saturating_sub(1), ONE));
    }

    /// Back to rest.
    pub fn reset(&mut self) {
        self.candidates.clear();
        self.now = 0;
        self.released = ONE;
        self.past.fill(ONE);
        self.sum = u64::from(ONE) * self.window;
        self.place = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::Random;

    #[test]
    fn the_curve_is_straight_outside_its_knee_and_bends_within() {
        let knee = |width_db| Knee {
            threshold_db: -20.0,
            ratio: 4.0,
            width_db,
        };
        assert_eq!(knee(0.0).reduction_db(-20.0), 0.0);
        assert_eq!(knee(0.0).reduction_db(-12.0), 6.0);
        assert_eq!(knee(12.0).reduction_db(-26.0), 0.0);
        assert_eq!(knee(12.0).reduction_db(-14.0), 4.5);
        // In the middle of the knee a quarter of its half is already taken off.
        assert!((knee(12.0).reduction_db(-20.0) - 0.75 * 6.0 / 4.0).abs() < 1e-12);
        assert_eq!(knee(12.0).reduction_db(f64::NEG_INFINITY), 0.0);
        let mut last = 0.0;
        for step in 0..600 {
            let reduction = knee(12.0).reduction_db(-30.0 + f64::from(step) * 0.05);
            assert!(reduction >= last && reduction - last < 0.0376, "{step}");
            last = reduction;
        }
    }

    #[test]
    fn a_follower_arrives_by_its_times_and_rests_on_nothing() {
        let speed = Ballistics::new(0.01, 0.1, 0.005, 48_000.0);
        let mut follower = Follower::default();
        let down: Vec<f64> = (0..4800).map(|_| follower.step(12.0, &speed)).collect();
        let gone = 12.0 * (1.0 - (-1.0_f64).exp());
        assert!((down[479] - gone).abs() < 1e-6);
        let back: Vec<f64> = (0..96_000).map(|_| follower.step(0.0, &speed)).collect();
        assert!(back[239] > 11.99);
        // Held for 5 ms, then with both time constants one after the other: 11 % of the one stand in the other's way.
        let seconds = 0.1;
        let (fast, slow) = ((-seconds / 0.01_f64).exp(), (-seconds / 0.1_f64).exp());
        let left = 12.0 * (slow * 0.1 - fast * 0.01) / 0.09;
        assert!((back[239 + 4800] - left).abs() < 0.02, "{}", back[5039]);
        assert_eq!(back[95_999], 0.0);
    }

    #[test]
    fn foresight_is_there_in_time_and_comes_back_to_exactly_one() {
        let ahead = 47;
        let mut random = Random::new(9);
        let mut told: Vec<f64> = (0..20_000)
            .map(|_| {
                let it = f64::from(random.next_signed());
                if it > 0.98 { 1.0 - it * 0.9 } else { 1.0 }
            })
            .collect();
        told[10_000..].fill(1.0);
        let mut foresight = Foresight::new(ahead);
        let given: Vec<f64> = told.iter().map(|it| foresight.step(*it, 0.01)).collect();
        for (at, wanted) in told[..told.len() - ahead].iter().enumerate() {
            assert!(given[at + ahead] <= *wanted, "{at}");
        }
        let step = given
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f64::max);
        assert!(step <= 1.0 / (ahead + 1) as f64, "{step}");
        assert_eq!(given[19_999], 1.0);
        foresight.reset();
        assert_eq!(foresight.step(0.5, 0.01), 1.0 - 0.5 / 48.0);
    }
}
