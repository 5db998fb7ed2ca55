//! The engine and what is known of it: which filters are open, what went wrong with which, what the audio thread said
//! last. `hearing.rs` turns the engine's numbers back into filters, `states.rs` knows how far each pin is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

mod hearing;
mod states;

pub(super) use hearing::News;
pub(super) use states::Step;

use super::early::Early;
use crate::engine::{
    Cells, ClockRefusal, Engine, Job, Limits, Mark, Message, OpenFilter, PlanMap, TappedFrame,
};
use crate::engine::{Cores, PinFigures, Story};
use crate::graph::{FilterPath, PinAddress, Wiring};
use crate::ks::{
    BankDesk, Catalogue, ClassWord, Clock, Descriptor, Domain, Health, KernelEvent, LoopRange,
    Property, Reading, Settings, State, Telemetry,
};
use crate::ks::{DlsMemory, TapeEnd};
use states::Seats;

/// An engine, with its results kept.
pub(super) struct Playing {
    engine: Engine,
    open: BTreeMap<FilterPath, Arc<OpenFilter>>,
    events: BTreeMap<FilterPath, rtrb::Producer<KernelEvent>>,
    /// The names and places of the last plan that was made.
    map: PlanMap,
    levels: Option<Telemetry>,
    master: Option<FilterPath>,
    /// The master and its place in the slab.
    driven_by: (Option<FilterPath>, Option<u32>),
    /// What the audio thread was last told, by entry and property.
    told: BTreeMap<(u32, usize), f64>,
    /// The texts that filters were last told, by entry.
    texts: BTreeMap<u32, Vec<String>>,
    faults: BTreeMap<FilterPath, String>,
    renew: BTreeMap<FilterPath, u64>,
    /// Where filters stood when they came into the document, if it was elsewhere.
    origins: BTreeMap<FilterPath, FilterPath>,
    feeds: BTreeMap<FilterPath, Arc<[KernelEvent]>>,
    /// How far filters go, by where they stood at first, and what the audio thread was told of it.
    limits: BTreeMap<FilterPath, Limits>,
    /// What was downloaded where another engine played.
    memories: BTreeMap<FilterPath, Arc<dyn DlsMemory>>,
    limited: BTreeMap<(FilterPath, Option<(u16, u16)>), State>,
    /// The tables of the plan that runs and of the one before, and those of plans on their way, by serial.
    seats: Seats,
    past: Seats,
    coming: BTreeMap<u64, Seats>,
    /// Filters whose device went while they played, by entry.
    lost: BTreeSet<u32>,
    /// The folder that paths of the last job are seen from.
    base: Option<PathBuf>,
    /// On how many processors it may run.
    pub(super) cores: Cores,
    /// The last job, and the last one whose plan runs.
    submitted: u64,
    arrived: u64,
    /// Tickets of plans on their way, by serial.
    under_way: BTreeMap<u64, u64>,
    /// The wire that is looked at.
    probed: Option<(PinAddress, PinAddress)>,
    /// Run was asked for; it waits for the plan it is meant for.
    is_cued: bool,
    /// Files are being looked at: the plan that plays them is not submitted yet.
    awaits_files: bool,
    /// What was played before anything ran.
    early: Early,

    /// Stories that were not asked for yet, with the names of their filters.
    stories: Vec<(Story, BTreeMap<u32, FilterPath>)>,

    /// Tapes of cards that were opened.
    tapes: Vec<TapeEnd>,
}

impl Playing {
    pub(super) fn start(
        catalogue: Catalogue,
        quantum: usize,
        cores: Cores,
    ) -> std::io::Result<Self> {
        Ok(Self {
            engine: Engine::start_on(catalogue, quantum, cores)?,
            cores,
            open: BTreeMap::new(),
            events: BTreeMap::new(),
            map: PlanMap::default(),
            levels: None,
            master: None,
            driven_by: (None, None),
            told: BTreeMap::new(),
            texts: BTreeMap::new(),
            faults: BTreeMap::new(),
            renew: BTreeMap::new(),
            origins: BTreeMap::new(),
            feeds: BTreeMap::new(),
            limits: BTreeMap::new(),
            memories: BTreeMap::new(),
            limited: BTreeMap::new(),
            seats: Seats::default(),
            past: Seats::default(),
            coming: BTreeMap::new(),
            lost: BTreeSet::new(),
            base: None,
            submitted: 0,
            arrived: 0,
            under_way: BTreeMap::new(),
            probed: None,
            is_cued: false,
            awaits_files: false,
            early: Early::default(),

            stories: vec![],

            tapes: vec![],
        })
    }

