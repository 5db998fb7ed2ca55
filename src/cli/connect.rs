//! `ksgraph connect GRAPH FROM TO`: draws a wire, with what it takes in between. Without TO the output is rendered: led to
//! where it ends.
//!
//! How a way is found is the matter of `sysaudio`; here names become pins and attempts become lines.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::load::{self, End, FRAME_SAMPLES};
use super::script::{Script, Step, Writing};
use super::{Answer, names, shapes};
use crate::graph::{Agreement, Edit, FilterPath, PinRef, Wiring};
use crate::ks::Descriptor;
use crate::sysaudio::{Attempt, Builder, Outcome, Site, Sizes};

/// What `connect` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph connect tone.ron \"Tone Generator.out\" \"Gain.in\" --direct\n  ksgraph connect tone.ron \"Tone Generator.out\""
)]
pub(super) struct Connect {
    /// The graph
    graph: PathBuf,
    /// The output, FILTER.PIN; without TO also a FILTER, all of whose free outputs are rendered
    #[arg(required_unless_present = "batch")]
    from: Option<String>,
    /// The input, FILTER.PIN; without it the output is rendered: led to whatever ends it, with what that takes
    to: Option<String>,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    writing: Writing,
}

/// What `connect` takes in a batch.
#[derive(Args, Clone, Debug)]
pub(super) struct Words {
    /// The output
    from: String,
    /// The input
    to: Option<String>,
    #[command(flatten)]
    how: How,
}

#[derive(Args, Clone, Copy, Debug)]
struct How {
    /// Insert nothing between the two pins
    #[arg(long)]
    direct: bool,
    /// Render only to filters that are in the graph
    #[arg(long, conflicts_with = "to")]
    existing: bool,
    /// Print every attempt, as a tree
    #[arg(long)]
    log: bool,
}

pub(super) fn run(it: &Connect) -> Result<Answer, Failure> {
    let script = Script::new(load::read(&it.graph)?);
    let step = it.from.clone().map(|from| {
        Step::Connect(Words {
            from,
            to: it.to.clone(),
            how: it.how,
        })
    });
    script.finish(step, &it.writing)
}

pub(super) fn step(script: &mut Script, it: &Words) -> Result<(), Failure> {
    match &it.to {
        Some(to) => wire(script, &it.from, to, it.how),
        None => render(script, &it.from, it.how),
    }
}

/// The two ends of a line that asks for a wire and nothing else.
pub(super) fn plain(it: &Words) -> Option<(String, String)> {
    let to = it.to.clone().filter(|_| !it.how.log)?;
    Some((it.from.clone(), to))
}

/// Draws wires as they stand and agrees the graph once. False, and nothing is changed, where one of them does not hold or
/// cannot be drawn.
pub(super) fn many(script: &mut Script, list: &[(String, String)]) -> bool {
    let before = script.document.graph().clone();
    let refused = refused(script.wiring());
    let mut drawn = vec![];
    for (from_text, to_text) in list {
        let ends = script.document.ends(&script.negotiator, from_text, to_text);
        let Ok((from, to)) = ends else {
            script.restore(before);
            return false;
        };
        let level = from.level.clone();
        let (from, to) = (with_room(script, from), with_room(script, to));
        let edit = Edit::Connect(crate::sysaudio::wire(&from, &to));
        if script.edit(&level, edit, "connect").is_err() {
            script.restore(before);
            return false;
        }
        drawn.push((level, from, to));
    }
    script.wiring();
    let graph = script.document.graph();
    let agreed = drawn.iter().map(|(level, from, to)| {
        let ends = [from, to].map(|end| names::address(graph, level, end));
        let wire = script.negotiator.wire(&ends[0], &ends[1])?;
        wire.outcome.as_ref().ok().cloned()
    });
    let agreed: Option<Vec<Agreement>> = agreed.collect();
    let Some(agreed) = agreed.filter(|_| self::refused(&script.negotiator) <= refused) else {
        script.restore(before);
        return false;
    };
    for ((from, to), agreed) in list.iter().zip(&agreed) {
        let through: &[String] = &[];
        script.did(
            &format!("{from} -> {to}: {}", agreed.format),
            drawn_shape((from, to), through, through, agreed),
        );
    }
    true
}

fn refused(wiring: &Wiring) -> usize {
    let wires = wiring.wires.iter();
    wires.filter(|wire| wire.outcome.is_err()).count()
}

/// A wire that was drawn as a document.
fn drawn_shape(
    (from, to): (&str, &str),
    inserted: &[String],
    through: &[String],
    agreed: &Agreement,
) -> Json {
    json!({
        "command": "connect",
        "from": from,
        "to": to,
        "inserted": inserted,
        "through": through,
        "agreed": shapes::agreement(agreed, FRAME_SAMPLES),
    })
}

