//! Eight voices side by side: their filters and where they are, in registers that hold eight numbers.
//!
//! A voice keeps its lane while it sounds, and lanes are added up in one order, so the samples do not depend on which
//! voices happen to sound beside it. A lane without a filter lets everything through as it is.

use super::voice::{Block, LANES, Rows, STEP, Tone, Voice};
use crate::dsp::eight::{Eight, Work, widest};

/// What all voices of all lanes add up to, lane by lane.
pub(super) struct Sums {
    pub(super) left: Block,
    pub(super) right: Block,
    pub(super) reverb: Block,
    pub(super) chorus: Block,
    /// Whether anything goes to the effects.
    pub(super) has_sends: bool,
}

impl Sums {
    pub(super) fn new() -> Self {
        let nothing = [[0.0; LANES]; STEP];
        Self {
            left: nothing,
            right: nothing,
            reverb: nothing,
            chorus: nothing,
            has_sends: false,
        }
    }

    pub(super) fn clear(&mut self, len: usize) {
        self.left[..len].fill([0.0; LANES]);
        self.right[..len].fill([0.0; LANES]);
        if self.has_sends {
            self.reverb.fill([0.0; LANES]);
            self.chorus.fill([0.0; LANES]);
        }
        self.has_sends = false;
    }

    /// The lanes of one sample together.
    pub(super) fn of(lanes: &[f32; LANES]) -> f32 {
        let [a, b, c, d, e, f, g, h] = lanes;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

/// Numbers that go in a straight line over a step, one for each lane.
#[derive(Clone, Copy, Default)]
struct Lines {
    from: [f32; LANES],
    slope: [f32; LANES],
}

impl Lines {
    /// Lane `lane` goes on from where it is, or begins there, and is at `to` in so many samples; `done` are over.
    fn go(&mut self, lane: usize, to: f32, begins: bool, (done, len): (usize, usize)) {
        let at = self.from[lane] + self.slope[lane] * STEP as f32;
        let from = if begins { to } else { at };
        self.slope[lane] = (to - from) / len.max(1) as f32;
        self.from[lane] = from - self.slope[lane] * done as f32;
    }
}

/// Eight voices' filters and places. The filter is a state variable one, which stays stable however it is moved.
#[derive(Clone, Copy, Default)]
pub(super) struct Lanes {
    left: Lines,
    right: Lines,
    places: [f32; LANES],
    reverb: [f32; LANES],
    chorus: [f32; LANES],
    /// Of the filter's two states: how much of itself the first keeps, how much each is fed by the other and the first by
    /// what comes in, and how much of that the second takes.
    keeps: Lines,
    feeds: Lines,
    takes: Lines,
    /// What is let through as it is, and what comes out of the filter.
    dry: [f32; LANES],
    wet: [f32; LANES],
    first: [f32; LANES],
    second: [f32; LANES],
    tones: [Option<Tone>; LANES],
}

/// The three numbers of a filter at a cutoff, as a part of the rate, and how loud it is.
fn shape(tone: Tone) -> ([f32; 3], f32) {
    let g = (std::f32::consts::PI * tone.cutoff).tan();
    // Without a peak it is 3 dB down at its cutoff. A peak stands half above and half below the level.
    let k = 10.0_f32.powf((3.0103 - tone.resonance) / 20.0);
    let whole = 2.0 / (1.0 + g * (g + k));
    let level = 10.0_f32.powf(-tone.resonance / 40.0);
    ([whole - 1.0, g * whole, g * g * whole], level)
}

impl Lanes {
    /// A lane's voice looked where everything will be at the end of its step: `done` samples of the step are over and it is
    /// `len` long.
    pub(super) fn follow(&mut self, lane: usize, voice: &mut Voice, (done, len): (usize, usize)) {
        let begins = std::mem::take(&mut voice.is_fresh);
        self.stand(lane, voice.place, begins, (done, len));
        (self.reverb[lane], self.chorus[lane]) = voice.sends();
        if begins {
            self.open(lane);
        }
        self.tone(lane, voice.tone(), begins, (done, len));
    }

    /// The filter of a lane goes to where it is to be; one that rests there is left alone.
    fn tone(&mut self, lane: usize, tone: Option<Tone>, begins: bool, span: (usize, usize)) {
        let is_same = !begins && self.tones[lane] == tone;
        match tone {
            Some(_) if is_same && self.filter_rests(lane) => {}
            Some(tone) => {
                let begins = begins || self.tones[lane].is_none();
                let ([keeps, feeds, takes], level) = shape(tone);
                self.keeps.go(lane, keeps, begins, span);
                self.feeds.go(lane, feeds, begins, span);
                self.takes.go(lane, takes, begins, span);
                (self.dry[lane], self.wet[lane]) = (0.0, level);
            }
            None if is_same => {}
            None => self.open(lane),
        }
        self.tones[lane] = tone;
    }

    /// Both sides of a lane go to where its voice is to be; what rests there is left alone.
    fn stand(&mut self, lane: usize, place: f32, begins: bool, span: (usize, usize)) {
        let is_same = !begins && self.places[lane] == place;
        if is_same && self.left.slope[lane] == 0.0 && self.right.slope[lane] == 0.0 {
            return;
        }
        self.places[lane] = place;
        let angle = (place + 0.5) * std::f32::consts::FRAC_PI_2;
        let (right, left) = angle.sin_cos();
        self.left.go(lane, left, begins, span);
        self.right.go(lane, right, begins, span);
    }

    /// A lane has no filter.
    fn open(&mut self, lane: usize) {
        for line in [&mut self.keeps, &mut self.feeds, &mut self.takes] {
            (line.from[lane], line.slope[lane]) = (0.0, 0.0);
        }
        (self.first[lane], self.second[lane]) = (0.0, 0.0);
        (self.dry[lane], self.wet[lane]) = (1.0, 0.0);
        self.tones[lane] = None;
    }

    fn filter_rests(&self, lane: usize) -> bool {
        let all = [&self.keeps, &self.feeds, &self.takes];
        all.iter().all(|it| it.slope[lane] == 0.0)
    }

    /// Whether anything goes to the effects.
    fn sends(&self) -> bool {
        self.reverb.iter().chain(&self.chorus).any(|it| *it > 0.0)
    }

    fn filters(&self) -> bool {
        self.tones.iter().any(Option::is_some)
    }

    /// Whether anything changes within the step.
    fn moves(&self) -> bool {
        let all = [
            &self.left,
            &self.right,
            &self.keeps,
            &self.feeds,
            &self.takes,
        ];
        all.iter().any(|it| it.slope != [0.0; LANES])
    }

    /// Nothing is in a lane any more.
    pub(super) fn leave(&mut self, lane: usize) {
        self.open(lane);
        (self.left.slope[lane], self.right.slope[lane]) = (0.0, 0.0);
        (self.reverb[lane], self.chorus[lane]) = (0.0, 0.0);
    }
}

/// What voices of so many groups of lanes read becomes what is heard of them, added to the sums.
pub(super) struct Mixing<'a, const GROUPS: usize> {
    pub(super) lanes: [&'a mut Lanes; GROUPS],
    /// Of each group, from the beginning of the piece on.
    pub(super) rows: &'a [Rows],
    /// Samples of the step before the piece, and those of the piece.
    pub(super) done: usize,
    pub(super) len: usize,
    pub(super) sums: &'a mut Sums,
    /// Whether it matters what is sent to the effects.
    pub(super) has_effects: bool,
}

impl<const GROUPS: usize> Mixing<'_, GROUPS> {
    /// Does it.
    pub(super) fn run(self) {
        widest(self);
    }

    #[inline(always)]
    fn go<E: Eight, const FILTERS: bool, const MOVES: bool>(self, e: E, sends: bool) {
        // Loops and no closures: those would be compiled for narrow registers.
        let mut lanes = [Held::of(e, self.lanes[0]); GROUPS];
        for (held, it) in lanes.iter_mut().zip(&self.lanes).skip(1) {
            *held = Held::of(e, it);
        }
        let sums = self.sums;
        let mut columns = [[e.all(0.0); 8]; GROUPS];
        for start in (0..self.len).step_by(8) {
            for (columns, rows) in columns.iter_mut().zip(self.rows) {
                for (column, row) in columns.iter_mut().zip(rows) {
                    if let Some(row) = row[start..].first_chunk::<8>() {
                        *column = e.of(*row);
                    }
                }
                *columns = e.turned(*columns);
            }
            for index in start..self.len.min(start + 8) {
                let at = e.all((self.done + index) as f32);
                let (mut left, mut right) = (e.of(sums.left[index]), e.of(sums.right[index]));
                for group in 0..GROUPS {
                    let own = &mut lanes[group];
                    let mut sample = columns[group][index - start];
                    if FILTERS {
                        sample = own.filter::<MOVES>(e, sample, at);
                    }
                    let place = own.left.at::<MOVES>(e, at);
                    left = e.add(left, e.mul(sample, place));
                    let place = own.right.at::<MOVES>(e, at);
                    right = e.add(right, e.mul(sample, place));
                    if sends {
                        let sent = e.of(sums.reverb[index]);
                        sums.reverb[index] = e.out(e.add(sent, e.mul(sample, own.reverb)));
                        let sent = e.of(sums.chorus[index]);
                        sums.chorus[index] = e.out(e.add(sent, e.mul(sample, own.chorus)));
                    }
                }
                (sums.left[index], sums.right[index]) = (e.out(left), e.out(right));
            }
        }
        for (lanes, held) in self.lanes.into_iter().zip(lanes) {
            (lanes.first, lanes.second) = (e.out(held.first), e.out(held.second));
        }
    }
}

impl<const GROUPS: usize> Work for Mixing<'_, GROUPS> {
    type Output = ();

