//! The widest instructions that the machine at hand has, found once while the program runs.
//!
//! A loop is written once, as plain Rust, and compiled twice: for every machine of its kind and for those with wider
//! registers. Each sample is reckoned by the same operations in the same order in both, without fused multiply-add, so
//! the results agree bit for bit; the tests here hold both against each other.

use pulp::{Arch, Simd, WithSimd};

/// Runs a loop with the widest instructions there are. `work` calls nothing that is not inlined and says `#[inline(always)]`
/// itself: a long closure that does not stays a function of its own, compiled for narrow registers.
#[inline(always)]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    struct Work<W>(W);
    impl<R, W: FnOnce() -> R> WithSimd for Work<W> {
        type Output = R;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> R {
            (self.0)()
        }
    }
    Arch::new().dispatch(Work(work))
}

/// The larger of two, in one instruction, where `max` asks whether either is no number.
#[inline(always)]
#[must_use]
pub(crate) fn larger(number: f32, other: f32) -> f32 {
    if number > other { number } else { other }
}

/// Samples that [`multiply_by_each`] holds in registers at a time, in registers.
const HELD: usize = 8;

/// Multiplies every sample by every factor, one factor behind the other: the same as one pass for each of them, with the
/// samples read and written once.
pub fn multiply_by_each(samples: &mut [f32], factors: &[f32]) {
    Arch::new().dispatch(MultiplyByEach { samples, factors });
}

struct MultiplyByEach<'a> {
    samples: &'a mut [f32],
    factors: &'a [f32],
}

impl WithSimd for MultiplyByEach<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (wide, narrow) = S::as_mut_simd_f32s(self.samples);
        let (blocks, rest) = wide.as_chunks_mut::<HELD>();
        for block in blocks {
            let mut held = *block;
            for factor in self.factors {
                let factor = simd.splat_f32s(*factor);
                for samples in &mut held {
                    *samples = simd.mul_f32s(*samples, factor);
                }
            }
            *block = held;
        }
        for samples in rest {
            for factor in self.factors {
                *samples = simd.mul_f32s(*samples, simd.splat_f32s(*factor));
            }
        }
        for sample in narrow {
            for factor in self.factors {
                *sample *= factor;
            }
        }
    }
}

/// What one look at samples finds, as bits: those of floats that are not negative are in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    largest: u32,
    /// One less than the smallest that is not nothing.
    below_least: u32,
}

/// The bits of an infinity, which are larger than those of any number.
const INFINITE: u32 = 0x7F80_0000;
/// Those of the smallest number that is not denormal.
const NORMAL: u32 = 0x0080_0000;

impl Default for Extent {
    fn default() -> Self {
        Self {
            largest: 0,
            below_least: u32::MAX,
        }
    }
}

impl Extent {
    /// What was found: the largest bits without a sign, and the smallest less one.
    pub(super) fn of_bits(largest: u32, below_least: u32) -> Self {
        Self {
            largest,
            below_least,
        }
    }

    /// What the same look finds when every sample was multiplied by one number: rounding keeps the order of sizes.
    #[must_use]
    pub fn times(self, factor: f32) -> Self {
        let product = |bits: u32| (f32::from_bits(bits) * factor).abs().to_bits();
        let largest = product(self.largest);
        let below_least = match self.below_least {
            // Nothing but nothing, or nothing else from here on.
            u32::MAX => u32::MAX,
            _ if factor == 0.0 => u32::MAX,
            // What came to nothing may have had company that did not: the smallest there is.
            below => product(below + 1).saturating_sub(1),
        };
        Self {
            largest,
            below_least,
        }
    }

    /// The largest absolute sample; what is no number counts as the largest there is.
    pub fn peak(self) -> f32 {
        f32::from_bits(self.largest.min(INFINITE - 1))
    }

    /// The smallest absolute sample that is not nothing; infinity where all are.
    pub fn least(self) -> f32 {
        f32::from_bits(self.below_least.saturating_add(1).min(INFINITE))
    }

    /// Whether every sample is a number.
    pub fn is_finite(self) -> bool {
        self.largest < INFINITE
    }

