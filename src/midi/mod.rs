//! MIDI as bytes and as typed messages; Standard MIDI Files.
//!
//! Bytes travel; a [`Message`] is what a receiver makes of them. Nothing here knows ports, pins or clocks.

pub mod message;

pub mod records;

pub mod smf;

pub use message::{Message, Parser, System};
pub use smf::{SmfError, Song, TimedBytes, read_smf, write_smf0};
