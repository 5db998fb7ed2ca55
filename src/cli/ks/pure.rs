//! Requests that need no open object: two lists of ranges, two pins, a pin and a connect request.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::registered::Handled;
use super::words::{Bytes, ConnectWords, FormatWords, PinWords, RangeWords, list, ranges, status};
use super::{answered, outcome};
use crate::cli::shapes;
use crate::graph::{
    FilterId, FilterNode, FilterPath, Graph, Node, NodeKind, PinAddress, Position, negotiate,
    would_connect,
};
use crate::ks::{Catalogue, DataFlow, Declaration, Declared, Facts, Status};
use crate::raw::{self, Call, Invalid, Peer, Role, Verdict, layout};

/// Two lists of ranges.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Intersect {
    client: Client,
    own: Client,
    handler: Option<HandlerWords>,
    length: Option<usize>,
}

/// A list of ranges, in words or bytes.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum Client {
    Bytes(Bytes),
    Words(Vec<RangeWords>),
}

/// The handler of the pin: one that is known by name, or what it says to one pair after the other.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum HandlerWords {
    Named(String),
    Script(Vec<VerdictWords>),
}

#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum VerdictWords {
    Status(String),
    Format(FormatWords),
}

impl VerdictWords {
    fn verdict(&self) -> Result<Verdict, String> {
        Ok(match self {
            Self::Status(word) => Verdict::Status(status(word)?),
            Self::Format(words) => Verdict::Format(words.format()?),
        })
    }
}

/// The first format two lists have in common, as a pin's DATAINTERSECTION would answer.
pub(super) fn intersect(it: &Intersect) -> Result<Json, String> {
    let bytes = match &it.client {
        Client::Bytes(bytes) => bytes.0.clone(),
        Client::Words(words) => list(words)?,
    };
    let call = Call {
        input: &bytes,
        data: &[],
        output: it.length.unwrap_or(usize::MAX),
    };
    let own = match &it.own {
        Client::Words(words) => ranges(words)?,
        Client::Bytes(bytes) => layout::read_ranges(&bytes.0)
            .ok_or("these bytes are no list of ranges")?
            .into_iter()
            .flatten()
            .collect(),
    };
    let answer = match &it.handler {
        None => raw::intersection(&own, call),
        Some(HandlerWords::Named(word)) => {
            let mut known = raw::HANDLERS.iter();
            let Some((_, handler)) = known.find(|(name, _)| name == word) else {
                let names: Vec<&str> = raw::HANDLERS.iter().map(|(name, _)| *name).collect();
                return Err(format!("{word:?} is no handler: {}", names.join(", ")));
            };
            raw::intersection_by(&own, call, &mut |a, b, room| handler(a, b, room))
        }
        Some(HandlerWords::Script(words)) => {
            let all: Result<Vec<Verdict>, String> =
                words.iter().map(VerdictWords::verdict).collect();
            let mut verdicts = all?.into_iter();
            // After the last word the default handler decides.
            raw::intersection_by(&own, call, &mut |_, _, _| {
                let next = verdicts.next();
                next.unwrap_or(Verdict::Status(Status::NotImplemented))
            })
        }
    };
    let mut document = answered(&answer);
    if let Some(format) = layout::read_format(&answer.data) {
        document["format"] = shapes::format(&format);
    }
    Ok(document)
}

pub(super) fn invalid(invalid: &Invalid) -> Json {
    let mut document = outcome(invalid.status);
    document["line"] = json!(invalid.line);
    document["reason"] = json!(invalid.reason);
    document
}

