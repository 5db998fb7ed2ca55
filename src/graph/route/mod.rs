//! Ways from an output to an input, or to where it ends, through filters that stand in the graph and filters of the
//! catalogue: the search behind intelligent connect (19.2, SYS-4). Nothing is changed and nothing promised here: a way is
//! what the two ends, their ranges and `constrain` allow; whether it holds in its graph is seen by whoever builds it, and what
//! does not hold is put down as [`Routes::ban`] before the next one is asked for.
//!
//! ```text
//!   fewest filters to be added  >  merit, from the output on  >  the newest
//! ```
//! Filters that are there cost nothing. At most [`MOST_ADDED`] are added (INT-6).

mod reach;
mod search;
mod vertex;

use std::collections::BTreeSet;
use std::path::Path;

use super::net::{FREE, Net};
use super::wiring::{FilterPath, PinAddress, Wiring};
use crate::ks::{Catalogue, Descriptor, Facts, Value};
use vertex::Vertex;

/// So many filters may be added for one wire (INT-6).
pub const MOST_ADDED: usize = 5;
/// An output whose name begins so is led nowhere by itself (INT-3).
pub const UNTAKEN: char = '~';

/// Where a way ends.
#[derive(Clone, Copy, Debug)]
pub enum Goal<'a> {
    /// At this input.
    Pin(&'a PinAddress),
    /// At any filter with nothing left to lead on behind its input (REN-1).
    End {
        /// Only at filters that are there (REN-3).
        is_there: bool,
    },
}

impl<'a> Goal<'a> {
    fn pin(self) -> Option<&'a PinAddress> {
        match self {
            Self::Pin(pin) => Some(pin),
            Self::End { .. } => None,
        }
    }
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Seek<'a> {
    /// The graph as it is agreed.
    pub wiring: &'a Wiring,
    /// The filters on offer.
    pub catalogue: &'a Catalogue,
    /// The machine.
    pub facts: &'a Facts,
    /// The folder of the graph's file.
    pub base: Option<&'a Path>,
    /// How gladly each kind is taken; below [`crate::ks::merit::UNLIKELY`] it is not (FMP-1).
    pub merit: &'a dyn Fn(&Descriptor) -> u32,
    /// The output.
    pub from: &'a PinAddress,
    /// Where to.
    pub goal: Goal<'a>,
    /// Whether a way may end at a filter that lets nothing through.
    pub is_end: &'a dyn Fn(&Stop, &Descriptor) -> bool,
    /// Whether every look is put down in words.
    pub is_told: bool,
}

/// A filter on a way.
#[derive(Clone, PartialEq, Debug)]
pub enum Stop {
    /// One that is there.
    There(FilterPath),
    /// One that has to be added.
    New {
        /// Key of its kind.
        key: String,
        /// Values that differ from its defaults.
        values: Vec<(String, Value)>,
    },
}

/// One filter on a way, with the pins it is entered and left by: name and instance.
#[derive(Clone, PartialEq, Debug)]
pub struct Hop {
    /// The filter.
    pub stop: Stop,
    /// Its input.
    pub input: (String, u32),
    /// Its output; `None` where the way ends.
    pub output: Option<(String, u32)>,
    /// Other outputs of it that nothing is connected to; those that a name keeps back are left out (INT-3).
    pub others: Vec<(String, u32)>,
}

/// A way from the output that was asked about.
#[derive(Clone, PartialEq, Debug)]
pub struct Way {
    /// The filters, from the output on.
    pub hops: Vec<Hop>,
    /// How many of them have to be added.
    pub added: usize,
    /// Vertices it goes over.
    over: Vec<usize>,
}

/// A pin that was looked at: what was found in words.
#[derive(Clone, PartialEq, Debug)]
pub struct Look {
    /// How many hops it lies behind the output.
    pub depth: usize,
    /// The output, `Gain.out`.
    pub from: String,
    /// The input, `Mixer.in`.
    pub to: String,
    /// Why not; `None` where it is taken.
    pub reason: Option<String>,
}

/// A search, and what it was told not to try again.
pub struct Routes<'a> {
    seek: Seek<'a>,
    start: Option<vertex::Start<'a>>,
    end: Option<vertex::Start<'a>>,
    vertices: Vec<Vertex<'a>>,
    /// Wires that do not hold: from one vertex to another; the output and the goal are [`search::NOWHERE`].
    banned: BTreeSet<(usize, usize)>,
    /// What was looked at by the last search.
    pub looks: Vec<Look>,
    /// Whether the last search was given up because it had looked at too many pins.
    pub is_cut_short: bool,
}

impl<'a> Routes<'a> {
    /// Looks at the graph and the catalogue.
    pub fn new(seek: Seek<'a>) -> Self {
        let start = vertex::start(seek.wiring, seek.from);
        let end = match seek.goal {
            Goal::Pin(pin) => vertex::start(seek.wiring, pin),
            Goal::End { .. } => None,
        };
        let vertices = vertex::all(&seek);
        Self {
            seek,
            start,
            end,
            vertices,
            banned: BTreeSet::new(),
            looks: vec![],
            is_cut_short: false,
        }
    }

    /// The best way that has not been ruled out.
    pub fn best(&mut self) -> Option<Way> {
        search::search(self)
    }

    /// The wire of a way that enters its hop of that number, or behind the last hop the one to the goal, does not hold.
    pub fn ban(&mut self, way: &Way, wire: usize) {
        let at = |place: usize| way.over.get(place).copied().unwrap_or(search::NOWHERE);
        let before = wire.checked_sub(1).map_or(search::NOWHERE, at);
        self.banned.insert((before, at(wire)));
    }
}

/// The lowest instance of a factory without a wire, if it has one left.
fn free_instance(net: &Net, filter: usize, factory: usize) -> Option<u32> {
    let (pins, _) = net.factories(filter).get(factory)?;
    let mut free = pins.clone().filter(|&pin| net.pins[pin].wire.is_none());
    match net.pins[free.next()?].instance {
        FREE => {
            let taken = net.pins[pins.clone()].iter().map(|pin| pin.instance);
            let gap = (0..).zip(taken).find(|(number, taken)| number != taken);
            Some(gap.map_or(0, |(number, _)| number))
        }
        instance => Some(instance),
    }
}
