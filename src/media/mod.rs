//! Files as bytes: sound of every kind that is known, behind one door ([`open`]), RIFF chunks, and what is written. No threads.
//!
//! Readers take anything that can be read and sought, and are lenient where real files are odd, but strict about
//! bounds: no bytes make them panic, read outside what is there, or allocate more than the file's own size justifies.

mod apple;
#[cfg(test)]
mod apple_tests;
mod compressed;
mod fuzz;
mod ima4;
mod marks;
mod recast;
pub mod riff;
mod source;
mod strangers;
mod tags;
pub mod wav;

pub mod flac;
pub mod save;

pub use fuzz::fuzz_media;
pub use source::{Info, MediaError, Source, open, open_stream, what_it_is};
pub use tags::{NAMES as TAG_NAMES, Tags};

pub use riff::{Chunk, ChunkAt, Order, RiffError, Root};
pub use wav::{Cue, Loop, LoopKind, SampleKind, WavError, WavInfo, WavReader, WavWriter};

pub use flac::FlacWriter;
pub use save::{Container, SoundWriter, Written};
