//! `ksgraph report GRAPH`: what somebody who is to help needs to know, in one file.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::{Answer, load};
use crate::app::Folders;
use crate::app::picture::Look;
use crate::app::report::{Report, Sources};

/// What `report` takes.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ksgraph report graphs/first_sound.ron -o report.html")]
pub(super) struct Write {
    /// The graph
    graph: PathBuf,
    /// The file to write: a page with the picture in it; .md or .txt is text, with the picture beside it as .svg.
    /// Without it the text is printed
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(it: &Write) -> Result<Answer, Failure> {
    let document = load::read(&it.graph)?;
    let bench = load::nominal(&document, None);
    // Settings are told as they stand: a file that cannot be read is a fact as well.
    let settings = match Folders::find(None) {
        Some(folders) => std::fs::read_to_string(folders.preferences())
            .unwrap_or_else(|error| format!("no settings were read: {error}")),
        None => "this user has no home".to_owned(),
    };
    let filters = bench.wiring.filters.values().map(|filter| {
        let known = match filter.descriptor {
            Some(_) => "installed",
            None => "not installed",
        };
        format!("{} ({}): {known}", filter.name, filter.key)
    });
    // Wires are agreed on the nominal machine; devices are those that are there.
    let facts = crate::device::facts();
    let sources = Sources {
        graph: document.graph(),
        path: Some(&it.graph),
        wiring: &bench.wiring,
        facts: &facts,
        settings,
        engine: vec!["nothing was played; wires are agreed on the nominal machine".to_owned()],
        filters: filters.collect(),
        xruns: &[],
        log: &[],
        look: Look::default(),
    };
    let report = Report::new(&sources, std::env::home_dir().as_deref());
    let Some(output) = &it.output else {
        let text = report.text(None);
        return Ok(Answer::new(text.clone(), json!({ "text": text })));
    };
    let files = report.write(output).map_err(|error| {
        let tried = format!("write {}", output.display());
        Failure::file(output, tried, error.to_string()).cure("check the folder and its space")
    })?;
    let names: Vec<String> = files.iter().map(|it| it.display().to_string()).collect();
    Ok(Answer::new(
        format!("{}\n", names.join("\n")),
        json!({ "output": output, "files": names }),
    ))
}
