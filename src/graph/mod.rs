//! The document and its agreement: Graph (intent) and Wiring (what the pins agreed), both plain values.

mod model;
mod refusal;
mod wiring;

pub use model::{
    Chosen, Connection, FilterId, FilterNode, Graph, Group, GroupPin, Node, NodeKind, PinRef,
    Position,
};
pub use refusal::{Cure, CureKind, Refusal, Step};
pub use wiring::{Agreement, FilterPath, PinAddress, Problem, Wire, WiredFilter, Wiring};
