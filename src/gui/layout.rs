//! What of the document's picture is good for many frames: sizes, rows of pins, which connection is which wire, loops.
//!
//! Made anew when the document or its agreement changes, shifted when boxes only moved, marked when only the selection
//! changed. What runs by itself (states, costs, levels) is not in here.

use std::collections::{BTreeMap, HashMap};

use egui::{Ui, pos2};

use super::body;
use super::controls;
use super::node_graph::{NodeId, PinAddr, Place, Route, Side, WireEnds, WireId};
use super::rows::{Row, Rows};
use super::theme::Type;
use crate::app::{Selection, View};
use crate::graph::{FilterId, FilterPath, Node, NodeKind, PinRef};

/// One box as long as it does not change.
pub(super) struct Boxed {
    pub(super) id: FilterId,
    pub(super) path: FilterPath,
    pub(super) rows: Rows,
    pub(super) place: Place,
    pub(super) spoken: String,
    /// How many filters a group has, in words.
    pub(super) inside: Option<String>,
}

/// What it was made from.
#[derive(Clone, PartialEq)]
struct Stamp {
    revision: [u64; 2],
    here: FilterPath,
    pixels_per_point: f32,
}

/// The picture, and what it was made from.
#[derive(Default)]
pub(super) struct Layout {
    stamp: Option<Stamp>,
    selection: Selection,
    /// Another one for every change.
    pub(super) revision: u64,
    /// By id.
    pub(super) boxes: Vec<Boxed>,
    index: HashMap<NodeId, usize>,
    pub(super) wires: Vec<WireEnds>,
    /// For each connection of the graph shown its wire.
    wire_of: Vec<Option<usize>>,
    /// Widths of words, as long as the fonts are the same.
    widths: HashMap<(u8, String), f32>,
}

impl Layout {
    /// Brings it up to date.
    pub(super) fn update(&mut self, ui: &Ui, view: &View<'_>) {
        let stamp = Stamp {
            revision: view.revision(),
            here: view.here.clone(),
            pixels_per_point: ui.ctx().pixels_per_point(),
        };
        let is_same = self.stamp.as_ref() == Some(&stamp);
        if is_same && self.selection == *view.selection {
            return;
        }
        self.revision += 1;
        if !is_same && !self.only_moved(&stamp, view) {
            if self.stamp.as_ref().map(|it| it.pixels_per_point) != Some(stamp.pixels_per_point) {
                self.widths.clear();
            }
            self.make(ui, view);
        }
        self.stamp = Some(stamp);
        self.select(view.selection);
    }

    /// Places are the one thing that changes without another agreement and shows in here.
    fn only_moved(&mut self, stamp: &Stamp, view: &View<'_>) -> bool {
        let Some(last) = &self.stamp else {
            return false;
        };
        let is_alike = last.revision[0] == stamp.revision[0]
            && last.here == stamp.here
            && last.pixels_per_point == stamp.pixels_per_point
            && view.graph.filters.len() == self.boxes.len()
            && view.graph.connections.len() == self.wire_of.len();
        if !is_alike {
            return false;
        }
        for (it, (id, node)) in self.boxes.iter_mut().zip(&view.graph.filters) {
            if it.id != *id {
                return false;
            }
            it.place.pos = pos2(node.position.x, node.position.y);
        }
        true
    }

    fn select(&mut self, selection: &Selection) {
        for it in &mut self.boxes {
            it.place.selected = selection.filters.contains(&it.id);
        }
        for wire in &mut self.wires {
            wire.selected = selection.connections.contains(&(wire.id as usize));
        }
        self.selection = selection.clone();
    }

