//! Wiring -> Plan: opens what is new, keeps what is the same, lays frames out, and makes the fades of a live edit.
//!
//! Runs off the audio thread and may be slow. A filter is kept when nothing that its processor was made from has
//! changed; growing pins may come and go under it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::align::lead;
use super::hold::Holds;
use super::layout::peer_format;
use super::link::PlanCells;
use super::plan::{Arrival, Transition};
use super::quality::Watches;
use super::records::{PinRecord, keep};
use super::runs::Skill;
use super::seating::Limits;
use super::slab::{CAPACITY, Entry, PAGE, page};
use super::spec::{Node, Spec};
use crate::graph::{FilterPath, Master, PinAddress, Wiring, pipes};
use crate::ks::ids::category;
use crate::ks::{
    Catalogue, Clock, DataFlow, DataFormat, DlsMemory, Domain, Filter, Granted, Hears, KernelEvent,
    OpenError, Opening, Pacer, Resting, Settings, SynthCells, Telemetry, Value, Waker,
};

/// What a plan is to be made of.
#[derive(Clone, Default)]
pub struct Job {
    /// The agreement.
    pub wiring: Wiring,
    /// The folder of the graph's file.
    pub base: Option<PathBuf>,
    /// Events for sources of notes, in place of live ones.
    pub feeds: BTreeMap<FilterPath, Arc<[KernelEvent]>>,
    /// Filters, by where they stood at first, to be opened anew though nothing about them changed, with a number that
    /// differs each time: a device that has come back.
    pub renew: BTreeMap<FilterPath, u64>,
    /// How far filters go, by where they stood at first; those not named go with the graph.
    pub limits: BTreeMap<FilterPath, Limits>,

    /// Filters that stood elsewhere when they came into the document, and where: by that their processors are kept,
    /// into groups and out of them.
    pub origins: BTreeMap<FilterPath, FilterPath>,

    /// Where sounds are downloaded to, of filters that had such a place before they were opened here.
    pub memories: BTreeMap<FilterPath, Arc<dyn DlsMemory>>,

    /// Whether every filter is called in every cycle, though several could be done at once: the same samples, by the way
    /// that any filter goes.
    pub one_by_one: bool,
}

/// An open filter, as the program sees it.
#[derive(Clone, Debug)]
pub struct OpenFilter {
    /// Its place in the slab.
    pub entry: u32,
    /// The plan it was opened for: together with its place in the slab this names it for good.
    pub since: u64,
    /// What it publishes.
    pub telemetry: Option<Telemetry>,
    /// Words about how it was opened.
    pub notes: Vec<String>,
    /// Whether it is a source whose stream never ends by itself.
    pub is_endless_source: bool,
    /// Samples of the graph's rate between in and out.
    pub latency_samples: usize,
    /// Whether what it gives comes when it comes: it is never kept waiting, and cannot be cued.
    pub is_live: bool,

    /// Whether it can drive the graph.
    pub has_pacer: bool,
    /// The clock on its pin.
    pub clock: Option<PinClock>,
    /// The device that was granted to it.
    pub device: Option<Granted>,
    /// Why its device could not be had.
    pub absence: Option<String>,

    /// Whether it has frames of its own for what comes in.
    pub lends: bool,

    /// Whether it says something of the frames it gets.
    pub reports_quality: bool,

    /// The class driver behind it, to be looked at.
    pub class: Option<Arc<dyn crate::ks::ClassView>>,

    /// How long it is in seconds, where it is a source whose length is known.
    pub length_seconds: Option<f64>,
    /// Whether what it gives goes by the graph's position.
    pub is_positioned: bool,
    /// Whether it can play at another rate.
    pub takes_rates: bool,
    /// What it plays, for whoever keeps it.
    pub tape: Option<crate::ks::Tape>,

    /// Whether it may have more events for a cycle than a frame holds.
    pub cuts: bool,
    /// What it may be left out for while it rests.
    pub resting: Option<Resting>,

    /// What its sequencer holds.
    pub score: Option<crate::ks::Score>,
    /// What it counts as a synthesizer.
    pub synth: Option<SynthCells>,
    /// Where sounds are downloaded to, where it takes any.
    pub memory: Option<Arc<dyn DlsMemory>>,
    /// Where it lays out its bank.
    pub bank: Option<crate::ks::BankDesk>,
    /// Is told when a text or path of it changed that is not structural.
    pub(crate) hears: Option<Hearing>,
}

