//! `ksgraph open MEDIA... -o GRAPH`: the graph that plays files of sound and of notes.
//!
//! Each file gets a reader, and notes a synthesizer behind it; several meet in a mixer; what formats ask for goes in
//! between, as with `connect`. A file is looked at before anything is built, and nothing is written when one of them is
//! neither.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value as Json, json};

use super::Answer;
use super::failure::Failure;
use super::load::Document;
use super::script::{Script, Writing, parse};
use crate::app::relative;
use crate::graph::{Edit, FilterId, FilterPath};
use crate::ks::{FileFact, Value, path_text};
use crate::media;

/// What `open` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph open song.flac voice.wav -o both.ron && ksgraph play both.ron"
)]
pub(super) struct Open {
    /// Files of sound: WAV, AIFF, CAF, FLAC, Ogg Vorbis, MP3, AAC and M4A; of notes: MIDI
    #[arg(required = true, value_name = "MEDIA")]
    media: Vec<PathBuf>,
    /// The graph to write
    #[arg(long, short, value_name = "GRAPH")]
    output: PathBuf,
    /// The bank of instruments that plays notes: Downloadable Sounds (.dls) or a SoundFont (.sf2)
    #[arg(long, value_name = "FILE")]
    bank: Option<PathBuf>,
}

/// From one column of filters to the next, and from one row to the next.
const COLUMN: usize = 304;
const ROW: usize = 224;
/// What plays notes.
const SYNTH: &str = "dls_synth";

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
    let bank = it.bank.as_deref().map(look_at_bank).transpose()?;
    if let Some(bank) = &it.bank
        && found.iter().all(|it| it.plays == Plays::Sound)
    {
        let reason = format!(
            "{} plays notes, and none of the files has any",
            bank.display()
        );
        return Err(Failure::usage(tried, reason).cure("leave --bank out, or add a MIDI file"));
    }
    let mut script = Script::new(Document::new(&it.output));
    let mut outputs = vec![];
    for (index, (path, found)) in it.media.iter().zip(&found).enumerate() {
        let y = 120 + index * ROW;
        let key = match found.plays {
            Plays::Sound => "wave_reader",
            Plays::Notes => "midi_file_reader",
        };
        let (id, mut name) = add(&mut script, key, (80, y))?;
        let seen = seen_from(path, script.document.base.as_deref());
        let set = Edit::SetProperty {
            filter: id,
            key: "path".into(),
            value: Some(Value::Text(seen)),
        };
        script.edit(&FilterPath::default(), set, &tried)?;
        if found.plays == Plays::Notes {
            let (id, synth) = add(&mut script, SYNTH, (80 + COLUMN, y))?;
            if let Some(bank) = &it.bank {
                let seen = seen_from(bank, script.document.base.as_deref());
                let set = Edit::SetProperty {
                    filter: id,
                    key: "bank".into(),
                    value: Some(Value::Text(seen)),
                };
                script.edit(&FilterPath::default(), set, &tried)?;
            }
            let (from, to) = (format!("\"{name}\".notes"), format!("\"{synth}\".notes"));
            step(&mut script, &["connect", &from, &to])?;
            name = synth;
        }
        outputs.push(name);
    }
    let middle = 120 + (it.media.len() - 1) * ROW / 2;
    let column = |count: usize| (80 + count * COLUMN, middle);
    let out = |name: &str| format!("\"{name}\".out");
    let end = "\"Audio Device Out\".in";
    if let [only] = &outputs[..] {
        add(&mut script, "audio_device_out", column(2))?;
        step(&mut script, &["connect", &out(only), end])?;
    } else {
        add(&mut script, "mixer", column(2))?;
        add(&mut script, "audio_device_out", column(3))?;
        step(&mut script, &["connect", "Mixer.out", end])?;
        // The mixer takes the format of what comes first: of the richest nothing is lost. A synthesizer gives any.
        let mut order: Vec<_> = outputs.iter().zip(&found).collect();
        let riches = |it: &Found| (it.about["channels"].as_u64(), it.about["rate_hz"].as_u64());
        order.sort_by_key(|(_, found)| std::cmp::Reverse(riches(found)));
        for (name, _) in order {
            step(&mut script, &["connect", &out(name), "Mixer.in"])?;
        }
    }
    let writing = Writing {
        output: None,
        batch: None,
    };
    let mut answer = script.finish(None, &writing)?;
    for (path, found) in it.media.iter().zip(&found) {
        for remark in &found.remarks {
            answer.text += &format!("{}: {remark}\n", path.display());
        }
    }
    let media = found.into_iter().map(|it| it.about);
    answer.json["media"] = media.collect();
    if let Some(about) = bank {
        answer.json["bank"] = about;
    }
    Ok(answer)
}

