//! States: the runner's walk from the state it is in to the one asked for, step by step over every pin, and what a stop
//! forgets. What the states mean for a cycle is decided in `hold.rs`.

use std::sync::atomic::Ordering;

use super::align::Align;
use super::cut::Cut;
use super::cycle::report;
use super::hold::Holds;
use super::line::Line;
use super::link::{Cells, Report, Stepped};
use super::plan::{Plan, Step};
use super::runner::Runner;
use super::slab::{Entry, Slab};
use crate::ks::{Cued, State, Status};

/// A step up that a filter refused.
pub(super) struct Refused {
    node: usize,
    entry: u32,
    state: State,
    status: Status,
}

impl Runner {
    /// Walks towards the state asked for, one step at a time, once nothing is heard any more.
    #[inline]
    pub(super) fn settle_state(&mut self) {
        // Most cycles end like that.
        let is_pending = |plan: &Plan| plan.holds.is_pending;
        let is_settled = self.state == self.wanted()
            && self.is_seek_settled()
            && !self.wants_panic
            && self.pending.is_none()
            && !self.plan.as_deref().is_some_and(is_pending);
        if !is_settled {
            self.settle_all();
        }
    }

    fn settle_all(&mut self) {
        if self.wants_panic && (self.state != State::Run || self.gate == 0 || !self.is_live) {
            self.wants_panic = false;
            self.for_each_entry(|entry| {
                let state = entry.state;
                walk(entry, State::Stop);
                walk(entry, state);
            });
            self.clear_lines();
        }
        self.settle_seek();
        let wanted = self.wanted();
        if self.state == State::Run && wanted < State::Run && self.gate > 0 && self.is_live {
            self.settle_pins();
            return;
        }
        if self.pending.is_some() && wanted != State::Run {
            self.finish();
        }
        while let Some(next) = self.state.step_towards(self.wanted()) {
            if let Err(refused) = self.bring_pins(next, true) {
                self.go_back(&refused);
                break;
            }
            self.arrive(next);
            if (next == self.wanted || next == State::Stop) && !self.is_stepping(next) {
                self.tell_reached(next);
            }
        }
        // One that was to come behind a Stop.
        self.settle_seek();
        self.settle_pins();
    }

    /// The graph is in a state.
    fn arrive(&mut self, state: State) {
        self.state = state;
        if let Some(plan) = &mut self.plan {
            plan.stir(&mut self.slab);
        }
        // The position first: who sees the state is to find it where it belongs.
        if state == State::Stop {
            self.clear_lines();
            if let Some(plan) = &mut self.plan {
                plan.holds.reset();
            }
            self.stops_first = false;
            self.position = 0;
            self.elapsed = 0;
            self.forget_quality();
            self.has_ended = false;
            self.forget_end();
            self.cells.position.store(0, Ordering::Relaxed);
            self.cells.elapsed.store(0, Ordering::Relaxed);
        }
        if state == State::Run {
            self.cue();
        }
        self.cells.state.store(state as u8, Ordering::Release);
        if let Some(plan) = &mut self.plan {
            plan.holds.is_pending = true;
        }
    }

    /// A step up was refused: what has moved goes back in reverse order, to where the request found it (STA-6).
    fn go_back(&mut self, refused: &Refused) {
        report(&mut self.reports, &self.cells, refused.report());
        let origin = self.origin.min(self.state);
        self.wanted = origin;
        loop {
            let state = self.state;
            if let Some(mut walk) = self.pins() {
                walk.down(state, true, true);
            }
            let Some(next) = self.state.step_towards(origin) else {
                break;
            };
            if let Some(mut walk) = self.pins() {
                walk.down(next, true, true);
            }
            self.arrive(next);
        }
        self.tell_reached(origin);
    }

