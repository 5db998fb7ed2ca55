//! Help of a filter, made from what the filter says of itself; help of the window; and which program this is.

use egui::Ui;

use super::page;
use crate::graph::inside_of;
use crate::gui::commands::{Bindings, FIND, Sight, TOGGLE_RUN};
use crate::gui::controls::{self, Face};
use crate::gui::panels::dialogs::modal;
use crate::gui::property;
use crate::gui::theme::{Theme, Type};
use crate::gui::words::{kind_word, range_text};
use crate::ks::{DataFlow, Descriptor, Domain, PinFactory, merit};

/// Draws the page of a filter, or of the window where `key` is empty. False when it is done.
pub(super) fn ui(ui: &Ui, sight: &Sight<'_>, bindings: &Bindings, key: &str) -> bool {
    let mut stays = true;
    modal(ui, "help", |ui| {
        ui.set_width(520.0);
        match sight.view.catalogue.get(key) {
            Some(filter) => of_filter(ui, sight, filter.descriptor()),
            None if key.is_empty() => of_window(ui, bindings),
            None => {
                let theme = Theme::of(ui.ctx());
                page::title(ui, key);
                let words = "No filter of this kind is installed here. The graph keeps it with its wires and settings.";
                page::text(ui, words, Type::Body, theme.text);
            }
        }
        ui.add_space(10.0);
        stays = !controls::button(ui, "Close", Face::Plain).clicked();
    });
    stays
}

fn of_filter(ui: &mut Ui, sight: &Sight<'_>, descriptor: &Descriptor) {
    let theme = Theme::of(ui.ctx());
    page::title(ui, &descriptor.title);
    let categories = descriptor.categories.iter();
    let categories: Vec<&str> = categories.filter_map(|it| it.name()).collect();
    let line = format!("{} \u{b7} {}", categories.join(", "), descriptor.key);
    page::text(ui, &line, Type::Small, theme.dim);
    let own = merit::words(descriptor.merit);
    let line = match sight.view.merit_of(descriptor) {
        0 => "hidden: never taken by itself".to_owned(),
        merit if merit == descriptor.merit => format!("merit: {own}"),
        merit => format!("merit: {}, by itself {own}", merit::words(merit)),
    };
    page::text(ui, &line, Type::Small, theme.dim);
    page::scroll(ui, "help", |ui| {
        if !descriptor.help.is_empty() {
            ui.add_space(6.0);
            page::text(ui, &descriptor.help, Type::Body, theme.text);
        }
        for (flow, words) in [(DataFlow::In, "Inputs"), (DataFlow::Out, "Outputs")] {
            let pins: Vec<&PinFactory> = descriptor
                .pins
                .iter()
                .filter(|pin| pin.data_flow == flow)
                .collect();
            if pins.is_empty() {
                continue;
            }
            page::heading(ui, words);
            for pin in pins {
                page::pair(ui, &pin.name, &pin_words(pin));
                for range in pin.ranges.iter().take(4) {
                    let words = format!("    {}", range_text(range));
                    page::text(ui, &words, Type::Small, theme.dim);
                }
            }
        }
        if let Some(inside) = inside_of(sight.view.catalogue, &descriptor.key) {
            page::heading(ui, "Made of");
            let titled = |key: &String| match sight.view.catalogue.get(key) {
                Some(it) => it.descriptor().title.to_string(),
                None => format!("{key} (not installed)"),
            };
            let parts: Vec<String> = inside.recipe.keys().iter().map(titled).collect();
            page::text(ui, &parts.join(", "), Type::Body, theme.text);
            if let Some(file) = &inside.recipe.file {
                page::text(ui, &file.display().to_string(), Type::Small, theme.dim);
            }
        }
        if !descriptor.properties.is_empty() {
            page::heading(ui, "Properties");
            for it in descriptor.properties.iter() {
                let default = property::shown(it, &it.default_value());
                page::pair(ui, it.title, &format!("default {default}"));
                if !it.help.is_empty() {
                    page::text(ui, &format!("    {}", it.help), Type::Body, theme.text);
                }
                let note = if it.structural {
                    " \u{b7} a change opens the filter anew"
                } else {
                    ""
                };
                let mut wanted = it.wanted();
                if matches!(it.domain, Domain::Number { .. }) {
                    wanted = wanted.replace('-', "\u{2212}");
                }
                let words = format!("    {} \u{b7} {wanted}{note}", it.key);
                page::text(ui, &words, Type::Small, theme.dim);
            }
        }
    });
}

/// `audio, must be connected`.
fn pin_words(pin: &PinFactory) -> String {
    let kind = if pin.is_bridge() {
        "leaves the graph".to_owned()
    } else {
        kind_word(pin.kind()).to_owned()
    };
    let count = match (pin.instances.necessary, pin.instances.possible) {
        (0, 1) => "may stay free".to_owned(),
        (1, 1) => "must be connected".to_owned(),
        (0, u32::MAX) => "any number".to_owned(),
        (necessary, u32::MAX) => format!("{necessary} or more"),
        (necessary, possible) => format!("{necessary} to {possible}"),
    };
    format!("{kind}, {count}")
}

fn of_window(ui: &mut Ui, bindings: &Bindings) {
    let theme = Theme::of(ui.ctx());
    page::title(ui, "Help");
    let add = bindings.shown("graph.insert");
    let run = bindings.shown(TOGGLE_RUN);
    let find = bindings.shown(FIND);
    let undo = bindings.shown("edit.undo");
    let menus = bindings.shown("view.menu_bar");
    let panels = bindings.shown("view.next_panel");
    let help = bindings.shown("help.filter");
    for words in [
        format!(
            "{add} or a double-click adds a filter. Dragging from a pin to another connects them."
        ),
        format!(
            "{run} runs the graph and pauses it. The line at the bottom says what can be done now."
        ),
        "A wire that does not fit says why, and what would make it fit.".to_owned(),
        format!(
            "{undo} takes back anything. {find} finds filters of the graph, filters to add, and commands."
        ),
        format!("{menus} goes to the menus, {panels} from one part of the window to the next."),
        format!("Select a filter and press {help} to read what it does."),
    ] {
        page::text(ui, &words, Type::Body, theme.text);
        ui.add_space(4.0);
    }
}

/// Which program this is. False when it is done.
pub(super) fn about(ui: &Ui) -> bool {
    let mut stays = true;
    modal(ui, "about", |ui| {
        let theme = Theme::of(ui.ctx());
        ui.set_width(420.0);
        page::title(ui, "KSGraph");
        let version = format!("Version {}", env!("CARGO_PKG_VERSION"));
        page::text(ui, &version, Type::Value, theme.strong);
        ui.add_space(6.0);
        let words = "A live filter graph editor: the filters and pins of Kernel Streaming in user space, for audio and MIDI.";
        page::text(ui, words, Type::Body, theme.text);
        ui.add_space(6.0);
        let system = format!("{} \u{b7} {}", std::env::consts::OS, std::env::consts::ARCH);
        page::text(ui, &system, Type::Small, theme.dim);
        let words = "MIT licence. Typeface: IBM Plex, SIL Open Font License 1.1.";
        page::text(ui, words, Type::Small, theme.dim);
        ui.add_space(12.0);
        stays = !controls::button(ui, "Close", Face::Plain).clicked();
    });
    stays
}
