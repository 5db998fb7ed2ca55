//! Everything a processor was made from. While that stays as it is, the processor is kept.

use std::sync::Arc;

use smallvec::SmallVec;

use super::compile::Job;
use super::master::is_wished;
use super::spec::{Node, NodePin, Spec};
use crate::graph::{Joined, Shared, WiredFilter};
use crate::ks::{DataFormat, PinFactory, Settings, Value};

/// Everything a processor was made from.
pub(super) struct Signature {
    /// Its kind and its structural properties count.
    wired: Shared<WiredFilter>,
    rate_hz: u32,
    max_len: usize,
    renew: Option<u64>,
    /// By pin factory, each format once: wires that carry it.
    formats: SmallVec<[(usize, Arc<Joined>); 2]>,
    is_fed: bool,
    /// A clock of one's own counts differently where everything counts by it. A card is told while it runs.
    drives: bool,
}

impl Signature {
    pub(super) fn of(spec: &Spec, node: &Node, max_len: usize, job: &Job) -> Self {
        Self {
            wired: node.wired.clone(),
            rate_hz: spec.rate_hz,
            max_len,
            renew: renewed(node, job),
            formats: kept(&formats(spec, node)),
            is_fed: job.feeds.contains_key(&node.path),
            drives: drives(node, job),
        }
    }

    /// Whether a filter would be made of the same.
    pub(super) fn is_of(&mut self, spec: &Spec, node: &Node, max_len: usize, job: &Job) -> bool {
        let formats = formats(spec, node);
        let is_same = (self.rate_hz, self.max_len) == (spec.rate_hz, max_len)
            && self.renew == renewed(node, job)
            && self.is_fed == job.feeds.contains_key(&node.path)
            && self.drives == drives(node, job)
            && (self.wired.is(&node.wired) || is_like(&self.wired, &node.wired))
            && self.formats.len() == formats.len()
            && self.formats.iter().zip(&formats).all(|(before, now)| {
                let is_one = Arc::ptr_eq(&before.1, now.1);
                before.0 == now.0 && (is_one || carried(&before.1) == carried(now.1))
            });
        if is_same {
            // The next comparison is quick, and what was is forgotten.
            if !self.wired.is(&node.wired) {
                self.wired = node.wired.clone();
            }
            for (before, now) in self.formats.iter_mut().zip(&formats) {
                if !Arc::ptr_eq(&before.1, now.1) {
                    before.1 = Arc::clone(now.1);
                }
            }
        }
        is_same
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

/// What a wire carries.
fn carried(wire: &Joined) -> Option<&DataFormat> {
    wire.outcome.as_ref().ok().map(|it| &it.format)
}

fn kept(formats: &[(usize, &Arc<Joined>)]) -> SmallVec<[(usize, Arc<Joined>); 2]> {
    let formats = formats.iter();
    formats.map(|it| (it.0, Arc::clone(it.1))).collect()
}

/// The formats at the pins of each factory, each once.
fn formats<'a>(spec: &'a Spec, node: &Node) -> SmallVec<[(usize, &'a Arc<Joined>); 4]> {
    let mut formats: SmallVec<[(usize, &Arc<Joined>); 4]> = SmallVec::new();
    let factories = &node.descriptor().pins;
    for pins in node.pins.chunk_by(|a, b| a.factory == b.factory) {
        let (first, index) = (formats.len(), pins[0].factory);
        for pin in pins {
            let Some(wire) = wire_of(node, pin, &factories[index]) else {
                continue;
            };
            let wire = spec.wires[wire].joined();
            let mut known = formats[first..].iter();
            if !known.any(|it| carried(it.1) == carried(wire)) {
                formats.push((index, wire));
            }
        }
        // Instances may change places.
        if formats.len() - first > 1 {
            let text = |it: &(usize, &Arc<Joined>)| carried(it.1).map(DataFormat::to_string);
            formats[first..].sort_by_cached_key(text);
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
    Some(spec.wires[wire_of(node, pin, factory)?].format())
}

/// The wire whose format it is.
fn wire_of(node: &Node, pin: &NodePin, factory: &PinFactory) -> Option<usize> {
    pin.wire.or_else(|| {
        let (peer, _) = node
            .descriptor()
            .pin(factory.in_place_of.or(factory.same_format_as)?)?;
        node.pins.iter().find(|pin| pin.factory == peer)?.wire
    })
}
