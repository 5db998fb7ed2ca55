//! In what order the samples of a file are played: once, or with loops. Pure counting; nothing is read here.
//!
//! The order is a list of *steps*: a part of the file, played so often, forward, backward, or to and fro. A run is what can
//! be read at once: samples that lie behind each other in the file.

use crate::media::{Info, Loop, LoopKind};

/// The place behind a file whose length nobody knows.
const UNKNOWN: u64 = u64::MAX;

/// What is wished for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wish {
    /// The file once.
    #[default]
    Once,
    /// All of it again and again.
    Whole,
    /// The loops that the file carries; all of it where it has none.
    Loops,
    /// From `start` to before `end` (0: the end of the file) again and again.
    Part {
        /// The first sample of the loop.
        start: u64,
        /// The first sample behind it.
        end: u64,
    },
}

/// A part of the file and how it is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    start: u64,
    end: u64,
    /// How often; `None` is for ever.
    times: Option<u64>,
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Forward,
    Backward,
    /// Forward, then backward, and so on; it is counted in times forward.
    ToAndFro,
}

impl Step {
    fn once(start: u64, end: u64) -> Self {
        Self {
            start,
            end,
            times: Some(1),
            way: Way::Forward,
        }
    }

    /// Passes over the part in all.
    fn passes(&self) -> u64 {
        match (self.times, self.way) {
            (None, _) => u64::MAX,
            (Some(times), Way::ToAndFro) => (times * 2).saturating_sub(1),
            (Some(times), _) => times,
        }
    }

    fn is_backward(&self, pass: u64) -> bool {
        match self.way {
            Way::Forward => false,
            Way::Backward => true,
            Way::ToAndFro => pass % 2 == 1,
        }
    }

    fn len(&self) -> u64 {
        self.end - self.start
    }
}

/// Samples that lie behind each other in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The first of them in the file.
    pub(super) from: u64,
    /// How many.
    pub(super) len: u64,
    /// Whether the last is heard first.
    pub(super) is_backward: bool,
}

/// The order, and how far it has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    wish: Wish,
    frames: Option<u64>,
    steps: Vec<Step>,
    step: usize,
    pass: u64,
    /// Samples of this pass that are done.
    done: u64,
}

impl Order {
    /// The order of a file from its beginning.
    pub(super) fn new(info: &Info, wish: Wish) -> Self {
        Self {
            wish,
            frames: info.frames,
            steps: steps(info.frames.unwrap_or(UNKNOWN), &info.loops, wish),
            ..Self::default()
        }
    }

    /// Takes up another wish, or a length that has become known, where it stands.
    pub(super) fn follow(&mut self, info: &Info, wish: Wish) {
        let is_new = self.steps.is_empty();
        if !is_new && self.wish == wish && self.frames == info.frames {
            return;
        }
        let place = if is_new { 0 } else { self.place() };
        let (is_backward, was) = (self.is_backward(), self.steps.get(self.step).copied());
        let (pass, done) = (self.pass, self.done);
        *self = Self::new(info, wish);
        self.go_to_place(place);
        if is_backward && self.steps.get(self.step).copied() == was {
            (self.pass, self.done) = (pass, done);
        }
    }

    /// Whether it never ends.
    pub(super) fn is_endless(&self) -> bool {
        let is_endless = |step: &Step| step.times.is_none() && step.len() > 0;
        self.steps.iter().any(is_endless)
    }

    /// Whether anything of it is played more than once.
    pub(super) fn repeats(&self) -> bool {
        self.wish != Wish::Once
    }

    /// The sample in the file that is played next.
    pub(super) fn place(&self) -> u64 {
        let Some(step) = self.steps.get(self.step) else {
            return self.steps.last().map_or(0, |step| step.end);
        };
        if self.is_backward() {
            step.end - self.done - 1
        } else {
            step.start + self.done
        }
    }

    fn is_backward(&self) -> bool {
        let step = self.steps.get(self.step);
        step.is_some_and(|step| step.is_backward(self.pass))
    }

    /// The samples played next, at most so many; `None` at the end.
    pub(super) fn run(&self, at_most: u64) -> Option<Run> {
        let step = self.steps.get(self.step)?;
        let len = (step.len() - self.done).min(at_most);
        let is_backward = self.is_backward();
        let from = if is_backward {
            step.end - self.done - len
        } else {
            step.start + self.done
        };
        Some(Run {
            from,
            len,
            is_backward,
        })
    }

    /// Samples of one turn of what is being played.
    pub(super) fn turn(&self) -> u64 {
        self.steps.get(self.step).map_or(u64::MAX, Step::len)
    }

    /// So many of them were played. Says whether the next one does not follow them in the file.
    pub(super) fn advance(&mut self, frames: u64) -> bool {
        let Some(step) = self.steps.get(self.step) else {
            return false;
        };
        self.done += frames;
        if self.done < step.len() || frames == 0 {
            return false;
        }
        let behind = if self.is_backward() {
            step.start.wrapping_sub(1)
        } else {
            step.end
        };
        self.done = 0;
        self.pass += 1;
        if self.pass >= step.passes() {
            self.pass = 0;
            self.step += 1;
        }
        self.step < self.steps.len() && self.place() != behind
    }

