//! The WavePci port: a card that reads the client's own chunks, wherever they lie (PCL-6).
//!
//! ```text
//!   client ─▶ chunk ─▶ chunk ─▶ chunk          a queue of frames, by reference: nothing is copied
//!                        ▲        ▲
//!                   released    mapped by the card, in their order
//! ```
//!
//! Lives here: what such a miniport does ([`MiniportWavePci`]) and the port with its queue. A chunk is a frame that was
//! moved in; the card sees it where it lies until it gives it back, and the frame goes back to the client.

use std::collections::VecDeque;
use std::sync::Arc;

use super::service_group::ServiceGroup;
use super::wavecyclic::Interrupts;
use crate::ks::{AudioFormat, State, Status, Wave};

/// A card that reads chunks where they lie.
pub trait MiniportWavePci: Send {
    /// Once, before anything else. It hands its service group over before it lets interrupts come (SVC-3).
    fn init(&mut self, port: &mut Interrupts) -> Result<(), Status>;

    /// What comes from here on; refused with `NO_MATCH`, and the old format stays.
    fn set_format(&mut self, format: &AudioFormat) -> Result<(), Status>;

    /// Told of every state.
    fn set_state(&mut self, state: State) -> Result<(), Status>;

    /// There is something to map where there was nothing.
    fn mapping_available(&mut self, mappings: &mut Mappings);

    /// These are taken away from it, from one tag to another: it may not look at them any more.
    fn revoke_mappings(&mut self, first: u64, last: u64);

    /// The card interrupted: it goes on with its mappings.
    fn service(&mut self, mappings: &mut Mappings);
}

/// A chunk that a card has mapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// Names it until it is released.
    pub tag: u64,
    /// Its samples a channel.
    pub len: usize,
}

struct Chunk {
    tag: u64,
    sound: Wave,
    is_mapped: bool,
}

/// The chunks of a stream: the side of the port that a miniport sees.
pub struct Mappings {
    chunks: VecDeque<Chunk>,
    /// Frames that came back, for the client.
    home: Vec<Wave>,
    room: usize,
    next: u64,
}

impl Mappings {
    fn new(room: usize) -> Self {
        Self {
            chunks: VecDeque::with_capacity(room),
            home: Vec::with_capacity(room),
            room,
            next: 1,
        }
    }

    /// Maps the next chunk; `None` when all are mapped.
    pub fn get_mapping(&mut self) -> Option<Mapping> {
        let chunk = self.chunks.iter_mut().find(|it| !it.is_mapped)?;
        chunk.is_mapped = true;
        Some(Mapping {
            tag: chunk.tag,
            len: chunk.sound.len(),
        })
    }

    /// The chunk of a mapping, where the client left it.
    pub fn sound(&self, tag: u64) -> Option<&Wave> {
        let chunk = self.chunks.iter().find(|it| it.tag == tag);
        chunk.filter(|it| it.is_mapped).map(|it| &it.sound)
    }

    /// Gives a mapping back: the oldest, or it is an `INVALID_PARAMETER`.
    pub fn release_mapping(&mut self, tag: u64) -> Result<(), Status> {
        let is_oldest = self.chunks.front();
        if !is_oldest.is_some_and(|it| it.tag == tag && it.is_mapped) {
            return Err(Status::InvalidParameter);
        }
        if let Some(chunk) = self.chunks.pop_front() {
            self.home.push(chunk.sound);
        }
        Ok(())
    }

    /// Chunks that wait or are mapped.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether none is there.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
}

/// The port over one stream of a miniport.
pub struct WavePciPort<M> {
    miniport: M,
    group: Arc<ServiceGroup>,
    mappings: Mappings,
    state: State,
    notifications: u64,
}

impl<M: MiniportWavePci> WavePciPort<M> {
    /// A port over a miniport for sound of a format, with room for so many chunks.
    pub fn new(mut miniport: M, format: &AudioFormat, room: usize) -> Result<Self, Status> {
        let mut interrupts = Interrupts::default();
        miniport.init(&mut interrupts)?;
        let group = interrupts.group().cloned();
        let group = group.ok_or(Status::InvalidDeviceState)?;
        miniport.set_format(format)?;
        Ok(Self {
            miniport,
            group,
            mappings: Mappings::new(room),
            state: State::Stop,
            notifications: 0,
        })
    }

    /// The miniport.
    pub fn miniport(&mut self) -> &mut M {
        &mut self.miniport
    }

    /// Another format; what does not fit leaves the old one in force.
    pub fn set_format(&mut self, format: &AudioFormat) -> Result<(), Status> {
        self.miniport.set_format(format)
    }

    /// Takes a chunk over, or gives it back when there is no room.
    pub fn bring(&mut self, sound: Wave) -> Result<(), Wave> {
        if self.mappings.len() >= self.mappings.room {
            return Err(sound);
        }
        let tag = self.mappings.next;
        self.mappings.next += 1;
        let had_none = self.mappings.chunks.iter().all(|it| it.is_mapped);
        self.mappings.chunks.push_back(Chunk {
            tag,
            sound,
            is_mapped: false,
        });
        if had_none {
            self.miniport.mapping_available(&mut self.mappings);
        }
        Ok(())
    }

    /// The deferred call behind an interrupt.
    pub fn service(&mut self) {
        let group = Arc::clone(&self.group);
        if group.serve(0, |_| {}) {
            self.notifications += 1;
        }
        self.miniport.service(&mut self.mappings);
    }

    /// A frame that the card is done with.
    pub fn take_home(&mut self) -> Option<Wave> {
        self.mappings.home.pop()
    }

    /// Told of every state. At Stop every mapping is revoked, and all chunks go back.
    pub fn set_state(&mut self, state: State) -> Result<(), Status> {
        self.miniport.set_state(state)?;
        self.state = state;
        if state == State::Stop {
            let mapped = self.mappings.chunks.iter().filter(|it| it.is_mapped);
            let mut tags = mapped.map(|it| it.tag);
            if let Some(first) = tags.next() {
                let last = tags.next_back().unwrap_or(first);
                self.miniport.revoke_mappings(first, last);
            }
            while let Some(chunk) = self.mappings.chunks.pop_front() {
                self.mappings.home.push(chunk.sound);
            }
        }
        Ok(())
    }

    /// The state it is in.
    pub fn state(&self) -> State {
        self.state
    }

    /// What the miniport sees.
    pub fn mappings(&mut self) -> &mut Mappings {
        &mut self.mappings
    }

    /// Interrupts that were served.
    pub fn notifications(&self) -> u64 {
        self.notifications
    }
}
