//! Questions that must be answered first: save changes, which file.

use std::path::{Path, PathBuf};

use egui::{
    Align2, CornerRadius, Id, Key, Modal, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};

use crate::gui::appear::appear;
use crate::gui::controls::{self, Face};
use crate::gui::files::{Wanted, Why};
use crate::gui::icons::Icon;
use crate::gui::probe;
use crate::gui::theme::{Theme, Type};

/// What the answer to "save changes?" was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::gui) enum Answer {
    Save,
    Discard,
    Stay,
}

/// A card in the middle, over everything else.
pub(in crate::gui) fn modal<T>(ui: &Ui, name: &str, contents: impl FnOnce(&mut Ui) -> T) -> T {
    let theme = Theme::of(ui.ctx());
    let frame = egui::Frame::NONE
        .fill(theme.panel)
        .stroke(theme.border())
        .corner_radius(CornerRadius::same(8))
        .inner_margin(16)
        .shadow(theme.card_shadow());
    let area = Modal::default_area(Id::unique(name)).fade_in(false);
    Modal::new(Id::unique(name))
        .area(area)
        .frame(frame)
        .backdrop_color(egui::Color32::from_black_alpha(110))
        .show(ui.ctx(), |ui| {
            appear(ui, name);
            contents(ui)
        })
        .inner
}

fn line(ui: &mut Ui, words: &str, role: Type, ink: egui::Color32) {
    let words = egui::RichText::new(words)
        .text_style(role.style())
        .color(ink);
    ui.label(words);
}

/// "Save changes?" Enter saves, Esc stays.
pub(in crate::gui) fn save_changes(ui: &Ui, name: &str) -> Option<Answer> {
    let theme = Theme::of(ui.ctx());
    let mut answer = None;
    modal(ui, "save changes", |ui| {
        ui.set_width(380.0);
        line(
            ui,
            &format!("Save the changes to {name}?"),
            Type::CardTitle,
            theme.strong,
        );
        ui.add_space(4.0);
        line(ui, "They are lost if you do not.", Type::Body, theme.text);
        ui.add_space(14.0);
        ui.horizontal(|ui| {
            for (words, face, meaning) in [
                ("Save", Face::Primary, Answer::Save),
                ("Don\u{2019}t save", Face::Plain, Answer::Discard),
                ("Stay", Face::Plain, Answer::Stay),
            ] {
                if controls::button(ui, words, face).clicked() {
                    answer = Some(meaning);
                }
            }
        });
    });
    ui.input_mut(|i| {
        if i.consume_key(egui::Modifiers::NONE, Key::Escape) {
            answer = Some(Answer::Stay);
        }
        if answer.is_none() && i.consume_key(egui::Modifiers::NONE, Key::Enter) {
            answer = Some(Answer::Save);
        }
    });
    answer
}

/// The program's own file picker, for where no other answers.
pub(in crate::gui) struct Picker {
    wanted: Wanted,
    folder: PathBuf,
    typed: String,
    entries: Vec<(String, bool)>,
    is_new: bool,
}

impl Picker {
    /// Opens it in a folder, with a name to begin with.
    pub(in crate::gui) fn new(wanted: Wanted, folder: &Path, name: &str) -> Self {
        let mut picker = Self {
            wanted,
            folder: folder.to_owned(),
            typed: name.to_owned(),
            entries: vec![],
            is_new: true,
        };
        picker.read();
        picker
    }

