//! The document on the canvas: how filters, pins and wires look, and what gestures mean.
//!
//! Here and nowhere else stands which row of a box is which instance of which pin factory ([`Rows`]). A box is a filter or
//! a group of the outermost graph; its id is the filter's, a wire's id is the index of its connection.
//! Pins that exist only because a wire ends there are shown too, so that filters which are not installed keep theirs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use egui::{Ui, pos2};

use super::body::{self, Bodies};
use super::controls;
use super::icons::Icon;
use super::node_graph::{
    Footer, Health, Kind as Hue, Model, NodeId, NodeView, PinAddr, PinView, Place, Requests, Side,
    Tag, Verdict, WireEnds, WireId, WireState, WireView,
};
use super::screen::Command;
use super::theme::{Theme, Type, kind};
use crate::app::{FilterStatus, View};
use crate::graph::{
    Connection, FilterId, FilterPath, Graph, Node, NodeKind, PinAddress, PinRef, Wire,
};
use crate::ks::{DataFlow, DataFormat, Descriptor, Kind, PinFactory, State};

/// The one table from a kind of data to its look.
pub(super) fn hue(kind: Kind) -> Hue {
    match kind {
        Kind::Audio => kind::AUDIO,
        Kind::Midi => kind::MIDI,
        Kind::Events => kind::EVENTS,
        Kind::Clock => kind::CLOCK,
        Kind::Control => kind::CONTROL,
    }
}

/// The kind of data as screen readers say it.
pub(super) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Audio => "audio",
        Kind::Midi => "MIDI records",
        Kind::Events => "MIDI",
        Kind::Clock => "clock",
        Kind::Control => "control",
    }
}

