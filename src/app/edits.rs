//! Turns actions into edits of the document, one undo step each, and has the result agreed and played.

use std::path::{Component, Path, PathBuf};

use super::{Action, App, Selection, Urgency};
use crate::graph::{
    Chosen, Connection, Cure, CureKind, Edit, FilterId, FilterNode, Node, NodeKind, PinAddress,
    PinRef, Position, Reach, Refusal, Replayed,
};
use crate::ks::{DataFlow, Domain, Property, Value};

/// Room between filters that a cure inserts, in points.
const COLUMN: f32 = 240.0;

impl App {
    /// Carries out an action that changes the document.
    pub(super) fn edit(&mut self, action: Action) {
        match action {
            Action::Undo => {
                if let Some(step) = self.history.undo(&mut self.graph) {
                    self.after_undo("Undid", &step);
                }
            }
            Action::Redo => {
                if let Some(step) = self.history.redo(&mut self.graph) {
                    self.after_undo("Redid", &step);
                }
            }
            Action::BeginGesture(name) => self.history.begin(&name),
            Action::EndGesture => self.history.commit(),
            Action::AddFilter { key, at } => self.add(&key, at),
            Action::Connect { from, to } => self.connect(&from, &to, None),
            Action::ConnectVia { from, to, cure } => self.connect(&from, &to, Some(cure)),
            Action::Disconnect(connections) => self.disconnect(connections, "Disconnect"),
            Action::Rewire {
                connection,
                from,
                to,
            } => self.rewire(connection, &from, &to),
            Action::Delete(filters) => self.delete(filters),
            Action::DeleteSelection => {
                let Selection {
                    filters,
                    connections,
                } = std::mem::take(&mut self.selection);
                if filters.is_empty() {
                    self.disconnect(connections.into_iter().collect(), "Delete wires");
                } else {
                    self.delete(filters.into_iter().collect());
                }
            }
            Action::Move(places) => {
                // Places reach nothing that is agreed or played.
                self.apply("Move", Edit::Move(places));
            }
            Action::Rename(filter, name) => {
                let is_same = self
                    .shown()
                    .filters
                    .get(&filter)
                    .is_some_and(|node| node.name == name.trim());
                if !is_same
                    && self.apply(
                        "Rename",
                        Edit::Rename {
                            id: filter,
                            name: name.trim().to_owned(),
                        },
                    )
                {
                    self.agree();
                }
            }
            Action::SetProperty { filter, key, value } => self.set_property(filter, key, value),
            other => self.say(
                Urgency::Attention,
                "Program",
                None,
                format!("{other:?} is not an edit"),
            ),
        }
    }

    pub(super) fn apply(&mut self, name: &str, edit: Edit) -> bool {
        let edit = edit.within(&self.place.0);
        match self.history.perform(&mut self.graph, name, edit) {
            Ok(()) => true,
            Err(error) => {
                self.tell(error.to_string());
                false
            }
        }
    }

    fn after_undo(&mut self, done: &str, step: &Replayed) {
        // Where the change is, so that the user sees it.
        let place = step.place();
        if !step.edits.is_empty() && self.graph.graph_at(&place).is_some() {
            self.show(place);
        }
        self.settle_place();
        let mut selection = std::mem::take(&mut self.selection);
        let shown = self.shown();
        selection
            .filters
            .retain(|id| shown.filters.contains_key(id));
        let count = shown.connections.len();
        selection.connections.retain(|index| *index < count);
        self.selection = selection;
        if let Some(keyboard) = &self.play_mode
            && self.graph.at(keyboard).is_none()
        {
            self.play_mode = None;
        }
        self.say(Urgency::News, done, None, step.name.clone());
        let reach = |edit: &Edit| edit.reach(&self.graph, &self.catalogue);
        match step
            .edits
            .iter()
            .map(reach)
            .fold(Reach::Nothing, Reach::and)
        {
            Reach::Nothing => {}
            Reach::Values(_) => self.values_changed(),
            Reach::Plan => self.agree(),
        }
    }

