//! `ksgraph bench [GRAPH]`: what each filter costs, offline; with `--soak` the long runs.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::{Exit, Failure};
use super::load::{self, Bench, Document};
use super::render::{check_seconds, samples};
use super::soak::{self, Lengths};
use super::{Answer, cores, shapes};
use crate::engine::{Cores, Epoch, Job, Offline};
use crate::graph::{FilterPath, Graph, from_ron};

/// What is measured where no graph is named.
pub(super) const OWN: &str = include_str!("soak/own.ron");

/// What `bench` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  ksgraph bench graphs/effects.ron --quantum 64\n  ksgraph bench --soak --short --seed 7"
)]
pub(super) struct Measure {
    /// The graph; without it one of ours
    graph: Option<PathBuf>,
    /// Seconds of the graph's time to run
    #[arg(long, value_name = "S", conflicts_with = "soak")]
    seconds: Option<f64>,
    /// Samples of a cycle: 256, with --soak 2048
    #[arg(long, value_name = "N", value_parser = samples)]
    quantum: Option<usize>,
    #[command(flatten)]
    cores: cores::Choice,
    /// The long runs instead: 24 h of graph time, 1 h of two cards whose clocks differ, 10 000 random edits
    #[arg(long)]
    soak: bool,
    /// The long runs in short: 20 min, 2 min, 500 edits
    #[arg(long, requires = "soak")]
    short: bool,
    /// What the dice of the long runs begin with; without it another one each time, which is printed
    #[arg(long, value_name = "N", requires = "soak")]
    seed: Option<u64>,
}

pub(super) fn run(it: &Measure) -> Result<Answer, Failure> {
    check_seconds(it.seconds)?;
    let document = match &it.graph {
        Some(path) => load::read(path)?,
        None => own(),
    };
    let bench = load::nominal(&document, None);
    let problems = document.problems(&bench.wiring);
    document.warn(&problems);
    if it.soak {
        let lengths = if it.short {
            Lengths::SHORT
        } else {
            Lengths::FULL
        };
        let seed = it.seed.unwrap_or_else(soak::any_seed);
        let is_own = it.graph.is_none();
        let quantum = it.quantum.unwrap_or(2048);
        return soak::run(&bench, (&document, is_own), lengths, quantum, seed);
    }
    let measured = measure(
        &bench,
        &document,
        (
            it.quantum.unwrap_or(load::FRAME_SAMPLES),
            it.cores.cores.into(),
        ),
        it.seconds.unwrap_or(10.0),
    )?;
    let list: Vec<Json> = problems
        .iter()
        .map(|problem| shapes::problem(&bench.wiring, problem, document.line_of(problem)))
        .collect();
    Ok(measured.answer(&bench, list))
}

/// The graph that is measured where none is named.
pub(super) fn own() -> Document {
    let mut document = Document::new(std::path::Path::new("bench.ron"));
    document.loaded.graph = drawn(OWN);
    document
}

/// A graph of ours.
pub(super) fn drawn(text: &str) -> Graph {
    let loaded = from_ron(text.as_bytes(), "bench.ron");
    loaded.expect("a graph of ours can be read").graph
}

/// What a graph costs.
struct Measured {
    quantum: usize,
    rate_hz: u32,
    samples: u64,
    cycles: u64,
    nanos: u64,
    /// By filter, the mean of a cycle and how often it was taken.
    filters: Vec<(FilterPath, f64, u64)>,
}

