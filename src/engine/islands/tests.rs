//! A filter that the second worker is not done with in time, and one that it never is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::Cores;
use crate::engine::compile::Job;
use crate::engine::{Driver, Engine, Message, Report};
use crate::graph::{Connection, Edit, FilterId, Graph, PinRef, Position, apply, negotiate};
use crate::ks::{
    Catalogue, DataRange, Descriptor, Facts, Filter, Flow, Io, OpenError, Opened, Opening,
    PinFactory, Processor, State,
};

const FLOAT: &[DataRange] = DataRange::FLOAT;
const SOURCE_PINS: &[PinFactory] = &[PinFactory::output("out", FLOAT)];
const JOIN_PINS: &[PinFactory] = &[
    PinFactory::input("in", FLOAT).instances(0, u32::MAX),
    PinFactory::output("out", FLOAT),
];
const SINK_PINS: &[PinFactory] = &[PinFactory::input("in", FLOAT)];
static SOURCE: Descriptor = Descriptor::new("slow", "Slow", &[], SOURCE_PINS, &[]);
static JOIN: Descriptor = Descriptor::new("join", "Join", &[], JOIN_PINS, &[]);
static SINK: Descriptor = Descriptor::new("sink", "Sink", &[], SINK_PINS, &[]);

/// What the test and its filters know.
#[derive(Default)]
struct Gate {
    /// The second worker is inside one of them, and may not go on.
    is_inside: AtomicBool,
    is_shut: AtomicBool,
    calls: AtomicU32,
    /// What the sink took last.
    heard: AtomicU32,
}

impl Gate {
    fn heard(&self) -> f32 {
        f32::from_bits(self.heard.load(Ordering::Acquire))
    }
}

struct Kind(&'static Descriptor, Arc<Gate>);

impl Filter for Kind {
    fn descriptor(&self) -> &Descriptor {
        self.0
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        let gate = Arc::clone(&self.1);
        Ok(match &*self.0.key {
            "slow" => Opened::processor(Slow(gate)).endless(),
            "join" => Opened::processor(Join),
            _ => Opened::processor(Sink(gate)),
        })
    }
}

/// Gives ones. On the second worker it waits at the gate; elsewhere until somebody does.
struct Slow(Arc<Gate>);

impl Processor for Slow {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let Self(gate) = self;
        gate.calls.fetch_add(1, Ordering::AcqRel);
        if gate.is_shut.load(Ordering::Acquire) {
            if std::thread::current().name() == Some("audio 2") {
                gate.is_inside.store(true, Ordering::Release);
                while gate.is_shut.load(Ordering::Acquire) {
                    std::thread::yield_now();
                }
            }
            while !gate.is_inside.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
        }
        if let Some(wave) = io.outputs[0].payload.wave_mut() {
            wave.channels_mut().for_each(|channel| channel.fill(1.0));
        }
        Flow::Running
    }
}

struct Join;

impl Processor for Join {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let Some(out) = io.outputs[0].payload.wave_mut() else {
            return Flow::Running;
        };
        out.channels_mut().for_each(|channel| channel.fill(0.0));
        for input in io.inputs.iter() {
            let Some(wave) = input.wave() else {
                continue;
            };
            for (to, from) in out.channels_mut().zip(wave.channels()) {
                to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
            }
        }
        Flow::Running
    }
}

struct Sink(Arc<Gate>);

impl Processor for Sink {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let wave = io.inputs.iter().find_map(|it| it.wave());
        let last = wave.and_then(|it| it.channel(0).last().copied());
        let bits = last.unwrap_or(f32::NAN).to_bits();
        self.0.heard.store(bits, Ordering::Release);
        Flow::Running
    }
}

fn catalogue(gate: &Arc<Gate>) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for descriptor in [&SOURCE, &JOIN, &SINK] {
        let kind = Arc::new(Kind(descriptor, Arc::clone(gate)));
        catalogue.register(kind).unwrap();
    }
    catalogue
}

