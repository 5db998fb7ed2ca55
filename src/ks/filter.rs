//! What a filter is: its descriptor, and how it is opened. Immutable and usable from any thread; what runs is the
//! `Processor` it opens.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};

use super::class::ClassView;
use super::event::KernelEvent;
use super::facts::{Facts, whole_name};
use super::format::{DataFormat, DataRange, Kind};
use super::ids::{Guid, category};
use super::intersection::Intersection;
use super::pin::{DataFlow, PinFactory};
use super::processor::Processor;
use super::property::{Glide, Property, Value, ValueSlot};
use super::quality::{Degradation, Strategy};
use super::status::Status;
use super::time::Clock;
use super::topology::{Node, NodePin, TopologyConnection};

/// What the catalogue, the inspector, files and the negotiation read of a filter.
#[derive(Clone, PartialEq, Debug)]
pub struct Descriptor {
    /// The name in files: the stem of the filter's source file.
    pub key: Cow<'static, str>,
    /// The name people read.
    pub title: Cow<'static, str>,
    /// Functional categories; the first that is not AUDIO groups it in the catalogue.
    pub categories: Cow<'static, [Guid]>,
    /// Pin factories; their index is the KS pin id.
    pub pins: Cow<'static, [PinFactory]>,
    /// Properties; their index is the slot of their value on the audio thread.
    pub properties: Cow<'static, [Property]>,
    /// One or two sentences of help.
    pub help: Cow<'static, str>,
    /// What is inside; their index is the KS node id.
    pub nodes: Cow<'static, [Node]>,
    /// How nodes and pins hang together; empty stands for every input reaching every output.
    pub topology: Cow<'static, [TopologyConnection]>,
    /// How gladly it is taken where several would do; more is better.
    pub merit: u32,

    /// How it does with less, when a live graph is overloaded ([`Processor::degrade`]); `None`: it cannot.
    pub degrades: Option<Degradation>,
}

impl Descriptor {
    /// A descriptor from constant tables.
    pub const fn new(
        key: &'static str,
        title: &'static str,
        categories: &'static [Guid],
        pins: &'static [PinFactory],
        properties: &'static [Property],
    ) -> Self {
        Self {
            key: Cow::Borrowed(key),
            title: Cow::Borrowed(title),
            categories: Cow::Borrowed(categories),
            pins: Cow::Borrowed(pins),
            properties: Cow::Borrowed(properties),
            help: Cow::Borrowed(""),
            nodes: Cow::Borrowed(&[]),
            topology: Cow::Borrowed(&[]),
            merit: super::package::NORMAL_MERIT,

            degrades: None,
        }
    }