    #[inline(always)]
    fn with<E: Eight>(self, eight: E) {
        let (mut sends, mut filters, mut moves) = (false, false, false);
        for lanes in &self.lanes {
            sends |= self.has_effects && lanes.sends();
            filters |= lanes.filters();
            moves |= lanes.moves();
        }
        self.sums.has_sends |= sends;
        match (filters, moves) {
            (true, true) => self.go::<E, true, true>(eight, sends),
            (true, false) => self.go::<E, true, false>(eight, sends),
            (false, true) => self.go::<E, false, true>(eight, sends),
            (false, false) => self.go::<E, false, false>(eight, sends),
        }
    }
}

/// Lanes as the loop holds them.
#[derive(Clone, Copy)]
struct Held<E: Eight> {
    left: HeldLine<E>,
    right: HeldLine<E>,
    keeps: HeldLine<E>,
    feeds: HeldLine<E>,
    takes: HeldLine<E>,
    dry: E::Of,
    wet: E::Of,
    half: E::Of,
    reverb: E::Of,
    chorus: E::Of,
    first: E::Of,
    second: E::Of,
}

#[derive(Clone, Copy)]
struct HeldLine<E: Eight> {
    from: E::Of,
    slope: E::Of,
}

impl<E: Eight> HeldLine<E> {
    #[inline(always)]
    fn of(e: E, line: &Lines) -> Self {
        Self {
            from: e.of(line.from),
            slope: e.of(line.slope),
        }
    }

