//! Comments and frames: what is written on the canvas. One undo step each; nothing that sounds hears of it.

use std::collections::BTreeSet;

use super::{Action, App, Selection};
use crate::graph::{Edit, FilterId, Graph, Note, NoteId, NoteKind, Position, Size};

/// How large a box is taken to be; only the screen knows how large it is drawn.
const BOX: Size = Size {
    width: 176.0,
    height: 112.0,
};
/// Room between a frame and what it is drawn round, and above that for its title.
const MARGIN: f32 = 32.0;
const TITLE: f32 = 32.0;
/// A comment as it begins.
const COMMENT: Size = Size {
    width: 208.0,
    height: 64.0,
};
/// A frame round nothing.
const FRAME: Size = Size {
    width: 320.0,
    height: 192.0,
};

/// What stands inside a frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Inside {
    filters: BTreeSet<FilterId>,
    notes: BTreeSet<NoteId>,
}

impl Inside {
    /// Boxes that begin in the frame, notes that lie in it whole.
    fn of(graph: &Graph, id: NoteId, frame: &Note) -> Self {
        let end = |note: &Note| Position {
            x: note.position.x + note.size.width,
            y: note.position.y + note.size.height,
        };
        let filters = graph.filters.iter();
        let notes = graph.notes.iter();
        Self {
            filters: filters
                .filter(|(_, node)| frame.covers(node.position))
                .map(|(id, _)| *id)
                .collect(),
            notes: notes
                .filter(|(other, note)| {
                    **other != id && frame.covers(note.position) && frame.covers(end(note))
                })
                .map(|(id, _)| *id)
                .collect(),
        }
    }
}

impl App {
    /// Carries out an action about comments and frames.
    pub(super) fn annotate(&mut self, action: Action) {
        match action {
            Action::AddComment { at, text } => {
                self.add_note("Add comment", NoteKind::Comment, text, (at, COMMENT));
            }
            Action::AddFrame { title, area } => {
                let area = area.unwrap_or_else(|| self.round_selection());
                let colour = String::new();
                self.add_note("Add frame", NoteKind::Frame { colour }, title, area);
            }
            Action::EditNote { note, text, colour } => self.edit_note(note, text, colour),
            Action::MoveNotes(places) => self.move_notes(&places),
            Action::ResizeNote {
                note: id,
                position,
                size,
            } => {
                let Some(old) = self.shown().notes.get(&id) else {
                    return;
                };
                let note = Note {
                    position,
                    size: Size {
                        width: size.width.max(0.0),
                        height: size.height.max(0.0),
                    },
                    ..old.clone()
                };
                if note != *old {
                    self.apply("Resize", Edit::SetNote { id, note });
                }
            }
            Action::RemoveNotes(mut ids) => {
                let shown = self.shown();
                ids.retain(|id| shown.notes.contains_key(id));
                let name = match ids.as_slice() {
                    [] => return,
                    [id] if shown.notes[id].kind == NoteKind::Comment => "Delete comment".into(),
                    [_] => "Delete frame".into(),
                    many => format!("Delete {} notes", many.len()),
                };
                self.selection.notes.retain(|id| !ids.contains(id));
                self.apply(&name, Edit::RemoveNotes(ids));
            }
            _ => {}
        }
    }

    fn add_note(&mut self, name: &str, kind: NoteKind, text: String, area: (Position, Size)) {
        let id = NoteId(self.fresh_id().0);
        let note = Note {
            kind,
            text,
            position: area.0,
            size: area.1,
            unknown_fields: std::collections::BTreeMap::new(),
        };
        if self.apply(name, Edit::AddNote { id, note }) {
            self.selection = Selection {
                notes: [id].into(),
                ..Selection::default()
            };
        }
    }

