//! What is known of a filter without opening it, and the values it has in its graph.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::ks::format::{DataRange, Kind};
use crate::ks::ids::{Guid, category};
use crate::ks::path_text::text_path;
use crate::ks::pin::{DataFlow, PinFactory};
use crate::ks::property::{Property, Value};
use crate::ks::quality::{Degradation, Strategy};
use crate::ks::topology::{Node, NodePin, TopologyConnection};

/// What the catalogue, the inspector, files and the negotiation read of a filter.
#[derive(Clone, PartialEq, Debug)]
pub struct Descriptor {
    /// The name in files: the stem of the filter's source file.
    pub key: Cow<'static, str>,
    /// The name people read.
    pub title: Cow<'static, str>,
    /// Functional categories; the first that is not AUDIO groups it in the catalogue.
    pub categories: Cow<'static, [Guid]>,
    /// Pin factories; their index is the KS pin id.
    pub pins: Cow<'static, [PinFactory]>,
    /// Properties; their index is the slot of their value on the audio thread.
    pub properties: Cow<'static, [Property]>,
    /// One or two sentences of help.
    pub help: Cow<'static, str>,
    /// What is inside; their index is the KS node id.
    pub nodes: Cow<'static, [Node]>,
    /// How nodes and pins hang together; empty stands for every input reaching every output.
    pub topology: Cow<'static, [TopologyConnection]>,
    /// How gladly it is taken where several would do ([`crate::ks::merit`]); more is better.
    pub merit: u32,
    /// Endings of names of the files that it reads and the program does not know, without a dot; a reader that names none reads
    /// what the program knows: sound, or notes, as its outputs are.
    pub reads: Cow<'static, [Cow<'static, str>]>,

    /// How it does with less, when a live graph is overloaded ([`crate::ks::Processor::degrade`]); `None`: it cannot.
    pub degrades: Option<Degradation>,
}

impl Descriptor {
    /// A descriptor from constant tables.
    pub const fn new(
        key: &'static str,
        title: &'static str,
        categories: &'static [Guid],
        pins: &'static [PinFactory],
        properties: &'static [Property],
    ) -> Self {
        Self {
            key: Cow::Borrowed(key),
            title: Cow::Borrowed(title),
            categories: Cow::Borrowed(categories),
            pins: Cow::Borrowed(pins),
            properties: Cow::Borrowed(properties),
            help: Cow::Borrowed(""),
            nodes: Cow::Borrowed(&[]),
            topology: Cow::Borrowed(&[]),
            merit: crate::ks::merit::NORMAL,
            reads: Cow::Borrowed(&[]),

            degrades: None,
        }
    }

