//! Null Renderer: takes a sound and lets it end here, counting.
//!
//! in (any sound). It plays nothing and keeps no time; it makes a branch of the graph run that no device listens to.
//! How much it took and how loud that is stands in telemetry, by the constants of this file.

use crate::dsp::PeakMeter;
use crate::dsp::decibels::db;
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, Node, OpenError, Opened, Opening, PinFactory,
    Processor, State, Telemetry, TopologyConnection,
};

/// Cell of the peak of all channels in dBFS, falling by 24 dB a second, never below [`FLOOR_DB`].
pub const PEAK: usize = 0;
/// Cell of the samples a channel taken since Stop, modulo 2^24: a cell counts no further without gaps.
pub const SAMPLES: usize = 1;
/// Cell of how often [`SAMPLES`] began again.
pub const SAMPLES_HIGH: usize = 2;
/// The level of silence.
pub const FLOOR_DB: f32 = -200.0;

const CELLS: usize = 3;
const WRAP: u64 = 1 << 24;

const PINS: &[PinFactory] = &[PinFactory::input("in", DataRange::WAVE)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::RENDER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::NULL, "Counter", &[])];
const INSIDE: &[TopologyConnection] = &[TopologyConnection::enter(0, 0)];
static DESCRIPTOR: Descriptor =
    Descriptor::new("null_renderer", "Null Renderer", CATEGORIES, PINS, &[]).merit(merit::DO_NOT_USE)
        .nodes(NODES, INSIDE).help("Takes a sound and plays it nowhere, counting its samples: for branches that should run unheard.");

/// Samples a channel taken since Stop.
pub fn samples_taken(telemetry: &Telemetry) -> u64 {
    telemetry.get(SAMPLES_HIGH) as u64 * WRAP + telemetry.get(SAMPLES) as u64
}

/// What the catalogue offers and the graph negotiates with.
pub struct NullRenderer;

impl Filter for NullRenderer {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let peaks = (0..format.channels).map(|_| PeakMeter::new(f64::from(format.rate_hz)));
        let playing = Playing {
            peaks: peaks.collect(),
            taken: 0,
            telemetry: Telemetry::new(CELLS),
        };
        playing.publish();
        let telemetry = playing.telemetry.clone();
        Ok(Opened::processor(playing).telemetry(telemetry))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    peaks: Box<[PeakMeter]>,
    taken: u64,
    telemetry: Telemetry,
}

impl Playing {
    fn publish(&self) {
        let peak = self.peaks.iter().map(PeakMeter::level).fold(0.0, f32::max);
        self.telemetry.set(PEAK, db(peak).max(FLOOR_DB));
        self.telemetry.set(SAMPLES, (self.taken % WRAP) as f32);
        self.telemetry.set(SAMPLES_HIGH, (self.taken / WRAP) as f32);
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let Some(wave) = io.inputs.get(0).wave() else {
            return Flow::Running;
        };
        self.taken += wave.len() as u64;
        for (peak, samples) in self.peaks.iter_mut().zip(wave.channels()) {
            peak.feed(samples);
        }
        self.publish();
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.peaks.iter_mut().for_each(PeakMeter::reset);
            self.taken = 0;
            self.publish();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::tests::open;
    use crate::ks::rig::Rig;

    #[test]
    fn it_counts_and_measures_and_forgets_at_stop() {
        let (mut run, telemetry) = open(&NullRenderer, 2);
        assert_eq!(telemetry.get(PEAK), FLOOR_DB);
        run(&[0.5, f32::INFINITY, 0.25]);
        assert!((telemetry.get(PEAK) + 6.02).abs() < 0.01);
        for _ in 0..1000 {
            run(&vec![0.0; 40_001]);
        }
        assert_eq!(samples_taken(&telemetry), 40_001_003);
    }

    #[test]
    fn stop_forgets() {
        let mut rig = Rig::open(&NullRenderer, &[]);
        rig.feed(&[0.5; 100]);
        let telemetry = rig.telemetry().unwrap().clone();
        assert_eq!(samples_taken(&telemetry), 100);
        rig.processor().enter(State::Stop);
        assert_eq!(telemetry.get(PEAK), FLOOR_DB);
        assert_eq!(samples_taken(&telemetry), 0);
    }
}