impl Built {
    /// Tells filters that were kept their texts as they are now.
    pub(super) fn tell_texts(&self, job: &Job) {
        for (path, open) in &self.open {
            let filter = job.wiring.filters.get(path);
            if let (Some(hears), Some(filter)) = (&open.hears, filter) {
                hears.0(&Settings {
                    values: &filter.values,
                    base: job.base.as_deref(),
                });
            }
        }
    }
}

/// What is told of texts.
#[derive(Clone)]
pub(crate) struct Hearing(pub(crate) Hears);

impl std::fmt::Debug for Hearing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hearing")
    }
}

/// The clock on a pin of a filter.
#[derive(Clone)]
pub struct PinClock(pub Arc<dyn Clock>);

impl std::fmt::Debug for PinClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PinClock({:?})", self.0.reading())
    }
}

/// What became of a job.
#[derive(Default)]
pub struct Built {
    /// Counts plans.
    pub serial: u64,
    /// The job it was made of, as [`Engine::submit`](super::Engine::submit) numbered it.
    pub ticket: u64,
    /// The filters that are open.
    pub open: BTreeMap<FilterPath, OpenFilter>,
    /// New entries for live events.
    pub events: Vec<(FilterPath, rtrb::Producer<KernelEvent>)>,
    /// The filters that could not be opened.
    pub failures: Vec<(FilterPath, OpenError)>,
    /// Where each wire's level stands in `levels`.
    pub wires: BTreeMap<(PinAddress, PinAddress), usize>,
    /// Where the state of each pin stands in `states`, and each filter.
    pub pins: BTreeMap<PinAddress, usize>,
    /// Pins by their filter's place in the slab, factory and instance.
    pub names: BTreeMap<(u32, u16, u16), PinAddress>,
    /// Filters in the order of their places in `states`.
    pub nodes: Vec<FilterPath>,
    /// States of pins, and what waits on wires.
    pub states: Option<Arc<PlanCells>>,

    /// By what a probe names each wire.
    pub identities: BTreeMap<(PinAddress, PinAddress), u64>,
    /// Levels of wires.
    pub levels: Option<Telemetry>,
    /// The filter whose device drives the graph.
    pub master: Option<FilterPath>,
    /// Outputs by their filter's place in the slab and their place among its outputs.
    pub outputs: BTreeMap<(u32, u16), PinAddress>,
    /// Records of pins.
    pub records: BTreeMap<PinAddress, Arc<PinRecord>>,
    /// Latency of each wire, and what waits on it, in samples of the graph's rate.
    pub latencies: BTreeMap<(PinAddress, PinAddress), (usize, usize)>,
}

/// Filters are opened for cycles of so many samples at least, so that a change of the quantum leaves them alone.
const ROOM: usize = 1024;

struct Live {
    /// Where it stands now.
    path: FilterPath,
    signature: Signature,
    open: OpenFilter,
}

/// Makes plans; remembers what is open.
pub struct Builder {
    catalogue: Catalogue,
    clock: Arc<dyn Clock>,
    waker: Waker,
    /// The longest cycle of the next plan.
    pub(super) quantum: usize,
    /// The longest cycle that filters are opened for; those at the edge of the graph are opened for the quantum.
    max_len: usize,
    is_live: bool,
    live: BTreeMap<FilterPath, Live>,
    free: Vec<u32>,
    next: u32,
    /// Pages of places that the audio thread has.
    pages: usize,
    spec: Option<Spec>,
    pub(super) serial: u64,
    leaving: Vec<u32>,
    /// How far filters go, as the last job said.
    limits: BTreeMap<FilterPath, Limits>,
    /// Whether nobody is to be asked for less, as the last job said.
    is_full_quality: bool,
    /// The folder of the graph's file, as the last job said.
    base: Option<PathBuf>,
    /// Whether filters are called one by one, as the last job said.
    one_by_one: bool,
    /// Where sounds are downloaded to; filters that are opened anew find there what was.
    memories: Memories,
}

/// By where filters stood at first, with what they are.
type Memories = BTreeMap<FilterPath, (String, Arc<dyn DlsMemory>)>;

/// By what the memory of a filter knows a pin of the graph.
pub const fn opened_number(factory: usize, instance: usize) -> u64 {
    (factory as u64) << 32 | instance as u64
}