    /// The pins of the plan that runs, to be stepped.
    fn pins(&mut self) -> Option<Walk<'_>> {
        let plan = self.plan.as_deref_mut()?;
        plan.stir(&mut self.slab);
        Some(Walk {
            counts: plan.holds.counts(),
            holds: &mut plan.holds,
            slab: &mut self.slab,
            steps: &mut self.steps,
            cells: &self.cells,
            position: self.position,
        })
    }

    /// Takes every pin where it belongs while the graph is in `level`: down first, then up. Where a filter refuses a step
    /// up it stays below it, unless the graph as a whole is on its way (`is_whole`).
    pub(super) fn bring_pins(&mut self, level: State, is_whole: bool) -> Result<(), Refused> {
        let is_heard = self.is_heard();
        loop {
            let Some(mut walk) = self.pins() else {
                return Ok(());
            };
            let may_fall = is_whole || !is_heard || !walk.holds.is_fading_out();
            walk.down(level, false, may_fall);
            let Err(refused) = walk.up(level) else {
                return Ok(());
            };
            if is_whole {
                return Err(refused);
            }
            let node = &mut walk.holds.nodes[refused.node];
            let below = refused.state.step_towards(State::Stop);
            node.allowed = node.origin.min(below.unwrap_or(State::Stop));
            report(&mut self.reports, &self.cells, refused.report());
        }
    }

    /// Whether a change would be heard at once.
    pub(super) fn is_heard(&self) -> bool {
        self.is_live && self.state == State::Run && self.gate > 0
    }

    /// Takes pins where they belong that differ from the graph, when it can be done: behind their fades, and where every
    /// rate of the graph begins a sample.
    pub(super) fn settle_pins(&mut self) {
        self.settle(false);
    }

    /// The same, anywhere (`now`): for a plan that has just been put in place.
    pub(super) fn settle(&mut self, now: bool) {
        let is_pending = |runner: &Self| runner.plan.as_ref().is_some_and(|it| it.holds.is_pending);
        if !is_pending(self) {
            return;
        }
        let (level, position, is_heard) = (self.state, self.position, self.is_heard());
        let Some(plan) = &mut self.plan else { return };
        plan.holds.aim(level);
        if !is_heard {
            plan.holds.jump();
        }
        if now || level != State::Run || position.is_multiple_of(plan.holds.beat) {
            // Refusals have been told of.
            let _ = self.bring_pins(level, false);
        }
        if now && let Some(mut walk) = self.pins() {
            walk.reconcile();
        }
        let Some(plan) = &mut self.plan else { return };
        let mut seats = plan.holds.seats.iter();
        plan.holds.is_pending = seats.any(|seat| plan.holds.wanted(seat, level) != seat.state);
        let cycles = self.cells.cycles();
        plan.holds.decide(level == State::Run, cycles);
    }

    /// A filter or one of its pins goes no further than `state` from here on.
    pub(super) fn limit(&mut self, entry: u32, pin: Option<(u16, u16)>, state: State) {
        let at = self.slab.get(entry).map(|entry| entry.state);
        let Some(plan) = &mut self.plan else { return };
        let Some(node) = plan.holds.node_of(entry) else {
            return;
        };
        let holds = &mut plan.holds;
        let seats = holds.nodes[node].seats.clone();
        match pin {
            None => holds.nodes[node].limit = state,
            Some(place) => {
                let mut seats = holds.seats[seats].iter_mut();
                let Some(seat) = seats.find(|seat| (seat.factory, seat.instance) == place) else {
                    return;
                };
                seat.limit = state;
            }
        }
        let node = &mut holds.nodes[node];
        if !node.is_lost {
            node.allowed = State::Run;
        }
        node.origin = at.unwrap_or_default();
        holds.is_pending = true;
    }

    /// The device of a filter is gone: its pins go to Stop, and what comes to it is thrown away (PWR-2).
    pub(super) fn lose(&mut self, entry: u32) {
        let Some(plan) = &mut self.plan else { return };
        let Some(node) = plan.holds.node_of(entry) else {
            return;
        };
        let node = &mut plan.holds.nodes[node];
        (node.is_lost, node.allowed) = (true, State::Stop);
        plan.holds.is_pending = true;
        self.settle_pins();
    }

    /// What was refused may be tried again with another state of the graph.
    pub(super) fn forgive(&mut self) {
        let Some(plan) = &mut self.plan else { return };
        for node in plan.holds.nodes.iter_mut().filter(|node| !node.is_lost) {
            node.allowed = State::Run;
        }
    }

    /// Whether a filter's processor is in Run.
    pub(super) fn is_in_run(&mut self, entry: u32) -> bool {
        let entry = self.slab.get(entry);
        entry.is_some_and(|entry| entry.state == State::Run)
    }

    /// Publishes who is ready while everything waits in Pause (STA-8).
    pub(super) fn publish_cues(&mut self) {
        let Some(plan) = self.plan.as_deref_mut() else {
            return;
        };
        let cells = plan.holds.cells.cues.iter();
        for (node, cell) in plan.holds.nodes.iter().zip(cells) {
            let Some(entry) = node.entry.and_then(|it| self.slab.get(it)) else {
                continue;
            };
            let cued = match (node.is_live, entry.is_faulty) {
                (true, _) => Cued::CannotCue,
                (false, false) if !entry.processor.is_ready(1) => Cued::Pending,
                _ => Cued::Yes,
            };
            cell.store(cued as u8, Ordering::Relaxed);
        }
    }

    /// Every open filter that is not broken.
    fn for_each_entry(&mut self, mut visit: impl FnMut(&mut Entry)) {
        let Some(plan) = &mut self.plan else { return };
        plan.stir(&mut self.slab);
        for step in &plan.steps {
            if let Step::Process { entry, .. } = step
                && let Some(entry) = self.slab.get(*entry)
                && !entry.is_faulty
            {
                visit(entry);
            }
        }
    }

    /// Forgets what is on its way in loops.
    pub(super) fn clear_lines(&mut self) {
        if let Some(plan) = &mut self.plan {
            plan.lines.iter_mut().for_each(Line::clear);
            plan.cuts.iter_mut().for_each(Cut::clear);
            plan.aligns.iter_mut().for_each(Align::clear);
        }
    }
}

