//! The inspector: a filter's properties and pins, what a wire agreed, or the facts of the graph when nothing is selected.

use egui::{
    Align2, ComboBox, CornerRadius, Id, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2,
    vec2,
};

use crate::app::{Action, FilterStatus, Selection, View};
use crate::graph::{FilterId, FilterNode, FilterPath, Node, NodeKind, PinAddress};
use crate::gui::canvas::{self, Rows, hue, instances_text, mark, range_text, wire_of};
use crate::gui::controls::{self, Face};
use crate::gui::icons::Icon;
use crate::gui::node_graph::{Look, PinFill, paint_pin};
use crate::gui::probe;
use crate::gui::property::{self, Edit};
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, kind, space, window};
use crate::ks::grouped;
use crate::ks::{DataFlow, Descriptor, Domain, State, Value};

/// Which page of a filter is in front.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Page {
    #[default]
    Properties,
    Pins,
}

/// What the inspector remembers.
#[derive(Default)]
pub(in crate::gui) struct Inspector {
    page: Page,
}

impl Inspector {
    /// Brings the properties to the front.
    pub(in crate::gui) fn show_properties(&mut self) {
        self.page = Page::Properties;
    }

    /// Draws the panel.
    pub(in crate::gui) fn ui(
        &mut self,
        ui: &mut Ui,
        view: &View<'_>,
        look: &Look,
        commands: &mut Vec<Command>,
    ) {
        let selection = view.selection;
        if let Some((id, node)) = selection
            .one_filter()
            .and_then(|id| Some((id, view.graph.filters.get(&id)?)))
        {
            self.filter_ui(ui, view, look, id, node, commands);
        } else if let Some(index) = selection.one_connection() {
            wire_ui(ui, view, index, commands);
        } else if selection.is_empty() {
            graph_ui(ui, view, commands);
        } else {
            many_ui(ui, view, commands);
        }
    }

