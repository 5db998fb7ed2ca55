//! A piece of a graph that travels: over the clipboard, or from one document into another. Boxes with the wires between
//! them, comments and frames, as the text of a graph file that says it is a piece and which folder its relative paths belong to.
//!
//! What arrives gets ids that are free and names of its own; its wires, values and what is inside groups stay as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::arrange::Area;
use super::edit::Edit;
use super::file::{FileError, from_ron, to_ron};
use super::model::{FilterId, Graph, Group, GroupProperty, NodeKind, NoteId, PinRef, Position};
use super::wiring::FilterPath;
use crate::ks::{path_text, text_path};

/// The field of a graph file that makes it a piece.
const FIELD: &str = "fragment";

/// What stands in that field.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Origin {
    /// The folder relative paths belong to.
    folder: String,
}

/// A piece of a graph.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fragment {
    /// The boxes and the wires between them.
    pub graph: Graph,
    /// The folder relative paths belong to; `None` when the document had no file.
    pub folder: Option<PathBuf>,
}

/// A piece of a graph about to be put into another.
#[derive(Clone, PartialEq, Debug)]
pub struct Insertion {
    /// All of it.
    pub edit: Edit,
    /// The boxes it adds.
    pub filters: Vec<FilterId>,
    /// The notes it adds.
    pub notes: Vec<NoteId>,
}

/// Why a text is no piece of a graph.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FragmentError {
    /// It was not written by this program.
    #[error("This is no piece of a graph: {0}")]
    Foreign(FileError),
    /// There is nothing in it.
    #[error("This piece of a graph is empty")]
    Empty,
}

