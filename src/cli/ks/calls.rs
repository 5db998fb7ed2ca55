//! Calls on open objects: properties, methods, events, states, failures on demand.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::words::{Bytes, FormatWords, Id, RangeWords, list, status};
use super::{Pin, Refused, answered, outcome, pin_number, with, words_refused};
use crate::ks::ids::Guid;
use crate::ks::{State, Status};
use crate::raw::layout::{self, Writer};
use crate::raw::{self, At, Host, sets, verb};

/// A property or method call; the input either in parts or as bytes.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    object: u32,
    #[serde(default)]
    set: Id,
    #[serde(default)]
    id: u32,
    #[serde(default)]
    verb: Verb,
    pin: Option<Pin>,
    node: Option<u32>,
    /// Whatever stands behind the head, as bytes.
    instance: Option<Bytes>,
    /// A list of ranges behind the pin.
    ranges: Option<Vec<RangeWords>>,
    /// All of the input, head included, in place of the parts above.
    input: Option<Bytes>,
    data: Option<Bytes>,
    /// A format as data.
    format: Option<FormatWords>,
    /// Room for the answer; without it there is enough.
    length: Option<usize>,
}

/// What is done with a property.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum Verb {
    Flags(u32),
    Word(VerbWord),
}

#[derive(Clone, Copy, Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
enum VerbWord {
    None,
    Get,
    Set,
    Setsupport,
    Basicsupport,
    Relations,
    Serializeset,
    Unserializeset,
    Serializeraw,
    Unserializeraw,
    Serializesize,
    Defaultvalues,
}

impl Default for Verb {
    fn default() -> Self {
        Self::Word(VerbWord::Get)
    }
}

impl Verb {
    fn flags(&self) -> u32 {
        let word = match self {
            Self::Flags(flags) => return *flags,
            Self::Word(word) => *word,
        };
        match word {
            VerbWord::None => 0,
            VerbWord::Get => verb::GET,
            VerbWord::Set => verb::SET,
            VerbWord::Setsupport => verb::SETSUPPORT,
            VerbWord::Basicsupport => verb::BASICSUPPORT,
            VerbWord::Relations => verb::RELATIONS,
            VerbWord::Serializeset => verb::SERIALIZESET,
            VerbWord::Unserializeset => verb::UNSERIALIZESET,
            VerbWord::Serializeraw => verb::SERIALIZERAW,
            VerbWord::Unserializeraw => verb::UNSERIALIZERAW,
            VerbWord::Serializesize => verb::SERIALIZESIZE,
            VerbWord::Defaultvalues => verb::DEFAULTVALUES,
        }
    }
}

pub(super) fn property(host: &mut Host, call: &Call) -> Result<Json, Refused> {
    carried(host, call, Host::property)
}

pub(super) fn method(host: &mut Host, call: &Call) -> Result<Json, Refused> {
    carried(host, call, Host::method)
}

fn carried(
    host: &mut Host,
    call: &Call,
    way: fn(&mut Host, raw::Handle, raw::Call<'_>) -> raw::Answer,
) -> Result<Json, Refused> {
    let input = match &call.input {
        Some(bytes) => bytes.0.clone(),
        None => input(host, call)?,
    };
    let data = match (&call.data, &call.format) {
        (Some(bytes), _) => bytes.0.clone(),
        (None, Some(format)) => layout::format(&format.format().map_err(words_refused)?),
        (None, None) => vec![],
    };
    let raw_call = raw::Call {
        input: &input,
        data: &data,
        output: call.length.unwrap_or(usize::MAX),
    };
    Ok(answered(&way(host, call.object, raw_call)))
}

/// Head, pin or node, and what stands behind.
fn input(host: &Host, call: &Call) -> Result<Vec<u8>, Refused> {
    let set = match &call.set {
        Id::Own => own_set(host, call.object),
        set => set.guid().map_err(words_refused)?,
    };
    // What a node is called stands in the filter's own list of nodes.
    let topology = match call.node.is_some() && set != sets::TOPOLOGY {
        true => verb::TOPOLOGY,
        false => 0,
    };
    let mut head = Writer::default()
        .guid(set)
        .u32(call.id)
        .u32(call.verb.flags() | topology);
    if let Some(pin) = &call.pin {
        head = head.u32(pin_number(host, call.object, pin)?).u32(0);
    } else if let Some(node) = call.node {
        head = head.u32(node).u32(0);
    }
    let mut bytes = head.0;
    if let Some(more) = &call.instance {
        bytes.extend(&more.0);
    }
    if let Some(ranges) = &call.ranges {
        bytes.extend(list(ranges).map_err(words_refused)?);
    }
    Ok(bytes)
}

fn own_set(host: &Host, object: u32) -> Guid {
    host.descriptor(object)
        .map_or(sets::GENERAL, |descriptor| raw::set_of(&descriptor.key))
}

/// An event to be enabled, or asked about.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Enable {
    object: u32,
    #[serde(default)]
    set: Id,
    #[serde(default)]
    id: u32,
    #[serde(default)]
    once: bool,
    /// Flags in place of enable and one-shot.
    verb: Option<EventVerb>,
    /// 1 an event, 2 a semaphore; anything else is refused.
    #[serde(default = "event")]
    notification: u32,
    #[serde(default)]
    tag: u64,
    /// Of a clock: the time of a mark, in 100 ns.
    mark: Option<i64>,
    /// Of a clock: the base of an interval, and the interval.
    interval: Option<(i64, i64)>,
    /// All of the input, head included.
    input: Option<Bytes>,
    /// All of the event data, in place of notification and tag.
    data: Option<Bytes>,
    /// Room for the answer of a question.
    length: Option<usize>,
}

