//! Pins in the inspector: the short list under the properties, and the page that says all of each pin.

use egui::{Align2, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::page::{fact, heading, row, section_rule, sentence};
use crate::app::{Action, Selection, View};
use crate::graph::{Connection, FilterId, Node, PinAddress};
use crate::gui::canvas::{self, wire_of};
use crate::gui::controls;
use crate::gui::node_graph::{Look, PinFill, paint_pin};
use crate::gui::rows::{Row, Rows};
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, kind, space};
use crate::gui::words::{hue, instances_text, range_text};
use crate::ks::{Communication, DataFlow, DataRange, Descriptor, PinFactory};

/// The connection that ends at a pin.
fn at_pin<'a>(
    view: &View<'a>,
    id: FilterId,
    flow: DataFlow,
    pin: &str,
    instance: u32,
) -> Option<(usize, &'a Connection)> {
    let wires = view.graph.connections.iter().map(|it| &**it);
    wires.enumerate().find(|(_, it)| {
        let end = match flow {
            DataFlow::In => &it.to,
            DataFlow::Out => &it.from,
        };
        end.filter == id && end.pin == pin && end.instance == instance
    })
}

/// What is connected, a row each, and how much is free.
pub(super) fn short_ui(
    ui: &mut Ui,
    view: &View<'_>,
    look: &Look,
    id: FilterId,
    node: &Node,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    let rows = Rows::of(view, id, node);
    let all = || rows.inputs.iter().chain(&rows.outputs);
    let connected = all().filter(|row| row.is_connected).count();
    let free = all()
        .filter(|row| !row.is_connected && !row.is_bridge)
        .count();
    heading(ui, "Pins", &format!("{connected} connected, {free} free"));
    let sides = [(DataFlow::In, &rows.inputs), (DataFlow::Out, &rows.outputs)];
    for (flow, side) in sides {
        for pin in side.iter().filter(|pin| pin.is_connected) {
            wired_ui(ui, view, look, id, flow, pin, commands);
        }
    }
    if connected == 0 && free > 0 {
        sentence(ui, "Drag from a pin to connect it.", theme.dim);
    }
    ui.add_space(6.0);
}

fn wired_ui(
    ui: &mut Ui,
    view: &View<'_>,
    look: &Look,
    id: FilterId,
    flow: DataFlow,
    pin: &Row,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    let Some((index, connection)) = at_pin(view, id, flow, &pin.pin, pin.instance) else {
        return;
    };
    let (whole, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::click());
    let rect = whole.shrink2(vec2(space::PANEL, 0.0));
    if response.hovered() {
        ui.painter().rect_filled(whole, 0.0, theme.title);
    }
    let at = pos2(rect.left() + 5.0, rect.top() + 11.0);
    let fill = PinFill::Connected;
    paint_pin(ui.painter(), look, at, hue(pin.kind), fill, 0.9);
    let at = pos2(rect.left() + 17.0, rect.top() + 11.0);
    let covered = controls::text(
        ui,
        at,
        Align2::LEFT_CENTER,
        &pin.label,
        Type::Value,
        theme.strong,
    );
    let words = other_end(view, flow, connection);
    let room = rect.right() - covered.right() - 12.0;
    let wide = controls::width(ui, &words, Type::Body).min(room);
    let at = pos2(rect.right() - wide, rect.top() + 11.0);
    controls::clipped(ui, at, wide + 1.0, &words, Type::Body, theme.dim);
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
    controls::focus_ring(ui, &response);
    if response.clicked() {
        let mut selection = Selection::default();
        selection.connections.insert(index);
        commands.push(Command::Do(Action::Select(selection)));
    }
}

/// `from Gain and Pan` or `to Meter`.
fn other_end(view: &View<'_>, flow: DataFlow, connection: &Connection) -> String {
    let (word, other) = match flow {
        DataFlow::In => ("from", &connection.from),
        DataFlow::Out => ("to", &connection.to),
    };
    let node = view.graph.filters.get(&other.filter);
    format!("{word} {}", node.map_or("?", |node| node.name.as_str()))
}

/// Everything of every pin factory.
pub(super) fn page_ui(
    ui: &mut Ui,
    view: &View<'_>,
    look: &Look,
    id: FilterId,
    node: &Node,
    descriptor: &Descriptor,
    commands: &mut Vec<Command>,
) {
    let rows = Rows::of(view, id, node);
    for factory in descriptor.pins.iter() {
        let side = match factory.data_flow {
            DataFlow::In => &rows.inputs,
            DataFlow::Out => &rows.outputs,
        };
        let wired: Vec<&Row> = side
            .iter()
            .filter(|row| row.pin == factory.name && row.is_connected)
            .collect();
        title_ui(ui, look, factory, wired.len());
        if factory.is_bridge() {
            fact(ui, "Data flow", factory.data_flow.name());
            fact(ui, "Takes no wire", "a jack");
        } else {
            facts_ui(ui, factory, wired.len());
        }
        ranges_ui(ui, view, id, factory, &wired);
        for row in wired {
            wired_ui(ui, view, look, id, factory.data_flow, row, commands);
            let pin = PinAddress {
                filter: view.path_of(id),
                pin: row.pin.clone(),
                instance: row.instance,
            };
            let name = format!("{} {}", node.name, row.label);
            let (now, limit) = (view.pin_state(&pin), view.pin_limit(&pin));
            if let Some(state) = super::states::row_ui(ui, &name, now, limit) {
                commands.push(Command::Do(Action::LimitPin { pin, state }));
            }
        }
        ui.add_space(6.0);
        section_rule(ui);
    }
}

