//! Opening and saving the document.

use std::path::{Path, PathBuf};

use super::media::move_paths;
use super::{App, Selection, Urgency};
use crate::graph::{FilterPath, Graph, load, save_atomically, to_ron};

impl App {
    /// Opens a file. What cannot be read leaves everything as it is, and says why.
    pub(super) fn open(&mut self, path: &Path) {
        if let Err(text) = self.try_open(path) {
            self.tell(text);
        }
    }

    /// Opens a file; the error is the sentence for the user.
    pub fn try_open(&mut self, path: &Path) -> Result<(), String> {
        let loaded = load(path).map_err(|error| error.to_string())?;
        // Paths inside are relative to the file, wherever the program was started.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        self.open_document(loaded.graph, Some(path.clone()));
        self.change_preferences(|it| it.remember(&path));
        for warning in loaded.warnings {
            let text = format!("line {}: {}", warning.line, warning.text);
            self.say(Urgency::Attention, &name, None, text);
        }
        Ok(())
    }

    /// Makes `graph` the document.
    pub fn open_document(&mut self, graph: Graph, path: Option<PathBuf>) {
        self.graph = graph;
        self.path = path;
        self.history = crate::graph::History::default();
        self.selection = Selection::default();
        self.place = FilterPath::default();
        self.origins = super::origins::Origins::default();
        self.limits.clear();
        self.refusal = None;
        self.pending = None;
        self.play_mode = None;
        self.last_keyboard = None;
        self.xruns = super::dropouts::Dropouts::default();
        self.barred.clear();
        self.forget_quality();
        self.fired.clear();
        self.forget_stories();
        self.forget_timeline();
        self.forget_devices();
        if let Some(observer) = &mut self.observer {
            observer.forget_files();
            // What was known of files may be long ago.
            self.facts.files.clear();
        }
        self.has_media_to_tell = true;
        self.forget_media_questions();
        self.dropped.clear();
        self.watch_another();
        self.agree();
    }

    pub(super) fn save(&mut self, to: Option<PathBuf>) {
        let Some(path) = to.or_else(|| self.path.clone()) else {
            self.tell("The graph has no file yet: save it under a name".into());
            return;
        };
        let path = std::path::absolute(&path).unwrap_or(path);
        let graph = self.for_folder(path.parent());
        let text = to_ron(&graph);
        let before = self.before_save(&path, &text);
        match save_atomically(&path, &text) {
            Ok(()) => {
                self.keep_backup(&path, before);
                let has_moved = self.path.as_ref().and_then(|path| path.parent()) != path.parent();
                self.graph = graph;
                self.path = Some(path.clone());
                self.history.mark_saved();
                self.change_preferences(|it| it.remember(&path));
                self.say(
                    Urgency::News,
                    "File",
                    None,
                    format!("Saved {}", path.display()),
                );
                if has_moved {
                    self.agree();
                }
            }
            Err(error) => {
                let offers = vec![super::Offer {
                    words: "Save as\u{2026}".into(),
                    action: super::Action::ChooseFile,
                }];
                self.tell_offering(format!("Not saved: {error}"), offers);
            }
        }
    }

    /// The graph as it stands in a file of that folder: paths that were relative to the old one lead to the same files.
    fn for_folder(&self, folder: Option<&Path>) -> Graph {
        let mut graph = self.graph.clone();
        if folder.is_some() {
            move_paths(&mut graph, &self.catalogue, self.base().as_deref(), folder);
        }
        graph
    }

    /// Says something that should be seen, though nothing is lost.
    pub(super) fn warn(&mut self, source: &str, text: String) {
        self.say(Urgency::Attention, source, None, text.clone());
        let banner = super::Banner {
            urgency: Urgency::Attention,
            text,
            is_dismissible: true,
            offers: vec![],
        };
        self.banners.insert(0, banner);
    }

    /// Says something that must be seen.
    pub(super) fn tell(&mut self, text: String) {
        self.tell_offering(text, vec![]);
    }

    /// The same with what can be done about it.
    fn tell_offering(&mut self, text: String, offers: Vec<super::Offer>) {
        self.say(Urgency::Error, "File", None, text.clone());
        let banner = super::Banner {
            urgency: Urgency::Error,
            text,
            is_dismissible: true,
            offers,
        };
        self.banners.insert(0, banner);
    }
}
