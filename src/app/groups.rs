//! Where the user is: the groups entered, one inside the other. Everything a screen shows and every edit it asks for is
//! about the graph inside the innermost one.
//!
//! The document stays one graph. An edit made here is wrapped until it stands in the outermost graph, so that the
//! history knows one kind of edit and undo finds its way from anywhere.

use super::{Action, App, Selection};
use crate::graph::{Edit, FilterId, FilterPath, Graph, NodeKind, PinAddress, PinRef, Reach, Wire};

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
                    self.show(FilterPath(groups.to_vec()));
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
            let place = FilterPath(self.place.0[..depth].to_vec());
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
            let place = FilterPath(self.place.0[..*depth].to_vec());
            self.graph.graph_at(&place).is_some()
        };
        let depth = (0..=self.place.0.len()).rev().find(is_there).unwrap_or(0);
        self.leave_to(depth);
    }
}
