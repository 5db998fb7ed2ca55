//! What a card hears, on its way to the graph: a ring of samples, and a store that is kept in step with whatever drives.
//!
//! ```text
//!   the card's calls ──▶ ring ──▶ TrackingResampler ──▶ store ──▶ cycles of the graph
//!          └── times and counts ──▶ Pursuit ◀── times ────────────────────┘
//! ```
//!
//! Lives here: the ring's two ends, and the store between them. Where the card drives the graph, samples pass as they
//! are. Where something else does, their number is changed by the ratio of the two clocks, as `follow.rs` does on the way
//! out: here the card is what gives, and the graph what asks. Does not live here: any device, and the port. Everything is
//! made by [`intake`]; from then on nothing is allocated, freed or locked on either side.

use std::sync::Arc;

use rtrb::{Consumer, Producer, RingBuffer};

use super::ring::{Cursor, FrameRing};
use crate::dsp::{Pursuit, ResampleError, TrackingResampler};
use crate::ks::{Clock, REF_TIMES_PER_SECOND, Wave};

/// Seconds that the ring holds: a graph that stands still for so long loses nothing where the card drives.
const RING_SECONDS: usize = 2;
/// Cycles in the first moments of a run come in one burst and say nothing of their clock.
const BURST_SECONDS: f64 = 0.03;
/// How long what begins or ends takes to fade, in parts of a second.
const FADES_PER_SECOND: f32 = 200.0;

/// The card's end: takes in what it has heard.
pub struct IntakeEnd {
    samples: Producer<f32>,
    channels: usize,
    cursor: Arc<Cursor>,
}

/// The port's end, not yet in step with anything.
pub struct IntakeRing {
    samples: Consumer<f32>,
    channels: usize,
    quantum: usize,
    cursor: Arc<Cursor>,
}

/// A ring for sound on `channels` channels at `rate_hz`, for cycles of at most `quantum` samples.
pub fn intake(channels: usize, quantum: usize, rate_hz: u32) -> (IntakeRing, IntakeEnd) {
    let (channels, quantum) = (channels.max(1), quantum.max(1));
    let room = (rate_hz as usize * RING_SECONDS).max(8 * quantum);
    let (give, take) = RingBuffer::new(room * channels);
    let cursor = Arc::new(Cursor::default());
    let end = IntakeEnd {
        samples: give,
        channels,
        cursor: cursor.clone(),
    };
    let ring = IntakeRing {
        samples: take,
        channels,
        quantum,
        cursor,
    };
    (ring, end)
}

impl IntakeEnd {
    /// What both sides count.
    pub fn cursor(&self) -> &Arc<Cursor> {
        &self.cursor
    }

    /// Takes in interleaved samples of `channels` channels. A single channel goes onto all of the wire's; what has none is
    /// silent. While the graph does not run nothing is kept, and what finds no room is counted as a gap.
    pub fn take_in<T: Copy>(&mut self, heard: &[T], channels: usize, convert: impl Fn(T) -> f32) {
        let channels = channels.max(1);
        let len = heard.len() / channels;
        let mut kept = 0;
        if self.cursor.is_running() {
            let room = self.samples.slots() / self.channels;
            kept = len.min(room);
            for frame in heard.chunks_exact(channels).take(kept) {
                for channel in 0..self.channels {
                    let place = if channels == 1 { 0 } else { channel };
                    let sample = frame.get(place).map_or(0.0, |sample| convert(*sample));
                    // There is room: it was counted.
                    let _ = self.samples.push(sample);
                }
            }
            if kept < len {
                self.cursor.count_xrun();
            }
        }
        self.cursor.heard(len as u64, kept as u64);
    }
}

impl IntakeRing {
    /// What both sides count.
    pub fn cursor(&self) -> &Arc<Cursor> {
        &self.cursor
    }

