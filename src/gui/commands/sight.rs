//! What a command looks at to say whether it is available.

use egui::Pos2;

use crate::app::{Preferences, View};
use crate::gui::node_graph::Target;

/// What a context menu is about, while it is open.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::gui) struct Aim {
    /// What was pointed at; `None`: the canvas.
    pub(in crate::gui) target: Option<Target>,
    /// Wires that end there, as indices of connections.
    pub(in crate::gui) wires: Vec<usize>,
    /// Where, in the graph.
    pub(in crate::gui) at: Pos2,
    /// Where, on screen.
    pub(in crate::gui) screen: Pos2,
}

/// The program and the window as they are now.
pub(in crate::gui) struct Sight<'a> {
    pub(in crate::gui) view: &'a View<'a>,
    pub(in crate::gui) preferences: &'a Preferences,
    pub(in crate::gui) shows_catalogue: bool,
    pub(in crate::gui) shows_history: bool,
    pub(in crate::gui) is_full_screen: bool,
    pub(in crate::gui) is_touring: bool,
    /// What a context menu is about.
    pub(in crate::gui) aim: Option<&'a Aim>,
}

impl Sight<'_> {
    /// Whether anything is selected.
    pub(in crate::gui) fn has_selection(&self) -> bool {
        !self.view.selection.is_empty()
    }

    /// Whether boxes are selected.
    pub(in crate::gui) fn has_filters(&self) -> bool {
        !self.view.selection.filters.is_empty()
    }

    /// Whether boxes or notes are selected.
    pub(in crate::gui) fn has_boxes(&self) -> bool {
        self.has_filters() || !self.view.selection.notes.is_empty()
    }
}
