//! Simulated cards: what a card with two filters has inside. The filters are joined by hard-wired mediums, so no frame of
//! the graph passes between them; the sound goes through a ring of the card's own.
//!
//! Both filters run on the audio thread, the giving one first, and name samples by their place in time: what was not
//! written for a cycle is silence, however the run is cut. Nothing here waits, allocates or locks once it is open.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ks::{Wave, samples_at};

/// Channels a card has.
pub const CHANNELS: usize = 8;
/// Samples a channel its ring holds; more than any cycle has.
const RING: usize = 1 << 16;

/// The cards of one program, by unit. Clones mean the same cards.
#[derive(Clone, Default)]
pub struct LabCards(Arc<Mutex<BTreeMap<u32, Arc<Ring>>>>);

impl LabCards {
    /// The ring inside a unit. Not to be asked on the audio thread.
    pub fn ring(&self, unit: u32) -> Arc<Ring> {
        let mut units = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(units.entry(unit).or_default())
    }
}

/// The ring inside a card.
pub struct Ring {
    /// One run a channel; the sample at place n of the stream stands at n modulo its length.
    samples: Box<[AtomicU32]>,
    /// Place behind the last sample that was written; 0 is none.
    end: AtomicU64,
    /// Who writes: the last one that began.
    writer: AtomicU64,
    /// Numbers writers.
    next: AtomicU64,
}

impl Default for Ring {
    fn default() -> Self {
        let samples = std::iter::repeat_with(|| AtomicU32::new(0));
        Self {
            samples: samples.take(CHANNELS * RING).collect(),
            end: AtomicU64::new(0),
            writer: AtomicU64::new(0),
            next: AtomicU64::new(0),
        }
    }
}

/// The samples of a wire at `rate_hz` in the cycle of `len` samples from `position` on.
fn span(position: u64, len: usize, rate_hz: u32, graph_rate_hz: u32) -> (u64, u64) {
    let at = |place| samples_at(place, rate_hz, graph_rate_hz);
    (at(position), at(position + len as u64))
}

/// When a cycle is, in samples of the graph.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Place of its first sample.
    pub position: u64,
    /// Its length.
    pub len: usize,
    /// The graph's rate in Hz.
    pub graph_rate_hz: u32,
}

/// The end of a ring that writes.
pub struct RingWriter {
    ring: Arc<Ring>,
    number: u64,
    has_begun: bool,
    rate_hz: u32,
}

impl RingWriter {
    /// A writer of sound at `rate_hz`. It takes the ring over when it writes first.
    pub fn new(ring: Arc<Ring>, rate_hz: u32) -> Self {
        let number = ring.next.fetch_add(1, Ordering::Relaxed) + 1;
        Self {
            ring,
            number,
            has_begun: false,
            rate_hz,
        }
    }

    /// Writes a cycle; whether this writer has the ring.
    pub fn write(&mut self, wave: &Wave, span_of: Span) -> bool {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.ring.writer.store(self.number, Ordering::Relaxed);
        }
        if self.ring.writer.load(Ordering::Relaxed) != self.number {
            return false;
        }
        let (from, end) = span(
            span_of.position,
            span_of.len,
            self.rate_hz,
            span_of.graph_rate_hz,
        );
        for (index, run) in self.ring.samples.chunks_exact(RING).enumerate() {
            let channel = match index < wave.channel_count() {
                true => wave.channel(index),
                false => &[],
            };
            for (at, place) in (from..end).enumerate().take(RING) {
                let sample = channel.get(at).copied().unwrap_or(0.0);
                run[place as usize % RING].store(sample.to_bits(), Ordering::Relaxed);
            }
        }
        self.ring.end.store(end, Ordering::Release);
        true
    }

    /// Forgets everything: nothing can be read until something is written anew.
    pub fn reset(&mut self) {
        if self.ring.writer.load(Ordering::Relaxed) == self.number {
            self.ring.end.store(0, Ordering::Release);
        }
    }
}

impl Drop for RingWriter {
    fn drop(&mut self) {
        self.reset();
    }
}

/// The end that reads.
pub struct RingReader {
    ring: Arc<Ring>,
    rate_hz: u32,
}

impl RingReader {
    /// A reader of sound at `rate_hz`.
    pub fn new(ring: Arc<Ring>, rate_hz: u32) -> Self {
        Self { ring, rate_hz }
    }

    /// Reads a cycle; silence where nothing was written for it.
    pub fn read(&self, wave: &mut Wave, span_of: Span) {
        let (from, until) = span(
            span_of.position,
            span_of.len,
            self.rate_hz,
            span_of.graph_rate_hz,
        );
        let end = self.ring.end.load(Ordering::Acquire);
        let is_there = until <= end && end - from <= RING as u64;
        let runs = self.ring.samples.chunks_exact(RING);
        for (channel, run) in wave.channels_mut().zip(runs) {
            for (sample, place) in channel.iter_mut().zip(from..until) {
                let bits = run[place as usize % RING].load(Ordering::Relaxed);
                *sample = if is_there { f32::from_bits(bits) } else { 0.0 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(samples: &[f32]) -> Wave {
        let mut wave = Wave::new(2, samples.len());
        wave.set_len(samples.len());
        wave.channels_mut()
            .for_each(|channel| channel.copy_from_slice(samples));
        wave
    }

    fn at(position: u64, len: usize) -> Span {
        Span {
            position,
            len,
            graph_rate_hz: 48_000,
        }
    }

    #[test]
    fn only_what_was_written_for_a_cycle_is_read_in_it() {
        let cards = LabCards::default();
        let mut writer = RingWriter::new(cards.ring(1), 48_000);
        let reader = RingReader::new(cards.ring(1), 48_000);
        let other = RingReader::new(cards.ring(2), 48_000);
        let read = |reader: &RingReader, position| {
            let mut heard = wave(&[9.0; 4]);
            reader.read(&mut heard, at(position, 4));
            heard.channel(1).to_vec()
        };
        assert_eq!(read(&reader, 0), [0.0; 4]);
        assert!(writer.write(&wave(&[1.0, 2.0, 3.0, 4.0]), at(0, 4)));
        assert_eq!(read(&reader, 0), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(read(&other, 0), [0.0; 4], "another unit");
        assert_eq!(read(&reader, 4), [0.0; 4], "nothing was written for it");
        writer.reset();
        assert_eq!(read(&reader, 0), [0.0; 4]);
    }

    #[test]
    fn the_writer_that_began_last_has_the_ring() {
        let cards = LabCards::default();
        let mut old = RingWriter::new(cards.ring(1), 48_000);
        assert!(old.write(&wave(&[1.0; 4]), at(0, 4)));
        let mut new = RingWriter::new(cards.ring(1), 48_000);
        // It was opened beside the one that still plays; that one goes on until it begins.
        assert!(old.write(&wave(&[1.0; 4]), at(4, 4)));
        assert!(new.write(&wave(&[2.0; 4]), at(8, 4)));
        assert!(!old.write(&wave(&[1.0; 4]), at(8, 4)));
    }
}
