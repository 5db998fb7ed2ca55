//! The document on the canvas: how filters, pins and wires look, and what gestures mean.
//!
//! A box is a filter or a group of the outermost graph; its id is the filter's, a wire's id is the index of its
//! connection, a pin's place is a row of `rows.rs`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use egui::{Ui, pos2};

use super::body::{self, Bodies};
use super::controls;
use super::icons::Icon;
use super::node_graph::{
    Footer, Health, Model, NodeId, NodeView, PinAddr, Place, Requests, Side, Verdict, WireEnds,
    WireId, WireState, WireView,
};
use super::rows::{Row, Rows};
use super::screen::Command;
use super::signals::Signals;
use super::theme::{Theme, Type};
use super::words::{hue, instances_text, kind_word, mark, range_text, tag};
use crate::app::{FilterStatus, View};
use crate::graph::{
    Connection, FilterId, FilterPath, Graph, Node, NodeKind, PinAddress, PinRef, Wire,
};
use crate::ks::{Descriptor, Kind, PinFactory, State};

/// What became of a connection.
pub(super) fn wire_of<'a>(view: &View<'a>, connection: usize) -> Option<&'a Wire> {
    view.wire(connection)
}

/// One box as it is drawn this frame.
pub(super) struct Drawn<'a> {
    pub(super) id: FilterId,
    pub(super) path: FilterPath,
    pub(super) node: &'a Node,
    /// As described; nothing for groups and filters that are not installed.
    pub(super) descriptor: Option<&'a Descriptor>,
    pub(super) rows: Rows,
    pub(super) status: FilterStatus,
    pub(super) place: Place,
    spoken: String,
    inside: Option<String>,
    cost: Option<(String, f32, String)>,
}

/// The wire of an open refusal card.
pub(super) const NOT_MADE: WireId = WireId::MAX;

/// The document as the canvas asks for it.
pub(super) struct Scene<'a> {
    /// What the program shows of itself.
    pub(super) view: &'a View<'a>,
    /// The boxes, bottom first.
    pub(super) drawn: Vec<Drawn<'a>>,
    index: BTreeMap<NodeId, usize>,
    wires: Vec<WireEnds>,
    signals: &'a Signals,
    bodies: &'a mut Bodies,
    /// A wire that was refused and is not made, while its card is open.
    refused: Option<(PinAddr, PinAddr)>,
    /// What bodies ask for.
    pub(super) commands: Vec<Command>,
    ring: egui::Color32,
}

impl<'a> Scene<'a> {
    /// Looks at everything once.
    pub(super) fn new(
        ui: &Ui,
        view: &'a View<'a>,
        signals: &'a Signals,
        bodies: &'a mut Bodies,
    ) -> Self {
        let mut drawn: Vec<Drawn<'a>> = view
            .graph
            .filters
            .iter()
            .map(|(&id, node)| draw(ui, view, id, node))
            .collect();
        // What is selected lies on top.
        drawn.sort_by_key(|it| view.selection.filters.contains(&it.id));
        let index: BTreeMap<NodeId, usize> = drawn
            .iter()
            .enumerate()
            .map(|(index, it)| (NodeId::from(it.id.0), index))
            .collect();
        let mut scene = Self {
            view,
            drawn,
            index,
            wires: vec![],
            signals,
            bodies,
            refused: None,
            commands: vec![],
            ring: Theme::of(ui.ctx()).accent,
        };
        scene.wires = view
            .graph
            .connections
            .iter()
            .enumerate()
            .filter_map(|(index, connection)| scene.ends(index, connection))
            .collect();
        scene
    }

    /// Shows a wire that was tried, as one that cannot be.
    pub(super) fn show_refused(&mut self, from: &PinAddress, to: &PinAddress) {
        let (from, to) = (self.find(Side::Output, from), self.find(Side::Input, to));
        if let (Some(from), Some(to)) = (from, to) {
            self.refused = Some((from, to));
            self.wires.push(WireEnds {
                id: NOT_MADE,
                from,
                to,
                selected: false,
            });
        }
    }