impl Refused {
    fn report(&self) -> Report {
        Report::Refused {
            entry: self.entry,
            state: self.state,
            status: self.status,
        }
    }
}

/// Pins on their way.
struct Walk<'a> {
    holds: &'a mut Holds,
    /// How many of them are in each state.
    counts: [usize; 4],
    slab: &'a mut Slab,
    steps: &'a mut rtrb::Producer<Stepped>,
    cells: &'a Cells,
    position: u64,
}

impl Walk<'_> {
    /// Every pin that is above where it belongs, from sources to sinks, step by step. On the way back from a step that
    /// was refused it is the reverse of the way up.
    fn down(&mut self, level: State, is_back: bool, may_fall: bool) {
        for next in [State::Pause, State::Acquire, State::Stop] {
            let mut left = self.counts[above(next) as usize];
            for at in 0..self.holds.seats.len() {
                if left == 0 {
                    break;
                }
                let last = self.holds.seats.len() - 1 - at;
                let seat = match (is_back, next) {
                    (false, _) => self.holds.down[at],
                    (true, State::Stop) => self.holds.acquire[last],
                    (true, _) => self.holds.up[last],
                } as usize;
                let it = self.holds.seats[seat];
                if it.state != above(next) {
                    continue;
                }
                left -= 1;
                let is_due = self.holds.wanted(&it, level) <= next;
                if is_due && (may_fall || next != State::Pause) {
                    self.step_down(seat, next, level);
                }
            }
        }
    }

    fn step_down(&mut self, seat: usize, next: State, level: State) {
        let it = self.holds.seats[seat];
        self.put(seat, next);
        let node = it.node as usize;
        let status = match self.holds.nodes[node].is_lost {
            true => Status::DeviceNotReady,
            false => Status::Success,
        };
        self.tell(seat, it.state, next, status);
        let holder = &self.holds.nodes[node];
        if let Some(entry) = holder.entry.and_then(|it| self.slab.get(it))
            && !self.holds.is_any_in(holder, entry.state)
        {
            walk(entry, self.holds.state_of(holder));
        }
        if let (State::Pause, Some(wire)) = (next, it.wire) {
            let link = &mut self.holds.links[wire as usize];
            if link.to_seat == Some(seat as u32) {
                link.pause();
            }
        }
        if next == State::Stop {
            if let Some(wire) = it.wire {
                self.holds.links[wire as usize].flush();
            }
            // Its time begins anew, and stands at zero until it runs.
            let holder = &self.holds.nodes[node];
            if level != State::Stop
                && !holder.is_live
                && !self.holds.is_any_in(holder, State::Acquire)
            {
                self.holds.nodes[node].lag = self.position;
            }
        }
    }

    /// Every pin that is below where it belongs, from sinks to sources, step by step.
    fn up(&mut self, level: State) -> Result<(), Refused> {
        for next in [State::Acquire, State::Pause, State::Run] {
            // None goes further than the graph.
            if next > level {
                break;
            }
            let mut left = self.counts[next as usize - 1];
            for at in 0..self.holds.seats.len() {
                if left == 0 {
                    break;
                }
                let seat = match next {
                    State::Acquire => self.holds.acquire[at],
                    _ => self.holds.up[at],
                } as usize;
                let it = self.holds.seats[seat];
                if it.state == State::Run || above(it.state) != next {
                    continue;
                }
                left -= 1;
                if self.holds.wanted(&it, level) >= next {
                    self.step_up(seat, next)?;
                }
            }
        }
        Ok(())
    }

    fn step_up(&mut self, seat: usize, next: State) -> Result<(), Refused> {
        let it = self.holds.seats[seat];
        let node = &mut self.holds.nodes[it.node as usize];
        if let Some(index) = node.entry
            && let Some(entry) = self.slab.get(index)
            && entry.state < next
        {
            let answer = match entry.is_faulty {
                true => Ok(()),
                false => entry.processor.may_enter(next),
            };
            match answer {
                Ok(()) => walk(entry, next),
                Err(status) => {
                    let is_alone = status == Status::DeviceNotReady;
                    if is_alone {
                        node.allowed = entry.state;
                        node.is_lost = true;
                    }
                    self.tell(seat, it.state, it.state, status);
                    return if is_alone {
                        Ok(())
                    } else {
                        Err(Refused {
                            node: it.node as usize,
                            entry: index,
                            state: next,
                            status,
                        })
                    };
                }
            }
        }
        self.put(seat, next);
        self.tell(seat, it.state, next, Status::Success);
        Ok(())
    }

    /// A pin is in a state.
    fn put(&mut self, seat: usize, state: State) {
        let before = std::mem::replace(&mut self.holds.seats[seat].state, state);
        self.counts[before as usize] -= 1;
        self.counts[state as usize] += 1;
    }

    /// Filters whose highest pin left step down to those they have.
    fn reconcile(&mut self) {
        for node in &self.holds.nodes {
            let highest = self.holds.state_of(node);
            if let Some(entry) = node.entry.and_then(|it| self.slab.get(it))
                && highest < entry.state
            {
                walk(entry, highest);
            }
        }
    }

    /// One line of the log.
    fn tell(&mut self, seat: usize, from: State, to: State, status: Status) {
        if let Some(cell) = self.holds.cells.pins.get(seat) {
            cell.store(to as u8, Ordering::Relaxed);
        }
        let it = &self.holds.seats[seat];
        let Some(entry) = self.holds.nodes[it.node as usize].entry else {
            return;
        };
        let line = Stepped {
            entry,
            factory: it.factory,
            instance: it.instance,
            from,
            to,
            status,
            position: self.position,
        };
        if self.steps.push(line).is_err() {
            self.cells.lost_reports.fetch_add(1, Ordering::Relaxed);
        }
        self.cells.bell.ring();
    }
}

fn above(state: State) -> State {
    State::from_number(state as u8 + 1)
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