impl Builder {
    /// A builder with nothing open. `quantum` is the longest cycle.
    pub fn new(
        catalogue: Catalogue,
        clock: Arc<dyn Clock>,
        waker: Waker,
        quantum: usize,
        is_live: bool,
    ) -> Self {
        let max_len = if is_live { quantum.max(ROOM) } else { quantum };
        Self {
            quantum,
            catalogue,
            clock,
            waker,
            max_len,
            is_live,
            live: BTreeMap::new(),
            free: vec![],
            next: 0,
            pages: 0,
            spec: None,
            serial: 0,
            leaving: vec![],
            limits: BTreeMap::new(),
            is_full_quality: false,
            base: None,
            one_by_one: false,
            memories: BTreeMap::new(),
        }
    }

    /// Plans from here on have cycles of at most that many samples.
    pub fn set_quantum(&mut self, quantum: usize) {
        self.quantum = quantum.max(1);
        self.max_len = self.max_len.max(self.quantum);
    }

    /// The longest cycle a filter is opened for.
    fn len_for(&self, node: &Node) -> usize {
        // Devices are opened with the quantum, and live events are stamped by it.
        let has_device = || {
            let mut properties = node.descriptor.properties.iter();
            properties.any(|property| property.domain == Domain::Device)
        };
        if node.descriptor.categories.contains(&category::CAPTURE) || has_device() {
            self.quantum
        } else {
            self.max_len
        }
    }

    /// The last transition has come back: what left is gone, its places are free.
    pub fn swapped(&mut self) {
        self.free.append(&mut self.leaving);
    }

    /// Opens what the job needs and makes the change of plans that gets there.
    pub fn build(&mut self, job: &Job) -> (Built, Transition) {
        self.serial += 1;
        let pipes = pipes(&job.wiring, self.quantum);
        let mut spec = Spec::of(&job.wiring, &job.origins, &pipes);
        let mut built = Built {
            serial: self.serial,
            ..Built::default()
        };
        let mut arrivals = vec![];
        let mut departures = vec![];
        self.close_what_left(&spec, job, &mut departures);
        self.close_memories(&spec);
        // Sinks are made first (CON-2).
        for index in (0..spec.nodes.len()).rev() {
            if spec.nodes[index].runs() {
                self.open(&mut spec, index, job, &mut built, &mut arrivals);
            }
        }
        built.open = self
            .live
            .values()
            .map(|live| (live.path.clone(), live.open.clone()))
            .collect();
        let wires = spec
            .wires
            .iter()
            .enumerate()
            .map(|(index, wire)| ((wire.from.clone(), wire.to.clone()), index));
        built.wires = wires.collect();
        built.master = choose_master(&spec, &built.open, &job.wiring.timing.master);
        let own = spec.nodes.iter().map(|node| {
            let open = node.entry.and_then(|_| self.live.get(&node.identity));
            open.map_or(0, |live| live.open.latency_samples)
        });
        let own: Vec<usize> = own.collect();
        lead(&mut spec, &own, job.wiring.timing.compensates);
        let latencies = spec.wires.iter().map(|wire| {
            let ends = (wire.from.clone(), wire.to.clone());
            (ends, (wire.latency, wire.align))
        });
        built.latencies = latencies.collect();
        spec.identify_wires();
        let wires = spec.wires.iter().zip(&spec.ids);
        built.identities = wires
            .map(|(wire, id)| ((wire.from.clone(), wire.to.clone()), *id))
            .collect();
        let old = self.spec.take();
        keep(&mut spec, old.as_ref());
        let absent = |these: Option<&Spec>, those: Option<&Spec>| -> Vec<bool> {
            let there: BTreeSet<u64> = those.iter().flat_map(|spec| spec.ids.clone()).collect();
            let ids = these.iter().flat_map(|spec| &spec.ids);
            ids.map(|id| !there.contains(id)).collect()
        };
        let arriving = absent(Some(&spec), old.as_ref());
        let leaving = absent(old.as_ref(), Some(&spec));
        self.limits.clone_from(&job.limits);
        self.one_by_one = job.one_by_one;
        self.is_full_quality = job.wiring.timing.full_quality;
        let mut into = self.lay_out(&spec, &arriving, true);
        if let Some(old) = &old {
            into.changed = other_formats(old, &spec);
        }
        built.levels = Some(into.levels.clone());
        built.pins = into.holds.pins(&spec);
        built.names = into.holds.names(&built.pins);
        built.nodes = spec.nodes.iter().map(|node| node.path.clone()).collect();
        built.states = Some(Arc::clone(&into.holds.cells));
        for node in &spec.nodes {
            let Some(entry) = node.entry else { continue };
            let mut outputs = 0;
            for (pin, record) in node.pins.iter().zip(&node.records) {
                let name = PinAddress {
                    filter: node.path.clone(),
                    pin: node.descriptor.pins[pin.factory].name.to_string(),
                    instance: pin.instance as u32,
                };
                if pin.data_flow == DataFlow::Out {
                    built.outputs.insert((entry, outputs), name.clone());
                    outputs += 1;
                }
                built.records.insert(name, Arc::clone(record));
            }
        }
        into.master = built
            .master
            .as_ref()
            .and_then(|path| built.open.get(path))
            .map(|open| open.entry);
        let out = old.filter(|_| leaving.contains(&true)).map(|old| {
            let mut plan = self.lay_out(&old, &leaving, false);
            plan.master = into.master;
            plan
        });
        self.leaving.clone_from(&departures);
        let needed = (self.next as usize).div_ceil(PAGE);
        into.pages = (self.pages..needed).map(|at| (at, Some(page()))).collect();
        self.pages = self.pages.max(needed);
        into.arrivals = arrivals;
        into.departures = departures;
        self.spec = Some(spec);
        (built, Transition::new(out, into))
    }

