//! The audio thread's whole life: messages in, one cycle, reports out.
//!
//! Does not know its thread: live, `thread.rs` calls it when the device is hungry; offline, `offline.rs` calls it in a
//! plain loop. Never allocates, frees, locks, does I/O or reads a clock (a panicking filter excepted: unwinding itself
//! allocates in the standard library).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::line::{Line, carry_over};
use super::link::{Cells, Message, Report};
use super::plan::{OutputSlot, Plan, Step, Transition};
use super::slab::Slab;
use super::table::{Tables, peak};
use crate::dsp::measure::{finite_peak, first_non_finite, silence_non_finite};
use crate::ks::{
    Flow, InputPin, Inputs, Io, Pacer, Payload, State, Telemetry, flag, time_from_sample,
};

/// How long the gate at devices takes to open and close, in milliseconds of graph time.
const GATE_MILLIS: usize = 10;
/// Pacers that can be held at a time.
const PACERS: usize = 64;

/// Runs plans. See the module's header.
pub struct Runner {
    slab: Slab,
    plan: Option<Box<Plan>>,
    pending: Option<Box<Transition>>,
    /// A transition on its way back that found the report ring full.
    spent: Option<(u64, Box<Transition>)>,
    messages: rtrb::Consumer<Message>,
    swaps: rtrb::Consumer<Box<Transition>>,
    reports: rtrb::Producer<Report>,
    pub(super) cells: Arc<Cells>,
    pub(super) pacers: Vec<(u32, Box<dyn Pacer>)>,
    position: u64,
    state: State,
    wanted: State,
    /// Stop was asked for, and something else after it: Stop comes first, and with it the clock at zero.
    stops_first: bool,
    /// Filters whose last words found the report ring full.
    unsaid: usize,
    is_live: bool,
    /// How far the gate is open, in samples of its length.
    gate: usize,
    wants_panic: bool,
    has_ended: bool,
    timed_step: usize,
    pub(super) wants_quit: bool,
}

impl Runner {
    pub(super) fn new(
        messages: rtrb::Consumer<Message>,
        swaps: rtrb::Consumer<Box<Transition>>,
        reports: rtrb::Producer<Report>,
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
            cells,
            pacers: Vec::with_capacity(PACERS),
            position: 0,
            state: State::Stop,
            wanted: State::Stop,
            stops_first: false,
            unsaid: 0,
            is_live,
            gate: 0,
            wants_panic: false,
            has_ended: false,
            timed_step: 0,
            wants_quit: false,
        }
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

    /// Samples of the graph's rate since the run began.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The plan that runs.
    pub(super) fn plan(&self) -> Option<&Plan> {
        self.plan.as_deref()
    }

