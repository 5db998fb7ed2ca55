//! One stream as the worker sees it: its frames, its state, and the order of its answers.

use std::collections::VecDeque;

use super::frame::Frame;
use super::request::{SrbId, StreamId};
use super::rings::{Looped, Parcel, run};
use super::seam::{Seam, Survey};
use crate::ks::{DataFormat, RATE_UNITY, State, Status, flag, time_from_sample};

/// Which way the data of a stream go, seen from the minidriver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    Read,
    Write,
}

/// How a data request ended.
#[derive(Debug)]
pub(super) struct Answer {
    /// The frame, if it came back or never left.
    pub(super) frame: Option<Frame>,
    pub(super) status: Result<(), Status>,
    pub(super) was_cancelled: bool,
}

/// One stream.
pub(super) struct Stream {
    pub(super) id: StreamId,
    /// What people call it, the name of its pin, and the number of its pin factory.
    pub(super) name: String,
    pub(super) pin: String,
    pub(super) factory: usize,
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
    /// Whether a state change was not yet answered.
    pub(super) is_changing: bool,
    /// Data requests in the order in which they were made, with the answers that came.
    pub(super) in_flight: VecDeque<(SrbId, Option<Answer>)>,
    /// The sample that comes next, for frames whose minidriver says no time, and for loops.
    pub(super) position: u64,
    /// The round of a loop, and whether the next one is to begin: the place to go to.
    pub(super) round: u64,
    pub(super) turns_to: Option<u64>,
    /// How fast it was told to go by, and the sample it was sent to last.
    pub(super) rate_permille: u32,
    pub(super) origin: u64,
    /// What is put at the seam of a loop, and the reading that finds it out.
    pub(super) seam: Option<Seam>,
    pub(super) survey: Option<Survey>,
    pub(super) is_open: bool,
    pub(super) has_ended: bool,
    pub(super) has_failed: bool,
    pub(super) is_cancelling: bool,
}

impl Stream {
    /// The run that is meant for it where `run` is wanted.
    pub(super) fn run_of(&self, run: u64) -> u64 {
        match self.direction {
            Direction::Read => run,
            Direction::Write => run::since_stop(run),
        }
    }

    /// A frame that ends at the end of a loop, or behind it, is cut off there, and a stream that ends before it waits
    /// there: the next round begins with the frame that follows. Whether all of a round lies in it; then none follows.
    pub(super) fn cut_at(&mut self, frame: &mut Frame, looped: Option<Looped>) -> bool {
        let of_round = looped.map(|it| (it.begin, it.end_of(self.round)));
        let Some((begin, end)) = of_round.filter(|(_, end)| self.position < *end) else {
            return false;
        };
        let begins = self.position == begin;
        let len = frame.len();
        let left = usize::try_from(end - self.position).unwrap_or(usize::MAX);
        if len >= left {
            if let Some(wave) = frame.payload.wave_mut() {
                wave.set_len(left.min(len));
            }
            frame.header.flags &= !flag::ENDOFSTREAM;
            frame.header.flags |= flag::TIMEDISCONTINUITY | flag::LOOPEDDATA;
            self.turns_to = Some(begin);
        } else if frame.header.is_end_of_stream() {
            self.turns_to = Some(begin);
        }
        begins && self.turns_to.take_if(|_| begins).is_some()
    }

    /// Puts into a frame that follows what belongs at the seam of its loop.
    pub(super) fn mend(&self, frame: &mut Frame, looped: Option<Looped>, is_whole: bool) {
        let Some((seam, looped)) = self.seam.as_ref().zip(looped) else {
            return;
        };
        let end = looped.end_of(self.round);
        if seam.range == (looped.begin, looped.end) && self.position < end {
            // At another rate the first round ends elsewhere.
            let position = (self.position + looped.end).saturating_sub(end);
            seam.mend(frame, position, self.round > 0 || is_whole);
        }
    }

    /// The sample of what was recorded that a sample handed on stands for, where it goes by from `origin` on.
    pub(super) fn recorded(&self, origin: u64, sample: u64) -> u64 {
        let way = u128::from(sample.abs_diff(origin)) * u128::from(self.rate_permille);
        let way = (way / u128::from(RATE_UNITY)) as u64;
        match sample >= origin {
            true => origin + way,
            false => origin.saturating_sub(way),
        }
    }

    pub(super) fn new_frame(&self) -> Frame {
        Frame::wave(self.channels(), self.frame_len)
    }

    fn channels(&self) -> usize {
        self.format.audio.map_or(0, |audio| audio.channels as usize)
    }

    /// Whether a frame that came back is one of this stream: minidrivers may mix them up, or make their own.
    pub(super) fn is_own(&self, frame: &Frame) -> bool {
        let channels = self.channels();
        let wave = frame.payload.wave();
        wave.is_some_and(|w| w.channel_count() == channels && w.capacity() == self.frame_len)
    }

    pub(super) fn has_unanswered(&self) -> bool {
        self.in_flight.iter().any(|(_, answer)| answer.is_none())
    }

    /// Whether full frames of the present run wait for a minidriver that can still take them.
    pub(super) fn has_to_write(&self) -> bool {
        let waits = self.inbox.peek().is_ok_and(|p| p.run == self.run);
        self.direction == Direction::Write && !self.has_failed && waits
    }

    /// The next frame there is to be filled, or to be written.
    pub(super) fn next_frame(&mut self) -> Option<Frame> {
        match self.direction {
            Direction::Read => {
                let spare = self.spare.pop();
                let mut frame = spare.or_else(|| self.inbox.pop().ok().map(|p| p.frame))?;
                frame.empty();
                Some(frame)
            }
            Direction::Write if self.has_to_write() => self.inbox.pop().ok().map(|p| p.frame),
            Direction::Write => None,
        }
    }

    /// The next answer, if it is there in order (HDR-13).
    pub(super) fn next_answer(&mut self) -> Option<Answer> {
        match self.in_flight.front() {
            Some((_, Some(_))) => self.in_flight.pop_front()?.1,
            _ => None,
        }
    }

    /// The run that begins next where `newest` is wanted: one that came and went before it was seen is written all the same.
    pub(super) fn next_run(&self, newest: u64) -> u64 {
        match self.direction {
            Direction::Read => newest,
            Direction::Write => self.inbox.peek().map_or(newest, |p| p.run.min(newest)),
        }
    }

    /// A run is over, and the next begins.
    pub(super) fn begin_run(&mut self, run: u64, position: u64) {
        self.run = run;
        (self.position, self.origin) = (position, position);
        (self.round, self.turns_to, self.survey) = (0, None, None);
        self.has_ended = false;
        self.has_failed = false;
        self.is_cancelling = false;
    }

    /// Fills in what a minidriver did not say: without a time a frame follows on from the one before (HDR-7).
    pub(super) fn stamp(&mut self, frame: &mut Frame) {
        let len = frame.len() as u64;
        let rate_hz = self.format.audio.map_or(1, |audio| audio.rate_hz);
        let header = &mut frame.header;
        if header.flags & flag::TIMEVALID == 0 {
            header.time = time_from_sample(self.position, rate_hz);
            header.flags |= flag::TIMEVALID;
        }
        header.duration = time_from_sample(len, rate_hz);
        header.flags |= flag::DURATIONVALID;
        header.data_used = len as u32 * self.format.sample_size();
        self.position += len;
    }
}