    /// The state table of a layout.
    pub(super) fn seat(
        &self,
        spec: &Spec,
        slots: &[Option<u32>],
        lines: &[usize],
        fade_len: usize,
    ) -> Holds {
        let live = self.live.values().filter(|live| live.open.is_live);
        let live: BTreeSet<u32> = live.map(|live| live.open.entry).collect();
        let is_live = |entry: u32| live.contains(&entry);
        Holds::of(spec, slots, lines, fade_len, is_live, &self.limits)
    }

    /// Who may have more events for a cycle than a frame holds.
    pub(super) fn who_cuts(&self) -> Vec<u32> {
        let open = self.live.values().map(|live| &live.open);
        open.filter(|open| open.cuts)
            .map(|open| open.entry)
            .collect()
    }

    /// Who may be left out while it rests, and for what.
    pub(super) fn skills(&self, spec: &Spec) -> BTreeMap<u32, Skill> {
        let mut kinds = BTreeMap::new();
        let nodes = spec.nodes.iter().filter(|_| !self.one_by_one);
        let skills = nodes.filter_map(|node| {
            let open = &self.live.get(&node.identity)?.open;
            let resting = open.resting.filter(|_| node.entry == Some(open.entry))?;
            let next = kinds.len() as u32;
            Some((
                open.entry,
                (*kinds.entry(&node.key).or_insert(next), resting),
            ))
        });
        skills.collect()
    }

    /// Who watches over quality in a layout.
    pub(super) fn watch_quality(&self, spec: &Spec) -> Watches {
        let live = self.live.values();
        let live: BTreeMap<u32, &OpenFilter> =
            live.map(|live| (live.open.entry, &live.open)).collect();
        let reports = |entry| {
            let open = live.get(&entry);
            open.is_some_and(|it| it.reports_quality)
        };
        let drives = |entry| live.get(&entry).is_some_and(|it| it.has_pacer);
        Watches::of(spec, self.is_full_quality, reports, drives)
    }

    /// Forgets open filters that are no longer there or were made from something else.
    fn close_what_left(&mut self, spec: &Spec, job: &Job, departures: &mut Vec<u32>) {
        let lens: BTreeMap<&FilterPath, usize> = spec
            .nodes
            .iter()
            .map(|node| (&node.identity, self.len_for(node)))
            .collect();
        // What stands beside the file may be another one elsewhere.
        let is_elsewhere = self.base != job.base;
        if is_elsewhere {
            self.base.clone_from(&job.base);
        }
        let ready = spec.nodes.iter().filter(|node| node.runs());
        let ready: BTreeMap<&FilterPath, &Node> =
            ready.map(|node| (&node.identity, node)).collect();
        self.live.retain(|identity, live| {
            let node = ready.get(identity);
            let stays = node.is_some_and(|node| {
                !is_elsewhere
                    && Signature::of(node, spec.rate_hz, lens[identity], job) == live.signature
            });
            if let Some(node) = node {
                live.path.clone_from(&node.path);
            }
            if !stays {
                departures.push(live.open.entry);
            }
            stays
        });
    }

