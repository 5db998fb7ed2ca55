//! The inspector's page of what is inside a filter: its nodes and the connections between them and the pins, as a drawing
//! and as a list; what is connected to nothing stands at the upper left (TOP-6).

use egui::{CornerRadius, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use super::page::{fact, heading, row, section_rule, sentence};
use crate::graph::{FilterId, FilterNode};
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::property;
use crate::gui::theme::{Theme, Type, radius, stroke};
use crate::ks::{DataFlow, Descriptor, NodePin, TopologyConnection};

/// Height of a row of nodes, and of a node.
const ROW: f32 = 40.0;
const NODE: Vec2 = vec2(78.0, 26.0);
/// Room for the names of pins at either side.
const PINS: f32 = 46.0;
/// Beside a name in its node, and between two nodes.
const PAD: f32 = 6.0;

/// What the page remembers: the node whose controls are shown.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Topology {
    chosen: Option<(FilterId, usize)>,
}

/// Draws the page.
pub(super) fn page_ui(
    ui: &mut Ui,
    id: FilterId,
    filter: &FilterNode,
    descriptor: &Descriptor,
    state: &mut Topology,
) {
    let theme = Theme::of(ui.ctx());
    let connections = descriptor.connections();
    if descriptor.nodes.is_empty() {
        let words = "No nodes are declared inside: every input reaches every output.";
        sentence(ui, words, theme.dim);
    }
    drawing_ui(ui, id, descriptor, &connections, state);
    if let Some((_, index)) = state.chosen.filter(|(of, _)| *of == id)
        && let Some(node) = descriptor.nodes.get(index)
    {
        section_rule(ui);
        heading(ui, &node.name, &format!("node {index}"));
        fact(ui, "Kind", &format!("{:?}", node.kind));
        for key in node.properties.iter() {
            if let Some((_, property)) = descriptor.property(key) {
                let edit = property::Edit::of(id, filter, property);
                fact(ui, property.title, &edit.words());
            }
        }
        if node.properties.is_empty() {
            sentence(ui, "It has no controls.", theme.dim);
        }
    }
    ui.add_space(4.0);
    section_rule(ui);
    heading(ui, "Nodes", &descriptor.nodes.len().to_string());
    for (index, node) in descriptor.nodes.iter().enumerate() {
        let value = match is_orphan(&connections, index) {
            true => "connected to nothing".to_owned(),
            false => match node.properties.len() {
                0 => "no controls".to_owned(),
                1 => "1 control".to_owned(),
                count => format!("{count} controls"),
            },
        };
        fact(ui, &format!("{index}  {}", node.name), &value);
    }
    heading(ui, "Connections", &connections.len().to_string());
    for connection in &connections {
        let from = end_text(descriptor, connection.from);
        let to = end_text(descriptor, connection.to);
        fact(ui, &from, &format!("to {to}"));
    }
}

fn end_text(descriptor: &Descriptor, end: NodePin) -> String {
    match end {
        NodePin::Filter(pin) => {
            let name = descriptor.pins.get(pin as usize).map(|it| &*it.name);
            format!("pin {}", name.unwrap_or("?"))
        }
        NodePin::Node(node, pin) => {
            let name = descriptor.nodes.get(node as usize).map(|it| &*it.name);
            format!("{} {pin}", name.unwrap_or("?"))
        }
    }
}

fn is_orphan(connections: &[TopologyConnection], node: usize) -> bool {
    let is_it = |end: NodePin| matches!(end, NodePin::Node(it, _) if it as usize == node);
    !connections.iter().any(|it| is_it(it.from) || is_it(it.to))
}

/// In which column each node stands: one further than what leads into it. A loop ends after every node was moved once
/// for each other.
fn columns(descriptor: &Descriptor, connections: &[TopologyConnection]) -> Vec<usize> {
    let count = descriptor.nodes.len();
    let mut columns = vec![0; count];
    for _ in 0..count {
        for it in connections {
            if let (NodePin::Node(from, _), NodePin::Node(to, _)) = (it.from, it.to)
                && from != to
                && let Some(&left) = columns.get(from as usize)
                && let Some(right) = columns.get_mut(to as usize)
                && *right <= left
                && left + 1 < count
            {
                *right = left + 1;
            }
        }
    }
    columns
}