    fn filter_ui(
        &mut self,
        ui: &mut Ui,
        view: &View<'_>,
        look: &Look,
        id: FilterId,
        node: &Node,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        let panel = ui.max_rect();
        let path = FilterPath(vec![id]);
        let descriptor = view
            .wiring
            .filters
            .get(&path)
            .and_then(|filter| filter.descriptor.as_ref());
        let left = panel.left() + space::PANEL;
        let square =
            Rect::from_center_size(pos2(left + 10.0, panel.top() + 22.0), Vec2::splat(18.0));
        let icon = match (descriptor, &node.kind) {
            (Some(descriptor), _) => mark(descriptor),
            (None, NodeKind::Group(_)) => Icon::Group,
            (None, NodeKind::Filter(_)) => Icon::Missing,
        };
        icon.paint(ui.painter(), square, theme.dim);
        let at = pos2(left + 28.0, panel.top() + 15.0);
        let room = panel.right() - 80.0 - at.x;
        controls::clipped(ui, at, room, &node.name, Type::PanelTitle, theme.strong);
        let what = match (descriptor, &node.kind) {
            (Some(descriptor), _) => {
                let category = descriptor.category().name().unwrap_or("Filter");
                if node.name == descriptor.title {
                    format!("{category} · filter {}", id.0)
                } else {
                    format!("{category} · {} · filter {}", descriptor.title, id.0)
                }
            }
            (None, NodeKind::Group(group)) => {
                format!("Group · {} inside", group.graph.filters.len())
            }
            (None, NodeKind::Filter(filter)) => {
                format!("not installed: \u{201c}{}\u{201d}", filter.key)
            }
        };
        let at = pos2(left + 28.0, panel.top() + 32.0);
        let room = panel.right() - space::PANEL - at.x;
        controls::clipped(ui, at, room, &what, Type::Small, theme.dim);
        let (lit, word) = state_of(view, &path);
        let at = pos2(panel.right() - space::PANEL, panel.top() + 15.0);
        let covered = controls::text(
            ui,
            at,
            Align2::RIGHT_CENTER,
            word,
            Type::Value,
            theme.strong,
        );
        row_pips(ui, covered.left() - 8.0, panel.top() + 15.0, lit, theme);

        let tabs = Rect::from_min_size(
            pos2(panel.left(), panel.top() + 46.0),
            vec2(panel.width(), 28.0),
        );
        let mut x = left;
        for (page, name) in [(Page::Properties, "Properties"), (Page::Pins, "Pins")] {
            let is_on = self.page == page;
            let wide = controls::width(ui, name, Type::TabActive);
            let rect = Rect::from_min_size(pos2(x - 5.0, tabs.top()), vec2(wide + 10.0, 28.0));
            let response = ui.interact(rect, ui.scope_id().with(("page", name)), Sense::click());
            response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_on, name));
            probe::note(ui.ctx(), "tab", name, "", rect);
            let (role, ink) = match is_on {
                true => (Type::TabActive, theme.strong),
                false if response.hovered() => (Type::Tab, theme.strong),
                false => (Type::Tab, theme.dim),
            };
            let at = pos2(x, rect.center().y);
            controls::text(ui, at, Align2::LEFT_CENTER, name, role, ink);
            if is_on {
                let line =
                    Rect::from_min_max(pos2(x, rect.bottom() - 2.0), pos2(x + wide, rect.bottom()));
                ui.painter()
                    .rect_filled(line, CornerRadius::same(1), theme.accent);
            }
            controls::focus_ring(ui, &response);
            if response.clicked() {
                self.page = page;
            }
            x += wide + 18.0;
        }
        let body = Rect::from_min_max(pos2(panel.left(), tabs.bottom()), panel.max);
        controls::rule(ui, body, theme.line_soft);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(body.shrink2(vec2(0.0, 2.0))));
        ScrollArea::vertical()
            .id_salt(("inspector", id, self.page == Page::Pins))
            .auto_shrink([false, false])
            .show(&mut child, |ui| {
                ui.spacing_mut().item_spacing = Vec2::ZERO;
                ui.add_space(6.0);
                match (&node.kind, self.page) {
                    (NodeKind::Filter(filter), Page::Properties) => {
                        properties_ui(ui, view, id, node, filter, descriptor, commands);
                    }
                    (NodeKind::Group(_), Page::Properties) => {
                        name_row_ui(ui, id, &node.name, commands);
                    }
                    (_, Page::Pins) => {}
                }
                if self.page == Page::Properties {
                    ui.add_space(8.0);
                    section_rule(ui);
                    short_pins_ui(ui, view, look, id, node, commands);
                    cost_ui(ui, view, &path);
                    problems_ui(ui, view, &path);
                } else if let Some(descriptor) = descriptor {
                    pins_ui(ui, view, look, id, descriptor);
                }
                ui.add_space(12.0);
            });
    }
}

fn state_of(view: &View<'_>, path: &FilterPath) -> (u8, &'static str) {
    let now = view.cells.map_or(State::Stop, |cells| cells.state());
    match view.status(path) {
        FilterStatus::Missing => (0, "Missing"),
        FilterStatus::Idle(_) => (0, "Idle"),
        FilterStatus::Faulty(_) => (0, "Silenced"),
        FilterStatus::Ready(state) => {
            let state = state.min(now);
            (state as u8, state.name())
        }
    }
}

fn row_pips(ui: &Ui, right: f32, y: f32, lit: u8, theme: &Theme) {
    for index in 0..3_u8 {
        let x = right - 8.0 - f32::from(2 - index) * 9.0;
        let pip = Rect::from_center_size(pos2(x + 3.0, y), vec2(7.0, 6.0));
        let ink = if lit == 3 { theme.accent } else { theme.text };
        if index < lit {
            ui.painter().rect_filled(pip, CornerRadius::same(1), ink);
        } else {
            ui.painter().rect_stroke(
                pip.shrink(0.5),
                CornerRadius::same(1),
                egui::Stroke::new(1.0, theme.line_strong),
                egui::StrokeKind::Inside,
            );
        }
    }
}

/// A row of a page, inset.
fn row(ui: &mut Ui, height: f32) -> Rect {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    rect.shrink2(vec2(space::PANEL, 0.0))
}

fn heading(ui: &mut Ui, words: &str, right: &str) {
    let theme = Theme::of(ui.ctx());
    let rect = row(ui, 26.0);
    controls::text(
        ui,
        rect.left_center(),
        Align2::LEFT_CENTER,
        words,
        Type::Section,
        theme.dim,
    );
    controls::text(
        ui,
        rect.right_center(),
        Align2::RIGHT_CENTER,
        right,
        Type::Small,
        theme.dim,
    );
}

