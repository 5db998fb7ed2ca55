//! What the pins agreed: the result of negotiating a whole graph. Never saved, never edited, so never stale.

use std::collections::BTreeMap;
use std::fmt;

use super::model::FilterId;
use super::narrow::Net;
use super::refusal::Refusal;
use crate::ks::{DataFormat, DataRange, Descriptor, Interface, Medium, Settings, Value};

/// Identity of a filter through all groups: the ids from the outside in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FilterPath(pub Vec<FilterId>);

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
#[derive(Clone, Debug)]
pub struct WiredFilter {
    /// Its name; inside a group `group/filter`.
    pub name: String,
    /// Key of its kind.
    pub key: String,
    /// Its values.
    pub values: BTreeMap<String, Value>,
    /// What comes in is to go out as it is.
    pub is_bypassed: bool,
    /// It takes no part in what plays.
    pub is_disabled: bool,
    /// As described for these values and facts; `None` when no such filter is installed.
    pub descriptor: Option<Descriptor>,
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

/// A wire and what became of it.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The output.
    pub from: PinAddress,
    /// The input.
    pub to: PinAddress,
    /// Index of the connection it was drawn as, when that stands in the outermost graph.
    pub connection: Option<usize>,
    /// The group it was drawn in; empty: the outermost graph.
    pub place: FilterPath,
    /// Index of the connection it was drawn as, in the graph of that group.
    pub index: usize,
    /// The agreement, or why there is none.
    pub outcome: Result<Agreement, Box<Refusal>>,
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

/// The agreement of a whole graph.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    /// The graph's rate in Hz.
    pub rate_hz: u32,
    /// Every filter, groups dissolved.
    pub filters: BTreeMap<FilterPath, WiredFilter>,
    /// Every wire, groups dissolved, in an order that does not depend on how they were drawn.
    pub wires: Vec<Wire>,
    /// What else is wrong.
    pub problems: Vec<Problem>,
    /// Where in `problems` the first of each filter stands.
    pub(super) first_problem: BTreeMap<FilterPath, usize>,
    /// What every pin can still do, before formats were chosen.
    pub(super) net: Net,
}

impl Wiring {
    /// The first thing that is wrong with a filter.
    pub fn problem_of(&self, filter: &FilterPath) -> Option<&Problem> {
        self.problems.get(*self.first_problem.get(filter)?)
    }

    /// The wire that ends at this pin.
    pub fn wire_into(&self, pin: &PinAddress) -> Option<&Wire> {
        self.wires.iter().find(|wire| wire.to == *pin)
    }

    /// The wire that begins at this pin.
    pub fn wire_from(&self, pin: &PinAddress) -> Option<&Wire> {
        self.wires.iter().find(|wire| wire.from == *pin)
    }

    /// What a pin can do now, given what it is connected to: the constrained ranges (PIN-7). For an instance that is not
    /// there yet those of the next one; empty when there is no such pin.
    pub fn constrained(&self, pin: &PinAddress) -> &[DataRange] {
        self.net_pin(pin)
            .map_or(&[], |pin| &self.net.pins[pin].ranges)
    }

    /// The samples by which a wire into this pin is delayed; `None` for most.
    pub fn delay(&self, pin: &PinAddress) -> Option<usize> {
        let filter = self.filters.get(&pin.filter)?;
        let descriptor = filter.descriptor.as_ref()?;
        let settings = Settings {
            values: &filter.values,
            base: None,
        };
        descriptor.delay(&settings, descriptor.pin(&pin.pin)?.0)
    }

    /// Whether a wire into this pin is a delay line: no path leads on from it inside its filter (CYC-2).
    pub fn is_deferred(&self, pin: &PinAddress) -> bool {
        self.delay(pin).is_some()
    }

    /// What a pin could do alone: its described ranges at the graph's rate.
    pub fn described(&self, pin: &PinAddress) -> &[DataRange] {
        self.net_pin(pin)
            .map_or(&[], |pin| &self.net.pins[pin].described)
    }

    /// The net without the wire between two pins.
    pub(super) fn without(&self, from: &PinAddress, to: &PinAddress) -> Net {
        match (self.net_pin(from), self.net_pin(to)) {
            (Some(from), Some(to)) => self.net.without(from, to),
            _ => self.net.clone(),
        }
    }

    fn net_pin(&self, pin: &PinAddress) -> Option<usize> {
        let place = *self.net.places.get(&pin.filter)?;
        let descriptor = self.filters.get(&pin.filter)?.descriptor.as_ref()?;
        let (factory, _) = descriptor.pin(&pin.pin)?;
        self.net.pin(place, factory, pin.instance)
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
