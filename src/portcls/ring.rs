//! The cyclic buffer of a card: whole planar frames that circulate between the port and the card, moved by value.
//!
//! ```text
//!   FrameRing (audio thread)  ── full ──▶  CardEnd (the card's callback)
//!                             ◀─ empty ──
//!                      Cursor: counts both sides share, atomics only
//! ```
//!
//! Lives here: the ring, its two ends and what they count. Does not live here: any device, and what the port does to
//! samples. All frames are made by [`ring`]; from then on nothing is allocated, freed or locked on either side.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering, fence};
use std::sync::{Arc, OnceLock};

use rtrb::{Consumer, Producer, RingBuffer};

use crate::ks::{Clock, RefTime, Wave};

/// The longest period of a card that the ring makes room for.
const LONGEST_PERIOD: usize = 8192;
/// Frames beyond what the samples need, for cycles shorter than the quantum.
const SPARE_FRAMES: usize = 8;

/// What the port, its pacer and the card know of each other. Every number is written by one side only.
#[derive(Default)]
pub struct Cursor {
    /// Samples the port has given.
    written: AtomicU64,
    /// Samples the card has taken.
    taken: AtomicU64,
    /// Samples the card takes at once, as far as seen.
    period: AtomicU32,
    /// Samples between the ring and the ear.
    latency: AtomicU32,
    /// Calls of the card, whether or not there was anything to take.
    calls: AtomicU64,
    xruns: AtomicU32,
    is_running: AtomicBool,
    is_lost: AtomicBool,

    /// The time by which calls are stamped.
    clock: OnceLock<Arc<dyn Clock>>,
    /// Odd while the latest call is written.
    sequence: AtomicU64,
    asked: AtomicU64,
    asked_taken: AtomicU64,
    asked_at: AtomicI64,
    /// Whether something else than this card paces what is written.
    is_foreign: AtomicBool,

    /// Samples up to which what was written is not to be heard any more, and how long it fades.
    flushed: AtomicU64,
    flush_fade: AtomicU32,
}

/// The latest call of a card.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Call {
    /// Samples it has asked for since it was opened, had or not: its clock.
    pub asked: u64,
    /// Those of them it got.
    pub taken: u64,
    /// When, by the system's time; 0 where calls are not stamped.
    pub at: RefTime,
}

impl Cursor {
    /// Stamps the card's calls from here on by the system's time of that clock. The first one stays.
    pub fn stamp_by(&self, clock: Arc<dyn Clock>) {
        let _ = self.clock.set(clock);
    }

    /// The card was called: it asked for so many samples and got so many.
    fn called(&self, asked: u64, taken: u64) {
        let at = self.clock.get().map_or(0, |clock| clock.system());
        self.sequence.fetch_add(1, Ordering::AcqRel);
        fence(Ordering::Release);
        self.asked.fetch_add(asked, Ordering::Relaxed);
        self.asked_taken.fetch_add(taken, Ordering::Relaxed);
        self.asked_at.store(at, Ordering::Relaxed);
        self.sequence.fetch_add(1, Ordering::Release);
    }

    /// A card that captures was heard: so many samples passed, and so many of them were kept.
    pub(super) fn heard(&self, len: u64, kept: u64) {
        self.written.fetch_add(kept, Ordering::AcqRel);
        self.called(len, kept);
        self.calls.fetch_add(1, Ordering::Relaxed);
        // Up at once, down slowly: servers give a lump now and then.
        let (len, before) = (len.min(LONGEST_PERIOD as u64) as usize, self.period());
        self.set_period(len.max(before - before.saturating_sub(len) / 32));
    }

    /// So much of what was kept was taken out again.
    pub(super) fn drained(&self, len: u64) {
        self.taken.fetch_add(len, Ordering::AcqRel);
    }

