//! The inspector: the pages of what is selected, or the facts of the graph when nothing is.

use egui::{Align2, CornerRadius, Rect, Ui, pos2, vec2};

use super::bank::{self, Bank};
use super::cost::Costs;
use super::events::Events;
use super::facts;
use super::many;
use super::page::{Head, head_ui, heading, scrolled, section_rule, sentence, tabs_ui};
use super::pins;
use super::properties;
use super::raw::Raw;
use super::topology::{self, Topology};
use super::wire::{self, WirePage};
use crate::app::{Action, FilterStatus, View};
use crate::graph::{FilterId, FilterPath, Group, Node, NodeKind};
use crate::gui::controls::{self, Face};
use crate::gui::icons::Icon;
use crate::gui::node_graph::Look;
use crate::gui::screen::Command;
use crate::gui::starters::Starters;
use crate::gui::theme::{Theme, Type, space};
use crate::gui::words::mark;
use crate::ks::{Descriptor, State};

/// Which page of a filter is in front.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Hash)]
enum Page {
    #[default]
    Properties,
    Bank,
    Pins,

    Topology,
    Events,
    Raw,

    Class,
}

/// What the inspector remembers.
#[derive(Default)]
pub(in crate::gui) struct Inspector {
    page: Page,
    wire: WirePage,
    /// Whether the format of the wire is to be asked for.
    asks_format: bool,
    costs: Costs,
    starters: Starters,

    topology: Topology,
    events: Events,
    raw: Raw,
    bank: Bank,
}

impl Inspector {
    /// Brings the properties to the front.
    pub(in crate::gui) fn show_properties(&mut self) {
        self.page = Page::Properties;
    }

    /// Brings the events to the front.
    pub(in crate::gui) fn show_events(&mut self) {
        self.page = Page::Events;
    }

    /// Opens the list of formats of the wire that is selected next.
    pub(in crate::gui) fn ask_format(&mut self) {
        self.wire = WirePage::Agreed;
        self.asks_format = true;
    }

