//! The objects: filters that were opened by name, pins that were created on them, and what they know of each other.
//!
//! Opening takes no hardware and makes no pin (FIL-4). A filter closes its pins first, in reverse order of creation
//! (FIL-3); of two connected pins the source goes before the sink (CON-7). What happens is written down in order.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use super::allocator::{AllocatorObject, Completed};
use super::answer::Answer;
use super::clock::ClockObject;
use super::events::Subscription;
use super::inject::Injected;
use super::minidriver::ClassDoor;
use super::names::{self, LINKS, NameError};
use super::quality::QualityObject;
use super::rate::Pace;
use super::registry::Change;
use super::requests::Requests;
use super::sysaudio::{SysAudio, SysAudioObject};
use super::trace::{Table, Traced};
use super::{Fired, create, events, further, registry};
use crate::ks::ids::Guid;
use crate::ks::{
    Catalogue, DataFormat, DataRange, Descriptor, DlsMemory, Facts, Filter, Interface, Medium,
    Property, Settings, State, Status, SynthCells, Value,
};

/// So often a filter is asked for what its pins leave each other, at most.
const MOST_ROUNDS: usize = 8;

/// Names an open object.
pub type Handle = u32;

/// Which end of the requests a pin is, fixed for its life (COM-6, COM-7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It answers requests.
    Sink,
    /// It issues them, to the pin it was created with.
    Source,
}

/// An open filter.
pub(super) struct FilterObject {
    pub(super) filter: Arc<dyn Filter>,
    pub(super) descriptor: Descriptor,
    pub(super) values: BTreeMap<String, Value>,
    pub(super) events: Vec<Subscription>,
    /// Its device is gone (PWR-2).
    pub(super) is_lost: bool,
    /// What its running half counts, where there is one.
    pub(super) synth: Option<SynthCells>,
    /// Where sounds are downloaded to, where it takes any.
    pub(super) memory: Option<Arc<dyn DlsMemory>>,
    /// The class driver behind it.
    pub(super) class: ClassDoor,
}

/// A pin that was created.
pub(super) struct PinObject {
    pub(super) filter: Handle,
    pub(super) factory: usize,
    pub(super) role: Role,
    pub(super) format: DataFormat,
    pub(super) medium: Medium,
    pub(super) interface: Interface,
    pub(super) priority: (u32, u32),
    /// The pin at the other end.
    pub(super) peer: Option<Handle>,
    pub(super) state: State,
    /// Presentation time in 100 ns (CLK-3).
    pub(super) time: u64,
    /// How fast it goes (CLK-5).
    pub(super) pace: Pace,
    /// The allocator it was given, and the clock (ALC-13, MCL-1).
    pub(super) allocator: Option<Handle>,
    pub(super) clock: Option<Handle>,
    /// The quality manager it was given with its context (QUA-2), and the level that is asked of it (QUA-5).
    pub(super) quality: Option<(Handle, u64)>,
    pub(super) degraded: u8,
    /// The state it goes back to after sleep, or when its device is back.
    pub(super) resumes: Option<State>,
    /// What clients read and write here.
    pub(super) requests: Requests,
    pub(super) events: Vec<Subscription>,
    /// Somebody else made it: by what that one knows it.
    pub(super) opened: Option<u64>,
    /// Its stream in the class driver that was started for the filter (SRB-4).
    pub(super) stream: Option<usize>,
}

impl FilterObject {
    /// The value of a property: the one that was set, else the default.
    pub(super) fn value(&self, property: &Property) -> Value {
        let stored = self.values.get(property.key);
        stored
            .and_then(|value| property.legal(value))
            .unwrap_or_else(|| property.default_value())
    }
}

pub(super) enum Object {
    Filter(Box<FilterObject>),
    Pin(Box<PinObject>),
    Allocator(Box<AllocatorObject>),
    Clock(Box<ClockObject>),
    Quality(Box<QualityObject>),
    SysAudio(Box<SysAudioObject>),
}

