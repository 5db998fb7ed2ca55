//! The one dispatcher of property calls: finds set and item, checks sizes, calls the handler, in the order of PRP-2.
//!
//! Handlers live with their sets; a set is a static table. Whatever an item does not say itself (support, access) is
//! answered here from the table.

use super::answer::{Answer, Call};
use super::layout::{self, INSTANCE, REQUEST, Reader, Writer};
use super::object::{Handle, Host, Object};
use super::{
    allocator, clock, connection, items, minidriver, own, pin, quality, sets, stream, sysaudio,
    topology,
};
use crate::ks::Status;
use crate::ks::ids::Guid;

/// Flags of a request (PRP-1).
pub mod verb {
    /// Read.
    pub const GET: u32 = 1;
    /// Write.
    pub const SET: u32 = 2;
    /// Is the set there; with no set: which sets are there.
    pub const SETSUPPORT: u32 = 0x100;
    /// Access, type and members.
    pub const BASICSUPPORT: u32 = 0x200;
    /// Which properties this one influences.
    pub const RELATIONS: u32 = 0x400;
    /// All serialisable properties of the set, packed.
    pub const SERIALIZESET: u32 = 0x800;
    /// Sets all that were packed.
    pub const UNSERIALIZESET: u32 = 0x1000;
    /// One property in the filter's own packing; nobody has one.
    pub const SERIALIZERAW: u32 = 0x2000;
    /// Sets one from the filter's own packing.
    pub const UNSERIALIZERAW: u32 = 0x4000;
    /// The size of the packed set.
    pub const SERIALIZESIZE: u32 = 0x8000;
    /// The members that are defaults.
    pub const DEFAULTVALUES: u32 = 0x1_0000;
    /// The request is for a node.
    pub const TOPOLOGY: u32 = 0x1000_0000;
}

/// The head of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) handle: Handle,
    pub(super) set: Guid,
    pub(super) id: u32,
    pub(super) flags: u32,
    /// All of the input, the head included.
    pub(super) input: &'a [u8],
    pub(super) data: &'a [u8],
    pub(super) output: usize,
}

impl<'a> Request<'a> {
    pub(super) fn read(handle: Handle, call: Call<'a>) -> Option<Self> {
        let mut reader = Reader(call.input);
        let (set, id, flags) = (reader.guid()?, reader.u32()?, reader.u32()?);
        Some(Self {
            handle,
            set,
            id,
            flags,
            input: call.input,
            data: call.data,
            output: call.output,
        })
    }

    pub(super) fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// The pin or node behind the head.
    pub(super) fn instance(&self) -> Option<u32> {
        Reader(self.input.get(REQUEST..)?).u32()
    }
}

