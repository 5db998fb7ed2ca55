//! A graph run offline: what a render writes and `check --run` listens to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::tail;
use crate::engine::{Cores, Job, Offline, Report, Stuck, Timed};
use crate::graph::{FilterPath, Problem, Wiring};
use crate::ks::{Catalogue, ClassSheet, DataFlow, Health, KernelEvent, OpenError, Wave};

/// Events by the filter that plays them.
pub(crate) type Feeds = BTreeMap<FilterPath, Arc<[KernelEvent]>>;

/// A run under way.
pub(crate) struct Take<'a> {
    offline: Offline,
    wiring: &'a Wiring,
    catalogue: &'a Catalogue,
    quantum: usize,
    rate_hz: u32,
    problems: Vec<Problem>,
    has_failed_file: bool,
    load_max: f64,
    spent_nanos: u64,
    /// How long the samples last that were timed.
    timed_nanos: f64,
    /// Samples that do not count: they lie before the beginning.
    before: u64,
}

/// How a graph is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Samples of a cycle.
    pub(crate) quantum: usize,
    /// On how many processors.
    pub(crate) cores: Cores,
    /// Whether every filter is called by itself.
    pub(crate) is_one_by_one: bool,
    /// Which cycles are timed.
    pub(crate) timed: Timed,
}

impl Pace {
    /// The quickest for that quantum.
    pub(crate) fn of(quantum: usize) -> Self {
        Self {
            quantum,
            cores: Cores::Auto,
            is_one_by_one: false,
            timed: Timed::None,
        }
    }
}

/// What filters remember is run again before a beginning, but no more than so many seconds.
const MOST_LEAD_SECONDS: f64 = 60.0;

impl<'a> Take<'a> {
    /// Opens everything.
    pub(crate) fn start(
        wiring: &'a Wiring,
        catalogue: &'a Catalogue,
        base: Option<PathBuf>,
        feeds: Feeds,
        pace: Pace,
    ) -> Self {
        let quantum = pace.quantum;
        let job = Job {
            wiring: wiring.clone(),
            base,
            feeds,
            one_by_one: pace.is_one_by_one,
            ..Job::default()
        };
        let mut offline = Offline::on(catalogue, &job, quantum, pace.cores);
        offline.time(pace.timed);
        offline.look_away();
        let mut take = Self {
            offline,
            wiring,
            catalogue,
            quantum,
            rate_hz: wiring.rate_hz,
            problems: vec![],
            has_failed_file: false,
            load_max: 0.0,
            spent_nanos: 0,
            timed_nanos: 0.0,
            before: 0,
        };
        let failures = take.offline.built.failures.iter();
        let failures: Vec<Problem> = failures
            .map(|(path, error)| Problem {
                filter: Some(path.clone()),
                text: format!("{} cannot be opened: {error}", take.name(path)),
                is_blocking: true,
            })
            .collect();
        take.problems = failures;
        let mut failures = take.offline.built.failures.iter();
        take.has_failed_file = failures.any(|(_, error)| matches!(error, OpenError::File { .. }));
        take
    }

    /// Sources whose stream never ends by itself, by name.
    pub(crate) fn endless(&self) -> Vec<String> {
        let open = self.offline.built.open.iter();
        open.filter(|(_, open)| open.is_endless_source)
            .map(|(path, _)| self.name(path))
            .collect()
    }

    /// The graph's rate.
    pub(crate) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Samples of the graph's rate so far.
    pub(crate) fn position(&self) -> u64 {
        self.offline.cells().elapsed() - self.before
    }

    /// Begins at a position, as if all before it had been rendered: as much of it as the filters on the way to `sink`
    /// remember is run and not counted.
    pub(crate) fn begin_at(&mut self, start: u64, sink: &FilterPath) -> Result<(), Stuck> {
        let most = MOST_LEAD_SECONDS * f64::from(self.rate_hz);
        let needed = self.tail_samples(sink) + self.latency_samples(sink) as f64;
        let lead = (needed.min(most).ceil() as u64).min(start);
        self.offline.seek(start - lead);
        self.run_to::<Stuck>(lead, sink, &mut |_| Ok(()))?;
        self.before = self.offline.cells().elapsed();
        (self.spent_nanos, self.timed_nanos, self.load_max) = (0, 0.0, 0.0);
        Ok(())
    }

