//! Allocators as objects: made on a sink pin, they hand frames out and take them back by methods (ALC-2 to ALC-10).
//!
//! A frame here is an address and nothing else: who asks through this door moves no sound. Which framing the pins of a
//! graph agree on is not decided here.

use super::answer::{Answer, Call};
use super::dispatch::{Item, Request, short};
use super::header::Header;
use super::layout::{REQUEST, Reader, Writer};
use super::object::{Handle, Host, Object, Role};
use super::trace::Table;
use super::{events, sets};
use crate::ks::{Status, framing_of};

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
    /// Whether frames can be had: not before the commit, and not after the decommit (POOL-1).
    is_committed: bool,
    /// Closed, and only there until the last frame comes back (ALC-12).
    is_closed: bool,
    /// Frames of a graph that runs, which are out without anybody's having asked here.
    lent: u32,
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
    /// The headers that were filled, where it was to read.
    pub headers: Vec<Header>,
}

pub(super) const ITEMS: &[Item] = &[Item::get(1, REQUEST, |host, request| {
    match host.object(request.handle) {
        Some(Object::Allocator(it)) => {
            let bytes = it.framing.bytes().u32(it.count()).u32(0).0;
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
        if !self.pin_takes(pin, framing) {
            return Answer::status(Status::NoMatch);
        }
        let handle = self.insert_allocator(pin, framing, true);
        Answer::sized(handle.to_le_bytes().to_vec(), usize::MAX)
    }

    fn insert_allocator(&mut self, pin: Handle, framing: Framing, is_committed: bool) -> Handle {
        let handle = self.insert(Object::Allocator(Box::new(AllocatorObject {
            pin,
            framing,
            free: vec![],
            out: vec![],
            made: 0,
            waiting: vec![],
            next_request: 1,
            is_committed,
            is_closed: false,
            lent: 0,
            events: vec![],
        })));
        let words = format!(
            "on pin {pin}, {} frames of {} bytes",
            framing.frames, framing.size
        );
        self.note_call((handle, Table::Allocator), "create", Status::Success, words);
        self.say(format!("created allocator {handle} on pin {pin}"));
        handle
    }

    /// Whether a pin takes frames like that; what it only wishes for binds nobody (ALC-15).
    fn pin_takes(&self, pin: Handle, asked: Framing) -> bool {
        let Some(Object::Pin(it)) = self.object(pin) else {
            return false;
        };
        let pins = &self.filter_of(it.filter).descriptor.pins;
        let Some(declared) = framing_of(pins, it.factory) else {
            return true;
        };
        let fits = |item: &crate::ks::FramingItem| {
            let size = item.size;
            let step = size.stepping.max(1);
            // A range of nothing is no requirement (ALC-2).
            let is_size = size.max == 0
                || (size.min..=size.max).contains(&asked.size)
                    && (asked.size - size.min).is_multiple_of(step);
            let is_legal = is_size && item.alignment & !asked.alignment == 0;
            is_legal || item.flags & crate::ks::framing::require::PREFERENCES_ONLY != 0
        };
        declared.items.iter().any(fits)
    }

    /// The allocator of frames that others agreed on: they are made when the pins of their pipe reserve what they need
    /// (NEG-3), so none can be had before.
    pub fn adopt_allocator(
        &mut self,
        pin: Handle,
        frames: u32,
        size: u32,
        alignment: u32,
    ) -> Handle {
        let framing = Framing {
            options: SYSTEM_MEMORY,
            pool: 0,
            frames,
            size,
            alignment,
            reserved: 0,
        };
        self.insert_allocator(pin, framing, false)
    }

    /// Gives a pin its allocator, whatever its state: the host's part of an agreement.
    pub fn assign_allocator(&mut self, pin: Handle, allocator: Handle) {
        if let Some(Object::Pin(it)) = self.object_mut(pin) {
            it.allocator = Some(allocator);
            let words = allocator.to_string();
            self.note_call((pin, Table::Pin), "set allocator", Status::Success, words);
        }
    }

    /// Whether a pin answers requests.
    pub fn answers(&self, pin: Handle) -> bool {
        matches!(self.object(pin), Some(Object::Pin(it)) if it.role == Role::Sink)
    }

    /// Whether frames can be had from here on; doing it twice changes nothing (POOL-1). Requests that wait end with
    /// CANCELLED, frames that are out stay what they are.
    pub fn commit(&mut self, handle: Handle, is_committed: bool) -> Answer {
        let Some(Object::Allocator(it)) = self.object_mut(handle) else {
            return Answer::status(Status::InvalidParameter);
        };
        let is_new = std::mem::replace(&mut it.is_committed, is_committed) != is_committed;
        if !is_committed {
            it.free.clear();
        }
        if is_new {
            let call = if is_committed { "commit" } else { "decommit" };
            self.note_call((handle, Table::Allocator), call, Status::Success, "");
            if !is_committed {
                self.end_waiting(handle);
            }
        }
        Answer::status(Status::Success)
    }

    /// A graph that runs took so many frames of an allocator, and so many are out now; what it says of itself counts them
    /// (ALC-8).
    pub fn lend_out(&mut self, handle: Handle, taken: u64, out: u32) {
        let Some(Object::Allocator(it)) = self.object_mut(handle) else {
            return;
        };
        let before = std::mem::replace(&mut it.lent, out);
        let returned = (u64::from(before) + taken).saturating_sub(u64::from(out));
        for (call, count) in [("alloc", taken), ("free", returned)] {
            if count > 0 {
                let words = format!("{count} by the graph, {out} are out");
                self.note_call((handle, Table::Allocator), call, Status::Success, words);
            }
        }
    }

    /// Closes an allocator: frames that are out stay valid, and it goes with the last of them (ALC-12).
    pub(super) fn close_allocator(&mut self, handle: Handle) {
        self.end_waiting(handle);
        let Some(Object::Allocator(it)) = self.object_mut(handle) else {
            return;
        };
        let left = it.out.len();
        let is_new = !std::mem::replace(&mut it.is_closed, true);
        it.is_committed = false;
        if is_new {
            self.take_from_pins(handle);
            let words = match left {
                0 => String::new(),
                left => format!("{left} frames are out"),
            };
            self.note_call((handle, Table::Allocator), "close", Status::Success, words);
            self.say(format!("closed allocator {handle}"));
        }
        if left == 0 {
            self.take_out(handle);
            self.note_call((handle, Table::Allocator), "delete", Status::Success, "");
        }
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
        let (answer, words) = if it.is_closed {
            (
                Answer::status(Status::InvalidParameter),
                "it is closed".to_owned(),
            )
        } else if !it.is_committed {
            let words = "there are no frames yet";
            (Answer::status(Status::InvalidDeviceState), words.to_owned())
        } else if let Some(frame) = it.take(request.handle) {
            let answer = Answer::sized(frame.to_le_bytes().to_vec(), request.output);
            (answer, format!("frame {frame:#x}"))
        } else {
            let number = it.next_request;
            it.next_request += 1;
            it.waiting.push(number);
            let words = format!("request {number} waits");
            (Answer::status(Status::Pending), words)
        };
        let table = (request.handle, Table::Allocator);
        self.note_call(table, "alloc", answer.status, words);
        answer
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
        let words = format!("frame {frame:#x}");
        let table = (handle, Table::Allocator);
        let Some(at) = it.out.iter().position(|out| *out == frame) else {
            self.note_call(table, "free", Status::InvalidParameter, words);
            return Answer::status(Status::InvalidParameter);
        };
        it.out.remove(at);
        it.free.push(frame);
        let is_last = it.is_closed && it.out.is_empty();
        let served = (!it.waiting.is_empty()).then(|| it.waiting.remove(0));
        let given = served.and_then(|number| Some((number, it.take(handle)?)));
        self.note_call(table, "free", Status::Success, words);
        if let Some((request, frame)) = given {
            let words = format!("frame {frame:#x} for request {request}");
            self.note_call(table, "alloc done", Status::Success, words);
            self.completed.push(Completed {
                object: handle,
                request,
                answer: Answer::sized(frame.to_le_bytes().to_vec(), usize::MAX),
                headers: vec![],
            });
        }
        if is_last {
            self.close_allocator(handle);
        }
        events::frame_came_back(self, handle);
        Answer::status(Status::Success)
    }

    /// A frame by the direct path: nothing waits there, and there may be none (ALC-9).
    pub fn allocate_directly(&mut self, handle: Handle) -> Answer {
        match self.object_mut(handle) {
            Some(Object::Allocator(it)) => {
                let frame = match it.is_committed {
                    true => it.take(handle).unwrap_or(0),
                    false => 0,
                };
                let words = format!("frame {frame:#x}, by the direct path");
                self.note_call((handle, Table::Allocator), "alloc", Status::Success, words);
                Answer::sized(frame.to_le_bytes().to_vec(), usize::MAX)
            }
            _ => Answer::status(Status::InvalidParameter),
        }
    }

    /// Ends what waits at an object with CANCELLED, once each; whether anything did.
    pub fn cancel(&mut self, handle: Handle) -> bool {
        match self.object(handle) {
            Some(Object::Pin(_)) => self.end_requests(handle, Status::Cancelled),
            _ => self.end_waiting(handle),
        }
    }

    pub(super) fn end_waiting(&mut self, handle: Handle) -> bool {
        let Some(Object::Allocator(it)) = self.object_mut(handle) else {
            return false;
        };
        let waiting = std::mem::take(&mut it.waiting);
        let any = !waiting.is_empty();
        for request in &waiting {
            let words = format!("request {request}");
            let table = (handle, Table::Allocator);
            self.note_call(table, "alloc done", Status::Cancelled, words);
        }
        self.completed
            .extend(waiting.into_iter().map(|request| Completed {
                object: handle,
                request,
                answer: Answer::status(Status::Cancelled),
                headers: vec![],
            }));
        any
    }

    /// Requests that were answered later, since the last time.
    pub fn take_completed(&mut self) -> Vec<Completed> {
        let mut all = std::mem::take(&mut self.completed);
        all.extend(self.take_unloaded());
        all
    }
}

impl AllocatorObject {
    /// Frames that are out (ALC-8).
    fn count(&self) -> u32 {
        self.out.len() as u32 + self.lent
    }

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
