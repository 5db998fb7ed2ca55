//! What a filter is: its descriptor, and how it is opened. Immutable and usable from any thread; what runs is the
//! `Processor` it opens.

mod cells;
mod constrain;
mod descriptor;
mod opening;
mod pacer;

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use super::bank::BankShelf;
use super::class::{ClassItem, ClassView};
use super::dls_memory::DlsMemory;
use super::facts::Facts;
use super::format::DataRange;
use super::intersection::Intersection;
use super::property_item::PropertyItem;
use super::status::Status;

pub use cells::{Bell, Telemetry, Waker};
pub use constrain::{Constrained, Field, constrain_fields, constrain_same, share_ranges};
pub use descriptor::{Descriptor, Settings};
pub use opening::{Hears, OpenError, OpenPin, Opened, Opening};
pub use pacer::{Granted, Pacer};

/// How far down a tail is followed: to what 16 bits just hold.
pub const TAIL_DB: f64 = 90.0;

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

    /// Properties of standard sets that it answers itself, merged with those that every filter and pin has (PCL-8).
    fn property_items(&self) -> &'static [PropertyItem] {
        &[]
    }

    /// Properties that the minidriver behind it declares to answer itself: of the filter, or of a pin by its factory. They are
    /// put to it through [`ClassView::ask`].
    fn class_items(&self, pin: Option<usize>) -> &[ClassItem] {
        let _ = pin;
        &[]
    }

    /// Starts the minidriver behind it with no stream open, for whoever asks it something while no graph runs it; `None` where
    /// there is none. It ends when it is dropped.
    fn start(&self, settings: &Settings<'_>) -> Option<Result<Arc<dyn ClassView>, OpenError>> {
        let _ = settings;
        None
    }

    /// Why it cannot be offered, where that was found out only when it was made.
    fn fault(&self) -> Option<String> {
        None
    }

    /// A memory for sounds that are downloaded into one instance of it, where it takes any (DLS-4). What runs is handed it
    /// when it is opened, each time anew; it outlives what runs.
    fn dls_memory(&self) -> Option<Arc<dyn DlsMemory>> {
        None
    }

    /// Lays out the bank that these values name while no graph runs it, where it plays any. It is read beside who asks, and let
    /// go of when what is given is dropped.
    fn shelf(&self, settings: &Settings<'_>) -> Option<BankShelf> {
        let _ = settings;
        None
    }

    /// What it is made of, where that is a graph of other filters: then a box of this kind is unfolded into them, and it is
    /// never opened itself. Only the graph knows what that value is.
    fn inside(&self) -> Option<&(dyn Any + Send + Sync)> {
        None
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
