//! `ksgraph add GRAPH KEY`: a new filter.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::names::unquoted;
use super::script::{Script, Step, Writing};
use super::{Answer, filters, load};
use crate::graph::{Edit, FilterPath, Node, Position};

/// Room between filters that are given no place.
const COLUMN: f32 = 240.0;

/// What `add` takes.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ksgraph add tone.ron gain --name Volume --at 300,120")]
pub(super) struct Add {
    /// The graph
    graph: PathBuf,
    /// What kind of filter: a key as `filters` prints it
    #[arg(required_unless_present = "batch")]
    key: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    writing: Writing,
}

/// What `add` takes in a batch.
#[derive(Args, Clone, Debug)]
pub(super) struct Words {
    /// What kind of filter
    key: String,
    #[command(flatten)]
    place: Place,
}

/// Name and place of a new filter.
#[derive(Args, Clone, Debug)]
struct Place {
    /// Its name; without it its title, `Title 2`, `Title 3`
    #[arg(long)]
    name: Option<String>,
    /// Where its upper left corner stands on the canvas
    #[arg(long, value_name = "X,Y", allow_hyphen_values = true)]
    at: Option<At>,
}

/// A place as it is written.
#[derive(Clone, Copy, Debug)]
struct At(Position);

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse().ok().filter(|it: &f32| it.is_finite());
        text.split_once(',')
            .and_then(|(x, y)| {
                Some(Self(Position {
                    x: number(x)?,
                    y: number(y)?,
                }))
            })
            .ok_or_else(|| "wanted two numbers with a comma between them, 300,120".to_owned())
    }
}

pub(super) fn run(it: &Add) -> Result<Answer, Failure> {
    let script = Script::new(load::read(&it.graph)?);
    let step = it.key.clone().map(|key| {
        Step::Add(Words {
            key,
            place: it.place.clone(),
        })
    });
    script.finish(step, &it.writing)
}

pub(super) fn step(script: &mut Script, it: &Words) -> Result<(), Failure> {
    let kind = filters::find(&script.bench.catalogue, &it.key)?.descriptor();
    let (key, title) = (kind.key.to_string(), kind.title.to_string());
    let graph = script.document.graph();
    let at = it.place.at.map_or_else(
        || beside(graph.filters.values().map(|node| &**node)),
        |at| at.0,
    );
    let mut edit = Edit::add_filter(graph, &key, &title, at);
    if let (Edit::Add { node, .. }, Some(name)) = (&mut edit, &it.place.name) {
        node.name = unquoted(name).unwrap_or_else(|| name.clone());
    }
    let Edit::Add { id, node } = &edit else {
        return Err(Failure::usage("add a filter", "it is no filter"));
    };
    let (id, name) = (*id, node.name.clone());
    let tried = format!("add {key} as {name}");
    script.edit(&FilterPath::default(), edit, &tried)?;
    let document = json!({ "command": "add", "id": id.0, "name": name, "key": key });
    script.did(&name, document);
    Ok(())
}

/// To the right of what is there.
fn beside<'a>(nodes: impl Iterator<Item = &'a Node>) -> Position {
    let last = nodes
        .map(|node| node.position)
        .reduce(|a, b| if b.x > a.x { b } else { a });
    last.map_or(Position { x: 80.0, y: 120.0 }, |last| Position {
        x: last.x + COLUMN,
        y: last.y,
    })
}
