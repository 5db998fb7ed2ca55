//! Going elsewhere: the graph's position sought, a range played round and round, a step from Pause.
//!
//! A seek waits until nothing is heard: the gate at the devices closes as for Pause. Then everything under way is
//! forgotten, notes that are held on a wire are released, filters are told, and the gate opens when those that read ahead
//! have something to give; until then devices get silence, and the position stands. A loop does none of this: at its end
//! the position jumps between two samples, whoever reads ahead has read round it, and sound goes on over the seam.
//!
//! The clock of the graph knows nothing of all this: it counts what was made ([`Runner::elapsed`]).

use std::sync::atomic::Ordering;

use super::plan::{Plan, Step};
use super::runner::{Runner, gate_len};
use super::slab::Entry;
use super::states::walk;
use crate::ks::{LoopRange, RATE_UNITY, Seek, State, flag};

/// No graph goes further: at the highest rate it is years.
pub(super) const FURTHEST: u64 = 1 << 48;
/// Whoever has nothing to give after so many seconds is not waited for any longer.
const PATIENCE_SECONDS: u64 = 2;

/// Where a seek leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Goal {
    Position(u64),
    /// Where it is: what was read ahead is to be read anew.
    Here,
}

/// A step from Pause.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stride {
    whole: u64,
    done: u64,
    /// Steps that were asked for while it was under way.
    more: u64,
}

impl Stride {
    /// How far it opens and closes, in samples of it.
    fn edge(self, gate_len: usize) -> u64 {
        (gate_len as u64).min(self.whole / 2)
    }

    /// How far the gate is open behind the next `len` samples: nothing at both ends of the step.
    pub(super) fn gate(self, gate_len: usize, len: usize) -> usize {
        let at = self.done + len as u64;
        let edge = self.edge(gate_len);
        let open = at.min(self.whole.saturating_sub(at)).min(edge);
        (open * gate_len as u64 / edge.max(1)) as usize
    }

    /// Samples until the gate turns.
    fn rest(self, gate_len: usize) -> u64 {
        let edge = self.edge(gate_len);
        let turns = [edge, self.whole - edge, self.whole];
        let next = turns.into_iter().find(|&it| it > self.done);
        next.map_or(1, |it| it - self.done)
    }
}

/// What the runner knows of all this.
#[derive(Debug)]
pub(super) struct Seeking {
    goal: Option<Goal>,
    range: Option<LoopRange>,
    /// How fast filters play, and how fast they are to from the next seek on; and where the last jump led.
    speed: u32,
    next_speed: Option<u32>,
    origin: u64,
    stride: Option<Stride>,
    /// A step has ended, and Pause is not reached yet.
    has_stepped: bool,
    /// Nothing was played yet at the new place.
    is_first: bool,
    /// Those that read ahead are waited for, since so many samples.
    is_cueing: bool,
    waited: u64,
}

impl Default for Seeking {
    fn default() -> Self {
        Self {
            goal: None,
            range: None,
            speed: RATE_UNITY,
            next_speed: None,
            origin: 0,
            stride: None,
            has_stepped: false,
            is_first: false,
            is_cueing: false,
            waited: 0,
        }
    }
}

impl Seeking {
    /// The position at which a loop turns.
    fn turns_at(&self) -> Option<u64> {
        self.range?.turns_at(self.origin, self.speed)
    }

    /// Where in what is played a position is.
    fn place(&self, position: u64) -> u64 {
        match position.checked_sub(self.origin) {
            Some(since) if self.speed != RATE_UNITY => {
                let played = u128::from(since) * u128::from(self.speed) / u128::from(RATE_UNITY);
                self.origin + played as u64
            }
            _ => position,
        }
    }

    /// Whether the gate is to close for a seek.
    pub(super) fn is_wanted(&self) -> bool {
        self.goal.is_some()
    }

    /// Whether the position will come to the end of a loop.
    pub(super) fn goes_round(&self, position: u64) -> bool {
        self.turns_at().is_some_and(|end| position < end)
    }

    /// The step under way.
    pub(super) fn step(&self) -> Option<Stride> {
        self.stride
    }

    /// The longest piece up to the end of a step, where there is nothing to be played.
    pub(super) fn until_step(&self, len: usize) -> usize {
        let left = self.stride.map(|it| it.whole - it.done);
        left.map_or(len, |left| len.min(left as usize).max(1))
    }

    /// What headers say of the next piece: a break before it, or a jump of time behind it (HDR-8).
    pub(super) fn says(&self, position: u64, len: usize, gate: usize) -> u32 {
        let before = match self.is_first {
            true => flag::DATADISCONTINUITY,
            false => 0,
        };
        let is_last = self.goal.is_some() && gate == 0;
        let turns = self.turns_at() == Some(position + len as u64);
        match is_last || turns {
            true => before | flag::TIMEDISCONTINUITY,
            false => before,
        }
    }

