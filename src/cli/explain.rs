//! `ksgraph explain GRAPH FROM TO`: what two pins would agree on, step by step.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::{Exit, Failure};
use super::load::{self, FRAME_SAMPLES};
use super::{Answer, names, shapes};
use crate::graph::{explain, pipes, would_connect};

/// What `explain` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph explain graphs/first_sound.ron \"Tone Synth.out\" \"Gain.in\""
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
    let mut document = json!({ "from": from, "to": to, "steps": list });
    let exit = match &outcome {
        Ok(agreed) => {
            text += &format!("agreed: {}\n", agreed.format);
            document["agreed"] = shapes::agreement(agreed, FRAME_SAMPLES);
            let (wiring, at) = bench.wiring.with_wire((&ends.0, &ends.1), agreed);
            let pipes = pipes(&wiring, FRAME_SAMPLES);
            document["agreed"]["framing"] = shapes::framing(&wiring, &pipes, at);
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
            if !refusal.advice.is_empty() {
                text += &format!("  advice: {}\n", refusal.advice);
            }
            document["refusal"] = shapes::refusal(refusal);
            Exit::No
        }
    };
    Ok(Answer::new(text, document).exit(exit))
}
