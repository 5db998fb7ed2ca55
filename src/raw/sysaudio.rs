//! SysAudio as an object: virtual devices by number, and pins on the one that is chosen (section 18).
//!
//! It is in no graph and in no catalogue (SYS-1). What is asked of pins and nodes is handed to the filters of the device, open as
//! one object of their own ([`Bundle`]), one for each device that a handle was ever about: pins stay where they were made when
//! another is chosen.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answer::{Answer, Call};
use super::dispatch::{Item, PropertySet, Request, verb};
use super::layout::{self, INSTANCE, REQUEST, Reader};
use super::names::plain;
use super::object::{FilterObject, Handle, Host, Object};
use super::registry::Entry;
use super::sets;
use crate::ks::ids::{Guid, category};
use crate::ks::{Bundle, Filter, Status, Through, Use, VirtualDevice, virtual_devices};

/// Stands for the device that is chosen.
const CURRENT: u32 = u32::MAX;
/// Flags of INSTANCE_INFO: do not mix pins, forget what was preferred.
const FLAGS: u32 = 3;
/// The name that opens it, and the word of its category.
pub(super) const NAME: &str = "sysaudio";
/// Names of virtual devices stand under this word.
const DEVICES: &str = "audio_device/";
const DEFAULT: &str = "render/default renderer";

/// A device wherever it stands in the list.
type Known = (Use, String);

/// A handle of SysAudio.
#[derive(Default)]
pub(super) struct SysAudioObject {
    /// The device that is chosen; none where the machine had none.
    current: Option<Known>,
    /// The filters of each device that was chosen.
    open: Vec<(Known, Handle)>,
    /// Optional nodes that were named, by device and pin, for pins that are made from then on (SYS-3).
    selected: BTreeMap<(Known, u32), u32>,
}

/// What a pin of a virtual device has beside other pins.
#[derive(Clone, Default)]
pub(super) struct VirtualPin {
    /// Nodes its data go through.
    path: Vec<u32>,
    /// Virtual sources that were attached.
    sources: Vec<u32>,
}

/// What SysAudio keeps for all of its handles.
#[derive(Default)]
pub(super) struct SysAudio {
    /// Category and name of virtual sources; their index is their number (SYS-6).
    sources: Vec<(Guid, Guid)>,
    pub(super) pins: BTreeMap<Handle, VirtualPin>,
    /// The default renderer that was chosen; without one it follows the system.
    chosen: Option<String>,
}

const SETS: &[PropertySet] = &[PropertySet {
    id: sets::SYSAUDIO,
    items: ITEMS,
}];

/// Of pins of virtual devices.
pub(super) const PIN: &[Item] = &[Item::set(0, INSTANCE, 0, attach)];

const ITEMS: &[Item] = &[
    Item::get(1, REQUEST, |host, request| {
        number(host.virtual_devices().len() as u32, request)
    }),
    Item::get(2, REQUEST, |host, request| {
        of(host, request, |it| {
            Answer::text(layout::wide(&it.name), request.output)
        })
    }),
    Item::get(3, REQUEST, |host, request| {
        match host.current_device(request.handle) {
            Ok(it) => number(it, request),
            Err(status) => Answer::status(status),
        }
    })
    .and_set(4, |host, request| match Reader(request.data).u32() {
        Some(index) => Answer::status(host.choose(request.handle, index, 0)),
        None => Answer::status(Status::InvalidParameter),
    }),
    Item::get(4, REQUEST, |host, request| {
        of(host, request, |it| {
            Answer::text(layout::wide(&name_of(it)), request.output)
        })
    }),
    Item::set(5, REQUEST + 16, 0, select),
    Item::get(6, REQUEST + 32, |_, _| {
        Answer::status(Status::InvalidParameter)
    }),
    Item::get(7, REQUEST, |host, request| match host.default_device() {
        Ok(it) => number(it, request),
        Err(status) => Answer::status(status),
    })
    .and_set(4, |host, request| match Reader(request.data).u32() {
        Some(index) => Answer::status(host.choose_default(index)),
        None => Answer::status(Status::InvalidParameter),
    }),
    Item::set(14, REQUEST + 8, 0, |host, request| {
        let mut reader = Reader(&request.input[REQUEST..]);
        let read = reader.u32().zip(reader.u32());
        match read {
            Some((flags, index)) if flags & !FLAGS == 0 => {
                Answer::status(host.choose(request.handle, index, flags))
            }
            _ => Answer::status(Status::InvalidParameter),
        }
    }),
    Item::get(16, REQUEST, component),
];

/// Creates a virtual source: GET, though it makes something (SYS-6).
const CREATE_VIRTUAL_SOURCE: u32 = 6;

