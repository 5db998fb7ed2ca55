//! The raw door: filters and pins as objects that are opened by name and asked to the byte, as a driver's client would.
//!
//! Lives here: the structures of Kernel Streaming as bytes ([`layout`]), the objects ([`Host`]), one dispatcher for
//! properties (PRP-2) and events (EVT-2), and the tables it reads, one file a set. The answers come from the same
//! descriptors, ranges and rules that the graph is agreed with; no second truth. Does not live here: streaming.

mod allocator;
mod answer;
mod clock;
mod connection;
mod create;
mod dispatch;
mod events;

mod further;

mod header;

mod inject;
mod intersection;
mod items;
pub mod layout;
mod minidriver;
mod names;
mod object;
mod own;
mod pin;

mod power;
mod quality;
mod rate;

mod read;
mod registry;

mod requests;

mod serial;
pub mod sets;
mod states;
mod stream;
mod sysaudio;
#[cfg(test)]
mod tests;
mod topology;

mod trace;

pub use crate::ks::Intersection as Verdict;
pub use allocator::Completed;
pub use answer::{Answer, Call};
pub use create::{Connect, Invalid, Peer, validate, validate_format};
pub use dispatch::verb;

pub use header::{Header, STREAM_HEADER, Span};

pub use events::{EVENT_DATA, Fired, Notification};
pub use inject::At;
pub use intersection::{HANDLERS, Handler, NamedHandler, intersection, intersection_by};
pub use names::NameError;
pub use object::{Handle, Host, Role};
pub use own::set_of;
pub use read::{items, read};
pub use registry::{Change, Entry};

pub use requests::Accepted;
pub use trace::{Table, Traced};