    /// Whether every source has given its last sample.
    pub(crate) fn has_ended(&self) -> bool {
        self.offline.has_ended()
    }

    /// Runs up to `end`, cycle by cycle; `heard` is given what the sink took in each.
    pub(crate) fn run_to<E: From<Stuck>>(
        &mut self,
        end: u64,
        sink: &FilterPath,
        heard: &mut dyn FnMut(&Wave) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut ear = self.offline.ear(sink);
        while self.position() < end {
            let len = (end - self.position()).min(self.quantum as u64) as usize;
            self.offline.cycle(len)?;
            if let Some(nanos) = self.offline.took_nanos() {
                let lasted = len as f64 * 1e9 / f64::from(self.rate_hz.max(1));
                self.spent_nanos += nanos;
                self.timed_nanos += lasted;
                self.load_max = self.load_max.max(nanos as f64 / lasted);
            }
            self.listen();
            if let Some((wave, _)) = self.offline.hear(&mut ear) {
                heard(wave)?;
            }
        }
        Ok(())
    }

    /// Share of the time the samples last that was spent on them: mean and greatest.
    pub(crate) fn loads(&self) -> (f64, f64) {
        let mean = self.spent_nanos as f64 / self.timed_nanos.max(1.0);
        (mean, self.load_max)
    }

    /// The longest way through the graph to `sink`, in samples of the graph's rate.
    pub(crate) fn latency_samples(&self, sink: &FilterPath) -> usize {
        let open = &self.offline.built.open;
        let (cuts, rate) = (tail::cuts(self.wiring), f64::from(self.rate_hz));
        let own = |path: &FilterPath| {
            let latency = open.get(path).map_or(0.0, |it| it.latency_samples as f64);
            latency + cuts.get(path).copied().unwrap_or(0.0) * rate
        };
        let ways = tail::longest_ways(self.wiring, &own);
        ways.get(sink).copied().unwrap_or(0.0) as usize
    }

    /// Samples of the graph's rate from when the last source has ended until the last of it has come to `sink`.
    pub(crate) fn tail_samples(&self, sink: &FilterPath) -> f64 {
        let open = &self.offline.built.open;
        let cuts = tail::cuts(self.wiring);
        let tails = tail::Tails::of(self.wiring, self.catalogue);
        let own = |path: &FilterPath| {
            let latency = open.get(path).map_or(0.0, |it| it.latency_samples as f64);
            let cut = cuts.get(path).copied().unwrap_or(0.0);
            let tail = tails.seconds(path) + cut;
            latency + tail * f64::from(self.rate_hz)
        };
        let ways = tail::longest_ways(self.wiring, &own);
        ways.get(sink).copied().unwrap_or(0.0)
    }

    /// Whether what comes out goes in again somewhere.
    pub(crate) fn is_looped(&self) -> bool {
        let mut wires = self.wiring.wires.iter();
        wires.any(|wire| wire.outcome.is_ok() && self.wiring.is_deferred(&wire.to))
    }

    /// The class drivers that run, by the names of their filters.
    pub(crate) fn classes(&self) -> Vec<(String, ClassSheet)> {
        let open = self.offline.built.open.iter();
        let sheets = open.filter_map(|(path, open)| Some((path, open.class.as_ref()?.sheet())));
        sheets
            .map(|(path, sheet)| (self.name(path), sheet))
            .collect()
    }