fn title_ui(ui: &mut Ui, look: &Look, factory: &PinFactory, connected: usize) {
    let theme = Theme::of(ui.ctx());
    let rect = row(ui, 28.0);
    let shown = if factory.is_bridge() {
        kind::BRIDGE
    } else {
        hue(factory.kind())
    };
    let at = pos2(rect.left() + 6.0, rect.center().y);
    let fill = match connected {
        0 if !factory.is_bridge() => PinFill::Free,
        _ => PinFill::Connected,
    };
    paint_pin(ui.painter(), look, at, shown, fill, 1.0);
    let at = pos2(rect.left() + 20.0, rect.center().y);
    controls::text(
        ui,
        at,
        Align2::LEFT_CENTER,
        &factory.name,
        Type::Heading,
        theme.strong,
    );
    let words = match (factory.is_bridge(), factory.instances.possible) {
        (true, _) => "jack".to_owned(),
        (false, u32::MAX) => format!("{connected} connected"),
        (false, possible) => format!("{connected} of {possible}"),
    };
    let at = rect.right_center();
    controls::text(ui, at, Align2::RIGHT_CENTER, words, Type::Small, theme.dim);
}

fn facts_ui(ui: &mut Ui, factory: &PinFactory, connected: usize) {
    fact(ui, "Data flow", factory.data_flow.name());
    let meaning = match factory.communication {
        Communication::None => "no requests",
        Communication::Sink => "receives them",
        Communication::Source => "issues them",
        Communication::Both => "either, settled by the wire",
        Communication::Bridge => "never wired",
    };
    let words = format!("{}, {meaning}", factory.communication.name());
    fact(ui, "Requests", &words);
    let counts = instances_text(factory);
    let counts = counts.trim_start_matches("instances: ");
    let words = format!("{connected} now, {counts} possible");
    fact(ui, "Instances", &words);
    let list = |words: Vec<String>, standard: &str| match words.is_empty() {
        true => standard.to_owned(),
        false => words.join(", "),
    };
    let interfaces = factory.interfaces.iter().map(|it| it.text()).collect();
    fact(ui, "Interface", &list(interfaces, "standard streaming"));
    let mediums = factory.mediums.iter().map(|it| it.text()).collect();
    fact(ui, "Medium", &list(mediums, "standard"));
    if let Some(input) = factory.in_place_of {
        fact(ui, "Works in the frame of", input);
    } else if let Some(pin) = factory.same_format_as {
        fact(ui, "Same format as", pin);
    }
}

/// What the pin could do alone, and what is left of it where wires narrowed it.
fn ranges_ui(ui: &mut Ui, view: &View<'_>, id: FilterId, factory: &PinFactory, wired: &[&Row]) {
    let verb = match factory.data_flow {
        DataFlow::In => "Takes",
        DataFlow::Out => "Offers",
    };
    let count = |ranges: &[DataRange]| match ranges.len() {
        1 => "1 range".to_owned(),
        count => format!("{count} ranges"),
    };
    heading(ui, verb, &count(&factory.ranges));
    list_ui(ui, &factory.ranges, None);
    let address = PinAddress {
        filter: view.path_of(id),
        pin: factory.name.to_string(),
        instance: wired.first().map_or(0, |row| row.instance),
    };
    let now = view.wiring.constrained(&address);
    if !now.is_empty() && now != view.wiring.described(&address) {
        heading(ui, "As it is wired now", &count(now));
        list_ui(ui, now, None);
    }
}

/// Ranges, a line each in a well; `winner` is marked.
pub(super) fn list_ui(ui: &mut Ui, ranges: &[DataRange], winner: Option<usize>) {
    let theme = Theme::of(ui.ctx());
    /// More than this is not read by anyone.
    const MOST: usize = 24;
    let shown = ranges.len().min(MOST);
    let high = shown.max(1) as f32 * 19.0 + 10.0;
    let well = row(ui, high + 4.0);
    let mut well = well;
    well.set_height(high);
    controls::plate(ui, well, theme.field, theme.line_soft);
    if ranges.is_empty() {
        let at = pos2(well.left() + 10.0, well.center().y);
        let words = "nothing";
        controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Small, theme.dim);
    }
    for (index, range) in ranges.iter().take(shown).enumerate() {
        let y = well.top() + 5.0 + 19.0 * (index as f32 + 0.5);
        let is_winner = winner == Some(index);
        let ink = match is_winner {
            true => theme.strong,
            false => theme.dim,
        };
        let words = range_text(range);
        let inset = if winner.is_some() { 26.0 } else { 10.0 };
        let at = pos2(well.left() + inset, y);
        let room = well.width() - inset - 8.0;
        controls::clipped(ui, at, room, &words, Type::Small, ink);
        if is_winner {
            let at = pos2(well.left() + 14.0, y);
            let square = egui::Rect::from_center_size(at, egui::Vec2::splat(11.0));
            crate::gui::icons::Icon::Check.paint(ui.painter(), square, theme.accent);
        }
        let place =
            egui::Rect::from_center_size(pos2(well.center().x, y), vec2(well.width() - 2.0, 19.0));
        let id = ui.next_auto_id();
        ui.skip_ahead_auto_ids(1);
        let response = ui.interact(place, id, Sense::hover());
        let spoken = match is_winner {
            true => format!("{words} (agreed)"),
            false => words.clone(),
        };
        response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &spoken));
        response.on_hover_text(words);
    }
}
