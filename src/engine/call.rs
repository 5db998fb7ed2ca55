//! A filter's call: what stands ready for it, the call, and what becomes of the frames it leaves.
//!
//! Most calls are ordinary, and go a short way (`brisk.rs`). This one knows of all else. Both leave the same.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cut::Cut;
use super::cycle::{Cycle, report};
use super::hold::Holds;
use super::link::{Cells, Report};
use super::plan::OutputSlot;
use super::records::PinRecord;
use super::slab::{Entry, Slab};
use super::table::{Tables, peak, scan};
use super::tap::Sight;
use crate::dsp::measure::{
    finite_peak, first_denormal, first_non_finite, silence_denormal, silence_non_finite,
};
use crate::ks::{
    Flow, InputPin, Inputs, Io, Output, Payload, Processor, StreamHeader, Telemetry, flag,
};

/// The filter that is called.
pub(super) struct Called<'a> {
    pub(super) index: u32,
    pub(super) inputs: &'a [InputPin],
    pub(super) outputs: &'a [OutputSlot],
    pub(super) is_source: bool,
    pub(super) node: u32,
    pub(super) lent: Option<u32>,
    /// Those of its inputs, those of its outputs, and those of the filters behind.
    pub(super) records: &'a [Arc<PinRecord>],
}

/// What all calls of a cycle work on.
pub(super) struct Desk<'a> {
    pub(super) tables: &'a mut Tables,
    pub(super) slab: &'a mut Slab,
    pub(super) hands: &'a mut [Output],
    pub(super) holds: &'a mut Holds,
    pub(super) levels: &'a Telemetry,
    pub(super) changed: &'a [u32],
    pub(super) sights: &'a [Sight],
    pub(super) cuts: &'a mut [Cut],
    pub(super) reports: &'a mut rtrb::Producer<Report>,
    pub(super) cells: &'a Cells,
    pub(super) rate_hz: u32,
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

/// Where a filter first gave samples that are no numbers, and some that are denormal.
#[derive(Default)]
struct Bad {
    non_finite: Option<u64>,
    denormal: Option<u64>,
}

