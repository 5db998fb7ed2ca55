//! The frame tables of a plan: headers in one, payloads in another, addressed by slot.
//!
//! Made with full capacity off the audio thread; a cycle only sets lengths and moves payloads out and back.

use crate::dsp::wide::{Extent, extent, extent_of};
use crate::ks::{
    DataFormat, EVENT_CAPACITY, Kind, Payload, StreamHeader, Wave, samples_at, time_from_sample,
};

/// What a slot holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// Sound of so many channels at a rate in Hz, a sample of all channels having so many bytes on the wire.
    Wave {
        channels: u32,
        rate_hz: u32,
        sample_size: u32,
    },
    /// Events.
    Events,
    /// Nothing, for kinds of data that carry no frames here.
    Nothing,
}

impl Shape {
    /// The shape of an agreed format, or of an unconnected pin of that kind.
    pub(super) fn of(format: Option<&DataFormat>, kind: Kind, rate_hz: u32) -> Self {
        match (format.map(|format| (format, format.audio)), kind) {
            (Some((format, Some(audio))), _) => Self::Wave {
                channels: audio.channels,
                rate_hz: audio.rate_hz,
                sample_size: format.sample_size(),
            },
            (None, Kind::Audio) => Self::Wave {
                channels: 2,
                rate_hz,
                sample_size: 8,
            },
            (_, Kind::Events | Kind::Midi | Kind::Clock) => Self::Events,
            _ => Self::Nothing,
        }
    }
}

/// Headers and payloads by slot.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) headers: Vec<StreamHeader>,
    pub(super) payloads: Vec<Payload>,
    /// What stood in a slot before a frame of another home took its place.
    pub(super) spares: Vec<Payload>,
    /// What slots are known by over plans, in order: a wire that stays keeps its frame.
    ids: Vec<(u64, u32)>,
    rates: Vec<u32>,
    /// Bytes of one sample of all channels in the agreed format.
    pub(super) sample_sizes: Vec<u32>,
}

impl Tables {
    /// Adds a slot; `max_len` is the longest cycle in samples of the graph's rate.
    pub(super) fn add(&mut self, shape: Shape, graph_rate_hz: u32, max_len: usize) -> u32 {
        self.add_aligned(shape, graph_rate_hz, max_len, 0)
    }

    /// The same; its frame lies on multiples of `mask + 1` bytes.
    pub(super) fn add_aligned(
        &mut self,
        shape: Shape,
        graph_rate_hz: u32,
        max_len: usize,
        mask: u32,
    ) -> u32 {
        let (payload, rate, size) = match shape {
            Shape::Wave {
                channels,
                rate_hz,
                sample_size,
            } => {
                let longest = (max_len as u64 * u64::from(rate_hz))
                    .div_ceil(u64::from(graph_rate_hz)) as usize
                    + 1;
                (
                    Payload::Wave(Wave::aligned(channels as usize, longest, mask)),
                    rate_hz,
                    sample_size,
                )
            }
            Shape::Events => (Payload::Events(Vec::with_capacity(EVENT_CAPACITY)), 0, 0),
            Shape::Nothing => (Payload::None, 0, 0),
        };
        self.headers.push(StreamHeader::default());
        self.payloads.push(payload);
        self.spares.push(Payload::None);
        self.rates.push(rate);
        self.sample_sizes.push(size);
        (self.payloads.len() - 1) as u32
    }

    /// Adds a slot like one of other tables.
    pub(super) fn add_like(&mut self, others: &Self, slot: u32) -> u32 {
        let slot = slot as usize;
        let payload = match &others.payloads[slot] {
            Payload::Wave(wave) => Payload::Wave(wave.clone()),
            Payload::Events(events) => Payload::Events(Vec::with_capacity(events.capacity())),
            Payload::None => Payload::None,
        };
        self.headers.push(others.headers[slot]);
        self.payloads.push(payload);
        self.spares.push(Payload::None);
        self.rates.push(others.rates[slot]);
        self.sample_sizes.push(others.sample_sizes[slot]);
        (self.payloads.len() - 1) as u32
    }

    /// Copies what a slot of other tables holds to one of the same shape.
    pub(super) fn copy_from(&mut self, others: &Self, from: usize, to: usize) {
        copy(&others.payloads[from], &mut self.payloads[to]);
        self.headers[to] = others.headers[from];
    }

    /// Says by what a slot is known over plans.
    pub(super) fn know(&mut self, slot: u32, id: u64) {
        self.ids.push((id, slot));
    }

    /// Puts what slots are known by in order. Once, when all are there.
    pub(super) fn sort(&mut self) {
        self.ids.sort_unstable();
    }