    /// The area round the boxes and notes that are selected.
    fn round_selection(&self) -> (Position, Size) {
        let shown = self.shown();
        let boxes = self.selection.filters.iter();
        let boxes = boxes.filter_map(|id| Some((shown.filters.get(id)?.position, BOX)));
        let notes = self.selection.notes.iter();
        let notes = notes.filter_map(|id| {
            let note = shown.notes.get(id)?;
            Some((note.position, note.size))
        });
        let mut areas = boxes.chain(notes);
        let Some((first, size)) = areas.next() else {
            return (Position::default(), FRAME);
        };
        let start = (
            first.x,
            first.y,
            first.x + size.width,
            first.y + size.height,
        );
        let (left, top, right, bottom) = areas.fold(start, |it, (at, size)| {
            (
                it.0.min(at.x),
                it.1.min(at.y),
                it.2.max(at.x + size.width),
                it.3.max(at.y + size.height),
            )
        });
        let position = Position {
            x: left - MARGIN,
            y: top - MARGIN - TITLE,
        };
        let size = Size {
            width: right + MARGIN - position.x,
            height: bottom + MARGIN - position.y,
        };
        (position, size)
    }

    fn edit_note(&mut self, id: NoteId, text: Option<String>, colour: Option<String>) {
        let Some(old) = self.shown().notes.get(&id) else {
            return;
        };
        let mut note = old.clone();
        if let Some(text) = text {
            note.text = text;
        }
        if let (NoteKind::Frame { colour: old }, Some(colour)) = (&mut note.kind, colour) {
            *old = colour;
        }
        let name = match note.kind {
            NoteKind::Comment => "Edit comment",
            NoteKind::Frame { .. } => "Edit frame",
        };
        if note != *old {
            self.apply(name, Edit::SetNote { id, note });
        }
    }

    /// Moves notes, and with each frame what stands inside it: within a gesture what stood there when it began.
    fn move_notes(&mut self, places: &[(NoteId, Position)]) {
        if !self.history.is_open() {
            self.frames_in_hand.clear();
        }
        let mut moved_notes: Vec<(NoteId, Position)> = vec![];
        let mut moved_filters: Vec<(FilterId, Position)> = vec![];
        let named: BTreeSet<NoteId> = places.iter().map(|(id, _)| *id).collect();
        let (mut with_filters, mut with_notes) = (self.selection.filters.clone(), named);
        // A selected note that is not named is a note that stays.
        with_notes.extend(&self.selection.notes);
        for (id, to) in places {
            let shown = self.graph.graph_at(&self.place).unwrap_or(&self.graph);
            let Some(note) = shown.notes.get(id) else {
                continue;
            };
            moved_notes.push((*id, *to));
            if note.kind == NoteKind::Comment {
                continue;
            }
            let delta = (to.x - note.position.x, to.y - note.position.y);
            let shifted = |from: Position| Position {
                x: from.x + delta.0,
                y: from.y + delta.1,
            };
            let hold = self.frames_in_hand.entry(*id);
            let inside = hold.or_insert_with(|| Inside::of(shown, *id, note));
            // What lies in two frames moves once.
            for filter in inside.filters.iter().filter(|id| with_filters.insert(**id)) {
                let node = shown.filters.get(filter);
                moved_filters.extend(node.map(|node| (*filter, shifted(node.position))));
            }
            for inner in inside.notes.iter().filter(|id| with_notes.insert(**id)) {
                let note = shown.notes.get(inner);
                moved_notes.extend(note.map(|note| (*inner, shifted(note.position))));
            }
        }
        if moved_notes.is_empty() {
            return;
        }
        let mut edits = vec![Edit::MoveNotes(moved_notes)];
        if !moved_filters.is_empty() {
            edits.push(Edit::Move(moved_filters));
        }
        self.apply("Move", Edit::Batch(edits));
    }

