//! Every key, made from the table of commands.

use egui::Ui;

use super::page;
use crate::gui::commands::{Bindings, FIXED, Keys, Menu, all};
use crate::gui::controls::{self, Face};
use crate::gui::panels::dialogs::modal;

/// Draws the page. False when it is done.
pub(super) fn ui(ui: &Ui, bindings: &Bindings) -> bool {
    let mut stays = true;
    modal(ui, "keys", |ui| {
        ui.set_width(460.0);
        page::title(ui, "Keys");
        page::scroll(ui, "all keys", |ui| {
            let rows = |ui: &mut Ui, menu: Option<Menu>| {
                for spec in all().filter(|spec| spec.place.map(|place| place.menu) == menu) {
                    let keys = bindings.keys(spec.name);
                    if !keys.is_empty() {
                        let shown: Vec<String> = keys.iter().map(Keys::to_string).collect();
                        let words = spec.words.trim_end_matches('\u{2026}');
                        page::pair(ui, words, &shown.join(", "));
                    }
                }
            };
            for menu in Menu::ALL {
                let mut mine = all().filter(|spec| spec.place.is_some_and(|it| it.menu == menu));
                if mine.any(|spec| !bindings.keys(spec.name).is_empty()) {
                    page::heading(ui, menu.title());
                    rows(ui, Some(menu));
                }
            }
            page::heading(ui, "Everywhere");
            rows(ui, None);
            page::heading(ui, "On the canvas");
            for fixed in FIXED {
                page::pair(ui, fixed.words, fixed.shown);
            }
        });
        ui.add_space(10.0);
        stays = !controls::button(ui, "Close", Face::Plain).clicked();
    });
    stays
}