/// Calls with what builds in the graph of a script.
fn with_builder<T>(
    script: &mut Script,
    level: &FilterPath,
    how: How,
    call: impl FnOnce(&Builder<'_>, &Site) -> T,
) -> T {
    script.wiring();
    let site = script.site();
    let builder = Builder {
        catalogue: &script.bench.catalogue,
        facts: &script.bench.facts,
        base: script.document.base.as_deref(),
        sizes: &Sizes::new(),
        merit: &|descriptor: &Descriptor| descriptor.merit,
        level,
        is_told: how.log,
    };
    call(&builder, &site)
}

fn wire(script: &mut Script, from_text: &str, to_text: &str, how: How) -> Result<(), Failure> {
    script.wiring();
    let (from, to) = script
        .document
        .ends(&script.negotiator, from_text, to_text)?;
    let level = from.level.clone();
    let (from, to) = (with_room(script, from), with_room(script, to));
    let found = with_builder(script, &level, how, |builder, site| match how.direct {
        true => builder.connect_direct(site, &from, &to),
        false => builder.connect(site, &from, &to),
    });
    let built = match found {
        Ok(built) => built,
        Err(stopped) => {
            return Err(with_log(
                Failure::refused(*stopped.refusal),
                how,
                &stopped.attempt,
            ));
        }
    };
    let tried = format!("connect {from_text} to {to_text}");
    script.edit(&level, built.edit, &tried)?;
    let through = built.through.iter();
    let between: String = through.map(|name| format!("{name} -> ")).collect();
    let log = told(how, &built.attempt);
    let line = format!(
        "{log}{from_text} -> {between}{to_text}: {}",
        built.agreed.format
    );
    let (names, through) = (&built.names, &built.through);
    let mut document = drawn_shape((from_text, to_text), names, through, &built.agreed);
    if how.log {
        document["attempts"] = built.attempt.inner.iter().map(shape).collect();
        if built.attempt.inner.is_empty() {
            document["attempts"] = json!([shape(&Attempt::new("direct", built.attempt.outcome))]);
        }
    }
    script.did(&line, document);
    Ok(())
}

fn render(script: &mut Script, from_text: &str, how: How) -> Result<(), Failure> {
    script.wiring();
    let tried = format!("render {from_text}");
    let graph = script.document.graph();
    // A filter that is named without a pin is rendered whole.
    let whole = names::Name::read_in(graph, from_text)
        .ok()
        .filter(|name| name.member().is_none())
        .map(|name| names::find(graph, &name).map(|(found, path)| (found.id, path)))
        .transpose()?;
    let (level, found) = match whole {
        Some((id, mut level)) => {
            level.0.pop();
            let found = with_builder(script, &level, how, |builder, site| {
                builder.render_filter(site, id, how.existing)
            });
            (level, found)
        }
        None => {
            let end = script.document.end(&script.negotiator, from_text)?;
            let level = end.level.clone();
            let from = with_room(script, end);
            let found = with_builder(script, &level, how, |builder, site| {
                builder.render_pin(site, &from, how.existing)
            });
            (level, found)
        }
    };
    let rendered = match found {
        Ok(rendered) => rendered,
        Err(attempt) => {
            let failure = Failure::no(&tried, attempt.outcome.words())
                .cure("`--log` shows what was tried; `ksgraph filters` lists what there is");
            return Err(with_log(failure, how, &attempt));
        }
    };
    script.edit(&level, rendered.edit, &tried)?;
    let mut line = format!(
        "{}{from_text}: {}",
        told(how, &rendered.attempt),
        rendered.attempt.outcome.words()
    );
    if !rendered.names.is_empty() {
        line += &format!("; added {}", rendered.names.join(", "));
    }
    let mut document = json!({
        "command": "connect",
        "from": from_text,
        "inserted": rendered.names,
        "left": rendered.left,
        "partial": !rendered.left.is_empty(),
    });
    if how.log {
        document["attempts"] = json!([shape(&rendered.attempt)]);
    }
    script.did(&line, document);
    Ok(())
}

/// The tree of attempts in lines, when it was asked for.
fn told(how: How, attempt: &Attempt) -> String {
    if !how.log {
        return String::new();
    }
    let lines = attempt.lines().into_iter();
    lines.map(|line| format!("{line}\n")).collect()
}

/// What was tried goes to standard error with the failure.
fn with_log(failure: Failure, how: How, attempt: &Attempt) -> Failure {
    for line in told(how, attempt).lines() {
        super::say(line);
    }
    match how.log {
        true => failure.with("attempts", attempt.inner.iter().map(shape).collect()),
        false => failure,
    }
}

/// An attempt as a document.
pub(super) fn shape(attempt: &Attempt) -> Json {
    let refusal = match &attempt.outcome {
        Outcome::Refused(refusal) => Some(shapes::refusal(refusal)),
        _ => None,
    };
    json!({
        "attempt": attempt.what,
        "ok": attempt.outcome.holds(),
        "partial": matches!(attempt.outcome, Outcome::Partly(_)),
        "text": attempt.outcome.words(),
        "refusal": refusal,
        "inner": attempt.inner.iter().map(shape).collect::<Vec<_>>(),
    })
}

/// A pin that grows is named without its number: the next free one is meant.
fn with_room(script: &Script, end: End) -> PinRef {
    let path = end.level.child(end.pin.filter);
    let filter = script.negotiator.filters.get(&path);
    let descriptor = filter.and_then(|filter| filter.descriptor.as_ref());
    let possible = descriptor
        .and_then(|descriptor| descriptor.pin(&end.pin.pin))
        .map_or(1, |(_, pin)| pin.instances.possible);
    let mut pin = end.pin;
    if possible > 1
        && !end.is_exact
        && let Some(graph) = names::graph_at(script.document.graph(), &end.level)
        && let Some(free) = graph.free_instance(pin.filter, &pin.pin, possible)
    {
        pin.instance = free;
    }
    pin
}
