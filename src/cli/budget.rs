//! `ksgraph budget GRAPH --ms 20`: how long it is from key to ear, piece by piece, and what would bring it within so many
//! milliseconds, or which filter stands in the way.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::check::{Scratch, write_nothing};
use super::failure::{Exit, Failure};
use super::load::{self, Bench, Document};
use super::script::Script;
use super::{Answer, say};
use crate::engine::{Job, Offline};
use crate::graph::FilterPath;
use crate::sysaudio::{Budget, DeviceTime, Obstacle, Piece, Question, budget};

/// The quantum the program begins with.
const QUANTUM: usize = 256;

/// What `budget` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  ksgraph budget graphs/first_sound.ron --ms 20\n  ksgraph budget song.ron --ms 10 --quantum 512 --device-ms 5 --apply"
)]
pub(super) struct Measure {
    /// The graph
    graph: PathBuf,
    /// So many milliseconds it may be from key to ear
    #[arg(long, value_name = "MS", value_parser = millis)]
    ms: f64,
    /// Samples of a cycle as it is played now
    #[arg(long, default_value_t = QUANTUM, value_parser = quantum)]
    quantum: usize,
    /// What the card takes beyond its ring, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0.0, value_parser = millis)]
    device_ms: f64,
    /// Samples a card takes at a time, where that is not the quantum
    #[arg(long, value_name = "N")]
    period: Option<u16>,
    /// Write what of it is the graph's into the graph: frames left to the pins
    #[arg(long)]
    apply: bool,
    /// Write the result here instead of back to GRAPH
    #[arg(long, short, value_name = "OUT", requires = "apply")]
    output: Option<PathBuf>,
}

fn millis(text: &str) -> Result<f64, String> {
    let read = text.trim().replace(',', ".").parse().ok();
    let read = read.filter(|it| (0.0..=60_000.0).contains(it));
    read.ok_or_else(|| "wanted milliseconds, from 0 to 60000".to_owned())
}

fn quantum(text: &str) -> Result<usize, String> {
    let read = text.parse().ok().filter(|it| (16..=8192).contains(it));
    read.ok_or_else(|| "wanted samples, from 16 to 8192".to_owned())
}

pub(super) fn run(it: &Measure) -> Result<Answer, Failure> {
    let document = load::read(&it.graph)?;
    let bench = load::nominal(&document, None);
    document.warn(&document.problems(&bench.wiring));
    let latencies = latencies(&document, &bench, it.quantum);
    let rate = f64::from(bench.wiring.rate_hz.max(1));
    let question = Question {
        graph: document.graph(),
        wiring: &bench.wiring,
        target_millis: it.ms,
        quantum: it.quantum,
        latency: &|path| latencies.get(path).copied().unwrap_or_default(),
        devices: DeviceTime {
            period: it.period.map(usize::from),
            card: (it.device_ms * rate / 1_000.0).round() as usize,
        },
    };
    let found = budget(&question);
    let exit = match found.can_fit() && found.is_way {
        true => Exit::Done,
        false => Exit::No,
    };
    let mut answer = json(&found, it.ms);
    let mut text = text(&found);
    if it.apply
        && let Some(edit) = found.edit(document.graph())
    {
        let mut script = Script::new(document);
        script.edit(&FilterPath::default(), edit, "let frames go")?;
        script.document.write(it.output.as_deref())?;
        let path = it.output.as_deref().unwrap_or(&it.graph);
        text += &format!("written to {}\n", path.display());
        answer["graph"] = json!(path.to_string_lossy());
    } else if it.apply {
        say("nothing of it is the graph's: it is written as it was");
        document.write(it.output.as_deref())?;
    }
    Ok(Answer::new(text, answer).exit(exit))
}

/// What each filter is late by, as it is opened; nothing is played, and nothing written where it would be.
fn latencies(document: &Document, bench: &Bench, quantum: usize) -> BTreeMap<FilterPath, usize> {
    let scratch = Scratch::new();
    let job = Job {
        wiring: write_nothing(&bench.wiring, &scratch),
        base: document.base.clone(),
        ..Job::default()
    };
    let offline = Offline::new(&load::offline_catalogue(), &job, quantum);
    let open = offline.built.open.iter();
    open.map(|(path, open)| (path.clone(), open.latency_samples))
        .collect()
}

fn text(found: &Budget) -> String {
    let millis = |samples: usize| format!("{:>8.2} ms", found.millis(samples));
    let mut text = format!("{}\n\n", found.words());
    for piece in &found.pieces {
        let Piece {
            name,
            samples,
            kind,
            why,
            ..
        } = piece;
        text += &format!("{}  {name}: {}, {why}\n", millis(*samples), kind.name());
    }
    if !found.pieces.is_empty() {
        let at = format!("at a quantum of {}", found.quantum);
        text += &format!("{}  in all, {at}\n", millis(found.samples()));
    }
    if !found.is_settled() {
        text += "\nWould be done\n";
        for step in found.steps() {
            text += &format!("  {step}\n");
        }
        text += &format!("{}  in all then\n", millis(found.proposal.samples));
    }
    if !found.in_the_way.is_empty() {
        text += "\nIn the way\n";
    }
    for it in &found.in_the_way {
        text += &format!("{}  {}: {}\n", millis(it.samples), it.name, it.help);
    }
    if !found.copies.is_empty() {
        text += "\nCopied, which costs load and no time\n";
    }
    for (wire, why) in &found.copies {
        text += &format!("  {wire}: {why}\n");
    }
    text
}

fn json(found: &Budget, wanted: f64) -> Json {
    let millis = |samples: usize| found.millis(samples);
    let pieces = found.pieces.iter().map(|it| {
        json!({
            "kind": it.kind.name(), "filter": it.name, "samples": it.samples, "ms": millis(it.samples), "why": it.why,
        })
    });
    let obstacle = |it: &Obstacle| {
        let set = it.set.as_ref();
        let set = set
            .map(|(key, value)| json!({ "property": key, "value": super::shapes::value(value) }));
        json!({
            "filter": it.name, "samples": it.samples, "ms": millis(it.samples), "help": it.help, "set": set,
        })
    };
    let framing: Vec<&str> = found.proposal.framing.iter().map(|it| &*it.wire).collect();
    let copies = found.copies.iter();
    let copies = copies.map(|(wire, why)| json!({ "wire": wire, "why": why }));
    json!({
        "target_ms": wanted,
        "ms": millis(found.samples()),
        "fits": found.fits(),
        "quantum": found.quantum,
        "rate_hz": found.rate_hz,
        "pieces": pieces.collect::<Vec<Json>>(),
        "proposal": {
            "quantum": found.proposal.quantum,
            "framing": framing,
            "ms": millis(found.proposal.samples),
            "fits": found.can_fit(),
        },
        "in_the_way": found.in_the_way.iter().map(obstacle).collect::<Vec<Json>>(),
        "copies": copies.collect::<Vec<Json>>(),
        "text": found.words(),
    })
}
