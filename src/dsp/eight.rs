//! Eight numbers at a time: in one register where the machine has such, in plain arrays where not.
//!
//! The same operations in the same order in both, none of them fused, so that both come to the same bits. What is here is
//! only what voices, tones and rooms need; the registers themselves are the `pulp` crate's.

use super::delay::{NOTHING, flushed, settled};

/// Eight numbers side by side, as they stand in memory.
pub(crate) type Eights = [f32; 8];

/// Those that stand behind each other from there on.
#[inline(always)]
pub(crate) fn eight(numbers: &[f32], from: usize) -> Eights {
    let mut all = [0.0; 8];
    all.copy_from_slice(&numbers[from..from + 8]);
    all
}

/// A way to reckon with eight numbers.
pub(crate) trait Eight: Copy {
    /// Eight numbers where this way keeps them.
    type Of: Copy;
    /// Eight whole ones, which wrap round.
    type Whole: Copy;
    /// Four numbers.
    type Four: Copy;
    /// Eight long ones, which wrap round.
    type Phases: Copy;

    fn of(self, numbers: Eights) -> Self::Of;
    fn out(self, numbers: Self::Of) -> Eights;
    /// Eight times the same.
    fn all(self, number: f32) -> Self::Of {
        self.of([number; 8])
    }
    fn whole(self, numbers: [u32; 8]) -> Self::Whole;
    /// Eight phases that stand behind each other by one step, a cycle being 2^64.
    fn phases(self, first: u64, step: u64) -> Self::Phases;
    /// All of them so much later.
    fn later(self, phases: Self::Phases, by: u64) -> Self::Phases;
    /// What is left of each without so many lowest bits.
    fn places<const OTHERS: i32>(self, phases: Self::Phases) -> [usize; 8];
    /// The 32 bits behind so many highest ones.
    fn behind<const BITS: i32>(self, phases: Self::Phases) -> Self::Whole;
    fn add_whole(self, a: Self::Whole, b: Self::Whole) -> Self::Whole;
    /// Without their lowest 8 bits, as numbers: 0 to 2^24.
    fn high_bits(self, numbers: Self::Whole) -> Self::Of;
    /// Whole ones with a sign, brought back from beyond a quarter of all there are, as numbers: 2^30 at the most.
    fn folded(self, numbers: Self::Whole) -> Self::Of;
    fn four(self, numbers: [f32; 4]) -> Self::Four;
    fn add(self, a: Self::Of, b: Self::Of) -> Self::Of;
    fn sub(self, a: Self::Of, b: Self::Of) -> Self::Of;
    fn mul(self, a: Self::Of, b: Self::Of) -> Self::Of;
    /// Four more than that behind each of the first four.
    fn pairs(self, fours: [Self::Four; 8]) -> [Self::Of; 4];
    /// The firsts of all fours that stand in pairs, the seconds, and so on.
    fn columns_of(self, pairs: [Self::Of; 4]) -> [Self::Of; 4];
    /// The firsts of eight fours, the seconds, and so on.
    #[inline(always)]
    fn columns(self, fours: [Self::Four; 8]) -> [Self::Of; 4] {
        self.columns_of(self.pairs(fours))
    }
    /// Each as a memory takes it, see [`settled`].
    fn settled(self, numbers: Self::Of) -> Self::Of;
    /// Each as a memory takes it in which nothing grows, see [`flushed`].
    fn flushed(self, numbers: Self::Of) -> Self::Of;
    fn whole_out(self, numbers: Self::Whole) -> [u32; 8];
    /// The larger of what was seen and each number's size, as bits.
    fn louder(self, seen: Self::Whole, numbers: Self::Of) -> Self::Whole;
    /// The lesser of what was seen and each number's size less one, as bits; nothing is left out.
    fn fainter(self, seen: Self::Whole, numbers: Self::Of) -> Self::Whole;
    /// Whether any of what was seen is such that [`flushed`](Self::flushed) changes it.
    fn is_faint(self, seen: Self::Whole) -> bool;
    /// The firsts of eight eights, the seconds, and so on.
    fn turned(self, eights: [Self::Of; 8]) -> [Self::Of; 8];
}

/// The largest size less one that is flushed, as bits. Nothing less one wraps round to the largest there is.
const FAINT: u32 = NOTHING.to_bits() - 2;

/// A quarter of all whole numbers.
pub(crate) const QUARTER: i32 = 1 << 30;