/// Everything that is open, and the catalogue that names lead to.
pub struct Host {
    pub(super) catalogue: Catalogue,
    pub(super) facts: Facts,
    /// The folder that relative paths in values start from.
    base: Option<PathBuf>,
    links: Vec<(String, String)>,
    objects: BTreeMap<Handle, Object>,
    next: Handle,
    log: Vec<String>,
    pub(super) traced: VecDeque<Traced>,
    pub(super) fired: Vec<Fired>,
    /// Who wants to hear of arrivals and removals in which category (REG-6).
    pub(super) watches: Vec<(Guid, u64)>,
    pub(super) changes: Vec<Change>,
    /// Answers that were given later: a frame for a request that waited, or its end (ALC-9).
    pub(super) completed: Vec<Completed>,
    pub(super) injected: Vec<Injected>,
    /// What SysAudio keeps for all of its handles.
    pub(super) sysaudio: SysAudio,
    /// Units of hard-wired mediums by set and device, and how many of a set there have been (MED-7).
    pub(super) units: registry::Units,
    /// Formats that pins refused when they were opened (DIX-19).
    pub(super) refused: Vec<further::Refused>,
    /// Firings that nobody fetched in time (EVT-6).
    pub(super) lost: u64,
    /// 100 ns since the start, as callers let them go by.
    now: u64,
    /// How far what is submitted now lies ahead of what is heard (LAT-1), in 100 ns.
    latency: i64,
}

/// A quantum at the usual rate, in 100 ns.
const USUAL_LATENCY: i64 = 53_333;

impl Host {
    /// Nothing is open yet.
    pub fn new(catalogue: Catalogue, facts: Facts) -> Self {
        let links = LINKS.iter();
        Self {
            catalogue,
            facts,
            base: None,
            links: links
                .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
                .collect(),
            objects: BTreeMap::new(),
            next: 1,
            log: vec![],
            traced: VecDeque::new(),
            fired: vec![],
            watches: vec![],
            changes: vec![],
            completed: vec![],
            injected: vec![],
            sysaudio: SysAudio::default(),
            units: registry::Units::default(),
            refused: vec![],
            lost: 0,
            now: 0,
            latency: USUAL_LATENCY,
        }
    }

    /// Relative paths in values start from this folder from now on.
    pub fn stand_in(&mut self, folder: Option<PathBuf>) {
        self.base = folder;
    }

    /// Lets a name lead elsewhere from now on; what is open stays (REG-3).
    pub fn link(&mut self, name: &str, to: &str) {
        let plain = |text: &str| text.to_lowercase().trim_start_matches("ks://").to_owned();
        self.links.retain(|(from, _)| *from != plain(name));
        self.links.push((plain(name), plain(to)));
    }

    pub(super) fn links(&self) -> &[(String, String)] {
        &self.links
    }

    /// Opens a filter by key, title or `ks://category/reference`, or SysAudio.
    pub fn open(&mut self, name: &str) -> Result<Handle, NameError> {
        if let Some(handle) = self.open_sysaudio(name) {
            return Ok(handle);
        }
        // A device of the machine is its filter with its name in it.
        let device = names::device(&self.catalogue, &self.facts, &self.links, name);
        if let Some((key, value)) =
            device.and_then(|(it, descriptor)| Some((it.factory, it.value(descriptor)?)))
        {
            return self.open_with(key, BTreeMap::from([value]));
        }
        let key = names::resolve(&self.catalogue, &self.links, name)?
            .key
            .clone();
        self.open_with(&key, BTreeMap::new())
    }

    /// The key of the filter that a name leads to.
    pub fn key_of(&self, name: &str) -> Result<String, NameError> {
        let found = names::resolve(&self.catalogue, &self.links, name)?;
        Ok(found.key.to_string())
    }

    /// Opens a filter with the values it has in a graph.
    pub fn open_with(
        &mut self,
        key: &str,
        values: BTreeMap<String, Value>,
    ) -> Result<Handle, NameError> {
        let found = self.catalogue.get(key);
        let filter = Arc::clone(found.ok_or_else(|| NameError::Unknown(key.to_owned()))?);
        let settings = Settings {
            values: &values,
            base: self.base.as_deref(),
        };
        let descriptor = filter.describe(&settings, &self.facts).into_owned();
        let title = descriptor.title.clone();
        let object = FilterObject {
            memory: filter.dls_memory(),
            filter,
            descriptor,
            values,
            events: vec![],
            is_lost: false,
            synth: None,
            class: ClassDoor::default(),
        };
        let handle = self.insert(Object::Filter(Box::new(object)));
        self.say(format!("opened filter {handle} ({title})"));
        Ok(handle)
    }

