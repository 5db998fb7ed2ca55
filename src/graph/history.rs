//! Undo and redo: named groups of edits, each kept as what takes it back.
//!
//! A gesture (a slider in hand, a box being dragged) is one step however many edits it makes. Whether the document is
//! dirty is asked of the state it is in, not of how many steps were made: undo back to the saved state is clean.

use super::edit::{Edit, EditError, apply, common_place};
use super::model::Graph;
use super::wiring::FilterPath;

/// One step of undo or redo.
#[derive(Clone, Debug)]
struct Stage {
    name: String,
    /// To be applied from the last to the first.
    edits: Vec<Edit>,
    /// The state this step leads to.
    leads_to: u64,
}

/// All steps of a document since it was opened.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: Vec<Stage>,
    undone: Vec<Stage>,
    gesture: Option<Stage>,
    goes_on: bool,
    /// Every state the document was in has a number of its own.
    state: u64,
    saved: u64,
    states: u64,
}

/// What undo or redo did: its name and the edits it made, in order, so that their reach can be asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Replayed {
    /// The name of the step.
    pub name: String,
    /// What was applied.
    pub edits: Vec<Edit>,
}

impl Replayed {
    /// The group that holds everything that was changed; empty: the outermost graph.
    pub fn place(&self) -> FilterPath {
        common_place(&self.edits)
    }
}

impl History {
    /// A history with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an edit: a step of its own called `name`, or part of the open gesture.
    pub fn perform(&mut self, graph: &mut Graph, name: &str, edit: Edit) -> Result<(), EditError> {
        let inverse = apply(graph, edit)?;
        self.undone.clear();
        let before = self.state;
        self.states += 1;
        self.state = self.states;
        let goes_on = std::mem::take(&mut self.goes_on);
        let last = self.done.last_mut().filter(|_| goes_on);
        match self.gesture.as_mut().or(last) {
            Some(stage) => push_merged(&mut stage.edits, inverse),
            None => self.done.push(Stage {
                name: name.to_owned(),
                edits: vec![inverse],
                leads_to: before,
            }),
        }
        Ok(())
    }

    /// The edit that follows goes on with the last step, if that has this name and nothing was taken back since.
    pub fn go_on(&mut self, name: &str) {
        self.goes_on = self.gesture.is_none()
            && self.undone.is_empty()
            && self.done.last().is_some_and(|it| it.name == name);
    }

    /// The number of the state the document is in: each state since it was opened has one of its own.
    pub fn state(&self) -> u64 {
        self.state
    }

    /// Begins a gesture; one that is open ends here.
    pub fn begin(&mut self, name: &str) {
        self.commit();
        self.gesture = Some(Stage {
            name: name.to_owned(),
            edits: vec![],
            leads_to: self.state,
        });
    }

    /// Ends the gesture: what it did is one step. Nothing done is no step.
    pub fn commit(&mut self) {
        if let Some(stage) = self.gesture.take()
            && !stage.edits.is_empty()
        {
            self.done.push(stage);
        }
    }

    /// Takes back what the open gesture did, and ends it.
    pub fn cancel(&mut self, graph: &mut Graph) -> Option<Replayed> {
        let stage = self.gesture.take()?;
        let (made, _) = replay(graph, &stage);
        self.state = stage.leads_to;
        Some(Replayed {
            name: stage.name,
            edits: made,
        })
    }

    /// Whether a gesture is open.
    pub fn is_open(&self) -> bool {
        self.gesture.is_some()
    }

    /// Takes back the last step.
    pub fn undo(&mut self, graph: &mut Graph) -> Option<Replayed> {
        self.commit();
        let stage = self.done.pop()?;
        let (made, back) = replay(graph, &stage);
        self.undone.push(Stage {
            name: stage.name.clone(),
            edits: back,
            leads_to: self.state,
        });
        self.state = stage.leads_to;
        Some(Replayed {
            name: stage.name,
            edits: made,
        })
    }

    /// Does again what was taken back last.
    pub fn redo(&mut self, graph: &mut Graph) -> Option<Replayed> {
        self.commit();
        let stage = self.undone.pop()?;
        let (made, back) = replay(graph, &stage);
        self.done.push(Stage {
            name: stage.name.clone(),
            edits: back,
            leads_to: self.state,
        });
        self.state = stage.leads_to;
        Some(Replayed {
            name: stage.name,
            edits: made,
        })
    }

    /// What undo would take back.
    pub fn undo_name(&self) -> Option<&str> {
        let open = self.gesture.as_ref().filter(|it| !it.edits.is_empty());
        let stage = open.or_else(|| self.done.last());
        stage.map(|stage| stage.name.as_str())
    }

    /// What redo would do.
    pub fn redo_name(&self) -> Option<&str> {
        self.undone.last().map(|stage| stage.name.as_str())
    }

    /// Names of the steps that can be taken back, the oldest first.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.done.iter().map(|stage| stage.name.as_str())
    }

    /// Names of all steps, the oldest first, and how many of them are done now. What an open gesture has done is not a
    /// step yet.
    pub fn steps(&self) -> (Vec<&str>, usize) {
        let all = self.done.iter().chain(self.undone.iter().rev());
        let names = all.map(|stage| stage.name.as_str()).collect();
        (names, self.done.len())
    }

    /// The document is on disk as it is now.
    pub fn mark_saved(&mut self) {
        self.saved = self.state;
    }

    /// What is on disk, if anything, is not the document.
    pub fn mark_unsaved(&mut self) {
        self.saved = u64::MAX;
    }

    /// Whether the document differs from what is on disk.
    pub fn is_dirty(&self) -> bool {
        self.state != self.saved
    }
}

/// A later set of the same value, or move of the same boxes, is taken back by the earlier inverse already.
fn push_merged(edits: &mut Vec<Edit>, inverse: Edit) {
    let is_covered = edits.last().is_some_and(|last| covers(last, &inverse));
    if !is_covered {
        edits.push(inverse);
    }
}

/// Whether taking back an earlier edit takes back a later one of the same kind as well.
fn covers(earlier: &Edit, later: &Edit) -> bool {
    match (earlier, later) {
        (
            Edit::SetProperty { filter, key, .. },
            Edit::SetProperty {
                filter: same_filter,
                key: same_key,
                ..
            },
        ) => filter == same_filter && key == same_key,
        (
            Edit::Within { group, edit },
            Edit::Within {
                group: same_group,
                edit: later,
            },
        ) => group == same_group && covers(edit, later),
        (Edit::Batch(earlier), Edit::Batch(later)) => {
            earlier.len() == later.len() && earlier.iter().zip(later).all(|(a, b)| covers(a, b))
        }
        (Edit::MoveNotes(earlier), Edit::MoveNotes(later)) => {
            let has = |id| earlier.iter().any(|(moved, _)| *moved == id);
            later.iter().all(|(id, _)| has(*id))
        }
        (Edit::SetNote { id, .. }, Edit::SetNote { id: same_id, .. }) => id == same_id,
        (Edit::Move(earlier), Edit::Move(later)) => {
            let has = |id| earlier.iter().any(|(moved, _)| *moved == id);
            later.iter().all(|(id, _)| has(*id))
        }
        _ => false,
    }
}

/// Applies a stage: the edits made in order, and their inverses as the next stage keeps them.
fn replay(graph: &mut Graph, stage: &Stage) -> (Vec<Edit>, Vec<Edit>) {
    let made: Vec<Edit> = stage.edits.iter().rev().cloned().collect();
    let back = made
        .iter()
        .map(|edit| apply(graph, edit.clone()).expect("a graph changes by its history alone"))
        .collect();
    (made, back)
}
