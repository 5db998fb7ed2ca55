//! What the author of a filter that may block writes: a [`Minidriver`], and the [`MinidriverEntry`] that makes one.
//!
//! All callbacks of one minidriver come from one worker thread, one after the other; it is never re-entered. One that asks
//! for no synchronisation has several hands, each on a thread of its own. Nothing here runs on the audio thread but
//! [`InterruptLine::raise`] and the reading of a clock.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::port::{EventKey, Port, Post};
use super::request::{Srb, SrbId, StreamId};
use super::rings::Shared;
use super::words::Words;
use crate::ks::{
    AudioFormat, Clock, Descriptor, Facts, OpenError, Opening, Property, Settings, Status,
    Telemetry, Values,
};

/// The callbacks. Only the one for data must be written: requests are answered through the `Done` inside them, at once or
/// later.
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
    /// READ and WRITE. One stream has one request here at a time, and gets the next when it is answered or the minidriver
    /// says that it is ready; one that asks for no synchronisation gets all there are.
    fn receive_data(&mut self, srb: Srb);

    /// State, clock, rate, format, properties: whatever else concerns one stream.
    fn receive_control(&mut self, srb: Srb) {
        srb.accept();
    }

    /// Initialise, open and close a stream, power: whatever concerns the device as a whole.
    fn receive_device(&mut self, srb: Srb) {
        srb.accept();
    }

    /// Give up the request you hold, by dropping or failing its `Done`.
    fn cancel(&mut self, id: SrbId) {
        let _ = id;
    }

    /// The request you hold took too long: likewise, or ask for more time through its `Done`. Who does neither is reset:
    /// it is called no more, and all it holds is answered in its place.
    fn timed_out(&mut self, id: SrbId) {
        let _ = id;
    }

    /// The device called through the [`InterruptLine`]; false means "not mine".
    fn interrupt(&mut self) -> bool {
        false
    }

    /// An event shall be watched for, or no longer. It is told by [`Notify::event`].
    fn event(&mut self, event: EventRequest) -> Status {
        let _ = event;
        Status::NotSupported
    }

    /// The clock a stream offers, if it has one. Asked when the stream is open; read from any thread, even the audio
    /// thread, so that reading it must neither wait nor allocate.
    fn clock(&mut self, stream: StreamId) -> Option<Arc<dyn Clock>> {
        let _ = stream;
        None
    }

    /// The timer of the device, or of a stream, has run out ([`Notify::schedule_timer`]).
    fn timer(&mut self, stream: Option<StreamId>) {
        let _ = stream;
    }
}

/// Asks for an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventRequest {
    /// Which.
    pub key: EventKey,
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

    /// The same where nobody listens: longer frames wake fewer threads.
    fn framing_offline(&self, audio: AudioFormat) -> Framing {
        self.framing(audio)
    }

    /// Makes a minidriver: opens the file or the device, so that what fails is an `OpenError`. It should not wait for
    /// long: no queue stands behind it yet. What takes its time is for INITIALIZE_DEVICE and OPEN_STREAM.
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
    /// For timers and events.
    pub notify: Notify,

    /// For what the user should be told.
    pub words: Words,
}

/// What a minidriver tells the class driver by itself. From any thread but the audio thread.
#[derive(Clone, Debug)]
pub struct Notify(pub(super) Port);

impl Notify {
    /// Has [`Minidriver::timer`] called once, so much later. The device has one timer and each stream one (SRB-16): to set
    /// it again puts it off, zero stops it.
    pub fn schedule_timer(&self, stream: Option<StreamId>, after: Duration) {
        self.0.post(Post::Schedule(stream, after));
    }

    /// Tells everyone who asked for this event that it has happened.
    pub fn event(&self, key: EventKey) {
        self.0.post(Post::Fired(key));
    }
}

/// A minidriver that was made.
pub struct Loaded {
    /// It: one hand where its calls are to come one after the other, several where they may come at the same time.
    pub(super) hands: Vec<Box<dyn Minidriver>>,
    /// Whether its streams never end by themselves.
    pub endless: bool,
    /// Whether its streams play at another rate when SET_STREAM_RATE says so.
    pub takes_rates: bool,
    /// Words for the log.
    pub notes: Vec<String>,
}

impl Loaded {
    /// A minidriver whose calls come one after the other, and whose streams end.
    pub fn new(minidriver: impl Minidriver + 'static) -> Self {
        Self::of(vec![Box::new(minidriver)])
    }

    /// A minidriver that asks for no synchronisation (SRB-10): requests come at once, however many there are, and up to
    /// `hands` calls at the same time, each to a copy of its own. What the copies share is theirs to guard.
    pub fn unsynchronised(minidriver: impl Minidriver + Clone + 'static, hands: usize) -> Self {
        let hands = std::iter::repeat_n(minidriver, hands.max(2));
        Self::of(hands.map(|hand| Box::new(hand) as _).collect())
    }

    fn of(hands: Vec<Box<dyn Minidriver>>) -> Self {
        Self {
            hands,
            endless: false,
            takes_rates: false,
            notes: Vec::new(),
        }
    }

    /// The same; its streams never end if `endless`.
    pub fn endless(mut self, endless: bool) -> Self {
        self.endless = endless;
        self
    }

    /// The same; its streams play at another rate when SET_STREAM_RATE says so.
    pub fn takes_rates(mut self) -> Self {
        self.takes_rates = true;
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
