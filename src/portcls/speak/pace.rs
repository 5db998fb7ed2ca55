//! What is heard of a graph, made even: a line laid through what its clock says.
//!
//! A clock says how things were when a cycle began, and a thread that is woken late says it late. A device outside would
//! play that; the ear does not hear it in the sound, whose samples come one after the other.

use crate::ks::{Clock, RATE_UNITY, RefTime, State};

/// Over how long jumps are spread.
const WINDOW: RefTime = 1_000_000;
/// What is further off than that is no jump but another time.
const FAR: RefTime = 100_000;

/// Follows a clock.
#[derive(Clone, Copy, Default)]
pub(super) struct Pace {
    /// What is heard, and when that was by the system's time.
    last: Option<(RefTime, RefTime)>,
    /// For how long it was followed.
    age: RefTime,
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
        let Some((last, at)) = self.last else {
            self.last = Some((said, reading.system));
            return said;
        };
        let passed = (reading.system - at).max(0);
        let step = passed * RefTime::from(reading.rate_permille) / RefTime::from(RATE_UNITY);
        let off = said - (last + step);
        if off.abs() > FAR {
            *self = Self {
                last: Some((said, reading.system)),
                age: 0,
            };
            return said;
        }
        self.age = (self.age + passed).min(WINDOW);
        let lean = off * passed / self.age.max(1);
        let heard = last + step + lean;
        self.last = Some((heard, reading.system));
        heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::Reading;

    /// One that goes by jumps of 5 ms, and a little too fast.
    struct Jumping(RefTime);

    impl Clock for Jumping {
        fn now(&self) -> RefTime {
            let true_time = self.0 + self.0 / 5_000;
            (true_time - 1_000_000) / 50_000 * 50_000
        }

        fn reading(&self) -> Reading {
            Reading {
                time: self.now(),
                system: self.0,
                state: State::Run,
                ..Reading::default()
            }
        }
    }

    #[test]
    fn jumps_of_a_clock_are_not_heard_and_its_rate_is() {
        let mut pace = Pace::default();
        let mut worst = 0;
        for millis in 1..20_000 {
            let clock = Jumping(millis * 10_000 + millis % 7 * 531);
            let heard = pace.heard(&clock);
            // In the middle of a jump, on the whole.
            let wanted = clock.0 + clock.0 / 5_000 - 1_000_000 - 25_000;
            if millis > 500 {
                worst = worst.max((heard - wanted).abs());
            }
        }
        assert!(worst < 5_000, "{worst} of 100 ns");
        // Another time is taken as it is.
        let far = Jumping(900_000_000);
        assert_eq!(pace.heard(&far), far.now());
    }
}
