//! Property sets that a miniport or minidriver answers itself, beside a filter's own properties (PCL-8).
//!
//! A filter's own properties are declared and need no code. What a standard set asks for in its own structures is a
//! [`PropertyItem`]: its table is merged with the sets that every filter and pin answers, and its handler gets the request
//! in parts. It runs on the caller's thread, never on the audio thread.

use std::sync::Arc;

use super::dls_memory::DlsMemory;
use super::filter::Settings;
use super::ids::Guid;
use super::property::Value;
use super::status::Status;
use super::synth::SynthCells;
use super::time::RefTime;

/// What a property belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PropertyTarget {
    /// The filter.
    Filter,
    /// A pin that is open, by its factory.
    Pin(usize),
}

/// One property of a set.
#[derive(Clone, Copy)]
pub struct PropertyItem {
    /// The set.
    pub set: Guid,
    /// Its number in the set.
    pub id: u32,
    /// What people read.
    pub name: &'static str,
    /// What it is asked of.
    pub target: PropertyTarget,
    /// The node it belongs to, by number. A request that names another is not for it.
    pub node: Option<u32>,
    /// Bytes behind the head of a request that it cannot do without.
    pub instance: usize,
    /// Bytes of the value.
    pub value: usize,
    /// Whether it can be read.
    pub gets: bool,
    /// Whether it can be set.
    pub sets: bool,
    /// Answers.
    pub handler: fn(&mut PropertyRequest<'_>) -> PropertyReply,
}

/// A request in parts.
pub struct PropertyRequest<'a> {
    /// The filter's values (the major target).
    pub settings: Settings<'a>,
    /// The pin's factory, where it is asked of a pin (the minor target).
    pub pin: Option<usize>,
    /// The node it names.
    pub node: Option<u32>,
    /// It is to be set.
    pub is_set: bool,
    /// What stands behind the head.
    pub instance: &'a [u8],
    /// What a SET brings; at least as long as the item says.
    pub value: &'a [u8],
    /// The graph's rate, in Hz.
    pub rate_hz: u32,
    /// Reference time, in 100 ns.
    pub now: RefTime,
    /// What is submitted now can be heard so much later, at the earliest.
    pub latency: RefTime,
    /// What the running half counts, where there is one.
    pub cells: Option<SynthCells>,
    /// Where sounds are downloaded to, where there is such a place, and by what it knows the pin that is asked.
    pub memory: Option<Arc<dyn DlsMemory>>,
    /// See `memory`.
    pub opened: u64,
    /// Why it is refused, where a status says too little.
    pub words: Option<String>,
    /// Values of the filter's own properties that follow from it; they are edits like any others.
    pub changes: Vec<(&'static str, Value)>,
}

/// How it went, and the value of a GET.
pub type PropertyReply = Result<(Status, Vec<u8>), Status>;
