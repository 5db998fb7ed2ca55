//! What a held wire keeps: samples in order, in memory of the plan. Knows nothing of states (`hold.rs`).

use crate::ks::Wave;

/// A ring in the plan's memory: one run of `room` samples a channel. It is given its place there when something waits in it
/// for the first time: most never do, and memory that nobody has touched is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Queue {
    /// Where it begins, once it has a place.
    start: Option<usize>,
    channels: usize,
    room: usize,
    /// Place of the oldest sample, and how many there are.
    oldest: usize,
    fill: usize,
}

impl Queue {
    /// An empty one without a place.
    pub(super) fn new(channels: usize, room: usize) -> Self {
        Self {
            start: None,
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

    /// Its place, behind those that have one already. There is room for all of them: nothing is allocated.
    fn place(&mut self, memory: &mut Vec<f32>) -> usize {
        let size = self.size();
        *self.start.get_or_insert_with(|| {
            let start = memory.len();
            debug_assert!(start + size <= memory.capacity());
            memory.resize(start + size, 0.0);
            start
        })
    }

    /// Takes what a wave holds, as far as there is room.
    pub(super) fn push(&mut self, memory: &mut Vec<f32>, wave: &Wave) {
        let start = self.place(memory);
        let count = wave.len().min(self.room - self.fill);
        let begin = self.oldest + self.fill;
        for (channel, samples) in wave.channels().take(self.channels).enumerate() {
            let run = &mut memory[start + channel * self.room..][..self.room];
            for (at, sample) in samples[..count].iter().enumerate() {
                run[(begin + at) % self.room] = *sample;
            }
        }
        self.fill += count;
    }

    /// Gives the oldest samples and takes those of the wave instead: what was there stays as much.
    pub(super) fn turn(&mut self, memory: &mut [f32], wave: &mut Wave) {
        let Some(start) = self.start.filter(|_| self.fill > 0) else {
            return;
        };
        let len = wave.len();
        for (channel, samples) in wave.channels_mut().take(self.channels).enumerate() {
            let run = &mut memory[start + channel * self.room..][..self.room];
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
        memory: &mut Vec<f32>,
        other: &mut Self,
        others: &[f32],
    ) -> bool {
        let Some(before) = other.start.filter(|_| other.fill > 0) else {
            return false;
        };
        if (other.channels, other.room) != (self.channels, self.room) {
            return false;
        }
        let (start, size) = (self.place(memory), self.size());
        memory[start..][..size].copy_from_slice(&others[before..][..size]);
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
            let mut memory = Vec::with_capacity(14);
            let mut other = Queue::new(1, 4);
            other.push(&mut memory, &wave(&[7.0; 4]));
            let mut queue = Queue::new(1, 10);
            queue.push(&mut memory, &wave(&sound[..fill]));
            let mut heard = vec![];
            for piece in sound[fill..].chunks(cut) {
                let mut turned = wave(piece);
                queue.turn(&mut memory, &mut turned);
                heard.extend_from_slice(turned.channel(0));
            }
            assert_eq!(heard, sound[..60 - fill], "{fill} kept, {cut} at a time");
            assert_eq!(memory[..4], [7.0; 4], "of another");
        }
    }

    #[test]
    fn what_has_no_room_is_left_out_and_what_is_kept_goes_over() {
        let mut memory = Vec::with_capacity(10);
        let mut queue = Queue::new(1, 10);
        queue.push(&mut memory, &wave(&[1.0; 7]));
        queue.push(&mut memory, &wave(&[2.0; 7]));
        let mut next_memory = Vec::with_capacity(10);
        let mut next = Queue::new(1, 10);
        assert!(next.take_over(&mut next_memory, &mut queue, &memory));
        let mut heard = wave(&[0.0; 12]);
        next.turn(&mut next_memory, &mut heard);
        let kept = [[1.0; 7].to_vec(), [2.0; 3].to_vec(), [0.0; 2].to_vec()].concat();
        assert_eq!(heard.channel(0), kept);
        let mut other = Queue::new(2, 10);
        assert!(!other.take_over(&mut Vec::with_capacity(20), &mut next, &next_memory));
    }
}
