//! One step of a plan, whatever it is; filters are called the long way here (`call.rs`).

use std::ops::Range;
use std::sync::Arc;

use super::align::Align;
use super::call::{Called, Desk};
use super::cycle::Cycle;
use super::islands;
use super::line::Line;
use super::plan::Step;
use super::records::PinRecord;
use super::table::peak;
use crate::ks::{Flow, Payload, sample_from_time};

/// What steps work on that call no filter.
pub(super) struct Rest<'a> {
    pub(super) lines: &'a mut [Line],
    pub(super) aligns: &'a mut [Align],
    /// The islands of each fork, and what each of them gives.
    pub(super) forks: &'a [Range<usize>],
    pub(super) given: &'a [Box<[u32]>],
    pub(super) records: &'a [Arc<PinRecord>],
    pub(super) fade_done: usize,
    pub(super) fade_len: usize,
}

impl Cycle<'_> {
    /// Does a step. Where its filter was called already and left what is out of the ordinary, `odd` is what it said, and
    /// that is seen to. How many filters were done at once.
    pub(super) fn step(
        &mut self,
        step: &Step,
        odd: Option<Flow>,
        desk: &mut Desk<'_>,
        rest: &mut Rest<'_>,
    ) -> usize {
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
                let called = Called {
                    index: *entry,
                    inputs,
                    outputs,
                    is_source: *is_source,
                    node: *node,
                    lent: *lent,
                    records: &rest.records[*first as usize..],
                };
                match odd {
                    Some(flow) => self.finish(&called, desk, flow, self.position),
                    None => self.call(&called, desk),
                }
            }
            Step::Lend { entry, slot } => {
                let slot = *slot as usize;
                if let Some(entry) = desk.slab.get(*entry).filter(|entry| !entry.is_faulty)
                    && matches!(desk.tables.spares[slot], Payload::None)
                    && let Payload::Wave(own) = &desk.tables.payloads[slot]
                    && let Some(mut frame) = entry.processor.lend(own.channel_count(), own.len())
                {
                    frame.set_len(own.len());
                    let own =
                        std::mem::replace(&mut desk.tables.payloads[slot], Payload::Wave(frame));
                    desk.tables.spares[slot] = own;
                }
            }
            // Where nothing is played, nothing moves.
            _ if self.silent_but.is_some() => {}
            Step::Cut { cut, from } => {
                let cut = &mut desk.cuts[*cut];
                let (flags, ends) = cut.run(*from, desk.tables);
                self.show_cut(cut, desk.tables, desk.sights, desk.rate_hz);
                let to = cut.to as usize;
                self.stamp(desk.tables, to, flags, desk.rate_hz, self.position, ends);
            }
            Step::Pass { slot, wire, node } => {
                if desk.holds.is_busy
                    && !desk.holds.deliver(
                        *node,
                        desk.tables,
                        (self.position, self.len),
                        desk.rate_hz,
                    )
                {
                    desk.tables.payloads[*slot as usize].clear();
                }
                let payload = &desk.tables.payloads[*slot as usize];
                self.publish(desk.levels, *wire, payload, peak(payload));
                self.show(desk.tables, *slot, *wire, desk.sights, desk.cuts);
            }
            Step::Recall { line } => {
                let slot = rest.lines[*line].to as usize;
                rest.lines[*line].recall(&mut desk.tables.payloads[slot]);
                self.stamp(desk.tables, slot, 0, desk.rate_hz, self.position, false);
            }
            Step::Align { align, slot } => {
                let slot = *slot as usize;
                // In the time of whoever writes it.
                let begin = sample_from_time(desk.tables.headers[slot].time, desk.rate_hz);
                let (payload, end) = (&mut desk.tables.payloads[slot], begin + self.len as u64);
                rest.aligns[*align].pass(payload, end, desk.rate_hz);
            }

            Step::Store { line: index, from } => {
                let line = &mut rest.lines[*index];
                if let Some(slot) = *from {
                    if desk.holds.is_busy {
                        let payload = &mut desk.tables.payloads[slot as usize];
                        desk.holds
                            .store(*index, payload, self.position, desk.rate_hz);
                    }
                    line.store(&desk.tables.payloads[slot as usize]);
                }
            }
            Step::Fork { fork } => {
                let mut ground = islands::Desk {
                    tables: &mut *desk.tables,
                    slab: &mut *desk.slab,
                    holds: &mut *desk.holds,
                    reports: &mut *desk.reports,
                    cells: desk.cells,
                };
                let fork = (rest.forks[*fork].clone(), rest.given);
                return self.fork(fork, &mut ground, (rest.fade_done, desk.rate_hz));
            }
            Step::Fade { slot, is_arriving } => {
                if !(*is_arriving && rest.fade_done >= rest.fade_len) {
                    fade(
                        &mut desk.tables.payloads[*slot as usize],
                        *is_arriving,
                        rest.fade_done,
                        self.len,
                        rest.fade_len,
                    );
                }
            }
        }
        0
    }

    /// Has islands done. How many filters of theirs were done at once.
    fn fork(
        &mut self,
        fork: (Range<usize>, &[Box<[u32]>]),
        desk: &mut islands::Desk<'_>,
        (fade_done, rate_hz): (usize, u32),
    ) -> usize {
        let Some(crew) = self.crew.as_deref_mut() else {
            return 0;
        };
        let order = islands::Order {
            position: self.position,
            len: self.len,
            gate: self.gate,
            fall: self.fall,
            says: self.says,
            fade_done,
        };
        let timer = self.timer;
        let began = self.watch.as_mut().and_then(|it| it.before(timer));
        let period = self.len as u64 * 1_000_000_000 / u64::from(rate_hz.max(1));
        let (outcome, late) = crew.fork(fork, order, desk, (timer, period / 4));
        if let Some(watch) = self.watch.as_mut() {
            match late {
                // It had the whole of the wait.
                Some(entry) => {
                    watch.after(began, timer, (entry, 1));
                }
                None => watch.not_yet(),
            }
        }
        self.sources += outcome.sources;
        self.ended += outcome.ended;
        self.unsaid += outcome.unsaid;
        outcome.at_once
    }
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