    fn make(&mut self, ui: &Ui, view: &View<'_>) {
        let graph = view.graph;
        self.wire_of = vec![None; graph.connections.len()];
        for (at, wire) in view.wiring.wires.iter().enumerate() {
            if wire.place == *view.here
                && let Some(known) = self.wire_of.get_mut(wire.index)
            {
                *known = Some(at);
            }
        }
        let mut touching: BTreeMap<FilterId, Vec<usize>> = BTreeMap::new();
        for (index, connection) in graph.connections.iter().enumerate() {
            touching
                .entry(connection.from.filter)
                .or_default()
                .push(index);
            if connection.to.filter != connection.from.filter {
                touching
                    .entry(connection.to.filter)
                    .or_default()
                    .push(index);
            }
        }
        let mut boxes = Vec::with_capacity(graph.filters.len());
        for (&id, node) in &graph.filters {
            let touching = touching.get(&id).map_or(&[][..], Vec::as_slice);
            boxes.push(self.boxed(ui, view, id, node, touching));
        }
        self.boxes = boxes;
        self.index = self
            .boxes
            .iter()
            .enumerate()
            .map(|(at, it)| (it.place.id, at))
            .collect();
        let closes = self.loops(view);
        self.wires = graph
            .connections
            .iter()
            .enumerate()
            .filter_map(|(index, connection)| {
                let wire = self.wire_of[index].map(|at| &view.wiring.wires[at]);
                let agreed = wire.and_then(|wire| wire.outcome.as_ref().ok());
                let route = match agreed {
                    Some(agreed) if agreed.medium.is_hard_wired() => Route::Square,
                    _ if closes[index] => Route::Below,
                    _ => Route::Curve,
                };
                Some(WireEnds {
                    id: index as WireId,
                    from: self.find(Side::Output, &connection.from)?,
                    to: self.find(Side::Input, &connection.to)?,
                    selected: false,
                    route,
                })
            })
            .collect();
    }

    fn width(&mut self, ui: &Ui, words: &str, role: Type) -> f32 {
        let key = (role as u8, words.to_owned());
        *self
            .widths
            .entry(key)
            .or_insert_with_key(|(_, words)| controls::width(ui, words, role))
    }

    fn boxed(
        &mut self,
        ui: &Ui,
        view: &View<'_>,
        id: FilterId,
        node: &Node,
        touching: &[usize],
    ) -> Boxed {
        let path = view.path_of(id);
        let wire = |index: usize| {
            let at = self.wire_of.get(index).copied().flatten()?;
            view.wiring.wires.get(at)
        };
        let rows = Rows::touched(view, id, node, touching, &wire);
        let descriptor = view.described(&path);
        let inside = match &node.kind {
            NodeKind::Group(group) => Some(format!("{} inside", group.graph.filters.len())),
            NodeKind::Filter(_) => None,
        };
        let body = descriptor.map_or([0.0, 0.0], body::size);
        let mut label = |rows: &[Row]| {
            rows.iter()
                .map(|row| self.width(ui, &row.label, Type::Canvas))
                .fold(0.0_f32, f32::max)
        };
        let labels = label(&rows.inputs) + label(&rows.outputs);
        let name = Place::width_for(self.width(ui, &node.name, Type::FilterName));
        let pins = ((labels + 46.0) / 8.0).ceil() * 8.0;
        let place = Place {
            id: NodeId::from(id.0),
            pos: pos2(node.position.x, node.position.y),
            width: name.max(pins).min(320.0).max(body[0]),
            pins: [rows.inputs.len(), rows.outputs.len()],
            joins: [joins(&rows.inputs), joins(&rows.outputs)],
            body: body[1],
            footer: inside.is_none() || descriptor.is_some(),
            selected: false,
        };
        let is_group = inside.is_some() && descriptor.is_none();
        let kind = if is_group { "Group" } else { "Filter" };
        Boxed {
            id,
            path,
            rows,
            place,
            spoken: format!("{kind} {}", node.name),
            inside,
        }
    }

