//! The inspector: a filter's properties and pins, what a wire agreed, or the facts of the graph when nothing is selected.

use egui::{Align2, CornerRadius, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::facts;
use super::properties;
use crate::app::{Action, FilterStatus, Selection, View};
use crate::graph::{FilterId, FilterPath, Node, NodeKind, PinAddress};
use crate::gui::canvas::{self, wire_of};
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::node_graph::{Look, PinFill, paint_pin};
use crate::gui::probe;
use crate::gui::rows::Rows;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, kind, space};
use crate::gui::words::{hue, instances_text, mark, range_text};
use crate::ks::grouped;
use crate::ks::{DataFlow, Descriptor, State};

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
            facts::wire_ui(ui, view, index, commands);
        } else if selection.is_empty() {
            facts::graph_ui(ui, view, commands);
        } else {
            facts::many_ui(ui, view, commands);
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
        let path = view.path_of(id);
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
                        properties::properties_ui(ui, view, id, node, filter, descriptor, commands);
                    }
                    (NodeKind::Group(_), Page::Properties) => {
                        properties::name_row_ui(ui, id, &node.name, commands);
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
        FilterStatus::Bypassed(_) => (0, "Bypassed"),
        FilterStatus::Disabled => (0, "Disabled"),
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
pub(super) fn row(ui: &mut Ui, height: f32) -> Rect {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    rect.shrink2(vec2(space::PANEL, 0.0))
}

/// The heading of a section, with a word at the right.
pub(super) fn heading(ui: &mut Ui, words: &str, right: &str) {
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

/// A rule between sections.
pub(super) fn section_rule(ui: &mut Ui) {
    let theme = Theme::of(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    controls::rule(ui, rect, theme.line_soft);
}

/// A fact: label left, value right.
pub(super) fn fact(ui: &mut Ui, label: &str, value: &str) {
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
pub(super) fn sentence(ui: &mut Ui, words: &str, ink: egui::Color32) {
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
            filter: view.path_of(id),
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