    /// A pin that somebody else made and agreed: it is shown, and not checked again.
    pub fn adopt(
        &mut self,
        filter: Handle,
        factory: usize,
        role: Role,
        agreed: (DataFormat, Medium, Interface),
        state: State,
    ) -> Handle {
        let (format, medium, interface) = agreed;
        let name = match self.object(filter) {
            Some(Object::Filter(it)) => it.descriptor.pins.get(factory).map(|pin| pin.name.clone()),
            _ => None,
        };
        let words = format!(
            "({} of {filter}: {}, {format})",
            name.unwrap_or_default(),
            create::role_word(role)
        );
        let handle = self.insert(Object::Pin(Box::new(PinObject {
            filter,
            factory,
            role,
            format,
            medium,
            interface,
            priority: create::NORMAL,
            peer: None,
            state,
            time: 0,
            pace: Pace::default(),
            allocator: None,
            clock: None,
            quality: None,
            degraded: 0,
            resumes: None,
            requests: Requests::default(),
            events: vec![],
            opened: None,
            stream: None,
        })));
        let words = format!("created pin {handle} {words}");
        self.note_call((handle, Table::Pin), "create", Status::Success, &*words);
        self.say(words);
        handle
    }

    /// Makes two pins that were adopted the ends of one wire.
    pub fn join(&mut self, from: Handle, to: Handle) {
        for (pin, peer) in [(from, to), (to, from)] {
            if let Some(Object::Pin(it)) = self.object_mut(pin) {
                it.peer = Some(peer);
            }
        }
        self.note_connection(from, to);
    }

    /// A pin that was adopted has another format now: it was agreed elsewhere, and is not checked again.
    pub fn agree(&mut self, pin: Handle, format: &DataFormat) {
        if let Some(Object::Pin(it)) = self.object_mut(pin) {
            it.format.clone_from(format);
        }
    }

    /// The values of an open filter, as far as they were set.
    pub fn values(&self, filter: Handle) -> Option<&BTreeMap<String, Value>> {
        match self.object(filter)? {
            Object::Filter(it) => Some(&it.values),
            _ => None,
        }
    }

    /// Gives an open filter's property a legal value, as a SET would. Whether there is such a property and value.
    pub fn put(&mut self, filter: Handle, key: &str, value: &Value) -> bool {
        let found = self.descriptor(filter).and_then(|it| it.property(key));
        let Some((property, value)) =
            found.and_then(|(_, property)| Some((*property, property.legal(value)?)))
        else {
            return false;
        };
        self.set_value(filter, &property, value);
        true
    }

    /// Closes a filter or a pin; whether there was one.
    pub fn close(&mut self, handle: Handle) -> bool {
        match self.object(handle) {
            None => return false,
            Some(Object::Filter(_)) => {
                for pin in self.pins_of(handle).into_iter().rev() {
                    self.close(pin);
                }
                self.objects.remove(&handle);
                self.refused.retain(|((filter, _), _)| *filter != handle);
                self.say(format!("closed filter {handle}"));
            }
            Some(Object::Pin(pin)) => {
                // A sink outlives its source.
                let source = pin.peer.filter(|_| pin.role == Role::Sink);
                if let Some(source) = source {
                    self.close(source);
                }
                // Who goes while it runs is stopped first (DSG-3).
                self.step_pins(&[handle], State::Stop);
                self.end_requests(handle, Status::Cancelled);
                for made in self.made_on(handle) {
                    self.close(made);
                }
                // What it brought goes with it.
                if let Some(memory) = self.memory(self.filter_handle(handle)) {
                    memory.close(self.opened_as(handle));
                }
                self.close_stream(handle);
                self.sysaudio.pins.remove(&handle);
                if let Some(Object::Pin(gone)) = self.objects.remove(&handle) {
                    let role = create::role_word(gone.role);
                    self.say(format!("closed pin {handle} ({role})"));
                    self.note_call((handle, Table::Pin), "close", Status::Success, role);
                    // The sink tells the source that is left, or the source the sink (CON-7).
                    if let Some((other, Object::Pin(peer))) = gone
                        .peer
                        .and_then(|it| Some((it, self.objects.get_mut(&it)?)))
                    {
                        peer.peer = None;
                        self.say(format!("pin {other}: its partner is gone"));
                    }
                }
            }
            Some(Object::Allocator(_)) => {
                self.close_allocator(handle);
            }
            Some(Object::Clock(_)) => {
                self.objects.remove(&handle);
                self.say(format!("closed clock {handle}"));
            }
            Some(Object::Quality(_)) => self.close_quality(handle),
            Some(Object::SysAudio(_)) => {
                for device in self.opened_by(handle).into_iter().rev() {
                    self.close(device);
                }
                self.objects.remove(&handle);
                self.say(format!("closed SysAudio {handle}"));
            }
        }
        true
    }