fn section_rule(ui: &mut Ui) {
    let theme = Theme::of(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    controls::rule(ui, rect, theme.line_soft);
}

/// A fact: label left, value right.
fn fact(ui: &mut Ui, label: &str, value: &str) {
    let theme = Theme::of(ui.ctx());
    let rect = row(ui, 21.0);
    let covered = controls::text(
        ui,
        rect.left_center(),
        Align2::LEFT_CENTER,
        label,
        Type::Body,
        theme.dim,
    );
    let room = rect.right() - covered.right() - 12.0;
    let wide = controls::width(ui, value, Type::Value);
    let at = pos2(rect.right() - wide.min(room), rect.center().y);
    controls::clipped(ui, at, room, value, Type::Value, theme.strong);
    probe::note(ui.ctx(), "fact", label, value, rect);
}

/// Words that wrap.
fn sentence(ui: &mut Ui, words: &str, ink: egui::Color32) {
    egui::Frame::NONE
        .inner_margin(egui::Margin::symmetric(space::PANEL as i8, 2))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(
                egui::RichText::new(words)
                    .text_style(Type::Body.style())
                    .color(ink),
            );
        });
}

fn name_row_ui(ui: &mut Ui, id: FilterId, name: &str, commands: &mut Vec<Command>) {
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

fn properties_ui(
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
    for property in descriptor.properties.iter() {
        let edit = Edit::of(id, filter, property);
        property_ui(ui, view, &edit, commands);
    }
    if !descriptor.help.is_empty() {
        ui.add_space(4.0);
        sentence(ui, &descriptor.help, theme.dim);
    }
}

fn property_ui(ui: &mut Ui, view: &View<'_>, edit: &Edit<'_>, commands: &mut Vec<Command>) {
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
        Domain::Number { .. } => number_ui(ui, id, slot, edit, commands),
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
            if needed <= slot.width() {
                let slot = Rect::from_center_size(slot.center(), vec2(slot.width(), 20.0));
                edit.segments_ui(ui, id, slot, 1.0, commands);
            } else {
                let words: Vec<(String, String)> = words
                    .iter()
                    .map(|word| ((*word).to_owned(), controls::title_case(word)))
                    .collect();
                drop_down(ui, id, slot, edit, &words, commands);
            }
        }
        Domain::Device => {
            let mut words = vec![(String::new(), "Default".to_owned())];
            words.extend(devices(view, edit.filter));
            let now = edit.value.text();
            if !words.iter().any(|(name, _)| name == now) {
                words.push((now.to_owned(), format!("{now} (not there)")));
            }
            drop_down(ui, id, slot, edit, &words, commands);
        }
        Domain::Path => {
            let mut field = slot;
            field.max.x -= 30.0;
            let now = edit.value.text();
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
            let now = edit.value.text();
            if let Some(typed) = controls::field(ui, id, slot, now, "", property.title) {
                commands.push(edit.set(Value::Text(typed)));
            }
        }
    }
    response.context_menu(|ui| {
        if ui
            .button(format!("Back to the default: {}", default_words(edit)))
            .clicked()
        {
            commands.push(Command::Do(Action::SetProperty {
                filter: edit.filter,
                key: property.key.to_owned(),
                value: None,
            }));
        }
        if ui
            .button(format!("Copy the name \u{201c}{}\u{201d}", property.key))
            .clicked()
        {
            ui.ctx().copy_text(property.key.to_owned());
        }
    });
}

fn default_words(edit: &Edit<'_>) -> String {
    let default = Edit {
        filter: edit.filter,
        property: edit.property,
        value: edit.property.default_value(),
        is_changed: false,
    };
    default.words()
}

