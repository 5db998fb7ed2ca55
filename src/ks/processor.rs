//! What runs: one call a cycle, on the audio thread only. Never allocates, frees, locks, does I/O, logs, or reads a clock.

use super::frame::{Payload, StreamHeader, Wave};
use super::kernel::Kernel;
use super::property::Values;
use super::quality::Quality;
use super::state::State;
use super::status::Status;
use super::time::RATE_UNITY;
use crate::ks::event::KernelEvent;

/// What a cycle did for a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Flow {
    /// Data moved.
    #[default]
    Running,
    /// The source has given its last sample; outputs carry ENDOFSTREAM from here on.
    Ended,
    /// Data should have been there and were not; the engine charges the filter.
    Starved,
}

/// A jump of the graph's position, in samples of the graph's rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seek {
    /// Where the filter was: the position of the next cycle, had nothing happened.
    pub from: u64,
    /// The position of the next cycle.
    pub to: u64,
    /// The graph's rate in Hz.
    pub rate_hz: u32,
    /// What was heard before is over, and nobody hears the jump. Otherwise it is the seam of a loop: sound goes on over it,
    /// and whoever reads ahead has read round it already.
    pub flushes: bool,
}

/// A range of positions that is played round and round: from `begin` up to, but not with, `end`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LoopRange {
    /// The first sample.
    pub begin: u64,
    /// The one behind the last.
    pub end: u64,
}

impl LoopRange {
    /// The fewest samples a loop can have.
    pub const LEAST: u64 = 16;

    /// The range between two positions, in whatever order they are named. `None` when it is too short to be played.
    pub fn between(one: u64, other: u64) -> Option<Self> {
        let (begin, end) = (one.min(other), one.max(other));
        (end - begin >= Self::LEAST).then_some(Self { begin, end })
    }

    /// Where a graph that goes by itself from `origin` on, at `rate_permille` of how it was recorded, has come to the end:
    /// at its own speed that is the end itself. `None`: it lies behind.
    pub fn turns_at(self, origin: u64, rate_permille: u32) -> Option<u64> {
        let left = self.end.checked_sub(origin).filter(|left| *left > 0)?;
        let (unity, rate) = (u128::from(RATE_UNITY), u128::from(rate_permille.max(1)));
        Some(origin + (u128::from(left) * unity).div_ceil(rate) as u64)
    }

    /// Samples of one round.
    #[expect(clippy::len_without_is_empty, reason = "none is empty")]
    pub const fn len(self) -> u64 {
        self.end - self.begin
    }
}