    /// The same descriptor of a filter that can do with less ([`Processor::degrade`]), and what it gives up at each
    /// level.
    pub const fn degrades(mut self, strategy: Strategy, gives_up: [&'static str; 3]) -> Self {
        self.degrades = Some(Degradation { strategy, gives_up });
        self
    }

    /// The same descriptor with nodes inside (TOP-1, TOP-2).
    pub const fn nodes(
        mut self,
        nodes: &'static [Node],
        topology: &'static [TopologyConnection],
    ) -> Self {
        core::mem::forget(core::mem::replace(&mut self.nodes, Cow::Borrowed(nodes)));
        core::mem::forget(core::mem::replace(
            &mut self.topology,
            Cow::Borrowed(topology),
        ));
        self
    }

    /// How nodes and pins hang together; where nothing is declared, every input reaches every output.
    pub fn connections(&self) -> Vec<TopologyConnection> {
        if !self.topology.is_empty() {
            return self.topology.to_vec();
        }
        let of = |flow| {
            let pins = self.pins.iter().enumerate();
            pins.filter(move |(_, pin)| pin.data_flow == flow)
                .map(|(index, _)| NodePin::Filter(index as u32))
        };
        of(DataFlow::In)
            .flat_map(|from| of(DataFlow::Out).map(move |to| TopologyConnection { from, to }))
            .collect()
    }

    /// The same descriptor with a help text.
    pub const fn help(mut self, help: &'static str) -> Self {
        core::mem::forget(core::mem::replace(&mut self.help, Cow::Borrowed(help)));
        self
    }

    /// Whether it gives the ticks of a clock that is its own, and no device's.
    pub fn has_own_clock(&self) -> bool {
        let gives = |pin: &PinFactory| pin.data_flow == DataFlow::Out && pin.kind() == Kind::Clock;
        self.categories.contains(&category::CLOCK) && self.pins.iter().any(gives)
    }

    /// The category that groups it in the catalogue.
    pub fn category(&self) -> Guid {
        let general = super::ids::category::AUDIO;
        self.categories
            .iter()
            .copied()
            .find(|id| *id != general)
            .unwrap_or(general)
    }

    /// The same descriptor with other ranges on one pin, for [`Filter::describe`].
    pub fn with_ranges(&self, pin: &str, ranges: Vec<DataRange>) -> Self {
        let mut described = self.clone();
        if let Some((index, factory)) = self.pin(pin) {
            described.pins.to_mut()[index] = factory.clone().with_ranges(ranges);
        }
        described
    }

    /// A pin factory and its index, by name.
    pub fn pin(&self, name: &str) -> Option<(usize, &PinFactory)> {
        self.pins
            .iter()
            .enumerate()
            .find(|(_, pin)| pin.name == name)
    }

    /// A property and its index, by key.
    pub fn property(&self, key: &str) -> Option<(usize, &Property)> {
        self.properties
            .iter()
            .enumerate()
            .find(|(_, property)| property.key == key)
    }
}

/// The values a filter has in its graph, with defaults behind them.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// What the graph says, by key; what is not there has its default.
    pub values: &'a BTreeMap<String, Value>,
    /// The folder of the graph's file, for relative paths.
    pub base: Option<&'a Path>,
}

impl Settings<'_> {
    /// The value of `property`, legal in its domain.
    pub fn value(&self, property: &Property) -> Value {
        let stored = self.values.get(property.key);
        stored
            .and_then(|value| property.legal(value))
            .unwrap_or_else(|| property.default_value())
    }

    /// The value of a number.
    pub fn number(&self, property: &Property) -> f64 {
        self.value(property).number().unwrap_or(0.0)
    }

    /// The value of a choice, text, path or device.
    pub fn text(&self, property: &Property) -> String {
        self.value(property).text().to_owned()
    }

    /// The value of a flag.
    pub fn is_on(&self, property: &Property) -> bool {
        self.value(property) == Value::Flag(true)
    }

    /// A path as the operating system needs it; `None` when it is empty.
    pub fn path(&self, property: &Property) -> Option<PathBuf> {
        let text = self.text(property);
        (!text.is_empty()).then(|| {
            self.base
                .map_or_else(|| PathBuf::from(&text), |base| base.join(&text))
        })
    }
}

/// How far down a tail is followed: to what 16 bits just hold.
pub const TAIL_DB: f64 = 90.0;

/// What narrows on a filter's pins: for each factory the ranges that are possible now.
pub type Constrained = Vec<Vec<DataRange>>;

/// A kind of filter. One value serves every instance in every graph.
pub trait Filter: Send + Sync {
    /// The constant part.
    fn descriptor(&self) -> &Descriptor;