fn number_ui(ui: &mut Ui, id: Id, slot: Rect, edit: &Edit<'_>, commands: &mut Vec<Command>) {
    let field = Rect::from_min_max(pos2(slot.right() - 74.0, slot.top()), slot.max);
    let rail = Rect::from_min_max(
        pos2(slot.left(), slot.center().y - 8.0),
        pos2(field.left() - 10.0, slot.center().y + 8.0),
    );
    edit.slider_ui(ui, id, rail, commands);
    let number = edit.value.number().unwrap_or(0.0);
    let (figure, unit) = property::figure(edit.property, number);
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
    words: &[(String, String)],
    commands: &mut Vec<Command>,
) {
    let now = edit.value.text();
    let shown = words
        .iter()
        .find(|(name, _)| name == now)
        .map_or(now, |(_, words)| words);
    probe::note(ui.ctx(), "choice", edit.property.title, shown, slot);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(slot));
    let theme = Theme::of(ui.ctx());
    child.visuals_mut().widgets.inactive.weak_bg_fill = theme.field;
    child.name_inputs(edit.property.title, |ui| {
        ComboBox::from_id_salt(id)
            .selected_text(egui::RichText::new(shown).text_style(Type::Value.style()))
            .width(slot.width())
            .truncate()
            .icon(|ui, rect, visuals, _| {
                let square = Rect::from_center_size(rect.center(), Vec2::splat(12.0));
                Icon::Down.paint(ui.painter(), square, visuals.text_color());
            })
            .show_ui(ui, |ui| {
                for (name, words) in words {
                    if ui.selectable_label(name == now, words).clicked() && name != now {
                        commands.push(edit.set(Value::Text(name.clone())));
                    }
                }
            });
    });
}

/// The devices a filter may name: sound cards for sound, ports for MIDI.
fn devices(view: &View<'_>, filter: FilterId) -> Vec<(String, String)> {
    let path = FilterPath(vec![filter]);
    let descriptor = view
        .wiring
        .filters
        .get(&path)
        .and_then(|filter| filter.descriptor.as_ref());
    let is_sound = descriptor.is_some_and(|descriptor| {
        descriptor
            .pins
            .iter()
            .any(|pin| pin.kind() == crate::ks::Kind::Audio)
    });
    if !is_sound {
        let ports = view.facts.midi_inputs.iter();
        return ports.map(|port| (port.clone(), port.clone())).collect();
    }
    let renders = descriptor.is_some_and(|descriptor| {
        descriptor
            .pins
            .iter()
            .any(|pin| pin.data_flow == DataFlow::In && !pin.is_bridge())
    });
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

fn short_pins_ui(
    ui: &mut Ui,
    view: &View<'_>,
    look: &Look,
    id: FilterId,
    node: &Node,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    let rows = Rows::of(view, id, node);
    let connected = rows
        .inputs
        .iter()
        .chain(&rows.outputs)
        .filter(|row| row.is_connected)
        .count();
    heading(ui, "Pins", &format!("{connected} connected"));
    let sides = [(DataFlow::In, &rows.inputs), (DataFlow::Out, &rows.outputs)];
    for (flow, side) in sides {
        for pin in side.iter().filter(|pin| pin.is_connected) {
            let found = view.graph.connections.iter().enumerate().find(|(_, it)| {
                let end = match flow {
                    DataFlow::In => &it.to,
                    DataFlow::Out => &it.from,
                };
                end.filter == id && end.pin == pin.pin && end.instance == pin.instance
            });
            let Some((index, connection)) = found else {
                continue;
            };
            let (whole, response) =
                ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::click());
            let rect = whole.shrink2(vec2(space::PANEL, 0.0));
            if response.hovered() {
                ui.painter().rect_filled(whole, 0.0, theme.title);
            }
            let at = pos2(rect.left() + 5.0, rect.top() + 11.0);
            paint_pin(
                ui.painter(),
                look,
                at,
                hue(pin.kind),
                PinFill::Connected,
                0.9,
            );
            let at = pos2(rect.left() + 17.0, rect.top() + 11.0);
            controls::text(
                ui,
                at,
                Align2::LEFT_CENTER,
                &pin.label,
                Type::Value,
                theme.strong,
            );
            let (word, other) = match flow {
                DataFlow::In => ("from", &connection.from),
                DataFlow::Out => ("to", &connection.to),
            };
            let name = view
                .graph
                .filters
                .get(&other.filter)
                .map_or("?", |node| node.name.as_str());
            let at = pos2(rect.right(), rect.top() + 11.0);
            let words = format!("{word} {name}");
            controls::text(ui, at, Align2::RIGHT_CENTER, &words, Type::Body, theme.dim);
            let (words, ink) = match wire_of(view, index).map(|wire| &wire.outcome) {
                Some(Ok(agreement)) => (
                    format!(
                        "{} · {} · {}",
                        agreement.format,
                        if agreement.is_push { "push" } else { "pull" },
                        agreement.interface.text()
                    ),
                    theme.dim,
                ),
                Some(Err(refusal)) => (refusal.sentence(), theme.error),
                None => ("one end is missing".to_owned(), theme.dim),
            };
            let at = pos2(rect.left() + 17.0, rect.top() + 27.0);
            controls::clipped(ui, at, rect.width() - 17.0, &words, Type::Small, ink);
            let name = canvas::wire_text(view.graph, connection, "Pin of ", " to ");
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
            if response.clicked() {
                let mut selection = Selection::default();
                selection.connections.insert(index);
                commands.push(Command::Do(Action::Select(selection)));
            }
        }
    }
    let free = rows.inputs.len() + rows.outputs.len() - connected;
    if connected == 0 {
        sentence(
            ui,
            &format!("{free} free. Drag from a pin to connect it."),
            theme.dim,
        );
    }
    ui.add_space(6.0);
}