    /// What has happened, oldest first.
    pub fn log(&self) -> &[String] {
        &self.log
    }

    /// Notifications that came since the last time, oldest first.
    pub fn take_fired(&mut self) -> Vec<Fired> {
        std::mem::take(&mut self.fired)
    }

    /// How many more there were since the last time, for which there was no room (EVT-6).
    pub fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// The descriptor of an open filter, or of a pin's filter.
    pub fn descriptor(&self, handle: Handle) -> Option<&Descriptor> {
        match self.object(handle)? {
            Object::Filter(_) | Object::Pin(_) => Some(&self.filter_of(handle).descriptor),
            Object::SysAudio(_) => {
                let device = self.stands_in(handle)?;
                Some(&self.filter_of(device).descriptor)
            }
            Object::Allocator(_) | Object::Clock(_) | Object::Quality(_) => None,
        }
    }

    /// Format, medium, interface and role of an open pin.
    pub fn agreed(&self, handle: Handle) -> Option<(&DataFormat, Medium, Interface, Role)> {
        match self.object(handle)? {
            Object::Pin(pin) => Some((&pin.format, pin.medium, pin.interface, pin.role)),
            _ => None,
        }
    }

    /// Units of 100 ns that have gone by.
    pub fn now(&self) -> u64 {
        self.now
    }

    pub(super) fn set_now(&mut self, now: u64) {
        self.now = now;
    }

    /// The time and the latency are those of a graph that plays, in 100 ns.
    pub fn keep_time(&mut self, now: u64, latency: i64) {
        (self.now, self.latency) = (now, latency);
    }

    /// How far what is submitted now lies ahead (LAT-1), in 100 ns.
    pub(super) fn latency(&self) -> i64 {
        self.latency
    }

