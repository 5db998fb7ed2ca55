//! What became of a job, as the program sees it: the filters that are open, what could not be opened, and where what the
//! plan publishes stands. How it is made stands in `compile.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compile::Job;
use super::link::PlanCells;
use super::map::PlanMap;
use crate::graph::FilterPath;
use crate::ks::{
    Clock, DlsMemory, Granted, Hears, KernelEvent, OpenError, Resting, Settings, SynthCells,
    Telemetry,
};

/// An open filter, as the program sees it.
#[derive(Clone, Debug)]
pub struct OpenFilter {
    /// Its place in the slab.
    pub entry: u32,
    /// The plan it was opened for: together with its place in the slab this names it for good.
    pub since: u64,
    /// What it publishes.
    pub telemetry: Option<Telemetry>,
    /// Words about how it was opened.
    pub notes: Vec<String>,
    /// Whether it is a source whose stream never ends by itself.
    pub is_endless_source: bool,
    /// Samples of the graph's rate between in and out.
    pub latency_samples: usize,
    /// Whether what it gives comes when it comes: it is never kept waiting, and cannot be cued.
    pub is_live: bool,

    /// Whether it can drive the graph.
    pub has_pacer: bool,
    /// The clock on its pin.
    pub clock: Option<PinClock>,
    /// The device that was granted to it.
    pub device: Option<Granted>,
    /// Why its device could not be had.
    pub absence: Option<String>,

    /// Whether it has frames of its own for what comes in.
    pub lends: bool,

    /// Whether it says something of the frames it gets.
    pub reports_quality: bool,

    /// The class driver behind it, to be looked at.
    pub class: Option<Arc<dyn crate::ks::ClassView>>,

    /// How long it is in seconds, where it is a source whose length is known.
    pub length_seconds: Option<f64>,
    /// Whether what it gives goes by the graph's position.
    pub is_positioned: bool,
    /// Whether it can play at another rate.
    pub takes_rates: bool,
    /// What it plays, for whoever keeps it.
    pub tape: Option<crate::ks::Tape>,

    /// Whether it may have more events for a cycle than a frame holds.
    pub cuts: bool,
    /// Whether it may have to be waited for offline.
    pub waits: bool,
    /// What it may be left out for while it rests.
    pub resting: Option<Resting>,

    /// What its sequencer holds.
    pub score: Option<crate::ks::Score>,
    /// What it counts as a synthesizer.
    pub synth: Option<SynthCells>,
    /// Where sounds are downloaded to, where it takes any.
    pub memory: Option<Arc<dyn DlsMemory>>,
    /// Where it lays out its bank.
    pub bank: Option<crate::ks::BankDesk>,
    /// Is told when a text or path of it changed that is not structural.
    pub(crate) hears: Option<Hearing>,
}

/// What is told of texts.
#[derive(Clone)]
pub(crate) struct Hearing(pub(crate) Hears);

impl std::fmt::Debug for Hearing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hearing")
    }
}

/// The clock on a pin of a filter.
#[derive(Clone)]
pub struct PinClock(pub Arc<dyn Clock>);

impl std::fmt::Debug for PinClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PinClock({:?})", self.0.reading())
    }
}

/// What became of a job.
#[derive(Default)]
pub struct Built {
    /// Counts plans.
    pub serial: u64,
    /// The job it was made of, as [`Engine::submit`](super::Engine::submit) numbered it.
    pub ticket: u64,
    /// The filters that are open.
    pub open: BTreeMap<FilterPath, Arc<OpenFilter>>,
    /// New entries for live events.
    pub events: Vec<(FilterPath, rtrb::Producer<KernelEvent>)>,
    /// The filters that could not be opened.
    pub failures: Vec<(FilterPath, OpenError)>,
    /// What its numbers mean.
    pub map: PlanMap,
    /// States of pins, and what waits on wires.
    pub states: Option<Arc<PlanCells>>,
    /// Levels of wires.
    pub levels: Option<Telemetry>,
    /// The filter whose device drives the graph.
    pub master: Option<FilterPath>,
}

impl Built {
    /// Tells filters that were kept their texts as they are now.
    pub(super) fn tell_texts(&self, job: &Job) {
        for (path, open) in &self.open {
            if let Some(hears) = &open.hears
                && let Some(filter) = job.wiring.filters.get(path)
            {
                hears.0(&Settings {
                    values: &filter.values,
                    base: job.base.as_deref(),
                });
            }
        }
    }
}
