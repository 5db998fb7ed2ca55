//! What a person reads of a call: the names of a set's items, and an answer in words. Nothing is decided by it.

use super::layout::{self, Reader};
use super::{own, sets};
use crate::ks::ids::Guid;
use crate::ks::{Communication, Descriptor, Domain, Property, State};

use super::dispatch::verb;

const PIN: &[(u32, &str)] = &[
    (0, "CINSTANCES"),
    (1, "CTYPES"),
    (2, "DATAFLOW"),
    (3, "DATARANGES"),
    (4, "DATAINTERSECTION"),
    (5, "INTERFACES"),
    (6, "MEDIUMS"),
    (7, "COMMUNICATION"),
    (8, "GLOBALCINSTANCES"),
    (9, "NECESSARYINSTANCES"),
    (10, "PHYSICALCONNECTION"),
    (11, "CATEGORY"),
    (12, "NAME"),
    (13, "CONSTRAINEDDATARANGES"),
    (14, "PROPOSEDATAFORMAT"),
];
const TOPOLOGY: &[(u32, &str)] = &[
    (0, "CATEGORIES"),
    (1, "NODES"),
    (2, "CONNECTIONS"),
    (3, "NAME"),
];
const CONNECTION: &[(u32, &str)] = &[
    (0, "STATE"),
    (1, "PRIORITY"),
    (2, "DATAFORMAT"),
    (3, "ALLOCATORFRAMING"),
    (4, "PROPOSEDATAFORMAT"),
    (5, "ACQUIREORDERING"),
    (6, "ALLOCATORFRAMING_EX"),
];
const SYSAUDIO: &[(u32, &str)] = &[
    (1, "DEVICE_COUNT"),
    (2, "DEVICE_FRIENDLY_NAME"),
    (3, "DEVICE_INSTANCE"),
    (4, "DEVICE_INTERFACE_NAME"),
    (5, "SELECT_GRAPH"),
    (6, "CREATE_VIRTUAL_SOURCE"),
    (7, "DEVICE_DEFAULT"),
    (14, "INSTANCE_INFO"),
    (16, "COMPONENT_ID"),
];

/// The items of a set by number and name; a filter's own set has its properties.
pub fn items(set: Guid, descriptor: &Descriptor) -> Vec<(u32, String)> {
    let table: &[(u32, &str)] = match set {
        sets::PIN => PIN,
        sets::TOPOLOGY => TOPOLOGY,
        sets::GENERAL => &[(0, "COMPONENTID")],
        sets::CONNECTION => CONNECTION,
        sets::STREAM => &[(0, "ALLOCATOR"), (3, "MASTERCLOCK")],
        sets::SYSAUDIO => SYSAUDIO,
        sets::SYSAUDIO_PIN => &[(0, "ATTACH_VIRTUAL_SOURCE")],
        _ if set == own::set_of(&descriptor.key) => {
            let titles = (0..).zip(descriptor.properties.iter());
            return titles.map(|(id, it)| (id, it.title.to_owned())).collect();
        }
        _ => &[],
    };
    let named = table.iter();
    named.map(|(id, name)| (*id, (*name).to_owned())).collect()
}

