//! What a graph's clock says, made even: a line laid along what it says when it is on time.
//!
//! ```text
//!   said  ─────────╲    ╱───────   a cycle that begins late says everything late until the next one
//!   line  ──────────────────────   which can only ever be behind: so the line follows what is ahead of it, and goes
//!                                  back only to where the clock has stayed
//! ```
//!
//! A clock says how things were when a cycle began, and a thread that is woken late says it late. A device outside would
//! play that, and what comes from one would be taken for later than it was; the ear does not hear it in the sound, whose
//! samples come one after the other.

use crate::ks::{Clock, RATE_UNITY, Reading, RefTime, State};

/// For so long a line that has just begun jumps to what is ahead of it.
const YOUNG: RefTime = 1_000_000;
/// And later it gains so much of the time that passes: what is gone over to is not heard as a jump.
const GAIN: RefTime = 20;
/// What is further ahead is another time.
const FAR: RefTime = 100_000;
/// For so long a clock must stay away to be believed: cycles that came late are made up for by then.
const STAYS: RefTime = 1_500_000;
/// And it must have been looked at so often.
const LOOKS: u32 = 8;
/// Who looks as seldom as that begins a new line each time.
const SELDOM: RefTime = 2 * STAYS;

/// Follows a clock.
#[derive(Clone, Copy, Default)]
pub(super) struct Pace {
    line: Option<Line>,
}

#[derive(Clone, Copy)]
struct Line {
    /// Where it is, and when that was by the system's time.
    at: RefTime,
    system: RefTime,
    age: RefTime,
    doubt: Option<Doubt>,
}

/// The clock is behind the line, or far ahead of it.
#[derive(Clone, Copy)]
struct Doubt {
    /// By the system's time.
    since: RefTime,
    looks: u32,
    /// How far it was ahead of the line.
    least: RefTime,
    most: RefTime,
}

impl Pace {
    /// What is heard now.
    pub(super) fn heard(&mut self, clock: &dyn Clock) -> RefTime {
        let reading = clock.reading();
        self.follow(&reading, clock.heard())
    }

    /// Where the cycles are now.
    pub(super) fn arrival(&mut self, clock: &dyn Clock) -> RefTime {
        let reading = clock.reading();
        self.follow(&reading, clock.arrival())
    }

    fn follow(&mut self, reading: &Reading, said: RefTime) -> RefTime {
        if reading.state != State::Run || reading.system == 0 {
            self.line = None;
            return said;
        }
        let line = self.line.get_or_insert(Line {
            at: said,
            system: reading.system,
            age: 0,
            doubt: None,
        });
        line.follow(reading, said);
        line.at
    }
}

impl Line {
    fn follow(&mut self, reading: &Reading, said: RefTime) {
        let passed = (reading.system - self.system).max(0);
        self.system = reading.system;
        if passed > SELDOM {
            (self.at, self.age, self.doubt) = (said, 0, None);
            return;
        }
        self.at += passed * RefTime::from(reading.rate_permille) / RefTime::from(RATE_UNITY);
        self.age = self.age.saturating_add(passed);
        let off = said - self.at;
        if (0..=FAR).contains(&off) {
            self.doubt = None;
            self.at += match self.age < YOUNG {
                true => off,
                false => off.min(passed / GAIN),
            };
            return;
        }
        let doubt = self.doubt.get_or_insert(Doubt {
            since: reading.system,
            looks: 0,
            least: off,
            most: off,
        });
        doubt.looks += 1;
        (doubt.least, doubt.most) = (doubt.least.min(off), doubt.most.max(off));
        if reading.system - doubt.since >= STAYS && doubt.looks >= LOOKS {
            // To the nearest that it has been; nowhere, if it was on both sides.
            self.at += doubt.most.min(0) + doubt.least.max(0);
            self.doubt = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::Reading;

    /// Says one time at another of the system's.
    struct Saying(RefTime, RefTime);

    impl Clock for Saying {
        fn now(&self) -> RefTime {
            self.0
        }

        fn reading(&self) -> Reading {
            Reading {
                time: self.0,
                system: self.1,
                state: State::Run,
                ..Reading::default()
            }
        }
    }

    /// A graph that is a little too fast, whose thread is woken every 5 ms, now and then late by most of that: what it says
    /// then it goes on saying until it is woken again.
    fn woken_late(system: RefTime) -> Saying {
        const LATE: [RefTime; 7] = [0, 31_000, 9_000, 0, 22_000, 44_000, 1_000];
        let true_time = |system: RefTime| system + system / 5_000 - 1_000_000;
        let late = |cycle: RefTime| LATE[(cycle % 7) as usize];
        let cycle = system / 50_000;
        let cycle = match system % 50_000 < late(cycle) {
            true => cycle - 1,
            false => cycle,
        };
        Saying(true_time(system - late(cycle)), system)
    }

    #[test]
    fn late_cycles_are_not_heard_and_the_rate_is() {
        let mut pace = Pace::default();
        let mut worst = 0;
        for millis in 10..20_000 {
            let system = millis * 10_000 + millis % 7 * 531;
            let heard = pace.heard(&woken_late(system));
            let wanted = system + system / 5_000 - 1_000_000;
            if millis > 500 {
                worst = worst.max((heard - wanted).abs());
            }
        }
        assert!(worst < 500, "{worst} of 100 ns");
    }

    #[test]
    fn a_clock_that_is_a_little_ahead_is_gone_over_to_and_one_far_ahead_when_it_stays() {
        let millis = |it: RefTime| it * 10_000;
        let ahead = |now: RefTime| match now {
            ..1_000 => 0,
            1_000..2_000 => 5,
            2_000..2_100 => 305,
            2_100..3_000 => 5,
            _ => 305,
        };
        let mut pace = Pace::default();
        let heard = (0..4_000).map(|now| {
            let heard = pace.heard(&Saying(millis(now + ahead(now)), millis(now)));
            heard - millis(now)
        });
        let heard: Vec<RefTime> = heard.collect();
        assert!(heard[..1_000].iter().all(|it| *it == 0));
        let step = heard.windows(2).map(|it| it[1] - it[0]).take(2_999);
        assert!(step.max().unwrap() <= millis(1) / GAIN, "no jump");
        assert!(heard[1_200..3_100].iter().all(|it| *it == millis(5)));
        assert!(heard[3_160..].iter().all(|it| *it == millis(305)));
    }

    #[test]
    fn who_looks_seldom_is_told_what_the_clock_says() {
        let mut pace = Pace::default();
        for (said, system) in [(0, 10), (9_000_000, 9_500_000), (12_400_000, 13_000_000)] {
            assert_eq!(pace.heard(&Saying(said, system)), said);
        }
    }

    #[test]
    fn a_cycle_that_comes_late_is_not_followed_and_another_time_is_when_it_stays() {
        let mut pace = Pace::default();
        let millis = |it: RefTime| it * 10_000;
        for now in 0..1_000 {
            // For 21 ms, the length of a long cycle, 12 ms are missing.
            let missing = if (600..621).contains(&now) { 12 } else { 0 };
            let heard = pace.heard(&Saying(millis(now - missing), millis(now)));
            assert_eq!(heard, millis(now), "{missing} ms are missing");
        }
        // From here on 300 ms more lie between what is made and what is heard.
        let off = |now: RefTime, heard: RefTime| heard - millis(now);
        let late = (1_000..1_300).map(|now| {
            let heard = pace.heard(&Saying(millis(now - 300), millis(now)));
            off(now, heard)
        });
        let late: Vec<RefTime> = late.collect();
        assert_eq!(late[0], 0);
        assert_eq!(late[200], -millis(300));
    }
}