    /// For each connection whether it lies on a loop: whether data that goes through it can come back to it.
    fn loops(&self, view: &View<'_>) -> Vec<bool> {
        let connections = &view.graph.connections;
        let at = |id: FilterId| self.index.get(&NodeId::from(id.0)).copied();
        let mut ahead: Vec<Vec<usize>> = vec![vec![]; self.boxes.len()];
        for connection in connections {
            if let (Some(from), Some(to)) = (at(connection.from.filter), at(connection.to.filter)) {
                ahead[from].push(to);
            }
        }
        let part = components(&ahead);
        connections
            .iter()
            .map(|it| match (at(it.from.filter), at(it.to.filter)) {
                (Some(from), Some(to)) => part[from] == part[to],
                _ => false,
            })
            .collect()
    }

    fn find(&self, side: Side, pin: &PinRef) -> Option<PinAddr> {
        let node = NodeId::from(pin.filter.0);
        let index = self.get(node)?.rows.index_of(side, pin)?;
        Some(PinAddr { node, side, index })
    }

    /// The box of that id.
    pub(super) fn get(&self, id: NodeId) -> Option<&Boxed> {
        self.boxes.get(*self.index.get(&id)?)
    }

    /// Where the wire of a connection stands in the agreement.
    pub(super) fn wire_at(&self, connection: usize) -> Option<usize> {
        self.wire_of.get(connection).copied().flatten()
    }

    /// The wire of a connection by its ends.
    pub(super) fn ends(&self, connection: usize) -> Option<&WireEnds> {
        let id = connection as WireId;
        let at = self.wires.binary_search_by_key(&id, |wire| wire.id).ok()?;
        self.wires.get(at)
    }

    /// Places, bottom first: what is selected lies on top.
    pub(super) fn places(&self) -> Vec<Place> {
        let chosen = |is_chosen: bool| {
            let boxes = self.boxes.iter().map(|it| it.place);
            boxes.filter(move |place| place.selected == is_chosen)
        };
        chosen(false).chain(chosen(true)).collect()
    }
}

/// A bit for each row that is one more instance of the pin above it.
fn joins(rows: &[Row]) -> u64 {
    let pairs = rows.windows(2).enumerate().take(63);
    let same = pairs.filter(|(_, pair)| pair[0].pin == pair[1].pin);
    same.fold(0, |bits, (above, _)| bits | 1 << (above + 1))
}

/// The strongly connected component of each point of a graph (Tarjan's way, without recursion).
fn components(ahead: &[Vec<usize>]) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let count = ahead.len();
    let (mut order, mut low, mut part) = (vec![NONE; count], vec![0; count], vec![NONE; count]);
    let (mut stack, mut trail, mut next) = (vec![], vec![], 0);
    for root in 0..count {
        if order[root] != NONE {
            continue;
        }
        trail.push((root, 0));
        while let Some(&mut (point, ref mut step)) = trail.last_mut() {
            if *step == 0 && order[point] == NONE {
                (order[point], low[point]) = (next, next);
                next += 1;
                stack.push(point);
            }
            if let Some(&to) = ahead[point].get(*step) {
                *step += 1;
                if order[to] == NONE {
                    trail.push((to, 0));
                } else if part[to] == NONE {
                    low[point] = low[point].min(order[to]);
                }
                continue;
            }
            trail.pop();
            if let Some(&(before, _)) = trail.last() {
                low[before] = low[before].min(low[point]);
            }
            if low[point] == order[point] {
                while let Some(top) = stack.pop() {
                    part[top] = point;
                    if top == point {
                        break;
                    }
                }
            }
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_come_back_is_a_loop() {
        // 0 → 1 → 2 → 1, 2 → 3.
        let part = components(&[vec![1], vec![2], vec![1, 3], vec![]]);
        assert_eq!(part[1], part[2]);
        assert_ne!(part[0], part[1]);
        assert_ne!(part[2], part[3]);
        // A chain of ten thousand needs no stack of its own.
        let chain: Vec<Vec<usize>> = (0..10_000).map(|i| vec![(i + 1) % 10_000]).collect();
        let part = components(&chain);
        assert!(part.iter().all(|it| *it == part[0]), "one ring");
    }
}
