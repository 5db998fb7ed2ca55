//! A card that something else paces: its clock is learnt from its calls, and what it is given is stretched to it.
//!
//! ```text
//!   cycles of the graph ──▶ TrackingResampler ──▶ frames of the ring ──▶ the card's calls
//!            └── times ──▶ Pursuit ◀── times and counts ────────────────────┘
//! ```
//!
//! Lives here: when to learn, to begin, to begin anew, and how a port goes over from pacing the graph to following it
//! without a click. Does not live here: the arithmetic (`dsp/tracking.rs`), any clock of its own. The tracker sees
//! nothing but counts and the times of calls.

use std::sync::Arc;

use super::ring::FrameRing;
use crate::dsp::{Pursuit, ResampleError, TrackingResampler};
use crate::ks::{Clock, REF_TIMES_PER_SECOND, Wave};

/// How long a sound that begins anew takes to come up, in parts of a second.
const FADES_PER_SECOND: f64 = 100.0;

/// Cycles in the first moments of a run come in one burst and say nothing of our clock.
const BURST_SECONDS: f64 = 0.03;

/// What becomes of a cycle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// It goes to the card as it is.
    Direct,
    /// It does, and fades in.
    Enter,
    /// It does, and fades out: the next one follows.
    Leave,
    /// It is stretched.
    Follow,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// The card paces the graph.
    Direct,
    /// Its clock is learnt; nothing is written.
    Listening,
    /// It is kept in step.
    Locked,
    /// It was kept in step, and paces the graph now: at a ratio of 1, so that nothing is heard of the change.
    Leading,
}

/// Keeps one port in step.
pub(super) struct Follow {
    phase: Phase,
    clock: Arc<dyn Clock>,
    resampler: TrackingResampler,
    pursuit: Pursuit,
    /// Whether anything was given to the card since the last Stop.
    is_heard: bool,
    /// When it began to listen.
    since: f64,
    /// Samples the graph has given since then.
    given: u64,
    /// The card's latest call that was looked at, as what it had asked for.
    asked: u64,
    /// What its calls have asked for in vain.
    missed: u64,
    ratio: f64,
    target: usize,
    /// Silence still to be written, and the place in what was made last.
    silence: usize,
    made: usize,
    done: usize,
    /// How far what began is up, from 0 to 1, and by how much it goes up with a sample.
    fade: f32,
    fade_step: f32,
}

