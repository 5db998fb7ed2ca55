//! The audio thread's side of a filter in the class driver: cycles take samples out of full frames, or put samples
//! into empty ones.
//!
//! Never allocates, frees, locks or waits: frames come and go on rings that have room for all of them. Time is kept: what
//! comes too late is skipped, what could not be taken is counted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::minidriver::LiveValues;
use super::rings::{Looped, Parcel, Shared, cell, run, send};
use crate::ks::{
    Flow, Input, Io, LoopRange, Output, Processor, REF_TIMES_PER_SECOND, Seek, State, Telemetry,
    Wave, flag, samples_at, time_from_sample,
};

/// How long a dropped filter waits for its worker; then it is left to itself.
const FAREWELL: Duration = Duration::from_secs(5);

/// One stream, as the audio thread sees it.
pub(super) enum End {
    /// Samples come from the worker.
    Read(ReadEnd),
    /// Samples go to the worker.
    Write(WriteEnd),
}

impl End {
    /// The run that is meant for it in a run of the whole.
    const fn run_of(&self, run: u64) -> u64 {
        match self {
            Self::Read(_) => run,
            Self::Write(_) => run::since_stop(run),
        }
    }
}

/// What runs in a plan.
pub(super) struct Streaming {
    pub(super) shared: Arc<Shared>,
    pub(super) ends: Vec<End>,
    /// What is played round and round, and how fast.
    pub(super) range: Option<LoopRange>,
    pub(super) rate_permille: u32,
    pub(super) values: LiveValues,
    pub(super) telemetry: Telemetry,
    /// Whether it has outputs, so that without any stream there is nothing to come.
    pub(super) is_source: bool,
    pub(super) run: u64,
    pub(super) state: State,
    pub(super) worker: Option<JoinHandle<()>>,
    pub(super) finished: Receiver<()>,
}

impl Processor for Streaming {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        if self.state != State::Run {
            self.enter(State::Run);
        }
        self.values.publish(io.values);
        for output in io.outputs.iter_mut().filter(|o| !o.is_connected) {
            output.silence();
        }
        let mut ended = self.is_source;
        let mut starved = false;
        let mut returned = false;
        for (lane, end) in self.ends.iter_mut().enumerate() {
            let run = end.run_of(self.run);
            let failed = self.shared.has_failed(lane, run);
            let (flow, moved) = match end {
                End::Read(end) => end.process(&mut io.outputs[end.pin], run, failed),
                End::Write(end) => end.process(&io.inputs.get(end.pin), run, failed),
            };
            ended &= flow == Flow::Ended;
            starved |= flow == Flow::Starved;
            returned |= moved;
        }
        if returned {
            self.shared.wake();
        }
        self.publish();
        match (starved, ended) {
            (true, _) => Flow::Starved,
            (_, true) => Flow::Ended,
            _ => Flow::Running,
        }
    }

    fn enter(&mut self, state: State) {
        if state == self.state {
            return;
        }
        self.state = state;
        if state == State::Stop {
            for end in &mut self.ends {
                match end {
                    End::Read(end) => end.rewind(),
                    End::Write(end) => end.flush(run::since_stop(self.run)),
                }
            }
            self.run = run::behind_stop(self.run);
        }
        self.shared.want(self.run, state);
    }

    fn seek(&mut self, seek: Seek) -> bool {
        if seek.flushes {
            self.tell_loop(seek.to);
        }
        for (lane, end) in self.ends.iter_mut().enumerate() {
            match end {
                End::Read(end) if seek.flushes => {
                    end.rewind();
                    self.shared.seek(lane, end.sample_at(seek.to));
                }
                End::Read(end) => end.turn(),
                // What is written goes on; that something is missing is said.
                End::Write(end) => end.has_gap |= seek.flushes && end.position > 0,
            }
        }
        if seek.flushes {
            self.run += 1;
            self.shared.want(self.run, self.state);
        }
        true
    }

    fn set_loop(&mut self, range: Option<LoopRange>) {
        self.range = range;
        self.tell_loop(0);
    }

    fn set_rate(&mut self, rate_permille: u32) {
        self.rate_permille = rate_permille;
        self.shared.set_rate(rate_permille);
    }

    fn is_ready(&mut self, len: usize) -> bool {
        let (run, shared) = (self.run, &self.shared);
        self.ends.iter_mut().enumerate().all(|(lane, end)| {
            let run = end.run_of(run);
            let failed = shared.has_failed(lane, run);
            match end {
                End::Read(end) => end.is_ready(len, run, failed, shared),
                End::Write(end) => end.is_ready(len, failed),
            }
        })
    }
}