    /// The descriptor for given values and observed facts, where files or devices decide.
    fn describe(&self, settings: &Settings<'_>, facts: &Facts) -> Cow<'_, Descriptor> {
        let _ = (settings, facts);
        Cow::Borrowed(self.descriptor())
    }

    /// Maps what the peers allow on each factory's pins onto the other pins. `pins` holds, for each factory of
    /// `descriptor`, the ranges still possible; ranges may only shrink. The default equates pins that work in place
    /// or share their format; an override for the odd filter usually calls [`constrain_same`] for the plain part.
    fn constrain(&self, descriptor: &Descriptor, settings: &Settings<'_>, pins: &mut Constrained) {
        let _ = settings;
        constrain_same(descriptor, pins);
    }

    /// The filter's own word on one pair of ranges, the client's and one of the pin's own, with room for so many bytes.
    /// NOT_IMPLEMENTED leaves the pair to the default (DIX-8); it is asked only where ids and attributes fit.
    fn intersect(
        &self,
        pin: usize,
        client: &DataRange,
        own: &DataRange,
        room: usize,
    ) -> Intersection {
        let _ = (pin, client, own, room);
        Intersection::Status(Status::NotImplemented)
    }

    /// Makes what runs. May be slow; never called on the audio thread. Everything the processor needs is made here.
    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError>;

    /// Seconds for which a sound goes on behind its last sample, latency apart, until it is [`TAIL_DB`] softer; infinite
    /// when it never is. `rate_hz` is that of what comes in.
    fn tail_seconds(&self, settings: &Settings<'_>, rate_hz: u32) -> f64 {
        let _ = (settings, rate_hz);
        0.0
    }
}

/// Gives pins that share their format the overlap of their ranges.
pub fn constrain_same(descriptor: &Descriptor, pins: &mut Constrained) {
    for (index, pin) in descriptor.pins.iter().enumerate() {
        let peer = pin.in_place_of.or(pin.same_format_as);
        let Some((other, _)) = peer.and_then(|name| descriptor.pin(name)) else {
            continue;
        };
        share(pins, index, other);
    }
}

/// Gives two pins the overlap of their ranges.
pub(super) fn share(pins: &mut Constrained, index: usize, other: usize) {
    let both: Vec<DataRange> = super::format::overlaps(&pins[other], &pins[index]).collect();
    let mut unique: Vec<DataRange> = Vec::with_capacity(both.len());
    for range in both {
        if !unique.contains(&range) {
            unique.push(range);
        }
    }
    pins[other].clone_from(&unique);
    pins[index] = unique;
}

/// A part of a sound format that two pins may share while the rest differs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Field {
    /// Sub format and bits of a sample.
    Coding,
    /// Rate.
    Rate,
    /// Number of channels.
    Channels,
}

/// Gives two pins the overlap of their ranges in some fields only: what converters of the other fields constrain by.
pub fn constrain_fields(pins: &mut Constrained, one: usize, other: usize, fields: &[Field]) {
    let narrowed = |mine: &[DataRange], theirs: &[DataRange]| {
        let mut kept: Vec<DataRange> = Vec::with_capacity(mine.len());
        for range in mine {
            for peer in theirs {
                if let Ok(piece) = range.overlap(&loosened(peer, range, fields))
                    && !kept.contains(&piece)
                {
                    kept.push(piece);
                }
            }
        }
        kept
    };
    let first = narrowed(&pins[one], &pins[other]);
    pins[other] = narrowed(&pins[other], &pins[one]);
    pins[one] = first;
}

/// `peer` with every field but `fields` wide open, so that it narrows `range` in those alone.
fn loosened(peer: &DataRange, range: &DataRange, fields: &[Field]) -> DataRange {
    let mut loose = DataRange {
        sample_size: 0,
        attributes: range.attributes.clone(),
        ..peer.clone()
    };
    if !fields.contains(&Field::Coding) {
        loose.sub = Guid::WILDCARD;
    }
    if let Some(limits) = loose.audio_limits_mut() {
        let open = (0, super::format::UNLIMITED);
        if !fields.contains(&Field::Coding) {
            (limits.min_bits, limits.max_bits) = open;
        }
        if !fields.contains(&Field::Rate) {
            (limits.min_rate_hz, limits.max_rate_hz) = open;
        }
        if !fields.contains(&Field::Channels) {
            (limits.min_channels, limits.max_channels) = open;
        }
    }
    loose
}

/// One pin instance of a filter that is being opened, in the order of `Io`'s inputs and outputs.
#[derive(Clone, Debug)]
pub struct OpenPin {
    /// Index of the factory.
    pub factory: usize,
    /// Instance of that factory.
    pub instance: usize,
    /// In or out.
    pub data_flow: DataFlow,
    /// What was agreed; `None` when unconnected.
    pub format: Option<DataFormat>,
}

