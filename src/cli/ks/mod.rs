//! `ksgraph ks`: the raw door for scripts. One JSON request a line on standard input, one JSON answer a line.
//!
//! Here are the requests and what becomes of them; `words.rs` reads ids, ranges and formats, `shapes.rs` of the parent
//! writes them. The schema is in docs/ks-json.md. A line that cannot be understood is answered, and the next is read.

mod pure;
mod words;

use std::io::BufRead;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::failure::{Exit, Failure};
use super::{Answer, shapes};
use crate::ks::Status;
use crate::ks::ids::Guid;
use crate::raw::layout::{self, Writer};
use crate::raw::{self, Call, Host, Role, sets, verb};
use words::{Bytes, ConnectWords, FormatWords, Id, PinWords, RangeWords};

/// What `ks` takes: nothing but its lines.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  echo '{\"op\": \"open\", \"name\": \"ks://render/default renderer\"}' | ksgraph ks\n\nThe requests are described in docs/ks-json.md."
)]
pub(super) struct Ks {}

/// One request.
#[derive(Deserialize, Debug)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Request {
    Open {
        name: String,
    },
    Close {
        object: u32,
    },
    Link {
        name: String,
        to: String,
    },
    Property(PropertyCall),
    Enable {
        #[serde(flatten)]
        call: EventCall,
    },
    Disable {
        object: u32,
        tag: Option<u64>,
    },
    Fired,
    Create {
        object: u32,
        request: Option<Bytes>,
        connect: Option<ConnectWords>,
    },
    Connect {
        from: (u32, Pin),
        to: (u32, Pin),
    },
    Pin {
        object: u32,
    },
    Log,
    Intersect {
        client: Client,
        own: Vec<RangeWords>,
        length: Option<usize>,
    },
    Match {
        from: PinWords,
        to: PinWords,
    },
    Validate(Box<pure::Validate>),
}

/// A property call; the input either in parts or as bytes.
#[derive(Deserialize, Debug)]
struct PropertyCall {
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

/// An event to be enabled.
#[derive(Deserialize, Debug)]
struct EventCall {
    object: u32,
    #[serde(default)]
    set: Id,
    #[serde(default)]
    id: u32,
    #[serde(default)]
    once: bool,
    /// 1 an event, 2 a semaphore; anything else is refused.
    #[serde(default = "event")]
    notification: u64,
    #[serde(default)]
    tag: u64,
}

fn event() -> u64 {
    1
}

/// A pin by its name or number.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum Pin {
    Number(u32),
    Name(String),
}

/// A client's list of ranges, in words or bytes.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum Client {
    Bytes(Bytes),
    Words(Vec<RangeWords>),
}

/// What is done with a property.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum Verb {
    Flags(u32),
    Word(VerbWord),
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
enum VerbWord {
    Get,
    Set,
    Setsupport,
    Basicsupport,
    Defaultvalues,
}

impl Default for Verb {
    fn default() -> Self {
        Self::Word(VerbWord::Get)
    }
}

impl Verb {
    fn flags(&self) -> u32 {
        match self {
            Self::Flags(flags) => *flags,
            Self::Word(VerbWord::Get) => verb::GET,
            Self::Word(VerbWord::Set) => verb::SET,
            Self::Word(VerbWord::Setsupport) => verb::SETSUPPORT,
            Self::Word(VerbWord::Basicsupport) => verb::BASICSUPPORT,
            Self::Word(VerbWord::Defaultvalues) => verb::DEFAULTVALUES,
        }
    }
}

/// Answers lines until there are no more.
pub(super) fn run(_: &Ks) -> Result<Answer, Failure> {
    let catalogue = super::load::offline_catalogue();
    let mut host = Host::new(catalogue, crate::ks::Facts::nominal());
    let mut input = std::io::stdin().lock();
    let mut line = vec![];
    loop {
        line.clear();
        match read_line(&mut input, &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                return Err(Failure::usage("read a request", error.to_string()));
            }
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Request>(&text) {
            Ok(request) => carry_out(&mut host, request),
            Err(error) => Err(Refused {
                status: Status::InvalidParameter,
                reason: format!(
                    "this request cannot be understood: {error}; docs/ks-json.md shows them all"
                ),
            }),
        };
        let document = answer.unwrap_or_else(|refused| refused.json());
        if !super::print(&format!("{document}\n")) {
            break;
        }
    }
    // Every answer has been given, in a line of its own.
    Ok(Answer::quiet(Exit::Done))
}

/// Longest request that is read, in bytes.
const LONGEST: u64 = 1 << 22;

fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<usize> {
    use std::io::Read;
    let count = input.by_ref().take(LONGEST).read_until(b'\n', line)?;
    if count as u64 == LONGEST && line.last() != Some(&b'\n') {
        let words = format!("a line has more than {LONGEST} bytes");
        return Err(std::io::Error::other(words));
    }
    Ok(count)
}

/// A request that leads to nothing, and why.
struct Refused {
    status: Status,
    reason: String,
}

impl Refused {
    fn new(status: Status, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
        }
    }

    fn json(self) -> Json {
        let mut document = outcome(self.status);
        document["reason"] = json!(self.reason);
        document
    }
}

fn outcome(status: Status) -> Json {
    json!({ "status": status.name(), "code": status.code() })
}

fn answered(answer: &raw::Answer) -> Json {
    let mut document = outcome(answer.status);
    document["length"] = json!(answer.length);
    document["data"] = json!(Bytes::text(&answer.data));
    document
}