    /// Where sounds are downloaded to of a filter that takes any; the same for as long as it is in the graph.
    fn memory(
        memories: &mut Memories,
        node: &Node,
        filter: &dyn Filter,
        kept: Option<&Arc<dyn DlsMemory>>,
    ) -> Option<Arc<dyn DlsMemory>> {
        if let Some((key, memory)) = memories.get(&node.identity)
            && *key == node.key
        {
            return Some(memory.clone());
        }
        let memory = kept.cloned().or_else(|| filter.dls_memory())?;
        let kept = (node.key.clone(), memory.clone());
        memories.insert(node.identity.clone(), kept);
        Some(memory)
    }

    /// What was downloaded goes with its filter, and with its pin.
    fn close_memories(&mut self, spec: &Spec) {
        let nodes: BTreeMap<&FilterPath, &Node> =
            spec.nodes.iter().map(|it| (&it.identity, it)).collect();
        self.memories.retain(|identity, (_, memory)| {
            let Some(node) = nodes.get(identity) else {
                return false;
            };
            let connected = node.pins.iter().filter(|pin| pin.format.is_some());
            let open: Vec<u64> = connected
                .map(|pin| opened_number(pin.factory, pin.instance))
                .collect();
            memory.close_others(&open);
            true
        });
    }

    fn open(
        &mut self,
        spec: &mut Spec,
        index: usize,
        job: &Job,
        built: &mut Built,
        arrivals: &mut Vec<Arrival>,
    ) {
        let rate_hz = spec.rate_hz;
        let len = self.len_for(&spec.nodes[index]);
        let node = &mut spec.nodes[index];
        if let Some(live) = self.live.get(&node.identity) {
            node.entry = Some(live.open.entry);
            node.lends = live.open.lends;
            return;
        }
        let Some(filter) = self.catalogue.get(&node.key) else {
            return;
        };
        let settings = Settings {
            values: &node.values,
            base: job.base.as_deref(),
        };
        let kept = job.memories.get(&node.path);
        let memory = Self::memory(&mut self.memories, node, &**filter, kept);
        let opening = Opening {
            descriptor: &node.descriptor,
            settings,
            rate_hz,
            max_len: len,
            pins: &node.pins,
            live: self.is_live,
            clock: Arc::clone(&self.clock),
            waker: self.waker.clone(),
            feed: job.feeds.get(&node.path).cloned(),
            drives: is_wished(node, job),
            memory: memory.clone(),
        };
        // A filter's `open` is code of others: a panic there must not end the program.
        let result =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| filter.open(&opening)));
        let opened = match result
            .unwrap_or_else(|_| Err(OpenError::Other("the filter broke while opening".into())))
        {
            Ok(opened) => opened,
            Err(error) => {
                built.failures.push((node.path.clone(), error));
                return;
            }
        };
        let Some(entry) = self.free.pop().or_else(|| {
            let fresh = ((self.next as usize) < CAPACITY).then_some(self.next);
            self.next += u32::from(fresh.is_some());
            fresh
        }) else {
            let reason = format!("more than {CAPACITY} filters cannot be open at a time");
            built
                .failures
                .push((node.path.clone(), OpenError::Other(reason)));
            return;
        };
        let properties = node.descriptor.properties.iter();
        let values = properties
            .map(|property| property.slot_value(&settings.value(property)))
            .collect();
        let is_captured = node.descriptor.categories.contains(&category::CAPTURE);
        let is_live = opening.feed.is_none() && (opened.events.is_some() || is_captured);
        if let Some(events) = opened.events {
            built.events.push((node.path.clone(), events));
        }
        let is_source = !node
            .pins
            .iter()
            .any(|pin| pin.data_flow == DataFlow::In && pin.format.is_some());
        let open = OpenFilter {
            entry,
            since: self.serial,
            telemetry: opened.telemetry,
            notes: opened.notes,
            length_seconds: opened.length_seconds,
            is_positioned: opened.is_positioned,
            takes_rates: opened.takes_rates,
            is_endless_source: is_source && opened.endless,
            latency_samples: opened.processor.latency_samples(),
            is_live,

            has_pacer: opened.pacer.is_some(),
            clock: opened.clock.map(PinClock),
            device: opened.device,
            absence: opened.absence,
            lends: opened.lends,

            reports_quality: opened.reports_quality,

            class: opened.class,

            tape: opened.tape,
            cuts: opened.cuts,
            resting: opened.resting,

            score: opened.score,
            synth: opened.synth,
            memory: opening.memory,
            bank: opened.bank,
            hears: opened.hears.map(Hearing),
        };
        node.entry = Some(entry);
        node.lends = open.lends;
        let pacer: Option<Box<dyn Pacer>> = opened.pacer;
        arrivals.push(Arrival {
            index: entry,
            entry: Some(Entry::new(opened.processor, values, is_live)),
            pacer,
        });
        let signature = Signature::of(node, rate_hz, len, job);
        let path = node.path.clone();
        let live = Live {
            path,
            signature,
            open,
        };
        self.live.insert(node.identity.clone(), live);
    }

    /// Identities of the present wires.
    #[cfg(test)]
    pub(super) fn wire_ids(&self) -> Vec<u64> {
        self.spec.as_ref().map_or(vec![], |spec| spec.ids.clone())
    }
}

