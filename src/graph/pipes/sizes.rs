//! Frame sizes that several pins can all take: an arithmetic row, and where two of them meet.

use crate::ks::SizeRange;

/// `first`, `first + step` and so on up to `last`, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sizes {
    pub(super) first: u64,
    step: u64,
    pub(super) last: u64,
}

impl Sizes {
    /// What a pin takes (AFX-3): a stepping of 0 is one of 1, and a range of nothing is no requirement (ALC-2).
    pub(super) fn of(range: SizeRange) -> Self {
        let range = if range.max == 0 {
            SizeRange::ANY
        } else {
            range
        };
        Self {
            first: range.min.into(),
            step: range.stepping.max(1).into(),
            last: range.max.into(),
        }
    }

    /// One size and no other.
    pub(super) fn only(size: u64) -> Self {
        Self {
            first: size,
            step: 1,
            last: size,
        }
    }

    /// Whether any size whatever is taken.
    pub(super) fn is_any(self) -> bool {
        self.first == 0 && self.step == 1 && self.last >= u64::from(u32::MAX)
    }

    /// The sizes in both rows: the first one is the largest least size that obeys both steppings.
    pub(super) fn meet(self, other: Self) -> Option<Self> {
        if self.is_any() && self == other {
            return Some(self);
        }
        let (low, high) = (self.first.max(other.first), self.last.min(other.last));
        let (a, b) = (i128::from(self.step), i128::from(other.step));
        let apart = i128::from(other.first) - i128::from(self.first);
        let (common, inverse) = euclid(a, b);
        if apart % common != 0 {
            return None;
        }
        // The k with first + k · step in the other row, the least that is not negative.
        let turns = (apart / common * inverse).rem_euclid(b / common);
        let step = a / common * b;
        let mut first = i128::from(self.first) + turns * a;
        let missing = i128::from(low) - first;
        first += (missing + step - 1).div_euclid(step) * step;
        if first > i128::from(high) {
            return None;
        }
        let is_alone = first + step > i128::from(high);
        Some(Self {
            first: first as u64,
            step: if is_alone { 1 } else { step as u64 },
            last: if is_alone { first as u64 } else { high },
        })
    }

    /// The largest size up to `limit`, if there is one above 0.
    pub(super) fn largest_up_to(self, limit: u64) -> Option<u64> {
        let high = limit.min(self.last);
        let steps = high.checked_sub(self.first)? / self.step;
        Some(self.first + steps * self.step).filter(|size| *size > 0)
    }
}

/// The greatest common divisor, and a factor `x` with `a · x ≡ divisor` modulo `b`.
fn euclid(a: i128, b: i128) -> (i128, i128) {
    let (mut r, mut next_r) = (a, b);
    let (mut x, mut next_x) = (1, 0);
    while next_r != 0 {
        let quotient = r / next_r;
        (r, next_r) = (next_r, r - quotient * next_r);
        (x, next_x) = (next_x, x - quotient * next_x);
    }
    (r, x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_meet_where_counting_says() {
        let row = |first, step, last| Sizes { first, step, last };
        let all =
            |it: Sizes| -> Vec<u64> { (it.first..=it.last).step_by(it.step as usize).collect() };
        for (first, step, last) in [(0, 1, 60), (7, 5, 52), (8, 8, 8), (12, 12, 60), (3, 7, 59)] {
            for (other_first, other_step, other_last) in
                [(0, 1, 40), (2, 3, 61), (16, 4, 64), (9, 6, 45), (60, 1, 60)]
            {
                let (a, b) = (
                    row(first, step, last),
                    row(other_first, other_step, other_last),
                );
                let both: Vec<u64> = all(a)
                    .into_iter()
                    .filter(|it| all(b).contains(it))
                    .collect();
                let met = a.meet(b).map_or(vec![], all);
                assert_eq!(met, both, "{a:?} and {b:?}");
                assert_eq!(b.meet(a).map_or(vec![], all), both);
            }
        }
    }

    #[test]
    fn the_widest_rows_meet_without_overflow() {
        let wide = |stepping| {
            Sizes::of(SizeRange {
                min: 1,
                max: u32::MAX,
                stepping,
            })
        };
        let met = wide(u32::MAX - 1).meet(wide(u32::MAX - 2)).unwrap();
        assert_eq!((met.first, met.last), (1, 1));
        assert!(Sizes::of(SizeRange::ANY).is_any());
        assert_eq!(Sizes::of(SizeRange::ANY).largest_up_to(0), None);
    }
}