    fn find(&self, side: Side, pin: &PinAddress) -> Option<PinAddr> {
        let reference = self.view.pin_ref(pin)?;
        let node = NodeId::from(reference.filter.0);
        let index = self.get(node)?.rows.index_of(side, &reference)?;
        Some(PinAddr { node, side, index })
    }

    fn ends(&self, index: usize, connection: &Connection) -> Option<WireEnds> {
        let end = |side, pin: &PinRef| {
            let node = NodeId::from(pin.filter.0);
            let index = self.get(node)?.rows.index_of(side, pin)?;
            Some(PinAddr { node, side, index })
        };
        Some(WireEnds {
            id: index as WireId,
            from: end(Side::Output, &connection.from)?,
            to: end(Side::Input, &connection.to)?,
            selected: self.view.selection.connections.contains(&index),
        })
    }

    /// The box of that id.
    pub(super) fn get(&self, id: NodeId) -> Option<&Drawn<'a>> {
        self.drawn.get(*self.index.get(&id)?)
    }

    /// The row at that place.
    pub(super) fn row(&self, pin: PinAddr) -> Option<&Row> {
        self.get(pin.node)?.rows.side(pin.side).get(pin.index)
    }

    /// The pin at that place, as the program names it.
    pub(super) fn address(&self, pin: PinAddr) -> Option<PinAddress> {
        let row = self.row(pin)?;
        Some(PinAddress {
            filter: self.get(pin.node)?.path.clone(),
            pin: row.pin.clone(),
            instance: row.instance,
        })
    }

    /// The pin factory behind a pin.
    pub(super) fn factory(&self, pin: PinAddr) -> Option<&'a PinFactory> {
        let descriptor = self.get(pin.node)?.descriptor?;
        Some(descriptor.pin(&self.row(pin)?.pin)?.1)
    }

    /// The first pin of a side that has no wire, as the program names it.
    pub(super) fn free_pin(&self, node: NodeId, side: Side) -> Option<PinAddress> {
        let rows = self.get(node)?.rows.side(side);
        let index = rows
            .iter()
            .position(|row| !row.is_connected && !row.is_bridge)?;
        self.address(PinAddr { node, side, index })
    }

    /// The connections that end at a box, or at one pin of it.
    pub(super) fn wires_of(&self, node: NodeId, pin: Option<PinAddr>) -> Vec<usize> {
        let ends_here = |end: PinAddr| pin.map_or(end.node == node, |pin| end == pin);
        self.wires
            .iter()
            .filter(|wire| wire.id != NOT_MADE && (ends_here(wire.from) || ends_here(wire.to)))
            .map(|wire| wire.id as usize)
            .collect()
    }

    /// The name of a pin for screen readers.
    pub(super) fn spoken_pin(&self, pin: PinAddr) -> &str {
        self.row(pin).map_or("", |row| &row.spoken)
    }

    /// The name of a box for screen readers.
    pub(super) fn spoken_node(&self, id: NodeId) -> &str {
        self.get(id).map_or("", |it| &it.spoken)
    }

    /// The name of a wire for screen readers.
    pub(super) fn spoken_wire(&self, id: WireId) -> String {
        self.view
            .graph
            .connections
            .get(id as usize)
            .map_or_else(String::new, |connection| {
                wire_text(self.view.graph, connection, "Wire ", " to ")
            })
    }
}

/// `Gain out → Meter in`, with other words around.
pub(super) fn wire_text(
    graph: &Graph,
    connection: &Connection,
    before: &str,
    between: &str,
) -> String {
    let end = |pin: &PinRef| {
        let name = graph
            .filters
            .get(&pin.filter)
            .map_or("?", |node| node.name.as_str());
        format!("{name} {}", pin.pin)
    };
    format!(
        "{before}{}{between}{}",
        end(&connection.from),
        end(&connection.to)
    )
}

