//! `ksgraph check GRAPH`: agrees the whole graph, compiles the plan, plays nothing.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::{Exit, Failure};
use super::load::{self, Bench, Document, FRAME_SAMPLES};
use super::{Answer, shapes};
use crate::app::offline::{Feeds, Pace, Take};
use crate::graph::{FilterPath, Problem, Wiring, pipes};
use crate::ks::{ClassSheet, DataFlow, Domain, Value};

/// How long `--run` listens, in seconds.
const RUN_SECONDS: u64 = 2;

/// The class drivers that ran, by the names of their filters.
type Classes = Vec<(String, ClassSheet)>;

/// What `check` takes.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ksgraph check graphs/first_sound.ron --run")]
pub(super) struct Check {
    /// The graph
    graph: PathBuf,
    /// Ask this machine instead of the nominal one: a device as `devices` prints it, or `default`
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Play it offline too, for two seconds or to its end, and report problems
    #[arg(long)]
    run: bool,
}

pub(super) fn run(it: &Check) -> Result<Answer, Failure> {
    let mut document = load::read(&it.graph)?;
    let bench = match &it.device {
        None => load::nominal(&document, None),
        Some(name) => super::devices::bench(&mut document, Some(name), None)?,
    };
    let mut problems = document.problems(&bench.wiring);
    problems.extend(load::oddities(&document, &bench));
    let (tried, classes) = try_out(&document, &bench, it.run)?;
    problems.extend(tried.into_iter().filter(|new| !said(&bench.wiring, new)));
    problems.extend(crate::app::air_problems(&bench.wiring, &bench.facts));
    document.warn(&problems);
    let classes = if it.run { classes } else { vec![] };
    Ok(answer(&document, &bench, &problems, &classes))
}

/// Whether the agreement has told it already: a file that cannot be used cannot be opened either.
fn said(wiring: &Wiring, problem: &Problem) -> bool {
    let mut known = wiring.problems.iter();
    known.any(|known| known.filter == problem.filter && known.is_blocking)
}

/// The same agreement, in which sinks that write files write to a folder that goes away.
pub(super) fn write_nothing(wiring: &Wiring, scratch: &Scratch) -> Wiring {
    let mut wiring = wiring.clone();
    for (index, filter) in wiring.filters.values_mut().enumerate() {
        let filter = &mut **filter;
        let Some(descriptor) = &filter.descriptor else {
            continue;
        };
        let writes = descriptor
            .properties
            .iter()
            .find(|property| property.domain == Domain::Path)
            .filter(|_| !load::has_flow(descriptor, DataFlow::Out));
        if let Some(property) = writes
            && filter
                .values
                .get(property.key)
                .is_some_and(|path| !path.text().is_empty())
        {
            let file = scratch.0.join(format!("{index}.wav"));
            let file = Value::Text(file.to_string_lossy().into_owned());
            filter.values.insert(property.key.to_owned(), file);
        }
    }
    wiring
}

/// Opens every filter, and runs the graph when asked to. Sinks that write files write to a folder that goes away.
fn try_out(
    document: &Document,
    bench: &Bench,
    run: bool,
) -> Result<(Vec<Problem>, Classes), Failure> {
    let scratch = Scratch::new();
    let wiring = write_nothing(&bench.wiring, &scratch);
    let bench = Bench {
        catalogue: load::offline_catalogue(),
        facts: bench.facts.clone(),
        wiring,
    };
    let mut take = Take::start(
        &bench.wiring,
        &bench.catalogue,
        document.base.clone(),
        Feeds::new(),
        Pace::of(FRAME_SAMPLES),
    );
    if run {
        let rate = u64::from(bench.wiring.rate_hz.max(1));
        let nobody = FilterPath::default();
        for tenth in 1..=RUN_SECONDS * 10 {
            take.run_to::<Failure>(rate * tenth / 10, &nobody, &mut |_| Ok(()))?;
            if take.has_ended() {
                break;
            }
        }
    }
    let classes = take.classes();
    Ok((take.into_problems().0, classes))
}

