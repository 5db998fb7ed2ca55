//! What filters at rest do to samples, for an engine that does it for many of them at once.

use crate::dsp::{Oscillator, Section, Tuning};

/// One thing that is done to every sample of a channel, with what it remembers.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// The samples stay as they are.
    Nothing,
    /// Each is multiplied by that.
    Multiply(f32),
    /// They pass a section, which is bounded as [`Section::hear`] is.
    Section(Tuning, Section),
    /// They are what an oscillator gives, as it stands.
    Tone(Oscillator),
}

/// Operations in order, channel by channel. Every filter of a kind always says as many of them, and in each place the same
/// or nothing: so those of several stand side by side.
#[derive(Clone, Debug, Default)]
pub struct Kernel {
    channels: Vec<Vec<Operation>>,
    count: usize,
    is_full: bool,
}

impl Kernel {
    /// The most channels a sound can have here.
    pub const CHANNELS: usize = 16;

    /// Room for so many operations of each channel.
    pub fn with_room(channels: usize, operations: usize) -> Self {
        let channel = || Vec::with_capacity(operations);
        Self {
            channels: std::iter::repeat_with(channel).take(channels).collect(),
            count: channels,
            is_full: false,
        }
    }

    /// Number of channels.
    pub fn channel_count(&self) -> usize {
        self.count
    }

    /// Every sample of all channels is multiplied by that.
    pub fn multiply(&mut self, factor: f32) {
        self.each(|_| Operation::multiply(factor));
    }

    /// The next operation, channel by channel.
    pub fn each(&mut self, operation: impl Fn(usize) -> Operation) {
        for (number, channel) in self.channels[..self.count].iter_mut().enumerate() {
            if channel.len() < channel.capacity() {
                channel.push(operation(number));
            } else {
                self.is_full = true;
            }
        }
    }

    /// Those of one channel.
    pub fn of(&self, channel: usize) -> &[Operation] {
        self.channels.get(channel).map_or(&[], |it| it)
    }

    /// What a section remembers, in the place where it was said.
    pub fn section(&self, channel: usize, place: usize) -> Option<Section> {
        match self.of(channel).get(place) {
            Some(Operation::Section(_, memory)) => Some(*memory),
            _ => None,
        }
    }

    /// Where the phase of a tone stands, in the place where it was said.
    pub fn phase(&self, channel: usize, place: usize) -> Option<u64> {
        match self.of(channel).get(place) {
            Some(Operation::Tone(oscillator)) => Some(oscillator.phase()),
            _ => None,
        }
    }

    /// Forgets what was said, for another filter of so many channels. False: it has no room for them.
    pub(crate) fn begin(&mut self, channels: usize) -> bool {
        self.count = channels.min(self.channels.len());
        self.channels.iter_mut().for_each(Vec::clear);
        self.is_full = false;
        self.count == channels
    }

    /// The next operation of one channel.
    pub(crate) fn push(&mut self, channel: usize, operation: Operation) {
        if let Some(channel) = self.channels.get_mut(channel)
            && channel.len() < channel.capacity()
        {
            channel.push(operation);
        }
    }

    /// Whether there was room for all of it.
    pub(crate) fn is_whole(&self) -> bool {
        !self.is_full
    }
}

impl Operation {
    /// Multiplies, unless that does nothing: 1 leaves every number as it is.
    pub fn multiply(factor: f32) -> Self {
        match factor {
            1.0 => Self::Nothing,
            _ => Self::Multiply(factor),
        }
    }
}

/// What the processor of a filter may be left out for while it rests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resting {
    /// It multiplies samples, and remembers nothing.
    Multiplies,
    /// It makes a tone out of nothing, and multiplies it.
    Makes,
    /// It does so many operations to each channel at the most.
    Operates(u8),
}
