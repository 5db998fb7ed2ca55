//! No sound: the way from the sources to the devices with where it stops, why, and a button for what helps.

use egui::{RichText, Ui};

use super::page;
use crate::app::SoundStep;
use crate::gui::commands::Sight;
use crate::gui::controls::{self, Face};
use crate::gui::panels::dialogs::modal;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};

/// Levels are looked at so often, in seconds: often enough to be followed, seldom enough to be read.
const LOOK_AGAIN: f64 = 0.4;

/// The page, with what was seen last.
#[derive(Default)]
pub(in crate::gui) struct Silence {
    steps: Vec<SoundStep>,
    seen: Option<f64>,
}

impl Silence {
    /// Draws it. False when it is done.
    pub(super) fn ui(&mut self, ui: &Ui, sight: &Sight<'_>, commands: &mut Vec<Command>) -> bool {
        let now = ui.input(|i| i.time);
        if self.seen.is_none_or(|seen| now - seen > LOOK_AGAIN) {
            self.steps = sight.view.sound_path();
            self.seen = Some(now);
        }
        let wait = std::time::Duration::from_secs_f64(LOOK_AGAIN);
        ui.ctx().request_repaint_after(wait);
        let mut stays = true;
        modal(ui, "silence", |ui| {
            ui.set_width(560.0);
            page::title(ui, "No Sound?");
            let theme = Theme::of(ui.ctx());
            let first = self.steps.iter().position(|step| step.is_stop);
            let words = match first {
                Some(at) => format!(
                    "It stops at {}: {}.",
                    self.steps[at].name, self.steps[at].words
                ),
                None => "Nothing stops it on its way to the device.".to_owned(),
            };
            page::text(ui, &words, Type::Body, theme.strong);
            ui.add_space(6.0);
            page::scroll(ui, "way of the sound", |ui| {
                for (at, step) in self.steps.iter().enumerate() {
                    row(ui, step, Some(at) == first, commands);
                }
            });
            ui.add_space(10.0);
            stays = !controls::button(ui, "Close", Face::Plain).clicked();
        });
        stays
    }
}

fn row(ui: &mut Ui, step: &SoundStep, is_first: bool, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let level = match step.level_db {
        Some(level) if level > -80.0 => format!("{level:.1} dBFS").replace('-', "\u{2212}"),
        Some(_) => "silent".into(),
        None => String::new(),
    };
    page::pair(ui, &step.name, &level);
    let ink = match (is_first, step.is_stop) {
        (true, _) => theme.error,
        (false, true) => theme.warn,
        (false, false) => theme.dim,
    };
    ui.horizontal_wrapped(|ui| {
        ui.add_space(12.0);
        let words = RichText::new(&step.words)
            .text_style(Type::Small.style())
            .color(ink);
        ui.add(egui::Label::new(words).wrap());
    });
    if let Some(offer) = &step.offer {
        ui.horizontal(|ui| {
            ui.add_space(12.0);
            if controls::button(ui, &offer.words, Face::Plain).clicked() {
                commands.push(Command::Do(offer.action.clone()));
            }
        });
    }
    ui.add_space(4.0);
}
