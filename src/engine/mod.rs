//! Runs a wiring: the plan, the audio thread, and the lanes between it and the program.
//!
//! No GUI, no device API, no filter known by name.

mod align;
mod brisk;
mod built;
mod call;

mod clock;
mod compile;

mod crossing;
mod cut;

mod cycle;

mod driver;

mod hold;
mod identity;

mod islands;

mod layout;

mod ledger;

mod line;

mod link;
mod listing;

mod map;

mod marks;

mod master;

mod offline;
mod outline;

mod pacers;

mod plan;

mod quality;

mod queue;

mod records;

mod runner;
mod runs;

mod seating;

mod seek;

mod signature;

mod slab;
mod spec;
mod states;
mod step;
mod table;

mod tap;

#[cfg(test)]
mod tests;

mod thread;

mod watch;

pub use built::{Built, OpenFilter, PinClock};
pub use clock::{Epoch, GraphClock};
pub use compile::{Builder, Job, opened_number};
pub use map::PlanMap;

pub use marks::{Fired, MARKS, Mark};

pub use crate::ks::Priority;
pub use driver::Driver;
pub use islands::Cores;
pub use link::{Cells, Message, Report};
pub use link::{Held, PlanCells, Stepped};
pub use offline::{Ear, Offline, Stuck, Timed};
pub use plan::{Plan, Transition};
pub use runner::Runner;
pub use seating::Limits;
pub use thread::{ClockRefusal, Engine};

pub use records::{Blamed, CycleRecord, Moment, PinFigures, PinRecord, Span, Story};

pub use tap::{TAP_BYTES, TappedFrame};

pub use watch::Watch;
