//! Turns actions into edits of the document, one undo step each, and has the result agreed and played. What an action
//! says about wires, values, cures and media lives in files of its own.

use super::{Action, App, Selection, Urgency};
use crate::graph::{Edit, FilterId, FilterNode, Node, NodeKind, Position, Reach, Replayed};

impl App {
    /// Carries out an action that changes the document.
    pub(super) fn edit(&mut self, action: Action) {
        match action {
            Action::Undo => {
                if self.undo_score() {
                    return;
                }
                let master = self.graph.timing.master.clone();
                if let Some(step) = self.history.undo(&mut self.graph) {
                    if self.may_not_drive(&master) {
                        self.history.redo(&mut self.graph);
                        return;
                    }
                    self.after_undo("Undid", &step);
                }
            }
            Action::Redo => {
                if self.redo_score() {
                    return;
                }
                let master = self.graph.timing.master.clone();
                if let Some(step) = self.history.redo(&mut self.graph) {
                    if self.may_not_drive(&master) {
                        self.history.undo(&mut self.graph);
                        return;
                    }
                    self.after_undo("Redid", &step);
                }
            }
            Action::GoToStep(step) => self.go_to_step(step),
            Action::BeginGesture(name) => {
                self.frames_in_hand.clear();
                self.history.begin(&name);
            }
            Action::EndGesture => {
                self.frames_in_hand.clear();
                self.history.commit();
            }
            Action::AddFilter { key, at } => self.add(&key, at),
            Action::Delete(filters) => self.delete(filters, "Delete"),
            Action::DeleteSelection => {
                let Selection {
                    filters,
                    connections,
                    notes,
                } = std::mem::take(&mut self.selection);
                if !notes.is_empty() {
                    self.delete_with_notes("Delete", filters, connections, notes);
                } else if filters.is_empty() {
                    self.disconnect(connections.into_iter().collect(), "Delete wires");
                } else {
                    self.delete(filters.into_iter().collect(), "Delete");
                }
            }
            Action::Move(places) => {
                // Places reach nothing that is agreed or played.
                self.apply("Move", Edit::Move(places));
            }
            Action::Rename(filter, name) => self.rename(filter, name.trim()),
            Action::SetProperty { filter, key, value } => self.set_property(filter, key, value),

            Action::Connect { from, to } => self.connect(&from, &to, None),
            Action::ConnectThrough { from, to } => self.connect_by_all_means(&from, &to),
            Action::ConnectVia { from, to, cure } => self.connect(&from, &to, Some(cure)),
            Action::ConnectToBody { pin, filter } => self.connect_to_body(&pin, filter),
            Action::Disconnect(connections) => self.disconnect(connections, "Disconnect"),
            Action::DisconnectSelection => self.disconnect_selection(),
            Action::DisconnectAll(filter) => self.disconnect_all(filter),
            Action::Choose { connection, chosen } => {
                let edit = Edit::Choose { connection, chosen };
                if self.apply("Choose for a wire", edit) {
                    self.agree();
                }
            }

            Action::RenderPin(pin) => self.render_pin(&pin),
            Action::ConnectFilters(filters) => self.connect_filters(filters),

            Action::Rewire {
                connection,
                from,
                to,
            } => self.rewire(connection, &from, &to),
            Action::AddFilterWired { key, at, pin } => self.add_wired(&key, at, pin.as_ref()),
            Action::InsertOnWire {
                key,
                at,
                connection,
            } => self.insert_on_wire(&key, at, connection),
            Action::DropOnWire { filter, connection } => self.drop_on_wire(filter, connection),

            Action::Cut => self.cut(),
            Action::Paste { text, at } => self.paste(&text, at),
            Action::Duplicate { by } => self.duplicate(by),
            Action::Merge(path) => self.merge(&path),
            Action::DropMedia { path, at, onto } => self.drop_media(&path, at, onto),
            Action::PlaceMedia { path, at } => self.drop_files(&[(path, at)], false),
            Action::DropFiles { files, is_wired } => self.drop_files(&files, is_wired),
            Action::MapMedia { from, to } => self.map_media(&from, &to),
            // Only a screen can ask.
            Action::FindMedia(_) | Action::ChooseDevice | Action::ChooseFile => {}
            Action::Arrange { sizes } => self.arrange(sizes),
            Action::SnapToGrid => self.snap(),
            Action::Align(alignment) => self.align(alignment),
            Action::Distribute(axis) => self.distribute(axis),

            other => self.say(
                Urgency::Attention,
                "Program",
                None,
                format!("{other:?} is not an edit"),
            ),
        }
    }