/// A factory, how many of its pins are open, and a request to create one more.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Validate {
    pin: PinWords,
    #[serde(default)]
    current: u32,
    /// Over all filters of the kind.
    #[serde(default)]
    anywhere: u32,
    connect: ConnectWords,
    /// The pin that `connect.to` names.
    peer: Option<PeerWords>,
    /// What the pin's own creation, its format handler and its set-up of clock and allocator answer.
    create: Option<String>,
    set_format: Option<String>,
    set_up: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct PeerWords {
    data_flow: DataFlow,
    role: RoleWord,
    #[serde(default)]
    is_taken: bool,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
enum RoleWord {
    Sink,
    Source,
}

/// Lines 3 to 11 of the validation list.
pub(super) fn validated(it: &Validate) -> Result<Json, String> {
    let factory = it.pin.factory("pin")?;
    if it.connect.number().is_some_and(|pin| pin != 0) {
        return Ok(invalid(&Invalid {
            line: 3,
            status: Status::InvalidParameter,
            reason: "there is one pin, number 0".into(),
        }));
    }
    let connect = it.connect.connect(None)?;
    let peer = match (&it.peer, connect.to) {
        (Some(peer), _) => Ok(Some(Peer {
            data_flow: peer.data_flow,
            role: match peer.role {
                RoleWord::Sink => Role::Sink,
                RoleWord::Source => Role::Source,
            },
            is_taken: peer.is_taken,
        })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(()),
    };
    let mut open = raw::validate(
        &factory,
        &factory.ranges,
        (it.current, it.anywhere),
        &connect,
        peer,
    );
    let words = [(9, &it.create), (10, &it.set_format), (11, &it.set_up)];
    for (line, word) in words {
        let status = word.as_ref().map(|word| status(word)).transpose()?;
        if line == 10
            && open.is_ok()
            && let Err(invalid) = raw::validate_format(&factory, &factory.ranges, &connect.format)
        {
            open = Err(invalid);
        }
        let failed = status.filter(|status| open.is_ok() && *status != Status::Success);
        if let Some(status) = failed {
            let reason = "the pin's own code refuses".to_owned();
            open = Err(Invalid {
                line,
                status,
                reason,
            });
        }
    }
    Ok(match open {
        Ok(role) => {
            let mut document = outcome(Status::Success);
            document["role"] = json!(match role {
                Role::Sink => "sink",
                Role::Source => "source",
            });
            document
        }
        Err(refused) => invalid(&refused),
    })
}

/// What two pins of two filters would agree on: the same question that the canvas asks.
pub(super) fn matched(from: &PinWords, to: &PinWords) -> Result<Json, String> {
    let mut catalogue = Catalogue::default();
    let mut graph = Graph::default();
    let mut ends = vec![];
    for (index, (name, words)) in [("from", from), ("to", to)].into_iter().enumerate() {
        let mut filter = Declared::new(&Declaration {
            key: name.into(),
            title: name.into(),
            categories: vec![],
            help: String::new(),
            pins: vec![],
            nodes: vec![],
            reads: vec![],
        });
        filter.0.pins = Cow::Owned(vec![words.factory("pin")?]);
        catalogue
            .register(Arc::new(Handled {
                declared: filter,
                handlers: vec![words.handler()?],
            }))
            .map_err(|error| error.to_string())?;
        let id = FilterId(index as u32);
        graph.filters.insert(
            id,
            Node {
                name: name.into(),
                position: Position::default(),
                kind: NodeKind::Filter(FilterNode {
                    key: name.into(),
                    ..FilterNode::default()
                }),
            }
            .into(),
        );
        ends.push(PinAddress {
            filter: FilterPath::from(vec![id]),
            pin: "pin".into(),
            instance: 0,
        });
    }
    let facts = Facts::nominal();
    let wiring = negotiate(&graph, &catalogue, &facts, None);
    let found = would_connect(&wiring, &catalogue, &facts, None, &ends[0], &ends[1]);
    Ok(match found {
        Ok(agreed) => {
            let mut document = outcome(Status::Success);
            document["agreed"] = shapes::agreement(&agreed, crate::cli::load::FRAME_SAMPLES);
            document
        }
        Err(refusal) => {
            let mut document = outcome(refusal.status);
            document["refusal"] = shapes::refusal(&refusal);
            document
        }
    })
}