    /// Takes what has come in since the last time, and does what can be done between two cycles.
    pub fn receive(&mut self) {
        if let Some((serial, spent)) = self.spent.take() {
            self.hand_back(serial, spent);
        }
        if self.unsaid > 0 {
            self.say_what_is_left();
        }
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
                    self.wanted = state;
                    self.stops_first |= state == State::Stop && self.state != State::Stop;
                }
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
                }
                Message::Panic => self.wants_panic = true,
                Message::Quit => self.wants_quit = true,
            }
        }
        self.settle_state();
    }

    /// Whether cycles are to be run now.
    pub fn is_running(&self) -> bool {
        self.state == State::Run
    }

    /// Runs the next `len` samples of the graph's rate. `timer` gives nanoseconds, for the cost of one step a cycle.
    pub fn cycle(&mut self, len: usize, timer: Option<&dyn Fn() -> u64>) {
        let wanted = self.wanted();
        let Some(plan) = self.plan.as_deref_mut() else {
            self.position += len as u64;
            self.after_cycle(len);
            return;
        };
        let len = len.min(plan.max_len);
        plan.tables.set_lengths(self.position, len, plan.rate_hz);
        let gate_len = plan.rate_hz as usize * GATE_MILLIS / 1000;
        let opens = wanted == State::Run && !self.wants_panic;
        let before = self.gate.min(gate_len);
        let after = if opens {
            (before + len).min(gate_len)
        } else {
            before.saturating_sub(len)
        };
        let open = |gate: usize| gate as f32 / gate_len.max(1) as f32;
        let gate = if self.is_live {
            (open(before), open(after))
        } else {
            (1.0, 1.0)
        };
        self.gate = after;
        let steps = plan.steps.len().max(1);
        self.timed_step = (self.timed_step + 1) % steps;
        let fall = 10.0_f32.powf(-24.0 / 20.0 * len as f32 / plan.rate_hz as f32);
        let mut cycle = Cycle {
            len,
            position: self.position,
            gate,
            fall,
            timed_step: self.timed_step,
            timer,
            sources: 0,
            ended: 0,
        };
        let mut at = 0;
        loop {
            let slab = &mut self.slab;
            let reports = &mut self.reports;
            let cells = &*self.cells;
            let work = AssertUnwindSafe(|| cycle.steps(plan, slab, reports, cells, &mut at));
            match catch_unwind(work) {
                Ok(()) => break,
                Err(message) => {
                    let is_said =
                        quarantine(plan, &mut self.slab, &mut self.reports, cells, at, message);
                    self.unsaid += usize::from(!is_said);
                    at += 1;
                }
            }
        }
        if plan.has_fades {
            plan.fade_done = (plan.fade_done + len).min(plan.fade_len);
        }
        let has_ended = cycle.sources > 0 && cycle.ended == cycle.sources;
        if has_ended && !self.has_ended {
            report(&mut self.reports, &self.cells, Report::Ended);
        }
        self.has_ended = has_ended;
        self.position += len as u64;
        self.after_cycle(len);
    }

    /// Whether every source has given its last sample.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Whether every processor can serve the next `len` samples in full. Offline only.
    pub(super) fn is_ready(&mut self, len: usize) -> bool {
        let Some(plan) = &self.plan else { return true };
        plan.steps.iter().all(|step| match step {
            Step::Process { entry, .. } => self
                .slab
                .get(*entry)
                .is_none_or(|entry| entry.is_faulty || entry.processor.is_ready(len)),
            Step::Pass { .. } | Step::Fade { .. } | Step::Recall { .. } | Step::Store { .. } => {
                true
            }
        })
    }

    pub(super) fn send(&mut self, message: Report) {
        report(&mut self.reports, &self.cells, message);
    }

    fn after_cycle(&mut self, _len: usize) {
        self.cells.position.store(self.position, Ordering::Relaxed);
        self.cells.cycles.fetch_add(1, Ordering::Relaxed);
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
        if let Some(out) = transition.out.take() {
            let old = if is_heard {
                self.install(out)
            } else {
                Some(out)
            };
            transition.retired.extend(old);
            self.pending = Some(transition);
            if !is_heard {
                self.finish();
            }
        } else {
            self.pending = Some(transition);
            self.finish();
        }
    }

    /// Puts the new plan in place; what left travels back.
    fn finish(&mut self) {
        let Some(mut transition) = self.pending.take() else {
            return;
        };
        let Some(mut plan) = transition.into.take() else {
            return;
        };
        for &index in &plan.departures {
            if let Some(mut entry) = self.slab.take(index) {
                walk(&mut entry, State::Stop);
                transition.departed.push(entry);
            }
            if let Some(at) = self.pacers.iter().position(|(owner, _)| *owner == index) {
                transition
                    .departed_pacers
                    .push(self.pacers.swap_remove(at).1);
            }
        }
        for arrival in &mut plan.arrivals {
            if let Some(mut entry) = arrival.entry.take() {
                walk(&mut entry, self.state);
                transition
                    .departed
                    .extend(self.slab.put(arrival.index, entry));
            }
            if let Some(pacer) = arrival.pacer.take()
                && self.pacers.len() < PACERS
            {
                self.pacers.push((arrival.index, pacer));
            }
        }
        if !self.is_live || self.state != State::Run || self.gate == 0 {
            plan.fade_done = plan.fade_len;
        }
        let serial = plan.serial;
        transition.retired.extend(self.install(plan));
        self.has_ended = false;
        self.hand_back(serial, transition);
    }

    /// Puts a plan in place; what is on its way on wires that stay goes over to it.
    fn install(&mut self, mut plan: Box<Plan>) -> Option<Box<Plan>> {
        if let Some(old) = &mut self.plan {
            carry_over(&mut old.lines, &mut plan.lines);
        }
        self.plan.replace(plan)
    }

    /// Forgets what is on its way in loops.
    fn clear_lines(&mut self) {
        if let Some(plan) = &mut self.plan {
            plan.lines.iter_mut().for_each(Line::clear);
        }
    }

    /// Tells of panics that found the report ring full.
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
        if let Err(rtrb::PushError::Full(Report::Swapped(serial, transition))) =
            self.reports.push(Report::Swapped(serial, transition))
        {
            self.spent = Some((serial, transition));
        }
    }

    /// Walks towards the state asked for, one step at a time, once nothing is heard any more.
    fn settle_state(&mut self) {
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
    fn for_each_entry(
        &mut self,
        sinks_first: bool,
        mut visit: impl FnMut(&mut super::slab::Entry),
    ) {
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
}

/// Steps one filter to a state.
fn walk(entry: &mut super::slab::Entry, wanted: State) {
    while let Some(next) = entry.state.step_towards(wanted) {
        if !entry.is_faulty {
            entry.processor.enter(next);
        }
        entry.state = next;
    }
}

fn report(reports: &mut rtrb::Producer<Report>, cells: &Cells, message: Report) {
    if reports.push(message).is_err() {
        cells.lost_reports.fetch_add(1, Ordering::Relaxed);
    }
}

/// The step at `at` panicked: silences its outputs, now and from here on. Whether that could be said; otherwise the
/// message stays with the filter, since nothing is freed here.
fn quarantine(
    plan: &mut Plan,
    slab: &mut Slab,
    reports: &mut rtrb::Producer<Report>,
    cells: &Cells,
    at: usize,
    message: Box<dyn std::any::Any + Send>,
) -> bool {
    let Some(Step::Process { entry, outputs, .. }) = plan.steps.get(at) else {
        std::mem::forget(message);
        return true;
    };
    for (output, hand) in outputs.iter().zip(&mut plan.hands) {
        let slot = output.slot as usize;
        if matches!(plan.tables.payloads[slot], Payload::None) {
            plan.tables.payloads[slot] = std::mem::take(&mut hand.payload);
        }
        plan.tables.payloads[slot].clear();
    }
    let entry = *entry;
    let Some(open) = slab.get(entry) else {
        std::mem::forget(message);
        return true;
    };
    open.is_faulty = true;
    match reports.push(Report::Panicked { entry, message }) {
        Err(rtrb::PushError::Full(Report::Panicked { message, .. })) => {
            cells.lost_reports.fetch_add(1, Ordering::Relaxed);
            // A filter panics once: there is nothing here that would be freed.
            std::mem::forget(open.unsaid.replace(message));
            false
        }
        _ => true,
    }
}

/// What is the same for every step of a cycle.
struct Cycle<'a> {
    len: usize,
    position: u64,
    gate: (f32, f32),
    fall: f32,
    timed_step: usize,
    timer: Option<&'a dyn Fn() -> u64>,
    sources: usize,
    ended: usize,
}