/// The running half of a filter. A processor sees the highest state of its pins, so an edit beside it does not reset it.
pub trait Processor: Send {
    /// Does one cycle: reads `io.inputs`, fills every sample of `io.outputs`. Output waves have their length set and
    /// hold old samples (or the input's, in place); output events are empty.
    fn process(&mut self, io: &mut Io<'_>) -> Flow;

    /// Asked before every step up; a refusal leaves it in the state it is in (STA-6), and everything that moved with it
    /// goes back. `DEVICE_NOT_READY` holds nobody else up: it alone stays where it is. Like all calls here it takes
    /// what was reserved when it was opened: it never allocates, waits, or does I/O.
    fn may_enter(&mut self, state: State) -> Result<(), Status> {
        let _ = state;
        Ok(())
    }

    /// Told of every state step. Entering Stop forgets everything heard so far.
    fn enter(&mut self, state: State) {
        let _ = state;
    }

    /// The graph's position is another one from the next cycle on; it can be so in any state. False: not known here. Then
    /// what flushes takes the filter through Stop and back, so that it forgets what it heard, and a seam leaves it alone.
    fn seek(&mut self, seek: Seek) -> bool {
        let _ = seek;
        false
    }

    /// The range of positions that is played round and round from here on, if there is one. Whoever reads ahead needs it.
    fn set_loop(&mut self, range: Option<LoopRange>) {
        let _ = range;
    }

    /// How fast what it plays is to go by, 1000 being as it was recorded (CLK-5). A seek that flushes follows, and from its
    /// place on this holds: positions count samples made, so a source goes by the seek's place and its own speed. Told to
    /// everybody; those that were opened with [`Opened::takes_rates`](super::Opened::takes_rates) do it.
    fn set_rate(&mut self, rate_permille: u32) {
        let _ = rate_permille;
    }

    /// Samples of the graph's rate between a sound going in and coming out.
    fn latency_samples(&self) -> usize {
        0
    }

    /// An empty frame of the filter's own for what its first input brings in the next `len` samples: the pipe in front of
    /// it works there. Asked only of those that were opened with [`Opened::lends`](super::Opened::lends).
    fn lend(&mut self, channels: usize, len: usize) -> Option<Wave> {
        let _ = (channels, len);
        None
    }

    /// The frame that was lent comes home, filled; `process` follows, and finds no sound at that input.
    fn come_home(&mut self, frame: Wave) {
        let _ = frame;
    }

    /// Asks to spend less, 0 being full quality and [`LEAST`](super::quality::LEAST) the cheapest. Live only: what is
    /// rendered is never asked.
    fn degrade(&mut self, level: u8) {
        let _ = level;
    }

    /// What it says of the frames it received since it said something last; `None` when there is nothing to say. Asked of
    /// those opened with [`Opened::reports_quality`](super::Opened::reports_quality), in a live graph only.
    fn quality(&mut self) -> Option<Quality> {
        None
    }

    /// Samples a channel that it was given and has not used up: those in the ring of a card. Asked of sinks, behind each
    /// call.
    fn waiting(&self) -> usize {
        0
    }

    /// The longest piece of the `len` samples from `position` on for which one frame holds all its events; at least 1. A
    /// cycle is cut there. Asked before each piece of those that were opened with
    /// [`Opened::cuts`](super::Opened::cuts).
    fn longest(&mut self, position: u64, len: usize, rate_hz: u32) -> usize {
        let _ = (position, rate_hz);
        len
    }

    /// What is done to every sample from here on, for as long as the filter's values stay as they are and none of the other
    /// calls comes: then that is done, and `process` is not called. What it remembers goes with it, by value. False:
    /// something moves, or more is to be done. Asked of those opened with [`Opened::multiplies`](super::Opened::multiplies),
    /// [`Opened::makes`](super::Opened::makes) or [`Opened::operates`](super::Opened::operates): they have one output, and
    /// one input that it stands in place of, or none where they make their sound.
    fn kernel(&mut self, values: Values<'_>, kernel: &mut Kernel) -> bool {
        let _ = (values, kernel);
        false
    }

    /// What it remembered comes home, as it is now, in the places where [`kernel`](Self::kernel) said it: before any other call.
    fn resume(&mut self, kernel: &Kernel) {
        let _ = kernel;
    }

    /// Whether the next cycle of `len` samples can be served in full. Asked offline only, before each cycle, and asked
    /// again a little later while it says no: a worker's file is waited for. Asked of those opened with
    /// [`Opened::waits`](super::Opened::waits).
    fn is_ready(&mut self, len: usize) -> bool {
        let _ = len;
        true
    }
}

/// Everything one cycle hands to a processor.
pub struct Io<'a> {
    /// Samples of the graph's rate in this cycle.
    pub len: usize,
    /// The graph's position at the cycle's first sample: samples since the run began, unless it was sought elsewhere.
    pub position: u64,
    /// The graph's rate in Hz.
    pub rate_hz: u32,
    /// The filter's values now.
    pub values: Values<'a>,
    /// One entry a pin in the order of `Opening::pins`, inputs only.
    pub inputs: Inputs<'a>,
    /// One entry a pin in the order of `Opening::pins`, outputs only.
    pub outputs: &'a mut [Output],
    /// What sinks at a device multiply by, at the first sample and behind the last: a run begins and ends softly.
    pub gate: (f32, f32),
}

impl Io<'_> {
    /// The presentation time of the cycle's first sample.
    pub fn time(&self) -> super::time::RefTime {
        super::time::time_from_sample(self.position, self.rate_hz)
    }
}

/// A frame being filled.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Its header; times are filled in by the engine.
    pub header: StreamHeader,
    /// Its payload.
    pub payload: Payload,
    /// Whether anything reads it.
    pub is_connected: bool,

    /// Whether it came with what goes in: the input's own frame, or a copy of it.
    pub is_filled: bool,
}

