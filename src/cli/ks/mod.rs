//! `ksgraph ks`: the raw door for scripts. One JSON request a line on standard input, one JSON answer a line.
//!
//! Here are the requests and what becomes of them; `calls.rs` has calls on objects, `streams.rs` headers, `allocate.rs`
//! frames, `pure.rs` questions without an object, `registered.rs` what is on offer; `words.rs` reads ids, ranges and formats, `shapes.rs` of the parent writes them. The schema is in docs/ks-json.md. A line that cannot be understood is answered, and the next is read.

mod allocate;
mod calls;

mod dry;
mod events;

mod live;

mod portcls;

mod pure;
mod registered;
mod streams;
mod words;

use std::io::BufRead;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::failure::{Exit, Failure};
use super::{Answer, shapes};
use crate::ks::Status;
use crate::raw::layout;
use crate::raw::{self, Host, Role};
use live::Live;
use words::{Bytes, ConnectWords, PinWords};

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
    Property(calls::Call),
    Method(calls::Call),
    Enable(calls::Enable),
    Disable {
        object: u32,
        tag: Option<u64>,
        data: Option<Bytes>,
    },
    Fired {},
    Cancel {
        object: u32,
    },
    Create {
        object: u32,
        request: Option<Bytes>,
        connect: Option<ConnectWords>,
    },
    Connect {
        from: End,
        to: End,
    },
    Allocator {
        object: u32,
        framing: calls::Framing,
    },
    Clock {
        object: u32,
        #[serde(default)]
        flags: u32,
    },
    /// A quality manager.
    Quality,
    State(calls::StateCall),
    /// Nominal time goes by.
    Advance {
        by: u64,
        #[serde(default)]
        stall: bool,
    },
    /// A graph file as objects.
    Graph(live::OpenGraph),
    /// What became of it.
    Save {
        file: std::path::PathBuf,
    },
    Allocate(allocate::Allocate),
    Sequence(dry::Sequence),
    /// A port by its class id.
    NewPort {
        id: String,
    },
    /// A miniport by its class id, behind a port.
    NewMiniport {
        id: String,
        port: Option<String>,
    },
    Inject(calls::Inject),
    Registry {
        category: Option<String>,
    },
    Register(Box<registered::Register>),
    Device(registered::Device),
    Machine {
        of: registered::MachineWord,
    },
    Unregister {
        key: String,
    },
    Watch {
        category: String,
        #[serde(default)]
        tag: u64,
    },
    Objects {},
    Reset {},
    Pin {
        object: u32,
    },
    /// A filter as a mixer program sees it.
    Lines {
        object: u32,
    },
    Log {},

    /// Headers are handed to a pin, or filled by it.
    Write(streams::Transfer),
    Read(streams::Transfer),
    /// What one header says of its time.
    Header {
        header: streams::HeaderWords,
    },
    /// The machine sleeps, or has woken.
    Sleep {
        #[serde(default)]
        woken: bool,
    },
    /// Calls of pins and allocators.
    Trace {
        object: Option<u32>,
    },

    Intersect(pure::Intersect),
    Match {
        from: Box<PinWords>,
        to: Box<PinWords>,
    },
    Validate(Box<pure::Validate>),
}

/// One end of a wire: a factory of a filter, or a pin that is open.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum End {
    Factory(u32, Pin),
    Open(u32),
}

/// A pin by its name or number.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum Pin {
    Number(u32),
    Name(String),
}

/// The nominal machine, with nothing open.
fn blank() -> Host {
    Host::new(
        super::load::offline_catalogue(),
        crate::ks::Facts::nominal(),
    )
}

