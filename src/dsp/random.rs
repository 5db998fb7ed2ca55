//! Seeded random numbers for noise and dither.
//!
//! SplitMix64: the state is a plain counter, so the n-th number depends on the seed and on n alone. The same seed gives
//! the same numbers on every machine. Not for secrets.

/// A counter that looks random.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

/// 2^64 over the golden ratio, made odd: successive states are spread as evenly as can be.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// The sequence that belongs to `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 random bits.
    pub fn next_bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STRIDE);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number, even in [-1, 1): a multiple of 2^-23, so exact in `f32`.
    pub fn next_signed(&mut self) -> f32 {
        let top = (self.next_bits() as i64) >> 40;
        top as f32 / (1 << 23) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next_bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.next_bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn signed_numbers_are_even_and_in_range() {
        let mut random = Random::new(7);
        let numbers: Vec<f64> = (0..100_000)
            .map(|_| f64::from(random.next_signed()))
            .collect();
        assert!(numbers.iter().all(|n| (-1.0..1.0).contains(n)));
        let mean = numbers.iter().sum::<f64>() / 1e5;
        let square = numbers.iter().map(|n| n * n).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01);
        assert!((square - 1.0 / 3.0).abs() < 0.01);
    }
}
