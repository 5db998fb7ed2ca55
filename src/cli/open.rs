//! `ksgraph open MEDIA... -o GRAPH`: the graph that plays files of sound and of notes; without a graph to write, the editor with it.
//!
//! Which filter reads a file, and what comes behind it, is SysAudio's to say: the first file is led to a device, several meet in
//! a mixer, a song finds the synthesizer of a bank that is opened with it. A file is looked at before anything is built, and
//! nothing is written when nothing reads or renders one of them; what is rendered in part only is said.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value as Json, json};

use super::connect::{self, Merits};
use super::failure::Failure;
use super::load::Document;
use super::script::{Script, Writing};
use super::{Answer, say};
use crate::app::relative;
use crate::graph::{FilterPath, Position};
use crate::ks::{FileFact, Property, Settings, Value, path_text};
use crate::media;
use crate::sysaudio::{Attempt, Media, Outcome, readers};

/// What `open` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph open song.flac voice.wav -o both.ron && ksgraph play both.ron\n  ksgraph open song.mid"
)]
pub(super) struct Open {
    /// Files of sound: WAV, AIFF, CAF, FLAC, Ogg Vorbis, Opus, MP3, AAC and M4A; of notes: MIDI; banks of instruments; and whatever
    /// a filter of yours says it reads
    #[arg(required = true, value_name = "MEDIA")]
    media: Vec<PathBuf>,
    /// The graph to write; without it the editor opens and plays it
    #[arg(long, short, value_name = "GRAPH")]
    output: Option<PathBuf>,
    /// The bank of instruments that plays notes: Downloadable Sounds (.dls) or a SoundFont (.sf2)
    #[arg(long, value_name = "FILE")]
    bank: Option<PathBuf>,
    /// Print every attempt, as a tree
    #[arg(long, requires = "output")]
    log: bool,
    #[command(flatten)]
    merits: Merits,
}

/// From one column of filters to the next, and from one row to the next.
const COLUMN: f32 = 304.0;
const ROW: f32 = 224.0;
/// A property that names a file, to say how one is named.
const FILE: Property = Property::path("path", "File");

/// The files for the editor, a bank first, where no graph is to be written; each is looked at before any window opens.
pub(super) fn for_the_editor(it: &Open) -> Option<Result<Vec<PathBuf>, Failure>> {
    if it.output.is_some() {
        return None;
    }
    let script = Script::new(Document::new(Path::new("graph.ron")));
    let looked = it
        .bank
        .iter()
        .try_for_each(|path| look_at_bank(path).map(|_| ()));
    let looked = looked.and_then(|()| {
        let mut media = it.media.iter();
        media.try_for_each(|path| look(path, &script).map(|_| ()))
    });
    Some(looked.map(|()| it.bank.iter().chain(&it.media).cloned().collect()))
}

