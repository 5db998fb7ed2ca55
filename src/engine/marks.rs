//! Clock events: marks in presentation time, once or again and again (CEV-1 to CEV-3).
//!
//! The audio thread looks at them once a cycle, at the time that is heard when the cycle begins, and reports each with
//! the exact sample it stands at. Never early, at most one cycle late; after a stall once, not once for each that passed.

use crate::ks::{RefTime, sample_from_time};

/// Marks that can be set at a time.
pub const MARKS: usize = 256;

/// When a mark fires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// Once, when presentation time is there; at once when it is past (CEV-1).
    At(RefTime),
    /// At `base` and every `interval` from there on (CEV-2).
    Every {
        /// The first time.
        base: RefTime,
        /// The distance, more than 0.
        interval: RefTime,
    },
}

/// A mark that fired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fired {
    /// The mark, as it was numbered.
    pub id: u64,
    /// The time it stood at.
    pub time: RefTime,
    /// The sample of the graph's rate that time is.
    pub sample: u64,
}

/// All marks of a graph. Never grows.
pub(super) struct Marks {
    set: Vec<(u64, Mark, RefTime)>,
    /// The time they were looked at last.
    seen: RefTime,
}

/// The first time of a row that is not before `from`.
fn first_from(base: RefTime, interval: RefTime, from: RefTime) -> RefTime {
    if from <= base {
        return base;
    }
    let steps = (from - base) / interval + RefTime::from((from - base) % interval != 0);
    base.saturating_add(steps.saturating_mul(interval))
}

impl Marks {
    pub(super) fn new() -> Self {
        Self {
            set: Vec::with_capacity(MARKS),
            seen: 0,
        }
    }

    /// Whether nobody waits for anything.
    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Sets a mark. Whether there was room.
    pub(super) fn set(&mut self, id: u64, mark: Mark) -> bool {
        if self.set.len() == MARKS {
            return false;
        }
        let due = match mark {
            Mark::At(time) => time,
            Mark::Every { base, interval } => first_from(base, interval.max(1), self.seen),
        };
        self.set.push((id, mark, due));
        true
    }

    /// Takes a mark back.
    pub(super) fn clear(&mut self, id: u64) {
        self.set.retain(|(it, _, _)| *it != id);
    }

    /// Time begins at zero again.
    pub(super) fn rewind(&mut self) {
        self.seen = 0;
        for (_, mark, due) in &mut self.set {
            if let Mark::Every { base, interval } = *mark {
                *due = first_from(base, interval.max(1), 0);
            }
        }
    }

    /// Fires what is due at `now`.
    pub(super) fn look(&mut self, now: RefTime, rate_hz: u32, mut fire: impl FnMut(Fired)) {
        self.seen = now;
        self.set.retain_mut(|(id, mark, due)| {
            if *due > now {
                return true;
            }
            let interval = match *mark {
                Mark::At(_) => None,
                Mark::Every { interval, .. } => Some(interval.max(1)),
            };
            // Those that passed in a stall are one.
            let time = interval.map_or(*due, |interval| *due + (now - *due) / interval * interval);
            fire(Fired {
                id: *id,
                time,
                sample: sample_from_time(time, rate_hz),
            });
            *due = time.saturating_add(interval.unwrap_or(0));
            interval.is_some()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fired(marks: &mut Marks, now: RefTime) -> Vec<(u64, RefTime)> {
        let mut all = vec![];
        marks.look(now, 48_000, |it| all.push((it.id, it.time)));
        all
    }

    #[test]
    fn a_row_of_marks_begins_at_its_base_and_passes_once_over_a_stall() {
        let mut marks = Marks::new();
        let (base, interval) = (100, 30);
        assert!(marks.set(1, Mark::Every { base, interval }));
        assert_eq!(fired(&mut marks, 99), []);
        assert_eq!(fired(&mut marks, 100), [(1, 100)]);
        assert_eq!(fired(&mut marks, 100), []);
        assert_eq!(fired(&mut marks, 1_000), [(1, 1_000)], "once, and the last");
        assert_eq!(fired(&mut marks, 1_029), []);
        assert_eq!(fired(&mut marks, 1_030), [(1, 1_030)]);
        // Set when its base is long past: the next one, on the same grid.
        assert!(marks.set(
            2,
            Mark::Every {
                base: 5,
                interval: 100
            }
        ));
        assert_eq!(fired(&mut marks, 1_105), [(1, 1_090), (2, 1_105)]);
        marks.rewind();
        assert_eq!(fired(&mut marks, 5), [(2, 5)]);
    }

    #[test]
    fn a_mark_fires_once_and_one_that_is_past_at_once() {
        let mut marks = Marks::new();
        assert!(marks.set(1, Mark::At(500)));
        assert_eq!(fired(&mut marks, 499), []);
        assert_eq!(fired(&mut marks, 640), [(1, 500)]);
        assert_eq!(fired(&mut marks, 641), []);
        assert!(marks.set(2, Mark::At(-3)) && marks.set(3, Mark::At(641)));
        marks.clear(3);
        assert_eq!(fired(&mut marks, 641), [(2, -3)]);
        assert!(marks.is_empty());
        assert!((0..MARKS as u64).all(|id| marks.set(id, Mark::At(i64::MAX))));
        assert!(!marks.set(9_999, Mark::At(0)), "no room, and no growth");
    }

    #[test]
    fn a_mark_names_its_sample() {
        let mut marks = Marks::new();
        let mut samples = vec![];
        for sample in [0, 1, 441, 48_001] {
            let time = crate::ks::time_from_sample(sample, 48_000);
            assert!(marks.set(sample, Mark::At(time)));
        }
        marks.look(i64::MAX, 48_000, |it| samples.push(it.sample));
        assert_eq!(samples, [0, 1, 441, 48_001]);
    }
}
