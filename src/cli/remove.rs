//! `ksgraph remove GRAPH FILTER`: a filter goes, with its wires.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::names::{Name, find};
use super::script::{Script, Step, Writing};
use super::{Answer, load};
use crate::graph::Edit;

/// What `remove` takes.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ksgraph remove tone.ron \"Gain 2\"")]
pub(super) struct Remove {
    /// The graph
    graph: PathBuf,
    /// The filter or group: its name or #id
    #[arg(required_unless_present = "batch")]
    filter: Option<String>,
    #[command(flatten)]
    writing: Writing,
}

/// What `remove` takes in a batch.
#[derive(Args, Clone, Debug)]
pub(super) struct Words {
    /// The filter or group
    filter: String,
}

pub(super) fn run(it: &Remove) -> Result<Answer, Failure> {
    let script = Script::new(load::read(&it.graph)?);
    let step = it
        .filter
        .clone()
        .map(|filter| Step::Remove(Words { filter }));
    script.finish(step, &it.writing)
}

pub(super) fn step(script: &mut Script, it: &Words) -> Result<(), Failure> {
    let tried = format!("remove {}", it.filter);
    let name = Name::read_in(script.document.graph(), &it.filter)?;
    if name.member().is_some() {
        return Err(Failure::usage(tried, "wanted a filter, not a pin")
            .cure("quote a name that holds dots: '\"a.b\"'"));
    }
    let (found, mut level) = find(script.document.graph(), &name)?;
    let (id, name) = (found.id, found.node.name.clone());
    let wires = found.graph.connections.iter();
    let ends = wires.filter(|wire| wire.from.filter == id || wire.to.filter == id);
    let wires = ends.count();
    level.0.pop();
    script.edit(&level, Edit::Remove(vec![id]), &tried)?;
    let document = json!({ "command": "remove", "id": id.0, "name": name, "wires": wires });
    script.did(&format!("{name} removed with {wires} wires"), document);
    Ok(())
}
