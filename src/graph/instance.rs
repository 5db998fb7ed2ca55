//! Boxes that are instances of a filter made of others: unfolded as groups that belong to their filter. The box as files
//! have it is the truth; what is inside follows from it and from the catalogue, so it is never saved and never edited.
//!
//! What such a filter is and where it comes from: `composite.rs`.

use std::borrow::Cow;
use std::sync::Arc;

use super::composite::original_of;
use super::model::{FilterNode, Graph, Group, GroupProperty, Instance, Node, NodeKind};
use super::shared::Shared;
use crate::ks::{Catalogue, Value};

/// Unfolds every box whose filter is made of others, and unfolds anew those whose filter is another one by now. Whether
/// there was one. A box whose filter is not installed stays as it is.
pub fn settle(graph: &mut Graph, catalogue: &Catalogue) -> bool {
    if catalogue.iter().all(|it| it.inside().is_none())
        || !graph.filters.values().any(is_due(catalogue))
    {
        return false;
    }
    for node in graph.filters.values_mut() {
        if is_due(catalogue)(node) {
            settle_node(node, catalogue);
        }
    }
    true
}

/// The same for a graph that is only read.
pub(super) fn settled<'a>(graph: &'a Graph, catalogue: &Catalogue) -> Cow<'a, Graph> {
    if catalogue.iter().all(|it| it.inside().is_none())
        || !graph.filters.values().any(is_due(catalogue))
    {
        return Cow::Borrowed(graph);
    }
    let mut graph = graph.clone();
    settle(&mut graph, catalogue);
    Cow::Owned(graph)
}

fn is_due(catalogue: &Catalogue) -> impl Fn(&Shared<Node>) -> bool {
    |node| match &node.kind {
        NodeKind::Filter(filter) => original_of(catalogue, &filter.key).is_some(),
        NodeKind::Group(group) => match &group.instance {
            Some(it) => original_of(catalogue, &it.node.key)
                .is_some_and(|original| !Arc::ptr_eq(original, &it.original)),
            None => group.graph.filters.values().any(is_due(catalogue)),
        },
    }
}

fn settle_node(node: &mut Node, catalogue: &Catalogue) {
    let filter = match &mut node.kind {
        NodeKind::Group(group) if group.instance.is_none() => {
            settle(&mut group.graph, catalogue);
            return;
        }
        NodeKind::Group(group) => group.instance.take().map(|it| it.node),
        NodeKind::Filter(filter) => Some(std::mem::take(filter)),
    };
    if let Some(filter) = filter
        && let Some(original) = original_of(catalogue, &filter.key)
    {
        node.kind = NodeKind::Group(Box::new(unfolded(filter, original)));
    }
}

/// The group that a box stands for.
pub fn unfolded(node: FilterNode, original: &Arc<Group>) -> Group {
    let mut group = Group {
        instance: None,
        ..Group::clone(original)
    };
    for property in &original.properties {
        if let Some(value) = node.values.get(&property.key) {
            put(&mut group.graph, property, Some(value.clone()));
        }
    }
    let original = Arc::clone(original);
    group.instance = Some(Box::new(Instance { node, original }));
    switch(&mut group);
    group
}

/// Gives a property that a group shows a value; `None` is what its filter has by itself. What it had comes back.
pub(super) fn set(group: &mut Group, key: &str, value: Option<Value>) -> Result<Option<Value>, ()> {
    let property = group.properties.iter().find(|it| it.key == key).cloned();
    let Some(it) = &mut group.instance else {
        let property = property.ok_or(())?;
        let before = get(&group.graph, &property).cloned();
        put(&mut group.graph, &property, value);
        return Ok(before);
    };
    let values = &mut it.node.values;
    let before = match &value {
        Some(value) => values.insert(key.to_owned(), value.clone()),
        None => values.remove(key),
    };
    if let Some(property) = property {
        let value = value.or_else(|| get(&it.original.graph, &property).cloned());
        put(&mut group.graph, &property, value);
    }
    Ok(before)
}

/// All that is inside is bypassed or takes no part where the box does.
pub(super) fn switch(group: &mut Group) {
    let Some(it) = &group.instance else {
        return;
    };
    let (bypassed, disabled) = (it.node.is_bypassed, it.node.is_disabled);
    let original = it.original.graph.clone();
    switch_all(&mut group.graph, &original, bypassed, disabled);
}

fn switch_all(graph: &mut Graph, original: &Graph, bypassed: bool, disabled: bool) {
    for (id, node) in &mut graph.filters {
        let was = original.filters.get(id).map(|node| &node.kind);
        let was_on = |on: fn(&FilterNode) -> bool| was.and_then(NodeKind::filter).is_some_and(on);
        let (bypassed, disabled) = (
            bypassed || was_on(|it| it.is_bypassed),
            disabled || was_on(|it| it.is_disabled),
        );
        let is_so = node
            .kind
            .filter()
            .is_some_and(|it| (it.is_bypassed, it.is_disabled) == (bypassed, disabled));
        if is_so {
            continue;
        }
        match (&mut node.kind, was) {
            (NodeKind::Filter(it), _) => (it.is_bypassed, it.is_disabled) = (bypassed, disabled),
            (NodeKind::Group(group), was) => match &mut group.instance {
                Some(it) => {
                    (it.node.is_bypassed, it.node.is_disabled) = (bypassed, disabled);
                    switch(group);
                }
                None => {
                    let empty = Graph::default();
                    let was = match was {
                        Some(NodeKind::Group(was)) => &was.graph,
                        _ => &empty,
                    };
                    switch_all(&mut group.graph, was, bypassed, disabled);
                }
            },
        }
    }
}

/// The value that a box inside has for a property the group shows.
fn get<'a>(graph: &'a Graph, property: &GroupProperty) -> Option<&'a Value> {
    match &graph.at(&property.inner)?.kind {
        NodeKind::Filter(node) => node.values.get(&property.property),
        NodeKind::Group(group) => match &group.instance {
            Some(it) => it.node.values.get(&property.property),
            None => {
                let mut shown = group.properties.iter();
                get(&group.graph, shown.find(|it| it.key == property.property)?)
            }
        },
    }
}

fn put(graph: &mut Graph, property: &GroupProperty, value: Option<Value>) {
    let Some((id, groups)) = property.inner.0.split_last() else {
        return;
    };
    let mut graph = graph;
    for group in groups {
        match graph.filters.get_mut(group).map(|node| &mut node.kind) {
            Some(NodeKind::Group(inner)) => graph = &mut inner.graph,
            _ => return,
        }
    }
    match graph.filters.get_mut(id).map(|node| &mut node.kind) {
        Some(NodeKind::Filter(node)) => {
            let key = property.property.clone();
            _ = match value {
                Some(value) => node.values.insert(key, value),
                None => node.values.remove(&key),
            };
        }
        Some(NodeKind::Group(inner)) => _ = set(inner, &property.property, value),
        None => {}
    }
}
