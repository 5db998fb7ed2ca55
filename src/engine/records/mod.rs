//! What the audio thread keeps of its own doing, for whoever looks: a record of every pin, the last cycles with what
//! each filter took in them, and the story of each cycle that was late.
//!
//! ```text
//!   PinRecord    one cell a pin, latest wins              fill, peak, late frames, samples that are no numbers
//!   CycleLog     a ring of cycles, written over and over  the time line
//!   Story        a ring of late cycles, in order          who was late, by how much, where
//! ```
//!
//! Everything is filled without waiting and without memory being asked for; time is read from the clock that was
//! handed over. What waits on wires stands in the state table's cells (`link.rs`).

mod cycles;
mod pins;
mod stopwatch;
#[cfg(test)]
mod tests;

pub use cycles::{CycleRecord, Moment, Span};
pub use pins::{PinFigures, PinRecord};
pub use stopwatch::{Blamed, Story};

pub(super) use cycles::CycleLog;
pub(super) use pins::keep;
pub(super) use stopwatch::{Stopwatch, Telling, Wakes};
