//! What filters cost while somebody turns a knob of theirs, beside what they cost at rest. `cargo bench --bench moving`, or some
//! kinds: `-- delay equaliser`.
//!
//! A stereo tone through one filter into a null renderer, at a quantum of 64; the same without the filter is taken off. What
//! takes no sound plays into the renderer itself, and nothing is taken off. Each number that may change while it plays goes to
//! and fro between a third and two thirds of its scale, every 16 cycles (21 ms). Nanoseconds of one sample of both channels,
//! the quickest of several runs.

use std::time::Instant;

use ksgraph::engine::{Job, Message, Offline};
use ksgraph::graph::{Connection, Edit, Graph, PinRef, Position, apply, negotiate};
use ksgraph::ks::{Catalogue, DataFlow, Domain, Facts};

const QUANTUM: usize = 64;
/// Cycles between two turns of the knob.
const BETWEEN: usize = 16;
const CYCLES: usize = 2_000;
const RUNS: usize = 5;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let offline = std::sync::Arc::new(ksgraph::portcls::Offline);
    let catalogue = ksgraph::filters::catalogue(offline.clone(), offline);
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let asked: Vec<&String> = asked.iter().filter(|it| !it.starts_with('-')).collect();
    let bare = nanos(&mut play(&catalogue, &["tone"])?, None)?;
    for filter in catalogue.iter() {
        let descriptor = filter.descriptor();
        let key: &str = &descriptor.key;
        let has = |flow| descriptor.pins.iter().any(|pin| pin.data_flow == flow);
        let is_asked = asked.is_empty() || asked.iter().any(|it| *it == key);
        if !is_asked || !has(DataFlow::Out) {
            continue;
        }
        let keys: &[&str] = match has(DataFlow::In) {
            true => &["tone", key],
            false => &[key],
        };
        let bare = if has(DataFlow::In) { bare } else { 0.0 };
        // What is no sound, or wants more than one wire.
        let Ok(mut offline) = play(&catalogue, keys) else {
            continue;
        };
        let still = nanos(&mut offline, None)? - bare;
        println!("{key}: {still:.1} at rest");
        for (index, property) in descriptor.properties.iter().enumerate() {
            if property.structural || !matches!(property.domain, Domain::Number { .. }) {
                continue;
            }
            let ends = [1.0 / 3.0, 2.0 / 3.0].map(|share| property.at_share(share));
            // Each begins as the filter stands at first.
            let mut offline = play(&catalogue, keys)?;
            let moving = nanos(&mut offline, Some((index as u16, ends)))? - bare;
            println!("{:>28} {moving:>8.1}", property.key);
        }
    }
    Ok(())
}

/// Filters in a row into a null renderer.
fn play(catalogue: &Catalogue, keys: &[&str]) -> Result<Offline, Failed> {
    let mut graph = Graph::default();
    let mut last = None;
    for key in keys.iter().copied().chain(["null_renderer"]) {
        let id = graph.fresh_id();
        let edit = Edit::add_filter(&graph, key, key, Position::default());
        apply(&mut graph, edit)?;
        if let Some(before) = last.replace(id) {
            let pin = |filter, pin: &str| PinRef {
                filter,
                pin: pin.into(),
                instance: 0,
            };
            let wire = Connection {
                from: pin(before, "out"),
                to: pin(id, "in"),
                chosen: Default::default(),
            };
            apply(&mut graph, Edit::Connect(wire))?;
        }
    }
    let wiring = negotiate(&graph, catalogue, &Facts::nominal(), None);
    if wiring.wires.iter().any(|wire| wire.outcome.is_err()) {
        return Err("a wire carries nothing".into());
    }
    let job = Job {
        wiring,
        ..Job::default()
    };
    Ok(Offline::new(catalogue, &job, QUANTUM))
}

/// Nanoseconds of a sample, while that property of the filter before the renderer goes to and fro.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn nanos(offline: &mut Offline, moved: Option<(u16, [f64; 2])>) -> Result<f64, Failed> {
    let entry = offline.built.open.values().rev().nth(1);
    let entry = entry.map(|open| open.entry);
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let began = Instant::now();
        for cycle in 0..CYCLES {
            if let (Some((property, ends)), Some(entry)) = (moved, entry)
                && cycle % BETWEEN == 0
            {
                offline.send(Message::Set {
                    entry,
                    property,
                    value: ends[cycle / BETWEEN % 2],
                });
            }
            offline.cycle(QUANTUM)?;
        }
        best = best.min(began.elapsed().as_nanos() as f64);
        offline.reports().for_each(drop);
    }
    Ok(best / (CYCLES * QUANTUM) as f64)
}