    /// Whether some are so small that they are slow to reckon with.
    pub fn has_denormal(self) -> bool {
        self.below_least < NORMAL - 1
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            largest: self.largest.max(other.largest),
            below_least: self.below_least.min(other.below_least),
        }
    }
}

/// Looks at every sample: one maximum finds the peak and what is no number, one minimum what is denormal.
#[must_use]
pub fn extent(samples: &[f32]) -> Extent {
    wide(
        #[inline(always)]
        move || look(samples),
    )
}

/// Looks at every sample of every channel.
#[must_use]
pub fn extent_of<'a>(channels: impl Iterator<Item = &'a [f32]>) -> Extent {
    wide(
        #[inline(always)]
        move || {
            let mut seen = Extent::default();
            for channel in channels {
                seen = seen.and(look(channel));
            }
            seen
        },
    )
}

/// The same, for loops that are compiled for wide registers themselves.
#[inline(always)]
pub(super) fn look(samples: &[f32]) -> Extent {
    samples.iter().fold(Extent::default(), |seen, sample| {
        let size = sample.to_bits() & 0x7FFF_FFFF;
        Extent {
            largest: seen.largest.max(size),
            // Nothing wraps round to the largest there is.
            below_least: seen.below_least.min(size.wrapping_sub(1)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(len: usize) -> Vec<f32> {
        let mut random = crate::dsp::Random::new(7);
        (0..len).map(|_| random.next_signed()).collect()
    }

    #[test]
    fn many_factors_at_once_are_the_same_as_one_pass_for_each() {
        let factors: Vec<f32> = (0..100).map(|n| 0.9 + n as f32 * 0.0021).collect();
        for len in [0, 1, 7, 8, 31, 64, 65, 200, 1024] {
            let mut passes = sound(len);
            let mut at_once = passes.clone();
            for factor in &factors {
                passes.iter_mut().for_each(|sample| *sample *= factor);
            }
            multiply_by_each(&mut at_once, &factors);
            assert!(passes.iter().eq(&at_once), "{len}");
            assert!(len == 0 || at_once[0] != sound(len)[0]);
        }
    }

    #[test]
    fn wide_and_narrow_see_the_same() {
        for len in [0, 1, 5, 64, 77] {
            let mut samples = sound(len);
            assert_eq!(extent(&samples), look(&samples));
            if let Some(last) = samples.last_mut() {
                *last = 1e-42;
                assert!(extent(&samples).has_denormal() && extent(&samples).is_finite());
                samples[0] = f32::NAN;
                assert!(!extent(&samples).is_finite());
            }
        }
    }

    #[test]
    fn the_extent_leaves_nothing_out() {
        let seen = extent(&[0.0, -0.25, 0.5, -0.0, 1e-30]);
        assert_eq!((seen.peak(), seen.least()), (0.5, 1e-30));
        assert!(seen.is_finite() && !seen.has_denormal());
        let nothing = extent(&[0.0, -0.0]);
        assert_eq!((nothing.peak(), nothing.least()), (0.0, f32::INFINITY));
        assert!(!nothing.has_denormal());
        assert!(!extent(&[f32::MIN_POSITIVE]).has_denormal());
        assert!(extent(&[f32::MIN_POSITIVE / 2.0]).has_denormal());
        let mut louder = [0.0, -0.25, 0.5, -0.0, 1e-30];
        for factor in [-1.7, 0.3, 0.0] {
            louder.iter_mut().for_each(|it| *it *= factor);
        }
        let loud = seen.times(-1.7).times(0.3);
        assert_eq!(
            (loud.peak(), loud.least()),
            (0.5 * 1.7 * 0.3, 1e-30 * 1.7 * 0.3)
        );
        assert_eq!(loud.times(0.0), extent(&louder));
        assert!(seen.times(1e-10).has_denormal() && seen.times(1e-20).has_denormal());
        assert!(!seen.times(f32::MAX).times(9.0).is_finite());
        let both = extent(&[f32::NEG_INFINITY]).and(seen);
        assert_eq!((both.is_finite(), both.least()), (false, 1e-30));
    }
}
