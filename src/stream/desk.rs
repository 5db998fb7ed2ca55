//! The queues of one class driver: who waits, who is in the minidriver's hands, whose time runs out. No thread, no clock
//! and no minidriver: whoever has those asks what to call next, and says what came back.
//!
//! Every request that is submitted is finished exactly once, whatever happens: it leaves `queue` or `held` by that, and
//! what is in neither finishes nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::board::Tally;
use super::done::Patience;
use super::request::{Ask, Kind, Lane, Outcome, SrbId};
use crate::ks::Status;

/// How long a minidriver has to give up what it was told to.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// A request that is on its way to the minidriver.
#[derive(Debug)]
pub(super) struct Hand {
    pub(super) id: SrbId,
    pub(super) ask: Ask,
    pub(super) patience: Arc<Patience>,
}

/// What is to be called next.
#[derive(Debug)]
pub(super) enum Due {
    Request(Hand),
    Cancel(SrbId),
    TimedOut(SrbId),
}

/// How a request ended.
#[derive(Debug)]
pub(super) struct Finished<C> {
    pub(super) id: SrbId,
    pub(super) lane: Lane,
    pub(super) kind: Kind,
    pub(super) client: C,
    pub(super) outcome: Result<Outcome, Status>,
    /// Whether it was given up before: then a failure is what was wanted.
    pub(super) was_cancelled: bool,
    /// The question, when it never left.
    pub(super) unsent: Option<Ask>,
}

struct Waiting<C> {
    id: SrbId,
    ask: Ask,
    client: C,
    patience: Duration,
}

struct Held<C> {
    lane: Lane,
    kind: Kind,
    client: C,
    patience: Arc<Patience>,
    /// What is left of the time to give it up, once that was asked.
    grace: Option<Duration>,
    is_cancelled: bool,
    has_timed_out: bool,
}

struct Line<C> {
    queue: VecDeque<Waiting<C>>,
    /// The request that must be answered, or followed by a wish, before the next may go.
    closed_by: Option<SrbId>,
    tally: Tally,
}

impl<C> Default for Line<C> {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            closed_by: None,
            tally: Tally::default(),
        }
    }
}

/// The queues.
pub(super) struct Desk<C> {
    is_synchronised: bool,
    lines: BTreeMap<Lane, Line<C>>,
    held: BTreeMap<SrbId, Held<C>>,
    last: u64,
    urgent: VecDeque<Due>,
    finished: VecDeque<Finished<C>>,
    /// Why nothing goes to the minidriver any more.
    gone: Option<Status>,
    /// Answers for which nobody waited any more.
    pub(super) late: u64,
    changed: Vec<Lane>,
}

impl<C> Desk<C> {
    pub(super) fn new(is_synchronised: bool) -> Self {
        Self {
            is_synchronised,
            lines: BTreeMap::new(),
            held: BTreeMap::new(),
            last: 0,
            urgent: VecDeque::new(),
            finished: VecDeque::new(),
            gone: None,
            late: 0,
            changed: Vec::new(),
        }
    }

    /// Takes a request; it waits its turn. Zero patience is without end.
    pub(super) fn submit(&mut self, ask: Ask, client: C, patience: Duration) -> SrbId {
        self.last += 1;
        let id = SrbId(self.last);
        let lane = ask.lane();
        let line = self.lines.entry(lane).or_default();
        let waiting = Waiting {
            id,
            ask,
            client,
            patience,
        };
        match self.gone {
            Some(status) => {
                line.tally.failed += 1;
                self.finished.push_back(unsent(waiting, Err(status), false));
            }
            None => line.queue.push_back(waiting),
        }
        self.touch(lane);
        id
    }