    /// Ends every stream. Everything that went wrong, once each, and whether some of it was a file.
    pub(crate) fn into_problems(mut self) -> (Vec<Problem>, bool) {
        let open = self.offline.built.open.iter();
        let unwell = open.filter_map(|(path, open)| {
            let health = open.class.as_ref()?.health();
            (health != Health::Well).then(|| (path.clone(), health))
        });
        for (path, health) in unwell.collect::<Vec<_>>() {
            let text = format!(
                "{}: its minidriver is {}",
                self.name(&path),
                match health {
                    Health::Panicked => "gone, it panicked",
                    _ => "not responding",
                }
            );
            self.add(Some(path), text, false);
        }
        let open = self.offline.built.open.iter();
        let classes = open.filter_map(|(path, open)| Some((path, open.class.clone()?)));
        let classes: Vec<_> = classes
            .map(|(path, class)| (path.clone(), self.name(path), class))
            .collect();
        let (mut problems, mut has_failed_file) = (self.problems, self.has_failed_file);
        // Closed, a writer completes its file, and says how that went.
        drop(self.offline);
        for (path, name, class) in classes {
            for word in class.take_words() {
                has_failed_file |= word.is_fault;
                problems.push(Problem {
                    filter: Some(path.clone()),
                    text: format!("{name}: {}", word.text),
                    is_blocking: word.is_fault,
                });
            }
        }
        (problems, has_failed_file)
    }

    /// Adds a problem unless it was told already.
    pub(crate) fn add(&mut self, filter: Option<FilterPath>, text: String, is_blocking: bool) {
        let problem = Problem {
            filter,
            text,
            is_blocking,
        };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn listen(&mut self) {
        let reports: Vec<Report> = self.offline.reports().collect();
        for report in reports {
            let pin = |entry: u32, output: u16| {
                let pin = self.offline.built.map.output(entry, output);
                let words = |pin| format!(", at {}", self.wiring.pin_text(&pin));
                pin.map_or_else(String::new, words)
            };
            let mut is_blocking = true;
            let (entry, what) = match report {
                Report::Panicked { entry, message } => {
                    let words = message
                        .downcast_ref::<&str>()
                        .map(|text| (*text).to_owned())
                        .or_else(|| message.downcast_ref::<String>().cloned());
                    let words = words.unwrap_or_default();
                    (entry, format!("broke and was silenced: {words}"))
                }
                Report::NonFinite {
                    entry,
                    output,
                    position,
                } => {
                    let at = pin(entry, output);
                    let what = format!(
                        "gave samples that are not numbers{at}, sample {position}; they are silent"
                    );
                    (entry, what)
                }
                Report::Denormal {
                    entry,
                    output,
                    position,
                } => {
                    is_blocking = false;
                    let at = pin(entry, output);
                    let what = format!(
                        "gave numbers too small to be heard and slow to reckon with{at}, sample {position}; they are silent"
                    );
                    (entry, what)
                }
                Report::Starved { entry, .. } if self.is_sink(entry) => {
                    (entry, "could not take everything".into())
                }
                Report::Starved { entry, .. } => (entry, "had nothing to give in time".into()),
                _ => continue,
            };
            let open = self.offline.built.open.iter();
            let path = open
                .filter(|(_, open)| open.entry == entry)
                .map(|(path, _)| path.clone())
                .next();
            let name = path
                .as_ref()
                .map_or_else(String::new, |path| self.name(path));
            self.add(path, format!("{name} {what}"), is_blocking);
        }
    }

    /// Whether the filter at that place in the slab only takes.
    fn is_sink(&self, entry: u32) -> bool {
        let mut open = self.offline.built.open.iter();
        let found = open.find(|(_, open)| open.entry == entry);
        let filter = found.and_then(|(path, _)| self.wiring.filters.get(path));
        let descriptor = filter.and_then(|filter| filter.descriptor.as_deref());
        descriptor.is_some_and(|it| it.pins.iter().all(|pin| pin.data_flow == DataFlow::In))
    }

    fn name(&self, path: &FilterPath) -> String {
        let filter = self.wiring.filters.get(path);
        filter.map_or_else(|| path.to_string(), |filter| filter.name.clone())
    }
}