    /// Hears what has happened to filters that are listened to, whatever is drawn.
    pub(in crate::gui) fn hear(&mut self, view: &View<'_>, now: f64, commands: &mut Vec<Command>) {
        self.events.update(view, now);
        self.bank.watch(commands);
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
        let filter = selection
            .one_filter()
            .and_then(|id| Some((id, view.graph.filters.get(&id)?)));
        let path = filter.map(|(id, _)| view.path_of(id));
        let now = ui.input(|i| i.time);
        self.costs.update(view, path.as_ref(), now);
        if let Some((id, node)) = filter {
            self.filter_ui(ui, view, look, id, node, commands);
        } else if let Some(index) = selection.one_connection() {
            let asks = std::mem::take(&mut self.asks_format);
            wire::ui(ui, view, index, &mut self.wire, asks, commands);
        } else if selection.is_empty() {
            facts::graph_ui(ui, view, &mut self.starters, commands);
        } else {
            many::ui(ui, view, commands);
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
        let descriptor = view.described(&path);
        let icon = match (descriptor, &node.kind) {
            (Some(descriptor), _) => mark(descriptor),
            (None, NodeKind::Group(_)) => Icon::Group,
            (None, NodeKind::Filter(_)) => Icon::Missing,
        };
        let (lit, word) = match &node.kind {
            NodeKind::Group(_) if descriptor.is_none() => (0, ""),
            NodeKind::Filter(_) | NodeKind::Group(_) => state_of(view, &path),
        };
        let word_wide = controls::width(ui, word, Type::Value);
        let bank = match &node.kind {
            NodeKind::Filter(filter) if bank::is_for(&filter.key) => {
                bank::second_line(view, &path, filter)
            }
            _ => None,
        };
        let second = bank.unwrap_or_else(|| second_line(node, id, descriptor));
        let head = Head {
            icon,
            title: &node.name,
            second: &second,
            right: if word.is_empty() {
                0.0
            } else {
                word_wide + 44.0
            },
        };
        let rest = head_ui(ui, panel, &head);
        if !word.is_empty() {
            let at = pos2(panel.right() - space::PANEL, panel.top() + 15.0);
            let ink = theme.strong;
            controls::text(ui, at, Align2::RIGHT_CENTER, word, Type::Value, ink);
            row_pips(ui, at.x - word_wide - 8.0, at.y, lit, theme);
        }
        let sheet = view.class_sheet(&path);
        let mut pages: &[(Page, &str)] = match (&node.kind, descriptor) {
            (NodeKind::Filter(filter), Some(_)) if bank::is_for(&filter.key) => &[
                (Page::Bank, "Bank"),
                (Page::Properties, "Properties"),
                (Page::Pins, "Pins"),
                (Page::Topology, "Topology"),
                (Page::Events, "Events"),
                (Page::Raw, "Raw"),
            ],
            (NodeKind::Filter(_), Some(_)) => &[
                (Page::Properties, "Properties"),
                (Page::Pins, "Pins"),
                (Page::Topology, "Topology"),
                (Page::Events, "Events"),
                (Page::Raw, "Raw"),
                (Page::Class, "Class"),
            ],
            (NodeKind::Group(_), Some(_)) => {
                &[(Page::Properties, "Properties"), (Page::Pins, "Pins")]
            }
            _ => &[(Page::Properties, "Properties")],
        };
        if let ([rest @ .., (Page::Class, _)], None) = (pages, &sheet) {
            pages = rest;
        }
        let is_there = pages.iter().any(|(page, _)| *page == self.page);
        let front = if is_there {
            self.page
        } else {
            Page::Properties
        };
        let (body, clicked) = tabs_ui(ui, rest, pages, front);
        self.page = clicked.unwrap_or(self.page);
        scrolled(ui, body, ("inspector", id, front), |ui| {
            ui.add_space(6.0);
            if front == Page::Pins
                && let Some(descriptor) = descriptor
            {
                pins::page_ui(ui, view, look, id, node, descriptor, commands);
                return;
            }
            if let (NodeKind::Filter(filter), Some(descriptor)) = (&node.kind, descriptor) {
                match front {
                    Page::Topology => {
                        topology::page_ui(ui, id, filter, descriptor, &mut self.topology);
                        return;
                    }
                    Page::Events => return self.events.page_ui(ui, view, &path),
                    Page::Raw => {
                        self.raw.page_ui(ui, view, &path, id, filter, commands);
                        return;
                    }
                    Page::Bank => {
                        self.bank.page_ui(ui, view, &path, filter, commands);
                        return;
                    }
                    Page::Class => {
                        if let Some(sheet) = &sheet {
                            super::class::page_ui(ui, sheet, &path, commands);
                        }
                        return;
                    }
                    Page::Properties | Page::Pins => {}
                }
            }
            match &node.kind {
                NodeKind::Filter(filter) => {
                    if let FilterStatus::Ready(now) = view.status(&path) {
                        let limit = view.limit(&path);
                        let clicked = super::states::row_ui(ui, &node.name, Some(now), limit);
                        if let Some(state) = clicked {
                            let filters = vec![id];
                            commands.push(Command::Do(Action::LimitFilters { filters, state }));
                        }
                    }
                    properties::properties_ui(ui, view, id, node, filter, descriptor, commands);
                }
                NodeKind::Group(group) => {
                    match &group.instance {
                        Some(it) => properties::properties_ui(
                            ui, view, id, node, &it.node, descriptor, commands,
                        ),
                        None => properties::name_row_ui(ui, id, &node.name, commands),
                    }
                    group_ui(ui, id, group, commands);
                }
            }
            ui.add_space(8.0);
            section_rule(ui);
            pins::short_ui(ui, view, look, id, node, commands);
            self.costs.ui(ui, view, &path);
            problems_ui(ui, view, &path);
        });
    }
}

/// Category, kind and number.
fn second_line(node: &Node, id: FilterId, descriptor: Option<&Descriptor>) -> String {
    match (descriptor, &node.kind) {
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
    }
}

/// What a group has inside, and the ways in and into the catalogue.
fn group_ui(ui: &mut Ui, id: FilterId, group: &Group, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    ui.add_space(6.0);
    let row = super::page::row(ui, 28.0);
    let wide = (row.width() - 8.0) / 2.0;
    let place = Rect::from_min_size(row.min, vec2(wide, row.height()));
    let is_filter = group.instance.is_some();
    let words = if is_filter {
        "Look inside"
    } else {
        "Open the group"
    };
    if controls::button_at(ui, place, words, Face::Plain, true).clicked() {
        commands.push(Command::Do(Action::Enter(id)));
    }
    let place = place.translate(vec2(wide + 8.0, 0.0));
    let words = if is_filter {
        "Make a group"
    } else {
        "Save as filter\u{2026}"
    };
    if controls::button_at(ui, place, words, Face::Plain, true).clicked() {
        commands.push(match is_filter {
            true => Command::Do(Action::Unpack(vec![id])),
            false => Command::Pack,
        });
    }
    ui.add_space(6.0);
    section_rule(ui);
    let count = group.graph.filters.len().to_string();
    heading(ui, "Inside", &count);
    for inner in group.graph.filters.values() {
        let rect = super::page::row(ui, 20.0);
        let at = rect.left_center();
        controls::clipped(ui, at, rect.width(), &inner.name, Type::Body, theme.text);
    }
    heading(ui, "Pins it shows", &group.pins.len().to_string());
    if group.pins.is_empty() {
        let words = "None. Wire a pin inside across the border, or open the group.";
        sentence(ui, words, theme.dim);
    }
    for pin in &group.pins {
        let inner = group.graph.filters.get(&pin.inner.filter);
        let name = inner.map_or("?", |inner| inner.name.as_str());
        super::page::fact(ui, &pin.name, &format!("{name} {}", pin.inner.pin));
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