/// What is to be reckoned in either way.
pub(crate) trait Work {
    type Output;

    fn with<E: Eight>(self, eight: E) -> Self::Output;
}

/// Does it in the widest way that the machine has.
#[inline(always)]
pub(crate) fn widest<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(
            #[inline(always)]
            || work.with(simd),
        );
    }
    work.with(Narrow)
}

/// In plain arrays.
#[derive(Clone, Copy)]
pub(crate) struct Narrow;

impl Eight for Narrow {
    type Of = Eights;
    type Whole = [u32; 8];
    type Four = [f32; 4];
    type Phases = [u64; 8];

    #[inline(always)]
    fn of(self, numbers: Eights) -> Eights {
        numbers
    }

    #[inline(always)]
    fn out(self, numbers: Eights) -> Eights {
        numbers
    }

    #[inline(always)]
    fn whole(self, numbers: [u32; 8]) -> [u32; 8] {
        numbers
    }

    #[inline(always)]
    fn phases(self, first: u64, step: u64) -> [u64; 8] {
        let mut all = [first; 8];
        for at in 1..8 {
            all[at] = all[at - 1].wrapping_add(step);
        }
        all
    }

    #[inline(always)]
    fn later(self, mut phases: [u64; 8], by: u64) -> [u64; 8] {
        for phase in &mut phases {
            *phase = phase.wrapping_add(by);
        }
        phases
    }

    #[inline(always)]
    fn places<const OTHERS: i32>(self, phases: [u64; 8]) -> [usize; 8] {
        let mut all = [0; 8];
        for at in 0..8 {
            all[at] = (phases[at] >> OTHERS) as usize;
        }
        all
    }

    #[inline(always)]
    fn behind<const BITS: i32>(self, phases: [u64; 8]) -> [u32; 8] {
        let mut all = [0; 8];
        for at in 0..8 {
            all[at] = (phases[at] << BITS >> 32) as u32;
        }
        all
    }

    #[inline(always)]
    fn add_whole(self, mut a: [u32; 8], b: [u32; 8]) -> [u32; 8] {
        for at in 0..8 {
            a[at] = a[at].wrapping_add(b[at]);
        }
        a
    }

    #[inline(always)]
    fn high_bits(self, numbers: [u32; 8]) -> Eights {
        let mut all = [0.0; 8];
        for at in 0..8 {
            all[at] = (numbers[at] >> 8) as i32 as f32;
        }
        all
    }

    #[inline(always)]
    fn folded(self, numbers: [u32; 8]) -> Eights {
        let mut all = [0.0; 8];
        for at in 0..8 {
            let beyond = (numbers[at] as i32).wrapping_add(QUARTER).wrapping_abs();
            all[at] = beyond.wrapping_sub(QUARTER) as f32;
        }
        all
    }

    #[inline(always)]
    fn four(self, numbers: [f32; 4]) -> [f32; 4] {
        numbers
    }

    #[inline(always)]
    fn add(self, mut a: Eights, b: Eights) -> Eights {
        for at in 0..8 {
            a[at] += b[at];
        }
        a
    }

    #[inline(always)]
    fn sub(self, mut a: Eights, b: Eights) -> Eights {
        for at in 0..8 {
            a[at] -= b[at];
        }
        a
    }

    #[inline(always)]
    fn mul(self, mut a: Eights, b: Eights) -> Eights {
        for at in 0..8 {
            a[at] *= b[at];
        }
        a
    }

    #[inline(always)]
    fn pairs(self, fours: [[f32; 4]; 8]) -> [Eights; 4] {
        let mut all = [[0.0; 8]; 4];
        for (at, pair) in all.iter_mut().enumerate() {
            pair[..4].copy_from_slice(&fours[at]);
            pair[4..].copy_from_slice(&fours[at + 4]);
        }
        all
    }

    #[inline(always)]
    fn columns_of(self, pairs: [Eights; 4]) -> [Eights; 4] {
        let mut all = [[0.0; 8]; 4];
        for (number, column) in all.iter_mut().enumerate() {
            for at in 0..4 {
                (column[at], column[at + 4]) = (pairs[at][number], pairs[at][number + 4]);
            }
        }
        all
    }

    #[inline(always)]
    fn settled(self, numbers: Eights) -> Eights {
        numbers.map(settled)
    }

