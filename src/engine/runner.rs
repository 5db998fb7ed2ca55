//! The audio thread's whole life: messages in, one cycle, reports out.
//!
//! Does not know its thread: live, `driver.rs` calls it when the device is hungry; offline, `offline.rs` calls it in a
//! plain loop. Never allocates, frees, locks, does I/O or reads a clock (a panicking filter excepted: unwinding itself
//! allocates in the standard library).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cut;
use super::cycle::{Cycle, Fall, report};
use super::islands::{self, Crew};
use super::line::carry_over;
use super::link::{Cells, Message, Report, Stepped};
use super::marks::Marks;
use super::pacers::Paced;
use super::plan::{Plan, Step, Transition};
use super::records::Stopwatch;
use super::seek::Seeking;
use super::slab::Slab;
use super::states::walk;
use super::tap::Tap;
use crate::ks::{RATE_UNITY, State};

/// How long the gate at devices takes to open and close, in milliseconds of graph time.
const GATE_MILLIS: usize = 10;

/// The same in samples.
pub(super) fn gate_len(rate_hz: u32) -> usize {
    rate_hz as usize * GATE_MILLIS / 1000
}

/// Pacers that can be held at a time.
const PACERS: usize = 64;

/// Runs plans. See the module's header.
pub struct Runner {
    pub(super) slab: Slab,
    pub(super) plan: Option<Box<Plan>>,
    pub(super) pending: Option<Box<Transition>>,
    /// A transition on its way back that found the report ring full.
    spent: Option<(u64, Box<Transition>)>,
    messages: rtrb::Consumer<Message>,
    swaps: rtrb::Consumer<Box<Transition>>,
    pub(super) reports: rtrb::Producer<Report>,
    pub(super) steps: rtrb::Producer<Stepped>,
    pub(super) cells: Arc<Cells>,
    pub(super) pacers: Vec<Paced>,
    /// Clock events that are waited for.
    pub(super) marks: Marks,
    /// How fast presentation time is to go, where that can be had.
    pub(super) rate_permille: u32,
    /// The graph's position, and the samples made since the run began, wherever it was sought.
    pub(super) position: u64,
    pub(super) elapsed: u64,
    pub(super) seeking: Seeking,
    pub(super) state: State,
    pub(super) wanted: State,
    /// The state in which the last request found the graph.
    pub(super) origin: State,
    /// Stop was asked for, and something else after it: Stop comes first, and with it the clock at zero.
    pub(super) stops_first: bool,
    /// Filters whose last words found the report ring full.
    pub(super) unsaid: usize,
    /// A state that was reached, and the end of all sources, where the report ring was full.
    untold_state: Option<State>,
    is_end_untold: bool,
    pub(super) is_live: bool,
    /// How far the gate is open, in samples of its length.
    pub(super) gate: usize,
    pub(super) wants_panic: bool,
    pub(super) has_ended: bool,
    pub(super) wants_quit: bool,
    /// For whoever looks at a wire.
    pub(super) tap: Tap,
    /// Times filters, where a clock is handed over.
    pub(super) stopwatch: Option<Box<Stopwatch>>,
    /// The second worker, where there is one, and a piece that is to be completed when its islands are back.
    pub(super) crew: Option<Crew>,
    owed: Option<usize>,
    fall: Fall,
}

impl Runner {
    pub(super) fn new(
        messages: rtrb::Consumer<Message>,
        swaps: rtrb::Consumer<Box<Transition>>,
        (reports, steps): (rtrb::Producer<Report>, rtrb::Producer<Stepped>),
        cells: Arc<Cells>,
        is_live: bool,
    ) -> Self {
        Self {
            slab: Slab::new(),
            plan: None,
            pending: None,
            spent: None,
            messages,
            swaps,
            reports,
            steps,
            cells,
            pacers: Vec::with_capacity(PACERS),
            marks: Marks::new(),
            rate_permille: RATE_UNITY,
            position: 0,
            elapsed: 0,
            seeking: Seeking::default(),
            state: State::Stop,
            wanted: State::Stop,
            origin: State::Stop,
            stops_first: false,
            unsaid: 0,
            untold_state: None,
            is_end_untold: false,
            is_live,
            gate: 0,
            wants_panic: false,
            has_ended: false,
            wants_quit: false,
            tap: Tap::new(),
            stopwatch: None,
            crew: None,
            owed: None,
            fall: Fall::default(),
        }
    }