const fn event() -> u32 {
    1
}

#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum EventVerb {
    Flags(u32),
    Word(EventWord),
}

#[derive(Clone, Copy, Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
enum EventWord {
    Enable = 1,
    Oneshot = 3,
    Enablebuffered = 4,
    Setsupport = 0x100,
    Basicsupport = 0x200,
    Querybuffer = 0x400,
}

pub(super) fn enable(host: &mut Host, call: &Enable) -> Result<Json, Refused> {
    let flags = match &call.verb {
        Some(EventVerb::Flags(flags)) => *flags,
        Some(EventVerb::Word(word)) => *word as u32,
        None => 1 | if call.once { 2 } else { 0 },
    };
    let input = match &call.input {
        Some(bytes) => bytes.0.clone(),
        None => {
            let set = call.set.guid().map_err(words_refused)?;
            Writer::default().guid(set).u32(call.id).u32(flags).0
        }
    };
    let data = match &call.data {
        Some(bytes) => bytes.0.clone(),
        None => {
            let mut data = Writer::default()
                .u64(u64::from(call.notification))
                .u64(call.tag)
                .0;
            data.resize(raw::EVENT_DATA, 0);
            let times = call.interval.map(|(base, every)| [base, every]);
            let times = times.iter().flatten().chain(&call.mark);
            data.extend(times.flat_map(|time| time.to_le_bytes()));
            data
        }
    };
    let answer = host.enable(
        call.object,
        raw::Call {
            input: &input,
            data: &data,
            output: call.length.unwrap_or(usize::MAX),
        },
    );
    Ok(answered(&answer))
}

/// By the tag, or by the event data it stood in; neither takes back all.
pub(super) fn disable(
    host: &mut Host,
    object: u32,
    tag: Option<u64>,
    data: Option<Bytes>,
) -> Result<Json, Refused> {
    let tag = match data {
        None => tag,
        Some(Bytes(bytes)) if bytes.is_empty() => None,
        Some(Bytes(bytes)) if bytes.len() < raw::EVENT_DATA => {
            return Ok(answered(&raw::Answer::status(Status::InvalidBufferSize)));
        }
        Some(Bytes(bytes)) => layout::Reader(&bytes[8..]).u64(),
    };
    Ok(answered(&host.disable(object, tag)))
}

/// What was told since the last time: events, requests that waited, what came and went.
pub(super) fn fired(host: &mut Host) -> Json {
    let fired: Vec<Json> = host
        .take_fired()
        .into_iter()
        .map(|it| {
            json!({
                "object": it.object,
                "set": it.set.to_string(),
                "id": it.id,
                "notification": it.notification as u32,
                "tag": it.tag,
            })
        })
        .collect();
    let completed: Vec<Json> = host
        .take_completed()
        .into_iter()
        .map(|it| {
            let mut document = answered(&it.answer);
            document["object"] = json!(it.object);
            document["request"] = json!(it.request);
            if !it.headers.is_empty() {
                let headers: Vec<Json> = it.headers.iter().map(super::streams::header).collect();
                document["headers"] = json!(headers);
            }
            document
        })
        .collect();
    let changes: Vec<Json> = host
        .take_changes()
        .into_iter()
        .map(|it| {
            json!({
                "change": if it.is_arrival { "arrival" } else { "removal" },
                "category": it.category.to_string(),
                "name": it.name,
                "tag": it.tag,
            })
        })
        .collect();
    let mut document = outcome(Status::Success);
    document["fired"] = json!(fired);
    match host.take_lost() {
        0 => {}
        lost => document["lost"] = json!(lost),
    }
    document["completed"] = json!(completed);
    document["changes"] = json!(changes);
    document
}

