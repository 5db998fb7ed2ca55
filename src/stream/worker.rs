//! The worker: one thread that runs one minidriver, from INITIALIZE_DEVICE to UNINITIALIZE_DEVICE.
//!
//! Each stream has a lane. Its data requests go out one at a time (or all, where the minidriver wants that) and come
//! back in the order in which they went, however they were answered. State changes go beside them, one step at a time.
//! A reading stream is *cued*: while its pin stands in Stop it is held in Pause and read ahead, so that Run begins
//! without a gap. A writing stream has been given everything that was written before it is stopped.
//!
//! A panic in a callback ends the minidriver, not the thread: its requests are answered by being dropped.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::minidriver::Minidriver;
use super::rings::{Parcel, Shared, cell, send};
use super::srb::{Answer, Done, Frame, Reply, Srb, SrbId, StreamId};
use crate::ks::{DataFormat, State, Status, Telemetry, Waker, flag, time_from_sample};

/// How long a request about the whole device may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a minidriver has to give up what it was told to.
const GRACE: Duration = Duration::from_millis(500);
/// How often a closing worker looks again for what is outstanding.
const LOOK: Duration = Duration::from_millis(10);

/// Which way the data of a lane go, seen from the minidriver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    Read,
    Write,
}

/// One stream, as the worker sees it.
pub(super) struct Lane {
    pub(super) stream: StreamId,
    pub(super) direction: Direction,
    pub(super) format: DataFormat,
    pub(super) frame_len: usize,
    /// Empty frames of a reading stream, full ones of a writing one.
    pub(super) inbox: rtrb::Consumer<Parcel>,
    pub(super) outbox: rtrb::Producer<Parcel>,
    /// Empty frames of a reading stream that wait here.
    pub(super) spare: Vec<Frame>,
    pub(super) run: u64,
    pub(super) state: State,
    /// The state change that was not yet answered.
    pub(super) control: Option<(SrbId, State)>,
    /// Data requests in the order in which they went out, with the answers that came.
    pub(super) in_flight: VecDeque<(SrbId, Option<Result<Frame, Status>>)>,
    /// Samples delivered or taken in this run, for frames whose minidriver says no time.
    pub(super) position: u64,
    pub(super) is_open: bool,
    pub(super) has_ended: bool,
    pub(super) has_failed: bool,
    pub(super) is_cancelling: bool,
}

impl Lane {
    pub(super) fn new(
        stream: StreamId,
        direction: Direction,
        format: DataFormat,
        frame_len: usize,
        inbox: rtrb::Consumer<Parcel>,
        outbox: rtrb::Producer<Parcel>,
    ) -> Self {
        Self {
            stream,
            direction,
            format,
            frame_len,
            inbox,
            outbox,
            spare: Vec::new(),
            run: 0,
            state: State::Stop,
            control: None,
            in_flight: VecDeque::new(),
            position: 0,
            is_open: false,
            has_ended: false,
            has_failed: false,
            is_cancelling: false,
        }
    }

    pub(super) fn new_frame(&self) -> Frame {
        let channels = self.format.audio.map_or(0, |audio| audio.channels as usize);
        Frame::wave(channels, self.frame_len)
    }

    fn is_own(&self, frame: &Frame) -> bool {
        let channels = self.format.audio.map_or(0, |audio| audio.channels as usize);
        let wave = frame.payload.wave();
        wave.is_some_and(|w| w.channel_count() == channels && w.capacity() == self.frame_len)
    }

    fn has_unanswered(&self) -> bool {
        self.in_flight.iter().any(|(_, answer)| answer.is_none())
    }

    /// Whether full frames of the present run wait for a minidriver that can still take them.
    fn has_to_write(&self) -> bool {
        let waits = self.inbox.peek().is_ok_and(|p| p.run == self.run);
        self.direction == Direction::Write && !self.has_failed && waits
    }
}

/// Runs one minidriver.
pub(super) struct Worker {
    title: String,
    minidriver: Option<Box<dyn Minidriver>>,
    shared: Arc<Shared>,
    telemetry: Telemetry,
    lanes: Vec<Lane>,
    last_id: u64,
    units: Receiver<Answer<()>>,
    unit_reply: Reply<()>,
    frames: Receiver<Answer<Frame>>,
    frame_reply: Reply<Frame>,
    issued: u64,
    done: u64,
    cancelled: u64,
    failed: u64,
}

