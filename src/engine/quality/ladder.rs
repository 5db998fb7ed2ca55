//! How much less is asked for: up soon where trouble goes on, down late, and later where that was too early.

use super::ASKS;
use crate::ks::quality::LEAST;

/// Two reports within that time are a complaint; one alone is an accident.
const TOGETHER: u64 = ASKS;
/// So long a level is given to show what it does, before the next one.
const SETTLES: u64 = ASKS / 2;
/// So long all must be well before a level is taken back.
const CALM: u64 = 3 * ASKS;
/// And at most, where taking it back has failed again and again.
const MOST_CALM: u64 = 48 * ASKS;
/// So long nothing may be wrong before that is forgotten.
const FORGOTTEN: u64 = 60 * ASKS;

/// How much less is asked for, up soon and down late. Times are in steps of [`ASKS`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ladder {
    pub(super) level: u8,
    /// Reports that came together.
    streak: u8,
    last_poor: Option<u64>,
    /// When there was no room for more.
    last_full: Option<u64>,
    changed: Option<u64>,
    /// When a level was last taken back.
    fell: Option<u64>,
    /// How often that had to be undone soon after.
    relapses: u32,
}

/// Whether `then` was at most `within` ago.
pub(super) fn is_recent(then: Option<u64>, now: u64, within: u64) -> bool {
    then.is_some_and(|then| now.saturating_sub(then) <= within)
}

impl Ladder {
    fn patience(&self) -> u64 {
        (CALM << self.relapses.min(8)).min(MOST_CALM)
    }

    /// A sink said that something is wrong.
    pub(super) fn complain(&mut self, now: u64) {
        let together = is_recent(self.last_poor, now, TOGETHER);
        self.streak = if together { self.streak + 1 } else { 1 }.min(2);
        self.last_poor = Some(now);
        if self.level == LEAST || self.streak < 2 || is_recent(self.changed, now, SETTLES - 1) {
            return;
        }
        if is_recent(self.fell.take(), now, CALM) {
            self.relapses += 1;
        }
        self.level += 1;
        self.changed = Some(now);
        self.streak = 0;
    }

    /// Nothing is wrong, but there is no room for more.
    pub(super) fn fill(&mut self, now: u64) {
        self.last_full = Some(now);
    }

    /// Nothing is wrong now, and there is room.
    pub(super) fn rest(&mut self, now: u64) {
        let since = self.last_poor.max(self.changed).max(self.last_full);
        if self.level > 0 && !is_recent(since, now, self.patience() - 1) {
            self.level -= 1;
            (self.changed, self.fell) = (Some(now), Some(now));
        } else if self.level == 0 && !is_recent(since, now, FORGOTTEN) {
            self.relapses = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Levels of a ladder that hears of trouble at those steps, and rests at every step else.
    fn levels(ladder: &mut Ladder, steps: std::ops::Range<u64>, poor: impl Fn(u64) -> bool) -> u8 {
        for now in steps {
            if poor(now) {
                ladder.complain(now);
            } else {
                ladder.rest(now);
            }
        }
        ladder.level
    }

    #[test]
    fn one_accident_asks_nothing_of_anybody_and_trouble_goes_up_step_by_step() {
        let mut ladder = Ladder::default();
        assert_eq!(
            levels(&mut ladder, 0..1_000, |now| now.is_multiple_of(150)),
            0
        );
        let every_tenth = |now: u64| now.is_multiple_of(10);
        let mut ladder = Ladder::default();
        assert_eq!(levels(&mut ladder, 0..10, every_tenth), 0);
        assert_eq!(levels(&mut ladder, 10..11, every_tenth), 1);
        assert_eq!(levels(&mut ladder, 11..60, every_tenth), 1, "it settles");
        assert_eq!(levels(&mut ladder, 60..61, every_tenth), 2);
        assert_eq!(levels(&mut ladder, 61..200, every_tenth), 3);
        assert_eq!(
            levels(&mut ladder, 200..9_000, every_tenth),
            3,
            "no further"
        );
    }

    #[test]
    fn levels_are_taken_back_one_by_one_and_later_where_that_failed_before() {
        let mut ladder = Ladder::default();
        let every_tenth = |now: u64| now.is_multiple_of(10);
        assert_eq!(levels(&mut ladder, 0..200, every_tenth), 3);
        // The last trouble was at 190.
        assert_eq!(levels(&mut ladder, 200..490, |_| false), 3);
        assert_eq!(levels(&mut ladder, 490..491, |_| false), 2);
        assert_eq!(levels(&mut ladder, 491..790, |_| false), 2);
        assert_eq!(levels(&mut ladder, 790..791, |_| false), 1);
        // Trouble is back at once: it was too early, so next time it takes twice as long.
        let relapse = |now: u64| now == 850 || now == 860;
        assert_eq!(levels(&mut ladder, 791..870, relapse), 2);
        assert_eq!(levels(&mut ladder, 870..1_460, |_| false), 2);
        assert_eq!(levels(&mut ladder, 1_460..1_461, |_| false), 1);
        assert_eq!(levels(&mut ladder, 1_461..2_061, |_| false), 0);
        assert_eq!(ladder.patience(), 2 * CALM);
        levels(&mut ladder, 2_061..2_061 + FORGOTTEN + 1, |_| false);
        assert_eq!(ladder.patience(), CALM, "forgotten");
    }
}