/// Two sources, their sum, and who takes it.
fn job(catalogue: &Catalogue) -> Job {
    let mut graph = Graph::default();
    for (name, key) in [
        ("a", "slow"),
        ("b", "slow"),
        ("sum", "join"),
        ("end", "sink"),
    ] {
        let edit = Edit::add_filter(&graph, key, name, Position::default());
        apply(&mut graph, edit).unwrap();
    }
    let find = |name: &str| -> FilterId { graph.find(name).unwrap() };
    let wires = [("a", "sum", 0), ("b", "sum", 1), ("sum", "end", 0)];
    let wires = wires.map(|(from, to, instance)| {
        let pin = |filter, pin: &str, instance| PinRef {
            filter,
            pin: pin.into(),
            instance,
        };
        Edit::Connect(Connection {
            from: pin(find(from), "out", 0),
            to: pin(find(to), "in", instance),
            chosen: Default::default(),
        })
    });
    for wire in wires {
        apply(&mut graph, wire).unwrap();
    }
    let wiring = negotiate(&graph, catalogue, &Facts::nominal(), None);
    assert!(wiring.is_agreed());
    Job {
        wiring,
        ..Job::default()
    }
}

/// Turns until something is so.
fn turn_until(driver: &mut Driver, what: &str, mut is_so: impl FnMut(&mut Driver) -> bool) {
    for _ in 0..60_000 {
        let sleep = driver.turn().expect("it goes on");
        if is_so(driver) {
            return;
        }
        std::thread::sleep(sleep.min(std::time::Duration::from_millis(1)));
    }
    panic!("in vain: {what}");
}

/// The graph while both are heard.
fn running() -> (Arc<Gate>, Engine, Driver) {
    let gate = Arc::new(Gate::default());
    let catalogue = catalogue(&gate);
    let (mut engine, mut driver) = Engine::by_hand_on(catalogue.clone(), 64, Cores::Two).unwrap();
    engine.submit(job(&catalogue));
    engine.send(Message::State(State::Run));
    turn_until(&mut driver, "the sum of both", |_| gate.heard() == 2.0);
    (gate, engine, driver)
}

#[test]
fn an_island_that_is_late_is_silent_and_named_and_everything_waits_for_it_without_waiting() {
    let (gate, mut engine, mut driver) = running();

    gate.is_shut.store(true, Ordering::Release);
    turn_until(&mut driver, "one of them alone", |_| gate.heard() == 1.0);
    // It was given up within the cycle; now nothing is run, and no turn waits.
    assert!(!driver.runner.is_whole());
    let (calls, cycles) = (
        gate.calls.load(Ordering::Acquire),
        driver.runner.cells.cycles(),
    );
    let level = gate.heard.load(Ordering::Acquire);
    engine.send(Message::Panic);
    for _ in 0..20 {
        let sleep = driver.turn().expect("it goes on");
        assert!(!sleep.is_zero());
    }
    assert_eq!(gate.calls.load(Ordering::Acquire), calls);
    assert_eq!(driver.runner.cells.cycles(), cycles);
    assert_eq!(gate.heard.load(Ordering::Acquire), level);
    let inside = driver.runner.cells.inside[1].load(Ordering::Acquire);
    assert!(
        (1..=4).contains(&inside),
        "the watch sees who it is: {inside}"
    );

    gate.is_shut.store(false, Ordering::Release);
    turn_until(&mut driver, "both again", |it| {
        it.runner.is_whole() && gate.heard() == 2.0
    });
    engine.send(Message::State(State::Stop));
    turn_until(&mut driver, "Stop", |it| it.runner.state() == State::Stop);
    while let Some(report) = engine.report() {
        assert!(
            !matches!(report, Report::Ended),
            "what is late has not ended"
        );
    }
}

#[test]
fn an_engine_ends_while_its_second_worker_is_inside_a_filter() {
    let (gate, engine, mut driver) = running();
    gate.is_shut.store(true, Ordering::Release);
    turn_until(&mut driver, "one that is late", |it| !it.runner.is_whole());
    // Neither waits for it.
    drop(engine);
    assert!(driver.turn().is_none());
    drop(driver);
    gate.is_shut.store(false, Ordering::Release);
}
