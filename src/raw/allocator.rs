//! Allocators as objects: made on a sink pin, they hand frames out and take them back by methods (ALC-2 to ALC-10).
//!
//! A frame here is an address and nothing else: who asks through this door moves no sound. Which framing the pins of a
//! graph agree on is not decided here.

use super::answer::{Answer, Call};
use super::dispatch::{Item, Request, short};
use super::layout::{REQUEST, Reader, Writer};
use super::object::{Handle, Host, Object, Role};
use super::{events, sets};
use crate::ks::Status;

const SYSTEM_MEMORY: u32 = 2;
/// Compatible, system memory (ALC-1).
const OPTIONS: u32 = 3;
const PAGE: u32 = 4096;
const ALLOC: u32 = 0;
const FREE: u32 = 1;

/// The six words of a framing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Framing {
    options: u32,
    pool: u32,
    frames: u32,
    size: u32,
    alignment: u32,
    reserved: u32,
}

impl Framing {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        Some(Self {
            options: reader.u32()?,
            pool: reader.u32()?,
            frames: reader.u32()?,
            size: reader.u32()?,
            alignment: reader.u32()?,
            reserved: reader.u32()?,
        })
    }

    fn bytes(self) -> Writer {
        let words = [
            self.options,
            self.pool,
            self.frames,
            self.size,
            self.alignment,
            self.reserved,
        ];
        words.into_iter().fold(Writer::default(), Writer::u32)
    }
}

pub(super) struct AllocatorObject {
    pub(super) pin: Handle,
    framing: Framing,
    /// Frames that came back: the last one goes out first (ALC-10).
    free: Vec<u64>,
    out: Vec<u64>,
    /// Frames that were ever made.
    made: u64,
    /// Requests that wait for a frame, first come first served (ALC-9).
    waiting: Vec<u64>,
    next_request: u64,
    pub(super) events: Vec<events::Subscription>,
}

/// A request that had to wait was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completed {
    /// The object that was asked.
    pub object: Handle,
    /// The number it was given when it began to wait.
    pub request: u64,
    /// How it ended, and the frame.
    pub answer: Answer,
}

pub(super) const ITEMS: &[Item] = &[Item::get(1, REQUEST, |host, request| {
    match host.object(request.handle) {
        Some(Object::Allocator(it)) => {
            let bytes = it.framing.bytes().u32(it.out.len() as u32).u32(0).0;
            Answer::sized(bytes, request.output)
        }
        _ => Answer::status(Status::InvalidParameter),
    }
})];

impl Host {
    /// Makes an allocator on a pin that answers requests, from a framing in bytes (ALC-4, ALC-5). The handle in four
    /// bytes.
    pub fn create_allocator(&mut self, pin: Handle, framing: &[u8]) -> Answer {
        match self.object(pin) {
            Some(Object::Pin(it)) if it.role == Role::Sink => {}
            Some(Object::Pin(_)) => return Answer::status(Status::InvalidDeviceRequest),
            _ => return Answer::status(Status::InvalidParameter),
        }
        let framing = match Framing::read(framing) {
            Some(it) if it.size > 0 && it.options & !OPTIONS == 0 && it.alignment < PAGE => it,
            _ => return Answer::status(Status::InvalidParameter),
        };
        if framing.options & SYSTEM_MEMORY == 0 {
            return Answer::status(Status::InvalidParameter);
        }
        let handle = self.insert(Object::Allocator(Box::new(AllocatorObject {
            pin,
            framing,
            free: vec![],
            out: vec![],
            made: 0,
            waiting: vec![],
            next_request: 1,
            events: vec![],
        })));
        self.say(format!("created allocator {handle} on pin {pin}"));
        Answer::sized(handle.to_le_bytes().to_vec(), usize::MAX)
    }