    #[inline(always)]
    fn flushed(self, numbers: Eights) -> Eights {
        numbers.map(flushed)
    }

    #[inline(always)]
    fn whole_out(self, numbers: [u32; 8]) -> [u32; 8] {
        numbers
    }

    #[inline(always)]
    fn louder(self, mut seen: [u32; 8], numbers: Eights) -> [u32; 8] {
        for at in 0..8 {
            seen[at] = seen[at].max(numbers[at].abs().to_bits());
        }
        seen
    }

    #[inline(always)]
    fn fainter(self, mut seen: [u32; 8], numbers: Eights) -> [u32; 8] {
        for at in 0..8 {
            seen[at] = seen[at].min(numbers[at].abs().to_bits().wrapping_sub(1));
        }
        seen
    }

    #[inline(always)]
    fn is_faint(self, seen: [u32; 8]) -> bool {
        seen.iter().any(|it| *it <= FAINT)
    }

    #[inline(always)]
    fn turned(self, eights: [Eights; 8]) -> [Eights; 8] {
        let mut all = [[0.0; 8]; 8];
        for at in 0..8 {
            for (column, number) in all.iter_mut().zip(eights[at]) {
                column[at] = number;
            }
        }
        all
    }
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use pulp::x86::V3;
    use pulp::{Simd, cast, f32x4, f32x8, i32x8, u32x8, u64x4};
    use std::arch::x86_64::{__m256, __m256d, _CMP_LE_OQ};

    use super::{Eight, Eights, FAINT, QUARTER};
    use crate::dsp::delay::{HUGE, NOTHING};

    impl Eight for V3 {
        type Of = f32x8;
        type Whole = u32x8;
        type Four = f32x4;
        /// Those of the first two and the last two but two, and the others, so that halves of both are in order.
        type Phases = [u64x4; 2];

        #[inline(always)]
        fn of(self, numbers: Eights) -> f32x8 {
            cast(numbers)
        }

        #[inline(always)]
        fn out(self, numbers: f32x8) -> Eights {
            cast(numbers)
        }

        #[inline(always)]
        fn all(self, number: f32) -> f32x8 {
            self.splat_f32s(number)
        }

        #[inline(always)]
        fn whole(self, numbers: [u32; 8]) -> u32x8 {
            cast(numbers)
        }

        #[inline(always)]
        fn phases(self, first: u64, step: u64) -> [u64x4; 2] {
            let at = |place: u64| first.wrapping_add(step.wrapping_mul(place));
            let two = self.splat_u64s(step.wrapping_mul(2));
            let first = cast([at(0), at(1), at(4), at(5)]);
            [first, self.add_u64s(first, two)]
        }

        #[inline(always)]
        fn later(self, [a, b]: [u64x4; 2], by: u64) -> [u64x4; 2] {
            let by = self.splat_u64s(by);
            [self.add_u64s(a, by), self.add_u64s(b, by)]
        }

        #[inline(always)]
        fn places<const OTHERS: i32>(self, [a, b]: [u64x4; 2]) -> [usize; 8] {
            let a: [u64; 4] = cast(self.shr_const_u64x4::<OTHERS>(a));
            let b: [u64; 4] = cast(self.shr_const_u64x4::<OTHERS>(b));
            let mut all = [0; 8];
            for at in 0..4 {
                let place = at + at / 2 * 2;
                (all[place], all[place + 2]) = (a[at] as usize, b[at] as usize);
            }
            all
        }

        #[inline(always)]
        fn behind<const BITS: i32>(self, [a, b]: [u64x4; 2]) -> u32x8 {
            let a = cast(self.shl_const_u64x4::<BITS>(a));
            let b = cast(self.shl_const_u64x4::<BITS>(b));
            cast(self.avx._mm256_shuffle_ps::<0b11_01_11_01>(a, b))
        }

        #[inline(always)]
        fn add_whole(self, a: u32x8, b: u32x8) -> u32x8 {
            self.wrapping_add_u32x8(a, b)
        }

        #[inline(always)]
        fn high_bits(self, numbers: u32x8) -> f32x8 {
            let high: i32x8 = cast(self.shr_const_u32x8::<8>(numbers));
            self.convert_i32x8_to_f32x8(high)
        }

