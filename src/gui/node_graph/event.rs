//! What a frame of the canvas hands back: events, and where things are.

use std::any::Any;
use std::sync::Arc;

use egui::{Pos2, Rect, Vec2};

use super::model::{NodeId, NoteId, PinAddr, Target, Verdict, WireId};
use super::view::View;

/// How a selection changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// What is named is selected, nothing else.
    Replace,
    /// What is named is selected too.
    Add,
    /// What is named changes sides.
    Toggle,
}

/// What the person did. Points are graph points unless a name says `screen`.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Boxes and wires were chosen. `Replace` with nothing named clears the selection.
    Select {
        /// Boxes.
        nodes: Vec<NodeId>,
        /// Wires.
        wires: Vec<WireId>,
        /// Comments and frames.
        notes: Vec<NoteId>,
        /// Instead of, or beside, what was selected.
        how: How,
    },
    /// Boxes are being dragged: apply `delta` at once. Deltas of one drag add up.
    Move {
        /// The selected boxes.
        nodes: Vec<NodeId>,
        /// The selected notes. What stands inside a frame goes along: that is the caller's to do.
        notes: Vec<NoteId>,
        /// By how much since the last `Move`; lands the grabbed box on the snap grid.
        delta: Vec2,
    },
    /// The drag that sent the `Move`s is over.
    MoveFinished {
        /// The boxes moved.
        nodes: Vec<NodeId>,
        /// Sum of all deltas; zero if Esc took it back.
        delta: Vec2,
        /// A single box was let go over this wire (Alt holds it off).
        onto: Option<WireId>,
    },
    /// An Alt-drag began: make copies and select them; `Move`s for the selection follow.
    Duplicate {
        /// What to copy.
        nodes: Vec<NodeId>,
    },
    /// A wire was drawn.
    Connect {
        /// The output.
        from: PinAddr,
        /// The input.
        to: PinAddr,
        /// The wire whose end was moved, if one was.
        replacing: Option<WireId>,
        /// Shift was down at the drop.
        shift: bool,
    },
    /// A wire was dropped on a pin that does not take it.
    Refused {
        /// The output, or for two pins of one side the pin the drag began at.
        from: PinAddr,
        /// The input, or the pin dropped on.
        to: PinAddr,
        /// The wire whose end was to be moved, if one was.
        replacing: Option<WireId>,
        /// Shift was down at the drop.
        shift: bool,
        /// Where, on screen.
        screen: Pos2,
    },
    /// Wires were pulled off, or cut.
    Disconnect {
        /// Which.
        wires: Vec<WireId>,
    },
    /// A wire was dropped on nothing: offer what fits.
    DropOnCanvas {
        /// Where the wire begins.
        pin: PinAddr,
        /// Where it was dropped.
        at: Pos2,
        /// The same on screen.
        screen: Pos2,
    },
    /// Delete or Backspace.
    Delete {
        /// Selected boxes, or the one with the focus.
        nodes: Vec<NodeId>,
        /// Likewise wires.
        wires: Vec<WireId>,
        /// Likewise notes.
        notes: Vec<NoteId>,
    },
    /// A note's corner is being dragged: give it this area at once.
    ResizeNote {
        /// Which.
        note: NoteId,
        /// Its new part of the graph.
        rect: Rect,
    },
    /// The drag that sent the `ResizeNote`s is over.
    ResizeFinished {
        /// Which.
        note: NoteId,
    },
    /// Words were edited in place.
    EditNote {
        /// Which.
        note: NoteId,
        /// What it says now.
        text: String,
    },
    /// Double-click on nothing, Tab or `/`: open the insert palette.
    Insert {
        /// Where.
        at: Pos2,
        /// The same on screen.
        screen: Pos2,
    },
    /// Double-click or Enter.
    OpenProperties {
        /// Of what.
        target: Target,
    },
    /// Right-click, Shift+F10 or the menu key.
    Menu {
        /// On what; on the canvas itself if nothing.
        target: Option<Target>,
        /// Where.
        at: Pos2,
        /// The same on screen.
        screen: Pos2,
    },
}

/// A wire in the hand.
#[derive(Clone, Debug, PartialEq)]
pub struct InHand {
    /// The pin it is fixed to.
    pub pin: PinAddr,
    /// The wire whose other end was pulled off, if one was.
    pub replacing: Option<WireId>,
    /// The pin under the pointer, what the model says of it, and for how many seconds the pointer is there.
    pub over: Option<(PinAddr, Verdict, f64)>,
}

/// Where things are on screen this frame, for probes, cards that must not hide a wire, and tests.
#[derive(Clone, Debug)]
pub struct Geometry {
    /// The canvas.
    pub canvas: Rect,
    /// Boxes, bottom first. Only those in view.
    pub nodes: Vec<(NodeId, Rect)>,
    /// Pins of those boxes: their hit squares.
    pub pins: Vec<(PinAddr, Rect)>,
    /// Where each wire in view is handled: its tag, or its middle.
    pub wires: Vec<(WireId, Rect)>,
}

/// What came of one frame.
pub struct Output {
    /// The canvas itself.
    pub response: egui::Response,
    /// What the person did, in order.
    pub events: Vec<Event>,
    /// Where things are.
    pub geometry: Geometry,
    /// What lies under the pointer.
    pub hovered: Option<Target>,
    /// The wire in the hand.
    pub in_hand: Option<InHand>,
    /// What of the canvas has the keyboard.
    pub focused: Option<Target>,
    /// The view as painted.
    pub view: View,
}

impl Output {
    /// A drag-and-drop payload let go over the canvas: itself, the graph point, and the box or wire it fell on.
    pub fn dropped<P: Any + Send + Sync>(&self) -> Option<(Arc<P>, Pos2, Option<Target>)> {
        let pointer = self.response.ctx.pointer_interact_pos()?;
        let payload = self.response.dnd_release_payload::<P>()?;
        Some((payload, self.view.to_graph(pointer), self.hovered))
    }
}