/// A framing in words or as bytes.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
pub(super) enum Framing {
    Bytes(Bytes),
    Words(FramingWords),
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct FramingWords {
    #[serde(default = "system_memory")]
    options: u32,
    #[serde(default)]
    pool: u32,
    #[serde(default)]
    frames: u32,
    #[serde(default)]
    frame_size: u32,
    #[serde(default)]
    alignment: u32,
}

const fn system_memory() -> u32 {
    2
}

impl Framing {
    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.0.clone(),
            Self::Words(it) => {
                Writer::default()
                    .u32(it.options)
                    .u32(it.pool)
                    .u32(it.frames)
                    .u32(it.frame_size)
                    .u32(it.alignment)
                    .u32(0)
                    .0
            }
        }
    }
}

#[derive(Clone, Copy, Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum StateWord {
    Stop,
    Acquire,
    Pause,
    Run,
}

impl StateWord {
    pub(super) const fn state(self) -> State {
        match self {
            Self::Stop => State::Stop,
            Self::Acquire => State::Acquire,
            Self::Pause => State::Pause,
            Self::Run => State::Run,
        }
    }
}

/// All open pins, one of them or those of one filter are taken to a state; with `from` nothing is, and the way is told.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct StateCall {
    to: Option<StateWord>,
    object: Option<u32>,
    from: Option<StateWord>,
}

pub(super) fn state(host: &mut Host, call: &StateCall) -> Result<Json, Refused> {
    let Some(to) = call.to else {
        return Ok(match host.common_state() {
            Some(state) => {
                let words = state.name().to_lowercase();
                with(outcome(Status::Success), "state", json!(words))
            }
            None => outcome(Status::Unsuccessful),
        });
    };
    if let Some(from) = call.from {
        return Ok(super::dry::steps(from, to));
    }
    let wanted = to.state();
    let (status, moved) = match call.object {
        None => host.step_all(wanted),
        Some(object) => host.step_some(object, wanted).ok_or_else(|| {
            let words = format!("there is no filter or pin {object}");
            Refused::new(Status::InvalidParameter, words)
        })?,
    };
    let steps: Vec<Json> = moved
        .into_iter()
        .map(|(pin, state)| json!({ "pin": pin, "state": state.name().to_lowercase() }))
        .collect();
    let mut document = with(outcome(status), "steps", json!(steps));
    if wanted == State::Run {
        let idle = host.idle().into_iter().map(|(filter, pin, necessary, ready)| {
            json!({ "object": filter, "pin": pin, "necessary": necessary, "ready": ready })
        });
        document["idle"] = json!(idle.collect::<Vec<_>>());
    }
    Ok(document)
}

/// A failure on demand: at a line of the validation list, or at a state.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Inject {
    object: u32,
    line: Option<u8>,
    state: Option<StateWord>,
    /// The stream behind an output goes on in another format.
    format: Option<FormatWords>,
    #[serde(default)]
    status: String,
}

pub(super) fn inject(host: &mut Host, call: &Inject) -> Result<Json, Refused> {
    if let Some(format) = &call.format {
        let format = format.format().map_err(words_refused)?;
        return Ok(outcome(host.change_stream(call.object, &format)));
    }
    let at = match (call.line, call.state) {
        (Some(line @ 9..=11), None) => At::Line(line),
        (None, Some(state)) => At::State(state.state()),
        _ => {
            let words = "either a line from 9 to 11 or a state";
            return Err(Refused::new(Status::InvalidParameter, words));
        }
    };
    let wanted = status(&call.status).map_err(words_refused)?;
    match host.inject(call.object, at, wanted) {
        true => Ok(outcome(Status::Success)),
        false => Err(Refused::new(
            Status::InvalidParameter,
            format!("there is no object {}", call.object),
        )),
    }
}

/// The mixer lines of a filter, each with its controls from the pin inwards (TOP-8).
pub(super) fn lines(host: &Host, object: u32) -> Option<Json> {
    let descriptor = host.descriptor(object)?;
    let lines = descriptor.mixer_lines().into_iter().map(|line| {
        let controls = line.controls.iter().filter_map(|&node| {
            let it = descriptor.nodes.get(node as usize)?;
            Some(json!({ "node": node, "name": it.name, "kind": it.kind.to_string() }))
        });
        let pin = descriptor.pins.get(line.pin as usize);
        json!({
            "pin": line.pin,
            "name": pin.map(|it| it.name.to_string()),
            "line": if line.is_source { "source" } else { "destination" },
            "controls": controls.collect::<Vec<Json>>(),
        })
    });
    let lines: Vec<Json> = lines.collect();
    Some(with(outcome(Status::Success), "lines", json!(lines)))
}
