//! The stream class driver: filters whose work may block. Their authors write a minidriver; queues, threads, time-outs and
//! cancellation live here; and errands, for what is done once and may take for ever.
//!
//! ```text
//!   audio thread           │  class thread                      │  minidriver's thread
//!                          │                                    │
//!   Streaming ── empty ───▶│─▶ Stream ─▶ Desk: one lane for ───▶│─▶ Srb::Read { frame, done } ─▶ Minidriver
//!   (Processor) ◀── full ──│◀─ Stream ◀─ each kind of request ◀─│◀─────── done.complete(frame) ────┘
//! ```
//!
//! Frames only circulate: the number of them is the only flow control. A writing stream runs the same way round, full
//! frames to the minidriver and empty ones back. The class thread never runs a minidriver's code, so a callback that never
//! comes back is seen, named and left alone.

mod board;
mod class;
mod desk;
mod done;
pub mod errand;
mod events;
mod executor;
mod frame;
mod handle;
mod lane;
mod minidriver;
mod port;
mod processor;
mod request;
mod rings;
mod seam;
mod telling;
#[cfg(test)]
mod tests;
mod time;
mod words;
mod worker;

pub use class::ClassDriver;
pub use done::{Answered, Asked, Done, Ready};
pub use frame::Frame;
pub use handle::{EventWatch, Handle};
pub use minidriver::{
    EventRequest, Framing, InterruptLine, LiveValue, LiveValues, Loaded, Minidriver,
    MinidriverEntry, Notify, Services,
};
pub use port::EventKey;
pub use request::{
    Ask, DeviceInfo, Item, Kind, Lane, MasterClock, Outcome, Power, Srb, SrbId, StreamId,
    StreamInfo,
};
pub use rings::cell;
pub use time::{HandTime, SystemTime, TimeSource};
pub use words::Words;

/// The guide, whose code is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/write-a-minidriver.md")]
struct Guide;
