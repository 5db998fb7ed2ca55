//! Requests that need no open object: two lists of ranges, two pins, a pin and a connect request.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::words::{ConnectWords, PinWords, RangeWords, list, ranges};
use super::{Client, answered, outcome};
use crate::cli::shapes;
use crate::graph::{
    FilterId, FilterNode, FilterPath, Graph, Node, NodeKind, PinAddress, Position, negotiate,
    would_connect,
};
use crate::ks::{Catalogue, DataFlow, Declaration, Declared, Facts, Status};
use crate::raw::{self, Call, Invalid, Peer, Role, layout};

/// The first format two lists have in common, as a pin's DATAINTERSECTION would answer.
pub(super) fn intersect(client: Client, own: &[RangeWords], output: usize) -> Result<Json, String> {
    let bytes = match client {
        Client::Bytes(bytes) => bytes.0,
        Client::Words(words) => list(&words)?,
    };
    let call = Call {
        input: &bytes,
        data: &[],
        output,
    };
    let answer = raw::intersection(&ranges(own)?, call);
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
    connect: ConnectWords,
    /// The pin that `connect.to` names.
    peer: Option<PeerWords>,
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

/// Lines 4 to 10 of the validation list.
pub(super) fn validated(it: &Validate) -> Result<Json, String> {
    let factory = it.pin.factory("pin")?;
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
    let open = raw::validate(&factory, &factory.ranges, it.current, &connect, peer);
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
        });
        filter.0.pins = Cow::Owned(vec![words.factory("pin")?]);
        catalogue
            .register(Arc::new(filter))
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
            },
        );
        ends.push(PinAddress {
            filter: FilterPath(vec![id]),
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
