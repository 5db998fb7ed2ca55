//! A simulated machine: cards whose callbacks come by a script, and time that passes as fast as it is worked through.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ksgraph::engine::{
    Built, Driver, Engine, Epoch, Job, Message, OpenFilter, PinRecord, Report, Story,
};
use ksgraph::graph::{FilterPath, Graph, Master, PinAddress};
use ksgraph::ks::{DataFormat, Filter, Granted, State, Waker};
use ksgraph::portcls::ring::{CardEnd, FrameRing, ring};
use ksgraph::portcls::{self, Cards, DeviceError, MidiPorts, MiniportWaveRt};

use super::stage::Stage;

/// What the machine's clock shows at the beginning.
const START_NANOS: u64 = 1_000_000_000;

/// Cards by name; what they take is the test's word.
#[derive(Default)]
struct Shelf(Mutex<BTreeMap<String, CardEnd>>);

struct Handed(Option<FrameRing>, String);

impl MiniportWaveRt for Handed {
    fn allocate(&mut self) -> Option<FrameRing> {
        self.0.take()
    }

    fn granted(&self) -> Granted {
        Granted {
            name: self.1.clone(),
            ..Granted::default()
        }
    }
}

impl Cards for Shelf {
    fn open(
        &self,
        device: &str,
        format: &DataFormat,
        quantum: usize,
        _: Waker,
    ) -> Result<Box<dyn MiniportWaveRt>, DeviceError> {
        let (port, card) = ring(format.audio.unwrap().channels as usize, quantum);
        self.0.lock().unwrap().insert(device.into(), card);
        Ok(Box::new(Handed(Some(port), device.into())))
    }
}

/// A card's own way of calling.
#[derive(Clone, Copy)]
pub(super) struct Script {
    pub(super) name: &'static str,
    /// How much faster its clock goes than the machine's, in parts of a million.
    pub(super) ppm: f64,
    pub(super) period: usize,
    /// How late a call may come, in seconds.
    pub(super) jitter: f64,
}

/// What happens next to one card.
struct Calls {
    script: Script,
    is_planned: bool,
    /// Where it stands on its own grid of time.
    grid: f64,
    due: f64,
    heard: Vec<f32>,
    /// The same without what was missing.
    served: Vec<f32>,
    is_heard: bool,
    /// Calls that came short once one had been served.
    short: u32,
    is_primed: bool,
    /// It does not call before that time.
    frozen_until: f64,
}

impl Calls {
    /// When the next call comes: on its grid, and late by chance. What a frozen card left out it does not make up for.
    fn plan(&mut self, chance: f64) {
        if self.is_planned {
            let rate = 48_000.0 * (1.0 + self.script.ppm * 1e-6);
            self.grid += self.script.period as f64 / rate;
        }
        self.is_planned = true;
        self.grid = self.grid.max(self.frozen_until);
        self.due = self.grid + chance * self.script.jitter;
    }
}

/// A machine with two cards.
pub(super) struct Machine {
    pub(super) stage: Stage,
    shelf: Arc<Shelf>,
    pub(super) engine: Engine,
    driver: Driver,
    nanos: &'static AtomicU64,
    calls: Vec<Calls>,
    random: u64,
    pub(super) now: f64,
    /// When the audio thread wakes by itself.
    wakes: f64,
    pub(super) open: BTreeMap<FilterPath, Arc<OpenFilter>>,
    pub(super) said: Vec<Report>,
    pub(super) stories: Vec<Story>,
    pub(super) records: BTreeMap<PinAddress, Arc<PinRecord>>,
    /// The program does not listen.
    pub(super) is_blocked: bool,
    renewals: u64,
    swaps: usize,
    /// Who stood in each place last.
    pub(super) names: BTreeMap<u32, FilterPath>,
}

impl Machine {
    pub(super) fn new(quantum: usize, scripts: &[Script]) -> Self {
        Self::with(quantum, scripts, |_| vec![])
    }

