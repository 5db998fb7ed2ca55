//! `ksgraph connect GRAPH FROM TO`: draws a wire, with what it needs in between.
//!
//! `--direct` inserts nothing. Otherwise the cures of the refusal are tried, cheapest first, until one holds.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::load::{self, End, FRAME_SAMPLES};
use super::script::{Script, Step, Writing};
use super::{Answer, names, shapes};
use crate::app::cures::{Bench, Cured, Sizes, wire};
use crate::graph::{
    Agreement, CureKind, Edit, FilterPath, PinAddress, PinRef, Refusal, Wiring, would_connect,
};

/// What `connect` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph connect tone.ron \"Tone Generator.out\" \"Gain.in\" --direct"
)]
pub(super) struct Connect {
    /// The graph
    graph: PathBuf,
    /// The output, FILTER.PIN
    #[arg(required_unless_present = "batch")]
    from: Option<String>,
    /// The input, FILTER.PIN
    #[arg(required_unless_present = "batch")]
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
    to: String,
    #[command(flatten)]
    how: How,
}

#[derive(Args, Clone, Copy, Debug)]
struct How {
    /// Insert nothing between the two pins
    #[arg(long)]
    direct: bool,
    /// Print every attempt
    #[arg(long)]
    log: bool,
}

pub(super) fn run(it: &Connect) -> Result<Answer, Failure> {
    let script = Script::new(load::read(&it.graph)?);
    let ends = it.from.clone().zip(it.to.clone());
    let step = ends.map(|(from, to)| {
        Step::Connect(Words {
            from,
            to,
            how: it.how,
        })
    });
    script.finish(step, &it.writing)
}

/// A wire to be drawn: both ends in one graph, perhaps inside groups.
struct Wish {
    level: FilterPath,
    from: PinRef,
    to: PinRef,
}

pub(super) fn step(script: &mut Script, it: &Words) -> Result<(), Failure> {
    script.wiring();
    let (from, to) = script
        .document
        .ends(&script.bench.wiring, &it.from, &it.to)?;
    let wish = Wish {
        level: from.level.clone(),
        from: with_room(script, from),
        to: with_room(script, to),
    };
    let mut log: Vec<Json> = vec![];
    let mut words = String::new();
    let mut inserted: Vec<String> = vec![];
    let agreed = match ask(script, &wish) {
        Ok(agreed) => {
            let tried = format!("connect {} to {}", it.from, it.to);
            script.edit(
                &wish.level,
                Edit::Connect(wire(&wish.from, &wish.to)),
                &tried,
            )?;
            note(&mut log, &mut words, it.how, "direct", None);
            agreed
        }
        Err(refusal) if it.how.direct => return Err(Failure::refused(*refusal)),
        Err(refusal) => {
            note(&mut log, &mut words, it.how, "direct", Some(&refusal));
            let found = insert(script, &wish, &refusal, it.how, (&mut log, &mut words))?;
            let Some((agreed, names)) = found else {
                return Err(Failure::refused(*refusal));
            };
            inserted = names;
            agreed
        }
    };
    let between: String = inserted.iter().map(|name| format!("{name} -> ")).collect();
    let line = format!(
        "{words}{} -> {between}{}: {}",
        it.from, it.to, agreed.format
    );
    let mut document = json!({
        "command": "connect",
        "from": it.from,
        "to": it.to,
        "inserted": inserted,
        "agreed": shapes::agreement(&agreed, FRAME_SAMPLES),
    });
    if it.how.log {
        document["attempts"] = json!(log);
    }
    script.did(&line, document);
    Ok(())
}

fn note(
    log: &mut Vec<Json>,
    words: &mut String,
    how: How,
    attempt: &str,
    refusal: Option<&Refusal>,
) {
    if !how.log {
        return;
    }
    *words += &match refusal {
        None => format!("tried {attempt}: agreed\n"),
        Some(refusal) => format!(
            "tried {attempt}: {} ({})\n",
            refusal.sentence(),
            refusal.rule
        ),
    };
    log.push(json!({
        "attempt": attempt,
        "ok": refusal.is_none(),
        "refusal": refusal.map(shapes::refusal),
    }));
}

/// A pin that grows is named without its number: the next free one is meant.
fn with_room(script: &Script, end: End) -> PinRef {
    let path = end.level.child(end.pin.filter);
    let filter = script.bench.wiring.filters.get(&path);
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

/// What the two pins would agree on in the graph as it is.
fn ask(script: &mut Script, wish: &Wish) -> Result<Agreement, Box<Refusal>> {
    script.wiring();
    let graph = script.document.graph();
    let from = names::address(graph, &wish.level, &wish.from);
    let to = names::address(graph, &wish.level, &wish.to);
    let bench = &script.bench;
    let base = script.document.base.as_deref();
    would_connect(
        &bench.wiring,
        &bench.catalogue,
        &bench.facts,
        base,
        &from,
        &to,
    )
}

/// Tries the cures that insert filters, in order. What the last wire agreed and the names of the new filters.
fn insert(
    script: &mut Script,
    wish: &Wish,
    refusal: &Refusal,
    how: How,
    (log, words): (&mut Vec<Json>, &mut String),
) -> Result<Option<(Agreement, Vec<String>)>, Failure> {
    for cure in refusal
        .cures
        .iter()
        .filter(|cure| cure.kind == CureKind::Insert)
    {
        let Some(graph) = names::graph_at(script.document.graph(), &wish.level) else {
            return Ok(None);
        };
        let bench = Bench {
            graph,
            catalogue: &script.bench.catalogue,
            fresh: graph.fresh_id(),
            sizes: &Sizes::new(),
        };
        // Cures that insert stay between the two pins they were asked for.
        let nowhere = |_: &PinAddress| None;
        let ends = (&wish.from, &wish.to);
        let Some(cured) = bench.carry_out(ends, refusal.step, cure, &nowhere) else {
            continue;
        };
        let Cured {
            edit, last, names, ..
        } = cured;
        let before = script.document.graph().clone();
        let refused_before = refused(script.wiring());
        script.edit(&wish.level, edit, &cure.text)?;
        let graph = script.document.graph();
        let ends = [&last.0, &last.1].map(|end| names::address(graph, &wish.level, end));
        let wiring = script.wiring();
        let mut wires = wiring.wires.iter();
        let made = wires.find(|wire| [&wire.from, &wire.to] == [&ends[0], &ends[1]]);
        let outcome = made.map(|wire| wire.outcome.clone());
        let is_whole = refused(wiring) <= refused_before;
        match outcome {
            Some(Ok(agreed)) if is_whole => {
                note(log, words, how, &cure.text, None);
                return Ok(Some((agreed, names)));
            }
            other => {
                note(
                    log,
                    words,
                    how,
                    &cure.text,
                    other.and_then(Result::err).as_deref(),
                );
                script.restore(before);
            }
        }
    }
    Ok(None)
}

fn refused(wiring: &Wiring) -> usize {
    let wires = wiring.wires.iter();
    wires.filter(|wire| wire.outcome.is_err()).count()
}
