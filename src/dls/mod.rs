//! Downloadable Sounds, level 1 and 2: collections of instruments, and what plays them.
//!
//! ```text
//!   bytes ─▶ read ─▶ Collection ─▶ instruments ─▶ regions ─▶ connections
//!                        │ └──────▶ waves ◀── pool ──┘
//!                        ▼
//!   messages ─▶ Synth ◀─ Bank          and Synth ─▶ samples
//! ```
//!
//! Lives here: collections in memory, their reader and writer, and the synthesizer. Reading is total: whatever the bytes
//! say, what is sound of them is loaded, the rest is listed as remarks, and neither time nor memory grow beyond what the
//! bytes themselves take. Does not live here: files, timing, and the filter in the graph.

mod articulation;
mod bank;
mod collection;
mod condition;
mod connection;
mod download;
mod effects;
mod envelope;
mod fields;
mod lanes;
mod memory;
mod part;
mod read;
mod reading;
mod sheet;
mod soundfont;
mod synth;
mod transform;
mod voice;
mod write;

pub use bank::Bank;
pub use collection::{
    Collection, Info, Instrument, Link, Loop, LoopKind, Patch, Region, Sample, Wave,
};
pub use condition::Facts;
pub use connection::{Connection, Control, Curve, Destination, Segment, Source, Transform};
pub use download::fuzz_download;
pub use memory::Downloads;
pub use read::{ReadError, Remark, fuzz_dls, read, read_while};
pub use sheet::sheet;
pub use synth::{Loaded, MOST_PLACES, MOST_VOICES, Settings, Synth};
pub use write::write;

#[cfg(test)]
mod download_tests;
#[cfg(test)]
mod moving_tests;
#[cfg(test)]
mod soundfont_tests;
#[cfg(test)]
mod synth_tests;
#[cfg(test)]
mod test_bench;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod voice_tests;
#[cfg(test)]
mod write_tests;
