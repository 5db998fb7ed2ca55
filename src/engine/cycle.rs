//! One cycle: the steps of a plan in order over its frame tables, each filter's call, what becomes of its frames.
//!
//! Which plan runs, its states and messages are the runner's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use super::brisk::{Brisk, ORDINARY};
use super::call::Desk;
use super::cut::Cut;
use super::islands::Crew;
use super::link::{Cells, Report};
use super::pacers::Paced;
use super::plan::{Plan, Step};
use super::records::Stopwatch;
use super::runs::{Row, Runs, Told};
use super::slab::Slab;
use super::step::Rest;
use super::table::Tables;
use super::tap::{Sight, Tap};
use crate::ks::{Payload, RefTime, StreamHeader, Telemetry, flag, time_from_sample};

/// Pushes a report, or counts it as lost. Whether there was room.
pub(super) fn report(reports: &mut rtrb::Producer<Report>, cells: &Cells, message: Report) -> bool {
    let is_told = reports.push(message).is_ok();
    if !is_told {
        cells.lost_reports.fetch_add(1, Ordering::Relaxed);
    }
    cells.bell.ring();
    is_told
}

/// The step at `at` panicked: silences its outputs, now and from here on. Whether that could be said; otherwise the
/// message stays with the filter, since nothing is freed here.
fn quarantine(
    plan: &mut Plan,
    slab: &mut Slab,
    reports: &mut rtrb::Producer<Report>,
    cells: &Cells,
    (at, lane): (usize, usize),
    message: Box<dyn std::any::Any + Send>,
) -> bool {
    let steps = match (plan.is_split, plan.is_shared) {
        (true, at) => plan.splits[usize::from(at)].as_ref().map(|it| &it.steps),
        (false, true) => Some(&plan.shared),
        (false, false) => Some(&plan.steps),
    };
    let step = steps.and_then(|steps| steps.get(at));
    let Some(Step::Process { entry, outputs, .. }) = step else {
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
    plan.rouse(entry);
    let Some(open) = slab.get(entry) else {
        std::mem::forget(message);
        return true;
    };
    open.is_faulty = true;
    cells.inside[lane].store(0, Ordering::Relaxed);
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

/// How far meters fall in a piece: the same for the next one, which most often is as long.
#[derive(Default)]
pub(super) struct Fall {
    of: (usize, u32),
    by: f32,
}

impl Fall {
    /// The factor for so many samples: 24 dB a second.
    pub(super) fn of(&mut self, len: usize, rate_hz: u32) -> f32 {
        if self.of != (len, rate_hz) {
            self.of = (len, rate_hz);
            self.by = 10.0_f32.powf(-24.0 / 20.0 * len as f32 / rate_hz as f32);
        }
        self.by
    }
}

/// What is the same for every step of a cycle.
pub(super) struct Cycle<'a> {
    pub(super) len: usize,
    pub(super) position: u64,
    /// Time and duration of a frame that begins with the piece, once they are known.
    span: Option<(RefTime, RefTime)>,
    pub(super) gate: (f32, f32),
    pub(super) fall: f32,
    /// What times filters, and the clock for it.
    pub(super) watch: Option<&'a mut Stopwatch>,
    pub(super) timer: Option<&'a dyn Fn() -> u64>,
    /// Whoever looks at a wire.
    pub(super) tap: Option<&'a mut Tap>,
    /// What every header of this piece says beside its own.
    pub(super) says: u32,
    /// Wires of the plan are on their way up or down.
    pub(super) is_fading: bool,
    /// Nothing is played: only these, the devices, are called, with silence.
    pub(super) silent_but: Option<&'a [Paced]>,
    /// Whoever helps, where the plan may be split.
    pub(super) crew: Option<&'a mut Crew>,
    /// Which of the threads that call filters this is.
    pub(super) lane: usize,
    pub(super) sources: usize,
    pub(super) ended: usize,
    /// Complaints that found the report ring full.
    pub(super) unsaid: usize,
}

impl<'a> Cycle<'a> {
    /// A cycle of `len` samples from `position` on. Meters fall by `fall` in it.
    pub(super) fn new(len: usize, position: u64, gate: (f32, f32), fall: f32) -> Self {
        Self {
            len,
            position,
            span: None,
            gate,
            fall,
            watch: None,
            timer: None,
            tap: None,
            says: 0,
            is_fading: false,
            silent_but: None,
            crew: None,
            lane: 0,
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
        plan.choose(slab, self.crew.is_some() && self.silent_but.is_none());
        (plan.at_once, plan.is_still) = (0, false);
        self.span = Some(self.span_of(self.position, plan.rate_hz));
        let mut at = 0;
        let mut unsaid = 0;
        loop {
            let work = AssertUnwindSafe(|| self.steps(plan, slab, reports, cells, &mut at));
            let Err(message) = catch_unwind(work) else {
                return unsaid + self.unsaid;
            };
            unsaid += usize::from(!quarantine(
                plan,
                slab,
                reports,
                cells,
                (at, self.lane),
                message,
            ));
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
            is_split,
            splits,
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
            runs,
            rate_hz,
            fade_len,
            fade_done,
            has_fades,
            at_once,
            ..
        } = plan;
        let [own_runs, shared_runs] = runs;
        let no_forks = (&[][..], &[][..]);
        let split = splits[usize::from(*is_shared)].as_mut();
        let (steps, runs, (forks, given)) = match (split.filter(|_| *is_split), *is_shared) {
            (Some(split), _) => {
                let forks = (&split.forks[..], &split.given[..]);
                (&split.steps, &mut split.runs, forks)
            }
            (None, true) => (&*shared, shared_runs, no_forks),
            (None, false) => (&*steps, own_runs, no_forks),
        };
        // What is done at once knows nothing of what is out of the ordinary.
        let is_ordinary =
            !holds.is_busy && self.silent_but.is_none() && self.says == 0 && changed.is_empty();
        // What fades goes its own way, all else is as ever.
        self.is_fading = *has_fades && *fade_done < *fade_len;
        let mut desk = Desk {
            tables,
            slab,
            hands,
            holds,
            levels,
            changed,
            sights,
            cuts,
            reports,
            cells,
            rate_hz: *rate_hz,
        };
        let mut rest = Rest {
            lines,
            aligns,
            forks,
            given,
            records,
            fade_done: *fade_done,
            fade_len: *fade_len,
        };
        // Here and not in each turn: put together anew it would be waited for.
        let told = (&*levels, &records[..]);
        while *at < steps.len() {
            if let Some(run) = runs.at(*at) {
                if is_ordinary && runs.made(run).is_some() {
                    let row = self.pass_row(run, runs, desk.tables, told);
                    self.sources += row.runs;
                    *at_once += row.filters;
                    *at += row.steps;
                    if row.runs > 0 {
                        continue;
                    }
                }
                let row = match is_ordinary {
                    true => self.pass(run, runs, (desk.tables, desk.slab), told, cells),
                    false => None,
                };
                if let Some(row) = row {
                    if let Some(slot) = runs.made(run) {
                        self.sources += 1;
                        let (slot, position) = (slot as usize, self.position);
                        self.stamp(desk.tables, slot, 0, desk.rate_hz, position, false);
                    }
                    *at_once += row.filters;
                    *at += row.steps;
                    continue;
                }
                runs.give_way(run, desk.slab, told);
            }
            let first = *at;
            let odd = match is_ordinary {
                true => match self.call_briskly(at, &mut runs.calls, &mut desk, told) {
                    Brisk::Before if *at > first => continue,
                    Brisk::Before => None,
                    Brisk::Odd(flow) => Some(flow),
                },
                false => None,
            };
            runs.calls.tell(*at, told);
            *at_once += self.step(&steps[*at], odd, &mut desk, &mut rest);
            *at += 1;
        }
    }

    /// Does tones in a row, as long as none of them is timed.
    fn pass_row(
        &mut self,
        run: usize,
        runs: &mut Runs,
        tables: &mut Tables,
        told: Told<'_>,
    ) -> Row {
        let tapped = self.tap.as_deref().and_then(|tap| tap.wire_at());
        let (time, duration) = self.span.unwrap_or_default();
        let stamp = StreamHeader {
            time,
            duration,
            data_used: 0,
            flags: ORDINARY,
        };
        let untimed = self.watch.as_deref().filter(|_| self.timer.is_some());
        let most = untimed.map_or(usize::MAX, Stopwatch::untimed);
        let how = (tapped, self.fall, self.is_fading);
        let row = runs.pass_row(run, most, tables, how, stamp, told);
        if let Some(watch) = self.watch.as_deref_mut() {
            watch.pass_by(row.runs);
        }
        row
    }

    /// Does a run of filters at once, if that can be done, and those side by side with it. They are timed as one.
    fn pass(
        &mut self,
        run: usize,
        runs: &mut Runs,
        (tables, slab): (&mut Tables, &mut Slab),
        told: Told<'_>,
        cells: &Cells,
    ) -> Option<Row> {
        let tapped = self.tap.as_deref().and_then(|tap| tap.wire_at());
        let timer = self.timer;
        let began = self.watch.as_mut().and_then(|it| it.before(timer));
        let how = (tapped, self.fall, self.is_fading);
        let row = runs.pass(run, tables, slab, how, told);
        if let Some(watch) = self.watch.as_mut() {
            match row {
                Some(row) => {
                    let (_, took) = watch.after(began, timer, runs.head(run));
                    if let Some(took) = took {
                        runs.took(run, took, &cells.ledger);
                    }
                    watch.pass_by(row.runs - 1);
                }
                None => watch.not_yet(),
            }
        }
        row
    }

    /// Copies the frame of a wire for whoever looks at it; where it is cut anew, its own frames are looked at.
    pub(super) fn show(
        &mut self,
        tables: &Tables,
        slot: u32,
        wire: u32,
        sights: &[Sight],
        cuts: &[Cut],
    ) {
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
    pub(super) fn show_cut(&mut self, cut: &Cut, tables: &Tables, sights: &[Sight], rate_hz: u32) {
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
    #[inline]
    pub(super) fn publish(&self, levels: &Telemetry, wire: u32, payload: &Payload, peak: f32) {
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

    /// When a frame begins, and how long it lasts.
    fn span_of(&self, own: u64, rate_hz: u32) -> (RefTime, RefTime) {
        let time = time_from_sample(own, rate_hz);
        let end = time_from_sample(own + self.len as u64, rate_hz);
        (time, end - time)
    }

    /// Writes the header of the frame that stands in `slot`; its filter's own time is at `own`.
    #[inline]
    pub(super) fn stamp(
        &self,
        tables: &mut Tables,
        slot: usize,
        flags: u32,
        rate_hz: u32,
        own: u64,
        ends: bool,
    ) {
        let header = &mut tables.headers[slot];
        let known = self.span.filter(|_| own == self.position);
        (header.time, header.duration) = known.unwrap_or_else(|| self.span_of(own, rate_hz));
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