fn cost_ui(ui: &mut Ui, view: &View<'_>, path: &FilterPath) {
    let Some((nanos, latency)) = view.cost(path) else {
        return;
    };
    section_rule(ui);
    heading(ui, "Cost", "a quantum");
    fact(ui, "Now", &format!("{} ns", grouped(nanos)));
    fact(
        ui,
        "Own latency",
        &format!("{} samples", grouped(latency as u32)),
    );
}

fn problems_ui(ui: &mut Ui, view: &View<'_>, path: &FilterPath) {
    let theme = Theme::of(ui.ctx());
    let mut words: Vec<String> = view
        .wiring
        .problems
        .iter()
        .filter(|problem| problem.filter.as_ref() == Some(path))
        .map(|problem| problem.text.clone())
        .collect();
    if let FilterStatus::Faulty(why) = view.status(path) {
        words.push(why);
    }
    if words.is_empty() {
        return;
    }
    section_rule(ui);
    heading(ui, "To look at", "");
    for line in words {
        sentence(ui, &line, theme.warn);
    }
}

fn pins_ui(ui: &mut Ui, view: &View<'_>, look: &Look, id: FilterId, descriptor: &Descriptor) {
    let theme = Theme::of(ui.ctx());
    for factory in descriptor.pins.iter() {
        let rect = row(ui, 26.0);
        let shown = if factory.is_bridge() {
            kind::BRIDGE
        } else {
            hue(factory.kind())
        };
        let at = pos2(rect.left() + 6.0, rect.center().y);
        paint_pin(ui.painter(), look, at, shown, PinFill::Connected, 1.0);
        let at = pos2(rect.left() + 20.0, rect.center().y);
        controls::text(
            ui,
            at,
            Align2::LEFT_CENTER,
            &factory.name,
            Type::Heading,
            theme.strong,
        );
        let connected = view
            .graph
            .connections
            .iter()
            .flat_map(|it| [&it.from, &it.to])
            .filter(|pin| pin.filter == id && pin.pin == factory.name)
            .count();
        let words = if factory.is_bridge() {
            "jack".to_owned()
        } else {
            format!("{connected} connected")
        };
        let at = rect.right_center();
        controls::text(ui, at, Align2::RIGHT_CENTER, words, Type::Small, theme.dim);
        fact(ui, "Data flow", factory.data_flow.name());
        if !factory.is_bridge() {
            fact(ui, "Requests", factory.communication.name());
            fact(
                ui,
                "Instances",
                instances_text(factory).trim_start_matches("instances: "),
            );
            let names = |words: Vec<String>| words.join(", ");
            fact(
                ui,
                "Interface",
                &names(factory.interfaces.iter().map(|it| it.text()).collect()),
            );
            fact(
                ui,
                "Medium",
                &names(factory.mediums.iter().map(|it| it.text()).collect()),
            );
        }
        for (index, range) in factory.ranges.iter().enumerate() {
            let word = if index == 0 {
                match factory.data_flow {
                    DataFlow::In => "Takes",
                    DataFlow::Out => "Offers",
                }
            } else {
                "or"
            };
            fact(ui, word, &range_text(range));
        }
        let address = PinAddress {
            filter: FilterPath(vec![id]),
            pin: factory.name.to_string(),
            instance: 0,
        };
        let wire = match factory.data_flow {
            DataFlow::In => view.wiring.wire_into(&address),
            DataFlow::Out => view.wiring.wire_from(&address),
        };
        match wire.map(|wire| &wire.outcome) {
            Some(Ok(agreement)) => fact(ui, "Agreed", &agreement.format.to_string()),
            Some(Err(refusal)) => sentence(ui, &refusal.sentence(), theme.error),
            None => {}
        }
        ui.add_space(6.0);
        section_rule(ui);
    }
}

