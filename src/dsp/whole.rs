//! Whole numbers out of others, without a call: what is added to a number leaves it no bits behind the point.

/// Half as much again as the first number of which that is true.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// The nearest whole number, and of two the even one; for sizes of up to 2^51.
#[inline(always)]
#[must_use]
pub(crate) fn nearest(number: f64) -> f64 {
    (number + WHOLE) - WHOLE
}

/// The lowest bits of that: it goes round.
#[inline(always)]
#[must_use]
pub(crate) fn low_bits(number: f64) -> u32 {
    (number + WHOLE).to_bits() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_the_nearest_ones_and_go_round() {
        for number in [
            0.0_f64,
            0.4,
            0.5,
            1.5,
            -0.6,
            -2.5,
            1e9 + 0.7,
            2e15,
            -1e12 - 0.2,
        ] {
            let wanted = number.round_ties_even();
            assert_eq!(nearest(number), wanted, "{number}");
            // A cast would stop at the largest there is.
            assert_eq!(low_bits(number), wanted as i64 as u32, "{number}");
            assert_eq!(
                low_bits(number + 4_294_967_296.0),
                low_bits(number),
                "{number}"
            );
        }
    }
}
