//! Graph files: RON text to Graph and back, and the disk.
//!
//! ```text
//! bytes ─scan (depth, RON)─▶ text ─read──▶ Loaded { graph, warnings, lines }        graph ─write─▶ text ─save─▶ disk
//! ```
//! A file that this version saved is read and written back to the same text. What is not understood (a filter that is not
//! installed, a field or a value of a later version) is kept as its text and written back. Comments do not survive.

mod beside;
mod cursor;
mod parts;
mod process;
mod read;
mod recipe;
mod save;
mod write;

use std::collections::BTreeMap;

use super::model::Graph;
use super::wiring::FilterPath;

pub(crate) use beside::{beside, sweep};
pub(crate) use process::Process;
pub use read::{from_ron, load};
pub use recipe::{is_key, is_recipe, recipe_from_ron, recipe_to_ron};
pub use save::save_atomically;
pub use write::to_ron;

/// What `kind` says in a graph file.
const KIND: &str = "ksgraph";
/// The version this program writes and reads.
pub const VERSION: u32 = 1;
/// The longest file that is read, in bytes.
pub(super) const MAX_BYTES: usize = 64 << 20;
/// The most filters of a file.
pub(super) const MAX_FILTERS: usize = 1_000_000;
/// How deep brackets may nest; groups to their full depth need about a hundred.
pub(super) const MAX_BRACKETS: usize = 128;

/// Something in a file that could not be taken as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// The line, from 1.
    pub line: u32,
    /// The sentence users read, without the file and line.
    pub text: String,
    /// Whether `check` says no because of it: duplicate ids, wires that lead nowhere.
    pub is_blocking: bool,
}

/// `line 3: ...`.
impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// A graph as it was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Loaded {
    /// The document.
    pub graph: Graph,
    /// What could not be taken as it stands.
    pub warnings: Vec<Warning>,
    /// The line on which each filter or group begins, for messages about it.
    pub filter_lines: BTreeMap<FilterPath, u32>,
    /// The line of each wire of the outermost graph, in the order of its connections.
    pub wire_lines: Vec<u32>,
}

/// A place in a file, from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spot {
    /// The line.
    pub line: u32,
    /// The character in it.
    pub column: u32,
}

/// Why a graph file could not be read or written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FileError {
    /// The disk says no.
    #[error("cannot {tried} {file}: {reason}")]
    Disk {
        /// `read` or `write`.
        tried: &'static str,
        /// The file.
        file: String,
        /// What stopped it.
        reason: String,
    },
    /// Too much of something.
    #[error("cannot read {file}: it has {found}; at most {most} are read")]
    TooLarge {
        /// The file.
        file: String,
        /// What there is too much of.
        found: String,
        /// The limit.
        most: String,
    },
    /// Bytes that are no text.
    #[error("cannot read {file}:{}:{}: this byte is not UTF-8 text; a graph is saved as UTF-8", spot.line, spot.column)]
    NotUtf8 {
        /// The file.
        file: String,
        /// The first such byte.
        spot: Spot,
    },
    /// Text that is no RON.
    #[error("cannot read {file}:{}:{}: not RON: {reason}", spot.line, spot.column)]
    NotRon {
        /// The file.
        file: String,
        /// Where.
        spot: Spot,
        /// What is wrong there.
        reason: String,
    },
    /// Brackets in brackets.
    #[error("cannot read {file}:{}:{}: brackets nest too deeply; at most {MAX_BRACKETS} levels are read", spot.line, spot.column)]
    TooDeep {
        /// The file.
        file: String,
        /// The first bracket that is too deep.
        spot: Spot,
    },
    /// RON, but not of this program or of another version.
    #[error("cannot read {file}:{}:{}: {field} is {found}; wanted {wanted}", spot.line, spot.column)]
    NotOurs {
        /// The file.
        file: String,
        /// Where.
        spot: Spot,
        /// `kind` or `version`.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it should say.
        wanted: String,
    },
    /// A part of another shape than it should have.
    #[error("cannot read {file}:{}:{}: {part} is {found}; wanted {wanted}", spot.line, spot.column)]
    Shape {
        /// The file.
        file: String,
        /// Where.
        spot: Spot,
        /// Which part.
        part: String,
        /// What stands there.
        found: String,
        /// What should stand there.
        wanted: &'static str,
    },
}

impl FileError {
    /// The file it is about.
    pub fn file(&self) -> &str {
        match self {
            Self::Disk { file, .. }
            | Self::TooLarge { file, .. }
            | Self::NotUtf8 { file, .. }
            | Self::NotRon { file, .. }
            | Self::TooDeep { file, .. }
            | Self::NotOurs { file, .. }
            | Self::Shape { file, .. } => file,
        }
    }

    /// Where in the file.
    pub fn spot(&self) -> Option<Spot> {
        match self {
            Self::Disk { .. } | Self::TooLarge { .. } => None,
            Self::NotUtf8 { spot, .. }
            | Self::NotRon { spot, .. }
            | Self::TooDeep { spot, .. }
            | Self::NotOurs { spot, .. }
            | Self::Shape { spot, .. } => Some(*spot),
        }
    }
}