    /// The file ends here, earlier than it was thought.
    pub(super) fn end_at(&mut self, frames: u64) {
        self.frames = Some(frames);
        let was = self.steps.get(self.step).map(|step| step.start);
        for step in &mut self.steps {
            step.start = step.start.min(frames);
            step.end = step.end.min(frames);
        }
        let step = self.step;
        let before = self
            .steps
            .iter()
            .take(step)
            .filter(|it| it.len() == 0)
            .count();
        self.steps.retain(|step| step.len() > 0);
        self.step = step - before;
        let is_same = self.steps.get(self.step).map(|step| step.start) == was;
        let len = self.steps.get(self.step).map_or(0, Step::len);
        if !is_same {
            (self.pass, self.done) = (0, 0);
        } else if self.done >= len {
            self.done = len.saturating_sub(1);
            self.advance(1);
        }
    }

    /// The first time a sample of the file is played.
    fn go_to_place(&mut self, place: u64) {
        let found = self.steps.iter().position(|step| place < step.end);
        self.step = found.unwrap_or(self.steps.len());
        self.pass = 0;
        self.done = match self.steps.get(self.step) {
            Some(step) if step.way == Way::Backward => step.end - 1 - place.max(step.start),
            Some(step) => place.saturating_sub(step.start),
            None => 0,
        };
    }

    /// Goes to where it is after so many samples have been played from the beginning.
    pub(super) fn go_to(&mut self, played: u64) {
        let mut left = played;
        for (number, step) in self.steps.iter().enumerate() {
            let (len, passes) = (step.len(), step.passes());
            let pass = left / len;
            if pass < passes {
                (self.step, self.pass, self.done) = (number, pass, left % len);
                return;
            }
            left -= len.saturating_mul(passes);
        }
        (self.step, self.pass, self.done) = (self.steps.len(), 0, 0);
    }
}

fn steps(frames: u64, loops: &[Loop], wish: Wish) -> Vec<Step> {
    let endless = |start, end| Step {
        times: None,
        ..Step::once(start, end)
    };
    let mut steps = match wish {
        Wish::Once => vec![Step::once(0, frames)],
        Wish::Loops if !loops.is_empty() => looped(frames, loops),
        Wish::Whole | Wish::Loops => vec![endless(0, frames)],
        Wish::Part { start, end } => {
            let end = if end == 0 { frames } else { end.min(frames) };
            // A loop that ends before it begins is none.
            if start < end {
                vec![Step::once(0, start), endless(start, end)]
            } else {
                vec![endless(0, frames)]
            }
        }
    };
    steps.retain(|step| step.len() > 0);
    steps
}