/// Adds a filter there. Gives its id and the name it got.
fn add(
    script: &mut Script,
    key: &str,
    (x, y): (usize, usize),
) -> Result<(FilterId, String), Failure> {
    step(script, &["add", key, "--at", &format!("{x},{y}")])?;
    let mut filters = script.document.graph().filters.iter();
    let (&id, node) = filters
        .next_back()
        .ok_or_else(|| Failure::usage("open", "no filter was added"))?;
    Ok((id, node.name.clone()))
}

fn step(script: &mut Script, words: &[&str]) -> Result<(), Failure> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    parse(&words).and_then(|step| script.step(&step))
}

/// What plays a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plays {
    Sound,
    Notes,
}

/// A file that was looked at.
struct Found {
    plays: Plays,
    /// What it is.
    about: Json,
    /// What was odd about it.
    remarks: Vec<String>,
}

/// What a file is. One that is neither sound nor notes ends the command.
fn look(path: &Path) -> Result<Found, Failure> {
    let tried = format!("open {}", path.display());
    if let FileFact::Song(song) = crate::filters::probe(path) {
        let about = json!({
            "path": path.to_string_lossy(),
            "container": "MIDI",
            "type": song.kind,
            "tracks": song.tracks,
            "events": song.events,
            "seconds": song.duration as f64 / 1e7,
            "remarks": song.remarks,
        });
        return Ok(Found {
            plays: Plays::Notes,
            about,
            remarks: song.remarks.clone(),
        });
    }
    let source = media::open(path).map_err(|error| {
        Failure::file(path, &tried, error.to_string())
            .cure("wanted a file of sound: WAV, W64, AIFF, AU, CAF, FLAC, Ogg Vorbis, MP3, AAC or M4A; or of notes: MIDI")
    })?;
    let info = source.info();
    let tags: serde_json::Map<String, Json> = info
        .tags
        .iter()
        .map(|(name, word)| (name.to_owned(), word.into()))
        .collect();
    let about = json!({
        "path": path.to_string_lossy(),
        "container": info.container,
        "codec": info.codec,
        "rate_hz": info.rate_hz,
        "channels": info.channels,
        "frames": info.frames,
        "seconds": info.seconds(),
        "tags": tags,
    });
    Ok(Found {
        plays: Plays::Sound,
        about,
        remarks: vec![],
    })
}

/// What a bank is. Whatever is none ends the command.
fn look_at_bank(path: &Path) -> Result<Json, Failure> {
    let reason = match crate::filters::dls_synth::look(path) {
        Ok(bank) => {
            return Ok(json!({
                "path": path.to_string_lossy(),
                "name": bank.name,
                "instruments": bank.instruments.len(),
                "waves": bank.waves.len(),
                "remarks": bank.remarks,
            }));
        }
        Err(reason) => reason,
    };
    let tried = format!("open the bank {}", path.display());
    Err(Failure::file(path, &tried, reason)
        .cure("wanted a bank: Downloadable Sounds (.dls) or a SoundFont (.sf2)"))
}

/// A path as a graph in that folder names it.
fn seen_from(path: &Path, base: Option<&Path>) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let seen = base.map_or_else(|| whole.clone(), |base| relative(&whole, base));
    path_text(&seen)
}

fn same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    whole(one).is_some_and(|one| Some(one) == whole(other))
}
