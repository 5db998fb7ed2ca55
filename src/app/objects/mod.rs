//! A whole graph as objects of the raw door: every filter that can be opened, and the two pins of every agreed wire. What
//! a call sets on them becomes an edit of the document, the agreement follows, and the objects follow the agreement.
//!
//! Time is nominal: it goes by when the caller says so, and the graph is run offline for as long. `proxy.rs` has one
//! filter of the document that the window shows.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::engine::{Held, Job, Limits, Message, Offline, opened_number};
use crate::graph::{
    Edit, FilterPath, Graph, NodeKind, PinAddress, Pipes, Wire, Wiring, apply, negotiate, pipes,
    settle,
};
use crate::ks::{Catalogue, DataFlow, Domain, Facts, REF_TIMES_PER_SECOND, State, Value};
use crate::raw::{Handle, Host, Role, sets};

mod frames;

use frames::PipeAllocators;

/// The longest cycle of a run.
const CYCLE: u64 = 256;
/// The number of the event that tells of the end of a stream (EVT-4).
const END_OF_STREAM: u32 = 4;

/// Both ends of a wire.
type Ends = (PinAddress, PinAddress);

/// The pins of an agreed wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenWire {
    /// The output.
    pub from: Handle,
    /// The input.
    pub to: Handle,
}

/// The objects of a graph, and what they stand for.
pub struct GraphObjects {
    graph: Graph,
    catalogue: Catalogue,
    facts: Facts,
    base: Option<PathBuf>,
    wiring: Wiring,
    filters: BTreeMap<FilterPath, Handle>,
    wires: BTreeMap<Ends, OpenWire>,
    run: Option<Offline>,
    /// Units of 100 ns that the run was given.
    played: u64,
    frames: PipeAllocators,
}

impl GraphObjects {
    /// Opens a graph on a machine of which `facts` are known. The host has nothing else open.
    pub fn open(
        graph: Graph,
        catalogue: Catalogue,
        facts: Facts,
        base: Option<PathBuf>,
    ) -> (Host, Self) {
        let mut graph = graph;
        settle(&mut graph, &catalogue);
        let wiring = negotiate(&graph, &catalogue, &facts, base.as_deref());
        // Ranges at the graph's rate mean the rate this graph runs at.
        let facts = Facts {
            rate_hz: wiring.rate_hz,
            ..facts
        };
        let mut host = Host::new(catalogue.clone(), facts.clone());
        host.stand_in(base.clone());
        let mut filters = BTreeMap::new();
        for (path, filter) in &wiring.filters {
            if let Ok(handle) = host.open_with(&filter.key, filter.values.clone().into_inner()) {
                filters.insert(path.clone(), handle);
            }
        }
        let mut objects = Self {
            graph,
            catalogue,
            facts,
            base,
            wiring,
            filters,
            wires: BTreeMap::new(),
            run: None,
            played: 0,
            frames: PipeAllocators::default(),
        };
        objects.follow(&mut host);
        (host, objects)
    }

    /// The document with everything that was set.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What was agreed last.
    pub fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    /// Who shares frames with whom, as it is played.
    pub fn pipes(&self) -> Pipes {
        pipes(&self.wiring, CYCLE as usize)
    }

    /// The object of a filter.
    pub fn filter(&self, path: &FilterPath) -> Option<Handle> {
        self.filters.get(path).copied()
    }

    /// The pins of a wire, where it was agreed.
    pub fn wire(&self, wire: &Wire) -> Option<OpenWire> {
        let ends = (wire.from.clone(), wire.to.clone());
        self.wires.get(&ends).copied()
    }

    /// Whether an object stands for a part of the graph: it closes with the graph only.
    pub fn holds(&self, handle: Handle) -> bool {
        self.filters.values().any(|it| *it == handle)
            || self
                .wires
                .values()
                .any(|it| [it.from, it.to].contains(&handle))
            || self.frames.holds(handle)
    }

    /// The first filter of a kind.
    pub fn of_kind(&self, key: &str) -> Option<Handle> {
        let mut filters = self.wiring.filters.iter();
        let (path, _) =
            filters.find(|(path, it)| it.key == key && self.filters.contains_key(*path))?;
        self.filter(path)
    }

    /// Takes in what calls have set on the objects since: values and formats become edits. A format with which the graph
    /// cannot be agreed any more is taken back, and the reason told (CHG-2).
    pub fn settle(&mut self, host: &mut Host) -> Result<(), String> {
        let mut edits: Vec<Edit> = self.values_set(host);
        let chosen = self.formats_chosen(host);
        if edits.is_empty() && chosen.is_empty() {
            self.follow_states(host);
            return Ok(());
        }
        let mut graph = self.graph.clone();
        edits.extend(chosen.iter().map(|(_, edit)| edit.clone()));
        for edit in edits {
            // They name what stands in the document.
            let _ = apply(&mut graph, edit);
        }
        let wiring = negotiate(&graph, &self.catalogue, &self.facts, self.base.as_deref());
        // What was agreed before has to be so still.
        let lost = wiring.wires.iter().find_map(|wire| {
            let refusal = wire.outcome.as_ref().err()?;
            self.wire(wire).map(|_| refusal)
        });
        if let Some(refusal) = lost.filter(|_| !chosen.is_empty()) {
            let reason = format!("the graph cannot agree on that: {refusal}");
            for (index, _) in &chosen {
                let wire = &self.wiring.wires[*index];
                if let (Some(open), Ok(agreed)) = (self.wire(wire), &wire.outcome) {
                    host.agree(open.from, &agreed.format);
                    host.agree(open.to, &agreed.format);
                }
            }
            return Err(reason);
        }
        self.graph = graph;
        self.wiring = wiring;
        self.follow(host);
        let job = self.job();
        if let Some(run) = &mut self.run {
            run.change(&job);
        }
        self.frames.clear(host);
        self.follow_states(host);
        Ok(())
    }

