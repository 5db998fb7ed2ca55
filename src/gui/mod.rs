//! Pixels and gestures. No DSP, no engine calls.

pub mod icons;
pub mod node_graph;
pub mod theme;