        #[inline(always)]
        fn folded(self, numbers: u32x8) -> f32x8 {
            let quarter = self.splat_i32s(QUARTER);
            let beyond = self.add_i32s(cast(numbers), quarter);
            let beyond = cast(self.avx2._mm256_abs_epi32(cast(beyond)));
            self.convert_i32x8_to_f32x8(self.sub_i32s(beyond, quarter))
        }

        #[inline(always)]
        fn four(self, numbers: [f32; 4]) -> f32x4 {
            cast(numbers)
        }

        #[inline(always)]
        fn add(self, a: f32x8, b: f32x8) -> f32x8 {
            self.add_f32s(a, b)
        }

        #[inline(always)]
        fn sub(self, a: f32x8, b: f32x8) -> f32x8 {
            self.sub_f32s(a, b)
        }

        #[inline(always)]
        fn mul(self, a: f32x8, b: f32x8) -> f32x8 {
            self.mul_f32s(a, b)
        }

        #[inline(always)]
        fn pairs(self, fours: [f32x4; 8]) -> [f32x8; 4] {
            let [a, b, c, d, e, f, g, h] = fours;
            [cast([a, e]), cast([b, f]), cast([c, g]), cast([d, h])]
        }

        // Each half of a register is turned by itself.
        #[inline(always)]
        fn columns_of(self, pairs: [f32x8; 4]) -> [f32x8; 4] {
            halves(self, pairs)
        }

        #[inline(always)]
        fn settled(self, numbers: f32x8) -> f32x8 {
            let size = self.abs_f32s(numbers);
            let is_kept = self.and_f32s(
                at_most(self, self.splat_f32s(NOTHING), size),
                at_most(self, size, self.splat_f32s(f32::MAX)),
            );
            let held = self.max_f32s(
                self.min_f32s(numbers, self.splat_f32s(HUGE)),
                self.splat_f32s(-HUGE),
            );
            self.and_f32s(is_kept, held)
        }

        #[inline(always)]
        fn flushed(self, numbers: f32x8) -> f32x8 {
            let size = self.abs_f32s(numbers);
            self.and_f32s(at_most(self, self.splat_f32s(NOTHING), size), numbers)
        }

        #[inline(always)]
        fn whole_out(self, numbers: u32x8) -> [u32; 8] {
            cast(numbers)
        }

        #[inline(always)]
        fn louder(self, seen: u32x8, numbers: f32x8) -> u32x8 {
            self.max_u32s(seen, cast(self.abs_f32s(numbers)))
        }

        #[inline(always)]
        fn fainter(self, seen: u32x8, numbers: f32x8) -> u32x8 {
            let size: u32x8 = cast(self.abs_f32s(numbers));
            self.min_u32s(seen, self.add_u32s(size, self.splat_u32s(u32::MAX)))
        }

        #[inline(always)]
        fn is_faint(self, seen: u32x8) -> bool {
            let least = self.min_u32s(seen, self.splat_u32s(FAINT));
            let is_faint = self.equal_u32s(least, seen);
            self.avx._mm256_movemask_ps(cast(is_faint)) != 0
        }

        #[inline(always)]
        fn turned(self, eights: [f32x8; 8]) -> [f32x8; 8] {
            let [a, b, c, d, e, f, g, h] = eights;
            let [a, b, c, d] = halves(self, [a, b, c, d]);
            let [e, f, g, h] = halves(self, [e, f, g, h]);
            [
                low(self, a, e),
                low(self, b, f),
                low(self, c, g),
                low(self, d, h),
                high(self, a, e),
                high(self, b, f),
                high(self, c, g),
                high(self, d, h),
            ]
        }
    }

    /// Every bit where it is so, none where not.
    #[inline(always)]
    fn at_most(simd: V3, a: f32x8, b: f32x8) -> f32x8 {
        cast(simd.avx._mm256_cmp_ps::<_CMP_LE_OQ>(cast(a), cast(b)))
    }

    #[inline(always)]
    fn low(simd: V3, a: f32x8, b: f32x8) -> f32x8 {
        cast(simd.avx._mm256_permute2f128_ps::<0x20>(cast(a), cast(b)))
    }

    #[inline(always)]
    fn high(simd: V3, a: f32x8, b: f32x8) -> f32x8 {
        cast(simd.avx._mm256_permute2f128_ps::<0x31>(cast(a), cast(b)))
    }

