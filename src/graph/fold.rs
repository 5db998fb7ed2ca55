//! Grouping and ungrouping as one edit each, and the pins that a group shows. What sounds stays the same: the same
//! filters, the same wires between them once groups are dissolved.
//!
//! Who asks gives the ids; when they are unique in the whole document, a box keeps its number through groups.

use std::collections::{BTreeMap, BTreeSet};

use super::edit::Edit;
use super::model::{
    Connection, FilterId, Graph, Group, GroupPin, Node, NodeKind, NoteId, PinRef, Position,
};

/// The steps of a change of one graph, and what pins that the group around it shows have become.
#[derive(Clone, PartialEq, Debug)]
pub struct Folding {
    /// The change.
    pub edit: Edit,
    /// Pins of this graph that a wire or the group around reaches elsewhere now: before, after.
    pub pins: Vec<(PinRef, PinRef)>,
}

impl Folding {
    /// The change together with what follows for the group around, which stands in the graph `around`.
    pub fn in_group(self, around: &Graph, group: FilterId) -> Edit {
        let change = self.edit.within(&[group]);
        let Some(NodeKind::Group(inner)) = around.filters.get(&group).map(|it| &it.kind) else {
            return change;
        };
        let now = |pin: &GroupPin| {
            let exact = self.pins.iter().find(|(old, _)| *old == pin.inner);
            // Another instance of a pin of which the first one is known.
            let of_same = || {
                let mut all = self.pins.iter();
                all.find(|(old, _)| {
                    let same = old.filter == pin.inner.filter && old.pin == pin.inner.pin;
                    same && old.instance == 0
                })
            };
            let inner = match (exact, of_same()) {
                (Some((_, new)), _) => new.clone(),
                (None, Some((_, new))) => PinRef {
                    instance: new.instance.saturating_add(pin.inner.instance),
                    ..new.clone()
                },
                (None, None) => pin.inner.clone(),
            };
            GroupPin {
                name: pin.name.clone(),
                inner,
            }
        };
        let pins: Vec<GroupPin> = inner.pins.iter().map(now).collect();
        if pins == inner.pins {
            return change;
        }
        Edit::Batch(vec![change, Edit::SetPins { group, pins }])
    }
}

/// What goes into a new group.
#[derive(Clone, PartialEq, Debug)]
pub struct Fold<'a> {
    /// The boxes.
    pub filters: &'a BTreeSet<FilterId>,
    /// Comments and frames.
    pub notes: &'a BTreeSet<NoteId>,
    /// Pins that the group around shows: they must stay reachable.
    pub shown: &'a [PinRef],
    /// The id of the new group.
    pub id: FilterId,
    /// Its name; made unique.
    pub name: &'a str,
}

/// Folds boxes into a new group that stands in their middle. Wires between them go in, wires that are cut end at pins of
/// the group. `None` when there is nothing to fold.
pub fn fold(graph: &Graph, what: &Fold<'_>) -> Option<Folding> {
    let boxes: Vec<FilterId> = graph.filters.keys().copied().collect();
    let boxes: Vec<FilterId> = boxes
        .into_iter()
        .filter(|id| what.filters.contains(id))
        .collect();
    if boxes.is_empty() {
        return None;
    }
    let is_in = |end: &PinRef| boxes.contains(&end.filter);
    let mut cut: Vec<PinRef> = vec![];
    for wire in &graph.connections {
        let ends = [&wire.from, &wire.to];
        if ends.iter().any(|end| !is_in(end)) {
            cut.extend(ends.into_iter().filter(|end| is_in(end)).cloned());
        }
    }
    cut.extend(what.shown.iter().filter(|end| is_in(end)).cloned());
    let pins = name_pins(graph, &cut);
    let outer = |end: &PinRef| {
        let pin = pins.iter().find(|pin| pin.inner == *end);
        pin.map_or_else(
            || end.clone(),
            |pin| PinRef {
                filter: what.id,
                pin: pin.name.clone(),
                instance: 0,
            },
        )
    };

    let mut edits = vec![];
    let touched = |wire: &Connection| is_in(&wire.from) || is_in(&wire.to);
    edits.extend(disconnecting(graph, touched));
    let name = graph.unique_name(what.name);
    let node = Node {
        name,
        position: centre(graph, boxes.iter()),
        kind: NodeKind::Group(Box::default()),
    };
    let group = what.id;
    edits.push(Edit::Add { id: group, node });
    let filters = boxes.iter().map(|id| (*id, *id)).collect();
    edits.push(Edit::MoveInto { group, filters });
    let notes = what.notes.iter();
    let notes: Vec<NoteId> = notes
        .copied()
        .filter(|id| graph.notes.contains_key(id))
        .collect();
    let inside = |edit: Edit| edit.within(&[group]);
    for id in &notes {
        let note = graph.notes[id].clone();
        edits.push(inside(Edit::AddNote { id: *id, note }));
    }
    if !notes.is_empty() {
        edits.push(Edit::RemoveNotes(notes));
    }
    let (mut index, mut inner_index) = (0, 0);
    for wire in &graph.connections {
        if is_in(&wire.from) && is_in(&wire.to) {
            edits.push(inside(Edit::ConnectAt {
                index: inner_index,
                connection: wire.clone().into_inner(),
            }));
            inner_index += 1;
            continue;
        }
        if touched(wire) {
            let connection = Connection {
                from: outer(&wire.from),
                to: outer(&wire.to),
                chosen: wire.chosen.clone(),
            };
            edits.push(Edit::ConnectAt { index, connection });
        }
        index += 1;
    }
    let moved = cut.iter().map(|pin| (pin.clone(), outer(pin))).collect();
    edits.push(Edit::SetPins { group, pins });
    Some(Folding {
        edit: Edit::Batch(edits),
        pins: moved,
    })
}

