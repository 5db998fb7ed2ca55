//! Sets that the miniport or minidriver behind an object answers itself, merged with those that every object has (PCL-8).
//!
//! Lives here: which of its items a request is for, the sizes, and what a SET means for the filter's values. The answers
//! are the filter's (`ks/property_item.rs`).

use super::answer::Answer;
use super::dispatch::{Request, short, support, verb};
use super::layout::{INSTANCE, REQUEST};
use super::minidriver;
use super::object::{Handle, Host, Object};
use crate::ks::ids::Guid;
use crate::ks::{PropertyItem, PropertyRequest, PropertyTarget, Settings, Status};

/// The items that are asked of such an object.
fn items(host: &Host, handle: Handle) -> impl Iterator<Item = &'static PropertyItem> + use<> {
    let (all, target) = match host.object(handle) {
        Some(Object::Filter(it)) => (it.filter.property_items(), Some(PropertyTarget::Filter)),
        Some(Object::Pin(pin)) => (
            host.filter_of(handle).filter.property_items(),
            Some(PropertyTarget::Pin(pin.factory)),
        ),
        _ => (&[][..], None),
    };
    all.iter().filter(move |it| Some(it.target) == target)
}

/// The sets among them, each once.
pub(super) fn sets(host: &Host, handle: Handle) -> Vec<Guid> {
    let mut all = vec![];
    let own = items(host, handle).map(|item| item.set);
    for set in own.chain(minidriver::sets(host, handle)) {
        if !all.contains(&set) {
            all.push(set);
        }
    }
    all
}

impl Host {
    /// Sets that an object answers beside those that all of its kind answer.
    pub fn further_sets(&self, handle: Handle) -> Vec<Guid> {
        sets(self, handle)
    }

    /// Their items by number and name, for people.
    pub fn further_items(&self, filter: Handle, set: Guid) -> Vec<(u32, String)> {
        let Some(Object::Filter(it)) = self.object(filter) else {
            return vec![];
        };
        let all = it.filter.property_items().iter();
        let all = all.filter(|it| it.set == set);
        let all = all.map(|it| (it.id, it.name.to_owned()));
        let of_pins = (0..it.descriptor.pins.len()).map(Some);
        let declared = [None].into_iter().chain(of_pins);
        let declared = declared.flat_map(|pin| it.filter.class_items(pin));
        let declared = declared.filter(|it| it.set == set);
        let mut all: Vec<_> = all
            .chain(declared.map(|it| (it.id, it.name.to_string())))
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

/// Answers a request for one of them; `None` where none is meant.
pub(super) fn answer(host: &mut Host, request: &Request<'_>) -> Option<Answer> {
    let item = items(host, request.handle)
        .find(|item| (item.set, item.id) == (request.set, request.id))?;
    // The node stands behind the head, where the request is for one.
    let (node, behind) = match request.has(verb::TOPOLOGY) {
        true => (request.instance(), INSTANCE),
        false => (None, REQUEST),
    };
    let is_its_node = node.is_none() || item.node.is_none() || node == item.node;
    let instance = request.input.get(behind..).unwrap_or_default();
    if request.has(verb::TOPOLOGY) && node.is_none() || !is_its_node {
        return Some(Answer::status(Status::InvalidParameter));
    }
    if request.has(verb::BASICSUPPORT) {
        let access = u32::from(item.gets) * verb::GET
            + u32::from(item.sets) * verb::SET
            + verb::BASICSUPPORT;
        return Some(support(access, None, &[], request.output));
    }
    let is_set = request.has(verb::SET);
    if !(is_set && item.sets || !is_set && request.has(verb::GET) && item.gets) {
        return Some(Answer::status(Status::NotFound));
    }
    if instance.len() < item.instance {
        return Some(Answer::status(Status::InvalidParameter));
    }
    if let Some(answer) = short(request.data.len(), item.value).filter(|_| is_set) {
        return Some(answer);
    }
    // No room asks for the size, before anybody is bothered.
    if !is_set && request.output < item.value {
        return Some(Answer::sized(vec![0; item.value], request.output));
    }
    Some(asked(host, request, item, (node, instance, is_set)))
}

fn asked(
    host: &mut Host,
    request: &Request<'_>,
    item: &PropertyItem,
    (node, instance, is_set): (Option<u32>, &[u8], bool),
) -> Answer {
    let filter = host.filter_handle(request.handle);
    let pin = match item.target {
        PropertyTarget::Filter => None,
        PropertyTarget::Pin(factory) => Some(factory),
    };
    let (base, rate_hz) = (host.folder(), host.facts.rate_hz);
    let opened = host.opened_as(request.handle);
    let object = host.filter_of(filter);
    let mut parts = PropertyRequest {
        settings: Settings {
            values: &object.values,
            base: base.as_deref(),
        },
        pin,
        node,
        is_set,
        instance,
        value: if is_set { request.data } else { &[] },
        rate_hz,
        now: host.now() as i64,
        latency: host.latency(),
        cells: object.synth.clone(),
        memory: object.memory.clone(),
        opened,
        words: None,
        changes: vec![],
    };
    let reply = (item.handler)(&mut parts);
    let changes = std::mem::take(&mut parts.changes);
    let words = parts.words.take();
    let (status, data) = match reply {
        Ok(reply) => reply,
        Err(status) => {
            return Answer {
                words,
                ..Answer::status(status)
            };
        }
    };
    for (key, value) in changes {
        host.put(filter, key, &value);
    }
    match status {
        Status::Success => Answer::sized(data, request.output),
        status => Answer {
            status,
            length: data.len(),
            data,
            words,
        },
    }
}
