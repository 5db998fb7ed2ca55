//! A number on its way to a target, counted in samples.
//!
//! ```text
//!   target ─────────────────●━━━━━━   sample `length` after `set` is the target exactly
//!                     ●  ●
//!               ●  ●                  linear in the number's own units
//!   start ━━━●                        `value()` is the last one given
//! ```
//!
//! Every value is computed from the count of samples since `set`, not from the value before it, so the numbers are the
//! same however a stream is cut, and the landing is exact.

/// A number that moves in a straight line to each new target, in a fixed number of samples.
///
/// ```
/// use ksgraph::dsp::Ramp;
///
/// let mut ramp = Ramp::new(0.0, 4);
/// ramp.set(1.0);
/// let mut values = [0.0; 6];
/// ramp.fill(&mut values);
/// assert_eq!(values, [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ramp {
    start: f64,
    target: f32,
    length: u32,
    /// Samples given since `set`; equal to `length` when still.
    done: u32,
}

impl Ramp {
    /// A ramp at rest on `value`, whose moves will take `length` samples. With a length of 0 it jumps.
    #[must_use]
    pub fn new(value: f32, length: u32) -> Self {
        Self {
            start: f64::from(value),
            target: value,
            length,
            done: length,
        }
    }

    /// Starts for `target` from the present value. Setting the target that is already under way changes nothing, so a
    /// value may be set again in each call.
    pub fn set(&mut self, target: f32) {
        if target.to_bits() == self.target.to_bits() {
            return;
        }
        self.start = self.exact();
        self.target = target;
        self.done = 0;
    }

    /// Stands on `value` at once.
    pub fn jump(&mut self, value: f32) {
        *self = Self::new(value, self.length);
    }

    /// Lets later moves take `length` samples. One under way goes on from its present value, anew.
    pub fn set_length(&mut self, length: u32) {
        if self.is_still() {
            self.done = length;
        } else {
            self.start = self.exact();
            self.done = 0;
        }
        self.length = length;
    }

    /// The value last given, or the one it rests on.
    #[must_use]
    pub fn value(&self) -> f32 {
        if self.is_still() {
            self.target
        } else {
            self.exact() as f32
        }
    }

    /// Where it goes, or rests.
    #[must_use]
    pub fn target(&self) -> f32 {
        self.target
    }

    /// Whether it has arrived, so that [`value`](Self::value) holds for all samples to come.
    #[must_use]
    pub fn is_still(&self) -> bool {
        self.done >= self.length
    }

    /// Samples until it arrives.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        self.length.saturating_sub(self.done)
    }

    /// The value for the next sample.
    pub fn step(&mut self) -> f32 {
        if self.is_still() {
            return self.target;
        }
        self.done += 1;
        self.value()
    }

    /// Writes the values for the next samples.
    pub fn fill(&mut self, values: &mut [f32]) {
        let moving = values.len().min(self.remaining() as usize);
        let (moving, still) = values.split_at_mut(moving);
        for value in moving {
            *value = self.step();
        }
        still.fill(self.target);
    }

    /// What [`fill`](Self::fill) writes. Many ramps are often on the same part of their ways: that part is reckoned by the first of them
    /// and kept in `shared`.
    pub(crate) fn fill_beside<const N: usize>(
        &mut self,
        shared: &mut Parts<N>,
        values: &mut [f32; N],
        count: usize,
    ) {
        let values = &mut values[..count.min(N)];
        if self.is_still() {
            values.fill(self.target);
            return;
        }
        if (shared.done, shared.length) != (self.done, self.length) {
            (shared.done, shared.length) = (self.done, self.length);
            for (part, step) in shared.parts.iter_mut().zip(self.done + 1..) {
                *part = f64::from(step) / f64::from(self.length);
            }
        }
        let way = f64::from(self.target) - self.start;
        for (value, part) in values.iter_mut().zip(&shared.parts) {
            *value = (self.start + way * part) as f32;
        }
        let moving = (self.remaining() as usize).saturating_sub(1);
        if let Some(there) = values.get_mut(moving..) {
            there.fill(self.target);
        }
        self.advance(values.len());
    }

    /// Passes over `samples` values.
    pub fn advance(&mut self, samples: usize) {
        let samples = u32::try_from(samples).unwrap_or(u32::MAX);
        self.done = self.done.saturating_add(samples).min(self.length);
    }

    fn exact(&self) -> f64 {
        if self.is_still() {
            return f64::from(self.target);
        }
        let way = f64::from(self.done) / f64::from(self.length);
        self.start + (f64::from(self.target) - self.start) * way
    }
}

