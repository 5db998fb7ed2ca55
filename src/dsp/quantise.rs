//! The grid of n-bit PCM, and dither.
//!
//! A sample of 1.0 is `2^(bits-1)` steps, so the grid reaches from -1 to one step below 1. Everything up to 24 bits is
//! exact in `f32`.

use super::random::Random;

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
        for sample in samples {
            *sample = (f64::from(self.code(*sample)) / steps) as f32;
        }
    }

    /// The whole number of steps for the next sample, as PCM writes it (8-bit files add 128).
    pub fn code(&mut self, sample: f32) -> i32 {
        match &mut self.dither {
            None => code(sample, self.bits),
            Some(random) => {
                let noise = f64::from(random.next_signed()) + f64::from(random.next_signed());
                // Each draw spans two steps, so half of the sum is triangular over (-1, 1) step.
                round(
                    f64::from(sample) * steps(self.bits) + noise * 0.5,
                    self.bits,
                )
            }
        }
    }
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
}
