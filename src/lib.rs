//! KSGraph: build filter graphs by hand and hear them play.
//!
//! ```text
//!    what the user wants             what the pins agreed             what the audio thread does
//!          Graph        ─negotiate─▶       Wiring        ─compile─▶             Plan
//! ```
//!
//! Modules stand in layer order: a module may use only those listed before it (`tests/behaviour/layering.rs`).
//! ARCHITECTURE.md is the map.

pub mod dsp;

pub mod ks;

pub mod media;

pub mod midi;

pub mod stream;

pub mod portcls;

pub mod dls;

pub mod filters;

pub mod raw;

pub mod graph;

pub mod sysaudio;

pub mod engine;

pub mod device;

pub mod app;

pub mod cli;

#[cfg(feature = "gui")]
pub mod gui;
