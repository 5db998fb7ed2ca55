//! `ksgraph new -o GRAPH`: an empty graph, or what a batch makes of it.

use std::path::PathBuf;

use clap::Args;

use super::Answer;
use super::failure::Failure;
use super::load::Document;
use super::script::{Script, Writing};

/// What `new` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph new -o tone.ron --batch -\n    add tone --name t\n    add audio_device_out --name out\n    connect t.out out.in\n    set t.frequency=440"
)]
pub(super) struct New {
    /// The graph to write
    #[arg(long, short, value_name = "GRAPH")]
    output: PathBuf,
    /// Carry out a file of edits, one a line, all or none; `-` is standard input
    #[arg(long, value_name = "FILE")]
    batch: Option<PathBuf>,
}

pub(super) fn run(it: &New) -> Result<Answer, Failure> {
    let writing = Writing {
        output: None,
        batch: it.batch.clone(),
    };
    Script::new(Document::new(&it.output)).finish(None, &writing)
}
