//! Clock Slave: finds out how far the clock on its wire is from the graph's, from the times of its ticks alone.
//!
//! clock -> nothing. A line is laid through the ticks, as for a second card; drift, lead and lock stand in telemetry.

use crate::dsp::tracking::Line;
use crate::ks::ids::{Guid, category};
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, OpenError, Opened, Opening, PinFactory, Processor,
    REF_TIMES_PER_SECOND, State, Telemetry,
};

const PINS: &[PinFactory] = &[PinFactory::input("clock", DataRange::CLOCK)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::CLOCK];
static DESCRIPTOR: Descriptor = Descriptor::new("clock_slave", "Clock Slave", CATEGORIES, PINS, &[])
    .help("Finds out by how much the clock on its wire drifts from the graph's. Drift and lead stand in its page.");

/// What it publishes, by place in its telemetry.
pub mod telemetry {
    /// How much faster the clock on the wire goes, in parts of a million.
    pub const DRIFT_PPM: usize = 0;
    /// By how many milliseconds it is ahead of the graph's.
    pub const LEAD_MILLIS: usize = 1;
    /// 1 once enough ticks came to rely on both.
    pub const LOCKED: usize = 2;
    /// How many there are.
    pub const COUNT: usize = 3;
}

/// What the catalogue offers and the graph negotiates with.
pub struct ClockSlave;

impl Filter for ClockSlave {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        let published = Telemetry::new(telemetry::COUNT);
        let slave = Following {
            line: Line::new(1.0),
            telemetry: published.clone(),
        };
        Ok(Opened::processor(slave).telemetry(published))
    }
}

/// The running half; lives on the audio thread.
struct Following {
    /// The other clock's seconds against the graph's.
    line: Line,
    telemetry: Telemetry,
}

impl Processor for Following {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let second = REF_TIMES_PER_SECOND as f64;
        let Some(input) = io.inputs.iter().next() else {
            return Flow::Running;
        };
        let mut lead = None;
        for event in input.events() {
            let Ok(own) = <[u8; 8]>::try_from(event.bytes()) else {
                continue;
            };
            let own = i64::from_le_bytes(own);
            self.line
                .read(event.time as f64 / second, own as f64 / second);
            lead = Some((own - event.time) as f64 / 10_000.0);
        }
        if let Some(lead) = lead {
            let ppm = (self.line.speed() - 1.0) * 1e6;
            self.telemetry.set(telemetry::DRIFT_PPM, ppm as f32);
            self.telemetry.set(telemetry::LEAD_MILLIS, lead as f32);
            let is_locked = f32::from(u8::from(self.line.is_reliable()));
            self.telemetry.set(telemetry::LOCKED, is_locked);
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.line = Line::new(1.0);
            (0..telemetry::COUNT).for_each(|cell| self.telemetry.set(cell, 0.0));
        }
    }
}
