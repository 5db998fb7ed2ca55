//! `ksgraph picture GRAPH -o OUT`: the canvas as it would be drawn.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::failure::Failure;
use super::{Answer, load};
use crate::app::{palette, picture};
use crate::graph::save_atomically;

/// Which colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Theme {
    Dark,
    Light,
    HighContrast,
}

/// What `picture` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph picture graphs/first_sound.ron -o first_sound.png --scale 2"
)]
pub(super) struct Picture {
    /// The graph
    graph: PathBuf,
    /// The picture to write: .png, .svg, or .dot for Graphviz
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Pixels a point
    #[arg(long, default_value_t = 1.0)]
    scale: f32,
    /// The colours
    #[arg(long, value_enum, default_value_t = Theme::Dark)]
    theme: Theme,
}

pub(super) fn run(it: &Picture) -> Result<Answer, Failure> {
    let tried = format!("draw {}", it.graph.display());
    if !(0.1..=8.0).contains(&it.scale) {
        return Err(Failure::usage(
            tried,
            format!("--scale is {}; wanted 0.1 to 8", it.scale),
        ));
    }
    let document = load::read(&it.graph)?;
    let bench = load::nominal(&document, None);
    let look = picture::Look {
        palette: match it.theme {
            Theme::Dark => &palette::DARK,
            Theme::Light => &palette::LIGHT,
            Theme::HighContrast => &palette::HIGH_CONTRAST,
        },
        scale: it.scale,
    };
    let drawn = picture::bytes(&it.output, document.graph(), &bench.wiring, &look);
    let bytes = drawn.map_err(|reason| {
        let reason = format!("{}: {reason}", it.output.display());
        Failure::usage(&tried, reason).cure("a name in .png, .svg or .dot; a smaller --scale")
    })?;
    let ending = it.output.extension().unwrap_or_default();
    let ending = ending.to_string_lossy().to_lowercase();
    save_atomically(&it.output, &bytes).map_err(|error| {
        Failure::file(
            &it.output,
            format!("write {}", it.output.display()),
            error.to_string(),
        )
        .cure("check the folder and its space")
    })?;
    let (filters, wires) = (
        document.graph().filters.len(),
        document.graph().connections.len(),
    );
    Ok(Answer::new(
        format!(
            "{}: {filters} filters, {wires} wires\n",
            it.output.display()
        ),
        json!({ "output": it.output, "kind": ending, "filters": filters, "wires": wires, "bytes": bytes.len() }),
    ))
}