    /// A filter comes into a graph: it learns what is played round, and in Stop where to begin.
    pub(super) fn welcome(&self, entry: &mut Entry, level: State, (to, rate_hz): (u64, u32)) {
        if self.speed != RATE_UNITY {
            entry.processor.set_rate(self.speed);
        }
        if self.range.is_some() {
            entry.processor.set_loop(self.range);
        }
        if level == State::Stop && to > 0 {
            let _ = entry.processor.seek(Seek {
                from: 0,
                to,
                rate_hz,
                flushes: true,
            });
        }
    }
}

impl Runner {
    /// Goes there as soon as nothing is heard.
    pub(super) fn want_seek(&mut self, to: u64) {
        self.aim(Goal::Position(to.min(FURTHEST)));
    }

    fn aim(&mut self, goal: Goal) {
        if goal == Goal::Here && self.seeking.goal.is_some() {
            return;
        }
        self.seeking.goal = Some(goal);
        self.cells.is_seeking.store(true, Ordering::Release);
    }

    /// Plays a range round and round from here on. What was read ahead may lie beyond its end: it is read anew.
    pub(super) fn want_loop(&mut self, range: Option<LoopRange>) {
        let range = range.filter(|it| it.len() >= LoopRange::LEAST && it.end <= FURTHEST);
        if range == self.seeking.range {
            return;
        }
        self.seeking.range = range;
        self.for_each_open(|_, entry| entry.processor.set_loop(range));
        self.aim(Goal::Here);
    }

    /// Has filters play at another rate from here on; below Pause there is none (CLK-5).
    pub(super) fn want_speed(&mut self, rate_permille: u32) {
        let now = self.seeking.next_speed.unwrap_or(self.seeking.speed);
        if self.state >= State::Pause && rate_permille != now && rate_permille > 0 {
            self.seeking.next_speed = Some(rate_permille);
            self.aim(Goal::Here);
        }
    }

    /// Where in what is played the graph is: its position, but for the speed since the last jump.
    pub(super) fn place(&self) -> u64 {
        self.seeking.place(self.position)
    }

    /// Plays so many samples out of Pause. In another state it goes to Pause.
    pub(super) fn want_step(&mut self, samples: u64) {
        if let Some(stride) = &mut self.seeking.stride {
            stride.more += 1;
            return;
        }
        if self.state == State::Pause && self.wanted() == State::Pause && samples > 0 {
            self.seeking.stride = Some(Stride {
                whole: samples,
                done: 0,
                more: 0,
            });
            self.origin = State::Pause;
            self.wanted = State::Run;
        } else {
            self.wanted = State::Pause;
        }
    }

    /// Another state is asked for: a step ends, and with Stop a seek is void that was to come before it.
    pub(super) fn forget_seek(&mut self, state: State) {
        (self.seeking.stride, self.seeking.has_stepped) = (None, false);
        if state == State::Stop && self.state != State::Stop && self.seeking.goal.take().is_some() {
            self.cells.is_seeking.store(false, Ordering::Release);
        }
    }

    /// The longest piece in which nothing of this happens.
    pub(super) fn until_seek(&self, plan: &Plan, len: usize) -> usize {
        let it = &self.seeking;
        let mut most = len as u64;
        let gate_len = gate_len(plan.rate_hz);
        if it.goal.is_some() && self.is_heard() {
            most = most.min(self.gate.min(gate_len) as u64);
        }
        if let Some(end) = it.turns_at()
            && self.position < end
        {
            most = most.min(end - self.position);
        }
        if let Some(stride) = it.stride {
            most = most.min(stride.rest(gate_len));
        }
        most.max(1) as usize
    }

    /// The next sample is heard once those that read ahead have something to give.
    pub(super) fn cue(&mut self) {
        (self.seeking.is_cueing, self.seeking.waited) = (true, 0);
    }

    /// Whether the next piece is silence, since somebody who reads ahead has nothing yet.
    pub(super) fn waits_for_readers(&mut self, len: usize) -> bool {
        if !self.seeking.is_cueing {
            return false;
        }
        let rate_hz = self.plan.as_ref().map_or(0, |plan| plan.rate_hz);
        let is_over = self.seeking.waited >= u64::from(rate_hz) * PATIENCE_SECONDS;
        if !self.is_live || is_over || self.is_ready(len) {
            self.seeking.is_cueing = false;
            self.cells.is_seeking.store(false, Ordering::Release);
            return false;
        }
        self.seeking.waited += len as u64;
        true
    }

    /// Behind a piece in which devices got silence and time stood.
    pub(super) fn after_silence(&mut self) {
        self.cells.elapsed.store(self.elapsed, Ordering::Relaxed);
        self.cells.cycles.fetch_add(1, Ordering::Relaxed);
        self.settle_state();
    }

