//! Which row of a box is which instance of which pin factory: the one place that knows.
//!
//! A factory shows its connected instances in order, and one more while there may be one more. Pins that exist only
//! because a wire ends there are shown too, so that filters which are not installed keep theirs.

use std::borrow::Cow;

use super::canvas::wire_of;
use super::node_graph::{PinView, Side};
use super::theme::kind;
use super::words::{hue, kind_word};
use crate::app::View;
use crate::graph::{FilterId, FilterPath, Graph, Node, NodeKind, PinRef, Wire};
use crate::ks::{DataFlow, Kind, PinFactory};

/// One row of pins of a box.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Row {
    /// The pin factory's name, or the group pin's.
    pub(super) pin: String,
    /// Which instance.
    pub(super) instance: u32,
    /// What stands beside it.
    pub(super) label: String,
    /// What screen readers say.
    pub(super) spoken: String,
    /// The data, and whether it is a jack.
    pub(super) kind: Kind,
    pub(super) is_bridge: bool,
    /// Whether a wire ends here.
    pub(super) is_connected: bool,
    /// Whether it would be made by a wire.
    grows: bool,
}

/// The rows of one box: inputs, outputs.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Rows {
    /// From above.
    pub(super) inputs: Vec<Row>,
    /// From above.
    pub(super) outputs: Vec<Row>,
}

impl Rows {
    /// The rows of a filter or group.
    pub(super) fn of(view: &View<'_>, id: FilterId, node: &Node) -> Self {
        let connections = view.graph.connections.iter().enumerate();
        let touching: Vec<usize> = connections
            .filter(|(_, it)| it.from.filter == id || it.to.filter == id)
            .map(|(index, _)| index)
            .collect();
        Self::touched(view, id, node, &touching, &|index| wire_of(view, index))
    }

    /// The same, for who knows already which connections end here and what became of them.
    pub(super) fn touched<'a>(
        view: &View<'a>,
        id: FilterId,
        node: &Node,
        touching: &[usize],
        wire: &dyn Fn(usize) -> Option<&'a Wire>,
    ) -> Self {
        let path = view.path_of(id);
        let described = view
            .wiring
            .filters
            .get(&path)
            .and_then(|filter| filter.descriptor.as_deref());
        let mut rows = Self::default();
        match (&node.kind, described) {
            (NodeKind::Filter(_), Some(descriptor)) => {
                for factory in descriptor.pins.iter() {
                    rows.factory(view.graph, id, factory, touching);
                }
            }
            (NodeKind::Group(group), _) => {
                for pin in &group.pins {
                    let Some((kind, flow)) = inner_pin(view, &path, &group.graph, &pin.inner)
                    else {
                        continue;
                    };
                    rows.side_mut(flow).push(Row::new(&pin.name, 0, kind));
                }
            }
            (NodeKind::Filter(_), None) => {}
        }
        rows.wired(view, id, touching, wire);
        rows.shown_outside(view, id);
        rows.name(&node.name);
        rows
    }

    fn side_mut(&mut self, flow: DataFlow) -> &mut Vec<Row> {
        match flow {
            DataFlow::In => &mut self.inputs,
            DataFlow::Out => &mut self.outputs,
        }
    }

    /// The connected instances of a factory in order, and one more while there may be one more.
    fn factory(&mut self, graph: &Graph, id: FilterId, factory: &PinFactory, touching: &[usize]) {
        let side = self.side_mut(factory.data_flow);
        if factory.is_bridge() {
            side.push(Row {
                is_bridge: true,
                ..Row::new(&factory.name, 0, factory.kind())
            });
            return;
        }
        let mut instances: Vec<u32> = ends(graph, id, factory.data_flow, touching)
            .filter(|pin| pin.pin == factory.name)
            .map(|pin| pin.instance)
            .collect();
        instances.sort_unstable();
        instances.dedup();
        let connected = instances.len() as u32;
        if connected < factory.instances.possible {
            let free = (0..).find(|instance| !instances.contains(instance));
            instances.extend(free);
        }
        let many = instances.len() > 1;
        for (place, &instance) in instances.iter().enumerate() {
            let mut row = Row::new(&factory.name, instance, factory.kind());
            if many {
                row.label = format!("{} {}", factory.name, instance + 1);
            }
            row.grows = place as u32 >= connected && connected > 0;
            side.push(row);
        }
    }

    /// Marks what is connected, and adds pins that only a wire knows of.
    fn wired<'a>(
        &mut self,
        view: &View<'a>,
        id: FilterId,
        touching: &[usize],
        wire: &dyn Fn(usize) -> Option<&'a Wire>,
    ) {
        for &index in touching {
            let connection = &view.graph.connections[index];
            let ends = [
                (&connection.from, DataFlow::Out),
                (&connection.to, DataFlow::In),
            ];
            for (pin, flow) in ends.into_iter().filter(|(pin, _)| pin.filter == id) {
                let agreed = wire(index)
                    .and_then(|wire| wire.outcome.as_ref().ok())
                    .map(|agreement| agreement.format.kind());
                let side = self.side_mut(flow);
                let known = side
                    .iter_mut()
                    .find(|row| row.pin == pin.pin && row.instance == pin.instance);
                let row = match known {
                    Some(row) => row,
                    None => {
                        let kind = agreed.unwrap_or(Kind::Control);
                        side.push(Row::new(&pin.pin, pin.instance, kind));
                        side.last_mut().expect("a row was pushed")
                    }
                };
                row.is_connected = true;
                row.grows = false;
                row.kind = agreed.unwrap_or(row.kind);
            }
        }
    }

    /// Names the pins that the group entered shows outside.
    fn shown_outside(&mut self, view: &View<'_>, id: FilterId) {
        let Some(group) = view.group() else {
            return;
        };
        for pin in group.pins.iter().filter(|pin| pin.inner.filter == id) {
            let Some((kind, flow)) = inner_pin(view, view.here, &group.graph, &pin.inner) else {
                continue;
            };
            let side = self.side_mut(flow);
            let is_it = |row: &Row| row.pin == pin.inner.pin && row.instance == pin.inner.instance;
            let at = side.iter().position(is_it).unwrap_or_else(|| {
                side.push(Row::new(&pin.inner.pin, pin.inner.instance, kind));
                side.len() - 1
            });
            let row = &mut side[at];
            row.label = format!("{} = {}", row.label, pin.name);
            row.grows = false;
        }
    }

    fn name(&mut self, filter: &str) {
        for (word, side) in [("input", &mut self.inputs), ("output", &mut self.outputs)] {
            for row in side {
                let number = match row.instance {
                    0 => String::new(),
                    instance => format!(" {}", instance + 1),
                };
                let kind = kind_word(row.kind);
                row.spoken = format!("{filter} {word} {}{number} ({kind})", row.pin);
            }
        }
    }

    /// The rows of one side.
    pub(super) fn side(&self, side: Side) -> &[Row] {
        match side {
            Side::Input => &self.inputs,
            Side::Output => &self.outputs,
        }
    }

    /// Where a pin stands on a side.
    pub(super) fn index_of(&self, side: Side, pin: &PinRef) -> Option<usize> {
        self.side(side)
            .iter()
            .position(|row| row.pin == pin.pin && row.instance == pin.instance)
    }
}