/// What a filter is told when it is opened.
pub struct Opening<'a> {
    /// The filter's descriptor as described for these values and facts.
    pub descriptor: &'a Descriptor,
    /// Its values.
    pub settings: Settings<'a>,
    /// The graph's rate in Hz.
    pub rate_hz: u32,
    /// The most samples of the graph's rate in one cycle.
    pub max_len: usize,
    /// Its pins: per factory in order, the connected instances; a factory of one possible instance always has its one.
    pub pins: &'a [OpenPin],
    /// Whether the graph plays on a device now; otherwise it is rendered as fast as possible.
    pub live: bool,
    /// The time of the graph, for threads that stamp what arrives.
    pub clock: Arc<dyn Clock>,
    /// Wakes the audio thread; the one call a device may make.
    pub waker: Waker,
    /// Events to be played by a source of notes in place of live ones, in order of time.
    pub feed: Option<Arc<[KernelEvent]>>,
    /// Whether the user wants this filter's clock to drive the graph.
    pub drives: bool,
}

impl Opening<'_> {
    /// The slot of a property's value.
    ///
    /// # Panics
    /// When the property is not in the descriptor: a mistake of the filter's author that any test finds.
    pub fn slot(&self, property: &Property) -> ValueSlot {
        let found = self.descriptor.property(property.key);
        ValueSlot(found.expect("a filter asks for its own properties").0)
    }

    /// A number that follows its property without steps, in samples of the graph's rate.
    pub fn glide(&self, property: &Property) -> Glide {
        self.glide_at(property, self.rate_hz)
    }

    /// A number that follows its property without steps, in samples of a wire at `rate_hz`.
    pub fn glide_at(&self, property: &Property, rate_hz: u32) -> Glide {
        let initial = property.slot_value(&self.settings.value(property));
        Glide::new(
            self.slot(property),
            property,
            initial,
            rate_hz,
            self.max_len_at(rate_hz),
        )
    }

    /// The agreed format of the first instance of the pin called `name`.
    pub fn format(&self, name: &str) -> Option<&DataFormat> {
        let (factory, _) = self.descriptor.pin(name)?;
        self.pins
            .iter()
            .find(|pin| pin.factory == factory)?
            .format
            .as_ref()
    }

    /// How many instances of the pin called `name` are connected.
    pub fn connected(&self, name: &str) -> usize {
        let Some((factory, _)) = self.descriptor.pin(name) else {
            return 0;
        };
        self.pins
            .iter()
            .filter(|pin| pin.factory == factory && pin.format.is_some())
            .count()
    }

    /// The channels and rate of a connected sound pin; stereo at the graph's rate when it is unconnected.
    pub fn audio(&self, name: &str) -> super::format::AudioFormat {
        self.format(name)
            .and_then(|format| format.audio)
            .unwrap_or(super::format::AudioFormat {
                channels: 2,
                bits: 32,
                rate_hz: self.rate_hz,
            })
    }

    /// The most samples a wire at `rate_hz` carries in one cycle.
    pub fn max_len_at(&self, rate_hz: u32) -> usize {
        (self.max_len as u64 * u64::from(rate_hz)).div_ceil(u64::from(self.rate_hz)) as usize + 1
    }
}

/// Wakes the audio thread. Never blocks, never allocates.
#[derive(Clone, Default)]
pub struct Waker {
    thread: Option<std::thread::Thread>,
    is_given_up: Arc<AtomicBool>,
}

impl Waker {
    /// Wakes `thread`, which parks.
    pub fn of(thread: std::thread::Thread) -> Self {
        Self {
            thread: Some(thread),
            ..Self::default()
        }
    }

    /// Wakes it.
    pub fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }

    /// That thread does not come back, and nobody frees what it holds: whoever keeps a device for it is to let it go.
    pub fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Release);
    }

    /// Whether nobody is there to be woken.
    pub fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Acquire)
    }
}

/// Rung when something was said that a sleeping screen is to look at. Never blocks, never allocates.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<AtomicU32>);