/// Dissolves a group: what is inside comes out, wires to its pins end inside. `fresh` is an id above all others, for
/// boxes and notes whose own is taken. `None` when it is no group.
pub fn unfold(graph: &Graph, group: FilterId, fresh: FilterId) -> Option<Folding> {
    let node = graph.filters.get(&group)?;
    let NodeKind::Group(inner) = &node.kind else {
        return None;
    };
    let mut next = fresh.0;
    let mut free = |id: u32, taken: bool| {
        if !taken {
            return id;
        }
        next += 1;
        next - 1
    };
    let ids: BTreeMap<FilterId, FilterId> = inner
        .graph
        .filters
        .keys()
        .map(|id| (*id, FilterId(free(id.0, graph.filters.contains_key(id)))))
        .collect();
    let here = |end: &PinRef| PinRef {
        filter: ids.get(&end.filter).copied().unwrap_or(end.filter),
        ..end.clone()
    };
    let leads_to = |end: &PinRef| {
        let pin = inner.pins.iter().find(|pin| pin.name == end.pin)?;
        let mut inner = here(&pin.inner);
        inner.instance = inner.instance.saturating_add(end.instance);
        Some(inner)
    };

    let mut edits = vec![];
    if inner.instance.is_some() {
        let to = Box::new(own(inner));
        edits.push(Edit::SetGroup { group, to });
    }
    let is_at_group = |end: &PinRef| end.filter == group;
    let touched = |wire: &Connection| is_at_group(&wire.from) || is_at_group(&wire.to);
    edits.extend(disconnecting(graph, touched));
    let inside = |edit: Edit| edit.within(&[group]);
    edits.extend(disconnecting(&inner.graph, |_| true).map(inside));
    edits.extend(renamings(graph, group, &inner.graph));
    let shift = {
        let from = centre(&inner.graph, inner.graph.filters.keys());
        (node.position.x - from.x, node.position.y - from.y)
    };
    let shifted = |at: Position| Position {
        x: at.x + shift.0,
        y: at.y + shift.1,
    };
    let note_ids: Vec<NoteId> = inner.graph.notes.keys().copied().collect();
    if !note_ids.is_empty() {
        edits.push(inside(Edit::RemoveNotes(note_ids)));
    }
    let filters: Vec<(FilterId, FilterId)> = ids.iter().map(|(old, new)| (*new, *old)).collect();
    let places = inner.graph.filters.iter();
    let places = places
        .map(|(id, node)| (ids[id], shifted(node.position)))
        .collect();
    edits.push(Edit::MoveOut { group, filters });
    if shift != (0.0, 0.0) {
        edits.push(Edit::Move(places));
    }
    edits.push(Edit::Remove(vec![group]));
    for (id, note) in &inner.graph.notes {
        let id = NoteId(free(id.0, graph.notes.contains_key(id)));
        let mut note = note.clone();
        note.position = shifted(note.position);
        edits.push(Edit::AddNote { id, note });
    }
    let mut index = 0;
    for wire in &graph.connections {
        if touched(wire) {
            let end = |end: &PinRef| match is_at_group(end) {
                true => leads_to(end),
                false => Some(end.clone()),
            };
            // A wire to a pin that the group does not show has led nowhere all along.
            let (Some(from), Some(to)) = (end(&wire.from), end(&wire.to)) else {
                continue;
            };
            let chosen = wire.chosen.clone();
            let connection = Connection { from, to, chosen };
            edits.push(Edit::ConnectAt { index, connection });
        }
        index += 1;
    }
    for wire in &inner.graph.connections {
        let connection = Connection {
            from: here(&wire.from),
            to: here(&wire.to),
            chosen: wire.chosen.clone(),
        };
        edits.push(Edit::ConnectAt { index, connection });
        index += 1;
    }
    let outer = |name: &str| PinRef {
        filter: group,
        pin: name.to_owned(),
        instance: 0,
    };
    let pins = inner.pins.iter();
    let pins = pins
        .map(|pin| (outer(&pin.name), here(&pin.inner)))
        .collect();
    Some(Folding {
        edit: Edit::Batch(edits),
        pins,
    })
}

