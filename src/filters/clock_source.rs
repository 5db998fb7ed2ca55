//! Clock Source: a clock of its own, a little faster or slower than the graph's by a number that is set.
//!
//! -> clock, one event a tick: when it comes in the graph's time, and in its eight bytes the source's own time of that
//! moment, in 100 ns: the two correlated. It counts samples, so the same ticks come at any quantum, live and rendered.

use crate::ks::ids::{Guid, category};
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, KernelEvent, OpenError, Opened, Opening, PinFactory,
    Processor, Property, REF_TIMES_PER_SECOND, State, Unit, ValueSlot, time_from_sample,
};

const SPEED: Property =
    Property::number("speed", "Faster by (ppm)", -1_000.0, 1_000.0, 0.0).inline();
const INTERVAL: Property = Property::number("interval", "Tick every", 1.0, 1_000.0, 10.0)
    .unit(Unit::Millisecond)
    .structural();
const PROPERTIES: &[Property] = &[SPEED, INTERVAL];
const PINS: &[PinFactory] = &[PinFactory::output("clock", DataRange::CLOCK)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::CLOCK];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "clock_source",
    "Clock Source",
    CATEGORIES,
    PINS,
    PROPERTIES,
)
.help(
    "A clock of its own, as much faster or slower than the graph's as you set. Its ticks travel on a clock wire; a Clock \
     Slave finds out by how much it drifts.",
);

/// What the catalogue offers and the graph negotiates with.
pub struct ClockSource;

impl Filter for ClockSource {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let millis = opening.settings.number(&INTERVAL);
        Ok(Opened::processor(Ticking {
            speed: opening.slot(&SPEED),
            interval: (millis * REF_TIMES_PER_SECOND as f64 / 1000.0).max(1.0),
            ppm: 0.0,
            since: 0,
            own: 0.0,
            next: 0,
            is_fresh: true,
        })
        .endless())
    }
}

/// The running half; lives on the audio thread.
struct Ticking {
    speed: ValueSlot,
    /// In 100 ns of its own time.
    interval: f64,
    ppm: f64,
    /// The sample from which on it goes as fast as now, and its own time there.
    since: u64,
    own: f64,
    /// The number of the next tick.
    next: u64,
    /// Its time begins with the next cycle.
    is_fresh: bool,
}

impl Processor for Ticking {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let sample = |ppm: f64| {
            REF_TIMES_PER_SECOND as f64 / f64::from(io.rate_hz.max(1)) * (1.0 + ppm * 1e-6)
        };
        let ppm = self.speed.get(io.values);
        if std::mem::take(&mut self.is_fresh) {
            (self.since, self.ppm) = (io.position, ppm);
        }
        if ppm != self.ppm {
            self.own += (io.position - self.since) as f64 * sample(self.ppm);
            (self.since, self.ppm) = (io.position, ppm);
        }
        let Some(output) = io.outputs.first_mut() else {
            return Flow::Running;
        };
        loop {
            let own = self.next as f64 * self.interval;
            let after = ((own - self.own) / sample(self.ppm)).ceil().max(0.0) as u64;
            let at = self.since + after;
            if at >= io.position + io.len as u64 {
                return Flow::Running;
            }
            let time = time_from_sample(at.max(io.position), io.rate_hz);
            let event = KernelEvent::new(time, &(own as i64).to_le_bytes());
            if !event.is_some_and(|event| output.payload.push_event(event)) {
                return Flow::Running;
            }
            self.next += 1;
        }
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            (self.own, self.next, self.is_fresh) = (0.0, 0, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::rig::Rig;

    /// Ticks in so many samples, cut as told: graph time and own time.
    fn ticks(ppm: f64, lens: &[usize]) -> Vec<(i64, i64)> {
        let mut rig = Rig::open(&ClockSource, &[("speed", ppm), ("interval", 10.0)]);
        let mut all = vec![];
        for len in lens {
            for event in rig.run(*len).events {
                let own: [u8; 8] = event.bytes().try_into().unwrap();
                all.push((event.time, i64::from_le_bytes(own)));
            }
        }
        all
    }

    #[test]
    fn its_ticks_are_a_sample_early_or_late_when_its_clock_says_so() {
        let even = ticks(0.0, &[2_000; 5]);
        let wanted: Vec<(i64, i64)> = (0..21).map(|n| (n * 100_000, n * 100_000)).collect();
        assert_eq!(even, wanted);
        let fast = ticks(1_000.0, &[2_000; 5]);
        assert_eq!(
            fast,
            ticks(1_000.0, &[7, 1_993, 4_000, 1, 3_999]),
            "however it is cut"
        );
        let (graph, own) = fast[20];
        // Own time is a thousandth ahead; the tick stands on the next sample.
        assert_eq!(own, 2_000_000);
        assert!((graph - 1_998_002).abs() <= 209, "{graph}");
    }
}
