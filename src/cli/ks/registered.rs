//! What is on offer: entries of the registry, and filters that a script declares.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::outcome;
use super::words::{self, PinWords};
use crate::ks::ids::{Guid, category};
use crate::ks::{
    AudioDevice, Constrained, DataRange, Declaration, Declared, Descriptor, Facts, Filter,
    Intersection, Node, NodePin, OpenError, Opened, Opening, Settings, Status, TopologyConnection,
};
use crate::raw::{Host, NamedHandler};

pub(super) fn entries(host: &Host, category: Option<String>) -> Result<Json, String> {
    let category = category.as_deref().map(words::category).transpose()?;
    let entries: Vec<Json> = host
        .registry(category)
        .into_iter()
        .map(|entry| {
            json!({
                "category": entry.category.to_string(),
                "name": entry.name,
                "reference": entry.reference,
                "title": entry.title,
                "leads_to": entry.leads_to,
                "category_name": category::ks_name(entry.category),
                "factory": entry.factory,
            })
        })
        .collect();
    let mut document = outcome(Status::Success);
    document["entries"] = json!(entries);
    Ok(document)
}

/// A device that comes or goes, without there being one.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Device {
    name: String,
    #[serde(default)]
    kind: DeviceKind,
    #[serde(default)]
    gone: bool,
}

#[derive(Clone, Copy, Default, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
enum DeviceKind {
    #[default]
    Render,
    MidiInput,
    MidiOutput,
}

/// Plugs a device in or takes it out: names lead there, and whoever watches its categories is told.
pub(super) fn device(host: &mut Host, it: &Device) -> Result<Json, String> {
    let mut facts = host.facts().clone();
    let called = |device: &AudioDevice| device.is_called(&it.name);
    let is_there = match it.kind {
        DeviceKind::Render => facts.devices.iter().any(called),
        DeviceKind::MidiInput => facts.midi_inputs.contains(&it.name),
        DeviceKind::MidiOutput => facts.midi_outputs.contains(&it.name),
    };
    if it.name.is_empty() || is_there != it.gone {
        let is = if is_there {
            "there already"
        } else {
            "not there"
        };
        return Err(format!("the device {:?} is {is}", it.name));
    }
    match (it.kind, it.gone) {
        (DeviceKind::Render, true) => facts.devices.retain(|device| !called(device)),
        (DeviceKind::Render, false) => {
            let like = Facts::nominal().devices.into_iter().next();
            facts.devices.extend(like.map(|device| AudioDevice {
                host: it.name.clone(),
                name: it.name.clone(),
                is_default: false,
                is_default_input: false,
                ..device
            }));
        }
        (DeviceKind::MidiInput, true) => facts.midi_inputs.retain(|port| *port != it.name),
        (DeviceKind::MidiInput, false) => facts.midi_inputs.push(it.name.clone()),
        (DeviceKind::MidiOutput, true) => facts.midi_outputs.retain(|port| *port != it.name),
        (DeviceKind::MidiOutput, false) => facts.midi_outputs.push(it.name.clone()),
    }
    host.observe(facts);
    Ok(outcome(Status::Success))
}

/// The devices of this machine take the place of the nominal one's.
pub(super) fn machine(host: &mut Host, of: MachineWord) -> Json {
    host.observe(match of {
        MachineWord::Nominal => Facts::nominal(),
        MachineWord::This => crate::device::facts(),
    });
    outcome(Status::Success)
}

/// Which machine.
#[derive(Clone, Copy, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum MachineWord {
    Nominal,
    This,
}

/// A filter in words.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Register {
    key: String,
    title: Option<String>,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    pins: Vec<PinWords>,
    #[serde(default)]
    nodes: Vec<NodeWords>,
    /// Connections inside: each end a pin number, or a node and its logical pin.
    #[serde(default)]
    topology: Vec<(EndWords, EndWords)>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct NodeWords {
    kind: Guid,
    name: String,
}

#[derive(Clone, Copy, Deserialize, Debug)]
#[serde(untagged)]
enum EndWords {
    Pin(u32),
    Node(u32, u32),
}

impl EndWords {
    const fn end(self) -> NodePin {
        match self {
            Self::Pin(pin) => NodePin::Filter(pin),
            Self::Node(node, pin) => NodePin::Node(node, pin),
        }
    }
}

/// A declared filter whose pins have handlers of intersections that known drivers have.
pub(super) struct Handled {
    pub(super) declared: Declared,
    pub(super) handlers: Vec<NamedHandler>,
}

impl Filter for Handled {
    fn descriptor(&self) -> &Descriptor {
        self.declared.descriptor()
    }

    fn constrain(&self, descriptor: &Descriptor, settings: &Settings<'_>, pins: &mut Constrained) {
        self.declared.constrain(descriptor, settings, pins);
    }

    fn intersect(
        &self,
        pin: usize,
        client: &DataRange,
        own: &DataRange,
        room: usize,
    ) -> Intersection {
        match self.handlers.get(pin) {
            Some((_, handler)) => handler(client, own, room),
            None => Intersection::Status(Status::NotImplemented),
        }
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        self.declared.open(opening)
    }
}

/// Registers a filter without code; it negotiates like any other.
pub(super) fn register(host: &mut Host, it: &Register) -> Result<Json, String> {
    let categories: Result<Vec<Guid>, String> = it
        .categories
        .iter()
        .map(|word| words::category(word))
        .collect();
    let mut declared = Declared::new(&Declaration {
        key: it.key.clone(),
        title: it.title.clone().unwrap_or_else(|| it.key.clone()),
        categories: categories?,
        help: String::new(),
        pins: vec![],
        nodes: vec![],
        reads: vec![],
    });
    let mut pins = vec![];
    let mut described = it.pins.clone();
    for words in &mut described {
        words.of_units(&mut |set, device| host.unit(set, device))?;
    }
    for (index, words) in described.iter().enumerate() {
        pins.push(words.factory(&words.name(index))?);
    }
    let nodes = it.nodes.iter().map(|node| Node {
        kind: node.kind,
        name: Cow::Owned(node.name.clone()),
        properties: Cow::Borrowed(&[]),
    });
    let topology = it
        .topology
        .iter()
        .map(|(from, to)| TopologyConnection::new(from.end(), to.end()));
    declared.0.pins = Cow::Owned(pins);
    declared.0.nodes = Cow::Owned(nodes.collect());
    declared.0.topology = Cow::Owned(topology.collect());
    for (index, words) in it.pins.iter().enumerate() {
        let Some(peer) = &words.same_format_as else {
            continue;
        };
        let name = words.name(index);
        if !declared.share_format(&name, peer) {
            return Err(format!(
                "{name} goes with the pin {peer:?}, which is not there"
            ));
        }
    }
    let handlers: Result<Vec<NamedHandler>, String> =
        it.pins.iter().map(PinWords::handler).collect();
    host.register(Arc::new(Handled {
        declared,
        handlers: handlers?,
    }))?;
    Ok(outcome(Status::Success))
}