    fn add(&mut self, key: &str, at: Position) {
        let Some(filter) = self.catalogue.get(key) else {
            self.tell(format!("There is no filter with the key {key:?}"));
            return;
        };
        let title = filter.descriptor().title.clone();
        let id = self.fresh_id();
        let node = new_node(self.shown().unique_name(&title), key, at);
        let edit = Edit::Add { id, node };
        if self.apply(&format!("Add {title}"), edit) {
            self.selection = Selection {
                filters: [id].into(),
                ..Selection::default()
            };
            self.agree();
        }
    }

    fn connect(&mut self, from: &PinAddress, to: &PinAddress, cure: Option<usize>) {
        let result = self.would_connect(from, to);
        self.refusal = None;
        match (result, cure) {
            (Ok(_), _) => {
                let (Some(from), Some(to)) = (self.pin_ref(from), self.pin_ref(to)) else {
                    return;
                };
                let connection = Connection {
                    from,
                    to,
                    chosen: Chosen::default(),
                };
                if self.apply("Connect", Edit::Connect(connection)) {
                    self.agree();
                }
            }
            (Err(refusal), Some(cure)) if cure < refusal.cures.len() => {
                let cure = refusal.cures[cure].clone();
                self.cure(from, to, &cure);
            }
            (Err(refusal), _) => self.refuse(from, to, *refusal),
        }
    }

    fn refuse(&mut self, from: &PinAddress, to: &PinAddress, refusal: Refusal) {
        let source = format!("{} → {}", refusal.from, refusal.to);
        let text = format!(
            "{}. {}, {}",
            refusal.sentence(),
            refusal.status.name(),
            refusal.rule
        );
        self.say(Urgency::Error, &source, Some(from.filter.clone()), text);
        self.refusal = Some((from.clone(), to.clone(), refusal));
    }

    /// Does what a cure says and connects: one undo step.
    fn cure(&mut self, from: &PinAddress, to: &PinAddress, cure: &Cure) {
        match cure.kind {
            CureKind::Insert => self.insert(from, to, cure),
            CureKind::Pin => {
                if let Some((from, to)) = &cure.pins {
                    self.connect(from, to, None);
                }
            }
            // What the user insisted on stands in a wire that is there already: drawing it anew lets it go.
            CureKind::Format | CureKind::Property | CureKind::Medium | CureKind::Interface => {
                let (Some(from_ref), Some(to_ref)) = (self.pin_ref(from), self.pin_ref(to)) else {
                    return;
                };
                let wires = self.shown().connections.iter();
                let index = wires
                    .enumerate()
                    .find(|(_, wire)| wire.from == from_ref && wire.to == to_ref)
                    .map(|(i, _)| i);
                let connection = Connection {
                    from: from_ref,
                    to: to_ref,
                    chosen: Chosen::default(),
                };
                let mut edits: Vec<Edit> = index.map(Edit::Disconnect).into_iter().collect();
                edits.push(Edit::Connect(connection));
                if self.apply(&cure.text.clone(), Edit::Batch(edits)) {
                    self.agree();
                }
            }
        }
    }

