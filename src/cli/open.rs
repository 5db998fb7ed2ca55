//! `ksgraph open MEDIA... -o GRAPH`: the graph that plays files of sound.
//!
//! Each file gets a reader; several meet in a mixer; what formats ask for goes in between, as with `connect`. A file is
//! looked at before anything is built, and nothing is written when one of them is no sound.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value as Json, json};

use super::Answer;
use super::failure::Failure;
use super::load::Document;
use super::script::{Script, Writing, parse};
use crate::app::relative;
use crate::graph::{Edit, FilterPath};
use crate::ks::Value;
use crate::media;

/// What `open` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph open song.flac voice.wav -o both.ron && ksgraph play both.ron"
)]
pub(super) struct Open {
    /// Files of sound: WAV, AIFF, CAF, FLAC, Ogg Vorbis, MP3, AAC and M4A
    #[arg(required = true, value_name = "MEDIA")]
    media: Vec<PathBuf>,
    /// The graph to write
    #[arg(long, short, value_name = "GRAPH")]
    output: PathBuf,
}

/// From one column of filters to the next, and from one row to the next.
const COLUMN: usize = 304;
const ROW: usize = 224;

pub(super) fn run(it: &Open) -> Result<Answer, Failure> {
    let tried = format!("open into {}", it.output.display());
    if it.media.iter().any(|media| same(media, &it.output)) {
        return Err(
            Failure::usage(tried, "it is one of the files that are opened")
                .cure("name another file: -o graph.ron"),
        );
    }
    let found: Result<Vec<_>, _> = it.media.iter().map(|path| look(path)).collect();
    let found = found?;
    let mut script = Script::new(Document::new(&it.output));
    let mut readers = vec![];
    for (index, path) in it.media.iter().enumerate() {
        let at = format!("{},{}", 80, 120 + index * ROW);
        step(&mut script, &["add", "wave_reader", "--at", &at])?;
        let graph = script.document.graph();
        let Some((&id, node)) = graph.filters.iter().next_back() else {
            continue;
        };
        readers.push(node.name.clone());
        let seen = seen_from(path, script.document.base.as_deref());
        let set = Edit::SetProperty {
            filter: id,
            key: "path".into(),
            value: Some(Value::Text(seen)),
        };
        script.edit(&FilterPath::default(), set, &tried)?;
    }
    let middle = 120 + (it.media.len() - 1) * ROW / 2;
    let column = |count: usize| format!("{},{middle}", 80 + count * COLUMN);
    let out = |name: &str| format!("\"{name}\".out");
    let end = "\"Audio Device Out\".in";
    if let [only] = &readers[..] {
        step(
            &mut script,
            &["add", "audio_device_out", "--at", &column(2)],
        )?;
        step(&mut script, &["connect", &out(only), end])?;
    } else {
        step(&mut script, &["add", "mixer", "--at", &column(2)])?;
        step(
            &mut script,
            &["add", "audio_device_out", "--at", &column(3)],
        )?;
        step(&mut script, &["connect", "Mixer.out", end])?;
        // The mixer takes the format of what comes first: of the richest nothing is lost.
        let mut order: Vec<_> = readers.iter().zip(&found).collect();
        let riches = |sound: &Json| (sound["channels"].as_u64(), sound["rate_hz"].as_u64());
        order.sort_by_key(|(_, sound)| std::cmp::Reverse(riches(sound)));
        for (reader, _) in order {
            step(&mut script, &["connect", &out(reader), "Mixer.in"])?;
        }
    }
    let writing = Writing {
        output: None,
        batch: None,
    };
    let mut answer = script.finish(None, &writing)?;
    answer.json["media"] = json!(found);
    Ok(answer)
}

fn step(script: &mut Script, words: &[&str]) -> Result<(), Failure> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    parse(&words).and_then(|step| script.step(&step))
}

/// What a file is, as JSON. One that is no sound ends the command.
fn look(path: &Path) -> Result<Json, Failure> {
    let tried = format!("open {}", path.display());
    if path.to_str().is_none() {
        return Err(
            Failure::file(path, tried, "its name is not UTF-8, and a graph is text")
                .cure("give the file another name"),
        );
    }
    let source = media::open(path).map_err(|error| {
        Failure::file(path, &tried, error.to_string())
            .cure("wanted a file of sound: WAV, AIFF, CAF, FLAC, Ogg Vorbis, MP3, AAC or M4A")
    })?;
    let info = source.info();
    let tags: serde_json::Map<String, Json> = info
        .tags
        .iter()
        .map(|(name, word)| (name.to_owned(), word.into()))
        .collect();
    Ok(json!({
        "path": path.to_string_lossy(),
        "container": info.container,
        "codec": info.codec,
        "rate_hz": info.rate_hz,
        "channels": info.channels,
        "frames": info.frames,
        "seconds": info.seconds(),
        "tags": tags,
    }))
}

/// A path as a graph in that folder names it.
fn seen_from(path: &Path, base: Option<&Path>) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let seen = base.map_or_else(|| whole.clone(), |base| relative(&whole, base));
    seen.to_string_lossy().into_owned()
}

fn same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    whole(one).is_some_and(|one| Some(one) == whole(other))
}