    /// Has a second worker help.
    pub(super) fn take_on(&mut self, crew: Crew) {
        self.slab = Slab::with_islands();
        self.crew = Some(crew);
    }

    /// Whether the next cycle is to be timed, to see if two processors are quicker: where that is far off only when it
    /// `is_turn`.
    pub(super) fn is_weighed(&self, is_turn: bool) -> bool {
        let may_split = |plan: &Plan| plan.splits.iter().any(Option::is_some);
        let crew = self.crew.as_ref().filter(|it| is_turn || it.is_curious());
        crew.is_some() && self.plan.as_deref().is_some_and(may_split)
    }

    /// Whether all filters are here. One that the second worker was not done with in time is waited for without waiting:
    /// till then nothing is run and nothing is heard of.
    pub(super) fn is_whole(&mut self) -> bool {
        let is_home = match &mut self.crew {
            Some(crew) => crew.is_home(&mut self.slab),
            None => true,
        };
        if is_home && let Some(len) = self.owed.take() {
            self.complete(len, false);
        }
        is_home
    }

    /// The state all pins are in.
    pub fn state(&self) -> State {
        self.state
    }

    /// The state to go to.
    pub(super) fn wanted(&self) -> State {
        if self.stops_first {
            State::Stop
        } else {
            self.wanted
        }
    }

    /// The graph's position: samples of its rate since the run began, unless it was sought elsewhere.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Samples of the graph's rate since the run began, wherever it was sought.
    pub fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// The plan that runs.
    pub(super) fn plan(&self) -> Option<&Plan> {
        self.plan.as_deref()
    }

    /// Takes what has come in since the last time, and does what can be done between two cycles.
    pub fn receive(&mut self) {
        if !self.is_whole() {
            return;
        }
        if let Some((serial, spent)) = self.spent.take() {
            self.hand_back(serial, spent);
        }
        if self.unsaid > 0 {
            self.say_what_is_left();
        }
        self.say_what_waits();
        // Here and not behind the cycle, so that what it left in its frames can be looked at.
        if self.pending.is_some() && self.plan.as_ref().is_none_or(|plan| plan.is_faded()) {
            self.finish();
        }
        while self.can_change() {
            let Ok(transition) = self.swaps.pop() else {
                break;
            };
            self.begin(transition);
        }
        while let Ok(message) = self.messages.pop() {
            match message {
                Message::State(state) => {
                    if self.wanted() == self.state {
                        self.origin = self.state;
                    }
                    if state != self.state {
                        self.forgive();
                    }
                    self.wanted = state;
                    self.stops_first |= state == State::Stop && self.state != State::Stop;
                    self.forget_seek(state);
                }
                Message::Limit { entry, pin, state } => self.limit(entry, pin, state),
                Message::Set {
                    entry,
                    property,
                    value,
                } => {
                    let cell = self
                        .slab
                        .get(entry)
                        .and_then(|entry| entry.values.get_mut(usize::from(property)));
                    if let Some(cell) = cell {
                        *cell = value;
                    }
                    if let Some(plan) = &mut self.plan {
                        plan.rouse(entry);
                        islands::rouse(&mut self.slab, entry);
                    }
                }
                Message::Mark(id, mark) => {
                    // Who sends it counts them.
                    self.marks.set(id, mark);
                }
                Message::Unmark(id) => self.marks.clear(id),
                Message::Rate(rate_permille) => self.rate_permille = rate_permille,
                Message::Tap(wire) => self.tap.wire = wire,

                Message::Seek(to) => self.want_seek(to),
                Message::Loop(range) => self.want_loop(range),
                Message::Speed(rate) => self.want_speed(rate),
                Message::Step(samples) => self.want_step(samples),

                Message::Panic => self.wants_panic = true,
                Message::Quit => self.wants_quit = true,
            }
        }
        self.settle_state();
        if self.state == State::Pause {
            self.publish_cues();
        }
    }

