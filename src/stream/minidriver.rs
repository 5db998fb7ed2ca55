//! What the author of a filter that may block writes: a [`Minidriver`], and the [`MinidriverEntry`] that makes one.
//!
//! All callbacks of one minidriver come from one worker thread, one after the other; it is never re-entered. Nothing
//! here runs on the audio thread but [`InterruptLine::raise`].

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::rings::Shared;
use super::srb::{Srb, SrbId};
use crate::ks::ids::Guid;
use crate::ks::{
    AudioFormat, Clock, Descriptor, Facts, OpenError, Opening, Property, Settings, Telemetry,
    Values,
};

/// The eight callbacks. Only the data callback must be written: requests are answered through the `Done` inside them,
/// at once or later.
///
/// A stream that counts upwards for ever, whole:
///
/// ```
/// use ksgraph::ks::Status;
/// use ksgraph::stream::{Minidriver, Srb};
///
/// struct Counting(f32);
///
/// impl Minidriver for Counting {
///     fn receive_data(&mut self, srb: Srb) {
///         let Srb::Read { mut frame, done, .. } = srb else {
///             return srb.refuse(Status::NotImplemented);
///         };
///         let room = frame.capacity();
///         if let Some(wave) = frame.payload.wave_mut() {
///             wave.set_len(room);
///             for sample in wave.channel_mut(0) {
///                 self.0 += 1.0;
///                 *sample = self.0;
///             }
///         }
///         done.complete(frame);
///     }
/// }
/// ```
pub trait Minidriver: Send {
    /// READ and WRITE. One stream has one request here at a time, and gets the next when it is answered, unless the
    /// minidriver wants them all.
    fn receive_data(&mut self, srb: Srb);

    /// State, and whatever else concerns one stream.
    fn receive_control(&mut self, srb: Srb) {
        srb.accept();
    }

    /// Initialise, open and close a stream: whatever concerns the device as a whole.
    fn receive_device(&mut self, srb: Srb) {
        srb.accept();
    }

    /// Give up the request you hold, by dropping or failing its `Done`.
    fn cancel(&mut self, id: SrbId) {
        let _ = id;
    }

    /// The request you hold took too long: likewise.
    fn timed_out(&mut self, id: SrbId) {
        let _ = id;
    }

    /// The device called through the [`InterruptLine`]; false means "not mine".
    fn interrupt(&mut self) -> bool {
        false
    }

    /// An event shall be watched for, or no longer.
    fn event(&mut self, event: EventRequest) {
        let _ = event;
    }

    /// The clock it offers, if it has one.
    fn clock(&self) -> Option<&dyn Clock> {
        None
    }

    /// Whether data requests of one stream come one at a time. Otherwise all there are come at once (SRB-10).
    fn is_synchronised(&self) -> bool {
        true
    }
}

/// Asks for an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventRequest {
    /// Its set.
    pub set: Guid,
    /// Its number in the set.
    pub id: u32,
    /// Whether it is wanted from now on, or no longer.
    pub enable: bool,
}

/// What a minidriver registers with: what its filter looks like, and how one is made.
pub trait MinidriverEntry: Send + Sync {
    /// The constant part of the filter.
    fn descriptor(&self) -> &Descriptor;

    /// The descriptor for given values and observed facts.
    fn describe(&self, settings: &Settings<'_>, facts: &Facts) -> Cow<'_, Descriptor> {
        let _ = (settings, facts);
        Cow::Borrowed(self.descriptor())
    }

    /// How many frames of which length circulate on a stream.
    fn framing(&self, audio: AudioFormat) -> Framing {
        Framing::usual(audio)
    }

    /// Makes a minidriver: opens the file or the device, so that what fails is an `OpenError`.
    fn load(&self, opening: &Opening<'_>, services: &Services) -> Result<Loaded, OpenError>;
}

/// The frames of one stream. The class driver adds some where one cycle of the graph needs more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Framing {
    /// How many there are.
    pub count: usize,
    /// The most samples a channel in one.
    pub len: usize,
}

impl Framing {
    /// Sixteen frames of 50 ms: enough for a disk that looks away for half a second.
    pub fn usual(audio: AudioFormat) -> Self {
        Self {
            count: 16,
            len: (audio.rate_hz as usize / 20).max(256),
        }
    }
}

/// What the class driver offers to a minidriver.
pub struct Services {
    /// The filter's values as they are now.
    pub values: LiveValues,
    /// The filter's published numbers; [`super::cell`] says which is which.
    pub telemetry: Telemetry,
    /// For the device's own thread, to call back.
    pub interrupt: InterruptLine,
}

/// A minidriver that was made.
pub struct Loaded {
    /// It.
    pub minidriver: Box<dyn Minidriver>,
    /// Whether its streams never end by themselves.
    pub endless: bool,
    /// Words for the log.
    pub notes: Vec<String>,
}

impl Loaded {
    /// A minidriver whose streams end.
    pub fn new(minidriver: impl Minidriver + 'static) -> Self {
        Self {
            minidriver: Box::new(minidriver),
            endless: false,
            notes: Vec::new(),
        }
    }

    /// The same; its streams never end if `endless`.
    pub fn endless(mut self, endless: bool) -> Self {
        self.endless = endless;
        self
    }

    /// The same with a word for the log.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// Lets a device's own thread, even the audio thread, have [`Minidriver::interrupt`] called on the worker.
#[derive(Clone)]
pub struct InterruptLine(pub(super) Arc<Shared>);

impl InterruptLine {
    /// Calls. Never blocks, never allocates; calls in quick succession may arrive as one.
    pub fn raise(&self) {
        self.0.interrupts.fetch_add(1, Ordering::Release);
        self.0.wake();
    }
}

/// The filter's values, written by the audio thread as they change.
#[derive(Clone)]
pub struct LiveValues(Arc<[AtomicU64]>);

impl LiveValues {
    pub(super) fn new(opening: &Opening<'_>) -> Self {
        let properties = opening.descriptor.properties.iter();
        let value = |property: &Property| {
            property
                .slot_value(&opening.settings.value(property))
                .to_bits()
        };
        Self(properties.map(|p| AtomicU64::new(value(p))).collect())
    }

    pub(super) fn publish(&self, values: Values<'_>) {
        for (cell, value) in self.0.iter().zip(values) {
            cell.store(value.to_bits(), Ordering::Relaxed);
        }
    }

    /// One of them.
    ///
    /// # Panics
    /// When the property is not in the descriptor: a mistake of the filter's author that any test finds.
    pub fn follow(&self, opening: &Opening<'_>, property: &Property) -> LiveValue {
        let found = opening.descriptor.property(property.key);
        let index = found.expect("a filter asks for its own properties").0;
        LiveValue {
            values: self.clone(),
            index,
        }
    }
}

/// One value of the filter, as it is now.
#[derive(Clone)]
pub struct LiveValue {
    values: LiveValues,
    index: usize,
}

impl LiveValue {
    /// The number, 0 or 1, or the index of the word.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.values.0[self.index].load(Ordering::Relaxed))
    }

    /// Whether a flag is on.
    pub fn is_on(&self) -> bool {
        self.get() != 0.0
    }
}