impl Streaming {
    /// Tells the worker what is read round and round, where a seek leads to `origin`.
    fn tell_loop(&self, origin: u64) {
        for (lane, end) in self.ends.iter().enumerate() {
            let End::Read(end) = end else {
                continue;
            };
            let own = self.range.and_then(|range| {
                let at = |from| range.turns_at(from, self.rate_permille);
                let (round, first) = (at(range.begin)?, at(origin));
                Some(Looped {
                    begin: end.sample_at(range.begin),
                    end: end.sample_at(round),
                    // Who is behind it already never comes there.
                    first_end: first.map_or(0, |first| end.sample_at(first)),
                })
            });
            self.shared.set_loop(lane, own);
        }
    }

    fn publish(&self) {
        let Some(end) = self.ends.first() else {
            return;
        };
        let (position, lost, waiting) = match end {
            End::Read(end) => (end.place(), end.lost, end.queue.len()),
            End::Write(end) => (
                end.position as f64 / f64::from(end.rate_hz),
                end.lost,
                end.full.buffer().capacity() - end.full.slots(),
            ),
        };
        self.telemetry.set(cell::POSITION, position as f32);
        self.telemetry.set(cell::LOST, lost as f32);
        self.telemetry.set(cell::WAITING, waiting as f32);
    }
}

/// Off the audio thread: the stream is stopped and closed, and the worker ends.
impl Drop for Streaming {
    fn drop(&mut self) {
        self.enter(State::Stop);
        self.shared.closing.store(true, Ordering::Release);
        self.shared.wake();
        // A minidriver that never comes back must not take this thread with it.
        let gone = self.finished.recv_timeout(FAREWELL) != Err(RecvTimeoutError::Timeout);
        if let (true, Some(worker)) = (gone, self.worker.take()) {
            // Panics in a minidriver were contained and reported where they happened.
            let _ = worker.join();
        }
    }
}

/// Full frames become the samples of an output.
pub(super) struct ReadEnd {
    /// Which of the outputs.
    pub(super) pin: usize,
    pub(super) rate_hz: u32,
    pub(super) graph_rate_hz: u32,
    pub(super) count: usize,
    pub(super) full: rtrb::Consumer<Parcel>,
    pub(super) empty: rtrb::Producer<Parcel>,
    /// Full frames of this run; the first is in use.
    pub(super) queue: VecDeque<Parcel>,
    /// Samples of the first that were used.
    pub(super) used: usize,
    /// The round of a loop that is played.
    pub(super) round: u64,
    /// Samples in the queue that were not yet used.
    pub(super) available: usize,
    /// Samples that were due before they came, and are skipped when they come.
    pub(super) debt: usize,
    pub(super) lost: u64,
    pub(super) has_gap: bool,
    pub(super) ended: bool,
    /// The place behind the last frame that was used up, in seconds.
    pub(super) place: f64,
}

impl ReadEnd {
    pub(super) fn new(
        pin: usize,
        rates: (u32, u32),
        count: usize,
        full: rtrb::Consumer<Parcel>,
        empty: rtrb::Producer<Parcel>,
    ) -> Self {
        Self {
            pin,
            rate_hz: rates.0,
            graph_rate_hz: rates.1,
            count,
            full,
            empty,
            queue: VecDeque::with_capacity(count),
            used: 0,
            round: 0,
            available: 0,
            debt: 0,
            lost: 0,
            has_gap: false,
            ended: false,
            place: 0.0,
        }
    }