impl Worker {
    /// On the thread that will run it.
    pub(super) fn new(
        title: String,
        minidriver: Box<dyn Minidriver>,
        shared: Arc<Shared>,
        telemetry: Telemetry,
        lanes: Vec<Lane>,
    ) -> Self {
        let waker = Waker::of(std::thread::current());
        let (unit_answers, units) = mpsc::channel();
        let (frame_answers, frames) = mpsc::channel();
        Self {
            title,
            minidriver: Some(minidriver),
            shared,
            telemetry,
            lanes,
            last_id: 0,
            units,
            unit_reply: Reply {
                answers: unit_answers,
                waker: waker.clone(),
            },
            frames,
            frame_reply: Reply {
                answers: frame_answers,
                waker,
            },
            issued: 0,
            done: 0,
            cancelled: 0,
            failed: 0,
        }
    }

    /// Gets device and streams ready.
    pub(super) fn start(&mut self) -> Result<(), (Status, Option<StreamId>)> {
        self.ask_device(|done| Srb::InitialiseDevice { done })
            .map_err(|status| (status, None))?;
        for index in 0..self.lanes.len() {
            let (stream, format) = (self.lanes[index].stream, self.lanes[index].format.clone());
            self.ask_device(|done| Srb::OpenStream {
                stream,
                format,
                done,
            })
            .map_err(|status| (status, Some(stream)))?;
            self.lanes[index].is_open = true;
        }
        Ok(())
    }

    /// Serves the streams until the processor is dropped.
    pub(super) fn serve(&mut self) {
        while !self.shared.closing.load(Ordering::Acquire) {
            if !self.step() {
                std::thread::park();
            }
        }
    }

    /// Stops and closes whatever is open.
    pub(super) fn close(mut self) {
        self.shared.closing.store(true, Ordering::Release);
        let is_stopped = |lane: &Lane, run| lane.run >= run && lane.state == State::Stop;
        let mut idle = Duration::ZERO;
        loop {
            let (run, _) = self.shared.wanted();
            let mut open = self.lanes.iter().filter(|lane| lane.is_open);
            if open.all(|lane| is_stopped(lane, run)) {
                break;
            }
            if self.step() {
                idle = Duration::ZERO;
                continue;
            }
            std::thread::park_timeout(LOOK);
            idle += LOOK;
            if idle >= GRACE {
                break;
            }
        }
        for index in 0..self.lanes.len() {
            if !self.lanes[index].is_open {
                continue;
            }
            self.cancel_lane(index);
            self.await_cancelled(index);
            let stream = self.lanes[index].stream;
            let closed = self.ask_device(|done| Srb::CloseStream { stream, done });
            self.report(closed, "CLOSE_STREAM");
        }
        let ended = self.ask_device(|done| Srb::UninitialiseDevice { done });
        self.report(ended, "UNINITIALIZE_DEVICE");
        self.unload();
    }

    /// Does what there is to do; says whether there was anything.
    fn step(&mut self) -> bool {
        let mut moved = self.take_answers();
        let calls = self.shared.interrupts.swap(0, Ordering::AcqRel);
        if calls > 0 {
            moved = true;
            self.call(|minidriver| minidriver.interrupt());
        }
        for index in 0..self.lanes.len() {
            moved |= self.follow_state(index);
            moved |= self.hand_over(index);
        }
        moved
    }

    /// Takes the next step towards the state that is wanted.
    fn follow_state(&mut self, index: usize) -> bool {
        let (run, wanted) = self.shared.wanted();
        let is_closing = self.shared.closing.load(Ordering::Acquire);
        let lane = &mut self.lanes[index];
        if lane.control.is_some() {
            return false;
        }
        let target = match lane.direction {
            _ if lane.run == run && lane.has_failed => lane.state,
            Direction::Read if lane.run < run => State::Stop,
            Direction::Read if is_closing => wanted,
            Direction::Read => wanted.max(State::Pause),
            Direction::Write if lane.run == run => wanted,
            Direction::Write if lane.has_to_write() => State::Run,
            Direction::Write if lane.has_unanswered() && !is_closing => return false,
            Direction::Write => State::Stop,
        };
        let reads = lane.direction == Direction::Read && lane.has_unanswered();
        if target < State::Pause && target < lane.state && reads {
            // Below Pause nothing may be outstanding.
            let was_told = lane.is_cancelling;
            if !was_told {
                self.cancel_lane(index);
            }
            return !was_told;
        }
        let Some(next) = lane.state.step_towards(target) else {
            if lane.run < run && lane.state == State::Stop {
                lane.run += 1;
                lane.position = 0;
                lane.has_ended = false;
                lane.has_failed = false;
                lane.is_cancelling = false;
                return true;
            }
            return false;
        };
        let stream = lane.stream;
        let (id, done) = self.new_unit();
        self.lanes[index].control = Some((id, next));
        let srb = Srb::SetState {
            stream,
            state: next,
            done,
        };
        self.call(|minidriver| minidriver.receive_control(srb));
        true
    }