    pub(super) fn cells(&self) -> &Cells {
        self.engine.cells()
    }

    pub(super) fn quantum(&self) -> usize {
        self.engine.quantum()
    }

    /// Another length of cycles, from the next job on.
    pub(super) fn set_quantum(&mut self, quantum: usize) {
        self.engine.set_quantum(quantum);
    }

    pub(super) fn set_feeds(&mut self, feeds: BTreeMap<FilterPath, Arc<[KernelEvent]>>) {
        self.feeds = feeds;
    }

    pub(super) fn set_origins(&mut self, origins: BTreeMap<FilterPath, FilterPath>) {
        self.origins = origins;
    }

    pub(super) fn submit(&mut self, wiring: Wiring, base: Option<PathBuf>) {
        self.base.clone_from(&base);
        self.submitted = self.engine.submit(Job {
            wiring,
            base,
            feeds: self.feeds.clone(),
            renew: self.renew.clone(),
            origins: self.origins.clone(),
            limits: self.limits.clone(),
            memories: self.memories.clone(),
            one_by_one: false,
        });
    }

    /// The filter that does not come back from its cycle: nothing goes on in this engine any more.
    pub(super) fn stuck(&self) -> Option<FilterPath> {
        let entry = self.engine.cells().stuck()?;
        let open = self.open.iter().find(|(_, open)| open.entry == entry);
        Some(open.map_or_else(FilterPath::default, |(path, _)| path.clone()))
    }

    /// What another engine is to know of this one's filters.
    pub(super) fn hand_over(&mut self, to: &mut Self) {
        to.renew = std::mem::take(&mut self.renew);
        to.limits = std::mem::take(&mut self.limits);
        let open = self.open.iter();
        let memories = open.filter_map(|(path, it)| Some((path.clone(), it.memory.clone()?)));
        to.memories = memories.collect();
        to.limited = std::mem::take(&mut self.limited);
        to.probed = self.probed.take();
        to.faults = std::mem::take(&mut self.faults);
    }

    /// The filter is opened anew with the next job.
    pub(super) fn renew(&mut self, filter: &FilterPath) {
        let origin = self.origins.get(filter).unwrap_or(filter);
        *self.renew.entry(origin.clone()).or_default() += 1;
    }

    /// Files are being looked at, or no longer.
    pub(super) fn await_files(&mut self, awaits: bool) {
        self.awaits_files = awaits;
    }

    /// Whether everything that is to be played is open.
    fn is_whole(&self) -> bool {
        self.arrived >= self.submitted && !self.awaits_files
    }

    /// Goes to a state. Run waits until everything that is to be played is open, so that no time goes by before the first
    /// sound can be made.
    pub(super) fn set_state(&mut self, state: State) {
        self.early.will_run = state == State::Run;
        self.is_cued =
            state == State::Run && !self.is_whole() && self.cells().state() != State::Run;
        if !self.is_cued {
            self.engine.send(Message::State(state));
        }
    }

    /// Goes to a position.
    pub(super) fn seek(&mut self, to: u64) {
        self.engine.seek(to);
    }

    /// Plays a range round and round.
    pub(super) fn set_loop(&mut self, range: Option<LoopRange>) {
        self.engine.set_loop(range);
    }

    /// Has filters play faster or slower.
    pub(super) fn set_speed(&mut self, rate_permille: u32) {
        self.engine.set_speed(rate_permille);
    }

    /// Whether any filter is open.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether any filter can.
    pub(super) fn takes_rates(&self) -> bool {
        self.open.values().any(|it| it.takes_rates)
    }

