//! Between the samples of a wave.

use crate::dsp::eight::{Eight, Work, widest};

/// A stretch of a wave: where it is read from, in 2^-32 samples, and what it goes on by.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) samples: &'a [f32],
    pub(super) position: u64,
    pub(super) stride: u64,
    /// Gain at the first, what it goes on by, and how many samples of that line are over.
    pub(super) gain: (f32, f32, u32),
}

/// How many samples can be read one behind the other, with three behind each, up to `most`.
pub(super) fn reach(len: usize, position: u64, stride: u64, most: usize) -> usize {
    let end = (len.saturating_sub(3) as u64) << 32;
    match end.checked_sub(position) {
        None | Some(0) => 0,
        Some(way) if stride * (most as u64) < way => most,
        Some(way) => (((way - 1) / stride.max(1)) + 1).min(most as u64) as usize,
    }
}

/// Reads along a way: with `FINE` through four points (Catmull and Rom's cubic), else in straight lines. Says where it goes
/// on.
pub(super) fn read<const FINE: bool>(way: Way<'_>, out: &mut [f32]) -> u64 {
    widest(Reading::<FINE> { way, out })
}

struct Reading<'a, const FINE: bool> {
    way: Way<'a>,
    out: &'a mut [f32],
}

impl<const FINE: bool> Work for Reading<'_, FINE> {
    type Output = u64;

    /// Eight samples at a time, each the same however they are cut.
    #[inline(always)]
    fn with<E: Eight>(self, eight: E) -> u64 {
        let Way {
            samples,
            mut position,
            stride,
            gain: (from, slope, done),
        } = self.way;
        let (mut steps, mut line) = ([0; 8], [0.0; 8]);
        for at in 0..8 {
            steps[at] = (position as u32).wrapping_add((stride as u32).wrapping_mul(at as u32));
            // Whole numbers, far below those that a float cannot tell from their neighbours.
            line[at] = (done as usize + at) as f32;
        }
        let mut row = Row::<E> {
            samples,
            stride,
            from: eight.all(from),
            slope: eight.all(slope),
            line: eight.of(line),
            part: eight.whole(steps),
            parts: eight.whole([(stride as u32).wrapping_mul(8); 8]),
        };
        let (rows, rest) = self.out.as_chunks_mut::<8>();
        for it in rows {
            *it = eight.out(row.next::<FINE>(eight, position));
            position += 8 * stride;
        }
        if !rest.is_empty() {
            let values = eight.out(row.next::<FINE>(eight, position));
            rest.copy_from_slice(&values[..rest.len()]);
            position += stride * rest.len() as u64;
        }
        position
    }
}

/// Eight samples.
struct Row<'a, E: Eight> {
    samples: &'a [f32],
    stride: u64,
    from: E::Of,
    slope: E::Of,
    /// Samples of the line of gain that are over.
    line: E::Of,
    /// How far behind a sample each is read, in 2^-32, and what eight samples add to that.
    part: E::Whole,
    parts: E::Whole,
}

impl<E: Eight> Row<'_, E> {
    /// The next ones. Loops and no closures: those would be compiled for narrow registers.
    #[inline(always)]
    fn next<const FINE: bool>(&mut self, e: E, mut position: u64) -> E::Of {
        let mut points = [e.four([0.0; 4]); 8];
        for point in &mut points {
            let here = (position >> 32) as usize;
            if let Some(there) = self.samples.get(here..here + 4) {
                *point = e.four([there[0], there[1], there[2], there[3]]);
            }
            position += self.stride;
        }
        let gain = e.add(self.from, e.mul(self.slope, self.line));
        let part = e.mul(e.high_bits(self.part), e.all(1.0 / 16_777_216.0));
        self.line = e.add(self.line, e.all(8.0));
        self.part = e.add_whole(self.part, self.parts);
        e.mul(between::<E, FINE>(e, e.columns(points), part), gain)
    }
}

/// So far on the way from the second point to the third.
#[inline(always)]
fn between<E: Eight, const FINE: bool>(e: E, points: [E::Of; 4], part: E::Of) -> E::Of {
    let [before, here, next, behind] = points;
    if !FINE {
        return e.add(here, e.mul(e.sub(next, here), part));
    }
    let half = e.all(0.5);
    let slope = e.mul(half, e.sub(next, before));
    let bend = e.sub(here, next);
    let c3 = e.add(
        e.add(slope, e.mul(half, e.sub(behind, here))),
        e.add(bend, bend),
    );
    let c2 = e.sub(e.sub(e.sub(e.all(0.0), bend), slope), c3);
    let way = e.add(e.mul(e.add(e.mul(c3, part), c2), part), slope);
    e.add(e.mul(way, part), here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::eight::Narrow;

    fn wave() -> Vec<f32> {
        let mut random = crate::dsp::Random::new(5);
        (0..700).map(|_| random.next_signed()).collect()
    }

    /// Strides from a hair to 8 samples.
    fn strides() -> impl Iterator<Item = u64> {
        [0.001, 0.37, 0.999_9, 1.0, 1.5, 2.7, 8.0]
            .into_iter()
            .map(|it| (it * 4_294_967_296.0) as u64)
    }

    #[test]
    fn wide_and_narrow_read_the_same_bits_however_they_are_cut() {
        let wave = wave();
        for stride in strides() {
            for len in [1, 7, 8, 9, 31, 64] {
                let way = Way {
                    samples: &wave,
                    position: 5 << 31,
                    stride,
                    gain: (0.5, -0.001, 17),
                };
                let [mut wide, mut narrow, mut cut] = [[9.0; 65]; 3];
                let end = read::<true>(way, &mut wide[..len]);
                let out = &mut narrow[..len];
                assert_eq!(Reading::<true> { way, out }.with(Narrow), end);
                let first = len / 3;
                let mut way = way;
                way.position = read::<true>(way, &mut cut[..first]);
                way.gain.2 += first as u32;
                assert_eq!(read::<true>(way, &mut cut[first..len]), end);
                assert!(wide.map(f32::to_bits) == narrow.map(f32::to_bits));
                assert!(wide.map(f32::to_bits) == cut.map(f32::to_bits));
                assert!(wide[0] != 9.0 && wide[len] == 9.0);
            }
        }
    }

    #[test]
    fn it_goes_through_the_points_and_follows_a_line() {
        let line: Vec<f32> = (0..100).map(|n| n as f32).collect();
        let mut out = [0.0; 40];
        let way = Way {
            samples: &line,
            position: 1 << 31,
            stride: 3 << 30,
            gain: (1.0, 0.0, 0),
        };
        read::<true>(way, &mut out);
        for (n, at) in (0..).zip(out) {
            // The point itself is the second of four.
            assert!((at - (1.5 + 0.75 * n as f32)).abs() < 1e-5, "{n}: {at}");
        }
        read::<false>(way, &mut out[..9]);
        assert!((out[8] - 7.5).abs() < 1e-5);
    }

    #[test]
    fn it_reaches_as_far_as_there_are_four_points() {
        for stride in strides() {
            let count = reach(100, 0, stride, 64);
            let last = |count: usize| (((count as u64 - 1) * stride) >> 32) as usize + 4;
            assert!(last(count) <= 100 && (count == 64 || last(count + 1) > 100));
        }
        assert_eq!(reach(100, 97 << 32, 1, 64), 0);
        assert_eq!(reach(100, (97 << 32) - 1, 1, 64), 1);
        assert_eq!((reach(3, 0, 1, 64), reach(0, 0, 1, 64)), (0, 0));
        assert_eq!(reach(100, 0, 0, 64), 64, "what stands still");
    }
}
