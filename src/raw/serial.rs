//! A filter's own properties packed into one buffer and set again from it (PRP-10): a head, then for each property its
//! type, id and length, and its value padded to four bytes.

use super::answer::Answer;
use super::dispatch::{Request, verb};
use super::layout::{Reader, Writer};
use super::object::Host;
use super::{own, sets};
use crate::ks::{Property, Status, Value};

const HEAD: usize = 20;
const ITEM: usize = 32;

pub(super) fn answer(host: &mut Host, request: &Request<'_>) -> Answer {
    if request.has(verb::UNSERIALIZESET) {
        return unpack(host, request);
    }
    let packed = packed(host, request);
    match request.has(verb::SERIALIZESIZE) {
        true => Answer::sized((packed.len() as u32).to_le_bytes().to_vec(), request.output),
        false => Answer::sized(packed, request.output),
    }
}

fn packed(host: &Host, request: &Request<'_>) -> Vec<u8> {
    let filter = host.filter_of(request.handle);
    let properties = &filter.descriptor.properties;
    let mut all = Writer::default()
        .guid(request.set)
        .u32(properties.len() as u32)
        .0;
    for (id, property) in properties.iter().enumerate() {
        let value = own::bytes(property, &filter.value(property));
        let item = Writer::default()
            .guid(sets::PROPERTY_TYPES)
            .u32(own::kind(property))
            .u32(0)
            .u32(id as u32)
            .u32(value.len() as u32);
        all.extend(item.0);
        all.extend(value);
        all.resize(all.len().next_multiple_of(4), 0);
    }
    all
}

/// All values or none: what cannot be read as a whole sets nothing.
fn unpack(host: &mut Host, request: &Request<'_>) -> Answer {
    if request.data.len() < HEAD {
        return super::dispatch::short(request.data.len(), HEAD)
            .unwrap_or(Answer::status(Status::InvalidParameter));
    }
    let filter = host.filter_handle(request.handle);
    let properties = host.filter_of(filter).descriptor.properties.clone();
    match values(request, &properties) {
        Some(values) => {
            for (property, value) in values {
                host.set_value(filter, &property, value);
            }
            Answer::status(Status::Success)
        }
        None => Answer::status(Status::InvalidParameter),
    }
}

fn values(request: &Request<'_>, properties: &[Property]) -> Option<Vec<(Property, Value)>> {
    let mut head = Reader(request.data);
    let (set, count) = (head.guid()?, head.u32()?);
    if set != request.set {
        return None;
    }
    let mut rest = request.data.get(HEAD..)?;
    let mut found = vec![];
    for _ in 0..count {
        let mut item = Reader(rest);
        let (_, kind, _) = (item.guid()?, item.u32()?, item.u32()?);
        let (id, length) = (item.u32()?, item.u32()? as usize);
        let property = *properties.get(id as usize)?;
        let value = rest.get(ITEM..)?.get(..length)?;
        if kind != own::kind(&property) {
            return None;
        }
        let value = own::read(&property, value).and_then(|value| property.legal(&value))?;
        found.push((property, value));
        rest = rest
            .get((ITEM + length).next_multiple_of(4)..)
            .unwrap_or(&[]);
    }
    Some(found)
}