    /// Four by four turned in each half.
    #[inline(always)]
    fn halves(simd: V3, [a, b, c, d]: [f32x8; 4]) -> [f32x8; 4] {
        let avx = simd.avx;
        let (a, b): (__m256, __m256) = (cast(a), cast(b));
        let (c, d): (__m256, __m256) = (cast(c), cast(d));
        let ab: __m256d = cast(avx._mm256_unpacklo_ps(a, b));
        let cd: __m256d = cast(avx._mm256_unpacklo_ps(c, d));
        let ab_behind: __m256d = cast(avx._mm256_unpackhi_ps(a, b));
        let cd_behind: __m256d = cast(avx._mm256_unpackhi_ps(c, d));
        [
            cast(avx._mm256_unpacklo_pd(ab, cd)),
            cast(avx._mm256_unpackhi_pd(ab, cd)),
            cast(avx._mm256_unpacklo_pd(ab_behind, cd_behind)),
            cast(avx._mm256_unpackhi_pd(ab_behind, cd_behind)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is not only moved about, of numbers of every size.
    struct Odd([Eights; 8]);

    impl Work for Odd {
        type Output = Vec<u32>;

        fn with<E: Eight>(self, e: E) -> Vec<u32> {
            let rows = self.0.map(|it| e.of(it));
            let fours = self.0.map(|it| e.four([it[0], it[1], it[2], it[3]]));
            let mut all: Vec<E::Of> = rows.map(|it| e.settled(it)).to_vec();
            all.extend(rows.map(|it| e.flushed(it)));
            let phases = e.later(e.phases(u64::MAX / 3, 0x1234_5678_9ABC_DEF1), 1 << 40);
            all.push(e.high_bits(e.behind::<11>(phases)));
            all.push(e.folded(e.behind::<0>(phases)));
            all.push(e.of(e.places::<53>(phases).map(|it| it as f32)));
            let loud = rows
                .iter()
                .fold(e.whole([0; 8]), |it, row| e.louder(it, *row));
            all.push(e.of(e.whole_out(loud).map(f32::from_bits)));
            all.extend(e.turned(rows));
            all.extend(e.pairs(fours));
            all.extend(e.columns(fours));
            let numbers = all.into_iter().flat_map(|it| e.out(it));
            numbers.map(f32::to_bits).collect()
        }
    }

    /// Whether any of eight is too faint to be kept.
    struct Faint(Eights);

    impl Work for Faint {
        type Output = bool;

        fn with<E: Eight>(self, e: E) -> bool {
            let seen = e.fainter(e.whole([u32::MAX; 8]), e.of(self.0));
            e.is_faint(e.fainter(seen, e.of([0.0; 8])))
        }
    }

    #[test]
    fn what_is_faint_is_seen_in_both_ways() {
        for (number, is_faint) in [
            (0.0, false),
            (-0.0, false),
            (1e-40, true),
            (-9.99e-31, true),
            (NOTHING, false),
            (NOTHING.next_down(), true),
            (-NOTHING, false),
            (1e30, false),
        ] {
            assert_eq!(flushed(number) != number, is_faint);
            for at in 0..8 {
                let mut numbers = [-0.5; 8];
                numbers[at] = number;
                assert_eq!(widest(Faint(numbers)), is_faint, "{number}");
                assert_eq!(Faint(numbers).with(Narrow), is_faint, "{number}");
            }
        }
    }

    #[test]
    fn both_ways_are_the_same_bits() {
        let mut random = crate::dsp::Random::new(2);
        let mut numbers = [[0.0; 8]; 8];
        numbers
            .as_flattened_mut()
            .fill_with(|| random.next_signed());
        let odd = [
            f32::NAN,
            f32::INFINITY,
            -1e13,
            1e-31,
            -1e-40,
            -0.0,
            1e12,
            1e-30,
        ];
        numbers[3] = odd;
        let [wide, narrow] = [widest(Odd(numbers)), Odd(numbers).with(Narrow)];
        // The bits of what is no number are anybody's.
        let is_same = |(one, other): (&u32, &u32)| {
            one == other || (f32::from_bits(*one).is_nan() && f32::from_bits(*other).is_nan())
        };
        assert!(wide.len() == narrow.len() && wide.iter().zip(&narrow).all(is_same));
        let settled = odd.map(|it| settled(it).to_bits());
        assert_eq!(wide[24..32], settled);
        assert!(settled[0] == 0 && settled[2] == (-1e12_f32).to_bits());
    }
}
