//! What a cure says, as one edit: filters put in, wires led through them, pins changed, choices let go. The canvas and the
//! command line carry cures out here.
//!
//! ```text
//! splitter on a full output            mixer on a full input
//!   from ──▶ [splitter] ──▶ old          old  ──▶ [mixer] ──▶ to
//!                       └─▶ to           from ──▶
//! ```

use std::collections::BTreeMap;

use crate::graph::arrange::{Area, make_room};
use crate::graph::{
    Chosen, Connection, Cure, CureKind, Edit, FilterId, FilterNode, Graph, Node, NodeKind,
    PinAddress, PinRef, Position, Step,
};
use crate::ks::{Catalogue, DataFlow, Descriptor, Domain, Property, Value};

/// Widths and heights of boxes as a screen draws them.
pub type Sizes = BTreeMap<FilterId, (f32, f32)>;

/// The graph a wire is to be drawn in, and what stands around it.
pub(crate) struct Bench<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) catalogue: &'a Catalogue,
    /// The id of the first filter that is put in; those that follow have the next ones.
    pub(crate) fresh: FilterId,
    /// Sizes that are known; others are estimated.
    pub(crate) sizes: &'a Sizes,
}

/// A cure carried out.
pub(crate) struct Cured {
    /// All of it.
    pub(crate) edit: Edit,
    /// The two ends of the last of the new wires.
    pub(crate) last: (PinRef, PinRef),
    /// Names of the filters that are put in, from source to sink.
    pub(crate) names: Vec<String>,
    /// Their ids.
    pub(crate) added: Vec<FilterId>,
}

