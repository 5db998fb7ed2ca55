//! `ksgraph bypass`, `disable` and `enable`: filters that let through, take no part, or work again.
//!
//! A group stands for all that is in it, as on the canvas. What stands so already stays so.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::names::{Name, find};
use super::script::{Script, Step, Writing};
use super::{Answer, load};
use crate::graph::{Edit, FilterId, Node, NodeKind};

/// What `bypass` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph bypass tone.ron Gain\n  ksgraph bypass tone.ron Gain --off"
)]
pub(super) struct Bypass {
    /// The graph
    graph: PathBuf,
    /// The filters or groups: names or #id
    #[arg(required_unless_present = "batch")]
    filters: Vec<String>,
    /// Let them work again
    #[arg(long)]
    off: bool,
    #[command(flatten)]
    writing: Writing,
}

/// What `disable` takes.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ksgraph disable tone.ron Gain")]
pub(super) struct Disable {
    #[command(flatten)]
    which: Which,
}

/// What `enable` takes.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ksgraph enable tone.ron Gain")]
pub(super) struct Enable {
    #[command(flatten)]
    which: Which,
}

#[derive(Args, Debug)]
struct Which {
    /// The graph
    graph: PathBuf,
    /// The filters or groups: names or #id
    #[arg(required_unless_present = "batch")]
    filters: Vec<String>,
    #[command(flatten)]
    writing: Writing,
}

/// What `bypass` takes in a batch.
#[derive(Args, Clone, Debug)]
pub(super) struct BypassWords {
    /// The filters or groups
    #[arg(required = true)]
    filters: Vec<String>,
    /// Let them work again
    #[arg(long)]
    off: bool,
}

/// What `disable` and `enable` take in a batch.
#[derive(Args, Clone, Debug)]
pub(super) struct Words {
    /// The filters or groups
    #[arg(required = true)]
    filters: Vec<String>,
}

pub(super) fn bypass(it: &Bypass) -> Result<Answer, Failure> {
    let (filters, off) = (it.filters.clone(), it.off);
    let step = (!filters.is_empty()).then_some(Step::Bypass(BypassWords { filters, off }));
    Script::new(load::read(&it.graph)?).finish(step, &it.writing)
}

pub(super) fn disable(it: &Disable) -> Result<Answer, Failure> {
    part(&it.which, Step::Disable)
}

pub(super) fn enable(it: &Enable) -> Result<Answer, Failure> {
    part(&it.which, Step::Enable)
}

fn part(which: &Which, step: fn(Words) -> Step) -> Result<Answer, Failure> {
    let filters = which.filters.clone();
    let step = (!filters.is_empty()).then(|| step(Words { filters }));
    Script::new(load::read(&which.graph)?).finish(step, &which.writing)
}

pub(super) fn bypass_step(script: &mut Script, it: &BypassWords) -> Result<(), Failure> {
    let is_on = !it.off;
    let edit = |filter| Edit::SetBypass { filter, is_on };
    let words = if is_on {
        "bypassed"
    } else {
        "no longer bypassed"
    };
    each(script, &it.filters, "bypass", words, &edit)
}

pub(super) fn part_step(script: &mut Script, it: &Words, takes_part: bool) -> Result<(), Failure> {
    let is_on = !takes_part;
    let edit = |filter| Edit::SetDisabled { filter, is_on };
    let (command, words) = match takes_part {
        true => ("enable", "enabled"),
        false => ("disable", "disabled"),
    };
    each(script, &it.filters, command, words, &edit)
}

fn each(
    script: &mut Script,
    names: &[String],
    command: &str,
    words: &str,
    edit: &dyn Fn(FilterId) -> Edit,
) -> Result<(), Failure> {
    for text in names {
        let tried = format!("{command} {text}");
        let name = Name::read_in(script.document.graph(), text)?;
        if name.member().is_some() {
            return Err(Failure::usage(tried, "wanted a filter, not a pin")
                .cure("quote a name that holds dots: '\"a.b\"'"));
        }
        let (found, mut level) = find(script.document.graph(), &name)?;
        let (id, title) = (found.id, found.node.name.clone());
        let edits = inside(id, found.node, edit);
        level.0.pop();
        let filters = edits.len();
        script.edit(&level, Edit::Batch(edits), &tried)?;
        let document = json!({ "command": command, "id": id.0, "name": title, "filters": filters });
        script.did(&format!("{title} {words}"), document);
    }
    Ok(())
}

/// An edit for a filter, or for each one in a group.
fn inside(id: FilterId, node: &Node, edit: &dyn Fn(FilterId) -> Edit) -> Vec<Edit> {
    match (&node.kind, node.kind.filter()) {
        (_, Some(_)) | (NodeKind::Filter(_), None) => vec![edit(id)],
        (NodeKind::Group(group), None) => {
            let nodes = group.graph.filters.iter();
            let edits = nodes.flat_map(|(id, node)| inside(*id, node, edit));
            edits.map(|edit| edit.within(&[id])).collect()
        }
    }
}
