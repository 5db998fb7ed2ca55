//! Levels: decibels, scaling, mixing, and where a sound stands between left and right.
//!
//! A level that moves is a slice of amplitudes (see [`Ramp`](super::Ramp)), one for each sample. Each output sample is
//! one product, and one sum where it mixes, in the order written: no reassociation, so results do not depend on the
//! length of the slices.

use std::f32::consts::FRAC_PI_4;

use super::wide::wide;

/// The amplitude of a level in decibels. Minus infinity gives exactly 0, and 0 dB gives exactly 1.
#[must_use]
pub fn amplitude_from_db(level_db: f32) -> f32 {
    if level_db == 0.0 {
        return 1.0;
    }
    // In f64, so that the result is the nearest f32 and the way back is as good as f32 allows.
    10_f64.powf(f64::from(level_db) / 20.0) as f32
}

/// The level in decibels of an amplitude; its sign does not matter. 0 gives minus infinity.
#[must_use]
pub fn db_from_amplitude(amplitude: f32) -> f32 {
    (20.0 * f64::from(amplitude.abs()).log10()) as f32
}

/// Multiplies every sample by one amplitude.
pub fn scale(samples: &mut [f32], amplitude: f32) {
    wide(
        #[inline(always)]
        move || {
            for sample in samples {
                *sample *= amplitude;
            }
        },
    );
}

/// Multiplies every sample by the amplitude that stands at the same place. Whichever is shorter ends it.
pub fn multiply(samples: &mut [f32], amplitudes: impl IntoIterator<Item = f32>) {
    wide(
        #[inline(always)]
        || {
            for (sample, amplitude) in samples.iter_mut().zip(amplitudes) {
                *sample *= amplitude;
            }
        },
    );
}

/// Adds `from` to `into`. The shorter slice ends it.
pub fn mix_into(into: &mut [f32], from: &[f32]) {
    wide(
        #[inline(always)]
        || {
            for (sum, sample) in into.iter_mut().zip(from) {
                *sum += sample;
            }
        },
    );
}

/// Adds all of `sounds` to `into`, one behind the other; several at a time, so that sums are read and written less often.
pub fn mix_all_into<'a>(into: &mut [f32], mut sounds: impl Iterator<Item = &'a [f32]>) {
    loop {
        let four = [(); 4].map(|()| sounds.next());
        match four {
            [Some(a), Some(b), Some(c), Some(d)]
                if [a, b, c, d].iter().all(|it| it.len() == into.len()) =>
            {
                wide(
                    #[inline(always)]
                    || {
                        let first = a.iter().zip(b);
                        let second = c.iter().zip(d);
                        for (sum, ((a, b), (c, d))) in into.iter_mut().zip(first.zip(second)) {
                            *sum = (((*sum + a) + b) + c) + d;
                        }
                    },
                );
            }
            _ => {
                let is_last = four[3].is_none();
                let each = four.into_iter().flatten();
                each.for_each(|sound| mix_into(into, sound));
                if is_last {
                    return;
                }
            }
        }
    }
}

/// Adds `from`, scaled by one amplitude, to `into`. The shorter slice ends it.
pub fn mix_into_scaled(into: &mut [f32], from: &[f32], amplitude: f32) {
    wide(
        #[inline(always)]
        || {
            for (sum, sample) in into.iter_mut().zip(from) {
                *sum += sample * amplitude;
            }
        },
    );
}

/// Adds `from`, each sample scaled by the amplitude at its place, to `into`. The shortest slice ends it.
pub fn mix_into_multiplied(into: &mut [f32], from: &[f32], amplitudes: &[f32]) {
    wide(
        #[inline(always)]
        || {
            for ((sum, sample), amplitude) in into.iter_mut().zip(from).zip(amplitudes) {
                *sum += sample * amplitude;
            }
        },
    );
}

/// Where a **mono** sound stands: left and right amplitude for a position from -1 (left) to 1 (right).
///
/// Constant power: the squares of both sum to 1 at every position, so a sound does not get louder or softer on its
/// way. In the middle both are 0.7071 (-3.01 dB); at an end one is exactly 1 and the other exactly 0.
#[must_use]
pub fn pan_constant_power(position: f32) -> (f32, f32) {
    let position = clamp_position(position);
    if position == -1.0 {
        return (1.0, 0.0);
    }
    if position == 1.0 {
        return (0.0, 1.0);
    }
    let angle = (position + 1.0) * FRAC_PI_4;
    (angle.cos(), angle.sin())
}

/// The balance of a **stereo** sound: left and right amplitude for a position from -1 (left) to 1 (right).
///
/// In the middle both are exactly 1, so a stereo sound passes untouched. Away from it the near side stays at 1 and the
/// far side falls along a quarter of a cosine to exactly 0: -3.01 dB half way. Neither ever rises above 1.
#[must_use]
pub fn balance(position: f32) -> (f32, f32) {
    let position = clamp_position(position);
    let far = if position.abs() == 1.0 {
        0.0
    } else {
        (position.abs() * 2.0 * FRAC_PI_4).cos()
    };
    if position < 0.0 {
        (1.0, far)
    } else {
        (far, 1.0)
    }
}

