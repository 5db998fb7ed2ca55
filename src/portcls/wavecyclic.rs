//! The WaveCyclic port: sound through a cyclic buffer that a card plays round and round (PCL-5).
//!
//! ```text
//!            ┌────────────── the buffer ──────────────┐
//!            │ played │ to be played      │   free    │
//!            └────────┴───────────────────┴───────────┘
//!                   play                write
//! ```
//!
//! Lives here: what such a miniport does ([`MiniportWaveCyclic`]) and the port, which copies what the client brings to
//! behind what waits. Does not live here: any card; a simulated one is in `lab_wave.rs`.

use std::sync::Arc;

use super::service_group::ServiceGroup;
use crate::ks::{AudioFormat, State, Status, Wave};

/// A card that plays a buffer round and round.
pub trait MiniportWaveCyclic: Send {
    /// Once, before anything else. It hands its service group over before it lets interrupts come (SVC-3).
    fn init(&mut self, port: &mut Interrupts) -> Result<(), Status>;

    /// What comes from here on; refused with `NO_MATCH`, and the old format stays.
    fn set_format(&mut self, format: &AudioFormat) -> Result<(), Status>;

    /// How often it is to interrupt; what it does instead, in milliseconds, and the samples of that.
    fn set_notification_interval(&mut self, millis: u32) -> (u32, usize);

    /// Told of every state.
    fn set_state(&mut self, state: State) -> Result<(), Status>;

    /// The buffer: its length is where it begins anew.
    fn buffer(&mut self) -> &mut Wave;

    /// The sample in the buffer that is played next.
    fn position(&self) -> usize;

    /// Writes silence over the buffer.
    fn silence(&mut self) {
        self.buffer().silence();
    }
}

/// Where a miniport hands over what calls the port when the card interrupts.
#[derive(Default)]
pub struct Interrupts {
    group: Option<Arc<ServiceGroup>>,
}

impl Interrupts {
    /// Hands over the group of a miniport; a second one is refused.
    pub fn register_service_group(&mut self, group: Arc<ServiceGroup>) -> Result<(), Status> {
        if self.group.is_some() {
            return Err(Status::InvalidParameter);
        }
        self.group = Some(group);
        Ok(())
    }

    /// The group, once it was handed over.
    pub fn group(&self) -> Option<&Arc<ServiceGroup>> {
        self.group.as_ref()
    }
}

/// The port over one stream of a miniport.
pub struct WaveCyclicPort<M> {
    miniport: M,
    group: Arc<ServiceGroup>,
    state: State,
    write: usize,
    play: usize,
    /// Samples between the two.
    waiting: usize,
    notifications: u64,
}

impl<M: MiniportWaveCyclic> WaveCyclicPort<M> {
    /// A port over a miniport for sound of a format, with the interval the client would like.
    pub fn new(mut miniport: M, format: &AudioFormat, millis: u32) -> Result<Self, Status> {
        let mut interrupts = Interrupts::default();
        miniport.init(&mut interrupts)?;
        // Without a group no interrupt would ever reach the port.
        let group = interrupts.group.ok_or(Status::InvalidDeviceState)?;
        miniport.set_format(format)?;
        miniport.set_notification_interval(millis);
        Ok(Self {
            miniport,
            group,
            state: State::Stop,
            write: 0,
            play: 0,
            waiting: 0,
            notifications: 0,
        })
    }

    /// The miniport.
    pub fn miniport(&mut self) -> &mut M {
        &mut self.miniport
    }

    /// Another format; what does not fit leaves the old one in force (CHG-2).
    pub fn set_format(&mut self, format: &AudioFormat) -> Result<(), Status> {
        self.miniport.set_format(format)
    }

    /// Copies what the client brings from sample `from` on to behind what waits: as much as there is room for, which it
    /// says.
    pub fn bring(&mut self, sound: &Wave, from: usize) -> usize {
        let buffer = self.miniport.buffer();
        let size = buffer.len();
        let len = (sound.len().saturating_sub(from)).min(size - self.waiting);
        let first = len.min(size - self.write);
        for index in 0..buffer.channel_count() {
            let into = buffer.channel_mut(index);
            let given = match index < sound.channel_count() {
                true => &sound.channel(index)[from..from + len],
                false => &[],
            };
            for (place, at) in (self.write..size).chain(0..self.write).zip(0..len) {
                into[place] = given.get(at).copied().unwrap_or(0.0);
            }
        }
        self.write = match self.write + len >= size {
            true => len - first,
            false => self.write + len,
        };
        self.waiting += len;
        len
    }

    /// The deferred call behind an interrupt: asks the card how far it is.
    pub fn service(&mut self) {
        let group = Arc::clone(&self.group);
        if group.serve(0, |_| {}) {
            self.notifications += 1;
        }
        let (now, size) = (self.miniport.position(), self.miniport.buffer().len());
        let played = (now + size - self.play) % size;
        // A whole round and none look alike: a full buffer that stands where it began was played once.
        self.waiting = self.waiting.saturating_sub(played);
        self.play = now;
    }

    /// Told of every state. At Stop silence is written, what waits is given up, and both places are 0.
    pub fn set_state(&mut self, state: State) -> Result<(), Status> {
        self.miniport.set_state(state)?;
        self.state = state;
        if state == State::Stop {
            self.miniport.silence();
            (self.write, self.play, self.waiting) = (0, 0, 0);
        }
        Ok(())
    }

    /// The state it is in.
    pub fn state(&self) -> State {
        self.state
    }

    /// Where it writes and where it is played.
    pub fn offsets(&self) -> (usize, usize) {
        (self.write, self.play)
    }

    /// Samples that wait to be played.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Samples for which there is room.
    pub fn room(&mut self) -> usize {
        self.miniport.buffer().len() - self.waiting
    }

    /// Interrupts that were served.
    pub fn notifications(&self) -> u64 {
        self.notifications
    }
}
