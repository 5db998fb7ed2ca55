//! How a filter is opened: what it is told, what it returns, and why it may refuse.

use std::sync::Arc;

use super::cells::{Telemetry, Waker};
use super::descriptor::{Descriptor, Settings};
use super::pacer::{Granted, Pacer};
use crate::ks::class::ClassView;
use crate::ks::dls_memory::DlsMemory;
use crate::ks::event::KernelEvent;
use crate::ks::format::{AudioFormat, DataFormat};
use crate::ks::glide::Glide;
use crate::ks::kernel::Resting;
use crate::ks::pin::DataFlow;
use crate::ks::processor::Processor;
use crate::ks::property::{Property, ValueSlot};
use crate::ks::synth::SynthCells;
use crate::ks::time::Clock;

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
    /// Where sounds are downloaded to, if the filter has made such a place (`Filter::dls_memory`).
    pub memory: Option<Arc<dyn DlsMemory>>,
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
        let initial = self.settings.slot_value(property);
        Glide::new(self.slot(property), property, initial, rate_hz)
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
    pub fn audio(&self, name: &str) -> AudioFormat {
        self.format(name)
            .and_then(|format| format.audio)
            .unwrap_or(AudioFormat {
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

/// What [`crate::ks::Filter::open`] returns.
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

    /// How long it is in seconds, where it is a source whose length is known.
    pub length_seconds: Option<f64>,
    /// Whether what it gives goes by the graph's position.
    pub is_positioned: bool,
    /// Whether it can play at another rate ([`Processor::set_rate`]).
    pub takes_rates: bool,
    /// What it plays, for whoever keeps it.
    pub tape: Option<crate::ks::Tape>,

    /// Whether it may have more events for a cycle than a frame holds ([`Processor::longest`]).
    pub cuts: bool,

    /// Whether it may have to be waited for offline ([`Processor::is_ready`]).
    pub waits: bool,

    /// What it may be left out for while it rests ([`Processor::kernel`]).
    pub resting: Option<Resting>,

    /// What its sequencer holds.
    pub score: Option<crate::ks::Score>,
    /// What it counts as a synthesizer.
    pub synth: Option<SynthCells>,
    /// Where it lays out its bank.
    pub bank: Option<crate::ks::BankDesk>,
    /// Is told when a text or path of it changed that is not structural.
    pub hears: Option<Hears>,
}

/// Is given all values of a filter when a text or path among them changed that is not structural. Runs on the program's thread; how
/// the processor comes to know of it is its own affair.
pub type Hears = Arc<dyn Fn(&Settings<'_>) + Send + Sync>;

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

            length_seconds: None,
            is_positioned: false,
            takes_rates: false,
            tape: None,

            cuts: false,
            waits: false,
            resting: None,

            score: None,
            synth: None,
            bank: None,
            hears: None,
        }
    }

    /// The same; what its sequencer holds can be seen, and changed before it is due.
    pub fn score(mut self, score: crate::ks::Score) -> Self {
        self.score = Some(score);
        self
    }

    /// The same; what it counts as a synthesizer can be seen.
    pub fn synth(mut self, cells: SynthCells) -> Self {
        self.synth = Some(cells);
        self
    }

    /// The same; its bank can be seen, and struck by hand.
    pub fn bank(mut self, desk: crate::ks::BankDesk) -> Self {
        self.bank = Some(desk);
        self
    }

    /// The same; it is told when a text of it changed that is not structural.
    pub fn hears(mut self, hears: impl Fn(&Settings<'_>) + Send + Sync + 'static) -> Self {
        self.hears = Some(Arc::new(hears));
        self
    }

    /// The same; what it gives goes by the graph's position, and ends after so many seconds, where that is known.
    pub fn positioned(mut self, length_seconds: Option<f64>) -> Self {
        (self.is_positioned, self.length_seconds) = (true, length_seconds);
        self
    }

    /// The same; it can play at another rate ([`Processor::set_rate`]).
    pub fn takes_rates(mut self) -> Self {
        self.takes_rates = true;
        self
    }

    /// The same; while it rests it multiplies samples, by two factors a channel at the most, and remembers nothing
    /// ([`Processor::kernel`]).
    #[must_use]
    pub fn multiplies(mut self) -> Self {
        self.resting = Some(Resting::Multiplies);
        self
    }

    /// The same; while it rests it makes a tone and multiplies it by one factor ([`Processor::kernel`]).
    #[must_use]
    pub fn makes(mut self) -> Self {
        self.resting = Some(Resting::Makes);
        self
    }

    /// The same; while it rests it does so many operations to each channel at the most ([`Processor::kernel`]).
    #[must_use]
    pub fn operates(mut self, operations: u8) -> Self {
        self.resting = Some(Resting::Operates(operations));
        self
    }

    /// The same; it may have more events for a cycle than a frame holds ([`Processor::longest`]).
    pub fn cuts(mut self) -> Self {
        self.cuts = true;
        self
    }

    /// The same; it may have to be waited for offline ([`Processor::is_ready`]).
    pub fn waits(mut self) -> Self {
        self.waits = true;
        self
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

    /// The same; what it plays goes onto a tape too.
    pub fn tape(mut self, tape: crate::ks::Tape) -> Self {
        self.tape = Some(tape);
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