    /// What is to be called next: what hurries first, then whichever lane is open.
    pub(super) fn due(&mut self) -> Option<Due> {
        while let Some(due) = self.urgent.pop_front() {
            let id = match &due {
                Due::Cancel(id) | Due::TimedOut(id) => *id,
                Due::Request(hand) => hand.id,
            };
            // Answered in the meantime: nothing is to be given up.
            if self.held.contains_key(&id) {
                return Some(due);
            }
        }
        let is_synchronised = self.is_synchronised;
        let open = |line: &Line<C>| {
            !line.queue.is_empty() && (line.closed_by.is_none() || !is_synchronised)
        };
        let (lane, line) = self.lines.iter_mut().find(|(_, line)| open(line))?;
        let lane = *lane;
        let waiting = line.queue.pop_front()?;
        let patience = Patience::new(waiting.patience);
        line.closed_by = Some(waiting.id);
        line.tally.issued += 1;
        let held = Held {
            lane,
            kind: waiting.ask.kind(),
            client: waiting.client,
            patience: patience.clone(),
            grace: None,
            is_cancelled: false,
            has_timed_out: false,
        };
        self.held.insert(waiting.id, held);
        self.touch(lane);
        Some(Due::Request(Hand {
            id: waiting.id,
            ask: waiting.ask,
            patience,
        }))
    }

    /// The minidriver has answered. Says of which kind it was, if anybody still waits for it.
    pub(super) fn answered(
        &mut self,
        id: SrbId,
        outcome: Result<Outcome, Status>,
        opens: bool,
    ) -> Option<Kind> {
        let Some(held) = self.held.remove(&id) else {
            self.late += 1;
            return None;
        };
        let (lane, kind) = (held.lane, held.kind);
        if opens {
            self.open(lane, id);
        }
        self.finish(id, held, outcome);
        Some(kind)
    }

    /// The minidriver wants the next request of the lane by which `id` came.
    pub(super) fn ready(&mut self, id: SrbId) {
        let mut lines = self.lines.iter();
        let closed = lines.find(|(_, line)| line.closed_by == Some(id));
        if let Some(lane) = closed.map(|(lane, _)| *lane) {
            self.open(lane, id);
        }
    }

    /// Gives a request up: one that waits is answered here and now (SRB-15), for one in its hands the minidriver is
    /// called (SRB-13).
    pub(super) fn cancel(&mut self, id: SrbId) {
        if let Some(held) = self.held.get_mut(&id) {
            if !held.is_cancelled {
                held.is_cancelled = true;
                held.grace.get_or_insert(GRACE);
                self.urgent.push_back(Due::Cancel(id));
            }
            return;
        }
        for (lane, line) in &mut self.lines {
            let Some(at) = line.queue.iter().position(|it| it.id == id) else {
                continue;
            };
            if let Some(waiting) = line.queue.remove(at) {
                line.tally.cancelled += 1;
                let answer = Err(Status::Cancelled);
                self.finished.push_back(unsent(waiting, answer, true));
            }
            let lane = *lane;
            return self.touch(lane);
        }
    }

    /// Gives up all of a lane.
    pub(super) fn cancel_lane(&mut self, lane: Lane) {
        // From the newest: what waits must not move up while it is taken away.
        let waiting = self.lines.get(&lane).map(|line| &line.queue);
        let waiting = waiting.into_iter().flatten().rev().map(|it| it.id);
        let held = self.held.iter().filter(|(_, held)| held.lane == lane);
        let ids: Vec<SrbId> = waiting.chain(held.map(|(id, _)| *id)).collect();
        for id in ids {
            self.cancel(id);
        }
    }

    /// The request of whom this is true.
    pub(super) fn find(&self, mut is_it: impl FnMut(&C) -> bool) -> Option<SrbId> {
        let held = self.held.iter().map(|(id, held)| (*id, &held.client));
        let queues = self.lines.values().flat_map(|line| &line.queue);
        let queued = queues.map(|waiting| (waiting.id, &waiting.client));
        held.chain(queued)
            .find(|(_, client)| is_it(client))
            .map(|(id, _)| id)
    }

    /// Lets time pass. Says whether the minidriver has let even the grace run out: it does not respond.
    pub(super) fn pass(&mut self, time: Duration) -> bool {
        let mut is_deaf = false;
        for (id, held) in &mut self.held {
            if held.patience.pass(time) {
                held.has_timed_out = true;
                held.grace.get_or_insert(GRACE);
                self.urgent.push_back(Due::TimedOut(*id));
                continue;
            }
            if held.has_timed_out && held.patience.left().is_some() {
                // It was asked for more time.
                held.has_timed_out = false;
                held.grace = held.is_cancelled.then_some(GRACE);
            }
            if let Some(grace) = &mut held.grace {
                *grace = grace.saturating_sub(time);
                is_deaf |= grace.is_zero();
            }
        }
        is_deaf
    }

