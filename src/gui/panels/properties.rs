//! The inspector's page of properties: a row each, with the control that its domain asks for.

use std::path::Path;

use egui::{Align2, Id, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::page::{fact, heading, row, sentence};
use crate::app::{Action, View};
use crate::graph::{FilterId, FilterNode, Node};
use crate::gui::controls;
use crate::gui::drop_down::DropDown;
use crate::gui::follow;
use crate::gui::icons::Icon;
use crate::gui::property::{self, Edit};
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, space, window};
use crate::ks::{DataFlow, Descriptor, Domain, FileFact, Settings, Value};

/// What stands for values that differ.
const MIXED: &str = "mixed";

/// The name of a box, to be changed.
pub(super) fn name_row_ui(ui: &mut Ui, id: FilterId, name: &str, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let rect = row(ui, window::PROPERTY_ROW);
    controls::text(
        ui,
        rect.left_center(),
        Align2::LEFT_CENTER,
        "Name",
        Type::Body,
        theme.text,
    );
    let slot = Rect::from_min_max(
        pos2(rect.left() + 92.0, rect.center().y - 11.0),
        pos2(rect.right(), rect.center().y + 11.0),
    );
    let field = Id::unique("name of filter").with(id);
    if let Some(typed) = controls::field(ui, field, slot, name, "", "Name") {
        let typed = typed.trim();
        if !typed.is_empty() {
            commands.push(Command::Do(Action::Rename(id, typed.to_owned())));
        }
    }
}

/// Every property of a filter, one a row.
pub(super) fn properties_ui(
    ui: &mut Ui,
    view: &View<'_>,
    id: FilterId,
    node: &Node,
    filter: &FilterNode,
    descriptor: Option<&Descriptor>,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    name_row_ui(ui, id, &node.name, commands);
    let Some(descriptor) = descriptor else {
        let words =
            "No filter of this kind is installed. Its values and wires are kept as they are.";
        sentence(ui, words, theme.dim);
        return;
    };
    let mut group = "";
    for property in descriptor.properties.iter() {
        if property.group != group {
            group = property.group;
            if !group.is_empty() {
                group_ui(ui, id, group);
            }
        }
        let edit = Edit::of(id, filter, property);
        property_ui(ui, view, &edit, false, commands);
    }
    file_ui(ui, view, filter, descriptor);
    if !descriptor.help.is_empty() {
        ui.add_space(4.0);
        sentence(ui, &descriptor.help, theme.dim);
    }
}

/// What is known of the file of sound that a filter plays.
fn file_ui(ui: &mut Ui, view: &View<'_>, filter: &FilterNode, descriptor: &Descriptor) {
    let base = view.document.path.as_deref().and_then(Path::parent);
    let settings = Settings {
        values: &filter.values,
        base,
    };
    let mut paths = descriptor.properties.iter();
    let found = paths
        .by_ref()
        .filter(|property| property.domain == Domain::Path)
        .find_map(|property| view.facts.file_of(&settings, property));
    if let Some(FileFact::Wave { about, .. }) = found {
        heading(ui, "This file", "");
        for (label, words) in about.rows() {
            fact(ui, &label, &words);
        }
    }
}

/// The heading of some properties, which screen readers know as one.
fn group_ui(ui: &mut Ui, id: FilterId, group: &str) {
    let (panel, top) = (ui.max_rect(), ui.cursor().top());
    heading(ui, group, "");
    let rect = Rect::from_min_max(
        pos2(panel.left(), top),
        pos2(panel.right(), ui.cursor().top()),
    );
    let id = Id::unique("property group").with((id, group));
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, group));
}