impl Bell {
    /// Rings it.
    pub fn ring(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    /// How often it was rung, modulo 2³².
    pub fn rings(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }
}

/// Numbers that a processor publishes and a screen reads: the latest value wins. What each means is the filter's word.
#[derive(Clone, Debug)]
pub struct Telemetry(Arc<[AtomicU32]>);

impl Telemetry {
    /// `count` zeros.
    pub fn new(count: usize) -> Self {
        Self((0..count).map(|_| AtomicU32::new(0)).collect())
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Publishes a number. Out of range is ignored.
    pub fn set(&self, index: usize, value: f32) {
        if let Some(cell) = self.0.get(index) {
            cell.store(value.to_bits(), Ordering::Relaxed);
        }
    }

    /// The latest number; 0 out of range.
    pub fn get(&self, index: usize) -> f32 {
        self.0
            .get(index)
            .map_or(0.0, |cell| f32::from_bits(cell.load(Ordering::Relaxed)))
    }

    /// Publishes a number between what was published before and what comes after: whoever reads it with
    /// [`Self::get_in_order`] sees all of the former, and nothing of the latter without seeing this number.
    pub fn set_in_order(&self, index: usize, value: f32) {
        fence(Ordering::SeqCst);
        self.set(index, value);
        fence(Ordering::SeqCst);
    }

    /// The latest number, read after what was read before it and ahead of what is read later.
    pub fn get_in_order(&self, index: usize) -> f32 {
        fence(Ordering::SeqCst);
        let value = self.get(index);
        fence(Ordering::SeqCst);
        value
    }
}

/// What paces a live graph: a device whose ring runs empty. The engine asks it on the audio thread.
pub trait Pacer: Send {
    /// How many samples of the graph's rate the device can take now.
    fn due(&mut self) -> usize;

    /// Samples of the graph's rate that have passed on its clock since it was opened, heard or not.
    fn played(&self) -> u64;

    /// Whether it drives the graph from here on; otherwise it is to keep in step with whatever does.
    fn drive(&mut self, is_driver: bool) {
        let _ = is_driver;
    }

    /// Whether it wakes the audio thread when it can take more; what does not is asked again by time.
    fn wakes(&self) -> bool {
        true
    }

    /// The graph begins to run: what was missed until now is not to be made up for.
    fn restart(&mut self) {}

    /// It drives, and so many samples were made.
    fn made(&mut self, len: usize) {
        let _ = len;
    }

    /// Samples between a cycle and the ear.
    fn latency_samples(&self) -> usize;

    /// Whether the device is gone, so that another pacer must take over.
    fn is_lost(&self) -> bool;

    /// Times the device found nothing to play while the graph ran.
    fn xruns(&self) -> u32;

    /// How often the device has called, in every state of the graph; `None` where nothing calls. A device whose number
    /// stands still is given up.
    fn calls(&self) -> Option<u64> {
        None
    }

    /// The device is stuck: it is lost from here on.
    fn give_up(&mut self) {}
}

/// A device as it was really granted, whatever was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Granted {
    /// The host that offers it: `alsa`, `jack`, `pipewire`, `pulseaudio`, `null`.
    pub host: String,
    /// Its name there.
    pub name: String,
    /// Its rate in Hz.
    pub rate_hz: u32,
    /// Its channels, which may be more than the wire's.
    pub channels: u32,
    /// Its own samples, as the host calls them.
    pub samples: String,
    /// Samples a channel that it takes at a time; 0 when it does not say.
    pub period: usize,
}

impl Granted {
    /// The name that finds it again: its host and its name there.
    pub fn whole_name(&self) -> String {
        whole_name(&self.host, &self.name)
    }
}

impl std::fmt::Display for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            rate_hz,
            channels,
            samples,
            ..
        } = self;
        let name = self.whole_name();
        write!(f, "{name}: {rate_hz} Hz, {channels} ch, {samples}, ")?;
        match self.period {
            0 => write!(f, "a period of its own"),
            period => write!(f, "{period} samples at a time"),
        }
    }
}

/// What [`Filter::open`] returns.
pub struct Opened {
    /// What runs.
    pub processor: Box<dyn Processor>,
    /// Whether its stream never ends by itself. Only sources are asked.
    pub endless: bool,
    /// What it publishes.
    pub telemetry: Option<Telemetry>,
    /// Where live events for it go in: bytes of one message each, stamped by the sender.
    pub events: Option<rtrb::Producer<KernelEvent>>,
    /// Set by a render pin of a device: it can pace the graph.
    pub pacer: Option<Box<dyn Pacer>>,
    /// The clock on its pin (MCL-1).
    pub clock: Option<Arc<dyn Clock>>,
    /// The device that was granted to it.
    pub device: Option<Granted>,
    /// Why its device cannot be had now: it runs without, and is to be opened again when the device may be there.
    pub absence: Option<String>,
    /// Words about how it was opened, for the log: the device and format granted, say.
    pub notes: Vec<String>,

