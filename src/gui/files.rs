//! Which file? Asked of the desktop on a thread of its own, so that the window keeps drawing; where no desktop answers,
//! asked by the program's own picker.
//!
//! A dialog that could not be shown ends exactly as Cancel does, only at once: an answer that comes back sooner than a
//! hand can click is none.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use crate::app::MEDIA_ENDINGS;
use crate::graph::FilterId;

/// Sooner than this no hand has answered.
const TOO_SOON: Duration = Duration::from_millis(200);
/// Set to anything, it has the program's own picker used always.
const VARIABLE: &str = "KSGRAPH_PICKER";

/// What a path is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Why {
    /// To open a graph.
    Open,
    /// To put another graph into this one.
    Merge,
    /// To play a sound.
    Render,
    /// To find a file that is missing.
    Missing(PathBuf),
    /// To save the graph.
    SaveAs,

    /// For what the graph sounds like.
    ToFile,
    /// For a picture of the graph.
    Picture,
    /// For a report.
    Report,
    /// For the timeline.
    Timeline,

    /// For the last minutes of what was played.
    Minutes,

    /// For a property of a filter; `is_written` when the filter makes the file.
    Property {
        /// The filter.
        filter: FilterId,
        /// Key of the property.
        key: String,
        /// Whether the file may not be there yet.
        is_written: bool,
    },
}

/// A question for a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    /// What for.
    pub(super) why: Why,
}

impl Wanted {
    /// Whether a file of that name may be meant.
    pub(super) fn takes(&self, name: &str) -> bool {
        let ends = |endings: &[&str]| {
            let lower = name.to_lowercase();
            endings.iter().any(|ending| lower.ends_with(ending))
        };
        match self.why {
            Why::Open | Why::Merge | Why::SaveAs => ends(&[".ron"]),
            Why::Property { .. } | Why::Missing(_) => true,
            Why::Render => {
                let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
                let mut all = MEDIA_ENDINGS.iter();
                all.any(|it| ending.eq_ignore_ascii_case(it))
            }

            Why::ToFile => ends(&[".wav", ".flac"]),
            Why::Picture => ends(&[".png", ".svg", ".dot"]),
            Why::Report => ends(&[".html", ".md", ".txt"]),
            Why::Timeline => ends(&[".json"]),
            Why::Minutes => ends(&[".wav", ".flac"]),
        }
    }

    /// The path with the ending such a file has.
    pub(super) fn complete(&self, path: PathBuf) -> PathBuf {
        let ending = match self.why {
            Why::SaveAs => "ron",
            Why::ToFile => "wav",
            Why::Picture => "png",
            Why::Report => "html",
            Why::Timeline => "json",
            Why::Minutes => "wav",
            Why::Open | Why::Merge | Why::Render | Why::Missing(_) | Why::Property { .. } => {
                return path;
            }
        };
        match path.extension() {
            Some(_) => path,
            None => path.with_extension(ending),
        }
    }

    fn is_save(&self) -> bool {
        match self.why {
            Why::Open | Why::Merge | Why::Render | Why::Missing(_) => false,
            Why::SaveAs
            | Why::ToFile
            | Why::Picture
            | Why::Report
            | Why::Timeline
            | Why::Minutes => true,
            Why::Property { is_written, .. } => is_written,
        }
    }
}

/// Asks the desktop.
pub(super) struct Files {
    /// Never ask the desktop.
    pub(super) only_own: bool,
    asked: Option<Asked>,
}

struct Asked {
    wanted: Wanted,
    folder: PathBuf,
    name: String,
    /// What was chosen, and how long that took.
    answer: Receiver<(Option<PathBuf>, Duration)>,
}

/// What came of a question.
pub(super) enum Answer {
    /// Nothing yet, or nothing asked.
    None,
    /// A path.
    Path(Wanted, PathBuf),
    /// The desktop has no dialog: ask it yourself.
    NoDialog(Wanted, PathBuf, String),
}

impl Files {
    /// Asks the desktop, unless the environment says otherwise.
    pub(super) fn from_environment() -> Self {
        Self {
            only_own: std::env::var_os(VARIABLE).is_some(),
            asked: None,
        }
    }

    /// Begins to ask. The window is drawn again when the answer is there.
    pub(super) fn ask(
        &mut self,
        wanted: Wanted,
        folder: &Path,
        name: &str,
        ctx: &egui::Context,
    ) -> Answer {
        let (folder, name) = (folder.to_owned(), name.to_owned());
        if self.only_own {
            return Answer::NoDialog(wanted, folder, name);
        }
        if self.asked.is_some() {
            return Answer::None;
        }
        let (tell, answer) = channel();
        let asked = (wanted.clone(), folder.clone(), name.clone());
        let ctx = ctx.clone();
        let thread = std::thread::Builder::new()
            .name("file dialog".into())
            .spawn(move || {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "how long a hand took is a matter of real time"
                )]
                let since = std::time::Instant::now();
                let chosen = dialog(&asked.0, &asked.1, &asked.2);
                // Nobody listens any more when the window is gone.
                let _ = tell.send((chosen, since.elapsed()));
                ctx.request_repaint();
            });
        if thread.is_err() {
            return Answer::NoDialog(wanted, folder, name);
        }
        self.asked = Some(Asked {
            wanted,
            folder,
            name,
            answer,
        });
        Answer::None
    }

    /// Whether a dialog is open.
    pub(super) fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// Takes the answer, once it is there.
    pub(super) fn poll(&mut self) -> Answer {
        let Some(asked) = &self.asked else {
            return Answer::None;
        };
        let answer = match asked.answer.try_recv() {
            Err(TryRecvError::Empty) => return Answer::None,
            Err(TryRecvError::Disconnected) => (None, Duration::ZERO),
            Ok(answer) => answer,
        };
        let Some(asked) = self.asked.take() else {
            return Answer::None;
        };
        match answer {
            (Some(path), _) => {
                let path = asked.wanted.complete(path);
                Answer::Path(asked.wanted, path)
            }
            (None, took) if took < TOO_SOON => {
                Answer::NoDialog(asked.wanted, asked.folder, asked.name)
            }
            (None, _) => Answer::None,
        }
    }
}

fn dialog(wanted: &Wanted, folder: &Path, name: &str) -> Option<PathBuf> {
    let mut dialog = rfd::FileDialog::new().set_directory(folder);
    dialog = match wanted.why {
        Why::Open | Why::Merge | Why::SaveAs => dialog.add_filter("Graphs", &["ron"]),
        Why::Property { .. } | Why::Missing(_) => dialog,
        Why::Render => dialog.add_filter("Sounds and songs", MEDIA_ENDINGS),

        Why::ToFile => dialog.add_filter("Sounds", &["wav", "flac"]),
        Why::Picture => dialog.add_filter("Pictures", &["png", "svg", "dot"]),
        Why::Report => dialog.add_filter("Reports", &["html", "md", "txt"]),
        Why::Timeline => dialog.add_filter("Traces", &["json"]),
        Why::Minutes => dialog.add_filter("Sounds", &["wav", "flac"]),
    };
    if wanted.is_save() {
        dialog.set_file_name(name).save_file()
    } else {
        dialog.pick_file()
    }
}
