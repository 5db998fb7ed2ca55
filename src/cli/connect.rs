//! `ksgraph connect GRAPH FROM TO`: draws a wire, with what it needs in between.
//!
//! `--direct` inserts nothing. Otherwise the cures of the refusal are tried, cheapest first, until one holds.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::load::{self, End, FRAME_SAMPLES};
use super::script::{Script, Step, Writing};
use super::{Answer, names, shapes, values};
use crate::graph::{
    Agreement, Chosen, Connection, Cure, CureKind, Edit, FilterId, FilterNode, FilterPath, Graph,
    Node, NodeKind, PinRef, Position, Refusal, Step as Check, Wiring, would_connect,
};
use crate::ks::{Catalogue, DataFlow, Descriptor};

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

fn wire(from: &PinRef, to: &PinRef) -> Connection {
    Connection {
        from: from.clone(),
        to: to.clone(),
        chosen: Chosen::default(),
    }
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
        let plan = Chain {
            graph,
            catalogue: &script.bench.catalogue,
            wish,
        };
        let Some((edit, last, names)) = plan.edit(cure, refusal.step) else {
            continue;
        };
        let before = script.document.graph().clone();
        let refused_before = refused(script.wiring());
        script.edit(&wish.level, edit, &cure.text)?;
        let to = names::address(script.document.graph(), &wish.level, &last);
        let wiring = script.wiring();
        let outcome = wiring.wire_into(&to).map(|wire| wire.outcome.clone());
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

/// New filters in a row between two pins.
struct Chain<'a> {
    graph: &'a Graph,
    catalogue: &'a Catalogue,
    wish: &'a Wish,
}

impl Chain<'_> {
    /// The edit, the input whose wire is the last of the chain, and the names of what is inserted.
    fn edit(&self, cure: &Cure, step: Check) -> Option<(Edit, PinRef, Vec<String>)> {
        let mut edits = vec![];
        let mut names = vec![];
        let mut scratch = self.graph.clone();
        let mut ends = vec![];
        for (number, key) in cure.inserts.iter().enumerate() {
            let descriptor = self.catalogue.get(key)?.descriptor();
            let id = scratch.fresh_id();
            let name = scratch.unique_name(&descriptor.title);
            let node = Node {
                name: name.clone(),
                position: self.place(number, cure.inserts.len()),
                kind: NodeKind::Filter(node(descriptor, cure, number)),
            };
            scratch.filters.insert(id, node.clone());
            edits.push(Edit::Add { id, node });
            names.push(name);
            let pin = |flow| {
                let mut pins = descriptor.pins.iter();
                let found = pins.find(|pin| pin.data_flow == flow && !pin.is_bridge())?;
                Some(PinRef {
                    filter: id,
                    pin: found.name.to_string(),
                    instance: 0,
                })
            };
            ends.push((pin(DataFlow::In)?, pin(DataFlow::Out)?));
        }
        let (first, last) = (ends.first()?.0.clone(), ends.last()?.1.clone());
        edits.extend(
            ends.windows(2)
                .map(|pair| Edit::Connect(wire(&pair[0].1, &pair[1].0))),
        );
        let (from, to) = (&self.wish.from, &self.wish.to);
        let taken = |end: fn(&Connection) -> &PinRef, pin: &PinRef| {
            let mut wires = self.graph.connections.iter();
            wires.position(|wire| end(wire) == pin)
        };
        let is_full = step == Check::Instances;
        if let Some(index) = taken(|wire| &wire.from, from).filter(|_| is_full) {
            // A splitter takes the output over: the wire that was there goes on behind it.
            let old = self.graph.connections[index].to.clone();
            edits.push(Edit::Disconnect(index));
            edits.push(Edit::Connect(wire(from, &first)));
            edits.push(Edit::Connect(wire(&last, &old)));
            edits.push(Edit::Connect(wire(&next(&last), to)));
        } else if let Some(index) = taken(|wire| &wire.to, to).filter(|_| is_full) {
            let old = self.graph.connections[index].from.clone();
            edits.push(Edit::Disconnect(index));
            edits.push(Edit::Connect(wire(&old, &first)));
            edits.push(Edit::Connect(wire(from, &next(&first))));
            edits.push(Edit::Connect(wire(&last, to)));
        } else {
            edits.push(Edit::Connect(wire(from, &first)));
            edits.push(Edit::Connect(wire(&last, to)));
        }
        // Wires are taken away by index: before any is drawn.
        edits.sort_by_key(|edit| !matches!(edit, Edit::Disconnect(_)));
        Some((Edit::Batch(edits), to.clone(), names))
    }

    /// Between the two filters, in a row.
    fn place(&self, number: usize, count: usize) -> Position {
        let at = |id: FilterId| self.graph.filters.get(&id).map(|node| node.position);
        let start = at(self.wish.from.filter).unwrap_or_default();
        let end = at(self.wish.to.filter).unwrap_or_default();
        let share = (number as f32 + 1.0) / (count as f32 + 1.0);
        Position {
            x: (start.x + (end.x - start.x) * share).round(),
            y: (start.y + (end.y - start.y) * share + 64.0).round(),
        }
    }
}

fn next(pin: &PinRef) -> PinRef {
    PinRef {
        instance: pin.instance + 1,
        ..pin.clone()
    }
}

/// A filter of a cure with the values it needs.
fn node(descriptor: &Descriptor, cure: &Cure, number: usize) -> FilterNode {
    let mut node = FilterNode {
        key: descriptor.key.to_string(),
        ..FilterNode::default()
    };
    for (key, text) in cure.values.get(number).into_iter().flatten() {
        if let Some((_, property)) = descriptor.property(key)
            && let Ok(taken) = values::read(property, text, &descriptor.title)
        {
            node.values.insert(key.clone(), taken.value);
        }
    }
    node
}