    /// The most samples the graph asks for at once.
    pub fn quantum(&self) -> usize {
        self.quantum
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// The card paces the graph.
    Direct,
    /// Both clocks are learnt; nothing is given.
    Listening,
    /// Kept in step.
    Locked,
}

/// What became of a cycle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Given {
    /// It is whole.
    Whole,
    /// It is silent on purpose: nothing has come yet.
    Silent,
    /// A part of it was missing.
    Gap,
}

/// The store between the ring and the graph.
pub(super) struct Intake {
    ring: IntakeRing,
    clock: Arc<dyn Clock>,
    phase: Phase,
    resampler: TrackingResampler,
    pursuit: Pursuit,
    store: Store,
    /// Samples taken out of the ring since it was made.
    drained: u64,
    /// When it began to listen.
    since: f64,
    /// Samples the graph has asked for since then, and samples that were put into the store for it.
    asked: u64,
    ahead: f64,
    /// The card's latest call that was looked at, as what it had heard.
    call: u64,
    ratio: f64,
    target: usize,
    /// Whether anything was given since it began.
    has_begun: bool,
    /// How far what begins is up, and by how much it goes up with a sample.
    fade: f32,
    fade_step: f32,
}

impl Intake {
    /// For cycles of at most `ring.quantum()` samples and one, at `rate_hz`, the card's own.
    pub(super) fn new(
        ring: IntakeRing,
        rate_hz: u32,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ResampleError> {
        let len = ring.quantum + 1;
        let room = (rate_hz as usize).max(16 * len);
        Ok(Self {
            clock,
            phase: Phase::Direct,
            resampler: TrackingResampler::new(ring.channels, len)?,
            pursuit: Pursuit::new(f64::from(rate_hz)),
            store: Store::new(ring.channels, room),
            drained: 0,
            since: 0.0,
            asked: 0,
            ahead: 0.0,
            call: 0,
            ratio: 1.0,
            target: 0,
            has_begun: false,
            fade: 0.0,
            fade_step: FADES_PER_SECOND / rate_hz.max(1) as f32,
            ring,
        })
    }

    pub(super) fn cursor(&self) -> &Arc<Cursor> {
        &self.ring.cursor
    }

    /// Fills a cycle.
    pub(super) fn give(&mut self, wave: &mut Wave, is_foreign: bool) -> Given {
        let len = wave.len();
        let is_other = is_foreign != (self.phase != Phase::Direct);
        match self.phase {
            Phase::Direct => self.drain_as_it_is(len),
            _ => self.follow(len),
        }
        self.asked += len as u64;
        let got = match self.phase {
            Phase::Listening => 0,
            _ => self.store.take(wave),
        };
        for channel in wave.channels_mut() {
            let (sound, rest) = channel.split_at_mut(got);
            rest.fill(0.0);
            if is_other {
                // Another clock drives from here on: this cycle is the last of the old way, and fades out.
                let step = 1.0 / got.max(1) as f32;
                for (index, sample) in sound.iter_mut().enumerate() {
                    *sample *= 1.0 - step * index as f32;
                }
            }
        }
        if is_other {
            self.begin(is_foreign);
        } else if got < len {
            // What comes after the gap comes up softly.
            self.fade = 0.0;
        }
        if self.phase == Phase::Locked && got < len {
            // The gap is there; filled up at once, it is the only one.
            self.refill();
        }
        let had_begun = self.has_begun;
        self.has_begun = !is_other && (had_begun || got > 0);
        match got {
            _ if got == len => Given::Whole,
            _ if had_begun && self.phase != Phase::Listening => Given::Gap,
            _ => Given::Silent,
        }
    }

    /// Everything begins anew, driven or driving.
    fn begin(&mut self, is_foreign: bool) {
        self.phase = match is_foreign {
            true => Phase::Listening,
            false => Phase::Direct,
        };
        self.pursuit.restart();
        self.resampler.reset();
        self.store.clear();
        (self.since, self.asked, self.ahead) = (0.0, 0, 0.0);
        (self.ratio, self.fade, self.has_begun) = (1.0, 0.0, false);
        self.throw_away();
    }

    /// Forgets the stream; what is known of the clocks is believed again.
    pub(super) fn reset(&mut self) {
        self.begin(self.phase != Phase::Direct);
    }

    /// Empties the ring.
    pub(super) fn throw_away(&mut self) {
        let waiting = self.ring.samples.slots() / self.ring.channels;
        if let Ok(chunk) = self.ring.samples.read_chunk(waiting * self.ring.channels) {
            chunk.commit_all();
        }
        self.count_drained(waiting);
    }

    fn count_drained(&mut self, len: usize) {
        self.drained += len as u64;
        self.ring.cursor.drained(len as u64);
    }

    /// So much of what waits goes into the store as it is.
    fn drain_as_it_is(&mut self, len: usize) {
        let waiting = self.ring.samples.slots() / self.ring.channels;
        let len = waiting.min(len).min(self.store.room());
        for _ in 0..len {
            for channel in 0..self.ring.channels {
                let sample = self.ring.samples.pop().unwrap_or(0.0);
                self.store.push(channel, sample * self.fade);
            }
            self.store.advance();
            self.fade = (self.fade + self.fade_step).min(1.0);
        }
        self.count_drained(len);
    }

    /// All that waits is brought into step, for a cycle of `len` samples.
    fn follow(&mut self, len: usize) {
        let now = self.clock.system() as f64 / REF_TIMES_PER_SECOND as f64;
        let call = self.ring.cursor.call();
        if self.since == 0.0 {
            (self.since, self.call) = (now, call.asked);
        }
        if now - self.since > BURST_SECONDS || self.phase != Phase::Listening {
            self.pursuit.asked(now, self.asked as f64);
        }
        if call.asked != self.call {
            self.call = call.asked;
            let at = call.at as f64 / REF_TIMES_PER_SECOND as f64;
            self.pursuit.gave(at, call.asked as f64);
        }
        if self.phase == Phase::Listening {
            self.throw_away();
            if self.pursuit.is_ready() {
                self.phase = Phase::Locked;
                self.target = 0;
                self.refill();
            }
            return;
        }
        let wanted = FrameRing::target(&self.ring.cursor, self.ring.quantum);
        self.target = self.target.max(wanted);
        if self.pursuit.is_ready() {
            let (given, target) = (self.given(), self.target as f64);
            self.ratio = self.pursuit.ratio(now, given, self.ahead, target);
            if self.pursuit.error() > 0.75 * target + len as f64 {
                // The graph stood still: what waited too long is left out.
                self.store.clear();
                self.throw_away();
                self.refill();
                self.fade = 0.0;
                return;
            }
        }
        self.convert();
    }

    /// Samples of the card's clock that were looked at: those that were drained, and those that never came in.
    fn given(&self) -> f64 {
        let call = self.ring.cursor.call();
        (self.drained + call.asked.saturating_sub(call.taken)) as f64
    }

    /// Brings the store to where it should be, with silence.
    fn refill(&mut self) {
        let now = self.clock.system() as f64 / REF_TIMES_PER_SECOND as f64;
        let wanted = FrameRing::target(&self.ring.cursor, self.ring.quantum);
        self.target = self.target.max(wanted);
        let asked = self.asked as f64;
        let stored = self.store.len() as f64;
        self.ahead = asked + stored;
        let fill = self.pursuit.fill(now, self.given(), self.ahead);
        let missing = (self.target as f64 - fill).round().max(0.0) as usize;
        let silence = missing.min(self.store.room());
        self.store.silence(silence);
        self.ahead += silence as f64;
        self.ratio = self.pursuit.drift();
    }

    /// What waits in the ring goes through the resampler into the store.
    fn convert(&mut self) {
        let channels = self.ring.channels;
        let mut waiting = self.ring.samples.slots() / channels;
        let most = self.ring.quantum + 1;
        while waiting > 0 {
            let len = waiting.min(most);
            let Ok(chunk) = self.ring.samples.read_chunk(len * channels) else {
                return;
            };
            let (one, two) = chunk.as_slices();
            for channel in 0..channels {
                let samples = one.iter().chain(two).skip(channel).step_by(channels);
                for (place, sample) in self.resampler.input_mut(channel).iter_mut().zip(samples) {
                    // A sinc would spread what is no number over all of its points.
                    *place = if sample.is_finite() { *sample } else { 0.0 };
                }
            }
            chunk.commit_all();
            self.count_drained(len);
            let made = self.resampler.convert(len, self.ratio);
            let made = made.min(self.store.room());
            for channel in 0..channels {
                let samples = &self.resampler.made(channel)[..made];
                self.store
                    .put(channel, samples, (self.fade, self.fade_step));
            }
            self.store.grow(made);
            self.fade = (self.fade + self.fade_step * made as f32).min(1.0);
            self.ahead += made as f64;
            waiting -= len;
        }
    }

    /// What is shown of it: whether it leads (0), listens (1) or is locked (2), the drift in parts of a million, and by
    /// how many samples the store is off.
    pub(super) fn figures(&self) -> (f32, f32, f32) {
        // The card's clock against the graph's: the other way round than samples go.
        let drift_ppm = (1.0 / self.pursuit.drift() - 1.0) * 1e6;
        match self.phase {
            Phase::Direct => (0.0, 0.0, 0.0),
            Phase::Listening => (1.0, drift_ppm as f32, 0.0),
            Phase::Locked => (2.0, drift_ppm as f32, self.pursuit.error() as f32),
        }
    }

    /// Samples between the card and the graph.
    pub(super) fn latency_samples(&self) -> usize {
        let cursor = &self.ring.cursor;
        let waiting = match self.phase {
            Phase::Direct => self.ring.quantum,
            _ => self.target,
        };
        waiting + cursor.period() + cursor.latency()
    }
}

/// Planar samples, first in, first out, of a fixed size.
struct Store {
    channels: Vec<Vec<f32>>,
    room: usize,
    from: usize,
    len: usize,
}

impl Store {
    fn new(channels: usize, room: usize) -> Self {
        Self {
            channels: vec![vec![0.0; room]; channels],
            room,
            from: 0,
            len: 0,
        }
    }