pub(super) type Get = fn(&Host, &Request<'_>) -> Answer;
pub(super) type Set = fn(&mut Host, &Request<'_>) -> Answer;

/// One property of a set.
pub(super) struct Item {
    pub(super) id: u32,
    /// Least size of the input.
    pub(super) input: usize,
    /// Least size of what a SET brings.
    pub(super) data: usize,
    pub(super) get: Option<Get>,
    pub(super) set: Option<Set>,
}

impl Item {
    pub(super) const fn get(id: u32, input: usize, get: Get) -> Self {
        Self {
            id,
            input,
            data: 0,
            get: Some(get),
            set: None,
        }
    }

    pub(super) const fn and_set(mut self, data: usize, set: Set) -> Self {
        self.data = data;
        self.set = Some(set);
        self
    }

    pub(super) const fn set(id: u32, input: usize, data: usize, set: Set) -> Self {
        Self {
            id,
            input,
            data,
            get: None,
            set: Some(set),
        }
    }
}

/// A set of properties.
pub(super) struct PropertySet {
    pub(super) id: Guid,
    pub(super) items: &'static [Item],
}

const FILTER: &[PropertySet] = &[
    PropertySet {
        id: sets::PIN,
        items: pin::ITEMS,
    },
    PropertySet {
        id: sets::TOPOLOGY,
        items: topology::ITEMS,
    },
    PropertySet {
        id: sets::GENERAL,
        items: topology::GENERAL,
    },
];

const CONNECTION: &[PropertySet] = &[
    PropertySet {
        id: sets::CONNECTION,
        items: connection::ITEMS,
    },
    PropertySet {
        id: sets::STREAM,
        items: stream::ITEMS,
    },
    PropertySet {
        id: sets::STREAM_INTERFACE,
        items: stream::INTERFACE,
    },
    PropertySet {
        id: sets::GENERAL,
        items: topology::GENERAL,
    },
];

/// Of pins of virtual devices.
const VIRTUAL: &[PropertySet] = &[
    PropertySet {
        id: sets::CONNECTION,
        items: connection::ITEMS,
    },
    PropertySet {
        id: sets::STREAM,
        items: stream::ITEMS,
    },
    PropertySet {
        id: sets::STREAM_INTERFACE,
        items: stream::INTERFACE,
    },
    PropertySet {
        id: sets::GENERAL,
        items: topology::GENERAL,
    },
    PropertySet {
        id: sets::SYSAUDIO_PIN,
        items: sysaudio::PIN,
    },
];

const ALLOCATOR: &[PropertySet] = &[PropertySet {
    id: sets::STREAM_ALLOCATOR,
    items: allocator::ITEMS,
}];

const CLOCK: &[PropertySet] = &[PropertySet {
    id: sets::CLOCK,
    items: clock::ITEMS,
}];

const QUALITY: &[PropertySet] = &[PropertySet {
    id: sets::QUALITY,
    items: quality::ITEMS,
}];

impl Host {
    /// Answers a property call on an open object.
    pub fn property(&mut self, handle: Handle, call: Call<'_>) -> Answer {
        let tables = match self.object(handle) {
            Some(Object::Filter(_)) => FILTER,
            Some(Object::Pin(_)) if self.virtual_pin(handle).is_some() => VIRTUAL,
            Some(Object::Pin(_)) => CONNECTION,
            Some(Object::Allocator(_)) => ALLOCATOR,
            Some(Object::Clock(_)) => CLOCK,
            Some(Object::Quality(_)) => QUALITY,
            Some(Object::SysAudio(_)) => return self.sysaudio_property(handle, call),
            None => return Answer::status(Status::InvalidParameter),
        };
        let Some(request) = Request::read(handle, call) else {
            return Answer::status(Status::InvalidBufferSize);
        };
        let own = self.descriptor(handle).map(|it| own::set_of(&it.key));
        if request.has(verb::SETSUPPORT) {
            if request.set.is_wildcard() {
                let further = items::sets(self, handle).into_iter();
                let all = tables.iter().map(|set| set.id).chain(further).chain(own);
                let bytes = all.flat_map(layout::guid_bytes).collect();
                return Answer::sized(bytes, request.output);
            }
            let is_there = own == Some(request.set)
                || tables.iter().any(|set| set.id == request.set)
                || items::sets(self, handle).contains(&request.set);
            return Answer::status(if is_there {
                Status::Success
            } else {
                Status::PropsetNotFound
            });
        }
        if own == Some(request.set) {
            return own::answer(self, &request);
        }
        let declared = items::answer(self, &request);
        if let Some(answer) = declared.or_else(|| minidriver::answer(self, &request)) {
            return answer;
        }
        self.answer_from(tables, handle, &request)
    }

    /// Answers from a table of sets.
    pub(super) fn answer_from(
        &mut self,
        tables: &[PropertySet],
        handle: Handle,
        request: &Request<'_>,
    ) -> Answer {
        let Some(set) = tables.iter().find(|set| set.id == request.set) else {
            return Answer::status(match items::sets(self, handle).contains(&request.set) {
                true => Status::NotFound,
                false => Status::PropsetNotFound,
            });
        };
        let Some(item) = set.items.iter().find(|item| item.id == request.id) else {
            return Answer::status(Status::NotFound);
        };
        if request.input.len() < item.input {
            return Answer::status(Status::InvalidParameter);
        }
        if request.has(verb::BASICSUPPORT) {
            let access = u32::from(item.get.is_some()) * verb::GET
                + u32::from(item.set.is_some()) * verb::SET
                + verb::BASICSUPPORT;
            return support(access, None, &[], request.output);
        }
        if request.has(verb::RELATIONS) {
            return Answer::list(layout::list([] as [Vec<u8>; 0]), request.output);
        }
        // SET is looked at before GET (PRP-2).
        match (item.set, item.get) {
            (Some(handler), _) if request.has(verb::SET) => {
                match short(request.data.len(), item.data) {
                    Some(answer) => answer,
                    None => handler(self, request),
                }
            }
            (_, Some(handler)) if request.has(verb::GET) && !request.has(verb::SET) => {
                let answer = handler(self, request);
                if (request.set, request.id) == connection::FORMAT
                    && answer.status == Status::Success
                {
                    self.format_was_asked(handle);
                }
                answer
            }
            _ => Answer::status(Status::NotFound),
        }
    }
}

/// What a value that is too short gets (PRP-2, PRP-11).
pub(super) fn short(found: usize, wanted: usize) -> Option<Answer> {
    match found {
        _ if found >= wanted => None,
        0 => Some(Answer::needs(Status::BufferOverflow, wanted)),
        _ => Some(Answer::needs(Status::BufferTooSmall, wanted)),
    }
}

/// What BASICSUPPORT gives: four bytes of access, the description, or the description with its members (PRP-4).
/// `kind` is the type of value; `members` are member lists, each with its head.
pub(super) fn support(
    access: u32,
    kind: Option<u32>,
    members: &[Vec<u8>],
    output: usize,
) -> Answer {
    const DESCRIPTION: usize = 40;
    let all: Vec<u8> = members.concat();
    let total = DESCRIPTION + all.len();
    let description = Writer::default()
        .u32(access)
        .u32(total as u32)
        .guid(sets::PROPERTY_TYPES)
        .u32(kind.unwrap_or(0))
        .u32(0)
        .u32(members.len() as u32)
        .u32(0)
        .0;
    let whole = |data: Vec<u8>| Answer::sized(data, usize::MAX);
    match output {
        0 => Answer::needs(Status::BufferOverflow, total),
        room if room < 4 => Answer::needs(Status::BufferTooSmall, 4),
        room if room < DESCRIPTION => whole(access.to_le_bytes().to_vec()),
        room if room < total => whole(description),
        _ => whole([description, all].concat()),
    }
}

/// An item of the Pin set, or any that names a pin or node.
pub(super) const PER_PIN: usize = INSTANCE;
