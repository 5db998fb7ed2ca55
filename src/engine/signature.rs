//! Everything a processor was made from. While that stays as it is, the processor is kept.

use smallvec::SmallVec;

use super::compile::Job;
use super::master::is_wished;
use super::spec::{Node, NodePin, Spec};
use crate::graph::{Shared, WiredFilter};
use crate::ks::{DataFormat, PinFactory, Settings, Value};

/// Everything a processor was made from.
pub(super) struct Signature {
    /// Its kind and its structural properties count.
    wired: Shared<WiredFilter>,
    rate_hz: u32,
    max_len: usize,
    renew: Option<u64>,
    /// By pin factory, each format once.
    formats: Box<[(usize, DataFormat)]>,
    is_fed: bool,
    /// A clock of one's own counts differently where everything counts by it. A card is told while it runs.
    drives: bool,
}

impl Signature {
    pub(super) fn of(spec: &Spec, node: &Node, max_len: usize, job: &Job) -> Self {
        let formats = formats(spec, node).into_iter();
        Self {
            wired: node.wired.clone(),
            rate_hz: spec.rate_hz,
            max_len,
            renew: renewed(node, job),
            formats: formats.map(|(pin, format)| (pin, format.clone())).collect(),
            is_fed: job.feeds.contains_key(&node.path),
            drives: drives(node, job),
        }
    }

    /// Whether a filter would be made of the same.
    pub(super) fn is_of(&mut self, spec: &Spec, node: &Node, max_len: usize, job: &Job) -> bool {
        let is_same = (self.rate_hz, self.max_len) == (spec.rate_hz, max_len)
            && self.renew == renewed(node, job)
            && self.is_fed == job.feeds.contains_key(&node.path)
            && self.drives == drives(node, job)
            && (self.wired.is(&node.wired) || is_like(&self.wired, &node.wired))
            && self.has_formats(spec, node);
        if is_same {
            // The next comparison is quick, and what was is forgotten.
            self.wired = node.wired.clone();
        }
        is_same
    }

    fn has_formats(&self, spec: &Spec, node: &Node) -> bool {
        let known = self.formats.iter().map(|(pin, format)| (*pin, format));
        let is_alone = |(at, pin): (usize, &NodePin)| {
            let next = node.pins.get(at + 1);
            next.is_none_or(|next| next.factory != pin.factory)
        };
        // Most have one instance of each pin: nothing is to be put in order.
        if node.pins.iter().enumerate().all(is_alone) {
            let factories = &node.descriptor().pins;
            let formats = node.pins.iter().filter_map(|pin| {
                let format = format_of(spec, node, pin, &factories[pin.factory])?;
                Some((pin.factory, format))
            });
            return known.eq(formats);
        }
        known.eq(formats(spec, node))
    }
}

fn renewed(node: &Node, job: &Job) -> Option<u64> {
    job.renew.get(node.identity()).copied()
}

fn drives(node: &Node, job: &Job) -> bool {
    node.descriptor().has_own_clock() && is_wished(node, &job.wiring.timing.master)
}

/// Whether two filters are of one kind and have the same structural values.
fn is_like(one: &WiredFilter, other: &WiredFilter) -> bool {
    fn structural(filter: &WiredFilter) -> impl Iterator<Item = Value> {
        let settings = Settings {
            values: &filter.values,
            base: None,
        };
        let properties = filter.descriptor.iter().flat_map(|it| it.properties.iter());
        let structural = properties.filter(|property| property.structural);
        structural.map(move |property| settings.value(property))
    }
    one.key == other.key && structural(one).eq(structural(other))
}

/// The formats at the pins of each factory, each once.
fn formats<'a>(spec: &'a Spec, node: &Node) -> SmallVec<[(usize, &'a DataFormat); 4]> {
    let mut formats: SmallVec<[(usize, &DataFormat); 4]> = SmallVec::new();
    for (index, factory) in node.descriptor().pins.iter().enumerate() {
        let first = formats.len();
        for pin in node.pins.iter().filter(|pin| pin.factory == index) {
            let format = format_of(spec, node, pin, factory);
            let format = format.filter(|format| !formats[first..].iter().any(|it| it.1 == *format));
            formats.extend(format.map(|format| (index, format)));
        }
        // Instances may change places.
        if formats.len() - first > 1 {
            formats[first..].sort_by_cached_key(|(_, format)| format.to_string());
        }
    }
    formats
}

/// The format of a pin, or of a connected one that an unconnected pin shares it with.
pub(super) fn format_of<'a>(
    spec: &'a Spec,
    node: &Node,
    pin: &NodePin,
    factory: &PinFactory,
) -> Option<&'a DataFormat> {
    spec.format_at(pin).or_else(|| {
        let (peer, _) = node
            .descriptor()
            .pin(factory.in_place_of.or(factory.same_format_as)?)?;
        spec.format_at(node.pins.iter().find(|pin| pin.factory == peer)?)
    })
}
