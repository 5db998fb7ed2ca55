//! Reference time in 100 ns and its exact relation to samples. Clocks are handed in; nothing here reads one.

use super::state::State;

/// Time in units of 100 ns.
pub type RefTime = i64;

/// Units of [`RefTime`] in a second.
pub const REF_TIMES_PER_SECOND: i64 = 10_000_000;

/// The time at which sample `sample` begins, rounded down (SYN-3).
pub fn time_from_sample(sample: u64, rate_hz: u32) -> RefTime {
    let time = of_parts(
        sample,
        REF_TIMES_PER_SECOND as u64,
        u64::from(rate_hz.max(1)),
    );
    time.min(i64::MAX as u64) as RefTime
}

/// The first sample that does not begin before `time`: the inverse of [`time_from_sample`] on every sample.
pub fn sample_from_time(time: RefTime, rate_hz: u32) -> u64 {
    if time <= 0 {
        return 0;
    }
    let scaled = i128::from(time) * i128::from(rate_hz.max(1));
    let per_second = i128::from(REF_TIMES_PER_SECOND);
    // Rounding to nearest undoes the rounding down of less than one unit, for any rate below 10 MHz / 2.
    ((scaled + per_second / 2) / per_second).clamp(0, i128::from(u64::MAX)) as u64
}

/// How many samples a wire at `rate_hz` has carried when the graph has counted `position` at `graph_rate_hz`.
pub fn samples_at(position: u64, rate_hz: u32, graph_rate_hz: u32) -> u64 {
    if rate_hz == graph_rate_hz {
        return position;
    }
    of_parts(
        position,
        u64::from(rate_hz),
        u64::from(graph_rate_hz.max(1)),
    )
}

/// So many times as much in parts, rounded down; the most there is where it is more.
#[inline]
fn of_parts(number: u64, times: u64, parts: u64) -> u64 {
    // Days of samples fit, and long numbers are divided by a call.
    match number.checked_mul(times) {
        Some(product) => product / parts,
        None => {
            let wide = u128::from(number) * u128::from(times) / u128::from(parts);
            wide.min(u128::from(u64::MAX)) as u64
        }
    }
}

/// What a clock answers, all of it of one moment (10.1). Without a clock: time 0, the finest step, Stop (MCL-4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// Presentation time: stands in Pause, zero in Stop (CLK-3).
    pub time: RefTime,
    /// Time of the hardware behind it: goes on in every state, whatever the rate (CLK-3, CLK-5).
    pub physical: RefTime,
    /// The system's time of the same moment, on the one epoch of the program (CLK-1).
    pub system: RefTime,
    /// The smallest step, in units of [`RefTime`] (CLK-2).
    pub granularity: RefTime,
    /// What it may be off beyond that.
    pub error: RefTime,
    /// The state of what it belongs to.
    pub state: State,
    /// How fast presentation time goes, 1000 being as fast as physical time (CLK-5).
    pub rate_permille: u32,
    /// The earliest time for which something submitted now still comes in time: always ahead of `time` while it runs
    /// (LAT-1).
    pub latency: RefTime,
}

/// The rate of a clock nobody changed.
pub const RATE_UNITY: u32 = 1000;

impl Default for Reading {
    fn default() -> Self {
        Self {
            time: 0,
            physical: 0,
            system: 0,
            granularity: 1,
            error: 0,
            state: State::Stop,
            rate_permille: RATE_UNITY,
            latency: 0,
        }
    }
}

/// Gives the time of a stream. Implemented by whoever drives a graph, and by pins of devices.
pub trait Clock: Send + Sync {
    /// Presentation time; stands still outside Run, never goes back within a run (MCL-1).
    fn now(&self) -> RefTime;

    /// The system's time, on the one epoch of the program (CLK-1); 0 where there is none.
    fn system(&self) -> RefTime {
        0
    }

    /// How far what drives the graph has come, less a cycle: where the cycles are now, not what is heard, and evenly so if many
    /// of them are made at once. What arrives is stamped with it.
    fn arrival(&self) -> RefTime {
        self.now()
    }

    /// What is heard now, as nearly as it is known: presentation time that is not smoothed, may go back, and is below zero
    /// while the first sound of a run is on the way. Who sends past the graph's device goes by it.
    fn heard(&self) -> RefTime {
        self.now()
    }

    /// The time of the first sample that no cycle has made or begun yet; `None` where nobody counts. It is looked up and
    /// no clock is read, so that the audio thread may ask.
    fn made(&self) -> Option<RefTime> {
        None
    }

    /// Everything it answers, read together.
    fn reading(&self) -> Reading {
        Reading {
            time: self.now(),
            system: self.system(),
            ..Reading::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syn_3_samples_survive_the_way_through_time() {
        for rate in [8_000, 11_025, 44_100, 48_000, 384_000] {
            let places = [1 << 40, 1 << 42].map(|first| first..first + 1000);
            for sample in (0..100_000).chain(places.into_iter().flatten()) {
                assert_eq!(
                    sample_from_time(time_from_sample(sample, rate), rate),
                    sample
                );
            }
        }
    }

    #[test]
    fn counts_add_up_for_any_cutting() {
        let whole = samples_at(48_000, 44_100, 48_000);
        assert_eq!(whole, 44_100);
        let pieces: u64 = (0..48_000_u64)
            .step_by(7)
            .map(|p| {
                samples_at((p + 7).min(48_000), 44_100, 48_000) - samples_at(p, 44_100, 48_000)
            })
            .sum();
        assert_eq!(pieces, whole);
    }
}