impl Cycle<'_> {
    /// Runs the steps from `at` on; `at` stays at the step in progress, so that a panic can be charged.
    fn steps(
        &mut self,
        plan: &mut Plan,
        slab: &mut Slab,
        reports: &mut rtrb::Producer<Report>,
        cells: &Cells,
        at: &mut usize,
    ) {
        let Plan {
            steps,
            tables,
            lines,
            hands,
            levels,
            rate_hz,
            fade_len,
            fade_done,
            ..
        } = plan;
        while let Some(step) = steps.get(*at) {
            match step {
                Step::Process {
                    entry,
                    inputs,
                    outputs,
                    is_source,
                } => {
                    let index = *entry;
                    self.sources += usize::from(*is_source);
                    let Some(entry) = slab.get(index).filter(|entry| !entry.is_faulty) else {
                        let ends = *is_source || all_ended(inputs, &tables.headers);
                        for output in outputs {
                            let slot = output.slot as usize;
                            tables.payloads[slot].clear();
                            self.stamp(tables, slot, 0, *rate_hz, ends);
                        }
                        self.ended += usize::from(*is_source);
                        *at += 1;
                        continue;
                    };
                    // Copies first: a frame that is taken has left its place.
                    for output in outputs {
                        if let Some(from) = output.copy_from {
                            tables.copy(from as usize, output.slot as usize);
                        }
                    }
                    for (output, hand) in outputs.iter().zip(hands.iter_mut()) {
                        take(tables, output, hand);
                    }
                    let mut io = Io {
                        len: self.len,
                        position: self.position,
                        rate_hz: *rate_hz,
                        values: &entry.values,
                        inputs: Inputs::new(inputs, &tables.headers, &tables.payloads),
                        outputs: &mut hands[..outputs.len()],
                        gate: self.gate,
                    };
                    let timer = self.timer.filter(|_| *at == self.timed_step);
                    let began = timer.map(|timer| timer());
                    let flow = entry.processor.process(&mut io);
                    if let (Some(timer), Some(began)) = (timer, began)
                        && let Some(cell) = cells.costs.get(index as usize)
                    {
                        cell.store(
                            (timer() - began).min(u64::from(u32::MAX)) as u32,
                            Ordering::Relaxed,
                        );
                    }
                    let ends = flow == Flow::Ended || all_ended(inputs, &tables.headers);
                    self.ended += usize::from(*is_source && flow == Flow::Ended);
                    if flow == Flow::Starved {
                        report(
                            reports,
                            cells,
                            Report::Starved {
                                entry: index,
                                position: self.position,
                            },
                        );
                    }
                    for (number, (output, hand)) in outputs.iter().zip(hands.iter_mut()).enumerate()
                    {
                        let bad = self.put_back(tables, output, hand, *rate_hz, ends, levels);
                        if let Some(position) = bad.filter(|_| output.is_to_blame)
                            && !std::mem::replace(&mut entry.has_complained, true)
                        {
                            let output = number as u16;
                            report(
                                reports,
                                cells,
                                Report::NonFinite {
                                    entry: index,
                                    output,
                                    position,
                                },
                            );
                        }
                    }
                }
                Step::Pass { slot, wire } => {
                    let payload = &tables.payloads[*slot as usize];
                    self.publish(levels, *wire, payload, peak(payload).0);
                }
                Step::Recall { line } => {
                    let slot = lines[*line].to as usize;
                    lines[*line].recall(&mut tables.payloads[slot]);
                    self.stamp(tables, slot, 0, *rate_hz, false);
                }
                Step::Store { line } => {
                    let line = &mut lines[*line];
                    if let Some(slot) = line.from {
                        line.store(&tables.payloads[slot as usize]);
                    }
                }
                Step::Fade { slot, is_arriving } => {
                    if !(*is_arriving && fade_done >= fade_len) {
                        fade(
                            &mut tables.payloads[*slot as usize],
                            *is_arriving,
                            *fade_done,
                            self.len,
                            *fade_len,
                        );
                    }
                }
            }
            *at += 1;
        }
    }

    /// Puts a frame back where it stands, stamps its header, publishes its level. Samples that are no numbers are set to
    /// zero, one by one: a gap as long as the fault, however the graph is cut into cycles. Where the first of them was.
    fn put_back(
        &self,
        tables: &mut Tables,
        output: &OutputSlot,
        hand: &mut crate::ks::Output,
        rate_hz: u32,
        ends: bool,
        levels: &Telemetry,
    ) -> Option<u64> {
        let slot = output.slot as usize;
        let (mut peak, is_finite) = peak(&hand.payload);
        let mut bad = None;
        if let (false, Payload::Wave(wave)) = (is_finite, &mut hand.payload) {
            let first = wave.channels().filter_map(first_non_finite).min();
            let place = first.unwrap_or(0) * self.len / wave.len().max(1);
            bad = Some(self.position + place as u64);
            peak = 0.0;
            for channel in wave.channels_mut() {
                if !output.is_let_through {
                    silence_non_finite(channel);
                }
                peak = finite_peak(channel).max(peak);
            }
        }
        if let Some(wire) = output.wire {
            self.publish(levels, wire, &hand.payload, peak);
        }
        let flags = hand.header.flags & flag::DATADISCONTINUITY;
        hand.header = crate::ks::StreamHeader::default();
        tables.payloads[slot] = std::mem::take(&mut hand.payload);
        self.stamp(tables, slot, flags, rate_hz, ends);
        bad
    }

    /// Publishes what a wire carries.
    fn publish(&self, levels: &Telemetry, wire: u32, payload: &Payload, peak: f32) {
        let wire = wire as usize;
        let before = levels.get(wire);
        match payload {
            // Events are counted, so that a screen sees each one once.
            Payload::Events(events) if !events.is_empty() => {
                levels.set(wire, before + events.len() as f32);
            }
            Payload::Wave(_) => levels.set(wire, peak.max(before * self.fall)),
            _ => {}
        }
    }

    /// Writes the header of the frame that stands in `slot`.
    fn stamp(&self, tables: &mut Tables, slot: usize, flags: u32, rate_hz: u32, ends: bool) {
        let header = &mut tables.headers[slot];
        header.time = time_from_sample(self.position, rate_hz);
        header.duration = time_from_sample(self.position + self.len as u64, rate_hz) - header.time;
        header.flags = flags | flag::TIMEVALID | flag::DURATIONVALID;
        if ends {
            header.flags |= flag::ENDOFSTREAM;
        }
        header.data_used = tables.payloads[slot]
            .wave()
            .map_or(0, |wave| wave.len() as u32 * tables.sample_sizes[slot]);
    }
}

