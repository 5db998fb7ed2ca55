//! A simulated machine: cards whose callbacks come by a script, and time that passes as fast as it is worked through.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ksgraph::engine::{Driver, Engine, Epoch, Job, Message, OpenFilter, Report};
use ksgraph::graph::{FilterPath, Graph, Master};
use ksgraph::ks::{DataFormat, Granted, State, Waker};
use ksgraph::portcls::ring::{CardEnd, FrameRing, ring};
use ksgraph::portcls::{self, Cards, DeviceError, MiniportWaveRt};

use super::stage::Stage;

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
    count: u64,
    due: f64,
    heard: Vec<f32>,
    is_heard: bool,
}

impl Calls {
    /// When the next call comes: on its grid, and late by chance.
    fn plan(&mut self, chance: f64) {
        let rate = 48_000.0 * (1.0 + self.script.ppm * 1e-6);
        let grid = (self.count * self.script.period as u64) as f64 / rate;
        self.due = grid + chance * self.script.jitter;
        self.count += 1;
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
    pub(super) open: BTreeMap<FilterPath, OpenFilter>,
    pub(super) said: Vec<Report>,
}

impl Machine {
    pub(super) fn new(quantum: usize, scripts: &[Script]) -> Self {
        let shelf = Arc::new(Shelf::default());
        let catalogue =
            ksgraph::filters::catalogue(Arc::clone(&shelf) as _, Arc::new(portcls::Offline));
        let stage = Stage::over(catalogue);
        let (epoch, nanos) = Epoch::by_hand();
        let (engine, driver) = Engine::by_hand_at(stage.catalogue.clone(), quantum, epoch).unwrap();
        let calls = scripts.iter().map(|script| Calls {
            script: *script,
            count: 0,
            due: 0.0,
            heard: vec![],
            is_heard: true,
        });
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
        let nanos = 1_000_000_000 + (self.now * 1e9) as u64;
        self.nanos.store(nanos, Ordering::Release);
    }

    pub(super) fn turn(&mut self) {
        let sleep = self.driver.turn().expect("nobody said quit");
        self.wakes = self.now + sleep.as_secs_f64().max(0.000_1);
        while let Some(built) = self.engine.built() {
            self.open = built.open;
        }
        while let Some(report) = self.engine.report() {
            if !matches!(report, Report::Swapped(..)) {
                self.said.push(report);
            }
        }
    }

    pub(super) fn play(&mut self, text: &str) -> Graph {
        let graph = self.stage.graph(text);
        let mut job = self.stage.job(&graph);
        job.wiring.rate_hz = 48_000;
        self.engine.submit(job);
        for _ in 0..20_000 {
            std::thread::park_timeout(Duration::from_millis(1));
            self.turn();
            if !self.open.is_empty() {
                break;
            }
        }
        assert!(!self.open.is_empty(), "the plan never came");
        self.go(State::Run);
        graph
    }

    pub(super) fn go(&mut self, state: State) {
        assert!(self.engine.send(Message::State(state)));
        self.turn();
    }

    /// Lets the machine's time go on, with every call of its cards and the turns they cause.
    pub(super) fn pass(&mut self, seconds: f64) {
        let end = self.now + seconds;
        for at in 0..self.calls.len() {
            if self.calls[at].count == 0 {
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
            card.interleave(&mut out, 1, |sample| sample);
            if calls.is_heard {
                calls.heard.extend(out);
            }
        }
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
                self.open = built.open;
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
        job.renew.insert(super::stage::path(graph, name), 1);
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