fn head(ui: &mut Ui, title: &str, second: &str, ink: egui::Color32) {
    let theme = Theme::of(ui.ctx());
    let rect = row(ui, 48.0);
    let at = pos2(rect.left(), rect.top() + 17.0);
    controls::clipped(ui, at, rect.width(), title, Type::PanelTitle, theme.strong);
    let at = pos2(rect.left(), rect.top() + 34.0);
    controls::clipped(ui, at, rect.width(), second, Type::Small, ink);
    section_rule(ui);
}

fn wire_ui(ui: &mut Ui, view: &View<'_>, index: usize, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let Some(connection) = view.graph.connections.get(index) else {
        return;
    };
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    let name = |id: FilterId| {
        view.graph
            .filters
            .get(&id)
            .map_or("?", |node| node.name.as_str())
    };
    let title = format!(
        "{} \u{2192} {}",
        name(connection.from.filter),
        name(connection.to.filter)
    );
    let second = format!("Wire · {} to {}", connection.from.pin, connection.to.pin);
    head(ui, &title, &second, theme.dim);
    let outcome = wire_of(view, index).map(|wire| &wire.outcome);
    match outcome {
        Some(Ok(agreement)) => {
            heading(ui, "Agreed", "");
            fact(ui, "Format", &agreement.format.to_string());
            if let Some(audio) = agreement.format.audio {
                fact(ui, "Rate", &format!("{} Hz", grouped(audio.rate_hz)));
                fact(ui, "Channels", &audio.channels.to_string());
                let coding = format!("{:?}, {} bit", agreement.format.sub, audio.bits);
                fact(ui, "Sample", &coding);
            }
            fact(ui, "Medium", &agreement.medium.text());
            fact(ui, "Interface", &agreement.interface.text());
            let way = if agreement.is_push {
                "push: the source issues"
            } else {
                "pull: the sink issues"
            };
            fact(ui, "Requests", way);
            let chosen = &connection.chosen;
            if chosen.format.is_some() || chosen.medium.is_some() || chosen.interface.is_some() {
                sentence(ui, "Some of this was chosen by hand.", theme.dim);
            }
        }
        Some(Err(refusal)) => {
            heading(ui, "Not agreed", refusal.rule);
            sentence(ui, &refusal.sentence(), theme.error);
            for (place, cure) in refusal.cures.iter().take(4).enumerate() {
                ui.add_space(4.0);
                let rect = row(ui, 28.0);
                let face = if place == 0 {
                    Face::Primary
                } else {
                    Face::Plain
                };
                if controls::button_at(ui, rect, &cure.text, face, true).clicked()
                    && let Some(wire) = wire_of(view, index)
                {
                    commands.push(Command::Cure {
                        connection: Some(index),
                        from: wire.from.clone(),
                        to: wire.to.clone(),
                        cure: place,
                    });
                }
            }
        }
        None => sentence(ui, "One end is missing; the wire is kept.", theme.dim),
    }
    ui.add_space(10.0);
    let rect = row(ui, 28.0);
    let rect = Rect::from_min_size(rect.min, vec2(130.0, 28.0));
    if controls::button_at(ui, rect, "Remove the wire", Face::Plain, true).clicked() {
        commands.push(Command::Do(Action::Disconnect(vec![index])));
    }
}

