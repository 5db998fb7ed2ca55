//! What the pins agreed: the result of negotiating a whole graph. Never saved, never edited, so never stale.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use smallvec::SmallVec;

use super::agree::part::Part;
use super::flatten::{FlatWire, order};
use super::model::{FilterId, FilterNode};
use super::net::{Member, NetPin};
use super::refusal::Refusal;
use super::shared::Shared;
use crate::ks::{
    Catalogue, DataFormat, DataRange, Descriptor, Interface, Medium, Settings, USUAL_DELAY, Value,
};

/// Identity of a filter through all groups: the ids from the outside in.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FilterPath(pub Ids);

/// The ids of a path. Those that are not very deep need no memory of their own.
pub type Ids = SmallVec<[FilterId; 4]>;

impl Clone for FilterPath {
    /// Its numbers at once, and not one by one.
    fn clone(&self) -> Self {
        Self(Ids::from_slice(&self.0))
    }
}

impl From<Vec<FilterId>> for FilterPath {
    fn from(ids: Vec<FilterId>) -> Self {
        Self(ids.into())
    }
}

impl From<&[FilterId]> for FilterPath {
    fn from(ids: &[FilterId]) -> Self {
        Self(ids.into())
    }
}

impl fmt::Display for FilterPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, id) in self.0.iter().enumerate() {
            write!(f, "{}{}", if depth == 0 { "" } else { "/" }, id.0)?;
        }
        Ok(())
    }
}

/// A pin instance in a flattened graph.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PinAddress {
    /// The filter.
    pub filter: FilterPath,
    /// The pin factory's name.
    pub pin: String,
    /// The instance of the factory.
    pub instance: u32,
}

/// A filter as it takes part in the agreement.
#[derive(Clone, PartialEq, Debug)]
pub struct WiredFilter {
    /// Its name; inside a group `group/filter`.
    pub name: String,
    /// Key of its kind.
    pub key: String,
    /// Its values, shared by all filters of the kind that have the same.
    pub values: Shared<BTreeMap<String, Value>>,
    /// What comes in is to go out as it is.
    pub is_bypassed: bool,
    /// It takes no part in what plays.
    pub is_disabled: bool,
    /// As described for these values and facts; `None` when no such filter is installed.
    pub descriptor: Option<Arc<Descriptor>>,
    /// Its place in the tables of its wiring.
    pub(crate) slot: usize,
}

impl WiredFilter {
    /// A box that is in no wiring as one filter, because it is unfolded there: an instance of a filter made of others.
    pub fn of(name: &str, node: &FilterNode, catalogue: &Catalogue) -> Self {
        Self {
            name: name.to_owned(),
            key: node.key.clone(),
            values: node.values.clone(),
            is_bypassed: node.is_bypassed,
            is_disabled: node.is_disabled,
            descriptor: catalogue
                .get(&node.key)
                .map(|it| Arc::new(it.descriptor().clone())),
            slot: 0,
        }
    }
}

/// What two pins agreed.
#[derive(Clone, PartialEq, Debug)]
pub struct Agreement {
    /// The link.
    pub medium: Medium,
    /// How headers travel.
    pub interface: Interface,
    /// The one format.
    pub format: DataFormat,
    /// Whether the data source issues the requests (push); else the data sink does (pull).
    pub is_push: bool,
}

/// What became of a wire. Reads as the wire.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The agreement, or why there is none.
    pub outcome: Result<Agreement, Box<Refusal>>,
    pub(super) flat: Arc<FlatWire>,
}

impl Deref for Joined {
    type Target = FlatWire;

    fn deref(&self) -> &FlatWire {
        &self.flat
    }
}

/// An end of a wire by numbers: the slot of its filter, and its factory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Plug {
    pub(crate) slot: u32,
    pub(crate) factory: u32,
}

/// A wire of a graph and what became of it. Reads as both.
#[derive(Clone, Debug)]
pub struct Wire {
    /// Index of the connection it was drawn as, when that stands in the outermost graph.
    pub connection: Option<usize>,
    /// Index of the connection it was drawn as, in the graph of its group.
    pub index: usize,
    /// Its number among all wires, which it keeps, and that of its part.
    pub(super) line: usize,
    pub(super) part: usize,
    /// Whether it takes no part in what plays.
    pub(super) is_out: bool,
    /// Whether it is a delay line.
    pub(super) is_line: bool,
    /// Where it begins and where it ends.
    pub(crate) plugs: [Plug; 2],
    pub(crate) joined: Arc<Joined>,
}