/// The mark of a category.
pub(super) fn mark(descriptor: &Descriptor) -> Icon {
    use crate::ks::ids::category as id;
    match descriptor.category() {
        _ if descriptor.key == "keyboard" => Icon::Keys,
        id::CAPTURE => Icon::Capture,
        id::RENDER => Icon::Render,
        id::FILESYSTEM => Icon::File,
        id::SYNTHESIZER => Icon::Synth,
        id::INTERFACETRANSFORM => Icon::Iface,
        id::MIXER => Icon::Mixer,
        id::SPLITTER => Icon::Split,
        id::CLOCK => Icon::Clock,
        id::ANALYSIS => Icon::Meter,
        _ => Icon::Transform,
    }
}

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
    spoken: String,
    /// The data, and whether it is a jack.
    pub(super) kind: Kind,
    is_bridge: bool,
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
        let path = FilterPath(vec![id]);
        let described = view
            .wiring
            .filters
            .get(&path)
            .and_then(|filter| filter.descriptor.as_ref());
        let mut rows = Self::default();
        match (&node.kind, described) {
            (NodeKind::Filter(_), Some(descriptor)) => {
                for factory in descriptor.pins.iter() {
                    rows.factory(view.graph, id, factory);
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
        rows.wired(view, id);
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
    fn factory(&mut self, graph: &Graph, id: FilterId, factory: &PinFactory) {
        let side = self.side_mut(factory.data_flow);
        if factory.is_bridge() {
            side.push(Row {
                is_bridge: true,
                ..Row::new(&factory.name, 0, factory.kind())
            });
            return;
        }
        let mut instances: Vec<u32> = ends(graph, id, factory.data_flow)
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
    fn wired(&mut self, view: &View<'_>, id: FilterId) {
        for (index, connection) in view.graph.connections.iter().enumerate() {
            let ends = [
                (&connection.from, DataFlow::Out),
                (&connection.to, DataFlow::In),
            ];
            for (pin, flow) in ends.into_iter().filter(|(pin, _)| pin.filter == id) {
                let agreed = wire_of(view, index)
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

    fn index_of(&self, side: Side, pin: &PinRef) -> Option<usize> {
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

    fn view(&self) -> PinView<'_> {
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

fn ends(graph: &Graph, id: FilterId, flow: DataFlow) -> impl Iterator<Item = &PinRef> {
    graph
        .connections
        .iter()
        .map(move |connection| match flow {
            DataFlow::In => &connection.to,
            DataFlow::Out => &connection.from,
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
            let descriptor = view.wiring.filters.get(&path)?.descriptor.as_ref()?;
            let (_, factory) = descriptor.pin(&pin.pin)?;
            Some((factory.kind(), factory.data_flow))
        }
    }
}

/// What became of a connection.
pub(super) fn wire_of<'a>(view: &View<'a>, connection: usize) -> Option<&'a Wire> {
    view.wiring
        .wires
        .iter()
        .find(|wire| wire.connection == Some(connection))
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
        let node = NodeId::from(pin.filter.0.first()?.0);
        let reference = PinRef {
            filter: *pin.filter.0.first()?,
            pin: pin.pin.clone(),
            instance: pin.instance,
        };
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
    let path = FilterPath(vec![id]);
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
            FilterStatus::Idle(why) => (Health::Fine, 0, Some(Footer::Words(Cow::Borrowed(why)))),
            FilterStatus::Ready(state) => {
                let footer = it.cost.as_ref().map(|(left, share, right)| Footer::Cost {
                    left: Cow::Borrowed(left),
                    share: *share,
                    right: Cow::Borrowed(right),
                });
                (Health::Fine, (*state).min(now) as u8, footer)
            }
        };
        let plays = self.view.play_mode == Some(it.id);
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

/// How many pins of a factory there may be.
pub(super) fn instances_text(factory: &PinFactory) -> String {
    let possible = match factory.instances.possible {
        u32::MAX => "any number".to_owned(),
        possible => possible.to_string(),
    };
    format!("instances: {} to {possible}", factory.instances.necessary)
}

/// A range in words.
pub(super) fn range_text(range: &crate::ks::DataRange) -> String {
    use crate::ks::{GRAPH_RATE, UNLIMITED, grouped};
    let Some(limits) = range.audio_limits() else {
        return format!("{:?}", range.sub);
    };
    let rate = match (limits.min_rate_hz, limits.max_rate_hz) {
        (_, GRAPH_RATE) => "the graph's rate".to_owned(),
        (low, UNLIMITED) if low <= 1 => "any rate".to_owned(),
        (low, UNLIMITED) => format!("{} Hz and up", grouped(low)),
        (low, high) if low == high => format!("{} Hz", grouped(low)),
        (low, high) => format!("{} to {} Hz", grouped(low), grouped(high)),
    };
    let span = |low: u32, high: u32| match (low, high) {
        (low, high) if low == high => low.to_string(),
        (low, UNLIMITED) => format!("{low} and more"),
        (low, high) => format!("{low} to {high}"),
    };
    format!(
        "{rate} · {} ch · {:?} {} bit",
        span(limits.min_channels, limits.max_channels),
        range.sub,
        span(limits.min_bits, limits.max_bits)
    )
}

/// The words on a wire.
fn tag(format: &DataFormat) -> Tag<'static> {
    let long = match format.audio {
        Some(_) => format.to_string(),
        None => match format.kind() {
            Kind::Midi => "MIDI".to_owned(),
            Kind::Events => "events".to_owned(),
            _ => format.to_string(),
        },
    };
    let short = match format.audio {
        Some(audio) => {
            let letter = if format.is_float() { 'f' } else { 'i' };
            [
                kilohertz(audio.rate_hz),
                format!("{} ch {letter}{}", audio.channels, audio.bits),
            ]
        }
        None => [long.clone(), String::new()],
    };
    Tag {
        long: long.into(),
        short: short.map(Cow::Owned),
        ticks: None,
    }
}

/// `44.1 kHz`.
fn kilohertz(rate_hz: u32) -> String {
    let kilo = f64::from(rate_hz) / 1000.0;
    format!("{} kHz", (kilo * 1000.0).round() / 1000.0)
}

/// How a wire sounds on the screen.
#[derive(Clone, Debug, Default)]
struct Signal {
    brightness: f32,
    beads: Vec<f32>,
    count: f32,
    born: Vec<f64>,
}

/// What moves on wires by itself: brightness of sound, beads of events.
#[derive(Default)]
pub(super) struct Signals(BTreeMap<(PinAddress, PinAddress), Signal>);

/// How long a bead travels, in seconds.
const TRAVEL: f64 = 0.35;
/// The most beads on a wire at a time.
const BEADS: usize = 8;

impl Signals {
    /// Looks at every wire once a frame. True while something moves.
    pub(super) fn update(&mut self, view: &View<'_>, now: f64) -> bool {
        let mut moves = false;
        let known = |wire: &Wire| (wire.from.clone(), wire.to.clone());
        let alive: std::collections::BTreeSet<_> = view.wiring.wires.iter().map(known).collect();
        self.0.retain(|key, _| alive.contains(key));
        for wire in &view.wiring.wires {
            let Ok(agreement) = &wire.outcome else {
                continue;
            };
            let level = view.level(&wire.from, &wire.to);
            let fresh = !self.0.contains_key(&known(wire));
            let signal = self.0.entry(known(wire)).or_default();
            if agreement.format.audio.is_some() {
                let decibels = 20.0 * level.max(1e-6).log10();
                signal.brightness = ((decibels + 60.0) / 60.0).clamp(0.0, 1.0);
                moves |= signal.brightness > 0.0;
                continue;
            }
            if level > signal.count && !fresh && signal.born.len() < BEADS {
                signal.born.push(now);
            }
            signal.count = level;
            signal.born.retain(|born| now - born < TRAVEL);
            signal.beads = signal
                .born
                .iter()
                .map(|born| ((now - born) / TRAVEL) as f32)
                .collect();
            signal.brightness = if signal.born.is_empty() { 0.0 } else { 1.0 };
            moves |= !signal.born.is_empty();
        }
        moves
    }

    fn get(&self, wire: &Wire) -> Option<&Signal> {
        self.0.get(&(wire.from.clone(), wire.to.clone()))
    }
}