impl Bench<'_> {
    /// The edit that a cure of a refusal at `step` asks for. `end` tells which end of a wire a pin is in this graph. A
    /// refused wire between the two pins that stands there already gives way; other wires of a full pin go on behind
    /// the filter that takes the pin over, with what was chosen for them. `None` when the cure cannot be carried out here.
    pub(crate) fn carry_out(
        &self,
        (from, to): (&PinRef, &PinRef),
        step: Step,
        cure: &Cure,
        end: &dyn Fn(&PinAddress) -> Option<PinRef>,
    ) -> Option<Cured> {
        let mut wires = self.graph.connections.iter();
        let refused = wires.position(|wire| wire.from == *from && wire.to == *to);
        match cure.kind {
            CureKind::Insert => self.insert((from, to), step, cure, refused),
            CureKind::Pin => {
                let (other_from, other_to) = cure.pins.as_ref()?;
                let connection = Connection {
                    from: end(other_from)?,
                    to: end(other_to)?,
                    chosen: refused.map_or_else(Chosen::default, |index| self.chosen(index)),
                };
                let last = (connection.from.clone(), connection.to.clone());
                let mut edits: Vec<Edit> = refused.map(Edit::Disconnect).into_iter().collect();
                edits.push(Edit::Connect(connection));
                Some(Cured::of(edits, last))
            }
            CureKind::Property => {
                let (pin, key, text) = cure.set.as_ref()?;
                let filter = end(pin)?.filter;
                let NodeKind::Filter(node) = &self.graph.filters.get(&filter)?.kind else {
                    return None;
                };
                let descriptor = self.catalogue.get(&node.key)?.descriptor();
                let value = value_from_text(descriptor.property(key)?.1, text)?;
                let mut edits = vec![Edit::SetProperty {
                    filter,
                    key: key.clone(),
                    value: Some(value),
                }];
                if refused.is_none() {
                    edits.push(Edit::Connect(wire(from, to)));
                }
                Some(Cured::of(edits, (from.clone(), to.clone())))
            }
            // What the user insisted on stands in a wire that is there already: that one choice is let go.
            CureKind::Format | CureKind::Medium | CureKind::Interface => {
                let edit = match refused {
                    None => Edit::Connect(wire(from, to)),
                    Some(connection) => {
                        let mut chosen = self.chosen(connection);
                        match cure.kind {
                            CureKind::Format => chosen.format = None,
                            CureKind::Medium => chosen.medium = None,
                            CureKind::Interface => chosen.interface = None,
                            _ => {}
                        }
                        Edit::Choose { connection, chosen }
                    }
                };
                Some(Cured::of(vec![edit], (from.clone(), to.clone())))
            }
        }
    }

    fn chosen(&self, connection: usize) -> Chosen {
        self.graph.connections[connection].chosen.clone()
    }

    fn insert(
        &self,
        (from, to): (&PinRef, &PinRef),
        step: Step,
        cure: &Cure,
        refused: Option<usize>,
    ) -> Option<Cured> {
        let row = self.row(from.filter, to.filter, cure)?;
        let (first, last) = (row.ends.first()?.clone(), row.ends.last()?.clone());
        let others = |is_one: &dyn Fn(&Connection) -> bool| -> Vec<usize> {
            let wires = self.graph.connections.iter().enumerate();
            let found = wires.filter(|(index, it)| Some(*index) != refused && is_one(it));
            found.map(|(index, _)| index).collect()
        };
        let is_full = step == Step::Instances;
        let behind = match is_full {
            true => others(&|it| it.from == *from),
            false => vec![],
        };
        let before = match is_full && behind.is_empty() {
            true => others(&|it| it.to == *to),
            false => vec![],
        };
        // Wires are taken away by index: from the back, before any is drawn.
        let mut gone: Vec<usize> = refused.into_iter().collect();
        gone.extend(behind.iter().chain(&before));
        gone.sort_unstable();
        let mut edits: Vec<Edit> = gone.into_iter().rev().map(Edit::Disconnect).collect();
        let names = row.nodes.iter().map(|(_, node)| node.name.clone());
        let names = names.collect();
        let added = row.nodes.iter().map(|(id, _)| *id).collect();
        if !row.moves.is_empty() {
            edits.push(Edit::Move(row.moves));
        }
        let nodes = row.nodes.into_iter();
        edits.extend(nodes.map(|(id, node)| Edit::Add { id, node }));
        // Who parts the sound is the first of them, who adds it the last.
        let (source, sink) = (nth(&first.1, behind.len()), nth(&last.0, before.len()));
        for (number, &index) in before.iter().enumerate() {
            edits.push(Edit::Connect(Connection {
                to: nth(&last.0, number),
                ..self.graph.connections[index].clone().into_inner()
            }));
        }
        let mut ends = row.ends;
        if let Some(end) = ends.last_mut() {
            end.0 = sink;
        }
        if let Some(end) = ends.first_mut() {
            end.1 = source;
        }
        let mut out = from.clone();
        for (number, (input, output)) in ends.into_iter().enumerate() {
            edits.push(Edit::Connect(wire(&out, &input)));
            if number == 0 {
                for (number, &index) in behind.iter().enumerate() {
                    edits.push(Edit::Connect(Connection {
                        from: nth(&first.1, number),
                        ..self.graph.connections[index].clone().into_inner()
                    }));
                }
            }
            out = output;
        }
        edits.push(Edit::Connect(wire(&out, to)));
        let last = out;
        Some(Cured {
            names,
            added,
            ..Cured::of(edits, (last, to.clone()))
        })
    }

    /// The one filter of a cure in a free place between two boxes, and what makes way for it.
    pub(super) fn between(
        &self,
        from: FilterId,
        to: FilterId,
        cure: &Cure,
    ) -> Option<(FilterId, Node, Moves)> {
        let mut row = self.row(from, to, cure)?;
        let (id, node) = row.nodes.pop()?;
        Some((id, node, row.moves))
    }

    /// The filters of a cure, each in a free place between two boxes.
    fn row(&self, from: FilterId, to: FilterId, cure: &Cure) -> Option<Row> {
        let mut scratch = self.graph.clone();
        let mut row = Row::default();
        let count = cure.inserts.len() as f32 + 1.0;
        let area = |graph: &Graph, id| area(graph, self.catalogue, self.sizes, id);
        let (start, end) = (area(&scratch, from), area(&scratch, to));
        let mut after = start;
        for (number, key) in cure.inserts.iter().enumerate() {
            let descriptor = self.catalogue.get(key)?.descriptor();
            let pin = |flow| {
                let mut pins = descriptor.pins.iter();
                let found = pins.find(|pin| pin.data_flow == flow && !pin.is_bridge())?;
                Some(found.name.to_string())
            };
            let (input, output) = (pin(DataFlow::In)?, pin(DataFlow::Out)?);
            let id = FilterId(self.fresh.0.saturating_add(number as u32));
            let mut node = Node {
                name: scratch.unique_name(&descriptor.title),
                position: Position::default(),
                kind: NodeKind::Filter(set_up(descriptor, cure, number)),
            };
            let size = estimated_size(&node, self.catalogue);
            let share = (number as f32 + 1.0) / count;
            // In the gap between the two boxes, not between their corners.
            let gap = end.at.x - start.right();
            let wanted = Position {
                x: start.right() + gap * share - size.0 * 0.5,
                y: start.at.y + (end.at.y - start.at.y) * share,
            };
            let others: Vec<(FilterId, Area)> = scratch
                .filters
                .keys()
                .map(|&id| (id, area(&scratch, id)))
                .collect();
            let placed = make_room(&others, wanted, size, Some(after));
            for (id, at) in &placed.moves {
                if let Some(node) = scratch.filters.get_mut(id) {
                    node.position = *at;
                }
            }
            row.moves.extend(placed.moves);
            node.position = placed.at;
            after = Area {
                at: placed.at,
                size,
            };
            scratch.filters.insert(id, node.clone().into());
            let end = |pin| PinRef {
                filter: id,
                pin,
                instance: 0,
            };
            row.ends.push((end(input), end(output)));
            row.nodes.push((id, node));
        }
        // What was pushed after it was placed stands where it was pushed to.
        for (id, node) in &mut row.nodes {
            node.position = scratch.filters.get(id)?.position;
        }
        row.moves
            .retain(|(id, _)| self.graph.filters.contains_key(id));
        Some(row)
    }
}