fn answer(
    document: &Document,
    bench: &Bench,
    problems: &[Problem],
    classes: &[(String, ClassSheet)],
) -> Answer {
    let wiring = &bench.wiring;
    let mut text = String::new();
    let mut filters: Vec<Json> = vec![];
    for (path, filter) in &wiring.filters {
        let pins = filter.descriptor.iter().flat_map(|it| it.pins.iter());
        let pins: Vec<Json> = pins.map(shapes::pin).collect();
        filters.push(json!({
            "id": path.0.last().map(|id| id.0),
            "name": filter.name,
            "key": filter.key,
            "installed": filter.descriptor.is_some(),
            "pins": pins,
        }));
    }
    let mut wires: Vec<Json> = vec![];
    let mut refused = 0_usize;
    let pipes = pipes(wiring, FRAME_SAMPLES);
    for (index, wire) in wiring.wires.iter().enumerate() {
        let ends = format!(
            "{} -> {}",
            wiring.pin_text(&wire.from),
            wiring.pin_text(&wire.to)
        );
        text += &match &wire.outcome {
            Ok(agreed) => format!(
                "{ends}: {}, {}, {}, {}; {}\n",
                agreed.format,
                agreed.medium.text(),
                agreed.interface.text(),
                if agreed.is_push { "push" } else { "pull" },
                shapes::framing_words(wiring, &pipes, index),
            ),
            Err(refusal) => {
                // What is disabled is in nobody's way.
                refused += usize::from(wiring.takes_part(wire));
                let mut cures: String = refusal
                    .cures
                    .iter()
                    .map(|cure| format!("  cure: {}\n", cure.text))
                    .collect();
                if !refusal.advice.is_empty() {
                    cures = format!("  advice: {}\n", refusal.advice);
                }
                format!(
                    "{ends}: refused: {} ({}, {})\n{cures}",
                    refusal.sentence(),
                    refusal.rule,
                    refusal.status
                )
            }
        };
        wires.push(shapes::wire(wiring, &pipes, index, FRAME_SAMPLES));
    }
    let blocking = problems
        .iter()
        .filter(|problem| problem.is_blocking)
        .count();
    for problem in problems {
        text += &format!("problem: {}\n", problem.text);
    }
    for (name, sheet) in classes {
        text += &class_words(name, sheet);
    }
    text += &format!(
        "{} filters, {} wires at {} Hz: {}\n",
        wiring.filters.len(),
        wiring.wires.len(),
        wiring.rate_hz,
        match (refused, blocking) {
            (0, 0) => "all agreed".to_owned(),
            _ => format!("{refused} refused, {blocking} problems in the way"),
        }
    );
    let of_the_way: Vec<Problem> = problems
        .iter()
        .filter(|problem| problem.is_blocking)
        .cloned()
        .collect();
    let problems: Vec<Json> = problems
        .iter()
        .map(|problem| shapes::problem(wiring, problem, document.line_of(problem)))
        .collect();
    let answer = json!({
        "rate_hz": wiring.rate_hz,
        "filters": filters,
        "wires": wires,
        "problems": problems,
        "class_drivers": classes.iter().map(|(name, sheet)| class(name, sheet)).collect::<Vec<_>>(),
    });
    let base = document.base.as_deref();
    let is_file = |problem: &Problem| {
        let filter = problem.filter.as_ref();
        filter.is_some_and(|filter| load::unusable(bench, base, filter).is_some())
    };
    let mut in_the_way = of_the_way.iter();
    let exit = match (refused, blocking) {
        (0, 0) => Exit::Done,
        // Nothing is wrong with the graph itself.
        (0, _) if in_the_way.all(is_file) => Exit::File,
        _ => Exit::No,
    };
    Answer::new(text, answer).exit(exit)
}

/// A line for each class driver that ran, and one for each of its streams.
fn class_words(name: &str, sheet: &ClassSheet) -> String {
    let mut words = format!("class driver of {name}: {}\n", sheet.health.words());
    for lane in sheet
        .lanes
        .iter()
        .filter(|lane| lane.name.ends_with(" data"))
    {
        words += &format!(
            "  {}: {} issued, {} done, {} cancelled, {} timed out, {} failed\n",
            lane.name, lane.issued, lane.done, lane.cancelled, lane.timed_out, lane.failed
        );
    }
    words
}

fn class(name: &str, sheet: &ClassSheet) -> Json {
    let lanes = sheet.lanes.iter().map(|lane| {
        json!({
            "name": lane.name,
            "queued": lane.queued,
            "in_flight": lane.in_flight,
            "most_in_flight": lane.most_in_flight,
            "issued": lane.issued,
            "done": lane.done,
            "failed": lane.failed,
            "cancelled": lane.cancelled,
            "timed_out": lane.timed_out,
        })
    });
    json!({
        "filter": name,
        "health": sheet.health.words(),
        "inside": sheet.inside,
        "most_inside": sheet.most_inside,
        "interrupts": sheet.interrupts,
        "not_mine": sheet.not_mine,
        "late": sheet.late,
        "calls": sheet.calls,
        "lanes": lanes.collect::<Vec<_>>(),
        "trace": sheet.trace,
    })
}

/// A folder of our own that goes away.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Self {
        let name = format!("ksgraph-check-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // When it cannot be made, the filter that needs it says so.
        let _ = std::fs::create_dir_all(&path);
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
