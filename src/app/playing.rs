//! The engine and what is known of it: which filters are open, what went wrong with which, what the audio thread said
//! last. Turns the engine's numbers back into filters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::early::Early;
use crate::engine::{Blamed, PinFigures, PinRecord, Story};
use crate::engine::{
    Built, Cells, ClockRefusal, Engine, Fired, Job, Mark, Message, OpenFilter, Report, TappedFrame,
};
use crate::engine::{Held, Limits, PlanCells};
use crate::graph::{FilterPath, PinAddress, Wiring};
use crate::ks::Cued;
use crate::ks::{
    Catalogue, Clock, Granted, KernelEvent, OpenError, Quality, Reading, Settings, State, Status,
    Telemetry,
};

/// Something the engine told, in terms of the document.
pub(super) enum News {
    /// A filter was opened; words about how.
    Opened(FilterPath, String),
    /// A filter that drives a device was opened: what was granted, or why it is without one.
    Device(FilterPath, Option<Granted>, Option<String>),
    /// A filter could not be opened.
    NotOpened(FilterPath, OpenError),
    /// Another device drives the graph; `None`: a timer.
    Master(Option<FilterPath>),
    /// A filter refused to go to a state.
    Refused(FilterPath, State, Status),
    /// A filter panicked.
    Panicked(FilterPath, String),
    /// A filter gave samples that are not numbers, at that pin.
    NonFinite(FilterPath, String, u64),
    /// A source had nothing in time.
    Starved(FilterPath, u64),
    /// The device had nothing to play, so many times.
    Xruns(FilterPath, u32, u64),
    /// The device that drives the graph is gone.
    DeviceLost(FilterPath),
    /// A mark of the clock was reached.
    Marked(Fired),

    /// A sink, or a graph without a device, said something of the frames it gets.
    Quality(Option<FilterPath>, Quality, u64),
    /// A filter was asked for less, or may do as much as before.
    Degraded(FilterPath, u8, u64),

    /// All pins are in that state.
    Reached(State),
    /// Every source has ended.
    Ended,
}

/// One step of one pin.
pub(super) struct Step {
    pub(super) pin: PinAddress,
    pub(super) from: State,
    pub(super) to: State,
    pub(super) status: Status,
    pub(super) position: u64,
}

/// Where states stand in what a plan publishes.
#[derive(Default)]
struct Seats {
    pins: BTreeMap<PinAddress, usize>,
    nodes: Vec<FilterPath>,
    wires: BTreeMap<(PinAddress, PinAddress), usize>,
    states: Option<Arc<PlanCells>>,
}

/// An engine, with its results kept.
pub(super) struct Playing {
    engine: Engine,
    open: BTreeMap<FilterPath, OpenFilter>,
    events: BTreeMap<FilterPath, rtrb::Producer<KernelEvent>>,
    wires: BTreeMap<(PinAddress, PinAddress), usize>,
    levels: Option<Telemetry>,
    master: Option<FilterPath>,
    latencies: BTreeMap<(PinAddress, PinAddress), (usize, usize)>,
    /// The master and its place in the slab.
    driven_by: (Option<FilterPath>, Option<u32>),
    /// What the audio thread was last told, by entry and property.
    told: BTreeMap<(u32, usize), f64>,
    faults: BTreeMap<FilterPath, String>,
    renew: BTreeMap<FilterPath, u64>,
    /// Where filters stood when they came into the document, if it was elsewhere.
    origins: BTreeMap<FilterPath, FilterPath>,
    feeds: BTreeMap<FilterPath, Arc<[KernelEvent]>>,
    /// How far filters go, by where they stood at first, and what the audio thread was told of it.
    limits: BTreeMap<FilterPath, Limits>,
    limited: BTreeMap<(FilterPath, Option<(u16, u16)>), State>,
    /// The table of the plan that runs, and those of plans on their way, by serial.
    seats: Seats,
    coming: BTreeMap<u64, Seats>,
    /// Filters whose device went while they played, by entry.
    lost: BTreeSet<u32>,
    /// Pins by entry, factory and instance.
    names: BTreeMap<(u32, u16, u16), PinAddress>,
    /// The last job, and the last one whose plan runs.
    submitted: u64,
    arrived: u64,
    /// Tickets of plans on their way, by serial.
    under_way: BTreeMap<u64, u64>,
    /// The wire that is looked at, and what names each wire in the plan on its way.
    probed: Option<(PinAddress, PinAddress)>,
    identities: BTreeMap<(PinAddress, PinAddress), u64>,
    /// Run was asked for; it waits for the plan it is meant for.
    is_cued: bool,
    /// Files are being looked at: the plan that plays them is not submitted yet.
    awaits_files: bool,
    /// What was played before anything ran.
    early: Early,