fn carry_out(host: &mut Host, request: Request) -> Result<Json, Refused> {
    let no_object = |object: u32| {
        Refused::new(
            Status::InvalidParameter,
            format!("there is no object {object}"),
        )
    };
    match request {
        Request::Open { name } => match host.open(&name) {
            Ok(object) => Ok(with(outcome(Status::Success), "object", json!(object))),
            Err(error) => Err(Refused::new(Status::NotFound, error.to_string())),
        },
        Request::Close { object } => match host.close(object) {
            true => Ok(outcome(Status::Success)),
            false => Err(no_object(object)),
        },
        Request::Link { name, to } => {
            host.link(&name, &to);
            Ok(outcome(Status::Success))
        }
        Request::Property(call) => property(host, &call),
        Request::Enable { call } => {
            let set = call.set.guid().map_err(words_refused)?;
            let flags = 1 | if call.once { 2 } else { 0 };
            let input = Writer::default().guid(set).u32(call.id).u32(flags).0;
            let data = Writer::default().u64(call.notification).u64(call.tag).0;
            let answer = host.enable(
                call.object,
                Call {
                    input: &input,
                    data: &data,
                    output: usize::MAX,
                },
            );
            Ok(answered(&answer))
        }
        Request::Disable { object, tag } => Ok(answered(&host.disable(object, tag))),
        Request::Fired => {
            let fired: Vec<Json> = host
                .take_fired()
                .into_iter()
                .map(|it| json!({ "object": it.object, "set": it.set.to_string(), "id": it.id, "tag": it.tag }))
                .collect();
            Ok(with(outcome(Status::Success), "fired", json!(fired)))
        }
        Request::Create {
            object,
            request,
            connect,
        } => {
            let bytes = match (request, connect) {
                (Some(bytes), None) => bytes.0,
                (None, Some(words)) => words
                    .bytes(host.descriptor(object))
                    .map_err(words_refused)?,
                (None, None) => vec![],
                (Some(_), Some(_)) => {
                    let words = "either `request` or `connect`, not both";
                    return Err(Refused::new(Status::InvalidParameter, words));
                }
            };
            match host.create_pin(object, &bytes) {
                Ok(pin) => Ok(with(outcome(Status::Success), "object", json!(pin))),
                Err(invalid) => Ok(pure::invalid(&invalid)),
            }
        }
        Request::Connect { from, to } => {
            let ends = (end(host, &from)?, end(host, &to)?);
            match host.connect(ends.0, ends.1) {
                Ok((from, to)) => {
                    let mut document = outcome(Status::Success);
                    document["from"] = json!(from);
                    document["to"] = json!(to);
                    Ok(with_pin(document, host, from))
                }
                Err(invalid) => Ok(pure::invalid(&invalid)),
            }
        }
        Request::Pin { object } => match host.agreed(object) {
            Some(_) => Ok(with_pin(outcome(Status::Success), host, object)),
            None => Err(no_object(object)),
        },
        Request::Log => Ok(with(outcome(Status::Success), "log", json!(host.log()))),
        Request::Intersect {
            client,
            own,
            length,
        } => pure::intersect(client, &own, length.unwrap_or(usize::MAX)).map_err(words_refused),
        Request::Match { from, to } => pure::matched(&from, &to).map_err(words_refused),
        Request::Validate(it) => pure::validated(&it).map_err(words_refused),
    }
}

fn words_refused(reason: String) -> Refused {
    Refused::new(Status::InvalidParameter, reason)
}

fn with(mut document: Json, key: &str, value: Json) -> Json {
    document[key] = value;
    document
}

/// The document with what an open pin agreed.
fn with_pin(mut document: Json, host: &Host, pin: u32) -> Json {
    if let Some((format, medium, interface, role)) = host.agreed(pin) {
        document["format"] = shapes::format(format);
        document["medium"] = json!(medium.text());
        document["interface"] = json!(interface.text());
        document["role"] = json!(match role {
            Role::Sink => "sink",
            Role::Source => "source",
        });
    }
    document
}

fn pin_number(host: &Host, object: u32, pin: &Pin) -> Result<u32, Refused> {
    match pin {
        Pin::Number(number) => Ok(*number),
        Pin::Name(name) => host
            .descriptor(object)
            .and_then(|descriptor| descriptor.pin(name))
            .map(|(index, _)| index as u32)
            .ok_or_else(|| {
                let words = format!("object {object} has no pin {name:?}");
                Refused::new(Status::InvalidParameter, words)
            }),
    }
}

fn end(host: &Host, (object, pin): &(u32, Pin)) -> Result<(u32, u32), Refused> {
    Ok((*object, pin_number(host, *object, pin)?))
}

fn property(host: &mut Host, call: &PropertyCall) -> Result<Json, Refused> {
    let input = match &call.input {
        Some(bytes) => bytes.0.clone(),
        None => input(host, call)?,
    };
    let data = match (&call.data, &call.format) {
        (Some(bytes), _) => bytes.0.clone(),
        (None, Some(format)) => layout::format(&format.format().map_err(words_refused)?),
        (None, None) => vec![],
    };
    let answer = host.property(
        call.object,
        Call {
            input: &input,
            data: &data,
            output: call.length.unwrap_or(usize::MAX),
        },
    );
    Ok(answered(&answer))
}

/// Head, pin or node, and what stands behind.
fn input(host: &Host, call: &PropertyCall) -> Result<Vec<u8>, Refused> {
    let set = match &call.set {
        Id::Own => own_set(host, call.object),
        set => set.guid().map_err(words_refused)?,
    };
    let topology = if call.node.is_some() && call.set.is_own() {
        verb::TOPOLOGY
    } else {
        0
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
        bytes.extend(words::list(ranges).map_err(words_refused)?);
    }
    Ok(bytes)
}

fn own_set(host: &Host, object: u32) -> Guid {
    host.descriptor(object)
        .map_or(sets::GENERAL, |descriptor| raw::set_of(&descriptor.key))
}
