//! Edits of comments and frames. What stands inside a frame is decided by who asks for a move, not here.

use super::edit::{Edit, EditError};
use super::model::{Graph, Note, NoteId, Position};

/// A new one.
pub(super) fn add(graph: &mut Graph, id: NoteId, note: Note) -> Result<Edit, EditError> {
    if graph.notes.contains_key(&id) {
        return Err(EditError::IdTaken(super::model::FilterId(id.0)));
    }
    check(id, &note)?;
    let next_id = graph.next_id;
    graph.notes.insert(id, note);
    graph.next_id = next_id.max(id.0.saturating_add(1));
    Ok(Edit::Batch(vec![
        Edit::RemoveNotes(vec![id]),
        Edit::SetNextId(next_id),
    ]))
}

/// Some go.
pub(super) fn remove(graph: &mut Graph, ids: &[NoteId]) -> Result<Edit, EditError> {
    for id in ids {
        graph.note(*id)?;
    }
    let next_id = graph.next_id;
    let gone = ids
        .iter()
        .filter_map(|id| Some((*id, graph.notes.remove(id)?)));
    let mut back: Vec<Edit> = gone.map(|(id, note)| Edit::AddNote { id, note }).collect();
    back.push(Edit::SetNextId(next_id));
    Ok(Edit::Batch(back))
}

/// Some move.
pub(super) fn shift(graph: &mut Graph, moves: Vec<(NoteId, Position)>) -> Result<Edit, EditError> {
    for (id, position) in &moves {
        graph.note(*id)?;
        if !position.x.is_finite() || !position.y.is_finite() {
            return Err(EditError::NotFinite(format!("a position of {id}")));
        }
    }
    let mut back = vec![];
    for (id, position) in moves {
        if let Some(note) = graph.notes.get_mut(&id) {
            back.push((id, std::mem::replace(&mut note.position, position)));
        }
    }
    back.reverse(); // One that moves twice must come back to where it stood first.
    Ok(Edit::MoveNotes(back))
}

/// One becomes another.
pub(super) fn set(graph: &mut Graph, id: NoteId, note: Note) -> Result<Edit, EditError> {
    check(id, &note)?;
    let old = graph.notes.get_mut(&id).ok_or(EditError::NoNote(id))?;
    let note = std::mem::replace(old, note);
    Ok(Edit::SetNote { id, note })
}

fn check(id: NoteId, note: &Note) -> Result<(), EditError> {
    let figures = [
        note.position.x,
        note.position.y,
        note.size.width,
        note.size.height,
    ];
    match figures.iter().all(|figure| figure.is_finite()) {
        true => Ok(()),
        false => Err(EditError::NotFinite(format!("the area of {id}"))),
    }
}

impl Graph {
    /// An id that no note or box has and none had since the graph was last saved.
    pub fn fresh_note_id(&self) -> NoteId {
        NoteId(self.fresh_id().0)
    }

    fn note(&self, id: NoteId) -> Result<&Note, EditError> {
        self.notes.get(&id).ok_or(EditError::NoNote(id))
    }
}
