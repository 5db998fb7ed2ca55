//! Ordinary calls, the short way: everything runs, frames say nothing but their time, one comes out.
//!
//! What a call needs stands here in the order of the steps, a line of memory each; its filter's pins are told every so many
//! cycles, as those of runs are. Whatever is out of the ordinary goes the long way (`call.rs`), and both leave the same.

use super::call::Desk;
use super::cycle::Cycle;
use super::outline::Outline;
use super::plan::Step;
use super::runs::{SAMPLES, Told, every, seldom};
use super::table::{Tables, scan};
use crate::ks::{Flow, InputPin, Inputs, Output, Payload, StreamHeader, flag};

/// What frames say in the ordinary.
pub(super) const ORDINARY: u32 = flag::TIMEVALID | flag::DURATIONVALID;

/// Where the short way ends.
pub(super) enum Brisk {
    /// Before a step that is none of its own.
    Before,
    /// Behind a call that left what is out of the ordinary.
    Odd(Flow),
}

/// A step, as the short way wants it.
#[derive(Clone, Copy, Debug, Default)]
struct Call {
    /// Whether it may go the short way at all.
    is_plain: bool,
    is_in_place: bool,
    is_source: bool,
    /// All its pins carry sound of one rate: as many samples pass at one as at the others.
    is_even: bool,
    /// It works on its only input in place: what it leaves may be handed on as it is.
    hands_on: bool,
    /// Events come to it: notes among them are to be followed.
    hears: bool,
    /// A run begins here: it is for that to say whether the filter is called.
    begins_run: bool,
    /// Steps till the next that has anything to do.
    steps: u32,
    entry: u32,
    slot: u32,
    copy_from: Option<u32>,
    wire: Option<u32>,
    /// Where its pins begin, and how many of them go in.
    pin: u32,
    inputs: u32,
    /// Where their records begin in the plan.
    record: u32,
    /// What passed and was not told yet: frames, the samples of each, and the largest one.
    frames: u32,
    fill: u32,
    peak: f32,
    /// Calls until it is told.
    left: u32,
}

// A line of the nearest cache.
const _: () = assert!(size_of::<Call>() == 64);

/// The calls of a list of steps.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Box<[Call]>,
    pins: Box<[InputPin]>,
    /// Calls between two times that pins are told.
    every: u32,
    /// How far meters fall in a cycle.
    fall: f32,
}

impl Calls {
    /// `begins`: not 0 where a run begins.
    pub(super) fn of(steps: &[Step], outline: &Outline, begins: &[u32]) -> Self {
        let mut pins = vec![];
        let calls = steps.iter().map(|step| call(step, outline, &mut pins));
        let mut calls: Box<[Call]> = calls.collect();
        let mut idle = 0;
        for (at, call) in calls.iter_mut().enumerate().rev() {
            call.steps = 1 + idle;
            call.begins_run = begins.get(at).is_some_and(|run| *run > 0);
            // What arrives has arrived in the ordinary.
            let fades = matches!(
                steps[at],
                Step::Fade {
                    is_arriving: true,
                    ..
                }
            );
            let is_over = fades && !call.begins_run;
            idle = if is_over { idle + 1 } else { 0 };
        }
        let every = every(calls.iter().filter(|it| it.is_plain).count()) as u32;
        let plain = calls.iter_mut().filter(|it| it.is_plain);
        // Not all are told of in one cycle.
        for (number, call) in plain.enumerate() {
            call.left = 1 + number as u32 % every;
        }
        Self {
            calls,
            pins: pins.into(),
            every,
            fall: 1.0,
        }
    }

    /// See [`Runs::look_away`](super::runs::Runs::look_away).
    pub(super) fn look_away(&mut self) {
        self.every = seldom(self.every as usize) as u32;
    }

    /// How many steps behind that one have nothing to do.
    pub(super) fn idle_behind(&self, at: usize) -> usize {
        self.calls[at].steps as usize - 1
    }

