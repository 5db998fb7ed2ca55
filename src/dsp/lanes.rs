//! Several sounds side by side: what is done to each sample is done to a sample of each sound at once.
//!
//! A sound that waits for its own last sample leaves the machine idle; eight of them fill it. Samples stand in rows, one
//! sound a lane. Every operation is that of one sound alone, in the same order, so the samples agree bit for bit: the
//! tests here hold each against its twin.

use super::biquad::{Section, Tuning, bounded};
use super::eight::{Eight, Work, widest};
use super::wide::{Extent, wide};

/// How many sounds stand side by side.
pub const LANES: usize = 8;

/// One sample of each sound.
pub type Row = [f32; LANES];

type Wide = [f64; LANES];

/// Multiplies every sample of a sound by its factor. A factor of 1 leaves every number as it is.
pub fn multiply(rows: &mut [Row], factors: &Row) {
    widest(Multiplying(rows, *factors));
}

struct Multiplying<'a>(&'a mut [Row], Row);

impl Work for Multiplying<'_> {
    type Output = ();

    #[inline(always)]
    fn with<E: Eight>(self, e: E) {
        let factors = e.of(self.1);
        for row in self.0 {
            *row = e.out(e.mul(e.of(*row), factors));
        }
    }
}

/// Sounds are stood side by side: as many samples of each as there are rows, or none, which is silence.
pub fn side_by_side(rows: &mut [Row], sounds: &[&[f32]; LANES]) {
    let len = rows.len();
    let whole = sounds.map(|sound| match sound.len() >= len {
        true => sound.as_chunks().0,
        false => &[],
    });
    let (blocks, rest) = rows.as_chunks_mut();
    widest(Standing {
        blocks,
        sounds: whole,
    });
    let begin = len - rest.len();
    for (at, row) in (begin..).zip(rest) {
        *row = sounds.map(|sound| sound.get(at).copied().unwrap_or_default());
    }
}

/// Sounds that stand side by side lie each for itself again, where somebody wants it: there are as many samples as rows.
pub fn one_by_one(rows: &[Row], sounds: &mut [Option<&mut [f32]>; LANES]) {
    let (blocks, rest) = rows.as_chunks();
    let begin = rows.len() - rest.len();
    widest(Lying {
        blocks,
        sounds: sounds.each_mut().map(|sound| {
            let whole = sound.as_mut().map(|it| it.as_chunks_mut().0);
            whole.unwrap_or_default()
        }),
    });
    for (at, row) in (begin..).zip(rest) {
        for (sound, sample) in sounds.iter_mut().zip(row) {
            if let Some(place) = sound.as_mut().and_then(|it| it.get_mut(at)) {
                *place = *sample;
            }
        }
    }
}

/// Eight rows.
type Block = [Row; LANES];

struct Standing<'a> {
    blocks: &'a mut [Block],
    sounds: [&'a [Row]; LANES],
}

impl Work for Standing<'_> {
    type Output = ();

    #[inline(always)]
    fn with<E: Eight>(self, e: E) {
        for (at, block) in self.blocks.iter_mut().enumerate() {
            let mut lines = [e.all(0.0); LANES];
            for (line, sound) in lines.iter_mut().zip(&self.sounds) {
                if let Some(samples) = sound.get(at) {
                    *line = e.of(*samples);
                }
            }
            let lines = e.turned(lines);
            for row in 0..LANES {
                block[row] = e.out(lines[row]);
            }
        }
    }
}

struct Lying<'a> {
    blocks: &'a [Block],
    sounds: [&'a mut [Row]; LANES],
}

impl Work for Lying<'_> {
    type Output = ();

    #[inline(always)]
    fn with<E: Eight>(mut self, e: E) {
        for (at, block) in self.blocks.iter().enumerate() {
            let mut lines = [e.all(0.0); LANES];
            for row in 0..LANES {
                lines[row] = e.of(block[row]);
            }
            let lines = e.turned(lines);
            for (line, sound) in lines.into_iter().zip(&mut self.sounds) {
                if let Some(samples) = sound.get_mut(at) {
                    *samples = e.out(line);
                }
            }
        }
    }
}

/// What one look at the samples of each sound finds.
#[must_use]
pub fn extents(rows: &[Row]) -> [Extent; LANES] {
    let (largest, below) = widest(Looking(rows));
    std::array::from_fn(|lane| Extent::of_bits(largest[lane], below[lane]))
}

/// The largest size of each lane, and the least less one, as bits.
struct Looking<'a>(&'a [Row]);

impl Work for Looking<'_> {
    type Output = ([u32; LANES], [u32; LANES]);

    #[inline(always)]
    fn with<E: Eight>(self, e: E) -> Self::Output {
        let (mut largest, mut below) = (e.whole([0; LANES]), e.whole([u32::MAX; LANES]));
        for row in self.0 {
            let row = e.of(*row);
            (largest, below) = (e.louder(largest, row), e.fainter(below, row));
        }
        (e.whole_out(largest), e.whole_out(below))
    }
}

