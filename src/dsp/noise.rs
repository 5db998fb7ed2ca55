//! Noise, white and pink.

use super::random::Random;

/// How the power of a noise is spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NoiseColour {
    /// The same in every hertz: even numbers in [-1, 1), -4.8 dBFS RMS.
    #[default]
    White,
    /// The same in every octave: 3 dB less for each octave up, about -17 dBFS RMS and never above 1.
    Pink,
}

const PINK_ROWS: usize = 16;

/// Noise from a seed: the n-th sample depends on the seed and on n alone.
///
/// Pink noise is a sum of rows, of which the k-th draws a new number every 2^k samples.
#[derive(Clone, Debug)]
pub struct Noise {
    colour: NoiseColour,
    random: Random,
    rows: [i32; PINK_ROWS],
    /// The sum of the rows, in whole numbers, so that it never drifts.
    sum: i32,
    count: u32,
}

impl Noise {
    /// The noise that belongs to `seed`. Channels want a seed each.
    #[must_use]
    pub fn new(colour: NoiseColour, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let rows = std::array::from_fn(|_| draw(&mut random));
        Self {
            colour,
            random,
            rows,
            sum: rows.iter().sum(),
            count: 0,
        }
    }

    /// The next sample.
    pub fn step(&mut self) -> f32 {
        match self.colour {
            NoiseColour::White => self.random.next_signed(),
            NoiseColour::Pink => {
                self.count = self.count.wrapping_add(1);
                let row = (self.count.trailing_zeros() as usize).min(PINK_ROWS - 1);
                let fresh = draw(&mut self.random);
                self.sum += fresh - self.rows[row];
                self.rows[row] = fresh;
                let white = draw(&mut self.random);
                (self.sum + white) as f32 / ((PINK_ROWS + 1) << 23) as f32
            }
        }
    }

    /// The next samples.
    pub fn fill(&mut self, samples: &mut [f32]) {
        for sample in samples {
            *sample = self.step();
        }
    }
}

/// An even whole number in [-2^23, 2^23): seventeen of them add up without overflow.
fn draw(random: &mut Random) -> i32 {
    ((random.next_bits() as i64) >> 40) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::measure::{peak, rms, tone_windowed};

    const RATE: f64 = 48_000.0;

    #[test]
    fn any_cutting_gives_the_same_bits() {
        for colour in [NoiseColour::White, NoiseColour::Pink] {
            let mut whole = vec![0.0; 5_000];
            Noise::new(colour, 11).fill(&mut whole);
            let mut pieces = vec![0.0; 5_000];
            let mut noise = Noise::new(colour, 11);
            pieces.chunks_mut(61).for_each(|piece| noise.fill(piece));
            assert_eq!(whole, pieces);
        }
    }

    /// Mean power in a band, by bins.
    fn band(samples: &[f32], from: f64, to: f64) -> f64 {
        let bins = 200;
        let power: f64 = (0..bins)
            .map(|n| from + (to - from) * (f64::from(n) + 0.5) / f64::from(bins))
            .map(|hz| tone_windowed(samples, hz, RATE).amplitude.powi(2))
            .sum();
        power / f64::from(bins) * (to - from)
    }

    #[test]
    fn noises_have_their_colours() {
        for (colour, per_octave_db, level) in [
            (NoiseColour::White, 3.01, 0.577),
            (NoiseColour::Pink, 0.0, 0.14),
        ] {
            let mut samples = vec![0.0; 96_000];
            Noise::new(colour, 2).fill(&mut samples);
            assert!(peak(&samples) <= 1.0);
            assert!(
                (rms(&samples) / level - 1.0).abs() < 0.2,
                "{colour:?} {}",
                rms(&samples)
            );
            let low = band(&samples, 200.0, 400.0);
            for (octaves, from) in [
                (1, 400.0),
                (2, 800.0),
                (3, 1600.0),
                (4, 3200.0),
                (5, 6400.0),
            ] {
                let rise = 10.0 * (band(&samples, from, 2.0 * from) / low).log10();
                let wanted = per_octave_db * f64::from(octaves);
                assert!(
                    (rise - wanted).abs() < 2.0,
                    "{colour:?} {from} Hz: {rise:.1} for {wanted:.1}"
                );
            }
        }
    }
}
