//! Undo for what a hand does to the score of the future. It is no part of the document: what was changed is forgotten with
//! Stop, and once a note is due its change cannot be taken back; that it was not is counted where the score is shown.
//!
//! Steps lie between those of the document by the state of the history in which they were made, so that Undo takes back
//! what was done last, whichever of both it was.

use super::{App, Urgency};
use crate::graph::FilterPath;
use crate::ks::ScoreChange;

/// So many steps are kept.
const MOST: usize = 256;

/// A change, and what takes it back.
#[derive(Clone, PartialEq, Debug)]
struct Step {
    /// The state of the document's history in which it was made.
    state: u64,
    filter: FilterPath,
    change: ScoreChange,
    back: ScoreChange,
}

/// Steps that can be undone and done again, the newest last.
#[derive(Default)]
pub(super) struct ScoreSteps {
    done: Vec<Step>,
    undone: Vec<Step>,
}

/// What takes a change back.
fn back(change: ScoreChange) -> ScoreChange {
    match change {
        ScoreChange::Delay(number, by) => ScoreChange::Delay(number, -by),
        ScoreChange::Mute(number, is_muted) => ScoreChange::Mute(number, !is_muted),
        ScoreChange::Remove(number) => ScoreChange::Restore(number),
        ScoreChange::Restore(number) => ScoreChange::Remove(number),
        ScoreChange::MuteChannel(channel, is_muted) => ScoreChange::MuteChannel(channel, !is_muted),
    }
}

fn name(change: ScoreChange) -> String {
    match change {
        ScoreChange::Delay(_, by) if by < 0 => "Note earlier".into(),
        ScoreChange::Delay(..) => "Note later".into(),
        ScoreChange::Mute(_, true) => "Mute note".into(),
        ScoreChange::Mute(_, false) => "Sound note".into(),
        ScoreChange::Remove(_) => "Take note away".into(),
        ScoreChange::Restore(_) => "Bring note back".into(),
        ScoreChange::MuteChannel(channel, true) => format!("Mute channel {}", channel + 1),
        ScoreChange::MuteChannel(channel, false) => format!("Sound channel {}", channel + 1),
    }
}

impl ScoreSteps {
    /// The newest step, if nothing was done to the document since.
    fn last(steps: &[Step], state: u64) -> Option<&Step> {
        steps.last().filter(|step| step.state == state)
    }

    /// The name of what Undo takes back in that state of the document.
    pub(super) fn undo_name(&self, state: u64) -> Option<String> {
        Self::last(&self.done, state).map(|step| name(step.change))
    }

    /// The name of what Redo does again in that state of the document.
    pub(super) fn redo_name(&self, state: u64) -> Option<String> {
        Self::last(&self.undone, state).map(|step| name(step.change))
    }

    /// The events are gone that they were about.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    fn push(&mut self, step: Step) {
        self.undone.clear();
        if self.done.len() >= MOST {
            self.done.remove(0);
        }
        self.done.push(step);
    }
}

impl App {
    /// Does something to what the sequencer of a filter holds.
    pub(super) fn change_score(&mut self, filter: FilterPath, change: ScoreChange) {
        if self.hand_over(&filter, change) {
            self.score_steps.push(Step {
                state: self.history.state(),
                filter,
                change,
                back: back(change),
            });
        }
    }

    fn hand_over(&mut self, filter: &FilterPath, change: ScoreChange) -> bool {
        let open = self.playing.as_ref().and_then(|it| it.open(filter));
        let Some(score) = open.and_then(|it| it.score.as_ref()) else {
            return false;
        };
        let is_taken = score.change(change);
        if !is_taken {
            self.warn("Score", "Too many changes at once: one was left out".into());
        }
        is_taken
    }

    /// Takes back the last change of the score, if it was the last of all. Whether it was.
    pub(super) fn undo_score(&mut self) -> bool {
        let state = self.history.state();
        if ScoreSteps::last(&self.score_steps.done, state).is_none() {
            return false;
        }
        let Some(step) = self.score_steps.done.pop() else {
            return false;
        };
        self.hand_over(&step.filter, step.back);
        self.tell_step("Undid", &step);
        self.score_steps.undone.push(step);
        true
    }

    /// Does again the last change that was taken back, if it was the last of all. Whether it was.
    pub(super) fn redo_score(&mut self) -> bool {
        let state = self.history.state();
        if ScoreSteps::last(&self.score_steps.undone, state).is_none() {
            return false;
        }
        let Some(step) = self.score_steps.undone.pop() else {
            return false;
        };
        self.hand_over(&step.filter, step.change);
        self.tell_step("Redid", &step);
        self.score_steps.done.push(step);
        true
    }

    fn tell_step(&mut self, verb: &str, step: &Step) {
        let text = format!("{verb}: {}", name(step.change));
        self.say_of(Urgency::News, &step.filter, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_taken_back_by_another() {
        let all = [
            ScoreChange::Delay(3, 70),
            ScoreChange::Delay(3, -70),
            ScoreChange::Mute(3, true),
            ScoreChange::Remove(3),
            ScoreChange::Restore(3),
            ScoreChange::MuteChannel(9, false),
        ];
        for change in all {
            assert_ne!(back(change), change);
            assert_eq!(back(back(change)), change);
        }
    }

    #[test]
    fn a_step_counts_while_the_document_is_as_it_was() {
        let mut steps = ScoreSteps::default();
        for number in 0..2 * MOST as u64 {
            let change = ScoreChange::Remove(number);
            steps.push(Step {
                state: 7,
                filter: FilterPath::default(),
                change,
                back: back(change),
            });
        }
        assert_eq!(steps.done.len(), MOST);
        assert_eq!(steps.undo_name(7).as_deref(), Some("Take note away"));
        assert_eq!((steps.undo_name(8), steps.redo_name(7)), (None, None));
        steps.forget();
        assert_eq!(steps.undo_name(7), None);
    }
}