fn number(value: u32, request: &Request<'_>) -> Answer {
    Answer::sized(value.to_le_bytes().to_vec(), request.output)
}

/// The name that opens a virtual device.
fn name_of(device: &VirtualDevice) -> String {
    format!("ks://{DEVICES}{}", reference(device))
}

fn reference(device: &VirtualDevice) -> String {
    format!("{}:{}", device.kind.name(), device.name).to_lowercase()
}

/// Answers for the device behind the head, or the one that is chosen.
fn of(host: &Host, request: &Request<'_>, answer: impl FnOnce(&VirtualDevice) -> Answer) -> Answer {
    let index = match request.instance() {
        None | Some(CURRENT) => match host.current_device(request.handle) {
            Ok(it) => it,
            Err(status) => return Answer::status(status),
        },
        Some(index) => index,
    };
    match host.virtual_devices().get(index as usize) {
        Some(device) => answer(device),
        None => Answer::status(Status::InvalidParameter),
    }
}

/// Who made the filter that renders or captures for the device.
fn component(host: &Host, request: &Request<'_>) -> Answer {
    of(host, request, |device| {
        let key = device.filters.last().map_or("", |it| it);
        Answer::sized(super::topology::component_of(key), request.output)
    })
}

/// Names an optional node that pins are to have on their way from now on (SYS-3).
fn select(host: &mut Host, request: &Request<'_>) -> Answer {
    let mut reader = Reader(&request.input[REQUEST..]);
    let (Some(pin), Some(node), Some(flags)) = (reader.u32(), reader.u32(), reader.u32()) else {
        return Answer::status(Status::InvalidParameter);
    };
    let Some(device) = host.stands_in(request.handle) else {
        return Answer::status(Status::DeviceNotReady);
    };
    let descriptor = &host.filter_of(device).descriptor;
    if flags != 0 || descriptor.path(pin, Through::Node(node)).is_none() {
        return Answer::status(Status::InvalidParameter);
    }
    if let Some(Object::SysAudio(it)) = host.object_mut(request.handle)
        && let Some(current) = it.current.clone()
    {
        it.selected.insert((current, pin), node);
    }
    Answer::status(Status::Success)
}

/// A pin of a virtual device gets the controls of a virtual source (SYS-6).
fn attach(host: &mut Host, request: &Request<'_>) -> Answer {
    let count = host.sysaudio.sources.len() as u32;
    let index = request.instance().filter(|index| *index < count);
    let pin = host.sysaudio.pins.get_mut(&request.handle);
    match index.zip(pin) {
        Some((index, pin)) => {
            if !pin.sources.contains(&index) {
                pin.sources.push(index);
            }
            Answer::status(Status::Success)
        }
        None => Answer::status(Status::InvalidParameter),
    }
}

impl Host {
    /// The virtual devices as they are numbered now: all uses one behind the other.
    pub fn virtual_devices(&self) -> Vec<VirtualDevice> {
        virtual_devices(&self.catalogue, &self.facts)
    }

    /// Opens SysAudio, or a virtual device by its name; `None` where the name is another.
    pub(super) fn open_sysaudio(&mut self, name: &str) -> Option<Handle> {
        let path = plain(name).to_lowercase();
        let all = self.virtual_devices();
        let device = match path.strip_prefix(DEVICES) {
            Some(rest) => Some(all.iter().find(|it| reference(it) == rest)?),
            None if path == NAME || path == "sysaudio/sysaudio" => {
                let mut outputs = all.iter().filter(|it| it.kind == Use::WaveOut);
                let default = outputs.find(|it| it.is_default);
                default.or(all.first())
            }
            None => return None,
        };
        let device = device.cloned();
        let handle = self.insert(Object::SysAudio(Box::default()));
        self.say(format!("opened SysAudio {handle}"));
        if let Some(device) = device {
            self.stand_on(handle, &device);
        }
        Some(handle)
    }

    /// Makes a handle be about a device: its filters open, where they are not yet.
    fn stand_on(&mut self, handle: Handle, device: &VirtualDevice) -> Option<Handle> {
        let known: Known = (device.kind, device.name.clone());
        let Some(Object::SysAudio(it)) = self.object_mut(handle) else {
            return None;
        };
        it.current = Some(known);
        self.opened_for(handle, device)
    }