/// A position that is no number stands in the middle.
fn clamp_position(position: f32) -> f32 {
    if position.is_nan() {
        0.0
    } else {
        position.clamp(-1.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These loops are compiled for narrow registers.
    #[test]
    fn wide_registers_give_the_bits_of_narrow_ones() {
        let sound = |seed: u64, len: usize| -> Vec<f32> {
            let mut random = crate::dsp::Random::new(seed);
            (0..len).map(|_| random.next_signed()).collect()
        };
        for len in [0, 1, 7, 64, 77, 1000] {
            let (into, from, by) = (sound(1, len), sound(2, len), sound(3, len));
            let one_by_one = |reckon: &dyn Fn(usize) -> f32| -> Vec<u32> {
                (0..len).map(|at| reckon(at).to_bits()).collect()
            };
            let at_once = |reckon: &dyn Fn(&mut [f32])| -> Vec<u32> {
                let mut into = into.clone();
                reckon(&mut into);
                into.iter().map(|sample| sample.to_bits()).collect()
            };
            assert_eq!(
                at_once(&|it| scale(it, 0.7)),
                one_by_one(&|at| into[at] * 0.7)
            );
            assert_eq!(
                at_once(&|it| multiply(it, by.iter().copied())),
                one_by_one(&|at| into[at] * by[at])
            );
            assert_eq!(
                at_once(&|it| mix_into(it, &from)),
                one_by_one(&|at| into[at] + from[at])
            );
            assert_eq!(
                at_once(&|it| mix_into_scaled(it, &from, 0.3)),
                one_by_one(&|at| into[at] + from[at] * 0.3)
            );
            assert_eq!(
                at_once(&|it| mix_into_multiplied(it, &from, &by)),
                one_by_one(&|at| into[at] + from[at] * by[at])
            );
        }
    }

    #[test]
    fn decibels_and_amplitudes_are_inverse() {
        assert_eq!(amplitude_from_db(0.0), 1.0);
        assert_eq!(amplitude_from_db(f32::NEG_INFINITY), 0.0);
        assert_eq!(db_from_amplitude(0.0), f32::NEG_INFINITY);
        assert!((amplitude_from_db(-6.0206) - 0.5).abs() < 1e-6);
        assert!((db_from_amplitude(-10.0) - 20.0).abs() < 1e-5);
        for tenth in -1200..=240 {
            let level_db = tenth as f32 / 10.0;
            assert!((db_from_amplitude(amplitude_from_db(level_db)) - level_db).abs() < 1e-4);
        }
    }

    #[test]
    fn scaling_and_mixing_do_what_they_say() {
        let mut samples = [1.0, -2.0, 3.0];
        scale(&mut samples, 0.5);
        assert_eq!(samples, [0.5, -1.0, 1.5]);
        multiply(&mut samples, [2.0, 0.0, 4.0]);
        assert_eq!(samples, [1.0, -0.0, 6.0]);
        mix_into(&mut samples, &[1.0, 1.0, 1.0]);
        assert_eq!(samples, [2.0, 1.0, 7.0]);
        mix_into_scaled(&mut samples, &[2.0, 2.0, 2.0], -0.5);
        assert_eq!(samples, [1.0, 0.0, 6.0]);
        mix_into_multiplied(&mut samples, &[1.0, 2.0, 3.0], &[1.0, 0.5, -2.0]);
        assert_eq!(samples, [2.0, 1.0, 0.0]);
    }

    #[test]
    fn constant_power_keeps_the_power() {
        for step in -10..=10 {
            let (left, right) = pan_constant_power(step as f32 / 10.0);
            assert!((left * left + right * right - 1.0).abs() < 1e-6);
        }
        assert_eq!(pan_constant_power(-1.0), (1.0, 0.0));
        assert_eq!(pan_constant_power(7.0), (0.0, 1.0));
        let (left, right) = pan_constant_power(0.0);
        assert!((db_from_amplitude(left) + 3.0103).abs() < 1e-3);
        assert!((left - right).abs() < 1e-6);
    }

    #[test]
    fn balance_leaves_the_middle_and_the_near_side_alone() {
        assert_eq!(balance(0.0), (1.0, 1.0));
        assert_eq!(balance(f32::NAN), (1.0, 1.0));
        assert_eq!(balance(-1.0), (1.0, 0.0));
        assert_eq!(balance(1.0), (0.0, 1.0));
        let (left, right) = balance(0.5);
        assert_eq!(right, 1.0);
        assert!((db_from_amplitude(left) + 3.0103).abs() < 1e-3);
    }
}
