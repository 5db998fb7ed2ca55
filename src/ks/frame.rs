//! What travels on a wire: a stream header and a payload.
//!
//! Payloads are made with their full capacity before a graph runs; on the audio thread only their length changes.

use super::event::KernelEvent;
use super::time::RefTime;

/// Bits of [`StreamHeader::flags`] (section 13).
pub mod flag {
    /// A safe place to switch to another stream.
    pub const SPLICEPOINT: u32 = 0x1;
    /// To be decoded and not to be heard.
    pub const PREROLL: u32 = 0x2;
    /// Data are missing before this packet.
    pub const DATADISCONTINUITY: u32 = 0x4;
    /// The packet is a change of the format.
    pub const TYPECHANGED: u32 = 0x8;
    /// The presentation time means something.
    pub const TIMEVALID: u32 = 0x10;
    /// The time jumps after this packet.
    pub const TIMEDISCONTINUITY: u32 = 0x40;
    /// What is queued is dropped upon Pause.
    pub const FLUSHONPAUSE: u32 = 0x80;
    /// The duration means something.
    pub const DURATIONVALID: u32 = 0x100;
    /// The last packet.
    pub const ENDOFSTREAM: u32 = 0x200;
    /// It is transferred through a buffer: passed on as it is.
    pub const BUFFEREDTRANSFER: u32 = 0x400;
    /// Its data lie in video memory: passed on as it is.
    pub const VRAM: u32 = 0x800;
    /// It has metadata: passed on as it is.
    pub const METADATA: u32 = 0x1000;
    /// The last packet of a picture: passed on as it is.
    pub const ENDOFPHOTO: u32 = 0x2000;
    /// It has frame information: passed on as it is.
    pub const FRAMEINFO: u32 = 0x4000;
    /// Its data go round and round.
    pub const LOOPEDDATA: u32 = 0x8000_0000;

    /// What a filter passes on that says nothing else; the engine itself sees to the rest.
    pub const PASSED: u32 = SPLICEPOINT
        | PREROLL
        | DATADISCONTINUITY
        | TYPECHANGED
        | TIMEDISCONTINUITY
        | FLUSHONPAUSE
        | BUFFEREDTRANSFER
        | VRAM
        | METADATA
        | ENDOFPHOTO
        | FRAMEINFO
        | LOOPEDDATA;

    /// Every flag with its name, from the lowest bit up.
    pub const NAMES: &[(u32, &str)] = &[
        (SPLICEPOINT, "SPLICEPOINT"),
        (PREROLL, "PREROLL"),
        (DATADISCONTINUITY, "DATADISCONTINUITY"),
        (TYPECHANGED, "TYPECHANGED"),
        (TIMEVALID, "TIMEVALID"),
        (TIMEDISCONTINUITY, "TIMEDISCONTINUITY"),
        (FLUSHONPAUSE, "FLUSHONPAUSE"),
        (DURATIONVALID, "DURATIONVALID"),
        (ENDOFSTREAM, "ENDOFSTREAM"),
        (BUFFEREDTRANSFER, "BUFFEREDTRANSFER"),
        (VRAM, "VRAM"),
        (METADATA, "METADATA"),
        (ENDOFPHOTO, "ENDOFPHOTO"),
        (FRAMEINFO, "FRAMEINFO"),
        (LOOPEDDATA, "LOOPEDDATA"),
    ];

    /// The names of the flags that are set; what has no name is told as a number.
    pub fn words(flags: u32) -> String {
        let set = NAMES.iter().filter(|(bit, _)| flags & bit != 0);
        let mut words: Vec<String> = set.map(|(_, name)| (*name).to_owned()).collect();
        let known = NAMES.iter().fold(0, |all, (bit, _)| all | bit);
        if flags & !known != 0 {
            words.push(format!("{:#x}", flags & !known));
        }
        words.join(" ")
    }
}

/// KSSTREAM_HEADER without its pointers: times are normalised to 100 ns (HDR-5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StreamHeader {
    /// When the first sample is due.
    pub time: RefTime,
    /// How long the packet lasts.
    pub duration: RefTime,
    /// Bytes of the agreed format that are valid.
    pub data_used: u32,
    /// Bits of [`flag`].
    pub flags: u32,
}

impl StreamHeader {
    /// Whether the stream ends with this packet.
    pub fn is_end_of_stream(&self) -> bool {
        self.flags & flag::ENDOFSTREAM != 0
    }
}

/// Planar samples: `channels` runs of `stride`, of which the first `len` count.
#[derive(Debug, Default)]
pub struct Wave {
    /// As many as channels need, and a few in front so that the first that counts lies where it should.
    samples: Vec<f32>,
    start: usize,
    channels: usize,
    stride: usize,
    len: usize,
    mask: u32,
}

impl Clone for Wave {
    fn clone(&self) -> Self {
        let mut wave = Self::aligned(self.channels, self.stride, self.mask);
        wave.memory_mut().copy_from_slice(self.memory());
        wave.len = self.len;
        wave
    }
}

/// Waves lie on whole cache lines.
const CACHE_LINE: u32 = 63;

impl Wave {
    /// Silence, with room for `capacity` samples a channel.
    pub fn new(channels: usize, capacity: usize) -> Self {
        Self::aligned(channels, capacity, CACHE_LINE)
    }

