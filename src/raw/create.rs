//! Creating pins: the connect request, its validation in order (6.2), and a wire made of two creations (CON-1 to CON-5).
//!
//! The first line of the validation list that fails is the answer, and a failure leaves nothing behind (VAL-3).

use super::answer::Answer;
use super::further::Wanted;
use super::inject::At;
use super::layout::{self, CONNECT, HEADER, Reader, Writer};
use super::object::{Handle, Host, Object, PinObject, Role};
use super::pin;
use super::trace::Table;
use crate::ks::{
    Communication, DataFlow, DataFormat, DataRange, Interface, Medium, PinFactory, State, Status,
};

/// Priority of a connection that asks for none (CON-6).
pub(super) const NORMAL: (u32, u32) = (0x4000_0000, 1);

/// A connect request, read.
#[derive(Clone, PartialEq, Debug)]
pub struct Connect {
    /// How headers travel.
    pub interface: Interface,
    /// Which link.
    pub medium: Medium,
    /// Index of the pin factory.
    pub pin: u32,
    /// The open pin that will answer this one's requests; none makes this pin the one that answers (CON-1).
    pub to: Option<Handle>,
    /// Class and subclass (CON-6).
    pub priority: (u32, u32),
    /// What will flow.
    pub format: DataFormat,
}

impl Connect {
    /// The request as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let head = Writer(layout::interface(self.interface)).0;
        let mut bytes = [head, layout::medium(self.medium)].concat();
        bytes.extend(
            Writer::default()
                .u32(self.pin)
                .u32(0)
                .u64(self.to.map_or(0, u64::from))
                .u32(self.priority.0)
                .u32(self.priority.1)
                .0,
        );
        bytes.extend(layout::format(&self.format));
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let interface = Interface {
            set: reader.guid()?,
            id: reader.u32()?,
        };
        reader.u32()?;
        let medium = Medium {
            set: reader.guid()?,
            id: reader.u32()?,
        };
        reader.u32()?;
        let pin = reader.u32()?;
        reader.u32()?;
        let to = reader.u64()?;
        let priority = (reader.u32()?, reader.u32()?);
        let format = layout::read_format(bytes.get(CONNECT..)?)?;
        // A handle that cannot be is one that leads nowhere.
        let to = (to != 0).then(|| Handle::try_from(to).unwrap_or(Handle::MAX));
        Some(Self {
            interface,
            medium,
            pin,
            to,
            priority,
            format,
        })
    }
}

/// The pin at the other end, as far as validation needs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Which way its data flow.
    pub data_flow: DataFlow,
    /// Which end of the requests it is.
    pub role: Role,
    /// Whether it has a partner already.
    pub is_taken: bool,
}

/// A connect request was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invalid {
    /// Line of the validation list, from 1.
    pub line: u8,
    /// What the caller gets.
    pub status: Status,
    /// Why, in words.
    pub reason: String,
}

fn refuse<T>(line: u8, status: Status, reason: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid {
        line,
        status,
        reason: reason.into(),
    })
}

pub(super) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Sink => "request sink",
        Role::Source => "request source",
    }
}

/// Lines 4 to 8 of the list for one factory, with its ranges and the instances that are open on this filter and on all of
/// its kind. `peer` is the pin that `connect.to` names; `Err(())` in it says that there is no such pin.
pub fn validate(
    factory: &PinFactory,
    ranges: &[DataRange],
    (current, anywhere): (u32, u32),
    connect: &Connect,
    peer: Result<Option<Peer>, ()>,
) -> Result<Role, Invalid> {
    use Communication as C;
    if !factory.all_interfaces().contains(&connect.interface) {
        let asked = connect.interface.text();
        return refuse(
            4,
            Status::NoMatch,
            format!("{} does not speak {asked}", factory.name),
        );
    }
    if !factory.all_mediums().contains(&connect.medium) {
        let asked = connect.medium.text();
        return refuse(
            5,
            Status::NoMatch,
            format!("{} has no medium {asked}", factory.name),
        );
    }
    let communication = factory.communication;
    let role = match peer {
        Err(()) => {
            return refuse(
                6,
                Status::InvalidParameter,
                "the pin to connect to is not open",
            );
        }
        Ok(None) if matches!(communication, C::Sink | C::Both | C::Bridge) => Role::Sink,
        Ok(Some(peer)) if matches!(communication, C::Source | C::Both) => {
            if peer.data_flow == factory.data_flow {
                let flow = factory.data_flow.name();
                return refuse(
                    6,
                    Status::InvalidParameter,
                    format!("both pins are {flow}puts"),
                );
            }
            if peer.role != Role::Sink {
                return refuse(
                    6,
                    Status::InvalidParameter,
                    "the other pin issues requests too",
                );
            }
            if peer.is_taken {
                return refuse(6, Status::InvalidParameter, "the other pin has its partner");
            }
            Role::Source
        }
        Ok(peer) => {
            let wanted = if peer.is_some() { "issue" } else { "receive" };
            let reason = format!(
                "{} is {} and cannot {wanted} requests",
                factory.name,
                communication.name()
            );
            return refuse(6, Status::InvalidParameter, reason);
        }
    };
    if !layout::is_concrete(&connect.format) {
        return refuse(
            7,
            Status::InvalidParameter,
            "a format has no wildcards (FMT-5)",
        );
    }
    if !ranges
        .iter()
        .any(|range| pin::basic(range, &connect.format))
    {
        return refuse(
            7,
            Status::NoMatch,
            format!("no range of {} has these ids", factory.name),
        );
    }
    room(factory, (current, anywhere))?;
    Ok(role)
}

