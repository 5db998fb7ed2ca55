//! The objects: filters that were opened by name, pins that were created on them, and what they know of each other.
//!
//! Opening takes no hardware and makes no pin (FIL-4). A filter closes its pins first, in reverse order of creation
//! (FIL-3); of two connected pins the source goes before the sink (CON-7). What happens is written down in order.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::events::Subscription;
use super::names::{self, LINKS, NameError};
use super::{Fired, create};
use crate::ks::{
    Catalogue, DataFormat, DataRange, Descriptor, Facts, Filter, Interface, Medium, Settings,
    State, Value,
};

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
    pub(super) events: Vec<Subscription>,
}

pub(super) enum Object {
    Filter(Box<FilterObject>),
    Pin(Box<PinObject>),
}

/// Everything that is open, and the catalogue that names lead to.
pub struct Host {
    pub(super) catalogue: Catalogue,
    pub(super) facts: Facts,
    links: Vec<(String, String)>,
    objects: BTreeMap<Handle, Object>,
    next: Handle,
    log: Vec<String>,
    pub(super) fired: Vec<Fired>,
}

impl Host {
    /// Nothing is open yet.
    pub fn new(catalogue: Catalogue, facts: Facts) -> Self {
        let links = LINKS.iter();
        Self {
            catalogue,
            facts,
            links: links
                .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
                .collect(),
            objects: BTreeMap::new(),
            next: 1,
            log: vec![],
            fired: vec![],
        }
    }

    /// Lets a name lead elsewhere from now on; what is open stays (REG-3).
    pub fn link(&mut self, name: &str, to: &str) {
        let plain = |text: &str| text.to_lowercase().trim_start_matches("ks://").to_owned();
        self.links.retain(|(from, _)| *from != plain(name));
        self.links.push((plain(name), plain(to)));
    }

    /// Opens a filter by key, title or `ks://category/reference`.
    pub fn open(&mut self, name: &str) -> Result<Handle, NameError> {
        let key = names::resolve(&self.catalogue, &self.links, name)?
            .key
            .clone();
        self.open_with(&key, BTreeMap::new())
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
            base: None,
        };
        let descriptor = filter.describe(&settings, &self.facts).into_owned();
        let title = descriptor.title.clone();
        let object = FilterObject {
            filter,
            descriptor,
            values,
            events: vec![],
        };
        let handle = self.insert(Object::Filter(Box::new(object)));
        self.say(format!("opened filter {handle} ({title})"));
        Ok(handle)
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
                self.say(format!("closed filter {handle}"));
            }
            Some(Object::Pin(pin)) => {
                // A sink outlives its source.
                let source = pin.peer.filter(|_| pin.role == Role::Sink);
                if let Some(source) = source {
                    self.close(source);
                }
                if let Some(Object::Pin(gone)) = self.objects.remove(&handle) {
                    let role = create::role_word(gone.role);
                    self.say(format!("closed pin {handle} ({role})"));
                    if let Some(Object::Pin(peer)) =
                        gone.peer.and_then(|it| self.objects.get_mut(&it))
                    {
                        peer.peer = None;
                    }
                }
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

    /// The descriptor of an open filter, or of a pin's filter.
    pub fn descriptor(&self, handle: Handle) -> Option<&Descriptor> {
        self.object(handle)?;
        Some(&self.filter_of(handle).descriptor)
    }

    /// Format, medium, interface and role of an open pin.
    pub fn agreed(&self, handle: Handle) -> Option<(&DataFormat, Medium, Interface, Role)> {
        match self.object(handle)? {
            Object::Pin(pin) => Some((&pin.format, pin.medium, pin.interface, pin.role)),
            Object::Filter(_) => None,
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

    pub(super) fn object_mut(&mut self, handle: Handle) -> Option<&mut Object> {
        self.objects.get_mut(&handle)
    }

    /// The filter a handle is, or the filter of the pin that it is. For handles that were looked up.
    pub(super) fn filter_of(&self, handle: Handle) -> &FilterObject {
        let id = match self.objects.get(&handle) {
            Some(Object::Pin(pin)) => pin.filter,
            _ => handle,
        };
        match self.objects.get(&id) {
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
            Object::Filter(_) => None,
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

    /// The static ranges of a factory.
    pub(super) fn ranges(&self, filter: Handle, factory: usize) -> Vec<DataRange> {
        let pins = &self.filter_of(filter).descriptor.pins;
        let rate_hz = self.facts.rate_hz;
        let filled = pins[factory].ranges.iter();
        let mut ranges: Vec<DataRange> = vec![];
        for range in filled.map(|range| range.at_graph_rate(rate_hz)) {
            if !ranges.contains(&range) {
                ranges.push(range);
            }
        }
        ranges
    }

    /// What is possible now, with the pins that are open (PIN-7).
    pub(super) fn constrained(&self, filter: Handle, factory: usize) -> Vec<DataRange> {
        let object = self.filter_of(filter);
        let count = object.descriptor.pins.len();
        let mut all: Vec<Vec<DataRange>> =
            (0..count).map(|index| self.ranges(filter, index)).collect();
        for (_, pin) in self.pins().filter(|(_, pin)| pin.filter == filter) {
            let only = DataRange::only(&pin.format);
            all[pin.factory] = all[pin.factory]
                .iter()
                .filter_map(|range| range.overlap(&only).ok())
                .collect();
        }
        let settings = Settings {
            values: &object.values,
            base: None,
        };
        object
            .filter
            .constrain(&object.descriptor, &settings, &mut all);
        all.swap_remove(factory)
    }

    /// A filter's descriptor after its values changed.
    pub(super) fn describe_anew(&mut self, filter: Handle) {
        let facts = self.facts.clone();
        if let Some(object) = self.filter_mut(filter) {
            let settings = Settings {
                values: &object.values,
                base: None,
            };
            let described = object.filter.describe(&settings, &facts);
            if let Cow::Owned(descriptor) = described {
                object.descriptor = descriptor;
            }
        }
    }
}