impl Row {
    fn new(pin: &str, instance: u32, kind: Kind) -> Self {
        Self {
            pin: pin.to_owned(),
            instance,
            label: pin.to_owned(),
            spoken: String::new(),
            kind,
            is_bridge: false,
            is_connected: false,
            grows: false,
        }
    }

    /// As the canvas shows it.
    pub(super) fn view(&self) -> PinView<'_> {
        PinView {
            name: Cow::Borrowed(&self.label),
            spoken: Cow::Borrowed(&self.spoken),
            kind: if self.is_bridge {
                kind::BRIDGE
            } else {
                hue(self.kind)
            },
            connected: self.is_connected,
            grows: self.grows,
        }
    }
}

fn ends<'a>(
    graph: &'a Graph,
    id: FilterId,
    flow: DataFlow,
    touching: &'a [usize],
) -> impl Iterator<Item = &'a PinRef> {
    touching
        .iter()
        .map(move |&index| match flow {
            DataFlow::In => &graph.connections[index].to,
            DataFlow::Out => &graph.connections[index].from,
        })
        .filter(move |pin| pin.filter == id)
}

/// What a group's pin stands for, all the way in.
fn inner_pin(
    view: &View<'_>,
    path: &FilterPath,
    graph: &Graph,
    pin: &PinRef,
) -> Option<(Kind, DataFlow)> {
    let mut path = path.clone();
    path.0.push(pin.filter);
    match &graph.filters.get(&pin.filter)?.kind {
        NodeKind::Group(group) => {
            let inner = group.pins.iter().find(|inner| inner.name == pin.pin)?;
            inner_pin(view, &path, &group.graph, &inner.inner)
        }
        NodeKind::Filter(_) => {
            let descriptor = view.wiring.filters.get(&path)?.descriptor.as_deref()?;
            let (_, factory) = descriptor.pin(&pin.pin)?;
            Some((factory.kind(), factory.data_flow))
        }
    }
}
