//! Why two pins are not connected: one value that the canvas shows, the command line prints and a test compares.

use super::wiring::PinAddress;
use crate::ks::Status;

/// The steps of connecting, in order (6.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    /// Both ends on one filter.
    SameFilter,
    /// One end out, one end in.
    DataFlow,
    /// Who issues requests.
    Communication,
    /// No loop.
    Cycle,
    /// A medium in common.
    Medium,
    /// An interface in common.
    Interface,
    /// Room for one more instance at both ends.
    Instances,
    /// A format in both lists of ranges.
    Intersection,
    /// The pins can be made.
    Create,
}

impl Step {
    /// All steps in order.
    pub const ALL: [Self; 9] = [
        Self::SameFilter,
        Self::DataFlow,
        Self::Communication,
        Self::Cycle,
        Self::Medium,
        Self::Interface,
        Self::Instances,
        Self::Intersection,
        Self::Create,
    ];

    /// The word of the command line's JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameFilter => "same_filter",
            Self::DataFlow => "data_flow",
            Self::Communication => "communication",
            Self::Cycle => "cycle",
            Self::Medium => "medium",
            Self::Interface => "interface",
            Self::Instances => "instances",
            Self::Intersection => "intersection",
            Self::Create => "create",
        }
    }
}

/// What kind of thing a cure changes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CureKind {
    /// Puts filters between the two pins.
    Insert,
    /// Takes another pin.
    Pin,
    /// Takes another format.
    Format,
    /// Changes a property.
    Property,
    /// Takes another medium.
    Medium,
    /// Takes another interface.
    Interface,
}

impl CureKind {
    /// The word of the command line's JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Pin => "pin",
            Self::Format => "format",
            Self::Property => "property",
            Self::Medium => "medium",
            Self::Interface => "interface",
        }
    }
}

/// Something that would help.
#[derive(Clone, PartialEq, Debug)]
pub struct Cure {
    /// What it changes.
    pub kind: CureKind,
    /// What it costs, in filters added; cheaper ones stand first.
    pub cost: u32,
    /// Keys of the filters it inserts, from source to sink.
    pub inserts: Vec<String>,
    /// Values to give them: for each insert, (property key, value as the command line writes it).
    pub values: Vec<Vec<(String, String)>>,
    /// For another pin: the two ends to connect instead.
    pub pins: Option<(PinAddress, PinAddress)>,
    /// For a property: a pin of its filter, the property's key, and its value as the command line writes it.
    pub set: Option<(PinAddress, String, String)>,
    /// The words on its button.
    pub text: String,
}

/// What intervals of sound formats are measured along.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Axis {
    /// Rates in Hz.
    Rate,
    /// Bits of a sample.
    Bits,
    /// Channels.
    Channels,
}

/// Both sides of the comparison that failed, for a picture of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operands {
    /// Closed intervals, sorted and joined where they touch; `u32::MAX` is no limit.
    Spans {
        /// What they are measured along.
        axis: Axis,
        /// What the output's side has.
        offered: Vec<(u32, u32)>,
        /// What the input's side has.
        wanted: Vec<(u32, u32)>,
    },
    /// Lists without a common word.
    Words {
        /// What the output's side has.
        offered: Vec<String>,
        /// What the input's side has.
        wanted: Vec<String>,
    },
}

/// Another field of the same comparison.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its name: `channels`.
    pub name: &'static str,
    /// Both sides, or what they have in common: `2 in 1 to 2`.
    pub text: String,
    /// Whether the two sides have something in common.
    pub fits: bool,
}

/// Why two pins are not connected.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct Refusal {
    /// Id of the rule in the specification of Kernel Streaming semantics, `DIX-6`.
    pub rule: &'static str,
    /// The status KS would give.
    pub status: Status,
    /// The step that failed.
    pub step: Step,
    /// The output, `Name.pin`.
    pub from: String,
    /// The input, `Name.pin`.
    pub to: String,
    /// What the output's side has, as words: `out offers 44 100 Hz`.
    pub offered: String,
    /// What the input's side has, as words: `in takes 48 000 Hz only`.
    pub wanted: String,
    /// Both sides of what stopped it, where they can be compared.
    pub operands: Option<Operands>,
    /// The other fields of that comparison.
    pub fields: Vec<Field>,
    /// What would help, cheapest first.
    pub cures: Vec<Cure>,
    /// What a person can do where no cure would help, as a sentence; empty where one does.
    pub advice: String,
}

impl Refusal {
    /// The one line at the pointer: `out offers 44 100 Hz, in takes 48 000 Hz only`.
    pub fn sentence(&self) -> String {
        match (self.offered.is_empty(), self.wanted.is_empty()) {
            (false, false) => format!("{}, {}", self.offered, self.wanted),
            (false, true) => self.offered.clone(),
            (true, _) => self.wanted.clone(),
        }
    }
}