/// One property in a row. `is_mixed` when it stands for several filters that differ.
pub(super) fn property_ui(
    ui: &mut Ui,
    view: &View<'_>,
    edit: &Edit<'_>,
    is_mixed: bool,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    let (whole, response) = ui.allocate_exact_size(
        vec2(ui.available_width(), window::PROPERTY_ROW),
        Sense::click(),
    );
    let rect = whole.shrink2(vec2(space::PANEL, 0.0));
    let property = edit.property;
    let (role, ink) = if edit.is_changed {
        (Type::FilterName, theme.strong)
    } else {
        (Type::Body, theme.text)
    };
    controls::clipped(ui, rect.left_center(), 88.0, property.title, role, ink);
    let id = Id::unique("property").with((edit.filter, property.key));
    let slot = Rect::from_min_max(
        pos2(rect.left() + 92.0, rect.center().y - 11.0),
        pos2(rect.right(), rect.center().y + 11.0),
    );
    match property.domain {
        Domain::Number { .. } => number_ui(ui, id, slot, edit, is_mixed, commands),
        Domain::Flag => {
            let slot =
                Rect::from_min_size(pos2(slot.left(), rect.center().y - 8.0), vec2(60.0, 16.0));
            edit.flag_ui(ui, id, slot, commands);
        }
        Domain::Choice(words) => {
            let needed: f32 = words
                .iter()
                .map(|word| controls::width(ui, &controls::title_case(word), Type::Canvas) + 12.0)
                .sum();
            if needed <= slot.width() && !is_mixed {
                let slot = Rect::from_center_size(slot.center(), vec2(slot.width(), 20.0));
                edit.segments_ui(ui, id, slot, 1.0, commands);
            } else {
                let words: Vec<(String, String)> = words
                    .iter()
                    .map(|word| ((*word).to_owned(), controls::title_case(word)))
                    .collect();
                drop_down(ui, id, slot, edit, is_mixed, &words, commands);
            }
        }
        Domain::Device => {
            let mut words = vec![(String::new(), "Default".to_owned())];
            words.extend(devices(view, edit.filter));
            let now = edit.value.text();
            if !words.iter().any(|(name, _)| name == now) {
                words.push((now.to_owned(), stranger(now)));
            }
            drop_down(ui, id, slot, edit, is_mixed, &words, commands);
        }
        Domain::Path => {
            let mut field = slot;
            field.max.x -= 30.0;
            let now = if is_mixed { MIXED } else { edit.value.text() };
            if let Some(typed) = controls::field(ui, id, field, now, "", property.title) {
                commands.push(edit.set(Value::Text(typed.trim().to_owned())));
            }
            let button = Rect::from_min_max(pos2(field.right() + 4.0, slot.top()), slot.max);
            let name = format!("Browse for {}", property.title);
            controls::plate(ui, button, theme.title, theme.line);
            if controls::icon_button(ui, button, Icon::File, &name).clicked() {
                commands.push(Command::Browse {
                    filter: edit.filter,
                    key: property.key.to_owned(),
                });
            }
        }
        Domain::Text => {
            let now = if is_mixed { MIXED } else { edit.value.text() };
            if let Some(typed) = controls::field(ui, id, slot, now, "", property.title) {
                commands.push(edit.set(Value::Text(typed)));
            }
        }
    }
    let at = pos2(whole.left() + space::PANEL / 2.0, whole.center().y);
    let frame = whole.shrink2(vec2(4.0, 1.0));
    follow::mark_ui(ui, view, edit, frame, at, response.id);
    response.context_menu(|ui| {
        for offer in follow::offers(view, edit, false) {
            if ui.button(offer.words).on_hover_text(offer.help).clicked() {
                commands.push(offer.command);
            }
        }
        if ui
            .button(format!("Copy the name \u{201c}{}\u{201d}", property.key))
            .clicked()
        {
            ui.ctx().copy_text(property.key.to_owned());
        }
    });
}

