//! What the worker does for each stream: its states, its frames, the order of its answers.

use std::sync::atomic::Ordering;

use super::{Client, DATA_PATIENCE, PATIENCE, Worker, if_it_can};
use crate::ks::{State, Status};
use crate::stream::lane::Direction;
use crate::stream::request::{Ask, Lane, Outcome};
use crate::stream::rings::{Parcel, run, send};

impl Worker {
    /// Takes the next step towards the state that is wanted.
    pub(super) fn follow_state(&mut self, index: usize) -> bool {
        let (run, wanted) = self.parts.shared.wanted();
        let is_closing = self.parts.shared.closing.load(Ordering::Acquire);
        let it = &mut self.parts.streams[index];
        let run = it.run_of(run);
        if it.is_changing {
            return false;
        }
        let is_sought = it.run < run && run::since_stop(run) == run::since_stop(it.run);
        if is_sought || it.turns_to.is_some() && it.run == run && !it.has_failed {
            return self.go_on_from(index, run, is_sought);
        }
        let begun = it.next_run(run::since_stop(run));
        let target = match it.direction {
            _ if it.run == run && it.has_failed => it.state,
            Direction::Read if it.run < run => State::Stop,
            Direction::Read if is_closing => wanted,
            Direction::Read => wanted.max(State::Pause),
            Direction::Write if it.run == run => wanted,
            Direction::Write if it.has_to_write() => State::Run,
            // What was written before is written, as long as that goes on.
            Direction::Write if it.has_unanswered() => return false,
            Direction::Write => State::Stop,
        };
        let reads = it.direction == Direction::Read && it.has_unanswered();
        if target < State::Pause && target < it.state && reads {
            // Below Pause nothing may be outstanding.
            let was_told = it.is_cancelling;
            if !was_told {
                it.is_cancelling = true;
                let lane = Lane::Data(it.id);
                self.desk.cancel_lane(lane);
            }
            return !was_told;
        }
        let Some(state) = it.state.step_towards(target) else {
            if it.run < run && it.state == State::Stop {
                it.begin_run(begun, 0);
                return true;
            }
            return false;
        };
        it.is_changing = true;
        let stream = it.id;
        let ask = Ask::SetState { stream, state };
        self.desk.submit(ask, Client::State(index, state), PATIENCE);
        true
    }

    /// Has a reading stream go on from where it was sought, or from where its loop begins, once nothing is outstanding.
    fn go_on_from(&mut self, index: usize, run: u64, is_sought: bool) -> bool {
        let it = &mut self.parts.streams[index];
        let stream = it.id;
        if it.has_unanswered() {
            let was_told = std::mem::replace(&mut it.is_cancelling, true);
            if !was_told {
                self.desk.cancel_lane(Lane::Data(stream));
            }
            return !was_told;
        }
        let sample = match it.turns_to {
            Some(begin) if !is_sought => begin,
            _ => self.parts.shared.sought(index),
        };
        it.is_changing = true;
        let rate_permille = self.parts.shared.rate();
        if it.rate_permille != rate_permille {
            it.rate_permille = rate_permille;
            let ask = Ask::SetRate {
                stream,
                rate_permille,
            };
            self.desk.submit(ask, Client::Rate(index), PATIENCE);
            return true;
        }
        let ask = Ask::SetPosition { stream, sample };
        let client = Client::Position(index, run, sample);
        self.desk.submit(ask, client, PATIENCE);
        true
    }

    /// A stream was told to go on from another place. One that cannot goes on where it is.
    pub(super) fn position_answered(
        &mut self,
        index: usize,
        (run, sample): (u64, u64),
        answer: Result<Outcome, Status>,
    ) {
        self.report(if_it_can(answer), "SET_STREAM_POSITION");
        let it = &mut self.parts.streams[index];
        it.is_changing = false;
        it.is_cancelling = false;
        if it.run == run {
            (it.position, it.origin) = (sample, sample);
            it.round += 1;
            (it.turns_to, it.has_ended) = (None, false);
        } else {
            it.begin_run(run, sample);
        }
    }

