//! The graphs that come with the program: where they are, and what each of them shows. Looked for once.

use std::path::{Path, PathBuf};

use super::icons::Icon;

/// A graph to start from.
pub(super) struct Starter {
    pub(super) title: String,
    pub(super) second: String,
    pub(super) icon: Icon,
    pub(super) path: PathBuf,
}

/// All of them, once they were asked for.
#[derive(Default)]
pub(super) struct Starters(Option<Vec<Starter>>);

/// File, title, what it shows, mark; in the order in which they are offered.
const KNOWN: &[(&str, &str, &str, Icon)] = &[
    (
        "first_sound",
        "Keyboard to synth",
        "letter keys play, with meter",
        Icon::Keys,
    ),
    ("wave_player", "WAV player", "a file, looped", Icon::File),
    ("tone", "Tone", "the least that sounds", Icon::Synth),
    ("mixer", "Mixer", "several sources in one", Icon::Mixer),
    (
        "midi_file",
        "MIDI player",
        "a song, with its words",
        Icon::File,
    ),
    (
        "metronome",
        "Metronome",
        "clicks, and notes for a synth",
        Icon::Clock,
    ),
    (
        "clocks",
        "Clocks",
        "one finds out how another drifts",
        Icon::Clock,
    ),
    ("splitter", "Splitter", "one source, two ways", Icon::Split),
    (
        "push_and_pull",
        "Push and pull",
        "pause one sink: who waits?",
        Icon::Pause,
    ),
    (
        "effects",
        "Effects",
        "a loop through all of them",
        Icon::Transform,
    ),
    (
        "analysis",
        "Analysis",
        "scope, spectrum, loudness",
        Icon::Scope,
    ),
    ("feedback", "Feedback", "a loop that is heard", Icon::Undo),
    (
        "lab_device",
        "Lab device",
        "a driver that goes wrong when told to",
        Icon::Transform,
    ),
    (
        "format_clinic",
        "Format clinic",
        "a wire that fails on purpose",
        Icon::Transform,
    ),
];

impl Starters {
    /// What there is, in order.
    pub(super) fn all(&mut self) -> &[Starter] {
        self.0.get_or_insert_with(|| {
            let mut folders = vec![PathBuf::from("graphs")];
            if let Some(folder) = std::env::current_exe()
                .ok()
                .as_deref()
                .and_then(Path::parent)
            {
                let near = ["graphs", "../share/ksgraph/graphs", "../../graphs"];
                folders.extend(near.map(|name| folder.join(name)));
            }
            folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("graphs"));
            folders
                .iter()
                .map(|folder| found(folder))
                .find(|found| !found.is_empty())
                .unwrap_or_default()
        })
    }
}

/// The graphs of a folder: those that are known first, then the others by name.
fn found(folder: &Path) -> Vec<Starter> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return vec![];
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok()?.path().canonicalize().ok())
        .filter(|path| path.extension().is_some_and(|it| it == "ron"))
        .collect();
    let place = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default();
        let known = KNOWN.iter().position(|(name, ..)| stem == *name);
        (known.unwrap_or(KNOWN.len()), path.clone())
    };
    paths.sort_by_key(place);
    let starter = |path: PathBuf| {
        let stem = path.file_stem()?.to_string_lossy().into_owned();
        let known = KNOWN.iter().find(|(name, ..)| stem == *name);
        Some(match known {
            Some((_, title, second, icon)) => Starter {
                title: (*title).to_owned(),
                second: (*second).to_owned(),
                icon: *icon,
                path,
            },
            None => Starter {
                title: super::controls::title_case(&stem),
                second: format!("{stem}.ron"),
                icon: Icon::File,
                path,
            },
        })
    };
    paths.into_iter().filter_map(starter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_graph_is_there_and_comes_in_order() {
        let all = found(&Path::new(env!("CARGO_MANIFEST_DIR")).join("graphs"));
        let titles: Vec<&str> = all.iter().map(|it| it.title.as_str()).collect();
        let known: Vec<&str> = KNOWN.iter().map(|(_, title, ..)| *title).collect();
        assert_eq!(titles[..KNOWN.len()], known[..]);
        assert!(found(Path::new("/there is no such folder")).is_empty());
    }
}