impl Follow {
    /// For cycles of at most `max_len` samples at `rate_hz`, the card's own.
    pub(super) fn new(
        channels: usize,
        max_len: usize,
        rate_hz: u32,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ResampleError> {
        Ok(Self {
            phase: Phase::Direct,
            clock,
            resampler: TrackingResampler::new(channels, max_len)?,
            pursuit: Pursuit::new(f64::from(rate_hz)),
            is_heard: false,
            since: 0.0,
            given: 0,
            asked: 0,
            missed: 0,
            ratio: 1.0,
            target: 0,
            silence: 0,
            made: 0,
            done: 0,
            fade: 0.0,
            fade_step: (FADES_PER_SECOND / f64::from(rate_hz.max(1))) as f32,
        })
    }

    /// Says what becomes of the cycle at hand.
    pub(super) fn turn(&mut self, is_foreign: bool) -> Turn {
        let turn = match (self.phase, is_foreign) {
            (Phase::Direct, false) => Turn::Direct,
            (Phase::Direct, true) => {
                self.listen();
                match self.is_heard {
                    true => Turn::Leave,
                    false => Turn::Follow,
                }
            }
            (Phase::Listening, false) => {
                self.phase = Phase::Direct;
                Turn::Enter
            }
            (Phase::Locked, false) => {
                self.phase = Phase::Leading;
                Turn::Follow
            }
            (Phase::Leading, true) => {
                // It is full as wanted: nothing but the speed is to be learnt again.
                self.phase = Phase::Locked;
                self.pursuit.restart();
                Turn::Follow
            }
            (Phase::Listening | Phase::Locked, true) | (Phase::Leading, false) => Turn::Follow,
        };
        self.is_heard |= turn != Turn::Follow;
        turn
    }

    fn listen(&mut self) {
        self.phase = Phase::Listening;
        self.pursuit.restart();
        self.resampler.reset();
        (self.since, self.given, self.ratio) = (0.0, 0, 1.0);
        (self.silence, self.made, self.done) = (0, 0, 0);
        self.fade = 0.0;
    }

    /// Forgets the stream; what is known of the clocks is believed again.
    pub(super) fn reset(&mut self) {
        self.listen();
        self.phase = Phase::Direct;
        self.is_heard = false;
    }

    /// Takes in a cycle of `len` samples, softened from the first factor of `gate` to the second.
    pub(super) fn bring(
        &mut self,
        input: Option<&Wave>,
        len: usize,
        gate: (f32, f32),
        ring: &FrameRing,
    ) {
        let now = self.clock.system() as f64 / REF_TIMES_PER_SECOND as f64;
        let cursor = ring.cursor();
        let call = cursor.call();
        if self.since == 0.0 {
            (self.since, self.asked) = (now, call.asked);
        }
        self.given += len as u64;
        if now - self.since > BURST_SECONDS || self.phase != Phase::Listening {
            self.pursuit.gave(now, self.given as f64);
        }
        if call.asked != self.asked {
            self.asked = call.asked;
            let at = call.at as f64 / REF_TIMES_PER_SECOND as f64;
            self.pursuit.asked(at, call.asked as f64);
        }
        let given = self.given as f64;
        let missed = call.asked.saturating_sub(call.taken);
        let ran_dry = missed > std::mem::replace(&mut self.missed, missed);
        let written = (cursor.written() + missed) as f64;
        let will = written + len as f64 * self.ratio;
        let wanted = FrameRing::target(cursor, ring.quantum());
        match self.phase {
            Phase::Listening if self.pursuit.is_ready() => {
                let fill = self.pursuit.fill(now, given, will);
                if fill < wanted as f64 {
                    self.silence = (wanted as f64 - fill).round() as usize;
                    self.target = wanted;
                    self.ratio = self.pursuit.drift();
                    self.phase = Phase::Locked;
                }
            }
            Phase::Locked => {
                self.target = self.target.max(wanted);
                if self.pursuit.is_ready() {
                    let target = self.target as f64;
                    self.ratio = self.pursuit.ratio(now, given, will, target);
                    let error = self.pursuit.error();
                    if ran_dry && error < 0.0 || error < -0.75 * target {
                        // There is a gap already: filled up at once, it is the only one.
                        self.silence = (-error).round() as usize;
                        self.fade = 0.0;
                        self.ratio = self.pursuit.drift();
                    } else if error > 0.75 * target {
                        // The card stood still: begin anew rather than run after it.
                        self.listen();
                    }
                }
            }
            Phase::Leading => self.ratio = 1.0,
            Phase::Listening | Phase::Direct => {}
        }
        (self.made, self.done) = (0, 0);
        if matches!(self.phase, Phase::Locked | Phase::Leading) {
            self.made = self.stretch(input, len, gate);
        }
    }

    /// Converts a cycle; how many samples it became.
    fn stretch(&mut self, input: Option<&Wave>, len: usize, (from, to): (f32, f32)) -> usize {
        let step = (to - from) / len.max(1) as f32;
        for channel in 0..self.resampler.channels() {
            let samples = input.filter(|wave| channel < wave.channel_count());
            let samples = samples.map_or(&[][..], |wave| wave.channel(channel));
            let room = self.resampler.input_mut(channel);
            let len = len.min(room.len());
            room[..len].fill(0.0);
            for (index, (place, sample)) in room[..len].iter_mut().zip(samples).enumerate() {
                // A sinc would spread what is no number over all of its points.
                if sample.is_finite() {
                    *place = sample * (from + step * index as f32);
                }
            }
        }
        self.resampler.convert(len, self.ratio)
    }

    /// A frame for the card, as long as something is to be written.
    pub(super) fn take(&mut self, ring: &mut FrameRing) -> Option<Wave> {
        if self.silence == 0 && self.done >= self.made {
            return None;
        }
        let mut frame = ring.take_any()?;
        if self.silence > 0 {
            let len = self.silence.min(frame.capacity());
            frame.set_len(len);
            frame.silence();
            self.silence -= len;
            return Some(frame);
        }
        let len = (self.made - self.done).min(frame.capacity());
        frame.set_len(len);
        for (channel, places) in frame.channels_mut().enumerate() {
            let made = &self.resampler.made(channel)[self.done..self.done + len];
            places.copy_from_slice(made);
            if self.fade < 1.0 {
                for (index, place) in places.iter_mut().enumerate() {
                    *place *= (self.fade + self.fade_step * index as f32).min(1.0);
                }
            }
        }
        self.fade = (self.fade + self.fade_step * len as f32).min(1.0);
        self.done += len;
        Some(frame)
    }

    /// Whether the card is given nothing on purpose.
    pub(super) fn is_silent(&self) -> bool {
        self.phase == Phase::Listening
    }

    /// What is shown of it: whether it leads (0), listens (1) or is locked (2), the drift in parts of a million, and by
    /// how many samples the ring is off.
    pub(super) fn figures(&self) -> (f32, f32, f32) {
        match self.phase {
            Phase::Direct | Phase::Leading => (0.0, 0.0, 0.0),
            Phase::Listening => (1.0, self.pursuit.drift_ppm() as f32, 0.0),
            Phase::Locked => (
                2.0,
                self.pursuit.drift_ppm() as f32,
                self.pursuit.error() as f32,
            ),
        }
    }
}
