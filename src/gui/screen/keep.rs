//! Panels as the user left them: their sizes and whether they are open, kept among the settings.

use egui::Ui;

use super::Screen;
use crate::app::{Panel, Preferences};
use crate::gui::panels::bottom::LOG_SHARE;
use crate::gui::theme::window;

/// Sizes of the panels as they were drawn; `None` for one that was not.
#[derive(Default)]
pub(super) struct Sizes {
    pub(super) catalogue: Option<f32>,
    pub(super) inspector: Option<f32>,
    pub(super) bottom: Option<f32>,
}

/// The size a panel was left at, else the usual one.
pub(super) fn kept(preferences: &Preferences, name: &str, usual: f32) -> f32 {
    let panel = preferences.panels.get(name);
    panel.map_or(usual, |panel| panel.size)
}

impl Screen {
    /// Opens and folds panels as they were left.
    pub(super) fn restore_panels(&mut self) {
        let panels = &self.app.preferences().panels;
        let is_open = |name| panels.get(name).is_none_or(|panel: &Panel| panel.is_open);
        let (catalogue, inspector) = (is_open("catalogue"), is_open("inspector"));
        self.bottom.fold(!is_open("bottom"));
        if !catalogue {
            self.catalogue_side.put_away();
        }
        if !inspector {
            self.inspector_side.put_away();
        }
        if let Some(log) = panels.get("log") {
            self.bottom.set_share(log.size / 100.0);
        }
    }

    /// Keeps what has changed, once no hand is on it.
    pub(super) fn keep_panels(&mut self, ui: &Ui, sizes: &Sizes) {
        if ui.input(|i| i.pointer.any_down()) {
            return;
        }
        // A window that is made smaller makes its panels smaller; what counts is where a hand has left them.
        let was_in_hand = ui.input(|i| i.pointer.any_released());
        let share = self.bottom.share() * 100.0;
        let now = [
            (
                "catalogue",
                !self.catalogue_side.is_put_away(),
                sizes.catalogue,
                window::CATALOGUE,
            ),
            (
                "inspector",
                !self.inspector_side.is_put_away(),
                sizes.inspector,
                window::INSPECTOR,
            ),
            (
                "bottom",
                !self.bottom.is_put_away(),
                sizes.bottom,
                window::BOTTOM,
            ),
            // The log's part of the bottom panel, in per cent.
            ("log", true, Some(share), LOG_SHARE * 100.0),
        ];
        let mut changed = vec![];
        for (name, is_open, size, usual) in now {
            let panels = &self.app.preferences().panels;
            let before = panels.get(name).copied().unwrap_or(Panel {
                is_open: true,
                size: usual,
            });
            let size = size.filter(|_| was_in_hand).unwrap_or(before.size);
            if before.is_open != is_open || (before.size - size).abs() > 1.5 {
                changed.push((name.to_owned(), Panel { is_open, size }));
            }
        }
        if !changed.is_empty() {
            self.app.change_preferences(|it| it.panels.extend(changed));
        }
    }
}