/// A [`Section`] of each sound.
#[derive(Clone, Debug, Default)]
pub struct Sections {
    /// What the next band, the next low and what is heard take of the band, the low and the sample.
    tunings: [Wide; 9],
    band: Wide,
    low: Wide,
}

impl Sections {
    /// Gives a sound its section.
    pub fn set(&mut self, lane: usize, tuning: &Tuning, memory: Section) {
        let own = tuning.band.iter().chain(&tuning.low).chain(&tuning.heard);
        for (all, own) in self.tunings.iter_mut().zip(own) {
            all[lane] = *own;
        }
        (self.band[lane], self.low[lane]) = (memory.band, memory.low);
    }

    /// What the section of a sound remembers.
    #[must_use]
    pub fn memory(&self, lane: usize) -> Section {
        Section {
            band: self.band[lane],
            low: self.low[lane],
        }
    }

    /// What all of them remember, to be put back by [`Self::restore`].
    #[must_use]
    pub fn memories(&self) -> [[f64; LANES]; 2] {
        [self.band, self.low]
    }

    /// Takes back what was remembered before.
    pub fn restore(&mut self, [band, low]: [[f64; LANES]; 2]) {
        (self.band, self.low) = (band, low);
    }

    /// Passes samples of the sounds that are `heard`, a bit each; the others stay as they are. Of sounds behind the last of
    /// those that are `there` nothing is reckoned: few of them are quicker in narrower registers.
    pub fn pass(&mut self, rows: &mut [Row], heard: u8, there: u8) {
        if heard == 0 {
            return;
        }
        match there {
            0..4 => self.pass_few::<2>(rows, heard),
            4..16 => self.pass_few::<4>(rows, heard),
            _ => self.pass_few::<LANES>(rows, heard),
        }
        for lane in 0..LANES {
            let mut memory = self.memory(lane);
            memory.settle();
            (self.band[lane], self.low[lane]) = (memory.band, memory.low);
        }
    }

    fn pass_few<const COUNT: usize>(&mut self, rows: &mut [Row], heard: u8) {
        let mut is_heard = [false; LANES];
        for (lane, is_heard) in is_heard.iter_mut().enumerate() {
            *is_heard = heard & 1 << lane != 0;
        }
        match is_heard[..COUNT].iter().all(|it| *it) {
            true => wide(
                #[inline(always)]
                || self.run::<COUNT, true>(rows, &is_heard),
            ),
            false => wide(
                #[inline(always)]
                || self.run::<COUNT, false>(rows, &is_heard),
            ),
        }
    }

