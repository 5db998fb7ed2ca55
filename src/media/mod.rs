//! Files as bytes: RIFF chunks and WAV. No paths, no threads.
//!
//! Readers take anything that can be read and sought, and are lenient where real files are odd, but strict about
//! bounds: no bytes make them panic, read outside what is there, or allocate more than the file's own size justifies.

pub mod riff;
pub mod wav;

pub use riff::{Chunk, ChunkAt, Order, RiffError, Root};
pub use wav::{Loop, LoopKind, SampleKind, WavError, WavInfo, WavReader, WavWriter, Written};
