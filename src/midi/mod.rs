//! MIDI as bytes and as typed messages; Standard MIDI Files; the names of things.
//!
//! Bytes travel; a [`Message`] is what a receiver makes of them. Nothing here knows ports, pins or clocks.

pub mod chase;

pub mod message;

pub mod names;

pub mod records;

pub mod smf;

pub use message::{Message, Parser, System};
pub use smf::{SmfError, Song, SongEvent, read_smf, read_smf_song, write_smf0};
