//! `ksgraph disconnect GRAPH FROM TO`: a wire goes.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::script::{Script, Step, Writing};
use super::{Answer, load, names};
use crate::graph::Edit;

/// What `disconnect` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph disconnect tone.ron \"Tone Generator.out\" \"Gain.in\""
)]
pub(super) struct Disconnect {
    /// The graph
    graph: PathBuf,
    /// The output, FILTER.PIN
    #[arg(required_unless_present = "batch")]
    from: Option<String>,
    /// The input, FILTER.PIN
    #[arg(required_unless_present = "batch")]
    to: Option<String>,
    #[command(flatten)]
    writing: Writing,
}

/// What `disconnect` takes in a batch.
#[derive(Args, Clone, Debug)]
pub(super) struct Words {
    /// The output
    from: String,
    /// The input
    to: String,
}

pub(super) fn run(it: &Disconnect) -> Result<Answer, Failure> {
    let script = Script::new(load::read(&it.graph)?);
    let ends = it.from.clone().zip(it.to.clone());
    let step = ends.map(|(from, to)| Step::Disconnect(Words { from, to }));
    script.finish(step, &it.writing)
}

pub(super) fn step(script: &mut Script, it: &Words) -> Result<(), Failure> {
    let tried = format!("disconnect {} from {}", it.from, it.to);
    let graph = script.document.graph();
    let (level, from, from_exact) = names::pin_ref(graph, &it.from)?;
    let (to_level, to, to_exact) = names::pin_ref(graph, &it.to)?;
    let index = (level == to_level)
        .then(|| names::graph_at(graph, &level))
        .flatten()
        .and_then(|graph| names::connection(graph, (&from, from_exact), (&to, to_exact)))
        .ok_or_else(|| {
            Failure::not_found(&tried, "there is no such wire, or more than one")
                .cure("`ksgraph check` lists the wires; a pin's instance is written pin[2]")
        })?;
    script.edit(&level, Edit::Disconnect(index), &tried)?;
    let document = json!({ "command": "disconnect", "from": it.from, "to": it.to });
    script.did(&format!("{} -> {} removed", it.from, it.to), document);
    Ok(())
}