/// The same group, whose inside is its own: no instance of a filter any more.
pub fn own(group: &Group) -> Group {
    Group {
        instance: None,
        ..group.clone()
    }
}

/// A group shows a pin of a box inside, under a name of its own. `None` when it does already.
pub fn show_pin(graph: &Graph, group: FilterId, inner: PinRef) -> Option<Edit> {
    let NodeKind::Group(it) = &graph.filters.get(&group)?.kind else {
        return None;
    };
    if !it.graph.filters.contains_key(&inner.filter) || it.pins.iter().any(|pin| pin.inner == inner)
    {
        return None;
    }
    let taken = it.pins.iter().map(|pin| pin.name.clone()).collect();
    let mut pins = it.pins.clone();
    let named = name_pin(&it.graph, &inner, &taken, false);
    pins.push(GroupPin { name: named, inner });
    Some(Edit::SetPins { group, pins })
}

/// A group shows a pin no longer; wires to it go.
pub fn hide_pin(graph: &Graph, group: FilterId, name: &str) -> Option<Edit> {
    let NodeKind::Group(it) = &graph.filters.get(&group)?.kind else {
        return None;
    };
    let mut pins = it.pins.clone();
    pins.retain(|pin| pin.name != name);
    if pins.len() == it.pins.len() {
        return None;
    }
    let is_it = |end: &PinRef| end.filter == group && end.pin == name;
    let gone = disconnecting(graph, |wire| is_it(&wire.from) || is_it(&wire.to));
    let mut edits: Vec<Edit> = gone.collect();
    edits.push(Edit::SetPins { group, pins });
    Some(Edit::Batch(edits))
}

/// A pin of a group gets another name; wires to it follow. `None` when there is no such pin or the name is taken.
pub fn rename_pin(graph: &Graph, group: FilterId, old: &str, new: &str) -> Option<Folding> {
    let NodeKind::Group(it) = &graph.filters.get(&group)?.kind else {
        return None;
    };
    let is_taken = it.pins.iter().any(|pin| pin.name == new);
    if new.is_empty() || is_taken || !it.pins.iter().any(|pin| pin.name == old) {
        return None;
    }
    let mut pins = it.pins.clone();
    for pin in pins.iter_mut().filter(|pin| pin.name == old) {
        pin.name = new.to_owned();
    }
    let mut edits = vec![Edit::SetPins { group, pins }];
    let renamed = |end: &PinRef| {
        let mut end = end.clone();
        if end.filter == group && end.pin == old {
            end.pin = new.to_owned();
        }
        end
    };
    for (index, wire) in graph.connections.iter().enumerate() {
        let connection = Connection {
            from: renamed(&wire.from),
            to: renamed(&wire.to),
            chosen: wire.chosen.clone(),
        };
        if *wire != connection {
            edits.push(Edit::Disconnect(index));
            edits.push(Edit::ConnectAt { index, connection });
        }
    }
    let end = |pin: &str| PinRef {
        filter: group,
        pin: pin.to_owned(),
        instance: 0,
    };
    Some(Folding {
        edit: Edit::Batch(edits),
        pins: vec![(end(old), end(new))],
    })
}

