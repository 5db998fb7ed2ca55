//! Delay lines of a plan: what lies on a wire into a deferred pin (CYC-2), so that a loop can sound.
//!
//! Each cycle begins with reading what is due and ends with writing what came; a cycle is never longer than the
//! shortest line of its plan, so the sound does not depend on how it is cut. What is on its way outlives a change of
//! plans as long as the wire stays.

use super::spec::Spec;
use super::table::{Shape, Tables};
use crate::ks::Payload;

/// The samples on a wire that were written and not read yet, always as many.
#[derive(Debug)]
pub(super) struct Line {
    /// Identity of the wire.
    id: u64,
    /// Where the reader finds it.
    pub(super) to: u32,
    /// One run of `len` samples a channel.
    memory: Box<[f32]>,
    len: usize,
    /// Place of the oldest sample.
    oldest: usize,
}

impl Line {
    /// A silent line for a wire of a layout, with the frame that its reader takes, and the longest cycle in samples of
    /// the graph's rate it can serve. `None` where the wire carries no sound.
    pub(super) fn new(
        spec: &Spec,
        wire: usize,
        tables: &mut Tables,
        quantum: usize,
    ) -> Option<(Self, usize)> {
        let samples = spec.wires[wire].delay?;
        let format = spec.wires[wire].format();
        let audio = format.audio?;
        let (wire_rate, graph_rate) = (u64::from(audio.rate_hz), u64::from(spec.rate_hz.max(1)));
        // A cycle of one sample must fit, whatever the rates.
        let len = samples.max(wire_rate.div_ceil(graph_rate) as usize + 1);
        let longest = match wire_rate == graph_rate {
            true => len,
            false => ((len as u64 - 1) * graph_rate / wire_rate.max(1)).max(1) as usize,
        };
        let shape = Shape::of(Some(format), crate::ks::Kind::Audio, spec.rate_hz);
        let line = Self {
            id: spec.ids[wire],
            to: tables.add(shape, spec.rate_hz, quantum),
            memory: vec![0.0; len * audio.channels as usize].into_boxed_slice(),
            len,
            oldest: 0,
        };
        Some((line, longest))
    }

    /// Writes what is due into the reader's frame.
    pub(super) fn recall(&self, payload: &mut Payload) {
        let Some(wave) = payload.wave_mut() else {
            return;
        };
        let runs = self.memory.chunks_exact(self.len);
        for (channel, memory) in wave.channels_mut().zip(runs) {
            let (late, early) = memory.split_at(self.oldest);
            let due = early.iter().chain(late);
            for (sample, due) in channel.iter_mut().zip(due) {
                *sample = *due;
            }
        }
    }

    /// Takes what the writer left, in place of what was read.
    pub(super) fn store(&mut self, payload: &Payload) {
        let Some(wave) = payload.wave() else { return };
        let len = wave.len().min(self.len);
        let runs = self.memory.chunks_exact_mut(self.len);
        for (channel, memory) in wave.channels().zip(runs) {
            let (late, early) = memory.split_at_mut(self.oldest);
            let places = early.iter_mut().chain(late);
            for (place, sample) in places.zip(&channel[..len]) {
                *place = *sample;
            }
        }
        self.oldest = (self.oldest + len) % self.len;
    }

    /// Forgets what was on its way.
    pub(super) fn clear(&mut self) {
        self.memory.fill(0.0);
        self.oldest = 0;
    }
}

/// Lets lines of wires that stay keep what is on its way. Both lists are in the order of the wires' identities.
pub(super) fn carry_over(old: &mut [Line], new: &mut [Line]) {
    let mut old = old.iter_mut().peekable();
    for line in new {
        while old.next_if(|it| it.id < line.id).is_some() {}
        let Some(before) = old.next_if(|it| it.id == line.id) else {
            continue;
        };
        if (before.len, before.memory.len()) == (line.len, line.memory.len()) {
            std::mem::swap(&mut before.memory, &mut line.memory);
            line.oldest = before.oldest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::Wave;

    fn line(id: u64, len: usize) -> Line {
        let memory = vec![0.0; len].into_boxed_slice();
        let (to, oldest) = (0, 0);
        Line {
            id,
            to,
            memory,
            len,
            oldest,
        }
    }

    fn turn(line: &mut Line, sound: &[f32]) -> Vec<f32> {
        let mut wave = Wave::new(1, sound.len());
        wave.set_len(sound.len());
        let mut due = Payload::Wave(wave.clone());
        line.recall(&mut due);
        wave.channel_mut(0).copy_from_slice(sound);
        line.store(&Payload::Wave(wave));
        due.wave().unwrap().channel(0).to_vec()
    }

    #[test]
    fn what_goes_in_comes_out_so_many_samples_later_however_it_is_cut() {
        let sound: Vec<f32> = (1..=100).map(|n| n as f32).collect();
        for cuts in [&[5; 20][..], &[7, 3, 1, 9, 10, 10, 10, 10, 10, 10, 10, 10]] {
            let mut line = line(1, 10);
            let (mut heard, mut at) = (vec![], 0);
            for len in cuts {
                heard.extend(turn(&mut line, &sound[at..at + len]));
                at += len;
            }
            assert_eq!(heard[..10], [0.0; 10]);
            assert_eq!(heard[10..], sound[..at - 10]);
        }
    }

    #[test]
    fn what_is_on_its_way_goes_over_to_the_same_wire_and_to_no_other() {
        let mut old = [line(1, 4), line(3, 4), line(5, 4), line(7, 4)];
        for (number, line) in old.iter_mut().enumerate() {
            turn(line, &[number as f32 + 1.0; 3]);
        }
        let mut new = [line(2, 4), line(3, 4), line(5, 8), line(7, 4), line(9, 4)];
        carry_over(&mut old, &mut new);
        let due: Vec<f32> = new
            .iter_mut()
            .map(|line| turn(line, &[0.0; 2])[1])
            .collect();
        assert_eq!(due, [0.0, 2.0, 0.0, 4.0, 0.0]);
    }
}
