//! A way as an edit: new filters in free places, and the wires from the output on. Nothing is agreed here.

use super::connect::{Builder, Site, fresh};
use super::insert::{area, estimated_size, wire};
use crate::graph::arrange::{Area, make_room};
use crate::graph::route::{Stop, Way};
use crate::graph::{Edit, FilterId, FilterNode, Graph, Node, NodeKind, PinRef, Position};

/// From one filter to the next that is put behind it.
const APART: f32 = 64.0;
/// A box that nobody has drawn yet may be as wide as that, whatever was estimated.
const WIDE: f32 = 240.0;

/// A way as an edit.
pub(super) struct Laid {
    pub(super) edit: Edit,
    pub(super) added: Vec<FilterId>,
    pub(super) names: Vec<String>,
    pub(super) through: Vec<String>,
    /// Its wires, from the output on.
    pub(super) wires: Vec<(PinRef, PinRef)>,
    pub(super) open: Vec<PinRef>,
}

impl Builder<'_> {
    /// A way as an edit: new filters in free places, then wires from the output on.
    pub(super) fn lay(
        &self,
        site: &Site,
        from: &PinRef,
        way: &Way,
        to: Option<&PinRef>,
    ) -> Option<Laid> {
        let mut scratch = self.shown(site).clone();
        let size = |graph: &Graph, id| area(graph, self.catalogue, self.sizes, id);
        let start = size(&scratch, from.filter);
        let end = to.map(|to| size(&scratch, to.filter));
        let mut laid = Laid {
            edit: Edit::Batch(vec![]),
            added: vec![],
            names: vec![],
            through: vec![],
            wires: vec![],
            open: vec![],
        };
        let mut edits = to.map_or_else(Vec::new, |to| self.refused_between(site, from, to));
        let mut moves = std::collections::BTreeMap::new();
        let mut out = from.clone();
        let mut after = start;
        let mut next = fresh(&site.graph);
        for hop in &way.hops {
            let id = match &hop.stop {
                Stop::There(path) => {
                    let id = *path.0.last()?;
                    after = size(&scratch, id);
                    id
                }
                Stop::New { key, values } => {
                    let descriptor = self.catalogue.get(key)?.descriptor();
                    let id = FilterId(next);
                    next += 1;
                    let mut node = Node {
                        name: scratch.unique_name(&descriptor.title),
                        position: Position::default(),
                        kind: NodeKind::Filter(FilterNode {
                            key: key.clone(),
                            values: values.iter().cloned().collect(),
                            ..FilterNode::default()
                        }),
                    };
                    let room = estimated_size(&node, self.catalogue);
                    let share = (laid.added.len() as f32 + 1.0) / (way.added as f32 + 1.0);
                    let wanted = match end {
                        Some(end) => Position {
                            x: start.right() + (end.at.x - start.right()) * share - room.0 * 0.5,
                            y: start.at.y + (end.at.y - start.at.y) * share,
                        },
                        None => Position {
                            x: after.right().max(after.at.x + WIDE) + APART,
                            y: after.at.y,
                        },
                    };
                    let others: Vec<(FilterId, Area)> = scratch
                        .filters
                        .keys()
                        .map(|&id| (id, size(&scratch, id)))
                        .collect();
                    let placed = make_room(&others, wanted, room, Some(after));
                    for (id, at) in placed.moves {
                        if let Some(node) = scratch.filters.get_mut(&id) {
                            node.position = at;
                        }
                        moves.insert(id, at);
                    }
                    node.position = placed.at;
                    after = Area {
                        at: placed.at,
                        size: room,
                    };
                    laid.added.push(id);
                    laid.names.push(node.name.clone());
                    scratch.filters.insert(id, node.into());
                    id
                }
            };
            let name = scratch.filters.get(&id).map(|node| node.name.clone());
            laid.through.push(name.unwrap_or_default());
            let pin = |(pin, instance): &(String, u32)| PinRef {
                filter: id,
                pin: pin.clone(),
                instance: *instance,
            };
            laid.wires.push((out.clone(), pin(&hop.input)));
            laid.open.extend(hop.others.iter().map(pin));
            if let Some(output) = &hop.output {
                out = pin(output);
            }
        }
        if let Some(to) = to {
            laid.wires.push((out, to.clone()));
        }
        moves.retain(|id, _| !laid.added.contains(id));
        if !moves.is_empty() {
            edits.push(Edit::Move(moves.into_iter().collect()));
        }
        for &id in &laid.added {
            let node = scratch.filters.get(&id)?.clone().into_inner();
            edits.push(Edit::Add { id, node });
        }
        let wires = laid.wires.iter();
        edits.extend(wires.map(|(from, to)| Edit::Connect(wire(from, to))));
        laid.edit = Edit::Batch(edits);
        Some(laid)
    }
}