    /// Deletes what is selected when notes are among it: one step.
    pub(super) fn delete_with_notes(
        &mut self,
        act: &str,
        filters: BTreeSet<FilterId>,
        connections: BTreeSet<usize>,
        notes: BTreeSet<NoteId>,
    ) {
        let shown = self.shown();
        let count = shown.connections.len();
        let wires = connections.into_iter().rev().filter(|index| *index < count);
        let mut edits: Vec<Edit> = wires.map(Edit::Disconnect).collect();
        let filters = filters.into_iter();
        let filters: Vec<FilterId> = filters
            .filter(|id| shown.filters.contains_key(id))
            .collect();
        let notes = notes.into_iter();
        let notes: Vec<NoteId> = notes.filter(|id| shown.notes.contains_key(id)).collect();
        let is_heard = !edits.is_empty() || !filters.is_empty();
        if !filters.is_empty() {
            edits.push(Edit::Remove(filters));
        }
        edits.push(Edit::RemoveNotes(notes));
        if self.apply(act, Edit::Batch(edits)) && is_heard {
            self.agree();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Options;

    fn at(x: f32, y: f32) -> Position {
        Position { x, y }
    }

    /// Two gains, a frame round the first, a comment in the frame.
    fn framed() -> (App, NoteId, NoteId) {
        let mut app = App::new(Options::nominal(256));
        for x in [0.0, 800.0] {
            let key = "gain".into();
            let at = at(x, 0.0);
            app.perform(Action::AddFilter { key, at });
        }
        app.perform(Action::AddComment {
            at: at(0.0, 16.0),
            text: "why".into(),
        });
        let comment = *app.view().selection.notes.first().unwrap();
        let mut selection = Selection::default();
        selection.filters.insert(FilterId(1));
        selection.notes.insert(comment);
        app.perform(Action::Select(selection));
        let title = "Voice".into();
        app.perform(Action::AddFrame { title, area: None });
        let frame = *app.view().selection.notes.first().unwrap();
        (app, frame, comment)
    }

    #[test]
    fn a_frame_takes_along_what_stands_in_it_in_one_step() {
        let (mut app, frame, comment) = framed();
        let before = app.view().graph.clone();
        let from = before.notes[&frame].position;
        assert!(before.notes[&frame].covers(before.filters[&FilterId(1)].position));
        app.perform(Action::BeginGesture("Move".into()));
        // On its way it passes over the other gain, which stays where it is.
        for shift in [400.0, 800.0, 1600.0] {
            let to = at(from.x + shift, from.y);
            app.perform(Action::MoveNotes(vec![(frame, to)]));
        }
        app.perform(Action::EndGesture);
        let graph = app.view().graph;
        assert_eq!(graph.filters[&FilterId(1)].position, at(1600.0, 0.0));
        assert_eq!(graph.filters[&FilterId(2)].position, at(800.0, 0.0));
        assert_eq!(graph.notes[&comment].position, at(1600.0, 16.0));
        app.perform(Action::Undo);
        assert_eq!(*app.view().graph, before);
    }

    #[test]
    fn what_is_selected_moves_by_itself() {
        let (mut app, frame, _) = framed();
        let from = app.view().graph.notes[&frame].position;
        let mut selection = app.view().selection.clone();
        selection.filters.insert(FilterId(1));
        app.perform(Action::Select(selection));
        let to = at(from.x + 64.0, from.y);
        app.perform(Action::MoveNotes(vec![(frame, to)]));
        assert_eq!(
            app.view().graph.filters[&FilterId(1)].position,
            at(0.0, 0.0)
        );
    }

    #[test]
    fn every_act_on_a_note_is_one_step() {
        let (mut app, frame, comment) = framed();
        let area = (at(-500.0, 0.0), Size::default());
        let mut both = Selection::default();
        both.notes.extend([frame, comment]);
        both.filters.insert(FilterId(2));
        app.perform(Action::Select(both));
        let acts = [
            Action::AddComment {
                at: at(5.0, 5.0),
                text: "a".into(),
            },
            Action::AddFrame {
                title: "b".into(),
                area: Some(area),
            },
            Action::EditNote {
                note: comment,
                text: Some("because".into()),
                colour: None,
            },
            Action::EditNote {
                note: frame,
                text: None,
                colour: Some("teal".into()),
            },
            Action::ResizeNote {
                note: frame,
                position: at(1.0, 1.0),
                size: Size::default(),
            },
            Action::MoveNotes(vec![(comment, at(7.0, 7.0))]),
            Action::RemoveNotes(vec![frame, comment]),
            Action::DeleteSelection,
        ];
        for act in acts {
            let before = app.view().graph.clone();
            let selection = app.view().selection.clone();
            app.perform(act.clone());
            let after = app.view().graph.clone();
            assert_ne!(after, before, "{act:?} did nothing");
            app.perform(Action::Undo);
            assert_eq!(*app.view().graph, before, "{act:?} was not taken back");
            app.perform(Action::Redo);
            assert_eq!(*app.view().graph, after, "{act:?} was not done again");
            app.perform(Action::Undo);
            app.perform(Action::Select(selection));
        }
    }
}