    /// Hands the next data request of a lane to the minidriver, if it may have one.
    fn hand_over(&mut self, index: usize) -> bool {
        let (run, _) = self.shared.wanted();
        let one_at_a_time = match &self.minidriver {
            Some(minidriver) => minidriver.is_synchronised(),
            None => true,
        };
        let lane = &mut self.lanes[index];
        if lane.has_failed {
            return self.discard(index);
        }
        let ready = match lane.direction {
            Direction::Read => lane.run == run && !lane.has_ended && lane.state >= State::Pause,
            Direction::Write => lane.state == State::Run && lane.has_to_write(),
        };
        let occupied = one_at_a_time && lane.has_unanswered();
        if !ready || occupied || lane.control.is_some() || lane.is_cancelling {
            return false;
        }
        let frame = match lane.direction {
            Direction::Read => lane
                .spare
                .pop()
                .or_else(|| lane.inbox.pop().ok().map(|p| p.frame)),
            Direction::Write => lane.inbox.pop().ok().map(|p| p.frame),
        };
        let Some(mut frame) = frame else {
            return false;
        };
        let (stream, direction) = (lane.stream, lane.direction);
        if direction == Direction::Read {
            empty(&mut frame);
        }
        self.last_id += 1;
        let id = SrbId(self.last_id);
        let done = Done::new(id, self.frame_reply.clone());
        self.lanes[index].in_flight.push_back((id, None));
        self.issued += 1;
        self.telemetry.set(cell::ISSUED, self.issued as f32);
        let srb = match direction {
            Direction::Read => Srb::Read {
                stream,
                frame,
                done,
            },
            Direction::Write => Srb::Write {
                stream,
                frame,
                done,
            },
        };
        self.call(|minidriver| minidriver.receive_data(srb));
        true
    }

    /// Gives frames of a failed writing stream back unwritten.
    fn discard(&mut self, index: usize) -> bool {
        let lane = &mut self.lanes[index];
        let mut moved = false;
        while lane.direction == Direction::Write
            && lane.inbox.peek().is_ok_and(|p| p.run == lane.run)
        {
            let Ok(mut parcel) = lane.inbox.pop() else {
                break;
            };
            empty(&mut parcel.frame);
            send(&mut lane.outbox, parcel);
            moved = true;
        }
        moved
    }

    fn take_answers(&mut self) -> bool {
        let mut moved = false;
        while let Ok((id, answer)) = self.units.try_recv() {
            self.state_answered(id, answer);
            moved = true;
        }
        while let Ok((id, answer)) = self.frames.try_recv() {
            self.data_answered(id, answer);
            moved = true;
        }
        moved
    }

    fn state_answered(&mut self, id: SrbId, answer: Result<(), Status>) {
        let asked = |lane: &Lane| lane.control.is_some_and(|(asked, _)| asked == id);
        let Some(index) = self.lanes.iter().position(asked) else {
            return;
        };
        let Some((_, state)) = self.lanes[index].control.take() else {
            return;
        };
        // A minidriver need not know states. On the way down nothing stops (STA-6).
        let is_down = state < self.lanes[index].state;
        match answer {
            Err(status) if status != Status::NotImplemented && !is_down => {
                self.fail_lane(index, status, "SET_STREAM_STATE");
            }
            Err(status) if status != Status::NotImplemented => {
                self.report(Err(status), "SET_STREAM_STATE");
                self.lanes[index].state = state;
            }
            _ => self.lanes[index].state = state,
        }
    }

    fn data_answered(&mut self, id: SrbId, answer: Result<Frame, Status>) {
        for index in 0..self.lanes.len() {
            let mut waiting = self.lanes[index].in_flight.iter_mut();
            if let Some((_, place)) = waiting.find(|(asked, _)| *asked == id) {
                *place = Some(answer);
                return self.deliver(index);
            }
        }
    }

    /// Passes on the answers of a lane, as far as they are there in order (HDR-13).
    fn deliver(&mut self, index: usize) {
        let (run, _) = self.shared.wanted();
        loop {
            let lane = &mut self.lanes[index];
            if !matches!(lane.in_flight.front(), Some((_, Some(_)))) {
                return;
            }
            let Some((_, Some(answer))) = lane.in_flight.pop_front() else {
                return;
            };
            let was_cancelled = lane.is_cancelling && answer.is_err();
            let (mut frame, failure) = match answer {
                Ok(frame) if lane.is_own(&frame) => (frame, None),
                Ok(_) => (lane.new_frame(), Some(Status::InvalidBufferSize)),
                // The minidriver has kept the frame, or dropped it: another takes its place.
                Err(status) => (lane.new_frame(), Some(status)),
            };
            match (lane.direction, failure) {
                (Direction::Read, None) if lane.run == run => {
                    stamp(&mut frame, &lane.format, &mut lane.position);
                    lane.has_ended |= frame.header.is_end_of_stream();
                    let parcel = Parcel { run, frame };
                    send(&mut lane.outbox, parcel);
                }
                (Direction::Read, _) => lane.spare.push(frame),
                (Direction::Write, _) => {
                    empty(&mut frame);
                    let parcel = Parcel { run, frame };
                    send(&mut lane.outbox, parcel);
                }
            }
            match failure {
                None => self.done += 1,
                Some(_) if was_cancelled => self.cancelled += 1,
                Some(status) => {
                    self.failed += 1;
                    self.fail_lane(index, status, "a data request");
                }
            }
            self.telemetry.set(cell::DONE, self.done as f32);
            self.telemetry.set(cell::CANCELLED, self.cancelled as f32);
            self.telemetry.set(cell::FAILED, self.failed as f32);
        }
    }