    /// Whether cycles are to be run now.
    pub fn is_running(&self) -> bool {
        self.state == State::Run
    }

    /// Asks every filter of the plan what it does at rest, before time begins to count.
    pub(super) fn ask_ahead(&mut self) {
        if let Some(plan) = &mut self.plan {
            // By the steps of the first cycle: to go from some to others forgets what was answered.
            plan.choose(&mut self.slab, false);
            plan.is_still = false;
            plan.runs[usize::from(plan.is_shared)].ask_ahead(&mut self.slab);
        }
    }

    /// Runs the next `len` samples of the graph's rate, in pieces where something changes in between. `timer` gives
    /// nanoseconds, for what filters take.
    pub fn cycle(&mut self, len: usize, timer: Option<&dyn Fn() -> u64>) {
        let mut left = len;
        while left > 0 {
            let piece = self.longest(left);
            self.piece(piece, timer);
            left -= piece;
            if !self.is_running() || self.owed.is_some() {
                return;
            }
        }
    }

    /// The longest piece of the next `len` samples that can be run at once.
    pub(super) fn longest(&mut self, len: usize) -> usize {
        let without = self.seeking.until_step(len);
        let len = self.plan.as_ref().map_or(without, |plan| {
            let len = len.min(plan.max_len);
            let len = self.until_quality(plan, len);
            let len = self.until_seek(plan, len);
            plan.holds.longest(self.position, len)
        });
        self.until_full(len)
    }

    /// The longest piece for which every frame holds all its events.
    fn until_full(&mut self, mut len: usize) -> usize {
        let Some(plan) = self.plan.as_deref() else {
            return len;
        };
        for index in &plan.dense {
            if let Some(entry) = self.slab.get(*index).filter(|entry| !entry.is_faulty) {
                // In the filter's own time, which stands while it waits; then it hands on nothing, and no harm is done.
                let most = entry.processor.longest(self.position, len, plan.rate_hz);
                len = most.clamp(1, len.max(1));
            }
        }
        len
    }

    fn piece(&mut self, len: usize, timer: Option<&dyn Fn() -> u64>) {
        let wanted = self.wanted();
        let is_silent = self.waits_for_readers(len);
        let Some(plan) = self.plan.as_deref_mut() else {
            self.position += len as u64;
            self.elapsed += len as u64;
            self.passed(len);
            self.after_cycle(len);
            return;
        };
        plan.tables.set_lengths(self.position, len, plan.rate_hz);
        let gate_len = gate_len(plan.rate_hz);
        let opens = wanted == State::Run && !self.wants_panic && !self.seeking.is_wanted();
        let before = self.gate.min(gate_len);
        let after = match self.seeking.step() {
            _ if is_silent => before,
            Some(step) => step.gate(gate_len, len),
            None if opens => (before + len).min(gate_len),
            None => before.saturating_sub(len),
        };
        let open = |gate: usize| gate as f32 / gate_len.max(1) as f32;
        let gate = if self.is_live {
            (open(before), open(after))
        } else {
            (1.0, 1.0)
        };
        self.gate = after;
        let fall = self.fall.of(len, plan.rate_hz);
        let mut cycle = Cycle::new(len, self.position, gate, fall);
        cycle.timer = timer;
        cycle.says = self.seeking.says(self.position, len, after);
        cycle.silent_but = is_silent.then_some(&*self.pacers);
        cycle.watch = self.stopwatch.as_deref_mut();
        self.tap.at = self.tap.wire.and_then(|wire| plan.wire_of(wire));
        self.tap.number = self.cells.cycles();
        cycle.tap = self.tap.at.is_some().then_some(&mut self.tap);
        let crew = self.crew.as_mut().filter(|crew| crew.wants_split());
        cycle.crew = crew.filter(|_| cycle.tap.is_none());
        self.unsaid += cycle.run(plan, &mut self.slab, &mut self.reports, &self.cells);
        self.elapsed += len as u64;
        if is_silent {
            self.after_silence();
            return;
        }
        // Said once.
        plan.changed.clear();
        if plan.has_fades {
            plan.fade_done = (plan.fade_done + len).min(plan.fade_len);
        }
        // A loop has no end.
        let has_ended = cycle.has_ended() && !self.seeking.goes_round(self.position);
        if self.is_whole() {
            self.complete(len, has_ended);
        } else {
            self.owed = Some(len);
        }
    }

