//! Downloadable Sounds, level 1 and 2: collections of instruments, and what plays them.
//!
//! ```text
//!   bytes ─▶ read ─▶ Collection ─▶ instruments ─▶ regions ─▶ connections
//!                        └──────▶ waves ◀── pool ──┘
//! ```
//!
//! Lives here: collections in memory and their reader. Reading is total: whatever the bytes say, what is sound of them is
//! loaded, the rest is listed as remarks, and neither time nor memory grow beyond what the bytes themselves take. Does not
//! live here: files, and the filter in the graph.

mod collection;
mod condition;
mod connection;
mod read;

pub use collection::{
    Collection, Info, Instrument, Link, Loop, LoopKind, Patch, Region, Sample, Wave,
};
pub use condition::Facts;
pub use connection::{Connection, Control, Curve, Destination, Source, Transform};
pub use read::{ReadError, Remark, fuzz_dls, read};

#[cfg(test)]
mod tests;