    /// Those that go by the position, and cannot.
    pub(super) fn keep_their_rate(&self) -> Vec<FilterPath> {
        let open = self.open.iter();
        let keep = open.filter(|(_, it)| it.is_positioned && !it.takes_rates);
        keep.map(|(path, _)| path.clone()).collect()
    }

    /// Plays one quantum out of Pause.
    pub(super) fn step(&mut self) {
        let samples = self.engine.quantum() as u64;
        self.engine.send(Message::Step(samples));
    }

    /// The longest of all sources whose length is known, in seconds, and whether anything goes by the position.
    pub(super) fn extent(&self) -> (Option<f64>, bool) {
        let lengths = self.open.values().filter_map(|it| it.length_seconds);
        let longest = lengths.fold(None, |most: Option<f64>, it| {
            Some(most.map_or(it, |most| most.max(it)))
        });
        let is_seekable = self.open.values().any(|it| it.is_positioned);
        (longest, is_seekable || longest.is_some())
    }

    /// Has the frames of a wire told, or none.
    pub(super) fn probe(&mut self, wire: Option<(PinAddress, PinAddress)>) {
        self.probed = wire;
        self.tell_probe();
    }

    fn tell_probe(&mut self) {
        let id = self.probed_id();
        self.engine.send(Message::Tap(id));
    }

    /// What names the wire that is looked at in the plan that was made last.
    fn probed_id(&self) -> Option<u64> {
        let (from, to) = self.probed.as_ref()?;
        self.map.identity(self.map.wire(from, to)?)
    }

    /// The next frame of the wire that is looked at; of another one there may still be some on their way.
    pub(super) fn tapped(&mut self) -> Option<TappedFrame> {
        loop {
            let frame = self.engine.tapped()?;
            if self.probed_id() == Some(frame.wire) {
                return Some(frame);
            }
        }
    }

    pub(super) fn panic(&mut self) {
        self.early.take();
        self.engine.send(Message::Panic);
    }

    /// Sends a message into a filter that takes live events. Before Run is reached it is kept: a key that is held by then
    /// sounds.
    pub(super) fn play(&mut self, filter: &FilterPath, bytes: &[u8]) {
        if self.cells().state() == State::Run && self.early.is_empty() {
            self.play_now(filter, bytes);
        } else {
            self.early.keep(filter, bytes);
        }
    }

    /// Run is reached: what was played before is played now.
    pub(super) fn play_early(&mut self) {
        for (filter, bytes) in self.early.take() {
            self.play_now(&filter, &bytes);
        }
    }

    /// Sends a message into a filter that takes live events, stamped with the present time.
    fn play_now(&mut self, filter: &FilterPath, bytes: &[u8]) -> bool {
        let now = self.engine.clock().arrival();
        let event = KernelEvent::new(now, bytes);
        let lane = self.events.get_mut(filter);
        lane.zip(event)
            .is_some_and(|(lane, event)| lane.push(event).is_ok())
    }

    pub(super) fn open(&self, filter: &FilterPath) -> Option<&OpenFilter> {
        self.open.get(filter).map(|open| &**open)
    }

    /// Banks of synthesizers that are open.
    pub(super) fn banks(&self) -> impl Iterator<Item = (&FilterPath, &BankDesk)> {
        let open = self.open.iter();
        open.filter_map(|(path, open)| Some((path, open.bank.as_ref()?)))
    }

    /// Tapes of cards that were opened since it was asked last.
    pub(super) fn take_tapes(&mut self) -> Vec<TapeEnd> {
        std::mem::take(&mut self.tapes)
    }

    /// What minidrivers have to say since they were last asked.
    pub(super) fn take_words(&self) -> Vec<(FilterPath, ClassWord)> {
        let classes = self.open.iter();
        let classes = classes.filter_map(|(path, open)| Some((path, open.class.as_ref()?)));
        let words = classes.flat_map(|(path, class)| {
            let words = class.take_words().into_iter();
            words.map(|word| (path.clone(), word))
        });
        words.collect()
    }

