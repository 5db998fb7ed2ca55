//! The MPU-401 UART miniport: MIDI as bytes, one after the other, out of and into a serial port.
//!
//! ```text
//!   put ─▶ stream 0 ─┐                       receive ─▶ fifo ─▶ events of up to 8 bytes ─▶ Assembler ─▶ messages
//!   put ─▶ stream 1 ─┴─▶ service ─▶ Uart
//! ```
//!
//! Lives here: the streams, their states, and what is answered about the device (UAR-1 to UAR-5). Does not live here: the
//! sequencer in front, which holds events until they are due; any real port. It has no clock: [`Mpu401::service`] is
//! called whenever something is due and every [`RETRY`] while something waits.

mod assemble;
mod cable;
mod line_out;

use std::collections::VecDeque;

use super::class_id::miniport;
use crate::ks::{
    EVENT_CAPACITY, INLINE_BYTES, KernelEvent, PortParameters, RefTime, State, Status, SynthCaps,
    UNKNOWN_VOICES, synth_flag,
};

pub use assemble::{Assembler, MOST_EXCLUSIVE};
pub use line_out::LineOut;

pub use cable::{BYTE_TIME, BYTES_PER_SECOND, Cable, Sent, Uart};

/// How long after a try that got nowhere the next one comes (UAR-2).
pub const RETRY: RefTime = 10_000;
/// Tries in a row without a byte going out after which an event is given up (UAR-2).
pub const MOST_TRIES: u32 = 100;
/// A pause inside an event comes only behind so many bytes of it, or a multiple (UAR-2).
const BOUNDARY: usize = 3;
/// Cells of the input FIFO; one of them tells full from empty (UAR-3).
const FIFO: usize = 128;
/// Events before their time: none (UAR-2).
pub const PREFETCH: RefTime = 0;

/// Which way a stream goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Out of the port.
    Render,
    /// Into it.
    Capture,
}

/// A stream of the miniport.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamId(usize);

/// What goes out.
struct Render {
    state: State,
    /// In the order in which they came (UAR-2).
    waiting: VecDeque<KernelEvent>,
}

/// The bytes that the input heard and nobody fetched (UAR-3).
struct Fifo {
    cells: [u8; FIFO],
    head: usize,
    tail: usize,
}

struct Capture {
    state: State,
    fifo: Fifo,
}

/// An event on the cable, as the bytes it takes there.
#[derive(Default)]
struct OnTheWay {
    bytes: [u8; INLINE_BYTES],
    len: usize,
    done: usize,
    stream: usize,
    is_there: bool,
}

/// The miniport.
pub struct Mpu401 {
    is_initialised: bool,
    renders: [Option<Render>; 2],
    capture: Option<Capture>,
    room: usize,
    current: OnTheWay,
    /// The stream whose message is not at its end: no other may come in between.
    owner: Option<usize>,
    /// The status that data bytes on the cable belong to; 0: none.
    running: u8,
    tries: u32,
    overflows: u32,
    dropped: u32,
}

/// Identifies the one capture stream.
const CAPTURE: usize = 2;

impl Default for Mpu401 {
    fn default() -> Self {
        Self::new(4 * EVENT_CAPACITY)
    }
}

impl Mpu401 {
    /// A port that is not initialised yet, whose streams hold so many events each.
    pub fn new(room: usize) -> Self {
        Self {
            is_initialised: false,
            renders: [None, None],
            capture: None,
            room,
            current: OnTheWay::default(),
            owner: None,
            running: 0,
            tries: 0,
            overflows: 0,
            dropped: 0,
        }
    }

    /// The hardware answers.
    pub fn initialise(&mut self) {
        self.is_initialised = true;
    }

    /// Makes a stream: one that captures, two that render (UAR-1).
    pub fn new_stream(&mut self, way: Way) -> Result<StreamId, Status> {
        let refused = Err(Status::InvalidDeviceRequest);
        if way == Way::Capture {
            if self.capture.is_some() {
                return refused;
            }
            self.capture = Some(Capture {
                state: State::Stop,
                fifo: Fifo {
                    cells: [0; FIFO],
                    head: 0,
                    tail: 0,
                },
            });
            return Ok(StreamId(CAPTURE));
        }
        let Some(place) = self.renders.iter().position(Option::is_none) else {
            return refused;
        };
        self.renders[place] = Some(Render {
            state: State::Stop,
            waiting: VecDeque::with_capacity(self.room),
        });
        Ok(StreamId(place))
    }