    fn process(&mut self, output: &mut Output, run: u64, failed: bool) -> (Flow, bool) {
        let mut moved = self.gather(run) | self.skip();
        let len = output.len();
        let mut done = 0;
        // What is true of the place before a frame, and behind it; the rest is true of all of it.
        const BEFORE: u32 = flag::DATADISCONTINUITY | flag::SPLICEPOINT | flag::TYPECHANGED;
        const BEHIND: u32 = flag::TIMEDISCONTINUITY;
        let mut said = 0;
        while done < len && !self.ended {
            let next = self.queue.front().filter(|it| it.round <= self.round);
            let Some(wave) = next.and_then(|p| p.frame.payload.wave()) else {
                break;
            };
            let take = (wave.len() - self.used).min(len - done);
            if take == 0 {
                // All of a round was played, and the next one has not begun.
                break;
            }
            let own = self.queue.front().map_or(0, |p| p.frame.header.flags);
            said |= own & flag::PASSED & !(BEFORE | BEHIND);
            if self.used == 0 {
                said |= own & BEFORE;
            }
            if self.used + take == wave.len() {
                said |= own & BEHIND;
            }
            let span = self.used..self.used + take;
            for (to, from) in output.channels_mut().zip(wave.channels()) {
                to[done..done + take].copy_from_slice(&from[span.clone()]);
            }
            done += take;
            self.advance(take);
            moved |= self.retire();
        }
        let missing = len - done;
        for channel in output.channels_mut() {
            channel[done..].fill(0.0);
        }
        let flags = &mut output.header.flags;
        *flags = (*flags & !(flag::PASSED | flag::ENDOFSTREAM)) | said;
        if done > 0 && std::mem::take(&mut self.has_gap) {
            *flags |= flag::DATADISCONTINUITY;
        }
        let mut flow = Flow::Running;
        if missing > 0 && !self.ended {
            self.lost += missing as u64;
            self.debt += missing;
            self.has_gap = true;
            flow = Flow::Starved;
            // The failure is charged once; nothing will come any more.
            self.ended = failed;
        } else if self.ended {
            flow = Flow::Ended;
        }
        if self.ended {
            *flags |= flag::ENDOFSTREAM;
        }
        (flow, moved)
    }

    fn is_ready(&mut self, len: usize, run: u64, failed: bool, shared: &Shared) -> bool {
        if self.gather(run) {
            shared.wake();
        }
        let at_end = |parcel: &Parcel| parcel.frame.header.is_end_of_stream();
        let scaled = len as u64 * u64::from(self.rate_hz);
        let needed = scaled.div_ceil(u64::from(self.graph_rate_hz)) as usize + self.debt;
        self.available >= needed
            || self.ended
            || failed
            || self.queue.back().is_some_and(at_end)
            || self.queue.len() == self.count
    }

    /// Takes what the worker has filled. Says whether some went straight back, being of a run that is over.
    fn gather(&mut self, run: u64) -> bool {
        let mut moved = false;
        while let Ok(parcel) = self.full.pop() {
            if parcel.run == run {
                self.available += parcel.frame.len();
                self.queue.push_back(parcel);
                moved |= self.retire();
            } else {
                send(&mut self.empty, parcel);
                moved = true;
            }
        }
        moved
    }

    /// Passes over what is too late.
    fn skip(&mut self) -> bool {
        let mut moved = false;
        while self.debt > 0 && !self.ended {
            let next = self.queue.front().filter(|it| it.round <= self.round);
            let Some(parcel) = next else {
                break;
            };
            let late = (parcel.frame.len() - self.used).min(self.debt);
            if late == 0 {
                break;
            }
            self.debt -= late;
            self.advance(late);
            moved |= self.retire();
        }
        moved
    }

    fn advance(&mut self, samples: usize) {
        self.used += samples;
        self.available -= samples;
    }

    /// Gives back the frames in front that are used up. Says whether there were any.
    fn retire(&mut self) -> bool {
        let mut moved = false;
        while self
            .queue
            .front()
            .is_some_and(|p| p.frame.len() == self.used && p.round <= self.round)
        {
            if let Some(whole) = self.queue.front().filter(|it| it.is_whole) {
                self.ended |= whole.frame.header.is_end_of_stream();
                break;
            }
            self.place = self.place();
            if let Some(parcel) = self.queue.pop_front() {
                self.ended |= parcel.frame.header.is_end_of_stream();
                send(&mut self.empty, parcel);
            }
            self.used = 0;
            moved = true;
        }
        moved
    }

    /// Samples of its own that lie before a position of the graph.
    fn sample_at(&self, position: u64) -> u64 {
        samples_at(position, self.rate_hz, self.graph_rate_hz)
    }

    /// The next round of a loop begins; what is left of this one is too late.
    fn turn(&mut self) {
        while let Some(parcel) = self.queue.front()
            && parcel.round <= self.round
        {
            if parcel.is_whole {
                self.available += self.used;
                self.used = 0;
                break;
            }
            self.available -= parcel.frame.len() - self.used;
            self.used = 0;
            if let Some(parcel) = self.queue.pop_front() {
                send(&mut self.empty, parcel);
            }
        }
        self.round += 1;
        self.debt = 0;
        self.ended = false;
    }

    fn rewind(&mut self) {
        self.round = 0;
        while let Some(parcel) = self.queue.pop_front() {
            send(&mut self.empty, parcel);
        }
        self.used = 0;
        self.available = 0;
        self.debt = 0;
        self.has_gap = false;
        self.ended = false;
        self.place = 0.0;
    }