/// Answers lines until there are no more.
pub(super) fn run(_: &Ks) -> Result<Answer, Failure> {
    let mut host = blank();
    let mut live = None;
    let mut input = std::io::stdin().lock();
    let mut line = vec![];
    loop {
        let read = read_line(&mut input, &mut line);
        let is_whole = match read {
            Ok(Line::End) => break,
            Ok(Line::Whole) => true,
            Ok(Line::TooLong) => false,
            Err(error) => {
                let input = std::path::Path::new("-");
                return Err(Failure::file(input, "read a request", error.to_string()));
            }
        };
        let text = String::from_utf8_lossy(&line);
        if is_whole && text.trim().is_empty() {
            continue;
        }
        let answer = match is_whole.then(|| serde_json::from_str::<Request>(&text)) {
            Some(Ok(request)) => of_graph(&mut host, &mut live, request),
            Some(Err(error)) => Err(Refused::new(
                Status::InvalidParameter,
                format!(
                    "this request cannot be understood: {error}; docs/ks-json.md shows them all"
                ),
            )),
            None => Err(Refused::new(
                Status::InvalidBufferSize,
                format!("a line has more than {LONGEST} bytes"),
            )),
        };
        let document = answer.unwrap_or_else(Refused::json);
        if let Err(exit) = super::print(&format!("{document}\n")) {
            return Ok(Answer::quiet(exit));
        }
    }
    // Every answer has been given, in a line of its own.
    Ok(Answer::quiet(Exit::Done))
}

/// Longest request that is read, in bytes.
const LONGEST: u64 = 1 << 22;

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads a line into `line`; of one that is too long the rest is passed over.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<Line> {
    use std::io::Read;
    line.clear();
    let count = input.by_ref().take(LONGEST).read_until(b'\n', line)?;
    if count == 0 {
        return Ok(Line::End);
    }
    if (count as u64) < LONGEST || line.last() == Some(&b'\n') {
        return Ok(Line::Whole);
    }
    loop {
        let chunk = input.fill_buf()?;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(chunk.len(), |at| at + 1);
        let is_done = end.is_some() || chunk.is_empty();
        input.consume(used);
        if is_done {
            return Ok(Line::TooLong);
        }
    }
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
    if let Some(words) = &answer.words {
        document["reason"] = json!(words);
    }
    document
}

/// An object that was made, or why not.
fn made(answer: &raw::Answer) -> Json {
    let mut document = outcome(answer.status);
    if let Some(handle) = layout::Reader(&answer.data).u32() {
        document["object"] = json!(handle);
    }
    document
}