    /// The latest call, its figures of one moment.
    pub fn call(&self) -> Call {
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            let call = Call {
                asked: self.asked.load(Ordering::Relaxed),
                taken: self.asked_taken.load(Ordering::Relaxed),
                at: self.asked_at.load(Ordering::Relaxed),
            };
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && before == self.sequence.load(Ordering::Relaxed) {
                return call;
            }
            std::hint::spin_loop();
        }
    }

    /// What was written so far is not to be heard any more, but for so many samples in which it fades (HDR-11).
    pub fn flush(&self, fade: usize) {
        self.flush_fade.store(fade as u32, Ordering::Relaxed);
        self.flushed.store(self.written(), Ordering::Release);
    }

    /// Whether frames ought to be there.
    pub fn is_running(&self) -> bool {
        self.is_running.load(Ordering::Acquire)
    }

    /// Says whether another clock than this card's paces what is written.
    pub fn set_foreign(&self, is_foreign: bool) {
        self.is_foreign.store(is_foreign, Ordering::Relaxed);
    }

    /// Whether another clock than this card's paces what is written.
    pub fn is_foreign(&self) -> bool {
        self.is_foreign.load(Ordering::Relaxed)
    }

    /// Samples in the ring.
    pub fn queued(&self) -> usize {
        let taken = self.taken.load(Ordering::Acquire);
        self.written.load(Ordering::Acquire).saturating_sub(taken) as usize
    }

    /// Samples the port has given since the card was opened.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Samples the card has taken since it was opened.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Acquire)
    }

    /// How often the card has called: a card whose number stands still is stuck.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Samples the card takes at once.
    pub fn period(&self) -> usize {
        self.period.load(Ordering::Relaxed) as usize
    }

    /// Tells the period a card was granted, before its first call.
    pub fn set_period(&self, samples: usize) {
        let period = samples.min(LONGEST_PERIOD);
        self.period.store(period as u32, Ordering::Relaxed);
    }

    /// Samples between the ring and the ear, as the card says.
    pub fn latency(&self) -> usize {
        self.latency.load(Ordering::Relaxed) as usize
    }

    /// The card says how far the ear is behind.
    pub fn set_latency(&self, samples: usize) {
        self.latency.store(samples as u32, Ordering::Relaxed);
    }

    /// Times the card found nothing while the graph ran.
    pub fn xruns(&self) -> u32 {
        self.xruns.load(Ordering::Relaxed)
    }

    /// The card itself reports a gap. Counted while the graph runs.
    pub fn count_xrun(&self) {
        if self.is_running.load(Ordering::Relaxed) {
            self.xruns.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether frames ought to be there: a ring that is empty otherwise is no fault.
    pub fn set_running(&self, is_running: bool) {
        self.is_running.store(is_running, Ordering::Release);
    }

    /// Whether the card is gone.
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    /// The card is gone for good; whoever wants it again opens it again.
    pub fn lose(&self) {
        self.is_lost.store(true, Ordering::Release);
    }
}

/// The port's end.
pub struct FrameRing {
    empty: Consumer<Wave>,
    full: Producer<Wave>,
    cursor: Arc<Cursor>,
    quantum: usize,
}

/// The card's end.
pub struct CardEnd {
    full: Consumer<Wave>,
    empty: Producer<Wave>,
    current: Option<Wave>,
    /// Samples of `current` that are taken already.
    offset: usize,
    /// Whether a call was served in full since the graph runs, so that a short one is a gap and not the beginning.
    primed: bool,
    /// The flush that is under way, as samples up to which it goes, and samples of its fade that were given.
    flushing: u64,
    faded: usize,
    cursor: Arc<Cursor>,
}

/// A ring of frames of at most `quantum` samples on `channels` channels.
pub fn ring(channels: usize, quantum: usize) -> (FrameRing, CardEnd) {
    let quantum = quantum.max(1);
    let count = (3 * quantum + 2 * LONGEST_PERIOD) / quantum + SPARE_FRAMES;
    let (mut give_back, empty) = RingBuffer::new(count);
    let (full, to_play) = RingBuffer::new(count);
    for _ in 0..count {
        // One sample of slack: a wire at a rate of its own carries one more now and then.
        let frame = Wave::new(channels, quantum + 1);
        give_back
            .push(frame)
            .expect("the ring has room for every frame");
    }
    let cursor = Arc::new(Cursor::default());
    let card = CardEnd {
        full: to_play,
        empty: give_back,
        current: None,
        offset: 0,
        primed: false,
        flushing: 0,
        faded: 0,
        cursor: cursor.clone(),
    };
    let port = FrameRing {
        empty,
        full,
        cursor,
        quantum,
    };
    (port, card)
}

impl FrameRing {
    /// What both sides count.
    pub fn cursor(&self) -> &Arc<Cursor> {
        &self.cursor
    }

    /// How many samples the ring is kept filled to: three quanta, or one and two of the card's periods.
    pub fn target(cursor: &Cursor, quantum: usize) -> usize {
        (3 * quantum).max(quantum + 2 * cursor.period())
    }

    /// An empty frame, or `None` when the card has fallen behind.
    pub fn take(&mut self) -> Option<Wave> {
        let limit = Self::target(&self.cursor, self.quantum) + self.quantum;
        if self.cursor.queued() > limit {
            return None;
        }
        self.empty.pop().ok()
    }

    /// An empty frame as long as there is any, for what keeps the ring's measure itself.
    pub fn take_any(&mut self) -> Option<Wave> {
        self.empty.pop().ok()
    }

    /// An empty frame for so many samples on so many channels. None as well where its frames are others.
    pub fn take_for(&mut self, channels: usize, len: usize) -> Option<Wave> {
        let next = self.empty.peek().ok()?;
        if next.channel_count() != channels || next.capacity() < len {
            return None;
        }
        self.take()
    }

    /// Frames in all.
    pub fn frames(&self) -> usize {
        self.empty.buffer().capacity()
    }

    /// Frames that are handed out and have not come back (ALC-8).
    pub fn allocated(&self) -> usize {
        self.frames().saturating_sub(self.empty.slots())
    }

    /// Gives a frame to the card.
    pub fn give(&mut self, frame: Wave) {
        let len = frame.len() as u64;
        // Counted first, so that the card never takes what was not counted.
        self.cursor.written.fetch_add(len, Ordering::AcqRel);
        // There are as many places as frames.
        if self.full.push(frame).is_err() {
            debug_assert!(false, "a frame has no place in its own ring");
        }
    }

    /// The most samples in a frame that the graph gives at once.
    pub fn quantum(&self) -> usize {
        self.quantum
    }
}

impl CardEnd {
    /// What both sides count.
    pub fn cursor(&self) -> &Arc<Cursor> {
        &self.cursor
    }

    /// Fills interleaved samples of `channels` channels; what is missing becomes silence, and a single channel is put
    /// on both of the first two. Says how many samples a channel came from the graph.
    pub fn interleave<T: Copy>(
        &mut self,
        out: &mut [T],
        channels: usize,
        convert: impl Fn(f32) -> T,
    ) -> usize {
        let channels = channels.max(1);
        let wanted = out.len() / channels;
        out.fill(convert(0.0));
        self.serve(wanted, |frame, from, at, len| {
            let mut put = |channel: usize, samples: &[f32]| {
                let places = out[at * channels + channel..].iter_mut().step_by(channels);
                for (place, sample) in places.zip(&samples[from..from + len]) {
                    *place = convert(*sample);
                }
            };
            for (channel, samples) in frame.channels().enumerate().take(channels) {
                put(channel, samples);
            }
            if frame.channel_count() == 1 && channels > 1 {
                put(1, frame.channel(0));
            }
        })
    }

    /// Takes `wanted` samples and lets them go: how a card plays that nobody hears.
    pub fn discard(&mut self, wanted: usize) -> usize {
        self.serve(wanted, |_, _, _, _| {})
    }

    fn serve(&mut self, wanted: usize, mut put: impl FnMut(&Wave, usize, usize, usize)) -> usize {
        let mut done = 0;
        // What is let go of unheard.
        let mut dropped = 0;
        let taken = self.cursor.taken();
        // A first call that is served in part would be a sound, a gap and the sound again.
        let has_begun = self.primed || !self.cursor.is_running();
        let wanted_now = if has_begun || self.cursor.queued() >= wanted.min(self.cursor.period()) {
            wanted
        } else {
            0
        };
        while done < wanted_now {
            let Some(mut frame) = self.current.take().or_else(|| self.full.pop().ok()) else {
                break;
            };
            let place = taken + (done + dropped) as u64;
            let (len, skipped) = self.part(&mut frame, place, wanted - done);
            put(&frame, self.offset, done, len);
            done += len;
            dropped += skipped;
            self.offset += len + skipped;
            if self.offset < frame.len() {
                self.current = Some(frame);
            } else {
                self.offset = 0;
                // There are as many places as frames.
                let _ = self.empty.push(frame);
            }
        }
        self.cursor
            .taken
            .fetch_add(dropped as u64, Ordering::AcqRel);
        self.count(wanted, done);
        done
    }

    /// How much of a frame is given next, at most `room` samples, and how much behind that is let go of: of what was flushed
    /// its fade is all that is heard. `place` is that of the next sample among all that were written.
    fn part(&mut self, frame: &mut Wave, place: u64, room: usize) -> (usize, usize) {
        let left = frame.len() - self.offset;
        let flushed = self.cursor.flushed.load(Ordering::Acquire);
        let old = flushed.saturating_sub(place).min(left as u64) as usize;
        if old == 0 {
            return (left.min(room), 0);
        }
        if flushed > self.flushing {
            (self.flushing, self.faded) = (flushed, 0);
        }
        let fade = self.cursor.flush_fade.load(Ordering::Relaxed) as usize;
        let len = old.min(room).min(fade.saturating_sub(self.faded));
        for channel in frame.channels_mut() {
            let samples = channel[self.offset..self.offset + len].iter_mut();
            for (sample, at) in samples.zip(self.faded + 1..) {
                *sample *= 1.0 - at as f32 / fade as f32;
            }
        }
        self.faded += len;
        let is_faded = self.faded >= fade;
        (len, if is_faded { old - len } else { 0 })
    }

    fn count(&mut self, wanted: usize, done: usize) {
        let cursor = &self.cursor;
        cursor.taken.fetch_add(done as u64, Ordering::AcqRel);
        cursor.called(wanted as u64, done as u64);
        cursor.calls.fetch_add(1, Ordering::Relaxed);
        let is_running = cursor.is_running.load(Ordering::Acquire);
        if is_running && self.primed && done < wanted {
            cursor.xruns.fetch_add(1, Ordering::Relaxed);
        }
        self.primed = is_running && (self.primed || done == wanted);
        if done > 0 {
            // Up at once, down slowly: servers ask for a lump now and then.
            let wanted = wanted.min(LONGEST_PERIOD);
            let before = cursor.period();
            cursor.set_period(wanted.max(before - before.saturating_sub(wanted) / 32));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(ring: &mut FrameRing, samples: &[f32]) {
        let mut frame = ring.take().unwrap();
        frame.set_len(samples.len());
        for channel in frame.channels_mut() {
            channel.copy_from_slice(samples);
        }
        ring.give(frame);
    }

    #[test]
    fn samples_arrive_in_order_whatever_the_card_takes_at_once() {
        let (mut ring, mut card) = ring(2, 64);
        let mut heard = vec![];
        let mut next = 0.0;
        for (give_len, take_len) in [(64, 10), (1, 33), (37, 50), (64, 73), (5, 5)] {
            let samples: Vec<f32> = (0..give_len).map(|n| next + n as f32).collect();
            next += give_len as f32;
            give(&mut ring, &samples);
            let mut out = vec![0.0; take_len * 2];
            let served = card.interleave(&mut out, 2, |sample| sample);
            assert_eq!(served, take_len);
            assert!(out.chunks(2).all(|pair| pair[0] == pair[1]));
            heard.extend(out.chunks(2).map(|pair| pair[0]));
        }
        let wanted: Vec<f32> = (0..171).map(|n| n as f32).collect();
        assert_eq!(heard, wanted);
        assert_eq!(ring.cursor().taken(), 171);
        assert_eq!(ring.cursor().queued(), 0);
    }

    #[test]
    fn a_card_begins_when_a_whole_period_is_there() {
        let (mut ring, mut card) = ring(1, 64);
        ring.cursor().set_period(128);
        ring.cursor().set_running(true);
        give(&mut ring, &[0.5; 64]);
        assert_eq!(card.discard(128), 0, "half of it would be cut off");
        give(&mut ring, &[0.5; 64]);
        assert_eq!(card.discard(128), 128);
        give(&mut ring, &[0.5; 64]);
        assert_eq!(card.discard(128), 64, "what has begun plays what there is");
        assert_eq!(ring.cursor().xruns(), 1);
    }

    #[test]
    fn a_dry_ring_is_a_gap_only_while_the_graph_runs_and_has_begun() {
        let (mut ring, mut card) = ring(1, 64);
        let mut out = [9.0_f32; 64];
        card.interleave(&mut out, 1, |sample| sample);
        assert_eq!(out, [0.0; 64], "silence");
        ring.cursor().set_running(true);
        card.discard(64);
        assert_eq!(ring.cursor().xruns(), 0, "nothing has come yet");
        give(&mut ring, &[0.5; 64]);
        card.discard(64);
        card.discard(64);
        assert_eq!(ring.cursor().xruns(), 1);
        ring.cursor().set_running(false);
        card.discard(64);
        assert_eq!(ring.cursor().xruns(), 1);
    }

    #[test]
    fn a_card_of_more_or_fewer_channels_gets_silence_or_the_first_ones() {
        let (mut ring, mut card) = ring(2, 8);
        give(&mut ring, &[0.5; 4]);
        let mut out = [1_i16; 8];
        card.interleave(&mut out[..6], 3, |sample| (sample * 100.0) as i16);
        assert_eq!(out[..6], [50, 50, 0, 50, 50, 0]);
        card.interleave(&mut out[..2], 1, |sample| (sample * 100.0) as i16);
        assert_eq!(out[..2], [50, 50]);
    }

    #[test]
    fn a_single_channel_is_heard_on_both_sides() {
        let (mut ring, mut card) = ring(1, 8);
        give(&mut ring, &[0.5; 2]);
        let mut out = [1.0_f32; 6];
        card.interleave(&mut out, 3, |sample| sample);
        assert_eq!(out, [0.5, 0.5, 0.0, 0.5, 0.5, 0.0]);
    }

    #[test]
    fn frames_come_back() {
        let (mut ring, mut card) = ring(1, 16);
        for _ in 0..10_000 {
            give(&mut ring, &[0.0; 16]);
            assert_eq!(card.discard(16), 16);
        }
    }

    #[test]
    fn what_is_flushed_fades_and_is_not_heard_and_what_comes_behind_it_is() {
        for takes in [1, 7, 48, 200] {
            let (mut ring, mut card) = ring(1, 64);
            (0..5).for_each(|_| give(&mut ring, &[1.0; 64]));
            let mut heard = vec![];
            let mut take = |card: &mut CardEnd, total: usize| {
                for _ in 0..total.div_ceil(takes) {
                    let mut out = vec![0.0; takes];
                    card.interleave(&mut out, 1, |sample| sample);
                    heard.extend(out);
                }
                std::mem::take(&mut heard)
            };
            take(&mut card, 100);
            ring.cursor().flush(32);
            let fading = take(&mut card, 200);
            for (at, sample) in fading.iter().enumerate() {
                let wanted = 1.0 - (at + 1) as f32 / 32.0;
                assert_eq!(*sample, wanted.max(0.0), "{takes}: {at}");
            }
            assert_eq!(ring.cursor().queued(), 0, "every frame is back");
            assert_eq!(ring.allocated(), 0);
            give(&mut ring, &[0.5; 64]);
            assert_eq!(take(&mut card, takes)[0], 0.5, "{takes}");
            assert_eq!(ring.cursor().xruns(), 0);
        }
    }

    #[test]
    fn what_is_written_behind_a_flush_follows_its_fade_at_once() {
        let (mut ring, mut card) = ring(1, 64);
        (0..3).for_each(|_| give(&mut ring, &[1.0; 64]));
        ring.cursor().flush(8);
        give(&mut ring, &[0.25; 64]);
        let mut out = [0.0_f32; 72];
        assert_eq!(card.interleave(&mut out, 1, |sample| sample), 72);
        assert_eq!((out[6], out[7], out[8], out[71]), (0.125, 0.0, 0.25, 0.25));
        assert_eq!(ring.cursor().queued(), 0);
    }
}