    fn insert(&mut self, from: &PinAddress, to: &PinAddress, cure: &Cure) {
        let (Some(from_ref), Some(to_ref)) = (self.pin_ref(from), self.pin_ref(to)) else {
            return;
        };
        let place = |id: FilterId| {
            self.shown()
                .filters
                .get(&id)
                .map(|node| node.position)
                .unwrap_or_default()
        };
        let (start, end) = (place(from_ref.filter), place(to_ref.filter));
        let count = cure.inserts.len() as f32 + 1.0;
        // A refused wire that stands there already gives way to what cures it.
        let mut wires = self.shown().connections.iter();
        let refused = wires.position(|wire| wire.from == from_ref && wire.to == to_ref);
        let mut edits: Vec<Edit> = refused.map(Edit::Disconnect).into_iter().collect();
        let mut at = from_ref;
        let first = self.fresh_id().0;
        let mut names = self.shown().clone();
        for (number, key) in cure.inserts.iter().enumerate() {
            let Some(filter) = self.catalogue.get(key) else {
                return;
            };
            let descriptor = filter.descriptor();
            let pin = |flow| {
                descriptor
                    .pins
                    .iter()
                    .find(|pin| pin.data_flow == flow && !pin.is_bridge())
            };
            let (Some(input), Some(output)) = (pin(DataFlow::In), pin(DataFlow::Out)) else {
                return;
            };
            let id = FilterId(first + number as u32);
            let share = (number as f32 + 1.0) / count;
            let position = Position {
                x: snapped(if end.x - start.x > COLUMN {
                    start.x + (end.x - start.x) * share
                } else {
                    start.x + COLUMN * 0.5
                }),
                y: snapped(start.y + (end.y - start.y) * share + 64.0),
            };
            let mut node = new_node(names.unique_name(&descriptor.title), key, position);
            names.filters.insert(id, node.clone());
            if let NodeKind::Filter(filter_node) = &mut node.kind {
                for (property, text) in cure.values.get(number).into_iter().flatten() {
                    if let Some((_, known)) = descriptor.property(property)
                        && let Some(value) = value_from_text(known, text)
                    {
                        filter_node.values.insert(property.clone(), value);
                    }
                }
            }
            edits.push(Edit::Add { id, node });
            let reached = PinRef {
                filter: id,
                pin: input.name.to_string(),
                instance: 0,
            };
            edits.push(Edit::Connect(Connection {
                from: at,
                to: reached,
                chosen: Chosen::default(),
            }));
            at = PinRef {
                filter: id,
                pin: output.name.to_string(),
                instance: 0,
            };
        }
        edits.push(Edit::Connect(Connection {
            from: at,
            to: to_ref,
            chosen: Chosen::default(),
        }));
        if self.apply(&cure.text.clone(), Edit::Batch(edits)) {
            self.agree();
        }
    }

    fn disconnect(&mut self, mut connections: Vec<usize>, name: &str) {
        // From the back, so that the indices in front stay true.
        connections.sort_unstable();
        connections.dedup();
        connections.retain(|index| *index < self.shown().connections.len());
        if connections.is_empty() {
            return;
        }
        let edits = connections
            .into_iter()
            .rev()
            .map(Edit::Disconnect)
            .collect();
        self.selection.connections.clear();
        if self.apply(name, Edit::Batch(edits)) {
            self.agree();
        }
    }

    fn rewire(&mut self, index: usize, from: &PinAddress, to: &PinAddress) {
        let (Some(from_ref), Some(to_ref)) = (self.pin_ref(from), self.pin_ref(to)) else {
            return;
        };
        let Some(old) = self.shown().connections.get(index) else {
            return;
        };
        let is_same = old.from == from_ref && old.to == to_ref;
        if is_same {
            return;
        }
        if let Err(refusal) = self.would_connect_without(index, from, to) {
            self.refuse(from, to, *refusal);
            return;
        }
        let connection = Connection {
            from: from_ref,
            to: to_ref,
            chosen: Chosen::default(),
        };
        let edits = vec![Edit::Disconnect(index), Edit::Connect(connection)];
        if self.apply("Rewire", Edit::Batch(edits)) {
            self.agree();
        }
    }

    /// What two pins would agree on if a wire were not there: its end may be in the way of its own new place.
    fn would_connect_without(
        &self,
        index: usize,
        from: &PinAddress,
        to: &PinAddress,
    ) -> Result<(), Box<Refusal>> {
        let mut graph = self.graph.clone();
        // The wire is there: it was looked up just now.
        let _ = crate::graph::apply(&mut graph, Edit::Disconnect(index).within(&self.place.0));
        let base = self.base();
        let wiring = crate::graph::negotiate(&graph, &self.catalogue, &self.facts, base.as_deref());
        crate::graph::would_connect(
            &wiring,
            &self.catalogue,
            &self.facts,
            base.as_deref(),
            &self.resolved(from),
            &self.resolved(to),
        )
        .map(|_| ())
    }

    fn delete(&mut self, filters: Vec<FilterId>) {
        let filters: Vec<FilterId> = filters
            .into_iter()
            .filter(|id| self.shown().filters.contains_key(id))
            .collect();
        if filters.is_empty() {
            return;
        }
        let name = match filters.as_slice() {
            [one] => format!("Delete {}", self.shown().filters[one].name),
            many => format!("Delete {} filters", many.len()),
        };
        self.selection = Selection::default();
        if self.apply(&name, Edit::Remove(filters)) {
            if let Some(keyboard) = &self.play_mode
                && self.graph.at(keyboard).is_none()
            {
                self.play_mode = None;
            }
            self.agree();
        }
    }

