//! What a command looks at to say whether it is available.

use egui::Pos2;

use crate::app::{Preferences, View};
use crate::graph::{FilterId, FilterNode, Node, NodeKind, PinAddress};
use crate::gui::node_graph::Target;
use crate::gui::rows::Rows;

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
    pub(in crate::gui) shows_inspector: bool,
    pub(in crate::gui) shows_history: bool,

    pub(in crate::gui) shows_frames: bool,

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

    /// The pin that a context menu is about.
    pub(in crate::gui) fn pin(&self) -> Option<PinAddress> {
        let Some(Target::Pin(pin)) = self.aim?.target else {
            return None;
        };
        let id = FilterId(u32::try_from(pin.node).ok()?);
        let rows = Rows::of(self.view, id, self.view.graph.filters.get(&id)?);
        let row = rows.side(pin.side).get(pin.index)?;
        Some(PinAddress {
            filter: self.view.path_of(id),
            pin: row.pin.clone(),
            instance: row.instance,
        })
    }

    /// How far what is meant goes, a pin or what is selected; `Some(None)` where that differs, `None` where nothing is.
    pub(in crate::gui) fn limit(&self) -> Option<Option<crate::ks::State>> {
        if let Some(pin) = self.pin() {
            return Some(Some(self.view.pin_limit(&pin)));
        }
        let selected = self.view.selection.filters.iter();
        let mut limits = selected.map(|id| self.view.limit(&self.view.path_of(*id)));
        let first = limits.next()?;
        Some(limits.all(|limit| limit == first).then_some(first))
    }

    /// The filters that are selected, those inside selected groups too.
    fn filters(&self) -> Vec<&FilterNode> {
        let mut found = vec![];
        let selected = self.view.selection.filters.iter();
        for node in selected.filter_map(|id| self.view.graph.filters.get(id)) {
            inside(node, &mut found);
        }
        found
    }

    /// Whether that holds for all filters that are selected, and there are some.
    pub(in crate::gui) fn all(&self, holds: impl Fn(&FilterNode) -> bool) -> bool {
        let filters = self.filters();
        !filters.is_empty() && filters.into_iter().all(holds)
    }

    /// Whether that holds for one of them.
    pub(in crate::gui) fn any(&self, holds: impl Fn(&FilterNode) -> bool) -> bool {
        self.filters().into_iter().any(holds)
    }
}

fn inside<'a>(node: &'a Node, found: &mut Vec<&'a FilterNode>) {
    match &node.kind {
        NodeKind::Filter(filter) => found.push(filter),
        NodeKind::Group(group) => {
            for node in group.graph.filters.values() {
                inside(node, found);
            }
        }
    }
}
