//! The objects of a graph file: opened, named, kept in step with what is set on them, written back.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Refused, outcome, words_refused};
use crate::app::objects::GraphObjects;
use crate::cli::load::{self, Document};
use crate::cli::shapes;
use crate::ks::Status;
use crate::raw::Host;

/// A graph file that is open.
pub(super) struct Live {
    pub(super) objects: GraphObjects,
    document: Document,
}

/// A graph to be opened; everything that is open closes.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenGraph {
    file: PathBuf,
}

pub(super) fn open(host: &mut Host, it: &OpenGraph) -> Result<(Live, Json), Refused> {
    let refused = |failure: crate::cli::Failure| {
        Refused::new(Status::NotFound, failure.text().trim_end().to_owned())
    };
    let document = load::read(&it.file).map_err(refused)?;
    let bench = load::nominal(&document, None);
    let graph = document.graph().clone();
    let base = document.base.clone();
    let (opened, objects) = GraphObjects::open(graph, bench.catalogue, bench.facts, base);
    *host = opened;
    let live = Live { objects, document };
    let answer = live.told();
    Ok((live, answer))
}

impl Live {
    /// Filters and wires with their objects.
    pub(super) fn told(&self) -> Json {
        let wiring = self.objects.wiring();
        let filters: Vec<Json> = wiring
            .filters
            .iter()
            .map(|(path, it)| {
                json!({ "name": it.name, "key": it.key, "object": self.objects.filter(path) })
            })
            .collect();
        let pin = |end| json!({ "pin": wiring.pin_text(end) });
        let wires: Vec<Json> = wiring
            .wires
            .iter()
            .map(|wire| {
                let mut document = json!({ "from": pin(&wire.from), "to": pin(&wire.to) });
                if let Some(open) = self.objects.wire(wire) {
                    document["from"]["object"] = json!(open.from);
                    document["to"]["object"] = json!(open.to);
                }
                if let Err(refusal) = &wire.outcome {
                    document["refusal"] = shapes::refusal(refusal);
                }
                document
            })
            .collect();
        let mut document = outcome(Status::Success);
        let problems: Vec<Json> = wiring
            .problems
            .iter()
            .map(|it| json!({ "text": it.text, "is_blocking": it.is_blocking }))
            .collect();
        document["problems"] = json!(problems);
        document["filters"] = json!(filters);
        document["wires"] = json!(wires);
        document
    }

    /// What was agreed about the frames of the wire that a pin is an end of.
    pub(super) fn framing(&self, pin: u32) -> Option<Json> {
        let wiring = self.objects.wiring();
        let is_end = |wire: &&crate::graph::Wire| {
            let open = self.objects.wire(wire);
            open.is_some_and(|it| [it.from, it.to].contains(&pin))
        };
        let index = wiring.wires.iter().position(|wire| is_end(&wire))?;
        Some(shapes::framing(wiring, &self.objects.pipes(), index))
    }

    /// Writes the document as it is now.
    pub(super) fn save(&mut self, file: &Path) -> Result<Json, Refused> {
        self.document.loaded.graph = self.objects.graph().clone();
        match self.document.write(Some(file)) {
            Ok(()) => Ok(outcome(Status::Success)),
            Err(failure) => Err(words_refused(failure.text())),
        }
    }
}
