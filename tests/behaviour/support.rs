//! The machinery of these tests: a text notation for graphs, and small filters made of a descriptor.
//!
//! `tone frequency=440 -> gain level=-6 -> null_renderer` draws a chain; `mixer:m` names a filter so that another chain,
//! behind `;`, ends or begins there. A wire takes the next free instance of the first pin, or of the one named: `m.in`.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use ksgraph::filters;
use ksgraph::graph::{
    Chosen, Connection, Edit, FilterId, FilterPath, Graph, NodeKind, PinAddress, PinRef, Position,
    Refusal, Wire, Wiring, apply, negotiate,
};
use ksgraph::ks::{
    Catalogue, DataFlow, Descriptor, Facts, Filter, OpenError, Opened, Opening, PinFactory, Value,
};
use ksgraph::portcls::Offline;

/// A filter that is only its descriptor: it is agreed, never opened.
pub(crate) struct Declared(pub(crate) Descriptor);

impl Filter for Declared {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Err(OpenError::Other("only declared".into()))
    }
}

/// A declared filter with these pins.
pub(crate) fn declared(key: &'static str, pins: Vec<PinFactory>) -> Declared {
    let mut descriptor = Descriptor::new(key, key, &[], &[], &[]);
    descriptor.pins = Cow::Owned(pins);
    Declared(descriptor)
}

/// The built-in filters, without devices.
pub(crate) fn catalogue() -> Catalogue {
    filters::catalogue(Arc::new(Offline), Arc::new(Offline))
}

/// The built-in filters and some declared ones.
pub(crate) fn catalogue_with(more: Vec<Declared>) -> Catalogue {
    let mut catalogue = catalogue();
    for filter in more {
        catalogue.register(Arc::new(filter)).unwrap();
    }
    catalogue
}

/// Draws a graph.
pub(crate) fn graph(catalogue: &Catalogue, text: &str) -> Graph {
    let mut graph = Graph::default();
    for chain in text.split(';') {
        let mut before: Option<(FilterId, Option<String>)> = None;
        for element in chain.split("->") {
            let mut words = element.split_whitespace();
            let (reference, pin) = match words.next().unwrap().split_once('.') {
                Some((reference, pin)) => (reference, Some(pin.to_owned())),
                None => (element.split_whitespace().next().unwrap(), None),
            };
            let (key, name) = reference.split_once(':').unwrap_or((reference, reference));
            let id = graph.find(name).unwrap_or_else(|| {
                let edit = Edit::add_filter(&graph, key, name, Position::default());
                apply(&mut graph, edit).unwrap();
                graph.find(name).unwrap()
            });
            for (key, value) in words.filter_map(|word| word.split_once('=')) {
                let value = match (value.parse(), value.parse()) {
                    (Ok(number), _) => Value::Number(number),
                    (_, Ok(flag)) => Value::Flag(flag),
                    _ => Value::Text(value.to_owned()),
                };
                let (filter, key, value) = (id, key.to_owned(), Some(value));
                apply(&mut graph, Edit::SetProperty { filter, key, value }).unwrap();
            }
            if let Some((from, from_pin)) = before {
                let from = end(catalogue, &graph, from, from_pin, DataFlow::Out);
                let to = end(catalogue, &graph, id, pin.clone(), DataFlow::In);
                let chosen = Chosen::default();
                let wire = Connection { from, to, chosen };
                apply(&mut graph, Edit::Connect(wire)).unwrap();
            }
            before = Some((id, pin));
        }
    }
    graph
}

fn end(
    catalogue: &Catalogue,
    graph: &Graph,
    filter: FilterId,
    pin: Option<String>,
    flow: DataFlow,
) -> PinRef {
    let key = &graph.filter(filter).unwrap().key;
    let descriptor = catalogue.get(key).unwrap().descriptor();
    let pins = descriptor.pins.iter();
    let named = pin.and_then(|name| descriptor.pin(&name).filter(|(_, it)| it.data_flow == flow));
    let factory = match named {
        Some((_, factory)) => factory,
        None => pins.into_iter().find(|pin| pin.data_flow == flow).unwrap(),
    };
    let possible = factory.instances.possible.max(2);
    PinRef {
        filter,
        pin: factory.name.to_string(),
        instance: graph
            .free_instance(filter, &factory.name, possible)
            .unwrap(),
    }
}

/// Agrees on the nominal machine.
pub(crate) fn agree(catalogue: &Catalogue, graph: &Graph) -> Wiring {
    negotiate(graph, catalogue, &Facts::nominal(), None)
}

/// Draws and agrees.
pub(crate) fn agreed(catalogue: &Catalogue, text: &str) -> Wiring {
    agree(catalogue, &graph(catalogue, text))
}

/// The pin `name.pin`.
pub(crate) fn pin(graph: &Graph, name: &str, pin: &str, instance: u32) -> PinAddress {
    PinAddress {
        filter: FilterPath::of(graph.find(name).unwrap()),
        pin: pin.to_owned(),
        instance,
    }
}

/// The format of every wire, or the refusal's sentence, by ends; with plain spaces.
pub(crate) fn outcomes(wiring: &Wiring) -> Vec<String> {
    let outcome = |wire: &Wire| match &wire.outcome {
        Ok(agreement) => agreement.format.to_string(),
        Err(refusal) => refusal.sentence(),
    };
    let line = |wire: &Wire| {
        let (from, to) = (wiring.pin_text(&wire.from), wiring.pin_text(&wire.to));
        plain(&format!("{from} -> {to}: {}", outcome(wire)))
    };
    wiring.wires.iter().map(line).collect()
}

/// The refusals, in order.
pub(crate) fn refusals(wiring: &Wiring) -> Vec<&Refusal> {
    let wires = wiring.wires.iter();
    wires
        .filter_map(|wire| wire.outcome.as_ref().err().map(|it| &**it))
        .collect()
}

/// No-break spaces as spaces.
pub(crate) fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

/// The folder of the example graphs.
pub(crate) fn examples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("graphs")
}

/// Whether the box is a filter with that key.
pub(crate) fn is_kind(kind: &NodeKind, key: &str) -> bool {
    matches!(kind, NodeKind::Filter(filter) if filter.key == key)
}