fn draw<'a>(ui: &Ui, view: &View<'a>, id: FilterId, node: &'a Node) -> Drawn<'a> {
    let path = view.path_of(id);
    let rows = Rows::of(view, id, node);
    let filter = match &node.kind {
        NodeKind::Filter(filter) => Some(filter),
        NodeKind::Group(_) => None,
    };
    let descriptor = view
        .wiring
        .filters
        .get(&path)
        .and_then(|filter| filter.descriptor.as_ref());
    let inside = match &node.kind {
        NodeKind::Group(group) => Some(format!("{} inside", group.graph.filters.len())),
        NodeKind::Filter(_) => None,
    };
    let status = match filter {
        Some(_) => view.status(&path),
        None => FilterStatus::Ready(view.requested),
    };
    let body = descriptor.map_or([0.0, 0.0], body::size);
    let label = |rows: &[Row]| {
        rows.iter()
            .map(|row| controls::width(ui, &row.label, Type::Canvas))
            .fold(0.0_f32, f32::max)
    };
    let name = Place::width_for(controls::width(ui, &node.name, Type::FilterName));
    let pins = ((label(&rows.inputs) + label(&rows.outputs) + 46.0) / 8.0).ceil() * 8.0;
    let place = Place {
        id: NodeId::from(id.0),
        pos: pos2(node.position.x, node.position.y),
        width: name.max(body[0]).max(pins).min(320.0),
        pins: [rows.inputs.len(), rows.outputs.len()],
        body: body[1],
        footer: inside.is_none(),
        selected: view.selection.filters.contains(&id),
    };
    let cost = view.cost(&path).map(|(nanos, latency)| {
        let cycle = f64::from(view.quantum as u32) * 1e9 / f64::from(view.wiring.rate_hz.max(1));
        let share = (f64::from(nanos).max(10.0) / 10.0).ln() / (cycle.max(100.0) / 10.0).ln();
        (
            format!("{} ns", crate::ks::grouped(nanos)),
            share.clamp(0.0, 1.0) as f32,
            format!("{} smp", crate::ks::grouped(latency as u32)),
        )
    });
    Drawn {
        id,
        path,
        node,
        descriptor,
        rows,
        status,
        place,
        spoken: format!("Filter {}", node.name),
        inside,
        cost,
    }
}