/// Wires between the same pins as before that carry another format.
fn other_formats(old: &Spec, new: &Spec) -> Vec<u32> {
    let before = old.wires.iter();
    let before: BTreeMap<(&PinAddress, &PinAddress), _> = before
        .map(|wire| ((&wire.from, &wire.to), &wire.format))
        .collect();
    let wires = new.wires.iter().enumerate();
    let changed = wires.filter(|(_, wire)| {
        let was = before.get(&(&wire.from, &wire.to));
        was.is_some_and(|was| **was != wire.format)
    });
    changed.map(|(index, _)| index as u32).collect()
}

/// The device that drives the graph (MCL-2): the one that was chosen, else one that renders, else one that captures;
/// among equals the one whose box has the smallest number, which it keeps when it is grouped. `None` is the timer.
fn choose_master(
    spec: &Spec,
    open: &BTreeMap<FilterPath, OpenFilter>,
    wish: &Master,
) -> Option<FilterPath> {
    let can = |path: &FilterPath| open.get(path).is_some_and(|open| open.has_pacer);
    // A clock of one's own drives when it is asked to, and never by itself.
    let has_card = |node: &&Node| {
        let categories = &node.descriptor.categories;
        categories.contains(&category::RENDER) || categories.contains(&category::CAPTURE)
    };
    match wish {
        Master::System => return None,
        Master::Filter(wanted) => {
            let mut nodes = spec.nodes.iter();
            let chosen = nodes.find(|node| node.path == *wanted || node.identity == *wanted);
            if let Some(node) = chosen.filter(|node| can(&node.path)) {
                return Some(node.path.clone());
            }
        }
        Master::Automatic => {}
    }
    let nodes = spec.nodes.iter().filter(has_card);
    let nodes = nodes.filter(|node| can(&node.path));
    let rank = |node: &&Node| {
        let is_render = node.descriptor.categories.contains(&category::RENDER);
        (!is_render, node.path.0.last().copied(), node.path.clone())
    };
    nodes.min_by_key(rank).map(|node| node.path.clone())
}

/// Whether the user wants a filter's clock to drive the graph.
fn is_wished(node: &Node, job: &Job) -> bool {
    match &job.wiring.timing.master {
        Master::Filter(wanted) => [&node.path, &node.identity].contains(&wanted),
        _ => false,
    }
}

/// Everything a processor was made from.
#[derive(PartialEq)]
struct Signature {
    key: String,
    rate_hz: u32,
    max_len: usize,
    renew: Option<u64>,
    /// Structural properties in order.
    values: Vec<Value>,
    /// By pin factory, each format once.
    formats: Vec<Vec<DataFormat>>,
    is_fed: bool,
    /// A clock of one's own counts differently where everything counts by it. A card is told while it runs.
    drives: bool,
}

impl Signature {
    fn of(node: &Node, rate_hz: u32, max_len: usize, job: &Job) -> Self {
        let settings = Settings {
            values: &node.values,
            base: None,
        };
        let properties = node.descriptor.properties.iter();
        let structural = properties.filter(|property| property.structural);
        let factories = node.descriptor.pins.iter().enumerate();
        let formats = factories.map(|(index, factory)| {
            let mut formats: Vec<DataFormat> = vec![];
            for pin in node.pins.iter().filter(|pin| pin.factory == index) {
                let format = pin.format.clone().or_else(|| peer_format(node, factory));
                formats.extend(format.filter(|format| !formats.contains(format)));
            }
            // Instances may change places.
            if formats.len() > 1 {
                formats.sort_by_cached_key(ToString::to_string);
            }
            formats
        });
        Self {
            key: node.key.clone(),
            rate_hz,
            max_len,
            renew: job.renew.get(&node.identity).copied(),
            values: structural.map(|it| settings.value(it)).collect(),
            formats: formats.collect(),
            is_fed: job.feeds.contains_key(&node.path),
            drives: node.descriptor.has_own_clock() && is_wished(node, job),
        }
    }
}