    /// The folder that relative paths start from.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.base.clone()
    }

    /// Where sounds are downloaded to.
    pub fn memory(&self, filter: Handle) -> Option<Arc<dyn DlsMemory>> {
        match self.object(filter)? {
            Object::Filter(it) => it.memory.clone(),
            _ => None,
        }
    }

    /// UNLOADs that waited for their last voice and are done since the last time; each is known by its handle (DLS-3).
    pub(super) fn take_unloaded(&mut self) -> Vec<Completed> {
        let mut all = vec![];
        for filter in self.objects.keys() {
            let memory = self.memory(*filter);
            for (number, unloaded) in memory.iter().flat_map(|it| it.completed()) {
                let is_it = |(handle, it): &(&Handle, &Object)| match it {
                    Object::Pin(pin) => pin.filter == *filter && self.opened_as(**handle) == number,
                    _ => false,
                };
                all.extend(self.objects.iter().find(is_it).map(|(pin, _)| Completed {
                    object: *pin,
                    request: unloaded.into(),
                    answer: Answer::status(Status::Success),
                    headers: vec![],
                }));
            }
        }
        all
    }

    /// Sounds are downloaded to the memory of a filter that runs, in place of one of its own; its pin is known there by that
    /// number.
    pub fn load_into(&mut self, filter: Handle, memory: Option<Arc<dyn DlsMemory>>) {
        if let Some(object) = self.filter_mut(filter) {
            object.memory = memory;
        }
    }

    /// The pin is known by that number where sounds are downloaded to, in place of its handle.
    pub fn opened_before(&mut self, pin: Handle, number: u64) {
        if let Some(Object::Pin(it)) = self.object_mut(pin) {
            it.opened = Some(number);
        }
    }

    /// By what an open pin is known where sounds are downloaded to.
    pub(super) fn opened_as(&self, handle: Handle) -> u64 {
        match self.object(handle) {
            Some(Object::Pin(it)) => it.opened.unwrap_or_else(|| handle.into()),
            _ => handle.into(),
        }
    }

    /// What the running half of a filter counts, or that there is none.
    pub fn count_by(&mut self, filter: Handle, cells: Option<SynthCells>) {
        if let Some(object) = self.filter_mut(filter) {
            object.synth = cells;
        }
    }

    pub(super) fn say(&mut self, line: String) {
        self.log.push(line);
    }

    pub(super) fn insert(&mut self, object: Object) -> Handle {
        let handle = self.next;
        self.next += 1;
        self.objects.insert(handle, object);
        handle
    }

    pub(super) fn object(&self, handle: Handle) -> Option<&Object> {
        self.objects.get(&handle)
    }

    /// No pin streams by an object that is closed.
    pub(super) fn take_from_pins(&mut self, gone: Handle) {
        for object in self.objects.values_mut() {
            if let Object::Pin(pin) = object {
                pin.allocator = pin.allocator.filter(|it| *it != gone);
            }
        }
    }

    pub(super) fn take_out(&mut self, handle: Handle) {
        self.objects.remove(&handle);
    }

    pub(super) fn object_mut(&mut self, handle: Handle) -> Option<&mut Object> {
        self.objects.get_mut(&handle)
    }

    /// The filter a handle is, or that of the pin that it is.
    pub(super) fn filter_handle(&self, handle: Handle) -> Handle {
        match self.objects.get(&handle) {
            Some(Object::Pin(pin)) => pin.filter,
            _ => handle,
        }
    }

    /// The same as an object. For handles of filters and pins that were looked up.
    pub(super) fn filter_of(&self, handle: Handle) -> &FilterObject {
        match self.objects.get(&self.filter_handle(handle)) {
            Some(Object::Filter(filter)) => filter,
            _ => unreachable!("a pin closes before its filter"),
        }
    }

    pub(super) fn filter_mut(&mut self, handle: Handle) -> Option<&mut FilterObject> {
        match self.objects.get_mut(&handle) {
            Some(Object::Filter(filter)) => Some(filter),
            _ => None,
        }
    }

    /// Pins of a filter in order of creation.
    pub(super) fn pins_of(&self, filter: Handle) -> Vec<Handle> {
        self.pins()
            .filter(|(_, pin)| pin.filter == filter)
            .map(|(handle, _)| handle)
            .collect()
    }

    pub(super) fn pins(&self) -> impl Iterator<Item = (Handle, &PinObject)> {
        self.objects.iter().filter_map(|(handle, it)| match it {
            Object::Pin(pin) => Some((*handle, &**pin)),
            _ => None,
        })
    }

    /// Instances of a factory that are open on one filter.
    pub(super) fn current(&self, filter: Handle, factory: usize) -> u32 {
        let is_one = |pin: &PinObject| pin.filter == filter && pin.factory == factory;
        self.pins().filter(|(_, pin)| is_one(pin)).count() as u32
    }

    /// Instances of a factory that are open on all filters of a kind.
    pub(super) fn current_anywhere(&self, key: &str, factory: usize) -> u32 {
        let is_one = |pin: &PinObject| {
            pin.factory == factory && self.filter_of(pin.filter).descriptor.key == key
        };
        self.pins().filter(|(_, pin)| is_one(pin)).count() as u32
    }

    /// Everything that is open, in order of opening.
    pub fn objects(&self) -> Vec<Handle> {
        self.objects.keys().copied().collect()
    }

    /// The static ranges of a factory.
    pub(super) fn ranges(&self, filter: Handle, factory: usize) -> Vec<DataRange> {
        let pins = &self.filter_of(filter).descriptor.pins;
        let rate_hz = self.facts.rate_hz;
        let filled = pins.get(factory).map_or(&[][..], |pin| &pin.ranges).iter();
        let mut ranges: Vec<DataRange> = vec![];
        for range in filled.map(|range| range.at_graph_rate(rate_hz)) {
            if !ranges.contains(&range) {
                ranges.push(range);
            }
        }
        ranges
    }

    /// What the next instance of a factory could do, with the pins that are open; where there can be no more, what the
    /// last one has (PIN-7).
    pub(super) fn constrained(&self, filter: Handle, factory: usize) -> Vec<DataRange> {
        let object = self.filter_of(filter);
        let pins = &object.descriptor.pins;
        // For each factory what each pin that is open has, and what the next one could.
        let mut seats: Vec<Vec<Vec<DataRange>>> = (0..pins.len())
            .map(|index| {
                let ranges = self.ranges(filter, index);
                let is_one = |pin: &PinObject| pin.filter == filter && pin.factory == index;
                let open = self.pins().filter(|(_, pin)| is_one(pin));
                let (mut seats, mut count): (Vec<Vec<DataRange>>, u32) = (vec![], 0);
                for (_, pin) in open {
                    let only = DataRange::only(&pin.format);
                    let left = ranges.iter().filter_map(|it| it.overlap(&only).ok());
                    let left = left.collect();
                    // Equal ones would be told the same.
                    seats.retain(|seat| *seat != left);
                    seats.push(left);
                    count += 1;
                }
                if count == 0 || count < pins[index].instances.possible {
                    seats.push(ranges);
                }
                seats
            })
            .collect();
        let settings = Settings {
            values: &object.values,
            base: self.base.as_deref(),
        };
        // Instances of one factory are narrowed apart, as in a graph: the filter is asked once for each, until it adds
        // nothing. One that keeps adding must not hang us.
        let rounds = seats.iter().map(Vec::len).max().unwrap_or(0);
        for _ in 0..MOST_ROUNDS {
            let before = seats.clone();
            for round in 0..rounds {
                let now = |seats: &Vec<Vec<DataRange>>| seats[round % seats.len()].clone();
                let mut lists: Vec<Vec<DataRange>> = seats.iter().map(now).collect();
                object
                    .filter
                    .constrain(&object.descriptor, &settings, &mut lists);
                for (seats, list) in seats.iter_mut().zip(lists) {
                    let at = round % seats.len();
                    seats[at] = list;
                }
            }
            if seats == before {
                break;
            }
        }
        let of_factory = seats.get_mut(factory).and_then(Vec::pop);
        of_factory.unwrap_or_default()
    }

    /// Gives a property another value and tells who wants to know. The value is a legal one.
    pub(super) fn set_value(&mut self, filter: Handle, property: &Property, value: Value) {
        let Some(object) = self.filter_mut(filter) else {
            return;
        };
        let is_new = object.value(property) != value;
        object.values.insert(property.key.to_owned(), value);
        let id = object.descriptor.property(property.key);
        if let Some((id, _)) = id.filter(|_| is_new) {
            events::control_changed(self, filter, id as u32);
        }
        if property.structural {
            self.describe_anew(filter);
            self.end_class(filter);
        }
    }

    /// Allocators that were made on a pin, newest first; a clock outlives its pin (MCL-1).
    fn made_on(&self, pin: Handle) -> Vec<Handle> {
        let is_made = |object: &Object| match object {
            Object::Allocator(it) => it.pin == pin,
            _ => false,
        };
        let made = self.objects.iter().filter(|(_, it)| is_made(it));
        made.map(|(handle, _)| *handle).rev().collect()
    }

    /// A filter's descriptor after its values changed.
    pub(super) fn describe_anew(&mut self, filter: Handle) {
        let (facts, base) = (self.facts.clone(), self.base.clone());
        if let Some(object) = self.filter_mut(filter) {
            let settings = Settings {
                values: &object.values,
                base: base.as_deref(),
            };
            let described = object.filter.describe(&settings, &facts);
            if let Cow::Owned(descriptor) = described {
                object.descriptor = descriptor;
            }
        }
    }
}