/// The loops of a file, one behind the other; one that begins within the one before is left out.
fn looped(frames: u64, loops: &[Loop]) -> Vec<Step> {
    let mut loops = loops.to_vec();
    loops.sort_by_key(|it| it.start);
    let mut steps = Vec::new();
    let mut place = 0;
    for it in loops {
        let end = it.end.min(frames);
        if it.start < place || it.start >= end {
            continue;
        }
        steps.push(Step::once(place, it.start));
        steps.push(Step {
            start: it.start,
            end,
            times: (it.count > 0).then_some(u64::from(it.count)),
            way: match it.kind {
                LoopKind::PingPong => Way::ToAndFro,
                LoopKind::Backward => Way::Backward,
                LoopKind::Forward | LoopKind::Other(_) => Way::Forward,
            },
        });
        place = end;
    }
    steps.push(Step::once(place, frames));
    steps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Start, end, kind and count of a loop.
    type Told = (u64, u64, LoopKind, u32);

    fn info(frames: Option<u64>, loops: &[Told]) -> Info {
        let loops = loops.iter().map(|&(start, end, kind, count)| Loop {
            start,
            end,
            kind,
            count,
        });
        Info {
            frames,
            loops: loops.collect(),
            ..Info::default()
        }
    }

    /// The places that are played, read in runs of at most so many.
    fn heard(order: &mut Order, at_most: u64, len: usize) -> Vec<u64> {
        let mut heard = Vec::new();
        while heard.len() < len
            && let Some(run) = order.run(at_most)
        {
            assert!(run.len > 0);
            let places = run.from..run.from + run.len;
            if run.is_backward {
                heard.extend(places.rev());
            } else {
                heard.extend(places);
            }
            order.advance(run.len);
        }
        heard.truncate(len);
        heard
    }

    #[test]
    fn loops_of_every_kind_play_as_often_as_they_say() {
        use LoopKind::{Backward, Forward, PingPong};
        let cases: &[(&[Told], &[u64])] = &[
            (&[(2, 4, Forward, 3)], &[0, 1, 2, 3, 2, 3, 2, 3, 4, 5]),
            (&[(2, 4, PingPong, 2)], &[0, 1, 2, 3, 3, 2, 2, 3, 4, 5]),
            (&[(2, 4, Backward, 2)], &[0, 1, 3, 2, 3, 2, 4, 5]),
            (&[(2, 4, Forward, 1)], &[0, 1, 2, 3, 4, 5]),
            (
                &[(4, 6, Forward, 2), (0, 2, Backward, 1)],
                &[1, 0, 2, 3, 4, 5, 4, 5],
            ),
            // One within another is left out, whatever lies behind is not.
            (
                &[(0, 3, Forward, 2), (2, 5, Forward, 2)],
                &[0, 1, 2, 0, 1, 2, 3, 4, 5],
            ),
            (
                &[(1, 3, PingPong, 0)],
                &[0, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2],
            ),
            (&[(5, 9, Forward, 0)], &[0, 1, 2, 3, 4, 5, 5, 5, 5]),
        ];
        for (loops, wanted) in cases {
            for at_most in [1, 2, 3, 100] {
                let info = info(Some(6), loops);
                let mut order = Order::new(&info, Wish::Loops);
                assert_eq!(order.is_endless(), loops.iter().any(|it| it.3 == 0));
                let len = if order.is_endless() {
                    wanted.len()
                } else {
                    100
                };
                assert_eq!(heard(&mut order, at_most, len), *wanted, "{loops:?}");
            }
        }
    }

    #[test]
    fn a_part_is_led_up_to_and_then_repeated() {
        let info = info(Some(6), &[]);
        for (start, end, wanted) in [
            (2, 4, [0, 1, 2, 3, 2, 3, 2, 3]),
            (4, 0, [0, 1, 2, 3, 4, 5, 4, 5]),
            (4, 99, [0, 1, 2, 3, 4, 5, 4, 5]),
            (4, 4, [0, 1, 2, 3, 4, 5, 0, 1]),
            (9, 0, [0, 1, 2, 3, 4, 5, 0, 1]),
        ] {
            let mut order = Order::new(&info, Wish::Part { start, end });
            assert!(order.is_endless());
            assert_eq!(heard(&mut order, 3, 8), wanted, "{start} to {end}");
        }
    }

    #[test]
    fn a_length_that_nobody_knows_is_found_where_the_file_ends() {
        for (wish, wanted) in [
            (Wish::Once, vec![0, 1, 2, 3, 4]),
            (Wish::Whole, vec![0, 1, 2, 3, 4, 0, 1, 2]),
            (
                Wish::Part { start: 3, end: 0 },
                vec![0, 1, 2, 3, 4, 3, 4, 3],
            ),
            (
                Wish::Part { start: 3, end: 9 },
                vec![0, 1, 2, 3, 4, 3, 4, 3],
            ),
            (Wish::Part { start: 7, end: 9 }, vec![0, 1, 2, 3, 4]),
        ] {
            let mut order = Order::new(&info(None, &[]), wish);
            let mut heard = Vec::new();
            // A file of five samples.
            while heard.len() < 8
                && let Some(run) = order.run(2)
            {
                let got = run.len.min(5_u64.saturating_sub(run.from));
                heard.extend(run.from..run.from + got);
                order.advance(got);
                if got < run.len {
                    order.end_at(5);
                }
            }
            assert_eq!(heard[..wanted.len()], wanted, "{wish:?}");
        }
    }

    #[test]
    fn another_wish_is_taken_up_where_it_stands() {
        let info = info(Some(6), &[]);
        let mut order = Order::new(&info, Wish::Whole);
        assert_eq!(heard(&mut order, 1, 9).last(), Some(&2));
        order.follow(&info, Wish::Once);
        assert_eq!(heard(&mut order, 2, 9), [3, 4, 5]);
    }

    proptest! {
        #[test]
        fn to_go_somewhere_is_to_have_played_so_far(
            loops in proptest::collection::vec((0_u64..20, 1_u64..9, 0_u32..3, 0_u32..4), 0..4),
            wish in 0_usize..4,
            played in 0_u64..60,
        ) {
            let kinds = [LoopKind::Forward, LoopKind::PingPong, LoopKind::Backward];
            let loops: Vec<_> = loops
                .into_iter()
                .map(|(start, len, kind, count)| (start, start + len, kinds[kind as usize], count))
                .collect();
            let info = info(Some(20), &loops);
            let wish = [Wish::Once, Wish::Whole, Wish::Loops, Wish::Part { start: 5, end: 11 }][wish];
            let mut played_so_far = Order::new(&info, wish);
            heard(&mut played_so_far, 1, played as usize);
            let mut gone = Order::new(&info, wish);
            gone.go_to(played);
            prop_assert_eq!(heard(&mut gone, 7, 50), heard(&mut played_so_far, 7, 50));
        }
    }
}