    /// What the path is for.
    pub(in crate::gui) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    fn read(&mut self) {
        let listed = std::fs::read_dir(&self.folder);
        let mut entries: Vec<(String, bool)> = listed
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let is_folder = entry.path().is_dir();
                let fits = is_folder || self.wanted.takes(&name);
                (fits && !name.starts_with('.')).then_some((name, is_folder))
            })
            .collect();
        entries.sort_by_key(|(name, is_folder)| (!is_folder, name.to_lowercase()));
        self.entries = entries;
    }

    /// Draws it: `Some(None)` is cancelled, `Some(Some(path))` is chosen.
    pub(in crate::gui) fn ui(&mut self, ui: &Ui) -> Option<Option<PathBuf>> {
        let theme = Theme::of(ui.ctx());
        let mut done = None;
        let mut go_to = None;
        modal(ui, "picker", |ui| {
            ui.set_width(520.0);
            ui.spacing_mut().item_spacing.y = 6.0;
            line(ui, &self.wanted.title(), Type::CardTitle, theme.strong);
            let (rect, _) = ui.allocate_exact_size(vec2(520.0, 22.0), Sense::hover());
            let up = Rect::from_min_size(rect.min, vec2(44.0, 22.0));
            let parent = self.folder.parent().map(Path::to_owned);
            if controls::button_at(ui, up, "Up", Face::Plain, parent.is_some()).clicked() {
                go_to = parent;
            }
            let at = pos2(up.right() + 10.0, rect.center().y);
            let folder = self.folder.display().to_string();
            controls::clipped(ui, at, rect.right() - at.x, &folder, Type::Body, theme.dim);
            egui::Frame::NONE.fill(theme.field).show(ui, |ui| {
                ScrollArea::vertical()
                    .max_height(240.0)
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        ui.spacing_mut().item_spacing = Vec2::ZERO;
                        if self.entries.is_empty() {
                            line(ui, "Nothing here that fits.", Type::Body, theme.dim);
                        }
                        for (name, is_folder) in &self.entries {
                            let (row, response) = ui.allocate_exact_size(
                                vec2(ui.available_width(), 22.0),
                                Sense::click(),
                            );
                            response.widget_info(|| {
                                WidgetInfo::labeled(Role::ListBoxOption, true, name)
                            });
                            if ui.clip_rect().contains(row.center()) {
                                probe::note(ui.ctx(), "file", name, "", row);
                            }
                            if response.hovered() || *name == self.typed {
                                ui.painter().rect_filled(row, 0.0, theme.hover);
                            }
                            let icon = if *is_folder { Icon::Right } else { Icon::File };
                            let square = Rect::from_center_size(
                                row.left_center() + vec2(14.0, 0.0),
                                Vec2::splat(12.0),
                            );
                            icon.paint(ui.painter(), square, theme.dim);
                            let at = row.left_center() + vec2(28.0, 0.0);
                            controls::text(
                                ui,
                                at,
                                Align2::LEFT_CENTER,
                                name,
                                Type::Body,
                                theme.text,
                            );
                            if *is_folder && response.clicked() {
                                go_to = Some(self.folder.join(name));
                            } else if response.clicked() {
                                self.typed.clone_from(name);
                            }
                            if !is_folder && response.double_clicked() {
                                done = Some(Some(self.folder.join(name)));
                            }
                        }
                    });
            });
            let id = Id::unique("file path");
            let (field, _) = ui.allocate_exact_size(vec2(520.0, 28.0), Sense::hover());
            let hint = "Name or path";
            let response = controls::search(ui, id, field, &mut self.typed, hint, "", "File path");
            if self.is_new {
                response.request_focus();
                controls::select_all(ui, id, self.typed.chars().count());
                self.is_new = false;
            }
            ui.add_space(4.0);
            ui.horizontal(|ui| {
                let word = self.wanted.verb();
                let enter = ui.input(|i| i.key_pressed(Key::Enter));
                let pressed = controls::button(ui, word, Face::Primary).clicked();
                if (pressed || enter) && !self.typed.trim().is_empty() {
                    let path = self.folder.join(self.typed.trim());
                    if path.is_dir() {
                        go_to = Some(path);
                        self.typed.clear();
                    } else {
                        done = Some(Some(self.wanted.complete(path)));
                    }
                }
                if controls::button(ui, "Cancel", Face::Plain).clicked() {
                    done = Some(None);
                }
            });
        });
        if let Some(folder) = go_to {
            self.folder = folder;
            self.read();
        }
        ui.input_mut(|i| {
            i.consume_key(egui::Modifiers::NONE, Key::Enter);
            if i.consume_key(egui::Modifiers::NONE, Key::Escape) {
                done = Some(None);
            }
        });
        done
    }
}

impl Wanted {
    fn title(&self) -> String {
        let words = match &self.why {
            Why::Open => "Open a graph",
            Why::Merge => "Merge a graph into this one",
            Why::Render => "Play a sound",
            Why::Missing(path) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                return format!("Where is {}?", name.to_string_lossy());
            }
            Why::SaveAs => "Save the graph as",
            Why::Property { .. } => "Choose a file",

            Why::ToFile => "Render the graph into a file of sound",
            Why::Picture => "Export a picture of the graph",
            Why::Timeline => "Export the timeline",
            Why::Minutes => "Export the last minutes",
            Why::Report => "Save a report",
        };
        words.to_owned()
    }

    fn verb(&self) -> &'static str {
        match self.why {
            Why::Open => "Open",
            Why::Merge => "Merge",
            Why::SaveAs | Why::Picture | Why::Report | Why::Timeline | Why::Minutes => "Save",
            Why::ToFile => "Render",
            Why::Render => "Play",
            Why::Missing(_) => "Use",
            Why::Property { .. } => "Choose",
        }
    }
}
