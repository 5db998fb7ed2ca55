//! A node canvas: boxes with pins, wires between them, and the hand that draws them.
//!
//! Named after `egui_node_graph`, which it replaces. It knows egui and nothing else: it shows a [`Model`] that it does
//! not own, asks it "may this wire be?" while a wire is in hand, and returns [`Event`]s that the caller applies.
//! Colours and marks come in a [`Look`].
//!
//! ```text
//!   Model ──places, views, verdicts──▶ NodeGraph::show ──Output { events, geometry }──▶ caller ──edits──▶ Model
//! ```
//!
//! Lengths of a model are *graph points*: egui points at 100 %. `view.rs` turns them into screen points, `wire.rs` holds
//! the shape of wires, `grab.rs`, `gesture.rs`, `hand.rs` and `keys.rs` what pointer and keys mean, `boxes.rs` and the painters what
//! is seen, `access.rs` the names by which a screen reader and the tests find boxes, pins and wires. `scene.rs` finds
//! what is in sight, `crowd.rs` paints a thousand boxes as one picture, `minimap.rs` all of them in a corner, `notes.rs` what is written
//! below them. `glide.rs` moves boxes to where an undo put them.
//!
//! Invariant: between two frames nothing of the model is kept but ids, and its places and wires as long as it says that
//! they are the same. Whatever vanishes from the model while a gesture holds it ends the gesture.

mod access;
mod boxes;
mod cluster;
mod crowd;
mod event;
mod gesture;
mod glide;
mod grab;
mod hand;
mod keys;
mod look;
mod minimap;
mod model;
mod notes;
mod paint;
mod paint_box;
mod paint_wire;
mod scene;
mod show;
mod tag;
mod view;
mod wire;

pub use event::{Event, Geometry, How, InHand, Output};
pub use gesture::keep_wheel;
pub use look::{Kind, KindLook, Line, Look, Mark, Marks, PinFill, Shape};
pub use model::{
    Brief, Footer, Health, Model, NodeId, NodeView, NoteId, NoteView, PinAddr, PinView, Place,
    Requests, Route, Side, Tag, Target, Ticks, Verdict, WireEnds, WireId, WireState, WireView,
};
pub use paint::{paint_pin, pips};
pub use show::{NodeGraph, Settings};
pub use view::{Detail, View};