    /// Whether it has frames of its own for what comes in ([`Processor::lend`]).
    pub lends: bool,

    /// Whether it says something of the frames it gets ([`Processor::quality`]).
    pub reports_quality: bool,

    /// The class driver behind it, to be looked at.
    pub class: Option<Arc<dyn ClassView>>,
}

impl Opened {
    /// A processor and nothing else.
    pub fn processor(processor: impl Processor + 'static) -> Self {
        Self {
            processor: Box::new(processor),
            endless: false,
            telemetry: None,
            events: None,
            pacer: None,
            clock: None,
            device: None,
            absence: None,
            notes: Vec::new(),
            lends: false,

            reports_quality: false,

            class: None,
        }
    }

    /// The same; it says something of the frames it gets ([`Processor::quality`]).
    pub fn reports_quality(mut self) -> Self {
        self.reports_quality = true;
        self
    }

    /// The same; what comes in first comes in frames of its own ([`Processor::lend`]).
    pub fn lends(mut self) -> Self {
        self.lends = true;
        self
    }

    /// The same; its stream never ends by itself.
    pub fn endless(mut self) -> Self {
        self.endless = true;
        self
    }

    /// The same with published numbers.
    pub fn telemetry(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = Some(telemetry);
        self
    }

    /// The same with an entry for live events.
    pub fn events(mut self, events: rtrb::Producer<KernelEvent>) -> Self {
        self.events = Some(events);
        self
    }

    /// The same with a pacer.
    pub fn pacer(mut self, pacer: Box<dyn Pacer>) -> Self {
        self.pacer = Some(pacer);
        self
    }

    /// The same with a clock on its pin.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The same on the device that was granted, with a word of it for the log.
    pub fn device(mut self, device: Granted) -> Self {
        self.notes.push(device.to_string());
        self.device = Some(device);
        self
    }

    /// The same in want of a device.
    pub fn absence(mut self, why: impl Into<String>) -> Self {
        self.absence = Some(why.into());
        self
    }

    /// The same with a word for the log.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// Why a filter could not be opened. Each says what was tried, what stopped it and what helps.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    /// A property keeps it from opening.
    #[error("{property}: {found}; wanted {wanted}")]
    Property {
        /// Key of the property.
        property: String,
        /// What it is.
        found: String,
        /// What it should be.
        wanted: String,
    },
    /// A file cannot be read, understood or written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What stopped it.
        reason: String,
    },
    /// A device cannot be had.
    #[error("{device}: {reason}")]
    Device {
        /// The device.
        device: String,
        /// What stopped it.
        reason: String,
    },
    /// The agreed format is refused after all; it becomes a fact and the next agreement avoids it (DIX-17).
    #[error("{pin} refuses {format}: {reason}")]
    Format {
        /// The pin.
        pin: String,
        /// The format that was refused.
        format: Box<DataFormat>,
        /// What stopped it.
        reason: String,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_share_the_named_fields_and_no_others() {
        let peers = vec![
            vec![DataRange::pcm(16, 16, 44_100, 44_100).exactly_channels(6)],
            vec![
                DataRange::float(48_000, 48_000),
                DataRange::float(8_000, 96_000).at_most_channels(2),
            ],
        ];
        let mut pins = peers.clone();
        constrain_fields(&mut pins, 0, 1, &[Field::Channels]);
        assert_eq!(pins[0], peers[0]);
        let six = DataRange::float(48_000, 48_000).exactly_channels(6);
        assert_eq!(pins[1], [six], "stereo is out, the rate and coding are not");
        let again = pins.clone();
        constrain_fields(&mut pins, 0, 1, &[Field::Channels]);
        assert_eq!(pins, again);

        let mut pins = peers.clone();
        constrain_fields(&mut pins, 0, 1, &[Field::Rate, Field::Coding]);
        assert!(pins[0].is_empty() && pins[1].is_empty());
    }
}
