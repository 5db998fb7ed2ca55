//! Events: who wants to hear of what, and what was told (EVT-1 to EVT-5).
//!
//! A subscription is known by the tag the caller gave with it, which stands for the address of its event data.

use super::answer::{Answer, Call};
use super::dispatch::{Request, short};
use super::layout::Reader;
use super::object::{Handle, Host, Object};
use super::sets;
use crate::ks::Status;
use crate::ks::ids::Guid;

/// So many firings wait to be fetched, at most (EVT-6).
const MOST_FIRED: usize = 4096;

const ENABLE: u32 = 1;
const ONESHOT: u32 = 2;
const ENABLEBUFFERED: u32 = 4;
const SETSUPPORT: u32 = 0x100;
const BASICSUPPORT: u32 = 0x200;
const QUERYBUFFER: u32 = 0x400;

/// Position, data and time discontinuity, priority, end of stream (EVT-4).
const CONNECTION_COUNT: u32 = 5;

/// A frame came back, seen from inside and from outside.
const ALLOCATOR_COUNT: u32 = 2;

/// Interval and position mark (10.3).
const CLOCK_COUNT: u32 = 2;
/// Event data with a time behind, and with base and interval.
const POSITION_DATA: usize = EVENT_DATA + 8;
const INTERVAL_DATA: usize = EVENT_DATA + 16;

/// How a client is told; programs may use these two only (EVT-2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notification {
    /// An event is set.
    Event = 1,
    /// A semaphore is released.
    Semaphore = 2,
}

/// A mark of a clock, in 100 ns of presentation time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    /// Once, when that time has come (CEV-1).
    At { time: i64, is_told: bool },
    /// At `base + k · every` (CEV-2); `next` is the k that is waited for.
    Every { base: i128, every: i128, next: i128 },
}

/// Somebody who wants to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Subscription {
    set: Guid,
    id: u32,
    notification: Notification,
    tag: u64,
    once: bool,
    /// When, where it is an event of a clock.
    pub(super) mark: Option<Mark>,
}

impl Subscription {
    /// Whether it has told all it will ever tell.
    pub(super) const fn is_spent(&self) -> bool {
        matches!(self.mark, Some(Mark::At { is_told: true, .. }))
    }
}

/// Something that happened and was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fired {
    /// The object.
    pub object: Handle,
    /// The set of the event.
    pub set: Guid,
    /// Its id.
    pub id: u32,
    /// How it was told.
    pub notification: Notification,
    /// The caller's tag.
    pub tag: u64,
}

/// Size of event data: the notification, then what it needs.
pub const EVENT_DATA: usize = 32;

impl Host {
    /// The event set of an object and how many events it has.
    fn event_set(&self, handle: Handle) -> Option<(Guid, u32)> {
        Some(match self.object(handle)? {
            Object::Filter(_) => (sets::CONTROL_CHANGE_EVENTS, 1),
            Object::Pin(_) => (sets::CONNECTION_EVENTS, CONNECTION_COUNT),
            Object::Allocator(_) => (sets::STREAM_ALLOCATOR_EVENTS, ALLOCATOR_COUNT),
            Object::Clock(_) => (sets::CLOCK_EVENTS, CLOCK_COUNT),
            Object::Quality(_) | Object::SysAudio(_) => return None,
        })
    }

    /// Enables an event, or says whether there is one. `call.data` is its event data: the notification in four bytes,
    /// four of nothing, a tag in eight, and eight or more of nothing.
    pub fn enable(&mut self, handle: Handle, call: Call<'_>) -> Answer {
        let Some((set, count)) = self.event_set(handle) else {
            return Answer::status(Status::InvalidParameter);
        };
        let Some(request) = Request::read(handle, call) else {
            return Answer::status(Status::InvalidBufferSize);
        };
        if request.has(SETSUPPORT) && request.set.is_wildcard() {
            return Answer::sized(super::layout::guid_bytes(set).to_vec(), request.output);
        }
        if request.set != set {
            return Answer::status(Status::PropsetNotFound);
        }
        if request.has(SETSUPPORT) {
            return Answer::status(Status::Success);
        }
        if request.id >= count {
            return Answer::status(Status::NotFound);
        }
        if request.has(BASICSUPPORT) {
            return Answer::sized(ENABLE.to_le_bytes().to_vec(), request.output);
        }
        if request.has(ENABLEBUFFERED | QUERYBUFFER) || !request.has(ENABLE) {
            // Nobody buffers: what happened is told when it happens.
            return Answer::status(Status::NotFound);
        }
        let wanted = match (set, request.id) {
            (sets::CLOCK_EVENTS, 0) => INTERVAL_DATA,
            (sets::CLOCK_EVENTS, _) => POSITION_DATA,
            _ => EVENT_DATA,
        };
        if let Some(answer) = short(request.data.len(), wanted) {
            return answer;
        }
        let mut reader = Reader(request.data);
        let read = reader.u64().zip(reader.u64());
        let notification = match read.map(|(kind, _)| kind as u32) {
            Some(1) => Notification::Event,
            Some(2) => Notification::Semaphore,
            _ => return Answer::status(Status::InvalidParameter),
        };
        let now = match self.object(handle) {
            Some(Object::Clock(clock)) => self.time_of(clock.pin),
            _ => 0,
        };
        let mark = match set {
            sets::CLOCK_EVENTS => match mark(request.id, &request.data[EVENT_DATA..], now) {
                Some(mark) => Some(mark),
                None => return Answer::status(Status::InvalidParameter),
            },
            _ => None,
        };
        let subscription = Subscription {
            set,
            id: request.id,
            notification,
            tag: read.map_or(0, |(_, tag)| tag),
            once: request.has(ONESHOT),
            mark,
        };
        if let Some(list) = self.subscriptions(handle) {
            list.push(subscription);
        }
        // What lies behind already is told at once (CEV-1).
        self.tell_marks();
        Answer::status(Status::Success)
    }

