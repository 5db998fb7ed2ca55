//! The inspector's page of several things at once: the properties that all selected filters share.

use egui::{Rect, Ui, vec2};

use super::page::{Head, head_ui, heading, row, scrolled, section_rule, sentence};
use super::properties;
use crate::app::{Action, View};
use crate::graph::{FilterId, FilterNode};
use crate::gui::controls::{self, Face};
use crate::gui::icons::Icon;
use crate::gui::property::Edit;
use crate::gui::screen::Command;
use crate::gui::theme::Theme;
use crate::ks::Property;

/// `1 filter`, `2 filters`.
fn count(number: usize, word: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {word}{s}")
}

/// The properties that all of them have, with the same domain and unit.
fn shared<'a>(filters: &[(FilterId, &FilterNode, &'a [Property])]) -> Vec<&'a Property> {
    let Some((_, _, first)) = filters.first() else {
        return vec![];
    };
    let is_shared = |wanted: &&Property| {
        filters.iter().all(|(_, _, properties)| {
            properties.iter().any(|it| {
                it.key == wanted.key && it.domain == wanted.domain && it.unit == wanted.unit
            })
        })
    };
    first.iter().filter(is_shared).collect()
}

/// Draws the page.
pub(super) fn ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let selection = view.selection;
    let (boxes, wires) = (selection.filters.len(), selection.connections.len());
    let notes = selection.notes.len();
    let mut parts = vec![];
    for (number, word) in [(boxes, "filter"), (wires, "wire"), (notes, "note")] {
        if number > 0 {
            parts.push(count(number, word));
        }
    }
    let second = parts.join(", ");
    let title = format!("{} selected", boxes + wires + notes);
    let head = Head {
        icon: Icon::Group,
        title: &title,
        second: &second,
        right: 0.0,
    };
    let mut rest = head_ui(ui, ui.max_rect(), &head);
    controls::rule(ui, rest, theme.line_soft);
    rest.min.y += 2.0;
    let filters: Vec<(FilterId, &FilterNode, &[Property])> = selection
        .filters
        .iter()
        .filter_map(|id| {
            let node = view.graph.filters.get(id)?.kind.filter()?;
            let descriptor = view.described(&view.path_of(*id))?;
            Some((*id, node, descriptor.properties.as_ref()))
        })
        .collect();
    let properties = match filters.len() == boxes && boxes > 1 {
        true => shared(&filters),
        false => vec![],
    };
    scrolled(ui, rest, "many", |ui| {
        if boxes > 1 {
            heading(ui, "Properties they share", &properties.len().to_string());
            if properties.is_empty() {
                let words = "These filters have no property in common.";
                sentence(ui, words, theme.dim);
            }
        }
        for property in properties {
            shared_ui(ui, view, &filters, property, commands);
        }
        ui.add_space(8.0);
        section_rule(ui);
        ui.add_space(8.0);
        let place = row(ui, 28.0);
        let place = Rect::from_min_size(place.min, vec2(130.0, 28.0));
        let words = match boxes + wires + notes {
            1 => "Delete it",
            _ => "Delete them",
        };
        if controls::button_at(ui, place, words, Face::Plain, true).clicked() {
            commands.push(Command::Do(Action::DeleteSelection));
        }
    });
}

/// One property of all of them: what is done to it is done to each, in one step.
fn shared_ui(
    ui: &mut Ui,
    view: &View<'_>,
    filters: &[(FilterId, &FilterNode, &[Property])],
    property: &Property,
    commands: &mut Vec<Command>,
) {
    let edits: Vec<Edit<'_>> = filters
        .iter()
        .map(|(id, node, _)| Edit::of(*id, node, property))
        .collect();
    let Some(first) = edits.first() else {
        return;
    };
    let is_mixed = edits.iter().any(|edit| edit.value != first.value);
    let mut wanted = vec![];
    properties::property_ui(ui, view, first, is_mixed, &mut wanted);
    let sets = wanted
        .iter()
        .any(|it| matches!(it, Command::Do(Action::SetProperty { .. })));
    // A slider in hand has begun its own step.
    let is_held = ui.input(|i| i.pointer.any_down());
    let wraps = sets && !is_held;
    if wraps {
        let title = property.title.to_owned();
        commands.push(Command::Do(Action::BeginGesture(title)));
    }
    for command in wanted {
        let Command::Do(Action::SetProperty { key, value, .. }) = command else {
            commands.push(command);
            continue;
        };
        for (filter, ..) in filters {
            commands.push(Command::Do(Action::SetProperty {
                filter: *filter,
                key: key.clone(),
                value: value.clone(),
            }));
        }
    }
    if wraps {
        commands.push(Command::Do(Action::EndGesture));
    }
}
