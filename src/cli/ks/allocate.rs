//! `allocate`: what the pins of a chain agree on about their frames, by the same rules as a graph's (`graph/pipes`), and an
//! allocator of such frames from its creation on, with the calls it gets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::calls::Framing;
use super::live::Live;
use super::words::PinWords;
use super::{Refused, answered, outcome, with, words_refused};
use crate::cli::shapes;
use crate::graph::{
    AskedFraming, Chosen, Connection, FilterId, FilterNode, Graph, Node, NodeKind, PinRef, Pipes,
    Position, Wiring, negotiate, pipes,
};
use crate::ks::{
    Catalogue, DataFlow, DataRange, Declaration, Declared, Facts, Interface, Medium, PinFactory,
    State, Status,
};
use crate::raw::layout::{Reader, Writer};
use crate::raw::{self, Host, sets, verb};

/// Most calls and pins of one request.
const MOST: usize = 1 << 16;

/// An allocator, and the calls it gets: from its framing, or as the pins of a chain agree.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Allocate {
    /// What it is created with.
    framing: Option<Framing>,
    /// The pins along a chain: the output of the first filter, input and output of each that follows, the input of the
    /// last.
    pins: Option<Vec<PinWords>>,
    /// A pin of the graph that is open.
    pub(super) object: Option<u32>,
    /// Framing that is asked for by hand, by the number of the wire in the chain.
    #[serde(default)]
    asked: Vec<AskedWords>,
    /// The longest cycle in samples.
    #[serde(default = "quantum")]
    quantum: u32,
    /// The pipe whose allocator gets the calls.
    #[serde(default)]
    pipe: usize,
    /// Whether frames can be had at once (POOL-1).
    #[serde(default = "yes")]
    committed: bool,
    #[serde(default)]
    calls: Vec<CallWords>,
}