fn number_ui(
    ui: &mut Ui,
    id: Id,
    slot: Rect,
    edit: &Edit<'_>,
    is_mixed: bool,
    commands: &mut Vec<Command>,
) {
    let field = Rect::from_min_max(pos2(slot.right() - 74.0, slot.top()), slot.max);
    let rail = Rect::from_min_max(
        pos2(slot.left(), slot.center().y - 8.0),
        pos2(field.left() - 10.0, slot.center().y + 8.0),
    );
    edit.slider_ui(ui, id, rail, commands);
    let number = edit.value.number().unwrap_or(0.0);
    let (figure, unit) = match is_mixed {
        true => (MIXED.to_owned(), ""),
        false => property::figure(edit.property, number),
    };
    let name = format!("{} value", edit.property.title);
    let wrong = id.with("wrong");
    if let Some(typed) = controls::field(ui, id.with("field"), field, &figure, unit, &name) {
        match property::parse(edit.property, &typed) {
            Some(value) => commands.push(edit.set(value)),
            None => {
                let until = ui.input(|i| i.time) + 4.0;
                ui.data_mut(|data| data.insert_temp(wrong, until));
            }
        }
    }
    // A figure that cannot be: the field turns red and says what it takes, then shows the value again.
    let until: f64 = ui.data(|data| data.get_temp(wrong)).unwrap_or(0.0);
    if ui.input(|i| i.time) < until {
        let theme = Theme::of(ui.ctx());
        controls::plate(ui, field, egui::Color32::TRANSPARENT, theme.error);
        let at = field.right_bottom() + vec2(0.0, 9.0);
        let words = edit.property.wanted().replace('-', "\u{2212}");
        controls::text(
            ui,
            at,
            Align2::RIGHT_CENTER,
            words,
            Type::Small,
            theme.error,
        );
        ui.ctx().request_repaint_after_secs(1.0);
    }
}

fn drop_down(
    ui: &mut Ui,
    id: Id,
    slot: Rect,
    edit: &Edit<'_>,
    is_mixed: bool,
    words: &[(String, String)],
    commands: &mut Vec<Command>,
) {
    let now = edit.value.text();
    let shown = words
        .iter()
        .find(|(name, _)| name == now)
        .map_or(now, |(_, words)| words);
    let shown = if is_mixed { MIXED } else { shown };
    let rows: Vec<String> = words.iter().map(|(_, words)| words.clone()).collect();
    let list = DropDown {
        name: edit.property.title,
        shown,
        rows: &rows,
        chosen: words.iter().position(|(name, _)| name == now && !is_mixed),
        zoom: 1.0,
    };
    if let Some((name, _)) = list.ui(ui, id, slot).and_then(|index| words.get(index)) {
        commands.push(edit.set(Value::Text(name.clone())));
    }
}

/// A MIDI port that other programs connect to.
const OWN_PORT: &str = "virtual:port";

/// A name that no device of the machine has: of a port of our own, or of a device that is elsewhere.
fn stranger(name: &str) -> String {
    let port = name.strip_prefix("jack:").unwrap_or(name);
    match port.strip_prefix("virtual:") {
        Some(own) => format!("{own} (our own, for others)"),
        None => format!("{name} (not there)"),
    }
}

/// The devices a filter may name: sound cards for sound, ports for MIDI.
fn devices(view: &View<'_>, filter: FilterId) -> Vec<(String, String)> {
    let path = view.path_of(filter);
    let descriptor = view
        .wiring
        .filters
        .get(&path)
        .and_then(|filter| filter.descriptor.as_deref());
    let is_sound = descriptor.is_some_and(|descriptor| {
        descriptor
            .pins
            .iter()
            .any(|pin| pin.kind() == crate::ks::Kind::Audio)
    });
    let renders = descriptor.is_some_and(|descriptor| {
        descriptor
            .pins
            .iter()
            .any(|pin| pin.data_flow == DataFlow::In && !pin.is_bridge())
    });
    if !is_sound {
        let ports = if renders {
            &view.facts.midi_outputs
        } else {
            &view.facts.midi_inputs
        };
        let ports = ports.iter().map(|port| (port.clone(), port.clone()));
        let own = (OWN_PORT.to_owned(), stranger(OWN_PORT));
        return ports.chain([own]).collect();
    }
    view.facts
        .devices
        .iter()
        .filter(|device| {
            let ranges = if renders {
                &device.render
            } else {
                &device.capture
            };
            !ranges.is_empty()
        })
        .map(|device| {
            let name = format!("{}:{}", device.host, device.name);
            let words = format!("{} ({})", device.name, device.host);
            (name, words)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_our_own_is_not_said_to_be_away() {
        assert_eq!(stranger("virtual:loop"), "loop (our own, for others)");
        assert_eq!(stranger("jack:virtual:loop"), "loop (our own, for others)");
        assert_eq!(stranger("Keys"), "Keys (not there)");
    }
}