/// Where a box of a graph stands, as large as a screen drew it, or as estimated.
pub(crate) fn area(graph: &Graph, catalogue: &Catalogue, sizes: &Sizes, id: FilterId) -> Area {
    let node = graph.filters.get(&id);
    let known = sizes.get(&id).copied();
    let estimate = || node.map(|node| estimated_size(node, catalogue));
    Area {
        at: node.map(|node| node.position).unwrap_or_default(),
        size: known.or_else(estimate).unwrap_or_default(),
    }
}

/// Boxes that make way, and where they go.
type Moves = Vec<(FilterId, Position)>;

/// New filters between two others.
#[derive(Default)]
struct Row {
    nodes: Vec<(FilterId, Node)>,
    /// The input and the output of each.
    ends: Vec<(PinRef, PinRef)>,
    /// What made way.
    moves: Vec<(FilterId, Position)>,
}

impl Cured {
    fn of(edits: Vec<Edit>, last: (PinRef, PinRef)) -> Self {
        Self {
            edit: Edit::Batch(edits),
            last,
            names: vec![],
            added: vec![],
        }
    }
}

/// A wire that nothing was chosen for.
pub(crate) fn wire(from: &PinRef, to: &PinRef) -> Connection {
    Connection {
        from: from.clone(),
        to: to.clone(),
        chosen: Chosen::default(),
    }
}

/// The instance that many behind this one.
fn nth(pin: &PinRef, number: usize) -> PinRef {
    PinRef {
        instance: pin.instance.saturating_add(number as u32),
        ..pin.clone()
    }
}

/// A filter of a cure with the values it needs.
fn set_up(descriptor: &Descriptor, cure: &Cure, number: usize) -> FilterNode {
    let mut node = FilterNode {
        key: descriptor.key.to_string(),
        ..FilterNode::default()
    };
    for (key, text) in cure.values.get(number).into_iter().flatten() {
        if let Some((_, property)) = descriptor.property(key)
            && let Some(value) = value_from_text(property, text)
        {
            node.values.insert(key.clone(), value);
        }
    }
    node
}

/// About as large as the canvas draws a box, where no screen has told its size.
pub(crate) fn estimated_size(node: &Node, catalogue: &Catalogue) -> (f32, f32) {
    let name = 56.0 + 7.5 * node.name.chars().count() as f32;
    let (rows, inline) = match &node.kind {
        NodeKind::Group(group) => (group.pins.len(), 0),
        NodeKind::Filter(filter) => {
            catalogue.get(&filter.key).map_or((1, 0), |kind| {
                let kind = kind.descriptor();
                let count = |flow| {
                    let pins = kind.pins.iter();
                    // One that grows shows the next one as well.
                    let rows = pins
                        .filter(|pin| pin.data_flow == flow)
                        .map(|pin| 1 + usize::from(pin.instances.possible > 1));
                    rows.sum::<usize>()
                };
                let inline = kind.properties.iter().filter(|it| it.inline).count();
                (count(DataFlow::In).max(count(DataFlow::Out)), inline)
            })
        }
    };
    let width = ((name / 8.0).ceil() * 8.0).clamp(if inline > 0 { 176.0 } else { 96.0 }, 320.0);
    let body = match inline {
        0 => 4.0,
        count => 26.0 * count as f32 + 10.0,
    };
    (width, 34.0 + 20.0 * rows.max(1) as f32 + body + 18.0)
}

/// A value as a cure writes it: a number with or without its unit, `true`, a word, a path.
pub(crate) fn value_from_text(property: &Property, text: &str) -> Option<Value> {
    let text = text.trim();
    let value = match property.domain {
        Domain::Number { .. } => {
            let bare = text
                .strip_suffix(property.unit.symbol())
                .unwrap_or(text)
                .trim();
            let bare: String = bare
                .chars()
                .filter(|c| *c != '\u{a0}' && *c != '_')
                .collect();
            Value::Number(bare.replace('\u{2212}', "-").parse().ok()?)
        }
        Domain::Flag => Value::Flag(match text {
            "true" | "on" | "yes" | "1" => true,
            "false" | "off" | "no" | "0" => false,
            _ => return None,
        }),
        _ => {
            let bare = text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'))
                .unwrap_or(text);
            Value::Text(bare.to_owned())
        }
    };
    property.legal(&value)
}