impl Output {
    /// All channels, to be written; none when it carries no sound.
    pub fn channels_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.payload
            .wave_mut()
            .into_iter()
            .flat_map(Wave::channels_mut)
    }

    /// Number of channels, 0 when it carries no sound.
    #[inline]
    pub fn channel_count(&self) -> usize {
        self.payload.wave().map_or(0, Wave::channel_count)
    }

    /// One channel, to be written; empty when there is none.
    #[inline]
    pub fn channel_mut(&mut self, channel: usize) -> &mut [f32] {
        match self.payload.wave_mut() {
            Some(wave) if channel < wave.channel_count() => wave.channel_mut(channel),
            _ => &mut [],
        }
    }

    /// Samples a channel to be written.
    #[inline]
    pub fn len(&self) -> usize {
        self.payload.wave().map_or(0, Wave::len)
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Silence.
    pub fn silence(&mut self) {
        self.payload.clear();
    }
}

/// The frames a processor reads.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// One a pin.
    pub(crate) pins: &'a [InputPin],
    /// The engine's tables.
    pub(crate) headers: &'a [StreamHeader],
    /// The engine's tables.
    pub(crate) payloads: &'a [Payload],
}

/// Where an input's frame stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InputPin {
    /// Index of the factory.
    pub factory: u16,
    /// Instance of the factory.
    pub instance: u16,
    /// Slot of the frame, or `None` when unconnected or worked upon in place.
    pub slot: Option<u32>,
    /// Identity of the connection: differs when another wire was drawn.
    pub wire: u64,
}

/// One input of this cycle.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// Index of the factory.
    pub factory: usize,
    /// Instance of the factory.
    pub instance: usize,
    /// Identity of the connection; 0 when unconnected.
    pub wire: u64,
    /// The frame's header.
    pub header: StreamHeader,
    payload: Option<&'a Payload>,
}

impl<'a> Input<'a> {
    /// Whether a wire ends here.
    pub fn is_connected(&self) -> bool {
        self.wire != 0
    }

    /// The sound; `None` when unconnected, worked upon in place, or something else.
    pub fn wave(&self) -> Option<&'a Wave> {
        self.payload.and_then(Payload::wave)
    }

    /// All channels; none when there is no sound.
    pub fn channels(&self) -> impl Iterator<Item = &'a [f32]> {
        self.wave().into_iter().flat_map(Wave::channels)
    }

    /// The events; none when unconnected.
    pub fn events(&self) -> &'a [KernelEvent] {
        self.payload.map_or(&[], Payload::events)
    }
}

impl<'a> Inputs<'a> {
    /// Inputs over frames that stand in tables, for engines and benches.
    pub fn new(pins: &'a [InputPin], headers: &'a [StreamHeader], payloads: &'a [Payload]) -> Self {
        Self {
            pins,
            headers,
            payloads,
        }
    }

    /// Number of input pins.
    pub fn len(&self) -> usize {
        self.pins.len()
    }

    /// Whether the filter has no input pins.
    pub fn is_empty(&self) -> bool {
        self.pins.is_empty()
    }

    /// The input at `index`.
    pub fn get(&self, index: usize) -> Input<'a> {
        let pin = &self.pins[index];
        let slot = pin.slot.map(|slot| slot as usize);
        Input {
            factory: usize::from(pin.factory),
            instance: usize::from(pin.instance),
            wire: pin.wire,
            header: slot.map_or_else(StreamHeader::default, |slot| self.headers[slot]),
            payload: slot.map(|slot| &self.payloads[slot]),
        }
    }

    /// The sounds of those that carry one, in order.
    pub fn waves(&self) -> impl Iterator<Item = &'a Wave> + Clone + use<'a> {
        let payloads = self.payloads;
        let slots = self.pins.iter().filter_map(|pin| pin.slot);
        slots.filter_map(|slot| payloads[slot as usize].wave())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Input<'a>> + Clone + use<'a> {
        let inputs = *self;
        (0..inputs.len()).map(move |index| inputs.get(index))
    }
}