fn take(tables: &mut Tables, output: &OutputSlot, hand: &mut crate::ks::Output) {
    let slot = output.slot as usize;
    hand.payload = std::mem::take(&mut tables.payloads[slot]);
    hand.is_connected = output.wire.is_some();
    if output.is_in_place {
        hand.header = tables.headers[slot];
    } else if output.begins_silent || matches!(hand.payload, Payload::Events(_)) {
        hand.payload.clear();
    }
}

/// A filter's streams end when those of all its connected inputs have (HDR-10).
fn all_ended(inputs: &[InputPin], headers: &[crate::ks::StreamHeader]) -> bool {
    let mut connected = inputs.iter().filter(|input| input.wire != 0).peekable();
    connected.peek().is_some()
        && connected.all(|input| {
            input
                .slot
                .is_some_and(|slot| headers[slot as usize].is_end_of_stream())
        })
}

/// Multiplies the cycle's part of a straight line from silence up, or down to it. `done` and `whole` count samples of
/// the graph's rate; a wire of another rate takes its share.
fn fade(payload: &mut Payload, is_arriving: bool, done: usize, len: usize, whole: usize) {
    let Some(wave) = payload.wave_mut() else {
        return;
    };
    let count = wave.len().max(1) as f32;
    for channel in wave.channels_mut() {
        for (index, sample) in channel.iter_mut().enumerate() {
            let at = done as f32 + (index + 1) as f32 * len as f32 / count;
            let up = (at / whole.max(1) as f32).min(1.0);
            *sample *= if is_arriving { up } else { 1.0 - up };
        }
    }
}
