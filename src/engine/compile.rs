//! Wiring -> Plan: opens what is new, keeps what is the same, lays frames out, and makes the fades of a live edit.
//!
//! Runs off the audio thread and may be slow. A filter is kept when nothing that its processor was made from has
//! changed; growing pins may come and go under it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::line::Line;
use super::plan::{Arrival, OutputSlot, Plan, Step, Transition};
use super::slab::{CAPACITY, Entry};
use super::spec::{Node, Spec};
use super::table::{Shape, Tables};
use crate::graph::{FilterPath, PinAddress, Wiring};
use crate::ks::ids::category;
use crate::ks::{
    Catalogue, Clock, DataFlow, DataFormat, Domain, Granted, InputPin, KernelEvent, OpenError,
    Opening, Output, Pacer, Settings, StreamHeader, Telemetry, Waker,
};

/// How long what leaves and what arrives fades, as a part of a second.
const FADES_PER_SECOND: u32 = 100;

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
    /// Filters that stood elsewhere when they came into the document, and where: by that their processors are kept,
    /// into groups and out of them.
    pub origins: BTreeMap<FilterPath, FilterPath>,
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
    /// Whether it can drive the graph.
    pub has_pacer: bool,
    /// The device that was granted to it.
    pub device: Option<Granted>,
    /// Why its device could not be had.
    pub absence: Option<String>,
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
    /// Levels of wires.
    pub levels: Option<Telemetry>,
    /// The filter whose device drives the graph.
    pub master: Option<FilterPath>,
}

/// Filters are opened for cycles of so many samples at least, so that a change of the quantum leaves them alone.
const ROOM: usize = 1024;

struct Live {
    /// Where it stands now.
    path: FilterPath,
    signature: String,
    open: OpenFilter,
}