    /// The filters of a device, opened for a handle.
    fn opened_for(&mut self, handle: Handle, device: &VirtualDevice) -> Option<Handle> {
        let known: Known = (device.kind, device.name.clone());
        let Some(Object::SysAudio(it)) = self.object(handle) else {
            return None;
        };
        if let Some((_, open)) = it.open.iter().find(|(of, _)| *of == known) {
            return Some(*open);
        }
        let bundle = Bundle::new(&self.catalogue, &self.facts, device)?;
        let descriptor = bundle.descriptor().clone();
        let object = FilterObject {
            memory: bundle.dls_memory(),
            filter: Arc::new(bundle),
            descriptor,
            values: BTreeMap::new(),
            events: vec![],
            is_lost: false,
            synth: None,
            class: Default::default(),
        };
        let open = self.insert(Object::Filter(Box::new(object)));
        self.say(format!("opened virtual device {open} ({})", device.name));
        if let Some(Object::SysAudio(it)) = self.object_mut(handle) {
            it.open.push((known, open));
        }
        Some(open)
    }

    /// The filters of the device that a handle of SysAudio is about.
    pub(super) fn stands_in(&self, handle: Handle) -> Option<Handle> {
        match self.object(handle)? {
            Object::SysAudio(it) => {
                let current = it.current.as_ref()?;
                let mut open = it.open.iter();
                open.find(|(of, _)| of == current).map(|(_, open)| *open)
            }
            _ => None,
        }
    }

    /// The number of the device that a handle is about, as devices are numbered now; one that is gone has none (SYS-11).
    fn current_device(&self, handle: Handle) -> Result<u32, Status> {
        let Some(Object::SysAudio(it)) = self.object(handle) else {
            return Err(Status::InvalidParameter);
        };
        let known = it.current.as_ref().ok_or(Status::DeviceNotReady)?;
        let mut all = self.virtual_devices().into_iter();
        let at = all.position(|it| (it.kind, &it.name) == (known.0, &known.1));
        at.map(|at| at as u32).ok_or(Status::DeviceNotReady)
    }

    /// Chooses the device that a handle is about from now on.
    fn choose(&mut self, handle: Handle, index: u32, flags: u32) -> Status {
        let index = match index {
            CURRENT => match self.current_device(handle) {
                Ok(it) => it,
                Err(status) => return status,
            },
            index => index,
        };
        let Some(device) = self.virtual_devices().get(index as usize).cloned() else {
            return Status::InvalidParameter;
        };
        self.say(format!("SysAudio {handle}: device {index}, flags {flags}"));
        match self.stand_on(handle, &device) {
            Some(_) => Status::Success,
            None => Status::DeviceNotReady,
        }
    }

    /// The number of the default renderer: the one that was chosen, else the system's.
    fn default_device(&self) -> Result<u32, Status> {
        let all = self.virtual_devices();
        let mut outputs = all.iter().filter(|it| it.kind == Use::WaveOut);
        let is_it = |it: &&VirtualDevice| match &self.sysaudio.chosen {
            Some(name) => it.name == *name,
            None => it.is_default,
        };
        let found = outputs.find(is_it).ok_or(Status::DeviceNotReady)?;
        let at = all.iter().position(|it| it == found);
        at.map(|at| at as u32).ok_or(Status::DeviceNotReady)
    }

    /// Where the name of the default renderer leads from now on: to one device, or wherever the system says (REG-3).
    fn choose_default(&mut self, index: u32) -> Status {
        if index == CURRENT {
            self.sysaudio.chosen = None;
            self.link(DEFAULT, "render/audio_device_out");
            return Status::Success;
        }
        match self.virtual_devices().get(index as usize) {
            Some(device) if device.kind == Use::WaveOut => {
                let to = format!("render/{}", device.name);
                self.sysaudio.chosen = Some(device.name.clone());
                self.link(DEFAULT, &to);
                Status::Success
            }
            _ => Status::InvalidParameter,
        }
    }

    /// A call on a handle of SysAudio: its own set, else one on the filters of the device.
    pub(super) fn sysaudio_property(&mut self, handle: Handle, call: Call<'_>) -> Answer {
        let Some(request) = Request::read(handle, call) else {
            return Answer::status(Status::InvalidBufferSize);
        };
        if request.has(verb::SETSUPPORT) && request.set.is_wildcard() {
            // Its own set goes before those of the device.
            let device = self.stands_in(handle);
            let room = Call {
                output: usize::MAX,
                ..call
            };
            let behind = device.map_or(vec![], |device| self.property(device, room).data);
            let own = layout::guid_bytes(sets::SYSAUDIO);
            return Answer::sized([own.to_vec(), behind].concat(), request.output);
        }
        if request.set == sets::SYSAUDIO && request.has(verb::SETSUPPORT) {
            return Answer::status(Status::Success);
        }
        if request.set == sets::SYSAUDIO {
            if request.id == CREATE_VIRTUAL_SOURCE
                && request.has(verb::GET)
                && !request.has(verb::BASICSUPPORT | verb::RELATIONS)
            {
                return self.create_source(&request);
            }
            return self.answer_from(SETS, handle, &request);
        }
        // The second word behind the head, where there is one, is a device's number (SYS-5); nothing is the one chosen.
        let mut behind = Reader(request.input.get(REQUEST..).unwrap_or_default());
        let named = behind.u32().and_then(|_| behind.u32());
        let device = match named.filter(|it| *it != 0 && *it != CURRENT) {
            None => match self.current_device(handle) {
                Ok(_) => self.stands_in(handle),
                Err(status) => return Answer::status(status),
            },
            Some(index) => match self.virtual_devices().get(index as usize).cloned() {
                Some(device) => self.opened_for(handle, &device),
                None => return Answer::status(Status::InvalidParameter),
            },
        };
        match device {
            Some(device) => self.property(device, call),
            None => Answer::status(Status::DeviceNotReady),
        }
    }

