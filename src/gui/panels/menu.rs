//! The menu bar: mark, menus, the document's name in the middle.

use egui::{Align2, Button, MenuBar, Pos2, Rect, Stroke, Ui, pos2, vec2};

use crate::app::View;
use crate::gui::controls;
use crate::gui::keys::{Deed, shortcut_text};
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};

type Entry = (Deed, &'static str);

const FILE: &[Option<Entry>] = &[
    Some((Deed::New, "New")),
    Some((Deed::Open, "Open…")),
    None,
    Some((Deed::Save, "Save")),
    Some((Deed::SaveAs, "Save As…")),
    None,
    Some((Deed::Quit, "Quit")),
];
const VIEW: &[Option<Entry>] = &[
    Some((Deed::Fit, "Fit All")),
    Some((Deed::Zoom100, "Actual Size")),
    Some((Deed::ZoomIn, "Zoom In")),
    Some((Deed::ZoomOut, "Zoom Out")),
    None,
    Some((Deed::Catalogue, "Filters")),
];
const GRAPH: &[Option<Entry>] = &[
    Some((Deed::Insert, "Add Filter…")),
    Some((Deed::Find, "Find Filter")),
    None,
    Some((Deed::Refresh, "Look for Devices")),
];
const PLAY: &[Option<Entry>] = &[
    Some((Deed::ToggleRun, "Run or Pause")),
    Some((Deed::PlayMode, "Play Mode")),
    None,
    Some((Deed::Panic, "Panic")),
];
const HELP: &[Option<Entry>] = &[Some((Deed::Keys, "Keys"))];

/// Draws the bar.
pub(in crate::gui) fn ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let bar = ui.max_rect();
    sign(ui, pos2(bar.left() + 16.0, bar.center().y), theme);
    let menus = Rect::from_min_max(bar.min + vec2(30.0, 2.0), bar.max - vec2(0.0, 2.0));
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(menus));
    MenuBar::new().ui(&mut child, |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.spacing_mut().button_padding = vec2(9.0, 2.0);
        menu(ui, "File", FILE, |_| (None, true), commands);
        let undo = view.undo.as_ref().map(|name| format!("Undo {name}"));
        let redo = view.redo.as_ref().map(|name| format!("Redo {name}"));
        let chosen = !view.selection.is_empty();
        let edit: &[Option<Entry>] = &[
            Some((Deed::Undo, "Undo")),
            Some((Deed::Redo, "Redo")),
            None,
            Some((Deed::SelectAll, "Select All")),
            Some((Deed::Delete, "Delete")),
        ];
        let state = |deed| match deed {
            Deed::Undo => (undo.clone(), undo.is_some()),
            Deed::Redo => (redo.clone(), redo.is_some()),
            Deed::Delete => (None, chosen),
            _ => (None, true),
        };
        menu(ui, "Edit", edit, state, commands);
        menu(ui, "View", VIEW, |_| (None, true), commands);
        menu(ui, "Graph", GRAPH, |_| (None, true), commands);
        let play = |deed| match deed {
            Deed::ToggleRun if view.requested == crate::ks::State::Run => {
                (Some("Pause".to_owned()), true)
            }
            Deed::ToggleRun => (Some("Run".to_owned()), true),
            Deed::PlayMode if view.play_mode.is_some() => {
                (Some("Leave Play Mode".to_owned()), true)
            }
            _ => (None, true),
        };
        menu(ui, "Play", PLAY, play, commands);
        menu(ui, "Help", HELP, |_| (None, true), commands);
    });

    let name = &view.document.name;
    let covered = controls::text(
        ui,
        bar.center(),
        Align2::CENTER_CENTER,
        name,
        Type::FilterName,
        theme.strong,
    );
    if view.document.is_dirty {
        let dot = pos2(covered.right() + 10.0, bar.center().y);
        ui.painter().circle_filled(dot, 2.5, theme.accent);
        controls::text(
            ui,
            dot + vec2(8.0, 0.0),
            Align2::LEFT_CENTER,
            "edited",
            Type::Small,
            theme.dim,
        );
    }
    let state = if view.document.is_dirty { "edited" } else { "" };
    probe::note(ui.ctx(), "document", name, state, covered);
}

/// Two pins and a wire: the sign of the program.
fn sign(ui: &Ui, at: Pos2, theme: &Theme) {
    let painter = ui.painter();
    let (from, to) = (at + vec2(-6.0, 4.0), at + vec2(6.0, -4.0));
    let curve = egui::epaint::CubicBezierShape::from_points_stroke(
        [from, from + vec2(7.0, 0.0), to - vec2(7.0, 0.0), to],
        false,
        egui::Color32::TRANSPARENT,
        Stroke::new(2.0, theme.accent),
    );
    painter.add(curve);
    for end in [from, to] {
        painter.circle_filled(end, 2.5, theme.accent);
    }
}

fn menu(
    ui: &mut Ui,
    title: &str,
    entries: &[Option<Entry>],
    state: impl Fn(Deed) -> (Option<String>, bool),
    commands: &mut Vec<Command>,
) {
    let words = egui::RichText::new(title).text_style(Type::Tab.style());
    let (response, _) = egui::containers::menu::MenuButton::new(words).ui(ui, |ui| {
        ui.set_min_width(200.0);
        for entry in entries {
            let Some((deed, words)) = entry else {
                ui.separator();
                continue;
            };
            let (other, enabled) = state(*deed);
            let words = other.unwrap_or_else(|| (*words).to_owned());
            let button = Button::new(words).shortcut_text(shortcut_text(ui.ctx(), *deed));
            if ui.add_enabled(enabled, button).clicked() {
                commands.push(Command::Deed(*deed));
            }
        }
    });
    probe::note(ui.ctx(), "menu", title, "", response.rect);
}