/// An answer's bytes in words; nothing where they say nothing.
pub fn read(
    descriptor: &Descriptor,
    set: Guid,
    id: u32,
    flags: u32,
    data: &[u8],
) -> Option<String> {
    if data.is_empty() {
        return None;
    }
    if flags & (verb::BASICSUPPORT | verb::DEFAULTVALUES) != 0 {
        return support(data);
    }
    if flags & verb::SETSUPPORT != 0 {
        return Some(guids(data));
    }
    let mut reader = Reader(data);
    match (set, id) {
        (sets::PIN, 0 | 8) => {
            let possible = match reader.u32()? {
                u32::MAX => "any number".to_owned(),
                number => number.to_string(),
            };
            Some(format!("{} open, {possible} possible", reader.u32()?))
        }
        (sets::PIN, 2) => Some(if reader.u32()? == 1 { "in" } else { "out" }.to_owned()),
        (sets::PIN, 7) => {
            use Communication::{Both, Bridge, None as Nothing, Sink, Source};
            let all = [Nothing, Sink, Source, Both, Bridge];
            Some(all.get(reader.u32()? as usize)?.name().to_owned())
        }
        (sets::PIN, 3 | 13) => {
            let ranges = layout::read_ranges(data)?;
            Some(format!("{} ranges", ranges.len()))
        }
        (sets::PIN, 4) | (sets::CONNECTION, 2) => {
            layout::read_format(data).map(|format| format.to_string())
        }
        (sets::PIN, 5 | 6) | (sets::TOPOLOGY, _) if data.len() >= 8 && id != 3 => {
            reader.u32()?;
            let count = reader.u32()?;
            let ids = match (set, id) {
                (sets::TOPOLOGY, 0 | 1) => guids(&data[8..]),
                _ => String::new(),
            };
            let ids = if ids.is_empty() {
                ids
            } else {
                format!(": {ids}")
            };
            Some(format!("{count} items{ids}"))
        }
        (sets::PIN, 11) => Some(guids(data)),
        (sets::PIN, 12) | (sets::TOPOLOGY, 3) => text(data),
        (sets::SYNTH, 0) => Some(format!("{} dB", f64::from(reader.u32()? as i32) / 100.0)),
        (sets::SYNTH, 2) => {
            reader.guid()?;
            let mut next = || reader.u32();
            let (_, _, groups, voices) = (next()?, next()?, next()?, next()?);
            Some(format!("at most {voices} voices, {groups} channel groups"))
        }
        (sets::SYNTH, 4) => Some(reader.u32()?.to_string()),
        (sets::SYNTH, 5) => Some(format!("{:08X}", reader.u32()?)),
        (sets::SYNTH, 6) | (sets::SYNTH_CLOCK, 0) => {
            Some(format!("{:.7} s", reader.u64()? as f64 / 1e7))
        }
        (sets::SYNTH, 7) => {
            let mut next = || reader.u32();
            let (valid, voices, ..) = (next()?, next()?, next()?, next()?);
            let (lost, _, peak) = (next()?, next()?, next()? as i32);
            if valid == 0 {
                return Some("it does not run".to_owned());
            }
            let peak = f64::from(peak) / 100.0;
            Some(format!(
                "{voices} voices, {lost} notes lost, peak {peak} dB"
            ))
        }
        (sets::CONNECTION, 0) => {
            let state = State::from_number(reader.u32()?.min(3) as u8);
            Some(state.name().to_owned())
        }
        (sets::PIN, 1 | 9) | (sets::CONNECTION, 5) => Some(reader.u32()?.to_string()),
        _ if set == own::set_of(&descriptor.key) => {
            let property = descriptor.properties.get(id as usize)?;
            value(property, data)
        }
        _ => None,
    }
}

fn value(property: &Property, data: &[u8]) -> Option<String> {
    let found = own::read(property, data)?;
    let words = match (&property.domain, found.number()) {
        (Domain::Flag, _) => if property.slot_value(&found) == 0.0 {
            "off"
        } else {
            "on"
        }
        .to_owned(),
        (_, Some(number)) => format!("{number} {}", property.unit.symbol()),
        _ => found.text().to_owned(),
    };
    Some(words.trim_end().to_owned())
}

fn support(data: &[u8]) -> Option<String> {
    let mut reader = Reader(data);
    let access = reader.u32()?;
    let verbs = [
        (verb::GET, "GET"),
        (verb::SET, "SET"),
        (verb::BASICSUPPORT, "BASICSUPPORT"),
        (verb::DEFAULTVALUES, "DEFAULTVALUES"),
    ];
    let has: Vec<&str> = verbs
        .iter()
        .filter(|(flag, _)| access & flag != 0)
        .map(|(_, name)| *name)
        .collect();
    let mut words = has.join(", ");
    let behind = (
        reader.u32(),
        reader.guid(),
        reader.u32(),
        reader.u32(),
        reader.u32(),
    );
    if let (Some(_), Some(_), Some(kind), Some(_), Some(members)) = behind {
        words += &format!("; type {kind}, {members} member lists");
    }
    Some(words)
}

fn text(data: &[u8]) -> Option<String> {
    let units: Vec<u16> = data
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .take_while(|unit| *unit != 0)
        .collect();
    String::from_utf16(&units).ok()
}

fn guids(data: &[u8]) -> String {
    let all: Vec<String> = data
        .chunks_exact(16)
        .filter_map(|chunk| Reader(chunk).guid())
        .map(|id| {
            let mut sets = sets::NAMES.iter();
            let set = sets
                .find(|(_, known)| *known == id)
                .map(|(name, _)| (*name).to_owned());
            set.unwrap_or_else(|| format!("{id:?}"))
        })
        .collect();
    all.join(", ")
}
