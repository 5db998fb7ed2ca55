//! What a command looks at to say whether it is available.

use egui::Pos2;

use crate::app::{Preferences, View};
use crate::graph::{FilterId, FilterNode, FilterPath, Master, Node, NodeKind, PinAddress};
use crate::gui::node_graph::{Side, Target};
use crate::gui::panels::palette::Waiting;
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

impl Aim {
    /// Whether it is about the pin that a new filter is to be wired to.
    pub(in crate::gui) fn is_of(&self, waiting: &Waiting) -> bool {
        matches!(self.target, Some(Target::Pin(pin)) if pin.side == waiting.side
            && waiting.pin.filter.0.last().is_some_and(|id| u64::from(id.0) == pin.node))
    }
}

/// The program and the window as they are now.
pub(in crate::gui) struct Sight<'a> {
    pub(in crate::gui) view: &'a View<'a>,
    pub(in crate::gui) preferences: &'a Preferences,
    pub(in crate::gui) shows_catalogue: bool,
    pub(in crate::gui) shows_inspector: bool,
    pub(in crate::gui) shows_history: bool,

    pub(in crate::gui) shows_frames: bool,
    pub(in crate::gui) shows_log: bool,
    pub(in crate::gui) shows_performance: bool,
    pub(in crate::gui) shows_blame: bool,
    pub(in crate::gui) shows_timeline: bool,
    /// The score of the future is in front.
    pub(in crate::gui) shows_score: bool,

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

    /// The output that is meant and has no wire yet, the one pointed at or the first of the selected filter; or why there
    /// is none.
    pub(in crate::gui) fn output(&self) -> Result<PinAddress, &'static str> {
        let wired = "Its outputs are wired already.";
        if let Some(aim) = self.aim
            && let Some(Target::Pin(pin)) = aim.target
        {
            let address = self.pin().filter(|_| pin.side == Side::Output);
            let address = address.ok_or("Only an output can be rendered.")?;
            return Some(address).filter(|_| aim.wires.is_empty()).ok_or(wired);
        }
        let one = self.view.selection.one_filter();
        let node = one.and_then(|id| Some((id, self.view.graph.filters.get(&id)?)));
        let Some((id, node)) = node else {
            return Err("No output is meant: select a filter, or point at its pin.");
        };
        let rows = Rows::of(self.view, id, node);
        let mut outputs = rows.outputs.iter().filter(|row| !row.is_bridge).peekable();
        if outputs.peek().is_none() {
            return Err("This filter has no output.");
        }
        let free = outputs.find(|row| !row.is_connected).ok_or(wired)?;
        Ok(PinAddress {
            filter: self.view.path_of(id),
            pin: free.pin.clone(),
            instance: free.instance,
        })
    }

    /// The selected filter, if its clock can drive the graph; and whether it is to.
    pub(in crate::gui) fn driver(&self) -> Option<(bool, FilterPath)> {
        let path = self.view.path_of(self.view.selection.one_filter()?);
        let is_one = self.view.drivers().contains(&path);
        let is_on = self.view.timing().master == Master::Filter(path.clone());
        (is_one || is_on).then_some((is_on, path))
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
    match (&node.kind, node.kind.filter()) {
        (_, Some(filter)) => found.push(filter),
        (NodeKind::Filter(_), None) => {}
        (NodeKind::Group(group), None) => {
            for node in group.graph.filters.values() {
                inside(node, found);
            }
        }
    }
}