impl Fragment {
    /// Some boxes of a graph with the wires between them, and some notes. `folder` is where the document's relative paths
    /// start.
    pub fn of(
        graph: &Graph,
        filters: &BTreeSet<FilterId>,
        notes: &BTreeSet<NoteId>,
        folder: Option<&Path>,
    ) -> Self {
        let written = graph.notes.iter().filter(|(id, _)| notes.contains(id));
        let nodes = graph.filters.iter().filter(|(id, _)| filters.contains(id));
        let is_inner = |end: &PinRef| filters.contains(&end.filter);
        let wires = graph.connections.iter();
        let inner = wires.filter(|wire| is_inner(&wire.from) && is_inner(&wire.to));
        Self {
            graph: Graph {
                filters: nodes.map(|(id, node)| (*id, node.clone())).collect(),
                connections: inner.cloned().collect(),
                notes: written.map(|(id, note)| (*id, note.clone())).collect(),
                next_id: graph.next_id,
                ..Graph::default()
            },
            folder: folder.map(Path::to_owned),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.graph.filters.is_empty() && self.graph.notes.is_empty()
    }

    /// Its text.
    pub fn to_text(&self) -> String {
        let mut graph = self.graph.clone();
        let folder = self.folder.as_deref().unwrap_or(Path::new(""));
        let origin = Origin {
            folder: path_text(folder),
        };
        let origin = ron::to_string(&origin).expect("plain data has a text");
        graph.unknown_fields.insert(FIELD.to_owned(), origin);
        to_ron(&graph)
    }

    /// Reads a text. That of a whole graph file does as well.
    pub fn from_text(text: &str) -> Result<Self, FragmentError> {
        let loaded = from_ron(text.as_bytes(), "the clipboard").map_err(FragmentError::Foreign)?;
        let mut graph = loaded.graph;
        let origin = graph.unknown_fields.remove(FIELD);
        let origin: Origin = origin
            .and_then(|text| ron::from_str(&text).ok())
            .unwrap_or_default();
        let folder = Some(text_path(&origin.folder)).filter(|folder| folder.is_absolute());
        let fragment = Self { graph, folder };
        match fragment.is_empty() {
            true => Err(FragmentError::Empty),
            false => Ok(fragment),
        }
    }

    /// What it covers, given the size of each box.
    pub fn area(&self, size: &dyn Fn(FilterId) -> (f32, f32)) -> Area {
        let nodes = self.graph.filters.iter();
        let boxes = nodes.map(|(id, node)| Area {
            at: node.position,
            size: size(*id),
        });
        let notes = self.graph.notes.values().map(|note| Area {
            at: note.position,
            size: (note.size.width, note.size.height),
        });
        Area::around(boxes.chain(notes))
    }

    /// Puts it into a graph, moved `by` so much, under the ids `fresh` and those above it. Where a box or note of the graph
    /// stands exactly where one of these would come to stand, all step aside.
    pub fn insert(&self, into: &Graph, fresh: FilterId, by: Position) -> Insertion {
        let mut piece = self.graph.clone();
        // Ids in the order the boxes were made, so that the same piece always lands the same way.
        let mut next = fresh.0;
        let (ids, notes) = renumber(&mut piece, &mut next);
        let by = step_aside(&piece, into, by);
        let mut names: BTreeSet<String> = into.filters.values().map(|it| it.name.clone()).collect();
        let mut edits = vec![];
        for (id, node) in piece.filters {
            let mut node = node.into_inner();
            node.name = fresh_name(&names, &node.name);
            names.insert(node.name.clone());
            node.position.x += by.x;
            node.position.y += by.y;
            edits.push(Edit::Add { id, node });
        }
        let is_there = |end: &PinRef| ids.contains(&end.filter);
        let mut drawn: BTreeSet<(PinRef, PinRef)> = BTreeSet::new();
        for wire in piece.connections {
            // A file may hold wires that lead nowhere, and the same wire twice.
            let ends = (wire.from.clone(), wire.to.clone());
            if is_there(&wire.from) && is_there(&wire.to) && drawn.insert(ends) {
                edits.push(Edit::Connect(wire.into_inner()));
            }
        }
        for (id, mut note) in piece.notes {
            note.position.x += by.x;
            note.position.y += by.y;
            edits.push(Edit::AddNote { id, note });
        }
        Insertion {
            edit: Edit::Batch(edits),
            filters: ids,
            notes,
        }
    }
}

/// Gives every box and note an id of its own, those inside groups too; the outermost ones come back in order.
fn renumber(graph: &mut Graph, next: &mut u32) -> (Vec<FilterId>, Vec<NoteId>) {
    let mut new: BTreeMap<FilterId, FilterId> = BTreeMap::new();
    for id in graph.filters.keys() {
        new.insert(*id, FilterId(*next));
        *next = next.saturating_add(1);
    }
    let filters = std::mem::take(&mut graph.filters);
    for (id, mut node) in filters {
        // What is inside an instance keeps the numbers its filter gives it.
        if let NodeKind::Group(group) = &mut node.kind
            && group.instance.is_none()
        {
            let places: Vec<_> = group.properties.iter().map(|it| names(group, it)).collect();
            let inner: Vec<FilterId> = group.graph.filters.keys().copied().collect();
            let (ids, _) = renumber(&mut group.graph, next);
            let new: BTreeMap<_, _> = inner.into_iter().zip(ids).collect();
            for pin in &mut group.pins {
                if let Some(id) = new.get(&pin.inner.filter) {
                    pin.inner.filter = *id;
                }
            }
            for (at, place) in places.iter().enumerate() {
                if let Some(path) = path_of(&group.graph, place) {
                    group.properties[at].inner = path;
                }
            }
        }
        graph.filters.insert(new[&id], node);
    }
    graph.connections.retain_mut(|wire| {
        let wire = &mut **wire;
        let ends = [&mut wire.from, &mut wire.to];
        ends.into_iter().all(|end| {
            let id = new.get(&end.filter).copied();
            end.filter = id.unwrap_or_default();
            id.is_some()
        })
    });
    for (_, note) in std::mem::take(&mut graph.notes) {
        graph.notes.insert(NoteId(*next), note);
        *next = next.saturating_add(1);
    }
    graph.next_id = *next;
    let notes = graph.notes.keys().copied().collect();
    (new.into_values().collect(), notes)
}

/// The names on the way to the box that a property stands for: they stay when numbers change.
fn names(group: &Group, property: &GroupProperty) -> Vec<String> {
    let ways = 1..=property.inner.0.len();
    let nodes = ways.filter_map(|len| {
        let path = FilterPath::from(&property.inner.0[..len]);
        Some(group.graph.at(&path)?.name.clone())
    });
    nodes.collect()
}

fn path_of(graph: &Graph, names: &[String]) -> Option<FilterPath> {
    let (mut path, mut graph) = (FilterPath::default(), graph);
    for (at, name) in names.iter().enumerate() {
        path = path.child(graph.find(name)?);
        if at + 1 < names.len() {
            match &graph.filters[path.0.last()?].kind {
                NodeKind::Group(group) => graph = &group.graph,
                NodeKind::Filter(_) => return None,
            }
        }
    }
    (!names.is_empty()).then_some(path)
}

/// `by`, or so much more of it that nothing hides another exactly.
fn step_aside(piece: &Graph, into: &Graph, by: Position) -> Position {
    const STEP: f32 = 32.0;
    let places = |graph: &Graph, by: Position| -> BTreeSet<(i64, i64)> {
        let cell = |at: f32| (at / 8.0).round() as i64;
        let boxes = graph.filters.values().map(|node| node.position);
        let notes = graph.notes.values().map(|note| note.position);
        let all = boxes.chain(notes);
        all.map(|at| (cell(at.x + by.x), cell(at.y + by.y)))
            .collect()
    };
    let taken = places(into, Position::default());
    let mut shifted = by;
    for _ in 0..256 {
        if places(piece, shifted).is_disjoint(&taken) {
            break;
        }
        shifted.x += STEP;
        shifted.y += STEP;
    }
    shifted
}

/// A name nobody has: a copy of `Gain` or of `Gain 2` is the next `Gain` that is free.
fn fresh_name(names: &BTreeSet<String>, name: &str) -> String {
    if !names.contains(name) {
        return name.to_owned();
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let bare = match name.rsplit_once(' ') {
        Some((bare, number)) if is_number(number) && !bare.is_empty() => bare,
        _ => name,
    };
    let mut number = 2_u32;
    loop {
        let name = format!("{bare} {number}");
        if !names.contains(&name) {
            return name;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_count_on() {
        let names: BTreeSet<String> = ["Gain", "Gain 2", "Take 7 b"].map(str::to_owned).into();
        for (name, expected) in [
            ("Noise", "Noise"),
            ("Gain", "Gain 3"),
            ("Gain 2", "Gain 3"),
            ("Take 7 b", "Take 7 b 2"),
        ] {
            assert_eq!(fresh_name(&names, name), expected);
        }
    }
}
