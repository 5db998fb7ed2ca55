//! The front end for clients that have a stream and no graph (WDMAud): a file of sound or of notes and the number of a virtual
//! device in, the graph that plays it out.

use std::path::Path;

use super::connect::{Builder, Site};
use super::{Use, VirtualDevice, virtual_devices};
use crate::graph::{Edit, FilterId, FilterPath, Graph, Negotiator, NodeKind, Position, apply};
use crate::ks::{Catalogue, DataFlow, Descriptor, Domain, Facts, FileFact, Kind, Value, path_text};

/// A stream cannot be played.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StreamError {
    /// The file is neither sound nor notes.
    #[error("{0}")]
    File(String),
    /// There is no virtual device of that number (SYS-2).
    #[error("there is no {kind} device {number}: they go from 0 to {last}")]
    Number {
        /// Which kind.
        kind: &'static str,
        /// What was asked for.
        number: usize,
        /// The last there is.
        last: usize,
    },
    /// The machine has none.
    #[error("this machine has no {0} device")]
    Nothing(&'static str),
    /// Nothing renders it.
    #[error("nothing renders it: {0}")]
    Graph(String),
}

/// The graph that plays a file on a virtual device; without a number on the default one, whichever that is when it plays. `fact`
/// says what the file is. Paths stand in the graph as they are given.
///
/// ```
/// use ksgraph::ks::Facts;
/// use ksgraph::sysaudio::stream_graph;
///
/// let offline = std::sync::Arc::new(ksgraph::portcls::Offline);
/// let catalogue = ksgraph::filters::catalogue(offline.clone(), offline);
/// let file = std::path::Path::new("graphs/media/evening.mid");
/// let fact = ksgraph::filters::probe(file);
/// let graph = stream_graph(file, fact, Some(0), &catalogue, &Facts::nominal())?;
/// assert_eq!(graph.filters.len(), 3, "a reader, a synthesizer, a device");
/// # Ok::<(), ksgraph::sysaudio::StreamError>(())
/// ```
pub fn stream_graph(
    file: &Path,
    fact: FileFact,
    number: Option<usize>,
    catalogue: &Catalogue,
    facts: &Facts,
) -> Result<Graph, StreamError> {
    if fact == FileFact::Bank {
        let reason =
            "it is a bank of instruments and plays nothing by itself; wanted sound or notes";
        return Err(StreamError::File(reason.into()));
    }
    let merit = |it: &Descriptor| it.merit;
    let reader = super::readers(catalogue, &merit, file, &fact)
        .into_iter()
        .next();
    let Some((reader, _)) = reader else {
        return Err(match &fact {
            FileFact::Unusable(reason) => StreamError::File(reason.clone()),
            _ => StreamError::Nothing("file"),
        });
    };
    let mut pins = reader.pins.iter();
    let gives_notes = pins.any(|pin| pin.data_flow == DataFlow::Out && pin.kind() == Kind::Events);
    let kind = match gives_notes {
        true => Use::MidiOut,
        false => Use::WaveOut,
    };
    let device = device(catalogue, facts, kind, number)?;
    let mut facts = facts.clone();
    facts.files.insert(file.to_owned(), fact);
    let mut graph = Graph::default();
    let fault = |error: crate::graph::EditError| StreamError::Graph(error.to_string());
    let id = add(&mut graph, reader, Position { x: 80.0, y: 120.0 }).map_err(fault)?;
    set(&mut graph, catalogue, id, Domain::Path, &path_text(file));
    // Its own device, and no other: what it takes is what the way has to lead to.
    let sink = device.filters.last().and_then(|key| catalogue.get(key));
    let sink = sink.ok_or(StreamError::Nothing(kind.name()))?;
    let place = Position { x: 688.0, y: 120.0 };
    let sink = add(&mut graph, sink.descriptor(), place).map_err(fault)?;
    set(&mut graph, catalogue, sink, Domain::Device, &device.device);
    let mut wiring = Negotiator::default();
    wiring.agree(&graph, catalogue, &facts, None);
    let mut site = Site { graph, wiring };
    let sizes = super::Sizes::new();
    let level = FilterPath::default();
    let builder = Builder {
        catalogue,
        facts: &facts,
        base: None,
        sizes: &sizes,
        merit: &merit,
        level: &level,
        is_told: false,
    };
    let rendered = builder
        .render_filter(&site, id, device.filters.len() == 1)
        .map_err(|attempt| StreamError::Graph(attempt.outcome.words()))?;
    apply(&mut site.graph, rendered.edit).map_err(fault)?;
    for id in rendered.added {
        set(
            &mut site.graph,
            catalogue,
            id,
            Domain::Device,
            &device.device,
        );
    }
    Ok(site.graph)
}

/// The virtual device of a number; without one the default of its kind, by no name of its own, so that it follows the system.
fn device(
    catalogue: &Catalogue,
    facts: &Facts,
    kind: Use,
    number: Option<usize>,
) -> Result<VirtualDevice, StreamError> {
    let mut all = virtual_devices(catalogue, facts);
    all.retain(|it| it.kind == kind);
    let last = all.len().checked_sub(1);
    let last = last.ok_or(StreamError::Nothing(kind.name()))?;
    let Some(number) = number else {
        let at = all.iter().position(|it| it.is_default).unwrap_or(0);
        return Ok(VirtualDevice {
            device: String::new(),
            ..all.swap_remove(at)
        });
    };
    if number > last {
        let kind = kind.name();
        return Err(StreamError::Number { kind, number, last });
    }
    Ok(all.swap_remove(number))
}

fn add(
    graph: &mut Graph,
    kind: &Descriptor,
    at: Position,
) -> Result<FilterId, crate::graph::EditError> {
    let id = graph.fresh_id();
    let add = Edit::add_filter(graph, &kind.key, &kind.title, at);
    apply(graph, add)?;
    Ok(id)
}

/// Gives the property of a filter that names a file or a device its value, where it has one.
fn set(graph: &mut Graph, catalogue: &Catalogue, id: FilterId, domain: Domain, text: &str) {
    let Some(node) = graph.filters.get_mut(&id) else {
        return;
    };
    let NodeKind::Filter(filter) = &mut node.kind else {
        return;
    };
    let kind = catalogue.get(&filter.key).map(|it| it.descriptor());
    let mut properties = kind.iter().flat_map(|it| it.properties.iter());
    if let Some(property) = properties.find(|it| it.domain == domain)
        && !text.is_empty()
    {
        let value = Value::Text(text.to_owned());
        filter.values.insert(property.key.to_owned(), value);
    }
}