    /// Filters whose minidriver is gone, and how.
    pub(super) fn unwell(&self) -> impl Iterator<Item = (&FilterPath, Health)> {
        let classes = self.open.iter();
        let classes =
            classes.filter_map(|(path, open)| Some((path, open.class.as_ref()?.health())));
        classes.filter(|(_, health)| *health != Health::Well)
    }

    pub(super) fn fault(&self, filter: &FilterPath) -> Option<&String> {
        self.faults.get(filter)
    }

    pub(super) fn master(&self) -> Option<&FilterPath> {
        self.master.as_ref()
    }

    pub(super) fn clock_reading(&self) -> Reading {
        self.engine.clock().reading()
    }

    /// The filters that can drive the graph.
    pub(super) fn drivers(&self) -> Vec<&FilterPath> {
        let open = self.open.iter().filter(|(_, open)| open.has_pacer);
        open.map(|(path, _)| path).collect()
    }

    pub(super) fn latency(&self, from: &PinAddress, to: &PinAddress) -> Option<(usize, usize)> {
        self.map.latency(self.map.wire(from, to)?)
    }

    pub(super) fn mark(&mut self, mark: Mark) -> Result<u64, ClockRefusal> {
        self.engine.mark(mark)
    }

    pub(super) fn unmark(&mut self, id: u64) {
        self.engine.unmark(id);
    }

    pub(super) fn marks(&self) -> Vec<(u64, Mark)> {
        let marks = self.engine.marks().iter();
        marks.map(|(id, mark)| (*id, *mark)).collect()
    }

    pub(super) fn set_rate(&mut self, rate_permille: u32) -> Result<(), ClockRefusal> {
        self.engine.set_rate(rate_permille)
    }

    pub(super) fn level(&self, from: &PinAddress, to: &PinAddress) -> f32 {
        let wire = self.map.wire(from, to);
        wire.zip(self.levels.as_ref())
            .map_or(0.0, |(wire, levels)| levels.get(wire))
    }

    /// Tells the audio thread every value that differs from what it was told last.
    pub(super) fn sync_values(&mut self, wiring: &Wiring) {
        for (path, open) in &self.open {
            let Some(filter) = wiring.filters.get(path) else {
                continue;
            };
            let Some(descriptor) = &filter.descriptor else {
                continue;
            };
            let settings = Settings {
                values: &filter.values,
                base: self.base.as_deref(),
            };
            if let Some(hears) = &open.hears {
                let texts = texts(descriptor, &settings);
                if self.texts.get(&open.entry) != Some(&texts) {
                    hears.0(&settings);
                    self.texts.insert(open.entry, texts);
                }
            }
            for (index, property) in descriptor.properties.iter().enumerate() {
                if property.structural || is_text(property) {
                    continue;
                }
                let value = settings.slot_value(property);
                if self.told.get(&(open.entry, index)) == Some(&value) {
                    continue;
                }
                let message = Message::Set {
                    entry: open.entry,
                    property: index as u16,
                    value,
                };
                if self.engine.send(message) {
                    self.told.insert((open.entry, index), value);
                }
            }
        }
    }

    /// Stories since it was asked last, with the filters they are of.
    pub(super) fn take_stories(&mut self) -> Vec<(Story, BTreeMap<u32, FilterPath>)> {
        std::mem::take(&mut self.stories)
    }

    /// Open filters by their places in the slab.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u32, &FilterPath)> {
        self.open.iter().map(|(path, open)| (open.entry, path))
    }

    /// What was recorded of a pin.
    pub(super) fn figures(&self, pin: &PinAddress) -> Option<PinFigures> {
        Some(self.map.record(pin)?.figures())
    }
}

/// Whether a property is words, which no number stands for.
fn is_text(property: &Property) -> bool {
    matches!(property.domain, Domain::Text | Domain::Path)
}

/// Texts that a filter is told while it runs.
fn texts(descriptor: &Descriptor, settings: &Settings<'_>) -> Vec<String> {
    let all = descriptor.properties.iter();
    let told = all.filter(|it| is_text(it) && !it.structural);
    told.map(|it| settings.text(it)).collect()
}
