//! A graph as a picture: a pure function from a graph and its agreement to the text of an SVG or of Graphviz.
//!
//! Boxes, pins and wires stand as on the canvas, so that a picture is recognised; what moves there (levels, keys, figures of
//! cost) is left out. Turning SVG into pixels is `pixels.rs`'s, and needs the window's libraries.

mod dot;
#[cfg(feature = "gui")]
mod pixels;
mod svg;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

pub use dot::dot;
#[cfg(feature = "gui")]
pub use pixels::png;
pub use svg::svg;

use super::palette::{self, Palette};
use crate::graph::{
    Connection, FilterId, FilterPath, Graph, Node, NodeKind, PinRef, Shared, Wire, Wiring,
};
use crate::ks::{DataFlow, Kind, PinFactory};

/// A picture as the bytes of a file of that name: `.svg`, `.png`, or `.dot` for Graphviz. The error is why not.
pub fn bytes(path: &Path, graph: &Graph, wiring: &Wiring, look: &Look) -> Result<Vec<u8>, String> {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    match &*ending.to_lowercase() {
        "svg" => Ok(svg(graph, wiring, look).into_bytes()),
        "dot" => Ok(dot(graph, wiring).into_bytes()),
        #[cfg(feature = "gui")]
        "png" => png(&svg(graph, wiring, look)),
        #[cfg(not(feature = "gui"))]
        "png" => Err("this program was built without a window, and so without pixels".into()),
        _ => Err("it is no kind of picture; end its name in .png, .svg or .dot".into()),
    }
}

/// How a picture is to look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The colours.
    pub palette: &'static Palette,
    /// Pixels a point.
    pub scale: f32,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            palette: &palette::DARK,
            scale: 1.0,
        }
    }
}

/// Height of a title bar, of a row of pins, and from the title to the first row: as on the canvas.
const TITLE: f32 = 28.0;
const ROW: f32 = 20.0;
const ABOVE_PINS: f32 = 6.0;

/// A pin as it is drawn.
struct Pin {
    name: String,
    instance: u32,
    label: String,
    kind: Kind,
    is_bridge: bool,
    is_connected: bool,
}

/// A box as it is drawn.
struct Drawn<'a> {
    node: &'a Node,
    x: f32,
    y: f32,
    width: f32,
    inputs: Vec<Pin>,
    outputs: Vec<Pin>,
    /// A line at its foot: that it is missing, a group, bypassed or disabled.
    foot: String,
}

impl Drawn<'_> {
    fn height(&self) -> f32 {
        let rows = self.inputs.len().max(self.outputs.len()) as f32;
        let foot = if self.foot.is_empty() { 4.0 } else { 22.0 };
        TITLE + ABOVE_PINS + rows * ROW + foot
    }

    fn pin_y(&self, index: usize) -> f32 {
        self.y + TITLE + ABOVE_PINS + (index as f32 + 0.5) * ROW
    }

    /// Where a wire ends.
    fn end(&self, flow: DataFlow, pin: &PinRef) -> (f32, f32) {
        let (pins, x) = match flow {
            DataFlow::In => (&self.inputs, self.x),
            DataFlow::Out => (&self.outputs, self.x + self.width),
        };
        let is_it = |it: &Pin| it.name == pin.pin && it.instance == pin.instance;
        (x, self.pin_y(pins.iter().position(is_it).unwrap_or(0)))
    }
}

/// What became of each connection of the outermost graph.
fn outcomes(wiring: &Wiring) -> BTreeMap<usize, &Wire> {
    let drawn = wiring
        .wires
        .iter()
        .filter_map(|wire| Some((wire.connection?, wire)));
    drawn.collect()
}

/// Every box, in the order of its id.
fn boxes<'a>(graph: &'a Graph, wiring: &Wiring) -> BTreeMap<FilterId, Drawn<'a>> {
    let wires = outcomes(wiring);
    let boxes = graph
        .filters
        .iter()
        .map(|(id, node)| (*id, drawn(graph, wiring, &wires, *id, node)));
    boxes.collect()
}