    /// The place in the stream, in seconds.
    fn place(&self) -> f64 {
        self.queue.front().map_or(self.place, |parcel| {
            parcel.frame.header.time as f64 / REF_TIMES_PER_SECOND as f64
                + self.used as f64 / f64::from(self.rate_hz)
        })
    }
}

/// The samples of an input go into empty frames.
pub(super) struct WriteEnd {
    /// Which of the inputs.
    pub(super) pin: usize,
    pub(super) rate_hz: u32,
    pub(super) graph_rate_hz: u32,
    /// Bytes of one sample of all channels.
    pub(super) sample_size: u32,
    pub(super) empty: rtrb::Consumer<Parcel>,
    pub(super) full: rtrb::Producer<Parcel>,
    /// The frame being filled; its wave is as long as it is filled.
    pub(super) current: Option<Parcel>,
    pub(super) frame_len: usize,
    /// Samples since the run began, whether they could be taken or not.
    pub(super) position: u64,
    pub(super) lost: u64,
    pub(super) has_gap: bool,
    pub(super) has_complained: bool,
}

impl WriteEnd {
    fn process(&mut self, input: &Input<'_>, run: u64, failed: bool) -> (Flow, bool) {
        let Some(wave) = input.wave() else {
            return (Flow::Running, false);
        };
        let mut moved = false;
        let mut done = 0;
        while done < wave.len() && !failed {
            if !self.begin_frame(run) {
                break;
            }
            if let Some(parcel) = &mut self.current {
                parcel.frame.header.flags |= input.header.flags & flag::PASSED;
            }
            let taken = self.fill(wave, done);
            done += taken;
            self.position += taken as u64;
            if self.filled() == self.frame_len {
                self.flush_frame();
                moved = true;
            }
        }
        let missing = wave.len() - done;
        self.position += missing as u64;
        self.lost += missing as u64;
        if missing > 0 && self.filled() > 0 {
            self.flush_frame();
            moved = true;
        }
        self.has_gap |= missing > 0;
        // A file that cannot be written is charged once, a slow one each time.
        let late = missing > 0 && !(failed && self.has_complained);
        self.has_complained |= failed;
        (if late { Flow::Starved } else { Flow::Running }, moved)
    }

    fn is_ready(&self, len: usize, failed: bool) -> bool {
        let scaled = len as u64 * u64::from(self.rate_hz);
        let needed = scaled.div_ceil(u64::from(self.graph_rate_hz)) as usize;
        let started = self
            .current
            .as_ref()
            .map_or(0, |_| self.frame_len - self.filled());
        failed || started + self.empty.slots() * self.frame_len >= needed
    }

    fn filled(&self) -> usize {
        self.current.as_ref().map_or(0, |p| p.frame.len())
    }

    /// Makes sure that a frame is being filled; says whether there is one.
    fn begin_frame(&mut self, run: u64) -> bool {
        if self.current.is_none() {
            self.current = self.empty.pop().ok();
        }
        let Some(parcel) = &mut self.current else {
            return false;
        };
        if parcel.frame.is_empty() {
            parcel.run = run;
            let header = &mut parcel.frame.header;
            header.time = time_from_sample(self.position, self.rate_hz);
            header.flags = flag::TIMEVALID | flag::DURATIONVALID;
            if std::mem::take(&mut self.has_gap) {
                header.flags |= flag::DATADISCONTINUITY;
            }
        }
        true
    }

    /// Copies samples from `start` into the current frame, as many as fit; returns how many.
    fn fill(&mut self, from: &Wave, start: usize) -> usize {
        let wave = self
            .current
            .as_mut()
            .and_then(|p| p.frame.payload.wave_mut());
        let Some(wave) = wave else {
            return 0;
        };
        let at = wave.len();
        let take = (self.frame_len - at).min(from.len() - start);
        wave.set_len(at + take);
        for (to, from) in wave.channels_mut().zip(from.channels()) {
            to[at..].copy_from_slice(&from[start..start + take]);
        }
        take
    }

    fn flush_frame(&mut self) {
        if let Some(mut parcel) = self.current.take() {
            let len = parcel.frame.len();
            parcel.frame.header.duration = time_from_sample(len as u64, self.rate_hz);
            parcel.frame.header.data_used = len as u32 * self.sample_size;
            send(&mut self.full, parcel);
        }
    }

    /// At Stop: passes on what is there, and begins anew.
    fn flush(&mut self, run: u64) {
        if self.filled() > 0 {
            debug_assert!(self.current.as_ref().is_some_and(|p| p.run == run));
            self.flush_frame();
        }
        self.position = 0;
        self.has_gap = false;
        self.has_complained = false;
    }
}
