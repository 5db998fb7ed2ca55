//! States: the runner's walk from the state it is in to the one asked for, step by step over every open filter, and what
//! a stop forgets.

use std::sync::atomic::Ordering;

use super::cycle::report;
use super::line::Line;
use super::link::Report;
use super::plan::Step;
use super::runner::Runner;
use super::slab::Entry;
use crate::ks::State;

impl Runner {
    /// Walks towards the state asked for, one step at a time, once nothing is heard any more.
    pub(super) fn settle_state(&mut self) {
        if self.wants_panic && (self.state != State::Run || self.gate == 0 || !self.is_live) {
            self.wants_panic = false;
            let state = self.state;
            self.for_each_entry(false, |entry| {
                walk(entry, State::Stop);
                walk(entry, state);
            });
            self.clear_lines();
        }
        let wanted = self.wanted();
        if self.state == State::Run && wanted < State::Run && self.gate > 0 && self.is_live {
            return;
        }
        if self.pending.is_some() && wanted != State::Run {
            self.finish();
        }
        while let Some(next) = self.state.step_towards(self.wanted()) {
            let is_up = next > self.state;
            self.for_each_entry(is_up, |entry| walk(entry, next));
            self.state = next;
            // The position first: who sees the state is to find it where it belongs.
            if next == State::Stop {
                self.clear_lines();
                self.stops_first = false;
                self.position = 0;
                self.has_ended = false;
                self.cells.position.store(0, Ordering::Relaxed);
            }
            self.cells.state.store(next as u8, Ordering::Release);
            if next == self.wanted || next == State::Stop {
                report(&mut self.reports, &self.cells, Report::Reached(next));
            }
        }
    }

    /// Every open filter, sinks first on the way up, sources first on the way down (ORD-3).
    fn for_each_entry(&mut self, sinks_first: bool, mut visit: impl FnMut(&mut Entry)) {
        let Some(plan) = &self.plan else { return };
        let mut call = |step: &Step| {
            if let Step::Process { entry, .. } = step
                && let Some(entry) = self.slab.get(*entry)
                && !entry.is_faulty
            {
                visit(entry);
            }
        };
        if sinks_first {
            plan.steps.iter().rev().for_each(&mut call);
        } else {
            plan.steps.iter().for_each(&mut call);
        }
    }

    /// Forgets what is on its way in loops.
    pub(super) fn clear_lines(&mut self) {
        if let Some(plan) = &mut self.plan {
            plan.lines.iter_mut().for_each(Line::clear);
        }
    }
}

/// Steps one filter to a state.
pub(super) fn walk(entry: &mut Entry, wanted: State) {
    while let Some(next) = entry.state.step_towards(wanted) {
        if !entry.is_faulty {
            entry.processor.enter(next);
        }
        entry.state = next;
    }
}