    /// The same; the address of the first sample is no multiple of less than `mask + 1` bytes.
    pub fn aligned(channels: usize, capacity: usize, mask: u32) -> Self {
        let stride = capacity.max(1);
        let bytes = mask.max(CACHE_LINE) as usize + 1;
        let slack = bytes / size_of::<f32>();
        let samples = vec![0.0_f32; channels * stride + slack];
        // Where the first sample lies is fixed from here on: the vector never grows.
        let start = samples.as_ptr().align_offset(bytes).min(slack);
        Self {
            samples,
            start,
            channels,
            stride,
            len: 0,
            mask,
        }
    }

    fn memory(&self) -> &[f32] {
        &self.samples[self.start..][..self.channels * self.stride]
    }

    fn memory_mut(&mut self) -> &mut [f32] {
        &mut self.samples[self.start..][..self.channels * self.stride]
    }

    /// Where its first sample lies.
    pub fn address(&self) -> usize {
        self.memory().as_ptr() as usize
    }

    /// Number of channels.
    #[inline]
    pub fn channel_count(&self) -> usize {
        self.channels
    }

    /// Samples a channel that count.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no sample counts.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The most samples a channel can hold.
    pub fn capacity(&self) -> usize {
        self.stride
    }

    /// Sets how many samples count, at most the capacity. The samples themselves stay as they are.
    pub fn set_len(&mut self, len: usize) {
        debug_assert!(len <= self.stride);
        self.len = len.min(self.stride);
    }

    /// One channel's samples.
    #[inline]
    pub fn channel(&self, channel: usize) -> &[f32] {
        &self.samples[self.start + channel * self.stride..][..self.len]
    }

    /// One channel's samples, to be written.
    #[inline]
    pub fn channel_mut(&mut self, channel: usize) -> &mut [f32] {
        &mut self.samples[self.start + channel * self.stride..][..self.len]
    }

    /// All channels.
    pub fn channels(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        let (memory, stride, len) = (self.memory(), self.stride, self.len);
        (0..self.channels).map(move |channel| &memory[channel * stride..][..len])
    }

    /// All channels, to be written.
    pub fn channels_mut(&mut self) -> impl ExactSizeIterator<Item = &mut [f32]> {
        let (channels, stride, len) = (self.channels, self.stride, self.len);
        let mut rest = self.memory_mut();
        (0..channels).map(move |_| {
            let (channel, behind) = std::mem::take(&mut rest).split_at_mut(stride);
            rest = behind;
            &mut channel[..len]
        })
    }

    /// Writes silence over every sample that counts.
    pub fn silence(&mut self) {
        self.channels_mut().for_each(|channel| channel.fill(0.0));
    }

    /// Adds the samples of `other` behind those that count, as far as channels and capacity go.
    pub fn append(&mut self, other: &Self) {
        let from = self.len;
        self.set_len((from + other.len).min(self.stride));
        for (to, added) in self.channels_mut().zip(other.channels()) {
            let to = &mut to[from..];
            to.copy_from_slice(&added[..to.len()]);
        }
    }

    /// Takes over length and samples of `other`, as far as channels and capacity go.
    pub fn copy_from(&mut self, other: &Self) {
        self.set_len(other.len.min(self.stride));
        let len = self.len;
        for (to, from) in self.channels_mut().zip(other.channels()) {
            to.copy_from_slice(&from[..len]);
        }
    }

    /// Gives every channel the samples of the first.
    pub fn copy_first(&mut self) {
        let mut channels = self.channels_mut();
        if let Some(first) = channels.next() {
            channels.for_each(|channel| channel.copy_from_slice(first));
        }
    }
}

/// The most events one frame holds; what is more waits in order for the next piece.
pub const EVENT_CAPACITY: usize = 4096;

/// What a frame carries.
#[derive(Clone, Debug, Default)]
pub enum Payload {
    /// Nothing: an unconnected input, or a frame that is in other hands for the moment.
    #[default]
    None,
    /// Sound.
    Wave(Wave),
    /// Time-stamped events in order, never more than [`EVENT_CAPACITY`]. On a wire of raw MIDI each is a record that
    /// begins a header of its own, so that its time is the whole of what MID-2 adds up.
    Events(Vec<KernelEvent>),
}

impl Payload {
    /// The wave, if it is one.
    pub fn wave(&self) -> Option<&Wave> {
        if let Self::Wave(wave) = self {
            Some(wave)
        } else {
            None
        }
    }

    /// The wave, if it is one, to be written.
    pub fn wave_mut(&mut self) -> Option<&mut Wave> {
        if let Self::Wave(wave) = self {
            Some(wave)
        } else {
            None
        }
    }

    /// The events; none if it carries something else.
    pub fn events(&self) -> &[KernelEvent] {
        if let Self::Events(events) = self {
            events
        } else {
            &[]
        }
    }

    /// Adds an event unless the frame is full; says whether it was taken. Never allocates.
    pub fn push_event(&mut self, event: KernelEvent) -> bool {
        match self {
            Self::Events(events) if events.len() < events.capacity() => {
                events.push(event);
                true
            }
            _ => false,
        }
    }

    /// Silence, or no events.
    pub fn clear(&mut self) {
        match self {
            Self::None => {}
            Self::Wave(wave) => wave.silence(),
            Self::Events(events) => events.clear(),
        }
    }
}
