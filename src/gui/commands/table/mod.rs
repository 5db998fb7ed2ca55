//! The table itself, a file per menu.

mod edit;
mod file;
mod graph;
mod help;
mod play;
mod tools;
mod view;

use super::Spec;

/// In the order of the menus.
pub(super) const TABLES: &[&[Spec]] = &[
    file::SPECS,
    edit::SPECS,
    view::SPECS,
    graph::SPECS,
    play::SPECS,
    tools::SPECS,
    help::SPECS,
];

/// Why nothing can be done with a selection that is none.
const NOTHING_SELECTED: &str = "Nothing is selected: click a filter or a wire first.";
/// The same where only boxes count.
const NO_FILTER: &str = "No filter is selected: click one first.";
/// Why there is nothing to choose from.
const EMPTY: &str = "The graph is empty: add a filter first, with Tab.";