    fn set_property(&mut self, filter: FilterId, key: String, value: Option<Value>) {
        let Some(NodeKind::Filter(node)) = self.shown().filters.get(&filter).map(|node| &node.kind)
        else {
            return;
        };
        let known = self.catalogue.get(&node.key).and_then(|filter| {
            let (_, property) = filter.descriptor().property(&key)?;
            Some(*property)
        });
        let value = match (&known, value) {
            (Some(property), Some(value)) => {
                let value = self.relative_value(property, value);
                let Some(legal) = property.legal(&value) else {
                    self.tell(format!("{key} takes {}", property.wanted()));
                    return;
                };
                Some(legal)
            }
            (_, value) => value,
        };
        let title = known.map_or_else(|| key.clone(), |property| property.title.to_owned());
        let edit = Edit::SetProperty { filter, key, value };
        let reach = self.reach(&edit);
        if !self.apply(&format!("Set {title}"), edit) {
            return;
        }
        match reach {
            Reach::Nothing => {}
            Reach::Values(_) => self.values_changed(),
            Reach::Plan => self.agree(),
        }
    }

    /// Values that take effect without a new plan: the wiring's copy follows, and the audio thread is told.
    fn values_changed(&mut self) {
        for (path, wired) in &mut self.wiring.filters {
            if let Some(NodeKind::Filter(filter)) = self.graph.at(path).map(|node| &node.kind)
                && wired.values != filter.values
            {
                wired.values.clone_from(&filter.values);
            }
        }
        if let Some(playing) = &mut self.playing {
            playing.sync_values(&self.wiring);
        }
    }

    /// A path in the document is relative to its file.
    fn relative_value(&self, property: &Property, value: Value) -> Value {
        match (&property.domain, &value, self.base()) {
            (Domain::Path, Value::Text(text), Some(base)) if Path::new(text).is_absolute() => {
                Value::Text(
                    relative(Path::new(text), &base)
                        .to_string_lossy()
                        .into_owned(),
                )
            }
            _ => value,
        }
    }
}

/// A new filter of that kind.
pub(crate) fn new_node(name: String, key: &str, position: Position) -> Node {
    let filter = FilterNode {
        key: key.to_owned(),
        ..FilterNode::default()
    };
    Node {
        name,
        position,
        kind: NodeKind::Filter(filter),
    }
}

/// A value as the command line writes it: a number with or without its unit, `true`, a word, a path.
fn value_from_text(property: &Property, text: &str) -> Option<Value> {
    let text = text.trim();
    let value = match property.domain {
        Domain::Number { .. } => {
            let bare = text
                .strip_suffix(property.unit.symbol())
                .unwrap_or(text)
                .trim();
            let bare: String = bare
                .chars()
                .filter(|c| *c != '\u{a0}' && *c != '_')
                .collect();
            Value::Number(bare.replace('\u{2212}', "-").parse().ok()?)
        }
        Domain::Flag => Value::Flag(match text {
            "true" | "on" | "yes" | "1" => true,
            "false" | "off" | "no" | "0" => false,
            _ => return None,
        }),
        _ => {
            let bare = text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'))
                .unwrap_or(text);
            Value::Text(bare.to_owned())
        }
    };
    property.legal(&value)
}

/// `path` as seen from the folder `base`, if they have a root in common.
pub(super) fn relative(path: &Path, base: &Path) -> PathBuf {
    let theirs: Vec<Component<'_>> = path.components().collect();
    let ours: Vec<Component<'_>> = base.components().collect();
    let shared = theirs.iter().zip(&ours).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return path.to_owned();
    }
    let up = ours.iter().skip(shared).map(|_| Component::ParentDir);
    up.chain(theirs.into_iter().skip(shared)).collect()
}

fn snapped(length: f32) -> f32 {
    (length / 16.0).round() * 16.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_relative_where_they_can() {
        let base = Path::new("/home/me/graphs");
        assert_eq!(
            relative(Path::new("/home/me/graphs/media/a.wav"), base),
            Path::new("media/a.wav")
        );
        assert_eq!(
            relative(Path::new("/home/me/a.wav"), base),
            Path::new("../a.wav")
        );
    }
}