    /// Makes an edit of the shown graph: one undo step, or part of the open gesture. What cannot be made is told.
    pub(super) fn apply(&mut self, name: &str, edit: Edit) -> bool {
        self.apply_anywhere(name, edit.within(&self.place.0))
    }

    /// The same for an edit of the whole document.
    pub(super) fn apply_anywhere(&mut self, name: &str, edit: Edit) -> bool {
        self.pending = None;
        let moves = edit.moves();
        match self.history.perform(&mut self.graph, name, edit) {
            Ok(()) => {
                self.follow_moves(&moves);
                true
            }
            Err(error) => {
                self.tell(error.to_string());
                false
            }
        }
    }

    /// Takes back or does again what lies between now and a step.
    fn go_to_step(&mut self, step: usize) {
        let mut all: Option<Replayed> = None;
        let master = self.graph.timing.master.clone();
        loop {
            let (_, now) = self.history.steps();
            let is_back = step < now;
            let done = match now.cmp(&step) {
                std::cmp::Ordering::Equal => None,
                std::cmp::Ordering::Greater => self.history.undo(&mut self.graph),
                std::cmp::Ordering::Less => self.history.redo(&mut self.graph),
            };
            let Some(done) = done else { break };
            if self.may_not_drive(&master) {
                // That far and no further.
                match is_back {
                    true => self.history.redo(&mut self.graph),
                    false => self.history.undo(&mut self.graph),
                };
                break;
            }
            let name = match is_back {
                true => format!("back before {}", done.name),
                false => format!("on to {}", done.name),
            };
            let edits = all.map_or_else(Vec::new, |all| all.edits);
            all = Some(Replayed {
                name,
                edits: [edits, done.edits].concat(),
            });
        }
        if let Some(all) = all {
            self.after_undo("Went", &all);
        }
    }

    fn after_undo(&mut self, done: &str, step: &Replayed) {
        self.pending = None;
        for edit in &step.edits {
            self.follow_moves(&edit.moves());
        }
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
        selection.notes.retain(|id| shown.notes.contains_key(id));
        self.selection = selection;
        self.settle_keyboard();
        self.say(Urgency::News, done, None, step.name.clone());
        let reach = |edit: &Edit| edit.reach(&self.graph, &self.catalogue);
        let reach = step.edits.iter().map(reach);
        let reach = reach.fold(Reach::Nothing, Reach::and);
        self.follow(&reach);
    }

    fn add(&mut self, key: &str, at: Position) {
        let Some(filter) = self.catalogue.get(key) else {
            self.tell(format!("There is no filter with the key {key:?}"));
            return;
        };
        let title = filter.descriptor().title.clone();
        let id = self.fresh_id();
        let edit = self.add_filter(id, key, &title, at);
        if self.apply(&format!("Add {title}"), edit) {
            self.selection = Selection {
                filters: [id].into(),
                ..Selection::default()
            };
            self.agree();
        }
    }

    fn rename(&mut self, id: FilterId, name: &str) {
        let node = self.shown().filters.get(&id);
        if node.is_some_and(|node| node.name == name) {
            return;
        }
        let name = name.to_owned();
        if self.apply("Rename", Edit::Rename { id, name }) {
            self.agree();
        }
    }

    pub(super) fn delete(&mut self, mut filters: Vec<FilterId>, act: &str) {
        let shown = self.shown();
        filters.retain(|id| shown.filters.contains_key(id));
        let name = match filters.as_slice() {
            [] => return,
            [one] => format!("{act} {}", shown.filters[one].name),
            many => format!("{act} {} filters", many.len()),
        };
        self.selection = Selection::default();
        if self.apply(&name, Edit::Remove(filters)) {
            self.settle_keyboard();
            self.agree();
        }
    }

    /// The letter keys let go of a keyboard that is gone.
    fn settle_keyboard(&mut self) {
        if let Some(keyboard) = &self.play_mode
            && self.graph.at(keyboard).is_none()
        {
            self.play_mode = None;
        }
    }

    /// A new filter of the shown graph.
    pub(super) fn add_filter(&self, id: FilterId, key: &str, title: &str, at: Position) -> Edit {
        let filter = FilterNode {
            key: key.to_owned(),
            ..FilterNode::default()
        };
        let node = Node {
            name: self.shown().unique_name(title),
            position: at,
            kind: NodeKind::Filter(filter),
        };
        Edit::Add { id, node }
    }
}