/// Parts of the way that come next, of ramps that began together.
pub(crate) struct Parts<const N: usize> {
    done: u32,
    length: u32,
    parts: [f64; N],
}

impl<const N: usize> Default for Parts<N> {
    fn default() -> Self {
        Self {
            done: 0,
            length: 0,
            parts: [0.0; N],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(lengths: &[usize]) -> Vec<f32> {
        let mut ramp = Ramp::new(0.1, 960);
        let mut all = vec![0.0; 2000];
        ramp.set(0.7);
        let mut at = 0;
        for &length in lengths.iter().cycle() {
            let end = (at + length).min(500);
            ramp.fill(&mut all[at..end]);
            at = end;
            if at == 500 {
                break;
            }
        }
        ramp.set(-0.3);
        for &length in lengths.iter().cycle() {
            let end = (at + length).min(2000);
            ramp.fill(&mut all[at..end]);
            at = end;
            if at == 2000 {
                break;
            }
        }
        all
    }

    #[test]
    fn ramps_side_by_side_are_what_each_is_alone_wherever_it_is() {
        let begun = |from: f32, to: f32, done: usize| {
            let mut ramp = Ramp::new(from, 100);
            ramp.set(to);
            ramp.advance(done);
            ramp
        };
        let ramps = [
            (0.1, 0.7, 0),
            (0.9, 0.2, 0),
            (0.3, -0.4, 37),
            (0.6, 0.8, 99),
        ];
        let mut together = ramps.map(|(from, to, done)| begun(from, to, done));
        let mut alone = together.clone();
        for _ in 0..5 {
            // They arrive in the middle of a piece, and rest.
            let mut parts = Parts::<48>::default();
            for (one, other) in together.iter_mut().zip(&mut alone) {
                let (mut found, mut wanted) = ([0.0; 48], [0.0; 48]);
                one.fill_beside(&mut parts, &mut found, 40);
                other.fill(&mut wanted[..40]);
                assert_eq!(found.map(f32::to_bits), wanted.map(f32::to_bits));
            }
        }
        assert_eq!(together.map(|it| it.value()), [0.7, 0.2, -0.4, 0.8]);
    }

    #[test]
    fn any_cutting_gives_the_same_bits() {
        let whole = cut(&[2000]);
        assert_eq!(whole, cut(&[64]));
        assert_eq!(whole, cut(&[1, 7, 300, 2, 31]));
    }

    #[test]
    fn it_lands_exactly_and_restarts_from_where_it_is() {
        let all = cut(&[100]);
        let turn = 0.1 + 0.6 * 500.0 / 960.0;
        assert!((all[499] - turn).abs() < 1e-6);
        assert!((all[500] - (turn + (-0.3 - turn) / 960.0)).abs() < 1e-6);
        assert_ne!(all[1458], -0.3);
        assert_eq!(all[1459], -0.3);
        assert_eq!(all[1999], -0.3);
    }

    #[test]
    fn advancing_is_filling_unseen() {
        let mut seen = Ramp::new(0.0, 100);
        let mut unseen = seen.clone();
        seen.set(1.0);
        unseen.set(1.0);
        seen.fill(&mut [0.0; 37]);
        unseen.advance(37);
        assert_eq!(seen, unseen);
        assert_eq!(unseen.remaining(), 63);
        unseen.advance(usize::MAX);
        assert!(unseen.is_still());
        assert_eq!(unseen.value(), 1.0);
    }

    #[test]
    fn setting_the_same_target_again_does_not_restart() {
        let mut ramp = Ramp::new(0.0, 4);
        ramp.set(1.0);
        ramp.step();
        ramp.set(1.0);
        assert_eq!(ramp.step(), 0.5);
    }

    #[test]
    fn a_length_of_zero_jumps() {
        let mut ramp = Ramp::new(0.0, 0);
        ramp.set(1.0);
        assert!(ramp.is_still());
        assert_eq!(ramp.step(), 1.0);
    }
}