const fn quantum() -> u32 {
    256
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct AskedWords {
    wire: usize,
    #[serde(default)]
    bytes: u32,
    #[serde(default)]
    frames: u32,
}

/// `"alloc"`, `"direct"`, `"cancel"`, `"commit"`, `"decommit"`, `"close"`, or a frame to be freed, by the place of the call
/// that gave it.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
enum CallWords {
    Alloc,
    Direct,
    Cancel,
    Commit,
    Decommit,
    Close,
    Free(usize),
}

pub(super) fn allocate(it: &Allocate, live: Option<&Live>) -> Result<Json, Refused> {
    if it.calls.len() > MOST {
        let words = format!("{} calls; at most {MOST}", it.calls.len());
        return Err(words_refused(words));
    }
    match (&it.framing, &it.pins, it.object) {
        (Some(framing), None, None) => {
            played(it, &framing.bytes(), outcome(Status::Success)).map_err(words_refused)
        }
        (None, Some(pins), None) => chain(it, pins).map_err(words_refused),
        (None, None, Some(object)) => {
            let words = "no graph is open that has this pin";
            let told = live.and_then(|live| live.framing(object));
            let document = told.ok_or_else(|| words_refused(words.into()))?;
            Ok(with(outcome(Status::Success), "framing", document))
        }
        _ => Err(words_refused("wanted `framing`, `pins` or `object`".into())),
    }
}

/// What the pins of a chain agree on, and the calls to the allocator of one of its pipes.
fn chain(it: &Allocate, pins: &[PinWords]) -> Result<Json, String> {
    let wiring = wired(pins, &it.asked)?;
    if let Some(refusal) = wiring
        .wires
        .iter()
        .find_map(|wire| wire.outcome.as_ref().err())
    {
        return Ok(with(
            outcome(refusal.status),
            "refusal",
            shapes::refusal(refusal),
        ));
    }
    let agreed = pipes(&wiring, it.quantum.clamp(1, 1 << 20) as usize);
    let document = told(&wiring, &agreed);
    let Some(pipe) = agreed.pipes.get(it.pipe) else {
        return Err(format!("there is no pipe {}", it.pipe));
    };
    let framing = Writer::default()
        .u32(2)
        .u32(0)
        .u32(pipe.frames.value)
        .u32(pipe.size.value.max(1))
        .u32(pipe.alignment.value)
        .u32(0);
    played(it, &framing.0, document)
}

/// Pipes and wires as they were agreed.
fn told(wiring: &Wiring, agreed: &Pipes) -> Json {
    let of = |index: usize| agreed.passage(index).and_then(|it| it.pipe);
    let wires: Vec<Json> = (0..wiring.wires.len())
        .map(|index| {
            let mut document = shapes::framing(wiring, agreed, index);
            document["in_pipe"] = json!(of(index));
            document
        })
        .collect();
    let mut document = outcome(Status::Success);
    document["pipes"] = json!(agreed.pipes.len());
    document["wires"] = json!(wires);
    document
}

/// A graph of the chain: filters without code, agreed like any others.
fn wired(pins: &[PinWords], asked: &[AskedWords]) -> Result<Wiring, String> {
    if pins.len() < 2 || !pins.len().is_multiple_of(2) || pins.len() > 1 << 10 {
        return Err("wanted pairs of pins: an output, an input, an output, an input".into());
    }
    let mut catalogue = Catalogue::default();
    let mut graph = Graph::default();
    let names = |index: usize, flow: DataFlow| match flow {
        DataFlow::In => pins[index].name_or("in"),
        DataFlow::Out => pins[index].name_or("out"),
    };
    let filters = pins.len() / 2 + 1;
    for number in 0..filters {
        let places = [(2 * number).checked_sub(1), Some(2 * number)];
        let mut factories = vec![];
        for (place, flow) in places.into_iter().zip([DataFlow::In, DataFlow::Out]) {
            let Some(place) = place.filter(|place| *place < pins.len()) else {
                continue;
            };
            let factory = pins[place].factory(&names(place, flow))?;
            if factory.data_flow != flow {
                return Err(format!("pin {place} goes the other way"));
            }
            factories.push(with_sound(factory));
        }
        let key = format!("filter{number}");
        let mut filter = Declared::new(&Declaration {
            key: key.clone(),
            title: key.clone(),
            categories: vec![],
            help: String::new(),
            pins: vec![],
            nodes: vec![],
            reads: vec![],
        });
        filter.0.pins = Cow::Owned(factories);
        let entry = Arc::new(filter);
        catalogue
            .register(entry)
            .map_err(|error| error.to_string())?;
        let kind = NodeKind::Filter(FilterNode {
            key: key.clone(),
            ..FilterNode::default()
        });
        let position = Position::default();
        let node = Node {
            name: key,
            position,
            kind,
        };
        graph.filters.insert(FilterId(number as u32), node.into());
    }
    for wire in 0..pins.len() / 2 {
        let end = |filter: usize, place: usize, flow| PinRef {
            filter: FilterId(filter as u32),
            pin: names(place, flow),
            instance: 0,
        };
        let framing = asked.iter().find(|it| it.wire == wire);
        let chosen = Chosen {
            framing: framing.map(|it| AskedFraming {
                bytes: it.bytes,
                frames: it.frames,
            }),
            ..Chosen::default()
        };
        let connection = Connection {
            from: end(wire, 2 * wire, DataFlow::Out),
            to: end(wire + 1, 2 * wire + 1, DataFlow::In),
            chosen,
        };
        graph.connections.push(connection.into());
    }
    Ok(negotiate(&graph, &catalogue, &Facts::nominal(), None))
}

/// A pin that names no range takes sound in two channels, as graphs have it.
fn with_sound(mut factory: PinFactory) -> PinFactory {
    if factory.ranges.is_empty() {
        let format = crate::ks::DataFormat::float(2, 48_000);
        factory.ranges = Cow::Owned(vec![DataRange::only(&format)]);
    }
    factory
}

/// Plays the calls to an allocator that is created from a framing; what became of them joins the document.
fn played(it: &Allocate, framing: &[u8], mut document: Json) -> Result<Json, String> {
    let mut host = super::blank();
    let pin = sink(&mut host).ok_or("there is no pin to make it on")?;
    let made = host.create_allocator(pin, framing);
    let Some(allocator) = Reader(&made.data).u32() else {
        return Ok(outcome(made.status));
    };
    if !it.committed {
        host.commit(allocator, false);
    }
    let method = |host: &mut Host, id: u32, data: &[u8]| {
        let input = Writer::default()
            .guid(sets::STREAM_ALLOCATOR_METHODS)
            .u32(id)
            .u32(0);
        host.method(
            allocator,
            raw::Call {
                input: &input.0,
                data,
                output: usize::MAX,
            },
        )
    };
    // Frames by the call that gave them, or that began to wait for them.
    let mut frames: Vec<Option<u64>> = vec![];
    let mut answers: Vec<Json> = vec![];
    // Those that wait, by the number of their request: the allocator counts them from 1.
    let mut waiting: BTreeMap<u64, usize> = BTreeMap::new();
    let mut requests = 0;
    for call in &it.calls {
        let index = frames.len();
        let answer = match *call {
            CallWords::Alloc => method(&mut host, 0, &[]),
            CallWords::Direct => host.allocate_directly(allocator),
            CallWords::Commit => host.commit(allocator, true),
            CallWords::Decommit => host.commit(allocator, false),
            CallWords::Close => raw::Answer::status(match host.close(allocator) {
                true => Status::Success,
                false => Status::InvalidParameter,
            }),
            CallWords::Cancel => {
                let any = host.cancel(allocator);
                raw::Answer::status(if any {
                    Status::Success
                } else {
                    Status::Unsuccessful
                })
            }
            CallWords::Free(index) => {
                let frame = frames.get(index).copied().flatten().unwrap_or(0);
                method(&mut host, 1, &frame.to_le_bytes())
            }
        };
        // Giving back, committing and closing give no frame.
        let given = Reader(&answer.data).u64();
        frames.push(given);
        if answer.status == Status::Pending {
            requests += 1;
            waiting.insert(requests, index);
        }
        let mut document = outcome(answer.status);
        document["frame"] = json!(given);
        let mut ends: Vec<Json> = vec![];
        for ended in host.take_completed() {
            let Some(waited) = waiting.remove(&ended.request) else {
                continue;
            };
            frames[waited] = Reader(&ended.answer.data).u64();
            let mut end = outcome(ended.answer.status);
            end["call"] = json!(waited);
            end["frame"] = json!(frames[waited]);
            ends.push(end);
        }
        answers.push(with(document, "completed", json!(ends)));
    }
    let input = Writer::default()
        .guid(sets::STREAM_ALLOCATOR)
        .u32(1)
        .u32(verb::GET);
    let status = host.property(
        allocator,
        raw::Call {
            input: &input.0,
            data: &[],
            output: usize::MAX,
        },
    );
    let words = answered(&status);
    for key in ["length", "data"] {
        document[key] = words[key].clone();
    }
    document["calls"] = json!(answers);
    // The count of frames that are out stands behind the framing.
    let allocated = status.data.get(24..).and_then(|rest| Reader(rest).u32());
    document["allocated"] = json!(allocated);
    Ok(document)
}

/// A pin that answers requests, for allocators to be made on.
fn sink(host: &mut Host) -> Option<raw::Handle> {
    let filter = host.open("gain").ok()?;
    let (factory, format) = {
        let (factory, pin) = host.descriptor(filter)?.pin("in")?;
        (factory, pin.ranges.first()?.choose()?)
    };
    let agreed = (format, Medium::STANDARD, Interface::STREAMING);
    Some(host.adopt(filter, factory, raw::Role::Sink, agreed, State::Stop))
}