pub(super) fn run(it: &Open) -> Result<Answer, Failure> {
    let Some(output) = &it.output else {
        return Err(Failure::usage("open", "no graph to write was named").cure("-o graph.ron"));
    };
    let tried = format!("open into {}", output.display());
    if it.media.iter().any(|media| same(media, output)) {
        return Err(
            Failure::usage(tried, "it is one of the files that are opened")
                .cure("name another file: -o graph.ron"),
        );
    }
    let mut script = Script::new(Document::new(output));
    let found: Result<Vec<_>, _> = it.media.iter().map(|path| look(path, &script)).collect();
    let found = found?;
    let bank = it.bank.as_deref().map(look_at_bank).transpose()?;
    let is_song = |it: &Found| matches!(it.fact, FileFact::Song(_));
    if let Some(bank) = &it.bank
        && !found.iter().any(is_song)
    {
        let reason = format!(
            "{} plays notes, and none of the files has any",
            bank.display()
        );
        return Err(Failure::usage(tried, reason).cure("leave --bank out, or add a MIDI file"));
    }
    // What is heard keeps its format, and of the richest nothing is lost. A song finds the synthesizer that stands there with its
    // bank.
    let mut order: Vec<_> = it.media.iter().zip(&found).enumerate().collect();
    let riches = |it: &Found| match it.fact {
        FileFact::Song(_) | FileFact::Bank => (Some(2), Some(48_000)),
        _ => (it.about["channels"].as_u64(), it.about["rate_hz"].as_u64()),
    };
    let turn = |it: &Found| it.fact != FileFact::Bank;
    order.sort_by_key(|(_, (_, it))| (std::cmp::Reverse(riches(it)), turn(it)));
    let mut did = Did::default();
    for (row, (path, media)) in order {
        let y = 120.0 + row as f32 * ROW;
        if let Some(bank) = it.bank.as_deref().filter(|_| is_song(media)) {
            let at = Position {
                x: 80.0 + COLUMN,
                y,
            };
            render(&mut script, it, (bank, &FileFact::Bank, at), &mut did)?;
        }
        let at = Position { x: 80.0, y };
        render(&mut script, it, (path, &media.fact, at), &mut did)?;
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
    answer.json["partial"] = json!(!did.left.is_empty());
    answer.json["left"] = json!(did.left);
    if it.log {
        answer.json["attempts"] = did.attempts.iter().map(connect::shape).collect();
    }
    if let Some(about) = bank {
        answer.json["bank"] = about;
    }
    Ok(answer)
}

/// What came of it.
#[derive(Default)]
struct Did {
    left: Vec<String>,
    attempts: Vec<Attempt>,
}

/// Renders a file in the graph as it is.
fn render(
    script: &mut Script,
    it: &Open,
    (path, fact, at): (&Path, &FileFact, Position),
    did: &mut Did,
) -> Result<(), Failure> {
    let tried = format!("open {}", path.display());
    let seen = seen_from(path, script.document.base.as_deref());
    let value = Value::Text(seen.clone());
    let values = [(FILE.key.to_owned(), value)].into();
    let settings = Settings {
        values: &values,
        base: script.document.base.as_deref(),
    };
    if let Some(path) = settings.path(&FILE) {
        script.bench.facts.files.insert(path, fact.clone());
    }
    let media = Media {
        path: &seen,
        fact,
        at,
    };
    let level = FilterPath::default();
    let (is_told, merits) = (it.log, &it.merits);
    let found = connect::with_builder(script, &level, (is_told, merits), |builder, site| {
        builder.render_file(site, &media)
    })?;
    let rendered = match found {
        Ok(rendered) => rendered,
        Err(attempt) => {
            let failure = Failure::no(&tried, attempt.outcome.words())
                .cure("`--log` shows what was tried; `ksgraph filters` lists what there is");
            return Err(connect::with_log(failure, it.log, &attempt));
        }
    };
    script.edit(&level, rendered.edit, &tried)?;
    let log = connect::told(it.log, &rendered.attempt);
    let mut line = format!("{log}{}: {}", path.display(), rendered.names.join(", "));
    if let Outcome::Partly(words) = &rendered.attempt.outcome {
        line += &format!("; rendered {words}");
        say(&format!("{}: rendered {words}", path.display()));
    }
    let document = json!({
        "command": "open",
        "path": path.to_string_lossy(),
        "inserted": rendered.names,
        "left": rendered.left,
        "partial": !rendered.left.is_empty(),
    });
    script.did(&line, document);
    did.left.extend(rendered.left);
    did.attempts.push(rendered.attempt);
    Ok(())
}

/// A file that was looked at.
struct Found {
    fact: FileFact,
    /// What it is.
    about: Json,
    /// What was odd about it.
    remarks: Vec<String>,
}

/// What a file is. One that nothing reads ends the command.
fn look(path: &Path, script: &Script) -> Result<Found, Failure> {
    let tried = format!("open {}", path.display());
    let fact = crate::filters::probe(path);
    let mut remarks = vec![];
    let about = match &fact {
        FileFact::Song(song) => {
            remarks.clone_from(&song.remarks);
            json!({
                "path": path.to_string_lossy(),
                "container": "MIDI",
                "type": song.kind,
                "tracks": song.tracks,
                "events": song.events,
                "seconds": song.duration as f64 / 1e7,
                "remarks": song.remarks,
            })
        }
        FileFact::Bank => look_at_bank(path)?,
        FileFact::Unusable(reason) if is_song(path) => {
            return Err(Failure::file(path, &tried, reason.clone())
                .cure("wanted a whole MIDI file: the program that wrote it may write it anew"));
        }
        FileFact::Unusable(_) if is_read(path, &fact, script) => {
            json!({ "path": path.to_string_lossy() })
        }
        FileFact::Unusable(_) | FileFact::Wave { .. } | FileFact::Pending => {
            look_at_sound(path, &tried)?
        }
    };
    Ok(Found {
        fact,
        about,
        remarks,
    })
}

/// Whether a file begins as a song does, whatever is wrong further on.
fn is_song(path: &Path) -> bool {
    use std::io::Read;
    let mut head = vec![];
    let read = std::fs::File::open(path).map(|file| file.take(12).read_to_end(&mut head));
    matches!(read, Ok(Ok(_))) && crate::filters::midi_file_reader::is_song(&head)
}

/// Whether a filter says that it reads a file the program does not know. One that is not there nobody reads.
fn is_read(path: &Path, fact: &FileFact, script: &Script) -> bool {
    let merit = |it: &crate::ks::Descriptor| it.merit;
    path.is_file() && !readers(&script.bench.catalogue, &merit, path, fact).is_empty()
}

fn look_at_sound(path: &Path, tried: &str) -> Result<Json, Failure> {
    let source = media::open(path).map_err(|error| {
        if path.is_file() && path.extension().is_some_and(|it| it == "ron") {
            let graph = path.display();
            return Failure::file(path, tried, "it is a graph and no file of sound").cure(format!(
                "`ksgraph {graph}` opens a graph in the editor, `ksgraph play {graph}` plays it"
            ));
        }
        Failure::file(path, tried, error.to_string())
            .cure("wanted a file of sound: WAV, W64, AIFF, AU, CAF, FLAC, Ogg Vorbis, MP3, AAC or M4A; or of notes: MIDI")
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