fn drawing_ui(
    ui: &mut Ui,
    id: FilterId,
    descriptor: &Descriptor,
    connections: &[TopologyConnection],
    state: &mut Topology,
) {
    let columns = columns(descriptor, connections);
    let orphans: Vec<usize> = (0..columns.len())
        .filter(|node| is_orphan(connections, *node))
        .collect();
    let is_in = |node: &usize| !orphans.contains(node);
    let last = (0..columns.len()).filter(is_in).map(|it| columns[it]).max();
    let wide = last.map_or(0, |last| last + 1);
    let mut used = vec![0_usize; wide];
    let above = orphans.len().div_ceil(3);
    let mut places: Vec<(usize, usize)> = vec![];
    for (node, &column) in columns.iter().enumerate() {
        if orphans.contains(&node) {
            let at = orphans.iter().position(|it| *it == node).unwrap_or(0);
            places.push((at % 3, at / 3));
        } else {
            places.push((column, above + used[column]));
            used[column] += 1;
        }
    }
    let of = |flow| {
        let pins = (0_u32..).zip(descriptor.pins.iter());
        pins.filter(move |(_, pin)| pin.data_flow == flow)
            .map(|(index, _)| index)
            .collect::<Vec<u32>>()
    };
    let (inputs, outputs) = (of(DataFlow::In), of(DataFlow::Out));
    let below = used.iter().copied().max().unwrap_or(0);
    let rows = above + below.max(inputs.len()).max(outputs.len()).max(1);
    let area = row(ui, rows as f32 * ROW + 12.0);
    let theme = Theme::of(ui.ctx());
    // Names of pins take what they need: what is left is the nodes'.
    let names = |pins: &[u32]| {
        let names = pins
            .iter()
            .filter_map(|pin| descriptor.pins.get(*pin as usize));
        let wide = names.map(|pin| controls::width(ui, &pin.name, Type::Small));
        (wide.fold(0.0, f32::max) + 13.0).min(PINS)
    };
    let (left, right) = (names(&inputs), names(&outputs));
    let inner = Rect::from_min_max(
        pos2(area.left() + left, area.top()),
        pos2(area.right() - right, area.bottom()),
    );
    let step = inner.width() / wide.max(1) as f32;
    let node_rect = |node: usize| {
        let (column, line) = places[node];
        let y = area.top() + 6.0 + (line as f32 + 0.5) * ROW;
        let (x, size) = match orphans.contains(&node) {
            true => {
                let share = area.width() / 3.0;
                (area.left() + (column as f32 + 0.5) * share, NODE)
            }
            false => {
                let size = vec2(NODE.x.min(step - PAD).max(18.0), NODE.y);
                (inner.left() + (column as f32 + 0.5) * step, size)
            }
        };
        Rect::from_center_size(pos2(x, y), size)
    };
    let pin_at = |pin: u32| -> Option<Pos2> {
        let y = |line: usize| area.top() + 6.0 + ((above + line) as f32 + 0.5) * ROW;
        let left = inputs.iter().position(|it| *it == pin);
        let right = outputs.iter().position(|it| *it == pin);
        left.map(|line| pos2(inner.left() - 4.0, y(line)))
            .or_else(|| right.map(|line| pos2(inner.right() + 4.0, y(line))))
    };
    // Wires lie under the nodes.
    for it in connections {
        let leave = match it.from {
            NodePin::Filter(pin) => pin_at(pin),
            NodePin::Node(node, _) => {
                let node = node as usize;
                (node < places.len()).then(|| node_rect(node).right_center())
            }
        };
        let enter = match it.to {
            NodePin::Filter(pin) => pin_at(pin),
            NodePin::Node(node, _) => {
                let node = node as usize;
                (node < places.len()).then(|| node_rect(node).left_center())
            }
        };
        if let (Some(from), Some(to)) = (leave, enter) {
            let line = Stroke::new(stroke::HAIR.max(1.5), theme.line_strong);
            let bend = vec2(((to.x - from.x).abs() * 0.4).max(8.0), 0.0);
            // What passes by a column goes below its nodes.
            let middle = |column: usize| inner.left() + (column as f32 + 0.5) * step;
            let passes = (0..wide).any(|it| from.x < middle(it) && middle(it) < to.x);
            let dip = vec2(0.0, if passes { 0.62 * ROW } else { 0.0 });
            let points = [from, from + bend + dip, to - bend + dip, to];
            ui.painter()
                .add(egui::epaint::CubicBezierShape::from_points_stroke(
                    points,
                    false,
                    egui::Color32::TRANSPARENT,
                    line,
                ));
        }
    }
    for (flow, pins) in [(DataFlow::In, &inputs), (DataFlow::Out, &outputs)] {
        for &pin in pins {
            let Some(at) = pin_at(pin) else { continue };
            ui.painter().circle_filled(at, 3.0, theme.text);
            let name = &*descriptor.pins[pin as usize].name;
            let (left, room) = match flow {
                DataFlow::In => (area.left(), left - 12.0),
                DataFlow::Out => (at.x + 8.0, area.right() - at.x - 8.0),
            };
            let place = pos2(left, at.y);
            controls::clipped(ui, place, room, name, Type::Small, theme.dim);
        }
    }
    for (index, node) in descriptor.nodes.iter().enumerate() {
        let rect = node_rect(index);
        let name = match orphans.contains(&index) {
            true => format!("Node {}, connected to nothing", node.name),
            false => format!("Node {}", node.name),
        };
        let key = ui.scope_id().with(("node", index));
        let response = ui.interact(rect, key, Sense::click());
        let is_chosen = state.chosen == Some((id, index));
        response.widget_info(|| {
            egui::WidgetInfo::selected(Role::Button, true, is_chosen, name.clone())
        });
        probe::note(ui.ctx(), "node", &name, "", rect);
        let edge = match (is_chosen, orphans.contains(&index)) {
            (true, _) => theme.accent,
            (false, true) => theme.warn,
            (false, false) => theme.line_strong,
        };
        let fill = if response.hovered() {
            theme.hover
        } else {
            theme.title
        };
        ui.painter().rect(
            rect,
            CornerRadius::same(radius::CONTROL),
            fill,
            Stroke::new(1.0, edge),
            StrokeKind::Inside,
        );
        let wide = controls::width(ui, &node.name, Type::Small).min(rect.width() - PAD);
        let at = pos2(rect.center().x - wide / 2.0, rect.center().y);
        controls::clipped(
            ui,
            at,
            rect.width() - PAD,
            &node.name,
            Type::Small,
            theme.strong,
        );
        controls::focus_ring(ui, &response);
        if response.clicked() {
            state.chosen = (!is_chosen).then_some((id, index));
        }
        response.on_hover_text(&*node.name);
    }
}
