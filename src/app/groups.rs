//! Where the user is: the groups entered, one inside the other. Everything a screen shows and every edit it asks for is
//! about the graph inside the innermost one.
//!
//! The document stays one graph. An edit made here is wrapped until it stands in the outermost graph, so that the
//! history knows one kind of edit and undo finds its way from anywhere.

use std::collections::BTreeSet;

use super::{Action, App, Selection};
use crate::graph::{
    Edit, FilterId, FilterNode, FilterPath, Fold, Folding, Graph, Node, NodeKind, PinAddress,
    PinRef, Reach, Wire, fold, hide_pin, rename_pin, show_pin, unfold,
};

impl App {
    /// The graph inside the innermost group entered.
    pub(super) fn shown(&self) -> &Graph {
        self.graph.graph_at(&self.place).unwrap_or(&self.graph)
    }

    /// The path of a box of the graph shown.
    pub(super) fn path_of(&self, id: FilterId) -> FilterPath {
        self.place.child(id)
    }

    /// The box of the graph shown that a path leads to or into.
    pub(super) fn local(&self, path: &FilterPath) -> Option<FilterId> {
        path.0
            .strip_prefix(self.place.0.as_slice())?
            .first()
            .copied()
    }

    /// Names of the groups entered, the outermost first.
    pub(super) fn place_names(&self) -> Vec<String> {
        let mut path = FilterPath::default();
        let mut names = vec![];
        for id in &self.place.0 {
            path = path.child(*id);
            names.extend(self.graph.at(&path).map(|node| node.name.clone()));
        }
        names
    }

    /// The connection of the graph shown that a wire was drawn as.
    pub(super) fn connection_of(&self, wire: &Wire) -> Option<usize> {
        (wire.place == self.place).then_some(wire.index)
    }

    /// The end of a connection of the graph shown. A pin inside one of its groups is reached by the pin of that group
    /// that stands for it.
    pub(super) fn pin_ref(&self, pin: &PinAddress) -> Option<PinRef> {
        let filter = self.local(&pin.filter)?;
        if pin.filter.0.len() == self.place.0.len() + 1 {
            return Some(PinRef {
                filter,
                pin: pin.pin.clone(),
                instance: pin.instance,
            });
        }
        let NodeKind::Group(group) = &self.shown().filters.get(&filter)?.kind else {
            return None;
        };
        let address = |name: &str, instance| PinAddress {
            filter: self.path_of(filter),
            pin: name.to_owned(),
            instance,
        };
        group.pins.iter().find_map(|shown| {
            let first = self.graph.resolve(&address(&shown.name, 0))?;
            let instance = pin.instance.checked_sub(first.instance)?;
            let is_it = first.filter == pin.filter && first.pin == pin.pin;
            is_it.then(|| PinRef {
                filter,
                pin: shown.name.clone(),
                instance,
            })
        })
    }

    /// The pin of a filter that an address stands for, through groups; itself when it stands for nothing.
    pub(super) fn resolved(&self, pin: &PinAddress) -> PinAddress {
        self.graph.resolve(pin).unwrap_or_else(|| pin.clone())
    }

    /// How far an edit of the graph shown reaches.
    pub(super) fn reach(&self, edit: &Edit) -> Reach {
        let edit = edit.clone().within(&self.place.0);
        edit.reach(&self.graph, &self.catalogue)
    }

    /// An id that no box of the whole document has: what is moved into or out of a group can keep it.
    pub(super) fn fresh_id(&self) -> FilterId {
        self.fresh_id_in(&self.graph)
    }

    /// The same for a document that may differ from the open one.
    pub(super) fn fresh_id_in(&self, document: &Graph) -> FilterId {
        fn highest(graph: &Graph) -> u32 {
            let inner = graph.filters.values().map(|node| match &node.kind {
                NodeKind::Group(group) => highest(&group.graph),
                NodeKind::Filter(_) => 0,
            });
            inner.fold(graph.fresh_id().0, u32::max)
        }
        FilterId(highest(document))
    }

    /// Carries out an action about where the user is.
    pub(super) fn go(&mut self, action: Action) {
        match action {
            Action::Enter(id) => {
                let place = self.path_of(id);
                if self.graph.graph_at(&place).is_some() {
                    self.show(place);
                }
            }
            Action::Leave => self.leave_to(self.place.0.len().saturating_sub(1)),
            Action::LeaveTo(depth) => self.leave_to(depth),
            Action::Reveal(path) => {
                let Some((&id, groups)) = path.0.split_last() else {
                    return;
                };
                if self.graph.at(&path).is_some() {
                    self.show(FilterPath::from(groups));
                    self.select_one(id);
                }
            }
            _ => {}
        }
    }