/// Line 8: whether one more instance may be (INS-2).
fn room(factory: &PinFactory, (current, anywhere): (u32, u32)) -> Result<(), Invalid> {
    let name = &factory.name;
    let possible = factory.instances.possible;
    let global = factory.global;
    let reason = if current >= possible {
        format!("{name} has {current} of {possible} instances")
    } else if anywhere >= global {
        format!("all filters of the kind have {anywhere} of {global} {name} together")
    } else {
        return Ok(());
    };
    refuse(8, Status::Unsuccessful, reason)
}

/// Line 10: whether the numbers of the format lie in what is possible now (VAL-2).
pub fn validate_format(
    factory: &PinFactory,
    now: &[DataRange],
    format: &DataFormat,
) -> Result<(), Invalid> {
    if pin::takes(now, format) {
        return Ok(());
    }
    let reason = format!("no range of {} holds {format}", factory.name);
    refuse(10, Status::NoMatch, reason)
}

impl Host {
    /// Creates a pin from a connect request in bytes. The handle, or the line that failed.
    pub fn create_pin(&mut self, filter: Handle, request: &[u8]) -> Result<Handle, Invalid> {
        // On SysAudio it is one of the device that is chosen.
        if let Some(device) = self.stands_in(filter) {
            if self.is_lost(device) == Some(true) {
                return refuse(1, Status::DeviceNotReady, "the device is gone (SYS-11)");
            }
            let made = self.create_pin(device, request)?;
            self.note_virtual_pin(filter, made);
            return Ok(made);
        }
        let made = self.passed(filter, request);
        match made {
            Ok((role, connect)) => Ok(self.made(filter, role, connect)),
            Err(invalid) => {
                let (line, status) = (invalid.line, invalid.status.name());
                let words = format!(
                    "refused pin on {filter}: line {line}, {status}: {}",
                    invalid.reason
                );
                self.note_call((filter, Table::Pin), "create", invalid.status, &*words);
                self.say(words);
                Err(invalid)
            }
        }
    }

    /// All lines of the list in order: the first that fails is the answer.
    fn passed(&mut self, filter: Handle, request: &[u8]) -> Result<(Role, Connect), Invalid> {
        let (role, connect) = self.checked(filter, request)?;
        self.own_line(filter, 9, "the pin refuses to be created")?;
        let index = connect.pin as usize;
        let now = self.constrained(filter, index);
        let factory = &self.filter_of(filter).descriptor.pins[index];
        validate_format(factory, &now, &connect.format)?;
        self.own_line(filter, 10, "the pin refuses the format")?;
        self.own_line(filter, 11, "clock or allocator cannot be set up")?;
        Ok((role, connect))
    }

    /// What the pin's own code says at a line, where a failure was asked for.
    fn own_line(&mut self, filter: Handle, line: u8, reason: &str) -> Result<(), Invalid> {
        match self.fails(filter, At::Line(line)) {
            Some(status) => refuse(line, status, reason),
            None => Ok(()),
        }
    }

