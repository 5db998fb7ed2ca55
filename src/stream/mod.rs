//! The stream class driver: filters whose work may block. Their authors write a minidriver; queues, threads and
//! cancellation live here.
//!
//! ```text
//!   audio thread            │             worker thread, one for each filter
//!                           │
//!   Streaming ── empty ────▶│──▶ Lane ── Srb::Read { frame, done } ──▶ Minidriver
//!   (Processor) ◀── full ───│◀── Lane ◀────── done.complete(frame) ──────┘
//! ```
//!
//! Frames only circulate: the number of them is the only flow control. A writing stream runs the same way round, full
//! frames to the worker and empty ones back.

mod class;
mod minidriver;
mod processor;
mod rings;
mod srb;
#[cfg(test)]
mod tests;
mod worker;

pub use class::ClassDriver;
pub use minidriver::{
    EventRequest, Framing, InterruptLine, LiveValue, LiveValues, Loaded, Minidriver,
    MinidriverEntry, Services,
};
pub use rings::cell;
pub use srb::{Answered, Done, Frame, Srb, SrbId, StreamId};