    /// What follows a piece that was run.
    fn complete(&mut self, len: usize, has_ended: bool) {
        if has_ended && !self.has_ended {
            self.is_end_untold = true;
            self.say_what_waits();
        }
        self.has_ended = has_ended;
        self.position += len as u64;
        self.passed(len);
        self.after_cycle(len);
    }

    /// Whether every source has given its last sample.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Whether every processor can serve the next `len` samples in full. Offline only.
    pub(super) fn is_ready(&mut self, len: usize) -> bool {
        let Some(plan) = &self.plan else { return true };
        plan.waited.iter().all(|&(entry, node)| {
            let open = self.slab.get(entry).filter(|entry| !entry.is_faulty);
            !plan.holds.nodes[node as usize].is_active
                || open.is_none_or(|entry| entry.processor.is_ready(len))
        })
    }

    /// Tells that a state was reached; where that finds no room, the last one of them is told later.
    pub(super) fn tell_reached(&mut self, state: State) {
        self.untold_state = Some(state);
        self.say_what_waits();
    }

    /// What had ended goes on or begins anew.
    pub(super) fn forget_end(&mut self) {
        self.is_end_untold = false;
    }

    /// Tells something, unless there is no room: then the caller is to keep it, and nothing is lost.
    pub(super) fn tell(&mut self, message: Report) -> bool {
        !self.reports.is_full() && report(&mut self.reports, &self.cells, message)
    }

    fn say_what_waits(&mut self) {
        if let Some(state) = self.untold_state
            && self.tell(Report::Reached(state))
        {
            self.untold_state = None;
        }
        if self.is_end_untold && self.tell(Report::Ended) {
            self.is_end_untold = false;
        }
    }

    fn after_cycle(&mut self, len: usize) {
        if let Some(plan) = &mut self.plan
            && plan.holds.is_busy
            && plan.holds.count(self.position, len)
        {
            plan.holds.is_pending = true;
        }
        self.turn_round();
        self.cells.position.store(self.place(), Ordering::Relaxed);
        self.cells.elapsed.store(self.elapsed, Ordering::Relaxed);
        self.cells.cycles.fetch_add(1, Ordering::Relaxed);
        self.ask_quality();
        self.settle_state();
    }

    /// Whether a change of plans can begin: the last one is over, its fades up included. A plan that replaced one whose
    /// wires were still on their way up would let them jump.
    pub(super) fn can_change(&self) -> bool {
        let is_heard = self.is_live && self.state == State::Run && self.gate > 0;
        let is_steady = self.plan.as_ref().is_none_or(|plan| plan.is_faded());
        self.pending.is_none() && self.spent.is_none() && (is_steady || !is_heard)
    }

    /// Begins a change of plans: with the old plan fading out while it is heard, at once otherwise.
    fn begin(&mut self, mut transition: Box<Transition>) {
        let is_heard = self.is_live && self.state == State::Run && self.gate > 0;
        let fades = match (&mut transition.out, &mut self.plan) {
            (Some(leaving), Some(plan)) if is_heard => {
                plan.leave(leaving, &mut self.slab);
                true
            }
            _ => false,
        };
        self.pending = Some(transition);
        if !fades {
            self.finish();
        }
    }