    /// A call is done: what it left is told now, or with that of others.
    #[inline]
    fn pass(&mut self, at: usize, (fill, peak): (usize, f32), told: Told<'_>) {
        let Some(call) = self.calls.get_mut(at) else {
            return;
        };
        let fill = fill as u32;
        call.frames += 1;
        call.fill = fill;
        call.peak = call.peak.max(peak);
        call.left = call.left.saturating_sub(1);
        if call.left == 0 || (call.frames * fill) as usize >= SAMPLES {
            self.tell(at, told);
        }
    }

    /// Tells the pins of a step, and its wire, what passed since they were told last.
    pub(super) fn tell(&mut self, at: usize, (levels, records): Told<'_>) {
        let Some(call) = self.calls.get_mut(at).filter(|it| it.frames > 0) else {
            return;
        };
        call.left = self.every;
        let (frames, fill) = (std::mem::take(&mut call.frames), call.fill as usize);
        let first = call.record as usize;
        let (inputs, output) = (
            first..first + call.inputs as usize,
            first + call.inputs as usize,
        );
        let pins = &self.pins[call.pin as usize..];
        for (pin, record) in pins.iter().zip(&records[inputs]) {
            if pin.slot.is_some() {
                record.pass_many(frames, fill);
            }
        }
        let peak = std::mem::take(&mut call.peak);
        records[output].pass_many(frames, fill);
        records[output].reached(peak);
        if let Some(wire) = call.wire.map(|wire| wire as usize) {
            let fallen = levels.get(wire) * self.fall.powi(frames as i32);
            levels.set(wire, peak.max(fallen));
        }
    }

    /// Tells those of all steps.
    pub(super) fn tell_all(&mut self, told: Told<'_>) {
        for at in 0..self.calls.len() {
            self.tell(at, told);
        }
    }
}

fn call(step: &Step, outline: &Outline, pins: &mut Vec<InputPin>) -> Call {
    let Step::Process {
        entry,
        inputs,
        outputs,
        is_source,
        lent: None,
        records,
        ..
    } = step
    else {
        return Call::default();
    };
    let [output] = &outputs[..] else {
        return Call::default();
    };
    let is_own = !output.is_shown && !output.begins_silent && !output.is_let_through;
    let is_known = inputs.iter().all(|it| it.slot.is_some() || it.wire == 0);
    if !is_own || !is_known {
        return Call::default();
    }
    let rate_hz = outline.rate_hz(output.slot);
    let mut slots = inputs.iter().filter_map(|it| it.slot);
    let hears = slots.clone().any(|slot| outline.holds_events(slot));
    let is_even = rate_hz > 0 && slots.all(|slot| outline.rate_hz(slot) == rate_hz);
    let is_alone = matches!(inputs[..], [ref it] if it.slot == Some(output.slot));
    let call = Call {
        is_plain: true,
        is_in_place: output.is_in_place,
        is_source: *is_source,
        is_even,
        hears,
        hands_on: is_even && is_alone && output.is_in_place && output.copy_from.is_none(),
        entry: *entry,
        slot: output.slot,
        copy_from: output.copy_from,
        wire: output.wire,
        pin: pins.len() as u32,
        inputs: inputs.len() as u32,
        record: *records,
        ..Call::default()
    };
    pins.extend(inputs);
    call
}

/// The slot of a hand that holds nothing.
const NOWHERE: usize = usize::MAX;

/// A hand, and where what it holds stands: the frame stays in it as long as the filters behind work on it in place.
struct Held<'a> {
    hand: &'a mut Output,
    slot: usize,
}

impl Held<'_> {
    #[inline]
    fn put_back(&mut self, tables: &mut Tables) {
        if let Some(place) = tables.payloads.get_mut(self.slot) {
            std::mem::swap(&mut self.hand.payload, place);
            self.slot = NOWHERE;
        }
    }

    /// Takes a frame, for a call that is let work in it or fills it.
    #[inline]
    fn take(&mut self, tables: &mut Tables, slot: usize, is_in_place: bool) {
        // What was in the hand was nothing.
        std::mem::swap(&mut self.hand.payload, &mut tables.payloads[slot]);
        self.slot = slot;
        if is_in_place {
            self.hand.header = tables.headers[slot];
        } else {
            self.hand.header = StreamHeader::default();
            if let Payload::Events(events) = &mut self.hand.payload {
                events.clear();
            }
        }
    }
}