    /// Answers a method call: ALLOC gives a frame, or pends; FREE takes one back (MTH-1).
    pub fn method(&mut self, handle: Handle, call: Call<'_>) -> Answer {
        const SETSUPPORT: u32 = 0x100;
        const BASICSUPPORT: u32 = 0x200;
        const SEND: u32 = 1;
        const WRITE: u32 = 2;
        let sets_here: &[_] = match self.object(handle) {
            Some(Object::Allocator(_)) => &[sets::STREAM_ALLOCATOR_METHODS],
            Some(_) => &[],
            None => return Answer::status(Status::InvalidParameter),
        };
        let Some(request) = Request::read(handle, call) else {
            return Answer::status(Status::InvalidBufferSize);
        };
        if request.has(SETSUPPORT) && request.set.is_wildcard() {
            let bytes = sets_here
                .iter()
                .flat_map(|set| super::layout::guid_bytes(*set));
            return Answer::sized(bytes.collect(), request.output);
        }
        if !sets_here.contains(&request.set) {
            return Answer::status(Status::PropsetNotFound);
        }
        if request.has(SETSUPPORT) {
            return Answer::status(Status::Success);
        }
        if request.id > FREE {
            return Answer::status(Status::NotFound);
        }
        if request.has(BASICSUPPORT) {
            let kind = if request.id == ALLOC { WRITE } else { SEND };
            return Answer::sized(kind.to_le_bytes().to_vec(), request.output);
        }
        match request.id {
            ALLOC => self.allocate(&request),
            _ => self.free(&request),
        }
    }

    fn allocate(&mut self, request: &Request<'_>) -> Answer {
        const POINTER: usize = 8;
        if let Some(answer) = short(request.output, POINTER) {
            return answer;
        }
        let Some(Object::Allocator(it)) = self.object_mut(request.handle) else {
            return Answer::status(Status::InvalidParameter);
        };
        match it.take(request.handle) {
            Some(frame) => Answer::sized(frame.to_le_bytes().to_vec(), request.output),
            None => {
                let number = it.next_request;
                it.next_request += 1;
                it.waiting.push(number);
                Answer::status(Status::Pending)
            }
        }
    }

    fn free(&mut self, request: &Request<'_>) -> Answer {
        if let Some(answer) = short(request.data.len(), 8) {
            return answer;
        }
        let frame = Reader(request.data).u64().unwrap_or(0);
        let handle = request.handle;
        let Some(Object::Allocator(it)) = self.object_mut(handle) else {
            return Answer::status(Status::InvalidParameter);
        };
        let Some(at) = it.out.iter().position(|out| *out == frame) else {
            return Answer::status(Status::InvalidParameter);
        };
        it.out.remove(at);
        it.free.push(frame);
        let served = (!it.waiting.is_empty()).then(|| it.waiting.remove(0));
        if let Some(number) = served
            && let Some(frame) = it.take(handle)
        {
            self.completed.push(Completed {
                object: handle,
                request: number,
                answer: Answer::sized(frame.to_le_bytes().to_vec(), usize::MAX),
            });
        }
        events::frame_came_back(self, handle);
        Answer::status(Status::Success)
    }

    /// A frame by the direct path: nothing waits there, and there may be none (ALC-9).
    pub fn allocate_directly(&mut self, handle: Handle) -> Answer {
        match self.object_mut(handle) {
            Some(Object::Allocator(it)) => {
                let frame = it.take(handle).unwrap_or(0);
                Answer::sized(frame.to_le_bytes().to_vec(), usize::MAX)
            }
            _ => Answer::status(Status::InvalidParameter),
        }
    }

    /// Ends what waits at an object with CANCELLED, once each; whether anything did.
    pub fn cancel(&mut self, handle: Handle) -> bool {
        self.end_waiting(handle)
    }

    pub(super) fn end_waiting(&mut self, handle: Handle) -> bool {
        let Some(Object::Allocator(it)) = self.object_mut(handle) else {
            return false;
        };
        let waiting = std::mem::take(&mut it.waiting);
        let any = !waiting.is_empty();
        self.completed
            .extend(waiting.into_iter().map(|request| Completed {
                object: handle,
                request,
                answer: Answer::status(Status::Cancelled),
            }));
        any
    }

    /// Requests that were answered later, since the last time.
    pub fn take_completed(&mut self) -> Vec<Completed> {
        std::mem::take(&mut self.completed)
    }
}

impl AllocatorObject {
    /// A frame, the one that came back last first; none when as many as there may be are out.
    fn take(&mut self, handle: Handle) -> Option<u64> {
        let frame = match self.free.pop() {
            Some(frame) => frame,
            None if self.framing.frames == 0 || self.made < u64::from(self.framing.frames) => {
                let step = u64::from(self.framing.size).next_multiple_of(u64::from(PAGE));
                self.made += 1;
                (u64::from(handle) << 40) + step * self.made
            }
            None => return None,
        };
        self.out.push(frame);
        Some(frame)
    }
}
