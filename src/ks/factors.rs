//! What filters at rest multiply samples by, for an engine that does many of them at once.

/// Numbers by which the samples of each channel are multiplied, one behind the other, filter by filter.
#[derive(Clone, Debug)]
pub struct Factors {
    channels: Vec<Channel>,
    room: usize,
    is_full: bool,
}

#[derive(Clone, Debug)]
struct Channel {
    factors: Vec<f32>,
    /// Where those of each filter end.
    ends: Vec<u16>,
}

impl Factors {
    /// The most channels a sound can have here.
    pub const CHANNELS: usize = 16;

    /// Room for so many factors a channel. `None` for more channels than [`CHANNELS`](Self::CHANNELS).
    pub fn with_room(channels: usize, room: usize) -> Option<Self> {
        let channel = || Channel {
            factors: Vec::with_capacity(room),
            ends: Vec::with_capacity(room),
        };
        (channels <= Self::CHANNELS).then(|| Self {
            channels: std::iter::repeat_with(channel).take(channels).collect(),
            room,
            is_full: false,
        })
    }

    /// Number of channels.
    pub fn channel_count(&self) -> usize {
        self.channels.len()
    }

    /// Every sample of all channels is multiplied by that.
    pub fn multiply(&mut self, factor: f32) {
        (0..self.channels.len()).for_each(|channel| self.multiply_channel(channel, factor));
    }

    /// Every sample of one channel is multiplied by that. 1 leaves every number as it is.
    pub fn multiply_channel(&mut self, channel: usize, factor: f32) {
        let room = self.room;
        let Some(channel) = self.channels.get_mut(channel).filter(|_| factor != 1.0) else {
            return;
        };
        if channel.factors.len() < room {
            channel.factors.push(factor);
        } else {
            self.is_full = true;
        }
    }

    /// Those of one channel.
    pub fn of(&self, channel: usize) -> &[f32] {
        self.channels.get(channel).map_or(&[], |it| &it.factors)
    }

    /// Where those of a filter end in its channel.
    pub(crate) fn end(&self, channel: usize, filter: usize) -> usize {
        let channel = self.channels.get(channel);
        let end = channel.and_then(|it| it.ends.get(filter));
        end.map_or(0, |end| usize::from(*end))
    }

    /// A filter has said all. Whether there was room for it.
    pub(crate) fn close(&mut self) -> bool {
        for channel in &mut self.channels {
            if channel.ends.len() < self.room {
                channel.ends.push(channel.factors.len() as u16);
            }
        }
        !self.is_full
    }

    /// Forgets them.
    pub(crate) fn clear(&mut self) {
        for channel in &mut self.channels {
            channel.factors.clear();
            channel.ends.clear();
        }
        self.is_full = false;
    }
}
