//! SysAudio: the program that builds graphs. It is in none of them (SYS-1): it looks at a graph, its agreement and the
//! catalogue, and says which edit leads from one pin to another, or from a pin to where it is rendered.
//!
//! Ways are sought in `graph/route`; here they are built on a copy, and only what holds there becomes an edit. Whoever asked
//! applies it: one step of the history on the canvas, one write on the command line. No audio and no device is touched.

mod attempt;
mod budget;
mod codes;
mod connect;
mod filter_graph;
mod insert;
mod lay;
mod media;
mod ready;
mod render;
mod stream;

pub use crate::ks::{Use, VirtualDevice, virtual_devices};
pub use attempt::{Attempt, Outcome};
pub use budget::{
    Budget, DeviceTime, Insisted, Obstacle, Piece, PieceKind, Proposal, QUANTA, Question, budget,
};
pub use codes::Code;
pub use connect::{Builder, Built, Site, Stopped};
pub use filter_graph::{FilterGraph, Wish};
pub use insert::Sizes;
pub(crate) use insert::{Bench, area, estimated_size, wire};
pub use media::{Media, readers};
pub use render::Rendered;
pub use stream::{StreamError, stream_graph};
