//! Where the ends of wires lie: through groups, down to the pins of filters.

use super::flatten::MAX_DEPTH;
use super::model::{FilterId, Graph, NodeKind, PinRef};
use super::wiring::{FilterPath, Ids, PinAddress};

/// `in` or `in[2]`.
pub(super) fn pin_words(pin: &str, instance: u32) -> String {
    if instance == 0 {
        pin.to_owned()
    } else {
        format!("{pin}[{instance}]")
    }
}

/// The pin of a filter that an end of a connection stands for, through any number of groups.
pub(super) fn resolve(
    graph: &Graph,
    path: &FilterPath,
    end: &PinRef,
) -> Result<PinAddress, String> {
    let (mut graph, mut inside) = (graph, None);
    let (mut filter, mut pin, mut instance) = (end.filter, end.pin.as_str(), end.instance);
    loop {
        let node = graph
            .filters
            .get(&filter)
            .ok_or_else(|| format!("there is no filter {filter}"))?;
        let path = inside.as_ref().unwrap_or(path).child(filter);
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
                inside = Some(path);
            }
        }
    }
}

impl Graph {
    /// The pin of a filter that an address stands for: itself, or through any number of groups the pin inside.
    pub fn resolve(&self, pin: &PinAddress) -> Option<PinAddress> {
        let (&filter, groups) = pin.filter.0.split_last()?;
        let place = FilterPath::from(groups);
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

impl FilterPath {
    /// The path of a filter of the outermost graph.
    pub fn of(id: FilterId) -> Self {
        Self(Ids::from_slice(&[id]))
    }

    /// The path of a filter inside the group at this path.
    pub fn child(&self, id: FilterId) -> Self {
        let mut ids = Ids::from_slice(&self.0);
        ids.push(id);
        Self(ids)
    }
}