    /// Closes a stream.
    pub fn close(&mut self, stream: StreamId) {
        if stream.0 == CAPTURE {
            self.capture = None;
        } else {
            self.flush(stream.0);
            self.renders[stream.0] = None;
        }
    }

    /// Brings a stream into a state (UAR-4). Stop forgets what waits, and clears the FIFO.
    pub fn set_state(&mut self, stream: StreamId, state: State) -> Result<(), Status> {
        if state == State::Run && !self.is_initialised {
            return Err(Status::InvalidDeviceState);
        }
        if stream.0 == CAPTURE {
            let capture = self.capture.as_mut().ok_or(Status::InvalidDeviceRequest)?;
            capture.state = state;
            if state == State::Stop {
                (capture.fifo.head, capture.fifo.tail) = (0, 0);
            }
            return Ok(());
        }
        let render = self.renders[stream.0].as_mut();
        render.ok_or(Status::InvalidDeviceRequest)?.state = state;
        if state == State::Stop {
            self.flush(stream.0);
        }
        Ok(())
    }

    /// What a stream has not sent is never sent; half a message on the cable is over with the next status.
    fn flush(&mut self, stream: usize) {
        if let Some(render) = &mut self.renders[stream] {
            render.waiting.clear();
        }
        if self.current.is_there && self.current.stream == stream {
            self.current = OnTheWay::default();
            self.running = 0;
            self.tries = 0;
        }
        self.owner = self.owner.filter(|owner| *owner != stream);
    }

    /// Takes an event that is due, behind those that came before it (UAR-2). What a capture stream is handed is refused
    /// (UAR-4); so is what there is no room for.
    pub fn put(&mut self, stream: StreamId, event: &KernelEvent) -> Result<(), Status> {
        let render = self.renders.get_mut(stream.0).and_then(Option::as_mut);
        let render = render.ok_or(Status::InvalidDeviceRequest)?;
        if render.waiting.len() >= self.room {
            self.dropped = self.dropped.saturating_add(1);
            return Err(Status::InsufficientResources);
        }
        render.waiting.push_back(*event);
        Ok(())
    }

    /// Writes what the port takes (UAR-2). After a hundred tries in a row without a byte gone the event in front is given up
    /// with everything joined to it.
    pub fn service(&mut self, port: &mut impl Uart) -> Result<(), Status> {
        loop {
            if !self.current.is_there && !self.begin_next() {
                return Ok(());
            }
            let current = &mut self.current;
            while current.done < current.len {
                let boundary = current.done / BOUNDARY * BOUNDARY + BOUNDARY;
                let piece = &current.bytes[current.done..boundary.min(current.len)];
                let written = if port.room() >= piece.len() {
                    port.write(piece).min(piece.len())
                } else {
                    0
                };
                if written == 0 {
                    self.tries += 1;
                    if self.tries < MOST_TRIES {
                        return Ok(());
                    }
                    self.give_up();
                    return Err(Status::IoDeviceError);
                }
                self.tries = 0;
                current.done += written;
            }
            self.current.is_there = false;
        }
    }

    /// Takes the next event of a stream that runs; whether there was one.
    fn begin_next(&mut self) -> bool {
        for stream in 0..self.renders.len() {
            let Some(render) = &mut self.renders[stream] else {
                continue;
            };
            let Some(event) = render.waiting.front().copied() else {
                continue;
            };
            // Real-time messages may stand anywhere.
            let is_real_time = event.bytes()[0] >= 0xF8 && event.bytes().len() == 1;
            let is_in_turn = self.owner.is_none_or(|owner| owner == stream) || is_real_time;
            if render.state != State::Run || !is_in_turn {
                continue;
            }
            render.waiting.pop_front();
            if self.owner == Some(stream) || !is_real_time {
                self.owner = event.is_joined().then_some(stream);
            }
            let mut current = OnTheWay {
                stream,
                is_there: true,
                ..OnTheWay::default()
            };
            for &byte in event.bytes() {
                match byte {
                    0xF8.. => {}
                    0x80..0xF0 if byte == self.running => continue,
                    0x80..0xF0 => self.running = byte,
                    0xF0..0xF8 => self.running = 0,
                    _ => {}
                }
                current.bytes[current.len] = byte;
                current.len += 1;
            }
            self.current = current;
            return true;
        }
        false
    }