    /// What does not move is the same without its slope.
    #[inline(always)]
    fn at<const MOVES: bool>(&self, e: E, at: E::Of) -> E::Of {
        match MOVES {
            true => e.add(self.from, e.mul(self.slope, at)),
            false => self.from,
        }
    }
}

impl<E: Eight> Held<E> {
    #[inline(always)]
    fn of(e: E, lanes: &Lanes) -> Self {
        Self {
            left: HeldLine::of(e, &lanes.left),
            right: HeldLine::of(e, &lanes.right),
            keeps: HeldLine::of(e, &lanes.keeps),
            feeds: HeldLine::of(e, &lanes.feeds),
            takes: HeldLine::of(e, &lanes.takes),
            dry: e.of(lanes.dry),
            wet: e.of(lanes.wet),
            half: e.all(0.5),
            reverb: e.of(lanes.reverb),
            chorus: e.of(lanes.chorus),
            first: e.of(lanes.first),
            second: e.of(lanes.second),
        }
    }

    /// One sample through the filters. What one sample waits for of the one before is as short as it can be made.
    #[inline(always)]
    fn filter<const MOVES: bool>(&mut self, e: E, input: E::Of, at: E::Of) -> E::Of {
        let keeps = self.keeps.at::<MOVES>(e, at);
        let feeds = self.feeds.at::<MOVES>(e, at);
        let takes = self.takes.at::<MOVES>(e, at);
        let high = e.sub(input, self.second);
        let rise = e.add(e.mul(feeds, self.first), e.mul(takes, high));
        self.first = e.add(e.mul(keeps, self.first), e.mul(feeds, high));
        let low = e.add(self.second, e.mul(self.half, rise));
        self.second = e.add(self.second, rise);
        e.add(e.mul(self.dry, input), e.mul(self.wet, low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::eight::Narrow;

    const LEN: usize = 61;

    /// A filter, a place and parts that are sent for every second lane, some of them moving.
    fn lanes(seed: u64) -> Lanes {
        let mut random = crate::dsp::Random::new(seed);
        let mut it = Lanes::default();
        for lane in 0..LANES {
            it.open(lane);
            it.stand(lane, 0.5 * random.next_signed(), true, (0, STEP));
            it.stand(lane, 0.5 * random.next_signed(), false, (0, STEP));
            it.reverb[lane] = 0.3;
            if lane % 2 == 0 {
                let tone = |cutoff| Tone {
                    cutoff,
                    resonance: 9.0,
                };
                it.tone(lane, Some(tone(0.01)), true, (0, STEP));
                it.tone(lane, Some(tone(0.2)), false, (0, STEP));
            }
        }
        it
    }

    fn rows(seed: u64) -> Rows {
        let mut random = crate::dsp::Random::new(seed);
        let mut rows = [[0.0; STEP]; LANES];
        rows.as_flattened_mut().fill_with(|| random.next_signed());
        rows
    }

    fn pair<'a>(
        [a, b]: &'a mut [Lanes; 2],
        rows: &'a [Rows; 2],
        sums: &'a mut Sums,
    ) -> Mixing<'a, 2> {
        Mixing {
            lanes: [a, b],
            rows,
            done: 2,
            len: LEN,
            sums,
            has_effects: true,
        }
    }

    fn bits(sums: &Sums) -> Vec<u32> {
        let all = [&sums.left, &sums.right, &sums.reverb, &sums.chorus];
        let all = all.into_iter().flat_map(|it| it.as_flattened());
        all.map(|it| it.to_bits()).collect()
    }

    #[test]
    fn wide_and_narrow_two_groups_and_one_by_one_are_the_same_bits() {
        let rows = [rows(3), rows(4)];
        let mixing = |how: &dyn Fn(&mut [Lanes; 2], &mut Sums)| {
            let (mut lanes, mut sums) = ([lanes(1), lanes(2)], Sums::new());
            how(&mut lanes, &mut sums);
            (bits(&sums), lanes.map(|it| (it.first, it.second)))
        };
        let wide = mixing(&|lanes, sums| pair(lanes, &rows, sums).run());
        let narrow = mixing(&|lanes, sums| pair(lanes, &rows, sums).with(Narrow));
        let alone = mixing(&|lanes, sums| {
            for (lanes, rows) in lanes.iter_mut().zip(&rows) {
                Mixing {
                    lanes: [lanes],
                    rows: std::slice::from_ref(rows),
                    done: 2,
                    len: LEN,
                    sums,
                    has_effects: true,
                }
                .run();
            }
        });
        assert!(wide == narrow, "registers");
        assert!(wide == alone, "pairs");
        assert!(wide.0.iter().any(|it| *it != 0) && wide.1[0].0[0] != 0.0);
    }
}
