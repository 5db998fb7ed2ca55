//! What a held wire keeps: samples in order, in memory of the plan. Knows nothing of states (`hold.rs`).

use crate::ks::Wave;

/// A ring in the plan's memory: one run of `room` samples a channel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Queue {
    /// Where it begins.
    start: usize,
    channels: usize,
    room: usize,
    /// Place of the oldest sample, and how many there are.
    oldest: usize,
    fill: usize,
}

impl Queue {
    /// An empty one behind `memory` samples that others have.
    pub(super) fn new(memory: usize, channels: usize, room: usize) -> Self {
        Self {
            start: memory,
            channels,
            room,
            oldest: 0,
            fill: 0,
        }
    }

    /// Samples of memory it takes.
    pub(super) fn size(&self) -> usize {
        self.channels * self.room
    }

    /// Samples a channel that it holds.
    pub(super) fn fill(&self) -> usize {
        self.fill
    }

    /// Takes what a wave holds, as far as there is room.
    pub(super) fn push(&mut self, memory: &mut [f32], wave: &Wave) {
        let count = wave.len().min(self.room - self.fill);
        let begin = self.oldest + self.fill;
        for (channel, samples) in wave.channels().take(self.channels).enumerate() {
            let run = &mut memory[self.start + channel * self.room..][..self.room];
            for (at, sample) in samples[..count].iter().enumerate() {
                run[(begin + at) % self.room] = *sample;
            }
        }
        self.fill += count;
    }

    /// Gives the oldest samples and takes those of the wave instead: what was there stays as much.
    pub(super) fn turn(&mut self, memory: &mut [f32], wave: &mut Wave) {
        if self.fill == 0 {
            return;
        }
        let len = wave.len();
        for (channel, samples) in wave.channels_mut().take(self.channels).enumerate() {
            let run = &mut memory[self.start + channel * self.room..][..self.room];
            let (mut read, mut write) = (self.oldest, (self.oldest + self.fill) % self.room);
            for sample in samples {
                let due = run[read];
                run[write] = *sample;
                *sample = due;
                read = if read + 1 == self.room { 0 } else { read + 1 };
                write = if write + 1 == self.room { 0 } else { write + 1 };
            }
        }
        self.oldest = (self.oldest + len) % self.room;
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        (self.oldest, self.fill) = (0, 0);
    }

    /// Goes on with what another one holds in other memory; `false` where it has another shape.
    pub(super) fn take_over(
        &mut self,
        memory: &mut [f32],
        other: &mut Self,
        others: &[f32],
    ) -> bool {
        if other.fill == 0 || (other.channels, other.room) != (self.channels, self.room) {
            return false;
        }
        let size = self.size();
        memory[self.start..][..size].copy_from_slice(&others[other.start..][..size]);
        (self.oldest, self.fill) = (other.oldest, other.fill);
        other.clear();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(samples: &[f32]) -> Wave {
        let mut wave = Wave::new(1, samples.len());
        wave.set_len(samples.len());
        wave.channel_mut(0).copy_from_slice(samples);
        wave
    }

    #[test]
    fn all_samples_come_in_order_however_it_is_cut() {
        let sound: Vec<f32> = (1..=60).map(|n| n as f32).collect();
        for (fill, cut) in [(4, 1), (4, 3), (7, 5), (10, 10), (10, 25), (3, 20)] {
            let mut memory = vec![0.0; 14];
            let mut queue = Queue::new(4, 1, 10);
            queue.push(&mut memory, &wave(&sound[..fill]));
            let mut heard = vec![];
            for piece in sound[fill..].chunks(cut) {
                let mut turned = wave(piece);
                queue.turn(&mut memory, &mut turned);
                heard.extend_from_slice(turned.channel(0));
            }
            assert_eq!(heard, sound[..60 - fill], "{fill} kept, {cut} at a time");
        }
    }

    #[test]
    fn what_has_no_room_is_left_out_and_what_is_kept_goes_over() {
        let mut memory = vec![0.0; 10];
        let mut queue = Queue::new(0, 1, 10);
        queue.push(&mut memory, &wave(&[1.0; 7]));
        queue.push(&mut memory, &wave(&[2.0; 7]));
        let mut next_memory = vec![0.0; 30];
        let mut next = Queue::new(20, 1, 10);
        assert!(next.take_over(&mut next_memory, &mut queue, &memory));
        let mut heard = wave(&[0.0; 12]);
        next.turn(&mut next_memory, &mut heard);
        let kept = [[1.0; 7].to_vec(), [2.0; 3].to_vec(), [0.0; 2].to_vec()].concat();
        assert_eq!(heard.channel(0), kept);
        let mut other = Queue::new(0, 2, 10);
        assert!(!other.take_over(&mut [0.0; 20], &mut next, &next_memory));
    }
}
