//! Numbers by which the samples of a frame are multiplied.

use crate::ks::{Kernel, Operation};

/// Factors of each channel, one behind the other, filter by filter.
#[derive(Clone, Debug)]
pub(super) struct Factors {
    channels: Vec<Channel>,
    room: usize,
}

#[derive(Clone, Debug)]
struct Channel {
    factors: Vec<f32>,
    /// Where those of each filter end.
    ends: Vec<u16>,
}

impl Factors {
    /// Room for so many factors a channel.
    pub(super) fn with_room(channels: usize, room: usize) -> Self {
        let channel = || Channel {
            factors: Vec::with_capacity(room),
            ends: Vec::with_capacity(room),
        };
        Self {
            channels: std::iter::repeat_with(channel).take(channels).collect(),
            room,
        }
    }

    /// Takes what the next filter does. False: it does something else, or there is no room for it.
    pub(super) fn take(&mut self, kernel: &Kernel) -> bool {
        for (number, channel) in self.channels.iter_mut().enumerate() {
            for operation in kernel.of(number) {
                match operation {
                    Operation::Nothing | Operation::Tone(_) => {}
                    Operation::Multiply(factor) if channel.factors.len() < self.room => {
                        channel.factors.push(*factor);
                    }
                    _ => return false,
                }
            }
            if channel.ends.len() < self.room {
                channel.ends.push(channel.factors.len() as u16);
            }
        }
        kernel.is_whole()
    }

    /// Filters that have said theirs.
    pub(super) fn len(&self) -> usize {
        self.channels.first().map_or(0, |it| it.ends.len())
    }

    /// Those of one channel.
    pub(super) fn of(&self, channel: usize) -> &[f32] {
        self.channels.get(channel).map_or(&[], |it| &it.factors)
    }

    /// Where those of a filter end in its channel.
    pub(super) fn end(&self, channel: usize, filter: usize) -> usize {
        let channel = self.channels.get(channel);
        let end = channel.and_then(|it| it.ends.get(filter));
        end.map_or(0, |end| usize::from(*end))
    }

    /// Forgets them.
    pub(super) fn clear(&mut self) {
        for channel in &mut self.channels {
            channel.factors.clear();
            channel.ends.clear();
        }
    }
}