impl Model for Scene<'_> {
    fn nodes(&self) -> Vec<Place> {
        self.drawn.iter().map(|it| it.place).collect()
    }

    fn node(&self, id: NodeId) -> NodeView<'_> {
        let Some(it) = self.get(id) else {
            return NodeView::default();
        };
        let now = self.view.cells.map_or(State::Stop, |cells| cells.state());
        let (health, lit, footer) = match &it.status {
            FilterStatus::Missing => (
                Health::Missing,
                0,
                Some(Footer::Words("not installed, wires kept".into())),
            ),
            FilterStatus::Faulty(why) => {
                (Health::Faulty, 0, Some(Footer::Words(Cow::Borrowed(why))))
            }
            FilterStatus::Idle(why) => {
                // The box has its name above already.
                let own = why.strip_prefix(it.node.name.as_str());
                let words = own
                    .and_then(|rest| rest.strip_prefix(" is "))
                    .unwrap_or(why);
                (Health::Fine, 0, Some(Footer::Words(Cow::Borrowed(words))))
            }
            FilterStatus::Ready(state) => {
                let footer = it.cost.as_ref().map(|(left, share, right)| Footer::Cost {
                    left: Cow::Borrowed(left),
                    share: *share,
                    right: Cow::Borrowed(right),
                });
                (Health::Fine, (*state).min(now) as u8, footer)
            }
        };
        let plays = self.view.play_mode == Some(&it.path);
        NodeView {
            name: Cow::Borrowed(&it.node.name),
            spoken: Cow::Borrowed(&it.spoken),
            mark: Some(match it.descriptor {
                Some(descriptor) => mark(descriptor).strokes(),
                None if it.inside.is_some() => Icon::Group.strokes(),
                None => Icon::Missing.strokes(),
            }),
            lit,
            health,
            inputs: it.rows.inputs.iter().map(Row::view).collect(),
            outputs: it.rows.outputs.iter().map(Row::view).collect(),
            footer,
            inside: it.inside.as_deref().map(Cow::Borrowed),
            ring: plays.then_some((self.ring, Cow::Borrowed("playing"))),
        }
    }

    fn wires(&self) -> Vec<WireEnds> {
        self.wires.clone()
    }

    fn wire(&self, id: WireId) -> WireView<'_> {
        if let Some((from, _)) = self.refused.filter(|_| id == NOT_MADE) {
            return WireView {
                spoken: Cow::Borrowed("Refused wire"),
                kind: hue(self.row(from).map_or(Kind::Control, |row| row.kind)),
                strands: 2,
                state: WireState::Refused,
                ..WireView::default()
            };
        }
        let index = id as usize;
        let Some(connection) = self.view.graph.connections.get(index) else {
            return WireView::default();
        };
        let spoken = Cow::Owned(wire_text(self.view.graph, connection, "Wire ", " to "));
        let from_kind = self
            .wires
            .iter()
            .find(|wire| wire.id == id)
            .and_then(|wire| self.row(wire.from))
            .map_or(Kind::Control, |row| row.kind);
        let mut shown = WireView {
            spoken,
            kind: hue(from_kind),
            strands: 2,
            ..WireView::default()
        };
        let Some(wire) = wire_of(self.view, index) else {
            shown.state = WireState::EndMissing;
            return shown;
        };
        match &wire.outcome {
            Err(_) => shown.state = WireState::Refused,
            Ok(agreement) => {
                let runs = self
                    .view
                    .cells
                    .is_some_and(|cells| cells.state() != State::Stop);
                shown.kind = hue(agreement.format.kind());
                shown.strands = agreement
                    .format
                    .audio
                    .map_or(1, |audio| audio.channels.min(9) as u16);
                shown.state = match () {
                    () if agreement.medium.is_hard_wired() => WireState::HardWired,
                    () if !runs => WireState::Resting,
                    () => WireState::Agreed,
                };
                shown.requests = if agreement.is_push {
                    Requests::WithData
                } else {
                    Requests::AgainstData
                };
                shown.tag = Some(tag(&agreement.format));
                if let Some(signal) = self.signals.get(wire) {
                    shown.level = signal.brightness;
                    shown.beads.clone_from(&signal.beads);
                }
            }
        }
        shown
    }

    fn may_connect(&self, from: PinAddr, to: PinAddr) -> Verdict {
        let (Some(from), Some(to)) = (self.address(from), self.address(to)) else {
            return Verdict::Refused {
                line: String::new(),
            };
        };
        match self.view.would_connect(&from, &to) {
            Ok(agreement) => Verdict::Fits {
                line: agreement.format.to_string(),
            },
            Err(refusal) => Verdict::Refused {
                line: refusal.sentence(),
            },
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, id: NodeId) {
        let Some(&index) = self.index.get(&id) else {
            return;
        };
        let it = &self.drawn[index];
        self.bodies.ui(ui, self.view, it, &mut self.commands);
    }

    fn pin_tip(&self, pin: PinAddr) -> String {
        // A card is open: nothing more over it.
        let Some(row) = self.row(pin).filter(|_| self.refused.is_none()) else {
            return String::new();
        };
        let mut lines = vec![format!("{} ({})", row.label, kind_word(row.kind))];
        match self.factory(pin) {
            None => lines.push("known only by its wire".into()),
            Some(factory) if factory.is_bridge() => {
                lines.push("a jack: leaves the graph, takes no wire".into());
            }
            Some(factory) => {
                lines.extend(factory.ranges.iter().take(4).map(range_text));
                lines.push(format!("requests: {}", factory.communication.name()));
                lines.push(instances_text(factory));
            }
        }
        lines.join("\n")
    }
}
