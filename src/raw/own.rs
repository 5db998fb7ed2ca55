//! A filter's own properties as a set: made from its descriptor, one id a property, in order.
//!
//! Numbers are 64-bit floats, whole numbers and flags 32-bit integers (true is -1, PRP-7), choices the index of the
//! word, texts UTF-16 with its end. A value out of bounds is clamped and snapped (PRP-9).

use super::answer::Answer;
use super::dispatch::{Request, short, support, verb};
use super::layout::{self, INSTANCE, Reader, Writer};
use super::object::Host;
use super::serial;
use crate::ks::ids::Guid;
use crate::ks::{Domain, Property, Status, Value};

/// VARIANT types.
mod vt {
    pub(super) const I4: u32 = 3;
    pub(super) const R8: u32 = 5;
    pub(super) const BOOL: u32 = 11;
    pub(super) const UI4: u32 = 19;
    pub(super) const LPWSTR: u32 = 31;
}

const RANGES: u32 = 1;
const STEPPED_RANGES: u32 = 2;
const VALUES: u32 = 3;
const IS_DEFAULT: u32 = 1;
/// One range, or one value, for all channels (PRP-8).
const UNIFORM: u32 = 4;

/// The set of a filter's own properties: an id made from its key, the same everywhere.
pub fn set_of(key: &str) -> Guid {
    // FNV-1a over 128 bits, marked as a custom id (version 8).
    const OFFSET: u128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013B;
    let hash = b"ksgraph filter "
        .iter()
        .chain(key.as_bytes())
        .fold(OFFSET, |hash, byte| {
            (hash ^ u128::from(*byte)).wrapping_mul(PRIME)
        });
    let version = hash & !(0xF << 76) | 0x8 << 76;
    Guid(version & !(0b11 << 62) | 0b10 << 62)
}

pub(super) fn kind(property: &Property) -> u32 {
    match property.domain {
        Domain::Number { step, .. } if is_whole(step) => vt::I4,
        Domain::Number { .. } => vt::R8,
        Domain::Flag => vt::BOOL,
        Domain::Choice(_) => vt::UI4,
        Domain::Text | Domain::Path | Domain::Device => vt::LPWSTR,
    }
}

fn is_whole(step: f64) -> bool {
    step >= 1.0 && step.fract() == 0.0
}

/// A value in memory.
pub(super) fn bytes(property: &Property, value: &Value) -> Vec<u8> {
    let slot = property.slot_value(value);
    match kind(property) {
        vt::I4 => (slot as i32).to_le_bytes().to_vec(),
        vt::R8 => slot.to_le_bytes().to_vec(),
        vt::BOOL => (-(slot as i32)).to_le_bytes().to_vec(),
        vt::UI4 => (slot as u32).to_le_bytes().to_vec(),
        _ => layout::wide(value.text()),
    }
}

pub(super) fn size(property: &Property) -> usize {
    match kind(property) {
        vt::R8 => 8,
        vt::LPWSTR => 2,
        _ => 4,
    }
}

/// Reads a value; `None` is one of the wrong type.
pub(super) fn read(property: &Property, data: &[u8]) -> Option<Value> {
    let mut reader = Reader(data);
    match (kind(property), &property.domain) {
        (vt::I4, _) => Some(Value::Number(f64::from(reader.u32()? as i32))),
        (vt::R8, _) => Some(Value::Number(f64::from_bits(reader.u64()?))),
        (vt::BOOL, _) => Some(Value::Flag(reader.u32()? != 0)),
        (_, Domain::Choice(words)) => {
            let word = words.get(reader.u32()? as usize)?;
            Some(Value::Text((*word).to_owned()))
        }
        _ => {
            let units: Vec<u16> = data
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .take_while(|unit| *unit != 0)
                .collect();
            Some(Value::Text(String::from_utf16(&units).ok()?))
        }
    }
}

/// Where the flags of a member list stand.
const FLAGS: usize = 12;

fn members(flags: u32, size: usize, count: usize, kind_flags: u32, body: Vec<u8>) -> Vec<u8> {
    let head = Writer::default()
        .u32(flags)
        .u32(size as u32)
        .u32(count as u32)
        .u32(kind_flags)
        .0;
    [head, body].concat()
}