    fn checked(&self, filter: Handle, request: &[u8]) -> Result<(Role, Connect), Invalid> {
        if request.is_empty() || !matches!(self.object(filter), Some(Object::Filter(_))) {
            return refuse(
                1,
                Status::InvalidParameter,
                "there is no request or no filter",
            );
        }
        if request.len() < CONNECT + HEADER {
            let wanted = CONNECT + HEADER;
            let reason = format!("{} bytes, wanted {wanted} or more", request.len());
            return refuse(2, Status::InvalidParameter, reason);
        }
        let Some(connect) = Connect::read(request) else {
            return refuse(2, Status::InvalidParameter, "the format ends too soon");
        };
        let pins = &self.filter_of(filter).descriptor.pins;
        let Some(factory) = pins.get(connect.pin as usize) else {
            let reason = format!("pin {} of {}", connect.pin, pins.len());
            return refuse(3, Status::InvalidParameter, reason);
        };
        let index = connect.pin as usize;
        let peer = match connect.to.map(|handle| self.object(handle)) {
            None => Ok(None),
            Some(Some(Object::Pin(peer))) => self
                .pin_factory(peer)
                .map(|factory| {
                    Some(Peer {
                        data_flow: factory.data_flow,
                        role: peer.role,
                        is_taken: peer.peer.is_some(),
                    })
                })
                .ok_or(()),
            Some(_) => Err(()),
        };
        let ranges = self.ranges(filter, index);
        let key = &self.filter_of(filter).descriptor.key;
        let counts = (
            self.current(filter, index),
            self.current_anywhere(key, index),
        );
        let role = validate(factory, &ranges, counts, &connect, peer)?;
        Ok((role, connect))
    }

    fn made(&mut self, filter: Handle, role: Role, connect: Connect) -> Handle {
        let words = format!("{}, {}", role_word(role), connect.format);
        let name = self.filter_of(filter).descriptor.pins[connect.pin as usize]
            .name
            .clone();
        let handle = self.insert(Object::Pin(Box::new(PinObject {
            filter,
            factory: connect.pin as usize,
            role,
            format: connect.format,
            medium: connect.medium,
            interface: connect.interface,
            priority: connect.priority,
            peer: connect.to,
            state: State::Stop,
            time: 0,
            pace: super::rate::Pace::default(),
            allocator: None,
            clock: None,
            quality: None,
            degraded: 0,
            resumes: None,
            requests: super::requests::Requests::default(),
            events: vec![],
            opened: None,
            stream: None,
        })));
        if let Some(Object::Pin(peer)) = connect.to.and_then(|to| self.object_mut(to)) {
            peer.peer = Some(handle);
        }
        let words = format!("created pin {handle} ({name} of {filter}: {words})");
        self.note_call((handle, Table::Pin), "create", Status::Success, &*words);
        self.say(words);
        if let Some(sink) = connect.to {
            self.note_connection(handle, sink);
        }
        handle
    }

    /// Makes a wire: settles who issues requests, medium, interface and format, creates the sink, then the source. Both
    /// handles, output first; or the step that failed, with its status.
    pub fn connect(
        &mut self,
        from: (Handle, u32),
        to: (Handle, u32),
    ) -> Result<(Handle, Handle), Invalid> {
        let on_device = |host: &Self, (filter, pin): (Handle, u32)| {
            (host.stands_in(filter).unwrap_or(filter), pin)
        };
        let through = (from.0, to.0);
        let (from, to) = (on_device(self, from), on_device(self, to));
        let (output, input) = (self.factory(from)?, self.factory(to)?);
        if output.data_flow != DataFlow::Out || input.data_flow != DataFlow::In {
            return refuse(
                6,
                Status::InvalidParameter,
                "a wire goes from an output to an input",
            );
        }
        if self.closes_a_loop(from, to) {
            return refuse(
                6,
                Status::InvalidParameter,
                "what goes out would come back in by a direct path (CYC-1)",
            );
        }
        let is_push = output
            .communication
            .issues_to(input.communication)
            .ok_or(Invalid {
                line: 6,
                status: Status::InvalidParameter,
                reason: format!(
                    "{} is {}, {} is {}",
                    output.name,
                    output.communication.name(),
                    input.name,
                    input.communication.name()
                ),
            })?;
        let (source, sink) = if is_push { (from, to) } else { (to, from) };
        let (asks, answers) = if is_push {
            (&output, &input)
        } else {
            (&input, &output)
        };
        let Some(medium) = first(asks.all_mediums(), answers.all_mediums()) else {
            return refuse(5, Status::NoMatch, "no medium in common");
        };
        let Some(interface) = first(asks.all_interfaces(), answers.all_interfaces()) else {
            return refuse(4, Status::NoMatch, "no interface in common");
        };
        // Full is full, whatever could have been agreed (6.4).
        for ((filter, pin), factory) in [(sink, answers), (source, asks)] {
            let index = pin as usize;
            let key = &self.filter_of(filter).descriptor.key;
            let counts = (
                self.current(filter, index),
                self.current_anywhere(key, index),
            );
            room(factory, counts)?;
        }
        let wire = Wanted {
            source,
            sink,
            medium,
            interface,
        };
        let (issuing, answering) = self.negotiated(&wire)?;
        let (output, input) = if is_push {
            (issuing, answering)
        } else {
            (answering, issuing)
        };
        self.note_virtual_pin(through.0, output);
        self.note_virtual_pin(through.1, input);
        Ok((output, input))
    }