    /// The device takes nothing: the event in front goes, and what is joined to it.
    fn give_up(&mut self) {
        let stream = self.current.stream;
        self.current = OnTheWay::default();
        (self.tries, self.running) = (0, 0);
        if self.owner != Some(stream) {
            return;
        }
        self.owner = None;
        if let Some(render) = &mut self.renders[stream] {
            while let Some(event) = render.waiting.pop_front() {
                if !event.is_joined() {
                    break;
                }
            }
        }
    }

    /// Whether anything of a stream in Run waits to go out.
    pub fn is_busy(&self) -> bool {
        let runs = |render: &Render| render.state == State::Run && !render.waiting.is_empty();
        self.current.is_there || self.renders.iter().flatten().any(runs)
    }

    /// Events that wait, in all streams.
    pub fn waiting(&self) -> usize {
        let waiting: usize = (self.renders.iter().flatten())
            .map(|render| render.waiting.len())
            .sum();
        waiting + usize::from(self.current.is_there)
    }

    /// A byte comes in. It is kept while the capture stream runs; what the FIFO has no room for is dropped (UAR-3).
    pub fn receive(&mut self, byte: u8) {
        let Some(capture) = self.capture.as_mut().filter(|it| it.state == State::Run) else {
            return;
        };
        let fifo = &mut capture.fifo;
        let next = (fifo.tail + 1) % FIFO;
        if next == fifo.head {
            self.overflows = self.overflows.saturating_add(1);
            return;
        }
        fifo.cells[fifo.tail] = byte;
        fifo.tail = next;
    }

    /// Empties the FIFO into events of up to eight bytes, all of one time and of channel group 1 (UAR-3). They are bytes, not
    /// messages: an [`Assembler`] makes those of them.
    pub fn fetch(&mut self, now: RefTime, mut event: impl FnMut(KernelEvent)) {
        let Some(Capture { fifo, .. }) = &mut self.capture else {
            return;
        };
        let mut bytes = [0; INLINE_BYTES];
        while fifo.head != fifo.tail {
            let mut len = 0;
            while len < INLINE_BYTES && fifo.head != fifo.tail {
                bytes[len] = fifo.cells[fifo.head];
                fifo.head = (fifo.head + 1) % FIFO;
                len += 1;
            }
            KernelEvent::new(now, &bytes[..len])
                .map(KernelEvent::incomplete)
                .into_iter()
                .for_each(&mut event);
        }
    }

    /// Whether bytes wait to be fetched.
    pub fn has_heard(&self) -> bool {
        let mut fifos = self.capture.iter().map(|it| &it.fifo);
        fifos.any(|fifo| fifo.head != fifo.tail)
    }

    /// Bytes that the FIFO had no room for.
    pub fn overflows(&self) -> u32 {
        self.overflows
    }

    /// Events that found no room.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// What kind of synthesizer it is may only be said before it is initialised (UAR-4).
    pub fn set_technology(&mut self) -> Result<(), Status> {
        if self.is_initialised {
            Err(Status::Unsuccessful)
        } else {
            Ok(())
        }
    }

    /// SYNTHCAPS (UAR-5).
    pub fn synth_caps() -> SynthCaps {
        SynthCaps {
            id: miniport::DMUS_UART,
            flags: synth_flag::EXTERNAL,
            memory: 0,
            channel_groups: Self::channel_groups(),
            voices: UNKNOWN_VOICES,
            audio_channels: 0,
            effects: 0,
            title: "MPU-401",
        }
    }

    /// CHANNELGROUPS (UAR-5).
    pub fn channel_groups() -> u32 {
        1
    }

    /// Reads PORTPARAMETERS: what was asked with, on one channel group (UAR-5).
    pub fn port_parameters(asked: PortParameters) -> PortParameters {
        PortParameters {
            channel_groups: Self::channel_groups(),
            ..asked
        }
    }

    /// Sets PORTPARAMETERS, which nobody can (UAR-5).
    pub fn set_port_parameters(_: PortParameters) -> Result<(), Status> {
        Err(Status::InvalidDeviceRequest)
    }
}

#[cfg(test)]
mod tests;
