//! Wiring -> Plan: opens what is new, keeps what is the same, lays frames out, and makes the fades of a live edit.
//!
//! Runs off the audio thread and may be slow. A filter is kept when nothing that its processor was made from has
//! changed; growing pins may come and go under it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use smallvec::SmallVec;

use super::align::lead;
use super::built::{Built, Hearing, OpenFilter, PinClock};
use super::hold::Holds;
use super::listing::Plot;
use super::map::PlanMap;
use super::master::{choose_master, is_wished};
use super::plan::{Arrival, Leaving, Transition};
use super::quality::Watches;
use super::records::keep;
use super::runs::Skills;
use super::seating::Limits;
use super::signature::Signature;
use super::slab::{CAPACITY, Entry, PAGE, page};
use super::spec::{Node, Spec, SpecWire};
use crate::graph::{FilterPath, Wiring, pipes};
use crate::ks::ids::category;
use crate::ks::{
    Catalogue, Clock, DataFlow, DlsMemory, Domain, Filter, KernelEvent, OpenError, OpenPin,
    Opening, Pacer, Settings, Waker,
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

/// Filters are opened for cycles of so many samples at least, so that a change of the quantum leaves them alone.
const ROOM: usize = 1024;

struct Live {
    /// Where it stands now.
    path: FilterPath,
    signature: Signature,
    open: Arc<OpenFilter>,
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
    spec: Option<Arc<Spec>>,
    /// Where the plan of that has what.
    plot: Plot,
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
    /// Whether plans are parted into islands.
    pub(super) has_crew: bool,
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
            plot: Plot::default(),
            serial: 0,
            leaving: vec![],
            limits: BTreeMap::new(),
            is_full_quality: false,
            base: None,
            one_by_one: false,
            memories: BTreeMap::new(),
            has_crew: false,
        }
    }

    /// Plans from here on have cycles of at most that many samples.
    pub fn set_quantum(&mut self, quantum: usize) {
        self.quantum = quantum.max(1);
        self.max_len = self.max_len.max(self.quantum);
    }

    /// How many places in the slab were given away so far.
    pub(super) fn places(&self) -> usize {
        self.next as usize
    }

    /// The longest cycle a filter is opened for.
    fn len_for(&self, node: &Node) -> usize {
        // Devices are opened with the quantum, and live events are stamped by it.
        let has_device = || {
            let mut properties = node.descriptor().properties.iter();
            properties.any(|property| property.domain == Domain::Device)
        };
        if node.descriptor().categories.contains(&category::CAPTURE) || has_device() {
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
        drop(pipes);
        let mut built = Built {
            serial: self.serial,
            ..Built::default()
        };
        let mut arrivals = vec![];
        let departures = self.close_what_left(&mut spec, job);
        self.close_memories(&spec);
        // Sinks are made first (CON-2).
        let mut fresh = vec![];
        for index in (0..spec.nodes.len()).rev() {
            if spec.nodes[index].runs() && spec.nodes[index].open.is_none() {
                fresh.extend(self.open(&mut spec, index, job, &mut built, &mut arrivals));
            }
        }
        match self.live.is_empty() {
            // All at once: one before the other each would move those behind it.
            true => self.live = fresh.into_iter().collect(),
            false => self.live.extend(fresh),
        }
        let live = self.live.values();
        let open = live.map(|live| (live.path.clone(), Arc::clone(&live.open)));
        built.open = open.collect();
        built.master = choose_master(&spec, &job.wiring.timing.master);
        lead(&mut spec, job.wiring.timing.compensates);
        spec.identify_wires();
        let old = self.spec.take();
        keep(&mut spec, old.as_deref());
        let arriving = absent(&spec, old.as_deref());
        self.limits.clone_from(&job.limits);
        self.one_by_one = job.one_by_one;
        self.is_full_quality = job.wiring.timing.full_quality;
        let spec = Arc::new(spec);
        let (mut into, plot) = self.lay_out(&spec, &arriving);
        if let Some(old) = &old {
            into.changed = other_formats(old, &spec);
            for split in into.splits.iter_mut().flatten() {
                split.change(&into.changed);
            }
        }
        built.levels = Some(into.levels.clone());
        built.states = Some(Arc::clone(&into.holds.cells));
        built.map = PlanMap::of(&spec, &into.holds);
        into.master = built
            .master
            .as_ref()
            .and_then(|path| built.open.get(path))
            .map(|open| open.entry);
        let before = std::mem::replace(&mut self.plot, plot);
        let out = old.and_then(|old| {
            let leaving = absent(&old, Some(&spec));
            if !leaving.contains(&true) {
                return None;
            }
            let (steps, runs) = self.leave(&old, before, &leaving)?;
            Some(Leaving::new(steps, runs, into.master))
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
        Holds::of(spec, slots, lines, fade_len, &self.limits)
    }

    /// Who may be left out while it rests, and for what.
    pub(super) fn skills(&self, spec: &Spec) -> Skills {
        let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
        let nodes = spec.nodes.iter().filter(|_| !self.one_by_one);
        let skills = nodes.filter_map(|node| {
            let open = node.open.as_ref()?;
            let next = kinds.len() as u32;
            let kind = *kinds.entry(&node.wired.key).or_insert(next);
            Some((open.entry, (kind, open.resting?)))
        });
        skills.collect()
    }

    /// Who watches over quality in a layout.
    pub(super) fn watch_quality(&self, spec: &Spec) -> Watches {
        Watches::of(spec, self.is_full_quality)
    }

    /// Forgets open filters that are no longer there or were made from something else, and gives those that stay their
    /// nodes. The places of those that leave.
    fn close_what_left(&mut self, spec: &mut Spec, job: &Job) -> Vec<u32> {
        // What stands beside the file may be another one elsewhere.
        let is_elsewhere = self.base != job.base;
        if is_elsewhere {
            self.base.clone_from(&job.base);
        }
        let mut departures = vec![];
        let mut live = std::mem::take(&mut self.live);
        // Both are in the order of identities.
        let order = std::mem::take(&mut spec.by_identity);
        let mut nodes = order.iter().map(|at| *at as usize).peekable();
        live.retain(|identity, live| {
            let is_before = |at: &usize| spec.nodes[*at].identity() < identity;
            while nodes.next_if(is_before).is_some() {}
            let node = nodes.next_if(|at| spec.nodes[*at].identity() == identity);
            let node = node.filter(|at| spec.nodes[*at].runs());
            let stays = node.is_some_and(|at| {
                let node = &spec.nodes[at];
                live.path.clone_from(&node.path);
                let len = self.len_for(node);
                !is_elsewhere && live.signature.is_of(spec, node, len, job)
            });
            match node.filter(|_| stays) {
                Some(at) => spec.nodes[at].opened(&live.open),
                None => departures.push(live.open.entry),
            }
            stays
        });
        self.live = live;
        spec.by_identity = order;
        departures
    }

    /// Where sounds are downloaded to of a filter that takes any; the same for as long as it is in the graph.
    fn memory(
        memories: &mut Memories,
        node: &Node,
        filter: &dyn Filter,
        kept: Option<&Arc<dyn DlsMemory>>,
    ) -> Option<Arc<dyn DlsMemory>> {
        if let Some((key, memory)) = memories.get(node.identity())
            && *key == node.wired.key
        {
            return Some(memory.clone());
        }
        let memory = kept.cloned().or_else(|| filter.dls_memory())?;
        let kept = (node.wired.key.clone(), memory.clone());
        memories.insert(node.identity().clone(), kept);
        Some(memory)
    }

    /// What was downloaded goes with its filter, and with its pin.
    fn close_memories(&mut self, spec: &Spec) {
        if self.memories.is_empty() {
            return;
        }
        let nodes: BTreeMap<&FilterPath, &Node> =
            spec.nodes.iter().map(|it| (it.identity(), it)).collect();
        self.memories.retain(|identity, (_, memory)| {
            let Some(node) = nodes.get(identity) else {
                return false;
            };
            let connected = node.pins.iter().filter(|pin| pin.wire.is_some());
            let open: Vec<u64> = connected
                .map(|pin| opened_number(pin.factory, pin.instance))
                .collect();
            memory.close_others(&open);
            true
        });
    }

    /// Opens the filter of a node, if it can be had: what it is known by.
    fn open(
        &mut self,
        spec: &mut Spec,
        index: usize,
        job: &Job,
        built: &mut Built,
        arrivals: &mut Vec<Arrival>,
    ) -> Option<(FilterPath, Live)> {
        let rate_hz = spec.rate_hz;
        let len = self.len_for(&spec.nodes[index]);
        let pins: SmallVec<[OpenPin; 2]> = spec.open_pins(index).collect();
        let node = &spec.nodes[index];
        let filter = self.catalogue.get(&node.wired.key)?;
        let settings = Settings {
            values: &node.wired.values,
            base: job.base.as_deref(),
        };
        let kept = job.memories.get(&node.path);
        let memory = Self::memory(&mut self.memories, node, &**filter, kept);
        let opening = Opening {
            descriptor: node.descriptor(),
            settings,
            rate_hz,
            max_len: len,
            pins: &pins,
            live: self.is_live,
            clock: Arc::clone(&self.clock),
            waker: self.waker.clone(),
            feed: job.feeds.get(&node.path).cloned(),
            drives: is_wished(node, &job.wiring.timing.master),
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
                return None;
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
            return None;
        };
        let properties = node.descriptor().properties.iter();
        let values = properties
            .map(|property| settings.slot_value(property))
            .collect();
        let is_captured = node.descriptor().categories.contains(&category::CAPTURE);
        let is_live = opening.feed.is_none() && (opened.events.is_some() || is_captured);
        if let Some(events) = opened.events {
            built.events.push((node.path.clone(), events));
        }
        let is_source = node.wires(DataFlow::In).next().is_none();
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
            waits: opened.waits,
            resting: opened.resting,

            score: opened.score,
            synth: opened.synth,
            memory: opening.memory,
            bank: opened.bank,
            hears: opened.hears.map(Hearing),
        };
        let open = Arc::new(open);
        let pacer: Option<Box<dyn Pacer>> = opened.pacer;
        arrivals.push(Arrival {
            index: entry,
            entry: Some(Entry::new(opened.processor, values, is_live)),
            pacer,
        });
        let live = Live {
            path: node.path.clone(),
            signature: Signature::of(spec, node, len, job),
            open: Arc::clone(&open),
        };
        let identity = node.identity().clone();
        spec.nodes[index].opened(&open);
        Some((identity, live))
    }

    /// Identities of the present wires.
    #[cfg(test)]
    pub(super) fn wire_ids(&self) -> Vec<u64> {
        self.spec.as_ref().map_or(vec![], |spec| spec.ids.clone())
    }
}

/// For each wire of one spec whether it is not in the other.
fn absent(these: &Spec, those: Option<&Spec>) -> Vec<bool> {
    let mut is_absent = vec![true; these.wires.len()];
    let mut there = those.iter().flat_map(|spec| &spec.by_id).peekable();
    for (id, wire) in &these.by_id {
        while there.next_if(|it| it.0 < *id).is_some() {}
        is_absent[*wire as usize] = there.peek().is_none_or(|it| it.0 != *id);
    }
    is_absent
}

/// Wires between the same pins as before that carry another format.
fn other_formats(old: &Spec, new: &Spec) -> Vec<u32> {
    let ends = |wire: &'_ SpecWire, other: &SpecWire| {
        (&wire.from, &wire.to).cmp(&(&other.from, &other.to))
    };
    let mut before = old.wires.iter().peekable();
    let wires = new.wires.iter().zip(0..);
    let changed = wires.filter(|(wire, _)| {
        while before.next_if(|it| ends(it, wire).is_lt()).is_some() {}
        let was = before.next_if(|it| ends(it, wire).is_eq());
        was.is_some_and(|was| was.format() != wire.format())
    });
    changed.map(|(_, at)| at).collect()
}
