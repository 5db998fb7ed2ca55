//! The document and its agreement: Graph (intent) and Wiring (what the pins agreed), both plain values.

mod agree;
mod bypass;

pub mod arrange;

mod choices;
mod composite;

mod connect;
mod cures;
mod edit;
mod file;
mod flatten;
mod fold;

mod fragment;

mod fuzz;

mod history;
mod instance;
mod knots;
mod lookup;
mod memo;
mod model;
mod narrow;
mod negotiator;
mod nest;
mod net;
mod notes;

mod order;
pub mod pipes;

mod problems;
mod refusal;
mod resolve;
pub mod route;
mod settings;
mod shared;

mod units;

mod wiring;
mod words;

pub use agree::{explain, negotiate, would_connect};
pub use choices::Choices;
pub use composite::{Composite, Inside, Recipe, compose, inside_of, key_of, may_hold, property_of};

pub use edit::{Edit, EditError, Reach, apply};
pub use file::{
    FileError, Loaded, Spot, VERSION, Warning, from_ron, is_key, is_recipe, load, recipe_from_ron,
    recipe_to_ron, save_atomically, to_ron,
};
pub(crate) use file::{Process, beside, sweep};
pub use flatten::{FlatWire, MAX_DEPTH};
pub use fold::{Fold, Folding, fold, hide_pin, own, rename_pin, show_pin, unfold};
pub use fuzz::fuzz_graph;

pub use fragment::{Fragment, FragmentError, Insertion};
pub use history::{History, Replayed};
pub use instance::{settle, unfolded};
pub use model::{
    AskedFraming, Chosen, Connection, Control, FilterId, FilterNode, Graph, Group, GroupPin,
    GroupProperty, Instance, Node, NodeKind, Note, NoteId, NoteKind, PinRef, Position, Size,
};
pub use model::{Master, Timing};
pub use negotiator::Negotiator;

pub(crate) use order::{Ends, Roster, WireEnd};
pub use pipes::{Passage, Pipe, Pipes, Way, pipes};

pub use refusal::{Axis, Cure, CureKind, Field, Operands, Refusal, Step};
pub use shared::Shared;

pub use wiring::{
    Agreement, FilterPath, Ids, Joined, PinAddress, Problem, Wire, WiredFilter, Wiring,
};