fn many_ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    let filters = view.selection.filters.len();
    let wires = view.selection.connections.len();
    let title = format!("{} selected", filters + wires);
    head(
        ui,
        &title,
        &format!("{filters} filters, {wires} wires"),
        theme.dim,
    );
    ui.add_space(8.0);
    let rect = row(ui, 28.0);
    let rect = Rect::from_min_size(rect.min, vec2(130.0, 28.0));
    if controls::button_at(ui, rect, "Delete them", Face::Plain, true).clicked() {
        commands.push(Command::Do(Action::DeleteSelection));
    }
}

fn graph_ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    ui.add_space(8.0);
    let rect = row(ui, 26.0);
    let at = rect.left_center();
    controls::text(
        ui,
        at,
        Align2::LEFT_CENTER,
        "Nothing selected",
        Type::PanelTitle,
        theme.strong,
    );
    sentence(ui, "Click a filter for its properties.", theme.dim);
    sentence(ui, "Click a wire for what the two pins agreed.", theme.dim);
    sentence(ui, "Drag on the empty canvas to select many.", theme.dim);
    ui.add_space(10.0);
    section_rule(ui);
    heading(ui, "This graph", "");
    let counts = format!(
        "{}, {}",
        view.graph.filters.len(),
        view.graph.connections.len()
    );
    fact(ui, "Filters, wires", &counts);
    let device = if view.device.is_empty() {
        "a timer, no sound card"
    } else {
        view.device
    };
    fact(ui, "Kept in time by", device);
    let rate = view.wiring.rate_hz;
    fact(ui, "Rate", &format!("{} Hz", grouped(rate)));
    let millis = view.quantum as f64 * 1000.0 / f64::from(rate.max(1));
    let quantum = format!("{} samples, {millis:.3} ms", grouped(view.quantum as u32));
    fact(ui, "Quantum", &quantum);
    if let Some(samples) = view
        .cells
        .map(|cells| cells.latency_samples())
        .filter(|it| *it > 0)
    {
        let millis = f64::from(samples) * 1000.0 / f64::from(rate.max(1));
        let words = format!("{} samples, {millis:.1} ms", grouped(samples));
        fact(ui, "Key to ear", &words);
    }
    let priority = view.cells.map(|cells| cells.is_real_time());
    if let Some(is_real_time) = priority {
        let words = if is_real_time {
            "real time"
        } else {
            "ordinary"
        };
        fact(ui, "Audio thread", words);
    }
    fact(ui, "State", view.requested.name());
    let refused = view
        .wiring
        .wires
        .iter()
        .filter(|wire| wire.outcome.is_err())
        .count();
    if refused == 0 && view.wiring.problems.is_empty() {
        return;
    }
    ui.add_space(8.0);
    section_rule(ui);
    heading(
        ui,
        "To look at",
        &(refused + view.wiring.problems.len()).to_string(),
    );
    for wire in &view.wiring.wires {
        let Err(refusal) = &wire.outcome else {
            continue;
        };
        let words = format!(
            "{} \u{2192} {}: {}",
            view.wiring.pin_text(&wire.from),
            view.wiring.pin_text(&wire.to),
            refusal.sentence()
        );
        problem_ui(
            ui,
            &words,
            theme.error,
            || {
                let index = wire.connection?;
                let mut selection = Selection::default();
                selection.connections.insert(index);
                Some(selection)
            },
            commands,
        );
    }
    for problem in &view.wiring.problems {
        let ink = if problem.is_blocking {
            theme.error
        } else {
            theme.warn
        };
        problem_ui(
            ui,
            &problem.text,
            ink,
            || {
                let &id = problem.filter.as_ref()?.0.first()?;
                let mut selection = Selection::default();
                selection.filters.insert(id);
                Some(selection)
            },
            commands,
        );
    }
}

fn problem_ui(
    ui: &mut Ui,
    words: &str,
    ink: egui::Color32,
    about: impl Fn() -> Option<Selection>,
    commands: &mut Vec<Command>,
) {
    let response = egui::Frame::NONE
        .inner_margin(egui::Margin::symmetric(space::PANEL as i8, 2))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let text = egui::RichText::new(words)
                .text_style(Type::Body.style())
                .color(ink);
            ui.add(egui::Label::new(text).sense(Sense::click()))
        })
        .inner;
    if response.clicked()
        && let Some(selection) = about()
    {
        commands.push(Command::Do(Action::Select(selection)));
    }
}