impl Cycle<'_> {
    /// Calls filters from the step `at` on, as far as nothing is out of the ordinary; fades that are over are stepped
    /// over. `at` stays at the step in progress, so that a panic can be charged; in the end it is at the one that comes
    /// next, or that left what is out of the ordinary.
    pub(super) fn call_briskly(
        &mut self,
        at: &mut usize,
        calls: &mut Calls,
        desk: &mut Desk<'_>,
        told: Told<'_>,
    ) -> Brisk {
        let (levels, records) = told;
        calls.fall = self.fall;
        let tables = &mut *desk.tables;
        let Some(hand) = desk.hands.first_mut() else {
            return Brisk::Before;
        };
        let mut held = Held {
            hand,
            slot: NOWHERE,
        };
        let (first, hears_notes) = (*at, desk.holds.hears_notes);
        while let Some(call) = calls.calls.get(*at).filter(|it| it.is_plain) {
            if call.begins_run && *at > first || call.hears && hears_notes {
                break;
            }
            let (slot, wire) = (call.slot as usize, call.wire);
            let inputs = &calls.pins[call.pin as usize..][..call.inputs as usize];
            let goes_on = call.hands_on && held.slot == slot;
            if goes_on {
                held.hand.header.flags = ORDINARY;
            } else {
                held.put_back(tables);
                let is_ordinary = |pin: &InputPin| match pin.slot {
                    Some(slot) => tables.headers[slot as usize].flags == ORDINARY,
                    None => true,
                };
                if !inputs.iter().all(is_ordinary) {
                    break;
                }
            }
            let entry = desk.slab.get(call.entry);
            let Some(entry) = entry.filter(|entry| !entry.is_faulty && !entry.is_live) else {
                break;
            };
            let pins = &records[call.record as usize..];
            if !call.is_even {
                for (pin, record) in inputs.iter().zip(pins) {
                    if let Some(slot) = pin.slot {
                        record.pass(&tables.payloads[slot as usize]);
                    }
                }
            }
            if !goes_on {
                if let Some(from) = call.copy_from {
                    tables.copy(from as usize, slot);
                }
                held.take(tables, slot, call.is_in_place);
            }
            let hand = &mut *held.hand;
            hand.is_connected = wire.is_some();
            hand.is_filled = call.is_in_place;
            self.sources += usize::from(call.is_source);
            let flow = self.process(
                (call.entry, entry),
                Inputs::new(inputs, &tables.headers, &tables.payloads),
                std::slice::from_mut(hand),
                (pins, inputs.len() + 1),
                desk.cells,
                (self.position, desk.rate_hz),
            );
            let seen = scan(&hand.payload);
            let says = hand.header.flags & flag::PASSED;
            if flow != Flow::Running || says != 0 || !seen.is_finite() || seen.has_denormal() {
                if call.is_even {
                    let fill = hand.len();
                    for (_, record) in inputs.iter().zip(pins).filter(|(it, _)| it.slot.is_some()) {
                        record.pass_many(1, fill);
                    }
                }
                return Brisk::Odd(flow);
            }
            let peak = seen.peak();
            let steps = if self.is_fading {
                1
            } else {
                call.steps as usize
            };
            let hands_on = call.hands_on;
            if call.is_even {
                let fill = hand.len();
                calls.pass(*at, (fill, peak), told);
            } else {
                let record = &pins[inputs.len()];
                record.pass(&hand.payload);
                record.reached(peak);
                if let Some(wire) = wire {
                    self.publish(levels, wire, &hand.payload, peak);
                }
            }
            // What is worked upon in place keeps its header.
            if !hands_on || self.tap.is_some() {
                held.put_back(tables);
                self.stamp(tables, slot, 0, desk.rate_hz, self.position, false);
                if let Some(wire) = wire {
                    self.show(tables, slot as u32, wire, desk.sights, desk.cuts);
                }
            }
            *at += steps;
        }
        held.put_back(tables);
        Brisk::Before
    }
}