    /// So many samples were played.
    pub(super) fn passed(&mut self, len: usize) {
        if std::mem::take(&mut self.seeking.is_first)
            && let Some(plan) = &mut self.plan
        {
            // What was released need not be looked at again.
            plan.holds.is_pending = true;
        }
        let Some(stride) = &mut self.seeking.stride else {
            return;
        };
        stride.done += len as u64;
        if stride.done < stride.whole {
            return;
        }
        if stride.more > 0 {
            stride.more -= 1;
            stride.done = 0;
            return;
        }
        self.seeking.stride = None;
        self.seeking.has_stepped = true;
        self.wanted = State::Pause;
    }

    /// Whether a state is only reached for a step, or behind one: then it is no news.
    pub(super) fn is_stepping(&mut self, reached: State) -> bool {
        let has_stepped = std::mem::take(&mut self.seeking.has_stepped);
        self.seeking.stride.is_some() || has_stepped && reached == State::Pause
    }

    /// Whether there is anything to be done about seeks.
    #[inline]
    pub(super) fn is_seek_settled(&self) -> bool {
        self.seeking.goal.is_none() && self.seeking.speed == RATE_UNITY
    }

    /// Seeks if it is wanted and nothing is heard.
    pub(super) fn settle_seek(&mut self) {
        let is_behind_stop = self.stops_first && self.state != State::Stop;
        if self.state < State::Pause && self.seeking.speed != RATE_UNITY && !is_behind_stop {
            self.seeking.next_speed = Some(RATE_UNITY);
            self.aim(Goal::Here);
        }
        if self.seeking.goal.is_none() || self.is_heard() || is_behind_stop {
            return;
        }
        if self.pending.is_some() {
            // Who arrives is to be told as well.
            self.finish();
        }
        let to = match self.seeking.goal.take() {
            Some(Goal::Position(to)) => to,
            _ => self.place(),
        };
        if let Some(speed) = self.seeking.next_speed.take() {
            self.seeking.speed = speed;
            self.cells.speed.store(speed, Ordering::Release);
            self.for_each_open(|_, entry| entry.processor.set_rate(speed));
        }
        self.jump(to, true);
        self.clear_lines();
        if let Some(plan) = &mut self.plan {
            plan.holds.reset();
            plan.holds.release(|_| true);
        }
        self.has_ended = false;
        self.forget_end();
        let it = &mut self.seeking;
        it.is_first = true;
        self.cue();
        self.cells.seeks.fetch_add(1, Ordering::Release);
        if self.state < State::Run || !self.is_live {
            self.cells.is_seeking.store(false, Ordering::Release);
        }
        self.cells.bell.ring();
    }

    /// At the end of the range it begins anew.
    pub(super) fn turn_round(&mut self) {
        let Some(range) = self.seeking.range else {
            return;
        };
        if self.seeking.turns_at() != Some(self.position) {
            return;
        }
        let by = self.position - range.begin;
        self.jump(range.begin, false);
        if let Some(plan) = &mut self.plan {
            plan.holds.catch_up();
            // What somebody plays by hand goes on.
            plan.holds
                .release(|node| !node.is_live && node.ins.is_empty());
            let rate_hz = plan.rate_hz;
            for align in &mut plan.aligns {
                align.turn(by, rate_hz);
            }
        }
        self.has_ended = false;
        self.forget_end();
        self.cells.turns.fetch_add(1, Ordering::Release);
    }

    /// The position is another one, and every filter is told.
    fn jump(&mut self, to: u64, flushes: bool) {
        let from = self.position;
        (self.position, self.seeking.origin) = (to, to);
        self.cells.position.store(to, Ordering::Relaxed);
        let rate_hz = self.plan.as_ref().map_or(0, |plan| plan.rate_hz);
        self.for_each_open(|lag, entry| {
            let seek = Seek {
                from: from.saturating_sub(lag),
                to,
                rate_hz,
                flushes,
            };
            if !entry.processor.seek(seek) && flushes {
                let state = entry.state;
                walk(entry, State::Stop);
                walk(entry, state);
            }
        });
        if let Some(plan) = &mut self.plan {
            plan.holds.is_pending = true;
        }
    }

    /// Every open filter that is not broken, with the samples it is behind the graph.
    fn for_each_open(&mut self, mut visit: impl FnMut(u64, &mut Entry)) {
        let Some(plan) = &mut self.plan else { return };
        plan.stir(&mut self.slab);
        for step in &plan.steps {
            if let Step::Process { entry, node, .. } = step
                && let Some(entry) = self.slab.get(*entry)
                && !entry.is_faulty
            {
                visit(plan.holds.nodes[*node as usize].lag, entry);
            }
        }
    }
}
