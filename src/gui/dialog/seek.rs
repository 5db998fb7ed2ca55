//! A place to go to, to the sample: a time, samples, or bars of the graph's tempo. It is read while it is typed.

use egui::{Id, Key, Sense, Ui, vec2};

use super::page;
use crate::app::Action;
use crate::app::places::{Plain, bars_of, read, time_of};
use crate::gui::commands::Sight;
use crate::gui::controls::{self, Face};
use crate::gui::panels::dialogs::modal;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};
use crate::ks::grouped;

/// The page while it is open.
pub(in crate::gui) struct Seek {
    typed: String,
    is_new: bool,
}

impl Seek {
    /// Opens it at a place.
    pub(in crate::gui) fn new(position: u64, rate_hz: u32) -> Self {
        Self {
            typed: time_of(position, rate_hz),
            is_new: true,
        }
    }

    /// Draws it. False when it is done.
    pub(super) fn ui(&mut self, ui: &Ui, sight: &Sight<'_>, commands: &mut Vec<Command>) -> bool {
        let rate_hz = sight.view.wiring.rate_hz.max(1);
        let metre = sight.view.metre();
        let place = read(&self.typed, rate_hz, metre, Plain::Samples);
        let mut stays = true;
        modal(ui, "seek", |ui| {
            let theme = Theme::of(ui.ctx());
            ui.set_width(380.0);
            page::title(ui, "Seek");
            let id = Id::unique("place to seek");
            let (rect, _) = ui.allocate_exact_size(vec2(380.0, 28.0), Sense::hover());
            let hint = "1:23.456, 66150 samples, 17|3|120";
            let spoken = "Place to go to";
            let response = controls::line(ui, id, rect, &mut self.typed, hint, spoken);
            if self.is_new {
                response.request_focus();
                controls::select_all(ui, id, self.typed.chars().count());
                self.is_new = false;
            }
            ui.add_space(4.0);
            // Two lines in any case, so that nothing jumps while typing.
            let (words, ink) = match &place {
                Ok(sample) => {
                    let bars = metre.map(|metre| bars_of(*sample, rate_hz, metre));
                    let bars = bars.map_or(String::new(), |bars| format!(" \u{b7} bar {bars}"));
                    let count = u32::try_from(*sample).map_or(sample.to_string(), grouped);
                    let time = time_of(*sample, rate_hz);
                    (
                        format!("{time} \u{b7} sample {count}{bars}\n\u{a0}"),
                        theme.dim,
                    )
                }
                Err(reason) => (reason.clone(), theme.warn),
            };
            page::text(ui, &words, Type::Small, ink);
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                let enter = ui.input(|i| i.key_pressed(Key::Enter));
                let pressed = controls::button(ui, "Go There", Face::Primary).clicked();
                match &place {
                    Ok(sample) if enter || pressed => {
                        commands.push(Command::Do(Action::Seek(*sample)));
                        stays = false;
                    }
                    Err(_) if enter => response.request_focus(),
                    _ => {}
                }
                if controls::button(ui, "Cancel", Face::Plain).clicked() {
                    stays = false;
                }
            });
        });
        stays
    }
}