fn drawn<'a>(
    graph: &Graph,
    wiring: &Wiring,
    wires: &BTreeMap<usize, &Wire>,
    id: FilterId,
    node: &'a Node,
) -> Drawn<'a> {
    let path = FilterPath::of(id);
    let descriptor = wiring
        .filters
        .get(&path)
        .and_then(|it| it.descriptor.as_deref());
    let mut sides = [vec![], vec![]];
    let side_of = |flow: DataFlow| usize::from(flow == DataFlow::Out);
    let foot = match (&node.kind, descriptor) {
        (NodeKind::Group(group), _) => {
            for pin in &group.pins {
                if let Some(factory) = inner(wiring, &path, &group.graph, &pin.inner) {
                    sides[side_of(factory.data_flow)].push(Pin {
                        is_bridge: false,
                        ..Pin::new(&pin.name, 0, factory.kind())
                    });
                }
            }
            format!("group of {}", group.graph.filters.len())
        }
        (NodeKind::Filter(_), None) => "not installed".to_owned(),
        (NodeKind::Filter(filter), Some(descriptor)) => {
            for factory in descriptor.pins.iter() {
                factory_pins(graph, id, factory, &mut sides[side_of(factory.data_flow)]);
            }
            match (filter.is_disabled, filter.is_bypassed) {
                (true, _) => "disabled".to_owned(),
                (false, true) => "bypassed".to_owned(),
                _ => String::new(),
            }
        }
    };
    for (index, connection) in graph.connections.iter().enumerate() {
        for (pin, flow) in [
            (&connection.from, DataFlow::Out),
            (&connection.to, DataFlow::In),
        ] {
            if pin.filter != id {
                continue;
            }
            let agreed = wires
                .get(&index)
                .and_then(|wire| wire.outcome.as_ref().ok());
            let kind = agreed.map(|it| it.format.kind());
            let side = &mut sides[side_of(flow)];
            let known = side
                .iter_mut()
                .find(|it| it.name == pin.pin && it.instance == pin.instance);
            match known {
                Some(known) => {
                    known.is_connected = true;
                    known.kind = kind.unwrap_or(known.kind);
                }
                // A pin that only a wire knows of.
                None => side.push(Pin {
                    is_connected: true,
                    ..Pin::new(&pin.pin, pin.instance, kind.unwrap_or(Kind::Control))
                }),
            }
        }
    }
    let [inputs, outputs] = sides;
    let label = |pins: &[Pin]| {
        let widths = pins.iter().map(|it| wide(&it.label, 11.5));
        widths.fold(0.0_f32, f32::max)
    };
    let name = wide(&node.name, 12.5) + 30.0 + 14.0;
    let width = name
        .max(label(&inputs) + label(&outputs) + 46.0)
        .max(wide(&foot, 10.5) + 24.0);
    Drawn {
        node,
        x: finite(node.position.x),
        y: finite(node.position.y),
        width: ((width / 8.0).ceil() * 8.0).clamp(96.0, 320.0),
        inputs,
        outputs,
        foot,
    }
}

impl Pin {
    fn new(name: &str, instance: u32, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            instance,
            label: name.to_owned(),
            kind,
            is_bridge: false,
            is_connected: false,
        }
    }
}

/// The connected instances of a factory in order, and one more while there may be one more.
fn factory_pins(graph: &Graph, id: FilterId, factory: &PinFactory, side: &mut Vec<Pin>) {
    if factory.is_bridge() {
        side.push(Pin {
            is_bridge: true,
            ..Pin::new(&factory.name, 0, factory.kind())
        });
        return;
    }
    let end = |it: &Shared<Connection>| match factory.data_flow {
        DataFlow::In => it.to.clone(),
        DataFlow::Out => it.from.clone(),
    };
    let ends = graph.connections.iter().map(end);
    let here = ends.filter(|pin| pin.filter == id && pin.pin == factory.name);
    let mut instances: Vec<u32> = here.map(|pin| pin.instance).collect();
    instances.sort_unstable();
    instances.dedup();
    if (instances.len() as u32) < factory.instances.possible {
        let free = (0..).find(|instance| !instances.contains(instance));
        instances.extend(free);
    }
    let many = instances.len() > 1;
    for instance in instances {
        let mut pin = Pin::new(&factory.name, instance, factory.kind());
        if many {
            pin.label = format!("{} {}", factory.name, u64::from(instance) + 1);
        }
        side.push(pin);
    }
}

/// What a group's pin stands for, all the way in.
fn inner<'a>(
    wiring: &'a Wiring,
    path: &FilterPath,
    graph: &Graph,
    pin: &PinRef,
) -> Option<&'a PinFactory> {
    let path = path.child(pin.filter);
    match &graph.filters.get(&pin.filter)?.kind {
        NodeKind::Group(group) => {
            let shown = group.pins.iter().find(|it| it.name == pin.pin)?;
            inner(wiring, &path, &group.graph, &shown.inner)
        }
        NodeKind::Filter(_) => {
            let descriptor = wiring.filters.get(&path)?.descriptor.as_deref()?;
            Some(descriptor.pin(&pin.pin)?.1)
        }
    }
}

/// About how wide a text is; who views a picture may have other fonts.
fn wide(text: &str, size: f32) -> f32 {
    text.chars().count() as f32 * size * 0.56
}

/// Positions of a file may be anything.
fn finite(position: f32) -> f32 {
    if position.is_finite() {
        position.clamp(-1e6, 1e6)
    } else {
        0.0
    }
}