    /// Pipes have allocators from the step to Acquire on until their pins have stopped (NEG-3), and the run goes as far
    /// as the pins.
    fn follow_states(&mut self, host: &mut Host) {
        let pipes = pipes(&self.wiring, CYCLE as usize);
        let open: Vec<Option<OpenWire>> =
            self.wiring.wires.iter().map(|it| self.wire(it)).collect();
        self.frames.follow(host, &pipes, &open);
        let Some(run) = &mut self.run else { return };
        for (ends, open) in &self.wires {
            for (end, pin) in [(&ends.0, open.from), (&ends.1, open.to)] {
                let Some(entry) = run.built.open.get(&end.filter).map(|it| it.entry) else {
                    continue;
                };
                let factory = host
                    .descriptor(pin)
                    .and_then(|it| Some(it.pin(&end.pin)?.0));
                if let (Some(factory), Some(state)) = (factory, host.state(pin)) {
                    run.send(Message::Limit {
                        entry,
                        pin: Some((factory as u16, end.instance as u16)),
                        state,
                    });
                }
            }
        }
    }

    /// Values that the objects have and the document has not.
    fn values_set(&self, host: &Host) -> Vec<Edit> {
        let mut edits = vec![];
        for (path, handle) in &self.filters {
            let (Some(values), Some(NodeKind::Filter(node))) =
                (host.values(*handle), self.graph.at(path).map(|it| &it.kind))
            else {
                continue;
            };
            let Some((id, place)) = path.0.split_last() else {
                continue;
            };
            let new = |it: &(&String, &Value)| node.values.get(it.0) != Some(it.1);
            for (key, value) in values.iter().filter(new) {
                let edit = Edit::SetProperty {
                    filter: *id,
                    key: key.clone(),
                    value: Some(value.clone()),
                };
                edits.push(edit.within(place));
            }
        }
        edits
    }

    /// Wires one of whose pins was given another format than was agreed, and the edits that insist on it.
    fn formats_chosen(&self, host: &Host) -> Vec<(usize, Edit)> {
        let mut edits = vec![];
        for (index, wire) in self.wiring.wires.iter().enumerate() {
            let (Some(open), Ok(agreed)) = (self.wire(wire), &wire.outcome) else {
                continue;
            };
            let of = |pin| host.agreed(pin).map(|(format, ..)| format);
            let mut ends = [of(open.from), of(open.to)].into_iter().flatten();
            let Some(wanted) = ends.find(|it| **it != agreed.format) else {
                continue;
            };
            let Some(level) = self.graph.graph_at(&wire.place) else {
                continue;
            };
            if let Some(connection) = level.connections.get(wire.index) {
                let mut chosen = connection.chosen.clone();
                chosen.format = Some(wanted.clone());
                let edit = Edit::Choose {
                    connection: wire.index,
                    chosen,
                };
                edits.push((index, edit.within(&wire.place.0)));
            }
        }
        edits
    }

    /// Lets pins open, change and close as the agreement says: the sink first (CON-2), a source goes before its sink
    /// (CON-7).
    fn follow(&mut self, host: &mut Host) {
        let agreed = |wire: &&Wire| wire.outcome.is_ok();
        let ends = |wire: &Wire| (wire.from.clone(), wire.to.clone());
        let now: Vec<Ends> = self.wiring.wires.iter().filter(agreed).map(ends).collect();
        let gone = self.wires.keys().filter(|it| !now.contains(it)).cloned();
        for ends in gone.collect::<Vec<_>>() {
            if let Some(open) = self.wires.remove(&ends) {
                for pin in [open.from, open.to] {
                    host.close(pin);
                }
            }
        }
        for wire in &self.wiring.wires {
            let Ok(agreed) = &wire.outcome else { continue };
            if let Some(open) = self.wires.get(&ends(wire)) {
                host.agree(open.from, &agreed.format);
                host.agree(open.to, &agreed.format);
                continue;
            }
            let of = |end: &PinAddress| {
                let filter = *self.filters.get(&end.filter)?;
                let (factory, _) = host.descriptor(filter)?.pin(&end.pin)?;
                Some((filter, factory))
            };
            let (Some(from), Some(to)) = (of(&wire.from), of(&wire.to)) else {
                continue;
            };
            let values = || (agreed.format.clone(), agreed.medium, agreed.interface);
            let mut adopt =
                |(filter, factory), role| host.adopt(filter, factory, role, values(), State::Stop);
            let open = match agreed.is_push {
                true => {
                    let to = adopt(to, Role::Sink);
                    let from = adopt(from, Role::Source);
                    OpenWire { from, to }
                }
                false => {
                    let from = adopt(from, Role::Sink);
                    let to = adopt(to, Role::Source);
                    OpenWire { from, to }
                }
            };
            for (pin, end, made) in [(open.from, &wire.from, from), (open.to, &wire.to, to)] {
                let number = opened_number(made.1, end.instance as usize);
                host.opened_before(pin, number);
            }
            host.join(open.from, open.to);
            self.wires.insert(ends(wire), open);
        }
    }