    fn fail_lane(&mut self, index: usize, status: Status, what: &str) {
        self.report(Err(status), what);
        let lane = &mut self.lanes[index];
        if !lane.has_failed {
            lane.has_failed = true;
            self.shared.fail(index, lane.run);
        }
    }

    /// Asks the minidriver to give up what it holds of a stream.
    fn cancel_lane(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        lane.is_cancelling = true;
        let held: Vec<SrbId> = lane
            .in_flight
            .iter()
            .filter(|(_, answer)| answer.is_none())
            .map(|(id, _)| *id)
            .chain(lane.control.map(|(id, _)| id))
            .collect();
        for id in held {
            self.call(|minidriver| minidriver.cancel(id));
        }
        self.take_answers();
    }

    fn await_cancelled(&mut self, index: usize) {
        let mut idle = Duration::ZERO;
        while self.lanes[index].has_unanswered() && idle < GRACE {
            if !self.take_answers() {
                std::thread::park_timeout(LOOK);
                idle += LOOK;
            }
        }
    }

    /// A request about the device, waited for.
    fn ask_device(&mut self, request: impl FnOnce(Done<()>) -> Srb) -> Result<(), Status> {
        let (id, done) = self.new_unit();
        let srb = request(done);
        self.call(|minidriver| minidriver.receive_device(srb));
        for patience in [PATIENCE, GRACE] {
            while let Ok((answered, answer)) = self.units.recv_timeout(patience) {
                if answered == id {
                    return answer;
                }
                self.state_answered(answered, answer);
            }
            self.call(|minidriver| minidriver.timed_out(id));
        }
        Err(Status::DeviceNotReady)
    }

    fn new_unit(&mut self) -> (SrbId, Done<()>) {
        self.last_id += 1;
        let id = SrbId(self.last_id);
        (id, Done::new(id, self.unit_reply.clone()))
    }

    /// Calls the minidriver, if it still lives. A panic ends it.
    fn call<T>(&mut self, callback: impl FnOnce(&mut dyn Minidriver) -> T) -> Option<T> {
        let minidriver = self.minidriver.as_deref_mut()?;
        // What a panic leaves behind in the minidriver is never looked at again.
        match catch_unwind(AssertUnwindSafe(|| callback(minidriver))) {
            Ok(value) => Some(value),
            Err(_) => {
                log::error!(
                    "{}: its minidriver panicked and is not used any more",
                    self.title
                );
                self.unload();
                for index in 0..self.lanes.len() {
                    self.fail_lane(index, Status::IoDeviceError, "the minidriver");
                }
                None
            }
        }
    }

    /// Drops the minidriver; all it holds is answered by that.
    fn unload(&mut self) {
        let minidriver = self.minidriver.take();
        if catch_unwind(AssertUnwindSafe(|| drop(minidriver))).is_err() {
            log::error!(
                "{}: its minidriver panicked while it was dropped",
                self.title
            );
        }
    }

    fn report(&self, answer: Result<(), Status>, what: &str) {
        if let Err(status) = answer
            && self.minidriver.is_some()
        {
            log::warn!("{}: {what} was answered {status}", self.title);
        }
    }
}

fn empty(frame: &mut Frame) {
    frame.header = Default::default();
    if let Some(wave) = frame.payload.wave_mut() {
        wave.set_len(0);
    }
}

/// Fills in what a minidriver did not say: without a time a frame follows on from the one before (HDR-7).
fn stamp(frame: &mut Frame, format: &DataFormat, position: &mut u64) {
    let len = frame.len() as u64;
    let rate_hz = format.audio.map_or(1, |audio| audio.rate_hz);
    let header = &mut frame.header;
    if header.flags & flag::TIMEVALID == 0 {
        header.time = time_from_sample(*position, rate_hz);
        header.flags |= flag::TIMEVALID;
    }
    header.duration = time_from_sample(len, rate_hz);
    header.flags |= flag::DURATIONVALID;
    header.data_used = len as u32 * format.sample_size();
    *position += len;
}