    fn create_source(&mut self, request: &Request<'_>) -> Answer {
        let mut reader = Reader(request.input.get(REQUEST..).unwrap_or_default());
        let Some(pair) = reader.guid().zip(reader.guid()) else {
            return Answer::status(Status::InvalidParameter);
        };
        // Nothing is made for somebody who cannot be told of it.
        if request.output < 4 {
            return number(0, request);
        }
        let sources = &mut self.sysaudio.sources;
        let known = sources.iter().position(|it| *it == pair);
        let index = known.unwrap_or_else(|| {
            sources.push(pair);
            sources.len() - 1
        });
        number(index as u32, request)
    }

    /// A pin was made through a handle of SysAudio: the way of its data is settled now, and stays (SYS-3).
    pub(super) fn note_virtual_pin(&mut self, handle: Handle, pin: Handle) {
        let Some(Object::Pin(it)) = self.object(pin) else {
            return;
        };
        let (device, number) = (it.filter, it.factory as u32);
        let Some(Object::SysAudio(it)) = self.object(handle) else {
            return;
        };
        let of = it.open.iter().find(|(_, open)| *open == device);
        let selected = of.and_then(|(known, _)| it.selected.get(&(known.clone(), number)));
        let through = selected.map_or(Through::Fewest, |node| Through::Node(*node));
        let descriptor = &self.filter_of(device).descriptor;
        let path = descriptor.path(number, through).unwrap_or_default();
        let made = VirtualPin {
            path,
            sources: vec![],
        };
        self.sysaudio.pins.insert(pin, made);
    }

    /// The nodes that the data of a pin of a virtual device go through, and the virtual sources attached to it.
    pub fn virtual_pin(&self, pin: Handle) -> Option<(&[u32], &[u32])> {
        let it = self.sysaudio.pins.get(&pin)?;
        Some((&it.path, &it.sources))
    }

    /// What a handle of SysAudio has open.
    pub(super) fn opened_by(&self, handle: Handle) -> Vec<Handle> {
        match self.object(handle) {
            Some(Object::SysAudio(it)) => it.open.iter().map(|(_, open)| *open).collect(),
            _ => vec![],
        }
    }

    /// Entries of SysAudio and of virtual devices.
    pub(super) fn virtual_entries(&self) -> Vec<Entry> {
        let mut entries = vec![Entry {
            category: category::SYSAUDIO,
            name: format!("ks://{NAME}/{NAME}"),
            reference: NAME.into(),
            title: "SysAudio".into(),
            leads_to: None,
            factory: NAME.into(),
        }];
        entries.extend(self.virtual_devices().iter().map(|it| Entry {
            category: category::AUDIO_DEVICE,
            name: name_of(it),
            reference: reference(it),
            title: it.name.clone(),
            leads_to: None,
            factory: NAME.into(),
        }));
        entries
    }

    /// Virtual devices came and went: whoever watches is told, and pins on those that went stop and answer that they are not
    /// ready, until they are back (SYS-11).
    pub(super) fn virtual_devices_changed(&mut self, before: &[VirtualDevice]) {
        let after = self.virtual_devices();
        let is_in = |all: &[VirtualDevice], it: &VirtualDevice| {
            let mut all = all.iter();
            all.any(|other| (other.kind, &other.name) == (it.kind, &it.name))
        };
        let lost = before.iter().filter(|it| !is_in(&after, it));
        let new = after.iter().filter(|it| !is_in(before, it));
        let told = lost.map(|it| (false, it)).chain(new.map(|it| (true, it)));
        for (is_arrival, device) in told {
            self.tell_device(is_arrival, category::AUDIO_DEVICE, &reference(device));
            let known: Known = (device.kind, device.name.clone());
            for handle in self.objects() {
                let Some(Object::SysAudio(it)) = self.object(handle) else {
                    continue;
                };
                let open = it.open.iter().find(|(of, _)| *of == known);
                if let Some((_, open)) = open.cloned() {
                    self.filter_changed(open, is_arrival);
                }
            }
        }
    }
}
