//! What a source comes to behind its transform: from 0 to 1, or from -1 to 1 (DLS 2, section "transforms").

use super::connection::{Curve, Transform};

/// Decades over which the concave curve runs: 96 dB of an amplitude that goes with the square.
const DECADES: f32 = 2.4;

/// Where a source stands in its range.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Reading {
    /// Of one more than its highest number: 64 of 127 is the middle.
    of_range: f32,
    /// Of its highest number: 127 of 127 is all.
    of_top: f32,
}

impl Reading {
    /// Of a number of 7 bits.
    pub(super) fn of_7_bits(value: u8) -> Self {
        let value = f32::from(value);
        Self {
            of_range: value / 128.0,
            of_top: value / 127.0,
        }
    }

    /// Of a number of 14 bits.
    pub(super) fn of_14_bits(value: u16) -> Self {
        let value = f32::from(value);
        Self {
            of_range: value / 16_384.0,
            of_top: value / 16_383.0,
        }
    }

    /// Of something that goes from 0 to 1.
    pub(super) fn of_part(part: f32) -> Self {
        Self {
            of_range: part,
            of_top: part,
        }
    }
}

/// Slow first: nothing at 0, all at 1.
fn concave(x: f32) -> f32 {
    match x {
        x if x >= 1.0 => 1.0,
        x => (-(1.0 - x).log10() / DECADES).clamp(0.0, 1.0),
    }
}

impl Curve {
    fn shape(self, x: f32) -> f32 {
        match self {
            Self::Linear => x,
            Self::Concave => concave(x),
            Self::Convex => 1.0 - concave(1.0 - x),
            Self::Switch => f32::from(u8::from(x >= 0.5)),
        }
    }
}

impl Transform {
    /// Of a number that goes from one end to the other.
    pub(super) fn of(self, reading: Reading) -> f32 {
        let x = match self.curve {
            Curve::Linear | Curve::Switch => reading.of_range,
            Curve::Concave | Curve::Convex => reading.of_top,
        };
        match (self.is_bipolar, self.is_inverted) {
            (true, _) if self.curve == Curve::Switch => {
                let all = if x >= 0.5 { 1.0 } else { -1.0 };
                if self.is_inverted { -all } else { all }
            }
            (true, _) => self.of_swing(2.0 * x - 1.0),
            (false, false) => self.curve.shape(x),
            (false, true) if self.curve == Curve::Switch => 1.0 - self.curve.shape(x),
            (false, true) => self.curve.shape(1.0 - x),
        }
    }

    /// Of something that swings between -1 and 1, as LFOs do by nature.
    pub(super) fn of_swing(self, x: f32) -> f32 {
        let shaped = self.curve.shape(x.abs()).copysign(x);
        if self.is_inverted { -shaped } else { shaped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transform(is_inverted: bool, is_bipolar: bool, curve: Curve) -> Transform {
        Transform {
            is_inverted,
            is_bipolar,
            curve,
        }
    }

    #[test]
    fn inverted_concave_is_the_law_of_velocity() {
        let law = transform(true, false, Curve::Concave);
        for value in 1..=127 {
            let db = 96.0 * law.of(Reading::of_7_bits(value));
            let wanted = (40.0 * (127.0 / f32::from(value)).log10()).min(96.0);
            assert!((db - wanted).abs() < 1e-3, "{value}: {db} {wanted}");
        }
        assert_eq!(law.of(Reading::of_7_bits(0)), 1.0);
    }

    #[test]
    fn the_middle_of_what_goes_both_ways_is_nothing_and_its_ends_are_opposite() {
        for curve in [Curve::Linear, Curve::Concave, Curve::Convex] {
            let plain = transform(false, true, curve);
            let inverted = transform(true, true, curve);
            assert!(
                plain.of(Reading::of_14_bits(8192)).abs() < 1e-3,
                "{curve:?}"
            );
            for value in [0, 5_000, 12_000] {
                let reading = Reading::of_14_bits(value);
                assert_eq!(
                    plain.of(reading),
                    -inverted.of(reading),
                    "{curve:?} {value}"
                );
            }
        }
        let linear = transform(false, true, Curve::Linear);
        assert_eq!(linear.of(Reading::of_7_bits(0)), -1.0);
        assert_eq!(linear.of(Reading::of_7_bits(64)), 0.0);
    }

    #[test]
    fn a_switch_is_off_below_the_middle_and_convex_is_concave_from_the_other_end() {
        let switch = transform(false, false, Curve::Switch);
        let at = |value| switch.of(Reading::of_7_bits(value));
        assert_eq!((at(63), at(64)), (0.0, 1.0));
        let both = transform(false, true, Curve::Switch);
        assert_eq!(both.of(Reading::of_7_bits(63)), -1.0);
        let (concave, convex) = (
            transform(false, false, Curve::Concave),
            transform(false, false, Curve::Convex),
        );
        for value in 0..=127 {
            let one = concave.of(Reading::of_7_bits(value));
            let other = convex.of(Reading::of_7_bits(127 - value));
            assert!((one + other - 1.0).abs() < 1e-5);
        }
        assert!(concave.of(Reading::of_7_bits(64)) < 0.2, "slow first");
    }
}
