//! Boxes that go into a group or come out of one, as they are: the edits that grouping is made of.
//!
//! Not what becomes of the wires: `fold.rs` draws them anew on both sides.

use std::collections::BTreeSet;

use super::edit::{Edit, EditError};
use super::model::{FilterId, Graph, Node, NodeKind};

/// Boxes go into a group.
pub(super) fn into(
    graph: &mut Graph,
    group: FilterId,
    filters: Vec<(FilterId, FilterId)>,
) -> Result<Edit, EditError> {
    if filters.iter().any(|(here, _)| *here == group) {
        return Err(EditError::IntoItself(group));
    }
    let old = (graph.next_id, inside(graph, group)?.next_id);
    let from = filters.iter().map(|(here, _)| *here);
    let to = filters.iter().map(|(_, there)| *there);
    let moved = check(graph, inside(graph, group)?, from, to)?;
    for (id, _) in &filters {
        graph.filters.remove(id);
    }
    let inner = inside_mut(graph, group)?;
    seat(inner, moved);
    Ok(restoring(Edit::MoveOut { group, filters }, group, old))
}

/// Boxes come out of a group.
pub(super) fn out(
    graph: &mut Graph,
    group: FilterId,
    filters: Vec<(FilterId, FilterId)>,
) -> Result<Edit, EditError> {
    let old = (graph.next_id, inside(graph, group)?.next_id);
    let from = filters.iter().map(|(_, there)| *there);
    let to = filters.iter().map(|(here, _)| *here);
    let moved = check(inside(graph, group)?, graph, from, to)?;
    let inner = inside_mut(graph, group)?;
    for (_, id) in &filters {
        inner.filters.remove(id);
    }
    seat(graph, moved);
    Ok(restoring(Edit::MoveInto { group, filters }, group, old))
}

/// Copies of the boxes under the ids they get, once it is known that all can go.
fn check(
    from: &Graph,
    to: &Graph,
    old: impl Iterator<Item = FilterId>,
    new: impl Iterator<Item = FilterId>,
) -> Result<Vec<(FilterId, Node)>, EditError> {
    let mut moved = vec![];
    let (mut leaving, mut ids, mut names) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (old, new) in old.zip(new) {
        let node = from.node(old)?;
        if !leaving.insert(old) {
            return Err(EditError::NoFilter(old));
        }
        if to.filters.contains_key(&new) || !ids.insert(new) {
            return Err(EditError::IdTaken(new));
        }
        if to.find(&node.name).is_some() || !names.insert(node.name.as_str()) {
            return Err(EditError::NameTaken(node.name.clone()));
        }
        moved.push((new, node.clone()));
    }
    Ok(moved)
}

fn seat(graph: &mut Graph, moved: Vec<(FilterId, Node)>) {
    for (id, node) in moved {
        graph.next_id = graph.next_id.max(id.0.saturating_add(1));
        graph.filters.insert(id, node.into());
    }
}

fn restoring(back: Edit, group: FilterId, (here, there): (u32, u32)) -> Edit {
    let edit = Box::new(Edit::SetNextId(there));
    Edit::Batch(vec![
        back,
        Edit::SetNextId(here),
        Edit::Within { group, edit },
    ])
}

fn inside(graph: &Graph, group: FilterId) -> Result<&Graph, EditError> {
    match &graph.node(group)?.kind {
        NodeKind::Group(inner) => match &inner.instance {
            Some(it) => Err(EditError::Sealed(group, it.node.key.clone())),
            None => Ok(&inner.graph),
        },
        NodeKind::Filter(_) => Err(EditError::WrongKind(group, "a filter, not a group")),
    }
}

fn inside_mut(graph: &mut Graph, group: FilterId) -> Result<&mut Graph, EditError> {
    Ok(&mut graph.group_mut(group)?.graph)
}
