//! Decibels of many samples at once, for what hears levels and sets gains sample by sample.
//!
//! Both ways are series of a few terms and no branches, so a loop over them becomes wide instructions in
//! [`wide`](super::wide::wide); every sample comes to the same bits in any register. What is reckoned once a block, or shown, is
//! [`gain`](super::gain)'s, which rounds to the nearest.

use std::f32::consts::LN_2;

use super::delay::NOTHING;
use super::wide::larger;

/// A factor of two in decibels.
const OCTAVE_DB: f32 = 6.020_6;
/// The bits of the square root of one half: mantissas from there to twice as much are nearest to 1.
const ROOT_OF_HALF: i32 = 0x3F35_04F3;
/// What is added to a number to leave its whole part in the lowest bits: 1.5 * 2^23.
const WHOLE: f32 = 12_582_912.0;
/// Half a float's range: an amplitude beyond that is held.
const MOST_OCTAVES: f32 = 64.0;

/// The level of an amplitude, 0 or more, within 0.00002 dB; silence is -600 dB.
#[inline(always)]
#[must_use]
pub(crate) fn db(amplitude: f32) -> f32 {
    let bits = larger(amplitude, NOTHING).to_bits() as i32;
    let octave = (bits - ROOT_OF_HALF) >> 23;
    let mantissa = f32::from_bits((bits - (octave << 23)) as u32);
    // ln m = 2 artanh((m - 1) / (m + 1)), and what it is taken of is 0.172 at the most.
    let part = (mantissa - 1.0) / (mantissa + 1.0);
    let square = part * part;
    let mut sum = 1.0 / 9.0;
    for term in [1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0] {
        sum = sum * square + term;
    }
    octave as f32 * OCTAVE_DB + part * sum * (2.0 * OCTAVE_DB / LN_2)
}

/// The amplitude of a level, within 0.00001 dB between -120 and 120 dB; exactly 1 of 0 dB.
#[inline(always)]
#[must_use]
pub(crate) fn amplitude(db: f32) -> f32 {
    let octaves = larger(db * (1.0 / OCTAVE_DB), -MOST_OCTAVES);
    let octaves = if octaves < MOST_OCTAVES {
        octaves
    } else {
        MOST_OCTAVES
    };
    let shifted = octaves + WHOLE;
    let whole = shifted.to_bits() << 23;
    let part = (octaves - (shifted - WHOLE)) * LN_2;
    // The exponential series: what it is taken of is 0.347 at the most.
    let mut sum = 1.0 / 5040.0;
    for term in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        sum = sum * part + term;
    }
    f32::from_bits(sum.to_bits().wrapping_add(whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::wide::wide;

    #[test]
    fn levels_are_those_of_the_logarithm() {
        for step in -6000..=2400 {
            let exact = f64::from(step) * 0.1 + 0.017;
            let heard = f64::from(db(10_f64.powf(exact / 20.0) as f32));
            let far = if exact.abs() < 150.0 { 2e-5 } else { 1e-4 };
            assert!((heard - exact).abs() < far, "{exact}: {heard}");
        }
        assert!((db(0.0) + 600.0).abs() < 1e-3 && (db(1e-40) + 600.0).abs() < 1e-3);
        assert_eq!(db(1.0), 0.0);
    }

    #[test]
    fn amplitudes_are_those_of_the_power() {
        for step in -12_000..=12_000 {
            let level = step as f32 * 0.01;
            let exact = 10_f64.powf(f64::from(level) / 20.0);
            let off = 20.0 * (f64::from(amplitude(level)) / exact).log10();
            assert!(off.abs() < 1e-5, "{level}: {off}");
        }
        assert_eq!([amplitude(0.0), amplitude(-0.0)], [1.0, 1.0]);
        assert!(amplitude(f32::NEG_INFINITY) < 1e-19 && amplitude(f32::INFINITY) > 1e19);
    }

    #[test]
    fn any_register_comes_to_the_same_bits() {
        let levels: [f32; 77] = std::array::from_fn(|at| at as f32 * 1.7 - 90.0);
        let mut at_once = levels;
        wide(
            #[inline(always)]
            || {
                for level in &mut at_once {
                    *level = db(amplitude(*level));
                }
            },
        );
        let one_by_one = levels.map(|level| db(amplitude(level)));
        assert_eq!(at_once.map(f32::to_bits), one_by_one.map(f32::to_bits));
        assert!(
            at_once
                .iter()
                .zip(&levels)
                .all(|(a, b)| (a - b).abs() < 1e-4)
        );
    }
}