    /// The same with filters of the test's own, which may take the machine's time: nanoseconds, to be added to.
    pub(super) fn with(
        quantum: usize,
        scripts: &[Script],
        filters: impl FnOnce(&'static AtomicU64) -> Vec<Arc<dyn Filter>>,
    ) -> Self {
        Self::with_ports(quantum, scripts, Arc::new(portcls::Offline), filters)
    }

    /// The same with MIDI ports of the test's own.
    pub(super) fn with_ports(
        quantum: usize,
        scripts: &[Script],
        ports: Arc<dyn MidiPorts>,
        filters: impl FnOnce(&'static AtomicU64) -> Vec<Arc<dyn Filter>>,
    ) -> Self {
        let shelf = Arc::new(Shelf::default());
        let mut catalogue = ksgraph::filters::catalogue(Arc::clone(&shelf) as _, ports);
        let (epoch, nanos) = Epoch::by_hand();
        for filter in filters(nanos) {
            catalogue.register(filter).unwrap();
        }
        let stage = Stage::over(catalogue);
        let (engine, driver) = Engine::by_hand_at(stage.catalogue.clone(), quantum, epoch).unwrap();
        let calls = scripts.iter().map(|script| Calls {
            script: *script,
            is_planned: false,
            grid: 0.0,
            due: 0.0,
            heard: vec![],
            served: vec![],
            is_heard: true,
            short: 0,
            is_primed: false,
            frozen_until: 0.0,
        });
        assert!(stage.tools.nanos.set(nanos).is_ok());
        Self {
            stage,
            shelf,
            engine,
            driver,
            nanos,
            calls: calls.collect(),
            random: 1,
            now: 0.0,
            wakes: f64::MAX,
            open: BTreeMap::new(),
            said: vec![],
            stories: vec![],
            records: BTreeMap::new(),
            is_blocked: false,
            renewals: 0,
            swaps: 0,
            names: BTreeMap::new(),
        }
    }

    fn chance(&mut self) -> f64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.random >> 40) as f64 / f64::from(1 << 24)
    }

    pub(super) fn set_time(&mut self, seconds: f64) {
        self.now = self.now.max(seconds);
        let nanos = START_NANOS + (self.now * 1e9).round() as u64;
        self.nanos.store(nanos, Ordering::Release);
    }

    pub(super) fn turn(&mut self) {
        let sleep = self.driver.turn().expect("nobody said quit");
        // A filter may have used some of it.
        let nanos = self.nanos.load(Ordering::Acquire).max(START_NANOS);
        self.now = self.now.max((nanos - START_NANOS) as f64 / 1e9);
        self.wakes = self.now + sleep.as_secs_f64().max(0.000_1);
        if !self.is_blocked {
            self.listen();
        }
    }

    fn take_in(&mut self, built: Built) {
        let open = built.open.iter();
        self.names
            .extend(open.map(|(path, open)| (open.entry, path.clone())));
        self.open = built.open;
        let records = built.map.records();
        self.records = records.map(|(pin, it)| (pin, it.clone())).collect();
    }

    /// Takes in what was said.
    pub(super) fn listen(&mut self) {
        self.stories
            .extend(std::iter::from_fn(|| self.engine.story()));
        while let Some(built) = self.engine.built() {
            self.take_in(built);
        }
        while let Some(report) = self.engine.report() {
            match report {
                Report::Swapped(..) => self.swaps += 1,
                other => self.said.push(other),
            }
        }
    }

    pub(super) fn play(&mut self, text: &str) -> Graph {
        let graph = self.stage.graph(text);
        self.play_graph(&graph);
        graph
    }

    pub(super) fn play_graph(&mut self, graph: &Graph) {
        let mut job = self.stage.job(graph);
        job.wiring.rate_hz = 48_000;
        self.engine.submit(job);
        for _ in 0..20_000 {
            std::thread::park_timeout(Duration::from_millis(1));
            self.turn();
            if self.swaps > 0 {
                break;
            }
        }
        assert!(self.swaps > 0, "the plan never came");
        self.go(State::Run);
    }

    pub(super) fn go(&mut self, state: State) {
        assert!(self.engine.send(Message::State(state)));
        self.turn();
    }

    /// Lets the machine's time go on, with every call of its cards and the turns they cause.
    pub(super) fn pass(&mut self, seconds: f64) {
        let end = self.now + seconds;
        for at in 0..self.calls.len() {
            if !self.calls[at].is_planned {
                let chance = self.chance();
                self.calls[at].plan(chance);
            }
        }
        loop {
            let next = (0..self.calls.len()).min_by(|a, b| {
                let due = |at: usize| self.calls[at].due;
                due(*a).total_cmp(&due(*b))
            });
            let due = next.map_or(f64::MAX, |at| self.calls[at].due);
            if self.wakes < due && self.wakes <= end {
                self.set_time(self.wakes);
                self.turn();
                continue;
            }
            let Some(at) = next.filter(|_| due <= end) else {
                break;
            };
            self.set_time(self.calls[at].due);
            self.call(at);
            let chance = self.chance();
            self.calls[at].plan(chance);
            if self.calls.iter().any(|it| it.due < self.now) {
                // What is late already does not wait for the audio thread.
                continue;
            }
            // The thread that is woken is late as well.
            let late = 0.0005 * self.chance();
            self.set_time(self.now + late);
            self.turn();
        }
        self.set_time(end);
    }