    /// Asks for whatever of a stream may be read ahead or has to be written.
    pub(super) fn hand_over(&mut self, index: usize) -> bool {
        let (run, _) = self.parts.shared.wanted();
        let it = &mut self.parts.streams[index];
        let run = it.run_of(run);
        if it.has_failed {
            return self.discard(index);
        }
        let is_ready = match it.direction {
            Direction::Read => {
                let goes_on = !it.has_ended && it.turns_to.is_none();
                it.run == run && goes_on && it.state >= State::Pause
            }
            Direction::Write => it.state == State::Run,
        };
        if !is_ready || it.is_changing || it.is_cancelling {
            return false;
        }
        if let Some(moved) = self.survey(index) {
            return moved;
        }
        let it = &mut self.parts.streams[index];
        let mut moved = false;
        while let Some(frame) = it.next_frame() {
            let stream = it.id;
            let ask = match it.direction {
                Direction::Read => Ask::Read { stream, frame },
                Direction::Write => Ask::Write { stream, frame },
            };
            let id = self.desk.submit(ask, Client::Data(index), DATA_PATIENCE);
            it.in_flight.push_back((id, None));
            moved = true;
        }
        moved
    }

    /// Gives frames of a failed writing stream back unwritten.
    pub(super) fn discard(&mut self, index: usize) -> bool {
        let it = &mut self.parts.streams[index];
        let mut moved = false;
        while it.direction == Direction::Write && it.inbox.peek().is_ok_and(|p| p.run == it.run) {
            let Ok(mut parcel) = it.inbox.pop() else {
                break;
            };
            parcel.frame.empty();
            send(&mut it.outbox, parcel);
            moved = true;
        }
        moved
    }

    pub(super) fn state_answered(
        &mut self,
        index: usize,
        state: State,
        answer: Result<Outcome, Status>,
    ) {
        let it = &mut self.parts.streams[index];
        it.is_changing = false;
        // On the way down nothing stops (STA-6).
        let is_down = state < it.state;
        match if_it_can(answer) {
            Err(status) if !is_down => self.fail(index, status, "SET_STREAM_STATE"),
            answer => {
                it.state = state;
                self.report(answer, "SET_STREAM_STATE");
            }
        }
    }

    /// Passes on the answers of a stream, as far as they are there in order.
    pub(super) fn deliver(&mut self, index: usize) {
        let (run, _) = self.parts.shared.wanted();
        let looped = self.parts.shared.looped(index);
        loop {
            let it = &mut self.parts.streams[index];
            let run = it.run_of(run);
            let Some(answer) = it.next_answer() else {
                return;
            };
            let was_cancelled = answer.was_cancelled;
            let (mut frame, failure) = match (answer.frame, answer.status) {
                (Some(frame), status) if it.is_own(&frame) => (frame, status.err()),
                (Some(_), _) => (it.new_frame(), Some(Status::InvalidBufferSize)),
                // The minidriver has kept it, or dropped it: another takes its place.
                (None, status) => (it.new_frame(), status.err()),
            };
            match (it.direction, failure) {
                (Direction::Read, None) if it.survey.is_some() => {
                    if let Some(survey) = &mut it.survey {
                        survey.take(&frame);
                    }
                    it.spare.push(frame);
                }
                (Direction::Read, None) if it.run == run && it.turns_to.is_none() => {
                    let is_whole = it.cut_at(&mut frame, looped);
                    it.mend(&mut frame, looped, is_whole);
                    it.stamp(&mut frame);
                    it.has_ended |= frame.header.is_end_of_stream() || is_whole;
                    let parcel = Parcel {
                        round: it.round,
                        is_whole,
                        ..Parcel::new(run, frame)
                    };
                    send(&mut it.outbox, parcel);
                }
                (Direction::Read, _) => it.spare.push(frame),
                (Direction::Write, _) => {
                    frame.empty();
                    send(&mut it.outbox, Parcel::new(run, frame));
                }
            }
            let has_ended = it.has_ended && it.has_unanswered();
            let lane = Lane::Data(it.id);
            match failure {
                Some(status) if !was_cancelled => self.fail(index, status, "a data request"),
                // Nothing is there any more for those who wait.
                _ if has_ended => self.desk.cancel_lane(lane),
                _ => {}
            }
        }
    }

    pub(super) fn fail(&mut self, index: usize, status: Status, what: &str) {
        self.report::<()>(Err(status), what);
        let it = &mut self.parts.streams[index];
        if !it.has_failed {
            it.has_failed = true;
            self.parts.shared.fail(index, it.run);
            let lane = Lane::Data(it.id);
            self.desk.cancel_lane(lane);
        }
    }
}