    /// What is played. Files that sinks would write are left out: nobody named them here.
    fn job(&self) -> Job {
        let mut wiring = self.wiring.clone();
        for filter in wiring.filters.values_mut() {
            let filter = &mut **filter;
            let Some(descriptor) = &filter.descriptor else {
                continue;
            };
            if descriptor
                .pins
                .iter()
                .any(|it| it.data_flow == DataFlow::Out)
            {
                continue;
            }
            for property in descriptor.properties.iter() {
                if property.domain == Domain::Path {
                    filter.values.remove(property.key);
                }
            }
        }
        Job {
            wiring,
            base: self.base.clone(),
            ..Job::default()
        }
    }

    /// How far each pin may go.
    fn limits(&self, host: &Host) -> BTreeMap<FilterPath, Limits> {
        let mut limits: BTreeMap<FilterPath, Limits> = BTreeMap::new();
        for (ends, open) in &self.wires {
            for (end, pin) in [(&ends.0, open.from), (&ends.1, open.to)] {
                let state = host.state(pin).unwrap_or_default();
                let of_filter = limits.entry(end.filter.clone()).or_default();
                let key = (end.pin.clone(), end.instance);
                of_filter.pins.insert(key, state);
            }
        }
        limits
    }

    /// Whether any pin of the graph is in Run.
    fn is_running(&self, host: &Host) -> bool {
        let mut pins = self.wires.values().flat_map(|it| [it.from, it.to]);
        pins.any(|pin| host.state(pin) == Some(State::Run))
    }

    /// Time goes by: what is in Run of the graph plays for as long, and pins are told when its streams have ended. A graph
    /// that was stopped begins anew.
    pub fn advance(&mut self, host: &mut Host, by: u64, is_stall: bool) -> Result<u64, String> {
        let stopped = |it: &OpenWire| host.state(it.to) == Some(State::Stop);
        if self.wires.values().all(stopped) {
            self.run = None;
            self.played = 0;
        }
        if self.is_running(host) {
            self.play(host, by)?;
        }
        for (path, handle) in &self.filters {
            let run = self.run.as_ref();
            let open = run.and_then(|run| run.built.open.get(path));
            host.count_by(*handle, open.and_then(|it| it.synth.clone()));
            host.run_class(*handle, open.and_then(|it| it.class.clone()));
        }
        Ok(host.advance(by, is_stall))
    }

    fn play(&mut self, host: &mut Host, by: u64) -> Result<(), String> {
        const MOST_SECONDS: u64 = 600;
        if by > MOST_SECONDS * REF_TIMES_PER_SECOND as u64 {
            return Err(format!(
                "a graph that runs goes on by {MOST_SECONDS} s at a time"
            ));
        }
        let memories = self.filters.iter();
        let memories = memories.filter_map(|(path, it)| Some((path.clone(), host.memory(*it)?)));
        let job = Job {
            limits: self.limits(host),
            memories: memories.collect(),
            ..self.job()
        };
        let catalogue = &self.catalogue;
        let run = self
            .run
            .get_or_insert_with(|| Offline::new(catalogue, &job, CYCLE as usize));
        let had_ended = run.has_ended();
        self.played = self.played.saturating_add(by);
        let samples = u128::from(self.played) * u128::from(self.wiring.rate_hz);
        let end = (samples / REF_TIMES_PER_SECOND as u128) as u64;
        while run.position() < end {
            let length = (end - run.position()).min(CYCLE) as usize;
            run.cycle(length).map_err(|stuck| stuck.to_string())?;
        }
        // What a run reports is for those who listen to it.
        run.reports().for_each(drop);
        let wires = self.wiring.wires.iter();
        let held: Vec<Held> = wires.map(|wire| held(run, wire)).collect();
        self.frames.count(host, &held);
        if run.has_ended() && !had_ended {
            for wire in self.wires.values() {
                host.fire(wire.from, sets::CONNECTION_EVENTS, END_OF_STREAM);
                host.fire(wire.to, sets::CONNECTION_EVENTS, END_OF_STREAM);
            }
        }
        Ok(())
    }
}

/// What lies on a wire of a run.
fn held(run: &Offline, wire: &Wire) -> Held {
    let at = run.built.map.wire(&wire.from, &wire.to);
    let at = at.zip(run.built.states.as_ref());
    at.map_or_else(Held::default, |(at, states)| {
        states.held(at, run.cells().cycles())
    })
}
