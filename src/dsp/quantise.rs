//! The grid of n-bit PCM, and dither.
//!
//! A sample of 1.0 is `2^(bits-1)` steps, so the grid reaches from -1 to one step below 1. Everything up to 24 bits is
//! exact in `f32`.

use super::PIECE;
use super::random::Random;
use super::wide::wide;

/// Whether to add noise before rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dither {
    /// Round only. What lies on the grid already passes bit for bit.
    None,
    /// Triangular noise of two steps from end to end, which makes the error independent of the sound. Counted by sample
    /// from this seed: give each channel one of its own.
    Triangular(u64),
}

/// Rounds one channel of samples to a grid.
#[derive(Clone, Debug)]
pub struct Quantiser {
    bits: u32,
    dither: Option<Random>,
}

impl Quantiser {
    /// A grid of `bits` bits, brought into 2..=24 if it is outside.
    #[must_use]
    pub fn new(bits: u32, dither: Dither) -> Self {
        Self {
            bits: bits.clamp(2, 24),
            dither: match dither {
                Dither::None => None,
                Dither::Triangular(seed) => Some(Random::new(seed)),
            },
        }
    }

    /// Puts each sample on the nearest point of the grid.
    pub fn quantise(&mut self, samples: &mut [f32]) {
        let steps = steps(self.bits);
        let Some(random) = &mut self.dither else {
            return on_grid(samples, steps as f32);
        };
        for samples in samples.chunks_mut(PIECE) {
            let mut noise = [0.0; PIECE];
            for noise in &mut noise[..samples.len()] {
                *noise = triangular(random);
            }
            on_noisy_grid(samples, &noise, steps);
        }
    }

    /// The whole number of steps for the next sample, as PCM writes it (8-bit files add 128).
    pub fn code(&mut self, sample: f32) -> i32 {
        match &mut self.dither {
            None => code(sample, self.bits),
            Some(random) => {
                let in_steps = f64::from(sample) * steps(self.bits);
                round(in_steps + triangular(random), self.bits)
            }
        }
    }
}

/// Triangular noise between one step down and one up.
#[inline(always)]
fn triangular(random: &mut Random) -> f64 {
    // Each draw spans two steps, so half of the sum is triangular over (-1, 1) step.
    (f64::from(random.next_signed()) + f64::from(random.next_signed())) * 0.5
}

/// Up to 24 bits all of it is exact in single precision: steps are a power of two.
fn on_grid(samples: &mut [f32], steps: f32) {
    wide(
        #[inline(always)]
        || {
            for sample in samples {
                let nearest = (*sample * steps).round_ties_even();
                let held = nearest.clamp(-steps, steps - 1.0);
                // Nothing has no sign.
                *sample = if held.is_nan() {
                    0.0
                } else {
                    held / steps + 0.0
                };
            }
        },
    );
}

fn on_noisy_grid(samples: &mut [f32], noise: &[f64; PIECE], steps: f64) {
    wide(
        #[inline(always)]
        || {
            for (sample, noise) in samples.iter_mut().zip(noise) {
                let nearest = (f64::from(*sample) * steps + noise).round_ties_even();
                let held = nearest.clamp(-steps, steps - 1.0);
                *sample = if held.is_nan() {
                    0.0
                } else {
                    (held / steps + 0.0) as f32
                };
            }
        },
    );
}

/// The number of steps nearest to `sample` on the grid of `bits` bits (2 to 32), ties to even, clipped to the grid.
/// What is not a number gives 0.
#[must_use]
pub fn code(sample: f32, bits: u32) -> i32 {
    round(f64::from(sample) * steps(bits), bits)
}

fn steps(bits: u32) -> f64 {
    (1_u64 << (bits - 1)) as f64
}

fn round(in_steps: f64, bits: u32) -> i32 {
    let steps = steps(bits);
    // The cast turns what is not a number into 0.
    in_steps.round_ties_even().clamp(-steps, steps - 1.0) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_the_grid_pass_untouched() {
        for bits in [8, 16, 20, 24] {
            let mut quantiser = Quantiser::new(bits, Dither::None);
            let half = 1_i32 << (bits - 1);
            for code in [-half, -half + 1, -1, 0, 1, half / 3, half - 1] {
                let point = code as f32 / half as f32;
                let mut samples = [point];
                quantiser.quantise(&mut samples);
                assert_eq!(samples[0].to_bits(), point.to_bits());
                assert_eq!(quantiser.code(point), code);
            }
        }
    }

    #[test]
    fn it_rounds_to_nearest_and_clips() {
        let mut samples = [
            2.0,
            -2.0,
            1.0,
            f32::INFINITY,
            f32::NAN,
            1.4 / 128.0,
            1.6 / 128.0,
            2.5 / 128.0,
        ];
        Quantiser::new(8, Dither::None).quantise(&mut samples);
        let top = 127.0 / 128.0;
        assert_eq!(
            samples,
            [
                top,
                -1.0,
                top,
                top,
                0.0,
                1.0 / 128.0,
                2.0 / 128.0,
                2.0 / 128.0
            ]
        );
    }

    #[test]
    fn dither_keeps_the_mean_of_what_lies_between_two_steps() {
        let mut samples = vec![0.3 / 32768.0; 100_000];
        Quantiser::new(16, Dither::Triangular(1)).quantise(&mut samples);
        let mean = samples.iter().map(|s| f64::from(*s)).sum::<f64>() / 1e5 * 32768.0;
        assert!((mean - 0.3).abs() < 0.01, "{mean}");
        let codes: Vec<i32> = samples.iter().map(|s| (s * 32768.0) as i32).collect();
        assert!(codes.contains(&-1) && codes.contains(&1));
        assert!(codes.iter().all(|c| (-1..=2).contains(c)));
    }

    #[test]
    fn dither_does_not_depend_on_the_cutting() {
        let sound: Vec<f32> = (0..1000).map(|n| (n as f32 * 0.01).sin() * 0.5).collect();
        let mut whole = sound.clone();
        Quantiser::new(16, Dither::Triangular(9)).quantise(&mut whole);
        let mut pieces = sound;
        let mut quantiser = Quantiser::new(16, Dither::Triangular(9));
        for piece in pieces.chunks_mut(37) {
            quantiser.quantise(piece);
        }
        assert_eq!(whole, pieces);
    }

    #[test]
    fn many_samples_are_put_where_each_code_says() {
        let mut random = Random::new(4);
        let mut sound: Vec<f32> = (0..1000).map(|_| random.next_signed() * 1.1).collect();
        sound.extend([
            -0.0,
            1e-9,
            -1e-9,
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
        ]);
        for bits in [8, 16, 20, 24] {
            for dither in [Dither::None, Dither::Triangular(3)] {
                let mut at_once = sound.clone();
                Quantiser::new(bits, dither).quantise(&mut at_once);
                let mut quantiser = Quantiser::new(bits, dither);
                let steps = (1 << (bits - 1)) as f32;
                for (sample, heard) in sound.iter().zip(at_once) {
                    let wanted = quantiser.code(*sample) as f32 / steps;
                    assert_eq!(heard.to_bits(), wanted.to_bits(), "{bits} bits: {sample}");
                }
            }
        }
    }
}