    fn len(&self) -> usize {
        self.len
    }

    fn room(&self) -> usize {
        self.room - self.len
    }

    fn clear(&mut self) {
        (self.from, self.len) = (0, 0);
    }

    /// Puts one sample behind those that are there; [`Store::advance`] counts it for all channels.
    fn push(&mut self, channel: usize, sample: f32) {
        let at = (self.from + self.len) % self.room;
        self.channels[channel][at] = sample;
    }

    fn advance(&mut self) {
        self.len += 1;
    }

    /// Puts samples behind those that are there, coming up from a factor by a step; [`Store::grow`] counts them for all
    /// channels.
    fn put(&mut self, channel: usize, samples: &[f32], (from, step): (f32, f32)) {
        let start = self.from + self.len;
        for (index, sample) in samples.iter().enumerate() {
            let factor = (from + step * index as f32).min(1.0);
            self.channels[channel][(start + index) % self.room] = *sample * factor;
        }
    }

    fn grow(&mut self, len: usize) {
        self.len += len;
    }

    fn silence(&mut self, len: usize) {
        let start = self.from + self.len;
        for channel in &mut self.channels {
            for index in start..start + len {
                channel[index % self.room] = 0.0;
            }
        }
        self.len += len;
    }

    /// Takes as many as the wave has places; how many there were.
    fn take(&mut self, wave: &mut Wave) -> usize {
        let len = wave.len().min(self.len);
        for (places, channel) in wave.channels_mut().zip(&self.channels) {
            for (index, place) in places[..len].iter_mut().enumerate() {
                *place = channel[(self.from + index) % self.room];
            }
        }
        self.from = (self.from + len) % self.room;
        self.len -= len;
        len
    }
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;
