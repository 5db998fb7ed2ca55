//! Looking for boxes and wires of a document, by number, path or name, and what is free in it. Changes nothing: `edit.rs`
//! does.

use std::collections::BTreeSet;

use super::edit::EditError;
use super::model::{Connection, FilterId, FilterNode, Graph, Group, Node, NodeKind};
use super::wiring::FilterPath;

impl Graph {
    /// An id that no box has and none had since it was last saved.
    pub fn fresh_id(&self) -> FilterId {
        let box_id = self.filters.keys().next_back().map_or(0, |id| id.0);
        let note_id = self.notes.keys().next_back().map_or(0, |id| id.0);
        let above = box_id.max(note_id).saturating_add(1);
        FilterId(self.next_id.max(above))
    }

    /// `title`, or `title 2`, `title 3`: the first that no box has.
    pub fn unique_name(&self, title: &str) -> String {
        // The numbers that are taken; the bare title stands for the first.
        let numbers = self.filters.values().filter_map(|it| {
            let rest = it.name.strip_prefix(title)?;
            if rest.is_empty() {
                return Some(1);
            }
            let figures = rest.strip_prefix(' ')?;
            let number: u32 = figures.parse().ok()?;
            // Only as it would be written here.
            (number >= 2 && !figures.starts_with(['0', '+'])).then_some(number)
        });
        let mut taken: Vec<u32> = numbers.collect();
        taken.sort_unstable();
        taken.dedup();
        let gap = (1..).zip(&taken).find(|(number, taken)| number != *taken);
        match gap.map_or(taken.len() as u32 + 1, |(number, _)| number) {
            1 => title.to_owned(),
            number => format!("{title} {number}"),
        }
    }

    /// The box of that name.
    pub fn find(&self, name: &str) -> Option<FilterId> {
        let mut all = self.filters.iter();
        all.find(|(_, node)| node.name == name).map(|(id, _)| *id)
    }

    /// A filter by id; `None` for a group that is no instance of one.
    pub fn filter(&self, id: FilterId) -> Option<&FilterNode> {
        self.filters.get(&id)?.kind.filter()
    }

    /// The box at a path through groups.
    pub fn at(&self, path: &FilterPath) -> Option<&Node> {
        let (id, groups) = path.0.split_last()?;
        let mut graph = self;
        for group in groups {
            match &graph.filters.get(group)?.kind {
                NodeKind::Group(inner) => graph = &inner.graph,
                NodeKind::Filter(_) => return None,
            }
        }
        graph.filters.get(id).map(|node| &**node)
    }

    /// The lowest instance of a pin that no wire of this graph uses, if the pin may have `possible` of them.
    pub fn free_instance(&self, filter: FilterId, pin: &str, possible: u32) -> Option<u32> {
        let ends = self
            .connections
            .iter()
            .flat_map(|wire| [&wire.from, &wire.to]);
        let used: BTreeSet<u32> = ends
            .filter(|end| end.filter == filter && end.pin == pin)
            .map(|end| end.instance)
            .collect();
        (0..possible).find(|instance| !used.contains(instance))
    }

    pub(super) fn node(&self, id: FilterId) -> Result<&Node, EditError> {
        let node = self.filters.get(&id).ok_or(EditError::NoFilter(id))?;
        Ok(node)
    }

    pub(super) fn node_mut(&mut self, id: FilterId) -> Result<&mut Node, EditError> {
        let node = self.filters.get_mut(&id).ok_or(EditError::NoFilter(id))?;
        Ok(node)
    }

    pub(super) fn filter_mut(&mut self, id: FilterId) -> Result<&mut FilterNode, EditError> {
        match &mut self.node_mut(id)?.kind {
            NodeKind::Filter(node) => Ok(node),
            NodeKind::Group(group) => match &mut group.instance {
                Some(it) => Ok(&mut it.node),
                None => Err(EditError::WrongKind(id, "a group, not a filter")),
            },
        }
    }

    /// A group whose inside may be changed.
    pub(super) fn group_mut(&mut self, id: FilterId) -> Result<&mut Group, EditError> {
        match &mut self.node_mut(id)?.kind {
            NodeKind::Filter(_) => Err(EditError::WrongKind(id, "a filter, not a group")),
            NodeKind::Group(group) => match &group.instance {
                Some(it) => Err(EditError::Sealed(id, it.node.key.clone())),
                None => Ok(group),
            },
        }
    }

    /// What is inside an instance follows how its box is switched.
    pub(super) fn switch_inside(&mut self, id: FilterId) {
        if let Ok(Node {
            kind: NodeKind::Group(group),
            ..
        }) = self.node_mut(id)
        {
            super::instance::switch(group);
        }
    }

    pub(super) fn wire(&self, index: usize) -> Result<&Connection, EditError> {
        let count = self.connections.len();
        let wire = self.connections.get(index);
        Ok(wire.ok_or(EditError::NoWire(index, count))?)
    }

    pub(super) fn check_name(&self, name: &str, of: Option<FilterId>) -> Result<(), EditError> {
        if name.is_empty() {
            return Err(EditError::NoName);
        }
        match self.find(name) {
            Some(other) if Some(other) != of => Err(EditError::NameTaken(name.to_owned())),
            _ => Ok(()),
        }
    }
}
