//! What the sixteen delays of a room give, mixed and heard, in registers of eight.

use super::{BLOCK, Ear, LINES, Rest};
use crate::dsp::eight::{Eight, Work};

/// What the delays gave, on its way to what they are fed with and to the ears.
pub(super) struct Echoing<'a, C> {
    /// Where it does not stand in the columns.
    pub(super) given: [Option<&'a [f32]>; LINES],
    pub(super) columns: &'a mut [[f32; BLOCK]; LINES],
    pub(super) dull: &'a mut [f32; LINES],
    pub(super) ears: &'a [Ear],
    pub(super) rest: &'a Rest,
    pub(super) sounds: &'a mut [C],
    pub(super) at: usize,
    pub(super) count: usize,
}

/// One sample of each delay, eight and eight.
type Row<E> = [<E as Eight>::Of; 2];

impl<C: AsMut<[f32]>> Work for Echoing<'_, C> {
    type Output = ();

    /// The same operations as in [`Room::step`](super::Room), for eight delays at a time. Loops and no closures: those would be compiled
    /// for narrow registers.
    #[expect(
        clippy::needless_range_loop,
        reason = "registers by number, as in the loops around them"
    )]
    #[inline(always)]
    fn with<E: Eight>(self, e: E) {
        let gains = row(e, &self.rest.gains);
        let dullness = row(e, &self.rest.dullness);
        let mut dull = row(e, self.dull);
        let signs = [
            e.of([1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0]),
            e.of([1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0]),
            e.of([1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0]),
        ];
        let loudness = e.all(self.rest.loudness);
        for begin in (0..self.count).step_by(8) {
            let count = (self.count - begin).min(8);
            let mut heard = [[e.all(0.0); 2]; 8];
            for half in 0..2 {
                let mut given = [e.all(0.0); 8];
                for line in 0..8 {
                    let line_number = half * 8 + line;
                    let piece = match self.given[line_number] {
                        Some(piece) => piece,
                        None => &self.columns[line_number],
                    };
                    given[line] = e.of(eights(&piece[begin..]));
                }
                let given = e.turned(given);
                for at in 0..8 {
                    heard[at][half] = given[at];
                }
            }
            let mut fed = heard;
            for at in 0..count {
                for half in 0..2 {
                    let echo = e.mul(heard[at][half], gains[half]);
                    let last = e.mul(e.sub(dull[half], echo), dullness[half]);
                    dull[half] = e.settled(e.add(echo, last));
                }
                heard[at] = dull;
                fed[at] = mixed(e, dull, &signs);
            }
            for (sound, ear) in self.sounds.iter_mut().zip(self.ears) {
                let from = self.at + begin;
                let sound = &mut sound.as_mut()[from..from + count];
                let (gives, takes) = (row(e, &ear.gives), row(e, &ear.takes));
                let mut sums = [e.all(0.0); 8];
                for at in 0..count {
                    let source = e.all(sound[at] * 0.25);
                    for half in 0..2 {
                        fed[at][half] = e.add(fed[at][half], e.mul(source, gives[half]));
                    }
                    sums[at] = e.add(e.mul(heard[at][0], takes[0]), e.mul(heard[at][1], takes[1]));
                }
                let [a, b, c, d, f, g, h, i] = e.turned(sums);
                let (a, b, c, d) = (e.add(a, f), e.add(b, g), e.add(c, h), e.add(d, i));
                let sum = e.add(e.add(a, c), e.add(b, d));
                sound.copy_from_slice(&e.out(e.mul(sum, loudness))[..count]);
            }
            for half in 0..2 {
                let mut taken = [e.all(0.0); 8];
                for at in 0..8 {
                    taken[at] = e.settled(fed[at][half]);
                }
                let taken = e.turned(taken);
                for line in 0..8 {
                    let column = &mut self.columns[half * 8 + line];
                    column[begin..begin + 8].copy_from_slice(&e.out(taken[line]));
                }
            }
        }
        self.dull[..8].copy_from_slice(&e.out(dull[0]));
        self.dull[8..].copy_from_slice(&e.out(dull[1]));
    }
}

#[inline(always)]
fn eights(numbers: &[f32]) -> [f32; 8] {
    let mut all = [0.0; 8];
    all.copy_from_slice(&numbers[..8]);
    all
}

#[inline(always)]
fn row<E: Eight>(e: E, numbers: &[f32; LINES]) -> Row<E> {
    [e.of(eights(numbers)), e.of(eights(&numbers[8..]))]
}

/// What [`mix`](super::mix) does.
#[inline(always)]
fn mixed<E: Eight>(e: E, values: Row<E>, signs: &[E::Of; 3]) -> Row<E> {
    let mut values = values;
    for half in &mut values {
        let mut it = *half;
        it = e.add(e.swapped::<1>(it), e.mul(it, signs[0]));
        it = e.add(e.swapped::<2>(it), e.mul(it, signs[1]));
        *half = e.add(e.swapped::<4>(it), e.mul(it, signs[2]));
    }
    let [one, other] = values;
    let quarter = e.all(0.25);
    [
        e.mul(e.add(one, other), quarter),
        e.mul(e.sub(one, other), quarter),
    ]
}
