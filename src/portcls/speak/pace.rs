//! What is heard of a graph, made even: a line laid through what its clock says.
//!
//! A clock says how things were when a cycle began, and a thread that is woken late says it late. A device outside would
//! play that; the ear does not hear it in the sound, whose samples come one after the other.

use crate::ks::{Clock, RATE_UNITY, RefTime, State};

/// Over how long jumps are spread.
const WINDOW: RefTime = 1_000_000;
/// What is further off than that is another time, or a cycle that came late.
const FAR: RefTime = 100_000;
/// And another time when it stays so for that long: a cycle that came late is made up for by then.
const STAYS: RefTime = 1_500_000;

/// Follows a clock.
#[derive(Clone, Copy, Default)]
pub(super) struct Pace {
    /// What is heard, and when that was by the system's time.
    last: Option<(RefTime, RefTime)>,
    /// For how long it was followed.
    age: RefTime,
    /// Since when the clock has been far off, by the system's time.
    far_since: Option<RefTime>,
}

impl Pace {
    /// What is heard now.
    pub(super) fn heard(&mut self, clock: &dyn Clock) -> RefTime {
        let reading = clock.reading();
        let said = clock.heard();
        if reading.state != State::Run || reading.system == 0 {
            *self = Self::default();
            return said;
        }
        let from_here = Self {
            last: Some((said, reading.system)),
            ..Self::default()
        };
        let Some((last, at)) = self.last else {
            *self = from_here;
            return said;
        };
        let passed = (reading.system - at).max(0);
        let step = passed * RefTime::from(reading.rate_permille) / RefTime::from(RATE_UNITY);
        let off = said - (last + step);
        let mut heard = last + step;
        if off.abs() <= FAR {
            self.far_since = None;
            self.age = (self.age + passed).min(WINDOW);
            heard += off * passed / self.age.max(1);
        } else if reading.system - *self.far_since.get_or_insert(reading.system) >= STAYS {
            *self = from_here;
            return said;
        }
        self.last = Some((heard, reading.system));
        heard
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

    /// One that goes by jumps of 5 ms, and a little too fast.
    fn jumping(system: RefTime) -> Saying {
        let true_time = system + system / 5_000;
        Saying((true_time - 1_000_000) / 50_000 * 50_000, system)
    }

    #[test]
    fn jumps_of_a_clock_are_not_heard_and_its_rate_is() {
        let mut pace = Pace::default();
        let mut worst = 0;
        for millis in 1..20_000 {
            let clock = jumping(millis * 10_000 + millis % 7 * 531);
            let heard = pace.heard(&clock);
            // In the middle of a jump, on the whole.
            let wanted = clock.1 + clock.1 / 5_000 - 1_000_000 - 25_000;
            if millis > 500 {
                worst = worst.max((heard - wanted).abs());
            }
        }
        assert!(worst < 5_000, "{worst} of 100 ns");
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