impl Deref for Wire {
    type Target = Joined;

    fn deref(&self) -> &Joined {
        &self.joined
    }
}

impl PartialEq for Wire {
    fn eq(&self, other: &Self) -> bool {
        let ends = |it: &Self| (it.connection, it.index, it.is_out);
        let is_same =
            |a: &FlatWire, b: &FlatWire| (&a.from, &a.to, &a.place) == (&b.from, &b.to, &b.place);
        ends(self) == ends(other)
            && (Arc::ptr_eq(&self.joined, &other.joined)
                || is_same(&self.flat, &other.flat) && self.outcome == other.outcome)
    }
}

/// Something wrong with a graph that is not a refused wire: a filter that is not installed, a necessary pin that is
/// not connected, an unknown pin or property, a file that is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The filter it is about.
    pub filter: Option<FilterPath>,
    /// The sentence users read.
    pub text: String,
    /// Whether `check` says no because of it.
    pub is_blocking: bool,
}

/// The agreement of a whole graph. Copies share what is in it.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    /// The graph's rate in Hz.
    pub rate_hz: u32,
    /// What drives it, and whether ways that meet wait for each other.
    pub timing: super::model::Timing,
    /// Every filter, groups dissolved.
    pub filters: Shared<BTreeMap<FilterPath, Shared<WiredFilter>>>,
    /// Every wire, groups dissolved, in an order that does not depend on how they were drawn.
    pub wires: Vec<Wire>,
    /// What else is wrong.
    pub problems: Vec<Problem>,
    /// Where in `problems` the first of each filter stands.
    pub(super) first_problem: BTreeMap<FilterPath, usize>,
    /// Filters that wires connect, part by part.
    pub(super) parts: Vec<Option<Arc<Part>>>,
    /// For each filter, by its slot, its part and its place there.
    pub(super) homes: Vec<(usize, usize)>,
}

/// Two agreements are equal when they say the same, however they came about.
impl PartialEq for Wiring {
    fn eq(&self, other: &Self) -> bool {
        let pins_are_equal = |path: &FilterPath| match (self.home(path), other.home(path)) {
            (Some((mine, at)), Some((theirs, there))) => {
                let seats = (mine.net.seats(at).iter(), theirs.net.seats(there).iter());
                let pin = |pin: &NetPin| (pin.factory, pin.instance, pin.wire.is_some());
                seats.0.len() == seats.1.len()
                    && mine.members[at].make.lists == theirs.members[there].make.lists
                    && seats
                        .0
                        .zip(seats.1)
                        .all(|(a, b)| pin(a) == pin(b) && a.ranges == b.ranges)
            }
            (mine, theirs) => mine.is_none() && theirs.is_none(),
        };
        let filter = |it: &WiredFilter| WiredFilter {
            slot: 0,
            ..it.clone()
        };
        self.rate_hz == other.rate_hz
            && self.timing == other.timing
            && self.filters.len() == other.filters.len()
            && self
                .filters
                .iter()
                .zip(other.filters.iter())
                .all(|(a, b)| a.0 == b.0 && filter(a.1) == filter(b.1) && pins_are_equal(a.0))
            && self.wires == other.wires
            && self.problems == other.problems
            && self.first_problem == other.first_problem
    }
}

impl Wiring {
    /// The first thing that is wrong with a filter.
    pub fn problem_of(&self, filter: &FilterPath) -> Option<&Problem> {
        self.problems.get(*self.first_problem.get(filter)?)
    }

    /// The wire that ends at this pin.
    pub fn wire_into(&self, pin: &PinAddress) -> Option<&Wire> {
        self.of_part(&pin.filter, |wire| wire.to == *pin)
    }

    /// The wire that begins at this pin.
    pub fn wire_from(&self, pin: &PinAddress) -> Option<&Wire> {
        self.of_part(&pin.filter, |wire| wire.from == *pin)
    }

    /// What a pin can do now, given what it is connected to: the constrained ranges (PIN-7). For an instance that is not
    /// there yet those of the next one; empty when there is no such pin.
    pub fn constrained(&self, pin: &PinAddress) -> &[DataRange] {
        self.net_pin(pin).map_or(&[], |(_, pin)| &pin.ranges)
    }