    /// Loops and no closures: those would be compiled for narrow registers.
    #[inline(always)]
    fn run<const COUNT: usize, const ALL: bool>(
        &mut self,
        rows: &mut [Row],
        is_heard: &[bool; LANES],
    ) {
        let tunings = &self.tunings;
        let (mut band, mut low) = ([0.0; COUNT], [0.0; COUNT]);
        band.copy_from_slice(&self.band[..COUNT]);
        low.copy_from_slice(&self.low[..COUNT]);
        for row in rows {
            let (mut next_band, mut next_low) = (band, low);
            for lane in 0..COUNT {
                let (sample, band, low) = (f64::from(row[lane]), band[lane], low[lane]);
                let mut sums = [0.0; 3];
                for (sum, part) in sums.iter_mut().zip(0..) {
                    let at = part * 3;
                    *sum = (tunings[at + 2][lane] * sample + tunings[at + 1][lane] * low)
                        + tunings[at][lane] * band;
                }
                (next_band[lane], next_low[lane]) = (sums[0], sums[1]);
                let new = bounded(sums[2]) as f32;
                row[lane] = if ALL || is_heard[lane] {
                    new
                } else {
                    row[lane]
                };
            }
            (band, low) = (next_band, next_low);
        }
        self.band[..COUNT].copy_from_slice(&band);
        self.low[..COUNT].copy_from_slice(&low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::wide::extent;
    use crate::dsp::{Curve, Design, Random};

    const RATE: f64 = 48_000.0;

    fn rows(len: usize) -> Vec<Row> {
        let mut random = Random::new(11);
        (0..len)
            .map(|_| std::array::from_fn(|_| random.next_signed()))
            .collect()
    }

    fn lane(rows: &[Row], lane: usize) -> Vec<f32> {
        rows.iter().map(|row| row[lane]).collect()
    }

    fn tuning(lane: usize) -> Tuning {
        let design = Design {
            curve: Curve::ALL[lane % Curve::ALL.len()],
            hz: 200.0 + 900.0 * lane as f64,
            gain: 2.5,
            q: 0.5 + lane as f64,
        };
        design.tuning(RATE)
    }

    #[test]
    fn sections_side_by_side_are_sections_alone() {
        let mut beside = Sections::default();
        let mut alone = [Section::default(); LANES];
        for (lane, section) in alone.iter_mut().enumerate() {
            section.hear(0.3, &tuning(lane));
            beside.set(lane, &tuning(lane), *section);
        }
        for len in [64, 1, 7] {
            let mut sound = rows(len);
            let before = sound.clone();
            beside.pass(&mut sound, u8::MAX, u8::MAX);
            for (number, section) in alone.iter_mut().enumerate() {
                let tuning = tuning(number);
                let heard = lane(&before, number);
                let heard = heard.iter().map(|it| section.hear(*it, &tuning) as f32);
                let heard: Vec<f32> = heard.collect();
                assert!(heard.iter().any(|it| it.abs() > 0.01));
                assert!(heard == lane(&sound, number), "lane {number} of {len}");
                let (one, other) = (beside.memory(number), *section);
                assert_eq!((one.band, one.low), (other.band, other.low));
            }
        }
    }

    #[test]
    fn sounds_stand_and_lie_in_their_order() {
        let each = 70;
        let mut random = Random::new(3);
        let sounds: Vec<f32> = (0..LANES * each).map(|_| random.next_signed()).collect();
        for len in [0, 1, 7, 8, 64, 69, 70] {
            let mut rows = vec![[9.0; LANES]; len];
            // One lane is silent, and one is wanted by nobody.
            let sound = |number: usize| match number {
                2 => &[][..],
                _ => &sounds[number * each..][..len],
            };
            side_by_side(&mut rows, &std::array::from_fn(sound));
            assert!(lane(&rows, 2).iter().all(|it| *it == 0.0));
            for number in [0, 1, 3, 4, 5, 6, 7] {
                assert!(lane(&rows, number) == sound(number));
            }
            let mut back = vec![9.0; LANES * each];
            let mut places = back.chunks_mut(each).enumerate();
            one_by_one(
                &rows,
                &mut std::array::from_fn(|_| {
                    let (number, place) = places.next()?;
                    (number != 5).then_some(&mut place[..len])
                }),
            );
            for (number, back) in back.chunks(each).enumerate() {
                match number {
                    2 => assert!(back[..len].iter().all(|it| *it == 0.0)),
                    5 => assert!(back.iter().all(|it| *it == 9.0)),
                    _ => assert!(back[..len] == *sound(number)),
                }
                assert!(back[len..].iter().all(|it| *it == 9.0));
            }
        }
    }

    #[test]
    fn few_sounds_are_what_they_are_among_many() {
        for (heard, there) in [
            (1, 1),
            (2, 3),
            (3, 3),
            (4, 5),
            (7, 7),
            (9, 13),
            (15, 15),
            (16, 31),
        ] {
            let mut all = Sections::default();
            for lane in 0..LANES {
                if there & 1 << lane != 0 {
                    all.set(lane, &tuning(lane), Section::default());
                }
            }
            let mut few = all.clone();
            let mut sound = rows(50);
            let mut other = sound.clone();
            all.pass(&mut sound, heard, u8::MAX);
            few.pass(&mut other, heard, there);
            for number in (0..LANES).filter(|lane| there & 1 << lane != 0) {
                assert!(lane(&sound, number) == lane(&other, number));
                let (one, other) = (all.memory(number), few.memory(number));
                assert!(one.band != 0.0 && (one.band, one.low) == (other.band, other.low));
            }
        }
    }

    #[test]
    fn who_has_no_section_is_left_alone() {
        let mut beside = Sections::default();
        (0..LANES).for_each(|lane| beside.set(lane, &tuning(lane), Section::default()));
        let before = rows(33);
        let mut sound = before.clone();
        beside.pass(&mut sound, 0b0100_0010, 0b0110_0010);
        for number in 0..LANES {
            let is_same = lane(&sound, number) == lane(&before, number);
            assert_eq!(is_same, number != 1 && number != 6, "lane {number}");
        }
        let mut alone = Section::default();
        let heard = lane(&before, 6);
        let heard = heard.iter().map(|it| alone.hear(*it, &tuning(6)) as f32);
        assert!(heard.eq(lane(&sound, 6)));
    }

    #[test]
    fn products_and_extents_are_those_of_each_sound() {
        let factors = std::array::from_fn(|lane| 0.3 * lane as f32 - 1.0);
        let before = rows(50);
        let mut sound = before.clone();
        sound[7][3] = f32::NAN;
        sound[9][5] = 1e-42;
        multiply(&mut sound, &factors);
        let seen = extents(&sound);
        for number in 0..LANES {
            let own = lane(&sound, number);
            assert_eq!(seen[number], extent(&own), "lane {number}");
            let first = before[0][number] * factors[number];
            assert_eq!(own[0], first);
        }
        assert!(!seen[3].is_finite() && seen[4].is_finite() && seen[5].has_denormal());
    }
}
