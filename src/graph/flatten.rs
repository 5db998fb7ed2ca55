//! Groups dissolved: filters by path and wires between them. Knows the document only, nothing of what filters are.
//!
//! A wire to a group's pin ends at the pin inside that it stands for. What leads nowhere is named, never followed.

use std::collections::BTreeMap;

use super::model::{Chosen, FilterId, FilterNode, Graph, NodeKind, PinRef};
use super::wiring::{FilterPath, PinAddress, Problem};

/// How deep groups may nest.
pub const MAX_DEPTH: usize = 32;

/// A filter of the flat graph.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlatFilter<'a> {
    pub(super) node: &'a FilterNode,
}

/// A wire of the flat graph.
#[derive(Clone, Debug)]
pub(super) struct FlatWire<'a> {
    pub(super) from: PinAddress,
    pub(super) to: PinAddress,
    /// Index in the outermost graph's connections.
    pub(super) connection: Option<usize>,
    /// The group it was drawn in, and its index there.
    pub(super) place: FilterPath,
    pub(super) index: usize,
    pub(super) chosen: &'a Chosen,
}

/// A graph without groups.
#[derive(Clone, Debug, Default)]
pub(super) struct Flat<'a> {
    pub(super) filters: BTreeMap<FilterPath, FlatFilter<'a>>,
    /// `group/filter`.
    pub(super) names: BTreeMap<FilterPath, String>,
    /// In an order that does not depend on the order of drawing.
    pub(super) wires: Vec<FlatWire<'a>>,
    pub(super) problems: Vec<Problem>,
}

/// Dissolves all groups.
pub(super) fn flatten(graph: &Graph) -> Flat<'_> {
    let mut flat = Flat::default();
    enter(graph, &FilterPath::default(), "", &mut flat);
    // By the numbers of the boxes first, which they keep when they are grouped: the agreement stays the same. Wires that
    // take no part come last: they stand in nobody's way.
    let filters = &flat.filters;
    let is_out = |path: &FilterPath| {
        let filter: Option<&FlatFilter<'_>> = filters.get(path);
        filter.is_some_and(|it| it.node.is_disabled)
    };
    let order = |wire: &FlatWire<'_>| is_out(&wire.from.filter) || is_out(&wire.to.filter);
    flat.wires.sort_by(|a, b| {
        let ends = |wire: &FlatWire<'_>| (wire.from.rank(), wire.to.rank());
        order(a)
            .cmp(&order(b))
            .then_with(|| ends(a).cmp(&ends(b)))
            .then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
            // Two wires between the same pins: any order that is not the order of drawing.
            .then_with(|| format!("{:?}", a.chosen).cmp(&format!("{:?}", b.chosen)))
    });
    flat.problems.sort_by(|a, b| {
        let key = |problem: &Problem| (problem.filter.clone(), problem.text.clone());
        key(a).cmp(&key(b))
    });
    flat
}

fn enter<'a>(graph: &'a Graph, path: &FilterPath, prefix: &str, flat: &mut Flat<'a>) {
    for (id, node) in &graph.filters {
        let inner = path.child(*id);
        let name = format!("{prefix}{}", node.name);
        match &node.kind {
            NodeKind::Filter(filter) => {
                flat.filters
                    .insert(inner.clone(), FlatFilter { node: filter });
                flat.names.insert(inner, name);
            }
            NodeKind::Group(_) if inner.0.len() >= MAX_DEPTH => flat.problems.push(Problem {
                filter: Some(inner),
                text: format!("{name}: groups nest deeper than {MAX_DEPTH}"),
                is_blocking: true,
            }),
            NodeKind::Group(group) => {
                enter(&group.graph, &inner, &format!("{name}/"), flat);
                flat.names.insert(inner, name);
            }
        }
    }
    for (index, connection) in graph.connections.iter().enumerate() {
        let from = resolve(graph, path, &connection.from);
        let to = resolve(graph, path, &connection.to);
        match (from, to) {
            (Ok(from), Ok(to)) => flat.wires.push(FlatWire {
                from,
                to,
                connection: path.0.is_empty().then_some(index),
                place: path.clone(),
                index,
                chosen: &connection.chosen,
            }),
            (from, to) => {
                for reason in [from.err(), to.err()].into_iter().flatten() {
                    let ends = [&connection.from, &connection.to]
                        .map(|end| format!("{}.{}", end.filter, pin_words(&end.pin, end.instance)));
                    flat.problems.push(Problem {
                        filter: (!path.0.is_empty()).then(|| path.clone()),
                        text: format!(
                            "{prefix}wire from {} to {} leads nowhere: {reason}",
                            ends[0], ends[1]
                        ),
                        is_blocking: true,
                    });
                }
            }
        }
    }
}

/// `in` or `in[2]`.
pub(super) fn pin_words(pin: &str, instance: u32) -> String {
    if instance == 0 {
        pin.to_owned()
    } else {
        format!("{pin}[{instance}]")
    }
}

/// The pin of a filter that an end of a connection stands for, through any number of groups.
fn resolve(graph: &Graph, path: &FilterPath, end: &PinRef) -> Result<PinAddress, String> {
    let (mut graph, mut path) = (graph, path.clone());
    let (mut filter, mut pin, mut instance) = (end.filter, end.pin.as_str(), end.instance);
    loop {
        let node = graph
            .filters
            .get(&filter)
            .ok_or_else(|| format!("there is no filter {filter}"))?;
        path = path.child(filter);
        match &node.kind {
            NodeKind::Filter(_) => {
                return Ok(PinAddress {
                    filter: path,
                    pin: pin.to_owned(),
                    instance,
                });
            }
            NodeKind::Group(_) if path.0.len() >= MAX_DEPTH => {
                return Err(format!("groups nest deeper than {MAX_DEPTH}"));
            }
            NodeKind::Group(group) => {
                let shown = group.pins.iter().find(|shown| shown.name == pin);
                let shown = shown.ok_or_else(|| format!("{} shows no pin {pin}", node.name))?;
                graph = &group.graph;
                filter = shown.inner.filter;
                pin = &shown.inner.pin;
                instance = shown.inner.instance.saturating_add(instance);
            }
        }
    }
}

impl Graph {
    /// The pin of a filter that an address stands for: itself, or through any number of groups the pin inside.
    pub fn resolve(&self, pin: &PinAddress) -> Option<PinAddress> {
        let (&filter, groups) = pin.filter.0.split_last()?;
        let place = FilterPath(groups.to_vec());
        let end = PinRef {
            filter,
            pin: pin.pin.clone(),
            instance: pin.instance,
        };
        resolve(self.graph_at(&place)?, &place, &end).ok()
    }

    /// The graph inside the group at a path; the empty path is this graph.
    pub fn graph_at(&self, path: &FilterPath) -> Option<&Self> {
        if path.0.is_empty() {
            return Some(self);
        }
        match &self.at(path)?.kind {
            NodeKind::Group(group) => Some(&group.graph),
            NodeKind::Filter(_) => None,
        }
    }
}

impl PinAddress {
    /// What wires are sorted by.
    fn rank(&self) -> (Option<FilterId>, usize, String, u32) {
        let ids = &self.filter.0;
        (ids.last().copied(), 0, self.pin.clone(), self.instance)
    }
}

impl FilterPath {
    /// The path of a filter of the outermost graph.
    pub fn of(id: FilterId) -> Self {
        Self(vec![id])
    }

    /// The path of a filter inside the group at this path.
    pub fn child(&self, id: FilterId) -> Self {
        let mut ids = self.0.clone();
        ids.push(id);
        Self(ids)
    }
}