    /// The samples by which a wire into this pin is delayed; `None` for most.
    pub fn delay(&self, pin: &PinAddress) -> Option<usize> {
        let slot = self.filters.get(&pin.filter)?.slot;
        let (part, place) = self.home_of(slot)?;
        let factory = part.members[place].factory(&pin.pin)?;
        self.delay_at((slot, factory), pin.instance)
    }

    /// The samples by which a wire is delayed.
    pub(crate) fn delay_on(&self, wire: &Wire) -> Option<usize> {
        if !wire.is_line {
            return None;
        }
        let Plug { slot, factory } = wire.plugs[1];
        self.delay_at((slot as usize, factory as usize), wire.to.instance)
    }

    fn delay_at(&self, (slot, factory): (usize, usize), instance: u32) -> Option<usize> {
        let (part, place) = self.home_of(slot)?;
        let Member { path, make, .. } = &part.members[place];
        let end = (place, factory, instance);
        if part.defers(end) {
            let (_, descriptor) = make.known.as_ref()?;
            let settings = Settings {
                values: &self.filters.get(path)?.values,
                base: None,
            };
            return descriptor.delay(&settings, factory);
        }
        // A wire that closes a loop of filters, and none of pins.
        part.is_late(end).then_some(USUAL_DELAY)
    }

    /// Whether a wire into this pin is a delay line: no path leads on from it inside its filter (CYC-2), or it closes a
    /// loop of filters in which no sound comes back to where it was.
    pub fn is_deferred(&self, pin: &PinAddress) -> bool {
        self.delay(pin).is_some()
    }

    /// What a pin could do alone: its described ranges at the graph's rate.
    pub fn described(&self, pin: &PinAddress) -> &[DataRange] {
        self.net_pin(pin)
            .map_or(&[], |(member, pin)| &member.make.lists[pin.factory])
    }

    /// The wire between two pins.
    pub fn wire(&self, from: &PinAddress, to: &PinAddress) -> Option<&Wire> {
        self.of_part(&from.filter, |wire| wire.from == *from && wire.to == *to)
    }

    /// The first wire of a filter's part that is wanted. Wires of other parts are not looked at.
    fn of_part(&self, filter: &FilterPath, is_wanted: impl Fn(&FlatWire) -> bool) -> Option<&Wire> {
        let (part, _) = self.home(filter)?;
        let wanted = part.wires.iter().find(|wire| is_wanted(&wire.flat))?;
        let is_disabled = |at: usize| part.members[at].wired.is_disabled;
        let key = (
            is_disabled(wanted.from) || is_disabled(wanted.to),
            &*wanted.flat,
        );
        let is_before = |wire: &Wire| order((wire.is_out, &wire.flat), key).is_lt();
        let at = self.wires.partition_point(is_before);
        // A wire to a pin that is not there is in the part only.
        self.wires.get(at).filter(|wire| is_wanted(&wire.flat))
    }

    /// The part a filter is in, and its place there.
    pub(super) fn home(&self, filter: &FilterPath) -> Option<(&Part, usize)> {
        self.home_of(self.filters.get(filter)?.slot)
    }

    fn home_of(&self, slot: usize) -> Option<(&Part, usize)> {
        let (part, place) = *self.homes.get(slot)?;
        Some((self.parts[part].as_deref()?, place))
    }

    fn net_pin(&self, pin: &PinAddress) -> Option<(&Member, &NetPin)> {
        let (part, place) = self.home(&pin.filter)?;
        let member = &part.members[place];
        let at = part
            .net
            .pin(place, member.factory(&pin.pin)?, pin.instance)?;
        Some((member, &part.net.pins[at]))
    }

    /// Whether `check` says yes: no wire refused, no blocking problem. What is disabled is not asked.
    pub fn is_agreed(&self) -> bool {
        let mut wires = self.wires.iter();
        wires.all(|wire| wire.outcome.is_ok() || !self.takes_part(wire))
            && !self.problems.iter().any(|problem| problem.is_blocking)
    }

    /// `Name.pin` or `Name.pin[2]`, as the command line writes it.
    pub fn pin_text(&self, pin: &PinAddress) -> String {
        let filter = self
            .filters
            .get(&pin.filter)
            .map_or_else(|| pin.filter.to_string(), |it| it.name.clone());
        if pin.instance == 0 {
            format!("{filter}.{}", pin.pin)
        } else {
            format!("{filter}.{}[{}]", pin.pin, pin.instance)
        }
    }
}