    /// Whether a wire from an output of `from` into that pin closes a loop that no deferred pin parts (CYC-1, CYC-2).
    fn closes_a_loop(&self, from: (Handle, u32), to: (Handle, u32)) -> bool {
        // Pins that what comes in there goes on to, filter by filter.
        let mut seen: Vec<(Handle, usize)> = vec![];
        let mut work = vec![(to.0, to.1 as usize)];
        while let Some((filter, input)) = work.pop() {
            let outputs = self.filter_of(filter).descriptor.reached(input);
            if filter == from.0 && outputs.contains(&(from.1 as usize)) {
                return true;
            }
            for (_, pin) in self.pins() {
                if pin.filter != filter || !outputs.contains(&pin.factory) {
                    continue;
                }
                if let Some(Object::Pin(next)) = pin.peer.and_then(|it| self.object(it))
                    && !seen.contains(&(next.filter, next.factory))
                {
                    seen.push((next.filter, next.factory));
                    work.push((next.filter, next.factory));
                }
            }
        }
        false
    }

    /// The access a pin is opened with: an input is written to, an output is read (COM-10).
    pub fn access(&self, pin: Handle) -> Option<&'static str> {
        let Some(Object::Pin(it)) = self.object(pin) else {
            return None;
        };
        self.pin_factory(it).map(|factory| match factory.data_flow {
            DataFlow::In => "write",
            DataFlow::Out => "read",
        })
    }

    /// Joins a factory to a pin that is open and answers: the new pin gets its format, medium and interface (CON-3).
    pub fn connect_to(&mut self, from: (Handle, u32), open: Handle) -> Result<Handle, Invalid> {
        let Some(Object::Pin(pin)) = self.object(open) else {
            return refuse(
                6,
                Status::InvalidParameter,
                "the pin to connect to is not open",
            );
        };
        let request = Connect {
            interface: pin.interface,
            medium: pin.medium,
            pin: from.1,
            to: Some(open),
            priority: NORMAL,
            format: pin.format.clone(),
        };
        self.create_pin(from.0, &request.bytes())
    }

    /// The factory a pin was made by, unless its filter lost it since.
    pub(super) fn pin_factory(&self, pin: &PinObject) -> Option<&PinFactory> {
        self.filter_of(pin.filter).descriptor.pins.get(pin.factory)
    }

    fn factory(&self, (filter, pin): (Handle, u32)) -> Result<PinFactory, Invalid> {
        match self.object(filter) {
            Some(Object::Filter(object)) => object
                .descriptor
                .pins
                .get(pin as usize)
                .cloned()
                .map_or_else(
                    || {
                        refuse(
                            3,
                            Status::InvalidParameter,
                            format!("there is no pin {pin}"),
                        )
                    },
                    Ok,
                ),
            _ => refuse(1, Status::InvalidParameter, "there is no such filter"),
        }
    }

    /// What a caller who creates by bytes is told: the handle in four bytes.
    pub fn create_answer(&mut self, filter: Handle, request: &[u8]) -> Answer {
        match self.create_pin(filter, request) {
            Ok(handle) => Answer::sized(handle.to_le_bytes().to_vec(), usize::MAX),
            Err(invalid) => Answer::status(invalid.status),
        }
    }
}

fn first<T: Copy + PartialEq>(asks: &[T], answers: &[T]) -> Option<T> {
    asks.iter().find(|item| answers.contains(item)).copied()
}