    /// Cards go on, and the audio thread does not.
    pub(super) fn sleep(&mut self, seconds: f64) {
        let end = self.now + seconds;
        while let Some(at) = (0..self.calls.len()).find(|at| self.calls[*at].due <= end) {
            let due = self.calls[at].due;
            self.set_time(due);
            self.call(at);
            let chance = self.chance();
            self.calls[at].plan(chance);
        }
        self.set_time(end);
    }

    fn call(&mut self, at: usize) {
        let calls = &mut self.calls[at];
        if let Some(card) = self.shelf.0.lock().unwrap().get_mut(calls.script.name) {
            let mut out = vec![0.0; calls.script.period];
            let served = card.interleave(&mut out, 1, |sample| sample);
            calls.served.extend_from_slice(&out[..served]);
            let is_whole = served == out.len();
            calls.short += u32::from(calls.is_primed && !is_whole);
            calls.is_primed |= is_whole;
            if calls.is_heard {
                calls.heard.extend(out);
            }
        }
    }

    fn calls(&mut self, name: &str) -> &mut Calls {
        let calls = self.calls.iter_mut().find(|it| it.script.name == name);
        calls.expect("a card of that name")
    }

    /// A card's way of calling, to be changed.
    pub(super) fn script(&mut self, name: &str) -> &mut Script {
        &mut self.calls(name).script
    }

    /// A card does not call for so long, and says nothing of it.
    pub(super) fn freeze(&mut self, name: &str, seconds: f64) {
        let until = self.now + seconds;
        let calls = self.calls(name);
        calls.frozen_until = until;
        (calls.grid, calls.due) = (calls.grid.max(until), calls.due.max(until));
    }

    /// A card says of itself that it had nothing to play, so many times.
    pub(super) fn complain(&mut self, name: &str, times: u32) {
        let shelf = self.shelf.0.lock().unwrap();
        (0..times).for_each(|_| shelf[name].cursor().count_xrun());
    }

    /// Nothing in the machine goes on, its clock excepted.
    pub(super) fn suspend(&mut self, seconds: f64) {
        for calls in &mut self.calls {
            (calls.grid, calls.due) = (calls.grid + seconds, calls.due + seconds);
        }
        self.set_time(self.now + seconds);
    }

    /// Calls of a card that came short.
    pub(super) fn short(&mut self, name: &str) -> u32 {
        self.calls(name).short
    }

    /// All that a card was given.
    pub(super) fn served(&mut self, name: &str) -> Vec<f32> {
        std::mem::take(&mut self.calls(name).served)
    }

    /// A card goes.
    pub(super) fn lose(&mut self, name: &str) {
        let card = self.shelf.0.lock().unwrap().remove(name).unwrap();
        card.cursor().lose();
    }

    /// Has a job built and played.
    fn change(&mut self, job: Job) {
        let mut is_built = false;
        self.engine.submit(job);
        for _ in 0..20_000 {
            std::thread::park_timeout(Duration::from_millis(1));
            assert!(self.driver.turn().is_some(), "nobody said quit");
            while let Some(built) = self.engine.built() {
                self.take_in(built);
                is_built = true;
            }
            while let Some(report) = self.engine.report() {
                match report {
                    Report::Swapped(..) if is_built => return,
                    Report::Swapped(..) => {}
                    other => self.said.push(other),
                }
            }
            // Old plans fade while time passes.
            self.set_time(self.now + 0.001);
        }
        panic!("the change never came");
    }

    /// A card is there again.
    pub(super) fn renew(&mut self, graph: &Graph, name: &str) {
        let mut job = self.stage.job(graph);
        self.renewals += 1;
        job.renew
            .insert(super::stage::path(graph, name), self.renewals);
        self.change(job);
    }

    /// The graph is another one from here on.
    pub(super) fn play_on(&mut self, graph: &Graph) {
        let job = self.stage.job(graph);
        self.change(job);
    }

    /// The user wishes another clock.
    pub(super) fn drive_by(&mut self, graph: &Graph, master: Master) {
        let mut graph = graph.clone();
        graph.timing.master = master;
        let job = self.stage.job(&graph);
        self.change(job);
    }

    pub(super) fn heard(&mut self, name: &str) -> Vec<f32> {
        let calls = self.calls.iter_mut().find(|it| it.script.name == name);
        std::mem::take(&mut calls.unwrap().heard)
    }

    pub(super) fn published(&self, filter: &FilterPath, which: usize) -> f32 {
        self.open[filter].telemetry.as_ref().unwrap().get(which)
    }
}
