//! What a render into a file is to be like: how long, and how fine. What was chosen is remembered; which file is asked
//! next, and the ending of its name says what kind it is.

use egui::{Id, Key, Rect, Sense, Ui, vec2};

use super::page;
use crate::app::places::time_of;
use crate::app::{Action, RenderChoice, RenderLength};
use crate::gui::commands::Sight;
use crate::gui::controls::{self, Face};
use crate::gui::panels::dialogs::modal;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};

const WIDTH: f32 = 420.0;
const LENGTHS: [(RenderLength, &str); 3] = [
    (RenderLength::UntilEnd, "Until it ends"),
    (RenderLength::Seconds, "Seconds"),
    (RenderLength::Range, "Loop range"),
];
const BITS: [(u16, &str); 3] = [(16, "16 bits"), (24, "24 bits"), (32, "32-bit float")];

/// The page while it is open.
pub(in crate::gui) struct ToFile {
    choice: RenderChoice,
    /// The seconds as they are typed.
    typed: String,
}

impl ToFile {
    /// Opens it with what was chosen last.
    pub(in crate::gui) fn new(choice: RenderChoice) -> Self {
        Self {
            choice,
            typed: choice.seconds.to_string(),
        }
    }

    /// Draws it. False when it is done.
    pub(super) fn ui(&mut self, ui: &Ui, sight: &Sight<'_>, commands: &mut Vec<Command>) -> bool {
        let mut stays = true;
        modal(ui, "render to file", |ui| {
            ui.set_width(WIDTH);
            page::title(ui, "Render to File");
            page::heading(ui, "Length");
            let words = LENGTHS.map(|(_, words)| words);
            let chosen = LENGTHS.iter().position(|it| it.0 == self.choice.length);
            if let Some(index) = choose(ui, "Length", &words, chosen) {
                self.choice.length = LENGTHS[index].0;
            }
            ui.add_space(4.0);
            let refused = self.length_ui(ui, sight);
            page::heading(ui, "Samples");
            let words = BITS.map(|(_, words)| words);
            let chosen = BITS.iter().position(|it| it.0 == self.choice.bits);
            if let Some(index) = choose(ui, "Samples", &words, chosen) {
                self.choice.bits = BITS[index].0;
            }
            ui.add_space(4.0);
            let theme = Theme::of(ui.ctx());
            let words = match self.choice.bits {
                32 => "A name that ends in .wav takes floats; in a .flac they become 24 bits.",
                _ => "The name of the file says the kind: .wav or .flac.",
            };
            page::text(ui, words, Type::Small, theme.dim);
            ui.add_space(12.0);
            ui.horizontal(|ui| {
                // Of a button that has the focus, Enter is its own.
                let is_free = ui.memory(|memory| memory.focused().is_none());
                let is_typing = ui.memory(|memory| memory.has_focus(seconds_id()));
                let enter = ui.input(|i| i.key_pressed(Key::Enter)) && (is_free || is_typing);
                let pressed = controls::button(ui, "Choose File\u{2026}", Face::Primary).clicked();
                if (enter || pressed) && !refused {
                    self.go_on(sight, commands);
                    stays = false;
                }
                if controls::button(ui, "Cancel", Face::Plain).clicked() {
                    stays = false;
                }
            });
        });
        stays
    }

    /// What belongs to the length that is chosen. Says whether it cannot be had.
    fn length_ui(&mut self, ui: &mut Ui, sight: &Sight<'_>) -> bool {
        let theme = Theme::of(ui.ctx());
        let rate_hz = sight.view.wiring.rate_hz.max(1);
        // As high in any case, so that nothing jumps.
        let (rect, _) = ui.allocate_exact_size(vec2(WIDTH, 28.0), Sense::hover());
        let say = |ui: &mut Ui, words: &str, ink| {
            let at = rect.left_center() + vec2(2.0, 0.0);
            controls::clipped(ui, at, rect.width(), words, Type::Small, ink);
        };
        match self.choice.length {
            RenderLength::UntilEnd => {
                let words = "Every source to its end and the last echo, a minute at most.";
                say(ui, words, theme.dim);
                false
            }
            RenderLength::Seconds => {
                let name = "Seconds to render";
                controls::line(ui, seconds_id(), rect, &mut self.typed, "60", name);
                let read = self.typed.trim().replace(',', ".").parse::<f64>().ok();
                let read = read.filter(|it| RenderChoice::SECONDS.contains(it));
                if let Some(seconds) = read {
                    self.choice.seconds = seconds;
                }
                if read.is_none() {
                    let words = "Wanted: seconds, from 0.001 to 86400.";
                    page::text(ui, words, Type::Small, theme.warn);
                }
                read.is_none()
            }
            RenderLength::Range => match sight.view.transport().range {
                Some(range) => {
                    let (begin, end) = (time_of(range.begin, rate_hz), time_of(range.end, rate_hz));
                    say(ui, &format!("From {begin} to {end}."), theme.dim);
                    false
                }
                None => {
                    let words = "There is no range: drag one on the seek bar with Shift.";
                    say(ui, words, theme.warn);
                    true
                }
            },
        }
    }

    fn go_on(&self, sight: &Sight<'_>, commands: &mut Vec<Command>) {
        let mut preferences = sight.view.preferences.clone();
        if preferences.render != self.choice {
            preferences.render = self.choice;
            commands.push(Command::Do(Action::SetPreferences(Box::new(preferences))));
        }
        commands.push(Command::RenderTo);
    }
}

fn seconds_id() -> Id {
    Id::unique("seconds to render")
}

fn choose(ui: &mut Ui, name: &str, words: &[&str], chosen: Option<usize>) -> Option<usize> {
    let (bar, _) = ui.allocate_exact_size(vec2(WIDTH, 26.0), Sense::hover());
    let id = Id::unique("render").with(name);
    let rect = Rect::from_min_size(bar.min, vec2(WIDTH, 26.0));
    let chosen = chosen.unwrap_or(words.len());
    controls::segments(ui, id, rect, words, chosen, name, 1.0)
}