    /// Disables the event with that tag, or all of the object's without one (EVT-3).
    pub fn disable(&mut self, handle: Handle, tag: Option<u64>) -> Answer {
        let Some(list) = self.subscriptions(handle) else {
            return Answer::status(Status::InvalidParameter);
        };
        let before = list.len();
        list.retain(|it| tag.is_some_and(|tag| it.tag != tag));
        let is_gone = tag.is_none() || list.len() < before;
        Answer::status(if is_gone {
            Status::Success
        } else {
            Status::Unsuccessful
        })
    }

    fn subscriptions(&mut self, handle: Handle) -> Option<&mut Vec<Subscription>> {
        Some(match self.object_mut(handle)? {
            Object::Filter(filter) => &mut filter.events,
            Object::Pin(pin) => &mut pin.events,
            Object::Allocator(it) => &mut it.events,
            Object::Clock(it) => &mut it.events,
            Object::Quality(_) | Object::SysAudio(_) => return None,
        })
    }

    /// Tells one subscription of an object.
    pub(super) fn fire_one(&mut self, handle: Handle, set: Guid, id: u32, index: usize) {
        let told = self.subscriptions(handle).and_then(|list| {
            let it = list.get_mut(index)?;
            if it.once {
                // One shot: it goes with what is spent.
                it.mark = Some(Mark::At {
                    time: 0,
                    is_told: true,
                });
            }
            Some(Fired {
                object: handle,
                set,
                id,
                notification: it.notification,
                tag: it.tag,
            })
        });
        self.keep_fired(told);
    }

    /// Tells of something that happened to an object.
    pub fn fire(&mut self, handle: Handle, set: Guid, id: u32) {
        let mut told = vec![];
        if let Some(list) = self.subscriptions(handle) {
            let wants = |it: &Subscription| it.set == set && it.id == id;
            told.extend(list.iter().filter(|it| wants(it)).map(|it| Fired {
                object: handle,
                set,
                id,
                notification: it.notification,
                tag: it.tag,
            }));
            list.retain(|it| !(it.once && wants(it)));
        }
        self.keep_fired(told);
    }

    /// Keeps what nobody has fetched yet, as far as there is room (EVT-6).
    fn keep_fired(&mut self, told: impl IntoIterator<Item = Fired>) {
        for it in told {
            match self.fired.len() < MOST_FIRED {
                true => self.fired.push(it),
                false => self.lost += 1,
            }
        }
    }
}

/// The mark that stands behind event data; a row whose base has passed goes on at its next.
fn mark(id: u32, data: &[u8], now: u64) -> Option<Mark> {
    let mut reader = Reader(data);
    let first = reader.u64()? as i64;
    if id != 0 {
        return Some(Mark::At {
            time: first,
            is_told: false,
        });
    }
    let (base, every) = (i128::from(first), i128::from(reader.u64()? as i64));
    (every > 0).then(|| Mark::Every {
        base,
        every,
        next: super::clock::first(base, every, now.into()),
    })
}

/// A property of a filter has another value.
pub(super) fn control_changed(host: &mut Host, filter: Handle, property: u32) {
    host.say(format!("filter {filter}: property {property} changed"));
    host.fire(filter, sets::CONTROL_CHANGE_EVENTS, 0);
}

/// A frame came back to an allocator.
pub(super) fn frame_came_back(host: &mut Host, allocator: Handle) {
    host.fire(allocator, sets::STREAM_ALLOCATOR_EVENTS, 1);
}