/// Makes plans; remembers what is open.
pub struct Builder {
    catalogue: Catalogue,
    clock: Arc<dyn Clock>,
    waker: Waker,
    /// The longest cycle of the next plan.
    quantum: usize,
    /// The longest cycle that filters are opened for; those at the edge of the graph are opened for the quantum.
    max_len: usize,
    is_live: bool,
    live: BTreeMap<FilterPath, Live>,
    free: Vec<u32>,
    next: u32,
    spec: Option<Spec>,
    serial: u64,
    leaving: Vec<u32>,
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
            spec: None,
            serial: 0,
            leaving: vec![],
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
        let mut spec = Spec::of(&job.wiring, &job.origins);
        let mut built = Built {
            serial: self.serial,
            ..Built::default()
        };
        let mut arrivals = vec![];
        let mut departures = vec![];
        self.close_what_left(&spec, job, &mut departures);
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
        // By the number of the box first, which it keeps when it is grouped.
        let devices = built.open.iter().filter(|(_, open)| open.has_pacer);
        let master = devices.min_by_key(|(path, _)| (path.0.last(), *path));
        built.master = master.map(|(path, _)| path.clone());
        spec.identify_wires();
        let old = self.spec.take();
        let absent = |these: Option<&Spec>, those: Option<&Spec>| -> Vec<bool> {
            let there: BTreeSet<u64> = those.iter().flat_map(|spec| spec.ids.clone()).collect();
            let ids = these.iter().flat_map(|spec| &spec.ids);
            ids.map(|id| !there.contains(id)).collect()
        };
        let arriving = absent(Some(&spec), old.as_ref());
        let leaving = absent(old.as_ref(), Some(&spec));
        let mut into = self.lay_out(&spec, &arriving, true);
        built.levels = Some(into.levels.clone());
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
        into.arrivals = arrivals;
        into.departures = departures;
        self.spec = Some(spec);
        (built, Transition::new(out, into))
    }

    /// Forgets open filters that are no longer there or were made from something else.
    fn close_what_left(&mut self, spec: &Spec, job: &Job, departures: &mut Vec<u32>) {
        let lens: BTreeMap<&FilterPath, usize> = spec
            .nodes
            .iter()
            .map(|node| (&node.identity, self.len_for(node)))
            .collect();
        let ready = spec.nodes.iter().filter(|node| node.runs());
        let ready: BTreeMap<&FilterPath, &Node> =
            ready.map(|node| (&node.identity, node)).collect();
        self.live.retain(|identity, live| {
            let node = ready.get(identity);
            let stays = node.is_some_and(|node| {
                signature(node, spec.rate_hz, lens[identity], job) == live.signature
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
            return;
        }
        let Some(filter) = self.catalogue.get(&node.key) else {
            return;
        };
        let settings = Settings {
            values: &node.values,
            base: job.base.as_deref(),
        };
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
            is_endless_source: is_source && opened.endless,
            latency_samples: opened.processor.latency_samples(),
            has_pacer: opened.pacer.is_some(),
            device: opened.device,
            absence: opened.absence,
        };
        node.entry = Some(entry);
        let pacer: Option<Box<dyn Pacer>> = opened.pacer;
        arrivals.push(Arrival {
            index: entry,
            entry: Some(Entry::new(opened.processor, values)),
            pacer,
        });
        let signature = signature(node, rate_hz, len, job);
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

    /// The delay lines of a layout by wire, in the order that plans keep them in, and the longest cycle they allow.
    fn lines(&self, spec: &Spec, tables: &mut Tables) -> (Vec<(usize, Line)>, usize) {
        let mut longest = self.quantum;
        let mut delayed: Vec<usize> = (0..spec.wires.len())
            .filter(|&wire| spec.wires[wire].delay.is_some())
            .collect();
        delayed.sort_by_key(|&wire| spec.ids[wire]);
        let lines = delayed.into_iter().filter_map(|wire| {
            let (line, most) = Line::new(spec, wire, tables, self.quantum)?;
            longest = longest.min(most);
            Some((wire, line))
        });
        let lines = lines.collect();
        (lines, longest)
    }

    /// Lays frames out: every output has a slot; what works in place takes its input's. `fading` says for each wire
    /// whether it fades.
    fn lay_out(&self, spec: &Spec, fading: &[bool], is_arriving: bool) -> Plan {
        let mut tables = Tables::default();
        let mut steps = vec![];
        let mut slots: Vec<Option<u32>> = vec![None; spec.wires.len()];
        let mut widest = 0;
        let mut heard = BTreeMap::new();
        let curious = curious(spec);
        let (mut lines, max_len) = self.lines(spec, &mut tables);
        for (index, (wire, line)) in lines.iter().enumerate() {
            slots[*wire] = Some(line.to);
            steps.push(Step::Recall { line: index });
            // What leaves fades where it comes out of the line, what arrives where it goes in.
            if !is_arriving && fading.get(*wire) == Some(&true) {
                let slot = line.to;
                steps.push(Step::Fade { slot, is_arriving });
            }
        }
        let fades_here = |wire: usize| is_arriving || spec.wires[wire].delay.is_none();
        // What the writers of delayed wires leave; their readers have frames of their own.
        let mut written: Vec<Option<u32>> = vec![None; spec.wires.len()];
        for node in &spec.nodes {
            let mut inputs = vec![];
            let mut outputs = vec![];
            for (pin, wire) in node.pins.iter().zip(&node.wires) {
                match pin.data_flow {
                    DataFlow::In => inputs.push(InputPin {
                        factory: pin.factory as u16,
                        instance: pin.instance as u16,
                        slot: wire.and_then(|wire| slots[wire]),
                        wire: wire.map_or(0, |wire| spec.ids[wire]),
                    }),
                    DataFlow::Out => outputs.push((pin, *wire)),
                }
            }
            if let Some(slot) = inputs.iter().find_map(|input| input.slot) {
                heard.insert(node.path.clone(), slot);
            }
            let mut used = vec![];
            let outputs: Vec<OutputSlot> = outputs
                .into_iter()
                .map(|(pin, wire)| {
                    // Nothing of a hard-wired wire passes here.
                    let wire = wire.filter(|&wire| !spec.wires[wire].is_hard_wired);
                    let output = place_output(
                        node,
                        pin,
                        wire,
                        spec,
                        &inputs,
                        &curious,
                        &mut used,
                        &mut tables,
                        self.quantum,
                    );
                    if let Some(wire) = wire {
                        let is_delayed = spec.wires[wire].delay.is_some();
                        let place = if is_delayed { &mut written } else { &mut slots };
                        place[wire] = Some(output.slot);
                    }
                    output
                })
                .collect();
            widest = widest.max(outputs.len());
            let faded: Vec<u32> = outputs
                .iter()
                .filter(|output| {
                    output.wire.is_some_and(|wire| {
                        let wire = wire as usize;
                        fading.get(wire) == Some(&true) && fades_here(wire)
                    })
                })
                .map(|output| output.slot)
                .collect();
            // What is let through stays in the frame it came in: a frame has one reader.
            let bypass = node
                .bypass
                .map(|(from, to)| (node.wires[from], node.wires[to]));
            if let Some((Some(from), Some(to))) = bypass
                && !spec.wires[to].is_hard_wired
                && let Some(slot) = slots[from]
            {
                let is_delayed = spec.wires[to].delay.is_some();
                let place = if is_delayed { &mut written } else { &mut slots };
                place[to] = Some(slot);
                let wire = to as u32;
                steps.push(Step::Pass { slot, wire });
                if fading.get(to) == Some(&true) && fades_here(to) {
                    steps.push(Step::Fade { slot, is_arriving });
                }
            }
            let is_source = inputs.iter().all(|input| input.wire == 0);
            if let Some(entry) = node.entry {
                let (inputs, outputs) = (inputs.into_boxed_slice(), outputs.into_boxed_slice());
                steps.push(Step::Process {
                    entry,
                    inputs,
                    outputs,
                    is_source,
                });
                steps.extend(
                    faded
                        .into_iter()
                        .map(|slot| Step::Fade { slot, is_arriving }),
                );
            }
        }
        for (index, (wire, line)) in lines.iter_mut().enumerate() {
            line.from = written[*wire];
            steps.push(Step::Store { line: index });
        }
        // A filter that is not open leaves its frames as they are: silence, its stream ended.
        for header in &mut tables.headers {
            *header = StreamHeader {
                flags: crate::ks::flag::ENDOFSTREAM,
                ..StreamHeader::default()
            };
        }
        Plan {
            serial: self.serial,
            rate_hz: spec.rate_hz,
            max_len,
            lines: lines.into_iter().map(|(_, line)| line).collect(),
            has_fades: steps.iter().any(|step| matches!(step, Step::Fade { .. })),
            steps,
            tables,
            hands: vec![Output::default(); widest],
            arrivals: vec![],
            departures: vec![],
            master: None,
            fade_len: (spec.rate_hz / FADES_PER_SECOND) as usize,
            fade_done: 0,
            heard,
            levels: Telemetry::new(spec.wires.len()),
        }
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "the state of one layout, in one place"
)]
fn place_output(
    node: &Node,
    pin: &crate::ks::OpenPin,
    wire: Option<usize>,
    spec: &Spec,
    inputs: &[InputPin],
    curious: &BTreeSet<usize>,
    used: &mut Vec<u32>,
    tables: &mut Tables,
    max_len: usize,
) -> OutputSlot {
    let factory = &node.descriptor.pins[pin.factory];
    let of = factory
        .in_place_of
        .and_then(|name| node.descriptor.pin(name))
        .map(|(index, _)| index);
    // What is not open works on nothing: its frames stay silent.
    let source = of.filter(|_| node.entry.is_some()).and_then(|of| {
        inputs
            .iter()
            .find(|input| usize::from(input.factory) == of && input.wire != 0)
    });
    let format = pin.format.clone().or_else(|| peer_format(node, factory));
    let wire_cell = wire.map(|wire| wire as u32);
    let is_let_through = wire.is_some_and(|wire| curious.contains(&wire));
    let is_to_blame = !of.is_some_and(|of| node.descriptor.pins[of].takes_non_finite);
    if let Some(from) = source.and_then(|input| input.slot) {
        // A frame can be worked upon by one output only; further ones get a copy.
        let is_first = !used.contains(&from);
        used.push(from);
        if is_first {
            return OutputSlot {
                slot: from,
                copy_from: None,
                is_in_place: true,
                begins_silent: false,
                wire: wire_cell,
                is_let_through,
                is_to_blame,
            };
        }
        let slot = tables.add(
            Shape::of(format.as_ref(), factory.kind(), spec.rate_hz),
            spec.rate_hz,
            max_len,
        );
        return OutputSlot {
            slot,
            copy_from: Some(from),
            is_in_place: true,
            begins_silent: false,
            wire: wire_cell,
            is_let_through,
            is_to_blame,
        };
    }
    let slot = tables.add(
        Shape::of(format.as_ref(), factory.kind(), spec.rate_hz),
        spec.rate_hz,
        max_len,
    );
    OutputSlot {
        slot,
        copy_from: None,
        is_in_place: false,
        begins_silent: of.is_some(),
        wire: wire_cell,
        is_let_through,
        is_to_blame,
    }
}

/// The wires whose reader wants to see what is not a number, and runs.
fn curious(spec: &Spec) -> BTreeSet<usize> {
    let open = spec.nodes.iter().filter(|node| node.entry.is_some());
    let pins = open.flat_map(|node| {
        let pins = node.pins.iter().zip(&node.wires);
        pins.filter(|(pin, _)| {
            let factory = &node.descriptor.pins[pin.factory];
            factory.data_flow == DataFlow::In && factory.takes_non_finite
        })
    });
    pins.filter_map(|(_, wire)| *wire).collect()
}

/// The format of an unconnected pin that shares it with a connected one.
fn peer_format(node: &Node, factory: &crate::ks::PinFactory) -> Option<DataFormat> {
    let (peer, _) = node
        .descriptor
        .pin(factory.in_place_of.or(factory.same_format_as)?)?;
    node.pins
        .iter()
        .find(|pin| pin.factory == peer)?
        .format
        .clone()
}

/// Everything a processor was made from, as text.
fn signature(node: &Node, rate_hz: u32, max_len: usize, job: &Job) -> String {
    use std::fmt::Write;
    let mut text = format!(
        "{} {rate_hz} {max_len} {:?} {:?};",
        node.key,
        job.base,
        job.renew.get(&node.identity)
    );
    let settings = Settings {
        values: &node.values,
        base: None,
    };
    for property in node
        .descriptor
        .properties
        .iter()
        .filter(|property| property.structural)
    {
        let _ = write!(text, "{}={:?};", property.key, settings.value(property));
    }
    for (index, factory) in node.descriptor.pins.iter().enumerate() {
        let mut formats: Vec<String> = node
            .pins
            .iter()
            .filter(|pin| pin.factory == index)
            .filter_map(|pin| pin.format.clone().or_else(|| peer_format(node, factory)))
            .map(|format| format.to_string())
            .collect();
        formats.sort();
        formats.dedup();
        let _ = write!(text, "{}:{};", factory.name, formats.join(","));
    }
    if job.feeds.contains_key(&node.path) {
        text.push_str("fed");
    }
    text
}