/// Requests as they concern a graph that is open; all others go to the objects, and the graph follows.
fn of_graph(host: &mut Host, live: &mut Option<Live>, request: Request) -> Result<Json, Refused> {
    match request {
        Request::Graph(it) => {
            let (opened, answer) = live::open(host, &it)?;
            *live = Some(opened);
            return Ok(answer);
        }
        Request::Reset {} => *live = None,
        _ => {}
    }
    let Some(open) = live else {
        return carry_out(host, request);
    };
    match request {
        Request::Save { file } => open.save(&file),
        Request::Advance { by, stall } => {
            let now = open
                .objects
                .advance(host, by, stall)
                .map_err(words_refused)?;
            Ok(with(outcome(Status::Success), "now", json!(now)))
        }
        Request::Allocate(it) if it.object.is_some() => allocate::allocate(&it, Some(open)),
        Request::Close { object } if open.objects.holds(object) => {
            let words = format!("object {object} belongs to the graph");
            Err(Refused::new(Status::InvalidDeviceRequest, words))
        }
        // A name leads to the filter that the graph has, where it has one.
        Request::Open { name } => {
            let key = host.key_of(&name).ok();
            match key.and_then(|key| open.objects.of_kind(&key)) {
                Some(object) => Ok(with(outcome(Status::Success), "object", json!(object))),
                None => carry_out(host, Request::Open { name }),
            }
        }
        request => {
            let answer = carry_out(host, request)?;
            match open.objects.settle(host) {
                Ok(()) => Ok(answer),
                Err(reason) => Err(Refused::new(Status::NoMatch, reason)),
            }
        }
    }
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
        Request::Property(call) => calls::property(host, &call),
        Request::Method(call) => calls::method(host, &call),
        Request::Enable(call) => calls::enable(host, &call),
        Request::Disable { object, tag, data } => calls::disable(host, object, tag, data),
        Request::Fired {} => Ok(calls::fired(host)),
        Request::Cancel { object } => match host.cancel(object) {
            true => Ok(outcome(Status::Success)),
            false => Ok(outcome(Status::Unsuccessful)),
        },
        Request::Allocator { object, framing } => {
            Ok(made(&host.create_allocator(object, &framing.bytes())))
        }
        Request::Clock { object, flags } => {
            Ok(made(&host.create_clock(object, &flags.to_le_bytes())))
        }
        Request::Quality => Ok(made(&host.create_quality())),
        Request::State(call) => calls::state(host, &call),
        Request::Advance { by, stall } => {
            let now = host.advance(by, stall);
            Ok(with(outcome(Status::Success), "now", json!(now)))
        }
        Request::Graph(_) | Request::Save { .. } => {
            let words = "no graph is open: {\"op\":\"graph\",\"file\":...} opens one";
            Err(Refused::new(Status::InvalidParameter, words))
        }
        Request::Allocate(it) => allocate::allocate(&it, None),
        Request::Sequence(it) => dry::sequence(&it).map_err(words_refused),
        Request::NewPort { id } => portcls::new_port(&id).map_err(words_refused),
        Request::NewMiniport { id, port } => {
            portcls::new_miniport(&id, port.as_deref()).map_err(words_refused)
        }
        Request::Inject(call) => calls::inject(host, &call),
        Request::Registry { category } => {
            registered::entries(host, category).map_err(words_refused)
        }
        Request::Register(it) => registered::register(host, &it).map_err(words_refused),
        Request::Device(it) => registered::device(host, &it).map_err(words_refused),
        Request::Machine { of } => Ok(registered::machine(host, of)),
        Request::Unregister { key } => match host.unregister(&key) {
            true => Ok(outcome(Status::Success)),
            false => Err(Refused::new(
                Status::NotFound,
                format!("there is no filter {key:?}"),
            )),
        },
        Request::Watch { category, tag } => {
            host.watch(words::category(&category).map_err(words_refused)?, tag);
            Ok(outcome(Status::Success))
        }
        Request::Reset {} => {
            *host = blank();
            Ok(outcome(Status::Success))
        }
        Request::Objects {} => Ok(with(
            outcome(Status::Success),
            "objects",
            json!(host.objects()),
        )),
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
                Ok(pin) => {
                    let mut document = with(outcome(Status::Success), "object", json!(pin));
                    document["access"] = json!(host.access(pin));
                    Ok(document)
                }
                Err(invalid) => Ok(pure::invalid(&invalid)),
            }
        }
        Request::Connect { from, to } => {
            let made = match (&from, &to) {
                (End::Factory(from, a), End::Factory(to, b)) => {
                    let ends = (
                        (*from, pin_number(host, *from, a)?),
                        (*to, pin_number(host, *to, b)?),
                    );
                    host.connect(ends.0, ends.1)
                }
                // The pin that is open answers; the new one gets what it has (CON-3).
                (End::Factory(filter, pin), End::Open(open)) => {
                    let end = (*filter, pin_number(host, *filter, pin)?);
                    host.connect_to(end, *open).map(|pin| (pin, *open))
                }
                (End::Open(open), End::Factory(filter, pin)) => {
                    let end = (*filter, pin_number(host, *filter, pin)?);
                    host.connect_to(end, *open).map(|pin| (*open, pin))
                }
                (End::Open(_), End::Open(_)) => {
                    let words = "two pins that are open cannot be joined any more";
                    return Err(Refused::new(Status::InvalidParameter, words));
                }
            };
            match made {
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
            Some(_) => {
                let document = with_pin(outcome(Status::Success), host, object);
                Ok(streams::with_stream(document, host, object))
            }
            None => Err(no_object(object)),
        },
        Request::Lines { object } => calls::lines(host, object).ok_or_else(|| no_object(object)),
        Request::Write(it) => streams::write(host, &it),
        Request::Read(it) => streams::read(host, &it),
        Request::Header { header } => streams::span(&header),
        Request::Sleep { woken } => {
            host.sleep(!woken);
            Ok(outcome(Status::Success))
        }
        Request::Trace { object } => Ok(streams::trace(host, object)),
        Request::Log {} => Ok(with(outcome(Status::Success), "log", json!(host.log()))),
        Request::Intersect(it) => pure::intersect(&it).map_err(words_refused),
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
    if let Some((nodes, sources)) = host.virtual_pin(pin) {
        document["nodes"] = json!(nodes);
        document["sources"] = json!(sources);
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
