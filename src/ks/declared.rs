//! Declared filters: pins, ranges with any ids, mediums, interfaces, counts, roles and nodes as data, without code
//! (REG-7). They negotiate like any other and pass frames on, or silence.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::filter::{
    Constrained, Descriptor, Filter, OpenError, Opened, Opening, Settings, constrain_same,
    share_ranges,
};
use super::format::DataRange;
use super::framing::Framing;
use super::ids::Guid;
use super::medium::{Interface, Medium};
use super::pin::{Communication, DataFlow, Instances, PinFactory};
use super::processor::{Flow, Io, Processor};
use super::property::Property;
use super::topology::Node;

/// A pin factory as data.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinDeclaration {
    /// Unique among the filter's pins.
    pub name: String,
    /// In or out.
    pub data_flow: DataFlow,
    /// Who issues requests.
    #[serde(default = "both")]
    pub communication: Communication,
    /// What it can do, best first.
    pub ranges: Vec<DataRange>,
    /// Its links; none is the standard one (MED-2).
    #[serde(default)]
    pub mediums: Vec<Medium>,
    /// Its interfaces; none is standard streaming (IFC-1).
    #[serde(default)]
    pub interfaces: Vec<Interface>,
    /// The most instances at a time.
    #[serde(default = "one")]
    pub possible: u32,
    /// The fewest before the filter runs.
    #[serde(default)]
    pub necessary: u32,

    /// The most instances at a time over all filters of the kind; none is no limit.
    #[serde(default)]
    pub global: Option<u32>,
    /// What it wants of its frames.
    #[serde(default)]
    pub framing: Option<Framing>,

    /// Another pin of the filter with which it always shares its format.
    #[serde(default)]
    pub same_format_as: Option<String>,

    /// What kind of pin it is (CAT-4).
    #[serde(default)]
    pub category: Option<Guid>,
    /// The id of its name for display (CAT-4).
    #[serde(default)]
    pub label: Option<Guid>,
}

fn both() -> Communication {
    Communication::Both
}

fn one() -> u32 {
    1
}

impl PinDeclaration {
    /// The factory it describes.
    pub fn factory(&self) -> PinFactory {
        let blank = match self.data_flow {
            DataFlow::In => PinFactory::input("", &[]),
            DataFlow::Out => PinFactory::output("", &[]),
        };
        PinFactory {
            name: Cow::Owned(self.name.clone()),
            communication: self.communication,
            ranges: Cow::Owned(self.ranges.clone()),
            mediums: Cow::Owned(self.mediums.clone()),
            interfaces: Cow::Owned(self.interfaces.clone()),
            instances: Instances {
                possible: self.possible,
                necessary: self.necessary,
            },
            global: self.global.unwrap_or(u32::MAX),
            framing: self.framing.clone(),
            category: self.category,
            label: self.label,
            ..blank
        }
    }
}

/// A kind of node as data.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeDeclaration {
    /// What kind of node.
    pub kind: Guid,
    /// What people read.
    pub name: String,
}

/// A filter as data.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// The name in files.
    pub key: String,
    /// The name people read.
    pub title: String,
    /// Functional categories.
    #[serde(default)]
    pub categories: Vec<Guid>,
    /// One or two sentences.
    #[serde(default)]
    pub help: String,
    /// Its pins.
    pub pins: Vec<PinDeclaration>,
    /// What is inside.
    #[serde(default)]
    pub nodes: Vec<NodeDeclaration>,
    /// Endings of names of files that it reads ([`Descriptor::reads`]). Not empty: it has a property that names its file.
    #[serde(default)]
    pub reads: Vec<String>,
}

/// The file of a filter that reads one.
const PATH: Property = Property::path("path", "File").inline();

/// The filter that a declaration makes.
pub struct Declared(
    /// What it is.
    pub Descriptor,
    /// Pins that always share their format, by number.
    pub Vec<(usize, usize)>,
);

impl Declared {
    /// The filter of a declaration.
    pub fn new(declaration: &Declaration) -> Self {
        let mut descriptor = Descriptor::new("", "", &[], &[], &[]);
        descriptor.key = Cow::Owned(declaration.key.clone());
        descriptor.title = Cow::Owned(declaration.title.clone());
        descriptor.categories = Cow::Owned(declaration.categories.clone());
        descriptor.help = Cow::Owned(declaration.help.clone());
        let pins = declaration.pins.iter().map(PinDeclaration::factory);
        descriptor.pins = Cow::Owned(pins.collect());
        let nodes = declaration.nodes.iter().map(|node| Node {
            kind: node.kind,
            name: Cow::Owned(node.name.clone()),
            properties: Cow::Borrowed(&[]),
        });
        descriptor.nodes = Cow::Owned(nodes.collect());
        if !declaration.reads.is_empty() {
            let reads = declaration.reads.iter().cloned().map(Cow::Owned);
            descriptor.reads = Cow::Owned(reads.collect());
            descriptor.properties = Cow::Borrowed(&[PATH]);
        }
        let mut declared = Self(descriptor, vec![]);
        for pin in &declaration.pins {
            if let Some(peer) = &pin.same_format_as {
                declared.share_format(&pin.name, peer);
            }
        }
        declared
    }

    /// Lets two pins share their format from now on; whether both are there.
    pub fn share_format(&mut self, pin: &str, peer: &str) -> bool {
        let ends = self.0.pin(pin).zip(self.0.pin(peer));
        let ends = ends.map(|((one, _), (other, _))| (one, other));
        self.1.extend(ends);
        ends.is_some()
    }
}

impl Filter for Declared {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn constrain(&self, descriptor: &Descriptor, _: &Settings<'_>, pins: &mut Constrained) {
        constrain_same(descriptor, pins);
        for (one, other) in &self.1 {
            share_ranges(pins, *one, *other);
        }
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let pins = |flow| opening.pins.iter().filter(move |pin| pin.data_flow == flow);
        let reached: Vec<_> = pins(DataFlow::In)
            .map(|input| opening.descriptor.reached(input.factory))
            .collect();
        let sources = pins(DataFlow::Out).map(|output| {
            let leads = reached.iter().map(|pins| pins.contains(&output.factory));
            leads.collect()
        });
        Ok(Opened::processor(Passing {
            leads: sources.collect(),
        })
        .endless())
    }
}

/// Each output gets the first input that has as many channels and samples and leads to it inside the filter; the others
/// are silent.
struct Passing {
    /// For each output which inputs lead to it.
    leads: Vec<Vec<bool>>,
}

impl Processor for Passing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let inputs = io.inputs;
        for (output, leads) in io.outputs.iter_mut().zip(&self.leads) {
            if output.is_filled {
                continue;
            }
            output.silence();
            let (channels, len) = (output.channel_count(), output.len());
            let like =
                |wave: &&super::frame::Wave| wave.channel_count() == channels && wave.len() == len;
            let leading = inputs.iter().zip(leads).filter(|(_, leads)| **leads);
            if let Some(wave) = leading.filter_map(|(input, _)| input.wave()).find(like) {
                for (to, from) in output.channels_mut().zip(wave.channels()) {
                    to.copy_from_slice(from);
                }
            }
        }
        Flow::Running
    }
}