    /// Lets slots that are known from the old tables keep their frames, so that addresses stay.
    pub(super) fn carry_over(&mut self, old: &mut Self) {
        let mut before = old.ids.iter().peekable();
        for &(id, slot) in &self.ids {
            while before.next_if(|it| it.0 < id).is_some() {}
            let Some(&(_, was)) = before.next_if(|it| it.0 == id) else {
                continue;
            };
            let (slot, was) = (slot as usize, was as usize);
            if alike(&self.payloads[slot], &old.payloads[was]) {
                std::mem::swap(&mut self.payloads[slot], &mut old.payloads[was]);
                std::mem::swap(&mut self.spares[slot], &mut old.spares[was]);
            }
        }
    }

    /// Sets every wave's length for the cycle `position..position + len`: what a wire carries follows from time alone.
    pub(super) fn set_lengths(&mut self, position: u64, len: usize, graph_rate_hz: u32) {
        for (payload, &rate) in self.payloads.iter_mut().zip(&self.rates) {
            if let Payload::Wave(wave) = payload {
                if rate == graph_rate_hz {
                    wave.set_len(len);
                    continue;
                }
                let end = samples_at(position + len as u64, rate, graph_rate_hz);
                wave.set_len((end - samples_at(position, rate, graph_rate_hz)) as usize);
            }
        }
    }

    /// The rate of the sound that a slot holds; 0 where it holds none.
    pub(super) fn rate_hz(&self, slot: u32) -> u32 {
        self.rates[slot as usize]
    }

    /// How long so many samples of a slot last.
    pub(super) fn wave_time(&self, slot: u32, samples: usize) -> crate::ks::RefTime {
        time_from_sample(samples as u64, self.rates[slot as usize])
    }

    /// Copies the sound or events of one slot to another of the same shape.
    pub(super) fn copy(&mut self, from: usize, to: usize) {
        if from == to {
            return;
        }
        let (low, high) = self.payloads.split_at_mut(from.max(to));
        let (source, target) = if from < to {
            (&low[from], &mut high[0])
        } else {
            (&high[0], &mut low[to])
        };
        copy(source, target);
        self.headers[to] = self.headers[from];
    }
}

/// Copies sound or events.
fn copy(source: &Payload, target: &mut Payload) {
    match (source, target) {
        (Payload::Wave(source), Payload::Wave(target)) => target.copy_from(source),
        (Payload::Events(source), Payload::Events(target)) => {
            target.clear();
            target.extend_from_slice(&source[..source.len().min(target.capacity())]);
        }
        _ => {}
    }
}

/// Whether one can stand in for the other.
fn alike(a: &Payload, b: &Payload) -> bool {
    match (a, b) {
        (Payload::Wave(a), Payload::Wave(b)) => {
            (a.capacity(), a.channel_count()) == (b.capacity(), b.channel_count())
        }
        (Payload::Events(a), Payload::Events(b)) => a.capacity() == b.capacity(),
        _ => false,
    }
}

/// Looks at every sample.
#[inline]
pub(super) fn scan(payload: &Payload) -> Extent {
    let Payload::Wave(wave) = payload else {
        return Extent::default();
    };
    match wave.channel_count() {
        1 => extent(wave.channel(0)),
        _ => extent_of(wave.channels()),
    }
}

/// The largest absolute sample alone.
pub(super) fn peak(payload: &Payload) -> f32 {
    scan(payload).peak()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_look_finds_the_peak_and_what_is_not_finite_or_denormal() {
        let mut wave = Wave::new(2, 8);
        wave.set_len(8);
        wave.channel_mut(1)[3] = -0.5;
        let found = scan(&Payload::Wave(wave.clone()));
        assert_eq!(
            (found.peak(), found.is_finite(), found.has_denormal()),
            (0.5, true, false)
        );
        wave.channel_mut(1)[0] = -1e-40;
        assert!(scan(&Payload::Wave(wave.clone())).has_denormal());
        wave.channel_mut(0)[7] = f32::NAN;
        let found = scan(&Payload::Wave(wave));
        assert!(!found.is_finite() && found.has_denormal());
    }

    #[test]
    fn wires_of_another_rate_carry_their_share() {
        let mut tables = Tables::default();
        tables.add(
            Shape::Wave {
                channels: 1,
                rate_hz: 44_100,
                sample_size: 4,
            },
            48_000,
            64,
        );
        let mut sum = 0;
        for cycle in 0..750_u64 {
            tables.set_lengths(cycle * 64, 64, 48_000);
            sum += tables.payloads[0].wave().map_or(0, Wave::len);
        }
        assert_eq!(sum, 44_100);
    }
}
