//! What a minidriver says of itself before any graph opens it: its pins and its properties, asked when it is registered, as
//! a device is when it is plugged in (SRB-1, SRB-2).
//!
//! An entry whose descriptor lists pins is not asked: it has said. One that lists none is started with no stream open,
//! asked, and ended again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::class::ClassDriver;
use super::handle::Handle;
use super::minidriver::MinidriverEntry;
use super::request::DeviceInfo;
use crate::ks::{
    ClassAsk, ClassItem, ClassSheet, ClassView, ClassWord, Clock, DataFormat, Descriptor, Health,
    OpenError, Opened, Opening, PinFactory, Processor, RefTime, Settings, State, Status, Waker,
};

/// The answer.
#[derive(Default)]
pub(super) struct Told {
    /// The entry's descriptor with the pins in it, where it lists none itself.
    pub(super) descriptor: Option<Descriptor>,
    of_device: Vec<ClassItem>,
    of_pins: Vec<Vec<ClassItem>>,
    /// Why there is no answer.
    pub(super) fault: Option<String>,
}

impl Told {
    pub(super) fn ask<E: MinidriverEntry>(driver: &ClassDriver<E>, entry: &E) -> Self {
        if !entry.descriptor().pins.is_empty() {
            return Self::default();
        }
        let nothing = BTreeMap::new();
        let settings = Settings {
            values: &nothing,
            base: None,
        };
        let told = open(driver, entry.descriptor(), &settings);
        match told.map(|(_, _, told)| told) {
            Ok(Some(told)) => Self::of(entry.descriptor(), told),
            Ok(None) => Self::default(),
            Err(error) => Self {
                fault: Some(format!(
                    "its minidriver could not be asked for its streams: {error}"
                )),
                ..Self::default()
            },
        }
    }

    fn of(descriptor: &Descriptor, told: DeviceInfo) -> Self {
        let (pins, of_pins): (Vec<PinFactory>, Vec<Vec<ClassItem>>) = told
            .streams
            .into_iter()
            .map(|it| (it.pin, it.properties))
            .unzip();
        Self {
            descriptor: Some(Descriptor {
                pins: Cow::Owned(pins),
                ..descriptor.clone()
            }),
            of_device: told.properties,
            of_pins,
            fault: None,
        }
    }

    /// A descriptor with the pins in it, where it has none.
    pub(super) fn add_pins<'a>(&'a self, described: Cow<'a, Descriptor>) -> Cow<'a, Descriptor> {
        match (&self.descriptor, described) {
            (None, described) => described,
            (Some(_), described) if !described.pins.is_empty() => described,
            (Some(told), Cow::Borrowed(_)) => Cow::Borrowed(told),
            (Some(told), Cow::Owned(described)) => Cow::Owned(Descriptor {
                pins: told.pins.clone(),
                ..described
            }),
        }
    }

    /// Properties of the device, or of a stream by its pin factory.
    pub(super) fn items(&self, pin: Option<usize>) -> &[ClassItem] {
        match pin {
            None => &self.of_device,
            Some(factory) => self.of_pins.get(factory).map_or(&[], Vec::as_slice),
        }
    }
}

/// A clock of which nobody asks anything: nothing runs.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> RefTime {
        0
    }
}

/// With no stream open.
fn open<E: MinidriverEntry>(
    driver: &ClassDriver<E>,
    descriptor: &Descriptor,
    settings: &Settings<'_>,
) -> Result<(Opened, Handle, Option<DeviceInfo>), OpenError> {
    const RATE_HZ: u32 = 48_000;
    driver.open_told(&Opening {
        descriptor,
        settings: *settings,
        rate_hz: RATE_HZ,
        max_len: 1,
        pins: &[],
        live: false,
        clock: Arc::new(Standing),
        waker: Waker::default(),
        feed: None,
        drives: false,
        memory: None,
    })
}

/// Starts it for whoever only asks.
pub(super) fn start<E: MinidriverEntry>(
    driver: &ClassDriver<E>,
    settings: &Settings<'_>,
) -> Result<Arc<dyn ClassView>, OpenError> {
    use crate::ks::Filter;
    let (opened, handle, _) = open(driver, driver.descriptor(), settings)?;
    Ok(Arc::new(Alone {
        handle,
        _processor: Mutex::new(opened.processor),
    }))
}

/// A class driver that no graph runs. It ends with this.
struct Alone {
    handle: Handle,
    _processor: Mutex<Box<dyn Processor>>,
}

impl std::fmt::Debug for Alone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.handle.fmt(f)
    }
}

impl ClassView for Alone {
    fn sheet(&self) -> ClassSheet {
        self.handle.sheet()
    }

    fn health(&self) -> Health {
        self.handle.health()
    }

    fn take_words(&self) -> Vec<ClassWord> {
        self.handle.take_words()
    }

    fn ask(&self, item: &ClassAsk<'_>, patience_ms: Option<u64>) -> Result<Vec<u8>, Status> {
        ClassView::ask(&self.handle, item, patience_ms)
    }

    fn open_stream(&self, factory: usize, format: &DataFormat) -> Result<usize, Status> {
        self.handle.open_stream(factory, format)
    }

    fn step_stream(&self, stream: usize, state: State) -> Result<(), Status> {
        self.handle.step_stream(stream, state)
    }

    fn close_stream(&self, stream: usize) {
        self.handle.close_stream(stream);
    }
}