    /// Shows the graph inside the group at `place`; what was selected elsewhere no longer is.
    pub(super) fn show(&mut self, place: FilterPath) {
        if self.place == place {
            return;
        }
        self.history.commit();
        self.place = place;
        self.selection = Selection::default();
        self.refusal = None;
        self.pending = None;
        self.sizes.clear();
    }

    fn leave_to(&mut self, depth: usize) {
        if let Some(&left) = self.place.0.get(depth) {
            let place = FilterPath::from(&self.place.0[..depth]);
            self.show(place);
            self.select_one(left);
        }
    }

    pub(super) fn select_one(&mut self, id: FilterId) {
        self.selection = Selection {
            filters: [id].into(),
            ..Selection::default()
        };
    }

    /// Leaves groups that are no longer there.
    pub(super) fn settle_place(&mut self) {
        let is_there = |depth: &usize| {
            let place = FilterPath::from(&self.place.0[..*depth]);
            self.graph.graph_at(&place).is_some()
        };
        let depth = (0..=self.place.0.len()).rev().find(is_there).unwrap_or(0);
        self.leave_to(depth);
    }

    /// What moved stays known to what plays, to the user and to what was found out about it.
    pub(super) fn follow_moves(&mut self, moves: &[(FilterPath, FilterPath)]) {
        for (from, to) in moves {
            self.origins.follow(from, to);
            let moved = |path: &FilterPath| {
                let rest = path.0.strip_prefix(from.0.as_slice())?;
                let ids = to.0.iter().chain(rest);
                Some(FilterPath(ids.copied().collect()))
            };
            for keyboard in [&mut self.play_mode, &mut self.last_keyboard] {
                if let Some(path) = keyboard.as_ref().and_then(moved) {
                    *keyboard = Some(path);
                }
            }
            let (from, to) = (from.to_string(), to.to_string());
            let refused = std::mem::take(&mut self.facts.refused);
            let refused = refused.into_iter().map(|(filter, pin, format)| {
                let rest = filter.strip_prefix(&from);
                let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with('/'));
                let moved = rest.map(|rest| format!("{to}{rest}"));
                (moved.unwrap_or(filter), pin, format)
            });
            self.facts.refused = refused.collect();
        }
    }

    /// Carries out an action about groups and about what takes part.
    pub(super) fn regroup(&mut self, action: Action) {
        match action {
            Action::Group => self.group(),
            Action::Ungroup => self.ungroup(),
            Action::ShowPin(pin) => {
                let Some((&filter, groups)) = pin.filter.0.split_last() else {
                    return;
                };
                let inner = PinRef {
                    filter,
                    pin: pin.pin,
                    instance: pin.instance,
                };
                let group = FilterPath::from(groups);
                self.change_pins("Show pin", &group, |graph, id| show_pin(graph, id, inner));
            }
            Action::HidePin { group, pin } => {
                self.change_pins("Hide pin", &group, |graph, id| hide_pin(graph, id, &pin));
            }
            Action::RenamePin { group, pin, name } => self.rename_pin(&group, &pin, name.trim()),
            Action::SetBypass { filters, is_on } => {
                let words = if is_on { "Bypass" } else { "Do not bypass" };
                self.switch(words, &filters, &|filter, node| {
                    (node.is_bypassed != is_on).then_some(Edit::SetBypass { filter, is_on })
                });
            }
            Action::SetDisabled { filters, is_on } => {
                let words = if is_on { "Disable" } else { "Enable" };
                self.switch(words, &filters, &|filter, node| {
                    (node.is_disabled != is_on).then_some(Edit::SetDisabled { filter, is_on })
                });
            }
            _ => {}
        }
    }

    /// Pins of the graph shown that the group around it shows.
    fn pins_shown(&self) -> Vec<PinRef> {
        match self.graph.at(&self.place).map(|node| &node.kind) {
            Some(NodeKind::Group(group)) => {
                group.pins.iter().map(|pin| pin.inner.clone()).collect()
            }
            _ => vec![],
        }
    }

    fn group(&mut self) {
        let id = self.fresh_id();
        let shown = self.pins_shown();
        let what = Fold {
            filters: &self.selection.filters,
            notes: &self.selection.notes,
            shown: &shown,
            id,
            name: "Group",
        };
        let Some(folding) = fold(self.shown(), &what) else {
            self.tell("Select the filters that are to be a group".into());
            return;
        };
        let edit = whole(&self.graph, folding, &self.place);
        if self.apply_anywhere("Group", edit) {
            self.select_one(id);
            self.agree();
        }
    }

    fn ungroup(&mut self) {
        let is_group = |id: &&FilterId| {
            let node = self.shown().filters.get(id);
            node.is_some_and(|node| matches!(node.kind, NodeKind::Group(_)))
        };
        let chosen = self.selection.filters.iter();
        let groups: Vec<FilterId> = chosen.filter(is_group).copied().collect();
        if groups.is_empty() {
            self.tell("Select a group that is to be dissolved".into());
            return;
        }
        // One after the other in a copy: each makes room and names for the next.
        let mut trial = self.graph.clone();
        let mut edits = vec![];
        for group in groups {
            let fresh = self.fresh_id_in(&trial);
            let shown = trial.graph_at(&self.place);
            let Some(folding) = shown.and_then(|shown| unfold(shown, group, fresh)) else {
                continue;
            };
            let edit = whole(&trial, folding, &self.place);
            if let Err(error) = crate::graph::apply(&mut trial, edit.clone()) {
                self.tell(error.to_string());
                return;
            }
            edits.push(edit);
        }
        let before: BTreeSet<FilterId> = self.shown().filters.keys().copied().collect();
        let edit = match edits.len() {
            1 => edits.remove(0),
            _ => Edit::Batch(edits),
        };
        if self.apply_anywhere("Ungroup", edit) {
            let now = self.shown().filters.keys().copied();
            self.selection = Selection {
                filters: now.filter(|id| !before.contains(id)).collect(),
                ..Selection::default()
            };
            self.agree();
        }
    }

    /// Changes the pins that a group shows.
    fn change_pins(
        &mut self,
        name: &str,
        group: &FilterPath,
        change: impl FnOnce(&Graph, FilterId) -> Option<Edit>,
    ) {
        let Some((&id, groups)) = group.0.split_last() else {
            return;
        };
        let around = self.graph.graph_at(&FilterPath::from(groups));
        if let Some(edit) = around.and_then(|around| change(around, id))
            && self.apply_anywhere(name, edit.within(groups))
        {
            self.agree();
        }
    }

    fn rename_pin(&mut self, group: &FilterPath, pin: &str, name: &str) {
        let Some((&id, groups)) = group.0.split_last() else {
            return;
        };
        if pin == name {
            return;
        }
        let around = FilterPath::from(groups);
        let graph = self.graph.graph_at(&around);
        let Some(folding) = graph.and_then(|graph| rename_pin(graph, id, pin, name)) else {
            self.tell(format!(
                "The pin {pin:?} cannot be called {name:?}: pins of a group need names of their own"
            ));
            return;
        };
        let edit = whole(&self.graph, folding, &around);
        if self.apply_anywhere("Rename pin", edit) {
            self.agree();
        }
    }

    /// Switches filters, and all inside groups, as one step.
    fn switch(&mut self, words: &str, filters: &[FilterId], switched: Switch<'_>) {
        let shown = self.shown();
        let nodes = filters
            .iter()
            .filter_map(|id| Some((*id, shown.filters.get(id)?)));
        let edits: Vec<Edit> = nodes
            .flat_map(|(id, node)| switches(id, node, switched))
            .collect();
        let name = match filters {
            [one] => shown.filters.get(one).map(|node| node.name.clone()),
            many => Some(format!("{} filters", many.len())),
        };
        let name = format!("{words} {}", name.unwrap_or_default());
        if !edits.is_empty() && self.apply(&name, Edit::Batch(edits)) {
            self.agree();
        }
    }
}

/// The edit that switches a filter, if it is not so already.
type Switch<'a> = &'a dyn Fn(FilterId, &FilterNode) -> Option<Edit>;

fn switches(id: FilterId, node: &Node, switched: Switch<'_>) -> Vec<Edit> {
    match (&node.kind, node.kind.filter()) {
        (_, Some(filter)) => switched(id, filter).into_iter().collect(),
        (NodeKind::Filter(_), None) => vec![],
        (NodeKind::Group(group), None) => {
            let inside = group.graph.filters.iter();
            let edits = inside.flat_map(|(id, node)| switches(*id, node, switched));
            edits.map(|edit| edit.within(&[id])).collect()
        }
    }
}

/// A folding of the graph at `place`, together with what follows for the group around it, as one edit of the document.
fn whole(document: &Graph, folding: Folding, place: &FilterPath) -> Edit {
    let around = place.0.split_last().and_then(|(&group, groups)| {
        let graph = document.graph_at(&FilterPath::from(groups))?;
        Some((graph, group, groups))
    });
    match around {
        Some((graph, group, groups)) => folding.in_group(graph, group).within(groups),
        None => folding.edit,
    }
}