/// The ranges or values that are legal (PRP-5).
pub(super) fn legal(property: &Property) -> Option<Vec<u8>> {
    let of = |number: f64| bytes(property, &Value::Number(number));
    match property.domain {
        Domain::Number { min, max, step, .. } if step > 0.0 => {
            let delta = match is_whole(step) {
                true => Writer::default().u32(step as u32).u32(0).0,
                false => step.to_le_bytes().to_vec(),
            };
            let body = [delta, of(min), of(max)].concat();
            Some(members(STEPPED_RANGES, body.len(), 1, 0, body))
        }
        Domain::Number { min, max, .. } => {
            let body = [of(min), of(max)].concat();
            Some(members(RANGES, body.len(), 1, 0, body))
        }
        Domain::Choice(words) => {
            let body = (0..words.len() as u32).flat_map(u32::to_le_bytes).collect();
            Some(members(VALUES, 4, words.len(), 0, body))
        }
        Domain::Flag => {
            let body = [0_i32, -1].into_iter().flat_map(i32::to_le_bytes).collect();
            Some(members(VALUES, 4, 2, 0, body))
        }
        Domain::Text | Domain::Path | Domain::Device => None,
    }
}

pub(super) fn default(property: &Property) -> Vec<u8> {
    let body = bytes(property, &property.default_value());
    members(VALUES, body.len(), 1, IS_DEFAULT, body)
}

/// Answers a call on the set, on the filter, on one of its pins, or on a node that has the property (TOP-7).
pub(super) fn answer(host: &mut Host, request: &Request<'_>) -> Answer {
    if request.has(verb::SERIALIZESIZE | verb::SERIALIZESET | verb::UNSERIALIZESET) {
        return serial::answer(host, request);
    }
    let filter = host.filter_of(request.handle);
    let Some(&property) = filter.descriptor.properties.get(request.id as usize) else {
        return Answer::status(Status::NotFound);
    };
    if request.has(verb::TOPOLOGY) {
        if request.input.len() < INSTANCE {
            return Answer::status(Status::InvalidParameter);
        }
        let nodes = &filter.descriptor.nodes;
        match request.instance().and_then(|id| nodes.get(id as usize)) {
            None => return Answer::status(Status::InvalidParameter),
            Some(node) if !node.properties.contains(&property.key) => {
                return Answer::status(Status::NotFound);
            }
            Some(_) => {}
        }
    }
    if request.has(verb::RELATIONS) {
        // No value of a filter moves another of its values.
        return Answer::list(layout::list([] as [Vec<u8>; 0]), request.output);
    }
    let access = verb::GET + verb::SET + verb::BASICSUPPORT + verb::DEFAULTVALUES;
    if request.has(verb::BASICSUPPORT) {
        let mut all: Vec<_> = legal(&property)
            .into_iter()
            .chain([default(&property)])
            .collect();
        if request.has(verb::TOPOLOGY) {
            // A control of a node is one for all channels.
            all.iter_mut().for_each(|list| list[FLAGS] |= UNIFORM as u8);
        }
        return support(access, Some(kind(&property)), &all, request.output);
    }
    if request.has(verb::DEFAULTVALUES) {
        return support(
            access,
            Some(kind(&property)),
            &[default(&property)],
            request.output,
        );
    }
    if request.has(verb::SET) {
        return set(host, request, &property);
    }
    if !request.has(verb::GET) {
        return Answer::status(Status::NotFound);
    }
    let value = filter.value(&property);
    let data = bytes(&property, &value);
    match kind(&property) {
        vt::LPWSTR => Answer::text(data, request.output),
        _ => Answer::sized(data, request.output),
    }
}

fn set(host: &mut Host, request: &Request<'_>, property: &Property) -> Answer {
    if let Some(answer) = short(request.data.len(), size(property)) {
        return answer;
    }
    let value = read(property, request.data).and_then(|value| property.legal(&value));
    let Some(value) = value else {
        return Answer::status(Status::InvalidParameter);
    };
    let filter = host.filter_handle(request.handle);
    host.set_value(filter, property, value);
    Answer::status(Status::Success)
}
