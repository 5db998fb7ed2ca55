//! One cycle: the steps of a plan in order over its frame tables, each filter's call, what becomes of its frames.
//!
//! Which plan runs, its states and messages are the runner's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use super::cut::Cut;
use super::link::{Cells, Report};
use super::pacers::Paced;
use super::plan::{OutputSlot, Plan, Step};
use super::records::{PinRecord, Stopwatch};
use super::slab::Slab;
use super::table::{Scan, Tables, peak, scan};
use super::tap::{Sight, Tap};
use crate::dsp::measure::{
    finite_peak, first_denormal, first_non_finite, silence_denormal, silence_non_finite,
};
use crate::ks::{
    Flow, InputPin, Inputs, Io, Payload, Telemetry, flag, sample_from_time, time_from_sample,
};

/// Pushes a report, or counts it as lost. Whether there was room.
pub(super) fn report(reports: &mut rtrb::Producer<Report>, cells: &Cells, message: Report) -> bool {
    let is_told = reports.push(message).is_ok();
    if !is_told {
        cells.lost_reports.fetch_add(1, Ordering::Relaxed);
    }
    cells.bell.ring();
    is_told
}

/// Reports where the controllers among these events stand in the end. What finds no room is not told: the next one is.
fn controls(payload: &Payload, reports: &mut rtrb::Producer<Report>, cells: &Cells) {
    let Payload::Events(events) = payload else {
        return;
    };
    let mut told = [0_u128; 16];
    for event in events.iter().rev() {
        let &[status @ 0xB0..=0xBF, controller @ 0..=127, value @ 0..=127] = event.bytes() else {
            continue;
        };
        let channel = status & 0x0F;
        let bit = 1 << controller;
        if told[usize::from(channel)] & bit == 0 && !reports.is_full() {
            told[usize::from(channel)] |= bit;
            let control = Report::Control {
                channel,
                controller,
                value,
            };
            report(reports, cells, control);
        }
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
    let steps = if plan.is_shared {
        &plan.shared
    } else {
        &plan.steps
    };
    let Some(Step::Process { entry, outputs, .. }) = steps.get(at) else {
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
    cells.inside.store(0, Ordering::Relaxed);
    cells.bell.ring();
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

/// Where a filter first gave samples that are no numbers, and some that are denormal.
#[derive(Default)]
struct Bad {
    non_finite: Option<u64>,
    denormal: Option<u64>,
}

/// What is the same for every step of a cycle.
pub(super) struct Cycle<'a> {
    len: usize,
    position: u64,
    gate: (f32, f32),
    fall: f32,
    /// What times filters, and the clock for it.
    pub(super) watch: Option<&'a mut Stopwatch>,
    pub(super) timer: Option<&'a dyn Fn() -> u64>,
    /// Whoever looks at a wire.
    pub(super) tap: Option<&'a mut Tap>,
    /// What every header of this piece says beside its own.
    pub(super) says: u32,
    /// Nothing is played: only these, the devices, are called, with silence.
    pub(super) silent_but: Option<&'a [Paced]>,
    sources: usize,
    ended: usize,
    /// Complaints that found the report ring full.
    unsaid: usize,
}

impl<'a> Cycle<'a> {
    /// A cycle of `len` samples from `position` on. Meters fall by `fall` in it.
    pub(super) fn new(len: usize, position: u64, gate: (f32, f32), fall: f32) -> Self {
        Self {
            len,
            position,
            gate,
            fall,
            watch: None,
            timer: None,
            tap: None,
            says: 0,
            silent_but: None,
            sources: 0,
            ended: 0,
            unsaid: 0,
        }
    }

    /// Whether every source has given its last sample.
    pub(super) fn has_ended(&self) -> bool {
        self.sources > 0 && self.ended == self.sources
    }

    /// Runs every step. A filter that panics is charged, silenced and left out from here on. How many of them could not
    /// be told of.
    pub(super) fn run(
        &mut self,
        plan: &mut Plan,
        slab: &mut Slab,
        reports: &mut rtrb::Producer<Report>,
        cells: &Cells,
    ) -> usize {
        plan.choose();
        let mut at = 0;
        let mut unsaid = 0;
        loop {
            let work = AssertUnwindSafe(|| self.steps(plan, slab, reports, cells, &mut at));
            let Err(message) = catch_unwind(work) else {
                return unsaid + self.unsaid;
            };
            unsaid += usize::from(!quarantine(plan, slab, reports, cells, at, message));
            at += 1;
        }
    }

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
            shared,
            is_shared,
            tables,
            lines,
            cuts,
            aligns,
            hands,
            holds,
            levels,
            changed,
            sights,
            records,
            rate_hz,
            fade_len,
            fade_done,
            ..
        } = plan;
        let steps = if *is_shared { shared } else { steps };
        while let Some(step) = steps.get(*at) {
            match step {
                Step::Process {
                    entry,
                    inputs,
                    outputs,
                    is_source,
                    node,
                    lent,
                    records: first,
                } => {
                    let index = *entry;
                    self.sources += usize::from(*is_source);
                    let at_piece = (self.position, self.len);
                    let mut own = self.position;
                    if let Some(devices) = self.silent_but
                        && !devices.iter().any(|it| it.entry == index)
                    {
                        for output in outputs {
                            let slot = output.slot as usize;
                            tables.payloads[slot].clear();
                            self.stamp(tables, slot, 0, *rate_hz, own, false);
                        }
                        *at += 1;
                        continue;
                    }
                    if holds.is_busy && self.silent_but.is_none() {
                        let runs = holds.deliver(*node, tables, at_piece, *rate_hz);
                        own = holds.own_time(*node, self.position);
                        if !runs {
                            // What would work in place has been laid aside already.
                            for output in outputs {
                                let slot = output.slot as usize;
                                tables.payloads[slot].clear();
                                self.stamp(tables, slot, 0, *rate_hz, own, false);
                            }
                            *at += 1;
                            continue;
                        }
                    }
                    if holds.hears_notes && self.silent_but.is_none() {
                        holds.listen(*node, tables);
                    }
                    let Some(entry) = slab.get(index).filter(|entry| !entry.is_faulty) else {
                        let ends = *is_source || all_ended(inputs, &tables.headers);
                        for output in outputs {
                            let slot = output.slot as usize;
                            tables.payloads[slot].clear();
                            self.stamp(tables, slot, 0, *rate_hz, own, ends);
                        }
                        self.ended += usize::from(*is_source);
                        *at += 1;
                        continue;
                    };
                    if let Some(slot) = lent.map(|slot| slot as usize)
                        && !matches!(tables.spares[slot], Payload::None)
                        && let Payload::Wave(frame) = std::mem::take(&mut tables.payloads[slot])
                    {
                        // At once, so that the slot is whole again whatever becomes of the step.
                        tables.payloads[slot] = std::mem::take(&mut tables.spares[slot]);
                        entry.processor.come_home(frame);
                    }
                    let pins = &records[*first as usize..];
                    let (taken, given) = pins.split_at(inputs.len());
                    for (input, record) in inputs.iter().zip(taken) {
                        if let Some(slot) = input.slot {
                            record.pass(&tables.payloads[slot as usize]);
                        }
                    }
                    // Copies first: a frame that is taken has left its place.
                    for output in outputs {
                        if let Some(from) = output.copy_from {
                            tables.copy(from as usize, output.slot as usize);
                        }
                    }
                    let passed = passed_on(inputs, &tables.headers);
                    for (output, hand) in outputs.iter().zip(hands.iter_mut()) {
                        take(tables, output, hand, passed);
                    }
                    let mut io = Io {
                        len: self.len,
                        position: own,
                        rate_hz: *rate_hz,
                        values: &entry.values,
                        inputs: Inputs::new(inputs, &tables.headers, &tables.payloads),
                        outputs: &mut hands[..outputs.len()],
                        gate: self.gate,
                    };
                    let timer = self.timer;
                    let began = self.watch.as_mut().and_then(|it| it.before(timer));
                    cells.inside.store(index + 1, Ordering::Release);
                    let flow = entry.processor.process(&mut io);
                    cells.inside.store(0, Ordering::Relaxed);
                    if let Some(watch) = self.watch.as_mut() {
                        let (is_late, took) = watch.after(began, timer, index);
                        let pins = &pins[..inputs.len() + outputs.len()];
                        if is_late {
                            pins.iter().for_each(|record| record.was_late());
                        }
                        if let Some(took) = took {
                            pins.iter().for_each(|record| record.took(took));
                        }
                    }
                    if outputs.is_empty()
                        && let Some(record) = taken.first()
                    {
                        record.lie_inside(entry.processor.waiting());
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
                        let is_new = output.wire.is_some_and(|it| changed.contains(&it));
                        let says = (own, ends, is_new);
                        let record = &given[number];
                        if entry.is_live && cells.hears_controls.load(Ordering::Relaxed) {
                            controls(&hand.payload, reports, cells);
                        }
                        let bad =
                            self.put_back(tables, output, hand, *rate_hz, says, (levels, record));
                        if let Some(wire) = output.wire {
                            self.show(tables, output.slot, wire, sights, cuts);
                        }
                        if !output.is_to_blame {
                            continue;
                        }
                        let number = number as u16;
                        if let Some(position) = bad.non_finite
                            && !std::mem::replace(&mut entry.has_complained, true)
                        {
                            let bad = Report::NonFinite {
                                entry: index,
                                output: number,
                                position,
                            };
                            if reports.is_full() || !report(reports, cells, bad) {
                                entry.untold = Some((number, position));
                                self.unsaid += 1;
                            }
                        }
                        // Harmless, since it is gone: told where there is room, and counted in any case.
                        if let Some(position) = bad.denormal
                            && !entry.has_whispered
                            && !reports.is_full()
                        {
                            entry.has_whispered = true;
                            let bad = Report::Denormal {
                                entry: index,
                                output: number,
                                position,
                            };
                            report(reports, cells, bad);
                        }
                    }
                }
                Step::Lend { entry, slot } => {
                    let slot = *slot as usize;
                    if let Some(entry) = slab.get(*entry).filter(|entry| !entry.is_faulty)
                        && matches!(tables.spares[slot], Payload::None)
                        && let Payload::Wave(own) = &tables.payloads[slot]
                        && let Some(mut frame) =
                            entry.processor.lend(own.channel_count(), own.len())
                    {
                        frame.set_len(own.len());
                        let own =
                            std::mem::replace(&mut tables.payloads[slot], Payload::Wave(frame));
                        tables.spares[slot] = own;
                    }
                }
                // Where nothing is played, nothing moves.
                _ if self.silent_but.is_some() => {}
                Step::Cut { cut, from } => {
                    let cut = &mut cuts[*cut];
                    let (flags, ends) = cut.run(*from, tables);
                    self.show_cut(cut, tables, sights, *rate_hz);
                    let to = cut.to as usize;
                    self.stamp(tables, to, flags, *rate_hz, self.position, ends);
                }
                Step::Pass { slot, wire, node } => {
                    if holds.is_busy
                        && !holds.deliver(*node, tables, (self.position, self.len), *rate_hz)
                    {
                        tables.payloads[*slot as usize].clear();
                    }
                    let payload = &tables.payloads[*slot as usize];
                    self.publish(levels, *wire, payload, peak(payload));
                    self.show(tables, *slot, *wire, sights, cuts);
                }
                Step::Recall { line } => {
                    let slot = lines[*line].to as usize;
                    lines[*line].recall(&mut tables.payloads[slot]);
                    self.stamp(tables, slot, 0, *rate_hz, self.position, false);
                }
                Step::Align { align, slot } => {
                    let slot = *slot as usize;
                    // In the time of whoever writes it.
                    let begin = sample_from_time(tables.headers[slot].time, *rate_hz);
                    let (payload, end) = (&mut tables.payloads[slot], begin + self.len as u64);
                    aligns[*align].pass(payload, end, *rate_hz);
                }

                Step::Store { line: index, from } => {
                    let line = &mut lines[*index];
                    if let Some(slot) = *from {
                        if holds.is_busy {
                            let payload = &mut tables.payloads[slot as usize];
                            holds.store(*index, payload, self.position, *rate_hz);
                        }
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
    /// zero, one by one: a gap as long as the fault, however the graph is cut into cycles. So are those that are denormal,
    /// which nobody hears and everything behind it would be slowed by. Where the first of them were.
    fn put_back(
        &self,
        tables: &mut Tables,
        output: &OutputSlot,
        hand: &mut crate::ks::Output,
        rate_hz: u32,
        (own, ends, is_new): (u64, bool, bool),
        (levels, record): (&Telemetry, &PinRecord),
    ) -> Bad {
        let slot = output.slot as usize;
        if output.is_shown {
            record.pass(&tables.payloads[slot]);
            if let Some(wire) = output.wire {
                let payload = &tables.payloads[slot];
                self.publish(levels, wire, payload, peak(payload));
            }
            return Bad::default();
        }
        let Scan {
            mut peak,
            is_finite,
            has_denormal,
        } = scan(&hand.payload);
        let mut bad = Bad::default();
        let at = |first: Option<usize>, len: usize| {
            let place = first.unwrap_or(0) * self.len / len.max(1);
            Some(self.position + place as u64)
        };
        if let (true, Payload::Wave(wave)) = (has_denormal, &mut hand.payload) {
            let first = wave.channels().filter_map(first_denormal).min();
            bad.denormal = at(first, wave.len());
            for channel in wave.channels_mut().filter(|_| !output.is_let_through) {
                let count = silence_denormal(channel);
                if output.is_to_blame {
                    record.had_denormal(count);
                }
            }
        }
        if let (false, Payload::Wave(wave)) = (is_finite, &mut hand.payload) {
            let first = wave.channels().filter_map(first_non_finite).min();
            bad.non_finite = at(first, wave.len());
            peak = 0.0;
            if output.is_to_blame {
                let bad = wave.channels().flatten();
                record.had_bad(bad.filter(|sample| !sample.is_finite()).count());
            }
            for channel in wave.channels_mut() {
                if !output.is_let_through {
                    silence_non_finite(channel);
                }
                peak = finite_peak(channel).max(peak);
            }
        }
        record.pass(&hand.payload);
        record.reached(peak);
        if let Some(wire) = output.wire {
            self.publish(levels, wire, &hand.payload, peak);
        }
        let mut flags = hand.header.flags & flag::PASSED;
        if is_new {
            flags |= flag::TYPECHANGED;
        }
        hand.header = crate::ks::StreamHeader::default();
        tables.payloads[slot] = std::mem::take(&mut hand.payload);
        self.stamp(tables, slot, flags, rate_hz, own, ends);
        bad
    }

    /// Copies the frame of a wire for whoever looks at it; where it is cut anew, its own frames are looked at.
    fn show(&mut self, tables: &Tables, slot: u32, wire: u32, sights: &[Sight], cuts: &[Cut]) {
        let Some(tap) = self.tap.as_deref_mut().filter(|tap| tap.is_on(wire)) else {
            return;
        };
        if cuts.iter().any(|cut| cut.wire == wire) {
            return;
        }
        let slot = slot as usize;
        let (header, payload) = (tables.headers[slot], &tables.payloads[slot]);
        tap.take(
            header,
            payload,
            &sights[wire as usize],
            tables.sample_sizes[slot],
        );
    }

    /// The same for a frame of another length, when it is full.
    fn show_cut(&mut self, cut: &Cut, tables: &Tables, sights: &[Sight], rate_hz: u32) {
        let tap = self.tap.as_deref_mut();
        let Some(tap) = tap.filter(|tap| tap.is_on(cut.wire) && cut.is_full) else {
            return;
        };
        let size = tables.sample_sizes[cut.to as usize];
        let (frame, flags) = cut.full();
        let header = crate::ks::StreamHeader {
            time: time_from_sample(self.position, rate_hz),
            duration: tables.wave_time(cut.to, frame.len()),
            data_used: frame.len() as u32 * size,
            flags: flags | flag::TIMEVALID | flag::DURATIONVALID,
        };
        tap.take_wave(header, frame, &sights[cut.wire as usize], size);
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

    /// Writes the header of the frame that stands in `slot`; its filter's own time is at `own`.
    fn stamp(
        &self,
        tables: &mut Tables,
        slot: usize,
        flags: u32,
        rate_hz: u32,
        own: u64,
        ends: bool,
    ) {
        let header = &mut tables.headers[slot];
        header.time = time_from_sample(own, rate_hz);
        header.duration = time_from_sample(own + self.len as u64, rate_hz) - header.time;
        header.flags = flags | self.says | flag::TIMEVALID | flag::DURATIONVALID;
        if ends {
            header.flags |= flag::ENDOFSTREAM;
        }
        header.data_used = match &tables.payloads[slot] {
            Payload::Wave(wave) => wave.len() as u32 * tables.sample_sizes[slot],
            Payload::Events(events) => (events.len() * crate::ks::EVENT_BYTES) as u32,
            Payload::None => 0,
        };
    }
}

/// What the headers of what comes in say that goes on with what goes out: a break on any of them, the rest where all
/// agree. A change of format is told by each wire for itself.
fn passed_on(inputs: &[InputPin], headers: &[crate::ks::StreamHeader]) -> u32 {
    const BREAKS: u32 = flag::DATADISCONTINUITY | flag::TIMEDISCONTINUITY;
    let connected = inputs.iter().filter(|input| input.wire != 0);
    let flags = connected.filter_map(|input| Some(headers[input.slot? as usize].flags));
    let (any, all) = flags.fold((0, !0), |(any, all), flags| (any | flags, all & flags));
    match any {
        0 => 0,
        _ => (any & BREAKS) | (all & flag::PASSED & !flag::TYPECHANGED),
    }
}

fn take(tables: &mut Tables, output: &OutputSlot, hand: &mut crate::ks::Output, passed: u32) {
    let slot = output.slot as usize;
    hand.is_connected = output.wire.is_some();
    hand.is_filled = output.is_in_place;
    if output.is_shown {
        // The frame stays where it is, for everybody to read.
        hand.payload = Payload::None;
        hand.header = tables.headers[slot];
        return;
    }
    hand.payload = std::mem::take(&mut tables.payloads[slot]);
    hand.header.flags = passed;
    if output.is_in_place {
        hand.header = tables.headers[slot];
        hand.header.flags = (hand.header.flags & !flag::TYPECHANGED) | passed;
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