/// Runs a graph for so long, as fast as the machine allows: once as it is, and once with every filter timed, which takes
/// time itself.
fn measure(
    bench: &Bench,
    document: &Document,
    (quantum, cores): (usize, Cores),
    seconds: f64,
) -> Result<Measured, Failure> {
    let job = Job {
        wiring: bench.wiring.clone(),
        base: document.base.clone(),
        ..Job::default()
    };
    let epoch = Epoch::new();
    let rate_hz = bench.wiring.rate_hz.max(1);
    let end = (seconds * f64::from(rate_hz)).ceil() as u64;
    let (mut cycles, mut nanos) = (0, 0);
    let mut offline = Offline::on(&bench.catalogue, &job, quantum, cores);
    while let Some(len) = next(&offline, end, quantum) {
        let began = epoch.nanos();
        cycle(&mut offline, len)?;
        nanos += epoch.nanos() - began;
        cycles += 1;
    }
    let samples = offline.position();
    drop(offline);
    let mut offline = Offline::new(&bench.catalogue, &job, quantum);
    offline.time_by(epoch);
    let open: Vec<(FilterPath, u32)> = offline
        .built
        .open
        .iter()
        .map(|(path, open)| (path.clone(), open.entry))
        .collect();
    let mut sums = vec![(0_u64, 0_u64); open.len()];
    while let Some(len) = next(&offline, end, quantum) {
        cycle(&mut offline, len)?;
        for ((_, entry), (sum, count)) in open.iter().zip(&mut sums) {
            let cost = offline.cells().take_cost_nanos(*entry);
            if len == quantum && cost > 0 {
                (*sum, *count) = (*sum + u64::from(cost), *count + 1);
            }
        }
    }
    let filters = open.into_iter().zip(sums).map(|((path, _), (sum, count))| {
        let mean = sum as f64 / count.max(1) as f64;
        (path, mean, count)
    });
    Ok(Measured {
        quantum,
        rate_hz,
        samples,
        cycles,
        nanos,
        filters: filters.collect(),
    })
}

/// How long the next cycle is.
fn next(offline: &Offline, end: u64, quantum: usize) -> Option<usize> {
    let is_over = offline.position() >= end || offline.has_ended();
    (!is_over).then(|| (end - offline.position()).min(quantum as u64) as usize)
}

fn cycle(offline: &mut Offline, len: usize) -> Result<(), Failure> {
    let done = offline.cycle(len);
    done.map_err(|stuck| Failure::no("run the graph", stuck.to_string()))?;
    // Nobody listens, but what is said must not pile up.
    offline.reports().for_each(drop);
    offline.steps().for_each(drop);
    Ok(())
}

impl Measured {
    fn answer(mut self, bench: &Bench, problems: Vec<Json>) -> Answer {
        let lasted = self.samples as f64 * 1e9 / f64::from(self.rate_hz);
        let factor = lasted / (self.nanos as f64).max(1.0);
        let per_cycle = self.nanos as f64 / self.cycles.max(1) as f64;
        let all: f64 = self.filters.iter().map(|it| it.1).sum();
        self.filters.sort_by(|a, b| b.1.total_cmp(&a.1));
        let lasts = self.quantum as f64 * 1e9 / f64::from(self.rate_hz);
        let mut text = format!(
            "{:.1} s at quantum {}, {} cycles: {factor:.0} times as fast as it plays, {per_cycle:.0} ns a cycle of {lasts:.0}\n\
             {:>15} {:>7} {:>9}  filter\n",
            lasted / 1e9,
            self.quantum,
            self.cycles,
            "a cycle",
            "share",
            "of cycle",
        );
        let mut list = vec![];
        for (path, nanos, count) in &self.filters {
            let filter = &bench.wiring.filters[path];
            let share = nanos / all.max(1e-9);
            text += &format!(
                "{:>12.0} ns {:>5.1} % {:>7.3} %  {}\n",
                nanos,
                share * 100.0,
                nanos / lasts * 100.0,
                filter.name
            );
            list.push(json!({
                "name": filter.name,
                "key": filter.key,
                "nanos": nanos,
                "nanos_per_sample": nanos / self.quantum as f64,
                "share": share,
                "load": nanos / lasts,
                "measured": count,
            }));
        }
        let has_run = self.cycles > 0 && !self.filters.is_empty();
        let answer = json!({
            "seconds": lasted / 1e9,
            "quantum": self.quantum,
            "rate_hz": self.rate_hz,
            "cycles": self.cycles,
            "real_time_factor": factor,
            "nanos_per_cycle": per_cycle,
            "filters": list,
            "problems": problems,
        });
        let exit = if has_run { Exit::Done } else { Exit::No };
        Answer::new(text, answer).exit(exit)
    }
}