    /// The same descriptor of a filter that can do with less ([`crate::ks::Processor::degrade`]), and what it gives up at each
    /// level.
    pub const fn degrades(mut self, strategy: Strategy, gives_up: [&'static str; 3]) -> Self {
        self.degrades = Some(Degradation { strategy, gives_up });
        self
    }

    /// The same descriptor with another merit ([`crate::ks::merit`]).
    pub const fn merit(mut self, merit: u32) -> Self {
        self.merit = merit;
        self
    }

    /// The same descriptor with nodes inside (TOP-1, TOP-2).
    pub const fn nodes(
        mut self,
        nodes: &'static [Node],
        topology: &'static [TopologyConnection],
    ) -> Self {
        core::mem::forget(core::mem::replace(&mut self.nodes, Cow::Borrowed(nodes)));
        core::mem::forget(core::mem::replace(
            &mut self.topology,
            Cow::Borrowed(topology),
        ));
        self
    }

    /// How nodes and pins hang together; where nothing is declared, every input reaches every output.
    pub fn connections(&self) -> Vec<TopologyConnection> {
        if !self.topology.is_empty() {
            return self.topology.to_vec();
        }
        let of = |flow| {
            let pins = self.pins.iter().enumerate();
            pins.filter(move |(_, pin)| pin.data_flow == flow)
                .map(|(index, _)| NodePin::Filter(index as u32))
        };
        of(DataFlow::In)
            .flat_map(|from| of(DataFlow::Out).map(move |to| TopologyConnection { from, to }))
            .collect()
    }

    /// The same descriptor with a help text.
    pub const fn help(mut self, help: &'static str) -> Self {
        core::mem::forget(core::mem::replace(&mut self.help, Cow::Borrowed(help)));
        self
    }

    /// Whether it gives the ticks of a clock that is its own, and no device's.
    pub fn has_own_clock(&self) -> bool {
        let gives = |pin: &PinFactory| pin.data_flow == DataFlow::Out && pin.kind() == Kind::Clock;
        self.categories.contains(&category::CLOCK) && self.pins.iter().any(gives)
    }

    /// Whether it renders sound: MIDI outputs are of that category too, and nothing is heard of them here.
    pub fn renders_sound(&self) -> bool {
        let takes = |pin: &PinFactory| {
            pin.data_flow == DataFlow::In && pin.kind() == Kind::Audio && !pin.is_bridge()
        };
        self.categories.contains(&category::RENDER) && self.pins.iter().any(takes)
    }

    /// The category that groups it in the catalogue.
    pub fn category(&self) -> Guid {
        let general = category::AUDIO;
        self.categories
            .iter()
            .copied()
            .find(|id| *id != general)
            .unwrap_or(general)
    }

    /// The same descriptor with other ranges on one pin, for [`crate::ks::Filter::describe`].
    pub fn with_ranges(&self, pin: &str, ranges: Vec<DataRange>) -> Self {
        let mut described = self.clone();
        if let Some((index, factory)) = self.pin(pin) {
            described.pins.to_mut()[index] = factory.clone().with_ranges(ranges);
        }
        described
    }

    /// A pin factory and its index, by name.
    pub fn pin(&self, name: &str) -> Option<(usize, &PinFactory)> {
        self.pins
            .iter()
            .enumerate()
            .find(|(_, pin)| pin.name == name)
    }

    /// A property and its index, by key.
    pub fn property(&self, key: &str) -> Option<(usize, &Property)> {
        self.properties
            .iter()
            .enumerate()
            .find(|(_, property)| property.key == key)
    }
}

/// The values a filter has in its graph, with defaults behind them.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// What the graph says, by key; what is not there has its default.
    pub values: &'a BTreeMap<String, Value>,
    /// The folder of the graph's file, for relative paths.
    pub base: Option<&'a Path>,
}

impl Settings<'_> {
    /// The value of `property`, legal in its domain.
    pub fn value(&self, property: &Property) -> Value {
        let stored = self.values.get(property.key);
        stored
            .and_then(|value| property.legal(value))
            .unwrap_or_else(|| property.default_value())
    }

    /// The same as it is on the audio thread.
    pub fn slot_value(&self, property: &Property) -> f64 {
        // Numbers are the most.
        if let Some(Value::Number(number)) = self.values.get(property.key)
            && let Some(legal) = property.legal_number(*number)
        {
            return legal;
        }
        property.slot_value(&self.value(property))
    }

    /// The value of a number.
    pub fn number(&self, property: &Property) -> f64 {
        self.value(property).number().unwrap_or(0.0)
    }

    /// The value of a choice, text, path or device.
    pub fn text(&self, property: &Property) -> String {
        self.value(property).text().to_owned()
    }

    /// The value of a flag.
    pub fn is_on(&self, property: &Property) -> bool {
        self.value(property) == Value::Flag(true)
    }

    /// A path as the operating system needs it; `None` when it is empty.
    pub fn path(&self, property: &Property) -> Option<PathBuf> {
        let text = self.text(property);
        (!text.is_empty()).then(|| {
            let path = text_path(&text);
            self.base
                .map_or_else(|| path.clone(), |base| base.join(&path))
        })
    }
}
