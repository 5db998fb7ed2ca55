//! `ksgraph explain GRAPH FROM TO`: what two pins would agree on, step by step.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::{Exit, Failure};
use super::load::{self, FRAME_SAMPLES};
use super::{Answer, names, shapes};
use crate::graph::{FilterPath, PinRef};
use crate::graph::{Negotiator, PinAddress, explain, pipes, would_connect};
use crate::ks::Descriptor;
use crate::sysaudio::{Builder, Site, Sizes};

/// What `explain` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph explain graphs/first_sound.ron \"DLS Synth.out\" \"Gain.in\""
)]
pub(super) struct Explain {
    /// The graph
    graph: PathBuf,
    /// The output, FILTER.PIN
    from: String,
    /// The input, FILTER.PIN
    to: String,
}

pub(super) fn run(it: &Explain) -> Result<Answer, Failure> {
    let document = load::read(&it.graph)?;
    let bench = load::nominal(&document, None);
    let (from, to) = document.ends(&bench.wiring, &it.from, &it.to)?;
    let from = names::address(document.graph(), &from.level, &from.pin);
    let to = names::address(document.graph(), &to.level, &to.pin);
    let around = (&bench.wiring, &bench.catalogue, &bench.facts);
    let base = document.base.as_deref();
    let steps = explain(around.0, around.1, around.2, base, &from, &to);
    let outcome = would_connect(around.0, around.1, around.2, base, &from, &to);

    let ends = (from, to);
    let (from, to) = (
        bench.wiring.pin_text(&ends.0),
        bench.wiring.pin_text(&ends.1),
    );
    let mut text = format!("{from} -> {to}\n");
    let mut list: Vec<Json> = vec![];
    for (step, found) in &steps {
        let (mark, words) = match found {
            Ok(words) => ("ok", words.clone()),
            Err(refusal) => ("NO", refusal.sentence()),
        };
        text += &format!("  {mark}  {:<13} {words}\n", step.name().replace('_', " "));
        list.push(json!({ "step": step.name(), "ok": found.is_ok(), "text": words }));
    }
    let mut answer = json!({ "from": from, "to": to, "steps": list });
    let mut way_found: Option<Vec<String>> = None;
    let exit = match &outcome {
        Ok(agreed) => {
            text += &format!("agreed: {}\n", agreed.format);
            answer["agreed"] = shapes::agreement(agreed, FRAME_SAMPLES);
            let (wiring, at) = bench.wiring.with_wire((&ends.0, &ends.1), agreed);
            let pipes = pipes(&wiring, FRAME_SAMPLES);
            answer["agreed"]["framing"] = shapes::framing(&wiring, &pipes, at);
            text += &format!("framing: {}\n", shapes::framing_words(&wiring, &pipes, at));
            for (name, by, why) in shapes::framing_reasons(&wiring, &pipes, at) {
                text += &format!("  {name:<10} {by}: {why}\n");
            }
            Exit::Done
        }
        Err(refusal) => {
            text += &format!(
                "refused: {} ({}, {})\n",
                refusal.sentence(),
                refusal.rule,
                refusal.status
            );
            for cure in &refusal.cures {
                text += &format!("  cure: {}", cure.text);
                if !cure.inserts.is_empty() {
                    text += &format!(" [{}]", cure.inserts.join(" -> "));
                }
                text += "\n";
            }
            if let Some(way) = way(&document, &bench, (&ends.0, &ends.1)) {
                text += &format!("way: {}\n", way.join(" -> "));
                way_found = Some(way);
            }
            if !refusal.advice.is_empty() {
                text += &format!("  advice: {}\n", refusal.advice);
            }
            answer["refusal"] = shapes::refusal(refusal);
            answer["way"] = json!(way_found);
            Exit::No
        }
    };
    Ok(Answer::new(text, answer).exit(exit))
}

/// The names of the filters an intelligent connect would lead through, where the direct wire is refused.
fn way(
    document: &load::Document,
    bench: &load::Bench,
    (from, to): (&PinAddress, &PinAddress),
) -> Option<Vec<String>> {
    let end = |pin: &PinAddress| -> Option<(FilterPath, PinRef)> {
        let (&filter, level) = pin.filter.0.split_last()?;
        let end = PinRef {
            filter,
            pin: pin.pin.clone(),
            instance: pin.instance,
        };
        Some((FilterPath::from(level), end))
    };
    let ((level, from), (other, to)) = (end(from)?, end(to)?);
    if level != other {
        return None;
    }
    let base = document.base.as_deref();
    let graph = document.graph().clone();
    let mut wiring = Negotiator::default();
    wiring.agree(&graph, &bench.catalogue, &bench.facts, base);
    let builder = Builder {
        catalogue: &bench.catalogue,
        facts: &bench.facts,
        base,
        sizes: &Sizes::new(),
        merit: &|descriptor: &Descriptor| descriptor.merit,
        level: &level,
        is_told: false,
    };
    let built = builder.connect(&Site { graph, wiring }, &from, &to);
    Some(built.ok()?.through)
}