    /// How long nothing can run out; `None` is for ever.
    pub(super) fn patience(&self) -> Option<Duration> {
        let left = |held: &Held<C>| match (held.grace, held.patience.left()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.held.values().filter_map(left).min()
    }

    /// Answers everything in the minidriver's place. Nothing goes to it any more.
    pub(super) fn reset(&mut self, status: Status) {
        self.gone = Some(status);
        self.urgent.clear();
        for (id, mut held) in std::mem::take(&mut self.held) {
            let was_cancelled = held.is_cancelled;
            let answer = if was_cancelled {
                Status::Cancelled
            } else {
                status
            };
            held.has_timed_out |= held.grace.is_some() && !was_cancelled;
            self.finish(id, held, Err(answer));
        }
        let lanes: Vec<Lane> = self.lines.keys().copied().collect();
        for lane in lanes {
            if let Some(line) = self.lines.get_mut(&lane) {
                line.closed_by = None;
                line.tally.cancelled += line.queue.len() as u64;
                for waiting in line.queue.drain(..) {
                    self.finished
                        .push_back(unsent(waiting, Err(Status::Cancelled), true));
                }
            }
            self.touch(lane);
        }
    }

    /// What was finished, in the order in which it was.
    pub(super) fn take_finished(&mut self) -> Option<Finished<C>> {
        self.finished.pop_front()
    }

    /// The figures of the lanes that have changed.
    pub(super) fn take_changes(&mut self) -> Vec<(Lane, Tally)> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        let tallies = changed.into_iter().filter_map(|lane| {
            let line = self.lines.get(&lane)?;
            Some((lane, line.tally))
        });
        tallies.collect()
    }

    /// Those of one lane.
    pub(super) fn tally(&self, lane: Lane) -> Tally {
        self.lines
            .get(&lane)
            .map_or_else(Tally::default, |line| line.tally)
    }

    fn open(&mut self, lane: Lane, id: SrbId) {
        if let Some(line) = self.lines.get_mut(&lane)
            && line.closed_by == Some(id)
        {
            line.closed_by = None;
        }
    }

    fn finish(&mut self, id: SrbId, held: Held<C>, outcome: Result<Outcome, Status>) {
        if let Some(line) = self.lines.get_mut(&held.lane) {
            let tally = &mut line.tally;
            // The class driver looks at SUCCESS or not; other codes are the client's (SRB-17).
            match &outcome {
                Ok(_) => tally.done += 1,
                Err(_) if held.is_cancelled => tally.cancelled += 1,
                Err(_) if held.has_timed_out => tally.timed_out += 1,
                Err(_) => tally.failed += 1,
            }
        }
        self.finished.push_back(Finished {
            id,
            lane: held.lane,
            kind: held.kind,
            client: held.client,
            outcome,
            was_cancelled: held.is_cancelled,
            unsent: None,
        });
        self.touch(held.lane);
    }

    fn touch(&mut self, lane: Lane) {
        let held = self.held.values().filter(|held| held.lane == lane).count() as u64;
        if let Some(line) = self.lines.get_mut(&lane) {
            line.tally.queued = line.queue.len() as u64;
            line.tally.in_flight = held;
            line.tally.most_in_flight = line.tally.most_in_flight.max(held);
        }
        self.changed.push(lane);
    }
}

fn unsent<C>(
    waiting: Waiting<C>,
    outcome: Result<Outcome, Status>,
    cancelled: bool,
) -> Finished<C> {
    Finished {
        id: waiting.id,
        lane: waiting.ask.lane(),
        kind: waiting.ask.kind(),
        client: waiting.client,
        outcome,
        was_cancelled: cancelled,
        unsent: Some(waiting.ask),
    }
}
