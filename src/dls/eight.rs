//! Eight numbers at a time: in one register where the machine has such, in plain arrays where not.
//!
//! The same operations in the same order in both, none of them fused, so that both come to the same bits. What is here is
//! only what voices need: no unsafe code, that is the library's.

/// Eight numbers side by side, as they stand in memory.
pub(super) type Eights = [f32; 8];

/// A way to reckon with eight numbers.
pub(super) trait Eight: Copy {
    /// Eight numbers where this way keeps them.
    type Of: Copy;
    /// Eight whole ones, which wrap round.
    type Whole: Copy;
    /// Four numbers.
    type Four: Copy;

    fn of(self, numbers: Eights) -> Self::Of;
    fn out(self, numbers: Self::Of) -> Eights;
    /// Eight times the same.
    fn all(self, number: f32) -> Self::Of {
        self.of([number; 8])
    }
    fn whole(self, numbers: [u32; 8]) -> Self::Whole;
    fn add_whole(self, a: Self::Whole, b: Self::Whole) -> Self::Whole;
    /// Without their lowest 8 bits, as numbers: 0 to 2^24.
    fn high_bits(self, numbers: Self::Whole) -> Self::Of;
    fn four(self, numbers: [f32; 4]) -> Self::Four;
    fn add(self, a: Self::Of, b: Self::Of) -> Self::Of;
    fn sub(self, a: Self::Of, b: Self::Of) -> Self::Of;
    fn mul(self, a: Self::Of, b: Self::Of) -> Self::Of;
    /// The firsts of eight fours, the seconds, and so on.
    fn columns(self, fours: [Self::Four; 8]) -> [Self::Of; 4];
    /// The firsts of eight eights, the seconds, and so on.
    fn turned(self, eights: [Self::Of; 8]) -> [Self::Of; 8];
}

/// What is to be reckoned in either way.
pub(super) trait Work {
    type Output;

    fn with<E: Eight>(self, eight: E) -> Self::Output;
}

/// Does it in the widest way that the machine has.
#[inline(always)]
pub(super) fn widest<W: Work>(work: W) -> W::Output {
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
pub(super) struct Narrow;

impl Eight for Narrow {
    type Of = Eights;
    type Whole = [u32; 8];
    type Four = [f32; 4];

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
    fn columns(self, fours: [[f32; 4]; 8]) -> [Eights; 4] {
        let mut all = [[0.0; 8]; 4];
        for at in 0..8 {
            for (column, number) in all.iter_mut().zip(fours[at]) {
                column[at] = number;
            }
        }
        all
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
    use pulp::{Simd, cast, f32x4, f32x8, i32x8, u32x8};
    use std::arch::x86_64::{__m256, __m256d};

    use super::{Eight, Eights};

    impl Eight for V3 {
        type Of = f32x8;
        type Whole = u32x8;
        type Four = f32x4;

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
        fn add_whole(self, a: u32x8, b: u32x8) -> u32x8 {
            self.wrapping_add_u32x8(a, b)
        }

        #[inline(always)]
        fn high_bits(self, numbers: u32x8) -> f32x8 {
            let high: i32x8 = cast(self.shr_const_u32x8::<8>(numbers));
            self.convert_i32x8_to_f32x8(high)
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

        // Each half of a register is turned by itself.
        #[inline(always)]
        fn columns(self, fours: [f32x4; 8]) -> [f32x8; 4] {
            let [a, b, c, d, e, f, g, h] = fours;
            halves(
                self,
                [cast([a, e]), cast([b, f]), cast([c, g]), cast([d, h])],
            )
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
