//! New, Open, Save and Quit: what asks first, what waits for a file to be named, what goes on after a save.
//!
//! Invariant: nothing unsaved is lost without a word from the user.

use std::path::PathBuf;

use egui::vec2;

use super::files::{self, Wanted, Why};
use super::panels::dialogs::Picker;
use super::screen::{Command, Screen};
use crate::app::Action;
use crate::ks::{Value, path_text};

/// What waits for the answer to "save changes?".
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Pending {
    New,
    Open,
    OpenFile(PathBuf),
    Quit,
}

impl Screen {
    /// Does it now if nothing would be lost, else asks first.
    pub(super) fn ask(&mut self, pending: Pending) {
        if self.app.view().document.is_dirty {
            self.asks = Some(pending);
        } else {
            self.after_save = Some(pending);
        }
    }

    pub(super) fn go_on(&mut self, ctx: &egui::Context, pending: Pending) {
        match pending {
            Pending::New => {
                self.app.perform(Action::New);
                self.fresh_document();
            }
            Pending::Open => self.ask_for(ctx, Why::Open),
            Pending::OpenFile(path) => {
                self.app.perform(Action::Open(path));
                self.fresh_document();
            }
            Pending::Quit => self.may_leave = true,
        }
    }

    pub(super) fn save(&mut self, ctx: &egui::Context) {
        if self.app.view().document.path.is_some() {
            self.app.perform(Action::Save);
            self.saved(ctx);
        } else {
            self.ask_for(ctx, Why::SaveAs);
        }
    }

    /// Goes on with what waited for the save, if it succeeded.
    fn saved(&mut self, ctx: &egui::Context) {
        let pending = self.after_save.take();
        if !self.app.view().document.is_dirty
            && let Some(pending) = pending
        {
            self.go_on(ctx, pending);
        }
    }

    pub(super) fn ask_for(&mut self, ctx: &egui::Context, why: Why) {
        let document = self.app.view().document;
        let folder = document
            .path
            .as_deref()
            .and_then(|path| path.parent())
            .map(PathBuf::from)
            .or_else(|| std::env::current_dir().ok())
            .unwrap_or_default();
        let name = match why {
            Why::SaveAs => document.name,
            Why::ToFile => named(&document.name, ".wav"),
            Why::Picture => named(&document.name, ".png"),
            Why::Report => named(&document.name, " report.html"),
            Why::Timeline => named(&document.name, " timeline.json"),
            Why::Minutes => named(&document.name, " last minutes.wav"),
            _ => String::new(),
        };
        let answer = self.files.ask(Wanted { why }, &folder, &name, ctx);
        self.answer(ctx, answer);
    }

    pub(super) fn hear_files(&mut self, ctx: &egui::Context) {
        let answer = self.files.poll();
        self.answer(ctx, answer);
        if let Some(pending) = self
            .after_save
            .take_if(|_| self.picker.is_none() && !self.files.is_asking())
        {
            // Either nothing had to be saved, or the save is done.
            if self.app.view().document.is_dirty {
                return;
            }
            self.go_on(ctx, pending);
        }
    }

    fn answer(&mut self, ctx: &egui::Context, answer: files::Answer) {
        match answer {
            files::Answer::None => {}
            files::Answer::Path(wanted, path) => self.take_path(ctx, &wanted, path),
            files::Answer::NoDialog(wanted, folder, name) => {
                self.picker = Some(Picker::new(wanted, &folder, &name));
            }
        }
    }

    pub(super) fn take_path(&mut self, ctx: &egui::Context, wanted: &Wanted, path: PathBuf) {
        match &wanted.why {
            Why::Open => {
                self.app.perform(Action::Open(path));
                self.fresh_document();
            }
            Why::Merge => {
                self.app.perform(Action::Merge(path));
                self.canvas.fit_all();
            }
            Why::Render => {
                let middle = self.last.as_ref().map(|last| last.middle);
                let middle = middle.unwrap_or_default() - vec2(48.0, 14.0);
                let at = super::hands::on_grid(middle);
                let onto = None;
                let action = Action::DropMedia { path, at, onto };
                self.carry_out(ctx, Command::Do(action));
            }
            Why::Missing(from) => {
                let from = from.clone();
                self.app.perform(Action::MapMedia { from, to: path });
            }
            Why::SaveAs => self.app.perform(Action::SaveAs(path)),
            Why::ToFile => self.app.perform(Action::RenderToFile(path)),
            Why::Picture => self.app.perform(Action::Picture(path)),
            Why::Report => self.app.perform(Action::Report(path)),
            Why::Timeline => self.app.perform(Action::ExportTimeline(path)),
            Why::Minutes => self.app.perform(Action::ExportMinutes(path)),
            Why::Property { filter, key, .. } => {
                let value = Some(Value::Text(path_text(&path)));
                self.app.perform(Action::SetProperty {
                    filter: *filter,
                    key: key.clone(),
                    value,
                });
            }
        }
    }
}

/// The name of a file that is made from a graph's.
fn named(graph: &str, ending: &str) -> String {
    let stem = graph.strip_suffix(".ron").unwrap_or(graph);
    format!("{stem}{ending}")
}