/// Takes wires away, from the back, so that the indices in front stay true.
fn disconnecting(graph: &Graph, which: impl Fn(&Connection) -> bool) -> impl Iterator<Item = Edit> {
    let wires = graph.connections.iter().enumerate().rev();
    wires
        .filter(move |(_, wire)| which(wire))
        .map(|(index, _)| Edit::Disconnect(index))
        .collect::<Vec<_>>()
        .into_iter()
}

/// The middle of some boxes, on the grid.
fn centre<'a>(graph: &Graph, boxes: impl Iterator<Item = &'a FilterId>) -> Position {
    let places = boxes.filter_map(|id| graph.filters.get(id));
    let spans = places.map(|node| (node.position, node.position));
    let span = spans.reduce(|(low, high), (at, _)| {
        let low = Position {
            x: low.x.min(at.x),
            y: low.y.min(at.y),
        };
        let high = Position {
            x: high.x.max(at.x),
            y: high.y.max(at.y),
        };
        (low, high)
    });
    let middle = |low: f32, high: f32| {
        let exact = low / 2.0 + high / 2.0;
        (exact / 16.0).round() * 16.0
    };
    span.map_or_else(Position::default, |(low, high)| Position {
        x: middle(low.x, high.x),
        y: middle(low.y, high.y),
    })
}

/// Names for the pins of a group: the pin's own, with its filter's before it where two would be called the same.
fn name_pins(graph: &Graph, ends: &[PinRef]) -> Vec<GroupPin> {
    let mut unique: Vec<&PinRef> = vec![];
    for end in ends {
        if !unique.contains(&end) {
            unique.push(end);
        }
    }
    let is_shared = |end: &PinRef| {
        let same = unique.iter().filter(|other| plain(other) == plain(end));
        same.count() > 1
    };
    let mut taken = BTreeSet::new();
    let mut pins = vec![];
    for end in &unique {
        let name = name_pin(graph, end, &taken, is_shared(end));
        taken.insert(name.clone());
        pins.push(GroupPin {
            name,
            inner: (*end).clone(),
        });
    }
    pins
}

/// `in`, `in 2`.
fn plain(end: &PinRef) -> String {
    match end.instance {
        0 => end.pin.clone(),
        instance => format!("{} {}", end.pin, u64::from(instance) + 1),
    }
}

fn name_pin(graph: &Graph, end: &PinRef, taken: &BTreeSet<String>, is_shared: bool) -> String {
    let plain = plain(end);
    if !is_shared && !taken.contains(&plain) {
        return plain;
    }
    let filter = graph.filters.get(&end.filter);
    let long = filter.map_or_else(|| plain.clone(), |node| format!("{} {plain}", node.name));
    let mut name = long.clone();
    let mut number = 2_u32;
    while taken.contains(&name) {
        name = format!("{long} {number}");
        number += 1;
    }
    name
}

/// Names that would be there twice once a group is dissolved are made unique inside it.
fn renamings(graph: &Graph, group: FilterId, inner: &Graph) -> Vec<Edit> {
    let mut taken: BTreeSet<&str> = inner.filters.values().map(|it| it.name.as_str()).collect();
    taken.extend(graph.filters.values().map(|it| it.name.as_str()));
    let mut given: BTreeSet<String> = BTreeSet::new();
    let mut edits = vec![];
    for (id, node) in &inner.filters {
        let clashes = graph.find(&node.name).is_some_and(|other| other != group);
        if !clashes {
            continue;
        }
        let mut number = 2_u32;
        let name = loop {
            let name = format!("{} {number}", node.name);
            if !taken.contains(name.as_str()) && given.insert(name.clone()) {
                break name;
            }
            number += 1;
        };
        edits.push(Edit::Rename { id: *id, name }.within(&[group]));
    }
    // The group's own name is free once it is gone; until then it makes way.
    let own = graph.filters.get(&group).map(|node| node.name.as_str());
    if let Some(own) = own.filter(|own| inner.find(own).is_some()) {
        let mut number = 2_u32;
        let name = loop {
            let name = format!("{own} {number}");
            if !taken.contains(name.as_str()) && !given.contains(&name) {
                break name;
            }
            number += 1;
        };
        edits.push(Edit::Rename { id: group, name });
    }
    edits
}