impl Cycle<'_> {
    /// The long way.
    pub(super) fn call(&mut self, called: &Called<'_>, desk: &mut Desk<'_>) {
        let Called {
            index,
            inputs,
            outputs,
            is_source,
            node,
            ..
        } = *called;
        let rate_hz = desk.rate_hz;
        self.sources += usize::from(is_source);
        let mut own = self.position;
        if let Some(devices) = self.silent_but
            && !devices.iter().any(|it| it.entry == index)
        {
            self.leave_silent(outputs, desk.tables, rate_hz, own, false);
            return;
        }
        if desk.holds.is_busy && self.silent_but.is_none() {
            let at_piece = (self.position, self.len);
            let runs = desk.holds.deliver(node, desk.tables, at_piece, rate_hz);
            own = desk.holds.own_time(node, self.position);
            if !runs {
                // What would work in place has been laid aside already.
                self.leave_silent(outputs, desk.tables, rate_hz, own, false);
                return;
            }
        }
        if desk.holds.hears_notes && self.silent_but.is_none() {
            desk.holds.listen(node, desk.tables);
        }
        let tables = &mut *desk.tables;
        let Some(entry) = desk.slab.get(index).filter(|entry| !entry.is_faulty) else {
            let ends = is_source || all_ended(inputs, &tables.headers);
            self.leave_silent(outputs, tables, rate_hz, own, ends);
            self.ended += usize::from(is_source);
            return;
        };
        if let Some(slot) = called.lent.map(|slot| slot as usize)
            && !matches!(tables.spares[slot], Payload::None)
            && let Payload::Wave(frame) = std::mem::take(&mut tables.payloads[slot])
        {
            // At once, so that the slot is whole again whatever becomes of the step.
            tables.payloads[slot] = std::mem::take(&mut tables.spares[slot]);
            entry.processor.come_home(frame);
        }
        for (input, record) in inputs.iter().zip(called.records) {
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
        for (output, hand) in outputs.iter().zip(desk.hands.iter_mut()) {
            take(tables, output, hand, passed);
        }
        let flow = self.process(
            (index, entry),
            Inputs::new(inputs, &tables.headers, &tables.payloads),
            &mut desk.hands[..outputs.len()],
            (called.records, inputs.len() + outputs.len()),
            desk.cells,
            (own, rate_hz),
        );
        if outputs.is_empty()
            && !inputs.is_empty()
            && let Some(record) = called.records.first()
        {
            record.lie_inside(entry.processor.waiting());
        }
        self.finish(called, desk, flow, own);
    }

    /// Nothing comes from a filter.
    fn leave_silent(
        &self,
        outputs: &[OutputSlot],
        tables: &mut Tables,
        rate_hz: u32,
        own: u64,
        ends: bool,
    ) {
        for output in outputs {
            let slot = output.slot as usize;
            tables.payloads[slot].clear();
            self.stamp(tables, slot, 0, rate_hz, own, ends);
        }
    }

    /// The call itself. `pins` are the records of what goes in and comes out, so many of them.
    #[inline]
    pub(super) fn process(
        &mut self,
        (index, entry): (u32, &mut Entry),
        inputs: Inputs<'_>,
        outputs: &mut [Output],
        pins: (&[Arc<PinRecord>], usize),
        cells: &Cells,
        (own, rate_hz): (u64, u32),
    ) -> Flow {
        let mut io = Io {
            len: self.len,
            position: own,
            rate_hz,
            values: &entry.values,
            inputs,
            outputs,
            gate: self.gate,
        };
        let inside = &cells.inside[self.lane];
        inside.store(index + 1, Ordering::Release);
        let flow = match self.watch {
            None => entry.processor.process(&mut io),
            Some(_) => self.timed(index, &mut *entry.processor, &mut io, pins),
        };
        inside.store(0, Ordering::Relaxed);
        flow
    }

    /// The same with a clock before and behind it, where it is its turn to be timed.
    #[inline(never)]
    fn timed(
        &mut self,
        index: u32,
        processor: &mut dyn Processor,
        io: &mut Io<'_>,
        (records, count): (&[Arc<PinRecord>], usize),
    ) -> Flow {
        let pins = &records[..count];
        let timer = self.timer;
        let began = self.watch.as_mut().and_then(|it| it.before(timer));
        let flow = processor.process(io);
        if let Some(watch) = self.watch.as_mut() {
            let (is_late, took) = watch.after(began, timer, (index, 1));
            if is_late {
                pins.iter().for_each(|record| record.was_late());
            }
            if let Some(took) = took {
                pins.iter().for_each(|record| record.took(took));
            }
        }
        flow
    }

    /// What was left goes back where it stands, and what is to be said of it is said.
    pub(super) fn finish(
        &mut self,
        called: &Called<'_>,
        desk: &mut Desk<'_>,
        flow: Flow,
        own: u64,
    ) {
        let (index, outputs) = (called.index, called.outputs);
        let tables = &mut *desk.tables;
        let ends = flow == Flow::Ended || all_ended(called.inputs, &tables.headers);
        self.ended += usize::from(called.is_source && flow == Flow::Ended);
        if flow == Flow::Starved {
            let position = self.position;
            let starved = Report::Starved {
                entry: index,
                position,
            };
            report(desk.reports, desk.cells, starved);
        }
        let Some(entry) = desk.slab.get(index) else {
            return;
        };
        let given = &called.records[called.inputs.len()..];
        for (number, (output, hand)) in outputs.iter().zip(desk.hands.iter_mut()).enumerate() {
            let is_new = output.wire.is_some_and(|it| desk.changed.contains(&it));
            let says = (own, ends, is_new);
            let record = &given[number];
            if entry.is_live && desk.cells.hears_controls.load(Ordering::Relaxed) {
                controls(&hand.payload, desk.reports, desk.cells);
            }
            let bad = self.put_back(
                tables,
                output,
                hand,
                desk.rate_hz,
                says,
                (desk.levels, record),
            );
            if let Some(wire) = output.wire {
                self.show(tables, output.slot, wire, desk.sights, desk.cuts);
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
                if desk.reports.is_full() || !report(desk.reports, desk.cells, bad) {
                    entry.untold = Some((number, position));
                    self.unsaid += 1;
                }
            }
            // Harmless, since it is gone: told where there is room, and counted in any case.
            if let Some(position) = bad.denormal
                && !entry.has_whispered
                && !desk.reports.is_full()
            {
                entry.has_whispered = true;
                let bad = Report::Denormal {
                    entry: index,
                    output: number,
                    position,
                };
                report(desk.reports, desk.cells, bad);
            }
        }
    }

    /// Puts a frame back where it stands, stamps its header, publishes its level. Samples that are no numbers are set to
    /// zero, one by one: a gap as long as the fault, however the graph is cut into cycles. So are those that are denormal,
    /// which nobody hears and everything behind it would be slowed by. Where the first of them were.
    fn put_back(
        &self,
        tables: &mut Tables,
        output: &OutputSlot,
        hand: &mut Output,
        rate_hz: u32,
        (own, ends, is_new): (u64, bool, bool),
        (levels, record): (&Telemetry, &PinRecord),
    ) -> Bad {
        let slot = output.slot as usize;
        if output.is_shown {
            let payload = &tables.payloads[slot];
            let peak = peak(payload);
            record.pass(payload);
            record.reached(peak);
            if let Some(wire) = output.wire {
                self.publish(levels, wire, payload, peak);
            }
            return Bad::default();
        }
        let seen = scan(&hand.payload);
        let (mut peak, is_finite, has_denormal) =
            (seen.peak(), seen.is_finite(), seen.has_denormal());
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
        hand.header = StreamHeader::default();
        tables.payloads[slot] = std::mem::take(&mut hand.payload);
        self.stamp(tables, slot, flags, rate_hz, own, ends);
        bad
    }
}

/// What the headers of what comes in say that goes on with what goes out: a break on any of them, the rest where all
/// agree. A change of format is told by each wire for itself.
fn passed_on(inputs: &[InputPin], headers: &[StreamHeader]) -> u32 {
    const BREAKS: u32 = flag::DATADISCONTINUITY | flag::TIMEDISCONTINUITY;
    let connected = inputs.iter().filter(|input| input.wire != 0);
    let flags = connected.filter_map(|input| Some(headers[input.slot? as usize].flags));
    let (any, all) = flags.fold((0, !0), |(any, all), flags| (any | flags, all & flags));
    match any {
        0 => 0,
        _ => (any & BREAKS) | (all & flag::PASSED & !flag::TYPECHANGED),
    }
}

fn take(tables: &mut Tables, output: &OutputSlot, hand: &mut Output, passed: u32) {
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
        hand.header.flags = (hand.header.flags & !flag::PASSED) | passed;
    } else if output.begins_silent || matches!(hand.payload, Payload::Events(_)) {
        hand.payload.clear();
    }
}

/// A filter's streams end when those of all its connected inputs have (HDR-10).
fn all_ended(inputs: &[InputPin], headers: &[StreamHeader]) -> bool {
    let mut connected = inputs.iter().filter(|input| input.wire != 0).peekable();
    connected.peek().is_some()
        && connected.all(|input| {
            input
                .slot
                .is_some_and(|slot| headers[slot as usize].is_end_of_stream())
        })
}
