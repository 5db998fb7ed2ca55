//! The Topology set (1.4) and the General set: what is inside a filter, and who made it.

use super::answer::Answer;
use super::dispatch::{Item, PER_PIN, Request};
use super::layout::{self, REQUEST, Writer};
use super::object::Host;
use super::own;
use crate::ks::ids::Guid;
use crate::ks::{NodePin, Status};

/// Stands for the filter itself where a node is named (TOP-2).
const FILTER_NODE: u32 = u32::MAX;

/// Who makes the built-in filters.
const MANUFACTURER: Guid = Guid(0x4B534752_4150_4831_8000_4B5347524150);

pub(super) const ITEMS: &[Item] = &[
    Item::get(0, REQUEST, |host, request| {
        let categories = &host.filter_of(request.handle).descriptor.categories;
        guids(categories.iter().copied(), request)
    }),
    Item::get(1, REQUEST, |host, request| {
        let nodes = &host.filter_of(request.handle).descriptor.nodes;
        guids(nodes.iter().map(|node| node.kind), request)
    }),
    Item::get(2, REQUEST, connections),
    Item::get(3, PER_PIN, |host, request| {
        let nodes = &host.filter_of(request.handle).descriptor.nodes;
        let node = request.instance().and_then(|id| nodes.get(id as usize));
        match node {
            Some(node) => Answer::text(layout::wide(&node.name), request.output),
            None => Answer::status(Status::InvalidParameter),
        }
    }),
];

pub(super) const GENERAL: &[Item] = &[Item::get(0, REQUEST, component)];

/// Guids are 16 bytes, so that items stand one behind the other.
fn guids(ids: impl Iterator<Item = Guid>, request: &Request<'_>) -> Answer {
    Answer::list(layout::list(ids.map(layout::guid_bytes)), request.output)
}

fn connections(host: &Host, request: &Request<'_>) -> Answer {
    let all = host.filter_of(request.handle).descriptor.connections();
    let end = |writer: Writer, pin: NodePin| match pin {
        NodePin::Filter(pin) => writer.u32(FILTER_NODE).u32(pin),
        NodePin::Node(node, pin) => writer.u32(node).u32(pin),
    };
    let items = all
        .into_iter()
        .map(|it| end(end(Writer::default(), it.from), it.to).0);
    Answer::list(layout::list(items), request.output)
}

fn component(host: &Host, request: &Request<'_>) -> Answer {
    let key = &host.filter_of(request.handle).descriptor.key;
    Answer::sized(component_of(key), request.output)
}

/// Manufacturer, product, component, name, version and revision of a kind of filter.
pub(super) fn component_of(key: &str) -> Vec<u8> {
    let number = |text: &str| text.parse().unwrap_or(0);
    Writer::default()
        .guid(MANUFACTURER)
        .guid(own::set_of("ksgraph"))
        .guid(own::set_of(key))
        .guid(Guid::WILDCARD)
        .u32(number(env!("CARGO_PKG_VERSION_MAJOR")))
        .u32(number(env!("CARGO_PKG_VERSION_MINOR")))
        .0
}
