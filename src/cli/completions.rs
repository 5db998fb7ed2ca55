//! `ksgraph completions SHELL`: what a shell needs to complete this program's words.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde_json::json;

use super::failure::Failure;
use super::{Answer, Arguments};

/// What `completions` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph completions bash > ~/.local/share/bash-completion/completions/ksgraph"
)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

pub(super) fn run(it: &Completions) -> Result<Answer, Failure> {
    let mut script = vec![];
    clap_complete::generate(it.shell, &mut Arguments::command(), "ksgraph", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let document = json!({ "shell": it.shell.to_string(), "script": script });
    Ok(Answer::new(script, document))
}