    /// Puts the new plan in place; what left travels back.
    pub(super) fn finish(&mut self) {
        let Some(mut transition) = self.pending.take() else {
            return;
        };
        let Some(mut plan) = transition.into.take() else {
            return;
        };
        let level = self.state;
        if let Some(old) = &mut self.plan {
            old.stir(&mut self.slab);
            for &index in &plan.departures {
                if let Some(node) = old.holds.node_of(index) {
                    old.holds.nodes[node].allowed = State::Stop;
                }
            }
            if !plan.departures.is_empty() {
                // What leaves has faded; nothing goes up in a plan that ends.
                let _ = self.bring_pins(level, true);
            }
        }
        for &index in &plan.departures {
            if let Some(mut entry) = self.slab.take(index) {
                walk(&mut entry, State::Stop);
                transition.departed.push(entry);
            }
            if let Some(at) = self.pacers.iter().position(|it| it.entry == index) {
                transition
                    .departed_pacers
                    .push(self.pacers.swap_remove(at).pacer);
            }
        }
        for (number, page) in &mut plan.pages {
            if let Some(fresh) = page.take() {
                *page = self.slab.lay(*number, fresh);
            }
        }
        for arrival in &mut plan.arrivals {
            if let Some(mut entry) = arrival.entry.take() {
                self.seeking
                    .welcome(&mut entry, level, (self.position, plan.rate_hz));
                self.cells.came(arrival.index);
                if let Some(watch) = &mut self.stopwatch {
                    watch.forget(arrival.index);
                }
                transition
                    .departed
                    .extend(self.slab.put(arrival.index, entry));
            }
            if let Some(pacer) = arrival.pacer.take()
                && self.pacers.len() < PACERS
            {
                self.pacers.push(Paced::new(arrival.index, pacer));
            }
        }
        if !self.is_live || self.state != State::Run || self.gate == 0 {
            plan.fade_done = plan.fade_len;
        }
        let serial = plan.serial;
        transition.retired = self.install(plan);
        self.has_ended = false;
        self.forget_end();
        self.hand_back(serial, transition);
    }

    /// Puts a plan in place; what is on its way on wires that stay goes over to it.
    fn install(&mut self, mut plan: Box<Plan>) -> Option<Box<Plan>> {
        if let Some(old) = &mut self.plan {
            old.stir(&mut self.slab);
            carry_over(&mut old.lines, &mut plan.lines);
            super::align::carry_over(&mut old.aligns, &mut plan.aligns);
            let by_id = (&plan.spec.by_id, &old.spec.by_id);
            plan.holds.take_over(by_id.0, &mut old.holds, by_id.1);
            cut::carry_over(&mut old.cuts, &mut plan.cuts);
            plan.tables.carry_over(&mut old.tables);
            plan.quality.take_over(&mut old.quality);
        }
        plan.holds.is_pending = true;
        let old = self.plan.replace(plan);
        self.settle(true);
        old
    }

    /// Tells of panics and of what is no number that found the report ring full.
    fn say_what_is_left(&mut self) {
        let Some(plan) = &self.plan else { return };
        for step in &plan.steps {
            let Step::Process { entry, .. } = step else {
                continue;
            };
            let entry = *entry;
            let Some(open) = self.slab.get(entry) else {
                continue;
            };
            if let Some((output, position)) = open.untold {
                let bad = Report::NonFinite {
                    entry,
                    output,
                    position,
                };
                if self.reports.push(bad).is_err() {
                    return;
                }
                open.untold = None;
                self.unsaid = self.unsaid.saturating_sub(1);
            }
            let Some(message) = open.unsaid.take() else {
                continue;
            };
            match self.reports.push(Report::Panicked { entry, message }) {
                Err(rtrb::PushError::Full(Report::Panicked { message, .. })) => {
                    open.unsaid = Some(message);
                    return;
                }
                _ => self.unsaid = self.unsaid.saturating_sub(1),
            }
        }
        // Those of filters that are gone travelled back with them.
        self.unsaid = 0;
    }

    fn hand_back(&mut self, serial: u64, transition: Box<Transition>) {
        self.cells.bell.ring();
        if let Err(rtrb::PushError::Full(Report::Swapped(serial, transition))) =
            self.reports.push(Report::Swapped(serial, transition))
        {
            self.spent = Some((serial, transition));
        }
    }
}
