//! The document: filters, connections, groups, values, positions. Plain data; changed only through an `Edit`.
//!
//! A filter that is not installed, an unknown pin or an unknown property stays in the graph with all it had: what the
//! catalogue knows is asked elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::shared::Shared;
use super::wiring::FilterPath;
use crate::ks::{DataFormat, Interface, Medium, Value};

/// Names a filter or group in its graph; never used again after a delete, so that positions and wires stay put.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FilterId(pub u32);

impl fmt::Display for FilterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Names a note in its graph; never used again after a delete, and never the number of a box.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct NoteId(pub u32);

impl fmt::Display for NoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A place on the canvas, in points at 100 %.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Position {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

/// How large something on the canvas is, in points at 100 %.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Size {
    /// From left to right.
    pub width: f32,
    /// From above to below.
    pub height: f32,
}

/// One end of a connection: an instance of a pin factory of a filter in the same graph.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PinRef {
    /// The filter or group.
    pub filter: FilterId,
    /// The pin factory's name.
    pub pin: String,
    /// Which instance of the factory, from 0.
    pub instance: u32,
}

/// A wire the user drew, from an output to an input, with what the user insisted on.
#[derive(Clone, PartialEq, Debug)]
pub struct Connection {
    /// The output.
    pub from: PinRef,
    /// The input.
    pub to: PinRef,
    /// The user's own choices; what is `None` is agreed.
    pub chosen: Chosen,
}

/// What a user may choose for one wire.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Chosen {
    /// A format.
    pub format: Option<DataFormat>,
    /// A medium.
    pub medium: Option<Medium>,
    /// An interface.
    pub interface: Option<Interface>,

    /// Frames of another size or number than would be agreed.
    pub framing: Option<AskedFraming>,

    /// Fields this version does not know, by name, as the text they had in the file.
    pub unknown_fields: BTreeMap<String, String>,
}

/// Frames a user asks for on one wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedFraming {
    /// Bytes of the agreed format in a frame; 0 leaves it to the pins.
    #[serde(default)]
    pub bytes: u32,
    /// How many frames; 0 leaves it to the pins.
    #[serde(default)]
    pub frames: u32,
}

/// A filter in the document.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FilterNode {
    /// Key of the kind of filter in the catalogue; may be unknown to it.
    pub key: String,
    /// Values that were set, by property key.
    pub values: Shared<BTreeMap<String, Value>>,
    /// Values this version does not understand, by property key, as the text they had in the file.
    pub unknown: BTreeMap<String, String>,
    /// What comes in goes out as it is: the filter itself does not run.
    pub is_bypassed: bool,
    /// It takes no part in what plays; its wires carry silence.
    pub is_disabled: bool,
    /// Controllers that move its properties, by property key.
    pub controls: BTreeMap<String, Control>,
    /// Fields this version does not know, by name, as the text they had in the file.
    pub unknown_fields: BTreeMap<String, String>,
}

/// A controller of a MIDI input that moves a property.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Control {
    /// The channel, from 0 to 15.
    pub channel: u8,
    /// The number of the controller, from 0 to 127.
    pub controller: u8,
}

/// A pin that a group shows, standing for a pin inside.
#[derive(Clone, PartialEq, Debug)]
pub struct GroupPin {
    /// Its name on the group's box.
    pub name: String,
    /// The pin inside.
    pub inner: PinRef,
}

/// A property that a group shows, standing for one of a box inside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupProperty {
    /// Its name in files, unique in the group.
    pub key: String,
    /// What people read.
    pub title: String,
    /// The box inside, through groups in the group.
    pub inner: FilterPath,
    /// That box's property.
    pub property: String,
}

/// A part of the graph folded into one box.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Group {
    /// What is inside.
    pub graph: Graph,
    /// The pins it shows.
    pub pins: Vec<GroupPin>,
    /// The properties it shows.
    pub properties: Vec<GroupProperty>,
    /// The filter it is an instance of: then all above follows from that.
    pub instance: Option<Box<Instance>>,
}

/// A box whose inside is that of a filter of the catalogue which is made of others.
#[derive(Clone, PartialEq, Debug)]
pub struct Instance {
    /// The box as files have it.
    pub node: FilterNode,
    /// What the filter has inside, before values are set.
    pub original: Arc<Group>,
}

/// What a box is.
#[derive(Clone, PartialEq, Debug)]
pub enum NodeKind {
    /// A filter.
    Filter(FilterNode),
    /// A group.
    Group(Box<Group>),
}

impl NodeKind {
    /// A filter as files have it: itself, or that of which a group is an instance.
    pub fn filter(&self) -> Option<&FilterNode> {
        match self {
            Self::Filter(node) => Some(node),
            Self::Group(group) => group.instance.as_ref().map(|it| &it.node),
        }
    }
}

/// A box on the canvas.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Its name, unique in its graph.
    pub name: String,
    /// Where it stands.
    pub position: Position,
    /// What it is.
    pub kind: NodeKind,
}

/// What a note is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoteKind {
    /// Words on the canvas.
    Comment,
    /// An area with a title behind the boxes that belong together.
    Frame {
        /// Name of its colour; empty: the usual one.
        colour: String,
    },
}

/// Something written on the canvas. Reaches nothing that is agreed or played.
#[derive(Clone, PartialEq, Debug)]
pub struct Note {
    /// What it is.
    pub kind: NoteKind,
    /// The words of a comment, the title of a frame.
    pub text: String,
    /// Its upper left corner.
    pub position: Position,
    /// Its size.
    pub size: Size,
    /// Fields this version does not know, by name, as the text they had in the file.
    pub unknown_fields: BTreeMap<String, String>,
}

impl Note {
    /// Whether a place lies in its area.
    pub fn covers(&self, place: Position) -> bool {
        let (x, y) = (place.x - self.position.x, place.y - self.position.y);
        (0.0..=self.size.width).contains(&x) && (0.0..=self.size.height).contains(&y)
    }
}

/// What drives a graph, as the user wishes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Master {
    /// A device that renders, else one that captures, else the system's timer (MCL-2).
    #[default]
    Automatic,
    /// The system's timer; all devices keep in step with it.
    System,
    /// The device of this filter, as long as it can be had.
    Filter(FilterPath),
}

/// How time goes in a graph, as the user wishes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timing {
    /// What drives it.
    pub master: Master,
    /// Whether sound and notes of a shorter way wait for those of a longer one where they meet.
    pub compensates: bool,
    /// Whether filters do all they can whatever the load: nobody asks them for less.
    pub full_quality: bool,
}

/// The document.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Graph {
    /// What drives it, and whether ways that meet wait for each other.
    pub timing: Timing,

    /// The rate all is counted in, in Hz; 0 leaves it to the render device.
    pub rate_hz: u32,
    /// Boxes by id.
    pub filters: BTreeMap<FilterId, Shared<Node>>,
    /// Wires in the order drawn.
    pub connections: Vec<Shared<Connection>>,
    /// Comments and frames by id.
    pub notes: BTreeMap<NoteId, Note>,
    /// The id the next new box or note gets.
    pub next_id: u32,
    /// Fields this version does not know, by name, as the text they had in the file.
    pub unknown_fields: BTreeMap<String, String>,
}