    /// Records of pins, and stories that were not asked for yet, with the names of their filters.
    records: BTreeMap<PinAddress, Arc<PinRecord>>,
    /// Outputs by entry and place.
    outputs: BTreeMap<(u32, u16), PinAddress>,
    stories: Vec<(Story, BTreeMap<u32, FilterPath>)>,
}

impl Playing {
    pub(super) fn start(catalogue: Catalogue, quantum: usize) -> std::io::Result<Self> {
        Ok(Self {
            engine: Engine::start(catalogue, quantum)?,
            open: BTreeMap::new(),
            events: BTreeMap::new(),
            wires: BTreeMap::new(),
            levels: None,
            master: None,
            latencies: BTreeMap::new(),
            driven_by: (None, None),
            told: BTreeMap::new(),
            faults: BTreeMap::new(),
            renew: BTreeMap::new(),
            origins: BTreeMap::new(),
            feeds: BTreeMap::new(),
            limits: BTreeMap::new(),
            limited: BTreeMap::new(),
            seats: Seats::default(),
            coming: BTreeMap::new(),
            lost: BTreeSet::new(),
            names: BTreeMap::new(),
            submitted: 0,
            arrived: 0,
            under_way: BTreeMap::new(),
            probed: None,
            identities: BTreeMap::new(),
            is_cued: false,
            awaits_files: false,
            early: Early::default(),

            records: BTreeMap::new(),
            outputs: BTreeMap::new(),
            stories: vec![],
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
        self.submitted = self.engine.submit(Job {
            wiring,
            base,
            feeds: self.feeds.clone(),
            renew: self.renew.clone(),
            origins: self.origins.clone(),
            limits: self.limits.clone(),
        });
    }

    /// How far filters go: for plans to come, and by factory and instance of pins for this one; all by where filters
    /// stood at first.
    pub(super) fn set_limits(
        &mut self,
        limits: BTreeMap<FilterPath, Limits>,
        wanted: BTreeMap<(FilterPath, Option<(u16, u16)>), State>,
    ) {
        self.limits = limits;
        let gone = self.limited.keys().filter(|it| !wanted.contains_key(it));
        let gone: Vec<_> = gone.map(|it| (it.clone(), State::Run)).collect();
        for (whose, state) in wanted.into_iter().chain(gone) {
            // What was let go stays in the list: a plan under way may still hold it.
            if self.limited.insert(whose.clone(), state) != Some(state) {
                self.send_limit(&whose, state);
            }
        }
    }

    /// A new plan runs: what it was not made with is told again.
    pub(super) fn repeat_limits(&mut self) {
        for (whose, state) in self.limited.clone() {
            self.send_limit(&whose, state);
        }
    }

    fn send_limit(&mut self, whose: &(FilterPath, Option<(u16, u16)>), state: State) {
        let origins = &self.origins;
        let mut open = self.open.iter();
        let open = open.find(|(path, _)| origins.get(*path).unwrap_or(path) == &whose.0);
        if let Some((_, open)) = open {
            let (entry, pin) = (open.entry, whose.1);
            self.engine.send(Message::Limit { entry, pin, state });
        }
    }

    /// The state of a pin of the plan.
    pub(super) fn state_of(&self, pin: &PinAddress) -> Option<State> {
        let at = self.seats.pins.get(pin)?;
        Some(self.seats.states.as_ref()?.state(*at))
    }

    /// The highest state of a filter's pins.
    pub(super) fn state_of_filter(&self, filter: &FilterPath) -> Option<State> {
        let states = self.seats.states.as_ref()?;
        let first = PinAddress {
            filter: filter.clone(),
            pin: String::new(),
            instance: 0,
        };
        let pins = self.seats.pins.range(first..);
        let own = pins.take_while(|(pin, _)| pin.filter == *filter);
        own.map(|(_, at)| states.state(*at)).max()
    }

    /// Whether the device of a filter is gone.
    pub(super) fn is_lost(&self, filter: &FilterPath) -> bool {
        let open = self.open.get(filter);
        open.is_some_and(|open| self.lost.contains(&open.entry))
    }

    /// The states of all pins.
    pub(super) fn states(&self) -> impl Iterator<Item = State> {
        let states = self.seats.states.as_ref();
        let pins = self.seats.pins.values();
        pins.filter_map(move |at| Some(states?.state(*at)))
    }

    /// What lies on a wire.
    pub(super) fn held(&self, from: &PinAddress, to: &PinAddress) -> Option<Held> {
        let wire = self.seats.wires.get(&(from.clone(), to.clone()))?;
        Some(
            self.seats
                .states
                .as_ref()?
                .held(*wire, self.cells().cycles()),
        )
    }

    /// Whether all that is open could run at once.
    pub(super) fn cued(&self) -> Cued {
        let Some(states) = &self.seats.states else {
            return Cued::Yes;
        };
        let open = self.seats.nodes.iter().enumerate();
        let open = open.filter(|(_, path)| self.open.contains_key(*path));
        open.fold(Cued::Yes, |cued, (at, _)| cued.with(states.cued(at)))
    }

    /// Steps of pins since it was asked last.
    pub(super) fn steps(&mut self) -> Vec<Step> {
        let mut steps = vec![];
        while let Some(it) = self.engine.step() {
            if let Some(pin) = self.names.get(&(it.entry, it.factory, it.instance)) {
                steps.push(Step {
                    pin: pin.clone(),
                    from: it.from,
                    to: it.to,
                    status: it.status,
                    position: it.position,
                });
            }
        }
        steps
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

    /// Has the frames of a wire told, or none.
    pub(super) fn probe(&mut self, wire: Option<(PinAddress, PinAddress)>) {
        self.probed = wire;
        self.tell_probe();
    }

    fn tell_probe(&mut self) {
        let probed = self.probed.as_ref();
        let id = probed.and_then(|wire| self.identities.get(wire).copied());
        self.engine.send(Message::Tap(id));
    }

    /// The next frame of the wire that is looked at; of another one there may still be some on their way.
    pub(super) fn tapped(&mut self) -> Option<TappedFrame> {
        loop {
            let frame = self.engine.tapped()?;
            let wire = self.probed.as_ref();
            if wire.and_then(|wire| self.identities.get(wire)) == Some(&frame.wire) {
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
        let now = self.engine.clock().now();
        let event = KernelEvent::new(now, bytes);
        let lane = self.events.get_mut(filter);
        lane.zip(event)
            .is_some_and(|(lane, event)| lane.push(event).is_ok())
    }

    pub(super) fn open(&self, filter: &FilterPath) -> Option<&OpenFilter> {
        self.open.get(filter)
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
        self.latencies.get(&(from.clone(), to.clone())).copied()
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
        let wire = self.wires.get(&(from.clone(), to.clone()));
        wire.zip(self.levels.as_ref())
            .map_or(0.0, |(wire, levels)| levels.get(*wire))
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
                base: None,
            };
            for (index, property) in descriptor.properties.iter().enumerate() {
                if property.structural {
                    continue;
                }
                let value = property.slot_value(&settings.value(property));
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

    /// Takes in what the threads have said. `true` beside the news: a new plan runs, values are to be synced.
    pub(super) fn poll(&mut self) -> (Vec<News>, bool) {
        let mut news = vec![];
        let mut has_swapped = false;
        while let Some(built) = self.engine.built() {
            self.take_in(built, &mut news);
        }
        self.hear_stories();
        while let Some(report) = self.engine.report() {
            // A report may speak of filters that were built since.
            while let Some(built) = self.engine.built() {
                self.take_in(built, &mut news);
            }
            let named = |open: &BTreeMap<FilterPath, OpenFilter>, entry: u32| {
                open.iter()
                    .find(|(_, open)| open.entry == entry)
                    .map(|(path, _)| path.clone())
            };
            match report {
                Report::Swapped(serial, spent) => {
                    drop(spent);
                    has_swapped = true;
                    self.seats = self.coming.remove(&serial).unwrap_or_default();
                    if let Some(ticket) = self.under_way.remove(&serial) {
                        self.arrived = ticket;
                    }
                }
                Report::Reached(state) => news.push(News::Reached(state)),
                Report::Refused {
                    entry,
                    state,
                    status,
                } => {
                    let path = named(&self.open, entry);
                    news.extend(path.map(|path| News::Refused(path, state, status)));
                }

                Report::Panicked { entry, message } => {
                    let text = message
                        .downcast_ref::<&str>()
                        .map(|text| (*text).to_owned())
                        .or_else(|| message.downcast_ref::<String>().cloned())
                        .unwrap_or_else(|| "it did not say why".into());
                    if let Some(path) = named(&self.open, entry) {
                        self.faults.insert(path.clone(), format!("broke: {text}"));
                        news.push(News::Panicked(path, text));
                    }
                }
                Report::NonFinite {
                    entry,
                    output,
                    position,
                } => {
                    if let Some(path) = named(&self.open, entry) {
                        let pin = self.outputs.get(&(entry, output));
                        let pin = pin.map_or_else(
                            || "out".to_owned(),
                            |it| match it.instance {
                                0 => it.pin.clone(),
                                instance => format!("{}[{instance}]", it.pin),
                            },
                        );
                        let fault = format!("not a number at {pin}, sample {position}");
                        self.faults.insert(path.clone(), fault);
                        news.push(News::NonFinite(path, pin, position));
                    }
                }
                Report::Starved { entry, position } => {
                    news.extend(named(&self.open, entry).map(|path| News::Starved(path, position)));
                }
                Report::Xruns {
                    entry,
                    count,
                    position,
                } => {
                    // Its story came before it.
                    self.hear_stories();
                    news.extend(
                        named(&self.open, entry).map(|path| News::Xruns(path, count, position)),
                    );
                }
                Report::DeviceLost { entry } => {
                    self.lost.insert(entry);
                    news.extend(named(&self.open, entry).map(News::DeviceLost));
                }
                Report::Marked(fired) => news.push(News::Marked(fired)),

                Report::Quality {
                    entry,
                    quality,
                    position,
                } => {
                    let path = entry.and_then(|entry| named(&self.open, entry));
                    if path.is_some() || entry.is_none() {
                        news.push(News::Quality(path, quality, position));
                    }
                }
                Report::Degraded {
                    entry,
                    level,
                    position,
                } => {
                    let path = named(&self.open, entry);
                    news.extend(path.map(|path| News::Degraded(path, level, position)));
                }

                Report::Ended => news.push(News::Ended),
            }
        }
        if self.is_cued && self.is_whole() {
            self.set_state(State::Run);
        }
        (news, has_swapped)
    }

    fn hear_stories(&mut self) {
        while let Some(story) = self.engine.story() {
            let ends = match story.blamed {
                Blamed::Filter { entry, .. } => [Some(entry), None],
                Blamed::Between { before, after, .. } => [before, after],
                Blamed::Nobody => [None, None],
            };
            let device = story.xruns.map(|(entry, _)| entry);
            let spans = story.spans.iter().map(|span| span.entry);
            let entries: BTreeSet<u32> = spans
                .chain(ends.into_iter().flatten())
                .chain(device)
                .collect();
            let open = self
                .open
                .iter()
                .filter(|(_, open)| entries.contains(&open.entry));
            let names = open
                .map(|(path, open)| (open.entry, path.clone()))
                .collect();
            self.stories.push((story, names));
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
        Some(self.records.get(pin)?.figures())
    }

    /// What is known of filters that stand elsewhere now goes with them.
    fn follow_moves(
        &mut self,
        before: &BTreeMap<(u32, u64), FilterPath>,
        open: &BTreeMap<FilterPath, OpenFilter>,
    ) {
        let mut moved = vec![];
        for (path, open) in open {
            let old = before.get(&(open.entry, open.since));
            if let Some(old) = old.filter(|old| *old != path) {
                moved.push((path, self.faults.remove(old), self.events.remove(old)));
            }
        }
        for (path, fault, events) in moved {
            self.faults.extend(fault.map(|fault| (path.clone(), fault)));
            self.events.extend(events.map(|lane| (path.clone(), lane)));
        }
    }

    fn take_in(&mut self, built: Built, news: &mut Vec<News>) {
        self.under_way.insert(built.serial, built.ticket);
        self.identities.clone_from(&built.identities);
        if self.probed.is_some() {
            self.tell_probe();
        }
        let before: BTreeMap<(u32, u64), FilterPath> = self
            .open
            .iter()
            .map(|(path, open)| ((open.entry, open.since), path.clone()))
            .collect();
        self.follow_moves(&before, &built.open);
        for (path, open) in &built.open {
            if !before.contains_key(&(open.entry, open.since)) {
                self.faults.remove(path);
                self.told.retain(|(entry, _), _| *entry != open.entry);
                self.lost.remove(&open.entry);
                news.extend(
                    open.notes
                        .iter()
                        .map(|note| News::Opened(path.clone(), note.clone())),
                );
                if open.has_pacer {
                    let (device, absence) = (open.device.clone(), open.absence.clone());
                    news.push(News::Device(path.clone(), device, absence));
                }
            }
        }
        self.open = built.open;
        self.faults.retain(|path, _| self.open.contains_key(path));
        self.events.retain(|path, _| self.open.contains_key(path));
        self.events.extend(built.events);
        let seats = Seats {
            pins: built.pins,
            nodes: built.nodes,
            wires: built.wires.clone(),
            states: built.states,
        };
        self.coming.insert(built.serial, seats);
        for (place, pin) in built.names {
            self.names.insert(place, pin);
        }
        self.wires = built.wires;
        self.latencies = built.latencies;
        self.records = built.records;
        self.outputs.extend(built.outputs);
        self.levels = built.levels;
        for (path, error) in built.failures {
            self.faults.insert(path.clone(), error.to_string());
            news.push(News::NotOpened(path, error));
        }
        let entry = |path: &Option<FilterPath>| {
            let open = path.as_ref().and_then(|path| self.open.get(path));
            open.map(|open| open.entry)
        };
        // Opened anew counts as another one: what was said of the old one no longer holds.
        let master = (built.master.clone(), entry(&built.master));
        if self.driven_by != master {
            self.master.clone_from(&built.master);
            self.driven_by = master;
            news.push(News::Master(built.master));
        }
    }
}
